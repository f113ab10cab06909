/*
 * marks.c - code that marks the texts which made a rule true.
 *
 * Called only for a rule that fired with a true condition, so an `and` has only true operands. Of
 * an `or` those are followed that are true, of an `any` the elements that make its body true;
 * behind a `not` or an `all` nothing is marked. Everything is computed afresh, as for witnesses;
 * what texts hold has been scanned already and is looked up.
 */
#include <stddef.h>

#include "compiler/codegen/emit.h"

static void mark(emitter *e, node_id id);

static void mark_if_true(emitter *e, node_id id)
{
    LLVMBasicBlockRef yes = emit_block(e, "mark"), next = emit_block(e, "next");
    LLVMValueRef truth = emit_truth(e, id);
    LLVMBuildCondBr(e->builder,
                    LLVMBuildICmp(e->builder, LLVMIntEQ, truth, emit_i32(e, CST_TRUE), ""), yes,
                    next);
    emit_go_on(e, yes);
    mark(e, id);
    LLVMBuildBr(e->builder, next);
    emit_go_on(e, next);
}

static void mark_elements(emitter *e, const graph_node *node)
{
    const emitted list = emit_place(e, node->operands[0], true);
    LLVMBasicBlockRef behind = emit_block(e, "behind");
    if (list.trouble != NULL) {
        LLVMBasicBlockRef known = emit_block(e, "list");
        LLVMBuildCondBr(e->builder, emit_is_not_zero(e, list.trouble), behind, known);
        emit_go_on(e, known);
    }
    element_loop each;
    loop_begin(e, &each, node, list.value);
    loop_enter(e, &each, node);
    LLVMBasicBlockRef yes = emit_block(e, "mark"), next = emit_block(e, "next");
    LLVMValueRef truth = emit_truth(e, node->operands[1]);
    LLVMBuildCondBr(e->builder,
                    LLVMBuildICmp(e->builder, LLVMIntEQ, truth, emit_i32(e, CST_TRUE), ""), yes,
                    next);
    emit_go_on(e, yes);
    if (emit_node(e, node->operands[0])->kind == EXPRESSION_FOUND)
        EMIT_SERVICE(e, mark_found, e->frame, list.value, each.index);
    mark(e, node->operands[1]);
    LLVMBuildBr(e->builder, next);
    emit_go_on(e, next);
    loop_end(e, &each);
    LLVMBuildBr(e->builder, behind);
    emit_go_on(e, behind);
}

/* The node is true. */
static void mark(emitter *e, node_id id)
{
    const graph_node *node = emit_node(e, id);
    if (!node->marks)
        return;
    const uint32_t temporaries = e->temporary_used;
    switch (node->kind) {
    case EXPRESSION_AND:
        for (uint32_t i = 0; i < node->operand_count; i++)
            mark(e, node->operands[i]);
        break;
    case EXPRESSION_OR:
        for (uint32_t i = 0; i < node->operand_count; i++)
            if (emit_node(e, node->operands[i])->marks)
                mark_if_true(e, node->operands[i]);
        break;
    case EXPRESSION_ANY: mark_elements(e, node); break;
    case EXPRESSION_REPEATS: {
        const emitted text = emit_place(e, node->operands[0], false);
        EMIT_SERVICE(e, mark_repeat, e->frame, text.value, emit_i32(e, node->index));
        break;
    }
    default: { /* CONTAINS, MATCHES */
        const emitted text = emit_place(e, node->operands[0], false);
        EMIT_SERVICE(e, mark_text, e->frame, text.value, emit_i32(e, node->index));
        break;
    }
    }
    e->temporary_used = temporaries;
}

void emit_mark(emitter *e, uint32_t root)
{
    mark(e, e->graph->roots.items[root].condition);
    LLVMBuildRetVoid(e->builder);
}

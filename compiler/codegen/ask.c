/*
 * ask.c - code for questions to the host: asking, what stands under a `not`, and the walk to the
 * questions that matter.
 *
 * A question is handed over as those about the past are (past.c). What it means that there is no
 * answer yet stands in runtime/host/host.h; here it is only an answer with trouble, so `and`, `or`
 * and comparisons need no other code. A `not` turns the bounds round.
 *
 * The walk is called for a rule whose truth lies between two bounds. It goes down to the parts that
 * hold it open: of an `and` those that can be less than all of it at its best, of an `or` those
 * that can be more than all of it at its least, and asks what it meets at the tests. What lies
 * outside of [floor, ceiling] changes nothing further up. compiler/reference/collect.c is the same
 * on trees; both find the same questions, however `and`s are nested.
 */
#include <stddef.h>

#include "compiler/codegen/emit.h"
#include "runtime/host/host.h"

emitted emit_host_ask(emitter *e, const graph_node *node)
{
    LLVMValueRef out = emit_temporary(e), places[LIMIT_HOST_ARGUMENTS], trouble = NULL;
    const uint32_t mark = e->temporary_used;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const emitted argument = emit_place(e, node->operands[i], false);
        places[i] = argument.value;
        trouble = emit_truth_max(e, trouble, argument.trouble);
    }
    for (uint32_t i = 0; i < node->operand_count; i++)
        EMIT_SERVICE(e, host_key, e->frame, places[i], emit_i32(e, i));
    e->temporary_used = mark;
    trouble = EMIT_SERVICE(e, host_ask, e->frame, emit_i32(e, node->index), emit_i32(e, node->site),
                           trouble != NULL ? trouble : emit_i32(e, CST_FALSE), out);
    return (emitted){out, trouble};
}

LLVMValueRef emit_host_not(emitter *e, node_id operand)
{
    EMIT_SERVICE(e, host_flip, e->frame);
    LLVMValueRef truth = emit_truth(e, operand);
    EMIT_SERVICE(e, host_flip, e->frame);
    /* true becomes 0; 0 and the lowest true; a reason stays */
    LLVMValueRef is_true = LLVMBuildICmp(e->builder, LLVMIntEQ, truth, emit_i32(e, CST_TRUE), "");
    LLVMValueRef is_low =
        LLVMBuildICmp(e->builder, LLVMIntULE, truth, emit_i32(e, HOST_LOWEST), "");
    LLVMValueRef turned = LLVMBuildSelect(e->builder, is_low, emit_i32(e, CST_TRUE), truth, "");
    return LLVMBuildSelect(e->builder, is_true, emit_i32(e, CST_FALSE), turned, "not");
}

/* ---- the walk -------------------------------------------------------------------------------- */

typedef struct bounds { /* i32: 0 false, 1 undecided, 2 true */
    LLVMValueRef floor, ceiling;
} bounds;

static void set_mode(emitter *e, host_modes mode)
{
    EMIT_SERVICE(e, host_mode, e->frame, emit_i32(e, mode));
}

/* How high a condition is in a mode: 0, 1 or 2. */
static LLVMValueRef emit_height(emitter *e, node_id id, host_modes mode)
{
    set_mode(e, mode);
    LLVMValueRef truth = emit_truth(e, id);
    LLVMValueRef some = LLVMBuildICmp(e->builder, LLVMIntUGT, truth, emit_i32(e, HOST_LOWEST), "");
    LLVMValueRef full = LLVMBuildICmp(e->builder, LLVMIntEQ, truth, emit_i32(e, CST_TRUE), "");
    return LLVMBuildAdd(e->builder, LLVMBuildZExt(e->builder, some, e->i32, ""),
                        LLVMBuildZExt(e->builder, full, e->i32, ""), "height");
}

static void collect(emitter *e, node_id id, bounds within);

/* Goes on to an operand if it is open between the bounds. */
static void collect_if_open(emitter *e, node_id id, bounds within)
{
    LLVMBasicBlockRef yes = emit_block(e, "open"), next = emit_block(e, "next");
    LLVMValueRef low = emit_truth_max(e, emit_height(e, id, HOST_LOW), within.floor);
    LLVMValueRef high = emit_truth_min(e, emit_height(e, id, HOST_HIGH), within.ceiling);
    LLVMBuildCondBr(e->builder, LLVMBuildICmp(e->builder, LLVMIntULT, low, high, ""), yes, next);
    emit_go_on(e, yes);
    collect(e, id, within);
    LLVMBuildBr(e->builder, next);
    emit_go_on(e, next);
}

/* What can make the parts of this node matter to it. */
static bounds bounds_inside(emitter *e, node_id id, bool lifts, bounds within)
{
    if (lifts)
        within.floor = emit_truth_max(e, within.floor, emit_height(e, id, HOST_LOW));
    else
        within.ceiling = emit_truth_min(e, within.ceiling, emit_height(e, id, HOST_HIGH));
    return within;
}

static void collect_elements(emitter *e, node_id id, bounds within)
{
    const graph_node *node = emit_node(e, id);
    LLVMBasicBlockRef behind = emit_block(e, "behind");
    const bounds inside = bounds_inside(e, id, node->kind == EXPRESSION_ANY, within);
    set_mode(e, HOST_COLLECT); /* the list itself may hang on an answer */
    const emitted list = emit_place(e, node->operands[0], true);
    if (list.trouble != NULL) {
        LLVMBasicBlockRef known = emit_block(e, "list");
        LLVMBuildCondBr(e->builder, emit_is_not_zero(e, list.trouble), behind, known);
        emit_go_on(e, known);
    }
    element_loop each;
    loop_begin(e, &each, node, list.value);
    loop_enter(e, &each, node);
    if (emit_node(e, node->operands[1])->asks)
        collect_if_open(e, node->operands[1], inside);
    loop_end(e, &each);
    LLVMBuildBr(e->builder, behind);
    emit_go_on(e, behind);
}

/* The node is open between the bounds. */
static void collect(emitter *e, node_id id, bounds within)
{
    const graph_node *node = emit_node(e, id);
    const uint32_t temporaries = e->temporary_used;
    if (e->depth > LOCAL_COUNT * 2) {
        e->too_deep = true;
        return;
    }
    e->depth++;
    switch (node->kind) {
    case EXPRESSION_AND:
    case EXPRESSION_OR: {
        const bounds inside = bounds_inside(e, id, node->kind == EXPRESSION_OR, within);
        for (uint32_t i = 0; i < node->operand_count; i++)
            if (emit_node(e, node->operands[i])->asks)
                collect_if_open(e, node->operands[i], inside);
        break;
    }
    case EXPRESSION_NOT: {
        const bounds turned = {LLVMBuildSub(e->builder, emit_i32(e, 2), within.ceiling, ""),
                               LLVMBuildSub(e->builder, emit_i32(e, 2), within.floor, "")};
        collect(e, node->operands[0], turned);
        break;
    }
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: collect_elements(e, id, within); break;
    default:
        set_mode(e, HOST_COLLECT);
        emit_truth(e, id);
        break;
    }
    e->depth--;
    e->temporary_used = temporaries;
}

void emit_collect(emitter *e, uint32_t root)
{
    const bounds all = {emit_i32(e, 0), emit_i32(e, 2)};
    collect(e, e->graph->roots.items[root].condition, all);
    LLVMBuildRetVoid(e->builder);
}

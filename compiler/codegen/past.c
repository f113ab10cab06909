/*
 * past.c - code for questions about the past: hand over the keys, ask, and see whether it is known.
 *
 * Keys are handed over one by one, all of them after the last is computed, so that nothing else is
 * asked between the first key and the question. A key that could not be computed makes the question
 * undecided, for the reason of the key.
 */
#include <stddef.h>

#include "compiler/codegen/emit.h"

/* The keys, as places. Their trouble, or NULL. */
static LLVMValueRef emit_keys(emitter *e, const graph_node *node)
{
    LLVMValueRef places[LIMIT_PAST_KEYS], trouble = NULL;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const emitted key = emit_place(e, node->operands[i], false);
        places[i] = key.value;
        trouble = trouble == NULL       ? key.trouble
                  : key.trouble == NULL ? trouble
                                        : emit_truth_max(e, trouble, key.trouble);
    }
    for (uint32_t i = 0; i < node->operand_count; i++)
        EMIT_SERVICE(e, past_key, e->frame, places[i], emit_i32(e, i));
    return trouble;
}

/* The keys' trouble, or else the question's own where `known` (i1) does not hold. */
static LLVMValueRef both_troubles(emitter *e, const graph_node *node, LLVMValueRef keys,
                                  LLVMValueRef known)
{
    LLVMValueRef own = LLVMBuildSelect(e->builder, known, emit_i32(e, CST_FALSE),
                                       emit_i32(e, CST_UNDECIDED(node->site)), "");
    return keys == NULL
               ? own
               : LLVMBuildSelect(e->builder, emit_is_not_zero(e, keys), keys, own, "trouble");
}

/* A value is kept only if it is known. */
static LLVMValueRef emit_note(emitter *e, const graph_node *node, LLVMValueRef *trouble)
{
    const emitted value = emit_place(e, node->operands[0], false);
    *trouble = value.trouble;
    LLVMBasicBlockRef keep = NULL, done = NULL;
    if (value.trouble != NULL) {
        keep = emit_block(e, "keep");
        done = emit_block(e, "kept");
        LLVMBuildCondBr(e->builder, emit_is_zero(e, value.trouble), keep, done);
        emit_go_on(e, keep);
    }
    EMIT_SERVICE(e, past_note, e->frame, value.value, emit_i32(e, node->index));
    if (done != NULL) {
        LLVMBuildBr(e->builder, done);
        emit_go_on(e, done);
    }
    return LLVMConstInt(e->i1, 1, false);
}

LLVMValueRef emit_past_test(emitter *e, const graph_node *node, LLVMValueRef *trouble)
{
    const uint32_t mark = e->temporary_used;
    LLVMValueRef holds, truth, keys = NULL;
    if (node->kind == EXPRESSION_NOTE) {
        holds = emit_note(e, node, trouble);
        e->temporary_used = mark;
        return holds;
    }
    LLVMValueRef index = emit_i32(e, node->index), site = emit_i32(e, node->site);
    if (node->kind == EXPRESSION_EARLIER) {
        keys = emit_keys(e, node);
        truth = EMIT_SERVICE(e, past_earlier, e->frame, index, site);
    } else {
        truth = EMIT_SERVICE(e, session_has, e->frame, index, site);
    }
    e->temporary_used = mark;
    holds = LLVMBuildICmp(e->builder, LLVMIntEQ, truth, emit_i32(e, CST_TRUE), "holds");
    LLVMValueRef own = LLVMBuildSelect(e->builder, holds, emit_i32(e, CST_FALSE), truth, "");
    *trouble = keys == NULL
                   ? own
                   : LLVMBuildSelect(e->builder, emit_is_not_zero(e, keys), keys, own, "trouble");
    return holds;
}

emitted emit_past_number(emitter *e, const graph_node *node)
{
    LLVMValueRef out = emit_temporary(e);
    LLVMValueRef keys = emit_keys(e, node);
    LLVMValueRef known = EMIT_SERVICE(e, past_number, e->frame, emit_i32(e, node->index), out);
    LLVMValueRef number = emit_load(e, e->i64, out, 0, "number");
    return (emitted){number, both_troubles(e, node, keys, emit_is_not_zero(e, known))};
}

emitted emit_past_latest(emitter *e, const graph_node *node)
{
    LLVMValueRef out = emit_temporary(e);
    const uint32_t mark = e->temporary_used;
    LLVMValueRef keys = emit_keys(e, node);
    e->temporary_used = mark;
    LLVMValueRef known = EMIT_SERVICE(e, past_latest, e->frame, emit_i32(e, node->index), out);
    return (emitted){out, both_troubles(e, node, keys, emit_is_not_zero(e, known))};
}

/*
 * conditions.c - code for truth.
 *
 * Two forms. A condition that is always decided becomes control flow: emit_branch sends control to
 * one of two blocks, and `and`, `or` and `not` are nothing but a choice of blocks. A condition that
 * may be undecided becomes a cst_truth in a register (emit_truth), where `and` is the lesser and
 * `or` the greater of two numbers. They meet in an `and` over both: its decided operands stand
 * first and leave early.
 *
 * A node with a memo is looked up in frame.memo before it is computed: 0 not yet, 1 false, 2 true.
 * A node that is larger than FUNCTION_SIZE, and a memo that stands in several places, gets a
 * function of its own; a junction with very many operands is cut into several.
 */
#include <assert.h>
#include <stddef.h>

#include "compiler/codegen/emit.h"

enum {
    MEMO_FALSE = 1,
    MEMO_TRUE = 2,
    MEMO_INLINE = 12 /* a memo of at most this size is cheaper than a call */
};

/* ---- comparisons ----------------------------------------------------------------------------- */

static LLVMValueRef text_equals_constant(emitter *e, node_id left, LLVMValueRef place,
                                         node_id constant)
{
    const uint32_t symbol = e->plan->symbols_of_constants[constant];
    if (symbol != 0 && value_has_symbol(e, left)) {
        LLVMValueRef known = emit_load(e, e->i32, place, offsetof(cst_value, symbol), "symbol");
        return LLVMBuildICmp(e->builder, LLVMIntEQ, known, emit_i32(e, symbol), "");
    }
    LLVMValueRef same =
        emit_is_not_zero(e, EMIT_SERVICE(e, text_equal, place, constant_value(e, constant)));
    if (emit_node(e, constant)->constant.length > 0)
        return same;
    /* no text is not the empty text */
    return LLVMBuildAnd(e->builder, same, emit_is_present(e, left, place), "");
}

static LLVMValueRef emit_equal(emitter *e, const graph_node *node, LLVMValueRef *trouble)
{
    node_id left = node->operands[0], right = node->operands[1];
    if (emit_node(e, left)->kind == EXPRESSION_CONSTANT) {
        left = node->operands[1];
        right = node->operands[0];
    }
    const cst_kind kind = node_kind(emit_node(e, left));
    const bool constant = emit_node(e, right)->kind == EXPRESSION_CONSTANT;
    if (kind == CST_KIND_FLOAT || kind_has_integer(kind)) {
        const emitted a = emit_value(e, left), b = emit_value(e, right);
        *trouble = emit_truth_max(e, a.trouble, b.trouble);
        if (kind == CST_KIND_FLOAT)
            return LLVMBuildFCmp(e->builder, LLVMRealOEQ, a.value, b.value, "");
        return LLVMBuildICmp(e->builder, LLVMIntEQ, a.value, b.value, "");
    }
    const emitted a = emit_place(e, left, constant);
    *trouble = a.trouble;
    if (constant)
        return text_equals_constant(e, left, a.value, right);
    const emitted b = emit_place(e, right, false);
    *trouble = emit_truth_max(e, a.trouble, b.trouble);
    return emit_is_not_zero(e, EMIT_SERVICE(e, text_equal, a.value, b.value));
}

static LLVMValueRef emit_less(emitter *e, const graph_node *node, LLVMValueRef *trouble)
{
    const bool or_equal = node->kind == EXPRESSION_LESS_EQUAL;
    const emitted a = emit_value(e, node->operands[0]), b = emit_value(e, node->operands[1]);
    *trouble = emit_truth_max(e, a.trouble, b.trouble);
    if (node_kind(emit_node(e, node->operands[0])) == CST_KIND_FLOAT)
        return LLVMBuildFCmp(e->builder, or_equal ? LLVMRealOLE : LLVMRealOLT, a.value, b.value,
                             "");
    return LLVMBuildICmp(e->builder, or_equal ? LLVMIntSLE : LLVMIntSLT, a.value, b.value, "");
}

static LLVMValueRef emit_text_test(emitter *e, const graph_node *node, LLVMValueRef *trouble)
{
    const emitted a = emit_place(e, node->operands[0], false);
    const emitted b = emit_place(e, node->operands[1], false);
    *trouble = emit_truth_max(e, a.trouble, b.trouble);
    LLVMValueRef holds;
    if (node->kind == EXPRESSION_STARTS)
        holds = EMIT_SERVICE(e, text_starts, a.value, b.value);
    else if (node->kind == EXPRESSION_ENDS)
        holds = EMIT_SERVICE(e, text_ends, a.value, b.value);
    else if (node->kind == EXPRESSION_IN_LIST)
        holds = EMIT_SERVICE(e, list_has, b.value, a.value);
    else if (node_kind(emit_node(e, node->operands[0])) == CST_KIND_HOST)
        holds = EMIT_SERVICE(e, host_inside, a.value, b.value);
    else
        holds = EMIT_SERVICE(e, path_inside, a.value, b.value);
    return emit_is_not_zero(e, holds);
}

/* A service answers with a truth, which is taken apart into what it says and whether it could. */
static LLVMValueRef take_apart(emitter *e, LLVMValueRef truth, LLVMValueRef operands,
                               LLVMValueRef *trouble)
{
    LLVMValueRef holds =
        LLVMBuildICmp(e->builder, LLVMIntEQ, truth, emit_i32(e, CST_TRUE), "holds");
    LLVMValueRef own = LLVMBuildSelect(e->builder, holds, emit_i32(e, CST_FALSE), truth, "");
    *trouble = operands == NULL ? own
                                : LLVMBuildSelect(e->builder, emit_is_not_zero(e, operands),
                                                  operands, own, "trouble");
    return holds;
}

static LLVMValueRef emit_command_test(emitter *e, const graph_node *node, LLVMValueRef *trouble)
{
    const emitted a = emit_place(e, node->operands[0], false);
    LLVMValueRef site = emit_i32(e, node->site), index = emit_i32(e, node->index / 2);
    LLVMValueRef mode = emit_i32(e, node->index % 2);
    if (node->kind == EXPRESSION_RUNS)
        return take_apart(e, EMIT_SERVICE(e, command_matches, e->frame, a.value, index, mode, site),
                          a.trouble, trouble);
    if (node->kind == EXPRESSION_UNKNOWN)
        return take_apart(e, EMIT_SERVICE(e, command_unknown, e->frame, a.value, index, mode, site),
                          a.trouble, trouble);
    const emitted b = emit_place(e, node->operands[1], false);
    return take_apart(e, EMIT_SERVICE(e, command_inside, a.value, b.value, site),
                      emit_truth_max(e, a.trouble, b.trouble), trouble);
}

static LLVMValueRef emit_text_search(emitter *e, const graph_node *node, LLVMValueRef *trouble)
{
    const emitted text = emit_place(e, node->operands[0], false);
    LLVMValueRef index = emit_i32(e, node->index), site = emit_i32(e, node->site), truth;
    if (node->kind == EXPRESSION_CONTAINS)
        truth = EMIT_SERVICE(e, text_contains, e->frame, text.value, index, site);
    else if (node->kind == EXPRESSION_MATCHES)
        truth = EMIT_SERVICE(e, text_matches, e->frame, text.value, index, site);
    else if (node->kind == EXPRESSION_FROM)
        truth = EMIT_SERVICE(e, value_from, e->frame, text.value, index, site);
    else
        truth = EMIT_SERVICE(e, text_repeats, e->frame, text.value, index, site);
    return take_apart(e, truth, text.trouble, trouble);
}

/* i1: a condition that is neither a junction nor a quantifier, if *trouble (NULL: never) is 0. */
static LLVMValueRef emit_test(emitter *e, node_id id, LLVMValueRef *trouble)
{
    const graph_node *node = emit_node(e, id);
    *trouble = NULL;
    switch (node->kind) {
    case EXPRESSION_EQUAL: return emit_equal(e, node, trouble);
    case EXPRESSION_LESS:
    case EXPRESSION_LESS_EQUAL: return emit_less(e, node, trouble);
    case EXPRESSION_IN_SET: return emit_in_set(e, node, trouble);
    case EXPRESSION_IN_LIST:
    case EXPRESSION_STARTS:
    case EXPRESSION_ENDS:
    case EXPRESSION_INSIDE: return emit_text_test(e, node, trouble);
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
    case EXPRESSION_REPEATS:
    case EXPRESSION_FROM: return emit_text_search(e, node, trouble);
    case EXPRESSION_EARLIER:
    case EXPRESSION_LABELLED:
    case EXPRESSION_NOTE: return emit_past_test(e, node, trouble);
    case EXPRESSION_RUNS:
    case EXPRESSION_UNKNOWN:
    case EXPRESSION_WITHIN: return emit_command_test(e, node, trouble);
    case EXPRESSION_PRESENT: {
        const emitted place = emit_place(e, node->operands[0], false);
        *trouble = place.trouble;
        return emit_is_present(e, node->operands[0], place.value);
    }
    default: { /* TRUTH, or a bool value itself */
        const emitted value =
            emit_value(e, node->kind == EXPRESSION_TRUTH ? node->operands[0] : id);
        *trouble = value.trouble;
        return LLVMBuildICmp(e->builder, LLVMIntNE, value.value, emit_i64(e, 0), "");
    }
    }
}

/* ---- junctions ------------------------------------------------------------------------------- */

/*
 * Where operands first..last-1 must be cut: the end of the piece that starts at `first`, so that
 * there are at most CHUNKS pieces of about equal size. `last` if they fit into the function as they
 * are.
 */
static uint32_t chunk_end(const emitter *e, node_id id, uint32_t first, uint32_t last,
                          uint32_t total)
{
    const uint32_t share = total / CHUNKS + 1 > FUNCTION_SIZE ? total / CHUNKS + 1 : FUNCTION_SIZE;
    uint32_t size = 0, end = first;
    while (end < last) {
        const uint32_t next = prepared_share(e->graph, &e->prepared, e->prepared.ordered[id][end]);
        if (end > first && next > share - size)
            break;
        size = next > share - size ? share : size + next;
        end++;
    }
    return end;
}

static uint32_t total_size(const emitter *e, node_id id, uint32_t first, uint32_t last)
{
    uint64_t total = 0;
    for (uint32_t i = first; i < last; i++)
        total += prepared_share(e->graph, &e->prepared, e->prepared.ordered[id][i]);
    return total > UINT32_MAX ? UINT32_MAX : (uint32_t)total;
}

static LLVMValueRef call_part(emitter *e, LLVMValueRef function)
{
    LLVMValueRef arguments[LOCAL_COUNT + 1] = {e->frame};
    for (uint32_t level = 0; level < e->local_count; level++)
        arguments[level + 1] = e->locals[level];
    const unsigned count = LLVMCountParams(function);
    return LLVMBuildCall2(e->builder, LLVMGlobalGetValueType(function), function, arguments, count,
                          "truth");
}

/* The truth of a piece of a junction, by a function of its own if it is more than one operand. */
static LLVMValueRef emit_chunk(emitter *e, node_id id, uint32_t first, uint32_t last)
{
    if (last == first + 1)
        return emit_truth(e, e->prepared.ordered[id][first]);
    return call_part(e, emit_later(e, WORK_CHUNK, id, first, last));
}

void emit_junction_branch(emitter *e, node_id id, uint32_t first, uint32_t last,
                          LLVMBasicBlockRef yes, LLVMBasicBlockRef no)
{
    const bool is_and = emit_node(e, id)->kind == EXPRESSION_AND;
    const uint32_t total = total_size(e, id, first, last);
    const bool cut = total > FUNCTION_SIZE;
    for (uint32_t at = first, end; at < last; at = end) {
        end = cut ? chunk_end(e, id, at, last, total) : at + 1;
        LLVMBasicBlockRef next = end == last ? NULL : emit_block(e, is_and ? "and" : "or");
        LLVMBasicBlockRef on_true = is_and && next != NULL ? next : yes;
        LLVMBasicBlockRef on_false = !is_and && next != NULL ? next : no;
        if (end == at + 1)
            emit_branch(e, e->prepared.ordered[id][at], on_true, on_false);
        else
            LLVMBuildCondBr(e->builder, emit_is_not_zero(e, emit_chunk(e, id, at, end)), on_true,
                            on_false);
        if (next != NULL)
            emit_go_on(e, next);
    }
}

static bool chunk_is_decided(const emitter *e, node_id id, uint32_t end)
{
    /* the undecidable come last */
    return !emit_node(e, e->prepared.ordered[id][end - 1])->undecidable;
}

LLVMValueRef emit_junction_truth(emitter *e, node_id id, uint32_t first, uint32_t last)
{
    const bool is_and = emit_node(e, id)->kind == EXPRESSION_AND;
    const uint32_t total = total_size(e, id, first, last);
    const bool cut = total > FUNCTION_SIZE;
    LLVMValueRef absorbing = emit_i32(e, is_and ? CST_FALSE : CST_TRUE);
    LLVMBasicBlockRef start = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef done = emit_block(e, is_and ? "and.done" : "or.done");
    LLVMPositionBuilderAtEnd(e->builder, done);
    LLVMValueRef result = LLVMBuildPhi(e->builder, e->i32, "");
    LLVMPositionBuilderAtEnd(e->builder, start);
    LLVMBasicBlockRef early = emit_block(e, "early");

    LLVMValueRef truth = NULL; /* of the undecidable operands so far */
    for (uint32_t at = first, end; at < last; at = end) {
        end = cut ? chunk_end(e, id, at, last, total) : at + 1;
        if (end == at + 1 && chunk_is_decided(e, id, end)) {
            LLVMBasicBlockRef next = emit_block(e, is_and ? "and" : "or");
            emit_branch(e, e->prepared.ordered[id][at], is_and ? next : early,
                        is_and ? early : next);
            emit_go_on(e, next);
            continue;
        }
        LLVMValueRef one = emit_chunk(e, id, at, end);
        if (truth == NULL)
            truth = one;
        else
            truth = is_and ? emit_truth_min(e, truth, one) : emit_truth_max(e, truth, one);
        if (end == last)
            break;
        LLVMValueRef settled = LLVMBuildICmp(e->builder, LLVMIntEQ, truth, absorbing, "");
        LLVMBasicBlockRef next = emit_block(e, is_and ? "and" : "or");
        LLVMBuildCondBr(e->builder, settled, early, next);
        emit_go_on(e, next);
    }
    LLVMValueRef neutral = emit_i32(e, is_and ? CST_TRUE : CST_FALSE);
    LLVMValueRef values[] = {truth != NULL ? truth : neutral, absorbing};
    LLVMBasicBlockRef blocks[] = {LLVMGetInsertBlock(e->builder), early};
    LLVMBuildBr(e->builder, done);
    emit_go_on(e, early);
    LLVMBuildBr(e->builder, done);
    LLVMAddIncoming(result, values, blocks, 2);
    emit_go_on(e, done);
    return result;
}

/* ---- functions of their own ------------------------------------------------------------------ */

static bool has_memo(const emitter *e, const graph_node *node)
{
    return node->memo != CST_NONE && !e->afresh;
}

static bool wants_function(emitter *e, node_id id)
{
    if (e->is_root) {
        e->is_root = false;
        return false;
    }
    const graph_node *node = emit_node(e, id);
    const uint32_t size = e->prepared.size[id];
    return size > FUNCTION_SIZE || (has_memo(e, node) && node->uses > 1 && size > MEMO_INLINE);
}

static LLVMValueRef function_of(emitter *e, node_id id)
{
    if (emit_node(e, id)->uses_local)
        return emit_later(e, WORK_CONDITION, id, 0, 0);
    LLVMValueRef *cached = e->afresh ? &e->prepared.afresh[id] : &e->prepared.functions[id];
    if (*cached == NULL)
        *cached = emit_later(e, WORK_CONDITION, id, 0, 0);
    return *cached;
}

/* ---- branches -------------------------------------------------------------------------------- */

static void branch_computed(emitter *e, node_id id, LLVMBasicBlockRef yes, LLVMBasicBlockRef no)
{
    const graph_node *node = emit_node(e, id);
    if (wants_function(e, id)) {
        LLVMValueRef truth = call_part(e, function_of(e, id));
        LLVMBuildCondBr(e->builder, emit_is_not_zero(e, truth), yes, no);
        return;
    }
    switch (node->kind) {
    case EXPRESSION_CONSTANT:
        LLVMBuildBr(e->builder, node->constant.as.integer != 0 ? yes : no);
        return;
    case EXPRESSION_NOT: emit_branch(e, node->operands[0], no, yes); return;
    case EXPRESSION_AND:
    case EXPRESSION_OR: emit_junction_branch(e, id, 0, node->operand_count, yes, no); return;
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: emit_quantifier_branch(e, id, yes, no); return;
    default: {
        LLVMValueRef trouble;
        LLVMValueRef holds = emit_test(e, id, &trouble);
        assert(trouble == NULL);
        LLVMBuildCondBr(e->builder, holds, yes, no);
    }
    }
}

/* Looks at the memo, and fills it when the condition has been computed. */
static void branch_remembered(emitter *e, node_id id, LLVMBasicBlockRef yes, LLVMBasicBlockRef no)
{
    const uint32_t memo = emit_node(e, id)->memo;
    LLVMValueRef memos = emit_load(e, e->pointer, e->frame, offsetof(cst_frame, memo), "memo");
    LLVMValueRef known = emit_load(e, e->i8, memos, memo, "known");
    LLVMBasicBlockRef unknown = emit_block(e, "unknown"), decided = emit_block(e, "known");
    LLVMBasicBlockRef is_true = emit_block(e, "remember.true"),
                      is_false = emit_block(e, "remember.false");
    LLVMValueRef is_unknown =
        LLVMBuildICmp(e->builder, LLVMIntEQ, known, LLVMConstInt(e->i8, 0, false), "");
    LLVMBuildCondBr(e->builder, is_unknown, unknown, decided);

    emit_go_on(e, decided);
    LLVMValueRef was_true =
        LLVMBuildICmp(e->builder, LLVMIntEQ, known, LLVMConstInt(e->i8, MEMO_TRUE, false), "");
    LLVMBuildCondBr(e->builder, was_true, yes, no);

    emit_go_on(e, unknown);
    branch_computed(e, id, is_true, is_false);
    emit_go_on(e, is_true);
    memos = emit_load(e, e->pointer, e->frame, offsetof(cst_frame, memo), "memo");
    emit_store(e, LLVMConstInt(e->i8, MEMO_TRUE, false), memos, memo);
    LLVMBuildBr(e->builder, yes);
    emit_go_on(e, is_false);
    memos = emit_load(e, e->pointer, e->frame, offsetof(cst_frame, memo), "memo");
    emit_store(e, LLVMConstInt(e->i8, MEMO_FALSE, false), memos, memo);
    LLVMBuildBr(e->builder, no);
}

void emit_branch(emitter *e, node_id id, LLVMBasicBlockRef yes, LLVMBasicBlockRef no)
{
    const uint32_t mark = e->temporary_used;
    if (e->depth > LOCAL_COUNT * 2) {
        e->too_deep = true;
        LLVMBuildBr(e->builder, no);
        return;
    }
    e->depth++;
    if (!e->is_root && has_memo(e, emit_node(e, id)))
        branch_remembered(e, id, yes, no);
    else
        branch_computed(e, id, yes, no);
    e->depth--;
    e->temporary_used = mark;
}

/* ---- truth values ---------------------------------------------------------------------------- */

/* A decided condition as a truth: where both ways end. */
static LLVMValueRef truth_of_branch(emitter *e, node_id id)
{
    LLVMBasicBlockRef yes = emit_block(e, "true"), no = emit_block(e, "false"),
                      done = emit_block(e, "truth");
    emit_branch(e, id, yes, no);
    emit_go_on(e, yes);
    LLVMBuildBr(e->builder, done);
    emit_go_on(e, no);
    LLVMBuildBr(e->builder, done);
    emit_go_on(e, done);
    LLVMValueRef result = LLVMBuildPhi(e->builder, e->i32, "truth");
    LLVMValueRef values[] = {emit_i32(e, CST_TRUE), emit_i32(e, CST_FALSE)};
    LLVMBasicBlockRef blocks[] = {yes, no};
    LLVMAddIncoming(result, values, blocks, 2);
    return result;
}

static LLVMValueRef truth_of_test(emitter *e, node_id id, bool negated)
{
    LLVMValueRef trouble;
    LLVMValueRef holds = emit_test(e, id, &trouble);
    if (negated)
        holds = LLVMBuildNot(e->builder, holds, "");
    LLVMValueRef truth = LLVMBuildSExt(e->builder, holds, e->i32, "truth");
    if (trouble == NULL)
        return truth;
    return LLVMBuildSelect(e->builder, emit_is_not_zero(e, trouble), trouble, truth, "truth");
}

static bool is_test(const graph_node *node)
{
    switch (node->kind) {
    case EXPRESSION_NOT:
    case EXPRESSION_AND:
    case EXPRESSION_OR:
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: return false;
    default: return true;
    }
}

static LLVMValueRef emit_not(emitter *e, node_id operand)
{
    if (emit_node(e, operand)->asks)
        return emit_host_not(e, operand);
    if (is_test(emit_node(e, operand)) && e->prepared.size[operand] <= FUNCTION_SIZE)
        return truth_of_test(e, operand, true);
    LLVMValueRef truth = emit_truth(e, operand);
    /* true becomes 0, false 1 */
    LLVMValueRef next = LLVMBuildAdd(e->builder, truth, emit_i32(e, 1), "");
    LLVMValueRef decided = LLVMBuildICmp(e->builder, LLVMIntULE, next, emit_i32(e, 1), "");
    LLVMValueRef turned = LLVMBuildNot(e->builder, truth, "");
    return LLVMBuildSelect(e->builder, decided, turned, truth, "not");
}

static LLVMValueRef truth_computed(emitter *e, node_id id)
{
    const graph_node *node = emit_node(e, id);
    if (wants_function(e, id))
        return call_part(e, function_of(e, id));
    switch (node->kind) {
    case EXPRESSION_NOT: return emit_not(e, node->operands[0]);
    case EXPRESSION_AND:
    case EXPRESSION_OR: return emit_junction_truth(e, id, 0, node->operand_count);
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: return emit_quantifier_truth(e, id);
    default: return truth_of_test(e, id, false);
    }
}

LLVMValueRef emit_truth(emitter *e, node_id id)
{
    if (!emit_node(e, id)->undecidable)
        return truth_of_branch(e, id);
    if (e->depth > LOCAL_COUNT * 2) {
        e->too_deep = true;
        return emit_i32(e, CST_FALSE);
    }
    const uint32_t mark = e->temporary_used;
    e->depth++;
    LLVMValueRef truth = truth_computed(e, id);
    e->depth--;
    e->temporary_used = mark;
    return truth;
}

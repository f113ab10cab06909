/*
 * values.c - code for what conditions compare: numbers in registers, everything else by pointer.
 *
 * A value that could not be computed carries its trouble: the undecided truth that the comparison
 * around it becomes. An operation over troubled operands adds no trouble of its own; of two
 * troubled operands the greater truth counts. While a value is troubled its bits mean nothing, but
 * they are always something, so code stays free of branches.
 *
 * Absent values are zeroed, and everything here is safe on them; a member of an absent record is
 * absent.
 *
 * Results of services lie in temporaries on the stack. The room for a result is taken before its
 * operands', which are given back at once: so the stack that a condition needs depends on its depth
 * and not on its length.
 */
#include <stddef.h>

#include "compiler/codegen/emit.h"

/* ---- trouble --------------------------------------------------------------------------------- */

/* The trouble of an operation: its operands', or else its own where `failed` (i1) holds. */
static LLVMValueRef add_trouble(emitter *e, LLVMValueRef operands, LLVMValueRef failed,
                                uint32_t number)
{
    LLVMValueRef own = LLVMBuildSelect(e->builder, failed, emit_i32(e, CST_UNDECIDED(number)),
                                       emit_i32(e, CST_FALSE), "");
    if (operands == NULL)
        return own;
    return LLVMBuildSelect(e->builder, emit_is_not_zero(e, operands), operands, own, "trouble");
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

static emitted checked_arithmetic(emitter *e, const graph_node *node, emitted a, emitted b)
{
    const unsigned operation = node->kind == EXPRESSION_ADD ? 0
                               : node->kind == EXPRESSION_MULTIPLY || node->kind == EXPRESSION_WIDEN
                                   ? 2
                                   : 1;
    LLVMValueRef arguments[] = {a.value, b.value};
    LLVMValueRef both =
        LLVMBuildCall2(e->builder, e->arithmetic_type, e->arithmetic[operation], arguments, 2, "");
    LLVMValueRef overflow = LLVMBuildExtractValue(e->builder, both, 1, "overflow");
    return (emitted){LLVMBuildExtractValue(e->builder, both, 0, ""),
                     add_trouble(e, emit_truth_max(e, a.trouble, b.trouble), overflow, node->site)};
}

static emitted float_arithmetic(emitter *e, const graph_node *node, emitted a, emitted b)
{
    LLVMValueRef result;
    switch (node->kind) {
    case EXPRESSION_ADD: result = LLVMBuildFAdd(e->builder, a.value, b.value, ""); break;
    case EXPRESSION_SUBTRACT: result = LLVMBuildFSub(e->builder, a.value, b.value, ""); break;
    default: result = LLVMBuildFMul(e->builder, a.value, b.value, ""); break;
    }
    /* not a number unless the result is finite */
    LLVMValueRef zero = LLVMBuildFSub(e->builder, result, result, "");
    LLVMValueRef failed =
        LLVMBuildFCmp(e->builder, LLVMRealUNE, zero, LLVMConstReal(e->f64, 0), "infinite");
    return (emitted){result,
                     add_trouble(e, emit_truth_max(e, a.trouble, b.trouble), failed, node->site)};
}

static emitted emit_arithmetic(emitter *e, const graph_node *node)
{
    const bool is_float = node_kind(node) == CST_KIND_FLOAT;
    emitted a = emit_value(e, node->operands[0]);
    if (node->operand_count == 2) {
        const emitted b = emit_value(e, node->operands[1]);
        return is_float ? float_arithmetic(e, node, a, b) : checked_arithmetic(e, node, a, b);
    }
    if (node->kind == EXPRESSION_WIDEN && is_float)
        return (emitted){LLVMBuildSIToFP(e->builder, a.value, e->f64, ""), a.trouble};
    if (node->kind == EXPRESSION_WIDEN)
        return checked_arithmetic(e, node, a, (emitted){emit_i64(e, 1000000), NULL});
    if (is_float)
        return (emitted){LLVMBuildFNeg(e->builder, a.value, ""), a.trouble};
    return checked_arithmetic(e, node, (emitted){emit_i64(e, 0), NULL}, a);
}

/* ---- numbers out of lists and texts ---------------------------------------------------------- */

static emitted emit_length(emitter *e, const graph_node *node)
{
    const emitted of = emit_place(e, node->operands[0], false);
    if (node_kind(emit_node(e, node->operands[0])) == CST_KIND_LIST) {
        LLVMValueRef length = emit_load(e, e->i32, of.value, offsetof(cst_value, length), "length");
        return (emitted){LLVMBuildZExt(e->builder, length, e->i64, ""), of.trouble};
    }
    return (emitted){EMIT_SERVICE(e, text_length, of.value), of.trouble};
}

static emitted emit_sum(emitter *e, const graph_node *node)
{
    const bool is_float = node_kind(node) == CST_KIND_FLOAT;
    LLVMValueRef out = emit_temporary(e);
    const emitted list = emit_place(e, node->operands[0], false);
    LLVMValueRef fits = is_float ? EMIT_SERVICE(e, list_sum_float, list.value, out)
                                 : EMIT_SERVICE(e, list_sum, list.value, out);
    LLVMValueRef sum = emit_load(e, is_float ? e->f64 : e->i64, out, 0, "sum");
    return (emitted){sum, add_trouble(e, list.trouble, emit_is_zero(e, fits), node->site)};
}

/* ---- places ---------------------------------------------------------------------------------- */

static emitted load_number(emitter *e, emitted place, cst_kind kind)
{
    LLVMTypeRef loaded = kind == CST_KIND_FLOAT ? e->f64 : e->i64;
    return (emitted){emit_load(e, loaded, place.value, offsetof(cst_value, as), ""), place.trouble};
}

/* A number that was computed, as a cst_value like those the event reader makes. */
static void put_in_place(emitter *e, LLVMValueRef value, cst_kind kind, LLVMValueRef place)
{
    emit_store(e, value, place, offsetof(cst_value, as));
    emit_store(e, LLVMConstNull(e->pointer), place, offsetof(cst_value, parts));
    emit_store(e, emit_i32(e, 0), place, offsetof(cst_value, length));
    emit_store(e, emit_i32(e, 0), place, offsetof(cst_value, symbol));
    emit_store(e, emit_i32(e, UINT32_MAX), place, offsetof(cst_value, at));
    emit_store(e, emit_i32(e, 0), place, offsetof(cst_value, at_length));
    emit_store(e, emit_i32(e, 0), place, offsetof(cst_value, raw_length));
    emit_store(e, LLVMConstInt(e->i8, (unsigned)kind, false), place, offsetof(cst_value, kind));
}

LLVMValueRef emit_is_present(emitter *e, node_id id, LLVMValueRef place)
{
    LLVMValueRef kind = emit_load(e, e->i8, place, offsetof(cst_value, kind), "kind");
    LLVMValueRef there =
        LLVMBuildICmp(e->builder, LLVMIntNE, kind, LLVMConstInt(e->i8, CST_KIND_ABSENT, false), "");
    if (node_kind(emit_node(e, id)) != CST_KIND_JSON)
        return there;
    LLVMValueRef value =
        LLVMBuildICmp(e->builder, LLVMIntNE, kind, LLVMConstInt(e->i8, CST_KIND_NULL, false), "");
    return LLVMBuildAnd(e->builder, there, value, "");
}

static emitted emit_member(emitter *e, const graph_node *node, bool symbol)
{
    const emitted record = emit_place(e, node->operands[0], symbol);
    LLVMValueRef fields =
        emit_load(e, e->pointer, record.value, offsetof(cst_value, as.items), "fields");
    LLVMValueRef field = emit_at(e, fields, (uint64_t)node->index * sizeof(cst_value));
    LLVMValueRef there =
        LLVMBuildICmp(e->builder, LLVMIntNE, fields, LLVMConstNull(e->pointer), "");
    return (emitted){LLVMBuildSelect(e->builder, there, field, e->absent, "member"),
                     record.trouble};
}

static emitted emit_least(emitter *e, const graph_node *node)
{
    LLVMValueRef out = emit_temporary(e);
    const emitted list = emit_place(e, node->operands[0], false);
    LLVMValueRef most = emit_i32(e, node->kind == EXPRESSION_GREATEST);
    LLVMValueRef found = EMIT_SERVICE(e, list_least, list.value, most, out);
    return (emitted){out, add_trouble(e, list.trouble, emit_is_zero(e, found), node->site)};
}

static emitted emit_join(emitter *e, const graph_node *node)
{
    LLVMValueRef out = emit_temporary(e);
    const uint32_t mark = e->temporary_used;
    const emitted a = emit_place(e, node->operands[0], false);
    const emitted b = emit_place(e, node->operands[1], false);
    LLVMValueRef fits = EMIT_SERVICE(e, join, e->frame, a.value, b.value, out);
    e->temporary_used = mark;
    return (emitted){out, add_trouble(e, emit_truth_max(e, a.trouble, b.trouble),
                                      emit_is_zero(e, fits), node->site)};
}

static emitted emit_texts(emitter *e, const graph_node *node)
{
    LLVMValueRef out = emit_temporary(e);
    const uint32_t mark = e->temporary_used;
    const emitted from = emit_place(e, node->operands[0], false);
    e->temporary_used = mark;
    LLVMValueRef known =
        node->kind == EXPRESSION_LEAVES
            ? EMIT_SERVICE(e, text_leaves, e->frame, from.value, out)
            : EMIT_SERVICE(e, text_found, e->frame, from.value, emit_i32(e, node->index),
                           emit_i32(e, node->type->row), out);
    return (emitted){out, add_trouble(e, from.trouble, emit_is_zero(e, known), node->site)};
}

static emitted emit_facts(emitter *e, const graph_node *node)
{
    LLVMValueRef out = emit_temporary(e);
    const uint32_t mark = e->temporary_used;
    const emitted from = emit_place(e, node->operands[0], false);
    e->temporary_used = mark;
    LLVMValueRef known =
        EMIT_SERVICE(e, command_facts, e->frame, from.value, emit_i32(e, node->index), out);
    if (node->kind == EXPRESSION_KNOWN)
        return (emitted){out, from.trouble};
    return (emitted){out, add_trouble(e, from.trouble, emit_is_zero(e, known), node->site)};
}

static emitted emit_derived(emitter *e, const graph_node *node, bool symbol)
{
    LLVMValueRef out = emit_temporary(e);
    const uint32_t mark = e->temporary_used;
    const emitted from = emit_place(e, node->operands[0], false);
    e->temporary_used = mark;
    LLVMValueRef index = emit_i32(e, node->index);
    if (node->kind == EXPRESSION_PROPERTY)
        EMIT_SERVICE(e, part, e->frame, from.value, index, emit_i32(e, symbol), out);
    else if (node->kind == EXPRESSION_OPEN_MEMBER)
        EMIT_SERVICE(e, open_member, e->frame, from.value, index, out);
    else
        EMIT_SERVICE(e, open_as, e->frame, from.value, emit_i32(e, node->type->row), out);
    return (emitted){out, from.trouble};
}

/* `(X else Y)`: Y is computed only if X is not there; so its trouble counts only then. */
static emitted emit_else(emitter *e, const graph_node *node, bool as_place, bool symbol)
{
    const cst_kind kind = node_kind(node);
    emitted left = emit_place(e, node->operands[0], symbol);
    LLVMValueRef there = emit_is_present(e, node->operands[0], left.value);
    if (left.trouble != NULL)
        there = LLVMBuildOr(e->builder, there, emit_is_not_zero(e, left.trouble), "");
    if (!as_place)
        left = load_number(e, left, kind);
    LLVMBasicBlockRef from_left = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef otherwise = emit_block(e, "else"), done = emit_block(e, "value");
    LLVMBuildCondBr(e->builder, there, done, otherwise);

    emit_go_on(e, otherwise);
    const emitted right =
        as_place ? emit_place(e, node->operands[1], symbol) : emit_value(e, node->operands[1]);
    LLVMBasicBlockRef from_right = LLVMGetInsertBlock(e->builder);
    LLVMBuildBr(e->builder, done);

    emit_go_on(e, done);
    LLVMBasicBlockRef blocks[] = {from_left, from_right};
    LLVMValueRef values[] = {left.value, right.value};
    LLVMValueRef value = LLVMBuildPhi(e->builder, LLVMTypeOf(left.value), "");
    LLVMAddIncoming(value, values, blocks, 2);
    if (left.trouble == NULL && right.trouble == NULL)
        return (emitted){value, NULL};
    LLVMValueRef none = emit_i32(e, 0);
    LLVMValueRef troubles[] = {left.trouble != NULL ? left.trouble : none,
                               right.trouble != NULL ? right.trouble : none};
    LLVMValueRef trouble = LLVMBuildPhi(e->builder, e->i32, "trouble");
    LLVMAddIncoming(trouble, troubles, blocks, 2);
    return (emitted){value, trouble};
}

/* ---- the two ways to ask for a value --------------------------------------------------------- */

static emitted condition_as_value(emitter *e, node_id id)
{
    LLVMValueRef truth = emit_truth(e, id);
    LLVMValueRef is_true = LLVMBuildICmp(e->builder, LLVMIntEQ, truth, emit_i32(e, CST_TRUE), "");
    LLVMValueRef value = LLVMBuildZExt(e->builder, is_true, e->i64, "");
    if (!emit_node(e, id)->undecidable)
        return (emitted){value, NULL};
    return (emitted){
        value, LLVMBuildSelect(e->builder, is_true, emit_i32(e, CST_FALSE), truth, "trouble")};
}

static emitted emit_number(emitter *e, node_id id)
{
    const graph_node *node = emit_node(e, id);
    const cst_kind kind = node_kind(node);
    if (node->kind == EXPRESSION_CONSTANT && kind == CST_KIND_FLOAT)
        return (emitted){LLVMConstReal(e->f64, node->constant.as.number), NULL};
    if (node->kind == EXPRESSION_CONSTANT)
        return (emitted){emit_i64(e, (uint64_t)node->constant.as.integer), NULL};
    if (node_is_truth(node))
        return condition_as_value(e, id);
    switch (node->kind) {
    case EXPRESSION_ADD:
    case EXPRESSION_SUBTRACT:
    case EXPRESSION_MULTIPLY:
    case EXPRESSION_NEGATE:
    case EXPRESSION_WIDEN: return emit_arithmetic(e, node);
    case EXPRESSION_LENGTH: return emit_length(e, node);
    case EXPRESSION_SUM: return emit_sum(e, node);
    case EXPRESSION_PAST_NUMBER: return emit_past_number(e, node);
    case EXPRESSION_ELSE: return emit_else(e, node, false, false);
    default: return load_number(e, emit_place(e, id, false), kind);
    }
}

emitted emit_value(emitter *e, node_id id)
{
    const cst_kind kind = node_kind(emit_node(e, id));
    if (kind != CST_KIND_FLOAT && !kind_has_integer(kind))
        return emit_place(e, id, false);
    const uint32_t mark = e->temporary_used;
    const emitted number = emit_number(e, id);
    e->temporary_used = mark;
    return number;
}

emitted emit_place(emitter *e, node_id id, bool symbol)
{
    const graph_node *node = emit_node(e, id);
    switch (node->kind) {
    case EXPRESSION_CONSTANT: return (emitted){constant_value(e, id), NULL};
    case EXPRESSION_FIELD:
        return (emitted){emit_at(e, e->slots, (uint64_t)node->slot * sizeof(cst_value)), NULL};
    case EXPRESSION_LOCAL:
        return (emitted){node->local < e->local_count ? e->locals[node->local] : e->absent, NULL};
    case EXPRESSION_MEMBER: return emit_member(e, node, symbol);
    case EXPRESSION_OPEN_MEMBER:
    case EXPRESSION_OPEN_AS:
    case EXPRESSION_PROPERTY: return emit_derived(e, node, symbol);
    case EXPRESSION_ELSE: return emit_else(e, node, true, symbol);
    case EXPRESSION_JOIN: return emit_join(e, node);
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN: return emit_facts(e, node);
    case EXPRESSION_LEAVES:
    case EXPRESSION_FOUND: return emit_texts(e, node);
    case EXPRESSION_LEAST:
    case EXPRESSION_GREATEST: return emit_least(e, node);
    case EXPRESSION_PAST_LATEST: return emit_past_latest(e, node);
    case EXPRESSION_ASK: return emit_host_ask(e, node);
    default: {
        LLVMValueRef place = emit_temporary(e);
        const emitted number = emit_value(e, id);
        put_in_place(e, number.value, node_kind(node), place);
        return (emitted){place, number.trouble};
    }
    }
}

bool value_has_symbol(const emitter *e, node_id id)
{
    const graph_node *node = emit_node(e, id);
    switch (node->kind) {
    case EXPRESSION_CONSTANT:
    case EXPRESSION_PROPERTY: return true; /* `part` was asked to look it up */
    case EXPRESSION_FIELD: return e->policy->slots.items[node->slot].interned;
    case EXPRESSION_LOCAL:
        return node->local >= e->local_count || e->lists[node->local] == CST_NONE || /* absent */
               value_has_symbol(e, e->lists[node->local]);
    case EXPRESSION_MEMBER: return value_has_symbol(e, node->operands[0]);
    case EXPRESSION_ELSE:
        return value_has_symbol(e, node->operands[0]) && value_has_symbol(e, node->operands[1]);
    default: return false;
    }
}

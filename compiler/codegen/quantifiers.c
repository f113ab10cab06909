/*
 * quantifiers.c - code for `any` and `all`: loops over the elements of a list, and the search for
 * witnesses.
 *
 * A loop stops at the first element that settles it. What depends on the element refers to it as a
 * local, numbered by the quantifiers around it. A witness function finds the element that made an
 * `any` true, for a report; it computes everything afresh, since memos belong to the evaluation of
 * the event.
 */
#include <stddef.h>

#include "compiler/codegen/emit.h"
#include "runtime/host/host.h"

void loop_begin(emitter *e, element_loop *loop, const graph_node *node, LLVMValueRef list)
{
    loop->items = emit_load(e, e->pointer, list, offsetof(cst_value, as.items), "items");
    loop->count = emit_load(e, e->i32, list, offsetof(cst_value, length), "count");
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    loop->head = emit_block(e, "loop");
    loop->body = emit_block(e, "element");
    loop->done = emit_block(e, "end");
    LLVMBuildBr(e->builder, loop->head);
    emit_go_on(e, loop->head);
    loop->index = LLVMBuildPhi(e->builder, e->i32, "index");
    LLVMValueRef zero = emit_i32(e, 0);
    LLVMAddIncoming(loop->index, &zero, &before, 1);
    loop->saved_locals = e->local_count;
    if (node->local >= LOCAL_COUNT)
        e->too_deep = true;
}

static LLVMValueRef element_at(emitter *e, const element_loop *loop, LLVMValueRef index)
{
    LLVMValueRef wide = LLVMBuildZExt(e->builder, index, e->i64, "");
    return LLVMBuildGEP2(e->builder, e->place, loop->items, &wide, 1, "element");
}

static void bind_local(emitter *e, const graph_node *node, LLVMValueRef element)
{
    if (node->local >= LOCAL_COUNT)
        return;
    /* a witness inside of an `all` is searched without that one's element: then it is absent */
    for (; e->local_count <= node->local; e->local_count++) {
        e->locals[e->local_count] = e->absent;
        e->lists[e->local_count] = CST_NONE;
    }
    e->locals[node->local] = element;
    e->lists[node->local] = node->operands[0];
}

void loop_enter(emitter *e, const element_loop *loop, const graph_node *node)
{
    LLVMValueRef more = LLVMBuildICmp(e->builder, LLVMIntULT, loop->index, loop->count, "");
    LLVMBuildCondBr(e->builder, more, loop->body, loop->done);
    emit_go_on(e, loop->body);
    bind_local(e, node, element_at(e, loop, loop->index));
}

LLVMBasicBlockRef loop_end(emitter *e, const element_loop *loop)
{
    LLVMBasicBlockRef from = LLVMGetInsertBlock(e->builder);
    LLVMValueRef next = LLVMBuildAdd(e->builder, loop->index, emit_i32(e, 1), "");
    LLVMAddIncoming(loop->index, &next, &from, 1);
    LLVMBuildBr(e->builder, loop->head);
    emit_go_on(e, loop->done);
    e->local_count = loop->saved_locals;
    return from;
}

void emit_quantifier_branch(emitter *e, node_id id, LLVMBasicBlockRef yes, LLVMBasicBlockRef no)
{
    const graph_node *node = emit_node(e, id);
    const bool any = node->kind == EXPRESSION_ANY;
    const emitted list = emit_place(e, node->operands[0], true);
    element_loop each;
    loop_begin(e, &each, node, list.value);
    loop_enter(e, &each, node);
    LLVMBasicBlockRef next = emit_block(e, "next");
    emit_branch(e, node->operands[1], any ? yes : next, any ? next : no);
    emit_go_on(e, next);
    loop_end(e, &each);
    LLVMBuildBr(e->builder, any ? no : yes);
}

LLVMValueRef emit_quantifier_truth(emitter *e, node_id id)
{
    const graph_node *node = emit_node(e, id);
    const bool any = node->kind == EXPRESSION_ANY;
    const emitted list = emit_place(e, node->operands[0], true);
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    element_loop each;
    loop_begin(e, &each, node, list.value);
    LLVMValueRef truth = LLVMBuildPhi(e->builder, e->i32, "truth");
    LLVMValueRef start = emit_i32(e, any ? CST_FALSE : CST_TRUE);
    LLVMAddIncoming(truth, &start, &before, 1);
    loop_enter(e, &each, node);

    LLVMValueRef one = emit_truth(e, node->operands[1]);
    LLVMValueRef both = any ? emit_truth_max(e, truth, one) : emit_truth_min(e, truth, one);
    LLVMValueRef settled =
        LLVMBuildICmp(e->builder, LLVMIntEQ, both, emit_i32(e, any ? CST_TRUE : CST_FALSE), "");
    LLVMBasicBlockRef next = emit_block(e, "next");
    LLVMBasicBlockRef body_end = LLVMGetInsertBlock(e->builder);
    LLVMBuildCondBr(e->builder, settled, each.done, next);
    emit_go_on(e, next);
    LLVMBasicBlockRef latch = loop_end(e, &each);
    LLVMAddIncoming(truth, &both, &latch, 1);

    LLVMValueRef result = LLVMBuildPhi(e->builder, e->i32, "truth");
    LLVMValueRef values[] = {truth, both};
    LLVMBasicBlockRef blocks[] = {each.head, body_end};
    LLVMAddIncoming(result, values, blocks, 2);
    if (list.trouble == NULL)
        return result;
    return LLVMBuildSelect(e->builder, emit_is_not_zero(e, list.trouble), list.trouble, result, "");
}

/* ---- witnesses ------------------------------------------------------------------------------- */

typedef struct found {
    LLVMValueRef index, element;
} found;

/*
 * The first element at or behind `from` whose body is true; if no element of the whole list is, the
 * first there that is undecided. Leaves the function with UINT32_MAX if there is none, otherwise
 * goes on with what was found.
 */
static found emit_search(emitter *e, node_id id, LLVMValueRef from)
{
    const graph_node *node = emit_node(e, id);
    const emitted list = emit_place(e, node->operands[0], true);
    LLVMBasicBlockRef none = emit_block(e, "none"), hit = emit_block(e, "found");
    if (list.trouble != NULL) {
        LLVMBasicBlockRef decided = emit_block(e, "list");
        LLVMBuildCondBr(e->builder, emit_is_not_zero(e, list.trouble), none, decided);
        emit_go_on(e, decided);
    }
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    element_loop each;
    loop_begin(e, &each, node, list.value);
    /* the first such element so far */
    LLVMValueRef undecided = LLVMBuildPhi(e->builder, e->i32, "undecided");
    /* 1: an element before `from` is true */
    LLVMValueRef blocked = LLVMBuildPhi(e->builder, e->i32, "blocked");
    LLVMValueRef start[] = {emit_i32(e, UINT32_MAX), emit_i32(e, 0)};
    LLVMAddIncoming(undecided, &start[0], &before, 1);
    LLVMAddIncoming(blocked, &start[1], &before, 1);
    loop_enter(e, &each, node);

    LLVMValueRef truth = emit_truth(e, node->operands[1]);
    LLVMValueRef is_true = LLVMBuildICmp(e->builder, LLVMIntEQ, truth, emit_i32(e, CST_TRUE), "");
    LLVMValueRef behind = LLVMBuildICmp(e->builder, LLVMIntUGE, each.index, from, "");
    LLVMBasicBlockRef next = emit_block(e, "next"), body_end = LLVMGetInsertBlock(e->builder);
    LLVMBuildCondBr(e->builder, LLVMBuildAnd(e->builder, is_true, behind, ""), hit, next);
    emit_go_on(e, next);
    LLVMValueRef now_blocked =
        LLVMBuildOr(e->builder, blocked, LLVMBuildZExt(e->builder, is_true, e->i32, ""), "");
    /* nothing is shown for what has not been asked */
    const uint32_t least = emit_node(e, node->operands[1])->asks ? HOST_LOWEST : CST_FALSE;
    LLVMValueRef shown = LLVMBuildICmp(e->builder, LLVMIntUGT, truth, emit_i32(e, least), "");
    LLVMValueRef candidate = LLVMBuildAnd(e->builder, shown, behind, "");
    LLVMValueRef first =
        LLVMBuildICmp(e->builder, LLVMIntEQ, undecided, emit_i32(e, UINT32_MAX), "");
    candidate = LLVMBuildAnd(e->builder, candidate, first, "");
    LLVMValueRef now_undecided = LLVMBuildSelect(e->builder, candidate, each.index, undecided, "");
    LLVMBasicBlockRef latch = loop_end(e, &each);
    LLVMAddIncoming(undecided, &now_undecided, &latch, 1);
    LLVMAddIncoming(blocked, &now_blocked, &latch, 1);

    LLVMValueRef some =
        LLVMBuildICmp(e->builder, LLVMIntNE, undecided, emit_i32(e, UINT32_MAX), "");
    some = LLVMBuildAnd(e->builder, some, emit_is_zero(e, blocked), "");
    LLVMBuildCondBr(e->builder, some, hit, none);
    emit_go_on(e, none);
    LLVMBuildRet(e->builder, emit_i32(e, UINT32_MAX));

    emit_go_on(e, hit);
    LLVMValueRef index = LLVMBuildPhi(e->builder, e->i32, "index");
    LLVMValueRef values[] = {each.index, undecided};
    LLVMBasicBlockRef blocks[] = {body_end, each.done};
    LLVMAddIncoming(index, values, blocks, 2);
    return (found){index, element_at(e, &each, index)};
}

void emit_witness(emitter *e, const plan_witness *witness)
{
    const graph_root *root = &e->graph->roots.items[witness->root];
    for (uint32_t i = 0; i < witness->outer_count; i++) {
        const found outer = emit_search(e, witness->outer[i], emit_i32(e, 0));
        bind_local(e, emit_node(e, witness->outer[i]), outer.element);
    }
    const found inner =
        emit_search(e, root->witnesses[witness->number], LLVMGetParam(e->function, 2));
    LLVMBuildStore(e->builder, inner.element, LLVMGetParam(e->function, 3));
    LLVMBuildRet(e->builder, inner.index);
}

/*
 * prepare.c - what is known about the graph before the first instruction.
 *
 * Sizes, so that no function grows beyond FUNCTION_SIZE whatever the policy looks like, and the
 * order in which operands of `and` and `or` are evaluated: those that are always decided first,
 * since they leave early by a branch, and among them the cheap ones first; last what asks the host.
 * The language promises that order has no meaning.
 *
 * It asks the compilation's arena for memory, and so must run while there are no LLVM objects that
 * a jump would lose.
 */
#include <stdlib.h>

#include "compiler/codegen/emit.h"

#define CALL_SIZE 3u /* a call of a part that has its own function */
#define LOOP_SIZE 8u /* what a loop costs beside its body */

static uint32_t add(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

uint32_t prepared_share(const graph *whole, const preparation *prepared, node_id id)
{
    const graph_node *node = &whole->nodes.items[id];
    if (node_is_truth(node) && prepared->size[id] > FUNCTION_SIZE)
        return CALL_SIZE;
    return prepared->size[id];
}

static uint32_t measure(const graph *whole, const preparation *prepared, node_id id)
{
    const graph_node *node = &whole->nodes.items[id];
    uint32_t size = node->kind == EXPRESSION_CONSTANT ? 0 : 1;
    if (node->kind == EXPRESSION_ANY || node->kind == EXPRESSION_ALL)
        size = LOOP_SIZE;
    for (uint32_t i = 0; i < node->operand_count; i++)
        size = add(size, prepared_share(whole, prepared, node->operands[i]));
    return size;
}

typedef struct operand_key {
    uint32_t cost;
    node_id id;
    bool undecidable, asks;
} operand_key;

static int compare_operands(const void *left, const void *right)
{
    const operand_key *a = left, *b = right;
    if (a->asks != b->asks)
        return a->asks ? 1 : -1;
    if (a->undecidable != b->undecidable)
        return a->undecidable ? 1 : -1;
    if (a->cost != b->cost)
        return a->cost < b->cost ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static node_id *order(arena *memory, const graph *whole, const graph_node *node, operand_key *keys)
{
    node_id *ordered = arena_array(memory, node->operand_count, sizeof *ordered);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const graph_node *operand = &whole->nodes.items[node->operands[i]];
        keys[i] =
            (operand_key){operand->cost, node->operands[i], operand->undecidable, operand->asks};
    }
    qsort(keys, node->operand_count, sizeof *keys, compare_operands);
    for (uint32_t i = 0; i < node->operand_count; i++)
        ordered[i] = keys[i].id;
    return ordered;
}

void prepare(compilation *unit, preparation *out)
{
    arena *memory = &unit->arena;
    const graph *whole = unit->graph;
    const uint32_t count = whole->nodes.count;
    *out = (preparation){
        .size = arena_array(memory, count, sizeof *out->size),
        .ordered = arena_array(memory, count, sizeof *out->ordered),
        .constants = arena_array(memory, count, sizeof(LLVMValueRef)),
        .functions = arena_array(memory, count, sizeof(LLVMValueRef)),
        .afresh = arena_array(memory, count, sizeof(LLVMValueRef)),
    };
    uint32_t most = 0;
    for (node_id id = 0; id < count; id++)
        if (whole->nodes.items[id].operand_count > most)
            most = whole->nodes.items[id].operand_count;
    operand_key *keys = arena_array(memory, most, sizeof *keys);
    for (node_id id = 0; id < count; id++) {
        const graph_node *node = &whole->nodes.items[id];
        out->size[id] = measure(whole, out, id);
        if (node->kind == EXPRESSION_AND || node->kind == EXPRESSION_OR)
            out->ordered[id] = order(memory, whole, node, keys);
    }
}

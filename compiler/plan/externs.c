/*
 * externs.c - the rows of host predicates, and which rule asks which.
 *
 * Rows are as in the checked policy. What a rule asks is listed by rule row, ascending, so that a
 * decision can tell what it did without.
 */
#include "compiler/plan/planning.h"

static void build_extern(image_builder *image, const checked_extern *one)
{
    const cst_extern_row row = {.name = image_text(image, one->name),
                                .parameters = {image->fields.count, one->parameter_count},
                                .type = one->returns->row,
                                .within_us = one->within_us};
    for (uint32_t i = 0; i < one->parameter_count; i++)
        *ARENA_PUSH(image->memory, &image->fields) =
            (cst_field_row){.name = image_text(image, one->parameters[i].name),
                            .type = one->parameters[i].type->row};
    *ARENA_PUSH(image->memory, &image->externs) = row;
}

static void note(const expression *tree, bool *asked)
{
    if (tree == NULL || !tree->asks)
        return;
    if (tree->kind == EXPRESSION_ASK)
        asked[tree->index] = true;
    note(tree->left, asked);
    note(tree->right, asked);
    for (uint32_t i = 0; i < tree->item_count; i++)
        note(tree->items[i], asked);
}

void externs_build(image_builder *image)
{
    const checked_policy *policy = image->policy;
    const graph *whole = image->unit->graph;
    for (uint32_t i = 0; i < policy->externs.count; i++)
        build_extern(image, &policy->externs.items[i]);
    if (policy->externs.count == 0)
        return;
    bool *asked = arena_array(image->memory, policy->externs.count, sizeof *asked);
    for (uint32_t row = 0; row < whole->roots.count; row++) {
        const graph_root *root = &whole->roots.items[row];
        note(policy->rules.items[root->rule].bodies[root->body].condition, asked);
        for (uint32_t i = 0; i < policy->externs.count; i++) {
            if (asked[i])
                *ARENA_PUSH(image->memory, &image->asks) = (cst_ask_row){row, i};
            asked[i] = false;
        }
    }
}

/*
 * mutation_make.c - changes as patches: bytes of a checked tree, or of a row of the image, and what
 * comes in their place.
 *
 * A node is replaced where it stands, since its parents point to it. What is put there is made of
 * copies, so that taking the change back is putting the old bytes back. Nothing that is made needs
 * a site of its own: it is undecided only where its parts are.
 */
#include "compiler/reference/mutation_make.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/reference/conditions.h"

/* ---- values beside a value ------------------------------------------------------------------- */

#define MILLIONTHS INT64_C(1000000)

/* One more or less; a tenth for what is below two: a score is no count. */
bool number_beside(const expression *constant, bool up, cst_value *out)
{
    *out = constant->constant;
    int64_t step = 1;
    const int64_t number = constant->constant.as.integer;
    switch (constant->type->kind) {
    case CST_KIND_INT: break;
    case CST_KIND_DECIMAL:
        step = number < 2 * MILLIONTHS && number > -2 * MILLIONTHS ? MILLIONTHS / 10 : MILLIONTHS;
        break;
    case CST_KIND_FLOAT: {
        const double value = constant->constant.as.number, size = value < 2 && value > -2 ? 0.1 : 1;
        char text[40]; /* 0.7, not 0.7000000000000001 */
        snprintf(text, sizeof text, "%.12g", up ? value + size : value - size);
        out->as.number = strtod(text, NULL);
        return out->as.number != value && out->as.number - out->as.number == 0;
    }
    default: return false;
    }
    return !(up ? __builtin_add_overflow(number, step, &out->as.integer)
                : __builtin_sub_overflow(number, step, &out->as.integer));
}

/* What holds of no text that anybody wrote, or another value of the enum. */
static bool text_beside(compilation *unit, const expression *constant, cst_value *out)
{
    static const char more[] = "~other";
    const cst_value *const value = &constant->constant;
    *out = *value;
    if (constant->type->kind == CST_KIND_ENUM) {
        const enumeration *const names = constant->type->enumeration;
        if (names == NULL || names->count < 2)
            return false;
        out->as.integer = (value->as.integer + 1) % names->count;
        return true;
    }
    const uint32_t size = sizeof more - 1;
    if (value->length > UINT32_MAX - size || value->parts != NULL)
        return false;
    char *const bytes = arena_array(&unit->arena, value->length + size + 1u, 1);
    if (value->length > 0)
        memcpy(bytes, value->as.text, value->length);
    memcpy(bytes + value->length, more, size);
    out->as.text = bytes;
    out->length += size;
    out->symbol = 0;
    return true;
}

cst_verdict verdict_below(cst_verdict verdict)
{
    switch (verdict) {
    case CST_HALT: return CST_DENY;
    case CST_DENY: return CST_REFUSE;
    case CST_REFUSE: return CST_ESCALATE;
    case CST_ESCALATE:
    case CST_REQUIRE_APPROVAL: /* not to a cut or a replacement: there is nothing that says of what
                                */
    case CST_REDACT:
    case CST_REPLACE: return CST_FLAG;
    default: return verdict;
    }
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static void patch_add(compilation *unit, mutation *out, void *at, const void *with, size_t size)
{
    mutation_patch *const patch = ARENA_PUSH(&unit->arena, &out->patches);
    *patch = (mutation_patch){.at = at, .with = arena_allocate(&unit->arena, size), .size = size};
    memcpy(patch->with, with, size);
}

static expression *copy(compilation *unit, const expression *node)
{
    expression *const made = arena_allocate(&unit->arena, sizeof *made);
    *made = *node;
    return made;
}

/* A condition in the place of `node`, without anything of its own. */
static expression empty(const expression *node, expression_kind kind)
{
    return (expression){.kind = kind,
                        .range = node->range,
                        .called = node->called,
                        .asks = node->asks,
                        .slot = CST_NONE,
                        .local = CST_NONE,
                        .index = CST_NONE,
                        .site = CST_NONE,
                        .type = node->type};
}

static expression truth(compilation *unit, const expression *node, bool value)
{
    type *const boolean = arena_allocate(&unit->arena, sizeof *boolean);
    boolean->kind = CST_KIND_BOOL;
    boolean->row = CST_NONE;
    expression made = empty(node, EXPRESSION_CONSTANT);
    made.type = boolean;
    made.asks = false;
    made.constant = (cst_value){.kind = CST_KIND_BOOL, .as.integer = value, .at = UINT32_MAX};
    return made;
}

static expression negation(compilation *unit, const expression *node)
{
    if (node->kind == EXPRESSION_NOT)
        return *node->left;
    expression made = empty(node, EXPRESSION_NOT);
    made.left = copy(unit, node);
    return made;
}

static expression without_item(compilation *unit, const expression *node, uint32_t item)
{
    if (node->item_count == 2)
        return *node->items[1 - item];
    expression made = *node;
    made.items = arena_array(&unit->arena, node->item_count, sizeof *made.items);
    made.item_count = 0;
    for (uint32_t i = 0; i < node->item_count; i++)
        if (i != item)
            made.items[made.item_count++] = node->items[i];
    return made;
}

/* In the set, and not the element. */
static expression without_element(compilation *unit, const expression *test, uint32_t element)
{
    expression *const constant = copy(unit, test);
    *constant = empty(test, EXPRESSION_CONSTANT);
    constant->type = test->left->type;
    constant->asks = false;
    constant->constant = unit->checked->sets.items[test->index].values[element];
    expression *const equal = copy(unit, test);
    *equal = empty(test, EXPRESSION_EQUAL);
    equal->left = test->left;
    equal->right = constant;
    expression *const other = copy(unit, test);
    *other = negation(unit, equal);
    expression made = empty(test, EXPRESSION_AND);
    made.items = arena_array(&unit->arena, 2, sizeof *made.items);
    made.items[0] = copy(unit, test);
    made.items[1] = other;
    made.item_count = 2;
    return made;
}

/* Messages look for the elements of an `any`; it goes on being one beside the changed tree. */
static void witnesses_keep(compilation *unit, const candidate *place, mutation *out)
{
    const rule *const one = &unit->checked->rules.items[place->tree_rule];
    for (uint32_t b = 0; b < one->body_count; b++)
        for (uint32_t w = 0; w < one->bodies[b].witness_count; w++)
            if (one->bodies[b].witnesses[w] == place->node) {
                expression *const kept = copy(unit, place->node);
                patch_add(unit, out, &one->bodies[b].witnesses[w], &kept, sizeof(expression *));
            }
}

static bool node_change(compilation *unit, const candidate *place, mutation *out)
{
    expression *const node = place->node;
    expression made = *node;
    switch (place->kind) {
    case MUTATION_DROP_RULE: made = truth(unit, node, false); break;
    case MUTATION_ALWAYS: made = truth(unit, node, true); break;
    case MUTATION_DROP_OPERAND: made = without_item(unit, node, place->item); break;
    case MUTATION_NEGATE: made = negation(unit, node); break;
    case MUTATION_ORDER:
        made.kind = node->kind == EXPRESSION_LESS ? EXPRESSION_LESS_EQUAL : EXPRESSION_LESS;
        break;
    case MUTATION_NUMBER_UP:
    case MUTATION_NUMBER_DOWN:
        if (!number_beside(node, place->kind == MUTATION_NUMBER_UP, &made.constant))
            return false;
        break;
    case MUTATION_TEXT:
        if (!text_beside(unit, node, &made.constant))
            return false;
        break;
    default: made = without_element(unit, node, place->variant); break;
    }
    patch_add(unit, out, node, &made, sizeof made);
    witnesses_keep(unit, place, out);
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The row of a rule's first body: rows are roots, by rule. */
static uint32_t first_row(const compilation *unit, uint32_t rule_number)
{
    uint32_t low = 0, high = unit->graph->roots.count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (unit->graph->roots.items[middle].rule < rule_number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void row_change(compilation *unit, const candidate *place, mutation *out)
{
    uint8_t *const bytes = unit->plan->image;
    const cst_image *const image = (const cst_image *)(const void *)bytes;
    const rule *const one = &unit->checked->rules.items[place->rule];
    if (place->kind == MUTATION_PAST_WITHIN) {
        const int64_t half = unit->checked->pasts.items[place->variant].within_us / 2;
        patch_add(unit, out,
                  bytes + image->pasts.offset + place->variant * sizeof(cst_past_row) +
                      offsetof(cst_past_row, within_us),
                  &half, sizeof half);
        return;
    }
    const uint32_t first = first_row(unit, place->rule);
    for (uint32_t b = 0; b < one->body_count; b++) {
        uint8_t *const row = bytes + image->rules.offset + (first + b) * sizeof(cst_rule_row);
        const uint32_t verdict = verdict_below(one->verdict);
        const int64_t half = one->within_us / 2;
        if (place->kind == MUTATION_EFFECT)
            patch_add(unit, out, row + offsetof(cst_rule_row, verdict), &verdict, sizeof verdict);
        else
            patch_add(unit, out, row + offsetof(cst_rule_row, within_us), &half, sizeof half);
    }
}

bool mutation_make(compilation *unit, const candidate *places, uint32_t count, mutation *out)
{
    if (places[0].node == NULL) {
        row_change(unit, &places[0], out);
        return out->patches.count > 0;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!node_change(unit, &places[i], out))
            return false;
    return true;
}

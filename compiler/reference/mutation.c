/*
 * mutation.c - see mutation.h. Which changes there are, and which of them are tried.
 *
 * What is written once is changed once: a rule for several selectors has a tree for each, and a
 * definition may be used twice, but their nodes have one place in the source, and a change of it
 * changes all of them that belong to the rule. So places are found first, as small records; then
 * those of one place and kind are brought together, some are chosen if there are too many, and only
 * for those are trees and words made.
 *
 * A question about the past is changed with the first rule that asks it. What a library's
 * definition says is not changed, only how it is used.
 */
#include "compiler/reference/mutation.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/reference/conditions.h"
#include "compiler/reference/mutation_make.h"
#include "runtime/base/hash.h"

enum { WHOLE_SET = 4, SET_SAMPLE = 2 };

typedef struct finder {
    compilation *unit;
    const checked_policy *policy;
    uint64_t seed;
    struct {
        candidate *items;
        uint32_t count, capacity;
    } found;
    uint32_t rule, tree_rule;
    uint8_t *asked;        /* by past */
    uint32_t *watch_rules; /* by watch */
} finder;

/* ---- places ---------------------------------------------------------------------------------- */

static candidate *add(finder *self, mutation_kind kind, source_range range, expression *node)
{
    candidate *const one = ARENA_PUSH(&self->unit->arena, &self->found);
    *one = (candidate){.rule = self->rule,
                       .tree_rule = self->tree_rule,
                       .kind = kind,
                       .range = range,
                       .node = node,
                       .number = self->found.count - 1};
    return one;
}

static bool is_own(const finder *self, source_range range)
{
    return range.end > 0 && range.file == self->policy->layers[0].source;
}

static void walk(finder *self, expression *given);

/* `below`: other values are made of it. */
static void constants_add(finder *self, expression *value, uint32_t below)
{
    cst_value other;
    if (value == NULL || value->kind >= EXPRESSION_TRUTH)
        return;
    if (value->kind != EXPRESSION_CONSTANT) {
        constants_add(self, value->left, 1);
        constants_add(self, value->right, 1);
        return;
    }
    if (!is_own(self, value->range))
        return;
    if (number_beside(value, true, &other))
        add(self, MUTATION_NUMBER_UP, value->range, value)->variant = below;
    if (number_beside(value, false, &other))
        add(self, MUTATION_NUMBER_DOWN, value->range, value)->variant = below;
    if ((kind_has_text(value->type->kind) && value->type->kind != CST_KIND_IP) ||
        value->type->kind == CST_KIND_ENUM)
        add(self, MUTATION_TEXT, value->range, value);
}

/* All elements of a small set, and some of a large one. */
static void elements_add(finder *self, expression *test)
{
    const checked_set *const set = &self->policy->sets.items[test->index];
    if (set->kind == CST_KIND_IP || set->kind == CST_KIND_FLOAT || !is_own(self, set->range) ||
        set->count < 2)
        return;
    const uint32_t count = set->count <= WHOLE_SET ? set->count : SET_SAMPLE;
    const uint64_t start =
        cst_hash_seeded(&test->range.start, sizeof test->range.start, self->seed);
    for (uint32_t i = 0; i < count; i++)
        add(self, MUTATION_SET_WITHOUT, test->range, test)->variant =
            (uint32_t)((start + (uint64_t)i * (set->count / count)) % set->count);
}

static void bodies_walk(finder *self, uint32_t rule_number)
{
    const rule *const one = &self->policy->rules.items[rule_number];
    const uint32_t outer = self->tree_rule;
    self->tree_rule = rule_number;
    for (uint32_t b = 0; b < one->body_count; b++)
        walk(self, one->bodies[b].condition);
    self->tree_rule = outer;
}

static void past_add(void *user, uint32_t number)
{
    finder *const self = user;
    const checked_past *const past = &self->policy->pasts.items[number];
    if (self->asked[number]++ > 0 || !is_own(self, past->range))
        return;
    if (past->within_us > 1)
        add(self, MUTATION_PAST_WITHIN, past->range, NULL)->variant = number;
    for (uint32_t i = 0; i < past_watch_count(past); i++)
        bodies_walk(self, self->watch_rules[past_watch_at(past, i)]);
}

/* What can be changed inside of one condition. */
static void details_add(finder *self, expression *tree)
{
    if (!is_own(self, tree->range))
        return;
    if (tree->kind == EXPRESSION_LESS || tree->kind == EXPRESSION_LESS_EQUAL)
        add(self, MUTATION_ORDER, tree->range, tree);
    if (tree->kind == EXPRESSION_IN_SET)
        elements_add(self, tree);
    constants_add(self, tree->left, 0);
    if (tree->kind == EXPRESSION_ANY || tree->kind == EXPRESSION_ALL)
        walk(self, tree->right);
    else
        constants_add(self, tree->right, 0);
    condition_pasts(tree, past_add, self);
}

/* Where an operand stands: a definition's body where it is called. False: nowhere that can be
 * changed. */
static bool operand_place(const finder *self, expression *given, source_range *out)
{
    const expression *const item = condition_inner(given);
    if (condition_form_of(self->policy, item) == CONDITION_NONE)
        return false;
    if (is_own(self, item->called)) {
        *out = item->called;
        return true;
    }
    return condition_place(self->policy, item, out) && is_own(self, *out);
}

/* A quantifier over a set that was written out is an `or` of one condition for each element: of
 * those nothing can be dropped. */
static void operands_add(finder *self, expression *tree)
{
    uint32_t visible = 0;
    for (uint32_t i = 0; i < tree->item_count; i++)
        visible +=
            condition_form_of(self->policy, condition_inner(tree->items[i])) != CONDITION_NONE;
    for (uint32_t i = 0; i < tree->item_count; i++) {
        source_range range, beside;
        const bool placed = visible > 1 && operand_place(self, tree->items[i], &range);
        const bool repeated =
            placed &&
            ((i > 0 && operand_place(self, tree->items[i - 1], &beside) &&
              same_place(range, beside)) ||
             (i + 1 < tree->item_count && operand_place(self, tree->items[i + 1], &beside) &&
              same_place(range, beside)));
        if (placed && !repeated)
            add(self, MUTATION_DROP_OPERAND, range, tree)->item = i;
        walk(self, tree->items[i]);
    }
}

static void walk(finder *self, expression *given)
{
    expression *const tree = condition_inner(given);
    const condition_form form = condition_form_of(self->policy, tree);
    source_range range;
    if (form == CONDITION_NONE)
        return;
    if (form == CONDITION_JUNCTION) {
        operands_add(self, tree);
        return;
    }
    expression *const inner = form == CONDITION_NEGATION ? condition_inner(tree->left) : tree;
    const condition_form inside = condition_form_of(self->policy, inner);
    if (inside == CONDITION_JUNCTION || inside == CONDITION_NEGATION) {
        walk(self, inner);
        return;
    }
    if (condition_place(self->policy, tree, &range) && is_own(self, range))
        add(self, MUTATION_NEGATE, range, tree);
    details_add(self, inner);
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* The one condition of a body; NULL if there are several, or none. Beside it may stand what the
 * checker made. */
static expression *only_condition(const finder *self, expression *given)
{
    expression *const tree = condition_inner(given), *found = NULL;
    const condition_form form = condition_form_of(self->policy, tree);
    if (form != CONDITION_JUNCTION)
        return form == CONDITION_NONE ? NULL : tree;
    for (uint32_t i = 0; i < tree->item_count; i++) {
        if (condition_form_of(self->policy, condition_inner(tree->items[i])) == CONDITION_NONE)
            continue;
        if (found != NULL)
            return NULL;
        found = tree->items[i];
    }
    return found == NULL ? NULL : only_condition(self, found);
}

static void rule_add(finder *self, uint32_t number)
{
    const rule *const one = &self->policy->rules.items[number];
    self->rule = self->tree_rule = number;
    for (uint32_t b = 0; b < one->body_count; b++) {
        expression *const condition = one->bodies[b].condition, *const only =
                                                                    only_condition(self, condition);
        source_range range;
        add(self, MUTATION_DROP_RULE, one->range, condition);
        if (only != NULL && condition_place(self->policy, only, &range) && is_own(self, range))
            add(self, MUTATION_ALWAYS, range, only);
    }
    if (one->kind == CST_RULE && !one->only_label && verdict_below(one->verdict) != one->verdict)
        add(self, MUTATION_EFFECT, one->declaration->effect.range, NULL);
    if (one->kind == CST_RULE && one->within_us > 1)
        add(self, MUTATION_WITHIN, one->declaration->effect.range, NULL);
    bodies_walk(self, number);
}

/* ---- order, and choice ----------------------------------------------------------------------- */

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* 0: written once. */
static int compare_places(const candidate *a, const candidate *b)
{
    int result = order(a->rule, b->rule);
    result = result != 0 ? result : order(a->range.start, b->range.start);
    result = result != 0 ? result : order(a->range.end, b->range.end);
    result = result != 0 ? result : order(a->kind, b->kind);
    return result != 0 ? result : order(a->variant, b->variant);
}

static int by_place(const void *left, const void *right)
{
    const candidate *const a = left, *const b = right;
    const int result = compare_places(a, b);
    return result != 0 ? result : order(a->number, b->number);
}

typedef struct group { /* candidates of one place */
    uint32_t first, count;
    uint64_t lot;
} group;

static int by_lot(const void *left, const void *right)
{
    const group *const a = left, *const b = right;
    const int result = order(a->lot, b->lot);
    return result != 0 ? result : order(a->first, b->first);
}

static int by_first(const void *left, const void *right)
{
    return order(((const group *)left)->first, ((const group *)right)->first);
}

static uint64_t lot_of(const candidate *one, uint64_t seed)
{
    const uint32_t key[] = {one->rule, (uint32_t)one->kind, one->variant, one->range.start,
                            one->range.end};
    return cst_hash_seeded(key, sizeof key, seed);
}

static group *groups_make(finder *self, uint32_t *count)
{
    group *const groups = arena_array(&self->unit->arena, self->found.count + 1u, sizeof *groups);
    *count = 0;
    if (self->found.count > 1)
        qsort(self->found.items, self->found.count, sizeof *self->found.items, by_place);
    for (uint32_t i = 0; i < self->found.count; i++) {
        const candidate *const one = &self->found.items[i];
        if (i > 0 && compare_places(one - 1, one) == 0)
            groups[*count - 1].count++;
        else
            groups[(*count)++] = (group){i, 1, lot_of(one, self->seed)};
    }
    return groups;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* Whether the change says what the policy, or a change before it, says. */
static bool is_known(const finder *self, const mutation_list *list, const mutation *one,
                     uint32_t tree_rule, uint64_t *digests)
{
    const uint64_t before = mutation_digest(self->policy, tree_rule);
    mutation_apply(one);
    const uint64_t after = mutation_digest(self->policy, tree_rule);
    mutation_undo(one);
    digests[list->count] = after;
    for (uint32_t i = list->count; i > 0 && list->items[i - 1].rule == one->rule; i--)
        if (digests[i - 1] == after)
            return true;
    return after == before;
}

static void list_fill(finder *self, const group *groups, uint32_t count, mutation_list *out)
{
    uint64_t *const digests = arena_array(&self->unit->arena, count + 1u, sizeof *digests);
    out->items = arena_array(&self->unit->arena, count + 1u, sizeof *out->items);
    for (uint32_t i = 0; i < count; i++) {
        const candidate *const first = &self->found.items[groups[i].first];
        mutation *const one = &out->items[out->count];
        *one = (mutation){.kind = first->kind, .rule = first->rule, .range = first->range};
        bool guarded = true;
        for (uint32_t k = 0; k < groups[i].count; k++)
            guarded = guarded && mutation_is_guarded(self->policy, &first[k]);
        if (!guarded || !mutation_make(self->unit, first, groups[i].count, one)) {
            out->ill_formed++;
            continue;
        }
        if (first->node != NULL && is_known(self, out, one, first->tree_rule, digests)) {
            out->equal++;
            continue;
        }
        mutation_describe(self->unit, first, one);
        out->count++;
    }
}

void mutations_find(compilation *unit, uint32_t most, uint64_t seed, mutation_list *out)
{
    const checked_policy *const policy = unit->checked;
    finder self = {.unit = unit, .policy = policy, .seed = seed};
    memset(out, 0, sizeof *out);
    self.asked = arena_array(&unit->arena, policy->pasts.count + 1u, 1);
    self.watch_rules =
        arena_array(&unit->arena, policy->watches.count + 1u, sizeof *self.watch_rules);
    for (uint32_t i = 0; i < policy->rules.count; i++)
        if (policy->rules.items[i].watch != CST_NONE)
            self.watch_rules[policy->rules.items[i].watch] = i;
    for (uint32_t i = 0; i < policy->declared_rules; i++)
        if (policy->rules.items[i].layer == 0 && !policy->rules.items[i].shadow)
            rule_add(&self, i);
    uint32_t count;
    group *const groups = groups_make(&self, &count);
    if (count > most) {
        qsort(groups, count, sizeof *groups, by_lot);
        out->left_out = count - most;
        count = most;
        qsort(groups, count, sizeof *groups, by_first);
    }
    list_fill(&self, groups, count, out);
}

static void swap(const mutation_patch *patch)
{
    unsigned char *const at = patch->at, *const with = patch->with;
    for (size_t k = 0; k < patch->size; k++) {
        const unsigned char byte = at[k];
        at[k] = with[k];
        with[k] = byte;
    }
}

void mutation_apply(const mutation *mutation)
{
    for (uint32_t i = 0; i < mutation->patches.count; i++)
        swap(&mutation->patches.items[i]);
}

/* Backwards: an argument that is a constant may stand in several places as one node, and is changed
 * as often. */
void mutation_undo(const mutation *mutation)
{
    for (uint32_t i = mutation->patches.count; i > 0; i--)
        swap(&mutation->patches.items[i - 1]);
}

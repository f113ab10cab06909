/*
 * coverage.c - see coverage.h.
 *
 * Each condition of each tree is a cell; those of a quantifier's body follow it. When a group has
 * been evaluated the cells of its rules are evaluated once more, under the same frame, and note in
 * which ways they came out. One written condition may stand in several trees (one for each selector
 * of its rule, or where a definition is used twice): then it is one coverage_condition with several
 * cells.
 *
 * The conditions of a question about the past are those of hidden rules, which look at the events
 * that the question waits for. They count for the first rule that asks it, so that nothing is
 * counted twice.
 *
 * Rules that ask the host run again when its answers are there, and all rules run again for what a
 * replacement made. What is not asked yet says nothing; otherwise an event has shown all that any
 * of its runs has shown, and a rule has fired if it did in one of them.
 */
#include "compiler/reference/coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/reference/conditions.h"
#include "compiler/reference/evaluate.h"
#include "runtime/host/host.h"

enum { SEEN_TRUE = 1, SEEN_FALSE = 2, SEEN_UNDECIDED = 4 };

typedef struct cell {
    const expression *node;
    uint32_t end; /* the first cell behind those of a quantifier's body */
    uint32_t condition;
    uint32_t rule;
    source_range range;
} cell;

typedef struct view {          /* the tree of one body, counted for one rule */
    uint32_t rule, first, end; /* cells */
    bool whole;                /* the tree decides whether the rule fires */
} view;

typedef struct coverage_private {
    compilation *unit;
    struct {
        cell *items;
        uint32_t count, capacity;
    } cells;
    view *views;           /* by row of the image; a row of CST_NONE: nobody's */
    uint8_t *asked;        /* by past: its watches have a rule */
    uint32_t *watch_rules; /* by watch: its hidden rule */
    uint32_t *first_rows;  /* by rule */
    uint32_t *touched;     /* conditions of the event in hand */
    uint32_t touched_count;
    uint32_t *touched_rules, touched_rule_count;
    bool permitted[LIMIT_LAYERS]; /* by a permit that counts, in the event in hand */
    uint32_t rule;                /* while cells are made */
} coverage_private;

/* ---- cells ----------------------------------------------------------------------------------- */

static void watches_add(void *user, uint32_t past);

/* `a != b` and `a not in b` are conditions as they are written; `not (…)` is about what stands in
 * it, and so is `unless`, of which nothing but its operand has a place. */
static bool is_written(const coverage *self, const expression *tree, bool below_unless)
{
    const ast_expression *const unless =
        self->policy->rules.items[self->own->rule].declaration->unless;
    if (!same_place(tree->range, tree->left->range) ||
        condition_form_of(self->policy, condition_inner(tree->left)) != CONDITION_ATOM)
        return false;
    return below_unless || unless == NULL || !same_place(tree->range, unless->range);
}

static void cells_add(coverage *self, expression *given, bool below_unless)
{
    coverage_private *const own = self->own;
    const expression *const tree = condition_inner(given);
    const condition_form form = condition_form_of(self->policy, tree);
    if (form == CONDITION_JUNCTION)
        for (uint32_t i = 0; i < tree->item_count; i++)
            cells_add(self, tree->items[i], false);
    if (form == CONDITION_NEGATION && !is_written(self, tree, below_unless)) {
        cells_add(self, tree->left, true);
        return;
    }
    if (form == CONDITION_JUNCTION || form == CONDITION_NONE)
        return;
    const uint32_t number = own->cells.count;
    source_range range = tree->range;
    condition_place(self->policy, tree, &range);
    *ARENA_PUSH(&own->unit->arena, &own->cells) =
        (cell){.node = tree, .rule = own->rule, .range = range};
    if (form == CONDITION_QUANTIFIER)
        cells_add(self, tree->right, false);
    own->cells.items[number].end = own->cells.count;
}

static void pasts_add(coverage *self, expression *given)
{
    const expression *const tree = condition_inner(given);
    const condition_form form = condition_form_of(self->policy, tree);
    if (form == CONDITION_JUNCTION)
        for (uint32_t i = 0; i < tree->item_count; i++)
            pasts_add(self, tree->items[i]);
    else if (form == CONDITION_NEGATION)
        pasts_add(self, tree->left);
    else
        condition_pasts(tree, watches_add, self);
    if (form == CONDITION_QUANTIFIER)
        pasts_add(self, tree->right);
}

static void view_add(coverage *self, uint32_t rule_number, bool whole)
{
    coverage_private *const own = self->own;
    const rule *const tree_of = &self->policy->rules.items[rule_number];
    for (uint32_t b = 0; b < tree_of->body_count; b++) {
        view *const view = &own->views[own->first_rows[rule_number] + b];
        view->rule = own->rule;
        view->whole = whole;
        view->first = own->cells.count;
        cells_add(self, tree_of->bodies[b].condition, false);
        view->end = own->cells.count;
    }
    for (uint32_t b = 0; b < tree_of->body_count; b++)
        pasts_add(self, tree_of->bodies[b].condition);
}

/* Events of a watch are asked about nothing that is over, so this goes no deeper than once. */
static void watches_add(void *user, uint32_t past)
{
    coverage *const self = user;
    const checked_past *const row = &self->policy->pasts.items[past];
    if (self->own->asked[past]++ > 0)
        return;
    for (uint32_t i = 0; i < past_watch_count(row); i++)
        view_add(self, self->own->watch_rules[past_watch_at(row, i)], false);
}

/* ---- conditions ------------------------------------------------------------------------------ */

static int numbers_order(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right)
{
    const cell *const a = *(const cell *const *)left, *const b = *(const cell *const *)right;
    int order = numbers_order(a->rule, b->rule);
    order = order != 0 ? order : numbers_order(a->range.file, b->range.file);
    order = order != 0 ? order : numbers_order(a->range.start, b->range.start);
    return order != 0 ? order : numbers_order(b->range.end, a->range.end); /* the outer one first */
}

static void conditions_make(coverage *self)
{
    coverage_private *const own = self->own;
    arena *const memory = &own->unit->arena;
    cell **const sorted = arena_array(memory, own->cells.count + 1u, sizeof *sorted);
    for (uint32_t i = 0; i < own->cells.count; i++)
        sorted[i] = &own->cells.items[i];
    if (own->cells.count > 1)
        qsort(sorted, own->cells.count, sizeof(cell *), by_place);
    self->conditions = arena_array(memory, own->cells.count + 1u, sizeof *self->conditions);
    for (uint32_t i = 0; i < own->cells.count; i++) {
        coverage_rule *const owner = &self->rules[sorted[i]->rule];
        if (i == 0 || by_place(&sorted[i - 1], &sorted[i]) != 0) {
            if (owner->count++ == 0)
                owner->first = self->condition_count;
            self->conditions[self->condition_count++] =
                (coverage_condition){.rule = sorted[i]->rule, .range = sorted[i]->range};
        }
        sorted[i]->condition = self->condition_count - 1;
    }
}

coverage *coverage_new(compilation *unit)
{
    const checked_policy *const policy = unit->checked;
    arena *const memory = &unit->arena;
    coverage *const self = arena_allocate(memory, sizeof *self);
    coverage_private *const own = arena_allocate(memory, sizeof *own);
    self->policy = policy;
    self->own = own;
    self->rules = arena_array(memory, policy->declared_rules + 1u, sizeof *self->rules);
    self->defaults = arena_array(memory, policy->layer_count, sizeof *self->defaults);
    self->malformed =
        arena_array(memory, CST_STAGE_COUNT * (size_t)policy->tools.count, sizeof *self->malformed);
    own->unit = unit;
    own->views = arena_array(memory, unit->graph->roots.count + 1u, sizeof *own->views);
    own->asked = arena_array(memory, policy->pasts.count + 1u, 1);
    own->watch_rules = arena_array(memory, policy->watches.count + 1u, sizeof *own->watch_rules);
    own->first_rows = arena_array(memory, policy->rules.count + 1u, sizeof *own->first_rows);
    for (uint32_t i = 0; i < unit->graph->roots.count; i++)
        own->views[i].rule = CST_NONE;
    for (uint32_t i = 0; i < policy->rules.count; i++) {
        const rule *const one = &policy->rules.items[i];
        own->first_rows[i + 1] = own->first_rows[i] + one->body_count;
        if (one->watch != CST_NONE)
            own->watch_rules[one->watch] = i;
    }
    for (uint32_t i = 0; i < policy->declared_rules; i++) {
        const ast_declaration *const declaration = policy->rules.items[i].declaration;
        own->rule = i;
        self->rules[i].conditional = declaration->when != NULL || declaration->unless != NULL;
        view_add(self, i, true);
    }
    conditions_make(self);
    own->touched = arena_array(memory, self->condition_count + 1u, sizeof *own->touched);
    own->touched_rules =
        arena_array(memory, policy->declared_rules + 1u, sizeof *own->touched_rules);
    return self;
}

/* ---- events ---------------------------------------------------------------------------------- */

static uint8_t seen_of(const coverage *self, cst_truth truth)
{
    if (truth == CST_TRUE)
        return SEEN_TRUE;
    if (truth == CST_FALSE)
        return SEEN_FALSE;
    /* not asked yet */
    return self->policy->externs.count > 0 && truth == HOST_LOWEST ? 0 : SEEN_UNDECIDED;
}

static void cells_observe(coverage *self, const evaluation *run, uint32_t first, uint32_t end,
                          const binding *bound)
{
    coverage_private *const own = self->own;
    for (uint32_t i = first; i < end; i = own->cells.items[i].end) {
        const cell *const cell = &own->cells.items[i];
        coverage_condition *const condition = &self->conditions[cell->condition];
        const uint8_t seen = seen_of(self, evaluate_condition(run, cell->node, bound));
        if (condition->now == 0 && seen != 0)
            own->touched[own->touched_count++] = cell->condition;
        condition->now |= seen;
        if (cell->end == i + 1)
            continue;
        cst_value list;
        if (evaluate_value(run, cell->node->left, bound, &list) != CST_FALSE ||
            list.kind != CST_KIND_LIST)
            continue;
        for (uint32_t k = 0; k < list.length; k++) {
            const binding inner = {
                .outer = bound, .local = cell->node->local, .element = &list.as.items[k]};
            cells_observe(self, run, i + 1, cell->end, &inner);
        }
    }
}

void coverage_begin(coverage *self)
{
    self->own->touched_count = self->own->touched_rule_count = 0;
    memset(self->own->permitted, 0, sizeof self->own->permitted);
}

void coverage_observe(coverage *self, cst_frame *frame, uint32_t group_number)
{
    coverage_private *const own = self->own;
    const plan_group *const group = &own->unit->plan->groups[group_number];
    if (frame->host != NULL && frame->host->mode == HOST_HIGH)
        return;
    const evaluation run = {.frame = frame, .policy = self->policy};
    for (uint32_t i = 0; i < group->rule_count; i++) {
        const view *const view = &own->views[group->rules[i].row];
        if (view->rule == CST_NONE)
            continue;
        cells_observe(self, &run, view->first, view->end, NULL);
        if (!view->whole)
            continue;
        const graph_root *const root = &own->unit->graph->roots.items[group->rules[i].root];
        const rule *const one = &self->policy->rules.items[view->rule];
        coverage_rule *const counted = &self->rules[view->rule];
        const uint8_t seen =
            seen_of(self, evaluate_condition(&run, one->bodies[root->body].condition, NULL));
        if (counted->now == 0 && seen != 0)
            own->touched_rules[own->touched_rule_count++] = view->rule;
        counted->now |= seen;
        if (one->kind == CST_RULE_PERMIT && seen == SEEN_TRUE && !one->shadow)
            own->permitted[one->layer] = true;
    }
}

void coverage_end(coverage *self, cst_stage stage, bool well_formed)
{
    coverage_private *const own = self->own;
    self->events++;
    for (uint32_t i = 0; i < own->touched_count; i++) {
        coverage_condition *const one = &self->conditions[own->touched[i]];
        one->seen_true += (one->now & SEEN_TRUE) != 0;
        one->seen_false += (one->now & SEEN_FALSE) != 0;
        one->undecided += (one->now & SEEN_UNDECIDED) != 0;
        one->now = 0;
    }
    for (uint32_t i = 0; i < own->touched_rule_count; i++) {
        coverage_rule *const one = &self->rules[own->touched_rules[i]];
        const bool undecided = (one->now & SEEN_TRUE) == 0 && (one->now & SEEN_UNDECIDED) != 0;
        const bool fired =
            (one->now & SEEN_TRUE) != 0 ||
            (undecided && self->policy->rules.items[own->touched_rules[i]].restricts);
        one->fired += fired;
        one->silent += !fired && !undecided;
        one->undecided += undecided;
        one->now = 0;
    }
    for (uint32_t i = 0; well_formed && i < self->policy->layer_count; i++) {
        if (self->policy->layers[i].defaults[stage].verdict == CST_PERMIT)
            continue;
        if (own->permitted[i])
            self->defaults[i][stage].lifted++;
        else
            self->defaults[i][stage].stood++;
    }
}

void coverage_refused(coverage *self, cst_stage stage, uint32_t tool, const char *code,
                      const char *pointer)
{
    if (stage >= CST_STAGE_COUNT || tool >= self->policy->tools.count)
        return;
    coverage_malformed *const one = &self->malformed[stage * self->policy->tools.count + tool];
    if (one->events++ == 0)
        snprintf(one->first, sizeof one->first, "%s %s", code, pointer);
}

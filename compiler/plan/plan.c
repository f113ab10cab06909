/*
 * plan.c - how the graph is executed: groups, caches, witnesses.
 *
 * Expects the graph; makes compilation->plan; sets `memo` of graph nodes, and the symbols of
 * constants and the `interned` of slots (symbols.c).
 *
 * Groups. All bodies with one selector are a group, so that an event meets only rules about its
 * stage and tool. A large group may get an index over its rules (index.c); how many functions one
 * without becomes is the code generator's affair.
 *
 * Caches. A shared condition is remembered in a byte of frame.memo when an event can meet it
 * twice, it costs more than the byte does, it does not depend on an element, and it is always
 * decided: byte 0 is "not computed yet", 1 false, 2 true. A condition inside of a quantifier that
 * does not depend on the element counts as met twice. To find "twice" only the first and the
 * latest root that met a node are compared: a cache that is missed costs time, never meaning. Rules
 * of one indexed group meet if they stand in one leaf.
 *
 * Witnesses. Each `any` that a rule reports gets a row; an `any` inside of another is searched
 * within the first element of the outer one that makes it true.
 */
#include <string.h>

#include "compiler/plan/index.h"
#include "runtime/base/hash.h"

/* A load, a branch and a store cost about four comparisons, and pay only at the second use. */
#define MEMO_LEAST_COST 8u

/* Every event empties all of them, so there are no more than a few cache lines: the costliest. */
#define MEMO_MOST 512u

bool stage_has_tools(cst_stage stage)
{
    return stage == CST_ACTION || stage == CST_RESULT;
}

static bool covers_all(const selector *what)
{
    return what->every_tool || !stage_has_tools(what->stage);
}

bool selectors_meet(const selector *a, const selector *b)
{
    if (a->stage != b->stage)
        return false;
    if (covers_all(a) || covers_all(b))
        return true;
    for (uint32_t i = 0, j = 0; i < a->tool_count && j < b->tool_count;) {
        if (a->tools[i] == b->tools[j])
            return true;
        if (a->tools[i] < b->tools[j])
            i++;
        else
            j++;
    }
    return false;
}

/* ---- groups ---------------------------------------------------------------------------------- */

typedef struct planning {
    compilation *unit;
    arena *memory;
    const checked_policy *policy;
    graph *graph;
    plan *plan;
    struct {
        plan_selector *items;
        uint32_t count, capacity;
    } selectors;
    lists keys;            /* selectors as numbers: entry number = selector number */
    uint32_t *selector_of; /* by root */
    uint32_t *leaf_of; /* by root: the leaf of its group's index that it stands in first; 0: none */
} planning;

static const rule_body *body_of(const planning *p, const graph_root *root)
{
    return &p->policy->rules.items[root->rule].bodies[root->body];
}

static uint32_t selector_number(planning *p, const selector *what, bool watches)
{
    const bool all = covers_all(what);
    const uint32_t count = all ? 0 : what->tool_count;
    uint32_t *key = arena_array(p->memory, count + 2u, sizeof *key);
    key[0] = (uint32_t)what->stage;
    key[1] = all | (watches ? 2u : 0u);
    if (count > 0)
        memcpy(&key[2], what->tools, count * sizeof *key);
    const uint32_t number = lists_add(p->memory, &p->keys, key, count + 2u);
    if (number == p->selectors.count) {
        plan_selector *const made = ARENA_PUSH(p->memory, &p->selectors);
        made->what = what;
        made->watches = watches;
    }
    return number;
}

static void collect_selectors(planning *p)
{
    p->selector_of = arena_array(p->memory, p->graph->roots.count, sizeof *p->selector_of);
    for (uint32_t r = 0; r < p->graph->roots.count; r++) {
        const graph_root *root = &p->graph->roots.items[r];
        const bool watches = p->policy->rules.items[root->rule].kind == CST_RULE_WATCH;
        const uint32_t number = selector_number(p, &body_of(p, root)->selector, watches);
        p->selector_of[r] = number;
        *ARENA_PUSH(p->memory, &p->selectors.items[number].rules) = (plan_rule){
            .root = r, .row = r, .restricts = p->policy->rules.items[root->rule].restricts};
    }
}

static void make_groups(planning *p)
{
    p->plan->group_count = p->selectors.count;
    p->plan->groups = arena_array(p->memory, p->selectors.count, sizeof *p->plan->groups);
    for (uint32_t s = 0; s < p->selectors.count; s++) {
        const plan_selector *one = &p->selectors.items[s];
        p->plan->groups[s] = (plan_group){
            .label = one->what->label, .rules = one->rules.items, .rule_count = one->rules.count};
    }
}

/* ---- caches ---------------------------------------------------------------------------------- */

typedef struct meeting {  /* who met a node so far */
    uint32_t first, last; /* root + 1; 0: nobody */
    uint32_t root;        /* the last root that walked below it, + 1 */
    bool twice;
} meeting;

/* Whether one event is likely to evaluate both. */
static bool roots_meet(const planning *p, uint32_t a, uint32_t b)
{
    const uint32_t first = p->selector_of[a], second = p->selector_of[b];
    if (first == second && p->leaf_of[a] != 0 && p->leaf_of[b] != 0)
        return p->leaf_of[a] == p->leaf_of[b];
    return selectors_meet(p->selectors.items[first].what, p->selectors.items[second].what);
}

static void meet(const planning *p, meeting *meetings, node_id id, uint32_t root, bool repeated)
{
    meeting *met = &meetings[id];
    if (met->twice)
        return;
    met->twice = repeated || (met->first != 0 && roots_meet(p, met->first - 1, root)) ||
                 (met->last != 0 && roots_meet(p, met->last - 1, root));
    if (met->first == 0)
        met->first = root + 1;
    met->last = root + 1;
}

static void walk(const planning *p, meeting *meetings, node_id id, uint32_t root,
                 bool in_quantifier)
{
    const graph_node *node = &p->graph->nodes.items[id];
    if (node->operand_count == 0)
        return;
    meet(p, meetings, id, root, in_quantifier && !node->uses_local);
    if (meetings[id].root == root + 1)
        return;
    meetings[id].root = root + 1;
    const bool quantifier = node->kind == EXPRESSION_ANY || node->kind == EXPRESSION_ALL;
    for (uint32_t i = 0; i < node->operand_count; i++)
        walk(p, meetings, node->operands[i], root, in_quantifier || (quantifier && i == 1));
}

static void note_leaves(planning *p, const plan_group *group, const index_node *node,
                        uint32_t *next)
{
    if (node == NULL)
        return;
    if (node->form == CST_INDEX_LEAF) {
        ++*next;
        for (uint32_t i = 0; i < node->count; i++)
            if (p->leaf_of[group->rules[node->rules[i]].root] == 0)
                p->leaf_of[group->rules[node->rules[i]].root] = *next;
        return;
    }
    for (uint32_t i = 0; i < node->count; i++)
        note_leaves(p, group, node->children[i], next);
    note_leaves(p, group, node->rest, next);
}

static bool wants_memo(const planning *p, const meeting *meetings, node_id id)
{
    const graph_node *node = &p->graph->nodes.items[id];
    const bool condition = node->kind >= EXPRESSION_TRUTH && node->kind != EXPRESSION_NOT;
    return condition && meetings[id].twice && !node->undecidable && !node->uses_local &&
           node->cost >= MEMO_LEAST_COST;
}

/* The least cost that leaves at most MEMO_MOST conditions. */
static uint32_t memo_threshold(const planning *p, const meeting *meetings)
{
    uint32_t least = MEMO_LEAST_COST;
    for (uint32_t count = MEMO_MOST + 1; count > MEMO_MOST; least *= 2) {
        count = 0;
        for (uint32_t id = 0; id < p->graph->nodes.count; id++)
            count += wants_memo(p, meetings, id) && p->graph->nodes.items[id].cost >= least;
        if (count <= MEMO_MOST || least > UINT32_MAX / 2)
            break;
    }
    return least;
}

static void choose_caches(planning *p)
{
    meeting *meetings = arena_array(p->memory, p->graph->nodes.count, sizeof *meetings);
    uint32_t leaves = 0;
    p->leaf_of = arena_array(p->memory, p->graph->roots.count, sizeof *p->leaf_of);
    for (uint32_t g = 0; g < p->plan->group_count; g++)
        if (p->plan->groups[g].index != NULL)
            note_leaves(p, &p->plan->groups[g], p->plan->groups[g].index->tree, &leaves);
    for (uint32_t r = 0; r < p->graph->roots.count; r++)
        walk(p, meetings, p->graph->roots.items[r].condition, r, false);
    const uint32_t least = memo_threshold(p, meetings);
    for (uint32_t id = 0; id < p->graph->nodes.count; id++) {
        graph_node *node = &p->graph->nodes.items[id];
        if (wants_memo(p, meetings, id) && node->cost >= least && p->plan->memo_count < MEMO_MOST)
            node->memo = p->plan->memo_count++;
    }
}

/* ---- witnesses ------------------------------------------------------------------------------- */

typedef struct enclosing { /* quantifiers around a node */
    const struct enclosing *outer;
    uint32_t witness; /* of the body, or CST_NONE for a quantifier that is none */
} enclosing;

typedef struct witness_walk {
    planning *p;
    const graph_root *root;
    const rule_body *body;
    plan_witness *rows; /* of this body */
    uint32_t *by_local; /* by local: number of the body's witness + 1 */
} witness_walk;

static uint32_t witness_number(const witness_walk *w, const expression *tree)
{
    const uint32_t guess = w->by_local[tree->local];
    if (guess != 0 && w->body->witnesses[guess - 1] == tree)
        return guess - 1;
    for (uint32_t i = 0; guess != 0 && i < w->body->witness_count; i++)
        if (w->body->witnesses[i] == tree)
            return i;
    return CST_NONE;
}

static void find_outer(const witness_walk *w, const expression *tree, const enclosing *around)
{
    if (tree == NULL)
        return;
    if (tree->kind == EXPRESSION_ANY) {
        const uint32_t number = witness_number(w, tree);
        if (number != CST_NONE && w->rows[number].outer == NULL) {
            plan_witness *row = &w->rows[number];
            for (const enclosing *at = around; at != NULL; at = at->outer)
                row->outer_count += at->witness != CST_NONE;
            row->outer = arena_array(w->p->memory, row->outer_count, sizeof *row->outer);
            uint32_t place = row->outer_count;
            for (const enclosing *at = around; at != NULL; at = at->outer)
                if (at->witness != CST_NONE)
                    row->outer[--place] = w->root->witnesses[at->witness];
        }
        const enclosing inner = {.outer = around, .witness = number};
        find_outer(w, tree->right, &inner);
        return;
    }
    find_outer(w, tree->left, around);
    find_outer(w, tree->right, around);
    for (uint32_t i = 0; i < tree->item_count; i++)
        find_outer(w, tree->items[i], around);
}

static void make_witnesses(planning *p)
{
    uint32_t total = 0;
    for (uint32_t r = 0; r < p->graph->roots.count; r++)
        total += p->graph->roots.items[r].witness_count;
    p->plan->witnesses = arena_array(p->memory, total, sizeof *p->plan->witnesses);
    p->plan->witness_count = total;
    uint32_t *by_local = arena_array(p->memory, p->policy->local_count, sizeof *by_local);
    uint32_t next = 0;
    for (uint32_t r = 0; r < p->graph->roots.count; r++) {
        const graph_root *root = &p->graph->roots.items[r];
        const witness_walk w = {p, root, body_of(p, root), &p->plan->witnesses[next], by_local};
        for (uint32_t i = 0; i < root->witness_count; i++) {
            p->plan->witnesses[next++] = (plan_witness){.root = r, .number = i};
            by_local[w.body->witnesses[i]->local] = i + 1;
        }
        if (root->witness_count > 0)
            find_outer(&w, w.body->condition, NULL);
        for (uint32_t i = 0; i < root->witness_count; i++)
            by_local[w.body->witnesses[i]->local] = 0;
    }
}

bool pass_plan(compilation *unit)
{
    planning p = {
        .unit = unit, .memory = &unit->arena, .policy = unit->checked, .graph = unit->graph};
    p.plan = arena_allocate(p.memory, sizeof *p.plan);
    unit->plan = p.plan;
    collect_selectors(&p);
    make_groups(&p);
    make_witnesses(&p);
    symbols all;
    symbols_collect(unit, &all);
    indexes_build(unit);
    choose_caches(&p);
    return image_build(unit, &all, p.selectors.items, p.selectors.count);
}

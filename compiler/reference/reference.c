/*
 * reference.c - the reference evaluator as a producer of cst_module.
 *
 * Its groups walk the checked bodies of the group's rules; everything else of the module (image,
 * dispatch, rows) is the plan's, the same as for native code. It takes over the compilation,
 * because the trees are what it runs; the module and its tables lie in the compilation's arena.
 * Evaluation allocates nothing and writes nothing but the frame, so threads can share it.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/backend.h"
#include "compiler/reference/evaluate.h"
#include "compiler/reference/explain.h"
#include "runtime/host/host.h"

typedef struct reference_engine {
    backend_module backend; /* first: release gets a pointer to it */
    compilation *unit;
    const sorted_set *sets;
    reference_observer observer;
    void *observer_user;
} reference_engine;

static const reference_engine *engine_of(const cst_frame *frame)
{
    return frame->engine;
}

static evaluation evaluation_of(cst_frame *frame)
{
    const reference_engine *engine = engine_of(frame);
    return (evaluation){.frame = frame, .policy = engine->unit->checked, .sets = engine->sets};
}

static const rule_body *body_of(const reference_engine *engine, uint32_t root_number)
{
    const graph_root *root = &engine->unit->graph->roots.items[root_number];
    return &engine->unit->checked->rules.items[root->rule].bodies[root->body];
}

static void evaluate_group(cst_frame *frame, uint32_t group_number)
{
    const reference_engine *engine = engine_of(frame);
    const evaluation run = evaluation_of(frame);
    const plan_group *group = &engine->unit->plan->groups[group_number];
    for (uint32_t i = 0; i < group->rule_count; i++) {
        const plan_rule *rule_of_group = &group->rules[i];
        const rule_body *body = body_of(engine, rule_of_group->root);
        const cst_truth truth = evaluate_condition(&run, body->condition, NULL);
        if (truth == CST_TRUE || (CST_IS_UNDECIDED(truth) && rule_of_group->restricts))
            frame->hits[frame->hit_count++] =
                (cst_hit){.rule = rule_of_group->row, .reason = truth};
    }
    if (engine->observer != NULL)
        engine->observer(engine->observer_user, frame, group_number);
}

/* ---- witnesses ------------------------------------------------------------------------------- */

/* The first element at or behind `from` that makes the body true; failing that over the whole list,
 * undecided. */
static uint32_t first_witness(const evaluation *run, const expression *any, const binding *bound,
                              uint32_t from, const cst_value **out)
{
    cst_value list;
    if (evaluate_value(run, any->left, bound, &list) != CST_FALSE || list.kind != CST_KIND_LIST)
        return UINT32_MAX;
    uint32_t first_undecided = UINT32_MAX;
    bool some_true = false;
    for (uint32_t i = 0; i < list.length; i++) {
        const binding inner = {.outer = bound, .local = any->local, .element = &list.as.items[i]};
        cst_truth truth = evaluate_condition(run, any->right, &inner);
        if (any->right->asks &&
            truth == HOST_LOWEST) /* nothing is shown for what has not been asked */
            truth = CST_FALSE;
        if (truth == CST_TRUE && i >= from) {
            *out = &list.as.items[i];
            return i;
        }
        some_true = some_true || truth == CST_TRUE;
        if (CST_IS_UNDECIDED(truth) && i >= from && first_undecided == UINT32_MAX)
            first_undecided = i;
    }
    if (some_true || first_undecided == UINT32_MAX)
        return UINT32_MAX;
    *out = &list.as.items[first_undecided];
    return first_undecided;
}

static bool contains(const expression *tree, const expression *wanted)
{
    if (tree == NULL || tree == wanted)
        return tree != NULL;
    for (uint32_t i = 0; i < tree->item_count; i++)
        if (contains(tree->items[i], wanted))
            return true;
    return contains(tree->left, wanted) || contains(tree->right, wanted);
}

/* The ANY of the checked body that is a node of the graph and stands around the witness. Its place
 * tells, not the node alone: two equal ones are one node. */
static const expression *outer_expression(const reference_engine *engine, const plan_witness *row,
                                          node_id node)
{
    const graph_root *root = &engine->unit->graph->roots.items[row->root];
    const rule_body *body = body_of(engine, row->root);
    for (uint32_t w = 0; w < root->witness_count; w++)
        if (root->witnesses[w] == node &&
            contains(body->witnesses[w]->right, body->witnesses[row->number]))
            return body->witnesses[w];
    return NULL;
}

static uint32_t search(const evaluation *run, const plan_witness *row, uint32_t depth,
                       const binding *bound, uint32_t from, const cst_value **out)
{
    const reference_engine *engine = engine_of(run->frame);
    if (depth == row->outer_count)
        return first_witness(run, body_of(engine, row->root)->witnesses[row->number], bound, from,
                             out);
    const expression *outer = outer_expression(engine, row, row->outer[depth]);
    const cst_value *element = NULL;
    if (outer == NULL || first_witness(run, outer, bound, 0, &element) == UINT32_MAX)
        return UINT32_MAX;
    const binding inner = {.outer = bound, .local = outer->local, .element = element};
    return search(run, row, depth + 1, &inner, from, out);
}

static uint32_t find_witness(cst_frame *frame, uint32_t witness, uint32_t from,
                             const cst_value **out)
{
    const evaluation run = evaluation_of(frame);
    return search(&run, &engine_of(frame)->unit->plan->witnesses[witness], 0, NULL, from, out);
}

/* ---- marks ----------------------------------------------------------------------------------- */

static void mark(const evaluation *run, const expression *tree, const binding *bound);

static void mark_elements(const evaluation *run, const expression *any, const binding *bound)
{
    cst_value list;
    if (evaluate_value(run, any->left, bound, &list) != CST_FALSE || list.kind != CST_KIND_LIST)
        return;
    for (uint32_t i = 0; i < list.length; i++) {
        const binding inner = {.outer = bound, .local = any->local, .element = &list.as.items[i]};
        if (evaluate_condition(run, any->right, &inner) != CST_TRUE)
            continue;
        if (any->left->kind == EXPRESSION_FOUND)
            run->frame->services->mark_found(run->frame, &list, i);
        mark(run, any->right, &inner);
    }
}

/* Marks the texts of the positive conditions that hold in a tree that is true. */
static void mark(const evaluation *run, const expression *tree, const binding *bound)
{
    const cst_services *const services = run->frame->services;
    cst_value text;
    switch (tree->kind) {
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        for (uint32_t i = 0; i < tree->item_count; i++)
            if (tree->kind == EXPRESSION_AND ||
                evaluate_condition(run, tree->items[i], bound) == CST_TRUE)
                mark(run, tree->items[i], bound);
        return;
    case EXPRESSION_ANY: mark_elements(run, tree, bound); return;
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
        if (evaluate_value(run, tree->left, bound, &text) == CST_FALSE)
            services->mark_text(run->frame, &text, tree->index);
        return;
    case EXPRESSION_REPEATS:
        if (evaluate_value(run, tree->left, bound, &text) == CST_FALSE)
            services->mark_repeat(run->frame, &text, tree->index);
        return;
    default: return;
    }
}

static void mark_rule(cst_frame *frame, uint32_t row)
{
    const evaluation run = evaluation_of(frame);
    mark(&run, body_of(engine_of(frame), row)->condition, NULL);
}

static void collect_rule(cst_frame *frame, uint32_t row)
{
    const evaluation run = evaluation_of(frame);
    collect_questions(&run, body_of(engine_of(frame), row)->condition);
}

/* ---- the module ------------------------------------------------------------------------------ */

static int compare_texts(const void *a, const void *b)
{
    return set_order(CST_KIND_STRING, a, b);
}

static int compare_floats(const void *a, const void *b)
{
    return set_order(CST_KIND_FLOAT, a, b);
}

static int compare_integers(const void *a, const void *b)
{
    return set_order(CST_KIND_INT, a, b);
}

static const sorted_set *sort_sets(arena *memory, const checked_policy *policy)
{
    sorted_set *sets = arena_array(memory, policy->sets.count, sizeof *sets);
    for (uint32_t s = 0; s < policy->sets.count; s++) {
        const checked_set *set = &policy->sets.items[s];
        if (set->kind == CST_KIND_IP || set->count == 0)
            continue;
        sets[s].values = arena_array(memory, set->count, sizeof *set->values);
        memcpy(sets[s].values, set->values, set->count * sizeof *set->values);
        qsort(sets[s].values, set->count, sizeof *set->values,
              kind_has_text(set->kind)      ? compare_texts
              : set->kind == CST_KIND_FLOAT ? compare_floats
                                            : compare_integers);
    }
    return sets;
}

static void release(backend_module *self)
{
    compilation *unit = ((reference_engine *)(void *)self)->unit;
    if (unit->release != NULL) {
        unit->release(unit);
        return;
    }
    arena whole = unit->arena; /* the struct may lie in its own arena */
    arena_free(&whole);
}

cst_status backend_reference(compilation *unit, backend_module **out)
{
    if (unit->checked == NULL || unit->graph == NULL || unit->plan == NULL ||
        unit->plan->image == NULL)
        return CST_BAD_ARGUMENT;
    arena *memory = &unit->arena;
    reference_engine *engine = arena_allocate(memory, sizeof *engine);
    cst_eval_fn *groups = arena_array(memory, unit->plan->group_count, sizeof *groups);
    cst_witness_fn *witnesses = arena_array(memory, unit->plan->witness_count, sizeof *witnesses);
    cst_mark_fn *marks = arena_array(memory, unit->graph->roots.count, sizeof *marks);
    cst_ask_fn *asks = arena_array(memory, unit->graph->roots.count, sizeof *asks);
    if (engine == NULL || groups == NULL || witnesses == NULL || marks == NULL || asks == NULL)
        return CST_NO_MEMORY;
    engine->unit = unit;
    for (uint32_t g = 0; g < unit->plan->group_count; g++)
        groups[g] = evaluate_group;
    for (uint32_t w = 0; w < unit->plan->witness_count; w++)
        witnesses[w] = find_witness;
    for (uint32_t r = 0; r < unit->graph->roots.count; r++)
        if (body_of(engine, r)->marks)
            marks[r] = mark_rule;
    for (uint32_t r = 0; r < unit->graph->roots.count; r++)
        if (body_of(engine, r)->condition->asks)
            asks[r] = collect_rule;

    engine->sets = sort_sets(memory, unit->checked);
    cst_module *module = &engine->backend.module;
    memcpy(module->magic, CST_MODULE_MAGIC, sizeof CST_MODULE_MAGIC);
    module->abi = CST_ABI_VERSION;
    module->value_size = sizeof(cst_value);
    module->image = (const cst_image *)(const void *)unit->plan->image;
    module->groups = groups;
    module->witnesses = witnesses;
    module->marks = marks;
    module->asks = asks;
    module->engine = engine;
    engine->backend.release = release;
    *out = &engine->backend;
    return CST_OK;
}

void reference_observe(const cst_module *module, reference_observer observer, void *user)
{
    reference_engine *engine = module->engine;
    engine->observer = observer;
    engine->observer_user = user;
}

compilation *reference_workshop(const cst_module *module)
{
    return ((const reference_engine *)module->engine)->unit;
}

const compilation *reference_compilation(const cst_module *module)
{
    return ((const reference_engine *)module->engine)->unit;
}

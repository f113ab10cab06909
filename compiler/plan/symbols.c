/*
 * symbols.c - texts that conditions compare with become numbers.
 *
 * A text of an event that is compared with constants is looked up once, by the event reader, in
 * one hash table over all constants of the policy; from then on `==` with a constant and
 * membership in a set are comparisons of numbers. For that the slot (its target, for the reader)
 * is marked `interned`. What is marked: a FIELD that meets a constant in EQUAL or a text set in
 * IN_SET, also through ELSE, through a MEMBER of it, or as the list of the quantifier whose LOCAL
 * meets one. Not marked: texts made while conditions are evaluated. Of those, PROPERTY asks `part`
 * to look its result up, and the code generator asks `intern` for JOIN, OPEN_MEMBER and OPEN_AS.
 * An absent value has symbol 0 and so equals no constant.
 *
 * Numbers are given set by set first, so that the elements of a set lie close together and a bit
 * set covers them, then to the constants in the order of their nodes, then to tools. The order
 * follows the source alone: the same policy gives the same image.
 */
#include <string.h>

#include "compiler/plan/nodes.h"
#include "compiler/plan/planning.h"
#include "runtime/base/hash.h"

/* ---- the table ------------------------------------------------------------------------------- */

static void grow_symbols(symbols *all)
{
    const uint32_t capacity = all->capacity == 0 ? 64 : all->capacity * 2;
    uint32_t *buckets = arena_array(all->memory, capacity, sizeof *buckets);
    for (uint32_t i = 0; i < all->rows.count; i++) {
        uint32_t at = all->rows.items[i].hash & (capacity - 1);
        while (buckets[at] != 0)
            at = (at + 1) & (capacity - 1);
        buckets[at] = i + 1;
    }
    all->buckets = buckets;
    all->capacity = capacity;
}

/* The bucket that holds this text, or the empty one where it belongs. */
static uint32_t bucket_of(const symbols *all, const char *text, uint32_t length, uint32_t hash)
{
    uint32_t at = hash & (all->capacity - 1);
    for (; all->buckets[at] != 0; at = (at + 1) & (all->capacity - 1)) {
        const plan_symbol *row = &all->rows.items[all->buckets[at] - 1];
        if (row->hash == hash && row->length == length &&
            (length == 0 || memcmp(row->text, text, length) == 0))
            break;
    }
    return at;
}

uint32_t symbols_find(const symbols *all, const char *text, uint32_t length)
{
    if (all->capacity == 0)
        return 0;
    return all->buckets[bucket_of(all, text, length, cst_hash(text, length))];
}

static uint32_t symbols_add(symbols *all, const char *text, uint32_t length)
{
    if (all->rows.count >= all->capacity / 2)
        grow_symbols(all);
    const uint32_t hash = cst_hash(text, length);
    const uint32_t at = bucket_of(all, text, length, hash);
    if (all->buckets[at] == 0) {
        *ARENA_PUSH(all->memory, &all->rows) =
            (plan_symbol){.text = text, .length = length, .hash = hash};
        all->buckets[at] = all->rows.count;
    }
    return all->buckets[at];
}

/* ---- which slots are compared with symbols --------------------------------------------------- */

typedef struct binding { /* quantifiers around the expression in hand */
    const struct binding *outer;
    uint32_t local;
    const expression *list;
} binding;

static void mark_interned(checked_policy *policy, const expression *tree, const binding *around)
{
    switch (tree->kind) {
    case EXPRESSION_FIELD: policy->slots.items[tree->slot].interned = true; return;
    case EXPRESSION_MEMBER: mark_interned(policy, tree->left, around); return;
    case EXPRESSION_ELSE:
        mark_interned(policy, tree->left, around);
        mark_interned(policy, tree->right, around);
        return;
    case EXPRESSION_LOCAL:
        for (const binding *at = around; at != NULL; at = at->outer)
            if (at->local == tree->local) {
                mark_interned(policy, at->list, at->outer);
                return;
            }
        return;
    default: return;
    }
}

static bool may_be_constant(const expression *tree)
{
    return tree->kind == EXPRESSION_CONSTANT ||
           (tree->kind == EXPRESSION_ELSE && may_be_constant(tree->right));
}

static void mark_comparisons(checked_policy *policy, const expression *tree, const binding *around)
{
    if (tree == NULL)
        return;
    const type *of =
        tree->kind == EXPRESSION_EQUAL ? tree->left->type : NULL; /* NULL: a condition */
    if (of != NULL && kind_has_text(of->kind)) {
        if (may_be_constant(tree->left) || may_be_constant(tree->right)) {
            mark_interned(policy, tree->left, around);
            mark_interned(policy, tree->right, around);
        }
    } else if (tree->kind == EXPRESSION_IN_SET &&
               kind_has_text(policy->sets.items[tree->index].kind)) {
        mark_interned(policy, tree->left, around);
    }
    mark_comparisons(policy, tree->left, around);
    if (tree->kind == EXPRESSION_ANY || tree->kind == EXPRESSION_ALL) {
        const binding inner = {.outer = around, .local = tree->local, .list = tree->left};
        mark_comparisons(policy, tree->right, &inner);
        return;
    }
    mark_comparisons(policy, tree->right, around);
    for (uint32_t i = 0; i < tree->item_count; i++)
        mark_comparisons(policy, tree->items[i], around);
}

/* ---- collecting ------------------------------------------------------------------------------ */

static void collect_sets(checked_policy *policy, symbols *all)
{
    for (uint32_t s = 0; s < policy->sets.count; s++) {
        const checked_set *set = &policy->sets.items[s];
        if (set->kind == CST_KIND_IP || !kind_has_text(set->kind))
            continue;
        for (uint32_t i = 0; i < set->count; i++) {
            cst_value *value = &set->values[i];
            value->symbol = symbols_add(all, value->as.text, value->length);
        }
    }
}

static void collect_constants(compilation *unit, symbols *all)
{
    graph *whole = unit->graph;
    uint32_t *numbers = arena_array(all->memory, whole->nodes.count, sizeof *numbers);
    for (uint32_t id = 0; id < whole->nodes.count; id++) {
        graph_node *node = &whole->nodes.items[id];
        if (node->kind != EXPRESSION_CONSTANT || !kind_has_text(node->type->kind))
            continue;
        node->constant.symbol = symbols_add(all, node->constant.as.text, node->constant.length);
        numbers[id] = node->constant.symbol;
    }
    unit->plan->symbols_of_constants = numbers;
}

static void collect_tools(const checked_policy *policy, symbols *all)
{
    all->tools = arena_array(all->memory, policy->tools.count, sizeof *all->tools);
    for (uint32_t t = 1; t < policy->tools.count; t++) {
        const char *name = policy->tools.items[t].name;
        all->tools[t] = symbols_add(all, name, (uint32_t)strlen(name));
        all->rows.items[all->tools[t] - 1].tool = t;
    }
}

void symbols_collect(compilation *unit, symbols *out)
{
    checked_policy *policy = unit->checked;
    *out = (symbols){.memory = &unit->arena};
    for (uint32_t r = 0; r < policy->rules.count; r++)
        for (uint32_t b = 0; b < policy->rules.items[r].body_count; b++)
            mark_comparisons(policy, policy->rules.items[r].bodies[b].condition, NULL);
    collect_sets(policy, out);
    collect_constants(unit, out);
    collect_tools(policy, out);
}

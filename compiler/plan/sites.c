/*
 * sites.c - one number for each reason that a person would call the same.
 *
 * A site is the code and the text of an expression that could not be decided. The checker makes
 * one for each place; two places with the same code and text are told apart by nothing that is
 * ever reported, so they get the number of the first. That lets the graph share what two rules
 * both write. It is done in the checked trees, so that the reference evaluator, which never sees
 * the graph, reports the same number.
 *
 * It also closes a door: a node that can fail but has no site would be decided silently. Such a
 * node is given one here.
 */
#include <string.h>

#include "compiler/plan/nodes.h"
#include "runtime/base/hash.h"

typedef struct unify_pass {
    compilation *compilation;
    checked_policy *policy;
    uint32_t *first; /* by site: the number that stands for it */
} unify_pass;

static uint32_t site_hash(const site *one)
{
    const uint32_t code = cst_hash(one->code, strlen(one->code));
    return code * 31u + cst_hash(one->at, strlen(one->at));
}

static uint32_t *first_of_each(checked_policy *policy, arena *memory)
{
    const uint32_t count = policy->sites.count;
    uint32_t capacity = 16;
    while (capacity / 2 < count)
        capacity *= 2;
    uint32_t *buckets = arena_array(memory, capacity, sizeof *buckets);
    uint32_t *first = arena_array(memory, count, sizeof *first);
    for (uint32_t i = 0; i < count; i++) {
        const site *one = &policy->sites.items[i];
        uint32_t at = site_hash(one) & (capacity - 1);
        for (; buckets[at] != 0; at = (at + 1) & (capacity - 1)) {
            const site *other = &policy->sites.items[buckets[at] - 1];
            if (strcmp(other->code, one->code) == 0 && strcmp(other->at, one->at) == 0)
                break;
        }
        if (buckets[at] == 0)
            buckets[at] = i + 1;
        first[i] = buckets[at] - 1;
    }
    return first;
}

static void unify(unify_pass *pass, expression *tree)
{
    if (tree == NULL)
        return;
    if (tree->site != CST_NONE && tree->site < pass->policy->sites.count) {
        tree->site = pass->first[tree->site];
    } else if (expression_failure(tree) != NULL) {
        checked_policy *policy = pass->policy;
        const bool has_text = tree->range.file < pass->compilation->sources.count;
        const char *at =
            has_text ? source_excerpt(pass->compilation, tree->range) : expression_failure(tree);
        tree->site = policy->sites.count;
        *ARENA_PUSH(&pass->compilation->arena, &policy->sites) =
            (site){.code = expression_failure(tree), .at = at, .range = tree->range};
        uint32_t *longer =
            arena_array(&pass->compilation->arena, policy->sites.count, sizeof *longer);
        memcpy(longer, pass->first, tree->site * sizeof *longer);
        longer[tree->site] = tree->site;
        pass->first = longer;
    }
    unify(pass, tree->left);
    unify(pass, tree->right);
    for (uint32_t i = 0; i < tree->item_count; i++)
        unify(pass, tree->items[i]);
}

void sites_unify(compilation *unit)
{
    checked_policy *policy = unit->checked;
    unify_pass pass = {unit, policy, first_of_each(policy, &unit->arena)};
    for (uint32_t r = 0; r < policy->rules.count; r++)
        for (uint32_t b = 0; b < policy->rules.items[r].body_count; b++)
            unify(&pass, policy->rules.items[r].bodies[b].condition);
}

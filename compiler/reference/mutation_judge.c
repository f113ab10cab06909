/*
 * mutation_judge.c - which changes are worth a run: not those that no author could have written,
 * nor those that change nothing.
 *
 * A test of presence guards what is read beside it. Without the test the policy would not compile
 * (check/guards.c), so such a change is left out; it is enough that something else in the rule
 * reads the place, which leaves out a little more than the checker would.
 *
 * What a condition means is one number: operands of `and` and `or` in any order and each once, no
 * double `not`.
 */
#include <string.h>

#include "compiler/reference/conditions.h"
#include "compiler/reference/mutation_make.h"
#include "runtime/base/hash.h"

enum { MOST_KEYS = 64, COMPARED_OPERANDS = 64 };

/* ---- guards ---------------------------------------------------------------------------------- */

typedef struct place {
    uint32_t root; /* quantifier or past; CST_NONE: the event */
    const char *keys[MOST_KEYS * 2];
    uint32_t count;
} place;

static bool place_of(const checked_policy *policy, const expression *node, place *out)
{
    const char *behind[MOST_KEYS];
    uint32_t count = 0;
    out->root = CST_NONE;
    out->count = 0;
    for (; node->kind == EXPRESSION_MEMBER || node->kind == EXPRESSION_OPEN_MEMBER ||
           node->kind == EXPRESSION_OPEN_AS;
         node = node->left) {
        if (node->kind == EXPRESSION_OPEN_AS)
            continue;
        if (count == MOST_KEYS)
            return false;
        behind[count++] = node->kind == EXPRESSION_MEMBER
                              ? node->left->type->fields[node->index].name
                              : node->name;
    }
    if (node->kind == EXPRESSION_FIELD) {
        const slot *const slot = &policy->slots.items[node->slot];
        for (uint32_t i = 0; i < slot->key_count && i < MOST_KEYS; i++)
            out->keys[out->count++] = slot->keys[i];
    } else if (node->kind == EXPRESSION_LOCAL || node->kind == EXPRESSION_PAST_LATEST) {
        out->root = node->kind == EXPRESSION_LOCAL ? node->local : UINT32_MAX / 2 + node->index;
    } else {
        return false;
    }
    while (count > 0)
        out->keys[out->count++] = behind[--count];
    return true;
}

/* One of them leads to the other. */
static bool places_meet(const place *a, const place *b)
{
    if (a->root != b->root)
        return false;
    for (uint32_t i = 0; i < a->count && i < b->count; i++)
        if (strcmp(a->keys[i], b->keys[i]) != 0)
            return false;
    return true;
}

static bool reads(const checked_policy *policy, const expression *tree, const expression *gone,
                  const place *tested)
{
    place read;
    if (tree == NULL || tree == gone || tree->kind == EXPRESSION_PRESENT)
        return false;
    if (tree->kind == EXPRESSION_ELSE)
        return reads(policy, tree->right, gone, tested);
    if (place_of(policy, tree, &read))
        return places_meet(&read, tested);
    for (uint32_t i = 0; i < tree->item_count; i++)
        if (reads(policy, tree->items[i], gone, tested))
            return true;
    return reads(policy, tree->left, gone, tested) || reads(policy, tree->right, gone, tested);
}

/* No test of presence in `gone` is one that the rest of the rule needs. */
static bool is_needless(const checked_policy *policy, const rule *one, const expression *tree,
                        const expression *gone)
{
    if (tree == NULL)
        return true;
    place tested;
    if (tree->kind == EXPRESSION_PRESENT && place_of(policy, tree->left, &tested))
        for (uint32_t b = 0; b < one->body_count; b++)
            if (reads(policy, one->bodies[b].condition, gone, &tested))
                return false;
    for (uint32_t i = 0; i < tree->item_count; i++)
        if (!is_needless(policy, one, tree->items[i], gone))
            return false;
    return is_needless(policy, one, tree->left, gone) &&
           is_needless(policy, one, tree->right, gone);
}

bool mutation_is_guarded(const checked_policy *policy, const candidate *place)
{
    const rule *const one = &policy->rules.items[place->tree_rule];
    if (place->kind == MUTATION_DROP_OPERAND) {
        const expression *const item = place->node->items[place->item];
        return is_needless(policy, one, item, item);
    }
    if (place->kind != MUTATION_NEGATE)
        return true;
    const expression *const inner =
        place->node->kind == EXPRESSION_NOT ? place->node->left : place->node;
    return inner->kind != EXPRESSION_PRESENT || is_needless(policy, one, inner, inner);
}

/* ---- meaning --------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t seed, uint64_t value)
{
    return cst_hash_seeded(&value, sizeof value, seed);
}

static uint64_t text_digest(uint64_t seed, const char *text, size_t length)
{
    return length == 0 ? mix(seed, 0) : cst_hash_seeded(text, length, mix(seed, length));
}

static uint64_t digest(const expression *tree);

static uint64_t junction_digest(const expression *tree)
{
    uint64_t seen[COMPARED_OPERANDS], total = 0, last = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < tree->item_count; i++) {
        const uint64_t one = digest(tree->items[i]);
        bool known = false;
        for (uint32_t k = 0; k < count && k < COMPARED_OPERANDS; k++)
            known = known || seen[k] == one;
        if (known)
            continue;
        if (count < COMPARED_OPERANDS)
            seen[count] = one;
        count++;
        total += last = one;
    }
    return count == 1 ? last : mix(tree->kind, total);
}

static uint64_t constant_digest(const expression *tree)
{
    const uint64_t seed = mix(EXPRESSION_CONSTANT, tree->constant.kind);
    if (kind_has_text(tree->constant.kind))
        return text_digest(seed, tree->constant.as.text, tree->constant.length);
    return mix(seed, (uint64_t)tree->constant.as.integer);
}

static uint64_t digest(const expression *tree)
{
    if (tree == NULL)
        return 0;
    if (tree->kind == EXPRESSION_AND || tree->kind == EXPRESSION_OR)
        return junction_digest(tree);
    if (tree->kind == EXPRESSION_NOT && tree->left->kind == EXPRESSION_NOT)
        return digest(tree->left->left);
    if (tree->kind == EXPRESSION_CONSTANT)
        return constant_digest(tree);
    uint64_t result = mix(tree->kind, tree->slot);
    result = mix(result, (uint64_t)tree->local << 32 | tree->index);
    result = mix(result, tree->kind >= EXPRESSION_TRUTH ? 0 : (uint64_t)(uintptr_t)tree->type);
    if (tree->kind == EXPRESSION_OPEN_MEMBER)
        result = text_digest(result, tree->name, strlen(tree->name));
    for (uint32_t i = 0; i < tree->item_count; i++)
        result = mix(result, digest(tree->items[i]));
    result = mix(result, digest(tree->left));
    return mix(result, digest(tree->right));
}

uint64_t mutation_digest(const checked_policy *policy, uint32_t rule_number)
{
    const rule *const one = &policy->rules.items[rule_number];
    uint64_t result = rule_number;
    for (uint32_t b = 0; b < one->body_count; b++)
        result = mix(result, digest(one->bodies[b].condition));
    return result;
}

/*
 * structure.c - equality of conditions, and conditions whose truth is known before any event.
 *
 * A condition is known to be false if it says so, if it demands a value that its constants exclude
 * (`x > 5 and x < 3`), or if it names a tool that its selector never lets in. Constants of one
 * subject are compared as closed ranges of integers, which decimal, time, duration and enum values
 * are too. Floats and texts are only compared for equality.
 */
#include "compiler/check/structure.h"

#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/limits.h"

enum { COMPARED_CONJUNCTS = 64 }; /* of one `and`: pairs of them are compared */

/* ---- equality -------------------------------------------------------------------------------- */

typedef struct locals { /* quantifiers that stand around both sides */
    uint32_t a, b;
    const struct locals *outer;
} locals;

static bool values_equal(const cst_value *a, const cst_value *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == CST_KIND_FLOAT)
        return a->as.number == b->as.number;
    if (!kind_has_text(a->kind))
        return a->as.integer == b->as.integer;
    return a->length == b->length &&
           (a->length == 0 || memcmp(a->as.text, b->as.text, a->length) == 0);
}

static bool type_counts(expression_kind kind)
{
    return kind == EXPRESSION_OPEN_AS || kind == EXPRESSION_WIDEN;
}

static bool equal(const expression *a, const expression *b, const locals *around)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->kind != b->kind || a->item_count != b->item_count ||
        (type_counts(a->kind) && a->type != b->type))
        return false;
    switch (a->kind) {
    case EXPRESSION_CONSTANT: return values_equal(&a->constant, &b->constant);
    case EXPRESSION_FIELD: return a->slot == b->slot;
    case EXPRESSION_LOCAL:
        while (around != NULL && around->a != a->local && around->b != b->local)
            around = around->outer;
        return around != NULL ? around->a == a->local && around->b == b->local
                              : a->local == b->local;
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: {
        const locals inner = {a->local, b->local, around};
        return equal(a->left, b->left, around) && equal(a->right, b->right, &inner);
    }
    case EXPRESSION_OPEN_MEMBER:
        return strcmp(a->name, b->name) == 0 && equal(a->left, b->left, around);
    case EXPRESSION_MEMBER:
    case EXPRESSION_PROPERTY:
    case EXPRESSION_FOUND:
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
    case EXPRESSION_REPEATS:
    case EXPRESSION_FROM:
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN:
    case EXPRESSION_RUNS:
    case EXPRESSION_UNKNOWN:
    case EXPRESSION_IN_SET: return a->index == b->index && equal(a->left, b->left, around);
    case EXPRESSION_PAST_NUMBER:
    case EXPRESSION_PAST_LATEST:
    case EXPRESSION_ASK:
    case EXPRESSION_EARLIER:
    case EXPRESSION_LABELLED:
    case EXPRESSION_NOTE:
        if (a->index != b->index)
            return false;
        break;
    default: break;
    }
    for (uint32_t i = 0; i < a->item_count; i++)
        if (!equal(a->items[i], b->items[i], around))
            return false;
    return equal(a->left, b->left, around) && equal(a->right, b->right, around);
}

bool expressions_equal(const expression *a, const expression *b)
{
    return equal(a, b, NULL);
}

static uint32_t mix(uint32_t hash, uint32_t value)
{
    return (hash ^ value) * 2654435761u + (hash >> 15);
}

uint32_t expression_hash(const expression *expression)
{
    if (expression == NULL)
        return 1;
    uint32_t hash = mix(17, (uint32_t)expression->kind);
    switch (expression->kind) {
    case EXPRESSION_CONSTANT:
        hash = mix(hash, expression->constant.kind);
        if (kind_has_text(expression->constant.kind))
            return mix(hash, cst_hash(expression->constant.as.text, expression->constant.length));
        if (expression->constant.kind == CST_KIND_FLOAT)
            return hash; /* two zeros are equal */
        return mix(hash, cst_hash(&expression->constant.as.integer,
                                  sizeof expression->constant.as.integer));
    case EXPRESSION_FIELD: return mix(hash, expression->slot);
    case EXPRESSION_LOCAL: return hash;
    case EXPRESSION_MEMBER:
    case EXPRESSION_PROPERTY:
    case EXPRESSION_FOUND:
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
    case EXPRESSION_REPEATS:
    case EXPRESSION_FROM:
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN:
    case EXPRESSION_RUNS:
    case EXPRESSION_UNKNOWN:
    case EXPRESSION_IN_SET:
    case EXPRESSION_PAST_NUMBER:
    case EXPRESSION_PAST_LATEST:
    case EXPRESSION_ASK:
    case EXPRESSION_EARLIER:
    case EXPRESSION_LABELLED:
    case EXPRESSION_NOTE: hash = mix(hash, expression->index); break;
    default: break;
    }
    for (uint32_t i = 0; i < expression->item_count; i++)
        hash = mix(hash, expression_hash(expression->items[i]));
    return mix(mix(hash, expression_hash(expression->left)), expression_hash(expression->right));
}

uint32_t condition_conjuncts(const expression *condition, const expression **out, uint32_t limit)
{
    if (condition->kind == EXPRESSION_CONSTANT && condition->constant.as.integer != 0)
        return 0;
    if (condition->kind != EXPRESSION_AND) {
        if (limit > 0)
            out[0] = condition;
        return limit > 0;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < condition->item_count; i++)
        count += condition_conjuncts(condition->items[i], out + count, limit - count);
    return count;
}

/* ---- what constants exclude ------------------------------------------------------------------ */

/* what a conjunct leaves of its subject's values: low to high, both in */
typedef struct span_of_values {
    const expression *subject;
    const cst_value *text; /* equal to this text or float; low and high mean nothing */
    int64_t low, high;
} span_of_values;

static bool is_constant(const expression *expression)
{
    return expression->kind == EXPRESSION_CONSTANT;
}

static bool has_order(const expression *constant)
{
    return kind_has_integer(constant->constant.kind);
}

/* False if the conjunct is no comparison of something with a constant. */
static bool span_read(const expression *conjunct, span_of_values *out)
{
    const bool negated = conjunct->kind == EXPRESSION_NOT;
    const expression *const test = negated ? conjunct->left : conjunct;
    const bool equality = test->kind == EXPRESSION_EQUAL && !negated;
    if (!equality && test->kind != EXPRESSION_LESS && test->kind != EXPRESSION_LESS_EQUAL)
        return false;
    if (is_constant(test->left) == is_constant(test->right))
        return false;
    const bool flipped = is_constant(test->left); /* constant < subject */
    const expression *const constant = flipped ? test->left : test->right;
    *out = (span_of_values){
        .subject = flipped ? test->right : test->left, .low = INT64_MIN, .high = INT64_MAX};
    if (!has_order(constant)) {
        out->text = &constant->constant;
        return equality;
    }
    const int64_t value = constant->constant.as.integer;
    if (equality) {
        out->low = out->high = value;
        return true;
    }
    /* subject < c, c < subject, and their negations subject >= c, subject <= c */
    const bool below = flipped == negated;
    const bool strict = (test->kind == EXPRESSION_LESS) != negated;
    if (below)
        out->high = !strict ? value : value == INT64_MIN ? value : value - 1;
    else
        out->low = !strict ? value : value == INT64_MAX ? value : value + 1;
    return true;
}

static bool spans_exclude(const span_of_values *a, const span_of_values *b)
{
    if (!expressions_equal(a->subject, b->subject))
        return false;
    if (a->text != NULL || b->text != NULL)
        return a->text != NULL && b->text != NULL && a->text->kind == b->text->kind &&
               !values_equal(a->text, b->text);
    return a->low > b->high || b->low > a->high;
}

static bool negates(const expression *a, const expression *b)
{
    return a->kind == EXPRESSION_NOT && expressions_equal(a->left, b);
}

static bool conjuncts_exclude(const expression *condition)
{
    const expression *conjuncts[COMPARED_CONJUNCTS];
    const uint32_t count = condition_conjuncts(condition, conjuncts, COMPARED_CONJUNCTS);
    for (uint32_t i = 0; i < count; i++) {
        span_of_values a, b;
        const bool ranged = span_read(conjuncts[i], &a);
        for (uint32_t k = 0; k < i; k++) {
            if (negates(conjuncts[i], conjuncts[k]) || negates(conjuncts[k], conjuncts[i]))
                return true;
            if (ranged && span_read(conjuncts[k], &b) && spans_exclude(&a, &b))
                return true;
        }
    }
    return false;
}

/* Whether `low` leaves everything up to some value, and `high` everything behind it. */
static bool spans_exhaust(const span_of_values *low, const span_of_values *high)
{
    if (low->text != NULL || high->text != NULL || low->low != INT64_MIN || high->high != INT64_MAX)
        return false;
    return (high->low == INT64_MIN || high->low - 1 <= low->high) &&
           expressions_equal(low->subject, high->subject);
}

static bool disjuncts_exhaust(const expression *condition)
{
    const uint32_t count =
        condition->item_count < COMPARED_CONJUNCTS ? condition->item_count : COMPARED_CONJUNCTS;
    for (uint32_t i = 0; i < count; i++) {
        span_of_values a, b;
        const bool ranged = span_read(condition->items[i], &a);
        for (uint32_t k = 0; k < count; k++) {
            if (i != k && negates(condition->items[i], condition->items[k]))
                return true;
            if (i != k && ranged && span_read(condition->items[k], &b) && spans_exhaust(&a, &b))
                return true;
        }
    }
    return false;
}

/* ---- known truths ---------------------------------------------------------------------------- */

static known_truth truth_of(bool truth)
{
    return truth ? KNOWN_TRUE : KNOWN_FALSE;
}

static bool selector_has(const selector *selector, uint32_t tool)
{
    for (uint32_t i = 0; i < selector->tool_count; i++)
        if (selector->tools[i] == tool)
            return true;
    return false;
}

/* `tool == X` where the selector lets in no X, or nothing but X. */
static known_truth tool_known(const checked_policy *policy, const selector *selector,
                              const expression *test)
{
    if (selector->every_tool || selector->tool_count == 0 || test->left == NULL ||
        test->left->kind != EXPRESSION_FIELD ||
        strcmp(policy->slots.items[test->left->slot].path, "tool") != 0)
        return KNOWN_NOT;
    if (test->kind == EXPRESSION_EQUAL && is_constant(test->right) &&
        test->right->constant.kind == CST_KIND_TOOL) {
        const uint32_t tool = (uint32_t)test->right->constant.as.integer;
        if (!selector_has(selector, tool))
            return KNOWN_FALSE;
        return selector->tool_count == 1 ? KNOWN_TRUE : KNOWN_NOT;
    }
    if (test->kind != EXPRESSION_IN_SET || policy->sets.items[test->index].kind != CST_KIND_TOOL)
        return KNOWN_NOT;
    const checked_set *const set = &policy->sets.items[test->index];
    for (uint32_t i = 0; i < set->count; i++)
        if (selector_has(selector, (uint32_t)set->values[i].as.integer))
            return KNOWN_NOT;
    return KNOWN_FALSE;
}

static known_truth comparison_known(const expression *test)
{
    if (expressions_equal(test->left, test->right))
        return truth_of(test->kind != EXPRESSION_LESS);
    if (!is_constant(test->left) || !is_constant(test->right) ||
        test->left->constant.kind != test->right->constant.kind)
        return KNOWN_NOT;
    const cst_value *const a = &test->left->constant;
    const cst_value *const b = &test->right->constant;
    if (test->kind == EXPRESSION_EQUAL)
        return truth_of(values_equal(a, b));
    if (a->kind == CST_KIND_FLOAT)
        return truth_of(test->kind == EXPRESSION_LESS ? a->as.number < b->as.number
                                                      : a->as.number <= b->as.number);
    return truth_of(test->kind == EXPRESSION_LESS ? a->as.integer < b->as.integer
                                                  : a->as.integer <= b->as.integer);
}

static known_truth list_known(const checked_policy *policy, const selector *selector,
                              const expression *condition)
{
    const known_truth decisive = condition->kind == EXPRESSION_AND ? KNOWN_FALSE : KNOWN_TRUE;
    bool all_known = true;
    for (uint32_t i = 0; i < condition->item_count; i++) {
        const known_truth one = condition_known(policy, selector, condition->items[i]);
        if (one == decisive)
            return decisive;
        all_known = all_known && one != KNOWN_NOT;
    }
    if (all_known)
        return decisive == KNOWN_FALSE ? KNOWN_TRUE : KNOWN_FALSE;
    const bool decided =
        decisive == KNOWN_FALSE ? conjuncts_exclude(condition) : disjuncts_exhaust(condition);
    return decided ? decisive : KNOWN_NOT;
}

known_truth condition_known(const checked_policy *policy, const selector *selector,
                            const expression *condition)
{
    known_truth inner;
    switch (condition->kind) {
    case EXPRESSION_CONSTANT: return truth_of(condition->constant.as.integer != 0);
    case EXPRESSION_TRUTH:
        return is_constant(condition->left) ? truth_of(condition->left->constant.as.integer != 0)
                                            : KNOWN_NOT;
    case EXPRESSION_NOT:
        inner = condition_known(policy, selector, condition->left);
        return inner == KNOWN_NOT ? KNOWN_NOT : truth_of(inner == KNOWN_FALSE);
    case EXPRESSION_AND:
    case EXPRESSION_OR: return list_known(policy, selector, condition);
    case EXPRESSION_EQUAL:
        inner = tool_known(policy, selector, condition);
        return inner != KNOWN_NOT ? inner : comparison_known(condition);
    case EXPRESSION_LESS:
    case EXPRESSION_LESS_EQUAL: return comparison_known(condition);
    case EXPRESSION_IN_SET:
        if (policy->sets.items[condition->index].count == 0)
            return KNOWN_FALSE;
        return tool_known(policy, selector, condition);
    case EXPRESSION_ANY:
        return condition_known(policy, selector, condition->right) == KNOWN_FALSE ? KNOWN_FALSE
                                                                                  : KNOWN_NOT;
    case EXPRESSION_ALL:
        return condition_known(policy, selector, condition->right) == KNOWN_TRUE ? KNOWN_TRUE
                                                                                 : KNOWN_NOT;
    default: return KNOWN_NOT;
    }
}

known_truth rule_known(const checked_policy *policy, const rule *rule)
{
    known_truth all = KNOWN_NOT;
    for (uint32_t i = 0; i < rule->body_count; i++) {
        const known_truth one =
            condition_known(policy, &rule->bodies[i].selector, rule->bodies[i].condition);
        if (one == KNOWN_NOT || (i > 0 && one != all))
            return KNOWN_NOT;
        all = one;
    }
    return all;
}

/*
 * evaluate.c - the meaning of every kind of expression, in the plainest way.
 *
 * This file is the executable definition of docs/language.md 9.1; native code is held against it.
 * So it shares nothing with the compiled form: it walks the checked trees and never the graph,
 * compares texts by their bytes and never by their symbols, and searches sets by value. It
 * evaluates every operand: since `and` is the least truth and `or` the greatest, stopping early
 * would not change anything, and clarity comes before speed here.
 *
 * Undecided values. A value that could not be computed carries the truth that its comparison
 * becomes: "undecided, for this reason". Where two operands are undecided the greater of the two
 * truths is the result. `(X else Y)` asks only X, if X is there. Absent values read as zero and as
 * no text; an absent text equals no constant. Comparisons with them never decide anything, since
 * the checker demands a guard beside each.
 */
#include "compiler/reference/evaluate.h"

#include "runtime/host/host.h"
#include "runtime/json.h"
#include "runtime/limits.h"
#include "runtime/scratch.h"

#include <string.h>

static const cst_value absent;

/* ---- work (docs/bounds.md) ------------------------------------------------------------------- */

static cst_work *work_of(const evaluation *run)
{
    cst_scratch *const scratch = run->frame->scratch;
    return &scratch->work;
}

static uint64_t size_of(const cst_value *value)
{
    return kind_has_text(value->kind) ? value->length : 0;
}

static uint64_t least_of(const cst_value *a, const cst_value *b)
{
    return size_of(a) < size_of(b) ? size_of(a) : size_of(b);
}

static uint64_t list_steps(const cst_value *list, const cst_value *value)
{
    uint64_t steps = list->kind == CST_KIND_LIST ? list->length : 0;
    for (uint32_t i = 0; i < list->length && list->kind == CST_KIND_LIST && size_of(value) > 0; i++)
        steps += least_of(&list->as.items[i], value);
    return steps;
}

/* What a test of two values goes over. */
static uint64_t compare_steps(const expression *tree, const cst_value *a, const cst_value *b)
{
    switch (tree->kind) {
    case EXPRESSION_EQUAL: return least_of(a, b);
    case EXPRESSION_IN_LIST: return list_steps(b, a);
    case EXPRESSION_STARTS:
    case EXPRESSION_ENDS:
    case EXPRESSION_INSIDE:
    case EXPRESSION_WITHIN: return size_of(a) + size_of(b);
    default: return 0;
    }
}

/* What making a value of another one goes over; texts inside of values are counted where they are
 * listed. */
static uint64_t derive_steps(const expression *tree, const cst_value *left)
{
    switch (tree->kind) {
    case EXPRESSION_OPEN_MEMBER: {
        const cst_json *const object = left->kind == CST_KIND_JSON ? left->parts : NULL;
        return object != NULL && object->kind == JSON_OBJECT ? object->length : 0;
    }
    case EXPRESSION_OPEN_AS: return left->kind == CST_KIND_JSON ? left->at_length : 0;
    case EXPRESSION_PROPERTY:
    case EXPRESSION_LENGTH: return size_of(left);
    case EXPRESSION_SUM:
    case EXPRESSION_LEAST:
    case EXPRESSION_GREATEST: return left->kind == CST_KIND_LIST ? left->length : 0;
    default: return 0;
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

bool value_is_there(const cst_value *value)
{
    return value->kind != CST_KIND_ABSENT && value->kind != CST_KIND_NULL;
}

const cst_value *element_at(const cst_value *list, uint32_t index)
{
    const bool has_items = list->kind == CST_KIND_LIST || list->kind == CST_KIND_RECORD;
    return has_items && index < list->length ? &list->as.items[index] : &absent;
}

static const cst_value *element_of(const binding *bound, uint32_t local)
{
    for (; bound != NULL; bound = bound->outer)
        if (bound->local == local)
            return bound->element;
    return &absent;
}

static cst_value number_value(cst_kind kind, int64_t number)
{
    return (cst_value){.as = {.integer = number}, .kind = (uint8_t)kind, .at = UINT32_MAX};
}

static cst_truth undecided(const expression *tree)
{
    return CST_UNDECIDED(tree->site); /* sites_unify gave a site to each node that can come here */
}

static cst_truth float_result(const expression *tree, double number, cst_value *out)
{
    if (number - number != 0) /* an infinity or no number */
        return undecided(tree);
    *out = (cst_value){.as = {.number = number}, .kind = CST_KIND_FLOAT, .at = UINT32_MAX};
    return CST_FALSE;
}

static cst_truth calculate(const evaluation *run, const expression *tree, const binding *bound,
                           cst_value *out)
{
    cst_value a, b;
    const cst_truth left = evaluate_value(run, tree->left, bound, &a);
    const cst_truth right = evaluate_value(run, tree->right, bound, &b);
    if (left != CST_FALSE || right != CST_FALSE)
        return cst_truth_or(left, right);
    if (tree->type->kind == CST_KIND_FLOAT) {
        if (tree->kind == EXPRESSION_ADD)
            return float_result(tree, a.as.number + b.as.number, out);
        if (tree->kind == EXPRESSION_SUBTRACT)
            return float_result(tree, a.as.number - b.as.number, out);
        return float_result(tree, a.as.number * b.as.number, out);
    }
    int64_t number = 0;
    bool overflow;
    if (tree->kind == EXPRESSION_ADD)
        overflow = __builtin_add_overflow(a.as.integer, b.as.integer, &number);
    else if (tree->kind == EXPRESSION_SUBTRACT)
        overflow = __builtin_sub_overflow(a.as.integer, b.as.integer, &number);
    else
        overflow = __builtin_mul_overflow(a.as.integer, b.as.integer, &number);
    if (overflow)
        return undecided(tree);
    *out = number_value(tree->type->kind, number);
    return CST_FALSE;
}

static cst_truth negate(const expression *tree, const cst_value *value, cst_value *out)
{
    if (tree->type->kind == CST_KIND_FLOAT)
        return float_result(tree, -value->as.number, out);
    int64_t number;
    if (__builtin_sub_overflow((int64_t)0, value->as.integer, &number))
        return undecided(tree);
    *out = number_value(tree->type->kind, number);
    return CST_FALSE;
}

static cst_truth widen(const expression *tree, const cst_value *value, cst_value *out)
{
    if (tree->type->kind == CST_KIND_FLOAT)
        return float_result(tree, (double)value->as.integer, out);
    int64_t millionths;
    if (__builtin_mul_overflow(value->as.integer, (int64_t)1000000, &millionths))
        return undecided(tree);
    *out = number_value(CST_KIND_DECIMAL, millionths);
    return CST_FALSE;
}

static cst_truth sum(const evaluation *run, const expression *tree, const cst_value *list,
                     cst_value *out)
{
    if (tree->type->kind == CST_KIND_FLOAT) {
        double total = 0;
        if (!run->frame->services->list_sum_float(list, &total))
            return undecided(tree);
        return float_result(tree, total, out);
    }
    int64_t total = 0;
    if (!run->frame->services->list_sum(list, &total))
        return undecided(tree);
    *out = number_value(tree->type->kind, total);
    return CST_FALSE;
}

/* Values made of the one value on the left. */
static cst_truth derive(const evaluation *run, const expression *tree, const cst_value *left,
                        cst_value *out)
{
    const cst_services *services = run->frame->services;
    work_of(run)->values += derive_steps(tree, left);
    switch (tree->kind) {
    case EXPRESSION_MEMBER: *out = *element_at(left, tree->index); return CST_FALSE;
    case EXPRESSION_OPEN_MEMBER:
        if (!services->open_member(run->frame, left, tree->index, out))
            *out = absent;
        return CST_FALSE;
    case EXPRESSION_OPEN_AS:
        if (!services->open_as(run->frame, left, tree->type->row, out))
            *out = absent;
        return CST_FALSE;
    case EXPRESSION_PROPERTY:
        services->part(run->frame, left, tree->index, 0, out);
        return CST_FALSE;
    case EXPRESSION_NEGATE: return negate(tree, left, out);
    case EXPRESSION_WIDEN: return widen(tree, left, out);
    case EXPRESSION_LENGTH:
        *out = number_value(CST_KIND_INT, tree->left->type->kind == CST_KIND_LIST
                                              ? (int64_t)left->length
                                              : services->text_length(left));
        return CST_FALSE;
    case EXPRESSION_SUM: return sum(run, tree, left, out);
    case EXPRESSION_LEAVES:
        return services->text_leaves(run->frame, left, out) ? CST_FALSE : undecided(tree);
    case EXPRESSION_FOUND:
        return services->text_found(run->frame, left, tree->index, tree->type->row, out)
                   ? CST_FALSE
                   : undecided(tree);
    case EXPRESSION_FACTS:
        return services->command_facts(run->frame, left, tree->index, out) ? CST_FALSE
                                                                           : undecided(tree);
    case EXPRESSION_KNOWN:
        services->command_facts(run->frame, left, tree->index, out);
        return CST_FALSE;
    default: /* LEAST, GREATEST */
        if (!services->list_least(left, tree->kind == EXPRESSION_GREATEST, out))
            return undecided(tree);
        return CST_FALSE;
    }
}

/* Hands over the keys of a question about the past; their trouble, FALSE if there is none. */
static cst_truth hand_over_keys(const evaluation *run, const expression *tree, const binding *bound)
{
    cst_value keys[LIMIT_PAST_KEYS];
    cst_truth trouble = CST_FALSE;
    for (uint32_t i = 0; i < tree->item_count; i++)
        trouble = cst_truth_or(trouble, evaluate_value(run, tree->items[i], bound, &keys[i]));
    for (uint32_t i = 0; i < tree->item_count; i++)
        run->frame->services->past_key(run->frame, &keys[i], i);
    return trouble;
}

static cst_truth ask_number(const evaluation *run, const expression *tree, const binding *bound,
                            cst_value *out)
{
    const cst_truth trouble = hand_over_keys(run, tree, bound);
    int64_t number = 0;
    const bool known = run->frame->services->past_number(run->frame, tree->index, &number);
    *out = number_value(tree->type->kind, number);
    return trouble != CST_FALSE ? trouble : known ? CST_FALSE : undecided(tree);
}

static cst_truth ask_latest(const evaluation *run, const expression *tree, const binding *bound,
                            cst_value *out)
{
    const cst_truth trouble = hand_over_keys(run, tree, bound);
    const bool known = run->frame->services->past_latest(run->frame, tree->index, out);
    return trouble != CST_FALSE ? trouble : known ? CST_FALSE : undecided(tree);
}

/* Hands over the arguments, then asks the host; their trouble is the answer's. */
static cst_truth ask_host(const evaluation *run, const expression *tree, const binding *bound,
                          cst_value *out)
{
    cst_value arguments[LIMIT_HOST_ARGUMENTS];
    cst_truth trouble = CST_FALSE;
    for (uint32_t i = 0; i < tree->item_count; i++)
        trouble = cst_truth_or(trouble, evaluate_value(run, tree->items[i], bound, &arguments[i]));
    for (uint32_t i = 0; i < tree->item_count; i++)
        run->frame->services->host_key(run->frame, &arguments[i], i);
    return run->frame->services->host_ask(run->frame, tree->index, tree->site, trouble, out);
}

/* What may come out either way is asked for its other bound below a `not`: the least of not X is
 * not the greatest of X. */
static cst_truth negated_question(const evaluation *run, const expression *operand,
                                  const binding *bound)
{
    run->frame->services->host_flip(run->frame);
    const cst_truth truth = evaluate_condition(run, operand, bound);
    run->frame->services->host_flip(run->frame);
    return truth == HOST_LOWEST ? CST_TRUE : cst_truth_not(truth);
}

static cst_truth ask_past(const evaluation *run, const expression *tree, const binding *bound)
{
    const cst_services *const services = run->frame->services;
    if (tree->kind == EXPRESSION_LABELLED)
        return services->session_has(run->frame, tree->index, tree->site);
    if (tree->kind == EXPRESSION_NOTE) {
        cst_value value;
        const cst_truth trouble = evaluate_value(run, tree->left, bound, &value);
        if (trouble != CST_FALSE)
            return trouble;
        services->past_note(run->frame, &value, tree->index);
        return CST_TRUE;
    }
    const cst_truth trouble = hand_over_keys(run, tree, bound);
    const cst_truth truth = services->past_earlier(run->frame, tree->index, tree->site);
    return trouble != CST_FALSE ? trouble : truth;
}

static cst_truth test(const evaluation *run, const expression *tree, const binding *bound);

cst_truth evaluate_value(const evaluation *run, const expression *tree, const binding *bound,
                         cst_value *out)
{
    work_of(run)->nodes++;
    *out = absent;
    switch (tree->kind) {
    case EXPRESSION_CONSTANT: *out = tree->constant; return CST_FALSE;
    case EXPRESSION_FIELD: *out = run->frame->slots[tree->slot]; return CST_FALSE;
    case EXPRESSION_LOCAL: *out = *element_of(bound, tree->local); return CST_FALSE;
    case EXPRESSION_ELSE: {
        const cst_truth left = evaluate_value(run, tree->left, bound, out);
        if (left != CST_FALSE || value_is_there(out))
            return left;
        return evaluate_value(run, tree->right, bound, out);
    }
    case EXPRESSION_ADD:
    case EXPRESSION_SUBTRACT:
    case EXPRESSION_MULTIPLY: return calculate(run, tree, bound, out);
    case EXPRESSION_JOIN: {
        cst_value a, b;
        const cst_truth left = evaluate_value(run, tree->left, bound, &a);
        const cst_truth right = evaluate_value(run, tree->right, bound, &b);
        if (left != CST_FALSE || right != CST_FALSE)
            return cst_truth_or(left, right);
        work_of(run)->values += size_of(&a) + size_of(&b);
        return run->frame->services->join(run->frame, &a, &b, out) ? CST_FALSE : undecided(tree);
    }
    case EXPRESSION_PAST_NUMBER: return ask_number(run, tree, bound, out);
    case EXPRESSION_PAST_LATEST: return ask_latest(run, tree, bound, out);
    case EXPRESSION_ASK: return ask_host(run, tree, bound, out);
    case EXPRESSION_MEMBER:
    case EXPRESSION_OPEN_MEMBER:
    case EXPRESSION_OPEN_AS:
    case EXPRESSION_PROPERTY:
    case EXPRESSION_NEGATE:
    case EXPRESSION_WIDEN:
    case EXPRESSION_LENGTH:
    case EXPRESSION_SUM:
    case EXPRESSION_LEAST:
    case EXPRESSION_GREATEST:
    case EXPRESSION_LEAVES:
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN:
    case EXPRESSION_FOUND: {
        cst_value left;
        const cst_truth trouble = evaluate_value(run, tree->left, bound, &left);
        return trouble != CST_FALSE ? trouble : derive(run, tree, &left, out);
    }
    default: { /* a condition, used as a bool */
        const cst_truth truth = test(run, tree, bound);
        if (CST_IS_UNDECIDED(truth))
            return truth;
        *out = number_value(CST_KIND_BOOL, truth == CST_TRUE);
        return CST_FALSE;
    }
    }
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Conditions, used as values, have no type of their own. */
static cst_kind kind_of(const expression *tree)
{
    return tree->type == NULL ? CST_KIND_BOOL : tree->type->kind;
}

static cst_truth truth_of(bool value)
{
    return value ? CST_TRUE : CST_FALSE;
}

static bool same_bytes(const cst_value *a, const cst_value *b)
{
    return a->length == b->length &&
           (a->length == 0 || memcmp(a->as.text, b->as.text, a->length) == 0);
}

static bool equal(const expression *tree, const cst_value *a, const cst_value *b)
{
    const cst_kind kind = kind_of(tree->left);
    const bool constant =
        tree->left->kind == EXPRESSION_CONSTANT || tree->right->kind == EXPRESSION_CONSTANT;
    if (kind_has_text(kind)) {
        if (constant && (a->kind == CST_KIND_ABSENT || b->kind == CST_KIND_ABSENT))
            return false;
        return same_bytes(a, b);
    }
    if (kind == CST_KIND_FLOAT)
        return a->as.number == b->as.number;
    return a->as.integer == b->as.integer;
}

int set_order(cst_kind kind, const cst_value *a, const cst_value *b)
{
    if (kind_has_text(kind)) {
        if (a->length != b->length)
            return a->length < b->length ? -1 : 1;
        return a->length == 0 ? 0 : memcmp(a->as.text, b->as.text, a->length);
    }
    if (kind == CST_KIND_FLOAT)
        return (a->as.number > b->as.number) - (a->as.number < b->as.number);
    return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
}

static bool in_networks(const checked_set *set, const cst_value *value)
{
    if (value->parts == NULL)
        return false;
    const uint8_t *address = ((const cst_ip_parts *)value->parts)->bytes;
    uint32_t low = 0, high = set->count; /* the first network that ends at or behind the address */
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (memcmp(set->networks[middle].high, address, 16) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->count && memcmp(set->networks[low].low, address, 16) <= 0;
}

/* Elements that a search of a sorted set looks at. */
uint32_t set_looks(uint32_t count)
{
    return count == 0 ? 0 : 32u - (uint32_t)__builtin_clz(count);
}

static bool in_set(const evaluation *run, uint32_t number, const cst_value *value)
{
    const checked_set *set = &run->policy->sets.items[number];
    work_of(run)->values += size_of(value) + set_looks(set->count);
    if (set->kind == CST_KIND_IP)
        return in_networks(set, value);
    if (kind_has_text(set->kind) && value->kind == CST_KIND_ABSENT)
        return false;
    if (run->sets == NULL) {
        for (uint32_t i = 0; i < set->count; i++)
            if (set_order(set->kind, &set->values[i], value) == 0)
                return true;
        return false;
    }
    uint32_t low = 0, high = set->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = set_order(set->kind, &run->sets[number].values[middle], value);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Conditions over two values that could be decided. */
static bool compare(const evaluation *run, const expression *tree, const cst_value *a,
                    const cst_value *b)
{
    const cst_services *services = run->frame->services;
    const cst_kind kind = kind_of(tree->left);
    switch (tree->kind) {
    case EXPRESSION_EQUAL: return equal(tree, a, b);
    case EXPRESSION_LESS:
        return kind == CST_KIND_FLOAT ? a->as.number < b->as.number : a->as.integer < b->as.integer;
    case EXPRESSION_LESS_EQUAL:
        return kind == CST_KIND_FLOAT ? a->as.number <= b->as.number
                                      : a->as.integer <= b->as.integer;
    case EXPRESSION_IN_LIST: return services->list_has(b, a) != 0;
    case EXPRESSION_STARTS: return services->text_starts(a, b) != 0;
    case EXPRESSION_ENDS: return services->text_ends(a, b) != 0;
    default: /* INSIDE */
        return (kind == CST_KIND_HOST ? services->host_inside(a, b)
                                      : services->path_inside(a, b)) != 0;
    }
}

static cst_truth quantify(const evaluation *run, const expression *tree, const binding *bound)
{
    cst_value list;
    const cst_truth trouble = evaluate_value(run, tree->left, bound, &list);
    if (trouble != CST_FALSE)
        return trouble;
    const bool any = tree->kind == EXPRESSION_ANY;
    const uint32_t count = list.kind == CST_KIND_LIST ? list.length : 0;
    cst_truth result = truth_of(!any);
    for (uint32_t i = 0; i < count; i++) {
        const binding inner = {.outer = bound, .local = tree->local, .element = &list.as.items[i]};
        const cst_truth truth = evaluate_condition(run, tree->right, &inner);
        result = any ? cst_truth_or(result, truth) : cst_truth_and(result, truth);
    }
    return result;
}

static cst_truth test_one(const evaluation *run, const expression *tree, const binding *bound)
{
    cst_value value;
    const cst_truth trouble = evaluate_value(run, tree->left, bound, &value);
    if (trouble != CST_FALSE)
        return trouble;
    if (tree->kind == EXPRESSION_IN_SET)
        return truth_of(in_set(run, tree->index, &value));
    if (tree->kind == EXPRESSION_PRESENT)
        return truth_of(value_is_there(&value));
    return truth_of(value.as.integer != 0);
}

static cst_truth test_text(const evaluation *run, const expression *tree, const binding *bound)
{
    const cst_services *const services = run->frame->services;
    cst_value text;
    const cst_truth trouble = evaluate_value(run, tree->left, bound, &text);
    if (trouble != CST_FALSE)
        return trouble;
    if (tree->kind == EXPRESSION_CONTAINS)
        return services->text_contains(run->frame, &text, tree->index, tree->site);
    if (tree->kind == EXPRESSION_FROM)
        return services->value_from(run->frame, &text, tree->index, tree->site);
    if (tree->kind == EXPRESSION_MATCHES)
        return services->text_matches(run->frame, &text, tree->index, tree->site);
    return services->text_repeats(run->frame, &text, tree->index, tree->site);
}

static cst_truth test_command(const evaluation *run, const expression *tree, const binding *bound)
{
    const cst_services *const services = run->frame->services;
    cst_value line;
    const cst_truth trouble = evaluate_value(run, tree->left, bound, &line);
    if (trouble != CST_FALSE)
        return trouble;
    if (tree->kind == EXPRESSION_RUNS)
        return services->command_matches(run->frame, &line, tree->index / 2, tree->index % 2,
                                         tree->site);
    return services->command_unknown(run->frame, &line, tree->index / 2, tree->index % 2,
                                     tree->site);
}

cst_truth evaluate_condition(const evaluation *run, const expression *tree, const binding *bound)
{
    work_of(run)->nodes++;
    return test(run, tree, bound);
}

static cst_truth test(const evaluation *run, const expression *tree, const binding *bound)
{
    cst_truth result;
    switch (tree->kind) {
    case EXPRESSION_AND:
        result = CST_TRUE;
        for (uint32_t i = 0; i < tree->item_count; i++)
            result = cst_truth_and(result, evaluate_condition(run, tree->items[i], bound));
        return result;
    case EXPRESSION_OR:
        result = CST_FALSE;
        for (uint32_t i = 0; i < tree->item_count; i++)
            result = cst_truth_or(result, evaluate_condition(run, tree->items[i], bound));
        return result;
    case EXPRESSION_NOT:
        if (tree->left->asks)
            return negated_question(run, tree->left, bound);
        return cst_truth_not(evaluate_condition(run, tree->left, bound));
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: return quantify(run, tree, bound);
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
    case EXPRESSION_REPEATS:
    case EXPRESSION_FROM: return test_text(run, tree, bound);
    case EXPRESSION_RUNS:
    case EXPRESSION_UNKNOWN: return test_command(run, tree, bound);
    case EXPRESSION_TRUTH:
    case EXPRESSION_IN_SET:
    case EXPRESSION_PRESENT: return test_one(run, tree, bound);
    case EXPRESSION_EARLIER:
    case EXPRESSION_LABELLED:
    case EXPRESSION_NOTE: return ask_past(run, tree, bound);
    case EXPRESSION_EQUAL:
    case EXPRESSION_LESS:
    case EXPRESSION_LESS_EQUAL:
    case EXPRESSION_IN_LIST:
    case EXPRESSION_STARTS:
    case EXPRESSION_ENDS:
    case EXPRESSION_INSIDE:
    case EXPRESSION_WITHIN: {
        cst_value a, b;
        const cst_truth left = evaluate_value(run, tree->left, bound, &a);
        const cst_truth right = evaluate_value(run, tree->right, bound, &b);
        if (left != CST_FALSE || right != CST_FALSE)
            return cst_truth_or(left, right);
        work_of(run)->values += compare_steps(tree, &a, &b);
        if (tree->kind == EXPRESSION_WITHIN)
            return run->frame->services->command_inside(&a, &b, tree->site);
        return truth_of(compare(run, tree, &a, &b));
    }
    default: { /* a bool value that stands where a condition is wanted */
        cst_value value;
        const cst_truth trouble = evaluate_value(run, tree, bound, &value);
        work_of(run)->nodes--; /* it is one expression */
        return trouble != CST_FALSE ? trouble : truth_of(value.as.integer != 0);
    }
    }
}

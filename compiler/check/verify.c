/*
 * verify.c - the checker between passes: does a checked policy keep the promises of checked.h?
 *
 * Run in debug builds at the end of the check pass. It finds mistakes of the compiler, never of a
 * policy, so it stops at the first and names it. It trusts nothing that it is about to follow:
 * numbers are compared with their tables before they are used.
 */
#include <string.h>

#include "compiler/check/check.h"
#include "runtime/limits.h"

typedef struct locals {
    uint32_t local;
    const type *element;
    const struct locals *outer;
} locals;

typedef struct verifier {
    const checked_policy *policy;
    const char *why; /* NULL: sound so far */
    uint32_t depth;
} verifier;

/* Definitions, arguments and small wrappers each may add a level to what the limit counts. */
enum { MOST_DEPTH = 16 * LIMIT_EXPRESSION_DEPTH };

static bool demand(verifier *verifier, bool truth, const char *why)
{
    if (!truth && verifier->why == NULL)
        verifier->why = why;
    return truth && verifier->why == NULL;
}

static bool is_kind(const expression *node, cst_kind kind)
{
    return node != NULL && node->type != NULL && node->type->kind == kind;
}

static bool is_truth(const expression *node)
{
    return node != NULL && (node->kind >= EXPRESSION_TRUTH ||
                            (node->kind == EXPRESSION_CONSTANT && is_kind(node, CST_KIND_BOOL)));
}

static bool is_value(const expression *node)
{
    return node != NULL && node->type != NULL && node->kind < EXPRESSION_TRUTH;
}

static bool same_scalar(const expression *a, const expression *b)
{
    if (!is_value(a) || !is_value(b) || a->type->kind != b->type->kind)
        return false;
    const cst_kind kind = a->type->kind;
    return kind != CST_KIND_LIST && kind != CST_KIND_RECORD && kind != CST_KIND_JSON;
}

static bool is_ordered(const expression *node)
{
    return type_is_number(node->type) || node->type->kind == CST_KIND_TIME ||
           node->type->kind == CST_KIND_DURATION;
}

static bool is_place(const expression *node)
{
    return node->kind == EXPRESSION_FIELD || node->kind == EXPRESSION_LOCAL ||
           node->kind == EXPRESSION_MEMBER || node->kind == EXPRESSION_OPEN_MEMBER ||
           node->kind == EXPRESSION_OPEN_AS;
}

/* A question that exists, with as many keys as it has. */
static bool is_past(const verifier *verifier, const expression *node)
{
    return node->index < verifier->policy->pasts.count && node->site != CST_NONE &&
           node->item_count == verifier->policy->pasts.items[node->index].key_count;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void verify_place(verifier *verifier, const expression *node, const locals *locals)
{
    const expression *const left = node->left;
    switch (node->kind) {
    case EXPRESSION_FIELD:
        if (demand(verifier, node->slot < verifier->policy->slots.count, "a field without a slot"))
            demand(verifier, verifier->policy->slots.items[node->slot].type == node->type,
                   "a field of another type than its slot");
        return;
    case EXPRESSION_LOCAL:
        while (locals != NULL && locals->local != node->local)
            locals = locals->outer;
        if (demand(verifier, locals != NULL, "a local outside of its quantifier"))
            demand(verifier, locals->element == node->type,
                   "a local of another type than the elements");
        return;
    case EXPRESSION_MEMBER:
        if (demand(verifier,
                   is_kind(left, CST_KIND_RECORD) && node->index < left->type->field_count,
                   "a member of no record"))
            demand(verifier, left->type->fields[node->index].type == node->type,
                   "a member of another type than its field");
        return;
    case EXPRESSION_OPEN_MEMBER:
        demand(verifier,
               is_kind(left, CST_KIND_JSON) && is_kind(node, CST_KIND_JSON) && node->name != NULL,
               "an open member of what is not open");
        return;
    default:
        demand(verifier,
               is_kind(left, CST_KIND_JSON) && node->type->kind != CST_KIND_JSON &&
                   node->type->row != CST_NONE,
               "open data read as a type without a row");
        return;
    }
}

static void verify_arithmetic(verifier *verifier, const expression *node)
{
    const expression *const left = node->left, *const right = node->right;
    if (!demand(verifier, is_value(left) && is_value(right) && node->site != CST_NONE,
                "arithmetic without operands or site"))
        return;
    const cst_kind a = left->type->kind, b = right->type->kind, result = node->type->kind;
    const bool alike =
        a == b && a == result && (type_is_number(left->type) || a == CST_KIND_DURATION);
    bool sound;
    if (node->kind == EXPRESSION_MULTIPLY)
        sound = (a == CST_KIND_FLOAT && b == a && result == a) ||
                ((a == CST_KIND_INT || b == CST_KIND_INT) &&
                 result == (a == CST_KIND_INT ? b : a) && result != CST_KIND_FLOAT);
    else if (a == CST_KIND_TIME)
        sound = (b == CST_KIND_DURATION && result == CST_KIND_TIME) ||
                (node->kind == EXPRESSION_SUBTRACT && b == CST_KIND_TIME &&
                 result == CST_KIND_DURATION);
    else
        sound = alike;
    demand(verifier, sound, "arithmetic on types that do not fit");
}

static void verify_reduction(verifier *verifier, const expression *node)
{
    const bool list = is_kind(node->left, CST_KIND_LIST);
    if (node->kind == EXPRESSION_LENGTH) {
        demand(verifier,
               is_kind(node, CST_KIND_INT) &&
                   (list || (is_value(node->left) && type_is_text(node->left->type))),
               "the length of neither a text nor a list");
        return;
    }
    demand(verifier,
           list && node->left->type->element->kind == node->type->kind && node->site != CST_NONE,
           "a number of no list of numbers");
}

static void verify_value(verifier *verifier, const expression *node)
{
    const expression *const left = node->left, *const right = node->right;
    switch (node->kind) {
    case EXPRESSION_CONSTANT:
        demand(verifier, node->constant.kind == node->type->kind,
               "a constant of another kind than its type");
        return;
    case EXPRESSION_PROPERTY:
        demand(verifier, is_value(left) && node->index < CST_PROPERTY_COUNT, "a part of nothing");
        return;
    case EXPRESSION_ELSE:
        demand(verifier, same_scalar(left, right) && left->type->kind == node->type->kind,
               "a fallback of another type");
        return;
    case EXPRESSION_ADD:
    case EXPRESSION_SUBTRACT:
    case EXPRESSION_MULTIPLY: verify_arithmetic(verifier, node); return;
    case EXPRESSION_NEGATE:
        demand(verifier,
               is_value(left) && left->type->kind == node->type->kind && is_ordered(left) &&
                   node->site != CST_NONE,
               "the negative of no number");
        return;
    case EXPRESSION_JOIN:
        demand(verifier,
               is_kind(left, CST_KIND_STRING) && is_kind(right, CST_KIND_STRING) &&
                   is_kind(node, CST_KIND_STRING) && node->site != CST_NONE,
               "a join of what are no strings");
        return;
    case EXPRESSION_WIDEN:
        demand(verifier,
               is_kind(left, CST_KIND_INT) &&
                   (is_kind(node, CST_KIND_FLOAT) ||
                    (is_kind(node, CST_KIND_DECIMAL) && node->site != CST_NONE)),
               "a widening of no int");
        return;
    case EXPRESSION_LEAVES:
        demand(verifier, is_value(left) && is_kind(node, CST_KIND_LIST) && node->site != CST_NONE,
               "the texts of nothing");
        return;
    case EXPRESSION_FOUND:
        demand(verifier,
               is_value(left) && is_kind(node, CST_KIND_LIST) && node->site != CST_NONE &&
                   node->index < verifier->policy->probes.count && node->type->row != CST_NONE,
               "what is found by no probe");
        return;
    case EXPRESSION_PAST_NUMBER:
    case EXPRESSION_PAST_LATEST:
        demand(verifier, is_past(verifier, node), "a number from no question about the past");
        return;
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN:
        demand(verifier,
               is_kind(left, CST_KIND_COMMAND) && is_kind(node, CST_KIND_LIST) &&
                   node->index < CST_PROPERTY_COUNT &&
                   (node->site != CST_NONE) == (node->kind == EXPRESSION_FACTS),
               "facts of no command");
        return;
    case EXPRESSION_ASK:
        demand(verifier,
               node->index < verifier->policy->externs.count && node->site != CST_NONE &&
                   node->item_count ==
                       verifier->policy->externs.items[node->index].parameter_count &&
                   node->type == verifier->policy->externs.items[node->index].returns,
               "a question that no host predicate is");
        return;
    default: verify_reduction(verifier, node); return;
    }
}

/* ---- conditions ------------------------------------------------------------------------------ */

static void verify_test(verifier *verifier, const expression *node)
{
    const expression *const left = node->left, *const right = node->right;
    switch (node->kind) {
    case EXPRESSION_TRUTH:
        demand(verifier, is_value(left) && is_kind(left, CST_KIND_BOOL), "the truth of no bool");
        return;
    case EXPRESSION_EQUAL:
        demand(verifier, same_scalar(left, right), "an equality of two types");
        return;
    case EXPRESSION_LESS:
    case EXPRESSION_LESS_EQUAL:
        demand(verifier, same_scalar(left, right) && is_ordered(left), "an order of what has none");
        return;
    case EXPRESSION_IN_SET:
        if (demand(verifier, is_value(left) && node->index < verifier->policy->sets.count,
                   "a set that is not there"))
            demand(verifier, verifier->policy->sets.items[node->index].kind == left->type->kind,
                   "a set of another type");
        return;
    case EXPRESSION_IN_LIST:
        demand(verifier,
               is_value(left) && is_kind(right, CST_KIND_LIST) &&
                   right->type->element->kind == left->type->kind,
               "a list of another type");
        return;
    case EXPRESSION_STARTS:
    case EXPRESSION_ENDS:
        demand(verifier, is_kind(left, CST_KIND_STRING) && is_kind(right, CST_KIND_STRING),
               "the start or end of no string");
        return;
    case EXPRESSION_INSIDE:
        demand(verifier,
               same_scalar(left, right) &&
                   (is_kind(left, CST_KIND_PATH) || is_kind(left, CST_KIND_HOST)),
               "`inside` of neither paths nor hosts");
        return;
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
        demand(verifier,
               is_value(left) && node->index < verifier->policy->probes.count &&
                   node->site != CST_NONE,
               "a text test without a probe");
        return;
    case EXPRESSION_REPEATS:
        demand(verifier,
               is_value(left) && node->index < verifier->policy->echoes.count &&
                   node->site != CST_NONE,
               "a repetition of nothing");
        return;
    case EXPRESSION_EARLIER:
        demand(verifier, is_past(verifier, node), "`earlier` without a question about the past");
        return;
    case EXPRESSION_LABELLED:
        demand(verifier, node->index < verifier->policy->labels.count && node->site != CST_NONE,
               "a label that is not there");
        return;
    case EXPRESSION_NOTE:
        demand(verifier, is_value(left) && node->index < verifier->policy->note_count,
               "a note of nothing");
        return;
    case EXPRESSION_FROM:
        demand(verifier,
               is_value(left) && node->index < verifier->policy->froms.count &&
                   node->site != CST_NONE,
               "an origin of nothing");
        return;
    case EXPRESSION_RUNS:
        demand(verifier,
               is_kind(left, CST_KIND_COMMAND) &&
                   node->index / 2 < verifier->policy->commands.count && node->site != CST_NONE,
               "nothing that is run");
        return;
    case EXPRESSION_UNKNOWN:
        demand(verifier,
               is_kind(left, CST_KIND_COMMAND) && node->index / 2 < CST_PROPERTY_COUNT &&
                   node->site != CST_NONE,
               "unknown facts of no command");
        return;
    case EXPRESSION_WITHIN:
        demand(verifier,
               is_kind(left, CST_KIND_PATH) && is_kind(right, CST_KIND_PATH) &&
                   node->site != CST_NONE,
               "no path out of a command");
        return;
    case EXPRESSION_PRESENT:
        demand(verifier, left != NULL && (is_place(left) || left->kind == EXPRESSION_PAST_LATEST),
               "a presence of no field");
        return;
    case EXPRESSION_ANY:
    case EXPRESSION_ALL:
        demand(verifier,
               is_kind(left, CST_KIND_LIST) && is_truth(right) &&
                   node->local < verifier->policy->local_count,
               "a quantifier over no list");
        return;
    case EXPRESSION_NOT: demand(verifier, is_truth(left), "the negation of no condition"); return;
    default:
        demand(verifier, node->item_count >= 2, "`and` or `or` of fewer than two");
        for (uint32_t i = 0; i < node->item_count; i++)
            demand(verifier, is_truth(node->items[i]), "an operand that is no condition");
        return;
    }
}

static void verify_node(verifier *verifier, const expression *node, const locals *around)
{
    if (!demand(verifier, node != NULL && node->type != NULL && verifier->depth < MOST_DEPTH,
                "a node that is missing or too deep"))
        return;
    verifier->depth++;
    const bool own_left = node->kind != EXPRESSION_CONSTANT && node->kind != EXPRESSION_FIELD &&
                          node->kind != EXPRESSION_LOCAL && node->kind != EXPRESSION_AND &&
                          node->kind != EXPRESSION_OR && node->kind != EXPRESSION_PAST_NUMBER &&
                          node->kind != EXPRESSION_PAST_LATEST &&
                          node->kind != EXPRESSION_EARLIER && node->kind != EXPRESSION_LABELLED &&
                          node->kind != EXPRESSION_ASK;
    if (own_left)
        verify_node(verifier, node->left, around);
    const bool binds = node->kind == EXPRESSION_ANY || node->kind == EXPRESSION_ALL;
    if (node->right != NULL && verifier->why == NULL) {
        const locals own = {
            node->local,
            binds && node->left->type->kind == CST_KIND_LIST ? node->left->type->element : NULL,
            around};
        verify_node(verifier, node->right, binds ? &own : around);
    }
    for (uint32_t i = 0; i < node->item_count && verifier->why == NULL; i++)
        verify_node(verifier, node->items[i], around);
    demand(verifier, node->site == CST_NONE || node->site < verifier->policy->sites.count,
           "a site that is not there");
    if (verifier->why == NULL && is_place(node))
        verify_place(verifier, node, around);
    else if (verifier->why == NULL && node->kind < EXPRESSION_TRUTH)
        verify_value(verifier, node);
    else if (verifier->why == NULL)
        verify_test(verifier, node);
    verifier->depth--;
}

/* ---- bodies and tables ----------------------------------------------------------------------- */

static bool has_witness(const rule_body *body, uint32_t local)
{
    for (uint32_t i = 0; i < body->witness_count; i++)
        if (body->witnesses[i]->local == local)
            return true;
    return false;
}

static void verify_body(verifier *verifier, const rule_body *body)
{
    const checked_policy *const policy = verifier->policy;
    const selector *const selector = &body->selector;
    for (uint32_t i = 0; i < selector->tool_count; i++)
        demand(verifier,
               selector->tools[i] < policy->tools.count &&
                   (i == 0 || selector->tools[i - 1] < selector->tools[i]),
               "tools of a selector that are not ascending");
    const bool has_tools = selector->stage == CST_ACTION || selector->stage == CST_RESULT;
    demand(verifier, has_tools == (selector->every_tool || selector->tool_count > 0),
           "a selector without tools, or with tools where the stage has none");
    if (!demand(verifier, is_truth(body->condition), "a body without a condition"))
        return;
    verify_node(verifier, body->condition, NULL);
    for (uint32_t i = 0; i < body->witness_count; i++)
        demand(verifier, body->witnesses[i]->kind == EXPRESSION_ANY, "a witness that is no `any`");
    for (uint32_t i = 0; i < body->message_count; i++) {
        const message_part *const part = &body->message[i];
        demand(verifier, part->kind != CST_PART_SLOT || part->slot < policy->slots.count,
               "a message of a slot that is not there");
        demand(verifier, part->kind != CST_PART_WITNESS || has_witness(body, part->local),
               "a message of a witness that is not there");
        demand(verifier,
               part->kind == CST_PART_TEXT || (part->type != NULL && part->type->row != CST_NONE),
               "a message of a type without a row");
    }
}

static void verify_tables(verifier *verifier)
{
    const checked_policy *const policy = verifier->policy;
    for (uint32_t i = 0; i < policy->types.count; i++)
        demand(verifier, policy->types.items[i]->row == i, "a type with another row than its own");
    for (uint32_t i = 0; i < policy->slots.count; i++)
        demand(verifier,
               policy->slots.items[i].type->row != CST_NONE &&
                   policy->slots.items[i].key_count > 0 && policy->slots.items[i].key_count <= 64,
               "a slot without a type row or keys");
    for (uint32_t i = 0; i < policy->slot_uses.count; i++) {
        const slot_use *const use = &policy->slot_uses.items[i];
        const bool has_tools = use->stage == CST_ACTION || use->stage == CST_RESULT;
        demand(verifier,
               use->slot < policy->slots.count &&
                   (has_tools ? use->tool < policy->tools.count : use->tool == UINT32_MAX),
               "a use of a slot or tool that is not there");
    }
}

bool check_verify(const checked_policy *policy, const char **why)
{
    verifier verifier = {.policy = policy};
    verify_tables(&verifier);
    for (uint32_t i = 0; i < policy->rules.count && verifier.why == NULL; i++) {
        const rule *const rule = &policy->rules.items[i];
        demand(&verifier, rule->layer < policy->layer_count, "a rule of no layer");
        demand(&verifier, rule->principle == CST_NONE || rule->principle < policy->principles.count,
               "a rule under no principle");
        demand(&verifier, (rule->kind == CST_RULE_WAIVER) == (rule->waives != CST_NONE),
               "a waiver of nothing");
        demand(&verifier, rule->waives == CST_NONE || rule->waives < policy->rules.count,
               "a waiver of a rule that is not there");
        demand(&verifier, rule->body_count > 0, "a rule without a body");
        for (uint32_t k = 0; k < rule->body_count && verifier.why == NULL; k++)
            verify_body(&verifier, &rule->bodies[k]);
    }
    *why = verifier.why;
    return verifier.why == NULL;
}

/*
 * expression_commit.c - the last step: a condition that is right becomes part of the policy.
 *
 * Candidates become slots, with their uses by stage and tool; slots that are compared with
 * constants are marked, so that the reader of events looks their text up; each node that can be
 * undecided at run time gets a site. A tree is committed once.
 */
#include "compiler/check/expression.h"

typedef struct bound { /* quantifiers around */
    uint32_t local;
    const expression *list;
    const struct bound *outer;
} bound;

typedef struct commit {
    checker *checker;
    const selector *selector;
} commit;

/* ---- sites ----------------------------------------------------------------------------------- */

const char *expression_failure(const expression *tree)
{
    const bool is_float = tree->type != NULL && tree->type->kind == CST_KIND_FLOAT;
    switch (tree->kind) {
    case EXPRESSION_ADD:
    case EXPRESSION_SUBTRACT:
    case EXPRESSION_MULTIPLY:
    case EXPRESSION_SUM: return "overflow";
    case EXPRESSION_NEGATE:
    case EXPRESSION_WIDEN: return is_float ? NULL : "overflow";
    case EXPRESSION_JOIN:
    case EXPRESSION_LEAVES: return "scratch";
    case EXPRESSION_FOUND:
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES: return "bound";
    case EXPRESSION_REPEATS:
    case EXPRESSION_FROM: return "origin";
    case EXPRESSION_FACTS:
    case EXPRESSION_RUNS:
    case EXPRESSION_UNKNOWN:
    case EXPRESSION_WITHIN: return "command";
    case EXPRESSION_LEAST:
    case EXPRESSION_GREATEST: return "empty";
    case EXPRESSION_EARLIER:
    case EXPRESSION_PAST_NUMBER:
    case EXPRESSION_PAST_LATEST: return "history";
    case EXPRESSION_ASK: return "host";
    case EXPRESSION_LABELLED: return "label";
    default: return NULL;
    }
}

/* Bodies of one rule, and copies of one argument, share their sites: look back a little. */
static uint32_t site_make(checker *checker, const char *code, source_range range)
{
    checked_policy *const policy = checker->policy;
    for (uint32_t i = policy->sites.count; i > 0 && i + 64 > policy->sites.count; i--)
        if (ranges_equal(policy->sites.items[i - 1].range, range) &&
            strcmp(policy->sites.items[i - 1].code, code) == 0)
            return i - 1;
    *ARENA_PUSH(checker->arena, &policy->sites) =
        (site){code, source_excerpt(checker->compilation, range), range};
    return policy->sites.count - 1;
}

/* What a quantifier's variable goes through, and what is bound around it; NULL: not known. */
static const expression *list_of(const expression *variable, const bound **bounds)
{
    const bound *at = *bounds;
    while (at != NULL && at->local != variable->local)
        at = at->outer;
    *bounds = at != NULL ? at->outer : NULL;
    return at != NULL ? at->list : NULL;
}

/* ---- interned slots -------------------------------------------------------------------------- */

/* Only texts that come from a slot as they are: parts are looked up when they are taken. */
static void mark_interned(const commit *commit, const expression *value, const bound *bounds)
{
    while (value != NULL) {
        switch (value->kind) {
        case EXPRESSION_FIELD:
            if (value->slot != CST_NONE)
                commit->checker->policy->slots.items[value->slot].interned = true;
            return;
        case EXPRESSION_ELSE:
            mark_interned(commit, value->right, bounds);
            value = value->left;
            break;
        case EXPRESSION_MEMBER: value = value->left; break;
        case EXPRESSION_LOCAL: value = list_of(value, &bounds); break;
        default: return;
        }
    }
}

static void mark_compared(const commit *commit, const expression *node, const bound *bounds)
{
    if (node->kind == EXPRESSION_IN_SET && type_is_text(node->left->type))
        mark_interned(commit, node->left, bounds);
    if (node->kind != EXPRESSION_EQUAL || !type_is_text(node->left->type))
        return;
    if (node->right->kind == EXPRESSION_CONSTANT)
        mark_interned(commit, node->left, bounds);
    if (node->left->kind == EXPRESSION_CONSTANT)
        mark_interned(commit, node->right, bounds);
}

/* ---- probes ---------------------------------------------------------------------------------- */

/* The slot whose text a value is, or is a part of; CST_NONE for what is made. */
static uint32_t slot_of(const expression *value, const bound *bounds)
{
    while (value != NULL) {
        switch (value->kind) {
        case EXPRESSION_FIELD: return value->slot;
        case EXPRESSION_LEAVES:
        case EXPRESSION_FOUND:
        case EXPRESSION_MEMBER:
        case EXPRESSION_OPEN_MEMBER:
        case EXPRESSION_OPEN_AS: value = value->left; break;
        case EXPRESSION_LOCAL: value = list_of(value, &bounds); break;
        default: return CST_NONE;
        }
    }
    return CST_NONE;
}

/* ---- what a count is compared with ----------------------------------------------------------- */

/* A count that is only compared with small constants needs not be told from a larger one. */
static void mark_counted(const commit *commit, const expression *node, const expression *child,
                         const expression *other)
{
    if (child == NULL || child->kind != EXPRESSION_PAST_NUMBER)
        return;
    checked_past *const past = &commit->checker->policy->pasts.items[child->index];
    const bool compares = node->kind == EXPRESSION_LESS || node->kind == EXPRESSION_LESS_EQUAL ||
                          node->kind == EXPRESSION_EQUAL;
    if (!compares || other == NULL || other->kind != EXPRESSION_CONSTANT ||
        other->constant.kind != CST_KIND_INT) {
        past->exact = true;
        return;
    }
    const int64_t bound = other->constant.as.integer;
    if (bound >= LIMIT_PAST_EVENTS)
        past->exact = true;
    else if (bound > (int64_t)past->most)
        past->most = (uint32_t)bound;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static void commit_node(const commit *commit, expression *node, const bound *bounds)
{
    if (node->kind == EXPRESSION_FIELD) {
        const uint32_t number = node->slot;
        node->slot = candidate_commit(commit->checker, number, node->range);
        candidate_use(commit->checker, number, commit->selector);
    } else if (node->kind == EXPRESSION_OPEN_AS) {
        type_row(commit->checker, node->type);
    }
    const char *const code = expression_failure(node);
    if (code != NULL)
        node->site = site_make(commit->checker, code, node->range);
    if (node->left != NULL)
        commit_node(commit, node->left, bounds);
    const bound own = {node->local, node->left, bounds};
    const bool binds = node->kind == EXPRESSION_ANY || node->kind == EXPRESSION_ALL;
    if (node->right != NULL)
        commit_node(commit, node->right, binds ? &own : bounds);
    for (uint32_t i = 0; i < node->item_count; i++)
        commit_node(commit, node->items[i], bounds);
    node->asks = node->kind == EXPRESSION_ASK || (node->left != NULL && node->left->asks) ||
                 (node->right != NULL && node->right->asks);
    for (uint32_t i = 0; i < node->item_count; i++)
        node->asks = node->asks || node->items[i]->asks;
    if (node->wanted != NULL)
        node->index = probe_commit(commit->checker, commit->selector->stage,
                                   slot_of(node->left, bounds), node->wanted);
    if (node->kind == EXPRESSION_REPEATS)
        commit->checker->policy->echoes.items[node->index].stages |= 1u << commit->selector->stage;
    if (node->kind == EXPRESSION_FROM && node->asked->declared != NULL) {
        /* what its declaration demands is demanded here too */
        candidate_commit(commit->checker, node->asked->declared->slot, node->range);
        candidate_use(commit->checker, node->asked->declared->slot, commit->selector);
    }
    if (node->kind == EXPRESSION_FROM)
        node->index = from_commit(commit->checker, node);
    if (node->kind == EXPRESSION_FOUND)
        type_row(commit->checker, node->type);
    mark_counted(commit, node, node->left, node->right);
    mark_counted(commit, node, node->right, node->left);
    for (uint32_t i = 0; i < node->item_count; i++)
        mark_counted(commit, node, node->items[i], NULL);
    if (node->kind == EXPRESSION_PAST_LATEST)
        type_row(commit->checker, node->type);
    mark_compared(commit, node, bounds);
}

void commit_condition(checker *checker, expression *condition, const selector *selector)
{
    const commit commit = {checker, selector};
    commit_node(&commit, condition, NULL);
}

void commit_message(checker *checker, message_part *parts, uint32_t count, const selector *selector,
                    source_range range)
{
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].kind == CST_PART_SLOT) {
            const uint32_t number = parts[i].slot;
            parts[i].slot = candidate_commit(checker, number, range);
            candidate_use(checker, number, selector);
        }
        if (parts[i].type != NULL)
            type_row(checker, parts[i].type);
    }
}

/*
 * expression_node.c - building the nodes of checked expressions.
 *
 * Every node is counted against LIMIT_EXPRESSION_NODES, copies too: definitions are replaced by
 * their bodies, so a short text can mean a long condition, and the bound must hold for what is
 * meant. Nothing is shared between two places of a tree; whoever walks a tree may rely on that.
 */
#include "compiler/check/expression.h"

bool too_large(const environment *environment)
{
    if (environment->depth > LIMIT_EXPRESSION_DEPTH) {
        diagnostic *const d =
            report(environment, E_CONDITION_DEPTH, environment->rule,
                   "the condition is nested more than %u deep", LIMIT_EXPRESSION_DEPTH);
        diagnostic_mend(environment->checker->compilation, d, environment->rule, NULL,
                        "write several rules: every rule of a stage counts");
        return true;
    }
    /* In a definition's body looking counts too: calls that double at each level must end even if
     * they only make errors. */
    if (environment->calls != NULL)
        environment->checker->node_count++;
    if (environment->checker->node_count > LIMIT_EXPRESSION_NODES) {
        if (environment->quiet)
            return true;
        diagnostic *const d = check_report(
            environment->checker, E_TOO_MANY_NODES, environment->rule,
            "the conditions of this policy have more than %u parts once definitions are replaced",
            LIMIT_EXPRESSION_NODES);
        diagnostic_mend(environment->checker->compilation, d, environment->rule, NULL,
                        "look for definitions that use others more than once");
        return true;
    }
    return false;
}

expression *node_new(const environment *environment, expression_kind kind, const type *type,
                     source_range range)
{
    expression *const node = arena_allocate(environment->checker->arena, sizeof *node);
    environment->checker->node_count++;
    node->kind = kind;
    node->type = type;
    node->range = range;
    node->slot = node->local = node->index = node->site = CST_NONE;
    return node;
}

static const type *bool_type(const environment *environment)
{
    return type_scalar(environment->checker, CST_KIND_BOOL, 0);
}

expression *node_constant(const environment *environment, const type *type, const cst_value *value,
                          source_range range)
{
    expression *const node = node_new(environment, EXPRESSION_CONSTANT, type, range);
    node->constant = *value;
    return node;
}

expression *node_truth(const environment *environment, bool truth, source_range range)
{
    const cst_value value = {.kind = CST_KIND_BOOL, .as.integer = truth, .at = UINT32_MAX};
    return node_constant(environment, bool_type(environment), &value, range);
}

expression *node_unary(const environment *environment, expression_kind kind, const type *type,
                       expression *left, source_range range)
{
    if (left == NULL)
        return NULL;
    expression *const node =
        node_new(environment, kind, type != NULL ? type : bool_type(environment), range);
    node->left = left;
    return node;
}

expression *node_binary(const environment *environment, expression_kind kind, const type *type,
                        expression *left, expression *right, source_range range)
{
    if (left == NULL || right == NULL)
        return NULL;
    expression *const node = node_unary(environment, kind, type, left, range);
    node->right = right;
    return node;
}

expression *node_list(const environment *environment, expression_kind kind, expression **items,
                      uint32_t count, source_range range)
{
    if (count == 0)
        return node_truth(environment, kind == EXPRESSION_AND, range);
    if (count == 1)
        return items[0];
    expression *const node = node_new(environment, kind, bool_type(environment), range);
    node->items = arena_array(environment->checker->arena, count, sizeof *node->items);
    memcpy(node->items, items, count * sizeof *items);
    node->item_count = count;
    return node;
}

expression *node_not(const environment *environment, expression *condition, source_range range)
{
    if (condition != NULL && condition->kind == EXPRESSION_CONSTANT)
        return node_truth(environment, condition->constant.as.integer == 0, range);
    return node_unary(environment, EXPRESSION_NOT, NULL, condition, range);
}

bool node_is_condition(const expression *expression)
{
    return expression->kind >= EXPRESSION_TRUTH;
}

bool node_is_place(const expression *expression)
{
    return expression->kind == EXPRESSION_FIELD || expression->kind == EXPRESSION_LOCAL ||
           expression->kind == EXPRESSION_MEMBER || expression->kind == EXPRESSION_OPEN_MEMBER ||
           expression->kind == EXPRESSION_OPEN_AS || expression->kind == EXPRESSION_PAST_LATEST;
}

bool places_equal(const checker *checker, const expression *a, const expression *b)
{
    for (; a->kind == b->kind; a = a->left, b = b->left) {
        switch (a->kind) {
        case EXPRESSION_FIELD: return a->slot == b->slot;
        case EXPRESSION_LOCAL: return a->local == b->local;
        case EXPRESSION_MEMBER:
            if (a->index != b->index)
                return false;
            break;
        case EXPRESSION_OPEN_MEMBER:
            if (strcmp(a->name, b->name) != 0)
                return false;
            break;
        case EXPRESSION_OPEN_AS:
            if (a->type != b->type)
                return false;
            break;
        default: return false;
        }
    }
    (void)checker;
    return false;
}

/* ---- copies ---------------------------------------------------------------------------------- */

typedef struct renaming { /* a quantifier inside of what is copied */
    uint32_t from, to;
    const struct renaming *outer;
} renaming;

static expression *copy(const environment *environment, const expression *from,
                        const renaming *renamings)
{
    if (too_large(environment))
        return NULL;
    struct environment inner = *environment;
    inner.depth++;
    expression *const to = node_new(environment, from->kind, from->type, from->range);
    *to = *from;
    renaming own = {from->local, from->local, renamings};
    if (from->kind == EXPRESSION_LOCAL) {
        for (const renaming *at = renamings; at != NULL; at = at->outer)
            if (at->from == from->local)
                to->local = at->to;
    } else if (from->kind == EXPRESSION_ANY || from->kind == EXPRESSION_ALL) {
        own.to = to->local = environment->checker->policy->local_count++;
    }
    if (from->left != NULL && (to->left = copy(&inner, from->left, renamings)) == NULL)
        return NULL;
    if (from->right != NULL && (to->right = copy(&inner, from->right, &own)) == NULL)
        return NULL;
    if (from->item_count > 0)
        to->items = arena_array(environment->checker->arena, from->item_count, sizeof *to->items);
    for (uint32_t i = 0; i < from->item_count; i++)
        if ((to->items[i] = copy(&inner, from->items[i], renamings)) == NULL)
            return NULL;
    return to;
}

expression *node_copy(const environment *environment, const expression *from)
{
    return copy(environment, from, NULL);
}

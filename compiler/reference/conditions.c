/*
 * conditions.c - see conditions.h. Knows which shapes of trees the checker makes out of one thing
 * that was written: beside a quantifier over a list that may be incomplete stands an UNKNOWN, and
 * both are one condition.
 */
#include "compiler/reference/conditions.h"

bool file_is_layer(const checked_policy *policy, uint32_t file)
{
    for (uint32_t i = 0; i < policy->layer_count; i++)
        if (policy->layers[i].source == file)
            return true;
    return false;
}

bool condition_place(const checked_policy *policy, const expression *tree, source_range *out)
{
    if (tree->range.end > 0 && file_is_layer(policy, tree->range.file)) {
        *out = tree->range;
        return true;
    }
    *out = tree->called;
    return tree->called.end > 0 && file_is_layer(policy, tree->called.file);
}

bool same_place(source_range a, source_range b)
{
    return a.file == b.file && a.start == b.start && a.end == b.end;
}

expression *condition_inner(expression *tree)
{
    while (tree->kind == EXPRESSION_TRUTH && tree->left->kind >= EXPRESSION_TRUTH)
        tree = tree->left;
    return tree;
}

/* All that it holds stands where it stands, and is a condition: nobody wrote an `and` or `or`. */
static bool is_unrolled(const checked_policy *policy, const expression *tree)
{
    for (uint32_t i = 0; i < tree->item_count; i++)
        if (!same_place(tree->range, tree->items[i]->range) ||
            condition_form_of(policy, tree->items[i]) == CONDITION_NONE)
            return false;
    return true;
}

condition_form condition_form_of(const checked_policy *policy, const expression *tree)
{
    if (!file_is_layer(policy, tree->range.file)) {
        source_range place;
        return condition_place(policy, tree, &place) ? CONDITION_ATOM : CONDITION_NONE;
    }
    switch (tree->kind) {
    case EXPRESSION_CONSTANT:
    case EXPRESSION_NOTE:
    case EXPRESSION_UNKNOWN: return CONDITION_NONE;
    case EXPRESSION_PRESENT: /* what a question about the past counts must be there: nobody wrote
                                that */
        return same_place(tree->range, tree->left->range) ? CONDITION_NONE : CONDITION_ATOM;
    case EXPRESSION_AND:
    case EXPRESSION_OR: /* `in` and `==` may have become one, whose operands stand where it stands
                         */
        return is_unrolled(policy, tree) ? CONDITION_ATOM : CONDITION_JUNCTION;
    case EXPRESSION_NOT:
        return condition_form_of(policy, tree->left) == CONDITION_NONE ? CONDITION_NONE
                                                                       : CONDITION_NEGATION;
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: return CONDITION_QUANTIFIER;
    default: return CONDITION_ATOM;
    }
}

void condition_pasts(const expression *tree, void (*visit)(void *user, uint32_t past), void *user)
{
    if (tree->kind == EXPRESSION_EARLIER || tree->kind == EXPRESSION_PAST_NUMBER ||
        tree->kind == EXPRESSION_PAST_LATEST)
        visit(user, tree->index);
    for (uint32_t i = 0; i < tree->item_count; i++)
        condition_pasts(tree->items[i], visit, user);
    if (tree->left != NULL)
        condition_pasts(tree->left, visit, user);
    if (tree->right != NULL && tree->kind != EXPRESSION_ANY && tree->kind != EXPRESSION_ALL)
        condition_pasts(tree->right, visit, user);
}

uint32_t past_watch_count(const checked_past *past)
{
    return past->steps + (past->since != CST_NONE ? 1 : 0);
}

uint32_t past_watch_at(const checked_past *past, uint32_t number)
{
    return number < past->steps ? past->first_watch + number : past->since;
}

/*
 * diff_meaning.c - whether a changed condition holds more often or less often than before.
 *
 * Decided is what can be read off the trees: one bound of a comparison that moved, and entries that
 * were added to a set or taken from it. Both are monotone, and so are `and`, `or`, `not` and the
 * quantifiers, for what is undecided as well: if each part holds wherever it held before, or is
 * undecided where it was, so does the whole. All else is "either": a wrong "looser" would be worse
 * than none.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/diff.h"
#include "compiler/reference/print.h"

diff_direction diff_opposite(diff_direction direction)
{
    return direction == DIFF_STRICTER ? DIFF_LOOSER
           : direction == DIFF_LOOSER ? DIFF_STRICTER
                                      : direction;
}

diff_direction diff_both(diff_direction left, diff_direction right)
{
    if (left == DIFF_NEITHER || left == right)
        return right;
    return right == DIFF_NEITHER ? left : DIFF_EITHER;
}

/* Of conditions: LOOSER is one that holds wherever it held, and perhaps elsewhere. */

static char *printed(const checked_policy *policy, const expression *tree)
{
    buffer text;
    buffer_init(&text, NULL, 0);
    print_expression(&text, policy, tree);
    if (text.failed)
        checked(NULL);
    char *const copy = text_copy(text.length > 0 ? text.bytes : "", text.length);
    buffer_free(&text);
    return copy;
}

typedef struct pair {
    const checked_policy *old, *new;
} pair;

static bool same_print(const pair *pair, const expression *old, const expression *new)
{
    char *const left = printed(pair->old, old), *const right = printed(pair->new, new);
    const bool same = strcmp(left, right) == 0;
    free(left);
    free(right);
    return same;
}

/* ---- a bound that moved ---------------------------------------------------------------------- */

static bool is_bound(const expression *tree)
{
    if (tree->kind != EXPRESSION_CONSTANT)
        return false;
    const cst_kind kind = tree->type->kind;
    return kind == CST_KIND_INT || kind == CST_KIND_DECIMAL || kind == CST_KIND_FLOAT ||
           kind == CST_KIND_TIME || kind == CST_KIND_DURATION;
}

static bool below(const expression *left, const expression *right)
{
    return left->type->kind == CST_KIND_FLOAT
               ? left->constant.as.number < right->constant.as.number
               : left->constant.as.integer < right->constant.as.integer;
}

/* `left < right`, of which one side is a bound and the other the same as before. */
static diff_direction order_change(const pair *pair, const expression *old, const expression *new)
{
    const bool same_left = same_print(pair, old->left, new->left);
    const bool same_right = same_print(pair, old->right, new->right);
    if (old->kind != new->kind)
        return !same_left || !same_right      ? DIFF_EITHER
               : new->kind == EXPRESSION_LESS ? DIFF_STRICTER
                                              : DIFF_LOOSER;
    const expression *const was = same_left ? old->right : old->left;
    const expression *const is = same_left ? new->right : new->left;
    if (same_left == same_right || !is_bound(was) || !is_bound(is) ||
        was->type->kind != is->type->kind)
        return DIFF_EITHER;
    return below(was, is) == same_left ? DIFF_LOOSER : DIFF_STRICTER;
}

static diff_direction condition_change(const pair *pair, const expression *old,
                                       const expression *new)
{
    if (same_print(pair, old, new))
        return DIFF_NEITHER;
    const bool order = old->kind == EXPRESSION_LESS || old->kind == EXPRESSION_LESS_EQUAL;
    if (order && (new->kind == EXPRESSION_LESS || new->kind == EXPRESSION_LESS_EQUAL))
        return order_change(pair, old, new);
    if (old->kind != new->kind)
        return DIFF_EITHER;
    diff_direction all = DIFF_NEITHER;
    switch (old->kind) {
    case EXPRESSION_NOT: return diff_opposite(condition_change(pair, old->left, new->left));
    case EXPRESSION_ANY:
    case EXPRESSION_ALL:
        return same_print(pair, old->left, new->left)
                   ? condition_change(pair, old->right, new->right)
                   : DIFF_EITHER;
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        if (old->item_count != new->item_count)
            return DIFF_EITHER;
        for (uint32_t i = 0; i < old->item_count; i++)
            all = diff_both(all, condition_change(pair, old->items[i], new->items[i]));
        return all;
    default: return DIFF_EITHER;
    }
}

/* What it means for decisions that the condition of this rule holds more often. */
static diff_direction more_often(const rule *rule)
{
    if (rule->kind != CST_RULE)
        return DIFF_LOOSER;
    return rule->label != CST_NONE ? DIFF_EITHER : DIFF_STRICTER;
}

/* LOOSER of a condition as what it is of decisions. */
static diff_direction of_decisions(const rule *rule, diff_direction condition)
{
    const diff_direction more = more_often(rule);
    return condition == DIFF_LOOSER     ? more
           : condition == DIFF_STRICTER ? diff_opposite(more)
                                        : condition;
}

diff_direction diff_condition(const outline_item *old, const outline_item *new)
{
    const rule *const was = old->meant, *const is = new->meant;
    if (was == NULL || is == NULL || was->body_count != is->body_count)
        return DIFF_EITHER;
    const pair pair = {old->policy, new->policy};
    diff_direction all = DIFF_NEITHER;
    for (uint32_t i = 0; i < was->body_count; i++)
        all = diff_both(all,
                        condition_change(&pair, was->bodies[i].condition, is->bodies[i].condition));
    return of_decisions(is, all);
}

/* ---- a set that grew ------------------------------------------------------------------------- */

static bool is_letter(char byte)
{
    return byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

static bool mentions_word(const char *text, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        if ((at == text || !is_letter(at[-1])) && !is_letter(at[length]))
            return true;
    return false;
}

static bool mentions(const checked_policy *policy, const expression *tree, const char *name)
{
    char *const text = printed(policy, tree);
    const bool found = mentions_word(text, name);
    free(text);
    return found;
}

/* What becomes of the condition if the set grows. */
static diff_direction growth(const checked_policy *policy, const expression *tree, const char *name)
{
    if (!mentions(policy, tree, name))
        return DIFF_NEITHER;
    diff_direction all = DIFF_NEITHER;
    switch (tree->kind) {
    case EXPRESSION_NOT: return diff_opposite(growth(policy, tree->left, name));
    case EXPRESSION_ANY:
    case EXPRESSION_ALL:
        return mentions(policy, tree->left, name) ? DIFF_EITHER : growth(policy, tree->right, name);
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        for (uint32_t i = 0; i < tree->item_count; i++)
            all = diff_both(all, growth(policy, tree->items[i], name));
        return all;
    case EXPRESSION_IN_SET:
    case EXPRESSION_CONTAINS: return mentions(policy, tree->left, name) ? DIFF_EITHER : DIFF_LOOSER;
    default: return DIFF_EITHER;
    }
}

bool diff_entry_missing(const outline_item *from, const char *entry)
{
    for (uint32_t i = 0; i < from->entry_count; i++)
        if (strcmp(from->entries[i], entry) == 0)
            return false;
    return true;
}

static bool misses_any(const outline_item *from, const outline_item *of)
{
    for (uint32_t i = 0; i < of->entry_count; i++)
        if (diff_entry_missing(from, of->entries[i]))
            return true;
    return false;
}

diff_direction diff_set(const outline *list, const outline_item *old, const outline_item *new)
{
    const bool added = misses_any(old, new), removed = misses_any(new, old);
    if (added == removed || new->name[0] == '\0')
        return DIFF_EITHER;
    diff_direction all = DIFF_NEITHER;
    for (uint32_t i = 0; i < list->count; i++) {
        const outline_item *const item = &list->items[i];
        for (uint32_t k = 0; k < item->entry_count; k++)
            if (item->entries[k][0] != '"' && mentions_word(item->entries[k], new->name))
                return DIFF_EITHER; /* a set of sets: its name stands in the conditions */
        if (item->meant == NULL || item->shadow)
            continue;
        for (uint32_t k = 0; k < item->meant->body_count; k++)
            all = diff_both(all, of_decisions(item->meant,
                                              growth(item->policy, item->meant->bodies[k].condition,
                                                     new->name)));
    }
    if (all == DIFF_NEITHER) /* used by something that is no condition */
        return DIFF_EITHER;
    return added ? all : diff_opposite(all);
}

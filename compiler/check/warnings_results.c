/*
 * warnings_results.c - rules that look into what a tool returns, where nothing looks at its text.
 *
 * A result has a text and a value, and the model is shown the text. A rule that looks for something
 * in `value` alone says less than its author believes: what stands in the text goes past it. It is
 * reported only where no rule of any layer reads the text of that tool's results at all, so that
 * one rule on `text of this` silences it. The other way round is no mistake: of conversations the
 * text holds whatever the value does.
 */
#include <string.h>

#include "compiler/check/warnings.h"

/* `elements`: what a quantifier around it goes through stands in `value`. */
static bool is_of_value(const checked_policy *policy, const expression *expression, bool elements)
{
    if (expression == NULL)
        return false;
    if (expression->kind == EXPRESSION_FIELD &&
        strcmp(policy->slots.items[expression->slot].keys[0], "value") == 0)
        return true;
    if (expression->kind == EXPRESSION_LOCAL && elements)
        return true;
    return is_of_value(policy, expression->left, elements);
}

/* Some test looks for something in a text of `value`. */
static bool looks_into_value(const checked_policy *policy, const expression *expression,
                             bool elements)
{
    if (expression == NULL)
        return false;
    if ((expression->kind == EXPRESSION_CONTAINS || expression->kind == EXPRESSION_REPEATS) &&
        is_of_value(policy, expression->left, elements))
        return true;
    const bool of_element = elements || (expression->kind == EXPRESSION_ANY &&
                                         is_of_value(policy, expression->left, false));
    if (looks_into_value(policy, expression->left, elements) ||
        looks_into_value(policy, expression->right, of_element))
        return true;
    for (uint32_t i = 0; i < expression->item_count; i++)
        if (looks_into_value(policy, expression->items[i], elements))
            return true;
    return false;
}

/* By tool. */
static const bool *texts_read(const checker *checker)
{
    const checked_policy *const policy = checker->policy;
    bool *const read = arena_array(checker->arena, policy->tools.count, sizeof *read);
    for (uint32_t i = 0; i < policy->slot_uses.count; i++) {
        const slot_use *const use = &policy->slot_uses.items[i];
        if (use->stage == CST_RESULT && strcmp(policy->slots.items[use->slot].keys[0], "text") == 0)
            read[use->tool] = true;
    }
    return read;
}

/* The first tool of the selector that returns something, and whose text nothing reads. */
static const tool *tool_unread(const checked_policy *policy, const bool *read,
                               const selector *selector)
{
    const uint32_t count = selector->every_tool ? policy->tools.count : selector->tool_count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t number = selector->every_tool ? i : selector->tools[i];
        if (policy->tools.items[number].returns != NULL && !read[number])
            return &policy->tools.items[number];
    }
    return NULL;
}

void warn_results(checker *checker)
{
    const checked_policy *const policy = checker->policy;
    const bool *const read = texts_read(checker);
    for (uint32_t i = 0; i < policy->rules.count; i++) {
        const rule *const rule = &policy->rules.items[i];
        for (uint32_t k = 0; k < rule->body_count && rule->layer == 0 && rule->kind == CST_RULE;
             k++) {
            const rule_body *const body = &rule->bodies[k];
            if (body->selector.stage != CST_RESULT ||
                !looks_into_value(policy, body->condition, false))
                continue;
            const tool *const tool = tool_unread(policy, read, &body->selector);
            if (tool == NULL)
                continue;
            diagnostic *const d = diagnostic_report(
                checker->compilation, W_TEXT_UNREAD, rule->range,
                "`%s` looks into the value of `%s`, and no rule reads the text of its results",
                rule->name, tool->name);
            diagnostic_mend(
                checker->compilation, d, rule->range, NULL,
                "look into both, `text of this contains …`, or at `text` in a rule of its own");
            break;
        }
    }
}

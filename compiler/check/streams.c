/*
 * streams.c - which rules can be decided while a reply is still coming, and which need all of it.
 *
 * A rule can be streamed if more text can only make it truer: its text stands in `contains`,
 * `repeats`, or in an `any` over what is found in it, under `and` and `or` alone. A `not`, an
 * `all`, a length or a comparison of the whole text may turn with the last byte, and holds the
 * stream to its end. So does `redact text with …`, what asks the host, and an `any` over parts
 * beside another test of the text, since a part that was let go cannot be called back.
 */
#include "compiler/check/expression.h"

typedef struct finding {
    const checked_policy *policy;
    uint32_t tests, parts;
    const char *reason; /* what needs the whole text; NULL: nothing */
} finding;

bool expression_is_text(const checked_policy *policy, const expression *value)
{
    return value->kind == EXPRESSION_FIELD &&
           strcmp(policy->slots.items[value->slot].path, "text") == 0;
}

static bool is_text(const finding *finding, const expression *value)
{
    return expression_is_text(finding->policy, value);
}

/* A number that counts the reply itself, if its text is as a filter asks. */
static bool counts_text(const finding *finding, const expression *tree)
{
    const checked_past *const past = &finding->policy->pasts.items[tree->index];
    const checked_watch *const last =
        &finding->policy->watches.items[past->first_watch + past->steps - 1];
    return last->stage == CST_OUTPUT && last->filtered;
}

static bool speaks_of_text(const finding *finding, const expression *tree)
{
    if (tree == NULL)
        return false;
    if (is_text(finding, tree))
        return true;
    if (tree->kind == EXPRESSION_PAST_NUMBER && counts_text(finding, tree))
        return true;
    for (uint32_t i = 0; i < tree->item_count; i++)
        if (speaks_of_text(finding, tree->items[i]))
            return true;
    return speaks_of_text(finding, tree->left) || speaks_of_text(finding, tree->right);
}

static bool only_gains(finding *finding, const expression *condition)
{
    if (!speaks_of_text(finding, condition))
        return true;
    switch (condition->kind) {
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        for (uint32_t i = 0; i < condition->item_count; i++)
            if (!only_gains(finding, condition->items[i]))
                return false;
        return true;
    case EXPRESSION_CONTAINS:
    case EXPRESSION_REPEATS: finding->tests++; return is_text(finding, condition->left);
    case EXPRESSION_ANY:
        finding->parts++;
        finding->reason = "`any` goes through something else than what is found in the text";
        return condition->left->kind == EXPRESSION_FOUND &&
               is_text(finding, condition->left->left) &&
               !speaks_of_text(finding, condition->right);
    case EXPRESSION_NOT: finding->reason = "a `not` may turn with the last byte"; return false;
    case EXPRESSION_ALL: finding->reason = "an `all` may turn with the last byte"; return false;
    default:
        finding->reason =
            "it asks for the text as a whole: its length, its beginning or end, or what it is";
        return false;
    }
}

static bool asks_host(const expression *tree)
{
    if (tree == NULL)
        return false;
    if (tree->kind == EXPRESSION_ASK || asks_host(tree->left) || asks_host(tree->right))
        return true;
    for (uint32_t i = 0; i < tree->item_count; i++)
        if (asks_host(tree->items[i]))
            return true;
    return false;
}

const char *body_needs_whole(const checked_policy *policy, const rule_body *body)
{
    if (asks_host(body->condition))
        return "the host is asked about the whole reply";
    finding finding = {.policy = policy};
    if (body->put_note != CST_NONE)
        return "`replace` takes the whole text";
    if (body->cut_slot != CST_NONE)
        return "`redact FIELD with` takes the whole text";
    if (!only_gains(&finding, body->condition))
        return finding.reason ? finding.reason : "it tests another text made of this one";
    if (finding.parts > 0 && finding.parts + finding.tests > 1)
        return "`any` over parts stands beside another test of the text";
    return NULL;
}

void streams_check(checker *checker)
{
    checked_policy *const policy = checker->policy;
    for (uint32_t i = 0; i < policy->rules.count; i++) {
        rule *const rule = &policy->rules.items[i];
        bool holds = false;
        for (uint32_t k = 0; k < rule->body_count; k++) {
            rule_body *const body = &rule->bodies[k];
            body->whole = rule->whole || body_needs_whole(policy, body) != NULL;
            holds = holds || (body->whole && body->selector.stage == CST_OUTPUT);
        }
        if (!holds || rule->whole || rule->shadow || rule->kind != CST_RULE ||
            rule->verdict == CST_FLAG)
            continue;
        diagnostic *const d = check_report(
            checker, W_HOLDS_STREAM, rule->range,
            "`%s` needs the whole reply: a stream is held back to its end", rule->name);
        diagnostic_mend(checker->compilation, d, rule->range, NULL,
                        "write `on whole output` if that is meant; what streams is `contains`, "
                        "`repeats` and `any … in … of text`, "
                        "without `not`");
    }
}

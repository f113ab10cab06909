/*
 * warnings.c - what needs the whole policy: mistakes that compile. One function a warning;
 * warnings_check is their list.
 *
 * Runs only on a policy without errors, so that nothing is reported twice and every table is
 * complete. Judged is the file that was compiled; the files that it extends are judged when they
 * are compiled themselves.
 */
#include "compiler/check/warnings.h"

#include <string.h>

#include "compiler/check/structure.h"

enum { SHOWN_TOOLS = 10 }; /* unmentioned tools that are reported one by one */

/* ---- names that nothing uses ----------------------------------------------------------------- */

static const char *kind_name(symbol_kind kind)
{
    switch (kind) {
    case SYMBOL_MODULE: return "module";
    case SYMBOL_PRINCIPLE: return "principle";
    case SYMBOL_ENUM: return "enum";
    case SYMBOL_CONTEXT: return "context";
    case SYMBOL_SET: return "set";
    case SYMBOL_PATTERN: return "pattern";
    case SYMBOL_ORIGIN: return "origin";
    case SYMBOL_DEFINE: return "definition";
    case SYMBOL_EXTERN: return "host predicate";
    case SYMBOL_RULE: return "rule";
    }
    return "name";
}

static bool context_is_read(const checked_policy *policy, const char *name)
{
    for (uint32_t i = 0; i < policy->slots.count; i++)
        if (policy->slots.items[i].key_count > 0 &&
            strcmp(policy->slots.items[i].keys[0], name) == 0)
            return true;
    return false;
}

static void warn_unused(checker *checker)
{
    const unit *const unit = checker->layers.items[0];
    for (uint32_t i = 0; i < unit->symbols.count && !unit_is_library(unit); i++) {
        const symbol *const symbol = unit->symbols.items[i];
        if (symbol->used || symbol->kind == SYMBOL_RULE)
            continue;
        if (symbol->kind == SYMBOL_CONTEXT && context_is_read(checker->policy, symbol->name))
            continue;
        diagnostic *const d =
            diagnostic_report(checker->compilation, W_UNUSED_NAME, symbol->range,
                              "nothing uses the %s `%s`", kind_name(symbol->kind), symbol->name);
        diagnostic_mend(checker->compilation, d, symbol->range, NULL, "use it, or remove it");
    }
}

/* ---- conditions that say nothing ------------------------------------------------------------- */

/* A test of constants in the condition was reported where it stands: that is the reason, and said
 * once. */
static diagnostic *constant_test_in(compilation *compilation, source_range range)
{
    for (uint32_t i = 0; i < compilation->diagnostics.count; i++) {
        diagnostic *const d = &compilation->diagnostics.items[i];
        if (d->code == W_CONSTANT_TEST && d->range.file == range.file &&
            d->range.start >= range.start && d->range.end <= range.end)
            return d;
    }
    return NULL;
}

static void warn_constant(checker *checker, const rule *rule)
{
    const known_truth known = rule_known(checker->policy, rule);
    const ast_declaration *const declaration = rule->declaration;
    const ast_expression *const condition =
        declaration->when != NULL ? declaration->when : declaration->unless;
    const source_range range = condition != NULL ? condition->range : rule->range;
    diagnostic *const reason = constant_test_in(checker->compilation, range);
    if (known == KNOWN_FALSE) {
        static const char *const what[] = {"rule", "permit", "waiver"};
        if (reason != NULL) {
            diagnostic_note_at(checker->compilation, reason, rule->range,
                               "so the %s `%s` can never %s", what[rule->kind], rule->name,
                               rule->kind == CST_RULE ? "fire" : "count");
            return;
        }
        diagnostic *const d = diagnostic_report(
            checker->compilation, W_NEVER_FIRES, rule->range, "the %s `%s` can never %s",
            what[rule->kind], rule->name, rule->kind == CST_RULE ? "fire" : "count");
        if (condition != NULL)
            diagnostic_note_at(checker->compilation, d, range,
                               "its condition is false for every event");
        diagnostic_mend(checker->compilation, d, rule->range, NULL,
                        "change the condition, or remove the %s", what[rule->kind]);
    } else if (known == KNOWN_TRUE && condition != NULL && reason == NULL) {
        diagnostic *const d =
            diagnostic_report(checker->compilation, W_ALWAYS_TRUE, range,
                              "the condition of `%s` is true for every event", rule->name);
        diagnostic_mend(checker->compilation, d, range, NULL,
                        "leave it out, or compare what was meant");
    }
}

static void warn_conditions(checker *checker)
{
    for (uint32_t i = 0; i < checker->policy->rules.count; i++)
        if (checker->policy->rules.items[i].layer == 0 &&
            checker->policy->rules.items[i].declaration != NULL)
            warn_constant(checker, &checker->policy->rules.items[i]);
}

/* ---- permits --------------------------------------------------------------------------------- */

static void warn_permits(checker *checker)
{
    const checked_policy *const policy = checker->policy;
    for (uint32_t i = 0; i < policy->rules.count; i++) {
        const rule *const rule = &policy->rules.items[i];
        if (rule->kind != CST_RULE_PERMIT || rule->shadow || rule->layer != 0)
            continue;
        for (uint32_t k = 0; k < rule->body_count; k++) {
            const cst_stage stage = rule->bodies[k].selector.stage;
            if (policy->layers[0].defaults[stage].verdict != CST_PERMIT)
                continue;
            diagnostic *const d =
                diagnostic_report(checker->compilation, W_PERMIT_WITHOUT_EFFECT, rule->range,
                                  "the permit `%s` has no effect: `%s` allows by default",
                                  rule->name, cst_stage_name(stage));
            diagnostic_mend(checker->compilation, d, rule->range, NULL,
                            "add `default %s deny`, or remove the permit", cst_stage_name(stage));
            break;
        }
    }
}

/* ---- tools that no rule mentions ------------------------------------------------------------- */

static void tools_in_condition(const checked_policy *policy, const expression *expression,
                               bool *mentioned)
{
    if (expression == NULL)
        return;
    if (expression->kind == EXPRESSION_CONSTANT && expression->constant.kind == CST_KIND_TOOL)
        mentioned[expression->constant.as.integer] = true;
    if (expression->kind == EXPRESSION_IN_SET &&
        policy->sets.items[expression->index].kind == CST_KIND_TOOL) {
        const checked_set *const set = &policy->sets.items[expression->index];
        for (uint32_t i = 0; i < set->count; i++)
            mentioned[set->values[i].as.integer] = true;
    }
    tools_in_condition(policy, expression->left, mentioned);
    tools_in_condition(policy, expression->right, mentioned);
    for (uint32_t i = 0; i < expression->item_count; i++)
        tools_in_condition(policy, expression->items[i], mentioned);
}

/* Also in a selector that another covers, which has no body. */
static void tools_in_selectors(const checker *checker, const ast_declaration *declaration,
                               bool *mentioned)
{
    for (uint32_t i = 0; i < declaration->stages.count; i++)
        for (uint32_t k = 0; k < declaration->stages.items[i].tools.count; k++) {
            const ast_text *const name = &declaration->stages.items[i].tools.items[k];
            mentioned[tool_find(checker, name->bytes, name->length)] = true;
        }
}

static bool *tools_mentioned(const checker *checker)
{
    const checked_policy *const policy = checker->policy;
    bool *const mentioned = arena_array(checker->arena, policy->tools.count, sizeof *mentioned);
    for (uint32_t i = 0; i < policy->rules.count; i++) {
        const rule *const rule = &policy->rules.items[i];
        tools_in_selectors(checker, rule->declaration, mentioned);
        for (uint32_t k = 0; k < rule->body_count; k++) {
            const selector *const selector = &rule->bodies[k].selector;
            for (uint32_t n = 0; n < selector->tool_count; n++)
                mentioned[selector->tools[n]] = true;
            tools_in_condition(policy, rule->bodies[k].condition, mentioned);
        }
    }
    return mentioned;
}

static void warn_unmentioned(checker *checker)
{
    const checked_policy *const policy = checker->policy;
    const bool *const mentioned = tools_mentioned(checker);
    uint32_t count = 0;
    const tool *last = NULL;
    for (uint32_t i = 1; i < policy->tools.count; i++) {
        const tool *const tool = &policy->tools.items[i];
        if (mentioned[i] || tool_has_tag(tool, TAG_READS, strlen(TAG_READS)))
            continue;
        last = tool;
        if (++count > SHOWN_TOOLS)
            continue;
        diagnostic *const d =
            diagnostic_report(checker->compilation, W_UNMENTIONED_TOOL, tool->range,
                              "no rule or permit mentions the tool `%s`", tool->name);
        diagnostic_mend(checker->compilation, d, tool->range, NULL,
                        "write a rule for it, or tag it `reads` if it only reads");
    }
    if (count > SHOWN_TOOLS)
        diagnostic_report(checker->compilation, W_UNMENTIONED_TOOL, last->range,
                          "no rule or permit mentions %u more tools, `%s` the last of them",
                          count - SHOWN_TOOLS, last->name);
}

/* ---- who is asked ---------------------------------------------------------------------------- */

/* The place of the first demand of an approval in the compiled file; false if there is none. */
static bool asked_first(const checker *checker, source_range *range, const char **who)
{
    const checked_policy *const policy = checker->policy;
    for (uint32_t i = 0; i < policy->rules.count; i++) {
        const rule *const rule = &policy->rules.items[i];
        if (rule->who_count == 0 || rule->layer != 0)
            continue;
        const ast_effect *const effect = &rule->declaration->effect;
        const ast_text *const name =
            effect->kind == AST_EFFECT_ASK ? &effect->ask.who.items[0] : &effect->text;
        *range = name->range;
        *who = name->bytes;
        return true;
    }
    const ast_file *const file = checker->layers.items[0]->file;
    for (uint32_t i = 0; i < file->count; i++) {
        const ast_declaration *const declaration = file->items[i];
        if (declaration->kind != AST_DEFAULT || declaration->verdict != CST_REQUIRE_APPROVAL ||
            declaration->ask.who.count == 0)
            continue;
        *range = declaration->ask.who.items[0].range;
        *who = declaration->ask.who.items[0].bytes;
        return true;
    }
    return false;
}

static void warn_channels(checker *checker)
{
    source_range range;
    const char *who;
    if (checker->channels.count > 0 || !asked_first(checker, &range, &who))
        return;
    diagnostic *const d =
        diagnostic_report(checker->compilation, W_NO_CHANNEL, range,
                          "`%s` is asked, and no `approvals by` says who can be", who);
    const ast_file *const file = checker->layers.items[0]->file;
    source_range start = {range.file, 0, 0}; /* of the declaration that asks */
    for (uint32_t i = 0; i < file->count; i++)
        if (file->items[i]->range.start <= range.start && range.start < file->items[i]->range.end)
            start.start = start.end = file->items[i]->range.start;
    diagnostic_mend(checker->compilation, d, start,
                    arena_format(checker->arena, "approvals by %s\n", who),
                    "declare it: `approvals by %s`", who);
}

/* ---- the list -------------------------------------------------------------------------------- */

void warnings_check(checker *checker)
{
    warn_unused(checker);
    warn_conditions(checker);
    warn_covered(checker);
    warn_permits(checker);
    warn_untested(checker);
    warn_unmentioned(checker);
    warn_channels(checker);
    warn_tags(checker);
    warn_results(checker);
    warn_views(checker);
}

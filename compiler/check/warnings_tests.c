/*
 * warnings_tests.c - restricting rules that no test exercises both ways.
 *
 * A test exercises a rule if it expects the rule by name, or expects just its effect without naming
 * anyone, for an event that the rule is about; and it shows that the rule lets something pass if it
 * expects less than the rule's effect for such an event: then the rule did not fire, because the
 * strictest effect stands. A rule that always fires need not show that. Nothing is run here.
 */
#include <string.h>

#include "compiler/check/structure.h"
#include "compiler/check/warnings.h"

typedef struct seen { /* what the tests expect of the events of one stage and tool */
    uint32_t unnamed; /* bit set of verdicts that are expected without `by` */
    uint32_t least;   /* most lenient verdict expected; CST_HALT + 1: nothing is */
} seen;

typedef struct coverage {
    const checker *checker;
    seen *seen; /* by stage and tool: stage * tools + tool */
    uint32_t tools;
    bool *named; /* by rule: some `expect … by` names it */
} coverage;

static seen *seen_at(const coverage *coverage, cst_stage stage, uint32_t tool)
{
    return &coverage->seen[(uint32_t)stage * coverage->tools + tool];
}

static cst_stage stage_of(ast_step_kind kind)
{
    switch (kind) {
    case AST_STEP_INPUT: return CST_INPUT;
    case AST_STEP_OUTPUT: return CST_OUTPUT;
    case AST_STEP_ACTION: return CST_ACTION;
    case AST_STEP_RESULT: return CST_RESULT;
    case AST_STEP_MESSAGE: return CST_MESSAGE;
    default: return CST_STAGE_COUNT;
    }
}

/* The checked steps stand beside the written ones: without errors each of them was kept. */
static void test_read(const coverage *coverage, const ast_declaration *written,
                      const checked_test *test)
{
    seen *event = NULL;
    for (uint32_t i = 0; i < test->step_count; i++) {
        const checked_step *const step = &test->steps[i];
        const cst_stage stage = stage_of(step->kind);
        if (stage != CST_STAGE_COUNT) {
            const ast_text *const name = &written->steps[i].name;
            const uint32_t tool = stage == CST_ACTION || stage == CST_RESULT
                                      ? tool_find(coverage->checker, name->bytes, name->length)
                                      : 0;
            event = seen_at(coverage, stage, tool == CST_NONE ? 0 : tool);
        }
        if (step->kind != AST_STEP_EXPECT || event == NULL || step->malformed)
            continue; /* no rule is asked about a malformed event */
        if ((uint32_t)step->verdict < event->least)
            event->least = (uint32_t)step->verdict;
        if (step->by_count == 0)
            event->unnamed |= 1u << step->verdict;
        for (uint32_t k = 0; k < step->by_count; k++)
            if (step->by[k] != CST_NONE)
                coverage->named[step->by[k]] = true;
    }
}

static void body_seen(const coverage *coverage, const rule *rule, const selector *selector,
                      bool *stopped, bool *passed)
{
    const bool listed = !selector->every_tool && selector->tool_count > 0;
    const bool has_tools = selector->stage == CST_ACTION || selector->stage == CST_RESULT;
    const uint32_t count = listed ? selector->tool_count : has_tools ? coverage->tools : 1;
    for (uint32_t i = 0; i < count && !(*stopped && *passed); i++) {
        const seen *const seen =
            seen_at(coverage, selector->stage, listed ? selector->tools[i] : i);
        *stopped = *stopped || (seen->unnamed & (1u << rule->verdict)) != 0;
        *passed = *passed || seen->least < (uint32_t)rule->verdict;
    }
}

static void rule_judge(const coverage *coverage, uint32_t number)
{
    const rule *const rule = &coverage->checker->policy->rules.items[number];
    if (rule->kind != CST_RULE || rule->verdict <= CST_FLAG || rule->shadow || rule->layer != 0)
        return;
    const known_truth known = rule_known(coverage->checker->policy, rule);
    if (known == KNOWN_FALSE)
        return; /* it never fires, which is reported */
    bool stopped = coverage->named[number];
    bool passed = known == KNOWN_TRUE; /* a rule without a condition lets nothing pass */
    for (uint32_t i = 0; i < rule->body_count; i++)
        body_seen(coverage, rule, &rule->bodies[i].selector, &stopped, &passed);
    if (stopped && passed)
        return;
    compilation *const compilation = coverage->checker->compilation;
    diagnostic *const d =
        diagnostic_report(compilation, W_UNTESTED_RULE, rule->range, "no test %s the rule `%s`%s",
                          !stopped && !passed ? "exercises" : "shows an event that", rule->name,
                          !stopped && !passed ? ""
                          : !stopped          ? " stops"
                                              : " lets pass");
    if (!stopped)
        diagnostic_mend(compilation, d, rule->range, NULL,
                        "add a test that ends with `expect … by %s`", rule->name);
    else
        diagnostic_mend(compilation, d, rule->range, NULL,
                        "add a test of `%s` that expects something milder, such as `expect permit`",
                        rule->body_count > 0 ? rule->bodies[0].selector.label : rule->name);
}

void warn_untested(checker *checker)
{
    const checked_policy *const policy = checker->policy;
    if (policy->tests.count == 0)
        return;
    coverage coverage = {.checker = checker, .tools = policy->tools.count};
    const size_t places = (size_t)CST_STAGE_COUNT * coverage.tools;
    coverage.seen = arena_array(checker->arena, places, sizeof *coverage.seen);
    for (size_t i = 0; i < places; i++)
        coverage.seen[i].least = CST_HALT + 1;
    coverage.named = arena_array(checker->arena, policy->rules.count, sizeof *coverage.named);
    const ast_file *const file = checker->layers.items[0]->file;
    uint32_t number = 0;
    for (uint32_t i = 0; i < file->count; i++)
        if (file->items[i]->kind == AST_TEST)
            test_read(&coverage, file->items[i], &policy->tests.items[number++]);
    for (uint32_t i = 0; i < policy->rules.count; i++)
        rule_judge(&coverage, i);
}

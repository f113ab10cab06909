/*
 * test.c - `constc test`: the test blocks of policies.
 *
 * A test is a session of its own, on a clock that only `wait` moves. Every event is decided by the
 * reference evaluator, which is the meaning of the language, and by native code, and both must give
 * the same decision to the byte: so each policy author's tests are tests of the compiler too. A
 * test that fails shows its event, the decision, and the reasons.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/cli.h"
#include "compiler/cli/summary.h"
#include "compiler/cli/test.h"
#include "compiler/reference/explain.h"
#include "runtime/engine.h"
#include "runtime/json.h"
#include "runtime/limits.h"

/* Monday, 2026-01-05 at noon: when every test begins. */
#define FIRST_MOMENT INT64_C(1767614400000000)

enum { MUTANTS = 1000 };

static int64_t test_clock(void *user)
{
    return ((const test_state *)user)->now;
}

/* ---- one test -------------------------------------------------------------------------------- */

static void fail(test_state *test, const char *reason)
{
    buffer_text(&test->reason, reason);
}

/* No rule was asked, since the event is not what the policy's declarations say. A session that was
 * halted, or could not be kept, is something else. */
static bool is_malformed(const cst_decision *decision)
{
    static const char *const others[] = {"halted", "session-state", "session-limit",
                                         "memory", "argument",      "pending"};
    if (decision->error_code == NULL)
        return false;
    for (uint32_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(decision->error_code, others[i]) == 0)
            return false;
    return true;
}

static void error_show(buffer *out, const cst_decision *decision)
{
    const bool placed = decision->error_pointer != NULL && decision->error_pointer[0] != '\0';
    buffer_format(out, "%s%s%s", placed ? decision->error_pointer : "", placed ? ": " : "",
                  decision->error_text != NULL ? decision->error_text : decision->error_code);
}

/* A malformed event is denied before any rule is asked, so it would satisfy an `expect deny` of
 * whatever rule. */
static void malformed_check(test_state *test, const checked_step *step)
{
    if (step->malformed || test->reason.length > 0 || !is_malformed(&test->decision))
        return;
    buffer_text(&test->reason, "the event is malformed, so no rule was asked: ");
    error_show(&test->reason, &test->decision);
    buffer_text(&test->reason, "\n  (if the test is about that: `expect malformed`)");
}

/* Decides the event in `test->event` by each engine. */
static void decide_event(test_state *test, bool is_system)
{
    const buffer *const event = &test->event;
    const char *text = "", *native_text = "";
    size_t length = 0, native_length = 0;
    cst_decision native;
    if (test->coverage != NULL)
        coverage_begin(test->coverage);
    cst_status status =
        evidence_decide(&test->evidence, event->bytes, event->length, &test->decision);
    if (test->coverage != NULL)
        coverage_end(test->coverage, test->decision.stage,
                     status == CST_OK && test->decision.error_code == NULL && !is_system);
    if (test->coverage != NULL && status == CST_OK && is_malformed(&test->decision))
        coverage_refused(test->coverage, test->decision.stage,
                         test->evidence.context->event.tool_number, test->decision.error_code,
                         test->decision.error_pointer);
    if (status == CST_OK)
        status = cst_decision_json(&test->decision, &text, &length);
    if (status == CST_OK && test->native != NULL)
        status = cst_decide_json(test->native_context, event->bytes, event->length, &native);
    if (status == CST_OK && test->native != NULL)
        status = cst_decision_json(&native, &native_text, &native_length);
    test->decided = true;
    if (status != CST_OK) {
        fail(test, cst_status_text(status));
        return;
    }
    buffer_clear(&test->decision_text);
    buffer_add(&test->decision_text, text, length);
    if (test->compare && (length != native_length || memcmp(text, native_text, length) != 0)) {
        fail(
            test,
            "internal error: native code and the reference evaluator disagree; native code says\n");
        buffer_add(&test->reason, native_text, native_length);
    }
    if (test->native != NULL && !test->compare) {
        test->decision = native;
        buffer_clear(&test->decision_text);
        buffer_add(&test->decision_text, native_text, native_length);
    }
}

static void add_grant(buffer *to, const char *grant)
{
    buffer_format(to, "%s\"%s\"", to->length > 0 ? "," : "", grant);
}

/* Makes the event again, with what was approved. */
static void present(test_state *test)
{
    const bool both = test->standing.length > 0 && test->approvals.length > 0;
    buffer *const event = &test->event;
    buffer_clear(event);
    buffer_text(event, "{\"approvals\":[");
    buffer_add(event, test->standing.length > 0 ? test->standing.bytes : "", test->standing.length);
    buffer_text(event, both ? "," : "");
    buffer_add(event, test->approvals.length > 0 ? test->approvals.bytes : "",
               test->approvals.length);
    buffer_text(event, "],");
    buffer_add(event, test->presented.bytes + 1, test->presented.length - 1);
}

static void decide(test_state *test, const checked_step *step)
{
    buffer *const event = &test->event;
    buffer_clear(event);
    buffer_clear(&test->approvals);
    buffer_text(event, "{");
    buffer_add(event, test->given.length > 0 ? test->given.bytes : "", test->given.length);
    buffer_text(event, "\"session\":\"test\",");
    buffer_add(event, step->event + 1, step->event_length - 1);
    buffer_clear(&test->given);
    buffer_clear(&test->presented);
    buffer_add(&test->presented, event->bytes, event->length);
    if (test->standing.length > 0)
        present(test);
    decide_event(test, step->kind == AST_STEP_SYSTEM);
    malformed_check(test, step);
}

/* Grants of all that the rules which ask this person offer. */
static cst_status approve_standing(test_state *test, const cst_policy *policy,
                                   const checked_step *step)
{
    cst_status status = CST_NO_FIELD;
    cst_fired fired;
    for (uint32_t i = 0; cst_decision_rule(&test->decision, i, &fired) == CST_OK; i++) {
        cst_standing offer;
        char grant[CST_GRANT_SIZE];
        bool asked = false;
        for (uint32_t k = 0; k < fired.who_count; k++)
            asked = asked || strcmp(fired.who[k], step->text) == 0;
        if (!asked || cst_decision_standing(&test->decision, i, &offer) != CST_OK)
            continue;
        status =
            cst_approve_standing(policy, &offer, step->text, offer.expires_us, offer.uses, grant);
        if (status != CST_OK)
            break;
        add_grant(&test->standing, grant);
    }
    return status;
}

/* The event before, presented again with all approvals that were given since. */
static void approve(test_state *test, const checked_step *step)
{
    cst_request request;
    char grant[CST_GRANT_SIZE];
    if (cst_decision_request(&test->decision, &request) != CST_OK) {
        buffer_format(&test->reason,
                      "%s approves, but nothing waits for an approval: the decision is %s",
                      step->text, verdict_words(test->decision.verdict));
        return;
    }
    const cst_policy *const policy = cst_context_policy(test->decision.context);
    const cst_status status = step->standing ? approve_standing(test, policy, step)
                                             : cst_approve(policy, "test", 4, request.action_hash,
                                                           step->text, request.expires_us, grant);
    if (step->standing && status == CST_NO_FIELD) {
        buffer_format(&test->reason,
                      "%s approves for good, but no rule that asks %s offers a standing approval "
                      "for this call",
                      step->text, step->text);
        return;
    }
    if (status != CST_OK) {
        fail(test, cst_status_text(status));
        return;
    }
    if (!step->standing)
        add_grant(&test->approvals, grant);
    present(test);
    decide_event(test, false);
}

/* What the test gives for host predicates, whatever their arguments. What it does not give stays
 * open. */
static void answer_questions(void *user, cst_context *context, const cst_question *questions,
                             uint32_t count)
{
    const test_state *const test = user;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < test->evidence.checked->externs.count; k++) {
            const checked_step *const given = test->answers[k];
            if (given == NULL || strcmp(given->predicate, questions[i].predicate) != 0)
                continue;
            if (given->json != NULL)
                cst_answer(context, questions[i].id, given->json, strlen(given->json));
            else
                cst_answer_fails(context, questions[i].id);
        }
}

static void give_answer(const test_state *test, const checked_step *step)
{
    const checked_policy *const policy = test->evidence.checked;
    for (uint32_t k = 0; k < policy->externs.count; k++)
        if (strcmp(policy->externs.items[k].name, step->predicate) == 0)
            test->answers[k] = step;
}

/* Which questions the decision waits for. */
static void show_open(test_state *test)
{
    cst_question question;
    for (uint32_t i = 0; i < test->decision.question_count &&
                         cst_decision_question(&test->decision, i, &question) == CST_OK;
         i++)
        buffer_format(&test->reason,
                      "\n  the host is asked %s, and the test does not say what it answers: write "
                      "`given %s …`",
                      question.predicate, question.predicate);
}

static bool has_fired(const test_state *test, const char *name)
{
    cst_fired fired;
    for (uint32_t i = 0; cst_decision_rule(&test->decision, i, &fired) == CST_OK; i++)
        if (name == NULL ? fired.rule == NULL : fired.rule != NULL && strcmp(fired.rule, name) == 0)
            return true;
    return false;
}

static bool has_label(const test_state *test, const char *label)
{
    cst_fired fired;
    for (uint32_t i = 0; cst_decision_rule(&test->decision, i, &fired) == CST_OK; i++)
        if (fired.label != NULL && strcmp(fired.label, label) == 0)
            return true;
    return false;
}

static void expect(test_state *test, const checked_step *step)
{
    if (!test->decided) {
        fail(test, "there is no event before `expect`");
        return;
    }
    const char *const actual = verdict_words(test->decision.verdict);
    if (step->malformed) {
        if (!is_malformed(&test->decision))
            buffer_format(&test->reason,
                          "expected a malformed event, but it is well-formed: the decision is %s",
                          actual);
        return;
    }
    if (step->label != NULL && !has_label(test, step->label)) {
        buffer_format(&test->reason, "expected the label %s, but no rule that fired gave it",
                      step->label);
        return;
    }
    if (step->label == NULL && test->decision.verdict != step->verdict) {
        buffer_format(&test->reason, "expected %s, but the decision is %s",
                      verdict_words(step->verdict), actual);
        const cst_decision *const decision = &test->decision;
        if (decision->error_code != NULL) {
            buffer_text(&test->reason, ": ");
            error_show(&test->reason, decision);
        }
        if (decision->verdict == CST_PENDING)
            show_open(test);
        return;
    }
    for (uint32_t i = 0; i < step->by_count; i++) {
        const char *const name =
            step->by[i] == CST_NONE ? NULL : test->evidence.checked->rules.items[step->by[i]].name;
        if (has_fired(test, name))
            continue;
        buffer_format(&test->reason, "%s%s by %s, but that is not among what decided",
                      test->reason.length == 0 ? "expected " : "\nexpected ", actual,
                      name == NULL ? "default" : name);
    }
}

/* A member of what went on, or of the event where nothing changed it; NULL: there is no such text.
 */
static const cst_json *member_let_through(arena *memory, const buffer *bytes, const char *field)
{
    cst_json *json;
    json_problem problem;
    if (json_read(memory, bytes->bytes, bytes->length, LIMIT_JSON_SCANNER_DEPTH, &json, &problem) !=
        JSON_OK)
        return NULL;
    const cst_json *const found =
        json_member(strcmp(field, "text") == 0 ? json : json_member(json, "args"), field);
    return found != NULL && found->kind == JSON_STRING ? found : NULL;
}

static void expect_text(test_state *test, const checked_step *step)
{
    if (!test->decided) {
        fail(test, "there is no event before `expect`");
        return;
    }
    if (test->decision.verdict > CST_ESCALATE) {
        buffer_format(&test->reason, "expected a text that goes on, but the decision is %s",
                      verdict_words(test->decision.verdict));
        return;
    }
    arena memory;
    arena_init(&memory, NULL, 0);
    const cst_json *found = member_let_through(&memory, &test->decision_text, step->field);
    if (found == NULL)
        found = member_let_through(&memory, &test->event, step->field);
    if (found == NULL)
        buffer_format(&test->reason, "nothing called %s goes on", step->field);
    else if (found->length != step->text_length ||
             memcmp(found->text, step->text, found->length) != 0)
        buffer_format(&test->reason, "expected %s\n  %s\nbut what goes on is\n  %.*s", step->field,
                      step->text, (int)found->length, found->text);
    arena_free(&memory);
}

static void step_run(test_state *test, const checked_step *step)
{
    switch (step->kind) {
    case AST_STEP_GIVEN:
        if (step->predicate != NULL) {
            give_answer(test, step);
            return;
        }
        buffer_json_string(&test->given, step->record, strlen(step->record));
        buffer_format(&test->given, ":%s,", step->json);
        return;
    case AST_STEP_EXPECT_TEXT: expect_text(test, step); return;
    case AST_STEP_SYSTEM:
    case AST_STEP_INPUT:
    case AST_STEP_OUTPUT:
    case AST_STEP_ACTION:
    case AST_STEP_RESULT:
    case AST_STEP_MESSAGE: decide(test, step); return;
    case AST_STEP_WAIT:
        if (__builtin_add_overflow(test->now, step->wait_us, &test->now))
            fail(test, "the clock cannot wait so long");
        return;
    case AST_STEP_EXPECT: expect(test, step); return;
    case AST_STEP_APPROVED: approve(test, step); return;
    default: fail(test, "a step of this kind cannot be run"); return;
    }
}

/* The line of the step that failed; counted here, since a compilation that runs is not to be
 * changed. */
static uint32_t step_line(const test_state *test, const checked_step *step)
{
    const compilation *const unit = reference_compilation(test->evidence.module);
    const source *const text = &unit->sources.items[step->range.file];
    uint32_t line = 1;
    for (uint32_t i = 0; i < step->range.start && i < text->length; i++)
        line += text->bytes[i] == '\n';
    return line;
}

static void failure_print(test_state *test, const checked_step *step)
{
    if (step != NULL)
        out_format("        line %u\n", step_line(test, step));
    out_indented(test->reason.bytes, test->reason.length, 8);
    if (!test->decided)
        return;
    out_text("        event\n");
    out_indented(test->event.bytes, test->event.length, 10);
    if (test->decision_text.length > 0) {
        out_text("        decision\n");
        out_indented(test->decision_text.bytes, test->decision_text.length, 10);
    }
    if (test->evidence.rule_count > 0) {
        out_text("        why\n");
        out_indented(test->evidence.why.bytes, test->evidence.why.length, 10);
    }
}

bool test_steps(test_state *test, const checked_test *one, const checked_step **last)
{
    engine_forget_all(test->evidence.context);
    if (test->native_context != NULL)
        engine_forget_all(test->native_context);
    test->now = FIRST_MOMENT;
    memset(test->answers, 0, test->evidence.checked->externs.count * sizeof *test->answers);
    test->decided = false;
    buffer_clear(&test->given);
    buffer_clear(&test->standing);
    buffer_clear(&test->reason);
    buffer_clear(&test->decision_text);
    *last = NULL;
    for (uint32_t i = 0; i < one->step_count && test->reason.length == 0; i++)
        step_run(test, *last = &one->steps[i]);
    if (test->given.failed || test->event.failed || test->reason.failed ||
        test->decision_text.failed)
        fail(test, "out of memory");
    return test->reason.length == 0 && !test->reason.failed;
}

static void failure_add(test_state *test, const checked_test *one, const checked_step *step)
{
    buffer *const out = &test->report;
    buffer_text(out, out->bytes[out->length - 1] == '[' ? "{" : ",{");
    member_text(out, "test", one->title);
    buffer_format(out, ",\"line\":%u,", step != NULL ? step_line(test, step) : 0);
    member_text(out, "reason", test->reason.bytes != NULL ? test->reason.bytes : "");
    buffer_text(out, "}");
}

static void test_run(test_state *test, const checked_test *one)
{
    const checked_step *last;
    const bool good = test_steps(test, one, &last);
    test->passed += good;
    test->failed += !good;
    if (test->options->json) {
        if (!good)
            failure_add(test, one, last);
        return;
    }
    buffer title;
    buffer_init(&title, NULL, 0);
    show_text(&title, one->title, strlen(one->title), 0);
    out_format("%s  %s: %s\n", good ? "ok    " : "FAILED", test->path,
               title.length > 0 ? title.bytes : "");
    buffer_free(&title);
    if (!good)
        failure_print(test, last);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void worsen(test_state *test, int code)
{
    if (code > test->worst)
        test->worst = code;
}

/* The first member of a report, left open. */
static void report_begin(test_state *test)
{
    buffer_clear(&test->report);
    buffer_text(&test->report, "{");
    member_text(&test->report, "policy", test->path);
}

static void report_end(test_state *test)
{
    buffer_text(&test->report, "}\n");
    if (test->report.failed)
        complain("out of memory");
    else
        out_bytes(test->report.bytes, test->report.length);
}

/* The tests, and what is asked about them. */
static void tests_run(test_state *test)
{
    const checked_policy *const policy = test->evidence.checked;
    const uint64_t passed = test->passed, failed = test->failed;
    report_begin(test);
    buffer_text(&test->report, ",\"tests\":{\"failures\":[");
    if (test->options->coverage && !coverage_begin_file(test)) {
        worsen(test, EXIT_USAGE);
        return;
    }
    const char *const filter = test->options->filter;
    for (uint32_t i = 0; i < policy->tests.count; i++)
        if (filter == NULL || strstr(policy->tests.items[i].title, filter) != NULL)
            test_run(test, &policy->tests.items[i]);
    buffer_format(&test->report, "],\"passed\":%llu,\"failed\":%llu}",
                  (unsigned long long)(test->passed - passed),
                  (unsigned long long)(test->failed - failed));
    if (test->options->coverage && !coverage_report(test))
        worsen(test, EXIT_FAILED);
    test->coverage = NULL;
    if (test->options->mutate && test->failed > failed)
        complain("%s: its tests fail, so no mutant is run", test->path);
    else if (test->options->mutate && !mutants_run(test))
        worsen(test, EXIT_FAILED);
    if (test->options->json)
        report_end(test);
}

static void does_not_compile(test_state *test)
{
    test->failed++;
    if (!test->options->json) {
        out_format("FAILED  %s: does not compile\n", test->path);
        return;
    }
    report_begin(test);
    buffer_text(&test->report, ",\"compiles\":false");
    report_end(test);
}

static void test_file(test_state *test, const char *path)
{
    /* a key that both engines share: aliases are compared too */
    const cst_options runtime = {
        .size = sizeof runtime, .clock = test_clock, .clock_user = test, .key = {1}};
    const char *const engine = test->options->engine;
    int code = EXIT_GOOD;
    bool ready = true;
    test->path = path;
    test->compare = engine == NULL;
    test->native = NULL;
    test->native_context = NULL;
    if (policy_is_compiled(path)) {
        complain("%s is compiled: the tests stand in its source", path);
        worsen(test, EXIT_USAGE);
        return;
    }
    if (!evidence_open(&test->evidence, path, &runtime, &code)) {
        worsen(test, code);
        if (code == EXIT_FAILED)
            does_not_compile(test);
        return;
    }
    if (engine == NULL || strcmp(engine, "reference") != 0) {
        test->native = policy_load(path, engine == NULL ? CST_ENGINE_JIT : engine_of(engine),
                                   &runtime, NULL, &code);
        test->native_context = test->native == NULL ? NULL : cst_context_new(test->native);
        if (test->native_context == NULL) {
            complain("%s: native code could not be made", path);
            worsen(test, EXIT_USAGE);
            ready = false;
        }
    }
    test->answers =
        checked(calloc(test->evidence.checked->externs.count + 1u, sizeof *test->answers));
    cst_context_host(test->evidence.context, answer_questions, test, true);
    if (test->native_context != NULL)
        cst_context_host(test->native_context, answer_questions, test, true);
    if (ready)
        tests_run(test);
    free(test->answers);
    cst_context_free(test->native_context);
    cst_policy_release(test->native);
    evidence_close(&test->evidence);
    out_flush();
}

static void test_each(void *user, const char *path)
{
    test_file(user, path);
}

/* False after a message. */
static bool options_read(const cli_arguments *arguments, test_options *out)
{
    const struct {
        const char *name;
        uint64_t most, *value;
        bool wanted;
        const char *with;
    } numbers[] = {
        {"--min-coverage", 100, &out->least_coverage, out->coverage, "--coverage"},
        {"--min-killed", 100, &out->least_killed, out->mutate, "--mutate"},
        {"--mutants", LIMIT_MUTANTS, &out->mutants, out->mutate, "--mutate"},
        {"--seed", UINT32_MAX, &out->seed, out->mutate, "--mutate"},
    };
    for (uint32_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *const value = arguments_value(arguments, numbers[i].name, NULL);
        if (value == NULL)
            continue;
        if (!numbers[i].wanted) {
            complain("%s goes with %s", numbers[i].name, numbers[i].with);
            return false;
        }
        if (!number_read(numbers[i].name, value, numbers[i].most, numbers[i].value))
            return false;
    }
    if (out->filter != NULL && (out->mutate || out->coverage)) {
        complain("--coverage and --mutate ask what all tests hold: they do not go with --filter");
        return false;
    }
    return true;
}

int command_test(const cli_arguments *arguments)
{
    test_options options = {.engine = arguments_value(arguments, "--engine", NULL),
                            .json =
                                strcmp(arguments_value(arguments, "--format", "text"), "json") == 0,
                            .coverage = arguments_has(arguments, "--coverage"),
                            .mutate = arguments_has(arguments, "--mutate"),
                            .filter = arguments_value(arguments, "--filter", NULL),
                            .mutants = MUTANTS,
                            .seed = 1};
    test_state test = {.options = &options};
    if (!options_read(arguments, &options))
        return EXIT_USAGE;
    buffer *const buffers[] = {&test.given,     &test.event,     &test.decision_text, &test.reason,
                               &test.presented, &test.approvals, &test.standing,      &test.report};
    for (uint32_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_init(buffers[i], NULL, 0);
    for (uint32_t i = 0; i < arguments->word_count; i++)
        if (!policies_each(arguments->words[i], test_each, &test))
            worsen(&test, EXIT_USAGE);
    if (options.filter != NULL && test.passed + test.failed == 0 && test.worst == EXIT_GOOD) {
        complain("no test has \"%s\" in its title", options.filter);
        test.worst = EXIT_USAGE;
    }
    if (!options.json)
        out_format("%llu passed, %llu failed\n", (unsigned long long)test.passed,
                   (unsigned long long)test.failed);
    for (uint32_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_free(buffers[i]);
    if (test.worst == EXIT_GOOD && test.failed > 0)
        return EXIT_FAILED;
    return test.worst;
}

/*
 * Tests of the compile driver: the public calls, their errors, diagnostics, and every failed
 * allocation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <constitution/compiler.h>

#include "compiler/driver/driver.h"
#include "tests/unit/metered_memory.h"

static const char good[] =
    "constitution test \"1\"\n"
    "tool pay(amount: int, to: list<string>) acts\n"
    "rule large on action pay when args.amount + 1 > 100 then deny because \"too much\"\n"
    "rule unknown on action pay when any t in args.to satisfies t == \"eve\" then flag\n";
static const char bad[] = "constitution test \"1\"\n"
                          "tool pay(amount: int) acts\n"
                          "rule large on action pay when args.amuont > 100 then deny\n";

static cst_verdict decide(cst_policy *policy, const char *json)
{
    cst_context *context = cst_context_new(policy);
    assert_non_null(context);
    cst_decision decision;
    assert_int_equal(cst_decide_json(context, json, strlen(json), &decision), CST_OK);
    const cst_verdict verdict = decision.verdict;
    cst_context_free(context);
    return verdict;
}

static void every_engine_decides(void **state)
{
    (void)state;
    for (int engine = CST_ENGINE_JIT; engine <= CST_ENGINE_REFERENCE; engine++) {
        const cst_compiler_options options = {.size = sizeof options, .engine = (cst_engine)engine};
        cst_policy *policy = NULL;
        assert_int_equal(
            cst_policy_compile_text("test.const", good, sizeof good - 1, &options, &policy),
            CST_OK);
        assert_string_equal(cst_policy_name(policy), "test");
        assert_int_equal(
            decide(policy,
                   "{\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"amount\":5,\"to\":[]}}"),
            CST_PERMIT);
        assert_int_equal(decide(policy, "{\"stage\":\"action\",\"tool\":\"pay\",\"args\":{"
                                        "\"amount\":5,\"to\":[\"ann\",\"eve\"]}}"),
                         CST_FLAG);
        assert_int_equal(
            decide(policy,
                   "{\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"amount\":500,\"to\":[]}}"),
            CST_DENY);
        assert_int_equal(/* overflow: undecided, and a rule that restricts fires */
                         decide(policy, "{\"stage\":\"action\",\"tool\":\"pay\",\"args\":{"
                                        "\"amount\":9223372036854775807,\"to\":[]}}"),
                         CST_DENY);
        cst_policy_release(policy);
    }
}

static void options_may_be_left_out(void **state)
{
    (void)state;
    cst_policy *policy = NULL;
    assert_int_equal(cst_policy_compile_text("test.const", good, sizeof good - 1, NULL, &policy),
                     CST_OK);
    cst_policy_release(policy);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    cst_policy *policy = NULL;
    cst_compiler_options options = {.size = sizeof options};
    assert_int_equal(cst_policy_compile(NULL, NULL, &policy), CST_BAD_ARGUMENT);
    assert_int_equal(cst_policy_compile("x.const", NULL, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_policy_compile_text("x", NULL, 1, NULL, &policy), CST_BAD_ARGUMENT);
    options.engine = (cst_engine)7;
    assert_int_equal(cst_policy_compile_text("x", "", 0, &options, &policy), CST_BAD_ARGUMENT);
    options = (cst_compiler_options){.size = 0};
    assert_int_equal(cst_policy_compile_text("x", "", 0, &options, &policy), CST_BAD_ARGUMENT);
    assert_null(policy);
}

/* ---- diagnostics ----------------------------------------------------------------------------- */

typedef struct heard {
    uint32_t errors;
    char code[16], message[256];
    uint32_t line;
    bool has_file, has_rendered;
} heard;

static void listen(void *user, const cst_diagnostic *one)
{
    heard *so_far = user;
    if (!one->error)
        return;
    if (so_far->errors++ > 0)
        return;
    snprintf(so_far->code, sizeof so_far->code, "%s", one->code);
    snprintf(so_far->message, sizeof so_far->message, "%s", one->message);
    so_far->line = one->line;
    so_far->has_file = one->file != NULL;
    so_far->has_rendered = one->rendered != NULL && strstr(one->rendered, one->message) != NULL;
}

static void errors_are_told(void **state)
{
    (void)state;
    heard told = {0};
    cst_policy *policy = NULL;
    const cst_compiler_options options = {
        .size = sizeof options, .diagnostic = listen, .diagnostic_user = &told};
    assert_int_equal(cst_policy_compile_text("test.const", bad, sizeof bad - 1, &options, &policy),
                     CST_NOT_COMPILED);
    assert_null(policy);
    assert_int_equal(told.errors, 1);
    assert_int_equal(told.line, 3);
    assert_int_equal(told.code[0], 'E');
    assert_true(told.has_file);
    assert_true(told.has_rendered);
}

static void a_missing_file_is_an_io_error(void **state)
{
    (void)state;
    heard told = {0};
    cst_policy *policy = NULL;
    const cst_compiler_options options = {
        .size = sizeof options, .diagnostic = listen, .diagnostic_user = &told};
    assert_int_equal(cst_policy_compile("/nowhere/at/all.const", &options, &policy), CST_IO);
    assert_int_equal(told.errors, 1);
    assert_false(told.has_file);
    assert_non_null(strstr(told.message, "/nowhere/at/all.const"));
}

/* ---- reading through the caller -------------------------------------------------------------- */

static cst_status read_memory(void *user, const char *path, char **bytes, size_t *length)
{
    uint32_t *held = user;
    if (strcmp(path, "memory.const") != 0)
        return CST_IO;
    *length = sizeof good - 1;
    *bytes = malloc(sizeof good);
    if (*bytes == NULL)
        return CST_NO_MEMORY;
    memcpy(*bytes, good, sizeof good);
    ++*held;
    return CST_OK;
}

static void release_memory(void *user, char *bytes, size_t length)
{
    uint32_t *held = user;
    assert_int_equal(length, sizeof good - 1);
    free(bytes);
    --*held;
}

static void files_may_lie_in_memory(void **state)
{
    (void)state;
    uint32_t held = 0;
    cst_policy *policy = NULL;
    const cst_compiler_options options = {
        .size = sizeof options, .read = read_memory, .release = release_memory, .read_user = &held};
    assert_int_equal(cst_policy_compile("memory.const", &options, &policy), CST_OK);
    cst_policy_release(policy);
    assert_int_equal(held, 0);
    assert_int_equal(cst_policy_compile("other.const", &options, &policy), CST_IO);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void ignore(void *user, const cst_diagnostic *one)
{
    (void)user;
    (void)one;
}

static void no_failed_allocation_is_lost(void **state)
{
    (void)state;
    const struct {
        const char *text;
        cst_engine engine;
        cst_status end;
    } cases[] = {
        {good, CST_ENGINE_JIT, CST_OK},
        {good, CST_ENGINE_REFERENCE, CST_OK},
        {bad, CST_ENGINE_JIT, CST_NOT_COMPILED},
    };
    for (uint32_t c = 0; c < 3; c++) {
        cst_status status = CST_NO_MEMORY;
        for (int64_t allowed = 0; status == CST_NO_MEMORY; allowed++) {
            meter of = {.fail_at = (uint64_t)allowed + 1, .onwards = true};
            cst_compiler_options options = {
                .size = sizeof options, .engine = cases[c].engine, .diagnostic = ignore};
            options.runtime.allocator = metered(&of);
            cst_policy *policy = NULL;
            status = cst_policy_compile_text("test.const", cases[c].text, strlen(cases[c].text),
                                             &options, &policy);
            if (status == CST_OK)
                cst_policy_release(policy);
            assert_int_equal(of.bytes, 0);
            assert_true(allowed < 10000);
        }
        assert_int_equal(status, cases[c].end);
    }
}

/* ---- passes ---------------------------------------------------------------------------------- */

static void a_compilation_stops_where_it_is_told(void **state)
{
    (void)state;
    const driver_input input = {.path = "test.const", .text = good, .length = sizeof good - 1};
    for (int last = DRIVER_READ; last <= DRIVER_PLAN; last++) {
        compilation *unit = NULL;
        assert_int_equal(driver_begin(&input, NULL, (driver_pass)last, &unit), CST_OK);
        assert_int_equal(unit->sources.count > 0, true);
        assert_int_equal(unit->checked != NULL, last >= DRIVER_CHECK);
        assert_int_equal(unit->graph != NULL, last >= DRIVER_LOWER);
        assert_int_equal(unit->plan != NULL, last >= DRIVER_PLAN);
        driver_end(unit);
    }
    driver_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_engine_decides),
        cmocka_unit_test(options_may_be_left_out),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(errors_are_told),
        cmocka_unit_test(a_missing_file_is_an_io_error),
        cmocka_unit_test(files_may_lie_in_memory),
        cmocka_unit_test(no_failed_allocation_is_lost),
        cmocka_unit_test(a_compilation_stops_where_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * compiler_texts_test.c - what must hold when texts of a session are lost, and that many texts and
 * many patterns stay cheap.
 *
 * A session that lost a text (its system prompt could not be read, memory was short, a bound was
 * reached) does not know what it lost: every rule that asks `repeats` of it is undecided, so
 * restrictions fire and permits do not count. Each way of losing one is tried here with native code
 * and with the reference evaluator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <constitution/compiler.h>

#include "runtime/base/buffer.h"
#include "runtime/limits.h"
#include "tests/unit/effort.h"
#include "tests/unit/metered_memory.h"

static const cst_engine engines[] = {CST_ENGINE_JIT, CST_ENGINE_REFERENCE};

static cst_policy *compile(const char *text, cst_engine engine, cst_options runtime)
{
    cst_policy *policy = NULL;
    cst_compiler_options options = {.size = sizeof options, .engine = engine, .runtime = runtime};
    options.runtime.size = sizeof options.runtime;
    assert_int_equal(cst_policy_compile_text("texts.const", text, strlen(text), &options, &policy),
                     CST_OK);
    return policy;
}

static cst_status decide(cst_context *context, const char *json, cst_decision *out)
{
    return cst_decide_json(context, json, strlen(json), out);
}

static cst_verdict verdict(cst_context *context, const char *json)
{
    cst_decision decision;
    assert_int_equal(decide(context, json, &decision), CST_OK);
    assert_null(decision.error_code);
    return decision.verdict;
}

/* ---- lost system prompts --------------------------------------------------------------------- */

static const char prompt_policy[] =
    "constitution t \"1\"\n"
    "default message deny\n"
    "rule leak on output when text repeats 12 chars of system then deny\n"
    "rule cut on result when text repeats 12 chars of system then redact with \"[prompt]\"\n"
    "rule echoed on input when text repeats 12 chars of output then deny\n"
    "permit quiet on message when not (text repeats 12 chars of system)\n";

#define OUTPUT(session)                                                                            \
    "{\"stage\":\"output\",\"session\":\"" session "\",\"text\":\"a harmless text\"}"
#define RESULT(session)                                                                            \
    "{\"stage\":\"result\",\"tool\":\"t\",\"session\":\"" session "\",\"text\":\"a harmless "      \
    "text\"}"
#define LEAK(session)                                                                              \
    "{\"stage\":\"result\",\"tool\":\"t\",\"session\":\"" session                                  \
    "\",\"text\":\"He said: You are the assistant!\"}"
#define MESSAGE(session)                                                                           \
    "{\"stage\":\"message\",\"from\":\"a\",\"to\":\"b\",\"session\":\"" session                    \
    "\",\"text\":\"a harmless text\"}"
#define INPUT(session)                                                                             \
    "{\"stage\":\"input\",\"session\":\"" session "\",\"text\":\"nothing that is said again\"}"

static void expect_known(cst_context *context)
{
    assert_int_equal(verdict(context, OUTPUT("other")), CST_PERMIT);
    assert_int_equal(verdict(context, RESULT("other")), CST_PERMIT);
    assert_int_equal(verdict(context, MESSAGE("other")), CST_PERMIT);
}

static void expect_lost(cst_context *context)
{
    cst_decision decision;
    cst_fired fired;
    assert_int_equal(decide(context, OUTPUT("s"), &decision), CST_OK);
    assert_int_equal(decision.verdict, CST_DENY);
    assert_int_equal(decision.rule_count, 1);
    assert_int_equal(cst_decision_rule(&decision, 0, &fired), CST_OK);
    assert_string_equal(fired.rule, "leak");
    assert_non_null(fired.undecided_code);
    assert_int_equal(verdict(context, RESULT("s")), CST_DENY);
    assert_int_equal(verdict(context, MESSAGE("s")), CST_DENY);
}

typedef struct loss {
    const char *json; /* a system event; NULL: by call */
    const char *text;
    size_t length;
    bool everywhere; /* which session it was is not known */
} loss;

static const loss losses[] = {
    {.json = "{\"stage\":\"system\",\"session\":\"s\"}"},
    {.json = "{\"stage\":\"system\",\"session\":\"s\",\"text\":null}"},
    {.json = "{\"stage\":\"system\",\"session\":\"s\",\"text\":17}"},
    {.json = "{\"stage\":\"system\",\"session\":\"s\",\"text\":[\"You are\"]}"},
    {.json = "{\"stage\":\"system\",\"session\":\"s\",\"time\":\"yesterday\",\"text\":\"You are "
             "the assistant\"}"},
    {.json = "{\"stage\":\"system\",\"session\":\"s\",\"text\":\"You are \xff\"}"},
    {.json = "{\"session\":\"s\",\"stage\":\"system\",\"text\":\"You are"},
    {.json = "{\"session\":\"s\",\"text\":\"You are \xff\",\"stage\":\"system\"}"},
    {.json = "{\"stage\":\"system\",\"text\":\"You are \xff\",\"session\":\"s\"}",
     .everywhere = true},
    {.json = "{\"stage\":\"system\",\"session\":\"s\",\"text\":\"a text that goes on and on, past "
             "the bound of events that this host has set, which is two hundred bytes, "
             "and then some, and then some, and then some, and then some, and then some, and then "
             "some\"}"},
    {.text = "You are \xff", .length = 9},
    {.text = "You are", .length = LIMIT_TEXT_BYTES + 1u},
    {.text = NULL, .length = 7},
};

static void lose_prompt(cst_context *context, const loss *one)
{
    cst_decision decision;
    if (!one->json) {
        assert_int_not_equal(cst_session_system(context, "s", 1, one->text, one->length), CST_OK);
        return;
    }
    assert_int_equal(decide(context, one->json, &decision), CST_OK);
    assert_int_equal(decision.verdict, CST_DENY);
    assert_non_null(decision.error_code);
}

static void test_lost_prompts(void **unused)
{
    (void)unused;
    const cst_options runtime = {.limits = {.event_bytes = 200}};
    for (uint32_t e = 0; e < 2; e++) {
        cst_policy *const policy = compile(prompt_policy, engines[e], runtime);
        for (uint32_t i = 0; i < sizeof losses / sizeof *losses; i++) {
            cst_context *const context = cst_context_new(policy);
            expect_known(context);
            assert_int_equal(verdict(context, OUTPUT("s")), CST_PERMIT);
            assert_int_equal(cst_session_system(context, "known", 5, "You are the assistant", 21),
                             CST_OK);
            assert_int_equal(verdict(context, LEAK("known")), CST_REDACT);
            lose_prompt(context, &losses[i]);
            expect_lost(context);
            if (losses[i].everywhere)
                assert_int_equal(verdict(context, OUTPUT("other")), CST_DENY);
            else
                expect_known(context);
            /* a prompt that comes later does not bring the lost one back */
            assert_int_equal(cst_session_system(context, "s", 1, "You are the assistant", 21),
                             CST_OK);
            expect_lost(context);
            assert_int_equal(verdict(context, LEAK("s")), CST_DENY);
            if (!losses[i].everywhere) /* what asks for other texts is as before */
                assert_int_equal(verdict(context, INPUT("s")), CST_PERMIT);
            cst_context_forget(context);
            assert_int_equal(verdict(context, OUTPUT("s")), CST_PERMIT);
            cst_context_free(context);
        }
        cst_policy_release(policy);
    }
}

/* ---- lost texts ------------------------------------------------------------------------------ */

static const char echo_policy[] =
    "constitution t \"1\"\n"
    "default message deny\n"
    "rule parrot on output when text repeats 12 chars of user then deny\n"
    "permit quiet on message when not (text repeats 12 chars of user)\n";

/* The table of sessions is full: of a session that is not in it, texts are missing. */
static void test_too_many_sessions(void **unused)
{
    (void)unused;
    const cst_options runtime = {.limits = {.sessions = 1}};
    for (uint32_t e = 0; e < 2; e++) {
        cst_policy *const policy = compile(echo_policy, engines[e], runtime);
        cst_context *const context = cst_context_new(policy);
        assert_int_equal(verdict(context, INPUT("first")), CST_PERMIT);
        assert_int_equal(verdict(context, OUTPUT("second")), CST_PERMIT);
        assert_int_equal(verdict(context, INPUT("second")), CST_PERMIT);
        assert_int_equal(verdict(context, OUTPUT("second")), CST_DENY);
        assert_int_equal(verdict(context, MESSAGE("second")), CST_DENY);
        assert_int_equal(verdict(context, OUTPUT("first")), CST_PERMIT);
        assert_int_equal(verdict(context, MESSAGE("first")), CST_PERMIT);
        cst_context_free(context);
        cst_policy_release(policy);
    }
}

/* A session whose first text got no memory does not forget that when its second one is stored. */
static void test_no_memory_for_a_text(void **unused)
{
    (void)unused;
    meter memory = {.onwards = true};
    const cst_options runtime = {.allocator = metered(&memory)};
    cst_policy *const policy = compile(echo_policy, CST_ENGINE_REFERENCE, runtime);
    cst_context *const context = cst_context_new(policy);
    cst_decision decision;
    for (uint32_t i = 0; i < 3; i++) { /* the context's own buffers are there */
        assert_int_equal(verdict(context, INPUT("warm")), CST_PERMIT);
        assert_int_equal(verdict(context, OUTPUT("warm")), CST_PERMIT);
    }
    memory.fail_at = 1;
    assert_int_equal(decide(context, INPUT("s"), &decision), CST_OK);
    memory.fail_at = 0;
    assert_int_equal(decision.verdict, CST_PERMIT);
    assert_int_equal(verdict(context, OUTPUT("s")), CST_DENY);
    assert_int_equal(verdict(context, INPUT("s")), CST_PERMIT);
    assert_int_equal(verdict(context, OUTPUT("s")), CST_DENY);
    assert_int_equal(verdict(context, MESSAGE("s")), CST_DENY);
    assert_int_equal(verdict(context, OUTPUT("warm")), CST_PERMIT);
    cst_context_free(context);
    cst_policy_release(policy);
}

/* ---- cutting many ---------------------------------------------------------------------------- */

static void add_texts(buffer *event, const char *name, const char *text, uint32_t count)
{
    buffer_format(event, "\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++)
        buffer_format(event, "%s\"%s%u@example.com\"", i ? "," : "", text, i);
    buffer_text(event, "]");
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Seconds that the decision takes; the least of three. */
static double cut_many(cst_context *context, uint32_t count)
{
    buffer event;
    buffer_init(&event, NULL, 0);
    buffer_text(&event, "{\"stage\":\"action\",\"tool\":\"t\",\"args\":{");
    add_texts(&event, "l", "write to ann", count);
    buffer_text(&event, ",");
    add_texts(&event, "to", "bob", count);
    buffer_text(&event, "}}");
    double least = 1e9;
    for (uint32_t i = 0; i < 3; i++) {
        cst_decision decision;
        const char *args;
        size_t length;
        const double start = now();
        assert_int_equal(cst_decide_json(context, event.bytes, event.length, &decision), CST_OK);
        const double seconds = now() - start;
        assert_int_equal(decision.verdict, CST_REDACT);
        assert_int_equal(cst_decision_args(&decision, &args, &length), CST_OK);
        assert_non_null(strstr(args, "\"write to [x]\",\"write to [x]\""));
        assert_null(strstr(args, "ann0"));
        assert_non_null(strstr(args, "bob0@example.com"));
        if (seconds < least)
            least = seconds;
    }
    buffer_free(&event);
    return least;
}

/* Twenty times the texts and identities: some twenty times the time; where each text is compared
 * with others it is four hundred times. */
static void test_cutting_is_linear(void **unused)
{
    (void)unused;
    cst_policy *const policy =
        compile("constitution t \"1\"\n"
                "import std.pii\n"
                "tool t(l: list<string>(100000), to: list<email>(100000)) acts\n"
                "rule mails on action t when any x in args.l satisfies x contains pii.email then "
                "redact with \"[x]\"\n"
                "rule outside on action t when any a in args.to satisfies a.domain == "
                "\"evil.test\" then deny\n",
                CST_ENGINE_JIT, (cst_options){0});
    cst_context *const context = cst_context_new(policy);
    const double few = cut_many(context, SAMPLE(3000, 300)),
                 many = cut_many(context, SAMPLE(60000, 6000));
    if (many > 60 * few)
        fail_msg("some texts took %.4f s, twenty times as many %.4f s", few, many);
    cst_context_free(context);
    cst_policy_release(policy);
}

/* Seconds to compile this many rules, each with a phrase of its own for one field; the least of
 * two. */
static double compile_many(uint32_t count)
{
    buffer text;
    buffer_init(&text, NULL, 0);
    buffer_text(&text, "constitution t \"1\"\n");
    for (uint32_t i = 0; i < count; i++)
        buffer_format(
            &text, "rule r%u on output when text contains \"needle %06u hay\" then deny\n", i, i);
    double least = 1e9;
    for (uint32_t i = 0; i < 2; i++) {
        const double start = now();
        cst_policy_release(compile(text.bytes, CST_ENGINE_REFERENCE, (cst_options){0}));
        const double seconds = now() - start;
        if (seconds < least)
            least = seconds;
    }
    buffer_free(&text);
    return least;
}

/* Where each new pattern, or each new list of them, is compared with all that are known, ten times
 * as many take some fifty times as long. */
static void test_many_patterns(void **unused)
{
    (void)unused;
    const double few = compile_many(SAMPLE(2000, 500)), many = compile_many(SAMPLE(20000, 5000));
    if (many > 30 * few)
        fail_msg("some patterns took %.3f s, ten times as many %.3f s", few, many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost_prompts),         cmocka_unit_test(test_too_many_sessions),
        cmocka_unit_test(test_no_memory_for_a_text), cmocka_unit_test(test_cutting_is_linear),
        cmocka_unit_test(test_many_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

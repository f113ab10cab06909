/*
 * compiler_session_test.c - sessions as bytes: saving and loading at every point changes no
 * decision, and nothing else can be loaded.
 *
 * A trace of events is decided twice: by one context that lives through it, and by contexts that
 * each decide one event between loading and saving, on JIT and reference evaluator in turn. Then
 * the bytes are cut at every length and changed at every place; each of those must be refused, and
 * the session's events denied.
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

#include "runtime/hmac.h"

static const char policy_text[] =
    "constitution s \"1\"\n"
    "context user { id: string }\n"
    "tool pay(amount: decimal, to: string, note?: string) pays\n"
    "tool search(query: string) reads\n"
    "rule many on action search when count of action search within 1m > 2 then deny\n"
    "rule again on action pay when earlier action pay with same args.to within 1h then flag\n"
    "rule total on action pay when sum of args.amount over action pay within 1d > 100.0 then deny\n"
    "rule spread on action pay when distinct of args.to over action pay > 2 then refuse\n"
    "rule last on action pay when (latest of args.to over action pay else \"\") == args.to then "
    "flag\n"
    "rule order on action pay unless earlier action search followed by result search since (input "
    "where text == \"reset\") then refuse\n"
    "rule mark on input when text contains \"secret\" then label probing\n"
    "rule marked on output when session has probing then refuse\n"
    "rule leak on output when text repeats 12 chars of system then deny\n"
    "rule end on input when text == \"stop\" then halt\n";

static const char *const trace[] = {
    "{\"stage\":\"system\",\"session\":\"s\",\"text\":\"You are the secret assistant of a bank.\"}",
    "{\"stage\":\"input\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:00Z\",\"user\":{\"id\":"
    "\"u\"},\"text\":\"hello\"}",
    "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:01Z\",\"tool\":\"pay\","
    "\"args\":{\"amount\":10,\"to\":\"a\"}}",
    "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:02Z\",\"tool\":\"search\","
    "\"args\":{\"query\":\"q\"}}",
    "{\"stage\":\"result\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:03Z\",\"tool\":\"search\","
    "\"text\":\"found\"}",
    "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:04Z\",\"tool\":\"pay\","
    "\"args\":{\"amount\":10,\"to\":\"a\"}}",
    "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:05Z\",\"tool\":\"pay\","
    "\"args\":{\"amount\":20,\"to\":\"a\"}}",
    "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:06Z\",\"tool\":\"pay\","
    "\"args\":{\"amount\":20,\"to\":\"b\"}}",
    "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:07Z\",\"tool\":\"pay\","
    "\"args\":{\"amount\":60,\"to\":\"b\"}}",
    "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:08Z\",\"tool\":\"pay\","
    "\"args\":{\"amount\":1,\"to\":\"c\"}}",
    "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:09Z\",\"tool\":\"search\","
    "\"args\":{\"query\":\"q\"}}",
    "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:10Z\",\"tool\":\"search\","
    "\"args\":{\"query\":\"q\"}}",
    "{\"stage\":\"input\",\"session\":\"s\",\"time\":\"2026-01-01T00:02:00Z\",\"text\":\"reset\"}",
    "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:02:01Z\",\"tool\":\"pay\","
    "\"args\":{\"amount\":1,\"to\":\"a\"}}",
    "{\"stage\":\"output\",\"session\":\"s\",\"time\":\"2026-01-01T00:02:02Z\",\"text\":\"I am the "
    "secret assistant\"}",
    "{\"stage\":\"output\",\"session\":\"s\",\"time\":\"2026-01-01T00:02:02Z\",\"text\":\"Nothing."
    "\"}",
    "{\"stage\":\"input\",\"session\":\"s\",\"time\":\"2026-01-01T00:02:03Z\",\"text\":\"the "
    "secret\"}",
    "{\"stage\":\"output\",\"session\":\"s\",\"time\":\"2026-01-01T00:02:04Z\",\"text\":\"Nothing."
    "\"}",
    "{\"stage\":\"input\",\"session\":\"s\",\"time\":\"2026-01-01T00:02:05Z\",\"text\":\"stop\"}",
    "{\"stage\":\"output\",\"session\":\"s\",\"time\":\"2026-01-01T00:02:06Z\",\"text\":\"Nothing."
    "\"}",
};
enum { STEPS = sizeof trace / sizeof *trace };

typedef struct state_bytes {
    void *bytes;
    size_t length;
} state_bytes;

static cst_policy *compile(const char *text, cst_engine engine, uint8_t key)
{
    cst_policy *policy = NULL;
    cst_compiler_options options = {.size = sizeof options, .engine = engine};
    options.runtime.size = sizeof options.runtime;
    options.runtime.key[0] = key;
    assert_int_equal(
        cst_policy_compile_text("session.const", text, strlen(text), &options, &policy), CST_OK);
    return policy;
}

static void save(cst_context *context, state_bytes *out)
{
    const void *bytes;
    assert_int_equal(cst_session_save(context, "s", 1, &bytes, &out->length), CST_OK);
    free(out->bytes);
    out->bytes = malloc(out->length);
    assert_non_null(out->bytes);
    memcpy(out->bytes, bytes, out->length);
}

/* The decision as JSON; free() it. */
static char *decide(cst_context *context, const char *event)
{
    cst_decision decision;
    const char *json;
    size_t length;
    assert_int_equal(cst_decide_json(context, event, strlen(event), &decision), CST_OK);
    assert_int_equal(cst_decision_json(&decision, &json, &length), CST_OK);
    char *const copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, json, length + 1);
    return copy;
}

static void saving_at_every_point_changes_nothing(void **unused)
{
    (void)unused;
    cst_policy *const policies[] = {compile(policy_text, CST_ENGINE_JIT, 7),
                                    compile(policy_text, CST_ENGINE_REFERENCE, 7)};
    cst_context *const whole = cst_context_new(policies[0]);
    state_bytes state = {NULL, 0};
    unsigned verdicts = 0;
    for (int i = 0; i < STEPS; i++) {
        char *const expected = decide(whole, trace[i]);
        cst_context *const part = cst_context_new(policies[i % 2]);
        cst_restored report;
        if (i > 0) {
            assert_int_equal(cst_session_load(part, "s", 1, state.bytes, state.length, &report),
                             CST_OK);
            assert_true(report.same_policy);
            assert_int_equal(report.dropped, 0);
        }
        char *const got = decide(part, trace[i]);
        assert_string_equal(got, expected);
        const char *const end = strchr(expected + 13, '"');
        verdicts |= 1u << ((end - expected) % 31);
        save(part, &state);
        cst_context_free(part);
        free(expected);
        free(got);
    }
    assert_true(verdicts & (verdicts - 1)); /* the trace is decided in more than one way */
    free(state.bytes);
    cst_context_free(whole);
    cst_policy_release(policies[0]);
    cst_policy_release(policies[1]);
}

/* What was in the window has left it, and nothing has come since: what is saved then begins again
 * with an empty ring. */
static void a_window_that_has_emptied(void **unused)
{
    (void)unused;
    static const char text[] =
        "constitution windows \"1\"\ntool pay(n: int) pays\ndefault action allow\n"
        "rule often on input, action pay when count of action pay within 10s > 2 then flag\n"
        "rule sums on input, action pay when sum of args.n over action pay within 10s > 5 then "
        "flag\n"
        "rule wide on input, action pay when distinct of args.n over action pay within 10s > 2 "
        "then flag\n";
    static const char *const events[] = {
        "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:00Z\",\"tool\":"
        "\"pay\",\"args\":{\"n\":3}}",
        "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:01Z\",\"tool\":"
        "\"pay\",\"args\":{\"n\":2}}",
        "{\"stage\":\"input\",\"session\":\"s\",\"time\":\"2026-01-01T00:10:00Z\",\"text\":\"x\"}",
        "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:10:01Z\",\"tool\":"
        "\"pay\",\"args\":{\"n\":4}}",
        "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:10:02Z\",\"tool\":"
        "\"pay\",\"args\":{\"n\":4}}",
        "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:10:03Z\",\"tool\":"
        "\"pay\",\"args\":{\"n\":5}}",
        "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:10:04Z\",\"tool\":"
        "\"pay\",\"args\":{\"n\":6}}"};
    static const char *const fired[] = {"", "", "", "", "sums", "often,sums", "often,sums,wide"};
    cst_policy *const policy = compile(text, CST_ENGINE_JIT, 7);
    cst_context *whole = cst_context_new(policy), *part = cst_context_new(policy);
    state_bytes state = {NULL, 0};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        char *const expected = decide(whole, events[i]), *const got = decide(part, events[i]);
        assert_string_equal(got, expected);
        assert_int_equal(strstr(got, "windows.often") || strstr(got, "\"often\""),
                         strstr(fired[i], "often") != NULL);
        assert_int_equal(strstr(got, "windows.wide") || strstr(got, "\"wide\""),
                         strstr(fired[i], "wide") != NULL);
        free(expected);
        free(got);
        save(part, &state);
        cst_context_free(part);
        part = cst_context_new(policy);
        assert_int_equal(cst_session_load(part, "s", 1, state.bytes, state.length, NULL), CST_OK);
    }
    free(state.bytes);
    cst_context_free(whole);
    cst_context_free(part);
    cst_policy_release(policy);
}

/* The state after the first `steps` events. */
static state_bytes state_after(cst_policy *policy, int steps)
{
    state_bytes state = {NULL, 0};
    cst_context *const context = cst_context_new(policy);
    for (int i = 0; i < steps; i++)
        free(decide(context, trace[i]));
    save(context, &state);
    cst_context_free(context);
    return state;
}

static void expect_distrusted(cst_context *context)
{
    char *const denied = decide(context, "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"x\"}");
    assert_non_null(strstr(denied, "\"decision\":\"deny\""));
    assert_non_null(strstr(denied, "session-state"));
    free(denied);
}

static void what_was_changed_is_refused(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 7);
    state_bytes state = state_after(policy, 10);
    cst_context *const context = cst_context_new(policy);
    for (size_t length = 0; length < state.length; length += length < 300 ? 1 : 97) {
        char *const part = malloc(length + 1);
        assert_non_null(part);
        memcpy(part, state.bytes, length);
        assert_int_equal(cst_session_load(context, "s", 1, part, length, NULL), CST_BAD_STATE);
        free(part);
    }
    expect_distrusted(context);
    for (size_t at = 0; at < state.length; at += at < 300 ? 1 : 53) {
        ((uint8_t *)state.bytes)[at] ^= 1;
        assert_int_equal(cst_session_load(context, "s", 1, state.bytes, state.length, NULL),
                         CST_BAD_STATE);
        ((uint8_t *)state.bytes)[at] ^= 1;
    }
    expect_distrusted(context);
    /* a session that is distrusted stays so in its own bytes */
    state_bytes bad = {NULL, 0};
    save(context, &bad);
    cst_context *const other = cst_context_new(policy);
    assert_int_equal(cst_session_load(other, "s", 1, bad.bytes, bad.length, NULL), CST_OK);
    expect_distrusted(other);
    free(bad.bytes);
    /* good bytes make it good again; those of another session, or another key, do not */
    assert_int_equal(cst_session_load(context, "s", 1, state.bytes, state.length, NULL), CST_OK);
    free(decide(context, trace[10]));
    assert_int_equal(cst_session_load(context, "t", 1, state.bytes, state.length, NULL),
                     CST_BAD_STATE);
    cst_policy *const stranger = compile(policy_text, CST_ENGINE_JIT, 8);
    cst_context *const third = cst_context_new(stranger);
    assert_int_equal(cst_session_load(third, "s", 1, state.bytes, state.length, NULL),
                     CST_BAD_STATE);
    expect_distrusted(third);
    cst_context_free(third);
    cst_policy_release(stranger);
    cst_context_free(other);
    cst_context_free(context);
    free(state.bytes);
    cst_policy_release(policy);
}

/* Signed right, and nonsense: every place of the body set to 0xff in turn. It may be loaded or not;
 * nothing is read outside, nothing leaks. */
static void signed_nonsense_does_no_harm(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 7);
    state_bytes state = state_after(policy, 10);
    uint8_t key[32] = {7}, *const bytes = state.bytes;
    unsigned loaded = 0, refused = 0;
    for (size_t at = 40; at < state.length - 32; at++)
        for (int kind = 0; kind < 2; kind++) {
            const uint8_t before = bytes[at];
            bytes[at] = kind ? 0xff : (uint8_t)(before + 1);
            hmac_sha256(key, sizeof key, bytes, state.length - 32, bytes + state.length - 32);
            cst_context *const context = cst_context_new(policy);
            const bool good =
                cst_session_load(context, "s", 1, bytes, state.length, NULL) == CST_OK;
            loaded += good;
            refused += !good;
            for (int i = 10; i < STEPS; i++)
                free(decide(context, trace[i]));
            cst_context_free(context);
            bytes[at] = before;
        }
    assert_true(loaded > 0);
    assert_true(refused > 0);
    free(state.bytes);
    cst_policy_release(policy);
}

static void another_policy_keeps_what_it_asks(void **unused)
{
    (void)unused;
    static const char next_text[] =
        "constitution s \"2\"\n"
        "context user { id: string }\n"
        "tool pay(amount: decimal, to: string, note?: string) pays\n"
        "tool search(query: string) reads\n"
        "rule new on action search when earlier action pay then refuse\n"
        "rule again on action pay when earlier action pay with same args.to within 1h then deny\n"
        "rule marked on output when session has probing then refuse\n"
        "rule mark on input when text contains \"secret\" then label probing\n";
    cst_policy *const first = compile(policy_text, CST_ENGINE_JIT, 7), *const second = compile(
                                                                           next_text,
                                                                           CST_ENGINE_JIT, 7);
    state_bytes state = state_after(first, 6);
    cst_context *const context = cst_context_new(second);
    cst_restored report;
    assert_int_equal(cst_session_load(context, "s", 1, state.bytes, state.length, &report), CST_OK);
    assert_false(report.same_policy);
    assert_int_equal(report.kept, 1);
    assert_true(report.dropped >= 5);
    char *const again = decide(context, trace[6]);
    assert_non_null(strstr(again, "\"decision\":\"deny\""));
    assert_null(strstr(again, "undecided"));
    /* what is asked now and was not before is not known */
    char *const asked = decide(context, trace[9 + 1]);
    assert_non_null(strstr(asked, "\"decision\":\"refuse\""));
    assert_non_null(strstr(asked, "undecided"));
    free(again);
    free(asked);
    cst_context_free(context);
    free(state.bytes);
    cst_policy_release(first);
    cst_policy_release(second);
}

static void a_key_is_needed(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 0);
    cst_context *const context = cst_context_new(policy);
    const void *bytes;
    size_t length;
    assert_int_equal(cst_session_save(context, "s", 1, &bytes, &length), CST_BAD_ARGUMENT);
    assert_int_equal(cst_session_load(context, "s", 1, "x", 1, NULL), CST_BAD_ARGUMENT);
    cst_context_free(context);
    cst_policy_release(policy);
}

/* RFC 4231, cases 1, 2 and 6. */
static void signatures_are_those_of_the_standard(void **unused)
{
    (void)unused;
    static const struct {
        uint8_t byte;
        uint32_t key_length;
        const char *key, *data, *hex;
    } cases[] = {
        {0x0b, 20, NULL, "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {0, 4, "Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t key[131], out[32];
        char hex[65];
        memset(key, cases[i].byte, sizeof key);
        if (cases[i].key)
            memcpy(key, cases[i].key, cases[i].key_length);
        hmac_sha256(key, cases[i].key_length, cases[i].data, strlen(cases[i].data), out);
        for (int k = 0; k < 32; k++)
            snprintf(hex + 2 * k, 3, "%02x", out[k]);
        assert_string_equal(hex, cases[i].hex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saving_at_every_point_changes_nothing),
        cmocka_unit_test(a_window_that_has_emptied),
        cmocka_unit_test(what_was_changed_is_refused),
        cmocka_unit_test(signed_nonsense_does_no_harm),
        cmocka_unit_test(another_policy_keeps_what_it_asks),
        cmocka_unit_test(a_key_is_needed),
        cmocka_unit_test(signatures_are_those_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * compiler_shared_test.c - what is kept across sessions, as bytes: a process that starts again with
 * them decides as if it had not stopped, and nothing else can be loaded. compiler_session_test.c
 * does the same for sessions.
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

#define HEAD                                                                                       \
    "constitution shared \"1\"\ncontext user { id: string }\ntool pay(to: string, n: int) pays\n"

static const char policy_text[] =
    HEAD "rule q1 on action pay when count of action pay with same user.id across sessions within "
         "1m >= 3 then flag\n"
         "rule q2 on action pay when sum of args.n over action pay with same user.id across "
         "sessions within 1h > 40 then flag\n"
         "rule q3 on action pay when distinct of args.to over action pay with same user.id across "
         "sessions within 1h >= 3 then flag\n"
         "rule q4 on action pay when (latest of args.to over action pay with same user.id across "
         "sessions within 1h else \"\") == \"bob\" then flag\n"
         "rule q5 on action pay when earlier action pay followed by input with same user.id across "
         "sessions within 1h then flag\n"
         "rule q6 on action pay when earlier stopped input with same user.id across sessions "
         "within 30s then flag\n"
         "rule stop on input when text == \"STOP\" then deny\n";

static uint64_t state = 3;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static cst_policy *compile(const char *text, cst_engine engine, uint8_t key)
{
    cst_policy *policy = NULL;
    cst_compiler_options options = {.size = sizeof options, .engine = engine};
    options.runtime.size = sizeof options.runtime;
    options.runtime.key[0] = key;
    assert_int_equal(cst_policy_compile_text("shared.const", text, strlen(text), &options, &policy),
                     CST_OK);
    return policy;
}

static void event_make(char json[300], uint32_t second)
{
    const char *const session = (const char *[]){"s", "t", "v"}[draw(3)], *const user =
                                                                              draw(3) ? "u" : "w";
    char head[160];
    snprintf(head, sizeof head,
             "\"session\":\"%s\",\"user\":{\"id\":\"%s\"},\"time\":\"2026-01-01T00:%02u:%02uZ\"",
             session, user, second / 60, second % 60);
    if (draw(3))
        snprintf(json, 300,
                 "{\"stage\":\"action\",\"tool\":\"pay\",%s,\"args\":{\"to\":\"%s\",\"n\":%u}}",
                 head, (const char *[]){"ann", "bob", "cid", "dan"}[draw(4)], draw(9));
    else
        snprintf(json, 300, "{\"stage\":\"input\",%s,\"text\":\"%s\"}", head,
                 draw(2) ? "STOP" : "hi");
}

static void decide(cst_context *context, const char *json, char out[2000])
{
    cst_decision decision;
    const char *text;
    size_t length;
    assert_int_equal(cst_decide_json(context, json, strlen(json), &decision), CST_OK);
    assert_null(decision.error_code);
    assert_int_equal(cst_decision_json(&decision, &text, &length), CST_OK);
    assert_true(length < 2000);
    memcpy(out, text, length + 1);
}

typedef struct state_bytes {
    uint8_t *bytes;
    size_t length;
} state_bytes;

static void save(cst_context *context, state_bytes *out)
{
    const void *bytes;
    assert_int_equal(cst_shared_save(context, &bytes, &out->length), CST_OK);
    out->bytes = realloc(out->bytes, out->length);
    memcpy(out->bytes, bytes, out->length);
}

static cst_status load(cst_context *context, const state_bytes *from)
{
    return cst_shared_load(context, from->bytes, from->length, NULL);
}

/* Each event is decided by a policy that was opened for it, between loading and saving. */
static void saving_at_every_point_changes_nothing(void **unused)
{
    (void)unused;
    cst_policy *const lives = compile(policy_text, CST_ENGINE_JIT, 1);
    cst_context *const whole = cst_context_new(lives);
    state_bytes kept = {0};
    uint32_t flags = 0;
    for (uint32_t i = 0; i < 60; i++) {
        char json[300], wanted[2000], got[2000];
        event_make(json, i * 20 + draw(15));
        decide(whole, json, wanted);
        cst_policy *const again =
            compile(policy_text, i % 2 ? CST_ENGINE_JIT : CST_ENGINE_REFERENCE, 1);
        cst_context *const next = cst_context_new(again);
        if (kept.bytes)
            assert_int_equal(load(next, &kept), CST_OK);
        decide(next, json, got);
        assert_string_equal(got, wanted);
        flags += strstr(got, "\"flag\"") != NULL;
        save(next, &kept);
        cst_context_free(next);
        cst_policy_release(again);
    }
    assert_in_range(flags, 10, 55);
    free(kept.bytes);
    cst_context_free(whole);
    cst_policy_release(lives);
}

#define PAY                                                                                        \
    "{\"stage\":\"action\",\"tool\":\"pay\",\"session\":\"x\",\"user\":{\"id\":\"u\"},\"time\":"   \
    "\"2026-01-01T00:00:%02uZ\",\"args\":{\"to\":\"ann\",\"n\":1}}"

static const char counting[] = HEAD "rule many on action pay when count of action pay with same "
                                    "user.id across sessions within 10s > 100 then deny\n";

static cst_verdict pay(cst_context *context, uint32_t second)
{
    char json[300], out[2000];
    snprintf(json, sizeof json, PAY, second);
    decide(context, json, out);
    assert_true(strstr(out, "\"deny\"") == NULL ||
                strstr(out, "\"code\":\"history\"") != NULL); /* a hundred it never is */
    return strstr(out, "\"deny\"") ? CST_DENY : CST_PERMIT;
}

static void what_was_changed_is_refused(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(counting, CST_ENGINE_JIT, 1), *const other =
                                                                         compile(counting,
                                                                                 CST_ENGINE_JIT, 2);
    cst_context *const context = cst_context_new(policy), *const stranger = cst_context_new(other);
    state_bytes good = {0};
    assert_int_equal(pay(context, 1), CST_PERMIT);
    save(context, &good);
    state_bytes bad = {malloc(good.length + 1), good.length};
    for (size_t at = 0; at < good.length; at++) {
        memcpy(bad.bytes, good.bytes, good.length);
        bad.bytes[at] ^= (uint8_t)(1u << at % 8);
        assert_int_equal(load(context, &bad), CST_BAD_STATE);
        assert_int_equal(cst_shared_load(context, good.bytes, at, NULL), CST_BAD_STATE);
    }
    memcpy(bad.bytes, good.bytes, good.length);
    bad.bytes[good.length] = 0;
    assert_int_equal(cst_shared_load(context, bad.bytes, good.length + 1, NULL), CST_BAD_STATE);
    assert_int_equal(load(stranger, &good), CST_BAD_STATE);
    /* nothing is known any more, whatever the window is; until something is loaded well */
    assert_int_equal(pay(context, 2), CST_DENY);
    assert_int_equal(pay(context, 50), CST_DENY);
    assert_int_equal(pay(stranger, 50), CST_DENY);
    assert_int_equal(load(context, &good), CST_OK);
    assert_int_equal(pay(context, 51), CST_DENY); /* of the events in between this one asks */
    assert_int_equal(pay(context, 59), CST_DENY);
    char json[] = "{\"stage\":\"action\",\"tool\":\"pay\",\"session\":\"x\",\"user\":{\"id\":\"u\"}"
                  ",\"time\":\"2026-01-01T00:01:01Z\",\"args\":{\"to\":\"ann\",\"n\":1}}",
         out[2000];
    decide(context, json, out);
    assert_non_null(strstr(out, "\"permit\""));
    free(bad.bytes);
    free(good.bytes);
    cst_context_free(stranger);
    cst_context_free(context);
    cst_policy_release(other);
    cst_policy_release(policy);
}

/* Who has the key can sign anything: it is refused or read, and does no harm. */
static void signed_nonsense_does_no_harm(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 1);
    cst_context *const context = cst_context_new(policy);
    state_bytes good = {0};
    uint8_t key[32] = {1};
    char json[300], out[2000];
    for (uint32_t i = 0; i < 30; i++) {
        event_make(json, i * 3);
        decide(context, json, out);
    }
    save(context, &good);
    uint8_t *const bad = malloc(good.length);
    for (uint32_t round = 0; round < 3000; round++) {
        memcpy(bad, good.bytes, good.length);
        for (uint32_t i = 0; i <= draw(3); i++)
            bad[40 + draw((uint32_t)good.length - 72)] =
                draw(2) ? (uint8_t)draw(256) : (uint8_t[]){0, 1, 127, 255}[draw(4)];
        hmac_sha256(key, sizeof key, bad, good.length - 32, bad + good.length - 32);
        const cst_status status = cst_shared_load(context, bad, good.length, NULL);
        assert_true(status == CST_OK || status == CST_BAD_STATE);
        event_make(json, 100);
        decide(context, json, out);
    }
    free(bad);
    free(good.bytes);
    cst_context_free(context);
    cst_policy_release(policy);
}

/* What both ask stays; what only the new one asks is not known of the time before. */
static void another_policy_keeps_what_it_asks(void **unused)
{
    (void)unused;
    static const char more[] = HEAD "rule many on action pay when count of action pay with same "
                                    "user.id across sessions within 10s > 100 then deny\n"
                                    "rule fresh on action pay when count of action pay with same "
                                    "user.id across sessions within 5s > 50 then deny\n";
    cst_policy *const first = compile(policy_text, CST_ENGINE_JIT, 1),
                      *const second = compile(counting, CST_ENGINE_JIT, 1),
                      *const third = compile(more, CST_ENGINE_JIT, 1);
    cst_context *const a = cst_context_new(first), *const b = cst_context_new(second),
                       *const c = cst_context_new(third);
    state_bytes kept = {0};
    cst_restored report;
    char json[300], out[2000];
    snprintf(json, sizeof json, PAY, 1);
    decide(a, json, out);
    save(a, &kept);
    assert_int_equal(cst_shared_load(b, kept.bytes, kept.length, &report), CST_OK);
    assert_int_equal(report.kept, 0);
    assert_int_equal(report.dropped, 6);
    assert_false(report.same_policy);
    assert_int_equal(pay(b, 2), CST_DENY); /* within ten seconds of what it has not seen */
    assert_int_equal(pay(b, 12), CST_PERMIT);
    save(b, &kept);
    assert_int_equal(cst_shared_load(c, kept.bytes, kept.length, &report), CST_OK);
    assert_int_equal(report.kept, 1);
    assert_int_equal(report.dropped, 0);
    assert_int_equal(pay(c, 17), CST_DENY); /* `fresh` has not seen the one at 12 */
    assert_int_equal(pay(c, 18), CST_PERMIT);
    free(kept.bytes);
    cst_context_free(c);
    cst_context_free(b);
    cst_context_free(a);
    cst_policy_release(third);
    cst_policy_release(second);
    cst_policy_release(first);
}

static void a_key_is_needed(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(counting, CST_ENGINE_JIT, 0);
    cst_context *const context = cst_context_new(policy);
    const void *bytes;
    size_t length;
    assert_int_equal(cst_shared_save(context, &bytes, &length), CST_BAD_ARGUMENT);
    assert_int_equal(cst_shared_load(context, "", 0, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_shared_save(NULL, &bytes, &length), CST_BAD_ARGUMENT);
    assert_int_equal(cst_shared_load(NULL, "", 0, NULL), CST_BAD_ARGUMENT);
    cst_context_free(context);
    cst_policy_release(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saving_at_every_point_changes_nothing),
        cmocka_unit_test(what_was_changed_is_refused),
        cmocka_unit_test(signed_nonsense_does_no_harm),
        cmocka_unit_test(another_policy_keeps_what_it_asks),
        cmocka_unit_test(a_key_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

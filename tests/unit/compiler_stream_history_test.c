/*
 * compiler_stream_history_test.c - a reply that comes in pieces is judged by the past as it stood
 * when it was opened, whatever happens between the pieces.
 *
 * Random events of two sessions and two users, with up to four streams open at once. When one ends,
 * its decision must be, to the byte, what the whole text is decided to be by a context that has
 * seen all that was decided before the stream was opened, and nothing since; and it then enters the
 * past as it is: what is decided later depends on it.
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

#include "runtime/base/buffer.h"
#include "runtime/engine.h"
#include "tests/unit/metered_memory.h"

static const char policy_text[] =
    "constitution streams \"1\"\n"
    "context user { id: string }\n"
    "tool pay(to: string, n: int) pays\n"
    "rule stop on input, output when text contains \"STOP\" then deny\n"
    "rule give on action pay when args.n == 3 then label seen\n"
    "rule perhaps on action pay when args.n + args.n > 20 then label maybe\n"
    "rule q1 on output when earlier action pay then flag\n"
    "rule q2 on output when count of action pay within 10s >= 2 then flag\n"
    "rule q3 on output when sum of args.n over action pay > 9 then flag\n"
    "rule q4 on output when sum of args.n over action pay within 20s > 6 then flag\n"
    "rule q5 on output when distinct of args.to over action pay within 20s >= 2 then flag\n"
    "rule q6 on output when (latest of args.to over action pay else \"\") == \"bob\" then flag\n"
    "rule q7 on output when earlier action pay since input then flag\n"
    "rule q8 on output when earlier action pay followed by action pay within 15s then flag\n"
    "rule q9 on output when earlier (action pay where args.to == this.text) then flag\n"
    "rule q10 on output when count of (action pay where args.to == this.text) since input >= 2 "
    "then flag\n"
    "rule q11 on output when count of output >= 3 then flag\n"
    "rule q12 on output when count of stopped input within 30s >= 1 then flag\n"
    "rule q13 on output when count of action pay with same user.id across sessions within 10s >= 2 "
    "then flag\n"
    "rule q14 on output when sum of args.n over action pay with same user.id across sessions "
    "within 20s > 6 then flag\n"
    "rule q15 on output when distinct of args.n over action pay with same user.id across sessions "
    "within 20s >= 2 then flag\n"
    "rule q16 on output when earlier action pay followed by input with same user.id across "
    "sessions within 20s then flag\n"
    "rule q17 on output when session has seen then flag\n"
    "rule q18 on output when session has maybe then flag\n"
    "rule q19 on output when count of (action pay where args.n + args.n > 20) within 10s >= 1 then "
    "flag\n"
    "rule q20 on output when count of action pay with same user.id since action pay >= 1 then "
    "flag\n"
    "rule q21 on output when earlier output with same text within 12s then flag\n"
    "rule hour on output when time.hour == 23 then flag\n";

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static int64_t now; /* microseconds from the day's start; what the clock says */

static int64_t clock_now(void *user)
{
    (void)user;
    return INT64_C(1767225600000000) + now;
}

static cst_policy *compile(const char *text, cst_engine engine)
{
    cst_policy *policy = NULL;
    const cst_compiler_options options = {
        .size = sizeof options,
        .engine = engine,
        .runtime = {.size = sizeof(cst_options), .key = {7}, .clock = clock_now}};
    assert_int_equal(
        cst_policy_compile_text("streams.const", text, strlen(text), &options, &policy), CST_OK);
    return policy;
}

typedef struct event {
    char json[300];
} event;

/* Everything that was decided, in order. */
static event decided[400];
static uint32_t decided_count;

static void decide(cst_context *context, const char *json, buffer *out)
{
    cst_decision decision;
    const char *text;
    size_t length;
    assert_int_equal(cst_decide_json(context, json, strlen(json), &decision), CST_OK);
    assert_null(decision.error_code);
    if (!out)
        return;
    assert_int_equal(cst_decision_json(&decision, &text, &length), CST_OK);
    buffer_clear(out);
    buffer_add(out, text, length);
}

static const char *const texts[] = {"ann", "bob", "cid", "STOP", "hello"};

static const char *head(void)
{
    static char text[120];
    const int64_t seconds = now / 1000000;
    snprintf(text, sizeof text,
             "\"session\":\"%s\",\"user\":{\"id\":\"%s\"},\"time\":\"2026-01-01T%02d:%02d:%02dZ\"",
             draw(3) ? "s" : "t", draw(3) ? "u" : "v", (int)(seconds / 3600),
             (int)(seconds / 60 % 60), (int)(seconds % 60));
    return text;
}

static void some_event(cst_context *context)
{
    event *const made = &decided[decided_count++];
    const uint32_t kind = draw(8);
    if (kind < 5)
        snprintf(made->json, sizeof made->json,
                 "{\"stage\":\"action\",\"tool\":\"pay\",%s,\"args\":{\"to\":\"%s\",\"n\":%s}}",
                 head(), texts[draw(3)],
                 draw(12) ? (const char *[]){"1", "2", "3", "4"}[draw(4)] : "9223372036854775807");
    else
        snprintf(made->json, sizeof made->json, "{\"stage\":\"%s\",%s,\"text\":\"%s\"}",
                 kind < 7 ? "input" : "output", head(), texts[draw(5)]);
    decide(context, made->json, NULL);
}

typedef struct reply {
    cst_stream *stream;
    char begin[200];
    const char *text;
    size_t fed;
    uint32_t seen; /* of `decided`, when it was opened */
} reply;

static void feed(reply *one, size_t length)
{
    cst_piece piece;
    if (length > strlen(one->text) - one->fed)
        length = strlen(one->text) - one->fed;
    assert_int_equal(cst_stream_feed(one->stream, one->text + one->fed, length, &piece), CST_OK);
    one->fed += length;
}

static void reply_open(cst_context *context, reply *out)
{
    out->text = texts[draw(5)];
    out->fed = 0;
    const char *const about = head();
    snprintf(out->begin, sizeof out->begin, "{\"stage\":\"output\",%s", about);
    /* what its time does to the clocks, an event does too that no question is about */
    snprintf(decided[decided_count++].json, sizeof decided->json, "{\"stage\":\"message\",%s}",
             about);
    out->seen = decided_count;
    char json[220];
    snprintf(json, sizeof json, "%s}", out->begin);
    assert_int_equal(cst_stream_open(context, json, strlen(json), &out->stream), CST_OK);
}

/* Ends it, and compares with the oracle. */
static void reply_end(reply *one, cst_context *oracle)
{
    cst_piece piece;
    cst_decision decision;
    const char *text;
    size_t length;
    buffer wanted;
    event *const made = &decided[decided_count];
    buffer_init(&wanted, NULL, 0);
    snprintf(made->json, sizeof made->json, "%s,\"text\":\"%s\"}", one->begin, one->text);
    feed(one, 100);
    assert_int_equal(cst_stream_end(one->stream, &piece, &decision), CST_OK);
    engine_forget_all(oracle);
    for (uint32_t i = 0; i < one->seen; i++)
        decide(oracle, decided[i].json, NULL);
    decide(oracle, made->json, &wanted);
    assert_int_equal(cst_decision_json(&decision, &text, &length), CST_OK);
    if (length != wanted.length || memcmp(text, wanted.bytes, length) != 0)
        fail_msg("stream: %s\nwhole:  %s", text, wanted.bytes);
    buffer_free(&wanted);
    decided_count++;
    cst_stream_close(one->stream);
    one->stream = NULL;
}

static void round_of(cst_context *context, cst_context *oracle)
{
    reply open[4] = {{0}};
    engine_forget_all(context);
    decided_count = 0;
    now = INT64_C(3600) * 1000000;
    for (uint32_t step = 0; step < 60; step++) {
        reply *const one = &open[draw(4)];
        now += draw(3) * INT64_C(1000000);
        switch (draw(4)) {
        case 0:
            if (!one->stream)
                reply_open(context, one);
            else
                reply_end(one, oracle);
            break;
        case 1:
            if (one->stream)
                feed(one, 1 + draw(3));
            break;
        default: some_event(context); break;
        }
    }
    for (int i = 0; i < 4; i++)
        if (open[i].stream)
            reply_end(&open[i], oracle);
}

static void run(cst_engine engine, uint64_t seed)
{
    cst_policy *const policy = compile(policy_text, engine), *const other = compile(
                                                                 policy_text, CST_ENGINE_REFERENCE);
    cst_context *const context = cst_context_new(policy), *const oracle = cst_context_new(other);
    state = seed;
    for (int i = 0; i < 60; i++)
        round_of(context, oracle);
    cst_context_free(oracle);
    cst_context_free(context);
    cst_policy_release(other);
    cst_policy_release(policy);
}

static void the_past_is_that_of_the_opening_native(void **unused)
{
    (void)unused;
    run(CST_ENGINE_JIT, 5);
}

static void the_past_is_that_of_the_opening_reference(void **unused)
{
    (void)unused;
    run(CST_ENGINE_REFERENCE, 9);
}

/* ---- by hand --------------------------------------------------------------------------------- */

#define OUTPUT "{\"stage\":\"output\",\"session\":\"s\",\"user\":{\"id\":\"u\"}}"
#define PAY                                                                                        \
    "{\"stage\":\"action\",\"session\":\"s\",\"user\":{\"id\":\"u\"},\"tool\":\"pay\",\"args\":{"  \
    "\"to\":\"ann\",\"n\":1}}"
#define HEAD                                                                                       \
    "constitution streams \"1\"\ncontext user { id: string }\ntool pay(to: string, n: int) pays\n"

static cst_verdict end_of(cst_stream *stream, const char **undecided)
{
    cst_piece piece;
    cst_decision decision;
    cst_fired fired = {0};
    assert_int_equal(cst_stream_feed(stream, "hello ", 6, &piece), CST_OK);
    if (cst_stream_end(stream, &piece, &decision) == CST_OK && decision.rule_count)
        assert_int_equal(cst_decision_rule(&decision, 0, &fired), CST_OK);
    *undecided = fired.undecided_code;
    cst_stream_close(stream);
    return decision.verdict;
}

static cst_stream *stream_of(cst_context *context)
{
    cst_stream *stream;
    assert_int_equal(cst_stream_open(context, OUTPUT, strlen(OUTPUT), &stream), CST_OK);
    return stream;
}

/* What is gone is not known: a rule that asks for it fires, one way or the other. */
static void what_is_forgotten_meanwhile_is_undecided(void **unused)
{
    (void)unused;
    static const char *const rules[] = {
        "rule r on output when earlier action pay then deny\n",
        "rule r on output when no earlier action pay then deny\n",
        "rule r on output when count of action pay with same user.id across sessions within 1h > 5 then deny\n",
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char text[400];
        const char *undecided;
        snprintf(text, sizeof text, HEAD "%s", rules[i]);
        cst_policy *const policy = compile(text, CST_ENGINE_JIT);
        cst_context *const context = cst_context_new(policy);
        decide(context, PAY, NULL);
        cst_stream *const stream = stream_of(context);
        engine_forget_all(context);
        assert_int_equal(end_of(stream, &undecided), CST_DENY);
        assert_string_equal(undecided, "history");
        cst_context_free(context);
        cst_policy_release(policy);
    }
}

/* Without a `time` of its own the reply has that of its opening, in every look at it. */
static void the_time_is_that_of_the_opening(void **unused)
{
    (void)unused;
    const char *undecided;
    cst_policy *const policy =
        compile(HEAD "rule late on output when time.hour >= 1 then deny\n"
                     "rule paid on output when earlier action pay within 10s then deny\n",
                CST_ENGINE_JIT);
    cst_context *const context = cst_context_new(policy);
    now = 3599 * INT64_C(1000000);
    cst_stream *stream = stream_of(context);
    now += 1000000;
    assert_int_equal(end_of(stream, &undecided), CST_PERMIT);
    stream = stream_of(context);
    assert_int_equal(end_of(stream, &undecided), CST_DENY);
    now = 0;
    cst_context_forget(context);
    decide(context, PAY, NULL);
    now = 10 * INT64_C(1000000);
    stream = stream_of(context);
    now += 1000000;
    decide(context, PAY, NULL);
    now += 20 * INT64_C(1000000);
    assert_int_equal(end_of(stream, &undecided), CST_DENY);
    assert_null(undecided);
    cst_context_free(context);
    cst_policy_release(policy);
}

/* A policy that takes over meanwhile judges the reply, by the past that it finds. */
static void another_policy_judges_by_what_it_finds(void **unused)
{
    (void)unused;
    const char *undecided;
    cst_policy *const first =
        compile(HEAD "rule r on output when earlier action pay then flag\n", CST_ENGINE_JIT);
    cst_policy *const second =
        compile(HEAD "rule r on output when earlier action pay then deny\n", CST_ENGINE_JIT);
    cst_live *live;
    assert_int_equal(cst_live_new(first, &live), CST_OK);
    cst_context *const context = cst_context_new_live(live);
    cst_stream *const stream = stream_of(context);
    decide(context, PAY, NULL);
    cst_live_swap(live, second);
    assert_int_equal(end_of(stream, &undecided), CST_DENY);
    assert_null(undecided);
    cst_context_free(context);
    cst_live_free(live);
    cst_policy_release(second);
    cst_policy_release(first);
}

/* A login that came after the opening is none for the reply, whichever allocation fails. */
static void no_failure_of_memory_makes_it_lenient(void **unused)
{
    (void)unused;
    static const char text[] = HEAD "rule own on output when no earlier action pay then deny\n"
                                    "rule users on output when count of action pay with same "
                                    "user.id across sessions within 1h == 0 then deny\n";
    meter all = {0};
    bool done = false;
    for (uint32_t fails = 1; !done; fails++) {
        cst_policy *policy = NULL;
        const cst_compiler_options options = {.size = sizeof options,
                                              .engine = CST_ENGINE_JIT,
                                              .runtime = {.size = sizeof(cst_options),
                                                          .clock = clock_now,
                                                          .allocator = metered(&all)}};
        all.fail_at = 0;
        assert_int_equal(
            cst_policy_compile_text("streams.const", text, strlen(text), &options, &policy),
            CST_OK);
        cst_context *const context = cst_context_new(policy);
        decide(context,
               "{\"stage\":\"input\",\"session\":\"s\",\"user\":{\"id\":\"u\"},\"text\":\"hi\"}",
               NULL);
        all = (meter){.fail_at = fails};
        cst_stream *stream;
        cst_decision decision;
        if (cst_stream_open(context, OUTPUT, strlen(OUTPUT), &stream) == CST_OK) {
            cst_decide_json(context, PAY, strlen(PAY), &decision);
            cst_piece piece;
            cst_stream_feed(stream, "hello ", 6, &piece);
            assert_int_equal(piece.length, 0);
            cst_stream_end(stream, &piece, &decision);
            assert_int_equal(decision.verdict, CST_DENY);
            assert_int_equal(piece.length, 0);
            cst_stream_close(stream);
        }
        done = all.calls < fails;
        cst_context_free(context);
        cst_policy_release(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_past_is_that_of_the_opening_native),
        cmocka_unit_test(the_past_is_that_of_the_opening_reference),
        cmocka_unit_test(what_is_forgotten_meanwhile_is_undecided),
        cmocka_unit_test(the_time_is_that_of_the_opening),
        cmocka_unit_test(another_policy_judges_by_what_it_finds),
        cmocka_unit_test(no_failure_of_memory_makes_it_lenient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

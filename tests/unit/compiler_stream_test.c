/*
 * compiler_stream_test.c - replies that come in pieces: whatever the pieces are, the decision is
 * that of the whole text, and what went out is its beginning.
 *
 * Policies are compiled here; texts are put together at random from parts that matter to them
 * (matches, halves of matches, evasions, other scripts) and cut at random places. Held for every
 * one: the same decision as JSON, all released bytes together equal to what the whole decision lets
 * through (or to a beginning of it, where it stops), nothing released that a rule cuts. After each
 * piece as much has gone out as if the stream looked at everything again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <constitution/compiler.h>

#include "runtime/base/buffer.h"
#include "runtime/stream.h"
#include "tests/unit/effort.h"

static const char policy_text[] =
    "constitution streams \"1\"\n"
    "import std.pii\n"
    "import std.secrets\n"
    "context user { role: string }\n"
    "pattern card = /\\b(?:[0-9][ -]?){13,19}\\b/ checked by luhn\n"
    "pattern pin = /[0-9]{4}/ after { \"pin\", \"code\" } within 20 chars\n"
    "pattern gap = /forget.{0,20}instructions/\n"
    "pattern open = /<<[^>]*>>/\n"
    "set rivals = { \"Initech\", \"Globex Corp\" }\n"
    "rule cards on output when text contains any { card, pin } then redact with \"[{kind}]\"\n"
    "rule mails on output when text contains pii.email then redact with \"<{kind}>\"\n"
    "rule keys on output when text contains any secrets.keys then redact with \"[key]\"\n"
    "rule both on output when text contains \"alpha\" and text contains \"omega\" then redact with "
    "\"_\"\n"
    "rule links on output when any u in urls of text satisfies u.host != \"example.com\" then "
    "redact with \"[link]\"\n"
    "rule brackets on output when text contains open then redact with \"()\"\n"
    "rule folded_rivals on output when text folded contains any rivals then redact with "
    "\"[rival]\"\n"
    "rule hidden on output when text folded decoded contains \"open sesame\" then redact with "
    "\"[hidden]\"\n"
    "rule stop on output when text contains gap then deny\n"
    "rule leak on output when text repeats 12 chars of system then redact with \"[prompt]\"\n"
    "rule unnamed on output when any u in urls of text satisfies u not from system then redact "
    "with \"[unnamed]\"\n"
    "rule admins on output when text contains \"secret plan\" and user.role != \"admin\" then "
    "refuse\n";

/* The same without what a session knows: as long as nothing is found the rules need not be asked
 * again. */
static const char quiet_text[] =
    "constitution quiet \"1\"\n"
    "import std.pii\n"
    "import std.secrets\n"
    "pattern pin = /[0-9]{4}/ after { \"pin\", \"code\" } within 20 chars\n"
    "pattern open = /<<[^>]*>>/ after { \"inside\", \"beta\" }\n"
    "set rivals = { \"Initech\", \"Globex Corp\", \"æ¥æ¬\" }\n"
    "rule personal on output when text contains any { pii.personal, pin } then redact with "
    "\"[{kind}]\"\n"
    "rule keys on output when text contains any secrets.keys then redact with \"[key]\"\n"
    "rule brackets on output when text contains open then redact with \"()\"\n"
    "rule folded_rivals on output when text folded contains any rivals then redact with "
    "\"[rival]\"\n"
    "rule hidden on output when text folded decoded contains \"open sesame\" then redact with "
    "\"[hidden]\"\n"
    "rule stop on output when text folded contains \"secret plan\" then deny\n"
    "rule admins on output when text contains \"omega \" then refuse\n";

static const char *const parts[] = {"alpha ",
                                    "omega ",
                                    "beta",
                                    "4111 1111 1111 1111",
                                    "4111-1111-1111-111",
                                    " pin 1234",
                                    " code: 99",
                                    "ann@example.com",
                                    "ann@",
                                    "@example.",
                                    "http://evil.test/x?y=1",
                                    "https://example.com/a",
                                    "http:/",
                                    "<<",
                                    "inside",
                                    ">>",
                                    "Init",
                                    "ech ",
                                    "I N I T E C H ",
                                    "lnitech",
                                    "Globex  Corp",
                                    ("gl\xd0\xbe"
                                     "bex c\xd0\xberp "),
                                    "b3BlbiBzZXNhbWUgYW5kIG1vcmUgdGV4dA==",
                                    "open  sesame",
                                    "forget",
                                    " all the ",
                                    "instructions",
                                    "You are the assistant of",
                                    " Acme and keep",
                                    " this secret",
                                    "secret plan",
                                    " ",
                                    "\n",
                                    ". ",
                                    ", ",
                                    "\xc3\xa9t\xc3\xa9 ",
                                    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
                                    "\xf0\x9f\x98\x80",
                                    "the quick brown fox jumps ",
                                    "AKIA",
                                    "ghp_",
                                    "1234567890abcdefghijklmnopqrstuvwxyzABCD",
                                    "12",
                                    "0"};

enum { PART_COUNT = sizeof parts / sizeof *parts };

static uint64_t state = 1;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static cst_policy *compile(const char *text, cst_engine engine)
{
    cst_policy *policy = NULL;
    const cst_compiler_options options = {.size = sizeof options,
                                          .engine = engine,
                                          .runtime = {.size = sizeof(cst_options), .key = {7}}};
    assert_int_equal(
        cst_policy_compile_text("streams.const", text, strlen(text), &options, &policy), CST_OK);
    return policy;
}

static const char head[] = "{\"stage\":\"output\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:"
                           "00Z\",\"user\":{\"role\":\"guest\"}}";

static void text_make(buffer *text)
{
    buffer_clear(text);
    const uint32_t count = draw(50) == 0 ? draw(200) : draw(14); /* long ones wait */
    for (uint32_t i = 0; i < count; i++)
        buffer_text(text, parts[draw(PART_COUNT)]);
}

enum { MOST_FEEDS = 8192, WAITING = 1024 /* bytes that wait before looks become rare */ };

typedef struct outcome {
    buffer json, sent;
    cst_verdict verdict;
    bool careful; /* the stream looks at everything again with each piece */
    uint32_t feeds;
    size_t released[MOST_FEEDS], held[MOST_FEEDS]; /* after each piece */
} outcome;

static void decide_whole(cst_context *context, const buffer *text, outcome *out)
{
    buffer event;
    buffer_init(&event, NULL, 0);
    buffer_add(&event, head, sizeof head - 2);
    buffer_text(&event, ",\"text\":");
    buffer_json_string(&event, text->bytes ? text->bytes : "", text->length);
    buffer_text(&event, "}");
    cst_decision decision;
    const char *json;
    size_t length;
    assert_int_equal(cst_decide_json(context, event.bytes, event.length, &decision), CST_OK);
    assert_int_equal(cst_decision_json(&decision, &json, &length), CST_OK);
    buffer_clear(&out->json);
    buffer_clear(&out->sent);
    buffer_add(&out->json, json, length);
    out->verdict = decision.verdict;
    const char *cut = text->bytes ? text->bytes : "";
    size_t cut_length = text->length;
    if (decision.verdict < CST_REQUIRE_APPROVAL) {
        cst_decision_text(&decision, &cut, &cut_length);
        buffer_add(&out->sent, cut, cut_length);
    }
    buffer_free(&event);
}

static void decide_pieces(cst_context *context, const buffer *text, uint32_t most, outcome *out)
{
    cst_stream *stream;
    cst_piece piece;
    cst_decision decision;
    const char *json;
    size_t length;
    buffer_clear(&out->json);
    buffer_clear(&out->sent);
    assert_int_equal(cst_stream_open(context, head, sizeof head - 1, &stream), CST_OK);
    stream->careful = out->careful;
    out->feeds = 0;
    for (size_t at = 0; at < text->length;) {
        size_t size = 1 + draw(most);
        if (size > text->length - at)
            size = text->length - at;
        assert_int_equal(cst_stream_feed(stream, text->bytes + at, size, &piece), CST_OK);
        buffer_add(&out->sent, piece.bytes, piece.length);
        at += size;
        assert_true(out->feeds < MOST_FEEDS);
        out->released[out->feeds] = out->sent.length;
        out->held[out->feeds++] = piece.held;
    }
    if (cst_stream_end(stream, &piece, &decision) != CST_OK)
        fail_msg("text: %s\nsent:   %s", text->bytes, out->sent.bytes);
    buffer_add(&out->sent, piece.bytes, piece.length);
    assert_int_equal(cst_decision_json(&decision, &json, &length), CST_OK);
    buffer_add(&out->json, json, length);
    out->verdict = decision.verdict;
    cst_stream_close(stream);
}

static void outcome_begin(outcome *out)
{
    buffer_init(&out->json, NULL, 0);
    buffer_init(&out->sent, NULL, 0);
}

static void outcome_end(outcome *out)
{
    buffer_free(&out->json);
    buffer_free(&out->sent);
}

/* Every decision is permitted or cut: what is sent in pieces is what is sent whole; else a
 * beginning of what would have been sent. */
static void compare(const buffer *text, const outcome *whole, const outcome *pieces)
{
    if (whole->json.length != pieces->json.length ||
        memcmp(whole->json.bytes, pieces->json.bytes, whole->json.length) != 0)
        fail_msg("text: %s\nwhole:  %s\npieces: %s", text->bytes, whole->json.bytes,
                 pieces->json.bytes);
    if (whole->verdict >= CST_REQUIRE_APPROVAL)
        return;
    if (whole->sent.length != pieces->sent.length ||
        (whole->sent.length &&
         memcmp(whole->sent.bytes, pieces->sent.bytes, whole->sent.length) != 0))
        fail_msg("text: %s\nwhole:  %s\npieces: %s", text->bytes, whole->sent.bytes,
                 pieces->sent.bytes);
}

/* What went out after each piece is the same, whether all is looked at again or only what is new;
 * where so much waits that looks are rare, no less. */
static void compare_feeds(const buffer *text, const outcome *careful, const outcome *pieces)
{
    assert_int_equal(careful->feeds, pieces->feeds);
    for (uint32_t i = 0; i < pieces->feeds; i++)
        if (pieces->released[i] != careful->released[i] &&
            (pieces->released[i] < careful->released[i] || careful->held[i] <= WAITING))
            fail_msg("text: %s\nafter piece %u: %zu bytes out, carefully %zu", text->bytes, i,
                     pieces->released[i], careful->released[i]);
}

static void system_prompt(cst_context *context)
{
    static const char prompt[] =
        "You are the assistant of Acme and keep this secret always, see http://evil.test/x?y=1.";
    assert_int_equal(cst_session_system(context, "s", 1, prompt, sizeof prompt - 1), CST_OK);
}

static void run(const char *rules, cst_engine engine, uint32_t texts, uint64_t seed)
{
    cst_policy *const policy = compile(rules, engine);
    static outcome whole, pieces, careful;
    buffer text;
    uint32_t verdicts[CST_HALT + 1] = {0};
    outcome_begin(&whole);
    outcome_begin(&pieces);
    outcome_begin(&careful);
    careful.careful = true;
    buffer_init(&text, NULL, 0);
    state = seed;
    cst_context *const context = cst_context_new(policy), *const other = cst_context_new(policy);
    system_prompt(context);
    system_prompt(other);
    for (uint32_t i = 0; i < texts; i++) {
        text_make(&text);
        decide_whole(context, &text, &whole);
        verdicts[whole.verdict]++;
        for (uint32_t k = 0; k < 3; k++) {
            const uint32_t most = k == 0 ? 1 : k == 1 ? 4 : 1 + draw(40);
            const uint64_t drawn = state;
            decide_pieces(context, &text, most, &pieces);
            compare(&text, &whole, &pieces);
            state = drawn; /* the same pieces */
            decide_pieces(other, &text, most, &careful);
            compare_feeds(&text, &careful, &pieces);
        }
    }
    /* the texts must have met everything */
    assert_true(verdicts[CST_PERMIT] > 0 && verdicts[CST_REDACT] > 0 && verdicts[CST_REFUSE] > 0 &&
                verdicts[CST_DENY] > 0);
    cst_context_free(context);
    cst_context_free(other);
    cst_policy_release(policy);
    outcome_end(&whole);
    outcome_end(&pieces);
    outcome_end(&careful);
    buffer_free(&text);
}

static uint32_t rounds(void)
{
    const char *const wanted = getenv("CONSTITUTION_STREAM_TEXTS");
    return wanted ? (uint32_t)strtoul(wanted, NULL, 10) : SAMPLE(5000, 300); /* by each engine */
}

static void test_pieces_native(void **unused)
{
    (void)unused;
    run(policy_text, CST_ENGINE_JIT, rounds(), 11);
    run(quiet_text, CST_ENGINE_JIT, rounds(), 17);
}

static void test_pieces_reference(void **unused)
{
    (void)unused;
    run(policy_text, CST_ENGINE_REFERENCE, rounds(), 13);
    run(quiet_text, CST_ENGINE_REFERENCE, rounds(), 19);
}

/* ---- one reply, by hand ---------------------------------------------------------------------- */

typedef struct reply {
    cst_policy *policy;
    cst_context *context;
    cst_stream *stream;
    cst_piece piece;
    cst_decision decision;
} reply;

static void reply_stream(reply *reply, const char *event)
{
    assert_int_equal(cst_stream_open(reply->context, event, strlen(event), &reply->stream), CST_OK);
}

static void reply_open(reply *reply, const char *policy, const char *event)
{
    reply->policy = compile(policy, CST_ENGINE_JIT);
    reply->context = cst_context_new(reply->policy);
    reply_stream(reply, event);
}

/* `released` is what goes on with this piece. */
static void feed(reply *reply, const char *text, const char *released)
{
    assert_int_equal(cst_stream_feed(reply->stream, text, strlen(text), &reply->piece), CST_OK);
    assert_int_equal(reply->piece.length, strlen(released));
    if (reply->piece.length)
        assert_memory_equal(reply->piece.bytes, released, reply->piece.length);
}

static void stream_end(reply *reply, cst_verdict verdict, const char *released)
{
    assert_int_equal(cst_stream_end(reply->stream, &reply->piece, &reply->decision), CST_OK);
    assert_int_equal(reply->decision.verdict, verdict);
    assert_int_equal(reply->piece.length, strlen(released));
    if (reply->piece.length)
        assert_memory_equal(reply->piece.bytes, released, reply->piece.length);
    cst_stream_close(reply->stream);
}

static void reply_free(reply *reply)
{
    cst_context_free(reply->context);
    cst_policy_release(reply->policy);
}

static void reply_end(reply *reply, cst_verdict verdict, const char *released)
{
    stream_end(reply, verdict, released);
    reply_free(reply);
}

static const char output[] = "{\"stage\":\"output\",\"session\":\"s\"}";

/* What can be released is released: words go out as soon as they are over, and no later. */
static void test_holds_little(void **unused)
{
    (void)unused;
    reply reply;
    reply_open(&reply,
               "constitution s \"1\"\npattern mail = /[a-z]+@[a-z]+\\.[a-z]+/\n"
               "rule mails on output when text contains mail then redact with \"[m]\"\n",
               output);
    feed(&reply, "hello wor", "hello ");
    assert_int_equal(reply.piece.held, 3);
    feed(&reply, "ld 1", "world 1");
    feed(&reply, "a@b.c", "");
    feed(&reply, "d.", "[m].");
    reply_end(&reply, CST_REDACT, "");
}

static const char plan_policy[] =
    "constitution s \"1\"\nrule never on output when text contains \"plan b\" then deny\n";

static void test_stops(void **unused)
{
    (void)unused;
    reply reply;
    reply_open(&reply, plan_policy, output);
    feed(&reply, "we have plan b here ", "");
    assert_true(reply.piece.stopped);
    feed(&reply, "and more", "");
    reply_end(&reply, CST_DENY, "");
}

static void test_stops_before_its_first_match(void **unused)
{
    (void)unused;
    reply reply;
    reply_open(&reply, plan_policy, output);
    feed(&reply, "we have a ", "we have a ");
    assert_false(reply.piece.stopped);
    feed(&reply, "good ", "good ");
    feed(&reply, "plan b and a plan b ", "");
    assert_true(reply.piece.stopped);
    feed(&reply, "and more ", "");
    reply_end(&reply, CST_DENY, "");
}

/* What no rule could decide from a part is decided from the whole. */
static void test_what_needs_the_whole_is_held(void **unused)
{
    (void)unused;
    static const char *const rules[] = {
        "rule r on output when length of text > 20 then deny\n",
        "rule r on output when not text contains \"disclaimer\" and text contains \"advice\" then deny\n",
        "rule r on output when text contains \"damn\" then replace text with \"…\"\n",
        "default output deny\npermit p on output when text contains \"short\"\n",
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char policy[300];
        reply reply;
        snprintf(policy, sizeof policy, "constitution s \"1\"\n%s", rules[i]);
        reply_open(&reply, policy, output);
        feed(&reply, "a short text ", "");
        reply_end(&reply, CST_PERMIT, "a short text ");
    }
}

static void test_whole_is_held(void **unused)
{
    (void)unused;
    reply reply;
    reply_open(
        &reply,
        "constitution s \"1\"\nrule long on whole output when length of text > 20 then deny\n",
        output);
    feed(&reply, "short text", "");
    assert_int_equal(reply.piece.held, 10);
    reply_end(&reply, CST_PERMIT, "short text");
}

/* A flag cuts nothing, so it holds nothing, whatever its condition needs. */
static void test_flags_hold_nothing(void **unused)
{
    (void)unused;
    reply reply;
    reply_open(&reply,
               "constitution s \"1\"\nrule long on output when length of text > 20 then flag\n",
               output);
    feed(&reply, "a text of more than twenty", "a text of more than twenty");
    reply_end(&reply, CST_FLAG, "");
}

static void test_malformed(void **unused)
{
    (void)unused;
    reply reply;
    reply_open(&reply, plan_policy, output);
    assert_int_equal(cst_stream_feed(reply.stream, "good \xff bad", 10, &reply.piece),
                     CST_WRONG_TYPE);
    assert_int_equal(reply.piece.length, 0);
    stream_end(&reply, CST_DENY, "");
    assert_int_equal(cst_stream_open(reply.context, "no", 2, &reply.stream), CST_BAD_ARGUMENT);
    reply_stream(&reply, "{\"stage\":\"nothing\"}");
    feed(&reply, "hello ", "");
    reply_end(&reply, CST_DENY, "");
}

static const char halting_policy[] =
    "constitution s \"1\"\n"
    "rule over on input when text contains \"stop it\" then halt\n"
    "rule never on output when text contains \"plan b\" then deny\n";

static void halt(cst_context *context)
{
    static const char event[] = "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"stop it\"}";
    cst_decision decision;
    assert_int_equal(cst_decide_json(context, event, sizeof event - 1, &decision), CST_OK);
    assert_int_equal(decision.verdict, CST_HALT);
}

/* Nothing goes on in a session that is over, whether it was when the reply began or is since. */
static void test_halted(void **unused)
{
    (void)unused;
    reply reply;
    reply_open(&reply, halting_policy, output);
    feed(&reply, "hello world ", "hello world ");
    halt(reply.context);
    feed(&reply, "and all the rest ", "");
    stream_end(&reply, CST_DENY, "");
    assert_string_equal(reply.decision.error_code, "halted");
    reply_stream(&reply, output);
    feed(&reply, "hello world ", "");
    feed(&reply, "and all the rest ", "");
    stream_end(&reply, CST_DENY, "");
    assert_string_equal(reply.decision.error_code, "halted");
    reply_free(&reply);
}

/* What was not decided cannot be cut: such a redaction stops the reply where it may have begun. */
static void test_undecided_redaction_stops(void **unused)
{
    (void)unused;
    static const char policy[] = "constitution s \"1\"\n"
                                 "context user { n: int }\n"
                                 "rule names on output when text contains \"initech\" and user.n * "
                                 "2 > 0 then redact with \"[x]\"\n";
    reply reply;
    reply_open(&reply, policy,
               "{\"stage\":\"output\",\"session\":\"s\",\"user\":{\"n\":9223372036854775807}}");
    feed(&reply, "we work for initech and ", "");
    assert_true(reply.piece.stopped);
    feed(&reply, "for nobody else ", "");
    assert_true(reply.piece.stopped);
    reply_end(&reply, CST_DENY, "");
    reply_open(&reply, policy, "{\"stage\":\"output\",\"session\":\"s\",\"user\":{\"n\":1}}");
    feed(&reply, "we work for initech and ", "we work for [x] and ");
    assert_false(reply.piece.stopped);
    reply_end(&reply, CST_REDACT, "");
}

/* Seconds that a text takes that begins so and goes on so, fed in pieces of four bytes; the least
 * of two. */
static double feed_long(cst_context *context, const char *begin, const char *more, uint32_t length)
{
    double least = 1e9;
    buffer text;
    buffer_init(&text, NULL, 0);
    buffer_text(&text, begin);
    while (text.length < length)
        buffer_text(&text, more);
    for (uint32_t i = 0; i < 2; i++) {
        struct timespec start, end;
        reply reply = {.context = context};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        reply_stream(&reply, output);
        for (size_t at = 0; at + 4 <= text.length; at += 4)
            assert_int_equal(cst_stream_feed(reply.stream, text.bytes + at, 4, &reply.piece),
                             CST_OK);
        assert_int_equal(cst_stream_end(reply.stream, &reply.piece, &reply.decision), CST_OK);
        cst_stream_close(reply.stream);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        const double seconds =
            (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
        if (seconds < least)
            least = seconds;
    }
    buffer_free(&text);
    return least;
}

/* What waits is not gone through again for every few bytes: a bracket that stays open, and matches
 * that a rule holds. Six times the text takes some six times as long, not thirty-six. */
static void test_waiting_is_linear(void **unused)
{
    (void)unused;
    static const struct {
        const char *begin, *more;
    } texts[] = {{"x << ", "a b c d "}, {"alpha ", "1234 "}};
    cst_policy *const policy =
        compile("constitution s \"1\"\n"
                "pattern open = /<<[^>]*>>/\n"
                "pattern card = /[0-9]{4}/\n"
                "rule brackets on output when text contains open then redact with \"()\"\n"
                "rule cards on output when text contains card then redact with \"[c]\"\n"
                "rule both on output when text contains \"alpha\" and text contains \"omega\" then "
                "redact with \"_\"\n",
                CST_ENGINE_JIT);
    cst_context *const context = cst_context_new(policy);
    for (uint32_t i = 0; i < 2; i++) {
        const double few = feed_long(context, texts[i].begin, texts[i].more, SAMPLE(10000, 2000));
        const double many = feed_long(context, texts[i].begin, texts[i].more, SAMPLE(60000, 12000));
        if (many > 18 * few)
            fail_msg("%s: a text took %.4f s, one of six times its length %.4f s", texts[i].begin,
                     few, many);
    }
    cst_context_free(context);
    cst_policy_release(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds_little),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_stops_before_its_first_match),
        cmocka_unit_test(test_what_needs_the_whole_is_held),
        cmocka_unit_test(test_whole_is_held),
        cmocka_unit_test(test_flags_hold_nothing),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_halted),
        cmocka_unit_test(test_undecided_redaction_stops),
        cmocka_unit_test(test_waiting_is_linear),
        cmocka_unit_test(test_pieces_native),
        cmocka_unit_test(test_pieces_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

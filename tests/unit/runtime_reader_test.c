/*
 * runtime_reader_test.c - the quick reader against the careful one, and both against other readers
 * of JSON.
 *
 * Good events are changed at random in the ways that JSON goes wrong (bytes, tokens, pieces that
 * are moved, doubled or cut off), and read by two contexts, one of which has only the careful
 * reader. Everything that reading leaves behind must be equal: slots, the members that are kept,
 * and the problem with its place. Whether a text is JSON at all is asked of a third reader, written
 * below as RFC 8259 has it and without any regard to speed; cJSON, which takes more than that, must
 * take all that ours takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "runtime/engine.h"
#include "runtime/utf8.h"
#include "tests/unit/support_image.h"

enum { ROUNDS = 60000, MOST_BYTES = 4096 };

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % bound);
}

/* ---- a third reader -------------------------------------------------------------------------- */

typedef struct
    /* whether a text is JSON, strings UTF-8 without lone surrogates; duplicates are not looked at
     */
    strict {
    const char *next, *end;
    int depth;
} strict;

static void strict_space(strict *text)
{
    while (text->next < text->end && strchr(" \t\r\n", *text->next) && *text->next)
        text->next++;
}

static bool strict_take(strict *text, const char *word)
{
    const size_t length = strlen(word);
    if ((size_t)(text->end - text->next) < length || memcmp(text->next, word, length) != 0)
        return false;
    text->next += length;
    return true;
}

static int strict_hex(strict *text)
{
    int code = 0;
    for (int i = 0; i < 4; i++, text->next++) {
        if (text->next == text->end || !*text->next ||
            !strchr("0123456789abcdefABCDEF", *text->next))
            return -1;
        code =
            code * 16 + (*text->next <= '9' ? *text->next - '0' : (*text->next | 0x20) - 'a' + 10);
    }
    return code;
}

static bool strict_string(strict *text)
{
    const char *const start = text->next + 1;
    if (!strict_take(text, "\""))
        return false;
    while (text->next < text->end && *text->next != '"') {
        if ((unsigned char)*text->next < 0x20)
            return false;
        if (*text->next++ != '\\')
            continue;
        if (text->next == text->end || !*text->next || !strchr("\"\\/bfnrtu", *text->next))
            return false;
        if (*text->next++ != 'u')
            continue;
        const int code = strict_hex(text);
        if (code < 0 || (code >= 0xdc00 && code <= 0xdfff))
            return false;
        if (code >= 0xd800 && code <= 0xdbff) {
            if (!strict_take(text, "\\u"))
                return false;
            const int low = strict_hex(text);
            if (low < 0xdc00 || low > 0xdfff)
                return false;
        }
    }
    return text->next < text->end && utf8_valid(start, (size_t)(text->next - start)) &&
           strict_take(text, "\"");
}

static bool strict_digits(strict *text)
{
    const char *const start = text->next;
    while (text->next < text->end && *text->next >= '0' && *text->next <= '9')
        text->next++;
    return text->next > start;
}

static bool strict_number(strict *text)
{
    strict_take(text, "-");
    if (!strict_take(text, "0") && !strict_digits(text))
        return false;
    if (strict_take(text, ".") && !strict_digits(text))
        return false;
    if (!strict_take(text, "e") && !strict_take(text, "E"))
        return true;
    if (!strict_take(text, "+"))
        strict_take(text, "-");
    return strict_digits(text);
}

static bool strict_value(strict *text);

static bool strict_items(strict *text, bool object)
{
    const char *const close = object ? "}" : "]";
    if (++text->depth > (int)LIMIT_JSON_DEPTH)
        return false;
    strict_space(text);
    for (bool first = true; !(first && strict_take(text, close)); first = false) {
        if (!first && strict_take(text, close))
            break;
        if (!first && !strict_take(text, ","))
            return false;
        strict_space(text);
        if (object) {
            if (!strict_string(text))
                return false;
            strict_space(text);
            if (!strict_take(text, ":"))
                return false;
        }
        if (!strict_value(text))
            return false;
        strict_space(text);
    }
    text->depth--;
    return true;
}

static bool strict_value(strict *text)
{
    strict_space(text);
    const char first = text->next < text->end ? *text->next : '\0';
    if (strict_take(text, "{"))
        return strict_items(text, true);
    if (strict_take(text, "["))
        return strict_items(text, false);
    if (first == '"')
        return strict_string(text);
    return strict_take(text, "true") || strict_take(text, "false") || strict_take(text, "null") ||
           strict_number(text);
}

static bool is_json(const char *bytes, size_t length)
{
    strict text = {bytes, bytes + length, 0};
    if (!strict_value(&text))
        return false;
    strict_space(&text);
    return text.next == text.end;
}

/* ---- changing events ------------------------------------------------------------------------- */

static const char *const seeds[] = {
    "{\"stage\":\"action\",\"tool\":\"send_email\",\"session\":\"s1\",\"time\":\"2026-11-23T10:00:"
    "00Z\",\"id\":\"call-7\",\"user\":{\"id\":\"u1\","
    "\"role\":\"customer\",\"region\":\"eu\"},\"args\":{\"to\":[\"ann@example.com\",\"eve@evil."
    "test\"],\"subject\":\"hi\",\"body\":\"b\"}}",
    "{\"stage\":\"action\",\"tool\":\"refund\",\"id\":7,\"user\":{\"id\":\"u1\",\"role\":\"agent\"}"
    ",\"args\":{\"order\":\"o-1\",\"amount\":98.70,"
    "\"reason\":\"it is b\\u00f6se\"},\"extra\":{\"a\":[1,2,{\"b\":null}],\"c\":\"\xc3\xa4\"}}",
    "{ \"stage\" : \"action\" , \"tool\" : \"refund\" , \"user\" : { \"role\" : \"admin\" , \"id\" "
    ": \"u2\" } ,\n\t\"args\" : { \"amount\" : -0 , \"order\" : \"\" } }",
    "{\"args\":{\"order\":\"o\",\"amount\":1e2},\"user\":{\"id\":\"u1\",\"role\":\"agent\"},"
    "\"tool\":\"refund\",\"stage\":\"action\"}",
    "{\"stage\":\"input\",\"session\":\"s2\",\"text\":\"spam \\\"x\\\" and "
    "\xe2\x82\xac\",\"user\":{\"id\":\"u1\",\"role\":\"admin\"},\"meta\":{\"a\":\"b\",\"n\":[1]}}",
    "{\"stage\":\"output\",\"text\":\"long text, that goes on for more than sixteen "
    "bytes\",\"user\":{\"id\":\"u9\",\"role\":\"customer\"}}",
    "{\"stage\":\"result\",\"tool\":\"refund\",\"text\":\"ok\",\"value\":{\"k\":[true,false,null]},"
    "\"approvals\":[],\"user\":{\"id\":\"u1\",\"role\":\"agent\"}}",
    "{\"stage\":\"message\",\"from\":\"planner\",\"to\":\"coder\",\"text\":\"go\",\"user\":{\"id\":"
    "\"u1\",\"role\":\"agent\"},\"approvals\":{}}",
    "{\"stage\":\"system\",\"text\":\"be good\"}",
};

static const char *const tokens[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "false",
    "0",
    "-",
    "1.5",
    "1e400",
    "00",
    "98.7000000",
    "123456789012345678901",
    "-0.0",
    "\"stage\":\"action\",",
    "\"tool\":\"refund\",",
    "\"order\":\"x\",",
    "\"amount\":3,",
    "\"id\":\"y\",",
    "\"user\":null,",
    "\"session\":3,",
    "\\u0041",
    "\\ud800",
    "\\ud83d\\ude00",
    "\\",
    "\\n",
    "\x80",
    "\xc3",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\xc3\xa4",
    " ",
    "\n",
    "\t",
    "\x01",
    "\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":1,\"k\":1,\"l\":"
    "1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1,",
    "\"r\":1,\"s\":2,\"t\":3,\"u\":4,\"v\":5,\"w\":6,\"x\":7,\"y\":8,\"z\":9,\"aa\":1,\"ab\":1,"
    "\"ac\":1,\"ad\":1,\"ae\":1,\"af\":1,\"ag\":1,\"ah\":1,",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{\"a\":",
    "\"zone\":\"x\",",
    "\"z\\u006fne\":\"x\",",
    "\"am\\u006funt\":5,",
    "\"text\":\"twice\",",
    "\"time\":\"2026-02-30T10:00:00Z\",",
    "\"time\":\"2028-02-29T23:59:60Z\",",
    "\"value\":[],",
};

typedef struct text {
    char bytes[MOST_BYTES + 1];
    size_t length;
} text;

/* Puts `size` bytes in place of `old` at `at`, if there is room. */
static void splice(text *event, size_t at, size_t old, const char *bytes, size_t size)
{
    if (event->length - old + size > MOST_BYTES)
        return;
    memmove(event->bytes + at + size, event->bytes + at + old, event->length - at - old);
    memcpy(event->bytes + at, bytes, size);
    event->length = event->length - old + size;
}

/* Where a member may begin: behind a brace or a comma. Anywhere, if there is none. */
static size_t member_place(const text *event)
{
    size_t at = random_below((uint32_t)event->length + 1);
    for (int i = 0; i < 40 && at > 0 && event->bytes[at - 1] != '{' && event->bytes[at - 1] != ',';
         i++)
        at--;
    return at;
}

static void change(text *event)
{
    const char *const token = tokens[random_below(sizeof tokens / sizeof *tokens)];
    const size_t at = random_below((uint32_t)event->length + 1);
    char piece[64];
    size_t size = random_below(sizeof piece);
    if (size > event->length - at)
        size = event->length - at;
    memcpy(piece, event->bytes + at, size);
    switch (random_below(7)) {
    case 0:
        if (event->length)
            event->bytes[random_below((uint32_t)event->length)] = (char)random_below(256);
        break;
    case 1: splice(event, at, 0, token, strlen(token)); break;
    case 2: splice(event, member_place(event), 0, token, strlen(token)); break;
    case 3: splice(event, at, size < 4 ? size : 4, "", 0); break;
    case 4: splice(event, random_below((uint32_t)event->length + 1), 0, piece, size); break;
    case 5: splice(event, at, size, token, strlen(token)); break;
    default:
        if (random_below(4) == 0)
            event->length = at;
    }
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void same_string(const char *a, const char *b)
{
    assert_true((a == NULL) == (b == NULL));
    if (a)
        assert_string_equal(a, b);
}

static void same_text(const engine_text *a, const engine_text *b)
{
    assert_true((a->bytes == NULL) == (b->bytes == NULL));
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->at, b->at);
    assert_int_equal(a->at_length, b->at_length);
    if (a->bytes)
        assert_memory_equal(a->bytes, b->bytes, a->length);
}

static void same_value(const cst_value *a, const cst_value *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->symbol, b->symbol);
    assert_int_equal(a->at, b->at);
    assert_int_equal(a->at_length, b->at_length);
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->raw_length, b->raw_length);
    if (a->kind == CST_KIND_LIST || a->kind == CST_KIND_RECORD) {
        for (uint32_t i = 0; i < a->length; i++)
            same_value(&a->as.items[i], &b->as.items[i]);
    } else if (kind_has_integer(a->kind) || a->kind == CST_KIND_FLOAT) {
        assert_int_equal(a->as.integer, b->as.integer);
    } else if (a->kind != CST_KIND_ABSENT && a->kind != CST_KIND_NULL && a->kind != CST_KIND_JSON) {
        assert_memory_equal(a->as.text, b->as.text, a->length);
    }
}

static void same_event(cst_context *quick, cst_context *careful)
{
    const engine_event *const a = &quick->event, *const b = &careful->event;
    same_string(a->problem.code, b->problem.code);
    same_string(a->problem.pointer, b->problem.pointer);
    same_string(a->problem.text, b->problem.text);
    assert_int_equal(a->stage, b->stage);
    assert_int_equal(a->is_system, b->is_system);
    assert_int_equal(a->not_json, b->not_json);
    assert_int_equal(a->has_time, b->has_time);
    assert_int_equal(a->time, b->time);
    assert_int_equal(a->time_at, b->time_at);
    assert_int_equal(a->missing, b->missing);
    assert_int_equal(a->hashable, b->hashable);
    same_text(&a->tool, &b->tool);
    same_text(&a->session, &b->session);
    same_text(&a->id, &b->id);
    same_text(&a->args, &b->args);
    same_text(&a->text, &b->text);
    same_text(&a->value, &b->value);
    same_text(&a->approvals, &b->approvals);
    const cst_image *const image = quick->policy->image;
    for (uint32_t i = 0; i < image->records.count; i++)
        same_text(&a->records[i], &b->records[i]);
    if (a->problem.code)
        return;
    for (uint32_t i = 0; i < image->slot_count; i++)
        same_value(&quick->slots[i], &careful->slots[i]);
    for (uint32_t i = 0; i < image->nodes.count; i++)
        assert_int_equal(quick->node_stamps[i] == quick->stamp,
                         careful->node_stamps[i] == careful->stamp);
}

static void same_decision(const cst_decision *a, const cst_decision *b)
{
    const char *texts[2];
    size_t lengths[2];
    assert_int_equal(cst_decision_json(a, &texts[0], &lengths[0]), CST_OK);
    assert_int_equal(cst_decision_json(b, &texts[1], &lengths[1]), CST_OK);
    assert_int_equal(lengths[0], lengths[1]);
    assert_memory_equal(texts[0], texts[1], lengths[0]);
}

static int64_t fixed_clock(void *user)
{
    (void)user;
    return INT64_C(1780000000000000);
}

static bool is_about_json(const char *code)
{
    return code && (strcmp(code, "json") == 0 || strcmp(code, "encoding") == 0 ||
                    strcmp(code, "depth") == 0);
}

static void test_changed(void **unused)
{
    (void)unused;
    image_builder *const image = support_image("1.2");
    cst_policy *policy;
    const cst_options options = {.size = sizeof options, .clock = fixed_clock};
    assert_int_equal(cst_policy_from_module(image_module(image), &options, &policy), CST_OK);
    cst_context *const quick = cst_context_new(policy), *const careful = cst_context_new(policy);
    careful->careful = true;
    uint32_t good = 0, refused = 0;
    text event;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const char *const seed = seeds[random_below(sizeof seeds / sizeof *seeds)];
        event.length = strlen(seed);
        memcpy(event.bytes, seed, event.length);
        for (uint32_t i = random_below(4); i > 0; i--)
            change(&event);
        event.bytes[event.length] = '\0';
        cst_decision decisions[2];
        if (round % 256 == 0) { /* a session that was halted stays so */
            cst_context_forget(quick);
            cst_context_forget(careful);
        }
        assert_int_equal(cst_decide_json(quick, event.bytes, event.length, &decisions[0]), CST_OK);
        assert_int_equal(cst_decide_json(careful, event.bytes, event.length, &decisions[1]),
                         CST_OK);
        same_event(quick, careful);
        same_decision(&decisions[0], &decisions[1]);
        const char *const code = decisions[0].error_code;
        const bool valid = is_json(event.bytes, event.length);
        if (!code || strcmp(code, "duplicate") != 0) /* which is found before what follows */
            assert_int_equal(valid, !is_about_json(code));
        cJSON *const other = cJSON_ParseWithLengthOpts(event.bytes, event.length + 1, NULL, true);
        if (valid && !memchr(event.bytes, '\0', event.length) && !strstr(event.bytes, "\\u0000"))
            assert_non_null(other);
        cJSON_Delete(other);
        good += !code;
        refused += is_about_json(code);
    }
    assert_true(good > ROUNDS / 8 && refused > ROUNDS / 8);
    cst_context_free(quick);
    cst_context_free(careful);
    cst_policy_release(policy);
    image_free(image);
}

/* Some members, most of them in the order of the time before; now and then one twice. */
static void add_members(text *event, const char *const *declared, uint32_t round)
{
    char *const to = event->bytes;
    size_t length = event->length;
    for (uint32_t i = 0; declared[i]; i++) {
        const uint32_t unread = random_below(4) ? round / 8 % 60 + i : random_below(90);
        const char *const name = unread % 3 ? "k" : "a-key-that-is-long-";
        length += (size_t)sprintf(to + length, "%s\"%s\":\"eu\"", i ? "," : "", declared[i]);
        for (uint32_t times = random_below(24) == 0 ? 2 : random_below(3) > 0; times > 0; times--)
            length += (size_t)sprintf(to + length, ",\"%s%u\":1", name, unread);
        if (random_below(16) == 0)
            length += (size_t)sprintf(to + length, ",\"%s\":null", declared[random_below(i + 1)]);
    }
    event->length = length;
}

/* Keys that nobody reads, more of them than are remembered, of which some are others' members. */
static void test_unread(void **unused)
{
    (void)unused;
    static const char *const user[] = {"id", "region", NULL},
                             *const args[] = {"order", "reason", NULL},
                             *const other[] = {"to", "reason", NULL};
    image_builder *const image = support_image("1.2");
    cst_policy *policy;
    const cst_options options = {.size = sizeof options, .clock = fixed_clock};
    assert_int_equal(cst_policy_from_module(image_module(image), &options, &policy), CST_OK);
    cst_context *const quick = cst_context_new(policy), *const careful = cst_context_new(policy);
    careful->careful = true;
    uint32_t twice = 0, good = 0;
    for (uint32_t round = 0; round < ROUNDS / 4; round++) {
        text event = {.length = 0};
        const bool refund = round / 16 % 2 == 0; /* so that the other forgets */
        event.length =
            (size_t)sprintf(event.bytes, "{\"stage\":\"action\",\"tool\":\"%s\",\"user\":{",
                            refund ? "refund" : "send_email");
        add_members(&event, user, round);
        event.length +=
            (size_t)sprintf(event.bytes + event.length, ",\"role\":\"agent\"},\"args\":{");
        add_members(&event, refund ? args : other, round);
        event.length += (size_t)sprintf(event.bytes + event.length, "}}");
        cst_decision decisions[2];
        assert_int_equal(cst_decide_json(quick, event.bytes, event.length, &decisions[0]), CST_OK);
        assert_int_equal(cst_decide_json(careful, event.bytes, event.length, &decisions[1]),
                         CST_OK);
        same_event(quick, careful);
        same_decision(&decisions[0], &decisions[1]);
        const char *const code = decisions[0].error_code;
        twice += code && strcmp(code, "duplicate") == 0;
        good += !code || strcmp(code, "duplicate") != 0;
    }
    assert_true(twice > ROUNDS / 64 && good > ROUNDS / 64);
    cst_context_free(quick);
    cst_context_free(careful);
    cst_policy_release(policy);
    image_free(image);
}

/* The quick reader must be the one that takes ordinary events: else it is tested by nothing, and
 * serves nobody. */
static void test_taken(void **unused)
{
    (void)unused;
    image_builder *const image = support_image("1.2");
    cst_policy *policy;
    assert_int_equal(cst_policy_from_module(image_module(image), NULL, &policy), CST_OK);
    cst_context *const context = cst_context_new(policy);
    static const bool taken[] = {true, true, true, false, true, true, true, true, false};
    assert_int_equal(sizeof taken / sizeof *taken, sizeof seeds / sizeof *seeds);
    for (uint32_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        text event = {.length = strlen(seeds[i])};
        memcpy(event.bytes, seeds[i], event.length);
        assert_int_equal(engine_begin(context), CST_OK);
        json_scan_begin_padded(&context->scanner, event.bytes, event.length, &context->arena,
                               LIMIT_JSON_DEPTH);
        assert_int_equal(event_read_quickly(context), taken[i]);
    }
    cst_context_free(context);
    cst_policy_release(policy);
    image_free(image);
}

/* ---- batches --------------------------------------------------------------------------------- */

enum { BATCH = 97 };

typedef struct visited {
    const cst_outcome *rows;
    size_t before; /* 1 + the last index, or 0 */
    uint32_t count;
} visited;

static void visit(void *user, size_t index, const cst_decision *decision)
{
    visited *const seen = user;
    assert_true(index >= seen->before);
    seen->before = index + 1;
    seen->count++;
    assert_true(decision->verdict != CST_PERMIT || decision->shadow_count > 0);
    const char *json;
    size_t length;
    assert_int_equal(cst_decision_json(decision, &json, &length), CST_OK);
}

/* A batch gives what its events give one by one, sessions (records, halts) included. */
static void test_batch(void **unused)
{
    (void)unused;
    image_builder *const image = support_image("1.2");
    cst_policy *policy;
    const cst_options options = {.size = sizeof options, .clock = fixed_clock};
    assert_int_equal(cst_policy_from_module(image_module(image), &options, &policy), CST_OK);
    cst_context *const many = cst_context_new(policy), *const one = cst_context_new(policy);
    static text events[BATCH];
    cst_bytes places[BATCH];
    cst_outcome rows[BATCH];
    uint32_t fired = 0, malformed = 0, visits = 0;
    for (uint32_t round = 0; round < 40; round++) {
        for (uint32_t i = 0; i < BATCH; i++) {
            const char *const seed = seeds[random_below(sizeof seeds / sizeof *seeds)];
            events[i].length = strlen(seed);
            memcpy(events[i].bytes, seed, events[i].length);
            if (random_below(3) == 0)
                change(&events[i]);
            places[i] = (cst_bytes){events[i].bytes, events[i].length};
        }
        visited seen = {.rows = rows};
        assert_int_equal(cst_decide_batch(many, places, BATCH, rows, visit, &seen), CST_OK);
        uint32_t wanted = 0;
        for (uint32_t i = 0; i < BATCH; i++) {
            cst_decision decision;
            assert_int_equal(cst_decide_json(one, events[i].bytes, events[i].length, &decision),
                             CST_OK);
            assert_int_equal(rows[i].verdict, decision.verdict);
            assert_int_equal(rows[i].status, CST_OK);
            assert_int_equal(rows[i].stage, decision.stage);
            assert_int_equal(rows[i].rule_count, decision.rule_count);
            assert_int_equal(rows[i].shadow_count, decision.shadow_count);
            same_string(rows[i].error_code, decision.error_code);
            cst_fired rule = {.rule = NULL};
            if (decision.rule_count)
                assert_int_equal(cst_decision_rule(&decision, 0, &rule), CST_OK);
            same_string(rows[i].rule, rule.rule);
            wanted += decision.verdict != CST_PERMIT || decision.shadow_count > 0;
            fired += decision.rule_count > 0;
            malformed += decision.error_code != NULL;
        }
        assert_int_equal(seen.count, wanted);
        visits += wanted;
    }
    assert_true(fired > BATCH && malformed > BATCH && visits > BATCH);
    assert_int_equal(cst_decide_batch(many, NULL, 0, NULL, NULL, NULL), CST_OK);
    assert_int_equal(cst_decide_batch(many, places, 1, NULL, NULL, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_decide_batch(NULL, places, 2, rows, NULL, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(rows[0].verdict, CST_DENY);
    assert_int_equal(rows[1].status, CST_BAD_ARGUMENT);
    places[1].bytes = NULL; /* a row that cannot be decided is denied, and the others are decided */
    assert_int_equal(cst_decide_batch(one, places, 3, rows, NULL, NULL), CST_BAD_ARGUMENT);
    assert_true(rows[0].status == CST_OK && rows[1].status == CST_BAD_ARGUMENT &&
                rows[1].verdict == CST_DENY && rows[2].status == CST_OK);
    cst_context_free(many);
    cst_context_free(one);
    cst_policy_release(policy);
    image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changed),
                                       cmocka_unit_test(test_unread), cmocka_unit_test(test_taken),
                                       cmocka_unit_test(test_batch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

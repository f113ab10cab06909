/*
 * runtime_engine_test.c - events in: the JSON reader, the setters, sessions, and what a malformed
 * event is told.
 *
 * The policy is support_image.h. Each malformed event is checked for code and pointer, and every
 * event of the tables is read in two orders of its members, which must not change the answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/engine.h"
#include "tests/unit/support_image.h"

#define USER      "\"user\":{\"id\":\"u1\",\"role\":\"customer\"}"
#define MAIL_ARGS "\"args\":{\"to\":[\"ann@example.com\"],\"subject\":\"hi\",\"body\":\"b\"}"

typedef struct fixture {
    image_builder *image;
    cst_policy *policy;
    cst_context *context;
} fixture;

static int64_t fixed_clock(void *user)
{
    (void)user;
    return INT64_C(1780000000000000);
}

static int set_up(void **state)
{
    static fixture shared;
    fixture *const f = &shared;
    f->image = support_image("1.2");
    const cst_options options = {
        .size = sizeof options, .clock = fixed_clock, .limits = {.sessions = 3}};
    assert_int_equal(cst_policy_from_module(image_module(f->image), &options, &f->policy), CST_OK);
    f->context = cst_context_new(f->policy);
    assert_non_null(f->context);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *const f = *state;
    cst_context_free(f->context);
    cst_policy_release(f->policy);
    image_free(f->image);
    return 0;
}

/* The event lies in memory of exactly its size, which is gone when the decision is looked at. */
static cst_decision decide(fixture *f, const char *json)
{
    cst_decision decision;
    const size_t length = strlen(json);
    char *const copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, json, length);
    assert_int_equal(cst_decide_json(f->context, copy, length, &decision), CST_OK);
    memset(copy, 'x', length);
    free(copy);
    return decision;
}

static const cst_value *slot(fixture *f, uint32_t number)
{
    return &engine_frame(f->context)->slots[number];
}

static void assert_text(const cst_value *value, const char *text)
{
    assert_int_equal(value->length, strlen(text));
    assert_memory_equal(value->as.text, text, strlen(text));
}

/* ---- reading --------------------------------------------------------------------------------- */

static void test_reads_fields(void **state)
{
    fixture *const f = *state;
    const cst_decision d = decide(
        f, "{\"stage\":\"action\",\"session\":\"s1\",\"time\":\"2026-11-23T10:00:00Z\",\"tool\":"
           "\"refund\","
           "\"id\":\"call-7\"," USER
           ",\"args\":{\"order\":\"o\\u00e91\",\"amount\":98.70,\"reason\":null,\"x\":[1]}}");
    assert_null(d.error_code);
    assert_int_equal(d.stage, CST_ACTION);
    assert_text(slot(f, SUPPORT_ORDER), "o\xc3\xa9"
                                        "1");
    assert_int_equal(slot(f, SUPPORT_AMOUNT)->as.integer, 98700000);
    assert_int_equal(slot(f, SUPPORT_REASON)->kind, CST_KIND_ABSENT);
    assert_text(slot(f, SUPPORT_ID), "u1");
    assert_int_equal(slot(f, SUPPORT_ROLE)->as.integer, 0);
    assert_text(slot(f, SUPPORT_SESSION), "s1");
    assert_int_equal(slot(f, SUPPORT_TOOL)->as.integer, SUPPORT_REFUND);
    assert_int_equal(slot(f, SUPPORT_TIME)->as.integer, INT64_C(1795428000000000));
    assert_int_equal(slot(f, SUPPORT_AMOUNT)->at_length, 5);
}

static void test_slots_are_emptied(void **state)
{
    fixture *const f = *state;
    decide(f, "{\"stage\":\"action\",\"tool\":\"refund\"," USER
              ",\"args\":{\"order\":\"o\",\"amount\":1}}");
    assert_int_equal(slot(f, SUPPORT_AMOUNT)->as.integer, 1000000);
    decide(f, "{\"stage\":\"output\",\"text\":\"t\"}");
    for (uint32_t i = 0; i <= SUPPORT_SENDER; i++)
        assert_int_equal(slot(f, i)->kind == CST_KIND_ABSENT, i != SUPPORT_TEXT);
}

static void test_defaults_of_session_and_time(void **state)
{
    fixture *const f = *state;
    const cst_decision d =
        decide(f, "{\"stage\":\"action\",\"tool\":\"nobody\",\"session\":null," USER "}");
    assert_null(d.error_code);
    assert_int_equal(slot(f, SUPPORT_SESSION)->kind, CST_KIND_STRING);
    assert_int_equal(slot(f, SUPPORT_SESSION)->length, 0);
    assert_int_equal(slot(f, SUPPORT_TIME)->as.integer, fixed_clock(NULL));
    assert_int_equal(slot(f, SUPPORT_TOOL)->as.integer, 0);
}

static void test_symbols(void **state)
{
    fixture *const f = *state;
    decide(f, "{\"stage\":\"action\",\"tool\":\"send_email\"," USER
              ",\"args\":{\"to\":[],\"subject\":\"secret\",\"body\":\"\"}}");
    assert_int_equal(slot(f, SUPPORT_SUBJECT)->symbol, 1);
    assert_int_equal(slot(f, SUPPORT_TO)->kind, CST_KIND_LIST);
    assert_int_equal(slot(f, SUPPORT_TO)->length, 0);
}

static void test_open_data(void **state)
{
    fixture *const f = *state;
    assert_null(decide(f, "{\"stage\":\"action\",\"tool\":\"x\"," USER
                          ",\"args\":{\"path\":7,\"meta\":{\"a\":\"b\",\"c\":[]}}}")
                    .error_code);
    assert_int_equal(slot(f, SUPPORT_PATH)->kind, CST_KIND_ABSENT);
    assert_int_not_equal(slot(f, SUPPORT_META)->kind, CST_KIND_ABSENT);
    assert_text(slot(f, SUPPORT_META_A), "b");
    assert_string_equal(
        decide(f, "{\"stage\":\"action\",\"tool\":\"x\"," USER ",\"args\":[1,2]}").error_code,
        "type");
    assert_null(decide(f, "{\"stage\":\"action\",\"tool\":\"x\"," USER ",\"args\":{\"meta\":5}}")
                    .error_code);
    assert_int_not_equal(slot(f, SUPPORT_META)->kind, CST_KIND_ABSENT);
    assert_int_equal(slot(f, SUPPORT_META_A)->kind, CST_KIND_ABSENT);
}

static void test_order_of_members(void **state)
{
    fixture *const f = *state;
    static const char *const members[] = {"\"stage\":\"action\"",
                                          "\"tool\":\"refund\"",
                                          "\"session\":\"s\"",
                                          USER,
                                          "\"args\":{\"order\":\"o1\",\"amount\":150}",
                                          "\"id\":7"};
    char first[1024] = "";
    uint32_t order[6] = {0, 1, 2, 3, 4, 5};
    for (uint32_t round = 0; round < 720; round++) {
        uint32_t left = round, pool[6];
        memcpy(pool, order, sizeof pool);
        char event[512] = "{";
        for (uint32_t i = 0; i < 6; i++) {
            const uint32_t pick = left % (6 - i);
            left /= 6 - i;
            strcat(strcat(event, i ? " , " : " "), members[pool[pick]]);
            memmove(&pool[pick], &pool[pick + 1], (5 - pick) * sizeof *pool);
        }
        const cst_decision d = decide(f, strcat(event, "} "));
        const char *json;
        size_t length;
        assert_int_equal(cst_decision_json(&d, &json, &length), CST_OK);
        if (round == 0)
            snprintf(first, sizeof first, "%s", json);
        assert_string_equal(json, first);
        assert_text(slot(f, SUPPORT_ORDER), "o1");
    }
    assert_non_null(strstr(first, "\"session\":\"s\",\"id\":7,"));
    assert_non_null(strstr(first, "\"decision\":\"escalate\""));
}

/* ---- malformed events ------------------------------------------------------------------------ */

typedef struct malformed {
    const char *event, *code, *pointer;
} malformed;

static const malformed bad_events[] = {
    {"", "json", ""},
    {"nonsense", "json", ""},
    {"{\"stage\":\"input\"", "json", ""},
    {"{\"stage\":\"input\"} x", "json", ""},
    {"[1]", "type", ""},
    {"{\"stage\":\"\xff\"}", "encoding", "/stage"},
    {"{\"stage\":\"input\",\"stage\":\"input\"}", "duplicate", NULL},
    {"{}", "stage", "/stage"},
    {"{\"stage\":7,\"text\":5}", "type", "/stage"},
    {"{\"stage\":\"Input\",\"text\":5}", "stage", "/stage"},
    {"{\"stage\":\"action\"}", "missing", "/tool"},
    {"{\"tool\":5,\"stage\":\"action\"}", "type", "/tool"},
    {"{\"stage\":\"output\",\"session\":5,\"text\":5}", "type", "/session"},
    {"{\"stage\":\"output\",\"text\":5,\"session\":5}", "type", "/text"},
    {"{\"text\":5,\"session\":5,\"stage\":\"output\"}", "type", "/text"},
    {"{\"stage\":\"output\",\"text\":\"\",\"time\":\"noon\"}", "value", "/time"},
    {"{\"stage\":\"output\",\"text\":\"\",\"time\":5}", "type", "/time"},
    {"{\"stage\":\"output\"}", "missing", "/text"},
    {"{\"stage\":\"output\",\"text\":null}", "missing", "/text"},
    {"{\"stage\":\"output\",\"text\":[]}", "type", "/text"},
    {"{\"stage\":\"output\",\"text\":{}}", "type", "/text"},
    {"{\"stage\":\"output\",\"text\":true}", "type", "/text"},
    {"{\"stage\":\"output\",\"text\":1e}", "json", "/text"},
    {"{\"stage\":\"input\",\"text\":\"a\"}", "missing", "/user"},
    {"{\"stage\":\"input\",\"text\":\"a\",\"user\":null}", "missing", "/user"},
    {"{\"stage\":\"input\",\"text\":\"a\",\"user\":[]}", "type", "/user"},
    {"{\"stage\":\"input\",\"text\":\"a\",\"user\":\"u\"}", "type", "/user"},
    {"{\"stage\":\"input\",\"text\":\"a\",\"user\":{\"role\":\"admin\"}}", "missing", "/user/id"},
    {"{\"stage\":\"input\",\"text\":\"a\",\"user\":{\"id\":\"u\",\"role\":\"root\"}}", "value",
     "/user/role"},
    {"{\"stage\":\"input\",\"text\":\"a\",\"user\":{\"id\":\"u\",\"role\":\"admin\",\"x\":{\"y\":1,"
     "\"y\":2}}}",
     "duplicate", NULL},
    {"{\"stage\":\"action\",\"tool\":\"refund\"," USER "}", "missing", "/args"},
    {"{\"stage\":\"action\",\"tool\":\"refund\"," USER ",\"args\":[]}", "type", "/args"},
    {"{\"stage\":\"action\",\"tool\":\"refund\"," USER ",\"args\":{}}", "missing", "/args/amount"},
    {"{\"stage\":\"action\",\"tool\":\"refund\"," USER ",\"args\":{\"order\":1,\"amount\":\"x\"}}",
     "type", "/args/order"},
    {"{\"stage\":\"action\",\"tool\":\"refund\"," USER
     ",\"args\":{\"order\":\"1\",\"amount\":0.0000001}}",
     "value", "/args/amount"},
    {"{\"stage\":\"action\",\"tool\":\"send_email\"," USER
     ",\"args\":{\"to\":[\"a@b.de\",\"nobody\"],\"subject\":\"s\",\"body\":\"b\"}}",
     "value", "/args/to/1"},
    {"{\"stage\":\"action\",\"tool\":\"send_email\"," USER
     ",\"args\":{\"to\":[\"a@b.de\",\"a@b.de\",\"a@b.de\",\"a@b.de\"],\"subject\":\"s\",\"body\":"
     "\"b\"}}",
     "bound", "/args/to"},
    {"{\"stage\":\"action\",\"tool\":\"send_email\"," USER
     ",\"args\":{\"to\":[],\"subject\":\"a text of more than twenty\",\"body\":\"b\"}}",
     "bound", "/args/subject"},
    {"{\"stage\":\"output\",\"text\":\"t\",\"d\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
     "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
     "depth", NULL},
};

static void test_malformed(void **state)
{
    fixture *const f = *state;
    for (size_t i = 0; i < sizeof bad_events / sizeof *bad_events; i++) {
        cst_context_forget(f->context);
        const cst_decision d = decide(f, bad_events[i].event);
        if (!d.error_code || strcmp(d.error_code, bad_events[i].code) != 0 ||
            (bad_events[i].pointer && strcmp(d.error_pointer, bad_events[i].pointer) != 0))
            fail_msg("%s\n  gives %s at %s", bad_events[i].event,
                     d.error_code ? d.error_code : "no error",
                     d.error_pointer ? d.error_pointer : "");
        assert_int_equal(d.verdict, CST_DENY);
        assert_int_equal(d.rule_count, 0);
        assert_non_null(d.error_text);
        const char *json;
        size_t length;
        uint8_t hash[32];
        assert_int_equal(cst_decision_json(&d, &json, &length), CST_OK);
        assert_int_equal(cst_decision_action_hash(&d, hash), CST_NO_FIELD);
    }
}

static void test_event_too_large(void **state)
{
    fixture *const f = *state;
    const cst_options options = {.size = sizeof options, .limits = {.event_bytes = 31}};
    cst_policy *policy;
    cst_decision d;
    assert_int_equal(cst_policy_from_module(image_module(f->image), &options, &policy), CST_OK);
    cst_context *const context = cst_context_new(policy);
    static const char fits[] = "{\"stage\":\"output\",\"text\":\"abc\"}",
                      large[] = "{\"stage\":\"output\",\"text\":\"abcd\"}";
    assert_int_equal(cst_decide_json(context, fits, strlen(fits), &d), CST_OK);
    assert_null(d.error_code);
    assert_int_equal(cst_decide_json(context, large, strlen(large), &d), CST_OK);
    assert_string_equal(d.error_code, "limit");
    cst_context_free(context);
    cst_policy_release(policy);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void test_carried_record(void **state)
{
    fixture *const f = *state;
    assert_null(decide(f, "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"a\",\"user\":{\"id\":"
                          "\"u1\",\"role\":\"admin\",\"region\":\"eu\"}}")
                    .error_code);
    assert_null(decide(f, "{\"stage\":\"action\",\"tool\":\"refund\",\"session\":\"s\",\"args\":{"
                          "\"order\":\"o\",\"amount\":1}}")
                    .error_code);
    assert_text(slot(f, SUPPORT_ID), "u1");
    assert_int_equal(slot(f, SUPPORT_ROLE)->as.integer, 2);
    assert_int_equal(slot(f, SUPPORT_REGION)->symbol, 2);
    assert_int_equal(slot(f, SUPPORT_REGION)->at, UINT32_MAX);
    /* Another session has none. */
    assert_string_equal(
        decide(f, "{\"stage\":\"input\",\"session\":\"t\",\"text\":\"a\"}").error_pointer, "/user");
    /* A record that comes later replaces the whole; one of a malformed event does not. */
    assert_null(decide(f, "{\"user\":{\"id\":\"u2\",\"role\":\"agent\"},\"stage\":\"output\","
                          "\"session\":\"s\",\"text\":\"a\"}")
                    .error_code);
    assert_non_null(
        decide(
            f,
            "{\"stage\":\"output\",\"session\":\"s\",\"user\":{\"id\":\"u3\",\"role\":\"agent\"}}")
            .error_code);
    assert_null(decide(f, "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"a\"}").error_code);
    assert_text(slot(f, SUPPORT_ID), "u2");
    assert_int_equal(slot(f, SUPPORT_REGION)->kind, CST_KIND_ABSENT);
    /* A stage that does not read the record keeps it as it is, and whoever reads it finds what is
     * wrong with it. */
    assert_null(decide(f, "{\"stage\":\"output\",\"session\":\"s\",\"text\":\"a\",\"user\":{\"id\":"
                          "5,\"role\":\"agent\"}}")
                    .error_code);
    const cst_decision d = decide(f, "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"a\"}");
    assert_string_equal(d.error_code, "type");
    assert_string_equal(d.error_pointer, "/user/id");
    cst_context_forget(f->context);
    assert_string_equal(
        decide(f, "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"a\"}").error_code, "missing");
}

static void test_messages_outlive_the_session(void **state)
{
    fixture *const f = *state;
    assert_null(
        decide(f, "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"a\"," USER "}").error_code);
    const cst_decision d =
        decide(f, "{\"stage\":\"action\",\"tool\":\"send_email\",\"session\":\"s\",\"args\":{"
                  "\"to\":[\"eve@evil.test\"],\"subject\":\"s\",\"body\":\"b\"}}");
    cst_context_forget(f->context);
    cst_fired fired;
    assert_int_equal(cst_decision_rule(&d, 0, &fired), CST_OK);
    assert_string_equal(fired.message,
                        "This mail leaves the company: eve@evil.test first eve@evil.test, •••");
}

static void test_halted_session(void **state)
{
    fixture *const f = *state;
    assert_int_equal(
        decide(f, "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"bomb\"," USER "}").verdict,
        CST_HALT);
    cst_decision d = decide(f, "{\"stage\":\"output\",\"session\":\"s\",\"text\":\"a\"}");
    assert_int_equal(d.verdict, CST_DENY);
    assert_string_equal(d.error_code, "halted");
    assert_string_equal(decide(f, "{\"stage\":\"output\",\"session\":\"s\",\"text\":5}").error_code,
                        "halted");
    assert_string_equal(decide(f, "{\"stage\":\"output\",\"session\":\"s\",\"text\":5").error_code,
                        "json");
    assert_int_equal(decide(f, "{\"stage\":\"output\",\"session\":\"t\",\"text\":\"a\"}").verdict,
                     CST_PERMIT);
    assert_int_equal(decide(f, "{\"stage\":\"output\",\"text\":\"a\"}").verdict, CST_PERMIT);
}

static void test_session_limit(void **state)
{
    fixture *const f = *state;
    char event[256];
    for (int i = 0; i < 5; i++) {
        snprintf(event, sizeof event,
                 "{\"stage\":\"input\",\"session\":\"s%d\",\"text\":\"a\"," USER "}", i);
        const cst_decision d = decide(f, event);
        assert_int_equal(d.verdict, i < 3 ? CST_PERMIT : CST_DENY);
        if (i >= 3)
            assert_string_equal(d.error_code, "session-limit");
    }
    assert_int_equal(decide(f, "{\"stage\":\"output\",\"session\":\"s9\",\"text\":\"a\"}").verdict,
                     CST_PERMIT);
    cst_context_forget(f->context);
    assert_int_equal(decide(f, event).verdict, CST_PERMIT);
}

static void test_halt_that_cannot_be_kept(void **state)
{
    fixture *const f = *state;
    char event[256];
    for (int i = 0; i < 3; i++) {
        snprintf(event, sizeof event,
                 "{\"stage\":\"input\",\"session\":\"s%d\",\"text\":\"a\"," USER "}", i);
        decide(f, event);
    }
    cst_field id, role, text;
    assert_int_equal(cst_policy_field(f->policy, CST_INPUT, NULL, "user.id", &id), CST_OK);
    assert_int_equal(cst_policy_field(f->policy, CST_INPUT, NULL, "user.role", &role), CST_OK);
    assert_int_equal(cst_policy_field(f->policy, CST_INPUT, NULL, "text", &text), CST_OK);
    cst_decision d;
    cst_event_begin(f->context, CST_INPUT, NULL);
    cst_event_session(f->context, "new", 3);
    cst_set_string(f->context, id, "u", 1);
    cst_set_string(f->context, role, "admin", 5);
    cst_set_string(f->context, text, "bomb", 4);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_int_equal(d.verdict, CST_HALT);
    /* Which session it was is lost: none that is unknown goes on. */
    assert_string_equal(
        decide(f, "{\"stage\":\"output\",\"session\":\"new\",\"text\":\"a\"}").error_code,
        "session-limit");
    assert_string_equal(
        decide(f, "{\"stage\":\"output\",\"session\":\"other\",\"text\":\"a\"}").error_code,
        "session-limit");
    assert_int_equal(decide(f, "{\"stage\":\"output\",\"session\":\"s1\",\"text\":\"a\"}").verdict,
                     CST_PERMIT);
}

static void test_session_name_bound(void **state)
{
    fixture *const f = *state;
    char event[2048] = "{\"stage\":\"output\",\"text\":\"a\",\"session\":\"";
    memset(event + strlen(event), 'x', 1025);
    strcat(event, "\"}");
    const cst_decision d = decide(f, event);
    assert_string_equal(d.error_code, "bound");
    assert_string_equal(d.error_pointer, "/session");
}

/* ---- field by field -------------------------------------------------------------------------- */

static cst_field field_of(fixture *f, cst_stage stage, const char *tool, const char *path)
{
    cst_field field = CST_FIELD_NONE;
    assert_int_equal(cst_policy_field(f->policy, stage, tool, path, &field), CST_OK);
    return field;
}

static void set_text(fixture *f, cst_field field, const char *text)
{
    assert_int_equal(cst_set_string(f->context, field, text, strlen(text)), CST_OK);
}

static void begin_refund(fixture *f)
{
    assert_int_equal(cst_event_begin(f->context, CST_ACTION, "refund"), CST_OK);
    assert_int_equal(cst_event_session(f->context, "s", 1), CST_OK);
    set_text(f, field_of(f, CST_ACTION, "refund", "user.id"), "u1");
    set_text(f, field_of(f, CST_ACTION, "refund", "user.role"), "customer");
    set_text(f, field_of(f, CST_ACTION, "refund", "args.order"), "o1");
}

static void test_typed_is_as_json(void **state)
{
    fixture *const f = *state;
    char expected[1024];
    const char *json;
    size_t length;
    cst_decision d = decide(f, "{\"stage\":\"action\",\"session\":\"s\",\"tool\":\"refund\"," USER
                               ",\"args\":{\"order\":\"o1\",\"amount\":150}}");
    assert_int_equal(cst_decision_json(&d, &json, &length), CST_OK);
    snprintf(expected, sizeof expected, "%s", json);
    begin_refund(f);
    assert_int_equal(cst_event_args_json(f->context, "{\"order\":\"o1\",\"amount\":150}", 27),
                     CST_OK);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_int_equal(cst_decision_json(&d, &json, &length), CST_OK);
    assert_string_equal(json, expected);
}

static void test_typed_numbers(void **state)
{
    fixture *const f = *state;
    const cst_field amount = field_of(f, CST_ACTION, "refund", "args.amount");
    cst_decision d;
    begin_refund(f);
    assert_int_equal(cst_set_decimal(f->context, amount, 98700000), CST_OK);
    assert_int_equal(slot(f, SUPPORT_AMOUNT)->as.integer, 98700000);
    assert_int_equal(cst_set_int(f->context, amount, 7), CST_OK);
    assert_int_equal(slot(f, SUPPORT_AMOUNT)->as.integer, 7000000);
    assert_int_equal(cst_set_float(f->context, amount, 0.25), CST_OK);
    assert_int_equal(slot(f, SUPPORT_AMOUNT)->as.integer, 250000);
    assert_int_equal(slot(f, SUPPORT_AMOUNT)->at, UINT32_MAX);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_null(d.error_code);
    assert_int_equal(d.verdict, CST_PERMIT);
    uint8_t hash[32];
    assert_int_equal(cst_decision_action_hash(&d, hash), CST_NO_FIELD);
}

static void test_typed_mistakes(void **state)
{
    fixture *const f = *state;
    const cst_field amount = field_of(f, CST_ACTION, "refund", "args.amount");
    const cst_field order = field_of(f, CST_ACTION, "refund", "args.order");
    cst_decision d;
    begin_refund(f); /* the amount is missing */
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_string_equal(d.error_code, "missing");
    assert_string_equal(d.error_pointer, "/args/amount");
    assert_int_equal(cst_decide(f->context, &d), CST_BAD_ARGUMENT); /* no event */
    assert_int_equal(d.verdict, CST_DENY);

    begin_refund(f); /* the first mistake counts, whatever is set later */
    assert_int_equal(cst_set_bool(f->context, amount, true), CST_WRONG_TYPE);
    assert_int_equal(cst_set_string(f->context, order, "\xff", 1), CST_WRONG_TYPE);
    assert_int_equal(cst_set_int(f->context, amount, 1), CST_OK);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_string_equal(d.error_code, "type");
    assert_string_equal(d.error_pointer, "/args/amount");

    begin_refund(f);
    assert_int_equal(cst_set_int(f->context, amount, 1), CST_OK);
    assert_int_equal(cst_set_json(f->context, order, "\"a\" x", 5), CST_WRONG_TYPE);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_string_equal(d.error_code, "json");

    begin_refund(f);
    assert_int_equal(cst_set_float(f->context, amount, 1e300 * 1e300), CST_WRONG_TYPE);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_string_equal(d.error_code, "value");

    begin_refund(f);
    assert_int_equal(cst_set_int(f->context, amount, 1), CST_OK);
    assert_int_equal(cst_event_session(f->context, NULL, 4), CST_BAD_ARGUMENT);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_int_equal(d.verdict, CST_DENY);

    assert_int_equal(cst_event_begin(f->context, CST_ACTION, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_set_int(f->context, amount, 1), CST_NO_FIELD);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_string_equal(d.error_pointer, "/tool");
    assert_int_equal(cst_event_begin(f->context, (cst_stage)9, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_string_equal(d.error_code, "stage");
}

static void test_typed_fields(void **state)
{
    fixture *const f = *state;
    cst_field field;
    cst_decision d;
    assert_int_equal(cst_policy_field(f->policy, CST_ACTION, "refund", "args.subject", &field),
                     CST_NO_FIELD);
    assert_int_equal(cst_policy_field(f->policy, CST_ACTION, "refund", "session", &field),
                     CST_NO_FIELD);
    assert_int_equal(cst_policy_field(f->policy, CST_MESSAGE, NULL, "sender", &field), CST_OK);
    assert_int_equal(cst_policy_field(f->policy, CST_ACTION, NULL, "args.subject", &field), CST_OK);
    /* A handle of one tool means the same path of another, and nothing where that has none. */
    begin_refund(f);
    assert_int_equal(cst_set_string(f->context, field, "x", 1), CST_NO_FIELD);
    set_text(f, field_of(f, CST_ACTION, "send_email", "user.id"), "u7");
    assert_text(slot(f, SUPPORT_ID), "u7");
    assert_int_equal(cst_set_string(f->context, CST_FIELD_NONE, "x", 1), CST_NO_FIELD);
    assert_int_equal(cst_set_int(f->context, field_of(f, CST_ACTION, "refund", "args.amount"), 1),
                     CST_OK);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_null(d.error_code);
    /* A whole record is carried by the session. */
    cst_event_begin(f->context, CST_INPUT, NULL);
    set_text(f, field_of(f, CST_INPUT, NULL, "text"), "a");
    assert_int_equal(cst_set_json(f->context, field_of(f, CST_INPUT, NULL, "user"),
                                  "{\"id\":\"u9\",\"role\":\"agent\"}", 26),
                     CST_OK);
    assert_int_equal(cst_decide(f->context, &d), CST_OK);
    assert_null(d.error_code);
    assert_null(decide(f, "{\"stage\":\"input\",\"text\":\"a\"}").error_code);
    assert_text(slot(f, SUPPORT_ID), "u9");
}

static void test_arguments(void **state)
{
    fixture *const f = *state;
    cst_decision d;
    cst_field field;
    assert_int_equal(cst_decide_json(NULL, "{}", 2, &d), CST_BAD_ARGUMENT);
    assert_int_equal(d.verdict, CST_DENY);
    assert_int_equal(cst_decide_json(f->context, NULL, 2, &d), CST_BAD_ARGUMENT);
    assert_int_equal(d.verdict, CST_DENY);
    assert_int_equal(cst_decide_json(f->context, "{}", 2, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_set_int(f->context, 0, 1), CST_BAD_ARGUMENT);
    assert_int_equal(cst_policy_field(NULL, CST_INPUT, NULL, "text", &field), CST_BAD_ARGUMENT);
    assert_int_equal(cst_policy_from_module(NULL, NULL, &f->policy), CST_BAD_ARGUMENT);
    assert_null(cst_context_new(NULL));
    assert_null(cst_context_new_live(NULL));
    cst_context_free(NULL);
    cst_policy_release(NULL);
    assert_string_equal(cst_status_name((cst_status)99), "CST_UNKNOWN");
    assert_string_equal(cst_verdict_name(CST_REQUIRE_APPROVAL), "require_approval");
}

/* ---- opening --------------------------------------------------------------------------------- */

static void test_opening(void **state)
{
    fixture *const f = *state;
    cst_policy *policy = NULL;
    assert_int_equal(cst_policy_open("/nonexistent.so", NULL, &policy), CST_IO);
    assert_int_equal(cst_policy_open(PROJECT_DIR "/CMakeLists.txt", NULL, &policy),
                     CST_NOT_A_POLICY);
    cst_module module = *image_module(f->image);
    module.abi++;
    assert_int_equal(cst_policy_from_module(&module, NULL, &policy), CST_WRONG_ABI);
    module.abi--;
    module.value_size++;
    assert_int_equal(cst_policy_from_module(&module, NULL, &policy), CST_WRONG_ABI);
    module.value_size--;
    module.magic[0] = 'x';
    assert_int_equal(cst_policy_from_module(&module, NULL, &policy), CST_NOT_A_POLICY);
    assert_string_equal(cst_policy_name(f->policy), "support");
    assert_string_equal(cst_policy_version(f->policy), "1.2");
    assert_int_equal(strlen(cst_policy_hash(f->policy)), 71);
    assert_int_equal(cst_policy_rule_count(f->policy), SUPPORT_RULES);
}

/* Every word of the image is damaged in turn: the policy is refused, or what is left of it works
 * without a crash. */
static void test_damaged_image(void **state)
{
    (void)state;
    image_builder *const image = support_image("1");
    uint32_t size, refused = 0;
    uint8_t *const bytes = image_bytes(image, &size);
    static const uint32_t patterns[] = {UINT32_MAX, 0x7fffffff, 1, 0x1000};
    static const char *const events[] = {
        "{\"stage\":\"action\",\"tool\":\"send_email\"," USER
        ",\"args\":{\"to\":[\"eve@evil.test\"],\"subject\":\"secret\",\"body\":\"b\"}}",
        "{\"stage\":\"action\",\"tool\":\"refund\"," USER
        ",\"args\":{\"order\":\"overflow\",\"amount\":1000}}",
        "{\"stage\":\"input\",\"text\":\"bomb\"," USER "}",
        "{\"stage\":\"output\",\"text\":\"longer\"}"};
    for (uint32_t at = 0; at + 4 <= size; at += 4) {
        for (size_t k = 0; k < sizeof patterns / sizeof *patterns; k++) {
            uint32_t before;
            memcpy(&before, bytes + at, 4);
            const uint32_t damaged = before ^ patterns[k];
            memcpy(bytes + at, &damaged, 4);
            cst_policy *policy = NULL;
            cst_context *context = NULL;
            /* The size of the image itself and the functions cannot be checked: they are the file's
             * word. */
            const bool sized = at == offsetof(cst_image, size) && damaged > before;
            if (!sized && cst_policy_from_module(image_module(image), NULL, &policy) == CST_OK)
                context = cst_context_new(policy);
            refused += policy == NULL;
            const bool large = policy && policy->image->slot_count > 1000;
            for (size_t i = 0; context && !large && i < sizeof events / sizeof *events; i++) {
                cst_decision d;
                const char *json;
                size_t length;
                cst_decide_json(context, events[i], strlen(events[i]), &d);
                cst_decision_json(&d, &json, &length);
            }
            cst_context_free(context);
            cst_policy_release(policy);
            memcpy(bytes + at, &before, 4);
        }
    }
    assert_true(refused > 500);
    image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_reads_fields),
        TEST(test_slots_are_emptied),
        TEST(test_defaults_of_session_and_time),
        TEST(test_symbols),
        TEST(test_open_data),
        TEST(test_order_of_members),
        TEST(test_malformed),
        TEST(test_event_too_large),
        TEST(test_carried_record),
        TEST(test_messages_outlive_the_session),
        TEST(test_halted_session),
        TEST(test_session_limit),
        TEST(test_halt_that_cannot_be_kept),
        TEST(test_session_name_bound),
        TEST(test_typed_is_as_json),
        TEST(test_typed_numbers),
        TEST(test_typed_mistakes),
        TEST(test_typed_fields),
        TEST(test_arguments),
        TEST(test_opening),
        TEST(test_damaged_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * runtime_decision_test.c - from hits to decisions: layers, permits, waivers, shadow, reports,
 * messages, spans, JSON and hashes.
 *
 * The policy is support_image.h. The last tests let every allocation fail in turn and count those
 * of a warm context.
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
#include "tests/unit/metered_memory.h"
#include "tests/unit/support_image.h"

#define CUSTOMER "\"user\":{\"id\":\"u1\",\"role\":\"customer\"}"
#define ADMIN    "\"user\":{\"id\":\"u1\",\"role\":\"admin\"}"

typedef struct fixture {
    image_builder *image;
    cst_policy *policy;
    cst_context *context;
} fixture;

static int set_up(void **state)
{
    static fixture shared;
    fixture *const f = &shared;
    f->image = support_image("1.2");
    assert_int_equal(cst_policy_from_module(image_module(f->image), NULL, &f->policy), CST_OK);
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

static cst_decision decide(fixture *f, const char *json)
{
    cst_decision decision;
    assert_int_equal(cst_decide_json(f->context, json, strlen(json), &decision), CST_OK);
    return decision;
}

static const char *json_of(const cst_decision *decision)
{
    const char *json = NULL;
    size_t length = 0;
    assert_int_equal(cst_decision_json(decision, &json, &length), CST_OK);
    assert_int_equal(strlen(json), length);
    return json;
}

static void assert_rule(const cst_decision *decision, uint32_t index, const char *name,
                        cst_verdict effect)
{
    cst_fired fired;
    assert_int_equal(cst_decision_rule(decision, index, &fired), CST_OK);
    assert_string_equal(fired.rule ? fired.rule : "(default)", name);
    assert_int_equal(fired.effect, effect);
    assert_false(fired.shadow);
}

#define POLICY                                                                                     \
    "\"policy\":\"support@1.2 "                                                                    \
    "sha256:0000000000000000000000000000000000000000000000000000000000000000\"}"

/* ---- combining ------------------------------------------------------------------------------- */

static void test_permit_lifts_the_default(void **state)
{
    fixture *const f = *state;
    cst_decision d = decide(f, "{\"stage\":\"action\",\"tool\":\"refund\"," CUSTOMER
                               ",\"args\":{\"order\":\"o\",\"amount\":20}}");
    assert_int_equal(d.verdict, CST_PERMIT);
    assert_int_equal(d.rule_count, 0);
    d = decide(f, "{\"stage\":\"action\",\"tool\":\"other\"," CUSTOMER "}");
    assert_int_equal(d.verdict, CST_DENY);
    assert_int_equal(d.rule_count, 1);
    assert_rule(&d, 0, "(default)", CST_DENY);
    assert_non_null(strstr(
        json_of(&d), "\"rules\":[{\"rule\":null,\"reason\":\"default\",\"effect\":\"deny\"}]"));
}

static void test_permit_cancels_no_rule(void **state)
{
    fixture *const f = *state;
    const cst_decision d = decide(f, "{\"stage\":\"action\",\"tool\":\"refund\"," CUSTOMER
                                     ",\"args\":{\"order\":\"o\",\"amount\":200}}");
    assert_int_equal(d.verdict, CST_ESCALATE);
    assert_int_equal(d.rule_count, 1);
    assert_rule(&d, 0, "large", CST_ESCALATE);
    assert_non_null(strstr(json_of(&d), "\"effect\":\"escalate\",\"to\":[\"agent\",\"boss\"],"
                                        "\"message\":\"A refund of 200 for (absent)\""));
}

static void test_default_behind_rules(void **state)
{
    fixture *const f = *state;
    const cst_decision d = decide(f, "{\"stage\":\"action\",\"tool\":\"refund\"," CUSTOMER
                                     ",\"args\":{\"order\":\"overflow\",\"amount\":600}}");
    assert_int_equal(d.verdict, CST_DENY);
    assert_int_equal(d.rule_count, 3);
    assert_rule(&d, 0, "overflow", CST_DENY);
    assert_rule(&d, 1, "large", CST_ESCALATE);
    assert_rule(&d, 2, "(default)", CST_DENY);
    cst_fired fired;
    assert_int_equal(cst_decision_rule(&d, 0, &fired), CST_OK);
    assert_string_equal(fired.undecided_code, "overflow");
    assert_string_equal(fired.undecided_at, "args.a + args.b");
    assert_int_equal(cst_decision_rule(&d, 3, &fired), CST_BAD_ARGUMENT);
    assert_int_equal(d.shadow_count, 1);
    assert_int_equal(cst_decision_shadow(&d, 0, &fired), CST_OK);
    assert_string_equal(fired.rule, "shadow_permit");
    assert_true(fired.shadow);
    assert_non_null(
        strstr(json_of(&d), "\"undecided\":{\"code\":\"overflow\",\"at\":\"args.a + args.b\"}}"));
    assert_non_null(
        strstr(json_of(&d), "\"shadow\":[{\"rule\":\"shadow_permit\",\"effect\":\"permit\"}]"));
}

static void test_strictest_first(void **state)
{
    fixture *const f = *state;
    const cst_decision d = decide(f, "{\"stage\":\"input\",\"text\":\"bomb\"," CUSTOMER "}");
    assert_int_equal(d.verdict, CST_HALT);
    assert_int_equal(d.rule_count, 2);
    assert_rule(&d, 0, "bomb", CST_HALT);
    assert_rule(&d, 1, "refusal", CST_REFUSE);
}

static void test_refusal_offers(void **state)
{
    fixture *const f = *state;
    const cst_decision d = decide(f, "{\"stage\":\"input\",\"id\":\"a\\\"b\",\"session\":"
                                     "\"s\\u000a\",\"text\":\"weapon\"," CUSTOMER "}");
    assert_string_equal(
        json_of(&d),
        "{\"decision\":\"refuse\",\"stage\":\"input\",\"session\":\"s\\n\",\"id\":\"a\\\"b\","
        "\"rules\":[{\"rule\":\"refusal\",\"effect\":\"refuse\","
        "\"offering\":\"I can explain \\\"safety\\\".\"}],\"shadow\":[],\"offering\":\"I can "
        "explain \\\"safety\\\".\"," POLICY);
}

static void test_waiver(void **state)
{
    fixture *const f = *state;
    cst_decision d = decide(f, "{\"stage\":\"input\",\"text\":\"spam\"," CUSTOMER "}");
    assert_int_equal(d.verdict, CST_DENY);
    assert_rule(&d, 0, "platform.spam", CST_DENY);
    d = decide(f, "{\"stage\":\"input\",\"text\":\"spam\",\"time\":\"2026-12-31T23:59:59Z\"," ADMIN
                  "}");
    assert_int_equal(d.verdict, CST_PERMIT);
    assert_int_equal(d.rule_count, 0);
    d = decide(f, "{\"stage\":\"input\",\"text\":\"spam\",\"time\":\"2027-01-01T00:00:00Z\"," ADMIN
                  "}");
    assert_int_equal(d.verdict, CST_PERMIT); /* until counts itself */
    d = decide(
        f, "{\"stage\":\"input\",\"text\":\"spam\",\"time\":\"2027-01-01T00:00:00.000001Z\"," ADMIN
           "}");
    assert_int_equal(d.verdict, CST_DENY);
    d = decide(
        f, "{\"stage\":\"input\",\"text\":\"weapon\",\"time\":\"2026-01-01T00:00:00Z\"," ADMIN "}");
    assert_int_equal(d.verdict, CST_REFUSE); /* nothing else is lifted */
}

static void test_shadow(void **state)
{
    fixture *const f = *state;
    const cst_decision d =
        decide(f, "{\"stage\":\"action\",\"tool\":\"send_email\"," CUSTOMER
                  ",\"args\":{\"to\":[\"a@example.com\"],\"subject\":\"secret\",\"body\":\"\"}}");
    assert_int_equal(d.verdict, CST_PERMIT);
    assert_int_equal(d.rule_count, 0);
    assert_int_equal(d.shadow_count, 1);
    cst_fired fired;
    assert_int_equal(cst_decision_shadow(&d, 0, &fired), CST_OK);
    assert_string_equal(fired.rule, "shadow");
    assert_string_equal(fired.principle, "privacy");
    assert_int_equal(fired.effect, CST_DENY);
    assert_string_equal(fired.file, "test.const");
    assert_int_equal(fired.line, SUPPORT_SHADOW + 1);
}

/* Layers with defaults of their own: the strictest counts, and each that stands is reported. */
static void no_rules(cst_frame *frame, uint32_t group)
{
    image_hit(frame, 0, CST_TRUE);
    (void)group;
}

static void test_defaults_of_layers(void **state)
{
    (void)state;
    image_builder *const image = image_new("layers", "2");
    image_layer(image, "low");
    image_layer(image, "high");
    image_default(image, 0, CST_OUTPUT, CST_DENY, NULL);
    image_default(image, 1, CST_OUTPUT, CST_REQUIRE_APPROVAL, "ann,bob");
    const uint32_t group = image_group(image, CST_OUTPUT, 0, no_rules);
    image_rule(image, group, (image_rule_spec){.name = "low", .kind = CST_RULE_PERMIT});
    image_finish(image);
    cst_policy *policy;
    cst_decision d;
    assert_int_equal(cst_policy_from_module(image_module(image), NULL, &policy), CST_OK);
    cst_context *const context = cst_context_new(policy);
    assert_int_equal(cst_decide_json(context, "{\"stage\":\"output\"}", 18, &d), CST_OK);
    assert_int_equal(d.verdict, CST_REQUIRE_APPROVAL);
    assert_int_equal(d.rule_count, 1);
    cst_fired fired;
    assert_int_equal(cst_decision_rule(&d, 0, &fired), CST_OK);
    assert_null(fired.rule);
    assert_int_equal(fired.who_count, 2);
    assert_string_equal(fired.who[1], "bob");
    assert_non_null(
        strstr(json_of(&d), "\"effect\":\"require_approval\",\"from\":[\"ann\",\"bob\"]}"));
    cst_context_free(context);
    cst_policy_release(policy);
    image_free(image);
}

/* ---- messages and spans ---------------------------------------------------------------------- */

static void test_spans(void **state)
{
    fixture *const f = *state;
    const cst_decision d =
        decide(f, "{\"stage\":\"action\",\"tool\":\"send_email\",\"session\":\"s1\",\"id\":\"call-"
                  "7\"," CUSTOMER ",\"args\":{\"to\":[\"EVE@Evil.test\",\"a@example.com\",\"b@b."
                  "de\"],\"subject\":\"hi\",\"body\":\"key\"}}");
    cst_fired fired;
    assert_int_equal(cst_decision_rule(&d, 0, &fired), CST_OK);
    assert_int_equal(fired.span_count, 2);
    assert_int_equal(fired.span_total, 2);
    assert_string_equal(fired.spans[0].pointer, "/args/to/0");
    assert_int_equal(fired.spans[0].end, 13);
    assert_string_equal(fired.spans[1].pointer, "/args/to/2");
    assert_int_equal(fired.spans[1].end, 6);
    assert_int_equal(fired.within_us, 600000000);
    assert_false(fired.message_cut);
    assert_null(strstr(fired.message, "key"));
    assert_non_null(strstr(fired.message, ", •••"));
    assert_non_null(strstr(json_of(&d), ",\"from\":\"user\",\"within_s\":600,\"message\":"));
    assert_non_null(strstr(json_of(&d),
                           "\"spans\":[{\"at\":\"/args/to/0\",\"start\":0,\"end\":13},{\"at\":\"/"
                           "args/to/2\",\"start\":0,\"end\":6}]"));
    cst_fired again;
    assert_int_equal(cst_decision_rule(&d, 0, &again), CST_OK);
    assert_ptr_equal(again.message, fired.message);
}

static void test_message_bound(void **state)
{
    fixture *const f = *state;
    /* Texts of ä around the bound: cut between characters, never in one. */
    for (size_t letters = 32700; letters < 32800; letters += 3) {
        char *const event = calloc(1, 2 * letters + 64);
        assert_non_null(event);
        strcpy(event, "{\"stage\":\"output\",\"text\":\"long");
        for (size_t i = 0; i < letters; i++)
            strcat(event + 2 * i, "ä");
        strcat(event, "\"}");
        const cst_decision d = decide(f, event);
        cst_fired fired;
        assert_int_equal(cst_decision_rule(&d, 0, &fired), CST_OK);
        const size_t whole = strlen("text: long!") + 2 * letters, length = strlen(fired.message);
        assert_int_equal(fired.message_cut, whole > LIMIT_MESSAGE_BYTES);
        if (fired.message_cut) {
            assert_true(length <= LIMIT_MESSAGE_BYTES && length > LIMIT_MESSAGE_BYTES - 6);
            assert_string_equal(fired.message + length - 3, "…");
            assert_int_equal((length - 3 - strlen("text: long")) % 2, 0);
            assert_non_null(strstr(json_of(&d), "\"message_cut\":true"));
        } else {
            assert_int_equal(length, whole);
        }
        free(event);
    }
}

static uint32_t find_all(cst_frame *frame, uint32_t witness, uint32_t from, const cst_value **out)
{
    (void)witness;
    if (from >= frame->slots[0].length)
        return UINT32_MAX;
    *out = &frame->slots[0].as.items[from];
    return from;
}

static void test_many_spans(void **state)
{
    (void)state;
    image_builder *const image = image_new("spans", "1");
    const uint32_t number = image_type(image, CST_KIND_INT, 0, CST_NONE);
    const uint32_t list = image_type(image, CST_KIND_LIST, 0, number);
    image_slot(image, "value", "/value", list, false);
    image_read(image, CST_OUTPUT, 0, "value", 0, 1, CST_TARGET_TYPED, false);
    const uint32_t group = image_group(image, CST_OUTPUT, 0, no_rules);
    const uint32_t witness = image_witness(image, find_all, 0);
    image_rule(image, group,
               (image_rule_spec){
                   .name = "all", .verdict = CST_FLAG, .has_witness = true, .witness = witness});
    image_finish(image);
    cst_policy *policy;
    cst_decision d;
    assert_int_equal(cst_policy_from_module(image_module(image), NULL, &policy), CST_OK);
    cst_context *const context = cst_context_new(policy);
    char event[4096] = "{\"stage\":\"output\",\"value\":[0";
    for (int i = 1; i < 1000; i++)
        strcat(event, ",12");
    strcat(event, "]}");
    assert_int_equal(cst_decide_json(context, event, strlen(event), &d), CST_OK);
    assert_null(d.error_code);
    cst_fired fired;
    assert_int_equal(cst_decision_rule(&d, 0, &fired), CST_OK);
    assert_int_equal(fired.span_count, LIMIT_SPANS);
    assert_int_equal(fired.span_total, 1000);
    assert_string_equal(fired.spans[255].pointer, "/value/255");
    assert_int_equal(fired.spans[255].end, 2);
    assert_non_null(strstr(json_of(&d), "\"span_total\":1000"));
    cst_context_free(context);
    cst_policy_release(policy);
    image_free(image);
}

/* ---- names of actions ------------------------------------------------------------------------ */

static void assert_hash(fixture *f, const char *event, const char *hex)
{
    const cst_decision d = decide(f, event);
    uint8_t hash[32];
    char text[65];
    assert_int_equal(cst_decision_action_hash(&d, hash), CST_OK);
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    assert_string_equal(text, hex);
}

static void test_action_hash(void **state)
{
    fixture *const f = *state;
    /* printf '{"args":{"a":1,"b":"é"},"tool":"x"}' | sha256sum */
    static const char hash[] = "d71b315b35e22e0576b6ec548ecb9a6e2296fabf57289e9ed1f49657613c0961";
    assert_hash(f,
                "{\"stage\":\"action\",\"tool\":\"x\"," CUSTOMER
                ",\"args\":{\"b\":\"\\u00e9\",\"a\":1.0}}",
                hash);
    assert_hash(
        f,
        "{\"args\": {\"a\":1e0, "
        "\"b\":\"\xc3\xa9\"},\"session\":\"q\",\"stage\":\"action\",\"tool\":\"\\u0078\"," CUSTOMER
        "}",
        hash);
    cst_decision d = decide(f, "{\"stage\":\"action\",\"tool\":\"x\"," CUSTOMER
                               ",\"args\":{\"a\":1,\"b\":\"e\"}}");
    uint8_t other[32];
    assert_int_equal(cst_decision_action_hash(&d, other), CST_OK);
    /* printf '{"args":{},"tool":"x"}' | sha256sum */
    static const char none[] = "56772aded8204cab24c37e92ab268830def00a1bf39355a0508f8d435ff04878";
    assert_hash(f, "{\"stage\":\"action\",\"tool\":\"x\"," CUSTOMER "}", none);
    assert_hash(f, "{\"stage\":\"action\",\"tool\":\"x\"," CUSTOMER ",\"args\":null}", none);
    assert_hash(f, "{\"stage\":\"action\",\"tool\":\"x\"," CUSTOMER ",\"args\":{}}", none);
    d = decide(f, "{\"stage\":\"output\",\"text\":\"x\"}");
    assert_int_equal(cst_decision_action_hash(&d, other), CST_NO_FIELD);
}

/* ---- old decisions --------------------------------------------------------------------------- */

static void test_old_decision(void **state)
{
    fixture *const f = *state;
    const cst_decision old = decide(f, "{\"stage\":\"input\",\"text\":\"bomb\"," CUSTOMER "}");
    decide(f, "{\"stage\":\"output\",\"text\":\"x\",\"session\":\"other\"}");
    cst_fired fired;
    assert_int_equal(cst_decision_rule(&old, 0, &fired), CST_BAD_ARGUMENT);
    cst_event_begin(f->context, CST_OUTPUT, NULL);
    const char *json;
    size_t length;
    assert_int_equal(cst_decision_json(&old, &json, &length), CST_BAD_ARGUMENT);
    /* A call that fails leaves nothing of the decision before it. */
    decide(f, "{\"stage\":\"output\",\"text\":\"x\",\"session\":\"other\"}");
    cst_decision d = decide(f, "{\"stage\":\"output\",\"text\":\"x\",\"session\":\"other\"}");
    json_of(&d);
    assert_int_equal(cst_decide_json(f->context, NULL, 1, &d), CST_BAD_ARGUMENT);
    assert_non_null(strstr(json_of(&d), "{\"decision\":\"deny\""));
}

/* ---- memory ---------------------------------------------------------------------------------- */

static const char *const every_event[] = {
    "{\"stage\":\"action\",\"session\":\"s\",\"tool\":\"send_email\"," CUSTOMER
    ",\"args\":{\"to\":[\"EVE@evil.test\",\"b@b.de\"],\"subject\":\"secret\",\"body\":\"\\n\"}}",
    "{" CUSTOMER ",\"x\":{\"y\":[1]},\"args\":{\"order\":\"overflow\",\"amount\":1000},\"stage\":"
    "\"action\",\"tool\":\"refund\",\"session\":\"s\"}",
    "{\"stage\":\"action\",\"session\":\"s\",\"tool\":\"z\",\"args\":{\"path\":1,\"meta\":{\"a\":"
    "\"b\",\"c\":[{}]}}}",
    "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"spam\",\"time\":\"2026-01-01T00:00:"
    "00Z\"," ADMIN "}",
    "{\"stage\":\"output\",\"session\":\"s\",\"text\":\"longer than that\"}",
    "{\"stage\":\"input\",\"session\":\"s\",\"text\":5}",
    "{\"stage\":\"input\",\"session\":\"h\",\"text\":\"bomb\"," CUSTOMER "}",
    "{\"stage\":\"input\",\"session\":\"h\",\"text\":\"a\"}",
};
#define EVENT_COUNT (sizeof every_event / sizeof *every_event)

static void set_typed(cst_context *context)
{
    cst_field amount = CST_FIELD_NONE;
    cst_policy_field(cst_context_policy(context), CST_ACTION, "refund", "args.amount", &amount);
    cst_event_begin(context, CST_ACTION, "refund");
    cst_event_session(context, "s", 1);
    cst_event_args_json(context, "{\"order\":\"o\",\"amount\":1}", 24);
    cst_set_float(context, amount, 12.5);
}

/* Everything once. Every answer must be either what it is with enough memory, or a deny with
 * CST_NO_MEMORY. */
static void use_everything(const fixture *f, meter *memory, const cst_verdict *expected,
                           cst_verdict *seen)
{
    cst_options options = {.size = sizeof options};
    options.allocator = metered(memory);
    cst_policy *policy = NULL;
    cst_status status = cst_policy_from_module(image_module(f->image), &options, &policy);
    assert_true(status == CST_OK || status == CST_NO_MEMORY);
    cst_live *live = NULL;
    status = policy ? cst_live_new(policy, &live) : CST_NO_MEMORY;
    cst_context *const context = live ? cst_context_new_live(live) : NULL;
    for (size_t i = 0; context && i <= EVENT_COUNT; i++) {
        cst_decision d;
        if (i == 2)
            cst_live_swap(live, policy);
        if (i == EVENT_COUNT) {
            set_typed(context);
            status = cst_decide(context, &d);
        } else {
            status = cst_decide_json(context, every_event[i], strlen(every_event[i]), &d);
        }
        if (status == CST_BAD_ARGUMENT) { /* there was no memory to begin with */
            assert_int_equal(i, EVENT_COUNT);
            status = CST_NO_MEMORY;
        }
        assert_true(status == CST_OK || status == CST_NO_MEMORY);
        if (status != CST_OK)
            assert_int_equal(d.verdict, CST_DENY);
        else if (expected)
            assert_true(d.verdict >= expected[i]);
        if (seen)
            seen[i] = d.verdict;
        const char *json;
        size_t length;
        const cst_status written = cst_decision_json(&d, &json, &length);
        assert_true(written == CST_OK || written == CST_NO_MEMORY);
        if (written == CST_OK)
            assert_non_null(strstr(json, cst_verdict_name(d.verdict)));
    }
    cst_context_free(context);
    cst_live_free(live);
    cst_policy_release(policy);
    assert_int_equal(memory->bytes, 0);
}

static void test_every_allocation_fails(void **state)
{
    const fixture *const f = *state;
    cst_verdict expected[EVENT_COUNT + 1];
    meter memory = {0};
    use_everything(f, &memory, NULL, expected);
    assert_int_equal(expected[6], CST_HALT);
    assert_int_equal(expected[7], CST_DENY);
    const uint64_t calls = memory.calls;
    assert_true(calls > 10);
    for (uint64_t i = 1; i <= calls; i++) {
        memory = (meter){.fail_at = i};
        use_everything(f, &memory, expected, NULL);
    }
}

static void test_warm_context_allocates_nothing(void **state)
{
    const fixture *const f = *state;
    meter memory = {0};
    cst_options options = {.size = sizeof options};
    options.allocator = metered(&memory);
    cst_policy *policy = NULL;
    assert_int_equal(cst_policy_from_module(image_module(f->image), &options, &policy), CST_OK);
    cst_context *const context = cst_context_new(policy);
    uint64_t before = 0;
    for (int round = 0; round < 20; round++) {
        if (round == 3)
            before = memory.calls;
        for (size_t i = 0; i < EVENT_COUNT; i++) {
            cst_decision d;
            const char *json;
            size_t length;
            assert_int_equal(cst_decide_json(context, every_event[i], strlen(every_event[i]), &d),
                             CST_OK);
            assert_int_equal(cst_decision_json(&d, &json, &length), CST_OK);
        }
    }
    assert_int_equal(memory.calls, before);
    cst_context_free(context);
    cst_policy_release(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_permit_lifts_the_default),
        TEST(test_permit_cancels_no_rule),
        TEST(test_default_behind_rules),
        TEST(test_strictest_first),
        TEST(test_refusal_offers),
        TEST(test_waiver),
        TEST(test_shadow),
        TEST(test_defaults_of_layers),
        TEST(test_spans),
        TEST(test_message_bound),
        TEST(test_many_spans),
        TEST(test_action_hash),
        TEST(test_old_decision),
        TEST(test_every_allocation_fails),
        TEST(test_warm_context_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

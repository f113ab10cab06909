/*
 * `from` at the edges of what a session keeps: swapped policies, forgotten and unstored sessions,
 * hosts that give fields one by one. In all of them the answer may be "true" or "undecided", so
 * that a restricting rule fires and a permit does not count; never "false" where something was not
 * heard.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "constitution.h"
#include "constitution/compiler.h"

static const char text[] =
    "constitution origins \"1\"\n"
    "tool read(path: path) reads\n"
    "tool pay(account: string) pays\n"
    "default action deny\n"
    "permit reading on action read\n"
    "permit paying on action pay when args.account from user\n"
    "rule foreign on action pay when args.account from result of read then flag\n"
    "rule unknown on action pay when args.account not from result of read then flag\n";

static cst_policy *compile(const char *source, uint32_t sessions)
{
    cst_policy *policy = NULL;
    const cst_compiler_options options = {
        .size = sizeof options,
        .engine = CST_ENGINE_REFERENCE,
        .runtime = {.size = sizeof(cst_options), .limits = {.sessions = sessions}}};
    assert_int_equal(
        cst_policy_compile_text("origins.const", source, strlen(source), &options, &policy),
        CST_OK);
    return policy;
}

static const char *decide(cst_context *context, const char *event)
{
    static char json[4096];
    cst_decision decision;
    const char *bytes;
    size_t length;
    assert_int_equal(cst_decide_json(context, event, strlen(event), &decision), CST_OK);
    assert_int_equal(cst_decision_json(&decision, &bytes, &length), CST_OK);
    assert_true(length < sizeof json);
    memcpy(json, bytes, length + 1);
    return json;
}

#define SAY(session)                                                                               \
    "{\"stage\":\"input\",\"session\":\"" session "\",\"text\":\"Pay ACCOUNT-1 now\"}"
#define PAY(session)                                                                               \
    "{\"stage\":\"action\",\"session\":\"" session                                                 \
    "\",\"tool\":\"pay\",\"args\":{\"account\":\"account-1\"}}"
#define READ(session, what)                                                                        \
    "{\"stage\":\"result\",\"session\":\"" session                                                 \
    "\",\"tool\":\"read\",\"args\":{\"path\":\"/x\"},\"text\":\"" what "\"}"

static void assert_holds(const char *json, const char *part)
{
    if (strstr(json, part) == NULL)
        fail_msg("%s is not in %s", part, json);
}

static void test_a_session_remembers(void **state)
{
    (void)state;
    cst_policy *const policy = compile(text, 0);
    cst_context *const context = cst_context_new(policy);
    assert_holds(decide(context, PAY("a")), "\"decision\":\"deny\"");
    decide(context, SAY("a"));
    assert_holds(decide(context, PAY("a")), "\"decision\":\"flag\"");
    assert_holds(decide(context, PAY("b")), "\"decision\":\"deny\"");
    cst_context_forget(context);
    assert_holds(decide(context, PAY("a")), "\"decision\":\"deny\"");
    cst_context_free(context);
    cst_policy_release(policy);
}

static void test_a_swapped_policy_has_not_heard(void **state)
{
    (void)state;
    char other[sizeof text + 64];
    strcpy(other, text);
    strcat(other, "rule more on input when text == \"x\" then deny\n");
    cst_policy *const first = compile(text, 0), *const second = compile(other, 0);
    cst_live *live = NULL;
    assert_int_equal(cst_live_new(first, &live), CST_OK);
    cst_context *const context = cst_context_new_live(live);
    decide(context, SAY("a"));
    assert_holds(decide(context, PAY("a")), "\"decision\":\"flag\"");
    cst_live_swap(live, second);
    /* whether the user said it is not known any more: the permit does not count, and both rules
     * speak */
    const char *const json = decide(context, PAY("a"));
    assert_holds(json, "\"decision\":\"deny\"");
    assert_holds(json, "\"rule\":\"foreign\",\"effect\":\"flag\",\"spans\":[{\"at\":\"/args/"
                       "account\",\"start\":0,\"end\":9}],\"undecided\":{\"code\":\"origin\"");
    assert_holds(json, "\"rule\":\"unknown\",\"effect\":\"flag\",\"spans\":[{\"at\":\"/args/"
                       "account\",\"start\":0,\"end\":9}],\"undecided\":{\"code\":\"origin\"");
    /* what is said from now on is known */
    decide(context, SAY("a"));
    assert_holds(decide(context, PAY("a")), "\"decision\":\"flag\"");
    /* and a session that begins now is known in full */
    decide(context, SAY("b"));
    assert_holds(decide(context, PAY("b")),
                 "\"rules\":[{\"rule\":\"unknown\",\"effect\":\"flag\",\"spans\":[{\"at\":\"/args/"
                 "account\",\"start\":0,\"end\":9}]}]");
    cst_context_free(context);
    cst_live_free(live);
    cst_policy_release(first);
    cst_policy_release(second);
}

static void test_a_session_that_could_not_be_stored(void **state)
{
    (void)state;
    cst_policy *const policy = compile(text, 1);
    cst_context *const context = cst_context_new(policy);
    decide(context, SAY("a"));
    decide(context, READ("b", "account-1"));
    const char *const json = decide(context, PAY("b"));
    assert_holds(json, "\"decision\":\"deny\"");
    assert_holds(json, "\"rule\":\"foreign\",\"effect\":\"flag\",\"spans\":[{\"at\":\"/args/"
                       "account\",\"start\":0,\"end\":9}],\"undecided\"");
    assert_holds(decide(context, PAY("a")), "\"decision\":\"flag\"");
    cst_context_free(context);
    cst_policy_release(policy);
}

static void test_fields_one_by_one(void **state)
{
    (void)state;
    /* the agent's own call is given as fields: what it wrote is not known as a whole, so no result
     * counts where that is mild */
    static const char mild[] =
        "constitution origins \"1\"\n"
        "tool read(path: path) reads\n"
        "tool pay(account: string) pays\n"
        "default action deny\n"
        "permit reading on action read when args.path inside \"/\"\n"
        "permit paying on action pay when args.account from result of read\n";
    cst_policy *const policy = compile(mild, 0);
    cst_context *const context = cst_context_new(policy);
    decide(context, READ("a", "account-1"));
    assert_holds(decide(context, PAY("a")), "\"decision\":\"permit\"");
    cst_decision decision;
    cst_field field;
    assert_int_equal(cst_event_begin(context, CST_ACTION, "read"), CST_OK);
    assert_int_equal(cst_event_session(context, "a", 1), CST_OK);
    assert_int_equal(cst_policy_field(policy, CST_ACTION, "read", "args.path", &field), CST_OK);
    assert_int_equal(cst_set_string(context, field, "/account-1", 10), CST_OK);
    assert_int_equal(cst_decide(context, &decision), CST_OK);
    assert_int_equal(decision.verdict, CST_PERMIT);
    assert_holds(decide(context, PAY("a")), "\"decision\":\"deny\"");
    /* given as JSON it is known */
    cst_context_forget(context);
    decide(context, READ("a", "account-1"));
    assert_int_equal(cst_event_begin(context, CST_ACTION, "read"), CST_OK);
    assert_int_equal(cst_event_session(context, "a", 1), CST_OK);
    assert_int_equal(cst_event_args_json(context, "{\"path\":\"/account-1\"}", 21), CST_OK);
    assert_int_equal(cst_decide(context, &decision), CST_OK);
    assert_holds(decide(context, PAY("a")), "\"decision\":\"permit\"");
    cst_context_free(context);
    cst_policy_release(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_remembers),
        cmocka_unit_test(test_a_swapped_policy_has_not_heard),
        cmocka_unit_test(test_a_session_that_could_not_be_stored),
        cmocka_unit_test(test_fields_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

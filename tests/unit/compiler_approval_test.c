/*
 * compiler_approval_test.c - approvals bind: to one action, session and policy, once, until they
 * expire, and nobody without the key makes one.
 *
 * Each case changes one thing between the request and the second presentation, and the event must
 * wait as if there were no grant.
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

#define MINUTE (INT64_C(60) * 1000000)

static const char policy_text[] =
    "constitution a \"1\"\n"
    "tool pay(amount: decimal, to: string) pays\n"
    "approvals by user, finance\n"
    "rule ask on action pay then require approval from user within 10m because \"To {args.to}\"\n"
    "rule big on action pay when args.amount > 100.0 then require approval from finance or user "
    "within 1h\n"
    "rule bad on action pay when args.to == \"eve\" then deny\n"
    "rule cut on action pay when args.to contains \"secret\" then redact with \"[x]\"\n"
    "rule said on output when text contains \"risk\" then require approval from user within 10m\n";

static int64_t now = INT64_C(1767225600000000);

static int64_t clock_now(void *user)
{
    (void)user;
    return now;
}

static cst_policy *compile(const char *text, cst_engine engine, uint8_t key)
{
    cst_policy *policy = NULL;
    cst_compiler_options options = {.size = sizeof options, .engine = engine};
    options.runtime.size = sizeof options.runtime;
    options.runtime.key[0] = key;
    options.runtime.clock = clock_now;
    assert_int_equal(
        cst_policy_compile_text("approval.const", text, strlen(text), &options, &policy), CST_OK);
    return policy;
}

static cst_decision present(cst_context *context, const char *session, const char *rest,
                            const char *grants)
{
    char event[8192];
    cst_decision decision;
    const int length =
        snprintf(event, sizeof event, "{\"session\":\"%s\",%s%s%s%s}", session,
                 grants ? "\"approvals\":[" : "", grants ? grants : "", grants ? "]," : "", rest);
    assert_true(length > 0 && (size_t)length < sizeof event);
    assert_int_equal(cst_decide_json(context, event, (size_t)length, &decision), CST_OK);
    return decision;
}

#define PAY "\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"amount\":5,\"to\":\"ann\"}"

static void grant_for(cst_context *context, const char *session, const char *rest, const char *who,
                      char out[CST_GRANT_SIZE + 2])
{
    cst_request request;
    char grant[CST_GRANT_SIZE];
    const cst_decision waiting = present(context, session, rest, NULL);
    assert_int_equal(waiting.verdict, CST_REQUIRE_APPROVAL);
    assert_int_equal(cst_decision_request(&waiting, &request), CST_OK);
    assert_int_equal(cst_approve(cst_context_policy(context), session, strlen(session),
                                 request.action_hash, who, request.expires_us, grant),
                     CST_OK);
    snprintf(out, CST_GRANT_SIZE + 2, "\"%s\"", grant);
}

static void a_grant_lets_one_action_through_once(void **unused)
{
    (void)unused;
    static const cst_engine engines[] = {CST_ENGINE_JIT, CST_ENGINE_REFERENCE};
    for (int i = 0; i < 2; i++) {
        cst_policy *const policy = compile(policy_text, engines[i], 1);
        cst_context *const context = cst_context_new(policy);
        char grant[CST_GRANT_SIZE + 2];
        grant_for(context, "s", PAY, "user", grant);
        cst_decision decision = present(context, "s", PAY, grant);
        assert_int_equal(decision.verdict, CST_FLAG);
        cst_fired fired;
        assert_int_equal(cst_decision_rule(&decision, 0, &fired), CST_OK);
        assert_true(fired.approved);
        /* replayed */
        assert_int_equal(present(context, "s", PAY, grant).verdict, CST_REQUIRE_APPROVAL);
        cst_context_free(context);
        cst_policy_release(policy);
    }
}

static void it_binds_to_action_session_policy_and_person(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 1);
    cst_context *const context = cst_context_new(policy);
    char grant[CST_GRANT_SIZE + 2], other[CST_GRANT_SIZE + 2];
    grant_for(context, "s", PAY, "user", grant);
    assert_int_equal(
        present(context, "s",
                "\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"amount\":6,\"to\":\"ann\"}",
                grant)
            .verdict,
        CST_REQUIRE_APPROVAL);
    assert_int_equal(present(context, "t", PAY, grant).verdict, CST_REQUIRE_APPROVAL);
    grant_for(context, "s", PAY, "finance", other); /* `ask` asks the user */
    assert_int_equal(present(context, "s", PAY, other).verdict, CST_REQUIRE_APPROVAL);
    /* the order of members and the spelling of numbers are not the action */
    assert_int_equal(
        present(context, "s",
                "\"tool\":\"pay\",\"args\":{\"to\":\"ann\",\"amount\":5.0},\"stage\":\"action\"",
                grant)
            .verdict,
        CST_FLAG);
    char text[sizeof policy_text + 40];
    snprintf(text, sizeof text, "%srule z on input then flag\n", policy_text);
    cst_policy *const next = compile(text, CST_ENGINE_JIT, 1), *const stranger = compile(
                                                                   policy_text, CST_ENGINE_JIT, 2);
    cst_context *const second = cst_context_new(next), *const third = cst_context_new(stranger);
    grant_for(context, "s", PAY, "user", grant);
    assert_int_equal(present(second, "s", PAY, grant).verdict, CST_REQUIRE_APPROVAL);
    assert_int_equal(present(third, "s", PAY, grant).verdict, CST_REQUIRE_APPROVAL);
    assert_int_equal(present(context, "s", PAY, grant).verdict, CST_FLAG);
    cst_context_free(third);
    cst_context_free(second);
    cst_context_free(context);
    cst_policy_release(stranger);
    cst_policy_release(next);
    cst_policy_release(policy);
}

static void it_expires(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 1);
    cst_context *const context = cst_context_new(policy);
    char grant[CST_GRANT_SIZE + 2], made[CST_GRANT_SIZE];
    grant_for(context, "s", PAY, "user", grant);
    now += 10 * MINUTE + 1;
    assert_int_equal(present(context, "s", PAY, grant).verdict, CST_REQUIRE_APPROVAL);
    grant_for(context, "s", PAY, "user", grant);
    now += 10 * MINUTE;
    assert_int_equal(present(context, "s", PAY, grant).verdict, CST_FLAG);
    /* who grants cannot give more time than the rule */
    cst_request request;
    const cst_decision waiting = present(context, "s", PAY, NULL);
    assert_int_equal(cst_decision_request(&waiting, &request), CST_OK);
    assert_int_equal(
        cst_approve(policy, "s", 1, request.action_hash, "user", request.expires_us + 1, made),
        CST_OK);
    snprintf(grant, sizeof grant, "\"%s\"", made);
    assert_int_equal(present(context, "s", PAY, grant).verdict, CST_REQUIRE_APPROVAL);
    cst_context_free(context);
    cst_policy_release(policy);
}

/* The hours of a session never run backwards: an event that names an earlier time brings no grant
 * back, neither an expired one nor one that was used. */
static void an_earlier_time_brings_no_grant_back(void **unused)
{
    (void)unused;
    static const char early[] = "\"time\":\"2026-03-01T10:00:00Z\"," PAY,
                      late[] = "\"time\":\"2026-03-01T10:11:00Z\"," PAY;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 1);
    cst_context *const context = cst_context_new(policy);
    char used[CST_GRANT_SIZE + 2], expired[CST_GRANT_SIZE + 2];
    grant_for(context, "s", early, "user", used);
    grant_for(context, "s", early, "user", expired);
    assert_int_equal(present(context, "s", early, used).verdict, CST_FLAG);
    assert_int_equal(present(context, "s", early, used).verdict, CST_REQUIRE_APPROVAL);
    assert_int_equal(present(context, "s", late, used).verdict, CST_REQUIRE_APPROVAL);
    assert_int_equal(present(context, "s", early, used).verdict, CST_REQUIRE_APPROVAL);
    assert_int_equal(present(context, "s", early, expired).verdict, CST_REQUIRE_APPROVAL);
    /* nor where the session was forgotten meanwhile */
    grant_for(context, "t", early, "user", used);
    assert_int_equal(present(context, "t", early, used).verdict, CST_FLAG);
    cst_expired report;
    assert_int_equal(cst_context_expire(context, INT64_C(1772366400000000), 1, NULL, NULL, &report),
                     CST_OK);
    assert_int_equal(present(context, "t", early, used).verdict, CST_REQUIRE_APPROVAL);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void all_demands_must_be_met_and_a_deny_stands(void **unused)
{
    (void)unused;
    static const char big[] =
        "\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"amount\":500,\"to\":\"ann\"}";
    static const char eve[] =
        "\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"amount\":5,\"to\":\"eve\"}";
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 1);
    cst_context *const context = cst_context_new(policy);
    char user[CST_GRANT_SIZE + 2], finance[CST_GRANT_SIZE + 2], both[2 * CST_GRANT_SIZE + 8];
    grant_for(context, "s", big, "user", user);
    grant_for(context, "s", big, "finance", finance);
    assert_int_equal(present(context, "s", big, finance).verdict, CST_REQUIRE_APPROVAL);
    snprintf(both, sizeof both, "%s,%s", finance, user);
    assert_int_equal(present(context, "s", big, both).verdict, CST_FLAG);
    grant_for(context, "s", big, "user", user); /* `or`: the user meets both */
    assert_int_equal(present(context, "s", big, user).verdict, CST_FLAG);
    grant_for(context, "s", PAY, "user", user);
    assert_int_equal(present(context, "s", eve, user).verdict, CST_DENY);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void it_is_for_what_goes_on(void **unused)
{
    (void)unused;
    static const char secret[] =
        "\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"amount\":5,\"to\":\"a secret\"}";
    static const char reply[] = "\"stage\":\"output\",\"text\":\"a risk\"";
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 1);
    cst_context *const context = cst_context_new(policy);
    char grant[CST_GRANT_SIZE + 2];
    const char *args;
    size_t length;
    grant_for(context, "s", secret, "user", grant);
    const cst_decision decision = present(context, "s", secret, grant);
    assert_int_equal(decision.verdict, CST_REDACT);
    assert_int_equal(cst_decision_args(&decision, &args, &length), CST_OK);
    assert_string_equal(args, "{\"amount\":5,\"to\":\"a [x]\"}");
    grant_for(context, "s", reply, "user", grant);
    assert_int_equal(
        present(context, "s", "\"stage\":\"output\",\"text\":\"a risk.\"", grant).verdict,
        CST_REQUIRE_APPROVAL);
    assert_int_equal(present(context, "s", reply, grant).verdict, CST_FLAG);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void what_is_no_grant_meets_nothing(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 1);
    cst_context *const context = cst_context_new(policy);
    char grant[CST_GRANT_SIZE + 2], bad[CST_GRANT_SIZE + 2];
    grant_for(context, "s", PAY, "user", grant);
    static const char *const nothing[] = {"",         "1",  "null", "\"\"",
                                          "\"user\"", "{}", "[]",   "\"zz\""};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        assert_int_equal(present(context, "s", PAY, nothing[i]).verdict, CST_REQUIRE_APPROVAL);
    for (size_t at = 1; at + 1 < strlen(grant); at++) { /* each digit changed, and each length */
        memcpy(bad, grant, sizeof bad);
        bad[at] = bad[at] == '0' ? '1' : '0';
        assert_int_equal(present(context, "s", PAY, bad).verdict, CST_REQUIRE_APPROVAL);
        memcpy(bad, grant, sizeof bad);
        bad[at] = '"';
        bad[at + 1] = '\0';
        assert_int_equal(present(context, "s", PAY, bad).verdict, CST_REQUIRE_APPROVAL);
    }
    assert_int_equal(present(context, "s", PAY, grant).verdict, CST_FLAG);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void an_approval_is_no_permit(void **unused)
{
    (void)unused;
    char text[sizeof policy_text + 100];
    snprintf(text, sizeof text,
             "%sdefault action deny\npermit bob on action pay when args.to == \"bob\"\n",
             policy_text);
    cst_policy *const policy = compile(text, CST_ENGINE_JIT, 1);
    cst_context *const context = cst_context_new(policy);
    static const char *const receivers[] = {"ann", "bob"};
    for (int i = 0; i < 2; i++) {
        char pay[100], grant[CST_GRANT_SIZE], quoted[CST_GRANT_SIZE + 2];
        uint8_t hash[32];
        snprintf(pay, sizeof pay,
                 "\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"amount\":5,\"to\":\"%s\"}",
                 receivers[i]);
        const cst_decision before = present(context, "s", pay, NULL);
        assert_int_equal(cst_decision_action_hash(&before, hash), CST_OK);
        assert_int_equal(cst_approve(policy, "s", 1, hash, "user", now + MINUTE, grant), CST_OK);
        snprintf(quoted, sizeof quoted, "\"%s\"", grant);
        assert_int_equal(present(context, "s", pay, quoted).verdict, i == 0 ? CST_DENY : CST_FLAG);
    }
    cst_context_free(context);
    cst_policy_release(policy);
}

static void its_use_survives_saving(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT, 1);
    cst_context *const first = cst_context_new(policy), *const second = cst_context_new(policy);
    char used[CST_GRANT_SIZE + 2], fresh[CST_GRANT_SIZE + 2];
    const void *bytes;
    size_t length;
    grant_for(first, "s", PAY, "user", used);
    grant_for(first, "s", PAY, "user", fresh);
    assert_int_equal(present(first, "s", PAY, used).verdict, CST_FLAG);
    assert_int_equal(cst_session_save(first, "s", 1, &bytes, &length), CST_OK);
    assert_int_equal(cst_session_load(second, "s", 1, bytes, length, NULL), CST_OK);
    assert_int_equal(present(second, "s", PAY, used).verdict, CST_REQUIRE_APPROVAL);
    assert_int_equal(present(second, "s", PAY, fresh).verdict, CST_FLAG);
    cst_context_free(second);
    cst_context_free(first);
    cst_policy_release(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_lets_one_action_through_once),
        cmocka_unit_test(it_binds_to_action_session_policy_and_person),
        cmocka_unit_test(it_expires),
        cmocka_unit_test(all_demands_must_be_met_and_a_deny_stands),
        cmocka_unit_test(it_is_for_what_goes_on),
        cmocka_unit_test(what_is_no_grant_meets_nothing),
        cmocka_unit_test(its_use_survives_saving),
        cmocka_unit_test(an_earlier_time_brings_no_grant_back),
        cmocka_unit_test(an_approval_is_no_permit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

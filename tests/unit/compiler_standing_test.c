/*
 * compiler_standing_test.c - standing approvals cover what the rule declares, and nothing else.
 *
 * Each case changes one thing between what was approved and a later call, and the call must wait as
 * if there were no grant; where a use could be had twice (another context, an older state, two
 * threads' order) it must be had once. One context decides natively, the other by the reference.
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

#include "tests/unit/metered_memory.h"

#define MINUTE (INT64_C(60) * 1000000)
#define DAY    (INT64_C(1440) * MINUTE)

enum { GRANT = CST_GRANT_SIZE + 2 };

static const char policy_text[] =
    "constitution a \"1\"\n"
    "context user { id: string, limit?: int }\n"
    "tool pay(amount: decimal, to: string, note?: string, dry?: bool) pays\n"
    "tool refund(amount: decimal, to: string, note?: string, dry?: bool) pays\n"
    "tool open runs\n"
    "approvals by user, finance\n"
    "rule ask on action pay or refund when args.to != \"me\" then require approval from user "
    "within 10m, or standing within 30d free (note, dry) because \"To {args.to}\"\n"
    "rule some on action pay when args.to == \"me\" then require approval from user, or standing "
    "within 1d for at most 2 uses free (note)\n"
    "rule bad on action pay when args.note is present and args.note contains \"evil\" then deny\n"
    "rule big on action pay when args.amount > 100.0 then require approval from finance\n"
    "rule twice on action pay when count of approved action pay within 1h >= 5 then deny\n"
    "rule sums on action refund when args.amount * 3 > 900000000000.0 then require approval from "
    "finance, or standing within 30d\n";

static const char across_text[] =
    "constitution a \"1\"\n"
    "context user { id: string, limit?: int }\n"
    "tool pay(amount: decimal, to: string) pays\n"
    "approvals by user\n"
    "rule ask on action pay then require approval from user, or standing within 30d for at most 3 "
    "uses with same user.id across sessions free (amount)\n";

static int64_t now = INT64_C(1767225600000000);

static int64_t clock_now(void *user)
{
    (void)user;
    return now;
}

static cst_policy *compile_with(const char *text, cst_engine engine, uint8_t key, meter *memory)
{
    cst_policy *policy = NULL;
    cst_compiler_options options = {.size = sizeof options, .engine = engine};
    options.runtime.size = sizeof options.runtime;
    options.runtime.key[0] = key;
    options.runtime.clock = clock_now;
    if (memory)
        options.runtime.allocator = metered(memory);
    assert_int_equal(
        cst_policy_compile_text("standing.const", text, strlen(text), &options, &policy), CST_OK);
    return policy;
}

static cst_policy *compile(const char *text, cst_engine engine)
{
    return compile_with(text, engine, 1, NULL);
}

static cst_decision present(cst_context *context, const char *session, const char *rest,
                            const char *grants)
{
    char event[16384];
    cst_decision decision;
    const int length = snprintf(event, sizeof event, "{\"session\":\"%s\",\"approvals\":[%s],%s}",
                                session, grants ? grants : "", rest);
    assert_true(length > 0 && (size_t)length < sizeof event);
    assert_int_equal(cst_decide_json(context, event, (size_t)length, &decision), CST_OK);
    return decision;
}

#define CALL(tool, args) "\"stage\":\"action\",\"tool\":\"" tool "\",\"args\":{" args "}"
#define ANN              "\"amount\":5,\"to\":\"ann\""
#define PAY              CALL("pay", ANN ",\"note\":\"a\"")
#define ME               CALL("pay", "\"amount\":5,\"to\":\"me\"")

/* What the first rule that offers anything offers for this call. */
static cst_status offer_for(cst_context *context, const char *session, const char *rest,
                            cst_standing *out)
{
    const cst_decision waiting = present(context, session, rest, NULL);
    cst_status status = CST_NO_FIELD;
    for (uint32_t i = 0; status == CST_NO_FIELD && i < waiting.rule_count; i++)
        status = cst_decision_standing(&waiting, i, out);
    return status;
}

static void grant_for(cst_context *context, const char *session, const char *rest, const char *who,
                      char out[GRANT])
{
    cst_standing offer;
    char grant[CST_GRANT_SIZE];
    assert_int_equal(offer_for(context, session, rest, &offer), CST_OK);
    assert_int_equal(cst_approve_standing(cst_context_policy(context), &offer, who,
                                          offer.expires_us, offer.uses, grant),
                     CST_OK);
    snprintf(out, GRANT, "\"%s\"", grant);
}

static void waits(cst_context *context, const char *session, const char *rest, const char *grants)
{
    assert_int_equal(present(context, session, rest, grants).verdict, CST_REQUIRE_APPROVAL);
}

static void goes(cst_context *context, const char *session, const char *rest, const char *grants)
{
    assert_int_equal(present(context, session, rest, grants).verdict, CST_FLAG);
}

static void it_covers_later_calls_and_says_so(void **unused)
{
    (void)unused;
    static const cst_engine engines[] = {CST_ENGINE_JIT, CST_ENGINE_REFERENCE};
    for (int i = 0; i < 2; i++) {
        cst_policy *const policy = compile(policy_text, engines[i]);
        cst_context *const context = cst_context_new(policy);
        char grant[GRANT];
        cst_standing offer;
        assert_int_equal(offer_for(context, "s", PAY, &offer), CST_OK);
        assert_string_equal(offer.rule, "ask");
        assert_string_equal(offer.text, "Always run pay with {\"amount\":5,\"to\":\"ann\"} and any "
                                        "note and dry in this session, for 30d?");
        assert_int_equal(offer.free_count, 2);
        grant_for(context, "s", PAY, "user", grant);
        goes(context, "s", PAY, grant);
        goes(context, "s", PAY, grant);
        const cst_decision decision = present(
            context, "s", CALL("pay", "\"note\":\"another\",\"to\":\"ann\",\"amount\":5.0"), grant);
        cst_fired fired;
        assert_int_equal(decision.verdict, CST_FLAG);
        assert_int_equal(cst_decision_rule(&decision, 0, &fired), CST_OK);
        assert_true(fired.approved);
        assert_int_equal(strlen(fired.standing), 16);
        /* the beginning of its signature */
        assert_memory_equal(fired.standing, grant + strlen(grant) - 65, 16);
        assert_int_equal(fired.use, 0);
        const char *json;
        size_t length;
        assert_int_equal(cst_decision_json(&decision, &json, &length), CST_OK);
        assert_non_null(strstr(json, "\"approved\":true,\"standing\":{\"grant\":\""));
        goes(context, "s", PAY, grant);
        /* each counts as approved: the fifth was the last that history lets through */
        goes(context, "s", PAY, grant);
        assert_int_equal(present(context, "s", PAY, grant).verdict, CST_DENY);
        cst_context_free(context);
        cst_policy_release(policy);
    }
}

static void nothing_else_is_covered(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT);
    cst_context *const context = cst_context_new(policy);
    char grant[GRANT];
    grant_for(context, "s", PAY, "user", grant);
    static const char *const others[] = {
        CALL("pay", "\"amount\":6,\"to\":\"ann\",\"note\":\"a\""), /* a bound argument */
        CALL("pay", "\"amount\":5,\"to\":\"bob\",\"note\":\"a\""),
        /* another tool, the same rule */
        CALL("refund", ANN ",\"note\":\"a\""),
        /* a free argument that is not there */
        CALL("pay", ANN),
        CALL("pay", ANN ",\"note\":null"),
        CALL("pay", ANN ",\"note\":\"a\",\"dry\":true"), /* one that was not */
        /* one that is not declared */
        CALL("pay", ANN ",\"note\":\"a\",\"more\":1"),
        CALL("pay", ANN ",\"note\":\"a\",\"Note\":\"a\""),
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        waits(context, "s", others[i], grant);
    waits(context, "t", PAY, grant);
    static const char *const broken[] = {CALL("pay", ANN ",\"note\":\"a\",\"note\":\"a\""),
                                         CALL("pay", ANN ",\"note\":7"),
                                         CALL("pay", "\"amount\":5,\"note\":\"a\"")};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_int_equal(present(context, "s", broken[i], grant).verdict, CST_DENY);
    goes(context, "s", PAY, grant);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void what_is_not_declared_is_not_offered(void **unused)
{
    (void)unused;
    cst_policy *const policy =
        compile("constitution a \"1\"\ntool pay(amount: decimal, to: string) pays\ntool open "
                "runs\napprovals by user\n"
                "default action require approval from user, or standing within 1d\n",
                CST_ENGINE_JIT);
    cst_context *const context = cst_context_new(policy);
    cst_standing offer;
    char grant[GRANT];
    static const char *const calls[] = {CALL("nobody", ANN),
                                        CALL("open", ANN),
                                        CALL("pay", ANN ",\"x\":1"),
                                        CALL("pay", "\"amount\":5"),
                                        CALL("pay", "\"amount\":\"5 dollars\",\"to\":\"ann\""),
                                        CALL("pay", "\"amount\":5,\"to\":null")};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        assert_int_equal(offer_for(context, "s", calls[i], &offer), CST_NO_FIELD);
    grant_for(context, "s", CALL("pay", ANN), "user", grant); /* a default offers too */
    goes(context, "s", CALL("pay", ANN), grant);
    goes(context, "s", CALL("pay", ANN), grant);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        waits(context, "s", calls[i], grant);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void it_answers_one_rule_only(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT);
    cst_context *const context = cst_context_new(policy);
    char grant[GRANT], big[GRANT];
    static const char much[] = CALL("pay", "\"amount\":500,\"to\":\"ann\",\"note\":\"a\"");
    grant_for(context, "s", PAY, "user", grant);
    /* a free argument, another rule */
    assert_int_equal(present(context, "s", CALL("pay", ANN ",\"note\":\"evil\""), grant).verdict,
                     CST_DENY);
    grant_for(context, "s", much, "user", big);
    const cst_decision decision = present(context, "s", much, big); /* finance has not */
    cst_fired fired;
    assert_int_equal(decision.verdict, CST_REQUIRE_APPROVAL);
    assert_int_equal(cst_decision_rule(&decision, 0, &fired), CST_OK);
    assert_string_equal(fired.rule, "big");
    assert_null(fired.standing);
    grant_for(context, "s", PAY, "finance", grant); /* the rule asks the user */
    waits(context, "s", PAY, grant);
    /* what could not be decided nobody has approved for the next time */
    cst_standing offer;
    static const char over[] = CALL("refund", "\"amount\":9000000000000,\"to\":\"me\"");
    const cst_decision unknown = present(context, "s", over, NULL);
    assert_int_equal(unknown.verdict, CST_REQUIRE_APPROVAL);
    assert_int_equal(cst_decision_rule(&unknown, 0, &fired), CST_OK);
    assert_non_null(fired.undecided_code);
    assert_int_equal(cst_decision_standing(&unknown, 0, &offer), CST_NO_FIELD);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void kinds_do_not_mix(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT);
    cst_context *const context = cst_context_new(policy);
    char one[GRANT], grant[CST_GRANT_SIZE];
    cst_request request;
    cst_standing offer;
    cst_decision waiting = present(context, "s", PAY, NULL);
    assert_int_equal(cst_decision_request(&waiting, &request), CST_OK);
    assert_int_equal(
        cst_approve(policy, "s", 1, request.action_hash, "user", request.expires_us, grant),
        CST_OK);
    snprintf(one, sizeof one, "\"%s\"", grant);
    waits(context, "s", CALL("pay", ANN ",\"note\":\"b\""), one);
    goes(context, "s", PAY, one);
    waits(context, "s", PAY, one);
    /* one for an action whose hash is the pattern, and a standing one whose pattern is the hash */
    assert_int_equal(offer_for(context, "s", PAY, &offer), CST_OK);
    assert_int_equal(cst_approve(policy, "s", 1, offer.pattern, "user", now + MINUTE, grant),
                     CST_OK);
    snprintf(one, sizeof one, "\"%s\"", grant);
    waits(context, "s", PAY, one);
    memcpy(offer.pattern, request.action_hash, sizeof offer.pattern);
    assert_int_equal(cst_approve_standing(policy, &offer, "user", now + MINUTE, 0, grant), CST_OK);
    snprintf(one, sizeof one, "\"%s\"", grant);
    waits(context, "s", PAY, one);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void it_is_never_wider_than_the_rule(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT);
    cst_context *const context = cst_context_new(policy);
    char grant[CST_GRANT_SIZE], quoted[GRANT];
    cst_standing offer;
    assert_int_equal(offer_for(context, "s", ME, &offer), CST_OK);
    assert_int_equal(offer.uses, 2);
    assert_int_equal(cst_approve_standing(policy, &offer, "user", offer.expires_us + 1, 2, grant),
                     CST_LIMIT);
    assert_int_equal(cst_approve_standing(policy, &offer, "user", offer.expires_us, 3, grant),
                     CST_LIMIT);
    assert_int_equal(cst_approve_standing(policy, &offer, "user", offer.expires_us, 0, grant),
                     CST_LIMIT);
    /* a host that writes its own offer gets a grant, and it meets nothing */
    cst_standing wide = offer;
    wide.expires_us += DAY;
    assert_int_equal(cst_approve_standing(policy, &wide, "user", wide.expires_us, 2, grant),
                     CST_OK);
    snprintf(quoted, sizeof quoted, "\"%s\"", grant);
    waits(context, "s", ME, quoted);
    wide = offer;
    for (uint32_t uses = 0; uses < 4; uses += 3) {
        wide.uses = uses;
        assert_int_equal(cst_approve_standing(policy, &wide, "user", offer.expires_us, uses, grant),
                         CST_OK);
        snprintf(quoted, sizeof quoted, "\"%s\"", grant);
        waits(context, "s", ME, quoted);
    }
    /* less is good */
    assert_int_equal(cst_approve_standing(policy, &offer, "user", offer.expires_us, 1, grant),
                     CST_OK);
    snprintf(quoted, sizeof quoted, "\"%s\"", grant);
    goes(context, "s", ME, quoted);
    waits(context, "s", ME, quoted);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void it_expires_and_ends_with_the_policy(void **unused)
{
    (void)unused;
    char text[sizeof policy_text + 40], grant[GRANT];
    snprintf(text, sizeof text, "%srule z on input then flag\n", policy_text);
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT), *const next = compile(
                                                                         text, CST_ENGINE_JIT);
    cst_policy *const stranger = compile_with(policy_text, CST_ENGINE_JIT, 2, NULL);
    cst_context *const context = cst_context_new(policy), *const second = cst_context_new(next),
                       *const third = cst_context_new(stranger);
    grant_for(context, "s", PAY, "user", grant);
    waits(second, "s", PAY, grant); /* no rule has changed, and all the same */
    waits(third, "s", PAY, grant);
    now += 30 * DAY;
    goes(context, "s", PAY, grant);
    now += 1;
    waits(context, "s", PAY, grant);
    cst_context_free(third);
    cst_context_free(second);
    cst_context_free(context);
    cst_policy_release(stranger);
    cst_policy_release(next);
    cst_policy_release(policy);
}

static void it_cannot_be_forged(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT);
    cst_context *const context = cst_context_new(policy);
    char grant[GRANT], bad[GRANT];
    grant_for(context, "s", PAY, "user", grant);
    for (size_t at = 1; at + 1 < strlen(grant); at++) { /* each digit changed, and each length */
        memcpy(bad, grant, sizeof bad);
        bad[at] = bad[at] == '0' ? '1' : '0';
        waits(context, "s", PAY, bad);
        memcpy(bad, grant, sizeof bad);
        bad[at] = '"';
        bad[at + 1] = '\0';
        waits(context, "s", PAY, bad);
    }
    goes(context, "s", PAY, grant);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void uses_are_counted_once(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT);
    cst_context *const first = cst_context_new(policy), *const second = cst_context_new(policy);
    char grant[GRANT], copy[4096];
    const void *bytes;
    size_t length, copied;
    grant_for(first, "s", ME, "user", grant);
    assert_int_equal(cst_session_save(first, "s", 1, &bytes, &copied), CST_OK);
    assert_true(copied <= sizeof copy);
    memcpy(copy, bytes, copied);
    const cst_decision decision = present(first, "s", ME, grant);
    cst_fired fired;
    assert_int_equal(decision.verdict, CST_FLAG);
    assert_int_equal(cst_decision_rule(&decision, 0, &fired), CST_OK);
    assert_int_equal(fired.use, 1);
    /* an older state of the session does not give it back */
    assert_int_equal(cst_session_load(first, "s", 1, copy, copied, NULL), CST_OK);
    goes(first, "s", ME, grant);
    waits(first, "s", ME, grant);
    assert_int_equal(cst_session_load(first, "s", 1, copy, copied, NULL), CST_OK);
    waits(first, "s", ME, grant);
    waits(second, "s", ME, grant);
    /* nor does another process, that gets the session as it is or what is shared */
    cst_policy *const other = compile(policy_text, CST_ENGINE_REFERENCE);
    cst_context *const third = cst_context_new(other), *const fourth = cst_context_new(other);
    assert_int_equal(cst_shared_save(first, &bytes, &length), CST_OK);
    assert_int_equal(cst_shared_load(third, bytes, length, NULL), CST_OK);
    waits(third, "s", ME, grant);
    cst_context_forget(third);
    cst_context_free(fourth);
    cst_context_free(third);
    cst_policy_release(other);
    cst_context_free(second);
    cst_context_free(first);
    cst_policy_release(policy);
}

static void uses_move_with_the_session(void **unused)
{
    (void)unused;
    cst_policy *const here = compile(policy_text, CST_ENGINE_JIT), *const there = compile(
                                                                       policy_text, CST_ENGINE_JIT);
    cst_context *const first = cst_context_new(here), *const second = cst_context_new(there);
    char grant[GRANT];
    const void *bytes;
    size_t length;
    grant_for(first, "s", ME, "user", grant);
    goes(first, "s", ME, grant);
    assert_int_equal(cst_session_save(first, "s", 1, &bytes, &length), CST_OK);
    assert_int_equal(cst_session_load(second, "s", 1, bytes, length, NULL), CST_OK);
    goes(second, "s", ME, grant);
    waits(second, "s", ME, grant);
    cst_context_free(second);
    cst_context_free(first);
    cst_policy_release(there);
    cst_policy_release(here);
}

static void what_waits_all_the_same_uses_nothing(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT);
    cst_context *const context = cst_context_new(policy);
    static const char much[] = CALL("pay", "\"amount\":500,\"to\":\"me\"");
    char grant[GRANT], finance[CST_GRANT_SIZE], both[2 * GRANT];
    cst_request request;
    grant_for(context, "s", much, "user", grant);
    for (int i = 0; i < 4; i++)
        waits(context, "s", much, grant);
    for (int i = 0; i < 3; i++) {
        const cst_decision waiting = present(context, "s", much, NULL);
        assert_int_equal(cst_decision_request(&waiting, &request), CST_OK);
        assert_int_equal(
            cst_approve(policy, "s", 1, request.action_hash, "finance", now + MINUTE, finance),
            CST_OK);
        snprintf(both, sizeof both, "%s,\"%s\"", grant, finance);
        assert_int_equal(present(context, "s", much, both).verdict,
                         i < 2 ? CST_FLAG : CST_REQUIRE_APPROVAL);
    }
    cst_context_free(context);
    cst_policy_release(policy);
}

static void it_can_be_held_across_sessions(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(across_text, CST_ENGINE_JIT);
    cst_context *const first = cst_context_new(policy), *const second = cst_context_new(policy);
    char grant[GRANT];
#define BY(id, amount)                                                                             \
    "\"user\":{\"id\":\"" id "\"}," CALL("pay", "\"amount\":" amount ",\"to\":\"ann\"")
    grant_for(first, "s", BY("u1", "5"), "user", grant);
    goes(first, "s", BY("u1", "5"), grant);
    waits(first, "x", BY("u2", "5"), grant);
    goes(second, "t", BY("u1", "7"), grant);
    waits(second, "u", BY("", "7"), grant);
    /* whose it is must be known */
    assert_int_equal(
        present(second, "v", CALL("pay", "\"amount\":7,\"to\":\"ann\""), grant).verdict, CST_DENY);
    goes(first, "w", BY("u1", "5"), grant);
    waits(first, "s", BY("u1", "5"), grant);
    waits(second, "y", BY("u1", "5"), grant);
    cst_context_free(second);
    cst_context_free(first);
    cst_policy_release(policy);
}

static void it_can_be_revoked(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(policy_text, CST_ENGINE_JIT), *const there =
                                                                         compile(policy_text,
                                                                                 CST_ENGINE_JIT);
    cst_context *const first = cst_context_new(policy), *const second = cst_context_new(policy),
                       *const third = cst_context_new(there);
    char grant[GRANT], other[GRANT], plain[CST_GRANT_SIZE];
    const void *bytes;
    size_t length;
    grant_for(first, "s", PAY, "user", grant);
    grant_for(first, "s", PAY, "user", other);
    goes(first, "s", PAY, grant);
    memcpy(plain, grant + 1, strlen(grant) - 2);
    plain[strlen(grant) - 2] = '\0';
    assert_int_equal(cst_revoke(first, "s", 1, "00"), CST_BAD_STATE);
    assert_int_equal(cst_revoke(first, "s", 1, plain), CST_OK);
    waits(first, "s", PAY, grant);
    waits(second, "s", PAY, grant);
    goes(first, "s", PAY, other);
    assert_int_equal(cst_session_save(first, "s", 1, &bytes, &length), CST_OK);
    assert_int_equal(cst_session_load(third, "s", 1, bytes, length, NULL), CST_OK);
    waits(third, "s", PAY, grant);
    goes(third, "s", PAY, other);
    /* what is shared and cannot be loaded may have held a revocation */
    assert_int_equal(cst_shared_load(third, "x", 1, NULL), CST_BAD_STATE);
    waits(third, "s", PAY, other);
    assert_int_equal(cst_shared_save(first, &bytes, &length), CST_OK);
    assert_int_equal(cst_shared_load(third, bytes, length, NULL), CST_OK);
    goes(third, "s", PAY, other);
    cst_context_free(third);
    cst_context_free(second);
    cst_context_free(first);
    cst_policy_release(there);
    cst_policy_release(policy);
}

/* Whichever allocation fails: the call waits, is denied, or goes as with enough memory; and a use
 * that went is never had again. */
static void memory_may_end_anywhere(void **unused)
{
    (void)unused;
    for (uint32_t fails = 1;; fails++) {
        meter memory = {0};
        char grant[GRANT], event[4096];
        cst_policy *const policy = compile_with(policy_text, CST_ENGINE_REFERENCE, 1, &memory);
        cst_context *const context = cst_context_new(policy);
        uint32_t went = 0;
        grant_for(context, "s", ME, "user", grant);
        const int length =
            snprintf(event, sizeof event, "{\"session\":\"s\",\"approvals\":[%s]," ME "}", grant);
        memory.calls = 0;
        memory.fail_at = fails;
        for (int i = 0; i < 4; i++) {
            cst_decision decision;
            const char *json;
            size_t size;
            cst_standing offer;
            const cst_status status = cst_decide_json(context, event, (size_t)length, &decision);
            assert_true(status == CST_OK ||
                        (status == CST_NO_MEMORY && decision.verdict == CST_DENY));
            went += decision.verdict < CST_REQUIRE_APPROVAL;
            cst_decision_standing(&decision, 0, &offer);
            cst_decision_json(&decision, &json, &size);
        }
        assert_true(went <= 2);
        const bool reached = memory.calls >= fails;
        memory.fail_at = 0;
        assert_true(cst_revoke(context, "s", 1, "") == CST_BAD_STATE);
        cst_context_free(context);
        cst_policy_release(policy);
        if (!reached) {
            assert_int_equal(went, 2);
            assert_true(fails > 3);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_covers_later_calls_and_says_so),
        cmocka_unit_test(nothing_else_is_covered),
        cmocka_unit_test(what_is_not_declared_is_not_offered),
        cmocka_unit_test(it_answers_one_rule_only),
        cmocka_unit_test(kinds_do_not_mix),
        cmocka_unit_test(it_is_never_wider_than_the_rule),
        cmocka_unit_test(it_expires_and_ends_with_the_policy),
        cmocka_unit_test(it_cannot_be_forged),
        cmocka_unit_test(uses_are_counted_once),
        cmocka_unit_test(uses_move_with_the_session),
        cmocka_unit_test(what_waits_all_the_same_uses_nothing),
        cmocka_unit_test(it_can_be_held_across_sessions),
        cmocka_unit_test(it_can_be_revoked),
        cmocka_unit_test(memory_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * compiler_chain_test.c - who acts for whom, where it cannot be known: too many agents, memory,
 * sessions that could not be stored, policies that did not ask; and that it survives saving. What a
 * chain is stands in tests/spec/chain_of_messages.const.
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

#include "runtime/limits.h"
#include "tests/unit/metered_memory.h"

#define HEAD "constitution chains \"1\"\ntool run(line: string) executes\n"
static const char reading[] =
    HEAD "rule tainted on action run when any a in chain satisfies a == mallory then refuse\n";
static const char other[] = HEAD "rule words on message when text contains \"STOP\" then deny\n";

static cst_policy *compile(const char *text, cst_options options)
{
    cst_policy *policy = NULL;
    cst_compiler_options all = {.size = sizeof all, .engine = CST_ENGINE_JIT, .runtime = options};
    all.runtime.size = sizeof all.runtime;
    all.runtime.key[0] = 1;
    assert_int_equal(cst_policy_compile_text("chains.const", text, strlen(text), &all, &policy),
                     CST_OK);
    return policy;
}

static cst_decision decide(cst_context *context, const char *json)
{
    cst_decision decision;
    cst_decide_json(context, json, strlen(json), &decision);
    return decision;
}

static cst_decision tell(cst_context *context, const char *session, const char *from,
                         const char *to)
{
    char json[2000];
    snprintf(
        json, sizeof json,
        "{\"stage\":\"message\",\"session\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"text\":\"hi\"}",
        session, from, to);
    return decide(context, json);
}

static cst_decision act(cst_context *context, const char *session, const char *agent)
{
    char json[2000];
    snprintf(json, sizeof json,
             "{\"stage\":\"action\",\"session\":\"%s\",\"agent\":\"%s\",\"tool\":\"run\",\"args\":{"
             "\"line\":\"ls\"}}",
             session, agent);
    return decide(context, json);
}

static void expect_unknown(cst_decision decision)
{
    assert_int_equal(decision.verdict, CST_DENY);
    assert_string_equal(decision.error_code, "limit");
    assert_string_equal(decision.error_pointer, "/chain");
}

static void more_agents_than_are_followed(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(reading, (cst_options){0});
    cst_context *const context = cst_context_new(policy);
    char name[LIMIT_NAME_BYTES + 2];
    tell(context, "s", "mallory", "a0");
    for (uint32_t i = 0; i + 2 < LIMIT_CHAIN_AGENTS; i++) {
        char next[20];
        snprintf(name, sizeof name, "a%u", i);
        snprintf(next, sizeof next, "a%u", i + 1);
        assert_int_equal(tell(context, "s", name, next).verdict, CST_PERMIT);
    }
    assert_int_equal(act(context, "s", name).verdict, CST_REFUSE); /* all the way down */
    assert_int_equal(act(context, "s", "mallory").verdict, CST_REFUSE);
    assert_int_equal(act(context, "s", "nobody").verdict, CST_PERMIT);
    tell(context, "s", "one", "more");
    expect_unknown(act(context, "s", "nobody"));
    expect_unknown(act(context, "s", "more"));
    assert_int_equal(act(context, "t", "nobody").verdict, CST_PERMIT);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    tell(context, "t", name, "b");
    expect_unknown(act(context, "t", "b"));
    cst_context_free(context);
    cst_policy_release(policy);
}

static void sessions_that_could_not_be_stored(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(reading, (cst_options){.limits = {.sessions = 1}});
    cst_context *const context = cst_context_new(policy);
    tell(context, "s", "mallory", "b");
    assert_int_equal(act(context, "t", "b").verdict, CST_PERMIT);
    tell(context, "t", "ann", "b");
    expect_unknown(act(context, "t", "b"));
    expect_unknown(act(context, "u", "b")); /* it may be one of those */
    assert_int_equal(act(context, "s", "b").verdict, CST_REFUSE);
    cst_context_forget(context);
    assert_int_equal(act(context, "t", "b").verdict, CST_PERMIT);
    cst_context_free(context);
    cst_policy_release(policy);
}

static void a_policy_that_did_not_ask(void **unused)
{
    (void)unused;
    cst_policy *const asks = compile(reading, (cst_options){0}), *const silent = compile(
                                                                     other, (cst_options){0});
    cst_live *live;
    assert_int_equal(cst_live_new(asks, &live), CST_OK);
    cst_context *const context = cst_context_new_live(live);
    tell(context, "s", "mallory", "b");
    tell(context, "quiet", "ann", "b");
    cst_live_swap(live, silent);
    tell(context, "s", "b", "c");
    cst_live_swap(live, asks);
    expect_unknown(act(context, "s", "c"));
    assert_int_equal(act(context, "quiet", "b").verdict,
                     CST_PERMIT); /* nothing was said there meanwhile */
    assert_int_equal(act(context, "new", "c").verdict, CST_PERMIT);
    cst_context_free(context);
    cst_live_free(live);
    cst_policy_release(silent);
    cst_policy_release(asks);
}

static void it_survives_saving(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(reading, (cst_options){0});
    cst_context *const first = cst_context_new(policy), *const second = cst_context_new(policy);
    const void *bytes;
    size_t length;
    tell(first, "s", "mallory", "b");
    tell(first, "s", "b", "c");
    assert_int_equal(cst_session_save(first, "s", 1, &bytes, &length), CST_OK);
    assert_int_equal(cst_session_load(second, "s", 1, bytes, length, NULL), CST_OK);
    assert_int_equal(act(second, "s", "c").verdict, CST_REFUSE);
    tell(second, "s", "c", "d");
    assert_int_equal(act(second, "s", "d").verdict, CST_REFUSE);
    assert_int_equal(act(second, "s", "e").verdict, CST_PERMIT);
    char name[LIMIT_NAME_BYTES + 2];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    tell(first, "s", name, "z");
    assert_int_equal(cst_session_save(first, "s", 1, &bytes, &length), CST_OK);
    assert_int_equal(cst_session_load(second, "s", 1, bytes, length, NULL), CST_OK);
    expect_unknown(act(second, "s", "e"));
    cst_context_free(second);
    cst_context_free(first);
    cst_policy_release(policy);
}

/* A message that was let through is never forgotten: whichever allocation fails, who it reached
 * does not pass as untainted. */
static void no_failure_of_memory_makes_it_lenient(void **unused)
{
    (void)unused;
    meter all = {0};
    cst_policy *const policy = compile(reading, (cst_options){.allocator = metered(&all)});
    bool done = false;
    for (uint32_t fails = 1; !done; fails++) {
        cst_context *const context = cst_context_new(policy);
        all = (meter){.fail_at = fails};
        if (tell(context, "s", "mallory", "b").verdict == CST_PERMIT)
            assert_true(act(context, "s", "b").verdict >= CST_REFUSE);
        done = all.calls < fails;
        cst_context_free(context);
        all.fail_at = 0;
    }
    cst_policy_release(policy);
}

/* An event that is set field by field has the same chain. */
static void field_by_field(void **unused)
{
    (void)unused;
    cst_policy *const policy = compile(reading, (cst_options){0});
    cst_context *const context = cst_context_new(policy);
    cst_field from, to, agent;
    cst_decision decision;
    assert_int_equal(cst_policy_field(policy, CST_MESSAGE, NULL, "sender", &from), CST_OK);
    assert_int_equal(cst_policy_field(policy, CST_MESSAGE, NULL, "receiver", &to), CST_OK);
    assert_int_equal(cst_policy_field(policy, CST_ACTION, "run", "agent", &agent), CST_OK);
    cst_event_begin(context, CST_MESSAGE, NULL);
    cst_set_string(context, from, "mallory", 7);
    cst_set_string(context, to, "b", 1);
    assert_int_equal(cst_decide(context, &decision), CST_OK);
    assert_int_equal(decision.verdict, CST_PERMIT);
    static const char *const agents[] = {"a", "b"};
    for (int i = 0; i < 2; i++) {
        cst_event_begin(context, CST_ACTION, "run");
        cst_set_string(context, agent, agents[i], 1);
        assert_int_equal(cst_decide(context, &decision), CST_OK);
        assert_int_equal(decision.verdict, i == 0 ? CST_PERMIT : CST_REFUSE);
    }
    cst_context_free(context);
    cst_policy_release(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_agents_than_are_followed),
        cmocka_unit_test(sessions_that_could_not_be_stored),
        cmocka_unit_test(a_policy_that_did_not_ask),
        cmocka_unit_test(it_survives_saving),
        cmocka_unit_test(no_failure_of_memory_makes_it_lenient),
        cmocka_unit_test(field_by_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

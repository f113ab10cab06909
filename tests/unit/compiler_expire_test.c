/*
 * compiler_expire_test.c - sessions that are over: what may be forgotten goes, what may still
 * matter does not, and what was put away denies until it is back.
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

#define HEAD                                                                                       \
    "constitution expiry \"1\"\ncontext user { id: string, region?: string }\ntool pay(to: "       \
    "string, n: int) pays\napprovals by boss\n"
#define SECONDS INT64_C(1000000)

static int64_t now = INT64_C(1767225600000000);

static int64_t clock_now(void *user)
{
    (void)user;
    return now;
}

static cst_policy *compile(const char *text, uint8_t key)
{
    cst_policy *policy = NULL;
    cst_compiler_options options = {.size = sizeof options, .engine = CST_ENGINE_JIT};
    options.runtime =
        (cst_options){.size = sizeof options.runtime, .clock = clock_now, .key = {key}};
    assert_int_equal(cst_policy_compile_text("expire.const", text, strlen(text), &options, &policy),
                     CST_OK);
    return policy;
}

typedef struct fixture {
    cst_policy *policy;
    cst_context *context;
    cst_expired report;
    cst_decision decision;
} fixture;

static void begin(fixture *f, const char *rules)
{
    char text[1200];
    snprintf(text, sizeof text, HEAD "%s", rules);
    f->policy = compile(text, 1);
    f->context = cst_context_new(f->policy);
}

static void end(fixture *f)
{
    cst_context_free(f->context);
    cst_policy_release(f->policy);
}

static cst_verdict event(fixture *f, const char *session, const char *rest)
{
    char json[400];
    snprintf(json, sizeof json, "{\"session\":\"%s\",%s}", session, rest);
    assert_int_equal(cst_decide_json(f->context, json, strlen(json), &f->decision), CST_OK);
    return f->decision.verdict;
}

static void expire(fixture *f, int64_t idle)
{
    assert_int_equal(cst_context_expire(f->context, now, idle, NULL, NULL, &f->report), CST_OK);
}

#define USER        "\"user\":{\"id\":\"u\"},"
#define PAY         USER "\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"to\":\"ann\",\"n\":1}"
#define INPUT(text) USER "\"stage\":\"input\",\"text\":\"" text "\""
#define OUTPUT      USER "\"stage\":\"output\",\"text\":\"hello there, you\""

static void windows_imply_retention(void **unused)
{
    (void)unused;
    fixture f;
    begin(&f, "rule many on action pay when count of action pay within 1h >= 3 then deny\n"
              "rule soon on action pay when earlier input within 10s then flag\n"
              "rule who on output when user.id == \"x\" then deny\n");
    assert_int_equal(event(&f, "s", PAY), CST_PERMIT);
    assert_int_equal(event(&f, "s", PAY), CST_PERMIT);
    now += 3600 * SECONDS;
    expire(&f, 0); /* both ends are in */
    assert_int_equal(f.report.remembered, 1);
    now -= 1;
    assert_int_equal(event(&f, "s", PAY), CST_DENY);
    now += 3600 * SECONDS + 1;
    expire(&f, 7200 * SECONDS); /* not idle for so long */
    assert_int_equal(f.report.remembered, 1);
    expire(&f, 60 * SECONDS);
    assert_int_equal(f.report.forgotten, 1);
    assert_int_equal(f.report.remembered, 0);
    assert_int_equal(event(&f, "s", PAY), CST_PERMIT);
    end(&f);
}

/* An event with a time before the expiry counts as one of then: what it forgot is out of every
 * window. */
static void the_clock_does_not_go_back(void **unused)
{
    (void)unused;
    fixture f;
    begin(&f, "rule many on action pay when count of action pay within 1h >= 2 then deny\n");
    const int64_t start = now;
    assert_int_equal(event(&f, "s", PAY), CST_PERMIT);
    now += 4000 * SECONDS;
    expire(&f, 0);
    assert_int_equal(f.report.forgotten, 1);
    now = start;
    assert_int_equal(event(&f, "s", PAY), CST_PERMIT);
    now = start + 4000 * SECONDS + 3600 * SECONDS; /* the last one counts as at 4000 */
    assert_int_equal(event(&f, "s", PAY), CST_DENY);
    end(&f);
}

/* What has no end in time is not forgotten, however long it is ago. */
static void what_may_still_matter_stays(void **unused)
{
    (void)unused;
    static const struct {
        const char *rules, *first, *then;
        cst_verdict verdict;
    } cases[] = {
        {"rule r on action pay when earlier input then deny\n", INPUT("hi"), PAY, CST_DENY},
        {"rule give on input then label seen\nrule r on action pay when session has seen then "
         "deny\n",
         INPUT("hi"), PAY, CST_DENY},
        {"rule r on input when text == \"stop\" then halt\n", INPUT("stop"), PAY, CST_DENY},
        {"rule r on output when text repeats 12 chars of user then deny\n",
         INPUT("hello there, you"), OUTPUT, CST_DENY},
        {"rule r on action pay when args.to from user down to 2 chars then deny\n", INPUT("ann"),
         PAY, CST_DENY},
        {"rule r on action pay when user.region is present and user.region == \"eu\" then deny\n",
         "\"user\":{\"id\":\"u\",\"region\":\"eu\"},\"stage\":\"input\",\"text\":\"hi\"",
         "\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"to\":\"ann\",\"n\":1}", CST_DENY},
        {"agents a, b\nrule r on action pay when a in chain then deny\n",
         USER "\"stage\":\"message\",\"from\":\"a\",\"to\":\"b\",\"text\":\"hi\"",
         PAY ",\"agent\":\"b\"", CST_DENY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture f;
        begin(&f, cases[i].rules);
        event(&f, "s", cases[i].first);
        now += INT64_C(1000) * 86400 * SECONDS;
        expire(&f, 0);
        if (f.report.remembered != 1)
            fail_msg("forgotten: %s", cases[i].rules);
        assert_int_equal(event(&f, "s", cases[i].then), cases[i].verdict);
        end(&f);
    }
}

/* A record of which something is required is asked for again. */
static void a_context_is_brought_again(void **unused)
{
    (void)unused;
    fixture f;
    begin(&f, "rule r on action pay when user.id == \"eve\" then deny\n");
    assert_int_equal(event(&f, "s", PAY), CST_PERMIT);
    now += SECONDS;
    expire(&f, 0);
    assert_int_equal(f.report.forgotten, 1);
    assert_int_equal(
        event(&f, "s", "\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"to\":\"ann\",\"n\":1}"),
        CST_DENY);
    assert_string_equal(f.decision.error_code, "missing");
    end(&f);
}

static void a_used_grant_is_not_forgotten(void **unused)
{
    (void)unused;
    fixture f;
    cst_request request;
    char grant[CST_GRANT_SIZE];
    begin(&f, "rule r on action pay then require approval from boss within 1h\n");
    assert_int_equal(event(&f, "s", PAY), CST_REQUIRE_APPROVAL);
    assert_int_equal(cst_decision_request(&f.decision, &request), CST_OK);
    assert_int_equal(
        cst_approve(f.policy, "s", 1, request.action_hash, "boss", request.expires_us, grant),
        CST_OK);
    char json[CST_GRANT_SIZE + 400];
    snprintf(json, sizeof json, "{\"session\":\"s\",\"approvals\":[\"%s\"],%s}", grant, PAY);
    assert_int_equal(cst_decide_json(f.context, json, strlen(json), &f.decision), CST_OK);
    assert_int_equal(f.decision.verdict, CST_FLAG);
    now += 3600 * SECONDS; /* it has not expired yet */
    expire(&f, 0);
    assert_int_equal(f.report.remembered, 1);
    assert_int_equal(cst_decide_json(f.context, json, strlen(json), &f.decision), CST_OK);
    assert_int_equal(f.decision.verdict, CST_REQUIRE_APPROVAL);
    now += 3601 * SECONDS;
    expire(&f, 0);
    assert_int_equal(f.report.forgotten, 1);
    assert_int_equal(cst_decide_json(f.context, json, strlen(json), &f.decision), CST_OK);
    assert_int_equal(f.decision.verdict, CST_REQUIRE_APPROVAL);
    end(&f);
}

typedef struct shelf {
    uint8_t *bytes[64];
    size_t length[64];
    char name[64][20];
    uint32_t count;
    bool full;
} shelf;

static bool put_away(void *user, const char *session, size_t session_length, const void *bytes,
                     size_t length)
{
    shelf *const on = user;
    if (on->full)
        return false;
    on->bytes[on->count] = malloc(length);
    memcpy(on->bytes[on->count], bytes, length);
    on->length[on->count] = length;
    memcpy(on->name[on->count], session, session_length);
    on->name[on->count++][session_length] = '\0';
    return true;
}

static void what_was_put_away_denies_until_it_is_back(void **unused)
{
    (void)unused;
    fixture f;
    shelf on = {.full = true};
    const void *bytes;
    size_t length;
    begin(&f, "rule give on input then label seen\nrule r on action pay when session has seen then "
              "refuse\n");
    for (uint32_t i = 0; i < 60; i++) {
        char name[20];
        snprintf(name, sizeof name, "s%u", i);
        event(&f, name, INPUT("hi"));
    }
    now += SECONDS;
    assert_int_equal(cst_context_expire(f.context, now, 0, put_away, &on, &f.report), CST_OK);
    assert_int_equal(f.report.remembered, 60);
    on.full = false;
    assert_int_equal(cst_context_expire(f.context, now, 2 * SECONDS, put_away, &on, &f.report),
                     CST_OK);
    assert_int_equal(f.report.remembered, 60);
    assert_int_equal(cst_context_expire(f.context, now, SECONDS, put_away, &on, &f.report), CST_OK);
    assert_int_equal(f.report.put_away, 60);
    assert_int_equal(event(&f, "other", PAY), CST_PERMIT);
    for (uint32_t i = 0; i < 60; i++) {
        const char *const name = on.name[i];
        assert_int_equal(event(&f, name, PAY), CST_DENY);
        assert_string_equal(f.decision.error_code, "session-state");
        assert_int_equal(cst_session_system(f.context, name, strlen(name), "x", 1), CST_BAD_STATE);
        assert_int_equal(cst_session_save(f.context, name, strlen(name), &bytes, &length),
                         CST_BAD_STATE);
        assert_int_equal(event(&f, name, PAY), CST_DENY); /* nothing of that made it a new one */
        if (i % 2) { /* not the bytes of this one: denied, as whatever is loaded badly */
            assert_int_equal(cst_session_load(f.context, name, strlen(name), on.bytes[i],
                                              on.length[i] - 1, NULL),
                             CST_BAD_STATE);
            assert_int_equal(event(&f, name, PAY), CST_DENY);
        }
        assert_int_equal(
            cst_session_load(f.context, name, strlen(name), on.bytes[i], on.length[i], NULL),
            CST_OK);
        assert_int_equal(event(&f, name, PAY), CST_REFUSE);
        free(on.bytes[i]);
    }
    end(&f);
}

/* A policy that takes over asks of a time in which sessions were forgotten: that is not known. */
static void a_new_question_does_not_know_what_was_forgotten(void **unused)
{
    (void)unused;
    cst_policy *const first =
        compile(HEAD "rule r on action pay when count of action pay within 1m > 5 then deny\n", 1);
    cst_policy *const second =
        compile(HEAD "rule r on action pay when count of action pay within 1h >= 3 then deny\n", 1);
    cst_live *live;
    assert_int_equal(cst_live_new(first, &live), CST_OK);
    fixture f = {.policy = first, .context = cst_context_new_live(live)};
    assert_int_equal(event(&f, "s", PAY), CST_PERMIT);
    assert_int_equal(event(&f, "s", PAY), CST_PERMIT);
    now += 61 * SECONDS;
    expire(&f, 0);
    assert_int_equal(f.report.forgotten, 1);
    cst_live_swap(live, second);
    assert_int_equal(event(&f, "s", PAY), CST_DENY);
    now += 3601 * SECONDS;
    assert_int_equal(event(&f, "s", PAY), CST_PERMIT);
    cst_context_free(f.context);
    cst_live_free(live);
    cst_policy_release(second);
    cst_policy_release(first);
}

/* Some of many go: the others are found, and are what they were. */
static void those_that_stay_are_found(void **unused)
{
    (void)unused;
    fixture f;
    begin(&f, "rule give on input when text == \"mark\" then label seen\nrule r on action pay when "
              "session has seen then refuse\n"
              "rule w on action pay when count of action pay within 10s > 3 then deny\n");
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < 700; i++) {
            char name[20];
            snprintf(name, sizeof name, "r%u-%u", round, i);
            event(&f, name, i % 7 == 0 ? INPUT("mark") : INPUT("hi"));
        }
        now += 11 * SECONDS;
        expire(&f, 0);
        assert_int_equal(f.report.forgotten, 600);
        assert_int_equal(f.report.remembered, 100 * (round + 1));
    }
    for (uint32_t i = 0; i < 700; i++) {
        char name[20];
        snprintf(name, sizeof name, "r%u-%u", i % 5, i);
        assert_int_equal(event(&f, name, PAY), i % 7 == 0 ? CST_REFUSE : CST_PERMIT);
    }
    end(&f);
}

static void bad_arguments(void **unused)
{
    (void)unused;
    fixture f;
    cst_policy *const keyless =
        compile(HEAD "rule r on input when text == \"stop\" then halt\n", 0);
    cst_context *const context = cst_context_new(keyless);
    begin(&f, "rule r on input when text == \"stop\" then halt\n");
    assert_int_equal(cst_context_expire(NULL, now, 0, NULL, NULL, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_context_expire(f.context, now, -1, NULL, NULL, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_context_expire(f.context, INT64_MAX, 0, NULL, NULL, NULL),
                     CST_BAD_ARGUMENT);
    assert_int_equal(cst_context_expire(f.context, INT64_MIN, 0, NULL, NULL, NULL),
                     CST_BAD_ARGUMENT);
    assert_int_equal(cst_context_expire(context, now, 0, put_away, NULL, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_context_expire(context, now, 0, NULL, NULL, NULL), CST_OK);
    cst_context_free(context);
    cst_policy_release(keyless);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_imply_retention),
        cmocka_unit_test(the_clock_does_not_go_back),
        cmocka_unit_test(what_may_still_matter_stays),
        cmocka_unit_test(a_context_is_brought_again),
        cmocka_unit_test(a_used_grant_is_not_forgotten),
        cmocka_unit_test(what_was_put_away_denies_until_it_is_back),
        cmocka_unit_test(a_new_question_does_not_know_what_was_forgotten),
        cmocka_unit_test(those_that_stay_are_found),
        cmocka_unit_test(bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

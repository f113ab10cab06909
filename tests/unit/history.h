/*
 * history.h - for tests of history: one question asked of events that are written in one line each.
 *
 * A question stands in a rule and in a permit in shadow on `action ask`; so an `ask` answers 'T',
 * 'U' or 'F': the permit is reported if it is true, the rule also if it is undecided. Both engines
 * decide each event and must agree. What happens to other events is in their numbers: 666 is
 * denied, 667 waits for an approval, and the word `secret` is cut.
 */
#ifndef CONSTITUTION_TESTS_HISTORY_H
#define CONSTITUTION_TESTS_HISTORY_H

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

#define HISTORY_HEAD                                                                               \
    "constitution history \"1\"\nagents a, b\napprovals by user\ncontext user { id: string, "      \
    "role: string }\n"                                                                             \
    "tool ask(to: string, n: int)\ntool pay(to: string, n: int) returns { w: string } moves\n"     \
    "tool read(to: string, n: int) returns { w: string }\n"                                        \
    "default action deny\npermit anything on action\n"                                             \
    "rule stop on action ask or pay or read when args.n == 666 then deny\n"                        \
    "rule wait on action ask or pay or read when args.n == 667 then require approval from user\n"  \
    "rule stop_text on input, output, message when text contains \"STOP\" then deny\n"             \
    "rule cut on action ask or pay or read when args.to contains \"secret\" then redact with "     \
    "\"[cut]\"\n"                                                                                  \
    "rule cut_text on input, output, message when text contains \"secret\" then redact with "      \
    "\"[cut]\"\n"

enum { HISTORY_ENGINES = 2 };

typedef struct history_world {
    cst_policy *policies[HISTORY_ENGINES];
    cst_live *lives[HISTORY_ENGINES];
    cst_context *contexts[HISTORY_ENGINES];
    const char *session, *user, *role;
    cst_options options;
} history_world;

static history_world here;

static inline void history_complain(void *user, const cst_diagnostic *diagnostic)
{
    (void)user;
    if (diagnostic->error)
        fputs(diagnostic->rendered, stderr);
}

static inline cst_policy *history_compile(const char *text, cst_engine engine)
{
    cst_compiler_options options = {.size = sizeof options,
                                    .engine = engine,
                                    .diagnostic = history_complain,
                                    .runtime = here.options};
    options.runtime.size = sizeof options.runtime;
    cst_policy *policy = NULL;
    assert_int_equal(
        cst_policy_compile_text("history.const", text, strlen(text), &options, &policy), CST_OK);
    return policy;
}

/* The policy that asks a question; `more` are other declarations. */
static inline char *history_text(const char *question, const char *more)
{
    static char text[8192];
    snprintf(
        text, sizeof text,
        HISTORY_HEAD
        "%s\nrule q on action ask when %s then flag\npermit p on action ask in shadow when %s\n",
        more, question, question);
    return text;
}

static inline void history_end(void)
{
    for (int i = 0; i < HISTORY_ENGINES; i++) {
        cst_context_free(here.contexts[i]);
        cst_live_free(here.lives[i]);
        cst_policy_release(here.policies[i]);
    }
    here = (history_world){.session = "s", .user = "u", .role = "clerk"};
}

static inline void history_begin_with(const char *question, const char *more, bool live)
{
    const cst_options options = here.options;
    history_end();
    here.options = options;
    for (int i = 0; i < HISTORY_ENGINES; i++) {
        here.policies[i] = history_compile(history_text(question, more),
                                           i == 0 ? CST_ENGINE_JIT : CST_ENGINE_REFERENCE);
        if (live)
            assert_int_equal(cst_live_new(here.policies[i], &here.lives[i]), CST_OK);
        here.contexts[i] =
            live ? cst_context_new_live(here.lives[i]) : cst_context_new(here.policies[i]);
        assert_non_null(here.contexts[i]);
    }
}

static inline void question(const char *text)
{
    history_begin_with(text, "", false);
}

/* Another policy takes over. */
static inline void swap(const char *text, const char *more)
{
    for (int i = 0; i < HISTORY_ENGINES; i++) {
        cst_policy *const next = history_compile(history_text(text, more),
                                                 i == 0 ? CST_ENGINE_JIT : CST_ENGINE_REFERENCE);
        cst_live_swap(here.lives[i], next);
        cst_policy_release(next);
    }
}

static inline char history_answer_of(const cst_decision *decision)
{
    cst_fired fired;
    char answer = 'F';
    bool permitted = false;
    for (uint32_t i = 0; cst_decision_rule(decision, i, &fired) == CST_OK; i++)
        if (fired.rule && strcmp(fired.rule, "q") == 0)
            answer = fired.undecided_code ? 'U' : 'T';
    for (uint32_t i = 0; cst_decision_shadow(decision, i, &fired) == CST_OK; i++)
        permitted = permitted || strcmp(fired.rule, "p") == 0;
    assert_int_equal(permitted, answer == 'T');
    return answer;
}

/* Decides an event; the time in microseconds. */
static inline char history_event(const char *members, int64_t time)
{
    char json[16384];
    const int64_t seconds = time / 1000000;
    snprintf(json, sizeof json,
             "{\"session\":\"%s\",\"time\":\"2026-01-%02dT%02d:%02d:%02d.%06dZ\",\"user\":{\"id\":"
             "\"%s\",\"role\":\"%s\"},%s}",
             here.session, (int)(1 + seconds / 86400), (int)(seconds / 3600 % 24),
             (int)(seconds / 60 % 60), (int)(seconds % 60), (int)(time % 1000000), here.user,
             here.role, members);
    char answers[HISTORY_ENGINES];
    for (int i = 0; i < HISTORY_ENGINES; i++) {
        cst_decision decision;
        assert_int_equal(cst_decide_json(here.contexts[i], json, strlen(json), &decision), CST_OK);
        if (decision.error_code)
            fail_msg("%s: %s", json, decision.error_text);
        answers[i] = history_answer_of(&decision);
    }
    assert_int_equal(answers[0], answers[1]);
    return answers[0];
}

#define SECONDS INT64_C(1000000)

static inline char act_at(int64_t time, const char *tool, const char *to, int64_t n)
{
    char members[12000];
    snprintf(members, sizeof members,
             "\"stage\":\"action\",\"tool\":\"%s\",\"args\":{\"to\":\"%s\",\"n\":%lld}", tool, to,
             (long long)n);
    return history_event(members, time);
}

static inline char act(int64_t second, const char *tool, const char *to, int64_t n)
{
    return act_at(second * SECONDS, tool, to, n);
}

/* Input, output or message. */
static inline void say(int64_t second, const char *stage, const char *text)
{
    char members[2048];
    snprintf(members, sizeof members, "\"stage\":\"%s\",\"text\":\"%s\"%s", stage, text,
             strcmp(stage, "message") == 0 ? ",\"from\":\"a\",\"to\":\"b\"" : "");
    history_event(members, second * SECONDS);
}

static inline void result(int64_t second, const char *tool, const char *w)
{
    char members[2048];
    snprintf(members, sizeof members,
             "\"stage\":\"result\",\"tool\":\"%s\",\"args\":{\"to\":\"x\",\"n\":1},\"text\":\"\","
             "\"value\":{\"w\":\"%s\"}",
             tool, w);
    history_event(members, second * SECONDS);
}

#define EXPECT(answer, second) assert_int_equal(act(second, "ask", "x", 0), answer)
#define OVERFLOWS              INT64_MAX /* n + n is undecided */

#endif

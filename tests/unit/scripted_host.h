/*
 * scripted_host.h - a host that answers from a script and notes what it was asked, for the tests of
 * host predicates.
 *
 * A question too many fails a test as surely as one too few. Time stands still unless a test moves
 * it. Each program that includes this runs its tests twice, with `engine` native and with `engine`
 * reference.
 */
#ifndef CST_TESTS_SCRIPTED_HOST_H
#define CST_TESTS_SCRIPTED_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <constitution/compiler.h>

typedef struct answer {
    const char *question; /* "bad {\"a\":1}": its beginning */
    const char *json;     /* NULL: it fails */
} answer;

typedef struct fixture {
    cst_policy *policy;
    cst_context *context;
    cst_decision decision;
    const answer *answers;
    uint32_t answer_count, calls, asked;
    int64_t delay;  /* how long the host thinks about each question, in microseconds */
    bool begins;    /* it misbehaves: it decides an event while it is asked */
    char log[8192]; /* what it was asked: a question a line */
} fixture;

static int64_t now;

static inline int64_t test_clock(void *user)
{
    (void)user;
    return now;
}

static inline void host(void *user, cst_context *context, const cst_question *questions,
                        uint32_t count)
{
    fixture *const f = user;
    f->calls++;
    for (uint32_t i = 0; i < count; i++) {
        char line[512];
        snprintf(line, sizeof line, "%s %s", questions[i].predicate, questions[i].arguments);
        assert_int_equal(strlen(questions[i].arguments), questions[i].arguments_length);
        if (strlen(f->log) + strlen(line) + 2 < sizeof f->log)
            strcat(strcat(f->log, line), "\n");
        f->asked++;
        now += f->delay;
        for (uint32_t k = 0; k < f->answer_count; k++) {
            if (strncmp(line, f->answers[k].question, strlen(f->answers[k].question)) != 0)
                continue;
            if (f->answers[k].json)
                cst_answer(context, questions[i].id, f->answers[k].json,
                           strlen(f->answers[k].json));
            else
                cst_answer_fails(context, questions[i].id);
            break;
        }
    }
    if (f->begins) {
        cst_decision decision;
        assert_int_equal(cst_decide_json(context, "{}", 2, &decision), CST_BAD_ARGUMENT);
        assert_int_equal(decision.verdict, CST_DENY);
    }
}

static cst_engine engine = CST_ENGINE_JIT;

static inline cst_policy *compile(const char *text, const cst_allocator *allocator)
{
    cst_policy *policy = NULL;
    cst_compiler_options options = {.size = sizeof options, .engine = engine};
    options.runtime =
        (cst_options){.size = sizeof options.runtime, .clock = test_clock, .key = {7}};
    if (allocator)
        options.runtime.allocator = *allocator;
    assert_int_equal(cst_policy_compile_text("host.const", text, strlen(text), &options, &policy),
                     CST_OK);
    return policy;
}

static inline void open_policy(fixture *f, const char *text)
{
    memset(f, 0, sizeof *f);
    now = INT64_C(1767614400000000);
    f->policy = compile(text, NULL);
    f->context = cst_context_new(f->policy);
    assert_non_null(f->context);
}

static inline void close_policy(fixture *f)
{
    cst_context_free(f->context);
    cst_policy_release(f->policy);
}

#define ANSWERS(f, ...)                                                                            \
    do {                                                                                           \
        static const answer script[] = {__VA_ARGS__};                                              \
        (f)->answers = script;                                                                     \
        (f)->answer_count = sizeof script / sizeof *script;                                        \
        cst_context_host((f)->context, host, (f), false);                                          \
    } while (0)

static inline cst_verdict decide(fixture *f, const char *json)
{
    f->log[0] = '\0';
    f->calls = f->asked = 0;
    assert_int_equal(cst_decide_json(f->context, json, strlen(json), &f->decision), CST_OK);
    return f->decision.verdict;
}

static inline const char *json_of(fixture *f)
{
    const char *json;
    size_t length;
    assert_int_equal(cst_decision_json(&f->decision, &json, &length), CST_OK);
    return json;
}

/* The questions of a decision, a line each. */
static inline const char *open_questions(const fixture *f)
{
    static char lines[4096];
    lines[0] = '\0';
    cst_question one;
    for (uint32_t i = 0; cst_decision_question(&f->decision, i, &one) == CST_OK; i++)
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s %s%s\n", one.predicate,
                 one.arguments, one.shadow ? " (shadow)" : "");
    return lines;
}

static inline const char *not_evaluated(const fixture *f)
{
    static char names[512];
    names[0] = '\0';
    const char *name;
    for (uint32_t i = 0; cst_decision_not_evaluated(&f->decision, i, &name) == CST_OK; i++)
        strcat(strcat(names, name), " ");
    return names;
}

static inline cst_status answer_open(fixture *f, uint32_t index, const char *json)
{
    cst_question one;
    assert_int_equal(cst_decision_question(&f->decision, index, &one), CST_OK);
    return json ? cst_answer(f->context, one.id, json, strlen(json))
                : cst_answer_fails(f->context, one.id);
}

static inline cst_verdict resume(fixture *f)
{
    assert_int_equal(cst_resume(f->context, f->decision.pending, &f->decision), CST_OK);
    return f->decision.verdict;
}

#define INPUT(text)  "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"" text "\"}"
#define OUTPUT(text) "{\"stage\":\"output\",\"session\":\"s\",\"text\":\"" text "\"}"
#define HEAD         "constitution h \"1\"\n"
#define TOXICITY     HEAD "extern toxicity(text: string) returns float within 50ms\n"

static inline int use_reference(void **state)
{
    (void)state;
    engine = CST_ENGINE_REFERENCE;
    return 0;
}

#endif

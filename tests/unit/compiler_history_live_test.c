/*
 * compiler_history_live_test.c - history when the world around it changes: other policies,
 * forgotten sessions, no room, no memory, several threads.
 *
 * What must hold each time: nothing that may have happened looks as if it had not. Run under
 * ThreadSanitizer too (preset `tsan`).
 */
#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/history.h"
#include "tests/unit/metered_memory.h"

/* ---- another policy takes over --------------------------------------------------------------- */

static void live(const char *text)
{
    history_begin_with(text, "", true);
}

static void a_question_that_both_ask_keeps_its_state(void **state)
{
    (void)state;
    live("earlier action pay with same args.to");
    act(0, "pay", "x", 1);
    swap("earlier action pay   with same // the same words\n args.to",
         "rule more on action read then flag\n");
    EXPECT('T', 1);
    assert_int_equal(act(2, "ask", "y", 0), 'F');
    here.session = "new";
    EXPECT('F', 3);
}

static void a_new_question_does_not_know_the_time_before(void **state)
{
    (void)state;
    live("earlier action read");
    act(0, "pay", "x", 1);
    here.session = "quiet"; /* nothing was remembered of it */
    say(0, "input", "hi");
    swap("earlier action pay within 10s", "");
    EXPECT('U', 10);
    EXPECT('F', 11);
    here.session = "s";
    EXPECT('U', 10);
    EXPECT('F', 11);
    act(12, "pay", "x", 1);
    EXPECT('T', 13);
    here.session = "new";
    EXPECT('F', 1);
}

static void a_policy_without_history_in_between(void **state)
{
    (void)state;
    static const char *const nothing[] = {"args.n == 5", "session has seen"};
    for (int i = 0; i < 2; i++) {
        live("earlier action pay");
        EXPECT('F', 0);
        swap(nothing[i], "rule give on action read when args.n == 9 then label seen\n");
        act(1, "pay", "x", 1);
        here.session = "begun meanwhile";
        act(1, "read", "x", 1);
        swap("earlier action pay", "");
        EXPECT('U', 2);
        here.session = "s";
        EXPECT('U', 2);
        here.session = "new";
        EXPECT('F', 3);
    }
}

static void a_question_that_goes_and_comes_again(void **state)
{
    (void)state;
    live("earlier action pay");
    EXPECT('F', 0);
    swap("earlier action read", "");
    act(1, "pay", "x", 1);
    swap("earlier action pay", "");
    EXPECT('U', 2);
    live("earlier action pay");
    EXPECT('F', 0);
    swap("earlier action read", "");
    swap("earlier action pay", ""); /* no event came in between */
    EXPECT('F', 2);
}

static void a_count_that_is_compared_with_more(void **state)
{
    (void)state;
    live("count of action pay within 1h > 2");
    for (int i = 0; i < 50; i++)
        act(i, "pay", "x", 1);
    EXPECT('T', 50);
    swap("count of action pay within 1h > 20", "");
    EXPECT('U', 51); /* fifty, of which few are remembered */
    EXPECT('F', 4000);
    live("distinct of args.n over action pay within 1h > 2");
    for (int i = 0; i < 50; i++)
        act(i, "pay", "x", i);
    EXPECT('T', 50);
    swap("distinct of args.n over action pay within 1h > 20", "");
    EXPECT('U', 51);
}

static void a_field_of_another_type_is_another_question(void **state)
{
    (void)state;
    static const char text[] =
        "constitution history \"1\"\ncontext user { id: string, role: string }\n"
        "tool ask(to: string, n: int)\ntool pay(to: string, n: decimal) returns { w: string } "
        "moves\ndefault action deny\n"
        "permit anything on action\n"
        "rule q on action ask when (latest of args.n over action pay else 0.0) == 0.000005 then "
        "flag\n"
        "permit p on action ask in shadow when (latest of args.n over action pay else 0.0) == "
        "0.000005\n";
    live("(latest of args.n over action pay else 0) == 5");
    act(0, "pay", "x", 5);
    EXPECT('T', 1);
    for (int i = 0; i < HISTORY_ENGINES; i++) {
        cst_policy *const next =
            history_compile(text, i == 0 ? CST_ENGINE_JIT : CST_ENGINE_REFERENCE);
        cst_live_swap(here.lives[i], next);
        cst_policy_release(next);
    }
    EXPECT('U', 2);
}

static void across_sessions_a_new_question_does_not_know_the_time_before(void **state)
{
    (void)state;
    static const char pays[] = "earlier action pay with same user.id across sessions within 10s";
    static const char *const others[] = {
        "args.n == 5", "earlier action read",
        "earlier action read with same user.id across sessions within 10s"};
    for (int i = 0; i < 3; i++) {
        live(others[i]);
        act(0, "pay", "x", 1);
        swap(pays, "");
        here.session = "new";
        EXPECT('U', 10);
        EXPECT('F', 11);
        swap(others[i], "");
        act(30, "pay", "x", 1);
        swap(pays, "");
        EXPECT('U', 40);
        EXPECT('F', 41);
        act(42, "pay", "x", 1);
        EXPECT('T', 43);
    }
}

static void labels_outlive_a_swap(void **state)
{
    (void)state;
    history_begin_with("session has seen", "rule give on action pay then label seen\n", true);
    act(0, "pay", "x", 1);
    swap("session has seen", "rule other on action read then label seen\n");
    EXPECT('T', 1);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void what_is_forgotten_has_not_been(void **state)
{
    (void)state;
    history_begin_with("earlier action pay and session has seen",
                       "rule give on action pay then label seen\n", false);
    act(0, "pay", "x", 1);
    EXPECT('T', 1);
    for (int i = 0; i < HISTORY_ENGINES; i++)
        cst_context_forget(here.contexts[i]);
    EXPECT('F', 2);
}

static const char contextless[] = "constitution history \"1\"\ntool ask(n: int)\ntool pay(n: "
                                  "int)\ndefault action deny\npermit anything on action\n"
                                  "rule q on action ask when earlier action pay then flag\n"
                                  "permit p on action ask in shadow when earlier action pay\n";

static void more_sessions_than_are_remembered(void **state)
{
    (void)state;
    here.options.limits.sessions = 2;
    cst_policy *const policy = history_compile(contextless, CST_ENGINE_JIT);
    cst_context *const context = cst_context_new(policy);
    static const struct {
        const char *session, *tool;
        char answer;
    } events[] = {{"zero", "ask", 'F'},  {"one", "pay", 'F'},  {"two", "pay", 'F'},
                  {"zero", "ask", 'F'},  {"one", "ask", 'T'},  {"three", "pay", 'F'},
                  {"three", "ask", 'U'}, {"zero", "ask", 'U'}, {"two", "ask", 'T'}};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        char json[200];
        cst_decision decision;
        snprintf(json, sizeof json,
                 "{\"stage\":\"action\",\"session\":\"%s\",\"tool\":\"%s\",\"args\":{\"n\":1}}",
                 events[i].session, events[i].tool);
        assert_int_equal(cst_decide_json(context, json, strlen(json), &decision), CST_OK);
        assert_int_equal(history_answer_of(&decision), events[i].answer);
    }
    cst_context_free(context);
    cst_policy_release(policy);
    here.options.limits.sessions = 0;
}

/* ---- memory ---------------------------------------------------------------------------------- */

enum { QUESTIONS = 10, STEPS = 60 };

static const char *asked[QUESTIONS] = {
    "earlier action pay",
    "earlier action pay with same args.to",
    "earlier action pay since action read",
    "count of action pay within 20s > 2",
    "sum of args.n over action pay with same args.to within 30s > 5",
    "distinct of args.to over action pay > 2",
    "(latest of args.to over action pay else \"none\") == \"bob\"",
    "earlier action pay followed by action read with same args.to within 30s",
    "count of action pay with same user.id across sessions within 1m > 2",
    "session has seen",
};

/* Without a context a session is stored only when there is something to remember: that can fail
 * too. */
static char *every_question(bool context)
{
    asked[8] = context ? "count of action pay with same user.id across sessions within 1m > 2"
                       : "count of action pay > 2";
    static char text[8192];
    size_t length =
        (size_t)snprintf(text, sizeof text,
                         "constitution history \"1\"\n%stool ask(to: string, n: int)\ntool pay(to: "
                         "string, n: int)\n"
                         "tool read(to: string, n: int)\ndefault action deny\npermit anything on "
                         "action\n" /* nothing that scans a text: without memory it denies */
                         "rule give on action pay when args.n == 3 then label seen\n",
                         context ? "context user { id: string, role: string }\n" : "");
    for (int i = 0; i < QUESTIONS; i++)
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "rule q%d on action ask when %s then flag\npermit p%d on action "
                                   "ask in shadow when %s\n",
                                   i, asked[i], i, asked[i]);
    return text;
}

/* A context record would change what sessions there are room for; the user is that of the session's
 * first event. */
static void step_write(int step, char *json, size_t size)
{
    static const char *const tools[] = {"pay", "read", "ask", "ask", "pay", "ask"};
    static const char *const names[] = {
        "ann", "bob", "the long name of somebody whose name is very long indeed", "x"};
    snprintf(json, size,
             "{\"stage\":\"action\",\"session\":\"s%d\",\"time\":\"2026-01-01T00:00:%02dZ\","
             "\"user\":{\"id\":\"u%d\",\"role\":\"r\"},\"tool\":\"%s\","
             "\"args\":{\"to\":\"%s\",\"n\":%d}}",
             step % 7 == 3, step, step % 5 == 1, tools[step * 5 / 3 % 6], names[step * 3 / 4 % 4],
             step % 5);
}

/* Answers of a step. False: it was refused for want of memory. */
static bool step_run(cst_context *context, int step, char answers[QUESTIONS])
{
    char json[512];
    step_write(step, json, sizeof json);
    cst_decision decision;
    cst_fired fired;
    const cst_status status = cst_decide_json(context, json, strlen(json), &decision);
    memset(answers, 'F', QUESTIONS);
    if (status != CST_OK) {
        assert_int_equal(status, CST_NO_MEMORY);
        assert_int_equal(decision.verdict, CST_DENY);
        return false;
    }
    if (decision.error_code) {
        assert_int_equal(decision.verdict, CST_DENY);
        return false;
    }
    for (uint32_t i = 0; cst_decision_rule(&decision, i, &fired) == CST_OK; i++)
        if (fired.rule && fired.rule[0] == 'q')
            answers[atoi(fired.rule + 1)] = fired.undecided_code ? 'U' : 'T';
    for (uint32_t i = 0; cst_decision_shadow(&decision, i, &fired) == CST_OK; i++)
        assert_int_equal(answers[atoi(fired.rule + 1)], 'T');
    return true;
}

/* With the given failure: each answer is right, or undecided; what was refused has not happened. */
static void fail_once(cst_policy *failing, cst_policy *sound, meter *of, uint64_t at)
{
    cst_context *const right = cst_context_new(sound);
    *of = (meter){.fail_at = at, .bytes = of->bytes};
    cst_context *const context = cst_context_new(failing);
    for (int step = 0; step < STEPS && context; step++) {
        char found[QUESTIONS], wanted[QUESTIONS];
        if (!step_run(context, step, found))
            continue;
        assert_true(step_run(right, step, wanted));
        for (int i = 0; i < QUESTIONS; i++)
            if (found[i] != wanted[i] && found[i] != 'U')
                fail_msg("allocation %d failed, event %d: %s is %c, and should be %c", (int)at,
                         step, asked[i], found[i], wanted[i]);
    }
    cst_context_free(context);
    cst_context_free(right);
}

static void no_failure_of_memory_makes_it_lenient(void **state)
{
    (void)state;
    for (int context = 0; context < 2; context++) {
        meter of = {0};
        cst_compiler_options options = {
            .size = sizeof options, .diagnostic = history_complain, .engine = CST_ENGINE_REFERENCE};
        options.runtime.size = sizeof options.runtime;
        cst_policy *sound, *failing;
        const char *const text = every_question(context);
        assert_int_equal(
            cst_policy_compile_text("history.const", text, strlen(text), &options, &sound), CST_OK);
        options.runtime.allocator = metered(&of);
        assert_int_equal(
            cst_policy_compile_text("history.const", text, strlen(text), &options, &failing),
            CST_OK);
        uint64_t at = 1;
        do {
            fail_once(failing, sound, &of, at);
        } while (of.failed && ++at < 100000);
        assert_in_range(at, 50, 99999);
        cst_policy_release(failing);
        cst_policy_release(sound);
        assert_int_equal(of.bytes, 0);
    }
}

/* A label that could not be kept, of a session that is stored a moment later for another reason. */
static void a_label_that_was_lost_is_not_absent(void **state)
{
    (void)state;
    static const char text[] =
        "constitution history \"1\"\ntool ask(n: int)\ntool pay(n: int)\ntool read(n: "
        "int)\ndefault action deny\npermit anything on action\n"
        "rule give on action pay when args.n == 3 then label seen\nrule other on action ask when "
        "earlier action read and args.n == 9 then flag\n"
        "rule q on action ask when session has seen then flag\npermit p on action ask in shadow "
        "when session has seen\n";
    static const char *const tools[] = {"pay", "read", "ask"};
    meter of = {0};
    cst_compiler_options options = {
        .size = sizeof options, .diagnostic = history_complain, .engine = CST_ENGINE_REFERENCE};
    options.runtime.size = sizeof options.runtime;
    options.runtime.allocator = metered(&of);
    cst_policy *policy;
    assert_int_equal(
        cst_policy_compile_text("history.const", text, strlen(text), &options, &policy), CST_OK);
    uint64_t at = 1;
    do {
        of = (meter){.fail_at = at, .bytes = of.bytes};
        cst_context *const context = cst_context_new(policy);
        bool given = false;
        for (int i = 0; i < 3 && context; i++) {
            char json[200];
            cst_decision decision;
            snprintf(json, sizeof json,
                     "{\"stage\":\"action\",\"session\":\"s\",\"tool\":\"%s\",\"args\":{\"n\":3}}",
                     tools[i]);
            const bool decided = cst_decide_json(context, json, strlen(json), &decision) == CST_OK;
            given = given || (i == 0 && decided);
            if (i == 2 && decided && given)
                assert_int_not_equal(history_answer_of(&decision), 'F');
        }
        cst_context_free(context);
    } while (of.failed && ++at < 1000);
    assert_in_range(at, 10, 999);
    cst_policy_release(policy);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { THREADS = 2, ROUNDS = 400 };

static atomic_int ready;

typedef struct worker {
    cst_policy *policy; /* or */
    cst_live *live;
    int number;
} worker;

static void *count_along(void *argument)
{
    worker *const me = argument;
    cst_context *const context =
        me->live ? cst_context_new_live(me->live) : cst_context_new(me->policy);
    char json[300];
    snprintf(json, sizeof json,
             "{\"stage\":\"action\",\"session\":\"s%d\",\"time\":\"2026-01-01T00:00:00Z\",\"user\":"
             "{\"id\":\"u\",\"role\":\"r\"},\"tool\":\"ask\","
             "\"args\":{\"to\":\"x\",\"n\":1}}",
             me->number);
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < THREADS)
        continue;
    for (int i = 0; i < ROUNDS; i++) {
        cst_decision decision;
        cst_fired fired;
        assert_int_equal(cst_decide_json(context, json, strlen(json), &decision), CST_OK);
        assert_int_equal(decision.error_code, NULL);
        bool own = false; /* what it has counted itself is there */
        for (uint32_t k = 0; cst_decision_rule(&decision, k, &fired) == CST_OK; k++)
            own = own || !fired.undecided_code;
        assert_true(own || me->live);
    }
    cst_context_free(context);
    return NULL;
}

#define COUNT "sum of args.n over action ask with same user.id across sessions within 1h"
static const char counting[] =
    HISTORY_HEAD "rule some on action ask when " COUNT " > 0 then flag\n"
                 "rule q on action ask when " COUNT
                 " == 801 then flag\npermit p on action ask in shadow when " COUNT " == 801\n";

static void run_workers(worker workers[THREADS], cst_live *live, cst_policy *a, cst_policy *b)
{
    pthread_t threads[THREADS];
    atomic_store(&ready, 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_along, &workers[i]), 0);
    for (int i = 0; live && i < 200; i++)
        cst_live_swap(live, i % 2 ? a : b);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void two_threads_count_together(void **state)
{
    (void)state;
    cst_policy *const policy = history_compile(counting, CST_ENGINE_JIT);
    worker workers[THREADS] = {{.policy = policy, .number = 0}, {.policy = policy, .number = 1}};
    run_workers(workers, NULL, NULL, NULL);
    cst_context *const context = cst_context_new(policy);
    static const char last[] = "{\"stage\":\"action\",\"session\":\"l\",\"time\":\"2026-01-01T00:"
                               "00:00Z\",\"user\":{\"id\":\"u\",\"role\":\"r\"},"
                               "\"tool\":\"ask\",\"args\":{\"to\":\"x\",\"n\":1}}";
    cst_decision decision;
    assert_int_equal(cst_decide_json(context, last, strlen(last), &decision), CST_OK);
    assert_int_equal(history_answer_of(&decision), 'T'); /* none was lost, and none counted twice */
    cst_context_free(context);
    cst_policy_release(policy);
}

static void two_threads_and_swaps(void **state)
{
    (void)state;
    cst_policy *const policy = history_compile(counting, CST_ENGINE_JIT);
    cst_policy *const other = history_compile(
        history_text("earlier action pay with same user.id across sessions within 1h", ""),
        CST_ENGINE_JIT);
    cst_live *place;
    assert_int_equal(cst_live_new(policy, &place), CST_OK);
    worker workers[THREADS] = {{.live = place, .number = 0}, {.live = place, .number = 1}};
    run_workers(workers, place, policy, other);
    cst_live_free(place);
    cst_policy_release(other);
    cst_policy_release(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_that_both_ask_keeps_its_state),
        cmocka_unit_test(a_new_question_does_not_know_the_time_before),
        cmocka_unit_test(a_policy_without_history_in_between),
        cmocka_unit_test(a_question_that_goes_and_comes_again),
        cmocka_unit_test(a_count_that_is_compared_with_more),
        cmocka_unit_test(a_field_of_another_type_is_another_question),
        cmocka_unit_test(across_sessions_a_new_question_does_not_know_the_time_before),
        cmocka_unit_test(labels_outlive_a_swap),
        cmocka_unit_test(what_is_forgotten_has_not_been),
        cmocka_unit_test(more_sessions_than_are_remembered),
        cmocka_unit_test(no_failure_of_memory_makes_it_lenient),
        cmocka_unit_test(a_label_that_was_lost_is_not_absent),
        cmocka_unit_test(two_threads_count_together),
        cmocka_unit_test(two_threads_and_swaps),
    };
    history_end();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    history_end();
    return failed;
}

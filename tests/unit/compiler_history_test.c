/*
 * compiler_history_test.c - each sentence of the language's description of history and of labels,
 * in one small test that fails when the sentence is broken. tests/differential/temporal.c asks
 * random questions; here stands what they mean.
 */
#include "tests/unit/history.h"

#include "compiler/cost.h"
#include "compiler/reference/explain.h"
#include "runtime/engine.h"
#include "runtime/limits.h"

/* ---- what enters ----------------------------------------------------------------------------- */

static void a_session_has_its_own_past(void **state)
{
    (void)state;
    question("earlier action pay");
    act(0, "pay", "ann", 1);
    here.session = "other";
    EXPECT('F', 1);
    here.session = "s";
    EXPECT('T', 2);
}

static void what_enters_is_what_went_on(void **state)
{
    (void)state;
    question("earlier (action pay where args.to contains \"secret\")");
    act(0, "pay", "the secret one", 1);
    EXPECT('F', 1);
    question("earlier (action pay where args.to == \"the [cut] one\")");
    act(0, "pay", "the secret one", 1);
    EXPECT('T', 1);
    question("earlier (input where text == \"a [cut]\")");
    say(0, "input", "a secret");
    EXPECT('T', 1);
    question("earlier (output where text contains \"secret\")");
    say(0, "output", "a secret");
    EXPECT('F', 1);
}

static void a_cut_key_is_the_key(void **state)
{
    (void)state;
    question("earlier action pay with same args.to");
    act(0, "pay", "the secret one", 1);
    assert_int_equal(act(1, "ask", "the secret one", 0), 'F');
    assert_int_equal(act(2, "ask", "the [cut] one", 0), 'T');
}

static void a_replaced_value_enters(void **state)
{
    (void)state;
    static const char cap[] =
        "rule cap on action pay when args.n > 50 then replace args.n with 50\n";
    history_begin_with("earlier (action pay where args.n == 50)", cap, false);
    act(0, "pay", "ann", 60);
    EXPECT('T', 1);
    history_begin_with("sum of args.n over action pay == 100", cap, false);
    act(0, "pay", "ann", 60);
    act(1, "pay", "ann", 70);
    EXPECT('T', 2);
    history_begin_with("earlier (action pay where args.n > 50)", cap, false);
    act(0, "pay", "ann", 60);
    EXPECT('F', 1);
}

static void an_action_enters_when_it_is_let_through(void **state)
{
    (void)state;
    question("count of action pay >= 2"); /* no result has come yet */
    act(0, "pay", "ann", 1);
    EXPECT('F', 1);
    act(1, "pay", "bob", 1);
    EXPECT('T', 2);
}

static void stopped_events_are_seen_by_stopped_alone(void **state)
{
    (void)state;
    question("earlier action pay");
    act(0, "pay", "ann", 666);
    EXPECT('F', 1);
    question("earlier stopped action pay");
    act(0, "pay", "ann", 1);
    EXPECT('F', 1);
    act(2, "pay", "ann", 666);
    EXPECT('T', 3);
}

static void stopped_events_are_seen_as_they_arrived(void **state)
{
    (void)state;
    question("earlier (stopped action pay where args.to contains \"secret\")");
    act(0, "pay", "a secret", 666);
    EXPECT('T', 1);
}

static void every_effect_that_stops(void **state)
{
    (void)state;
    static const char *const effects[] = {"refuse", "deny", "halt", "escalate to user", "flag"};
    for (int i = 0; i < 5; i++) {
        char rule[200];
        snprintf(rule, sizeof rule, "rule r on action pay when args.n == 7 then %s\n", effects[i]);
        history_begin_with("earlier stopped action pay with same user.id across sessions within 1h",
                           rule, false);
        act(0, "pay", "ann", 7);
        here.session = "another";
        EXPECT(i < 3 ? 'T' : 'F', 1);
        history_begin_with("earlier action pay with same user.id across sessions within 1h", rule,
                           false);
        act(0, "pay", "ann", 7);
        here.session = "another";
        EXPECT(i < 4 ? 'F' : 'T', 1);
        here.session = "s";
    }
}

static void what_waits_is_in_no_history(void **state)
{
    (void)state;
    question("earlier action pay");
    act(0, "pay", "ann", 667);
    EXPECT('F', 1);
    question("earlier stopped action pay");
    act(0, "pay", "ann", 667);
    EXPECT('F', 1);
}

static void every_stage_has_a_past(void **state)
{
    (void)state;
    static const char *const stages[] = {"input", "output", "message"};
    for (int i = 0; i < 3; i++) {
        char text[64];
        snprintf(text, sizeof text, "earlier (%s where text == \"hi\")", stages[i]);
        question(text);
        say(0, stages[i], "ho");
        EXPECT('F', 1);
        say(2, stages[i], "hi");
        EXPECT('T', 3);
    }
    question("earlier (result read where value.w == \"ok\")");
    act(0, "read", "x", 1);
    result(1, "read", "no");
    EXPECT('F', 2);
    result(3, "read", "ok");
    EXPECT('T', 4);
}

/* ---- the event in hand ----------------------------------------------------------------------- */

static void earlier_and_latest_never_see_the_event_in_hand(void **state)
{
    (void)state;
    question("earlier action ask");
    EXPECT('F', 0);
    EXPECT('T', 1);
    question("(latest of args.n over action ask else -1) == 7");
    assert_int_equal(act(0, "ask", "x", 7), 'F');
    assert_int_equal(act(1, "ask", "x", 8), 'T');
}

static void count_sum_and_distinct_include_it_if_it_fits(void **state)
{
    (void)state;
    question("count of action ask == 1");
    EXPECT('T', 0);
    EXPECT('F', 1);
    question("sum of args.n over action ask == 5");
    assert_int_equal(act(0, "ask", "x", 5), 'T');
    question("distinct of args.to over action ask == 2");
    assert_int_equal(act(0, "ask", "x", 0), 'F');
    assert_int_equal(act(1, "ask", "x", 0), 'F');
    assert_int_equal(act(2, "ask", "y", 0), 'T');
    question("count of (action ask where args.n > 3) == 0");
    assert_int_equal(act(0, "ask", "x", 3), 'T');
    assert_int_equal(act(1, "ask", "x", 4), 'F');
    question("count of stopped action ask == 0"); /* what will be decided is not known yet */
    assert_int_equal(act(0, "ask", "x", 666), 'T');
    assert_int_equal(act(1, "ask", "x", 666), 'F');
}

static void latest_is_optional(void **state)
{
    (void)state;
    question(
        "latest of args.n over action pay is present and latest of args.n over action pay == 3");
    EXPECT('F', 0);
    act(1, "pay", "ann", 3);
    EXPECT('T', 2);
    act(3, "pay", "ann", 4);
    EXPECT('F', 4);
    question("latest of args.n over action pay is absent");
    EXPECT('T', 0);
    act(1, "pay", "ann", 3);
    EXPECT('F', 2);
}

/* ---- windows and clocks ---------------------------------------------------------------------- */

static void within_takes_both_ends_in(void **state)
{
    (void)state;
    question("earlier action pay within 10s");
    act(0, "pay", "ann", 1);
    EXPECT('T', 0);
    assert_int_equal(act_at(10 * SECONDS, "ask", "x", 0), 'T');
    assert_int_equal(act_at(10 * SECONDS + 1, "ask", "x", 0), 'F');
    question("count of action pay within 10s == 1");
    act(0, "pay", "ann", 1);
    assert_int_equal(act_at(10 * SECONDS, "ask", "x", 0), 'T');
    assert_int_equal(act_at(10 * SECONDS + 1, "ask", "x", 0), 'F');
}

static void the_clock_never_runs_backwards(void **state)
{
    (void)state;
    question("earlier action pay within 10s");
    act(0, "pay", "ann", 1);
    act(20, "read", "x", 1);
    EXPECT('F', 5); /* it is 20 still */
    question("earlier action pay within 10s");
    act(100, "read", "x", 1); /* also an event that no question is about moves it on */
    act(0, "pay", "ann", 1);
    EXPECT('T', 105);
    EXPECT('F', 111);
    question("earlier action pay with same user.id across sessions within 10s");
    here.session = "one";
    act(100, "read", "x", 1);
    here.session = "two";
    act(0, "pay", "ann", 1);
    EXPECT('T', 105);
    EXPECT('F', 111);
}

/* ---- since ----------------------------------------------------------------------------------- */

static void since_starts_at_the_last_one(void **state)
{
    (void)state;
    question("earlier action pay since action read");
    act(0, "pay", "ann", 1);
    EXPECT('T', 1); /* there was none: the session's start */
    act(2, "read", "x", 1);
    EXPECT('F', 3);
    act(4, "pay", "ann", 1);
    EXPECT('T', 5);
    act(6, "read", "x", 1);
    EXPECT('F', 7);
    question("count of action pay since action read == 1");
    act(0, "pay", "ann", 1);
    act(1, "pay", "ann", 1);
    act(2, "read", "x", 1);
    act(3, "pay", "ann", 1);
    EXPECT('T', 4);
}

static void no_earlier_is_not_earlier(void **state)
{
    (void)state;
    question("no earlier action pay since action read");
    EXPECT('T', 0);
    act(1, "pay", "ann", 1);
    EXPECT('F', 2);
    act(3, "read", "x", 1);
    EXPECT('T', 4);
    question("no earlier (action pay where args.n + args.n > 3)");
    act(1, "pay", "ann", OVERFLOWS);
    EXPECT('U', 2);
}

static void an_event_that_is_both_is_not_since_itself(void **state)
{
    (void)state;
    question("earlier action pay since (action pay where args.n > 5)");
    act(0, "pay", "ann", 6);
    EXPECT('F', 1);
    act(2, "pay", "ann", 1);
    EXPECT('T', 3);
    /* the first event of its key */
    question("earlier action pay with same args.to since (action pay where args.n > 5)");
    act(0, "pay", "x", 6);
    EXPECT('F', 1);
}

static void since_with_the_same_fields_begins_again_for_that_key_alone(void **state)
{
    (void)state;
    question("earlier action pay with same args.to since action read");
    act(0, "pay", "x", 1);
    act(1, "read", "y", 1);
    EXPECT('T', 2);
    act(3, "read", "x", 1);
    EXPECT('F', 4);
    question("earlier action pay with same args.to since input");
    act(0, "pay", "x", 1);
    say(1, "input", "hi");
    EXPECT('F', 2);
}

static void since_with_some_of_the_keys_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "earlier action pay with same (user.id, args.to) since input",
        "count of action pay with same (user.id, args.to) since input across sessions within 1h > 3",
        "earlier (action pay where args.to == this.args.to) with same user.id since action read",
    };
    for (int i = 0; i < 3; i++) {
        const char *const text = history_text(refused[i], "");
        cst_policy *policy = NULL;
        assert_int_equal(
            cst_policy_compile_text("history.const", text, strlen(text), NULL, &policy),
            CST_NOT_COMPILED);
    }
}

/* ---- followed by ----------------------------------------------------------------------------- */

static void the_next_step_is_strictly_later(void **state)
{
    (void)state;
    question("earlier action pay followed by action pay");
    act(0, "pay", "ann", 1);
    EXPECT('F', 1);
    act(2, "pay", "ann", 1);
    EXPECT('T', 3);
    question("earlier action pay followed by action read");
    act(0, "read", "x", 1);
    act(1, "pay", "ann", 1);
    EXPECT('F', 2);
    act(3, "read", "x", 1);
    EXPECT('T', 4);
}

static void the_window_reaches_from_the_first_step_to_now(void **state)
{
    (void)state;
    question("earlier action pay followed by action read within 10s");
    act(0, "pay", "ann", 1);
    act(9, "read", "x", 1);
    EXPECT('T', 10);
    EXPECT('F', 11);
}

static void every_step_is_behind_since(void **state)
{
    (void)state;
    question("earlier action pay followed by action read since input");
    act(0, "pay", "ann", 1);
    say(1, "input", "hi");
    act(2, "read", "x", 1);
    EXPECT('F', 3);
    act(4, "pay", "ann", 1);
    act(5, "read", "x", 1);
    EXPECT('T', 6);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void with_same_compares_every_step_with_the_event_in_hand(void **state)
{
    (void)state;
    question("earlier action pay followed by action read with same args.to");
    act(0, "pay", "x", 1);
    act(1, "read", "y", 1);
    EXPECT('F', 2);
    act(3, "read", "x", 1);
    EXPECT('T', 4);
    question("earlier action pay with same (args.to, args.n)");
    act(0, "pay", "x", 1);
    EXPECT('F', 1);
    act(2, "pay", "x", 0);
    EXPECT('T', 3);
    question("earlier (action pay where args.n > 3 and args.n == this.args.n)");
    act(0, "pay", "x", 3);
    act(1, "pay", "x", 4);
    assert_int_equal(act(2, "ask", "x", 3), 'F');
    assert_int_equal(act(3, "ask", "x", 4), 'T');
}

static void across_sessions_the_key_decides(void **state)
{
    (void)state;
    question("count of action pay with same user.id across sessions within 1h >= 2");
    here.session = "one";
    act(0, "pay", "x", 1);
    here.session = "two";
    act(1, "pay", "x", 1);
    here.session = "three";
    EXPECT('T', 2);
    here.user = "other";
    here.session = "four";
    EXPECT('F', 3);
}

/* ---- what is undecided ----------------------------------------------------------------------- */

static void an_undecided_filter_matters_as_long_as_it_is_in_the_window(void **state)
{
    (void)state;
    question("earlier (action pay where args.n + args.n > 3) within 10s");
    act(0, "pay", "x", OVERFLOWS);
    EXPECT('U', 10);
    EXPECT('F', 11);
    act(20, "pay", "x", OVERFLOWS);
    act(21, "pay", "x", 5);
    act(22, "pay", "x", OVERFLOWS);
    EXPECT('T', 23);
    question("earlier action pay since (action read where args.n + args.n > 3)");
    act(0, "pay", "x", 1);
    act(1, "read", "x", OVERFLOWS);
    EXPECT('U', 2);
    act(3, "pay", "x", 1);
    EXPECT('T', 4);
}

static void a_filter_is_asked_when_its_event_arrives(void **state)
{
    (void)state;
    question("earlier (action pay where user.role == \"admin\")");
    act(0, "pay", "x", 1);
    here.role = "admin";
    EXPECT('F', 1);
    act(2, "pay", "x", 1);
    here.role = "clerk";
    EXPECT('T', 3);
}

static void a_sum_that_overflows_is_undecided(void **state)
{
    (void)state;
    question("sum of args.n over action pay > 0");
    act(0, "pay", "x", INT64_MAX);
    EXPECT('T', 1);
    act(2, "pay", "x", 1);
    EXPECT('U', 3);
    act(4, "pay", "x", -1);
    EXPECT('T', 5);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

/* An event whose filter overflows may count or not. */
static void what_is_sure_is_kept_before_what_may_count(void **state)
{
    (void)state;
    const int64_t unknown = INT64_MAX;
    question("distinct of args.to over (action pay where args.n + args.n > 0) within 200s > 0");
    act(0, "pay", "ann", 1);
    act(1, "pay", "bob", 1);
    act(2, "pay", "cat", 1);
    act(3, "pay", "ann", unknown); /* forgotten as the oldest, and not sure any more */
    EXPECT('T', 4);
    act(5, "pay", "dan", unknown);
    EXPECT('T', 6);
    assert_int_equal(act(203, "ask", "x", 0), 'U'); /* all that was sure is over */
    assert_int_equal(act(206, "ask", "x", 0), 'F');
}

static void more_events_than_are_kept(void **state)
{
    (void)state;
    question("sum of args.n over action pay within 1h > 100000");
    for (uint32_t i = 0; i < LIMIT_PAST_EVENTS; i++)
        act(i, "pay", "x", 1);
    EXPECT('F', LIMIT_PAST_EVENTS);
    act(LIMIT_PAST_EVENTS, "pay", "x", 1);
    EXPECT('U', LIMIT_PAST_EVENTS + 1);
    EXPECT('U', 3600);
    EXPECT('F', 3601); /* what was dropped is out of the window */
    question("count of action pay within 1h > 3");
    for (uint32_t i = 0; i < 2 * LIMIT_PAST_EVENTS; i++)
        act(i / 2, "pay", "x", 1);
    EXPECT('T', 1500); /* more than three are more than three */
    question("distinct of args.n over action pay > 100000");
    for (uint32_t i = 0; i < LIMIT_PAST_EVENTS; i++)
        act(i, "pay", "x", 1000 + i);
    EXPECT('F', LIMIT_PAST_EVENTS);
    act(LIMIT_PAST_EVENTS, "pay", "x", -1);
    EXPECT('U', LIMIT_PAST_EVENTS + 1);
}

static void more_keys_than_are_kept(void **state)
{
    (void)state;
    question("earlier action pay with same args.n");
    for (uint32_t i = 0; i < LIMIT_SESSION_PAST_KEYS; i++)
        act(i, "pay", "x", 1000 + i);
    assert_int_equal(act(5000, "ask", "x", -1), 'F');
    act(5001, "pay", "x", -2);
    assert_int_equal(act(5002, "ask", "x", 1007), 'T');
    assert_int_equal(act(5003, "ask", "x", -1), 'U');
    assert_int_equal(act(5004, "ask", "x", -2), 'U');
    question("earlier action pay with same args.n within 1h");
    for (uint32_t i = 0; i <= LIMIT_SESSION_PAST_KEYS; i++)
        act(0, "pay", "x", 1000 + i);
    assert_int_equal(act(3600, "ask", "x", -1), 'U');
    assert_int_equal(act(3601, "ask", "x", -1), 'F');
    act(3602, "pay", "x", -1); /* there is room again */
    assert_int_equal(act(3603, "ask", "x", -1), 'T');
}

static void a_long_text_is_not_remembered(void **state)
{
    (void)state;
    static char text[LIMIT_PAST_TEXT_BYTES + 2];
    question("(latest of args.to over action pay else \"\") == \"short\"");
    memset(text, 'a', LIMIT_PAST_TEXT_BYTES);
    act(0, "pay", text, 1);
    EXPECT('F', 1);
    text[LIMIT_PAST_TEXT_BYTES] = 'a';
    act(2, "pay", text, 1);
    EXPECT('U', 3);
    act(4, "pay", "short", 1);
    EXPECT('T', 5);
}

static void more_bytes_than_a_session_may_have(void **state)
{
    (void)state;
    static char text[LIMIT_PAST_TEXT_BYTES + 1];
    question("(latest of args.to over action pay with same args.n else \"\") == \"short\"");
    memset(text, 'a', LIMIT_PAST_TEXT_BYTES);
    for (uint32_t i = 0; i < LIMIT_SESSION_PAST_BYTES / LIMIT_PAST_TEXT_BYTES; i++)
        act(i, "pay", text, 1000 + i);
    assert_int_equal(act(5000, "ask", "x", 1001), 'F');
    assert_int_equal(act(5000, "ask", "x", -1), 'U');
}

/* What `constc check --cost` says of a question, and what is there after many events. */
static void a_session_needs_no_more_than_was_told(void **state)
{
    (void)state;
    static const struct {
        const char *question;
        uint64_t keys;
    } asked[] = {
        {"earlier action pay followed by action read", 1},
        {"count of action pay > 3", 1},
        {"count of action pay within 1h > 3", 1},
        {"sum of args.n over action pay within 1h > 3", 1},
        {"distinct of args.n over action pay > 100000", 1},
        {"(latest of args.to over action pay else \"\") == \"x\"", 1},
        {"count of action pay with same args.n within 1h > 40", LIMIT_SESSION_PAST_KEYS},
    };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        question(asked[i].question);
        for (uint32_t k = 0; k < 3000; k++)
            act(k / 10, k % 7 ? "pay" : "read", k % 5 ? "x" : "a much longer name of somebody",
                1000 + k);
        const checked_policy *const checked =
            reference_compilation(here.policies[1]->module)->checked;
        assert_int_equal(checked->pasts.count, 1);
        const past_cost cost = cost_of_past(&checked->pasts.items[0]);
        const session *const known = session_find(&here.contexts[1]->sessions, "s", 1);
        assert_int_equal(cost.keys, asked[i].keys);
        assert_in_range(known->past->bytes, 1, cost.total);
        if (asked[i].keys == 1 && i != 5) /* of a text only what it has is kept */
            assert_in_range(cost.each, known->past->bytes / 2, known->past->bytes);
        buffer text;
        buffer_init(&text, NULL, 0);
        cost_write_history_text(&text, checked);
        char wanted[64];
        snprintf(wanted, sizeof wanted, "  %llu bytes%s", (unsigned long long)cost.each,
                 asked[i].keys == 1 ? ": `" : " a key, 4096 keys a session: `");
        assert_non_null(strstr(text.bytes, wanted));
        buffer_free(&text);
    }
}

/* ---- labels ---------------------------------------------------------------------------------- */

static void labelled(const char *rules)
{
    history_begin_with("session has seen", rules, false);
}

static void a_label_holds_from_the_next_event_on(void **state)
{
    (void)state;
    labelled("rule give on action ask when args.n == 1 then label seen\n");
    assert_int_equal(act(0, "ask", "x", 1), 'F');
    EXPECT('T', 1);
    EXPECT('T', 2); /* and stays */
    here.session = "other";
    EXPECT('F', 3);
}

static void a_stopped_event_gives_it_too(void **state)
{
    (void)state;
    labelled("rule give on action pay then label seen\n");
    act(0, "pay", "x", 666);
    EXPECT('T', 1);
    labelled("rule give on action pay when args.n == 1 then deny and label seen\n");
    act(0, "pay", "x", 1);
    EXPECT('T', 1);
    labelled("rule give on action pay then label seen\n"); /* also one that waits */
    act(0, "pay", "x", 667);
    EXPECT('T', 1);
}

static void an_undecided_label_rule_leaves_it_unknown(void **state)
{
    (void)state;
    labelled("rule give on action pay when args.n + args.n > 3 then label seen\n");
    act(0, "pay", "x", 1);
    EXPECT('F', 1);
    act(2, "pay", "x", OVERFLOWS);
    EXPECT('U', 3);
    act(4, "pay", "x", 1); /* that it is not given now takes nothing back */
    EXPECT('U', 5);
    act(6, "pay", "x", 5);
    EXPECT('T', 7);
    act(8, "pay", "x", OVERFLOWS);
    EXPECT('T', 9);
}

static void no_event_takes_a_label_back(void **state)
{
    (void)state;
    labelled("rule give on action ask when args.n == 1 then label seen\nrule other on input then "
             "label heard\n");
    assert_int_equal(act(0, "ask", "x", 1), 'F');
    say(1, "input", "hi");
    say(2, "output", "STOP");
    act(3, "pay", "x", 666);
    act(4, "pay", "x", 667);
    result(5, "read", "ok");
    EXPECT('T', 100000);
}

static void a_shadow_rule_gives_none(void **state)
{
    (void)state;
    labelled("rule give on action pay in shadow then label seen\n");
    act(0, "pay", "x", 1);
    EXPECT('F', 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_has_its_own_past),
        cmocka_unit_test(what_enters_is_what_went_on),
        cmocka_unit_test(a_cut_key_is_the_key),
        cmocka_unit_test(a_replaced_value_enters),
        cmocka_unit_test(an_action_enters_when_it_is_let_through),
        cmocka_unit_test(stopped_events_are_seen_by_stopped_alone),
        cmocka_unit_test(stopped_events_are_seen_as_they_arrived),
        cmocka_unit_test(every_effect_that_stops),
        cmocka_unit_test(what_waits_is_in_no_history),
        cmocka_unit_test(every_stage_has_a_past),
        cmocka_unit_test(earlier_and_latest_never_see_the_event_in_hand),
        cmocka_unit_test(count_sum_and_distinct_include_it_if_it_fits),
        cmocka_unit_test(what_is_sure_is_kept_before_what_may_count),
        cmocka_unit_test(latest_is_optional),
        cmocka_unit_test(within_takes_both_ends_in),
        cmocka_unit_test(the_clock_never_runs_backwards),
        cmocka_unit_test(since_starts_at_the_last_one),
        cmocka_unit_test(no_earlier_is_not_earlier),
        cmocka_unit_test(an_event_that_is_both_is_not_since_itself),
        cmocka_unit_test(since_with_the_same_fields_begins_again_for_that_key_alone),
        cmocka_unit_test(since_with_some_of_the_keys_is_refused),
        cmocka_unit_test(the_next_step_is_strictly_later),
        cmocka_unit_test(the_window_reaches_from_the_first_step_to_now),
        cmocka_unit_test(every_step_is_behind_since),
        cmocka_unit_test(with_same_compares_every_step_with_the_event_in_hand),
        cmocka_unit_test(across_sessions_the_key_decides),
        cmocka_unit_test(an_undecided_filter_matters_as_long_as_it_is_in_the_window),
        cmocka_unit_test(a_filter_is_asked_when_its_event_arrives),
        cmocka_unit_test(a_sum_that_overflows_is_undecided),
        cmocka_unit_test(more_events_than_are_kept),
        cmocka_unit_test(more_keys_than_are_kept),
        cmocka_unit_test(a_long_text_is_not_remembered),
        cmocka_unit_test(more_bytes_than_a_session_may_have),
        cmocka_unit_test(a_session_needs_no_more_than_was_told),
        cmocka_unit_test(a_label_holds_from_the_next_event_on),
        cmocka_unit_test(a_stopped_event_gives_it_too),
        cmocka_unit_test(no_event_takes_a_label_back),
        cmocka_unit_test(an_undecided_label_rule_leaves_it_unknown),
        cmocka_unit_test(a_shadow_rule_gives_none),
    };
    history_end();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    history_end();
    return failed;
}

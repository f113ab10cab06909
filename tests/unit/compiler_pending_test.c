/*
 * compiler_pending_test.c - events that wait for what their host has yet to answer: resumed,
 * decided afresh, given up, swapped, streamed.
 *
 * Every policy is decided by native code and by the reference evaluator. What is asked at all is in
 * compiler_host_test.c.
 */
#include "tests/unit/scripted_host.h"

#include "runtime/limits.h"

static void pending_and_resumed(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY "extern slow(text: string) returns bool within 1s\n"
                             "rule a on input when toxicity(text) > 0.7 then deny\n"
                             "rule b on input when slow(text) then refuse\n"
                             "rule many on input when count of input within 1h > 2 then halt\n"
                             "rule echo on output when text repeats 8 chars of user then deny\n"
                             "origin said = user\n");
    assert_int_equal(decide(&f, INPUT("a long sentence")), CST_PENDING);
    assert_true(f.decision.verdict > CST_HALT); /* who only compares lets nothing through */
    assert_int_not_equal(f.decision.pending, 0);
    assert_int_equal(f.decision.question_count, 2);
    assert_string_equal(
        open_questions(&f),
        "toxicity {\"text\":\"a long sentence\"}\nslow {\"text\":\"a long sentence\"}\n");
    assert_non_null(strstr(json_of(&f), "{\"decision\":\"pending\",\"stage\":\"input\""));
    assert_non_null(strstr(json_of(&f), ",\"predicate\":\"toxicity\",\"arguments\":{\"text\":\"a "
                                        "long sentence\"},\"within_ms\":50,\"shadow\":false}"));
    const cst_decision waiting = f.decision;
    cst_question one, two;
    assert_int_equal(cst_decision_question(&waiting, 0, &one), CST_OK);
    assert_int_equal(cst_decision_question(&waiting, 1, &two), CST_OK);
    assert_int_equal(cst_decision_question(&waiting, 2, &two), CST_BAD_ARGUMENT);
    assert_int_equal(resume(&f), CST_PENDING); /* nothing has come */
    assert_int_equal(f.decision.pending, waiting.pending);
    assert_string_equal(
        open_questions(&f),
        "toxicity {\"text\":\"a long sentence\"}\nslow {\"text\":\"a long sentence\"}\n");
    assert_int_equal(cst_answer(f.context, one.id, "0.2", 3), CST_OK);
    /* it is answered */
    assert_int_equal(cst_answer(f.context, one.id, "0.9", 3), CST_BAD_ARGUMENT);
    assert_int_equal(resume(&f), CST_PENDING);
    assert_string_equal(open_questions(&f), "slow {\"text\":\"a long sentence\"}\n");
    /* meanwhile: nothing of it has happened */
    assert_int_equal(decide(&f, OUTPUT("a long sentence")), CST_PERMIT);
    f.decision = waiting;
    assert_int_equal(cst_answer(f.context, two.id, "false", 5), CST_OK);
    assert_int_equal(resume(&f), CST_PERMIT);
    assert_non_null(strstr(json_of(&f), "\"asked\":[{\"predicate\":\"toxicity\",\"answer\":0.2},{"
                                        "\"predicate\":\"slow\",\"answer\":false}]"));
    assert_int_equal(decide(&f, OUTPUT("a long sentence")), CST_DENY); /* now it has */
    f.decision = waiting;
    assert_int_equal(cst_resume(f.context, waiting.pending, &f.decision), CST_BAD_ARGUMENT);
    assert_int_equal(f.decision.verdict, CST_DENY);
    close_policy(&f);
}

static void decided_afresh(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY
                "rule a on input when text contains \"ask\" and toxicity(text) > 0.7 then deny\n"
                "rule many on input when count of input within 1h >= 2 then refuse\n"
                "rule label on input when text contains \"mark\" then label marked\n"
                "rule marked on input when session has marked then halt\n");
    assert_int_equal(decide(&f, INPUT("ask one")), CST_PENDING);
    const uint64_t first = f.decision.pending;
    assert_int_equal(answer_open(&f, 0, "0.1"), CST_OK);
    assert_int_equal(decide(&f, INPUT("two")), CST_PERMIT);
    assert_int_equal(cst_resume(f.context, first, &f.decision), CST_OK);
    assert_int_equal(f.decision.verdict, CST_REFUSE); /* it is the second now */
    /* what has become certain meanwhile needs no answer */
    cst_context_forget(f.context);
    assert_int_equal(decide(&f, INPUT("ask one")), CST_PENDING);
    const uint64_t second = f.decision.pending;
    assert_int_equal(decide(&f, INPUT("mark")), CST_PERMIT);
    assert_int_equal(cst_resume(f.context, second, &f.decision), CST_OK);
    assert_int_equal(f.decision.verdict, CST_HALT);
    /* and the halted session denies what waits */
    cst_context_forget(f.context);
    assert_int_equal(decide(&f, INPUT("ask one")), CST_PENDING);
    const uint64_t third = f.decision.pending;
    assert_int_equal(answer_open(&f, 0, "0.1"), CST_OK);
    assert_int_equal(decide(&f, INPUT("mark")), CST_PERMIT);
    assert_int_equal(decide(&f, INPUT("x")), CST_HALT);
    assert_int_equal(cst_resume(f.context, third, &f.decision), CST_OK);
    assert_int_equal(f.decision.verdict, CST_DENY);
    assert_string_equal(f.decision.error_code, "halted");
    close_policy(&f);
}

static void late_answers_of_pending_events(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY "rule a on input when toxicity(text) > 0.7 then deny\n");
    assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    now += 50000;
    assert_int_equal(answer_open(&f, 0, "0.1"), CST_OK); /* just in time */
    assert_int_equal(resume(&f), CST_PERMIT);
    assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    now += 50001;
    assert_int_equal(answer_open(&f, 0, "0.1"), CST_LIMIT);
    assert_int_equal(resume(&f), CST_DENY);
    assert_non_null(strstr(json_of(&f), "\"undecided\":\"late\""));
    assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    now += 50000;
    assert_int_equal(resume(&f), CST_PENDING);
    now += 1;
    assert_int_equal(resume(&f), CST_DENY); /* nobody has answered */
    assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    assert_int_equal(answer_open(&f, 0, NULL), CST_OK);
    assert_int_equal(resume(&f), CST_DENY);
    assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    assert_int_equal(answer_open(&f, 0, "\"no number\""), CST_WRONG_TYPE);
    assert_int_equal(resume(&f), CST_DENY);
    assert_non_null(strstr(json_of(&f), "\"undecided\":\"malformed\""));
    close_policy(&f);
}

static void field_by_field(void **state)
{
    (void)state;
    fixture f;
    cst_field text;
    open_policy(&f, TOXICITY "rule a on input when toxicity(text) > 0.7 then deny\n");
    assert_int_equal(cst_policy_field(f.policy, CST_INPUT, NULL, "text", &text), CST_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(cst_event_begin(f.context, CST_INPUT, NULL), CST_OK);
        assert_int_equal(cst_set_string(f.context, text, "hi", 2), CST_OK);
        assert_int_equal(cst_decide(f.context, &f.decision), CST_OK);
        assert_int_equal(f.decision.verdict, CST_PENDING);
        assert_int_equal(answer_open(&f, 0, "0.1"), CST_OK);
        if (round == 0) {
            assert_int_equal(resume(&f), CST_PERMIT);
            continue;
        }
        /* its fields are gone when another event begins */
        const uint64_t pending = f.decision.pending;
        assert_int_equal(decide(&f, INPUT("other")), CST_PENDING);
        assert_int_equal(cst_resume(f.context, pending, &f.decision), CST_BAD_ARGUMENT);
        assert_int_equal(f.decision.verdict, CST_DENY);
    }
    close_policy(&f);
}

static void given_up(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY "rule a on input when toxicity(text) > 0.7 then deny\n");
    assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    const uint64_t first = f.decision.pending;
    cst_question question;
    assert_int_equal(cst_decision_question(&f.decision, 0, &question), CST_OK);
    cst_pending_drop(f.context, first);
    cst_pending_drop(f.context, first);
    cst_pending_drop(NULL, first);
    assert_int_equal(cst_answer(f.context, question.id, "0.1", 3), CST_BAD_ARGUMENT);
    assert_int_equal(cst_resume(f.context, first, &f.decision), CST_BAD_ARGUMENT);
    /* past the bound the oldest is given up */
    assert_int_equal(decide(&f, INPUT("first")), CST_PENDING);
    const uint64_t oldest = f.decision.pending;
    for (uint32_t i = 0; i < LIMIT_PENDING_EVENTS - 1; i++)
        assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    const uint64_t newest = f.decision.pending;
    assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    assert_int_equal(cst_resume(f.context, oldest, &f.decision), CST_BAD_ARGUMENT);
    assert_int_equal(f.decision.verdict, CST_DENY);
    now += 1000000;
    assert_int_equal(cst_resume(f.context, newest, &f.decision), CST_OK);
    assert_int_equal(f.decision.verdict, CST_DENY);
    assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    cst_context_forget(f.context);
    assert_int_equal(cst_resume(f.context, f.decision.pending, &f.decision), CST_BAD_ARGUMENT);
    close_policy(&f);
}

static void much_that_waits(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, HEAD "extern odd(n: int) returns bool within 1s\nrule a on input when "
                         "odd(length of text) then deny\n");
    const size_t size = 15u << 20;
    char *const event = malloc(size + 64);
    assert_non_null(event);
    strcpy(event, "{\"stage\":\"input\",\"text\":\"");
    const size_t head = strlen(event);
    memset(event + head, 'a', size);
    strcpy(event + head + size, "\"}");
    uint64_t pending[20];
    for (int i = 0; i < 20; i++) {
        assert_int_equal(cst_decide_json(f.context, event, strlen(event), &f.decision), CST_OK);
        assert_int_equal(f.decision.verdict, CST_PENDING);
        pending[i] = f.decision.pending;
    }
    now += 2000000;
    for (int i = 0; i < 20; i++) /* 17 of them fit */
        assert_int_equal(cst_resume(f.context, pending[i], &f.decision),
                         i < 3 ? CST_BAD_ARGUMENT : CST_OK);
    free(event);
    close_policy(&f);
}

static void at_once_or_later(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY "extern slow(text: string) returns bool within 1s\n"
                             "rule a on input when toxicity(text) > 0.7 then deny\nrule b on input "
                             "when slow(text) then refuse\n");
    ANSWERS(&f, {"toxicity", "0.1"});
    assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    assert_int_equal(f.calls, 1);
    assert_string_equal(open_questions(&f), "slow {\"text\":\"hi\"}\n");
    assert_int_equal(answer_open(&f, 0, " \ntrue\r\n"), CST_OK);
    assert_int_equal(resume(&f), CST_REFUSE);
    assert_int_equal(f.calls, 1); /* nothing is asked twice */
    /* on one line */
    assert_non_null(strstr(json_of(&f), "{\"predicate\":\"slow\",\"answer\":true}"));
    ANSWERS(&f, {"toxicity", "0.8"});
    assert_int_equal(decide(&f, INPUT("hi")), CST_DENY); /* what is open does not matter any more */
    assert_int_equal(f.decision.question_count, 0);
    close_policy(&f);
}

static void swapped_while_it_waits(void **state)
{
    (void)state;
    cst_policy *const old =
        compile(TOXICITY "rule a on input when toxicity(text) > 0.7 then deny\n", NULL);
    cst_policy *const moved =
        compile(HEAD "extern spam(text: string) returns bool within 1s\n"
                     "extern toxicity(text: string) returns float within 50ms\n"
                     "rule a on input when toxicity(text) > 0.3 then refuse\n"
                     "rule b on input when spam(text) then halt\n",
                NULL);
    cst_policy *const other =
        compile(HEAD "extern toxicity(text: string) returns bool within 50ms\n"
                     "rule a on input when toxicity(text) then refuse\n",
                NULL);
    cst_live *live;
    fixture f = {0};
    now = 0;
    assert_int_equal(cst_live_new(old, &live), CST_OK);
    f.context = cst_context_new_live(live);
    assert_int_equal(decide(&f, INPUT("hi")), CST_PENDING);
    assert_int_equal(answer_open(&f, 0, "0.5"), CST_OK);
    cst_live_swap(live, moved); /* the answer counts, the rest is asked */
    assert_int_equal(resume(&f), CST_PENDING);
    assert_string_equal(open_questions(&f), "spam {\"text\":\"hi\"}\n");
    cst_live_swap(live, other); /* what was a float is no bool */
    assert_int_equal(resume(&f), CST_REFUSE);
    assert_non_null(strstr(json_of(&f),
                           "\"asked\":[{\"predicate\":\"toxicity\",\"undecided\":\"malformed\"}]"));
    cst_context_free(f.context);
    cst_live_free(live);
    cst_policy_release(old);
    cst_policy_release(moved);
    cst_policy_release(other);
}

static void streams_wait_to_the_end(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY "rule a on whole output when toxicity(text) > 0.7 then deny\n");
    ANSWERS(&f, {"toxicity", "0.1"});
    static const char head[] = "{\"stage\":\"output\",\"session\":\"s\"}";
    for (int round = 0; round < 2; round++) {
        cst_stream *stream;
        cst_piece piece;
        f.calls = 0;
        assert_int_equal(cst_stream_open(f.context, head, strlen(head), &stream), CST_OK);
        assert_int_equal(cst_stream_feed(stream, "Hello, ", 7, &piece), CST_OK);
        assert_int_equal(piece.length, 0);
        assert_int_equal(cst_stream_feed(stream, "you.", 4, &piece), CST_OK);
        assert_int_equal(piece.length, 0);
        assert_int_equal(f.calls, 0);
        assert_int_equal(cst_stream_end(stream, &piece, &f.decision), CST_OK);
        if (round == 0) {
            assert_int_equal(f.decision.verdict, CST_PERMIT);
            assert_int_equal(piece.length, 11);
            cst_context_host(f.context, NULL, NULL, false);
        } else {
            assert_int_equal(f.decision.verdict, CST_PENDING);
            assert_int_equal(piece.length, 0);
            assert_true(piece.stopped);
            assert_int_equal(answer_open(&f, 0, "0.9"), CST_OK);
            assert_int_equal(resume(&f), CST_DENY);
        }
        cst_stream_close(stream);
    }
    close_policy(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pending_and_resumed),
        cmocka_unit_test(decided_afresh),
        cmocka_unit_test(late_answers_of_pending_events),
        cmocka_unit_test(field_by_field),
        cmocka_unit_test(given_up),
        cmocka_unit_test(much_that_waits),
        cmocka_unit_test(at_once_or_later),
        cmocka_unit_test(swapped_while_it_waits),
        cmocka_unit_test(streams_wait_to_the_end),
    };
    const int native = cmocka_run_group_tests_name("native", tests, NULL, NULL);
    return native + cmocka_run_group_tests_name("reference", tests, use_reference, NULL);
}

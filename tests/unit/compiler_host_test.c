/*
 * compiler_host_test.c - host predicates, sentence by sentence: what is asked, what is not, and
 * what an answer does.
 *
 * Every policy is decided by native code and by the reference evaluator. What waits for an answer
 * is in compiler_pending_test.c.
 */
#include "tests/unit/metered_memory.h"
#include "tests/unit/scripted_host.h"

#include "runtime/base/buffer.h"
#include "runtime/limits.h"

/* ---- only what can change something is asked ------------------------------------------------- */

static void only_the_decision(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY
                "extern spam(text: string) returns bool within 50ms\n"
                "rule tox on input when toxicity(text) > 0.7 then deny\n"
                "rule soft on input when spam(text) then flag\n"
                "rule bomb on input when text contains \"bomb\" then halt\n"
                "rule vote on input when text contains \"vote\" and spam(text) then refuse\n"
                "rule known on input when text contains \"known\" or spam(text) then flag\n");
    ANSWERS(&f, {"toxicity", "0.2"}, {"spam", "true"});
    assert_int_equal(decide(&f, INPUT("bomb")), CST_HALT);
    assert_string_equal(f.log, "");
    assert_string_equal(not_evaluated(&f), "toxicity spam ");
    cst_context_forget(f.context);
    assert_int_equal(decide(&f, INPUT("vote")), CST_REFUSE);
    assert_string_equal(f.log, "toxicity {\"text\":\"vote\"}\nspam {\"text\":\"vote\"}\n");
    assert_string_equal(not_evaluated(&f), "");
    /* a flag is certain: of what only flags, nothing is asked */
    assert_int_equal(decide(&f, INPUT("known")), CST_FLAG);
    assert_string_equal(f.log, "toxicity {\"text\":\"known\"}\n");
    assert_string_equal(not_evaluated(&f), "spam ");
    assert_non_null(strstr(
        json_of(&f),
        "\"asked\":[{\"predicate\":\"toxicity\",\"answer\":0.2}],\"not_evaluated\":[\"spam\"]"));
    close_policy(&f);
}

static void cuts_and_labels(void **state)
{
    (void)state;
    fixture f;
    open_policy(
        &f, TOXICITY
        "extern name(text: string) returns bool within 1s\n"
        "approvals by boss\n"
        "rule stop on output when text contains \"stop\" then deny\n"
        "rule ask on output when text contains \"ask\" then require approval from boss\n"
        "rule cut on output when text contains \"Bob\" and name(text) then redact with \"X\"\n"
        "rule seen on input when toxicity(text) > 0.5 then label toxic\n"
        "rule again on input when text contains \"bad\" then deny and label toxic\n"
        "rule after on output when session has toxic then refuse\n");
    ANSWERS(&f, {"name", "true"}, {"toxicity", "0.9"});
    /* what waits is cut too */
    assert_int_equal(decide(&f, OUTPUT("ask Bob")), CST_REQUIRE_APPROVAL);
    assert_string_equal(f.log, "name {\"text\":\"ask Bob\"}\n");
    assert_int_equal(decide(&f, OUTPUT("stop Bob")), CST_DENY); /* what is stopped is not */
    assert_string_equal(f.log, "");
    assert_int_equal(decide(&f, INPUT("bad")), CST_DENY); /* the label is certain anyway */
    assert_string_equal(f.log, "");
    cst_context_forget(f.context);
    assert_int_equal(decide(&f, INPUT("hi")), CST_PERMIT);
    assert_string_equal(f.log, "toxicity {\"text\":\"hi\"}\n");
    assert_int_equal(decide(&f, OUTPUT("fine")), CST_REFUSE);
    assert_int_equal(decide(&f, INPUT("hi again")), CST_PERMIT); /* the session has it already */
    assert_string_equal(f.log, "");
    close_policy(&f);
}

static void permits_and_waivers(void **state)
{
    (void)state;
    fixture f;
    open_policy(
        &f,
        HEAD "tool pay(to: email, note: string) sends\n"
             "extern trusted(who: email) returns bool within 1s\n"
             "extern rude(text: string) returns bool within 1s\n"
             "default action deny\napprovals by boss, user\n"
             "permit friends on action pay when trusted(args.to)\n"
             "permit notes on action pay when args.note == \"free\"\n"
             "rule never on action pay when args.note == \"never\" then deny\n"
             "rule boss on action pay when args.note == \"boss\" then require approval from boss\n"
             "rule same on action pay when rude(args.note) then require approval from boss\n"
             "rule other on action pay when rude(args.to.local) then require approval from user\n");
    ANSWERS(&f, {"trusted {\"who\":\"ann@x.test\"}", "true"}, {"trusted", "false"},
            {"rude", "false"});
#define PAY(to, note)                                                                              \
    "{\"stage\":\"action\",\"session\":\"s\",\"tool\":\"pay\",\"args\":{\"to\":\"" to              \
    "\",\"note\":\"" note "\"}}"
    assert_int_equal(decide(&f, PAY("ann@x.test", "x")), CST_PERMIT);
    assert_string_equal(
        f.log,
        "trusted {\"who\":\"ann@x.test\"}\nrude {\"text\":\"ann\"}\nrude {\"text\":\"x\"}\n");
    assert_int_equal(decide(&f, PAY("bob@x.test", "x")), CST_DENY); /* the default stands */
    assert_int_equal(decide(&f, PAY("bob@x.test", "never")), CST_DENY);
    assert_string_equal(f.log, "");
    /* permitted for certain: whom to trust is not asked; that the boss must approve is certain,
     * that the user must is not */
    assert_int_equal(decide(&f, PAY("bob@x.test", "free")), CST_PERMIT);
    assert_string_equal(f.log, "rude {\"text\":\"bob\"}\nrude {\"text\":\"free\"}\n");
    assert_int_equal(decide(&f, PAY("ann@x.test", "boss")), CST_REQUIRE_APPROVAL);
    assert_string_equal(f.log, "trusted {\"who\":\"ann@x.test\"}\nrude {\"text\":\"ann\"}\n");
    close_policy(&f);
}

typedef struct files {
    const char *upper;
} files;

static cst_status read_upper(void *user, const char *path, char **bytes, size_t *length)
{
    const files *const all = user;
    if (!strstr(path, "upper.const"))
        return CST_IO;
    *length = strlen(all->upper);
    *bytes = malloc(*length + 1);
    assert_non_null(*bytes);
    memcpy(*bytes, all->upper, *length + 1);
    return CST_OK;
}

static void release_upper(void *user, char *bytes, size_t length)
{
    (void)user;
    (void)length;
    free(bytes);
}

static void layers(void **state)
{
    (void)state;
    files all = {"constitution upper \"1\"\nextern bad(text: string) returns bool within 1s\n"
                 "rule words on input waivable when text contains \"word\" then deny\n"
                 "rule bad on input when bad(text) then refuse\n"};
    static const char lower[] = "extends \"upper.const\"\nconstitution lower \"1\"\n"
                                "extern doctor(text: string) returns bool within 1s\n"
                                "waive upper.words when doctor(text) because \"Doctors may.\"\n";
    cst_compiler_options options = {.size = sizeof options,
                                    .engine = engine,
                                    .read = read_upper,
                                    .release = release_upper,
                                    .read_user = &all};
    options.runtime = (cst_options){.size = sizeof options.runtime, .clock = test_clock};
    fixture f = {0};
    assert_int_equal(
        cst_policy_compile_text("lower.const", lower, strlen(lower), &options, &f.policy), CST_OK);
    f.context = cst_context_new(f.policy);
    ANSWERS(&f, {"doctor", "true"}, {"upper.bad", "false"});
    assert_int_equal(decide(&f, INPUT("hello")), CST_PERMIT); /* nothing to waive */
    assert_string_equal(f.log, "upper.bad {\"text\":\"hello\"}\n");
    assert_int_equal(decide(&f, INPUT("word")), CST_PERMIT);
    assert_string_equal(f.log, "doctor {\"text\":\"word\"}\nupper.bad {\"text\":\"word\"}\n");
    close_policy(&f);
}

static void parts_of_conditions(void **state)
{
    (void)state;
    fixture f;
    open_policy(
        &f, HEAD
        "tool t(l: list<int>, n: int) sends\n"
        "extern odd(n: int) returns bool within 1s\nextern big(n: int) returns bool within 1s\n"
        "rule each on action t when any x in args.l satisfies (x > 3 and odd(x)) then deny\n"
        "rule two on action t when (args.n == 1 or odd(args.n)) and (args.n == 2 or big(args.n)) "
        "then refuse\n"
        "rule nor on action t when not (args.n != 5 or (odd(7) and big(7))) then halt\n");
    ANSWERS(&f, {"odd", "false"}, {"big", "false"});
#define LIST(list, n)                                                                              \
    "{\"stage\":\"action\",\"session\":\"s\",\"tool\":\"t\",\"args\":{\"l\":[" list "],\"n\":" n   \
    "}}"
    assert_int_equal(decide(&f, LIST("1,2,3,5,6,5", "1")), CST_PERMIT);
    /* once for each element that can matter */
    assert_string_equal(f.log, "odd {\"n\":5}\nodd {\"n\":6}\nbig {\"n\":1}\n");
    assert_int_equal(decide(&f, LIST("", "2")), CST_PERMIT);
    assert_string_equal(f.log, "odd {\"n\":2}\n");
    assert_int_equal(decide(&f, LIST("", "3")), CST_PERMIT);
    assert_string_equal(f.log, "odd {\"n\":3}\nbig {\"n\":3}\n");
    assert_int_equal(decide(&f, LIST("", "5")), CST_HALT);
    assert_int_equal(f.calls, 1);
    close_policy(&f);
}

static void beside_what_is_undecided(void **state)
{
    (void)state;
    fixture f;
    open_policy(
        &f, HEAD
        "tool t(n: int, s: string) sends\n"
        "extern odd(n: int) returns bool within 1s\nextern big(n: int) returns bool within 1s\n"
        "rule a on action t when args.n * 4611686018427387904 > 3 or (odd(args.n) and args.n * "
        "4611686018427387904 > 4) "
        "or big(args.n) then redact args.s with \"x\"\n"
        "rule b on action t when args.n * 4611686018427387904 > 3 and odd(args.n + 1) and not "
        "big(args.n + 1) then flag\n");
    ANSWERS(&f, {"odd", "false"}, {"big", "true"});
    /* undecided already: that it may be undecided for another reason is nothing to ask about; that
     * it may be true is, since then it cuts */
    assert_int_equal(
        decide(&f, "{\"stage\":\"action\",\"tool\":\"t\",\"args\":{\"n\":9,\"s\":\"a\"}}"),
        CST_REDACT);
    assert_string_equal(f.log, "big {\"n\":9}\n");
    close_policy(&f);
}

/* ---- once, and in time ----------------------------------------------------------------------- */

static void once_for_each_argument(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY "rule a on input when toxicity(text) > 0.7 then deny\n"
                             "rule b on input when toxicity(text) > 0.5 then refuse\n"
                             "rule c on input when toxicity(text + \"!\") > 0.5 then flag\n");
    ANSWERS(&f, {"toxicity {\"text\":\"hi\"}", "0.6"}, {"toxicity", "0.1"});
    assert_int_equal(decide(&f, INPUT("hi")), CST_REFUSE);
    assert_string_equal(f.log, "toxicity {\"text\":\"hi!\"}\ntoxicity {\"text\":\"hi\"}\n");
    assert_int_equal(f.calls, 1);                          /* all questions of an event together */
    assert_int_equal(decide(&f, INPUT("hi")), CST_REFUSE); /* another event */
    assert_int_equal(f.asked, 2);
    close_policy(&f);
}

static void trouble_is_undecided(void **state)
{
    (void)state;
    static const char *const answers[] = {NULL, "\"high\"", "{", "1e999", "null", "[0.1]", ""};
    fixture f;
    open_policy(&f, TOXICITY "tool t(note: string) sends\ndefault action deny\n"
                             "rule stop on input when toxicity(text) > 0.7 then refuse\n"
                             "rule cut on output when text contains \"Bob\" and toxicity(text) > "
                             "0.5 then redact with \"X\"\n"
                             "rule noted on message when toxicity(text) > 0.5 then label toxic\n"
                             "rule after on message when session has toxic then deny\n"
                             "permit calm on action t when toxicity(args.note) < 0.5\n");
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const answer script[] = {{"toxicity", answers[i]}};
        cst_context_forget(f.context);
        f.answers = script;
        f.answer_count = 1;
        cst_context_host(f.context, host, &f, false);
        assert_int_equal(decide(&f, INPUT("hi")), CST_REFUSE);
        assert_non_null(
            strstr(json_of(&f), "\"undecided\":{\"code\":\"host\",\"at\":\"toxicity(text)\"}"));
        assert_non_null(strstr(json_of(&f), answers[i] ? "\"undecided\":\"malformed\""
                                                       : "\"undecided\":\"failed\""));
        assert_int_equal(decide(&f, OUTPUT("Bob")), CST_DENY);
        assert_int_equal(decide(&f, "{\"stage\":\"action\",\"session\":\"s\",\"tool\":\"t\","
                                    "\"args\":{\"note\":\"x\"}}"),
                         CST_DENY);
#define MESSAGE                                                                                    \
    "{\"stage\":\"message\",\"session\":\"s\",\"from\":\"a\",\"to\":\"b\",\"text\":\"x\"}"
        assert_int_equal(decide(&f, MESSAGE), CST_PERMIT);
        assert_int_equal(decide(&f, MESSAGE), CST_DENY); /* the session may have the label */
    }
    close_policy(&f);
}

static void deadlines(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY "extern slow(text: string) returns bool within 1s\n"
                             "rule a on input when toxicity(text) > 0.7 then deny\n"
                             "rule b on input when slow(text) then refuse\n");
    ANSWERS(&f, {"toxicity", "0.1"}, {"slow", "false"});
    f.delay = 50000; /* both are answered within 0.1 s: the first in time */
    assert_int_equal(decide(&f, INPUT("hi")), CST_PERMIT);
    f.delay = 50001;
    assert_int_equal(decide(&f, INPUT("hi")), CST_DENY);
    assert_non_null(strstr(json_of(&f), "{\"predicate\":\"toxicity\",\"undecided\":\"late\"},{"
                                        "\"predicate\":\"slow\",\"answer\":false}"));
    close_policy(&f);
}

/* ---- shadow, bounds -------------------------------------------------------------------------- */

static void shadow_is_apart(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY
                "extern spam(text: string) returns bool within 1s\n"
                "rule a on input when text contains \"ask\" and toxicity(text) > 0.7 then deny\n"
                "rule b on input in shadow when spam(text) then deny\n"
                "rule c on input in shadow when toxicity(text) > 0.2 then flag\n");
    assert_int_equal(decide(&f, INPUT("hi")), CST_PERMIT); /* no decision waits for them */
    assert_int_equal(f.decision.question_count, 0);
    assert_int_equal(f.decision.shadow_question_count, 2);
    assert_string_equal(open_questions(&f),
                        "toxicity {\"text\":\"hi\"} (shadow)\nspam {\"text\":\"hi\"} (shadow)\n");
    assert_int_equal(f.decision.shadow_count, 0);
    assert_null(strstr(json_of(&f), "\"questions\""));
    assert_non_null(strstr(json_of(&f), "\"shadow_questions\":[{\"id\":"));
    assert_int_equal(answer_open(&f, 0, "0.5"), CST_BAD_ARGUMENT); /* it is over */
    assert_int_equal(decide(&f, INPUT("ask")), CST_PENDING);
    assert_string_equal(open_questions(&f),
                        "toxicity {\"text\":\"ask\"}\nspam {\"text\":\"ask\"} (shadow)\n");
    assert_int_equal(answer_open(&f, 1, "true"), CST_OK); /* what has come is reported */
    assert_int_equal(answer_open(&f, 0, "0.5"), CST_OK);
    assert_int_equal(resume(&f), CST_PERMIT);
    assert_int_equal(f.decision.shadow_count, 2);
    ANSWERS(&f, {"toxicity", "0.1"}, {"spam", "true"});
    assert_int_equal(decide(&f, INPUT("ask")), CST_PERMIT);
    assert_string_equal(f.log, "toxicity {\"text\":\"ask\"}\n");
    cst_context_host(f.context, host, &f, true); /* a tool that replays events asks those too */
    assert_int_equal(decide(&f, INPUT("hi")), CST_PERMIT);
    assert_string_equal(f.log, "toxicity {\"text\":\"hi\"}\nspam {\"text\":\"hi\"}\n");
    assert_int_equal(f.decision.shadow_count, 1);
    close_policy(&f);
}

static void too_many(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, HEAD "tool t(l: list<int>) sends\nextern odd(n: int) returns bool within 1s\n"
                         "rule r on action t when any x in args.l satisfies odd(x) then deny\n");
    ANSWERS(&f, {"odd", "false"});
    buffer event;
    buffer_init(&event, NULL, 0);
    for (uint32_t count = LIMIT_HOST_QUESTIONS; count <= LIMIT_HOST_QUESTIONS + 1; count++) {
        buffer_clear(&event);
        buffer_text(&event, "{\"stage\":\"action\",\"tool\":\"t\",\"args\":{\"l\":[1");
        for (uint32_t i = 2; i <= count; i++)
            buffer_format(&event, ",%u", i);
        buffer_text(&event, "]}}");
        const bool fits = count == LIMIT_HOST_QUESTIONS;
        assert_int_equal(decide(&f, event.bytes), fits ? CST_PERMIT : CST_DENY);
        assert_int_equal(f.asked, LIMIT_HOST_QUESTIONS);
        assert_true(fits == (strstr(json_of(&f), "\"undecided\":\"limit\"") == NULL));
    }
    buffer_free(&event);
    close_policy(&f);
}

static void misused(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, TOXICITY "rule a on input when toxicity(text) > 0.7 then deny\n");
    ANSWERS(&f, {"toxicity", "0.1"});
    f.begins = true;
    const char *const event = INPUT("hi");
    assert_int_equal(cst_decide_json(f.context, event, strlen(event), &f.decision),
                     CST_BAD_ARGUMENT);
    assert_int_equal(f.decision.verdict, CST_DENY);
    f.begins = false;
    assert_int_equal(decide(&f, event), CST_PERMIT);
    assert_int_equal(cst_context_host(NULL, host, NULL, false), CST_BAD_ARGUMENT);
    assert_int_equal(cst_answer(f.context, 0, "1", 1), CST_BAD_ARGUMENT);
    assert_int_equal(cst_answer(f.context, 99, NULL, 0), CST_BAD_ARGUMENT);
    assert_int_equal(cst_answer_fails(NULL, 1), CST_BAD_ARGUMENT);
    assert_int_equal(cst_resume(f.context, 1, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_resume(NULL, 1, &f.decision), CST_BAD_ARGUMENT);
    assert_int_equal(cst_decision_question(NULL, 0, NULL), CST_BAD_ARGUMENT);
    assert_int_equal(cst_decision_not_evaluated(&f.decision, 0, NULL), CST_BAD_ARGUMENT);
    close_policy(&f);
}

static void every_type(void **state)
{
    (void)state;
    fixture f;
    open_policy(&f, HEAD "enum Topic { news, sport }\n"
                         "tool t(i: int, d: decimal, b: bool, s: string, w: time, l: duration, e: "
                         "Topic, m: email, u: url, p: path, a: ip, "
                         "x: list<email>, y: list<int>) sends\n"
                         "extern first(i: int, d: decimal, f: float, b: bool, s: string, w: time, "
                         "l: duration) returns decimal within 1500us\n"
                         "extern second(e: Topic, m: email, u: url, p: path, a: ip, x: "
                         "list<email>, y: list<int>, t: list<string>) returns Topic "
                         "within 2s\n"
                         "rule a on action t when first(args.i, args.d, 0.25, (args.i > 3), "
                         "args.s, args.w, args.l) * 2 > 3.0 then deny\n"
                         "rule b on action t when second(args.e, args.m, args.u, args.p, args.a, "
                         "args.x, args.y, text of args.s) == sport "
                         "then refuse\n");
    ANSWERS(&f, {"first", "1.25"}, {"second", "\"sport\""});
    assert_int_equal(decide(&f, "{\"stage\":\"action\",\"tool\":\"t\",\"args\":{\"i\":4,\"d\":1.5,"
                                "\"b\":true,\"s\":\"a\\\"\\u00e4\\n\",\"w\":"
                                "\"2026-01-01T00:00:00+01:00\",\"l\":\"90m\",\"e\":\"news\",\"m\":"
                                "\"Ann@X.test\",\"u\":\"HTTP://X.test/../a\",\"p\":"
                                "\"/a/./b\",\"a\":\"10.0.0.1\",\"x\":[\"A@b.test\"],\"y\":[1,2]}}"),
                     CST_REFUSE);
    assert_string_equal(f.log,
                        "first "
                        "{\"i\":4,\"d\":1.5,\"f\":0.25,\"b\":true,\"s\":\"a\\\"\xc3\xa4\\n\",\"w\":"
                        "\"2025-12-31T23:00:00Z\",\"l\":\"90m\"}\n"
                        "second "
                        "{\"e\":\"news\",\"m\":\"ann@x.test\",\"u\":\"http://x.test/a\",\"p\":\"/a/"
                        "b\",\"a\":\"10.0.0.1\",\"x\":[\"a@b.test\"],"
                        "\"y\":[1,2],\"t\":[\"a\\\"\xc3\xa4\\n\"]}\n");
    close_policy(&f);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static const char memory_policy[] = TOXICITY
    "tool t(l: list<int>) sends\nextern odd(n: int) returns bool within 1s\n"
    "rule a on input when toxicity(text) > 0.7 then deny\n"
    "rule s on input in shadow when toxicity(text + text) > 0.7 then deny\n"
    "rule c on output when text contains \"Bob\" and toxicity(text) > 0.7 then redact with \"X\"\n"
    "rule l on action t when any x in args.l satisfies odd(x) then refuse and label odd\n";

/* What each event comes to with enough memory. */
static const struct {
    const char *event;
    cst_verdict verdict;
} memory_events[] = {
    {INPUT("hi"), CST_DENY},
    {OUTPUT("Bob and Bob"), CST_REDACT},
    {"{\"stage\":\"action\",\"tool\":\"t\",\"args\":{\"l\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,"
     "17,18,19,20]}}",
     CST_REFUSE},
};

/* Decides everything, at once and later; false: an allocation failed and was told. What is decided
 * is as it is with enough memory, or a deny. */
static void decide_all(fixture *f, bool later)
{
    static const answer script[] = {{"toxicity", "0.9"}, {"odd", "true"}};
    f->answers = script;
    f->answer_count = 2;
    cst_context_host(f->context, later ? NULL : host, f, true);
    for (size_t i = 0; i < sizeof memory_events / sizeof *memory_events; i++) {
        f->log[0] = '\0';
        cst_status status = cst_decide_json(f->context, memory_events[i].event,
                                            strlen(memory_events[i].event), &f->decision);
        cst_question one;
        cst_question all[64];
        uint32_t count = 0;
        while (later && count < 64 && cst_decision_question(&f->decision, count, &one) == CST_OK)
            all[count++] = one;
        for (uint32_t k = 0; k < count; k++) {
            const bool number = strcmp(all[k].predicate, "toxicity") == 0;
            cst_answer(f->context, all[k].id, number ? "0.9" : "true", number ? 3 : 4);
        }
        if (status == CST_OK && f->decision.verdict == CST_PENDING)
            status = cst_resume(f->context, f->decision.pending, &f->decision);
        assert_true(status == CST_OK || status == CST_NO_MEMORY);
        if (status != CST_OK)
            assert_int_equal(f->decision.verdict, CST_DENY);
        else if (f->decision.verdict != CST_PENDING) /* an answer that could not be kept */
            assert_true(f->decision.verdict == memory_events[i].verdict ||
                        f->decision.verdict == CST_DENY);
        const char *json;
        size_t length;
        const cst_status told = cst_decision_json(&f->decision, &json, &length);
        assert_true(told == CST_OK || told == CST_NO_MEMORY);
        cst_decision_not_evaluated(&f->decision, 0, &json);
    }
}

static void failing_allocators(void **state)
{
    (void)state;
    meter of = {0};
    const cst_allocator allocator = metered(&of);
    for (int later = 0; later < 2; later++) {
        uint64_t total = 0, compiled = 0;
        for (uint64_t fail = 0; fail <= total; fail++) {
            of = (meter){0};
            cst_policy *const policy = compile(memory_policy, &allocator);
            compiled = of.calls;
            of.fail_at = fail ? compiled + fail : 0;
            fixture f = {.policy = policy};
            f.context = cst_context_new(policy);
            if (f.context)
                decide_all(&f, later);
            if (!fail)
                total = of.calls - compiled;
            close_policy(&f);
            assert_int_equal(of.bytes, 0);
        }
        assert_true(total > 10);
    }
}

static void no_allocation_when_warm(void **state)
{
    (void)state;
    meter of = {0};
    const cst_allocator allocator = metered(&of);
    cst_policy *const policy = compile(memory_policy, &allocator);
    fixture f = {.policy = policy, .context = cst_context_new(policy)};
    for (int i = 0; i < 3; i++)
        decide_all(&f, false);
    const uint64_t before = of.calls;
    for (int i = 0; i < 10; i++)
        decide_all(&f, false);
    assert_int_equal(of.calls, before);
    close_policy(&f);
    assert_int_equal(of.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_decision),
        cmocka_unit_test(cuts_and_labels),
        cmocka_unit_test(permits_and_waivers),
        cmocka_unit_test(layers),
        cmocka_unit_test(parts_of_conditions),
        cmocka_unit_test(beside_what_is_undecided),
        cmocka_unit_test(once_for_each_argument),
        cmocka_unit_test(trouble_is_undecided),
        cmocka_unit_test(deadlines),
        cmocka_unit_test(shadow_is_apart),
        cmocka_unit_test(too_many),
        cmocka_unit_test(misused),
        cmocka_unit_test(every_type),
        cmocka_unit_test(failing_allocators),
        cmocka_unit_test(no_allocation_when_warm),
    };
    const int native = cmocka_run_group_tests_name("native", tests, NULL, NULL);
    return native + cmocka_run_group_tests_name("reference", tests, use_reference, NULL);
}

/*
 * compiler_memory_test.c - everything a service does with libconstc, with every allocation failing
 * in turn.
 *
 * The policy of tests/hostile/policy uses every construct that decides; it comes through the read
 * callback, which allocates (and fails) like the rest. One run compiles it, decides good and bad
 * events as JSON and field by field, asks for every word of the decisions, and swaps a live policy.
 * What must hold whichever allocation fails: the call says CST_NO_MEMORY (or the object is NULL),
 * the verdict is CST_DENY or what it is with enough memory, and in the end every byte has come
 * back. Every allocation is tried, not a sample: arenas keep their number small.
 *
 * runtime_decision_test.c does this for the runtime alone, on a policy made by hand.
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

#define FOLDER PROJECT_DIR "/tests/hostile/policy/"

/* ---- memory that fails ----------------------------------------------------------------------- */

/* ---- files, from memory that fails ----------------------------------------------------------- */

typedef struct text {
    char *bytes;
    size_t length;
} text;

static text slurp(const char *path)
{
    text all = {0};
    FILE *const file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    all.length = (size_t)ftell(file);
    rewind(file);
    all.bytes = malloc(all.length + 1);
    assert_non_null(all.bytes);
    assert_int_equal(fread(all.bytes, 1, all.length, file), all.length);
    all.bytes[all.length] = '\0';
    fclose(file);
    return all;
}

static const char *const names[] = {"every.const", "platform.const", "helpers.const", "tools.json",
                                    "words.txt"};
enum { FILE_COUNT = sizeof names / sizeof *names };
static text files[FILE_COUNT], events, malformed;

static cst_status read_file(void *user, const char *path, char **bytes, size_t *length)
{
    for (int i = 0; i < FILE_COUNT; i++) {
        if (strcmp(path, names[i]) != 0)
            continue;
        char *const copy = meter_allocate(user, files[i].length + 1);
        if (!copy)
            return CST_NO_MEMORY;
        memcpy(copy, files[i].bytes, files[i].length + 1);
        *bytes = copy;
        *length = files[i].length;
        return CST_OK;
    }
    return CST_IO;
}

static void release_file(void *user, char *bytes, size_t length)
{
    meter_release(user, bytes, length + 1);
}

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < FILE_COUNT; i++) {
        char path[512];
        snprintf(path, sizeof path, FOLDER "%s", names[i]);
        files[i] = slurp(path);
    }
    events = slurp(FOLDER "events.jsonl");
    malformed = slurp(FOLDER "malformed.jsonl");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < FILE_COUNT; i++)
        free(files[i].bytes);
    free(events.bytes);
    free(malformed.bytes);
    return 0;
}

/* ---- one run --------------------------------------------------------------------------------- */

static void ignore(void *user, const cst_diagnostic *one)
{
    (void)user;
    assert_non_null(one->rendered);
}

static int64_t fixed_clock(void *user)
{
    (void)user;
    return 1760000000000000;
}

static cst_status compile(meter *of, cst_policy **out)
{
    cst_compiler_options options = {.size = sizeof options,
                                    .engine = CST_ENGINE_REFERENCE,
                                    .diagnostic = ignore,
                                    .read = read_file,
                                    .release = release_file,
                                    .read_user = of};
    options.runtime.size = sizeof options.runtime;
    options.runtime.clock = fixed_clock;
    options.runtime.allocator = metered(of);
    *out = NULL;
    return cst_policy_compile(names[0], &options, out);
}

enum { MOST_DECISIONS = 200 };

/* verdicts with enough memory, in order; then what others are compared with */
typedef struct record {
    cst_verdict verdicts[MOST_DECISIONS];
    uint32_t count;
    bool compare;
    bool incomplete; /* an event that failed may have been one that changes its session */
} record;

static void note(record *log, cst_status status, const cst_decision *decision)
{
    assert_true(log->count < MOST_DECISIONS);
    const uint32_t number = log->count++;
    if (!log->compare) {
        assert_int_equal(status, CST_OK);
        log->verdicts[number] = decision->verdict;
        return;
    }
    if (status == CST_OK) {
        /* Where a service of a condition got no memory the condition is undecided: that may be
         * stricter, never more lenient. An event that was denied for want of memory could not halt
         * its session either, so behind it nothing is compared. */
        if (!log->incomplete && decision->verdict < log->verdicts[number])
            fail_msg("decision %u: %s, and with enough memory %s", number,
                     cst_verdict_name(decision->verdict), cst_verdict_name(log->verdicts[number]));
        return;
    }
    /* A typed event that could not even begin leaves nothing to decide. */
    assert_true(status == CST_NO_MEMORY || status == CST_BAD_ARGUMENT);
    assert_int_equal(decision->verdict, CST_DENY);
    log->incomplete = true;
}

static void read_everything(const cst_decision *decision)
{
    cst_fired fired;
    for (uint32_t i = 0; i < decision->rule_count; i++) {
        const cst_status status = cst_decision_rule(decision, i, &fired);
        assert_true(status == CST_OK || status == CST_NO_MEMORY);
    }
    for (uint32_t i = 0; i < decision->shadow_count; i++) {
        const cst_status status = cst_decision_shadow(decision, i, &fired);
        assert_true(status == CST_OK || status == CST_NO_MEMORY);
    }
    uint8_t hash[32];
    const cst_status hashed = cst_decision_action_hash(decision, hash);
    assert_true(hashed == CST_OK || hashed == CST_NO_MEMORY || hashed == CST_NO_FIELD);
    const char *json;
    size_t length;
    const cst_status written = cst_decision_json(decision, &json, &length);
    assert_true(written == CST_OK || written == CST_NO_MEMORY);
    if (written == CST_OK)
        assert_int_equal(strlen(json), length);
}

static void decide_lines(cst_context *context, const text *lines, record *log)
{
    for (const char *at = lines->bytes; *at;) {
        const size_t length = strcspn(at, "\n");
        cst_decision decision;
        const cst_status status = cst_decide_json(context, at, length, &decision);
        note(log, status, &decision);
        read_everything(&decision);
        at += length + (at[length] == '\n');
    }
}

/* Every answer of a setter is looked away from: an unchecked status must never loosen. */
static void decide_typed(cst_context *context, record *log, bool bad)
{
    static const char arguments[] =
        "{\"amount\":700,\"count\":60,\"rate\":3.5,\"to\":[\"a@b.test\"],\"fast\":false,"
        "\"when\":\"2027-01-01T00:00:00Z\",\"within\":\"6m\",\"note\":\"stop\"}";
    const cst_policy *const policy = cst_context_policy(context);
    cst_field id = CST_FIELD_NONE, amount = CST_FIELD_NONE, role = CST_FIELD_NONE,
              to = CST_FIELD_NONE;
    cst_policy_field(policy, CST_ACTION, "pay", "user.id", &id);
    cst_policy_field(policy, CST_ACTION, "pay", "user.role", &role);
    cst_policy_field(policy, CST_ACTION, "pay", "args.amount", &amount);
    cst_policy_field(policy, CST_ACTION, "pay", "args.to", &to);
    cst_event_begin(context, CST_ACTION, "pay");
    cst_event_session(context, "typed", 5);
    cst_event_time(context, 1760000000000000);
    cst_event_args_json(context, arguments, sizeof arguments - 1 - (bad ? 3 : 0));
    cst_set_string(context, id, "u1", 2);
    cst_set_json(context, role, "\"customer\"", 10);
    cst_set_decimal(context, amount, 700000000);
    cst_set_json(context, to, "[\"x@y.test\",\"z@y.test\"]", 23);
    cst_decision decision;
    const cst_status status = cst_decide(context, &decision);
    note(log, status, &decision);
    read_everything(&decision);
}

static void use_context(cst_context *context, record *log)
{
    if (!context) { /* nothing was decided; the numbers go on */
        log->incomplete = true;
        return;
    }
    decide_lines(context, &events, log);
    decide_typed(context, log, false);
    decide_lines(context, &malformed, log);
    decide_typed(context, log, true);
    cst_context_free(context);
}

static void decide_everything(cst_policy *policy, cst_policy *next, record *log)
{
    cst_live *live = NULL;
    use_context(cst_context_new(policy), log);
    const cst_status status = cst_live_new(policy, &live);
    if (status != CST_OK) {
        assert_int_equal(status, CST_NO_MEMORY);
        return;
    }
    cst_context *const context = cst_context_new_live(live);
    if (context) {
        cst_decision decision;
        for (int round = 0; round < 4; round++) {
            const char event[] = "{\"stage\":\"output\",\"session\":\"live\",\"text\":\"t\","
                                 "\"chain\":[],\"user\":{\"id\":\"eve\",\"role\":\"admin\"}}";
            const cst_status decided = cst_decide_json(context, event, sizeof event - 1, &decision);
            assert_true(decided == CST_OK || decided == CST_NO_MEMORY);
            assert_int_equal(decision.verdict, decided == CST_OK ? CST_PERMIT : CST_DENY);
            read_everything(&decision);
            cst_live_swap(live, round % 2 ? policy : next);
        }
        cst_context_free(context);
    }
    cst_live_free(live);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* The arena asks for memory in blocks that grow, so one compilation has few allocations: a comment
 * in front of the policy, longer each time, moves what falls on the edge of a block. */
static void lengthen(const text *original, size_t padding)
{
    files[0].length = original->length + padding;
    files[0].bytes = malloc(files[0].length + 1);
    assert_non_null(files[0].bytes);
    memset(files[0].bytes, '/', padding);
    if (padding)
        files[0].bytes[padding - 1] = '\n';
    memcpy(files[0].bytes + padding, original->bytes, original->length + 1);
}

static void fail_each(void)
{
    meter of = {0};
    for (uint64_t calls = UINT64_MAX; of.fail_at <= calls;) {
        cst_policy *policy;
        const uint64_t failing = of.fail_at;
        const cst_status status = compile(&of, &policy);
        if (failing == 0)
            calls = of.calls;
        assert_int_equal(status, failing ? CST_NO_MEMORY : CST_OK);
        assert_true((policy != NULL) == (status == CST_OK));
        cst_policy_release(policy);
        assert_int_equal(of.bytes, 0);
        of = (meter){.fail_at = failing + 1};
    }
}

static void compiling_survives_every_failure(void **state)
{
    (void)state;
    enum { ROUNDS = 40, STEP = 797 };
    const text original = files[0];
    for (size_t round = 0; round < ROUNDS; round++) {
        lengthen(&original, round ? 3 + round * STEP : 0);
        fail_each();
        free(files[0].bytes);
    }
    files[0] = original;
}

static void deciding_survives_every_failure(void **state)
{
    (void)state;
    meter compiling = {0}, of = {0};
    cst_policy *policy, *next;
    assert_int_equal(compile(&of, &policy), CST_OK);
    assert_int_equal(compile(&compiling, &next), CST_OK);
    const int64_t held = of.bytes;
    record good = {0};
    of.calls = 0;
    decide_everything(policy, next, &good);
    assert_int_equal(of.bytes, held);
    const uint64_t calls = of.calls;
    assert_true(calls > 20);
    for (uint64_t i = 1; i <= calls; i++) {
        record log = good;
        log.compare = true;
        log.count = 0;
        of.calls = 0;
        of.fail_at = i;
        decide_everything(policy, next, &log);
        assert_int_equal(of.bytes, held);
    }
    of.fail_at = 0;
    cst_policy_release(policy);
    cst_policy_release(next);
    assert_int_equal(of.bytes, 0);
    assert_int_equal(compiling.bytes, 0);
}

static void random_failures_are_survived(void **state)
{
    (void)state;
    const uint32_t rates[] = {2, 5, 20, 100, 1000};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        meter of = {.random = seed * 0x9e3779b97f4a7c15, .one_in = rates[seed % 5]};
        cst_policy *policy;
        const cst_status status = compile(&of, &policy);
        assert_true(status == CST_NO_MEMORY || (status == CST_OK && of.failed == 0));
        if (status == CST_OK)
            cst_policy_release(policy);
        assert_int_equal(of.bytes, 0);
        meter deciding = {0};
        assert_int_equal(compile(&deciding, &policy), CST_OK);
        deciding.random = of.random | 1;
        deciding.one_in = rates[seed % 5];
        record log = {.compare = true, .incomplete = true};
        decide_everything(policy, policy, &log);
        cst_policy_release(policy);
        assert_int_equal(deciding.bytes, 0);
    }
}

/* Session records are the session's; a decision costs no allocation once its context has seen
 * events as large. */
static void warm_decisions_allocate_nothing(void **state)
{
    (void)state;
    enum { DECISIONS = 10000 };
    meter of = {0};
    cst_policy *policy;
    assert_int_equal(compile(&of, &policy), CST_OK);
    cst_context *const context = cst_context_new(policy);
    assert_non_null(context);
    uint64_t warm = 0;
    for (uint32_t done = 0, round = 0; done < DECISIONS; round++) {
        record log = {0};
        decide_lines(context, &events, &log);
        decide_typed(context, &log, false);
        decide_lines(context, &malformed, &log);
        decide_typed(context, &log, true);
        if (round < 2)
            warm = of.calls;
        else
            done += log.count;
    }
    assert_int_equal(of.calls, warm);
    cst_context_free(context);
    cst_policy_release(policy);
    assert_int_equal(of.bytes, 0);
}

/* What goes on after a cut is written into buffers that the context keeps. */
static void warm_redactions_allocate_nothing(void **state)
{
    (void)state;
    static const char policy_text[] =
        "constitution r \"1\"\n"
        "import std.pii\n"
        "tool t(l: list<string>, to: list<email>) returns { found: string } acts\n"
        "rule texts on output when text folded contains pii.email then redact with \"[{kind}]\"\n"
        "rule args on action t when any x in args.l satisfies x contains pii.email then redact "
        "with \"{alias}\"\n"
        "rule values on result t when value.found contains pii.email then redact with \"[x]\"\n"
        "rule said on output when text repeats 12 chars of system then redact with \"[prompt]\"\n";
    static const char *const lines[] = {
        "{\"stage\":\"output\",\"session\":\"s\",\"text\":\"from ann@example.com: you are the "
        "assistant of Acme, \\u00e9\"}",
        "{\"stage\":\"action\",\"session\":\"s\",\"tool\":\"t\",\"args\":{\"l\":[\"a\",\"to "
        "\\\"ann@example.com\\\"\",\"bob@example.com\"],\"to\":[\"c@example.com\"]}}",
        "{\"stage\":\"result\",\"session\":\"s\",\"tool\":\"t\",\"args\":{\"l\":[],\"to\":[]},"
        "\"value\":{\"found\":\"it was ann@example.com\"}}",
    };
    meter of = {0};
    cst_policy *policy;
    cst_compiler_options options = {.size = sizeof options, .engine = CST_ENGINE_REFERENCE};
    options.runtime.size = sizeof options.runtime;
    options.runtime.clock = fixed_clock;
    options.runtime.allocator = metered(&of);
    assert_int_equal(
        cst_policy_compile_text("r.const", policy_text, sizeof policy_text - 1, &options, &policy),
        CST_OK);
    cst_context *const context = cst_context_new(policy);
    assert_int_equal(cst_session_system(context, "s", 1, "you are the assistant of Acme", 29),
                     CST_OK);
    uint64_t warm = 0;
    for (uint32_t round = 0; round < 100; round++) {
        for (uint32_t i = 0; i < sizeof lines / sizeof *lines; i++) {
            cst_decision decision;
            assert_int_equal(cst_decide_json(context, lines[i], strlen(lines[i]), &decision),
                             CST_OK);
            assert_int_equal(decision.verdict, CST_REDACT);
            read_everything(&decision);
        }
        if (round < 2)
            warm = of.calls;
    }
    assert_int_equal(of.calls, warm);
    cst_context_free(context);
    cst_policy_release(policy);
    assert_int_equal(of.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compiling_survives_every_failure),
        cmocka_unit_test(deciding_survives_every_failure),
        cmocka_unit_test(random_failures_are_survived),
        cmocka_unit_test(warm_decisions_allocate_nothing),
        cmocka_unit_test(warm_redactions_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

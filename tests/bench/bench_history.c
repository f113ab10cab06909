/*
 * bench_history.c - a hundred rules that ask about the past, in sessions of ten events and of a
 * million.
 *
 *     bench_history [EVENTS [QUESTION]] [--json FILE]
 *
 * QUESTION is one kind of `dense` alone, or -1: all of them.
 *
 * Two policies. `dense`: all rules ask about one tool, so that nearly each event concerns all of
 * them, and each question is its own. `spread`: rules as they are written, over twenty tools: who
 * logged in, how often and how much within a window, by whom, to whom, what followed what. Both ask
 * all kinds of questions. Beside each of them, in the same run: the same policy with conditions on
 * the event alone, which is what reading an event costs; and for `dense` the same questions written
 * by hand in C, on values that are there already.
 *
 * For each length of session the median time of an event, by batches, with the last tenth alone: a
 * past that is long must cost no more than one that is short. Then a hundred rules of each kind by
 * themselves, in sessions of ten thousand events: where the time of `dense` goes.
 */
#include <constitution/compiler.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "tests/bench/bench.h"
#include "tests/bench/history_by_hand.h"

enum { RULES = 100, KINDS = 10, KIND_EVENTS = 10000, TOOLS = 20, BATCH = 500, MOST_BATCHES = 4096 };

/* Before and behind a number that makes each question its own. Nearly every payment fits, and
 * nearly every answer is no: what is measured is asking and remembering, not reporting.
 * history_by_hand.c asks the same. */
static const char *const questions[KINDS][2] = {
    {"no earlier (action pay where args.amount >= ", ")"},
    {"no earlier (action pay where args.amount >= ", ") since (result read where value.n == 1)"},
    {"no earlier (action pay where args.amount >= ", ") followed by (action read) within 1h"},
    {"count of (action pay where args.amount >= ", ") within 1m > 100000"},
    {"sum of args.amount over (action pay where args.amount >= ", ") within 1m > 1000000000"},
    {"distinct of args.to over (action pay where args.amount >= ", ") > 1000"},
    {"(latest of args.amount over (action pay where args.amount >= ", ") else 0) > 2000"},
    {"count of (action pay where args.amount >= ", ") with same args.to within 1m > 1000"},
    {"not session has seen and args.amount < ", " - 200"},
    {"count of (action pay where args.amount >= ",
     ") with same user.id across sessions within 1m > 1000"},
};

static const char *const kind_names[KINDS] = {"earlier",         "since",
                                              "followed by",     "count in a window",
                                              "sum in a window", "distinct",
                                              "latest",          "count by a key in a window",
                                              "label",           "count across sessions"};

enum { SPREAD_KINDS = 5 };

/* Before and behind the name of a tool: a rule of each kind. */
static const char *const spread[SPREAD_KINDS][2] = {
    {"no earlier (result login where value.ok) and args.amount > 2000", NULL},
    {"count of action ", " within 1m > 500"},
    {"sum of args.amount over action ", " with same args.to within 1m > 1000000"},
    {"earlier action login followed by action ", " within 10m and args.amount > 2000"},
    {"distinct of args.to over action ", " within 10m > 100"},
};

static void write_dense(buffer *text, bool history, int only)
{
    buffer_text(text, "constitution bench \"1\"\ncontext user { id: string }\ntool pay(to: string, "
                      "amount: int)\ntool read(id: int) returns { n: int }\n"
                      "rule give on result read when value.n == 1 then label seen\n");
    for (int i = 0; i < RULES; i++) {
        const int kind = only >= 0 ? only : i % KINDS;
        if (history)
            buffer_format(text, "rule r%d on action pay when %s%d%s then flag\n", i,
                          questions[kind][0], i, questions[kind][1]);
        else
            buffer_format(text, "rule r%d on action pay when args.amount + %d > 2000 then flag\n",
                          i, i);
    }
}

static void write_spread(buffer *text, bool history)
{
    buffer_text(text, "constitution bench \"1\"\ncontext user { id: string }\ntool login(name: "
                      "string) returns { ok: bool }\n");
    for (int t = 0; t < TOOLS; t++)
        buffer_format(text, "tool t%d(to: string, amount: int)\n", t);
    for (int i = 0; i < RULES; i++) {
        buffer_format(text, "rule r%d on action t%d when ", i, i % TOOLS);
        const char *const *const question = spread[i / TOOLS];
        if (history && question[1])
            buffer_format(text, "%st%d%s", question[0], i % TOOLS, question[1]);
        else if (history)
            buffer_text(text, question[0]);
        else
            buffer_format(text, "args.amount + %d > 2000", i);
        buffer_text(text, " then flag\n");
    }
}

static cst_policy *compile(const buffer *text)
{
    cst_policy *policy = NULL;
    const cst_compiler_options options = {.size = sizeof options, .engine = CST_ENGINE_OPTIMISED};
    if (cst_policy_compile_text("bench.const", text->bytes, text->length, &options, &policy) !=
        CST_OK) {
        fputs("bench_history: the policy does not compile\n", stderr);
        exit(1);
    }
    return policy;
}

/* ---- events ---------------------------------------------------------------------------------- */

enum { DISTINCT_EVENTS = 4096 };

typedef struct events {
    char (*json)[256];
    size_t *lengths;
    by_hand_event *plain; /* the same, as values; of `dense` only */
} events;

static uint32_t draw_next(void)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33);
}

static events events_new(void)
{
    const events made = {malloc(DISTINCT_EVENTS * sizeof *made.json),
                         malloc(DISTINCT_EVENTS * sizeof *made.lengths),
                         calloc(DISTINCT_EVENTS, sizeof *made.plain)};
    if (!made.json || !made.lengths || !made.plain)
        exit(1);
    return made;
}

static const char head[] = "\"session\":\"s\",\"user\":{\"id\":\"u1\"}";
static const char some_time[] = "2026-01-01T00:00:00.000000Z"; /* written over for each event */

static events dense_events(void)
{
    const events made = events_new();
    for (uint32_t i = 0; i < DISTINCT_EVENTS; i++) {
        const uint32_t draw = draw_next(), amount = draw % 1000, to = draw / 7 % BY_HAND_PEOPLE,
                       kind = draw / 1000 % 10;
        char *const out = made.json[i];
        made.plain[i] = (by_hand_event){.amount = amount,
                                        .to = to,
                                        .kind = kind < 6   ? BY_HAND_PAY
                                                : kind < 8 ? BY_HAND_READ
                                                : kind < 9 ? BY_HAND_ANSWER
                                                           : BY_HAND_OTHER};
        int length;
        if (kind < 6)
            length = snprintf(out, 256,
                              "{\"stage\":\"action\",\"time\":\"%s\",\"tool\":\"pay\",%s,\"args\":{"
                              "\"to\":\"p%u\",\"amount\":%u}}",
                              some_time, head, to, amount);
        else if (kind < 8)
            length = snprintf(
                out, 256,
                "{\"stage\":\"action\",\"time\":\"%s\",\"tool\":\"read\",%s,\"args\":{\"id\":%u}}",
                some_time, head, amount);
        else if (kind < 9)
            length = snprintf(out, 256,
                              "{\"stage\":\"result\",\"time\":\"%s\",\"tool\":\"read\",%s,\"args\":"
                              "{\"id\":%u},\"text\":\"\",\"value\":{\"n\":%u}}",
                              some_time, head, amount, amount);
        else
            length =
                snprintf(out, 256, "{\"stage\":\"input\",\"time\":\"%s\",%s,\"text\":\"hello\"}",
                         some_time, head);
        made.lengths[i] = (size_t)length;
    }
    return made;
}

static events spread_events(void)
{
    const events made = events_new();
    for (uint32_t i = 0; i < DISTINCT_EVENTS; i++) {
        const uint32_t draw = draw_next(), amount = draw % 1000, to = draw / 7 % BY_HAND_PEOPLE,
                       kind = draw / 1000 % 20, tool = draw / 20000 % TOOLS;
        char *const out = made.json[i];
        int length;
        if (kind < 16)
            length = snprintf(out, 256,
                              "{\"stage\":\"action\",\"time\":\"%s\",\"tool\":\"t%u\",%s,\"args\":{"
                              "\"to\":\"p%u\",\"amount\":%u}}",
                              some_time, tool, head, to, amount);
        else if (kind < 17)
            length = snprintf(out, 256,
                              "{\"stage\":\"action\",\"time\":\"%s\",\"tool\":\"login\",%s,"
                              "\"args\":{\"name\":\"p%u\"}}",
                              some_time, head, to);
        else if (kind < 18)
            length = snprintf(out, 256,
                              "{\"stage\":\"result\",\"time\":\"%s\",\"tool\":\"login\",%s,"
                              "\"args\":{\"name\":\"p%u\"},\"text\":\"\",\"value\":{\"ok\":true}}",
                              some_time, head, to);
        else
            length =
                snprintf(out, 256, "{\"stage\":\"input\",\"time\":\"%s\",%s,\"text\":\"hello\"}",
                         some_time, head);
        made.lengths[i] = (size_t)length;
    }
    return made;
}

static void events_free(const events *events)
{
    free(events->json);
    free(events->lengths);
    free(events->plain);
}

/* An event each tenth of a second. */
static void set_time(char *json, uint64_t tenths)
{
    char *const at = strstr(json, "2026-01-");
    const uint64_t seconds = tenths / 10;
    const unsigned parts[] = {(unsigned)(1 + seconds / 86400), (unsigned)(seconds / 3600 % 24),
                              (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60)};
    for (int i = 0; i < 4; i++) {
        at[8 + 3 * i] = (char)('0' + parts[i] / 10);
        at[9 + 3 * i] = (char)('0' + parts[i] % 10);
    }
    at[20] = (char)('0' + tenths % 10);
}

/* ---- measuring ------------------------------------------------------------------------------- */

typedef struct batches {
    /* nanoseconds an event; `late`: in the last tenth of a session */
    double all[MOST_BATCHES], late[MOST_BATCHES];
    uint32_t count, late_count;
} batches;

static double quantile(double *all, uint32_t count, double share)
{
    qsort(all, count, sizeof *all, compare_doubles);
    return count ? all[(uint32_t)(share * (count - 1))] : 0;
}

static void batch_add(batches *to, double each, bool late)
{
    if (to->count < MOST_BATCHES)
        to->all[to->count++] = each;
    if (late && to->late_count < MOST_BATCHES)
        to->late[to->late_count++] = each;
}

/* tenths of a second that have passed: goes on, since what is kept across sessions outlives them */
static uint64_t hours;

/* Sessions of a length one after another, until there are enough events. `by_hand`: not NULL:
 * instead of the policy. */
static void measure(cst_policy *policy, by_hand *hand, const events *events, uint64_t length,
                    uint64_t total, batches *out, uint64_t *flags)
{
    cst_context *const context = policy ? cst_context_new(policy) : NULL;
    cst_decision decision;
    out->count = out->late_count = 0;
    const uint64_t size =
        length < BATCH ? BATCH - BATCH % length : length / BATCH / MOST_BATCHES * BATCH + BATCH;
    for (uint64_t done = 0, place = 0; done < total; done += size) {
        const double start = now();
        for (uint64_t i = 0; i < size; i++) {
            const uint64_t number = (done + i) * 31 % DISTINCT_EVENTS;
            if (hand) {
                *flags += by_hand_decide(hand, &events->plain[number], (int64_t)hours++ * 100000);
            } else {
                set_time(events->json[number], hours++);
                cst_decide_json(context, events->json[number], events->lengths[number], &decision);
                *flags += decision.verdict == CST_FLAG;
            }
            if (++place == length) {
                place = 0;
                if (hand)
                    by_hand_forget(hand);
                else
                    cst_context_forget(context);
            }
        }
        batch_add(out, (now() - start) / (double)size,
                  length < BATCH || place == 0 || place > length / 10 * 9);
    }
    cst_context_free(context);
}

typedef struct figures {
    const char *name;
    uint64_t length;
    double history, low, high, last, without, hand;
} figures;

static figures measure_all(FILE *json, const char *name, cst_policy *with, cst_policy *without,
                           const events *events, uint64_t length, bool has_hand)
{
    static batches found, plain, hand;
    uint64_t flags = 0, hand_flags = 0, ignored = 0;
    const uint64_t total = length < 100000 ? 100000 : length;
    by_hand *const machine = has_hand ? by_hand_new() : NULL;
    measure(without, NULL, events, length, 100000, &plain, &ignored);
    if (machine) {
        const uint64_t start = hours;
        measure(NULL, machine, events, length, total, &hand, &hand_flags);
        hours = start + 864000; /* both count across sessions from nothing */
    }
    measure(with, NULL, events, length, total, &found, &flags);
    by_hand_free(machine);
    if (machine && flags != hand_flags) {
        fprintf(stderr, "bench_history: %llu events are flagged, by hand %llu\n",
                (unsigned long long)flags, (unsigned long long)hand_flags);
        exit(1);
    }
    char about[64];
    snprintf(about, sizeof about, "%s, session of %llu events", name, (unsigned long long)length);
    bench_record(json, about, "ours", "event", "ns", found.all, found.count);
    bench_record(json, about, "ours", "event of the last tenth", "ns", found.late,
                 found.late_count);
    bench_record(json, about, "ours without history", "event", "ns", plain.all, plain.count);
    if (machine)
        bench_record(json, about, "by hand in C", "history alone", "ns", hand.all, hand.count);
    return (figures){name,
                     length,
                     quantile(found.all, found.count, 0.5),
                     quantile(found.all, found.count, 0.1),
                     quantile(found.all, found.count, 0.9),
                     quantile(found.late, found.late_count, 0.5),
                     quantile(plain.all, plain.count, 0.5),
                     machine ? quantile(hand.all, hand.count, 0.5) : 0};
}

static void print(const figures *f)
{
    const double past = f->history - f->without;
    printf("%-26s %9llu %9.0f %6.0f..%-6.0f %10.0f %10.0f %8.0f", f->name,
           (unsigned long long)f->length, f->history, f->low, f->high, f->last, f->without, past);
    if (f->hand > 0)
        printf(" %8.0f %7.2f", f->hand, past / f->hand);
    putchar('\n');
}

static void run(const char *name, bool is_dense, int only, uint64_t least, uint64_t most,
                FILE *json)
{
    buffer text;
    cst_policy *policies[2];
    for (int history = 0; history < 2; history++) {
        buffer_init(&text, NULL, 0);
        if (is_dense)
            write_dense(&text, history, only);
        else
            write_spread(&text, history);
        policies[history] = compile(&text);
        buffer_free(&text);
    }
    const events events = is_dense ? dense_events() : spread_events();
    for (uint64_t length = least; length <= most; length *= 10) {
        const figures found = measure_all(json, name, policies[1], policies[0], &events, length,
                                          is_dense && only < 0);
        print(&found);
    }
    cst_policy_release(policies[0]);
    cst_policy_release(policies[1]);
    events_free(&events);
}

int main(int argc, char **argv)
{
    FILE *const json = bench_json(&argc, argv);
    const uint64_t most = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    const int only = argc > 2 ? atoi(argv[2]) : -1;
    printf("%d rules; nanoseconds an event, medians of batches\n%-26s %9s %9s %14s %10s %10s %8s "
           "%8s %7s\n",
           RULES, "policy", "session", "history", "p10..p90", "last tenth", "no history", "past",
           "by hand", "ratio");
    run("dense", true, only, 10, most, json);
    if (only >= 0)
        return 0;
    run("spread", false, -1, 10, most, json);
    const uint64_t length = most < KIND_EVENTS ? most : KIND_EVENTS;
    for (int kind = 0; kind < KINDS; kind++)
        run(kind_names[kind], true, kind, length, length, json);
    return 0;
}

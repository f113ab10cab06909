/*
 * bench_history.c - a hundred rules that ask about the past, in sessions of ten events and of a million.
 *
 *     bench_history [EVENTS [QUESTION [ROUNDS]]] [--json FILE]
 *
 * QUESTION is one kind alone, or -1: all of them.
 *
 * The rules ask all kinds of questions: earlier, since, followed by, counts and sums in windows, distinct values, the latest value, keys, labels, across
 * sessions. Beside them the same policy with conditions on the event alone. For each length of session the time an event is printed, with the time of
 * the last tenth of the events alone: a past that is long must cost no more than one that is short.
 */
#include <constitution/compiler.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/buffer.h"
#include "tests/bench/bench.h"

enum { RULES = 100, KINDS = 10 };

/* Before and behind a number that makes each question its own. Nearly every payment fits, and nearly every answer is no: what is measured is asking and
 * remembering, not reporting. */
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
    {"count of (action pay where args.amount >= ", ") with same user.id across sessions within 1m > 1000"},
};

static cst_policy *compile(bool history, int only)
{
    buffer text;
    buffer_init(&text, NULL, 0);
    buffer_text(&text, "constitution bench \"1\"\ncontext user { id: string }\ntool pay(to: string, amount: int)\ntool read(id: int) returns { n: int }\n"
                       "rule give on result read when value.n == 1 then label seen\n");
    for (int i = 0; i < RULES; i++) {
        const int kind = only >= 0 ? only : i % KINDS;
        if (history)
            buffer_format(&text, "rule r%d on action pay when %s%d%s then flag\n", i, questions[kind][0], i, questions[kind][1]);
        else
            buffer_format(&text, "rule r%d on action pay when args.amount + %d > 2000 then flag\n", i, i);
    }
    cst_policy *policy = NULL;
    const cst_compiler_options options = {.size = sizeof options, .engine = CST_ENGINE_OPTIMISED};
    if (cst_policy_compile_text("bench.const", text.bytes, text.length, &options, &policy) != CST_OK) {
        fputs("bench_history: the policy does not compile\n", stderr);
        exit(1);
    }
    buffer_free(&text);
    return policy;
}

typedef struct events {
    char (*json)[256];
    size_t *lengths;
} events;

enum { DISTINCT_EVENTS = 4096 };

static events make_events(void)
{
    events made = {malloc(DISTINCT_EVENTS * sizeof *made.json), malloc(DISTINCT_EVENTS * sizeof *made.lengths)};
    uint64_t state = 1;
    if (!made.json || !made.lengths)
        exit(1);
    for (uint32_t i = 0; i < DISTINCT_EVENTS; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const uint32_t draw = (uint32_t)(state >> 33), amount = draw % 1000;
        static const char head[] = "\"session\":\"s\",\"user\":{\"id\":\"u1\"}";
        char *const out = made.json[i];
        const char *const time = "2026-01-01T00:00:00.000000Z"; /* written over for each event */
        int length;
        if (draw / 1000 % 10 < 6)
            length = snprintf(out, 256, "{\"stage\":\"action\",\"time\":\"%s\",\"tool\":\"pay\",%s,\"args\":{\"to\":\"p%u\",\"amount\":%u}}", time, head, draw / 7 % 40, amount);
        else if (draw / 1000 % 10 < 8)
            length = snprintf(out, 256, "{\"stage\":\"action\",\"time\":\"%s\",\"tool\":\"read\",%s,\"args\":{\"id\":%u}}", time, head, amount);
        else if (draw / 1000 % 10 < 9)
            length = snprintf(out, 256, "{\"stage\":\"result\",\"time\":\"%s\",\"tool\":\"read\",%s,\"args\":{\"id\":%u},\"text\":\"\",\"value\":{\"n\":%u}}", time, head, amount, amount);
        else
            length = snprintf(out, 256, "{\"stage\":\"input\",\"time\":\"%s\",%s,\"text\":\"hello\"}", time, head);
        made.lengths[i] = (size_t)length;
    }
    return made;
}

/* An event each tenth of a second. */
static void set_time(char *json, uint64_t tenths)
{
    char *const at = strstr(json, "2026-01-");
    const uint64_t seconds = tenths / 10;
    const unsigned parts[] = {(unsigned)(1 + seconds / 86400), (unsigned)(seconds / 3600 % 24), (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60)};
    for (int i = 0; i < 4; i++) {
        at[8 + 3 * i] = (char)('0' + parts[i] / 10);
        at[9 + 3 * i] = (char)('0' + parts[i] % 10);
    }
    at[20] = (char)('0' + tenths % 10);
}

/* Nanoseconds an event, of all and of the last tenth. */
static void measure(cst_policy *policy, const events *events, uint64_t length, uint64_t sessions, double out[2], uint64_t *flags)
{
    cst_context *const context = cst_context_new(policy);
    cst_decision decision;
    double spent = 0, last = 0;
    uint64_t counted = 0;
    static uint64_t clock; /* goes on: what is kept across sessions outlives them */
    for (uint64_t session = 0; session < sessions; session++) {
        for (uint64_t i = 0; i < length;) {
            const uint64_t end = i + (length + 9) / 10 < length ? i + (length + 9) / 10 : length;
            const bool is_last = end == length;
            const double start = now();
            for (; i < end; i++) {
                const uint64_t number = (i + session * 31) % DISTINCT_EVENTS;
                set_time(events->json[number], clock++);
                cst_decide_json(context, events->json[number], events->lengths[number], &decision);
                *flags += decision.verdict == CST_FLAG;
                counted += is_last;
            }
            const double took = now() - start;
            spent += took;
            last += is_last ? took : 0;
        }
        cst_context_forget(context);
    }
    out[0] = spent / (double)(length * sessions);
    out[1] = last / (double)counted;
    cst_context_free(context);
}

enum { MOST_ROUNDS = 21 };

static void print_length(FILE *out, uint64_t length, double figures[3][MOST_ROUNDS], uint32_t rounds, uint64_t flags)
{
    static const char *const whats[] = {"event", "event of the last tenth", "event"};
    char about[64];
    snprintf(about, sizeof about, "session of %llu events", (unsigned long long)length);
    for (int i = 0; i < 3; i++) {
        bench_record(out, about, i < 2 ? "ours" : "ours without history", whats[i], "ns", figures[i], rounds);
        qsort(figures[i], rounds, sizeof figures[i][0], compare_doubles);
    }
    const double found = figures[0][rounds / 2], last = figures[1][rounds / 2], plain = figures[2][rounds / 2];
    printf("%10llu %14.0f %14.0f %14.0f %8.2f %8llu\n", (unsigned long long)length, found, last, plain, found / plain,
           (unsigned long long)flags);
}

int main(int argc, char **argv)
{
    FILE *const out = bench_json(&argc, argv);
    const uint64_t most = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    const int only = argc > 2 ? atoi(argv[2]) : -1;
    const uint32_t wanted = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1;
    const uint32_t rounds = wanted < 1 ? 1 : wanted > MOST_ROUNDS ? MOST_ROUNDS : wanted;
    cst_policy *const with = compile(true, only), *const without = compile(false, only);
    const events events = make_events();
    printf("%d rules%s\n%10s %14s %14s %14s %8s %8s\n", RULES, only >= 0 ? " of one kind" : "", "session", "history ns", "last tenth ns", "without ns", "ratio", "flags");
    for (uint64_t length = 10; length <= most; length *= 10) {
        double figures[3][MOST_ROUNDS];
        uint64_t flags = 0, ignored = 0;
        const uint64_t sessions = length < 100000 ? 100000 / length : 1;
        for (uint32_t round = 0; round < rounds; round++) {
            double found[2] = {0, 0}, plain[2] = {0, 0};
            flags = 0;
            measure(without, &events, length, sessions, plain, &ignored);
            measure(with, &events, length, sessions, found, &flags);
            figures[0][round] = found[0];
            figures[1][round] = found[1];
            figures[2][round] = plain[0];
        }
        print_length(out, length, figures, rounds, flags);
    }
    cst_policy_release(with);
    cst_policy_release(without);
    free(events.json);
    free(events.lengths);
    return 0;
}

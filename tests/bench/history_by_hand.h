/*
 * history_by_hand.h - what bench_history's dense policy asks, as somebody would write it who needs
 * nothing else.
 *
 * Values are there already, each question has a state of its own, windows are rings, people are
 * numbers: no JSON, no names, nothing undecided, nothing to save, no bound that is looked at. What
 * any engine that answers the same questions cannot do without.
 */
#ifndef CONSTITUTION_TESTS_HISTORY_BY_HAND_H
#define CONSTITUTION_TESTS_HISTORY_BY_HAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BY_HAND_PEOPLE = 40, BY_HAND_GROUPS = 10, BY_HAND_RING = 1024 };
typedef enum by_hand_kind { BY_HAND_PAY, BY_HAND_READ, BY_HAND_ANSWER, BY_HAND_OTHER } by_hand_kind;

typedef struct by_hand_event {
    by_hand_kind kind;
    uint32_t amount, to;
} by_hand_event;

typedef struct by_hand_window {
    int64_t times[BY_HAND_RING];
    uint32_t values[BY_HAND_RING];
    uint64_t first, end;
    int64_t sum;
} by_hand_window;

typedef struct by_hand_state { /* of ten questions, one of each kind, with one threshold each */
    bool ever, since;
    int64_t pay, followed; /* times; -1: never */
    by_hand_window count, sum, keyed[BY_HAND_PEOPLE];
    bool known[BY_HAND_PEOPLE];
    uint32_t distinct, latest;
} by_hand_state;

typedef struct by_hand {
    by_hand_state states[BY_HAND_GROUPS];
    by_hand_window shared[BY_HAND_GROUPS]; /* one user */
    bool seen;
} by_hand;

static const int64_t by_hand_minute = 60000000, by_hand_hour = 3600000000;

static inline uint64_t by_hand_count(by_hand_window *w, int64_t time)
{
    while (w->first < w->end && time - w->times[w->first % BY_HAND_RING] > by_hand_minute)
        w->sum -= w->values[w->first++ % BY_HAND_RING];
    return w->end - w->first;
}

static inline void by_hand_add(by_hand_window *w, int64_t time, uint32_t value)
{
    w->times[w->end % BY_HAND_RING] = time;
    w->values[w->end++ % BY_HAND_RING] = value;
    w->sum += value;
}

static inline bool by_hand_ask(by_hand *all, uint32_t group, const by_hand_event *event,
                               int64_t time)
{
    by_hand_state *const s = &all->states[group];
    const uint32_t base = group * 10, amount = event->amount;
    bool fired = !s->ever;
    fired |= !s->since;
    fired |= s->followed < 0 || time - s->followed > by_hand_hour;
    fired |= by_hand_count(&s->count, time) + (amount >= base + 3) > 100000;
    by_hand_count(&s->sum, time);
    fired |= s->sum.sum + (amount >= base + 4 ? amount : 0) > 1000000000;
    fired |= s->distinct + (amount >= base + 5 && !s->known[event->to]) > 1000;
    fired |= s->latest > 2000;
    fired |= by_hand_count(&s->keyed[event->to], time) + (amount >= base + 7) > 1000;
    fired |= !all->seen && (int64_t)amount < (int64_t)base + 8 - 200;
    fired |= by_hand_count(&all->shared[group], time) + (amount >= base + 9) > 1000;
    return fired;
}

static inline void by_hand_pay(by_hand *all, uint32_t group, const by_hand_event *event,
                               int64_t time)
{
    by_hand_state *const s = &all->states[group];
    const uint32_t base = group * 10, amount = event->amount;
    s->ever |= amount >= base;
    s->since |= amount >= base + 1;
    if (amount >= base + 2)
        s->pay = time;
    if (amount >= base + 3)
        by_hand_add(&s->count, time, 0);
    if (amount >= base + 4)
        by_hand_add(&s->sum, time, amount);
    if (amount >= base + 5) {
        s->distinct += !s->known[event->to];
        s->known[event->to] = true;
    }
    if (amount >= base + 6)
        s->latest = amount;
    if (amount >= base + 7)
        by_hand_add(&s->keyed[event->to], time, 0);
    if (amount >= base + 9)
        by_hand_add(&all->shared[group], time, 0);
}

/* Whether some rule fires. */
static inline bool by_hand_decide(by_hand *all, const by_hand_event *event, int64_t time)
{
    bool fired = false;
    for (uint32_t g = 0; g < BY_HAND_GROUPS; g++) {
        by_hand_state *const s = &all->states[g];
        if (event->kind == BY_HAND_PAY) {
            fired |= by_hand_ask(all, g, event, time);
            by_hand_pay(all, g, event, time);
        } else if (event->kind == BY_HAND_READ) {
            s->followed = s->pay >= 0 ? s->pay : s->followed;
        } else if (event->kind == BY_HAND_ANSWER && event->amount == 1) {
            s->since = false;
        }
    }
    all->seen |= event->kind == BY_HAND_ANSWER && event->amount == 1;
    return fired;
}

/* A new session. */
static inline void by_hand_forget(by_hand *all)
{
    for (uint32_t g = 0; g < BY_HAND_GROUPS; g++) {
        by_hand_state *const s = &all->states[g];
        s->ever = s->since = false;
        s->pay = s->followed = -1;
        s->count.first = s->count.end = s->sum.first = s->sum.end = 0;
        s->count.sum = s->sum.sum = 0;
        for (uint32_t i = 0; i < BY_HAND_PEOPLE; i++)
            s->keyed[i].first = s->keyed[i].end = 0;
        memset(s->known, 0, sizeof s->known);
        s->distinct = s->latest = 0;
    }
    all->seen = false;
}

static inline by_hand *by_hand_new(void)
{
    by_hand *const made = calloc(1, sizeof *made);
    if (!made)
        exit(1);
    by_hand_forget(made);
    return made;
}

static inline void by_hand_free(by_hand *all)
{
    free(all);
}

#endif

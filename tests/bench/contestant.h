/*
 * contestant.h - how a program takes part in a contest that the driver runs: it says `ready`, then
 * measures when it is told to.
 *
 * A line `round` asks every request often enough for some milliseconds, in each way that the
 * program has, and prints the nanoseconds that one request takes; `each` times single requests and
 * prints percentiles. The driver has one such process for each engine and lets them take turns, so
 * that a slow moment of the machine meets all of them. Rounds are measured in processor time of the
 * process, since the machine may have other work; single requests by the clock on the wall, less
 * the price of looking at it.
 *
 * Plain enough for C++, whose libraries are contestants too.
 */
#ifndef CONSTITUTION_TESTS_CONTESTANT_H
#define CONSTITUTION_TESTS_CONTESTANT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum { CONTESTANT_WAYS = 8, CONTESTANT_EACH_ROUNDS = 5 };

/* What stands before it is done before what stands behind it: else a compiler that sees through a
 * small function asks it once. */
#define CONTESTANT_BARRIER() __asm__ volatile("" ::: "memory")

typedef struct contestant {
    void *user;
    uint32_t requests;
    int ways, each_way; /* how many, and which of them `each` asks */
    const char *names[CONTESTANT_WAYS];
    /* asks every request once; a number that depends on the answers */
    uint64_t (*all)(void *user, int way);
    uint64_t (*one)(void *user, int way, uint32_t number);
} contestant;

static inline double contestant_clock(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static volatile uint64_t contestant_sink;

static inline double contestant_round(const contestant *contestant, int way, uint32_t repeats)
{
    uint64_t total = 0;
    const double start = contestant_clock(CLOCK_PROCESS_CPUTIME_ID);
    for (uint32_t i = 0; i < repeats; i++) {
        total += contestant->all(contestant->user, way);
        CONTESTANT_BARRIER();
    }
    const double taken = contestant_clock(CLOCK_PROCESS_CPUTIME_ID) - start;
    contestant_sink = contestant_sink + total;
    return taken / ((double)repeats * contestant->requests);
}

static inline void contestant_each(const contestant *contestant)
{
    const size_t most = (size_t)contestant->requests * CONTESTANT_EACH_ROUNDS;
    double *const times = (double *)malloc(sizeof *times * most);
    if (!times)
        exit(1);
    double price = 1e9;
    for (int i = 0; i < 1000; i++) {
        const double start = contestant_clock(CLOCK_MONOTONIC),
                     taken = contestant_clock(CLOCK_MONOTONIC) - start;
        price = taken < price ? taken : price;
    }
    for (size_t i = 0; i < most; i++) {
        const double start = contestant_clock(CLOCK_MONOTONIC);
        contestant_sink = contestant_sink + contestant->one(contestant->user, contestant->each_way,
                                                            (uint32_t)(i % contestant->requests));
        const double taken = contestant_clock(CLOCK_MONOTONIC) - start - price;
        times[i] = taken < 0 ? 0 : taken;
    }
    qsort(times, most, sizeof *times, compare_doubles);
    printf("{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f}\n", times[most / 2], times[most * 9 / 10],
           times[most * 99 / 100]);
    free(times);
}

static inline int contestant_serve(const contestant *contestant)
{
    char line[64];
    uint32_t repeats[CONTESTANT_WAYS];
    for (int way = 0; way < contestant->ways; way++) {
        contestant_round(contestant, way, 1);
        const double once = contestant_round(contestant, way, 1) * contestant->requests;
        repeats[way] = once > 1e7 ? 1 : (uint32_t)(1e7 / (once + 1)) + 1;
    }
    printf("{\"ready\":true,\"decisions\":%u}\n", contestant->requests);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "each\n") == 0) {
            contestant_each(contestant);
        } else {
            for (int way = 0; way < contestant->ways; way++)
                printf("%s\"%s\":%.3f", way ? "," : "{", contestant->names[way],
                       contestant_round(contestant, way, repeats[way]));
            puts("}");
        }
        fflush(stdout);
    }
    return 0;
}

#endif

/*
 * bench.h - the clock, the order of numbers, and the raw figures as JSON: what every benchmark
 * needs.
 *
 * With `--json FILE` a benchmark appends one line for each figure: {"case": "100 rules", "who":
 * "ours", "what": "rules", "unit": "ns", "values": […]}, with a value for each round in the order
 * of the rounds, so that figures that were taken in turn can be compared round by round. The driver
 * (run.py) makes its tables from these lines alone.
 */
#ifndef CONSTITUTION_TESTS_BENCH_H
#define CONSTITUTION_TESTS_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The processor time of this process, so that what else the machine does counts less;
 * CLOCK_MONOTONIC where other processes are measured. */
#ifndef BENCH_CLOCK
#define BENCH_CLOCK CLOCK_PROCESS_CPUTIME_ID
#endif

/* Nanoseconds from some point in the past. */
static inline double now(void)
{
    struct timespec time;
    clock_gettime(BENCH_CLOCK, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Of doubles, for qsort. */
static inline int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Takes `--json FILE` out of the arguments. NULL: it was not there, and bench_record does nothing.
 */
static inline FILE *bench_json(int *argc, char **argv)
{
    for (int i = 1; i + 1 < *argc; i++) {
        if (strcmp(argv[i], "--json") != 0)
            continue;
        FILE *const out = fopen(argv[i + 1], "a");
        if (!out) {
            perror(argv[i + 1]);
            exit(1);
        }
        for (*argc -= 2; i < *argc; i++)
            argv[i] = argv[i + 2];
        argv[*argc] = NULL;
        return out;
    }
    return NULL;
}

/* One figure: the value of each round, before anybody sorts them. */
static inline void bench_record(FILE *out, const char *about, const char *who, const char *what,
                                const char *unit, const double *values, uint32_t count)
{
    if (!out)
        return;
    fprintf(out, "{\"case\":\"%s\",\"who\":\"%s\",\"what\":\"%s\",\"unit\":\"%s\",\"values\":[",
            about, who, what, unit);
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, "%s%.6g", i ? "," : "", values[i]);
    fputs("]}\n", out);
    fflush(out);
}

#endif

/*
 * bench.h - the clock, and the order of numbers: what every benchmark needs to name a median.
 */
#ifndef CONSTITUTION_TESTS_BENCH_H
#define CONSTITUTION_TESTS_BENCH_H

#include <time.h>

/* BENCH_CLOCK: CLOCK_PROCESS_CPUTIME_ID where work of one thread is measured, so that what else the machine does counts less. */
#ifndef BENCH_CLOCK
#define BENCH_CLOCK CLOCK_MONOTONIC
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

#endif

/*
 * statistics.h - figures about counted rows, and how sure one can be of them.
 *
 * A rate that was counted on some rows stands for rows that nobody has seen yet, so each is given
 * with an interval of 95 %. It is Wilson's score interval: unlike the textbook's plus and minus, it
 * stays inside 0 to 1 and says something sensible at 0 of n and n of n, which is where policies are
 * measured. Rows are taken as independent; data with many near copies of one text makes the
 * intervals too narrow, and no formula can see that.
 *
 * Pure functions: no memory, no state.
 */
#ifndef CONSTITUTION_COMPILER_CLI_STATISTICS_H
#define CONSTITUTION_COMPILER_CLI_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

/* A rate of `hits` in `total`. With a total of 0 nothing is known: value 0, interval 0 to 1. */
typedef struct rate {
    uint64_t hits, total;
    double value, low, high;
} rate;

/* What became of labelled rows. */
typedef struct confusion {
    uint64_t caught; /* positive, and the policy spoke */
    uint64_t missed; /* positive, and it did not */
    uint64_t alarms; /* negative, and it spoke */
    uint64_t passed; /* negative, and it did not */
} confusion;

rate rate_of(uint64_t hits, uint64_t total); /* hits <= total */
/* Without an interval (low and high are negative): for what is not independent, such as the
 * characters of one span, which are found or missed together. */
rate share_of(uint64_t hits, uint64_t total);
bool rate_has_interval(const rate *found);

void confusion_add(confusion *counts, bool positive, bool spoke);
/* Caught, of the positive rows; caught, of those where the policy spoke; alarms, of the negative.
 */
rate confusion_recall(const confusion *counts);
rate confusion_precision(const confusion *counts);
rate confusion_false_alarms(const confusion *counts);

/*
 * The harmonic mean of precision and recall. F1 = 2j / (1 + j), where j is the part of the caught
 * in all rows but the passed; j is a rate, and F1 rises with it, so the ends of j's interval give
 * those of F1. hits and total are j's.
 */
rate confusion_f1(const confusion *counts);
/* The same of a precision and a recall that were counted on different things; no interval. */
double harmonic_mean(double left, double right);

/* The middle of `count` values, which are sorted on the way; 0 if there are none. */
double median_of(double *values, uint32_t count);

#endif

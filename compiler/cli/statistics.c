/*
 * statistics.c - see statistics.h. The bounds are clamped where the formula is exact on paper and
 * off by a rounding in binary: 0 of n starts at 0, n of n ends at 1.
 */
#include "compiler/cli/statistics.h"

#include <math.h>
#include <stdlib.h>

/* The 97.5 % point of the normal distribution: 95 % lie between this far below and above. */
static const double Z = 1.959963984540054;

rate rate_of(uint64_t hits, uint64_t total)
{
    rate made = {.hits = hits, .total = total, .high = 1};
    if (total == 0)
        return made;
    const double n = (double)total, z = Z;
    const double part = (double)hits / n;
    const double scale = 1 + z * z / n;
    const double middle = (part + z * z / (2 * n)) / scale;
    const double reach = z / scale * sqrt(part * (1 - part) / n + z * z / (4 * n * n));
    made.value = part;
    made.low = hits == 0 ? 0 : fmax(0, middle - reach);
    made.high = hits == total ? 1 : fmin(1, middle + reach);
    return made;
}

rate share_of(uint64_t hits, uint64_t total)
{
    rate made = rate_of(hits, total);
    made.low = made.high = -1;
    return made;
}

bool rate_has_interval(const rate *found)
{
    return found->low >= 0;
}

void confusion_add(confusion *counts, bool positive, bool spoke)
{
    if (positive)
        ++*(spoke ? &counts->caught : &counts->missed);
    else
        ++*(spoke ? &counts->alarms : &counts->passed);
}

rate confusion_recall(const confusion *counts)
{
    return rate_of(counts->caught, counts->caught + counts->missed);
}

rate confusion_precision(const confusion *counts)
{
    return rate_of(counts->caught, counts->caught + counts->alarms);
}

rate confusion_false_alarms(const confusion *counts)
{
    return rate_of(counts->alarms, counts->alarms + counts->passed);
}

static double doubled(double part)
{
    return 2 * part / (1 + part);
}

rate confusion_f1(const confusion *counts)
{
    rate made = rate_of(counts->caught, counts->caught + counts->missed + counts->alarms);
    made.value = doubled(made.value);
    made.low = doubled(made.low);
    made.high = doubled(made.high);
    return made;
}

double harmonic_mean(double left, double right)
{
    return left + right > 0 ? 2 * left * right / (left + right) : 0;
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

double median_of(double *values, uint32_t count)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, by_size);
    const uint32_t middle = count / 2;
    return count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

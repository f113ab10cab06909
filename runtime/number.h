/*
 * number.h - decimal texts, exactly: what JSON calls a number, taken apart without rounding.
 *
 * Behind number_parse (identity.h), the canonical JSON writer and everything that prints a float.
 * Independent of the locale and of the C library's conversions. Layer 1.
 */
#ifndef CONSTITUTION_RUNTIME_NUMBER_H
#define CONSTITUTION_RUNTIME_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buffer.h"

/* (-1)^negative * D * 10^exponent, where D are the digits from `first` to `last` without the point.
 * D neither starts nor ends with a zero; of zero, count is 0. */
typedef struct decimal_text {
    const char *first, *last; /* first and last digit of D */
    uint64_t leading;         /* the value of D's first 19 digits (of all, if there are fewer) */
    size_t count;             /* digits of D */
    int64_t exponent;
    bool negative;
    bool endless; /* the exponent is past +-10^15 and was cut to that */
} decimal_text;

/* False if the text is no JSON number. Linear in its length. */
bool decimal_text_parse(const char *text, size_t length, decimal_text *out);

/* The nearest double, ties to even; false if that is infinite. */
bool decimal_text_to_double(const decimal_text *decimal, double *out);

/* The shortest digits that read back as `number` (finite, > 0), of those the nearest: number is
 * 0.DIGITS * 10^point. Gives the number of digits, at most 17. */
uint32_t double_digits(double number, char digits[17], int *point);

/* Digits and point as ECMAScript lays out a number, which RFC 8785 demands: 100, 0.001, 1e+21,
 * 1.5e-7. */
void number_layout(buffer *out, bool negative, const char *digits, size_t count, int64_t point);
/* A finite number so; 0 for both zeros. */
void double_show(buffer *out, double number);
/* A decimal in millionths: "98.7", "-0.000001". */
void millionths_show(buffer *out, int64_t millionths);

#endif

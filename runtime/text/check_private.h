/*
 * check_private.h - what the files check_*.c share: a matched text in the two forms that checks
 * read it in.
 *
 * Most numbers are written with separators that mean nothing, so check_holds reads the text once
 * into `code`: ASCII letters in upper case and digits, without blanks, `-`, `.` and `/`. A text
 * that holds anything else, or more than any number of the list has, has an empty code. Checks
 * whose standard gives case or separators a meaning (addresses, dates, tokens, coin addresses) read
 * `bytes`.
 *
 * Each row of check.def is one function check_NAME_holds, in the file of its kind: check.c (general
 * arithmetic and texts), check_token.c (what looks random, and what only stands in for it),
 * check_bank.c (accounts, cards, firms, coins), check_america.c, check_europe.c, check_east.c
 * (eastern Europe), check_asia.c (numbers that states give to persons).
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_CHECK_PRIVATE_H
#define CONSTITUTION_RUNTIME_TEXT_CHECK_PRIVATE_H

#include <stddef.h>
#include <string.h>

#include "runtime/text/check.h"

/* no number of the list has more letters and digits; the longest is an IBAN's 34 */
#define CHECK_CODE_MOST 40u

typedef struct check_text {
    const char *bytes;
    uint32_t length;
    double bound;
    char code[CHECK_CODE_MOST + 1];
    uint32_t count; /* of code; 0: the text is no code */
} check_text;

#define CHECK(name, what, source) bool check_##name##_holds(const check_text *text);
#include "runtime/text/check.def"
#undef CHECK

static inline bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool is_upper(char byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static inline uint32_t digit_at(const check_text *text, uint32_t at)
{
    return (uint32_t)(text->code[at] - '0');
}

/* 0 to 9 for digits, 10 to 35 for letters: the value of a character in ISO 7064 and ISO 13616. */
static inline uint32_t value_at(const check_text *text, uint32_t at)
{
    const char byte = text->code[at];
    return is_digit(byte) ? (uint32_t)(byte - '0') : (uint32_t)(byte - 'A') + 10;
}

/* Whether code[at .. at + count) stands and holds digits alone. */
bool digits_stand(const check_text *text, uint32_t at, uint32_t count);
/* Whether the code is `count` digits. */
bool all_digits(const check_text *text, uint32_t count);
/* The number in code[at .. at + count), which are digits, at most 18. */
uint64_t number_at(const check_text *text, uint32_t at, uint32_t count);
/* The sum of digits from `at` times weights, as many as there are. */
uint32_t weighted(const check_text *text, uint32_t at, const uint8_t *weights, uint32_t count);
/* Whether one character is repeated through the code. */
bool all_same(const check_text *text);
/* Whether the code has this shape: `9` a digit, `A` a letter, `*` either. */
bool shaped(const check_text *text, const char *shape);
/* A day of the calendar. Years below 100 stand for a century that is not known: then 29 February is
 * one in years that 4 divides. */
bool day_exists(uint32_t year, uint32_t month, uint32_t day);
/* Whether code[at .. at + count), digits, pass the Luhn test with the last as check digit. */
bool luhn_over(const check_text *text, uint32_t at, uint32_t count);
/* ISO 7064 MOD 11,10 over code[at .. at + count), digits, the last one as check digit. */
bool mod11_10_over(const check_text *text, uint32_t at, uint32_t count);

#define WEIGHTS(...)                                                                               \
    (const uint8_t[]){__VA_ARGS__}, (uint32_t)sizeof((const uint8_t[]){__VA_ARGS__})

#endif

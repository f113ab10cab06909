/*
 * check.h - checks behind a pattern: what a number must satisfy besides its shape.
 *
 * A pattern `checked by luhn` matches where its regular expression does and the check holds for the
 * matched text. Checks ignore separators (blanks, `-`, `.`, `/`) and case where the number's own
 * standard does; dates, addresses, tokens and card numbers, whose grouping tells them from other
 * digits, are read as written. The list is check.def; its names are the names of the language, its
 * order is ABI.
 *
 * A match is the longest that passes, so a check that refuses the end of a text (a placeholder's
 * last word) can be passed by a shorter match: expressions for such checks end at an edge, `\b`, or
 * take the sign behind the value.
 *
 * Layer 1: bytes in, no memory; O(length).
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_CHECK_H
#define CONSTITUTION_RUNTIME_TEXT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* CHECK(name, what it is, its source) */
typedef enum check_kind {
    CHECK_NONE = 0,
#define CHECK(name, what, source) CHECK_##name,
#include "runtime/text/check.def"
#undef CHECK
    CHECK_COUNT
} check_kind;

/* The number of a check by its name in the language; CHECK_NONE if there is none. */
check_kind check_find(const char *name, uint32_t length);
const char *check_name(check_kind check);
/* Whether a check takes a number (`checked by entropy above 3.5`), and its value where none is
 * written. */
bool check_takes_bound(check_kind check, double *otherwise);

/* CHECK_NONE holds always; a number that is no check never does. */
bool check_holds(check_kind check, double bound, const char *bytes, uint32_t length);

#endif

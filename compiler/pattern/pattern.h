/*
 * pattern.h - from regular expressions and phrases to the bytes of a scan database
 * (runtime/text/scan.h).
 *
 * The way of a pattern: regex.c reads the expression into a tree and refuses, at its place, what is
 * no part of the automata subset; automaton.c makes the position automaton and, where it stays
 * small, a table of states; facts.c finds out how long matches are and what every match must
 * contain; database.c puts all patterns of one database together with the literals for the engine.
 *
 * The subset: literals; `.`; classes with ranges, negation, \d \w \s \D \W \S and POSIX names;
 * escapes \n \r \t \f \v \0 \xHH \x{H…} \uHHHH and escaped punctuation; groups ( ) (?: ), (?i) (?s)
 * (?m) (?x is no part) and (?i: ), alternation, * + ? {n} {n,} {n,m} (a lazy `?` behind is accepted
 * and changes nothing: a match is the longest), ^ $ \A \z \b \B. \w \d \s \b are ASCII; `.` and
 * negated classes take whole UTF-8 characters. Case is folded for ASCII, and for other characters
 * by Unicode's simple folding. Everything else is an error that names the construct.
 *
 * Layer 2 of the compiler; all memory is the arena's.
 */
#ifndef CONSTITUTION_COMPILER_PATTERN_PATTERN_H
#define CONSTITUTION_COMPILER_PATTERN_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/text/check.h"

typedef struct pattern pattern;

typedef enum pattern_error_kind {
    PATTERN_SYNTAX, /* unbalanced, nothing to repeat, bad range, unknown escape */
    /* back-reference, look-around, possessive or atomic group, \p{…}, recursion, … */
    PATTERN_UNSUPPORTED,
    PATTERN_EMPTY,    /* it can match no character at all: it would match everywhere */
    PATTERN_TOO_LARGE /* past LIMIT_PATTERN_POSITIONS after counts are written out */
} pattern_error_kind;

typedef struct pattern_error {
    pattern_error_kind kind;
    uint32_t start, end; /* bytes of the expression */
    const char *text;    /* "look-ahead is not part of the language", no full stop */
    const char *mend;    /* or NULL: "write …" */
} pattern_error;

/* One regular expression, as it stands between the slashes (`\/` is a slash). `caseless`: as if it
 * began with (?i). NULL with *error after an error. */
pattern *pattern_regex(arena *arena, const char *bytes, uint32_t length, bool caseless,
                       pattern_error *error);
/* The same for texts that were folded: case is ignored, and as no other character stands for a
 * letter of ASCII there (the Kelvin sign, the long s), classes of letters stay as small as they
 * are. */
pattern *pattern_regex_folded(arena *arena, const char *bytes, uint32_t length,
                              pattern_error *error);
/* A phrase, byte for byte. `words`: it begins and ends at edges of words (unicode_word_edge). NULL:
 * empty, or too large. */
pattern *pattern_phrase(arena *arena, const char *bytes, uint32_t length, bool words,
                        pattern_error *error);
/* Any of several. NULL: together too large. */
pattern *pattern_either(arena *arena, pattern *const *items, uint32_t count, pattern_error *error);

typedef struct pattern_facts {
    uint32_t shortest, longest; /* bytes of a match; longest UINT32_MAX: unbounded */
    uint32_t trigger;           /* what it is looked for by: pattern_trigger */
    const char *trigger_text;   /* the literal, or a word for the trigger, as a person reads it */
    uint32_t cost;              /* 1: a rare literal … 100: an automaton over the whole text */
} pattern_facts;

typedef enum pattern_trigger {
    TRIGGER_LITERAL, /* a literal that every match contains */
    TRIGGER_DIGITS,  /* a run of digits */
    TRIGGER_TOKEN,   /* a long run of letters, digits and a few signs */
    TRIGGER_WORDS,   /* words of a set, by hash */
    TRIGGER_SEARCH   /* none: the engine runs the whole expression */
} pattern_trigger;

pattern_facts pattern_study(const pattern *pattern);

/* ---- databases ------------------------------------------------------------------------------- */

typedef struct database_builder database_builder;

typedef struct database_entry {
    const pattern *pattern;
    check_kind check;
    double check_bound;
    /* words, any of which must stand before a match; compared without ASCII case, at edges of words
     */
    const char *const *after;
    uint32_t after_count;
    uint32_t after_within; /* characters */
} database_entry;

database_builder *database_begin(arena *arena);
/* The number of the pattern in the database. Equal entries get the same number. */
uint32_t database_add(database_builder *builder, const database_entry *entry);
/* All words of a set as one pattern: matches where any of them stands, as pattern_phrase with
 * `words` would. Up to LIMIT_SET_ENTRIES. */
uint32_t database_add_words(database_builder *builder, const char *const *words,
                            const uint32_t *lengths, uint32_t count);
/* The bytes, 16-byte aligned. False: the engine refused something (*why says what; arena memory).
 * `portable`: for any amd64 processor with SSSE3, else for the one we run on. */
bool database_finish(database_builder *builder, bool portable, const uint8_t **bytes,
                     size_t *length, const char **why);

/* ---- platform.c ------------------------------------------------------------------------------ */

enum { PATTERN_PLATFORM_BYTES = 160 };
/* What databases that are no portable ones depend on beside their patterns: the engine's version,
 * and this machine as the engine sees it. False: the engine does not say. */
bool pattern_platform(char out[PATTERN_PLATFORM_BYTES]);

#endif

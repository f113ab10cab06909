/*
 * spans.h - marked places in texts against the places that rules reported.
 *
 * For personal data it does not suffice that a row was caught: what counts is which characters. A
 * row brings expected spans, each with a type; the fired rules bring found ones, without. Three
 * measures, each as precision and recall:
 *
 *   exact       the same first and last character
 *   overlap     what both share is at least half of what either covers (IoU >= 0.5)
 *   characters  every character counts for itself
 *
 * Equal spans count once. A found span has no type, so only recall is known for each type. Expected
 * spans of a type that --kinds leaves out are neither wanted nor wrong: what lies on one of them
 * and on no wanted span is left out, and counted as left out.
 *
 * All offsets here are bytes of the text, on the borders of characters.
 */
#ifndef CONSTITUTION_COMPILER_CLI_SPANS_H
#define CONSTITUTION_COMPILER_CLI_SPANS_H

#include "compiler/cli/names.h"
#include "compiler/cli/rows.h"

typedef struct text_span {
    uint32_t start, end; /* start < end */
    const char *type;    /* expected spans only; not NUL-terminated */
    uint32_t type_length;
    bool ignored; /* its type does not count */
} text_span;

typedef struct span_list {
    text_span *items;
    uint32_t count, capacity;
} span_list;

typedef struct span_type { /* a row of `types` */
    named name;
    uint64_t expected, exact, overlap;
    uint64_t characters, characters_found;
} span_type;

typedef struct span_score {
    uint64_t rows, unmarked; /* unmarked: the field was not there; taken as no spans */
    uint64_t expected, expected_exact, expected_overlap;
    uint64_t found, found_exact, found_overlap;
    uint64_t expected_characters, found_characters, shared_characters;
    uint64_t ignored_expected, ignored_found;
    uint64_t cut; /* rules whose list of spans reached its bound: figures are too low */
    name_table types;
    uint8_t *marks; /* one for each byte of the text in hand */
    size_t marks_capacity;
} span_score;

void span_score_init(span_score *score);
void span_score_free(span_score *score);
/* An empty span, or one that is no part of the text on borders of characters, is not added: false.
 */
bool span_list_add(span_list *list, const char *text, uint32_t length, const text_span *span);
void span_list_free(span_list *list);
/* The spans that a row names; none if `field` is NULL. False: they are no spans of the text. */
bool spans_expected(const cst_json *field, const char *text, uint32_t length, bool characters,
                    const word_list *kinds, span_list *out);
/* Counts one row. Sorts the lists and drops what stands twice. */
void span_score_add(span_score *score, const char *text, uint32_t length, span_list *expected,
                    span_list *found);

#endif

/*
 * scan_private.h - what the files of the scanner share, and nobody else includes.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_SCAN_PRIVATE_H
#define CONSTITUTION_RUNTIME_TEXT_SCAN_PRIVATE_H

#include "runtime/limits.h"
#include "runtime/text/engine.h"
#include "runtime/text/scan.h"
#include "runtime/text/scan_format.h"

#define SCAN_MOST_ENDS LIMIT_CHECKED_ENDS
#define SCAN_UNIT 256u

struct scan_database {
    const scan_head *head;
    cst_allocator allocator;
    engine_database *engine; /* NULL: no literals */
    const scan_pattern_row *patterns;
    const scan_automaton_row *automata;
    const uint64_t (*sets)[4];
};

struct scan_scratch {
    cst_allocator allocator;
    engine_scratch *engine;
    uint32_t *positions; /* two lists of positions and their stamps */
    uint32_t position_count;
    uint32_t *tried;     /* by pattern: places before this have been tried */
    uint32_t tried_count;
    uint32_t *spent;     /* by pattern: steps of its automaton in this text, in units of SCAN_UNIT */
    uint32_t spent_count;
    uint32_t *ends;      /* of matches that a check must pass */
    uint32_t end_count;
    uint32_t stamp;
};

static inline const void *scan_at(const scan_head *head, uint32_t offset)
{
    return (const char *)head + offset;
}

static inline bool scan_has(const uint64_t set[4], unsigned char byte)
{
    return (set[byte >> 6] >> (byte & 63) & 1) != 0;
}

/* What one pattern is tried against: the text, and the work that may still be done. */
typedef struct scan_try {
    const scan_database *database;
    scan_scratch *scratch;
    const char *text;
    uint32_t length;
    uint64_t steps; /* left; at 0 what comes is unknown */
    bool unknown;
} scan_try;

/* scan_match.c */

/* The end of the longest match of a pattern that begins at `start` and passes its check and `after`; 0 if there is none. */
uint32_t scan_match(scan_try *with, const scan_pattern_row *row, uint32_t start);
/* Whether, with some continuation of the text, a match begins at `start` that ends behind it, or is known only then. */
bool scan_is_alive(scan_try *with, const scan_pattern_row *row, uint32_t start);
/* The same for a match of the whole text: `after` is not asked. */
bool scan_takes_whole(scan_try *with, const scan_pattern_row *row);

#endif

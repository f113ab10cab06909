/*
 * diff.h - what `constc diff` finds between two policies: the list that diff.c makes and
 * diff_print.c shows.
 */
#ifndef CONSTITUTION_COMPILER_CLI_DIFF_H
#define CONSTITUTION_COMPILER_CLI_DIFF_H

#include "compiler/cli/outline.h"

/* What a change does to decisions, as far as it can be told without events. */
typedef enum diff_direction {
    DIFF_NEITHER,  /* no decision changes: a message, a test, a rule in shadow */
    DIFF_STRICTER, /* no decision becomes more lenient */
    DIFF_LOOSER,   /* none becomes stricter */
    DIFF_EITHER    /* it cannot be told */
} diff_direction;

typedef struct diff_change {
    const outline_item *old, *new; /* NULL: it was added, or removed */
    diff_direction direction;
} diff_change;

/* One event that the two policies decide differently. */
typedef struct diff_decision {
    uint64_t line;
    cst_verdict verdict;
    buffer rules; /* names of those that fired, as a JSON list */
    /* what goes on in the place of the event; empty: the event as it is, or nothing */
    buffer onward;
} diff_decision;

typedef struct diff_tally { /* of events */
    uint64_t events, stricter, looser;
    uint64_t level; /* as strict as before, but by other rules, or something else goes on */
} diff_tally;

/* "stricter", "looser", "either", "neither" */
const char *diff_direction_word(diff_direction direction);

/* ---- diff_meaning.c -------------------------------------------------------------------------- */

diff_direction diff_opposite(diff_direction direction);
diff_direction diff_both(diff_direction left, diff_direction right);
/* What a change of the condition alone does to decisions. */
diff_direction diff_condition(const outline_item *old, const outline_item *new);
/* What a set does to them that has more entries now, or fewer; `list`: the new policy. */
diff_direction diff_set(const outline *list, const outline_item *old, const outline_item *new);
bool diff_entry_missing(const outline_item *from, const char *entry);

/* ---- diff_print.c: text, or one JSON object -------------------------------------------------- */

void diff_print_begin(bool json);
void diff_print_change(bool json, bool first, const diff_change *change);
void diff_print_events(bool json); /* after the changes, before the first decision */
void diff_print_decision(bool json, bool first, const char *path, const diff_decision *old,
                         const diff_decision *new);
/* `counts` by direction; `tally` NULL: no events were asked for. */
void diff_print_end(bool json, const uint32_t counts[DIFF_EITHER + 1], const diff_tally *tally);

/* ---- diff_events.c --------------------------------------------------------------------------- */

/* Decides the events of `path` by both policies and prints where they differ, the first `most`
 * times. An exit code. */
int diff_events(cst_policy *old, cst_policy *new, const char *path, bool json, uint64_t most,
                diff_tally *tally);

#endif

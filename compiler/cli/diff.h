/*
 * diff.h - what `constc diff` finds between two policies: the list that diff.c makes and diff_print.c shows.
 */
#ifndef CONSTITUTION_COMPILER_CLI_DIFF_H
#define CONSTITUTION_COMPILER_CLI_DIFF_H

#include "compiler/ast.h"
#include "compiler/cli/cli.h"

/* What a change does to decisions, as far as it can be told without events. */
typedef enum diff_direction {
    DIFF_NEITHER,  /* no decision changes: a message, a test, a rule in shadow */
    DIFF_STRICTER, /* no decision becomes more lenient */
    DIFF_LOOSER,   /* none becomes stricter */
    DIFF_EITHER    /* it cannot be told */
} diff_direction;

/* What a rule consists of, as text that people read: "applies to", "effect", … */
typedef enum diff_aspect {
    ASPECT_SCOPE,
    ASPECT_CONDITION,
    ASPECT_EFFECT,
    ASPECT_STANDING, /* in shadow, waivable, until when */
    ASPECT_WORDING,  /* principle, because */
    ASPECT_COUNT
} diff_aspect;

typedef struct diff_item { /* one declaration, or one file that is no policy */
    char *file; /* as seen from the folder of the policy; "" for the policy itself */
    char *kind; /* "rule", "set", …; "file" */
    char *name; /* of a default: its stage; of a test: its title; may be "" */
    char *text; /* equal if and only if the declaration says the same */
    char *place; /* "support.const:12" */
    char *aspects[ASPECT_COUNT]; /* of rules, permits, waivers: the condition with definitions in their place; else NULL */
    ast_kind declared;
    cst_verdict verdict; /* of a rule */
    bool shadow, waivable;
} diff_item;

typedef struct diff_list {
    diff_item *items;
    uint32_t count, capacity;
} diff_list;

typedef struct diff_change {
    const diff_item *old, *new; /* NULL: it was added, or removed */
    diff_direction direction;
} diff_change;

/* One event that the two policies decide differently. */
typedef struct diff_decision {
    uint64_t line;
    cst_verdict verdict;
    buffer rules;  /* names of those that fired, as a JSON list */
    buffer onward; /* what goes on in the place of the event; empty: the event as it is, or nothing */
} diff_decision;

typedef struct diff_tally { /* of events */
    uint64_t events, stricter, looser;
    uint64_t level; /* as strict as before, but by other rules, or something else goes on */
} diff_tally;

const char *diff_direction_word(diff_direction direction); /* "stricter", "looser", "either", "neither" */

/* ---- diff_print.c: text, or one JSON object ---- */

void diff_print_begin(bool json);
void diff_print_change(bool json, bool first, const diff_change *change);
void diff_print_events(bool json); /* after the changes, before the first decision */
void diff_print_decision(bool json, bool first, const char *path, const diff_decision *old, const diff_decision *new);
/* `counts` by direction; `tally` NULL: no events were asked for. */
void diff_print_end(bool json, const uint32_t counts[DIFF_EITHER + 1], const diff_tally *tally);

/* ---- diff_events.c ---- */

/* Decides the events of `path` by both policies and prints where they differ, the first `most` times. An exit code. */
int diff_events(cst_policy *old, cst_policy *new, const char *path, bool json, uint64_t most, diff_tally *tally);

#endif

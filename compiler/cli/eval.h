/*
 * eval.h - what `constc eval` counts: filled by eval.c, shown by eval_table.c, eval_json.c and
 * eval_html.c.
 *
 * Everything here grows with the number of rules, categories and shown examples, never with the
 * number of rows.
 */
#ifndef CONSTITUTION_COMPILER_CLI_EVAL_H
#define CONSTITUTION_COMPILER_CLI_EVAL_H

#include "compiler/cli/judge.h"
#include "compiler/cli/names.h"
#include "compiler/cli/rows.h"
#include "compiler/cli/spans.h"
#include "compiler/cli/statistics.h"

typedef struct eval_rule { /* a row of `rules` */
    named name;
    cst_verdict effect;
    bool shadow;
    uint64_t positives, negatives; /* rows on which it fired */
    uint64_t undecided;            /* of these: because it could not be decided */
    uint64_t last_row;             /* the row on which it fired last: once a row */
} eval_rule;

typedef struct eval_group { /* a row of `categories` */
    named name;
    confusion counts;
} eval_group;

typedef struct eval_label { /* a row of `labels` */
    named name;
    row_class kind;
    uint64_t rows;
} eval_label;

typedef struct eval_place { /* where something happened first */
    const char *path;
    uint64_t line;
} eval_place;

typedef struct eval_problem { /* a row of `undecided`: why events could not be decided */
    named name;               /* "missing at /user" */
    uint64_t rows;
    eval_place first;
    char *text; /* what the runtime said about the first */
} eval_problem;

typedef struct eval_file {
    const char *path;
    confusion counts;
    uint64_t rows, skipped, unread, undecided;
} eval_file;

typedef struct eval_example { /* a miss or a false alarm that is shown */
    cst_verdict verdict;
    uint32_t rule_count;
    uint64_t order; /* of the row in the data */
    eval_place place;
    uint32_t text_length; /* of the whole text */
    char *id;             /* NULL: none */
    char *label;
    char *rules; /* those that spoke: "a, b" */
    char *excerpt;
    uint32_t excerpt_length;
    uint32_t mark_start, mark_end; /* what the first rule pointed at; 0, 0: nothing */
    bool cut_before, cut_after;
} eval_example;

typedef struct example_list {
    eval_example *items; /* the worst first */
    uint32_t count, bound;
} example_list;

typedef struct eval_state {
    row_reader reader;
    judge judge;
    const cli_arguments *arguments;
    word_list kinds;
    bool byte_offsets;
    bool counting; /* the first round; later ones only take the time */
    int code;
    /* counted */
    uint64_t rows, skipped, positive_rows, negative_rows;
    uint64_t faults[ROW_FAULTS];
    eval_place first_faults[ROW_FAULTS];
    uint64_t undecided_rows;
    confusion counts;
    name_table rules, categories, labels, undecided;
    eval_file *files;
    uint32_t file_count;
    span_score spans;
    example_list misses, alarms;
    /* time */
    double *seconds; /* of each round */
    double median_seconds;
    uint32_t rounds;
    uint64_t round_bytes, round_rows;
    /* reused from row to row */
    span_list expected, found;
} eval_state;

uint64_t eval_unread(const eval_state *eval); /* rows that could not be read */
const char *eval_arguments(const eval_state *eval, const char *name); /* an option, or NULL */

void eval_print_table(const eval_state *eval);
void eval_print_json(const eval_state *eval);
/* False after a message: the file could not be written. */
bool eval_write_html(const eval_state *eval, const char *path);

#endif

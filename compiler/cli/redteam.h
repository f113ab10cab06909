/*
 * redteam.h - what `constc redteam` counts: filled by redteam.c, shown by redteam_print.c.
 */
#ifndef CONSTITUTION_COMPILER_CLI_REDTEAM_H
#define CONSTITUTION_COMPILER_CLI_REDTEAM_H

#include "compiler/cli/judge.h"
#include "compiler/cli/names.h"
#include "compiler/cli/rewrite.h"
#include "compiler/cli/rows.h"
#include "compiler/cli/statistics.h"

typedef struct caught_count {
    uint64_t caught, total;
} caught_count;

typedef struct redteam_row { /* a row that is caught as it is, kept to be rewritten */
    char *text;
    uint32_t length;
    uint64_t seed;
    char *name; /* its id, or FILE:LINE */
} redteam_row;

typedef struct redteam_rule { /* a row of `rules`: rules that speak on the kept rows */
    named name;
    caught_count *alone; /* by transformation: fired, of the rows on which it fires as they are */
    uint64_t rows;       /* on which it fires as they are */
    uint64_t last;       /* the text on which it fired last */
} redteam_rule;

typedef struct redteam_alone { /* one transformation */
    caught_count counts;
    uint64_t unchanged; /* rows that it left as they are: in no figure */
    uint64_t trouble;   /* texts that became too long, or no event: in no figure */
    char *example_row;  /* the first that got past, or NULL */
    char *example;      /* the start of its text */
    uint32_t example_length;
} redteam_alone;

typedef struct redteam_state {
    row_reader reader;
    judge judge;
    const cli_arguments *arguments;
    int code;
    uint64_t seed, limit, show;
    bool pairs_wanted;
    bool *chosen; /* by transformation: --only */
    /* rows */
    uint64_t rows, positive_rows, caught_rows, too_long, unread, malformed;
    redteam_row *kept;
    uint32_t kept_count;
    uint64_t choice; /* of the rows that are kept */
    /* counted */
    name_table rules;
    redteam_alone *alone; /* by transformation */
    caught_count *pairs;  /* first * rewrite_count + second */
    uint64_t pair_trouble;
    uint64_t decided;
    run_progress progress;
    uint64_t rewritten_bytes;
} redteam_state;

void redteam_print_table(const redteam_state *state);
void redteam_print_json(const redteam_state *state);
void redteam_print_list(void);

#endif

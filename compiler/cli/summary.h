/*
 * summary.h - `constc run --summary`: decisions as a table that needs no engineer to read it.
 */
#ifndef CONSTITUTION_COMPILER_CLI_SUMMARY_H
#define CONSTITUTION_COMPILER_CLI_SUMMARY_H

#include "compiler/cli/cli.h"

typedef struct run_summary run_summary;

/* One event. `decision` is NULL if the event never reached the policy: then error_text says why,
 * and it was denied. */
typedef struct summary_event {
    const cst_decision *decision;
    const char *error_text;
    uint64_t place;    /* the line of the file; 0: events are counted */
    const char *stage; /* NULL: not known */
    const char *tool;  /* NULL: none; not NUL-terminated */
    uint32_t tool_length;
} summary_event;

run_summary *summary_new(void);
void summary_add(run_summary *summary, const summary_event *event);
void summary_finish(run_summary *summary); /* prints what is left and the totals, and frees it */

/* "require approval": the name as people say it; static. */
const char *verdict_words(cst_verdict verdict);

#endif

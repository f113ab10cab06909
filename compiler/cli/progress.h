/*
 * progress.h - one line on stderr that says how far a long run has come; only if somebody watches.
 */
#ifndef CONSTITUTION_COMPILER_CLI_PROGRESS_H
#define CONSTITUTION_COMPILER_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct run_progress {
    bool shown; /* stderr is a terminal, and stdout another thing */
    bool printed;
    uint64_t events;
    int64_t began, printed_at; /* nanoseconds */
} run_progress;

int64_t clock_nanoseconds(void); /* of a clock that never goes back */
void progress_begin(run_progress *progress);
void progress_event(run_progress *progress,
                    uint64_t bytes);       /* one more event; `bytes` of the input so far */
void progress_end(run_progress *progress); /* wipes the line */

#endif

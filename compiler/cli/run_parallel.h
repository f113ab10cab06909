/*
 * run_parallel.h - `constc run -j N`: lines of events, decided by several threads, answered in
 * their order.
 */
#ifndef CONSTITUTION_COMPILER_CLI_RUN_PARALLEL_H
#define CONSTITUTION_COMPILER_CLI_RUN_PARALLEL_H

#include "compiler/cli/run.h"
#include "runtime/adapters/lines.h"

#define RUN_MOST_THREADS 64u

/* How many threads -j wants, and whether it fits the other options. False: said so. */
bool run_threads_read(const cli_arguments *arguments, const char *format, uint32_t *threads);
/* Whether events of this policy can be decided by threads that share nothing: some policies keep
 * state across all sessions. */
bool run_can_share(const cst_policy *policy);
/* Decides all lines; run->context is not used. `deny_long` answers a line past the bound. */
void run_lines_parallel(run_state *run, line_reader *lines, const char *path, uint32_t threads,
                        void (*deny_long)(void *user), void *user);

#endif

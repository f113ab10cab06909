/*
 * hook_run.h - one call of a hook, from its input to its answer: shared by `constc hook` and
 * constitution-hook.
 *
 * Layer 4. Knows the runtime only.
 */
#ifndef CONSTITUTION_COMPILER_CLI_HOOK_RUN_H
#define CONSTITUTION_COMPILER_CLI_HOOK_RUN_H

#include <constitution.h>

/* exit codes: the second one stops what was asked about */
enum { HOOK_ANSWERED = 0, HOOK_BLOCKS = 2 };

typedef struct hook_call {
    const char *policy;    /* a path */
    const char *state;     /* a folder, or NULL for the default */
    bool permits;          /* --allow */
    const char **contexts; /* NAME=JSON */
    uint32_t context_count;
    /* Opens the policy; NULL after a message on stderr. */
    cst_policy *(*open)(const char *path, const cst_options *options);
} hook_call;

/* "constitution-hook: …" and a line end on stderr; answers HOOK_BLOCKS. */
int hook_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* From here on the process ends with HOOK_BLOCKS if it crashes or takes too long. */
void hook_guard(void);
/* Claude Code: reads stdin, writes stdout. The exit code. */
int hook_claude(const hook_call *call);
/* A compiled policy; what constitution-hook opens. */
cst_policy *hook_open_library(const char *path, const cst_options *options);

#endif

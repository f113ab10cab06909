/*
 * run.h - what `constc run` shares with `constc run --stream`: the run in hand, and how decisions
 * are told.
 */
#ifndef CONSTITUTION_COMPILER_CLI_RUN_H
#define CONSTITUTION_COMPILER_CLI_RUN_H

#include "compiler/cli/host.h"
#include "compiler/cli/progress.h"
#include "compiler/cli/summary.h"
#include "runtime/adapters/conversation.h"

typedef struct run_state {
    cst_policy *policy; /* NULL with --emit-events */
    cst_context *context;
    cli_host *host;       /* or NULL */
    run_summary *summary; /* NULL: decisions as JSON */
    bool events;          /* the input is events, a line each; else they are made of something */
    bool emit_events;
    bool failing; /* --fail-on was given */
    cst_verdict fail_on;
    bool reached;
    uint32_t threads;            /* --jobs */
    int trouble;                 /* an exit code that ends the run, or EXIT_GOOD */
    uint64_t bytes;              /* of the input so far */
    uint64_t place;              /* of the line in hand, 1-based; 0: the input is one document */
    uint64_t not_json, answered; /* events, and those of them that were no JSON */
    size_t bound;                /* of one line */
    run_progress progress;
    arena scratch; /* for the tool's name in a summary */
    buffer line;
} run_state;

/* Counts a verdict, for --fail-on and the progress. */
void run_note(run_state *run, cst_verdict verdict);
/* Counts a decision, and prints it or adds it to the summary; `json` is the event, for the table.
 */
void run_answer(run_state *run, const cst_decision *decision, const char *json, size_t length);
/* A denial in the form of every decision, of what never reaches the policy: its error_code is set.
 */
void run_deny(run_state *run, const conversation_event *event);
/* Decides an event given as JSON. */
void run_decide(run_state *run, const char *json, size_t length);
/* run_decide or run_deny; false: the run ends. */
bool run_event(void *user, const conversation_event *event);

/* --stream: a reply of the model from `path`, as it comes. `format` is "openai", "anthropic" or
 * "text"; `records` as in conversation_reader. */
bool stream_options_good(const cli_arguments *arguments, const char *format);
void run_stream(run_state *run, const cli_arguments *arguments, const char *path,
                const char *format, const char *records);

#endif

/*
 * run_source.h - what `constc run` reads, line by line: events, conversations, messages of MCP,
 * inputs of hooks; and for the last two the way back, `--replies`.
 */
#ifndef CONSTITUTION_COMPILER_CLI_RUN_SOURCE_H
#define CONSTITUTION_COMPILER_CLI_RUN_SOURCE_H

#include "compiler/cli/run.h"
#include "runtime/adapters/mcp.h"

typedef enum source_kind {
    SOURCE_EVENTS,
    SOURCE_CONVERSATIONS,
    SOURCE_HOOKS,
    SOURCE_MCP
} source_kind;

typedef struct run_source {
    run_state *run;
    source_kind kind;
    bool answers;
    conversation_reader conversation;
    mcp_reader mcp;
    mcp_outcome outcome; /* of the message in hand; its texts stand in the buffers */
    buffer reason, args, text, value;
} run_source;

/* False after a message: the options do not fit the format. */
bool run_source_options_good(const cli_arguments *arguments, const char *format);
/* `records` as in conversation_reader. */
void run_source_begin(run_source *source, run_state *run, const char *format, const char *records,
                      bool answers);
/* One line, or a document over several: decides it and prints what has to be said. */
void run_source_read(run_source *source, const char *line, size_t length);
/* The same for a line that was too long to be read; `text` says so. */
void run_source_read_nothing(run_source *source, const char *text);
void run_source_end(run_source *source);

#endif

/*
 * host.h - who answers host predicates on the command line: a file of answers, or a program that
 * speaks JSON lines.
 */
#ifndef CONSTITUTION_COMPILER_CLI_HOST_H
#define CONSTITUTION_COMPILER_CLI_HOST_H

#include "compiler/cli/cli.h"

#define HOST_OPTIONS                                                                               \
    {"--answers", NULL, "FILE", NULL, "answers of host predicates, as JSON lines"},                \
        {"--host", NULL, "COMMAND", NULL,                                                          \
         "a program that answers host predicates: a question a line in, an answer a line out"}

typedef struct cli_host cli_host;

/* Reads --answers and --host and serves the context with them. *out is NULL if neither is given.
 * False after a message. */
bool cli_host_open(const cli_arguments *arguments, cst_context *context, cli_host **out);
void cli_host_close(cli_host *host); /* NULL is allowed */

#endif

/*
 * hook.c - `constc hook`: stands beside an agent, and answers what its hooks ask.
 *
 * A policy in source is compiled at every call, by the reference evaluator, which starts faster
 * than native code: good for trying a policy out. For daily use constitution-hook with a compiled
 * policy answers many times faster.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/cli.h"
#include "compiler/cli/hook_run.h"

static cst_policy *open_any(const char *path, const cst_options *options)
{
    int code;
    return policy_is_compiled(path) ? hook_open_library(path, options)
                                    : policy_load(path, CST_ENGINE_REFERENCE, options, NULL, &code);
}

int command_hook(const cli_arguments *arguments)
{
    hook_guard();
    if (strcmp(arguments->words[0], "claude") != 0)
        return hook_refuse("the agents are: claude; not \"%s\"", arguments->words[0]);
    const char **const contexts = checked(calloc(arguments->option_count + 1, sizeof *contexts));
    hook_call call = {.policy = arguments->words[1],
                      .state = arguments_value(arguments, "--state", NULL),
                      .permits = arguments_has(arguments, "--allow"),
                      .contexts = contexts,
                      .open = open_any};
    for (uint32_t i = 0; i < arguments->option_count; i++)
        if (strcmp(arguments->options[i].row->name, "--context") == 0)
            contexts[call.context_count++] = arguments->options[i].value;
    const int code = hook_claude(&call);
    free(contexts);
    return code;
}

/*
 * hook_main.c - constitution-hook: `constc hook` without the compiler, for compiled policies.
 *
 * An agent starts its hooks at every step, and the compiler's libraries alone take longer to load
 * than a decision with all that belongs to it. So this program links the runtime and nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "compiler/cli/hook_run.h"

enum { MOST_CONTEXTS = 64 };

static int usage(void)
{
    return hook_refuse("it is used as: constitution-hook claude POLICY.so [--state DIR] [--allow] "
                       "[--context NAME=JSON]…");
}

int main(int count, char **words)
{
    const char *contexts[MOST_CONTEXTS];
    hook_call call = {.contexts = contexts, .open = hook_open_library};
    hook_guard();
    if (count < 3 || strcmp(words[1], "claude") != 0)
        return usage();
    for (int i = 2; i < count; i++) {
        const bool more = i + 1 < count;
        if (strcmp(words[i], "--allow") == 0)
            call.permits = true;
        else if (strcmp(words[i], "--state") == 0 && more)
            call.state = words[++i];
        else if ((strcmp(words[i], "--context") == 0 || strcmp(words[i], "--given") == 0) && more &&
                 call.context_count < MOST_CONTEXTS)
            contexts[call.context_count++] = words[++i];
        else if (words[i][0] != '-' && call.policy == NULL)
            call.policy = words[i];
        else
            return usage();
    }
    return call.policy == NULL ? usage() : hook_claude(&call);
}

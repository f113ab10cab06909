/*
 * main.c - the program: finds the command, reads its options, runs it.
 */
#include <signal.h>
#include <string.h>

#include "compiler/cli/cli.h"

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int main(int count, char **words)
{
    /* A reader that went away is seen as EPIPE, where output is written. */
    signal(SIGPIPE, SIG_IGN);
    if (count < 2) {
        help_overview(stderr);
        return EXIT_USAGE;
    }
    if (is_help(words[1])) {
        help_overview(stdout);
        out_flush();
        return EXIT_GOOD;
    }
    const char *const name = strcmp(words[1], "--version") == 0 ? "version" : words[1];
    const cli_command *const command = command_find(name);
    if (command == NULL)
        return unknown_command(name);
    for (int i = 2; i < count && strcmp(words[i], "--") != 0; i++) {
        if (!is_help(words[i]))
            continue;
        help_command(stdout, command);
        out_flush();
        return EXIT_GOOD;
    }
    cli_arguments arguments;
    int code = EXIT_USAGE;
    if (arguments_read(command, count - 2, words + 2, &arguments))
        code = command->run(&arguments);
    arguments_free(&arguments);
    out_flush();
    return code;
}

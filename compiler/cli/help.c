/*
 * help.c - `constc help`: prints the tables of command.c for people.
 */
#include <string.h>

#include "compiler/cli/cli.h"

void help_overview(FILE *out)
{
    fputs("constc compiles safety policies for AI systems and decides with them.\n"
          "A policy says, in rules that people can read, what a model and its tools may do.\n"
          "\n"
          "  // mail.const\n"
          "  constitution mail \"1.0\"\n"
          "  tool send_email(to: list<email>, subject: string, body: string) sends closed\n"
          "  approvals by user\n"
          "  default action deny\n"
          "  permit mail on action send_email\n"
          "  rule strangers on action send_email\n"
          "    when any a in args.to satisfies a.domain != \"example.com\" then require approval "
          "from user\n"
          "\n"
          "  constc check mail.const                  is it right?\n"
          "  constc run mail.const events.jsonl       what does it say?\n"
          "\n"
          "Commands:\n",
          out);
    for (const cli_command *command = commands; command->name != NULL; command++)
        fprintf(out, "  %-9s %s\n", command->name, command->summary);
    fputs("\n\"constc help COMMAND\" tells more, with examples.\n", out);
}

void help_command(FILE *out, const cli_command *command)
{
    fprintf(out, "constc %s %s\n\n%s", command->name, command->usage, command->description);
    if (command->options->name != NULL)
        fputs("\nOptions:\n", out);
    for (const option_row *row = command->options; row->name != NULL; row++) {
        char name[80];
        const char *const value = row->value == NULL     ? NULL
                                  : row->choices != NULL ? row->choices
                                                         : row->value;
        snprintf(name, sizeof name, "%s%s%s%s%s", row->letter == NULL ? "" : row->letter,
                 row->letter == NULL ? "" : ", ", row->name, value == NULL ? "" : " ",
                 value == NULL ? "" : value);
        if (strlen(name) > 32)
            fprintf(out, "  %s\n  %-32s  %s\n", name, "", row->help);
        else
            fprintf(out, "  %-32s  %s\n", name, row->help);
    }
    fprintf(out, "\nExamples:\n%s", command->examples);
}

int unknown_command(const char *name)
{
    const char *const near = nearest_command(name);
    if (near != NULL)
        complain("unknown command \"%s\"; did you mean \"%s\"?", name, near);
    else
        complain("unknown command \"%s\"", name);
    fputs("constc: the commands are:", stderr);
    for (const cli_command *command = commands; command->name != NULL; command++)
        fprintf(stderr, " %s", command->name);
    fputs("\n", stderr);
    return EXIT_USAGE;
}

int command_help(const cli_arguments *arguments)
{
    if (arguments->word_count == 0) {
        help_overview(stdout);
        return EXIT_GOOD;
    }
    const cli_command *const command = command_find(arguments->words[0]);
    if (command != NULL) {
        help_command(stdout, command);
        return EXIT_GOOD;
    }
    return unknown_command(arguments->words[0]);
}

int command_version(const cli_arguments *arguments)
{
    (void)arguments;
    out_text("constc " CST_VERSION "\n");
    return EXIT_GOOD;
}

/*
 * cli.h - what the files of the command line share.
 *
 * constc is the only part of Constitution that prints. Results go to stdout, everything else to
 * stderr, where each line of constc's own starts with "constc: ". One command a file; command.c has
 * the table of them, options.c reads the words of the command line by the tables below, help.c
 * prints those tables for people.
 *
 * Layer 4 of the compiler: above everything, used by nothing.
 */
#ifndef CONSTITUTION_COMPILER_CLI_CLI_H
#define CONSTITUTION_COMPILER_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <constitution/compiler.h>

#include "runtime/base/buffer.h"

/* Exit codes, the same for all commands; docs/formats.md. */
enum {
    EXIT_GOOD = 0,
    EXIT_FAILED = 1, /* the policy does not compile, or a test failed */
    EXIT_USAGE = 2,  /* the command line is wrong, or a file could not be read or written */
    EXIT_REACHED = 3 /* run: a decision was as strict as --fail-on says */
};

/* ---- commands and options -------------------------------------------------------------------- */

typedef struct option_row {
    const char *name;   /* "--from" */
    const char *letter; /* "-o", or NULL */
    const char
        *value; /* what stands for the value in help: "FORMAT"; NULL: the option is a switch */
    const char *choices; /* "json|text": the only values; NULL: any */
    const char *help;    /* one line */
} option_row;

typedef struct option_use { /* one option as it was given */
    const option_row *row;
    const char *value;
} option_use;

typedef struct cli_arguments {
    option_use *options;
    uint32_t option_count;
    const char **words; /* what is no option, in order */
    uint32_t word_count;
} cli_arguments;

typedef struct cli_command {
    const char *name;
    const char *summary;       /* for the list: one line */
    const char *usage;         /* what follows "constc NAME " */
    const char *description;   /* for help: some lines, each with its line end */
    const char *examples;      /* the same */
    const option_row *options; /* ends with a row whose name is NULL */
    uint32_t least, most;      /* number of words */
    int (*run)(const cli_arguments *arguments);
} cli_command;

extern const cli_command commands[]; /* ends with a row whose name is NULL */
const cli_command *command_find(const char *name);

int command_check(const cli_arguments *arguments);
int command_run(const cli_arguments *arguments);
int command_test(const cli_arguments *arguments);
int command_build(const cli_arguments *arguments);
int command_dump(const cli_arguments *arguments);
int command_explain(const cli_arguments *arguments);
int command_doc(const cli_arguments *arguments);
int command_fmt(const cli_arguments *arguments);
int command_diff(const cli_arguments *arguments);
int command_bench(const cli_arguments *arguments);
int command_eval(const cli_arguments *arguments);
int command_redteam(const cli_arguments *arguments);
int command_hook(const cli_arguments *arguments);
int command_lsp(const cli_arguments *arguments);
int command_version(const cli_arguments *arguments);
int command_help(const cli_arguments *arguments);

/* False after a message: the command line is wrong. Free `out` in either case. */
bool arguments_read(const cli_command *command, int count, char **words, cli_arguments *out);
void arguments_free(cli_arguments *arguments);
bool arguments_has(const cli_arguments *arguments, const char *name);
/* The value of the option's last use, or `otherwise`. */
const char *arguments_value(const cli_arguments *arguments, const char *name,
                            const char *otherwise);
/* The nearest of the commands or options, for "did you mean"; NULL if none is near. */
const char *nearest_command(const char *name);
/* A number from 1 to `most`; false after a message. */
bool number_read(const char *option, const char *text, uint64_t most, uint64_t *out);
/* A verdict by its name; "require-approval" and "require_approval" are the same. */
bool verdict_read(const char *name, cst_verdict *out);

/* explain --holdback: answers the exit code. */
int holdback_print(const char *path, bool json);

void help_overview(FILE *out);
int unknown_command(const char *name); /* an exit code, after a message with the list */
void help_command(FILE *out, const cli_command *command);

/* ---- messages and output --------------------------------------------------------------------- */

/* "constc: …" and a line end on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* complain about `path`, with the reason of errno. */
void complain_errno(const char *path);

/* `memory`; if it is NULL the program ends with a message and EXIT_USAGE. */
void *checked(void *memory);
/* A copy with a NUL behind it; free() it. */
char *text_copy(const char *text, size_t length);

/* Everything on stdout goes through these. A closed pipe ends the program with EXIT_GOOD, quietly:
 * nobody reads. Any other failure ends it with EXIT_USAGE and a message: an answer that was lost
 * must not look like one. */
void out_bytes(const void *bytes, size_t length);
void out_text(const char *text);
void out_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
void out_flush(void);

bool terminal_is(int descriptor);
uint32_t terminal_width(void);      /* of stdout; 100 if it is no terminal */
bool colour_wanted(int descriptor); /* a terminal, and NO_COLOR is not set */

/* Text for people: control and direction characters become blanks, and at most `columns` columns of
 * a terminal are taken (more end in an ellipsis). Answers how many were. 0 columns: no bound. */
uint32_t show_text(buffer *out, const char *text, size_t length, uint32_t columns);
void show_padding(buffer *out, uint32_t count);
/* Controls, invisible characters, changes of direction: nothing that people should be shown. */
bool point_is_hidden(uint32_t point);
/* A text in a column of a table: `columns` wide, two of them blank at its end. */
void show_cell(buffer *out, const char *text, size_t length, uint32_t columns);
/* Prints the line without the blanks at its end, and clears it. */
void out_line(buffer *line);
/* 0.9312 as "93.1 %"; small parts get a digit more: "0.53 %". */
void show_percent(buffer *out, double part);

/* Members of a JSON object: "name":"text", and "policy":{…}. */
void member_text(buffer *out, const char *name, const char *text);
void member_policy(buffer *out, const cst_policy *policy);

/* ---- files ----------------------------------------------------------------------------------- */

/* Opens a file for reading; "-" is stdin. Directories are refused. -1 after a message. */
int file_open(const char *path);
void file_close(int descriptor);
/* A whole file of at most `bound` bytes, with a NUL behind it; free() it. NULL after a message. */
char *file_read(const char *path, size_t bound, size_t *length);

/* ---- policies -------------------------------------------------------------------------------- */

/* Compiles a .const file, or opens a compiled one. Diagnostics go to stderr; on failure *exit_code
 * says how to end. `runtime` may be NULL; so may `cache`, where compiled policies are kept. */
cst_policy *policy_load(const char *path, cst_engine engine, const cst_options *runtime,
                        const char *cache, int *exit_code);
/* The same with --engine, --cache and --no-cache. */
cst_policy *policy_load_by(const cli_arguments *arguments, const char *path,
                           const cst_options *runtime, int *exit_code);
/* What --cache, --no-cache and the environment say; free() it. NULL: there is none. */
char *cache_folder(const cli_arguments *arguments);
bool policy_readable(const char *path); /* there, and no directory; false after a message */
/* folders.c */
typedef void (*policy_fn)(void *user, const char *path);
bool folder_is(const char *path);
/* `each` for the file, or for each .const file below the folder. False after a message: some folder
 * could not be read. */
bool policies_each(const char *path, policy_fn each, void *user);
bool policy_is_compiled(const char *path); /* by what the file holds, not by its name */
cst_engine engine_of(const char *name);    /* "jit", "optimised", "reference", "tiered" */
/* Reads --limit NAME=NUMBER; false after a message. */
bool limits_read(const cli_arguments *arguments, cst_limits *limits);
void diagnostic_print(void *user, const cst_diagnostic *diagnostic);
/* Prints errors alone: warnings are for `constc check`. `user`: a uint32_t that counts them. */
void diagnostic_print_errors(void *user, const cst_diagnostic *diagnostic);
void diagnostic_tally(uint32_t errors,
                      uint32_t warnings); /* "constc: 2 errors, 1 warning", nothing if none */

#endif

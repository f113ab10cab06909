/*
 * rows.h - labelled data: JSON lines, each with a text and what people say about it.
 *
 * `constc eval` and `constc redteam` read the same kind of file. A row is one JSON object a line;
 * the options name the fields. Every line that is not blank becomes one row for the visitor, also
 * the one that could not be read: it has a fault then and nothing else, and who counts decides what
 * to say about it. Nothing is skipped here. One line is in memory at a time.
 *
 * A field is named by its member ("text"), by a path with dots ("message.0.content"), or by a JSON
 * pointer ("/message/0/content").
 */
#ifndef CONSTITUTION_COMPILER_CLI_ROWS_H
#define CONSTITUTION_COMPILER_CLI_ROWS_H

#include "compiler/cli/cli.h"
#include "compiler/cli/progress.h"
#include "runtime/json.h"

typedef enum row_fault {
    ROW_GOOD,
    ROW_TOO_LONG,   /* the line is longer than an event may be */
    ROW_NOT_JSON,   /* or not UTF-8, a member twice, nested too deep */
    ROW_NO_OBJECT,  /* JSON, but no object */
    ROW_NO_TEXT,    /* the field of the text is not there, or null */
    ROW_TEXT_TYPE,  /* it is no string */
    ROW_NO_LABEL,   /* the same of the label */
    ROW_LABEL_TYPE, /* it is a list or an object */
    ROW_SPANS,      /* the marked spans are no list of spans, or lie outside of the text */
    ROW_FAULTS
} row_fault;

const char *row_fault_name(row_fault fault); /* "not_json"; static */
const char *row_fault_text(row_fault fault); /* "not JSON"; static */

typedef enum row_class { ROW_NEGATIVE, ROW_POSITIVE, ROW_SKIPPED } row_class;

typedef struct word_list { /* the words of "a,b", pointing into the command line */
    const char **words;
    uint32_t count;
} word_list;

/* Which fields hold what; points into the command line. */
typedef struct row_fields {
    const char *text, *label;
    const char *id, *category, *spans; /* NULL: not given */
    word_list positive, negative;      /* no negative ones: every other label is negative */
} row_fields;

typedef struct data_row {
    row_fault fault; /* anything but ROW_GOOD: only `file`, `path` and `line` are set */
    uint32_t file;   /* number of the file, 0-based */
    const char *path;
    uint64_t line; /* 1-based */
    row_class kind;
    const char *text, *label, *id; /* id NULL: none; not NUL-terminated */
    uint32_t text_length, label_length, id_length;
    const cst_json *tree; /* the whole row */
} data_row;

typedef struct row_reader {
    row_fields fields;
    run_progress progress;
    arena scratch;
    uint64_t bytes; /* of all input so far */
} row_reader;

/* The words behind the policy are the files. False after a message: the options are wrong.
 * rows_free in either case. */
bool rows_init(row_reader *reader, const cli_arguments *arguments);
void rows_free(row_reader *reader);
/* Reads one file; the visitor answers false to stop. EXIT_GOOD, or EXIT_USAGE after a message. */
int rows_read(row_reader *reader, const char *path, uint32_t file,
              bool (*visit)(void *user, const data_row *row), void *user);

/* The value that a field names, or NULL. */
const cst_json *row_field(const cst_json *object, const char *field);
/* A string, number or boolean as text; false for anything else. */
bool row_plain_text(const cst_json *value, const char **text, uint32_t *length);

/* Adds the words of every use of the option; false after a message (an empty word). */
bool words_split(const cli_arguments *arguments, const char *option, word_list *out);
bool words_have(const word_list *list, const char *text, size_t length);
void words_free(word_list *list);

#endif

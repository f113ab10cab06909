/*
 * diagnostic.h - diagnostics are collected data; only constc prints them.
 *
 * Every diagnostic has a permanent code, one row in diagnostics.def with its severity, its title
 * and a longer explanation for `constc check --explain`. A report has one main range, any number of
 * notes with ranges of their own, and, where one is known, a mend: words for a person and an edit
 * for a tool.
 *
 * Layer 1 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_DIAGNOSTIC_H
#define CONSTITUTION_COMPILER_DIAGNOSTIC_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/source.h"

struct compilation;

typedef enum diagnostic_severity {
    DIAGNOSTIC_ERROR,
    DIAGNOSTIC_WARNING,
} diagnostic_severity;

/* E_UNDECLARED_NAME and so on: one enumerator for each row of diagnostics.def. */
typedef enum diagnostic_code {
#define DIAGNOSTIC(symbol, code, severity, title, explanation) symbol,
#include "compiler/diagnostics.def"
#undef DIAGNOSTIC
    DIAGNOSTIC_CODE_COUNT
} diagnostic_code;

typedef struct diagnostic_note {
    bool has_range;
    source_range range;
    const char *text;
} diagnostic_note;

typedef struct diagnostic {
    diagnostic_code code;
    diagnostic_severity severity;
    source_range range;
    /* one sentence, lower case, no full stop: "no tool is called `send_mail`" */
    const char *message;
    const char *label; /* what stands behind the carets, or NULL: "did you mean `send_email`?" */
    diagnostic_note *notes;
    uint32_t note_count;
    const char *mend; /* words, or NULL: "write `send_email`" */
    bool has_edit;    /* the mend as an edit: put edit_text in the place of edit_range */
    source_range edit_range;
    const char *edit_text;
} diagnostic;

/* Adds a diagnostic; the printf-style message is copied into the arena. Returns it, so that the
 * caller can add a label, notes and a mend; never NULL (past LIMIT_DIAGNOSTICS, of errors or of
 * warnings, a spare that is only counted). The severity is the row's. */
diagnostic *diagnostic_report(struct compilation *compilation, diagnostic_code code,
                              source_range range, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* False: there are LIMIT_DIAGNOSTICS of this severity; what comes is only counted. */
bool diagnostic_is_kept(const struct compilation *compilation, diagnostic_severity severity);
void diagnostic_label(struct compilation *compilation, diagnostic *diagnostic, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));
void diagnostic_note_at(struct compilation *compilation, diagnostic *diagnostic, source_range range,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
void diagnostic_note_text(struct compilation *compilation, diagnostic *diagnostic,
                          const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A mend in words, and as an edit if edit_text is not NULL. */
void diagnostic_mend(struct compilation *compilation, diagnostic *diagnostic,
                     source_range edit_range, const char *edit_text, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* One slip (a letter more, less, another, or two swapped) makes one of the other, without regard to
 * case; names of one or two letters resemble everything. */
bool diagnostic_is_slip(const char *name, const char *other);
/* The nearest of `names` to `name` by edit distance, or NULL if none is near enough to suggest. */
const char *diagnostic_nearest(const char *name, const char *const *names, uint32_t count);

const char *diagnostic_code_name(diagnostic_code code); /* "E0123" */
const char *diagnostic_code_title(diagnostic_code code);
const char *diagnostic_code_explanation(diagnostic_code code);

#endif

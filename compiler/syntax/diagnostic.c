/*
 * diagnostic.c - collecting diagnostics, and the nearest name for "did you mean".
 *
 * The list has its full size from the first report on, so that a pointer to a diagnostic stays good
 * while notes are added to it. Errors and warnings have a bound each: very many warnings never hide
 * why a policy does not compile.
 */
#include "compiler/diagnostic.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compiler/compilation.h"
#include "runtime/limits.h"

#define NEAREST_EDITS 3u /* more than this many slips of the finger is another word */

typedef struct diagnostic_row {
    const char *name;
    diagnostic_severity severity;
    const char *title, *explanation;
} diagnostic_row;

static const diagnostic_row rows[] = {
#define DIAGNOSTIC(symbol, code, severity, title, explanation) {code, severity, title, explanation},
#include "compiler/diagnostics.def"
#undef DIAGNOSTIC
};

__attribute__((format(printf, 2, 0))) static const char *format_list(compilation *compilation,
                                                                     const char *format,
                                                                     va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    char *const text = arena_allocate(&compilation->arena, length > 0 ? (size_t)length + 1 : 1);
    if (length > 0)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

bool diagnostic_is_kept(const compilation *compilation, diagnostic_severity severity)
{
    const uint32_t warnings = compilation->warnings_kept;
    return (severity == DIAGNOSTIC_ERROR ? compilation->diagnostics.count - warnings : warnings) <
           LIMIT_DIAGNOSTICS;
}

static diagnostic *next(compilation *compilation, diagnostic_severity severity)
{
    if (!compilation->diagnostics.items) {
        compilation->diagnostics.items = arena_array(&compilation->arena, 2 * LIMIT_DIAGNOSTICS,
                                                     sizeof *compilation->diagnostics.items);
        compilation->diagnostics.capacity = 2 * LIMIT_DIAGNOSTICS;
    }
    if (!diagnostic_is_kept(compilation, severity)) {
        memset(&compilation->spare, 0, sizeof compilation->spare);
        return &compilation->spare;
    }
    compilation->warnings_kept += severity != DIAGNOSTIC_ERROR;
    return &compilation->diagnostics.items[compilation->diagnostics.count++];
}

diagnostic *diagnostic_report(compilation *compilation, diagnostic_code code, source_range range,
                              const char *format, ...)
{
    const diagnostic_severity severity = rows[code].severity;
    if (severity == DIAGNOSTIC_ERROR)
        compilation->error_count++;
    else
        compilation->warning_count++;
    diagnostic *const report = next(compilation, severity);
    report->code = code;
    report->severity = severity;
    report->range = range;
    report->message = rows[code].title;
    if (report == &compilation->spare)
        return report; /* counted, not kept: nothing is formatted for it */
    va_list arguments;
    va_start(arguments, format);
    report->message = format_list(compilation, format, arguments);
    va_end(arguments);
    return report;
}

void diagnostic_label(compilation *compilation, diagnostic *diagnostic, const char *format, ...)
{
    if (diagnostic == &compilation->spare)
        return;
    va_list arguments;
    va_start(arguments, format);
    diagnostic->label = format_list(compilation, format, arguments);
    va_end(arguments);
}

static void add_note(compilation *compilation, diagnostic *diagnostic, diagnostic_note note)
{
    /* Notes are few: the array grows whenever the count is a power of two. */
    const uint32_t count = diagnostic->note_count;
    if ((count & (count - 1)) == 0) {
        diagnostic_note *const notes =
            arena_array(&compilation->arena, count ? (size_t)count * 2 : 1, sizeof *notes);
        if (count)
            memcpy(notes, diagnostic->notes, count * sizeof *notes);
        diagnostic->notes = notes;
    }
    diagnostic->notes[diagnostic->note_count++] = note;
}

void diagnostic_note_at(compilation *compilation, diagnostic *diagnostic, source_range range,
                        const char *format, ...)
{
    if (diagnostic == &compilation->spare)
        return;
    va_list arguments;
    va_start(arguments, format);
    add_note(compilation, diagnostic,
             (diagnostic_note){true, range, format_list(compilation, format, arguments)});
    va_end(arguments);
}

void diagnostic_note_text(compilation *compilation, diagnostic *diagnostic, const char *format, ...)
{
    if (diagnostic == &compilation->spare)
        return;
    va_list arguments;
    va_start(arguments, format);
    add_note(
        compilation, diagnostic,
        (diagnostic_note){.has_range = false, .text = format_list(compilation, format, arguments)});
    va_end(arguments);
}

void diagnostic_mend(compilation *compilation, diagnostic *diagnostic, source_range edit_range,
                     const char *edit_text, const char *format, ...)
{
    if (diagnostic == &compilation->spare)
        return;
    va_list arguments;
    va_start(arguments, format);
    diagnostic->mend = format_list(compilation, format, arguments);
    va_end(arguments);
    diagnostic->has_edit = edit_text != NULL;
    diagnostic->edit_range = edit_range;
    diagnostic->edit_text =
        edit_text ? arena_copy(&compilation->arena, edit_text, strlen(edit_text)) : NULL;
}

/* ---- the nearest name ------------------------------------------------------------------------ */

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/*
 * Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`, without regard
 * to case; more than `most` is answered as most + 1. Only cells within `most` of the diagonal can
 * matter, so a pair costs its length times a small constant, and a policy with many names stays
 * cheap to be wrong about.
 */
static uint32_t edit_distance(const char *a, uint32_t a_length, const char *b, uint32_t b_length,
                              uint32_t most)
{
    uint32_t storage[3][LIMIT_NAME_BYTES + 2];
    uint32_t *before = storage[0], *above = storage[1], *row = storage[2];
    for (uint32_t j = 0; j <= b_length; j++)
        before[j] = row[j] = most + 1, above[j] = least(j, most + 1);
    for (uint32_t i = 1; i <= a_length; i++) {
        const uint32_t from = i > most ? i - most : 1, to = least(i + most, b_length);
        uint32_t smallest = most + 1;
        row[from - 1] = from == 1 ? least(i, most + 1) : most + 1;
        for (uint32_t j = from; j <= to; j++) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            uint32_t cost = above[j - 1] + !same;
            cost = least(cost, row[j - 1] + 1);
            cost = least(cost, (j == i + most ? most + 1 : above[j]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                cost = least(cost, before[j - 2] + 1);
            row[j] = least(cost, most + 1);
            smallest = least(smallest, row[j]);
        }
        if (smallest > most && row[from - 1] > most)
            return most + 1;
        uint32_t *const oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_length];
}

bool diagnostic_is_slip(const char *name, const char *other)
{
    const size_t length = strlen(name), other_length = strlen(other);
    return length > 2 && other_length > 2 && length <= LIMIT_NAME_BYTES &&
           other_length <= LIMIT_NAME_BYTES &&
           edit_distance(name, (uint32_t)length, other, (uint32_t)other_length, 1) == 1;
}

const char *diagnostic_nearest(const char *name, const char *const *names, uint32_t count)
{
    const size_t length = strlen(name);
    if (length == 0 || length > LIMIT_NAME_BYTES)
        return NULL;
    const char *best = NULL;
    /* One slip in short names, up to three in long ones; a name of one or two letters resembles
     * everything. */
    uint32_t most = least(NEAREST_EDITS, length < 3 ? 0 : (uint32_t)(length + 1) / 3);
    if (length >= 3 && most == 0)
        most = 1;
    for (uint32_t i = 0; i < count; i++) {
        const size_t other = strlen(names[i]);
        const size_t apart = other > length ? other - length : length - other;
        if (other == 0 || other > LIMIT_NAME_BYTES || apart > most)
            continue;
        const uint32_t distance =
            edit_distance(name, (uint32_t)length, names[i], (uint32_t)other, most);
        if (distance > most || distance >= other)
            continue;
        best = names[i];
        if (distance == 0)
            return best;
        most = distance - 1; /* the first of equally near ones stays */
    }
    return best;
}

/* ---- the table ------------------------------------------------------------------------------- */

const char *diagnostic_code_name(diagnostic_code code)
{
    return rows[code].name;
}

const char *diagnostic_code_title(diagnostic_code code)
{
    return rows[code].title;
}

const char *diagnostic_code_explanation(diagnostic_code code)
{
    return rows[code].explanation;
}

/*
 * render_text.c - a diagnostic for a person: the sentence, the line it is about with carets, the
 * notes, the mend.
 *
 *     error[E0201]: no tool is called `send_mail`
 *      --> support.const:3:18
 *       |
 *     3 | rule r on action send_mail then deny
 *       |                  ^^^^^^^^^ did you mean `send_email`?
 *       |
 *       = help: write `send_email`
 *
 * A source is not trusted to be fit for a terminal: control characters, malformed bytes and
 * characters that turn the direction of writing are shown as U+FFFD. Tabs are four columns, wide
 * characters two. Of a long line the part around the carets is shown.
 */
#include "compiler/render.h"

#include <stddef.h>
#include <string.h>

#include "runtime/utf8.h"

#define LINE_COLUMNS 110u /* of a source line; more is cut */
#define TAB_COLUMNS  4u
/* on both sides of the carets; more bytes than LINE_COLUMNS have, so nothing that fits is cut */
#define FAR_BYTES 2000u

static const char plain[] = "\x1b[0m", bold[] = "\x1b[1m", red[] = "\x1b[1;31m",
                  yellow[] = "\x1b[1;33m", blue[] = "\x1b[1;34m", green[] = "\x1b[1;32m";

typedef struct page {
    buffer *out;
    compilation *compilation;
    bool colour;
    int gutter; /* digits of the largest line number */
} page;

static void paint(const page *page, const char *colour)
{
    if (page->colour)
        buffer_text(page->out, colour);
}

static void painted(const page *page, const char *colour, const char *text)
{
    paint(page, colour);
    buffer_text(page->out, text);
    paint(page, plain);
}

/* ---- columns --------------------------------------------------------------------------------- */

static bool is_unfit(uint32_t code)
{
    return code == UINT32_MAX || code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

/* Columns of a terminal, roughly: combining marks none, East Asian and pictures two. */
static uint32_t columns_of(uint32_t code)
{
    if (code == '\t')
        return TAB_COLUMNS;
    if (code < 0x300)
        return 1;
    if (code <= 0x36f || (code >= 0x1ab0 && code <= 0x1aff) || (code >= 0x20d0 && code <= 0x20ff) ||
        (code >= 0xfe00 && code <= 0xfe0f))
        return 0;
    const bool wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
                      (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
                      (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
                      (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
    return wide && !is_unfit(code) ? 2 : 1;
}

static uint32_t width(const char *from, const char *to)
{
    uint32_t columns = 0;
    while (from < to)
        columns += columns_of(utf8_decode(&from, to));
    return columns;
}

static void clean(buffer *out, const char *from, const char *to)
{
    while (from < to) {
        const char *const start = from;
        const uint32_t code = utf8_decode(&from, to);
        if (code == '\t')
            buffer_add(out, "    ", TAB_COLUMNS);
        else if (is_unfit(code))
            buffer_text(out, "\xef\xbf\xbd");
        else
            buffer_add(out, start, (size_t)(from - start));
    }
}

static void clean_text(const page *page, const char *text)
{
    clean(page->out, text, text + strlen(text));
}

/* ---- a line of the source -------------------------------------------------------------------- */

typedef struct excerpt {
    const char *line, *line_end; /* without its line end */
    const char *from, *to;       /* what is marked in it */
    bool cut_before, cut_behind;
} excerpt;

/* The part of a long line that holds the marks. */
static void cut(excerpt *excerpt)
{
    /* A line may be as long as the file: what is far away is not even counted. */
    if (excerpt->from - excerpt->line > (ptrdiff_t)FAR_BYTES) {
        excerpt->line = excerpt->from - FAR_BYTES;
        while (((unsigned char)*excerpt->line & 0xc0) == 0x80 && excerpt->line < excerpt->from)
            excerpt->line++;
        excerpt->cut_before = true;
    }
    if (excerpt->line_end - excerpt->from > (ptrdiff_t)FAR_BYTES) {
        excerpt->line_end = excerpt->from + FAR_BYTES;
        while (((unsigned char)*excerpt->line_end & 0xc0) == 0x80 &&
               excerpt->line_end > excerpt->from)
            excerpt->line_end--;
        excerpt->cut_behind = true;
    }
    if (excerpt->to > excerpt->line_end)
        excerpt->to = excerpt->line_end;
    if (width(excerpt->line, excerpt->line_end) <= LINE_COLUMNS)
        return;
    const uint32_t before = LINE_COLUMNS / 3;
    const char *start = excerpt->line;
    uint32_t left = width(excerpt->line, excerpt->from);
    while (left > before) {
        left -= columns_of(utf8_decode(&start, excerpt->line_end));
        excerpt->cut_before = true;
    }
    const char *end = start;
    for (uint32_t used = 0; end < excerpt->line_end && used < LINE_COLUMNS;)
        used += columns_of(utf8_decode(&end, excerpt->line_end));
    excerpt->cut_behind = excerpt->cut_behind || end < excerpt->line_end;
    excerpt->line = start;
    excerpt->line_end = end;
    if (excerpt->to > end)
        excerpt->to = end;
}

static excerpt line_at(const source *source, uint32_t line, uint32_t from, uint32_t to)
{
    const char *const start = source->bytes + source->lines[line - 1];
    const char *const limit = source->bytes + source->length;
    const char *end = memchr(start, '\n', (size_t)(limit - start));
    if (!end)
        end = limit;
    while (end > start && end[-1] == '\r')
        end--;
    excerpt excerpt = {
        .line = start, .line_end = end, .from = source->bytes + from, .to = source->bytes + to};
    if (source->lines[line - 1] == 0 && end - start >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0)
        excerpt.line += 3;
    if (excerpt.from < excerpt.line)
        excerpt.from = excerpt.line;
    if (excerpt.from > end)
        excerpt.from = end;
    if (excerpt.to > end)
        excerpt.to = end;
    if (excerpt.to < excerpt.from)
        excerpt.to = excerpt.from;
    cut(&excerpt);
    return excerpt;
}

static void margin(const page *page, uint32_t line)
{
    paint(page, blue);
    if (line)
        buffer_format(page->out, "%*u |", page->gutter, line);
    else
        buffer_format(page->out, "%*s |", page->gutter, "");
    paint(page, plain);
}

/* The line, and below it the carets and the label. */
static void show_line(const page *page, const source *source, uint32_t line, uint32_t from,
                      uint32_t to, const char *colour, const char *label)
{
    const excerpt excerpt = line_at(source, line, from, to);
    margin(page, line);
    if (excerpt.line < excerpt.line_end)
        buffer_text(page->out, " ");
    if (excerpt.cut_before)
        buffer_text(page->out, "…");
    clean(page->out, excerpt.line, excerpt.line_end);
    buffer_text(page->out, excerpt.cut_behind ? "…\n" : "\n");
    margin(page, 0);
    uint32_t carets = width(excerpt.from, excerpt.to);
    const int indent = (int)(width(excerpt.line, excerpt.from) + (excerpt.cut_before ? 1 : 0));
    buffer_format(page->out, " %*s", indent, "");
    paint(page, colour);
    for (carets = carets ? carets : 1; carets > 0; carets--)
        buffer_text(page->out, colour == blue ? "-" : "^");
    if (label) {
        buffer_text(page->out, " ");
        clean_text(page, label);
    }
    paint(page, plain);
    buffer_text(page->out, "\n");
}

/* Where it stands, and the source. A range of several lines shows the first and the last. */
static void show_place(const page *page, source_range range, const char *colour, const char *label)
{
    const source_position start = source_locate(page->compilation, range.file, range.start);
    const uint32_t last = range.end > range.start ? range.end - 1 : range.end;
    const source_position end = source_locate(page->compilation, range.file, last);
    const source *const source = &page->compilation->sources.items[range.file];
    paint(page, blue);
    buffer_format(page->out, "%*s--> ", page->gutter, "");
    paint(page, plain);
    clean_text(page, source->path);
    buffer_format(page->out, ":%u:%u\n", start.line, start.column);
    margin(page, 0);
    buffer_text(page->out, "\n");
    const bool several = end.line > start.line;
    show_line(page, source, start.line, range.start, range.end, colour, several ? NULL : label);
    if (several) {
        if (end.line > start.line + 1) {
            paint(page, blue);
            buffer_text(page->out, "...\n");
            paint(page, plain);
        }
        uint32_t from = source->lines[end.line - 1];
        while (from < last && (source->bytes[from] == ' ' || source->bytes[from] == '\t'))
            from++;
        show_line(page, source, end.line, from, range.end, colour, label);
    }
}

static bool has_place(const compilation *compilation, source_range range)
{
    return range.file < compilation->sources.count;
}

static int digits_of(uint32_t number)
{
    int digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

static int gutter_of(compilation *compilation, const diagnostic *diagnostic)
{
    uint32_t line = source_locate(compilation, diagnostic->range.file, diagnostic->range.end).line;
    for (uint32_t i = 0; i < diagnostic->note_count; i++) {
        if (!diagnostic->notes[i].has_range)
            continue;
        const source_range range = diagnostic->notes[i].range;
        const uint32_t end = source_locate(compilation, range.file, range.end).line;
        line = end > line ? end : line;
    }
    return digits_of(line);
}

/* ---- the whole of it ------------------------------------------------------------------------- */

static void show_note(const page *page, const diagnostic_note *note)
{
    if (note->has_range && has_place(page->compilation, note->range)) {
        painted(page, green, "note");
        buffer_text(page->out, ": ");
        clean_text(page, note->text);
        buffer_text(page->out, "\n");
        show_place(page, note->range, blue, NULL);
        return;
    }
    paint(page, blue);
    buffer_format(page->out, "%*s = ", page->gutter, "");
    paint(page, plain);
    painted(page, bold, "note");
    buffer_text(page->out, ": ");
    clean_text(page, note->text);
    buffer_text(page->out, "\n");
}

static void show_help(const page *page, const char *help)
{
    paint(page, blue);
    buffer_format(page->out, "%*s = ", page->gutter, "");
    paint(page, plain);
    painted(page, green, "help");
    buffer_text(page->out, ": ");
    clean_text(page, help);
    buffer_text(page->out, "\n");
}

void render_text(buffer *out, compilation *compilation, const diagnostic *diagnostic, bool colour)
{
    const page page = {out, compilation, colour, gutter_of(compilation, diagnostic)};
    const bool error = diagnostic->severity == DIAGNOSTIC_ERROR;
    const char *const ink = error ? red : yellow;
    paint(&page, ink);
    buffer_format(out, "%s[%s]", error ? "error" : "warning",
                  diagnostic_code_name(diagnostic->code));
    paint(&page, plain);
    paint(&page, bold);
    buffer_text(out, ": ");
    clean_text(&page, diagnostic->message);
    paint(&page, plain);
    buffer_text(out, "\n");
    if (has_place(compilation, diagnostic->range))
        show_place(&page, diagnostic->range, ink, diagnostic->label);
    for (uint32_t i = 0; i < diagnostic->note_count; i++)
        show_note(&page, &diagnostic->notes[i]);
    if (diagnostic->mend)
        show_help(&page, diagnostic->mend);
    buffer_text(out, "\n");
}

void render_place(buffer *out, compilation *compilation, const char *title, source_range range,
                  const char *label, const char *help, bool colour)
{
    const diagnostic at = {.range = range};
    const page page = {out, compilation, colour, gutter_of(compilation, &at)};
    paint(&page, bold);
    clean_text(&page, title);
    paint(&page, plain);
    buffer_text(out, "\n");
    show_place(&page, range, yellow, label);
    if (help)
        show_help(&page, help);
    buffer_text(out, "\n");
}

void render_summary(buffer *out, const compilation *compilation, bool colour)
{
    const uint32_t errors = compilation->error_count, warnings = compilation->warning_count;
    if (errors + warnings == 0)
        return;
    const page page = {out, NULL, colour, 0};
    if (errors) {
        paint(&page, red);
        buffer_format(out, "%u error%s", errors, errors == 1 ? "" : "s");
        paint(&page, plain);
    }
    if (warnings) {
        buffer_text(out, errors ? ", " : "");
        paint(&page, yellow);
        buffer_format(out, "%u warning%s", warnings, warnings == 1 ? "" : "s");
        paint(&page, plain);
    }
    if (errors + warnings > compilation->diagnostics.count)
        buffer_format(out, "; %u not shown", errors + warnings - compilation->diagnostics.count);
    buffer_text(out, "\n");
}

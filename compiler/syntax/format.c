/*
 * format.c - source_format: reads a source into lines of pieces, has them laid out, writes them,
 * and proves what it has written.
 *
 * Comments are no tokens: they stand in the gaps between two of them. So a source is read as its
 * tokens with the comments of the gaps between them, and the result is read in the same way: unless
 * it parses and has the same pieces in the same order, nothing is answered.
 *
 * A text that is laid out must stay as it is when it is laid out again. That holds because the text
 * is laid out until it does: once more is enough for nearly all, where lines that were moved have
 * others hanging on them it takes longer. What has not come to rest after LAYOUT_ROUNDS is laid out
 * without regard to alignment, which rests at once.
 */
#include <string.h>

#include "compiler/syntax/format.h"
#include "compiler/syntax/layout.h"

enum { LAYOUT_ROUNDS = 4, TAB_COLUMNS = 8 };

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct reading {
    layout *layout;
    uint32_t column;   /* of the byte in hand */
    uint32_t behind;   /* the column behind the last piece */
    uint32_t newlines; /* since the last piece */
} reading;

static uint32_t width_of(const char *bytes, uint32_t start, uint32_t end)
{
    uint32_t width = 0;
    for (uint32_t i = start; i < end; i++)
        width += ((unsigned char)bytes[i] & 0xC0u) != 0x80u;
    return width;
}

static void add_piece(reading *reading, uint32_t start, uint32_t end, uint16_t kind,
                      layout_unit unit)
{
    layout *const layout = reading->layout;
    const bool first =
        layout->pieces.count == 0 || reading->newlines > 0 || unit == UNIT_DECLARATION;
    if (first)
        *ARENA_PUSH(layout->arena, &layout->lines) =
            (layout_line){.first = layout->pieces.count,
                          .blank_before = layout->pieces.count > 0 && reading->newlines > 1};
    layout->lines.items[layout->lines.count - 1].count++;
    layout_piece *const piece = ARENA_PUSH(layout->arena, &layout->pieces);
    *piece = (layout_piece){
        .start = start,
        .end = end,
        .kind = kind,
        .unit = (uint8_t)unit,
        .line = layout->lines.count - 1,
        .width = width_of(layout->bytes, start, end),
        .source_column = reading->column,
        .source_gap = first ? 0 : reading->column - reading->behind,
        .link = PIECE_NONE,
    };
    reading->column += piece->width;
    reading->behind = reading->column;
    reading->newlines = 0;
}

/* Blanks, line ends and comments; a file without errors has nothing else between its tokens. */
static void read_gap(reading *reading, uint32_t from, uint32_t to)
{
    const char *const bytes = reading->layout->bytes;
    for (uint32_t at = from; at < to; at++) {
        if (bytes[at] == '\n') {
            reading->newlines++;
            reading->column = 0;
        } else if (bytes[at] == '\t')
            reading->column += TAB_COLUMNS - reading->column % TAB_COLUMNS;
        else if (bytes[at] == ' ')
            reading->column++;
        else if (bytes[at] == '/') {
            const char *const line_end = memchr(bytes + at, '\n', to - at);
            const uint32_t next = line_end != NULL ? (uint32_t)(line_end - bytes) : to;
            uint32_t end = next;
            while (bytes[end - 1] == ' ' || bytes[end - 1] == '\t' || bytes[end - 1] == '\r')
                end--;
            add_piece(reading, at, end, PIECE_COMMENT, UNIT_NONE);
            at = next - 1;
        }
    }
}

typedef struct unit_list {
    struct unit_start {
        uint32_t start;
        layout_unit unit;
    } *items;
    uint32_t count, capacity;
} unit_list;

static void units_of(arena *arena, const ast_file *file, unit_list *out)
{
    for (uint32_t i = 0; i < file->count; i++) {
        const ast_declaration *const one = file->items[i];
        *ARENA_PUSH(arena, out) = (struct unit_start){one->range.start, UNIT_DECLARATION};
        for (uint32_t k = 0; k < one->step_count; k++)
            *ARENA_PUSH(arena, out) = (struct unit_start){one->steps[k].range.start, UNIT_STEP};
    }
}

/* False: it has errors, which are in the compilation. */
static bool layout_read(layout *layout, compilation *compilation, uint32_t number)
{
    const ast_file *const file = pass_parse(compilation, number);
    if (file->has_errors)
        return false;
    const source *const source = &compilation->sources.items[number];
    struct parsing parsing = {.compilation = compilation,
                              .arena = &compilation->arena,
                              .source = number,
                              .bytes = source->bytes,
                              .length = source->length};
    layout->arena = &compilation->arena;
    layout->bytes = source->bytes;
    layout->length = source->length;
    layout->mark = source->length >= 3 && memcmp(source->bytes, "\xef\xbb\xbf", 3) == 0;
    const char *const line_end = memchr(source->bytes, '\n', source->length);
    layout->crlf = line_end != NULL && line_end > source->bytes && line_end[-1] == '\r';
    unit_list units = {0};
    units_of(&compilation->arena, file, &units);
    struct lexer lexer;
    lexer_begin(&lexer, &parsing);
    reading reading = {.layout = layout};
    uint32_t end = layout->mark ? 3 : 0;
    for (uint32_t unit = 0;;) {
        const struct token token = lexer_next(&lexer);
        read_gap(&reading, end, token.start);
        if (token.kind == TOKEN_END)
            return true;
        const bool begins = unit < units.count && units.items[unit].start == token.start;
        add_piece(&reading, token.start, token.end, token.kind,
                  begins ? units.items[unit++].unit : UNIT_NONE);
        end = token.end;
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_blanks(buffer *out, uint32_t count)
{
    static const char blanks[] = "                                                                ";
    const uint32_t most = sizeof blanks - 1;
    for (; count > most && !out->failed; count -= most)
        buffer_add(out, blanks, most);
    buffer_add(out, blanks, count);
}

static void layout_write(const layout *layout, buffer *out)
{
    buffer_clear(out);
    if (layout->mark)
        buffer_text(out, "\xef\xbb\xbf");
    const char *const line_end = layout->crlf ? "\r\n" : "\n";
    for (uint32_t i = 0; i < layout->lines.count; i++) {
        const layout_line *const line = &layout->lines.items[i];
        if (line->blank_before)
            buffer_text(out, line_end);
        uint32_t column = 0;
        for (uint32_t k = 0; k < line->count; k++) {
            const layout_piece *const piece = line_piece(layout, line, k);
            write_blanks(out, piece->column > column ? piece->column - column : 0);
            buffer_add(out, layout->bytes + piece->start, piece->end - piece->start);
            column = piece->column + piece->width;
        }
        buffer_text(out, line_end);
    }
}

/* ---- proving --------------------------------------------------------------------------------- */

static bool are_same(const layout *one, const layout *other)
{
    if (one->pieces.count != other->pieces.count)
        return false;
    for (uint32_t i = 0; i < one->pieces.count; i++) {
        const layout_piece *const a = &one->pieces.items[i], *const b = &other->pieces.items[i];
        if (a->kind != b->kind || a->unit != b->unit || a->end - a->start != b->end - b->start ||
            memcmp(one->bytes + a->start, other->bytes + b->start, a->end - a->start) != 0)
            return false;
    }
    return true;
}

static bool is_text_of(const layout *layout, const buffer *text)
{
    return text->length == layout->length &&
           (text->length == 0 || memcmp(text->bytes, layout->bytes, text->length) == 0);
}

format_answer source_format(compilation *compilation, uint32_t source, buffer *out)
{
    layout written = {0};
    if (!layout_read(&written, compilation, source))
        return FORMAT_ERRORS;
    layout current = written;
    for (uint32_t round = 0;; round++) {
        current.plain = round == LAYOUT_ROUNDS;
        layout_spaces(&current);
        layout_levels(&current);
        layout_columns(&current);
        layout_write(&current, out);
        if (out->length > LIMIT_SOURCE_BYTES || out->failed)
            return FORMAT_TOO_LONG;
        if (is_text_of(&current, out))
            return FORMAT_DONE;
        const uint32_t number =
            source_add(compilation, "formatted", out->length > 0 ? out->bytes : "", out->length);
        const bool last = current.plain;
        current = (layout){0};
        if (number == UINT32_MAX || !layout_read(&current, compilation, number) ||
            !are_same(&written, &current))
            return FORMAT_BROKEN;
        if (last)
            return FORMAT_DONE;
    }
}

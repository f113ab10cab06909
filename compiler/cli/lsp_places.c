/*
 * lsp_places.c - places in a text as editors count them: lines from zero, columns in UTF-16 units
 * or, where the editor offers it, bytes.
 *
 * Lines end where the lexer ends them, at \n; a \r before it belongs to the line and is not counted
 * as a place. Texts that are not UTF-8 have errors anyhow: a byte that begins no character counts
 * as one unit.
 */
#include <string.h>

#include "compiler/cli/lsp.h"
#include "runtime/utf8.h"

/* Bytes of the character at `at`, and its UTF-16 units. */
static uint32_t character(const source *source, uint32_t at, uint32_t *units)
{
    const uint32_t step = utf8_step((const unsigned char *)source->bytes + at,
                                    (const unsigned char *)source->bytes + source->length);
    *units = step == 4 ? 2 : 1;
    return step == 0 ? 1 : step;
}

static uint64_t number(const cst_json *value)
{
    uint64_t out = 0;
    for (uint32_t i = 0; value != NULL && value->kind == JSON_NUMBER && i < value->length; i++) {
        if (value->text[i] < '0' || value->text[i] > '9' || out > UINT32_MAX)
            break;
        out = out * 10 + (uint64_t)(value->text[i] - '0');
    }
    return out;
}

uint32_t lsp_offset(const lsp_server *server, const source *source, const cst_json *position)
{
    const uint64_t line = number(json_member(position, "line")),
                   column = number(json_member(position, "character"));
    uint32_t at = 0;
    for (uint64_t i = 0; i < line; i++) {
        const char *const end = memchr(source->bytes + at, '\n', source->length - at);
        if (end == NULL)
            return source->length;
        at = (uint32_t)(end - source->bytes) + 1;
    }
    for (uint64_t i = 0; i < column && at < source->length && source->bytes[at] != '\n';) {
        uint32_t units;
        const uint32_t step = character(source, at, &units);
        i += server->utf8 ? step : units;
        at += step;
    }
    return at;
}

static void position_write(const lsp_server *server, buffer *out, const source *source,
                           uint32_t offset)
{
    uint32_t line = 0, start = 0;
    const uint32_t stop = offset < source->length ? offset : source->length;
    for (const char *end; (end = memchr(source->bytes + start, '\n', stop - start)) != NULL; line++)
        start = (uint32_t)(end - source->bytes) + 1;
    uint32_t column = 0;
    for (uint32_t at = start; at < stop;) {
        uint32_t units;
        const uint32_t step = character(source, at, &units);
        column += server->utf8 ? step : units;
        at += step;
    }
    buffer_format(out, "{\"line\":%u,\"character\":%u}", line, column);
}

void lsp_range_write(const lsp_server *server, buffer *out, const source *source, uint32_t start,
                     uint32_t end)
{
    buffer_text(out, "{\"start\":");
    position_write(server, out, source, start);
    buffer_text(out, ",\"end\":");
    position_write(server, out, source, end < start ? start : end);
    buffer_text(out, "}");
}

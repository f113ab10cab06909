/*
 * view.c - making views: which segments there are, and in which order.
 *
 * Segments are decoded first and folded then, each on its own; the maps of the second step stand on
 * those of the first.
 */
#include "runtime/text/view_private.h"

#include <string.h>

#include "runtime/limits.h"
#include "runtime/utf8.h"

/* A text with U+FFFD for each malformed byte; the text itself if it has none. */
static bool make_valid(arena *memory, const char *text, uint32_t length, view_segment *out)
{
    *out = (view_segment){text, length, NULL};
    if (utf8_valid(text, length))
        return true;
    view_writer writer;
    writer_begin(&writer, memory, length);
    for (uint32_t at = 0; at < length && !writer.failed;) {
        const uint32_t step =
            utf8_step((const unsigned char *)text + at, (const unsigned char *)text + length);
        char bytes[4] = "\xEF\xBF\xBD";
        if (step)
            memcpy(bytes, text + at, step);
        writer_character(&writer, bytes, step ? step : 3, at, at + (step ? step : 1));
        at += step ? step : 1;
    }
    return writer_finish(&writer, NULL, out);
}

static bool make_rot13(decoder *d, const view_segment *text)
{
    char *const bytes = arena_allocate(d->arena, text->length);
    if (!bytes)
        return false;
    for (uint32_t i = 0; i < text->length; i++) {
        const char c = text->bytes[i], low = (char)(c | 0x20);
        const bool letter = low >= 'a' && low <= 'z';
        bytes[i] = (char)(letter ? (c & ~0x1F) | ((low - 'a' + 13) % 26 + 1) : c);
    }
    const view_segment segment = {bytes, text->length, text->map};
    d->work += text->length;
    decode_add(d, &segment);
    return !d->failed;
}

static bool make_folded(arena *memory, const char *text, uint32_t length, view *out)
{
    view_segment *const segment = arena_allocate(memory, sizeof *segment);
    if (!segment || !fold_segment(memory, text, length, NULL, segment))
        return false;
    *out = (view){segment, 1, false, (uint64_t)length + segment->length};
    return true;
}

__attribute__((noinline)) static bool make_several(arena *memory, const char *text, uint32_t length,
                                                   unsigned views, view *out)
{
    const uint64_t most = (uint64_t)length * LIMIT_DECODE_GROWTH;
    decoder d = {.arena = memory,
                 .most = most < LIMIT_DECODE_BYTES ? (uint32_t)most : LIMIT_DECODE_BYTES,
                 .work = length};
    view_segment whole;
    if (!make_valid(memory, text, length, &whole))
        return false;
    decode_add(&d, &whole);
    if (!d.failed && (views & VIEW_DECODED))
        decode_segment(&d, &whole, 0);
    if (!d.failed && (views & VIEW_ROT13) && !make_rot13(&d, &whole))
        return false;
    if (d.failed)
        return false;
    for (uint32_t i = 0; i < d.count && (views & VIEW_FOLDED); i++) {
        const view_segment plain = d.items[i];
        if (!fold_segment(memory, plain.bytes, plain.length, plain.map, &d.items[i]))
            return false;
        d.work += (uint64_t)plain.length + d.items[i].length;
    }
    *out = (view){d.items, d.count, d.limited, d.work};
    return true;
}

bool view_make(arena *memory, const char *text, uint32_t length, unsigned views, view *out)
{
    return views == VIEW_FOLDED ? make_folded(memory, text, length, out)
                                : make_several(memory, text, length, views, out);
}

/* Signs that prose has; none of them can stand for a letter. */
static inline bool is_common(unsigned c)
{
    const uint64_t signs = UINT64_C(1) << ' ' | UINT64_C(1) << '"' | UINT64_C(1) << '\'' |
                           UINT64_C(1) << '(' | UINT64_C(1) << ')' | UINT64_C(1) << ':' |
                           UINT64_C(1) << ';' | UINT64_C(1) << ',' | UINT64_C(1) << '-' |
                           UINT64_C(1) << '.' | UINT64_C(1) << '?';
    return c < 64 && (signs >> c & 1) != 0;
}

const char *view_few(const char *text, uint32_t length, char out[VIEW_FEW])
{
    uint32_t letters = 0; /* of the word so far */
    unsigned last = 0, before = 0;
    bool changes = false;
    if (length > VIEW_FEW)
        return NULL;
    for (uint32_t i = 0; i < length; i++) {
        unsigned c = (unsigned char)text[i];
        if ((c | 0x20) - 'a' < 26) {
            changes = changes || c < 'a';
            c |= 0x20;
            if (c == last && c == before) /* three times */
                return NULL;
            letters++;
        } else {
            changes = changes || c < ' ';
            c = c >= '\t' && c <= '\r' ? ' ' : c;
            if (letters == 1 || c == last || !is_common(c))
                return NULL;
            letters = 0;
        }
        out[i] = (char)c;
        before = last;
        last = c;
    }
    return letters == 1 ? NULL : changes ? out : text;
}

/*
 * view_map.c - maps of views: the writer that makes them, and the look-up.
 *
 * Most texts change little, and then in place: a map has a piece for each place where it does not
 * go byte for byte, and none at all where it does everywhere.
 */
#include "runtime/text/view_private.h"

#include <string.h>

bool writer_begin(view_writer *writer, arena *memory, uint32_t capacity)
{
    *writer = (view_writer){.arena = memory, .capacity = capacity};
    writer->bytes = arena_allocate(memory, capacity);
    writer->failed = !writer->bytes;
    if (writer->failed)
        writer->capacity = 0;
    return !writer->failed;
}

bool writer_room(view_writer *writer, uint32_t more)
{
    if (writer->failed)
        return false;
    if (writer->capacity - writer->length >= more)
        return true;
    uint64_t grown = (uint64_t)writer->length + more + writer->capacity / 2 + 64;
    if (grown > UINT32_MAX)
        grown = UINT32_MAX;
    char *const bytes =
        grown - writer->length >= more ? arena_allocate(writer->arena, (size_t)grown) : NULL;
    if (!bytes) {
        writer->failed = true;
        writer->capacity = writer->length;
        return false;
    }
    memcpy(bytes, writer->bytes, writer->length);
    writer->bytes = bytes;
    writer->capacity = (uint32_t)grown;
    return true;
}

void writer_piece(view_writer *writer, piece_kind kind, uint32_t source, uint32_t source_end,
                  uint32_t skip)
{
    if (writer->count == writer->piece_capacity &&
        !arena_grow(writer->arena, (void **)&writer->items, &writer->piece_capacity,
                    sizeof *writer->items)) {
        writer->failed = true;
        writer->capacity = writer->length;
        return;
    }
    writer->items[writer->count++] =
        (view_piece){writer->length, source, source_end, (uint16_t)kind, (uint16_t)skip};
}

char *writer_stretch(view_writer *writer, uint32_t length, uint32_t source)
{
    if (!writer_room(writer, length))
        return NULL;
    const view_piece *const last = writer->count ? &writer->items[writer->count - 1] : NULL;
    if (length && (!last || last->kind != PIECE_SAME ||
                   source != last->source + (writer->length - last->out)))
        writer_piece(writer, PIECE_SAME, source, 0, 0);
    char *const bytes = writer->bytes + writer->length;
    writer->length += length;
    return bytes;
}

void writer_truncate(view_writer *writer, uint32_t length)
{
    writer->length = length;
    while (writer->count && writer->items[writer->count - 1].out >= length)
        writer->count--;
}

bool writer_finish(view_writer *writer, const view_map *source, view_segment *out)
{
    if (writer->failed)
        return false;
    *out = (view_segment){writer->bytes, writer->length, source};
    if (writer->count == 0 ||
        (writer->count == 1 && writer->items[0].kind == PIECE_SAME && writer->items[0].source == 0))
        return true;
    view_map *const map = arena_allocate(writer->arena, sizeof *map);
    if (!map)
        return false;
    *map = (view_map){writer->items, writer->count, source};
    out->map = map;
    return true;
}

void piece_source(const view_piece *piece, uint32_t start, uint32_t end, uint32_t *source_start,
                  uint32_t *source_end)
{
    const uint32_t first = start - piece->out, last = end - 1 - piece->out; /* bytes of the piece */
    switch ((piece_kind)piece->kind) {
    case PIECE_SAME:
        *source_start = piece->source + first;
        *source_end = piece->source + last + 1;
        return;
    case PIECE_ATOM:
        *source_start = piece->source;
        *source_end = piece->source_end;
        return;
    case PIECE_DOUBLE:
        *source_start = piece->source + 2 * first;
        *source_end = piece->source + 2 * (last + 1);
        return;
    case PIECE_BASE64: { /* byte k of all lies in the characters k*8/6 to (k*8+7)/6 */
        const uint32_t from = first + piece->skip, to = last + piece->skip;
        *source_start = piece->source + from + from / 3;
        *source_end = piece->source + to + to / 3 + 2;
        return;
    }
    }
}

static const view_piece *find_piece(const view_map *map, uint32_t at)
{
    uint32_t low = 0, high = map->count - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low + 1) / 2;
        if (map->pieces[middle].out <= at)
            low = middle;
        else
            high = middle - 1;
    }
    return &map->pieces[low];
}

void map_source(const view_map *map, uint32_t start, uint32_t end, uint32_t *source_start,
                uint32_t *source_end)
{
    uint32_t ignored;
    piece_source(find_piece(map, start), start, start + 1, source_start, &ignored);
    piece_source(find_piece(map, end - 1), end - 1, end, &ignored, source_end);
}

/* An empty range keeps its place: at the start of what made the byte behind it, or behind all. */
void view_original(const view_segment *segment, uint32_t start, uint32_t end,
                   uint32_t *original_start, uint32_t *original_end)
{
    const char *const bytes = segment->bytes;
    const bool empty = start >= end;
    end = end > segment->length ? segment->length : end;
    start = start > segment->length ? segment->length : start;
    while (start > 0 && start < segment->length && ((unsigned char)bytes[start] & 0xC0) == 0x80)
        start--;
    while (end > 0 && end < segment->length && ((unsigned char)bytes[end] & 0xC0) == 0x80)
        end++;
    if (empty && start == segment->length) {
        if (start)
            view_original(segment, start - 1, start, original_start, original_end);
        else
            *original_end = 0;
        *original_start = *original_end;
        return;
    }
    uint32_t from = start, to = empty ? start + 1 : end;
    for (const view_map *map = segment->map; map; map = map->source)
        map_source(map, from, to, &from, &to);
    *original_start = from;
    *original_end = empty ? from : to;
}

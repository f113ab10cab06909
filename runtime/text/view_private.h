/*
 * view_private.h - what the files of views share: maps, the writer that makes them, and the steps
 * of folding and decoding.
 *
 * A map is a list of pieces, each from one stretch of a segment's bytes to a stretch of the text it
 * was made of, and the map of that text in turn. Maps are not multiplied out: a decoded and folded
 * segment is looked up twice, which happens for matches only.
 *
 * Private to runtime/text/.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_VIEW_PRIVATE_H
#define CONSTITUTION_RUNTIME_TEXT_VIEW_PRIVATE_H

#include <string.h>

#include "runtime/text/view.h"

typedef enum piece_kind {
    PIECE_SAME,   /* byte for byte */
    PIECE_ATOM,   /* the piece as a whole is the source as a whole */
    PIECE_DOUBLE, /* a byte of the piece is two bytes of the source: hex digits, UTF-16 */
    /* three bytes of the piece are four characters of the source; `skip` bytes of the first three
       are left out */
    PIECE_BASE64
} piece_kind;

typedef struct view_piece {
    uint32_t out, source; /* where it begins */
    uint32_t source_end;  /* PIECE_ATOM: where the source ends */
    uint16_t kind, skip;
} view_piece;

typedef struct view_map view_map;
struct view_map {
    const view_piece *pieces; /* in order of `out`; the first is at 0 */
    uint32_t count;
    /* the map of the text that the pieces point into; NULL: it is the original */
    const view_map *source;
};

/* Writes a segment and its map. Memory that is short sets `failed`; later calls do nothing. */
typedef struct view_writer {
    arena *arena;
    char *bytes;
    uint32_t length, capacity;
    view_piece *items;
    uint32_t count, piece_capacity;
    bool failed;
} view_writer;

bool writer_begin(view_writer *writer, arena *arena, uint32_t capacity);
/* Makes room for more bytes. False: memory is short, or the text would be longer than 32 bits can
 * say. */
bool writer_room(view_writer *writer, uint32_t more);
/* Begins a piece at the end of what is written. */
void writer_piece(view_writer *writer, piece_kind kind, uint32_t source, uint32_t source_end,
                  uint32_t skip);
/* Appends one character (1 to 4 bytes) that stands for source..source_end. */
static inline void writer_character(view_writer *writer, const char *bytes, uint32_t length,
                                    uint32_t source, uint32_t source_end);
/* Appends a stretch that maps byte for byte; the caller fills in the bytes. NULL: memory is short.
 */
char *writer_stretch(view_writer *writer, uint32_t length, uint32_t source);
/* Forgets what was written from `length` on. */
void writer_truncate(view_writer *writer, uint32_t length);
/* The finished segment, mapped to what `source` maps. False: memory was short. */
bool writer_finish(view_writer *writer, const view_map *source, view_segment *out);

static inline void writer_character(view_writer *writer, const char *bytes, uint32_t length,
                                    uint32_t source, uint32_t source_end)
{
    if (writer->capacity - writer->length < 4 && !writer_room(writer, 4))
        return;
    const view_piece *const last = writer->count ? &writer->items[writer->count - 1] : NULL;
    const bool same = source_end - source == length;
    if (!same || !last || last->kind != PIECE_SAME ||
        source != last->source + (writer->length - last->out))
        writer_piece(writer, same ? PIECE_SAME : PIECE_ATOM, source, source_end, 0);
    /* not a byte more: what follows may still have to be read (fold_word.c) */
    char *const out = writer->bytes + writer->length;
    out[0] = bytes[0];
    for (uint32_t i = 1; i < length; i++)
        out[i] = bytes[i];
    writer->length += length;
}

/* The source of the bytes start..end-1 one level up; start < end. */
void map_source(const view_map *map, uint32_t start, uint32_t end, uint32_t *source_start,
                uint32_t *source_end);
/* The same for one piece. */
void piece_source(const view_piece *piece, uint32_t start, uint32_t end, uint32_t *source_start,
                  uint32_t *source_end);

/* ---- folding --------------------------------------------------------------------------------- */

/* Folds a segment (valid UTF-8 or not). False: memory is short. */
bool fold_segment(arena *arena, const char *text, uint32_t length, const view_map *source,
                  view_segment *out);

/* From `from` on, the place up to which (at least) a text is plain: folding does no more than to
 * lower its case and to turn other white space into blanks, one for one. *changes: whether it does
 * even that. `from` is 0 or a fold_border. */
uint32_t fold_plain(const char *text, uint32_t from, uint32_t length, bool *changes);
/* Behind the last byte from start to end that is not ASCII; `start` if there is none. */
uint32_t fold_wide_end(const char *text, uint32_t start, uint32_t end);
/* Lower case, and blanks for white space, for plain ASCII. */
void fold_lower(char *out, const char *text, uint32_t length);

/* Whether nothing that folding looks at together lies on both sides of text[at]: white space behind
 * two ASCII letters. */
static inline bool fold_border(const char *text, uint32_t at)
{
    const unsigned char c = (unsigned char)text[at];
    return (c == ' ' || (c >= '\t' && c <= '\r')) && at >= 2 &&
           ((unsigned)(text[at - 1] | 0x20) - 'a') < 26 &&
           ((unsigned)(text[at - 2] | 0x20) - 'a') < 26;
}

/* Digits and signs for letters in one word of ASCII, in place; `address`: an @ in it is that of an
 * address. */
void fold_swaps(char *word, uint32_t length, bool address);

/* ---- decoding -------------------------------------------------------------------------------- */

enum {
    /* digits or characters of an encoded run: shorter ones are words more often */
    DECODE_RUN_LEAST = 16,
    DECODE_LINE_LEAST = 32 /* characters in each line of base64 that is broken into lines */
};

typedef struct decoder {
    arena *arena;
    view_segment *items; /* the segments so far */
    uint32_t count, capacity;
    uint32_t bytes; /* made so far... */
    uint32_t most;  /* ...of as many as the text may make */
    uint64_t work;  /* bytes read and written so far */
    bool limited, failed;
} decoder;

/* Whether there is room for a segment of so many bytes; if not, the view is limited. */
bool decode_room(decoder *decoder, uint32_t bytes);
/* Adds a finished segment. */
void decode_add(decoder *decoder, const view_segment *segment);
/* Adds what a text (valid UTF-8) hides: its form without escapes, and its encoded runs, and what
 * they hide in turn. `depth` encodings were undone to get to it. */
void decode_segment(decoder *decoder, const view_segment *text, uint32_t depth);
/* The part of it that looks for encoded runs. */
void decode_runs(decoder *decoder, const view_segment *text, uint32_t depth);

#endif

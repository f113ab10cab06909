/*
 * decode_run.c - base64 and hex in a text: runs that hold text of their own.
 *
 * Whether a run is encoded is decided by what comes out: text is valid UTF-8 (or UTF-16, as
 * PowerShell takes it) of printable characters, and random bytes, which words, identifiers, digests
 * and keys decode to, are that with a probability of 0.4 to the power of their number. So a run
 * needs 16 characters at least, but no header or padding. The alphabet has both `+/` and `-_`;
 * base64 may be broken into lines of the same length. Where a run as a whole is not text, it may
 * still hold some, behind something else that was glued to it or between other bytes: then
 * stretches of 16 bytes and more count that are mostly letters, at each of the four ways to cut it
 * into groups.
 *
 * A hex run of fewer than 32 digits needs a letter among them: card numbers decode to text too
 * often.
 */
#include "runtime/text/view_private.h"

#include <string.h>

#include "runtime/limits.h"
#include "runtime/text/unicode_table.h"
#include "runtime/utf8.h"

enum { STRETCH_LEAST = 16, HEX_SURE = 32, NOT_BASE64 = 64 };

static uint8_t base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0' + 52);
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : NOT_BASE64;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static uint8_t hex_value(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* ---- what is text ---------------------------------------------------------------------------- */

/* The printable character at `at`: its bytes, 0 if it is none. *letter: a letter, mark or blank. */
static uint32_t printable(const char *at, const char *end, bool *letter)
{
    const unsigned char first = (unsigned char)*at;
    if (first < 0x80) {
        *letter = first == ' ' || (unsigned)(first | 0x20) - 'a' < 26;
        return (first >= 0x20 && first != 0x7F) || (first >= '\t' && first <= '\r');
    }
    const char *next = at;
    const uint32_t code = utf8_decode(&next, end);
    if (code > 0x10FFFF || code < 0xA0 || (code >= 0xE000 && code < 0xF900) || code >= 0xF0000 ||
        (code & 0xFFFE) == 0xFFFE)
        return 0;
    *letter = (unicode_find(code)->flags & (UNICODE_WORD | UNICODE_SPACE)) != 0;
    return (uint32_t)(next - at);
}

/* The length of the text at the start of bytes; *letters counts letters and blanks, *count
 * characters. */
static uint32_t text_length(const char *bytes, uint32_t length, uint32_t *letters, uint32_t *count)
{
    uint32_t at = 0;
    *letters = *count = 0;
    while (at < length) {
        bool letter;
        const uint32_t step = printable(bytes + at, bytes + length, &letter);
        if (step == 0)
            break;
        at += step;
        *letters += letter;
        ++*count;
    }
    return at;
}

/* ---- one run --------------------------------------------------------------------------------- */

typedef struct run_reader {
    decoder *decoder;
    const view_segment *text; /* what the runs point into */
    uint32_t depth;
} run_reader;

/* Whether a run that holds text may still become a segment; at the last depth it is enough to know
 * that there is one. */
static bool may_add(run_reader *reader, uint32_t bytes)
{
    if (reader->depth < LIMIT_DECODE_DEPTH)
        return decode_room(reader->decoder, bytes);
    reader->decoder->limited = true;
    return false;
}

static void add_writer(run_reader *reader, view_writer *writer, const view_map *source)
{
    decoder *const d = reader->decoder;
    view_segment segment;
    if (!writer_finish(writer, source, &segment)) {
        d->failed = true;
        return;
    }
    d->bytes += segment.length;
    d->work += segment.length;
    decode_add(d, &segment);
    if (!d->failed)
        decode_segment(d, &segment, reader->depth + 1);
}

/* Decoded bytes as a segment; `kind` and `skip` as in a piece, `source` their place in `text`. */
static void add_bytes(run_reader *reader, const view_segment *text, const char *bytes,
                      uint32_t length, piece_kind kind, uint32_t source, uint32_t skip)
{
    if (!may_add(reader, length))
        return;
    view_writer writer;
    if (writer_begin(&writer, reader->decoder->arena, length)) {
        writer_piece(&writer, kind, source, 0, skip);
        memcpy(writer.bytes, bytes, length);
        writer.length = length;
    }
    add_writer(reader, &writer, text->map);
}

/* UTF-16, little-endian, if it is that: most of its second bytes are zero, all of it is text. */
static bool add_utf16(run_reader *reader, const view_segment *text, const char *bytes,
                      uint32_t length, uint32_t source)
{
    uint32_t zeros = 0;
    for (uint32_t i = 1; i < length; i += 2)
        zeros += bytes[i] == 0;
    if (length % 2 != 0 || length < DECODE_RUN_LEAST / 2 || zeros < length / 2 - length / 8)
        return false;
    reader->decoder->work += length;
    arena *const memory = reader->decoder->arena;
    view_writer raw, writer;
    view_segment units;
    if (!writer_begin(&writer, memory, length + length / 2 + 4)) {
        reader->decoder->failed = true;
        return true;
    }
    for (uint32_t i = 0; i < length;) {
        const uint32_t start = i;
        uint32_t code = (uint8_t)bytes[i] | (uint32_t)(uint8_t)bytes[i + 1] << 8;
        i += 2;
        if (code >= 0xD800 && code < 0xDC00 && i < length) {
            const uint32_t low = (uint8_t)bytes[i] | (uint32_t)(uint8_t)bytes[i + 1] << 8;
            if (low < 0xDC00 || low > 0xDFFF)
                return false;
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        if (code >= 0xD800 && code < 0xE000)
            return false;
        char character[4];
        bool letter;
        const uint32_t count = utf8_encode(code, character);
        if (code != 0xFEFF && !printable(character, character + count, &letter))
            return false;
        writer_character(&writer, character, count, start, i);
    }
    if (!may_add(reader, writer.length))
        return true;
    /* two maps: characters to the bytes of UTF-16, these to base64 */
    if (!writer_begin(&raw, memory, 1)) {
        reader->decoder->failed = true;
        return true;
    }
    writer_piece(&raw, PIECE_BASE64, source, 0, 0);
    if (writer_finish(&raw, text->map, &units))
        add_writer(reader, &writer, units.map);
    else
        reader->decoder->failed = true;
    return true;
}

/* Bytes of base64 from start to end, a whole number of groups but for the last. */
static uint32_t decode_base64(const char *text, uint32_t start, uint32_t end, char *out)
{
    uint32_t bits = 0, held = 0, length = 0;
    for (uint32_t i = start; i < end; i++) {
        held = held << 6 | base64_value(text[i]);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[length++] = (char)(held >> bits);
            held &= (1u << bits) - 1;
        }
    }
    return length;
}

/* Stretches of text between other bytes. */
static void add_stretches(run_reader *reader, const view_segment *text, uint32_t start,
                          const char *bytes, uint32_t length)
{
    for (uint32_t at = 0; at < length;) {
        uint32_t letters, count;
        const uint32_t stretch = text_length(bytes + at, length - at, &letters, &count);
        if (stretch >= STRETCH_LEAST && letters >= count - count / 4)
            add_bytes(reader, text, bytes + at, stretch, PIECE_BASE64, start + at / 3 * 4, at % 3);
        at += stretch + 1;
    }
}

static bool is_mixed(const char *text, uint32_t start, uint32_t end)
{
    bool upper = false, lower = false, digit = false;
    for (uint32_t i = start; i < end; i++) {
        upper = upper || (text[i] >= 'A' && text[i] <= 'Z');
        lower = lower || (text[i] >= 'a' && text[i] <= 'z');
        digit = digit || (text[i] >= '0' && text[i] <= '9');
    }
    return upper + lower + digit >= 2;
}

static void read_base64(run_reader *reader, const view_segment *text, uint32_t start, uint32_t end)
{
    decoder *const d = reader->decoder;
    if (d->failed || end - start < DECODE_RUN_LEAST || !is_mixed(text->bytes, start, end))
        return;
    uint32_t letters, count;
    char *const bytes = arena_allocate(d->arena, (end - start) / 4 * 3 + 3);
    if (!bytes) {
        d->failed = true;
        return;
    }
    const uint32_t length = decode_base64(text->bytes, start, end, bytes);
    /* the run, and what it holds, which is looked at */
    d->work += (uint64_t)(end - start) + length;
    if ((end - start) % 4 != 1) {
        if (text_length(bytes, length, &letters, &count) == length) {
            add_bytes(reader, text, bytes, length, PIECE_BASE64, start, 0);
            return;
        }
        if (add_utf16(reader, text, bytes, length, start))
            return;
    }
    for (uint32_t phase = 0; phase < 4 && !d->failed;
         phase++, d->work += (uint64_t)(end - start) + length)
        add_stretches(reader, text, start + phase, bytes,
                      decode_base64(text->bytes, start + phase, end, bytes));
}

/* Whether the digits start..end-1 hold text; then they are added. */
static bool read_hex(run_reader *reader, uint32_t start, uint32_t end)
{
    const view_segment *const text = reader->text;
    bool letter = end - start >= HEX_SURE;
    for (uint32_t i = start; i < end && !letter; i++)
        letter = text->bytes[i] > '9';
    if (!letter)
        return false;
    const uint32_t length = (end - start) / 2;
    char *const bytes = arena_allocate(reader->decoder->arena, length);
    if (!bytes) {
        reader->decoder->failed = true;
        return true;
    }
    for (uint32_t phase = 0; phase <= (end - start) % 2; phase++) {
        uint32_t letters, count;
        reader->decoder->work += 2u * length;
        for (uint32_t i = 0; i < length; i++)
            bytes[i] = (char)(hex_value(text->bytes[start + phase + 2 * i]) << 4 |
                              hex_value(text->bytes[start + phase + 2 * i + 1]));
        if (text_length(bytes, length, &letters, &count) == length) {
            add_bytes(reader, text, bytes, length, PIECE_DOUBLE, start + phase, 0);
            return true;
        }
    }
    return false;
}

/* Hex in a run of letters and digits. Whether there was some. */
static bool read_hex_parts(run_reader *reader, uint32_t start, uint32_t end)
{
    const char *const bytes = reader->text->bytes;
    bool found = false;
    for (uint32_t at = start; at < end; at++) {
        uint32_t stop = at;
        while (stop < end && is_hex(bytes[stop]))
            stop++;
        if (stop - at >= DECODE_RUN_LEAST && !reader->decoder->failed)
            found = read_hex(reader, at, stop) || found;
        at = stop;
    }
    return found;
}

/* ---- all runs -------------------------------------------------------------------------------- */

/* The end of the line break at `at`; `at` itself if there is none. */
static uint32_t skip_break(const char *bytes, uint32_t length, uint32_t at)
{
    const uint32_t from = at;
    if (at < length && bytes[at] == '\r')
        at++;
    return at < length && bytes[at] == '\n' ? at + 1 : from;
}

static uint32_t run_end(const char *bytes, uint32_t length, uint32_t at)
{
    while (at < length && base64_value(bytes[at]) != NOT_BASE64)
        at++;
    return at;
}

/* Base64 in lines: the first is start..end-1, the others follow, as long as they are of its length;
 * a shorter one is the last. Where the lines end. */
static uint32_t lines_end(const view_segment *text, uint32_t start, uint32_t end)
{
    const uint32_t width = end - start;
    uint32_t last = end;
    if (width < DECODE_LINE_LEAST || width % 4 != 0)
        return end;
    for (;;) {
        const uint32_t next = skip_break(text->bytes, text->length, last);
        const uint32_t stop = next == last ? next : run_end(text->bytes, text->length, next);
        if (stop == next || stop - next > width)
            return last;
        if (stop - next < width)
            return stop;
        last = stop;
    }
}

/* The same lines as one run, with a map. */
static void read_lines(run_reader *reader, uint32_t start, uint32_t end)
{
    const view_segment *const text = reader->text;
    view_writer writer;
    view_segment joined;
    reader->decoder->work += end - start;
    writer_begin(&writer, reader->decoder->arena, end - start);
    for (uint32_t at = start; at < end && !writer.failed;) {
        const uint32_t stop = run_end(text->bytes, end, at);
        char *const line = writer_stretch(&writer, stop - at, at);
        if (line)
            memcpy(line, text->bytes + at, stop - at);
        at = stop < end ? skip_break(text->bytes, end, stop) : end;
    }
    if (writer_finish(&writer, text->map, &joined))
        read_base64(reader, &joined, 0, joined.length);
    else
        reader->decoder->failed = true;
}

void decode_runs(decoder *d, const view_segment *text, uint32_t depth)
{
    run_reader reader = {d, text, depth};
    const char *const bytes = text->bytes;
    const uint32_t length = text->length;
    d->work += length;
    /* A run has a character at every 16th place: most of a text is not looked at. */
    for (uint32_t at = 0; length - at >= DECODE_RUN_LEAST && !d->failed;) {
        uint32_t start = at + DECODE_RUN_LEAST;
        while (start > at && base64_value(bytes[start - 1]) != NOT_BASE64)
            start--;
        if (start > at) {
            at = start;
            continue;
        }
        const uint32_t end = run_end(bytes, length, at);
        const uint32_t last = lines_end(text, at, end);
        if (last != end)
            read_lines(&reader, at, last);
        else if (!read_hex_parts(&reader, at, end))
            read_base64(&reader, text, at, end);
        at = last;
    }
}

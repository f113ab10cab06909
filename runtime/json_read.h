/*
 * json_read.h - the innermost steps of the JSON scanner, inlined into json.c and into the event
 * reader.
 *
 * An event is some forty strings of a few bytes each. What is done for every one of them costs more
 * as a call, with its place in the scanner stored and loaded again, than in itself. So these steps
 * take the place they read from and give the place behind; the scanner's `next` is only brought up
 * to date where a function of json_scan.h goes on from there.
 *
 * Only the easy cases are here. Whatever is rare (escapes, text that is not ASCII, errors, objects
 * with many members) is handed to a function of json.c, which alone knows how it is reported.
 *
 * Layer 1.
 */
#ifndef CONSTITUTION_RUNTIME_JSON_READ_H
#define CONSTITUTION_RUNTIME_JSON_READ_H

#include <string.h>

#include "runtime/json_scan.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* The first byte that is a quote, a backslash, a control character or not ASCII; `end` if there is
 * none. What is readable behind the end begins with a NUL, and so with such a byte. */
static inline const char *plain_run(const char *next, const char *end, const char *readable)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(0x20);
    while (readable - next >= 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)next);
        /* Signed: bytes from 0x80 on are negative, so this finds them and the control characters at
         * once. */
        const __m128i odd = _mm_cmplt_epi8(bytes, space);
        const __m128i ends =
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        const unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(odd, ends));
        if (found)
            return next + __builtin_ctz(found);
        next += 16;
    }
#else
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    while (readable - next >= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        const uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
        /* May only err by also stopping behind a byte that is found: then the bytes are looked at
         * one by one. */
        if ((((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
             ((word - ones * 0x20) & ~word) | word) &
            tops)
            break;
        next += 8;
    }
#endif
    while (next < end) {
        const unsigned char byte = (unsigned char)*next;
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\')
            break;
        next++;
    }
    return next;
}

static inline const char *pass_space(const char *next, const char *end)
{
    if (next < end && (unsigned char)*next > ' ') /* as in nearly all events */
        return next;
    while (next < end && (*next == ' ' || *next == '\n' || *next == '\r' || *next == '\t'))
        next++;
    return next;
}

static inline uint64_t key_tag(const json_scanner *scanner, const char *text, uint32_t length)
{
    uint64_t first = 0, last = 0;
    if (length > 8) {
        memcpy(&first, text, 8);
        memcpy(&last, text + length - 8, 8);
        return first ^ (last * UINT64_C(0x9e3779b97f4a7c15)) ^ length;
    }
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* One load where the input goes on behind the key; what does not belong to the key is cut off.
     * */
    const uintptr_t place = (uintptr_t)text;
    if (length && place >= (uintptr_t)scanner->start && place < (uintptr_t)scanner->end &&
        scanner->readable - text >= 8) {
        memcpy(&first, text, 8);
        return first & (UINT64_MAX >> (64 - 8 * length));
    }
#endif
    memcpy(&first, text, length);
    return first;
}

static inline bool same_key(const json_seen *a, const json_seen *b)
{
    return a->tag == b->tag && a->length == b->length &&
           (a->length <= 8 || memcmp(a->text, b->text, a->length) == 0);
}

/* ---- json.c, for what is rare ---------------------------------------------------------------- */

/* Reads the string that starts at `start` (its quote) on from its first byte that is not plain,
 * into text, length, at, at_length; without `keep` escapes are only checked. The place behind it,
 * or NULL after an error, as all of these. */
const char *json_string_rest(json_scanner *scanner, const char *start, const char *next, bool keep);
/* Notes the key that was just read (text, length, at). False: it is a duplicate, or there are too
 * many. */
bool json_note_key(json_scanner *scanner);
/* Enters the object or list whose bracket is at `start`; leaves the innermost one, whose closing
 * bracket is at `bracket`. */
const char *json_open_level(json_scanner *scanner, const char *start);
const char *json_close_level(json_scanner *scanner, const char *bracket);

/* A string into text, length, at, at_length. */
static inline const char *json_read_string(json_scanner *scanner, const char *start, bool keep)
{
    const char *const next = plain_run(start + 1, scanner->end, scanner->readable);
    if (next == scanner->end || *next != '"')
        return json_string_rest(scanner, start, next, keep);
    scanner->text = start + 1;
    scanner->length = (uint32_t)(next - start - 1);
    scanner->at = (uint32_t)(start - scanner->start);
    scanner->at_length = (uint32_t)(next + 1 - start);
    return next + 1;
}

/* json_note_key for a key whose key_tag is known, where no key before it looks alike. */
static inline bool json_note_tagged_key(json_scanner *scanner, uint64_t tag)
{
    if (scanner->seen_count == scanner->seen_capacity ||
        scanner->seen_count - scanner->seen_first >= JSON_LINEAR_KEYS)
        return json_note_key(scanner);
    const json_seen *const end = scanner->seen + scanner->seen_count;
    for (const json_seen *key = scanner->seen + scanner->seen_first; key < end; key++)
        if (key->tag == tag)
            return json_note_key(scanner);
    scanner->seen[scanner->seen_count++] = (json_seen){
        .tag = tag, .text = scanner->text, .length = scanner->length, .at = scanner->at};
    return true;
}

/* Notes a key that the caller knows to be the first of its name in its object. */
static inline bool json_note_fresh_key(json_scanner *scanner, const char *text, uint32_t length,
                                       const char *quote)
{
    if (scanner->seen_count == scanner->seen_capacity ||
        scanner->seen_count - scanner->seen_first >= JSON_LINEAR_KEYS) {
        scanner->text = text;
        scanner->length = length;
        scanner->at = (uint32_t)(quote - scanner->start);
        return json_note_key(scanner);
    }
    scanner->seen[scanner->seen_count++] = (json_seen){.tag = key_tag(scanner, text, length),
                                                       .text = text,
                                                       .length = length,
                                                       .at = (uint32_t)(quote - scanner->start)};
    return true;
}

#endif

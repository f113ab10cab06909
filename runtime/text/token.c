/*
 * token.c - finding tokens 64 bytes at a time, and writing canonical forms.
 *
 * Which bytes belong to tokens is a question for bits: a joiner counts if the bits on both sides of
 * it are set, and a token begins and ends where the bits change. ASCII is sorted into bits by
 * comparing sixteen bytes at once; other characters are looked up, one by one.
 */
#include "runtime/text/token.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "runtime/text/unicode.h"
#include "runtime/utf8.h"

static bool is_lead(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

/* ---- bits ------------------------------------------------------------------------------------ */

#ifdef __SSE2__
/* Bytes of 16 that are low..high, both in; signed comparison, so no byte above 0x7F is. */
static __m128i between(__m128i bytes, char low, char high)
{
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8((char)(low - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8((char)(high + 1))));
}

static uint64_t sort_bytes(const char *bytes, token_block *out)
{
    uint64_t wide = 0;
    for (uint32_t i = 0; i < 64; i += 16) {
        const __m128i sixteen = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
        const __m128i lower = _mm_or_si128(sixteen, _mm_set1_epi8(0x20));
        const __m128i word = _mm_or_si128(between(lower, 'a', 'z'), between(sixteen, '0', '9'));
        __m128i join = between(sixteen, '+', '/');
        join = _mm_or_si128(join, _mm_cmpeq_epi8(sixteen, _mm_set1_epi8(':')));
        join = _mm_or_si128(join, _mm_cmpeq_epi8(sixteen, _mm_set1_epi8('_')));
        join = _mm_or_si128(join, _mm_cmpeq_epi8(sixteen, _mm_set1_epi8('@')));
        join = _mm_or_si128(join, _mm_cmpeq_epi8(sixteen, _mm_set1_epi8('#')));
        join = _mm_or_si128(join, _mm_cmpeq_epi8(sixteen, _mm_set1_epi8('%')));
        out->word |= (uint64_t)(uint32_t)_mm_movemask_epi8(word) << i;
        out->join |= (uint64_t)(uint32_t)_mm_movemask_epi8(join) << i;
        wide |= (uint64_t)(uint32_t)_mm_movemask_epi8(sixteen) << i;
    }
    return wide;
}
#else
static uint64_t sort_bytes(const char *bytes, token_block *out)
{
    uint64_t wide = 0;
    for (uint32_t i = 0; i < 64; i++) {
        const char c = bytes[i];
        const uint64_t bit = UINT64_C(1) << i;
        if (((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9'))
            out->word |= bit;
        else if (token_joins(c))
            out->join |= bit;
        wide |= (unsigned char)c >= 0x80 ? bit : 0;
    }
    return wide;
}
#endif

/* Characters that are not ASCII: all bytes of those that are in tokens, the first byte of those
 * that are tokens alone. */
static void sort_wide(const char *text, uint32_t length, uint32_t at, uint64_t wide,
                      token_block *out)
{
    for (uint64_t left = wide; left;) {
        uint32_t place = at + (uint32_t)__builtin_ctzll(left);
        while (place > 0 && !is_lead(text[place]))
            place--;
        const char *next = text + place;
        const uint32_t code = utf8_decode(&next, text + length);
        const uint32_t end = (uint32_t)(next - text);
        const bool alone = unicode_is_spaceless(code), word = !alone && unicode_is_token(code);
        for (uint32_t i = place < at ? at : place; i < end && i < at + 64; i++) {
            left &= ~(UINT64_C(1) << (i - at));
            if (word)
                out->word |= UINT64_C(1) << (i - at);
        }
        if (alone && place >= at)
            out->alone |= UINT64_C(1) << (place - at);
    }
}

token_block token_block_at(const char *text, uint32_t length, uint32_t at)
{
    token_block out = {0, 0, 0};
    if (at >= length)
        return out;
    uint64_t wide;
    if (length - at >= 64) {
        wide = sort_bytes(text + at, &out);
    } else {
        char last[64] = {0};
        memcpy(last, text + at, length - at);
        wide = sort_bytes(last, &out);
    }
    if (wide)
        sort_wide(text, length, at, wide, &out);
    return out;
}

/* ---- borders --------------------------------------------------------------------------------- */

/* A character of a token that can be joined. */
static bool is_word(uint32_t code)
{
    return unicode_is_token(code) && !unicode_is_spaceless(code);
}

static uint32_t code_at(const char *text, uint32_t length, uint32_t at)
{
    const char *next = text + at;
    return at < length ? utf8_decode(&next, text + length) : ' ';
}

static uint32_t code_before(const char *text, uint32_t at)
{
    const uint32_t end = at;
    if (at == 0)
        return ' ';
    for (at--; at > 0 && !is_lead(text[at]);)
        at--;
    const char *next = text + at;
    return utf8_decode(&next, text + end);
}

bool token_border(const char *text, uint32_t length, uint32_t at)
{
    if (at == 0 || at >= length)
        return true;
    const bool before = is_word(code_before(text, at)), behind = is_word(code_at(text, length, at));
    if (before && behind)
        return false;
    if (before && token_joins(text[at]))
        return !is_word(code_at(text, length, at + 1));
    if (behind && token_joins(text[at - 1]))
        return !is_word(code_before(text, at - 1));
    return true;
}

/* ---- canonical ------------------------------------------------------------------------------- */

uint32_t canonical_write(const char *text, uint32_t length, char *out)
{
    const char *next = text, *const end = text + length;
    uint32_t used = 0;
    bool space = false;
    while (next < end) {
        const char first = *next;
        const uint32_t code =
            (unsigned char)first < 0x80 ? (next++, (uint32_t)first) : utf8_decode(&next, end);
        if (unicode_is_space(code)) {
            space = used > 0;
            continue;
        }
        if (space)
            out[used++] = ' ';
        space = false;
        if (code < 0x80)
            out[used++] = (char)unicode_caseless(code);
        else
            used += utf8_encode(unicode_caseless(code), out + used);
    }
    return used;
}

/*
 * fold_plain.c - finding out, 64 bytes at a time, that folding has little to do.
 *
 * Most prompts are ASCII prose, for which folding is lower-casing. What else it does to ASCII shows in a few bits around a place: a
 * digit beside a letter, a sign between two of them, a letter three times, two blanks, four letters on their own in a row, a control
 * character. This file looks for those places with masks of 64 bits, one bit a byte, and is right when it stops too early: fold.c
 * looks again. It must never miss a place.
 */
#include "runtime/text/view_private.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { GROUP = 64, BEFORE = 16 };

/* Of 64 bytes. */
typedef struct masks {
    uint64_t letter, digit, sign, space; /* sign: @ $ ! */
    uint64_t again;   /* equal, but for case, to the byte before */
    uint64_t special; /* no printable ASCII: controls (white space too) and what is not ASCII */
    uint64_t upper;
} masks;

#ifdef __SSE2__
static inline __m128i below(__m128i value, char limit) /* signed */
{
    return _mm_cmplt_epi8(value, _mm_set1_epi8(limit));
}

/* first..first+count-1, as bytes without a sign: moved to the bottom of the signed range. */
static inline __m128i in_range(__m128i value, int first, int count)
{
    return below(_mm_sub_epi8(value, _mm_set1_epi8((char)(first + 128))), (char)(-128 + count));
}

static inline uint64_t bits(__m128i value, int shift)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(value) << shift;
}

static inline masks look(const char *at)
{
    masks found = {0};
    for (int i = 0; i < GROUP; i += 16) {
        const __m128i value = _mm_loadu_si128((const __m128i *)(const void *)(at + i));
        const __m128i before = _mm_loadu_si128((const __m128i *)(const void *)(at + i - 1));
        const __m128i bit = _mm_set1_epi8(0x20), low = _mm_or_si128(value, bit);
        const __m128i letter = in_range(low, 'a', 26);
        const __m128i sign = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(value, _mm_set1_epi8('@')),
                                                       _mm_cmpeq_epi8(value, _mm_set1_epi8('$'))),
                                          _mm_cmpeq_epi8(value, _mm_set1_epi8('!')));
        found.letter |= bits(letter, i);
        found.digit |= bits(in_range(value, '0', 10), i);
        found.sign |= bits(sign, i);
        found.space |= bits(_mm_cmpeq_epi8(value, bit), i);
        found.again |= bits(_mm_cmpeq_epi8(low, _mm_or_si128(before, bit)), i);
        found.special |= bits(below(_mm_add_epi8(value, _mm_set1_epi8(1)), 0x21), i);
        found.upper |= bits(_mm_andnot_si128(_mm_cmpeq_epi8(value, low), letter), i);
    }
    return found;
}
#else
static masks look(const char *at)
{
    masks found = {0};
    for (int i = 0; i < GROUP; i++) {
        const unsigned char value = (unsigned char)at[i], low = value | 0x20;
        const uint64_t bit = UINT64_C(1) << i;
        const bool letter = value < 0x80 && low >= 'a' && low <= 'z';
        found.letter |= letter ? bit : 0;
        found.digit |= value >= '0' && value <= '9' ? bit : 0;
        found.sign |= value == '@' || value == '$' || value == '!' ? bit : 0;
        found.space |= value == ' ' ? bit : 0;
        found.again |= low == ((unsigned char)at[i - 1] | 0x20) ? bit : 0;
        found.special |= value < 0x20 || value >= 0x7F ? bit : 0;
        found.upper |= letter && value != low ? bit : 0;
    }
    return found;
}
#endif

/* What has been seen before a group. */
typedef struct history {
    masks last;
    uint64_t alone;
} history;

/* The bits of `now`, each moved to `by` bytes later. */
static inline uint64_t later(uint64_t now, uint64_t before, int by)
{
    return now << by | before >> (64 - by);
}

/* White space that is no blank counts as one; whether nothing else is special. */
static bool only_white(const char *at, masks *found)
{
    for (uint64_t left = found->special; left; left &= left - 1) {
        const int i = __builtin_ctzll(left);
        if (at[i] < '\t' || at[i] > '\r')
            return false;
    }
    found->space |= found->special;
    return true;
}

/* Whether a group is plain after what came before; adds it to the history. */
static inline bool is_plain(const char *at, masks found, history *past, bool *changes)
{
    const masks *const last = &past->last;
    if (found.special) {
        if (!only_white(at, &found))
            return false;
        *changes = true;
    }
    const uint64_t word = found.letter | found.digit, last_word = last->letter | last->digit;
    uint64_t alarm = later(found.again, last->again, 1) & found.again & found.letter;
    alarm |= found.space & later(found.space, last->space, 1);
    alarm |= found.digit & later(found.letter, last->letter, 1);
    alarm |= found.letter & later(found.digit, last->digit, 1);
    alarm |= word & later(found.sign, last->sign, 1) & later(word, last_word, 2);
    /* bytes behind a letter or digit that has none on either side, four times */
    const uint64_t alone = later(word, last_word, 1) & ~word & ~later(word, last_word, 2);
    const uint64_t twice = alone & later(alone, past->alone, 2);
    alarm |= twice & (later(alone, past->alone, 4) & later(alone, past->alone, 6));
    if (found.upper)
        *changes = true;
    past->last = found;
    past->alone = alone;
    return alarm == 0;
}

uint32_t fold_plain(const char *text, uint32_t from, uint32_t length, bool *changes)
{
    history past = {0};
    char padded[BEFORE + GROUP];
    uint32_t at = from;
    for (; length - at >= GROUP; at += GROUP) {
        const char *group = text + at;
        if (at == 0) { /* there is no byte before */
            padded[BEFORE - 1] = 0;
            memcpy(padded + BEFORE, text, GROUP);
            group = padded + BEFORE;
        }
        if (!is_plain(group, look(group), &past, changes))
            return at;
    }
    /* the rest, and the byte behind the text, which ends a word as a comma does */
    memset(padded, ',', sizeof padded);
    if (at > 0)
        padded[BEFORE - 1] = text[at - 1];
    if (length > at)
        memcpy(padded + BEFORE, text + at, length - at);
    return is_plain(padded + BEFORE, look(padded + BEFORE), &past, changes) ? length : at;
}

void fold_lower(char *out, const char *text, uint32_t length)
{
    uint32_t i = 0;
#ifdef __SSE2__
    for (; length - i >= 16; i += 16) {
        const __m128i value = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        const __m128i upper = _mm_and_si128(in_range(value, 'A', 26), _mm_set1_epi8(0x20));
        const __m128i white = in_range(value, '\t', 5);
        const __m128i low = _mm_or_si128(value, upper);
        const __m128i blank = _mm_and_si128(white, _mm_set1_epi8(' '));
        _mm_storeu_si128((__m128i *)(void *)(out + i), _mm_or_si128(_mm_andnot_si128(white, low), blank));
    }
#endif
    for (; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c >= '\t' && c <= '\r' ? ' ' : c);
    }
}

/*
 * fold_plain.c - finding out, 64 bytes at a time, that folding has little to do.
 *
 * Most prompts are ASCII prose, for which folding is lower-casing. What else it does to ASCII shows
 * in a few bits around a place: a digit beside a letter, a sign between two of them, a letter three
 * times, two blanks, four letters on their own in a row, a control character. This file looks for
 * those places with masks of 64 bits, one bit a byte, and is right when it stops too early: fold.c
 * looks again. It must never miss a place.
 */
#include "runtime/text/view_private.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define FOLD_WIDE 1 /* AVX2 is used where the processor has it */
#endif
#endif

enum { GROUP = 64, BEFORE = 16 };

/* Of 64 bytes. */
typedef struct masks {
    uint64_t letter, digit, sign, space; /* sign: @ $ ! */
    uint64_t again;                      /* equal, but for case, to the byte before */
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

/* The first place where a group is not plain after what came before, as a bit with others behind
 * it; 0: it is plain. Adds it to the history. White space that is no blank counts as one. */
static inline uint64_t find_alarm(const char *at, masks found, history *past, bool *changes)
{
    const masks *const last = &past->last;
    uint64_t alarm = 0;
    for (uint64_t left = found.special; left; left &= left - 1) {
        const int i = __builtin_ctzll(left);
        if (at[i] >= '\t' && at[i] <= '\r') {
            found.space |= UINT64_C(1) << i;
            *changes = true;
        } else {
            alarm |= UINT64_C(1) << i;
        }
    }
    const uint64_t word = found.letter | found.digit, last_word = last->letter | last->digit;
    alarm |= later(found.again, last->again, 1) & found.again & found.letter;
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
    return alarm;
}

/* Where the groups from `at` on stop being plain; with the history of what is before them. */
static uint32_t plain_exactly(const char *text, uint32_t at, uint32_t length, history *past,
                              bool *changes)
{
    char padded[BEFORE + GROUP];
    uint64_t alarm;
    for (; length - at >= GROUP; at += GROUP) {
        const char *group = text + at;
        if (at == 0) { /* there is no byte before */
            padded[BEFORE - 1] = 0;
            memcpy(padded + BEFORE, text, GROUP);
            group = padded + BEFORE;
        }
        alarm = find_alarm(group, look(group), past, changes);
        if (alarm)
            return at + (uint32_t)__builtin_ctzll(alarm);
    }
    /* the rest, and the byte behind the text, which ends a word as a comma does */
    memset(padded, ',', sizeof padded);
    if (at > 0)
        padded[BEFORE - 1] = text[at - 1];
    if (length > at)
        memcpy(padded + BEFORE, text + at, length - at);
    alarm = find_alarm(padded + BEFORE, look(padded + BEFORE), past, changes);
    const uint32_t place = at + (alarm ? (uint32_t)__builtin_ctzll(alarm) : GROUP);
    return place < length ? place : alarm ? length - 1 : length;
}

/* Behind the last byte of a stretch that is not ASCII; its start if there is none. */
uint32_t fold_wide_end(const char *text, uint32_t start, uint32_t end)
{
    uint64_t eight;
    for (; end - start >= 8; end -= 8) {
        memcpy(&eight, text + end - 8, 8);
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    while (end > start && (unsigned char)text[end - 1] < 0x80)
        end--;
    return end;
}

#ifdef FOLD_WIDE
/*
 * The same with as little as possible, for processors with AVX2. Groups share four bytes with the
 * one before, as much as an alarm looks back: so nothing is handed on, and the last group simply
 * ends where the text does. What is not a letter or one of the signs that prose has is looked up
 * once more, in a table that knows all; equal neighbours that are no letters, and three that are,
 * send a group to the exact masks.
 */
enum { SHARED = 4 };

typedef struct rough {
    __m256i common; /* all bits: letters and common signs only */
    __m256i all;    /* the bits that all bytes have: capitals lack 0x20 */
} rough;

/* Letters of 32 bytes, as bits. */
__attribute__((target("avx2"), always_inline)) static inline uint32_t look_roughly(__m256i value,
                                                                                   __m256i low,
                                                                                   rough *found)
{
    /* by the lower half of a byte, the one sign that is common */
    const __m256i signs = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(' ', 0, '"', 0, 0, 0, 0, '\'', '(', ')', ':', ';', ',', '-', '.', '?'));
    const __m256i letter =
        _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(26 - 128)),
                          _mm256_add_epi8(low, _mm256_set1_epi8((char)(128 - 'a'))));
    const __m256i common =
        _mm256_or_si256(letter, _mm256_cmpeq_epi8(value, _mm256_shuffle_epi8(signs, value)));
    found->common = _mm256_and_si256(found->common, common);
    found->all = _mm256_and_si256(found->all, value);
    return (uint32_t)_mm256_movemask_epi8(letter);
}

/* Whether 64 bytes have a digit, a sign that can stand for a letter, a control, or anything but
 * ASCII. */
__attribute__((target("avx2"), noinline)) static bool has_rare(const char *at)
{
    /* by the upper half of a byte: 1 control, 2 the row of signs, 4 digits, 8 the row of `@`, 16
     * the row of delete; by the lower, which of a row are meant */
    const __m256i highs =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 1, 2, 4, 8, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i lows = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(1 | 4 | 8, 1 | 2 | 4, 1 | 4, 1 | 4, 1 | 2 | 4, 1 | 4, 1 | 4, 1 | 4, 1 | 4,
                      1 | 4, 1, 1, 1, 1, 1, 1 | 16));
    __m256i rare = _mm256_setzero_si256();
    for (int i = 0; i < GROUP; i += 32) {
        const __m256i value = _mm256_loadu_si256((const __m256i *)(const void *)(at + i));
        const __m256i row = _mm256_shuffle_epi8(
            highs, _mm256_and_si256(_mm256_srli_epi16(value, 4), _mm256_set1_epi8(15)));
        const __m256i wide = _mm256_and_si256(value, _mm256_set1_epi8((char)0x80));
        rare = _mm256_or_si256(
            rare, _mm256_or_si256(wide, _mm256_and_si256(_mm256_shuffle_epi8(lows, value), row)));
    }
    return !_mm256_testz_si256(rare, rare);
}

/* What folding may have to look at in 64 bytes, as bits: three equal letters, two equal signs,
 * letters on their own between others. *letters: which are some; *ends: whether a letter on its own
 * ends them, as the second. */
__attribute__((target("avx2"), always_inline)) static inline uint64_t alarms_roughly(
    const char *at, rough *found, uint64_t *letters, bool *ends)
{
    const __m256i bit = _mm256_set1_epi8(0x20);
    const __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)at),
                  second = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32));
    const __m256i low = _mm256_or_si256(first, bit), high = _mm256_or_si256(second, bit);
    /* the next bytes of the first half and those before of the second: none beyond the group is
     * read */
    const __m256i next =
        _mm256_or_si256(_mm256_loadu_si256((const __m256i *)(const void *)(at + 1)), bit);
    const __m256i before =
        _mm256_or_si256(_mm256_loadu_si256((const __m256i *)(const void *)(at + 31)), bit);
    const uint64_t again =
        (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, next)) << 1 |
        (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, before)) << 32;
    const uint64_t letter =
        look_roughly(first, low, found) | (uint64_t)look_roughly(second, high, found) << 32;
    const uint64_t edge = letter ^ letter << 1, two = edge & edge << 1;
    *letters = letter;
    *ends = (letter & two & edge << 2) >> 63;
    return (again & (again << 1 | ~letter)) | (two & two << 2 & ~letter);
}

__attribute__((target("avx2"))) static uint32_t plain_roughly(const char *text, uint32_t from,
                                                              uint32_t length, bool *changes)
{
    const __m256i ones = _mm256_set1_epi8(-1);
    rough found = {ones, ones};
    uint32_t at = from, done = from; /* the group's start, and what is known to be plain */
    uint64_t before = 0;             /* letters of the 64 bytes before `done` */
    for (uint64_t ignored = 0;; ignored = (1u << SHARED) - 1) {
        uint64_t letter;
        bool ends;
        const uint64_t alarm = alarms_roughly(text + at, &found, &letter, &ends) & ~ignored;
        if (alarm != 0)
            break;
        if (!_mm256_testc_si256(found.common, ones)) {
            if (has_rare(text + at))
                break;
            found.common = ones;
        }
        if (at == length - GROUP) {
            if (ends)
                break;
            *changes = *changes || !_mm256_testc_si256(found.all, _mm256_set1_epi8(0x20));
            return length;
        }
        before = letter;
        done = at + GROUP;
        at = length - at >= 2 * GROUP - SHARED ? at + GROUP - SHARED : length - GROUP;
    }
    *changes = *changes || !_mm256_testc_si256(found.all, _mm256_set1_epi8(0x20));
    if (fold_wide_end(text, done, length - done > GROUP ? done + GROUP : length) >
        done) /* words will be taken one by one from here */
        return done;
    history exact = {.last = {.letter = before}};
    if (done > from) { /* of what is no letter, the history has to know the last byte alone */
        exact.alone = before << 1 & ~before & ~(before << 2);
        exact.last.space = (uint64_t)(text[done - 1] == ' ') << 63;
        exact.last.again = (uint64_t)((text[done - 1] | 0x20) == (text[done - 2] | 0x20)) << 63;
    }
    return plain_exactly(text, done, length, &exact, changes);
}
#endif

uint32_t fold_plain(const char *text, uint32_t from, uint32_t length, bool *changes)
{
#ifdef FOLD_WIDE
    if (length - from >= GROUP && __builtin_cpu_supports("avx2"))
        return plain_roughly(text, from, length, changes);
#endif
    history past = {0};
    return plain_exactly(text, from, length, &past, changes);
}

#ifdef FOLD_WIDE
__attribute__((target("avx2"))) static uint32_t lower_wide(char *out, const char *text,
                                                           uint32_t length)
{
    uint32_t i = 0;
    for (; length - i >= 32; i += 32) {
        const __m256i value = _mm256_loadu_si256((const __m256i *)(const void *)(text + i));
        const __m256i upper =
            _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(26 - 128)),
                              _mm256_add_epi8(value, _mm256_set1_epi8((char)(128 - 'A'))));
        const __m256i white =
            _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(5 - 128)),
                              _mm256_add_epi8(value, _mm256_set1_epi8((char)(128 - '\t'))));
        const __m256i low = _mm256_or_si256(value, _mm256_and_si256(upper, _mm256_set1_epi8(0x20)));
        _mm256_storeu_si256((__m256i *)(void *)(out + i),
                            _mm256_blendv_epi8(low, _mm256_set1_epi8(' '), white));
    }
    return i;
}
#endif

void fold_lower(char *out, const char *text, uint32_t length)
{
    uint32_t i = 0;
#ifdef FOLD_WIDE
    if (length >= 32 && __builtin_cpu_supports("avx2"))
        i = lower_wide(out, text, length);
#endif
#ifdef __SSE2__
    for (; length - i >= 16; i += 16) {
        const __m128i value = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        const __m128i upper = _mm_and_si128(in_range(value, 'A', 26), _mm_set1_epi8(0x20));
        const __m128i white = in_range(value, '\t', 5);
        const __m128i low = _mm_or_si128(value, upper);
        const __m128i blank = _mm_and_si128(white, _mm_set1_epi8(' '));
        _mm_storeu_si128((__m128i *)(void *)(out + i),
                         _mm_or_si128(_mm_andnot_si128(white, low), blank));
    }
#endif
    for (; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c >= '\t' && c <= '\r' ? ' ' : c);
    }
}

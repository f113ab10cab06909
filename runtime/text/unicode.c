/*
 * unicode.c - questions about characters, answered by the generated table.
 *
 * ASCII is answered without it. The table itself (runtime/text/unicode_table.h) is read directly by
 * fold.c.
 */
#include "runtime/text/unicode.h"

#include "runtime/text/unicode_table.h"
#include "runtime/utf8.h"

enum {
    HANGUL_SYLLABLES = 0xAC00,
    HANGUL_LEADS = 0x1100,
    HANGUL_VOWELS = 0x1161,
    HANGUL_TAILS = 0x11A7,
    LEAD_COUNT = 19,
    VOWEL_COUNT = 21,
    TAIL_COUNT = 28
};

static bool ascii_is_word(uint32_t code)
{
    return (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') ||
           code == '_';
}

bool unicode_is_word(uint32_t code)
{
    if (code < 0x80)
        return ascii_is_word(code);
    return code <= 0x10FFFF && (unicode_find(code)->flags & UNICODE_WORD) != 0;
}

bool unicode_is_spaceless(uint32_t code)
{
    return code >= 0x80 && code <= 0x10FFFF && (unicode_find(code)->flags & UNICODE_SPACELESS) != 0;
}

/* Whether a word can go on across a border of this character. */
static bool holds_together(uint32_t code)
{
    if (code < 0x80)
        return ascii_is_word(code);
    const uint32_t flags = code <= 0x10FFFF ? unicode_find(code)->flags : 0;
    return (flags & (UNICODE_WORD | UNICODE_SPACELESS)) == UNICODE_WORD;
}

bool unicode_word_edge(const char *text, uint32_t length, uint32_t at)
{
    if (at == 0 || at >= length)
        return true;
    const char *behind = text + at;
    if (!holds_together(utf8_decode(&behind, text + length)))
        return true;
    const char *before = text + at - 1;
    while (before > text && ((unsigned char)*before & 0xC0) == 0x80)
        before--;
    return !holds_together(utf8_decode(&before, text + length));
}

bool unicode_is_space(uint32_t code)
{
    if (code < 0x80)
        return code == ' ' || (code >= '\t' && code <= '\r');
    return code <= 0x10FFFF && (unicode_find(code)->flags & UNICODE_SPACE) != 0;
}

bool unicode_is_token(uint32_t code)
{
    /* U+203F, U+2040, U+2054, U+FE33, U+FE34, U+FE4D to U+FE4F and U+FF3F join words, as `_` does
     */
    if (code == '_' || code == 0x203F || code == 0x2040 || code == 0x2054 ||
        (code >= 0xFE33 && code <= 0xFE34) || (code >= 0xFE4D && code <= 0xFE4F) || code == 0xFF3F)
        return false;
    return unicode_is_word(code);
}

uint32_t unicode_caseless(uint32_t code)
{
    if (code < 0x80)
        return code >= 'A' && code <= 'Z' ? code | 0x20 : code;
    for (uint32_t low = 0, high = unicode_case_count; low < high;) {
        const uint32_t middle = low + (high - low) / 2;
        if (unicode_cases[middle].code == code)
            return unicode_cases[middle].folded;
        if (unicode_cases[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return code;
}

static uint32_t compose_hangul(uint32_t first, uint32_t second)
{
    const uint32_t lead = first - HANGUL_LEADS, vowel = second - HANGUL_VOWELS;
    if (lead < LEAD_COUNT && vowel < VOWEL_COUNT)
        return HANGUL_SYLLABLES + (lead * VOWEL_COUNT + vowel) * TAIL_COUNT;
    const uint32_t syllable = first - HANGUL_SYLLABLES, tail = second - HANGUL_TAILS;
    if (syllable < LEAD_COUNT * VOWEL_COUNT * TAIL_COUNT && syllable % TAIL_COUNT == 0 &&
        tail > 0 && tail < TAIL_COUNT)
        return first + tail;
    return 0;
}

uint32_t unicode_compose(uint32_t first, uint32_t second)
{
    const uint32_t syllable = compose_hangul(first, second);
    if (syllable)
        return syllable;
    for (uint32_t low = 0, high = unicode_pair_count; low < high;) {
        const uint32_t middle = (low + high) / 2;
        const unicode_pair *const pair = &unicode_pairs[middle];
        if (pair->second == second && pair->first == first)
            return pair->both;
        if (pair->second < second || (pair->second == second && pair->first < first))
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

/*
 * rewrite.c - the table of transformations; see rewrite.h.
 */
#include "compiler/cli/rewrite.h"

#include <string.h>

#include "runtime/utf8.h"

const rewrite_row rewrites[] = {
    {"upper", "all letters in upper case", false, rewrite_upper},
    {"title", "the first letter of each word in upper case", false, rewrite_title},
    {"full_width", "the full-width forms of letters, digits and marks", false, rewrite_full_width},
    {"accents", "a combining accent on each letter", false, rewrite_accents},
    {"look_alikes", "Cyrillic and Greek letters that look like Latin ones", false,
     rewrite_look_alikes},
    {"leet", "digits and marks for letters: 1gn0r3", false, rewrite_leet},
    {"bold", "mathematical bold letters and digits", false, rewrite_bold},
    {"circled", "letters in circles", false, rewrite_circled},
    {"regional", "regional indicators, of which flags are made, for letters", false,
     rewrite_regional},
    {"zero_width", "an invisible joiner, non-joiner or space between letters", false,
     rewrite_zero_width},
    {"soft_hyphens", "soft hyphens between letters", false, rewrite_soft_hyphens},
    {"bidi", "marks of direction between letters", false, rewrite_bidi},
    {"tags", "invisible tag characters between letters", false, rewrite_tags},
    {"smuggled", "all of it as invisible tag characters", false, rewrite_smuggled},
    {"spaced", "a blank between letters: i g n o r e", false, rewrite_spaced},
    {"dotted", "a dot between letters: i.g.n.o.r.e", false, rewrite_dotted},
    {"repeated", "some letters two or three times", false, rewrite_repeated},
    {"line_breaks", "line breaks for blanks", false, rewrite_line_breaks},
    {"double_blanks", "two or three blanks for each", false, rewrite_double_blanks},
    {"markdown", "marks of emphasis inside of words: ig**no**re", false, rewrite_markdown},
    {"base64", "base64 of the whole", false, rewrite_base64},
    {"base64url", "base64 for addresses, without padding", false, rewrite_base64url},
    {"hex", "the bytes as hexadecimal digits", false, rewrite_hex},
    {"percent", "every byte percent-encoded", false, rewrite_percent},
    {"entities", "HTML entities for all characters", false, rewrite_entities},
    {"escapes", "\\u escapes for all characters", false, rewrite_escapes},
    {"rot13", "letters moved by 13 places", true, rewrite_rot13},
    {"reversed", "the last character first", true, rewrite_reversed},
    {"typos", "two neighbours swapped in each longer word", true, rewrite_typos},
};
const uint32_t rewrite_count = sizeof rewrites / sizeof *rewrites;

bool rewrite_apply(uint32_t number, const rewrite_text *text, buffer *out)
{
    rewrite_text seeded = *text;
    uint64_t state = text->seed ^ (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    seeded.seed = rewrite_random(&state);
    buffer_clear(out);
    rewrites[number].apply(&seeded, out);
    return !out->failed;
}

uint32_t rewrite_find(const char *name)
{
    for (uint32_t i = 0; i < rewrite_count; i++)
        if (strcmp(rewrites[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

/* SplitMix64: every state gives a number, and the next state. */
uint64_t rewrite_random(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

void rewrite_point(buffer *out, uint32_t point)
{
    char bytes[4];
    buffer_add(out, bytes, utf8_encode(point, bytes));
}

bool rewrite_is_letter(uint32_t point)
{
    if (point < 0x80)
        return (point | 0x20) >= 'a' && (point | 0x20) <= 'z';
    static const struct {
        uint32_t first, last;
    } no_letters[] = {{0x80, 0xBF},     {0xD7, 0xD7},       {0xF7, 0xF7},       {0x2B0, 0x36F},
                      {0x2000, 0x2BFF}, {0x3000, 0x303F},   {0xE000, 0xF8FF},   {0xFE00, 0xFE6F},
                      {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF}};
    for (size_t i = 0; i < sizeof no_letters / sizeof *no_letters; i++)
        if (point >= no_letters[i].first && point <= no_letters[i].last)
            return false;
    return true;
}

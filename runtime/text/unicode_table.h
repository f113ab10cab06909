/*
 * unicode_table.h - the generated table of characters, as runtime/text/generate/unicode.c writes
 * it.
 *
 * A trie of two stages leads from a code point to a row; most of the rows are shared. A row says
 * what becomes of the character in the view `folded` before words are looked at (fold.c), and what
 * kind of character it is. Everything a row folds to has a row that folds to itself: folding twice
 * is folding once, and the generator proves it for every code point.
 *
 * Private to runtime/text/. Layer 0: constants, and one inline look-up.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_UNICODE_TABLE_H
#define CONSTITUTION_RUNTIME_TEXT_UNICODE_TABLE_H

#include <stdint.h>

enum {
    UNICODE_WORD = 1u << 0,      /* letter, mark, number or connector */
    UNICODE_SPACELESS = 1u << 1, /* letter or mark of a script without spaces between words */
    UNICODE_LETTER = 1u << 2,    /* letter of any other script */
    /* mark of any other script that folding keeps (vowel signs and the like) */
    UNICODE_MARK = 1u << 3,
    UNICODE_SPACE = 1u << 4,    /* white space */
    UNICODE_COMPOSES = 1u << 5, /* may melt with the character before it (unicode_compose) */
    /* a letter of another script that looks like the ASCII letter `look` in its folded form */
    UNICODE_TWIN = 1u << 6,
    UNICODE_CHANGES = 1u << 7, /* folds to something else than itself: */
    UNICODE_GONE = 1u << 8,    /* … to nothing */
    /* … to the `folded & 31` code points at unicode_pool[folded >> 5] */
    UNICODE_MANY = 1u << 9
};

typedef struct unicode_row {
    uint32_t folded; /* the code point; with UNICODE_MANY see there */
    uint16_t flags;
    uint8_t script; /* number of the script, for letters; 0: none of its own */
    /* the ASCII letter that a letter of another script can be taken for; 0: none */
    uint8_t look;
} unicode_row;

typedef struct unicode_pair {
    uint32_t second, first, both;
} unicode_pair;

typedef struct unicode_case { /* a character and its simple case folding; neither is ASCII */
    uint32_t code, folded;
} unicode_case;

/* Of a character of two bytes that folds to one letter of one or two: those bytes (the second above
 * the first), above them its script, and bits. 0: any other. What most letters of most alphabets
 * need is one load. */
enum {
    UNICODE_TWO_LETTER = 1 << 24,
    UNICODE_TWO_LOOKS = 1 << 25, /* the folded letter has a `look` */
    UNICODE_TWO_ODD = 1 << 26    /* it is not ASCII's, and no twin of one */
};

enum { UNICODE_BLOCK_BITS = 7, UNICODE_LATIN = 1 };

extern const uint16_t unicode_stage1[];
extern const uint16_t unicode_stage2[];
extern const unicode_row unicode_rows[];
extern const uint32_t unicode_pool[];
extern const unicode_pair unicode_pairs[]; /* by second, then first */
extern const uint32_t unicode_pair_count;
extern const unicode_case unicode_cases[]; /* by code */
extern const uint32_t unicode_case_count;
extern const uint32_t unicode_two[]; /* by code, up to U+07FF */

/* The row of a code point up to U+10FFFF. */
static inline const unicode_row *unicode_find(uint32_t code)
{
    const uint32_t block = unicode_stage1[code >> UNICODE_BLOCK_BITS];
    return &unicode_rows[unicode_stage2[(block << UNICODE_BLOCK_BITS) |
                                        (code & ((1u << UNICODE_BLOCK_BITS) - 1))]];
}

/* What two characters, both folded, melt into (kana and its voicing mark, the parts of a Hangul
 * syllable …); 0: they do not. */
uint32_t unicode_compose(uint32_t first, uint32_t second);

#endif

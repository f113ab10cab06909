/*
 * unicode.h - what the text half needs to know of a character.
 *
 * Tables are generated when the project is built (runtime/text/generate/), from the Unicode data of
 * ICU: no library of that size is needed where policies run, and ASCII never reaches a table.
 *
 * Layer 0 of the runtime: code points in, no memory.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_UNICODE_H
#define CONSTITUTION_RUNTIME_TEXT_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

/* A letter, mark, number or connector: what words are made of (UAX 29's idea, without its
 * exceptions). */
bool unicode_is_word(uint32_t code);
/* A letter of a script that is written without spaces between words (Han, Hiragana, Katakana, Thai,
 * Lao, Khmer, Myanmar …): a word boundary means nothing beside it. */
bool unicode_is_spaceless(uint32_t code);

/* Whether a word ends or begins between the characters before and behind `at`: the edge of the
 * text, a character that is no word's, or one of a script without spaces on either side. `at`
 * stands at the start of a character of valid UTF-8. */
bool unicode_word_edge(const char *text, uint32_t length, uint32_t at);

/* White space, Unicode's idea of it. */
bool unicode_is_space(uint32_t code);
/* A letter, mark or number: a character of a token (no connector is). */
bool unicode_is_token(uint32_t code);
/* The character without its case: simple folding, one to one, never across the border of ASCII. */
uint32_t unicode_caseless(uint32_t code);

/* White space, Unicode's idea of it. */
bool unicode_is_space(uint32_t code);
/* A letter, mark or number: a character of a token (no connector is). */
bool unicode_is_token(uint32_t code);
/* The character without its case: simple folding, one to one, never across the border of ASCII. */
uint32_t unicode_caseless(uint32_t code);

#endif

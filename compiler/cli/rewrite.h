/*
 * rewrite.h - ways in which people write a text so that a rule no longer sees it.
 *
 * Each transformation is a pure function from a text to a text: valid UTF-8 in, valid UTF-8 out,
 * the same seed gives the same bytes. They are the tricks that are in the open literature and in
 * every chat of people who try: other letters for the same letter, invisible characters, encodings.
 * `control` marks those that are there for comparison: what they make is no longer the same text
 * for a reader either, so a policy that lets it pass has not failed.
 *
 * The table is in rewrite.c; rewrite_letters.c exchanges letters, rewrite_insertions.c puts
 * something between them, rewrite_encodings.c encodes the whole.
 */
#ifndef CONSTITUTION_COMPILER_CLI_REWRITE_H
#define CONSTITUTION_COMPILER_CLI_REWRITE_H

#include "runtime/base/buffer.h"

typedef struct rewrite_text {
    const char *bytes; /* valid UTF-8 */
    size_t length;
    uint64_t seed;
} rewrite_text;

typedef struct rewrite_row {
    const char *name;
    const char *what; /* what it does, in a few words */
    bool control;
    void (*apply)(const rewrite_text *text, buffer *out); /* adds to `out` */
} rewrite_row;

extern const rewrite_row rewrites[];
extern const uint32_t rewrite_count;

/* Fills `out`. The seed is mixed with the number of the transformation, so that two in a row do
 * not choose the same places. False: the result was longer than `out` may be. */
bool rewrite_apply(uint32_t number, const rewrite_text *text, buffer *out);
/* UINT32_MAX: there is none of this name. */
uint32_t rewrite_find(const char *name);

/* ---- for the files of transformations -------------------------------------------------------- */

uint64_t rewrite_random(uint64_t *state); /* the next number; never the same state twice */
void rewrite_point(buffer *out, uint32_t point);
bool rewrite_is_letter(uint32_t point); /* of an alphabet; coarse: Latin, Greek, Cyrillic and up */

void rewrite_upper(const rewrite_text *text, buffer *out);
void rewrite_title(const rewrite_text *text, buffer *out);
void rewrite_full_width(const rewrite_text *text, buffer *out);
void rewrite_accents(const rewrite_text *text, buffer *out);
void rewrite_look_alikes(const rewrite_text *text, buffer *out);
void rewrite_leet(const rewrite_text *text, buffer *out);
void rewrite_bold(const rewrite_text *text, buffer *out);
void rewrite_circled(const rewrite_text *text, buffer *out);
void rewrite_regional(const rewrite_text *text, buffer *out);
void rewrite_smuggled(const rewrite_text *text, buffer *out);
void rewrite_rot13(const rewrite_text *text, buffer *out);

void rewrite_zero_width(const rewrite_text *text, buffer *out);
void rewrite_soft_hyphens(const rewrite_text *text, buffer *out);
void rewrite_bidi(const rewrite_text *text, buffer *out);
void rewrite_tags(const rewrite_text *text, buffer *out);
void rewrite_spaced(const rewrite_text *text, buffer *out);
void rewrite_dotted(const rewrite_text *text, buffer *out);
void rewrite_repeated(const rewrite_text *text, buffer *out);
void rewrite_line_breaks(const rewrite_text *text, buffer *out);
void rewrite_double_blanks(const rewrite_text *text, buffer *out);
void rewrite_markdown(const rewrite_text *text, buffer *out);
void rewrite_typos(const rewrite_text *text, buffer *out);
void rewrite_reversed(const rewrite_text *text, buffer *out);

void rewrite_base64(const rewrite_text *text, buffer *out);
void rewrite_base64url(const rewrite_text *text, buffer *out);
void rewrite_hex(const rewrite_text *text, buffer *out);
void rewrite_percent(const rewrite_text *text, buffer *out);
void rewrite_entities(const rewrite_text *text, buffer *out);
void rewrite_escapes(const rewrite_text *text, buffer *out);

#endif

/*
 * view.h - views of a text: what a reader sees in it, as texts that patterns can be looked for in.
 *
 * `folded` undoes what evasions do to spelling: NFKC, case, width, accents, look-alikes of other
 * scripts, zero-width and direction controls, tag characters, digits and signs for letters, letters
 * spaced or dotted apart, repeated letters, runs of white space. `decoded` also shows what stands
 * in base64, base64url, hex, percent, HTML entities and
 * \u escapes, nested to LIMIT_DECODE_DEPTH; with VIEW_ROT13 also ROT13. Both: decoded first, then
 * folded.
 *
 * `folded` is canonical: folding again changes nothing, and a constant of a policy, folded by
 * view_fold, comes out as the same words do in a text. Which words are changed how is decided from
 * the word alone (fold_word.c: look-alikes where a word mixes scripts or could be ASCII as a whole,
 * swaps where it gives a reason to; fold.c: letters apart). Texts of other scripts keep their
 * letters. A regular expression is not folded; if its literals are not what view_fold makes of
 * them, it finds nothing in a folded text.
 *
 * A view is a list of segments. Segment 0 is the text itself (folded, if asked). With VIEW_DECODED
 * there follow: the text with its inline escapes undone, if it has any; and one segment for each
 * encoded run that holds text. A match never crosses from one segment into another. Every segment
 * maps its byte ranges back to byte ranges of the original text, at borders of characters; what was
 * decoded from a run maps to (at least) the characters of the run that carry it.
 *
 * Input need not be valid UTF-8: a malformed byte becomes U+FFFD in the view and maps back to
 * itself.
 *
 * Layer 1. All memory of a view is the arena's. Pure: the same text gives the same view.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_VIEW_H
#define CONSTITUTION_RUNTIME_TEXT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/arena.h"

enum { VIEW_FOLDED = 1, VIEW_DECODED = 2, VIEW_ROT13 = 4 }; /* numbers are ABI */

struct view_map; /* NULL: the identity */

typedef struct view_segment {
    const char *bytes; /* valid UTF-8; may be the original text itself */
    uint32_t length;
    const struct view_map *map;
} view_segment;

typedef struct view {
    const view_segment *segments;
    uint32_t count;
    bool limited;  /* a bound was reached (depth, bytes): something may not have been looked at */
    uint64_t work; /* bytes that were read and written to make it */
} view;

/* False: memory is short. The segments may point into `text`. */
bool view_make(arena *arena, const char *text, uint32_t length, unsigned views, view *out);

/*
 * The view `folded` of a few bytes, where nothing but the case of letters is undone and it is said
 * at a glance: words of two letters and more, common signs, single blanks. NULL: it is not said,
 * and view_make knows. Else as many bytes, mapped byte for byte: `text`, or `out`.
 */
enum { VIEW_FEW = 256 };
const char *view_few(const char *text, uint32_t length, char out[VIEW_FEW]);

/* The bytes of the original text that made bytes start..end-1 of a segment; *original_start <=
 * *original_end. */
void view_original(const view_segment *segment, uint32_t start, uint32_t end,
                   uint32_t *original_start, uint32_t *original_end);

/* A text as it looks in the view `folded`; constants of a policy are folded with this when it is
 * compiled, so that they can be found. False: memory is short. */
bool view_fold(arena *arena, const char *text, uint32_t length, const char **bytes,
               uint32_t *out_length);

/*
 * For streams: the greatest position p <= at where the text can be cut for these views: the view of
 * text[0..p) followed by the view of text[p..n) is the view of the whole, whatever follows behind
 * `at`; no encoded run, escape, spaced-out word or repetition crosses p. 0 if there is none.
 * Segments are put together in their order: the text, its form without escapes (the text itself in
 * a half that has none), the runs. Only text[0..at) is looked at, from `at` back to p.
 */
uint32_t view_cut(const char *text, uint32_t length, uint32_t at, unsigned views);

#endif

/*
 * scan.h - finding patterns: one database for all patterns that look at one view of one field.
 *
 * A database is bytes, made when the policy is compiled (compiler/pattern/), part of the policy's
 * image, and opened here without a compiler. What is rare in text is looked for first (literals
 * with one pass of the engine; digits; long tokens), and only around a hit is the pattern's own
 * automaton run, which decides. So what a pattern means does not depend on the engine:
 *
 *   - A match of a pattern is a byte range start < end (never empty) that the regular expression,
 * or the phrase, takes as a whole; assertions look at the text around it. It must also pass the
 * pattern's check and have one of its `after` words in the characters before it, if the pattern has
 * those.
 *   - The matches of a pattern in a text are: at the leftmost start that has any, the longest; then
 * on from its end.
 *   - `unknown` is what could not be found out within the bounds (LIMIT_SCAN_STEPS): the pattern
 * may or may not match.
 *
 * Texts are valid UTF-8. Layer 2. A database is immutable and shared by threads; a scratch belongs
 * to one thread at a time.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_SCAN_H
#define CONSTITUTION_RUNTIME_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/include/constitution.h"

typedef struct scan_database scan_database;
typedef struct scan_scratch scan_scratch;

/*
 * Opens a database. `bytes` (16-byte aligned) must outlive it. CST_NOT_A_POLICY: the bytes are no
 * database, in any way: every reference is checked here, so that no later walk can leave them.
 * CST_WRONG_ABI: made for another version or processor. CST_INTERNAL: the engine failed its
 * self-test on this machine.
 */
cst_status scan_database_open(const void *bytes, size_t length, const cst_allocator *allocator,
                              scan_database **out);
/* What can be said at once, from the head alone: whether it may be a database, and of how many
 * patterns. */
cst_status scan_database_glance(const void *bytes, size_t length, uint32_t *patterns);
void scan_database_close(scan_database *database);
uint32_t scan_pattern_count(const scan_database *database);
/* How many bytes before a place can matter to what matches there: one character for assertions, and
 * as far as `after` looks. */
uint32_t scan_lookback(const scan_database *database);

/* A scratch serves every database that it was fitted to; *scratch may be NULL at first. Once fitted
 * and warm, scanning allocates nothing. */
cst_status scan_scratch_fit(scan_scratch **scratch, const scan_database *database,
                            const cst_allocator *allocator);
void scan_scratch_free(scan_scratch *scratch);
/* The steps of all that was scanned with it (docs/bounds.md). */
uint64_t scan_work(const scan_scratch *scratch);

/* Sets bit p of `found` for each pattern p with at least one match that begins at `from` or behind,
 * of `unknown` for each of which that is not known (then it is not in `found`); text before is seen
 * by assertions and `after`. Both have (scan_pattern_count + 63) / 64 words, are written whole. */
cst_status scan_find(const scan_database *database, scan_scratch *scratch, const char *text,
                     uint32_t length, uint32_t from, uint64_t *found, uint64_t *unknown);

/* The matches of one pattern with from <= start < to, in order. `visit` answers false to stop.
 * `from` is 0 or the end of a match (or any place that no match crosses); text before it is seen by
 * assertions and `after`. *unknown is set if matches may be missing. */
typedef bool scan_visit(void *user, uint32_t start, uint32_t end);
cst_status scan_list(const scan_database *database, scan_scratch *scratch, const char *text,
                     uint32_t length, uint32_t from, uint32_t to, uint32_t pattern,
                     scan_visit *visit, void *user, bool *unknown);

/* Whether the whole text is taken by the pattern's expression (check included, `after` ignored).
 * *unknown is set, and the answer is false, if that is not known. */
bool scan_whole(const scan_database *database, scan_scratch *scratch, const char *text,
                uint32_t length, uint32_t pattern, bool *unknown);

/*
 * For streams: text[0..length) is what has come so far. The smallest start s >= from such that,
 * with some continuation, a match of one of the patterns whose bits are set in `wanted` begins at s
 * and ends behind `length` (or ends at `length`, but is only known to be one when more has come);
 * `length` if there is none. Exact, but where bounds are reached, smaller. *holder: the pattern
 * that is asked first, any number; then the one that is alive there, UINT32_MAX if none is.
 */
uint32_t scan_live(const scan_database *database, scan_scratch *scratch, const char *text,
                   uint32_t length, uint32_t from, const uint64_t *wanted, uint32_t *holder);

/*
 * The same for all patterns, of a text that is fed piece by piece: what it takes depends on the
 * piece alone. Where it fails (too many starts are alive at once, states had to be dropped) nothing
 * is lost: scan_live answers, and following begins again at any place that is settled.
 */
enum { SCAN_MOST_THREADS = 192, SCAN_MOST_STEPS = 32, SCAN_PAIRS = 26 * 26 };

typedef struct scan_thread {
    uint32_t state, start;
    uint32_t last; /* of the starts that share its state */
    /* a pattern that is, with what stands before the start; UINT32_MAX: none is known */
    uint32_t alive;
} scan_thread;

typedef struct scan_follow {
    uint32_t epoch;  /* of the states that it follows; 0: none */
    uint32_t slot;   /* where the scratch has them */
    uint32_t before; /* scan_context of the next byte */
    /* the first start behind which something may have matched, and the last; UINT32_MAX: none */
    uint32_t accepted;
    uint32_t accepted_last;
    uint32_t crowd, crowd_epoch;     /* of the states of all threads; 0: each has its own */
    uint32_t step_count;             /* past SCAN_MOST_STEPS: too many */
    uint32_t steps[SCAN_MOST_STEPS]; /* that accepted, until all of that is settled */
    uint32_t noted;                  /* words of the text before this place are noted: */
    uint32_t words[SCAN_PAIRS]; /* by first two letters, behind the start of the last; 0: none */
    uint32_t count;
    scan_thread threads[SCAN_MOST_THREADS]; /* in the order of their starts */
} scan_follow;

/* Begins at text[at]. False: this database cannot be followed. */
bool scan_follow_begin(const scan_database *database, scan_scratch *scratch, scan_follow *follow,
                       const char *text, uint32_t at);
/* The bytes that come next, whole characters. Starts are counted from `base`; there are none among
 * the first `first` bytes. False: begin again. */
bool scan_follow_feed(const scan_database *database, scan_scratch *scratch, scan_follow *follow,
                      const char *bytes, uint32_t length, uint32_t base, uint32_t first);
/* The first start that is alive, as scan_live; `otherwise` if none is. `text`: all that was fed,
 * starts counted from its beginning; NULL if that is not at hand: then *unsure may be set, and
 * scan_live knows. */
uint32_t scan_follow_live(const scan_database *database, scan_scratch *scratch, scan_follow *follow,
                          const char *text, uint32_t length, uint32_t otherwise, bool *unsure);
/* Sets the bits of the patterns of which a match may begin at what was accepted and is not settled:
 * of all others there is none. (scan_pattern_count + 63) / 64 words, written whole. False: that is
 * not known. */
bool scan_follow_accepts(const scan_database *database, scan_scratch *scratch,
                         const scan_follow *follow, uint64_t *bits);
/* What was accepted behind starts before `place` has been looked at. */
void scan_follow_settled(scan_follow *follow, uint32_t place);

#endif

/*
 * scan_private.h - what the files of the scanner share, and nobody else includes.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_SCAN_PRIVATE_H
#define CONSTITUTION_RUNTIME_TEXT_SCAN_PRIVATE_H

#include "runtime/limits.h"
#include "runtime/text/engine.h"
#include "runtime/text/scan.h"
#include "runtime/text/scan_format.h"

#define SCAN_MOST_ENDS      LIMIT_CHECKED_ENDS
#define SCAN_POSITION_LISTS 5u
#define SCAN_UNIT           16u
#define SCAN_MOST_AHEAD     16u /* bytes that a gate looks at */

#define SCAN_AFTER_PAIRS 28u

struct scan_database {
    const scan_head *head;
    cst_allocator allocator;
    engine_database *engine; /* NULL: no literals */
    const scan_pattern_row *patterns;
    const scan_automaton_row *automata;
    const uint64_t (*sets)[4];
    uint32_t lookback;
    /* SCAN_START_HEADS begins of lists, then pattern numbers by first byte (scan_live.c); NULL:
     * they would be too many */
    uint32_t *starts;
    size_t start_bytes;
    /* by pattern: what its `after` words begin with, as bits of scan_letter and scan_pair, and a
     * few scan_letters */
    struct scan_afters {
        uint64_t pairs;
        uint32_t letters;
        uint16_t count;
        bool odd; /* others too */
        uint16_t first[SCAN_AFTER_PAIRS];
    } *afters;
};

/* A letter, all digits and signs, all that is not ASCII: one bit each. */
static inline uint32_t scan_letter(char byte)
{
    const uint32_t letter = ((unsigned char)byte | 0x20u) - 'a';
    return letter < 26 && (unsigned char)byte < 0x80 ? 1u << letter
           : (unsigned char)byte < 0x80              ? 1u << 26
                                                     : 1u << 27;
}

/* The bit of two bytes that a word begins with, whatever the case. */
static inline uint32_t scan_pair(char first, char second)
{
    return (((unsigned char)first & 0xdfu) * 5 + ((unsigned char)second & 0xdfu)) % 64;
}

/* The place of two ASCII letters among all such pairs, whatever the case; SCAN_NONE: they are none.
 */
static inline uint32_t scan_letters(char first, char second)
{
    const uint32_t a = ((unsigned char)first | 0x20u) - 'a',
                   b = ((unsigned char)second | 0x20u) - 'a';
    return a < 26 && b < 26 ? a * 26 + b : SCAN_NONE;
}

/* States for streams, of so many databases of one policy. */
#define SCAN_FOLLOWERS 16u
typedef struct scan_follower scan_follower;

/* Lists for each byte, without and with a word character before; each 256 have their end behind
 * them. */
#define SCAN_START_HEADS (2 * 257)

struct scan_scratch {
    cst_allocator allocator;
    engine_scratch *engine;
    /* two lists of positions, their stamps; by chain, its place in the list and its stamp */
    uint32_t *positions;
    uint32_t position_count;
    uint32_t *tried; /* by pattern: places before this have been tried */
    uint32_t tried_count;
    /* by pattern: steps of its automaton in this text, in units of SCAN_UNIT */
    uint32_t *spent;
    uint32_t spent_count;
    uint32_t *ends; /* of matches that a check must pass */
    uint32_t end_count;
    uint32_t stamp;
    /* of scan_sweep.c: two lists of states and their starts, and stamps of states */
    uint32_t *threads;
    uint32_t thread_count, thread_stamp;
    /* of scan_follow.c: of the databases that streams ask for, NULL behind them */
    scan_follower *followers[SCAN_FOLLOWERS];
    uint32_t epoch; /* counts whenever states of a follower are dropped */
    uint64_t work;  /* steps of all that was scanned with it, for docs/bounds.md */
};

static inline const void *scan_at(const scan_head *head, uint32_t offset)
{
    return (const char *)head + offset;
}

static inline bool scan_has(const uint64_t set[4], unsigned char byte)
{
    return (set[byte >> 6] >> (byte & 63) & 1) != 0;
}

/* Whether this byte goes on with a character: no match begins or ends before it. */
static inline bool scan_continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static inline scan_context scan_before(const char *text, uint32_t at)
{
    if (at == 0)
        return CONTEXT_START;
    const unsigned char before = (unsigned char)text[at - 1];
    return before == '\n' ? CONTEXT_LINE : scan_is_word(before) ? CONTEXT_WORD : CONTEXT_OTHER;
}

/* Steps that a pattern may take in a text of that length before it is unknown. */
static inline uint64_t scan_steps_for(uint32_t length)
{
    const uint64_t more = (uint64_t)length * 256;
    return more > LIMIT_SCAN_STEPS ? more : LIMIT_SCAN_STEPS;
}

/* What one pattern is tried against: the text, and the work that may still be done. */
typedef struct scan_try {
    const scan_database *database;
    scan_scratch *scratch;
    const char *text;
    uint32_t length;
    uint64_t steps; /* left; at 0 what comes is unknown */
    bool unknown;
} scan_try;

/* So many steps of a pattern were done. */
static inline void scan_spend(scan_try *with, uint64_t done)
{
    with->scratch->work += done;
    with->steps = with->steps > done ? with->steps - done : 0;
}

/* scan_match.c */

/* The end of the longest match of a pattern that begins at `start` and passes its check and
 * `after`; 0 if there is none. */
uint32_t scan_match(scan_try *with, const scan_pattern_row *row, uint32_t start);
/* Whether the gate of an automaton tells that nothing matches at `start` and, with whatever
 * continuation, nothing will: no state is left, and none accepted. */
bool scan_turns_away(const scan_database *database, const scan_automaton_row *row, const char *text,
                     uint32_t length, uint32_t start);
/* Whether there is such an end; of most patterns that is known before the longest is. */
bool scan_matches(scan_try *with, const scan_pattern_row *row, uint32_t start);
/* Whether, with some continuation of the text, a match begins at `start` that ends behind it, or is
 * known only then. */
bool scan_is_alive(scan_try *with, const scan_pattern_row *row, uint32_t start);
/* The same for a match of the whole text: `after` is not asked. */
bool scan_takes_whole(scan_try *with, const scan_pattern_row *row);
/* Whether one of the pattern's `after` words stands before this place; true of a pattern that has
 * none. */
bool scan_is_after(scan_try *with, const scan_pattern_row *row, uint32_t start);
/* The place so many characters before another. */
uint32_t scan_characters_before(const char *text, uint32_t at, uint32_t count);
/* Whether the conditions of an edge hold at a place. */
bool scan_holds(uint32_t mask, scan_context before, const char *text, uint32_t length, uint32_t at);
/* Whether an edge at the end of the text can be taken once more has come, or only then decides
 * whether a match ends here. */
bool scan_is_open(const scan_try *with, const uint32_t *sets, scan_edge_row edge,
                  scan_context before);

/* scan_words.c: phrases and sets of words; answers as of scan_match and scan_is_alive, but check
 * and `after` are not asked. */
uint32_t scan_phrase_end(const scan_try *with, const scan_pattern_row *row, uint32_t start);
bool scan_phrase_alive(const scan_try *with, const scan_pattern_row *row, uint32_t start);
uint32_t scan_words_end(scan_try *with, const scan_pattern_row *row, uint32_t start);
bool scan_words_alive(scan_try *with, const scan_pattern_row *row, uint32_t start);

/* Of entries from..to of one of the two tables of a set (`apart`: those that are not looked up word
 * by word) that agree in `at` bytes, those that go on with this byte; false if there are none.
 * *whole is set if one of them ends there. */
bool scan_words_narrow(const scan_database *database, const scan_pattern_row *row, bool apart,
                       uint32_t *from, uint32_t *to, uint32_t at, unsigned char byte, bool *whole);
uint32_t scan_words_count(const scan_database *database, const scan_pattern_row *row, bool apart);

/* scan_follow.c */

void scan_followers_free(scan_scratch *scratch);

/* scan_sweep.c: patterns of kind SCAN_AUTOMATON, from all starts at once. */

/* The leftmost start from..to of anything that the expression takes, check and `after` not asked;
 * SCAN_NONE if there is none. */
uint32_t scan_sweep_first(scan_try *with, const scan_pattern_row *row, uint32_t from, uint32_t to);
/* The leftmost start from..to for which scan_is_alive holds; SCAN_NONE if there is none. */
uint32_t scan_sweep_alive(scan_try *with, const scan_pattern_row *row, uint32_t from, uint32_t to);

/* What the first bytes of a match are, by what stands before: kept at hand in loops over a text. */
typedef struct scan_begin {
    const uint64_t *first, *second, *inside;
} scan_begin;

static inline scan_begin scan_begin_of(const scan_try *with, const scan_pattern_row *row)
{
    const uint64_t(*const sets)[4] = with->database->sets;
    return (scan_begin){sets[row->first], sets[row->second], sets[row->inside]};
}

/* Whether a match may begin here, as far as that tells. */
static inline bool scan_may_begin(const scan_begin *begin, const char *text, uint32_t length,
                                  uint32_t at)
{
    const unsigned char byte = (unsigned char)text[at];
    return scan_has(begin->first, byte) && !scan_continues(text[at]) &&
           (at + 1 >= length || scan_has(begin->second, (unsigned char)text[at + 1])) &&
           (at == 0 || scan_has(begin->inside, byte) || !scan_is_word((unsigned char)text[at - 1]));
}

#endif

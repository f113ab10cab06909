/*
 * scan_live.c - for streams: the first place where a pattern is not decided before more text has
 * come.
 *
 * A piece of a stream is a few bytes, and every pattern has to be asked about them. So patterns are
 * listed by the bytes that they can begin with (twice: with and without a word character before),
 * and a short stretch asks at each place only those of its byte, one start after the other. Where
 * that takes long, and in long stretches, each pattern follows all of its starts at once
 * (scan_sweep.c).
 *
 * What holds a stream mostly holds it still when the next piece comes. So the one that did is asked
 * first.
 */
#include <string.h>

#include "runtime/text/scan_private.h"

/* A short stretch is up to so many bytes, and takes up to so many steps of automata. */
enum { NEAR_BYTES = 4096, NEAR_STEPS = 1 << 18, MOST_WORDS = 64 };

/* The patterns that may begin with the character at a place; those whose second byte cannot be
 * there are among them. */
static const uint32_t *starts_at(const scan_database *database, const char *text, uint32_t at,
                                 uint32_t *count)
{
    const uint32_t inside = at > 0 && scan_is_word((unsigned char)text[at - 1]),
                   byte = (unsigned char)text[at];
    const uint32_t *const begins = database->starts + inside * 257;
    *count = begins[byte + 1] - begins[byte];
    return database->starts + SCAN_START_HEADS + begins[byte];
}

/* Word characters from a place on, where they end in the text and are not many; else as many as any
 * pattern asks for. */
static uint32_t words_at(const char *text, uint32_t length, uint32_t at)
{
    for (uint32_t count = 0; count < MOST_WORDS && at + count < length; count++)
        if (!scan_is_word((unsigned char)text[at + count]))
            return count;
    return UINT32_MAX;
}

static bool goes_on(const scan_database *database, const scan_pattern_row *row, const char *text,
                    uint32_t length, uint32_t at)
{
    return at + 1 >= length || scan_has(database->sets[row->second], (unsigned char)text[at + 1]);
}

/* ---- what is alive --------------------------------------------------------------------------- */

typedef struct living {
    scan_try with;
    const uint64_t *wanted;
    uint32_t from;   /* nothing before it is alive */
    uint32_t best;   /* the first place that is, so far */
    uint32_t holder; /* and the pattern; SCAN_NONE: none */
} living;

static bool is_wanted(const living *state, uint32_t number)
{
    return (state->wanted[number / 64] >> (number % 64) & 1) != 0;
}

/* Whether one pattern is alive at one place where it may begin. Counts its steps. */
static bool lives_at(living *state, uint32_t number, uint32_t at, uint64_t *steps)
{
    scan_try *const with = &state->with;
    const scan_pattern_row *const row = &with->database->patterns[number];
    if (!is_wanted(state, number) || row->longest < with->length - at ||
        !goes_on(with->database, row, with->text, with->length, at))
        return false;
    with->steps = scan_steps_for(with->length);
    const uint64_t before = with->steps;
    const bool alive = scan_is_alive(with, row, at);
    *steps += before - with->steps + 1;
    if (alive && !with->unknown) {
        state->best = at;
        state->holder = number;
    }
    return alive && !with->unknown;
}

/* All patterns at a few places. True: that says it; else they are dead before state->from, and the
 * rest is open. */
static bool live_near(living *state)
{
    uint64_t steps = 0;
    while (state->from < state->best) {
        uint32_t count;
        if (!scan_continues(state->with.text[state->from])) {
            const uint32_t *const numbers =
                starts_at(state->with.database, state->with.text, state->from, &count);
            const uint32_t words = words_at(state->with.text, state->with.length, state->from);
            for (uint32_t i = 0; i < count; i++)
                if (state->with.database->patterns[numbers[i]].words_least > words)
                    continue;
                else if (lives_at(state, numbers[i], state->from, &steps) || state->with.unknown)
                    return true;
            if (steps > NEAR_STEPS)
                return false;
        }
        state->from++;
    }
    return true;
}

/* The first place from..to where a phrase or a word of a set may still come; `to` + 1 if there is
 * none. */
static uint32_t live_text(scan_try *with, const scan_pattern_row *row, uint32_t from, uint32_t to)
{
    const scan_begin begin = scan_begin_of(with, row);
    for (uint32_t at = from; at <= to && !with->unknown; at++)
        if (scan_may_begin(&begin, with->text, with->length, at) && scan_is_alive(with, row, at))
            return at;
    return to + 1;
}

/* Pattern by pattern, each only before what is known. */
static void live_far(living *state)
{
    scan_try *const with = &state->with;
    for (uint32_t number = 0; number < with->database->head->patterns.count &&
                              state->best > state->from && !with->unknown;
         number++) {
        const scan_pattern_row *const row = &with->database->patterns[number];
        const uint32_t least = row->longest < with->length ? with->length - row->longest : 0,
                       first = least > state->from ? least : state->from;
        if (!is_wanted(state, number) || first >= state->best)
            continue;
        with->steps = scan_steps_for(with->length);
        const uint32_t start = row->kind == SCAN_AUTOMATON
                                   ? scan_sweep_alive(with, row, first, state->best - 1)
                                   : live_text(with, row, first, state->best - 1);
        if (start < state->best) {
            state->best = start;
            state->holder = number;
        }
    }
}

uint32_t scan_live(const scan_database *database, scan_scratch *scratch, const char *text,
                   uint32_t length, uint32_t from, const uint64_t *wanted, uint32_t *holder)
{
    living state = {.with = {database, scratch, text, length, 0, false},
                    .wanted = wanted,
                    .from = from,
                    .best = length,
                    .holder = SCAN_NONE};
    uint64_t steps = 0;
    if (from >= length)
        return length;
    const scan_begin begin = *holder < database->head->patterns.count
                                 ? scan_begin_of(&state.with, &database->patterns[*holder])
                                 : (scan_begin){NULL, NULL, NULL};
    if (begin.first && scan_may_begin(&begin, text, length, from) &&
        lives_at(&state, *holder, from, &steps))
        return from;
    state.with.unknown = false;
    if (!database->starts || length - from > NEAR_BYTES || !live_near(&state))
        live_far(&state);
    *holder = state.with.unknown ? SCAN_NONE : state.holder;
    return state.with.unknown ? from : state.best;
}

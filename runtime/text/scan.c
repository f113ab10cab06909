/*
 * scan.c - which patterns stand in a text, and where.
 *
 * scan_find does the least that answers "whether": one pass of the engine over the text for all literals, one look for digits, one for long tokens;
 * each hit names patterns, and only around the hit, in the window in which a match with this literal could begin, is the pattern itself tried. A pattern that was found
 * is not tried again. Windows of one pattern never go backwards, because hits come by their ends and the window is measured from there: so no
 * place is tried twice.
 *
 * scan_list and scan_live are asked rarely (for what fired; for the end of a stream) and look at every place where the pattern's first bytes stand:
 * plain, and the same answer by another way, which the tests hold against scan_find.
 *
 * A text can be made so that tries go far and fail. So when they have cost more than a few steps for each byte of the text, the rest of the
 * starts are followed all at once, in one pass (scan_sweep.c).
 */
#include <string.h>

#include "runtime/text/scan_private.h"

static uint64_t steps_for(uint32_t length)
{
    const uint64_t more = (uint64_t)length * 256;
    return more > LIMIT_SCAN_STEPS ? more : LIMIT_SCAN_STEPS;
}

/* Matches up to this length fail soon: one start after the other is tried. Of longer ones, when that has cost so many steps a byte, all
 * that are left are tried at once (scan_sweep.c). */
enum { SWEEP_LEAST = 256, SWEEP_PATIENCE = 16 };

static uint64_t patience_for(uint32_t length)
{
    return (uint64_t)length * SWEEP_PATIENCE + 16384;
}

static bool can_sweep(const scan_pattern_row *row)
{
    return row->kind == SCAN_AUTOMATON && row->longest > SWEEP_LEAST;
}

/* The next start at or behind `from` that has a match; its end, or 0 (*with says whether that is unknown). */
static uint32_t sweep_match(scan_try *with, const scan_pattern_row *row, uint32_t from, uint32_t *start)
{
    uint32_t end = 0;
    for (*start = from; end == 0; ++*start) {
        *start = scan_sweep_first(with, row, *start, with->length - 1);
        if (*start == SCAN_NONE)
            return 0;
        end = scan_match(with, row, *start);
        if (end != 0 || with->unknown)
            return end;
    }
    return end;
}

/* ---- finding --------------------------------------------------------------------------------- */

typedef struct finding {
    scan_try with;
    uint64_t *found, *unknown;
} finding;

static bool is_done(const finding *state, uint32_t number)
{
    return ((state->found[number / 64] | state->unknown[number / 64]) >> (number % 64) & 1) != 0;
}

static void mark(uint64_t *bits, uint32_t number)
{
    bits[number / 64] |= UINT64_C(1) << (number % 64);
}

/* The next place at..to where a match may begin; the one behind `to` if there is none. */
static inline uint32_t next_place(const scan_begin *begin, const char *text, uint32_t length, uint32_t at, uint32_t to)
{
    while (at <= to && !scan_may_begin(begin, text, length, at))
        at++;
    return at;
}

/* Tries a pattern at from..to, both included; where that takes long, at all places from there on, and is done with it. */
static void try_window(finding *state, uint32_t number, uint32_t from, uint32_t to)
{
    scan_try *const with = &state->with;
    const scan_pattern_row *const row = &with->database->patterns[number];
    uint32_t *const tried = &with->scratch->tried[number];
    if (from < *tried)
        from = *tried;
    if (to >= with->length)
        to = with->length - 1;
    if (from > to)
        return;
    *tried = to + 1;
    const char *const text = with->text;
    const uint32_t length = with->length;
    const scan_begin begin = scan_begin_of(with, row);
    uint32_t at = next_place(&begin, text, length, from, to);
    if (at > to) /* of most windows that is all */
        return;
    const uint64_t all = steps_for(length), gone = (uint64_t)with->scratch->spent[number] * SCAN_UNIT;
    const uint64_t steps = gone < all ? all - gone : 1, patience = can_sweep(row) ? patience_for(length) : UINT64_MAX;
    bool found = false;
    with->steps = steps;
    with->unknown = false;
    for (; at <= to; at = next_place(&begin, text, length, at + 1, to)) {
        if (gone + (steps - with->steps) > patience) {
            found = sweep_match(with, row, at, &at) != 0;
            *tried = UINT32_MAX;
            break;
        }
        found = scan_match(with, row, at) != 0;
        if (found || with->unknown)
            break;
    }
    if (found)
        mark(state->found, number);
    else if (with->unknown)
        mark(state->unknown, number);
    with->scratch->spent[number] += (uint32_t)((steps - with->steps) / SCAN_UNIT);
}

/* Where the window of a literal begins: at `from`, or where the bytes before the literal can be no match's. */
static uint32_t window_start(const finding *state, const scan_pattern_row *row, uint32_t from, uint32_t end, uint32_t length)
{
    if (row->before == SCAN_NONE || row->trigger != SCAN_BY_LITERAL || end < length)
        return from;
    const uint64_t *const before = state->with.database->sets[row->before];
    uint32_t at = end - length;
    while (at > from && scan_has(before, (unsigned char)state->with.text[at - 1]))
        at--;
    return at > from ? at : from;
}

static bool literal_hit(void *user, uint32_t literal, uint32_t end)
{
    finding *const state = user;
    const scan_head *const head = state->with.database->head;
    if (literal >= head->literals.count) /* the engine's bytes are another database's */
        return true;
    const scan_literal_row *const row = (const scan_literal_row *)scan_at(head, head->literals.offset) + literal;
    const uint32_t *const numbers = scan_at(head, row->patterns.offset);
    for (uint32_t i = 0; i < row->patterns.count; i++) {
        const uint32_t number = numbers[i];
        const scan_pattern_row *const pattern = &state->with.database->patterns[number];
        if (is_done(state, number) || end < pattern->nearest)
            continue;
        uint32_t from = pattern->farthest == SCAN_NONE || pattern->farthest > end ? 0 : end - pattern->farthest;
        if (from < state->with.scratch->tried[number]) /* nobody goes back over what has been tried */
            from = state->with.scratch->tried[number];
        try_window(state, number, window_start(state, pattern, from, end, row->text.count), end - pattern->nearest);
    }
    return true;
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* The next digit at or behind a place; the length of the text if there is none. */
static uint32_t next_digit(const char *text, uint32_t length, uint32_t at)
{
    if (at < length && is_digit(text[at])) /* among numbers the next is often here */
        return at;
    for (; at + 8 <= length; at += 8) {
        uint64_t word;
        memcpy(&word, text + at, 8);
        /* bytes 0x30..0x39: 0x3 above, and adding 6 does not carry into the next four bits */
        const uint64_t high = (word & UINT64_C(0xf0f0f0f0f0f0f0f0)) ^ UINT64_C(0x3030303030303030);
        const uint64_t sum = ((word & UINT64_C(0x0f0f0f0f0f0f0f0f)) + UINT64_C(0x0606060606060606)) & UINT64_C(0x1010101010101010);
        const uint64_t other = high | sum;
        const uint64_t zero = (other - UINT64_C(0x0101010101010101)) & ~other & UINT64_C(0x8080808080808080);
        if (zero)
            break;
    }
    while (at < length && !is_digit(text[at]))
        at++;
    return at;
}

/* One pass over the digits for all patterns that begin with a number, or have a digit near their start: that of any of the digits that stand
 * together in begin..end. */
static void try_digits(finding *state, uint32_t begin, uint32_t end)
{
    const scan_head *const head = state->with.database->head;
    const uint32_t *const numbers = scan_at(head, head->numbers.offset), *const digits = scan_at(head, head->digits.offset);
    const scan_pattern_row *const patterns = state->with.database->patterns;
    const bool edge = begin == 0 || !scan_is_word((unsigned char)state->with.text[begin - 1]);
    for (uint32_t i = 0; edge && i < head->numbers.count; i++)
        if (end - begin >= patterns[numbers[i]].digits_least && end - begin <= patterns[numbers[i]].digits_most && !is_done(state, numbers[i]))
            try_window(state, numbers[i], begin, begin);
    for (uint32_t i = 0; i < head->digits.count; i++) {
        const scan_pattern_row *const row = &patterns[digits[i]];
        if (end >= row->nearest && !is_done(state, digits[i]))
            try_window(state, digits[i], begin + 1 > row->farthest ? begin + 1 - row->farthest : 0, end - row->nearest);
    }
}

static void find_digits(finding *state)
{
    const char *const text = state->with.text;
    const uint32_t length = state->with.length;
    for (uint32_t at = 0, end; (at = next_digit(text, length, at)) < length; at = end + 1) {
        for (end = at + 1; end < length && is_digit(text[end]);)
            end++;
        try_digits(state, at, end);
    }
}

static void find_tokens(finding *state)
{
    const scan_head *const head = state->with.database->head;
    const uint32_t *const numbers = scan_at(head, head->tokens.offset);
    const char *const text = state->with.text;
    for (uint32_t at = 0; at < state->with.length;) {
        uint32_t end = at;
        while (end < state->with.length && scan_is_token((unsigned char)text[end]))
            end++;
        for (uint32_t i = 0; end - at >= head->least_token && i < head->tokens.count; i++) {
            const scan_pattern_row *const row = &state->with.database->patterns[numbers[i]];
            if (end - at < row->token || is_done(state, numbers[i]))
                continue;
            /* the match holds a run inside of this one, and may begin before it */
            const uint32_t reach = row->longest == SCAN_NONE ? at : row->longest;
            try_window(state, numbers[i], reach > at ? 0 : at - reach, end - 1);
        }
        at = end + 1;
    }
}

static void find_starts(finding *state)
{
    const scan_head *const head = state->with.database->head;
    const uint32_t *const numbers = scan_at(head, head->starts.offset);
    for (uint32_t i = 0; i < head->starts.count; i++)
        try_window(state, numbers[i], 0, state->with.length - 1);
}

cst_status scan_find(const scan_database *database, scan_scratch *scratch, const char *text, uint32_t length,
                     uint64_t *found, uint64_t *unknown)
{
    const scan_head *const head = database->head;
    const uint32_t words = (head->patterns.count + 63) / 64;
    memset(found, 0, words * sizeof *found);
    memset(unknown, 0, words * sizeof *unknown);
    if (length == 0 || head->patterns.count == 0)
        return CST_OK;
    finding state = {.with = {database, scratch, text, length, steps_for(length), false}, .found = found, .unknown = unknown};
    memset(scratch->tried, 0, head->patterns.count * sizeof *scratch->tried);
    memset(scratch->spent, 0, head->patterns.count * sizeof *scratch->spent);
    if (database->engine) {
        const cst_status status = engine_scan(database->engine, scratch->engine, text, length, literal_hit, &state);
        if (status != CST_OK)
            return status;
    }
    if (head->numbers.count > 0 || head->digits.count > 0)
        find_digits(&state);
    if (head->tokens.count)
        find_tokens(&state);
    if (head->starts.count)
        find_starts(&state);
    return CST_OK;
}

/* ---- listing --------------------------------------------------------------------------------- */

cst_status scan_list(const scan_database *database, scan_scratch *scratch, const char *text, uint32_t length,
                     uint32_t from, uint32_t pattern, scan_visit *visit, void *user, bool *unknown)
{
    const scan_pattern_row *const row = &database->patterns[pattern];
    const uint64_t steps = steps_for(length), patience = can_sweep(row) ? patience_for(length) : UINT64_MAX;
    scan_try with = {database, scratch, text, length, steps, false};
    const scan_begin begin = scan_begin_of(&with, row);
    for (uint32_t at = from; at < length;) {
        if (!scan_may_begin(&begin, text, length, at)) {
            at++;
            continue;
        }
        uint32_t start = at;
        const uint32_t end = steps - with.steps > patience ? sweep_match(&with, row, at, &start) : scan_match(&with, row, at);
        if (with.unknown) {
            *unknown = true;
            return CST_OK;
        }
        if (start == SCAN_NONE || (end && !visit(user, start, end)))
            return CST_OK;
        at = end ? end : at + 1;
    }
    return CST_OK;
}

bool scan_whole(const scan_database *database, scan_scratch *scratch, const char *text, uint32_t length, uint32_t pattern,
                bool *unknown)
{
    scan_try with = {database, scratch, text, length, steps_for(length), false};
    const bool takes = scan_takes_whole(&with, &database->patterns[pattern]);
    *unknown = *unknown || with.unknown;
    return takes && !with.unknown;
}

/* The first place from..to where a phrase or a word of a set may still come; `to` + 1 if there is none. */
static uint32_t live_text(scan_try *with, const scan_pattern_row *row, uint32_t from, uint32_t to)
{
    const scan_begin begin = scan_begin_of(with, row);
    for (uint32_t at = from; at <= to && !with->unknown; at++)
        if (scan_may_begin(&begin, with->text, with->length, at) && scan_is_alive(with, row, at))
            return at;
    return to + 1;
}

uint32_t scan_live(const scan_database *database, scan_scratch *scratch, const char *text, uint32_t length, uint32_t from,
                   const uint64_t *wanted)
{
    uint32_t best = length; /* each pattern is looked for only before what is known */
    for (uint32_t number = 0; number < database->head->patterns.count && best > from; number++) {
        if ((wanted[number / 64] >> (number % 64) & 1) == 0)
            continue;
        const scan_pattern_row *const row = &database->patterns[number];
        const uint32_t least = row->longest < length ? length - row->longest : 0, first = least > from ? least : from;
        scan_try with = {database, scratch, text, length, steps_for(length), false};
        if (first >= best)
            continue;
        const uint32_t start = row->kind == SCAN_AUTOMATON ? scan_sweep_alive(&with, row, first, best - 1)
                                                           : live_text(&with, row, first, best - 1);
        if (with.unknown)
            return from;
        best = start < best ? start : best;
    }
    return best;
}

/*
 * scan.c - which patterns stand in a text, and where.
 *
 * scan_find does the least that answers "whether": one pass of the engine over the text for all literals, one look for digits, one for long tokens;
 * each hit names patterns, and only around the hit, in the window in which a match with this literal could begin, is the pattern itself tried. A pattern that was found
 * is not tried again. Windows of one pattern never go backwards, because hits come by their ends and the window is measured from there: so no
 * place is tried twice.
 *
 * scan_list and scan_live are asked rarely (for what fired; for the end of a stream) and try every place where the pattern's first byte stands:
 * plain, and the same answer by another way, which the tests hold against scan_find.
 */
#include <string.h>

#include "runtime/text/scan_private.h"

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static uint64_t steps_for(uint32_t length)
{
    const uint64_t more = (uint64_t)length * 256;
    return more > LIMIT_SCAN_STEPS ? more : LIMIT_SCAN_STEPS;
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

/* Tries a pattern at from..to, both included. */
static void try_window(finding *state, uint32_t number, uint32_t from, uint32_t to)
{
    const scan_pattern_row *const row = &state->with.database->patterns[number];
    const uint64_t *const first = state->with.database->sets[row->first], *const second = state->with.database->sets[row->second];
    uint32_t *const tried = &state->with.scratch->tried[number];
    if (from < *tried)
        from = *tried;
    if (to >= state->with.length)
        to = state->with.length - 1;
    if (from > to)
        return;
    *tried = to + 1;
    const uint64_t all = steps_for(state->with.length), gone = (uint64_t)state->with.scratch->spent[number] * SCAN_UNIT;
    const uint64_t steps = gone < all ? all - gone : 1;
    state->with.steps = steps;
    state->with.unknown = false;
    const char *const text = state->with.text;
    const uint32_t length = state->with.length;
    const bool fresh = row->fresh != 0;
    for (uint32_t at = from; at <= to; at++) {
        if (!scan_has(first, (unsigned char)text[at]) || continues(text[at]))
            continue;
        if ((at + 1 < length && !scan_has(second, (unsigned char)text[at + 1])) ||
            (fresh && at > 0 && scan_is_word((unsigned char)text[at - 1])))
            continue;
        if (scan_match(&state->with, row, at)) {
            state->found[number / 64] |= UINT64_C(1) << (number % 64);
            return;
        }
        if (state->with.unknown) {
            state->unknown[number / 64] |= UINT64_C(1) << (number % 64);
            return;
        }
    }
    state->with.scratch->spent[number] += (uint32_t)((steps - state->with.steps) / SCAN_UNIT);
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
        const uint32_t from = pattern->farthest == SCAN_NONE || pattern->farthest > end ? 0 : end - pattern->farthest;
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
    const uint64_t *const first = database->sets[row->first];
    scan_try with = {database, scratch, text, length, steps_for(length), false};
    for (uint32_t at = from; at < length;) {
        if (!scan_has(first, (unsigned char)text[at]) || continues(text[at])) {
            at++;
            continue;
        }
        const uint32_t end = scan_match(&with, row, at);
        if (with.unknown) {
            *unknown = true;
            return CST_OK;
        }
        if (end && !visit(user, at, end))
            return CST_OK;
        at = end ? end : at + 1;
    }
    return CST_OK;
}

bool scan_whole(const scan_database *database, scan_scratch *scratch, const char *text, uint32_t length, uint32_t pattern)
{
    scan_try with = {database, scratch, text, length, steps_for(length), false};
    return scan_takes_whole(&with, &database->patterns[pattern]) || with.unknown;
}

uint32_t scan_live(const scan_database *database, scan_scratch *scratch, const char *text, uint32_t length, uint32_t from,
                   const uint64_t *wanted)
{
    scan_try with = {database, scratch, text, length, steps_for(length), false};
    const uint32_t count = database->head->patterns.count;
    for (uint32_t at = from; at < length; at++) {
        if (continues(text[at]))
            continue;
        for (uint32_t number = 0; number < count; number++) {
            const scan_pattern_row *const row = &database->patterns[number];
            if ((wanted[number / 64] >> (number % 64) & 1) == 0 || !scan_has(database->sets[row->first], (unsigned char)text[at]))
                continue;
            if (row->longest != SCAN_NONE && length - at > row->longest)
                continue;
            if (scan_is_alive(&with, row, at) || with.unknown)
                return at;
        }
    }
    return length;
}

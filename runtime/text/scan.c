/*
 * scan.c - which patterns stand in a text, and where.
 *
 * scan_find does the least that answers "whether": one pass of the engine over the text for all
 * literals, one look for digits, one for long tokens; each hit names patterns, and only around the
 * hit, in the window in which a match with this literal could begin, is the pattern itself tried. A
 * pattern that was found is not tried again. Windows of one pattern never go backwards, because
 * hits come by their ends and the window is measured from there: so no place is tried twice.
 *
 * scan_list is asked rarely (for what fired; for what a stream has settled) and looks at every
 * place where the pattern's first bytes stand: plain, and the same answer by another way, which the
 * tests hold against scan_find.
 *
 * A text can be made so that tries go far and fail. So when they have cost more than a few steps
 * for each byte of the text, the rest of the starts are followed all at once, in one pass
 * (scan_sweep.c).
 */
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "runtime/text/scan_private.h"

/* Matches up to this length fail soon: one start after the other is tried. Of longer ones, when
 * that has cost so many steps a byte, all that are left are tried at once (scan_sweep.c). */
enum { SWEEP_LEAST = 256, SWEEP_PATIENCE = 16 };

static uint64_t patience_for(uint32_t length)
{
    return (uint64_t)length * SWEEP_PATIENCE + 16384;
}

static bool can_sweep(const scan_pattern_row *row)
{
    return row->kind == SCAN_AUTOMATON && row->longest > SWEEP_LEAST;
}

/* The next start at or behind `from` that has a match; its end, or 0 (*with says whether that is
 * unknown). */
static uint32_t sweep_match(scan_try *with, const scan_pattern_row *row, uint32_t from,
                            uint32_t *start)
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

uint64_t scan_work(const scan_scratch *scratch)
{
    return scratch->work;
}

/* ---- finding --------------------------------------------------------------------------------- */

typedef struct finding {
    scan_try with;
    uint32_t from; /* matches begin here or behind */
    uint32_t part; /* the engine looks from here on: before `from`, where words of `after` count */
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
static inline uint32_t next_place(const scan_begin *begin, const char *text, uint32_t length,
                                  uint32_t at, uint32_t to)
{
    while (at <= to && !scan_may_begin(begin, text, length, at))
        at++;
    return at;
}

/* Tries a pattern at all of at..to where a match may begin, and it may at `at`; where that takes
 * long, at all places from there on. */
static void try_places(finding *state, uint32_t number, const scan_begin *begin, uint32_t at,
                       uint32_t to)
{
    scan_try *const with = &state->with;
    const scan_pattern_row *const row = &with->database->patterns[number];
    const char *const text = with->text;
    const uint32_t length = with->length;
    const uint64_t all = scan_steps_for(length),
                   gone = (uint64_t)with->scratch->spent[number] * SCAN_UNIT;
    const uint64_t steps = gone < all ? all - gone : 1,
                   patience = can_sweep(row) ? patience_for(length) : UINT64_MAX;
    bool found = false;
    with->steps = steps;
    with->unknown = false;
    for (; at <= to; at = next_place(begin, text, length, at + 1, to)) {
        if (gone + (steps - with->steps) > patience) {
            found = sweep_match(with, row, at, &at) != 0;
            with->scratch->tried[number] = UINT32_MAX;
            break;
        }
        found = scan_matches(with, row, at);
        if (found || with->unknown)
            break;
    }
    if (found)
        mark(state->found, number);
    else if (with->unknown)
        mark(state->unknown, number);
    with->scratch->spent[number] += (uint32_t)((steps - with->steps) / SCAN_UNIT);
}

/* Tries a pattern at from..to, both included. */
static inline void try_window(finding *state, uint32_t number, uint32_t from, uint32_t to)
{
    const scan_try *const with = &state->with;
    uint32_t *const tried = &with->scratch->tried[number];
    if (from < *tried)
        from = *tried;
    if (to >= with->length)
        to = with->length - 1;
    if (from > to)
        return;
    *tried = to + 1;
    with->scratch->work += to - from + 1;
    const scan_begin begin = scan_begin_of(with, &with->database->patterns[number]);
    const uint32_t at = next_place(&begin, with->text, with->length, from, to);
    if (at <= to) /* of most windows that is not so */
        try_places(state, number, &begin, at, to);
}

/* Where the window of a literal begins: at `from`, or where the bytes before the literal can be no
 * match's. */
static uint32_t window_start(const finding *state, const scan_pattern_row *row, uint32_t from,
                             uint32_t end, uint32_t length)
{
    if (row->before == SCAN_NONE || row->trigger != SCAN_BY_LITERAL || end < length)
        return from;
    const uint64_t *const before = state->with.database->sets[row->before];
    uint32_t at = end - length;
    while (at > from && scan_has(before, (unsigned char)state->with.text[at - 1]))
        at--;
    state->with.scratch->work += end - length - at;
    return at > from ? at : from;
}

static uint32_t add_bytes(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Whether a word of `after` ends inside of a longer one, or begins in one, as far as ASCII tells.
 */
static bool is_inside(const finding *state, uint32_t end, uint32_t length)
{
    const unsigned char *const text = (const unsigned char *)state->with.text;
    return (end < state->with.length && scan_is_word(text[end]) && scan_is_word(text[end - 1])) ||
           (end > length && scan_is_word(text[end - length - 1]) &&
            scan_is_word(text[end - length]));
}

static bool literal_hit(void *user, uint32_t literal, uint32_t end_in_part)
{
    finding *const state = user;
    const uint32_t end = state->part + end_in_part;
    const scan_head *const head = state->with.database->head;
    if (literal >= head->literals.count) /* the engine's bytes are another database's */
        return true;
    const scan_literal_row *const row =
        (const scan_literal_row *)scan_at(head, head->literals.offset) + literal;
    const uint32_t *const numbers = scan_at(head, row->patterns.offset);
    state->with.scratch->work += 1u + row->patterns.count;
    for (uint32_t i = 0; i < row->patterns.count; i++) {
        const uint32_t number = numbers[i];
        const scan_pattern_row *const pattern = &state->with.database->patterns[number];
        if (is_done(state, number) || end < pattern->nearest)
            continue;
        if (pattern->trigger == SCAN_BY_AFTER) {
            if (!is_inside(state, end, row->text.count))
                try_window(state, number, end, add_bytes(end, pattern->farthest));
            continue;
        }
        uint32_t from =
            pattern->farthest == SCAN_NONE || pattern->farthest > end ? 0 : end - pattern->farthest;
        if (from <
            state->with.scratch->tried[number]) /* nobody goes back over what has been tried */
            from = state->with.scratch->tried[number];
        try_window(state, number, window_start(state, pattern, from, end, row->text.count),
                   end - pattern->nearest);
    }
    return true;
}

/* Which of 64 bytes are digits: bit i for the byte at i. */
static uint64_t digits_in(const char text[64])
{
    uint64_t out = 0;
#if defined(__SSE2__)
    for (uint32_t i = 0; i < 4; i++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + 16 * i));
        const __m128i above = _mm_cmpgt_epi8(bytes, _mm_set1_epi8('0' - 1)),
                      below = _mm_cmplt_epi8(bytes, _mm_set1_epi8('9' + 1));
        out |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_and_si128(above, below)) << (16 * i);
    }
#else
    for (uint32_t i = 0; i < 64; i++)
        out |= (uint64_t)((unsigned char)(text[i] - '0') < 10) << i;
#endif
    return out;
}

/* Digits that stand together: begin..end, and whether no word character stands before. Some of them
 * at a time, so that each pattern goes over many: its row is read once, and its decisions are
 * alike. */
typedef struct digit_runs {
    struct digit_run {
        uint32_t begin, end, edge;
    } items[64];
    uint32_t count;
} digit_runs;

/* Whether a match can begin with these digits and nothing else of their kind. */
static inline bool can_lead(const finding *state, uint64_t leads, const uint64_t behind[4],
                            const struct digit_run *run)
{
    const uint32_t count = run->end - run->begin;
    return run->edge && (leads >> (count < 64 ? count - 1 : 63) & 1) != 0 &&
           (run->end == state->with.length ||
            scan_has(behind, (unsigned char)state->with.text[run->end]));
}

/* A pattern that begins with a number. */
static void try_number(finding *state, uint32_t number, const digit_runs *runs)
{
    const scan_pattern_row *const row = &state->with.database->patterns[number];
    const uint64_t *const behind = state->with.database->sets[row->behind], leads = row->leads;
    for (uint32_t i = 0; i < runs->count; i++) {
        if (!can_lead(state, leads, behind, &runs->items[i]))
            continue;
        try_window(state, number, runs->items[i].begin, runs->items[i].begin);
        if (is_done(state, number))
            return;
    }
}

/* A pattern that has a digit near its start, and that digit is one of a run. */
static void try_digit(finding *state, uint32_t number, const digit_runs *runs)
{
    const scan_pattern_row *const row = &state->with.database->patterns[number];
    const uint64_t(*const sets)[4] = state->with.database->sets;
    const uint64_t *const behind = sets[row->behind], *const before = sets[row->before],
                          leads = row->leads;
    const uint32_t nearest = row->nearest, farthest = row->farthest;
    /* it may begin with a digit behind others */
    const bool inside = (sets[row->inside][0] >> '0' & 0x3ff) != 0;
    for (uint32_t i = 0; i < runs->count; i++) {
        const struct digit_run *const run = &runs->items[i];
        if (run->end < nearest)
            continue;
        const uint32_t from = run->begin + 1 > farthest ? run->begin + 1 - farthest : 0,
                       last = run->end - nearest;
        uint32_t at = run->begin, to = last;
        if (inside) {
            at = from;
        } else { /* it begins with the first of them, or before, as far back as it can hold what
                    stands there */
            const bool lead = run->begin <= last && can_lead(state, leads, behind, run);
            while (at > from && scan_has(before, (unsigned char)state->with.text[at - 1]))
                at--;
            state->with.scratch->work += run->begin - at;
            if (at == run->begin && !lead)
                continue;
            to = lead ? run->begin : last < run->begin ? last : run->begin - 1;
        }
        try_window(state, number, at, to);
        if (is_done(state, number))
            return;
    }
}

/* All patterns that begin with a number, or have a digit near their start. */
static void try_digits(finding *state, digit_runs *runs)
{
    const scan_head *const head = state->with.database->head;
    const uint32_t *const numbers = scan_at(head, head->numbers.offset), *const digits = scan_at(
                                                                             head,
                                                                             head->digits.offset);
    state->with.scratch->work += (uint64_t)runs->count * (head->numbers.count + head->digits.count);
    for (uint32_t i = 0; i < runs->count; i++)
        runs->items[i].edge =
            runs->items[i].begin == 0 ||
            !scan_is_word((unsigned char)state->with.text[runs->items[i].begin - 1]);
    for (uint32_t i = 0; i < head->numbers.count; i++)
        if (!is_done(state, numbers[i]))
            try_number(state, numbers[i], runs);
    for (uint32_t i = 0; i < head->digits.count; i++)
        if (!is_done(state, digits[i]))
            try_digit(state, digits[i], runs);
    runs->count = 0;
}

static void find_digits(finding *state)
{
    const char *const text = state->with.text;
    const uint32_t length = state->with.length;
    digit_runs runs;
    uint64_t before = 0; /* whether the byte before is a digit */
    bool open = false;
    runs.count = 0;
    for (uint32_t at = state->from; at < length; at += 64) {
        char tail[64] = {0};
        const bool whole = length - at >= 64;
        if (!whole)
            memcpy(tail, text + at, length - at);
        const uint64_t digits = digits_in(whole ? text + at : tail);
        uint64_t changes = digits ^ (digits << 1 | before);
        before = digits >> 63;
        for (; changes != 0; changes &= changes - 1) {
            const uint32_t place = at + (uint32_t)__builtin_ctzll(changes);
            if (!open && runs.count == sizeof runs.items / sizeof *runs.items)
                try_digits(state, &runs);
            if (open)
                runs.items[runs.count++].end = place;
            else
                runs.items[runs.count].begin = place;
            open = !open;
        }
    }
    if (open)
        runs.items[runs.count++].end = length;
    try_digits(state, &runs);
}

static void find_tokens(finding *state)
{
    const scan_head *const head = state->with.database->head;
    const uint32_t *const numbers = scan_at(head, head->tokens.offset);
    const char *const text = state->with.text;
    for (uint32_t at = state->from; at < state->with.length;) {
        uint32_t end = at;
        while (end < state->with.length && scan_is_token((unsigned char)text[end]))
            end++;
        state->with.scratch->work += end - at >= head->least_token ? head->tokens.count : 0;
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
        try_window(state, numbers[i], state->from, state->with.length - 1);
}

/* Patterns that share a gate: where it lets something through, each is tried. */
static void find_gated(finding *state, const scan_gate_row *row)
{
    const scan_database *const database = state->with.database;
    const uint32_t *const numbers = scan_at(database->head, row->patterns.offset);
    const scan_automaton_row *const gate = &database->automata[row->automaton];
    const scan_begin begin = {database->sets[row->first], database->sets[row->second],
                              database->sets[row->inside]};
    const char *const text = state->with.text;
    const uint32_t length = state->with.length, last = length - 1;
    for (uint32_t at = next_place(&begin, text, length, state->from, last); at <= last;
         at = next_place(&begin, text, length, at + 1, last)) {
        if (scan_turns_away(database, gate, text, length, at))
            continue;
        for (uint32_t i = 0; i < row->patterns.count; i++)
            if (!is_done(state, numbers[i]))
                try_window(state, numbers[i], at, at);
    }
}

cst_status scan_find(const scan_database *database, scan_scratch *scratch, const char *text,
                     uint32_t length, uint32_t from, uint64_t *found, uint64_t *unknown)
{
    const scan_head *const head = database->head;
    const uint32_t words = (head->patterns.count + 63) / 64;
    memset(found, 0, words * sizeof *found);
    memset(unknown, 0, words * sizeof *unknown);
    if (from >= length || head->patterns.count == 0)
        return CST_OK;
    finding state = {.with = {database, scratch, text, length, scan_steps_for(length), false},
                     .from = from,
                     .found = found,
                     .unknown = unknown};
    if (from == 0)
        memset(scratch->tried, 0, head->patterns.count * sizeof *scratch->tried);
    for (uint32_t i = 0; from > 0 && i < head->patterns.count; i++)
        scratch->tried[i] = from;
    memset(scratch->spent, 0, head->patterns.count * sizeof *scratch->spent);
    const bool has_digits = head->numbers.count > 0 || head->digits.count > 0;
    scratch->work += (uint64_t)(length - from) *
                     ((database->engine != NULL) + has_digits + (head->tokens.count > 0));
    if (database->engine) {
        state.part = from > database->lookback ? from - database->lookback : 0;
        const cst_status status = engine_scan(database->engine, scratch->engine, text + state.part,
                                              length - state.part, literal_hit, &state);
        if (status != CST_OK)
            return status;
    }
    if (has_digits)
        find_digits(&state);
    if (head->tokens.count)
        find_tokens(&state);
    if (head->starts.count)
        find_starts(&state);
    const scan_gate_row *const gates = scan_at(head, head->gates.offset);
    for (uint32_t i = 0; i < head->gates.count; i++)
        find_gated(&state, &gates[i]);
    return CST_OK;
}

/* ---- listing --------------------------------------------------------------------------------- */

cst_status scan_list(const scan_database *database, scan_scratch *scratch, const char *text,
                     uint32_t length, uint32_t from, uint32_t to, uint32_t pattern,
                     scan_visit *visit, void *user, bool *unknown)
{
    const scan_pattern_row *const row = &database->patterns[pattern];
    const uint64_t steps = scan_steps_for(length),
                   patience = can_sweep(row) ? patience_for(length) : UINT64_MAX;
    scan_try with = {database, scratch, text, length, steps, false};
    const scan_begin begin = scan_begin_of(&with, row);
    scratch->work += to - from;
    for (uint32_t at = from; at < to && at < length;) {
        if (!scan_may_begin(&begin, text, length, at)) {
            at++;
            continue;
        }
        uint32_t start = at;
        const uint32_t end = steps - with.steps > patience ? sweep_match(&with, row, at, &start)
                                                           : scan_match(&with, row, at);
        if (with.unknown) {
            *unknown = true;
            return CST_OK;
        }
        if (start >= to || (end && !visit(user, start, end))) /* SCAN_NONE too */
            return CST_OK;
        at = end ? end : at + 1;
    }
    return CST_OK;
}

bool scan_whole(const scan_database *database, scan_scratch *scratch, const char *text,
                uint32_t length, uint32_t pattern, bool *unknown)
{
    scan_try with = {database, scratch, text, length, scan_steps_for(length), false};
    const bool takes = scan_takes_whole(&with, &database->patterns[pattern]);
    *unknown = *unknown || with.unknown;
    return takes && !with.unknown;
}

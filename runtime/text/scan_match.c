/*
 * scan_match.c - does this pattern match here? By table of states or by positions (phrases and
 * words: scan_words.c).
 *
 * A table is followed with one load a byte. A pattern whose table would be too large is followed as
 * a set of positions. Without a check only the last end that accepts matters; with one, all ends
 * are kept and tried from the longest.
 */
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "runtime/text/check.h"
#include "runtime/text/scan_private.h"
#include "runtime/text/unicode.h"

/* ---- what follows an automaton --------------------------------------------------------------- */

typedef struct ends { /* where it accepted */
    uint32_t last;
    uint32_t *list; /* NULL: only the last */
    uint32_t count;
    bool cut;   /* earlier ones were dropped */
    bool alive; /* at the end of the text something could still follow */
} ends;

static void accept(ends *out, uint32_t end)
{
    out->last = end;
    if (!out->list)
        return;
    /* the longest are tried first, so the shortest are dropped */
    if (out->count == SCAN_MOST_ENDS) {
        memmove(out->list, out->list + 1, (SCAN_MOST_ENDS - 1) * sizeof *out->list);
        out->count--;
        out->cut = true;
    }
    out->list[out->count++] = end;
}

static void run_table(scan_try *with, const scan_automaton_row *row, uint32_t start, ends *out)
{
    const scan_head *const head = with->database->head;
    const uint16_t *const table = scan_at(head, row->table);
    const uint8_t *const classes = scan_at(head, row->classes);
    const uint8_t *const alive = scan_at(head, row->alive);
    const uint32_t columns = row->columns;
    uint32_t state = row->start[scan_before(with->text, start)], at = start;
    for (; at < with->length; at++) {
        const uint32_t entry = table[state * columns + classes[(unsigned char)with->text[at]]];
        if ((entry & SCAN_ACCEPT) && at > start)
            accept(out, at);
        state = entry & ~SCAN_ACCEPT;
        if (state == 0)
            break;
    }
    const uint32_t done = at - start + 1;
    scan_spend(with, done);
    if (state == 0)
        return;
    if ((table[state * columns + columns - 1] & SCAN_ACCEPT) && at > start)
        accept(out, at);
    out->alive = alive[state] != 0;
}

bool scan_turns_away(const scan_database *database, const scan_automaton_row *row, const char *text,
                     uint32_t length, uint32_t start)
{
    const scan_head *const head = database->head;
    const uint16_t *const table = scan_at(head, row->table);
    const uint8_t *const classes = scan_at(head, row->classes);
    const uint32_t columns = row->columns,
                   end = length - start < SCAN_MOST_AHEAD ? length : start + SCAN_MOST_AHEAD;
    uint32_t state = row->start[scan_before(text, start)];
    for (uint32_t at = start; state != 0 && state < SCAN_OPEN && at < end; at++)
        state = table[state * columns + classes[(unsigned char)text[at]]];
    return state == 0;
}

/* Whether a set has a byte of this kind that begins a character: a word's, a line end, any other.
 */
static bool has_kind(const uint64_t set[4], char kind)
{
    const uint64_t digits = UINT64_C(0x03ff000000000000), line = UINT64_C(1) << '\n',
                   letters = UINT64_C(0x07fffffe87fffffe);
    if (kind == '\n')
        return (set[0] & line) != 0;
    if (scan_is_word((unsigned char)kind))
        return ((set[0] & digits) | (set[1] & letters)) != 0;
    return ((set[0] & ~(digits | line)) | (set[1] & ~letters) | set[3]) != 0;
}

bool scan_holds(uint32_t mask, scan_context before, const char *text, uint32_t length, uint32_t at)
{
    const bool end = at == length;
    const bool word = !end && scan_is_word((unsigned char)text[at]),
               edge = (before == CONTEXT_WORD) != word;
    return ((mask & EDGE_WORD) == 0 || edge) && ((mask & EDGE_NO_WORD) == 0 || !edge) &&
           ((mask & EDGE_TEXT_START) == 0 || before == CONTEXT_START) &&
           ((mask & EDGE_TEXT_END) == 0 || end) &&
           ((mask & EDGE_LINE_START) == 0 || before == CONTEXT_START || before == CONTEXT_LINE) &&
           ((mask & EDGE_LINE_END) == 0 || end || text[at] == '\n');
}

bool scan_is_open(const scan_try *with, const uint32_t *sets, scan_edge_row edge,
                  scan_context before)
{
    /* one of each kind; bytes beyond ASCII are of the last */
    static const char behind[] = {'a', '\n', ' '};
    const bool now = scan_holds(edge.mask, before, behind, 0, 0);
    for (uint32_t i = 0; i < sizeof behind; i++) {
        const bool then = scan_holds(edge.mask, before, behind, sizeof behind, i);
        if (edge.to == SCAN_ACCEPTS
                ? then != now
                : then && has_kind(with->database->sets[sets[edge.to]], behind[i]))
            return true;
    }
    return false;
}

/* A set of positions that is being made. */
typedef struct position_set {
    uint32_t *items, *stamps, *places, *chain_stamps; /* places: by chain, where in `items` */
    const scan_chain_row *chains;
    uint32_t count, stamp;
} position_set;

static inline void reach(position_set *set, uint32_t position)
{
    const scan_chain_row chain = set->chains[position];
    set->stamps[position] = set->stamp;
    if (chain.number != 0) {
        if (set->chain_stamps[chain.number] == set->stamp) {
            uint32_t *const other = &set->items[set->places[chain.number]];
            if (set->chains[*other].rank > chain.rank)
                *other = position;
            return;
        }
        set->chain_stamps[chain.number] = set->stamp;
        set->places[chain.number] = set->count;
    }
    set->items[set->count++] = position;
}

static void next_stamp(scan_scratch *scratch)
{
    const uint32_t room = scratch->position_count / SCAN_POSITION_LISTS;
    if (++scratch->stamp != 0)
        return;
    /* not the lists: one of them is read */
    memset(scratch->positions + 2 * room, 0, 3 * room * sizeof *scratch->positions);
    scratch->stamp = 1;
}

/* What is read of one byte: the edges of all positions of a set that take it. True: one of them
 * accepts before it. */
static bool step_positions(const scan_try *with, const scan_automaton_row *row, const uint32_t *now,
                           uint32_t count, uint32_t at, position_set *next, uint64_t *done)
{
    const scan_head *const head = with->database->head;
    const uint32_t *const sets = scan_at(head, row->position_sets), *const begins =
                                                                        scan_at(head, row->edges);
    const scan_edge_row *const edges = scan_at(head, row->edge_rows);
    const uint64_t *const bytes = with->database->sets[0] + ((unsigned char)with->text[at] >> 6);
    const uint32_t bit = (unsigned char)with->text[at] & 63;
    const scan_context before = scan_before(with->text, at);
    bool accepts = false;
    for (uint32_t i = 0; i < count; i++) {
        const scan_edge_row *edge = edges + begins[now[i]], *const last =
                                                                edges + begins[now[i] + 1];
        *done += (uint64_t)(last - edge);
        for (; edge < last; edge++) {
            const uint32_t to = edge->to;
            if (to != SCAN_ACCEPTS &&
                ((bytes[(size_t)sets[to] * 4] >> bit & 1) == 0 || next->stamps[to] == next->stamp))
                continue;
            if (edge->mask != 0 && !scan_holds(edge->mask, before, with->text, with->length, at))
                continue;
            if (to == SCAN_ACCEPTS)
                accepts = true;
            else
                reach(next, to);
        }
    }
    return accepts;
}

/* The end of the text: whether one of the positions accepts, and whether one is alive. */
static bool end_positions(const scan_try *with, const scan_automaton_row *row, const uint32_t *now,
                          uint32_t count, bool *alive)
{
    const scan_head *const head = with->database->head;
    const uint32_t *const sets = scan_at(head, row->position_sets), *const begins =
                                                                        scan_at(head, row->edges);
    const scan_edge_row *const edges = scan_at(head, row->edge_rows);
    const scan_context before = scan_before(with->text, with->length);
    bool accepts = false;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = begins[now[i]]; k < begins[now[i] + 1]; k++) {
            *alive = *alive || scan_is_open(with, sets, edges[k], before);
            accepts = accepts ||
                      (edges[k].to == SCAN_ACCEPTS &&
                       (edges[k].mask == 0 ||
                        scan_holds(edges[k].mask, before, with->text, with->length, with->length)));
        }
    return accepts;
}

static void run_positions(scan_try *with, const scan_automaton_row *row, uint32_t start, ends *out)
{
    const uint32_t room = with->scratch->position_count / SCAN_POSITION_LISTS;
    uint32_t *now = with->scratch->positions, count = 1, at = start;
    position_set next = {.items = now + room,
                         .stamps = now + 2 * room,
                         .places = now + 3 * room,
                         .chain_stamps = now + 4 * room,
                         .chains = scan_at(with->database->head, row->chains)};
    now[0] = 0;
    for (; at < with->length; at++) {
        uint64_t done = 0;
        next_stamp(with->scratch);
        next.stamp = with->scratch->stamp;
        next.count = 0;
        const bool accepts = step_positions(with, row, now, count, at, &next, &done);
        scan_spend(with, done);
        if (accepts && at > start && !scan_continues(with->text[at]))
            accept(out, at);
        if (next.count == 0 || with->steps == 0)
            return;
        uint32_t *const swap = now;
        now = next.items;
        next.items = swap;
        count = next.count;
    }
    if (end_positions(with, row, now, count, &out->alive) && at > start)
        accept(out, at);
}

static void run(scan_try *with, const scan_pattern_row *row, uint32_t start, ends *out)
{
    const scan_automaton_row *const automaton = &with->database->automata[row->body];
    if (automaton->states > 0)
        run_table(with, automaton, start, out);
    else if (automaton->gate == 0 ||
             !scan_turns_away(with->database, automaton, with->text, with->length, start))
        run_positions(with, automaton, start, out);
    else
        scan_spend(with, SCAN_MOST_AHEAD);
    if (with->steps == 0)
        with->unknown = true;
}

/* ---- after ----------------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool stands_at(const scan_try *with, uint32_t at, const char *word, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (lower(with->text[at + i]) != word[i])
            return false;
    return unicode_word_edge(with->text, with->length, at) &&
           unicode_word_edge(with->text, with->length, at + length);
}

/* Of 64 bytes, those that are letters of ASCII, other word characters, and no ASCII. */
typedef struct kinds {
    uint64_t letters, others, wide;
} kinds;

static kinds kinds_of(const char bytes[64])
{
    kinds out = {0, 0, 0};
#if defined(__SSE2__)
    for (uint32_t i = 0; i < 4; i++) {
        const __m128i all = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 16 * i));
        const __m128i letter =
                          _mm_sub_epi8(_mm_or_si128(all, _mm_set1_epi8(0x20)), _mm_set1_epi8('a')),
                      digit = _mm_sub_epi8(all, _mm_set1_epi8('0'));
        const __m128i letters = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter),
                      others =
                          _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit),
                                       _mm_cmpeq_epi8(all, _mm_set1_epi8('_')));
        out.letters |= (uint64_t)(uint32_t)_mm_movemask_epi8(letters) << (16 * i);
        out.others |= (uint64_t)(uint32_t)_mm_movemask_epi8(others) << (16 * i);
        out.wide |= (uint64_t)(uint32_t)_mm_movemask_epi8(all) << (16 * i);
    }
#else
    for (uint32_t i = 0; i < 64; i++) {
        const unsigned char byte = (unsigned char)bytes[i], letter = (byte | 0x20u) - 'a';
        out.letters |= (uint64_t)(byte < 0x80 && letter < 26) << i;
        out.others |= (uint64_t)(byte == '_' || (unsigned char)(byte - '0') < 10) << i;
        out.wide |= (uint64_t)(byte >= 0x80) << i;
    }
#endif
    return out;
}

uint32_t scan_characters_before(const char *text, uint32_t at, uint32_t count)
{
    for (; count >= 8 && at >= 8; count -= 8, at -= 8) { /* as long as they are bytes */
        uint64_t bytes;
        memcpy(&bytes, text + at - 8, sizeof bytes);
        if ((bytes & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    for (uint32_t i = 0; i < count && at > 0; i++) {
        at--;
        while (at > 0 && scan_continues(text[at]))
            at--;
    }
    return at;
}

/* One of the words at a place, whole, and before `start`. */
static bool any_stands(const scan_try *with, const scan_pattern_row *row, uint32_t at,
                       uint32_t start)
{
    const scan_table *const words = scan_at(with->database->head, row->after.offset);
    const char c = lower(with->text[at]);
    for (uint32_t i = 0; i < row->after.count; i++) {
        const char *const word = scan_at(with->database->head, words[i].offset);
        if (words[i].count <= start - at && word[0] == c &&
            stands_at(with, at, word, words[i].count))
            return true;
    }
    return false;
}

/* One of the words must stand whole in the characters before a match: that is asked where one may
 * begin, which is not inside of a word. */
bool scan_is_after(scan_try *with, const scan_pattern_row *row, uint32_t start)
{
    if (row->after.count == 0)
        return true;
    const char *const text = with->text;
    const struct scan_afters *const afters =
        &with->database->afters[row - with->database->patterns];
    const uint32_t first = afters->letters;
    const uint32_t from = scan_characters_before(text, start, row->after_within);
    bool inside = from > 0 && scan_is_word((unsigned char)text[from - 1]);
    const uint64_t done = (uint64_t)(start - from) * (row->after.count + 1);
    for (uint32_t base = from; base < start; base += 64) {
        char tail[64] = {0};
        const uint32_t count = start - base < 64 ? start - base : 64;
        if (with->length - base < 64)
            memcpy(tail, text + base, with->length - base);
        const kinds all = kinds_of(with->length - base < 64 ? tail : text + base);
        const uint64_t words = all.letters | all.others;
        uint64_t left = all.letters & ~(words << 1 | inside);
        if (first >> 26 & 1)
            left |= ~(all.letters | all.wide) & ~(all.others & (words << 1 | inside));
        if (first >> 27 & 1)
            left |= all.wide;
        inside = words >> 63;
        left &= count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
        for (; left != 0; left &= left - 1) {
            const uint32_t at = base + (uint32_t)__builtin_ctzll(left);
            if ((afters->pairs >> scan_pair(text[at], text[at + 1]) & 1) != 0 &&
                any_stands(with, row, at, start)) {
                with->scratch->work += (uint64_t)(at + 1 - from) * (row->after.count + 1);
                return true;
            }
        }
    }
    scan_spend(with, done);
    return false;
}

/* ---- the interface --------------------------------------------------------------------------- */

static uint32_t checked_end(scan_try *with, const scan_pattern_row *row, uint32_t start,
                            const ends *found)
{
    for (uint32_t i = found->count; i-- > 0;) {
        const uint32_t length = found->list[i] - start;
        scan_spend(with, length);
        if (check_holds((check_kind)row->check, row->check_bound, with->text + start, length))
            return found->list[i];
    }
    if (found->cut)
        with->unknown = true;
    return 0;
}

uint32_t scan_match(scan_try *with, const scan_pattern_row *row, uint32_t start)
{
    if (row->kind == SCAN_WORDS)
        return scan_words_end(with, row, start);
    if (row->kind == SCAN_PHRASE) {
        const uint32_t end = scan_phrase_end(with, row, start);
        return end &&
                       check_holds((check_kind)row->check, row->check_bound, with->text + start,
                                   end - start) &&
                       scan_is_after(with, row, start)
                   ? end
                   : 0;
    }
    ends found = {.list = row->check != 0 ? with->scratch->ends : NULL};
    run(with, row, start, &found);
    if (found.last == 0 || !scan_is_after(with, row, start))
        return 0;
    return row->check == 0 ? found.last : checked_end(with, row, start, &found);
}

/* Whether a table accepts anything from here: a match, where neither a check nor `after` is asked.
 */
static bool table_accepts(scan_try *with, const scan_automaton_row *row, uint32_t start)
{
    const scan_head *const head = with->database->head;
    const uint16_t *const table = scan_at(head, row->table);
    const uint8_t *const classes = scan_at(head, row->classes);
    const char *const text = with->text;
    const uint32_t columns = row->columns, length = with->length;
    uint32_t entry = row->start[scan_before(text, start)], at = start;
    bool accepts = false;
    for (; at < length && !accepts && (entry & ~SCAN_ACCEPT) != 0; at++) {
        entry = table[(entry & ~SCAN_ACCEPT) * columns + classes[(unsigned char)text[at]]];
        accepts = (entry & SCAN_ACCEPT) != 0 && at > start;
    }
    if (!accepts && at == length && at > start && (entry & ~SCAN_ACCEPT) != 0)
        accepts = (table[(entry & ~SCAN_ACCEPT) * columns + columns - 1] & SCAN_ACCEPT) != 0;
    const uint32_t done = at - start + 1;
    scan_spend(with, done);
    if (!accepts && with->steps == 0)
        with->unknown = true;
    return accepts;
}

bool scan_matches(scan_try *with, const scan_pattern_row *row, uint32_t start)
{
    if (row->kind == SCAN_AUTOMATON && row->check == 0 && row->after.count == 0 &&
        with->database->automata[row->body].states > 0)
        return table_accepts(with, &with->database->automata[row->body], start);
    return scan_match(with, row, start) != 0;
}

bool scan_is_alive(scan_try *with, const scan_pattern_row *row, uint32_t start)
{
    if (row->kind == SCAN_WORDS)
        return scan_words_alive(with, row, start);
    if (row->kind == SCAN_PHRASE)
        return scan_phrase_alive(with, row, start) && scan_is_after(with, row, start);
    ends found = {.list = NULL};
    run(with, row, start, &found);
    if (!found.alive)
        return with->steps == 0;
    return scan_is_after(with, row, start);
}

bool scan_takes_whole(scan_try *with, const scan_pattern_row *row)
{
    uint32_t end;
    if (with->length == 0)
        return false;
    if (row->kind == SCAN_WORDS)
        return scan_words_end(with, row, 0) == with->length;
    if (row->kind == SCAN_PHRASE) {
        end = scan_phrase_end(with, row, 0);
    } else {
        ends found = {.list = NULL};
        run(with, row, 0, &found);
        end = found.last;
    }
    return end == with->length &&
           check_holds((check_kind)row->check, row->check_bound, with->text, with->length);
}

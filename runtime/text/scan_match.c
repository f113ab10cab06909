/*
 * scan_match.c - does this pattern match here? By table of states or by positions (phrases and words: scan_words.c).
 *
 * A table is followed with one load a byte. A pattern whose table would be too large is followed as a set of positions. Without a check only the last
 * end that accepts matters; with one, all ends are kept and tried from the longest.
 */
#include <string.h>

#include "runtime/text/check.h"
#include "runtime/text/scan_private.h"
#include "runtime/text/unicode.h"

/* ---- what follows an automaton --------------------------------------------------------------- */

typedef struct ends { /* where it accepted */
    uint32_t last;
    uint32_t *list; /* NULL: only the last */
    uint32_t count;
    bool cut;       /* earlier ones were dropped */
    bool alive;     /* at the end of the text something could still follow */
} ends;

static void accept(ends *out, uint32_t end)
{
    out->last = end;
    if (!out->list)
        return;
    if (out->count == SCAN_MOST_ENDS) { /* the longest are tried first, so the shortest are dropped */
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

/* Whether a set has a byte of this kind that begins a character: a word's, a line end, any other. */
static bool has_kind(const uint64_t set[4], char kind)
{
    const uint64_t digits = UINT64_C(0x03ff000000000000), line = UINT64_C(1) << '\n', letters = UINT64_C(0x07fffffe87fffffe);
    if (kind == '\n')
        return (set[0] & line) != 0;
    if (scan_is_word((unsigned char)kind))
        return ((set[0] & digits) | (set[1] & letters)) != 0;
    return ((set[0] & ~(digits | line)) | (set[1] & ~letters) | set[3]) != 0;
}

bool scan_holds(uint32_t mask, scan_context before, const char *text, uint32_t length, uint32_t at)
{
    const bool end = at == length;
    const bool word = !end && scan_is_word((unsigned char)text[at]), edge = (before == CONTEXT_WORD) != word;
    return ((mask & EDGE_WORD) == 0 || edge) && ((mask & EDGE_NO_WORD) == 0 || !edge) &&
           ((mask & EDGE_TEXT_START) == 0 || before == CONTEXT_START) && ((mask & EDGE_TEXT_END) == 0 || end) &&
           ((mask & EDGE_LINE_START) == 0 || before == CONTEXT_START || before == CONTEXT_LINE) &&
           ((mask & EDGE_LINE_END) == 0 || end || text[at] == '\n');
}

bool scan_is_open(const scan_try *with, const uint32_t *sets, scan_edge_row edge, scan_context before)
{
    static const char behind[] = {'a', '\n', ' '}; /* one of each kind; bytes beyond ASCII are of the last */
    const bool now = scan_holds(edge.mask, before, behind, 0, 0);
    for (uint32_t i = 0; i < sizeof behind; i++) {
        const bool then = scan_holds(edge.mask, before, behind, sizeof behind, i);
        if (edge.to == SCAN_ACCEPTS ? then != now : then && has_kind(with->database->sets[sets[edge.to]], behind[i]))
            return true;
    }
    return false;
}

static void run_positions(scan_try *with, const scan_automaton_row *row, uint32_t start, ends *out)
{
    const scan_head *const head = with->database->head;
    const uint32_t *const sets = scan_at(head, row->position_sets), *const begins = scan_at(head, row->edges);
    const scan_edge_row *const edges = scan_at(head, row->edge_rows);
    scan_scratch *const scratch = with->scratch;
    const uint32_t room = scratch->position_count / 3;
    uint32_t *now = scratch->positions, *next = now + room, *const stamps = next + room;
    uint32_t count = 1, at = start;
    now[0] = 0;
    for (;; at++) {
        const scan_context before = scan_before(with->text, at);
        const bool end = at == with->length;
        uint32_t next_count = 0;
        bool accepts = false, alive = false;
        if (++scratch->stamp == 0) {
            memset(stamps, 0, room * sizeof *stamps);
            scratch->stamp = 1;
        }
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t last = begins[now[i] + 1];
            scan_spend(with, last - begins[now[i]]);
            for (uint32_t k = begins[now[i]]; k < last; k++) {
                const scan_edge_row edge = edges[k];
                alive = alive || (end && scan_is_open(with, sets, edge, before));
                if (edge.mask != 0 && !scan_holds(edge.mask, before, with->text, with->length, at))
                    continue;
                if (edge.to == SCAN_ACCEPTS)
                    accepts = true;
                else if (!end && stamps[edge.to] != scratch->stamp &&
                         scan_has(with->database->sets[sets[edge.to]], (unsigned char)with->text[at])) {
                    stamps[edge.to] = scratch->stamp;
                    next[next_count++] = edge.to;
                }
            }
        }
        if (accepts && at > start && (end || !scan_continues(with->text[at])))
            accept(out, at);
        if (end) {
            out->alive = alive;
            return;
        }
        if (next_count == 0 || with->steps == 0)
            return;
        uint32_t *const swap = now;
        now = next;
        next = swap;
        count = next_count;
    }
}

static void run(scan_try *with, const scan_pattern_row *row, uint32_t start, ends *out)
{
    const scan_automaton_row *const automaton = &with->database->automata[row->body];
    if (automaton->states > 0)
        run_table(with, automaton, start, out);
    else
        run_positions(with, automaton, start, out);
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
    return unicode_word_edge(with->text, with->length, at) && unicode_word_edge(with->text, with->length, at + length);
}

/* One of the words must stand whole in the characters before a match. */
bool scan_is_after(scan_try *with, const scan_pattern_row *row, uint32_t start)
{
    if (row->after.count == 0)
        return true;
    const scan_head *const head = with->database->head;
    const scan_table *const words = scan_at(head, row->after.offset);
    const uint32_t letters = with->database->after_letters[row - with->database->patterns];
    uint32_t from = start;
    for (uint32_t i = 0; i < row->after_within && from > 0; i++) {
        from--;
        while (from > 0 && scan_continues(with->text[from]))
            from--;
    }
    for (uint32_t at = from; at < start; at++) {
        const char c = lower(with->text[at]);
        if ((scan_letter(c) & letters) == 0)
            continue;
        if (at > 0 && scan_is_word((unsigned char)with->text[at]) && scan_is_word((unsigned char)with->text[at - 1]))
            continue; /* inside of a word */
        for (uint32_t i = 0; i < row->after.count; i++) {
            const char *const word = scan_at(head, words[i].offset);
            if (words[i].count <= start - at && word[0] == c && stands_at(with, at, word, words[i].count)) {
                with->scratch->work += (uint64_t)(at + 1 - from) * (row->after.count + 1);
                return true;
            }
        }
    }
    const uint64_t done = (uint64_t)(start - from) * (row->after.count + 1);
    scan_spend(with, done);
    return false;
}

/* ---- the interface --------------------------------------------------------------------------- */

static uint32_t checked_end(scan_try *with, const scan_pattern_row *row, uint32_t start, const ends *found)
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
        return end && check_holds((check_kind)row->check, row->check_bound, with->text + start, end - start) &&
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

/* Whether a table accepts anything from here: a match, where neither a check nor `after` is asked. */
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
    if (row->kind == SCAN_AUTOMATON && row->check == 0 && row->after.count == 0 && with->database->automata[row->body].states > 0)
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
    return end == with->length && check_holds((check_kind)row->check, row->check_bound, with->text, with->length);
}

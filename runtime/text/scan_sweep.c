/*
 * scan_sweep.c - all starts of a pattern at once, in one pass over the text.
 *
 * To try one start after the other is the fastest way while matches fail soon, and quadratic where
 * they do not: in a long run of letters each letter may begin an address, and each try goes to the
 * end of the run. Here every start is a thread that follows the same automaton. Two threads in the
 * same state have the same future, so of those only the one with the earlier start goes on; so
 * there are at most as many threads as states, in ordinary patterns a few. Threads are kept in the
 * order of their starts, which new ones end.
 *
 * Exact for "the leftmost start that has any" and for "the leftmost start that is still alive". It
 * cannot tell the ends of a start, and does not ask for the check: who needs those tries the start
 * that was found.
 */
#include <string.h>

#include "runtime/text/scan_private.h"

typedef struct threads {
    uint32_t *state, *start;
    uint32_t count;
} threads;

typedef struct sweep {
    scan_try *with;
    const scan_pattern_row *row;
    scan_begin begin;
    uint32_t from, to;
    threads now, next;
    uint32_t *stamps; /* by state: of the list that it is in */
    uint32_t stamp;
    bool for_alive;
    uint32_t best; /* the leftmost start that was found */
} sweep;

static void prepare(sweep *all)
{
    scan_scratch *const scratch = all->with->scratch;
    const uint32_t room = scratch->thread_count / 5;
    uint32_t *const memory = scratch->threads;
    all->now = (threads){memory, memory + room, 0};
    all->next = (threads){memory + 2 * room, memory + 3 * room, 0};
    all->stamps = memory + 4 * room;
    all->stamp = scratch->thread_stamp;
    all->begin = scan_begin_of(all->with, all->row);
}

static void new_list(sweep *all)
{
    all->next.count = 0;
    if (++all->stamp == 0) {
        memset(all->stamps, 0, all->with->scratch->thread_count / 5 * sizeof *all->stamps);
        all->stamp = 1;
    }
}

/* Threads come in the order of their starts: of two in one state the first stays. */
static void add(sweep *all, threads *list, uint32_t state, uint32_t start)
{
    if (all->stamps[state] == all->stamp)
        return;
    all->stamps[state] = all->stamp;
    list->state[list->count] = state;
    list->start[list->count++] = start;
}

/* The next place where a thread begins; the one behind `to` if there is none. */
static uint32_t next_start(const sweep *all, uint32_t at)
{
    while (at <= all->to && !scan_may_begin(&all->begin, all->with->text, all->with->length, at))
        at++;
    return at;
}

static void begin_thread(sweep *all, const scan_automaton_row *row, uint32_t at)
{
    if (at > all->to || at >= all->with->length || all->best != SCAN_NONE ||
        !scan_may_begin(&all->begin, all->with->text, all->with->length, at))
        return;
    if (all->for_alive && !scan_is_after(all->with, all->row, at))
        return;
    add(all, &all->now, row->states > 0 ? row->start[scan_before(all->with->text, at)] : 0, at);
}

/* One byte, or the end of the text, for all threads by the table of states. */
static void step_table(sweep *all, const scan_automaton_row *row, uint32_t at)
{
    const scan_head *const head = all->with->database->head;
    const uint16_t *const table = scan_at(head, row->table);
    const uint8_t *const classes = scan_at(head, row->classes), *const alive =
                                                                    scan_at(head, row->alive);
    const bool end = at == all->with->length;
    const uint32_t column = end ? row->columns - 1 : classes[(unsigned char)all->with->text[at]];
    for (uint32_t i = 0; i < all->now.count; i++) {
        const uint32_t state = all->now.state[i], start = all->now.start[i],
                       entry = table[state * row->columns + column];
        if (all->for_alive ? end && alive[state] != 0 : (entry & SCAN_ACCEPT) != 0 && at > start) {
            all->best = start; /* those that began later do not matter any more */
            return;
        }
        if (!end && (entry & ~SCAN_ACCEPT) != 0)
            add(all, &all->next, entry & ~SCAN_ACCEPT, start);
    }
}

/* The edges of one position. True: it accepts here, or is alive at the end of the text. */
static bool step_position(sweep *all, const scan_automaton_row *row, uint32_t position,
                          uint32_t start, uint32_t at)
{
    const scan_try *const with = all->with;
    const scan_head *const head = with->database->head;
    const uint32_t *const sets = scan_at(head, row->position_sets), *const begins =
                                                                        scan_at(head, row->edges);
    const scan_edge_row *const edges = scan_at(head, row->edge_rows);
    const scan_context before = scan_before(with->text, at);
    const bool end = at == with->length;
    for (uint32_t k = begins[position]; k < begins[position + 1]; k++) {
        const scan_edge_row edge = edges[k];
        if (end && all->for_alive) {
            if (scan_is_open(with, sets, edge, before))
                return true;
            continue;
        }
        if (edge.mask != 0 && !scan_holds(edge.mask, before, with->text, with->length, at))
            continue;
        if (edge.to == SCAN_ACCEPTS) {
            if (!all->for_alive && at > start && (end || !scan_continues(with->text[at])))
                return true;
        } else if (!end &&
                   scan_has(with->database->sets[sets[edge.to]], (unsigned char)with->text[at])) {
            add(all, &all->next, edge.to, start);
        }
    }
    return false;
}

static void step_positions(sweep *all, const scan_automaton_row *row, uint32_t at)
{
    const uint32_t *const begins = scan_at(all->with->database->head, row->edges);
    uint64_t done = 0;
    for (uint32_t i = 0; i < all->now.count; i++) {
        const uint32_t position = all->now.state[i], known = all->next.count;
        done += begins[position + 1] - begins[position];
        if (step_position(all, row, position, all->now.start[i], at)) {
            /* threads of the same start that this position made need not go on either */
            all->next.count = known;
            while (all->next.count > 0 && all->next.start[all->next.count - 1] == all->now.start[i])
                all->next.count--;
            all->best = all->now.start[i];
            break;
        }
    }
    scan_spend(all->with, done);
}

static uint32_t run(sweep *all)
{
    scan_try *const with = all->with;
    const scan_automaton_row *const row = &with->database->automata[all->row->body];
    new_list(all); /* the stamps of the first list */
    for (uint32_t at = all->from;; at++) {
        if (all->now.count == 0) {
            if (all->best != SCAN_NONE)
                break;
            const uint32_t start = next_start(all, at);
            scan_spend(with, start - at);
            at = start;
            if (at > all->to)
                break;
        }
        begin_thread(all, row, at);
        new_list(all);
        if (row->states > 0)
            step_table(all, row, at);
        else
            step_positions(all, row, at);
        scan_spend(with, all->now.count + 1);
        if (with->steps == 0) {
            with->unknown = true;
            break;
        }
        if (at == with->length)
            break;
        const threads swap = all->now;
        all->now = all->next;
        all->next = swap;
    }
    with->scratch->thread_stamp = all->stamp;
    return with->unknown ? SCAN_NONE : all->best;
}

uint32_t scan_sweep_first(scan_try *with, const scan_pattern_row *row, uint32_t from, uint32_t to)
{
    sweep all = {.with = with,
                 .row = row,
                 .from = from,
                 .to = to < with->length ? to : with->length - 1,
                 .best = SCAN_NONE};
    prepare(&all);
    return from < with->length ? run(&all) : SCAN_NONE;
}

uint32_t scan_sweep_alive(scan_try *with, const scan_pattern_row *row, uint32_t from, uint32_t to)
{
    sweep all = {.with = with,
                 .row = row,
                 .from = from,
                 .to = to < with->length ? to : with->length - 1,
                 .for_alive = true,
                 .best = SCAN_NONE};
    prepare(&all);
    return from < with->length ? run(&all) : SCAN_NONE;
}

/*
 * gate.c - one table for the beginnings of many patterns that have to be tried at every place.
 *
 * Patterns without a rare text in them cost a try at each place where one of their first bytes
 * stands, each of them for itself. Their beginnings are much alike (a request begins with a few
 * dozen words), so the first bytes of all are one automaton, and one walk of some bytes tells
 * nearly always that none of them begins here. Behind that depth anything may follow, and anything
 * is accepted: a gate may let through what no pattern takes, never the reverse.
 */
#include <string.h>

#include "compiler/pattern/tree.h"
#include "runtime/limits.h"
#include "runtime/text/scan_format.h"

enum { DEPTH = 8, ANYTHING = 1 };

typedef struct level {       /* positions of one pattern that have been reached, breadth first */
    uint32_t *queue, *depth; /* depth by position, 0: not reached (but for the start) */
    uint32_t count;
} level;

static level reach(arena *arena, const automaton *of)
{
    level out = {.count = 1};
    out.queue = arena_array(arena, of->count, sizeof *out.queue);
    out.depth = arena_array(arena, of->count, sizeof *out.depth);
    for (uint32_t head = 0; head < out.count; head++) {
        const uint32_t position = out.queue[head];
        for (uint32_t k = 0; k < of->edges[position].count && out.depth[position] < DEPTH; k++) {
            const uint32_t to = of->edges[position].items[k].to;
            if (to == SCAN_ACCEPTS || out.depth[to] != 0)
                continue;
            out.depth[to] = out.depth[position] + 1;
            out.queue[out.count++] = to;
        }
    }
    return out;
}

uint32_t gate_positions(arena *arena, const automaton *of)
{
    return reach(arena, of).count;
}

static void add_edge(arena *arena, automaton *out, uint32_t from, uint32_t to, uint32_t mask)
{
    *ARENA_PUSH(arena, &out->edges[from]) = (scan_edge_row){(uint16_t)to, (uint16_t)mask};
    out->edge_count++;
}

/* The positions of one pattern behind those that are there; the start is the same for all. */
static void add_positions(arena *arena, automaton *out, const automaton *of)
{
    const level reached = reach(arena, of);
    uint32_t *const number = arena_array(arena, of->count, sizeof *number);
    for (uint32_t i = 1; i < reached.count; i++) {
        number[reached.queue[i]] = out->count;
        out->sets[out->count++] = of->sets[reached.queue[i]];
    }
    for (uint32_t i = 0; i < reached.count; i++) {
        const uint32_t position = reached.queue[i];
        if (reached.depth[position] == DEPTH) {
            add_edge(arena, out, number[position], ANYTHING, 0);
            add_edge(arena, out, number[position], SCAN_ACCEPTS, 0);
            continue;
        }
        for (uint32_t k = 0; k < of->edges[position].count; k++) {
            const scan_edge_row edge = of->edges[position].items[k];
            if (edge.to != SCAN_ACCEPTS)
                add_edge(arena, out, number[position], number[edge.to], edge.mask);
            else if (position != 0) /* no match is empty */
                add_edge(arena, out, number[position], SCAN_ACCEPTS, edge.mask);
        }
    }
}

automaton *gate_make(arena *arena, const automaton *const *of, uint32_t count)
{
    automaton *const out = arena_allocate(arena, sizeof *out);
    uint32_t positions = 2;
    for (uint32_t i = 0; i < count; i++)
        positions += gate_positions(arena, of[i]);
    *out = (automaton){.count = ANYTHING + 1};
    out->sets = arena_array(arena, positions, sizeof *out->sets);
    out->edges = arena_array(arena, positions, sizeof *out->edges);
    out->chains = arena_array(arena, positions, sizeof *out->chains);
    memset(&out->sets[ANYTHING], 0xff, sizeof out->sets[ANYTHING]);
    add_edge(arena, out, ANYTHING, ANYTHING, 0);
    add_edge(arena, out, ANYTHING, SCAN_ACCEPTS, 0);
    for (uint32_t i = 0; i < count; i++)
        add_positions(arena, out, of[i]);
    automaton_tabulate(arena, out, LIMIT_PATTERN_STATES, LIMIT_PATTERN_STATES);
    if (out->states > 0)
        out->gate = out->states;
    out->states = 0;
    return out;
}

/*
 * begins.c - what a match begins with: its first bytes by what stands before, and the digits it may
 * begin with.
 *
 * Most places of a text are turned away by these, without the automaton. So they are made from the
 * automaton and not from the tree: they are as exact as one or two bytes can be, and say "perhaps"
 * wherever they cannot know.
 */
#include "compiler/pattern/tree.h"
#include "runtime/text/scan_format.h"

static const byte_set any_byte = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

static void set_join(byte_set *into, const byte_set *more)
{
    for (uint32_t i = 0; i < 4; i++)
        into->bits[i] |= more->bits[i];
}

bool has_digits(const byte_set *set)
{
    return (set->bits[0] >> '0' & 0x3ff) != 0;
}

/* The bytes of a set that an edge can take, where a word character stands before or where none
 * does. */
static byte_set taken(const byte_set *set, uint32_t mask, bool inside)
{
    byte_set out = {{0}};
    if ((inside && (mask & (EDGE_TEXT_START | EDGE_LINE_START)) != 0) ||
        (mask & EDGE_TEXT_END) != 0)
        return out;
    for (unsigned byte = 0; byte < 256; byte++) {
        const bool edge = (scan_is_word((unsigned char)byte) != 0) != inside;
        if (has_byte(set, byte) && (edge || (mask & EDGE_WORD) == 0) &&
            (!edge || (mask & EDGE_NO_WORD) == 0) && ((mask & EDGE_LINE_END) == 0 || byte == '\n'))
            set_byte(&out, byte);
    }
    return out;
}

/* ---- digits ---------------------------------------------------------------------------------- */

typedef struct leading { /* positions that some digits lead to */
    const automaton *from;
    uint32_t *now, *next;
    uint32_t count, next_count;
    bool *listed;
} leading;

/* The positions behind one more digit. */
static void go_on(leading *all, bool first)
{
    all->next_count = 0;
    for (uint32_t i = 0; i < all->count; i++)
        for (uint32_t k = 0; k < all->from->edges[all->now[i]].count; k++) {
            const scan_edge_row edge = all->from->edges[all->now[i]].items[k];
            if (edge.to == SCAN_ACCEPTS || all->listed[edge.to])
                continue;
            const byte_set bytes = taken(&all->from->sets[edge.to], edge.mask, !first);
            if (has_digits(&bytes)) {
                all->listed[edge.to] = true;
                all->next[all->next_count++] = edge.to;
            }
        }
    for (uint32_t i = 0; i < all->next_count; i++)
        all->listed[all->next[i]] = false;
    uint32_t *const swap = all->now;
    all->now = all->next;
    all->next = swap;
    all->count = all->next_count;
}

/* The bytes that may follow these digits, in *behind; true: also digits that are no part of the
 * match. *ends: the end of the text may. */
static bool bytes_behind(const leading *all, byte_set *behind, bool *ends)
{
    bool digits = false;
    *ends = false;
    for (uint32_t i = 0; i < all->count; i++)
        for (uint32_t k = 0; k < all->from->edges[all->now[i]].count; k++) {
            const scan_edge_row edge = all->from->edges[all->now[i]].items[k];
            byte_set bytes = taken(edge.to == SCAN_ACCEPTS ? &any_byte : &all->from->sets[edge.to],
                                   edge.mask, true);
            digits = digits || (edge.to == SCAN_ACCEPTS && has_digits(&bytes));
            bytes.bits[0] &= ~(UINT64_C(0x3ff) << '0');
            set_join(behind, &bytes);
            *ends = *ends || edge.to == SCAN_ACCEPTS;
        }
    return digits;
}

static void digits_of(arena *arena, const automaton *from, begins *out)
{
    leading all = {.from = from, .count = 1};
    all.now = arena_array(arena, from->count, sizeof *all.now);
    all.next = arena_array(arena, from->count, sizeof *all.next);
    all.listed = arena_array(arena, from->count, sizeof *all.listed);
    for (uint32_t length = 1; length <= 64; length++) {
        go_on(&all, length == 1);
        if (all.count == 0)
            return;
        byte_set behind = {{0}};
        bool ends;
        const bool digits = bytes_behind(&all, &behind, &ends);
        if (digits || length == 64) { /* any more of them may follow */
            out->leads |= ~(((UINT64_C(1) << (length - 1)) - 1));
            out->behind = any_byte;
            return;
        }
        if (ends || (behind.bits[0] | behind.bits[1] | behind.bits[2] | behind.bits[3]) != 0)
            out->leads |= UINT64_C(1) << (length - 1);
        set_join(&out->behind, &behind);
    }
}

/* ---- words ----------------------------------------------------------------------------------- */

static bool only_words(const byte_set *set)
{
    for (unsigned byte = 0; byte < 256; byte++)
        if (has_byte(set, byte) && !scan_is_word((unsigned char)byte))
            return false;
    return true;
}

/* How many word characters a match begins with at least, before anything else or its end: breadth
 * first, each position once. */
static uint32_t words_of(arena *arena, const automaton *from)
{
    uint32_t *const queue = arena_array(arena, from->count + 1u, sizeof *queue),
                    *const depth = arena_array(arena, from->count + 1u, sizeof *depth);
    uint32_t head = 0, tail = 0;
    queue[tail++] = 0;
    while (head < tail) {
        const uint32_t position = queue[head++];
        for (uint32_t k = 0; k < from->edges[position].count; k++) {
            const uint32_t to = from->edges[position].items[k].to;
            if (to == SCAN_ACCEPTS || !only_words(&from->sets[to]))
                return depth[position];
            if (depth[to] == 0) {
                depth[to] = depth[position] + 1;
                queue[tail++] = to;
            }
        }
    }
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

begins begins_of(arena *arena, const automaton *from)
{
    begins out = {.leads = 0};
    for (uint32_t i = 0; i < from->edges[0].count; i++) {
        const scan_edge_row edge = from->edges[0].items[i];
        const byte_set in = taken(&from->sets[edge.to], edge.mask, true),
                       free = taken(&from->sets[edge.to], edge.mask, false);
        set_join(&out.inside, &in);
        set_join(&out.first, &in);
        set_join(&out.first, &free);
        for (uint32_t k = 0; k < from->edges[edge.to].count; k++) {
            const uint32_t next = from->edges[edge.to].items[k].to;
            set_join(&out.second, next == SCAN_ACCEPTS ? &any_byte : &from->sets[next]);
        }
    }
    out.words_least = words_of(arena, from);
    if (has_digits(&out.first))
        digits_of(arena, from, &out);
    return out;
}

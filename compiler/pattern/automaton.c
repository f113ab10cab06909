/*
 * automaton.c - from the tree of a pattern to its position automaton (Glushkov), and to a table of
 * states where that stays small.
 *
 * Every byte of the expression is a position; an edge leads from one to the next that may follow,
 * under the conditions that stand between
 * (\b, ^, …) as a mask. Position 0 is the start. Counts are written out: x{2,4} is x x (x (x)?)?.
 *
 * The table is made by following sets of positions. Two facts keep it small. Bytes that no position
 * tells apart are one class. And of the copies that a count makes optional an earlier one can do
 * all that a later one can, so a set holds only the earliest: without that
 * `.{0,40}` twice in a row would be a thousand states for each.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/pattern/tree.h"
#include "runtime/base/hash.h"
#include "runtime/limits.h"
#include "runtime/text/scan_format.h"

/* positions that begin or end a part, each with what must hold before or behind */
typedef struct ends {
    scan_edge_row *items;
    uint32_t count, capacity;
} ends;

typedef struct part {
    ends first, last;
    uint16_t nulls[8]; /* masks under which it may be empty */
    uint32_t null_count;
} part;

typedef struct maker {
    arena *arena;
    automaton *out;
    uint32_t room; /* positions that the arrays of `out` hold */
    uint32_t next_chain;
    /* made so far: counts of what is empty multiply without making positions */
    uint32_t parts;
    bool too_large;
} maker;

/* ---- positions and edges --------------------------------------------------------------------- */

static void end_add(maker *maker, ends *list, uint32_t to, uint32_t mask)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].to == to && (list->items[i].mask & mask) == list->items[i].mask)
            return; /* it is there under no more conditions */
    *ARENA_PUSH(maker->arena, list) = (scan_edge_row){(uint16_t)to, (uint16_t)mask};
}

/* For lists of different parts: their positions differ. */
static void ends_join(maker *maker, ends *list, const ends *more, uint32_t mask)
{
    for (uint32_t i = 0; i < more->count; i++)
        *ARENA_PUSH(maker->arena, list) =
            (scan_edge_row){more->items[i].to, (uint16_t)(more->items[i].mask | mask)};
}

static void edge_add(maker *maker, uint32_t from, uint32_t to, uint32_t mask)
{
    struct edge_list *const list = &maker->out->edges[from];
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].to == to && (list->items[i].mask & mask) == list->items[i].mask)
            return;
    if (++maker->out->edge_count > 64u * LIMIT_PATTERN_POSITIONS) {
        maker->too_large = true;
        return;
    }
    *ARENA_PUSH(maker->arena, list) = (scan_edge_row){(uint16_t)to, (uint16_t)mask};
}

static void follow(maker *maker, const ends *last, const ends *first)
{
    for (uint32_t i = 0; i < last->count && !maker->too_large; i++)
        for (uint32_t k = 0; k < first->count && !maker->too_large; k++)
            edge_add(maker, last->items[i].to, first->items[k].to,
                     last->items[i].mask | first->items[k].mask);
}

static void null_add(maker *maker, part *part, uint32_t mask)
{
    for (uint32_t i = 0; i < part->null_count; i++)
        if ((part->nulls[i] & mask) == part->nulls[i])
            return;
    if (part->null_count == sizeof part->nulls / sizeof *part->nulls) {
        maker->too_large = true;
        return;
    }
    part->nulls[part->null_count++] = (uint16_t)mask;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static part part_of(maker *maker, const tree *tree);

static void *larger(maker *maker, const void *items, size_t size)
{
    void *const more = arena_array(maker->arena, maker->room * 2u, size);
    memcpy(more, items, maker->room * size);
    return more;
}

static void make_room(maker *maker)
{
    automaton *const out = maker->out;
    out->sets = larger(maker, out->sets, sizeof *out->sets);
    out->edges = larger(maker, out->edges, sizeof *out->edges);
    out->chains = larger(maker, out->chains, sizeof *out->chains);
    maker->room *= 2;
}

static part byte_part(maker *maker, const tree *tree)
{
    part made = {.null_count = 0};
    const uint32_t position = maker->out->count;
    if (position > LIMIT_PATTERN_POSITIONS) {
        maker->too_large = true;
        return made;
    }
    if (position == maker->room)
        make_room(maker);
    maker->out->count++;
    maker->out->sets[position] = tree->set;
    end_add(maker, &made.first, position, 0);
    end_add(maker, &made.last, position, 0);
    return made;
}

static part cat(maker *maker, const part *a, const part *b)
{
    part made = {.null_count = 0};
    follow(maker, &a->last, &b->first);
    ends_join(maker, &made.first, &a->first, 0);
    for (uint32_t i = 0; i < a->null_count; i++)
        ends_join(maker, &made.first, &b->first, a->nulls[i]);
    ends_join(maker, &made.last, &b->last, 0);
    for (uint32_t i = 0; i < b->null_count; i++)
        ends_join(maker, &made.last, &a->last, b->nulls[i]);
    for (uint32_t i = 0; i < a->null_count; i++)
        for (uint32_t k = 0; k < b->null_count; k++)
            null_add(maker, &made, a->nulls[i] | b->nulls[k]);
    return made;
}

static part empty_part(void)
{
    return (part){.null_count = 1};
}

/* Positions from..to-1 are the copy `rank` of what is optional. Those of a chain inside of the copy
 * keep it: a copy's inner chains are its own, so that what is left out there says nothing about
 * another copy. */
static void chain_mark(maker *maker, uint32_t from, uint32_t to, uint32_t base, uint32_t rank)
{
    chain *const chains = maker->out->chains;
    for (uint32_t i = from; i < to; i++)
        if (chains[i].number == 0)
            chains[i] = (chain){base + (i - from), rank};
}

static part repeat_part(maker *maker, const tree *tree)
{
    const struct tree *const body = tree->items[0];
    part made = empty_part();
    if (tree->most == TREE_ENDLESS) {
        for (uint32_t i = 1; i < tree->least && !maker->too_large; i++) {
            const part copy = part_of(maker, body);
            made = cat(maker, &made, &copy);
        }
        part loop = part_of(maker, body);
        follow(maker, &loop.last, &loop.first);
        if (tree->least == 0)
            null_add(maker, &loop, 0);
        return cat(maker, &made, &loop);
    }
    for (uint32_t i = 0; i < tree->least && !maker->too_large; i++) {
        const part copy = part_of(maker, body);
        made = cat(maker, &made, &copy);
    }
    /* the optional copies, from the last to the first: each may be followed by those behind it, or
     * by none */
    uint32_t base = 0;
    part tail = empty_part();
    for (uint32_t i = tree->most; i > tree->least && !maker->too_large; i--) {
        const uint32_t from = maker->out->count;
        const part copy = part_of(maker, body);
        /* only now is it known how many a copy needs, and which numbers its own counts took */
        if (i == tree->most) {
            base = maker->next_chain;
            maker->next_chain += maker->out->count - from;
        }
        chain_mark(maker, from, maker->out->count, base, i);
        tail = cat(maker, &copy, &tail);
        null_add(maker, &tail, 0);
    }
    return cat(maker, &made, &tail);
}

static part part_of(maker *maker, const tree *tree)
{
    part made = {.null_count = 0};
    if (maker->too_large || ++maker->parts > LIMIT_PATTERN_PARTS) {
        maker->too_large = true;
        return made;
    }
    switch (tree->kind) {
    case TREE_BYTE: return byte_part(maker, tree);
    case TREE_CAT:
        made = empty_part();
        for (uint32_t i = 0; i < tree->count && !maker->too_large; i++) {
            const part next = part_of(maker, tree->items[i]);
            made = cat(maker, &made, &next);
        }
        return made;
    case TREE_EITHER:
        for (uint32_t i = 0; i < tree->count && !maker->too_large; i++) {
            const part one = part_of(maker, tree->items[i]);
            ends_join(maker, &made.first, &one.first, 0);
            ends_join(maker, &made.last, &one.last, 0);
            for (uint32_t k = 0; k < one.null_count; k++)
                null_add(maker, &made, one.nulls[k]);
        }
        return made;
    case TREE_REPEAT: return repeat_part(maker, tree);
    case TREE_EDGE: null_add(maker, &made, tree->mask); return made;
    default: return empty_part();
    }
}

/* ---- conditions ------------------------------------------------------------------------------ */

static bool holds(uint32_t mask, uint32_t before, bool word_behind, bool line_behind,
                  bool end_behind)
{
    const bool edge = (before == CONTEXT_WORD) != word_behind;
    return ((mask & EDGE_WORD) == 0 || edge) && ((mask & EDGE_NO_WORD) == 0 || !edge) &&
           ((mask & EDGE_TEXT_START) == 0 || before == CONTEXT_START) &&
           ((mask & EDGE_TEXT_END) == 0 || end_behind) &&
           ((mask & EDGE_LINE_START) == 0 || before == CONTEXT_START || before == CONTEXT_LINE) &&
           ((mask & EDGE_LINE_END) == 0 || end_behind || line_behind);
}

static uint32_t context_of(unsigned byte)
{
    return scan_is_word((unsigned char)byte) ? CONTEXT_WORD
           : byte == '\n'                    ? CONTEXT_LINE
                                             : CONTEXT_OTHER;
}

/* ---- the position automaton ------------------------------------------------------------------ */

/* Whether a condition can hold between a byte of a position and one of another, or the end (`to` is
 * NULL). */
static bool is_possible(const automaton *out, uint32_t from, const byte_set *to, uint32_t mask)
{
    bool before[4] = {from == 0, from == 0, from == 0, from == 0}, behind[3] = {false};
    for (unsigned byte = 0; byte < 256; byte++) {
        if (from != 0 && has_byte(&out->sets[from], byte))
            before[context_of(byte)] = true;
        if (to == NULL || has_byte(to, byte))
            behind[context_of(byte) - CONTEXT_LINE] = true;
    }
    for (uint32_t context = 0; context < 4; context++) {
        if (!before[context])
            continue;
        if (to == NULL && holds(mask, context, false, false, true))
            return true;
        for (uint32_t next = CONTEXT_LINE; next <= CONTEXT_WORD; next++)
            if (behind[next - CONTEXT_LINE] &&
                holds(mask, context, next == CONTEXT_WORD, next == CONTEXT_LINE, false))
                return true;
    }
    return false;
}

/* Takes out edges whose conditions can never hold (`a\bb`), then those to positions from which
 * nothing is accepted. */
static void trim(arena *arena, automaton *out)
{
    bool *const useful = arena_array(arena, out->count, sizeof *useful);
    for (uint32_t i = 0; i < out->count; i++) {
        struct edge_list *const list = &out->edges[i];
        uint32_t kept = 0;
        for (uint32_t k = 0; k < list->count; k++) {
            const scan_edge_row edge = list->items[k];
            if (edge.mask == 0 ||
                is_possible(out, i, edge.to == SCAN_ACCEPTS ? NULL : &out->sets[edge.to],
                            edge.mask))
                list->items[kept++] = edge;
        }
        out->edge_count -= list->count - kept;
        list->count = kept;
    }
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = out->count; i-- > 0;)
            for (uint32_t k = 0; k < out->edges[i].count && !useful[i]; k++) {
                const uint32_t to = out->edges[i].items[k].to;
                useful[i] = to == SCAN_ACCEPTS || useful[to];
                more = more || useful[i];
            }
    }
    for (uint32_t i = 0; i < out->count; i++) {
        struct edge_list *const list = &out->edges[i];
        uint32_t kept = 0;
        for (uint32_t k = 0; k < list->count; k++)
            if (list->items[k].to == SCAN_ACCEPTS || useful[list->items[k].to])
                list->items[kept++] = list->items[k];
        out->edge_count -= list->count - kept;
        list->count = kept;
    }
}

automaton *automaton_make(arena *arena, const tree *tree, bool *empty)
{
    automaton *const out = arena_allocate(arena, sizeof *out);
    maker maker = {.arena = arena, .out = out, .room = 32, .next_chain = 1};
    out->sets = arena_array(arena, maker.room, sizeof *out->sets);
    out->edges = arena_array(arena, maker.room, sizeof *out->edges);
    out->chains = arena_array(arena, maker.room, sizeof *out->chains);
    out->count = 1;
    const part whole = part_of(&maker, tree);
    *empty = whole.null_count > 0;
    for (uint32_t i = 0; i < whole.first.count && !maker.too_large; i++)
        edge_add(&maker, 0, whole.first.items[i].to, whole.first.items[i].mask);
    for (uint32_t i = 0; i < whole.last.count && !maker.too_large; i++)
        edge_add(&maker, whole.last.items[i].to, SCAN_ACCEPTS, whole.last.items[i].mask);
    if (maker.too_large)
        return NULL;
    trim(arena, out);
    return out;
}

/* ---- the table of states --------------------------------------------------------------------- */

typedef struct state {
    uint32_t first, count; /* in the pool: positions, ascending */
    uint32_t context;      /* scan_context: what the last byte was */
} state;

typedef struct tabulation {
    arena *arena;
    const automaton *from;
    struct {
        uint32_t *items;
        uint32_t count, capacity;
    } pool;
    struct {
        state *items;
        uint32_t count, capacity;
    } states;
    uint32_t *buckets; /* state + 1 */
    uint32_t bucket_count;
    uint32_t *marks; /* by position: stamp */
    uint32_t stamp;
    uint32_t *best; /* by chain: 1 + the position with the least rank, of this stamp */
    uint32_t *best_stamp;
    uint32_t *next; /* the set being made */
    uint32_t next_count;
    uint32_t most; /* states */
    bool too_many; /* there are more: what would be another is SCAN_OPEN */
} tabulation;

static void bytes_classify(automaton *out, arena *arena)
{
    /* refine the partition by each set, and by what assertions and borders of characters see */
    uint32_t count = 1;
    memset(out->classes, 0, sizeof out->classes);
    byte_set special[3] = {{{0}}, {{0}}, {{0}}};
    for (unsigned byte = 0; byte < 256; byte++) {
        if (scan_is_word((unsigned char)byte))
            set_byte(&special[0], byte);
        if (byte == '\n')
            set_byte(&special[1], byte);
        if ((byte & 0xc0) == 0x80)
            set_byte(&special[2], byte);
    }
    uint16_t *const moved = arena_array(arena, 512, sizeof *moved);
    for (uint32_t i = 0; i < out->count + 2 && count < 256; i++) {
        const byte_set *const set = i < 3 ? &special[i] : &out->sets[i - 2];
        memset(moved, 0, 512 * sizeof *moved);
        bool inside[256] = {false}, outside[256] = {false};
        for (unsigned byte = 0; byte < 256; byte++)
            *(has_byte(set, byte) ? &inside[out->classes[byte]] : &outside[out->classes[byte]]) =
                true;
        for (unsigned byte = 0; byte < 256; byte++) {
            const uint8_t old = out->classes[byte];
            if (!has_byte(set, byte) || !inside[old] || !outside[old])
                continue;
            if (moved[old] == 0)
                moved[old] = (uint16_t)count++;
            out->classes[byte] = (uint8_t)moved[old];
        }
    }
    out->columns = count + 1;
}

static void next_add(tabulation *t, uint32_t position)
{
    const chain chain = t->from->chains[position];
    if (t->marks[position] == t->stamp)
        return;
    if (chain.number != 0) {
        uint32_t *const best = &t->best[chain.number];
        if (t->best_stamp[chain.number] == t->stamp) {
            const uint32_t other = *best - 1;
            if (t->from->chains[other].rank <= chain.rank)
                return;
            /* the later copy goes */
            for (uint32_t i = 0; i < t->next_count; i++)
                if (t->next[i] == other)
                    t->next[i] = t->next[--t->next_count];
        }
        t->best_stamp[chain.number] = t->stamp;
        *best = position + 1;
    }
    t->marks[position] = t->stamp;
    t->next[t->next_count++] = position;
}

static int compare_positions(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void grow_buckets(tabulation *t)
{
    t->bucket_count = t->bucket_count == 0 ? 256 : t->bucket_count * 2;
    t->buckets = arena_array(t->arena, t->bucket_count, sizeof *t->buckets);
    for (uint32_t i = 1; i < t->states.count; i++) { /* 0, the empty one, is never looked up */
        const state *const one = &t->states.items[i];
        uint32_t at =
            cst_hash(&t->pool.items[one->first], one->count * sizeof *t->pool.items) + one->context;
        while (t->buckets[at & (t->bucket_count - 1)] != 0)
            at++;
        t->buckets[at & (t->bucket_count - 1)] = i + 1;
    }
}

/* The number of the state with these positions behind a byte of this context. */
static uint32_t state_of(tabulation *t, uint32_t context)
{
    if (t->next_count == 0)
        return 0;
    qsort(t->next, t->next_count, sizeof *t->next, compare_positions);
    if (t->states.count * 2 >= t->bucket_count)
        grow_buckets(t);
    const size_t size = t->next_count * sizeof *t->next;
    uint32_t at = cst_hash(t->next, size) + context;
    for (;; at++) {
        const uint32_t found = t->buckets[at & (t->bucket_count - 1)];
        if (found == 0)
            break;
        const state *const one = &t->states.items[found - 1];
        if (one->count == t->next_count && one->context == context &&
            memcmp(&t->pool.items[one->first], t->next, size) == 0)
            return found - 1;
    }
    if (t->states.count > t->most) {
        t->too_many = true;
        return SCAN_OPEN;
    }
    const state made = {t->pool.count, t->next_count, context};
    for (uint32_t i = 0; i < t->next_count; i++)
        *ARENA_PUSH(t->arena, &t->pool) = t->next[i];
    *ARENA_PUSH(t->arena, &t->states) = made;
    t->buckets[at & (t->bucket_count - 1)] = t->states.count;
    return t->states.count - 1;
}

/* One entry of the table; `byte` stands for its class, 256 for the end of the text. */
static uint16_t entry_of(tabulation *t, uint32_t number, unsigned byte)
{
    const state from = t->states.items[number];
    const bool end = byte == 256, word = !end && scan_is_word((unsigned char)byte),
               line = byte == '\n';
    /* in the middle of a character nothing ends */
    const bool within = !end && (byte & 0xc0) == 0x80;
    bool accepts = false;
    t->stamp++;
    t->next_count = 0;
    for (uint32_t i = 0; i < from.count; i++) {
        const struct edge_list *const edges = &t->from->edges[t->pool.items[from.first + i]];
        for (uint32_t k = 0; k < edges->count; k++) {
            const scan_edge_row edge = edges->items[k];
            if (edge.mask != 0 && !holds(edge.mask, from.context, word, line, end))
                continue;
            if (edge.to == SCAN_ACCEPTS)
                accepts = accepts || !within;
            else if (!end && has_byte(&t->from->sets[edge.to], byte))
                next_add(t, edge.to);
        }
    }
    const uint32_t next = end ? 0 : state_of(t, context_of(byte));
    return (uint16_t)(next | (accepts ? SCAN_ACCEPT : 0));
}

/* Which states are alive: more text can lead to a longer match, or only decides whether one ends
 * here. */
static void find_alive(arena *arena, automaton *out, const unsigned *sample)
{
    const uint32_t columns = out->columns, end = columns - 1;
    /* here, or after more bytes */
    bool *const accepts = arena_array(arena, out->states, sizeof *accepts);
    out->alive = arena_array(arena, out->states, 1);
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = out->states; i-- > 1;)
            for (uint32_t k = 0; k < columns && !accepts[i]; k++) {
                const uint32_t entry = out->table[i * columns + k];
                accepts[i] = (entry & SCAN_ACCEPT) != 0 || accepts[entry & ~SCAN_ACCEPT];
                more = more || accepts[i];
            }
    }
    for (uint32_t i = 1; i < out->states; i++) {
        const uint16_t *const row = &out->table[i * columns];
        for (uint32_t k = 0; k < end && !out->alive[i]; k++) {
            if ((sample[k] & 0xc0) == 0x80) /* texts are cut between characters */
                continue;
            out->alive[i] =
                ((row[k] ^ row[end]) & SCAN_ACCEPT) != 0 || accepts[row[k] & ~SCAN_ACCEPT];
        }
    }
}

/* Of a table that is too large, the states that are nearest to the start: the others are open.
 * Nearly all places fail within them. */
static void cut_gate(automaton *out, uint16_t *table, uint32_t gate)
{
    out->gate = gate;
    for (uint32_t i = 0; i < out->gate * out->columns; i++)
        if ((table[i] & ~SCAN_ACCEPT) >= out->gate)
            table[i] = SCAN_OPEN;
}

void automaton_tabulate(arena *arena, automaton *out, uint32_t most, uint32_t gate)
{
    tabulation t = {.arena = arena, .from = out, .most = most};
    t.marks = arena_array(arena, out->count + 1u, sizeof *t.marks);
    t.next = arena_array(arena, out->count + 1u, sizeof *t.next);
    uint32_t chains = 1;
    for (uint32_t i = 0; i < out->count; i++)
        if (out->chains[i].number >= chains)
            chains = out->chains[i].number + 1;
    t.best = arena_array(arena, chains, sizeof *t.best);
    t.best_stamp = arena_array(arena, chains, sizeof *t.best_stamp);
    bytes_classify(out, arena);
    const uint32_t columns = out->columns;
    unsigned sample[257];
    for (unsigned byte = 256; byte-- > 0;)
        sample[out->classes[byte]] = byte;
    sample[columns - 1] = 256;

    *ARENA_PUSH(arena, &t.states) = (state){0, 0, CONTEXT_OTHER}; /* 0: dead */
    for (uint32_t context = 0; context < 4; context++) {
        t.stamp++;
        t.next_count = 1;
        t.next[0] = 0;
        out->start[context] = (uint16_t)state_of(&t, context);
    }
    struct {
        uint16_t *items;
        uint32_t count, capacity;
    } table = {0};
    for (uint32_t number = 0; number < (t.too_many ? gate : t.states.count); number++)
        for (uint32_t column = 0; column < columns; column++) {
            const uint16_t entry = number == 0 ? 0 : entry_of(&t, number, sample[column]);
            *ARENA_PUSH(arena, &table) = entry;
        }
    out->table = table.items;
    if (t.too_many) {
        cut_gate(out, table.items, gate);
        return;
    }
    out->states = t.states.count;
    find_alive(arena, out, sample);
}

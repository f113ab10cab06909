/*
 * scan_follow_states.c - the states that following a text is made of, made when one first gets to
 * them.
 *
 * All patterns that can begin with the bytes behind one start are one state of one automaton: a
 * policy has hundreds of patterns, and a table of all their combinations would never be finished.
 * States live in the scratch, so the second stream of a context finds what the first one made. When
 * there are too many, all are dropped and whoever followed begins again. Both sides of that are
 * bounded: the work of a byte by the patterns, the memory by limits.h.
 */
#include <string.h>

#include "runtime/text/scan_follow_private.h"

enum { FIRST_STATES = 512, FIRST_PARTS = 8192 };

/* ---- life ------------------------------------------------------------------------------------ */

void scan_crowds_forget(scan_follower *all)
{
    all->crowd_epoch++;
    all->crowd_count = 1;
    all->member_count = 0;
    memset(all->crowd_buckets, 0, sizeof all->crowd_buckets);
    memset(all->room, 0, sizeof all->room);
}

bool scan_follower_is_full(const scan_follower *all)
{
    return all->state_count == all->state_capacity || all->part_count > all->part_capacity / 2;
}

void scan_follower_forget(scan_scratch *scratch, scan_follower *all)
{
    all->state_count = 1;
    all->part_count = 0;
    memset(all->buckets, 0, sizeof all->buckets);
    for (uint32_t i = 0; i < 4 * 256; i++)
        all->roots[i / 256][i % 256] = FOLLOW_UNMADE;
    all->epoch = ++scratch->epoch;
    memset(all->accepts, 0, sizeof all->accepts);
    scan_crowds_forget(all);
}

static void free_follower(scan_scratch *scratch, scan_follower *all)
{
    const cst_allocator allocator = scratch->allocator;
    if (all->steps)
        allocator.release(allocator.user, all->steps, all->state_capacity * sizeof *all->steps);
    if (all->states)
        allocator.release(allocator.user, all->states, all->state_capacity * sizeof *all->states);
    if (all->parts)
        allocator.release(allocator.user, all->parts, all->part_capacity * sizeof *all->parts);
    allocator.release(allocator.user, all, sizeof *all);
}

void scan_followers_free(scan_scratch *scratch)
{
    for (uint32_t i = 0; i < SCAN_FOLLOWERS && scratch->followers[i]; i++) {
        free_follower(scratch, scratch->followers[i]);
        scratch->followers[i] = NULL;
    }
}

static scan_follower *make_follower(const scan_database *database, scan_scratch *scratch)
{
    const cst_allocator allocator = scratch->allocator;
    scan_follower *const all = allocator.allocate(allocator.user, sizeof *all);
    if (!all)
        return NULL;
    all->database = database;
    all->stamp = 0;
    all->crowd_epoch = 0;
    all->crossings = (void *)(all->room + (-(uintptr_t)all->room) % (2 * sizeof(follow_crossing)));
    all->state_capacity = FIRST_STATES;
    all->part_capacity = FIRST_PARTS;
    all->steps = allocator.allocate(allocator.user, FIRST_STATES * sizeof *all->steps);
    all->states = allocator.allocate(allocator.user, FIRST_STATES * sizeof *all->states);
    all->parts = allocator.allocate(allocator.user, FIRST_PARTS * sizeof *all->parts);
    if (!all->steps || !all->states || !all->parts) {
        free_follower(scratch, all);
        return NULL;
    }
    memset(&all->states[0], 0, sizeof *all->states);
    scan_follower_forget(scratch, all);
    return all;
}

scan_follower *scan_follower_of(const scan_database *database, scan_scratch *scratch,
                                uint32_t *slot)
{
    uint32_t i = 0;
    while (i < SCAN_FOLLOWERS && scratch->followers[i] &&
           scratch->followers[i]->database != database)
        i++;
    *slot = i < SCAN_FOLLOWERS ? i : 0;
    if (i == SCAN_FOLLOWERS || !database->starts)
        return NULL;
    if (!scratch->followers[i])
        scratch->followers[i] = make_follower(database, scratch);
    return scratch->followers[i];
}

/* The same bytes in twice the room; NULL: memory is short, and the old ones are kept. */
static void *doubled(const cst_allocator *allocator, void *old, size_t size)
{
    void *const more = allocator->allocate(allocator->user, 2 * size);
    if (!more)
        return NULL;
    memcpy(more, old, size);
    allocator->release(allocator->user, old, size);
    return more;
}

static bool more_states(scan_follower *all, const cst_allocator *allocator)
{
    if (all->state_capacity * 2 > LIMIT_FOLLOW_STATES)
        return false;
    follow_state *const states =
        allocator->allocate(allocator->user, all->state_capacity * 2 * sizeof *states);
    void *const steps =
        states ? doubled(allocator, all->steps, all->state_capacity * sizeof *all->steps) : NULL;
    if (!steps) {
        if (states)
            allocator->release(allocator->user, states, all->state_capacity * 2 * sizeof *states);
        return false;
    }
    memcpy(states, all->states, all->state_capacity * sizeof *states);
    allocator->release(allocator->user, all->states, all->state_capacity * sizeof *states);
    all->states = states;
    all->steps = steps;
    all->state_capacity *= 2;
    return true;
}

/* Room for a state of as many parts as the largest may have. */
static void more_parts(scan_follower *all, const cst_allocator *allocator)
{
    if (all->part_count <= all->part_capacity / 2 || all->part_capacity * 2 > LIMIT_FOLLOW_PARTS)
        return;
    void *const parts = doubled(allocator, all->parts, all->part_capacity * sizeof *all->parts);
    if (!parts)
        return;
    all->parts = parts;
    all->part_capacity *= 2;
}

/* ---- making states --------------------------------------------------------------------------- */

/* A state that is being made, behind the parts of all others. */
typedef struct making {
    scan_follower *all;
    scan_try with;
    follow_part *parts;
    uint32_t count, room;
    scan_context before; /* of the byte behind */
    uint32_t left;       /* as of the state */
    bool accepts, positions;
    /* which patterns accept, if that is asked */
    uint64_t *bits;
    uint32_t *patterns, pattern_count;
} making;

static void add_part(making *state, follow_part part)
{
    if (state->count < state->room)
        state->parts[state->count] = part;
    state->count++; /* more than there is room for: it is too large */
}

static void enter_table(making *state, uint32_t pattern, const scan_automaton_row *row, uint32_t to)
{
    const scan_head *const head = state->all->database->head;
    const uint16_t *const table =
        (const uint16_t *)scan_at(head, row->table) + (size_t)to * row->columns;
    const uint8_t *const alive = scan_at(head, row->alive);
    if (to == 0)
        return;
    if (alive[to] != 0 || state->left > 0) {
        add_part(state, (follow_part){.pattern = pattern, .at = to});
        return;
    }
    for (uint32_t i = 0; i < row->columns; i++)
        state->accepts = state->accepts || (table[i] & SCAN_ACCEPT) != 0;
}

/* Whether another copy of the same does for this one: it is there, or this takes its place. */
static bool is_covered(making *state, const scan_automaton_row *row, uint32_t position)
{
    scan_scratch *const scratch = state->with.scratch;
    const scan_chain_row *const chains = scan_at(state->all->database->head, row->chains),
                                chain = chains[position];
    const uint32_t room = scratch->position_count / SCAN_POSITION_LISTS;
    uint32_t *const place = scratch->positions + 3 * room + chain.number, *const stamp =
                                                                              place + room;
    if (chain.number == 0)
        return false;
    if (*stamp != scratch->stamp) {
        *stamp = scratch->stamp;
        *place = state->count;
        return false;
    }
    if (*place < state->room && chains[state->parts[*place].at].rank > chain.rank)
        state->parts[*place].at = position;
    return true;
}

/* A position that has been reached: alive, or all that it can do is to accept. */
static void enter_position(making *state, uint32_t pattern, const scan_automaton_row *row,
                           uint32_t position)
{
    const scan_database *const database = state->all->database;
    const uint32_t *const sets = scan_at(database->head, row->position_sets),
                          *const begins = scan_at(database->head, row->edges);
    const scan_edge_row *const edges = scan_at(database->head, row->edge_rows);
    bool open = state->left > 0, accepts = false;
    for (uint32_t k = begins[position]; k < begins[position + 1]; k++) {
        open = open || scan_is_open(&state->with, sets, edges[k], state->before);
        accepts = accepts || edges[k].to == SCAN_ACCEPTS;
    }
    state->accepts = state->accepts || (accepts && !open);
    if (!open)
        return;
    state->positions = true;
    if (!is_covered(state, row, position))
        add_part(state, (follow_part){.pattern = pattern, .at = position});
}

static void step_position(making *state, uint32_t pattern, const scan_automaton_row *row,
                          uint32_t position, scan_context before, unsigned char byte, bool first)
{
    const scan_database *const database = state->all->database;
    const uint32_t *const sets = scan_at(database->head, row->position_sets),
                          *const begins = scan_at(database->head, row->edges);
    const scan_edge_row *const edges = scan_at(database->head, row->edge_rows);
    scan_scratch *const scratch = state->with.scratch;
    uint32_t *const stamps = scratch->positions + scratch->position_count / SCAN_POSITION_LISTS * 2;
    const char text[1] = {(char)byte};
    for (uint32_t k = begins[position]; k < begins[position + 1]; k++) {
        const scan_edge_row edge = edges[k];
        if (edge.mask != 0 && !scan_holds(edge.mask, before, text, 1, 0))
            continue;
        if (edge.to == SCAN_ACCEPTS) {
            state->accepts = state->accepts || !first;
        } else if (stamps[edge.to] != scratch->stamp &&
                   scan_has(database->sets[sets[edge.to]], byte)) {
            stamps[edge.to] = scratch->stamp;
            enter_position(state, pattern, row, edge.to);
        }
    }
}

/* Positions of one pattern are told apart from those of another, and of the step before. */
static void new_stamp(scan_scratch *scratch)
{
    if (++scratch->stamp != 0)
        return;
    memset(scratch->positions, 0, scratch->position_count * sizeof *scratch->positions);
    scratch->stamp = 1;
}

static void step_phrase(making *state, uint32_t pattern, uint32_t at, unsigned char byte)
{
    const scan_pattern_row *const row = &state->all->database->patterns[pattern];
    const unsigned char *const text = scan_at(state->all->database->head, row->body);
    if (at >= row->length || text[at] != byte)
        return;
    state->accepts = state->accepts || at + 1 == row->length;
    if (at + 1 < row->length || row->words)
        add_part(state, (follow_part){.pattern = pattern, .at = at + 1});
}

static void step_words(making *state, const follow_part *part, unsigned char byte)
{
    follow_part next = *part;
    if (!scan_words_narrow(state->all->database, &state->all->database->patterns[part->pattern],
                           part->apart != 0, &next.from, &next.to, part->at, byte, &state->accepts))
        return;
    next.at++;
    add_part(state, next);
}

static void begin_pattern(making *state, uint32_t number, scan_context before, unsigned char byte)
{
    const scan_database *const database = state->all->database;
    const scan_pattern_row *const row = &database->patterns[number];
    if (row->kind == SCAN_PHRASE) {
        step_phrase(state, number, 0, byte);
    } else if (row->kind == SCAN_WORDS) {
        for (uint32_t apart = 0; apart < 2; apart++) {
            const uint32_t count = scan_words_count(database, row, apart != 0);
            if (count > 0)
                step_words(state, &(follow_part){.pattern = number, .to = count, .apart = apart},
                           byte);
        }
    } else {
        const scan_automaton_row *const automaton = &database->automata[row->body];
        if (automaton->states == 0) {
            new_stamp(state->with.scratch);
            step_position(state, number, automaton, 0, before, byte, true);
            return;
        }
        const uint16_t *const table = scan_at(database->head, automaton->table);
        const uint8_t *const classes = scan_at(database->head, automaton->classes);
        enter_table(state, number, automaton,
                    table[automaton->start[before] * automaton->columns + classes[byte]] &
                        ~SCAN_ACCEPT);
    }
}

static void step_part(making *state, const follow_part *part, scan_context before,
                      unsigned char byte, bool first)
{
    const scan_database *const database = state->all->database;
    const scan_pattern_row *const row = &database->patterns[part->pattern];
    if (row->kind == SCAN_PHRASE) {
        step_phrase(state, part->pattern, part->at, byte);
        return;
    }
    if (row->kind == SCAN_WORDS) {
        step_words(state, part, byte);
        return;
    }
    const scan_automaton_row *const automaton = &database->automata[row->body];
    if (automaton->states == 0) {
        if (first)
            new_stamp(state->with.scratch);
        step_position(state, part->pattern, automaton, part->at, before, byte, false);
        return;
    }
    const uint16_t *const table = scan_at(database->head, automaton->table);
    const uint8_t *const classes = scan_at(database->head, automaton->classes);
    const uint32_t entry = table[part->at * automaton->columns + classes[byte]];
    state->accepts = state->accepts || (entry & SCAN_ACCEPT) != 0;
    enter_table(state, part->pattern, automaton, entry & ~SCAN_ACCEPT);
}

/* Notes of which pattern an acceptance is, if that is asked. */
static void note_pattern(making *state, uint32_t pattern)
{
    if (!state->bits || !state->accepts)
        return;
    state->accepts = false;
    state->bits[pattern / 64] |= UINT64_C(1) << (pattern % 64);
    const uint32_t count = state->pattern_count;
    if (count > 0 && count <= FOLLOW_FEW && state->patterns[count - 1] == pattern)
        return;
    if (count < FOLLOW_FEW)
        state->patterns[count] = pattern;
    state->pattern_count++;
}

static void step_parts(making *state, const follow_state *from, unsigned char byte)
{
    uint32_t last = SCAN_NONE; /* the pattern whose parts are stepped */
    for (uint32_t i = 0; i < from->count; i++) {
        const follow_part *const part = &state->all->parts[from->first + i];
        step_part(state, part, (scan_context)from->before, byte, part->pattern != last);
        last = part->pattern;
        note_pattern(state, last);
    }
}

static bool is_sure(const scan_pattern_row *row)
{
    return row->kind == SCAN_AUTOMATON && row->after.count == 0;
}

/* The state with these parts, and whether getting there accepts; FOLLOW_UNMADE: there are too many.
 */
static uint32_t finish(making *state)
{
    scan_follower *const all = state->all;
    const uint32_t accepts = state->accepts ? SCAN_ACCEPT : 0, count = state->count;
    const uint32_t before = state->positions ? state->before : 0;
    if (count == 0)
        return accepts;
    if (count > state->room)
        return FOLLOW_UNMADE;
    uint32_t *const bucket = &all->buckets[(scan_hash((const char *)state->parts,
                                                      count * (uint32_t)sizeof *state->parts) +
                                            before) %
                                           FOLLOW_BUCKETS];
    for (uint32_t i = *bucket; i != 0; i = all->states[i].next)
        if (all->states[i].count == count && all->states[i].before == before &&
            all->states[i].left == state->left &&
            memcmp(&all->parts[all->states[i].first], state->parts, count * sizeof *state->parts) ==
                0)
            return i | accepts;
    if (all->state_count == all->state_capacity &&
        !more_states(all, &state->with.scratch->allocator))
        return FOLLOW_UNMADE;
    const uint32_t number = all->state_count++;
    follow_state *const made = &all->states[number];
    *made = (follow_state){.first = all->part_count,
                           .count = count,
                           .next = *bucket,
                           .before = (uint8_t)before,
                           .left = (uint8_t)state->left,
                           .plain = true};
    for (uint32_t i = 0; i < count; i++) {
        const bool sure = is_sure(&all->database->patterns[state->parts[i].pattern]);
        made->sure = made->sure || sure;
        made->plain = made->plain && sure;
    }
    for (uint32_t i = 0; i < 256; i++)
        all->steps[number][i] = FOLLOW_UNMADE;
    all->part_count += count;
    *bucket = number;
    return number | accepts;
}

static making begin_making(scan_follower *all, scan_scratch *scratch, uint32_t left,
                           unsigned char byte)
{
    more_parts(all, &scratch->allocator);
    const uint32_t behind = byte < 0xc0 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    return (making){.all = all,
                    .with = {all->database, scratch, NULL, 0, 0, false},
                    .parts = all->parts + all->part_count,
                    .room = all->part_capacity - all->part_count,
                    .left = (byte & 0xc0) == 0x80 && left > 0 ? left - 1 : behind,
                    .before = byte == '\n'         ? CONTEXT_LINE
                              : scan_is_word(byte) ? CONTEXT_WORD
                                                   : CONTEXT_OTHER};
}

uint32_t scan_make_step(scan_follower *all, scan_scratch *scratch, uint32_t from,
                        unsigned char byte)
{
    making state = begin_making(all, scratch, all->states[from].left, byte);
    step_parts(&state, &all->states[from], byte);
    const uint32_t next = finish(&state); /* which may move all states */
    return all->steps[from][byte] = (uint16_t)next;
}

static void begin_patterns(making *state, scan_context before, unsigned char byte)
{
    const uint32_t *const lists = state->all->database->starts, *const begins =
                                                                    lists + (before == CONTEXT_WORD
                                                                                 ? 257
                                                                                 : 0);
    if ((byte & 0xc0) == 0x80) /* a start is a character's */
        return;
    for (uint32_t i = begins[byte]; i < begins[byte + 1]; i++) {
        begin_pattern(state, lists[SCAN_START_HEADS + i], before, byte);
        note_pattern(state, lists[SCAN_START_HEADS + i]);
    }
}

uint32_t scan_make_root(scan_follower *all, scan_scratch *scratch, scan_context before,
                        unsigned char byte)
{
    making state = begin_making(all, scratch, 0, byte);
    begin_patterns(&state, before, byte);
    return all->roots[before][byte] = (uint16_t)finish(&state);
}

uint32_t scan_step_accepts(scan_follower *all, scan_scratch *scratch, uint32_t step,
                           uint32_t *patterns, uint64_t *bits)
{
    const uint32_t from = step >> 16;
    const unsigned char byte = (unsigned char)step;
    making state = begin_making(all, scratch, from ? all->states[from].left : 0, byte);
    state.bits = bits;
    state.patterns = patterns;
    if (from != 0)
        step_parts(&state, &all->states[from], byte);
    else
        begin_patterns(&state, (scan_context)(step >> 8 & 0xff), byte);
    return state.pattern_count <= FOLLOW_FEW ? state.pattern_count : 0;
}

/*
 * distinct.c - the different values of `distinct of FIELD over …`, counted without looking at each
 * of them.
 *
 * A value counts as long as the last event that has it does, and events come in the order of time.
 * So the values stand in a list by that event, one list for each side: who is seen again goes to
 * the end, and what no longer counts is at the beginning and is taken off there, once. How many are
 * left in a list is the answer. A table of places finds a value. A value that is in neither list is
 * forgotten.
 *
 * At its bound a question that nobody asks for more keeps the values that surely count, the latest
 * of them, before those that may: while there are as many as the bound, whatever else there was
 * does not matter; and once one of them is over, so is all that was dropped for being older.
 *
 * One block of memory: the values, and behind them the table, twice as long. It only grows, and
 * never beyond the bound of the question.
 */
#include <string.h>

#include "runtime/base/sort.h"
#include "runtime/history/store_private.h"

#define NOWHERE UINT32_MAX

static uint32_t *places_of(const past_values *values)
{
    return (uint32_t *)(uintptr_t)(values->items + values->capacity);
}

static uint32_t place_of(const past_values *values, int64_t value)
{
    const uint32_t mask = values->capacity * 2 - 1;
    const uint32_t *const places = places_of(values);
    uint32_t at = (uint32_t)value & mask;
    while (places[at] != NOWHERE && values->items[places[at]].value != value)
        at = (at + 1) & mask;
    return at;
}

static past_distinct *find(past_values *values, int64_t value)
{
    const uint32_t number = places_of(values)[place_of(values, value)];
    return number == NOWHERE ? NULL : &values->items[number];
}

/* ---- the lists ------------------------------------------------------------------------------- */

static bool is_in(const past_distinct *item, int side)
{
    return item->start[side].number != 0;
}

static void leave(past_values *values, past_distinct *item, int side)
{
    if (!is_in(item, side))
        return;
    *(item->older[side] == NOWHERE ? &values->oldest[side]
                                   : &values->items[item->older[side]].newer[side]) =
        item->newer[side];
    *(item->newer[side] == NOWHERE ? &values->newest[side]
                                   : &values->items[item->newer[side]].older[side]) =
        item->older[side];
    item->start[side].number = 0;
    values->live[side]--;
}

static void enter(past_values *values, past_distinct *item, int side, past_moment start)
{
    const uint32_t number = (uint32_t)(item - values->items), last = values->newest[side];
    item->start[side] = start;
    item->older[side] = last;
    item->newer[side] = NOWHERE;
    *(last == NOWHERE ? &values->oldest[side] : &values->items[last].newer[side]) = number;
    values->newest[side] = number;
    values->live[side]++;
}

/* Takes a value out of the table: what came behind it moves up. */
static void forget(past_values *values, past_distinct *item)
{
    const uint32_t mask = values->capacity * 2 - 1;
    uint32_t *const places = places_of(values);
    uint32_t hole = place_of(values, item->value);
    for (uint32_t at = (hole + 1) & mask; places[at] != NOWHERE; at = (at + 1) & mask) {
        const uint32_t home = (uint32_t)values->items[places[at]].value & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        places[hole] = places[at];
        hole = at;
    }
    places[hole] = NOWHERE;
    item->newer[0] = values->free;
    values->free = (uint32_t)(item - values->items);
    values->count--;
}

static void advance(const past_store *store, past_values *values, const cst_past_row *row,
                    const past_moment *const since[2])
{
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
        while (values->oldest[side] != NOWHERE) {
            past_distinct *const item = &values->items[values->oldest[side]];
            if (past_counts(store, row, &item->start[side], since[side]))
                break;
            leave(values, item, side);
            if (!is_in(item, !side))
                forget(values, item);
        }
}

/* How many values of a side count, where nothing may be taken off. */
static uint64_t count_live(const past_store *store, const past_values *values,
                           const cst_past_row *row, int side, const past_moment *since)
{
    uint64_t live = values->live[side];
    uint32_t at = values->oldest[side];
    while (at != NOWHERE && !past_counts(store, row, &values->items[at].start[side], since)) {
        at = values->items[at].newer[side];
        live--;
    }
    return live;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool grow(past_store *store, past_state *state, uint32_t capacity)
{
    const past_values *const old = state->values;
    past_values *const made = store_resize(store, NULL, 0, past_values_size(capacity));
    if (!made)
        return false;
    *made =
        (past_values){.free = NOWHERE, .oldest = {NOWHERE, NOWHERE}, .newest = {NOWHERE, NOWHERE}};
    if (old) {
        *made = *old;
        memcpy(made->items, old->items, old->used * sizeof *old->items);
    }
    made->capacity = capacity;
    uint32_t *const places = places_of(made);
    memset(places, 0xff, 2 * (size_t)capacity * sizeof *places);
    for (uint32_t i = 0; i < made->used; i++)
        if (is_in(&made->items[i], PAST_SURE) || is_in(&made->items[i], PAST_MAYBE))
            places[place_of(made, made->items[i].value)] = i;
    distinct_free(store, state);
    state->values = made;
    return true;
}

/* A new value, in no list yet. NULL: there is no room. */
static past_distinct *make(past_store *store, past_state *state, int64_t value)
{
    past_values *values = state->values;
    if (!values || (values->free == NOWHERE && values->used == values->capacity)) {
        if (!grow(store, state, values ? values->capacity * 2 : 4))
            return NULL;
        values = state->values;
    }
    const uint32_t number = values->free != NOWHERE ? values->free : values->used++;
    past_distinct *const item = &values->items[number];
    if (values->free != NOWHERE)
        values->free = item->newer[0];
    *item = (past_distinct){.value = value};
    places_of(values)[place_of(values, value)] = number;
    values->count++;
    return item;
}

static void note_dropped(past_state *state, const past_moment *start)
{
    if (start->number > state->dropped.number)
        state->dropped = *start;
}

/* Makes room for one more by forgetting the value that was seen longest ago; where what is sure is
 * kept first, the one of those that may count, if there is any: a walk of at most the bound. */
static void drop(past_state *state, bool sure_first)
{
    past_values *const values = state->values;
    uint32_t number =
        values->oldest[values->oldest[PAST_MAYBE] == NOWHERE ? PAST_SURE : PAST_MAYBE];
    if (sure_first && values->live[PAST_SURE] < values->count)
        while (is_in(&values->items[number], PAST_SURE) &&
               values->items[number].newer[PAST_MAYBE] != NOWHERE)
            number = values->items[number].newer[PAST_MAYBE];
    past_distinct *const item = &values->items[number];
    note_dropped(state, &item->start[PAST_MAYBE]);
    leave(values, item, PAST_SURE);
    leave(values, item, PAST_MAYBE);
    forget(values, item);
}

bool distinct_add(past_store *store, past_state *state, const cst_past_row *row,
                  const past_entry *entry, const past_moment *const since[2])
{
    past_distinct *known = NULL;
    if (state->values) {
        advance(store, state->values, row, since);
        known = find(state->values, entry->value);
        if (!known && state->values->count >= row->bound) {
            if (row->saturates && !entry->start[PAST_SURE].number &&
                state->values->live[PAST_SURE] >= row->bound) {
                note_dropped(state, &entry->start[PAST_MAYBE]); /* all that is kept is sure */
                return true;
            }
            drop(state, row->saturates);
        }
    }
    if (!known && !(known = make(store, state, entry->value))) {
        if (!state->values || state->values->count == 0)
            return false;
        drop(state, row->saturates);
        known = make(store, state, entry->value);
    }
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
        if (entry->start[side].number) {
            leave(state->values, known, side);
            enter(state->values, known, side, entry->start[side]);
        }
    return true;
}

void distinct_count(const past_store *store, past_state *state, const cst_past_row *row,
                    const past_entry *extra, const past_moment *const since[2], uint64_t found[2])
{
    past_values *const values = state ? state->values : NULL;
    if (values && !state->borrowed)
        advance(store, values, row, since);
    const past_distinct *const known = values && extra ? find(values, extra->value) : NULL;
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        found[side] = values ? count_live(store, values, row, side, since[side]) : 0;
        const bool counts = known && past_counts(store, row, &known->start[side], since[side]);
        found[side] += extra && extra->start[side].number && !counts;
    }
}

/* ---- saving ---------------------------------------------------------------------------------- */

uint32_t distinct_size(const past_state *state)
{
    return state->values ? state->values->count : 0;
}

const past_distinct *distinct_next(const past_state *state, const past_distinct *after)
{
    const past_values *const values = state->values;
    for (uint32_t i = after ? (uint32_t)(after - values->items) + 1 : 0; i < values->used; i++)
        if (is_in(&values->items[i], PAST_SURE) || is_in(&values->items[i], PAST_MAYBE))
            return &values->items[i];
    return NULL;
}

typedef struct place {
    uint64_t number; /* of its start */
    int64_t value;
} place;

static int compare_places(const void *left, const void *right)
{
    const place *const a = left, *const b = right;
    return (a->number > b->number) - (a->number < b->number);
}

bool distinct_restore(past_store *store, past_state *state, const past_entry *entries,
                      uint32_t count)
{
    uint32_t capacity = 4;
    while (capacity < count)
        capacity *= 2;
    place *const order =
        store->allocator.allocate(store->allocator.user, (count + 1u) * sizeof *order);
    bool good = order && grow(store, state, capacity);
    for (uint32_t i = 0; i < count && good; i++) {
        order[i].value = entries[i].value;
        good = !find(state->values, entries[i].value) &&
               (entries[i].start[PAST_SURE].number || entries[i].start[PAST_MAYBE].number) &&
               make(store, state, entries[i].value);
    }
    for (int side = PAST_SURE; side <= PAST_MAYBE && good; side++) {
        for (uint32_t i = 0; i < count; i++)
            order[i] = (place){entries[i].start[side].number, (int64_t)i};
        sort_in_place(order, count, sizeof *order, compare_places);
        for (uint32_t i = 0; i < count; i++) {
            const past_entry *const entry = &entries[order[i].value];
            if (order[i].number)
                enter(state->values, find(state->values, entry->value), side, entry->start[side]);
        }
    }
    if (order)
        store->allocator.release(store->allocator.user, order, (count + 1u) * sizeof *order);
    return good;
}

void distinct_free(past_store *store, past_state *state)
{
    if (state->values)
        store_resize(store, state->values, past_values_size(state->values->capacity), 0);
    state->values = NULL;
}

/*
 * window.c - the windows of COUNT and SUM.
 *
 * Items enter at the end, and because starts only grow, those that are still in the window and
 * behind the `since` are always the last ones: `from` is where they begin, and moves on only. So
 * each item is added to the totals once and taken out once. Without a window the totals alone are
 * kept (past.c).
 *
 * Nearly always both sides are the same, and then one is looked at. Where an event counts for one
 * side only, or begins elsewhere for the other, its item says so, and both are.
 *
 * A bound that was reached. What is dropped from a window leaves its moment in `dropped`. A COUNT
 * that is only compared with small constants keeps so many items that more would not change an
 * answer (`saturates`): while that many are there, it does not matter. The moment is kept all the
 * same, since another policy may compare the same count with more.
 */
#include "runtime/history/store_private.h"

static bool grow(past_store *store, past_state *state, bool valued)
{
    const past_state old = *state;
    const uint32_t wanted = old.capacity ? old.capacity * 2 : 4;
    past_item *const items = store_resize(store, NULL, 0, past_ring_size(wanted, valued));
    if (!items)
        return false;
    state->items = items;
    state->capacity = wanted;
    state->valued = valued;
    for (uint64_t place = old.first; place < old.end; place++) {
        *window_item(state, place) = *window_item(&old, place);
        if (valued)
            *window_value(state, place) = *window_value(&old, place);
    }
    if (old.items)
        store_resize(store, old.items, past_ring_size(old.capacity, valued), 0);
    return true;
}

static int64_t value_at(const past_state *state, uint64_t place)
{
    return state->valued ? *window_value(state, place) : 0;
}

/* Takes items that have left the window out of the totals of one side. */
static void total_advance(const past_store *store, past_state *state, const cst_past_row *row,
                          int side, const past_moment *since)
{
    past_total *const total = &state->total[side];
    const past_item *const items = state->items;
    const uint64_t mask = state->capacity - 1u, end = state->end;
    uint64_t from = total->from;
    for (; from < end; from++) {
        const past_item item = items[from & mask];
        if (!(item.mark >> side & 1)) /* it was never added */
            continue;
        if (store->now - item.time <= row->within_us && item.mark >> 2 > since->number)
            break;
        total->sum -= value_at(state, from);
        total->count--;
    }
    total->from = from;
}

static void advance_plain(const past_store *store, past_state *state, const cst_past_row *row)
{
    past_total *const total = &state->total[PAST_MAYBE];
    const past_item *const items = state->items;
    const uint64_t mask = state->capacity - 1u, end = state->end;
    uint64_t from = state->first;
    const int64_t since = store->now - row->within_us;
    state->mirrored = true;
    for (; from < end && items[from & mask].time < since; from++) {
        total->sum -= value_at(state, from);
        total->count--;
    }
    state->first = total->from = from;
}

void window_advance(const past_store *store, const past_table *table, past_state *state,
                    const cst_past_row *row)
{
    if (window_is_plain(row, state)) {
        advance_plain(store, state, row);
        return;
    }
    total_advance(store, state, row, PAST_SURE, past_since_of(table, state, row, PAST_SURE));
    total_advance(store, state, row, PAST_MAYBE, past_since_of(table, state, row, PAST_MAYBE));
    const past_total *const total = state->total;
    state->first =
        total[total[PAST_SURE].from < total[PAST_MAYBE].from ? PAST_SURE : PAST_MAYBE].from;
    if (state->first == state->end)
        state->mixed = false;
}

/* Makes room for one more by forgetting the oldest. */
static void drop(past_state *state)
{
    const past_item item = *window_item(state, state->first);
    const past_moment start = {item.time, item.mark >> 2};
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        past_total *const total = &state->total[side];
        if (total->from > state->first)
            continue;
        if (item.mark >> side & 1) {
            total->sum -= value_at(state, state->first);
            total->count--;
        }
        total->from = state->first + 1;
    }
    if (start.number > state->dropped.number)
        state->dropped = start;
    state->first++;
}

static bool push(past_store *store, past_state *state, const past_moment *start, unsigned sides,
                 int64_t value, bool valued)
{
    if (state->end - state->first >= state->capacity && !grow(store, state, valued))
        return false;
    *window_item(state, state->end) = (past_item){start->time, start->number << 2 | sides};
    if (valued)
        *window_value(state, state->end) = value;
    state->end++;
    state->mixed = state->mixed || sides != PAST_BOTH;
    return true;
}

bool window_push(past_store *store, past_state *state, const past_entry *entry, bool valued)
{
    const past_moment *const start = entry->start;
    if (start[PAST_SURE].number == start[PAST_MAYBE].number)
        return push(store, state, &start[PAST_MAYBE], PAST_BOTH, entry->value, valued);
    return (start[PAST_SURE].number == 0 ||
            push(store, state, &start[PAST_SURE], 1u << PAST_SURE, entry->value, valued)) &&
           (start[PAST_MAYBE].number == 0 ||
            push(store, state, &start[PAST_MAYBE], 1u << PAST_MAYBE, entry->value, valued));
}

void window_add_plain(past_store *store, past_state *state, const cst_past_row *row, past_moment at,
                      int64_t value)
{
    advance_plain(store, state, row);
    while (state->end - state->first >= row->bound)
        drop(state);
    if (!push(store, state, &at, PAST_BOTH, value, row->kind == CST_PAST_SUM)) {
        state->dropped = at;
        return;
    }
    state->total[PAST_MAYBE].sum += value;
    state->total[PAST_MAYBE].count++;
}

void window_add(past_store *store, const past_table *table, past_state *state,
                const cst_past_row *row, const past_entry *entry)
{
    window_advance(store, table, state, row);
    while (state->end - state->first + (row->steps > 1) >= past_ring_bound(row->bound, row->steps))
        drop(state);
    if (state->mirrored)
        state->total[PAST_SURE] = state->total[PAST_MAYBE];
    state->mirrored = false;
    const uint64_t end = state->end;
    if (!window_push(store, state, entry, row->kind == CST_PAST_SUM)) {
        state->end = end;
        state->dropped = entry->start[PAST_MAYBE];
        return;
    }
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
        if (entry->start[side].number) {
            state->total[side].sum += entry->value;
            state->total[side].count++;
        }
}

/*
 * past.c - the state machines: how an event moves a state on, and what a state answers.
 *
 * `A followed by B`: for each step the latest moment at which a chain that has come this far began. Later beginnings are always
 * better: they are in every window and behind every `since` that an earlier one is in and behind. So one moment a step is enough, and
 * B is strictly later than A because an event is shown to the last step first (observe.c).
 *
 * Windows of COUNT and SUM. Items enter at the end, and because starts only grow, those that are still in the window and behind the
 * `since` are always the last ones: `from` is where they begin, and moves on only. So each item is added to the totals once and taken
 * out once. Without a window the totals alone are kept.
 *
 * A bound that was reached. What is dropped from a window leaves its moment in `dropped`. A COUNT that is only compared with small
 * constants keeps so many items that more would not change an answer (`saturates`): while that many are there, it does not matter. The
 * moment is kept all the same, since another policy may compare the same count with more.
 */
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/history/snapshot.h"
#include "runtime/history/store_private.h"
#include "runtime/limits.h"

static const past_moment never;

/* ---- since ----------------------------------------------------------------------------------- */

static const past_moment *since_of(const past_table *table, const past_state *state, const cst_past_row *row, int side)
{
    if (row->since == CST_NONE)
        return &never;
    return row->since_keyed ? &state->since[side] : &table->since[side];
}

static bool counts(const past_store *store, const cst_past_row *row, const past_moment *start, const past_moment *since)
{
    return past_is_recent(store, row, start) && start->number > since->number;
}

/* ---- items ----------------------------------------------------------------------------------- */

static past_item *item_at(const past_state *state, uint64_t place)
{
    return &state->items[place & (state->capacity - 1u)];
}

static bool items_grow(past_store *store, past_state *state)
{
    const uint32_t wanted = state->capacity ? state->capacity * 2 : 4;
    past_item *const items = store_resize(store, NULL, 0, wanted * sizeof *items);
    if (!items)
        return false;
    for (uint64_t place = state->first; place < state->end; place++)
        items[place & (wanted - 1u)] = *item_at(state, place);
    if (state->items)
        store_resize(store, state->items, state->capacity * sizeof *items, 0);
    state->items = items;
    state->capacity = wanted;
    return true;
}

/* Takes items that have left the window out of the totals, and forgets those that have left both. */
static void window_advance(const past_store *store, const past_table *table, past_state *state, const cst_past_row *row)
{
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        past_total *const total = &state->total[side];
        const past_moment *const since = since_of(table, state, row, side);
        for (; total->from < state->end; total->from++) {
            const past_item *const item = item_at(state, total->from);
            const past_moment *const start = &item->start[side];
            if (start->number == 0) /* not of this side: it was never added */
                continue;
            if (counts(store, row, start, since))
                break;
            total->sum -= item->value;
            total->count--;
        }
    }
    const uint64_t sure = state->total[PAST_SURE].from, maybe = state->total[PAST_MAYBE].from;
    state->first = sure < maybe ? sure : maybe;
}

/* Makes room for one more by forgetting the oldest. */
static void window_drop(past_state *state)
{
    const past_item *const item = item_at(state, state->first);
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        past_total *const total = &state->total[side];
        if (total->from > state->first)
            continue;
        if (item->start[side].number) {
            total->sum -= item->value;
            total->count--;
        }
        total->from = state->first + 1;
    }
    if (item->start[PAST_MAYBE].number > state->dropped.number)
        state->dropped = item->start[PAST_MAYBE];
    state->first++;
}

static void window_add(past_store *store, const past_table *table, past_state *state, const cst_past_row *row,
                       const past_item *item)
{
    window_advance(store, table, state, row);
    while (state->end - state->first >= row->bound)
        window_drop(state);
    if (state->end - state->first >= state->capacity && !items_grow(store, state)) {
        state->dropped = item->start[PAST_MAYBE];
        return;
    }
    *item_at(state, state->end) = *item;
    state->end++;
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
        if (item->start[side].number) {
            state->total[side].sum += item->value;
            state->total[side].count++;
        }
}

/* Totals without a window begin again behind each `since`. */
static void totals_begin(const past_table *table, past_state *state, const cst_past_row *row)
{
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        const past_moment *const since = since_of(table, state, row, side);
        past_total *const total = &state->total[side];
        if (since->number > total->from)
            *total = (past_total){.from = since->number};
    }
}

static void totals_add(const past_table *table, past_state *state, const cst_past_row *row, const past_item *item)
{
    totals_begin(table, state, row);
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
        if (item->start[side].number > since_of(table, state, row, side)->number) {
            state->total[side].sum += item->value;
            state->total[side].count++;
        }
}

/* ---- distinct values ------------------------------------------------------------------------- */

static past_item *distinct_find(const past_state *state, int64_t value)
{
    for (uint64_t place = state->first; place < state->end; place++)
        if (item_at(state, place)->value == value)
            return item_at(state, place);
    return NULL;
}

/* The value that was seen longest ago: what is forgotten when there are too many. */
static past_item *distinct_oldest(const past_state *state)
{
    past_item *oldest = item_at(state, state->first);
    for (uint64_t place = state->first; place < state->end; place++)
        if (item_at(state, place)->start[PAST_MAYBE].number < oldest->start[PAST_MAYBE].number)
            oldest = item_at(state, place);
    return oldest;
}

static void distinct_add(past_store *store, past_state *state, const cst_past_row *row, const past_item *item)
{
    past_item *known = distinct_find(state, item->value);
    if (known) {
        for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
            if (item->start[side].number)
                known->start[side] = item->start[side];
        return;
    }
    if (state->end - state->first >= row->bound ||
        (state->end - state->first >= state->capacity && !items_grow(store, state))) {
        if (state->end == state->first) {
            state->dropped = item->start[PAST_MAYBE];
            return;
        }
        known = distinct_oldest(state);
        state->dropped = known->start[PAST_MAYBE];
        *known = *item;
        return;
    }
    *item_at(state, state->end) = *item;
    state->end++;
}

static uint64_t distinct_count(const past_store *store, const past_table *table, const past_state *state,
                               const cst_past_row *row, int side)
{
    uint64_t found = 0;
    for (uint64_t place = state->first; place < state->end; place++)
        found += counts(store, row, &item_at(state, place)->start[side], since_of(table, state, row, side));
    return found;
}

/* ---- the latest value ------------------------------------------------------------------------ */

static void latest_set(past_store *store, past_state *state, const past_item *item, const past_event *event)
{
    if (state->capacity == 0 && !items_grow(store, state)) {
        state->dropped = event->at;
        return;
    }
    past_item *const kept = item_at(state, 0);
    if (state->end == 0)
        *kept = (past_item){0};
    state->end = 1;
    kept->start[PAST_MAYBE] = item->start[PAST_MAYBE];
    kept->value = 0; /* the value is that of the latest event: not known yet */
    if (item->start[PAST_SURE].number == 0 || !event->value)
        return;
    past_value *const latest = &state->latest;
    const bool text = kind_has_text(event->value->kind);
    const uint32_t length = text ? event->value->length : 0;
    if (length > LIMIT_PAST_TEXT_BYTES)
        return;
    if (length > latest->length || !text) {
        store_resize(store, latest->text, latest->length, 0);
        latest->text = NULL;
        latest->length = 0;
        if (length && !(latest->text = store_resize(store, NULL, 0, length)))
            return;
    } else if (length < latest->length) {
        char *const shorter = length ? store_resize(store, NULL, 0, length) : NULL;
        if (length && !shorter)
            return;
        store_resize(store, latest->text, latest->length, 0);
        latest->text = shorter;
    }
    if (length)
        memcpy(latest->text, event->value->as.text, length);
    latest->length = length;
    latest->kind = event->value->kind;
    latest->integer = text ? 0 : event->value->as.integer;
    kept->start[PAST_SURE] = item->start[PAST_SURE];
    kept->value = 1;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void since_observe(past_store *store, past_table *table, const cst_past_row *row, const past_event *event)
{
    past_moment *since = table->since;
    if (row->since_keyed) {
        if (!event->key) {
            table->blurred = event->at;
            return;
        }
        past_state *const state = store_find(table, row, event->key);
        if (!state)
            return; /* nothing to begin again */
        past_keep(store, row, state, event->key);
        state->touched = store->now;
        since = state->since;
    }
    since[PAST_SURE] = event->at; /* what is sure must stand behind every `since` that may have been */
    if (event->truth == CST_TRUE)
        since[PAST_MAYBE] = event->at;
}

static void last_step(past_store *store, past_table *table, past_state *state, const cst_past_row *row,
                      const past_event *event, const past_moment start[2])
{
    past_item item = {{start[PAST_SURE], start[PAST_MAYBE]}, 0};
    switch (row->kind) {
    case CST_PAST_COUNT:
        break;
    case CST_PAST_SUM:
        if (!event->value) {
            state->dropped = event->at;
            return;
        }
        item.value = event->value->as.integer;
        break;
    case CST_PAST_DISTINCT:
        if (!event->value) {
            state->dropped = event->at;
            return;
        }
        item.value = (int64_t)event->value_hash;
        distinct_add(store, state, row, &item);
        return;
    default:
        latest_set(store, state, &item, event);
        return;
    }
    if (row->within_us)
        window_add(store, table, state, row, &item);
    else
        totals_add(table, state, row, &item);
}

void past_observe(const past *one, uint32_t step, const past_event *event)
{
    past_store *const store = one->store;
    const cst_past_row *const row = one->row;
    past_table *const table = store_table(store, one->place, row);
    if (!table) {
        store->lost = true;
        return;
    }
    if (step == CST_NONE) {
        since_observe(store, table, row, event);
        return;
    }
    static const uint64_t no_key[2];
    if (row->key_count && !event->key) {
        table->blurred = event->at;
        return;
    }
    past_state *state = store_find(table, row, row->key_count ? event->key : no_key);
    if (!state && step > 0)
        return; /* the first step has not been */
    past_keep(store, row, state, row->key_count ? event->key : no_key);
    if (!state)
        state = store_make(store, table, row, row->key_count ? event->key : no_key, event->at);
    if (!state)
        return;
    state->touched = store->now;
    past_moment start[2];
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        start[side] = step == 0 ? event->at : state->chain[step - 1][side];
        if (side == PAST_SURE && event->truth != CST_TRUE)
            start[side] = never;
    }
    if (start[PAST_MAYBE].number == 0)
        return;
    if (step + 1 == row->steps && row->kind != CST_PAST_EARLIER) {
        last_step(store, table, state, row, event, start);
        return;
    }
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
        if (start[side].number)
            state->chain[step][side] = start[side];
}

void past_blur(const past *one)
{
    past_table *const table = store_table(one->store, one->place, one->row);
    if (table)
        table->blurred = past_store_next(one->store);
    else
        one->store->lost = true;
}

/* ---- questions ------------------------------------------------------------------------------- */

static const past_state nothing_of_key;

/* Whether what was lost at a moment could matter now. */
static bool matters(const past_store *store, const past_table *table, const past_state *state, const cst_past_row *row,
                    const past_moment *lost)
{
    return lost->number && counts(store, row, lost, since_of(table, state ? state : &nothing_of_key, row, PAST_MAYBE));
}

static bool is_blurred(const past_store *store, const past_table *table, const past_state *state, const cst_past_row *row)
{
    return store->lost || matters(store, table, state, row, &table->blurred);
}

static bool is_incomplete(const past_store *store, const past_table *table, const past_state *state, const cst_past_row *row)
{
    return matters(store, table, state, row, state ? &state->dropped : &table->dropped);
}

static const past_table nothing_yet;

static const past_table *table_of(const past *one)
{
    return one->place->table ? one->place->table : &nothing_yet;
}

/* The state of a key; NULL: nothing of it has been. */
static past_state *state_of(const past *one, const uint64_t key[2])
{
    static const uint64_t no_key[2];
    return store_find(table_of(one), one->row, one->row->key_count ? key : no_key);
}

cst_truth past_ask_earlier(const past *one, const uint64_t key[2])
{
    const past_store *const store = one->store;
    const past_table *const table = table_of(one);
    const cst_past_row *const row = one->row;
    const past_state *const state = state_of(one, key);
    if (state) {
        const past_moment *const last = state->chain[row->steps - 1];
        /* what was lost may have been a `since` */
        const bool hidden = row->since != CST_NONE && (store->lost || table->blurred.number >= last[PAST_SURE].number);
        if (counts(store, row, &last[PAST_SURE], since_of(table, state, row, PAST_SURE)) && !hidden)
            return CST_TRUE;
        if (counts(store, row, &last[PAST_MAYBE], since_of(table, state, row, PAST_MAYBE)))
            return PAST_UNKNOWN;
    }
    const bool lost = is_blurred(store, table, state, row) || is_incomplete(store, table, state, row);
    return lost ? PAST_UNKNOWN : CST_FALSE;
}

/* What the event in hand adds: the item that it would become. */
static past_item item_of(const past_store *store, const past_table *table, const past_state *state, const cst_past_row *row,
                         const past_event *current)
{
    past_item item = {0};
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        if (side == PAST_SURE && current->truth != CST_TRUE)
            continue;
        past_moment start = current->at;
        if (row->steps > 1)
            start = state ? state->chain[row->steps - 2][side] : never;
        const past_state *const of = state ? state : &nothing_of_key;
        if (counts(store, row, &start, since_of(table, of, row, side)))
            item.start[side] = start;
    }
    if (row->kind == CST_PAST_SUM && current->value)
        item.value = current->value->as.integer;
    if (row->kind == CST_PAST_DISTINCT)
        item.value = (int64_t)current->value_hash;
    return item;
}

static bool distinct_answer(const past_store *store, const past_table *table, const past_state *state,
                            const cst_past_row *row, const past_item *extra, int64_t *out)
{
    uint64_t found[2] = {0, 0};
    if (is_incomplete(store, table, state, row) &&
        !(row->saturates && state && distinct_count(store, table, state, row, PAST_SURE) >= row->bound))
        return false;
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        const past_item *const known = state && extra->start[side].number ? distinct_find(state, extra->value) : NULL;
        const bool counted = known && counts(store, row, &known->start[side], since_of(table, state, row, side));
        found[side] = (state ? distinct_count(store, table, state, row, side) : 0) +
                      (extra->start[side].number && !counted);
    }
    *out = (int64_t)found[PAST_MAYBE];
    return found[PAST_SURE] == found[PAST_MAYBE];
}

bool past_ask_number(const past *one, const uint64_t key[2], const past_event *current, int64_t *out)
{
    const past_store *const store = one->store;
    const past_table *const table = table_of(one);
    const cst_past_row *const row = one->row;
    past_state *const state = state_of(one, key);
    if (state)
        past_keep(one->store, row, state, state->key);
    *out = 0;
    if (is_blurred(store, table, state, row) || (current && row->kind != CST_PAST_COUNT && !current->value))
        return false;
    past_item extra = {0};
    if (current)
        extra = item_of(store, table, state, row, current);
    if (row->kind == CST_PAST_DISTINCT)
        return distinct_answer(store, table, state, row, &extra, out);
    past_total total[2] = {{0, 0, 0}, {0, 0, 0}};
    if (state) {
        if (row->within_us)
            window_advance(store, table, state, row);
        else
            totals_begin(table, state, row);
        memcpy(total, state->total, sizeof total);
    }
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
        if (extra.start[side].number) {
            total[side].sum += extra.value;
            total[side].count++;
        }
    const bool enough = row->saturates && total[PAST_SURE].count >= row->bound; /* more than anybody asks for */
    if (total[PAST_SURE].count != total[PAST_MAYBE].count || (!enough && is_incomplete(store, table, state, row)))
        return false;
    const past_sum answer = row->kind == CST_PAST_SUM ? total[PAST_MAYBE].sum : (past_sum)total[PAST_MAYBE].count;
    *out = (int64_t)answer;
    return answer >= INT64_MIN && answer <= INT64_MAX;
}

cst_truth past_ask_latest(const past *one, const uint64_t key[2], const past_value **out)
{
    const past_store *const store = one->store;
    const past_table *const table = table_of(one);
    const cst_past_row *const row = one->row;
    const past_state *const state = state_of(one, key);
    if (is_blurred(store, table, state, row) || is_incomplete(store, table, state, row))
        return PAST_UNKNOWN;
    if (!state || state->end == 0)
        return CST_FALSE;
    const past_item *const kept = item_at(state, 0);
    const bool sure = counts(store, row, &kept->start[PAST_SURE], since_of(table, state, row, PAST_SURE));
    const bool maybe = counts(store, row, &kept->start[PAST_MAYBE], since_of(table, state, row, PAST_MAYBE));
    if (!maybe)
        return CST_FALSE;
    if (!sure || !kept->value)
        return PAST_UNKNOWN;
    *out = &state->latest;
    return CST_TRUE;
}

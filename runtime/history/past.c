/*
 * past.c - the state machines: how an event moves a state on, and what a state answers.
 *
 * `A followed by B`: for each step the latest moment at which a chain that has come this far began.
 * Later beginnings are always better: they are in every window and behind every `since` that an
 * earlier one is in and behind. So one moment a step is enough, and B is strictly later than A
 * because an event is shown to the last step first (observe.c).
 */
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/history/snapshot.h"
#include "runtime/history/store_private.h"
#include "runtime/limits.h"

static const past_moment never;

/* ---- since ----------------------------------------------------------------------------------- */

const past_moment *past_since_of(const past_table *table, const past_state *state,
                                 const cst_past_row *row, int side)
{
    if (row->since == CST_NONE)
        return &never;
    return row->since_keyed ? &state->since[side] : &table->since[side];
}

static void since_both(const past_table *table, const past_state *state, const cst_past_row *row,
                       const past_moment *since[2])
{
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
        since[side] = past_since_of(table, state, row, side);
}

/* Totals without a window begin again behind each `since`. */
static void totals_begin(const past_table *table, past_state *state, const cst_past_row *row)
{
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        const past_moment *const since = past_since_of(table, state, row, side);
        past_total *const total = &state->total[side];
        if (since->number > total->from)
            *total = (past_total){.from = since->number};
    }
}

static void totals_add(const past_table *table, past_state *state, const cst_past_row *row,
                       const past_entry *item)
{
    totals_begin(table, state, row);
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
        if (item->start[side].number > past_since_of(table, state, row, side)->number) {
            state->total[side].sum += item->value;
            state->total[side].count++;
        }
}

/* ---- the latest value ------------------------------------------------------------------------ */

static void latest_set(past_store *store, past_state *state, const past_entry *entry,
                       const past_event *event)
{
    past_value *const latest = &state->latest;
    latest->start[PAST_MAYBE] = entry->start[PAST_MAYBE];
    latest->known = false; /* the value is that of the latest event: not known yet */
    if (entry->start[PAST_SURE].number == 0 || !event->value)
        return;
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
    latest->start[PAST_SURE] = entry->start[PAST_SURE];
    latest->known = true;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void since_observe(past_store *store, past_table *table, const cst_past_row *row,
                          const past_event *event)
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
    since[PAST_SURE] =
        event->at; /* what is sure must stand behind every `since` that may have been */
    if (event->truth == CST_TRUE)
        since[PAST_MAYBE] = event->at;
}

static void last_step(past_store *store, past_table *table, past_state *state,
                      const cst_past_row *row, const past_event *event, const past_moment start[2])
{
    past_entry item = {{start[PAST_SURE], start[PAST_MAYBE]}, 0};
    const past_moment *since[2];
    switch (row->kind) {
    case CST_PAST_COUNT: break;
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
        since_both(table, state, row, since);
        if (!distinct_add(store, state, row, &item, since))
            state->dropped = event->at;
        return;
    default: latest_set(store, state, &item, event); return;
    }
    if (row->within_us)
        window_add(store, table, state, row, &item);
    else
        totals_add(table, state, row, &item);
}

/* An event that certainly fits a question of one step without `since`: nearly all do. False: it is
 * something else. */
static bool observe_plain(past_store *store, past_state *state, const cst_past_row *row,
                          const past_event *event)
{
    if (row->steps != 1 || event->truth != CST_TRUE)
        return false;
    if (row->kind == CST_PAST_EARLIER) {
        state->chain[0][PAST_SURE] = state->chain[0][PAST_MAYBE] = event->at;
        return true;
    }
    const bool sums = row->kind == CST_PAST_SUM;
    if (row->within_us == 0 || !(row->kind == CST_PAST_COUNT || (sums && event->value)) ||
        !window_is_plain(row, state))
        return false;
    window_add_plain(store, state, row, event->at, sums ? event->value->as.integer : 0);
    return true;
}

void past_observe(const past *one, uint32_t step, const past_event *event)
{
    past_store *const store = one->store;
    const cst_past_row *const row = one->row;
    past_table *const table = &one->place->table;
    table->used = true;
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
    if (observe_plain(store, state, row, event))
        return;
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
    one->place->table.used = true;
    one->place->table.blurred = past_store_next(one->store);
}

/* ---- questions ------------------------------------------------------------------------------- */

static const past_state nothing_of_key;

/* Whether what was lost at a moment could matter now. */
static bool matters(const past_store *store, const past_table *table, const past_state *state,
                    const cst_past_row *row, const past_moment *lost)
{
    return lost->number &&
           past_counts(store, row, lost,
                       past_since_of(table, state ? state : &nothing_of_key, row, PAST_MAYBE));
}

static bool is_blurred(const past_store *store, const past_table *table, const past_state *state,
                       const cst_past_row *row)
{
    return store->lost || matters(store, table, state, row, &table->blurred);
}

static bool is_incomplete(const past_store *store, const past_table *table, const past_state *state,
                          const cst_past_row *row)
{
    return matters(store, table, state, row, state ? &state->dropped : &table->dropped);
}

/* The state of a key; NULL: nothing of it has been. */
static past_state *state_of(const past *one, const uint64_t key[2])
{
    static const uint64_t no_key[2];
    return store_find(&one->place->table, one->row, one->row->key_count ? key : no_key);
}

cst_truth past_ask_earlier(const past *one, const uint64_t key[2])
{
    const past_store *const store = one->store;
    const past_table *const table = &one->place->table;
    const cst_past_row *const row = one->row;
    const past_state *const state = state_of(one, key);
    if (state) {
        const past_moment *const last = state->chain[row->steps - 1];
        /* what was lost may have been a `since` */
        const bool hidden = row->since != CST_NONE &&
                            (store->lost || table->blurred.number >= last[PAST_SURE].number);
        if (past_counts(store, row, &last[PAST_SURE],
                        past_since_of(table, state, row, PAST_SURE)) &&
            !hidden)
            return CST_TRUE;
        if (past_counts(store, row, &last[PAST_MAYBE],
                        past_since_of(table, state, row, PAST_MAYBE)))
            return PAST_UNKNOWN;
    }
    const bool lost =
        is_blurred(store, table, state, row) || is_incomplete(store, table, state, row);
    return lost ? PAST_UNKNOWN : CST_FALSE;
}

/* What the event in hand adds: the item that it would become. */
static past_entry item_of(const past_store *store, const past_table *table, const past_state *state,
                          const cst_past_row *row, const past_event *current)
{
    past_entry item = {0};
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        if (side == PAST_SURE && current->truth != CST_TRUE)
            continue;
        past_moment start = current->at;
        if (row->steps > 1)
            start = state ? state->chain[row->steps - 2][side] : never;
        const past_state *const of = state ? state : &nothing_of_key;
        if (past_counts(store, row, &start, past_since_of(table, of, row, side)))
            item.start[side] = start;
    }
    if (row->kind == CST_PAST_SUM && current->value)
        item.value = current->value->as.integer;
    if (row->kind == CST_PAST_DISTINCT)
        item.value = (int64_t)current->value_hash;
    return item;
}

static bool distinct_answer(const past_store *store, const past_table *table, past_state *state,
                            const cst_past_row *row, const past_entry *extra, int64_t *out)
{
    const past_moment *since[2];
    uint64_t stored[2], found[2];
    since_both(table, state ? state : &nothing_of_key, row, since);
    distinct_count(store, state, row, NULL, since, stored);
    const bool enough = row->saturates && stored[PAST_SURE] >= row->bound;
    if (!enough && is_incomplete(store, table, state, row))
        return false;
    distinct_count(store, state, row, extra, since, found);
    *out = (int64_t)found[PAST_MAYBE];
    return enough || found[PAST_SURE] == found[PAST_MAYBE];
}

/* A window in which all is known. False: it is something else, or the number is too large. */
static bool ask_plain(const past *one, past_state *state, const past_event *current, int64_t *out)
{
    const cst_past_row *const row = one->row;
    const past_table *const table = &one->place->table;
    const bool sums = row->kind == CST_PAST_SUM;
    if (!(sums || row->kind == CST_PAST_COUNT) || row->within_us == 0 || row->steps != 1 ||
        !window_is_plain(row, state) || one->store->lost || table->blurred.number ||
        state->dropped.number ||
        (current && (current->truth != CST_TRUE || (sums && !current->value))))
        return false;
    window_advance(one->store, table, state, row);
    const past_total *const total = &state->total[PAST_MAYBE];
    if (!sums) {
        *out = (int64_t)total->count + (current != NULL);
        return true;
    }
    const past_sum answer = total->sum + (current ? current->value->as.integer : 0);
    *out = (int64_t)answer;
    return answer >= INT64_MIN && answer <= INT64_MAX;
}

bool past_ask_number(const past *one, const uint64_t key[2], const past_event *current,
                     int64_t *out)
{
    const past_store *const store = one->store;
    const past_table *const table = &one->place->table;
    const cst_past_row *const row = one->row;
    past_state *const state = state_of(one, key);
    if (state)
        past_keep(one->store, row, state, state->key);
    if (state && ask_plain(one, state, current, out))
        return true;
    *out = 0;
    if (is_blurred(store, table, state, row) ||
        (current && row->kind != CST_PAST_COUNT && !current->value))
        return false;
    past_entry extra = {0};
    if (current)
        extra = item_of(store, table, state, row, current);
    if (row->kind == CST_PAST_DISTINCT)
        return distinct_answer(store, table, state, row, &extra, out);
    uint64_t count[2] = {extra.start[PAST_SURE].number != 0, extra.start[PAST_MAYBE].number != 0};
    past_sum sum = count[PAST_MAYBE] ? extra.value : 0;
    if (state) {
        if (row->within_us)
            window_advance(store, table, state, row);
        else
            totals_begin(table, state, row);
        const bool plain = row->within_us && window_is_plain(row, state);
        count[PAST_SURE] += state->total[plain ? PAST_MAYBE : PAST_SURE].count;
        count[PAST_MAYBE] += state->total[PAST_MAYBE].count;
        sum += state->total[PAST_MAYBE].sum;
    }
    const bool enough =
        row->saturates && count[PAST_SURE] >= row->bound; /* more than anybody asks for */
    if (count[PAST_SURE] != count[PAST_MAYBE] ||
        (!enough && is_incomplete(store, table, state, row)))
        return false;
    const past_sum answer = row->kind == CST_PAST_SUM ? sum : (past_sum)count[PAST_MAYBE];
    *out = (int64_t)answer;
    return answer >= INT64_MIN && answer <= INT64_MAX;
}

cst_truth past_ask_latest(const past *one, const uint64_t key[2], const past_value **out)
{
    const past_store *const store = one->store;
    const past_table *const table = &one->place->table;
    const cst_past_row *const row = one->row;
    const past_state *const state = state_of(one, key);
    if (is_blurred(store, table, state, row) || is_incomplete(store, table, state, row))
        return PAST_UNKNOWN;
    if (!state)
        return CST_FALSE;
    const past_value *const latest = &state->latest;
    const bool sure = past_counts(store, row, &latest->start[PAST_SURE],
                                  past_since_of(table, state, row, PAST_SURE));
    const bool maybe = past_counts(store, row, &latest->start[PAST_MAYBE],
                                   past_since_of(table, state, row, PAST_MAYBE));
    if (!maybe)
        return CST_FALSE;
    if (!sure || !latest->known)
        return PAST_UNKNOWN;
    *out = latest;
    return CST_TRUE;
}

/*
 * save.c - a store as bytes and back.
 *
 * A ring is written from its first item to its last, and read to begin at zero; places are relative
 * to the first. Keys keep their hashes, so the seed goes with them. What a number of items or
 * states says is believed only up to the bounds of limits.h, and no byte is read beyond the end:
 * bytes that were made by somebody else cannot do harm, even if they carry a right signature.
 */
#include <string.h>

#include "runtime/base/bytes.h"
#include "runtime/history/save.h"
#include "runtime/history/store_private.h"
#include "runtime/limits.h"

/* ---- writing --------------------------------------------------------------------------------- */

static void put_moment(buffer *out, const past_moment *moment)
{
    bytes_put(out, (uint64_t)moment->time, 8);
    bytes_put(out, moment->number, 8);
}

static void put_moments(buffer *out, const past_moment both[2])
{
    put_moment(out, &both[PAST_SURE]);
    put_moment(out, &both[PAST_MAYBE]);
}

static void put_state(buffer *out, const past_state *state, uint32_t steps)
{
    bytes_put(out, state->key[0], 8);
    bytes_put(out, state->key[1], 8);
    bytes_put(out, (uint64_t)state->touched, 8);
    put_moments(out, state->since);
    put_moment(out, &state->dropped);
    const bool has_latest = state->latest.start[PAST_MAYBE].number != 0;
    const uint64_t count = state->values ? distinct_size(state)
                           : has_latest  ? 1
                                         : state->end - state->first;
    bytes_put(out, count, 4);
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        const past_total *const total = &state->total[state->mirrored ? PAST_MAYBE : side];
        bytes_put(out, (uint64_t)total->sum, 8);
        bytes_put(out, (uint64_t)(total->sum >> 64), 8);
        bytes_put(out, total->count, 8);
        bytes_put(out, state->items ? total->from - state->first : total->from, 8);
    }
    for (uint64_t place = state->first; place < state->end; place++) {
        const past_item item = *window_item(state, place);
        for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
            put_moment(out, item.mark >> side & 1 ? &(past_moment){item.time, item.mark >> 2}
                                                  : &(past_moment){0, 0});
        bytes_put(out, state->valued ? (uint64_t)*window_value(state, place) : 0, 8);
    }
    for (const past_distinct *item = NULL; state->values && (item = distinct_next(state, item));) {
        put_moments(out, item->start);
        bytes_put(out, (uint64_t)item->value, 8);
    }
    if (has_latest) {
        put_moments(out, state->latest.start);
        bytes_put(out, state->latest.known, 8);
    }
    bytes_put(out, (uint64_t)state->latest.kind, 1);
    bytes_put(out, (uint64_t)state->latest.integer, 8);
    bytes_put_text(out, state->latest.text, state->latest.length);
    for (uint32_t step = 0; step < steps; step++)
        put_moments(out, state->chain[step]);
}

void past_store_write(const past_store *store, buffer *out)
{
    bytes_put(out, store->seed[0], 8);
    bytes_put(out, store->seed[1], 8);
    bytes_put(out, store->number, 8);
    bytes_put(out, (uint64_t)store->now, 8);
    bytes_put(out, store->lost, 1);
    buffer_add(out, store->policy, sizeof store->policy);
    uint32_t count = 0;
    for (uint32_t i = 0; i < store->count; i++)
        count += !store->places[i].unwatched;
    bytes_put(out, count, 4);
    for (uint32_t i = 0; i < store->count; i++) {
        const past_table *const table = &store->places[i].table;
        if (store->places[i].unwatched) /* nobody knows what has been */
            continue;
        bytes_put(out, store->places[i].identity, 8);
        bytes_put(out, table->used, 1);
        if (!table->used)
            continue;
        bytes_put(out, table->steps, 4);
        put_moments(out, table->since);
        put_moment(out, &table->dropped);
        put_moment(out, &table->blurred);
        bytes_put(out, table->only != NULL, 1);
        bytes_put(out, table->only ? 1 : table->count, 4);
        if (table->only)
            put_state(out, table->only, table->steps);
        for (uint32_t k = 0; k < table->capacity; k++)
            if (table->states[k])
                put_state(out, table->states[k], table->steps);
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static past_moment take_moment(bytes_reader *in)
{
    past_moment moment;
    moment.time = (int64_t)bytes_take(in, 8);
    moment.number = bytes_take(in, 8);
    /* differences of times stay numbers */
    if (moment.time > INT64_MAX / 4 || moment.time < INT64_MIN / 4)
        in->failed = true;
    return moment;
}

static void take_moments(bytes_reader *in, past_moment both[2])
{
    both[PAST_SURE] = take_moment(in);
    both[PAST_MAYBE] = take_moment(in);
}

static void take_entry(bytes_reader *in, past_entry *out)
{
    take_moments(in, out->start);
    out->value = (int64_t)bytes_take(in, 8);
    if (out->start[PAST_SURE].number >> 62 || out->start[PAST_MAYBE].number >> 62)
        in->failed = true;
}

/* An entry may be two items: so what the totals begin at is found again. */
static bool take_window(bytes_reader *in, past_store *store, past_state *state, uint32_t count,
                        bool valued)
{
    uint64_t from[2] = {state->total[PAST_SURE].from, state->total[PAST_MAYBE].from};
    for (uint32_t i = 0; i < count; i++) {
        past_entry entry;
        take_entry(in, &entry);
        for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
            if (from[side] == i)
                state->total[side].from = state->end;
        if (in->failed || !window_push(store, state, &entry, valued))
            return false;
    }
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++)
        if (from[side] == count)
            state->total[side].from = state->end;
    return true;
}

/* Not of the memory of the store: that may be full, and this is given back. */
static bool take_values(bytes_reader *in, past_store *store, past_state *state, uint32_t count)
{
    const cst_allocator *const from = &store->allocator;
    past_entry *const entries = from->allocate(from->user, count * sizeof *entries);
    if (!entries)
        return false;
    for (uint32_t i = 0; i < count; i++)
        take_entry(in, &entries[i]);
    const bool good = !in->failed && distinct_restore(store, state, entries, count);
    from->release(from->user, entries, count * sizeof *entries);
    return good;
}

static bool take_items(bytes_reader *in, past_store *store, past_state *state, uint32_t count,
                       const cst_past_row *row)
{
    past_entry entry;
    switch (row->kind) {
    case CST_PAST_DISTINCT: return take_values(in, store, state, count);
    case CST_PAST_LATEST:
        take_entry(in, &entry);
        memcpy(state->latest.start, entry.start, sizeof entry.start);
        state->latest.known = entry.value != 0;
        return count == 1;
    default: return take_window(in, store, state, count, row->kind == CST_PAST_SUM);
    }
}

static bool take_state(bytes_reader *in, past_store *store, past_state *state,
                       const cst_past_row *row)
{
    const bool windowed =
        row->within_us && (row->kind == CST_PAST_COUNT || row->kind == CST_PAST_SUM);
    const bool has_items =
        windowed || row->kind == CST_PAST_DISTINCT || row->kind == CST_PAST_LATEST;
    state->key[0] = bytes_take(in, 8);
    state->key[1] = bytes_take(in, 8);
    state->touched = (int64_t)bytes_take(in, 8);
    take_moments(in, state->since);
    state->dropped = take_moment(in);
    const uint32_t count = (uint32_t)bytes_take(in, 4);
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        past_total *const total = &state->total[side];
        const uint64_t low = bytes_take(in, 8), high = bytes_take(in, 8);
        total->sum =
            (past_sum)(int64_t)high * ((past_sum)1 << 32) * ((past_sum)1 << 32) + (past_sum)low;
        total->count = bytes_take(in, 8);
        total->from = bytes_take(in, 8);
        if (windowed && count == 0) /* places are relative to the first, and there is none */
            total->from = 0;
        if (has_items && total->from > count)
            in->failed = true;
    }
    if (in->failed || count > (has_items ? past_ring_bound(LIMIT_PAST_EVENTS, row->steps) : 0) ||
        state->touched > INT64_MAX / 4 || state->touched < INT64_MIN / 4)
        return false;
    if (count && !take_items(in, store, state, count, row))
        return false;
    uint32_t length;
    state->latest.kind = (cst_kind)bytes_take(in, 1);
    state->latest.integer = (int64_t)bytes_take(in, 8);
    const char *const text = bytes_take_text(in, LIMIT_PAST_TEXT_BYTES, &length);
    if (length) {
        state->latest.text = store_resize(store, NULL, 0, length);
        if (!state->latest.text)
            return false;
        memcpy(state->latest.text, text, length);
        state->latest.length = length;
    }
    for (uint32_t step = 0; step < row->steps; step++)
        take_moments(in, state->chain[step]);
    return !in->failed;
}

/* The question; NULL: this policy does not ask it. Mostly it stands where it stood. */
static const cst_past_row *row_of(const cst_image *image, uint32_t guess, uint64_t identity)
{
    if (guess < image->pasts.count && past_row(image, guess)->identity == identity)
        return past_row(image, guess);
    for (uint32_t i = 0; i < image->pasts.count; i++)
        if (past_row(image, i)->identity == identity)
            return past_row(image, i);
    return NULL;
}

static bool take_states(bytes_reader *in, past_store *store, past_table *table,
                        const cst_past_row *row, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        past_state *const state = store_resize(store, NULL, 0, past_state_size(row));
        if (!state)
            return false;
        memset(state, 0, past_state_size(row));
        if (!take_state(in, store, state, row) ||
            (row->key_count && !store_place_state(table, state))) {
            store_free_state(store, state, row->steps);
            return false;
        }
        if (row->key_count == 0)
            table->only = state;
    }
    return true;
}

static bool take_table(bytes_reader *in, past_store *store, past_table *table,
                       const cst_past_row *row)
{
    table->used = true;
    table->steps = (uint32_t)bytes_take(in, 4);
    if (in->failed || table->steps == 0 || table->steps > LIMIT_PAST_STEPS ||
        (row && row->steps != table->steps))
        return false;
    take_moments(in, table->since);
    table->dropped = take_moment(in);
    table->blurred = take_moment(in);
    const bool single = bytes_take(in, 1) != 0;
    const uint32_t count = (uint32_t)bytes_take(in, 4);
    if (in->failed || count > (single ? 1 : store->most_keys) ||
        (row && count && single != (row->key_count == 0)))
        return false;
    /* what nobody asks is read to see its end, as what has most in it */
    const cst_past_row shape = {
        .steps = table->steps, .key_count = !single, .kind = CST_PAST_COUNT, .within_us = 1};
    uint32_t capacity = 8;
    while (capacity / 2 < count)
        capacity *= 2;
    return (single || count == 0 || store_reserve(store, table, capacity)) &&
           take_states(in, store, table, row ? row : &shape, count);
}

bool past_store_read(past_store *store, bytes_reader *in, const cst_image *image)
{
    store->seed[0] = bytes_take(in, 8);
    store->seed[1] = bytes_take(in, 8);
    store->number = bytes_take(in, 8);
    store->now = (int64_t)bytes_take(in, 8);
    store->lost = bytes_take(in, 1) != 0;
    for (size_t i = 0; i < sizeof store->policy; i++)
        store->policy[i] = (uint8_t)bytes_take(in, 1);
    const uint32_t count = (uint32_t)bytes_take(in, 4);
    if (in->failed || count > (size_t)(in->end - in->next) / 9 || store->now > INT64_MAX / 4 ||
        store->now < INT64_MIN / 2)
        return false;
    store->places =
        count ? store->allocator.allocate(store->allocator.user, count * sizeof *store->places)
              : NULL;
    if (count && !store->places)
        return false;
    store->count = count;
    if (count)
        memset(store->places, 0, count * sizeof *store->places);
    for (uint32_t i = 0; i < count; i++) {
        past_place *const place = &store->places[i];
        place->identity = bytes_take(in, 8);
        const cst_past_row *const row = row_of(image, i, place->identity);
        place->unwatched = row == NULL;
        if (bytes_take(in, 1) != 0 && !take_table(in, store, &place->table, row))
            return false;
    }
    return !in->failed;
}

/*
 * save.c - a store as bytes and back.
 *
 * A ring is written from its first item to its last, and read to begin at zero; places are relative to the first. Keys keep their
 * hashes, so the seed goes with them. What a number of items or states says is believed only up to the bounds of limits.h, and no byte is
 * read beyond the end: bytes that were made by somebody else cannot do harm, even if they carry a right signature.
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
    const uint64_t count = state->end - state->first;
    bytes_put(out, count, 4);
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        const past_total *const total = &state->total[side];
        bytes_put(out, (uint64_t)total->sum, 8);
        bytes_put(out, (uint64_t)(total->sum >> 64), 8);
        bytes_put(out, total->count, 8);
        bytes_put(out, count ? total->from - state->first : total->from, 8);
    }
    for (uint64_t place = state->first; place < state->end; place++) {
        const past_item *const item = &state->items[place & (state->capacity - 1u)];
        put_moments(out, item->start);
        bytes_put(out, (uint64_t)item->value, 8);
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
        const past_table *const table = store->places[i].table;
        if (store->places[i].unwatched) /* nobody knows what has been */
            continue;
        bytes_put(out, store->places[i].identity, 8);
        bytes_put(out, table != NULL, 1);
        if (!table)
            continue;
        bytes_put(out, table->steps, 4);
        put_moments(out, table->since);
        put_moment(out, &table->dropped);
        put_moment(out, &table->blurred);
        bytes_put(out, table->capacity == 1, 1);
        bytes_put(out, table->count, 4);
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

static bool take_items(bytes_reader *in, past_store *store, past_state *state, uint32_t count)
{
    uint32_t capacity = 4;
    while (capacity < count)
        capacity *= 2;
    state->items = store_resize(store, NULL, 0, capacity * sizeof *state->items);
    if (!state->items)
        return false;
    state->capacity = capacity;
    for (uint32_t i = 0; i < count; i++) {
        take_moments(in, state->items[i].start);
        state->items[i].value = (int64_t)bytes_take(in, 8);
    }
    state->end = count;
    return true;
}

static bool take_state(bytes_reader *in, past_store *store, past_state *state, uint32_t steps)
{
    state->key[0] = bytes_take(in, 8);
    state->key[1] = bytes_take(in, 8);
    state->touched = (int64_t)bytes_take(in, 8);
    take_moments(in, state->since);
    state->dropped = take_moment(in);
    const uint32_t count = (uint32_t)bytes_take(in, 4);
    for (int side = PAST_SURE; side <= PAST_MAYBE; side++) {
        past_total *const total = &state->total[side];
        const uint64_t low = bytes_take(in, 8), high = bytes_take(in, 8);
        total->sum = (past_sum)(int64_t)high * ((past_sum)1 << 32) * ((past_sum)1 << 32) + (past_sum)low;
        total->count = bytes_take(in, 8);
        total->from = bytes_take(in, 8);
        if (count && total->from > count)
            in->failed = true;
    }
    if (in->failed || count > LIMIT_PAST_EVENTS || state->touched > INT64_MAX / 4 || state->touched < INT64_MIN / 4)
        return false;
    if (count && !take_items(in, store, state, count))
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
    for (uint32_t step = 0; step < steps; step++)
        take_moments(in, state->chain[step]);
    return !in->failed;
}

static bool take_table(bytes_reader *in, past_store *store, past_place *place)
{
    const uint32_t steps = (uint32_t)bytes_take(in, 4);
    if (in->failed || steps == 0 || steps > LIMIT_PAST_STEPS)
        return false;
    const cst_past_row shape = {.steps = steps, .key_count = 1};
    past_table *const table = store_table(store, place, &shape);
    if (!table)
        return false;
    take_moments(in, table->since);
    table->dropped = take_moment(in);
    table->blurred = take_moment(in);
    const bool single = bytes_take(in, 1) != 0;
    const uint32_t count = (uint32_t)bytes_take(in, 4);
    if (in->failed || count > store->most_keys || (single && count > 1))
        return false;
    uint32_t capacity = 8;
    while (!single && capacity / 4 <= count)
        capacity *= 2;
    if (!store_reserve(store, table, single ? 1 : capacity))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        past_state *const state = store_resize(store, NULL, 0, past_state_size(&shape));
        if (!state)
            return false;
        memset(state, 0, past_state_size(&shape));
        if (!take_state(in, store, state, steps) || !store_place_state(table, state)) {
            store_free_state(store, state, steps);
            return false;
        }
    }
    return true;
}

bool past_store_read(past_store *store, bytes_reader *in)
{
    store->seed[0] = bytes_take(in, 8);
    store->seed[1] = bytes_take(in, 8);
    store->number = bytes_take(in, 8);
    store->now = (int64_t)bytes_take(in, 8);
    store->lost = bytes_take(in, 1) != 0;
    for (size_t i = 0; i < sizeof store->policy; i++)
        store->policy[i] = (uint8_t)bytes_take(in, 1);
    const uint32_t count = (uint32_t)bytes_take(in, 4);
    if (in->failed || count > (size_t)(in->end - in->next) / 9 || store->now > INT64_MAX / 4 || store->now < INT64_MIN / 2)
        return false;
    store->places = count ? store->allocator.allocate(store->allocator.user, count * sizeof *store->places) : NULL;
    if (count && !store->places)
        return false;
    store->count = count;
    if (count)
        memset(store->places, 0, count * sizeof *store->places);
    for (uint32_t i = 0; i < count; i++) {
        store->places[i].identity = bytes_take(in, 8);
        if (bytes_take(in, 1) != 0 && !take_table(in, store, &store->places[i]))
            return false;
    }
    return !in->failed;
}

bool past_store_fits(const past_store *store, const cst_image *image)
{
    for (uint32_t i = 0; i < image->pasts.count; i++)
        for (uint32_t k = 0; k < store->count; k++)
            if (store->places[k].identity == past_row(image, i)->identity && store->places[k].table &&
                store->places[k].table->steps != past_row(image, i)->steps)
                return false;
    return true;
}

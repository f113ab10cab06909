/*
 * store.c - which state belongs to which question and key, and how much of them there may be.
 *
 * A question without `with same` has one state; with it, one for each key, in a table of its own
 * with open addressing. The table grows by doubling; before it grows, states that no window reaches
 * any more are thrown out, so a question with a window needs room for the keys of one window only.
 * Past the bound (of keys or bytes) a new key finds no room: then answers about keys that are not
 * in the table are undecided for as long as the lost moment could matter.
 *
 * Memory is asked for when something is first worth remembering; a session of which nothing is
 * asked costs nothing.
 */
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "runtime/base/hash.h"
#include "runtime/history/save.h"
#include "runtime/history/snapshot.h"
#include "runtime/history/store_private.h"

/* ---- memory ---------------------------------------------------------------------------------- */

void *store_resize(past_store *store, void *memory, size_t old_size, size_t new_size)
{
    const cst_allocator *const from = &store->allocator;
    if (new_size == 0) {
        if (memory)
            from->release(from->user, memory, old_size);
        store->bytes -= memory ? old_size : 0;
        return NULL;
    }
    if (new_size > old_size && new_size - old_size > store->most_bytes - store->bytes)
        return NULL;
    void *const made = memory ? from->resize(from->user, memory, old_size, new_size)
                              : from->allocate(from->user, new_size);
    if (made)
        store->bytes += new_size - (memory ? old_size : 0);
    return made;
}

size_t past_state_size(const cst_past_row *row)
{
    return sizeof(past_state) + (size_t)row->steps * 2 * sizeof(past_moment);
}

void store_free_state(past_store *store, past_state *state, uint32_t steps)
{
    if (!state)
        return;
    if (state->items)
        store_resize(store, state->items, past_ring_size(state->capacity, state->valued), 0);
    distinct_free(store, state);
    if (state->latest.text)
        store_resize(store, state->latest.text, state->latest.length, 0);
    store_resize(store, state, sizeof *state + (size_t)steps * 2 * sizeof(past_moment), 0);
}

static void free_states(past_store *store, past_table *table)
{
    for (uint32_t i = 0; i < table->capacity; i++)
        store_free_state(store, table->states[i], table->steps);
    if (table->states)
        store_resize(store, table->states, table->capacity * sizeof *table->states, 0);
    table->states = NULL;
    table->count = table->capacity = 0;
    store_free_state(store, table->only, table->steps);
    table->only = NULL;
}

/* ---- states ---------------------------------------------------------------------------------- */

static uint32_t place_of(const past_table *table, const uint64_t key[2])
{
    uint32_t at = (uint32_t)key[0] & (table->capacity - 1u);
    while (table->states[at] &&
           (table->states[at]->key[0] != key[0] || table->states[at]->key[1] != key[1]))
        at = (at + 1u) & (table->capacity - 1u);
    return at;
}

past_state *store_find_key(const past_table *table, const uint64_t key[2])
{
    return table->states[place_of(table, key)];
}

/* Nothing of it is in any window, and it says nothing that its absence would not say. */
static bool is_over(const past_store *store, const cst_past_row *row, const past_state *state)
{
    return row->within_us != 0 && store->now - state->touched > row->within_us &&
           !past_is_recent(store, row, &state->dropped);
}

/* A table of `capacity` places with the states that are not over. */
static bool rebuild(past_store *store, past_table *table, const cst_past_row *row,
                    uint32_t capacity)
{
    past_state **const states = store_resize(store, NULL, 0, capacity * sizeof *states);
    if (!states)
        return false;
    memset(states, 0, capacity * sizeof *states);
    past_table made = *table;
    made.states = states;
    made.capacity = capacity;
    made.count = 0;
    for (uint32_t i = 0; i < table->capacity; i++) {
        past_state *const state = table->states[i];
        if (!state)
            continue;
        if (is_over(store, row, state)) {
            past_keep(store, row, state, state->key);
            store_free_state(store, state, row->steps);
            continue;
        }
        states[place_of(&made, state->key)] = state;
        made.count++;
    }
    if (table->states)
        store_resize(store, table->states, table->capacity * sizeof *states, 0);
    *table = made;
    return true;
}

bool store_reserve(past_store *store, past_table *table, uint32_t capacity)
{
    table->states = store_resize(store, NULL, 0, capacity * sizeof *table->states);
    if (!table->states)
        return false;
    memset(table->states, 0, capacity * sizeof *table->states);
    table->capacity = capacity;
    return true;
}

bool store_place_state(past_table *table, past_state *state)
{
    const uint32_t at = place_of(table, state->key);
    if (table->states[at])
        return false;
    table->states[at] = state;
    table->count++;
    return true;
}

static uint32_t count_over(const past_store *store, const past_table *table,
                           const cst_past_row *row)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < table->capacity; i++)
        found += table->states[i] && is_over(store, row, table->states[i]);
    return found;
}

/* A free place for one more key. */
static bool make_room(past_store *store, past_table *table, const cst_past_row *row)
{
    if (!row->key_count)
        return true;
    const bool full = table->count >= store->most_keys;
    if (!full && table->count < table->capacity / 2)
        return true;
    /* looking through all states is paid for by the keys that have come since the last time, or by
     * as many events: see `crowded` */
    const uint32_t left = table->count - count_over(store, table, row);
    if (left >= store->most_keys)
        return false;
    uint32_t capacity = 8;
    while (capacity / 4 <= left)
        capacity *= 2;
    return rebuild(store, table, row, capacity);
}

past_state *store_make(past_store *store, past_table *table, const cst_past_row *row,
                       const uint64_t key[2], past_moment at)
{
    past_state *state = NULL;
    const size_t size = past_state_size(row);
    const bool crowded = past_is_recent(store, row, &table->dropped) &&
                         table->crowded + table->count / 2 > at.number;
    if (!crowded && make_room(store, table, row))
        state = store_resize(store, NULL, 0, size);
    if (!state) {
        if (!crowded)
            table->crowded = at.number;
        table->dropped = at;
        return NULL;
    }
    memset(state, 0, size);
    memcpy(state->key, key, sizeof state->key);
    state->dropped = table->dropped; /* what was lost may have been of this key */
    if (row->key_count == 0)
        return table->only = state;
    table->states[place_of(table, key)] = state;
    table->count++;
    return state;
}

/* ---- stores ---------------------------------------------------------------------------------- */

static void random_seed(const past_store *store, uint64_t seed[2])
{
    if (getrandom(seed, 2 * sizeof *seed, GRND_NONBLOCK) == (ssize_t)(2 * sizeof *seed))
        return;
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t parts[3] = {(uint64_t)now.tv_nsec, (uint64_t)now.tv_sec,
                               (uint64_t)(uintptr_t)store};
    seed[0] = cst_hash_seeded(parts, sizeof parts, (uint64_t)(uintptr_t)seed);
    seed[1] = cst_hash_seeded(parts, sizeof parts, seed[0]);
}

void past_store_init(past_store *store, const cst_allocator *allocator, uint32_t most_keys,
                     size_t most_bytes, const uint64_t seed[2])
{
    *store = (past_store){.allocator = *allocator,
                          .most_bytes = most_bytes,
                          .most_keys = most_keys,
                          .now = PAST_CLOCK_UNSET};
    if (seed)
        memcpy(store->seed, seed, sizeof store->seed);
    else
        random_seed(store, store->seed);
}

static void free_places(past_store *store, past_place *places, uint32_t count)
{
    const cst_allocator *const from = &store->allocator;
    for (uint32_t i = 0; i < count; i++)
        free_states(store, &places[i].table);
    if (places)
        from->release(from->user, places, count * sizeof *places);
}

void past_store_free(past_store *store)
{
    past_snapshots_lose(store);
    free_places(store, store->places, store->count);
    store->places = NULL;
    store->count = 0;
}

void past_store_forget(past_store *store)
{
    past_snapshots_lose(store);
    for (uint32_t i = 0; i < store->count; i++) {
        past_place *const place = &store->places[i];
        free_states(store, &place->table);
        *place = (past_place){.identity = place->identity, .table.steps = place->table.steps};
    }
    store->number = 0;
    store->now = PAST_CLOCK_UNSET;
    store->lost = false;
}

static past_place new_place(const cst_past_row *row)
{
    return (past_place){.identity = row->identity, .table.steps = row->steps};
}

static uint32_t place_find(const past_store *store, uint64_t identity)
{
    for (uint32_t i = 0; i < store->count; i++)
        if (store->places[i].identity == identity)
            return i;
    return CST_NONE;
}

/* The tables that the new policy asks for, moved from the old places; new ones where the time
 * before is not known. */
static void move_tables(past_store *store, const cst_image *image, past_place *places,
                        uint32_t *kept)
{
    for (uint32_t i = 0; i < image->pasts.count; i++) {
        places[i] = new_place(past_row(image, i));
        const uint32_t old = place_find(store, places[i].identity);
        if (old != CST_NONE) {
            if (store->places[old].table.used)
                places[i].table = store->places[old].table;
            store->places[old] = (past_place){0};
            (*kept)++;
        } else if (store->number != 0) {
            places[i].table.used = true;
            places[i].table.blurred = (past_moment){store->now, store->number};
        }
    }
}

bool past_store_adopt(past_store *store, const cst_image *image, uint32_t *kept, uint32_t *dropped)
{
    const uint32_t count = image->pasts.count;
    past_place *places = NULL;
    *kept = 0;
    if (count) {
        places = store->allocator.allocate(store->allocator.user, count * sizeof *places);
        if (!places)
            return false;
        move_tables(store, image, places, kept);
    }
    *dropped = store->count - *kept;
    past_snapshots_lose(store);
    free_places(store, store->places, store->count);
    store->places = places;
    store->count = count;
    memcpy(store->policy, image->source_hash, sizeof store->policy);
    return true;
}

/* What is asked of a place is not known of the time up to now. */
static void blur_place(const past_store *store, past_place *place)
{
    place->table.used = true;
    place->table.blurred = past_store_next(store);
}

void past_store_unwatch(past_store *store, past_place *place)
{
    place->unwatched = true;
    past_snapshots_lose(store);
    if (!place->table.used)
        return;
    free_states(store, &place->table);
    place->table = (past_table){.steps = place->table.steps};
    blur_place(store, place);
}

uint32_t past_store_place(past_store *store, const cst_past_row *row, bool begun)
{
    const uint32_t known = place_find(store, row->identity);
    if (known != CST_NONE) {
        if (store->places[known].unwatched)
            blur_place(store, &store->places[known]);
        store->places[known].unwatched = false;
        return known;
    }
    const cst_allocator *const from = &store->allocator;
    const size_t size = store->count * sizeof *store->places;
    past_place *const places =
        store->places ? from->resize(from->user, store->places, size, size + sizeof *places)
                      : from->allocate(from->user, sizeof *places);
    if (!places)
        return CST_NONE;
    store->places = places;
    past_place *const place = &store->places[store->count];
    *place = new_place(row);
    if (begun)
        blur_place(store, place);
    return store->count++;
}

void past_store_distrust(past_store *store)
{
    past_store_forget(store);
    store->lost = true;
}

void past_store_take(past_store *store, past_store *loaded, uint32_t *kept, uint32_t *dropped)
{
    const bool begun = store->now != PAST_CLOCK_UNSET;
    const int64_t now = store->now > loaded->now ? store->now : loaded->now;
    past_store_forget(store);
    memcpy(store->seed, loaded->seed, sizeof store->seed);
    store->number = loaded->number;
    store->now = now;
    store->lost = loaded->lost;
    *kept = 0;
    for (uint32_t i = 0; i < store->count; i++) {
        past_place *const place = &store->places[i];
        const uint32_t at = place_find(loaded, place->identity);
        const bool known = at != CST_NONE && !loaded->places[at].unwatched;
        if (known) {
            if (loaded->places[at].table.used)
                place->table = loaded->places[at].table;
            loaded->places[at] = (past_place){0};
            (*kept)++;
        }
        if (begun && place->table.used)
            place->table.blurred = past_store_next(store);
        else
            place->unwatched =
                place->unwatched || begun || (!known && loaded->now != PAST_CLOCK_UNSET);
    }
    *dropped = loaded->count - *kept;
    past_store_free(loaded); /* what is left of it: its bytes are those that were taken then */
    store->bytes = loaded->bytes;
}

void past_store_time(past_store *store, int64_t time)
{
    if (time > store->now)
        store->now = time;
}

/*
 * store_private.h - what store.c (which state belongs to which question and key) and past.c (what a
 * state means) share.
 */
#ifndef CONSTITUTION_RUNTIME_HISTORY_STORE_PRIVATE_H
#define CONSTITUTION_RUNTIME_HISTORY_STORE_PRIVATE_H

#include "runtime/history/past.h"

/* Whether a moment is within the window of a question, up to now. */
static inline bool past_is_recent(const past_store *store, const cst_past_row *row,
                                  const past_moment *moment)
{
    return moment->number != 0 &&
           (row->within_us == 0 || store->now - moment->time <= row->within_us);
}

size_t past_state_size(const cst_past_row *row);
/* The state of a key, of a question that has keys. */
past_state *store_find_key(const past_table *table, const uint64_t key[2]);
/* The state; NULL: there is none. */
static inline past_state *store_find(const past_table *table, const cst_past_row *row,
                                     const uint64_t key[2])
{
    return row->key_count == 0    ? table->only
           : table->capacity == 0 ? NULL
                                  : store_find_key(table, key);
}
/* The state, made if it is new. NULL: there is no room, which is noted. */
past_state *store_make(past_store *store, past_table *table, const cst_past_row *row,
                       const uint64_t key[2], past_moment at);
/* Memory of a state, within the bound of the store. NULL: none. */
void *store_resize(past_store *store, void *memory, size_t old_size, size_t new_size);
/* A table of so many places (a power of two), empty. False: there is no room. */
bool store_reserve(past_store *store, past_table *table, uint32_t capacity);
/* Puts a state into its place. False: its key is there already. */
bool store_place_state(past_table *table, past_state *state);
void store_free_state(past_store *store, past_state *state, uint32_t steps);

/* What a question without keys needs is fetched while others are at work: many questions at one
 * event touch more than a first cache holds. */
static inline void store_fetch_place(const past_place *place)
{
    __builtin_prefetch(place);
}
static inline void store_fetch_state(const past_place *place)
{
    const char *const state = (const char *)place->table.only;
    if (!state)
        return;
    __builtin_prefetch(state);
    __builtin_prefetch(state + 64);
    __builtin_prefetch(state + 128);
}

/* Whether what began at a moment is in the window and behind the `since`: once it is not, it never
 * is again. */
static inline bool past_counts(const past_store *store, const cst_past_row *row,
                               const past_moment *start, const past_moment *since)
{
    return past_is_recent(store, row, start) && start->number > since->number;
}

/* ---- windows (window.c) ---------------------------------------------------------------------- */

void window_add(past_store *store, const past_table *table, past_state *state,
                const cst_past_row *row, const past_entry *entry);
/* The same, of an event that is sure and counts for itself, where window_is_plain. */
void window_add_plain(past_store *store, past_state *state, const cst_past_row *row, past_moment at,
                      int64_t value);
/* Takes out of the totals what has left the window. */
void window_advance(const past_store *store, const past_table *table, past_state *state,
                    const cst_past_row *row);
/* Both sides are the same, and MAYBE alone is kept: nearly always. */
static inline bool window_is_plain(const cst_past_row *row, const past_state *state)
{
    return row->since == CST_NONE && !state->mixed;
}
static inline past_item *window_item(const past_state *state, uint64_t place)
{
    return &state->items[place & (state->capacity - 1u)];
}
static inline int64_t *window_value(const past_state *state, uint64_t place)
{
    return (int64_t *)(void *)(state->items + state->capacity) + (place & (state->capacity - 1u));
}
/* Puts an entry at the end, without adding it to the totals. False: there is no memory for it. */
bool window_push(past_store *store, past_state *state, const past_entry *entry, bool valued);

/* `since` of one side: number 0 where there was none. */
const past_moment *past_since_of(const past_table *table, const past_state *state,
                                 const cst_past_row *row, int side);

/* ---- the values of DISTINCT (distinct.c) ----------------------------------------------------- */

/* Notes that a value was there. False: there is no memory for it. `since`: of both sides. */
bool distinct_add(past_store *store, past_state *state, const cst_past_row *row,
                  const past_entry *entry, const past_moment *const since[2]);
/* How many values count now, with *extra, if it is one that counts, as one more event. */
void distinct_count(const past_store *store, past_state *state, const cst_past_row *row,
                    const past_entry *extra, const past_moment *const since[2], uint64_t found[2]);
/* All values, in any order; the first is behind NULL. */
uint32_t distinct_size(const past_state *state);
const past_distinct *distinct_next(const past_state *state, const past_distinct *after);
/* As it was saved, in the order of distinct_next. False: memory is short, or that is no set of
 * values. */
bool distinct_restore(past_store *store, past_state *state, const past_entry *entries,
                      uint32_t count);
void distinct_free(past_store *store, past_state *state);

#endif

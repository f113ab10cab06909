/*
 * store_private.h - what store.c (which state belongs to which question and key) and past.c (what a state means) share.
 */
#ifndef CONSTITUTION_RUNTIME_HISTORY_STORE_PRIVATE_H
#define CONSTITUTION_RUNTIME_HISTORY_STORE_PRIVATE_H

#include "runtime/history/past.h"

/* Whether a moment is within the window of a question, up to now. */
static inline bool past_is_recent(const past_store *store, const cst_past_row *row, const past_moment *moment)
{
    return moment->number != 0 && (row->within_us == 0 || store->now - moment->time <= row->within_us);
}

size_t past_state_size(const cst_past_row *row);
past_state *store_find(const past_table *table, const cst_past_row *row, const uint64_t key[2]);
/* The state, made if it is new. NULL: there is no room, which is noted. */
past_state *store_make(past_store *store, past_table *table, const cst_past_row *row, const uint64_t key[2], past_moment at);
/* The table of a place, made if it is new. NULL: memory is short. */
past_table *store_table(past_store *store, past_place *place, const cst_past_row *row);
/* Memory of a state, within the bound of the store. NULL: none. */
void *store_resize(past_store *store, void *memory, size_t old_size, size_t new_size);
/* A table of so many places (a power of two), empty. False: there is no room. */
bool store_reserve(past_store *store, past_table *table, uint32_t capacity);
/* Puts a state into its place. False: its key is there already. */
bool store_place_state(past_table *table, past_state *state);
void store_free_state(past_store *store, past_state *state, uint32_t steps);

#endif

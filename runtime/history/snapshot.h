/*
 * snapshot.h - the past as it stood at one moment, while events go on: what a reply that comes in
 * pieces is judged by.
 *
 * A store keeps no old states, and copying one as a whole could take as long as a session is old.
 * So opening a snapshot copies only what each question has besides its states; and while one is
 * open, a state is copied before it changes for the first time since the newest snapshot was
 * opened. A question is then answered from that copy, or, where there is none, from the state,
 * which is still as it was. Without an open snapshot nothing of this costs more than looking at one
 * pointer.
 *
 * Copies are bounded (LIMIT_SNAPSHOT_BYTES a store). When they are too many, or memory is short, or
 * the store goes away, the snapshot knows nothing any more, and what is asked of it is undecided.
 *
 * Of a shared store everything here is called under its lock. Layer 2.
 */
#ifndef CONSTITUTION_RUNTIME_HISTORY_SNAPSHOT_H
#define CONSTITUTION_RUNTIME_HISTORY_SNAPSHOT_H

#include "runtime/history/past.h"
#include "runtime/limits.h"

typedef struct past_snapshot {
    struct past_snapshot *newer, *older; /* of the same store */
    past_store *store;                   /* NULL: it knows nothing */
    uint64_t sequence;                   /* of the copies that belong to it: this one and later */
    past_store as;                       /* the store's moment, clock and seed; no states */
    past_table *tables;                  /* by place, without states */
} past_snapshot;

/* False: memory is short, and the snapshot knows nothing. It stays where it is until it is closed.
 */
bool past_snapshot_open(past_snapshot *snapshot, past_store *store);
void past_snapshot_close(past_snapshot *snapshot);

/* A question to a snapshot, as one to a store. */
typedef struct past_view {
    past one;
    past_place place;
    past_state *state;
    /* what a question moves on, so that no other snapshot sees it moved; items and values are
     * shared */
    _Alignas(
        past_state) char moved[sizeof(past_state) + LIMIT_PAST_STEPS * 2 * sizeof(past_moment)];
} past_view;

/* The question at a place of the store and a key. False: the snapshot knows nothing. */
bool past_snapshot_view(const past_snapshot *snapshot, uint32_t place, const cst_past_row *row,
                        const uint64_t key[2], past_view *out);

/* ---- for the store --------------------------------------------------------------------------- */

void snapshot_keep(past_store *store, const cst_past_row *row, const past_state *state,
                   const uint64_t key[2]);
/* The state of a key, or that there is none, is about to change. */
static inline void past_keep(past_store *store, const cst_past_row *row, const past_state *state,
                             const uint64_t key[2])
{
    if (store->copies)
        snapshot_keep(store, row, state, key);
}
/* The store goes, or what its places mean. */
void past_snapshots_lose(past_store *store);

#endif

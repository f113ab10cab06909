/*
 * snapshot.c - copies of states that have changed since a snapshot was opened, in the order in
 * which they were made, with an index by question and key.
 */
#include "runtime/history/snapshot.h"

#include <string.h>

#include "runtime/history/store_private.h"

enum { FIRST_CAPACITY = 16 };

typedef struct state_copy {
    uint64_t sequence; /* of the newest snapshot when it was made */
    uint64_t question; /* its identity */
    uint64_t key[2];
    past_state *state; /* NULL: there was none */
    uint32_t steps;
    uint64_t
        before; /* 1 + the place of the one before in its bucket; 0, or one that has gone: none */
} state_copy;

typedef struct past_copies { /* of one store, while snapshots of it are open */
    past_snapshot *newest, *oldest;
    uint64_t sequence;
    state_copy *items; /* a ring */
    uint64_t *buckets; /* 1 + the place of the last one; as many as items */
    uint64_t first, end;
    uint32_t capacity; /* a power of two */
    size_t bytes;
} past_copies;

/* ---- memory ---------------------------------------------------------------------------------- */

static void *allocate(const past_store *store, size_t size)
{
    return store->allocator.allocate(store->allocator.user, size);
}

static void release(const past_store *store, void *memory, size_t size)
{
    if (memory)
        store->allocator.release(store->allocator.user, memory, size);
}

static size_t state_bytes(uint32_t steps)
{
    return sizeof(past_state) + (size_t)steps * 2 * sizeof(past_moment);
}

static size_t items_bytes(const past_state *state)
{
    return past_ring_size(state->capacity, state->valued);
}

static size_t values_bytes(const past_state *state)
{
    return state->values ? past_values_size(state->values->capacity) : 0;
}

static size_t copy_bytes(const past_state *state, uint32_t steps)
{
    return state ? state_bytes(steps) + items_bytes(state) + values_bytes(state) +
                       state->latest.length
                 : 0;
}

static void free_copy(const past_store *store, past_state *state, uint32_t steps)
{
    if (!state)
        return;
    release(store, state->items, items_bytes(state));
    release(store, state->values, values_bytes(state));
    release(store, state->latest.text, state->latest.length);
    release(store, state, state_bytes(steps));
}

static bool copy_block(const past_store *store, void *from, size_t size, void *to)
{
    void *made = NULL;
    if (from && size && !(made = allocate(store, size)))
        return false;
    if (made)
        memcpy(made, from, size);
    memcpy(to, &made, sizeof made);
    return true;
}

static past_state *copy_state(const past_store *store, const past_state *state, uint32_t steps)
{
    past_state *const made = allocate(store, state_bytes(steps));
    if (!made)
        return NULL;
    memcpy(made, state, state_bytes(steps));
    made->items = NULL;
    made->values = NULL;
    made->latest.text = NULL;
    if (copy_block(store, state->items, items_bytes(state), &made->items) &&
        copy_block(store, state->values, values_bytes(state), &made->values) &&
        copy_block(store, state->latest.text, state->latest.length, &made->latest.text))
        return made;
    free_copy(store, made, steps);
    return NULL;
}

/* ---- the copies ------------------------------------------------------------------------------ */

static state_copy *copy_at(const past_copies *copies, uint64_t place)
{
    return &copies->items[place & (copies->capacity - 1u)];
}

static uint64_t *bucket_of(const past_copies *copies, uint64_t question, const uint64_t key[2])
{
    const uint64_t mixed = (question ^ key[0]) * UINT64_C(0x9e3779b97f4a7c15);
    return &copies->buckets[(mixed >> 32) & (copies->capacity - 1u)];
}

static bool is_of(const state_copy *copy, uint64_t question, const uint64_t key[2])
{
    return copy->question == question && copy->key[0] == key[0] && copy->key[1] == key[1];
}

static void drop_first(past_store *store, past_copies *copies)
{
    state_copy *const copy = copy_at(copies, copies->first++);
    copies->bytes -= copy_bytes(copy->state, copy->steps);
    free_copy(store, copy->state, copy->steps);
}

static bool grow(const past_store *store, past_copies *copies)
{
    const uint32_t capacity = copies->capacity ? copies->capacity * 2 : FIRST_CAPACITY;
    state_copy *const items = allocate(store, capacity * sizeof *items);
    uint64_t *const buckets = allocate(store, capacity * sizeof *buckets);
    if (!items || !buckets) {
        release(store, items, capacity * sizeof *items);
        release(store, buckets, capacity * sizeof *buckets);
        return false;
    }
    memset(buckets, 0, capacity * sizeof *buckets);
    past_copies made = *copies;
    made.items = items;
    made.buckets = buckets;
    made.capacity = capacity;
    for (uint64_t place = copies->first; place < copies->end; place++) {
        state_copy *const copy = copy_at(&made, place);
        *copy = *copy_at(copies, place);
        uint64_t *const bucket = bucket_of(&made, copy->question, copy->key);
        copy->before = *bucket;
        *bucket = place + 1;
    }
    release(store, copies->items, copies->capacity * sizeof *items);
    release(store, copies->buckets, copies->capacity * sizeof *buckets);
    *copies = made;
    return true;
}

static void free_copies(past_store *store)
{
    past_copies *const copies = store->copies;
    while (copies->first < copies->end)
        drop_first(store, copies);
    release(store, copies->items, copies->capacity * sizeof *copies->items);
    release(store, copies->buckets, copies->capacity * sizeof *copies->buckets);
    release(store, copies, sizeof *copies);
    store->copies = NULL;
}

void past_snapshots_lose(past_store *store)
{
    if (!store->copies)
        return;
    for (past_snapshot *one = store->copies->newest; one; one = one->older)
        one->store = NULL;
    free_copies(store);
}

/* The last copy at or before a place of its bucket; NULL: there is none. */
static state_copy *copy_before(const past_copies *copies, uint64_t before, uint64_t question,
                               const uint64_t key[2], uint64_t *place)
{
    while (before > copies->first && before <= copies->end) {
        state_copy *const copy = copy_at(copies, before - 1);
        *place = before;
        if (is_of(copy, question, key))
            return copy;
        before = copy->before;
    }
    return NULL;
}

void snapshot_keep(past_store *store, const cst_past_row *row, const past_state *state,
                   const uint64_t key[2])
{
    past_copies *const copies = store->copies;
    uint64_t place = 0;
    if (copies->capacity) {
        const state_copy *const last =
            copy_before(copies, *bucket_of(copies, row->identity, key), row->identity, key, &place);
        if (last && last->sequence == copies->sequence)
            return;
    }
    const size_t bytes = copy_bytes(state, row->steps) + sizeof(state_copy);
    past_state *copied = NULL;
    if (copies->bytes + bytes > LIMIT_SNAPSHOT_BYTES ||
        (copies->end - copies->first == copies->capacity && !grow(store, copies)) ||
        (state && !(copied = copy_state(store, state, row->steps)))) {
        past_snapshots_lose(store);
        return;
    }
    uint64_t *const bucket = bucket_of(copies, row->identity, key);
    *copy_at(copies, copies->end) = (state_copy){.sequence = copies->sequence,
                                                 .question = row->identity,
                                                 .key = {key[0], key[1]},
                                                 .state = copied,
                                                 .steps = row->steps,
                                                 .before = *bucket};
    *bucket = ++copies->end;
    copies->bytes += copy_bytes(copied, row->steps);
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static void free_tables(past_snapshot *snapshot)
{
    release(&snapshot->as, snapshot->tables, (snapshot->as.count + 1u) * sizeof *snapshot->tables);
    snapshot->tables = NULL;
}

bool past_snapshot_open(past_snapshot *snapshot, past_store *store)
{
    *snapshot = (past_snapshot){.as = *store};
    snapshot->as.places = NULL;
    snapshot->as.copies = NULL;
    snapshot->tables = allocate(store, (store->count + 1u) * sizeof *snapshot->tables);
    if (!snapshot->tables)
        return false;
    for (uint32_t i = 0; i < store->count; i++) {
        snapshot->tables[i] = store->places[i].table;
        snapshot->tables[i].only = NULL;
        snapshot->tables[i].states = NULL;
        snapshot->tables[i].count = snapshot->tables[i].capacity = 0;
    }
    if (!store->copies) {
        store->copies = allocate(store, sizeof *store->copies);
        if (!store->copies) {
            free_tables(snapshot);
            return false;
        }
        *store->copies = (past_copies){0};
    }
    past_copies *const copies = store->copies;
    snapshot->store = store;
    snapshot->sequence = ++copies->sequence;
    snapshot->older = copies->newest;
    if (copies->newest)
        copies->newest->newer = snapshot;
    else
        copies->oldest = snapshot;
    copies->newest = snapshot;
    return true;
}

void past_snapshot_close(past_snapshot *snapshot)
{
    past_store *const store = snapshot->store;
    if (snapshot->tables)
        free_tables(snapshot);
    if (!store)
        return;
    past_copies *const copies = store->copies;
    *(snapshot->newer ? &snapshot->newer->older : &copies->newest) = snapshot->older;
    *(snapshot->older ? &snapshot->older->newer : &copies->oldest) = snapshot->newer;
    snapshot->store = NULL;
    if (!copies->oldest) {
        free_copies(store);
        return;
    }
    while (copies->first < copies->end &&
           copy_at(copies, copies->first)->sequence < copies->oldest->sequence)
        drop_first(store, copies);
}

/* As it was: the oldest copy that was made since; or the state itself, which has not changed. */
static const past_state *state_then(const past_snapshot *snapshot, uint32_t place,
                                    const cst_past_row *row, const uint64_t key[2])
{
    const past_copies *const copies = snapshot->store->copies;
    const past_table *const table = &snapshot->store->places[place].table;
    const state_copy *found = NULL;
    if (copies->capacity) {
        uint64_t at = 0, before = *bucket_of(copies, row->identity, key);
        for (const state_copy *copy;
             (copy = copy_before(copies, before, row->identity, key, &at)) != NULL;
             before = copy->before) {
            if (copy->sequence < snapshot->sequence)
                break;
            found = copy;
        }
    }
    if (found)
        return found->state;
    return store_find(table, row, key);
}

bool past_snapshot_view(const past_snapshot *snapshot, uint32_t place, const cst_past_row *row,
                        const uint64_t key[2], past_view *out)
{
    static const uint64_t no_key[2];
    if (!snapshot->store || place >= snapshot->as.count ||
        snapshot->store->places[place].identity != row->identity)
        return false;
    const uint64_t *const asked = row->key_count ? key : no_key;
    const past_state *const then = state_then(snapshot, place, row, asked);
    out->state = then ? (past_state *)(void *)out->moved : NULL;
    if (then) {
        memcpy(out->moved, then, state_bytes(row->steps));
        out->state->borrowed = true;
    }
    out->place = (past_place){.identity = row->identity, .table = snapshot->tables[place]};
    if (row->key_count) {
        out->place.table.states = &out->state;
        out->place.table.count = out->place.table.capacity = 1;
    } else {
        out->place.table.only = out->state;
    }
    out->one =
        (past){.store = (past_store *)(uintptr_t)&snapshot->as, .place = &out->place, .row = row};
    return true;
}

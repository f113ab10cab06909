/*
 * shared.c - the life of a shared store, and where a policy's questions stand in it.
 */
#include "runtime/history/shared.h"

#include <string.h>

#include "runtime/limits.h"

past_shared *past_shared_new(const cst_allocator *allocator)
{
    past_shared *const made = allocator->allocate(allocator->user, sizeof *made);
    if (!made)
        return NULL;
    memset(made, 0, sizeof *made);
    if (pthread_mutex_init(&made->lock, NULL) != 0) {
        allocator->release(allocator->user, made, sizeof *made);
        return NULL;
    }
    atomic_init(&made->references, 1);
    atomic_init(&made->clock, PAST_CLOCK_UNSET);
    past_store_init(&made->store, allocator, LIMIT_SHARED_PAST_KEYS, LIMIT_SHARED_PAST_BYTES, NULL);
    grant_table_init(&made->grants, allocator);
    return made;
}

past_shared *past_shared_retain(past_shared *shared)
{
    atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
    return shared;
}

void past_shared_release(past_shared *shared)
{
    if (!shared || atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1)
        return;
    const cst_allocator allocator = shared->store.allocator;
    past_store_free(&shared->store);
    grant_table_free(&shared->grants);
    pthread_mutex_destroy(&shared->lock);
    allocator.release(allocator.user, shared, sizeof *shared);
}

void past_shared_time(past_shared *shared, int64_t time)
{
    int64_t latest = atomic_load_explicit(&shared->clock, memory_order_relaxed);
    while (time > latest &&
           !atomic_compare_exchange_weak_explicit(&shared->clock, &latest, time,
                                                  memory_order_relaxed, memory_order_relaxed))
        continue;
}

past_store *past_shared_enter(past_shared *shared)
{
    pthread_mutex_lock(&shared->lock);
    past_store_time(&shared->store, atomic_load_explicit(&shared->clock, memory_order_relaxed));
    return &shared->store;
}

void past_shared_leave(past_shared *shared)
{
    pthread_mutex_unlock(&shared->lock);
}

void past_shared_forget(past_shared *shared)
{
    pthread_mutex_lock(&shared->lock);
    past_store_forget(&shared->store);
    grant_table_free(&shared->grants);
    atomic_store_explicit(&shared->clock, PAST_CLOCK_UNSET, memory_order_relaxed);
    pthread_mutex_unlock(&shared->lock);
}

static bool is_asked(const cst_image *image, uint64_t identity)
{
    for (uint32_t i = 0; i < image->pasts.count; i++)
        if (past_row(image, i)->across && past_row(image, i)->identity == identity)
            return true;
    return false;
}

bool past_shared_places(past_shared *shared, const cst_image *image, uint32_t *places)
{
    bool good = true;
    past_store *const store = past_shared_enter(shared);
    const bool begun = store->now != PAST_CLOCK_UNSET;
    for (uint32_t i = 0; i < store->count; i++)
        if (!is_asked(image, store->places[i].identity))
            past_store_unwatch(store, &store->places[i]);
    for (uint32_t i = 0; i < image->pasts.count && good; i++) {
        places[i] = CST_NONE;
        if (!past_row(image, i)->across)
            continue;
        places[i] = past_store_place(store, past_row(image, i), begun);
        good = places[i] != CST_NONE;
    }
    past_shared_leave(shared);
    return good;
}

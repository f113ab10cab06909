/*
 * shared.h - what is kept `across sessions`, and of grants that were used: one store for all
 * contexts of a policy, or of a live policy and all that it will be.
 *
 * Contexts of several threads use it, so a lock stands around each use; only policies that say
 * `across sessions`, and events that an approval lets through, ever take it. A question keeps its
 * place in the store for good, under its identity, so that two policies in force at the same moment
 * (one just being swapped for the other) share what both ask and never mistake one row for another.
 *
 * Layer 2. Thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_HISTORY_SHARED_H
#define CONSTITUTION_RUNTIME_HISTORY_SHARED_H

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/grants.h"
#include "runtime/history/past.h"

typedef struct past_shared {
    atomic_uint references;
    /* the latest time of all events; PAST_CLOCK_UNSET: there has been none */
    _Atomic int64_t clock;
    pthread_mutex_t lock;
    past_store store;   /* under the lock; its seed does not change */
    grant_table grants; /* under the lock */
} past_shared;

/* With one reference. NULL: memory is short. */
past_shared *past_shared_new(const cst_allocator *allocator);
past_shared *past_shared_retain(past_shared *shared);
void past_shared_release(past_shared *shared); /* NULL is allowed */
/* An event of that time is decided: also one that no question is about moves the clock on. */
void past_shared_time(past_shared *shared, int64_t time);
/* Takes the lock, with the clock of the store at that of all events. */
past_store *past_shared_enter(past_shared *shared);
void past_shared_leave(past_shared *shared);
/* Everything is as at the beginning. */
void past_shared_forget(past_shared *shared);
/* By row of image.pasts the place of those that say `across sessions`, else CST_NONE. False: memory
 * is short. */
bool past_shared_places(past_shared *shared, const cst_image *image, uint32_t *places);

#endif

/*
 * live.c - swapping a policy under load.
 *
 * A lock guards the pointer, and a counter beside it tells contexts without the lock that nothing
 * has changed, which is nearly always so: an event costs one load. A context that sees a new count
 * takes the lock, retains the policy and remembers the count that belongs to it. The old policy
 * lives until the last context has let go of it, so an event that is being decided is never
 * disturbed, and each event is decided by one policy from its begin to its end.
 */
#include "runtime/live.h"

#include <pthread.h>
#include <string.h>

struct cst_live {
    pthread_mutex_t lock;
    cst_policy *policy;           /* under the lock */
    _Atomic(uint64_t) generation; /* written under the lock */
    cst_allocator allocator;
    past_shared *shared;
};

cst_status cst_live_new(cst_policy *policy, cst_live **out)
{
    if (!policy || !out)
        return CST_BAD_ARGUMENT;
    const cst_allocator allocator = policy->allocator;
    cst_live *const live = allocator.allocate(allocator.user, sizeof *live);
    if (!live)
        return CST_NO_MEMORY;
    memset(live, 0, sizeof *live);
    live->shared = past_shared_new(&allocator);
    if (!live->shared || pthread_mutex_init(&live->lock, NULL) != 0) {
        past_shared_release(live->shared);
        allocator.release(allocator.user, live, sizeof *live);
        return CST_NO_MEMORY;
    }
    live->allocator = allocator;
    live->policy = cst_policy_retain(policy);
    atomic_init(&live->generation, 1);
    *out = live;
    return CST_OK;
}

void cst_live_swap(cst_live *live, cst_policy *policy)
{
    if (!live || !policy)
        return;
    cst_policy_retain(policy);
    pthread_mutex_lock(&live->lock);
    cst_policy *const old = live->policy;
    live->policy = policy;
    atomic_fetch_add_explicit(&live->generation, 1, memory_order_release);
    pthread_mutex_unlock(&live->lock);
    /* Outside of the lock: the last reference may close a library. And if code is still being made
     * for it, this thread waits for that and not the one that will decide the next event. */
    if (old != policy && old->settle)
        old->settle(old->owner);
    cst_policy_release(old);
}

uint64_t live_generation(const cst_live *live)
{
    return atomic_load_explicit(&live->generation, memory_order_acquire);
}

cst_policy *live_take(cst_live *live, uint64_t *generation)
{
    pthread_mutex_lock(&live->lock);
    cst_policy *const policy = cst_policy_retain(live->policy);
    *generation = atomic_load_explicit(&live->generation, memory_order_relaxed);
    pthread_mutex_unlock(&live->lock);
    return policy;
}

cst_policy *cst_live_policy(cst_live *live)
{
    uint64_t generation;
    return live ? live_take(live, &generation) : NULL;
}

void cst_live_free(cst_live *live)
{
    if (!live)
        return;
    const cst_allocator allocator = live->allocator;
    cst_policy_release(live->policy);
    past_shared_release(live->shared);
    pthread_mutex_destroy(&live->lock);
    allocator.release(allocator.user, live, sizeof *live);
}

past_shared *live_shared(cst_live *live)
{
    return live->shared;
}

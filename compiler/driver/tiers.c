/*
 * tiers.c - policies that decide at once and become faster.
 *
 * The reference evaluator decides while one thread makes native code, first quickly and then
 * carefully, and puts each in force by one atomic store. The evaluator only reads the compilation,
 * the thread alone asks its arena for memory, so the two share it without a lock. Everything that
 * was ever in force stays until the policy goes: an event that has begun is decided by the tier it
 * began with, and no context has to say which one that is.
 *
 * All tiers are functions for one image, the plan's. So they read the same slots, note the same
 * values and bear the same hash, and sessions, streams and approvals do not see the change.
 *
 * The policy owns the thread: its last release asks the thread to stop and joins it. LLVM cannot be
 * interrupted, so that takes as long as the tier in hand. A program that ends without releasing its
 * policies must not take apart under a thread what it uses (the allocator's owner, libraries; LLVM
 * itself stays, see codegen/entry.c); so all owners are in a list that is gone through when the
 * process ends.
 */
#include "compiler/driver/tiers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver/cache.h"
#include "runtime/limits.h"
#include "runtime/policy.h"

typedef struct tiers {
    struct tiers *next, *previous; /* under `running_lock`, while the thread has not been joined */
    cst_allocator allocator;
    cst_policy *policy;
    compilation *unit;                               /* of the reference module, which owns it */
    backend_module *modules[CST_TIER_OPTIMISED + 1]; /* written by the thread until it is joined */
    struct cache_job *job;        /* what the thread does at last; NULL: nothing */
    void (*close)(void *library); /* NULL: there is none */
    void *library;                /* of a policy that needed no thread */
    pthread_t thread;
    bool started; /* under `running_lock`: there is a thread to be joined */
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    cst_tier reached;   /* under the lock */
    bool over;          /* under the lock: no better tier will come */
    bool ended;         /* under the lock: nothing works on it any more */
    cst_status trouble; /* under the lock: why not, if it is over too early */
} tiers;

/* ---- when the process ends ------------------------------------------------------------------- */

/* LLVM's own state is the process's, so who uses it in the background must be known to the process.
 */
static pthread_mutex_t running_lock = PTHREAD_MUTEX_INITIALIZER;
static tiers *running;
static pthread_once_t ending = PTHREAD_ONCE_INIT;

/* Under the lock. Whoever gets true joins. */
static bool take_thread(tiers *all)
{
    if (!all->started)
        return false;
    all->started = false;
    if (all->previous != NULL)
        all->previous->next = all->next;
    else
        running = all->next;
    if (all->next != NULL)
        all->next->previous = all->previous;
    return true;
}

/* Under the lock from begin to end, so that an owner that is released meanwhile waits for it. */
static void stop_all(void)
{
    pthread_mutex_lock(&running_lock);
    for (tiers *all = running; all != NULL; all = all->next)
        atomic_store(&all->stop, true);
    while (running != NULL) {
        tiers *all = running;
        if (take_thread(all))
            pthread_join(all->thread, NULL);
    }
    pthread_mutex_unlock(&running_lock);
}

static void stop_all_at_exit(void)
{
    atexit(stop_all);
}

/* ---- the thread ------------------------------------------------------------------------------ */

typedef struct tier_run {
    unsigned optimise;
    backend_object object;
} tier_run;

static cst_status make_object(compilation *unit, void *user)
{
    tier_run *run = user;
    return backend_object_make(unit, run->optimise, &run->object);
}

static cst_status make_tier(tiers *all, cst_tier tier)
{
    tier_run run = {.optimise = tier == CST_TIER_OPTIMISED};
    cst_status status = driver_protect(all->unit, make_object, &run);
    if (status != CST_OK)
        return status;
    const cst_image *image = all->modules[CST_TIER_REFERENCE]->module.image;
    status = backend_link(&all->allocator, &run.object, image, 0, &all->modules[tier]);
    return status == CST_OK ? cst_policy_exchange(all->policy, &all->modules[tier]->module)
                            : status;
}

static void tell(tiers *all, cst_tier reached, cst_status trouble)
{
    pthread_mutex_lock(&all->lock);
    if (trouble == CST_OK)
        all->reached = reached;
    all->trouble = trouble;
    all->over = trouble != CST_OK || reached == CST_TIER_OPTIMISED;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

static void tell_end(tiers *all)
{
    pthread_mutex_lock(&all->lock);
    all->ended = true;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

static void *make_tiers(void *argument)
{
    tiers *all = argument;
    cst_status status = CST_OK;
    for (cst_tier tier = CST_TIER_QUICK; tier <= CST_TIER_OPTIMISED && status == CST_OK; tier++) {
        status = atomic_load(&all->stop) ? CST_INTERNAL : make_tier(all, tier);
        tell(all, tier, status);
    }
    if (status == CST_OK && all->job != NULL && !atomic_load(&all->stop))
        cache_job_store(all->job, all->unit);
    tell_end(all);
    return NULL;
}

/* Its own signals are the host's affair; deep policies need as much stack as a main thread has. */
static bool start(tiers *all)
{
    pthread_once(&ending, stop_all_at_exit);
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    sigset_t none, before;
    sigfillset(&none);
    pthread_attr_setstacksize(&attributes, LIMIT_COMPILE_STACK);
    pthread_sigmask(SIG_SETMASK, &none, &before);
    pthread_mutex_lock(&running_lock);
    all->started = pthread_create(&all->thread, &attributes, make_tiers, all) == 0;
    if (all->started) {
        all->next = running;
        if (running != NULL)
            running->previous = all;
        running = all;
    }
    const bool good = all->started;
    pthread_mutex_unlock(&running_lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return good;
}

/* ---- the owner of such a policy -------------------------------------------------------------- */

static void release_tiers(void *owner)
{
    tiers *all = owner;
    atomic_store(&all->stop, true);
    pthread_mutex_lock(&running_lock);
    const bool taken = take_thread(all);
    pthread_mutex_unlock(&running_lock);
    if (taken)
        pthread_join(all->thread, NULL);
    for (int tier = CST_TIER_OPTIMISED; tier >= CST_TIER_REFERENCE; tier--)
        if (all->modules[tier] != NULL)
            all->modules[tier]->release(all->modules[tier]);
    cache_job_free(all->job);
    if (all->close != NULL)
        all->close(all->library);
    pthread_cond_destroy(&all->changed);
    pthread_mutex_destroy(&all->lock);
    const cst_allocator allocator = all->allocator;
    allocator.release(allocator.user, all, sizeof *all);
}

static void settle(void *owner)
{
    tiers *all = owner;
    pthread_mutex_lock(&all->lock);
    while (!all->ended)
        pthread_cond_wait(&all->changed, &all->lock);
    pthread_mutex_unlock(&all->lock);
}

static tiers *new_tiers(const cst_allocator *given)
{
    const cst_allocator allocator = allocator_or_default(given);
    tiers *all = allocator.allocate(allocator.user, sizeof *all);
    if (all == NULL)
        return NULL;
    memset(all, 0, sizeof *all);
    all->allocator = allocator;
    if (pthread_mutex_init(&all->lock, NULL) == 0) {
        if (pthread_cond_init(&all->changed, NULL) == 0)
            return all;
        pthread_mutex_destroy(&all->lock);
    }
    allocator.release(allocator.user, all, sizeof *all);
    return NULL;
}

/* On failure nothing is taken. */
static cst_status open_policy(tiers *all, const cst_module *module, const cst_options *options,
                              cst_policy **out)
{
    const cst_status status =
        policy_from_producer(module, release_tiers, all, options, &all->policy);
    if (status != CST_OK)
        return status;
    cst_policy_settle_by(all->policy, settle);
    *out = all->policy;
    return CST_OK;
}

static cst_status make_reference(compilation *unit, void *user)
{
    return backend_reference(unit, user);
}

cst_status tiers_policy(compilation *unit, const cst_options *options, struct cache_job *job,
                        cst_policy **out)
{
    backend_module *reference = NULL;
    cst_status status = driver_protect(unit, make_reference, &reference);
    if (status != CST_OK)
        driver_end(unit);
    tiers *all = status == CST_OK ? new_tiers(&options->allocator) : NULL;
    if (all == NULL) {
        if (reference != NULL)
            reference->release(reference);
        cache_job_free(job);
        return status != CST_OK ? status : CST_NO_MEMORY;
    }
    all->unit = unit;
    all->job = job;
    all->modules[CST_TIER_REFERENCE] = reference;
    status = open_policy(all, &reference->module, options, out);
    if (status != CST_OK)
        release_tiers(all);
    else if (!start(all)) { /* it decides, and stays as it is */
        tell(all, CST_TIER_REFERENCE, CST_NO_MEMORY);
        tell_end(all);
    }
    return status;
}

cst_status tiers_ready(const cst_module *module, void (*release)(void *library), void *library,
                       const cst_options *options, cst_policy **out)
{
    tiers *all = new_tiers(&options->allocator);
    if (all == NULL)
        return CST_NO_MEMORY;
    all->reached = CST_TIER_OPTIMISED;
    all->over = true;
    all->ended = true;
    const cst_status status = open_policy(all, module, options, out);
    if (status != CST_OK) {
        release_tiers(all);
        return status;
    }
    all->close = release;
    all->library = library;
    return CST_OK;
}

/* ---- the public calls ------------------------------------------------------------------------ */

cst_status cst_policy_wait(cst_policy *policy, cst_tier tier)
{
    tiers *all = cst_policy_owner(policy, release_tiers);
    if (all == NULL || tier > CST_TIER_OPTIMISED)
        return CST_BAD_ARGUMENT;
    pthread_mutex_lock(&all->lock);
    while (all->reached < tier && !all->over)
        pthread_cond_wait(&all->changed, &all->lock);
    const cst_status status = all->reached >= tier ? CST_OK : all->trouble;
    pthread_mutex_unlock(&all->lock);
    return status;
}

cst_status cst_policy_tier(const cst_policy *policy, cst_tier *out)
{
    tiers *all = cst_policy_owner(policy, release_tiers);
    if (all == NULL || out == NULL)
        return CST_BAD_ARGUMENT;
    pthread_mutex_lock(&all->lock);
    *out = all->reached;
    pthread_mutex_unlock(&all->lock);
    return CST_OK;
}

/*
 * store.c - see store.h.
 *
 * A place goes from NULL to its database once, so readers need no lock: one load that other threads
 * never write again. Running out of memory leaves a place closed and is tried again; everything
 * else that goes wrong is final.
 */
#include "runtime/text/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "runtime/base/arena.h"

typedef struct place {
    _Atomic(scan_database *) opened;
    const void *bytes;
    uint32_t length;
    cst_status broken; /* under the lock; CST_OK: not that anybody knows */
    bool shared;       /* under the lock: an earlier place owns it */
} place;

struct scan_store {
    pthread_mutex_t lock;
    cst_allocator allocator;
    uint32_t count;
    place places[];
};

static size_t size_of(uint32_t count)
{
    return sizeof(scan_store) + count * sizeof(place);
}

cst_status scan_store_new(const cst_image *image, const cst_allocator *allocator, scan_store **out)
{
    const uint32_t count = image->databases.count;
    const cst_database_row *const rows = CST_ROWS(image, databases, cst_database_row);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t patterns;
        const cst_status status = scan_database_glance((const char *)image + rows[i].bytes.offset,
                                                       rows[i].bytes.length, &patterns);
        if (status != CST_OK)
            return status;
        if (patterns != rows[i].patterns.count)
            return CST_NOT_A_POLICY;
    }
    scan_store *const store = allocator->allocate(allocator->user, size_of(count));
    if (!store)
        return CST_NO_MEMORY;
    memset(store, 0, size_of(count));
    store->allocator = *allocator;
    store->count = count;
    for (uint32_t i = 0; i < count; i++) {
        atomic_init(&store->places[i].opened, NULL);
        store->places[i].bytes = (const char *)image + rows[i].bytes.offset;
        store->places[i].length = rows[i].bytes.length;
    }
    if (pthread_mutex_init(&store->lock, NULL) != 0) {
        allocator->release(allocator->user, store, size_of(count));
        return CST_NO_MEMORY;
    }
    *out = store;
    return CST_OK;
}

void scan_store_free(scan_store *store)
{
    if (!store)
        return;
    for (uint32_t i = 0; i < store->count; i++)
        if (!store->places[i].shared)
            scan_database_close(
                atomic_load_explicit(&store->places[i].opened, memory_order_acquire));
    pthread_mutex_destroy(&store->lock);
    const cst_allocator allocator = store->allocator;
    allocator.release(allocator.user, store, size_of(store->count));
}

/* An open database with the same bytes, or NULL. */
static scan_database *find_equal(const scan_store *store, const place *wanted)
{
    for (uint32_t i = 0; i < store->count; i++) {
        const place *const other = &store->places[i];
        scan_database *const opened = atomic_load_explicit(&other->opened, memory_order_relaxed);
        if (opened && !other->shared && other->length == wanted->length &&
            (other->bytes == wanted->bytes ||
             memcmp(other->bytes, wanted->bytes, wanted->length) == 0))
            return opened;
    }
    return NULL;
}

/* Under the lock. */
static cst_status open_place(scan_store *store, place *at)
{
    if (at->broken != CST_OK || atomic_load_explicit(&at->opened, memory_order_relaxed))
        return at->broken;
    scan_database *made = find_equal(store, at);
    at->shared = made != NULL;
    cst_status status = CST_OK;
    if (!made)
        status = scan_database_open(at->bytes, at->length, &store->allocator, &made);
    if (status == CST_OK)
        atomic_store_explicit(&at->opened, made, memory_order_release);
    else if (status != CST_NO_MEMORY)
        at->broken = status;
    return status;
}

static cst_status locked_open(scan_store *store, uint32_t number)
{
    pthread_mutex_lock(&store->lock);
    const cst_status status = open_place(store, &store->places[number]);
    pthread_mutex_unlock(&store->lock);
    return status;
}

const scan_database *scan_store_opened(scan_store *store, uint32_t number)
{
    return atomic_load_explicit(&store->places[number].opened, memory_order_acquire);
}

const scan_database *scan_store_get(scan_store *store, uint32_t number)
{
    const scan_database *const opened = scan_store_opened(store, number);
    return opened || locked_open(store, number) != CST_OK ? opened
                                                          : scan_store_opened(store, number);
}

cst_status scan_store_warm(scan_store *store)
{
    cst_status status = CST_OK;
    for (uint32_t i = 0; i < store->count; i++) {
        const cst_status one = locked_open(store, i);
        if (status == CST_OK)
            status = one;
    }
    return status;
}

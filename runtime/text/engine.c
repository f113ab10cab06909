/*
 * engine.c - Hyperscan behind engine.h. The only file of the runtime that includes its header.
 */
#include "runtime/text/engine.h"

#include <hs/hs_common.h>
#include <hs/hs_runtime.h>

static hs_database_t *database_of(const engine_database *database)
{
    return (hs_database_t *)(uintptr_t)database;
}

static cst_status status_of(hs_error_t error)
{
    switch (error) {
    case HS_SUCCESS: return CST_OK;
    case HS_NOMEM: return CST_NO_MEMORY;
    case HS_DB_VERSION_ERROR:
    case HS_DB_PLATFORM_ERROR:
    case HS_ARCH_ERROR: return CST_WRONG_ABI;
    default: return CST_NOT_A_POLICY;
    }
}

cst_status engine_open(const void *bytes, size_t length, engine_database **out)
{
    hs_database_t *made = NULL;
    const cst_status status = status_of(hs_deserialize_database(bytes, length, &made));
    if (status == CST_OK)
        *out = (engine_database *)(void *)made;
    return status;
}

void engine_close(engine_database *database)
{
    if (database)
        hs_free_database(database_of(database));
}

cst_status engine_fit(engine_scratch **scratch, const engine_database *database)
{
    hs_scratch_t *made = (hs_scratch_t *)(void *)*scratch;
    const cst_status status = status_of(hs_alloc_scratch(database_of(database), &made));
    *scratch = (engine_scratch *)(void *)made;
    return status;
}

void engine_free(engine_scratch *scratch)
{
    if (scratch)
        hs_free_scratch((hs_scratch_t *)(void *)scratch);
}

typedef struct forwarding {
    engine_hit *hit;
    void *user;
} forwarding;

static int forward(unsigned int id, unsigned long long from, unsigned long long to,
                   unsigned int flags, void *user)
{
    const forwarding *const to_whom = user;
    (void)from;
    (void)flags;
    return !to_whom->hit(to_whom->user, id, (uint32_t)to);
}

cst_status engine_scan(const engine_database *database, engine_scratch *scratch, const char *text,
                       uint32_t length, engine_hit *hit, void *user)
{
    forwarding to_whom = {hit, user};
    const hs_error_t error = hs_scan(database_of(database), text, length, 0,
                                     (hs_scratch_t *)(void *)scratch, forward, &to_whom);
    return error == HS_SUCCESS || error == HS_SCAN_TERMINATED ? CST_OK : CST_INTERNAL;
}

/*
 * bench_decide.c - our side of every workload that peers answer too: a contestant (contestant.h).
 *
 *     bench_decide VARIANT [--engine jit|optimised|reference] [--decimal PATH] [--rules] STORE…
 *
 * VARIANT names the encoding of the store. Every decision is checked before anything is timed; the
 * ways are those of workload.h: typed calls, bytes of JSON and, with --rules, the rules alone.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bench/contestant.h"
#include "tests/bench/workload.h"

enum { MOST_STORES = 256 };

typedef struct stores {
    workload stores[MOST_STORES];
    uint32_t count;
} stores;

static uint64_t all(void *user, int way)
{
    stores *const stores = user;
    uint64_t total = 0;
    for (uint32_t s = 0; s < stores->count; s++) {
        workload *const store = &stores->stores[s];
        if (way == 0)
            for (uint32_t i = 0; i < store->count; i++)
                total += workload_typed(store, i);
        else if (way == 1)
            for (uint32_t i = 0; i < store->count; i++)
                total += workload_json(store, i);
        else
            for (uint32_t i = 0; i < store->count; i++)
                total += workload_rules(store, i);
    }
    return total;
}

static uint64_t one(void *user, int way, uint32_t number)
{
    stores *const stores = user;
    uint32_t s = 0;
    (void)way;
    for (; number >= stores->stores[s].count; s++)
        number -= stores->stores[s].count;
    return workload_typed(&stores->stores[s], number);
}

static cst_engine engine_named(const char *name)
{
    return strcmp(name, "jit") == 0         ? CST_ENGINE_JIT
           : strcmp(name, "reference") == 0 ? CST_ENGINE_REFERENCE
                                            : CST_ENGINE_OPTIMISED;
}

int main(int argc, char **argv)
{
    static stores stores;
    contestant contestant = {&stores, 0, 2, 0, {"typed", "json", "rules"}, all, one};
    workload_options options = {.engine = CST_ENGINE_OPTIMISED};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--engine") == 0 && i + 1 < argc) {
            options.engine = engine_named(argv[++i]);
        } else if (strcmp(argv[i], "--decimal") == 0 && i + 1 < argc) {
            options.decimal = argv[++i];
        } else if (strcmp(argv[i], "--rules") == 0) {
            options.with_rules = true;
            contestant.ways = 3;
        } else if (!options.variant) {
            options.variant = argv[i];
        } else if (stores.count < MOST_STORES) {
            workload_load(&stores.stores[stores.count], argv[i], &options);
            contestant.requests += stores.stores[stores.count++].count;
        }
    }
    if (contestant.requests == 0) {
        fputs("usage: bench_decide VARIANT [--engine jit|optimised|reference] [--decimal PATH] "
              "[--rules] STORE...\n",
              stderr);
        return 2;
    }
    const int status = contestant_serve(&contestant);
    for (uint32_t s = 0; s < stores.count; s++)
        workload_free(&stores.stores[s]);
    return status;
}

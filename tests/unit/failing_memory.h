/*
 * failing_memory.h - an allocator that counts, and whose call of one number fails: for tests that
 * fail each allocation in turn.
 */
#ifndef CST_TESTS_FAILING_MEMORY_H
#define CST_TESTS_FAILING_MEMORY_H

#include <stdint.h>
#include <stdlib.h>

typedef struct meter {
    uint32_t count, fails; /* the allocation of that number fails; 0: none */
} meter;

static void *meter_allocate(void *user, size_t size)
{
    meter *const all = user;
    return ++all->count == all->fails ? NULL : malloc(size);
}

static void *meter_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    meter *const all = user;
    (void)old_size;
    return ++all->count == all->fails ? NULL : realloc(pointer, new_size);
}

static void meter_release(void *user, void *pointer, size_t size)
{
    (void)user;
    (void)size;
    free(pointer);
}

#endif

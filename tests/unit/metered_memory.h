/*
 * metered_memory.h - an allocator that counts calls and bytes, and fails where it is told to: at
 * one call, from one on, or at random. For tests that fail each allocation in turn, and for those
 * that allow none.
 */
#ifndef CONSTITUTION_TESTS_METERED_MEMORY_H
#define CONSTITUTION_TESTS_METERED_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <constitution.h>

typedef struct meter {
    uint64_t calls;   /* for memory, so far */
    uint64_t fail_at; /* the call of that number fails, from 1; 0: none */
    bool onwards;     /* and all calls after it */
    uint64_t random;  /* not 0: instead, calls fail at random, one of `one_in` */
    uint32_t one_in;
    uint64_t failed;
    int64_t bytes; /* held */
} meter;

static inline bool meter_fails(meter *of)
{
    of->calls++;
    bool yes = of->calls == of->fail_at || (of->onwards && of->fail_at && of->calls > of->fail_at);
    if (of->random) {
        of->random ^= of->random << 13;
        of->random ^= of->random >> 7;
        of->random ^= of->random << 17;
        yes = (of->random >> 20) % of->one_in == 0;
    }
    of->failed += yes;
    return yes;
}

static inline void *meter_allocate(void *user, size_t size)
{
    meter *const of = user;
    void *const made = meter_fails(of) ? NULL : malloc(size);
    of->bytes += made ? (int64_t)size : 0;
    return made;
}

static inline void *meter_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    meter *const of = user;
    void *const made = meter_fails(of) ? NULL : realloc(pointer, new_size);
    of->bytes += made ? (int64_t)new_size - (int64_t)old_size : 0;
    return made;
}

static inline void meter_release(void *user, void *pointer, size_t size)
{
    meter *const of = user;
    of->bytes -= pointer ? (int64_t)size : 0;
    free(pointer);
}

static inline cst_allocator metered(meter *of)
{
    return (cst_allocator){meter_allocate, meter_resize, meter_release, of};
}

#endif

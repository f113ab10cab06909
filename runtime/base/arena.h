/*
 * arena.h - memory that is freed all at once.
 *
 * The compiler has one arena a compilation and never frees anything in it; a context has one arena
 * for the event in hand and keeps its blocks from one event to the next, so that after warm-up
 * a decision allocates nothing. An arena may have a ceiling; reaching it looks like a failed
 * allocation.
 *
 * On failure arena_allocate answers NULL, unless the arena has a `failed` handler: the compiler
 * sets one that jumps out of the compilation (longjmp), so that its passes need not test every
 * call.
 *
 * Layer 0. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_BASE_ARENA_H
#define CONSTITUTION_RUNTIME_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/include/constitution.h"

typedef struct arena_block arena_block;

typedef struct arena {
    cst_allocator allocator;
    arena_block *first, *current;
    char *next, *end;           /* free bytes of the current block */
    size_t used;                /* bytes handed out since the last reset */
    size_t ceiling;             /* 0: none */
    void (*failed)(void *user); /* does not return, if set */
    void *failed_user;
} arena;

/* A zeroed cst_allocator becomes malloc, realloc and free. */
cst_allocator allocator_or_default(const cst_allocator *allocator);

void arena_init(arena *arena, const cst_allocator *allocator, size_t ceiling);
/* Zeroed, 16-byte aligned; NULL if memory is short or the ceiling is reached. Size 0 gives a valid
 * pointer. */
void *arena_allocate(arena *arena, size_t size);
/* The same for count * size, checked for overflow. */
void *arena_array(arena *arena, size_t count, size_t size);
/* A copy of length bytes with a NUL behind them. */
char *arena_copy(arena *arena, const char *bytes, size_t length);
char *arena_format(arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Forgets everything but keeps the blocks for the next use. */
void arena_reset(arena *arena);
void arena_free(arena *arena);
/* An allocator whose memory is the arena's: what is released stays until the reset. */
cst_allocator arena_allocator(arena *arena);

/*
 * Vectors in an arena: `struct { T *items; uint32_t count, capacity; }`. ARENA_PUSH(arena, vector)
 * makes room and gives a pointer to a new zeroed last element (NULL if memory is short). Growth
 * leaves the old array behind: fine for a compilation.
 */
#define ARENA_PUSH(arena, vector)                                                                  \
    ((vector)->count < (vector)->capacity ||                                                       \
             arena_grow((arena), (void **)&(vector)->items, &(vector)->capacity,                   \
                        sizeof *(vector)->items)                                                   \
         ? &(vector)->items[(vector)->count++]                                                     \
         : NULL)
int arena_grow(arena *arena, void **items, uint32_t *capacity, size_t size);

#endif

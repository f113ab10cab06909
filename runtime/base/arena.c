/*
 * arena.c - blocks in a chain, filled from front to back.
 *
 * Blocks double from 4 KB to 1 MB, so a small compilation stays small and a large one makes few
 * calls to the allocator; a request that is larger than a block gets one of its own. A reset starts
 * again at the first block; a block that is too small for a request is stepped over, and the next
 * one that is large enough is moved up, so that an arena used again and again with the same
 * requests reaches a state in which it asks the allocator for nothing.
 *
 * Under AddressSanitizer the free bytes are poisoned and each piece is followed by a gap, so that a
 * read past a piece is found although the memory is ours. The gap is not counted in `used`: a
 * ceiling means the same in every build.
 */
#include "runtime/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(ARENA_POISONS)
#define ARENA_POISONS 1
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define ARENA_GAP             16u
#define POISON(start, size)   ASAN_POISON_MEMORY_REGION(start, size)
#define UNPOISON(start, size) ASAN_UNPOISON_MEMORY_REGION(start, size)
#else
#define ARENA_GAP             0u
#define POISON(start, size)   ((void)(start), (void)(size))
#define UNPOISON(start, size) ((void)(start), (void)(size))
#endif

#define ARENA_ALIGNMENT     16u
#define ARENA_FIRST_BLOCK   4096u
#define ARENA_LARGEST_BLOCK (1u << 20)

struct arena_block {
    arena_block *next;
    size_t size; /* bytes behind the header */
    _Alignas(ARENA_ALIGNMENT) char bytes[];
};

static void *default_allocate(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *default_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    return realloc(pointer, new_size);
}

static void default_release(void *user, void *pointer, size_t size)
{
    (void)user;
    (void)size;
    free(pointer);
}

cst_allocator allocator_or_default(const cst_allocator *allocator)
{
    if (allocator && allocator->allocate)
        return *allocator;
    return (cst_allocator){default_allocate, default_resize, default_release, NULL};
}

void arena_init(arena *memory, const cst_allocator *allocator, size_t ceiling)
{
    memset(memory, 0, sizeof *memory);
    memory->allocator = allocator_or_default(allocator);
    memory->ceiling = ceiling;
}

static void *fail(arena *memory)
{
    if (memory->failed)
        memory->failed(memory->failed_user);
    return NULL;
}

static void use_block(arena *memory, arena_block *block)
{
    memory->current = block;
    memory->next = block->bytes;
    memory->end = block->bytes + block->size;
    POISON(block->bytes, block->size);
}

/* Makes a block with room for `size` bytes the current one: a kept one from further down the chain,
 * or a new one. */
static bool next_block(arena *memory, size_t size)
{
    arena_block **const behind = memory->current ? &memory->current->next : &memory->first;
    for (arena_block **link = behind; *link; link = &(*link)->next) {
        arena_block *const block = *link;
        if (block->size < size)
            continue;
        *link = block->next;
        block->next = *behind;
        *behind = block;
        use_block(memory, block);
        return true;
    }
    size_t block_size = ARENA_FIRST_BLOCK;
    if (memory->current)
        block_size = memory->current->size < ARENA_LARGEST_BLOCK / 2 ? memory->current->size * 2
                                                                     : ARENA_LARGEST_BLOCK;
    if (block_size < size)
        block_size = size;
    if (block_size > SIZE_MAX - sizeof(arena_block))
        return false;
    arena_block *const block =
        memory->allocator.allocate(memory->allocator.user, sizeof(arena_block) + block_size);
    if (!block)
        return false;
    block->size = block_size;
    block->next = *behind;
    *behind = block;
    use_block(memory, block);
    return true;
}

void *arena_allocate(arena *memory, size_t size)
{
    if (size > SIZE_MAX - ARENA_ALIGNMENT - ARENA_GAP)
        return fail(memory);
    size_t room = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    if (room == 0)
        room = ARENA_ALIGNMENT;
    if (memory->ceiling && (room > memory->ceiling || memory->used > memory->ceiling - room))
        return fail(memory);
    if ((size_t)(memory->end - memory->next) < room + ARENA_GAP &&
        !next_block(memory, room + ARENA_GAP))
        return fail(memory);
    char *const piece = memory->next;
    memory->next += room + ARENA_GAP;
    memory->used += room;
    UNPOISON(piece, size);
    memset(piece, 0, size);
    return piece;
}

void *arena_array(arena *memory, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return fail(memory);
    return arena_allocate(memory, count * size);
}

char *arena_copy(arena *memory, const char *bytes, size_t length)
{
    if (length == SIZE_MAX)
        return fail(memory);
    char *const copy = arena_allocate(memory, length + 1);
    if (copy && length)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_format(arena *memory, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *const text = length < 0 ? fail(memory) : arena_allocate(memory, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

void arena_reset(arena *memory)
{
    memory->used = 0;
    for (arena_block *block = memory->first; block; block = block->next)
        POISON(block->bytes, block->size);
    if (memory->first)
        use_block(memory, memory->first);
}

void arena_free(arena *memory)
{
    for (arena_block *block = memory->first; block;) {
        arena_block *const next = block->next;
        UNPOISON(block->bytes, block->size);
        memory->allocator.release(memory->allocator.user, block, sizeof(arena_block) + block->size);
        block = next;
    }
    memory->first = memory->current = NULL;
    memory->next = memory->end = NULL;
    memory->used = 0;
}

int arena_grow(arena *memory, void **items, uint32_t *capacity, size_t size)
{
    const uint32_t old = *capacity;
    if (old > UINT32_MAX / 2) {
        fail(memory);
        return 0;
    }
    const uint32_t grown = old ? old * 2 : 8;
    void *const fresh = arena_array(memory, grown, size);
    if (!fresh)
        return 0;
    /* The caller's pointer has another type than void *: its bytes are copied. */
    void *before;
    memcpy(&before, items, sizeof before);
    if (old)
        memcpy(fresh, before, old * size);
    memcpy(items, &fresh, sizeof fresh);
    *capacity = grown;
    return 1;
}

static void *from_arena(void *user, size_t size)
{
    return arena_allocate(user, size);
}

static void *resize_in_arena(void *user, void *pointer, size_t old_size, size_t new_size)
{
    void *const fresh = arena_allocate(user, new_size);
    if (fresh)
        memcpy(fresh, pointer, old_size < new_size ? old_size : new_size);
    return fresh;
}

static void leave_in_arena(void *user, void *pointer, size_t size)
{
    (void)user;
    (void)pointer;
    (void)size;
}

cst_allocator arena_allocator(arena *arena)
{
    return (cst_allocator){.allocate = from_arena,
                           .resize = resize_in_arena,
                           .release = leave_in_arena,
                           .user = arena};
}

/*
 * compilation.c - where a compilation begins and ends.
 *
 * All its memory is one arena, whose failure jumps to `out_of_memory`; so a caller does setjmp
 * once, right after compilation_begin, and no pass tests an allocation.
 */
#include "compiler/compilation.h"

#include <string.h>

static void out_of_memory(void *user)
{
    compilation *const compilation = user;
    longjmp(compilation->out_of_memory, 1);
}

void compilation_begin(compilation *compilation, const cst_allocator *allocator,
                       const compilation_reader *reader)
{
    memset(compilation, 0, sizeof *compilation);
    arena_init(&compilation->arena, allocator, 0);
    compilation->arena.failed = out_of_memory;
    compilation->arena.failed_user = compilation;
    if (reader)
        compilation->reader = *reader;
}

void compilation_end(compilation *compilation)
{
    arena_free(&compilation->arena);
    memset(compilation, 0, sizeof *compilation);
}

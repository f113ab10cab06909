/*
 * compilation.h - the state of one compilation, handed from pass to pass, and the list of passes.
 *
 * A compilation reads files, collects diagnostics and owns one arena. It is used by one thread. A
 * pass either does its work or has reported at least one error; it never stops at the first. If
 * memory runs out the arena jumps to `out_of_memory`, and the whole compilation answers
 * CST_NO_MEMORY: whatever a pass holds that is no arena memory (files, LLVM objects) must be
 * registered or be released before the next allocation.
 *
 * Layer 1 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_COMPILATION_H
#define CONSTITUTION_COMPILER_COMPILATION_H

#include <setjmp.h>

#include "compiler/ast.h"
#include "compiler/diagnostic.h"
#include "compiler/source.h"
#include "runtime/base/arena.h"

/* Reads a whole file. On success *bytes has *length bytes and is released by calling release. See
 * cst_compiler_options in compiler.h; NULL members mean the file system. */
typedef struct compilation_reader {
    cst_status (*read)(void *user, const char *path, char **bytes, size_t *length);
    void (*release)(void *user, char *bytes, size_t length);
    void *user;
} compilation_reader;

/* Which groups get an index over their rules (compiler/plan/index.c). Everything but BY_COST is for
 * tests that compare. */
typedef enum plan_indexing {
    INDEX_BY_COST = 0,
    INDEX_NEVER, /* every group is straight code */
    INDEX_ALWAYS /* every group whose rules can be told apart, however few */
} plan_indexing;

typedef struct compilation {
    arena arena;
    jmp_buf out_of_memory;
    compilation_reader reader;

    struct {
        source *items;
        uint32_t count, capacity;
    } sources;
    struct {
        diagnostic *items;
        uint32_t count, capacity;
    } diagnostics;
    uint32_t error_count, warning_count; /* also those past LIMIT_DIAGNOSTICS */
    uint32_t warnings_kept;              /* of `diagnostics`; the others are errors */
    diagnostic spare;                    /* what diagnostic_report answers past that bound */

    /* the policy will run on other machines than this: pattern databases are made for the least of
     * them */
    bool portable;
    plan_indexing indexing;

    struct checked_policy *checked; /* after check; see checked.h */
    struct graph *graph;            /* after lower; see graph.h */
    struct plan *plan;              /* after plan; see plan.h */

    /* Frees the compilation, the struct included; set by whoever made it, called by whoever took it
     * over (backend_reference), from any thread. NULL: freeing the arena is all. */
    void (*release)(struct compilation *self);
} compilation;

/* ---- compilation.c --------------------------------------------------------------------------- */

/* A NULL or zeroed allocator is malloc, a NULL reader the file system. Do
 * setjmp(compilation->out_of_memory) next: any later call may jump there, and then only
 * compilation_end may follow. */
void compilation_begin(compilation *compilation, const cst_allocator *allocator,
                       const compilation_reader *reader);
void compilation_end(compilation *compilation);

/* ---- source.c -------------------------------------------------------------------------------- */

/* Adds a text (copied with a NUL behind it) and returns its number. UINT32_MAX with a diagnostic if
 * it is too large. */
uint32_t source_add(compilation *compilation, const char *path, const char *bytes, size_t length);
/* Reads a file through the reader and adds it. On failure reports E_FILE_UNREADABLE at `at` (or
 * without a place if `at` is NULL) and returns UINT32_MAX. A path that was added already gives its
 * old number. */
uint32_t source_read(compilation *compilation, const char *path, const source_range *at);
/* A whole file, as a reader (NULL or zeroed: the file system) gives it; one byte more than the
 * largest file may have, at most, of what lies in the file system. *why says why not. */
typedef struct source_bytes {
    char *bytes;
    size_t length, capacity;
} source_bytes;
cst_status source_fetch(const cst_allocator *allocator, const compilation_reader *reader,
                        const char *path, source_bytes *out, const char **why);
void source_fetch_release(const cst_allocator *allocator, const compilation_reader *reader,
                          source_bytes *bytes);
source_position source_locate(compilation *compilation, uint32_t source, uint32_t offset);
/* The text of a range as in the source, white space collapsed to single blanks; arena memory. */
const char *source_excerpt(compilation *compilation, source_range range);
/* `path` as seen from the folder of source number `from`; absolute paths stay. Arena memory. */
const char *source_relative(compilation *compilation, uint32_t from, const char *path);

/* ---- passes, in their order ------------------------------------------------------------------ */

/* parse.c: never NULL; errors are collected */
ast_file *pass_parse(compilation *compilation, uint32_t source);
/* check.c: parses, resolves and checks the file and all it needs; makes `checked` */
bool pass_check(compilation *compilation, uint32_t source);
bool pass_lower(compilation *compilation); /* lower.c: makes `graph` */
bool pass_plan(compilation *compilation);  /* plan.c: makes `plan` */

#endif

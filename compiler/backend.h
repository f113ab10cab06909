/*
 * backend.h - from a plan to a module: the three producers of cst_module behind one shape.
 *
 * LLVM stands behind codegen/ alone; nothing outside that folder includes its headers. The
 * reference evaluator (reference.c) needs no LLVM. Nor does anything else until code is made:
 * codegen/ is a library of its own, which driver/generator.c opens the first time that one of its
 * calls is made. It knows them as `backend_generator`.
 *
 * Layer 3 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_BACKEND_H
#define CONSTITUTION_COMPILER_BACKEND_H

#include "compiler/compilation.h"
#include "compiler/plan.h"

/* A module and what keeps it alive. `release` frees everything, the struct included; thread-safe.
 */
typedef struct backend_module {
    cst_module module;
    void (*release)(struct backend_module *self);
} backend_module;

/* Copies what it needs out of the compilation (its arena may be freed afterwards)... */
cst_status backend_jit(compilation *compilation, unsigned optimise, backend_module **out);
/* ...but the reference module takes over the compilation itself, and frees it on release. */
cst_status backend_reference(compilation *compilation, backend_module **out);

/* The machine code of a plan, before it is linked into memory. */
typedef struct backend_object {
    const char *bytes;
    size_t length;
    void *owner; /* private to codegen */
} backend_object;

cst_status backend_object_make(compilation *compilation, unsigned optimise, backend_object *out);
void backend_object_release(backend_object *object);
/* Links an object that backend_object_make made and takes it, whatever the answer. `copied` bytes
 * of the image are copied to beside the code; 0: the image stays where it is, which is where it
 * must outlive the module. */
cst_status backend_link(const cst_allocator *allocator, backend_object *object, const void *image,
                        size_t copied, backend_module **out);

typedef enum backend_output {
    BACKEND_SHARED,
    BACKEND_OBJECT,
    BACKEND_LLVM,
    BACKEND_ASSEMBLY
} backend_output;

/* Writes the module to a file, atomically: a temporary file beside it that is renamed when
 * complete. */
cst_status backend_write(compilation *compilation, backend_output output, const char *path,
                         char *error, size_t error_size);
/* Writes a C header that declares the module of a BACKEND_OBJECT: cst_policy_NAME. */
cst_status backend_header(compilation *compilation, const char *path, char *error,
                          size_t error_size);
/* LLVM IR or assembly text for `constc dump`; malloc'ed, NUL-terminated. */
cst_status backend_text(compilation *compilation, backend_output output, unsigned optimise,
                        char **text);

/* Whether a linker is found, without which there is no BACKEND_SHARED. */
bool backend_can_link(void);

/* Where the code generator's library is looked for, in this order, without opening it: a malloc'ed
 * path each, or NULL. None for a process that cannot know where it was loaded from. */
enum { BACKEND_PLACES = 2 };
void backend_places(char *paths[BACKEND_PLACES]);
/* Something inside of the library, which must be there: NULL. Opens it. */
const void *backend_address(void);

/* What the library of the code generator exports, and all of it: the calls above. Both sides share
 * structs that no version describes, so each carries the hash of the headers that it was built
 * with; those that differ never meet. */
typedef struct backend_generator {
    const char *stamp; /* BUILD_STAMP */
    cst_status (*jit)(compilation *compilation, unsigned optimise, backend_module **out);
    cst_status (*object_make)(compilation *compilation, unsigned optimise, backend_object *out);
    void (*object_release)(backend_object *object);
    cst_status (*link)(const cst_allocator *allocator, backend_object *object, const void *image,
                       size_t copied, backend_module **out);
    cst_status (*write)(compilation *compilation, backend_output output, const char *path,
                        char *error, size_t error_size);
    cst_status (*header)(compilation *compilation, const char *path, char *error,
                         size_t error_size);
    cst_status (*text)(compilation *compilation, backend_output output, unsigned optimise,
                       char **text);
    bool (*can_link)(void);
} backend_generator;

#define BACKEND_GENERATOR_SYMBOL "cst_code_generator"

#endif

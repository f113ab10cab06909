/*
 * constitution/compiler.h - the public interface of libconstc: policies from source at run time.
 *
 * For services that compile policies in process, and for tools. A service that only runs compiled
 * policies links libconstitution alone and never includes this header.
 */
#ifndef CONSTITUTION_COMPILER_H
#define CONSTITUTION_COMPILER_H

#include <constitution.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cst_engine {
    CST_ENGINE_JIT = 0,       /* native code, generated quickly */
    CST_ENGINE_OPTIMISED = 1, /* native code, generated carefully: slower to compile */
    CST_ENGINE_REFERENCE = 2  /* a tree walk over the checked policy: no code is generated */
} cst_engine;

/* One diagnostic. Strings live until the callback returns. */
typedef struct cst_diagnostic {
    bool error;           /* false: a warning */
    const char *code;     /* "E0201" */
    const char *message;
    const char *file;     /* NULL if it concerns no place */
    uint32_t line, column; /* 1-based; column in code points; 0 without a place */
    uint32_t start, end;  /* byte range in the file */
    const char *mend;     /* what would help, or NULL */
    const char *rendered; /* everything as constc prints it, without colour, several lines */
} cst_diagnostic;

/* Set `size` and zero the rest for the defaults. */
typedef struct cst_compiler_options {
    size_t size;
    cst_options runtime;  /* allocator (also of the compiler), clock, limits */
    cst_engine engine;
    void (*diagnostic)(void *user, const cst_diagnostic *diagnostic);
    void *diagnostic_user;
    /* Where imported files come from; NULL: the file system. *bytes is handed back to `release`. */
    cst_status (*read)(void *user, const char *path, char **bytes, size_t *length);
    void (*release)(void *user, char *bytes, size_t length);
    void *read_user;
} cst_compiler_options;

/* Compiles a file, or a text that is called `name` in diagnostics and whose imports are looked up beside that name.
 * CST_NOT_COMPILED after errors were reported. `options` may be NULL. Thread-safe: compilations share nothing. */
CST_API cst_status cst_policy_compile(const char *path, const cst_compiler_options *options, cst_policy **out);
CST_API cst_status cst_policy_compile_text(const char *name, const char *text, size_t length,
                                           const cst_compiler_options *options, cst_policy **out);

#ifdef __cplusplus
}
#endif

#endif

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
    CST_ENGINE_REFERENCE = 2, /* a tree walk over the checked policy: no code is generated */
    /* REFERENCE at once; then, made by a thread in the background, JIT and OPTIMISED */
    CST_ENGINE_TIERED = 3
} cst_engine;

/* One diagnostic. Strings live until the callback returns. */
typedef struct cst_diagnostic {
    bool error;       /* false: a warning */
    const char *code; /* "E0201" */
    const char *message;
    const char *file;      /* NULL if it concerns no place */
    uint32_t line, column; /* 1-based; column in code points; 0 without a place */
    uint32_t start, end;   /* byte range in the file */
    const char *mend;      /* what would help, or NULL */
    const char *rendered;  /* everything as constc prints it, without colour, several lines */
} cst_diagnostic;

/* The code of the one diagnostic that does not come from a policy: a cache that is not used, and
 * why. A warning. */
#define CST_CACHE_WARNING "cache"

/* Set `size` and zero the rest for the defaults. */
typedef struct cst_compiler_options {
    size_t size;
    cst_options runtime; /* allocator (also of the compiler), clock, limits */
    cst_engine engine;
    void (*diagnostic)(void *user, const cst_diagnostic *diagnostic);
    void *diagnostic_user;
    /* Where imported files come from; NULL: the file system. *bytes is handed back to `release`. */
    cst_status (*read)(void *user, const char *path, char **bytes, size_t *length);
    void (*release)(void *user, char *bytes, size_t length);
    void *read_user;
    /*
     * A folder where compiled policies are kept; NULL: none is. It is made if it is missing. A
     * policy that is found there is opened without being compiled, whatever native engine is asked
     * for; one that is not is compiled carefully, and decides as it will from then on
     * (CST_ENGINE_TIERED: at once, and it is put there when its last tier is made). What is found
     * there is run: the folder must belong to the effective user, and nobody else may write to it;
     * otherwise it is not used. Nothing that is wrong with it makes a compilation fail. To put a
     * policy there, the system's linker is run. `read` is asked for files more than once.
     */
    const char *cache;
} cst_compiler_options;

/* Compiles a file, or a text that is called `name` in diagnostics and whose imports are looked up
 * beside that name. CST_NOT_COMPILED after errors were reported. `options` may be NULL.
 * Thread-safe: compilations share nothing. */
CST_API cst_status cst_policy_compile(const char *path, const cst_compiler_options *options,
                                      cst_policy **out);
CST_API cst_status cst_policy_compile_text(const char *name, const char *text, size_t length,
                                           const cst_compiler_options *options, cst_policy **out);

/* ---- policies that become faster: CST_ENGINE_TIERED ------------------------------------------ */

typedef enum cst_tier {
    CST_TIER_REFERENCE = 0, /* the policy decides from the moment that it is there */
    CST_TIER_QUICK = 1,     /* native code, as CST_ENGINE_JIT */
    CST_TIER_OPTIMISED = 2  /* native code, as CST_ENGINE_OPTIMISED: no better comes */
} cst_tier;

/*
 * A policy of CST_ENGINE_TIERED has a thread of its own that makes code for it, calls the allocator
 * of the options (which must be thread-safe), and ends with the last tier. Code is put in force
 * between events: no decision waits for it, and an event is decided by what was in force when it
 * began. All tiers decide alike, so sessions, streams and approvals go on. The last
 * cst_policy_release waits until the thread has stopped, which it does when the tier in hand is
 * made; so does cst_live_swap for the policy that it takes out.
 *
 * cst_policy_wait waits until events that begin now are decided by this tier or a better one.
 * Otherwise it says why that will not be (CST_NO_MEMORY, CST_LIMIT, CST_INTERNAL): the policy keeps
 * the tier that it has, and decides the same. CST_BAD_ARGUMENT: the policy has no tiers.
 * Thread-safe; the caller holds a reference. cst_policy_tier does not wait.
 */
CST_API cst_status cst_policy_wait(cst_policy *policy, cst_tier tier);
CST_API cst_status cst_policy_tier(const cst_policy *policy, cst_tier *out);

#ifdef __cplusplus
}
#endif

#endif

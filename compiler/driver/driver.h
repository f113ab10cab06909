/*
 * driver.h - compilations from outside: begin one, run its passes, get a policy, end it.
 *
 * For the command line, which wants to stop between passes, and for driver.c, which is the public
 * interface. Whatever needs memory of the compilation's arena runs under driver_protect
 * (driver_begin and driver_policy do so themselves), because a failed allocation jumps.
 *
 *     compilation *unit;
 *     const driver_input input = {.path = path};
 *     cst_status status = driver_begin(&input, &options, DRIVER_PLAN, &unit);
 *     ... unit->checked, unit->graph, unit->plan; driver_protect(unit, work, user) ...
 *     driver_end(unit);
 *
 * Layer 3 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_DRIVER_DRIVER_H
#define CONSTITUTION_COMPILER_DRIVER_DRIVER_H

#include "compiler/include/constitution/compiler.h"

#include "compiler/backend.h"
#include "compiler/compilation.h"

/* The last pass to run. Each needs all before it, and none runs after one that reported errors. */
typedef enum driver_pass {
    DRIVER_READ,  /* the file is source number 0 */
    DRIVER_PARSE, /* parses it alone, for its diagnostics */
    DRIVER_CHECK, /* parses it and all it needs */
    DRIVER_LOWER,
    DRIVER_PLAN
} driver_pass;

typedef struct driver_input {
    const char *path; /* of the file; or what `text` is called */
    const char *text; /* NULL: read the file */
    size_t length;
    bool portable; /* what is made will run on other machines than this */
    plan_indexing indexing;
} driver_input;

/*
 * Runs the passes and delivers all diagnostics through options->diagnostic; `options` may be NULL.
 * On CST_OK and CST_NOT_COMPILED (some pass reported errors) *out is the compilation, to be ended
 * by the caller. Otherwise *out is NULL: CST_IO if the file cannot be read, CST_NO_MEMORY,
 * CST_BAD_ARGUMENT.
 */
cst_status driver_begin(const driver_input *input, const cst_compiler_options *options,
                        driver_pass last, compilation **out);
void driver_end(compilation *unit); /* NULL is allowed */

/* Does some work that may need the arena; CST_NO_MEMORY if that has no more. What the work holds
 * besides arena memory is lost then, so it should hold nothing. */
cst_status driver_protect(compilation *unit, cst_status (*work)(compilation *unit, void *user),
                          void *user);

/* A policy from a compilation that was planned. It takes the compilation over, whatever it
 * answers. */
cst_status driver_policy(compilation *unit, const cst_compiler_options *options, cst_policy **out);

/* What cst_policy_compile and cst_policy_compile_text do; by way of the cache, if the options name
 * one. */
cst_status driver_compile(const driver_input *input, const cst_compiler_options *options,
                          cst_policy **out);

#endif

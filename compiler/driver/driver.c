/*
 * driver.c - the list of passes, and the public calls that run it.
 *
 * Owns the life of a compilation: its struct lies beside its arena, so that the reference evaluator
 * can take the whole over and free it from any thread. Passes and diagnostics run under one setjmp
 * (driver_protect); everything that is not arena memory is held outside of it, so running out of
 * memory loses nothing.
 */
#include "compiler/driver/driver.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/driver/cache.h"
#include "compiler/driver/deliver.h"
#include "compiler/driver/tiers.h"
#include "runtime/policy.h"

/* ---- options --------------------------------------------------------------------------------- */

/* A complete copy of the caller's options, which may be those of an older header. False if they
 * make no sense. */
static bool options_read(const cst_compiler_options *given, cst_compiler_options *out)
{
    memset(out, 0, sizeof *out);
    if (given != NULL) {
        if (given->size == 0)
            return false;
        memcpy(out, given, given->size < sizeof *out ? given->size : sizeof *out);
    }
    out->size = sizeof *out;
    if (out->runtime.size == 0)
        out->runtime.size = sizeof out->runtime;
    const cst_allocator *allocator = &out->runtime.allocator;
    const bool some = allocator->allocate || allocator->resize || allocator->release;
    const bool all = allocator->allocate && allocator->resize && allocator->release;
    return some == all && out->engine <= CST_ENGINE_TIERED;
}

/* ---- the life of a compilation --------------------------------------------------------------- */

static void release(compilation *unit)
{
    const cst_allocator allocator = unit->arena.allocator;
    compilation_end(unit);
    allocator.release(allocator.user, unit, sizeof *unit);
}

static compilation *begin(const cst_compiler_options *options)
{
    const cst_allocator allocator = allocator_or_default(&options->runtime.allocator);
    compilation *unit = allocator.allocate(allocator.user, sizeof *unit);
    if (unit == NULL)
        return NULL;
    const compilation_reader reader = {
        .read = options->read, .release = options->release, .user = options->read_user};
    compilation_begin(unit, &allocator, options->read != NULL ? &reader : NULL);
    unit->release = release;
    return unit;
}

void driver_end(compilation *unit)
{
    if (unit != NULL)
        release(unit);
}

cst_status driver_protect(compilation *unit, cst_status (*work)(compilation *unit, void *user),
                          void *user)
{
    if (setjmp(unit->out_of_memory) != 0)
        return CST_NO_MEMORY;
    return work(unit, user);
}

/* ---- passes ---------------------------------------------------------------------------------- */

typedef struct pass_run {
    const driver_input *input;
    driver_pass last;
} pass_run;

static cst_status read_source(compilation *unit, const driver_input *input)
{
    const uint32_t number = input->text != NULL
                                ? source_add(unit, input->path, input->text, input->length)
                                : source_read(unit, input->path, NULL);
    if (number != UINT32_MAX)
        return CST_OK;
    const diagnostic *first = unit->diagnostics.count > 0 ? &unit->diagnostics.items[0] : NULL;
    return first != NULL && first->code == E_FILE_UNREADABLE ? CST_IO : CST_NOT_COMPILED;
}

static cst_status run_passes(compilation *unit, void *user)
{
    static bool (*const passes[])(compilation *unit) = {
        [DRIVER_LOWER] = pass_lower,
        [DRIVER_PLAN] = pass_plan,
    };
    const pass_run *run = user;
    unit->portable = run->input->portable;
    unit->indexing = run->input->indexing;
    const cst_status status = read_source(unit, run->input);
    if (status != CST_OK || run->last == DRIVER_READ)
        return status;
    if (run->last == DRIVER_PARSE)
        return pass_parse(unit, 0)->has_errors ? CST_NOT_COMPILED : CST_OK;
    if (!pass_check(unit, 0) || unit->error_count > 0)
        return CST_NOT_COMPILED;
    for (driver_pass pass = DRIVER_LOWER; pass <= run->last; pass++)
        if (!passes[pass](unit) || unit->error_count > 0)
            return CST_NOT_COMPILED;
    return CST_OK;
}

cst_status driver_begin(const driver_input *input, const cst_compiler_options *given,
                        driver_pass last, compilation **out)
{
    cst_compiler_options options;
    *out = NULL;
    if (input->path == NULL || !options_read(given, &options))
        return CST_BAD_ARGUMENT;
    compilation *unit = begin(&options);
    if (unit == NULL)
        return CST_NO_MEMORY;
    cst_status status = driver_protect(unit, run_passes, &(pass_run){input, last});
    if (status != CST_NO_MEMORY && diagnostics_deliver(unit, &options) != CST_OK)
        status = CST_NO_MEMORY;
    if (status != CST_OK && status != CST_NOT_COMPILED) {
        driver_end(unit);
        return status;
    }
    *out = unit;
    return status;
}

/* ---- policies -------------------------------------------------------------------------------- */

typedef struct policy_run {
    cst_engine engine;
    backend_module *made;
} policy_run;

static cst_status run_backend(compilation *unit, void *user)
{
    policy_run *run = user;
    if (run->engine == CST_ENGINE_REFERENCE)
        return backend_reference(unit, &run->made);
    return backend_jit(unit, run->engine == CST_ENGINE_OPTIMISED, &run->made);
}

static void release_module(void *owner)
{
    backend_module *made = owner;
    made->release(made);
}

cst_status driver_policy(compilation *unit, const cst_compiler_options *given, cst_policy **out)
{
    cst_compiler_options options;
    policy_run run = {.engine = CST_ENGINE_JIT};
    cst_status status = CST_BAD_ARGUMENT;
    const bool good = options_read(given, &options);
    if (good && options.engine == CST_ENGINE_TIERED)
        return tiers_policy(unit, &options.runtime, NULL, out);
    if (good) {
        run.engine = options.engine;
        status = driver_protect(unit, run_backend, &run);
    }
    const bool taken = status == CST_OK && run.engine == CST_ENGINE_REFERENCE;
    if (!taken)
        driver_end(unit);
    if (status != CST_OK)
        return status;
    status =
        policy_from_producer(&run.made->module, release_module, run.made, &options.runtime, out);
    if (status != CST_OK)
        run.made->release(run.made);
    return status;
}

cst_status driver_compile(const driver_input *input, const cst_compiler_options *options,
                          cst_policy **out)
{
    cst_compiler_options whole;
    if (options_read(options, &whole) && whole.cache != NULL &&
        whole.engine != CST_ENGINE_REFERENCE)
        return cache_compile(input, &whole, out);
    compilation *unit;
    const cst_status status = driver_begin(input, options, DRIVER_PLAN, &unit);
    if (status == CST_OK)
        return driver_policy(unit, options, out);
    driver_end(unit);
    return status;
}

cst_status cst_policy_compile(const char *path, const cst_compiler_options *options,
                              cst_policy **out)
{
    if (path == NULL || out == NULL)
        return CST_BAD_ARGUMENT;
    return driver_compile(&(driver_input){.path = path}, options, out);
}

cst_status cst_policy_compile_text(const char *name, const char *text, size_t length,
                                   const cst_compiler_options *options, cst_policy **out)
{
    if (name == NULL || out == NULL || (text == NULL && length > 0))
        return CST_BAD_ARGUMENT;
    return driver_compile(
        &(driver_input){.path = name, .text = text != NULL ? text : "", .length = length}, options,
        out);
}

/*
 * cache.c - the way of a compilation through the cache of compiled policies.
 *
 * A policy that was compiled before is opened as a library, without a pass and without the code
 * generator. One that was not is compiled as ever, then carefully into an entry, and that entry is
 * what decides: so what the first start and all later ones run is the same code. A policy with
 * tiers decides meanwhile, and its thread makes the entry when its work is done.
 *
 * Nothing here can fail a start or change a decision. Whatever is missing, damaged or refused, the
 * policy is compiled as if there were no cache; only a folder that is not to be trusted is told of,
 * as a warning, since somebody wanted it to be used. Errors are not kept: a policy that does not
 * compile is looked at anew each time.
 */
#include "compiler/driver/cache.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/driver/cache_private.h"
#include "compiler/driver/tiers.h"
#include "runtime/policy.h"

/* ---- an entry that is there ------------------------------------------------------------------ */

typedef struct lookup {
    const cst_compiler_options *options;
    cst_allocator allocator;
    compilation_reader reader;
} lookup;

static bool record_holds(const buffer *record, void *user)
{
    const lookup *how = user;
    return cache_record_holds(record, &how->allocator, &how->reader);
}

static void close_library(void *library)
{
    dlclose(library);
}

static bool open_policy(int folder, const cache_key *key, lookup *how, bool replay,
                        cst_policy **out)
{
    cache_entry entry;
    if (!cache_entry_open(folder, key, record_holds, how, &entry))
        return false;
    const cst_options *options = &how->options->runtime;
    const cst_status status =
        how->options->engine == CST_ENGINE_TIERED
            ? tiers_ready(entry.module, close_library, entry.library, options, out)
            : policy_from_producer(entry.module, close_library, entry.library, options, out);
    if (status == CST_OK) {
        entry.library = NULL; /* the policy's */
        if (replay)
            cache_record_replay(&entry.record, how->options);
    }
    cache_entry_close(&entry);
    return status == CST_OK;
}

/* As the compilation will read it. */
static bool open_known(int folder, const driver_input *input, lookup *how, cst_policy **out)
{
    source_bytes file = {0};
    const char *why;
    cache_subject subject = {.path = input->path,
                             .bytes = input->text,
                             .length = input->length,
                             .portable = input->portable,
                             .indexing = input->indexing};
    if (input->text == NULL) {
        if (source_fetch(&how->allocator, &how->reader, input->path, &file, &why) != CST_OK)
            return false;
        subject.bytes = file.bytes;
        subject.length = file.length;
    }
    cache_key key;
    const bool known = cache_key_make(&subject, &key);
    if (input->text == NULL)
        source_fetch_release(&how->allocator, &how->reader, &file);
    return known && open_policy(folder, &key, how, true, out);
}

/* ---- one that is not ------------------------------------------------------------------------- */

struct cache_job {
    int folder;
    cache_recorder recorder;
};

/* The key is made anew, from what was really read. After CST_NO_MEMORY the compilation can only be
 * ended. */
static cst_status store(int folder, compilation *unit, const cache_recorder *recorder,
                        cache_key *key)
{
    const source *own = &unit->sources.items[0];
    const cache_subject subject = {.path = own->path,
                                   .bytes = own->bytes,
                                   .length = own->length,
                                   .portable = unit->portable,
                                   .indexing = unit->indexing};
    if (!cache_key_make(&subject, key) || !backend_can_link() || !cache_key_covers_generator())
        return CST_NO_TOOLCHAIN;
    buffer record;
    buffer_init(&record, NULL, 0);
    const cst_status status = cache_record_write(recorder, unit, &record)
                                  ? cache_entry_write(folder, key, unit, &record)
                                  : CST_IO;
    buffer_free(&record);
    return status;
}

void cache_job_store(cache_job *job, compilation *unit)
{
    cache_key key;
    store(job->folder, unit, &job->recorder, &key);
}

void cache_job_free(cache_job *job)
{
    if (job == NULL)
        return;
    close(job->folder);
    buffer_free(&job->recorder.diagnostics);
    free(job);
}

static cst_status compile_without(const driver_input *input, const cst_compiler_options *given,
                                  bool quietly, cst_policy **out)
{
    cst_compiler_options options = *given;
    options.cache = NULL;
    if (quietly)
        options.diagnostic = NULL;
    return driver_compile(input, &options, out);
}

static cst_status compile_and_store(const driver_input *input, compilation *unit, lookup *how,
                                    const cache_job *job, cst_policy **out)
{
    cache_key key;
    const cst_status status = store(job->folder, unit, &job->recorder, &key);
    if (status == CST_OK && open_policy(job->folder, &key, how, false, out)) {
        driver_end(unit);
        return CST_OK;
    }
    if (status != CST_NO_MEMORY)
        return driver_policy(unit, how->options, out);
    driver_end(unit); /* what it had to say was said */
    return compile_without(input, how->options, true, out);
}

/* Takes *job where a thread goes on with it. */
static cst_status compile_job(const driver_input *input, lookup *how, cache_job **job,
                              cst_policy **out)
{
    cache_recorder *recorder = &(*job)->recorder;
    cst_compiler_options options = *how->options;
    recorder->diagnostic = options.diagnostic;
    recorder->user = options.diagnostic_user;
    options.diagnostic = cache_record_diagnostic;
    options.diagnostic_user = recorder;
    compilation *unit;
    const cst_status status = driver_begin(input, &options, DRIVER_PLAN, &unit);
    if (status != CST_OK) {
        driver_end(unit);
        return status;
    }
    if (options.engine != CST_ENGINE_TIERED)
        return compile_and_store(input, unit, how, *job, out);
    cache_job *given = *job;
    *job = NULL;
    return tiers_policy(unit, &options.runtime, given, out);
}

/* ---- both ------------------------------------------------------------------------------------ */

static void warn(const cst_compiler_options *options, const char *why)
{
    char rendered[1024];
    snprintf(rendered, sizeof rendered, "warning: %s\n", why);
    const cst_diagnostic said = {.code = CST_CACHE_WARNING, .message = why, .rendered = rendered};
    if (options->diagnostic != NULL)
        options->diagnostic(options->diagnostic_user, &said);
}

cst_status cache_compile(const driver_input *input, const cst_compiler_options *options,
                         cst_policy **out)
{
    char why[900];
    const int folder = cache_folder_open(options->cache, why, sizeof why);
    cache_job *job = folder >= 0 ? malloc(sizeof *job) : NULL;
    if (job == NULL) {
        if (folder >= 0)
            close(folder);
        else if (why[0] != '\0')
            warn(options, why);
        return compile_without(input, options, false, out);
    }
    *job = (cache_job){.folder = folder};
    buffer_init(&job->recorder.diagnostics, NULL, 0);
    lookup how = {.options = options,
                  .allocator = allocator_or_default(&options->runtime.allocator),
                  .reader = {options->read, options->release, options->read_user}};
    cst_status status = CST_OK;
    if (!open_known(folder, input, &how, out))
        status = compile_job(input, &how, &job, out);
    cache_job_free(job);
    return status;
}

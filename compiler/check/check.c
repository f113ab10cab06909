/*
 * check.c - the check pass: the list of its steps.
 *
 * Expects a source. Reads it and every file that it names, and makes compilation->checked: the
 * policy with all names resolved, all types known and every absence guarded. Each step goes on
 * after errors, so that one run shows as many as it can; the result is good for the next pass only
 * if this one answers true.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/check/check.h"
#include "runtime/identity.h"
#include "runtime/sha256.h"

static enumeration *weekdays_make(checker *checker)
{
    enumeration *const made = arena_allocate(checker->arena, sizeof *made);
    made->name = "weekday";
    made->count = 7;
    made->values = arena_array(checker->arena, made->count, sizeof *made->values);
    memcpy(made->values, weekday_names, made->count * sizeof *made->values);
    return made;
}

static void layers_make(checker *checker)
{
    checked_policy *const policy = checker->policy;
    policy->layer_count = checker->layers.count;
    policy->layers = arena_array(checker->arena, policy->layer_count, sizeof *policy->layers);
    for (uint32_t i = 0; i < policy->layer_count; i++) {
        const unit *const unit = checker->layers.items[i];
        policy->layers[i] =
            (layer){.name = unit->name, .version = unit->version, .source = unit->source};
    }
}

/* Over path, length and bytes of every source, tools and sets included, so that any change of any
 * file is another policy. */
static void source_hash(const compilation *compilation, uint8_t out[32])
{
    sha256 hash;
    sha256_begin(&hash);
    for (uint32_t i = 0; i < compilation->sources.count; i++) {
        const source *const source = &compilation->sources.items[i];
        const uint8_t length[4] = {(uint8_t)(source->length >> 24), (uint8_t)(source->length >> 16),
                                   (uint8_t)(source->length >> 8), (uint8_t)source->length};
        sha256_add(&hash, source->path, strlen(source->path) + 1);
        sha256_add(&hash, length, sizeof length);
        sha256_add(&hash, source->bytes, source->length);
    }
    sha256_end(&hash, out);
}

/* In the order of the text, file by file: parser and checker report one after the other. */
static int diagnostics_compare(const void *left, const void *right)
{
    const diagnostic *const a = left;
    const diagnostic *const b = right;
    if (a->range.file != b->range.file)
        return a->range.file < b->range.file ? -1 : 1;
    if (a->range.start != b->range.start)
        return a->range.start < b->range.start ? -1 : 1;
    return (a->code > b->code) - (a->code < b->code);
}

/* What later passes rely on, in debug builds: a policy that breaks it is a mistake of the checker,
 * never of its author. */
static void promises_assert(const checked_policy *policy)
{
#ifndef NDEBUG
    const char *why = NULL;
    const bool kept = check_verify(policy, &why);
    assert(kept && "the checked policy breaks a promise of checked.h; `why` says which");
#else
    (void)policy;
#endif
}

bool pass_check(compilation *compilation, uint32_t source)
{
    const uint32_t errors = compilation->error_count;
    checked_policy *const policy = arena_allocate(&compilation->arena, sizeof *policy);
    policy->from_args = policy->chain_agent = policy->chain_sender = policy->chain_receiver =
        CST_NONE;
    checker checker = {.compilation = compilation, .arena = &compilation->arena, .policy = policy};
    compilation->checked = policy;

    checker.weekdays = weekdays_make(&checker);
    unit_load(&checker, source, false, NULL);
    layers_make(&checker);
    declarations_check(&checker);
    rules_check(&checker);
    scope_read_chain(&checker);
    tests_check(&checker);
    const bool sound = compilation->error_count == errors;
    if (sound) {
        warnings_check(&checker);
        watches_finish(&checker);
        promises_assert(policy);
    } else {
        cascades_drop(&checker);
    }
    if (compilation->diagnostics.count > 1)
        qsort(compilation->diagnostics.items, compilation->diagnostics.count,
              sizeof *compilation->diagnostics.items, diagnostics_compare);
    source_hash(compilation, policy->source_hash);
    return sound;
}

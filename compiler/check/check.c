/*
 * check.c - the check pass: the list of its steps.
 *
 * Expects a source. Reads it and every file that it names, and makes compilation->checked: the policy with all names
 * resolved, all types known and every absence guarded. Each step goes on after errors, so that one run shows as
 * many as it can; the result is good for the next pass only if this one answers true.
 */
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
        policy->layers[i] = (layer){.name = unit->name, .version = unit->version, .source = unit->source};
    }
}

/* Over path, length and bytes of every source, tools and sets included, so that any change of any file is another policy. */
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

bool pass_check(compilation *compilation, uint32_t source)
{
    const uint32_t errors = compilation->error_count;
    checked_policy *const policy = arena_allocate(&compilation->arena, sizeof *policy);
    checker checker = {.compilation = compilation, .arena = &compilation->arena, .policy = policy};
    compilation->checked = policy;

    checker.weekdays = weekdays_make(&checker);
    unit_load(&checker, source, false, NULL);
    layers_make(&checker);
    declarations_check(&checker);
    rules_check(&checker);
    tests_check(&checker);
    if (compilation->error_count == errors)
        warnings_check(&checker);
    source_hash(compilation, policy->source_hash);
    return compilation->error_count == errors;
}

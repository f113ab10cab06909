/*
 * texts.c - the tables of what is looked for in texts: databases with their patterns, probes,
 * echoes, origins.
 *
 * A database is finished here, when all rules have said what they look for, and becomes bytes of
 * the pool. Numbers of patterns in a database are those that the builder gave, so probes need no
 * translation.
 */
#include <string.h>

#include "compiler/plan/planning.h"

static bool build_database(image_builder *image, const checked_database *one)
{
    const uint8_t *bytes;
    size_t length;
    const char *why = "";
    const cst_range patterns = {image->patterns.count, one->patterns.count};
    if (!database_finish(one->builder, image->unit->portable, &bytes, &length, &why)) {
        const source_range nowhere = {0, 0, 0};
        diagnostic_report(image->unit, E_DATABASE, nowhere,
                          "the patterns for texts at the stage %s could not be compiled: %s",
                          cst_stage_name(one->stage), why);
        return false;
    }
    for (uint32_t i = 0; i < one->patterns.count; i++)
        *ARENA_PUSH(image->memory, &image->patterns) =
            (cst_pattern_row){.name = image_text(image, one->patterns.items[i]->name),
                              .secret = one->patterns.items[i]->secret};
    *ARENA_PUSH(image->memory, &image->databases) =
        (cst_database_row){.bytes = image_data(image, bytes, length),
                           .patterns = patterns,
                           .views = one->views,
                           .stage = (uint32_t)one->stage,
                           .slot = one->slot};
    return true;
}

static void build_echo(image_builder *image, const checked_echo *one)
{
    const cst_range origins = {image->origins.count, one->origin_count};
    for (uint32_t i = 0; i < one->origin_count; i++)
        *ARENA_PUSH(image->memory, &image->origins) = (cst_origin_row){
            .kind = (uint32_t)one->origins[i].kind,
            .tool = one->origins[i].tool,
            .agent = image_text(image, one->origins[i].agent),
            .text = one->origins[i].text,
            .value = one->origins[i].value,
            .sender = one->origins[i].sender,
            .path = image_names(image, one->origins[i].path, one->origins[i].path_count)};
    *ARENA_PUSH(image->memory, &image->echoes) = (cst_echo_row){
        .origins = origins, .chars = one->chars, .views = one->views, .stages = one->stages};
}

/* ---- from ------------------------------------------------------------------------------------ */

/* A leaf of the source is a leaf of the origin too: the same, or a part of it. */
static bool is_part(const checked_origin *source, const checked_origin *origin)
{
    if (source->kind != origin->kind || source->tool != origin->tool ||
        source->path_count < origin->path_count ||
        (source->agent != NULL && strcmp(source->agent, origin->agent) != 0))
        return false;
    for (uint32_t i = 0; i < origin->path_count; i++)
        if (strcmp(source->path[i], origin->path[i]) != 0)
            return false;
    return true;
}

static void set_bit(uint64_t *bits, uint32_t row)
{
    bits[(row + 1) / 64] |= UINT64_C(1) << ((row + 1) % 64);
}

static void build_from(image_builder *image, const checked_from *one)
{
    const checked_policy *const policy = image->policy;
    const size_t words = (policy->sources.count + 64) / 64;
    uint64_t *const bits = arena_array(image->memory, words, sizeof *bits);
    for (uint32_t i = 0; i < one->origin_count; i++) {
        const checked_origin *const origin = &one->origins[i];
        uint32_t low = 0, high = policy->sources.count; /* the first of that kind and tool */
        while (low < high) {
            const uint32_t middle = low + (high - low) / 2;
            const checked_origin *const source = &policy->sources.items[middle];
            if (source->kind < origin->kind ||
                (source->kind == origin->kind && source->tool < origin->tool))
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < policy->sources.count && policy->sources.items[low].kind == origin->kind &&
               policy->sources.items[low].tool == origin->tool;
             low++)
            if (is_part(&policy->sources.items[low], origin))
                set_bit(bits, low);
    }
    *ARENA_PUSH(image->memory, &image->froms) =
        (cst_from_row){.sources = image_data(image, bits, words * sizeof *bits),
                       .chars = one->chars,
                       .echoes = one->echoes};
}

static void build_sources(image_builder *image)
{
    const checked_policy *const policy = image->policy;
    const size_t words = (policy->sources.count + 64) / 64;
    uint64_t *const results = arena_array(image->memory, words, sizeof *results);
    if (policy->froms.count == 0)
        return;
    for (uint32_t i = 0; i < policy->sources.count; i++) {
        const checked_origin *const one = &policy->sources.items[i];
        if (one->kind == CST_ORIGIN_RESULT)
            set_bit(results, i);
        *ARENA_PUSH(image->memory, &image->sources) =
            (cst_source_row){.kind = (uint32_t)one->kind,
                             .tool = one->tool,
                             .agent = image_text(image, one->agent),
                             .path = image_names(image, one->path, one->path_count),
                             .text = one->text,
                             .value = one->value,
                             .sender = one->sender};
    }
    image->results = image_data(image, results, words * sizeof *results);
}

static void build_commands(image_builder *image, const checked_commands *one)
{
    *ARENA_PUSH(image->memory, &image->command_lists) =
        (cst_command_list_row){.rows = {image->commands.count, one->count}};
    for (uint32_t i = 0; i < one->count; i++)
        *ARENA_PUSH(image->memory, &image->commands) =
            (cst_command_row){.text = image_text(image, one->texts[i]),
                              .program_length = (uint32_t)strcspn(one->texts[i], " ")};
}

bool texts_build(image_builder *image)
{
    const checked_policy *const policy = image->policy;
    for (uint32_t i = 0; i < policy->databases.count; i++)
        if (!build_database(image, &policy->databases.items[i]))
            return false;
    for (uint32_t i = 0; i < policy->probes.count; i++) {
        const checked_probe *const one = &policy->probes.items[i];
        *ARENA_PUSH(image->memory, &image->probes) = (cst_probe_row){
            .database = one->database, .numbers = {image->probe_patterns.count, one->count}};
        for (uint32_t k = 0; k < one->count; k++)
            *ARENA_PUSH(image->memory, &image->probe_patterns) = one->patterns[k];
    }
    for (uint32_t i = 0; i < policy->echoes.count; i++)
        build_echo(image, &policy->echoes.items[i]);
    build_sources(image);
    for (uint32_t i = 0; i < policy->froms.count; i++)
        build_from(image, &policy->froms.items[i]);
    for (uint32_t i = 0; i < policy->commands.count; i++)
        build_commands(image, &policy->commands.items[i]);
    return true;
}

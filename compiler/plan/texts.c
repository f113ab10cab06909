/*
 * texts.c - the tables of what is looked for in texts: databases with their patterns, probes, echoes.
 *
 * A database is finished here, when all rules have said what they look for, and becomes bytes of the pool. Numbers of patterns
 * in a database are those that the builder gave, so probes need no translation.
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
    *ARENA_PUSH(image->memory, &image->databases) = (cst_database_row){
        .bytes = image_data(image, bytes, length), .patterns = patterns, .views = one->views, .stage = (uint32_t)one->stage, .slot = one->slot};
    return true;
}

static void build_echo(image_builder *image, const checked_echo *one)
{
    const cst_range origins = {image->origins.count, one->origin_count};
    for (uint32_t i = 0; i < one->origin_count; i++)
        *ARENA_PUSH(image->memory, &image->origins) =
            (cst_origin_row){.kind = (uint32_t)one->origins[i].kind,
                             .tool = one->origins[i].tool,
                             .agent = image_text(image, one->origins[i].agent),
                             .text = one->origins[i].text,
                             .value = one->origins[i].value,
                             .sender = one->origins[i].sender};
    *ARENA_PUSH(image->memory, &image->echoes) =
        (cst_echo_row){.origins = origins, .chars = one->chars, .views = one->views, .stages = one->stages};
}

static void build_commands(image_builder *image, const checked_commands *one)
{
    *ARENA_PUSH(image->memory, &image->command_lists) =
        (cst_command_list_row){.rows = {image->commands.count, one->count}};
    for (uint32_t i = 0; i < one->count; i++)
        *ARENA_PUSH(image->memory, &image->commands) = (cst_command_row){
            .text = image_text(image, one->texts[i]), .program_length = (uint32_t)strcspn(one->texts[i], " ")};
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
    for (uint32_t i = 0; i < policy->commands.count; i++)
        build_commands(image, &policy->commands.items[i]);
    return true;
}

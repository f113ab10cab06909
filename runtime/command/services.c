/*
 * services.c - what conditions ask of a `command`: its facts, whether they are complete, `runs`.
 *
 * The line is taken apart once an event and kept beside the frame's scratch memory, found again by
 * the place of its text; both are forgotten when the next event begins.
 */
#include "runtime/command/services.h"

#include <string.h>

#include "runtime/command/shell.h"
#include "runtime/identity.h"
#include "runtime/limits.h"
#include "runtime/scratch.h"

/* ---- a line ---------------------------------------------------------------------------------- */

static bool is_readable(const char *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (text[i] >= 0 && text[i] < 0x20 && text[i] != '\n' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

static void programs_list(command *all)
{
    for (uint32_t i = 0; i < all->runs.count; i++) {
        const shell_word *const name = &all->runs.items[i].name;
        if (name->length == 0)
            continue;
        cst_value *const place = ARENA_PUSH(all->memory, &all->facts[FACT_PROGRAMS]);
        if (place == NULL) {
            all->no_memory = all->broken = true;
            return;
        }
        *place = (cst_value){.kind = CST_KIND_STRING,
                             .as.text = name->text,
                             .length = name->length,
                             .raw_length = name->length,
                             .at = UINT32_MAX};
    }
}

command *command_read(arena *memory, const char *text, uint32_t length)
{
    command *const all = arena_allocate(memory, sizeof *all);
    if (all == NULL)
        return NULL;
    all->memory = memory;
    all->left = LIMIT_COMMAND_SCRIPTS;
    if (length > LIMIT_COMMAND_BYTES || !is_readable(text, length)) {
        all->broken = true;
        return all;
    }
    const follow from = {.all = all, .function = CST_NONE};
    follow ignored;
    follow_script(&from, text, length, &ignored);
    programs_list(all);
    return all;
}

void command_list(const command *command, command_fact fact, cst_value *out)
{
    *out = (cst_value){.kind = CST_KIND_LIST,
                       .as.items = command->facts[fact].items,
                       .length = command->facts[fact].count,
                       .at = UINT32_MAX};
}

bool command_knows(const command *command, command_fact fact, bool exact)
{
    const uint8_t bit = (uint8_t)(1u << fact);
    if (fact == FACT_PROGRAMS && command->scripts)
        return false;
    return !command->broken && (command->lost & bit) == 0 &&
           !(exact && (command->covered & bit) != 0);
}

/* ---- the cache ------------------------------------------------------------------------------- */

struct command_cache {
    struct command_entry {
        const char *text;
        uint32_t length;
        command *command;
    } *items;
    uint32_t count, capacity; /* a power of two */
};

static uint32_t place_of(const struct command_cache *cache, const char *text)
{
    const uintptr_t number = (uintptr_t)text;
    return (uint32_t)((number >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (cache->capacity - 1);
}

static struct command_entry *entry_find(const struct command_cache *cache, const char *text,
                                        uint32_t length)
{
    uint32_t at = place_of(cache, text);
    while (cache->items[at].command != NULL &&
           (cache->items[at].text != text || cache->items[at].length != length))
        at = (at + 1) & (cache->capacity - 1);
    return &cache->items[at];
}

static bool cache_grow(arena *memory, struct command_cache *cache)
{
    struct command_cache larger = {.count = cache->count,
                                   .capacity = cache->capacity ? cache->capacity * 2 : 8};
    larger.items = arena_array(memory, larger.capacity, sizeof *larger.items);
    if (larger.items == NULL)
        return false;
    for (uint32_t i = 0; i < cache->capacity; i++)
        if (cache->items[i].command != NULL)
            *entry_find(&larger, cache->items[i].text, cache->items[i].length) = cache->items[i];
    *cache = larger;
    return true;
}

static const command *command_of(cst_frame *frame, const cst_value *value)
{
    static const command nothing, unknown = {.broken = true};
    cst_scratch *const scratch = frame->scratch;
    arena *const memory = &scratch->memory;
    if (value->kind != CST_KIND_COMMAND)
        return &nothing;
    if (scratch->commands == NULL &&
        (scratch->commands = arena_allocate(memory, sizeof *scratch->commands)) == NULL)
        return &unknown;
    struct command_cache *const cache = scratch->commands;
    if (cache->count * 2 >= cache->capacity && !cache_grow(memory, cache))
        return &unknown;
    struct command_entry *const entry = entry_find(cache, value->as.text, value->length);
    if (entry->command == NULL) {
        command *const made =
            command_read(memory, value->length > 0 ? value->as.text : "", value->length);
        if (made == NULL)
            return &unknown;
        scratch->work.commands += LIMIT_COMMAND_SCRIPTS - made->left + made->runs.count;
        *entry = (struct command_entry){value->as.text, value->length, made};
        cache->count++;
    }
    return entry->command;
}

/* ---- services -------------------------------------------------------------------------------- */

static command_fact fact_of(uint32_t property)
{
    const uint32_t fact = property - CST_PROPERTY_COMMAND_PROGRAMS;
    return fact < FACT_COUNT ? (command_fact)fact : FACT_PROGRAMS;
}

uint32_t command_facts(cst_frame *frame, const cst_value *value, uint32_t property, cst_value *out)
{
    const command *const command = command_of(frame, value);
    command_list(command, fact_of(property), out);
    out->at = value->at;
    out->at_length = value->at_length;
    return command_knows(command, fact_of(property), true);
}

cst_truth command_unknown(cst_frame *frame, const cst_value *value, uint32_t property,
                          uint32_t exact, uint32_t site)
{
    return command_knows(command_of(frame, value), fact_of(property), exact != 0)
               ? CST_FALSE
               : CST_UNDECIDED(site);
}

cst_truth command_matches(cst_frame *frame, const cst_value *value, uint32_t list, uint32_t only,
                          uint32_t site)
{
    if (value->kind != CST_KIND_COMMAND)
        return CST_FALSE;
    const cst_command_list_row *const row =
        &CST_ROWS(frame->image, command_lists, cst_command_list_row)[list];
    cst_scratch *const scratch = frame->scratch;
    const command_patterns patterns = {frame->image, row->rows, &scratch->work.commands};
    switch (command_runs(command_of(frame, value), &patterns, only != 0)) {
    case ANSWER_NO: return CST_FALSE;
    case ANSWER_MAYBE: return CST_UNDECIDED(site);
    default: return CST_TRUE;
    }
}

/* Home is in none of these, whoever's it is. */
static bool has_no_homes(const cst_value *folder)
{
    static const char *const names[] = {"/etc",  "/usr", "/bin",  "/sbin", "/lib", "/lib64", "/dev",
                                        "/proc", "/sys", "/boot", "/tmp",  "/run", "/opt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (path_is_inside(folder->as.text, folder->length, names[i], strlen(names[i])))
            return true;
    return false;
}

cst_truth command_inside(const cst_value *path, const cst_value *folder, uint32_t site)
{
    if (path->kind != CST_KIND_PATH || folder->kind != CST_KIND_PATH)
        return CST_FALSE;
    const bool home = (path->cover & PATH_OF_HOME) != 0;
    const char first = folder->length > 0 ? folder->as.text[0] : '/';
    if (home && first != '/' && first != '~')
        return CST_FALSE; /* `~` is text that looks relative */
    if (path_is_inside(path->as.text, path->length, folder->as.text, folder->length))
        return (folder->cover & PATH_PATTERN) != 0 ? CST_UNDECIDED(site) : CST_TRUE;
    if ((path->cover & PATH_COVERS) != 0 &&
        path_is_inside(folder->as.text, folder->length, path->as.text, path->length))
        return CST_UNDECIDED(site);
    if (home && first == '/') {
        if (folder->length == 1)
            return CST_TRUE;
        return has_no_homes(folder) ? CST_FALSE : CST_UNDECIDED(site);
    }
    return CST_FALSE;
}

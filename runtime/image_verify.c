/*
 * image_verify.c - is a compiled policy in one piece?
 *
 * A policy.so is trusted code, but files are cut short, linkers are misused and hardware fails; a
 * damaged image should be an error when it is opened and not a crash in the middle of an event. So
 * every offset and row number that the engine, the conversions and the services follow is checked
 * once, in one walk over the tables. Afterwards nobody checks again.
 *
 * Two properties are about termination rather than bounds: types may not contain themselves, and
 * the nodes of the field table must be a forest (each child names its parent, and a chain of
 * parents ends).
 *
 * What it leaves out: whether the tables mean what the source said. The functions are code, and
 * code is believed.
 */
#include <string.h>

#include "runtime/index.h"
#include "runtime/limits.h"
#include "runtime/policy.h"

static bool table_fits(const cst_image *image, cst_table table, size_t row_size)
{
    if (table.count == 0)
        return true;
    return table.offset % 8 == 0 && table.offset >= sizeof *image && table.offset <= image->size &&
           table.count <= (image->size - table.offset) / row_size;
}

static bool range_fits(cst_range range, cst_table table)
{
    return range.count == 0 ||
           (range.first < table.count && range.count <= table.count - range.first);
}

static bool row_or_none(uint32_t row, cst_table table)
{
    return row == CST_NONE || row < table.count;
}

static bool bytes_fit(const cst_image *image, cst_ref ref)
{
    return ref.offset <= image->size && ref.length <= image->size - ref.offset;
}

/* A text has a NUL behind it. */
static bool text_fits(const cst_image *image, cst_ref ref)
{
    return ref.offset < image->size && ref.length < image->size - ref.offset &&
           CST_TEXT(image, ref)[ref.length] == '\0';
}

static bool is_none(cst_ref ref)
{
    return ref.offset == 0 && ref.length == 0;
}

static bool power_of_two(uint32_t number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

static bool verify_tables(const cst_image *image)
{
    return table_fits(image, image->symbol_buckets, sizeof(uint32_t)) &&
           table_fits(image, image->symbols, sizeof(cst_symbol_row)) &&
           table_fits(image, image->sets, sizeof(cst_set_row)) &&
           table_fits(image, image->types, sizeof(cst_type_row)) &&
           table_fits(image, image->fields, sizeof(cst_field_row)) &&
           table_fits(image, image->names, sizeof(cst_ref)) &&
           table_fits(image, image->nodes, sizeof(cst_node_row)) &&
           table_fits(image, image->targets, sizeof(cst_target_row)) &&
           table_fits(image, image->slots, sizeof(cst_slot_row)) &&
           table_fits(image, image->tools, sizeof(cst_tool_row)) &&
           table_fits(image, image->groups, sizeof(cst_group_row)) &&
           table_fits(image, image->group_rules, sizeof(uint32_t)) &&
           table_fits(image, image->group_lists, sizeof(uint32_t)) &&
           table_fits(image, image->dispatch, sizeof(cst_dispatch_row)) &&
           table_fits(image, image->rules, sizeof(cst_rule_row)) &&
           table_fits(image, image->principles, sizeof(cst_principle_row)) &&
           table_fits(image, image->layers, sizeof(cst_layer_row)) &&
           table_fits(image, image->parts, sizeof(cst_part_row)) &&
           table_fits(image, image->witnesses, sizeof(cst_witness_row)) &&
           table_fits(image, image->sites, sizeof(cst_site_row)) &&
           table_fits(image, image->records, sizeof(cst_record_row)) &&
           table_fits(image, image->databases, sizeof(cst_database_row)) &&
           table_fits(image, image->patterns, sizeof(cst_pattern_row)) &&
           table_fits(image, image->probes, sizeof(cst_probe_row)) &&
           table_fits(image, image->probe_patterns, sizeof(uint32_t)) &&
           table_fits(image, image->commands, sizeof(cst_command_row)) &&
           table_fits(image, image->command_lists, sizeof(cst_command_list_row)) &&
           table_fits(image, image->origins, sizeof(cst_origin_row)) &&
           table_fits(image, image->echoes, sizeof(cst_echo_row)) &&
           table_fits(image, image->pasts, sizeof(cst_past_row)) &&
           table_fits(image, image->watches, sizeof(cst_watch_row)) &&
           table_fits(image, image->labels, sizeof(cst_ref)) &&
           table_fits(image, image->leaves, sizeof(uint32_t)) &&
           table_fits(image, image->sources, sizeof(cst_source_row)) &&
           table_fits(image, image->froms, sizeof(cst_from_row)) &&
           table_fits(image, image->standings, sizeof(cst_standing_row)) &&
           table_fits(image, image->externs, sizeof(cst_extern_row)) &&
           table_fits(image, image->asks, sizeof(cst_ask_row)) &&
           table_fits(image, image->index_words, sizeof(uint32_t));
}

static bool verify_names(const cst_image *image)
{
    const cst_ref *const names = CST_ROWS(image, names, cst_ref);
    for (uint32_t i = 0; i < image->names.count; i++)
        if (!text_fits(image, names[i]))
            return false;
    const cst_record_row *const records = CST_ROWS(image, records, cst_record_row);
    for (uint32_t i = 0; i < image->records.count; i++)
        if (!text_fits(image, records[i].name))
            return false;
    const cst_site_row *const sites = CST_ROWS(image, sites, cst_site_row);
    for (uint32_t i = 0; i < image->sites.count; i++)
        if (!text_fits(image, sites[i].code) || !text_fits(image, sites[i].at))
            return false;
    const cst_principle_row *const principles = CST_ROWS(image, principles, cst_principle_row);
    for (uint32_t i = 0; i < image->principles.count; i++)
        if (!text_fits(image, principles[i].name) || !text_fits(image, principles[i].text) ||
            !range_fits(principles[i].maps, image->names))
            return false;
    return text_fits(image, image->name) && text_fits(image, image->version);
}

/* A probe must end: the buckets have a free place. */
static bool verify_symbols(const cst_image *image)
{
    const cst_symbol_row *const symbols = CST_ROWS(image, symbols, cst_symbol_row);
    for (uint32_t i = 0; i < image->symbols.count; i++)
        if (!text_fits(image, symbols[i].text) ||
            (symbols[i].tool != 0 && symbols[i].tool >= image->tools.count))
            return false;
    if (image->symbol_capacity == 0)
        return image->symbols.count == 0;
    if (!power_of_two(image->symbol_capacity) ||
        image->symbol_buckets.count != image->symbol_capacity)
        return false;
    const uint32_t *const buckets = CST_ROWS(image, symbol_buckets, uint32_t);
    uint32_t used = 0;
    for (uint32_t i = 0; i < image->symbol_capacity; i++) {
        if (buckets[i] > image->symbols.count)
            return false;
        used += buckets[i] != 0;
    }
    return used < image->symbol_capacity;
}

static bool verify_set(const cst_image *image, const cst_set_row *set)
{
    if (!text_fits(image, set->name) || !bytes_fit(image, set->data) || set->kind >= CST_KIND_COUNT)
        return false;
    const uint32_t length = set->data.length;
    switch (set->form) {
    case CST_SET_SYMBOL_BITS: return set->data.offset % 8 == 0 && length % 8 == 0;
    case CST_SET_SYMBOL_HASH: {
        if (set->data.offset % 4 != 0 || length % 4 != 0 || !power_of_two(length / 4))
            return false;
        const uint32_t *const places =
            (const uint32_t *)(const void *)((const char *)image + set->data.offset);
        for (uint32_t i = 0; i < length / 4; i++)
            if (places[i] == 0)
                return true;
        return false;
    }
    case CST_SET_INTEGERS:
        return set->data.offset % 8 == 0 && set->count <= length / sizeof(int64_t);
    case CST_SET_NETWORKS: return set->count <= length / sizeof(cst_network);
    default: return false;
    }
}

static bool verify_sets(const cst_image *image)
{
    const cst_set_row *const sets = CST_ROWS(image, sets, cst_set_row);
    for (uint32_t i = 0; i < image->sets.count; i++)
        if (!verify_set(image, &sets[i]))
            return false;
    return true;
}

/* How deep a type goes; more than `left` levels (a type within itself, too) are refused. Depth of
 * declared types is bounded by the compiler, so the walk is short; lists and records of one another
 * cost their number of fields. */
static bool type_ends(const cst_image *image, uint32_t row, uint32_t left, uint64_t *steps)
{
    const cst_type_row *const type = &CST_ROWS(image, types, cst_type_row)[row];
    if (left == 0 || ++*steps > 1000000u)
        return false;
    if (type->kind == CST_KIND_LIST)
        return type_ends(image, type->element, left - 1, steps);
    if (type->kind != CST_KIND_RECORD)
        return true;
    const cst_field_row *const fields = CST_ROWS(image, fields, cst_field_row);
    for (uint32_t i = 0; i < type->fields.count; i++)
        if (!type_ends(image, fields[type->fields.first + i].type, left - 1, steps))
            return false;
    return true;
}

static bool verify_types(const cst_image *image)
{
    const cst_field_row *const fields = CST_ROWS(image, fields, cst_field_row);
    for (uint32_t i = 0; i < image->fields.count; i++)
        if (!text_fits(image, fields[i].name) || fields[i].type >= image->types.count)
            return false;
    const cst_type_row *const types = CST_ROWS(image, types, cst_type_row);
    for (uint32_t i = 0; i < image->types.count; i++) {
        const cst_type_row *const type = &types[i];
        const cst_table of = type->kind == CST_KIND_RECORD ? image->fields : image->names;
        if (type->kind >= CST_KIND_COUNT || !row_or_none(type->element, image->types) ||
            (type->kind == CST_KIND_LIST && type->element == CST_NONE) ||
            ((type->kind == CST_KIND_RECORD || type->kind == CST_KIND_ENUM ||
              type->kind == CST_KIND_AGENT) &&
             !range_fits(type->fields, of)))
            return false;
    }
    for (uint32_t i = 0; i < image->types.count; i++) {
        uint64_t steps = 0;
        if (!type_ends(image, i, LIMIT_TYPE_DEPTH + 2, &steps))
            return false;
    }
    return true;
}

static bool verify_node(const cst_image *image, const cst_node_row *nodes, uint32_t row)
{
    const cst_node_row *const node = &nodes[row];
    if (!text_fits(image, node->name) || node->required > 1 || node->closed > 1 ||
        !range_fits(node->children, image->nodes) || !range_fits(node->targets, image->targets) ||
        !row_or_none(node->parent, image->nodes))
        return false;
    for (uint32_t i = 0; i < node->children.count; i++) {
        const cst_node_row *const child = &nodes[node->children.first + i];
        if (child->parent != row || !bytes_fit(image, child->name))
            return false;
        if (i == 0)
            continue;
        const cst_ref before = child[-1].name;
        const uint32_t shorter =
            before.length < child->name.length ? before.length : child->name.length;
        const int order = memcmp(CST_TEXT(image, before), CST_TEXT(image, child->name), shorter);
        if (order > 0 || (order == 0 && before.length >= child->name.length))
            return false;
    }
    return true;
}

/* No chain of parents is longer than the table: a circle would be. Chains share their ends, so each
 * is followed only up to a node with a smaller row, which was followed before. */
static bool parents_end(const cst_node_row *nodes, uint32_t count, uint32_t row)
{
    uint32_t steps = 0;
    for (uint32_t above = nodes[row].parent; above != CST_NONE; above = nodes[above].parent) {
        if (above < row)
            return true;
        if (above == row || ++steps > count)
            return false;
    }
    return true;
}

static bool verify_nodes(const cst_image *image)
{
    const cst_node_row *const nodes = CST_ROWS(image, nodes, cst_node_row);
    for (uint32_t i = 0; i < image->nodes.count; i++)
        if (!verify_node(image, nodes, i) || !parents_end(nodes, image->nodes.count, i))
            return false;
    const cst_target_row *const targets = CST_ROWS(image, targets, cst_target_row);
    for (uint32_t i = 0; i < image->targets.count; i++)
        if (targets[i].slot >= image->slot_count || targets[i].type >= image->types.count ||
            targets[i].mode > CST_TARGET_OPEN)
            return false;
    const cst_slot_row *const slots = CST_ROWS(image, slots, cst_slot_row);
    for (uint32_t i = 0; i < image->slots.count; i++)
        if (!text_fits(image, slots[i].path) || !text_fits(image, slots[i].pointer) ||
            slots[i].type >= image->types.count)
            return false;
    return image->slots.count == image->slot_count;
}

static bool is_watch(const cst_image *image, uint32_t rule)
{
    return rule >= image->declared_rules &&
           CST_ROWS(image, rules, cst_rule_row)[rule].kind == CST_RULE_WATCH;
}

/* The rules of a group are all watches, or none is. */
static bool verify_group_kind(const cst_image *image, const cst_group_row *group)
{
    const uint32_t *const rules = CST_ROWS(image, group_rules, uint32_t) + group->rules.first;
    for (uint32_t i = 1; i < group->rules.count; i++)
        if (is_watch(image, rules[i]) != is_watch(image, rules[0]))
            return false;
    return true;
}

static bool is_watch_group(const cst_image *image, const cst_group_row *group)
{
    return group->rules.count &&
           is_watch(image, CST_ROWS(image, group_rules, uint32_t)[group->rules.first]);
}

static bool verify_watch_groups(const cst_image *image, cst_range lists)
{
    if (!range_fits(lists, image->group_lists))
        return false;
    const uint32_t *const numbers = CST_ROWS(image, group_lists, uint32_t) + lists.first;
    for (uint32_t i = 0; i < lists.count; i++)
        if (numbers[i] >= image->groups.count ||
            !is_watch_group(image, &CST_ROWS(image, groups, cst_group_row)[numbers[i]]))
            return false;
    return true;
}

static bool verify_dispatch(const cst_module *module, const cst_image *image)
{
    const uint32_t *const lists = CST_ROWS(image, group_lists, uint32_t);
    for (uint32_t i = 0; i < image->group_lists.count; i++)
        if (lists[i] >= image->groups.count)
            return false;
    const uint32_t *const rules = CST_ROWS(image, group_rules, uint32_t);
    for (uint32_t i = 0; i < image->group_rules.count; i++)
        if (rules[i] >= image->rules.count)
            return false;
    const cst_group_row *const groups = CST_ROWS(image, groups, cst_group_row);
    for (uint32_t i = 0; i < image->groups.count; i++)
        if (!module->groups || !module->groups[i] || !text_fits(image, groups[i].label) ||
            !range_fits(groups[i].rules, image->group_rules) ||
            !verify_group_kind(image, &groups[i]) || !index_verify(image, &groups[i]))
            return false;
    const cst_node_row *const nodes = CST_ROWS(image, nodes, cst_node_row);
    const cst_dispatch_row *const dispatch = CST_ROWS(image, dispatch, cst_dispatch_row);
    for (uint32_t i = 0; i < image->dispatch.count; i++)
        if (!verify_watch_groups(image, dispatch[i].watches) ||
            dispatch[i].root >= image->nodes.count || nodes[dispatch[i].root].parent != CST_NONE ||
            !range_fits(dispatch[i].groups, image->group_lists))
            return false;
    for (int stage = 0; stage < CST_STAGE_COUNT; stage++) {
        const bool tools = stage == CST_ACTION || stage == CST_RESULT;
        const cst_range rows = image->stages[stage].dispatch;
        if (!range_fits(rows, image->dispatch) || rows.count != (tools ? image->tool_count : 1))
            return false;
    }
    return true;
}

static bool verify_tools(const cst_image *image)
{
    const cst_tool_row *const tools = CST_ROWS(image, tools, cst_tool_row);
    for (uint32_t i = 0; i < image->tools.count; i++)
        if (!text_fits(image, tools[i].name) || tools[i].symbol > image->symbols.count ||
            (tools[i].arguments &&
             (tools[i].arguments > image->types.count ||
              CST_ROWS(image, types, cst_type_row)[tools[i].arguments - 1].kind !=
                  CST_KIND_RECORD)))
            return false;
    const cst_standing_row *const standings = CST_ROWS(image, standings, cst_standing_row);
    for (uint32_t i = 0; i < image->standings.count; i++)
        if (standings[i].within_us <= 0 || !range_fits(standings[i].free, image->names) ||
            (standings[i].holder != CST_NONE && standings[i].holder >= image->slot_count))
            return false;
    return image->tools.count == image->tool_count && image->tool_count > 0;
}

static bool verify_rule(const cst_image *image, const cst_rule_row *rule)
{
    return text_fits(image, rule->name) && text_fits(image, rule->file) &&
           (is_none(rule->offering) || text_fits(image, rule->offering)) &&
           range_fits(rule->message, image->parts) && range_fits(rule->who, image->names) &&
           range_fits(rule->witnesses, image->witnesses) &&
           range_fits(rule->leaves, image->leaves) && rule->kind <= CST_RULE_WATCH &&
           (rule->kind == CST_RULE_WATCH) == (rule->watch != CST_NONE) &&
           row_or_none(rule->watch, image->watches) && row_or_none(rule->label, image->labels) &&
           (rule->put_note == CST_NONE ||
            (rule->put_note < image->note_count && rule->cut_slot != CST_NONE)) &&
           range_fits(rule->mark, image->parts) &&
           (rule->cut_slot == CST_NONE || rule->cut_slot < image->slot_count) &&
           rule->verdict <= CST_HALT && rule->standing <= image->standings.count &&
           rule->layer < image->layers.count && row_or_none(rule->principle, image->principles);
}

static bool verify_part(const cst_image *image, const cst_part_row *part)
{
    if (part->property != CST_NONE && part->property >= CST_PROPERTY_COUNT)
        return false;
    switch (part->kind) {
    case CST_PART_TEXT:
    case CST_PART_KIND:
    case CST_PART_LAST:
    case CST_PART_ALIAS: return bytes_fit(image, part->text);
    case CST_PART_SLOT: return part->index < image->slot_count && part->type < image->types.count;
    case CST_PART_WITNESS:
        return part->index < image->witnesses.count && part->type < image->types.count;
    default: return false;
    }
}

static bool verify_rules(const cst_module *module, const cst_image *image)
{
    const cst_layer_row *const layers = CST_ROWS(image, layers, cst_layer_row);
    for (uint32_t i = 0; i < image->layers.count; i++) {
        if (!text_fits(image, layers[i].name) || !text_fits(image, layers[i].version))
            return false;
        for (int stage = 0; stage < CST_STAGE_COUNT; stage++)
            if (layers[i].defaults[stage].verdict > CST_HALT ||
                layers[i].defaults[stage].standing > image->standings.count ||
                !range_fits(layers[i].defaults[stage].who, image->names))
                return false;
    }
    const cst_rule_row *const rules = CST_ROWS(image, rules, cst_rule_row);
    for (uint32_t i = 0; i < image->rules.count; i++)
        if (!verify_rule(image, &rules[i]))
            return false;
    const cst_part_row *const parts = CST_ROWS(image, parts, cst_part_row);
    for (uint32_t i = 0; i < image->parts.count; i++)
        if (!verify_part(image, &parts[i]))
            return false;
    const cst_witness_row *const witnesses = CST_ROWS(image, witnesses, cst_witness_row);
    for (uint32_t i = 0; i < image->witnesses.count; i++)
        if (witnesses[i].function >= image->witnesses.count || !module->witnesses ||
            !module->witnesses[witnesses[i].function] ||
            (witnesses[i].slot != CST_NONE && witnesses[i].slot >= image->slot_count))
            return false;
    return image->layers.count > 0 && image->layers.count <= LIMIT_LAYERS;
}

/* The bytes of databases are verified when they are opened. */
static bool verify_texts(const cst_image *image)
{
    const cst_pattern_row *const patterns = CST_ROWS(image, patterns, cst_pattern_row);
    for (uint32_t i = 0; i < image->patterns.count; i++)
        if (!text_fits(image, patterns[i].name))
            return false;
    const cst_database_row *const databases = CST_ROWS(image, databases, cst_database_row);
    for (uint32_t i = 0; i < image->databases.count; i++)
        if (!bytes_fit(image, databases[i].bytes) || databases[i].bytes.offset % 16 != 0 ||
            (databases[i].slot != CST_NONE && databases[i].slot >= image->slot_count) ||
            !range_fits(databases[i].patterns, image->patterns))
            return false;
    const cst_probe_row *const probes = CST_ROWS(image, probes, cst_probe_row);
    const uint32_t *const numbers = CST_ROWS(image, probe_patterns, uint32_t);
    for (uint32_t i = 0; i < image->probes.count; i++) {
        if (probes[i].database >= image->databases.count ||
            !range_fits(probes[i].numbers, image->probe_patterns))
            return false;
        for (uint32_t k = 0; k < probes[i].numbers.count; k++)
            if (numbers[probes[i].numbers.first + k] >=
                databases[probes[i].database].patterns.count)
                return false;
    }
    const cst_command_row *const commands = CST_ROWS(image, commands, cst_command_row);
    for (uint32_t i = 0; i < image->commands.count; i++)
        if (!text_fits(image, commands[i].text) ||
            commands[i].program_length > commands[i].text.length)
            return false;
    const cst_command_list_row *const lists = CST_ROWS(image, command_lists, cst_command_list_row);
    for (uint32_t i = 0; i < image->command_lists.count; i++)
        if (!range_fits(lists[i].rows, image->commands))
            return false;
    const cst_origin_row *const origins = CST_ROWS(image, origins, cst_origin_row);
    for (uint32_t i = 0; i < image->origins.count; i++)
        if (origins[i].kind > CST_ORIGIN_MESSAGE || !text_fits(image, origins[i].agent) ||
            (origins[i].text != CST_NONE && origins[i].text >= image->slot_count) ||
            (origins[i].value != CST_NONE && origins[i].value >= image->slot_count) ||
            (origins[i].sender != CST_NONE && origins[i].sender >= image->slot_count) ||
            !range_fits(origins[i].path, image->names))
            return false;
    const cst_echo_row *const echoes = CST_ROWS(image, echoes, cst_echo_row);
    for (uint32_t i = 0; i < image->echoes.count; i++)
        if (!range_fits(echoes[i].origins, image->origins) ||
            echoes[i].chars < LIMIT_REPEAT_LEAST || echoes[i].chars > LIMIT_REPEAT_CHARS)
            return false;
    return true;
}

static bool verify_watch(const cst_image *image, const cst_watch_row *watch)
{
    const uint64_t notes = (uint64_t)watch->first_note + watch->key_count + watch->has_value;
    return watch->past < image->pasts.count && watch->mark <= CST_WATCH_APPROVED &&
           notes <= image->note_count &&
           (watch->step == CST_NONE ||
            watch->step < CST_ROWS(image, pasts, cst_past_row)[watch->past].steps);
}

static bool verify_history(const cst_image *image)
{
    /* a watch notes its keys and a value, a rule what it puts in place */
    if (image->note_count >
        (uint64_t)image->watches.count * (LIMIT_PAST_KEYS + 1u) + image->rules.count)
        return false;
    const cst_past_row *const pasts = CST_ROWS(image, pasts, cst_past_row);
    for (uint32_t i = 0; i < image->pasts.count; i++)
        if (pasts[i].kind > CST_PAST_LATEST || pasts[i].steps == 0 ||
            pasts[i].steps > LIMIT_PAST_STEPS ||
            !range_fits((cst_range){pasts[i].first_watch, pasts[i].steps}, image->watches) ||
            !row_or_none(pasts[i].since, image->watches) || pasts[i].key_count > LIMIT_PAST_KEYS ||
            !row_or_none(pasts[i].type, image->types) || !text_fits(image, pasts[i].text) ||
            pasts[i].bound == 0 || pasts[i].within_us < 0 ||
            (pasts[i].kind == CST_PAST_LATEST && pasts[i].type == CST_NONE))
            return false;
    const cst_watch_row *const watches = CST_ROWS(image, watches, cst_watch_row);
    for (uint32_t i = 0; i < image->watches.count; i++)
        if (!verify_watch(image, &watches[i]))
            return false;
    const cst_ref *const labels = CST_ROWS(image, labels, cst_ref);
    for (uint32_t i = 0; i < image->labels.count; i++)
        if (!text_fits(image, labels[i]))
            return false;
    return image->labels.count <= LIMIT_LABELS && image->declared_rules <= image->rules.count;
}

static bool slot_fits(const cst_image *image, uint32_t slot)
{
    return slot == CST_NONE || slot < image->slot_count;
}

/* Words of bits, one for each source and one more. */
static bool bits_fit(const cst_image *image, cst_ref bits)
{
    return bits.length == (image->sources.count + 64) / 64 * sizeof(uint64_t) &&
           bits.offset % sizeof(uint64_t) == 0 && bits.offset <= image->size &&
           bits.length <= image->size - bits.offset;
}

static bool verify_sources(const cst_image *image)
{
    const cst_source_row *const sources = CST_ROWS(image, sources, cst_source_row);
    for (uint32_t i = 0; i < image->sources.count; i++)
        if (sources[i].kind > CST_ORIGIN_MESSAGE || !text_fits(image, sources[i].agent) ||
            !range_fits(sources[i].path, image->names) || !slot_fits(image, sources[i].text) ||
            !slot_fits(image, sources[i].value) || !slot_fits(image, sources[i].sender))
            return false;
    const uint32_t *const leaves = CST_ROWS(image, leaves, uint32_t);
    for (uint32_t i = 0; i < image->leaves.count; i++)
        if (leaves[i] >= image->slot_count)
            return false;
    const cst_from_row *const froms = CST_ROWS(image, froms, cst_from_row);
    for (uint32_t i = 0; i < image->froms.count; i++)
        if (!bits_fit(image, froms[i].sources) || froms[i].chars < 1 ||
            froms[i].chars > LIMIT_FROM_CHARS || froms[i].echoes > 1)
            return false;
    if (!slot_fits(image, image->chain_agent) || !slot_fits(image, image->chain_sender) ||
        !slot_fits(image, image->chain_receiver))
        return false;
    return image->froms.count == 0 ||
           (bits_fit(image, image->results) && slot_fits(image, image->from_args));
}

static bool verify_host(const cst_image *image)
{
    const cst_extern_row *const externs = CST_ROWS(image, externs, cst_extern_row);
    for (uint32_t i = 0; i < image->externs.count; i++)
        if (!text_fits(image, externs[i].name) ||
            !range_fits(externs[i].parameters, image->fields) ||
            externs[i].parameters.count > LIMIT_HOST_ARGUMENTS ||
            externs[i].type >= image->types.count || externs[i].within_us <= 0)
            return false;
    const cst_ask_row *const asks = CST_ROWS(image, asks, cst_ask_row);
    for (uint32_t i = 0; i < image->asks.count; i++)
        if (asks[i].rule >= image->rules.count || asks[i].predicate >= image->externs.count ||
            (i > 0 && asks[i].rule < asks[i - 1].rule))
            return false;
    return image->externs.count == 0 || image->sites.count > 0;
}

bool image_verify(const cst_module *module)
{
    const cst_image *const image = module->image;
    return (uintptr_t)image % 8 == 0 && image->size >= sizeof *image && verify_tables(image) &&
           verify_names(image) && verify_symbols(image) && verify_sets(image) &&
           verify_types(image) && verify_nodes(image) && verify_tools(image) &&
           verify_rules(module, image) && verify_dispatch(module, image) && verify_texts(image) &&
           verify_history(image) && verify_sources(image) && verify_host(image);
}

/*
 * image_builder.c - see image_builder.h. Tables grow as plain byte vectors; the field table is a
 * small tree for each stage and tool that is laid out, sorted and level by level, when the image is
 * finished.
 */
#include "tests/unit/image_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/hash.h"

typedef struct rows {
    uint8_t *bytes;
    size_t size;
    uint32_t count;
} rows;

typedef struct tree {
    char name[64];
    bool required;
    uint32_t targets[4], target_count;
    struct tree *children[64];
    uint32_t child_count;
} tree;

typedef struct reading {
    cst_stage stage;
    uint32_t tool, required;
    char keys[128];
    cst_target_row target;
} reading;

typedef struct membership {
    cst_stage stage;
    uint32_t tool;
} membership;

struct image_builder {
    rows texts; /* every text, placed behind the tables */
    rows symbols, types, fields, names, targets, slots, tools, layers, rules, principles, parts,
        witnesses, sites, records, group_rules;
    rows nodes, dispatch, groups, group_lists, buckets;
    cst_ref name, version;
    reading readings[256];
    uint32_t reading_count;
    membership members[64];
    uint32_t rule_groups[1024];
    cst_eval_fn functions[64];
    cst_witness_fn searches[64];
    uint32_t group_count;
    tree *trees[1024];
    uint32_t tree_count;
    cst_image *image;
    uint32_t size;
    cst_module module;
};

static void *checked(void *pointer)
{
    if (!pointer) {
        fputs("image_builder: no memory\n", stderr);
        abort();
    }
    return pointer;
}

static uint32_t add(rows *table, const void *row, size_t size)
{
    table->bytes = checked(realloc(table->bytes, table->size + size + 1));
    if (size)
        memcpy(table->bytes + table->size, row, size);
    table->size += size;
    return table->count++;
}

/* Texts are moved behind the tables at the end; until then an offset counts from the first text. */
static cst_ref text(image_builder *builder, const char *bytes)
{
    const cst_ref ref = {(uint32_t)builder->texts.size, (uint32_t)strlen(bytes)};
    add(&builder->texts, bytes, ref.length + 1);
    return ref;
}

image_builder *image_new(const char *name, const char *version)
{
    image_builder *const builder = checked(calloc(1, sizeof *builder));
    text(builder, "-"); /* so that no text has offset 0, which means none */
    builder->name = text(builder, name);
    builder->version = text(builder, version);
    const cst_tool_row unknown = {.name = text(builder, "")};
    add(&builder->tools, &unknown, sizeof unknown);
    return builder;
}

uint32_t image_symbol(image_builder *builder, const char *bytes)
{
    const cst_symbol_row *const symbols = (const cst_symbol_row *)(void *)builder->symbols.bytes;
    for (uint32_t i = 0; i < builder->symbols.count; i++)
        if (strcmp((const char *)builder->texts.bytes + symbols[i].text.offset, bytes) == 0)
            return i + 1;
    const cst_symbol_row row = {text(builder, bytes), cst_hash(bytes, strlen(bytes)), 0};
    return add(&builder->symbols, &row, sizeof row) + 1;
}

uint32_t image_tool(image_builder *builder, const char *name)
{
    const uint32_t symbol = image_symbol(builder, name);
    const cst_tool_row row = {.name = text(builder, name), .symbol = symbol};
    const uint32_t number = add(&builder->tools, &row, sizeof row);
    ((cst_symbol_row *)(void *)builder->symbols.bytes)[symbol - 1].tool = number;
    return number;
}

uint32_t image_type(image_builder *builder, cst_kind kind, uint32_t bound, uint32_t element)
{
    const cst_type_row row = {(uint32_t)kind, bound, element, {0, 0}};
    return add(&builder->types, &row, sizeof row);
}

uint32_t image_names_type(image_builder *builder, cst_kind kind, const char *const *names,
                          uint32_t count)
{
    const cst_type_row row = {(uint32_t)kind, 0, CST_NONE, {builder->names.count, count}};
    for (uint32_t i = 0; i < count; i++) {
        const cst_ref ref = text(builder, names[i]);
        add(&builder->names, &ref, sizeof ref);
    }
    return add(&builder->types, &row, sizeof row);
}

uint32_t image_record_type(image_builder *builder, const char *const *names, const uint32_t *types,
                           uint32_t count, uint32_t optional)
{
    const cst_type_row row = {CST_KIND_RECORD, 0, CST_NONE, {builder->fields.count, count}};
    for (uint32_t i = 0; i < count; i++) {
        const cst_field_row field = {text(builder, names[i]), types[i], optional >> i & 1};
        add(&builder->fields, &field, sizeof field);
    }
    return add(&builder->types, &row, sizeof row);
}

uint32_t image_slot(image_builder *builder, const char *path, const char *pointer, uint32_t type,
                    bool secret)
{
    const cst_slot_row row = {text(builder, path), text(builder, pointer), type, secret};
    return add(&builder->slots, &row, sizeof row);
}

void image_read(image_builder *builder, cst_stage stage, uint32_t tool, const char *keys,
                uint32_t slot, uint32_t required, cst_target_mode mode, bool interned)
{
    const cst_slot_row *const slots = (const cst_slot_row *)(void *)builder->slots.bytes;
    reading *const next = &builder->readings[builder->reading_count++];
    *next =
        (reading){stage, tool, required, "", {slot, slots[slot].type, (uint32_t)mode, interned}};
    snprintf(next->keys, sizeof next->keys, "%s", keys);
}

void image_record(image_builder *builder, const char *name)
{
    const cst_record_row row = {text(builder, name)};
    add(&builder->records, &row, sizeof row);
}

uint32_t image_principle(image_builder *builder, const char *name)
{
    const cst_principle_row row = {text(builder, name), text(builder, "A principle."), {0, 0}};
    return add(&builder->principles, &row, sizeof row);
}

uint32_t image_site(image_builder *builder, const char *code, const char *at)
{
    const cst_site_row row = {text(builder, code), text(builder, at)};
    return add(&builder->sites, &row, sizeof row);
}

uint32_t image_layer(image_builder *builder, const char *name)
{
    cst_layer_row row = {.name = text(builder, name), .version = text(builder, "1")};
    return add(&builder->layers, &row, sizeof row);
}

/* Names separated by commas, as a range of the names table. */
static cst_range name_list(image_builder *builder, const char *list)
{
    cst_range range = {builder->names.count, 0};
    while (list && *list) {
        char name[64];
        const size_t length = strcspn(list, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, list);
        const cst_ref ref = text(builder, name);
        add(&builder->names, &ref, sizeof ref);
        range.count++;
        list += length;
        if (*list == ',')
            list++;
    }
    return range;
}

void image_default(image_builder *builder, uint32_t layer, cst_stage stage, cst_verdict verdict,
                   const char *who)
{
    const cst_range names = name_list(builder, who);
    cst_layer_row *const row = (cst_layer_row *)(void *)builder->layers.bytes + layer;
    row->defaults[stage] = (cst_default_row){.verdict = (uint32_t)verdict, .who = names};
}

uint32_t image_group(image_builder *builder, cst_stage stage, uint32_t tool, cst_eval_fn function)
{
    builder->functions[builder->group_count] = function;
    builder->members[builder->group_count] = (membership){stage, tool};
    return builder->group_count++;
}

uint32_t image_witness(image_builder *builder, cst_witness_fn function, uint32_t slot)
{
    const cst_witness_row row = {builder->witnesses.count, slot};
    builder->searches[row.function] = function;
    return add(&builder->witnesses, &row, sizeof row);
}

uint32_t image_rule(image_builder *builder, uint32_t group, image_rule_spec spec)
{
    const cst_rule_row row = {
        .watch = CST_NONE,
        .label = CST_NONE,
        .put_note = CST_NONE,
        .name = text(builder, spec.name),
        .file = text(builder, "test.const"),
        .offering = spec.offering ? text(builder, spec.offering) : (cst_ref){0, 0},
        .message = {builder->parts.count, 0},
        .who = name_list(builder, spec.who),
        .witnesses = {spec.has_witness ? spec.witness : 0, spec.has_witness},
        .within_us = spec.within_us,
        .until_us = spec.until_us ? spec.until_us : INT64_MAX,
        .kind = (uint32_t)spec.kind,
        .verdict = (uint32_t)spec.verdict,
        .shadow = spec.shadow,
        .layer = spec.layer,
        .principle = spec.has_principle ? spec.principle : CST_NONE,
        .waives = spec.kind == CST_RULE_WAIVER ? spec.waives : CST_NONE,
        .identity = builder->rules.count,
        .line = builder->rules.count + 1,
        .cut_slot = CST_NONE,
    };
    builder->rule_groups[builder->rules.count] = group;
    return add(&builder->rules, &row, sizeof row);
}

static void part(image_builder *builder, cst_part_row row)
{
    ((cst_rule_row *)(void *)builder->rules.bytes)[builder->rules.count - 1].message.count++;
    add(&builder->parts, &row, sizeof row);
}

void image_part_text(image_builder *builder, const char *bytes)
{
    part(builder, (cst_part_row){CST_PART_TEXT, 0, CST_NONE, CST_NONE, 0, 0, text(builder, bytes)});
}

void image_part_slot(image_builder *builder, uint32_t slot, uint32_t property)
{
    const cst_slot_row *const slots = (const cst_slot_row *)(void *)builder->slots.bytes;
    part(builder,
         (cst_part_row){CST_PART_SLOT, slot, CST_NONE, property, slots[slot].type, 0, {0, 0}});
}

void image_part_witness(image_builder *builder, uint32_t witness, uint32_t type)
{
    part(builder, (cst_part_row){CST_PART_WITNESS, witness, CST_NONE, CST_NONE, type, 0, {0, 0}});
}

/* ---- the field table ------------------------------------------------------------------------- */

static tree *new_tree(image_builder *builder, const char *name)
{
    tree *const fresh = checked(calloc(1, sizeof *fresh));
    snprintf(fresh->name, sizeof fresh->name, "%s", name);
    builder->trees[builder->tree_count++] = fresh;
    return fresh;
}

static tree *child_of(image_builder *builder, tree *parent, const char *name)
{
    uint32_t place = 0;
    for (; place < parent->child_count; place++) {
        const int order = strcmp(parent->children[place]->name, name);
        if (order == 0)
            return parent->children[place];
        if (order > 0)
            break;
    }
    memmove(&parent->children[place + 1], &parent->children[place],
            (parent->child_count - place) * sizeof *parent->children);
    parent->child_count++;
    return parent->children[place] = new_tree(builder, name);
}

static void add_reading(image_builder *builder, tree *root, const reading *next)
{
    char keys[sizeof next->keys];
    memcpy(keys, next->keys, sizeof keys);
    tree *at = root;
    char *rest = keys;
    for (uint32_t i = 0; rest; i++) {
        char *const slash = strchr(rest, '/');
        if (slash)
            *slash = '\0';
        at = child_of(builder, at, rest);
        at->required = at->required || (next->required >> i & 1);
        rest = slash ? slash + 1 : NULL;
    }
    at->targets[at->target_count++] = add(&builder->targets, &next->target, sizeof next->target);
}

/* Lays out the children of `row`, which is written already, and then theirs. */
static void lay_out(image_builder *builder, const tree *at, uint32_t row)
{
    const uint32_t first = builder->nodes.count;
    for (uint32_t i = 0; i < at->child_count; i++) {
        const tree *const child = at->children[i];
        const cst_node_row node = {
            .name = text(builder, child->name),
            .targets = {child->target_count ? child->targets[0] : 0, child->target_count},
            .required = child->required,
            .parent = row};
        add(&builder->nodes, &node, sizeof node);
    }
    ((cst_node_row *)(void *)builder->nodes.bytes)[row].children =
        (cst_range){first, at->child_count};
    for (uint32_t i = 0; i < at->child_count; i++)
        lay_out(builder, at->children[i], first + i);
}

static uint32_t add_root(image_builder *builder, cst_stage stage, uint32_t tool)
{
    tree *const root = new_tree(builder, "");
    /* Targets of one node must be neighbours: readings of one path are added together. */
    bool done[256] = {false};
    for (uint32_t i = 0; i < builder->reading_count; i++) {
        for (uint32_t k = i; k < builder->reading_count; k++) {
            const reading *const next = &builder->readings[k];
            if (done[k] || next->stage != stage ||
                (next->tool != tool && next->tool != IMAGE_EVERY_TOOL) ||
                strcmp(next->keys, builder->readings[i].keys) != 0)
                continue;
            add_reading(builder, root, next);
            done[k] = true;
        }
    }
    const cst_node_row node = {.name = text(builder, ""), .parent = CST_NONE};
    const uint32_t row = add(&builder->nodes, &node, sizeof node);
    lay_out(builder, root, row);
    return row;
}

/* ---- putting it together --------------------------------------------------------------------- */

static void add_dispatch(image_builder *builder, cst_image *image)
{
    for (int stage = 0; stage < CST_STAGE_COUNT; stage++) {
        const bool tools = stage == CST_ACTION || stage == CST_RESULT;
        const uint32_t count = tools ? builder->tools.count : 1;
        image->stages[stage].dispatch = (cst_range){builder->dispatch.count, count};
        for (uint32_t tool = 0; tool < count; tool++) {
            cst_dispatch_row row = {
                add_root(builder, (cst_stage)stage, tool), {builder->group_lists.count, 0}, {0, 0}};
            for (uint32_t group = 0; group < builder->group_count; group++) {
                const membership member = builder->members[group];
                if ((int)member.stage != stage ||
                    (member.tool != tool && member.tool != IMAGE_EVERY_TOOL))
                    continue;
                add(&builder->group_lists, &group, sizeof group);
                row.groups.count++;
            }
            add(&builder->dispatch, &row, sizeof row);
        }
    }
    for (uint32_t group = 0; group < builder->group_count; group++) {
        cst_group_row row = {.rules = {builder->group_rules.count, 0},
                             .label = text(builder, "group")};
        for (uint32_t rule = 0; rule < builder->rules.count; rule++) {
            if (builder->rule_groups[rule] != group)
                continue;
            add(&builder->group_rules, &rule, sizeof rule);
            row.rules.count++;
        }
        add(&builder->groups, &row, sizeof row);
    }
}

static uint32_t add_buckets(image_builder *builder)
{
    uint32_t capacity = 8;
    while (capacity < 2 * builder->symbols.count)
        capacity *= 2;
    uint32_t *const buckets = checked(calloc(capacity, sizeof *buckets));
    const cst_symbol_row *const symbols = (const cst_symbol_row *)(void *)builder->symbols.bytes;
    for (uint32_t i = 0; i < builder->symbols.count; i++) {
        uint32_t place = symbols[i].hash & (capacity - 1);
        while (buckets[place])
            place = (place + 1) & (capacity - 1);
        buckets[place] = i + 1;
    }
    for (uint32_t i = 0; i < capacity; i++)
        add(&builder->buckets, &buckets[i], sizeof *buckets);
    free(buckets);
    return capacity;
}

static cst_table put(uint8_t *image, uint32_t *at, const rows *from)
{
    const cst_table table = {*at, from->count};
    if (from->size)
        memcpy(image + *at, from->bytes, from->size);
    *at = (*at + (uint32_t)from->size + 7) & ~7u;
    return table;
}

/* References to texts count from the first text so far: from now on from the start of the image. */
static void move_texts(cst_image *image, uint32_t by)
{
#define MOVE(table, type, member)                                                                  \
    for (uint32_t i = 0; i < image->table.count; i++)                                              \
    ((type *)(void *)((uint8_t *)image + image->table.offset))[i].member.offset += by
    MOVE(symbols, cst_symbol_row, text);
    MOVE(fields, cst_field_row, name);
    MOVE(nodes, cst_node_row, name);
    MOVE(slots, cst_slot_row, path);
    MOVE(slots, cst_slot_row, pointer);
    MOVE(tools, cst_tool_row, name);
    MOVE(groups, cst_group_row, label);
    MOVE(layers, cst_layer_row, name);
    MOVE(layers, cst_layer_row, version);
    MOVE(rules, cst_rule_row, name);
    MOVE(rules, cst_rule_row, file);
    MOVE(principles, cst_principle_row, name);
    MOVE(principles, cst_principle_row, text);
    MOVE(parts, cst_part_row, text);
    MOVE(sites, cst_site_row, code);
    MOVE(sites, cst_site_row, at);
    MOVE(records, cst_record_row, name);
#undef MOVE
    for (uint32_t i = 0; i < image->names.count; i++)
        ((cst_ref *)(void *)((uint8_t *)image + image->names.offset))[i].offset += by;
    for (uint32_t i = 0; i < image->rules.count; i++) {
        cst_ref *const offering =
            &((cst_rule_row *)(void *)((uint8_t *)image + image->rules.offset))[i].offering;
        if (offering->length)
            offering->offset += by;
    }
    image->name.offset += by;
    image->version.offset += by;
}

const cst_module *image_finish(image_builder *builder)
{
    cst_image head = {.magic = CST_MODULE_MAGIC,
                      .abi = CST_ABI_VERSION,
                      .chain_agent = CST_NONE,
                      .chain_sender = CST_NONE,
                      .chain_receiver = CST_NONE};
    if (builder->layers.count == 0)
        image_layer(builder, "test");
    add_dispatch(builder, &head);
    head.symbol_capacity = add_buckets(builder);
    const rows *const all[] = {
        &builder->buckets,  &builder->symbols,   &builder->types,       &builder->fields,
        &builder->names,    &builder->nodes,     &builder->targets,     &builder->slots,
        &builder->tools,    &builder->groups,    &builder->group_rules, &builder->group_lists,
        &builder->dispatch, &builder->rules,     &builder->principles,  &builder->layers,
        &builder->parts,    &builder->witnesses, &builder->sites,       &builder->records};
    const uint32_t head_size = (uint32_t)(sizeof head + 7) & ~7u;
    size_t size = head_size + builder->texts.size;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        size += (all[i]->size + 7) & ~(size_t)7;
    uint8_t *const bytes = checked(calloc(1, size));
    uint32_t at = head_size;
    head.symbol_buckets = put(bytes, &at, &builder->buckets);
    head.symbols = put(bytes, &at, &builder->symbols);
    head.types = put(bytes, &at, &builder->types);
    head.fields = put(bytes, &at, &builder->fields);
    head.names = put(bytes, &at, &builder->names);
    head.nodes = put(bytes, &at, &builder->nodes);
    head.targets = put(bytes, &at, &builder->targets);
    head.slots = put(bytes, &at, &builder->slots);
    head.tools = put(bytes, &at, &builder->tools);
    head.groups = put(bytes, &at, &builder->groups);
    head.group_rules = put(bytes, &at, &builder->group_rules);
    head.group_lists = put(bytes, &at, &builder->group_lists);
    head.dispatch = put(bytes, &at, &builder->dispatch);
    head.rules = put(bytes, &at, &builder->rules);
    head.principles = put(bytes, &at, &builder->principles);
    head.layers = put(bytes, &at, &builder->layers);
    head.parts = put(bytes, &at, &builder->parts);
    head.witnesses = put(bytes, &at, &builder->witnesses);
    head.sites = put(bytes, &at, &builder->sites);
    head.records = put(bytes, &at, &builder->records);
    head.slot_count = builder->slots.count;
    head.tool_count = builder->tools.count;
    head.declared_rules = builder->rules.count;
    head.memo_count = 8;
    head.name = builder->name;
    head.version = builder->version;
    head.size = (uint32_t)size;
    memcpy(bytes + at, builder->texts.bytes, builder->texts.size);
    memcpy(bytes, &head, sizeof head);
    builder->image = (cst_image *)(void *)bytes;
    builder->size = (uint32_t)size;
    move_texts(builder->image, at);
    builder->module = (cst_module){.magic = CST_MODULE_MAGIC,
                                   .abi = CST_ABI_VERSION,
                                   .value_size = sizeof(cst_value),
                                   .image = builder->image,
                                   .groups = builder->functions,
                                   .witnesses = builder->searches};
    return &builder->module;
}

const cst_module *image_module(const image_builder *builder)
{
    return &builder->module;
}

uint8_t *image_bytes(image_builder *builder, uint32_t *size)
{
    *size = builder->size;
    return (uint8_t *)builder->image;
}

void image_free(image_builder *builder)
{
    rows *const all[] = {&builder->texts,       &builder->buckets,  &builder->symbols,
                         &builder->types,       &builder->fields,   &builder->names,
                         &builder->nodes,       &builder->targets,  &builder->slots,
                         &builder->tools,       &builder->groups,   &builder->group_rules,
                         &builder->group_lists, &builder->dispatch, &builder->rules,
                         &builder->principles,  &builder->layers,   &builder->parts,
                         &builder->witnesses,   &builder->sites,    &builder->records};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]->bytes);
    for (uint32_t i = 0; i < builder->tree_count; i++)
        free(builder->trees[i]);
    free(builder->image);
    free(builder);
}

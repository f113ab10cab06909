/*
 * tables.c - the rows that say what a person wrote: types, slots, rules, messages, principles,
 * layers, names.
 *
 * Row numbers are chosen so that no translation is needed: types, slots, tools, sites, principles,
 * layers and records as in the checked policy, rules by graph root (one row a body), groups and
 * witnesses as in the plan. Types carry their own row, which the checker gave them. The names of
 * open members are rows of `names` too; their numbers are written into `index` of the OPEN_MEMBER
 * nodes and expressions, where both executions find them.
 */
#include <assert.h>
#include <string.h>

#include "compiler/plan/planning.h"
#include "runtime/base/buffer.h"
#include "runtime/limits.h"

static uint32_t type_number(const image_builder *image, const type *one)
{
    if (one == NULL)
        return CST_NONE;
    assert(one->row < image->policy->types.count && image->policy->types.items[one->row] == one);
    return one->row < image->policy->types.count ? one->row : CST_NONE;
}

static void build_types(image_builder *image)
{
    for (uint32_t t = 0; t < image->policy->types.count; t++) {
        const type *one = image->policy->types.items[t];
        cst_type_row row = {.kind = (uint32_t)one->kind,
                            .bound = one->bound,
                            .element = one->kind == CST_KIND_LIST ? type_number(image, one->element)
                                                                  : CST_NONE};
        if (one->kind == CST_KIND_RECORD) {
            row.fields = (cst_range){image->fields.count, one->field_count};
            for (uint32_t f = 0; f < one->field_count; f++)
                *ARENA_PUSH(image->memory, &image->fields) =
                    (cst_field_row){.name = image_text(image, one->fields[f].name),
                                    .type = type_number(image, one->fields[f].type),
                                    .optional = one->fields[f].optional};
        } else if (one->enumeration != NULL) {
            row.fields = image_names(image, one->enumeration->values, one->enumeration->count);
        }
        *ARENA_PUSH(image->memory, &image->types) = row;
    }
}

/* A JSON pointer (RFC 6901): `~` and `/` in keys are escaped. */
static cst_ref pointer_of(image_builder *image, const slot *one)
{
    size_t room = 1;
    for (uint32_t k = 0; k < one->key_count; k++)
        room += 1 + 2 * strlen(one->keys[k]);
    char *pointer = arena_allocate(image->memory, room), *end = pointer;
    for (uint32_t k = 0; k < one->key_count; k++) {
        *end++ = '/';
        for (const char *c = one->keys[k]; *c != 0; c++) {
            if (*c == '~' || *c == '/') {
                *end++ = '~';
                *end++ = *c == '~' ? '0' : '1';
            } else {
                *end++ = *c;
            }
        }
    }
    return image_bytes(image, pointer, (size_t)(end - pointer));
}

static void build_slots(image_builder *image)
{
    for (uint32_t s = 0; s < image->policy->slots.count; s++) {
        const slot *one = &image->policy->slots.items[s];
        *ARENA_PUSH(image->memory, &image->slots) =
            (cst_slot_row){.path = image_text(image, one->path),
                           .pointer = pointer_of(image, one),
                           .type = type_number(image, one->type),
                           .secret = one->secret};
    }
}

/* ---- rules ----------------------------------------------------------------------------------- */

static uint32_t part_index(const rule_body *body, const message_part *part, uint32_t first_witness)
{
    if (part->kind == CST_PART_SLOT)
        return part->slot;
    for (uint32_t w = 0; part->kind == CST_PART_WITNESS && w < body->witness_count; w++)
        if (body->witnesses[w]->local == part->local)
            return first_witness + w;
    return CST_NONE;
}

static cst_range build_message(image_builder *image, const rule_body *body, uint32_t first_witness)
{
    const cst_range range = {image->parts.count, body->message_count};
    for (uint32_t i = 0; i < body->message_count; i++) {
        const message_part *part = &body->message[i];
        cst_part_row row = {.kind = (uint32_t)part->kind,
                            .index = part_index(body, part, first_witness),
                            .field = CST_NONE,
                            .property = CST_NONE,
                            .type = CST_NONE};
        if (part->kind == CST_PART_TEXT) {
            row.index = 0;
            row.text = image_bytes(image, part->text, part->length);
        } else {
            row.field = part->kind == CST_PART_WITNESS ? part->field : CST_NONE;
            row.property = part->property;
            row.type = type_number(image, part->type);
            row.secret = part->secret;
            assert(row.index != CST_NONE);
        }
        *ARENA_PUSH(image->memory, &image->parts) = row;
    }
    return range;
}

/* Single values whose origin must have been what it was for the condition to be true: those of an
 * `and` at the top. */
static void add_leaves(image_builder *image, const expression *condition)
{
    for (uint32_t i = 0; condition->kind == EXPRESSION_AND && i < condition->item_count; i++)
        add_leaves(image, condition->items[i]);
    const expression *const from = condition->kind == EXPRESSION_NOT ? condition->left : condition;
    if (from->kind != EXPRESSION_FROM || from->left->kind != EXPRESSION_FIELD)
        return;
    const type *const type = from->left->type;
    if (kind_has_text(type->kind) || type->kind == CST_KIND_INT || type->kind == CST_KIND_DECIMAL ||
        type->kind == CST_KIND_FLOAT)
        *ARENA_PUSH(image->memory, &image->leaves) = from->left->slot;
}

static cst_range build_leaves(image_builder *image, const rule_body *body)
{
    const uint32_t first = image->leaves.count;
    add_leaves(image, body->condition);
    return (cst_range){first, image->leaves.count - first};
}

static cst_range build_witnesses(image_builder *image, const rule_body *body)
{
    const cst_range range = {image->witnesses.count, body->witness_count};
    for (uint32_t w = 0; w < body->witness_count; w++) {
        const expression *list = body->witnesses[w]->left;
        const uint32_t of = list->kind == EXPRESSION_FIELD ? list->slot : CST_NONE;
        const uint32_t function = image->witnesses.count;
        *ARENA_PUSH(image->memory, &image->witnesses) =
            (cst_witness_row){.function = function, .slot = of};
    }
    return range;
}

static bool asks_past(const expression *node)
{
    if (node == NULL)
        return false;
    bool asks = node->kind == EXPRESSION_EARLIER || node->kind == EXPRESSION_PAST_NUMBER ||
                node->kind == EXPRESSION_PAST_LATEST || asks_past(node->left) ||
                asks_past(node->right);
    for (uint32_t i = 0; i < node->item_count && !asks; i++)
        asks = asks_past(node->items[i]);
    return asks;
}

/* 1 + its row, or 0. */
static uint32_t build_standing(image_builder *image, const checked_standing *one, uint32_t holder)
{
    if (one == NULL)
        return 0;
    *ARENA_PUSH(image->memory, &image->standings) =
        (cst_standing_row){.within_us = one->within_us,
                           .uses = one->uses,
                           .holder = holder,
                           .free = image_names(image, one->free, one->free_count)};
    return image->standings.count;
}

static void build_rule(image_builder *image, const graph_root *root)
{
    const rule *one = &image->policy->rules.items[root->rule];
    const rule_body *body = &one->bodies[root->body];
    cst_rule_row row = {.name = image_text(image, one->name),
                        .offering = one->offering != NULL ? image_text(image, one->offering)
                                                          : (cst_ref){0, 0},
                        .who = image_names(image, one->who, one->who_count),
                        .witnesses = build_witnesses(image, body),
                        .leaves = build_leaves(image, body),
                        .within_us = one->within_us,
                        .until_us = one->until_us,
                        .kind = (uint32_t)one->kind,
                        .verdict = (uint32_t)one->verdict,
                        .shadow = one->shadow,
                        .layer = one->layer,
                        .principle = one->principle,
                        .waives = one->waives,
                        .identity = root->rule,
                        .cut_slot = body->cut_slot,
                        .whole = body->whole,
                        .watch = one->watch,
                        .label = one->label,
                        .only_label = one->only_label,
                        .put_note = body->put_note,
                        .asks_past = asks_past(body->condition),
                        .standing = build_standing(image, one->standing, body->holder_slot)};
    row.mark = (cst_range){image->parts.count, one->mark_count};
    for (uint32_t i = 0; i < one->mark_count; i++)
        *ARENA_PUSH(image->memory, &image->parts) =
            (cst_part_row){.kind = (uint32_t)one->mark[i].kind,
                           .index = one->mark[i].slot,
                           .field = CST_NONE,
                           .property = CST_NONE,
                           .type = CST_NONE,
                           .text = image_bytes(image, one->mark[i].text, one->mark[i].length)};
    row.message = build_message(image, body, row.witnesses.first);
    row.file = image_text(image, "");
    if (one->range.file < image->unit->sources.count) {
        row.file = image_text(image, image->unit->sources.items[one->range.file].path);
        row.line = source_locate(image->unit, one->range.file, one->range.start).line;
    }
    *ARENA_PUSH(image->memory, &image->rules) = row;
}

static void build_groups(image_builder *image)
{
    for (uint32_t g = 0; g < image->plan->group_count; g++) {
        const plan_group *group = &image->plan->groups[g];
        *ARENA_PUSH(image->memory, &image->groups) =
            (cst_group_row){.rules = {image->group_rules.count, group->rule_count},
                            .label = image_text(image, group->label)};
        if (group->index != NULL) {
            cst_group_row *row = &image->groups.items[g];
            row->index = group->index->root;
            row->index_keys = group->index->key_count;
            row->index_bundles = group->index->bundle_count;
        }
        for (uint32_t r = 0; r < group->rule_count; r++)
            *ARENA_PUSH(image->memory, &image->group_rules) = group->rules[r].row;
    }
}

/* ---- the rest of the policy ------------------------------------------------------------------ */

static void build_policy(image_builder *image)
{
    const checked_policy *policy = image->policy;
    for (uint32_t i = 0; i < policy->principles.count; i++) {
        const principle *one = &policy->principles.items[i];
        *ARENA_PUSH(image->memory, &image->principles) =
            (cst_principle_row){.name = image_text(image, one->name),
                                .text = image_text(image, one->text),
                                .maps = image_names(image, one->maps, one->map_count)};
    }
    for (uint32_t l = 0; l < policy->layer_count; l++) {
        const layer *one = &policy->layers[l];
        cst_layer_row row = {.name = image_text(image, one->name),
                             .version = image_text(image, one->version)};
        for (uint32_t s = 0; s < CST_STAGE_COUNT; s++) {
            const layer_default *of = &one->defaults[s];
            row.defaults[s] =
                (cst_default_row){.verdict = (uint32_t)of->verdict,
                                  .who = image_names(image, of->who, of->who_count),
                                  .within_us = of->within_us,
                                  .standing = build_standing(image, of->standing, CST_NONE)};
        }
        *ARENA_PUSH(image->memory, &image->layers) = row;
    }
    for (uint32_t i = 0; i < policy->sites.count; i++) {
        const site *one = &policy->sites.items[i];
        *ARENA_PUSH(image->memory, &image->sites) =
            (cst_site_row){.code = image_text(image, one->code), .at = image_text(image, one->at)};
    }
    for (uint32_t i = 0; i < policy->records.count; i++)
        *ARENA_PUSH(image->memory, &image->records) =
            (cst_record_row){.name = image_text(image, policy->records.items[i].name)};
    for (uint32_t t = 0; t < policy->tools.count; t++)
        *ARENA_PUSH(image->memory, &image->tools) = (cst_tool_row){
            .name = image_text(image, policy->tools.items[t].name),
            .symbol = image->symbols->tools[t],
            .arguments = policy->has_standing && policy->tools.items[t].parameters != NULL
                             ? 1 + type_number(image, policy->tools.items[t].parameters)
                             : 0};
}

/* ---- history --------------------------------------------------------------------------------- */

static void build_history(image_builder *image)
{
    const checked_policy *policy = image->policy;
    for (uint32_t i = 0; i < policy->pasts.count; i++) {
        const checked_past *one = &policy->pasts.items[i];
        *ARENA_PUSH(image->memory, &image->pasts) = (cst_past_row){
            .identity = one->identity,
            .within_us = one->within_us,
            .text = image_text(image, one->text),
            .kind = (uint32_t)one->kind,
            .first_watch = one->first_watch,
            .steps = one->steps,
            .since = one->since,
            .since_keyed = one->since_keyed,
            .key_count = one->key_count,
            .across = one->across,
            .bound = past_bound(one),
            .saturates = past_saturates(one),
            .type = one->kind == CST_PAST_LATEST ? type_number(image, one->value) : CST_NONE};
    }
    for (uint32_t i = 0; i < policy->watches.count; i++) {
        const checked_watch *one = &policy->watches.items[i];
        *ARENA_PUSH(image->memory, &image->watches) = (cst_watch_row){.past = one->past,
                                                                      .step = one->step,
                                                                      .mark = (uint32_t)one->mark,
                                                                      .first_note = one->first_note,
                                                                      .key_count = one->key_count,
                                                                      .has_value = one->has_value,
                                                                      .filtered = one->filtered};
    }
    for (uint32_t i = 0; i < policy->labels.count; i++)
        *ARENA_PUSH(image->memory, &image->labels) = image_text(image, policy->labels.items[i]);
}

/* ---- open members ---------------------------------------------------------------------------- */

typedef struct open_names {
    image_builder *image;
    lists rows; /* by offset of the text: entry number = row - base */
    uint32_t base;
} open_names;

static uint32_t open_name_row(open_names *open, const char *name)
{
    const cst_ref text = image_text(open->image, name);
    const uint32_t number = lists_add(open->image->memory, &open->rows, &text.offset, 1);
    if (open->base + number == open->image->names.count)
        *ARENA_PUSH(open->image->memory, &open->image->names) = text;
    return open->base + number;
}

static void number_members(open_names *open, expression *tree)
{
    if (tree == NULL)
        return;
    if (tree->kind == EXPRESSION_OPEN_MEMBER)
        tree->index = open_name_row(open, tree->name);
    number_members(open, tree->left);
    number_members(open, tree->right);
    for (uint32_t i = 0; i < tree->item_count; i++)
        number_members(open, tree->items[i]);
}

static void build_open_names(image_builder *image)
{
    open_names open = {.image = image, .base = image->names.count};
    const checked_policy *policy = image->policy;
    for (uint32_t r = 0; r < policy->rules.count; r++)
        for (uint32_t b = 0; b < policy->rules.items[r].body_count; b++)
            number_members(&open, policy->rules.items[r].bodies[b].condition);
    for (uint32_t id = 0; id < image->unit->graph->nodes.count; id++) {
        graph_node *node = &image->unit->graph->nodes.items[id];
        if (node->kind == EXPRESSION_OPEN_MEMBER)
            node->index = open_name_row(&open, node->name);
    }
}

void tables_build(image_builder *image)
{
    build_types(image);
    build_slots(image);
    for (uint32_t r = 0; r < image->unit->graph->roots.count; r++) {
        build_rule(image, &image->unit->graph->roots.items[r]);
        if (image->policy->rules.items[image->unit->graph->roots.items[r].rule].kind !=
            CST_RULE_WATCH)
            image->declared_rules = image->rules.count;
    }
    build_groups(image);
    build_policy(image);
    build_history(image);
    build_open_names(image);
}

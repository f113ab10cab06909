/*
 * declarations.c - everything that is declared and is no condition: principles, enums, agents,
 * contexts, defaults, approvals.
 *
 * Order matters only here and in tools.c: a type may name an enum or `agent`, so enums and agents
 * come first, of all files; then contexts and tools from the uppermost layer down, so that a
 * disagreement is reported in the lower file, where it can be mended. Sets are read last; their
 * elements have no type before a condition demands one.
 */
#include <string.h>

#include "compiler/check/tools.h"

/* ---- lists of names -------------------------------------------------------------------------- */

/* Reports names that stand twice in one list. A list may be as long as its file, so it is indexed.
 */
void duplicates_check(checker *checker, const ast_texts *texts, const char *what)
{
    name_table seen = {0};
    for (uint32_t i = 0; i < texts->count; i++) {
        const ast_text *const text = &texts->items[i];
        if (text->bytes == NULL)
            continue;
        const uint32_t first = name_table_find(&seen, text->bytes, text->length);
        if (first == CST_NONE) {
            name_table_add(checker->arena, &seen, text->bytes, i);
            continue;
        }
        diagnostic *const d =
            diagnostic_report(checker->compilation, E_DUPLICATE_VALUE, text->range,
                              "the %s `%s` is listed twice", what, text->bytes);
        diagnostic_note_at(checker->compilation, d, texts->items[first].range, "the first is here");
        diagnostic_mend(checker->compilation, d, text->range, NULL, "leave one of them out");
    }
}

static enumeration *enumeration_make(checker *checker, const char *name, const ast_texts *texts,
                                     source_range range)
{
    enumeration *const made = arena_allocate(checker->arena, sizeof *made);
    made->name = name;
    made->range = range;
    made->values = arena_array(checker->arena, texts->count, sizeof *made->values);
    name_table seen = {0};
    for (uint32_t i = 0; i < texts->count; i++) {
        const char *const value = texts->items[i].bytes;
        if (value == NULL || name_table_find(&seen, value, strlen(value)) != CST_NONE)
            continue;
        name_table_add(checker->arena, &seen, value, i);
        made->values[made->count++] = value;
    }
    return made;
}

/* ---- principles, enums, agents, approvals ---------------------------------------------------- */

static void principle_add(checker *checker, unit *unit, const ast_declaration *declaration)
{
    symbol *const symbol = unit_find(unit, declaration->name.bytes, declaration->name.length);
    if (symbol == NULL || symbol->declaration != declaration)
        return; /* a duplicate, reported */
    principle *const made = ARENA_PUSH(checker->arena, &checker->policy->principles);
    made->name = declaration->name.bytes;
    made->text = declaration->text.bytes;
    made->map_count = declaration->texts.count;
    made->maps = arena_array(checker->arena, made->map_count, sizeof *made->maps);
    for (uint32_t i = 0; i < made->map_count; i++)
        made->maps[i] = declaration->texts.items[i].bytes;
    symbol->number = checker->policy->principles.count - 1;
}

uint32_t principle_find(checker *checker, unit *unit, const ast_text *name)
{
    for (struct unit *layer = unit; layer != NULL; layer = layer->upper) {
        symbol *const symbol = unit_find(layer, name->bytes, name->length);
        if (symbol == NULL || symbol->kind != SYMBOL_PRINCIPLE)
            continue;
        symbol->used = true;
        return symbol->number;
    }
    diagnostic *const d = diagnostic_report(checker->compilation, E_UNKNOWN_PRINCIPLE, name->range,
                                            "no principle is called `%s`", name->bytes);
    uint32_t count;
    const char *const *const names = unit_names(checker, unit, 1u << SYMBOL_PRINCIPLE, &count);
    const char *const near = diagnostic_nearest(name->bytes, names, count);
    if (near != NULL) {
        diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(checker->compilation, d, name->range, near, "write `%s`", near);
    } else {
        diagnostic_mend(checker->compilation, d, name->range, NULL,
                        "declare it: `principle %s \"…\"`", name->bytes);
    }
    return CST_NONE;
}

static void enum_add(checker *checker, unit *unit, const ast_declaration *declaration)
{
    duplicates_check(checker, &declaration->texts, "value");
    symbol *const symbol = unit_find(unit, declaration->name.bytes, declaration->name.length);
    if (symbol != NULL && symbol->declaration == declaration)
        symbol->enumeration = enumeration_make(checker, declaration->name.bytes,
                                               &declaration->texts, declaration->name.range);
}

typedef struct text_list {
    ast_text *items;
    uint32_t count, capacity;
} text_list;

static bool channel_known(const checker *checker, const ast_text *name)
{
    const name_table *const names = checker->channel_names;
    return names != NULL && name_table_find(names, name->bytes, name->length) != CST_NONE;
}

static void channels_add(checker *checker, const ast_declaration *declaration)
{
    if (checker->channel_names == NULL)
        checker->channel_names = arena_allocate(checker->arena, sizeof(name_table));
    duplicates_check(checker, &declaration->texts, "approver");
    for (uint32_t i = 0; i < declaration->texts.count; i++) {
        const ast_text *const text = &declaration->texts.items[i];
        if (text->bytes == NULL || channel_known(checker, text))
            continue;
        name_table_add(checker->arena, checker->channel_names, text->bytes,
                       checker->channels.count);
        *ARENA_PUSH(checker->arena, &checker->channels) = *text;
    }
}

/* All layers' agents are one enumeration: an agent may be known above and acted by below. */
static void agents_add(checker *checker)
{
    text_list all = {0};
    source_range range = {0};
    for (uint32_t i = 0; i < checker->layers.count; i++) {
        const ast_file *const file = checker->layers.items[i]->file;
        for (uint32_t k = 0; k < file->count; k++) {
            if (file->items[k]->kind != AST_AGENTS)
                continue;
            duplicates_check(checker, &file->items[k]->texts, "agent");
            range = file->items[k]->range;
            for (uint32_t n = 0; n < file->items[k]->texts.count; n++)
                *ARENA_PUSH(checker->arena, &all) = file->items[k]->texts.items[n];
        }
    }
    const ast_texts texts = {all.items, all.count};
    if (all.count > 0)
        checker->agents = enumeration_make(checker, "agents", &texts, range);
}

bool channels_check(checker *checker, const ast_texts *who)
{
    if (checker->channels.count == 0)
        return true; /* one warning for the whole policy: warnings.c */
    bool sound = true;
    for (uint32_t i = 0; i < who->count; i++) {
        const ast_text *const name = &who->items[i];
        if (name->bytes == NULL || channel_known(checker, name))
            continue;
        sound = false;
        diagnostic *const d =
            diagnostic_report(checker->compilation, E_UNKNOWN_CHANNEL, name->range,
                              "`%s` is not among those who can be asked", name->bytes);
        const char **const names =
            arena_array(checker->arena, checker->channels.count, sizeof *names);
        const char *list = "";
        for (uint32_t k = 0; k < checker->channels.count; k++) {
            names[k] = checker->channels.items[k].bytes;
            if (k < 8)
                list = arena_format(checker->arena, "%s%s`%s`", list, k == 0 ? "" : ", ", names[k]);
        }
        const char *const near = diagnostic_nearest(name->bytes, names, checker->channels.count);
        if (near != NULL) {
            diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
            diagnostic_mend(checker->compilation, d, name->range, near,
                            "write `%s`, or add `%s` to `approvals by`", near, name->bytes);
        } else {
            source_range end = checker->channels.items[checker->channels.count - 1].range;
            end.start = end.end;
            diagnostic_mend(checker->compilation, d, end,
                            arena_format(checker->arena, ", %s", name->bytes),
                            "add `%s` to `approvals by`", name->bytes);
        }
        diagnostic_note_at(checker->compilation, d, checker->channels.items[0].range,
                           "`approvals by` has %s%s", list,
                           checker->channels.count > 8 ? ", …" : "");
    }
    return sound;
}

/* ---- contexts -------------------------------------------------------------------------------- */

bool types_agree(const type *a, const type *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->bound != b->bound)
        return false;
    if (a->kind == CST_KIND_LIST)
        return types_agree(a->element, b->element);
    if (a->kind == CST_KIND_ENUM) {
        bool same = a->enumeration->count == b->enumeration->count;
        for (uint32_t i = 0; same && i < a->enumeration->count; i++) {
            bool found = false;
            for (uint32_t k = 0; !found && k < b->enumeration->count; k++)
                found = strcmp(a->enumeration->values[i], b->enumeration->values[k]) == 0;
            same = found;
        }
        return same;
    }
    if (a->kind != CST_KIND_RECORD || a->field_count != b->field_count)
        return false;
    for (uint32_t i = 0; i < a->field_count; i++)
        if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
            a->fields[i].optional != b->fields[i].optional ||
            !types_agree(a->fields[i].type, b->fields[i].type))
            return false;
    return true;
}

const type *records_merge(checker *checker, const type *upper, const type *lower, const char *what,
                          const char *name)
{
    type_field *const fields =
        arena_array(checker->arena, upper->field_count + lower->field_count, sizeof *fields);
    name_table known = {0};
    uint32_t count = 0;
    for (; count < upper->field_count; count++) {
        fields[count] = upper->fields[count];
        name_table_add(checker->arena, &known, fields[count].name, count);
    }
    for (uint32_t i = 0; i < lower->field_count; i++) {
        const type_field *const field = &lower->fields[i];
        const uint32_t at = name_table_find(&known, field->name, strlen(field->name));
        if (at == CST_NONE) {
            fields[count++] = *field;
            continue;
        }
        /* Who demands the field wins: an event without it is malformed for one of the layers, hence
         * for all. */
        fields[at].optional = fields[at].optional && field->optional;
        if (types_agree(fields[at].type, field->type) || type_is_lost(checker, fields[at].type) ||
            type_is_lost(checker, field->type))
            continue;
        diagnostic *const d = diagnostic_report(
            checker->compilation, E_LAYERS_DISAGREE, field->range,
            "`%s` of the %s `%s` is %s here and %s in the file above", field->name, what, name,
            type_name(checker, field->type), type_name(checker, fields[at].type));
        diagnostic_note_at(checker->compilation, d, fields[at].range,
                           "the other declaration is here");
        diagnostic_mend(checker->compilation, d, field->range, NULL,
                        "leave the field out here, or give it the type %s",
                        type_name(checker, fields[at].type));
    }
    return type_record(checker, fields, count);
}

static void context_add(checker *checker, unit *unit, const ast_declaration *declaration)
{
    const ast_type written = {.kind = AST_TYPE_RECORD,
                              .range = declaration->range,
                              .fields = declaration->fields.items,
                              .field_count = declaration->fields.count};
    const type *const record = type_resolve(checker, unit, &written, 0);
    symbol *const symbol = unit_find(unit, declaration->name.bytes, declaration->name.length);
    if (record == NULL || symbol == NULL || symbol->declaration != declaration)
        return;
    for (uint32_t i = 0; i < checker->policy->records.count; i++) {
        context_record *const known = &checker->policy->records.items[i];
        if (strcmp(known->name, symbol->name) != 0)
            continue;
        known->type = records_merge(checker, known->type, record, "context", known->name);
        symbol->number = i;
        return;
    }
    *ARENA_PUSH(checker->arena, &checker->policy->records) =
        (context_record){symbol->name, record, declaration->name.range};
    symbol->number = checker->policy->records.count - 1;
}

/* ---- defaults -------------------------------------------------------------------------------- */

static void default_add(checker *checker, const unit *unit, const ast_declaration *declaration,
                        const ast_declaration *first[CST_STAGE_COUNT])
{
    if (declaration->stages.count == 0)
        return;
    const cst_stage stage = declaration->stages.items[0].stage;
    if (first[stage] != NULL) {
        diagnostic *const d =
            diagnostic_report(checker->compilation, E_DUPLICATE_DEFAULT, declaration->range,
                              "the stage `%s` has a default already", cst_stage_name(stage));
        diagnostic_note_at(checker->compilation, d, first[stage]->range, "the first is here");
        diagnostic_mend(checker->compilation, d, declaration->range, NULL, "keep one of them");
        return;
    }
    first[stage] = declaration;
    layer_default *const made = &checker->policy->layers[unit->layer].defaults[stage];
    made->verdict = declaration->verdict;
    if (declaration->verdict != CST_REQUIRE_APPROVAL)
        return;
    channels_check(checker, &declaration->ask.who);
    made->who_count = declaration->ask.who.count;
    made->who = arena_array(checker->arena, made->who_count, sizeof *made->who);
    for (uint32_t i = 0; i < made->who_count; i++)
        made->who[i] = declaration->ask.who.items[i].bytes;
    made->within_us = declaration->ask.has_within ? declaration->ask.within_us : 0;
    made->standing = standing_read(checker, declaration->ask.standing);
    if (declaration->ask.standing != NULL)
        standing_check_default(checker, declaration->ask.standing, stage);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void set_add(checker *checker, unit *unit, const ast_declaration *declaration)
{
    symbol *const symbol = unit_find(unit, declaration->name.bytes, declaration->name.length);
    if (symbol != NULL && symbol->declaration == declaration)
        symbol->set = set_read(checker, unit, declaration);
}

/* Calls `add` on the declarations of one kind of one unit. */
static void each(checker *checker, unit *unit, ast_kind kind,
                 void (*add)(struct checker *checker, struct unit *unit,
                             const ast_declaration *declaration))
{
    for (uint32_t i = 0; i < unit->file->count; i++)
        if (unit->file->items[i]->kind == kind && unit->file->items[i]->name.bytes != NULL)
            add(checker, unit, unit->file->items[i]);
}

static void layer_check(checker *checker, const unit *unit)
{
    const ast_declaration *first[CST_STAGE_COUNT] = {0};
    for (uint32_t i = 0; i < unit->file->count; i++) {
        const ast_declaration *const declaration = unit->file->items[i];
        if (declaration->kind == AST_DEFAULT)
            default_add(checker, unit, declaration, first);
    }
}

void declarations_check(checker *checker)
{
    checker->declarations = arena_allocate(checker->arena, sizeof(declarations));
    agents_add(checker);
    for (uint32_t i = 0; i < checker->units.count; i++)
        each(checker, checker->units.items[i], AST_ENUM, enum_add);
    for (uint32_t i = 0; i < checker->layers.count; i++) {
        const unit *const layer = checker->layers.items[i];
        each(checker, checker->layers.items[i], AST_PRINCIPLE, principle_add);
        for (uint32_t k = 0; k < layer->file->count; k++)
            if (layer->file->items[k]->kind == AST_APPROVALS)
                channels_add(checker, layer->file->items[k]);
    }
    for (uint32_t i = checker->layers.count; i-- > 0;)
        each(checker, checker->layers.items[i], AST_CONTEXT, context_add);
    tools_check(checker);
    for (uint32_t i = 0; i < checker->layers.count; i++)
        layer_check(checker, checker->layers.items[i]);
    for (uint32_t i = 0; i < checker->units.count; i++)
        each(checker, checker->units.items[i], AST_SET_DECL, set_add);
}

/*
 * tools.c - the tools of a policy: declared, imported, tagged, merged, and found again by name.
 *
 * For each layer, from the uppermost down: what its imports say, then what its own declarations
 * make of that, then the merge with the layers above. Tool numbers follow the order of that merge;
 * 0 is `unknown`, the tool that nobody declared.
 */
#include <string.h>

#include "compiler/check/tools.h"
#include "runtime/base/hash.h"
#include "runtime/limits.h"

/* ---- names ----------------------------------------------------------------------------------- */

uint32_t name_table_find(const name_table *table, const char *name, size_t length)
{
    if (table->capacity == 0)
        return CST_NONE;
    uint32_t at = cst_hash(name, length) & (table->capacity - 1);
    for (; table->slots[at] != 0; at = (at + 1) & (table->capacity - 1)) {
        const struct name_entry *const entry = &table->entries.items[table->slots[at] - 1];
        if (entry->length == length && memcmp(entry->name, name, length) == 0)
            return entry->number;
    }
    return CST_NONE;
}

static void name_table_insert(name_table *table, uint32_t number)
{
    const struct name_entry *const entry = &table->entries.items[number];
    uint32_t at = cst_hash(entry->name, entry->length) & (table->capacity - 1);
    while (table->slots[at] != 0)
        at = (at + 1) & (table->capacity - 1);
    table->slots[at] = number + 1;
}

void name_table_add(arena *arena, name_table *table, const char *name, uint32_t number)
{
    *ARENA_PUSH(arena, &table->entries) = (struct name_entry){name, (uint32_t)strlen(name), number};
    if (table->entries.count * 2 <= table->capacity) {
        name_table_insert(table, table->entries.count - 1);
        return;
    }
    table->capacity = table->capacity == 0 ? 16 : table->capacity * 2;
    table->slots = arena_array(arena, table->capacity, sizeof *table->slots);
    for (uint32_t i = 0; i < table->entries.count; i++)
        name_table_insert(table, i);
}

static declarations *state_of(const checker *checker)
{
    return checker->declarations;
}

uint32_t tool_find(const checker *checker, const char *name, size_t length)
{
    return name_table_find(&state_of(checker)->tools, name, length);
}

bool tool_has_tag(const tool *tool, const char *tag, size_t length)
{
    for (uint32_t i = 0; i < tool->tag_count; i++)
        if (strlen(tool->tags[i]) == length && memcmp(tool->tags[i], tag, length) == 0)
            return true;
    return false;
}

/* ---- drafts ---------------------------------------------------------------------------------- */

tool_draft *tool_draft_find(const tool_drafts *drafts, const char *name)
{
    const uint32_t at = name_table_find(&drafts->names, name, strlen(name));
    return at == CST_NONE ? NULL : &drafts->list.items[at];
}

tool_draft *tool_draft_add(checker *checker, const char *name, source_range range)
{
    tool_drafts *const drafts = state_of(checker)->drafts;
    tool_draft *const made = ARENA_PUSH(checker->arena, &drafts->list);
    made->name = name;
    made->range = range;
    name_table_add(checker->arena, &drafts->names, name, drafts->list.count - 1);
    return made;
}

void tool_tag_add(checker *checker, tool_tags *tags, const char *tag)
{
    if (name_table_find(&tags->names, tag, strlen(tag)) != CST_NONE)
        return;
    name_table_add(checker->arena, &tags->names, tag, tags->count);
    *ARENA_PUSH(checker->arena, tags) = tag;
}

/* The type of `tool NAME(…)` over an import: types are replaced, nothing is added, and what the
 * import demands stays demanded. */
static const type *parameters_narrow(checker *checker, const tool_draft *draft,
                                     const type *narrower)
{
    const type *const wide = draft->parameters;
    type_field *const fields = arena_array(checker->arena, wide->field_count, sizeof *fields);
    const char **const names = arena_array(checker->arena, wide->field_count, sizeof *names);
    name_table known = {0};
    for (uint32_t i = 0; i < wide->field_count; i++) {
        fields[i] = wide->fields[i];
        names[i] = fields[i].name;
        name_table_add(checker->arena, &known, names[i], i);
    }
    for (uint32_t i = 0; i < narrower->field_count; i++) {
        const type_field *const field = &narrower->fields[i];
        const uint32_t at = name_table_find(&known, field->name, strlen(field->name));
        if (at != CST_NONE) {
            const bool optional = fields[at].optional && field->optional;
            fields[at] = *field;
            fields[at].optional = optional;
            continue;
        }
        diagnostic *const d = diagnostic_report(
            checker->compilation, E_UNKNOWN_PARAMETER, field->range,
            "the imported tool `%s` has no parameter `%s`", draft->name, field->name);
        const char *const near = diagnostic_nearest(field->name, names, wide->field_count);
        if (near != NULL) {
            diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
            diagnostic_mend(checker->compilation, d, field->range, near, "write `%s`", near);
        }
        diagnostic_note_at(checker->compilation, d, draft->range, "the tool is described here");
    }
    return type_record(checker, fields, wide->field_count);
}

/* ---- declarations ---------------------------------------------------------------------------- */

typedef struct tool_shape { /* what one `tool` says about all its names */
    const ast_declaration *declaration;
    const type *parameters, *returns;
} tool_shape;

static void draft_declare(checker *checker, const ast_text *name, const tool_shape *shape)
{
    const ast_declaration *const declaration = shape->declaration;
    if (name->bytes == NULL)
        return;
    if (strcmp(name->bytes, "unknown") == 0 || name->length == 0 ||
        strlen(name->bytes) != name->length) {
        diagnostic *const d = diagnostic_report(checker->compilation, E_RESERVED_NAME, name->range,
                                                "no tool can be called `%s`", name->bytes);
        diagnostic_note_text(checker->compilation, d,
                             "`unknown` stands for every tool that is not declared");
        return;
    }
    tool_draft *draft = tool_draft_find(state_of(checker)->drafts, name->bytes);
    if (draft == NULL)
        draft = tool_draft_add(checker, name->bytes, name->range);
    for (uint32_t i = 0; i < declaration->tags.count; i++)
        if (declaration->tags.items[i].bytes != NULL)
            tool_tag_add(checker, &draft->tags, declaration->tags.items[i].bytes);
    if (!declaration->has_parameters && declaration->type == NULL)
        return;
    if (draft->declared) {
        diagnostic *const d = diagnostic_report(checker->compilation, E_DUPLICATE_TOOL, name->range,
                                                "the tool `%s` is declared twice", name->bytes);
        diagnostic_note_at(checker->compilation, d, draft->declared_range,
                           "the first declaration is here");
        diagnostic_mend(checker->compilation, d, name->range, NULL, "keep one of them");
        return;
    }
    draft->declared = true;
    draft->declared_range = name->range;
    if (shape->parameters != NULL)
        draft->parameters = draft->imported && draft->parameters != NULL
                                ? parameters_narrow(checker, draft, shape->parameters)
                                : shape->parameters;
    if (shape->returns != NULL)
        draft->returns = shape->returns;
}

static void tool_declare(checker *checker, unit *unit, const ast_declaration *declaration)
{
    tool_shape shape = {.declaration = declaration};
    if (declaration->has_parameters) {
        const ast_type written = {.kind = AST_TYPE_RECORD,
                                  .range = declaration->fields.range,
                                  .fields = declaration->fields.items,
                                  .field_count = declaration->fields.count};
        shape.parameters = type_resolve(checker, unit, &written, 0);
    }
    if (declaration->type != NULL)
        shape.returns = type_or_lost(checker, type_resolve(checker, unit, declaration->type, 0));
    for (uint32_t i = 0; i < declaration->texts.count; i++)
        draft_declare(checker, &declaration->texts.items[i], &shape);
}

/* A tag for a tool that an import seems to spell otherwise: the one mistake here that could loosen
 * a policy. */
static void untyped_check(checker *checker, const tool_drafts *drafts)
{
    const char **const imported = arena_array(checker->arena, drafts->list.count, sizeof *imported);
    uint32_t count = 0;
    for (uint32_t i = 0; i < drafts->list.count; i++)
        if (drafts->list.items[i].imported)
            imported[count++] = drafts->list.items[i].name;
    for (uint32_t i = 0; i < drafts->list.count && count > 0; i++) {
        const tool_draft *const draft = &drafts->list.items[i];
        const char *const near = draft->imported || draft->declared
                                     ? NULL
                                     : diagnostic_nearest(draft->name, imported, count);
        if (near == NULL)
            continue;
        diagnostic *const d =
            diagnostic_report(checker->compilation, W_TOOL_NOT_IMPORTED, draft->range,
                              "no imported tool is called `%s`", draft->name);
        diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(checker->compilation, d, draft->range, near,
                        "write `%s`, or give the tool its parameters", near);
    }
}

/* ---- the merge ------------------------------------------------------------------------------- */

static void tool_merge(checker *checker, const tool_draft *draft)
{
    declarations *const state = state_of(checker);
    uint32_t number = tool_find(checker, draft->name, strlen(draft->name));
    if (number == CST_NONE) {
        if (checker->policy->tools.count > LIMIT_TOOLS) {
            if (!state->too_many)
                diagnostic_report(checker->compilation, E_TOO_MANY_TOOLS, draft->range,
                                  "a policy may know at most %u tools", LIMIT_TOOLS);
            state->too_many = true;
            return;
        }
        number = checker->policy->tools.count;
        *ARENA_PUSH(checker->arena, &checker->policy->tools) =
            (tool){.name = draft->name,
                   .tags = draft->tags.items,
                   .tag_count = draft->tags.count,
                   .parameters = draft->parameters,
                   .returns = draft->returns,
                   .range = draft->range};
        name_table_add(checker->arena, &state->tools, draft->name, number);
        return;
    }
    tool *const known = &checker->policy->tools.items[number];
    tool_tags tags = {0};
    for (uint32_t i = 0; i < known->tag_count; i++)
        tool_tag_add(checker, &tags, known->tags[i]);
    for (uint32_t i = 0; i < draft->tags.count; i++)
        tool_tag_add(checker, &tags, draft->tags.items[i]);
    known->tags = tags.items;
    known->tag_count = tags.count;
    if (known->parameters == NULL)
        known->parameters = draft->parameters;
    else if (draft->parameters != NULL)
        known->parameters =
            records_merge(checker, known->parameters, draft->parameters, "tool", known->name);
    if (known->returns == NULL)
        known->returns = draft->returns;
    if (draft->returns != NULL && !types_agree(known->returns, draft->returns)) {
        diagnostic *const d = diagnostic_report(
            checker->compilation, E_LAYERS_DISAGREE, draft->range,
            "the tool `%s` returns %s here and %s in the file above", known->name,
            type_name(checker, draft->returns), type_name(checker, known->returns));
        diagnostic_note_at(checker->compilation, d, known->range, "the other declaration is here");
    }
}

static void import_read(checker *checker, unit *layer, const ast_declaration *declaration)
{
    const uint32_t errors = checker->compilation->error_count;
    tools_import(checker, layer, declaration);
    checker->tools_lost = checker->tools_lost || checker->compilation->error_count != errors;
}

static bool has_tag(const tool *tool, const char *tag)
{
    for (uint32_t i = 0; i < tool->tag_count; i++)
        if (strcmp(tool->tags[i], tag) == 0)
            return true;
    return false;
}

/* A tool whose parameters nobody declared has open arguments, so nothing could be refused. */
static void closed_check(checker *checker)
{
    for (uint32_t i = 1; i < checker->policy->tools.count; i++) {
        tool *const tool = &checker->policy->tools.items[i];
        tool->closed = has_tag(tool, TAG_CLOSED);
        if (!tool->closed || tool->parameters != NULL)
            continue;
        diagnostic *const d = diagnostic_report(
            checker->compilation, E_CLOSED_OPEN, tool->range,
            "the tool `%s` is `closed`, but its parameters are not declared", tool->name);
        diagnostic_mend(checker->compilation, d, tool->range, NULL,
                        "declare them: `tool %s(…) closed`; `()` if there are none",
                        tool_as_written(checker, tool->name));
    }
}

void tools_check(checker *checker)
{
    *ARENA_PUSH(checker->arena, &checker->policy->tools) = (tool){.name = ""};
    name_table_add(checker->arena, &state_of(checker)->tools, "unknown", 0);
    for (uint32_t i = checker->layers.count; i-- > 0;) {
        unit *const layer = checker->layers.items[i];
        tool_drafts *const drafts = arena_allocate(checker->arena, sizeof *drafts);
        state_of(checker)->drafts = drafts;
        for (uint32_t k = 0; k < layer->file->count; k++)
            if (layer->file->items[k]->kind == AST_IMPORT_TOOLS &&
                layer->file->items[k]->text.bytes != NULL)
                import_read(checker, layer, layer->file->items[k]);
        for (uint32_t k = 0; k < layer->file->count; k++)
            if (layer->file->items[k]->kind == AST_TOOL)
                tool_declare(checker, layer, layer->file->items[k]);
        untyped_check(checker, drafts);
        for (uint32_t k = 0; k < drafts->list.count; k++)
            tool_merge(checker, &drafts->list.items[k]);
    }
    closed_check(checker);
}

/* ---- selectors ------------------------------------------------------------------------------- */

static bool is_identifier(const char *name)
{
    if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') || *name == '_'))
        return false;
    for (; *name != '\0'; name++)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
              (*name >= '0' && *name <= '9') || *name == '_'))
            return false;
    return true;
}

const char *tool_as_written(checker *checker, const char *name)
{
    return is_identifier(name) ? name : arena_format(checker->arena, "\"%s\"", name);
}

void tool_report_unknown(checker *checker, const ast_text *name)
{
    const uint32_t count = checker->policy->tools.count;
    const char **const names = arena_array(checker->arena, count, sizeof *names);
    for (uint32_t i = 1; i < count; i++)
        names[i - 1] = checker->policy->tools.items[i].name;
    diagnostic *const d = diagnostic_report(checker->compilation, E_UNKNOWN_TOOL, name->range,
                                            "no tool is called `%s`", name->bytes);
    const char *const near = diagnostic_nearest(name->bytes, names, count - 1);
    if (near != NULL) {
        const char *const written = tool_as_written(checker, near);
        diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(checker->compilation, d, name->range, written, "write `%s`", written);
    } else {
        diagnostic_mend(checker->compilation, d, name->range, NULL, "declare it: `tool %s(…)`",
                        tool_as_written(checker, name->bytes));
    }
}

static void tag_report_unknown(checker *checker, const ast_text *tag)
{
    tool_tags all = {0};
    name_table seen = {0};
    for (uint32_t i = 1; i < checker->policy->tools.count; i++) {
        const tool *const tool = &checker->policy->tools.items[i];
        for (uint32_t k = 0; k < tool->tag_count; k++) {
            if (name_table_find(&seen, tool->tags[k], strlen(tool->tags[k])) != CST_NONE)
                continue;
            name_table_add(checker->arena, &seen, tool->tags[k], 0);
            *ARENA_PUSH(checker->arena, &all) = tool->tags[k];
        }
    }
    diagnostic *const d = diagnostic_report(checker->compilation, E_UNKNOWN_TAG, tag->range,
                                            "no tool is tagged `%s`", tag->bytes);
    const char *const near = diagnostic_nearest(tag->bytes, all.items, all.count);
    if (near != NULL) {
        diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(checker->compilation, d, tag->range, near, "write `%s`", near);
    } else {
        diagnostic_mend(checker->compilation, d, tag->range, NULL,
                        "write the tag behind a tool: `tool NAME %s`", tag->bytes);
    }
}

static void selector_tagged(checker *checker, const ast_event *event, selector *out)
{
    const uint32_t count = checker->policy->tools.count;
    out->tools = arena_array(checker->arena, count, sizeof *out->tools);
    for (uint32_t i = 1; i < count; i++)
        if (tool_has_tag(&checker->policy->tools.items[i], event->tag.bytes, event->tag.length))
            out->tools[out->tool_count++] = i;
    *ARENA_PUSH(checker->arena, &checker->tags_read) = event->tag.bytes;
    if (out->tool_count == 0)
        tag_report_unknown(checker, &event->tag);
}

static void selector_named(checker *checker, const ast_event *event, selector *out)
{
    out->tools = arena_array(checker->arena, event->tools.count, sizeof *out->tools);
    for (uint32_t i = 0; i < event->tools.count; i++) {
        const ast_text *const name = &event->tools.items[i];
        const uint32_t number = tool_find(checker, name->bytes, name->length);
        if (number == CST_NONE) {
            tool_report_unknown(checker, name);
            continue;
        }
        uint32_t at = out->tool_count;
        while (at > 0 && out->tools[at - 1] > number)
            at--;
        if (at > 0 && out->tools[at - 1] == number)
            continue;
        memmove(&out->tools[at + 1], &out->tools[at], (out->tool_count - at) * sizeof *out->tools);
        out->tools[at] = number;
        out->tool_count++;
    }
}

static const char *selector_label(checker *checker, const ast_event *event)
{
    const char *label = cst_stage_name(event->stage);
    if (event->tagged)
        return arena_format(checker->arena, "%s tagged %s", label, event->tag.bytes);
    for (uint32_t i = 0; i < event->tools.count; i++)
        label = arena_format(checker->arena, "%s%s%s", label, i == 0 ? " " : " or ",
                             tool_as_written(checker, event->tools.items[i].bytes));
    return label;
}

bool selector_resolve(checker *checker, const ast_event *event, selector *out)
{
    *out = (selector){.stage = event->stage, .label = selector_label(checker, event)};
    const bool has_tools = event->stage == CST_ACTION || event->stage == CST_RESULT;
    if (!event->tagged && event->tools.count == 0) {
        out->every_tool = has_tools;
        return true;
    }
    if (!has_tools) {
        diagnostic *const d =
            diagnostic_report(checker->compilation, E_STAGE_WITHOUT_TOOLS, event->range,
                              "the stage `%s` has no tools", cst_stage_name(event->stage));
        diagnostic_mend(checker->compilation, d, event->range, NULL,
                        "write `on %s`, or name the tool behind `action` or `result`",
                        cst_stage_name(event->stage));
        return false;
    }
    if (event->tagged)
        selector_tagged(checker, event, out);
    else
        selector_named(checker, event, out);
    return out->tool_count > 0;
}

/*
 * outline.c - reads a compilation into an outline: each declaration with its place, its name and
 * what it says.
 *
 * The trees are parsed once more here, because the checker keeps only what decisions need. The
 * condition of a rule comes from its checked form, with definitions in their place, so that a rule
 * whose words stayed shows a change of what it uses.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/outline.h"
#include "compiler/reference/print.h"
#include "compiler/syntax/dump.h"

typedef struct reading {
    outline *list;
    buffer text;
    /* where the search for the checked form of a rule begins: both stand in source order */
    uint32_t next_rule;
} reading;

static char *take(buffer *text)
{
    if (text->failed)
        checked(NULL);
    char *const copy = text_copy(text->length > 0 ? text->bytes : "", text->length);
    buffer_clear(text);
    return copy;
}

static outline_item *item_add(outline *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        list->items = checked(realloc(list->items, list->capacity * sizeof *list->items));
    }
    outline_item *const item = &list->items[list->count++];
    memset(item, 0, sizeof *item);
    return item;
}

void outline_free(outline *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        outline_item *const item = &list->items[i];
        free(item->file);
        free(item->kind);
        free(item->name);
        free(item->text);
        free(item->place);
        for (uint32_t k = 0; k < ASPECT_COUNT; k++)
            free(item->aspects[k]);
        for (uint32_t k = 0; k < item->entry_count; k++)
            free(item->entries[k]);
        free(item->entries);
    }
    free(list->items);
}

/* The path of a source as seen from the folder of the policy, so that two folders can be compared.
 */
static const char *file_key(const compilation *unit, uint32_t source)
{
    if (source == 0)
        return "";
    const char *const main = unit->sources.items[0].path, *const path =
                                                              unit->sources.items[source].path;
    const char *const slash = strrchr(main, '/');
    const size_t folder = slash == NULL ? 0 : (size_t)(slash - main) + 1;
    return strncmp(main, path, folder) == 0 ? path + folder : path;
}

static void name_of(buffer *out, const ast_declaration *declaration)
{
    if (declaration->name.length > 0)
        buffer_add(out, declaration->name.bytes, declaration->name.length);
    else if (declaration->text.length > 0)
        buffer_add(out, declaration->text.bytes, declaration->text.length);
    else if (declaration->path.count > 0)
        for (uint32_t i = 0; i < declaration->path.count; i++)
            buffer_format(out, "%s%s", i == 0 ? "" : ".", declaration->path.items[i].bytes);
    else if (declaration->kind == AST_TOOL)
        for (uint32_t i = 0; i < declaration->texts.count; i++)
            buffer_format(out, "%s%s", i == 0 ? "" : ", ", declaration->texts.items[i].bytes);
}

static const rule *rule_of(reading *read, const checked_policy *policy,
                           const ast_declaration *declaration)
{
    for (uint32_t i = 0; i < policy->declared_rules; i++) {
        const uint32_t number = (read->next_rule + i) % policy->declared_rules;
        const source_range at = policy->rules.items[number].declaration->range;
        if (at.file != declaration->range.file || at.start != declaration->range.start)
            continue;
        read->next_rule = number + 1;
        return &policy->rules.items[number];
    }
    return NULL;
}

static void standing_write(buffer *out, compilation *unit, const ast_declaration *declaration)
{
    const char *between = "";
    if (declaration->shadow) {
        buffer_text(out, "in shadow");
        between = ", ";
    }
    if (declaration->waivable) {
        buffer_format(out, "%swaivable", between);
        between = ", ";
    }
    if (declaration->until.length > 0)
        buffer_format(out, "%suntil %s", between, source_excerpt(unit, declaration->until.range));
}

static void wording_write(buffer *out, compilation *unit, const ast_declaration *declaration)
{
    if (declaration->under.length > 0)
        buffer_format(out, "under %s", declaration->under.bytes);
    if (declaration->because.bytes != NULL)
        buffer_format(out, "%sbecause %s", declaration->under.length > 0 ? " " : "",
                      source_excerpt(unit, declaration->because.range));
}

static void rule_read(reading *read, compilation *unit, const ast_declaration *declaration,
                      outline_item *item)
{
    item->verdict = CST_PERMIT;
    item->shadow = declaration->shadow;
    item->waivable = declaration->waivable;
    if (declaration->stages.count > 0)
        buffer_text(&read->text, source_excerpt(unit, declaration->stages.range));
    item->aspects[ASPECT_SCOPE] = take(&read->text);
    const rule *const meant = rule_of(read, unit->checked, declaration);
    item->meant = meant;
    item->policy = unit->checked;
    item->principle = meant != NULL ? meant->principle : CST_NONE;
    for (uint32_t i = 0; meant != NULL && i < meant->body_count; i++) {
        buffer_text(&read->text, i == 0 ? "" : "; ");
        print_expression(&read->text, unit->checked, meant->bodies[i].condition);
    }
    item->aspects[ASPECT_CONDITION] = take(&read->text);
    if (declaration->kind == AST_RULE) {
        item->verdict = meant != NULL ? meant->verdict : CST_DENY;
        buffer_text(&read->text, source_excerpt(unit, declaration->effect.range));
        if (declaration->label.length > 0)
            buffer_format(&read->text, " and label %s", declaration->label.bytes);
    } else
        buffer_text(&read->text, declaration->kind == AST_PERMIT ? "permit" : "waive");
    item->aspects[ASPECT_EFFECT] = take(&read->text);
    standing_write(&read->text, unit, declaration);
    item->aspects[ASPECT_STANDING] = take(&read->text);
    wording_write(&read->text, unit, declaration);
    item->aspects[ASPECT_WORDING] = take(&read->text);
}

static void entries_read(compilation *unit, const ast_declaration *declaration, outline_item *item)
{
    const ast_expression *const set = declaration->expression;
    if (set == NULL || set->kind != AST_SET || set->items.count == 0)
        return;
    item->entries = checked(calloc(set->items.count, sizeof *item->entries));
    for (uint32_t i = 0; i < set->items.count; i++) {
        const char *const text = source_excerpt(unit, set->items.items[i]->range);
        item->entries[item->entry_count++] = text_copy(text, strlen(text));
    }
}

static void declaration_read(reading *read, compilation *unit, ast_declaration *declaration)
{
    outline_item *const item = item_add(read->list);
    const ast_file alone = {.source = declaration->range.file, .items = &declaration, .count = 1};
    ast_dump(&read->text, unit, &alone);
    item->text = take(&read->text);
    item->kind = text_copy(item->text + 1, strcspn(item->text + 1, " )\n"));
    item->declared = declaration->kind;
    item->range = declaration->range;
    item->principle = CST_NONE;
    name_of(&read->text, declaration);
    if (declaration->kind == AST_DEFAULT)
        buffer_text(&read->text, source_excerpt(unit, declaration->stages.range));
    item->name = take(&read->text);
    const char *const file = file_key(unit, declaration->range.file);
    item->file = text_copy(file, strlen(file));
    const source_position at =
        source_locate(unit, declaration->range.file, declaration->range.start);
    buffer_format(&read->text, "%s:%u", unit->sources.items[declaration->range.file].path, at.line);
    item->place = take(&read->text);
    if (declaration->kind == AST_RULE || declaration->kind == AST_PERMIT ||
        declaration->kind == AST_WAIVE)
        rule_read(read, unit, declaration, item);
    else if (declaration->kind == AST_SET_DECL)
        entries_read(unit, declaration, item);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

static cst_status unit_read(compilation *unit, void *user)
{
    reading *const read = user;
    const uint32_t count = unit->sources.count;
    for (uint32_t i = 0; i < count; i++) {
        const source *const one = &unit->sources.items[i];
        if (strncmp(one->path, "std/", 4) == 0)
            continue;
        if (i == 0 || ends_with(one->path, ".const")) {
            const ast_file *const file = pass_parse(unit, i);
            for (uint32_t k = 0; k < file->count; k++)
                declaration_read(read, unit, file->items[k]);
            continue;
        }
        outline_item *const item = item_add(read->list);
        const char *const file = file_key(unit, i);
        *item = (outline_item){.file = text_copy(file, strlen(file)),
                               .kind = text_copy("file", 4),
                               .name = text_copy(file, strlen(file)),
                               .text = text_copy(one->bytes, one->length),
                               .place = text_copy(one->path, strlen(one->path)),
                               .declared = AST_IMPORT_TOOLS,
                               .principle = CST_NONE,
                               .range = {.file = i}};
    }
    return CST_OK;
}

cst_status outline_of(compilation *unit, outline *list)
{
    reading read = {.list = list};
    buffer_init(&read.text, NULL, 0);
    const cst_status status = driver_protect(unit, unit_read, &read);
    buffer_free(&read.text);
    return status;
}

bool outline_read(const char *path, driver_pass last, compilation **unit, outline *list, int *code)
{
    if (!unit_open(path, last, unit, code)) {
        *unit = NULL;
        return false;
    }
    const cst_status status = outline_of(*unit, list);
    if (status == CST_OK)
        return true;
    complain("%s: %s", path, cst_status_text(status));
    *code = EXIT_USAGE;
    return false;
}

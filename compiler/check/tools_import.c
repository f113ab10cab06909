/*
 * tools_import.c - `import tools "FILE"`: the tools of a JSON file, in any of the forms that agents
 * carry them in.
 *
 * The form is found by what the file looks like; nothing in a policy has to say it. docs/tools.md
 * has an example of each and the whole mapping. Every diagnostic names a place in the JSON file
 * itself. What the file says in prose (descriptions, titles) is never read: it is written for a
 * model, and may come from a server that nobody here trusts.
 */
#include <string.h>

#include "compiler/check/tools.h"
#include "runtime/limits.h"

typedef struct entry { /* one tool, whatever the form */
    const char *name;
    source_range range;
    const cst_json *place;  /* for messages */
    const cst_json *input;  /* schema of its parameters, or NULL */
    const cst_json *output; /* schema of its result, or NULL */
    const cst_json *hints;  /* MCP annotations, or NULL */
    bool takes_nothing;     /* no schema means no parameters, not unknown ones */
} entry;

static void report_at(const schema_reader *reader, diagnostic_code code, const cst_json *value,
                      const char *text)
{
    compilation *const compilation = reader->checker->compilation;
    diagnostic *const d =
        diagnostic_report(compilation, code, schema_range(reader, value), "%s", text);
    const char *const pointer = schema_pointer(reader, value);
    if (*pointer != '\0')
        diagnostic_note_text(compilation, d, "at %s of the file", pointer);
}

/* ---- one tool -------------------------------------------------------------------------------- */

static bool name_is_sound(const char *name, uint32_t length)
{
    if (length == 0 || length > LIMIT_NAME_BYTES)
        return false;
    for (uint32_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return !(length == 7 && memcmp(name, "unknown", 7) == 0);
}

/* The schema says that there are no other members than those that it names. */
static bool takes_nothing_else(const cst_json *input)
{
    const cst_json *const more = input == NULL ? NULL : json_member(input, "additionalProperties");
    return more != NULL && more->kind == JSON_BOOL && !more->boolean;
}

/* The parameters as a record; NULL: open. */
static const type *parameters_read(schema_reader *reader, const entry *entry)
{
    if (entry->input == NULL)
        return entry->takes_nothing ? type_record(reader->checker, NULL, 0) : NULL;
    bool nullable = false;
    const type *const found = schema_type(reader, entry->input, 0, &nullable);
    if (found->kind == CST_KIND_RECORD)
        return found;
    if (takes_nothing_else(entry->input) && json_member(entry->input, "properties") == NULL &&
        json_member(entry->input, "$ref") == NULL)
        return type_record(reader->checker, NULL, 0);
    return NULL;
}

static bool hint_is_true(const cst_json *hints, const char *name)
{
    const cst_json *const hint = hints != NULL ? json_member(hints, name) : NULL;
    return hint != NULL && hint->kind == JSON_BOOL && hint->boolean;
}

static void entry_add(schema_reader *reader, const entry *entry)
{
    checker *const checker = reader->checker;
    const declarations *const state = checker->declarations;
    const tool_draft *const first = tool_draft_find(state->drafts, entry->name);
    if (first != NULL) {
        diagnostic *const d =
            diagnostic_report(checker->compilation, E_TOOLS_DUPLICATE, entry->range,
                              "the tool `%s` is imported twice", entry->name);
        diagnostic_note_at(checker->compilation, d, first->range, "the first is here");
        diagnostic_mend(checker->compilation, d, entry->range, NULL,
                        "keep one of them in the files that are imported");
        return;
    }
    tool_draft *const draft = tool_draft_add(checker, entry->name, entry->range);
    draft->imported = true;
    reader->steps = 0;
    reader->root = entry->input;
    draft->parameters = parameters_read(reader, entry);
    if (entry->output != NULL) {
        bool nullable = false;
        reader->root = entry->output;
        const type *const returns = schema_type(reader, entry->output, 0, &nullable);
        draft->returns = nullable || returns->kind == CST_KIND_JSON ? NULL : returns;
    }
    if (takes_nothing_else(entry->input))
        tool_tag_add(checker, &draft->tags, TAG_CLOSED);
    static const struct {
        const char *hint, *tag;
    } tags[] = {{"readOnlyHint", "reads"},
                {"destructiveHint", "destructive"},
                {"openWorldHint", "external"}};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (hint_is_true(entry->hints, tags[i].hint))
            tool_tag_add(checker, &draft->tags, tags[i].tag);
}

/* ---- a list of tools ------------------------------------------------------------------------- */

static bool entry_named(schema_reader *reader, const cst_json *name, entry *out)
{
    if (name == NULL || name->kind != JSON_STRING || !name_is_sound(name->text, name->length)) {
        report_at(reader, name == NULL ? E_TOOLS_FORMAT : E_TOOLS_NAME,
                  name == NULL ? out->place : name,
                  name == NULL ? "a tool has no `name`"
                               : "the name of a tool is a text of 1 to 256 bytes without control "
                                 "characters, and not `unknown`");
        return false;
    }
    out->name = arena_copy(reader->checker->arena, name->text, name->length);
    out->range = schema_range(reader, name);
    return true;
}

static void list_read(schema_reader *reader, const cst_json *list)
{
    for (uint32_t i = 0; i < list->length; i++) {
        const cst_json *tool = &list->items[i];
        if (tool->kind != JSON_OBJECT) {
            report_at(reader, E_TOOLS_FORMAT, tool, "a tool is an object");
            continue;
        }
        const cst_json *const kind = json_member(tool, "type");
        const cst_json *const function = json_member(tool, "function");
        const bool openai = kind != NULL && json_text_is(kind, "function");
        if (function != NULL && function->kind == JSON_OBJECT)
            tool = function;
        entry found = {.place = tool,
                       .takes_nothing = openai,
                       .output = json_member(tool, "outputSchema"),
                       .hints = json_member(tool, "annotations")};
        static const char *const inputs[] = {"inputSchema", "input_schema", "parameters"};
        for (size_t k = 0; found.input == NULL && k < sizeof inputs / sizeof inputs[0]; k++)
            found.input = json_member(tool, inputs[k]);
        if (found.input != NULL && found.input->kind == JSON_NULL)
            found.input = NULL;
        if (entry_named(reader, json_member(tool, "name"), &found))
            entry_add(reader, &found);
    }
}

/* ---- a map of schemas ------------------------------------------------------------------------ */

static bool key_is_shared(const json_key *key)
{
    static const char *const shared[] = {"definitions", "$defs", "$schema", "$id", "$comment"};
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
        if (strlen(shared[i]) == key->length && memcmp(shared[i], key->text, key->length) == 0)
            return true;
    return false;
}

static void map_read(schema_reader *reader, const cst_json *map)
{
    for (uint32_t i = 0; i < map->length; i++) {
        if (!key_is_shared(&map->keys[i]) && map->items[i].kind != JSON_OBJECT &&
            map->items[i].kind != JSON_BOOL) {
            report_at(reader, E_TOOLS_FORMAT, &map->items[i],
                      "this is neither a list of tools nor an object that maps names to schemas");
            return;
        }
    }
    for (uint32_t i = 0; i < map->length; i++) {
        if (key_is_shared(&map->keys[i]))
            continue;
        const uint32_t length = map->keys[i].length;
        const uint32_t size = reader->checker->compilation->sources.items[reader->source].length;
        const uint32_t end = map->keys[i].at + length + 2;
        const cst_json name = {.kind = JSON_STRING,
                               .text = map->keys[i].text,
                               .length = length,
                               .at = map->keys[i].at,
                               .at_length = (end < size ? end : size) - map->keys[i].at};
        entry found = {.place = &map->items[i], .input = &map->items[i]};
        if (entry_named(reader, &name, &found))
            entry_add(reader, &found);
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

static const cst_json *list_of(const cst_json *root)
{
    if (root->kind == JSON_LIST)
        return root;
    static const char *const names[] = {"tools", "functions"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const cst_json *const list = json_member(root, names[i]);
        if (list != NULL && list->kind == JSON_LIST)
            return list;
    }
    return NULL;
}

/* The runtime's sentence as the end of one. */
static const char *json_reason(const checker *checker, json_error error)
{
    const char *const sentence = json_error_text(error);
    const size_t length = strlen(sentence);
    char *const text = arena_copy(checker->arena, sentence, length);
    if (text[0] >= 'A' && text[0] <= 'Z')
        text[0] = (char)(text[0] + ('a' - 'A'));
    if (length > 0 && text[length - 1] == '.')
        text[length - 1] = '\0';
    return text;
}

static void json_report(checker *checker, uint32_t source, const json_problem *problem)
{
    const uint32_t length = checker->compilation->sources.items[source].length;
    const uint32_t at = problem->at < length ? problem->at : length;
    diagnostic *const d = diagnostic_report(checker->compilation, E_TOOLS_JSON,
                                            (source_range){source, at, at < length ? at + 1 : at},
                                            "%s", json_reason(checker, problem->error));
    if (problem->pointer != NULL && *problem->pointer != '\0')
        diagnostic_note_text(checker->compilation, d, "at %s of the file", problem->pointer);
}

void tools_import(checker *checker, unit *unit, const ast_declaration *declaration)
{
    const uint32_t number = unit_read_beside(checker, unit, &declaration->text);
    if (number == UINT32_MAX)
        return;
    const source *const source = &checker->compilation->sources.items[number];
    if (source->length > LIMIT_TOOLS_FILE_BYTES) {
        diagnostic_report(checker->compilation, E_FILE_TOO_LARGE, declaration->text.range,
                          "a tools file may have at most %u bytes", LIMIT_TOOLS_FILE_BYTES);
        return;
    }
    cst_json *tree = NULL;
    json_problem problem = {0};
    if (json_read(checker->arena, source->bytes, source->length, LIMIT_JSON_SCANNER_DEPTH, &tree,
                  &problem) != JSON_OK) {
        json_report(checker, number, &problem);
        return;
    }
    schema_reader reader = {.checker = checker, .source = number, .file = tree};
    const cst_json *root = tree;
    const cst_json *const result = json_member(tree, "result");
    if (result != NULL && list_of(result) != NULL)
        root = result;
    const cst_json *const list = list_of(root);
    if (list != NULL)
        list_read(&reader, list);
    else if (root->kind == JSON_OBJECT)
        map_read(&reader, root);
    else
        report_at(&reader, E_TOOLS_FORMAT, root, "a tools file is a list of tools or an object");
}

/*
 * modules.c - the files of a policy: layers stacked by `extends`, modules brought in by `import`,
 * one namespace each.
 *
 * A file is parsed once, whoever needs it, and becomes a unit: its declarations under their names.
 * A module is shared by all who import it. A layer is in the stack once; layer 0 is the file that
 * was compiled. Loading goes depth first and keeps the chain of files that are being loaded, which
 * is what a cycle is reported from.
 *
 * What a module may hold is decided here and nowhere else: nothing that changes a decision by
 * itself, so that an import can be read past when one asks what a policy forbids.
 */
#include <stdio.h>
#include <string.h>

#include "compiler/check/check.h"
#include "compiler/check/stdlib.h"
#include "runtime/base/hash.h"
#include "runtime/limits.h"

typedef struct chain { /* the files being loaded, innermost first */
    unit *unit;
    const struct chain *outer;
} chain;

static unit *load(checker *checker, uint32_t source, bool is_module, const char *local,
                  const chain *outer);

/* ---- one namespace --------------------------------------------------------------------------- */

static symbol *find(const unit *unit, const char *name, size_t length, bool rule)
{
    if (unit->index.capacity == 0)
        return NULL;
    uint32_t at = cst_hash(name, length) & (unit->index.capacity - 1);
    for (; unit->index.slots[at] != 0; at = (at + 1) & (unit->index.capacity - 1)) {
        symbol *const symbol = unit->symbols.items[unit->index.slots[at] - 1];
        if ((symbol->kind == SYMBOL_RULE) == rule && strlen(symbol->name) == length &&
            memcmp(symbol->name, name, length) == 0)
            return symbol;
    }
    return NULL;
}

symbol *unit_find(const unit *unit, const char *name, size_t length)
{
    return find(unit, name, length, false);
}

/* Rules are named only by `by` and `waive`, so `import std.pii` and a rule `pii` do not meet. */
symbol *unit_find_rule(const unit *unit, const char *name, size_t length)
{
    return find(unit, name, length, true);
}

static void index_insert(unit *unit, uint32_t number)
{
    const char *const name = unit->symbols.items[number]->name;
    uint32_t at = cst_hash(name, strlen(name)) & (unit->index.capacity - 1);
    while (unit->index.slots[at] != 0)
        at = (at + 1) & (unit->index.capacity - 1);
    unit->index.slots[at] = number + 1;
}

static void index_grow(checker *checker, unit *unit)
{
    unit->index.capacity = unit->index.capacity == 0 ? 32 : unit->index.capacity * 2;
    unit->index.slots =
        arena_array(checker->arena, unit->index.capacity, sizeof *unit->index.slots);
    for (uint32_t i = 0; i < unit->symbols.count; i++)
        index_insert(unit, i);
}

/* Fields of events, which a condition finds by their bare names. Rules and principles are never
 * named in one. */
static bool name_is_field(const char *name)
{
    static const char *const fields[] = {"session",  "time", "agent", "chain", "text", "role",
                                         "tool",     "args", "value", "this",  "from", "sender",
                                         "receiver", "to",   "stage", "id"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcmp(fields[i], name) == 0)
            return true;
    return false;
}

static bool name_is_type(const char *name)
{
    static const char *const types[] = {"bool",    "int",      "decimal", "float",  "string",
                                        "time",    "duration", "agent",   "email",  "url",
                                        "host",    "path",     "ip",      "json",   "list",
                                        "command", "set",      "tool",    "weekday"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i], name) == 0)
            return true;
    return false;
}

static void reserved_check(checker *checker, symbol_kind kind, const ast_text *name)
{
    if (kind == SYMBOL_RULE || kind == SYMBOL_PRINCIPLE)
        return;
    if (name_is_field(name->bytes)) {
        diagnostic *const d =
            diagnostic_report(checker->compilation, E_RESERVED_NAME, name->range,
                              "`%s` cannot be declared: it is a field of events", name->bytes);
        diagnostic_mend(checker->compilation, d, name->range, NULL,
                        "take another name, such as `my_%s`", name->bytes);
    } else if (kind == SYMBOL_ENUM && name_is_type(name->bytes)) {
        diagnostic *const d =
            diagnostic_report(checker->compilation, E_RESERVED_NAME, name->range,
                              "`%s` cannot be declared: it is a type of the language", name->bytes);
        diagnostic_mend(checker->compilation, d, name->range, NULL,
                        "take another name, such as `my_%s`", name->bytes);
    }
}

static symbol *symbol_add(checker *checker, unit *unit, symbol_kind kind, const ast_text *name,
                          const ast_declaration *declaration)
{
    if (name->bytes == NULL || name->length == 0)
        return NULL; /* could not be parsed, and was reported */
    const symbol *const first = find(unit, name->bytes, name->length, kind == SYMBOL_RULE);
    if (first != NULL) {
        diagnostic *const d = diagnostic_report(
            checker->compilation, E_DUPLICATE_NAME, name->range, "%s `%s` is declared twice",
            kind == SYMBOL_RULE ? "the rule or permit" : "the name", name->bytes);
        diagnostic_note_at(checker->compilation, d, first->range, "the first `%s` is here",
                           name->bytes);
        diagnostic_mend(checker->compilation, d, name->range, NULL,
                        "give one of them another name");
        return NULL;
    }
    reserved_check(checker, kind, name);
    symbol *const added = arena_allocate(checker->arena, sizeof *added);
    *added = (symbol){.kind = kind,
                      .name = name->bytes,
                      .range = name->range,
                      .declaration = declaration,
                      .home = unit,
                      .number = CST_NONE};
    if ((unit->symbols.count + 1) * 2 > unit->index.capacity)
        index_grow(checker, unit);
    *ARENA_PUSH(checker->arena, &unit->symbols) = added;
    index_insert(unit, unit->symbols.count - 1);
    return added;
}

const char *const *unit_names(checker *checker, const unit *unit, uint32_t kinds, uint32_t *count)
{
    const char **const names = arena_array(checker->arena, unit->symbols.count, sizeof *names);
    *count = 0;
    for (uint32_t i = 0; i < unit->symbols.count; i++)
        if (kinds & (1u << unit->symbols.items[i]->kind))
            names[(*count)++] = unit->symbols.items[i]->name;
    return names;
}

const char *unit_nearest(checker *checker, const unit *unit, const ast_path *path, uint32_t kinds)
{
    uint32_t count;
    const symbol *const own =
        path->count == 2 && path->items[0].bytes != NULL && path->items[1].bytes != NULL
            ? unit_find(unit, path->items[0].bytes, path->items[0].length)
            : NULL;
    if (own != NULL && own->kind == SYMBOL_MODULE && own->module != NULL) {
        const char *const *const inner = unit_names(checker, own->module, kinds, &count);
        const char *const near = diagnostic_nearest(path->items[1].bytes, inner, count);
        return near == NULL ? NULL : arena_format(checker->arena, "%s.%s", own->name, near);
    }
    if (path->count != 1 || path->items[0].bytes == NULL)
        return NULL;
    const char *const *const names = unit_names(checker, unit, kinds, &count);
    return diagnostic_nearest(path->items[0].bytes, names, count);
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* The name that path->items[at] is in this unit, or the one behind it if that is a module. */
static symbol *resolve_own(const unit *unit, const ast_path *path, uint32_t at, uint32_t *used)
{
    symbol *const own = unit_find(unit, path->items[at].bytes, path->items[at].length);
    if (own == NULL)
        return NULL;
    own->used = true;
    if (own->kind != SYMBOL_MODULE) {
        *used = at + 1;
        return own;
    }
    if (at + 1 >= path->count || own->module == NULL)
        return NULL;
    symbol *const inner =
        unit_find(own->module, path->items[at + 1].bytes, path->items[at + 1].length);
    if (inner == NULL || inner->kind == SYMBOL_MODULE)
        return NULL;
    inner->used = true;
    *used = at + 2;
    return inner;
}

symbol *unit_resolve(checker *checker, unit *unit, const ast_path *path, uint32_t *used)
{
    (void)checker;
    *used = 0;
    if (path->count == 0 || path->items[0].bytes == NULL ||
        strcmp(path->items[0].bytes, "this") == 0)
        return NULL;
    if (unit_find(unit, path->items[0].bytes, path->items[0].length) != NULL)
        return resolve_own(unit, path, 0, used);
    if (path->count < 2)
        return NULL;
    for (const struct unit *upper = unit->upper; upper != NULL; upper = upper->upper)
        if (strcmp(upper->name, path->items[0].bytes) == 0)
            return resolve_own(upper, path, 1, used);
    return NULL;
}

symbol *unit_resolve_rule(const unit *unit, const ast_path *path)
{
    if (path->count == 1 && path->items[0].bytes != NULL)
        return unit_find_rule(unit, path->items[0].bytes, path->items[0].length);
    if (path->count != 2 || path->items[0].bytes == NULL || path->items[1].bytes == NULL)
        return NULL;
    for (const struct unit *upper = unit->upper; upper != NULL; upper = upper->upper)
        if (strcmp(upper->name, path->items[0].bytes) == 0)
            return unit_find_rule(upper, path->items[1].bytes, path->items[1].length);
    return NULL;
}

/* ---- files ----------------------------------------------------------------------------------- */

uint32_t unit_read_beside(checker *checker, const unit *unit, const ast_text *path)
{
    const char *const beside = source_relative(checker->compilation, unit->source, path->bytes);
    const uint32_t source = source_read(checker->compilation, beside, &path->range);
    compilation *const compilation = checker->compilation;
    diagnostic *const last =
        compilation->diagnostics.count > 0
            ? &compilation->diagnostics.items[compilation->diagnostics.count - 1]
            : NULL;
    if (source == UINT32_MAX && last != NULL && last->code == E_FILE_UNREADABLE &&
        path->bytes[0] != '/')
        diagnostic_note_text(compilation, last,
                             "a path starts at the folder of the file that names it");
    return source;
}

static const char *path_of(const checker *checker, uint32_t source)
{
    return checker->compilation->sources.items[source].path;
}

/* True, and reported, if `source` is being loaded already. */
static bool cycle_check(checker *checker, uint32_t source, source_range range, const chain *open)
{
    const char *way = path_of(checker, source);
    for (const chain *link = open; link != NULL; link = link->outer) {
        way = arena_format(checker->arena, "%s → %s", path_of(checker, link->unit->source), way);
        if (link->unit->source != source)
            continue;
        diagnostic *const d = diagnostic_report(checker->compilation, E_IMPORT_CYCLE, range,
                                                "`%s` needs itself", path_of(checker, source));
        diagnostic_note_text(checker->compilation, d, "the way round: %s", way);
        diagnostic_mend(checker->compilation, d, range, NULL,
                        "move what both need to a file of its own, which both import");
        return true;
    }
    return false;
}

static bool files_check(checker *checker, source_range range)
{
    if (checker->units.count < LIMIT_FILES)
        return true;
    diagnostic_report(checker->compilation, E_TOO_MANY_FILES, range,
                      "a policy may have at most %u files", LIMIT_FILES);
    return false;
}

/* ---- import ---------------------------------------------------------------------------------- */

static void module_unknown(checker *checker, const ast_path *path)
{
    uint32_t count = 0;
    while (stdlib_modules[count].name != NULL)
        count++;
    const char **const names = arena_array(checker->arena, count + 1, sizeof *names);
    const char *list = "";
    for (uint32_t i = 0; i < count; i++) {
        names[i] = stdlib_modules[i].name;
        list = arena_format(checker->arena, "%s%s`std.%s`", list, i == 0 ? "" : ", ", names[i]);
    }
    const ast_text *const name = path->count > 1 ? &path->items[1] : &path->items[0];
    diagnostic *const d = diagnostic_report(checker->compilation, E_UNKNOWN_MODULE, path->range,
                                            "the library has no module `%s`",
                                            source_excerpt(checker->compilation, path->range));
    const char *const near =
        path->count == 2 ? diagnostic_nearest(name->bytes, names, count) : NULL;
    if (near != NULL) {
        lost_name_add(checker, near);
        diagnostic_label(checker->compilation, d, "did you mean `std.%s`?", near);
        diagnostic_mend(checker->compilation, d, name->range, near, "write `std.%s`", near);
    }
    diagnostic_note_text(checker->compilation, d, "it has %s", count == 0 ? "none" : list);
}

/* The source of a module that is built in; it is added when it is first asked for. */
static uint32_t source_of_standard(checker *checker, const ast_path *path)
{
    const stdlib_module *module = stdlib_modules;
    while (path->count == 2 && module->name != NULL &&
           strcmp(module->name, path->items[1].bytes) != 0)
        module++;
    if (path->count != 2 || module->name == NULL) {
        module_unknown(checker, path);
        return UINT32_MAX;
    }
    const char *const name = arena_format(checker->arena, "std/%s.const", module->name);
    for (uint32_t i = 0; i < checker->compilation->sources.count; i++) {
        const source *const known = &checker->compilation->sources.items[i];
        if (strcmp(known->path, name) == 0 && known->length == module->length &&
            memcmp(known->bytes, module->bytes, module->length) == 0)
            return i;
    }
    return source_add(checker->compilation, name, module->bytes, module->length);
}

static bool component_is_plain(const ast_text *name)
{
    return !name->quoted && strchr(name->bytes, '/') == NULL && strchr(name->bytes, '\\') == NULL;
}

static uint32_t source_of_module(checker *checker, const unit *unit, const ast_path *path)
{
    const char *file = "";
    for (uint32_t i = 0; i < path->count; i++) {
        if (!component_is_plain(&path->items[i])) {
            diagnostic_report(
                checker->compilation, E_UNKNOWN_MODULE, path->items[i].range,
                "a module is named by plain words with dots between them, not by `%s`",
                path->items[i].bytes);
            return UINT32_MAX;
        }
        file =
            arena_format(checker->arena, "%s%s%s", file, i == 0 ? "" : "/", path->items[i].bytes);
    }
    const ast_text text = {.bytes = arena_format(checker->arena, "%s.const", file),
                           .range = path->range};
    return unit_read_beside(checker, unit, &text);
}

static void import_load(checker *checker, unit *unit, const ast_declaration *declaration,
                        const chain *open)
{
    const ast_path *const path = &declaration->path;
    if (path->count == 0 || path->items[0].bytes == NULL)
        return;
    const ast_text *const local = &path->items[path->count - 1];
    const bool standard = strcmp(path->items[0].bytes, "std") == 0;
    const uint32_t source =
        standard ? source_of_standard(checker, path) : source_of_module(checker, unit, path);
    struct unit *module = NULL;
    if (source != UINT32_MAX && !cycle_check(checker, source, path->range, open)) {
        for (uint32_t i = 0; module == NULL && i < checker->units.count; i++)
            if (checker->units.items[i]->is_module && checker->units.items[i]->source == source)
                module = checker->units.items[i];
        if (module == NULL && files_check(checker, path->range))
            module = load(checker, source, true, local->bytes, open);
    }
    if (module == NULL)
        lost_name_add(checker, local->bytes);
    symbol *const symbol = symbol_add(checker, unit, SYMBOL_MODULE, local, NULL);
    if (symbol == NULL)
        return;
    symbol->module = module;
    symbol->used = module == NULL; /* reported already */
}

/* ---- extends --------------------------------------------------------------------------------- */

static void extends_load(checker *checker, unit *unit, const ast_declaration *declaration,
                         const chain *open)
{
    const uint32_t source = unit_read_beside(checker, unit, &declaration->text);
    if (source == UINT32_MAX || cycle_check(checker, source, declaration->text.range, open)) {
        checker->upper_lost = true;
        return;
    }
    if (checker->layers.count >= LIMIT_LAYERS) {
        checker->upper_lost = true;
        diagnostic_report(checker->compilation, E_TOO_MANY_LAYERS, declaration->text.range,
                          "at most %u files can be stacked by `extends`", LIMIT_LAYERS);
        return;
    }
    if (!files_check(checker, declaration->text.range)) {
        checker->upper_lost = true;
        return;
    }
    unit->upper = load(checker, source, false, NULL, open);
}

/* Where a file says what it is called; its start if it does not. */
static source_range constitution_range(const unit *unit)
{
    for (uint32_t i = 0; i < unit->file->count; i++)
        if (unit->file->items[i]->kind == AST_CONSTITUTION)
            return unit->file->items[i]->name.range;
    return (source_range){unit->source, 0, 0};
}

/* `platform.x` must mean one thing. */
static void layer_names_check(checker *checker, const unit *unit)
{
    for (const struct unit *upper = unit->upper; upper != NULL; upper = upper->upper) {
        const symbol *const clash = unit_find(unit, upper->name, strlen(upper->name));
        if (clash != NULL) {
            diagnostic *const d = diagnostic_report(
                checker->compilation, E_LAYER_NAME, clash->range,
                "`%s` is also the name of a file that this one extends", clash->name);
            diagnostic_note_text(checker->compilation, d, "that file is %s",
                                 path_of(checker, upper->source));
        }
        if (strcmp(upper->name, unit->name) == 0) {
            diagnostic *const d = diagnostic_report(
                checker->compilation, E_LAYER_NAME, constitution_range(unit),
                "this file and one that it extends are both called `%s`", unit->name);
            diagnostic_note_text(checker->compilation, d, "the other is %s",
                                 path_of(checker, upper->source));
        }
    }
}

/* ---- one file -------------------------------------------------------------------------------- */

static const char *name_from_path(checker *checker, const char *path)
{
    const char *const slash = strrchr(path, '/');
    const char *const start = slash == NULL ? path : slash + 1;
    const char *const dot = strrchr(start, '.');
    const size_t length = dot == NULL || dot == start ? strlen(start) : (size_t)(dot - start);
    return arena_copy(checker->arena, start, length);
}

/* What the declaration is called in messages if a module cannot hold it, else NULL. */
static const char *kept_out_of_modules(ast_kind kind)
{
    switch (kind) {
    case AST_EXTENDS: return "an `extends`";
    case AST_IMPORT_TOOLS: return "an import of tools";
    case AST_PRINCIPLE: return "a principle";
    case AST_AGENTS: return "a list of agents";
    case AST_CONTEXT: return "a context";
    case AST_TOOL: return "a tool";
    case AST_DEFAULT: return "a default";
    case AST_APPROVALS: return "a list of approvers";
    case AST_PERMIT: return "a permit";
    case AST_RULE: return "a rule";
    case AST_WAIVE: return "a waiver";
    case AST_TEST: return "a test";
    default: return NULL;
    }
}

/* A file to be imported, checked by itself: it has a name where it is imported, and what it
 * declares is used there. */
bool unit_is_library(const unit *unit)
{
    for (uint32_t i = 0; i < unit->file->count; i++)
        if (unit->file->items[i]->kind == AST_CONSTITUTION ||
            kept_out_of_modules(unit->file->items[i]->kind) != NULL)
            return false;
    return unit->file->count > 0;
}

static void name_read(checker *checker, unit *unit, const char *local)
{
    const ast_declaration *first = NULL;
    for (uint32_t i = 0; i < unit->file->count; i++) {
        const ast_declaration *const declaration = unit->file->items[i];
        if (declaration->kind != AST_CONSTITUTION)
            continue;
        if (first == NULL) {
            first = declaration;
            continue;
        }
        diagnostic *const d =
            diagnostic_report(checker->compilation, E_DUPLICATE_CONSTITUTION, declaration->range,
                              "a file says only once what it is called");
        diagnostic_note_at(checker->compilation, d, first->range,
                           "the first `constitution` is here");
        diagnostic_mend(checker->compilation, d, declaration->range, NULL, "keep one of them");
    }
    unit->version = first != NULL && first->text.bytes != NULL ? first->text.bytes : "0";
    if (unit->is_module)
        unit->name = local;
    else if (first != NULL && first->name.bytes != NULL)
        unit->name = first->name.bytes;
    else
        unit->name = name_from_path(checker, path_of(checker, unit->source));
    if (first != NULL || unit->is_module || unit->file->has_errors || unit_is_library(unit))
        return;
    diagnostic *const d = diagnostic_report(
        checker->compilation, W_NO_CONSTITUTION, (source_range){unit->source, 0, 0},
        "the file has no `constitution`: it is called `%s`, version 0", unit->name);
    const char *const line = arena_format(checker->arena, "constitution %s \"1\"", unit->name);
    const bool plain =
        strspn(unit->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") ==
            strlen(unit->name) &&
        (unit->name[0] < '0' || unit->name[0] > '9');
    if (plain)
        diagnostic_mend(checker->compilation, d, (source_range){unit->source, 0, 0},
                        arena_format(checker->arena, "%s\n", line), "begin it with `%s`", line);
    else
        diagnostic_mend(checker->compilation, d, (source_range){unit->source, 0, 0}, NULL,
                        "begin it with `constitution NAME \"1\"`");
}

static bool module_content_check(checker *checker, const unit *unit,
                                 const ast_declaration *declaration)
{
    const char *const what = unit->is_module ? kept_out_of_modules(declaration->kind) : NULL;
    if (what == NULL)
        return true;
    diagnostic *const d = diagnostic_report(
        checker->compilation, E_MODULE_CONTENT,
        declaration->name.bytes != NULL ? declaration->name.range : declaration->range,
        "an imported file cannot hold %s", what);
    diagnostic_note_text(checker->compilation, d,
                         "an import must not change decisions unseen; `extends` may");
    diagnostic_mend(checker->compilation, d, declaration->range, NULL,
                    "move it to the file that imports, or `extends` this one");
    return false;
}

static void declaration_add(checker *checker, unit *unit, const ast_declaration *declaration,
                            const chain *open)
{
    static const struct {
        ast_kind kind;
        symbol_kind symbol;
    } named[] = {
        {AST_PRINCIPLE, SYMBOL_PRINCIPLE}, {AST_ENUM, SYMBOL_ENUM},
        {AST_CONTEXT, SYMBOL_CONTEXT},     {AST_SET_DECL, SYMBOL_SET},
        {AST_PATTERN, SYMBOL_PATTERN},     {AST_ORIGIN, SYMBOL_ORIGIN},
        {AST_DEFINE, SYMBOL_DEFINE},       {AST_EXTERN, SYMBOL_EXTERN},
        {AST_PERMIT, SYMBOL_RULE},         {AST_RULE, SYMBOL_RULE},
    };
    if (!module_content_check(checker, unit, declaration))
        return;
    if (declaration->kind == AST_IMPORT)
        import_load(checker, unit, declaration, open);
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (named[i].kind == declaration->kind)
            symbol_add(checker, unit, named[i].symbol, &declaration->name, declaration);
}

static void uppers_load(checker *checker, unit *unit, const chain *open)
{
    const ast_declaration *first = NULL;
    for (uint32_t i = 0; i < unit->file->count && !unit->is_module; i++) {
        const ast_declaration *const declaration = unit->file->items[i];
        if (declaration->kind != AST_EXTENDS || declaration->text.bytes == NULL)
            continue;
        if (first != NULL) {
            diagnostic *const d =
                diagnostic_report(checker->compilation, E_EXTENDS_TWICE, declaration->range,
                                  "a file extends at most one other");
            diagnostic_note_at(checker->compilation, d, first->range,
                               "the first `extends` is here");
            diagnostic_mend(checker->compilation, d, declaration->range, NULL,
                            "keep one of them, and let that file extend the other");
            continue;
        }
        first = declaration;
        extends_load(checker, unit, declaration, open);
    }
}

static ast_file *file_parse(checker *checker, uint32_t source)
{
    for (uint32_t i = 0; i < checker->units.count; i++)
        if (checker->units.items[i]->source == source)
            return checker->units.items[i]->file;
    return pass_parse(checker->compilation, source);
}

static unit *load(checker *checker, uint32_t source, bool is_module, const char *local,
                  const chain *outer)
{
    unit *const made = arena_allocate(checker->arena, sizeof *made);
    made->source = source;
    made->is_module = is_module;
    made->file = file_parse(checker, source);
    *ARENA_PUSH(checker->arena, &checker->units) = made;
    made->layer = checker->layers.count;
    if (!is_module)
        *ARENA_PUSH(checker->arena, &checker->layers) = made;
    name_read(checker, made, local);
    const chain open = {made, outer};
    for (uint32_t i = 0; i < made->file->count; i++)
        declaration_add(checker, made, made->file->items[i], &open);
    uppers_load(checker, made, &open);
    layer_names_check(checker, made);
    return made;
}

unit *unit_load(checker *checker, uint32_t source, bool is_module, const source_range *from)
{
    (void)from; /* the first file has no place that asked for it */
    const char *const path = path_of(checker, source);
    return load(checker, source, is_module, name_from_path(checker, path), NULL);
}

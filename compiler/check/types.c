/*
 * types.c - the types of the language: interned, so that equal types are one pointer.
 *
 * A type is written in a declaration (type_resolve) or made by an import of tools (type_scalar and
 * so on). Bounds are part of a type, because they are checked when an event is read; expressions
 * compare types without them (types_match). `set<T>` is read as `list<T>`: an event writes both as
 * a JSON list, and no condition can see an order. Rows for the image are given only to types that
 * slots, messages or open data need.
 */
#include <stdio.h>

#include "compiler/check/expression.h"
#include "compiler/check/tools.h"
#include "runtime/base/hash.h"

typedef struct type_table {
    struct {
        type **items;
        uint32_t count, capacity;
    } types;
    uint32_t *buckets; /* type number + 1; 0 is empty */
    uint32_t capacity; /* a power of two */
} type_table;

static type_table *table_of(checker *checker)
{
    if (checker->types == NULL)
        checker->types = arena_allocate(checker->arena, sizeof(type_table));
    return checker->types;
}

/* ---- interning ------------------------------------------------------------------------------- */

static uint32_t type_hash(const type *type)
{
    uintptr_t words[4] = {(uintptr_t)type->kind, type->bound, (uintptr_t)type->element,
                          type->field_count};
    uint32_t hash = cst_hash(words, sizeof words);
    for (uint32_t i = 0; i < type->field_count; i++)
        hash = hash * 31 + cst_hash(type->fields[i].name, strlen(type->fields[i].name));
    if (type->enumeration != NULL)
        hash = hash * 31 + cst_hash(type->enumeration->name, strlen(type->enumeration->name));
    return hash;
}

static bool enumerations_equal(const enumeration *a, const enumeration *b)
{
    if (a == b)
        return true;
    if (a == NULL || b == NULL || a->count != b->count || strcmp(a->name, b->name) != 0)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->values[i], b->values[i]) != 0)
            return false;
    return true;
}

static bool types_equal(const type *a, const type *b)
{
    if (a->kind != b->kind || a->bound != b->bound || a->element != b->element ||
        a->field_count != b->field_count || !enumerations_equal(a->enumeration, b->enumeration))
        return false;
    for (uint32_t i = 0; i < a->field_count; i++)
        if (a->fields[i].type != b->fields[i].type ||
            a->fields[i].optional != b->fields[i].optional ||
            strcmp(a->fields[i].name, b->fields[i].name) != 0)
            return false;
    return true;
}

static void table_grow(checker *checker, type_table *table)
{
    table->capacity = table->capacity == 0 ? 64 : table->capacity * 2;
    table->buckets = arena_array(checker->arena, table->capacity, sizeof *table->buckets);
    for (uint32_t i = 0; i < table->types.count; i++) {
        uint32_t at = type_hash(table->types.items[i]) & (table->capacity - 1);
        while (table->buckets[at] != 0)
            at = (at + 1) & (table->capacity - 1);
        table->buckets[at] = i + 1;
    }
}

static type *type_intern(checker *checker, const type *wanted)
{
    type_table *const table = table_of(checker);
    if (table->types.count * 2 >= table->capacity)
        table_grow(checker, table);
    uint32_t at = type_hash(wanted) & (table->capacity - 1);
    while (table->buckets[at] != 0) {
        type *const known = table->types.items[table->buckets[at] - 1];
        if (types_equal(known, wanted))
            return known;
        at = (at + 1) & (table->capacity - 1);
    }
    type *const made = arena_allocate(checker->arena, sizeof *made);
    *made = *wanted;
    made->row = CST_NONE;
    if (wanted->field_count > 0) {
        made->fields = arena_array(checker->arena, wanted->field_count, sizeof *made->fields);
        memcpy(made->fields, wanted->fields, wanted->field_count * sizeof *made->fields);
    }
    *ARENA_PUSH(checker->arena, &table->types) = made;
    table->buckets[at] = table->types.count;
    return made;
}

const type *type_scalar(checker *checker, cst_kind kind, uint32_t bound)
{
    return type_intern(checker, &(type){.kind = kind, .bound = bound});
}

const type *type_list(checker *checker, const type *element, uint32_t bound)
{
    return type_intern(checker, &(type){.kind = CST_KIND_LIST, .element = element, .bound = bound});
}

const type *type_record(checker *checker, const type_field *fields, uint32_t count)
{
    type_field *const copy = arena_array(checker->arena, count, sizeof *copy);
    if (count > 0)
        memcpy(copy, fields, count * sizeof *copy);
    return type_intern(checker,
                       &(type){.kind = CST_KIND_RECORD, .fields = copy, .field_count = count});
}

const type *type_enum(checker *checker, enumeration *enumeration)
{
    return type_intern(checker, &(type){.kind = CST_KIND_ENUM, .enumeration = enumeration});
}

const type *type_agent(checker *checker)
{
    return type_intern(checker, &(type){.kind = CST_KIND_AGENT, .enumeration = checker->agents});
}

uint32_t type_row(checker *checker, const type *wanted)
{
    if (wanted->row != CST_NONE)
        return wanted->row;
    /* Parts first, so that a row refers only to rows before it. */
    if (wanted->element != NULL)
        type_row(checker, wanted->element);
    for (uint32_t i = 0; i < wanted->field_count; i++)
        type_row(checker, wanted->fields[i].type);
    type *const known = type_intern(checker, wanted);
    *ARENA_PUSH(checker->arena, &checker->policy->types) = known;
    known->row = checker->policy->types.count - 1;
    return known->row;
}

/* ---- questions ------------------------------------------------------------------------------- */

bool type_is_identity(const type *type)
{
    return type->kind == CST_KIND_EMAIL || type->kind == CST_KIND_URL ||
           type->kind == CST_KIND_HOST || type->kind == CST_KIND_PATH ||
           type->kind == CST_KIND_IP || type->kind == CST_KIND_COMMAND;
}

bool type_is_text(const type *type)
{
    return type->kind == CST_KIND_STRING || type->kind == CST_KIND_AGENT || type_is_identity(type);
}

bool type_is_number(const type *type)
{
    return type->kind == CST_KIND_INT || type->kind == CST_KIND_DECIMAL ||
           type->kind == CST_KIND_FLOAT;
}

bool types_match(const type *a, const type *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind)
        return false;
    if (a->kind == CST_KIND_LIST)
        return types_match(a->element, b->element);
    if (a->kind == CST_KIND_ENUM)
        return enumerations_equal(a->enumeration, b->enumeration);
    return a->kind != CST_KIND_RECORD;
}

/* ---- names ----------------------------------------------------------------------------------- */

typedef struct builtin {
    const char *name;
    cst_kind kind;
} builtin;

/* Longest-lived names first: this is also the order in which suggestions are tried. */
static const builtin builtins[] = {
    {"bool", CST_KIND_BOOL},
    {"int", CST_KIND_INT},
    {"decimal", CST_KIND_DECIMAL},
    {"float", CST_KIND_FLOAT},
    {"string", CST_KIND_STRING},
    {"time", CST_KIND_TIME},
    {"duration", CST_KIND_DURATION},
    {"agent", CST_KIND_AGENT},
    {"email", CST_KIND_EMAIL},
    {"url", CST_KIND_URL},
    {"host", CST_KIND_HOST},
    {"path", CST_KIND_PATH},
    {"ip", CST_KIND_IP},
    {"command", CST_KIND_COMMAND},
    {"json", CST_KIND_JSON},
};
enum { BUILTIN_COUNT = sizeof builtins / sizeof builtins[0] };

static const char *kind_name(cst_kind kind)
{
    for (uint32_t i = 0; i < BUILTIN_COUNT; i++)
        if (builtins[i].kind == kind)
            return builtins[i].name;
    return kind == CST_KIND_TOOL ? "tool" : "nothing";
}

static const char *record_name(checker *checker, const type *type)
{
    const char *text = "{";
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i == 4) {
            text = arena_format(checker->arena, "%s, …", text);
            break;
        }
        text = arena_format(checker->arena, "%s%s %s%s: %s", text, i == 0 ? "" : ",",
                            type->fields[i].name, type->fields[i].optional ? "?" : "",
                            type_name(checker, type->fields[i].type));
    }
    return arena_format(checker->arena, "%s }", text);
}

const char *type_name(checker *checker, const type *type)
{
    const char *name;
    if (type->kind == CST_KIND_LIST)
        name = arena_format(checker->arena, "list<%s>", type_name(checker, type->element));
    else if (type->kind == CST_KIND_RECORD)
        name = record_name(checker, type);
    else if (type->kind == CST_KIND_ENUM)
        name = type->enumeration->name;
    else
        name = kind_name(type->kind);
    return type->bound == 0 ? name : arena_format(checker->arena, "%s(%u)", name, type->bound);
}

const char *type_with_article(checker *checker, const type *type)
{
    if (type->kind == CST_KIND_JSON)
        return "open data";
    const char *const name = type->kind == CST_KIND_RECORD ? "record" : type_name(checker, type);
    const bool vowel = strchr("aeioAEIO", name[0]) != NULL;
    return arena_format(checker->arena, "%s %s", vowel ? "an" : "a", name);
}

/* ---- types that were lost -------------------------------------------------------------------- */

bool type_is_lost(const checker *checker, const type *type)
{
    return type != NULL && type == checker->lost_type;
}

const type *type_or_lost(checker *checker, const type *resolved)
{
    if (resolved != NULL)
        return resolved;
    if (checker->lost_type == NULL) {
        type *const made = arena_allocate(checker->arena, sizeof *made);
        *made = (type){.kind = CST_KIND_JSON, .row = CST_NONE};
        checker->lost_type = made;
    }
    return checker->lost_type;
}

/* ---- written types --------------------------------------------------------------------------- */

/* The bound of T(N); 0 if there is none. False after an error. */
static bool bound_read(checker *checker, const ast_type *ast, cst_kind kind, uint32_t *bound)
{
    *bound = 0;
    if (!ast->has_bound)
        return true;
    const bool list = kind == CST_KIND_LIST;
    if (!list && !type_is_text(&(type){.kind = kind})) {
        diagnostic *const d =
            check_report(checker, E_BOUND_MISPLACED, ast->bound_range,
                         "a bound in parentheses is a length, and `%s` has none", kind_name(kind));
        diagnostic_mend(checker->compilation, d, ast->bound_range, NULL,
                        "leave the bound out and compare in a rule instead");
        return false;
    }
    const uint32_t most = list ? LIMIT_LIST_ELEMENTS : LIMIT_TEXT_BYTES;
    if (ast->bound >= 1 && ast->bound <= (int64_t)most) {
        *bound = (uint32_t)ast->bound;
        return true;
    }
    diagnostic *const d =
        check_report(checker, E_BOUND, ast->bound_range, "a %s cannot have the bound %lld",
                     list ? "list" : "text", (long long)ast->bound);
    diagnostic_label(checker->compilation, d, "must be between 1 and %u", most);
    return false;
}

static void type_unknown(checker *checker, unit *unit, const ast_type *ast)
{
    uint32_t enums;
    const char *const *const declared = unit_names(checker, unit, 1u << SYMBOL_ENUM, &enums);
    const char **const names =
        arena_array(checker->arena, enums + BUILTIN_COUNT + 1, sizeof *names);
    for (uint32_t i = 0; i < enums; i++)
        names[i] = declared[i];
    for (uint32_t i = 0; i < BUILTIN_COUNT; i++)
        names[enums + i] = builtins[i].name;
    names[enums + BUILTIN_COUNT] = "list";
    diagnostic *const d = check_report(checker, E_UNKNOWN_TYPE, ast->name.range,
                                       "no type is called `%s`", ast->name.bytes);
    const char *const guess = guess_type(ast->name.bytes);
    const char *const near =
        guess != NULL ? guess
                      : diagnostic_nearest(ast->name.bytes, names, enums + BUILTIN_COUNT + 1);
    if (near == NULL)
        return;
    diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
    diagnostic_mend(checker->compilation, d, ast->name.range, near, "write `%s`", near);
}

static const type *name_resolve(checker *checker, unit *unit, const ast_type *ast)
{
    const key name = key_of(&ast->name);
    uint32_t bound;
    if (key_is(name, "list") || key_is(name, "set")) {
        diagnostic *const d = check_report(checker, E_TYPE_ARGUMENT, ast->range,
                                           "a %s needs the type of its elements", name.bytes);
        diagnostic_mend(checker->compilation, d, ast->range, NULL, "write `%s<string>`",
                        name.bytes);
        return NULL;
    }
    for (uint32_t i = 0; i < BUILTIN_COUNT; i++) {
        if (!key_is(name, builtins[i].name))
            continue;
        if (!bound_read(checker, ast, builtins[i].kind, &bound))
            return NULL;
        if (builtins[i].kind != CST_KIND_AGENT)
            return type_scalar(checker, builtins[i].kind, bound);
        return type_intern(
            checker,
            &(type){.kind = CST_KIND_AGENT, .bound = bound, .enumeration = checker->agents});
    }
    ast_text text = ast->name;
    const ast_path path = {&text, 1, ast->name.range};
    uint32_t used = 0;
    symbol *const symbol = unit_resolve(checker, unit, &path, &used);
    if (symbol != NULL && symbol->kind == SYMBOL_ENUM && symbol->enumeration != NULL)
        return bound_read(checker, ast, CST_KIND_ENUM, &bound)
                   ? type_enum(checker, symbol->enumeration)
                   : NULL;
    if (key_is(name, "weekday") && checker->weekdays != NULL)
        return bound_read(checker, ast, CST_KIND_ENUM, &bound)
                   ? type_enum(checker, checker->weekdays)
                   : NULL;
    if (symbol == NULL) {
        type_unknown(checker, unit, ast);
        return NULL;
    }
    diagnostic *const d = check_report(checker, E_UNKNOWN_TYPE, ast->name.range,
                                       "`%s` is not a type", ast->name.bytes);
    diagnostic_note_at(checker->compilation, d, symbol->range, "it is declared here");
    return NULL;
}

static const type *generic_resolve(checker *checker, unit *unit, const ast_type *ast,
                                   uint32_t depth)
{
    const key name = key_of(&ast->name);
    if (!key_is(name, "list") && !key_is(name, "set")) {
        static const char *const generics[] = {"list", "set"};
        diagnostic *const d = check_report(checker, E_TYPE_ARGUMENT, ast->range,
                                           "`%s` takes no type in angle brackets", name.bytes);
        const char *const near =
            key_is(name, "array") ? "list" : diagnostic_nearest(name.bytes, generics, 2);
        if (near != NULL)
            diagnostic_mend(checker->compilation, d, ast->name.range, near, "write `%s`", near);
        return NULL;
    }
    const type *const element =
        type_or_lost(checker, type_resolve(checker, unit, ast->argument, depth + 1));
    uint32_t bound;
    if (!bound_read(checker, ast, CST_KIND_LIST, &bound))
        return NULL;
    return type_list(checker, element, bound);
}

static const type *record_resolve(checker *checker, unit *unit, const ast_type *ast, uint32_t depth)
{
    type_field *const fields = arena_array(checker->arena, ast->field_count, sizeof *fields);
    name_table seen = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < ast->field_count; i++) {
        const ast_field *const field = &ast->fields[i];
        const type *const type =
            type_or_lost(checker, type_resolve(checker, unit, field->type, depth + 1));
        const uint32_t first = name_table_find(&seen, field->key.bytes, strlen(field->key.bytes));
        if (first == CST_NONE) {
            name_table_add(checker->arena, &seen, field->key.bytes, count);
            fields[count++] =
                (type_field){field->key.bytes, type, field->optional, field->key.range};
            continue;
        }
        diagnostic *const d = check_report(checker, E_FIELD_TWICE, field->key.range,
                                           "the record has two fields `%s`", field->key.bytes);
        diagnostic_note_at(checker->compilation, d, fields[first].range, "the first is here");
        diagnostic_mend(checker->compilation, d, field->key.range, NULL,
                        "give it another name, or leave one of them out");
    }
    if (ast->has_bound) {
        check_report(checker, E_BOUND_MISPLACED, ast->bound_range,
                     "a bound in parentheses is a length, and a record has none");
        return NULL;
    }
    return type_record(checker, fields, count);
}

const type *type_resolve(checker *checker, unit *unit, const ast_type *ast, uint32_t depth)
{
    if (ast == NULL)
        return NULL;
    if (depth > LIMIT_TYPE_DEPTH) {
        diagnostic *const d =
            check_report(checker, E_TYPE_DEPTH, ast->range, "a type may be nested at most %u deep",
                         LIMIT_TYPE_DEPTH);
        diagnostic_mend(checker->compilation, d, ast->range, NULL,
                        "declare the inner part as `json`, and ask for its type where it is used");
        return NULL;
    }
    switch (ast->kind) {
    case AST_TYPE_NAME: return name_resolve(checker, unit, ast);
    case AST_TYPE_GENERIC: return generic_resolve(checker, unit, ast, depth);
    case AST_TYPE_RECORD: return record_resolve(checker, unit, ast, depth);
    }
    return NULL;
}

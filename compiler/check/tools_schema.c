/*
 * tools_schema.c - JSON Schema as types.
 *
 * A schema says what a validator accepts; a type says what a condition may rely on. So the reading
 * is one-sided: a keyword that only narrows (pattern, minimum, not) may be passed over, since every
 * value that the schema accepts still is of the type; a schema that allows more than one type is
 * open data. What is broken (a `properties` that is no object) is an error, because then nobody
 * knows what was meant.
 *
 * References are followed within the tool's schema and the file. One that leads back into itself is
 * open data. Both nesting and the number of schemas read for one tool are bounded: references can
 * double the work at each level.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compiler/check/tools.h"
#include "runtime/identity.h"
#include "runtime/limits.h"

/* ---- places ---------------------------------------------------------------------------------- */

source_range schema_range(const schema_reader *reader, const cst_json *value)
{
    return (source_range){reader->source, value->at, value->at + value->at_length};
}

static source_range key_range(const schema_reader *reader, const json_key *key)
{
    const uint32_t length = reader->checker->compilation->sources.items[reader->source].length;
    /* with its quotes, if nothing in it is escaped */
    const uint32_t end = key->at + key->length + 2;
    return (source_range){reader->source, key->at, end < length ? end : length};
}

static const char *pointer_token(arena *arena, const char *text, uint32_t length)
{
    char *const token = arena_allocate(arena, (size_t)length * 2 + 2);
    char *next = token;
    *next++ = '/';
    for (uint32_t i = 0; i < length; i++) {
        if (text[i] == '~' || text[i] == '/') {
            *next++ = '~';
            *next++ = text[i] == '~' ? '0' : '1';
        } else {
            *next++ = text[i];
        }
    }
    *next = '\0';
    return token;
}

const char *schema_pointer(const schema_reader *reader, const cst_json *value)
{
    arena *const arena = reader->checker->arena;
    const char *pointer = "";
    const cst_json *at = reader->file;
    while (at != value && (at->kind == JSON_OBJECT || at->kind == JSON_LIST)) {
        const cst_json *inner = NULL;
        for (uint32_t i = 0; inner == NULL && i < at->length; i++) {
            const cst_json *const item = &at->items[i];
            if (value->at < item->at || value->at >= item->at + item->at_length)
                continue;
            inner = item;
            pointer = at->kind == JSON_OBJECT
                          ? arena_format(arena, "%s%s", pointer,
                                         pointer_token(arena, at->keys[i].text, at->keys[i].length))
                          : arena_format(arena, "%s/%u", pointer, i);
        }
        if (inner == NULL)
            break;
        at = inner;
    }
    return pointer;
}

static void schema_report(const schema_reader *reader, diagnostic_code code, const cst_json *value,
                          const char *text)
{
    compilation *const compilation = reader->checker->compilation;
    diagnostic *const d =
        diagnostic_report(compilation, code, schema_range(reader, value), "%s", text);
    diagnostic_note_text(compilation, d, "at %s of the file", schema_pointer(reader, value));
}

/* ---- references ------------------------------------------------------------------------------ */

static const cst_json *member_named(const cst_json *object, const char *name, size_t length)
{
    if (object->kind == JSON_LIST) {
        uint32_t number = 0;
        for (size_t i = 0; i < length; i++) {
            if (name[i] < '0' || name[i] > '9' || number > 100000000)
                return NULL;
            number = number * 10 + (uint32_t)(name[i] - '0');
        }
        return length > 0 && number < object->length ? &object->items[number] : NULL;
    }
    for (uint32_t i = 0; object->kind == JSON_OBJECT && i < object->length; i++)
        if (object->keys[i].length == length && memcmp(object->keys[i].text, name, length) == 0)
            return &object->items[i];
    return NULL;
}

/* The value at a JSON pointer without its leading '#'; NULL if there is none. */
static const cst_json *pointer_follow(arena *arena, const cst_json *from, const char *text,
                                      uint32_t length)
{
    char *const token = arena_allocate(arena, (size_t)length + 1);
    uint32_t i = 0;
    while (from != NULL && i < length) {
        if (text[i++] != '/')
            return NULL;
        size_t used = 0;
        for (; i < length && text[i] != '/'; i++) {
            const bool escape =
                text[i] == '~' && i + 1 < length && (text[i + 1] == '0' || text[i + 1] == '1');
            token[used++] = !escape ? text[i] : text[i + 1] == '0' ? '~' : '/';
            i += escape;
        }
        from = member_named(from, token, used);
    }
    return from;
}

static const type *reference_type(schema_reader *reader, const cst_json *reference, uint32_t depth,
                                  bool *nullable)
{
    const type *const open_type = type_scalar(reader->checker, CST_KIND_JSON, 0);
    if (reference->kind != JSON_STRING) {
        schema_report(reader, E_TOOLS_SCHEMA, reference, "a `$ref` is a text");
        return open_type;
    }
    if (reference->length == 0 || reference->text[0] != '#' ||
        (reference->length > 1 && reference->text[1] != '/'))
        return open_type; /* another document, or an anchor */
    arena *const arena = reader->checker->arena;
    const cst_json *target =
        pointer_follow(arena, reader->root, reference->text + 1, reference->length - 1);
    if (target == NULL)
        target = pointer_follow(arena, reader->file, reference->text + 1, reference->length - 1);
    if (target == NULL) {
        schema_report(reader, E_TOOLS_REFERENCE, reference, "the reference leads nowhere");
        return open_type;
    }
    for (const struct schema_reference *open = reader->open; open != NULL; open = open->outer)
        if (open->target == target)
            return open_type;
    const struct schema_reference here = {target, reader->open};
    reader->open = &here;
    const type *const found = schema_type(reader, target, depth + 1, nullable);
    reader->open = here.outer;
    return found;
}

/* ---- alternatives and constants -------------------------------------------------------------- */

static const type *any_of_type(schema_reader *reader, const cst_json *list, uint32_t depth,
                               bool *nullable)
{
    const type *const open_type = type_scalar(reader->checker, CST_KIND_JSON, 0);
    if (list->kind != JSON_LIST || list->length == 0) {
        schema_report(reader, E_TOOLS_SCHEMA, list,
                      "alternatives are a list of schemas, and not empty");
        return open_type;
    }
    const type *found = NULL;
    for (uint32_t i = 0; i < list->length; i++) {
        const cst_json *const kind = json_member(&list->items[i], "type");
        if (kind != NULL && json_text_is(kind, "null")) {
            *nullable = true;
            continue;
        }
        bool null_too = false;
        const type *const one = schema_type(reader, &list->items[i], depth + 1, &null_too);
        *nullable = *nullable || null_too;
        found = found == NULL || found == one ? one : open_type;
    }
    return found != NULL ? found : open_type;
}

static char *text_copy(const schema_reader *reader, const char *text, uint32_t length)
{
    return arena_copy(reader->checker->arena, text, length);
}

/* An enum of texts; NULL if some value is neither text nor null. */
static const type *enum_type(schema_reader *reader, const cst_json *values, bool *nullable)
{
    name_table seen = {0};
    enumeration *const made = arena_allocate(reader->checker->arena, sizeof *made);
    made->values = arena_array(reader->checker->arena, values->length, sizeof *made->values);
    made->range = schema_range(reader, values);
    const char *name = "one of";
    for (uint32_t i = 0; i < values->length; i++) {
        const cst_json *const value = &values->items[i];
        if (value->kind == JSON_NULL) {
            *nullable = true;
            continue;
        }
        if (value->kind != JSON_STRING || memchr(value->text, '\0', value->length) != NULL)
            return NULL;
        if (name_table_find(&seen, value->text, value->length) != CST_NONE)
            continue;
        char *const text = text_copy(reader, value->text, value->length);
        if (made->count < 4)
            name = arena_format(reader->checker->arena, "%s%s \"%s\"", name,
                                made->count == 0 ? "" : ",", text);
        else if (made->count == 4)
            name = arena_format(reader->checker->arena, "%s, …", name);
        name_table_add(reader->checker->arena, &seen, text, i);
        made->values[made->count++] = text;
    }
    made->name = name;
    return made->count > 0 ? type_enum(reader->checker, made) : NULL;
}

/* ---- scalars, lists, records ----------------------------------------------------------------- */

/* A bound such as maxLength; 0 if there is none that the language can hold. */
static uint32_t bound_of(const cst_json *schema, const char *name, uint32_t most)
{
    const cst_json *const value = json_member(schema, name);
    cst_value number;
    if (value == NULL || value->kind != JSON_NUMBER ||
        !number_parse(CST_KIND_INT, value->text, value->length, &number))
        return 0;
    return number.as.integer >= 1 && number.as.integer <= (int64_t)most
               ? (uint32_t)number.as.integer
               : 0;
}

static const type *string_type(const schema_reader *reader, const cst_json *schema)
{
    static const struct {
        const char *format;
        cst_kind kind;
    } formats[] = {
        {"email", CST_KIND_EMAIL}, {"uri", CST_KIND_URL}, {"url", CST_KIND_URL},
        {"ipv4", CST_KIND_IP},     {"ipv6", CST_KIND_IP}, {"date-time", CST_KIND_TIME},
    };
    const cst_json *const format = json_member(schema, "format");
    for (size_t i = 0; format != NULL && i < sizeof formats / sizeof formats[0]; i++)
        if (json_text_is(format, formats[i].format))
            return type_scalar(reader->checker, formats[i].kind, 0);
    return type_scalar(reader->checker, CST_KIND_STRING,
                       bound_of(schema, "maxLength", LIMIT_TEXT_BYTES));
}

static const type *list_type(schema_reader *reader, const cst_json *schema, uint32_t depth)
{
    const type *element = type_scalar(reader->checker, CST_KIND_JSON, 0);
    const cst_json *const items = json_member(schema, "items");
    if (items != NULL && items->kind == JSON_OBJECT && json_member(schema, "prefixItems") == NULL) {
        bool nullable = false;
        const type *const one = schema_type(reader, items, depth + 1, &nullable);
        if (!nullable)
            element = one;
    }
    return type_list(reader->checker, element, bound_of(schema, "maxItems", LIMIT_LIST_ELEMENTS));
}

static bool name_fits(schema_reader *reader, const json_key *key)
{
    if (key->length <= LIMIT_NAME_BYTES && memchr(key->text, '\0', key->length) == NULL)
        return true;
    diagnostic_report(reader->checker->compilation, E_TOOLS_NAME, key_range(reader, key),
                      "a parameter's name has at most %u bytes, and none of them is NUL",
                      LIMIT_NAME_BYTES);
    return false;
}

/* The names that `required` lists, as a table; false if it is broken. */
static bool required_read(schema_reader *reader, const cst_json *schema, name_table *out)
{
    const cst_json *const required = json_member(schema, "required");
    if (required == NULL || required->kind == JSON_BOOL) /* draft 3 wrote it into each property */
        return true;
    bool sound = required->kind == JSON_LIST;
    for (uint32_t i = 0; sound && i < required->length; i++) {
        const cst_json *const name = &required->items[i];
        sound = name->kind == JSON_STRING;
        if (sound && memchr(name->text, '\0', name->length) == NULL)
            name_table_add(reader->checker->arena, out, text_copy(reader, name->text, name->length),
                           i);
    }
    if (!sound)
        schema_report(reader, E_TOOLS_SCHEMA, required, "`required` is a list of names");
    return sound;
}

static const type *record_type(schema_reader *reader, const cst_json *schema, uint32_t depth)
{
    const cst_json *const properties = json_member(schema, "properties");
    const type *const open_type = type_scalar(reader->checker, CST_KIND_JSON, 0);
    if (properties == NULL)
        return open_type;
    if (properties->kind != JSON_OBJECT) {
        schema_report(reader, E_TOOLS_SCHEMA, properties, "`properties` is an object of schemas");
        return open_type;
    }
    name_table required = {0};
    if (!required_read(reader, schema, &required) || (properties->length == 0 && depth > 0))
        return open_type;
    type_field *const fields =
        arena_array(reader->checker->arena, properties->length, sizeof *fields);
    uint32_t count = 0;
    for (uint32_t i = 0; i < properties->length; i++) {
        const json_key *const key = &properties->keys[i];
        if (!name_fits(reader, key))
            continue;
        bool nullable = false;
        const type *const found = schema_type(reader, &properties->items[i], depth + 1, &nullable);
        fields[count++] = (type_field){
            .name = text_copy(reader, key->text, key->length),
            .type = found,
            .range = key_range(reader, key),
            .optional = nullable || name_table_find(&required, key->text, key->length) == CST_NONE};
    }
    return type_record(reader->checker, fields, count);
}

/* ---- one schema ------------------------------------------------------------------------------ */

typedef enum schema_kind {
    SCHEMA_STRING = 1,
    SCHEMA_INTEGER = 2,
    SCHEMA_NUMBER = 4,
    SCHEMA_BOOLEAN = 8,
    SCHEMA_OBJECT = 16,
    SCHEMA_ARRAY = 32,
    SCHEMA_NULL = 64
} schema_kind;

/* The types that `type` allows, as a bit set; 0 if it says nothing. */
static uint32_t kinds_read(schema_reader *reader, const cst_json *schema)
{
    static const struct {
        const char *name;
        schema_kind kind;
    } kinds[] = {
        {"string", SCHEMA_STRING},   {"integer", SCHEMA_INTEGER}, {"number", SCHEMA_NUMBER},
        {"boolean", SCHEMA_BOOLEAN}, {"object", SCHEMA_OBJECT},   {"array", SCHEMA_ARRAY},
        {"null", SCHEMA_NULL},
    };
    const cst_json *const named = json_member(schema, "type");
    if (named == NULL)
        return 0;
    const bool list = named->kind == JSON_LIST;
    uint32_t set = 0;
    for (uint32_t i = 0; i < (list ? named->length : 1); i++) {
        const cst_json *const name = list ? &named->items[i] : named;
        size_t k = 0;
        while (k < sizeof kinds / sizeof kinds[0] &&
               !(name->kind == JSON_STRING && json_text_is(name, kinds[k].name)))
            k++;
        if (k == sizeof kinds / sizeof kinds[0]) {
            schema_report(reader, E_TOOLS_SCHEMA, name,
                          "a `type` is string, integer, number, boolean, object, array or null");
            return 0;
        }
        set |= kinds[k].kind;
    }
    return set;
}

static const type *kind_type(schema_reader *reader, const cst_json *schema, uint32_t kinds,
                             uint32_t depth)
{
    checker *const checker = reader->checker;
    switch (kinds) {
    case SCHEMA_STRING: return string_type(reader, schema);
    case SCHEMA_INTEGER: return type_scalar(checker, CST_KIND_INT, 0);
    case SCHEMA_NUMBER:
    case SCHEMA_NUMBER | SCHEMA_INTEGER: return type_scalar(checker, CST_KIND_FLOAT, 0);
    case SCHEMA_BOOLEAN: return type_scalar(checker, CST_KIND_BOOL, 0);
    case SCHEMA_OBJECT: return record_type(reader, schema, depth);
    case SCHEMA_ARRAY: return list_type(reader, schema, depth);
    default: return type_scalar(checker, CST_KIND_JSON, 0); /* several, none, or only null */
    }
}

static bool within_bounds(schema_reader *reader, const cst_json *schema, uint32_t depth)
{
    if (reader->steps > LIMIT_SCHEMA_STEPS)
        return false; /* reported */
    reader->steps++;
    if (depth <= LIMIT_TYPE_DEPTH && reader->steps <= LIMIT_SCHEMA_STEPS)
        return true;
    const char *const text =
        depth > LIMIT_TYPE_DEPTH
            ? arena_format(reader->checker->arena, "a schema may be nested at most %u deep",
                           LIMIT_TYPE_DEPTH)
            : arena_format(reader->checker->arena,
                           "the schema of one tool may have at most %u parts", LIMIT_SCHEMA_STEPS);
    schema_report(reader, E_SCHEMA_DEPTH, schema, text);
    return false;
}

/* The values that `enum` or `const` allows; the latter as a list of one, in *constant. */
static const cst_json *values_of(const cst_json *schema, cst_json *constant)
{
    for (uint32_t i = 0; i < schema->length; i++) {
        if (schema->keys[i].length != 5 || memcmp(schema->keys[i].text, "const", 5) != 0)
            continue;
        *constant = (cst_json){.kind = JSON_LIST,
                               .at = schema->items[i].at,
                               .at_length = schema->items[i].at_length,
                               .length = 1,
                               .items = &schema->items[i]};
        return constant;
    }
    return json_member(schema, "enum");
}

const type *schema_type(schema_reader *reader, const cst_json *schema, uint32_t depth,
                        bool *nullable)
{
    const type *const open_type = type_scalar(reader->checker, CST_KIND_JSON, 0);
    if (!within_bounds(reader, schema, depth) || schema->kind == JSON_BOOL)
        return open_type;
    if (schema->kind != JSON_OBJECT) {
        schema_report(reader, E_TOOLS_SCHEMA, schema, "a schema is an object");
        return open_type;
    }
    const cst_json *const reference = json_member(schema, "$ref");
    if (reference != NULL)
        return reference_type(reader, reference, depth, nullable);
    const uint32_t kinds = kinds_read(reader, schema);
    const cst_json *const any_of =
        json_member(schema, "anyOf") ? json_member(schema, "anyOf") : json_member(schema, "oneOf");
    const cst_json *const all_of = json_member(schema, "allOf");
    if (kinds == 0 && any_of != NULL && all_of == NULL)
        return any_of_type(reader, any_of, depth, nullable);
    if (kinds == 0 && all_of != NULL && any_of == NULL && all_of->kind == JSON_LIST &&
        all_of->length == 1)
        return schema_type(reader, &all_of->items[0], depth + 1, nullable);
    *nullable = (kinds & SCHEMA_NULL) != 0;
    cst_json constant;
    const cst_json *const values = values_of(schema, &constant);
    if (values != NULL && values->kind != JSON_LIST) {
        schema_report(reader, E_TOOLS_SCHEMA, values, "`enum` is a list of values");
        return open_type;
    }
    if (values != NULL && (kinds == 0 || (kinds & SCHEMA_STRING))) {
        const type *const found = enum_type(reader, values, nullable);
        if (found != NULL)
            return found;
    }
    return kind_type(reader, schema, kinds & ~(uint32_t)SCHEMA_NULL, depth);
}

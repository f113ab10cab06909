/*
 * convert.c - JSON values become values of a type row; see convert.h.
 *
 * Recursion follows the type, whose nesting the compiler bounds, never the data. Pointers of
 * problems are put together while the recursion unwinds, so a value that fits pays nothing for
 * them.
 */
#include "runtime/convert.h"

#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/base/names.h"
#include "runtime/utf8.h"

uint32_t symbol_find(const cst_image *image, const char *text, size_t length)
{
    const uint32_t capacity = image->symbol_capacity;
    if (capacity == 0)
        return 0;
    const uint32_t *const buckets = CST_ROWS(image, symbol_buckets, uint32_t);
    const cst_symbol_row *const rows = CST_ROWS(image, symbols, cst_symbol_row);
    const uint32_t hash = cst_hash(text, length);
    for (uint32_t i = 0; i < capacity; i++) {
        const uint32_t symbol = buckets[(hash + i) & (capacity - 1)];
        if (symbol == 0)
            return 0;
        const cst_symbol_row *const row = &rows[symbol - 1];
        if (row->hash == hash && row->text.length == length &&
            same_name(CST_TEXT(image, row->text), text, (uint32_t)length))
            return symbol;
    }
    return 0;
}

uint64_t symbol_lengths(const cst_image *image)
{
    const cst_symbol_row *const rows = CST_ROWS(image, symbols, cst_symbol_row);
    uint64_t lengths = 0;
    for (uint32_t i = 0; i < image->symbols.count; i++)
        lengths |= UINT64_C(1) << (rows[i].text.length < 63 ? rows[i].text.length : 63);
    return lengths;
}

static const cst_type_row *type_row(const convert_context *context, uint32_t type)
{
    return &CST_ROWS(context->image, types, cst_type_row)[type];
}

static bool refuse(convert_problem *problem, cst_value *out, const char *code, const char *text)
{
    memset(out, 0, sizeof *out);
    *problem = (convert_problem){code, "", text};
    return false;
}

static bool wrong_type(convert_problem *problem, cst_value *out, uint32_t kind)
{
    static const char *const texts[CST_KIND_COUNT] = {
        [CST_KIND_BOOL] = "Must be true or false.", [CST_KIND_INT] = "Must be a whole number.",
        [CST_KIND_DECIMAL] = "Must be a number.",   [CST_KIND_FLOAT] = "Must be a number.",
        [CST_KIND_LIST] = "Must be a list.",        [CST_KIND_RECORD] = "Must be an object.",
    };
    const char *const text = kind < CST_KIND_COUNT ? texts[kind] : NULL;
    return refuse(problem, out, "type", text ? text : "Must be a string.");
}

static bool no_memory(convert_problem *problem, cst_value *out)
{
    return refuse(problem, out, "memory", "The memory for the event is used up.");
}

static bool place(cst_value *out, uint32_t at, uint32_t at_length)
{
    out->at = at;
    out->at_length = at_length;
    return true;
}

/* Open data: the value points to its tree. */
static bool keep_open(const cst_json *json, cst_value *out)
{
    memset(out, 0, sizeof *out);
    out->kind = json->kind == JSON_NULL ? CST_KIND_NULL : CST_KIND_JSON;
    out->parts = json;
    return place(out, json->at, json->at_length);
}

/* The same for a scalar that came as a token: it gets a tree of its own. */
static bool keep_scalar(const convert_context *context, const cst_json *scalar, cst_value *out,
                        convert_problem *problem)
{
    cst_json *const json = arena_allocate(context->arena, sizeof *json);
    if (!json)
        return no_memory(problem, out);
    *json = *scalar;
    return keep_open(json, out);
}

#define LINEAR_NAMES 4u /* up to here comparing them costs less than a hash */

static bool has_table(const cst_type_row *type)
{
    return (type->kind == CST_KIND_ENUM || type->kind == CST_KIND_AGENT) &&
           type->fields.count > LINEAR_NAMES;
}

/* Types may have a name in common: `first` keeps them apart. */
static uint32_t name_hash(const char *text, uint32_t length, uint32_t first)
{
    return cst_hash(text, length) + first * UINT32_C(0x9e3779b1);
}

uint32_t convert_names_capacity(const cst_image *image)
{
    const cst_type_row *const types = CST_ROWS(image, types, cst_type_row);
    uint64_t count = 0;
    for (uint32_t i = 0; i < image->types.count; i++)
        count += has_table(&types[i]) ? types[i].fields.count : 0;
    if (count == 0 || count > UINT32_C(1) << 28)
        return 0;
    if (count >
        2 * (uint64_t)image->names.count) /* no compiler makes many types of the same names */
        return 0;
    uint32_t capacity = 8;
    while (capacity < 2 * count)
        capacity *= 2;
    return capacity;
}

void convert_names_fill(const cst_image *image, uint32_t *buckets, uint32_t capacity)
{
    const cst_type_row *const types = CST_ROWS(image, types, cst_type_row);
    const cst_ref *const names = CST_ROWS(image, names, cst_ref);
    for (uint32_t i = 0; i < image->types.count; i++) {
        const cst_range range = types[i].fields;
        for (uint32_t k = 0; has_table(&types[i]) && k < range.count; k++) {
            const cst_ref name = names[range.first + k];
            uint32_t at =
                name_hash(CST_TEXT(image, name), name.length, range.first) & (capacity - 1);
            while (buckets[at])
                at = (at + 1) & (capacity - 1);
            buckets[at] = range.first + k + 1;
        }
    }
}

uint32_t convert_name(const convert_context *context, const cst_type_row *type, const char *text,
                      uint32_t length)
{
    const cst_image *const image = context->image;
    const cst_ref *const names = CST_ROWS(image, names, cst_ref);
    const cst_range range = type->fields;
    if (!context->names.buckets || !has_table(type)) {
        for (uint32_t i = 0; i < range.count; i++)
            if (names[range.first + i].length == length &&
                same_name(CST_TEXT(image, names[range.first + i]), text, length))
                return i;
        return CST_NONE;
    }
    const uint32_t mask = context->names.capacity - 1;
    for (uint32_t at = name_hash(text, length, range.first) & mask; context->names.buckets[at];
         at = (at + 1) & mask) {
        const uint32_t row = context->names.buckets[at] - 1;
        if (row - range.first < range.count && names[row].length == length &&
            same_name(CST_TEXT(image, names[row]), text, length))
            return row - range.first;
    }
    return CST_NONE;
}

static const char *not_parsed(uint32_t kind)
{
    switch (kind) {
    case CST_KIND_EMAIL: return "Is no e-mail address.";
    case CST_KIND_URL: return "Is no absolute URL.";
    case CST_KIND_HOST: return "Is no host name.";
    case CST_KIND_PATH: return "Is no path.";
    case CST_KIND_IP: return "Is no IP address.";
    case CST_KIND_TIME: return "Is no RFC 3339 time.";
    case CST_KIND_DURATION: return "Is no duration, such as 10m.";
    default: return "Is no value of its type.";
    }
}

bool convert_string(const convert_context *context, uint32_t type, bool interned, const char *text,
                    uint32_t length, uint32_t at, uint32_t at_length, cst_value *out,
                    convert_problem *problem)
{
    const cst_type_row *const row = type_row(context, type);
    const uint32_t most = context->text_bytes ? context->text_bytes : LIMIT_TEXT_BYTES;
    if (length > most)
        return refuse(problem, out, "bound", "Is longer than the limit for texts.");
    if (row->bound && length > row->bound && row->kind != CST_KIND_JSON &&
        utf8_count(text, length) > row->bound)
        return refuse(problem, out, "bound", "Is longer than its type allows.");
    switch (row->kind) {
    case CST_KIND_STRING:
        memset(out, 0, sizeof *out);
        out->as.text = text;
        out->length = out->raw_length = length;
        out->kind = CST_KIND_STRING;
        break;
    case CST_KIND_ENUM: {
        const uint32_t index = convert_name(context, row, text, length);
        if (index == CST_NONE)
            return refuse(problem, out, "value", "Is none of the values of its enum.");
        memset(out, 0, sizeof *out);
        out->as.integer = index;
        out->kind = CST_KIND_ENUM;
        out->raw_length = length;
        return place(out, at, at_length);
    }
    case CST_KIND_AGENT:
        if (row->fields.count > 0 && convert_name(context, row, text, length) == CST_NONE)
            return refuse(problem, out, "value", "Is none of the declared agents.");
        memset(out, 0, sizeof *out);
        out->as.text = text;
        out->length = out->raw_length = length;
        out->kind = CST_KIND_AGENT;
        break;
    case CST_KIND_EMAIL:
    case CST_KIND_URL:
    case CST_KIND_HOST:
    case CST_KIND_PATH:
    case CST_KIND_IP:
    case CST_KIND_COMMAND:
    case CST_KIND_TIME:
    case CST_KIND_DURATION: {
        bool memory_short;
        if (!identity_parse((cst_kind)row->kind, text, length, context->arena, out, &memory_short))
            return memory_short ? no_memory(problem, out)
                                : refuse(problem, out, "value", not_parsed(row->kind));
        break;
    }
    case CST_KIND_JSON: {
        const cst_json scalar = {
            .kind = JSON_STRING, .at = at, .at_length = at_length, .text = text, .length = length};
        return keep_scalar(context, &scalar, out, problem);
    }
    default: return wrong_type(problem, out, row->kind);
    }
    if (interned && row->kind != CST_KIND_TIME && row->kind != CST_KIND_DURATION)
        out->symbol = convert_symbol(context, out->as.text, out->length);
    return place(out, at, at_length);
}

bool convert_number(const convert_context *context, uint32_t type, const char *text,
                    uint32_t length, uint32_t at, uint32_t at_length, cst_value *out,
                    convert_problem *problem)
{
    const uint32_t kind = type_row(context, type)->kind;
    if (kind == CST_KIND_JSON) {
        const cst_json scalar = {
            .kind = JSON_NUMBER, .at = at, .at_length = at_length, .text = text, .length = length};
        return keep_scalar(context, &scalar, out, problem);
    }
    if (kind != CST_KIND_INT && kind != CST_KIND_DECIMAL && kind != CST_KIND_FLOAT)
        return wrong_type(problem, out, kind);
    if (!number_parse((cst_kind)kind, text, length, out))
        return refuse(problem, out, "value",
                      kind == CST_KIND_INT ? "Is no whole number of 64 bits."
                      : kind == CST_KIND_DECIMAL
                          ? "Has more than six decimal places, or is too large."
                          : "Is too large for a float.");
    return place(out, at, at_length);
}

bool convert_bool(const convert_context *context, uint32_t type, bool boolean, uint32_t at,
                  uint32_t at_length, cst_value *out, convert_problem *problem)
{
    const uint32_t kind = type_row(context, type)->kind;
    if (kind == CST_KIND_JSON) {
        const cst_json scalar = {
            .kind = JSON_BOOL, .boolean = boolean, .at = at, .at_length = at_length};
        return keep_scalar(context, &scalar, out, problem);
    }
    if (kind != CST_KIND_BOOL)
        return wrong_type(problem, out, kind);
    memset(out, 0, sizeof *out);
    out->as.integer = boolean;
    out->kind = CST_KIND_BOOL;
    return place(out, at, at_length);
}

/* ---- lists and records ----------------------------------------------------------------------- */

/* Puts one more step before the pointer: a key with RFC 6901's escapes. */
static void pointer_key(arena *memory, convert_problem *problem, const char *key, uint32_t length)
{
    const size_t behind = strlen(problem->pointer);
    char *const text = arena_allocate(memory, 2 * (size_t)length + behind + 2);
    if (!text) {
        problem->pointer = "";
        return;
    }
    char *next = text;
    *next++ = '/';
    for (uint32_t i = 0; i < length; i++) {
        const bool special = key[i] == '~' || key[i] == '/';
        *next++ = special ? '~' : key[i];
        if (special)
            *next++ = key[i] == '~' ? '0' : '1';
    }
    memcpy(next, problem->pointer, behind + 1);
    problem->pointer = text;
}

static void pointer_index(arena *memory, convert_problem *problem, uint32_t index)
{
    const char *const text = arena_format(memory, "/%u%s", index, problem->pointer);
    problem->pointer = text ? text : "";
}

static bool convert_list(const convert_context *context, const cst_type_row *row, bool interned,
                         const cst_json *json, cst_value *out, convert_problem *problem)
{
    const uint32_t limit = context->list_elements ? context->list_elements : LIMIT_LIST_ELEMENTS;
    if (json->length > (row->bound ? row->bound : limit))
        return refuse(problem, out, "bound", "Has more elements than allowed.");
    cst_value *const items = arena_array(context->arena, json->length, sizeof *items);
    if (!items)
        return no_memory(problem, out);
    for (uint32_t i = 0; i < json->length; i++) {
        if (convert_json(context, row->element, interned, &json->items[i], &items[i], problem))
            continue;
        pointer_index(context->arena, problem, i);
        memset(out, 0, sizeof *out);
        return false;
    }
    memset(out, 0, sizeof *out);
    out->as.items = items;
    out->length = json->length;
    out->kind = CST_KIND_LIST;
    return place(out, json->at, json->at_length);
}

static const cst_json *member(const cst_json *object, const char *name, uint32_t length)
{
    for (uint32_t i = 0; i < object->length; i++)
        if (object->keys[i].length == length &&
            (length == 0 || memcmp(object->keys[i].text, name, length) == 0))
            return &object->items[i];
    return NULL;
}

static bool convert_record(const convert_context *context, const cst_type_row *row, bool interned,
                           const cst_json *json, cst_value *out, convert_problem *problem)
{
    const cst_image *const image = context->image;
    const cst_field_row *const fields = CST_ROWS(image, fields, cst_field_row) + row->fields.first;
    cst_value *const items = arena_array(context->arena, row->fields.count, sizeof *items);
    if (!items)
        return no_memory(problem, out);
    for (uint32_t i = 0; i < row->fields.count; i++) {
        const char *const name = CST_TEXT(image, fields[i].name);
        const cst_json *const item = member(json, name, fields[i].name.length);
        const bool missing = !item || item->kind == JSON_NULL;
        if (missing && fields[i].optional)
            continue;
        if (missing)
            refuse(problem, out, "missing", "Is required.");
        else if (convert_json(context, fields[i].type, interned, item, &items[i], problem))
            continue;
        pointer_key(context->arena, problem, name, fields[i].name.length);
        memset(out, 0, sizeof *out);
        return false;
    }
    memset(out, 0, sizeof *out);
    out->as.items = items;
    out->length = row->fields.count;
    out->kind = CST_KIND_RECORD;
    return place(out, json->at, json->at_length);
}

bool convert_json(const convert_context *context, uint32_t type, bool interned,
                  const cst_json *json, cst_value *out, convert_problem *problem)
{
    const cst_type_row *const row = type_row(context, type);
    if (row->kind == CST_KIND_JSON)
        return keep_open(json, out);
    switch (json->kind) {
    case JSON_BOOL:
        return convert_bool(context, type, json->boolean, json->at, json->at_length, out, problem);
    case JSON_NUMBER:
        return convert_number(context, type, json->text, json->length, json->at, json->at_length,
                              out, problem);
    case JSON_STRING:
        return convert_string(context, type, interned, json->text, json->length, json->at,
                              json->at_length, out, problem);
    case JSON_LIST:
        if (row->kind == CST_KIND_LIST)
            return convert_list(context, row, interned, json, out, problem);
        break;
    case JSON_OBJECT:
        if (row->kind == CST_KIND_RECORD)
            return convert_record(context, row, interned, json, out, problem);
        break;
    case JSON_NULL: break;
    }
    return wrong_type(problem, out, row->kind);
}

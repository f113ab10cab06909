/*
 * json_tree.c - open data as a tree, and the JSON pointer of an error.
 *
 * The builder recurses along the nesting (at most LIMIT_JSON_SCANNER_DEPTH levels). Items of all
 * open containers wait on one stack and are copied out with their exact number when the container
 * ends, so a tree wastes nothing.
 *
 * The pointer of an error is found by reading the text up to the error once more: errors are rare,
 * and the scanner need not keep a path while all goes well.
 */
#include <string.h>

#include "runtime/json.h"
#include "runtime/json_scan.h"

typedef struct builder {
    json_scanner *scanner;
    cst_json *items; /* of all open containers, innermost last */
    json_key *keys;  /* beside each item; unused for list elements */
    uint32_t count, capacity;
} builder;

static bool build_value(builder *tree, cst_json *out);

/* A place for one more item; its number, or UINT32_MAX. */
static uint32_t push(builder *tree)
{
    if (tree->count == tree->capacity) {
        const uint32_t capacity = tree->capacity ? tree->capacity : 16;
        arena *const memory = tree->scanner->arena;
        const uint32_t grown = capacity > UINT32_MAX / 2 ? capacity : capacity * 2;
        cst_json *const items =
            grown == capacity ? NULL : arena_array(memory, grown, sizeof *items);
        json_key *const keys = items ? arena_array(memory, grown, sizeof *keys) : NULL;
        if (!keys) {
            json_fail(tree->scanner, JSON_MEMORY, tree->scanner->next);
            return UINT32_MAX;
        }
        if (tree->count) {
            memcpy(items, tree->items, tree->count * sizeof *items);
            memcpy(keys, tree->keys, tree->count * sizeof *keys);
        }
        tree->items = items;
        tree->keys = keys;
        tree->capacity = grown;
    }
    return tree->count++;
}

static bool build_container(builder *tree, bool object, cst_json *out)
{
    json_scanner *const scanner = tree->scanner;
    const uint32_t first = tree->count;
    if (!json_open(scanner))
        return false;
    while (object ? json_next_member(scanner) : json_next_element(scanner)) {
        const json_key key = {scanner->text, scanner->length, scanner->at};
        const uint32_t place = push(tree);
        cst_json item;
        if (place == UINT32_MAX || !build_value(tree, &item))
            return false;
        tree->items[place] = item;
        if (object)
            tree->keys[place] = key;
    }
    if (scanner->error != JSON_OK)
        return false;
    const uint32_t count = tree->count - first;
    tree->count = first;
    out->length = count;
    if (count == 0)
        return true;
    out->items = arena_array(scanner->arena, count, sizeof *out->items);
    out->keys = object && out->items ? arena_array(scanner->arena, count, sizeof *out->keys) : NULL;
    if (!out->items || (object && !out->keys))
        return json_fail(scanner, JSON_MEMORY, scanner->next);
    memcpy(out->items, tree->items + first, count * sizeof *out->items);
    if (object)
        memcpy(out->keys, tree->keys + first, count * sizeof *out->keys);
    return true;
}

static bool build_value(builder *tree, cst_json *out)
{
    json_scanner *const scanner = tree->scanner;
    memset(out, 0, sizeof *out);
    const char first = json_peek(scanner);
    const uint32_t at = json_offset(scanner);
    bool read;
    switch (first) {
    case '{':
    case '[':
        out->kind = first == '{' ? JSON_OBJECT : JSON_LIST;
        read = build_container(tree, first == '{', out);
        break;
    case '"':
        out->kind = JSON_STRING;
        read = json_string(scanner);
        out->text = scanner->text;
        out->length = scanner->length;
        break;
    case 't':
    case 'f':
    case 'n':
        out->kind = first == 'n' ? JSON_NULL : JSON_BOOL;
        out->boolean = first == 't';
        read = json_literal(scanner) != 0;
        break;
    default:
        out->kind = JSON_NUMBER;
        read = json_number(scanner);
        out->text = scanner->text;
        out->length = scanner->length;
    }
    out->at = at;
    out->at_length = json_offset(scanner) - at;
    return read;
}

cst_json *json_scan_tree(json_scanner *scanner)
{
    if (scanner->error != JSON_OK)
        return NULL;
    if (!scanner->pending && scanner->depth > 0 && scanner->state[scanner->depth - 1] == '[' &&
        !json_next_element(scanner)) {
        json_fail(scanner, JSON_SYNTAX, scanner->next);
        return NULL;
    }
    builder tree = {.scanner = scanner};
    cst_json *const root = arena_allocate(scanner->arena, sizeof *root);
    if (!root) {
        json_fail(scanner, JSON_MEMORY, scanner->next);
        return NULL;
    }
    return build_value(&tree, root) ? root : NULL;
}

json_error json_read(arena *memory, const char *bytes, size_t length, uint32_t depth,
                     cst_json **out, json_problem *problem)
{
    json_scanner scanner;
    json_scan_begin(&scanner, bytes, length, memory, depth);
    cst_json *const root = json_scan_tree(&scanner);
    if (root && json_finish(&scanner)) {
        *out = root;
        return JSON_OK;
    }
    *out = NULL;
    if (problem) {
        problem->error = scanner.error;
        problem->at = scanner.error_at;
        problem->pointer = json_scan_pointer(&scanner);
    }
    return scanner.error;
}

const cst_json *json_member(const cst_json *object, const char *name)
{
    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    const size_t length = strlen(name);
    for (uint32_t i = 0; i < object->length; i++)
        if (object->keys[i].length == length && memcmp(object->keys[i].text, name, length) == 0)
            return &object->items[i];
    return NULL;
}

bool json_text_is(const cst_json *string, const char *text)
{
    const size_t length = strlen(text);
    return string && string->kind == JSON_STRING && string->length == length &&
           memcmp(string->text, text, length) == 0;
}

/* ---- pointers -------------------------------------------------------------------------------- */

/* One step of a path: a key, or the number of elements that stand before. */
typedef struct path_step {
    const char *key; /* NULL: a list */
    uint32_t length, index;
} path_step;

/* Writes "/key" with RFC 6901's escapes to `out`, or only counts if that is NULL. */
static size_t write_key(char *out, const char *key, uint32_t length)
{
    size_t size = 0;
    if (out)
        out[size] = '/';
    size++;
    for (uint32_t i = 0; i < length; i++) {
        const bool special = key[i] == '~' || key[i] == '/';
        if (out) {
            out[size] = special ? '~' : key[i];
            if (special)
                out[size + 1] = key[i] == '~' ? '0' : '1';
        }
        size += special ? 2 : 1;
    }
    return size;
}

static const char *join_steps(arena *memory, const path_step *steps, uint32_t count)
{
    size_t size = 1;
    for (uint32_t i = 0; i < count; i++)
        size += steps[i].key ? write_key(NULL, steps[i].key, steps[i].length) : 11;
    char *const text = arena_allocate(memory, size);
    if (!text)
        return "";
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (steps[i].key) {
            used += write_key(text + used, steps[i].key, steps[i].length);
            continue;
        }
        char digits[10];
        uint32_t digit = sizeof digits, left = steps[i].index;
        do
            digits[--digit] = (char)('0' + left % 10);
        while ((left /= 10) != 0);
        text[used++] = '/';
        memcpy(text + used, digits + digit, sizeof digits - digit);
        used += sizeof digits - digit;
    }
    return text;
}

const char *json_scan_pointer(const json_scanner *failed)
{
    path_step steps[LIMIT_JSON_SCANNER_DEPTH + 1];
    json_scanner scanner;
    json_scan_begin(&scanner, failed->start, failed->error_at, failed->arena, failed->depth_limit);
    uint32_t depth = scanner.depth;
    bool inside = false; /* the innermost container's current item holds the error */
    for (json_token token = JSON_TOKEN_NULL;
         token != JSON_TOKEN_ERROR && token != JSON_TOKEN_END;) {
        const uint32_t before = scanner.depth;
        token = json_scan(&scanner);
        inside = scanner.pending;
        if (token == JSON_TOKEN_KEY) {
            steps[before - 1] = (path_step){scanner.text, scanner.length, 0};
            continue;
        }
        const bool ended = token == JSON_TOKEN_LIST_END || token == JSON_TOKEN_OBJECT_END;
        const bool opened = token == JSON_TOKEN_LIST || token == JSON_TOKEN_OBJECT;
        depth = scanner.depth;
        if (opened)
            steps[depth - 1] = (path_step){token == JSON_TOKEN_OBJECT ? "" : NULL, 0, 0};
        else if (token != JSON_TOKEN_ERROR && depth > 0 && !steps[depth - 1].key &&
                 (ended || depth == before))
            steps[depth - 1].index++;
    }
    if (!inside && depth > 0)
        depth--;
    if (failed->error == JSON_DUPLICATE) {
        json_scan_begin(&scanner, failed->start, (size_t)(failed->end - failed->start),
                        failed->arena, failed->depth_limit);
        json_restart(&scanner, failed->error_at);
        if (json_string(&scanner))
            steps[depth++] = (path_step){scanner.text, scanner.length, 0};
    }
    return join_steps(failed->arena, steps, depth);
}

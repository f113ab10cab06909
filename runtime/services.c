/*
 * services.c - the helpers that compiled conditions call; rows and prices are in services.def.
 *
 * Every one is safe on a zeroed (absent) value: it has no text, no elements and no parts. None
 * allocates but for `join`, `part`, `open_as` and `open_member`, which use the frame's scratch
 * memory, and none keeps anything between calls.
 */
#include <math.h>
#include <string.h>

#include "runtime/command/services.h"
#include "runtime/convert.h"
#include "runtime/history/services.h"
#include "runtime/host/services.h"
#include "runtime/identity.h"
#include "runtime/index.h"
#include "runtime/json.h"
#include "runtime/module.h"
#include "runtime/scratch.h"
#include "runtime/text/services.h"
#include "runtime/utf8.h"

static bool is_text(const cst_value *value)
{
    return value->kind == CST_KIND_STRING ||
           (value->kind >= CST_KIND_AGENT && value->kind <= CST_KIND_IP) ||
           value->kind == CST_KIND_COMMAND;
}

/* Texts only; of other values the union holds a number. */
static uint32_t text_size(const cst_value *value)
{
    return is_text(value) ? value->length : 0;
}

static uint32_t text_equal(const cst_value *a, const cst_value *b)
{
    if (a->symbol && b->symbol)
        return a->symbol == b->symbol;
    const uint32_t length = text_size(a);
    return length == text_size(b) && (length == 0 || memcmp(a->as.text, b->as.text, length) == 0);
}

static uint32_t text_starts(const cst_value *text, const cst_value *prefix)
{
    const uint32_t length = text_size(prefix);
    return length <= text_size(text) &&
           (length == 0 || memcmp(text->as.text, prefix->as.text, length) == 0);
}

static uint32_t text_ends(const cst_value *text, const cst_value *suffix)
{
    const uint32_t length = text_size(suffix), size = text_size(text);
    return length <= size &&
           (length == 0 || memcmp(text->as.text + (size - length), suffix->as.text, length) == 0);
}

static uint32_t path_inside(const cst_value *path, const cst_value *folder)
{
    return path_is_inside(path->as.text, text_size(path), folder->as.text, text_size(folder));
}

static uint32_t host_inside(const cst_value *host, const cst_value *parent)
{
    return host_is_inside(host->as.text, text_size(host), parent->as.text, text_size(parent));
}

/* ---- sets ------------------------------------------------------------------------------------ */

static const cst_set_row *set_row(const cst_frame *frame, uint32_t set)
{
    return &CST_ROWS(frame->image, sets, cst_set_row)[set];
}

static uint32_t set_has_text(cst_frame *frame, const cst_value *value, uint32_t set)
{
    const cst_set_row *const row = set_row(frame, set);
    const uint32_t symbol = value->symbol;
    const void *const data = CST_TEXT(frame->image, row->data);
    if (symbol == 0)
        return 0;
    if (row->form == CST_SET_SYMBOL_BITS) {
        const uint32_t bit = symbol - row->base;
        if (symbol < row->base || bit / 64 >= row->data.length / sizeof(uint64_t))
            return 0;
        return (uint32_t)(((const uint64_t *)data)[bit / 64] >> (bit % 64)) & 1u;
    }
    const uint32_t *const slots = data;
    const uint32_t capacity = row->data.length / (uint32_t)sizeof *slots;
    if (row->form != CST_SET_SYMBOL_HASH || capacity == 0)
        return 0;
    const uint32_t start = cst_symbol_slot(symbol, capacity);
    for (uint32_t i = 0; i < capacity; i++) {
        const uint32_t found = slots[(start + i) & (capacity - 1)];
        if (found == symbol || found == 0)
            return found == symbol;
    }
    return 0;
}

static uint32_t set_has_integer(cst_frame *frame, int64_t value, uint32_t set)
{
    const cst_set_row *const row = set_row(frame, set);
    const int64_t *const items = (const void *)CST_TEXT(frame->image, row->data);
    uint32_t low = 0, high = row->form == CST_SET_INTEGERS ? row->count : 0;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (items[middle] == value)
            return 1;
        if (items[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

static uint32_t set_has_address(cst_frame *frame, const cst_value *value, uint32_t set)
{
    const cst_set_row *const row = set_row(frame, set);
    const cst_ip_parts *const address = value->parts;
    if (value->kind != CST_KIND_IP || !address || row->form != CST_SET_NETWORKS)
        return 0;
    const cst_network *const networks = (const void *)CST_TEXT(frame->image, row->data);
    /* The last network that starts at or before the address. */
    uint32_t low = 0, high = row->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (memcmp(networks[middle].low, address->bytes, 16) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && memcmp(address->bytes, networks[low - 1].high, 16) <= 0;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool is_integer(const cst_value *value)
{
    switch (value->kind) {
    case CST_KIND_BOOL:
    case CST_KIND_INT:
    case CST_KIND_DECIMAL:
    case CST_KIND_TIME:
    case CST_KIND_DURATION:
    case CST_KIND_ENUM: return true;
    default: return false;
    }
}

/* An int beside a decimal is widened; one that no decimal holds equals none. */
static bool integers_equal(const cst_value *a, const cst_value *b)
{
    int64_t x = a->as.integer, y = b->as.integer;
    if (a->kind == b->kind)
        return x == y;
    if (a->kind == CST_KIND_INT && b->kind == CST_KIND_DECIMAL)
        return !__builtin_mul_overflow(x, 1000000, &x) && x == y;
    if (a->kind == CST_KIND_DECIMAL && b->kind == CST_KIND_INT)
        return !__builtin_mul_overflow(y, 1000000, &y) && x == y;
    return false;
}

static double as_float(const cst_value *value)
{
    return value->kind == CST_KIND_FLOAT ? value->as.number : (double)value->as.integer;
}

static bool is_float_pair(const cst_value *a, const cst_value *b)
{
    const bool a_float = a->kind == CST_KIND_FLOAT, b_float = b->kind == CST_KIND_FLOAT;
    return (a_float && (b_float || b->kind == CST_KIND_INT)) ||
           (b_float && a->kind == CST_KIND_INT);
}

static uint32_t list_has(const cst_value *list, const cst_value *value)
{
    if (list->kind != CST_KIND_LIST)
        return 0;
    for (uint32_t i = 0; i < list->length; i++) {
        const cst_value *const item = &list->as.items[i];
        bool equal = false;
        if (is_float_pair(item, value))
            equal = as_float(item) >= as_float(value) && as_float(item) <= as_float(value);
        else if (is_integer(item) && is_integer(value))
            equal = integers_equal(item, value);
        else if (is_text(item) && is_text(value))
            equal = text_equal(item, value);
        if (equal)
            return 1;
    }
    return 0;
}

static uint32_t list_sum(const cst_value *list, int64_t *out)
{
    const uint32_t count = list->kind == CST_KIND_LIST ? list->length : 0;
    *out = 0;
    /* Partial sums may pass the range although the whole does not: 128 bits hold any sum, in every
     * order. */
    uint64_t low = 0;
    int64_t high = 0;
    for (uint32_t i = 0; i < count; i++) {
        const cst_value *const item = &list->as.items[i];
        const int64_t number = is_integer(item) ? item->as.integer : 0;
        high += (number < 0 ? -1 : 0) + __builtin_add_overflow(low, (uint64_t)number, &low);
    }
    int64_t sum;
    memcpy(&sum, &low, sizeof sum);
    if (high != (sum < 0 ? -1 : 0))
        return 0;
    *out = sum;
    return 1;
}

static uint32_t list_sum_float(const cst_value *list, double *out)
{
    double sum = 0;
    const uint32_t count = list->kind == CST_KIND_LIST ? list->length : 0;
    *out = 0;
    for (uint32_t i = 0; i < count; i++)
        if (list->as.items[i].kind == CST_KIND_FLOAT)
            sum += list->as.items[i].as.number;
    if (!isfinite(sum))
        return 0;
    *out = sum;
    return 1;
}

static bool number_before(const cst_value *a, const cst_value *b)
{
    return a->kind == CST_KIND_FLOAT ? a->as.number < b->as.number : a->as.integer < b->as.integer;
}

static uint32_t list_least(const cst_value *list, uint32_t most, cst_value *out)
{
    memset(out, 0, sizeof *out);
    if (list->kind != CST_KIND_LIST || list->length == 0)
        return 0;
    const cst_value *best = list->as.items;
    for (uint32_t i = 1; i < list->length; i++) {
        const cst_value *const item = &list->as.items[i];
        if (most ? number_before(best, item) : number_before(item, best))
            best = item;
    }
    *out = *best;
    return 1;
}

/* ---- values made in scratch memory ----------------------------------------------------------- */

static uint32_t intern(cst_frame *frame, const cst_value *text)
{
    return is_text(text)
               ? symbol_find(frame->image, text->length ? text->as.text : "", text->length)
               : 0;
}

static void part(cst_frame *frame, const cst_value *value, uint32_t property, uint32_t interned,
                 cst_value *out)
{
    value_part(value, (cst_property)property, out);
    if (interned)
        out->symbol = intern(frame, out);
}

static arena *scratch_of(const cst_frame *frame)
{
    cst_scratch *const scratch = frame->scratch;
    return &scratch->memory;
}

static uint32_t join(cst_frame *frame, const cst_value *a, const cst_value *b, cst_value *out)
{
    const uint32_t first = text_size(a), second = text_size(b);
    cst_value joined = {.kind = CST_KIND_STRING, .at = UINT32_MAX};
    memset(out, 0, sizeof *out);
    if (first > UINT32_MAX - second)
        return 0;
    char *const text = arena_allocate(scratch_of(frame), (size_t)first + second);
    if (!text)
        return 0;
    if (first)
        memcpy(text, a->as.text, first);
    if (second)
        memcpy(text + first, b->as.text, second);
    joined.as.text = text;
    joined.length = joined.raw_length = first + second;
    *out = joined;
    return 1;
}

static int64_t text_length(const cst_value *text)
{
    const uint32_t length = text_size(text);
    return length ? (int64_t)utf8_count(text->as.text, length) : 0;
}

/* JSON's null counts as absent, as a field of open data that is null does. */
static uint32_t open_as(cst_frame *frame, const cst_value *value, uint32_t type, cst_value *out)
{
    const convert_context context = {.image = frame->image, .arena = scratch_of(frame)};
    convert_problem problem;
    if (value->kind == CST_KIND_JSON && value->parts)
        return convert_json(&context, type, true, value->parts, out, &problem);
    memset(out, 0, sizeof *out);
    return 0;
}

static uint32_t open_member(cst_frame *frame, const cst_value *value, uint32_t name, cst_value *out)
{
    const cst_json *const object = value->kind == CST_KIND_JSON ? value->parts : NULL;
    memset(out, 0, sizeof *out);
    if (!object || object->kind != JSON_OBJECT)
        return 0;
    const cst_ref row = CST_ROWS(frame->image, names, cst_ref)[name];
    for (uint32_t i = 0; i < object->length; i++) {
        const json_key *const key = &object->keys[i];
        const cst_json *const item = &object->items[i];
        if (key->length != row.length ||
            (row.length && memcmp(key->text, CST_TEXT(frame->image, row), row.length) != 0))
            continue;
        if (item->kind == JSON_NULL)
            return 0;
        out->kind = CST_KIND_JSON;
        out->parts = item;
        out->at = item->at;
        out->at_length = item->at_length;
        return 1;
    }
    return 0;
}

const cst_services cst_runtime_services = {
#define SERVICE(result, name, arguments, cost, comment) .name = name,
#include "runtime/services.def"
#undef SERVICE
};

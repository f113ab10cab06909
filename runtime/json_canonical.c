/*
 * json_canonical.c - RFC 8785: one text for one value, so that its hash can stand for it.
 *
 * Members are sorted by the UTF-16 form of their names, strings carry no escape that is not needed,
 * numbers are laid out as ECMAScript does. Where RFC 8785 would round a number to the nearest
 * double, two different numbers would share one text, and an approval for one would hold for the
 * other: here the digits are kept, and the caller is told. Whether a double holds a number means:
 * the shortest digits of the nearest double are its digits, as for 0.1. Up to 15 digits that is
 * always so.
 */
#include <string.h>

#include "runtime/json.h"
#include "runtime/number.h"
#include "runtime/utf8.h"

typedef struct writer {
    buffer *out;
    bool exact;
} writer;

static void write_value(writer *state, const cst_json *value);

/* The digits of D are those of the nearest double. */
static bool double_holds(const decimal_text *decimal, const char *digits)
{
    const int64_t point = decimal->exponent + (int64_t)decimal->count;
    if (decimal->count <= 15 && point > -300 && point < 300)
        return true;
    double number;
    if (decimal->count > 17 || !decimal_text_to_double(decimal, &number))
        return false;
    if (number < 0)
        number = -number;
    char shortest[17];
    int shortest_point;
    return number > 0 && double_digits(number, shortest, &shortest_point) == decimal->count &&
           shortest_point == point && memcmp(shortest, digits, decimal->count) == 0;
}

static void write_number(writer *state, const cst_json *number)
{
    decimal_text decimal;
    if (!decimal_text_parse(number->text, number->length, &decimal) || decimal.endless) {
        state->exact = false;
        buffer_add(state->out, number->text, number->length);
        return;
    }
    if (decimal.count == 0) {
        buffer_text(state->out, "0");
        return;
    }
    /* The digits without the point; a long run of them goes through a buffer of its own. */
    char space[64];
    buffer large;
    buffer_init(&large, &state->out->allocator, 0);
    const char *digits = space;
    if (decimal.count <= sizeof space) {
        size_t used = 0;
        for (const char *next = decimal.first; next <= decimal.last; next++)
            if (*next != '.')
                space[used++] = *next;
    } else {
        const size_t span = (size_t)(decimal.last - decimal.first) + 1;
        const char *const dot = memchr(decimal.first, '.', span);
        const size_t before = dot ? (size_t)(dot - decimal.first) : span;
        buffer_add(&large, decimal.first, before);
        if (dot)
            buffer_add(&large, dot + 1, span - before - 1);
        digits = large.bytes;
    }
    if (large.failed) {
        state->out->failed = true;
    } else {
        state->exact &= double_holds(&decimal, digits);
        number_layout(state->out, decimal.negative, digits, decimal.count,
                      decimal.exponent + (int64_t)decimal.count);
    }
    buffer_free(&large);
}

/* Names in UTF-16 order: as code points, but U+E000 to U+FFFF come after those that UTF-16 writes
 * with surrogates. */
static bool name_before(const json_key *a, const json_key *b)
{
    const uint32_t shorter = a->length < b->length ? a->length : b->length;
    uint32_t i = 0;
    while (i < shorter && a->text[i] == b->text[i])
        i++;
    if (i == shorter)
        return a->length < b->length;
    const unsigned char x = (unsigned char)a->text[i], y = (unsigned char)b->text[i];
    /* The first bytes that differ are both lead bytes, or both continue one character. Lead bytes
     * 0xee and 0xef are U+E000 to U+FFFF, 0xf0 and above are what surrogates write. */
    if (x >= 0xee && y >= 0xee && (x >= 0xf0) != (y >= 0xf0))
        return x >= 0xf0;
    return x < y;
}

/* Merge sort of member numbers: `order` and `room` hold `count` each. */
static uint32_t *sort_members(const cst_json *object, uint32_t *order, uint32_t *room)
{
    const uint32_t count = object->length;
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t start = 0; start < count; start += 2 * width) {
            const uint32_t middle = count - start < width ? count : start + width;
            const uint32_t end = count - start < 2 * width ? count : start + 2 * width;
            uint32_t left = start, right = middle;
            for (uint32_t i = start; i < end; i++) {
                const bool take_right =
                    left == middle || (right < end && name_before(&object->keys[order[right]],
                                                                  &object->keys[order[left]]));
                room[i] = take_right ? order[right++] : order[left++];
            }
        }
        uint32_t *const swap = order;
        order = room;
        room = swap;
    }
    return order;
}

#define FEW_MEMBERS 32u /* sorted without memory from the allocator */

static void write_object(writer *state, const cst_json *object)
{
    uint32_t space[2 * FEW_MEMBERS];
    const uint32_t count = object->length;
    const cst_allocator allocator = state->out->allocator;
    const size_t size = (size_t)count * 2 * sizeof(uint32_t);
    uint32_t *const room = count <= FEW_MEMBERS ? space : allocator.allocate(allocator.user, size);
    if (!room) {
        state->out->failed = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        room[i] = i;
    const uint32_t *const order = sort_members(object, room, room + count);
    buffer_text(state->out, "{");
    for (uint32_t i = 0; i < count && !state->out->failed; i++) {
        const json_key *const key = &object->keys[order[i]];
        if (i > 0)
            buffer_text(state->out, ",");
        buffer_json_string(state->out, key->text, key->length);
        buffer_text(state->out, ":");
        write_value(state, &object->items[order[i]]);
    }
    buffer_text(state->out, "}");
    if (room != space)
        allocator.release(allocator.user, room, size);
}

static void write_value(writer *state, const cst_json *value)
{
    switch (value->kind) {
    case JSON_NULL: buffer_text(state->out, "null"); break;
    case JSON_BOOL: buffer_text(state->out, value->boolean ? "true" : "false"); break;
    case JSON_NUMBER: write_number(state, value); break;
    case JSON_STRING: buffer_json_string(state->out, value->text, value->length); break;
    case JSON_LIST:
        buffer_text(state->out, "[");
        for (uint32_t i = 0; i < value->length && !state->out->failed; i++) {
            if (i > 0)
                buffer_text(state->out, ",");
            write_value(state, &value->items[i]);
        }
        buffer_text(state->out, "]");
        break;
    case JSON_OBJECT: write_object(state, value); break;
    }
}

bool json_write_canonical(buffer *out, const cst_json *value)
{
    writer state = {out, true};
    write_value(&state, value);
    return state.exact;
}

/*
 * buffer.c - one growing array of bytes that doubles; see buffer.h for what a failure means.
 *
 * Numbers are written with printf only where no decimal point occurs: the point depends on the
 * locale, so floats have their own writer (number.c).
 */
#include "runtime/base/buffer.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/arena.h"

#define BUFFER_FIRST 256u

void buffer_init(buffer *out, const cst_allocator *allocator, size_t ceiling)
{
    memset(out, 0, sizeof *out);
    out->allocator = allocator_or_default(allocator);
    out->ceiling = ceiling;
}

/* Room for `more` bytes and a NUL behind them. */
static bool reserve(buffer *out, size_t more)
{
    if (out->failed)
        return false;
    const size_t length = out->length;
    if (more > SIZE_MAX - 1 - length ||
        (out->ceiling && (length > out->ceiling || more > out->ceiling - length))) {
        out->failed = true;
        return false;
    }
    const size_t needed = length + more + 1;
    if (needed <= out->capacity)
        return true;
    size_t capacity = out->capacity > SIZE_MAX / 2 ? needed : out->capacity * 2;
    if (capacity < BUFFER_FIRST)
        capacity = BUFFER_FIRST;
    if (capacity < needed)
        capacity = needed;
    void *const user = out->allocator.user;
    char *const bytes = out->bytes
                            ? out->allocator.resize(user, out->bytes, out->capacity, capacity)
                            : out->allocator.allocate(user, capacity);
    if (!bytes) {
        out->failed = true;
        return false;
    }
    out->bytes = bytes;
    out->capacity = capacity;
    return true;
}

void buffer_add(buffer *out, const void *bytes, size_t length)
{
    if (!reserve(out, length))
        return;
    if (length)
        memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
    out->bytes[out->length] = '\0';
}

void buffer_text(buffer *out, const char *text)
{
    buffer_add(out, text, strlen(text));
}

void buffer_format(buffer *out, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        out->failed = true;
    } else if (reserve(out, (size_t)length)) {
        vsnprintf(out->bytes + out->length, (size_t)length + 1, format, again);
        out->length += (size_t)length;
    }
    va_end(again);
}

static void escape(buffer *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {'\\', 0, '0', '0', 0, 0};
    switch (byte) {
    case '"':
    case '\\': text[1] = (char)byte; break;
    case '\b': text[1] = 'b'; break;
    case '\f': text[1] = 'f'; break;
    case '\n': text[1] = 'n'; break;
    case '\r': text[1] = 'r'; break;
    case '\t': text[1] = 't'; break;
    default:
        text[1] = 'u';
        text[4] = digits[byte >> 4];
        text[5] = digits[byte & 15];
    }
    buffer_add(out, text, text[1] == 'u' ? 6 : 2);
}

void buffer_json_string(buffer *out, const char *bytes, size_t length)
{
    buffer_add(out, "\"", 1);
    size_t run = 0;
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        buffer_add(out, bytes + run, i - run);
        escape(out, byte);
        run = i + 1;
    }
    buffer_add(out, length ? bytes + run : "", length - run);
    buffer_add(out, "\"", 1);
}

void buffer_clear(buffer *out)
{
    out->length = 0;
    out->failed = false;
    if (out->bytes)
        out->bytes[0] = '\0';
}

void buffer_free(buffer *out)
{
    if (out->bytes)
        out->allocator.release(out->allocator.user, out->bytes, out->capacity);
    out->bytes = NULL;
    out->length = out->capacity = 0;
    out->failed = false;
}

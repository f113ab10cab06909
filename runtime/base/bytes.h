/*
 * bytes.h - state as bytes: numbers in little-endian order, texts with their length before them.
 *
 * The reader never reads outside of what it was given, and answers zeros once it has failed:
 * whoever reads asks `failed` at the end, and checks what counts things before it makes room for
 * them. Layer 0.
 */
#ifndef CONSTITUTION_RUNTIME_BASE_BYTES_H
#define CONSTITUTION_RUNTIME_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buffer.h"

static inline void bytes_put(buffer *out, uint64_t number, uint32_t width)
{
    uint8_t bytes[8];
    for (uint32_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    buffer_add(out, bytes, width);
}

static inline void bytes_put_text(buffer *out, const void *text, uint32_t length)
{
    bytes_put(out, length, 4);
    buffer_add(out, length ? text : "", length);
}

typedef struct bytes_reader {
    const uint8_t *next, *end;
    bool failed;
} bytes_reader;

static inline uint64_t bytes_take(bytes_reader *in, uint32_t width)
{
    uint64_t number = 0;
    if (in->failed || (size_t)(in->end - in->next) < width) {
        in->failed = true;
        return 0;
    }
    for (uint32_t i = 0; i < width; i++)
        number |= (uint64_t)in->next[i] << (8 * i);
    in->next += width;
    return number;
}

/* A text of at most `most` bytes; points into what is read. */
static inline const char *bytes_take_text(bytes_reader *in, uint32_t most, uint32_t *length)
{
    *length = (uint32_t)bytes_take(in, 4);
    if (in->failed || *length > most || (size_t)(in->end - in->next) < *length) {
        in->failed = true;
        *length = 0;
        return "";
    }
    const char *const text = (const char *)in->next;
    in->next += *length;
    return text;
}

#endif

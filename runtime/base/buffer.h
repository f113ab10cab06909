/*
 * buffer.h - growing bytes: messages, JSON text, files.
 *
 * A failed allocation or a reached ceiling sets `failed`; later writes do nothing, so a writer
 * tests once at the end. buffer_clear keeps the memory for the next use. Layer 0. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_BASE_BUFFER_H
#define CONSTITUTION_RUNTIME_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/include/constitution.h"

typedef struct buffer {
    cst_allocator allocator;
    char *bytes; /* always NUL-terminated once anything was written; NULL before */
    size_t length, capacity;
    size_t ceiling; /* 0: none */
    bool failed;
} buffer;

void buffer_init(buffer *buffer, const cst_allocator *allocator, size_t ceiling);
void buffer_add(buffer *buffer, const void *bytes, size_t length);
void buffer_text(buffer *buffer, const char *text);
void buffer_format(buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* with quotes, escaped; UTF-8 stays */
void buffer_json_string(buffer *buffer, const char *bytes, size_t length);
void buffer_clear(buffer *buffer);
void buffer_free(buffer *buffer);

#endif

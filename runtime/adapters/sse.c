/*
 * sse.c - see sse.h.
 *
 * A line is put together in one buffer and read when it is over, so how the bytes were cut cannot
 * matter. The buffers keep their memory from one event to the next: a long stream of short events
 * allocates nothing after its start.
 */
#include "runtime/adapters/sse.h"

#include <string.h>

#include "runtime/limits.h"

void sse_init(sse_reader *reader, const cst_allocator *allocator, sse_event_fn emit, void *user)
{
    memset(reader, 0, sizeof *reader);
    buffer_init(&reader->line, allocator, 0);
    buffer_init(&reader->name, allocator, 0);
    buffer_init(&reader->data, allocator, 0);
    reader->emit = emit;
    reader->user = user;
    reader->bound = LIMIT_SSE_EVENT_BYTES;
    reader->place.event = 1;
}

void sse_free(sse_reader *reader)
{
    buffer_free(&reader->line);
    buffer_free(&reader->name);
    buffer_free(&reader->data);
}

static void event_begin(sse_reader *reader, uint64_t byte)
{
    if (reader->begun)
        return;
    reader->begun = true;
    reader->place.line = reader->lines + 1;
    reader->place.byte = byte;
}

/* A blank line: the event is over. One without data is none, as the format has it. */
static bool event_end(sse_reader *reader)
{
    bool going_on = true;
    if (reader->has_data) {
        const sse_event event = {.name = reader->name.bytes,
                                 .name_length = reader->name.length,
                                 .data = reader->data.bytes,
                                 .length = reader->data.length};
        going_on = reader->emit(reader->user, &event);
        reader->place.event++;
    }
    buffer_clear(&reader->name);
    buffer_clear(&reader->data);
    reader->has_data = false;
    reader->begun = false;
    return going_on;
}

static bool is_field(const char *line, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(line, name, length) == 0;
}

static void field_read(sse_reader *reader, const char *line, size_t length)
{
    const char *const colon = memchr(line, ':', length);
    const size_t name = colon ? (size_t)(colon - line) : length;
    const char *value = colon ? colon + 1 : line + length;
    size_t size = (size_t)(line + length - value);
    if (size > 0 && *value == ' ') {
        value++;
        size--;
    }
    if (is_field(line, name, "data")) {
        if (reader->has_data)
            buffer_add(&reader->data, "\n", 1);
        buffer_add(&reader->data, value, size);
        reader->has_data = true;
    } else if (is_field(line, name, "event")) {
        buffer_clear(&reader->name);
        buffer_add(&reader->name, value, size);
    }
}

static sse_status line_read(sse_reader *reader)
{
    const char *line = reader->line.length ? reader->line.bytes : "";
    size_t length = reader->line.length;
    if (reader->lines == 0 && length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3;
        length -= 3;
    }
    bool going_on = true;
    if (length == 0)
        going_on = event_end(reader);
    else if (line[0] != ':') /* a comment */
        field_read(reader, line, length);
    buffer_clear(&reader->line);
    reader->lines++;
    if (reader->name.failed || reader->data.failed)
        return SSE_NO_MEMORY;
    return going_on ? SSE_GOOD : SSE_STOPPED;
}

static size_t line_length(const char *bytes, size_t length)
{
    size_t count = 0;
    while (count < length && bytes[count] != '\n' && bytes[count] != '\r')
        count++;
    return count;
}

static sse_status feed(sse_reader *reader, const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        if (reader->after_return && bytes[at] == '\n') {
            reader->after_return = false;
            at++;
            continue;
        }
        reader->after_return = false;
        const size_t size = line_length(bytes + at, length - at);
        if (size > 0 && reader->line.length == 0)
            event_begin(reader, reader->bytes + at);
        if (size > reader->bound - reader->line.length ||
            reader->line.length + size > reader->bound - reader->data.length)
            return SSE_TOO_LONG;
        buffer_add(&reader->line, bytes + at, size);
        if (reader->line.failed)
            return SSE_NO_MEMORY;
        at += size;
        if (at == length)
            break;
        reader->after_return = bytes[at++] == '\r';
        const sse_status status = line_read(reader);
        if (status != SSE_GOOD)
            return status;
    }
    reader->bytes += length;
    return SSE_GOOD;
}

sse_status sse_feed(sse_reader *reader, const char *bytes, size_t length)
{
    if (reader->status == SSE_GOOD && length > 0)
        reader->status = feed(reader, bytes, length);
    return reader->status;
}

sse_status sse_end(sse_reader *reader)
{
    if (reader->status == SSE_GOOD &&
        (reader->line.length > 0 || reader->has_data || reader->name.length > 0))
        reader->status = SSE_CUT;
    return reader->status;
}

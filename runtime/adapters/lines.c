/*
 * lines.c - see lines.h.
 *
 * One buffer, read into with read(2) rather than stdio: a pipe's writer may wait for the answer to
 * its line, so what has arrived is handed out at once, and stdio's locking and second copy are not
 * paid for.
 */
#include "runtime/adapters/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/arena.h"

enum { BLOCK_BYTES = 256 << 10 };

void lines_init(line_reader *lines, int descriptor, size_t bound, const cst_allocator *allocator)
{
    memset(lines, 0, sizeof *lines);
    lines->allocator = allocator_or_default(allocator);
    lines->descriptor = descriptor;
    lines->bound = bound;
}

/* Room for one more read behind `end`: by moving what is left to the front, then by growing. The
 * buffer never grows past the bound and one block. */
static bool make_room(line_reader *lines)
{
    if (lines->start > 0) {
        memmove(lines->bytes, lines->bytes + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
        lines->previous = 0;
    }
    if (lines->capacity - lines->end >= BLOCK_BYTES / 2)
        return true;
    size_t capacity = lines->capacity == 0 ? BLOCK_BYTES : lines->capacity * 2;
    if (capacity > lines->bound + BLOCK_BYTES)
        capacity = lines->bound + BLOCK_BYTES;
    if (capacity <= lines->capacity)
        return lines->capacity > lines->end;
    char *bytes = lines->bytes == NULL
                      ? lines->allocator.allocate(lines->allocator.user, capacity)
                      : lines->allocator.resize(lines->allocator.user, lines->bytes,
                                                lines->capacity, capacity);
    if (bytes == NULL)
        return false;
    lines->bytes = bytes;
    lines->capacity = capacity;
    return true;
}

static lines_status fill(line_reader *lines)
{
    if (lines->at_end)
        return LINES_END;
    if (!make_room(lines))
        return LINES_NO_MEMORY;
    for (;;) {
        const ssize_t count =
            read(lines->descriptor, lines->bytes + lines->end, lines->capacity - lines->end);
        if (count > 0) {
            lines->end += (size_t)count;
            return LINES_TEXT;
        }
        if (count == 0) {
            lines->at_end = true;
            return LINES_END;
        }
        if (errno != EINTR)
            return LINES_FAILED;
    }
}

/* Drops the rest of a line of which the buffer holds the beginning. */
static lines_status skip_line(line_reader *lines)
{
    for (;;) {
        lines->consumed += lines->end - lines->start;
        lines->start = lines->end;
        const lines_status status = fill(lines);
        if (status == LINES_END)
            return LINES_TOO_LONG;
        if (status != LINES_TEXT)
            return status;
        const char *const from = lines->bytes + lines->start;
        const char *const end = memchr(from, '\n', lines->end - lines->start);
        if (end == NULL)
            continue;
        lines->consumed += (size_t)(end - from) + 1;
        lines->start += (size_t)(end - from) + 1;
        return LINES_TOO_LONG;
    }
}

lines_status lines_next(line_reader *lines, const char **line, size_t *length)
{
    size_t searched = 0; /* bytes behind `start` that hold no line end */
    for (;;) {
        const size_t left = lines->end - lines->start;
        const char *const from = left == 0 ? NULL : lines->bytes + lines->start;
        const char *const end =
            left == searched ? NULL : memchr(from + searched, '\n', left - searched);
        /* One byte more than the bound may be the \r of a line end. */
        if (end == NULL && left > lines->bound + 1) {
            lines->number++;
            return skip_line(lines);
        }
        if (end == NULL && !lines->at_end) {
            searched = left;
            const lines_status status = fill(lines);
            if (status == LINES_TEXT || status == LINES_END)
                continue;
            return status;
        }
        if (end == NULL && left == 0)
            return LINES_END;
        const size_t whole = end == NULL ? left : (size_t)(end - from) + 1;
        size_t size = end == NULL ? left : whole - 1;
        if (end != NULL && size > 0 && from[size - 1] == '\r')
            size--;
        lines->number++;
        lines->previous = lines->start;
        lines->start += whole;
        lines->consumed += whole;
        if (size > lines->bound)
            return LINES_TOO_LONG;
        *line = from;
        *length = size;
        return LINES_TEXT;
    }
}

void lines_unread(line_reader *lines)
{
    lines->consumed -= lines->start - lines->previous;
    lines->start = lines->previous;
    lines->number--;
}

lines_status lines_everything(line_reader *lines, const char **bytes, size_t *length)
{
    while (lines->end - lines->start <= lines->bound) {
        const lines_status status = fill(lines);
        if (status == LINES_END) {
            *bytes = lines->bytes == NULL ? "" : lines->bytes + lines->start;
            *length = lines->end - lines->start;
            return LINES_TEXT;
        }
        if (status != LINES_TEXT)
            return status;
    }
    return LINES_TOO_LONG;
}

bool lines_ready(const line_reader *lines)
{
    return lines->at_end ||
           (lines->end > lines->start &&
            memchr(lines->bytes + lines->start, '\n', lines->end - lines->start) != NULL);
}

void lines_free(line_reader *lines)
{
    if (lines->bytes != NULL)
        lines->allocator.release(lines->allocator.user, lines->bytes, lines->capacity);
    lines->bytes = NULL;
}

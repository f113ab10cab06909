/*
 * lines.h - reads a file or a pipe line by line in constant memory.
 *
 * JSON lines come from files of any size and from pipes that never end, so the reader holds one
 * line and one block at most. A line that is longer than the bound is skipped in constant memory
 * and answered with LINES_TOO_LONG: the caller says "deny" for it, and the next line is read as if
 * nothing had happened. Line ends are \n and \r\n; the last line needs none. Blank lines are the
 * caller's to skip: their number counts.
 *
 * One exception to constant memory: lines_everything holds the whole input, up to the same bound,
 * for a document that was printed over several lines. What it read is then still there to be read
 * by lines.
 *
 * Layer 4 of the runtime. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_ADAPTERS_LINES_H
#define CONSTITUTION_RUNTIME_ADAPTERS_LINES_H

#include <constitution.h>

typedef enum lines_status {
    LINES_TEXT,     /* a line is there */
    LINES_TOO_LONG, /* a line was longer than the bound and is not there */
    LINES_END,      /* no more lines */
    LINES_FAILED,   /* read failed: errno tells */
    LINES_NO_MEMORY /* the buffer could not grow */
} lines_status;

typedef struct line_reader {
    cst_allocator allocator;
    int descriptor;
    char *bytes;
    size_t capacity;
    size_t start, end; /* what was read and not yet handed out */
    size_t previous;   /* where the line handed out last starts */
    size_t bound;      /* of one line, its end not counted */
    uint64_t consumed; /* bytes of the input that were handed out or skipped */
    uint64_t number;   /* of the line handed out last, 1-based */
    bool at_end;
} line_reader;

/* The descriptor stays the caller's. `allocator` may be NULL. */
void lines_init(line_reader *lines, int descriptor, size_t bound, const cst_allocator *allocator);
/* *line lives until the next call. It is not NUL-terminated. */
lines_status lines_next(line_reader *lines, const char **line, size_t *length);
/* Takes the line handed out last back: the next call gives it again. Only directly after
 * LINES_TEXT. */
void lines_unread(line_reader *lines);
/* Everything that is left, if it fits into the bound (LINES_TEXT; else LINES_TOO_LONG). Nothing is
 * consumed. */
lines_status lines_everything(line_reader *lines, const char **bytes, size_t *length);
/* True if the next line is in memory already, so that asking for it cannot block. */
bool lines_ready(const line_reader *lines);
void lines_free(line_reader *lines);

#endif

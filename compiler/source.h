/*
 * source.h - the texts of one compilation, and places in them.
 *
 * A place is a file number and a byte range; line and column are computed only when something is
 * printed. Sources are read through the caller's callback if there is one, so a service can compile
 * policies that lie in memory, and `std.` modules come from bytes that were built into the library.
 *
 * Layer 1 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_SOURCE_H
#define CONSTITUTION_COMPILER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct source_range {
    uint32_t file;       /* index into the compilation's sources; UINT32_MAX: no place */
    uint32_t start, end; /* bytes, end is one past the last */
} source_range;

typedef struct source {
    /* as the user gave it or as it was derived from there; "std/net.const" for std.net */
    const char *path;
    /* length bytes and a NUL behind them; a leading byte order mark is kept and skipped by the
     * lexer */
    const char *bytes;
    uint32_t length;
    const uint32_t *lines; /* offset of each line's first byte; made on demand */
    uint32_t line_count;
    /* it was read by its path; false: the caller gave it, or it is built in */
    bool read;
} source;

typedef struct source_position {
    uint32_t line;   /* 1-based */
    uint32_t column; /* 1-based, in code points */
} source_position;

#endif

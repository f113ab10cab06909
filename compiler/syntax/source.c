/*
 * source.c - reading files, and where in them something stands.
 *
 * A source is copied into the arena once, with a NUL behind it. What is read before that copy lies
 * in memory of the allocator or of the caller's reader; while it does, the arena must not jump
 * away, so the copy is made with the handler put aside. Lines are counted when the first place is
 * printed, never for a policy without diagnostics.
 *
 * The largest file that anything may be is bounded here; the narrower bounds of policies and tools
 * files are their readers'.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/compilation.h"
#include "runtime/limits.h"
#include "runtime/utf8.h"

#define READ_STEP ((size_t)64 << 10)

static const source_range nowhere = {UINT32_MAX, 0, 0};

/* arena_copy that answers NULL instead of jumping. */
static char *copy_or_null(compilation *compilation, const char *bytes, size_t length)
{
    arena *const arena = &compilation->arena;
    void (*const failed)(void *user) = arena->failed;
    arena->failed = NULL;
    char *const copy = arena_copy(arena, bytes, length);
    arena->failed = failed;
    return copy;
}

static void give_up(compilation *compilation)
{
    compilation->arena.failed(compilation->arena.failed_user);
}

static uint32_t report_size(compilation *compilation, const char *path, const source_range *at)
{
    diagnostic_report(compilation, E_FILE_TOO_LARGE, at ? *at : nowhere,
                      "`%s` is larger than %u bytes", path, LIMIT_SET_FILE_BYTES);
    return UINT32_MAX;
}

/* `copy` is arena memory. */
static uint32_t add(compilation *compilation, const char *path, const char *copy, size_t length)
{
    const char *const name = arena_copy(&compilation->arena, path, strlen(path));
    source *const source = ARENA_PUSH(&compilation->arena, &compilation->sources);
    source->path = name;
    source->bytes = copy;
    source->length = (uint32_t)length;
    return compilation->sources.count - 1;
}

uint32_t source_add(compilation *compilation, const char *path, const char *bytes, size_t length)
{
    if (length > LIMIT_SET_FILE_BYTES)
        return report_size(compilation, path, NULL);
    return add(compilation, path, arena_copy(&compilation->arena, bytes, length), length);
}

/* ---- the file system ------------------------------------------------------------------------- */

/* Why a file cannot be read, in words that are the same on every machine. */
static const char *reason_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: return "there is no such file";
    case EISDIR: return "it is a folder";
    case EACCES:
    case EPERM: return "it may not be read (permission denied)";
    case ELOOP: return "it is a link that leads back to itself";
    case ENAMETOOLONG: return "its name is too long";
    default: return "the file system reports an error";
    }
}

/* One byte more than a regular file has: its end is then seen without asking for more room. */
static size_t expected_size(FILE *file)
{
    struct stat about;
    const bool known = fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode) &&
                       about.st_size > 0 && about.st_size <= (off_t)LIMIT_SET_FILE_BYTES;
    return known ? (size_t)about.st_size + 1 : READ_STEP;
}

/* Reads one byte more than the largest file may have, at most, so that the caller sees that it is
 * too large. */
static cst_status read_file(const cst_allocator *allocator, const char *path, char **out,
                            size_t *length, size_t *capacity, const char **why)
{
    errno = 0;
    FILE *const file = fopen(path, "rb");
    if (!file) {
        *why = reason_of(errno);
        return CST_IO;
    }
    cst_status status = CST_OK;
    char *bytes = NULL;
    size_t used = 0, room = 0;
    while (used <= LIMIT_SET_FILE_BYTES) {
        if (used == room) {
            const size_t grown = room ? room * 2 : expected_size(file);
            char *const larger = bytes ? allocator->resize(allocator->user, bytes, room, grown)
                                       : allocator->allocate(allocator->user, grown);
            if (!larger) {
                status = CST_NO_MEMORY;
                break;
            }
            bytes = larger;
            room = grown;
        }
        const size_t got = fread(bytes + used, 1, room - used, file);
        used += got;
        if (got == 0)
            break;
    }
    if (status == CST_OK && ferror(file)) {
        *why = reason_of(errno); /* a folder can be opened, and not read */
        status = CST_IO;
    }
    fclose(file);
    if (status != CST_OK) {
        if (bytes)
            allocator->release(allocator->user, bytes, room);
        return status;
    }
    *out = bytes;
    *length = used;
    *capacity = room;
    return CST_OK;
}

cst_status source_fetch(const cst_allocator *allocator, const compilation_reader *reader,
                        const char *path, source_bytes *out, const char **why)
{
    *out = (source_bytes){0};
    if (reader == NULL || reader->read == NULL)
        return read_file(allocator, path, &out->bytes, &out->length, &out->capacity, why);
    *why = "the host did not give it";
    return reader->read(reader->user, path, &out->bytes, &out->length);
}

void source_fetch_release(const cst_allocator *allocator, const compilation_reader *reader,
                          source_bytes *bytes)
{
    if (reader == NULL || reader->read == NULL) {
        if (bytes->bytes)
            allocator->release(allocator->user, bytes->bytes, bytes->capacity);
    } else if (reader->release) {
        reader->release(reader->user, bytes->bytes, bytes->length);
    }
    *bytes = (source_bytes){0};
}

uint32_t source_read(compilation *compilation, const char *path, const source_range *at)
{
    for (uint32_t i = 0; i < compilation->sources.count; i++)
        if (strcmp(compilation->sources.items[i].path, path) == 0)
            return i;
    const cst_allocator *const allocator = &compilation->arena.allocator;
    source_bytes file;
    const char *why = "";
    const cst_status status = source_fetch(allocator, &compilation->reader, path, &file, &why);
    if (status == CST_NO_MEMORY)
        give_up(compilation);
    if (status != CST_OK) {
        diagnostic_report(compilation, E_FILE_UNREADABLE, at ? *at : nowhere,
                          "the file `%s` cannot be read: %s", path, why);
        return UINT32_MAX;
    }
    const bool fits = file.length <= LIMIT_SET_FILE_BYTES;
    const size_t length = file.length;
    char *const copy = fits ? copy_or_null(compilation, file.bytes, length) : NULL;
    source_fetch_release(allocator, &compilation->reader, &file);
    if (!fits)
        return report_size(compilation, path, at);
    if (!copy)
        give_up(compilation);
    const uint32_t number = add(compilation, path, copy, length);
    compilation->sources.items[number].read = true;
    return number;
}

/* ---- places ---------------------------------------------------------------------------------- */

static void count_lines(compilation *compilation, source *source)
{
    uint32_t count = 1;
    const char *const end = source->bytes + source->length;
    for (const char *next = source->bytes; (next = memchr(next, '\n', (size_t)(end - next)));
         next++)
        count++;
    uint32_t *const lines = arena_array(&compilation->arena, count, sizeof *lines);
    count = 1;
    for (const char *next = source->bytes; (next = memchr(next, '\n', (size_t)(end - next)));
         next++)
        lines[count++] = (uint32_t)(next + 1 - source->bytes);
    source->lines = lines;
    source->line_count = count;
}

source_position source_locate(compilation *compilation, uint32_t number, uint32_t offset)
{
    if (number >= compilation->sources.count)
        return (source_position){0, 0};
    source *const source = &compilation->sources.items[number];
    if (!source->lines)
        count_lines(compilation, source);
    if (offset > source->length)
        offset = source->length;
    uint32_t low = 0, high = source->line_count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (source->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    uint32_t start = source->lines[low];
    if (start == 0 && source->length >= 3 && offset >= 3 &&
        memcmp(source->bytes, "\xef\xbb\xbf", 3) == 0)
        start = 3; /* nobody sees the byte order mark */
    return (source_position){low + 1,
                             (uint32_t)utf8_count(source->bytes + start, offset - start) + 1};
}

const char *source_excerpt(compilation *compilation, source_range range)
{
    if (range.file >= compilation->sources.count)
        return "";
    const source *const source = &compilation->sources.items[range.file];
    const uint32_t end = range.end < source->length ? range.end : source->length;
    if (range.start >= end)
        return "";
    char *const text = arena_allocate(&compilation->arena, (size_t)(end - range.start) + 1);
    size_t length = 0;
    for (uint32_t i = range.start; i < end; i++) {
        const char byte = source->bytes[i];
        const bool blank =
            byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == '\0';
        if (!blank)
            text[length++] = byte;
        else if (length > 0 && text[length - 1] != ' ')
            text[length++] = ' ';
    }
    if (length > 0 && text[length - 1] == ' ')
        length--;
    text[length] = '\0';
    return text;
}

const char *source_relative(compilation *compilation, uint32_t from, const char *path)
{
    if (path[0] == '/' || from >= compilation->sources.count)
        return path;
    const char *const base = compilation->sources.items[from].path;
    const char *const slash = strrchr(base, '/');
    /* Only what cannot change the file is tidied: `a/../b` is another place if `a` is a link. */
    while (path[0] == '.' && path[1] == '/')
        for (path += 2; path[0] == '/'; path++)
            ;
    if (!slash)
        return arena_copy(&compilation->arena, path, strlen(path));
    return arena_format(&compilation->arena, "%.*s%s", (int)(slash - base + 1), base, path);
}

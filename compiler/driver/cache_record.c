/*
 * cache_record.c - what a compilation read and what it said, kept beside its code.
 *
 * A compiler that reads the same bytes takes the same steps. It begins with the policy's own file,
 * which the key holds; if the next file that it read then says the same now, it would read the one
 * after it, and so on: if all are the same, all of the compilation is. A compilation that did not
 * find a file has failed and is not kept, so no file that appears later can change what is found
 * here. Modules of the library are no files: they belong to the compiler.
 *
 * Diagnostics are kept as they were delivered, so that a caller hears the same warnings at every
 * start.
 */
#include <string.h>

#include "compiler/driver/cache_private.h"
#include "runtime/base/arena.h"
#include "runtime/sha256.h"

enum { HASH_BYTES = 32 };

/* ---- writing --------------------------------------------------------------------------------- */

static void put_number(buffer *out, uint32_t number)
{
    buffer_add(out, &number, sizeof number);
}

/* Its length, its bytes and a NUL; UINT32_MAX alone stands for NULL. */
static void put_text(buffer *out, const char *text)
{
    const size_t length = text != NULL ? strlen(text) : 0;
    if (length >= UINT32_MAX)
        out->failed = true;
    put_number(out, text != NULL ? (uint32_t)length : UINT32_MAX);
    if (text != NULL)
        buffer_add(out, text, length + 1);
}

static void hash_bytes(const char *bytes, size_t length, uint8_t out[HASH_BYTES])
{
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, bytes, length);
    sha256_end(&hash, out);
}

void cache_record_diagnostic(void *user, const cst_diagnostic *found)
{
    cache_recorder *recorder = user;
    buffer *out = &recorder->diagnostics;
    const uint32_t numbers[] = {found->error, found->line, found->column, found->start, found->end};
    buffer_add(out, numbers, sizeof numbers);
    put_text(out, found->code);
    put_text(out, found->message);
    put_text(out, found->file);
    put_text(out, found->mend);
    put_text(out, found->rendered);
    recorder->count++;
    if (recorder->diagnostic != NULL)
        recorder->diagnostic(recorder->user, found);
}

bool cache_record_write(const cache_recorder *recorder, const compilation *unit, buffer *out)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i < unit->sources.count; i++)
        count += unit->sources.items[i].read;
    put_number(out, count);
    for (uint32_t i = 1; i < unit->sources.count; i++) {
        const source *file = &unit->sources.items[i];
        uint8_t hash[HASH_BYTES];
        if (!file->read)
            continue;
        hash_bytes(file->bytes, file->length, hash);
        put_text(out, file->path);
        buffer_add(out, hash, sizeof hash);
    }
    put_number(out, recorder->count);
    buffer_add(out, recorder->diagnostics.bytes, recorder->diagnostics.length);
    return !out->failed && !recorder->diagnostics.failed;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* After the first thing that is not there nothing is. */
typedef struct cursor {
    const char *at;
    size_t left;
    bool broken;
} cursor;

static const void *take(cursor *from, size_t length)
{
    if (from->broken || length > from->left) {
        from->broken = true;
        return NULL;
    }
    const char *taken = from->at;
    from->at += length;
    from->left -= length;
    return taken;
}

static uint32_t take_number(cursor *from)
{
    uint32_t number = 0;
    const void *bytes = take(from, sizeof number);
    if (bytes != NULL)
        memcpy(&number, bytes, sizeof number);
    return number;
}

static const char *take_text(cursor *from)
{
    const uint32_t length = take_number(from);
    if (from->broken || length == UINT32_MAX)
        return NULL;
    const char *text = take(from, (size_t)length + 1);
    if (text != NULL && text[length] == '\0')
        return text;
    from->broken = true;
    return NULL;
}

static bool file_holds(const char *path, const void *hash, const cst_allocator *allocator,
                       const compilation_reader *reader)
{
    source_bytes file;
    const char *why;
    uint8_t now[HASH_BYTES];
    if (source_fetch(allocator, reader, path, &file, &why) != CST_OK)
        return false;
    hash_bytes(file.bytes, file.length, now);
    source_fetch_release(allocator, reader, &file);
    return memcmp(now, hash, sizeof now) == 0;
}

bool cache_record_holds(const buffer *record, const cst_allocator *allocator,
                        const compilation_reader *reader)
{
    cursor from = {.at = record->bytes, .left = record->length};
    const uint32_t files = take_number(&from);
    for (uint32_t i = 0; i < files && !from.broken; i++) {
        const char *path = take_text(&from);
        const void *hash = take(&from, HASH_BYTES);
        if (path == NULL || hash == NULL || !file_holds(path, hash, allocator, reader))
            return false;
    }
    return !from.broken;
}

void cache_record_replay(const buffer *record, const cst_compiler_options *options)
{
    cursor from = {.at = record->bytes, .left = record->length};
    if (options->diagnostic == NULL)
        return;
    const uint32_t files = take_number(&from);
    for (uint32_t i = 0; i < files && !from.broken; i++) {
        take_text(&from);
        take(&from, HASH_BYTES);
    }
    const uint32_t count = take_number(&from);
    for (uint32_t i = 0; i < count && !from.broken; i++) {
        cst_diagnostic said = {.error = take_number(&from) != 0};
        said.line = take_number(&from);
        said.column = take_number(&from);
        said.start = take_number(&from);
        said.end = take_number(&from);
        said.code = take_text(&from);
        said.message = take_text(&from);
        said.file = take_text(&from);
        said.mend = take_text(&from);
        said.rendered = take_text(&from);
        if (!from.broken)
            options->diagnostic(options->diagnostic_user, &said);
    }
}

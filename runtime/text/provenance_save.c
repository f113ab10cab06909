/*
 * provenance_save.c - a session's provenance as bytes, and back.
 *
 * What is written are the leaves in order, with source and time, and which sources are lost; the
 * index is made anew from them, so bytes from outside can never lead the index astray. All numbers
 * are little-endian. The last 32 bytes are the SHA-256 of what stands before them, which finds what
 * was cut off or changed by accident or by somebody who does not know the format; who must trust
 * storage that others can write to signs the whole session.
 *
 *   8 bytes  "prov0001"
 *   u32      sources, time, records
 *   bytes    lost: a bit a source, in bytes
 *   records  u32 source, u32 time, u32 length with the top bit for a number, text
 *   32 bytes SHA-256
 */
#include <string.h>

#include "runtime/limits.h"
#include "runtime/sha256.h"
#include "runtime/text/provenance_private.h"
#include "runtime/utf8.h"

enum { DIGEST = 32 };
#define MAGIC      "prov0001"
#define NUMBER_BIT UINT32_C(0x80000000)

static void write_u32(buffer *out, uint32_t value)
{
    const unsigned char bytes[4] = {(unsigned char)value, (unsigned char)(value >> 8),
                                    (unsigned char)(value >> 16), (unsigned char)(value >> 24)};
    buffer_add(out, bytes, sizeof bytes);
}

static void digest_of(const void *bytes, size_t length, uint8_t out[DIGEST])
{
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, bytes, length);
    sha256_end(&hash, out);
}

bool provenance_save(const provenance *from, buffer *out)
{
    const size_t start = out->length;
    buffer_add(out, MAGIC, 8);
    write_u32(out, from->source_count);
    write_u32(out, from->time);
    write_u32(out, from->record_count);
    for (uint32_t i = 0; i < from->source_count; i += 8) {
        const char eight = (char)(from->lost[i / 64] >> (i % 64));
        buffer_add(out, &eight, 1);
    }
    for (uint32_t i = 0; i < from->record_count; i++) {
        const provenance_record *const record = &from->records[i];
        write_u32(out, record->source);
        write_u32(out, record->time);
        write_u32(out, record->length | (record->number ? NUMBER_BIT : 0));
        buffer_add(out, from->bytes + record->start, record->length);
    }
    if (out->failed)
        return false;
    uint8_t digest[DIGEST];
    digest_of(out->bytes + start, out->length - start, digest);
    buffer_add(out, digest, sizeof digest);
    return !out->failed;
}

typedef struct reading {
    const unsigned char *next, *end;
    bool failed;
} reading;

static const unsigned char *take(reading *in, size_t length)
{
    if (in->failed || length > (size_t)(in->end - in->next)) {
        in->failed = true;
        return NULL;
    }
    const unsigned char *const at = in->next;
    in->next += length;
    return at;
}

static uint32_t read_u32(reading *in)
{
    const unsigned char *const at = take(in, 4);
    return at ? at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24 : 0;
}

static bool read_lost(reading *in, provenance *to)
{
    const unsigned char *const lost = take(in, (to->source_count + 7) / 8);
    for (uint32_t i = 0; lost && i < to->source_count; i++)
        if (lost[i / 8] >> (i % 8) & 1)
            provenance_lose(to, i);
    if (lost && to->source_count % 8 && lost[to->source_count / 8] >> (to->source_count % 8))
        in->failed = true;
    return !in->failed;
}

/* False: the bytes are wrong, or memory is short. */
static bool read_record(reading *in, provenance *to, uint32_t time)
{
    const uint32_t source = read_u32(in), when = read_u32(in), size = read_u32(in);
    const uint32_t length = size & ~NUMBER_BIT;
    const unsigned char *const text = take(in, length);
    if (in->failed || source >= to->source_count || when < to->time || when > time ||
        length > LIMIT_ORIGIN_BYTES || !utf8_valid((const char *)text, length))
        return false;
    to->time = when;
    const bool was_lost = provenance_is_lost(to, source);
    const bool added = size & NUMBER_BIT
                           ? provenance_add_number(to, source, (const char *)text, length)
                           : provenance_add_text(to, source, (const char *)text, length);
    return added || was_lost;
}

static bool read_all(reading *in, provenance *to)
{
    const uint32_t time = read_u32(in), records = read_u32(in);
    if (!read_lost(in, to))
        return false;
    for (uint32_t i = 0; i < records && !in->failed; i++)
        if (!read_record(in, to, time))
            return false;
    to->time = time;
    return !in->failed && in->next == in->end;
}

provenance *provenance_load(const cst_allocator *allocator, uint32_t sources, uint32_t types,
                            uint64_t seed, const void *bytes, size_t length)
{
    uint8_t digest[DIGEST];
    if (length < 8 + 12 + DIGEST || memcmp(bytes, MAGIC, 8) != 0)
        return NULL;
    digest_of(bytes, length - DIGEST, digest);
    if (memcmp(digest, (const char *)bytes + length - DIGEST, DIGEST) != 0)
        return NULL;
    reading in = {(const unsigned char *)bytes + 8, (const unsigned char *)bytes + length - DIGEST,
                  false};
    if (read_u32(&in) != sources)
        return NULL;
    provenance *const made = provenance_new(allocator, sources, types, seed);
    if (made && read_all(&in, made))
        return made;
    provenance_free(made);
    return NULL;
}

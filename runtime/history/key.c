/*
 * key.c - a hash of a value in canonical form, for `with same K` and for counting distinct values.
 *
 * Two values that are equal have one hash: texts by their canonical bytes, numbers by their number,
 * lists and records element by element, open data by its canonical text (RFC 8785), so that the
 * order of members and the spelling of numbers do not matter. 128 bits under a seed of the store:
 * nobody can choose values that meet, and by chance they do not.
 */
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/base/hash.h"
#include "runtime/history/past.h"
#include "runtime/json.h"

/* What stood before goes into the seed of what comes behind it. */
static void mix(const uint64_t seed[2], const void *bytes, size_t length, uint32_t tag,
                uint64_t hash[2])
{
    for (int half = 0; half < 2; half++)
        hash[half] = cst_hash_seeded(
            bytes, length, (seed[half] ^ hash[half]) + (tag + 1u) * UINT64_C(0x9e3779b97f4a7c15));
}

static bool mix_open(const uint64_t seed[2], const cst_value *value, buffer *text, uint64_t hash[2])
{
    buffer_clear(text);
    if (value->parts)
        json_write_canonical(text, value->parts);
    if (text->failed)
        return false;
    mix(seed, text->bytes ? text->bytes : "", text->length, CST_KIND_JSON, hash);
    return true;
}

bool past_hash(const uint64_t seed[2], const cst_value *value, buffer *text, uint64_t hash[2])
{
    if (kind_has_text(value->kind)) {
        mix(seed, value->as.text ? value->as.text : "", value->length, value->kind, hash);
        return true;
    }
    /* an unknown tool is known by its name */
    if (value->kind == CST_KIND_TOOL && value->as.integer == 0) {
        mix(seed, value->parts ? value->parts : "", value->length, value->kind, hash);
        return true;
    }
    if (kind_has_integer(value->kind)) {
        mix(seed, &value->as.integer, sizeof value->as.integer, value->kind, hash);
        return true;
    }
    switch (value->kind) {
    case CST_KIND_FLOAT: {
        const double number = value->as.number + 0.0; /* one zero */
        mix(seed, &number, sizeof number, value->kind, hash);
        return true;
    }
    case CST_KIND_LIST:
    case CST_KIND_RECORD: {
        mix(seed, &value->length, sizeof value->length, value->kind, hash);
        for (uint32_t i = 0; i < value->length; i++)
            if (!past_hash(seed, &value->as.items[i], text, hash))
                return false;
        return true;
    }
    case CST_KIND_JSON: return mix_open(seed, value, text, hash);
    default: mix(seed, "", 0, value->kind, hash); return true;
    }
}

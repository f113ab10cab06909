/*
 * Fuzz target: where values came from. The first byte says which half is tried.
 *
 * Loading: any bytes, also with a right checksum behind them; what loads must save to the same
 * bytes. Asking: the rest is cut at NUL bytes into leaves of four sources and one value; the answer
 * must be the same after saving and loading, a value that is a leaf must be found, and nothing may
 * be found that another source said alone.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/limits.h"
#include "runtime/sha256.h"
#include "runtime/text/provenance.h"
#include "runtime/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SOURCES = 4 };

static void demand(int holds)
{
    if (!holds)
        abort();
}

static void try_load(const cst_allocator *allocator, const uint8_t *data, size_t size)
{
    buffer bytes, again;
    uint8_t digest[32];
    sha256 hash;
    buffer_init(&bytes, allocator, 0);
    buffer_init(&again, allocator, 0);
    buffer_text(&bytes, "prov0001");
    buffer_add(&bytes, data, size);
    sha256_begin(&hash);
    sha256_add(&hash, bytes.bytes, bytes.length);
    sha256_end(&hash, digest);
    buffer_add(&bytes, digest, sizeof digest);
    provenance *const from =
        provenance_load(allocator, SOURCES, PROVENANCE_ALL, 1, bytes.bytes, bytes.length);
    if (from) {
        demand(provenance_save(from, &again));
        demand(again.length == bytes.length && memcmp(again.bytes, bytes.bytes, bytes.length) == 0);
    }
    demand(provenance_load(allocator, SOURCES, PROVENANCE_ALL, 1, data, size) == NULL || size > 8);
    provenance_free(from);
    buffer_free(&bytes);
    buffer_free(&again);
}

static provenance_answer ask(provenance *from, arena *memory, uint64_t sources,
                             const cst_value *value, bool echoes)
{
    const uint64_t results = 4 | 8;
    const provenance_question question = {&sources, &results, 4, echoes};
    uint64_t steps = LIMIT_PROVENANCE_STEPS;
    return provenance_ask(from, memory, &question, value, &steps);
}

static void try_ask(const cst_allocator *allocator, const uint8_t *data, size_t size)
{
    arena memory;
    arena_init(&memory, allocator, 0);
    provenance *const from = provenance_new(allocator, SOURCES, PROVENANCE_ALL, 7);
    demand(from != NULL);
    const char *text = (const char *)data;
    cst_value value = {.kind = CST_KIND_STRING, .as.text = ""};
    bool said = false;
    for (size_t at = 0, start = 0; at <= size; at++) {
        if (at < size && data[at])
            continue;
        const uint32_t length = (uint32_t)(at - start);
        if (utf8_valid(text + start, length)) {
            provenance_step(from);
            if (length % 5 < SOURCES)
                said = provenance_add_text(from, length % 5, text + start, length);
            value.as.text = text + start;
            value.length = length;
        }
        start = at + 1;
    }
    const bool leaf = said && value.length % 5 < SOURCES && value.length > 0;
    const uint64_t own = UINT64_C(1) << (value.length % 5);
    demand(!leaf || ask(from, &memory, own, &value, true) == PROVENANCE_YES);
    buffer saved;
    buffer_init(&saved, allocator, 0);
    demand(provenance_save(from, &saved));
    provenance *const loaded =
        provenance_load(allocator, SOURCES, PROVENANCE_ALL, 8, saved.bytes, saved.length);
    demand(loaded != NULL);
    for (uint64_t sources = 1; sources < 16; sources++)
        for (int echoes = 0; echoes < 2; echoes++) {
            const provenance_answer answer = ask(from, &memory, sources, &value, echoes != 0);
            demand(answer == ask(loaded, &memory, sources, &value, echoes != 0));
            demand(answer != PROVENANCE_YES ||
                   ask(from, &memory, sources, &value, true) == PROVENANCE_YES);
        }
    buffer_free(&saved);
    provenance_free(loaded);
    provenance_free(from);
    arena_free(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const cst_allocator allocator = allocator_or_default(NULL);
    if (size == 0 || size > 1 << 16)
        return 0;
    if (data[0] & 1)
        try_load(&allocator, data + 1, size - 1);
    else
        try_ask(&allocator, data + 1, size - 1);
    return 0;
}

/*
 * provenance.c - keeping texts and the index of their tokens.
 *
 * Adding copies. When somebody asks, what came since is put into the index in one pass: cut into
 * tokens, each token hashed without its case and put in front of its chain. Chains are spread over
 * more buckets when they become long, so all of it costs the size of the event, and nothing where
 * nobody asks. The seed of the hashes is secret: nobody can choose texts that make chains long, but
 * by repeating a word.
 */
#include "runtime/text/provenance_private.h"

#include <string.h>

#include "runtime/limits.h"
#include "runtime/text/token.h"
#include "runtime/text/unicode.h"
#include "runtime/utf8.h"

/* ---- hashes ---------------------------------------------------------------------------------- */

__extension__ typedef unsigned __int128 wide;

static uint64_t fold(uint64_t a, uint64_t b)
{
    const wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Capitals of ASCII become small letters, eight bytes at once. */
static uint64_t lower_word(uint64_t word)
{
    const uint64_t low = word & UINT64_C(0x7f7f7f7f7f7f7f7f);
    const uint64_t from_a = low + UINT64_C(0x3f3f3f3f3f3f3f3f),
                   past_z = low + UINT64_C(0x2525252525252525);
    const uint64_t capital = from_a & ~past_z & ~word & UINT64_C(0x8080808080808080);
    return word | capital >> 2;
}

/* The first bytes of a text as a number. Eight bytes behind the start of any text here can be read
 * (PROVENANCE_SLACK). */
static uint64_t load(const char *bytes, uint32_t count)
{
    uint64_t word = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(&word, bytes, 8);
    return count < 8 ? word & ((UINT64_C(1) << (8 * count)) - 1) : word;
#else
    memcpy(&word, bytes, count);
    return word;
#endif
}

/* *high collects the top bits of all bytes. */
static inline uint64_t hash_ascii(uint64_t seed, const char *text, uint32_t length, uint64_t *high)
{
    uint64_t hash = seed ^ length;
    while (length > 8) {
        const uint64_t word = load(text, 8);
        *high |= word;
        hash = fold(hash ^ lower_word(word), seed | 1) + UINT64_C(0x9e3779b97f4a7c15);
        text += 8;
        length -= 8;
    }
    const uint64_t last = load(text, length);
    *high |= last;
    return fold(hash ^ lower_word(last), (seed << 1) | 1);
}

/* Of a token that holds more than ASCII, without its case. */
static uint64_t hash_wide(uint64_t seed, const char *text, uint32_t length)
{
    char part[256 + PROVENANCE_SLACK];
    uint64_t hash = seed, high = 0;
    uint32_t used = 0;
    const char *next = text, *const end = text + length;
    memset(part, 0, sizeof part);
    while (next < end) {
        used += utf8_encode(unicode_caseless(utf8_decode(&next, end)), part + used);
        if (used > 250) {
            hash = hash_ascii(hash, part, used, &high);
            used = 0;
        }
    }
    return hash_ascii(hash, part, used, &high);
}

uint32_t provenance_tag(const provenance *from, const char *text, uint32_t length)
{
    uint64_t high = 0;
    uint64_t hash = hash_ascii(from->seed, text, length, &high);
    if ((high & UINT64_C(0x8080808080808080)) != 0)
        hash = hash_wide(from->seed, text, length);
    return (uint32_t)(hash >> 32);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void release(const provenance *from, void *pointer, size_t size)
{
    if (pointer)
        from->allocator.release(from->allocator.user, pointer, size);
}

bool provenance_reserve(provenance *from, void **items, uint32_t *capacity, uint32_t needed,
                        size_t size)
{
    if (needed <= *capacity)
        return true;
    uint64_t wanted = *capacity ? *capacity : 64;
    while (wanted < needed)
        wanted *= 2;
    const uint64_t more = (wanted - *capacity) * size;
    if (wanted > UINT32_MAX / 2 || from->memory + more > LIMIT_PROVENANCE_BYTES)
        return false;
    void *const user = from->allocator.user;
    void *const fresh = *capacity
                            ? from->allocator.resize(user, *items, *capacity * size, wanted * size)
                            : from->allocator.allocate(user, wanted * size);
    if (!fresh)
        return false;
    *items = fresh;
    *capacity = (uint32_t)wanted;
    from->memory += more;
    return true;
}

bool provenance_reserve_chains(provenance *from, provenance_chains *chains, uint32_t members)
{
    if (chains->count > members)
        return true;
    const uint32_t count =
        chains->count ? chains->count * (chains->count < (1u << 14) ? 4 : 2) : 64;
    const uint64_t more = (uint64_t)(count - chains->count) * sizeof *chains->buckets;
    if (from->memory + more > LIMIT_PROVENANCE_BYTES)
        return false;
    uint32_t *const fresh = from->allocator.allocate(from->allocator.user, count * sizeof *fresh);
    if (!fresh)
        return false;
    memset(fresh, 0, count * sizeof *fresh);
    release(from, chains->buckets, chains->count * sizeof *fresh);
    chains->buckets = fresh;
    chains->count = count;
    from->memory += more;
    const bool tokens = chains == &from->token_chains;
    for (uint32_t i = 0; i < (tokens ? from->token_count : from->typed_count); i++) {
        uint32_t *const first =
            &fresh[(tokens ? from->tokens[i].tag : (uint32_t)from->typed[i].key[0]) & (count - 1)];
        *(tokens ? &from->tokens[i].next : &from->typed[i].next) = *first;
        *first = i + 1;
    }
    return true;
}

provenance *provenance_new(const cst_allocator *allocator, uint32_t sources, uint32_t types,
                           uint64_t seed)
{
    const size_t words = ((size_t)sources + 63) / 64;
    const size_t size = sizeof(provenance) + words * sizeof(uint64_t) + sources * sizeof(uint32_t);
    provenance *const made = allocator->allocate(allocator->user, size);
    if (!made)
        return NULL;
    memset(made, 0, size);
    made->allocator = *allocator;
    made->seed = seed;
    made->source_count = sources;
    made->types = types;
    made->lost = (uint64_t *)(void *)(made + 1);
    made->source_bytes = (uint32_t *)(void *)(made->lost + words);
    made->memory = size;
    return made;
}

void provenance_free(provenance *from)
{
    if (!from)
        return;
    const cst_allocator allocator = from->allocator;
    const size_t words = ((size_t)from->source_count + 63) / 64;
    release(from, from->bytes, from->capacity);
    release(from, from->records, from->record_capacity * sizeof *from->records);
    release(from, from->tokens, from->token_capacity * sizeof *from->tokens);
    release(from, from->typed, from->typed_capacity * sizeof *from->typed);
    release(from, from->token_chains.buckets, from->token_chains.count * sizeof(uint32_t));
    release(from, from->typed_chains.buckets, from->typed_chains.count * sizeof(uint32_t));
    allocator.release(allocator.user, from,
                      sizeof *from + words * sizeof(uint64_t) +
                          from->source_count * sizeof(uint32_t));
}

void provenance_step(provenance *from)
{
    if (from->time < PROVENANCE_NEVER - 1)
        from->time++;
    else
        provenance_lose_all(from); /* what comes now cannot be told from what came before */
}

void provenance_lose(provenance *from, uint32_t source)
{
    from->lost[source / 64] |= UINT64_C(1) << (source % 64);
}

void provenance_lose_all(provenance *from)
{
    for (uint32_t i = 0; i < from->source_count; i++)
        provenance_lose(from, i);
}

bool provenance_is_lost(const provenance *from, uint32_t source)
{
    return (from->lost[source / 64] >> (source % 64) & 1) != 0;
}

uint32_t provenance_sources(const provenance *from)
{
    return from->source_count;
}

uint64_t provenance_bytes(const provenance *from)
{
    return from->memory;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

enum { PENDING = 32 }; /* tokens that wait for their buckets to come from memory */

typedef struct adding {
    provenance *from;
    uint32_t start; /* of the record */
    uint32_t tokens, pending;
    bool failed;
    provenance_token waiting[PENDING];
} adding;

static void add_pending(adding *state)
{
    provenance *const from = state->from;
    const uint32_t mask = from->token_chains.count - 1;
    provenance_token *const tokens = from->tokens + from->token_count;
    for (uint32_t i = 0; i < state->pending; i++) {
        uint32_t *const first = &from->token_chains.buckets[state->waiting[i].tag & mask];
        tokens[i] = (provenance_token){state->waiting[i].start, state->waiting[i].tag, *first};
        *first = from->token_count + i + 1;
    }
    from->token_count += state->pending;
    state->pending = 0;
}

static bool make_room(provenance *from)
{
    return provenance_reserve_chains(from, &from->token_chains, from->token_count + PENDING) &&
           provenance_reserve(from, (void **)&from->tokens, &from->token_capacity,
                              from->token_count + PENDING, sizeof *from->tokens);
}

static inline void add_token(void *user, uint32_t start, uint32_t end)
{
    adding *const state = user;
    provenance *const from = state->from;
    if (state->pending == PENDING) {
        add_pending(state);
        state->failed = state->failed || !make_room(from);
    }
    if (state->failed)
        return;
    const uint32_t tag = provenance_tag(from, from->bytes + state->start + start, end - start);
    __builtin_prefetch(&from->token_chains.buckets[tag & (from->token_chains.count - 1)], 1);
    state->waiting[state->pending++] = (provenance_token){state->start + start, tag, 0};
    state->tokens++;
}

/* ---- adding ---------------------------------------------------------------------------------- */

static bool add(provenance *from, uint32_t source, const char *text, uint32_t length, bool number)
{
    if (length > LIMIT_ORIGIN_BYTES || from->source_bytes[source] > LIMIT_ORIGIN_BYTES - length ||
        from->length > UINT32_MAX / 4 ||
        !provenance_reserve(from, (void **)&from->bytes, &from->capacity,
                            from->length + length + 2 + PROVENANCE_SLACK, 1) ||
        !provenance_reserve(from, (void **)&from->records, &from->record_capacity,
                            from->record_count + 1, sizeof *from->records)) {
        provenance_lose(from, source);
        return false;
    }
    if (from->length == 0)
        from->bytes[from->length++] = PROVENANCE_SEPARATOR;
    provenance_record *const record = &from->records[from->record_count++];
    *record = (provenance_record){from->length, length, source, from->time, number};
    if (length)
        memcpy(from->bytes + from->length, text, length);
    from->bytes[from->length + length] = PROVENANCE_SEPARATOR;
    from->length += length + 1;
    from->source_bytes[source] += length;
    return true;
}

static bool index_tokens(provenance *from, const provenance_record *record)
{
    adding state;
    state.from = from;
    state.start = record->start;
    state.tokens = state.pending = 0;
    state.failed = !make_room(from);
    tokens_visit(from->bytes + record->start, record->length, add_token, &state);
    if (state.tokens == 0) /* a leaf of signs alone is found as a whole */
        add_token(&state, 0, 0);
    if (state.pending)
        add_pending(&state);
    return !state.failed;
}

uint64_t provenance_work(const provenance *from)
{
    return from ? from->work : 0;
}

void provenance_index_tokens(provenance *from)
{
    for (; from->tokens_done < from->record_count; from->tokens_done++) {
        const provenance_record *const record = &from->records[from->tokens_done];
        from->work += record->length;
        if (!index_tokens(from, record))
            provenance_lose(from, record->source);
    }
}

void provenance_index_typed(provenance *from, uint32_t type)
{
    uint32_t *const done = &from->typed_done[__builtin_ctz(type)];
    if (*done == from->record_count)
        return;
    /* of what is tried, for a moment: not of the event, which may have been asked to be small */
    arena memory;
    arena_init(&memory, &from->allocator, 0);
    for (; *done < from->record_count; (*done)++) {
        const provenance_record *const record = &from->records[*done];
        from->work += record->length;
        if (!provenance_find_typed(from, &memory, record, type))
            provenance_lose(from, record->source);
        arena_reset(&memory);
    }
    arena_free(&memory);
}

bool provenance_add_text(provenance *from, uint32_t source, const char *text, uint32_t length)
{
    return add(from, source, text, length, false);
}

bool provenance_add_number(provenance *from, uint32_t source, const char *text, uint32_t length)
{
    return add(from, source, text, length, true);
}

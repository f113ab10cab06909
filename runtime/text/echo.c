/*
 * echo.c - shared runs by indexed blocks and a rolling hash.
 *
 * Texts are kept one behind the other with a byte between them that no UTF-8 has, so no run crosses
 * from one into the next. A block that holds such a byte is not indexed. The hash is a polynomial
 * over 2^64; it only proposes, bytes decide, so a chosen collision costs time, and the time is
 * bounded: past ECHO_STEPS_PER_BYTE comparisons a byte the answer is "unknown", which callers make
 * undecided.
 */
#include "runtime/text/echo.h"

#include <string.h>

#include "runtime/limits.h"
#include "runtime/utf8.h"

#define SEPARATOR '\xff'
#define FACTOR    UINT64_C(0x9E3779B97F4A7C15)

struct echo {
    cst_allocator allocator;
    uint32_t chars, block; /* bytes of an indexed block */
    uint64_t leaving;      /* FACTOR^(block-1): weight of the byte that leaves the window */
    char *bytes;
    uint32_t length, capacity;
    uint32_t indexed; /* blocks below this number are indexed */
    uint32_t *next;   /* by block: 1 + the next with the same bucket; 0: none */
    uint32_t next_capacity;
    uint32_t *buckets;     /* 1 + the first block */
    uint32_t bucket_count; /* a power of two, or 0 */
    bool partial;
};

echo *echo_new(const cst_allocator *allocator, uint32_t chars)
{
    echo *const made = allocator->allocate(allocator->user, sizeof *made);
    if (!made)
        return NULL;
    memset(made, 0, sizeof *made);
    made->allocator = *allocator;
    made->chars = chars;
    made->block = (chars + 1) / 2;
    made->leaving = 1;
    for (uint32_t i = 1; i < made->block; i++)
        made->leaving *= FACTOR;
    return made;
}

static void release(const echo *echo, void *pointer, size_t size)
{
    if (pointer)
        echo->allocator.release(echo->allocator.user, pointer, size);
}

void echo_free(echo *echo)
{
    if (!echo)
        return;
    const cst_allocator allocator = echo->allocator;
    release(echo, echo->bytes, echo->capacity);
    release(echo, echo->next, echo->next_capacity * sizeof *echo->next);
    release(echo, echo->buckets, echo->bucket_count * sizeof *echo->buckets);
    allocator.release(allocator.user, echo, sizeof *echo);
}

void echo_lose(echo *echo)
{
    echo->partial = true;
}

bool echo_is_partial(const echo *echo)
{
    return echo->partial;
}

uint32_t echo_bytes(const echo *echo)
{
    return (uint32_t)sizeof *echo + echo->capacity +
           (echo->next_capacity + echo->bucket_count) * (uint32_t)sizeof(uint32_t);
}

/* ---- growing --------------------------------------------------------------------------------- */

static void *grown(echo *echo, void *old, uint32_t old_count, uint32_t new_count, size_t size)
{
    void *const fresh = echo->allocator.allocate(echo->allocator.user, new_count * size);
    if (!fresh)
        return NULL;
    if (old)
        memcpy(fresh, old, old_count * size);
    memset((char *)fresh + old_count * size, 0, (new_count - old_count) * size);
    release(echo, old, old_count * size);
    return fresh;
}

static bool reserve(echo *echo, uint32_t more)
{
    if (more > LIMIT_ORIGIN_BYTES || echo->length > LIMIT_ORIGIN_BYTES - more)
        return false;
    const uint32_t needed = echo->length + more;
    if (needed > echo->capacity) {
        uint32_t capacity = echo->capacity ? echo->capacity * 2 : 256;
        while (capacity < needed)
            capacity *= 2;
        char *const bytes = grown(echo, echo->bytes, echo->capacity, capacity, 1);
        if (!bytes)
            return false;
        echo->bytes = bytes;
        echo->capacity = capacity;
    }
    const uint32_t blocks = needed / echo->block;
    if (blocks <= echo->next_capacity)
        return true;
    uint32_t capacity = echo->next_capacity ? echo->next_capacity * 2 : 16;
    while (capacity < blocks)
        capacity *= 2;
    uint32_t *const next = grown(echo, echo->next, echo->next_capacity, capacity, sizeof *next);
    if (!next)
        return false;
    echo->next = next;
    echo->next_capacity = capacity;
    return true;
}

static uint64_t hash_of(const char *bytes, uint32_t length)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < length; i++)
        hash = hash * FACTOR + (unsigned char)bytes[i];
    return hash;
}

static uint32_t bucket_of(const echo *echo, uint64_t hash)
{
    return (uint32_t)((hash * FACTOR) >> 32) & (echo->bucket_count - 1);
}

static void link_block(echo *echo, uint32_t number)
{
    const char *const block = echo->bytes + (size_t)number * echo->block;
    if (memchr(block, SEPARATOR, echo->block))
        return;
    uint32_t *const head = &echo->buckets[bucket_of(echo, hash_of(block, echo->block))];
    echo->next[number] = *head;
    *head = number + 1;
}

/* All blocks that are whole. False: memory is short, and some are not found. */
static bool index_blocks(echo *echo)
{
    const uint32_t blocks = echo->length / echo->block;
    if (blocks > echo->bucket_count / 2 + 1 || echo->bucket_count == 0) {
        uint32_t count = echo->bucket_count ? echo->bucket_count * 2 : 32;
        while (count < blocks)
            count *= 2;
        uint32_t *const buckets = grown(echo, NULL, 0, count, sizeof *buckets);
        if (!buckets)
            return false;
        release(echo, echo->buckets, echo->bucket_count * sizeof *echo->buckets);
        echo->buckets = buckets;
        echo->bucket_count = count;
        echo->indexed = 0;
    }
    for (; echo->indexed < blocks; echo->indexed++)
        link_block(echo, echo->indexed);
    return true;
}

bool echo_add(echo *echo, const char *text, uint32_t length)
{
    if (length < echo->chars) /* fewer bytes than characters wanted: it can share nothing */
        return true;
    if (!reserve(echo, length + 1)) {
        echo->partial = true;
        return false;
    }
    memcpy(echo->bytes + echo->length, text, length);
    echo->bytes[echo->length + length] = SEPARATOR;
    echo->length += length + 1;
    if (!index_blocks(echo))
        echo->partial = true;
    return !echo->partial;
}

/* ---- as bytes -------------------------------------------------------------------------------- */

void echo_write(const echo *echo, buffer *out)
{
    bytes_put(out, echo->chars, 4);
    bytes_put(out, echo->partial, 1);
    bytes_put_text(out, echo->bytes, echo->length);
}

echo *echo_read(const cst_allocator *allocator, bytes_reader *in)
{
    uint32_t length;
    const uint32_t chars = (uint32_t)bytes_take(in, 4);
    const bool partial = bytes_take(in, 1) != 0;
    const char *const bytes = bytes_take_text(in, LIMIT_ORIGIN_BYTES, &length);
    if (in->failed || chars < LIMIT_REPEAT_LEAST || chars > LIMIT_REPEAT_CHARS)
        return NULL;
    echo *const made = echo_new(allocator, chars);
    if (!made)
        return NULL;
    made->partial = partial;
    if (length == 0)
        return made;
    if (!reserve(made, length)) {
        echo_free(made);
        return NULL;
    }
    memcpy(made->bytes, bytes, length);
    made->length = length;
    if (!index_blocks(made)) {
        echo_free(made);
        return NULL;
    }
    return made;
}

/* ---- finding --------------------------------------------------------------------------------- */

/*
 * What is reported does not depend on where the search began, so that a text in pieces gives what
 * it gives as a whole: every run that is long enough is followed, and runs that meet are one. A run
 * is met before its second block begins, so a later place can still add to the last two stretches,
 * and to no other.
 */
typedef struct stretch { /* runs that meet */
    uint32_t start, end;
} stretch;

enum { FOLLOWED = 16 };

typedef struct search {
    const echo *echo;
    const char *text;
    uint32_t length;
    uint64_t steps, most;
    stretch last, before; /* not reported yet; empty: none */
    struct {              /* runs followed lately: a block of one that is met again adds nothing */
        uint32_t shift, end; /* places in the echo less those in the text */
    } followed[FOLLOWED];
    uint32_t next;
} search;

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static void add_run(search *search, uint32_t start, uint32_t end)
{
    stretch *const last = &search->last, *const before = &search->before;
    if (last->end == 0) {
        *last = (stretch){start, end};
        return;
    }
    if (start > last->end) {
        *before = *last;
        *last = (stretch){start, end};
        return;
    }
    last->start = start < last->start ? start : last->start;
    last->end = end > last->end ? end : last->end;
    if (before->end != 0 && last->start <= before->end) {
        last->start = before->start < last->start ? before->start : last->start;
        *before = (stretch){0, 0};
    }
}

/* Follows a shared block to both sides, and keeps the run if it is long enough. */
static void follow(search *search, uint32_t at, uint32_t block)
{
    const echo *const echo = search->echo;
    uint32_t start = at, end = at + echo->block;
    uint32_t from = block * echo->block, to = from + echo->block;
    const uint32_t shift = from - at;
    for (uint32_t i = 0; i < FOLLOWED; i++)
        if (search->followed[i].shift == shift && search->followed[i].end >= end)
            return;
    while (start > 0 && from > 0 && search->text[start - 1] == echo->bytes[from - 1])
        start--, from--;
    while (end < search->length && to < echo->length && search->text[end] == echo->bytes[to])
        end++, to++;
    search->steps += end - start;
    search->followed[search->next].shift = shift;
    search->followed[search->next].end = end;
    search->next = (search->next + 1) % FOLLOWED;
    while (start < end && continues(search->text[start]))
        start++;
    while (end > start && end < search->length && continues(search->text[end]))
        end--;
    if (end - start >= echo->chars && utf8_count(search->text + start, end - start) >= echo->chars)
        add_run(search, start, end);
}

static void look_up(search *search, uint32_t at, uint64_t hash)
{
    const echo *const echo = search->echo;
    /* many blocks may be alike, and each be the beginning of a long run */
    for (uint32_t block = echo->buckets[bucket_of(echo, hash)];
         block && search->steps <= search->most; block = echo->next[block - 1]) {
        search->steps++;
        if (memcmp(search->text + at, echo->bytes + (size_t)(block - 1) * echo->block,
                   echo->block) == 0)
            follow(search, at, block - 1);
        else
            search->steps += 2;
    }
}

void echo_find(const echo *echo, const char *text, uint32_t length, echo_visit *visit, void *user,
               bool *unknown, uint64_t *steps)
{
    if (!echo || echo->bucket_count == 0 || length < echo->chars || length < echo->block)
        return;
    search search = {.echo = echo,
                     .text = text,
                     .length = length,
                     .most = (uint64_t)length * ECHO_STEPS_PER_BYTE + ECHO_LEAST_STEPS};
    uint64_t hash = hash_of(text, echo->block);
    for (uint32_t at = 0;; at++) {
        look_up(&search, at, hash);
        if (search.steps > search.most) {
            *unknown = true;
            break;
        }
        /* what is found from here on begins behind it */
        if (search.before.end != 0 && at >= search.before.end + echo->block) {
            if (!visit(user, search.before.start, search.before.end)) {
                *steps += search.steps + at;
                return;
            }
            search.before = (stretch){0, 0};
        }
        if (at + echo->block >= length)
            break;
        hash = (hash - (unsigned char)text[at] * echo->leaving) * FACTOR +
               (unsigned char)text[at + echo->block];
    }
    *steps += search.steps + length;
    if (search.before.end != 0 && !visit(user, search.before.start, search.before.end))
        return;
    if (search.last.end != 0)
        visit(user, search.last.start, search.last.end);
}

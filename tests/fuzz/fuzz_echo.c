/*
 * fuzz_echo.c - shared runs against a search that tries every pair of places.
 *
 * The input: the least number of characters, then texts with 0xff between them; the last is
 * searched for what the others hold. What is reported must be shared, and every byte of every
 * shared run that is long enough must be reported, unless the bound on the work was reached.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/arena.h"
#include "runtime/text/echo.h"
#include "runtime/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

enum { MOST = 512 };

typedef struct reported {
    uint32_t behind;
    bool marks[MOST];
} reported;

static bool visit(void *user, uint32_t start, uint32_t end)
{
    reported *const out = user;
    /* what meets is one */
    require(start < end && (start > out->behind || out->behind == 0) && end <= MOST);
    out->behind = end;
    memset(out->marks + start, 1, end - start);
    return true;
}

static bool is_border(const char *text, uint32_t length, uint32_t at)
{
    return at == length || (text[at] & 0xc0) != 0x80;
}

/* Every run of whole characters that two texts share, as far to the right as it goes; `marks`:
 * bytes of some run that is long enough. */
static void search(const char *one, uint32_t one_length, const char *text, uint32_t length,
                   uint32_t chars, bool *marks, const reported *found, bool complete)
{
    for (uint32_t i = 0; i < one_length; i++)
        for (uint32_t k = 0; k < length; k++) {
            uint32_t same = 0;
            while (i + same < one_length && k + same < length && one[i + same] == text[k + same])
                same++;
            while (same > 0 && !is_border(text, length, k + same))
                same--;
            if (!is_border(text, length, k) || same == 0 || utf8_count(text + k, same) < chars)
                continue;
            memset(marks + k, 1, same);
            for (uint32_t n = k; n < k + same; n++)
                require(found->marks[n] || !complete);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > MOST)
        return 0;
    const uint32_t chars = 1 + data[0] % 24;
    const char *const bytes = (const char *)data + 1, *const end = bytes + size - 1;
    const char *last = bytes;
    for (const char *next = bytes; next < end; next++)
        if (*next == '\xff')
            last = next + 1;
    const cst_allocator allocator = allocator_or_default(NULL);
    echo *const made = echo_new(&allocator, chars);
    require(made != NULL);
    bool valid = utf8_valid(last, (size_t)(end - last));
    for (const char *from = bytes; from < last && valid;) {
        const char *const to = memchr(from, '\xff', (size_t)(last - from));
        valid = utf8_valid(from, (size_t)(to - from));
        if (valid)
            require(echo_add(made, from, (uint32_t)(to - from)));
        from = to + 1;
    }
    reported found = {.behind = 0};
    bool marks[MOST] = {false}, unknown = false;
    uint64_t steps = 0;
    if (valid) {
        echo_find(made, last, (uint32_t)(end - last), visit, &found, &unknown, &steps);
        for (const char *from = bytes; from < last;) {
            const char *const to = memchr(from, '\xff', (size_t)(last - from));
            search(from, (uint32_t)(to - from), last, (uint32_t)(end - last), chars, marks, &found,
                   !unknown);
            from = to + 1;
        }
        for (uint32_t i = 0; i < MOST; i++)
            require(!found.marks[i] || marks[i]);
    }
    echo_free(made);
    return 0;
}

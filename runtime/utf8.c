/*
 * utf8.c - validating, counting and coding UTF-8, eight bytes at a time where the text allows it.
 *
 * Counting needs no decoding: code points are the bytes that do not continue one (10xxxxxx), and
 * those are counted in a word with a few bit operations.
 */
#include "runtime/utf8.h"

#include <string.h>

/* Names are short, and mostly ASCII: two words that overlap hold all of them. */
static inline bool is_short_ascii(const char *bytes, size_t length)
{
    uint64_t first = 0, last = 0;
    if (length >= 8 && length <= 16) {
        memcpy(&first, bytes, 8);
        memcpy(&last, bytes + length - 8, 8);
    } else if (length >= 4 && length < 8) {
        memcpy(&first, bytes, 4);
        memcpy(&last, bytes + length - 4, 4);
    } else {
        return false;
    }
    return ((first | last) & UINT64_C(0x8080808080808080)) == 0;
}

bool utf8_valid(const char *bytes, size_t length)
{
    if (is_short_ascii(bytes, length))
        return true;
    const unsigned char *next = (const unsigned char *)bytes, *const end = next + length;
    while (next < end) {
        if (end - next >= 8) {
            uint64_t word;
            memcpy(&word, next, 8);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                next += 8;
                continue;
            }
        }
        const uint32_t step = utf8_step(next, end);
        if (step == 0)
            return false;
        next += step;
    }
    return true;
}

size_t utf8_count(const char *bytes, size_t length)
{
    size_t continued = 0, i = 0;
    for (; length - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        const uint64_t marks = (word >> 7) & (~word >> 6) & UINT64_C(0x0101010101010101);
        continued += (size_t)((marks * UINT64_C(0x0101010101010101)) >> 56);
    }
    for (; i < length; i++)
        continued += ((unsigned char)bytes[i] & 0xc0) == 0x80;
    return length - continued;
}

uint32_t utf8_decode(const char **next, const char *end)
{
    const unsigned char *const at = (const unsigned char *)*next;
    const uint32_t step = utf8_step(at, (const unsigned char *)end);
    *next += step ? step : 1;
    switch (step) {
    case 1: return at[0];
    case 2: return (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
    case 3: return (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    case 4:
        return (at[0] & 0x07u) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 |
               (at[3] & 0x3fu);
    default: return UINT32_MAX;
    }
}

uint32_t utf8_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | ((code >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

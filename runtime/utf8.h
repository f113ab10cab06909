/*
 * utf8.h - UTF-8 as Unicode 15, table 3-7 has it: no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 *
 * Layer 0: bytes in, no memory.
 */
#ifndef CONSTITUTION_RUNTIME_UTF8_H
#define CONSTITUTION_RUNTIME_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character that starts at `next`; 0 if there is none. next < end. */
static inline uint32_t utf8_step(const unsigned char *next, const unsigned char *end)
{
    const unsigned char lead = next[0];
    if (lead < 0x80)
        return 1;
    const size_t left = (size_t)(end - next);
    if (lead < 0xe0)
        return lead >= 0xc2 && left >= 2 && (next[1] & 0xc0) == 0x80 ? 2 : 0;
    if (lead < 0xf0) {
        if (left < 3 || (next[1] & 0xc0) != 0x80 || (next[2] & 0xc0) != 0x80)
            return 0;
        if ((lead == 0xe0 && next[1] < 0xa0) || (lead == 0xed && next[1] >= 0xa0))
            return 0;
        return 3;
    }
    if (lead > 0xf4 || left < 4 || (next[1] & 0xc0) != 0x80 || (next[2] & 0xc0) != 0x80 ||
        (next[3] & 0xc0) != 0x80)
        return 0;
    if ((lead == 0xf0 && next[1] < 0x90) || (lead == 0xf4 && next[1] >= 0x90))
        return 0;
    return 4;
}

bool utf8_valid(const char *bytes, size_t length);
/* Code points of valid UTF-8 (of other bytes: those that do not continue a character). */
size_t utf8_count(const char *bytes, size_t length);
/* Decodes the character at `next` (next < end) and passes it; UINT32_MAX, and one byte passed, if
 * it is malformed. */
uint32_t utf8_decode(const char **next, const char *end);
/* Writes 1 to 4 bytes; code is a scalar value. */
uint32_t utf8_encode(uint32_t code, char out[4]);

#endif

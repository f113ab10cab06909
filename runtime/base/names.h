/*
 * names.h - whether two short texts of one length are equal, without a call.
 *
 * Names of members, symbols and sessions are short, and a call of memcmp costs more than comparing
 * them. Two overlapping loads cover every length from 4 to 16.
 *
 * Layer 0.
 */
#ifndef CONSTITUTION_RUNTIME_BASE_NAMES_H
#define CONSTITUTION_RUNTIME_BASE_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline bool same_name(const char *a, const char *b, uint32_t length)
{
    if (length > 16)
        return memcmp(a, b, length) == 0;
    if (length >= 8) {
        uint64_t a_first, b_first, a_last, b_last;
        memcpy(&a_first, a, 8);
        memcpy(&b_first, b, 8);
        memcpy(&a_last, a + length - 8, 8);
        memcpy(&b_last, b + length - 8, 8);
        return ((a_first ^ b_first) | (a_last ^ b_last)) == 0;
    }
    if (length >= 4) {
        uint32_t a_first, b_first, a_last, b_last;
        memcpy(&a_first, a, 4);
        memcpy(&b_first, b, 4);
        memcpy(&a_last, a + length - 4, 4);
        memcpy(&b_last, b + length - 4, 4);
        return ((a_first ^ b_first) | (a_last ^ b_last)) == 0;
    }
    /* First, middle and last byte are all of up to three. */
    return length == 0 ||
           (a[0] == b[0] && a[length >> 1] == b[length >> 1] && a[length - 1] == b[length - 1]);
}

#endif

/*
 * hash.c - a multiply-and-fold hash: eight bytes a step, and the two overlapping words at both ends
 * for short texts.
 *
 * Most texts that are hashed are names of up to 16 bytes: two loads and two multiplications. Words
 * are read as little-endian on every machine, because the result stands in compiled policies. It is
 * no cryptographic hash; the seed enters both factors of every product, so that without knowing it
 * nobody can choose texts that collide by making a factor zero.
 */
#include "runtime/base/hash.h"

#include <string.h>

#define KEY_A UINT64_C(0x9e3779b97f4a7c15)
#define KEY_B UINT64_C(0xd1b54a32d192ed03)
#define KEY_C UINT64_C(0x8bb84b93962eacc9)

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;
#endif

/* Both halves of the 128-bit product, folded into one. */
static uint64_t fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    const wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    const uint64_t a_low = a & UINT32_MAX, a_high = a >> 32, b_low = b & UINT32_MAX,
                   b_high = b >> 32;
    const uint64_t low = a_low * b_low, cross = a_high * b_low + (low >> 32);
    const uint64_t middle = a_low * b_high + (cross & UINT32_MAX);
    return ((middle << 32) | (low & UINT32_MAX)) ^
           (a_high * b_high + (cross >> 32) + (middle >> 32));
#endif
}

static uint64_t load(const unsigned char *bytes, size_t count)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (count == 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        return word;
    }
    if (count == 4) {
        uint32_t word;
        memcpy(&word, bytes, 4);
        return word;
    }
#endif
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

/* Inlined twice: without a seed the first product is a constant. */
static inline uint64_t hash(const void *bytes, size_t length, uint64_t seed)
{
    const unsigned char *next = bytes;
    size_t left = length;
    uint64_t state = fold(seed ^ KEY_A, KEY_B) ^ seed;
    while (left > 16) {
        state = fold(load(next, 8) ^ state, load(next + 8, 8) ^ KEY_C ^ seed) + KEY_A;
        next += 16;
        left -= 16;
    }
    uint64_t a = 0, b = 0;
    if (left >= 8) {
        a = load(next, 8);
        b = load(next + left - 8, 8);
    } else if (left >= 4) {
        a = load(next, 4);
        b = load(next + left - 4, 4);
    } else if (left > 0) {
        a = ((uint64_t)next[0] << 16) | ((uint64_t)next[left / 2] << 8) | next[left - 1];
    }
    return fold(fold(a ^ state, b ^ KEY_B ^ seed) ^ length ^ KEY_C, KEY_A ^ seed);
}

uint64_t cst_hash_seeded(const void *bytes, size_t length, uint64_t seed)
{
    return hash(bytes, length, seed);
}

uint32_t cst_hash(const void *bytes, size_t length)
{
    const uint64_t whole = hash(bytes, length, 0);
    return (uint32_t)(whole ^ (whole >> 32));
}

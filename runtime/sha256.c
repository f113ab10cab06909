/*
 * sha256.c - FIPS 180-4, section 6.2, as plainly as it can be written.
 *
 * Hashes a policy's sources, the canonical text of an action (a few hundred bytes), and the entries
 * of the compiler's cache, which are megabytes that stand between a process and its first decision:
 * there the SHA instructions of x86-64 take a tenth of the time. Processors without them, and other
 * machines, go the plain way; the tests hold both against each other.
 */
#include "runtime/sha256.h"

#include <stdbool.h>
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#endif

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return (word >> bits) | (word << (32 - bits));
}

static void compress(uint32_t state[8], const uint8_t block[64])
{
    uint32_t schedule[64];
    for (unsigned i = 0; i < 16; i++)
        schedule[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                      (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (unsigned i = 16; i < 64; i++) {
        const uint32_t early = schedule[i - 15], late = schedule[i - 2];
        schedule[i] = schedule[i - 16] + schedule[i - 7] +
                      (rotate(early, 7) ^ rotate(early, 18) ^ (early >> 3)) +
                      (rotate(late, 17) ^ rotate(late, 19) ^ (late >> 10));
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (unsigned i = 0; i < 64; i++) {
        const uint32_t first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                               ((e & f) ^ (~e & g)) + round_constants[i] + schedule[i];
        const uint32_t second =
            (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + first;
        d = c;
        c = b;
        b = a;
        a = first + second;
    }
    const uint32_t words[8] = {a, b, c, d, e, f, g, h};
    for (unsigned i = 0; i < 8; i++)
        state[i] += words[i];
}

void sha256_blocks_plain(uint32_t state[8], const uint8_t *blocks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        compress(state, blocks + 64 * i);
}

#ifdef __x86_64__
/* Four rounds an iteration. `state` is held as the instructions want it: a b e f and c d g h. */
__attribute__((target("sha,sse4.1"))) static void compress_fast(uint32_t state[8],
                                                                const uint8_t *blocks, size_t count)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const void *)state), 0xb1);
    const __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const void *)(state + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);
    for (; count > 0; count--, blocks += 64) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i words[4];
        for (unsigned i = 0; i < 4; i++)
            words[i] =
                _mm_shuffle_epi8(_mm_loadu_si128((const void *)(blocks + (size_t)16 * i)), swap);
        for (unsigned i = 0; i < 16; i++) {
            __m128i *const word = &words[i % 4];
            const __m128i last = words[(i + 3) % 4];
            if (i >= 4) {
                const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(*word, words[(i + 1) % 4]),
                                                  _mm_alignr_epi8(last, words[(i + 2) % 4], 4));
                *word = _mm_sha256msg2_epu32(sum, last);
            }
            const __m128i added = _mm_add_epi32(
                *word, _mm_loadu_si128((const void *)(round_constants + (size_t)4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, added);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(added, 0x0e));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Asked once: under a hypervisor the question alone takes longer than a block. */
static bool has_instructions(void)
{
    static atomic_int known; /* 1: no, 2: yes */
    int answer = atomic_load_explicit(&known, memory_order_relaxed);
    if (answer == 0) {
        unsigned a, b, c, d;
        const bool sse = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_1) != 0;
        const bool sha = sse && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) != 0;
        answer = sha ? 2 : 1;
        atomic_store_explicit(&known, answer, memory_order_relaxed);
    }
    return answer == 2;
}
#endif

static void compress_blocks(uint32_t state[8], const uint8_t *blocks, size_t count)
{
#ifdef __x86_64__
    if (has_instructions()) {
        compress_fast(state, blocks, count);
        return;
    }
#endif
    sha256_blocks_plain(state, blocks, count);
}

void sha256_begin(sha256 *hash)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->state, start, sizeof start);
    hash->length = 0;
    hash->used = 0;
}

void sha256_add(sha256 *hash, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    hash->length += length;
    while (length) {
        if (hash->used == 0 && length >= 64) {
            const size_t blocks = length / 64;
            compress_blocks(hash->state, next, blocks);
            next += 64 * blocks;
            length -= 64 * blocks;
            continue;
        }
        const size_t room = 64u - hash->used, part = length < room ? length : room;
        memcpy(hash->block + hash->used, next, part);
        hash->used += (uint32_t)part;
        next += part;
        length -= part;
        if (hash->used == 64) {
            compress_blocks(hash->state, hash->block, 1);
            hash->used = 0;
        }
    }
}

void sha256_end(sha256 *hash, uint8_t out[32])
{
    const uint64_t bits = hash->length * 8;
    static const uint8_t padding[64] = {0x80};
    const uint32_t used = hash->used;
    sha256_add(hash, padding, used < 56 ? 56 - used : 120 - used);
    uint8_t length[8];
    for (unsigned i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_add(hash, length, 8);
    for (unsigned i = 0; i < 32; i++)
        out[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

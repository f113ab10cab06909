/* sha256.h - SHA-256 (FIPS 180-4) for policy hashes and action hashes: small enough to be ours, so
 * that the runtime needs no cryptographic library; held against the standard's vectors in tests.
 * Layer 0. */
#ifndef CONSTITUTION_RUNTIME_SHA256_H
#define CONSTITUTION_RUNTIME_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct sha256 {
    uint32_t state[8];
    uint64_t length;
    uint8_t block[64];
    uint32_t used;
} sha256;

void sha256_begin(sha256 *hash);
void sha256_add(sha256 *hash, const void *bytes, size_t length);
/* The whole blocks of 64 bytes, without instructions that not every processor has: for tests. */
void sha256_blocks_plain(uint32_t state[8], const uint8_t *blocks, size_t count);
void sha256_end(sha256 *hash, uint8_t out[32]);

#endif

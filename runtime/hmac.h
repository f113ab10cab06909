/* hmac.h - HMAC-SHA-256 (RFC 2104, FIPS 198-1): what proves that bytes come from who holds the key.
 * Held against the vectors of RFC 4231 in tests. Layer 0. */
#ifndef CONSTITUTION_RUNTIME_HMAC_H
#define CONSTITUTION_RUNTIME_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void hmac_sha256(const uint8_t *key, size_t key_length, const void *bytes, size_t length,
                 uint8_t out[32]);
/* Takes the same time wherever the first difference is. */
bool hmac_equal(const uint8_t a[32], const uint8_t b[32]);

#endif

/*
 * hmac.c - two passes of SHA-256 with the key mixed into both.
 */
#include "runtime/hmac.h"

#include <string.h>

#include "runtime/sha256.h"

enum { BLOCK = 64 };

void hmac_sha256(const uint8_t *key, size_t key_length, const void *bytes, size_t length,
                 uint8_t out[32])
{
    uint8_t block[BLOCK] = {0}, pad[BLOCK], inner[32];
    sha256 hash;
    if (key_length > BLOCK) {
        sha256_begin(&hash);
        sha256_add(&hash, key, key_length);
        sha256_end(&hash, block);
    } else if (key_length) {
        memcpy(block, key, key_length);
    }
    for (int i = 0; i < BLOCK; i++)
        pad[i] = block[i] ^ 0x36;
    sha256_begin(&hash);
    sha256_add(&hash, pad, sizeof pad);
    sha256_add(&hash, bytes, length);
    sha256_end(&hash, inner);
    for (int i = 0; i < BLOCK; i++)
        pad[i] = block[i] ^ 0x5c;
    sha256_begin(&hash);
    sha256_add(&hash, pad, sizeof pad);
    sha256_add(&hash, inner, sizeof inner);
    sha256_end(&hash, out);
}

bool hmac_equal(const uint8_t a[32], const uint8_t b[32])
{
    uint8_t differs = 0;
    for (int i = 0; i < 32; i++)
        differs |= (uint8_t)(a[i] ^ b[i]);
    return differs == 0;
}

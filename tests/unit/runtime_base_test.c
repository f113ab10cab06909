/*
 * runtime_base_test.c - arena, buffer, hash, UTF-8 and SHA-256; and every allocation failing in
 * turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/arena.h"
#include "runtime/base/buffer.h"
#include "runtime/base/hash.h"
#include "runtime/sha256.h"
#include "runtime/utf8.h"
#include "tests/unit/metered_memory.h"

static void test_arena(void **unused)
{
    (void)unused;
    arena memory;
    arena_init(&memory, NULL, 0);
    for (size_t size = 0; size < 3000; size += 7) {
        char *const piece = arena_allocate(&memory, size);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(piece[i], 0);
        memset(piece, 0xff, size);
    }
    assert_non_null(arena_allocate(&memory, 5u << 20));
    assert_string_equal(arena_copy(&memory, "abcdef", 3), "abc");
    assert_string_equal(arena_format(&memory, "%d-%s", 7, "x"), "7-x");
    assert_null(arena_array(&memory, SIZE_MAX / 2, 3));
    assert_null(arena_allocate(&memory, SIZE_MAX));
    arena_free(&memory);
}

static void test_arena_warms_up(void **unused)
{
    (void)unused;
    meter state = {0};
    const cst_allocator allocator = metered(&state);
    arena memory;
    arena_init(&memory, &allocator, 0);
    for (int round = 0; round < 20; round++) {
        const uint64_t calls = state.calls;
        for (size_t i = 0; i < 50; i++)
            assert_non_null(arena_allocate(&memory, i * i * 37 % 70000));
        if (round > 2)
            assert_int_equal(state.calls, calls);
        arena_reset(&memory);
    }
    arena_free(&memory);
    assert_int_equal(state.bytes, 0);
}

static void test_arena_ceiling(void **unused)
{
    (void)unused;
    arena memory;
    arena_init(&memory, NULL, 100);
    assert_non_null(arena_allocate(&memory, 90));
    assert_null(arena_allocate(&memory, 16));
    arena_reset(&memory);
    assert_non_null(arena_allocate(&memory, 16));
    arena_free(&memory);
}

typedef struct numbers {
    uint64_t *items;
    uint32_t count, capacity;
} numbers;

static void test_vector(void **unused)
{
    (void)unused;
    arena memory;
    arena_init(&memory, NULL, 0);
    numbers list = {NULL, 0, 0};
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t *const item = ARENA_PUSH(&memory, &list);
        assert_int_equal(*item, 0);
        *item = i;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(list.items[i], i);
    arena_free(&memory);
}

static void test_arena_failures(void **unused)
{
    (void)unused;
    for (size_t fail = 0; fail < 12; fail++) {
        meter state = {.fail_at = fail + 1};
        const cst_allocator allocator = metered(&state);
        arena memory;
        arena_init(&memory, &allocator, 0);
        numbers list = {NULL, 0, 0};
        bool failed = false;
        for (uint64_t i = 0; i < 100000 && !failed; i++)
            failed = ARENA_PUSH(&memory, &list) == NULL;
        failed |= arena_format(&memory, "%0*d", 100000, 1) == NULL;
        assert_true(failed == (state.calls > fail));
        arena_free(&memory);
        assert_int_equal(state.bytes, 0);
    }
}

static void test_buffer(void **unused)
{
    (void)unused;
    buffer out;
    buffer_init(&out, NULL, 0);
    buffer_text(&out, "a");
    buffer_format(&out, "%s=%d", "b", 12);
    buffer_json_string(&out, "q\"\\\b\f\n\r\t\x01\x7f\xc3\xa9", 12);
    assert_string_equal(out.bytes, "ab=12\"q\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f\xc3\xa9\"");
    buffer_clear(&out);
    assert_string_equal(out.bytes, "");
    for (int i = 0; i < 1000; i++)
        buffer_text(&out, "0123456789");
    assert_int_equal(out.length, 10000);
    buffer_free(&out);
    buffer_init(&out, NULL, 4);
    buffer_text(&out, "1234");
    assert_false(out.failed);
    buffer_text(&out, "5");
    assert_true(out.failed);
    assert_string_equal(out.bytes, "1234");
    buffer_free(&out);
}

static void test_buffer_failures(void **unused)
{
    (void)unused;
    for (size_t fail = 0; fail < 10; fail++) {
        meter state = {.fail_at = fail + 1};
        const cst_allocator allocator = metered(&state);
        buffer out;
        buffer_init(&out, &allocator, 0);
        for (int i = 0; i < 500; i++)
            buffer_format(&out, "%d,", i);
        assert_true(out.failed == (state.calls > fail));
        buffer_free(&out);
        assert_int_equal(state.bytes, 0);
    }
}

static void test_hash(void **unused)
{
    (void)unused;
    /* Compiled policies hold these numbers: they must never change. */
    static const char text[] = "The hash of a name is part of the compiled image.";
    uint32_t seen[50];
    for (size_t length = 0; length < 50; length++) {
        seen[length] = cst_hash(text, length);
        for (size_t i = 0; i < length; i++)
            assert_int_not_equal(seen[i], seen[length]);
        char copy[64];
        memcpy(copy + 3, text, length);
        assert_int_equal(cst_hash(copy + 3, length), seen[length]);
    }
    assert_int_not_equal(cst_hash_seeded("ab", 2, 1), cst_hash_seeded("ab", 2, 2));
}

static void test_utf8(void **unused)
{
    (void)unused;
    static const char *const good[] = {"",
                                       "ascii only text",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "12345678\xc3\xa9"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\xaf",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "abcdefgh\xe2\x82"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(utf8_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    assert_int_equal(utf8_count("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80zzzzzzzzz\xc3\xa9", 21), 14);
    for (uint32_t code = 0; code <= 0x10ffff; code += code < 0x3000 ? 1 : 97) {
        char bytes[4];
        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        const uint32_t size = utf8_encode(code, bytes);
        const char *next = bytes;
        assert_int_equal(utf8_decode(&next, bytes + size), code);
        assert_ptr_equal(next, bytes + size);
        assert_int_equal(utf8_count(bytes, size), 1);
    }
}

static void check_sha(const char *text, size_t length, size_t step, const char *expected)
{
    sha256 hash;
    uint8_t digest[32];
    char hex[65];
    sha256_begin(&hash);
    for (size_t i = 0; i < length; i += step)
        sha256_add(&hash, text + i, length - i < step ? length - i : step);
    sha256_end(&hash, digest);
    for (int i = 0; i < 32; i++) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    hex[64] = '\0';
    assert_string_equal(hex, expected);
}

/* The instructions of the processor, where it has them, against the plain way. */
static void test_sha256_blocks(void **unused)
{
    (void)unused;
    uint8_t bytes[64 * 9], padded[sizeof bytes + 64] = {0};
    uint32_t seed = 12345;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
    for (size_t count = 0; count <= 9; count++) {
        sha256 hash;
        uint8_t digest[32];
        sha256_begin(&hash);
        uint32_t state[8];
        memcpy(state, hash.state, sizeof state);
        sha256_add(&hash, bytes, 64 * count);
        sha256_end(&hash, digest);
        memset(padded, 0, sizeof padded);
        memcpy(padded, bytes, 64 * count);
        padded[64 * count] = 0x80;
        const size_t bits = 64 * count * 8;
        padded[64 * count + 62] = (uint8_t)(bits >> 8);
        padded[64 * count + 63] = (uint8_t)bits;
        sha256_blocks_plain(state, padded, count + 1);
        for (size_t i = 0; i < 32; i++)
            assert_int_equal(digest[i], (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4))));
    }
}

static void test_sha256(void **unused)
{
    (void)unused;
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    char *const million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    check_sha("", 0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t step = 1; step < 70; step++) {
        check_sha("abc", 3, step,
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check_sha(two, 56, step,
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    }
    check_sha(million, 1000000, 997,
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_warms_up),
        cmocka_unit_test(test_arena_ceiling),
        cmocka_unit_test(test_vector),
        cmocka_unit_test(test_arena_failures),
        cmocka_unit_test(test_buffer),
        cmocka_unit_test(test_buffer_failures),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_sha256_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * fuzz_json.c - the JSON reader against itself: tokens, skipping and the tree must agree; canonical
 * text must be JSON, and its own canonical form. The input is copied to its exact size, so that
 * reading past its end is found.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/json.h"
#include "runtime/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool tokens_accept(arena *memory, const char *bytes, size_t size)
{
    json_scanner scanner;
    json_scan_begin(&scanner, bytes, size, memory, 64);
    for (;;) {
        const json_token token = json_scan(&scanner);
        require(scanner.next <= scanner.end && scanner.depth <= 64);
        if (token == JSON_TOKEN_END || token == JSON_TOKEN_ERROR)
            return token == JSON_TOKEN_END;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const bytes = malloc(size ? size : 1);
    require(bytes != NULL);
    memcpy(bytes, data, size);
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_json *root;
    json_problem problem = {JSON_OK, 0, NULL};
    const json_error error = json_read(&memory, bytes, size, 64, &root, &problem);
    json_scanner scanner;
    json_scan_begin(&scanner, bytes, size, &memory, 64);
    const bool skipped = json_skip(&scanner) && json_finish(&scanner);
    require(skipped == (error == JSON_OK) && scanner.error == error);
    require(tokens_accept(&memory, bytes, size) == (error == JSON_OK));
    if (error != JSON_OK) {
        require(problem.error == error && problem.at <= size && problem.pointer);
        require(problem.at == scanner.error_at);
    } else {
        buffer first, second;
        buffer_init(&first, NULL, 0);
        buffer_init(&second, NULL, 0);
        const bool exact = json_write_canonical(&first, root);
        cst_json *again;
        require(json_read(&memory, first.bytes, first.length, 64, &again, &problem) == JSON_OK);
        require(json_write_canonical(&second, again) == exact);
        require(first.length == second.length &&
                memcmp(first.bytes, second.bytes, first.length) == 0);
        buffer_free(&first);
        buffer_free(&second);
    }
    arena_free(&memory);
    free(bytes);
    return 0;
}

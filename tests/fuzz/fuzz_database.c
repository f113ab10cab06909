/*
 * fuzz_database.c - a database with a few bytes changed: it is refused, or scanning stays inside of
 * it.
 *
 * The input: a number of changes, each a place (three bytes) and a byte; the rest is the text. The
 * database holds every kind of pattern, of trigger and of automaton; it is made once and copied to
 * its exact size for each input.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/pattern/pattern.h"
#include "runtime/text/scan.h"
#include "runtime/utf8.h"

static uint32_t holder; /* what scan_live found alive last: a guess that may be wrong */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static arena memory;
static const uint8_t *original;
static size_t original_length;

static void make(void)
{
    static const char *const expressions[] = {"\\bsecret-[a-z0-9]{8,20}\\b",
                                              "\\b[1-9][0-9]{2}-[0-9]{4}\\b",
                                              "[A-Za-z0-9+/]{20,40}",
                                              "[ab]+c",
                                              "(?m)^x.*y$",
                                              "[ab]*a[ab]{12}[a1]"};
    static const char *const words[] = {"foo", "bar baz", "\u6f22\u5b57", "-x-"};
    static const uint32_t lengths[] = {3, 7, 6, 3};
    static const char *const after[] = {"key", "token:"};
    pattern_error error;
    arena_init(&memory, NULL, 0);
    database_builder *const builder = database_begin(&memory);
    for (uint32_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        const pattern *const made =
            pattern_regex(&memory, expressions[i], (uint32_t)strlen(expressions[i]), false, &error);
        require(made != NULL);
        database_add(builder,
                     &(database_entry){.pattern = made,
                                       .check = i == 2 ? check_find("luhn", 4) : CHECK_NONE,
                                       .after = after,
                                       .after_count = i == 1 ? 2 : 0,
                                       .after_within = 20});
    }
    database_add(builder,
                 &(database_entry){.pattern = pattern_phrase(&memory, "stop it", 7, true, &error)});
    database_add_words(builder, words, lengths, 4);
    const char *why;
    require(database_finish(builder, true, &original, &original_length, &why));
}

static bool visit(void *user, uint32_t start, uint32_t end)
{
    uint32_t *const count = user;
    require(start < end);
    return ++*count < 1000;
}

static void scan(const scan_database *database, const char *text, uint32_t length)
{
    const uint32_t patterns = scan_pattern_count(database), words = (patterns + 63) / 64;
    if (patterns > 64)
        return;
    uint64_t found[1], unknown[1], wanted[1] = {UINT64_MAX};
    require(words <= 1);
    scan_scratch *scratch = NULL;
    require(scan_scratch_fit(&scratch, database, NULL) == CST_OK);
    scan_find(database, scratch, text, length, 0, found, unknown);
    for (uint32_t i = 0; i < patterns; i++) {
        uint32_t count = 0;
        bool missing = false;
        scan_list(database, scratch, text, length, 0, length, i, visit, &count, &missing);
        scan_whole(database, scratch, text, length, i, &missing);
    }
    require(scan_live(database, scratch, text, length, 0, wanted, &holder) <= length);
    scan_scratch_free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (original == NULL)
        make();
    if (size < 1 || size > 2048)
        return 0;
    const uint32_t changes = data[0] % 8;
    if (size < 1 + 4u * changes)
        return 0;
    uint8_t *const bytes = malloc(original_length);
    require(bytes != NULL);
    memcpy(bytes, original, original_length);
    for (uint32_t i = 0; i < changes; i++) {
        const uint8_t *const one = data + 1 + 4u * i;
        const size_t at = one[0] | (size_t)one[1] << 8 | (size_t)one[2] << 16;
        bytes[at % original_length] = one[3];
    }
    const uint32_t length = (uint32_t)(size - 1 - 4u * changes);
    char *const text = malloc(length + 1u);
    require(text != NULL);
    memcpy(text, data + size - length, length);
    scan_database *database = NULL;
    if (utf8_valid(text, length) &&
        scan_database_open(bytes, original_length, NULL, &database) == CST_OK) {
        scan(database, text, length);
        scan_database_close(database);
    }
    free(text);
    free(bytes);
    return 0;
}

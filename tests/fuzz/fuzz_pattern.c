/*
 * fuzz_pattern.c - an expression (the first line), built into a database, on a text (the rest).
 *
 * Whatever is accepted must build and open, and the ways to ask must agree: a bit of scan_find is a
 * first match of scan_list; matches are in order, disjoint, not empty, between characters; nothing
 * of a match that a cut goes through is settled before the cut.
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

typedef struct listing {
    const char *text;
    uint32_t length, count, first_start, first_end, last_end;
} listing;

static bool visit(void *user, uint32_t start, uint32_t end)
{
    listing *const list = user;
    require(start < end && end <= list->length && start >= list->last_end);
    require((list->text[start] & 0xc0) != 0x80 &&
            (end == list->length || (list->text[end] & 0xc0) != 0x80));
    if (list->count++ == 0) {
        list->first_start = start;
        list->first_end = end;
    }
    list->last_end = end;
    return true;
}

static void scan(const scan_database *database, scan_scratch *scratch, const char *text,
                 uint32_t length)
{
    const uint64_t wanted = 1;
    uint64_t found = 0, unknown = 0;
    listing list = {.text = text, .length = length};
    bool missing = false;
    require(scan_find(database, scratch, text, length, 0, &found, &unknown) == CST_OK);
    require(scan_list(database, scratch, text, length, 0, length, 0, visit, &list, &missing) ==
            CST_OK);
    if (unknown == 0 && !missing)
        require((found & 1) == (list.count > 0));
    bool unknown_whole = false;
    const bool whole = scan_whole(database, scratch, text, length, 0, &unknown_whole);
    if (!missing && !unknown_whole) /* what is taken whole is the longest from its start */
        require(whole == (list.count > 0 && list.first_start == 0 && list.first_end == length));
    require(scan_live(database, scratch, text, length, 0, &wanted, &holder) <= length);
    if (list.count > 0 && !missing) {
        uint32_t cut = list.first_end - 1;
        while (cut > list.first_start && (text[cut] & 0xc0) == 0x80)
            cut--;
        if (cut > list.first_start)
            require(scan_live(database, scratch, text, cut, 0, &wanted, &holder) <=
                    list.first_start);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    const uint8_t *const line = size > 0 ? memchr(data, '\n', size) : NULL;
    const size_t first = line ? (size_t)(line - data) : size, rest = line ? size - first - 1 : 0;
    char *const expression = malloc(first + 1), *const text = malloc(rest + 1);
    require(expression != NULL && text != NULL);
    memcpy(expression, data, first);
    memcpy(text, data + size - rest, rest);
    arena memory;
    arena_init(&memory, NULL, 0);
    pattern_error error = {0};
    const pattern *const made =
        pattern_regex(&memory, expression, (uint32_t)first, rest % 2 == 1, &error);
    if (made == NULL)
        require(error.text != NULL && error.start <= error.end && error.end <= first);
    if (made != NULL && utf8_valid(text, rest)) {
        database_builder *const builder = database_begin(&memory);
        database_add(builder, &(database_entry){.pattern = made});
        const uint8_t *bytes;
        size_t length;
        const char *why;
        scan_database *database = NULL;
        scan_scratch *scratch = NULL;
        require(database_finish(builder, true, &bytes, &length, &why));
        require(scan_database_open(bytes, length, NULL, &database) == CST_OK);
        require(scan_scratch_fit(&scratch, database, NULL) == CST_OK);
        scan(database, scratch, text, (uint32_t)rest);
        scan_scratch_free(scratch);
        scan_database_close(database);
    }
    arena_free(&memory);
    free(expression);
    free(text);
    return 0;
}

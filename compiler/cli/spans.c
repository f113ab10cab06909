/*
 * spans.c - see spans.h. Every expected span is compared with every found one; how many there can
 * be of either has a bound (LIMIT_EVAL_SPANS, LIMIT_SPANS), so this stays small. Characters are
 * counted by marking the bytes of the text.
 */
#include "compiler/cli/spans.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/limits.h"

enum { MARK_EXPECTED = 1, MARK_FOUND = 2, MARK_IGNORED = 4 };

static const char NO_TYPE[] = "(none)";

void span_score_init(span_score *score)
{
    memset(score, 0, sizeof *score);
    names_init(&score->types, sizeof(span_type), LIMIT_EVAL_GROUPS);
}

void span_score_free(span_score *score)
{
    names_free(&score->types);
    free(score->marks);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool is_border(const char *text, uint32_t length, uint32_t at)
{
    return at == length || ((unsigned char)text[at] & 0xC0u) != 0x80u;
}

bool span_list_add(span_list *list, const char *text, uint32_t length, const text_span *span)
{
    if (span->start >= span->end || span->end > length || !is_border(text, length, span->start) ||
        !is_border(text, length, span->end))
        return false;
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        list->items = checked(realloc(list->items, list->capacity * sizeof *list->items));
    }
    list->items[list->count++] = *span;
    return true;
}

void span_list_free(span_list *list)
{
    free(list->items);
    memset(list, 0, sizeof *list);
}

static int by_place(const void *left, const void *right)
{
    const text_span *const a = left, *const b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    if (a->type_length != b->type_length)
        return a->type_length < b->type_length ? -1 : 1;
    return a->type_length == 0 ? 0 : memcmp(a->type, b->type, a->type_length);
}

static void sort_once(span_list *list)
{
    if (list->count < 2)
        return;
    qsort(list->items, list->count, sizeof *list->items, by_place);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < list->count; i++)
        if (by_place(&list->items[kept - 1], &list->items[i]) != 0)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

/* ---- what a row expects ---------------------------------------------------------------------- */

static bool offset_read(const cst_json *value, uint32_t *out)
{
    if (value == NULL || value->kind != JSON_NUMBER || value->length > 9)
        return false;
    *out = 0;
    for (uint32_t i = 0; i < value->length; i++) {
        if (value->text[i] < '0' || value->text[i] > '9')
            return false;
        *out = *out * 10 + (uint32_t)(value->text[i] - '0');
    }
    return true;
}

/* [start, end, TYPE], or {start, end, type}; the type may be missing. */
static bool span_read(const cst_json *value, text_span *out)
{
    const cst_json *start = NULL, *end = NULL, *type = NULL;
    if (value->kind == JSON_OBJECT) {
        start = json_member(value, "start");
        end = json_member(value, "end");
        type = json_member(value, "type");
    } else if (value->kind == JSON_LIST && value->length >= 2 && value->length <= 3) {
        start = &value->items[0];
        end = &value->items[1];
        type = value->length == 3 ? &value->items[2] : NULL;
    }
    *out = (text_span){.type = NO_TYPE, .type_length = sizeof NO_TYPE - 1};
    if (!offset_read(start, &out->start) || !offset_read(end, &out->end))
        return false;
    if (type == NULL || type->kind == JSON_NULL)
        return true;
    out->type = type->text;
    out->type_length = type->length;
    return type->kind == JSON_STRING;
}

/* How far the search for characters has come: spans mostly stand in order. */
typedef struct character_place {
    uint32_t count, byte;
} character_place;

/* The byte where character number `wanted` starts; UINT32_MAX if the text has not so many. */
static uint32_t byte_of(const char *text, uint32_t length, uint32_t wanted, character_place *place)
{
    if (wanted < place->count)
        *place = (character_place){0};
    while (place->count < wanted && place->byte < length) {
        do
            place->byte++;
        while (!is_border(text, length, place->byte));
        place->count++;
    }
    return place->count == wanted ? place->byte : UINT32_MAX;
}

bool spans_expected(const cst_json *field, const char *text, uint32_t length, bool characters,
                    const word_list *kinds, span_list *out)
{
    out->count = 0;
    if (field == NULL || field->kind == JSON_NULL)
        return true;
    if (field->kind != JSON_LIST || field->length > LIMIT_EVAL_SPANS)
        return false;
    character_place place = {0};
    for (uint32_t i = 0; i < field->length; i++) {
        text_span span;
        if (!span_read(&field->items[i], &span))
            return false;
        if (characters) {
            span.start = byte_of(text, length, span.start, &place);
            span.end = byte_of(text, length, span.end, &place);
        }
        span.ignored = kinds->count > 0 && !words_have(kinds, span.type, span.type_length);
        if (!span_list_add(out, text, length, &span))
            return false;
    }
    return true;
}

/* ---- counting -------------------------------------------------------------------------------- */

static uint32_t shared_bytes(const text_span *left, const text_span *right)
{
    const uint32_t start = left->start > right->start ? left->start : right->start;
    const uint32_t end = left->end < right->end ? left->end : right->end;
    return start < end ? end - start : 0;
}

static uint32_t characters_of(const char *text, uint32_t start, uint32_t end)
{
    uint32_t count = 0;
    for (uint32_t i = start; i < end; i++)
        count += ((unsigned char)text[i] & 0xC0u) != 0x80u;
    return count;
}

/* Half of what both cover together, in characters. */
static bool overlaps(const char *text, const text_span *left, const text_span *right)
{
    if (shared_bytes(left, right) == 0)
        return false;
    const uint32_t start = left->start > right->start ? left->start : right->start;
    const uint32_t end = left->end < right->end ? left->end : right->end;
    const uint64_t shared = characters_of(text, start, end);
    const uint64_t both = characters_of(text, left->start, left->end) +
                          (uint64_t)characters_of(text, right->start, right->end) - shared;
    return 2 * shared >= both;
}

static void best_match(const char *text, const text_span *span, const span_list *others,
                       bool ignored, bool *exact, bool *overlap, bool *touched)
{
    *exact = *overlap = *touched = false;
    for (uint32_t i = 0; i < others->count; i++) {
        const text_span *const other = &others->items[i];
        if (other->start >= span->end)
            return; /* sorted */
        if (other->ignored != ignored || shared_bytes(span, other) == 0)
            continue;
        *touched = true;
        if (other->start == span->start && other->end == span->end)
            *exact = *overlap = true;
        else if (!*overlap)
            *overlap = overlaps(text, span, other);
    }
}

static void marks_make(span_score *score, uint32_t length, const span_list *expected,
                       const span_list *found)
{
    if (score->marks_capacity < length) {
        score->marks = checked(realloc(score->marks, length));
        score->marks_capacity = length;
    }
    if (length > 0)
        memset(score->marks, 0, length);
    for (uint32_t i = 0; i < expected->count; i++)
        for (uint32_t at = expected->items[i].start; at < expected->items[i].end; at++)
            score->marks[at] |= expected->items[i].ignored ? MARK_IGNORED : MARK_EXPECTED;
    for (uint32_t i = 0; i < found->count; i++)
        for (uint32_t at = found->items[i].start; at < found->items[i].end; at++)
            score->marks[at] |= MARK_FOUND;
}

static void count_characters(span_score *score, const char *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        const uint8_t mark = score->marks[i];
        if (mark == 0 || ((unsigned char)text[i] & 0xC0u) == 0x80u)
            continue;
        const bool is_expected = (mark & MARK_EXPECTED) != 0;
        const bool counts = is_expected || (mark & MARK_IGNORED) == 0;
        score->expected_characters += is_expected;
        score->found_characters += counts && (mark & MARK_FOUND) != 0;
        score->shared_characters += is_expected && (mark & MARK_FOUND) != 0;
    }
}

static void count_expected(span_score *score, const char *text, const span_list *expected,
                           const span_list *found)
{
    for (uint32_t i = 0; i < expected->count; i++) {
        const text_span *const span = &expected->items[i];
        if (span->ignored) {
            score->ignored_expected++;
            continue;
        }
        bool exact, overlap, touched;
        best_match(text, span, found, false, &exact, &overlap, &touched);
        span_type *const type = names_row(&score->types, span->type, span->type_length);
        score->expected++;
        score->expected_exact += exact;
        score->expected_overlap += overlap;
        type->expected++;
        type->exact += exact;
        type->overlap += overlap;
        for (uint32_t at = span->start; at < span->end; at++) {
            if (((unsigned char)text[at] & 0xC0u) == 0x80u)
                continue;
            type->characters++;
            type->characters_found += (score->marks[at] & MARK_FOUND) != 0;
        }
    }
}

static void count_found(span_score *score, const char *text, const span_list *expected,
                        const span_list *found)
{
    for (uint32_t i = 0; i < found->count; i++) {
        bool exact, overlap, touched, ignored_exact, ignored_overlap, ignored_touched;
        best_match(text, &found->items[i], expected, false, &exact, &overlap, &touched);
        best_match(text, &found->items[i], expected, true, &ignored_exact, &ignored_overlap,
                   &ignored_touched);
        if (!touched && ignored_touched) {
            score->ignored_found++;
            continue;
        }
        score->found++;
        score->found_exact += exact;
        score->found_overlap += overlap;
    }
}

void span_score_add(span_score *score, const char *text, uint32_t length, span_list *expected,
                    span_list *found)
{
    sort_once(expected);
    sort_once(found);
    score->rows++;
    if (expected->count == 0 && found->count == 0)
        return;
    marks_make(score, length, expected, found);
    count_characters(score, text, length);
    count_expected(score, text, expected, found);
    count_found(score, text, expected, found);
}

/*
 * compiler_statistics_test.c - rates, intervals, names and spans of `constc eval`.
 *
 * The expected ends of intervals are from Wilson's formula worked out apart from this code, with
 * decimal arithmetic of 30 digits; two of them are in every textbook (0 of 10, 10 of 10).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/cli/names.h"
#include "compiler/cli/spans.h"
#include "compiler/cli/statistics.h"

static void near(double found, double expected)
{
    assert_true(found > expected - 1e-6 && found < expected + 1e-6);
}

static void test_wilson(void **state)
{
    (void)state;
    static const struct {
        uint64_t hits, total;
        double low, high;
    } rows[] = {
        {0, 10, 0.000000000, 0.277532800},       {10, 10, 0.722467200, 1.000000000},
        {5, 10, 0.236593091, 0.763406909},       {1, 2, 0.094531206, 0.905468794},
        {0, 1, 0.000000000, 0.793450686},        {81, 263, 0.255288520, 0.366209577},
        {9999, 10000, 0.999433731, 0.999982347}, {123, 456789, 0.000225708, 0.000321239},
        {1, 1000000, 0.000000177, 0.000005665},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const rate found = rate_of(rows[i].hits, rows[i].total);
        near(found.value, (double)rows[i].hits / (double)rows[i].total);
        near(found.low, rows[i].low);
        near(found.high, rows[i].high);
    }
    const rate nothing = rate_of(0, 0);
    assert_true(nothing.value == 0 && nothing.low == 0 && nothing.high == 1);
    const rate share = share_of(1, 4);
    near(share.value, 0.25);
    assert_false(rate_has_interval(&share));
    assert_true(rate_has_interval(&nothing));
}

static void test_intervals_hold_the_value(void **state)
{
    (void)state;
    for (uint64_t total = 1; total < 300; total += 7)
        for (uint64_t hits = 0; hits <= total; hits++) {
            const rate found = rate_of(hits, total), mirror = rate_of(total - hits, total);
            assert_true(0 <= found.low && found.low <= found.value);
            assert_true(found.value <= found.high && found.high <= 1);
            near(found.low, 1 - mirror.high);
        }
}

static void test_confusion(void **state)
{
    (void)state;
    confusion counts = {0};
    for (int i = 0; i < 100; i++)
        confusion_add(&counts, i < 40, i % 4 != 0);
    assert_int_equal(counts.caught, 30);
    assert_int_equal(counts.missed, 10);
    assert_int_equal(counts.alarms, 45);
    assert_int_equal(counts.passed, 15);
    near(confusion_recall(&counts).value, 0.75);
    near(confusion_precision(&counts).value, 0.4);
    near(confusion_false_alarms(&counts).value, 0.75);
    const rate f1 = confusion_f1(&counts);
    near(f1.value, harmonic_mean(0.75, 0.4));
    assert_int_equal(f1.total, 85);
    assert_true(f1.low < f1.value && f1.value < f1.high);
    near(harmonic_mean(0, 0), 0);
}

static void test_median(void **state)
{
    (void)state;
    double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 2}, one[] = {7};
    near(median_of(odd, 3), 5);
    near(median_of(even, 4), 2.5);
    near(median_of(one, 1), 7);
    near(median_of(NULL, 0), 0);
}

typedef struct counted {
    named name;
    uint64_t count;
} counted;

static void test_names(void **state)
{
    (void)state;
    name_table table;
    names_init(&table, sizeof(counted), 500);
    char name[16];
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 600; i++) {
            snprintf(name, sizeof name, "n%d", i);
            ((counted *)names_row(&table, name, strlen(name)))->count++;
        }
    assert_int_equal(table.count, 501);
    const counted *const others = names_find(&table, "(others)", 8);
    assert_non_null(others);
    assert_int_equal(others->count, 300);
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "n%d", i);
        const counted *const row = names_find(&table, name, strlen(name));
        assert_int_equal(row->count, 3);
        assert_int_equal(row->name.order, i);
    }
    assert_null(names_find(&table, "n500", 4));
    assert_non_null(names_row(&table, "n1", 2));
    names_free(&table);
    assert_null(names_find(&table, "n1", 2));
}

/* ---- spans ----------------------------------------------------------------------------------- */

static void add(span_list *list, const char *text, uint32_t start, uint32_t end, const char *type,
                bool ignored)
{
    const text_span span = {start, end, type, type == NULL ? 0 : (uint32_t)strlen(type), ignored};
    assert_true(span_list_add(list, text, (uint32_t)strlen(text), &span));
}

static void test_spans(void **state)
{
    (void)state;
    static const char text[] = "0123456789abcdefghij";
    span_score score;
    span_score_init(&score);
    span_list expected = {0}, found = {0};
    add(&expected, text, 0, 4, "A", false);   /* exact */
    add(&expected, text, 5, 9, "B", false);   /* found half of it: 2 of 4, IoU exactly 0.5 */
    add(&expected, text, 10, 14, "B", false); /* one character of four */
    add(&expected, text, 16, 18, "C", true);
    add(&found, text, 16, 18, NULL, false); /* on what is left out */
    add(&found, text, 13, 14, NULL, false);
    add(&found, text, 5, 7, NULL, false);
    add(&found, text, 0, 4, NULL, false);
    add(&found, text, 0, 4, NULL, false);   /* the same again */
    add(&found, text, 19, 20, NULL, false); /* on nothing */
    span_score_add(&score, text, sizeof text - 1, &expected, &found);
    assert_int_equal(score.expected, 3);
    assert_int_equal(score.expected_exact, 1);
    assert_int_equal(score.expected_overlap, 2);
    assert_int_equal(score.found, 4);
    assert_int_equal(score.found_exact, 1);
    assert_int_equal(score.found_overlap, 2);
    assert_int_equal(score.expected_characters, 12);
    assert_int_equal(score.found_characters, 8);
    assert_int_equal(score.shared_characters, 7);
    assert_int_equal(score.ignored_expected, 1);
    assert_int_equal(score.ignored_found, 1);
    const span_type *const b = names_find(&score.types, "B", 1);
    assert_int_equal(b->expected, 2);
    assert_int_equal(b->exact, 0);
    assert_int_equal(b->overlap, 1);
    assert_int_equal(b->characters, 8);
    assert_int_equal(b->characters_found, 3);
    assert_null(names_find(&score.types, "C", 1));
    span_list_free(&expected);
    span_list_free(&found);
    span_score_free(&score);
}

static bool read_spans(const char *json, const char *text, bool characters, span_list *out)
{
    static const word_list all = {0};
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_json *tree;
    json_problem problem;
    assert_int_equal(json_read(&memory, json, strlen(json), 8, &tree, &problem), JSON_OK);
    const bool good = spans_expected(tree, text, (uint32_t)strlen(text), characters, &all, out);
    arena_free(&memory);
    return good;
}

static void test_spans_of_rows(void **state)
{
    (void)state;
    static const char text[] = "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z"; /* 2, 3, 4 and 1 bytes */
    span_list list = {0};
    assert_true(
        read_spans("[[1,3,\"T\"],{\"start\":3,\"end\":4},[0,4,null],[0,1]]", text, true, &list));
    assert_int_equal(list.count, 4);
    assert_int_equal(list.items[0].start, 2);
    assert_int_equal(list.items[0].end, 9);
    assert_int_equal(list.items[1].start, 9);
    assert_int_equal(list.items[1].end, 10);
    assert_int_equal(list.items[2].end, 10);
    assert_int_equal(list.items[3].end, 2);
    assert_true(read_spans("[[2,9,\"T\"]]", text, false, &list));
    assert_int_equal(list.count, 1);
    assert_true(read_spans("null", text, true, &list));
    assert_true(read_spans("[]", text, true, &list));
    assert_int_equal(list.count, 0);
    static const char *const wrong[] = {"3",
                                        "{}",
                                        "[3]",
                                        "[[1]]",
                                        "[[1,2,3]]",
                                        "[[2,2,\"T\"]]",
                                        "[[3,1]]",
                                        "[[0,5]]",
                                        "[[0,1.5]]",
                                        "[[-1,1]]",
                                        "[[0,1e1]]",
                                        "[[0,9999999999]]",
                                        "[[0,\"1\"]]",
                                        "[{\"start\":0}]",
                                        "[[0,1,\"T\",4]]"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(read_spans(wrong[i], text, true, &list));
    assert_false(read_spans("[[1,2]]", text, false, &list)); /* in the middle of a character */
    span_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wilson),        cmocka_unit_test(test_intervals_hold_the_value),
        cmocka_unit_test(test_confusion),     cmocka_unit_test(test_median),
        cmocka_unit_test(test_names),         cmocka_unit_test(test_spans),
        cmocka_unit_test(test_spans_of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

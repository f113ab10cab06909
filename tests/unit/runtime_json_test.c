/*
 * runtime_json_test.c - what is JSON and what is not, where the error is, canonical text, and every
 * allocation failing in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/json.h"
#include "runtime/json_scan.h"
#include "tests/unit/metered_memory.h"

typedef struct text_case {
    const char *text;
    size_t length;
} text_case;
#define T(text) {text, sizeof(text) - 1}

static const text_case accepted[] = {
    T("[]"),
    T("{}"),
    T(" [ ] "),
    T("\t\r\n {\n}\n"),
    T("null"),
    T("true"),
    T("false"),
    T("0"),
    T("-0"),
    T("\"\""),
    T("12"),
    T("-1.5e+10"),
    T("1E5"),
    T("1e-5"),
    T("0e1"),
    T("0.0"),
    T("20.5E-3"),
    T("[1,2 , 3]"),
    T("[[[]],{}]"),
    T("{\"a\":1,\"b\":{\"a\":1}}"),
    T("{\"\":0}"),
    T("[{\"a\":1},{\"a\":1}]"),
    T("\"\\u0000\""),
    T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\""),
    T("\"\\ud83d\\ude00\""),
    T("\"\\uDBFF\\uDFFF\""),
    T("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""),
    T("\"\x7f\""),
    T("\"\\uFFFF\""),
    T("\"\xef\xbf\xbf\""),
    T("\"0123456789abcdef0123456789\""),
    T("123456789012345678901234567890"),
    T("1e999999999999"),
    T("{\"a\":[],\"b\":[]}"),
    T("{\"aaaaaaaaaaaaaaaaX\":1,\"aaaaaaaaaaaaaaaaY\":1}"),
    T("{\"a\":1,\"a\\u0000\":2}"),
    T("\"a\\u2028b\""),
    T("\" \\\\a\""),
    T("[null,1,\"1\",{}]"),
    T("{\"abcdefgh12345678\":1,\"abcdefghX12345678\":2}"),
    T("{\"a\":1,\"A\":1}"),
};

static const text_case refused[] = {
    T(""),
    T(" "),
    T("["),
    T("]"),
    T("{"),
    T("}"),
    T("[1,]"),
    T("[,1]"),
    T("[1 2]"),
    T("[1,,2]"),
    T("{\"a\"}"),
    T("{\"a\":}"),
    T("{\"a\":1,}"),
    T("{,\"a\":1}"),
    T("{a:1}"),
    T("{'a':1}"),
    T("{\"a\" 1}"),
    T("{\"a\"::1}"),
    T("{1:1}"),
    T("[}"),
    T("{]"),
    T("[1}"),
    T("{\"a\":1]"),
    T("[] []"),
    T("1 2"),
    T("{}x"),
    T("[]\0"),
    T("\0"),
    T("[\0]"),
    T("nul"),
    T("nulL"),
    T("True"),
    T("tru"),
    T("falsey"),
    T("NaN"),
    T("Infinity"),
    T("-Infinity"),
    T("undefined"),
    T("+1"),
    T("-"),
    T("--1"),
    T("01"),
    T("-01"),
    T("1."),
    T(".5"),
    T("1.e5"),
    T("1e"),
    T("1e+"),
    T("1e1.5"),
    T("0x10"),
    T("1_000"),
    T("1a"),
    T("- 1"),
    T("0.1.2"),
    T("\""),
    T("\"abc"),
    T("\"\\\""),
    T("\"\\x41\""),
    T("\"\\u12\""),
    T("\"\\u12g4\""),
    T("\"\\U1234\""),
    T("\"\\'\""),
    T("\"\\"),
    T("\"\n\""),
    T("\"\t\""),
    T("\"\x1f\""),
    T("\"a\0b\""),
    T("'a'"),
    T("\"\\ud83d\""),
    T("\"\\ud83dx\""),
    T("\"\\ude00\""),
    T("\"\\ud83d\\u0041\""),
    T("\"\\ud83d\\ud83d\""),
    T("\"\x80\""),
    T("\"\xff\""),
    T("\"\xc3\""),
    T("\"\xc0\xaf\""),
    T("\"\xed\xa0\x80\""),
    T("\"\xf4\x90\x80\x80\""),
    T("\"\xe2\x82\""),
    T("\xef\xbb\xbf{}"),
    T("[\xe9]"),
    T("/* */ 1"),
    T("[1] // x"),
    T("{\"a\":1,\"a\":2}"),
    T("{\"a\":1,\"\\u0061\":2}"),
    T("{\"abcdefghijklmnop\":1,\"x\":{},\"abcdefghijklmnop\":2}"),
    T("{\"\":1,\"\":1}"),
    T("[{\"a\":{\"b\":1,\"b\":1}}]"),
    T("\xc2\xa0[]"),
    T("[1\x0b]"),
    T("[1\x0c]"),
    T("{\"a\":1 \"b\":2}"),
    T(","),
    T(":"),
    T("[\"a\",\n"),
    T("[1,\n1\n,1"),
    T("{\"a\":\"b\"}#"),
    T("[\"x\"\"y\"]"),
    T("{\"a\":true,\"b\""),
    T("\xff\xfe[\0]\0"),
};

/* An exact copy on the heap: reading past either end is found by the sanitizer. */
static json_error read_copy(const text_case *text, uint32_t depth, json_problem *problem,
                            char *pointer, size_t room)
{
    char *const copy = malloc(text->length ? text->length : 1);
    memcpy(copy, text->text, text->length);
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_json *root;
    const json_error error = json_read(&memory, copy, text->length, depth, &root, problem);
    if (error && pointer)
        snprintf(pointer, room, "%s", problem->pointer);
    json_scanner scanner;
    json_scan_begin(&scanner, copy, text->length, &memory, depth);
    const bool skipped = json_skip(&scanner) && json_finish(&scanner);
    assert_int_equal(skipped, error == JSON_OK);
    assert_int_equal(scanner.error, error);
    json_scan_begin(&scanner, copy, text->length, &memory, depth);
    json_token token;
    do
        token = json_scan(&scanner);
    while (token != JSON_TOKEN_END && token != JSON_TOKEN_ERROR);
    assert_int_equal(token == JSON_TOKEN_END, error == JSON_OK);
    arena_free(&memory);
    free(copy);
    return error;
}

static void test_accepted(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        json_problem problem;
        if (read_copy(&accepted[i], 64, &problem, NULL, 0) != JSON_OK)
            fail_msg("refused: %s", accepted[i].text);
    }
}

static void test_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        json_problem problem;
        if (read_copy(&refused[i], 64, &problem, NULL, 0) == JSON_OK)
            fail_msg("accepted: %s", refused[i].text);
    }
}

typedef struct place_case {
    const char *text;
    json_error error;
    uint32_t at;
    const char *pointer;
} place_case;

static void test_places(void **unused)
{
    (void)unused;
    static const place_case cases[] = {
        {"{\"a\":x}", JSON_SYNTAX, 5, "/a"},
        {"[1,2,x]", JSON_SYNTAX, 5, "/2"},
        {"[1,{\"b\":[true,\"\xff\"]}]", JSON_ENCODING, 15, "/1/b/1"},
        {"{\"a\":1 x", JSON_SYNTAX, 7, ""},
        {"{\"a~/\":{\"b\":1,\"b\":2}}", JSON_DUPLICATE, 14, "/a~0~1/b"},
        {"[[[[]]]]", JSON_DEPTH, 3, "/0/0/0"},
        {"{\"a\":\"\\ud800\"}", JSON_ENCODING, 6, "/a"},
        {"[[],[],{\"x\":[[1],[2],nul]}]", JSON_SYNTAX, 21, "/2/x/2"},
        {"{} {}", JSON_SYNTAX, 3, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const text_case text = {cases[i].text, strlen(cases[i].text)};
        json_problem problem;
        char pointer[64] = "";
        const json_error error = read_copy(&text, cases[i].error == JSON_DEPTH ? 3 : 64, &problem,
                                           pointer, sizeof pointer);
        assert_int_equal(error, cases[i].error);
        assert_int_equal(problem.at, cases[i].at);
        assert_string_equal(pointer, cases[i].pointer);
    }
}

static char *repeated(const char *open, size_t count, const char *close)
{
    const size_t first = strlen(open), last = strlen(close);
    char *const text = malloc(count * (first + last) + 1), *next = text;
    for (size_t i = 0; i < count; i++, next += first)
        memcpy(next, open, first);
    for (size_t i = 0; i < count; i++, next += last)
        memcpy(next, close, last);
    *next = '\0';
    return text;
}

static void test_depth(void **unused)
{
    (void)unused;
    json_problem problem;
    char *deep = repeated("[", 256, "]");
    text_case text = {deep, 512};
    assert_int_equal(read_copy(&text, 0, &problem, NULL, 0), JSON_OK);
    assert_int_equal(read_copy(&text, 255, &problem, NULL, 0), JSON_DEPTH);
    free(deep);
    deep = repeated("{\"a\":", 100000, "}");
    text = (text_case){deep, strlen(deep)};
    assert_int_equal(read_copy(&text, 0, &problem, NULL, 0), JSON_DEPTH);
    free(deep);
}

/* `count` members, and at the end the one with number `again` once more (if it is below count). */
static text_case many_members(uint32_t count, uint32_t again, bool long_keys)
{
    char *const text = malloc((size_t)count * 48 + 64);
    const char *const middle = long_keys ? "member-with-a-long-and-common-" : "";
    size_t used = (size_t)sprintf(text, "{");
    for (uint32_t i = 0; i < count; i++)
        used += (size_t)sprintf(text + used, "%s\"k%s%u\":1", i ? "," : "", middle, i);
    if (again < count)
        used += (size_t)sprintf(text + used, ",\"k%s%u\":1", middle, again);
    used += (size_t)sprintf(text + used, "}");
    return (text_case){text, used};
}

static void test_members(void **unused)
{
    (void)unused;
    static const uint32_t counts[] = {1, 2, 31, 32, 33, 34, 64, 65, 1000, 20000};
    json_problem problem;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (int long_keys = 0; long_keys < 2; long_keys++) {
            const uint32_t agains[] = {0, counts[i] / 2, counts[i] - 1, UINT32_MAX};
            for (size_t j = 0; j < 4; j++) {
                const text_case text = many_members(counts[i], agains[j], long_keys);
                const json_error error = read_copy(&text, 4, &problem, NULL, 0);
                assert_int_equal(error, agains[j] < counts[i] ? JSON_DUPLICATE : JSON_OK);
                free((void *)(uintptr_t)text.text);
            }
        }
    const text_case most = many_members(LIMIT_JSON_MEMBERS, UINT32_MAX, false);
    assert_int_equal(read_copy(&most, 4, &problem, NULL, 0), JSON_OK);
    free((void *)(uintptr_t)most.text);
    const text_case more = many_members(LIMIT_JSON_MEMBERS + 1, UINT32_MAX, false);
    assert_int_equal(read_copy(&more, 4, &problem, NULL, 0), JSON_MEMBERS);
    free((void *)(uintptr_t)more.text);
}

static void check_canonical(const char *text, bool exact, const char *expected)
{
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_json *root;
    json_problem problem;
    assert_int_equal(json_read(&memory, text, strlen(text), 0, &root, &problem), JSON_OK);
    buffer out;
    buffer_init(&out, NULL, 0);
    const bool was_exact = json_write_canonical(&out, root);
    assert_string_equal(out.bytes, expected);
    assert_int_equal(was_exact, exact);
    buffer_free(&out);
    arena_free(&memory);
}

static void test_canonical(void **unused)
{
    (void)unused;
    check_canonical(" { \"b\" : [ 1.0 , 2e2 , \"\\u00e9\\n\\/\" ] , \"a\" : null } ", true,
                    "{\"a\":null,\"b\":[1,200,\"\xc3\xa9\\n/\"]}");
    /* UTF-16 order: U+1F600 (d83d…) stands before U+FB33, although its code point is larger. */
    check_canonical("{\"\\ufb33\":1,\"\\ud83d\\ude00\":2,\"\\u20ac\":3,\"\\r\":4,\"1\":5,"
                    "\"\\u0080\":6,\"\\u00f6\":7}",
                    true,
                    "{\"\\r\":4,\"1\":5,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":3,"
                    "\"\xf0\x9f\x98\x80\":2,\"\xef\xac\xb3\":1}");
    check_canonical(
        "[-0,0.0,0e5,1e21,1e20,123456789012345680000,1e-6,1e-7,0.000001,1.5E-9,333333333.33333329]",
        false,
        "[0,0,0,1e+21,100000000000000000000,123456789012345680000,0.000001,1e-7,0.000001,1.5e-9,"
        "333333333.33333329]");
    check_canonical("[4.50,2e-3,0.000000000000000000000000001,1E30,5e-324,1.7976931348623157e308,"
                    "9007199254740992]",
                    true,
                    "[4.5,0.002,1e-27,1e+30,5e-324,1.7976931348623157e+308,9007199254740992]");
    check_canonical("9007199254740993", false, "9007199254740993");
    check_canonical("1e400", false, "1e+400");
    check_canonical("1e99999999999999999999", false, "1e99999999999999999999");
    check_canonical(
        "0.10000000000000000000000000000000000000000000000000000000000000000000000000001", false,
        "0.10000000000000000000000000000000000000000000000000000000000000000000000000001");
}

static void test_restart(void **unused)
{
    (void)unused;
    static const char text[] = "{\"args\":{\"a\":[1,\"x\"]},\"tool\":\"t\"}";
    arena memory;
    arena_init(&memory, NULL, 0);
    json_scanner s;
    json_scan_begin(&s, text, sizeof text - 1, &memory, 64);
    assert_int_equal(json_peek(&s), '{');
    assert_true(json_open(&s) && json_next_member(&s));
    assert_true(json_skip(&s));
    const uint32_t at = s.at;
    assert_int_equal(at, 8);
    assert_int_equal(s.at_length, 13);
    assert_true(json_next_member(&s) && json_string(&s) && s.length == 1);
    assert_false(json_next_member(&s));
    assert_true(json_finish(&s));
    json_restart(&s, at);
    const cst_json *const tree = json_scan_tree(&s);
    assert_non_null(tree);
    assert_int_equal(json_member(tree, "a")->length, 2);
    assert_int_equal(json_member(tree, "a")->items[1].at, 16);
    assert_true(json_text_is(&json_member(tree, "a")->items[1], "x"));
    arena_free(&memory);
}

static void test_no_memory(void **unused)
{
    (void)unused;
    const text_case text = many_members(300, UINT32_MAX, true);
    for (size_t left = 0;; left++) {
        meter state = {.fail_at = left + 1};
        const cst_allocator allocator = metered(&state);
        arena memory;
        arena_init(&memory, &allocator, 0);
        cst_json *root;
        json_problem problem;
        const json_error error = json_read(&memory, text.text, text.length, 0, &root, &problem);
        assert_int_equal(error, state.calls > left ? JSON_MEMORY : JSON_OK);
        arena_free(&memory);
        if (error == JSON_OK)
            break;
        assert_true(left < 100);
    }
    for (size_t ceiling = 16; ceiling < 60000; ceiling += 160) {
        arena memory;
        arena_init(&memory, NULL, ceiling);
        cst_json *root;
        json_problem problem;
        const json_error error = json_read(&memory, text.text, text.length, 0, &root, &problem);
        assert_true(error == JSON_MEMORY || error == JSON_OK);
        arena_free(&memory);
    }
    free((void *)(uintptr_t)text.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_places),   cmocka_unit_test(test_depth),
        cmocka_unit_test(test_members),  cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_restart),  cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * runtime_number_test.c - numbers, times and durations; floats are held against the C library's in
 * the C locale.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/identity.h"
#include "runtime/number.h"

#define REFUSED INT64_C(-7777777777)

typedef struct number_case {
    const char *text;
    int64_t integer, decimal; /* REFUSED: must be refused */
} number_case;

static void test_whole_and_decimal(void **unused)
{
    (void)unused;
    static const number_case cases[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"0.000", 0, 0},
        {"0e999999999999999999999", 0, 0},
        {"12", 12, 12000000},
        {"3.0", 3, 3000000},
        {"3e2", 300, 300000000},
        {"3.10", REFUSED, 3100000},
        {"0.1e1", 1, 1000000},
        {"1200e-2", 12, 12000000},
        {"98.70", REFUSED, 98700000},
        {"-0.000001", REFUSED, -1},
        {"0.0000001", REFUSED, REFUSED},
        {"0.00000010e1", REFUSED, 1},
        {"1.2345670", REFUSED, 1234567},
        {"9223372036854775807", INT64_MAX, REFUSED},
        {"9223372036854775808", REFUSED, REFUSED},
        {"-9223372036854775808", INT64_MIN, REFUSED},
        {"-9223372036854775809", REFUSED, REFUSED},
        {"9223372036854.775807", REFUSED, INT64_MAX},
        {"-9223372036854.775808", REFUSED, INT64_MIN},
        {"9223372036854.775808", REFUSED, REFUSED},
        {"10000000000000000000", REFUSED, REFUSED},
        {"1e18", INT64_C(1000000000000000000), REFUSED},
        {"1e19", REFUSED, REFUSED},
        {"1000000000000000000000e-3", INT64_C(1000000000000000000), REFUSED},
        {"1e-99999999999999999999", REFUSED, REFUSED},
        {"1e99999999999999999999", REFUSED, REFUSED},
        {"", REFUSED, REFUSED},
        {"-", REFUSED, REFUSED},
        {"+1", REFUSED, REFUSED},
        {"01", REFUSED, REFUSED},
        {"1.", REFUSED, REFUSED},
        {".1", REFUSED, REFUSED},
        {"1e", REFUSED, REFUSED},
        {"1 ", REFUSED, REFUSED},
        {"0x1", REFUSED, REFUSED},
        {"1e5x", REFUSED, REFUSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cst_value value;
        const size_t length = strlen(cases[i].text);
        const bool whole = number_parse(CST_KIND_INT, cases[i].text, length, &value);
        assert_int_equal(whole, cases[i].integer != REFUSED);
        if (whole)
            assert_true(value.as.integer == cases[i].integer && value.kind == CST_KIND_INT);
        const bool exact = number_parse(CST_KIND_DECIMAL, cases[i].text, length, &value);
        assert_int_equal(exact, cases[i].decimal != REFUSED);
        if (exact)
            assert_true(value.as.integer == cases[i].decimal);
    }
}

static void check_float(const char *text)
{
    cst_value value;
    const double expected = strtod(text, NULL);
    const bool read = number_parse(CST_KIND_FLOAT, text, strlen(text), &value);
    assert_int_equal(read, isfinite(expected) != 0);
    if (read && memcmp(&value.as.number, &expected, sizeof expected) != 0)
        fail_msg("%s: %.17g, not %.17g", text, value.as.number, expected);
}

static void check_digits(double number)
{
    char digits[17], text[64], shorter[64];
    int point;
    const uint32_t count = double_digits(number, digits, &point);
    snprintf(text, sizeof text, "0.%.*se%d", (int)count, digits, point);
    if (strtod(text, NULL) != number)
        fail_msg("%.17g printed as %s", number, text);
    if (count > 1) {
        snprintf(shorter, sizeof shorter, "%.*e", (int)count - 2, number);
        assert_true(strtod(shorter, NULL) != number);
    }
}

static void test_float(void **unused)
{
    (void)unused;
    static const char *const texts[] = {
        "0",
        "-0",
        "1",
        "0.1",
        "0.3",
        "1e22",
        "1e23",
        "123456789012345678",
        "9007199254740993",
        "9007199254740992.999999999999999999",
        "9007199254740993.00000000000000000000000000000000000001",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1e-330",
        "1e-400",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "1e-99999999999",
        "1e99999999999",
        "5e-324",
        "0.5e-323",
        "6.631236846766476e-316",
        "3.2378839133029012895883524125015321748630094e-319",
        "8.988465674311580e307",
        "1090544144181609348835077142190",
        "7.2057594037927933e16",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_float(texts[i]);
    char *const long_text = malloc(20001);
    memset(long_text, '0', 20000);
    memcpy(long_text, "9007199254740993.", 17);
    long_text[20000] = '\0';
    check_float(long_text);
    long_text[19999] = '1';
    check_float(long_text);
    memset(long_text, '9', 20000);
    check_float(long_text);
    free(long_text);
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        double number;
        memcpy(&number, &state, sizeof number);
        if (!isfinite(number) || number == 0)
            continue;
        char text[64];
        snprintf(text, sizeof text, "%.*e", i % 25, number);
        check_float(text);
        check_digits(fabs(number));
        check_digits((double)(state >> 20) / 1000.0 + 0.001);
    }
    check_digits(5e-324);
    check_digits(DBL_MIN);
    check_digits(DBL_MAX);
    check_digits(9007199254740992.0);
    for (int i = -1074; i < 1024; i++)
        check_digits(ldexp(1, i));
}

static void check_show(double number, const char *expected)
{
    buffer out;
    buffer_init(&out, NULL, 0);
    double_show(&out, number);
    assert_string_equal(out.bytes, expected);
    buffer_free(&out);
}

static void test_show(void **unused)
{
    (void)unused;
    check_show(0, "0");
    check_show(-0.0, "0");
    check_show(0.1, "0.1");
    check_show(-1.5, "-1.5");
    check_show(100, "100");
    check_show(1e21, "1e+21");
    check_show(1e-7, "1e-7");
    check_show(1e23, "1e+23");
    check_show(ldexp(1, -44), "5.684341886080802e-14");
    buffer out;
    buffer_init(&out, NULL, 0);
    millionths_show(&out, -1);
    buffer_text(&out, " ");
    millionths_show(&out, 98700000);
    buffer_text(&out, " ");
    millionths_show(&out, INT64_MIN);
    assert_string_equal(out.bytes, "-0.000001 98.7 -9223372036854.775808");
    buffer_free(&out);
}

typedef struct time_case {
    const char *text;
    int64_t microseconds;
} time_case;

static void test_time(void **unused)
{
    (void)unused;
    static const time_case cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.000001Z", 1},
        {"1970-01-01t00:00:00.5000000000z", 500000},
        {"2026-11-23T10:00:00Z", INT64_C(1795428000000000)},
        {"2026-11-23T12:00:00+02:00", INT64_C(1795428000000000)},
        {"2026-11-23T04:30:00-05:30", INT64_C(1795428000000000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000000)},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000)},
        {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
    };
    static const char *const bad[] = {
        "",
        "2026-11-23",
        "2026-11-23T10:00:00",
        "2026-11-23 10:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T10:60:00Z",
        "2026-11-23T10:00:60Z",
        "2026-11-23T10:00:61Z",
        "2026-11-23T10:00:00.Z",
        "2026-11-23T10:00:00.1234567Z",
        "2026-11-23T10:00:00+24:00",
        "2026-11-23T10:00:00+0200",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-11-23T10:00:00Zx",
        "2026-1-23T10:00:00Z",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cst_value value = {.kind = CST_KIND_TIME};
        if (!time_parse(cases[i].text, strlen(cases[i].text), &value.as.integer))
            fail_msg("refused: %s", cases[i].text);
        assert_true(value.as.integer == cases[i].microseconds);
        buffer out;
        buffer_init(&out, NULL, 0);
        value_show(&out, &value, NULL, CST_NONE);
        int64_t again;
        assert_true(time_parse(out.bytes, out.length, &again) && again == cases[i].microseconds);
        buffer_free(&out);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t microseconds;
        if (time_parse(bad[i], strlen(bad[i]), &microseconds))
            fail_msg("accepted: %s", bad[i]);
    }
}

static void test_duration(void **unused)
{
    (void)unused;
    static const time_case cases[] = {{"0s", 0},
                                      {"10m", 600000000},
                                      {"1w", INT64_C(604800000000)},
                                      {"2d", INT64_C(172800000000)},
                                      {"90s", 90000000},
                                      {"5ms", 5000},
                                      {"7us", 7}};
    static const char *const bad[] = {
        "",     "m",    "10", "10x", "-1s", "1.5h", "99999999999999999999s", "9223372036854775807w",
        "10 m", "10min"};
    int64_t microseconds;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(duration_parse(cases[i].text, strlen(cases[i].text), &microseconds));
        assert_true(microseconds == cases[i].microseconds);
        cst_value value = {.kind = CST_KIND_DURATION, .as.integer = microseconds};
        buffer out;
        buffer_init(&out, NULL, 0);
        value_show(&out, &value, NULL, CST_NONE);
        assert_string_equal(out.bytes, cases[i].text);
        buffer_free(&out);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(duration_parse(bad[i], strlen(bad[i]), &microseconds));
}

static void test_time_parts(void **unused)
{
    (void)unused;
    cst_value value = {.kind = CST_KIND_TIME}, part;
    assert_true(time_parse("2026-11-23T10:30:00Z", 20, &value.as.integer)); /* a Monday */
    value_part(&value, CST_PROPERTY_TIME_HOUR, &part);
    assert_true(part.as.integer == 10 && part.kind == CST_KIND_INT);
    value_part(&value, CST_PROPERTY_TIME_WEEKDAY, &part);
    assert_true(part.as.integer == 0 && part.kind == CST_KIND_ENUM);
    assert_true(time_parse("1969-12-28T23:59:59Z", 20, &value.as.integer)); /* a Sunday */
    value_part(&value, CST_PROPERTY_TIME_WEEKDAY, &part);
    assert_string_equal(weekday_names[part.as.integer], "sunday");
    value_part(&value, CST_PROPERTY_TIME_HOUR, &part);
    assert_int_equal(part.as.integer, 23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_and_decimal),
        cmocka_unit_test(test_float),
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_time_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

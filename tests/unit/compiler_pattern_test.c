/*
 * compiler_pattern_test.c - regular expressions: what is refused, where and as what; what is known
 * of what is accepted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/pattern/pattern.h"
#include "runtime/limits.h"

static arena memory;

static int begin(void **state)
{
    (void)state;
    arena_init(&memory, NULL, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&memory);
    return 0;
}

static const pattern *read(const char *expression, pattern_error *error)
{
    *error = (pattern_error){.end = 0};
    return pattern_regex(&memory, expression, (uint32_t)strlen(expression), false, error);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        pattern_error_kind kind;
        uint32_t start, end;
    } all[] = {{"a(b", PATTERN_SYNTAX, 1, 2},
               {"a)b", PATTERN_SYNTAX, 1, 2},
               {"a[bc", PATTERN_SYNTAX, 1, 2},
               {"*a", PATTERN_SYNTAX, 0, 1},
               {"a|+", PATTERN_SYNTAX, 2, 3},
               {"(?:?)", PATTERN_SYNTAX, 3, 4},
               {"[z-a]", PATTERN_SYNTAX, 1, 4},
               {"x[a-\\d]", PATTERN_SYNTAX, 2, 6},
               {"a\\", PATTERN_SYNTAX, 1, 2},
               {"a\\q", PATTERN_SYNTAX, 1, 3},
               {"[\\", PATTERN_SYNTAX, 1, 2},
               {"\\x4", PATTERN_SYNTAX, 0, 3},
               {"\\x{110000}", PATTERN_SYNTAX, 0, 9},
               {"\\x{d800}", PATTERN_SYNTAX, 0, 7},
               {"\\x{41", PATTERN_SYNTAX, 0, 5},
               {"\\u12", PATTERN_SYNTAX, 0, 4},
               {"[[:vowel:]]", PATTERN_SYNTAX, 1, 10},
               {"a{3,2}", PATTERN_SYNTAX, 1, 6},
               {"a**", PATTERN_SYNTAX, 0, 3},
               {"ab{2}{3}x*?+", PATTERN_SYNTAX, 8, 12},
               {"a\\b+", PATTERN_SYNTAX, 3, 4},
               {"^*a", PATTERN_SYNTAX, 1, 2},
               {"(?i", PATTERN_SYNTAX, 0, 3},
               {"(?y)a", PATTERN_SYNTAX, 0, 2},
               {"a(?=b)", PATTERN_UNSUPPORTED, 1, 4},
               {"a(?!b)", PATTERN_UNSUPPORTED, 1, 4},
               {"(?<=a)b", PATTERN_UNSUPPORTED, 0, 4},
               {"(?<!a)b", PATTERN_UNSUPPORTED, 0, 4},
               {"(?>a)", PATTERN_UNSUPPORTED, 0, 3},
               {"a(?#b)", PATTERN_UNSUPPORTED, 1, 4},
               {"(a)(?(1)b)", PATTERN_UNSUPPORTED, 3, 6},
               {"(?|a)", PATTERN_UNSUPPORTED, 0, 3},
               {"(?R)", PATTERN_UNSUPPORTED, 0, 3},
               {"(?&x)", PATTERN_UNSUPPORTED, 0, 3},
               {"(?P>x)", PATTERN_UNSUPPORTED, 0, 4},
               {"(?P=x)", PATTERN_UNSUPPORTED, 0, 4},
               {"(*ACCEPT)", PATTERN_UNSUPPORTED, 0, 2},
               {"(a)\\1", PATTERN_UNSUPPORTED, 3, 5},
               {"\\k<a>", PATTERN_UNSUPPORTED, 0, 2},
               {"\\g1", PATTERN_UNSUPPORTED, 0, 2},
               {"x\\p{L}", PATTERN_UNSUPPORTED, 1, 3},
               {"a\\Z", PATTERN_UNSUPPORTED, 1, 3},
               {"\\Ga", PATTERN_UNSUPPORTED, 0, 2},
               {"\\Qa\\E", PATTERN_UNSUPPORTED, 0, 2},
               {"a++", PATTERN_UNSUPPORTED, 1, 3},
               {"a{2}+", PATTERN_UNSUPPORTED, 1, 5},
               {"(?x)a", PATTERN_UNSUPPORTED, 2, 3},
               {"(?iU)a", PATTERN_UNSUPPORTED, 3, 4},
               {"", PATTERN_EMPTY, 0, 0},
               {"a*", PATTERN_EMPTY, 0, 2},
               {"\\b", PATTERN_EMPTY, 0, 2},
               {"a|b?", PATTERN_EMPTY, 0, 4},
               {"a|", PATTERN_EMPTY, 0, 2},
               {"^$", PATTERN_EMPTY, 0, 2},
               {"(?:a{0}){5}", PATTERN_EMPTY, 0, 11},
               {"x[^\\s\\S]", PATTERN_EMPTY, 1, 8},
               {"a{4001}", PATTERN_TOO_LARGE, 1, 7},
               {"(?:a{100}){100}", PATTERN_TOO_LARGE, 0, 15},
               {"(?:(?:(?:){1000}){1000}){1000}x", PATTERN_TOO_LARGE, 0, 31},
               {"a{99999999999999999999}", PATTERN_TOO_LARGE, 1, 23}};
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++) {
        pattern_error error;
        const pattern *const made = read(all[i].expression, &error);
        if (made != NULL || error.kind != all[i].kind || error.start != all[i].start ||
            error.end != all[i].end || error.text == NULL)
            fail_msg("%s: %s %d %u..%u (%s)", all[i].expression, made ? "accepted" : "refused",
                     error.kind, error.start, error.end, error.text ? error.text : "no text");
    }
}

static void test_accepted(void **state)
{
    (void)state;
    static const char *const all[] = {
        "a{,3}", "a{",       "a{x}",       "a{1,x}",       "[]a]",    "[^]a]",
        "[a-]",  "[-a]",     "(?<name>a)", "(?P<name>a)",  "a*?b",    "(?i-s:a)",
        "\\/",   "\\-",      "[\\b]",      "(?:\\b)*a",    "a{4000}", "\\x{10ffff}",
        "(?s).", "a(?i)b|c", "\u00e9+",    "[[:alpha:]-z]"};
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++) {
        pattern_error error;
        if (read(all[i], &error) == NULL)
            fail_msg("%s: %s", all[i], error.text);
    }
}

static void test_depth(void **state)
{
    (void)state;
    char text[2 * LIMIT_PATTERN_DEPTH + 8];
    pattern_error error;
    for (uint32_t more = 0; more < 2; more++) {
        const uint32_t depth = LIMIT_PATTERN_DEPTH + more;
        memset(text, '(', depth);
        text[depth] = 'a';
        memset(text + depth + 1, ')', depth);
        const pattern *const made = pattern_regex(&memory, text, 2 * depth + 1, false, &error);
        assert_true((made != NULL) == (more == 0));
    }
    assert_int_equal(error.kind, PATTERN_TOO_LARGE);
    assert_int_equal(error.start, LIMIT_PATTERN_DEPTH);
}

static void test_phrases(void **state)
{
    (void)state;
    pattern_error error;
    static char text[LIMIT_PATTERN_POSITIONS + 1];
    memset(text, 'a', sizeof text);
    assert_null(pattern_phrase(&memory, "", 0, true, &error));
    assert_int_equal(error.kind, PATTERN_EMPTY);
    assert_null(pattern_phrase(&memory, text, sizeof text, true, &error));
    assert_int_equal(error.kind, PATTERN_TOO_LARGE);
    const pattern *const made = pattern_phrase(&memory, text, sizeof text - 1, true, &error);
    assert_non_null(made);
    const pattern_facts facts = pattern_study(made);
    assert_int_equal(facts.shortest, sizeof text - 1);
    assert_int_equal(facts.longest, sizeof text - 1);
    assert_int_equal(facts.trigger, TRIGGER_LITERAL);
}

static void test_facts(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        uint32_t shortest, longest;
        pattern_trigger trigger;
    } all[] = {
        {"foobar", 6, 6, TRIGGER_LITERAL},
        {"(?:ignore|disregard).{0,40}instructions?", 17, 181, TRIGGER_LITERAL},
        {"[\\w.]+@[a-z]+\\.[a-z]{2,6}", 6, UINT32_MAX, TRIGGER_LITERAL},
        {"\\b[0-9]{3}-[0-9]{2}-[0-9]{4}\\b", 11, 11, TRIGGER_DIGITS},
        {"\\(?[2-9][0-9]{2}\\)? ?[0-9]{3}", 6, 9, TRIGGER_DIGITS},
        {"[A-Za-z0-9+/]{20,40}", 20, 40, TRIGGER_TOKEN},
        {"[a-z]+", 1, UINT32_MAX, TRIGGER_SEARCH},
        {".", 1, 4, TRIGGER_SEARCH},
        {"\u00e9{2,3}", 4, 6, TRIGGER_LITERAL},
        {"a{2,}b?", 2, UINT32_MAX, TRIGGER_SEARCH},
    };
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++) {
        pattern_error error;
        const pattern *const made = read(all[i].expression, &error);
        assert_non_null(made);
        const pattern_facts facts = pattern_study(made);
        if (facts.shortest != all[i].shortest || facts.longest != all[i].longest ||
            facts.trigger != all[i].trigger)
            fail_msg("%s: %u..%u, trigger %d", all[i].expression, facts.shortest, facts.longest,
                     facts.trigger);
        assert_true(facts.cost >= 1 && facts.cost <= 100 && facts.trigger_text != NULL);
    }
}

static void test_either(void **state)
{
    (void)state;
    pattern_error error;
    pattern *const parts[] = {pattern_regex(&memory, "ab", 2, false, &error),
                              pattern_regex(&memory, "cde", 3, false, &error)};
    const pattern *const made = pattern_either(&memory, parts, 2, &error);
    assert_non_null(made);
    assert_int_equal(pattern_study(made).shortest, 2);
    assert_int_equal(pattern_study(made).longest, 3);
    pattern *const phrase[] = {pattern_phrase(&memory, "x", 1, false, &error)};
    assert_null(pattern_either(&memory, phrase, 1, &error));
    assert_int_equal(error.kind, PATTERN_UNSUPPORTED);
}

/* Letters grow by the Kelvin sign and the long s where case is ignored, but not in folded texts. */
static void test_folded(void **state)
{
    (void)state;
    static const char letters[] = "[A-Za-z]{3000}", sharp[] = "\xc3\x84";
    pattern_error error = {.end = 0};
    assert_null(pattern_regex(&memory, letters, sizeof letters - 1, true, &error));
    assert_int_equal(error.kind, PATTERN_TOO_LARGE);
    const pattern *const made = pattern_regex_folded(&memory, letters, sizeof letters - 1, &error);
    assert_non_null(made);
    assert_int_equal(pattern_study(made).longest, 3000);
    assert_int_equal(pattern_study(pattern_regex(&memory, "k", 1, true, &error)).longest, 3);
    assert_int_equal(pattern_study(pattern_regex_folded(&memory, "k", 1, &error)).longest, 1);
    assert_non_null(pattern_regex_folded(&memory, sharp, 2, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refusals, begin, end),
        cmocka_unit_test_setup_teardown(test_accepted, begin, end),
        cmocka_unit_test_setup_teardown(test_depth, begin, end),
        cmocka_unit_test_setup_teardown(test_phrases, begin, end),
        cmocka_unit_test_setup_teardown(test_facts, begin, end),
        cmocka_unit_test_setup_teardown(test_either, begin, end),
        cmocka_unit_test_setup_teardown(test_folded, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

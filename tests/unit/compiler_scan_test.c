/*
 * compiler_scan_test.c - databases from the compiler, asked by the scanner: checks, words before,
 * word sets, edges, limits, damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "compiler/pattern/pattern.h"
#include "runtime/limits.h"
#include "runtime/text/scan.h"
#include "runtime/text/scan_format.h"
#include "runtime/text/unicode.h"
#include "tests/unit/effort.h"

static uint32_t holder; /* what scan_live found alive last: a guess that may be wrong */

typedef struct setting {
    arena memory;
    database_builder *builder;
    const uint8_t *bytes;
    size_t length;
    scan_database *database;
    scan_scratch *scratch;
} setting;

static setting it;

static int begin(void **state)
{
    (void)state;
    memset(&it, 0, sizeof it);
    arena_init(&it.memory, NULL, 0);
    it.builder = database_begin(&it.memory);
    return 0;
}

static int end(void **state)
{
    (void)state;
    scan_scratch_free(it.scratch);
    scan_database_close(it.database);
    arena_free(&it.memory);
    return 0;
}

static const pattern *regex(const char *expression)
{
    pattern_error error;
    const pattern *const made =
        pattern_regex(&it.memory, expression, (uint32_t)strlen(expression), false, &error);
    assert_non_null(made);
    return made;
}

static uint32_t phrase(const char *text, bool words)
{
    pattern_error error;
    const pattern *const made =
        pattern_phrase(&it.memory, text, (uint32_t)strlen(text), words, &error);
    assert_non_null(made);
    return database_add(it.builder, &(database_entry){.pattern = made});
}

static void build(void)
{
    const char *why;
    assert_true(database_finish(it.builder, true, &it.bytes, &it.length, &why));
    assert_int_equal(scan_database_open(it.bytes, it.length, NULL, &it.database), CST_OK);
    assert_int_equal(scan_scratch_fit(&it.scratch, it.database, NULL), CST_OK);
}

typedef struct counting {
    uint32_t count, most, start, end;
} counting;

static bool count(void *user, uint32_t start, uint32_t end)
{
    counting *const seen = user;
    seen->start = start;
    seen->end = end;
    return ++seen->count != seen->most;
}

/* Matches of a pattern, once their list and scan_find agree. */
static uint32_t matches(uint32_t number, const char *text)
{
    const uint32_t length = (uint32_t)strlen(text);
    uint64_t found[1], unknown[1];
    counting seen = {0};
    bool missing = false;
    assert_int_equal(scan_find(it.database, it.scratch, text, length, 0, found, unknown), CST_OK);
    assert_int_equal(
        scan_list(it.database, it.scratch, text, length, 0, length, number, count, &seen, &missing),
        CST_OK);
    assert_false(missing);
    assert_int_equal(unknown[0], 0);
    assert_int_equal(found[0] >> number & 1, seen.count > 0);
    return seen.count;
}

/* Whether a pattern takes a whole text, which must be known. */
static bool whole(const char *text, uint32_t length, uint32_t number)
{
    bool unknown = false;
    const bool takes = scan_whole(it.database, it.scratch, text, length, number, &unknown);
    assert_false(unknown);
    return takes;
}

static void test_check(void **state)
{
    (void)state;
    const uint32_t number =
        database_add(it.builder, &(database_entry){.pattern = regex("[0-9]{12,19}"),
                                                   .check = check_find("luhn", 4)});
    build();
    assert_int_equal(matches(number, "4111111111111111"), 1);
    assert_int_equal(matches(number, "x 4111111111111111 4111111111111111"), 2);
    assert_int_equal(matches(number, "411111111111"), 0);
    assert_true(whole("4111111111111111", 16, number));
    assert_false(whole("4111111111111112", 16, number));
}

static void test_after(void **state)
{
    (void)state;
    static const char *const words[] = {"Tax number", "ИНН"};
    const uint32_t number =
        database_add(it.builder, &(database_entry){.pattern = regex("\\b[0-9]{4}\\b"),
                                                   .after = words,
                                                   .after_count = 2,
                                                   .after_within = 20});
    build();
    assert_int_equal(matches(number, "tax number: 1234"), 1);
    assert_int_equal(matches(number, "1234 tax number"), 0);
    assert_int_equal(matches(number, "syntax number: 1234"), 0);
    assert_int_equal(matches(number, "tax number                1234"), 0);
    assert_int_equal(matches(number, "tax number          1234"), 1);
    assert_int_equal(matches(number, "ИНН 1234, 5678"), 2);
    assert_int_equal(matches(number, "ИННА 1234"), 0);
    assert_true(whole("1234", 4, number)); /* the word is not asked for */
}

static void test_edges(void **state)
{
    (void)state;
    const uint32_t latin = phrase("cat", true), cyrillic = phrase("кот", true),
                   han = phrase("漢字", true), anywhere = phrase("cat", false);
    build();
    assert_int_equal(matches(latin, "cat, cat; concat cats cat"), 3);
    assert_int_equal(matches(latin, "cat_ cat1 écat"), 0);
    assert_int_equal(matches(anywhere, "cat_ cat1 écat"), 3);
    assert_int_equal(matches(cyrillic, "кот и котик, «кот»"), 2);
    assert_int_equal(matches(han, "是漢字嗎 漢字"), 2);
    assert_int_equal(matches(latin, "漢cat字"), 1);
}

static void test_nul(void **state)
{
    (void)state;
    pattern_error error;
    const uint32_t number = database_add(
        it.builder,
        &(database_entry){.pattern = pattern_phrase(&it.memory, "a\0bcd", 5, false, &error)});
    build();
    uint64_t found, unknown;
    assert_int_equal(scan_find(it.database, it.scratch, "xa\0bcdx", 7, 0, &found, &unknown),
                     CST_OK);
    assert_int_equal(found >> number & 1, 1);
    assert_int_equal(scan_find(it.database, it.scratch, "xa\0bcex", 7, 0, &found, &unknown),
                     CST_OK);
    assert_int_equal(found, 0);
}

static void test_empty_text(void **state)
{
    (void)state;
    phrase("a", true);
    database_add(it.builder, &(database_entry){.pattern = regex(".")});
    build();
    const uint64_t wanted = 3;
    uint64_t found = 9, unknown = 9;
    counting seen = {0};
    bool missing = false;
    assert_int_equal(scan_find(it.database, it.scratch, "", 0, 0, &found, &unknown), CST_OK);
    assert_int_equal(found | unknown, 0);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(scan_list(it.database, it.scratch, "", 0, 0, 0, i, count, &seen, &missing),
                         CST_OK);
        assert_false(whole("", 0, i));
    }
    assert_int_equal(seen.count, 0);
    assert_int_equal(scan_live(it.database, it.scratch, "", 0, 0, &wanted, &holder), 0);
}

static void test_many_matches(void **state)
{
    (void)state;
    enum { MATCHES = 1000000 };
    const uint32_t number = database_add(it.builder, &(database_entry){.pattern = regex("ab")});
    build();
    char *const text = malloc(2u * MATCHES);
    assert_non_null(text);
    for (uint32_t i = 0; i < MATCHES; i++)
        memcpy(text + 2u * i, "ab", 2);
    counting seen = {0}, few = {.most = 3};
    bool missing = false;
    assert_int_equal(scan_list(it.database, it.scratch, text, 2 * MATCHES, 0, 2 * MATCHES, number,
                               count, &seen, &missing),
                     CST_OK);
    assert_int_equal(seen.count, MATCHES);
    assert_int_equal(seen.end, 2 * MATCHES);
    assert_int_equal(scan_list(it.database, it.scratch, text, 2 * MATCHES, 2, 2 * MATCHES, number,
                               count, &few, &missing),
                     CST_OK);
    assert_int_equal(few.count, 3);
    assert_int_equal(few.start, 6);
    assert_false(missing);
    free(text);
}

/* A pattern that reads to the end of the text from every place: undecided once the steps are used
 * up, and not "no". */
/* A pattern whose table would be too large, and each byte of whose text costs thousands of steps:
 * it runs out of them, and that is said. */
static void test_steps(void **state)
{
    (void)state;
    enum { LENGTH = 4000 };
    const uint32_t slow = database_add(
        it.builder, &(database_entry){.pattern = regex("[ab]*a[ab]{12}(?:[ab]?){340}[c-i]")});
    const uint32_t quick =
        database_add(it.builder, &(database_entry){.pattern = regex("[ab][ab](?:[x-z]|w|v)")});
    build();
    char text[LENGTH];
    uint32_t random = 1;
    for (uint32_t i = 0; i < LENGTH; i++)
        text[i] = "ab"[(random = random * 1103515245u + 12345u) >> 20 & 1];
    memcpy(text + LENGTH - 3, "bav", 3);
    uint64_t found, unknown;
    assert_int_equal(scan_find(it.database, it.scratch, text, LENGTH, 0, &found, &unknown), CST_OK);
    assert_int_equal(found >> slow & 1, 0);
    assert_int_equal(unknown >> slow & 1, 1);
    assert_int_equal(found >> quick & 1, 1);
    assert_int_equal(unknown >> quick & 1, 0);
    counting seen = {0};
    bool missing = false;
    assert_int_equal(
        scan_list(it.database, it.scratch, text, LENGTH, 0, LENGTH, slow, count, &seen, &missing),
        CST_OK);
    assert_int_equal(seen.count, 0);
    assert_true(missing);
    missing = false;
    /* an unknown is no match */
    assert_false(scan_whole(it.database, it.scratch, text, LENGTH, slow, &missing));
    assert_true(missing);
    const uint64_t wanted = UINT64_C(1) << slow;
    /* nothing is let go */
    assert_int_equal(scan_live(it.database, it.scratch, text, LENGTH, 7, &wanted, &holder), 7);
}

/* Texts in which every place may begin a match that fails only far behind: all starts are followed
 * at once, and the answer is exact. */
static void test_sweep(void **state)
{
    (void)state;
    static const char tail[] = " ab cd ef i@j.kl !";
    enum { LENGTH = SAMPLE(400000, 40000), AT = LENGTH - (sizeof tail - 1) };
    static const char *const expressions[] = {"(?s)[ab].*(?:z|y|x|w|v)",
                                              "[a-z]+@[a-z]+\\.[a-z]{2,}", "ab.*cd.*ef",
                                              "[a-z]+://[^ ]+\\.exe"};
    static const char *const texts[] = {"a", "a@", "ab", "abcd ", "://a", "a.", "b://"};
    uint32_t numbers[4];
    for (uint32_t i = 0; i < 4; i++)
        numbers[i] = database_add(it.builder, &(database_entry){.pattern = regex(expressions[i])});
    build();
    char *const text = malloc(LENGTH);
    assert_non_null(text);
    for (uint32_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        const uint32_t size = (uint32_t)strlen(texts[k]);
        for (uint32_t i = 0; i < LENGTH; i++)
            text[i] = texts[k][i % size];
        uint64_t found, unknown;
        assert_int_equal(scan_find(it.database, it.scratch, text, LENGTH, 0, &found, &unknown),
                         CST_OK);
        assert_int_equal(found, 0); /* also where each window is one place */
        assert_int_equal(unknown, 0);
        memcpy(text + AT, tail, sizeof tail - 1);
        for (uint32_t i = 0; i < 3; i++) {
            counting seen = {0};
            bool missing = false;
            assert_int_equal(scan_list(it.database, it.scratch, text, LENGTH, 0, LENGTH, numbers[i],
                                       count, &seen, &missing),
                             CST_OK);
            assert_false(missing);
            assert_int_equal(seen.count, i > 0);
            assert_int_equal(seen.end, i == 0 ? 0 : i == 1 ? AT + 16 : AT + 9);
            assert_true(i != 1 || seen.start == AT + 10);
        }
        assert_int_equal(scan_find(it.database, it.scratch, text, LENGTH, 0, &found, &unknown),
                         CST_OK);
        assert_int_equal(found, 1u << numbers[1] | 1u << numbers[2]);
        assert_int_equal(unknown, 0);
    }
    free(text);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_million_words(void **state)
{
    (void)state;
    enum { WORDS = SAMPLE(1000000, 100000), ROOM = 16 };
    char *const texts = malloc((size_t)WORDS * ROOM);
    const char **const words = malloc(WORDS * sizeof *words);
    uint32_t *const lengths = malloc(WORDS * sizeof *lengths);
    assert_true(texts != NULL && words != NULL && lengths != NULL);
    for (uint32_t i = 0; i < WORDS; i++) {
        words[i] = texts + (size_t)i * ROOM;
        lengths[i] = (uint32_t)snprintf(texts + (size_t)i * ROOM, ROOM, i % 2 ? "w%u" : "w%u x", i);
    }
    const double start = seconds();
    const uint32_t number = database_add_words(it.builder, words, lengths, WORDS);
    build();
    /* a second, but for instrumented builds on a busy machine */
    assert_true(seconds() - start < 20);
    assert_true(it.length < 64u << 20);
    assert_int_equal(matches(number, "w0 x w1 w2 w3,w99999 W1 w1000001"), 4);
    assert_int_equal(matches(number, "w1w1 aw1 w1_"), 0);
    free(texts);
    free(words);
    free(lengths);
}

/* ---- what the end of a text may become, by its definition ------------------------------------ */

enum { MOST_ENTRIES = 6 };

typedef struct entries {
    const char *texts[MOST_ENTRIES];
    uint32_t lengths[MOST_ENTRIES], count;
    bool words;
} entries;

/* Whether an entry stands at start..end. */
static bool stands(const entries *set, const char *text, uint32_t length, uint32_t start,
                   uint32_t end)
{
    if (set->words &&
        (!unicode_word_edge(text, length, start) || !unicode_word_edge(text, length, end)))
        return false;
    for (uint32_t i = 0; i < set->count; i++)
        if (set->lengths[i] == end - start && memcmp(set->texts[i], text + start, end - start) == 0)
            return true;
    return false;
}

static const char *const characters[] = {"a", "b", " ", "-", "\xe4\xb8\xad", "\xc3\xa9"};
#define CHARACTERS (sizeof characters / sizeof *characters)

typedef struct future {
    /* some continuation makes a match that ends at the end; none there; one that ends behind it */
    bool here, not_here, behind;
} future;

/* All continuations by up to `more` characters. */
static void look_ahead(const entries *set, char *text, uint32_t length, uint32_t size,
                       uint32_t start, uint32_t more, future *out)
{
    *(stands(set, text, size, start, length) ? &out->here : &out->not_here) = true;
    for (uint32_t end = length + 1; end <= size; end++)
        if (((unsigned char)text[end] & 0xc0) != 0x80 || end == size)
            out->behind = out->behind || stands(set, text, size, start, end);
    for (uint32_t i = 0; more > 0 && i < CHARACTERS; i++) {
        const uint32_t bytes = (uint32_t)strlen(characters[i]);
        memcpy(text + size, characters[i], bytes);
        look_ahead(set, text, length, size + bytes, start, more - 1, out);
    }
}

static uint32_t live_by_definition(const entries *set, const char *text, uint32_t length)
{
    char room[64];
    for (uint32_t start = 0; start < length; start++) {
        if (((unsigned char)text[start] & 0xc0) == 0x80)
            continue;
        future out = {false, false, false};
        memcpy(room, text, length);
        look_ahead(set, room, length, length, start, 3, &out);
        if (out.behind || (out.here && out.not_here))
            return start;
    }
    return length;
}

static uint32_t string_random(uint32_t *random, uint32_t most, char *out)
{
    uint32_t length = 0;
    for (uint32_t left = 1 + (*random = *random * 1103515245u + 12345u) / 65536 % most; left > 0;
         left--) {
        const char *const c =
            characters[(*random = *random * 1103515245u + 12345u) / 65536 % CHARACTERS];
        memcpy(out + length, c, strlen(c));
        length += (uint32_t)strlen(c);
    }
    return length;
}

static void test_live_words(void **state)
{
    uint32_t random = 7, alive = 0;
    end(state); /* each round has its own database */
    for (uint32_t round = 0; round < SAMPLE(300, 100); round++) {
        char memory[MOST_ENTRIES][12];
        entries set = {.count = round % 3 == 0 ? 1 : MOST_ENTRIES,
                       .words = round % 2 == 0 || round % 3 != 0};
        begin(state);
        for (uint32_t i = 0; i < set.count; i++) {
            set.lengths[i] = string_random(&random, 3, memory[i]);
            set.texts[i] = memory[i];
        }
        if (set.count == 1) {
            pattern_error error;
            const pattern *const made =
                pattern_phrase(&it.memory, set.texts[0], set.lengths[0], set.words, &error);
            database_add(it.builder, &(database_entry){.pattern = made});
        } else {
            database_add_words(it.builder, set.texts, set.lengths, set.count);
        }
        build();
        for (uint32_t k = 0; k < 8; k++) {
            char text[32];
            const uint32_t length = string_random(&random, 5, text),
                           expected = live_by_definition(&set, text, length);
            const uint64_t wanted = 1;
            assert_int_equal(scan_live(it.database, it.scratch, text, length, 0, &wanted, &holder),
                             expected);
            alive += expected < length;
        }
        end(state);
    }
    assert_true(alive > SAMPLE(200, 66));
    begin(state);
}

/* The cost of a set does not depend on how many entries it has, in scripts without spaces as well.
 */
static void test_many_odd_words(void **state)
{
    (void)state;
    enum { COUNT = SAMPLE(100000, 20000), LENGTH = 60000 };
    char(*const memory)[16] = malloc(COUNT * sizeof *memory);
    const char **const words = malloc(COUNT * sizeof *words);
    uint32_t *const lengths = malloc(COUNT * sizeof *lengths);
    char *const text = malloc(LENGTH);
    assert_true(memory != NULL && words != NULL && lengths != NULL && text != NULL);
    for (uint32_t i = 0; i < COUNT; i++) {
        for (uint32_t k = 0; k < 4; k++) {
            const uint32_t code = 0x4e00 + (k == 0 ? i % 2000 : (i / 2000 + k * 97) % 5000);
            memory[i][3 * k] = (char)(0xe0 | code >> 12);
            memory[i][3 * k + 1] = (char)(0x80 | (code >> 6 & 63));
            memory[i][3 * k + 2] = (char)(0x80 | (code & 63));
        }
        words[i] = memory[i];
        lengths[i] = 12;
    }
    const uint32_t number = database_add_words(it.builder, words, lengths, COUNT);
    build();
    for (uint32_t i = 0; i < LENGTH;
         i += 3) /* first characters of all entries, one after the other */
        memcpy(text + i, memory[i / 3 % 2000], 3);
    uint64_t found, unknown;
    const double before = seconds();
    assert_int_equal(scan_find(it.database, it.scratch, text, LENGTH, 0, &found, &unknown), CST_OK);
    /* about 5 ms; each entry at each place was a second and more */
    assert_true(seconds() - before < SAMPLE(0.5, 2));
    assert_int_equal(found | unknown, 0);
    memcpy(text + 30000, memory[COUNT / 9 * 7], 12);
    counting seen = {0};
    bool missing = false;
    assert_int_equal(
        scan_list(it.database, it.scratch, text, LENGTH, 0, LENGTH, number, count, &seen, &missing),
        CST_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.start, 30000);
    assert_int_equal(seen.end, 30012);
    free(memory);
    free(words);
    free(lengths);
    free(text);
}

/* A phrase may have a check, and words before it, as an expression may. */
static void test_phrase_conditions(void **state)
{
    (void)state;
    static const char *const words[] = {"card"};
    pattern_error error;
    const pattern *const good = pattern_phrase(&it.memory, "4111111111111111", 16, false, &error);
    const pattern *const bad = pattern_phrase(&it.memory, "4111111111111112", 16, false, &error);
    const uint32_t checked = database_add(
        it.builder, &(database_entry){.pattern = good, .check = check_find("luhn", 4)});
    const uint32_t fails =
        database_add(it.builder, &(database_entry){.pattern = bad, .check = check_find("luhn", 4)});
    const uint32_t after = database_add(
        it.builder,
        &(database_entry){.pattern = good, .after = words, .after_count = 1, .after_within = 10});
    build();
    static const char text[] = "4111111111111111 4111111111111112";
    assert_int_equal(matches(checked, text), 1);
    assert_int_equal(matches(fails, text), 0);
    assert_false(whole("4111111111111112", 16, fails));
    assert_int_equal(matches(after, text), 0);
    assert_int_equal(matches(after, "Card: 4111111111111111"), 1);
    const uint64_t wanted = UINT64_C(1) << after;
    assert_int_equal(scan_live(it.database, it.scratch, "x 4111", 6, 0, &wanted, &holder), 6);
    assert_int_equal(scan_live(it.database, it.scratch, "card 4111", 9, 0, &wanted, &holder), 5);
}

static void test_word_set(void **state)
{
    (void)state;
    static const char *const words[] = {"new york", "new", "漢字",
                                        "-x-",      "кот", "new york city hall"};
    static const uint32_t lengths[] = {8, 3, 6, 3, 6, 18};
    const uint32_t number = database_add_words(it.builder, words, lengths, 6);
    build();
    assert_int_equal(matches(number, "new york city hall"), 1);
    assert_int_equal(matches(number, "new york city"), 1);
    assert_int_equal(matches(number, "new  york"), 1);
    assert_int_equal(matches(number, "renew newyork"), 0);
    assert_int_equal(matches(number, "這漢字是 кот a-x-b"), 3);
}

static void test_equal_entries(void **state)
{
    (void)state;
    const pattern *const one = regex("ab+");
    const uint32_t a = database_add(it.builder, &(database_entry){.pattern = one});
    assert_int_equal(database_add(it.builder, &(database_entry){.pattern = one}), a);
    assert_int_not_equal(
        database_add(it.builder, &(database_entry){.pattern = one, .check = check_find("luhn", 4)}),
        a);
    assert_int_equal(phrase("same", true), phrase("same", true));
    assert_int_not_equal(phrase("same", true), phrase("same", false));
    build();
    assert_int_equal(scan_pattern_count(it.database), 4);
}

static void test_damage(void **state)
{
    (void)state;
    phrase("damage", true);
    database_add(it.builder, &(database_entry){.pattern = regex("[a-c]{2,4}x")});
    build();
    uint8_t *const copy = aligned_alloc(16, (it.length + 15) & ~(size_t)15);
    assert_non_null(copy);
    scan_database *made = NULL;
    for (size_t length = 0; length < it.length; length += length < 256 ? 1 : 97) {
        memcpy(copy, it.bytes, length);
        assert_int_equal(scan_database_open(copy, length, NULL, &made), CST_NOT_A_POLICY);
    }
    memcpy(copy, it.bytes, it.length);
    assert_int_equal(scan_database_open(copy + 1, it.length - 1, NULL, &made), CST_NOT_A_POLICY);
    copy[0] ^= 1;
    assert_int_equal(scan_database_open(copy, it.length, NULL, &made), CST_NOT_A_POLICY);
    copy[0] ^= 1;
    scan_head head;
    memcpy(&head, copy, sizeof head);
    head.version++;
    memcpy(copy, &head, sizeof head);
    assert_int_equal(scan_database_open(copy, it.length, NULL, &made), CST_WRONG_ABI);
    head.version--;
    copy[head.engine.offset + head.engine.count / 2] ^= 1; /* the engine's own bytes */
    memcpy(copy, &head, sizeof head);
    assert_int_not_equal(scan_database_open(copy, it.length, NULL, &made), CST_OK);
    copy[head.engine.offset + head.engine.count / 2] ^= 1;
    head.patterns.count = UINT32_MAX;
    memcpy(copy, &head, sizeof head);
    assert_int_equal(scan_database_open(copy, it.length, NULL, &made), CST_NOT_A_POLICY);
    assert_null(made);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_check, begin, end),
        cmocka_unit_test_setup_teardown(test_after, begin, end),
        cmocka_unit_test_setup_teardown(test_edges, begin, end),
        cmocka_unit_test_setup_teardown(test_nul, begin, end),
        cmocka_unit_test_setup_teardown(test_empty_text, begin, end),
        cmocka_unit_test_setup_teardown(test_many_matches, begin, end),
        cmocka_unit_test_setup_teardown(test_steps, begin, end),
        cmocka_unit_test_setup_teardown(test_sweep, begin, end),
        cmocka_unit_test_setup_teardown(test_million_words, begin, end),
        cmocka_unit_test_setup_teardown(test_word_set, begin, end),
        cmocka_unit_test_setup_teardown(test_equal_entries, begin, end),
        cmocka_unit_test_setup_teardown(test_live_words, begin, end),
        cmocka_unit_test_setup_teardown(test_many_odd_words, begin, end),
        cmocka_unit_test_setup_teardown(test_phrase_conditions, begin, end),
        cmocka_unit_test_setup_teardown(test_damage, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

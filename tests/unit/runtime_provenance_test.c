/*
 * The index of runtime/text/provenance.c against the sentences of the language, told one by one,
 * and against an oracle that goes through all texts character by character.
 *
 * The oracle shares the Unicode tables and the parsers of identities, and nothing else: it finds no
 * tokens, it looks at each place of a text and asks of both ends whether a token goes on there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "runtime/identity.h"
#include "runtime/limits.h"
#include "runtime/text/provenance.h"
#include "runtime/text/unicode.h"
#include "runtime/utf8.h"

enum { WRITTEN = PROVENANCE_WRITTEN, USER = 1, FILES = 2, WEB = 3, SOURCES = 4 };

typedef struct fixture {
    cst_allocator allocator;
    arena memory;
    provenance *from;
} fixture;

static void begin(fixture *f)
{
    f->allocator = allocator_or_default(NULL);
    arena_init(&f->memory, &f->allocator, 0);
    f->from = provenance_new(&f->allocator, SOURCES, PROVENANCE_ALL, UINT64_C(0x1234567890abcdef));
    assert_non_null(f->from);
}

static void end(fixture *f)
{
    provenance_free(f->from);
    arena_free(&f->memory);
}

static void say(fixture *f, uint32_t source, const char *text)
{
    provenance_step(f->from);
    assert_true(provenance_add_text(f->from, source, text, (uint32_t)strlen(text)));
}

static void number(fixture *f, uint32_t source, const char *text)
{
    provenance_step(f->from);
    assert_true(provenance_add_number(f->from, source, text, (uint32_t)strlen(text)));
}

static cst_value value_of(fixture *f, cst_kind kind, const char *text)
{
    cst_value value = {0};
    bool no_memory = false;
    const bool made =
        kind == CST_KIND_INT || kind == CST_KIND_DECIMAL || kind == CST_KIND_FLOAT
            ? number_parse(kind, text, strlen(text), &value)
            : identity_parse(kind, text, strlen(text), &f->memory, &value, &no_memory);
    if (!made)
        fail_msg("`%s` is no such value", text);
    return value;
}

static provenance_answer ask_of(fixture *f, uint64_t sources, cst_kind kind, const char *text,
                                uint32_t chars, bool echoes)
{
    const uint64_t results = 1u << FILES | 1u << WEB;
    uint64_t steps = LIMIT_PROVENANCE_STEPS;
    const provenance_question question = {&sources, &results, chars, echoes};
    const cst_value value = value_of(f, kind, text);
    return provenance_ask(f->from, &f->memory, &question, &value, &steps);
}

static bool from(fixture *f, uint32_t source, cst_kind kind, const char *text)
{
    return ask_of(f, UINT64_C(1) << source, kind, text, 4, true) == PROVENANCE_YES;
}

static bool text_from(fixture *f, const char *text)
{
    return from(f, USER, CST_KIND_STRING, text);
}

/* ---- the sentences --------------------------------------------------------------------------- */

static void test_whole_leaves(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    say(&f, USER, "13");
    say(&f, USER, "  Hello,\n World!  ");
    say(&f, USER, "!!!");
    number(&f, USER, "42");
    assert_true(text_from(&f, "13"));
    assert_true(from(&f, USER, CST_KIND_INT, "13"));
    assert_true(from(&f, USER, CST_KIND_INT, "42"));
    assert_true(from(&f, USER, CST_KIND_DECIMAL, "42.0"));
    assert_true(text_from(&f, "42"));
    assert_true(text_from(&f, "hello, world!"));
    assert_true(text_from(&f, "!!!"));
    assert_false(text_from(&f, "!!"));
    assert_false(text_from(&f, ""));
    say(&f, USER, " ");
    assert_true(text_from(&f, ""));
    end(&f);
}

static void test_a_run_of_whole_tokens(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    say(&f, USER,
        "On 2024-05-13 at 13:30 pay 1,300 for id_13 and file 13 to new-york (New  York), then "
        "stop.");
    static const char *const yes[] = {
        "2024-05-13", "1,300",     "id_13",         "file 13",
        "new york",   "NEW\tYORK", "pay 1,300 for", "(New York), then",
        "stop.",      "then stop", "new-york",      "york)"};
    static const char *const no[] = {"13",    "2024", "2024-05", "05-13",   "30",    "1,30",
                                     "300",   "new",  "ew york", "new yor", "stop!", "pay  1300",
                                     "at 13", "13:3", "for id",  "paid"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!text_from(&f, yes[i]))
            fail_msg("`%s` stands in the text", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (text_from(&f, no[i]))
            fail_msg("`%s` does not stand in the text", no[i]);
    end(&f);
}

static void test_how_long_a_part_must_be(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    say(&f, USER, "in file 13 and abcd or \xc3\xa4\xc3\xb6\xc3\xbc");
    const uint64_t user = 1u << USER;
    assert_int_equal(ask_of(&f, user, CST_KIND_STRING, "13", 4, true), PROVENANCE_NO);
    assert_int_equal(ask_of(&f, user, CST_KIND_STRING, "13", 3, true), PROVENANCE_NO);
    assert_int_equal(ask_of(&f, user, CST_KIND_STRING, "13", 2, true), PROVENANCE_YES);
    assert_int_equal(ask_of(&f, user, CST_KIND_INT, "13", 1, true), PROVENANCE_YES);
    assert_int_equal(ask_of(&f, user, CST_KIND_INT, "13", 4, true), PROVENANCE_NO);
    assert_int_equal(ask_of(&f, user, CST_KIND_STRING, "abcd", 4, true), PROVENANCE_YES);
    assert_int_equal(ask_of(&f, user, CST_KIND_STRING, "abcd", 5, true), PROVENANCE_NO);
    /* characters, not bytes */
    assert_int_equal(ask_of(&f, user, CST_KIND_STRING, "\xc3\xa4\xc3\xb6\xc3\xbc", 4, true),
                     PROVENANCE_NO);
    assert_int_equal(ask_of(&f, user, CST_KIND_STRING, "\xc3\xa4\xc3\xb6\xc3\xbc", 3, true),
                     PROVENANCE_YES);
    end(&f);
}

static void test_case_and_look_alikes(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    say(&f, USER,
        "Stra\xc3\x9f"
        "e \xc3\x84RGER, paypal and Kelvin");
    assert_true(text_from(&f, "STRA\xc3\x9f"
                              "E \xc3\xa4rger"));
    assert_true(text_from(&f, "PAYPAL"));
    assert_false(text_from(&f, "p\xd0\xb0ypal")); /* a Cyrillic a */
    assert_false(text_from(&f, "\xe2\x84\xaa"
                               "elvin")); /* the sign of Kelvin */
    assert_false(text_from(&f, "pay\xe2\x80\x8bpal"));
    assert_false(text_from(&f, "strasse"));
    end(&f);
}

static void test_scripts_without_spaces(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    say(&f, USER,
        "\xe6\x88\x91\xe6\x83\xb3\xe5\x8e\xbb\xe5\x8c\x97\xe4\xba\xac\xe6\x97\x85\xe6\xb8\xb8");
    assert_true(text_from(&f, "\xe5\x8c\x97\xe4\xba\xac\xe6\x97\x85\xe6\xb8\xb8"));
    assert_false(text_from(&f, "\xe5\x8c\x97\xe4\xba\xac")); /* two characters */
    assert_false(text_from(&f, "\xe4\xba\xac\xe5\x8c\x97\xe6\x97\x85\xe6\xb8\xb8"));
    end(&f);
}

static void test_identities_compare_as_such(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    say(&f, USER,
        "Write to Eve@Evil.Test, <mailto:bob@x.test>, o@b.co; see HTTPS://News.Test:443/a/../b, "
        "(http://10.0.0.1/x) "
        "and read '/work/../etc/passwd' or bill.txt. Host files.example.org, server 192.168.001.9 "
        "no, 10.1.2.3 yes.");
    assert_true(from(&f, USER, CST_KIND_EMAIL, "eve@evil.test"));
    assert_true(from(&f, USER, CST_KIND_EMAIL, "EVE@evil.test"));
    assert_true(from(&f, USER, CST_KIND_EMAIL, "bob@x.test"));
    assert_false(from(&f, USER, CST_KIND_EMAIL, "ve@evil.test"));
    assert_false(from(&f, USER, CST_KIND_EMAIL, "eve@evil.tes"));
    assert_true(from(&f, USER, CST_KIND_URL, "https://news.test/b"));
    assert_false(from(&f, USER, CST_KIND_URL, "https://news.test/"));
    assert_true(from(&f, USER, CST_KIND_URL, "http://10.0.0.1/x"));
    assert_true(from(&f, USER, CST_KIND_PATH, "/etc/passwd"));
    assert_false(from(&f, USER, CST_KIND_PATH, "etc/passwd"));
    assert_false(from(&f, USER, CST_KIND_PATH, "/etc"));
    assert_true(from(&f, USER, CST_KIND_PATH, "./bill.txt"));
    assert_false(from(&f, USER, CST_KIND_PATH, "BILL.txt"));
    assert_true(from(&f, USER, CST_KIND_HOST, "files.example.org"));
    assert_false(from(&f, USER, CST_KIND_HOST, "example.org"));
    assert_true(from(&f, USER, CST_KIND_HOST, "news.test"));
    assert_true(from(&f, USER, CST_KIND_HOST, "evil.test"));
    assert_false(from(&f, USER, CST_KIND_HOST, "vil.test"));
    assert_true(from(&f, USER, CST_KIND_IP, "10.1.2.3"));
    assert_false(from(&f, USER, CST_KIND_IP, "0.1.2.3"));
    end(&f);
}

static void test_numbers_compare_as_such(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    say(&f, USER,
        "Pay 1,300.50 or 98.70, 0042, 12,34 and 5,6,7; on 2024-05-13; -1500 too; 1300 $2000.");
    assert_true(from(&f, USER, CST_KIND_DECIMAL, "1300.5"));
    assert_true(from(&f, USER, CST_KIND_DECIMAL, "98.7"));
    assert_true(from(&f, USER, CST_KIND_INT, "1300"));
    assert_true(from(&f, USER, CST_KIND_INT, "2000"));
    assert_true(from(&f, USER, CST_KIND_INT, "-1500"));
    assert_int_equal(ask_of(&f, 1u << USER, CST_KIND_INT, "42", 1, true), PROVENANCE_YES);
    assert_int_equal(ask_of(&f, 1u << USER, CST_KIND_INT, "1234", 1, true), PROVENANCE_NO);
    assert_int_equal(ask_of(&f, 1u << USER, CST_KIND_INT, "567", 1, true), PROVENANCE_NO);
    assert_int_equal(ask_of(&f, 1u << USER, CST_KIND_INT, "2024", 1, true), PROVENANCE_NO);
    assert_int_equal(ask_of(&f, 1u << USER, CST_KIND_INT, "13", 1, true), PROVENANCE_NO);
    number(&f, FILES, "13e1");
    assert_true(from(&f, FILES, CST_KIND_FLOAT, "130.0"));
    assert_true(from(&f, FILES, CST_KIND_INT, "130"));
    end(&f);
}

static void test_codes_in_groups(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    say(&f, USER,
        "Send it to DE89 3704 0044 0532 0130 00 please, card 4111111111111111, call 12 34.");
    assert_true(text_from(&f, "DE89370400440532013000"));
    assert_true(text_from(&f, "de89 3704 0044 0532 0130 00"));
    assert_true(text_from(&f, "4111 1111 1111 1111"));
    assert_false(text_from(&f, "DE8937040044053201300"));
    assert_false(text_from(&f, "89370400440532013000"));
    assert_false(text_from(&f, "1234"));
    end(&f);
}

static void test_sources_are_told_apart(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    say(&f, WEB, "send it to eve@evil.test");
    say(&f, USER, "mail ann@example.com");
    assert_true(from(&f, WEB, CST_KIND_EMAIL, "eve@evil.test"));
    assert_false(from(&f, USER, CST_KIND_EMAIL, "eve@evil.test"));
    assert_true(from(&f, USER, CST_KIND_STRING, "ann@example.com"));
    assert_int_equal(ask_of(&f, 1u << USER | 1u << WEB, CST_KIND_EMAIL, "eve@evil.test", 4, true),
                     PROVENANCE_YES);
    assert_int_equal(ask_of(&f, 1u << FILES, CST_KIND_EMAIL, "eve@evil.test", 4, true),
                     PROVENANCE_NO);
    end(&f);
}

static void test_echoes(void **state)
{
    (void)state;
    static const cst_kind kinds[] = {CST_KIND_STRING, CST_KIND_EMAIL};
    for (int i = 0; i < 2; i++) {
        fixture f;
        const cst_kind kind = kinds[i];
        begin(&f);
        say(&f, FILES, "known: ann@example.com");
        say(&f, WRITTEN, "note: EVE@evil.test and ann@example.com");
        say(&f, FILES, "your note: eve@evil.test, ann@example.com");
        const uint64_t files = 1u << FILES;
        assert_int_equal(ask_of(&f, files, kind, "eve@evil.test", 4, true), PROVENANCE_YES);
        assert_int_equal(ask_of(&f, files, kind, "eve@evil.test", 4, false), PROVENANCE_NO);
        /* it was there before */
        assert_int_equal(ask_of(&f, files, kind, "ann@example.com", 4, false), PROVENANCE_YES);
        say(&f, USER, "eve@evil.test is fine");
        assert_int_equal(ask_of(&f, files | 1u << USER, kind, "eve@evil.test", 4, false),
                         PROVENANCE_YES);
        end(&f);
    }
}

static void test_an_echo_of_its_own_call(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    provenance_step(f.from);
    assert_true(provenance_add_text(f.from, WRITTEN, "id 13", 5));
    assert_true(provenance_add_number(f.from, FILES, "13", 2));
    assert_int_equal(ask_of(&f, 1u << FILES, CST_KIND_INT, "13", 4, false), PROVENANCE_NO);
    assert_int_equal(ask_of(&f, 1u << FILES, CST_KIND_INT, "13", 4, true), PROVENANCE_YES);
    end(&f);
}

static void test_what_is_lost_is_unknown(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    const uint64_t user = 1u << USER, files = 1u << FILES;
    say(&f, USER, "ann@example.com");
    say(&f, FILES, "bob@example.com");
    provenance_lose(f.from, USER);
    assert_int_equal(ask_of(&f, user, CST_KIND_EMAIL, "ann@example.com", 4, true), PROVENANCE_YES);
    assert_int_equal(ask_of(&f, user, CST_KIND_EMAIL, "eve@example.com", 4, true),
                     PROVENANCE_UNKNOWN);
    assert_int_equal(ask_of(&f, files, CST_KIND_EMAIL, "eve@example.com", 4, true), PROVENANCE_NO);
    provenance_lose(f.from, WRITTEN);
    assert_int_equal(ask_of(&f, files, CST_KIND_EMAIL, "bob@example.com", 4, true), PROVENANCE_YES);
    assert_int_equal(ask_of(&f, files, CST_KIND_EMAIL, "bob@example.com", 4, false),
                     PROVENANCE_UNKNOWN);
    assert_int_equal(ask_of(&f, user | files, CST_KIND_EMAIL, "ann@example.com", 4, false),
                     PROVENANCE_YES);
    end(&f);
}

static void test_bounds(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    const uint32_t length = LIMIT_ORIGIN_BYTES / 2 + 1;
    char *const text = malloc(length);
    assert_non_null(text);
    for (uint32_t i = 0; i < length; i++)
        text[i] = "ab cd "[i % 6];
    assert_true(provenance_add_text(f.from, WEB, text, length));
    assert_false(provenance_add_text(f.from, WEB, text, length));
    assert_true(provenance_is_lost(f.from, WEB));
    assert_false(provenance_is_lost(f.from, USER));
    assert_true(provenance_bytes(f.from) <= LIMIT_PROVENANCE_BYTES);
    /* words that stand everywhere: the work is bounded, and what is not finished is unknown; one
     * word that is nowhere ends it at once */
    assert_int_equal(ask_of(&f, 1u << USER, CST_KIND_STRING, "ab cd ab cd ab ab", 4, true),
                     PROVENANCE_UNKNOWN);
    assert_int_equal(ask_of(&f, 1u << USER, CST_KIND_STRING, "ab cd ab cd ab ef", 4, true),
                     PROVENANCE_NO);
    const uint64_t web = 1u << WEB, none = 0;
    uint64_t steps = 1000;
    const cst_value value = value_of(&f, CST_KIND_STRING, "cd ab cd ab ab cd");
    const provenance_question question = {&web, &none, 4, true};
    provenance_lose(f.from, WEB);
    assert_int_equal(provenance_ask(f.from, &f.memory, &question, &value, &steps),
                     PROVENANCE_UNKNOWN);
    assert_int_equal(steps, 0);
    free(text);
    end(&f);
}

/* ---- the index ------------------------------------------------------------------------------- */

static bool is_short; /* memory */

static void *allocate_or_not(void *user, size_t size)
{
    (void)user;
    return is_short ? NULL : malloc(size);
}

static void *resize_or_not(void *user, void *memory, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    return is_short ? NULL : realloc(memory, new_size);
}

static void release_all(void *user, void *memory, size_t size)
{
    (void)user;
    (void)size;
    free(memory);
}

/* Nobody has asked: only the bytes are kept. Who asks for one type pays for that alone. */
static void test_index_is_made_when_asked(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    static char text[64 << 10];
    for (size_t i = 0; i + 8 <= sizeof text; i += 8)
        snprintf(text + i, 8, "w%06u", (unsigned)(i * 7919 % 1000000));
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = text[i] ? text[i] : ' ';
    assert_true(provenance_add_text(f.from, WEB, text, sizeof text));
    const uint64_t plain = provenance_bytes(f.from);
    assert_in_range(plain, sizeof text, 3 * sizeof text);
    assert_false(from(&f, WEB, CST_KIND_EMAIL, "ann@example.com"));
    assert_in_range(provenance_bytes(f.from), plain, plain + 16384);
    assert_false(from(&f, WEB, CST_KIND_STRING, "not there"));
    const uint64_t with_tokens = provenance_bytes(f.from);
    assert_true(with_tokens > plain + 8192 * sizeof(uint32_t));
    assert_true(from(&f, WEB, CST_KIND_STRING, "w063352"));
    assert_int_equal(provenance_bytes(f.from), with_tokens);
    end(&f);
}

/* What does not fit into the index is lost: unknown, and never "no". */
static void test_no_memory_for_the_index(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    provenance_free(f.from);
    const cst_allocator allocator = {allocate_or_not, resize_or_not, release_all, NULL};
    f.from = provenance_new(&allocator, SOURCES, PROVENANCE_ALL, 1);
    say(&f, USER, "mail ann@example.com");
    is_short = true;
    assert_int_equal(ask_of(&f, 1u << USER, CST_KIND_EMAIL, "eve@example.com", 4, true),
                     PROVENANCE_UNKNOWN);
    assert_int_equal(ask_of(&f, 1u << USER, CST_KIND_STRING, "nothing", 4, true),
                     PROVENANCE_UNKNOWN);
    is_short = false;
    assert_true(provenance_is_lost(f.from, USER));
    assert_int_equal(ask_of(&f, 1u << USER, CST_KIND_EMAIL, "eve@example.com", 4, true),
                     PROVENANCE_UNKNOWN);
    say(&f, FILES, "mail eve@example.com");
    assert_true(from(&f, FILES, CST_KIND_EMAIL, "eve@example.com"));
    assert_int_equal(ask_of(&f, 1u << FILES, CST_KIND_EMAIL, "ann@example.com", 4, true),
                     PROVENANCE_NO);
    end(&f);
}

/* ---- saved and loaded ------------------------------------------------------------------------ */

static void test_saved_and_loaded(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    say(&f, USER, "Mail Ann@Example.com about 1,300 and caf\xc3\xa9");
    number(&f, FILES, "77");
    say(&f, WRITTEN, "99 bottles");
    say(&f, FILES, "99");
    provenance_lose(f.from, WEB);
    buffer saved;
    buffer_init(&saved, &f.allocator, 0);
    assert_true(provenance_save(f.from, &saved));
    /* what has been asked, and so stands in the index, is no part of it */
    assert_true(from(&f, USER, CST_KIND_EMAIL, "ann@example.com"));
    assert_true(text_from(&f, "1,300 and"));
    buffer asked;
    buffer_init(&asked, &f.allocator, 0);
    assert_true(provenance_save(f.from, &asked));
    assert_int_equal(asked.length, saved.length);
    assert_memory_equal(asked.bytes, saved.bytes, saved.length);
    buffer_free(&asked);
    provenance *const old = f.from;
    f.from = provenance_load(&f.allocator, SOURCES, PROVENANCE_ALL, 99, saved.bytes, saved.length);
    assert_non_null(f.from);
    assert_true(from(&f, USER, CST_KIND_EMAIL, "ann@example.com"));
    assert_true(from(&f, USER, CST_KIND_INT, "1300"));
    assert_true(from(&f, USER, CST_KIND_STRING, "CAF\xc3\x89"));
    assert_true(from(&f, FILES, CST_KIND_INT, "77"));
    assert_int_equal(ask_of(&f, 1u << FILES, CST_KIND_INT, "99", 4, false), PROVENANCE_NO);
    assert_int_equal(ask_of(&f, 1u << WEB, CST_KIND_INT, "99", 4, true), PROVENANCE_UNKNOWN);
    buffer again;
    buffer_init(&again, &f.allocator, 0);
    assert_true(provenance_save(f.from, &again));
    assert_int_equal(again.length, saved.length);
    assert_memory_equal(again.bytes, saved.bytes, saved.length);
    for (size_t i = 0; i < saved.length; i++) {
        assert_null(provenance_load(&f.allocator, SOURCES, PROVENANCE_ALL, 1, saved.bytes, i));
        saved.bytes[i] ^= 1;
        assert_null(
            provenance_load(&f.allocator, SOURCES, PROVENANCE_ALL, 1, saved.bytes, saved.length));
        saved.bytes[i] ^= 1;
    }
    assert_null(
        provenance_load(&f.allocator, SOURCES + 1, PROVENANCE_ALL, 1, saved.bytes, saved.length));
    buffer_free(&saved);
    buffer_free(&again);
    provenance_free(old);
    end(&f);
}

/* ---- the oracle ------------------------------------------------------------------------------ */

enum { MOST_LEAVES = 12, MOST_CHARS = 200 };

typedef struct leaf { /* as code points without case */
    uint32_t codes[MOST_CHARS], count;
    uint32_t source, time;
    bool number;
} leaf;

static void read_codes(const char *text, leaf *out)
{
    const char *next = text, *const last = text + strlen(text);
    out->count = 0;
    while (next < last)
        out->codes[out->count++] = unicode_caseless(utf8_decode(&next, last));
}

static bool word(const leaf *in, int at)
{
    return at >= 0 && at < (int)in->count && unicode_is_token(in->codes[at]) &&
           !unicode_is_spaceless(in->codes[at]);
}

static bool joiner(const leaf *in, int at)
{
    return at >= 0 && at < (int)in->count && in->codes[at] < 0x80 && in->codes[at] &&
           strchr(".-_@:/#%+,", (int)in->codes[at]);
}

/* Character `at` belongs to the token that the character before it belongs to. */
static bool goes_on(const leaf *in, int at)
{
    if (word(in, at - 1) && word(in, at))
        return true;
    if (word(in, at - 1) && joiner(in, at) && word(in, at + 1))
        return true;
    return word(in, at - 2) && joiner(in, at - 1) && word(in, at);
}

static bool blank(const leaf *in, uint32_t at)
{
    return unicode_is_space(in->codes[at]);
}

/* The end of the value if it starts at `at`, white space of any length being equal; -1: it does
 * not. */
static int match(const leaf *in, const leaf *value, uint32_t at)
{
    for (uint32_t i = 0; i < value->count;) {
        if (at >= in->count)
            return -1;
        if (blank(value, i) != blank(in, at))
            return -1;
        if (!blank(value, i) && value->codes[i] != in->codes[at])
            return -1;
        if (!blank(value, i)) {
            i++;
            at++;
            continue;
        }
        while (i < value->count && blank(value, i))
            i++;
        while (at < in->count && blank(in, at))
            at++;
    }
    return (int)at;
}

static void trim(leaf *value)
{
    while (value->count && blank(value, value->count - 1))
        value->count--;
    uint32_t from = 0;
    while (from < value->count && blank(value, from))
        from++;
    memmove(value->codes, value->codes + from, (value->count - from) * sizeof *value->codes);
    value->count -= from;
}

static uint32_t canonical_count(const leaf *value)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < value->count; i++)
        count += !(blank(value, i) && i > 0 && blank(value, i - 1));
    return count;
}

static bool stands(const leaf *in, const leaf *value, uint32_t chars)
{
    leaf trimmed = *in;
    trim(&trimmed);
    if (match(&trimmed, value, 0) == (int)trimmed.count)
        return true;
    bool token = false;
    for (uint32_t i = 0; i < value->count; i++)
        token = token || unicode_is_token(value->codes[i]) || unicode_is_spaceless(value->codes[i]);
    if (in->number || !token || canonical_count(value) < chars)
        return false;
    for (uint32_t at = 0; at < in->count; at++) {
        const int stop = match(in, value, at);
        if (stop >= 0 && !goes_on(in, (int)at) && !goes_on(in, stop))
            return true;
    }
    return false;
}

/* Letters and digits in groups. */
static bool stands_as_code(const leaf *in, const leaf *value, uint32_t chars)
{
    leaf code = {.count = 0};
    uint32_t digits = 0;
    for (uint32_t i = 0; i < value->count; i++) {
        const uint32_t c = value->codes[i];
        if (blank(value, i))
            continue;
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z'))
            return false;
        digits += c <= '9';
        code.codes[code.count++] = c;
    }
    if (code.count < 8 || code.count > 64 || digits < 4)
        return false;
    for (uint32_t at = 0; at < in->count; at++) {
        uint32_t i = 0, place = at;
        for (; i < code.count && place < in->count; i++, place++) {
            if (i > 0 && in->codes[place] == ' ' && place + 1 < in->count)
                place++;
            if (in->codes[place] != code.codes[i])
                break;
        }
        if (i < code.count || goes_on(in, (int)at) || goes_on(in, (int)place))
            continue;
        /* as a whole, or long enough */
        bool whole = true;
        for (uint32_t k = 0; k < in->count; k++)
            whole = whole && (blank(in, k) || (k >= at && k < place));
        if (whole || (!in->number && code.count >= chars))
            return true;
    }
    return false;
}

static bool oracle(const leaf *leaves, uint32_t count, uint64_t sources, const leaf *value,
                   uint32_t chars, bool echoes)
{
    uint32_t written = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++)
        if (!echoes && leaves[i].source == WRITTEN && leaves[i].time < written &&
            (stands(&leaves[i], value, 1) || stands_as_code(&leaves[i], value, 1)))
            written = leaves[i].time;
    for (uint32_t i = 0; i < count; i++) {
        const bool result = leaves[i].source == FILES || leaves[i].source == WEB;
        if (sources >> leaves[i].source & 1 && (!result || leaves[i].time < written) &&
            (stands(&leaves[i], value, chars) || stands_as_code(&leaves[i], value, chars)))
            return true;
    }
    return false;
}

static uint64_t random_state;

static uint32_t below(uint32_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % bound;
}

static const char *const pieces[] = {"a",
                                     "b",
                                     "ab",
                                     "A",
                                     "13",
                                     "1",
                                     "7",
                                     " ",
                                     "  ",
                                     "\n",
                                     ".",
                                     "-",
                                     "_",
                                     "@",
                                     ":",
                                     "/",
                                     ",",
                                     "#",
                                     "!",
                                     "(",
                                     "\"",
                                     "\xc3\xa4",
                                     "\xc3\x84",
                                     "\xce\xa3",
                                     "\xcf\x83",
                                     "\xe5\x8c\x97",
                                     "\xe4\xba\xac",
                                     "\xc2\xa0",
                                     "\xe2\x80\x8b",
                                     "id 13",
                                     "foo.bar",
                                     "x-1",
                                     "eve@evil.test",
                                     "12345678",
                                     "1234 5678",
                                     "de89"};

static void random_text(char *out, uint32_t most)
{
    uint32_t used = 0;
    for (uint32_t i = below(most + 1); i > 0; i--) {
        const char *const piece = pieces[below(sizeof pieces / sizeof *pieces)];
        if (used + strlen(piece) >= MOST_CHARS)
            break;
        memcpy(out + used, piece, strlen(piece));
        used += (uint32_t)strlen(piece);
    }
    out[used] = '\0';
}

/* A part of a text that was said, cut at characters, as often as something new. */
static void random_value(char *out, char texts[][MOST_CHARS], uint32_t count)
{
    if (count == 0 || below(3) == 0) {
        random_text(out, 4);
        return;
    }
    const char *const text = texts[below(count)];
    uint32_t length = (uint32_t)strlen(text), start = length ? below(length) : 0,
             stop = start + (length ? below(length - start + 1) : 0);
    if (below(4) == 0)
        start = 0;
    if (below(4) == 0)
        stop = length;
    while (start < length && ((unsigned char)text[start] & 0xC0) == 0x80)
        start++;
    while (stop < length && ((unsigned char)text[stop] & 0xC0) == 0x80)
        stop++;
    if (stop < start)
        stop = start;
    memcpy(out, text + start, stop - start);
    out[stop - start] = '\0';
}

static void compare_round(uint32_t round, uint32_t *yes)
{
    static const char *const numbers[] = {"13", "-7", "1.5", "12345678"};
    static char texts[MOST_LEAVES][MOST_CHARS];
    static leaf leaves[MOST_LEAVES];
    fixture f;
    begin(&f);
    const uint32_t count = 1 + below(MOST_LEAVES);
    for (uint32_t i = 0; i < count; i++) {
        leaves[i].number = below(8) == 0;
        if (leaves[i].number)
            strcpy(texts[i], numbers[below(4)]);
        else
            random_text(texts[i], 12);
        read_codes(texts[i], &leaves[i]);
        leaves[i].source = below(SOURCES);
    }
    provenance_free(f.from);
    f.from = provenance_new(&f.allocator, SOURCES, 0, random_state);
    uint32_t time = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (below(3)) {
            provenance_step(f.from);
            time++;
        }
        leaves[i].time = time;
        assert_true((leaves[i].number ? provenance_add_number : provenance_add_text)(
            f.from, leaves[i].source, texts[i], (uint32_t)strlen(texts[i])));
    }
    for (uint32_t i = 0; i < 25; i++) {
        char text[MOST_CHARS];
        static leaf value;
        random_value(text, texts, count);
        read_codes(text, &value);
        trim(&value);
        const uint64_t sources = 1 + below(15);
        const uint32_t chars = 1 + below(6);
        const bool echoes = below(2) != 0;
        const bool wanted = oracle(leaves, count, sources, &value, chars, echoes);
        const provenance_answer got = ask_of(&f, sources, CST_KIND_STRING, text, chars, echoes);
        *yes += wanted;
        if (got != (wanted ? PROVENANCE_YES : PROVENANCE_NO)) {
            for (uint32_t k = 0; k < count; k++)
                print_message("leaf %u: source %u time %u%s `%s`\n", k, leaves[k].source,
                              leaves[k].time, leaves[k].number ? " number" : "", texts[k]);
            fail_msg("round %u: `%s` from %llx, %u chars%s: %d, but it should be %d", round, text,
                     (unsigned long long)sources, chars, echoes ? ", echoes" : "", got, wanted);
        }
    }
    end(&f);
}

static void test_against_the_oracle(void **state)
{
    (void)state;
    const char *const rounds = getenv("PROVENANCE_ROUNDS");
    const uint32_t count = rounds ? (uint32_t)atoi(rounds) : 10000;
    uint32_t yes = 0;
    random_state = 7;
    for (uint32_t i = 0; i < count; i++)
        compare_round(i, &yes);
    /* both answers occur often */
    assert_true(yes > count * 25 / 10 && yes < count * 25 / 10 * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_leaves),
        cmocka_unit_test(test_a_run_of_whole_tokens),
        cmocka_unit_test(test_how_long_a_part_must_be),
        cmocka_unit_test(test_case_and_look_alikes),
        cmocka_unit_test(test_scripts_without_spaces),
        cmocka_unit_test(test_identities_compare_as_such),
        cmocka_unit_test(test_numbers_compare_as_such),
        cmocka_unit_test(test_codes_in_groups),
        cmocka_unit_test(test_sources_are_told_apart),
        cmocka_unit_test(test_echoes),
        cmocka_unit_test(test_an_echo_of_its_own_call),
        cmocka_unit_test(test_what_is_lost_is_unknown),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_index_is_made_when_asked),
        cmocka_unit_test(test_no_memory_for_the_index),
        cmocka_unit_test(test_saved_and_loaded),
        cmocka_unit_test(test_against_the_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

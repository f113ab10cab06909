/*
 * patterns.c - the scanner against PCRE2, on random patterns and texts.
 *
 *     patterns [SEED [DATABASES [TEXTS]]]
 *     patterns file FILE      lines: P, expression; C, expression to be read without case; T, text
 * in hexadecimal
 *
 * What is held against what: the list of matches against the leftmost, longest ones of PCRE2 (its
 * DFA gives all ends of a start); the bit of scan_find against whether there is any; scan_whole
 * against a match anchored at both ends; phrases and word sets against a plain search; the sweep
 * over all starts, which scan_find and scan_list come to in texts made to be slow, against the
 * first match behind each place where one ends; scan_follow in pieces against scan_live; scan_live
 * against every cut of the text through a match, and for small expressions against every
 * continuation. Fails too if some trigger, or some form of automaton, never matched.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compiler/pattern/pattern.h"
#include "runtime/text/scan.h"
#include "runtime/text/scan_private.h"
#include "runtime/text/unicode.h"
#include "tests/differential/random_pattern.h"

enum { MOST_PATTERNS = 512, MOST_SPANS = 4096, MOST_ENDS = 2048, WORKSPACE = 200000 };

typedef struct span {
    uint32_t start, end;
} span;

typedef struct spans {
    span items[MOST_SPANS];
    uint32_t count;
} spans;

typedef enum item_kind { ITEM_REGEX, ITEM_PHRASE, ITEM_WORDS } item_kind;

typedef struct item {
    item_kind kind;
    const node *node;
    char *text; /* expression or phrase */
    uint32_t length;
    bool words; /* of a phrase */
    check_kind check;
    bool after; /* one of `words_before`, within so many characters */
    uint32_t within;
    const char *entries[24]; /* of a word set */
    uint32_t lengths[24], count;
    pcre2_code *code;
    const pattern *pattern;
    uint32_t number;
} item;

typedef struct bench {
    arena memory;
    item items[MOST_PATTERNS];
    uint32_t count;
    const uint8_t *bytes;
    scan_database *database;
    scan_scratch *scratch;
    pcre2_match_data *data;
    pcre2_match_context *context;
    int *workspace;
    uint64_t checks, matches, differences, contradictions;
    uint64_t by_trigger[7], by_table, by_positions, live, swept, found_from, followed;
} bench;

static bench state;
static spans expected, seen;

/* ---- the oracle ------------------------------------------------------------------------------ */

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "patterns: %s: %s\n", what, detail);
    exit(2);
}

static pcre2_code *oracle_compile(const char *bytes, uint32_t length, bool caseless)
{
    int error;
    PCRE2_SIZE at;
    pcre2_code *const code = pcre2_compile((PCRE2_SPTR)bytes, length,
                                           PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX |
                                               (caseless ? PCRE2_CASELESS : 0),
                                           &error, &at, NULL);
    if (code)
        pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    return code;
}

/* All ends of matches that begin at `start`, longest first; their number. */
static uint32_t oracle_ends(const item *item, const char *text, uint32_t length, uint32_t start,
                            const PCRE2_SIZE **ends)
{
    const int found = pcre2_dfa_match(item->code, (PCRE2_SPTR)text, length, start,
                                      PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK, state.data, NULL,
                                      state.workspace, WORKSPACE);
    if (found == PCRE2_ERROR_NOMATCH)
        return 0;
    if (found < 0)
        die("the oracle failed on", item->text);
    *ends = pcre2_get_ovector_pointer(state.data);
    return found == 0 ? MOST_ENDS : (uint32_t)found;
}

static uint32_t phrase_end_at(const char *phrase, uint32_t size, bool words, const char *text,
                              uint32_t length, uint32_t at)
{
    if (size == 0 || length - at < size || memcmp(text + at, phrase, size) != 0)
        return 0;
    if (words &&
        (!unicode_word_edge(text, length, at) || !unicode_word_edge(text, length, at + size)))
        return 0;
    return at + size;
}

static const char *const words_before[] = {"key", "old id", "\xC3\xA9"};
enum { WORDS_BEFORE = sizeof words_before / sizeof *words_before };

/* Whether one of the words stands whole in the characters before a place. */
static bool oracle_after(const item *item, const char *text, uint32_t length, uint32_t place)
{
    uint32_t at = place;
    for (uint32_t i = 0; i < item->within && at > 0; i++) {
        at--;
        while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
            at--;
        for (uint32_t k = 0; k < WORDS_BEFORE; k++) {
            const uint32_t size = (uint32_t)strlen(words_before[k]);
            if (size <= place - at && strncasecmp(text + at, words_before[k], size) == 0 &&
                unicode_word_edge(text, length, at) && unicode_word_edge(text, length, at + size))
                return true;
        }
    }
    return false;
}

/* The end of the longest match at a start; 0: none. */
static uint32_t oracle_at(const item *item, const char *text, uint32_t length, uint32_t at)
{
    if (item->kind == ITEM_PHRASE)
        return phrase_end_at(item->text, item->length, item->words, text, length, at);
    if (item->kind == ITEM_WORDS) {
        uint32_t best = 0;
        for (uint32_t i = 0; i < item->count; i++) {
            const uint32_t end =
                phrase_end_at(item->entries[i], item->lengths[i], true, text, length, at);
            best = end > best ? end : best;
        }
        return best;
    }
    const PCRE2_SIZE *ends;
    if (item->after && !oracle_after(item, text, length, at))
        return 0;
    const uint32_t count = oracle_ends(item, text, length, at, &ends);
    for (uint32_t i = 0; i < count; i++)
        if (check_holds(item->check, 0, text + at, (uint32_t)ends[2 * i + 1] - at))
            return (uint32_t)ends[2 * i + 1];
    return 0;
}

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* False: the oracle's two ways of matching disagree about whether there is a match (PCRE2 10.42 has
 * such cases, of classes beside `$`): it says nothing then. */
static bool oracle_list(const item *item, const char *text, uint32_t length, spans *out)
{
    out->count = 0;
    for (uint32_t at = 0; at < length;) {
        if (continues(text[at])) {
            at++;
            continue;
        }
        /* the leftmost start is the same for every kind of search: skip to it */
        if (item->kind == ITEM_REGEX) {
            const int found = pcre2_match(item->code, (PCRE2_SPTR)text, length, at,
                                          PCRE2_NO_UTF_CHECK, state.data, NULL);
            if (found == PCRE2_ERROR_NOMATCH)
                return true;
            if (found >= 0)
                at = (uint32_t)pcre2_get_ovector_pointer(state.data)[0];
            const PCRE2_SIZE *ends;
            if (found >= 0 && oracle_ends(item, text, length, at, &ends) == 0)
                return false;
        }
        const uint32_t end = oracle_at(item, text, length, at);
        if (end > at && out->count < MOST_SPANS)
            out->items[out->count++] = (span){at, end};
        at = end > at ? end : at + 1;
    }
    return true;
}

static bool oracle_whole(const item *item, const char *text, uint32_t length)
{
    if (length == 0)
        return false;
    if (item->kind != ITEM_REGEX)
        return oracle_at(item, text, length, 0) == length;
    const PCRE2_SIZE *ends;
    return oracle_ends(item, text, length, 0, &ends) > 0 && ends[1] == length &&
           check_holds(item->check, 0, text, length);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool collect(void *user, uint32_t start, uint32_t end)
{
    spans *const out = user;
    if (out->count < MOST_SPANS)
        out->items[out->count++] = (span){start, end};
    return true;
}

static void print_text(const char *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        fprintf(stderr, text[i] >= ' ' && text[i] <= '~' ? "%c" : "\\x%02x",
                (unsigned char)text[i]);
    fputc('\n', stderr);
}

static void differs(const item *item, const char *what, const char *text, uint32_t length)
{
    state.differences++;
    if (state.differences > 10)
        return;
    const scan_head *const head = (const void *)state.bytes;
    const scan_pattern_row *const row =
        (const scan_pattern_row *)(const void *)(state.bytes + head->patterns.offset) +
        item->number;
    fprintf(stderr, "DIFFERENT (%s): %s  (kind %d, trigger %u, %u patterns)\n  text: ", what,
            item->kind == ITEM_WORDS ? "words" : item->text, item->kind, row->trigger, state.count);
    print_text(text, length);
    for (uint32_t i = 0; i < expected.count && i < 8; i++)
        fprintf(stderr, "  expected %u..%u\n", expected.items[i].start, expected.items[i].end);
    for (uint32_t i = 0; i < seen.count && i < 8; i++)
        fprintf(stderr, "  seen     %u..%u\n", seen.items[i].start, seen.items[i].end);
}

static uint32_t holder; /* what scan_live found alive last: a guess that may be wrong */

static void compare_live(const item *item, const char *text)
{
    uint64_t wanted[MOST_PATTERNS / 64 + 1] = {0};
    wanted[item->number / 64] |= UINT64_C(1) << (item->number % 64);
    for (uint32_t i = 0; i < expected.count && i < 3; i++)
        for (uint32_t cut = expected.items[i].start + 1; cut < expected.items[i].end; cut++) {
            if (continues(text[cut]))
                continue;
            state.live++;
            if (scan_live(state.database, state.scratch, text, cut, 0, wanted, &holder) >
                expected.items[i].start) {
                differs(item, "live behind a match to come", text, cut);
                return;
            }
        }
}

/* The starts that a sweep finds: from the beginning and from the end of each match. */
static bool sweeps_alike(const item *item, const char *text, uint32_t length)
{
    const scan_pattern_row *const row = &state.database->patterns[item->number];
    if (row->kind != SCAN_AUTOMATON || row->check != 0 || item->after || length == 0)
        return true;
    for (uint32_t i = 0, from = 0; i <= expected.count; i++) {
        scan_try with = {state.database, state.scratch, text, length, UINT64_MAX, false};
        const uint32_t start = scan_sweep_first(&with, row, from, length - 1);
        if (start != (i < expected.count ? expected.items[i].start : SCAN_NONE) || with.unknown)
            return false;
        state.swept += i < expected.count;
        from = i < expected.count ? expected.items[i].end : 0;
    }
    return true;
}

static void count_match(const item *item)
{
    const scan_head *const head = (const void *)state.bytes;
    const scan_pattern_row *const row =
        (const scan_pattern_row *)(const void *)(state.bytes + head->patterns.offset) +
        item->number;
    state.matches++;
    state.by_trigger[row->trigger]++;
    if (row->kind != SCAN_AUTOMATON)
        return;
    const scan_automaton_row *const automaton =
        (const scan_automaton_row *)(const void *)(state.bytes + head->automata.offset) + row->body;
    *(automaton->states > 0 ? &state.by_table : &state.by_positions) += 1;
}

/* What is found from a place on, against the list from there; the place is any, a different one
 * each time, and so inside of matches too. */
static void compare_from(const char *text, uint32_t length)
{
    static uint32_t turn;
    uint64_t found[MOST_PATTERNS / 64 + 1], unknown[MOST_PATTERNS / 64 + 1];
    uint32_t from = length == 0 ? 0 : turn++ * 7 % length;
    while (from > 0 && continues(text[from]))
        from--;
    if (scan_find(state.database, state.scratch, text, length, from, found, unknown) != CST_OK)
        die("scan_find", "failed");
    for (uint32_t i = 0; i < state.count; i++) {
        const uint32_t number = state.items[i].number;
        bool undecided = false;
        seen.count = 0;
        if (scan_list(state.database, state.scratch, text, length, from, length, number, collect,
                      &seen, &undecided) != CST_OK)
            die("scan_list", "failed");
        state.found_from += seen.count > 0;
        if ((found[number / 64] >> (number % 64) & 1) != (seen.count > 0) || undecided ||
            (unknown[number / 64] >> (number % 64) & 1)) {
            expected = seen;
            differs(&state.items[i], "find from a place", text, length);
        }
    }
}

/* Whether something was accepted for each match of these that begins from..to. */
static bool accepted_all(const scan_follow *follow, const spans *all, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (all->items[i].start >= from && all->items[i].start < to &&
            (follow->accepted == UINT32_MAX || follow->accepted > all->items[i].start))
            return false;
    return true;
}

/* The text followed in pieces: after each, what is alive is what scan_live says, and before that
 * nothing has matched that was not accepted. */
static void compare_follow(const char *text, uint32_t length)
{
    static scan_follow follow;
    static uint32_t turn;
    uint64_t wanted[MOST_PATTERNS / 64 + 1];
    static spans matches; /* of one of them, another one each time */
    const item *const one = &state.items[turn++ % state.count];
    uint32_t settled = 0;
    bool undecided = false;
    memset(wanted, 0xff, sizeof wanted);
    seen.count = 0;
    if (scan_list(state.database, state.scratch, text, length, 0, length, one->number, collect,
                  &seen, &undecided) != CST_OK ||
        undecided)
        die("scan_list", "failed");
    matches = seen;
    if (!scan_follow_begin(state.database, state.scratch, &follow, text, 0))
        return;
    for (uint32_t at = 0, end; at < length; at = end) {
        end = at + 1 + turn++ * 5 % 11;
        end = end < length ? end : length;
        while (end < length && continues(text[end]))
            end++;
        if (!scan_follow_feed(state.database, state.scratch, &follow, text + at, end - at, at, 0))
            return; /* too many at once, or states were dropped */
        bool unsure = false;
        const uint32_t place =
            scan_follow_live(state.database, state.scratch, &follow, text, end, end, &unsure);
        state.followed++;
        const uint32_t said =
            scan_live(state.database, state.scratch, text, end, settled, wanted, &holder);
        seen = (spans){.items = {{place, end}}, .count = 1};
        if (place != said) {
            expected = (spans){.items = {{said, end}}, .count = 1};
            differs(&state.items[0], "follow", text, end);
            return;
        }
        if (!accepted_all(&follow, &matches, settled, place)) {
            expected = matches;
            differs(one, "accepted", text, end);
            return;
        }
        scan_follow_settled(&follow, place);
        settled = place;
    }
}

static void compare_text(const char *text, uint32_t length, bool live)
{
    uint64_t found[MOST_PATTERNS / 64 + 1], unknown[MOST_PATTERNS / 64 + 1];
    compare_from(text, length);
    compare_follow(text, length);
    if (scan_find(state.database, state.scratch, text, length, 0, found, unknown) != CST_OK)
        die("scan_find", "failed");
    for (uint32_t i = 0; i < state.count; i++) {
        const item *const item = &state.items[i];
        const uint32_t number = item->number;
        bool undecided = false;
        if (!oracle_list(item, text, length, &expected)) {
            state.contradictions++;
            continue;
        }
        seen.count = 0;
        if (scan_list(state.database, state.scratch, text, length, 0, length, number, collect,
                      &seen, &undecided) != CST_OK)
            die("scan_list", "failed");
        if (seen.count != expected.count || undecided ||
            memcmp(seen.items, expected.items, seen.count * sizeof(span)) != 0)
            differs(item, undecided ? "unknown" : "list", text, length);
        else if ((found[number / 64] >> (number % 64) & 1) != (expected.count > 0) ||
                 (unknown[number / 64] >> (number % 64) & 1))
            differs(item, "find", text, length);
        else if (scan_whole(state.database, state.scratch, text, length, number, &undecided) !=
                     oracle_whole(item, text, length) ||
                 undecided)
            differs(item, "whole", text, length);
        else if (!sweeps_alike(item, text, length))
            differs(item, "sweep", text, length);
        else if (live)
            compare_live(item, text);
        state.checks++;
        if (expected.count > 0)
            count_match(item);
    }
}

/* ---- databases ------------------------------------------------------------------------------- */

static void database_make(bool portable)
{
    database_builder *const builder = database_begin(&state.memory);
    for (uint32_t i = 0; i < state.count; i++) {
        item *const item = &state.items[i];
        item->number =
            item->kind == ITEM_WORDS
                ? database_add_words(builder, item->entries, item->lengths, item->count)
                : database_add(builder,
                               &(database_entry){.pattern = item->pattern,
                                                 .check = item->check,
                                                 .after = words_before,
                                                 .after_count = item->after ? WORDS_BEFORE : 0,
                                                 .after_within = item->within});
    }
    size_t length;
    const char *why = "";
    if (!database_finish(builder, portable, &state.bytes, &length, &why))
        die("database_finish", why);
    if (scan_database_open(state.bytes, length, NULL, &state.database) != CST_OK)
        die("scan_database_open", "refused");
    if (scan_scratch_fit(&state.scratch, state.database, NULL) != CST_OK)
        die("scan_scratch_fit", "failed");
}

static void database_drop(void)
{
    scan_database_close(state.database);
    state.database = NULL;
    for (uint32_t i = 0; i < state.count; i++)
        pcre2_code_free(state.items[i].code);
    state.count = 0;
    arena_reset(&state.memory);
    trees_reset();
}

/* False: the oracle and the compiler agree that this is no pattern (it matches the empty text, or
 * nothing). */
static bool regex_add(const char *bytes, uint32_t length, bool caseless, const node *node)
{
    pattern_error error = {0};
    item item = {.kind = ITEM_REGEX, .node = node, .length = length};
    item.pattern = pattern_regex(&state.memory, bytes, length, caseless, &error);
    if (item.pattern == NULL && (error.kind == PATTERN_EMPTY || error.kind == PATTERN_TOO_LARGE))
        return false;
    if (item.pattern == NULL) {
        fprintf(stderr, "patterns: refused: %.*s: %s\n", (int)length, bytes, error.text);
        state.differences++;
        return false;
    }
    string other = {.length = 0};
    if (node)
        expression_write(node, true, &other);
    item.code = node ? oracle_compile(other.bytes, other.length, caseless)
                     : oracle_compile(bytes, length, caseless);
    if (!item.code) {
        fprintf(stderr, "patterns: the oracle refuses %.*s\n", (int)length, bytes);
        state.differences++;
        return false;
    }
    item.text = arena_copy(&state.memory, bytes, length);
    state.items[state.count++] = item;
    return true;
}

static void item_random(generator *random)
{
    string text = {.length = 0};
    const uint32_t kind = generator_below(random, 12);
    if (kind == 0) {
        item item = {.kind = ITEM_PHRASE, .words = generator_below(random, 2) == 0};
        pattern_error error;
        phrase_random(random, &text);
        item.length = text.length;
        item.text = arena_copy(&state.memory, text.bytes, text.length);
        item.pattern = pattern_phrase(&state.memory, text.bytes, text.length, item.words, &error);
        state.items[state.count++] = item;
        return;
    }
    if (kind == 1) {
        item item = {.kind = ITEM_WORDS, .count = 1 + generator_below(random, 20)};
        for (uint32_t i = 0; i < item.count; i++) {
            phrase_random(random, &text);
            item.entries[i] = arena_copy(&state.memory, text.bytes, text.length);
            item.lengths[i] = text.length;
        }
        const char **const entries = arena_array(&state.memory, item.count, sizeof *entries);
        memcpy(entries, item.entries, item.count * sizeof *entries);
        state.items[state.count++] = item;
        return;
    }
    const node *const node = expression_random(random);
    expression_write(node, false, &text);
    if (!regex_add(text.bytes, text.length, generator_below(random, 8) == 0, node))
        return;
    item *const item = &state.items[state.count - 1];
    if (generator_below(random, 10) == 0)
        item->check = check_find("luhn", 4);
    item->after = generator_below(random, 6) == 0;
    item->within = item->after ? 1 + generator_below(random, 24) : 0;
}

static void run_random(generator *random, uint32_t databases, uint32_t texts)
{
    string text = {.length = 0};
    for (uint32_t i = 0; i < databases; i++) {
        const uint32_t wanted = i % 3 == 0 ? 1 : 2 + generator_below(random, 14);
        const node *nodes[MOST_PATTERNS];
        uint32_t node_count = 0;
        for (uint32_t k = 0; k < wanted; k++)
            item_random(random);
        if (state.count == 0)
            continue;
        for (uint32_t k = 0; k < state.count; k++)
            if (state.items[k].node)
                nodes[node_count++] = state.items[k].node;
        database_make(generator_below(random, 2) == 0);
        for (uint32_t k = 0; k < texts; k++) {
            text.length = 0;
            if (generator_below(random, 3) == 0) {
                const char *const word = generator_below(random, 4) == 0
                                             ? "x KEY: "
                                             : words_before[generator_below(random, WORDS_BEFORE)];
                string_add(&text, word, (uint32_t)strlen(word));
                string_add(&text, &" :-"[generator_below(random, 3)], 1);
            }
            string rest = {.length = 0};
            if (node_count > 0)
                text_random(random, nodes, node_count, &rest);
            string_add(&text, rest.bytes, rest.length);
            for (uint32_t n = generator_below(random, 4); n > 0 && (node_count == 0 || n > 2);
                 n--) {
                string phrase;
                phrase_random(random, &phrase);
                string_add(&text, phrase.bytes, phrase.length);
            }
            compare_text(text.bytes, text.length, true);
        }
        database_drop();
    }
}

/* ---- every continuation ---------------------------------------------------------------------- */

static const char alphabet[] = {'a', 'b', ' ', '\n'};

typedef struct continuation {
    const item *item;
    char text[16];
    uint32_t length, start;
    /* with some continuation a match of start..length; with another none */
    bool ends_here, not_here;
} continuation;

/* Whether some continuation of at most `more` characters makes a match that ends behind `length`.
 */
static bool grows(continuation *c, uint32_t size, uint32_t more)
{
    const PCRE2_SIZE *ends;
    const uint32_t count = oracle_ends(c->item, c->text, size, c->start, &ends);
    bool here = false;
    for (uint32_t i = 0; i < count; i++) {
        if (ends[2 * i + 1] > c->length)
            return true;
        here = here || ends[2 * i + 1] == c->length;
    }
    *(here ? &c->ends_here : &c->not_here) = true;
    for (uint32_t i = 0; more > 0 && i < sizeof alphabet; i++) {
        c->text[size] = alphabet[i];
        if (grows(c, size + 1, more - 1))
            return true;
    }
    return false;
}

static uint32_t live_by_definition(const item *item, const char *text, uint32_t length,
                                   uint32_t most)
{
    for (uint32_t start = 0; start < length; start++) {
        continuation c = {.item = item, .length = length, .start = start};
        memcpy(c.text, text, length);
        if (grows(&c, length, most) || (c.ends_here && c.not_here))
            return start;
    }
    return length;
}

static void run_live(generator *random, uint32_t patterns, uint32_t texts)
{
    random->small = true;
    const uint64_t wanted = 1;
    for (uint32_t i = 0; i < patterns; i++) {
        string text = {.length = 0};
        const node *const node = expression_random(random);
        expression_write(node, false, &text);
        if (!regex_add(text.bytes, text.length, false, node))
            continue;
        const uint32_t longest = pattern_study(state.items[0].pattern).longest;
        if (longest <= 5) {
            database_make(true);
            for (uint32_t k = 0; k < texts; k++) {
                char bytes[4];
                const uint32_t length = generator_below(random, 5);
                for (uint32_t n = 0; n < length; n++)
                    bytes[n] = alphabet[generator_below(random, sizeof alphabet)];
                const uint32_t by_definition =
                    live_by_definition(&state.items[0], bytes, length, longest);
                const uint32_t said =
                    scan_live(state.database, state.scratch, bytes, length, 0, &wanted, &holder);
                state.live++;
                if (said != by_definition) {
                    expected = (spans){.items = {{by_definition, length}}, .count = 1};
                    seen = (spans){.items = {{said, length}}, .count = 1};
                    differs(&state.items[0], "live", bytes, length);
                }
            }
        }
        database_drop();
    }
    random->small = false;
}

/* ---- files ----------------------------------------------------------------------------------- */

static void run_file(const char *path)
{
    static char line[1 << 20];
    FILE *const file = fopen(path, "r");
    if (!file)
        die("cannot read", path);
    while (fgets(line, sizeof line, file)) {
        uint32_t length = (uint32_t)strcspn(line, "\n");
        char *const rest = line + 1;
        if (line[0] == 'P' || line[0] == 'C') {
            if (state.count == MOST_PATTERNS)
                die("too many patterns in", path);
            regex_add(rest, length - 1, line[0] == 'C', NULL);
        } else if (line[0] == 'T') {
            if (!state.database)
                database_make(true);
            length = (length - 1) / 2;
            for (uint32_t i = 0; i < length; i++) {
                const char digits[3] = {rest[2 * i], rest[2 * i + 1], '\0'};
                line[i] = (char)strtol(digits, NULL, 16);
            }
            compare_text(line, length, false);
        }
    }
    fclose(file);
    if (state.database)
        database_drop();
}

static bool all_seen(void)
{
    static const char *const names[] = {"literal", "number", "token",       "word",
                                        "start",   "digit",  "words before"};
    bool all = state.by_table > 0 && state.by_positions > 0 && state.live > 0 && state.swept > 0 &&
               state.found_from > 0 && state.followed > 0;
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
        printf("  by %s: %" PRIu64 "\n", names[i], state.by_trigger[i]);
        all = all && state.by_trigger[i] > 0;
    }
    printf("  by table: %" PRIu64 ", by positions: %" PRIu64 ", live: %" PRIu64 ", swept: %" PRIu64
           ", found from a place: %" PRIu64 ", followed: %" PRIu64 "\n",
           state.by_table, state.by_positions, state.live, state.swept, state.found_from,
           state.followed);
    return all;
}

int main(int argc, char **argv)
{
    arena_init(&state.memory, NULL, 0);
    state.data = pcre2_match_data_create(MOST_ENDS, NULL);
    state.workspace = malloc(WORKSPACE * sizeof *state.workspace);
    if (!state.data || !state.workspace)
        die("memory", "is short");
    const bool by_file = argc == 3 && strcmp(argv[1], "file") == 0;
    if (by_file) {
        run_file(argv[2]);
    } else {
        generator random = {
            .state = argc > 1 ? strtoull(argv[1], NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1 : 1};
        const uint32_t databases = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 200;
        const uint32_t texts = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 50;
        run_random(&random, databases, texts);
        run_live(&random, databases, 6);
    }
    printf("%" PRIu64 " checks, %" PRIu64 " with matches, %" PRIu64 " differences; in %" PRIu64
           " the oracle contradicts itself\n",
           state.checks, state.matches, state.differences, state.contradictions);
    const bool complete = by_file || all_seen();
    if (!complete)
        puts("some kind was never seen");
    scan_scratch_free(state.scratch);
    pcre2_match_data_free(state.data);
    free(state.workspace);
    arena_free(&state.memory);
    return state.differences > 0 || state.checks == 0 || !complete ||
           state.contradictions * 10000 > state.checks;
}

/*
 * bench_scan.c - the scanner beside one combined Hyperscan database of the same patterns.
 *
 *     bench_scan [ROUNDS [PATTERNS]] [--json FILE] [--dump FOLDER]
 *
 * Patterns: phrases, injections with gaps, credentials, mail addresses, telephone, card and account
 * numbers, from a fixed seed; 10 to 5,000 of them. Texts: prose and text dense with digits, of 256
 * bytes to 64 KiB. Hyperscan gets the expressions as they are, phrases as \bphrase\b, in block
 * mode, with a report for each pattern once (HS_FLAG_SINGLEMATCH), which is what scan_find answers.
 * It reports all that match, longest or not, takes ASCII edges for phrases, and reads bytes (as
 * UTF-8 it refuses gaps such as `.{0,40}` twice as too large). Both sides are asked in turn in the
 * same run; medians of the rounds, with the smallest and largest of the ratio.
 */
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/pattern/pattern.h"
#include "runtime/text/scan.h"
#include "tests/bench/bench.h"

enum { MOST_ROUNDS = 101, MOST_PATTERNS = 5000, MOST_TEXT = 65536 };

static const char *const words[] = {
    "the",          "meeting", "notes",    "for",      "team",      "list",      "every",
    "decision",     "with",    "owner",    "and",      "date",      "keep",      "tone",
    "friendly",     "but",     "brief",    "mention",  "open",      "questions", "at",
    "end",          "do",      "not",      "invent",   "anything",  "that",      "say",
    "about",        "budget",  "or",       "staff",    "today",     "please",    "summarise",
    "following",    "report",  "customer", "order",    "arrived",   "late",      "because",
    "weather",      "was",     "bad",      "in",       "north",     "we",        "should",
    "offer",        "refund",  "when",     "they",     "ask",       "system",    "message",
    "previous",     "version", "of",       "document", "describes", "how",       "users",
    "reset",        "their",   "password", "from",     "account",   "page",      "all",
    "instructions", "are",     "printed",  "on",       "box",       "rules",     "apply",
    "to",           "each",    "player",   "before",   "game",      "starts",    "new",
    "model",        "reads",   "long",     "texts",    "quickly",   "and",       "answers",
    "in",           "plain",   "language", "without",  "guessing",  "number",    "is",
    "call"};
enum { WORDS = sizeof words / sizeof *words };

typedef struct source {
    char *text;
    bool phrase;
} source;

static uint64_t seed = 88172645463325252u;

static uint32_t below(uint32_t bound)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed * UINT64_C(0x2545f4914f6cdd1d) >> 32) % bound);
}

static const char *word(void)
{
    return words[below(WORDS)];
}

/* A word that English does not have, of three to eight letters, so that patterns differ. */
static void coin(char out[16])
{
    const uint32_t length = 3 + below(6);
    for (uint32_t i = 0; i < length; i++)
        out[i] = i % 2 == 0 ? "bcdfghklmnprstvw"[below(16)] : "aeiou"[below(5)];
    out[length] = '\0';
}

static source pattern_make(uint32_t number)
{
    static const char *const fixed[] = {
        "(?i)\\b[a-z0-9][a-z0-9._%+\\-]{0,60}@[a-z0-9\\-]{1,60}\\.[a-z]{2,10}\\b",
        "\\b(?:\\+1[ .\\-]?)?\\(?[2-9][0-9]{2}\\)?[ .\\-][0-9]{3}[ .\\-][0-9]{4}\\b",
        "\\b[0-9](?:[ \\-]?[0-9]){12,18}\\b",
        "\\b[A-Z]{2}[0-9]{2}(?:[ ]?[A-Z0-9]{4}){3,7}\\b",
        "(?i)(?:ignore|disregard).{0,40}(?:previous|prior).{0,40}instructions?",
        "\\bAKIA[A-Z0-9]{16}\\b",
        "\\b[0-9]{3}-[0-9]{2}-[0-9]{4}\\b",
        "\\bgh[pousr]_[A-Za-z0-9]{36}\\b"};
    static char made[400];
    char one[16], two[16];
    source out = {.phrase = false};
    coin(one);
    coin(two);
    if (number < 8) {
        snprintf(made, sizeof made, "%s", fixed[number]);
    } else {
        switch (number % 10) {
        case 0:
            snprintf(made, sizeof made, "(?i)(?:%s|%s).{0,40}(?:%s|%s).{0,40}%ss?", one, two,
                     word(), word(), word());
            break;
        case 1:
            snprintf(made, sizeof made, "\\b%s_(?:live|test)_[A-Za-z0-9]{%u}\\b", one,
                     16 + below(24));
            break;
        case 2:
            snprintf(made, sizeof made, "(?i)\\b%s[ _\\-]?(?:id|no|number)[:# ]{1,3}[0-9]{%u}\\b",
                     one, 4 + below(8));
            break;
        default:
            snprintf(made, sizeof made, "%s %s", number % 3 == 0 ? one : word(),
                     number % 2 == 0 ? two : one);
            out.phrase = true;
        }
    }
    out.text = strdup(made);
    return out;
}

static void text_make(char *text, uint32_t length, bool digits)
{
    uint32_t at = 0;
    while (at < length) {
        char piece[80];
        if (digits && below(2) == 0)
            snprintf(piece, sizeof piece,
                     below(3) == 0   ? "%u-%03u-%u "
                     : below(2) == 0 ? "%u.%u %u "
                                     : "%u,%u;%u ",
                     below(100000), below(1000), below(10000));
        else
            snprintf(piece, sizeof piece, "%s%s", word(), below(12) == 0 ? ". " : " ");
        for (const char *c = piece; *c && at < length; c++)
            text[at++] = *c;
    }
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *user)
{
    (void)from;
    (void)to;
    (void)flags;
    uint64_t *const bits = user;
    bits[id / 64] |= UINT64_C(1) << (id % 64);
    return 0;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_scan: %s\n", what);
    exit(1);
}

typedef struct sides {
    arena memory;
    scan_database *database;
    scan_scratch *scratch;
    hs_database_t *other;
    hs_scratch_t *other_scratch;
    uint64_t found[MOST_PATTERNS / 64 + 1], unknown[MOST_PATTERNS / 64 + 1],
        bits[MOST_PATTERNS / 64 + 1];
    uint32_t numbers[MOST_PATTERNS];
} sides;

static void ours_build(sides *sides, const source *sources, uint32_t count)
{
    database_builder *const builder = database_begin(&sides->memory);
    for (uint32_t i = 0; i < count; i++) {
        pattern_error error;
        const uint32_t length = (uint32_t)strlen(sources[i].text);
        const pattern *const made =
            sources[i].phrase
                ? pattern_phrase(&sides->memory, sources[i].text, length, true, &error)
                : pattern_regex(&sides->memory, sources[i].text, length, false, &error);
        if (!made)
            die(error.text);
        sides->numbers[i] = database_add(builder, &(database_entry){.pattern = made});
    }
    const uint8_t *bytes;
    size_t length;
    const char *why;
    if (!database_finish(builder, false, &bytes, &length, &why))
        die(why);
    if (scan_database_open(bytes, length, NULL, &sides->database) != CST_OK ||
        scan_scratch_fit(&sides->scratch, sides->database, NULL) != CST_OK)
        die("cannot open");
    printf("%u patterns: %.1f MB", count, (double)length / 1e6);
}

static void other_build(sides *sides, const source *sources, uint32_t count)
{
    const char *expressions[MOST_PATTERNS];
    unsigned flags[MOST_PATTERNS], ids[MOST_PATTERNS];
    for (uint32_t i = 0; i < count; i++) {
        char edged[420];
        snprintf(edged, sizeof edged, sources[i].phrase ? "\\b%s\\b" : "%s", sources[i].text);
        expressions[i] = strdup(edged);
        flags[i] = HS_FLAG_SINGLEMATCH;
        ids[i] = i;
    }
    hs_compile_error_t *error = NULL;
    if (hs_compile_multi(expressions, flags, ids, count, HS_MODE_BLOCK, NULL, &sides->other,
                         &error) != HS_SUCCESS)
        die(error->message);
    if (hs_alloc_scratch(sides->other, &sides->other_scratch) != HS_SUCCESS)
        die("no scratch");
    size_t size = 0;
    hs_database_size(sides->other, &size);
    printf("; Hyperscan %.1f MB", (double)size / 1e6);
    for (uint32_t i = 0; i < count; i++)
        free((char *)(uintptr_t)expressions[i]);
}

static void same(const sides *sides, uint32_t count, FILE *out, const char *about)
{
    uint32_t differ = 0;
    double found[2] = {0, 0};
    for (uint32_t i = 0; i < count; i++) {
        const bool here = sides->found[sides->numbers[i] / 64] >> (sides->numbers[i] % 64) & 1,
                   there = sides->bits[i / 64] >> (i % 64) & 1;
        found[0] += here;
        found[1] += there;
        differ += here != there;
    }
    bench_record(out, about, "ours", "found", "patterns", &found[0], 1);
    bench_record(out, about, "Hyperscan", "found", "patterns", &found[1], 1);
    if (differ > 0)
        printf("  (%u patterns are answered differently)", differ);
}

static void measure(FILE *out, sides *sides, uint32_t count, const char *kind, const char *text,
                    uint32_t length, uint32_t rounds)
{
    double ours[MOST_ROUNDS], theirs[MOST_ROUNDS], ratio[MOST_ROUNDS];
    const uint32_t times = length >= MOST_TEXT ? 8 : length >= 4096 ? 100 : 1500;
    for (uint32_t round = 0; round <= rounds; round++) { /* the first is not counted */
        const uint32_t at = round == 0 ? 0 : round - 1;
        double begin = now();
        for (uint32_t i = 0; i < times; i++)
            scan_find(sides->database, sides->scratch, text, length, 0, sides->found,
                      sides->unknown);
        ours[at] = (now() - begin) / times;
        begin = now();
        for (uint32_t i = 0; i < times; i++) {
            memset(sides->bits, 0, sizeof sides->bits);
            hs_scan(sides->other, text, length, 0, sides->other_scratch, on_match, sides->bits);
        }
        theirs[at] = (now() - begin) / times;
        ratio[at] = theirs[at] / ours[at];
    }
    char about[64];
    snprintf(about, sizeof about, "%u patterns, %s, %u bytes", count, kind, length);
    bench_record(out, about, "ours", "scan", "ns", ours, rounds);
    bench_record(out, about, "Hyperscan", "scan", "ns", theirs, rounds);
    qsort(ours, rounds, sizeof *ours, compare_doubles);
    qsort(theirs, rounds, sizeof *theirs, compare_doubles);
    qsort(ratio, rounds, sizeof *ratio, compare_doubles);
    printf("%6u  %-6s %6u  %10.0f %12.0f   %6.2f  (%.2f .. %.2f)", count, kind, length,
           ours[rounds / 2], theirs[rounds / 2], ratio[rounds / 2], ratio[0], ratio[rounds - 1]);
    same(sides, count, out, about);
    putchar('\n');
}

/* The same patterns and texts as files, for the engines of the other programs: P or R and a tab
 * stand before a phrase or an expression. */
static void dump(const char *folder, const source *sources, const char *prose, const char *digits)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/patterns.txt", folder);
    FILE *const patterns = fopen(path, "w");
    for (uint32_t i = 0; patterns && i < MOST_PATTERNS; i++)
        fprintf(patterns, "%c\t%s\n", sources[i].phrase ? 'P' : 'R', sources[i].text);
    if (!patterns || fclose(patterns))
        die("cannot write the patterns");
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s.txt", folder, i ? "digits" : "prose");
        FILE *const text = fopen(path, "w");
        if (!text || fwrite(i ? digits : prose, 1, MOST_TEXT, text) != MOST_TEXT || fclose(text))
            die("cannot write the texts");
    }
}

int main(int argc, char **argv)
{
    FILE *const out = bench_json(&argc, argv);
    const char *folder = NULL;
    if (argc > 2 && strcmp(argv[argc - 2], "--dump") == 0) {
        folder = argv[argc - 1];
        argc -= 2;
    }
    static const uint32_t counts[] = {10, 100, 1000, 5000}, lengths[] = {256, 4096, MOST_TEXT};
    uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 11;
    rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
    const uint32_t only = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    static source sources[MOST_PATTERNS];
    static char prose[MOST_TEXT], digits[MOST_TEXT];
    static sides sides;
    for (uint32_t i = 0; i < MOST_PATTERNS; i++)
        sources[i] = pattern_make(i);
    text_make(prose, MOST_TEXT, false);
    text_make(digits, MOST_TEXT, true);
    if (folder)
        dump(folder, sources, prose, digits);
    for (uint32_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        if (only != 0 && counts[c] != only)
            continue;
        memset(&sides, 0, sizeof sides);
        arena_init(&sides.memory, NULL, 0);
        const double begin = now();
        ours_build(&sides, sources, counts[c]);
        printf(" in %.2f s", (now() - begin) / 1e9);
        const double other = now();
        other_build(&sides, sources, counts[c]);
        printf(" in %.2f s\n", (now() - other) / 1e9);
        printf("%6s  %-6s %6s  %10s %12s   %6s\n", "count", "text", "bytes", "ours, ns",
               "Hyperscan, ns", "ratio");
        for (uint32_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            measure(out, &sides, counts[c], "prose", prose, lengths[k], rounds);
            measure(out, &sides, counts[c], "digits", digits, lengths[k], rounds);
        }
        fflush(stdout);
        hs_free_scratch(sides.other_scratch);
        hs_free_database(sides.other);
        scan_scratch_free(sides.scratch);
        scan_database_close(sides.database);
        arena_free(&sides.memory);
    }
    for (uint32_t i = 0; i < MOST_PATTERNS; i++)
        free(sources[i].text);
    return 0;
}

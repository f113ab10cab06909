/*
 * bench_provenance.c - what it costs to keep where values came from, beside copying and hashing the
 * same bytes in the same run.
 *
 *     bench_provenance [--json FILE]
 *
 * Prose of many different words, in events of one to 64 KB, into a session that already holds 256
 * KB; then values of one and of twenty words that are there, and that are not. Two figures an
 * event: what adding costs, which each event pays; and what it costs to be asked about a text that
 * nobody has asked about yet, which puts it into an index, once. Medians of rounds; the ratio to
 * one pass of the hash over the same bytes is what counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/limits.h"
#include "runtime/text/provenance.h"
#define BENCH_CLOCK CLOCK_PROCESS_CPUTIME_ID
#include "tests/bench/bench.h"

enum { ROUNDS = 41, SESSION = 256 << 10, MOST = 64 << 10 };

static FILE *json;
static bool json_begun;

static double median(double *all)
{
    qsort(all, ROUNDS, sizeof *all, compare_doubles);
    return all[ROUNDS / 2];
}

static uint64_t state = 1;

static uint32_t below(uint32_t bound)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % bound;
}

/* Words as prose has them: a few very often, many seldom; now and then a number, an address, an
 * accent. */
static void prose(char *out, uint32_t length, const char *accent)
{
    uint32_t used = 0;
    while (used < length) {
        char word[64];
        const uint32_t kind = below(40);
        if (kind == 0)
            snprintf(word, sizeof word, "user%u@example%u.com ", below(1000), below(100));
        else if (kind == 1)
            snprintf(word, sizeof word, "%u.%02u ", below(5000), below(100));
        else if (kind == 2 && *accent)
            snprintf(word, sizeof word, "caf%s%u ", accent, below(100));
        else {
            const uint32_t size = 2 + below(8);
            uint32_t number = below(3) ? below(50) : below(20000);
            for (uint32_t i = 0; i < size; i++, number = number / 26 + i * 7)
                word[i] = (char)('a' + number % 26);
            snprintf(word + size, sizeof word - size, "%s", kind == 3 ? ". " : " ");
        }
        const uint32_t more = (uint32_t)strlen(word);
        memcpy(out + used, word, used + more > length ? length - used : more);
        used += more;
    }
}

/* Asks for a value of each of these types, or for a text. */
static void ask_types(provenance *from, arena *memory, uint32_t types)
{
    static const struct {
        uint32_t type;
        cst_kind kind;
        const char *text;
    } values[] = {{PROVENANCE_NUMBERS, CST_KIND_INT, NULL},
                  {PROVENANCE_EMAILS, CST_KIND_EMAIL, "user1@example.com"},
                  {PROVENANCE_URLS, CST_KIND_URL, "https://example.com/a"},
                  {PROVENANCE_HOSTS, CST_KIND_HOST, "example.com"},
                  {PROVENANCE_PATHS, CST_KIND_PATH, "/etc/passwd"},
                  {PROVENANCE_IPS, CST_KIND_IP, "10.0.0.1"},
                  {0, CST_KIND_STRING, "not there"}};
    const uint64_t source = 4, none = 0;
    const provenance_question question = {&source, &none, 4, true};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (values[i].type ? !(types & values[i].type) : types != 0 && types != PROVENANCE_ALL)
            continue;
        cst_value leaf = {.kind = (uint8_t)values[i].kind, .as.integer = 1234567};
        if (values[i].text) {
            leaf.as.text = values[i].text;
            leaf.length = (uint32_t)strlen(values[i].text);
        }
        uint64_t steps = LIMIT_PROVENANCE_STEPS;
        provenance_ask(from, memory, &question, &leaf, &steps);
    }
}

static void measure(const char *name, uint32_t types, const char *accent, uint32_t size)
{
    static char text[SESSION + MOST], copy[MOST];
    double adds[ROUNDS], asks[ROUNDS], copies[ROUNDS], hashes[ROUNDS];
    const cst_allocator allocator = allocator_or_default(NULL);
    arena memory;
    arena_init(&memory, &allocator, 0);
    volatile uint64_t sink = 0;
    for (int round = 0; round < ROUNDS; round++) {
        prose(text, sizeof text, accent);
        while (((unsigned char)text[SESSION] & 0xC0) == 0x80)
            text[SESSION] = ' ';
        provenance *const from = provenance_new(&allocator, 4, types, 42);
        provenance_add_text(from, 1, text, SESSION);
        ask_types(from, &memory, types);
        double added = 0, asked = 0;
        for (uint32_t at = 0; at + size <= MOST; at += size) {
            double start = now();
            provenance_step(from);
            provenance_add_text(from, 2, text + SESSION + at, size);
            added += now() - start;
            start = now();
            ask_types(from, &memory, types);
            asked += now() - start;
            arena_reset(&memory);
        }
        adds[round] = added / (MOST / 1024.0);
        asks[round] = asked / (MOST / 1024.0);
        double start = now();
        memcpy(copy, text + SESSION, MOST);
        sink += (unsigned char)copy[below(MOST)];
        copies[round] = (now() - start) / (MOST / 1024.0);
        start = now();
        sink += cst_hash_seeded(text + SESSION, MOST, sink);
        hashes[round] = (now() - start) / (MOST / 1024.0);
        provenance_free(from);
    }
    const double add = median(adds), ask = median(asks), plain = median(copies),
                 hash = median(hashes);
    printf("%-22s %6u bytes  add %6.0f  first asked %7.0f ns/KB (%.0f..%.0f)   copy %5.1f   hash "
           "%5.1f   add/hash %5.1f   asked/hash %6.1f\n",
           name, size, add, ask, asks[ROUNDS / 10], asks[ROUNDS - 1 - ROUNDS / 10], plain, hash,
           add / hash, ask / hash);
    if (json)
        fprintf(json,
                "%s\n "
                "{\"what\":\"%s\",\"event_bytes\":%u,\"add_ns_per_kb\":%.1f,\"first_asked_ns_per_"
                "kb\":%.1f,\"copy_ns_per_kb\":%.1f,\"hash_ns_per_kb\":%.1f}",
                json_begun ? "," : "[", name, size, add, ask, plain, hash);
    json_begun = true;
    arena_free(&memory);
}

static void ask(const char *name, uint32_t words, bool there)
{
    static char text[SESSION];
    double times[ROUNDS];
    const cst_allocator allocator = allocator_or_default(NULL);
    arena memory;
    arena_init(&memory, &allocator, 0);
    prose(text, sizeof text, "");
    provenance *const from = provenance_new(&allocator, 4, 0, 42);
    provenance_add_text(from, 1, text, SESSION);
    const uint64_t source = 2, none = 0;
    const provenance_question question = {&source, &none, 4, true};
    ask_types(from, &memory, 0);
    for (int round = 0; round < ROUNDS; round++) {
        double total = 0;
        for (int i = 0; i < 100; i++) {
            uint32_t start = below(SESSION - 4096), end = start;
            while (text[start] != ' ')
                start++;
            start++;
            for (uint32_t k = 0; k < words; k++) {
                end = end < start ? start : end + (k > 0);
                while (text[end] != ' ')
                    end++;
            }
            char value[4096];
            memcpy(value, text + start, end - start);
            if (!there)
                value[end - start - 1] = '~';
            const cst_value leaf = {
                .kind = CST_KIND_STRING, .as.text = value, .length = end - start};
            uint64_t steps = LIMIT_PROVENANCE_STEPS;
            const double begun = now();
            provenance_ask(from, &memory, &question, &leaf, &steps);
            total += now() - begun;
            arena_reset(&memory);
        }
        times[round] = total / 100;
    }
    const double one = median(times);
    printf("%-22s %6u words  %8.0f ns\n", name, words, one);
    if (json)
        fprintf(json, ",\n {\"what\":\"%s\",\"words\":%u,\"ns\":%.0f}", name, words, one);
    provenance_free(from);
    arena_free(&memory);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--json") == 0 && !(json = fopen(argv[2], "w")))
        return 1;
    measure("tokens", 0, "", 1 << 10);
    measure("tokens", 0, "", 8 << 10);
    measure("tokens", 0, "", 64 << 10);
    measure("tokens, some accents", 0, "\xc3\xa9", 8 << 10);
    measure("and e-mail", PROVENANCE_EMAILS, "", 8 << 10);
    measure("and numbers", PROVENANCE_NUMBERS, "", 8 << 10);
    measure("and paths", PROVENANCE_PATHS, "", 8 << 10);
    measure("all types", PROVENANCE_ALL, "", 8 << 10);
    ask("ask, there", 1, true);
    ask("ask, there", 20, true);
    ask("ask, not there", 1, false);
    ask("ask, not there", 20, false);
    if (json)
        fputs("\n]\n", json);
    return json && fclose(json) != 0;
}

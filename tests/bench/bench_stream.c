/*
 * bench_stream.c - a reply of 64 KB in pieces, beside the same reply in one block.
 *
 *     bench_stream [ROUNDS [FILE]] [--json FILE]
 *
 * The policy is one that a service would have: personal data, credentials and injected orders in
 * the output. The text is prose with some e-mail addresses, numbers and a card, so that something
 * is found and cut. Measured is all that a host calls: open, each feed, end; the block is decided
 * as a JSON event, for which the host calls nothing else. Prints medians of the rounds, with the
 * smallest and largest: the time of a piece, what the end takes (the whole decision), and the
 * throughput of all of it as a part of that of a block that was decided just before, so that both
 * had the same processor. FILE is another text: the sentences above
 * repeat, so that a stream soon has seen all of their words; a text that goes on saying new things
 * takes longer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <constitution/compiler.h>

#include "runtime/base/buffer.h"
#include "tests/bench/bench.h"

enum { MAX_ROUNDS = 51, TEXT_BYTES = 64 << 10 };

static const char policy_text[] =
    "constitution bench \"1\"\n"
    "import std.pii\n"
    "import std.secrets\n"
    "import std.injection\n"
    "rule personal on output when text contains any pii.personal then redact with \"[{kind}]\"\n"
    "rule keys on output when text contains any secrets.keys then redact with \"[key]\"\n"
    "rule carried on output when text folded contains any injection.instructions then deny\n";

static const char *const sentences[] = {
    "Please summarise the meeting notes for the team and list every decision with its owner and "
    "date. ",
    "The order arrived on Tuesday, 4 boxes in all, and nothing was missing. ",
    "You can write to ann@example.com if anything is unclear. ",
    "Résumé: Zoë’s café has a new menu, and the jalapeño soup is back. ",
    "Then call `open(path)` and read 4096 bytes at a time until it returns 0. ",
    "The total is 1,280.50 for 12 items; the reference is 2024-11-0042. ",
    "Remember that the previous instructions of the manual hold for version 3 as well. ",
    "The card 4111 1111 1111 1111 is only good for tests. ",
};

typedef struct series {
    double values[MAX_ROUNDS];
} series;

static void print(const char *what, series *series, uint32_t rounds, const char *unit)
{
    qsort(series->values, rounds, sizeof *series->values, compare_doubles);
    printf("  %-24s %10.2f %s (%.2f to %.2f)\n", what, series->values[rounds / 2], unit,
           series->values[0], series->values[rounds - 1]);
}

static void require(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_stream: %s failed\n", what);
    exit(1);
}

static const char head[] = "{\"stage\":\"output\"}";

static double in_block(cst_context *context, const buffer *event, cst_verdict *verdict)
{
    cst_decision decision;
    const double began = now();
    require(cst_decide_json(context, event->bytes, event->length, &decision) == CST_OK,
            "the block");
    *verdict = decision.verdict;
    return (now() - began) / 1e3;
}

static double in_pieces(cst_context *context, const buffer *text, size_t size, double *feeding,
                        cst_verdict *verdict)
{
    cst_stream *stream;
    cst_piece piece;
    cst_decision decision;
    const double began = now();
    require(cst_stream_open(context, head, sizeof head - 1, &stream) == CST_OK, "opening");
    for (size_t at = 0; at < text->length; at += size)
        require(cst_stream_feed(stream, text->bytes + at,
                                size < text->length - at ? size : text->length - at,
                                &piece) == CST_OK,
                "a piece");
    *feeding = (now() - began) / 1e3;
    require(cst_stream_end(stream, &piece, &decision) == CST_OK, "the end");
    *verdict = decision.verdict;
    cst_stream_close(stream);
    return (now() - began) / 1e3;
}

int main(int count, char **words)
{
    FILE *const out = bench_json(&count, words);
    static const size_t sizes[] = {4, 64, 1024, TEXT_BYTES};
    uint32_t rounds = count > 1 ? (uint32_t)strtoul(words[1], NULL, 10) : 11;
    rounds = rounds < 1 ? 1 : rounds > MAX_ROUNDS ? MAX_ROUNDS : rounds;
    cst_policy *policy = NULL;
    require(cst_policy_compile_text("bench.const", policy_text, sizeof policy_text - 1, NULL,
                                    &policy) == CST_OK,
            "compiling");
    cst_context *const context = cst_context_new(policy);
    buffer text, event;
    buffer_init(&text, NULL, 0);
    buffer_init(&event, NULL, 0);
    FILE *const file = count > 2 ? fopen(words[2], "rb") : NULL;
    require(count <= 2 || file, "opening the file");
    for (char some[4096]; file && !feof(file);)
        buffer_add(&text, some, fread(some, 1, sizeof some, file));
    if (file)
        fclose(file);
    for (uint32_t i = 0; !file && text.length < TEXT_BYTES;
         i++) /* a card and an address are rare */
        buffer_text(&text, sentences[i % 37 == 0                ? 7
                                     : i % 11 == 0              ? 2
                                     : (i * 5 + i / 7) % 7 == 2 ? 3
                                                                : (i * 5 + i / 7) % 7]);
    buffer_text(&event, "{\"stage\":\"output\",\"text\":");
    buffer_json_string(&event, text.bytes, text.length);
    buffer_text(&event, "}");
    series block, piece, end, ratio;
    cst_verdict verdict, other;
    in_block(context, &event, &verdict);
    for (uint32_t i = 0; i < rounds; i++)
        block.values[i] = in_block(context, &event, &verdict);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%zu bytes, decision %s\n", text.length, cst_verdict_name(verdict));
    printf("in one block\n");
    bench_record(out, "block", "ours", "whole", "us", block.values, rounds);
    print("whole", &block, rounds, "us");
    for (uint32_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const size_t pieces = (text.length + sizes[k] - 1) / sizes[k];
        for (uint32_t i = 0; i < rounds; i++) {
            double feeding;
            const double whole = in_block(context, &event, &verdict);
            const double all = in_pieces(context, &text, sizes[k], &feeding, &other);
            require(other == verdict, "the same decision");
            piece.values[i] = feeding / (double)pieces;
            end.values[i] = all - feeding;
            ratio.values[i] = whole / all;
        }
        char about[64];
        snprintf(about, sizeof about, "pieces of %zu bytes", sizes[k]);
        bench_record(out, about, "ours", "piece", "us", piece.values, rounds);
        bench_record(out, about, "ours", "end", "us", end.values, rounds);
        bench_record(out, about, "ours", "throughput of the block", "ratio", ratio.values, rounds);
        printf("pieces of %zu bytes\n", sizes[k]);
        print("a piece", &piece, rounds, "us");
        print("the end", &end, rounds, "us");
        print("throughput, of the block", &ratio, rounds, "x");
    }
    buffer_free(&text);
    buffer_free(&event);
    cst_context_free(context);
    cst_policy_release(policy);
    return 0;
}

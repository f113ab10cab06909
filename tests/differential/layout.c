/*
 * layout.c - the layout of policies that nobody laid out: LAYOUT SEED ROUNDS FILE…
 *
 * Every file, and random policies as many as there are rounds, is checked as it is and with the
 * gaps between its tokens made anew at random: blanks, tabs, line ends of both kinds, comments.
 * tests/fuzz/format_properties.h has what must hold. Files with syntax errors are counted apart:
 * they have no layout.
 */
#include "random_policy.h"
#include "tests/fuzz/format_properties.h"

enum { SCRAMBLES = 3, RULES = 12 };

typedef struct counts {
    uint32_t laid_out, broken;
} counts;

static void gap_write(random_state *random, buffer *out, bool may_be_empty)
{
    static const char *const gaps[] = {
        " ",    " ",      " ",        "  ",     "   ",
        "\t",   "\n",     "\n",       "\r\n",   "\n\n\n",
        " \n ", "\n\t\t", "\r\n\r\n", "\n    ", " // \xc3\xbc \"x\n"};
    if (may_be_empty && random_chance(random, 50))
        return;
    for (uint32_t count = 1 + random_below(random, 2); count > 0; count--)
        buffer_text(out, gaps[random_below(random, sizeof gaps / sizeof *gaps)]);
    if (random_chance(random, 5))
        buffer_format(out, "//%u {\n", random_below(random, 10));
    if (random_chance(random, 10))
        buffer_format(out, "%*s", (int)random_below(random, 40), "");
    if (random_chance(random, 5))
        buffer_text(out, "// above\n   // \\ below\t \r\n");
}

/* The same tokens with other gaps. `calm` gaps mostly are blanks in one line. */
static void scramble(random_state *random, const char *text, size_t length, bool calm, buffer *out)
{
    compilation unit;
    compilation_begin(&unit, NULL, NULL);
    if (setjmp(unit.out_of_memory) != 0)
        abort();
    const uint32_t number = source_add(&unit, "in.const", text, length);
    struct parsing parsing = {.compilation = &unit,
                              .arena = &unit.arena,
                              .source = number,
                              .bytes = unit.sources.items[number].bytes,
                              .length = unit.sources.items[number].length};
    struct lexer lexer;
    lexer_begin(&lexer, &parsing);
    uint32_t end = 0;
    for (struct token token; (token = lexer_next(&lexer)).kind != TOKEN_END; end = token.end) {
        if (calm && random_chance(random, 80))
            buffer_add(out, parsing.bytes + end, token.start - end);
        else
            gap_write(random, out, token.start == end);
        buffer_add(out, parsing.bytes + token.start, token.end - token.start);
    }
    compilation_end(&unit);
}

static void check_text(random_state *random, const char *text, size_t length, counts *counts)
{
    const bool parses = format_check(text, length);
    counts->laid_out += parses;
    counts->broken += !parses;
    for (uint32_t i = 0; parses && i < SCRAMBLES; i++) {
        buffer mixed;
        buffer_init(&mixed, NULL, 0);
        scramble(random, text, length, i % 2 == 0, &mixed);
        counts->laid_out += format_check(mixed.length > 0 ? mixed.bytes : "", mixed.length);
        buffer_free(&mixed);
    }
}

static bool check_file(random_state *random, const char *path, counts *counts)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL)
        return false;
    buffer text;
    buffer_init(&text, NULL, 0);
    char block[1 << 14];
    for (size_t count; (count = fread(block, 1, sizeof block, file)) > 0;)
        buffer_add(&text, block, count);
    fclose(file);
    check_text(random, text.length > 0 ? text.bytes : "", text.length, counts);
    buffer_free(&text);
    return true;
}

int main(int count, char **words)
{
    if (count < 3) {
        fputs("layout SEED ROUNDS FILE…\n", stderr);
        return 2;
    }
    random_state random = {strtoull(words[1], NULL, 10)};
    counts counts = {0};
    for (int i = 3; i < count; i++)
        if (!check_file(&random, words[i], &counts)) {
            fprintf(stderr, "%s cannot be read\n", words[i]);
            return 1;
        }
    const uint32_t broken = counts.broken;
    for (unsigned long long i = strtoull(words[2], NULL, 10); i > 0; i--) {
        random_policy policy = {0};
        buffer text, upper;
        buffer_init(&text, NULL, 0);
        buffer_init(&upper, NULL, 0);
        random_policy_write(&random, &policy, RULES, &text, &upper);
        check_text(&random, text.bytes, text.length, &counts);
        if (policy.layered)
            check_text(&random, upper.bytes, upper.length, &counts);
        buffer_free(&text);
        buffer_free(&upper);
    }
    printf("%u texts laid out, %u files without a layout\n", counts.laid_out, broken);
    return counts.broken == broken && counts.laid_out > 0 ? 0 : 1;
}

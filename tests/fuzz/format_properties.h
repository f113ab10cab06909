/*
 * format_properties.h - what holds of the layout of any policy; for the fuzz target and for the
 * random texts of tests/differential/layout.c.
 *
 * Asked of the result from outside: its tokens by the dump, its comments by the gaps between
 * tokens, its meaning by the dump of its tree. A property that does not hold aborts, with the text
 * on stderr. Included by one file of a program.
 */
#ifndef CONSTITUTION_TESTS_FORMAT_PROPERTIES_H
#define CONSTITUTION_TESTS_FORMAT_PROPERTIES_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/syntax/dump.h"
#include "compiler/syntax/format.h"
#include "compiler/syntax/syntax.h"

static void format_demand(bool condition, const char *property, const char *text, size_t length)
{
    if (condition)
        return;
    fprintf(stderr, "%s: does not hold of:\n", property);
    fwrite(text, 1, length, stderr);
    fputs("\n", stderr);
    abort();
}

/* The comments of a source, each behind the number of tokens before it; what stands at their ends
 * in blanks does not count. */
static void format_comments(buffer *out, compilation *unit, uint32_t number)
{
    struct parsing parsing = {.compilation = unit,
                              .arena = &unit->arena,
                              .source = number,
                              .bytes = unit->sources.items[number].bytes,
                              .length = unit->sources.items[number].length};
    struct lexer lexer;
    lexer_begin(&lexer, &parsing);
    uint32_t from = 0;
    for (uint32_t tokens = 0;; tokens++) {
        const struct token token = lexer_next(&lexer);
        const char *at = parsing.bytes + from, *const end = parsing.bytes + token.start;
        while (at < end && (at = memchr(at, '/', (size_t)(end - at))) != NULL) {
            const char *stop = memchr(at, '\n', (size_t)(end - at));
            const char *const next = stop = stop != NULL ? stop : end;
            while (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\r')
                stop--;
            buffer_format(out, "%u %.*s\n", tokens, (int)(stop - at), at);
            at = next;
        }
        if (token.kind == TOKEN_END)
            return;
        from = token.end;
    }
}

/* Tokens without their places, the tree, the comments. */
static void format_describe(buffer *out, compilation *unit, uint32_t number)
{
    buffer tokens;
    buffer_init(&tokens, NULL, 0);
    tokens_dump(&tokens, unit, number);
    for (const char *at = tokens.bytes; *at != '\0';) {
        const char *const blank = strchr(at, ' '), *const end = strchr(at, '\n');
        buffer_add(out, blank, (size_t)(end + 1 - blank));
        at = end + 1;
    }
    buffer_free(&tokens);
    ast_dump(out, unit, pass_parse(unit, number));
    format_comments(out, unit, number);
}

static void format_check_lines(const buffer *text, const char *given, size_t length)
{
    const char *const bytes = text->length > 0 ? text->bytes : "";
    const bool bare = text->length == 0 || (text->length == 3 && bytes[0] == '\xef'); /* a mark */
    format_demand(bare || bytes[text->length - 1] == '\n', "the last line has its end", given,
                  length);
    for (size_t i = 1; i < text->length; i++) {
        if (bytes[i] != '\n' && bytes[i] != '\r')
            continue;
        const bool ends = bytes[i] == '\n' || (i + 1 < text->length && bytes[i + 1] == '\n');
        format_demand(!ends || (bytes[i - 1] != ' ' && bytes[i - 1] != '\t'),
                      "no line ends with a blank", given, length);
        format_demand(i < 2 || bytes[i] != '\n' || bytes[i - 1] != '\n' || bytes[i - 2] != '\n',
                      "no two empty lines", given, length);
    }
}

static void format_check_parsed(compilation *unit, const char *text, size_t length, buffer *out,
                                buffer *again)
{
    buffer before, after;
    buffer_init(&before, NULL, 0);
    buffer_init(&after, NULL, 0);
    const format_answer answer = source_format(unit, 0, out);
    format_demand(answer == FORMAT_DONE || answer == FORMAT_TOO_LONG, "there is a layout", text,
                  length);
    if (answer == FORMAT_DONE) {
        const uint32_t number =
            source_add(unit, "out.const", out->length > 0 ? out->bytes : "", out->length);
        format_describe(&before, unit, 0);
        format_describe(&after, unit, number);
        format_demand(before.length == after.length &&
                          memcmp(before.bytes, after.bytes, before.length) == 0,
                      "tokens, tree and comments stay", text, length);
        format_demand(source_format(unit, number, again) == FORMAT_DONE &&
                          out->length == again->length &&
                          (out->length == 0 || memcmp(out->bytes, again->bytes, out->length) == 0),
                      "a layout stays as it is", text, length);
        format_check_lines(out, text, length);
    }
    buffer_free(&before);
    buffer_free(&after);
}

/* True if it parses. */
static bool format_check(const char *text, size_t length)
{
    compilation unit;
    buffer out, again;
    volatile bool parsed = false;
    buffer_init(&out, NULL, 0);
    buffer_init(&again, NULL, 0);
    compilation_begin(&unit, NULL, NULL);
    if (setjmp(unit.out_of_memory) == 0) {
        const uint32_t number = source_add(&unit, "in.const", text, length);
        if (number == 0) {
            parsed = !pass_parse(&unit, number)->has_errors;
            if (parsed)
                format_check_parsed(&unit, text, length, &out, &again);
            else
                format_demand(source_format(&unit, number, &out) == FORMAT_ERRORS,
                              "what does not parse has no layout", text, length);
        }
    }
    compilation_end(&unit);
    buffer_free(&out);
    buffer_free(&again);
    return parsed;
}

#endif

/*
 * tokens_dump.c - the tokens of a source as the lexer makes them, before it is decided which words
 * are names.
 */
#include "compiler/syntax/dump.h"
#include "compiler/syntax/syntax.h"

void tokens_dump(buffer *out, compilation *compilation, uint32_t number)
{
    const source *const source = &compilation->sources.items[number];
    struct parsing parsing = {.compilation = compilation,
                              .arena = &compilation->arena,
                              .source = number,
                              .bytes = source->bytes,
                              .length = source->length};
    struct lexer lexer;
    lexer_begin(&lexer, &parsing);
    for (;;) {
        const struct token token = lexer_next(&lexer);
        const source_position at = source_locate(compilation, number, token.start);
        buffer_format(out, "%u:%u %s", at.line, at.column, token_symbol(token.kind));
        if (token.end > token.start) {
            buffer_text(out, " ");
            buffer_json_string(out, parsing.bytes + token.start, token.end - token.start);
        }
        buffer_text(out, token.flags & TOKEN_BROKEN ? " malformed\n" : "\n");
        if (token.kind == TOKEN_END)
            return;
    }
}

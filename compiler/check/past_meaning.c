/*
 * past_meaning.c - what makes two questions about the past one: their words, and the constants that
 * stand for names in them.
 *
 * Words are compared as the lexer reads them, so layout and comments make no difference, and what
 * stands inside of quotes does: two questions that are taken for one although they differ would
 * answer for each other. Each part carries its length, so that no text can look like two.
 */
#include "compiler/check/expression.h"
#include "compiler/syntax/syntax.h"

void meaning_add_text(arena *arena, meaning *out, const char *bytes, size_t length)
{
    const char *const size = arena_format(arena, "%zu:", length);
    for (const char *at = size; *at != '\0'; at++)
        *ARENA_PUSH(arena, out) = *at;
    for (size_t i = 0; i < length; i++)
        *ARENA_PUSH(arena, out) = bytes[i];
}

void meaning_add_number(arena *arena, meaning *out, int64_t number)
{
    const char *const text = arena_format(arena, "%lld", (long long)number);
    meaning_add_text(arena, out, text, strlen(text));
}

void meaning_add_words(compilation *compilation, meaning *out, source_range range)
{
    const source *const source = &compilation->sources.items[range.file];
    struct parsing parsing = {.compilation = compilation,
                              .arena = &compilation->arena,
                              .source = range.file,
                              .bytes = source->bytes + range.start,
                              .length = source->length - range.start};
    struct lexer lexer; /* it stops at the end of the file only */
    lexer_begin(&lexer, &parsing);
    for (struct token token = lexer_next(&lexer);
         token.kind != TOKEN_END && token.end <= range.end - range.start;
         token = lexer_next(&lexer))
        meaning_add_text(&compilation->arena, out, parsing.bytes + token.start,
                         token.end - token.start);
    meaning_add_text(&compilation->arena, out, "", 0);
}

void meaning_add_constant(compilation *compilation, meaning *out, const binding *binding)
{
    arena *const arena = &compilation->arena;
    meaning_add_text(arena, out, binding->name.bytes, binding->name.length);
    if (binding->kind == BINDING_ELEMENT) {
        const set_element *const element = binding->element;
        meaning_add_number(arena, out, (int64_t)element->kind);
        if (element->kind == AST_PATH)
            meaning_add_words(compilation, out, element->path.range);
        meaning_add_text(arena, out, element->text.bytes,
                         element->text.bytes != NULL ? element->text.length : 0);
        meaning_add_number(arena, out, element->integer);
        return;
    }
    const cst_value *const constant = &binding->value->constant;
    meaning_add_number(arena, out, constant->kind);
    if (kind_has_text(constant->kind))
        meaning_add_text(arena, out, constant->as.text, constant->length);
    else
        meaning_add_number(arena, out, constant->as.integer);
}

/*
 * lexer.re - the tokens of the language, for re2c: one line for each form, and the action says which struct token it is.
 *
 * The input is a whole source with a NUL behind its last byte; re2c's end-of-input rule tells that NUL from one in the text.
 * Keywords are found in a table (grammar/tokens.def), not here, because whether a word is a keyword is decided
 * later, by the driver and the parser. What is malformed is reported in compiler/syntax/lexical.c, and becomes a struct token of the
 * kind that was meant, so that the parser can go on. Characters that no text may hold have been reported
 * before (lexical_check_bytes): here they are skipped.
 */
#include <string.h>

#include "compiler/syntax/syntax.h"

void lexer_begin(struct lexer *lexer, struct parsing *parsing)
{
    lexer->parsing = parsing;
    lexer->cursor = parsing->bytes;
    lexer->limit = parsing->bytes + parsing->length;
    lexer->no_comment_end = false;
    if (parsing->length >= 3 && memcmp(parsing->bytes, "\xef\xbb\xbf", 3) == 0)
        lexer->cursor += 3;
}

static struct token make(const struct lexer *lexer, uint16_t kind, uint32_t start)
{
    const uint32_t end = (uint32_t)(lexer->cursor - lexer->parsing->bytes);
    return (struct token){.kind = kind, .start = start, .end = end};
}

#define HERE(kind) return make(lexer, TOKEN_##kind, start)

static struct token scan(struct lexer *lexer)
{
    const char *marker = lexer->cursor;
    struct token result = {0};
    for (;;) {
        const uint32_t start = (uint32_t)(lexer->cursor - lexer->parsing->bytes);
        /*!re2c
        re2c:define:YYCTYPE  = "unsigned char";
        re2c:define:YYCURSOR = lexer->cursor;
        re2c:define:YYLIMIT  = lexer->limit;
        re2c:define:YYMARKER = marker;
        re2c:define:YYPEEK   = "*(const unsigned char *)lexer->cursor";
        re2c:api             = custom;
        re2c:api:style       = free-form;
        re2c:define:YYSKIP   = "++lexer->cursor;";
        re2c:define:YYBACKUP = "marker = lexer->cursor;";
        re2c:define:YYRESTORE = "lexer->cursor = marker;";
        re2c:define:YYLESSTHAN = "lexer->limit <= lexer->cursor";
        re2c:yyfill:enable   = 0;
        re2c:eof             = 0;

        space   = [ \t\r\n\x00-\x08\x0b\x0c\x0e-\x1f\x7f];
        digits  = "0" | [1-9] [0-9]*;
        decimal = digits "." [0-9]+;
        in_string = [^"\\\n] | "\\" [^\n];
        in_regex  = [^/\\\n] | "\\" [^\n];
        to_regex  = [^/*\\\n] | "\\" [^\n];   // what a regex starts with: not a comment of another language

        $                                   { HERE(END); }
        space+                              { continue; }
        "//" [^\n]*                         { continue; }
        "/*"                                { lexical_block_comment(lexer, start); continue; }
        "#"                                 { lexical_hash_comment(lexer, start); continue; }

        [A-Za-z_] [A-Za-z0-9_]*             { return lexical_name(lexer, start); }
        ["] in_string* ["]                  { HERE(STRING); }
        ["] in_string* "\\"?                { return lexical_unclosed(lexer, TOKEN_STRING, start); }
        "'"                                 { return lexical_quotes(lexer, start); }
        "/" to_regex in_regex* "/"                 { HERE(REGEX); }
        "/" (to_regex in_regex*)? "\\"?              { return lexical_unclosed(lexer, TOKEN_REGEX, start); }

        digits                              { HERE(INT); }
        decimal                             { HERE(DECIMAL); }
        (digits | decimal) [eE] [+-]? [0-9]+    { HERE(FLOAT); }
        digits ("us" | "ms" | [smhdw])      { HERE(DURATION); }
        [0-9] [0-9A-Za-z_.]*                { return lexical_number(lexer, start); }
        "." [0-9] [0-9A-Za-z_.]*            { return lexical_number(lexer, start); }

        "("                                 { HERE(LEFT_PAREN); }
        ")"                                 { HERE(RIGHT_PAREN); }
        "{"                                 { HERE(LEFT_BRACE); }
        "}"                                 { HERE(RIGHT_BRACE); }
        "["                                 { HERE(LEFT_BRACKET); }
        "]"                                 { HERE(RIGHT_BRACKET); }
        ","                                 { HERE(COMMA); }
        ":"                                 { HERE(COLON); }
        "?"                                 { HERE(QUESTION); }
        "."                                 { HERE(DOT); }
        "="                                 { HERE(ASSIGN); }
        "=="                                { HERE(EQ); }
        "!="                                { HERE(NE); }
        "<"                                 { HERE(LT); }
        "<="                                { HERE(LE); }
        ">"                                 { HERE(GT); }
        ">="                                { HERE(GE); }
        "+"                                 { HERE(PLUS); }
        "-"                                 { HERE(MINUS); }
        "*"                                 { HERE(STAR); }

        "&" | "&&"                          { return lexical_operator(lexer, start, TOKEN_AND); }
        "|" | "||"                          { return lexical_operator(lexer, start, TOKEN_OR); }
        "!"                                 { return lexical_operator(lexer, start, TOKEN_NOT); }
        "==="                               { return lexical_operator(lexer, start, TOKEN_EQ); }
        "!==" | "<>"                        { return lexical_operator(lexer, start, TOKEN_NE); }
        "=>"                                { return lexical_operator(lexer, start, TOKEN_GE); }

        [\x80-\xff]                         { if (lexical_foreign(lexer, start, &result)) return result; continue; }
        *                                   { lexical_stray(lexer, start); continue; }
        */
    }
}

struct token lexer_next(struct lexer *lexer)
{
    const uint32_t before = (uint32_t)(lexer->cursor - lexer->parsing->bytes);
    struct token result = scan(lexer);
    const char *const bytes = lexer->parsing->bytes;
    if (before == 0 || memchr(bytes + before, '\n', result.start - before))
        result.flags |= TOKEN_FIRST;
    return result;
}

/*
 * tokens.c - what is known of each kind of token: the table of grammar/tokens.def, and a search by
 * halves in its words.
 */
#include <string.h>

#include "compiler/syntax/syntax.h"

typedef struct word {
    uint16_t kind;
    const char *text;
} word;

static const word words[] = {
#define WORD(symbol, text, standing, group) {TOKEN_##symbol, text},
#include "grammar/tokens.def"
};

uint16_t token_of_word(const char *bytes, uint32_t length)
{
    size_t low = 0, high = sizeof words / sizeof *words;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const char *const text = words[middle].text;
        const int order = strncmp(bytes, text, length);
        if (order == 0 && text[length] == '\0')
            return words[middle].kind;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return TOKEN_NAME;
}

bool token_is_word(uint16_t kind)
{
    return token_group_of(kind) != GROUP_NONE;
}

bool token_is_reserved(uint16_t kind)
{
#define RESERVED true
#define SOFT     false
    switch (kind) {
#define WORD(symbol, text, standing, group)                                                        \
    case TOKEN_##symbol: return standing;
#include "grammar/tokens.def"
    default: return false;
    }
#undef RESERVED
#undef SOFT
}

token_group token_group_of(uint16_t kind)
{
    switch (kind) {
#define WORD(symbol, text, standing, group)                                                        \
    case TOKEN_##symbol: return GROUP_##group;
#include "grammar/tokens.def"
    default: return GROUP_NONE;
    }
}

const char *token_text(uint16_t kind)
{
    switch (kind) {
#define WORD(symbol, text, standing, group)                                                        \
    case TOKEN_##symbol: return text;
#define MARK(symbol, text)                                                                         \
    case TOKEN_##symbol: return text;
#define LITERAL(symbol, phrase)                                                                    \
    case TOKEN_##symbol: return phrase;
#include "grammar/tokens.def"
    default: return "the end of the file";
    }
}

const char *token_symbol(uint16_t kind)
{
    switch (kind) {
#define WORD(symbol, text, standing, group)                                                        \
    case TOKEN_##symbol: return #symbol;
#define MARK(symbol, text)                                                                         \
    case TOKEN_##symbol: return #symbol;
#define LITERAL(symbol, phrase)                                                                    \
    case TOKEN_##symbol: return #symbol;
#include "grammar/tokens.def"
    default: return "END";
    }
}

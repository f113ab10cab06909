/*
 * token.h - texts without case and without regard to how much white space stands in them, and the tokens in them.
 *
 * A token is a maximal run of letters, marks and digits, joined by one of `. - _ @ : / # % + ,` between two of them. In scripts without spaces between
 * words each character is a token. The canonical form of a text has no case (one character to one, never across the border of ASCII),
 * one space for each run of white space, and none at its ends; look-alikes stay what they are.
 *
 * Layer 1: bytes in, valid UTF-8; no memory.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_TOKEN_H
#define CONSTITUTION_RUNTIME_TEXT_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

/* A token, as bytes of its text. */
typedef void token_visit(void *user, uint32_t start, uint32_t end);
void tokens_visit(const char *text, uint32_t length, token_visit *visit, void *user);

/* The same with a loop around the caller's own code: blocks of 64 bytes, a bit each. */
typedef struct token_block {
    uint64_t word;  /* bytes of characters of tokens */
    uint64_t join;  /* joiners, whatever stands around them */
    uint64_t alone; /* first bytes of characters that are tokens alone */
} token_block;
token_block token_block_at(const char *text, uint32_t length, uint32_t at);

static inline bool token_joins(char c)
{
    return (c >= '+' && c <= '/') || c == ':' || c == '_' || c == '@' || c == '#' || c == '%';
}

/* Whether no token goes on across the border before byte `at`, which is the start of a character or the end. */
bool token_border(const char *text, uint32_t length, uint32_t at);

/* The canonical form in `out`, which has room for 2 * length bytes; gives its length. */
uint32_t canonical_write(const char *text, uint32_t length, char *out);

#endif

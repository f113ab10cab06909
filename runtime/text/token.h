/*
 * token.h - texts without case and without regard to how much white space stands in them, and the
 * tokens in them.
 *
 * A token is a maximal run of letters, marks and digits, joined by one of `. - _ @ : / # % + ,`
 * between two of them. In scripts without spaces between words each character is a token. The
 * canonical form of a text has no case (one character to one, never across the border of ASCII),
 * one space for each run of white space, and none at its ends; look-alikes stay what they are.
 *
 * Layer 1: bytes in, valid UTF-8; no memory.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_TOKEN_H
#define CONSTITUTION_RUNTIME_TEXT_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

/* Blocks of 64 bytes, a bit each. */
typedef struct token_block {
    uint64_t word;  /* bytes of characters of tokens */
    uint64_t join;  /* joiners, whatever stands around them */
    uint64_t alone; /* first bytes of characters that are tokens alone */
} token_block;
token_block token_block_at(const char *text, uint32_t length, uint32_t at);

/* A token, as bytes of its text. */
typedef void token_visit(void *user, uint32_t start, uint32_t end);

/* All tokens of a text of less than 2^32 - 128 bytes. In the header, so that the visitor becomes a
 * part of the loop. */
static inline void tokens_visit(const char *text, uint32_t length, token_visit *visit, void *user)
{
    token_block block = token_block_at(text, length, 0);
    uint64_t before = 0, inside_before = 0; /* the last bits of the block before */
    uint32_t open = UINT32_MAX;
    for (uint32_t at = 0; at < length; at += 64) {
        const token_block next = token_block_at(text, length, at + 64);
        const uint64_t joined =
            block.join & (block.word << 1 | before) & (block.word >> 1 | next.word << 63);
        const uint64_t inside = block.word | joined;
        for (uint64_t turns = inside ^ (inside << 1 | inside_before); turns; turns &= turns - 1) {
            const uint32_t place = at + (uint32_t)__builtin_ctzll(turns);
            if (open == UINT32_MAX) {
                open = place;
            } else {
                visit(user, open, place);
                open = UINT32_MAX;
            }
        }
        for (uint64_t alone = block.alone; alone; alone &= alone - 1) {
            const uint32_t place = at + (uint32_t)__builtin_ctzll(alone);
            uint32_t end = place + 1;
            while (end < length && ((unsigned char)text[end] & 0xC0) == 0x80)
                end++;
            visit(user, place, end);
        }
        before = block.word >> 63;
        inside_before = inside >> 63;
        block = next;
    }
    if (open != UINT32_MAX)
        visit(user, open, length);
}

static inline bool token_joins(char c)
{
    return (c >= '+' && c <= '/') || c == ':' || c == '_' || c == '@' || c == '#' || c == '%';
}

/* Whether no token goes on across the border before byte `at`, which is the start of a character or
 * the end. */
bool token_border(const char *text, uint32_t length, uint32_t at);

/* The canonical form in `out`, which has room for 2 * length bytes; gives its length. */
uint32_t canonical_write(const char *text, uint32_t length, char *out);

#endif

/*
 * fold.h - the state of folding one text, shared by fold.c (characters, words and runs of letters)
 * and fold_word.c (what is done to one word). Private to the two.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_FOLD_H
#define CONSTITUTION_RUNTIME_TEXT_FOLD_H

#include "runtime/text/unicode_table.h"
#include "runtime/text/view_private.h"
#include "runtime/utf8.h"

/* Where reading stands: a character may fold to several. */
typedef struct fold_cursor {
    uint32_t at;   /* the next character of the source */
    uint32_t left; /* what is left of the one before it */
    const uint32_t *rest;
    uint32_t start, end; /* its bytes */
} fold_cursor;

typedef struct fold_element {
    uint32_t code;
    uint32_t start, end;    /* bytes of the source */
    const unicode_row *row; /* of `code` */
} fold_element;

/* A word: letters, marks and digits of one kind of script, with signs between them. */
typedef struct fold_word {
    uint32_t start;  /* in what is written */
    uint32_t before; /* the character before it; 0: none */
    uint32_t last;   /* its last letter so far, and how often in a row */
    uint32_t times;
    uint8_t script; /* of its first letter */
    bool mixed;     /* letters of several scripts */
    bool looks;     /* a letter that can be taken for an ASCII one */
    bool odd;       /* a letter that cannot, and is no ASCII letter */
    bool letters, swaps, at_sign, tripled;
} fold_word;

/* Letters on their own with one and the same separator between them. */
typedef struct fold_run {
    uint32_t count;
    uint32_t start, end; /* in what is written: of the first letter, behind the last */
    uint32_t separator;  /* 0: not known yet */
    uint32_t gaps, gap;  /* separators since the last letter, and the last of them */
    bool looks;          /* one of them can be taken for an ASCII letter */
    bool wide;           /* a gap of several blanks */
} fold_run;

typedef struct piece_copy {
    view_piece *items;
    uint32_t count, capacity;
} piece_copy;

typedef struct folder {
    view_writer writer;
    const char *text;
    uint32_t length;
    fold_word word;
    fold_run run;
    bool in_word, again; /* again: reading what was written, not the text */
    uint32_t last;       /* the character written last, where, and what it was made of */
    uint32_t last_out, last_start, last_end;
    piece_copy word_pieces, run_pieces;
} folder;

/* Reads back a stretch that was written, with its sources, while it is written anew from its start.
 */
typedef struct fold_reader {
    const folder *folder;
    const piece_copy *pieces;
    uint32_t at, end, piece;
} fold_reader;

static inline bool fold_is_digit(uint32_t code)
{
    return code - '0' < 10;
}

static inline bool fold_is_sign(uint32_t code)
{
    return code == '@' || code == '$' || code == '!';
}

/* One character of the middle of a word, in its folded form, and its row: a letter that is as long
 * as what it was written as, and melts with nothing. Its bytes; 0: something else. */
static inline uint32_t fold_plain_letter(const unsigned char *at, const unsigned char *end,
                                         uint32_t *code, const unicode_row **row)
{
    const bool two = at[0] >= 0xC2 && at[0] < 0xE0 && end - at >= 2 && (at[1] & 0xC0) == 0x80;
    const uint32_t step = two ? 2 : utf8_step(at, end);
    if (step != 2 && step != 3)
        return 0;
    *code = step == 2 ? (at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu)
                      : (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
    const unicode_row *found = unicode_find(*code);
    if (found->flags & UNICODE_CHANGES) {
        if (found->flags & (UNICODE_GONE | UNICODE_MANY | UNICODE_SPACE))
            return 0;
        *code = found->folded;
        if (*code < 0x80 || *code > 0xFFFF || (*code < 0x800 ? 2u : 3u) != step)
            return 0;
        found = unicode_find(*code);
    }
    *row = found;
    return (found->flags & (UNICODE_LETTER | UNICODE_COMPOSES)) == UNICODE_LETTER ? step : 0;
}

/* Takes what folding does not look at twice, up to `limit`: plain words, numbers, signs, single
 * blanks. There is neither a word nor a run. */
void fold_take_plain(folder *folder, fold_cursor *cursor, uint32_t limit);
/* Takes letters as long as nothing but letters comes. A word has begun. */
void fold_take_letters(folder *folder, fold_cursor *cursor);
/* Takes characters between words that fold to themselves. There is neither a word nor a run. */
void fold_take_others(folder *folder, fold_cursor *cursor);

void reader_begin(fold_reader *reader, folder *folder, piece_copy *pieces, uint32_t start);
bool reader_next(fold_reader *reader, fold_element *out);

/* utf8_encode, where every letter passes. */
static inline uint32_t utf8_encode_inline(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | ((code >> 6) & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    return utf8_encode(code, out);
}

static inline void fold_write(folder *f, uint32_t code, uint32_t start, uint32_t end)
{
    char bytes[4];
    const uint32_t length = utf8_encode_inline(code, bytes);
    f->last = code;
    f->last_out = f->writer.length;
    f->last_start = start;
    f->last_end = end;
    writer_character(&f->writer, bytes, length, start, end);
}

/* Look-alikes, swaps and repetitions of the word that ends where writing stands. */
void fold_finish_word(folder *folder, const fold_word *word, bool address);

#endif

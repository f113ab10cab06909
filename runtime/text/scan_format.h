/*
 * scan_format.h - the bytes of a scan database: what compiler/pattern/ writes and scan.c reads.
 *
 * A head, and behind it tables that are reached by offsets from the start, each aligned for its
 * rows. Nothing in it depends on addresses; the engine's own bytes are one of the tables. Any
 * change is a new SCAN_VERSION.
 *
 * Layer 1 of the runtime.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_SCAN_FORMAT_H
#define CONSTITUTION_RUNTIME_TEXT_SCAN_FORMAT_H

#include <stdint.h>

#define SCAN_MAGIC   "cstscan"
#define SCAN_VERSION 6u
#define SCAN_NONE    UINT32_MAX

typedef struct scan_table { /* rows from this offset */
    uint32_t offset, count;
} scan_table;

/* What must hold between two characters; several at once as a mask. */
enum {
    EDGE_WORD = 1,        /* \b: a word character (ASCII) on one side only */
    EDGE_NO_WORD = 2,     /* \B */
    EDGE_TEXT_START = 4,  /* \A, ^ */
    EDGE_TEXT_END = 8,    /* \z, $ */
    EDGE_LINE_START = 16, /* ^ under (?m) */
    EDGE_LINE_END = 32    /* $ under (?m) */
};

typedef enum scan_kind {
    SCAN_AUTOMATON = 0, /* by table of states, or by positions */
    SCAN_PHRASE = 1,    /* bytes */
    SCAN_WORDS = 2      /* a hash table of words */
} scan_kind;

typedef enum scan_trigger {
    SCAN_BY_LITERAL = 0, /* hits of the literals that name it */
    SCAN_BY_NUMBER = 1,  /* digits with no word character before them */
    SCAN_BY_TOKEN = 2,   /* long runs of token bytes */
    SCAN_BY_WORD = 3,    /* starts of words */
    SCAN_BY_START = 4,   /* every place where its first byte stands */
    SCAN_BY_DIGIT = 5,   /* digits, near of which it begins */
    SCAN_BY_AFTER = 6    /* hits of its `after` words, behind which it begins */
} scan_trigger;

typedef struct scan_pattern_row {
    uint32_t kind;              /* scan_kind */
    uint32_t trigger;           /* scan_trigger */
    uint32_t shortest, longest; /* bytes; longest SCAN_NONE: unbounded */
    /* rows of sets: bytes that a match can begin with, and go on with (all, if it need not) */
    uint32_t first, second;
    uint32_t body;         /* automaton row, or words row; of a phrase its bytes */
    uint32_t length;       /* of a phrase */
    uint32_t words;        /* of a phrase, 0 or 1: at edges of words */
    uint32_t check;        /* check_kind */
    uint32_t after_within; /* characters */
    /* scan_table rows: texts (offset, length), lower case; of words: those that are not looked up
     * word by word, sorted */
    scan_table after;
    /* row of sets: those of `first` that a match can begin with where a word character stands
     * before */
    uint32_t inside;
    uint32_t nearest, farthest; /* LITERAL, DIGIT: start is so many bytes before the end of the
                                 * literal or digit; farthest SCAN_NONE: anywhere; AFTER: so many
                                 * bytes behind the end of the word */
    /* LITERAL, DIGIT: row of sets: bytes that may stand between the start and the literal's end, or
     * the digit; SCAN_NONE: too many to tell */
    uint32_t before;
    uint32_t token; /* TOKEN: least bytes */
    /* NUMBER, DIGIT: row of sets: what may follow the digits of `leads`, but for the end of the
     * text */
    uint32_t behind;
    /* word characters that a match begins with at least; of phrases and words 0 */
    uint32_t words_least;
    /* NUMBER, DIGIT: bit n-1: a match can begin with so many digits, with no word character before;
     * bit 63: with 64 and more */
    uint64_t leads;
    double check_bound;
} scan_pattern_row;

typedef struct scan_automaton_row {
    uint32_t states;  /* of the table; 0: run by positions */
    uint32_t columns; /* byte classes, and one for the end of the text */
    uint32_t classes; /* offset of 256 bytes: class of each byte */
    /* offset of uint16_t [states][columns]: next state, SCAN_ACCEPT set: a match ends before this
     * byte */
    uint32_t table;
    uint32_t alive;    /* offset of states bytes: 1 if more text can change what is matched */
    uint16_t start[4]; /* by what stands before: scan_context */
    uint32_t positions;
    uint32_t position_sets; /* offset of uint32_t [positions]: rows of sets */
    /* offset of uint32_t [positions + 2]: where the edges of each begin; position 0 is the start */
    uint32_t edges;
    uint32_t edge_rows; /* offset of scan_edge_row */
    uint32_t edge_count;
    uint32_t chains; /* offset of scan_chain_row [positions] */
    /* run by positions: states of a table of the nearest to the start, which turns most places
     * away; 0: there is none */
    uint32_t gate;
} scan_automaton_row;

#define SCAN_ACCEPT 0x8000u
#define SCAN_OPEN   0x7fffu /* in a gate: more states follow; with SCAN_ACCEPT too */

typedef enum scan_context {                    /* what stands before a place */
                            CONTEXT_START = 0, /* nothing */
                            CONTEXT_LINE = 1,  /* a line end */
                            CONTEXT_OTHER = 2,
                            CONTEXT_WORD = 3
} scan_context;

typedef struct scan_edge_row { /* from one position to another, or to acceptance */
    uint16_t to;               /* position; SCAN_ACCEPTS */
    uint16_t mask;             /* EDGE_* */
} scan_edge_row;

#define SCAN_ACCEPTS 0xffffu

/* A position in one of several optional copies of the same (`x{0,60}`): of those that were reached
 * together the one of the least rank does for all, since what can follow a later copy can follow an
 * earlier one. */
typedef struct scan_chain_row {
    uint16_t number, rank; /* number 0: none; others are less than the automaton's positions */
} scan_chain_row;

/* Patterns with trigger START whose first bytes are one table: where that turns a place away, none
 * of them begins. */
typedef struct scan_gate_row {
    uint32_t automaton;             /* row of which there is the gate alone */
    uint32_t first, second, inside; /* rows of sets, as of a pattern */
    scan_table patterns;            /* uint32_t */
} scan_gate_row;

typedef struct scan_words_row {
    uint32_t capacity; /* power of two */
    uint32_t buckets;  /* offset of uint32_t [capacity]: entry + 1 */
    uint32_t entries;  /* offset of scan_table [count]: texts, sorted */
    uint32_t count;
    uint32_t lengths; /* bit n-1: some entry has n words */
    uint32_t unused;
} scan_words_row;

typedef struct scan_literal_row {
    scan_table text;
    scan_table patterns; /* uint32_t pattern numbers */
    uint32_t caseless;
    uint32_t unused;
} scan_literal_row;

typedef struct scan_head {
    char magic[8];
    uint32_t version, size;
    scan_table patterns;  /* scan_pattern_row */
    scan_table automata;  /* scan_automaton_row */
    scan_table sets;      /* uint64_t [4]: bits of bytes */
    scan_table words;     /* scan_words_row */
    scan_table literals;  /* scan_literal_row */
    scan_table engine;    /* bytes; count 0: no literals */
    scan_table numbers;   /* uint32_t: patterns with trigger NUMBER */
    scan_table tokens;    /* uint32_t: patterns with trigger TOKEN */
    scan_table starts;    /* uint32_t: patterns with trigger START or WORD that no gate has */
    scan_table digits;    /* uint32_t: patterns with trigger DIGIT */
    scan_table gates;     /* scan_gate_row */
    uint32_t least_token; /* of all patterns with trigger TOKEN */
    uint32_t most_positions;
} scan_head;

/* Bytes that tokens are made of: letters, digits and what keys and hashes hold. */
static inline int scan_is_token(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '_' || byte == '-' || byte == '+' ||
           byte == '/' || byte == '=' || byte == '.';
}

static inline int scan_is_word(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '_';
}

/* FNV-1a, the hash of word tables: part of the format. */
static inline uint32_t scan_hash(const char *bytes, uint32_t length)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
    return hash ^ hash >> 15;
}

#endif

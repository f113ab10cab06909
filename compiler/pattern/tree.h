/*
 * tree.h - a pattern as a tree over bytes: what the files of pattern/ share, and nobody else
 * includes.
 *
 * Characters are taken apart into bytes when the tree is made. A class that holds every character
 * beyond ASCII, as `.` and most negated classes do, is a byte (ASCII, or the first of a character)
 * followed by any number of continuation bytes: in valid UTF-8 that is exactly one character, since
 * no other part of an expression begins with a continuation byte.
 */
#ifndef CONSTITUTION_COMPILER_PATTERN_TREE_H
#define CONSTITUTION_COMPILER_PATTERN_TREE_H

#include "compiler/pattern/pattern.h"

typedef struct byte_set {
    uint64_t bits[4];
} byte_set;

static inline void set_byte(byte_set *set, unsigned byte)
{
    set->bits[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

static inline bool has_byte(const byte_set *set, unsigned byte)
{
    return (set->bits[byte >> 6] >> (byte & 63) & 1) != 0;
}

typedef enum tree_kind {
    TREE_EMPTY,
    TREE_BYTE,   /* one byte of `set` */
    TREE_CAT,    /* items one after the other */
    TREE_EITHER, /* one of the items */
    TREE_REPEAT, /* items[0], least to most times (TREE_ENDLESS) */
    TREE_EDGE    /* `mask` holds here: EDGE_* of scan_format.h, one bit */
} tree_kind;

#define TREE_ENDLESS UINT32_MAX

typedef struct tree {
    tree_kind kind;
    byte_set set;
    struct tree **items;
    uint32_t count;
    uint32_t least, most;
    uint32_t mask;
} tree;

struct pattern {
    tree *tree;         /* NULL: a phrase */
    const char *phrase; /* length bytes */
    uint32_t length;
    bool words;                        /* a phrase at edges of words */
    const struct automaton *automaton; /* of a tree; without its table */
};

/* regex.c */
tree *tree_new(arena *arena, tree_kind kind);
tree *tree_list(arena *arena, tree_kind kind, tree *const *items, uint32_t count);

typedef struct chain {     /* of a position in an optional copy */
    uint32_t number, rank; /* number 0: none */
} chain;

/* automaton.c: the tree as positions, and where it stays small as a table of states. */
typedef struct automaton {
    uint32_t count; /* positions, 0 (the start) included */
    byte_set *sets; /* by position */
    /* by position */
    struct edge_list {
        struct scan_edge_row *items;
        uint32_t count, capacity;
    } *edges;
    uint32_t edge_count;
    chain *chains; /* by position */
    /* the table; states 0: too many, and it is the first `gate` of them */
    uint32_t states, columns, gate;
    uint8_t classes[256];
    uint16_t *table;
    uint8_t *alive;
    uint16_t start[4];
} automaton;

/* NULL: past LIMIT_PATTERN_POSITIONS. *empty: it can match nothing. */
automaton *automaton_make(arena *arena, const tree *tree, bool *empty);
/* With up to so many states; if there are more, with the first `gate` (at most as many) of them. */
void automaton_tabulate(arena *arena, automaton *automaton, uint32_t most, uint32_t gate);

/* gate.c: what the first bytes of several patterns can be, as a table of its own; it never turns
 * away what one of them takes. */
enum { GATE_MOST_POSITIONS = 60000 };
/* How many positions a pattern adds to a gate. */
uint32_t gate_positions(arena *arena, const automaton *of);
automaton *gate_make(arena *arena, const automaton *const *of, uint32_t count);

/* facts.c */
typedef struct literal {
    const char *bytes;
    uint32_t length;
    bool caseless; /* then bytes are lower case */
} literal;

typedef struct facts {
    uint32_t shortest, longest; /* UINT32_MAX: unbounded */
    uint32_t trigger;           /* scan_trigger */
    literal *literals;          /* every match holds one of them */
    uint32_t literal_count;
    /* from the start of a match to the end of the literal, or of a digit; farthest UINT32_MAX:
     * unbounded */
    uint32_t nearest, farthest;
    /* bytes that may stand between the start of a match and the end of the literal */
    byte_set before;
    bool is_tight;  /* …are few enough to be worth going back by */
    uint32_t token; /* at least so many token bytes in a row */
} facts;

facts facts_of(arena *arena, const pattern *pattern);

/* begins.c */
typedef struct begins {
    /* bytes that a match can begin with; that can be its second, all if there may be none */
    byte_set first, second;
    /* those of `first` that it can begin with where a word character stands before */
    byte_set inside;
    /* where it begins with digits and no word character stands before: bit n-1 set: they may be n;
     * bit 63: 64 and more */
    uint64_t leads;
    byte_set behind;      /* what may follow those, but for the end of the text */
    uint32_t words_least; /* so many word characters it begins with at least */
} begins;

begins begins_of(arena *arena, const automaton *from);
bool has_digits(const byte_set *set);

#endif

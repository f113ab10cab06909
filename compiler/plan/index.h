/*
 * index.h - what index.c, index_needs.c and index_words.c share, and nobody else includes but the
 * dump.
 *
 * needs: what a key must be for a rule not to be false for sure; tree: how the rules of a group are
 * told apart by that; words: the tree as the runtime walks it.
 */
#ifndef CONSTITUTION_COMPILER_PLAN_INDEX_H
#define CONSTITUTION_COMPILER_PLAN_INDEX_H

#include "compiler/plan/planning.h"
#include "runtime/index.h"

enum {
    INDEX_KEYS = 16, /* keys of one index: each is computed for every event of the group */
    INDEX_KEY_COST =
        24, /* a key that costs more comparisons than this is not worth having at once */
    INDEX_RULE_KEYS = 8,  /* keys of one rule that are kept */
    INDEX_RULE_SPANS = 16 /* spans of one key of one rule; a rule with more does without the key */
};

typedef struct index_span { /* values low..high; of a PREFIX key both are the number of a prefix */
    int64_t low, high;
} index_span;

typedef struct index_need { /* the rule is false unless the key is in one of the spans */
    uint32_t key;
    uint32_t first_span, span_count; /* ascending, disjoint */
    uint32_t first_id, id_count;     /* the values one by one, as ids of the key; 0: too many */
    uint32_t set; /* not spans but: (not) in this set, which splits nothing; or CST_NONE */
    bool not_in;
} index_need;

typedef struct index_prefix {
    const char *text;
    uint32_t length;
    bool folder; /* the text ends behind it, or goes on with a slash */
} index_prefix;

typedef struct index_key {
    plan_key what;
    uint32_t rules; /* that need something of it */
    uint32_t wide;  /* of them: not by ids */
    struct {
        int64_t *items; /* by id */
        uint32_t count, capacity;
    } values;
    uint32_t *counts; /* by id: scratch of index.c, zero between uses */
} index_key;

typedef struct index_rule {
    uint32_t first, count; /* in needs */
    bool never;            /* false for every event: in no leaf */
    bool exact;            /* true if all needs are met: no code is wanted for it */
} index_rule;

typedef struct indexing {
    compilation *unit;
    arena *memory;
    const graph *graph;
    const checked_policy *policy;
    plan *plan;
    uint32_t *key_of[3]; /* by form and node: key + 1, of the group in hand */

    const plan_group *group;
    struct {
        index_key *items;
        uint32_t count, capacity;
    } keys;
    struct {
        index_need *items;
        uint32_t count, capacity;
    } needs;
    struct {
        index_span *items;
        uint32_t count, capacity;
    } spans;
    struct {
        uint32_t *items;
        uint32_t count, capacity;
    } ids;
    struct {
        index_prefix *items;
        uint32_t count, capacity;
    } prefixes;
    index_rule *rules; /* by number in group.rules */
    uint64_t copies_left;
} indexing;

typedef struct index_node {
    cst_index_form form;
    uint32_t key;
    const struct index_node *rest; /* NULL: none */
    uint32_t count;                /* LEAF: rules; else children */
    uint32_t *rules;               /* LEAF: numbers in group.rules, ascending */
    plan_key what;                 /* the key */
    bool *exact;                   /* LEAF: by rule: true if the tests that are left are met */
    uint64_t met; /* LEAF: bit k: the way here has met all that its rules need of key k */
    int64_t
        *values; /* by child; of CELLS the count - 1 boundaries, of PREFIXES numbers of prefixes */
    index_prefix *prefixes; /* by child, of PREFIXES */
    const struct index_node **children;
    uint64_t expected; /* cost, see index.c */
    uint32_t depth;
} index_node;

/* index_needs.c: fills keys, needs, spans, ids and rules for the group in hand. */
void index_needs(indexing *x);

/* index_words.c: whether a rule can stand in a leaf as data; the order of the rules, their bundles,
 * and the words of the tree. */
bool index_rule_fits(const indexing *x, uint32_t number, uint64_t met);
void index_words(indexing *x, const index_node *tree, plan_index *out);

/* index.c: gives large groups an index where that is cheaper. After symbols_collect. */
void indexes_build(compilation *unit);

#endif

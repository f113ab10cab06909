/*
 * plan.h - how the graph is executed: groups, caches, and the finished tables.
 *
 * The plan is the last form before code: which rules share a function (a group: all bodies with one
 * selector), which shared nodes are cached in frame.memo, and the image of module.h, complete but
 * for functions. It is the same for the JIT, for objects and for the reference evaluator, which
 * ignores the graph and walks the checked bodies of each group.
 *
 * A large group may have an index in front of its rules (index.c): a tree that leads from keys,
 * values that the event is asked for, to the rules that can be true. Its tables are in the image;
 * code is made for the keys, and for bundles of rules.
 *
 * Layer 2 of the compiler; made by plan.c (groups, caches), index*.c (indexes) and image.c
 * (tables).
 */
#ifndef CONSTITUTION_COMPILER_PLAN_H
#define CONSTITUTION_COMPILER_PLAN_H

#include "compiler/graph.h"

typedef struct plan_rule {
    uint32_t root;  /* in graph.roots */
    uint32_t row;   /* row of the image's rule table */
    bool restricts; /* an undecided condition makes a hit too */
} plan_rule;

/* rules of a bundle, at most: it is one function, and LLVM's work grows faster than a function */
#define PLAN_BUNDLE_RULES 64u
#define PLAN_BUNDLE_SIZE  600u /* nodes of their conditions, unless it is one rule */

typedef enum plan_key_form {
    PLAN_KEY_SYMBOL = 0, /* the symbol of a text; 0: it is no constant of the policy */
    /* an integer: of everything that kind_has_integer, and of conditions: 0 or 1 */
    PLAN_KEY_NUMBER = 1,
    PLAN_KEY_PREFIX = 2 /* the text itself */
} plan_key_form;

typedef struct plan_key { /* always decided, and of no element */
    node_id node;
    plan_key_form form;
} plan_key;

typedef struct plan_index {
    plan_key *keys;
    uint32_t key_count;
    uint32_t *order;       /* numbers in group.rules, as they stand in bundles */
    uint32_t *bundle_ends; /* by bundle: the place in `order` behind its last rule */
    uint32_t bundle_count;
    uint32_t root;  /* in plan.index_words */
    uint32_t depth; /* nodes on the longest way down */
    uint32_t words; /* of plan.index_words that are its */
    /* cost of an event with the index and without, in quarters of a comparison */
    uint64_t expected, straight;
    const struct index_node *tree; /* for dumps */
} plan_index;

typedef struct plan_group {
    const char *label; /* "action send_email" */
    plan_rule *rules;  /* ascending rows */
    uint32_t rule_count;
    plan_index *index; /* NULL: the rules are one run of straight code */
} plan_group;

typedef struct plan_witness {
    uint32_t root;   /* in graph.roots */
    uint32_t number; /* in graph_root.witnesses: the ANY node to search */
    /* ANY nodes around it, outermost first: each is searched for its first element before */
    node_id *outer;
    uint32_t outer_count;
} plan_witness;

typedef struct plan {
    plan_group *groups;
    uint32_t group_count; /* group number = index = function number */
    /* row of the image's witness table = index = function number */
    plan_witness *witnesses;
    uint32_t witness_count;
    uint32_t memo_count;
    /* of all indexes, see runtime/index.h */
    struct {
        uint32_t *items;
        uint32_t count, capacity;
    } index_words;
    uint8_t *image; /* starts with cst_image; 16-byte aligned arena memory */
    uint32_t image_size;
    uint32_t *symbols_of_constants; /* by node_id: symbol of a CONSTANT text (0: none) */
} plan;

#endif

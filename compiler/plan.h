/*
 * plan.h - how the graph is executed: groups, caches, and the finished tables.
 *
 * The plan is the last form before code: which rules share a function (a group: all bodies with one selector), which
 * shared nodes are cached in frame.memo, and the image of module.h, complete but for functions. It is the same for the
 * JIT, for objects and for the reference evaluator, which ignores the graph and walks the checked bodies of each group.
 *
 * Large groups will get an index in front of their rules: that is one more form of plan_group, chosen by cost in
 * plan.c, and nothing outside of plan.c and codegen needs to know.
 *
 * Layer 2 of the compiler; made by plan.c (groups, caches) and image.c (tables).
 */
#ifndef CONSTITUTION_COMPILER_PLAN_H
#define CONSTITUTION_COMPILER_PLAN_H

#include "compiler/graph.h"

typedef struct plan_rule {
    uint32_t root;     /* in graph.roots */
    uint32_t row;      /* row of the image's rule table */
    bool restricts;    /* an undecided condition makes a hit too */
} plan_rule;

typedef struct plan_group {
    const char *label; /* "action send_email" */
    plan_rule *rules;  /* ascending rows */
    uint32_t rule_count;
} plan_group;

typedef struct plan_witness {
    uint32_t root;     /* in graph.roots */
    uint32_t number;   /* in graph_root.witnesses: the ANY node to search */
    node_id *outer;    /* ANY nodes around it, outermost first: each is searched for its first element before */
    uint32_t outer_count;
} plan_witness;

typedef struct plan {
    plan_group *groups; uint32_t group_count;          /* group number = index = function number */
    plan_witness *witnesses; uint32_t witness_count;   /* row of the image's witness table = index = function number */
    uint32_t memo_count;
    uint8_t *image;    /* starts with cst_image; 16-byte aligned arena memory */
    uint32_t image_size;
    uint32_t *symbols_of_constants; /* by node_id: symbol of a CONSTANT text (0: none) */
} plan;

#endif

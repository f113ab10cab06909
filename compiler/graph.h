/*
 * graph.h - the decision graph: all conditions of a policy as one hash-consed graph.
 *
 * Two conditions that mean the same are the same node, whichever rules, layers or definitions they
 * came from: operands of the commutative operators are sorted, nested `and`s and `or`s are flat,
 * constants are folded, double negations are gone, sets of one element are equalities. The planner
 * counts uses and decides what is computed once; the code generator emits each node where it is
 * needed.
 *
 * Kinds are those of checked.h. Differences: IN_SET of few elements may have become an OR of EQUAL;
 * LESS_EQUAL and GREATER forms are as lower.c's essay says; AND and OR have at least two operands;
 * constant conditions exist only as roots, and as bodies of ANY nodes that are kept as witnesses.
 *
 * Layer 2 of the compiler; made by lower.c, read by plan.c, codegen and dump.
 */
#ifndef CONSTITUTION_COMPILER_GRAPH_H
#define CONSTITUTION_COMPILER_GRAPH_H

#include "compiler/checked.h"

typedef uint32_t node_id; /* index into graph.nodes; CST_NONE is no node */

typedef struct graph_node {
    expression_kind kind;
    const type *type;
    cst_value constant; /* CONSTANT */
    uint32_t slot;      /* FIELD */
    /* LOCAL, ANY, ALL: how many quantifiers stand around the ANY or ALL (not checked.h's number) */
    uint32_t local;
    const char *name;  /* OPEN_MEMBER */
    uint32_t index;    /* as in checked.h; OPEN_MEMBER: row of the image's `names`, set by plan */
    node_id *operands; /* left, right; or items */
    uint32_t operand_count;
    uint32_t site; /* of this node itself, or CST_NONE */
    uint32_t uses; /* operands and roots that refer to it */
    uint32_t cost; /* units of one comparison, operands included once; saturating */
    /* when it is true, it or an operand may have found texts that a redaction cuts */
    bool marks;
    bool asks;        /* it or an operand asks the host: evaluated last */
    bool undecidable; /* it or an operand has a site: its truth may be undecided */
    /* depends on a LOCAL bound outside of it: cannot be shared between places */
    bool uses_local;
    uint32_t memo; /* byte of frame.memo that caches its truth, or CST_NONE; set by plan */
} graph_node;

typedef struct graph_root { /* one rule body */
    uint32_t rule;          /* in checked_policy.rules */
    uint32_t body;          /* of that rule */
    node_id condition;
    node_id *witnesses; /* ANY nodes of the body, as in rule_body.witnesses; never folded away */
    uint32_t witness_count;
} graph_root;

typedef struct graph {
    /* operands come before their users */
    struct {
        graph_node *items;
        uint32_t count, capacity;
    } nodes;
    struct {
        graph_root *items;
        uint32_t count, capacity;
    } roots; /* by rule, then body */
} graph;

#endif

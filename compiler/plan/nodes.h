/*
 * nodes.h - making nodes of the decision graph: what lower.c and nodes.c share, and nobody else
 * includes.
 */
#ifndef CONSTITUTION_COMPILER_PLAN_NODES_H
#define CONSTITUTION_COMPILER_PLAN_NODES_H

#include "compiler/graph.h"

typedef struct node_facts { /* beside each node while the graph is built */
    uint32_t hash;
    /* bit k: depends on the quantifier of level k around it (63: of that level or deeper) */
    uint64_t free_locals;
} node_facts;

typedef struct lower_pass {
    compilation *compilation;
    arena *arena;
    const checked_policy *policy;
    graph *graph;
    struct {
        node_facts *items;
        uint32_t count, capacity;
    } facts;
    uint32_t *buckets;     /* node + 1, open addressing; 0 empty */
    uint32_t bucket_count; /* a power of two */
    uint32_t *levels;      /* by checked local: the level of its quantifier */
    uint32_t *witness_of;  /* by checked local: 1 + number among the body's witnesses; 0: none */
    const rule_body *body; /* in hand */
    graph_root *root;
    uint32_t depth; /* quantifiers around the expression in hand */
} lower_pass;

/* The node that is equal to `prototype`, made if there is none yet; then operands are copied. Cost,
 * undecidable and uses_local are computed here; uses by graph_finish. */
node_id graph_make(lower_pass *pass, const graph_node *prototype);
node_id graph_truth(lower_pass *pass, bool value); /* a constant condition */

/* Drops what no root reaches, keeps the order of the rest, counts uses. */
void graph_finish(lower_pass *pass);

bool kind_is_condition(expression_kind kind);

static inline const graph_node *graph_at(const lower_pass *pass, node_id id)
{
    return &pass->graph->nodes.items[id];
}

/* sites.c: gives equal sites (code and text) one number, in the checked trees themselves. */
void sites_unify(compilation *compilation);

#endif

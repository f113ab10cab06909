/*
 * nodes.h - making nodes of the decision graph: what lower.c and nodes.c share, and nobody else includes.
 */
#ifndef CONSTITUTION_COMPILER_PLAN_NODES_H
#define CONSTITUTION_COMPILER_PLAN_NODES_H

#include "compiler/graph.h"

typedef struct node_facts { /* beside each node while the graph is built */
    uint32_t hash;
    uint64_t free_locals;   /* bit k: depends on the quantifier of level k around it (63: of that level or deeper) */
} node_facts;

typedef struct lower_pass {
    compilation *compilation;
    arena *arena;
    const checked_policy *policy;
    graph *graph;
    struct { node_facts *items; uint32_t count, capacity; } facts;
    uint32_t *buckets;       /* node + 1, open addressing; 0 empty */
    uint32_t bucket_count;   /* a power of two */
    uint32_t *levels;        /* by checked local: the level of its quantifier */
    uint32_t *witness_of;    /* by checked local: 1 + number among the body's witnesses; 0: none */
    const rule_body *body;   /* in hand */
    graph_root *root;
    uint32_t depth;          /* quantifiers around the expression in hand */
} lower_pass;

/* The node that is equal to `prototype`, made if there is none yet. Operands are copied if it is new. Cost,
 * undecidable and uses_local are computed here; uses by nodes_finish. */
node_id node_make(lower_pass *pass, const graph_node *prototype);
node_id node_truth(lower_pass *pass, bool value); /* a constant condition */

/* Drops what no root reaches, keeps the order of the rest, counts uses. */
void nodes_finish(lower_pass *pass);

bool node_is_condition(expression_kind kind);
bool kind_is_text(cst_kind kind); /* compared by bytes */

static inline const graph_node *node_at(const lower_pass *pass, node_id id)
{
    return &pass->graph->nodes.items[id];
}

/* sites.c: gives equal sites (code and text) one number, in the checked trees themselves, before they are lowered. */
void sites_unify(compilation *compilation);

#endif

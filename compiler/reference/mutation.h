/*
 * mutation.h - a policy with one small change, run in the place of the policy itself.
 *
 * mutations_find lists the changes: each of them is well-typed, and would compile. mutation_apply
 * puts one in force and mutation_undo takes it back, while no event is being decided: the reference
 * evaluator walks the checked trees, so a changed tree is a changed policy, and nothing is compiled
 * again. Only for a policy that one thread has to itself.
 *
 * Layer 3 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_REFERENCE_MUTATION_H
#define CONSTITUTION_COMPILER_REFERENCE_MUTATION_H

#include "compiler/plan.h"

typedef enum mutation_kind {
    MUTATION_DROP_RULE,
    MUTATION_EFFECT,       /* one step more lenient */
    MUTATION_WITHIN,       /* half the time for an approval */
    MUTATION_ALWAYS,       /* a rule's only condition is dropped */
    MUTATION_DROP_OPERAND, /* of an `and` or `or`; `unless` is one */
    MUTATION_NEGATE,
    MUTATION_ORDER, /* < and <= */
    MUTATION_NUMBER_UP,
    MUTATION_NUMBER_DOWN,
    MUTATION_TEXT,        /* a constant text, or value of an enum, is another */
    MUTATION_SET_WITHOUT, /* one element */
    MUTATION_PAST_WITHIN  /* half the window of a question about the past */
} mutation_kind;

typedef struct mutation_patch {
    void *at;
    void *with; /* while it is in force: what was there */
    size_t size;
} mutation_patch;

typedef struct mutation {
    mutation_kind kind;
    uint32_t rule;
    source_range range;
    const char *change; /* "`>` becomes `>=`" */
    const char *hint;   /* which test would notice */
    struct {
        mutation_patch *items;
        uint32_t count, capacity;
    } patches;
} mutation;

typedef struct mutation_list {
    mutation *items; /* in the order of the source */
    uint32_t count;
    uint32_t left_out;   /* past the bound */
    uint32_t ill_formed; /* would leave a field without its guard, and not compile */
    uint32_t equal;      /* mean what the policy means, or what another of them means */
} mutation_list;

/* Of the policy's own rules, permits and waivers but those in shadow, of which no test can see
 * anything. At most `most` of them, chosen by `seed`; the same for the same policy. From the
 * compilation's arena, so under driver_protect. */
void mutations_find(compilation *unit, uint32_t most, uint64_t seed, mutation_list *out);
void mutation_apply(const mutation *mutation);
void mutation_undo(const mutation *mutation);

#endif

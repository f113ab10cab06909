/*
 * mutation_make.h - from a place that can be changed to the change: what the files of mutations
 * share, and nobody else includes.
 */
#ifndef CONSTITUTION_COMPILER_REFERENCE_MUTATION_MAKE_H
#define CONSTITUTION_COMPILER_REFERENCE_MUTATION_MAKE_H

#include "compiler/reference/mutation.h"

typedef struct candidate { /* one node, or one rule, that can be changed in one way */
    /* whose it is; in whose bodies it stands: the rule itself, or a hidden one of a question about
     * the past */
    uint32_t rule, tree_rule;
    mutation_kind kind;
    /* SET_WITHOUT: the element; PAST_WITHIN: the past; NUMBER_…: 1 if other values are made of it
     */
    uint32_t variant;
    source_range range;
    expression *node; /* that is replaced; NULL: a row is changed */
    uint32_t item;    /* DROP_OPERAND: which */
    uint32_t number;  /* in the order in which they were found */
} candidate;

/* One change of all places that are written once. False: it cannot be made. */
bool mutation_make(compilation *unit, const candidate *places, uint32_t count, mutation *out);
/* mutation_words.c: fills `change` and `hint`; before the patches are put in force. */
void mutation_describe(compilation *unit, const candidate *place, mutation *out);
/* mutation_judge.c */
bool mutation_is_guarded(const checked_policy *policy, const candidate *place);
/* of what the rule's conditions mean */
uint64_t mutation_digest(const checked_policy *policy, uint32_t rule);

/* A number beside the constant; false: there is none. */
bool number_beside(const expression *constant, bool up, cst_value *out);
/* The next lenient verdict; the same if there is none. */
cst_verdict verdict_below(cst_verdict verdict);

#endif

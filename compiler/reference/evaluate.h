/*
 * evaluate.h - the meaning of a condition: what reference.c and explain.c share, and nobody else
 * includes.
 */
#ifndef CONSTITUTION_COMPILER_REFERENCE_EVALUATE_H
#define CONSTITUTION_COMPILER_REFERENCE_EVALUATE_H

#include "compiler/checked.h"

typedef struct binding { /* the element that a quantifier's variable stands for; innermost first */
    const struct binding *outer;
    uint32_t local;
    const cst_value *element;
} binding;

typedef struct sorted_set { /* the values of a set in ascending order, for searching; see set_order
                             */
    cst_value *values;
} sorted_set;

typedef struct evaluation {
    cst_frame *frame;
    const checked_policy *policy;
    const sorted_set *sets; /* by set number; NULL: sets are searched one by one */
} evaluation;

cst_truth evaluate_condition(const evaluation *run, const expression *tree, const binding *bound);

/* A value and whether it could be decided: CST_FALSE if it could (then *out is it), else the
 * undecided truth that the comparison around it becomes. */
cst_truth evaluate_value(const evaluation *run, const expression *tree, const binding *bound,
                         cst_value *out);

/* collect.c: notes the questions to the host that can change what a condition comes to. */
void collect_questions(const evaluation *run, const expression *condition);

bool value_is_there(const cst_value *value);
const cst_value *element_at(const cst_value *list, uint32_t index); /* absent past the end */
uint32_t set_looks(uint32_t count); /* elements that a search of a sorted set looks at, at most */
int set_order(cst_kind kind, const cst_value *a, const cst_value *b);

#endif

/*
 * structure.h - checked conditions compared by what they say: for the warnings, which ask whether
 * two rules mean the same.
 *
 * Equality here is sound and not complete: what is found equal is equal, with the names of
 * quantifiers aside; two spellings of one thought may be missed. Nothing but warnings depends on
 * it.
 */
#ifndef CONSTITUTION_COMPILER_CHECK_STRUCTURE_H
#define CONSTITUTION_COMPILER_CHECK_STRUCTURE_H

#include "compiler/checked.h"

uint32_t expression_hash(const expression *expression);
bool expressions_equal(const expression *a, const expression *b);

typedef enum known_truth { KNOWN_NOT, KNOWN_FALSE, KNOWN_TRUE } known_truth;

/* Whether a condition is the same for every event of a selector. */
known_truth condition_known(const checked_policy *policy, const selector *selector,
                            const expression *condition);
/* the same in all its bodies */
known_truth rule_known(const checked_policy *policy, const rule *rule);

/* The operands of nested `and`s, at most `limit` of them, without those that are always true;
 * answers how many. */
uint32_t condition_conjuncts(const expression *condition, const expression **out, uint32_t limit);

#endif

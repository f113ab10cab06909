/*
 * conditions.h - the single conditions of a rule, as its author sees them: what coverage.c and
 * mutation.c share.
 *
 * A condition is what stands between `and`, `or` and `not`. A quantifier is one, and so is each
 * condition inside of it. What a library's definition says is none of the author's business: a call
 * of it is one condition. Some nodes are no condition that anybody wrote.
 *
 * Layer 3 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_REFERENCE_CONDITIONS_H
#define CONSTITUTION_COMPILER_REFERENCE_CONDITIONS_H

#include "compiler/checked.h"

typedef enum condition_form {
    CONDITION_NONE,       /* a constant, or made by the checker */
    CONDITION_JUNCTION,   /* `and`, `or`: its items */
    CONDITION_NEGATION,   /* `not`: its left */
    CONDITION_QUANTIFIER, /* one, and those of its right */
    CONDITION_ATOM
} condition_form;

/* Whether the file is one of the policy: of its own layer, or of what it extends. */
bool file_is_layer(const checked_policy *policy, uint32_t file);
bool same_place(source_range a, source_range b);
/* A bool that is a condition of its own is that condition. */
expression *condition_inner(expression *tree);
condition_form condition_form_of(const checked_policy *policy, const expression *tree);
/* Where it is shown: itself, or the call of a library's definition. False: nowhere in the policy's
 * files. */
bool condition_place(const checked_policy *policy, const expression *tree, source_range *out);
/* Calls `visit` for each question about the past in a condition's values: its number in
 * policy->pasts. Not below another condition. */
void condition_pasts(const expression *tree, void (*visit)(void *user, uint32_t past), void *user);
/* A watch's rule belongs to a question: first_watch and so on, then `since`. Answers how many there
 * are; `number` is below that. */
uint32_t past_watch_count(const checked_past *past);
uint32_t past_watch_at(const checked_past *past, uint32_t number);

#endif

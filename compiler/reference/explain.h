/*
 * explain.h - why a rule did or did not fire, and what would have to change.
 *
 * For `constc explain`: compile with CST_ENGINE_REFERENCE, set an observer, decide the event as
 * always; the observer is called with the frame at the end of each group, while all values are
 * there.
 *
 * Layer 3 of the compiler. An observed module belongs to one thread.
 */
#ifndef CONSTITUTION_COMPILER_REFERENCE_EXPLAIN_H
#define CONSTITUTION_COMPILER_REFERENCE_EXPLAIN_H

#include "compiler/plan.h"
#include "runtime/base/buffer.h"

/* Adds: the rule's name and outcome, its condition as an indented tree with truth and values, and a
 * smallest list of comparisons that would have to come out otherwise for the rule to do the
 * opposite. */
void reference_explain(buffer *out, const checked_policy *policy, const plan *plan,
                       cst_frame *frame, uint32_t rule_row);

typedef void (*reference_observer)(void *user, cst_frame *frame, uint32_t group);

/* Sets (NULL: removes) the observer of a module made by backend_reference. */
void reference_observe(const cst_module *module, reference_observer observer, void *user);

/* The compilation that a module made by backend_reference took over: its `checked` and `plan` are
 * what reference_explain wants. */
const compilation *reference_compilation(const cst_module *module);
/* The same, for what uses its arena or changes its trees: only while no event is decided, by the
 * one thread that has the policy. */
compilation *reference_workshop(const cst_module *module);

#endif

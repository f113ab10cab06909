/*
 * live.h - how a context asks whether the policy was swapped.
 *
 * Layer 2; see live.c.
 */
#ifndef CONSTITUTION_RUNTIME_LIVE_H
#define CONSTITUTION_RUNTIME_LIVE_H

#include "runtime/policy.h"

/* One load. Two calls with the same answer had the same policy in force. */
uint64_t live_generation(const cst_live *live);
/* The policy in force, retained for the caller, and its generation. */
cst_policy *live_take(cst_live *live, uint64_t *generation);

/* What is kept across sessions for all policies that this place will hold. */
past_shared *live_shared(cst_live *live);

#endif

/*
 * cost.h - what a policy costs at worst, for `constc check --cost`.
 *
 * Time is counted in units of one comparison, from the costs that services.def declares and the bounds that the policy's types
 * declare: a list without a bound counts as LIMIT_LIST_ELEMENTS. It is the price of the conditions as they are written; what the
 * planner shares and caches only lowers it.
 *
 * Layer 2 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_COST_H
#define CONSTITUTION_COMPILER_COST_H

#include "compiler/checked.h"
#include "runtime/base/buffer.h"

typedef struct stage_cost {
    uint32_t rules;          /* rules, permits and waivers that can concern an event of the stage */
    uint32_t worst_tool;     /* the tool whose events cost most; CST_NONE: the stage has no tools, or no rules */
    uint64_t steps;          /* worst case of one event, in comparisons; UINT64_MAX: more than that */
    uint64_t scratch_bytes;  /* worst case for joined strings, at most LIMIT_SCRATCH_BYTES */
    uint32_t slots;          /* fields read */
} stage_cost;

/* `arena` is for working memory; the result does not refer to it. */
void cost_of_stages(arena *arena, const checked_policy *policy, stage_cost out[CST_STAGE_COUNT]);
/* Memory of history, in bytes, at most: of one state of a question (all of it, or of one key), and of a session or of all sessions. */
typedef struct past_cost {
    uint64_t each, keys, total;
} past_cost;

past_cost cost_of_past(const checked_past *past);
void cost_write_history_text(buffer *out, const checked_policy *policy);
void cost_write_history_json(buffer *out, const checked_policy *policy);
void cost_write_text(arena *arena, buffer *out, const checked_policy *policy); /* a table, and what can be undecided */
void cost_write_json(arena *arena, buffer *out, const checked_policy *policy); /* one object, without a line end */

#endif

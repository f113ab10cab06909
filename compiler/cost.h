/*
 * cost.h - what a policy costs at worst, for `constc check --cost` and `--max-cost`.
 *
 * Bounds, not estimates: docs/bounds.md says what a step is, and why no event costs more. They
 * stand on the sizes that the policy's types declare and on limits.h where they declare none. What
 * the planner shares and caches only lowers them.
 *
 * Layer 2 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_COST_H
#define CONSTITUTION_COMPILER_COST_H

#include "compiler/checked.h"
#include "runtime/base/buffer.h"

typedef struct stage_cost {
    uint32_t rules; /* rules, permits and waivers that can concern an event of the stage */
    /* the tool whose events cost most; CST_NONE: the stage has no tools, or no rules */
    uint32_t worst_tool;
    uint32_t scratch_tool; /* the same for memory */
    uint64_t steps;        /* of one event, at most; UINT64_MAX: more than that */
    /* scratch memory of one event, at most; no more than LIMIT_SCRATCH_BYTES */
    uint64_t scratch_bytes;
    uint32_t slots; /* fields read */
} stage_cost;

typedef struct cost_limits { /* of events, as of cst_limits: what the host sets */
    uint64_t event_bytes, text_bytes, list_elements, scratch_bytes;
} cost_limits;

typedef struct cost_subject {
    const checked_policy *policy;
    /* the plan's, which holds what patterns have become; NULL: what looks into texts has no bound
     * yet */
    const cst_image *image;
    cost_limits limits;
} cost_subject;

/* `limits`: zeros, or NULL, for those of limits.h. */
cost_subject cost_subject_of(const compilation *unit, const cst_limits *limits);
/* `arena` is for working memory; the result does not refer to it. */
void cost_of_stages(arena *arena, const cost_subject *subject, stage_cost out[CST_STAGE_COUNT]);

typedef struct cost_place { /* what costs most of one event */
    uint64_t price;         /* steps, or bytes */
    uint32_t rule;          /* number; CST_NONE: nothing costs anything */
    uint32_t slot;          /* the field that it goes through, or CST_NONE */
    const expression *node;
} cost_place;

cost_place cost_dearest(arena *arena, const cost_subject *subject, cst_stage stage, uint32_t tool,
                        bool scratch);

/* What the author can do about it: a sentence without its stop. */
const char *cost_advice(arena *arena, const checked_policy *policy, const cost_place *place);

typedef struct cost_ceilings { /* 0: none */
    uint64_t steps, scratch_bytes;
} cost_ceilings;

/* Reports each stage that is dearer, with the place that costs most (E0791, E0792). */
void cost_check(compilation *unit, const cost_ceilings *ceilings, const cst_limits *limits);

/* Memory of history, in bytes, at most: of one state of a question (all of it, or of one key), and
 * of a session or of all sessions. */
typedef struct past_cost {
    uint64_t each, keys, total;
} past_cost;

past_cost cost_of_past(const checked_past *past);
void cost_write_history_text(buffer *out, const checked_policy *policy);
void cost_write_history_json(buffer *out, const checked_policy *policy);
/* a table, and what can be undecided */
void cost_write_text(arena *arena, buffer *out, const cost_subject *subject);
/* one object, without a line end */
void cost_write_json(arena *arena, buffer *out, const cost_subject *subject);

#endif

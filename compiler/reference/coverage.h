/*
 * coverage.h - what tests make of a policy: how often each rule fired or stayed silent, and which
 * way each of its conditions came out.
 *
 * Hand coverage_observe to reference_observe (or call it from there), and decide events between
 * coverage_begin and coverage_end. An event counts once, however often its rules are evaluated for
 * it.
 *
 * Layer 3 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_REFERENCE_COVERAGE_H
#define CONSTITUTION_COMPILER_REFERENCE_COVERAGE_H

#include "compiler/plan.h"

typedef struct coverage_condition {
    uint32_t rule; /* that it belongs to, by itself or by a question about the past */
    source_range range;
    uint64_t seen_true, seen_false, undecided; /* events */
    uint8_t now;                               /* of the event in hand */
} coverage_condition;

typedef struct coverage_rule {
    uint64_t fired; /* a permit or waiver: counted */
    uint64_t silent;
    uint64_t undecided;    /* of those, and of a permit or waiver that did not count */
    uint32_t first, count; /* conditions, in source order */
    bool conditional;      /* it has a condition at all */
    uint8_t now;
} coverage_rule;

/* of one layer and stage; if it is `permit`, nothing is counted */
typedef struct coverage_default {
    uint64_t stood, lifted;
} coverage_default;

/* events of one stage and tool about which no rule was asked */
typedef struct coverage_malformed {
    uint64_t events;
    char first[128]; /* what was wrong with the first, cut short */
} coverage_malformed;

typedef struct coverage {
    const checked_policy *policy;
    coverage_rule *rules; /* declared ones */
    coverage_condition *conditions;
    uint32_t condition_count;
    coverage_default (*defaults)[CST_STAGE_COUNT]; /* by layer */
    coverage_malformed *malformed;                 /* stage * tools of the policy + tool */
    uint64_t events;
    struct coverage_private *own;
} coverage;

/* From the compilation's arena. */
coverage *coverage_new(compilation *unit);
void coverage_begin(coverage *self);
void coverage_observe(coverage *self, cst_frame *frame, uint32_t group);
/* The event has been decided, at this stage; `well_formed`: the rules were asked. */
void coverage_end(coverage *self, cst_stage stage, bool well_formed);
/* And was malformed: `code` at `pointer`. */
void coverage_refused(coverage *self, cst_stage stage, uint32_t tool, const char *code,
                      const char *pointer);

#endif

/*
 * evidence.h - a policy on the reference evaluator, watched: for each event, why each rule did or
 * did not fire.
 *
 * Used by `constc explain`, and by `constc test` to show what went wrong.
 */
#ifndef CONSTITUTION_COMPILER_CLI_EVIDENCE_H
#define CONSTITUTION_COMPILER_CLI_EVIDENCE_H

#include "compiler/checked.h"
#include "compiler/cli/cli.h"
#include "compiler/plan.h"

typedef struct policy_evidence {
    cst_policy *policy;
    cst_context *context;
    const cst_module *module;
    const checked_policy *checked; /* lives as long as the policy */
    const plan *plan;
    buffer why;          /* about the event decided last; a rule after the other */
    uint32_t rule_count; /* in `why` */
    struct evidence_place {
        size_t length;
        uint32_t rules;
        bool seen;
    } *places; /* by group: what was in `why` before it */
    /* called first, if set: somebody else looks too */
    void (*also)(void *user, cst_frame *frame, uint32_t group);
    void *also_user;
} policy_evidence;

/* False after a message; *exit_code says how to end. Must not be moved afterwards. */
bool evidence_open(policy_evidence *evidence, const char *path, const cst_options *runtime,
                   int *exit_code);
/* cst_decide_json, with `why` filled. */
cst_status evidence_decide(policy_evidence *evidence, const char *json, size_t length,
                           cst_decision *decision);
void evidence_close(policy_evidence *evidence);

/* Prints `text` with `indent` blanks before each of its lines. */
void out_indented(const char *text, size_t length, uint32_t indent);

#endif

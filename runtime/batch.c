/*
 * batch.c - many events in one call.
 *
 * For callers to whom a call costs more than a decision: a foreign language, a data frame. What
 * comes back is one row an event, without pointers into the context, so that all rows of a batch
 * can be looked at together; whoever needs what goes on instead, or which places were found, is
 * called with the whole decision while it lives. There is no second way of deciding: each event
 * goes through cst_decide_json, in the order of the batch, so sessions, history and the verdicts
 * are what they are one by one.
 */
#include "runtime/engine.h"

static const char *strictest_rule(const cst_context *context)
{
    const engine_fired *const first = context->fired_count ? &context->fired[0] : NULL;
    const cst_image *const image = context->policy->image;
    return first && first->rule != CST_NONE
               ? CST_TEXT(image, CST_ROWS(image, rules, cst_rule_row)[first->rule].name)
               : NULL;
}

cst_status cst_decide_batch(cst_context *context, const cst_bytes *events, size_t count,
                            cst_outcome *rows, cst_batch_fn visit, void *user)
{
    if (count && !rows)
        return CST_BAD_ARGUMENT;
    cst_status status = !context || (count && !events) ? CST_BAD_ARGUMENT : CST_OK;
    for (size_t i = 0; i < count; i++) {
        cst_decision decision;
        const cst_status one = context && events ? cst_decide_json(context, events[i].bytes,
                                                                   events[i].length, &decision)
                                                 : cst_decide_json(NULL, NULL, 0, &decision);
        rows[i] = (cst_outcome){
            .verdict = decision.verdict,
            .status = one,
            .stage = decision.stage,
            .rule_count = decision.rule_count,
            .shadow_count = decision.shadow_count,
            .rule = one == CST_OK && decision.rule_count ? strictest_rule(context) : NULL,
            .error_code = decision.error_code,
            .pending = decision.pending,
        };
        if (status == CST_OK)
            status = one;
        if (visit && (decision.verdict != CST_PERMIT || decision.shadow_count || one != CST_OK))
            visit(user, i, &decision);
    }
    return status;
}

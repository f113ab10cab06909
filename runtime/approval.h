/*
 * approval.h - approvals that bind: grants, and the demands that they meet.
 *
 * A grant is a text that names what is approved by hashes, who gave it, and until when; it is
 * signed with the policy's key. The host shows a person what waits, makes the grant, and presents
 * the event with it. There are two kinds, in one form and on one way. A grant for one action
 * (cst_approve) is for one event of one session, and counts once. A standing grant
 * (cst_approve_standing) answers the question of one rule that offers it, for the same tool with
 * the same arguments but for those that the rule sets free, as often as the rule and the grant
 * allow. Everything else is decided afresh each time; a demand that is met counts as `flag`.
 *
 * Uses are counted by the session, so that they move with it, and by the store that all contexts
 * share, so that an older state of the session cannot take them back.
 *
 * Layer 3.
 */
#ifndef CONSTITUTION_RUNTIME_APPROVAL_H
#define CONSTITUTION_RUNTIME_APPROVAL_H

#include "runtime/engine.h"

/* After the cuts: demands that grants of the event meet become flags, and the verdict is what is
 * left. True if some demand was met. *no_memory: nothing is known then. */
bool approvals_apply(cst_context *context, bool *no_memory);
/* The event waits all the same: its grants are not used up. */
void approvals_return(cst_context *context);
/* Who holds a grant for one action. */
void approval_hash_session(const char *name, size_t length, uint8_t out[32]);
/* What grants are measured by: the session's clock, which never runs backwards, so an event that
 * names an earlier time brings no grant back that has expired, or that was used and is forgotten.
 */
int64_t approval_clock(cst_context *context);
/* hash_action.c: what a grant is for: the action, or the whole event at other stages, as it goes
 * on. CST_NO_FIELD: it has no such name. */
cst_status approval_hash(cst_context *context, uint8_t out[32]);

/* ---- standing.c ------------------------------------------------------------------------------ */

/* The call of an event as it goes on, read when the first demand asks for it. */
typedef struct standing_action {
    bool read;
    cst_status status;    /* CST_NO_FIELD: no standing grant covers it */
    const cst_json *args; /* an object with nothing but declared arguments, each of its type */
} standing_action;

/* Who must hold a standing grant, and what it must be for, to answer this line of the report.
 * CST_NO_FIELD: none can. */
cst_status standing_pattern(cst_context *context, standing_action *action,
                            const engine_fired *fired, const cst_standing_row *row,
                            uint8_t holder[32], uint8_t pattern[32]);

#endif

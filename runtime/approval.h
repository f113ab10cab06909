/*
 * approval.h - approvals that bind: grants, and the demands that they meet.
 *
 * A grant is a text that names one event of one session under one policy (by hashes), who gave it, and until when; it is signed with the
 * policy's key. The host shows a person what waits, makes the grant (cst_approve), and presents the same event again with it. Everything
 * is decided afresh; a demand that is met counts as `flag`. A grant is used up by the event that it let through: the session keeps its
 * signature until it has expired.
 *
 * Layer 3.
 */
#ifndef CONSTITUTION_RUNTIME_APPROVAL_H
#define CONSTITUTION_RUNTIME_APPROVAL_H

#include "runtime/engine.h"

/* After the cuts: demands that grants of the event meet become flags, and the verdict is what is left. True if some demand was met.
 * *no_memory: nothing is known then. */
bool approvals_apply(cst_context *context, bool *no_memory);
/* The event is let through: its grants are used up. */
void approvals_use(cst_context *context);
/* What grants are measured by: the session's clock, which never runs backwards, so an event that names an earlier time brings no grant back that
 * has expired, or that was used and is forgotten. */
int64_t approval_clock(cst_context *context);
/* hash_action.c: what a grant is for: the action, or the whole event at other stages, as it goes on. CST_NO_FIELD: it has no such name. */
cst_status approval_hash(cst_context *context, uint8_t out[32]);

#endif

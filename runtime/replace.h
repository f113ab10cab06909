/*
 * replace.h - replacements: how decide.c makes the second decision. See replace.c.
 *
 * Layer 3.
 */
#ifndef CONSTITUTION_RUNTIME_REPLACE_H
#define CONSTITUTION_RUNTIME_REPLACE_H

#include "runtime/engine.h"

/* A replacement has fired that stands. */
bool replace_is_wanted(const cst_context *context);
/* Decides the event once more with its replacements. False: they cannot be put in place, and the
 * verdict is a deny now. */
bool replace_decide(cst_context *context, cst_status *status, cst_decision *decision);
/* In the second decision: the stricter of both, and the rules of both. False: memory is short. */
bool replace_merge(cst_context *context);
/* In the second decision, after the cuts: what goes on is not what came. False: memory is short. */
bool replace_note_changes(cst_context *context);

#endif

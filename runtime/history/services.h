/*
 * services.h - what compiled conditions ask the history; prices and promises are in services.def.
 *
 * Layer 3, like history.h.
 */
#ifndef CONSTITUTION_RUNTIME_HISTORY_SERVICES_H
#define CONSTITUTION_RUNTIME_HISTORY_SERVICES_H

#include "runtime/module.h"

void past_note(cst_frame *frame, const cst_value *value, uint32_t note);
void past_key(cst_frame *frame, const cst_value *value, uint32_t position);
cst_truth past_earlier(cst_frame *frame, uint32_t past, uint32_t site);
uint32_t past_number(cst_frame *frame, uint32_t past, int64_t *out);
uint32_t past_latest(cst_frame *frame, uint32_t past, cst_value *out);
cst_truth session_has(cst_frame *frame, uint32_t label, uint32_t site);

#endif

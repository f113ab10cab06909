/*
 * services.h - what compiled conditions ask the host; prices and promises are in services.def.
 *
 * Layer 3, like host.h.
 */
#ifndef CONSTITUTION_RUNTIME_HOST_SERVICES_H
#define CONSTITUTION_RUNTIME_HOST_SERVICES_H

#include "runtime/module.h"

void host_key(cst_frame *frame, const cst_value *value, uint32_t position);
cst_truth host_ask(cst_frame *frame, uint32_t predicate, uint32_t site, cst_truth arguments,
                   cst_value *out);
void host_mode(cst_frame *frame, uint32_t mode);
void host_flip(cst_frame *frame);

#endif

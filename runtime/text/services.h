/*
 * services.h - the rows of runtime/services.def that look into texts; texts.c has them, services.c
 * puts them into the table.
 *
 * Layer 2 of the runtime. All are safe on absent values: those hold no text.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_SERVICES_H
#define CONSTITUTION_RUNTIME_TEXT_SERVICES_H

#include "runtime/module.h"

cst_truth text_contains(cst_frame *frame, const cst_value *text, uint32_t probe, uint32_t site);
cst_truth text_matches(cst_frame *frame, const cst_value *text, uint32_t probe, uint32_t site);
cst_truth text_repeats(cst_frame *frame, const cst_value *text, uint32_t echo, uint32_t site);
uint32_t text_found(cst_frame *frame, const cst_value *text, uint32_t probe, uint32_t type,
                    cst_value *out);
uint32_t text_leaves(cst_frame *frame, const cst_value *value, cst_value *out);
void mark_text(cst_frame *frame, const cst_value *text, uint32_t probe);
void mark_repeat(cst_frame *frame, const cst_value *text, uint32_t echo);
void mark_found(cst_frame *frame, const cst_value *list, uint32_t index);
/* from.c */
cst_truth value_from(cst_frame *frame, const cst_value *value, uint32_t from, uint32_t site);

#endif

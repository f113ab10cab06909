/*
 * print.h - checked conditions and values as a person writes and reads them: for explain.c and the
 * dumps.
 */
#ifndef CONSTITUTION_COMPILER_REFERENCE_PRINT_H
#define CONSTITUTION_COMPILER_REFERENCE_PRINT_H

#include "compiler/checked.h"
#include "runtime/base/buffer.h"

void print_expression(buffer *out, const checked_policy *policy, const expression *tree);
void print_value(buffer *out, const type *as, const cst_value *value); /* long lists end in "…" */

#endif

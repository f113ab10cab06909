/*
 * dump.h - the graph and the plan as text, for `constc dump` and for golden tests: stable, one
 * fact a line.
 */
#ifndef CONSTITUTION_COMPILER_PLAN_DUMP_H
#define CONSTITUTION_COMPILER_PLAN_DUMP_H

#include "compiler/plan.h"
#include "runtime/base/buffer.h"

void graph_dump(buffer *out, const compilation *unit); /* after pass_lower or later */
void plan_dump(buffer *out, const compilation *unit);  /* after pass_plan */

#endif

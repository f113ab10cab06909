/*
 * deliver.h - diagnostics on their way to the caller. Private to driver/.
 */
#ifndef CONSTITUTION_COMPILER_DRIVER_DELIVER_H
#define CONSTITUTION_COMPILER_DRIVER_DELIVER_H

#include "compiler/compilation.h"
#include "compiler/include/constitution/compiler.h"

/* Calls options->diagnostic, if there is one, for each diagnostic in the order they were reported.
 * CST_NO_MEMORY if one of them could not be made; those before it were delivered. */
cst_status diagnostics_deliver(compilation *unit, const cst_compiler_options *options);

#endif

/*
 * tiers.h - policies that decide at once and become faster. See tiers.c.
 *
 * Layer 3 of the compiler. Private to driver/.
 */
#ifndef CONSTITUTION_COMPILER_DRIVER_TIERS_H
#define CONSTITUTION_COMPILER_DRIVER_TIERS_H

#include "compiler/backend.h"
#include "compiler/include/constitution/compiler.h"

/* A policy that decides by the reference evaluator, and a thread that makes better code for it.
 * Takes the compilation, whatever it answers. */
cst_status tiers_policy(compilation *unit, const cst_options *options, cst_policy **out);

#endif

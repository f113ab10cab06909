/*
 * tiers.h - policies that decide at once and become faster. See tiers.c.
 *
 * Layer 3 of the compiler. Private to driver/.
 */
#ifndef CONSTITUTION_COMPILER_DRIVER_TIERS_H
#define CONSTITUTION_COMPILER_DRIVER_TIERS_H

#include "compiler/backend.h"
#include "compiler/include/constitution/compiler.h"

struct cache_job;

/* A policy that decides by the reference evaluator, and a thread that makes better code for it;
 * then it does `job` (cache.h; may be NULL). Takes both, whatever it answers. */
cst_status tiers_policy(compilation *unit, const cst_options *options, struct cache_job *job,
                        cst_policy **out);
/* A policy that is at its last tier already. On failure nothing is taken. */
cst_status tiers_ready(const cst_module *module, void (*release)(void *library), void *library,
                       const cst_options *options, cst_policy **out);

#endif

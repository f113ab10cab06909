/*
 * tiers.h - policies that decide at once and become faster. See tiers.c.
 *
 * Layer 3 of the compiler. Private to driver/.
 */
#ifndef CONSTITUTION_COMPILER_DRIVER_TIERS_H
#define CONSTITUTION_COMPILER_DRIVER_TIERS_H

#include "compiler/backend.h"
#include "compiler/include/constitution/compiler.h"

/* Called by the thread that makes code, for the object of the last tier; may be NULL. */
typedef struct tiers_keeper {
    void (*keep)(void *user, const backend_object *object);
    void (*release)(void *user);
    void *user;
} tiers_keeper;

/* A policy that decides by the reference evaluator, and a thread that makes better code for it. Takes the
 * compilation and the keeper, whatever it answers. */
cst_status tiers_policy(compilation *unit, const cst_options *options, const tiers_keeper *keeper,
                        cst_policy **out);
/* A policy whose last tier was made before. Takes the module, whatever it answers. */
cst_status tiers_policy_ready(backend_module *made, const cst_options *options, cst_policy **out);

#endif

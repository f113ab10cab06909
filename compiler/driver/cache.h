/*
 * cache.h - policies that were compiled before. See cache.c.
 *
 * Layer 3 of the compiler. Private to driver/.
 */
#ifndef CONSTITUTION_COMPILER_DRIVER_CACHE_H
#define CONSTITUTION_COMPILER_DRIVER_CACHE_H

#include "compiler/driver/driver.h"

/* As driver_compile, with options that are complete and name a cache. */
cst_status cache_compile(const driver_input *input, const cst_compiler_options *options,
                         cst_policy **out);

/* What a policy with tiers keeps, so that its thread can put its best code away. */
typedef struct cache_job cache_job;
void cache_job_store(cache_job *job, compilation *unit); /* on the thread that owns the arena */
void cache_job_free(cache_job *job);                     /* NULL is allowed */

#endif

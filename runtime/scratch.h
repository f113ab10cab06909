/*
 * scratch.h - cst_frame.scratch: memory for what services make while a condition is evaluated
 * (joined texts, open data read as a type).
 *
 * The context owns one, initialised with arena_init and the ceiling of its limits (scratch_bytes,
 * by default LIMIT_SCRATCH_BYTES), no `failed` handler, and resets it when the next event begins:
 * what services put there can stand in messages and spans of the decision. A full scratch makes the
 * condition undecided, never false.
 */
#ifndef CONSTITUTION_RUNTIME_SCRATCH_H
#define CONSTITUTION_RUNTIME_SCRATCH_H

#include "runtime/base/arena.h"
#include "runtime/work.h"

typedef struct cst_scratch {
    arena memory;
    struct command_cache *commands; /* shell lines of this event, taken apart; in `memory` */
    cst_work work;                  /* of this event, so far */
} cst_scratch;

#endif

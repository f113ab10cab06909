/*
 * soak_policy.h - the policies and events of the soak: versions of one policy, and a script of
 * events that comes back to where it began.
 */
#ifndef CONSTITUTION_TESTS_SOAK_POLICY_H
#define CONSTITUTION_TESTS_SOAK_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/include/constitution.h"

enum { VERSIONS = 4, POSITIONS = 24 };

typedef struct soak_field { /* a value for a typed setter; the one with a `text` is a string */
    const char *path, *text;
    int64_t millionths;
} soak_field;

typedef struct soak_event {
    const char *json; /* with `%s` in place of the session; NULL: a typed event */
    cst_stage stage;  /* of a typed one */
    const char *tool;
    soak_field fields[2];
    uint32_t field_count;
} soak_event;

extern const soak_event soak_script[POSITIONS];

/* The text of a version, 0 to VERSIONS - 1. All of them answer some events differently, and none
 * has its tables in the order of another. */
void soak_policy_write(buffer *out, uint32_t version);

#endif

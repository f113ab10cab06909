/*
 * policy.h - what a cst_policy holds, and the compiler's way in.
 *
 * A policy is a verified module, the options it was opened with, and a few facts about its field table that the event
 * reader wants at hand. It is immutable once it is made, so threads share it without locks; only the count of
 * references changes, atomically. The last reference gives back whatever keeps the module alive: a library that dlopen
 * opened, the JIT's memory, or nothing.
 *
 * Layer 2.
 */
#ifndef CONSTITUTION_RUNTIME_POLICY_H
#define CONSTITUTION_RUNTIME_POLICY_H

#include <stdatomic.h>
#include <string.h>

#include "runtime/history/shared.h"
#include "runtime/include/constitution.h"
#include "runtime/module.h"
#include "runtime/text/scan.h"

/* What the reader knows of a node beyond its row. */
typedef struct policy_node {
    uint32_t root;           /* the node without a parent above it */
    uint32_t required_count; /* children that are required */
    bool strict;             /* only an object can hold it: something declared lies below, or it is `args` */
} policy_node;

/* Children of a root that the engine fills itself; CST_NONE where the policy does not read them. */
typedef struct policy_root {
    uint32_t session, time, tool, chain;
} policy_root;

struct cst_policy {
    atomic_uint references;
    const cst_module *module;
    const cst_image *image;
    cst_allocator allocator; /* complete */
    cst_limits limits;       /* complete: no member is 0 */
    cst_clock clock;         /* NULL: the system's */
    void *clock_user;
    void (*release)(void *owner); /* NULL: nothing to release */
    void *owner;
    char hash[sizeof "sha256:" + 64];
    const char *label;       /* "support@1.2 sha256:…" */
    policy_node *nodes;      /* by node row */
    policy_root *roots;      /* by dispatch row */
    scan_database **databases; /* by row of image.databases */
    past_shared *shared;     /* what its contexts keep across sessions */
    uint32_t text_slot;      /* the string slot `text`, or CST_NONE */
    bool has_key;            /* the host gave `key` */
    uint8_t key[32];         /* for aliases, approvals and states: the host's, or one of this process's own */
    uint32_t *record_order;  /* rows of image.records, ascending by name */
    size_t size;             /* of the whole allocation */
};

/*
 * A policy from a module that somebody made in this process (the JIT, the reference evaluator) or opened. `release` (may be
 * NULL) is called with `owner` when the last reference goes, from whichever thread drops it. On failure nothing is
 * taken: the owner stays the caller's. Exported for libconstc, but no part of the public interface.
 */
CST_API cst_status cst_policy_from_producer(const cst_module *module, void (*release)(void *owner),
                                            void *owner, const cst_options *options,
                                            cst_policy **out);

static inline cst_status policy_from_producer(const cst_module *module,
                                              void (*release)(void *owner), void *owner,
                                              const cst_options *options, cst_policy **out)
{
    return cst_policy_from_producer(module, release, owner, options, out);
}

/* image_verify.c: whether every reference of the image stays inside it. After this no walk along its tables can leave it. */
bool image_verify(const cst_module *module);

/* Whether two names of one length are equal: member names are short, and a call of memcmp costs more than they do. */
static inline bool same_name(const char *a, const char *b, uint32_t length)
{
    if (length > 16)
        return memcmp(a, b, length) == 0;
    if (length >= 8) {
        uint64_t a_first, b_first, a_last, b_last; /* the two words overlap */
        memcpy(&a_first, a, 8);
        memcpy(&b_first, b, 8);
        memcpy(&a_last, a + length - 8, 8);
        memcpy(&b_last, b + length - 8, 8);
        return ((a_first ^ b_first) | (a_last ^ b_last)) == 0;
    }
    if (length >= 4) {
        uint32_t a_first, b_first, a_last, b_last;
        memcpy(&a_first, a, 4);
        memcpy(&b_first, b, 4);
        memcpy(&a_last, a + length - 4, 4);
        memcpy(&b_last, b + length - 4, 4);
        return ((a_first ^ b_first) | (a_last ^ b_last)) == 0;
    }
    for (uint32_t i = 0; i < length; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* event.c: the child of a node with this member name, or CST_NONE. */
uint32_t node_child(const cst_image *image, const cst_node_row *node, const char *name,
                    uint32_t length);

#endif

/*
 * policy.h - what a cst_policy holds, and the compiler's way in.
 *
 * A policy is a verified module, the options it was opened with, and a few facts about its field
 * table that the event reader wants at hand. It is immutable once it is made, so threads share it
 * without locks; only the count of references changes, atomically, the functions may be exchanged
 * for better ones of the same image (a context takes them up when it begins an event), and scan
 * databases are opened when they are first needed (text/store.h). The last reference gives back
 * whatever keeps the module alive: a library that dlopen opened, the JIT's memory, or nothing.
 *
 * Layer 2.
 */
#ifndef CONSTITUTION_RUNTIME_POLICY_H
#define CONSTITUTION_RUNTIME_POLICY_H

#include <stdatomic.h>
#include <string.h>

#include "runtime/base/names.h"
#include "runtime/convert.h"
#include "runtime/history/shared.h"
#include "runtime/include/constitution.h"
#include "runtime/module.h"
#include "runtime/text/store.h"

/* Members that every event may have, whatever the policy reads. */
typedef enum policy_fixed {
    POLICY_STAGE,
    POLICY_TOOL,
    POLICY_SESSION,
    POLICY_TIME,
    POLICY_ID,
    POLICY_APPROVALS,
    POLICY_FIXED
} policy_fixed;

/* as many children of a node have a number of their own */
#define POLICY_NUMBERED (64u - POLICY_FIXED)

/* What the quick reader and the setters put into a slot by themselves: the node has one target and
 * no children, or no target at all. */
typedef enum policy_form {
    POLICY_OTHER,
    POLICY_STRING,
    POLICY_NUMBER,
    POLICY_BOOL,
    POLICY_ENUM,
    POLICY_OBJECT
} policy_form;

typedef enum policy_keep {
    POLICY_KEEP_NONE,
    POLICY_KEEP_ARGS,
    POLICY_KEEP_TEXT,
    POLICY_KEEP_VALUE
} policy_keep;

/* What the reader knows of a node beyond its row, or of a fixed member. */
typedef struct policy_node {
    char key[16];            /* the name and its closing quote */
    uint32_t root;           /* the node without a parent above it */
    uint32_t required_count; /* children that are required */
    uint32_t slot, bound;    /* of its one target; bound: bytes of a string that surely fits */
    uint32_t record;         /* of the outermost members: 1 + row of image.records, or 0 */
    uint32_t parent;         /* the node above, or CST_NONE */
    uint32_t type;           /* type row of its one target */
    /* of a root, and then along the list: the next node of its tree that has required children, or
     * CST_NONE */
    uint32_t next_strict;
    uint32_t row; /* its own; behind the nodes, the fixed members */
    /* a bit for each byte of `key` that must be equal: all where it is not to be expected, and
     * `key` is empty */
    uint16_t key_mask;
    /* 0: it has a name that is too long, or not only of plain characters */
    uint8_t key_length;
    /* its bit among the members of its object: from 0 up, fixed ones from 63 down */
    uint8_t number;
    uint8_t form; /* policy_form */
    uint8_t keep; /* policy_keep */
    /* only an object can hold it: something declared lies below, or it is `args` */
    bool strict : 1;
    bool required : 1, interned : 1, decimal : 1;
} policy_node;

/* Children of a root that the engine fills itself; CST_NONE where the policy does not read them. */
typedef struct policy_root {
    uint32_t session, time, tool, chain;
} policy_root;

struct cst_policy {
    atomic_uint references;
    /* exchanged when better code has been made; the image stays */
    _Atomic(const cst_module *) module;
    const cst_image *image;
    cst_allocator allocator; /* complete */
    cst_limits limits;       /* complete: no member is 0 */
    cst_clock clock;         /* NULL: the system's */
    void *clock_user;
    void (*release)(void *owner); /* NULL: nothing to release */
    void *owner;
    void (*settle)(void *owner); /* waits until nothing works on it any more; NULL: nothing does */
    char hash[sizeof "sha256:" + 64];
    const char *label;   /* "support@1.2 sha256:…" */
    policy_node *nodes;  /* by node row; POLICY_FIXED more behind them */
    policy_root *roots;  /* by dispatch row */
    scan_store *scans;   /* its databases */
    past_shared *shared; /* what its contexts keep across sessions */
    uint32_t text_slot;  /* the string slot `text`, or CST_NONE */
    bool has_key;        /* the host gave `key` */
    /* for aliases, approvals and states: the host's, or one of this process's own */
    uint8_t key[32];
    bool has_waivers;        /* some rule is one */
    convert_names names;     /* of convert_context */
    uint64_t symbol_lengths; /* of convert_context */
    uint32_t *record_order;  /* rows of image.records, ascending by name */
    size_t size;             /* of the whole allocation */
};

/*
 * A policy from a module that somebody made in this process (the JIT, the reference evaluator) or
 * opened. `release` (may be NULL) is called with `owner` when the last reference goes, from
 * whichever thread drops it. On failure nothing is taken: the owner stays the caller's. Exported
 * for libconstc, but no part of the public interface.
 */
CST_API cst_status cst_policy_from_producer(const cst_module *module, void (*release)(void *owner),
                                            void *owner, const cst_options *options,
                                            cst_policy **out);

/*
 * For producers that go on working on a policy that decides already. cst_policy_exchange puts other
 * functions of the same image in force: it waits for nothing, an event that has begun is decided by
 * those that it began with, and all that were ever in force must live as long as the policy.
 * `settle` waits until the producer's work is over, so that no thread that decides drops the last
 * reference to a policy that is still worked on. cst_policy_owner answers the owner of a policy
 * that this producer made, or NULL. No part of the public interface either.
 */
CST_API cst_status cst_policy_exchange(cst_policy *policy, const cst_module *module);
/* before others see the policy */
CST_API void cst_policy_settle_by(cst_policy *policy, void (*settle)(void *owner));
CST_API void *cst_policy_owner(const cst_policy *policy, void (*release)(void *owner));

static inline const cst_module *policy_module(const cst_policy *policy)
{
    return atomic_load_explicit(&policy->module, memory_order_acquire);
}

static inline cst_status policy_from_producer(const cst_module *module,
                                              void (*release)(void *owner), void *owner,
                                              const cst_options *options, cst_policy **out)
{
    return cst_policy_from_producer(module, release, owner, options, out);
}

/* image_verify.c: whether every reference of the image stays inside it. After this no walk along
 * its tables can leave it. */
bool image_verify(const cst_module *module);

/* event.c: the child of a node with this member name, or CST_NONE. */
uint32_t node_child(const cst_image *image, const cst_node_row *node, const char *name,
                    uint32_t length);

#endif

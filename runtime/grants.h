/*
 * grants.h - how often grants were used, by all contexts of a policy or of a live policy.
 *
 * A session keeps the same for itself, so that it can be moved with its bytes. This table is what
 * an older state of a session cannot take back: loading one never lowers what has been counted
 * here. It is kept in the shared store, under its lock, and saved with it.
 *
 * What is forgotten has expired, and `floor` remembers until when: a grant that expires no later is
 * never good again, even if somebody presents it with an event of an older time.
 *
 * Layer 2. The caller holds the lock.
 */
#ifndef CONSTITUTION_RUNTIME_GRANTS_H
#define CONSTITUTION_RUNTIME_GRANTS_H

#include "runtime/base/bytes.h"
#include "runtime/include/constitution.h"

#define GRANT_REVOKED UINT32_MAX /* in the place of a number of uses: it meets nothing any more */

typedef struct grant_use {
    uint8_t signature[32];
    int64_t expires;
    uint32_t uses;
    bool taken; /* the slot holds one */
} grant_use;

typedef struct grant_table {
    cst_allocator allocator;
    /* open addressing from the first bytes of the signature, which nobody without the key can
     * choose; a power of two */
    grant_use *slots;
    uint32_t capacity, count;
    int64_t floor;
    /* they could not be loaded: no standing grant meets anything until they are */
    bool lost;
    /* a use or a revocation could not be kept: the same, until all is forgotten */
    bool dropped;
} grant_table;

void grant_table_init(grant_table *table, const cst_allocator *allocator);
void grant_table_free(grant_table *table); /* forgets all; the table can be used again */
/* How often it was used, or GRANT_REVOKED. */
uint32_t grant_table_uses(const grant_table *table, const uint8_t signature[32]);
/* Keeps a number of uses. False: there is no room, and nothing has changed. */
bool grant_table_keep(grant_table *table, const uint8_t signature[32], int64_t expires,
                      uint32_t uses, int64_t now);
void grant_table_write(const grant_table *table, buffer *out);
/* Into an empty table. False: the bytes are none, or memory is short. */
bool grant_table_read(grant_table *table, bytes_reader *in);
/* What the other knows and this one does not: of each grant the higher number stands. False: there
 * was no room for all. */
bool grant_table_merge(grant_table *table, const grant_table *other);

#endif

/*
 * session.h - what a context remembers of each session: whether it is halted, and the records that it carries.
 *
 * A session is stored only when there is something to remember, so a policy without `context` and `halt` needs no
 * memory for any number of sessions. Records are kept as the JSON text that the event brought, by name, because a swapped policy may
 * read other fields of them. The table is keyed by the session's name with a seed of its own, since names may come from outside.
 *
 * Storing a session that is new, or a record that is longer than the one before, allocates: the warm-up of that
 * session. Nothing is dropped but all at once, by cst_context_forget.
 *
 * Layer 2. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_SESSION_H
#define CONSTITUTION_RUNTIME_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/include/constitution.h"

typedef struct session_record {
    struct session_record *next;
    char *json;           /* json_capacity bytes, json_length of them in use */
    uint32_t json_length, json_capacity;
    uint32_t name_length;
    char name[];
} session_record;

/* The texts of a session, by row of the policy's echoes. */
typedef struct session_echoes {
    uint8_t policy[32];   /* source hash: another policy asks for other things */
    bool lost;            /* what came before is not in them */
    uint32_t count;
    struct echo *items[];
} session_echoes;

/* Where the values of a session came from, by row of the policy's sources. */
typedef struct session_origins {
    uint8_t policy[32];   /* source hash: another policy tells other sources apart */
    struct provenance *from;
} session_origins;

typedef struct session {
    uint64_t hash;
    session_record *records;
    session_echoes *echoes; /* or NULL */
    session_origins *origins; /* or NULL */
    bool halted;
    uint32_t name_length;
    char name[];
} session;

typedef struct session_table {
    cst_allocator allocator;
    session **slots;   /* open addressing, a power of two */
    uint32_t capacity;
    uint32_t count;
    uint64_t seed;
    bool texts_lost;   /* texts of a session could not be stored: of sessions that are not known some are missing */
    bool halt_lost;    /* a halted session could not be stored: sessions that are not known may be halted ones */
} session_table;

void session_table_init(session_table *table, const cst_allocator *allocator);
void session_table_free(session_table *table); /* forgets all; the table can be used again */
session *session_find(const session_table *table, const char *name, uint32_t length);
/* The session, stored if it is new. NULL: memory is short. The caller has looked at the bound. */
session *session_store(session_table *table, const char *name, uint32_t length);
const session_record *session_find_record(const session *session, const char *name, uint32_t length);
/* Room for `count` echoes, all NULL. NULL: memory is short. */
session_echoes *session_new_echoes(session_table *table, uint32_t count);
void session_free_echoes(session_table *table, session_echoes *echoes);
/* Empty, with `from` NULL. NULL: memory is short. */
session_origins *session_new_origins(session_table *table);
void session_free_origins(session_table *table, session_origins *origins);
bool session_set_record(session_table *table, session *session, const char *name, uint32_t length,
                        const char *json, uint32_t json_length);

#endif

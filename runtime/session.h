/*
 * session.h - what a context remembers of each session: whether it is halted, the records that it
 * carries, its texts, history and labels.
 *
 * A session is stored only when there is something to remember, so a policy without `context` and
 * `halt` needs no memory for any number of sessions. Records are kept as the JSON text that the
 * event brought, by name, because a swapped policy may read other fields of them. The table is
 * keyed by the session's name with a seed of its own, since names may come from outside.
 *
 * Storing a session that is new, or a record that is longer than the one before, allocates: the
 * warm-up of that session. Nothing is dropped by itself: all at once by cst_context_forget, and
 * what is over by cst_context_expire. Of a session that was put away a mark stays.
 *
 * Layer 2. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_SESSION_H
#define CONSTITUTION_RUNTIME_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/include/constitution.h"
#include "runtime/limits.h"

typedef struct session_record {
    struct session_record *next;
    char *json; /* json_capacity bytes, json_length of them in use */
    uint32_t json_length, json_capacity;
    uint32_t name_length;
    char name[];
} session_record;

/* The texts of a session, by row of the policy's echoes. */
typedef struct session_echoes {
    uint8_t policy[32]; /* source hash: another policy asks for other things */
    bool lost;          /* what came before is not in them */
    uint32_t count;
    struct echo *items[];
} session_echoes;

typedef struct session_label {
    struct session_label *next;
    bool sure; /* false: the rule that gives it could not be decided */
    uint32_t name_length;
    char name[];
} session_label;

typedef struct session_grant { /* an approval that was used, or revoked */
    struct session_grant *next;
    uint8_t signature[32];
    int64_t expires;
    uint32_t uses; /* or GRANT_REVOKED */
} session_grant;

typedef struct session_agent { /* one that has sent or got a message */
    /* whose messages have reached it, directly or through others */
    uint64_t heard[LIMIT_CHAIN_AGENTS / 64];
    uint32_t name_length;
    char name[];
} session_agent;

typedef struct session_agents {
    uint32_t count, capacity;
    session_agent *items[];
} session_agents;

/* Where the values of a session came from, by row of the policy's sources. */
typedef struct session_origins {
    uint8_t policy[32]; /* source hash: another policy tells other sources apart */
    struct provenance *from;
} session_origins;

typedef struct session {
    uint64_t hash;
    session_record *records;
    session_echoes *echoes;  /* or NULL */
    struct past_store *past; /* what rules ask of its past; or NULL: nothing of it has been */
    session_label *labels;
    uint32_t label_count;
    session_grant *grants;
    uint32_t grant_count;
    bool agents_lost;         /* a message could not be followed: who acts for whom is not known */
    bool labels_lost;         /* a label could not be kept: it may have any */
    session_origins *origins; /* or NULL */
    /* or NULL: there was no message that a rule on `chain` could be about */
    session_agents *agents;
    int64_t clock; /* the latest time of its events, where that matters (history.c) */
    /* events of it were decided by a policy that asks nothing about the past */
    bool unasked;
    /* something of its history, or a label, may have been forgotten before this was made */
    bool lost;
    bool goes; /* expiry has found it to be over */
    bool halted;
    bool distrusted; /* its state could not be loaded: its events are denied */
    uint32_t name_length;
    char name[];
} session;

typedef struct session_table {
    cst_allocator allocator;
    session **slots; /* open addressing, a power of two */
    uint32_t capacity;
    uint32_t count;
    uint64_t seed;
    /* hashes of sessions that were put away: open addressing, a power of two, 0 is free */
    uint64_t *away;
    uint32_t away_capacity, away_count;
    /* clocks of new sessions begin there; PAST_CLOCK_UNSET: sessions have not been forgotten */
    int64_t floor;
    bool expired; /* some have */
    /* under another policy: what this one asks of a session that is new is not known of the time
     * before */
    bool begun;
    /* texts of a session could not be stored: of sessions that are not known some are missing */
    bool texts_lost;
    /* history or a label of a session could not be stored: sessions that are not known may have any
     */
    bool past_lost;
    bool prompt_lost; /* a system prompt could not be read, nor of which session it was */
    /* what was used or revoked could not be kept: no grant meets anything any more */
    bool grants_lost;
    /* a message of a session could not be followed: sessions that are not known may have had any */
    bool agents_lost;
    /* a halted session could not be stored: sessions that are not known may be halted ones */
    bool halt_lost;
} session_table;

void session_table_init(session_table *table, const cst_allocator *allocator);
void session_table_free(session_table *table); /* forgets all; the table can be used again */
session *session_find(const session_table *table, const char *name, uint32_t length);
/* The session, stored if it is new. NULL: memory is short, or it was put away. The caller has
 * looked at the bound. */
session *session_store(session_table *table, const char *name, uint32_t length);
/* Drops the sessions that are marked so (`goes`), and gives back what the table does not need any
 * more. */
void session_table_drop(session_table *table);
/* Room for one more mark. False: there is none. */
bool session_can_mark(session_table *table);
void session_mark_away(session_table *table, uint64_t hash);
bool session_is_away(const session_table *table, const char *name, uint32_t length);
/* It comes back. False: it was not away. */
bool session_unmark_away(session_table *table, const char *name, uint32_t length);
const session_record *session_find_record(const session *session, const char *name,
                                          uint32_t length);
/* Forgets what is remembered of a session, but not that there is one. */
void session_clear(session_table *table, session *session);
/* Room for `count` echoes, all NULL. NULL: memory is short. */
session_echoes *session_new_echoes(session_table *table, uint32_t count);
void session_free_echoes(session_table *table, session_echoes *echoes);
/* Gives a label; one that is sure stays so. False: there is no room. */
bool session_set_label(session_table *table, session *owner, const char *name, uint32_t length,
                       bool sure);
/* A new agent of a session, of whom nothing is known. NULL: there is no room. */
session_agent *session_add_agent(session_table *table, session *owner, const char *name,
                                 uint32_t length);
/* Keeps how often a grant was used; 0 forgets it. False: memory is short. */
bool session_keep_grant(session_table *table, session *owner, const uint8_t signature[32],
                        int64_t expires, uint32_t uses);
/* How often it was used, or GRANT_REVOKED. `owner` may be NULL. */
uint32_t session_grant_uses(const session *owner, const uint8_t signature[32]);
/* Forgets those that have expired. */
void session_forget_grants(session_table *table, session *owner, int64_t now);
/* Empty, with `from` NULL. NULL: memory is short. */
session_origins *session_new_origins(session_table *table);
void session_free_origins(session_table *table, session_origins *origins);
bool session_set_record(session_table *table, session *session, const char *name, uint32_t length,
                        const char *json, uint32_t json_length);

#endif

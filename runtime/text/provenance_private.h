/*
 * provenance_private.h - what the files of provenance share: how texts, tokens and typed values lie
 * in memory.
 *
 * Texts stand one behind the other, each between two bytes that no UTF-8 has, so that no comparison
 * runs from one into the next. Chains of equal hash go from the newest member to the oldest:
 * putting a member in front touches nothing but its bucket.
 *
 * Private to runtime/text/.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_PROVENANCE_PRIVATE_H
#define CONSTITUTION_RUNTIME_TEXT_PROVENANCE_PRIVATE_H

#include "runtime/text/provenance.h"

#define PROVENANCE_SEPARATOR '\xff'
#define PROVENANCE_SLACK     8u         /* bytes behind a text that can be read */
#define PROVENANCE_NEVER     UINT32_MAX /* a time that nothing has */
#define PROVENANCE_TYPES     6u         /* bits of PROVENANCE_ALL */

typedef struct provenance_record { /* one leaf */
    uint32_t start, length;        /* bytes of `bytes` */
    uint32_t source;
    uint32_t time;   /* number of its event */
    uint32_t number; /* 0 or 1: a JSON number, no text */
} provenance_record;

typedef struct provenance_token {
    uint32_t start; /* in `bytes` */
    uint32_t tag;   /* hash of its canonical form */
    uint32_t next;  /* 1 + the next of its chain, which is older; 0: none */
} provenance_token;

typedef struct provenance_typed { /* one identity or number that was seen */
    uint64_t key[2]; /* hash of type and canonical text: two words, so it is not compared again */
    uint32_t source;
    uint32_t time;
    uint32_t whole; /* 0 or 1: a whole leaf, not a part of a text */
    uint32_t next;
} provenance_typed;

typedef struct provenance_chains { /* buckets: 1 + the newest member of a chain, 0: none */
    uint32_t *buckets;
    uint32_t count; /* a power of two, or 0 */
} provenance_chains;

struct provenance {
    cst_allocator allocator;
    uint64_t seed;
    uint32_t source_count, types, time;
    uint64_t *lost;         /* a bit a source */
    uint32_t *source_bytes; /* text of each source */
    char *bytes;
    uint32_t length, capacity;
    provenance_record *records;
    uint32_t record_count, record_capacity;
    provenance_token *tokens;
    uint32_t token_count, token_capacity;
    provenance_typed *typed;
    uint32_t typed_count, typed_capacity;
    provenance_chains token_chains, typed_chains;
    uint32_t tokens_done; /* records whose tokens are in the index */
    /* by bit of `types`: records that were searched for it */
    uint32_t typed_done[PROVENANCE_TYPES];
    uint64_t memory; /* bytes allocated */
    /* bytes that were indexed and made ready to be compared, members of chains that were counted */
    uint64_t work;
};

/* ---- provenance.c ---------------------------------------------------------------------------- */

/* The hash of a token without its case. PROVENANCE_SLACK bytes behind it can be read. */
uint32_t provenance_tag(const provenance *from, const char *text, uint32_t length);
/* Room for one more of an array; false: memory is short or LIMIT_PROVENANCE_BYTES is reached. */
bool provenance_reserve(provenance *from, void **items, uint32_t *capacity, uint32_t needed,
                        size_t size);
bool provenance_reserve_chains(provenance *from, provenance_chains *chains, uint32_t members);
/* Puts into the index what came since the last time: tokens, and values of a type. What does not
 * fit makes its source lost. */
void provenance_index_tokens(provenance *from);
void provenance_index_typed(provenance *from, uint32_t type);

/* ---- provenance_typed.c ---------------------------------------------------------------------- */

typedef struct provenance_key {
    uint64_t words[2];
    uint32_t chars; /* of the canonical text */
} provenance_key;

/* The values of one type (a bit) that stand in one leaf. False: memory is short. */
bool provenance_find_typed(provenance *from, arena *memory, const provenance_record *record,
                           uint32_t type);
/* The type (a bit) as which a value is found; 0: as text. */
uint32_t provenance_type_of(const cst_value *value);
/* A number as a person reads it, in memory of the arena. False: memory is short. */
bool provenance_show(arena *memory, const cst_value *value, const char **text, uint32_t *length);
/* The key of a value of an identity type or a number; false: it has none, or memory is short
 * (*failed). */
bool provenance_key_of(const provenance *from, arena *memory, const cst_value *value,
                       provenance_key *out, bool *failed);

#endif

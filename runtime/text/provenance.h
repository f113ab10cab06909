/*
 * provenance.h - where values came from: all leaves and texts of one session's events, by source,
 * ready to be asked for by value.
 *
 * A source is a number that the caller gives a meaning ("results of fetch_url"). Each text is kept
 * as it came, and an index of its tokens (token.h) leads from a value to the places where it
 * stands: so asking costs about the length of the value, however much was said. Identity types and
 * numbers are found in texts in canonical form. Adding only copies: what came since goes into the
 * index when somebody asks, and of the types only into that which is asked for, each text once.
 * What is asked: is this value a whole leaf of one of these sources, or does it stand in one of
 * their texts as whole tokens, with at least N characters?
 *
 * Source 0 is what the agent wrote: arguments of calls. A value of a result that had been written
 * before is an echo, and a question says whether echoes count.
 *
 * Everything is numbers of arrays, no pointers inside, so that it can be saved: provenance_save
 * writes the texts in order, provenance_load adds them again. What could not be kept is known to be
 * lost: then the answer is "yes" or "unknown", never "no".
 *
 * Layer 1 of the runtime. Owned by the session's memory. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_PROVENANCE_H
#define CONSTITUTION_RUNTIME_TEXT_PROVENANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/base/buffer.h"
#include "runtime/value.h"

typedef struct provenance provenance;

/* What is looked for in texts besides tokens; of a policy that never asks for a URL no URL is
 * parsed. */
enum {
    PROVENANCE_NUMBERS = 1u << 0, /* INT, DECIMAL, FLOAT */
    PROVENANCE_EMAILS = 1u << 1,
    PROVENANCE_URLS = 1u << 2,
    PROVENANCE_HOSTS = 1u << 3,
    PROVENANCE_PATHS = 1u << 4,
    PROVENANCE_IPS = 1u << 5,
    PROVENANCE_ALL = (1u << 6) - 1
};

enum { PROVENANCE_WRITTEN = 0 };

/* A new, empty one for sources 0..sources-1. NULL: memory is short. `seed`: of its hashes; nobody
 * outside should know it. */
provenance *provenance_new(const cst_allocator *allocator, uint32_t sources, uint32_t types,
                           uint64_t seed);
void provenance_free(provenance *from);

/* What is added from here on belongs to the next event. */
void provenance_step(provenance *from);
/* One leaf of the event: a text (valid UTF-8), or a number as JSON writes it. False: memory is
 * short or a bound is reached; the source is lost from now on. */
bool provenance_add_text(provenance *from, uint32_t source, const char *text, uint32_t length);
bool provenance_add_number(provenance *from, uint32_t source, const char *text, uint32_t length);
void provenance_lose(provenance *from, uint32_t source); /* something of it was not added */
void provenance_lose_all(provenance *from);
bool provenance_is_lost(const provenance *from, uint32_t source);
uint32_t provenance_sources(const provenance *from);
uint64_t provenance_bytes(const provenance *from); /* of memory */

typedef struct provenance_question {
    const uint64_t *sources; /* a bit each: any of these */
    /* a bit each: sources that can echo; read only if echoes do not count */
    const uint64_t *results;
    uint32_t chars; /* characters of a value that is no whole leaf, at least */
    bool echoes;    /* a result that only gave back what the agent had written counts */
} provenance_question;

typedef enum provenance_answer {
    PROVENANCE_NO,
    PROVENANCE_YES,
    PROVENANCE_UNKNOWN
} provenance_answer;

/* What has been indexed and looked up, ever, beside the steps of provenance_ask; of NULL nothing
 * (docs/bounds.md). */
uint64_t provenance_work(const provenance *from);
/* One leaf: a text, an identity, a number. *steps are what comparing may still cost, and are used
 * up; at 0 the answer is PROVENANCE_UNKNOWN. `from` may be NULL: nothing came yet. */
provenance_answer provenance_ask(provenance *from, arena *memory,
                                 const provenance_question *question, const cst_value *leaf,
                                 uint64_t *steps);

/* All that it holds, as bytes that provenance_load reads on any machine. False: memory is short. */
bool provenance_save(const provenance *from, buffer *out);
/* NULL: memory is short, or the bytes are not what provenance_save wrote (cut off, changed, of
 * another number of sources). */
provenance *provenance_load(const cst_allocator *allocator, uint32_t sources, uint32_t types,
                            uint64_t seed, const void *bytes, size_t length);

#endif

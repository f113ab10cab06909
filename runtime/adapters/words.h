/*
 * words.h - what a reader would see of structured data: its texts, joined.
 *
 * Tools of agents answer with objects, and their texts reach the model whatever they are called.
 * Rules about text need one text, without JSON's quotes and escapes: this is all strings of a value
 * in their order, a line end between two of them.
 *
 * Left out: strings without a blank that are named `type`, `role` and the like, which are words of
 * a format, or `data` or `blob`, which are encoded bytes. A member's name counts as text where it
 * is no plain name: somebody wrote a sentence there.
 *
 * Layer 4 of the runtime. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_ADAPTERS_WORDS_H
#define CONSTITUTION_RUNTIME_ADAPTERS_WORDS_H

#include "runtime/json.h"

typedef struct words {
    const char *text; /* in the arena */
    size_t length;
    uint32_t count;       /* of texts that are not empty */
    const cst_json *only; /* the one string that the text is, if there is no more to it */
} words;

/* `known` may be NULL: strings that equal one of its own (of an object, and not within) are left
 * out, as a path that the answer repeats. False: memory is short. */
bool words_join(arena *memory, const cst_json *value, const cst_json *known, words *out);
/* Whether the member is left out. */
bool words_skips(const json_key *key, const cst_json *value);

#endif

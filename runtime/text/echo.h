/*
 * echo.h - shared runs: does a text repeat a part of another that was seen before?
 *
 * An echo holds the texts of one origin in one session, in one view, and finds every run of at
 * least N characters that a text shares with them, in linear time. Of the texts seen, blocks of
 * about N/2 bytes at multiples of that are indexed by hash, so the index is a small part of the
 * text; any shared run of N characters contains such a block whole, and from there it is followed
 * to both sides.
 *
 * Layer 1. Owned by the session's memory. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_ECHO_H
#define CONSTITUTION_RUNTIME_TEXT_ECHO_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/bytes.h"
#include "runtime/include/constitution.h"

typedef struct echo echo;

/* A new, empty echo for runs of at least `chars` characters. NULL: memory is short. */
echo *echo_new(const cst_allocator *allocator, uint32_t chars);
void echo_free(echo *echo);

/* Adds one text (valid UTF-8, copied). False: memory is short or LIMIT_ORIGIN_BYTES is reached;
 * then echo_is_partial holds from now on. */
bool echo_add(echo *echo, const char *text, uint32_t length);
void echo_lose(echo *echo); /* notes that something was not added */
/* Something that was to be added is not in it. */
bool echo_is_partial(const echo *echo);
uint32_t echo_bytes(const echo *echo); /* of memory */

/* All of it as bytes, and back. NULL: they are no echo, or memory is short. */
void echo_write(const echo *echo, buffer *out);
echo *echo_read(const cst_allocator *allocator, bytes_reader *in);

/* What shared runs cover of a text, from left to right; runs that overlap or meet are one. `visit`
 * answers false to stop. *unknown is set if some may be missing (bounds on the work). What it has
 * cost is added to *steps: the places of the text, and no more than the bound, and one run. */
#define ECHO_STEPS_PER_BYTE 64u
#define ECHO_LEAST_STEPS    (1u << 20)
typedef bool echo_visit(void *user, uint32_t start, uint32_t end);
void echo_find(const echo *echo, const char *text, uint32_t length, echo_visit *visit, void *user,
               bool *unknown, uint64_t *steps);

#endif

/*
 * save.h - a store as bytes: part of what cst_session_save writes. Layer 2.
 */
#ifndef CONSTITUTION_RUNTIME_HISTORY_SAVE_H
#define CONSTITUTION_RUNTIME_HISTORY_SAVE_H

#include "runtime/base/bytes.h"
#include "runtime/history/past.h"

void past_store_write(const past_store *store, buffer *out);
/*
 * Puts what was read in the place of what a store knows, whose places stay where they are: of questions that the loaded store has too it is
 * taken, others nobody has watched: who asks them takes their places again (past_store_place). What happened in the store until now is not known either.
 */
void past_store_take(past_store *store, past_store *loaded, uint32_t *kept, uint32_t *dropped);
/* Nothing is known any more, and whatever is asked is undecided. */
void past_store_distrust(past_store *store);
/* Whether what was read can be what a policy asks: states of one question have the steps that it has. */
bool past_store_fits(const past_store *store, const cst_image *image);
/* Into an empty store (past_store_init). False: the bytes are no store, or memory is short; the store is to be freed. */
bool past_store_read(past_store *store, bytes_reader *in);

#endif

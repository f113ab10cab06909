/*
 * save.h - a store as bytes: part of what cst_session_save writes. Layer 2.
 */
#ifndef CONSTITUTION_RUNTIME_HISTORY_SAVE_H
#define CONSTITUTION_RUNTIME_HISTORY_SAVE_H

#include "runtime/base/bytes.h"
#include "runtime/history/past.h"

void past_store_write(const past_store *store, buffer *out);
/*
 * Puts what was read in the place of what a store knows, whose places stay where they are: of
 * questions that the loaded store has too it is taken, others nobody has watched: who asks them
 * takes their places again (past_store_place). What happened in the store until now is not known
 * either.
 */
void past_store_take(past_store *store, past_store *loaded, uint32_t *kept, uint32_t *dropped);
/* Nothing is known any more, and whatever is asked is undecided. */
void past_store_distrust(past_store *store);
/*
 * Into an empty store (past_store_init), before past_store_adopt or past_store_take for the same
 * policy: how a state is read is said by the question that it belongs to, and of one that the
 * policy does not ask nothing is kept but its place, as one that nobody has watched. False: the
 * bytes are no store, or memory is short; the store is to be freed.
 */
bool past_store_read(past_store *store, bytes_reader *in, const cst_image *image);

#endif

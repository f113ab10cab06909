/*
 * save.h - a store as bytes: part of what cst_session_save writes. Layer 2.
 */
#ifndef CONSTITUTION_RUNTIME_HISTORY_SAVE_H
#define CONSTITUTION_RUNTIME_HISTORY_SAVE_H

#include "runtime/base/bytes.h"
#include "runtime/history/past.h"

void past_store_write(const past_store *store, buffer *out);
/* Into an empty store (past_store_init), before past_store_adopt of the same policy. False: the bytes are no store, or memory is short; the
 * store is to be freed. */
bool past_store_read(past_store *store, bytes_reader *in, const cst_image *image);

#endif

/*
 * reason.h - a decision in words, for those who asked: the model whose call was stopped, or the
 * person who is to approve it.
 *
 * Layer 4 of the runtime. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_ADAPTERS_REASON_H
#define CONSTITUTION_RUNTIME_ADAPTERS_REASON_H

#include "runtime/base/buffer.h"

/* Appends the messages of the rules that restrict, strictest first, a line each; or what was wrong
 * with the event; nothing for a permit. */
void reason_write(buffer *out, const cst_decision *decision);

#endif

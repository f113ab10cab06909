/*
 * hook_state.h - what a session is remembered by between two calls of a hook: files in a folder of
 * the user's own.
 *
 * One file a session and policy, and one a policy for what it counts across sessions, signed with a
 * key that lies beside them, replaced as a whole by rename, under a lock: two hooks that run at
 * once decide one after the other. Whoever may read the folder could forge a past, and whoever may
 * write there could end one, so it belongs to the user alone, and a policy for agents must keep
 * them out.
 *
 * Layer 4; used by constc and by constitution-hook, which has no compiler inside.
 */
#ifndef CONSTITUTION_COMPILER_CLI_HOOK_STATE_H
#define CONSTITUTION_COMPILER_CLI_HOOK_STATE_H

#include "runtime/base/buffer.h"

typedef struct hook_state {
    int folder;      /* -1: none */
    int lock;        /* -1: none */
    char name[65];   /* of the session's files, without their endings */
    const char *why; /* static: what failed, for a message */
} hook_state;

/* Opens the folder, and makes it if it is not there; NULL: $XDG_STATE_HOME/constitution/hooks, or
 * ~/.local/state/constitution/hooks. The key is made with it. False: state->why. */
bool hook_state_open(hook_state *state, const char *folder, uint8_t key[32]);
/* Waits until the session is this process's alone. */
bool hook_state_lock(hook_state *state, const char *policy, const char *session, size_t length);
/* The bytes kept, `found` false if there are none. False: they cannot be read. */
bool hook_state_read(hook_state *state, buffer *out, bool *found);
bool hook_state_write(hook_state *state, const void *bytes, size_t length);
void hook_state_close(hook_state *state);

#endif

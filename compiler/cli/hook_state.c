/*
 * hook_state.c - see hook_state.h.
 *
 * Every file is opened by its name in the opened folder, no link is followed, and what is no plain
 * file of the user's own is refused: a pipe in its place would hang the hook, and an agent's
 * patience with a hook ends in letting the call go. The lock is a file of its own, since the
 * state's file is another one after each rename.
 *
 * Nothing is synced to disk: rename keeps a file whole when a process dies, and a machine that
 * loses power leaves a file with a wrong signature at worst, which is denied.
 */
#define _GNU_SOURCE /* renameat2 */

#include "compiler/cli/hook_state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/limits.h"
#include "runtime/sha256.h"

enum { KEY_BYTES = 32, BLOCK_BYTES = 1 << 16 };

static bool fail(hook_state *state, const char *why)
{
    state->why = why;
    return false;
}

/* ---- the folder ------------------------------------------------------------------------------ */

static bool default_folder(char *path, size_t size)
{
    const char *const state = getenv("XDG_STATE_HOME"), *const home = getenv("HOME");
    int length;
    if (state != NULL && state[0] == '/')
        length = snprintf(path, size, "%s/constitution/hooks", state);
    else if (home != NULL && home[0] == '/')
        length = snprintf(path, size, "%s/.local/state/constitution/hooks", home);
    else
        return false;
    return length > 0 && (size_t)length < size;
}

/* mkdir -p; what is there already is good. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
}

static bool is_ours(int descriptor, mode_t kind, mode_t forbidden)
{
    struct stat about;
    return fstat(descriptor, &about) == 0 && (about.st_mode & S_IFMT) == kind &&
           about.st_uid == geteuid() && (about.st_mode & forbidden) == 0;
}

static bool write_all(int descriptor, const void *bytes, size_t length)
{
    const char *from = bytes;
    while (length > 0) {
        const ssize_t count = write(descriptor, from, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        from += count;
        length -= (size_t)count;
    }
    return true;
}

static int open_new(const hook_state *state, const char *name)
{
    unlinkat(state->folder, name, 0); /* of a process with the same number that died */
    return openat(state->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* ---- the key --------------------------------------------------------------------------------- */

static bool random_bytes(uint8_t *out, size_t length)
{
    const int source = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    const bool good = source >= 0 && read(source, out, length) == (ssize_t)length;
    if (source >= 0)
        close(source);
    return good;
}

/* A whole key or none appears under its name, and of two processes that make one, the first one's
 * stays. */
static bool make_key(hook_state *state)
{
    uint8_t key[KEY_BYTES];
    char name[64];
    snprintf(name, sizeof name, "key.%ld.tmp", (long)getpid());
    if (!random_bytes(key, sizeof key))
        return fail(state, "there are no random bytes for a key");
    const int file = open_new(state, name);
    if (file < 0)
        return fail(state, "the key of the state could not be written");
    bool good = write_all(file, key, sizeof key);
    good = close(file) == 0 && good;
    good = good && (linkat(state->folder, name, state->folder, "key", 0) == 0 || errno == EEXIST);
    unlinkat(state->folder, name, 0);
    return good || fail(state, "the key of the state could not be written");
}

static bool read_key(hook_state *state, uint8_t key[KEY_BYTES])
{
    int file = openat(state->folder, "key", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) {
        if (!make_key(state))
            return false;
        file = openat(state->folder, "key", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    }
    if (file < 0)
        return fail(state, "the key of the state could not be read");
    uint8_t bytes[KEY_BYTES + 1];
    bool good = is_ours(file, S_IFREG, 0077) && read(file, bytes, sizeof bytes) == KEY_BYTES;
    close(file);
    bool zero = true;
    for (uint32_t i = 0; good && i < KEY_BYTES; i++)
        zero = zero && bytes[i] == 0;
    if (!good || zero)
        return fail(state,
                    "the key of the state is not one of 32 bytes that only its owner may read");
    memcpy(key, bytes, KEY_BYTES);
    return true;
}

bool hook_state_open(hook_state *state, const char *folder, uint8_t key[KEY_BYTES])
{
    char path[PATH_MAX];
    *state = (hook_state){.folder = -1, .lock = -1};
    if (folder == NULL && !default_folder(path, sizeof path))
        return fail(
            state,
            "neither XDG_STATE_HOME nor HOME says where the state is kept: --state DIR does");
    if (folder != NULL && (size_t)snprintf(path, sizeof path, "%s", folder) >= sizeof path)
        return fail(state, "the name of the state's folder is too long");
    state->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state->folder < 0 && errno == ENOENT) {
        make_folders(path);
        state->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (state->folder < 0)
        return fail(state, "the state's folder could not be opened");
    if (!is_ours(state->folder, S_IFDIR, 0022))
        return fail(state,
                    "the state's folder belongs to somebody else, or others may write there");
    return read_key(state, key);
}

/* ---- one session ----------------------------------------------------------------------------- */

bool hook_state_lock(hook_state *state, const char *policy, const char *session, size_t length)
{
    uint8_t hash[32];
    sha256 sum;
    char name[80];
    sha256_begin(&sum);
    sha256_add(&sum, policy, strlen(policy) + 1); /* its NUL parts the two */
    sha256_add(&sum, session, length);
    sha256_end(&sum, hash);
    for (uint32_t i = 0; i < sizeof hash; i++)
        snprintf(state->name + 2 * i, 3, "%02x", hash[i]);
    snprintf(name, sizeof name, "%s.lock", state->name);
    state->lock =
        openat(state->folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (state->lock < 0 || !is_ours(state->lock, S_IFREG, 0))
        return fail(state, "the session's lock could not be opened");
    int status;
    do { /* who waits for ever is ended by the clock of the whole call */
        status = flock(state->lock, LOCK_EX);
    } while (status != 0 && errno == EINTR);
    return status == 0 || fail(state, "the session could not be locked");
}

bool hook_state_read(hook_state *state, buffer *out, bool *found)
{
    char name[80], block[BLOCK_BYTES];
    snprintf(name, sizeof name, "%s.state", state->name);
    const int file = openat(state->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    *found = file >= 0;
    if (file < 0)
        return errno == ENOENT || fail(state, "the session's state could not be opened");
    ssize_t count = is_ours(file, S_IFREG, 0022) ? 1 : -1;
    while (count > 0 && out->length <= LIMIT_HOOK_STATE_BYTES) {
        count = read(file, block, sizeof block);
        if (count > 0)
            buffer_add(out, block, (size_t)count);
    }
    close(file);
    return (count == 0 && !out->failed) || fail(state, "the session's state could not be read");
}

/* The new file takes the old one's name at once. A rename onto a file makes some file systems write
 * the new one to the disk first, which costs more than all else; where the two can be exchanged,
 * that is the same without it. */
static bool replace(const hook_state *state, const char *temporary, const char *name)
{
#ifdef RENAME_EXCHANGE
    if (renameat2(state->folder, temporary, state->folder, name, RENAME_EXCHANGE) == 0) {
        unlinkat(state->folder, temporary, 0);
        return true;
    }
#endif
    return renameat(state->folder, temporary, state->folder, name) == 0;
}

bool hook_state_write(hook_state *state, const void *bytes, size_t length)
{
    char name[80], temporary[80];
    if (length > LIMIT_HOOK_STATE_BYTES)
        return fail(state, "the session's state is too long to be kept");
    snprintf(name, sizeof name, "%s.state", state->name);
    snprintf(temporary, sizeof temporary, "%s.tmp", state->name); /* under the lock there is one */
    const int file = open_new(state, temporary);
    if (file < 0)
        return fail(state, "the session's state could not be written");
    bool good = write_all(file, bytes, length);
    good = close(file) == 0 && good;
    good = good && replace(state, temporary, name);
    return good || fail(state, "the session's state could not be written");
}

void hook_state_close(hook_state *state)
{
    if (state->lock >= 0)
        close(state->lock);
    if (state->folder >= 0)
        close(state->folder);
    state->lock = state->folder = -1;
}

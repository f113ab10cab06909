/*
 * output.c - files that are whole or not there.
 *
 * A file is written under a temporary name in the same folder and renamed when it is complete, so
 * that no reader and no crash ever sees half a policy. While a temporary file exists, signals that
 * end a program wait, so that an interrupted build leaves none behind. What is no regular file
 * (/dev/stdout, a pipe) cannot be replaced and is written directly.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/codegen/emit.h"

cst_status output_error(char *error, size_t error_size, const char *path)
{
    const int reason = errno;
    char text[128];
    if (strerror_r(reason, text, sizeof text) != 0)
        snprintf(text, sizeof text, "error %d", reason);
    if (error != NULL && error_size > 0)
        snprintf(error, error_size, "%s: %s", path, text);
    errno = reason;
    return reason == ENOMEM ? CST_NO_MEMORY : CST_IO;
}

char *output_temporary(const char *path, const char *suffix)
{
    static atomic_uint counter;
    const size_t size = strlen(path) + strlen(suffix) + 40;
    char *name = malloc(size);
    if (name != NULL)
        snprintf(name, size, "%s.%ld.%u%s", path, (long)getpid(), atomic_fetch_add(&counter, 1u),
                 suffix);
    return name;
}

static bool write_all(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        const size_t piece = length < (64u << 20) ? length : (64u << 20);
        const ssize_t written = write(descriptor, bytes, piece);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/* Closes in any case; errno is that of the first failure. */
static bool write_and_close(int descriptor, const void *bytes, size_t length)
{
    if (!write_all(descriptor, bytes, length)) {
        const int reason = errno;
        close(descriptor);
        errno = reason;
        return false;
    }
    return close(descriptor) == 0;
}

void output_hold_signals(sigset_t *before)
{
    sigset_t waiting;
    sigemptyset(&waiting);
    sigaddset(&waiting, SIGINT);
    sigaddset(&waiting, SIGTERM);
    sigaddset(&waiting, SIGHUP);
    sigaddset(&waiting, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &waiting, before);
}

void output_release_signals(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

bool output_is_special(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

cst_status output_write(const char *path, const void *bytes, size_t length, char *error,
                        size_t error_size)
{
    if (output_is_special(path)) {
        const int direct = open(path, O_WRONLY | O_CLOEXEC);
        if (direct < 0 || !write_and_close(direct, bytes, length))
            return output_error(error, error_size, path);
        return CST_OK;
    }
    char *temporary = output_temporary(path, ".tmp");
    if (temporary == NULL)
        return output_error(error, error_size, path);
    sigset_t before;
    output_hold_signals(&before);
    const int descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool good = descriptor >= 0;
    if (good) {
        good = write_and_close(descriptor, bytes, length) && rename(temporary, path) == 0;
        if (!good) {
            const int reason = errno;
            unlink(temporary);
            errno = reason;
        }
    }
    output_release_signals(&before);
    free(temporary);
    return good ? CST_OK : output_error(error, error_size, path);
}

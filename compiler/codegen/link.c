/*
 * link.c - an object becomes a shared library, by the system's linker.
 *
 * Linkers are tried in the order of the list; any one will do, since the object needs no library
 * and has no undefined symbol. Both the object and the library are made under temporary names
 * beside the result; the rename at the end is what makes it appear. What the linker says goes into
 * a file of that kind too, and its last words into the error.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/codegen/emit.h"

extern char **environ;

typedef struct linker {
    const char *program;
    bool is_driver; /* a C compiler: options of the linker proper need -Wl */
} linker;

static const linker linkers[] = {
    {"ld", false}, {"ld.lld", false}, {"ld.lld-19", false}, {"cc", true}, {"clang-19", true},
};

enum { LINKER_COUNT = sizeof linkers / sizeof *linkers, NOT_FOUND = 127 };

/* As posix_spawnp would look for it. */
static bool is_found(const char *program)
{
    const char *at = getenv("PATH");
    while (at != NULL && *at != '\0') {
        const size_t length = strcspn(at, ":");
        char path[4096];
        const int written =
            snprintf(path, sizeof path, "%.*s%s%s", (int)(length < sizeof path ? length : 0), at,
                     length > 0 ? "/" : "", program);
        if (written > 0 && (size_t)written < sizeof path && access(path, X_OK) == 0)
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

bool link_possible(void)
{
    for (size_t i = 0; i < LINKER_COUNT; i++)
        if (is_found(linkers[i].program))
            return true;
    return false;
}

/* Runs one linker; its messages go to the file `messages`. The exit code, or NOT_FOUND. */
static int run(const linker *how, char *object, char *library, const char *messages,
               const sigset_t *signals)
{
    char *const plain[] = {(char[]){"ld"},
                           (char[]){"-shared"},
                           (char[]){"-z"},
                           (char[]){"relro"},
                           (char[]){"-z"},
                           (char[]){"now"},
                           (char[]){"-z"},
                           (char[]){"defs"},
                           (char[]){"-z"},
                           (char[]){"noexecstack"},
                           (char[]){"--hash-style=gnu"},
                           (char[]){"--build-id"},
                           (char[]){"-o"},
                           library,
                           object,
                           NULL};
    char *const driver[] = {
        (char[]){"cc"},
        (char[]){"-shared"},
        (char[]){"-nostdlib"},
        (char[]){"-Wl,-z,relro,-z,now,-z,defs,-z,noexecstack,--hash-style=gnu,--build-id"},
        (char[]){"-o"},
        library,
        object,
        NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return NOT_FOUND;
    posix_spawnattr_t attributes; /* the linker is interrupted as if nothing waited */
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return NOT_FOUND;
    }
    posix_spawnattr_setsigmask(&attributes, signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    pid_t child;
    int status = -1;
    bool started =
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, messages,
                                         O_WRONLY | O_CREAT | O_TRUNC, 0600) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO) == 0;
    started = started && posix_spawnp(&child, how->program, &actions, &attributes,
                                      how->is_driver ? driver : plain, environ) == 0;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (!started)
        return NOT_FOUND;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* The first line that the linker wrote. */
static void read_message(const char *messages, char *out, size_t size)
{
    out[0] = '\0';
    FILE *file = fopen(messages, "r");
    if (file == NULL)
        return;
    if (fgets(out, (int)size, file) == NULL)
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(file);
}

static cst_status link_object(char *object, char *library, const char *messages,
                              const sigset_t *signals, char *error, size_t error_size)
{
    for (size_t i = 0; i < LINKER_COUNT; i++) {
        const int code = run(&linkers[i], object, library, messages, signals);
        if (code == NOT_FOUND)
            continue;
        if (code == 0)
            return CST_OK;
        char said[256];
        read_message(messages, said, sizeof said);
        snprintf(error, error_size, "the linker %s failed: %s", linkers[i].program,
                 said[0] != '\0' ? said : "it gave no reason");
        return CST_NO_TOOLCHAIN;
    }
    snprintf(error, error_size,
             "no linker was found (looked for ld, ld.lld, cc): install binutils or lld, or build "
             "an object with -o NAME.o");
    return CST_NO_TOOLCHAIN;
}

cst_status link_shared(const void *object, size_t length, const char *path, char *error,
                       size_t error_size)
{
    if (output_is_special(path)) {
        snprintf(error, error_size, "%s: a library can only be written to a regular file", path);
        return CST_IO;
    }
    char *object_path = output_temporary(path, ".o");
    char *library_path = output_temporary(path, ".so");
    char *messages = output_temporary(path, ".log");
    cst_status status = CST_NO_MEMORY;
    if (object_path != NULL && library_path != NULL && messages != NULL) {
        sigset_t before;
        output_hold_signals(&before);
        status = output_write(object_path, object, length, error, error_size);
        if (status == CST_OK) {
            status = link_object(object_path, library_path, messages, &before, error, error_size);
            if (status == CST_OK && rename(library_path, path) != 0)
                status = output_error(error, error_size, path);
            unlink(library_path);
            unlink(object_path);
            unlink(messages);
        }
        output_release_signals(&before);
    }
    free(object_path);
    free(library_path);
    free(messages);
    return status;
}

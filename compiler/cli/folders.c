/*
 * folders.c - the policies below a folder, for commands that take files or folders.
 *
 * In the order of their names, so that what is printed does not depend on the file system. What
 * starts with a dot is left out, and links to folders are not followed: a link may lead back up.
 */
#define _XOPEN_SOURCE 700 /* lstat */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/cli/cli.h"

enum { FOLDER_DEPTH = 64 };

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool ends_with_const(const char *name)
{
    const size_t length = strlen(name);
    return length > 6 && strcmp(name + length - 6, ".const") == 0;
}

/* The names in a folder, sorted, each with the folder before it. NULL after a message. */
static char **folder_names(const char *path, size_t *count)
{
    DIR *const folder = opendir(path);
    if (folder == NULL) {
        complain_errno(path);
        return NULL;
    }
    char **names = checked(calloc(1, sizeof *names));
    size_t capacity = 1;
    *count = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        if (*count == capacity) {
            capacity *= 2;
            names = checked(realloc(names, capacity * sizeof *names));
        }
        const size_t size = strlen(path) + strlen(entry->d_name) + 2;
        const bool slashed = path[strlen(path) - 1] == '/';
        char *const name = checked(malloc(size));
        snprintf(name, size, "%s%s%s", path, slashed ? "" : "/", entry->d_name);
        names[(*count)++] = name;
    }
    closedir(folder);
    if (*count > 0)
        qsort(names, *count, sizeof *names, by_name);
    return names;
}

static bool folder_each(const char *path, uint32_t depth, policy_fn each, void *user)
{
    size_t count;
    char **const names = folder_names(path, &count);
    if (names == NULL)
        return false;
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        struct stat about;
        if (lstat(names[i], &about) == 0) {
            if (S_ISDIR(about.st_mode) && depth < FOLDER_DEPTH)
                good = folder_each(names[i], depth + 1, each, user) && good;
            else if (!S_ISDIR(about.st_mode) && ends_with_const(names[i]))
                each(user, names[i]);
        }
        free(names[i]);
    }
    free(names);
    return good;
}

bool policies_each(const char *path, policy_fn each, void *user)
{
    if (folder_is(path))
        return folder_each(path, 0, each, user);
    each(user, path);
    return true;
}

bool folder_is(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

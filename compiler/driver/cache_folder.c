/*
 * cache_folder.c - which folders are trusted with code, and how they stay small.
 *
 * What lies in the cache is loaded and run, so whoever can write there is this process. The folder
 * must belong to its effective user, nobody else may write to it, and the last part of its path is
 * no link; it is held by a descriptor from then on, so that what was checked is what is used. A
 * process with raised privileges has no cache: who started it chose the path.
 *
 * An entry's time of modification is when it was used last. There is no lock: entries appear by
 * rename and go by unlink, and who has one open keeps it.
 */
#define _GNU_SOURCE /* ST_NOEXEC */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "compiler/driver/cache_private.h"
#include "runtime/limits.h"

/* ---- opening --------------------------------------------------------------------------------- */

/* What fails here is seen when the folder is opened. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
}

static const char *distrust(int folder)
{
    struct stat about;
    if (fstat(folder, &about) != 0)
        return "the file system reports an error";
    if (about.st_uid != geteuid())
        return "it belongs to somebody else";
    if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "others may write there; `chmod go-w` mends that";
    struct statvfs system;
    if (fstatvfs(folder, &system) == 0 && (system.f_flag & ST_NOEXEC) != 0)
        return "no code may be run from its file system (noexec)";
    return NULL;
}

static const char *reason_of(int error)
{
    switch (error) {
    case ELOOP: return "it is a link";
    case ENOTDIR: return "it is a link, or no folder";
    case ENOENT: return "it cannot be made";
    case EACCES:
    case EPERM: return "it may not be read (permission denied)";
    case EROFS: return "the file system is read-only";
    default: return "the file system reports an error";
    }
}

int cache_folder_open(const char *path, char *why, size_t why_size)
{
    why[0] = '\0';
    if (path[0] == '\0' || getauxval(AT_SECURE) != 0)
        return -1;
    char *copy = strdup(path);
    if (copy == NULL)
        return -1;
    for (size_t length = strlen(copy); length > 1 && copy[length - 1] == '/'; length--)
        copy[length - 1] = '\0'; /* behind a slash, a link would be followed */
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int folder = open(copy, flags);
    if (folder < 0 && errno == ENOENT) {
        make_folders(copy);
        folder = open(copy, flags);
    }
    const char *reason = folder < 0 ? reason_of(errno) : distrust(folder);
    free(copy);
    if (reason == NULL)
        return folder;
    if (folder >= 0)
        close(folder);
    snprintf(why, why_size, "the cache `%s` is not used: %s", path, reason);
    return -1;
}

/* ---- shrinking ------------------------------------------------------------------------------- */

typedef struct kept_file {
    char name[CACHE_NAME_BYTES];
    struct timespec used;
    uint64_t size;
} kept_file;

typedef struct kept_files {
    kept_file *items;
    uint32_t count, capacity;
    uint64_t bytes;
} kept_files;

/* Entries and what was to become one begin with a key; nothing else in the folder is ours. */
static bool begins_with_key(const char *name)
{
    return strspn(name, "0123456789abcdef") == 64;
}

static void push(kept_files *files, const char *name, const struct stat *about)
{
    if (files->count == files->capacity) {
        const uint32_t capacity = files->capacity > 0 ? files->capacity * 2 : 64;
        kept_file *larger = realloc(files->items, capacity * sizeof *larger);
        if (larger == NULL)
            return; /* it is looked at the next time */
        files->items = larger;
        files->capacity = capacity;
    }
    kept_file *file = &files->items[files->count++];
    memcpy(file->name, name, strlen(name) + 1);
    file->used = about->st_mtim;
    file->size = (uint64_t)about->st_size;
    files->bytes += file->size;
}

static void look_at(int folder, const char *name, time_t now, kept_files *files)
{
    struct stat about;
    if (!begins_with_key(name) || fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (strcmp(name + 64, CACHE_SUFFIX) == 0)
        push(files, name, &about);
    else if (about.st_mtim.tv_sec < now - (time_t)LIMIT_CACHE_LEFTOVER_SECONDS)
        unlinkat(folder, name, 0);
}

static int oldest_first(const void *left, const void *right)
{
    const kept_file *a = left, *b = right;
    if (a->used.tv_sec != b->used.tv_sec)
        return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
    if (a->used.tv_nsec != b->used.tv_nsec)
        return a->used.tv_nsec < b->used.tv_nsec ? -1 : 1;
    return strcmp(a->name, b->name);
}

void cache_folder_shrink(int folder, const char *kept)
{
    const int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = again >= 0 ? fdopendir(again) : NULL;
    if (list == NULL) {
        if (again >= 0)
            close(again);
        return;
    }
    kept_files files = {0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (const struct dirent *found; (found = readdir(list)) != NULL;)
        look_at(folder, found->d_name, now.tv_sec, &files);
    closedir(list);
    if (files.count > 0)
        qsort(files.items, files.count, sizeof *files.items, oldest_first);
    uint32_t count = files.count;
    for (uint32_t i = 0; i < files.count; i++) {
        if (count <= LIMIT_CACHE_ENTRIES && files.bytes <= LIMIT_CACHE_BYTES)
            break;
        if (strcmp(files.items[i].name, kept) == 0)
            continue;
        unlinkat(folder, files.items[i].name, 0);
        files.bytes -= files.items[i].size;
        count--;
    }
    free(files.items);
}

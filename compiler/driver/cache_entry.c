/*
 * cache_entry.c - one compiled policy in a file: a head, a record, and a library.
 *
 * The library is what `constc build` writes, so opening it needs no code generator. An entry is
 * believed only as a whole: the head holds the key that it was made for and a hash of everything
 * else, and what is loaded are the bytes that were hashed. They are read once, into memory that is
 * sealed, and the loader gets that memory as a file; the entry itself may be replaced, cut off or
 * removed meanwhile.
 *
 * The hash finds what disks and crashes do to a file, which is why nothing is synced before the
 * rename. It is no signature: who may write to the folder can write whole entries, and the folder
 * is checked for that (cache_folder.c).
 */
#define _GNU_SOURCE /* memfd_create, seals */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/driver/cache_private.h"
#include "runtime/limits.h"
#include "runtime/module.h"
#include "runtime/sha256.h"

static const char entry_magic[8] = "cstpol1";

typedef struct entry_head {
    char magic[sizeof entry_magic];
    uint8_t key[32];
    uint64_t record_length, library_length;
    uint8_t source_hash[32]; /* of the image: says that the library is the one that was meant */
    uint8_t digest[32];      /* over all before it, the record and the library */
} entry_head;

static void digest(const entry_head *head, const void *record, const void *library, uint8_t out[32])
{
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, head, offsetof(entry_head, digest));
    sha256_add(&hash, record, (size_t)head->record_length);
    sha256_add(&hash, library, (size_t)head->library_length);
    sha256_end(&hash, out);
}

void cache_entry_name(const cache_key *key, char out[CACHE_NAME_BYTES])
{
    for (uint32_t i = 0; i < sizeof key->bytes; i++)
        snprintf(out + (size_t)2 * i, 3, "%02x", key->bytes[i]);
    memcpy(out + 64, CACHE_SUFFIX, sizeof CACHE_SUFFIX);
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_at(int descriptor, void *out, size_t length, uint64_t at)
{
    char *next = out;
    while (length > 0) {
        const ssize_t count = pread(descriptor, next, length, (off_t)at);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        next += count;
        at += (uint64_t)count;
        length -= (size_t)count;
    }
    return true;
}

/* The head of an entry that is worth reading: a file of this user's, for this key, of the length
 * that it says itself. */
static bool read_head(int descriptor, const cache_key *key, entry_head *out)
{
    struct stat about;
    if (fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode) || about.st_uid != geteuid() ||
        (about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return false;
    const uint64_t size = (uint64_t)about.st_size;
    return size >= sizeof *out && size <= LIMIT_CACHE_ENTRY_BYTES &&
           read_at(descriptor, out, sizeof *out, 0) &&
           memcmp(out->magic, entry_magic, sizeof entry_magic) == 0 &&
           memcmp(out->key, key->bytes, sizeof out->key) == 0 && out->record_length <= size &&
           out->library_length <= size && out->library_length > 0 &&
           sizeof *out + out->record_length + out->library_length == size;
}

static bool read_record(int descriptor, const entry_head *head, buffer *out)
{
    buffer_init(out, NULL, 0);
    char block[4096];
    uint64_t at = sizeof *head;
    for (uint64_t left = head->record_length; left > 0;) {
        const size_t piece = left < sizeof block ? (size_t)left : sizeof block;
        if (!read_at(descriptor, block, piece, at))
            return false;
        buffer_add(out, block, piece);
        at += piece;
        left -= piece;
    }
    return !out->failed;
}

/* The library as a file in memory that nobody can change any more, or -1. */
static int read_library(int descriptor, const entry_head *head)
{
    const size_t length = (size_t)head->library_length;
    const int memory = memfd_create("constitution", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0)
        return -1;
    void *room = MAP_FAILED;
    if (ftruncate(memory, (off_t)length) == 0)
        room = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memory, 0);
    bool good =
        room != MAP_FAILED && read_at(descriptor, room, length, sizeof *head + head->record_length);
    if (room != MAP_FAILED)
        munmap(room, length);
    good = good && fcntl(memory, F_ADD_SEALS,
                         F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
    if (good)
        return memory;
    close(memory);
    return -1;
}

static bool is_whole(int memory, const entry_head *head, const buffer *record)
{
    const size_t length = (size_t)head->library_length;
    uint8_t found[32];
    void *library = mmap(NULL, length, PROT_READ, MAP_SHARED | MAP_POPULATE, memory, 0);
    if (library == MAP_FAILED)
        return false;
    digest(head, record->bytes, library, found);
    munmap(library, length);
    return memcmp(found, head->digest, sizeof found) == 0;
}

/* ---- loading --------------------------------------------------------------------------------- */

/*
 * The loader takes a library whose name it knows for the one that it has, and numbers of
 * descriptors come again. So each gets a path of its own to the same place: the bits of a counter,
 * written as "/" and "/.".
 */
static void path_in_memory(int memory, char out[128])
{
    static atomic_uint counter;
    const unsigned number = atomic_fetch_add_explicit(&counter, 1u, memory_order_relaxed);
    size_t used = strlen(strcpy(out, "/proc/self"));
    for (uint32_t bit = 0; bit < 32; bit++) {
        out[used++] = '/';
        if ((number >> bit & 1u) != 0)
            out[used++] = '.';
    }
    snprintf(out + used, 128 - used, "/fd/%d", memory);
}

static bool load(int memory, const entry_head *head, cache_entry *out)
{
    char path[128];
    path_in_memory(memory, path);
    out->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (out->library == NULL)
        return false;
    const cst_module *module = dlsym(out->library, CST_MODULE_SYMBOL);
    out->module = module;
    return module != NULL && memcmp(module->magic, CST_MODULE_MAGIC, sizeof module->magic) == 0 &&
           module->abi == CST_ABI_VERSION && module->image != NULL &&
           memcmp(module->image->source_hash, head->source_hash, sizeof head->source_hash) == 0;
}

bool cache_entry_open(int folder, const cache_key *key,
                      bool (*holds)(const buffer *record, void *user), void *user, cache_entry *out)
{
    char name[CACHE_NAME_BYTES];
    entry_head head;
    *out = (cache_entry){0};
    buffer_init(&out->record, NULL, 0);
    cache_entry_name(key, name);
    const int descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    int memory = -1;
    bool good = read_head(descriptor, key, &head) && read_record(descriptor, &head, &out->record) &&
                (memory = read_library(descriptor, &head)) >= 0 &&
                is_whole(memory, &head, &out->record) && holds(&out->record, user) &&
                load(memory, &head, out);
    if (good)
        futimens(descriptor, NULL); /* it was used now */
    if (memory >= 0)
        close(memory);
    close(descriptor);
    if (!good)
        cache_entry_close(out);
    return good;
}

void cache_entry_close(cache_entry *entry)
{
    if (entry->library != NULL)
        dlclose(entry->library);
    buffer_free(&entry->record);
    *entry = (cache_entry){0};
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct build_run {
    const char *path;
    char error[256];
} build_run;

static cst_status build(compilation *unit, void *user)
{
    build_run *run = user;
    return backend_write(unit, BACKEND_SHARED, run->path, run->error, sizeof run->error);
}

static bool write_all(int descriptor, const void *bytes, size_t length)
{
    const char *next = bytes;
    while (length > 0) {
        const ssize_t count = write(descriptor, next, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        next += count;
        length -= (size_t)count;
    }
    return true;
}

/* The whole of a file that was written a moment ago, which goes. NULL: it is not there, or too
 * large. */
static char *take_file(int folder, const char *name, uint64_t *length)
{
    const int descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat about;
    char *bytes = NULL;
    if (descriptor < 0)
        return NULL;
    if (fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0 &&
        (uint64_t)about.st_size < LIMIT_CACHE_ENTRY_BYTES) {
        *length = (uint64_t)about.st_size;
        bytes = malloc((size_t)*length);
        if (bytes != NULL && !read_at(descriptor, bytes, (size_t)*length, 0)) {
            free(bytes);
            bytes = NULL;
        }
    }
    close(descriptor);
    unlinkat(folder, name, 0);
    return bytes;
}

/* The linker is another process, to which the folder is reached through this one. */
static char *build_library(int folder, const char *name, compilation *unit, uint64_t *length)
{
    char path[CACHE_NAME_BYTES + 128];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d/%s", (long)getpid(), folder, name);
    build_run run = {.path = path};
    if (driver_protect(unit, build, &run) != CST_OK)
        return NULL;
    return take_file(folder, name, length);
}

static bool put(int folder, const char *temporary, const char *name, const entry_head *head,
                const buffer *record, const char *library)
{
    const int descriptor =
        openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return false;
    bool good = write_all(descriptor, head, sizeof *head) &&
                write_all(descriptor, record->bytes, record->length) &&
                write_all(descriptor, library, (size_t)head->library_length);
    good = close(descriptor) == 0 && good && renameat(folder, temporary, folder, name) == 0;
    if (!good)
        unlinkat(folder, temporary, 0);
    return good;
}

bool cache_entry_write(int folder, const cache_key *key, compilation *unit, const buffer *record)
{
    static atomic_uint counter;
    const unsigned number = atomic_fetch_add_explicit(&counter, 1u, memory_order_relaxed);
    char name[CACHE_NAME_BYTES], temporary[CACHE_NAME_BYTES + 64];
    const cst_image *image = (const cst_image *)(const void *)unit->plan->image;
    entry_head head = {.record_length = record->length};
    cache_entry_name(key, name);
    snprintf(temporary, sizeof temporary, "%.64s.%ld.%u", name, (long)getpid(), number);
    char *library = build_library(folder, temporary, unit, &head.library_length);
    if (library == NULL)
        return false;
    memcpy(head.magic, entry_magic, sizeof head.magic);
    memcpy(head.key, key->bytes, sizeof head.key);
    memcpy(head.source_hash, image->source_hash, sizeof head.source_hash);
    digest(&head, record->bytes, library, head.digest);
    const bool fits =
        sizeof head + head.record_length + head.library_length <= LIMIT_CACHE_ENTRY_BYTES;
    const bool good = fits && put(folder, temporary, name, &head, record, library);
    free(library);
    if (good)
        cache_folder_shrink(folder, name);
    return good;
}

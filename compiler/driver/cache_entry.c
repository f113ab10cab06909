/*
 * cache_entry.c - one compiled policy in a file: a library, a record, and a foot.
 *
 * The library is what `constc build` writes, so opening it needs no code generator. It stands
 * first, because the loader takes the entry's own file for it, by the descriptor that was checked
 * and read, whatever its name stands for meanwhile. An entry is believed only as a whole: the foot
 * holds the key that it was made for and a digest of everything else.
 *
 * The digest finds what disks and crashes do to a file, which is why nothing is synced before the
 * rename. It is no signature: who may write to the folder can write whole entries, and the folder
 * is checked for that (cache_folder.c). So it is no gain either to load a private copy of the bytes
 * that were looked at: who could change them under the loader could have written others, and the
 * copy alone would take longer than all the rest. Nothing writes to an entry once it has its name,
 * and it is read-only for its owner too.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/driver/cache_private.h"
#include "runtime/limits.h"
#include "runtime/module.h"
#include "runtime/sha256.h"

static const char entry_magic[8] = "cstpol1";

typedef struct entry_foot {
    char magic[sizeof entry_magic];
    uint8_t key[32];
    uint64_t record_length, library_length;
    uint8_t source_hash[32]; /* of the image: says that the library is the one that was meant */
    uint8_t digest[32];      /* SHA-256 of all before it, the record, and the sum of the library */
} entry_foot;

/* ---- the sum of a library -------------------------------------------------------------------- */

enum { LANES = 8, PIECE = 64 << 10 };

/*
 * Libraries are megabytes, and SHA-256 of all of it would be most of a start. Each step below is a
 * bijection of the lane, and of the word that comes in: a change within one word of a lane is
 * found for certain, any other is missed once in 2^64.
 */
typedef struct lanes {
    uint64_t state[LANES];
} lanes;

/* Whole rows of words; zeros stand for what is missing of the last one. */
static void lanes_add(lanes *sum, const char *bytes, size_t length)
{
    uint64_t words[LANES];
    for (; length > 0; bytes += sizeof words) {
        const size_t taken = length < sizeof words ? length : sizeof words;
        if (taken < sizeof words)
            memset(words, 0, sizeof words);
        memcpy(words, bytes, taken);
        for (uint32_t i = 0; i < LANES; i++) {
            const uint64_t mixed =
                (sum->state[i] ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15) + i + 1;
            sum->state[i] = mixed << 29 | mixed >> 35;
        }
        length -= taken;
    }
}

static void digest_make(const entry_foot *foot, const buffer *record, const lanes *library,
                        uint8_t out[32])
{
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, foot, offsetof(entry_foot, digest));
    sha256_add(&hash, record->bytes, record->length);
    sha256_add(&hash, library, sizeof *library);
    sha256_end(&hash, out);
}

void cache_entry_name(const cache_key *key, char out[CACHE_NAME_BYTES])
{
    for (uint32_t i = 0; i < sizeof key->bytes; i++)
        snprintf(out + (size_t)2 * i, 3, "%02x", key->bytes[i]);
    memcpy(out + 64, CACHE_SUFFIX, sizeof CACHE_SUFFIX);
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

/* The foot of an entry that is worth reading: a file of this user's, for this key, of the length
 * that it says itself. */
static bool read_foot(int descriptor, const cache_key *key, entry_foot *out)
{
    struct stat about;
    if (fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode) || about.st_uid != geteuid() ||
        (about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return false;
    const uint64_t size = (uint64_t)about.st_size;
    return size >= sizeof *out && size <= LIMIT_CACHE_ENTRY_BYTES &&
           read_at(descriptor, out, sizeof *out, size - sizeof *out) &&
           memcmp(out->magic, entry_magic, sizeof entry_magic) == 0 &&
           memcmp(out->key, key->bytes, sizeof out->key) == 0 && out->record_length <= size &&
           out->library_length <= size && out->library_length > 0 &&
           sizeof *out + out->record_length + out->library_length == size;
}

static bool read_record(int descriptor, const entry_foot *foot, buffer *out)
{
    char block[4096];
    uint64_t at = foot->library_length;
    for (uint64_t left = foot->record_length; left > 0;) {
        const size_t piece = left < sizeof block ? (size_t)left : sizeof block;
        if (!read_at(descriptor, block, piece, at))
            return false;
        buffer_add(out, block, piece);
        at += piece;
        left -= piece;
    }
    return !out->failed;
}

/* Read and not mapped: a file that is cut off meanwhile must not end the process. */
static bool is_whole(int descriptor, const entry_foot *foot, const buffer *record)
{
    char *piece = malloc(PIECE);
    uint64_t at = 0;
    lanes sum = {{0}};
    bool good = piece != NULL;
    while (good && at < foot->library_length) {
        const uint64_t left = foot->library_length - at;
        const size_t length = left < PIECE ? (size_t)left : PIECE;
        good = read_at(descriptor, piece, length, at);
        if (good)
            lanes_add(&sum, piece, length);
        at += length;
    }
    free(piece);
    uint8_t found[sizeof foot->digest];
    digest_make(foot, record, &sum, found);
    return good && memcmp(found, foot->digest, sizeof found) == 0;
}

/* ---- loading --------------------------------------------------------------------------------- */

/*
 * The loader takes a library whose name it knows for the one that it has, and numbers of
 * descriptors come again. So each gets a path of its own to the same place: the bits of a counter,
 * written as "/" and "/.".
 */
static void path_of(int descriptor, char out[128])
{
    static atomic_uint counter;
    const unsigned number = atomic_fetch_add_explicit(&counter, 1u, memory_order_relaxed);
    size_t used = strlen(strcpy(out, "/proc/self"));
    for (uint32_t bit = 0; bit < 32; bit++) {
        out[used++] = '/';
        if ((number >> bit & 1u) != 0)
            out[used++] = '.';
    }
    snprintf(out + used, 128 - used, "/fd/%d", descriptor);
}

static bool load(int descriptor, const entry_foot *foot, cache_entry *out)
{
    char path[128];
    path_of(descriptor, path);
    out->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (out->library == NULL)
        return false;
    const cst_module *module = dlsym(out->library, CST_MODULE_SYMBOL);
    out->module = module;
    return module != NULL && memcmp(module->magic, CST_MODULE_MAGIC, sizeof module->magic) == 0 &&
           module->abi == CST_ABI_VERSION && module->image != NULL &&
           memcmp(module->image->source_hash, foot->source_hash, sizeof foot->source_hash) == 0;
}

bool cache_entry_open(int folder, const cache_key *key,
                      bool (*holds)(const buffer *record, void *user), void *user, cache_entry *out)
{
    char name[CACHE_NAME_BYTES];
    entry_foot foot;
    *out = (cache_entry){0};
    buffer_init(&out->record, NULL, 0);
    cache_entry_name(key, name);
    const int descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    const bool good = read_foot(descriptor, key, &foot) &&
                      read_record(descriptor, &foot, &out->record) &&
                      is_whole(descriptor, &foot, &out->record) && holds(&out->record, user) &&
                      load(descriptor, &foot, out);
    if (good)
        futimens(descriptor, NULL); /* it was used now */
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
static cst_status build_library(int folder, const char *name, compilation *unit, char **out,
                                uint64_t *length)
{
    char path[CACHE_NAME_BYTES + 128];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d/%s", (long)getpid(), folder, name);
    build_run run = {.path = path};
    const cst_status status = driver_protect(unit, build, &run);
    if (status != CST_OK)
        return status;
    *out = take_file(folder, name, length);
    return *out != NULL ? CST_OK : CST_IO;
}

static bool put(int folder, const char *temporary, const char *name, const entry_foot *foot,
                const buffer *record, const char *library)
{
    const int descriptor =
        openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    if (descriptor < 0)
        return false;
    bool good = write_all(descriptor, library, (size_t)foot->library_length) &&
                write_all(descriptor, record->bytes, record->length) &&
                write_all(descriptor, foot, sizeof *foot);
    good = close(descriptor) == 0 && good && renameat(folder, temporary, folder, name) == 0;
    if (!good)
        unlinkat(folder, temporary, 0);
    return good;
}

cst_status cache_entry_write(int folder, const cache_key *key, compilation *unit,
                             const buffer *record)
{
    static atomic_uint counter;
    const unsigned number = atomic_fetch_add_explicit(&counter, 1u, memory_order_relaxed);
    char name[CACHE_NAME_BYTES], temporary[CACHE_NAME_BYTES + 64];
    const cst_image *image = (const cst_image *)(const void *)unit->plan->image;
    entry_foot foot = {.record_length = record->length};
    cache_entry_name(key, name);
    snprintf(temporary, sizeof temporary, "%.64s.%ld.%u", name, (long)getpid(), number);
    char *library = NULL;
    const cst_status status =
        build_library(folder, temporary, unit, &library, &foot.library_length);
    if (status != CST_OK)
        return status;
    memcpy(foot.magic, entry_magic, sizeof foot.magic);
    memcpy(foot.key, key->bytes, sizeof foot.key);
    memcpy(foot.source_hash, image->source_hash, sizeof foot.source_hash);
    lanes sum = {{0}};
    lanes_add(&sum, library, (size_t)foot.library_length);
    digest_make(&foot, record, &sum, foot.digest);
    const bool fits =
        sizeof foot + foot.record_length + foot.library_length <= LIMIT_CACHE_ENTRY_BYTES;
    const bool good = fits && put(folder, temporary, name, &foot, record, library);
    free(library);
    if (good)
        cache_folder_shrink(folder, name);
    return good ? CST_OK : CST_IO;
}

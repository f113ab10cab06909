/*
 * cache_key.c - what a compiled policy is filed under.
 *
 * Two compilations with one key must be the same compilation. So the key is a SHA-256 over all that
 * decides what comes out: the policy's own file and its name, the options that reach the code, the
 * machine that pattern databases are made for, and the compiler. The files that the policy goes on
 * to read cannot be known without reading it, so they stand in the record (cache_record.c) and are
 * compared when an entry is opened.
 *
 * The compiler is known by the build ids of what it consists of: this code (the standard modules
 * are inside of it), the runtime that it was linked with, and the code generator. A linker makes a
 * build id of everything that it writes, so no one has to remember to change a number. The code
 * generator is not loaded for this, its file is looked at; and since that file may be replaced
 * under a process that has loaded the old one, nothing is written before the loaded one was
 * compared.
 */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_stamp.h"
#include "compiler/driver/cache_private.h"
#include "compiler/pattern/pattern.h"
#include "runtime/module.h"
#include "runtime/sha256.h"

/* ---- build ids ------------------------------------------------------------------------------- */

enum { MOST_NOTES = 4096, MOST_PARTS = 64 };

typedef struct build_id {
    uint8_t bytes[64];
    uint32_t length; /* 0: there is none */
} build_id;

static size_t padded(size_t size, size_t alignment)
{
    return (size + alignment - 1) / alignment * alignment;
}

static void find_in_notes(const char *notes, size_t size, size_t alignment, build_id *out)
{
    ElfW(Nhdr) head;
    while (size >= sizeof head) {
        memcpy(&head, notes, sizeof head);
        const size_t name = padded(head.n_namesz, alignment),
                     value = padded(head.n_descsz, alignment);
        notes += sizeof head;
        size -= sizeof head;
        if (name > size || value > size - name)
            return;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && memcmp(notes, "GNU", 4) == 0 &&
            head.n_descsz <= sizeof out->bytes) {
            memcpy(out->bytes, notes + name, head.n_descsz);
            out->length = head.n_descsz;
            return;
        }
        notes += name + value;
        size -= name + value;
    }
}

static size_t alignment_of(const ElfW(Phdr) * part)
{
    return part->p_align == 8 ? 8 : 4;
}

typedef struct search {
    uintptr_t address;
    build_id *out;
} search;

static int look_into(struct dl_phdr_info *object, size_t size, void *user)
{
    const search *wanted = user;
    bool here = false;
    (void)size;
    for (uint32_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        here = here || (part->p_type == PT_LOAD &&
                        wanted->address - (object->dlpi_addr + part->p_vaddr) < part->p_memsz);
    }
    for (uint32_t i = 0; here && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        const uintptr_t at = object->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_NOTE && wanted->out->length == 0)
            find_in_notes((const char *)at, part->p_memsz, alignment_of(part), wanted->out);
    }
    return here;
}

/* Of the library or program that `address` lies in. */
static build_id id_of_loaded(uintptr_t address)
{
    build_id found = {.length = 0};
    dl_iterate_phdr(look_into, &(search){address, &found});
    return found;
}

static void find_in_file(int descriptor, build_id *out)
{
    ElfW(Ehdr) head;
    if (pread(descriptor, &head, sizeof head, 0) != (ssize_t)sizeof head ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof(ElfW(Phdr)))
        return;
    for (uint32_t i = 0; i < head.e_phnum && i < MOST_PARTS && out->length == 0; i++) {
        ElfW(Phdr) part;
        char notes[MOST_NOTES];
        const off_t at = (off_t)(head.e_phoff + i * sizeof part);
        if (pread(descriptor, &part, sizeof part, at) != (ssize_t)sizeof part)
            return;
        if (part.p_type == PT_NOTE && part.p_filesz <= sizeof notes &&
            pread(descriptor, notes, part.p_filesz, (off_t)part.p_offset) == (ssize_t)part.p_filesz)
            find_in_notes(notes, part.p_filesz, alignment_of(&part), out);
    }
}

/* ---- the compiler ---------------------------------------------------------------------------- */

typedef struct identity {
    build_id own, runtime, generators[BACKEND_PLACES];
    char platform[PATTERN_PLATFORM_BYTES];
    bool known;
} identity;

static identity compiler; /* after `once` */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* False: there is a library without a build id, about which nothing can be said. */
static bool look_at_generators(bool *some)
{
    char *paths[BACKEND_PLACES];
    backend_places(paths);
    bool good = true;
    for (uint32_t i = 0; i < BACKEND_PLACES; i++) {
        const int descriptor = paths[i] != NULL ? open(paths[i], O_RDONLY | O_CLOEXEC) : -1;
        free(paths[i]);
        if (descriptor < 0)
            continue;
        find_in_file(descriptor, &compiler.generators[i]);
        close(descriptor);
        *some = true;
        good = good && compiler.generators[i].length > 0;
    }
    return good;
}

static void identify(void)
{
    bool some = false;
    compiler.own = id_of_loaded((uintptr_t)&identify);
    compiler.runtime = id_of_loaded((uintptr_t)&cst_policy_open);
    compiler.known = look_at_generators(&some) && some && compiler.own.length > 0 &&
                     compiler.runtime.length > 0 && pattern_platform(compiler.platform);
}

bool cache_key_covers_generator(void)
{
    const void *address = backend_address();
    if (address == NULL)
        return false;
    const build_id loaded = id_of_loaded((uintptr_t)address);
    pthread_once(&once, identify);
    for (uint32_t i = 0; i < BACKEND_PLACES; i++) {
        const build_id *known = &compiler.generators[i];
        if (known->length > 0 && known->length == loaded.length &&
            memcmp(known->bytes, loaded.bytes, known->length) == 0)
            return true;
    }
    return false;
}

/* ---- the key --------------------------------------------------------------------------------- */

/* With its length before it, so that no two lists of fields are the same bytes. */
static void add(sha256 *hash, const void *bytes, size_t length)
{
    uint8_t head[8];
    for (uint32_t i = 0; i < sizeof head; i++)
        head[i] = (uint8_t)((uint64_t)length >> (8 * i));
    sha256_add(hash, head, sizeof head);
    sha256_add(hash, bytes, length);
}

bool cache_key_make(const cache_subject *subject, cache_key *out)
{
    pthread_once(&once, identify);
    if (!compiler.known)
        return false;
    static const char form[] = "constitution: compiled policy, 1";
    const uint32_t numbers[] = {CST_ABI_VERSION, sizeof(cst_value), subject->portable,
                                (uint32_t)subject->indexing};
    sha256 hash;
    sha256_begin(&hash);
    add(&hash, form, sizeof form);
    add(&hash, BUILD_STAMP, sizeof BUILD_STAMP);
    add(&hash, compiler.own.bytes, compiler.own.length);
    add(&hash, compiler.runtime.bytes, compiler.runtime.length);
    for (uint32_t i = 0; i < BACKEND_PLACES; i++)
        add(&hash, compiler.generators[i].bytes, compiler.generators[i].length);
    add(&hash, compiler.platform, strlen(compiler.platform));
    add(&hash, numbers, sizeof numbers);
    add(&hash, subject->path, strlen(subject->path));
    add(&hash, subject->bytes, subject->length);
    sha256_end(&hash, out->bytes);
    return true;
}

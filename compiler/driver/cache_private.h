/*
 * cache_private.h - what the files of the cache share.
 *
 * cache.c is the way of a compilation through it; cache_key.c says what a policy is filed under,
 * cache_record.c what is kept beside its code, cache_entry.c how an entry is written and opened,
 * and cache_folder.c which folders are trusted and how they stay small.
 *
 * Layer 3 of the compiler. Private to driver/.
 */
#ifndef CONSTITUTION_COMPILER_DRIVER_CACHE_PRIVATE_H
#define CONSTITUTION_COMPILER_DRIVER_CACHE_PRIVATE_H

#include "compiler/driver/driver.h"
#include "runtime/base/buffer.h"

/* ---- cache_key.c ----------------------------------------------------------------------------- */

typedef struct cache_key {
    uint8_t bytes[32];
} cache_key;

/* What is compiled, as far as it is known before anything is compiled. */
typedef struct cache_subject {
    const char *path, *bytes; /* of the policy's own file */
    size_t length;
    bool portable;
    plan_indexing indexing;
} cache_subject;

/* False: it cannot be said which compiler this is. */
bool cache_key_make(const cache_subject *subject, cache_key *out);
/* Whether the code generator that is loaded is the one that keys speak of. */
bool cache_key_covers_generator(void);

/* ---- cache_record.c -------------------------------------------------------------------------- */

/* What a compilation read and said, as bytes: files with their hashes, then diagnostics. Takes
 * diagnostics and hands them on. */
typedef struct cache_recorder {
    buffer diagnostics;
    uint32_t count;
    void (*diagnostic)(void *user, const cst_diagnostic *diagnostic); /* or NULL */
    void *user;
} cache_recorder;

void cache_record_diagnostic(void *recorder, const cst_diagnostic *found);
/* The whole record. False: out of memory. */
bool cache_record_write(const cache_recorder *recorder, const compilation *unit, buffer *out);
/* Whether every file that was read then says the same now. */
bool cache_record_holds(const buffer *record, const cst_allocator *allocator,
                        const compilation_reader *reader);
/* Says what was said then. */
void cache_record_replay(const buffer *record, const cst_compiler_options *options);

#define CACHE_SUFFIX ".policy"
enum { CACHE_NAME_BYTES = 64 + sizeof CACHE_SUFFIX }; /* the key in hexadecimal, and the suffix */

/* ---- cache_folder.c -------------------------------------------------------------------------- */

/* A descriptor of the folder, which is made if it is missing; or -1 and why it is not used. */
int cache_folder_open(const char *path, char *why, size_t why_size);
/* Removes what was used longest ago until the folder is within its bounds; never `kept`. */
void cache_folder_shrink(int folder, const char *kept);

/* ---- cache_entry.c --------------------------------------------------------------------------- */

typedef struct cache_entry {
    void *library; /* for dlclose; NULL: not opened */
    const cst_module *module;
    buffer record;
} cache_entry;

void cache_entry_name(const cache_key *key, char out[CACHE_NAME_BYTES]);
/* Reads an entry and proves that it is whole and this key's. `holds` looks at the record before any
 * of the code is mapped. False: there is none that is good. */
bool cache_entry_open(int folder, const cache_key *key,
                      bool (*holds)(const buffer *record, void *user), void *user,
                      cache_entry *out);
/* Compiles a plan into an entry. Otherwise it is not written, and after CST_NO_MEMORY the
 * compilation can only be ended. */
cst_status cache_entry_write(int folder, const cache_key *key, compilation *unit,
                             const buffer *record);
/* The record, and the library unless somebody took it over and set it to NULL. */
void cache_entry_close(cache_entry *entry);

#endif

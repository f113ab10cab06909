/*
 * hash.h - one hash for symbols, names and tables; deterministic, because it is part of the image.
 *
 * Not keyed: tables that an attacker could fill (sessions, members of an object) mix in a seed of
 * their own or bound their probes. Layer 0.
 */
#ifndef CONSTITUTION_RUNTIME_BASE_HASH_H
#define CONSTITUTION_RUNTIME_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* what cst_symbol_row.hash holds */
uint32_t cst_hash(const void *bytes, size_t length);
uint64_t cst_hash_seeded(const void *bytes, size_t length, uint64_t seed);

#endif

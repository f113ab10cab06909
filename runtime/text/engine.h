/*
 * engine.h - the one door to the engine that finds many literals in one pass.
 *
 * The engine only proposes: which literal ends where. What a match is, automata decide (scan.c). So
 * another engine could take its place behind these five calls. Uses the engine's runtime alone,
 * never its compiler.
 *
 * Layer 1. A database is immutable and shared by threads, a scratch belongs to one thread at a
 * time. The engine takes its memory from malloc: its own hook for allocators is one for the whole
 * process, which a library must leave to its host.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_ENGINE_H
#define CONSTITUTION_RUNTIME_TEXT_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/include/constitution.h"

typedef struct engine_database engine_database;
typedef struct engine_scratch engine_scratch;

/* CST_WRONG_ABI: made for another version or another processor; CST_NOT_A_POLICY: no database. */
cst_status engine_open(const void *bytes, size_t length, engine_database **out);
void engine_close(engine_database *database);
/* Makes a scratch (*scratch NULL at first) large enough for one more database. */
cst_status engine_fit(engine_scratch **scratch, const engine_database *database);
void engine_free(engine_scratch *scratch);
/* Calls `hit` for each literal and the end of each place where it stands, ends ascending; `hit`
 * answers false to stop. */
typedef bool engine_hit(void *user, uint32_t literal, uint32_t end);
cst_status engine_scan(const engine_database *database, engine_scratch *scratch, const char *text,
                       uint32_t length, engine_hit *hit, void *user);

#endif

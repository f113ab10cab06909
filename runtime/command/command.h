/*
 * command.h - what a shell line runs, reads, writes and connects to.
 *
 * The judgement on a value of type `command`. A line is taken apart when the first condition asks,
 * once an event; the result lives in the frame's scratch memory. Nothing is run and nothing outside
 * of the line is looked at. No parser of shell that is kept well and lends itself to this (bash in
 * full, bounded, from memory, without a process) can be had as a C library, so this one is our own.
 *
 * Every answer is three-valued. `broken` lines, unknown words and bounds make answers undecided
 * exactly where what is not known could change them. Layer 1; services.c is the door to conditions.
 */
#ifndef CONSTITUTION_RUNTIME_COMMAND_COMMAND_H
#define CONSTITUTION_RUNTIME_COMMAND_COMMAND_H

#include "runtime/base/arena.h"
#include "runtime/module.h"

typedef enum command_fact {
    FACT_PROGRAMS,
    FACT_READS,
    FACT_WRITES,
    FACT_CONNECTS,
    FACT_COUNT
} command_fact;

typedef struct command command;

/* Never NULL but when memory is short. `text` must live as long as `memory`. */
command *command_read(arena *memory, const char *text, uint32_t length);

/* A LIST of STRING, PATH or HOST values. */
void command_list(const command *command, command_fact fact, cst_value *out);
/* False: some of the fact is not known. `exact`: also what is known only by its folder counts as
 * not known. */
bool command_knows(const command *command, command_fact fact, bool exact);

typedef enum command_answer { ANSWER_NO, ANSWER_MAYBE, ANSWER_YES } command_answer;

/* Patterns "git push": sorted by program. */
typedef struct command_patterns {
    const cst_image *image;
    cst_range rows; /* of the table `commands` */
    uint64_t *work; /* of the words that are compared; or NULL */
} command_patterns;

command_answer command_runs(const command *command, const command_patterns *patterns, bool only);

#endif

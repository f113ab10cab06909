/*
 * unit.h - a compilation that a command looks into: build and dump.
 */
#ifndef CONSTITUTION_COMPILER_CLI_UNIT_H
#define CONSTITUTION_COMPILER_CLI_UNIT_H

#include "compiler/cli/cli.h"
#include "compiler/cost.h"
#include "compiler/driver/driver.h"

/* Runs the passes up to `last`; errors are printed. True: *out is the caller's to end. *code is the
 * exit code so far. */
bool unit_open(const char *path, driver_pass last, compilation **out, int *code);

/* --max-cost and --max-scratch. False after a complaint. */
bool ceilings_read(const cli_arguments *arguments, cost_ceilings *out);

#endif

/*
 * test.h - what the files of `constc test` share: the test in hand, and what is reported of a
 * policy beside its tests.
 */
#ifndef CONSTITUTION_COMPILER_CLI_TEST_H
#define CONSTITUTION_COMPILER_CLI_TEST_H

#include "compiler/cli/cli.h"
#include "compiler/cli/evidence.h"
#include "compiler/reference/coverage.h"

typedef struct test_options {
    const char *filter; /* only tests with this in their title; NULL: all */
    const char *engine; /* NULL: reference and native code, which must agree */
    bool json, coverage, mutate;
    uint64_t least_coverage, least_killed; /* percent; 0: none is demanded */
    uint64_t mutants, seed;
} test_options;

typedef struct test_state {
    const test_options *options;
    const char *path;
    policy_evidence evidence;
    cst_policy *native; /* NULL: only the reference evaluator runs */
    cst_context *native_context;
    bool compare; /* both run, and must agree */
    int64_t now;
    uint64_t passed, failed;
    int worst;          /* exit code */
    coverage *coverage; /* or NULL */
    buffer report;      /* JSON: of the file in hand */
    /* the test in hand */
    buffer given, event, decision_text;
    buffer presented, approvals; /* the event without approvals, and those that were given for it */
    /* grants that stand from then on: every later event of the test brings them */
    buffer standing;
    const checked_step **answers; /* by host predicate: the latest `given` of the test, or NULL */
    cst_decision decision;        /* of the event before */
    bool decided;
    buffer reason; /* why the test failed; empty: it has not */
} test_state;

/* Runs a test up to the step that fails, which is *last. False: one did; `reason` says why. Prints
 * nothing. */
bool test_steps(test_state *test, const checked_test *one, const checked_step **last);

/* test_coverage.c: starts to measure; false after a message. */
bool coverage_begin_file(test_state *test);
/* Prints the report, or adds the member "coverage"; false: less than is demanded. */
bool coverage_report(test_state *test);

/* test_mutate.c: runs the tests on changed policies and prints what survives, or adds the member
 * "mutants"; false: fewer are killed than is demanded. The evidence explains nothing from then on.
 */
bool mutants_run(test_state *test);

/* Members of a JSON object: "file":…,"line":…,"column":… */
void member_place(buffer *out, compilation *unit, source_range range);
/* `part` of `whole` is at least so many percent; of nothing it is. */
bool is_enough(uint64_t part, uint64_t whole, uint64_t percent);

#endif

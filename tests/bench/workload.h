/*
 * workload.h - a store that tests/bench/workloads/ wrote: a policy, its requests ready to be asked
 * in three ways, and what must come out.
 *
 *     typed   cst_event_begin, a setter for each field that the policy reads, cst_decide: what a
 * service does that holds its values json    cst_decide_json from the bytes of the event rules the
 * compiled rules alone, on values that stand ready: no reading, no session, no report
 *
 * The program that loads one fails loudly if any way decides otherwise than the file says, so that
 * nothing wrong is timed.
 */
#ifndef CONSTITUTION_TESTS_BENCH_WORKLOAD_H
#define CONSTITUTION_TESTS_BENCH_WORKLOAD_H

#include <constitution/compiler.h>

#include "runtime/engine.h"

typedef enum workload_kind {
    WORKLOAD_BOOL,
    WORKLOAD_INT,
    WORKLOAD_DECIMAL,
    WORKLOAD_STRING,
    WORKLOAD_JSON
} workload_kind;

typedef struct workload_value {
    cst_field field;
    workload_kind kind;
    int64_t number;
    char *text; /* of strings, and of everything else as JSON */
    size_t length;
} workload_value;

typedef struct workload_request {
    char *json;
    size_t length;
    cst_stage stage;
    char *tool; /* NULL: none */
    workload_value *values;
    uint32_t value_count;
    bool permitted; /* what must come out */
    cst_frame frame;
    const cst_dispatch_row *dispatch;
    uint32_t hits; /* of the rules alone, when the frame was made */
} workload_request;

typedef struct workload {
    cst_policy *policy;
    cst_context *context;
    const cst_module *module;
    const uint32_t *group_lists;
    workload_request *requests;
    uint32_t count;
} workload;

typedef struct workload_options {
    const char *variant; /* which encoding of the store: VARIANT.const, VARIANT.events.jsonl */
    const char *decimal; /* path of the one field that is a decimal, or NULL */
    cst_engine engine;
    const cst_allocator *allocator; /* NULL: the usual one */
    /* `rules` will be asked for: only for values that outlive the event, no lists and no parsed
     * identities */
    bool with_rules;
} workload_options;

/* Exits with a message if anything is wrong with the store, or decided wrongly. */
void workload_load(workload *workload, const char *folder, const workload_options *options);
void workload_free(workload *workload);

/* One request; the result is the verdict, or the number of hits of `workload_rules`. */
uint32_t workload_typed(workload *workload, uint32_t number);
uint32_t workload_json(workload *workload, uint32_t number);
uint32_t workload_rules(workload *workload, uint32_t number);

#endif

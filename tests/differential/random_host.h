/*
 * random_host.h - a host that answers by the hash of a question: always the same to the same
 * question, whoever asks and when.
 */
#ifndef CONSTITUTION_TESTS_DIFFERENTIAL_RANDOM_HOST_H
#define CONSTITUTION_TESTS_DIFFERENTIAL_RANDOM_HOST_H

#include <constitution.h>

typedef struct random_host {
    uint64_t seed;
    bool lazy; /* leaves some for later */
} random_host;

void random_host_answer(void *user, cst_context *context, const cst_question *questions,
                        uint32_t count);
/* Answers what a pending decision waits for. */
void random_host_later(cst_context *context, const cst_decision *decision);

#endif

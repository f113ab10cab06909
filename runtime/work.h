/*
 * work.h - what deciding one event has cost, in steps that do not depend on the machine.
 *
 * docs/bounds.md says what a step is, and proves of a policy how many there can be; this is the
 * other side: the same steps, counted while an event is decided. Texts, commands, origins, history
 * and questions are counted wherever they are asked, a few additions a question; expressions, and
 * what they compare, by the reference evaluator alone: native code evaluates no more of them.
 *
 * Layer 1 of the runtime.
 */
#ifndef CONSTITUTION_RUNTIME_WORK_H
#define CONSTITUTION_RUNTIME_WORK_H

#include <stdint.h>

typedef struct cst_work {
    uint64_t nodes;    /* expressions evaluated */
    uint64_t values;   /* bytes compared and joined, elements gone through, members looked at */
    uint64_t viewed;   /* bytes read and written to make views */
    uint64_t scanned;  /* bytes scanned, and steps of patterns around what was found */
    uint64_t found;    /* matches listed, put in order and read as values */
    uint64_t commands; /* bytes of scripts read, programs matched */
    uint64_t origins;  /* bytes indexed and compared for `from` and `repeats` */
    uint64_t past;     /* questions about the past and their keys */
    uint64_t host;     /* questions to the host and their arguments */
    uint64_t scratch;  /* bytes of scratch memory handed out before the second decision began */
    /* of those of the decision in hand: what they were for is telling, not deciding */
    uint64_t told;
} cst_work;

static inline uint64_t work_steps(const cst_work *work)
{
    return work->nodes + work->values + work->viewed + work->scanned + work->found +
           work->commands + work->origins + work->past + work->host;
}

#endif

/*
 * random.h - numbers from a seed, the same on every machine, for whatever writes random policies,
 * events, patterns and questions.
 */
#ifndef CONSTITUTION_TESTS_RANDOM_H
#define CONSTITUTION_TESTS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct random_state {
    uint64_t state;
} random_state;

uint32_t random_below(random_state *random, uint32_t bound); /* bound > 0 */
bool random_chance(random_state *random, uint32_t percent);

#define POOL(...) {__VA_ARGS__, NULL}
const char *random_pick(random_state *random, const char *const *pool); /* of a POOL */

#endif

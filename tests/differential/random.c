/*
 * random.c - see random.h. Not the C library's: its numbers differ from one to the next, and a seed
 * that found something must find it again.
 */
#include "tests/differential/random.h"

#include <stddef.h>

uint32_t random_below(random_state *random, uint32_t bound)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random->state >> 33) % bound);
}

bool random_chance(random_state *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

const char *random_pick(random_state *random, const char *const *pool)
{
    uint32_t count = 0;
    while (pool[count])
        count++;
    return pool[random_below(random, count)];
}

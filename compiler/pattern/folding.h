/*
 * folding.h - which characters are one letter, case aside.
 *
 * ASCII, Latin-1, Latin Extended, Greek, Cyrillic and Armenian letters by the regular pairs of
 * their blocks, and the few characters that fold into ASCII (the long s, the Kelvin sign). Other
 * scripts have no case.
 */
#ifndef CONSTITUTION_COMPILER_PATTERN_FOLDING_H
#define CONSTITUTION_COMPILER_PATTERN_FOLDING_H

#include <stdint.h>

enum { FOLDING_MOST = 4 };

/* The characters that are equal to `code` without case, `code` itself left out; their number. */
uint32_t folding_others(uint32_t code, uint32_t out[FOLDING_MOST]);

#endif

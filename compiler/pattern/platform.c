/*
 * platform.c - the machine that databases are made for, in words.
 *
 * A database for this machine uses what its processor has, and is refused by another version of the
 * engine: so both are part of what a compiled policy is filed under (compiler/driver/cache.c).
 */
#include <hs/hs.h>

#include <stdio.h>

#include "compiler/pattern/pattern.h"

bool pattern_platform(char out[PATTERN_PLATFORM_BYTES])
{
    hs_platform_info_t here;
    if (hs_populate_platform(&here) != HS_SUCCESS)
        return false;
    const int length = snprintf(out, PATTERN_PLATFORM_BYTES, "%s, tune %u, features %llu",
                                hs_version(), here.tune, here.cpu_features);
    return length > 0 && length < PATTERN_PLATFORM_BYTES;
}

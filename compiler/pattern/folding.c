/*
 * folding.c - case pairs by the rules of their blocks; see folding.h.
 *
 * Unicode's simple case folding, for the scripts of folding.h. Written as ranges with a distance,
 * or as neighbours of which the even or the odd one is the capital, as the blocks are laid out.
 */
#include "compiler/pattern/folding.h"

typedef struct block {
    uint32_t low, high; /* capitals */
    /* to the small letter; 0: neighbours, capital even; 1 with `odd`: neighbours, capital odd */
    uint32_t distance;
    uint32_t odd;
} block;

static const block blocks[] = {
    {'A', 'Z', 0x20, 0},     {0xc0, 0xd6, 0x20, 0},   {0xd8, 0xde, 0x20, 0},
    {0x391, 0x3a1, 0x20, 0}, {0x3a3, 0x3ab, 0x20, 0}, {0x410, 0x42f, 0x20, 0},
    {0x400, 0x40f, 0x50, 0}, {0x531, 0x556, 0x30, 0}, {0x388, 0x38a, 0x25, 0},
    {0x100, 0x12f, 0, 0},    {0x132, 0x137, 0, 0},    {0x139, 0x148, 0, 1},
    {0x14a, 0x177, 0, 0},    {0x179, 0x17e, 0, 1},    {0x460, 0x481, 0, 0},
    {0x48a, 0x4bf, 0, 0},    {0x4c1, 0x4ce, 0, 1},    {0x4d0, 0x52f, 0, 0},
    {0x1e00, 0x1e95, 0, 0},  {0x1ea0, 0x1eff, 0, 0},
};

/* More than two characters that are one letter, and pairs outside of the blocks. */
static const uint32_t sets[][4] = {
    {'K', 'k', 0x212a, 0},       {'S', 's', 0x17f, 0},         {0xc5, 0xe5, 0x212b, 0},
    {0x3a9, 0x3c9, 0x2126, 0},   {0x3a3, 0x3c3, 0x3c2, 0},     {0x39c, 0x3bc, 0xb5, 0},
    {0x178, 0xff, 0, 0},         {0x386, 0x3ac, 0, 0},         {0x38c, 0x3cc, 0, 0},
    {0x38e, 0x3cd, 0, 0},        {0x38f, 0x3ce, 0, 0},         {0x4c0, 0x4cf, 0, 0},
    {0x1e9b, 0x1e60, 0x1e61, 0}, {0x398, 0x3b8, 0x3d1, 0x3f4}, {0x392, 0x3b2, 0x3d0, 0},
    {0x395, 0x3b5, 0x3f5, 0},    {0x39a, 0x3ba, 0x3f0, 0},     {0x3a0, 0x3c0, 0x3d6, 0},
    {0x3a1, 0x3c1, 0x3f1, 0},    {0x3a6, 0x3c6, 0x3d5, 0},     {0x399, 0x3b9, 0x345, 0x1fbe},
    {0xdf, 0x1e9e, 0, 0},
};

static uint32_t partner(uint32_t code)
{
    for (uint32_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        const block *const one = &blocks[i];
        if (one->distance > 0) {
            if (code >= one->low && code <= one->high)
                return code + one->distance;
            if (code >= one->low + one->distance && code <= one->high + one->distance)
                return code - one->distance;
        } else if (code >= one->low && code <= one->high) {
            return (code & 1) == one->odd ? code + 1 : code - 1;
        }
    }
    return code;
}

uint32_t folding_others(uint32_t code, uint32_t out[FOLDING_MOST])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sizeof sets / sizeof *sets; i++)
        for (uint32_t k = 0; k < 4; k++) {
            if (sets[i][k] != code || code == 0)
                continue;
            for (uint32_t m = 0; m < 4; m++)
                if (sets[i][m] != 0 && sets[i][m] != code)
                    out[count++] = sets[i][m];
            return count;
        }
    const uint32_t other = partner(code);
    if (other != code)
        out[count++] = other;
    return count;
}

/*
 * number_float.c - between decimal digits and IEEE doubles, exactly, both ways.
 *
 * Most numbers take the short way: up to 19 digits that fit in 53 bits and a power of ten that a
 * double holds exactly, so that one multiplication or division rounds once and right. The rest is
 * done with plain long integers: reading divides bit by bit, printing generates digits until they
 * identify the number (Steele and White; Dragon4). That is slower than tables of powers, and a page
 * instead of a book. The work is bounded: beyond DIGITS_MOST digits more can only say "a bit more".
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "runtime/number.h"

/* No double, and no middle between two, has more significant digits than 768. */
#define DIGITS_MOST 800u
/* 10^(800 + 345) has 3,804 bits; the numerator is at most 65 bits longer than the denominator. */
#define LIMBS 128u

typedef struct big {
    uint32_t limbs[LIMBS]; /* lowest first */
    uint32_t count;        /* without leading zeros */
} big;

static void big_set(big *out, uint64_t value)
{
    out->limbs[0] = (uint32_t)value;
    out->limbs[1] = (uint32_t)(value >> 32);
    out->count = out->limbs[1] ? 2 : out->limbs[0] ? 1 : 0;
}

/* out = out * factor + more. */
static void big_multiply(big *out, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;
    for (uint32_t i = 0; i < out->count; i++) {
        carry += (uint64_t)out->limbs[i] * factor;
        out->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry && out->count < LIMBS)
        out->limbs[out->count++] = (uint32_t)carry;
}

static void big_power_of_ten(big *out, uint32_t power)
{
    for (; power >= 9; power -= 9)
        big_multiply(out, 1000000000u, 0);
    for (; power > 0; power--)
        big_multiply(out, 10, 0);
}

static void big_shift(big *out, uint32_t bits)
{
    const uint32_t whole = bits / 32, part = bits % 32;
    if (out->count == 0 || bits == 0 || out->count + whole + 1 > LIMBS)
        return;
    out->limbs[out->count] = 0;
    for (uint32_t i = out->count + 1; i-- > 0;) {
        const uint64_t below = i > 0 ? out->limbs[i - 1] : 0;
        const uint64_t pair = (uint64_t)out->limbs[i] << 32 | below;
        out->limbs[i + whole] = (uint32_t)((pair << part) >> 32);
    }
    memset(out->limbs, 0, whole * sizeof out->limbs[0]);
    out->count += whole + 1;
    while (out->count > 0 && out->limbs[out->count - 1] == 0)
        out->count--;
}

static uint32_t big_bits(const big *value)
{
    if (value->count == 0)
        return 0;
    return value->count * 32 - (uint32_t)__builtin_clz(value->limbs[value->count - 1]);
}

static int big_compare(const big *a, const big *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (uint32_t i = a->count; i-- > 0;)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

/* a -= b; a >= b. */
static void big_subtract(big *a, const big *b)
{
    uint64_t borrow = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        const uint64_t take = (i < b->count ? b->limbs[i] : 0) + borrow;
        borrow = a->limbs[i] < take;
        a->limbs[i] = (uint32_t)(a->limbs[i] - take);
    }
    while (a->count > 0 && a->limbs[a->count - 1] == 0)
        a->count--;
}

static void big_add(big *a, const big *b)
{
    uint64_t carry = 0;
    const uint32_t count = a->count > b->count ? a->count : b->count;
    for (uint32_t i = 0; i < count; i++) {
        carry += (uint64_t)(i < a->count ? a->limbs[i] : 0) + (i < b->count ? b->limbs[i] : 0);
        a->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    a->count = count;
    if (carry && count < LIMBS)
        a->limbs[a->count++] = (uint32_t)carry;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The significant digits, cut behind DIGITS_MOST; a cut leaves a 1 behind, since D does not end in
 * zero. */
static uint32_t digits_to_big(const decimal_text *decimal, big *out, int64_t *exponent)
{
    big_set(out, 0);
    uint32_t taken = 0;
    for (const char *next = decimal->first; next <= decimal->last && taken < DIGITS_MOST; next++) {
        if (*next == '.')
            continue;
        if (out->count == 0)
            big_set(out, (uint64_t)(*next - '0'));
        else
            big_multiply(out, 10, (uint32_t)(*next - '0'));
        taken++;
    }
    if (decimal->count > taken) {
        big_multiply(out, 10, 1);
        taken++;
        *exponent = decimal->exponent + (int64_t)(decimal->count - taken);
    } else {
        *exponent = decimal->exponent;
    }
    return taken;
}

/* bits * 2^power, where `bits` has 64 bits and `sticky` says that something more follows, rounded
 * to even. */
static double round_to_double(uint64_t bits, int power, bool sticky)
{
    /* A double has 53 bits; below 2^-1022 fewer. */
    int drop = 11;
    if (power + 64 < -1021)
        drop += -1021 - (power + 64);
    if (drop > 64)
        return 0;
    uint64_t kept = drop == 64 ? 0 : bits >> drop;
    const uint64_t half = UINT64_C(1) << (drop - 1);
    const uint64_t rest = drop == 64 ? bits : bits & ((half << 1) - 1);
    if (rest > half || (rest == half && (sticky || (kept & 1))))
        kept++;
    return ldexp((double)kept, power + drop);
}

static double slow_double(const decimal_text *decimal)
{
    big numerator, denominator;
    int64_t exponent;
    digits_to_big(decimal, &numerator, &exponent);
    big_set(&denominator, 1);
    if (exponent >= 0)
        big_power_of_ten(&numerator, (uint32_t)exponent);
    else
        big_power_of_ten(&denominator, (uint32_t)-exponent);
    /* Shift so that 1 <= numerator / denominator < 2, then take 64 bits of the quotient. */
    const int shift = (int)big_bits(&denominator) - (int)big_bits(&numerator);
    big_shift(shift > 0 ? &numerator : &denominator, (uint32_t)(shift > 0 ? shift : -shift));
    int power = -shift;
    if (big_compare(&numerator, &denominator) < 0) {
        big_shift(&numerator, 1);
        power--;
    }
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++) {
        bits <<= 1;
        if (big_compare(&numerator, &denominator) >= 0) {
            big_subtract(&numerator, &denominator);
            bits |= 1;
        }
        big_shift(&numerator, 1);
    }
    return round_to_double(bits, power - 63, numerator.count != 0);
}

bool decimal_text_to_double(const decimal_text *decimal, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double number;
    const int64_t point = decimal->exponent + (int64_t)decimal->count; /* 0.DDD * 10^point */
    if (decimal->count == 0 || point < -330) {
        number = 0;
    } else if (point > 310) {
        return false;
    } else if (FLT_EVAL_METHOD == 0 && decimal->count <= 19 &&
               decimal->leading <= (UINT64_C(1) << 53) && decimal->exponent >= -22 &&
               decimal->exponent <= 22) {
        number = (double)decimal->leading;
        number = decimal->exponent < 0 ? number / powers[-decimal->exponent]
                                       : number * powers[decimal->exponent];
    } else {
        number = slow_double(decimal);
    }
    if (number > DBL_MAX)
        return false;
    *out = decimal->negative ? -number : number;
    return true;
}

/* ---- printing -------------------------------------------------------------------------------- */

/*
 * The number is value/scale; every number within low/scale below and high/scale above (ends in, if
 * the mantissa is even) reads back as it. Scaled so that 1/10 <= value/scale < 1, or just so that
 * the first digit is not zero.
 */
typedef struct printing {
    big value, scale, low, high;
    bool ends_in;
} printing;

/* value + high is past scale (or on it, if the ends are in). */
static bool reaches_scale(const printing *state)
{
    big sum = state->value;
    big_add(&sum, &state->high);
    const int order = big_compare(&sum, &state->scale);
    return state->ends_in ? order >= 0 : order > 0;
}

static void ten_times(printing *state)
{
    big_multiply(&state->value, 10, 0);
    big_multiply(&state->low, 10, 0);
    big_multiply(&state->high, 10, 0);
}

static int start_printing(printing *state, double number)
{
    int power;
    const double fraction = frexp(number, &power);
    uint64_t mantissa = (uint64_t)ldexp(fraction, 53);
    power -= 53;
    const bool smallest = power < -1074; /* subnormal: fewer bits */
    if (smallest) {
        mantissa >>= -1074 - power;
        power = -1074;
    }
    /* Just above a power of two the neighbour below is half as far. */
    const bool uneven = mantissa == (UINT64_C(1) << 52) && power > -1074;
    state->ends_in = (mantissa & 1) == 0;
    big_set(&state->value, mantissa);
    big_set(&state->scale, 1);
    big_set(&state->low, 1);
    big_set(&state->high, 1);
    big_shift(&state->value, (power > 0 ? (uint32_t)power : 0) + (uneven ? 2 : 1));
    big_shift(&state->scale, (power < 0 ? (uint32_t)-power : 0) + (uneven ? 2 : 1));
    big_shift(&state->low, power > 0 ? (uint32_t)power : 0);
    big_shift(&state->high, (power > 0 ? (uint32_t)power : 0) + (uneven ? 1 : 0));
    int point = (int)ceil(log10(number) - 1e-9);
    if (point >= 0) {
        big_power_of_ten(&state->scale, (uint32_t)point);
    } else {
        big_power_of_ten(&state->value, (uint32_t)-point);
        big_power_of_ten(&state->low, (uint32_t)-point);
        big_power_of_ten(&state->high, (uint32_t)-point);
    }
    /* The logarithm may be one too small: never too large. */
    if (reaches_scale(state)) {
        big_multiply(&state->scale, 10, 0);
        point++;
    }
    return point;
}

uint32_t double_digits(double number, char digits[17], int *point)
{
    printing state;
    *point = start_printing(&state, number);
    uint32_t count = 0;
    for (;;) {
        ten_times(&state);
        uint32_t digit = 0;
        for (; big_compare(&state.value, &state.scale) >= 0; digit++)
            big_subtract(&state.value, &state.scale);
        const int below = big_compare(&state.value, &state.low);
        const bool low_enough = state.ends_in ? below <= 0 : below < 0;
        const bool high_enough = reaches_scale(&state);
        if (!low_enough && !high_enough && count < 16) {
            digits[count++] = (char)('0' + digit);
            continue;
        }
        big twice = state.value;
        big_shift(&twice, 1);
        const int middle = big_compare(&twice, &state.scale);
        const bool up =
            low_enough == high_enough ? middle > 0 || (middle == 0 && (digit & 1)) : high_enough;
        digits[count++] = (char)('0' + digit + (up ? 1u : 0u));
        return count;
    }
}

/*
 * number.c - numbers as JSON writes them, read exactly.
 *
 * A text is first taken apart into sign, significant digits and a power of ten; nothing is rounded
 * by that, and a megabyte of digits costs one pass. int and decimal then only ask whether the
 * digits fit: 3.0 and 3e2 are whole, 0.1e1 too, 1e-7 is no decimal. Float goes on to
 * number_float.c. strtod and printf are not used: their decimal point is the locale's, which
 * belongs to the host program.
 */
#include "runtime/number.h"

#include <string.h>

#include "runtime/identity.h"

#define EXPONENT_MOST  INT64_C(1000000000000000)
#define LEADING_DIGITS 19u /* what always fits in 64 bits */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The exponent behind 'e' up to the end; cut at +-EXPONENT_MOST. */
static bool read_exponent(const char *next, const char *end, int64_t *out, bool *endless)
{
    const bool negative = next < end && *next == '-';
    if (next < end && (*next == '-' || *next == '+'))
        next++;
    if (next == end)
        return false;
    int64_t value = 0;
    for (; next < end; next++) {
        if (!is_digit(*next))
            return false;
        value = value * 10 + (*next - '0');
        if (value > EXPONENT_MOST) {
            value = EXPONENT_MOST;
            *endless = true;
        }
    }
    *out = negative ? -value : value;
    return true;
}

/* Passes digits; `behind`: they stand behind the point, else before it. */
static const char *read_digits(decimal_text *out, const char *next, const char *end, bool behind,
                               size_t *zeros)
{
    for (; next < end && is_digit(*next); next++) {
        if (behind)
            out->exponent--;
        if (*next == '0') {
            /* Zeros count only once a digit other than zero follows them. */
            (*zeros)++;
            continue;
        }
        if (out->count == 0) {
            out->first = next;
        } else {
            for (; *zeros > 0 && out->count < LEADING_DIGITS; (*zeros)--, out->count++)
                out->leading *= 10;
            out->count += *zeros;
        }
        if (out->count < LEADING_DIGITS)
            out->leading = out->leading * 10 + (uint64_t)(*next - '0');
        out->count++;
        out->last = next;
        *zeros = 0;
    }
    return next;
}

bool decimal_text_parse(const char *text, size_t length, decimal_text *out)
{
    *out = (decimal_text){0};
    const char *next = text, *const end = text + length;
    if (length == 0)
        return false;
    out->negative = *next == '-';
    next += out->negative;
    const char *const whole = next;
    size_t zeros = 0;
    next = read_digits(out, next, end, false, &zeros);
    if (next == whole || (*whole == '0' && next - whole > 1))
        return false;
    if (next < end && *next == '.') {
        const char *const fraction = ++next;
        next = read_digits(out, next, end, true, &zeros);
        if (next == fraction)
            return false;
    }
    int64_t exponent = 0;
    if (next < end &&
        ((*next != 'e' && *next != 'E') || !read_exponent(next + 1, end, &exponent, &out->endless)))
        return false;
    if (out->count == 0) {
        out->exponent = 0;
        out->endless = false;
        return true;
    }
    out->exponent += exponent + (int64_t)zeros;
    return true;
}

/* D * 10^(exponent + places) as an integer; false if that is none, or does not fit. */
static bool to_integer(const decimal_text *decimal, int64_t places, int64_t *out)
{
    if (decimal->count == 0) {
        *out = 0;
        return true;
    }
    const int64_t power = decimal->exponent + places;
    if (power < 0 || decimal->count > LEADING_DIGITS ||
        power > (int64_t)(LEADING_DIGITS - decimal->count))
        return false;
    uint64_t value = decimal->leading;
    for (int64_t i = 0; i < power; i++)
        value *= 10;
    const uint64_t most = (uint64_t)INT64_MAX + (decimal->negative ? 1 : 0);
    if (value > most)
        return false;
    *out = decimal->negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool number_parse(cst_kind kind, const char *text, size_t length, cst_value *out)
{
    decimal_text decimal;
    memset(out, 0, sizeof *out);
    if (!decimal_text_parse(text, length, &decimal))
        return false;
    bool fits = false;
    if (kind == CST_KIND_INT)
        fits = to_integer(&decimal, 0, &out->as.integer);
    else if (kind == CST_KIND_DECIMAL)
        fits = to_integer(&decimal, 6, &out->as.integer);
    else if (kind == CST_KIND_FLOAT)
        fits = decimal_text_to_double(&decimal, &out->as.number);
    if (!fits) {
        memset(out, 0, sizeof *out);
        return false;
    }
    out->kind = (uint8_t)kind;
    out->at = UINT32_MAX;
    out->raw_length = (uint32_t)length;
    return true;
}

void number_layout(buffer *out, bool negative, const char *digits, size_t count, int64_t point)
{
    static const char zeros[] = "00000000000000000000000";
    if (negative)
        buffer_text(out, "-");
    if (point > -6 && point <= 0) {
        buffer_text(out, "0.");
        buffer_add(out, zeros, (size_t)-point);
        buffer_add(out, digits, count);
    } else if (point > 0 && point <= 21 && (uint64_t)point >= count) {
        buffer_add(out, digits, count);
        buffer_add(out, zeros, (size_t)point - count);
    } else if (point > 0 && point <= 21) {
        buffer_add(out, digits, (size_t)point);
        buffer_text(out, ".");
        buffer_add(out, digits + point, count - (size_t)point);
    } else {
        buffer_add(out, digits, 1);
        if (count > 1) {
            buffer_text(out, ".");
            buffer_add(out, digits + 1, count - 1);
        }
        buffer_format(out, "e%c%lld", point > 0 ? '+' : '-',
                      (long long)(point > 0 ? point - 1 : 1 - point));
    }
}

void double_show(buffer *out, double number)
{
    if (!(number < 0) && !(number > 0)) {
        buffer_text(out, "0");
        return;
    }
    char digits[17];
    int point;
    const uint32_t count = double_digits(number < 0 ? -number : number, digits, &point);
    number_layout(out, number < 0, digits, count, point);
}

void millionths_show(buffer *out, int64_t millionths)
{
    const uint64_t size = millionths < 0 ? 0 - (uint64_t)millionths : (uint64_t)millionths;
    buffer_format(out, "%s%llu", millionths < 0 ? "-" : "", (unsigned long long)(size / 1000000));
    uint64_t fraction = size % 1000000;
    if (fraction == 0)
        return;
    int places = 6;
    for (; fraction % 10 == 0; fraction /= 10)
        places--;
    buffer_format(out, ".%0*llu", places, (unsigned long long)fraction);
}

/*
 * check_america.c - numbers that states of the Americas give to persons.
 *
 * The US numbers have no check digit (SSN, ITIN) or a weak one: what is checked is which numbers
 * are issued. A pattern should ask for context, or for the usual separators, beside them.
 */
#include "runtime/text/check_private.h"

/* Area 001 to 899 without 666, group and serial not zero; numbers that became known as examples are
 * nobody's. */
bool check_us_ssn_holds(const check_text *text)
{
    static const uint32_t void_ones[] = {78051120, 219099999, 123456789, 111111111, 987654321};
    if (!all_digits(text, 9) || all_same(text))
        return false;
    const uint64_t area = number_at(text, 0, 3), whole = number_at(text, 0, 9);
    for (size_t i = 0; i < sizeof void_ones / sizeof void_ones[0]; i++)
        if (whole == void_ones[i])
            return false;
    return area >= 1 && area <= 899 && area != 666 && number_at(text, 3, 2) != 0 &&
           number_at(text, 5, 4) != 0;
}

/* Groups 50 to 65, 70 to 88, 90 to 92, 94 to 99. */
bool check_us_itin_holds(const check_text *text)
{
    if (!all_digits(text, 9) || text->code[0] != '9')
        return false;
    const uint64_t group = number_at(text, 3, 2);
    return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) ||
           (group >= 90 && group != 93);
}

/* Luhn with the prefix 80840, whose own sum is 24. */
bool check_us_npi_holds(const check_text *text)
{
    if (!all_digits(text, 10) || text->code[0] < '1' || text->code[0] > '2')
        return false;
    if (number_at(text, 0, 9) == 111111111 || number_at(text, 0, 9) == 222222222)
        return false;
    uint32_t sum = 24;
    for (uint32_t i = 0; i < 10; i++) {
        const uint32_t digit = digit_at(text, 9 - i) << (i & 1);
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

bool check_us_mbi_holds(const check_text *text)
{
    static const char shape[] = "9A*9A*9AA99"; /* C A AN N A AN N A A N N */
    if (text->count != 11 || text->code[0] == '0' || !shaped(text, shape))
        return false;
    for (uint32_t i = 0; i < 11; i++)
        if (strchr("SLOIBZ", text->code[i]) != NULL)
            return false;
    return true;
}

bool check_us_dea_holds(const check_text *text)
{
    if (text->count != 9 || !is_upper(text->code[0]) ||
        strchr("ABCDEFGHJKLMPRSTUX", text->code[0]) == NULL ||
        (!is_upper(text->code[1]) && text->code[1] != '9') || !digits_stand(text, 2, 7))
        return false;
    return weighted(text, 2, WEIGHTS(1, 2, 1, 2, 1, 2)) % 10 == digit_at(text, 8) &&
           number_at(text, 2, 6) != 0;
}

/* 0 is not issued, 8 was for business accounts; 9 is for temporary residents. */
bool check_ca_sin_holds(const check_text *text)
{
    return all_digits(text, 9) && text->code[0] != '0' && text->code[0] != '8' && !all_same(text) &&
           luhn_over(text, 0, 9);
}

bool check_mx_curp_holds(const check_text *text)
{
    static const char states[] =
        "AS BC BS CC CS CH CL CM DF DG GT GR HG JC MC MN MS NT NL OC PL QT QR SP SL SR TC TS TL "
        "VZ YN ZS NE ";
    if (!shaped(text, "AAAA999999AAAAAA*9") || strchr("HMX", text->code[10]) == NULL)
        return false;
    const bool born_later = is_upper(text->code[16]);
    const uint32_t year = (uint32_t)number_at(text, 4, 2) + (born_later ? 2000 : 1900);
    if (!day_exists(year, (uint32_t)number_at(text, 6, 2), (uint32_t)number_at(text, 8, 2)))
        return false;
    bool known = false;
    for (const char *state = states; *state != '\0'; state += 3)
        known = known || memcmp(state, text->code + 11, 2) == 0;
    /* Letters are numbered with the letter N-tilde behind N. */
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 17; i++) {
        const uint32_t value = value_at(text, i);
        sum += (value > 23 ? value + 1 : value) * (18 - i);
    }
    return known && (10 - sum % 10) % 10 == digit_at(text, 17);
}

bool check_br_cpf_holds(const check_text *text)
{
    if (!all_digits(text, 11) || all_same(text))
        return false;
    for (uint32_t digits = 9; digits < 11; digits++) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < digits; i++)
            sum += digit_at(text, i) * (digits + 1 - i);
        if (sum * 10 % 11 % 10 != digit_at(text, digits))
            return false;
    }
    return true;
}

bool check_cl_rut_holds(const check_text *text)
{
    if (text->count < 8 || text->count > 9 || !digits_stand(text, 0, text->count - 1) ||
        all_same(text))
        return false;
    uint32_t sum = 0;
    for (uint32_t i = 0; i + 1 < text->count; i++)
        sum += digit_at(text, text->count - 2 - i) * (2 + i % 6);
    const uint32_t control = 11 - sum % 11;
    const char last = text->code[text->count - 1];
    return last == (control == 11 ? '0' : control == 10 ? 'K' : (char)('0' + control));
}

bool check_ar_cuit_holds(const check_text *text)
{
    static const uint8_t prefixes[] = {20, 23, 24, 25, 26, 27, 30, 33, 34, 50, 51, 55};
    if (!all_digits(text, 11))
        return false;
    bool known = false;
    for (size_t i = 0; i < sizeof prefixes; i++)
        known = known || prefixes[i] == number_at(text, 0, 2);
    const uint32_t control =
        (11 - weighted(text, 0, WEIGHTS(5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11;
    return known && control == digit_at(text, 10);
}

bool check_co_nit_holds(const check_text *text)
{
    static const uint8_t primes[15] = {3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71};
    if (text->count < 9 || text->count > 16 || !digits_stand(text, 0, text->count) ||
        all_same(text))
        return false;
    uint32_t sum = 0;
    for (uint32_t i = 0; i + 1 < text->count; i++)
        sum += digit_at(text, text->count - 2 - i) * primes[i];
    const uint32_t rest = sum % 11;
    return (rest > 1 ? 11 - rest : rest) == digit_at(text, text->count - 1);
}

bool check_ec_ci_holds(const check_text *text)
{
    if (!all_digits(text, 10) || all_same(text) || text->code[2] > '5')
        return false;
    const uint64_t province = number_at(text, 0, 2);
    return ((province >= 1 && province <= 24) || province == 30 || province == 50) &&
           luhn_over(text, 0, 10);
}

/*
 * check_east.c - numbers that states of eastern and south-eastern Europe, Turkey and Kazakhstan
 * give to persons.
 */
#include "runtime/text/check_private.h"

/* The first digit tells sex and century. */
bool check_ee_isikukood_holds(const check_text *text)
{
    if (!all_digits(text, 11) || text->code[0] < '1' || text->code[0] > '8')
        return false;
    const uint32_t century = 1800 + (digit_at(text, 0) - 1) / 2 * 100;
    if (!day_exists(century + (uint32_t)number_at(text, 1, 2), (uint32_t)number_at(text, 3, 2),
                    (uint32_t)number_at(text, 5, 2)))
        return false;
    uint32_t control = weighted(text, 0, WEIGHTS(1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11;
    if (control == 10)
        control = weighted(text, 0, WEIGHTS(3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11;
    return control % 10 == digit_at(text, 10);
}

/* Codes given since July 2017 begin with 32 to 39 and hold no date; their digits are random. */
bool check_lv_pk_holds(const check_text *text)
{
    if (!all_digits(text, 11) || all_same(text))
        return false;
    if (text->code[0] == '3' && text->code[1] >= '2')
        return true;
    const uint32_t century = 1800 + digit_at(text, 6) * 100;
    const uint32_t sum = weighted(text, 0, WEIGHTS(1, 6, 3, 7, 9, 10, 5, 8, 4, 2));
    return digit_at(text, 6) <= 2 &&
           day_exists(century + (uint32_t)number_at(text, 4, 2), (uint32_t)number_at(text, 2, 2),
                      (uint32_t)number_at(text, 0, 2)) &&
           (1101 - sum) % 11 == digit_at(text, 10);
}

/* Months tell the century: 1 to 12 for 1900, 20 more for each later one, 80 more for 1800. */
bool check_pl_pesel_holds(const check_text *text)
{
    if (!all_digits(text, 11))
        return false;
    const uint32_t month = (uint32_t)number_at(text, 2, 2), century = month / 20;
    const uint32_t year =
        (century == 4 ? 1800 : 1900 + century * 100) + (uint32_t)number_at(text, 0, 2);
    const uint32_t sum = weighted(text, 0, WEIGHTS(1, 3, 7, 9, 1, 3, 7, 9, 1, 3));
    return day_exists(year, month % 20, (uint32_t)number_at(text, 4, 2)) &&
           (10 - sum % 10) % 10 == digit_at(text, 10);
}

/* Months of women are 50 higher, of full days 20. Nine digits were given until 1953 and have no
 * check digit. */
bool check_cz_rodne_cislo_holds(const check_text *text)
{
    if ((text->count != 9 && text->count != 10) || !digits_stand(text, 0, text->count))
        return false;
    uint32_t month = (uint32_t)number_at(text, 2, 2);
    const uint32_t year = (uint32_t)number_at(text, 0, 2);
    month -= month > 70 ? 70 : month > 50 ? 50 : month > 20 ? 20 : 0;
    if (!day_exists(year, month, (uint32_t)number_at(text, 4, 2)))
        return false;
    if (text->count == 9)
        return year <= 53 && number_at(text, 6, 3) != 0;
    const uint64_t whole = number_at(text, 0, 10);
    return whole % 11 == 0 || (number_at(text, 0, 9) % 11 == 10 && text->code[9] == '0');
}

bool check_hu_taj_holds(const check_text *text)
{
    return all_digits(text, 9) && !all_same(text) &&
           weighted(text, 0, WEIGHTS(3, 7, 3, 7, 3, 7, 3, 7)) % 10 == digit_at(text, 8);
}

bool check_hu_tax_id_holds(const check_text *text)
{
    return all_digits(text, 10) && text->code[0] == '8' &&
           weighted(text, 0, WEIGHTS(1, 2, 3, 4, 5, 6, 7, 8, 9)) % 11 == digit_at(text, 9);
}

/* Counties are 1 to 52, 70 for a registration that names none. */
bool check_ro_cnp_holds(const check_text *text)
{
    if (!all_digits(text, 13) || text->code[0] == '0')
        return false;
    static const uint16_t centuries[10] = {0, 1900, 1900, 1800, 1800, 2000, 2000, 0, 0, 0};
    const uint32_t year = centuries[digit_at(text, 0)] + (uint32_t)number_at(text, 1, 2);
    const uint64_t county = number_at(text, 7, 2);
    const uint32_t rest = weighted(text, 0, WEIGHTS(2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11;
    return day_exists(year, (uint32_t)number_at(text, 3, 2), (uint32_t)number_at(text, 5, 2)) &&
           ((county >= 1 && county <= 52) || county == 70) &&
           (rest == 10 ? 1 : rest) == digit_at(text, 12);
}

/* Months are 20 higher for 1800, 40 for 2000. */
bool check_bg_egn_holds(const check_text *text)
{
    if (!all_digits(text, 10))
        return false;
    const uint32_t month = (uint32_t)number_at(text, 2, 2);
    const uint32_t century = month > 40 ? 2000 : month > 20 ? 1800 : 1900;
    const uint32_t plain = month > 40 ? month - 40 : month > 20 ? month - 20 : month;
    return day_exists(century + (uint32_t)number_at(text, 0, 2), plain,
                      (uint32_t)number_at(text, 4, 2)) &&
           weighted(text, 0, WEIGHTS(2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 == digit_at(text, 9);
}

bool check_hr_oib_holds(const check_text *text)
{
    return all_digits(text, 11) && !all_same(text) && mod11_10_over(text, 0, 11);
}

/* Day, month, year without its thousand, region, serial, check digit. */
bool check_jmbg_holds(const check_text *text)
{
    if (!all_digits(text, 13))
        return false;
    const uint32_t year = (uint32_t)number_at(text, 4, 3);
    const uint32_t sum = weighted(text, 0, WEIGHTS(7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2));
    return (year >= 850 || year <= 99) &&
           day_exists(year < 500 ? year + 2000 : year + 1000, (uint32_t)number_at(text, 2, 2),
                      (uint32_t)number_at(text, 0, 2)) &&
           (11 - sum % 11) % 11 % 10 == digit_at(text, 12);
}

bool check_gr_amka_holds(const check_text *text)
{
    return all_digits(text, 11) &&
           day_exists((uint32_t)number_at(text, 4, 2), (uint32_t)number_at(text, 2, 2),
                      (uint32_t)number_at(text, 0, 2)) &&
           luhn_over(text, 0, 11);
}

bool check_tr_tckn_holds(const check_text *text)
{
    if (!all_digits(text, 11) || text->code[0] == '0')
        return false;
    const uint32_t odd = weighted(text, 0, WEIGHTS(1, 0, 1, 0, 1, 0, 1, 0, 1));
    const uint32_t even = weighted(text, 0, WEIGHTS(0, 1, 0, 1, 0, 1, 0, 1, 0));
    return (odd * 7 + 90 - even) % 10 == digit_at(text, 9) &&
           (odd + even + digit_at(text, 9)) % 10 == digit_at(text, 10);
}

/* The first weight is -1, which is 10 modulo 11. */
bool check_ua_rnokpp_holds(const check_text *text)
{
    return all_digits(text, 10) && !all_same(text) &&
           weighted(text, 0, WEIGHTS(10, 5, 7, 9, 4, 6, 10, 5, 7)) % 11 % 10 == digit_at(text, 9);
}

bool check_ru_inn_holds(const check_text *text)
{
    if (!all_digits(text, 12) || all_same(text))
        return false;
    return weighted(text, 0, WEIGHTS(7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10 ==
               digit_at(text, 10) &&
           weighted(text, 0, WEIGHTS(3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10 ==
               digit_at(text, 11);
}

bool check_ru_snils_holds(const check_text *text)
{
    return all_digits(text, 11) && number_at(text, 0, 9) > 1001998 &&
           weighted(text, 0, WEIGHTS(9, 8, 7, 6, 5, 4, 3, 2, 1)) % 101 % 100 ==
               number_at(text, 9, 2);
}

/* The seventh digit tells sex and century; 0 is a foreigner's. */
bool check_kz_iin_holds(const check_text *text)
{
    if (!all_digits(text, 12) || text->code[6] > '6' ||
        !day_exists((uint32_t)number_at(text, 0, 2), (uint32_t)number_at(text, 2, 2),
                    (uint32_t)number_at(text, 4, 2)))
        return false;
    uint32_t control = weighted(text, 0, WEIGHTS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)) % 11;
    if (control == 10)
        control = weighted(text, 0, WEIGHTS(3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11;
    return control == digit_at(text, 11);
}

/*
 * check_asia.c - numbers that states of Asia, Africa and Oceania give to persons.
 *
 * Korea dropped the check digit of numbers given since October 2020, Indonesia and Malaysia never
 * had one: there the date and the place must exist, and a pattern should ask for context beside
 * them.
 */
#include "runtime/text/check_private.h"

/* The date in code[at .. at + 6), two digits each. */
static bool short_date(const check_text *text, uint32_t year, uint32_t month, uint32_t day)
{
    return day_exists((uint32_t)number_at(text, year, 2), (uint32_t)number_at(text, month, 2),
                      (uint32_t)number_at(text, day, 2));
}

bool check_il_id_holds(const check_text *text)
{
    return all_digits(text, 9) && !all_same(text) && luhn_over(text, 0, 9);
}

/* Date, serial, 0 citizen, 1 resident or 2 refugee, one digit, Luhn. */
bool check_za_id_holds(const check_text *text)
{
    return all_digits(text, 13) && short_date(text, 0, 2, 4) && text->code[10] <= '2' &&
           luhn_over(text, 0, 13);
}

bool check_in_aadhaar_holds(const check_text *text)
{
    if (!all_digits(text, 12) || text->code[0] < '2')
        return false;
    bool palindrome = true;
    for (uint32_t i = 0; i < 6; i++)
        palindrome = palindrome && text->code[i] == text->code[11 - i];
    return !palindrome && check_verhoeff_holds(text);
}

bool check_in_pan_holds(const check_text *text)
{
    return shaped(text, "AAAAA9999A") && strchr("ABCEFGHJKLPT", text->code[3]) != NULL &&
           number_at(text, 5, 4) != 0;
}

bool check_th_id_holds(const check_text *text)
{
    if (!all_digits(text, 13) || text->code[0] < '1' || text->code[0] > '8' || text->code[1] == '0')
        return false;
    const uint32_t sum = weighted(text, 0, WEIGHTS(13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2));
    return (11 - sum % 11) % 10 == digit_at(text, 12);
}

/* S and T for citizens, F, G and M for foreigners; T and G count 4 more, M 3. */
bool check_sg_nric_holds(const check_text *text)
{
    if (!shaped(text, "A9999999A") || strchr("STFGM", text->code[0]) == NULL)
        return false;
    const char first = text->code[0];
    const uint32_t more = first == 'T' || first == 'G' ? 4 : first == 'M' ? 3 : 0;
    const uint32_t rest = (weighted(text, 1, WEIGHTS(2, 7, 6, 5, 4, 3, 2)) + more) % 11;
    const char *const letters = first == 'M'                   ? "XWUTRQPNJLK"
                                : first == 'F' || first == 'G' ? "XWUTRQPNMLK"
                                                               : "JZIHGFEDCBA";
    return text->code[8] == letters[rest];
}

/* Codes of places that were never given. */
bool check_my_nric_holds(const check_text *text)
{
    if (!all_digits(text, 12) || !short_date(text, 0, 2, 4))
        return false;
    const uint64_t place = number_at(text, 6, 2);
    return place != 0 && (place < 17 || place > 20) && place != 69 && place != 70 && place != 73 &&
           place != 80 && place != 81 && (place < 94 || place > 97);
}

/* Province, regency, district, date (days of women are 40 higher), serial. */
bool check_id_nik_holds(const check_text *text)
{
    if (!all_digits(text, 16))
        return false;
    const uint64_t province = number_at(text, 0, 2);
    const uint32_t day = (uint32_t)number_at(text, 6, 2);
    return province >= 11 && province <= 97 && number_at(text, 2, 2) != 0 &&
           number_at(text, 4, 2) != 0 &&
           day_exists((uint32_t)number_at(text, 10, 2), (uint32_t)number_at(text, 8, 2),
                      day > 40 ? day - 40 : day) &&
           number_at(text, 12, 4) != 0;
}

/* The seventh digit tells sex, century and whether a foreigner (5 to 8). */
bool check_kr_rrn_holds(const check_text *text)
{
    if (!all_digits(text, 13))
        return false;
    const uint32_t seventh = digit_at(text, 6);
    const uint32_t century =
        seventh >= 1 && seventh <= 8 ? ((seventh - 1) % 4 < 2 ? 1900 : 2000) : 0;
    return century != 0 &&
           day_exists(century + (uint32_t)number_at(text, 0, 2), (uint32_t)number_at(text, 2, 2),
                      (uint32_t)number_at(text, 4, 2));
}

bool check_cn_resident_id_holds(const check_text *text)
{
    if (text->count != 18 || !digits_stand(text, 0, 17))
        return false;
    const uint64_t province = number_at(text, 0, 2), year = number_at(text, 6, 4);
    return province >= 11 && province <= 91 && year >= 1900 && year <= 2099 &&
           day_exists((uint32_t)year, (uint32_t)number_at(text, 10, 2),
                      (uint32_t)number_at(text, 12, 2)) &&
           check_mod11_2_holds(text);
}

bool check_tw_id_holds(const check_text *text)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVXYWZIO"; /* 10, 11, … */
    if (!shaped(text, "A999999999") || strchr("1289", text->code[1]) == NULL)
        return false;
    const uint32_t letter = (uint32_t)(strchr(letters, text->code[0]) - letters) + 10;
    return (letter / 10 + letter % 10 * 9 + weighted(text, 1, WEIGHTS(8, 7, 6, 5, 4, 3, 2, 1, 1))) %
               10 ==
           0;
}

/* One or two letters, six digits, check character; it may stand in brackets, so the bytes are read.
 */
bool check_hk_id_holds(const check_text *text)
{
    check_text plain = {.count = 0};
    for (uint32_t i = 0; i < text->length; i++) {
        const char byte = text->bytes[i];
        const char upper = byte >= 'a' && byte <= 'z' ? (char)(byte - ('a' - 'A')) : byte;
        if (byte == '(' || byte == ')' || byte == ' ')
            continue;
        if ((!is_digit(upper) && !is_upper(upper)) || plain.count == 9)
            return false;
        plain.code[plain.count++] = upper;
    }
    const uint32_t letters = plain.count == 9 ? 2 : 1;
    if (plain.count < 8 || !is_upper(plain.code[0]) || (letters == 2 && !is_upper(plain.code[1])) ||
        !digits_stand(&plain, letters, 6))
        return false;
    const char last = plain.code[plain.count - 1];
    if (!is_digit(last) && last != 'A')
        return false;
    uint32_t sum = letters == 2 ? value_at(&plain, 0) * 9 + value_at(&plain, 1) * 8
                                : 36 * 9 + value_at(&plain, 0) * 8;
    sum += weighted(&plain, letters, WEIGHTS(7, 6, 5, 4, 3, 2)) +
           (last == 'A' ? 10 : (uint32_t)(last - '0'));
    return sum % 11 == 0;
}

bool check_jp_my_number_holds(const check_text *text)
{
    if (!all_digits(text, 12) || all_same(text))
        return false;
    const uint32_t rest = weighted(text, 0, WEIGHTS(6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11;
    return (rest <= 1 ? 0 : 11 - rest) == digit_at(text, 11);
}

bool check_au_tfn_holds(const check_text *text)
{
    return all_digits(text, 9) && !all_same(text) &&
           weighted(text, 0, WEIGHTS(1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0;
}

/* Ten digits, or eleven with the person's number on the card. */
bool check_au_medicare_holds(const check_text *text)
{
    if ((text->count != 10 && text->count != 11) || !digits_stand(text, 0, text->count) ||
        text->code[0] < '2' || text->code[0] > '6')
        return false;
    return weighted(text, 0, WEIGHTS(1, 3, 7, 9, 1, 3, 7, 9)) % 10 == digit_at(text, 8);
}

bool check_nz_ird_holds(const check_text *text)
{
    if ((text->count != 8 && text->count != 9) || !digits_stand(text, 0, text->count))
        return false;
    check_text plain = {.code = "0", .count = 9};
    memcpy(plain.code + 9 - text->count, text->code, text->count);
    const uint64_t whole = number_at(&plain, 0, 9);
    if (whole < 10000000 || whole > 150000000)
        return false;
    uint32_t control = (11 - weighted(&plain, 0, WEIGHTS(3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11;
    if (control == 10)
        control = (11 - weighted(&plain, 0, WEIGHTS(7, 4, 3, 2, 5, 2, 7, 6)) % 11) % 11;
    return control == digit_at(&plain, 8);
}

/* Letters count 1 to 24, without I and O. The form AAA9999 has a digit modulo 11, AAA99AA a letter
 * modulo 23. */
bool check_nz_nhi_holds(const check_text *text)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ";
    const bool old = shaped(text, "AAA9999");
    if (!old && !shaped(text, "AAA99AA"))
        return false;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 7; i++) {
        const char *const letter = is_upper(text->code[i]) ? strchr(letters, text->code[i]) : NULL;
        if (is_upper(text->code[i]) && letter == NULL)
            return false;
        if (i < 6)
            sum +=
                (7 - i) * (letter != NULL ? (uint32_t)(letter - letters) + 1 : digit_at(text, i));
    }
    if (old)
        return sum % 11 != 0 && (11 - sum % 11) % 10 == digit_at(text, 6);
    return text->code[6] == letters[22 - sum % 23];
}

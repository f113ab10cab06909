/*
 * check_europe.c - numbers that states of western and northern Europe give to persons.
 *
 * Where a number holds a date, the date must exist: that refuses as many look-alikes as a second
 * check digit. Years of two digits stand for any century unless the number itself tells which. What
 * it leaves out: whether a number was given to anybody.
 */
#include "runtime/text/check_private.h"

/* ---- the British Isles ----------------------------------------------------------------------- */

bool check_uk_nhs_holds(const check_text *text)
{
    if (!all_digits(text, 10) || all_same(text))
        return false;
    const uint32_t control = 11 - weighted(text, 0, WEIGHTS(10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11;
    return control != 10 && control % 11 == digit_at(text, 9);
}

bool check_uk_nino_holds(const check_text *text)
{
    static const char void_pairs[] = "BG GB NK KN TN NT ZZ ";
    if (!shaped(text, "AA999999A") || strchr("DFIQUV", text->code[0]) != NULL ||
        strchr("DFIOQUV", text->code[1]) != NULL || text->code[8] > 'D')
        return false;
    for (const char *pair = void_pairs; *pair != '\0'; pair += 3)
        if (memcmp(pair, text->code, 2) == 0)
            return false;
    return true;
}

/* Surname (filled up with 9), decade, month (women: plus 50), day, year, initials, two more. */
bool check_uk_driver_holds(const check_text *text)
{
    if (text->count != 16 || !is_upper(text->code[0]) || !digits_stand(text, 5, 6))
        return false;
    bool filled = false;
    for (uint32_t i = 1; i < 5; i++) {
        if ((filled || !is_upper(text->code[i])) && text->code[i] != '9')
            return false;
        filled = text->code[i] == '9';
    }
    const uint32_t month = (uint32_t)number_at(text, 6, 2);
    const uint32_t year = digit_at(text, 5) * 10 + digit_at(text, 10);
    return day_exists(year, month > 50 ? month - 50 : month, (uint32_t)number_at(text, 8, 2)) &&
           (is_upper(text->code[11]) || text->code[11] == '9') &&
           (is_upper(text->code[12]) || text->code[12] == '9');
}

bool check_ie_pps_holds(const check_text *text)
{
    if ((!shaped(text, "9999999A") && !shaped(text, "9999999AA")) || all_same(text))
        return false;
    uint32_t sum = weighted(text, 0, WEIGHTS(8, 7, 6, 5, 4, 3, 2));
    if (text->count == 9) {
        if (strchr("ABHTW", text->code[8]) == NULL)
            return false;
        sum += text->code[8] == 'W' || text->code[8] == 'T'
                   ? 0
                   : 9 * (uint32_t)(text->code[8] - 'A' + 1);
    }
    return text->code[7] == "WABCDEFGHIJKLMNOPQRSTUV"[sum % 23];
}

/* ---- France, Benelux ------------------------------------------------------------------------- */

/* Sex, year, month, place (Corsica is 2A, 2B), serial, key. Months above 12 stand for unknown ones.
 */
bool check_fr_nir_holds(const check_text *text)
{
    if (text->count != 15 || !digits_stand(text, 0, 6) || !digits_stand(text, 7, 8) ||
        strchr("123478", text->code[0]) == NULL)
        return false;
    uint64_t number = number_at(text, 0, 5);
    const char place = text->code[6];
    if (is_digit(place))
        number = number * 100 + number_at(text, 5, 2);
    else if (text->code[5] == '2' && (place == 'A' || place == 'B'))
        number = number * 100 + (place == 'A' ? 19 : 18);
    else
        return false;
    number = number * 1000000 + number_at(text, 7, 6);
    const uint64_t month = number_at(text, 3, 2);
    return month >= 1 && (month <= 12 || month >= 20) && 97 - number % 97 == number_at(text, 13, 2);
}

bool check_nl_bsn_holds(const check_text *text)
{
    if (!all_digits(text, 9) || all_same(text))
        return false;
    const uint32_t sum = weighted(text, 0, WEIGHTS(9, 8, 7, 6, 5, 4, 3, 2));
    return sum % 11 == digit_at(text, 8);
}

/* Persons born since 2000 have the key of the number with a 2 before it. Month and day may be
 * unknown (0); months of foreigners are 20 or 40 higher. */
bool check_be_nrn_holds(const check_text *text)
{
    if (!all_digits(text, 11) || all_same(text))
        return false;
    const uint32_t month = (uint32_t)number_at(text, 2, 2) % 20,
                   day = (uint32_t)number_at(text, 4, 2);
    const uint64_t number = number_at(text, 0, 9), key = number_at(text, 9, 2);
    const bool dated =
        day_exists((uint32_t)number_at(text, 0, 2), month, day) || (month == 0 && day <= 31);
    return dated && number_at(text, 2, 2) <= 52 &&
           (97 - number % 97 == key || 97 - (number + 2000000000u) % 97 == key);
}

bool check_lu_id_holds(const check_text *text)
{
    if (!all_digits(text, 13) ||
        !day_exists((uint32_t)number_at(text, 0, 4), (uint32_t)number_at(text, 4, 2),
                    (uint32_t)number_at(text, 6, 2)))
        return false;
    const uint64_t year = number_at(text, 0, 4);
    check_text verhoeff = *text;
    verhoeff.code[11] = text->code[12];
    verhoeff.count = 12;
    return year >= 1800 && year <= 2199 && luhn_over(text, 0, 12) &&
           check_verhoeff_holds(&verhoeff);
}

/* ---- Germany, Austria, Switzerland ----------------------------------------------------------- */

/* One digit stands twice or thrice among the first ten. Numbers in which all ten differ are given
 * in examples only, and let through: few numbers are such. */
bool check_de_steuer_id_holds(const check_text *text)
{
    if (!all_digits(text, 11) || text->code[0] == '0')
        return false;
    uint8_t counts[10] = {0};
    uint32_t repeated = 0;
    for (uint32_t i = 0; i < 10; i++)
        if (++counts[digit_at(text, i)] == 2)
            repeated++;
        else if (counts[digit_at(text, i)] > 3)
            return false;
    return repeated <= 1 && mod11_10_over(text, 0, 11);
}

static uint32_t cross_sum(uint32_t number)
{
    return number / 10 + number % 10;
}

/* Area, date (days of a second number are 50 higher), letter as two digits, serial, check digit
 * over the cross sums. */
bool check_de_svnr_holds(const check_text *text)
{
    static const uint8_t weights[12] = {2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1};
    if (!shaped(text, "99999999A999"))
        return false;
    const uint32_t day = (uint32_t)number_at(text, 2, 2),
                   letter = (uint32_t)(text->code[8] - 'A') + 1;
    if (number_at(text, 0, 2) < 2 ||
        !day_exists((uint32_t)number_at(text, 6, 2), (uint32_t)number_at(text, 4, 2),
                    day > 50 ? day - 50 : day))
        return false;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 12; i++) {
        const uint32_t digit = i < 8    ? digit_at(text, i)
                               : i == 8 ? letter / 10
                               : i == 9 ? letter % 10
                                        : digit_at(text, i - 1);
        sum += cross_sum(digit * weights[i]);
    }
    return sum % 10 == digit_at(text, 11);
}

/* Nine characters of the document's number, then the check digit of Doc 9303. */
bool check_de_id_card_holds(const check_text *text)
{
    static const uint8_t weights[3] = {7, 3, 1};
    if (text->count != 10 || !is_digit(text->code[9]) ||
        strchr("CFGHJKLMNPRTVWXYZ", text->code[0]) == NULL)
        return false;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 9; i++) {
        if (strchr("ABDEIOQSU", text->code[i]) != NULL)
            return false;
        sum += value_at(text, i) * weights[i % 3];
    }
    return sum % 10 == digit_at(text, 9);
}

bool check_de_kvnr_holds(const check_text *text)
{
    if (!shaped(text, "A999999999"))
        return false;
    const uint32_t letter = (uint32_t)(text->code[0] - 'A') + 1;
    uint32_t sum = letter / 10 + cross_sum(letter % 10 * 2);
    for (uint32_t i = 1; i < 9; i++)
        sum += cross_sum(digit_at(text, i) * (i % 2 == 1 ? 1 : 2));
    return sum % 10 == digit_at(text, 9);
}

/* Three digits, check digit, date; months 13 to 15 were given when a day was full. */
bool check_at_svnr_holds(const check_text *text)
{
    if (!all_digits(text, 10) || text->code[0] == '0')
        return false;
    const uint32_t month = (uint32_t)number_at(text, 6, 2), day = (uint32_t)number_at(text, 4, 2);
    const bool dated = day_exists((uint32_t)number_at(text, 8, 2), month, day) ||
                       (month >= 13 && month <= 15 && day >= 1 && day <= 31);
    return dated &&
           weighted(text, 0, WEIGHTS(3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11 == digit_at(text, 3);
}

bool check_ch_ahv_holds(const check_text *text)
{
    if (!all_digits(text, 13) || number_at(text, 0, 3) != 756)
        return false;
    return weighted(text, 0, WEIGHTS(1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)) % 10 == 0;
}

/* ---- the south ------------------------------------------------------------------------------- */

static char spanish_letter(uint64_t number)
{
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23];
}

/* K, L and M stand for persons without a DNI. */
bool check_es_nif_holds(const check_text *text)
{
    if (text->count < 8 || text->count > 9 || !is_upper(text->code[text->count - 1]))
        return false;
    const uint32_t digits = text->count - 1;
    if (digits_stand(text, 0, digits))
        return number_at(text, 0, digits) != 0 &&
               text->code[digits] == spanish_letter(number_at(text, 0, digits));
    return text->count == 9 && strchr("KLM", text->code[0]) != NULL && digits_stand(text, 1, 7) &&
           text->code[8] == spanish_letter(number_at(text, 1, 7));
}

bool check_es_nie_holds(const check_text *text)
{
    if (!shaped(text, "A9999999A") || text->code[0] < 'X')
        return false;
    const uint64_t number = (uint64_t)(text->code[0] - 'X') * 10000000 + number_at(text, 1, 7);
    return text->code[8] == spanish_letter(number);
}

bool check_pt_nif_holds(const check_text *text)
{
    if (!all_digits(text, 9) || strchr("0", text->code[0]) != NULL || all_same(text))
        return false;
    const uint32_t control = 11 - weighted(text, 0, WEIGHTS(9, 8, 7, 6, 5, 4, 3, 2)) % 11;
    return (control > 9 ? 0 : control) == digit_at(text, 8);
}

/* Digits may be written as letters (L for 0 … V for 9) where two persons had the same code. */
static int italian_digit(char byte)
{
    const char *const letter = is_upper(byte) ? strchr("LMNPQRSTUV", byte) : NULL;
    return is_digit(byte) ? byte - '0' : letter != NULL ? (int)(letter - "LMNPQRSTUV") : -1;
}

bool check_it_codice_fiscale_holds(const check_text *text)
{
    static const uint8_t odd[26] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                    20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    if (text->count != 16 || !shaped(text, "AAAAAA**A**A***A") ||
        strchr("ABCDEHLMPRST", text->code[8]) == NULL)
        return false;
    static const uint8_t digit_places[] = {6, 7, 9, 10, 12, 13, 14};
    for (size_t i = 0; i < sizeof digit_places; i++)
        if (italian_digit(text->code[digit_places[i]]) < 0)
            return false;
    const int day = italian_digit(text->code[9]) * 10 + italian_digit(text->code[10]);
    if (day < 1 || day > 71 || (day > 31 && day < 41))
        return false;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 15; i++) {
        const uint32_t value = value_at(text, i), index = value < 10 ? value : value - 10;
        sum += i % 2 == 0 ? odd[index] : index;
    }
    return text->code[15] == (char)('A' + sum % 26);
}

/* ---- the north ------------------------------------------------------------------------------- */

/* Ten or twelve digits; a plus sign stands for persons above a hundred; days of co-ordination
 * numbers are 60 higher. */
bool check_se_personnummer_holds(const check_text *text)
{
    check_text plain = {.count = 0};
    uint32_t signs = 0;
    for (uint32_t i = 0; i < text->length; i++) {
        const char byte = text->bytes[i];
        if (is_digit(byte) && plain.count < 12)
            plain.code[plain.count++] = byte;
        else if ((byte != '-' && byte != '+') || ++signs > 1)
            return false;
    }
    const uint32_t at = plain.count == 12 ? 2 : 0;
    if (plain.count != 10 && plain.count != 12)
        return false;
    const uint32_t year = (uint32_t)number_at(&plain, 0, at + 2),
                   day = (uint32_t)number_at(&plain, at + 4, 2);
    return (at == 0 || (year >= 1800 && year <= 2199)) &&
           day_exists(year, (uint32_t)number_at(&plain, at + 2, 2), day > 60 ? day - 60 : day) &&
           luhn_over(&plain, at, 10);
}

/* Days of D numbers are 40 higher, months of other series 40, 65 or 80. */
bool check_no_fodselsnummer_holds(const check_text *text)
{
    if (!all_digits(text, 11))
        return false;
    uint32_t day = (uint32_t)number_at(text, 0, 2), month = (uint32_t)number_at(text, 2, 2);
    day -= day > 40 ? 40 : 0;
    month -= month > 80 ? 80 : month > 65 ? 65 : month > 40 ? 40 : 0;
    const uint32_t first = (11 - weighted(text, 0, WEIGHTS(3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11) % 11;
    const uint32_t second =
        (11 - weighted(text, 0, WEIGHTS(5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11;
    return day_exists((uint32_t)number_at(text, 4, 2), month, day) && first == digit_at(text, 9) &&
           second == digit_at(text, 10);
}

/* The seventh digit and the year tell the century. */
bool check_dk_cpr_holds(const check_text *text)
{
    if (!all_digits(text, 10) || all_same(text))
        return false;
    const uint32_t year = (uint32_t)number_at(text, 4, 2), seventh = digit_at(text, 6);
    const uint32_t century = seventh <= 3                   ? 1900
                             : seventh == 4 || seventh == 9 ? (year <= 36 ? 2000 : 1900)
                                                            : (year <= 57 ? 2000 : 1800);
    return day_exists(century + year, (uint32_t)number_at(text, 2, 2),
                      (uint32_t)number_at(text, 0, 2));
}

/* The sign between date and serial tells the century, so the bytes are read. */
bool check_fi_hetu_holds(const check_text *text)
{
    check_text plain = {.count = 0};
    if (text->length != 11)
        return false;
    for (uint32_t i = 0; i < 10; i++)
        if (i != 6) {
            if (!is_digit(text->bytes[i]))
                return false;
            plain.code[plain.count++] = text->bytes[i];
        }
    const char sign = text->bytes[6] >= 'a' ? (char)(text->bytes[6] - ('a' - 'A')) : text->bytes[6];
    const char last =
        text->bytes[10] >= 'a' ? (char)(text->bytes[10] - ('a' - 'A')) : text->bytes[10];
    const uint32_t century = sign == '+'                                   ? 1800
                             : sign == '-' || (sign >= 'U' && sign <= 'Y') ? 1900
                             : sign >= 'A' && sign <= 'F'                  ? 2000
                                                                           : 0;
    return century != 0 && number_at(&plain, 6, 3) >= 2 &&
           day_exists(century + (uint32_t)number_at(&plain, 4, 2),
                      (uint32_t)number_at(&plain, 2, 2), (uint32_t)number_at(&plain, 0, 2)) &&
           last == "0123456789ABCDEFHJKLMNPRSTUVWXY"[number_at(&plain, 0, 9) % 31];
}

bool check_is_kennitala_holds(const check_text *text)
{
    if (!all_digits(text, 10) ||
        (text->code[9] != '0' && text->code[9] != '9' && text->code[9] != '8'))
        return false;
    const uint32_t day = (uint32_t)number_at(text, 0, 2);
    const uint32_t control = (11 - weighted(text, 0, WEIGHTS(3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11;
    return day_exists((uint32_t)number_at(text, 4, 2), (uint32_t)number_at(text, 2, 2),
                      day > 40 ? day - 40 : day) &&
           control == digit_at(text, 8);
}

/*
 * check.c - the table of checks, the arithmetic that they share, and those for plain texts:
 * addresses, dates, phone numbers.
 *
 * A check gets what a regular expression has matched already, so it answers one question: can this
 * be such a number? It never looks around the match, keeps nothing, allocates nothing, and reads
 * each byte a fixed number of times. Hostile text is only text that is no number: every index is
 * compared with the length before it is used.
 */
#include "runtime/text/check_private.h"

#include "runtime/identity_private.h"

typedef bool check_function(const check_text *text);

static const struct check_row {
    const char *name;
    check_function *holds;
} ROWS[] = {
    [CHECK_NONE] = {NULL, NULL},
#define CHECK(name, what, source) [CHECK_##name] = {#name, check_##name##_holds},
#include "runtime/text/check.def"
#undef CHECK
};

check_kind check_find(const char *name, uint32_t length)
{
    for (check_kind check = CHECK_NONE + 1; check < CHECK_COUNT; check++)
        if (strlen(ROWS[check].name) == length && memcmp(ROWS[check].name, name, length) == 0)
            return check;
    return CHECK_NONE;
}

const char *check_name(check_kind check)
{
    return check > CHECK_NONE && check < CHECK_COUNT ? ROWS[check].name : "none";
}

bool check_takes_bound(check_kind check, double *otherwise)
{
    if (check == CHECK_entropy)
        *otherwise = 3.5;
    else if (check == CHECK_credential)
        *otherwise = 3.0;
    else
        return false;
    return true;
}

static void read_code(check_text *text)
{
    text->count = 0;
    for (uint32_t i = 0; i < text->length; i++) {
        const char byte = text->bytes[i];
        if (byte == ' ' || byte == '-' || byte == '.' || byte == '/' || byte == '\t' ||
            byte == '\n')
            continue;
        const char upper = byte >= 'a' && byte <= 'z' ? (char)(byte - ('a' - 'A')) : byte;
        if ((!is_digit(upper) && !is_upper(upper)) || text->count == CHECK_CODE_MOST) {
            text->count = 0;
            break;
        }
        text->code[text->count++] = upper;
    }
    text->code[text->count] = '\0';
}

bool check_holds(check_kind check, double bound, const char *bytes, uint32_t length)
{
    if (check == CHECK_NONE)
        return true;
    if (check < CHECK_NONE || check >= CHECK_COUNT || length == 0)
        return false;
    check_text text = {.bytes = bytes, .length = length, .bound = bound};
    read_code(&text);
    return ROWS[check].holds(&text);
}

/* ---- what checks share ----------------------------------------------------------------------- */

bool digits_stand(const check_text *text, uint32_t at, uint32_t count)
{
    if (at + count > text->count)
        return false;
    for (uint32_t i = at; i < at + count; i++)
        if (!is_digit(text->code[i]))
            return false;
    return true;
}

bool all_digits(const check_text *text, uint32_t count)
{
    return text->count == count && digits_stand(text, 0, count);
}

uint64_t number_at(const check_text *text, uint32_t at, uint32_t count)
{
    uint64_t number = 0;
    for (uint32_t i = at; i < at + count; i++)
        number = number * 10 + digit_at(text, i);
    return number;
}

uint32_t weighted(const check_text *text, uint32_t at, const uint8_t *weights, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += digit_at(text, at + i) * weights[i];
    return sum;
}

bool all_same(const check_text *text)
{
    for (uint32_t i = 1; i < text->count; i++)
        if (text->code[i] != text->code[0])
            return false;
    return true;
}

bool shaped(const check_text *text, const char *shape)
{
    if (strlen(shape) != text->count)
        return false;
    for (uint32_t i = 0; i < text->count; i++) {
        const char byte = text->code[i];
        if (shape[i] == '9' ? !is_digit(byte) : shape[i] == 'A' ? !is_upper(byte) : shape[i] != '*')
            return false;
    }
    return true;
}

bool day_exists(uint32_t year, uint32_t month, uint32_t day)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1)
        return false;
    const bool leap = year % 4 == 0 && (year < 100 || year % 100 != 0 || year % 400 == 0);
    return day <= days[month - 1] + (uint32_t)(month == 2 && leap);
}

bool luhn_over(const check_text *text, uint32_t at, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t digit = digit_at(text, at + count - 1 - i) << (i & 1);
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

bool mod11_10_over(const check_text *text, uint32_t at, uint32_t count)
{
    uint32_t product = 10;
    for (uint32_t i = 0; i + 1 < count; i++) {
        const uint32_t sum = (digit_at(text, at + i) + product) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (product + digit_at(text, at + count - 1)) % 10 == 1;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

/* Of any length, so over the bytes themselves. At least two digits, not all of them 0. */
bool check_luhn_holds(const check_text *text)
{
    uint32_t sum = 0, digits = 0;
    bool other = false;
    for (uint32_t i = text->length; i-- > 0;) {
        const char byte = text->bytes[i];
        if (byte == ' ' || byte == '-' || byte == '.' || byte == '/')
            continue;
        if (!is_digit(byte))
            return false;
        const uint32_t digit = (uint32_t)(byte - '0') << (digits++ & 1);
        sum = (sum + (digit > 9 ? digit - 9 : digit)) % 10;
        other = other || byte != '0';
    }
    return digits > 1 && sum == 0 && other;
}

bool check_verhoeff_holds(const check_text *text)
{
    static const char product[10][11] = {"0123456789", "1234067895", "2340178956", "3401289567",
                                         "4012395678", "5987604321", "6598710432", "7659821043",
                                         "8765932104", "9876543210"};
    static const char turned[8][11] = {"0123456789", "1576283094", "5803796142", "8916043527",
                                       "9453126870", "4286573901", "2793806415", "7046913258"};
    if (text->count < 2 || !digits_stand(text, 0, text->count))
        return false;
    uint32_t state = 0;
    for (uint32_t i = 0; i < text->count; i++) {
        const uint32_t digit = digit_at(text, text->count - 1 - i);
        state = (uint32_t)(product[state][turned[i % 8][digit] - '0'] - '0');
    }
    return state == 0;
}

bool check_mod11_10_holds(const check_text *text)
{
    return text->count > 1 && digits_stand(text, 0, text->count) &&
           mod11_10_over(text, 0, text->count);
}

bool check_mod11_2_holds(const check_text *text)
{
    if (text->count < 2 || !digits_stand(text, 0, text->count - 1))
        return false;
    uint32_t sum = 0;
    for (uint32_t i = 0; i + 1 < text->count; i++)
        sum = (sum + digit_at(text, i)) * 2 % 11;
    const char last = text->code[text->count - 1];
    const uint32_t control = (12 - sum) % 11;
    return last == (control == 10 ? 'X' : (char)('0' + control));
}

bool check_mod97_holds(const check_text *text)
{
    if (text->count < 3)
        return false;
    uint32_t rest = 0;
    for (uint32_t i = 0; i < text->count; i++) {
        const uint32_t value = value_at(text, i);
        rest = (value < 10 ? rest * 10 + value : rest * 100 + value) % 97;
    }
    return rest == 1;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Reads an address, or a network with its prefix length; an IPv6 address may name a zone behind
 * `%`. IPv4 comes out mapped. */
static bool read_address(const check_text *text, uint8_t address[16])
{
    const bool six = memchr(text->bytes, ':', text->length) != NULL;
    const char *const slash = memchr(text->bytes, '/', text->length);
    uint32_t length = slash != NULL ? (uint32_t)(slash - text->bytes) : text->length;
    if (slash != NULL) {
        uint32_t prefix = 0, digits = text->length - length - 1;
        for (uint32_t i = length + 1; i < text->length && digits <= 3 && is_digit(text->bytes[i]);
             i++, digits--)
            prefix = prefix * 10 + (uint32_t)(text->bytes[i] - '0');
        if (digits != 0 || text->length == length + 1 || prefix > (six ? 128u : 32u))
            return false;
    }
    const char *const zone = six ? memchr(text->bytes, '%', length) : NULL;
    if (zone != NULL && zone + 1 == text->bytes + length)
        return false;
    length = zone != NULL ? (uint32_t)(zone - text->bytes) : length;
    if (six)
        return ipv6_parse(text->bytes, length, address);
    uint8_t four[4];
    if (!ipv4_parse(text->bytes, length, four))
        return false;
    ipv4_map(four, address);
    return true;
}

bool check_ip_holds(const check_text *text)
{
    uint8_t address[16];
    return read_address(text, address);
}

/* What IANA keeps for other ends than the public internet, as first bytes and how many bits of them
 * count. IPv6 has its public addresses in 2000::/3 alone; the IPv4 rows stand for mapped addresses,
 * too. */
static const struct {
    uint8_t first[4];
    uint8_t bits;
} special_v4[] = {{{0}, 8},
                  {{10}, 8},
                  {{100, 64}, 10},
                  {{127}, 8},
                  {{169, 254}, 16},
                  {{172, 16}, 12},
                  {{192, 0, 0}, 24},
                  {{192, 0, 2}, 24},
                  {{192, 88, 99}, 24},
                  {{192, 168}, 16},
                  {{198, 18}, 15},
                  {{198, 51, 100}, 24},
                  {{203, 0, 113}, 24},
                  {{224}, 4},
                  {{240}, 4}},
  special_v6[] = {{{0x20, 0x01, 0x00}, 23},
                  {{0x20, 0x01, 0x0d, 0xb8}, 32},
                  {{0x20, 0x02}, 16},
                  {{0x3f, 0xff}, 20}};

static bool starts_with_bits(const uint8_t *address, const uint8_t *first, uint32_t bits)
{
    for (uint32_t i = 0; bits != 0; i++) {
        const uint32_t here = bits < 8 ? bits : 8;
        if ((address[i] ^ first[i]) >> (8 - here) != 0)
            return false;
        bits -= here;
    }
    return true;
}

bool check_public_ip_holds(const check_text *text)
{
    uint8_t address[16];
    if (!read_address(text, address))
        return false;
    if (ip_is_v4(address)) {
        for (uint32_t i = 0; i < sizeof special_v4 / sizeof *special_v4; i++)
            if (starts_with_bits(address + 12, special_v4[i].first, special_v4[i].bits))
                return false;
        return true;
    }
    for (uint32_t i = 0; i < sizeof special_v6 / sizeof *special_v6; i++)
        if (starts_with_bits(address, special_v6[i].first, special_v6[i].bits))
            return false;
    return address[0] >> 5 == 1;
}

/* One part of a date: a number with its digits, or an English month's name by its first three
 * letters. */
typedef struct date_part {
    uint32_t value, digits; /* digits 0: a name */
} date_part;

static uint32_t month_named(const char *bytes, uint32_t length)
{
    static const char names[12][4] = {"jan", "feb", "mar", "apr", "may", "jun",
                                      "jul", "aug", "sep", "oct", "nov", "dec"};
    for (uint32_t month = 0; length >= 3 && length <= 9 && month < 12; month++)
        if (ascii_lower(bytes[0]) == names[month][0] && ascii_lower(bytes[1]) == names[month][1] &&
            ascii_lower(bytes[2]) == names[month][2])
            return month + 1;
    return 0;
}

/* Three parts between which only signs, blanks and the endings of ordinals stand; false: it is no
 * such text. */
static bool read_date(const check_text *text, date_part parts[3])
{
    uint32_t count = 0, i = 0;
    while (i < text->length) {
        const uint32_t start = i;
        if (is_digit(text->bytes[i])) {
            uint32_t value = 0;
            while (i < text->length && i - start < 5 && is_digit(text->bytes[i]))
                value = value * 10 + (uint32_t)(text->bytes[i++] - '0');
            if (count == 3 || i - start > 4 || i - start == 3)
                return false;
            parts[count++] = (date_part){value, i - start};
            const bool ordinal = text->length - i >= 2 && ascii_lower(text->bytes[i]) >= 'a' &&
                                 strchr("sntr", ascii_lower(text->bytes[i])) != NULL &&
                                 strchr("tdh", ascii_lower(text->bytes[i + 1])) != NULL;
            i += ordinal ? 2 : 0;
            continue;
        }
        while (i < text->length && ascii_lower(text->bytes[i]) >= 'a' &&
               ascii_lower(text->bytes[i]) <= 'z')
            i++;
        if (i == start) {
            if (strchr("-/., '", text->bytes[i]) == NULL || text->bytes[i] == '\0')
                return false;
            i++;
            continue;
        }
        const uint32_t month = month_named(text->bytes + start, i - start);
        const bool filler = i - start == 2 && ascii_lower(text->bytes[start]) == 'o' &&
                            ascii_lower(text->bytes[start + 1]) == 'f';
        if ((month == 0 && !filler) || (month != 0 && count == 3))
            return false;
        if (month != 0)
            parts[count++] = (date_part){month, 0};
    }
    return count == 3;
}

static bool date_in_order(date_part year, date_part month, date_part day)
{
    const bool whole = year.digits == 4 && year.value >= 1000 && year.value <= 2999;
    return (whole || year.digits == 2) && month.digits <= 2 && day.digits >= 1 && day.digits <= 2 &&
           day_exists(year.value, month.value, day.value);
}

/* Year, month, day; or day, month, year; or month, day, year. Eight digits without signs: year,
 * month, day or day, month, year. */
bool check_date_holds(const check_text *text)
{
    if (text->length == 8 && all_digits(text, 8)) {
        const uint32_t first = (uint32_t)number_at(text, 0, 4),
                       last = (uint32_t)number_at(text, 4, 4);
        return (first >= 1000 && first <= 2999 && day_exists(first, last / 100, last % 100)) ||
               (last >= 1000 && last <= 2999 && day_exists(last, first % 100, first / 100));
    }
    date_part parts[3];
    if (!read_date(text, parts))
        return false;
    if (parts[0].digits == 0)
        return date_in_order(parts[2], parts[0], parts[1]);
    if (parts[1].digits == 0)
        return date_in_order(parts[2], parts[1], parts[0]) ||
               date_in_order(parts[0], parts[1], parts[2]);
    return parts[2].digits != 0 && (date_in_order(parts[0], parts[1], parts[2]) ||
                                    date_in_order(parts[2], parts[1], parts[0]) ||
                                    date_in_order(parts[2], parts[0], parts[1]));
}

/*
 * Country codes of E.164 that are assigned, as first and last of runs: one digit (1, 7), two,
 * three. +1 has ten digits behind it; others from 5 (small states) to 15 with the code.
 */
static bool country_code_assigned(uint32_t three)
{
    static const uint16_t runs[][2] = {
        {100, 199}, {200, 200}, {210, 218}, {220, 269}, {270, 279}, {290, 291}, {297, 299},
        {300, 349}, {350, 359}, {360, 369}, {370, 378}, {380, 383}, {385, 387}, {389, 419},
        {420, 421}, {423, 423}, {430, 499}, {500, 509}, {510, 589}, {590, 669}, {670, 670},
        {672, 683}, {685, 692}, {700, 799}, {800, 800}, {808, 808}, {810, 869}, {870, 870},
        {878, 878}, {880, 883}, {886, 886}, {888, 888}, {900, 959}, {960, 968}, {970, 977},
        {979, 979}, {980, 989}, {992, 996}, {998, 998},
    };
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++)
        if (three >= runs[i][0] && three <= runs[i][1])
            return true;
    return false;
}

static bool begins_with_date(const check_text *text)
{
    for (uint32_t length = 8; length <= 10 && length <= text->length; length++) {
        if (length < text->length && is_digit(text->bytes[length]))
            continue;
        check_text date = *text;
        date.length = length;
        if (memchr(text->bytes, ' ', length) == NULL && check_date_holds(&date))
            return true;
    }
    return false;
}

/* Text with a `+`, or `00` before a country code, is international; everything else a national
 * number of 7 to 12 digits that does not begin as a date and is not one digit repeated. `x`, `ext`
 * and what stands behind it is the extension. */
bool check_phone_holds(const check_text *text)
{
    check_text plain = {.bytes = text->bytes, .length = text->length};
    bool plus = false;
    for (uint32_t i = 0; i < text->length; i++) {
        const char byte = text->bytes[i];
        if (byte == 'x' || byte == 'X' || byte == 'e' || byte == 'E' || byte == '#')
            break;
        if (byte == '+')
            plus = true;
        else if (is_digit(byte) && plain.count == CHECK_CODE_MOST)
            return false;
        else if (is_digit(byte))
            plain.code[plain.count++] = byte;
    }
    uint32_t at = 0;
    if (!plus && plain.count > 9 && plain.code[0] == '0' && plain.code[1] == '0')
        at = 2;
    if (plus || at == 2) {
        const uint32_t count = plain.count - at;
        if (count < 7 || count > 15 || plain.code[at] == '0' ||
            !country_code_assigned((uint32_t)number_at(&plain, at, 3)))
            return false;
        const bool america = plain.code[at] == '1';
        return !america || (count == 11 && plain.code[at + 1] >= '2');
    }
    const bool zeros = plain.count > 1 && plain.code[0] == '0' && plain.code[1] == '0';
    return plain.count >= 7 && plain.count <= 12 && !zeros && !all_same(&plain) &&
           !begins_with_date(text);
}

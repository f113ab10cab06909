/*
 * check_bank.c - accounts, cards, coins, firms and things: numbers that money or goods are found
 * by.
 *
 * Card numbers are checked by prefix and length of the scheme before Luhn, since one in ten random
 * numbers passes Luhn alone. Coin addresses carry 30 bits of check sum or more and need no context.
 * What it leaves out: whether a bank, a firm or an account exists.
 */
#include "runtime/sha256.h"
#include "runtime/text/check_private.h"

/* ---- cards ----------------------------------------------------------------------------------- */

typedef struct card_range {
    uint32_t first, last; /* of the first six digits */
    uint8_t shortest, longest;
} card_range;

static const card_range CARD_RANGES[] = {
    {180000, 180099, 15, 15},                           /* JCB, old */
    {213100, 213199, 15, 15}, {220000, 220499, 16, 19}, /* Mir */
    {222100, 272099, 16, 16},                           /* Mastercard */
    {300000, 305999, 14, 19},                           /* Diners Club */
    {309500, 309599, 14, 19}, {340000, 349999, 15, 15}, /* American Express */
    {352800, 358999, 16, 19},                           /* JCB */
    {360000, 369999, 14, 19}, {370000, 379999, 15, 15},
    {380000, 399999, 14, 19}, {400000, 499999, 16, 16}, /* Visa; 13 and 19 below */
    {501800, 501899, 12, 19},                           /* Maestro */
    {502000, 502099, 12, 19}, {503800, 503899, 12, 19},
    {589300, 589399, 12, 19}, {630400, 630499, 12, 19},
    {675900, 676399, 12, 19}, {500000, 509999, 16, 19}, /* Maestro, Elo, Verve */
    {510000, 559999, 16, 16},                           /* Mastercard */
    {560000, 589999, 16, 19},                           /* Maestro */
    {600000, 649999, 16, 19}, /* Discover, UnionPay, RuPay, Hipercard, Maestro */
    {650000, 659999, 16, 19}, {660000, 699999, 16, 19},
    {810000, 817199, 16, 19}, /* UnionPay */
    {979200, 979289, 16, 16}, /* Troy */
};

/* Where separators stand: everywhere the scheme writes them (4-4-4-4-…, 4-6-5, 4-6-4), or nowhere.
 * One kind of separator. */
static bool grouped(const check_text *text, uint32_t count)
{
    uint8_t groups[8] = {0};
    uint32_t group = 0;
    char separator = '\0';
    for (uint32_t i = 0; i < text->length; i++) {
        if (is_digit(text->bytes[i])) {
            groups[group]++;
            continue;
        }
        if (separator != '\0' && text->bytes[i] != separator)
            return false;
        separator = text->bytes[i];
        if (groups[group] == 0 || ++group == sizeof groups)
            return false;
    }
    if (group == 0)
        return true;
    if (groups[0] == 4 && groups[1] == 6 && group == 2)
        return groups[2] + 10u == count && (groups[2] == 5 || groups[2] == 4);
    for (uint32_t i = 0; i < group; i++)
        if (groups[i] != 4)
            return false;
    return groups[group] >= 1 && groups[group] <= 4;
}

bool check_card_holds(const check_text *text)
{
    const uint32_t count = text->count;
    if (count < 12 || count > 19 || !digits_stand(text, 0, count) || all_same(text) ||
        !grouped(text, count) || !luhn_over(text, 0, count))
        return false;
    const uint32_t prefix = (uint32_t)number_at(text, 0, 6);
    if (prefix / 100000 == 4 && (count == 13 || count == 19))
        return true;
    for (size_t i = 0; i < sizeof CARD_RANGES / sizeof CARD_RANGES[0]; i++) {
        const card_range *const range = &CARD_RANGES[i];
        if (prefix >= range->first && prefix <= range->last && count >= range->shortest &&
            count <= range->longest)
            return true;
    }
    return false;
}

/* ---- accounts -------------------------------------------------------------------------------- */

/* Country, then the account's part: letters A, digits 9, either *, each with how many. */
static const char *const IBANS[] = {
    "AD9:8*:12",
    "AE9:19",
    "AL9:8*:16",
    "AT9:16",
    "AZA:4*:20",
    "BA9:16",
    "BE9:12",
    "BGA:4 9:6*:8",
    "BHA:4*:14",
    "BI9:23",
    "BR9:23A:1*:1",
    "BY*:4 9:4*:16",
    "CH9:5*:12",
    "CR9:18",
    "CY9:8*:16",
    "CZ9:20",
    "DE9:18",
    "DJ9:23",
    "DK9:14",
    "DO*:4 9:20",
    "EE9:16",
    "EG9:25",
    "ES9:20",
    "FI9:14",
    "FKA:2 9:12",
    "FO9:14",
    "FR9:10*:11 9:2",
    "GBA:4 9:14",
    "GEA:2 9:16",
    "GIA:4*:15",
    "GL9:14",
    "GR9:7*:16",
    "GT*:24",
    "HN A:4 9:20",
    "HR9:17",
    "HU9:24",
    "IEA:4 9:14",
    "IL9:19",
    "IQA:4 9:15",
    "IS9:22",
    "ITA:1 9:10*:12",
    "JOA:4 9:4*:18",
    "KWA:4*:22",
    "KZ9:3*:13",
    "LB9:4*:20",
    "LCA:4*:24",
    "LI9:5*:12",
    "LT9:16",
    "LU9:3*:13",
    "LVA:4*:13",
    "LY9:21",
    "MC9:10*:11 9:2",
    "MD*:20",
    "ME9:18",
    "MK9:3*:10 9:2",
    "MN9:16",
    "MR9:23",
    "MTA:4 9:5*:18",
    "MUA:4 9:19A:3",
    "NIA:4 9:20",
    "NLA:4 9:10",
    "NO9:11",
    "OMA:0 9:3*:16",
    "PKA:4*:16",
    "PL9:24",
    "PSA:4*:21",
    "PT9:21",
    "QAA:4*:21",
    "ROA:4*:16",
    "RS9:18",
    "RU9:14*:15",
    "SA9:2*:18",
    "SCA:4 9:20A:3",
    "SD9:14",
    "SE9:20",
    "SI9:15",
    "SK9:20",
    "SMA:1 9:10*:12",
    "SO9:19",
    "STA:0 9:21",
    "SVA:4 9:20",
    "TL9:19",
    "TN9:20",
    "TR9:6*:16",
    "UA9:6*:19",
    "VA9:18",
    "VGA:4 9:16",
    "XK9:16",
    "YEA:4 9:4*:18",
    /* outside of the registry, in use: length alone */
    "AO9:21",
    "BF*:24",
    "BJ*:24",
    "CF9:23",
    "CG9:23",
    "CI*:24",
    "CM9:23",
    "CV9:21",
    "DZ9:22",
    "GA9:23",
    "GQ9:23",
    "GW*:21",
    "IR9:22",
    "KM9:23",
    "MA9:24",
    "MG9:23",
    "ML*:24",
    "MZ9:21",
    "NE*:24",
    "SN*:24",
    "TD9:23",
    "TG*:24",
};

static bool account_fits(const check_text *text, const char *form)
{
    uint32_t at = 4;
    while (*form != '\0') {
        if (*form == ' ') {
            form++;
            continue;
        }
        const char kind = *form++;
        uint32_t many = 0;
        for (form++; is_digit(*form); form++)
            many = many * 10 + (uint32_t)(*form - '0');
        for (; many > 0; many--, at++)
            if (at >= text->count || (kind == '9' && !is_digit(text->code[at])) ||
                (kind == 'A' && !is_upper(text->code[at])))
                return false;
    }
    return at == text->count;
}

bool check_iban_holds(const check_text *text)
{
    if (text->count < 15 || text->count > 34 || !digits_stand(text, 2, 2))
        return false;
    for (size_t i = 0; i < sizeof IBANS / sizeof IBANS[0]; i++) {
        if (IBANS[i][0] != text->code[0] || IBANS[i][1] != text->code[1])
            continue;
        if (!account_fits(text, IBANS[i] + 2))
            return false;
        uint32_t rest = 0;
        for (uint32_t k = 0; k < text->count; k++) {
            const uint32_t value = value_at(text, (k + 4) % text->count);
            rest = (value < 10 ? rest * 10 + value : rest * 100 + value) % 97;
        }
        return rest == 1;
    }
    return false;
}

/* The first two digits: 00 government, 01 to 12 Federal Reserve, 21 to 32 thrift, 61 to 72
 * electronic, 80 traveller's cheques. */
bool check_us_aba_holds(const check_text *text)
{
    if (!all_digits(text, 9) || all_same(text))
        return false;
    const uint64_t first = number_at(text, 0, 2);
    const bool known =
        first <= 12 || (first >= 21 && first <= 32) || (first >= 61 && first <= 72) || first == 80;
    return known && weighted(text, 0, WEIGHTS(3, 7, 1, 3, 7, 1, 3, 7, 1)) % 10 == 0;
}

/* ---- coins ----------------------------------------------------------------------------------- */

#define BASE58_MOST 112u /* characters: an extended private key has 111 */

bool check_base58_holds(const check_text *text)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    /* big-endian, at the end; 58 < 256, so it is never longer than the text */
    uint8_t number[BASE58_MOST];
    uint32_t used = 0, zeros = 0;
    if (text->length < 25 || text->length > BASE58_MOST)
        return false;
    while (zeros < text->length && text->bytes[zeros] == '1')
        zeros++;
    for (uint32_t i = 0; i < text->length; i++) {
        const char byte = text->bytes[i];
        const char *const place = byte == '\0' ? NULL : strchr(alphabet, byte);
        if (place == NULL)
            return false;
        uint32_t carry = (uint32_t)(place - alphabet);
        for (uint32_t k = 0; k < used || carry != 0; k++) {
            uint8_t *const slot = &number[BASE58_MOST - 1 - k];
            carry += k < used ? *slot * 58u : 0;
            *slot = (uint8_t)carry;
            carry >>= 8;
            used = k < used ? used : k + 1;
        }
    }
    uint8_t whole[BASE58_MOST * 2] = {0};
    const uint32_t count = zeros + used;
    if (count < 21 + 4 || count > 82 + 34)
        return false;
    memcpy(whole + zeros, number + BASE58_MOST - used, used);
    uint8_t digest[32];
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, whole, count - 4);
    sha256_end(&hash, digest);
    sha256_begin(&hash);
    sha256_add(&hash, digest, sizeof digest);
    sha256_end(&hash, digest);
    return memcmp(digest, whole + count - 4, 4) == 0;
}

static uint32_t bech32_step(uint32_t sum, uint32_t value)
{
    static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                          0x2a1462b3};
    const uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffff) << 5 ^ value;
    for (uint32_t i = 0; i < 5; i++)
        sum ^= (top >> i & 1) != 0 ? generator[i] : 0;
    return sum;
}

bool check_bech32_holds(const check_text *text)
{
    static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    if (text->length < 8 || text->length > 90)
        return false;
    uint32_t one = text->length;
    bool lower = false, upper = false;
    for (uint32_t i = 0; i < text->length; i++) {
        const char byte = text->bytes[i];
        if (byte < '!' || byte > '~')
            return false;
        lower = lower || (byte >= 'a' && byte <= 'z');
        upper = upper || is_upper(byte);
        one = byte == '1' ? i : one;
    }
    if (one == 0 || one + 7 > text->length || (lower && upper))
        return false;
    const uint8_t to_lower = upper ? 'a' - 'A' : 0;
    uint32_t sum = 1;
    for (uint32_t i = 0; i < one; i++) {
        const uint8_t byte = (uint8_t)(text->bytes[i] + (is_upper(text->bytes[i]) ? to_lower : 0));
        sum = bech32_step(sum, byte >> 5);
    }
    sum = bech32_step(sum, 0);
    for (uint32_t i = 0; i < one; i++)
        sum = bech32_step(
            sum, (uint32_t)(text->bytes[i] + (is_upper(text->bytes[i]) ? to_lower : 0)) & 31);
    for (uint32_t i = one + 1; i < text->length; i++) {
        const char byte = (char)(text->bytes[i] + (is_upper(text->bytes[i]) ? to_lower : 0));
        const char *const place = strchr(alphabet, byte);
        if (place == NULL)
            return false;
        sum = bech32_step(sum, (uint32_t)(place - alphabet));
    }
    return sum == 1 || sum == 0x2bc830a3;
}

/* ---- things ---------------------------------------------------------------------------------- */

bool check_imei_holds(const check_text *text)
{
    return all_digits(text, 15) && !all_same(text) && luhn_over(text, 0, 15);
}

/* Letters have the values of 49 CFR 565.15; I, O and Q are not used. */
bool check_vin_holds(const check_text *text)
{
    static const char values[] = "12345678.12345.7.923456789"; /* A to Z */
    static const uint8_t weights[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    if (text->count != 17 || text->length != 17)
        return false;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 17; i++) {
        const char byte = text->code[i];
        const char value = is_digit(byte) ? byte : values[byte - 'A'];
        if (value == '.')
            return false;
        sum += (uint32_t)(value - '0') * weights[i];
    }
    const char control = sum % 11 == 10 ? 'X' : (char)('0' + sum % 11);
    return text->code[8] == control && !all_same(text);
}

/* ---- firms ----------------------------------------------------------------------------------- */

bool check_de_vat_holds(const check_text *text)
{
    return shaped(text, "**999999999") && text->code[0] == 'D' && text->code[1] == 'E' &&
           text->code[2] != '0' && mod11_10_over(text, 2, 9);
}

/* Seven digits, the office (1 to 100, and three of its own), check digit. */
bool check_it_vat_holds(const check_text *text)
{
    if (!all_digits(text, 11) || number_at(text, 0, 7) == 0)
        return false;
    const uint64_t office = number_at(text, 7, 3);
    return ((office >= 1 && office <= 100) || office == 120 || office == 121 || office == 888 ||
            office == 999) &&
           luhn_over(text, 0, 11);
}

bool check_pl_nip_holds(const check_text *text)
{
    return all_digits(text, 10) && !all_same(text) &&
           weighted(text, 0, WEIGHTS(6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == digit_at(text, 9);
}

bool check_gr_afm_holds(const check_text *text)
{
    if (!all_digits(text, 9) || all_same(text))
        return false;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 8; i++)
        sum = (sum + digit_at(text, i)) * 2;
    return sum % 11 % 10 == digit_at(text, 8);
}

bool check_au_abn_holds(const check_text *text)
{
    if (!all_digits(text, 11) || text->code[0] == '0')
        return false;
    return (weighted(text, 0, WEIGHTS(10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)) - 10) % 89 == 0;
}

bool check_au_acn_holds(const check_text *text)
{
    if (!all_digits(text, 9) || all_same(text))
        return false;
    const uint32_t sum = weighted(text, 0, WEIGHTS(8, 7, 6, 5, 4, 3, 2, 1)) % 10;
    return (10 - sum) % 10 == digit_at(text, 8);
}

/* Twelve characters with the value of their byte less 48, and two digits. */
bool check_br_cnpj_holds(const check_text *text)
{
    static const uint8_t weights[13] = {6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2};
    if (text->count != 14 || !digits_stand(text, 12, 2) || all_same(text))
        return false;
    for (uint32_t digits = 12; digits < 14; digits++) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < digits; i++)
            sum += (uint32_t)(text->code[i] - '0') * weights[i + 13 - digits];
        const uint32_t rest = sum % 11;
        if (digit_at(text, digits) != (rest < 2 ? 0 : 11 - rest))
            return false;
    }
    return true;
}

bool check_in_gstin_holds(const check_text *text)
{
    if (!shaped(text, "99AAAAA9999A*A*") || text->code[13] != 'Z' || text->code[12] == '0')
        return false;
    const uint64_t state = number_at(text, 0, 2);
    return (state >= 1 && state <= 37) || state == 38 || state == 97 || state == 99;
}

bool check_kr_brn_holds(const check_text *text)
{
    if (!all_digits(text, 10) || number_at(text, 0, 3) < 101)
        return false;
    const uint32_t sum =
        weighted(text, 0, WEIGHTS(1, 3, 7, 1, 3, 7, 1, 3, 5)) + digit_at(text, 8) * 5 / 10;
    return (10 - sum % 10) % 10 == digit_at(text, 9);
}

/*
 * identity_host.c - host names, as in URLs and behind the '@' of an e-mail address.
 *
 * Canonical: lower-case ASCII labels joined by dots, no dot at the end. Labels in other scripts
 * become punycode (RFC 3492). What browsers (WHATWG URL) read as an address is one: "0x7f.1",
 * "2130706433", "[::1]" - IPv4 in dotted decimal, IPv6 as RFC 5952 and without brackets,
 * IPv4-mapped IPv6 as its IPv4, since it reaches the same machine.
 *
 * Browsers map characters before they encode (UTS #46): full-width letters, dots of other scripts,
 * capital letters, and thousands of look-alikes. Punycode of an unmapped character would be another
 * name than the one that is reached. So here a character is either known to map as `map_character`
 * says, or the host is refused: combining marks, invisible characters, compatibility forms, rare
 * scripts. Names already in punycode pass as they are.
 */
#include <string.h>

#include "runtime/identity_private.h"
#include "runtime/utf8.h"

#define LABEL_MOST 63u
#define REFUSED    UINT32_MAX

/* ---- characters ------------------------------------------------------------------------------ */

typedef struct character_range {
    uint32_t first, last;
    int32_t change; /* added to make it lower-case; PAIRED: even numbers go up by one */
} character_range;

#define PAIRED     INT32_MAX
#define PAIRED_ODD (INT32_MAX - 1) /* odd numbers go up by one */

/* Ascending. In NFC, and mapped by UTS #46 as `change` says. */
static const character_range ranges[] = {
    {0x00c0, 0x00d6, 0x20},       {0x00d8, 0x00de, 0x20},   {0x00df, 0x00f6, 0},
    {0x00f8, 0x00ff, 0},          {0x0100, 0x012f, PAIRED}, {0x0131, 0x0131, 0},
    {0x0134, 0x0137, PAIRED},     {0x0138, 0x0138, 0},      {0x0139, 0x013e, PAIRED_ODD},
    {0x0141, 0x0148, PAIRED_ODD}, {0x014a, 0x0177, PAIRED}, {0x0178, 0x0178, -0x79},
    {0x0179, 0x017e, PAIRED_ODD}, {0x01a0, 0x01a1, PAIRED}, {0x01af, 0x01b0, PAIRED_ODD},
    {0x0386, 0x0386, 0x26},       {0x0388, 0x038a, 0x25},   {0x038c, 0x038c, 0x40},
    {0x038e, 0x038f, 0x3f},       {0x0390, 0x0390, 0},      {0x0391, 0x03a1, 0x20},
    {0x03a3, 0x03ab, 0x20},       {0x03ac, 0x03ce, 0},      {0x0400, 0x040f, 0x50},
    {0x0410, 0x042f, 0x20},       {0x0430, 0x045f, 0},      {0x0490, 0x04bf, PAIRED},
    {0x0561, 0x0586, 0},          {0x05d0, 0x05ea, 0},      {0x0620, 0x063f, 0},
    {0x0641, 0x064a, 0},          {0x0904, 0x0939, 0},      {0x093e, 0x094d, 0},
    {0x0e01, 0x0e32, 0},          {0x0e34, 0x0e3a, 0},      {0x0e40, 0x0e4e, 0},
    {0x10d0, 0x10fa, 0},          {0x1ea0, 0x1ef9, PAIRED}, {0x3005, 0x3007, 0},
    {0x3041, 0x3096, 0},          {0x30a1, 0x30fa, 0},      {0x30fc, 0x30fc, 0},
    {0x3400, 0x4dbf, 0},          {0x4e00, 0x9fff, 0},      {0xac00, 0xd7a3, 0},
};

static uint32_t map_character(uint32_t code)
{
    if (code == 0x3002 || code == 0xff0e || code == 0xff61)
        return '.';
    if (code >= 0xff01 && code <= 0xff5e)
        code -= 0xff01 - '!';
    if (code < 0x80) {
        const char lower = ascii_lower((char)code);
        const bool allowed = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') ||
                             lower == '-' || lower == '_' || lower == '.';
        return allowed ? (uint32_t)lower : REFUSED;
    }
    if (code == 0x3006)
        return REFUSED;
    size_t low = 0, high = sizeof ranges / sizeof ranges[0];
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const character_range *const range = &ranges[middle];
        if (code < range->first)
            high = middle;
        else if (code > range->last)
            low = middle + 1;
        else if (range->change == PAIRED)
            return code | 1;
        else if (range->change == PAIRED_ODD)
            return code + (code & 1);
        else
            return code + (uint32_t)range->change;
    }
    return REFUSED;
}

/* ---- punycode -------------------------------------------------------------------------------- */

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    delta = first ? delta / 700 : delta / 2;
    delta += delta / points;
    uint32_t k = 0;
    for (; delta > 455; k += 36)
        delta /= 35;
    return k + 36 * delta / (delta + 38);
}

/* RFC 3492, section 6.3, with "xn--" in front. At most LABEL_MOST code points, so nothing overflows
 * 32 bits. 0: too long. */
static uint32_t punycode(const uint32_t *codes, uint32_t count, char out[LABEL_MOST])
{
    uint32_t length = 4, done = 0;
    memcpy(out, "xn--", 4);
    for (uint32_t i = 0; i < count; i++)
        if (codes[i] < 0x80 && length < LABEL_MOST) {
            out[length++] = (char)codes[i];
            done++;
        }
    const uint32_t basic = done;
    if (basic > 0) {
        if (length == LABEL_MOST)
            return 0;
        out[length++] = '-';
    }
    uint32_t n = 0x80, delta = 0, bias = 72;
    while (done < count) {
        uint32_t next = UINT32_MAX;
        for (uint32_t i = 0; i < count; i++)
            if (codes[i] >= n && codes[i] < next)
                next = codes[i];
        if (next == UINT32_MAX)
            return 0;
        delta += (next - n) * (done + 1);
        n = next;
        for (uint32_t i = 0; i < count; i++) {
            delta += codes[i] < n;
            if (codes[i] != n)
                continue;
            uint32_t rest = delta;
            for (uint32_t k = 36;; k += 36) {
                const uint32_t low = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
                const uint32_t digit = rest < low ? rest : low + (rest - low) % (36 - low);
                if (length == LABEL_MOST)
                    return 0;
                out[length++] = (char)(digit < 26 ? 'a' + digit : '0' + digit - 26);
                if (rest < low)
                    break;
                rest = (rest - low) / (36 - low);
            }
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
        delta++;
        n++;
    }
    return length;
}

/* ---- names ----------------------------------------------------------------------------------- */

typedef struct label_text {
    uint32_t codes[LABEL_MOST];
    uint32_t count;
    bool ascii;
} label_text;

static bool end_label(label_text *label, host_text *out)
{
    char text[LABEL_MOST];
    uint32_t length = label->count;
    if (length == 0)
        return false;
    if (label->ascii)
        for (uint32_t i = 0; i < length; i++)
            text[i] = (char)label->codes[i];
    else if ((length = punycode(label->codes, label->count, text)) == 0)
        return false;
    if (out->length + (out->length > 0) + length > HOST_MOST)
        return false;
    if (out->length > 0)
        out->text[out->length++] = '.';
    memcpy(out->text + out->length, text, length);
    out->length += length;
    label->count = 0;
    label->ascii = true;
    return true;
}

/* One byte, or one that %XX stands for; -1 if it is malformed. */
static int next_byte(const char *bytes, size_t length, size_t *next, bool percent)
{
    const char byte = bytes[(*next)++];
    if (byte != '%' || !percent)
        return (unsigned char)byte;
    if (length - *next < 2)
        return -1;
    const int high = hex_digit(bytes[*next]), low = hex_digit(bytes[*next + 1]);
    *next += 2;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* The labels, mapped and encoded. */
static bool read_name(const char *bytes, size_t length, bool percent, host_text *out)
{
    label_text label = {.ascii = true};
    out->length = 0;
    out->form = HOST_NAME;
    bool dotted = false; /* a dot was the last thing read */
    for (size_t i = 0; i < length;) {
        char character[4];
        int byte = next_byte(bytes, length, &i, percent);
        if (byte < 0)
            return false;
        character[0] = (char)byte;
        uint32_t size = 1;
        const uint32_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        for (; size < wanted && i < length; size++) {
            byte = next_byte(bytes, length, &i, percent);
            if (byte < 0)
                return false;
            character[size] = (char)byte;
        }
        const char *next = character;
        const uint32_t decoded = utf8_decode(&next, character + size);
        if (decoded == UINT32_MAX || next != character + size)
            return false;
        const uint32_t code = map_character(decoded);
        dotted = code == '.';
        if (code == REFUSED)
            return false;
        if (dotted) {
            if (!end_label(&label, out))
                return false;
            continue;
        }
        if (label.count == LABEL_MOST)
            return false;
        label.codes[label.count++] = code;
        label.ascii &= code < 0x80;
    }
    return dotted ? out->length > 0 : end_label(&label, out);
}

/* The same for what nearly all names are, lower-case or capital ASCII; false: look closer, it may
 * still be a name. */
static bool read_ascii_name(const char *bytes, size_t length, host_text *out)
{
    uint32_t label = 0;
    if (length > HOST_MOST)
        return false;
    for (size_t i = 0; i < length; i++) {
        const char byte = ascii_lower(bytes[i]);
        if (byte == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
                   byte == '_') {
            if (++label > LABEL_MOST)
                return false;
        } else {
            return false;
        }
        out->text[i] = byte;
    }
    out->length = (uint32_t)length - (label == 0);
    out->form = HOST_NAME;
    return true;
}

/* ---- numeric hosts --------------------------------------------------------------------------- */

/* "10", "0x0a", "012"; cut at 2^33, which is past every bound. */
static bool read_ipv4_number(const char *text, uint32_t length, uint64_t *out)
{
    unsigned base = 10;
    if (length >= 2 && text[0] == '0' && text[1] == 'x') {
        base = 16;
        text += 2;
        length -= 2;
    } else if (length >= 2 && text[0] == '0') {
        base = 8;
    } else if (length == 0) {
        return false;
    }
    uint64_t value = 0;
    for (uint32_t i = 0; i < length; i++) {
        const int digit = hex_digit(text[i]);
        if (digit < 0 || (unsigned)digit >= base)
            return false;
        value = value * base + (unsigned)digit;
        if (value > UINT64_C(1) << 33)
            value = UINT64_C(1) << 33;
    }
    *out = value;
    return true;
}

/* The last label decides, as in WHATWG URL: all digits, or a number of any base. */
static bool looks_numeric(const host_text *host)
{
    uint32_t start = host->length;
    while (start > 0 && host->text[start - 1] != '.')
        start--;
    if (host->text[start] < '0' || host->text[start] > '9')
        return false;
    uint64_t value;
    uint32_t digits = start;
    while (digits < host->length && host->text[digits] >= '0' && host->text[digits] <= '9')
        digits++;
    return digits == host->length ||
           read_ipv4_number(host->text + start, host->length - start, &value);
}

static void set_address(host_text *out, const uint8_t address[16])
{
    char text[ADDRESS_MOST];
    out->length = ip_show(address, text);
    memcpy(out->text, text, out->length);
    out->form = ip_is_v4(address) ? HOST_IPV4 : HOST_IPV6;
}

/* One to four numbers; the last one fills all bytes that are left. */
static bool read_ipv4_host(host_text *host)
{
    uint64_t address = 0, number = 0;
    uint32_t start = 0;
    for (unsigned part = 0; part < 4; part++) {
        const char *const dot = memchr(host->text + start, '.', host->length - start);
        const uint32_t end = dot ? (uint32_t)(dot - host->text) : host->length;
        if (!read_ipv4_number(host->text + start, end - start, &number))
            return false;
        if (!dot) {
            if (number >> (8 * (4 - part)))
                return false;
            address |= number;
            const uint8_t bytes[4] = {(uint8_t)(address >> 24), (uint8_t)(address >> 16),
                                      (uint8_t)(address >> 8), (uint8_t)address};
            uint8_t mapped[16];
            ipv4_map(bytes, mapped);
            set_address(host, mapped);
            return true;
        }
        if (number > 255)
            return false;
        address |= number << (24 - 8 * part);
        start = end + 1;
    }
    return false;
}

bool host_canonical(const char *bytes, size_t length, bool percent, host_text *out)
{
    if (length == 0)
        return false;
    const bool bracketed = bytes[0] == '[';
    if (bracketed || memchr(bytes, ':', length)) {
        uint8_t address[16];
        if (bracketed && (length < 2 || bytes[length - 1] != ']'))
            return false;
        if (!ipv6_parse(bytes + bracketed, length - 2u * bracketed, address))
            return false;
        set_address(out, address);
        return true;
    }
    if (!read_ascii_name(bytes, length, out) && !read_name(bytes, length, percent, out))
        return false;
    return !looks_numeric(out) || read_ipv4_host(out);
}

bool host_parse(const char *bytes, size_t length, arena *memory, cst_value *out, bool *no_memory)
{
    host_text host;
    return host_canonical(bytes, length, false, &host) &&
           identity_text(CST_KIND_HOST, bytes, length, host.text, host.length, memory, out,
                         no_memory);
}

static bool is_address(const char *host, size_t length)
{
    uint8_t address[4];
    return memchr(host, ':', length) || ipv4_parse(host, length, address);
}

/* Both canonical. A host is inside itself; addresses are inside nothing else. */
bool host_is_inside(const char *host, size_t host_length, const char *parent, size_t parent_length)
{
    if (host_length < parent_length || parent_length == 0)
        return false;
    const size_t more = host_length - parent_length;
    if (memcmp(host + more, parent, parent_length) != 0)
        return false;
    return more == 0 || (host[more - 1] == '.' && !is_address(host, host_length));
}

/*
 * identity_ip.c - IP addresses and networks.
 *
 * Canonical: IPv4 in dotted decimal, IPv6 as RFC 5952 writes it (lower-case, the longest run of
 * zero groups cut, the first of equals), and an IPv4-mapped address as its IPv4, because it reaches
 * the same machine. Refused: leading zeros and short forms ("010.1", "127.1", read as octal or
 * filled up by some programs and not by others), zones ("fe80::1%eth0"), brackets. URLs, where
 * browsers do read such forms, resolve them in identity_host.c.
 */
#include <string.h>

#include "runtime/identity_private.h"

bool ipv4_parse(const char *bytes, size_t length, uint8_t out[4])
{
    size_t i = 0;
    for (int part = 0; part < 4; part++) {
        if (part > 0 && (i == length || bytes[i++] != '.'))
            return false;
        const size_t start = i;
        unsigned value = 0;
        for (; i < length && i - start < 3 && bytes[i] >= '0' && bytes[i] <= '9'; i++)
            value = value * 10 + (unsigned)(bytes[i] - '0');
        if (i == start || value > 255 || (bytes[start] == '0' && i - start > 1))
            return false;
        out[part] = (uint8_t)value;
    }
    return i == length;
}

void ipv4_map(const uint8_t address[4], uint8_t out[16])
{
    memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    memcpy(out + 12, address, 4);
}

bool ip_is_v4(const uint8_t address[16])
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(address, prefix, sizeof prefix) == 0;
}

/* One group of up to four hex digits; -1 if there is none. */
static int read_group(const char *bytes, size_t length, size_t *next)
{
    int value = 0;
    const size_t start = *next;
    for (; *next < length && *next - start < 4; (*next)++) {
        const int digit = hex_digit(bytes[*next]);
        if (digit < 0)
            break;
        value = value << 4 | digit;
    }
    return *next == start ? -1 : value;
}

bool ipv6_parse(const char *bytes, size_t length, uint8_t out[16])
{
    uint8_t groups[16] = {0};
    int used = 0, gap = -1; /* bytes written; where "::" stands */
    size_t i = 0;
    if (length >= 2 && bytes[0] == ':' && bytes[1] == ':') {
        gap = 0;
        i = 2;
    }
    while (i < length) {
        if (used == 16)
            return false;
        const size_t start = i;
        const int value = read_group(bytes, length, &i);
        if (value < 0)
            return false;
        if (i < length && bytes[i] == '.') {
            if (used > 12 || !ipv4_parse(bytes + start, length - start, groups + used))
                return false;
            used += 4;
            break;
        }
        groups[used++] = (uint8_t)(value >> 8);
        groups[used++] = (uint8_t)value;
        if (i == length)
            break;
        if (bytes[i++] != ':' || i == length)
            return false;
        if (bytes[i] == ':') {
            if (gap >= 0)
                return false;
            gap = used;
            i++;
        }
    }
    if (gap < 0 ? used != 16 : used > 14)
        return false;
    memset(out, 0, 16);
    const int before = gap < 0 ? 16 : gap;
    memcpy(out, groups, (size_t)before);
    memcpy(out + 16 - (used - before), groups + before, (size_t)(used - before));
    return true;
}

static uint32_t show_number(char *out, unsigned value, unsigned base)
{
    static const char digits[] = "0123456789abcdef";
    char reversed[5];
    uint32_t count = 0;
    do
        reversed[count++] = digits[value % base];
    while ((value /= base) != 0);
    for (uint32_t i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    return count;
}

uint32_t ip_show(const uint8_t address[16], char out[ADDRESS_MOST])
{
    uint32_t length = 0;
    if (ip_is_v4(address)) {
        for (int i = 12; i < 16; i++) {
            if (i > 12)
                out[length++] = '.';
            length += show_number(out + length, address[i], 10);
        }
        return length;
    }
    unsigned groups[8];
    for (int i = 0; i < 8; i++)
        groups[i] = (unsigned)address[2 * i] << 8 | address[2 * i + 1];
    int gap = -1, longest = 1; /* a single zero group is not cut */
    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && groups[i + run] == 0)
            run++;
        if (run > longest) {
            longest = run;
            gap = i;
        }
    }
    for (int i = 0; i < 8; i++) {
        if (i == gap) {
            out[length++] = ':';
            out[length++] = ':';
            i += longest - 1;
            continue;
        }
        if (i > 0 && out[length - 1] != ':')
            out[length++] = ':';
        length += show_number(out + length, groups[i], 16);
    }
    return length;
}

static bool any_address(const char *bytes, size_t length, uint8_t out[16])
{
    uint8_t short_form[4];
    if (ipv4_parse(bytes, length, short_form)) {
        ipv4_map(short_form, out);
        return true;
    }
    return ipv6_parse(bytes, length, out);
}

bool ip_parse(const char *bytes, size_t length, arena *memory, cst_value *out, bool *no_memory)
{
    uint8_t address[16];
    char text[ADDRESS_MOST];
    if (!any_address(bytes, length, address))
        return false;
    const uint32_t shown = ip_show(address, text);
    cst_ip_parts *const parts = arena_allocate(memory, sizeof *parts);
    if (!parts) {
        *no_memory = true;
        return false;
    }
    memcpy(parts->bytes, address, 16);
    out->parts = parts;
    return identity_text(CST_KIND_IP, bytes, length, text, shown, memory, out, no_memory);
}

/* The whole network that the address lies in, where bits behind the prefix are set. */
bool network_parse(const char *text, size_t length, cst_network *out)
{
    const char *const slash = length ? memchr(text, '/', length) : NULL;
    const size_t size = slash ? (size_t)(slash - text) : length;
    uint8_t short_form[4];
    const bool is_v4 = ipv4_parse(text, size, short_form);
    if (!any_address(text, size, out->low))
        return false;
    const unsigned most = is_v4 ? 32 : 128;
    unsigned prefix = most;
    if (slash) {
        const char *next = slash + 1, *const end = text + length;
        if (next == end || end - next > 3 || (*next == '0' && end - next > 1))
            return false;
        prefix = 0;
        for (; next < end; next++) {
            if (*next < '0' || *next > '9')
                return false;
            prefix = prefix * 10 + (unsigned)(*next - '0');
        }
        if (prefix > most)
            return false;
    }
    prefix += 128 - most;
    for (unsigned i = 0; i < 16; i++) {
        const unsigned kept = prefix >= 8 * (i + 1) ? 8 : prefix <= 8 * i ? 0 : prefix - 8 * i;
        const uint8_t rest = (uint8_t)(0xffu >> kept);
        out->low[i] = (uint8_t)(out->low[i] & ~rest);
        out->high[i] = (uint8_t)(out->low[i] | rest);
    }
    return true;
}

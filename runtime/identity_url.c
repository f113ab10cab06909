/*
 * identity_url.c - absolute URLs, read as browsers read them (WHATWG URL), so that the host a rule
 * sees is the host that is reached.
 *
 * Canonical: scheme://host[:port]/path[?query].
 * - Scheme and host in lower-case; the host as identity_host.c has it, IPv6 in brackets.
 * - User-info is dropped: it is no part of where a request goes. It ends at the last '@' before the
 *   path.
 * - The scheme's own port is dropped. The fragment is dropped: it is never sent.
 * - http, https, ws, wss, ftp, file: '\' is '/', and any number of slashes may stand behind the
 *   colon. Path segments "." and ".." are resolved, also written %2e; an empty path is "/".
 * - %XX of letters, digits and -._~ is decoded, other %XX are in capitals; spaces, quotes,
 *   backslashes and all that is not ASCII are encoded; '%' alone is %25.
 * - Other schemes with "//" are treated alike, but for '\' and the slashes; without "//"
 *   ("mailto:…", "data:…") there is no host, and the rest is the path.
 * Refused: no scheme, control characters (browsers remove tabs and line ends, other programs do
 * not), spaces outside of path and query or at the end, an invalid host or port, and
 * http://a\@b: browsers reach a, programs that read RFC 3986 reach b.
 */
#include <string.h>

#include "runtime/identity_private.h"

typedef struct scheme_row {
    const char *name;
    uint16_t port;
} scheme_row;

static const scheme_row special_schemes[] = {
    {"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}, {"ftp", 21}, {"file", 0},
};

typedef struct url_reader {
    const char *next, *end; /* of the input, without its fragment */
    char *out;              /* canonical text; room for all of it */
    uint32_t used;
    const scheme_row *special;
    bool is_file;
    cst_url_parts parts;
} url_reader;

static bool read_scheme(url_reader *url)
{
    const char *const start = url->next;
    for (; url->next < url->end && *url->next != ':'; url->next++) {
        const char lower = ascii_lower(*url->next);
        const bool letter = lower >= 'a' && lower <= 'z';
        if (!letter && (url->next == start || !((lower >= '0' && lower <= '9') || lower == '+' ||
                                                lower == '-' || lower == '.')))
            return false;
        url->out[url->used++] = lower;
    }
    if (url->next == url->end || url->next == start)
        return false;
    url->next++;
    url->parts.scheme_end = url->used;
    for (size_t i = 0; i < sizeof special_schemes / sizeof special_schemes[0]; i++)
        if (strlen(special_schemes[i].name) == url->used &&
            memcmp(special_schemes[i].name, url->out, url->used) == 0)
            url->special = &special_schemes[i];
    url->is_file = url->special && url->special->port == 0;
    url->out[url->used++] = ':';
    return true;
}

static bool is_slash(const url_reader *url, char byte)
{
    return byte == '/' || (byte == '\\' && url->special);
}

/* Passes the slashes before a host; false if there is no host to follow. */
static bool pass_slashes(url_reader *url)
{
    uint32_t count = 0;
    const char *next = url->next;
    const bool all = url->special && !url->is_file;
    while (next < url->end && is_slash(url, *next) && (all || count < 2)) {
        next++;
        count++;
    }
    if (!all && count < 2)
        return false;
    url->next = next;
    return true;
}

static bool read_port(url_reader *url, const char *from, const char *to)
{
    uint32_t port = 0;
    for (; from < to; from++) {
        if (*from < '0' || *from > '9')
            return false;
        port = port * 10 + (uint32_t)(*from - '0');
        if (port > 65535)
            return false;
    }
    url->parts.port = port;
    return true;
}

static void write_port(url_reader *url)
{
    char digits[5];
    uint32_t count = 0;
    for (uint32_t port = url->parts.port; count == 0 || port > 0; port /= 10)
        digits[count++] = (char)('0' + port % 10);
    url->out[url->used++] = ':';
    while (count > 0)
        url->out[url->used++] = digits[--count];
}

static bool write_host(url_reader *url, const char *from, const char *to)
{
    host_text host;
    host.length = 0;
    host.form = HOST_NAME;
    if (from < to && *from != '[' && memchr(from, ':', (size_t)(to - from)))
        return false;
    if (from < to && !host_canonical(from, (size_t)(to - from), true, &host))
        return false;
    if (from == to && url->special && !url->is_file)
        return false;
    if (url->is_file && host.length == 9 && memcmp(host.text, "localhost", 9) == 0)
        host.length = 0;
    const bool brackets = host.length > 0 && host.form == HOST_IPV6;
    if (brackets)
        url->out[url->used++] = '[';
    url->parts.host_start = url->used;
    memcpy(url->out + url->used, host.text, host.length);
    url->used += host.length;
    url->parts.host_end = url->used;
    if (brackets)
        url->out[url->used++] = ']';
    return true;
}

/* Where '\' ends the host for some and is user-info for others: a '@' stands behind it, before what
 * ends it for all. */
static bool names_two_hosts(const char *from, const char *end)
{
    for (; from < end && *from != '/' && *from != '?'; from++)
        if (*from == '@')
            return true;
    return false;
}

/* [user-info@]host[:port] */
static bool read_authority(url_reader *url)
{
    const char *host = url->next, *end = url->next;
    for (; end < url->end && !is_slash(url, *end) && *end != '?'; end++)
        if (*end == '@')
            host = end + 1;
    if (end < url->end && *end == '\\' && names_two_hosts(end, url->end))
        return false;
    const char *colon = NULL;
    for (const char *next = host; next < end; next++) {
        if (*next == ' ')
            return false;
        if (*next == ':')
            colon = next;
        else if (*next == ']')
            colon = NULL;
    }
    const bool bracketed = host < end && *host == '[';
    if (bracketed && colon && colon[-1] != ']')
        return false;
    url->out[url->used++] = '/';
    url->out[url->used++] = '/';
    url->next = end;
    if (!write_host(url, host, colon ? colon : end))
        return false;
    const bool no_host = url->parts.host_start == url->parts.host_end;
    const bool ported = colon && colon + 1 < end;
    if (ported && (no_host || url->is_file || !read_port(url, colon + 1, end)))
        return false;
    const uint32_t own = url->special ? url->special->port : 0;
    if (!ported)
        url->parts.port = own;
    else if (!own || url->parts.port != own)
        write_port(url);
    return true;
}

static bool is_unreserved(char byte)
{
    const char lower = ascii_lower(byte);
    return (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || byte == '-' ||
           byte == '.' || byte == '_' || byte == '~';
}

static void write_encoded(url_reader *url, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    url->out[url->used++] = '%';
    url->out[url->used++] = digits[byte >> 4];
    url->out[url->used++] = digits[byte & 15];
}

/* Printable ASCII that stands as it is: all but space and "%<>\^`{|}. One bit a byte. */
static bool is_plain(unsigned char byte)
{
    static const uint64_t plain[2] = {UINT64_C(0xafffffda00000000), UINT64_C(0x47fffffeafffffff)};
    return byte < 0x80 && (plain[byte >> 6] >> (byte & 63) & 1);
}

/* One character of path or query in its normal form. */
static void copy_character(url_reader *url)
{
    const char byte = *url->next++;
    if (is_plain((unsigned char)byte)) {
        url->out[url->used++] = byte;
        return;
    }
    if (byte == '%' && url->end - url->next >= 2) {
        const int high = hex_digit(url->next[0]), low = hex_digit(url->next[1]);
        if (high >= 0 && low >= 0) {
            const char meant = (char)(high << 4 | low);
            url->next += 2;
            if (is_unreserved(meant))
                url->out[url->used++] = meant;
            else
                write_encoded(url, (unsigned char)meant);
            return;
        }
    }
    write_encoded(url, (unsigned char)byte);
}

/* Segments one by one; dots are looked at after decoding. `floor` is where the path's first slash
 * stands. */
static void read_segments(url_reader *url)
{
    const uint32_t floor = url->used;
    bool more = true;
    if (url->next < url->end && is_slash(url, *url->next))
        url->next++;
    while (more) {
        url->out[url->used++] = '/';
        const uint32_t segment = url->used;
        while (url->next < url->end && *url->next != '?' && !is_slash(url, *url->next))
            copy_character(url);
        more = url->next < url->end && *url->next != '?';
        if (more)
            url->next++;
        const uint32_t size = url->used - segment;
        const bool here = size == 1 && url->out[segment] == '.';
        const bool up = size == 2 && url->out[segment] == '.' && url->out[segment + 1] == '.';
        if (!here && !up)
            continue;
        url->used = segment - 1; /* the slash too */
        if (up && url->used > floor) {
            do
                url->used--;
            while (url->out[url->used] != '/');
        }
        if (!more)
            url->out[url->used++] = '/';
    }
}

static void read_path(url_reader *url, bool has_authority)
{
    url->parts.path_start = url->used;
    const bool rooted = url->next < url->end && is_slash(url, *url->next);
    if (url->special || rooted) {
        read_segments(url);
        /* Without a host "//" must not come to stand where one would. */
        if (!has_authority && url->used - url->parts.path_start >= 2 &&
            url->out[url->parts.path_start + 1] == '/') {
            memmove(url->out + url->parts.path_start + 2, url->out + url->parts.path_start,
                    url->used - url->parts.path_start);
            memcpy(url->out + url->parts.path_start, "/.", 2);
            url->used += 2;
        }
    } else {
        while (url->next < url->end && *url->next != '?')
            copy_character(url);
    }
    url->parts.path_end = url->used;
}

static void read_query(url_reader *url)
{
    url->parts.query_start = url->parts.query_end = url->used;
    if (url->next == url->end)
        return;
    url->next++;
    url->out[url->used++] = '?';
    url->parts.query_start = url->used;
    while (url->next < url->end)
        copy_character(url);
    url->parts.query_end = url->used;
}

static bool read_url(url_reader *url)
{
    if (!read_scheme(url))
        return false;
    const bool has_authority = pass_slashes(url);
    if (has_authority) {
        if (!read_authority(url))
            return false;
    } else if (url->is_file) {
        url->out[url->used++] = '/';
        url->out[url->used++] = '/';
        url->parts.host_start = url->parts.host_end = url->used;
    } else {
        url->parts.host_start = url->parts.host_end = url->used;
    }
    read_path(url, has_authority || url->is_file);
    read_query(url);
    return true;
}

bool url_parse(const char *bytes, size_t length, arena *memory, cst_value *out, bool *no_memory)
{
    if (length == 0 || length > UINT32_MAX / 4 || bytes[length - 1] == ' ')
        return false;
    size_t encoded = 0; /* bytes that may become %XX */
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
            return false;
        encoded += !is_plain((unsigned char)bytes[i]);
    }
    const char *const fragment = memchr(bytes, '#', length);
    /* Slashes, a root, "/." and a host whose punycode is longer come on top. */
    const size_t room = length + 2 * encoded + HOST_MOST + 16;
    char *const text = arena_allocate(memory, room);
    cst_url_parts *const parts = text ? arena_allocate(memory, sizeof *parts) : NULL;
    if (!parts) {
        *no_memory = true;
        return false;
    }
    url_reader url = {.next = bytes, .end = fragment ? fragment : bytes + length, .out = text};
    if (!read_url(&url))
        return false;
    *parts = url.parts;
    memset(out, 0, sizeof *out);
    out->kind = CST_KIND_URL;
    out->as.text = text;
    out->parts = parts;
    out->length = url.used;
    out->at = UINT32_MAX;
    out->raw_length = (uint32_t)length;
    return true;
}

/*
 * identity_email.c - e-mail addresses: LOCAL@HOST and nothing around it.
 *
 * Canonical: all in lower-case. RFC 5321 leaves the case of the local part to the receiving host,
 * but no host in use tells two people apart by it, and a rule that names ann@example.com means
 * Ann@Example.com too. The domain is a host name as identity_host.c has it. Plus tags and dots are
 * kept: what they mean differs from host to host.
 *
 * Refused, because programs read them in different ways or because no mail goes there: display
 * names ("Ann <ann@example.com>"), comments, quoted local parts, spaces, address literals
 * ("ann@[1.2.3.4]") and numeric domains, a dot at the end of the domain, local parts that are not
 * ASCII, more than 64 bytes before the '@' or 254 in all.
 */
#include <string.h>

#include "runtime/identity_private.h"

#define LOCAL_MOST 64u
#define EMAIL_MOST 254u

/* RFC 5322's atext in lower-case, one bit a byte. */
static bool is_local(char lower)
{
    static const uint64_t allowed[2] = {UINT64_C(0xa3ffacfa00000000), UINT64_C(0x7fffffffc0000000)};
    const unsigned char byte = (unsigned char)lower;
    return byte < 0x80 && (allowed[byte >> 6] >> (byte & 63) & 1);
}

bool email_parse(const char *bytes, size_t length, arena *memory, cst_value *out, bool *no_memory)
{
    const char *const sign = length ? memchr(bytes, '@', length) : NULL;
    if (!sign || sign == bytes || sign - bytes > (ptrdiff_t)LOCAL_MOST)
        return false;
    const size_t local = (size_t)(sign - bytes), rest = length - local - 1;
    char text[LOCAL_MOST + 1 + HOST_MOST];
    for (size_t i = 0; i < local; i++) {
        text[i] = ascii_lower(bytes[i]);
        const bool dot = bytes[i] == '.' && i > 0 && i + 1 < local && bytes[i - 1] != '.';
        if (!dot && !is_local(text[i]))
            return false;
    }
    host_text host;
    if (rest == 0 || sign[1] == '[' || bytes[length - 1] == '.' ||
        !host_canonical(sign + 1, rest, false, &host) || host.form != HOST_NAME)
        return false;
    const size_t total = local + 1 + host.length;
    if (total > EMAIL_MOST)
        return false;
    text[local] = '@';
    memcpy(text + local + 1, host.text, host.length);
    cst_email_parts *const parts = arena_allocate(memory, sizeof *parts);
    if (!parts) {
        *no_memory = true;
        return false;
    }
    parts->at_sign = (uint32_t)local;
    out->parts = parts;
    return identity_text(CST_KIND_EMAIL, bytes, length, text, total, memory, out, no_memory);
}

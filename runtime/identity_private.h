/*
 * identity_private.h - what the files identity_*.c share. One parser a type, each in a file of its
 * own.
 */
#ifndef CONSTITUTION_RUNTIME_IDENTITY_PRIVATE_H
#define CONSTITUTION_RUNTIME_IDENTITY_PRIVATE_H

#include "runtime/identity.h"

bool email_parse(const char *bytes, size_t length, arena *memory, cst_value *out, bool *no_memory);
bool url_parse(const char *bytes, size_t length, arena *memory, cst_value *out, bool *no_memory);
bool host_parse(const char *bytes, size_t length, arena *memory, cst_value *out, bool *no_memory);
bool path_parse(const char *bytes, size_t length, arena *memory, cst_value *out, bool *no_memory);
bool ip_parse(const char *bytes, size_t length, arena *memory, cst_value *out, bool *no_memory);

/* Sets kind and text: the input's own bytes where they are canonical already, else a copy. */
bool identity_text(cst_kind kind, const char *bytes, size_t length, const char *canonical,
                   size_t canonical_length, arena *memory, cst_value *out, bool *no_memory);

#define HOST_MOST 253u /* bytes of a host name (RFC 1035) */

typedef enum host_form { HOST_NAME, HOST_IPV4, HOST_IPV6 } host_form;

typedef struct host_text {
    char text[HOST_MOST + 3];
    uint32_t length;
    host_form form;
} host_text;

/* A host as host_parse has it; `percent`: %XX is decoded first, as in a URL. */
bool host_canonical(const char *bytes, size_t length, bool percent, host_text *out);

#define ADDRESS_MOST 40u /* the longest IPv6 text, and a NUL */

/* Strict: "1.2.3.4" without leading zeros; RFC 4291 texts without a zone. IPv4 is written as
 * ::ffff:a.b.c.d. */
bool ipv4_parse(const char *bytes, size_t length, uint8_t out[4]);
bool ipv6_parse(const char *bytes, size_t length, uint8_t out[16]);
void ipv4_map(const uint8_t address[4], uint8_t out[16]);
bool ip_is_v4(const uint8_t address[16]);
/* RFC 5952; an IPv4-mapped address as its IPv4. Gives the length. */
uint32_t ip_show(const uint8_t address[16], char out[ADDRESS_MOST]);

/* RFC 3339 in UTC, with as many fraction digits as needed. */
void time_show(buffer *out, int64_t microseconds);
void duration_show(buffer *out, int64_t microseconds);

static inline char ascii_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

static inline int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    const char lower = ascii_lower(byte);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

#endif

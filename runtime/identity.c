/*
 * identity.c - one door to the typed texts, and the parts of their values.
 *
 * The parsers are in identity_{email,url,host,path,ip}.c, each with its canonical form written
 * above it. The table of properties below is the only place that knows which part a kind has, what
 * it is called, and of what kind it is.
 */
#include "runtime/identity.h"

#include <string.h>

#include "runtime/identity_private.h"

bool identity_text(cst_kind kind, const char *bytes, size_t length, const char *canonical,
                   size_t canonical_length, arena *memory, cst_value *out, bool *no_memory)
{
    const void *const parts = out->parts;
    const char *text = bytes;
    if (canonical_length != length || memcmp(bytes, canonical, length) != 0) {
        text = arena_copy(memory, canonical, canonical_length);
        if (!text) {
            *no_memory = true;
            return false;
        }
    }
    memset(out, 0, sizeof *out);
    out->kind = (uint8_t)kind;
    out->as.text = text;
    out->parts = parts;
    out->length = (uint32_t)canonical_length;
    out->at = UINT32_MAX;
    out->raw_length = (uint32_t)length;
    return true;
}

static bool parse(cst_kind kind, const char *bytes, size_t length, arena *memory, cst_value *out,
                  bool *no_memory)
{
    bool read = false;
    switch (kind) {
    case CST_KIND_STRING:
    case CST_KIND_AGENT:
    case CST_KIND_COMMAND:
        out->as.text = bytes;
        out->length = (uint32_t)length;
        read = true;
        break;
    case CST_KIND_TIME: read = time_parse(bytes, length, &out->as.integer); break;
    case CST_KIND_DURATION: read = duration_parse(bytes, length, &out->as.integer); break;
    case CST_KIND_EMAIL: return email_parse(bytes, length, memory, out, no_memory);
    case CST_KIND_URL: return url_parse(bytes, length, memory, out, no_memory);
    case CST_KIND_HOST: return host_parse(bytes, length, memory, out, no_memory);
    case CST_KIND_PATH: return path_parse(bytes, length, memory, out, no_memory);
    case CST_KIND_IP: return ip_parse(bytes, length, memory, out, no_memory);
    default: return false;
    }
    out->kind = (uint8_t)kind;
    out->at = UINT32_MAX;
    out->raw_length = (uint32_t)length;
    return read;
}

bool identity_parse(cst_kind kind, const char *bytes, size_t length, arena *memory, cst_value *out,
                    bool *no_memory)
{
    memset(out, 0, sizeof *out);
    *no_memory = false;
    if (length <= UINT32_MAX && parse(kind, length ? bytes : "", length, memory, out, no_memory))
        return true;
    memset(out, 0, sizeof *out);
    return false;
}

/* ---- parts ----------------------------------------------------------------------------------- */

typedef struct property_row {
    const char *name;
    uint8_t of, kind; /* cst_kind */
} property_row;

static const property_row properties[CST_PROPERTY_COUNT] = {
    [CST_PROPERTY_EMAIL_LOCAL] = {"local", CST_KIND_EMAIL, CST_KIND_STRING},
    [CST_PROPERTY_EMAIL_DOMAIN] = {"domain", CST_KIND_EMAIL, CST_KIND_HOST},
    [CST_PROPERTY_URL_SCHEME] = {"scheme", CST_KIND_URL, CST_KIND_STRING},
    [CST_PROPERTY_URL_HOST] = {"host", CST_KIND_URL, CST_KIND_HOST},
    [CST_PROPERTY_URL_PORT] = {"port", CST_KIND_URL, CST_KIND_INT},
    [CST_PROPERTY_URL_PATH] = {"path", CST_KIND_URL, CST_KIND_STRING},
    [CST_PROPERTY_URL_QUERY] = {"query", CST_KIND_URL, CST_KIND_STRING},
    [CST_PROPERTY_COMMAND_PROGRAMS] = {"programs", CST_KIND_COMMAND, CST_KIND_STRING},
    [CST_PROPERTY_COMMAND_READS] = {"reads", CST_KIND_COMMAND, CST_KIND_PATH},
    [CST_PROPERTY_COMMAND_WRITES] = {"writes", CST_KIND_COMMAND, CST_KIND_PATH},
    [CST_PROPERTY_COMMAND_CONNECTS] = {"connects", CST_KIND_COMMAND, CST_KIND_HOST},
    [CST_PROPERTY_TIME_HOUR] = {"hour", CST_KIND_TIME, CST_KIND_INT},
    [CST_PROPERTY_TIME_WEEKDAY] = {"weekday", CST_KIND_TIME, CST_KIND_ENUM},
};

cst_kind property_kind(cst_property property)
{
    return (unsigned)property < CST_PROPERTY_COUNT ? (cst_kind)properties[property].kind
                                                   : CST_KIND_ABSENT;
}

cst_property property_find(cst_kind kind, const char *name, size_t length)
{
    for (unsigned i = 0; i < CST_PROPERTY_COUNT; i++)
        if (properties[i].of == kind && strlen(properties[i].name) == length &&
            memcmp(properties[i].name, name, length) == 0)
            return (cst_property)i;
    return CST_PROPERTY_COUNT;
}

static void set_text(const cst_value *value, uint32_t start, uint32_t end, cst_value *out)
{
    out->as.text = value->as.text + start;
    out->length = out->raw_length = end - start;
}

#define HOUR_US INT64_C(3600000000)

static int64_t time_part(int64_t microseconds, cst_property property)
{
    int64_t days = microseconds / (24 * HOUR_US), rest = microseconds % (24 * HOUR_US);
    if (rest < 0) {
        rest += 24 * HOUR_US;
        days--;
    }
    /* 1970-01-01 was a Thursday. */
    return property == CST_PROPERTY_TIME_HOUR ? rest / HOUR_US : ((days % 7) + 10) % 7;
}

/* A URL without a host has an empty one, and port 0 if neither it nor its scheme names one. */
void value_part(const cst_value *value, cst_property property, cst_value *out)
{
    cst_value part = {0};
    if ((unsigned)property >= CST_PROPERTY_COUNT || value->kind != properties[property].of ||
        value->kind == CST_KIND_COMMAND) {
        *out = part;
        return;
    }
    const cst_email_parts *const email = value->parts;
    const cst_url_parts *const url = value->parts;
    part.kind = properties[property].kind;
    part.at = value->at;
    part.at_length = value->at_length;
    switch (property) {
    case CST_PROPERTY_EMAIL_LOCAL: set_text(value, 0, email->at_sign, &part); break;
    case CST_PROPERTY_EMAIL_DOMAIN:
        set_text(value, email->at_sign + 1, value->length, &part);
        break;
    case CST_PROPERTY_URL_SCHEME: set_text(value, 0, url->scheme_end, &part); break;
    case CST_PROPERTY_URL_HOST: set_text(value, url->host_start, url->host_end, &part); break;
    case CST_PROPERTY_URL_PORT: part.as.integer = url->port; break;
    case CST_PROPERTY_URL_PATH: set_text(value, url->path_start, url->path_end, &part); break;
    case CST_PROPERTY_URL_QUERY: set_text(value, url->query_start, url->query_end, &part); break;
    default: part.as.integer = time_part(value->as.integer, property);
    }
    *out = part;
}

/*
 * value.h - what a field of an event is, once it has been read.
 *
 * One flat struct serves every type, so that native code reaches any part with one load at a fixed
 * offset and a zeroed struct is "absent" and safe to read: no text, no elements, number 0. Native
 * code, the reference evaluator and the event reader all agree on this layout; it is part of
 * CST_ABI_VERSION.
 *
 * Identity types are kept in canonical form: comparing two of them is comparing their text. Where
 * their parts are needed (`.domain`, `.host`), `parts` holds the offsets that parsing found.
 *
 * Layer 1. Ownership: text, items and parts point into the event, the context's arena or the
 * policy's image; a value owns nothing.
 */
#ifndef CONSTITUTION_RUNTIME_VALUE_H
#define CONSTITUTION_RUNTIME_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* The kind of a value, also the kind of a type (cst_type_row). The numbers are ABI. */
typedef enum cst_kind {
    /* not in the event; or, only inside open data, JSON's null is CST_KIND_NULL */
    CST_KIND_ABSENT = 0,
    CST_KIND_BOOL = 1,     /* as.integer: 0 or 1 */
    CST_KIND_INT = 2,      /* as.integer */
    CST_KIND_DECIMAL = 3,  /* as.integer, in millionths */
    CST_KIND_FLOAT = 4,    /* as.number, finite */
    CST_KIND_STRING = 5,   /* as.text, length bytes of UTF-8 */
    CST_KIND_TIME = 6,     /* as.integer, microseconds since 1970-01-01T00:00:00Z */
    CST_KIND_DURATION = 7, /* as.integer, microseconds */
    CST_KIND_ENUM = 8,     /* as.integer: index of the value in its enum; as.text is not set */
    CST_KIND_AGENT = 9,    /* as.text: the name; with `agents` declared, one of them */
    CST_KIND_EMAIL = 10,   /* as.text: canonical; parts: cst_email_parts */
    CST_KIND_URL = 11,     /* as.text: canonical; parts: cst_url_parts */
    CST_KIND_HOST = 12,    /* as.text: canonical; the type of a.domain and u.host */
    CST_KIND_PATH = 13,    /* as.text: canonical, see identity.h */
    CST_KIND_IP = 14,      /* as.text: canonical; parts: cst_ip_parts */
    /* as.integer: tool number, 0 is `unknown`; parts: the name in the event, length bytes */
    CST_KIND_TOOL = 15,
    CST_KIND_LIST = 16,   /* as.items, length elements, all of the type's element type */
    CST_KIND_RECORD = 17, /* as.items, one per field of the record type, in declared order */
    /* as a type: open data. As a value: see cst_json in json.h, parts points to it */
    CST_KIND_JSON = 18,
    CST_KIND_NULL = 19, /* only inside open data */
    /* as.text: a shell line as it stands; taken apart when a condition asks, see command/command.h
     */
    CST_KIND_COMMAND = 20,
    CST_KIND_COUNT = 21
} cst_kind;

/* Values of these kinds are texts: as.text, compared by their canonical bytes. */
static inline bool kind_has_text(uint32_t kind)
{
    switch (kind) {
    case CST_KIND_STRING:
    case CST_KIND_AGENT:
    case CST_KIND_EMAIL:
    case CST_KIND_URL:
    case CST_KIND_HOST:
    case CST_KIND_PATH:
    case CST_KIND_IP:
    case CST_KIND_COMMAND: return true;
    default: return false;
    }
}

/* Values of these kinds are as.integer, compared as numbers. */
static inline bool kind_has_integer(uint32_t kind)
{
    switch (kind) {
    case CST_KIND_BOOL:
    case CST_KIND_INT:
    case CST_KIND_DECIMAL:
    case CST_KIND_TIME:
    case CST_KIND_DURATION:
    case CST_KIND_ENUM:
    case CST_KIND_TOOL: return true;
    default: return false;
    }
}

typedef struct cst_value {
    union {
        int64_t integer;
        double number;
        const char *text;
        const struct cst_value *items;
    } as;
    const void *parts; /* parsed parts of identity types; see the kinds */
    uint32_t length;   /* bytes of text, or number of elements */
    /* this text among the policy's constants, 1-based; 0: none of them, or not asked */
    uint32_t symbol;
    /* where the value's JSON text starts in the event; UINT32_MAX: not from JSON */
    uint32_t at;
    uint32_t at_length; /* bytes of that JSON text */
    /* bytes of the decoded string before it was made canonical: the span's end */
    uint32_t raw_length;
    uint8_t kind;  /* cst_kind */
    uint8_t cover; /* of a path that a command names: cst_path_cover */
    uint8_t unused[2];
} cst_value;

_Static_assert(sizeof(cst_value) == 40, "cst_value is ABI");

/* What a path in .reads or .writes of a command stands for, beside itself. */
enum cst_path_cover {
    PATH_COVERS = 1,  /* something at or below it */
    PATH_OF_HOME = 2, /* begins with `~`: below somebody's home */
    PATH_PATTERN = 4  /* not itself: some of what is below, by a pattern of names */
};

typedef struct cst_email_parts {
    uint32_t at_sign; /* offset of '@' in the canonical text */
} cst_email_parts;

/* Offsets into the canonical text; a part that is missing has start == end. */
typedef struct cst_url_parts {
    uint32_t scheme_end; /* scheme is [0, scheme_end) */
    uint32_t host_start, host_end;
    uint32_t path_start, path_end;
    uint32_t query_start, query_end; /* without the '?' */
    uint32_t port;                   /* given, or the scheme's own; 0 if neither */
} cst_url_parts;

/* IPv4 is kept as ::ffff:a.b.c.d so that one comparison serves both. */
typedef struct cst_ip_parts {
    uint8_t bytes[16];
} cst_ip_parts;

/* Derived parts that a condition can name after a dot. */
typedef enum cst_property {
    CST_PROPERTY_EMAIL_LOCAL = 0,
    CST_PROPERTY_EMAIL_DOMAIN = 1,
    CST_PROPERTY_URL_SCHEME = 2,
    CST_PROPERTY_URL_HOST = 3,
    CST_PROPERTY_URL_PORT = 4,
    CST_PROPERTY_URL_PATH = 5,
    CST_PROPERTY_URL_QUERY = 6,
    CST_PROPERTY_TIME_HOUR = 7,        /* 0 to 23, UTC */
    CST_PROPERTY_TIME_WEEKDAY = 8,     /* enum weekday, monday is 0 */
    CST_PROPERTY_COMMAND_PROGRAMS = 9, /* these four are lists: EXPRESSION_FACTS, never `part` */
    CST_PROPERTY_COMMAND_READS = 10,
    CST_PROPERTY_COMMAND_WRITES = 11,
    CST_PROPERTY_COMMAND_CONNECTS = 12,
    CST_PROPERTY_COUNT = 13
} cst_property;

/*
 * Truth, as generated code passes it: false is 0, true is UINT32_MAX, and everything between is
 * "undecided" and names its reason: row TRUTH_REASON(t) of the image's table of sites. So `and` is
 * min, `or` is max, and the reason that is reported does not depend on the order of evaluation.
 */
typedef uint32_t cst_truth;
#define CST_FALSE           ((cst_truth)0)
#define CST_TRUE            ((cst_truth)UINT32_MAX)
#define CST_UNDECIDED(site) ((cst_truth)(site) + 1u)
#define CST_IS_UNDECIDED(t) ((t) != CST_FALSE && (t) != CST_TRUE)
#define CST_SITE(t)         ((uint32_t)(t) - 1u)

static inline cst_truth cst_truth_not(cst_truth t)
{
    return CST_IS_UNDECIDED(t) ? t : ~t;
}

static inline cst_truth cst_truth_and(cst_truth a, cst_truth b)
{
    return a < b ? a : b;
}

static inline cst_truth cst_truth_or(cst_truth a, cst_truth b)
{
    return a > b ? a : b;
}

#endif

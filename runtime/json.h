/*
 * json.h - a strict JSON reader (RFC 8259) over untrusted bytes, and open data as a tree.
 *
 * Two uses of one tokenizer: the event reader (event.c) pulls tokens and follows the field table,
 * skipping what the policy does not read; everything else (tools files, chat formats, open fields,
 * canonical form) builds the tree below. Strict means: UTF-8 only, no lone surrogates, no duplicate
 * members, no NUL by accident of length, no trailing text, numbers as RFC 8259 has them, nesting
 * and member counts bounded; each refusal names its place as a byte offset and a JSON pointer.
 *
 * Layer 1. Not thread-safe: one reader a thread.
 */
#ifndef CONSTITUTION_RUNTIME_JSON_H
#define CONSTITUTION_RUNTIME_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/base/buffer.h"
#include "runtime/limits.h"

typedef enum json_error {
    JSON_OK = 0,
    JSON_SYNTAX,    /* not JSON */
    JSON_ENCODING,  /* not UTF-8, or a lone surrogate */
    JSON_DUPLICATE, /* a member twice in one object */
    JSON_DEPTH,     /* nested past the bound */
    JSON_MEMBERS,   /* more members in one object than the bound */
    JSON_MEMORY     /* the arena answered NULL */
} json_error;

/* "json", "encoding", "duplicate", "depth", "members", "memory" */
const char *json_error_code(json_error error);
const char *json_error_text(json_error error); /* an English sentence */

typedef enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_LIST,
    JSON_OBJECT
} json_kind;

/* Open data. Lives in the arena (texts without escapes point into the input). */
typedef struct cst_json {
    json_kind kind;
    bool boolean;
    uint32_t at, at_length; /* bytes of its JSON text in the input */
    const char *text;       /* STRING decoded; NUMBER as written; not NUL-terminated */
    uint32_t length;        /* bytes of text; items of LIST and OBJECT */
    struct cst_json *items;
    struct json_key *keys; /* OBJECT: one for each item, in the order of the input */
} cst_json;

typedef struct json_key {
    const char *text; /* decoded */
    uint32_t length;
    uint32_t at; /* offset of its opening quote in the input */
} json_key;

typedef struct json_problem {
    json_error error;
    uint32_t at; /* byte offset */
    /* JSON pointer of the value that held the problem; arena memory, "" for the whole */
    const char *pointer;
} json_problem;

/* Reads one whole JSON text (white space around it allowed) of at most UINT32_MAX bytes. */
json_error json_read(arena *arena, const char *bytes, size_t length, uint32_t depth, cst_json **out,
                     json_problem *problem);
/* The member of an object, or NULL (also for what is no object). */
const cst_json *json_member(const cst_json *object, const char *name);
bool json_text_is(const cst_json *string, const char *text);

/* RFC 8785: sorted members (UTF-16 order), shortest numbers, minimal escapes. False: a number that
 * no IEEE double holds (then its digits are written normalised: never two different numbers to one
 * text). */
bool json_write_canonical(buffer *out, const cst_json *value);

/* ---- the tokenizer ------------------------------------------------------------------------------
 * */

typedef enum json_token {
    JSON_TOKEN_OBJECT,
    JSON_TOKEN_OBJECT_END,
    JSON_TOKEN_LIST,
    JSON_TOKEN_LIST_END,
    JSON_TOKEN_KEY,
    JSON_TOKEN_STRING,
    JSON_TOKEN_NUMBER,
    JSON_TOKEN_TRUE,
    JSON_TOKEN_FALSE,
    JSON_TOKEN_NULL,
    JSON_TOKEN_END,
    JSON_TOKEN_ERROR
} json_token;

/* A key of an object that is still open; json.c's own. */
typedef struct json_seen {
    uint64_t tag;     /* its first and last bytes, mixed: equal keys have equal tags */
    const char *text; /* decoded */
    uint32_t length;
    uint32_t at; /* offset of its opening quote */
} json_seen;

#define JSON_SEEN_SPACE 32 /* keys of open objects that need no memory from the arena */

/* Not to be copied or moved while in use. json_scan_begin writes only what it must: the two arrays
 * at the end stay as they are. */
typedef struct json_scanner {
    const char *start, *end; /* the input */
    /* end, or further where the input is padded: bytes up to here may be loaded */
    const char *readable;
    const char *next; /* first byte not read */
    arena *arena;     /* for strings with escapes, and keys of large objects */
    uint32_t depth, depth_limit;
    json_error error; /* after JSON_TOKEN_ERROR; the first one stays */
    uint32_t error_at;
    /* the token */
    uint32_t at, at_length; /* its bytes in the input, quotes included */
    const char *text;       /* KEY and STRING: decoded; NUMBER: as written */
    uint32_t length;
    /* json.c's own */
    bool pending;    /* a value must come next */
    bool fresh;      /* an object or list was opened: no comma before its first item */
    json_seen *seen; /* keys of all open objects, innermost last */
    uint32_t seen_count, seen_capacity;
    uint32_t seen_first; /* where those of the innermost open object start */
    json_seen seen_space[JSON_SEEN_SPACE];
    uint8_t state[LIMIT_JSON_SCANNER_DEPTH]; /* '{' or '[', a level each */
} json_scanner;

/* depth_limit: levels of nesting; more than LIMIT_JSON_SCANNER_DEPTH, or 0, mean that many. The
 * faster interface for readers that know what they want is in json_scan.h; both can be mixed. */
void json_scan_begin(json_scanner *scanner, const char *bytes, size_t length, arena *arena,
                     uint32_t depth_limit);
/* The next token. Checks grammar, encoding, depth and duplicate members. After a KEY comes its
 * value. */
json_token json_scan(json_scanner *scanner);
/* Reads over the value that comes next, checking it in full. False after an error. */
bool json_skip(json_scanner *scanner);
/* Builds the tree of the value that comes next. NULL after an error. */
cst_json *json_scan_tree(json_scanner *scanner);
/* After an error: the JSON pointer of the value that held it, in arena memory; "" for the whole or
 * if that is full. */
const char *json_scan_pointer(const json_scanner *scanner);

#endif

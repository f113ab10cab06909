/*
 * sse.h - server-sent events, read as they come.
 *
 * The format is that of the WHATWG: lines that end in \n, \r or \r\n, fields `event`, `data`, `id`
 * and `retry`, comments, a blank line behind each event, perhaps a byte order mark before the
 * first. Bytes come in any pieces, and the same bytes give the same events however they are cut.
 * Two things differ from a browser, which loses data quietly: an event that is not over when the
 * stream ends is an error (SSE_CUT), and so is one that is longer than LIMIT_SSE_EVENT_BYTES
 * (SSE_TOO_LONG). After an error nothing more is read.
 *
 * What `data` holds is not looked at, not even whether it is UTF-8: that is for who reads it
 * (reply.h). `id` and `retry` are for connections that begin again, and are passed over.
 *
 * Layer 4 of the runtime. Not thread-safe: one reader a thread.
 */
#ifndef CONSTITUTION_RUNTIME_ADAPTERS_SSE_H
#define CONSTITUTION_RUNTIME_ADAPTERS_SSE_H

#include "runtime/base/buffer.h"

typedef enum sse_status {
    SSE_GOOD,
    SSE_STOPPED,  /* the receiver said so */
    SSE_TOO_LONG, /* one event is longer than the bound */
    SSE_CUT,      /* the stream ended within an event */
    SSE_NO_MEMORY
} sse_status;

/* Lives until the callback returns. Not NUL-terminated. */
typedef struct sse_event {
    /* of the field `event`; length 0: it has none, which is called "message" elsewhere */
    const char *name;
    size_t name_length;
    const char *data; /* lines joined by \n */
    size_t length;
} sse_event;

/* False stops the reader for good. */
typedef bool (*sse_event_fn)(void *user, const sse_event *event);

typedef struct sse_place { /* where an event begins */
    uint64_t event, line;  /* 1-based */
    uint64_t byte;         /* 0-based */
} sse_place;

typedef struct sse_reader {
    buffer line, name, data;
    sse_event_fn emit;
    void *user;
    size_t bound;
    uint64_t bytes, lines; /* read so far */
    sse_place place;       /* of the event in hand */
    sse_status status;
    bool begun; /* some line of the event was read */
    bool has_data;
    bool after_return; /* a \n that comes next belongs to the \r before */
} sse_reader;

/* `allocator` may be NULL. */
void sse_init(sse_reader *reader, const cst_allocator *allocator, sse_event_fn emit, void *user);
sse_status sse_feed(sse_reader *reader, const char *bytes, size_t length);
/* Nothing more comes. */
sse_status sse_end(sse_reader *reader);
void sse_free(sse_reader *reader);

#endif

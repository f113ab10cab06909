/*
 * reply.h - a reply of a chat model as it is streamed: text to feed to a stream, tool calls as
 * events.
 *
 * Reads the server-sent events of OpenAI's chat completions and responses interfaces and of
 * Anthropic's messages interface, in any pieces. Text is handed out as it comes. All text of one
 * reply is one output, in its order, also where a tool call stands between. A call is handed out
 * once it is complete, as the `action` event that conversation.h makes of it; arguments that are no
 * JSON object come as an event with an error there.
 *
 * What the model thinks is left out, as it is in recorded conversations. Everything else that is
 * not understood is a problem of the whole reply: data that is not JSON, a member of another type
 * than it has, half a surrogate pair, a kind of event, block or item that is not known, a second
 * choice, a piece for a call that was never begun, an error of the provider, an end before the
 * reply is over. Then reply_problem names it with its place, nothing more is handed out, and
 * whoever feeds a stream must deny the reply.
 *
 * Memory is bounded: LIMIT_SSE_EVENT_BYTES, LIMIT_REPLY_CALLS, LIMIT_REPLY_CALL_BYTES. Layer 4 of
 * the runtime. Not thread-safe: one reader a thread.
 */
#ifndef CONSTITUTION_RUNTIME_ADAPTERS_REPLY_H
#define CONSTITUTION_RUNTIME_ADAPTERS_REPLY_H

#include "runtime/adapters/conversation.h"
#include "runtime/adapters/sse.h"

/* False stops the reader for good, without a problem. */
typedef bool (*reply_text_fn)(void *user, const char *bytes, size_t length);

typedef enum call_kind {
    CALL_OBJECT, /* arguments are JSON */
    CALL_TEXT    /* a tool that takes free text: its one argument is `input` */
} call_kind;

typedef struct reply_call { /* a call that is not complete */
    uint32_t number;        /* `index` or `output_index` */
    call_kind kind;
    bool has_id, has_tool;
    buffer id, tool, arguments;
} reply_call;

typedef struct reply_block { /* Anthropic: the block that is open */
    bool open;
    uint32_t number;
    enum { BLOCK_TEXT, BLOCK_CALL, BLOCK_THOUGHT } kind;
} reply_block;

typedef struct reply_reader {
    sse_reader events;
    arena arena; /* of the event in hand */
    cst_allocator allocator;
    conversation_reader conversation; /* makes the events of calls */
    const char *session;
    reply_text_fn text;
    void *user;
    reply_call *calls; /* those with a number below call_count are in use, or were */
    uint32_t call_count, call_room;
    reply_block block;
    bool finished; /* the reply is over; only figures may follow */
    bool closed;   /* and after this nothing may */
    bool no_memory;
    conversation_event problem;
} reply_reader;

/* `session` is what the events say, and `records` is as in conversation_reader, for every event;
 * both are the caller's. */
void reply_init(reply_reader *reply, conversation_format format, const char *session,
                const char *records, const cst_allocator *allocator, reply_text_fn text,
                conversation_event_fn call, void *user);
/* CST_OK also with a problem; CST_NO_MEMORY. */
cst_status reply_feed(reply_reader *reply, const char *bytes, size_t length);
cst_status reply_end(reply_reader *reply);
/* NULL, or why the reply must be denied: error_code, error_at (a JSON pointer into the data of the
 * event) and error_text with the place in the stream. Lives as long as the reader. */
const conversation_event *reply_problem(const reply_reader *reply);
void reply_free(reply_reader *reply);

/* ---- shared by reply.c and its formats ------------------------------------------------------- */

/* All answer false: a problem was noted, memory is short, or the receiver said so. */
bool reply_openai(reply_reader *reply, const sse_event *event);
bool reply_anthropic(reply_reader *reply, const sse_event *event);

bool reply_fail(reply_reader *reply, const char *code, const char *at, const char *text);
/* The data as a JSON object. */
bool reply_object(reply_reader *reply, const sse_event *event, const cst_json **out);
/* A member that is a string, or (*out NULL) absent or null; and one that is a whole number. `at` is
 * the pointer of `object`. */
bool reply_string(reply_reader *reply, const cst_json *object, const char *at, const char *name,
                  const cst_json **out);
bool reply_number(reply_reader *reply, const cst_json *object, const char *at, const char *name,
                  uint32_t *out);
/* The event is called as its data says, or not at all. */
bool reply_named(reply_reader *reply, const sse_event *event, const cst_json *type);
/* The provider says that something went wrong: a problem with its words. */
bool reply_provider(reply_reader *reply, const cst_json *error, const char *at);
bool reply_unknown(reply_reader *reply, const cst_json *type, const char *at, const char *what);
bool reply_is(const cst_json *type, const char *const *names, uint32_t count);
bool reply_say(reply_reader *reply, const cst_json *text, const char *at); /* NULL: nothing */

reply_call *reply_call_find(reply_reader *reply, uint32_t number); /* NULL: none is open */
/* NULL: as false */
reply_call *reply_call_open(reply_reader *reply, uint32_t number, call_kind kind);
bool reply_call_name(reply_reader *reply, reply_call *call, const cst_json *id,
                     const cst_json *tool, const char *at);
bool reply_call_add(reply_reader *reply, reply_call *call, const cst_json *piece, const char *at);
/* Hands the call out, and forgets it. */
bool reply_call_end(reply_reader *reply, reply_call *call);
bool reply_calls_end(reply_reader *reply); /* all of them, in the order of their beginning */

#endif

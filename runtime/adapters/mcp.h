/*
 * mcp.h - the messages of the Model Context Protocol, read as events.
 *
 * A line is a message of JSON-RPC 2.0, a batch of them, or either with the side that it came from:
 * {"from":"client","message":…}. Both sides may stand in one stream. Tool calls become actions,
 * answers results, and what a server wants a model to write becomes an input and an output; see
 * docs/formats.md. Ids match answers to what was asked, so one reader reads the whole stream.
 *
 * Whoever stands between the two sides is told when a message is over: which events it was, and so
 * what has to be done with it. mcp_answer_write says what.
 *
 * Layer 4 of the runtime. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_ADAPTERS_MCP_H
#define CONSTITUTION_RUNTIME_ADAPTERS_MCP_H

#include "runtime/adapters/conversation.h"
#include "runtime/adapters/mcp_open.h"

typedef enum mcp_form { MCP_BROKEN, MCP_REQUEST, MCP_NOTIFICATION, MCP_RESPONSE } mcp_form;

typedef struct mcp_message {
    mcp_form form;
    mcp_what what;  /* of a request, or of what is answered */
    const char *id; /* as JSON; NULL if it has none */
    uint32_t id_length;
    const cst_json *whole; /* NULL: the line is no JSON */
    const char *input;     /* that its places point into */
    const cst_json *only;  /* of an answer: the one string that its text is, or NULL */
    uint32_t index, count; /* in its batch; count 0: in none */
} mcp_message;

/* A message is over. False: it was kept from the other side, so nobody will answer it. */
typedef bool (*mcp_message_fn)(void *user, const mcp_message *message);

typedef struct mcp_reader {
    conversation_reader events;
    mcp_table open;
    mcp_message_fn done; /* may be NULL */
    void *user;
    mcp_side side; /* of the line in hand */
    mcp_message message;
    mcp_open *asked; /* the entry that the message in hand made */
    bool full;       /* it could not make one */
} mcp_reader;

/* `emit` gets the events of a message before `done` is told; both get `user`. `records` of
 * reader->events as for conversations. */
void mcp_init(mcp_reader *reader, const cst_allocator *allocator, conversation_event_fn emit,
              mcp_message_fn done, void *user);
/* one line: CST_NO_MEMORY, or CST_OK */
cst_status mcp_read(mcp_reader *reader, const char *bytes, size_t length);
void mcp_free(mcp_reader *reader);

/* ---- the way back ---------------------------------------------------------------------------- */

typedef struct mcp_outcome { /* what was decided on the events of a message, together */
    uint32_t events;
    cst_verdict verdict; /* the strictest */
    const char *reason;
    size_t reason_length;
    const char *args, *text, *value; /* what a redaction left; NULL: as it came */
    size_t args_length, text_length, value_length;
} mcp_outcome;

/*
 * What to do with the message, as one JSON object: {"pass":true}, {"pass":MESSAGE} (changed),
 * {"answer":MESSAGE} (it does not go on: this goes back), or {"drop":true}; with "decision" before
 * it if there were events. True: the message, or what it was changed to, goes on.
 */
bool mcp_answer_write(buffer *out, const mcp_message *message, const mcp_outcome *outcome);

#endif

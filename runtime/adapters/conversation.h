/*
 * conversation.h - recorded conversations of a chat model, read as events.
 *
 * Each adapter turns one conversation, as it stands on the wire of its provider, into event objects
 * of docs/formats.md, one JSON text each, in their order. The text is what cst_decide_json takes,
 * so an adapted event meets exactly the checks that any event meets; the adapter itself decides
 * nothing.
 *
 * What cannot be understood is never left out silently, since an action that is not seen is not
 * stopped: it is handed out as an event with an `error_code`, which its receiver must deny. What is
 * left out on purpose: the model's reasoning, and parts that are no text (images, sound).
 *
 * conversation.c holds what the providers share; openai.c and anthropic.c each read one of them,
 * and claude_hook.c reads what an agent tells its hooks. mcp.h reads a protocol of two sides with
 * the same helpers.
 *
 * Layer 4 of the runtime. Not thread-safe: one reader a thread.
 */
#ifndef CONSTITUTION_RUNTIME_ADAPTERS_CONVERSATION_H
#define CONSTITUTION_RUNTIME_ADAPTERS_CONVERSATION_H

#include "runtime/base/buffer.h"
#include "runtime/json.h"

/* Messages stand a few levels deep in a conversation: events within may still use their whole
 * depth. */
enum { CONVERSATION_DEPTH = LIMIT_JSON_DEPTH + 8 };

typedef enum conversation_format {
    CONVERSATION_OPENAI,
    CONVERSATION_ANTHROPIC,
    CONVERSATION_CLAUDE_HOOK /* one input of a hook of Claude Code: see claude_hook.h */
} conversation_format;

/* One event. Everything lives until the callback returns; texts are not NUL-terminated unless said.
 */
typedef struct conversation_event {
    const char *json; /* the event object; with error_code: an object without `stage`, or of a
                         system prompt without its text, which any reader denies */
    size_t length;
    /* error_code is that of a system prompt: its session has to learn that it is not known */
    bool is_system;
    bool has_stage;
    cst_stage stage;
    const char *session;
    uint32_t session_length;
    const char *id; /* NULL if the event has none */
    uint32_t id_length;
    const char *tool; /* NULL if the event has none */
    uint32_t tool_length;
    const char
        *error_code;      /* NULL, or why no event could be made: NUL-terminated, as in decisions */
    const char *error_at; /* JSON pointer, into the event where there is a stage, else into the
                             conversation */
    const char *error_text;
} conversation_event;

/* False stops the conversation: conversation_read answers CST_OK at once. */
typedef bool (*conversation_event_fn)(void *user, const conversation_event *event);

typedef struct conversation_call { /* a tool call, by its id, for the result that will name it */
    const char *id;
    const char *tool;
    const char *arguments; /* JSON text; NULL if they could not be read */
    uint32_t id_length, tool_length, arguments_length;
    uint32_t open; /* calls with this id that wait for their results */
    bool mixed;    /* those are of different tools: the id alone does not tell whose result it is */
} conversation_call;

typedef struct conversation_reader {
    arena arena; /* of the document in hand */
    buffer event;
    conversation_format format;
    const char *
        records; /* `"user":{…},` for the first event of each conversation, or NULL; the caller's */
    conversation_event_fn emit;
    void *user;
    uint64_t count;    /* conversations read */
    const char *input; /* the document in hand: the places of its values point into it */
    /* the conversation in hand */
    const char *session;
    uint32_t session_length;
    bool first; /* no event of it was handed out */
    bool stopped;
    conversation_call *calls; /* open addressing by id */
    uint32_t call_count, call_capacity;
    conversation_event current;
    const struct claude_hook *hook; /* CONVERSATION_CLAUDE_HOOK: what was read */
} conversation_reader;

void conversation_init(conversation_reader *conversation, conversation_format format,
                       const cst_allocator *allocator, conversation_event_fn emit, void *user);
/*
 * Reads one JSON text: a conversation, or a list of conversations. Text that is no conversation is
 * handed out as one event with an error. CST_NO_MEMORY, or CST_OK.
 */
cst_status conversation_read(conversation_reader *conversation, const char *bytes, size_t length);
void conversation_free(conversation_reader *conversation);

/* ---- shared by the adapters ------------------------------------------------------------------ */

/* One conversation. All of the functions below answer false to stop: memory is short, or the
 * receiver said so. */
bool openai_read(conversation_reader *conversation, const cst_json *whole);
bool anthropic_read(conversation_reader *conversation, const cst_json *whole);

/* An event: begin, members, end. `conversation_end` hands it out. */
void conversation_begin(conversation_reader *conversation, cst_stage stage);
void conversation_id(conversation_reader *conversation,
                     const cst_json *id); /* nothing if it is no string */
void conversation_tool(conversation_reader *conversation, const char *tool, uint32_t length);
void conversation_member_text(conversation_reader *conversation, const char *name, const char *text,
                              size_t length);
void conversation_member_json(conversation_reader *conversation, const char *name, const char *json,
                              size_t length);
bool conversation_end(conversation_reader *conversation);
/* Ends the event that was begun, or one that never was, as an error. */
bool conversation_fail(conversation_reader *conversation, const char *code, const char *at,
                       const char *text);

/* Text events that need no more than their text. */
bool conversation_say(conversation_reader *conversation, cst_stage stage, const char *text,
                      size_t length);
/* The words of a system prompt (of a string or of parts) as an event of the stage `system`; none
 * without words. It brings no records: they wait for the first event that rules see. */
bool conversation_instruct(conversation_reader *conversation, const cst_json *content);
/* An action. `arguments` is JSON text that has not been read yet (strict), or with `trusted` a part
 * of the document. */
bool conversation_act(conversation_reader *conversation, const cst_json *id, const cst_json *name,
                      const char *arguments, size_t length, bool trusted);
/* A result. `name` may be NULL; the call with this id knows better. */
bool conversation_answer(conversation_reader *conversation, const cst_json *id,
                         const cst_json *name, const char *text, size_t length);

/* A result that is itself a JSON object or list is also the `value` of the event. */
bool conversation_value(conversation_reader *conversation, const char *text, size_t length);

/* The text of a string, or of a list of parts: those with a string `text` (or `refusal`), with
 * `between` (NULL: nothing) between them. What a model wrote in several parts is one text, as the
 * providers' own libraries join it; the parts that a person or a tool gave are texts of their own.
 */
bool conversation_text(conversation_reader *conversation, const cst_json *content,
                       const char *between, const char **text, size_t *length);
/* Whether conversation_text loses no words of it: a string, null, or a list of strings and of parts
 * whose `text` and `refusal` are strings. Parts of other kinds (images, files) have no words. */
bool conversation_is_text(const cst_json *content);
/* The JSON text of a part of the document, on one line. */
const char *conversation_source(conversation_reader *conversation, const cst_json *value,
                                size_t *length);
const cst_json *conversation_string(const cst_json *object,
                                    const char *name); /* a member that is a string, or NULL */
/* How many bytes of a string a message shows: whole characters. */
int conversation_shown(const cst_json *value);
/* An error about what the document holds at `at` (a printf format): "value" means a word that is
 * not known. */
bool conversation_unknown(conversation_reader *conversation, const cst_json *value,
                          const char *what);

#endif

/*
 * reply.c - what the readers of streamed replies share: see reply.h.
 *
 * A problem ends the reading: what a broken stream says behind its fault cannot be trusted to mean
 * what it says. The texts of a problem are put together where it is found, with the place in the
 * stream, since the places of the data alone say nothing about which of a thousand events it was.
 */
#include "runtime/adapters/reply.h"

#include <string.h>

enum { EVENT_DEPTH = LIMIT_JSON_DEPTH + 8, FIRST_CALLS = 4 };

static bool on_event(void *user, const sse_event *event)
{
    reply_reader *const reply = user;
    arena_reset(&reply->arena);
    if (reply->closed)
        return reply_fail(reply, "value", "", "something follows the end of the reply");
    return reply->conversation.format == CONVERSATION_OPENAI ? reply_openai(reply, event)
                                                             : reply_anthropic(reply, event);
}

void reply_init(reply_reader *reply, conversation_format format, const char *session,
                const char *records, const cst_allocator *allocator, reply_text_fn text,
                conversation_event_fn call, void *user)
{
    memset(reply, 0, sizeof *reply);
    sse_init(&reply->events, allocator, on_event, reply);
    arena_init(&reply->arena, allocator, 0);
    reply->allocator = allocator_or_default(allocator);
    conversation_init(&reply->conversation, format, allocator, call, user);
    reply->conversation.records = records;
    reply->session = session;
    reply->text = text;
    reply->user = user;
}

static void call_free(reply_call *call)
{
    buffer_free(&call->id);
    buffer_free(&call->tool);
    buffer_free(&call->arguments);
}

void reply_free(reply_reader *reply)
{
    for (uint32_t i = 0; i < reply->call_count; i++)
        call_free(&reply->calls[i]);
    if (reply->calls)
        reply->allocator.release(reply->allocator.user, reply->calls,
                                 reply->call_room * sizeof *reply->calls);
    conversation_free(&reply->conversation);
    arena_free(&reply->arena);
    sse_free(&reply->events);
}

/* ---- problems -------------------------------------------------------------------------------- */

bool reply_fail(reply_reader *reply, const char *code, const char *at, const char *text)
{
    const sse_place *const place = &reply->events.place;
    conversation_event *const problem = &reply->problem;
    if (problem->error_code)
        return false;
    const char *const whole = arena_format(
        &reply->arena, "event %llu (line %llu, byte %llu): %s", (unsigned long long)place->event,
        (unsigned long long)place->line, (unsigned long long)place->byte, text);
    *problem = (conversation_event){.has_stage = true,
                                    .stage = CST_OUTPUT,
                                    .session = reply->session,
                                    .session_length = (uint32_t)strlen(reply->session),
                                    .error_code = code,
                                    .error_at = at,
                                    .error_text = whole ? whole : text};
    return false;
}

const conversation_event *reply_problem(const reply_reader *reply)
{
    return reply->problem.error_code ? &reply->problem : NULL;
}

static bool memory_short(reply_reader *reply)
{
    reply->no_memory = true;
    return false;
}

/* A pointer to a member; the problem's own text lives as long as the arena, which is not reset any
 * more. */
static bool member_fail(reply_reader *reply, const char *code, const char *at, const char *name,
                        const char *text)
{
    const char *const pointer = arena_format(&reply->arena, "%s/%s", at, name);
    return pointer ? reply_fail(reply, code, pointer, text) : memory_short(reply);
}

/* The beginning of a text, in whole characters. */
static uint32_t shown_length(const cst_json *text, uint32_t most)
{
    if (!text || text->kind != JSON_STRING)
        return 0;
    uint32_t length = text->length < most ? text->length : most;
    while (length > 0 && length < text->length &&
           ((unsigned char)text->text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

bool reply_unknown(reply_reader *reply, const cst_json *type, const char *at, const char *what)
{
    const uint32_t shown = shown_length(type, 60);
    const char *const text =
        shown == 0 ? arena_format(&reply->arena, "%s could not be understood", what)
                   : arena_format(&reply->arena, "%s is called \"%.*s\", which is not known here",
                                  what, (int)shown, type->text);
    return text ? reply_fail(reply, "value", at, text) : memory_short(reply);
}

bool reply_provider(reply_reader *reply, const cst_json *error, const char *at)
{
    const cst_json *const said = conversation_string(error, "message");
    const uint32_t shown = shown_length(said, 200);
    const char *const text =
        shown ? arena_format(&reply->arena, "the provider reports an error: %.*s", (int)shown,
                             said->text)
              : "the provider reports an error";
    return text ? reply_fail(reply, "provider", at, text) : memory_short(reply);
}

/* ---- reading --------------------------------------------------------------------------------- */

bool reply_object(reply_reader *reply, const sse_event *event, const cst_json **out)
{
    cst_json *tree;
    json_problem problem;
    const json_error error =
        json_read(&reply->arena, event->data, event->length, EVENT_DEPTH, &tree, &problem);
    if (error == JSON_MEMORY)
        return memory_short(reply);
    if (error != JSON_OK)
        return reply_fail(reply, json_error_code(error), problem.pointer ? problem.pointer : "",
                          json_error_text(error));
    if (tree->kind != JSON_OBJECT)
        return reply_fail(reply, "type", "", "a JSON object was expected");
    *out = tree;
    return true;
}

bool reply_string(reply_reader *reply, const cst_json *object, const char *at, const char *name,
                  const cst_json **out)
{
    const cst_json *const member = json_member(object, name);
    *out = NULL;
    if (!member || member->kind == JSON_NULL)
        return true;
    if (member->kind != JSON_STRING)
        return member_fail(reply, "type", at, name, "a string was expected");
    *out = member;
    return true;
}

bool reply_number(reply_reader *reply, const cst_json *object, const char *at, const char *name,
                  uint32_t *out)
{
    const cst_json *const member = json_member(object, name);
    if (!member || member->kind == JSON_NULL)
        return member_fail(reply, "missing", at, name, "a whole number was expected");
    uint32_t number = 0;
    bool good = member->kind == JSON_NUMBER && member->length < 9;
    for (uint32_t i = 0; good && i < member->length; i++) {
        good = member->text[i] >= '0' && member->text[i] <= '9';
        number = number * 10 + (uint32_t)(member->text[i] - '0');
    }
    *out = number;
    return good || member_fail(reply, "type", at, name, "a whole number was expected");
}

bool reply_is(const cst_json *type, const char *const *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (json_text_is(type, names[i]))
            return true;
    return false;
}

bool reply_named(reply_reader *reply, const sse_event *event, const cst_json *type)
{
    if (event->name_length == 0 ||
        (event->name_length == type->length && memcmp(event->name, type->text, type->length) == 0))
        return true;
    return reply_fail(reply, "value", "/type", "the event is not called as its data says");
}

bool reply_say(reply_reader *reply, const cst_json *text, const char *at)
{
    if (!text || text->length == 0)
        return true;
    if (reply->finished)
        return reply_fail(reply, "value", at, "text follows the end of the reply");
    return reply->text(reply->user, text->text, text->length);
}

/* ---- calls ----------------------------------------------------------------------------------- */

reply_call *reply_call_find(reply_reader *reply, uint32_t number)
{
    for (uint32_t i = reply->call_count; i > 0; i--)
        if (reply->calls[i - 1].number == number)
            return &reply->calls[i - 1];
    return NULL;
}

static bool calls_grow(reply_reader *reply)
{
    const uint32_t room = reply->call_room ? reply->call_room * 2 : FIRST_CALLS;
    reply_call *const more = reply->allocator.allocate(reply->allocator.user, room * sizeof *more);
    if (!more)
        return false;
    if (reply->calls) {
        memcpy(more, reply->calls, reply->call_count * sizeof *more);
        reply->allocator.release(reply->allocator.user, reply->calls,
                                 reply->call_room * sizeof *more);
    }
    reply->calls = more;
    reply->call_room = room;
    return true;
}

reply_call *reply_call_open(reply_reader *reply, uint32_t number, call_kind kind)
{
    if (reply->finished) {
        reply_fail(reply, "value", "", "a tool call follows the end of the reply");
        return NULL;
    }
    if (reply->call_count == LIMIT_REPLY_CALLS) {
        reply_fail(reply, "limit", "", "too many tool calls are open together");
        return NULL;
    }
    if (reply->call_count == reply->call_room && !calls_grow(reply)) {
        memory_short(reply);
        return NULL;
    }
    reply_call *const call = &reply->calls[reply->call_count++];
    memset(call, 0, sizeof *call);
    call->number = number;
    call->kind = kind;
    buffer_init(&call->id, &reply->allocator, 0);
    buffer_init(&call->tool, &reply->allocator, 0);
    buffer_init(&call->arguments, &reply->allocator, 0);
    return call;
}

/* Names come once; a server may say them again, but not others: whose arguments would they be? */
static bool name_set(reply_reader *reply, buffer *name, bool *has, const cst_json *text,
                     const char *at, const char *what)
{
    if (!text)
        return true;
    if (*has) {
        if (name->length == text->length &&
            (text->length == 0 || memcmp(name->bytes, text->text, text->length) == 0))
            return true;
        return reply_fail(reply, "duplicate", at, what);
    }
    *has = true;
    buffer_add(name, text->text, text->length);
    return name->failed ? memory_short(reply) : true;
}

bool reply_call_name(reply_reader *reply, reply_call *call, const cst_json *id,
                     const cst_json *tool, const char *at)
{
    return name_set(reply, &call->id, &call->has_id, id, at, "a tool call has two ids") &&
           name_set(reply, &call->tool, &call->has_tool, tool, at, "a tool call names two tools");
}

bool reply_call_add(reply_reader *reply, reply_call *call, const cst_json *piece, const char *at)
{
    if (!piece)
        return true;
    if (piece->length > LIMIT_REPLY_CALL_BYTES - call->arguments.length)
        return reply_fail(reply, "limit", at, "the arguments of a tool call are too long");
    buffer_add(&call->arguments, piece->text, piece->length);
    return call->arguments.failed ? memory_short(reply) : true;
}

static cst_json string_of(const buffer *text)
{
    return (cst_json){.kind = JSON_STRING,
                      .text = text->length ? text->bytes : "",
                      .length = (uint32_t)text->length};
}

static bool call_emit(reply_reader *reply, const reply_call *call)
{
    conversation_reader *const conversation = &reply->conversation;
    const cst_json id = string_of(&call->id), tool = string_of(&call->tool);
    const char *arguments = call->arguments.length ? call->arguments.bytes : "";
    size_t length = call->arguments.length;
    buffer wrapped;
    /* what conversation.c keeps of a call is for its result, which is no part of a reply */
    arena_reset(&conversation->arena);
    conversation->calls = NULL;
    conversation->call_count = conversation->call_capacity = 0;
    conversation->session = reply->session;
    conversation->session_length = (uint32_t)strlen(reply->session);
    conversation->first = true;
    buffer_init(&wrapped, &reply->allocator, 0);
    if (call->kind == CALL_TEXT) {
        buffer_text(&wrapped, "{\"input\":");
        buffer_json_string(&wrapped, arguments, length);
        buffer_text(&wrapped, "}");
        arguments = wrapped.bytes;
        length = wrapped.length;
    }
    const bool good = !wrapped.failed &&
                      conversation_act(conversation, call->has_id ? &id : NULL,
                                       call->has_tool ? &tool : NULL, arguments, length, false);
    buffer_free(&wrapped);
    return good || (conversation->stopped ? false : memory_short(reply));
}

bool reply_call_end(reply_reader *reply, reply_call *call)
{
    const bool good = call_emit(reply, call);
    const uint32_t place = (uint32_t)(call - reply->calls);
    call_free(call);
    reply->call_count--;
    memmove(call, call + 1, (reply->call_count - place) * sizeof *call);
    return good;
}

bool reply_calls_end(reply_reader *reply)
{
    while (reply->call_count > 0)
        if (!reply_call_end(reply, &reply->calls[0]))
            return false;
    return true;
}

/* ---- the stream ------------------------------------------------------------------------------ */

static cst_status answer(reply_reader *reply, sse_status status)
{
    if (reply->problem.error_code)
        return CST_OK;
    if (reply->no_memory || status == SSE_NO_MEMORY)
        return CST_NO_MEMORY;
    if (status == SSE_TOO_LONG)
        reply_fail(reply, "limit", "", "the event is too long");
    if (status == SSE_CUT)
        reply_fail(reply, "cut", "", "the stream ends within an event");
    return CST_OK;
}

cst_status reply_feed(reply_reader *reply, const char *bytes, size_t length)
{
    return answer(reply, sse_feed(&reply->events, bytes, length));
}

cst_status reply_end(reply_reader *reply)
{
    const sse_status ended = sse_end(&reply->events);
    const cst_status status = answer(reply, ended);
    if (status == CST_OK && ended == SSE_GOOD && !reply->finished) {
        reply->events.place.line = reply->events.lines + 1;
        reply->events.place.byte = reply->events.bytes;
        reply_fail(reply, "cut", "", "the stream ends before the reply does");
    }
    return status;
}

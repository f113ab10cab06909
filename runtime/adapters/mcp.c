/*
 * mcp.c - see mcp.h.
 *
 * A method that is not known is an error, since it may be a new way to act or to reach the model.
 * An answer is judged by what was asked: the two sides count their ids for themselves, so where the
 * side is not told and both wait for an answer with the same id, the message is judged as the one
 * that matters, and if both do, it is an error.
 */
#include "runtime/adapters/mcp.h"

#include <string.h>

#include "runtime/adapters/words.h"

typedef struct method_row {
    const char *name;
    mcp_side side; /* that asks; unknown: either */
    mcp_what what;
} method_row;

static const method_row methods[] = {
    {"tools/call", MCP_CLIENT, MCP_CALL},
    {"resources/read", MCP_CLIENT, MCP_READ},
    /* what they answer may be shown to the model */
    {"initialize", MCP_CLIENT, MCP_ANSWER},
    {"server/discover", MCP_CLIENT, MCP_ANSWER},
    {"tools/list", MCP_CLIENT, MCP_ANSWER},
    {"prompts/list", MCP_CLIENT, MCP_ANSWER},
    {"prompts/get", MCP_CLIENT, MCP_ANSWER},
    {"resources/list", MCP_CLIENT, MCP_ANSWER},
    {"resources/templates/list", MCP_CLIENT, MCP_ANSWER},
    {"tasks/get", MCP_CLIENT, MCP_ANSWER},
    {"tasks/result", MCP_CLIENT, MCP_ANSWER},
    {"sampling/createMessage", MCP_SERVER, MCP_SAMPLING},
    {"ping", MCP_UNKNOWN_SIDE, MCP_SILENT},
    {"completion/complete", MCP_CLIENT, MCP_SILENT},
    {"logging/setLevel", MCP_CLIENT, MCP_SILENT},
    {"resources/subscribe", MCP_CLIENT, MCP_SILENT},
    {"resources/unsubscribe", MCP_CLIENT, MCP_SILENT},
    {"subscriptions/listen", MCP_CLIENT, MCP_SILENT},
    {"tasks/list", MCP_UNKNOWN_SIDE, MCP_SILENT},
    {"tasks/cancel", MCP_UNKNOWN_SIDE, MCP_SILENT},
    {"roots/list", MCP_SERVER, MCP_SILENT},
    {"elicitation/create", MCP_SERVER, MCP_SILENT},
};

void mcp_init(mcp_reader *reader, const cst_allocator *allocator, conversation_event_fn emit,
              mcp_message_fn done, void *user)
{
    memset(reader, 0, sizeof *reader);
    /* the format is of no matter: conversation_read is not called */
    conversation_init(&reader->events, CONVERSATION_OPENAI, allocator, emit, user);
    mcp_table_init(&reader->open, allocator);
    reader->events.session = "mcp";
    reader->events.session_length = 3;
    reader->events.first = true;
    reader->done = done;
    reader->user = user;
}

void mcp_free(mcp_reader *reader)
{
    mcp_table_free(&reader->open);
    conversation_free(&reader->events);
}

/* ---- events ---------------------------------------------------------------------------------- */

static cst_json string_of(const char *text, uint32_t length)
{
    return (cst_json){.kind = JSON_STRING, .text = text, .length = length};
}

/* An id is a string or a number; an event's is a string. */
static const cst_json *event_id(mcp_reader *reader)
{
    const cst_json *const id =
        reader->message.whole == NULL ? NULL : json_member(reader->message.whole, "id");
    if (id == NULL || id->kind != JSON_NUMBER)
        return id;
    cst_json *const shown = arena_allocate(&reader->events.arena, sizeof *shown);
    if (shown != NULL)
        *shown = string_of(id->text, id->length);
    return shown;
}

static bool fail(mcp_reader *reader, const char *code, const char *at, const char *text)
{
    conversation_event *const current = &reader->events.current;
    const cst_json *const id = event_id(reader);
    memset(current, 0, sizeof *current);
    if (id != NULL && id->kind == JSON_STRING) {
        current->id = id->text;
        current->id_length = id->length;
    }
    return text != NULL && conversation_fail(&reader->events, code, at, text);
}

static bool text_event(mcp_reader *reader, cst_stage stage, const cst_json *value)
{
    words said;
    if (value == NULL)
        return fail(reader, "missing", "/text",
                    "nothing is there that the model would read or has written");
    if (!words_join(&reader->events.arena, value, NULL, &said))
        return false;
    conversation_begin(&reader->events, stage);
    conversation_id(&reader->events, event_id(reader));
    conversation_member_text(&reader->events, "text", said.text, said.length);
    return conversation_end(&reader->events);
}

/* What a model has written for a server: text, and calls of the server's own tools. */
static bool reply_events(mcp_reader *reader, const cst_json *reply)
{
    const cst_json *const content = json_member(reply, "content");
    if (!text_event(reader, CST_OUTPUT, content))
        return false;
    const uint32_t count = content == NULL ? 0 : content->kind == JSON_LIST ? content->length : 1;
    for (uint32_t i = 0; i < count; i++) {
        const cst_json *const block = content->kind == JSON_LIST ? &content->items[i] : content;
        const cst_json *const type = conversation_string(block, "type");
        if (type == NULL || !json_text_is(type, "tool_use"))
            continue;
        const cst_json *const input = json_member(block, "input");
        size_t length = 0;
        const char *const source =
            input == NULL ? NULL : conversation_source(&reader->events, input, &length);
        if ((input != NULL && source == NULL) ||
            !conversation_act(&reader->events, json_member(block, "id"), json_member(block, "name"),
                              source, length, input != NULL && input->kind == JSON_OBJECT))
            return false;
    }
    return true;
}

static bool result_event(mcp_reader *reader, const mcp_open *asked, const cst_json *answer)
{
    conversation_reader *const events = &reader->events;
    words said;
    cst_json *args = NULL;
    json_problem problem;
    if (asked->args != NULL && json_read(&events->arena, asked->args, asked->args_length,
                                         CONVERSATION_DEPTH, &args, &problem) != JSON_OK)
        args = NULL;
    if (!words_join(&events->arena, answer, args, &said))
        return false;
    reader->message.only = said.only;
    conversation_begin(events, CST_RESULT);
    conversation_id(events, event_id(reader));
    conversation_tool(events, asked->tool, asked->tool_length);
    if (asked->args != NULL)
        conversation_member_json(events, "args", asked->args, asked->args_length);
    conversation_member_text(events, "text", said.text, said.length);
    const cst_json *const data =
        asked->what == MCP_ANSWER ? answer : json_member(answer, "structuredContent");
    if (data == NULL || (data->kind != JSON_OBJECT && data->kind != JSON_LIST))
        return (said.only == NULL || conversation_value(events, said.text, said.length)) &&
               conversation_end(events);
    size_t length;
    const char *const source = conversation_source(events, data, &length);
    if (source == NULL)
        return false;
    conversation_member_json(events, "value", source, length);
    return conversation_end(events);
}

/* ---- requests -------------------------------------------------------------------------------- */

static const method_row *method_of(const cst_json *name)
{
    for (uint32_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (json_text_is(name, methods[i].name))
            return &methods[i];
    return NULL;
}

/* What is open is remembered for its answer; what cannot be remembered must not go on. */
static bool ask(mcp_reader *reader, mcp_open *request)
{
    const mcp_message *const message = &reader->message;
    if (message->id == NULL)
        return true;
    request->id = message->id;
    request->id_length = message->id_length;
    const cst_status added = mcp_table_add(&reader->open, request);
    if (added == CST_OK)
        reader->asked =
            mcp_table_find(&reader->open, request->side, request->id, request->id_length);
    reader->full = added == CST_LIMIT;
    return added != CST_NO_MEMORY;
}

/* The tool and its arguments as the event has them: {"uri":…} of resources/read, `arguments` of
 * tools/call. False: memory is short. */
static bool call_parts(mcp_reader *reader, const cst_json *params, mcp_open *request,
                       const cst_json **arguments)
{
    const cst_json *const given =
        json_member(params, request->what == MCP_CALL ? "arguments" : "uri");
    size_t length = 0;
    *arguments = given;
    request->args = "{}";
    request->args_length = 2;
    if (given == NULL)
        return true;
    const char *source = conversation_source(&reader->events, given, &length);
    if (source != NULL && request->what == MCP_READ) {
        source = arena_format(&reader->events.arena, "{\"uri\":%s}", source);
        length += strlen("{\"uri\":}");
    }
    request->args = source;
    request->args_length = (uint32_t)length;
    return source != NULL;
}

static bool call_event(mcp_reader *reader, const cst_json *params, mcp_open *request)
{
    cst_json own = string_of(request->tool, request->tool_length);
    const cst_json *arguments;
    const cst_json *const name = request->what == MCP_CALL ? json_member(params, "name") : &own;
    if (!call_parts(reader, params, request, &arguments))
        return false;
    const bool trusted =
        arguments == NULL || request->what == MCP_READ || arguments->kind == JSON_OBJECT;
    if (!conversation_act(&reader->events, event_id(reader), name, request->args,
                          request->args_length, trusted))
        return false;
    if (!trusted)
        request->args = NULL;
    if (request->what == MCP_CALL && name != NULL && name->kind == JSON_STRING) {
        request->tool = name->text;
        request->tool_length = name->length;
    }
    if (request->args == NULL)
        request->args_length = 0;
    return true;
}

/* A call that is tried again brings what the client's model wrote for it. */
static bool answers_within(mcp_reader *reader, const cst_json *params)
{
    const cst_json *const answers = json_member(params, "inputResponses");
    for (uint32_t i = 0; answers != NULL && answers->kind == JSON_OBJECT && i < answers->length;
         i++)
        if (json_member(&answers->items[i], "role") != NULL &&
            !reply_events(reader, &answers->items[i]))
            return false;
    return true;
}

static bool request_events(mcp_reader *reader, const cst_json *method)
{
    const mcp_message *const message = &reader->message;
    const cst_json *const params = json_member(message->whole, "params");
    const method_row *const row = method_of(method);
    if (row == NULL)
        return fail(reader, "value", "/method",
                    arena_format(&reader->events.arena, "the method \"%.*s\" is not known here",
                                 conversation_shown(method), method->text));
    if (row->side != MCP_UNKNOWN_SIDE && reader->side != MCP_UNKNOWN_SIDE &&
        row->side != reader->side)
        return fail(reader, "value", "/method", "this side of the protocol does not ask that");
    mcp_open request = {
        .what = row->what, .tool = row->name, .tool_length = (uint32_t)strlen(row->name)};
    request.side = row->side != MCP_UNKNOWN_SIDE      ? row->side
                   : reader->side == MCP_UNKNOWN_SIDE ? MCP_CLIENT
                                                      : reader->side;
    reader->message.what = row->what;
    mcp_open *const before = message->id == NULL ? NULL
                                                 : mcp_table_find(&reader->open, request.side,
                                                                  message->id, message->id_length);
    if (before != NULL && before->what == MCP_SILENT)
        mcp_table_remove(&reader->open, before);
    else if (before != NULL)
        return row->what == MCP_SILENT ||
               fail(reader, "value", "/id", "another request with this id waits for its answer");
    if (!answers_within(reader, params))
        return false;
    const bool is_call = row->what == MCP_CALL || row->what == MCP_READ;
    if (is_call && !call_event(reader, params, &request))
        return false;
    if (row->what == MCP_SAMPLING && !text_event(reader, CST_INPUT, params))
        return false;
    return ask(reader, &request) &&
           (!reader->full || fail(reader, "limit", "", "too many requests wait for their answers"));
}

/* ---- answers --------------------------------------------------------------------------------- */

/* What is answered; *two: it could be either of two. */
static mcp_open *asked_of(mcp_reader *reader, bool *two)
{
    const mcp_message *const message = &reader->message;
    mcp_open *const client =
        reader->side == MCP_CLIENT || message->id == NULL
            ? NULL
            : mcp_table_find(&reader->open, MCP_CLIENT, message->id, message->id_length);
    mcp_open *const server =
        reader->side == MCP_SERVER || message->id == NULL
            ? NULL
            : mcp_table_find(&reader->open, MCP_SERVER, message->id, message->id_length);
    *two = client != NULL && server != NULL && client->what != MCP_SILENT &&
           server->what != MCP_SILENT;
    if (client == NULL || server == NULL)
        return client != NULL ? client : server;
    return client->what != MCP_SILENT ? client : server;
}

/* A server that wants more says so in its answer, and may want a model to write something. */
static bool wishes_within(mcp_reader *reader, const cst_json *result)
{
    const cst_json *const wishes = json_member(result, "inputRequests");
    for (uint32_t i = 0; wishes != NULL && wishes->kind == JSON_OBJECT && i < wishes->length; i++) {
        const cst_json *const method = conversation_string(&wishes->items[i], "method");
        if (method != NULL &&
            (json_text_is(method, "elicitation/create") || json_text_is(method, "roots/list")))
            continue;
        if (method == NULL || !json_text_is(method, "sampling/createMessage")) {
            if (!fail(reader, "value", "/result/inputRequests",
                      "the server wants something that is not known here"))
                return false;
        } else if (!text_event(reader, CST_INPUT, json_member(&wishes->items[i], "params")))
            return false;
    }
    return true;
}

static bool response_events(mcp_reader *reader, const cst_json *result, const cst_json *error)
{
    bool two;
    mcp_open *const asked = asked_of(reader, &two);
    if (asked == NULL && reader->message.id == NULL && error != NULL)
        return true; /* the answer to what was no message at all */
    if (asked == NULL)
        return fail(reader, "missing", "/id", "this answers no request that came before it");
    if (two)
        return fail(reader, "value", "/id",
                    "both sides wait for an answer with this id, and it is not told which side it "
                    "comes from");
    reader->message.what = asked->what;
    bool good = true;
    if (asked->what == MCP_SAMPLING)
        good = error != NULL || reply_events(reader, result);
    else if (asked->what != MCP_SILENT)
        good = wishes_within(reader, result) &&
               result_event(reader, asked, error != NULL ? error : result);
    /* Where both sides wait and one answer is of no matter, that one goes first: so the other is
     * judged, whichever comes first. */
    mcp_open *const other =
        mcp_table_find(&reader->open, asked->side == MCP_CLIENT ? MCP_SERVER : MCP_CLIENT,
                       reader->message.id, reader->message.id_length);
    mcp_table_remove(&reader->open,
                     other != NULL && reader->side == MCP_UNKNOWN_SIDE ? other : asked);
    return good;
}

/* ---- messages -------------------------------------------------------------------------------- */

static void cancelled(mcp_reader *reader)
{
    const cst_json *const id =
        json_member(json_member(reader->message.whole, "params"), "requestId");
    if (id == NULL || (id->kind != JSON_STRING && id->kind != JSON_NUMBER) ||
        reader->side == MCP_UNKNOWN_SIDE)
        return;
    mcp_open *const open =
        mcp_table_find(&reader->open, reader->side, reader->events.input + id->at, id->at_length);
    if (open != NULL && open->what == MCP_SILENT)
        mcp_table_remove(&reader->open, open);
}

static bool read_message(mcp_reader *reader, const cst_json *whole)
{
    mcp_message *const message = &reader->message;
    const cst_json *const version = conversation_string(whole, "jsonrpc");
    const cst_json *const method = json_member(whole, "method"), *const id =
                                                                     json_member(whole, "id");
    const cst_json *const result = json_member(whole, "result"), *const error =
                                                                     json_member(whole, "error");
    if (whole->kind != JSON_OBJECT || version == NULL || !json_text_is(version, "2.0"))
        return fail(reader, "type", "", "this is no message of JSON-RPC 2.0");
    if (id != NULL && (id->kind == JSON_STRING || id->kind == JSON_NUMBER)) {
        message->id = reader->events.input + id->at;
        message->id_length = id->at_length;
    } else if (id != NULL && id->kind != JSON_NULL)
        return fail(reader, "type", "/id", "an id is a string or a number");
    if ((method != NULL) + (result != NULL) + (error != NULL) != 1 ||
        (method != NULL && method->kind != JSON_STRING))
        return fail(reader, "type", "", "a message has either a method, or a result, or an error");
    if (method == NULL) {
        message->form = MCP_RESPONSE;
        return response_events(reader, result, error);
    }
    message->form = message->id == NULL ? MCP_NOTIFICATION : MCP_REQUEST;
    if (message->id == NULL && method->length > 14 &&
        memcmp(method->text, "notifications/", 14) == 0) {
        if (json_text_is(method, "notifications/cancelled"))
            cancelled(reader);
        return true;
    }
    return request_events(reader, method);
}

static bool one_message(mcp_reader *reader, const cst_json *whole, uint32_t index, uint32_t count)
{
    reader->message = (mcp_message){
        .whole = whole, .input = reader->events.input, .index = index, .count = count};
    reader->asked = NULL;
    reader->full = false;
    reader->events.calls = NULL; /* those of an earlier line are gone with it */
    reader->events.call_count = reader->events.call_capacity = 0;
    if (!read_message(reader, whole))
        return false;
    if (reader->done != NULL && !reader->done(reader->user, &reader->message) &&
        reader->asked != NULL)
        mcp_table_remove(&reader->open, reader->asked);
    return !reader->events.stopped;
}

static bool broken(mcp_reader *reader, const char *code, const char *at, const char *text)
{
    reader->message = (mcp_message){.form = MCP_BROKEN};
    if (!fail(reader, code, at, text))
        return false;
    if (reader->done != NULL)
        reader->done(reader->user, &reader->message);
    return true;
}

/* {"from":"client","message":…}: the message, with the side noted. */
static const cst_json *unwrapped(mcp_reader *reader, const cst_json *whole)
{
    const cst_json *const from = conversation_string(whole, "from"), *const message = json_member(
                                                                         whole, "message");
    reader->side = MCP_UNKNOWN_SIDE;
    if (from == NULL || message == NULL || json_member(whole, "jsonrpc") != NULL)
        return whole;
    if (json_text_is(from, "client"))
        reader->side = MCP_CLIENT;
    else if (json_text_is(from, "server"))
        reader->side = MCP_SERVER;
    else
        return whole; /* no message of JSON-RPC either */
    return message;
}

cst_status mcp_read(mcp_reader *reader, const char *bytes, size_t length)
{
    conversation_reader *const events = &reader->events;
    cst_json *whole;
    json_problem problem;
    arena_reset(&events->arena);
    events->stopped = false;
    events->input = bytes;
    const json_error error =
        json_read(&events->arena, bytes, length, CONVERSATION_DEPTH, &whole, &problem);
    if (error == JSON_MEMORY)
        return CST_NO_MEMORY;
    bool good = true;
    if (error != JSON_OK)
        good = broken(reader, json_error_code(error),
                      problem.pointer == NULL ? "" : problem.pointer, json_error_text(error));
    else {
        const cst_json *const message = unwrapped(reader, whole);
        if (message->kind != JSON_LIST)
            good = one_message(reader, message, 0, 0);
        else if (message->length == 0)
            good = broken(reader, "type", "", "a batch without messages");
        for (uint32_t i = 0; good && message->kind == JSON_LIST && i < message->length; i++)
            good = one_message(reader, &message->items[i], i, message->length);
    }
    return good || events->stopped ? CST_OK : CST_NO_MEMORY;
}

/*
 * reply_openai.c - streamed replies of OpenAI's interfaces: chat completions, and responses.
 *
 * Chat completions say with the reply's end, not before, that a call is complete, so all calls are
 * handed out there. The responses interface names each event by its `type`, and says a call once
 * more in full when it is done; were its pieces something else, somebody who put them together
 * would see another call than was decided, so that is a problem.
 */
#include <string.h>

#include "runtime/adapters/reply.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

/* ---- chat completions ------------------------------------------------------------------------ */

static bool call_pieces(reply_reader *reply, const cst_json *piece, const char *at, uint32_t number)
{
    const cst_json *id, *name, *arguments;
    const cst_json *const custom = json_member(piece, "custom");
    const cst_json *const function = custom ? custom : json_member(piece, "function");
    if (piece->kind != JSON_OBJECT ||
        (function && function->kind != JSON_OBJECT && function->kind != JSON_NULL))
        return reply_fail(reply, "type", at, "a piece of a tool call was expected");
    reply_call *call = reply_call_find(reply, number);
    if (!call)
        call = reply_call_open(reply, number, custom ? CALL_TEXT : CALL_OBJECT);
    if (!call)
        return false;
    if (function && (call->kind == CALL_TEXT) != (custom != NULL))
        return reply_fail(reply, "value", at, "a tool call changes its kind");
    return reply_string(reply, piece, at, "id", &id) &&
           reply_string(reply, function, at, "name", &name) &&
           reply_string(reply, function, at, custom ? "input" : "arguments", &arguments) &&
           reply_call_name(reply, call, id && id->length ? id : NULL,
                           name && name->length ? name : NULL, at) &&
           reply_call_add(reply, call, arguments, at);
}

static bool calls(reply_reader *reply, const cst_json *list)
{
    static const char at[] = "/choices/0/delta/tool_calls";
    if (!list || list->kind == JSON_NULL)
        return true;
    if (list->kind != JSON_LIST)
        return reply_fail(reply, "type", at, "a list was expected");
    for (uint32_t i = 0; i < list->length; i++) {
        uint32_t number;
        if (!reply_number(reply, &list->items[i], at, "index", &number) ||
            !call_pieces(reply, &list->items[i], at, number))
            return false;
    }
    return true;
}

/* The older form of the only call of a reply. */
static bool legacy_call(reply_reader *reply, const cst_json *piece)
{
    static const char at[] = "/choices/0/delta/function_call";
    json_key key = {.text = "function", .length = 8};
    if (!piece || piece->kind == JSON_NULL)
        return true;
    cst_json function = *piece;
    const cst_json wrapped = {.kind = JSON_OBJECT, .length = 1, .items = &function, .keys = &key};
    return call_pieces(reply, &wrapped, at, UINT32_MAX);
}

static bool choice(reply_reader *reply, const cst_json *choice)
{
    static const char at[] = "/choices/0";
    const cst_json *content, *refusal, *reason;
    uint32_t number;
    if (!reply_number(reply, choice, at, "index", &number))
        return false;
    if (number != 0)
        return reply_fail(reply, "value", "/choices/0/index", "only one choice can be followed");
    const cst_json *const delta = json_member(choice, "delta");
    if (delta && delta->kind != JSON_NULL) {
        if (delta->kind != JSON_OBJECT)
            return reply_fail(reply, "type", "/choices/0/delta", "an object was expected");
        if (!reply_string(reply, delta, "/choices/0/delta", "content", &content) ||
            !reply_string(reply, delta, "/choices/0/delta", "refusal", &refusal) ||
            !reply_say(reply, content, "/choices/0/delta/content") ||
            !reply_say(reply, refusal, "/choices/0/delta/refusal") ||
            !legacy_call(reply, json_member(delta, "function_call")) ||
            !calls(reply, json_member(delta, "tool_calls")))
            return false;
    }
    if (!reply_string(reply, choice, at, "finish_reason", &reason))
        return false;
    if (!reason)
        return true;
    reply->finished = true;
    return reply_calls_end(reply);
}

static bool chat(reply_reader *reply, const cst_json *choices)
{
    if (choices->kind != JSON_LIST)
        return reply_fail(reply, "type", "/choices", "a list was expected");
    if (choices->length > 1)
        return reply_fail(reply, "value", "/choices/1", "only one choice can be followed");
    return choices->length == 0 || choice(reply, &choices->items[0]);
}

/* ---- responses ------------------------------------------------------------------------------- */

static bool item_is_call(const cst_json *type)
{
    static const char *const kinds[] = {"function_call", "custom_tool_call", "mcp_call"};
    return type && reply_is(type, kinds, COUNT(kinds));
}

static bool item_event(reply_reader *reply, const cst_json *whole, bool done)
{
    static const char *const silent[] = {"message", "reasoning", "mcp_list_tools"};
    const cst_json *const item = json_member(whole, "item");
    const cst_json *type, *id, *name, *arguments;
    uint32_t number;
    if (!reply_string(reply, item, "/item", "type", &type) ||
        !reply_number(reply, whole, "", "output_index", &number))
        return false;
    if (type && reply_is(type, silent, COUNT(silent)))
        return true;
    if (!item_is_call(type))
        return reply_unknown(reply, type, "/item/type", "the type of an item");
    const bool custom = json_text_is(type, "custom_tool_call");
    reply_call *call = reply_call_find(reply, number);
    if (call && !done)
        return reply_fail(reply, "duplicate", "/output_index", "a tool call begins twice");
    if (!call)
        call = reply_call_open(reply, number, custom ? CALL_TEXT : CALL_OBJECT);
    if (!call ||
        !reply_string(reply, item, "/item", json_text_is(type, "mcp_call") ? "id" : "call_id",
                      &id) ||
        !reply_string(reply, item, "/item", "name", &name) ||
        !reply_string(reply, item, "/item", custom ? "input" : "arguments", &arguments) ||
        !reply_call_name(reply, call, id, name, "/item"))
        return false;
    if ((call->kind == CALL_TEXT) != custom)
        return reply_fail(reply, "value", "/item/type", "a tool call changes its kind");
    if (!done)
        return true;
    if (call->arguments.length == 0 && !reply_call_add(reply, call, arguments, "/item"))
        return false;
    if (arguments && (arguments->length != call->arguments.length ||
                      (arguments->length &&
                       memcmp(arguments->text, call->arguments.bytes, arguments->length) != 0)))
        return reply_fail(reply, "value", "/item",
                          "the arguments of a tool call are not those of its pieces");
    return reply_call_end(reply, call);
}

static bool argument_piece(reply_reader *reply, const cst_json *whole)
{
    const cst_json *delta;
    uint32_t number;
    if (!reply_number(reply, whole, "", "output_index", &number) ||
        !reply_string(reply, whole, "", "delta", &delta))
        return false;
    reply_call *const call = reply_call_find(reply, number);
    return call ? reply_call_add(reply, call, delta, "/delta")
                : reply_fail(reply, "value", "/output_index",
                             "a piece belongs to no open tool call");
}

static bool starts(const cst_json *type, const char *start)
{
    const size_t length = strlen(start);
    return type->length >= length && memcmp(type->text, start, length) == 0;
}

/* What says nothing that was not said, or is the model's thought. */
static bool is_silent(const cst_json *type)
{
    static const char *const names[] = {"response.created",
                                        "response.queued",
                                        "response.in_progress",
                                        "response.output_text.done",
                                        "response.output_text.annotation.added",
                                        "response.refusal.done",
                                        "response.content_part.added",
                                        "response.content_part.done",
                                        "response.function_call_arguments.done",
                                        "response.custom_tool_call_input.done",
                                        "response.mcp_call_arguments.done",
                                        "response.mcp_call.in_progress",
                                        "response.mcp_call.completed",
                                        "response.mcp_call.failed",
                                        "keepalive"};
    return reply_is(type, names, COUNT(names)) || starts(type, "response.reasoning") ||
           starts(type, "response.mcp_list_tools.");
}

static bool response(reply_reader *reply, const cst_json *whole, const cst_json *type)
{
    static const char *const pieces[] = {"response.function_call_arguments.delta",
                                         "response.custom_tool_call_input.delta",
                                         "response.mcp_call_arguments.delta"};
    const cst_json *delta;
    if (json_text_is(type, "response.output_text.delta") ||
        json_text_is(type, "response.refusal.delta"))
        return reply_string(reply, whole, "", "delta", &delta) &&
               (delta ? reply_say(reply, delta, "/delta")
                      : reply_fail(reply, "missing", "/delta", "a string was expected"));
    if (json_text_is(type, "response.output_item.added") ||
        json_text_is(type, "response.output_item.done"))
        return item_event(reply, whole, json_text_is(type, "response.output_item.done"));
    if (reply_is(type, pieces, COUNT(pieces)))
        return argument_piece(reply, whole);
    if (json_text_is(type, "error"))
        return reply_provider(reply, whole, "");
    if (json_text_is(type, "response.failed"))
        return reply_provider(reply, json_member(json_member(whole, "response"), "error"),
                              "/response/error");
    if (!json_text_is(type, "response.completed") && !json_text_is(type, "response.incomplete"))
        return is_silent(type) || reply_unknown(reply, type, "/type", "the type of an event");
    if (reply->call_count > 0)
        return reply_fail(reply, "cut", "/type", "the reply ends within a tool call");
    reply->finished = reply->closed = true;
    return true;
}

bool reply_openai(reply_reader *reply, const sse_event *event)
{
    const cst_json *whole, *type;
    if (event->length == 6 && memcmp(event->data, "[DONE]", 6) == 0) {
        reply->finished = reply->closed = true;
        return reply_calls_end(reply);
    }
    if (!reply_object(reply, event, &whole))
        return false;
    const cst_json *const choices = json_member(whole, "choices");
    const cst_json *const error = json_member(whole, "error");
    if (error && error->kind != JSON_NULL && !json_member(whole, "type"))
        return reply_provider(reply, error, "/error");
    if (choices)
        return event->name_length == 0 ||
                       (event->name_length == 7 && memcmp(event->name, "message", 7) == 0)
                   ? chat(reply, choices)
                   : reply_fail(reply, "value", "/choices",
                                "the name of the event is not known here");
    if (!reply_string(reply, whole, "", "type", &type))
        return false;
    if (!type)
        return reply_fail(reply, "missing", "/choices", "the event has neither choices nor a type");
    return reply_named(reply, event, type) && response(reply, whole, type);
}

/*
 * reply_anthropic.c - streamed replies of Anthropic's messages interface.
 *
 * A message is a row of blocks, each begun, filled by pieces and ended. The kinds of blocks are
 * those that anthropic.c knows of replies: text, tool calls, thought. What a tool of the provider's
 * own does is seen by nobody here, and is a problem, as it is there.
 */
#include "runtime/adapters/reply.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static bool start(reply_reader *reply, const cst_json *whole)
{
    static const char *const thought[] = {"thinking", "redacted_thinking"};
    const cst_json *const block = json_member(whole, "content_block");
    const cst_json *type, *text, *id, *name;
    uint32_t number;
    if (!reply_number(reply, whole, "", "index", &number) ||
        !reply_string(reply, block, "/content_block", "type", &type))
        return false;
    if (reply->block.open)
        return reply_fail(reply, "value", "/index", "a block begins within another");
    reply->block = (reply_block){.open = true, .number = number};
    if (type && json_text_is(type, "text")) {
        reply->block.kind = BLOCK_TEXT;
        return reply_string(reply, block, "/content_block", "text", &text) &&
               reply_say(reply, text, "/content_block/text");
    }
    if (type && reply_is(type, thought, COUNT(thought))) {
        reply->block.kind = BLOCK_THOUGHT;
        return true;
    }
    if (!type || !json_text_is(type, "tool_use"))
        return reply_unknown(reply, type, "/content_block/type", "the type of a block");
    reply->block.kind = BLOCK_CALL;
    reply_call *const call = reply_call_open(reply, number, CALL_OBJECT);
    return call && reply_string(reply, block, "/content_block", "id", &id) &&
           reply_string(reply, block, "/content_block", "name", &name) &&
           reply_call_name(reply, call, id, name, "/content_block");
}

static bool piece(reply_reader *reply, const cst_json *whole)
{
    static const char *const silent[] = {"thinking_delta", "signature_delta", "citations_delta"};
    const cst_json *const delta = json_member(whole, "delta");
    const cst_json *type, *text;
    uint32_t number;
    if (!reply_number(reply, whole, "", "index", &number) ||
        !reply_string(reply, delta, "/delta", "type", &type))
        return false;
    if (!reply->block.open || reply->block.number != number)
        return reply_fail(reply, "value", "/index", "a piece belongs to no open block");
    if (type && json_text_is(type, "text_delta")) {
        if (reply->block.kind != BLOCK_TEXT)
            return reply_fail(reply, "value", "/delta/type",
                              "a piece of text belongs to a block that is no text");
        if (!reply_string(reply, delta, "/delta", "text", &text))
            return false;
        return text ? reply_say(reply, text, "/delta/text")
                    : reply_fail(reply, "missing", "/delta/text", "a string was expected");
    }
    if (type && json_text_is(type, "input_json_delta")) {
        reply_call *const call = reply_call_find(reply, number);
        if (reply->block.kind != BLOCK_CALL || !call)
            return reply_fail(reply, "value", "/delta/type",
                              "a piece of arguments belongs to a block that is no call");
        if (!reply_string(reply, delta, "/delta", "partial_json", &text))
            return false;
        return text ? reply_call_add(reply, call, text, "/delta/partial_json")
                    : reply_fail(reply, "missing", "/delta/partial_json", "a string was expected");
    }
    return type && reply_is(type, silent, COUNT(silent))
               ? true
               : reply_unknown(reply, type, "/delta/type", "the type of a piece");
}

static bool stop(reply_reader *reply, const cst_json *whole)
{
    uint32_t number;
    if (!reply_number(reply, whole, "", "index", &number))
        return false;
    if (!reply->block.open || reply->block.number != number)
        return reply_fail(reply, "value", "/index", "a block ends that is not open");
    reply->block.open = false;
    if (reply->block.kind != BLOCK_CALL)
        return true;
    reply_call *const call = reply_call_find(reply, number);
    /* a call without arguments has no pieces, or an empty one */
    static const cst_json nothing = {.kind = JSON_STRING, .text = "{}", .length = 2};
    return (call->arguments.length > 0 || reply_call_add(reply, call, &nothing, "")) &&
           reply_call_end(reply, call);
}

static bool begin(reply_reader *reply, const cst_json *whole)
{
    const cst_json *const content = json_member(json_member(whole, "message"), "content");
    if (content && content->kind != JSON_NULL &&
        (content->kind != JSON_LIST || content->length > 0))
        return reply_unknown(reply, NULL, "/message/content",
                             "content that stands in the start of a message");
    return true;
}

bool reply_anthropic(reply_reader *reply, const sse_event *event)
{
    const cst_json *whole, *type;
    if (!reply_object(reply, event, &whole) || !reply_string(reply, whole, "", "type", &type))
        return false;
    if (!type)
        return reply_fail(reply, "missing", "/type", "the event has no type");
    if (!reply_named(reply, event, type))
        return false;
    if (json_text_is(type, "content_block_delta"))
        return piece(reply, whole);
    if (json_text_is(type, "content_block_start"))
        return start(reply, whole);
    if (json_text_is(type, "content_block_stop"))
        return stop(reply, whole);
    if (json_text_is(type, "message_start"))
        return begin(reply, whole);
    if (json_text_is(type, "ping") || json_text_is(type, "message_delta"))
        return true;
    if (json_text_is(type, "error"))
        return reply_provider(reply, json_member(whole, "error"), "/error");
    if (!json_text_is(type, "message_stop"))
        return reply_unknown(reply, type, "/type", "the type of an event");
    if (reply->block.open)
        return reply_fail(reply, "cut", "/type", "the message ends within a block");
    reply->finished = reply->closed = true;
    return true;
}

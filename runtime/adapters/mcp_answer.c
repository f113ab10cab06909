/*
 * mcp_answer.c - what becomes of a message of the Model Context Protocol: see mcp.h.
 *
 * A tool call that is stopped gets the result of a failed tool, with the rule's message: a model
 * reads that and can do better, where an error of the protocol would reach only its client. An
 * answer that is stopped becomes such a result too, since whoever asked waits for one. Everything
 * else is stopped with an error of JSON-RPC.
 *
 * What a redaction left takes the place of what it was made of. Where a message was several events,
 * and one of them would have to be changed, it is stopped.
 */
#include <string.h>

#include "runtime/adapters/mcp.h"

enum { NOT_JSON = -32700, NOT_A_REQUEST = -32600, STOPPED = -32000 };

static void id_write(buffer *out, const mcp_message *message)
{
    buffer_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (message->id == NULL)
        buffer_text(out, "null");
    else
        buffer_add(out, message->id, message->id_length);
}

static void failed_tool(buffer *out, const mcp_message *message, const mcp_outcome *outcome)
{
    id_write(out, message);
    buffer_text(out, ",\"result\":{\"content\":[{\"type\":\"text\",\"text\":");
    buffer_json_string(out, outcome->reason == NULL ? "" : outcome->reason, outcome->reason_length);
    buffer_text(out, "}],\"isError\":true}}");
}

static void error_write(buffer *out, const mcp_message *message, const mcp_outcome *outcome)
{
    id_write(out, message);
    buffer_format(out, ",\"error\":{\"code\":%d,\"message\":",
                  message->whole == NULL        ? NOT_JSON
                  : message->form == MCP_BROKEN ? NOT_A_REQUEST
                                                : STOPPED);
    buffer_json_string(out, outcome->reason == NULL ? "" : outcome->reason, outcome->reason_length);
    buffer_text(out, "}}");
}

/* A part of the document, on one line: it holds line ends only between its tokens. */
static void part_write(buffer *out, const char *from, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t run = i;
        while (run < length && from[run] != '\n' && from[run] != '\r')
            run++;
        buffer_add(out, from + i, run - i);
        if (run < length)
            buffer_text(out, " ");
        i = run + 1;
    }
}

/* The message with `part` of it replaced by what was just written behind: before, then the
 * caller's, then after. */
static void before(buffer *out, const mcp_message *message, const cst_json *part)
{
    part_write(out, message->input + message->whole->at, part->at - message->whole->at);
}

static void after(buffer *out, const mcp_message *message, const cst_json *part)
{
    const uint32_t rest = part->at + part->at_length;
    part_write(out, message->input + rest, message->whole->at + message->whole->at_length - rest);
}

static void new_result(buffer *out, const mcp_message *message, const mcp_outcome *outcome)
{
    const cst_json *const result = json_member(message->whole, "result");
    const cst_json *const error = json_member(result, "isError");
    const bool by_text = outcome->text != NULL;
    before(out, message, result);
    buffer_text(out, "{\"content\":[{\"type\":\"text\",\"text\":");
    buffer_json_string(out, by_text ? outcome->text : outcome->value,
                       by_text ? outcome->text_length : outcome->value_length);
    buffer_text(out, "}]");
    if (!by_text && json_member(result, "structuredContent") != NULL) {
        buffer_text(out, ",\"structuredContent\":");
        buffer_add(out, outcome->value, outcome->value_length);
    }
    if (error != NULL && error->kind == JSON_BOOL && error->boolean)
        buffer_text(out, ",\"isError\":true");
    buffer_text(out, "}");
    after(out, message, result);
}

/* The message as a redaction left it. False: it cannot be said. */
static bool changed(buffer *out, const mcp_message *message, const mcp_outcome *outcome)
{
    if (outcome->events != 1)
        return false;
    const cst_json *const arguments =
        json_member(json_member(message->whole, "params"), "arguments");
    if (message->form != MCP_RESPONSE && message->what == MCP_CALL && outcome->args != NULL &&
        arguments != NULL) {
        before(out, message, arguments);
        buffer_add(out, outcome->args, outcome->args_length);
        after(out, message, arguments);
        return true;
    }
    if (message->form == MCP_RESPONSE && message->only != NULL && outcome->text != NULL &&
        outcome->value == NULL) {
        before(out, message, message->only);
        buffer_json_string(out, outcome->text, outcome->text_length);
        after(out, message, message->only);
        return true;
    }
    if (message->form == MCP_RESPONSE && message->what == MCP_CALL &&
        json_member(message->whole, "result") != NULL &&
        (outcome->text != NULL || outcome->value != NULL)) {
        new_result(out, message, outcome);
        return true;
    }
    return false;
}

static bool is_changed(const mcp_outcome *outcome)
{
    return outcome->verdict == CST_REDACT || outcome->verdict == CST_REPLACE ||
           outcome->args != NULL || outcome->text != NULL || outcome->value != NULL;
}

static void stopped(buffer *out, const mcp_message *message, const mcp_outcome *outcome)
{
    /* Nobody waits for an answer: to a notification, or to what was never asked. */
    if (message->form == MCP_NOTIFICATION ||
        (message->form == MCP_RESPONSE && message->what == MCP_SILENT)) {
        buffer_text(out, "\"drop\":true}");
        return;
    }
    buffer_text(out, message->form == MCP_RESPONSE ? "\"pass\":" : "\"answer\":");
    if (message->what == MCP_CALL && message->form != MCP_BROKEN)
        failed_tool(out, message, outcome);
    else
        error_write(out, message, outcome);
    buffer_text(out, "}");
}

bool mcp_answer_write(buffer *out, const mcp_message *message, const mcp_outcome *outcome)
{
    if (outcome->events == 0) {
        buffer_text(out, "{\"pass\":true}");
        return true;
    }
    buffer_format(out, "{\"decision\":\"%s\",", cst_verdict_name(outcome->verdict));
    if (outcome->verdict >= CST_REQUIRE_APPROVAL) {
        stopped(out, message, outcome);
        return message->form == MCP_RESPONSE;
    }
    if (!is_changed(outcome)) {
        buffer_text(out, "\"pass\":true}");
        return true;
    }
    const size_t length = out->length;
    buffer_text(out, "\"pass\":");
    if (changed(out, message, outcome)) {
        buffer_text(out, "}");
        return true;
    }
    if (!out->failed)
        out->bytes[out->length = length] = '\0';
    stopped(out, message, outcome);
    return message->form == MCP_RESPONSE;
}

/*
 * openai.c - conversations as OpenAI's interfaces have them: chat completions, and responses.
 *
 * A chat conversation is a list of messages, or an object whose `messages` is one. A conversation
 * of the responses interface is an object with `input` and `output`, whose items are messages,
 * calls and their outputs; since both use `role` and `type` for different things, one walk reads
 * either. See conversation.h for what an event is made of.
 */
#include <string.h>

#include "runtime/adapters/conversation.h"

/* Parts that other interfaces have for calls and their results: here nobody runs them, but a host
 * that reads both kinds might. */
static bool holds_a_call(const cst_json *content)
{
    static const char *const calls[] = {
        "tool_use",      "server_tool_use",      "mcp_tool_use",     "tool_call", "tool_result",
        "function_call", "function_call_output", "custom_tool_call", "mcp_call"};
    for (uint32_t i = 0; content != NULL && content->kind == JSON_LIST && i < content->length;
         i++) {
        const cst_json *const part = &content->items[i];
        const cst_json *const type =
            part->kind == JSON_OBJECT ? conversation_string(part, "type") : NULL;
        for (uint32_t k = 0; type != NULL && k < sizeof calls / sizeof *calls; k++)
            if (json_text_is(type, calls[k]))
                return true;
    }
    return false;
}

static bool text_event(conversation_reader *conversation, cst_stage stage, const cst_json *content,
                       bool even_empty)
{
    const char *text;
    size_t length;
    if (!conversation_is_text(content) || holds_a_call(content))
        return conversation_unknown(conversation, NULL, "the content of a message");
    if (!conversation_text(conversation, content, stage == CST_OUTPUT ? NULL : "\n", &text,
                           &length))
        return false;
    return (length == 0 && !even_empty) || conversation_say(conversation, stage, text, length);
}

/* `function` is {"name": …, "arguments": "…"}, or a call item of the responses interface. */
static bool call_event(conversation_reader *conversation, const cst_json *id,
                       const cst_json *function)
{
    const cst_json *const name = json_member(function, "name");
    const cst_json *const arguments = json_member(function, "arguments");
    if (arguments == NULL)
        return conversation_act(conversation, id, name, NULL, 0, false);
    if (arguments->kind == JSON_STRING)
        return conversation_act(conversation, id, name, arguments->text, arguments->length, false);
    /* Some recorders store the arguments decoded. */
    size_t length;
    const char *const source = conversation_source(conversation, arguments, &length);
    return source != NULL && conversation_act(conversation, id, name, source, length, false);
}

/* A call of a tool that takes free text: its one argument is called `input`. */
static bool custom_call_event(conversation_reader *conversation, const cst_json *id,
                              const cst_json *custom)
{
    const cst_json *const input = conversation_string(custom, "input");
    buffer arguments;
    buffer_init(&arguments, &conversation->arena.allocator, 0);
    buffer_text(&arguments, "{\"input\":");
    buffer_json_string(&arguments, input == NULL ? "" : input->text,
                       input == NULL ? 0 : input->length);
    buffer_text(&arguments, "}");
    const bool good =
        !arguments.failed &&
        conversation_act(conversation, id, json_member(custom, "name"),
                         input == NULL ? NULL : arguments.bytes, arguments.length, false);
    buffer_free(&arguments);
    return good;
}

static bool assistant_events(conversation_reader *conversation, const cst_json *message)
{
    const cst_json *const calls = json_member(message, "tool_calls");
    const cst_json *const legacy = json_member(message, "function_call");
    const bool has_calls = (calls != NULL && calls->kind == JSON_LIST && calls->length > 0) ||
                           (legacy != NULL && legacy->kind == JSON_OBJECT);
    if (legacy != NULL && legacy->kind != JSON_OBJECT && legacy->kind != JSON_NULL)
        return conversation_unknown(conversation, NULL, "the function call");
    const cst_json *const refusal = conversation_string(message, "refusal");
    const cst_json *const content = json_member(message, "content");
    const bool has_content = content != NULL && content->kind != JSON_NULL;
    if (has_content &&
        !text_event(conversation, CST_OUTPUT, content, !has_calls && refusal == NULL))
        return false;
    if (refusal != NULL && !text_event(conversation, CST_OUTPUT, refusal, false))
        return false;
    if (legacy != NULL && legacy->kind == JSON_OBJECT && !call_event(conversation, NULL, legacy))
        return false;
    if (calls == NULL || calls->kind == JSON_NULL)
        return true;
    if (calls->kind != JSON_LIST)
        return conversation_unknown(conversation, NULL, "the list of tool calls");
    for (uint32_t i = 0; i < calls->length; i++) {
        const cst_json *const call = &calls->items[i];
        const cst_json *const id = json_member(call, "id");
        const cst_json *const custom = json_member(call, "custom");
        const cst_json *const function = json_member(call, "function");
        const bool good =
            custom != NULL
                ? custom_call_event(conversation, id, custom)
                /* Some recorders leave the wrapper out: {"name": …, "arguments": …}. */
                : call_event(conversation, id,
                             function != NULL && function->kind == JSON_OBJECT ? function : call);
        if (!good)
            return false;
    }
    return true;
}

static bool result_event(conversation_reader *conversation, const cst_json *id,
                         const cst_json *name, const cst_json *content)
{
    const char *text;
    size_t length;
    if (!conversation_is_text(content)) {
        text = conversation_source(conversation, content, &length);
        if (text == NULL)
            return false;
    } else if (!conversation_text(conversation, content, "\n", &text, &length))
        return false;
    return conversation_answer(conversation, id, name, text, length);
}

/* Whether a message that is not the assistant's brings calls. */
static bool calls_out_of_place(const cst_json *message)
{
    const cst_json *const calls = json_member(message, "tool_calls");
    const cst_json *const legacy = json_member(message, "function_call");
    return (calls != NULL && calls->kind != JSON_NULL &&
            (calls->kind != JSON_LIST || calls->length > 0)) ||
           (legacy != NULL && legacy->kind != JSON_NULL);
}

static bool message_events(conversation_reader *conversation, const cst_json *message)
{
    const cst_json *const role = json_member(message, "role");
    const cst_json *const content = json_member(message, "content");
    if (role == NULL || role->kind != JSON_STRING)
        return conversation_unknown(conversation, NULL, "a message without a role");
    if (!json_text_is(role, "assistant") && calls_out_of_place(message))
        return conversation_unknown(conversation, NULL,
                                    "a tool call in a message that is not the assistant's");
    if (json_text_is(role, "system") || json_text_is(role, "developer"))
        return conversation_instruct(conversation, content);
    if (json_text_is(role, "user"))
        return text_event(conversation, CST_INPUT, content, true);
    if (json_text_is(role, "assistant"))
        return assistant_events(conversation, message);
    if (json_text_is(role, "tool") || json_text_is(role, "function"))
        return result_event(conversation, json_member(message, "tool_call_id"),
                            json_member(message, "name"), content);
    return conversation_unknown(conversation, role, "the role of a message");
}

/* An item of the responses interface. What a hosted tool does is seen by nobody but its provider,
 * so the calls that have no arguments to judge are errors, which are denied. */
static bool item_events(conversation_reader *conversation, const cst_json *item)
{
    const cst_json *const type = conversation_string(item, "type");
    if (type == NULL || json_text_is(type, "message"))
        return message_events(conversation, item);
    const cst_json *const id = json_member(item, "call_id");
    if (json_text_is(type, "function_call"))
        return call_event(conversation, id, item);
    if (json_text_is(type, "custom_tool_call"))
        return custom_call_event(conversation, id, item);
    if (json_text_is(type, "function_call_output") || json_text_is(type, "custom_tool_call_output"))
        return result_event(conversation, id, json_member(item, "name"),
                            json_member(item, "output"));
    if (json_text_is(type, "mcp_call")) {
        const cst_json *const output = json_member(item, "output");
        return call_event(conversation, json_member(item, "id"), item) &&
               (output == NULL || output->kind == JSON_NULL ||
                result_event(conversation, json_member(item, "id"), json_member(item, "name"),
                             output));
    }
    if (json_text_is(type, "reasoning") || json_text_is(type, "item_reference") ||
        json_text_is(type, "mcp_list_tools"))
        return true;
    return conversation_unknown(conversation, type, "the type of an item");
}

static bool items_events(conversation_reader *conversation, const cst_json *items)
{
    for (uint32_t i = 0; i < items->length; i++)
        if (!item_events(conversation, &items->items[i]))
            return false;
    return true;
}

bool openai_read(conversation_reader *conversation, const cst_json *whole)
{
    if (whole->kind == JSON_LIST)
        return items_events(conversation, whole);
    const cst_json *const messages = json_member(whole, "messages");
    if (messages != NULL && messages->kind == JSON_LIST)
        return items_events(conversation, messages);
    const cst_json *const input = json_member(whole, "input");
    const cst_json *const output = json_member(whole, "output");
    bool found = false;
    if ((input != NULL || output != NULL) &&
        !conversation_instruct(conversation, json_member(whole, "instructions")))
        return false;
    if (input != NULL && input->kind == JSON_STRING) {
        found = true;
        if (!text_event(conversation, CST_INPUT, input, true))
            return false;
    } else if (input != NULL && input->kind == JSON_LIST) {
        found = true;
        if (!items_events(conversation, input))
            return false;
    }
    if (output != NULL && output->kind == JSON_LIST) {
        found = true;
        if (!items_events(conversation, output))
            return false;
    }
    return found || conversation_fail(conversation, "type", "",
                                      "this is no conversation: a list of messages, or an object "
                                      "with `messages`, was expected");
}

/*
 * anthropic.c - conversations as Anthropic's messages interface has them.
 *
 * A conversation is a list of messages, or an object whose `messages` is one; an object with `role`
 * and `content` alone is the model's answer. `content` is a text or a list of blocks; text blocks
 * that stand side by side are one event. The `system` text is an event of its stage. Blocks of
 * thought are left out, since nobody but the model reads them; see conversation.h for what else an
 * event is made of.
 */
#include "runtime/adapters/conversation.h"

static bool is_type(const cst_json *block, const char *type)
{
    const cst_json *const name = json_member(block, "type");
    return name != NULL && json_text_is(name, type);
}

static bool call_event(conversation_reader *conversation, const cst_json *block)
{
    const cst_json *const input = json_member(block, "input");
    const cst_json *const id = json_member(block, "id");
    const cst_json *const name = json_member(block, "name");
    if (input == NULL)
        return conversation_act(conversation, id, name, NULL, 0, false);
    size_t length;
    const char *const source = conversation_source(conversation, input, &length);
    /* An object has been read strictly with its document; what else there is gets its error from
     * the reader. */
    return source != NULL &&
           conversation_act(conversation, id, name, source, length, input->kind == JSON_OBJECT);
}

static bool result_event(conversation_reader *conversation, const cst_json *block)
{
    const cst_json *const content = json_member(block, "content");
    const char *text;
    size_t length;
    if (!conversation_is_text(content)) {
        text = conversation_source(conversation, content, &length);
        if (text == NULL)
            return false;
    } else if (!conversation_text(conversation, content, "\n", &text, &length))
        return false;
    return conversation_answer(conversation, json_member(block, "tool_use_id"), NULL, text, length);
}

/* What is neither text nor a call nor a result. */
static bool other_block(conversation_reader *conversation, const cst_json *block)
{
    static const char *const silent[] = {"thinking", "redacted_thinking", "image",
                                         "document", "search_result",     "container_upload"};
    for (uint32_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (is_type(block, silent[i]))
            return true;
    return conversation_unknown(conversation, json_member(block, "type"), "the type of a block");
}

static bool blocks_events(conversation_reader *conversation, cst_stage stage,
                          const cst_json *content)
{
    uint32_t i = 0;
    while (i < content->length) {
        const cst_json *const block = &content->items[i];
        if (is_type(block, "text")) {
            uint32_t count = 1;
            while (i + count < content->length && is_type(&content->items[i + count], "text"))
                count++;
            const cst_json run = {.kind = JSON_LIST, .items = &content->items[i], .length = count};
            const char *text;
            size_t length;
            if (!conversation_is_text(&run)) {
                if (!conversation_unknown(conversation, NULL, "the content of a message"))
                    return false;
                i += count;
                continue;
            }
            if (!conversation_text(conversation, &run, stage == CST_OUTPUT ? NULL : "\n", &text,
                                   &length) ||
                (length > 0 && !conversation_say(conversation, stage, text, length)))
                return false;
            i += count;
            continue;
        }
        const cst_json *const type = conversation_string(block, "type");
        bool good;
        if (is_type(block, "tool_use") || is_type(block, "server_tool_use") ||
            is_type(block, "mcp_tool_use"))
            good = call_event(conversation, block);
        else if (type != NULL && type->length >= 11 && json_member(block, "tool_use_id") != NULL)
            good = result_event(conversation,
                                block); /* tool_result, and those of the provider's own tools */
        else if (is_type(block, "tool_result"))
            good = result_event(conversation, block);
        else
            good = other_block(conversation, block);
        if (!good)
            return false;
        i++;
    }
    return true;
}

static bool message_events(conversation_reader *conversation, const cst_json *message)
{
    const cst_json *const role = json_member(message, "role");
    const cst_json *const content = json_member(message, "content");
    if (role == NULL || role->kind != JSON_STRING)
        return conversation_unknown(conversation, NULL, "a message without a role");
    if (json_text_is(role, "system"))
        return conversation_instruct(conversation, content);
    const bool is_user = json_text_is(role, "user");
    if (!is_user && !json_text_is(role, "assistant"))
        return conversation_unknown(conversation, role, "the role of a message");
    const cst_stage stage = is_user ? CST_INPUT : CST_OUTPUT;
    if (content != NULL && content->kind == JSON_STRING)
        return conversation_say(conversation, stage, content->text, content->length);
    if (content == NULL || content->kind != JSON_LIST)
        return conversation_unknown(conversation, NULL, "the content of a message");
    return blocks_events(conversation, stage, content);
}

bool anthropic_read(conversation_reader *conversation, const cst_json *whole)
{
    const cst_json *messages = whole;
    if (whole->kind == JSON_OBJECT) {
        messages = json_member(whole, "messages");
        if (messages == NULL && json_member(whole, "role") != NULL)
            return message_events(conversation, whole);
    }
    if (messages == NULL || messages->kind != JSON_LIST)
        return conversation_fail(conversation, "type", "",
                                 "this is no conversation: a list of messages, or an object with "
                                 "`messages`, was expected");
    if (whole->kind == JSON_OBJECT &&
        !conversation_instruct(conversation, json_member(whole, "system")))
        return false;
    for (uint32_t i = 0; i < messages->length; i++)
        if (!message_events(conversation, &messages->items[i]))
            return false;
    return true;
}

/*
 * claude_hook.c - the input of a hook of Claude Code as an event: see claude_hook.h.
 *
 * Every event brings the record `claude`: the folder that the agent works in, the mode of
 * permissions, which agent of several it is. A policy that declares `context claude` can read it.
 * The session is Claude Code's own, which its subagents share.
 *
 * A hook that is not known is an error, which is denied: it may be a new way to act.
 */
#include <string.h>

#include "runtime/adapters/claude_hook.h"
#include "runtime/adapters/words.h"

typedef struct hook_row {
    const char *name;
    claude_kind kind;
} hook_row;

static const hook_row hooks[] = {
    {"PreToolUse", CLAUDE_CALL},
    {"PostToolUse", CLAUDE_RESULT},
    {"PostToolUseFailure", CLAUDE_FAILURE},
    {"PermissionRequest", CLAUDE_PERMISSION},
    {"UserPromptSubmit", CLAUDE_PROMPT},
    {"Stop", CLAUDE_REPLY},
    {"SubagentStop", CLAUDE_REPLY},
    /* What stands in them has come through one of those above, or reaches no model and runs
       nothing. */
    {"PostToolBatch", CLAUDE_SILENT},
    {"UserPromptExpansion", CLAUDE_SILENT},
    {"Notification", CLAUDE_SILENT},
    {"MessageDisplay", CLAUDE_SILENT},
    {"SessionStart", CLAUDE_SILENT},
    {"SessionEnd", CLAUDE_SILENT},
    {"Setup", CLAUDE_SILENT},
    {"StopFailure", CLAUDE_SILENT},
    {"SubagentStart", CLAUDE_SILENT},
    {"PreCompact", CLAUDE_SILENT},
    {"PostCompact", CLAUDE_SILENT},
    {"PermissionDenied", CLAUDE_SILENT},
    {"PreModelSwitch", CLAUDE_SILENT},
    {"TeammateIdle", CLAUDE_SILENT},
    {"TaskCreated", CLAUDE_SILENT},
    {"TaskCompleted", CLAUDE_SILENT},
    {"Elicitation", CLAUDE_SILENT},
    {"ElicitationResult", CLAUDE_SILENT},
    {"ConfigChange", CLAUDE_SILENT},
    {"InstructionsLoaded", CLAUDE_SILENT},
    {"WorktreeCreate", CLAUDE_SILENT},
    {"WorktreeRemove", CLAUDE_SILENT},
    {"CwdChanged", CLAUDE_SILENT},
    {"FileChanged", CLAUDE_SILENT},
};

/* ---- members of every event ------------------------------------------------------------------ */

static void begin(conversation_reader *conversation, cst_stage stage, const cst_json *whole)
{
    static const char *const members[] = {"cwd", "permission_mode", "agent_id", "agent_type"};
    buffer *const event = &conversation->event;
    conversation_begin(conversation, stage);
    conversation_id(conversation, json_member(whole, "tool_use_id"));
    const cst_json *const agent = conversation_string(whole, "agent_type");
    conversation_member_text(conversation, "agent", agent == NULL ? "main" : agent->text,
                             agent == NULL ? 4 : agent->length);
    buffer_text(event, ",\"claude\":{\"hook\":");
    buffer_json_string(event, conversation->hook->name, strlen(conversation->hook->name));
    for (uint32_t i = 0; i < sizeof members / sizeof *members; i++) {
        const cst_json *const member = conversation_string(whole, members[i]);
        if (member == NULL)
            continue;
        buffer_format(event, ",\"%s\":", members[i]);
        buffer_json_string(event, member->text, member->length);
    }
    buffer_text(event, "}");
}

/* The tool and its arguments. False: an error was handed out, and *going_on says whether to go on.
 */
static bool call_members(conversation_reader *conversation, const cst_json *whole, bool *going_on)
{
    const cst_json *const name = json_member(whole, "tool_name");
    const cst_json *const input = json_member(whole, "tool_input");
    size_t length;
    if (name == NULL || name->kind != JSON_STRING) {
        *going_on = conversation_fail(conversation, "missing", "/tool", "the hook names no tool");
        return false;
    }
    conversation_tool(conversation, name->text, name->length);
    if (input == NULL || input->kind != JSON_OBJECT) {
        *going_on = conversation_fail(conversation, input == NULL ? "missing" : "type", "/args",
                                      "the tool's input is no JSON object");
        return false;
    }
    const char *const source = conversation_source(conversation, input, &length);
    *going_on = source != NULL;
    if (source != NULL)
        conversation_member_json(conversation, "args", source, length);
    return source != NULL;
}

/* ---- the kinds ------------------------------------------------------------------------------- */

static bool text_event(conversation_reader *conversation, const cst_json *whole, cst_stage stage,
                       const char *member, bool required)
{
    const cst_json *const text = json_member(whole, member);
    if (text == NULL && !required)
        return true;
    begin(conversation, stage, whole);
    if (text == NULL || text->kind != JSON_STRING)
        return conversation_fail(conversation, text == NULL ? "missing" : "type", "/text",
                                 "the hook brings no text where one was expected");
    conversation_member_text(conversation, "text", text->text, text->length);
    return conversation_end(conversation);
}

static bool call_event(conversation_reader *conversation, const cst_json *whole)
{
    bool going_on = true;
    begin(conversation, CST_ACTION, whole);
    return call_members(conversation, whole, &going_on) ? conversation_end(conversation) : going_on;
}

static bool result_event(conversation_reader *conversation, const cst_json *whole,
                         claude_hook *hook, const cst_json *answer)
{
    bool going_on = true;
    words said;
    begin(conversation, CST_RESULT, whole);
    if (!call_members(conversation, whole, &going_on))
        return going_on;
    if (answer == NULL)
        return conversation_fail(conversation, "missing", "/text",
                                 "the hook brings no answer of the tool");
    if (!words_join(&conversation->arena, answer, json_member(whole, "tool_input"), &said))
        return false;
    const cst_json *const name = json_member(whole, "tool_name");
    hook->is_mcp = name->length > 5 && memcmp(name->text, "mcp__", 5) == 0;
    hook->response = answer;
    hook->only = said.only;
    conversation_member_text(conversation, "text", said.text, said.length);
    if (answer->kind == JSON_OBJECT || answer->kind == JSON_LIST) {
        size_t length;
        const char *const source = conversation_source(conversation, answer, &length);
        if (source == NULL)
            return false;
        conversation_member_json(conversation, "value", source, length);
    }
    return conversation_end(conversation);
}

static const hook_row *hook_of(const cst_json *name)
{
    for (uint32_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        if (json_text_is(name, hooks[i].name))
            return &hooks[i];
    return NULL;
}

bool claude_hook_read(conversation_reader *conversation, const cst_json *whole)
{
    claude_hook *const hook = arena_allocate(&conversation->arena, sizeof *hook);
    if (hook == NULL)
        return false;
    conversation->hook = hook;
    hook->input = conversation->input;
    const cst_json *const name = conversation_string(whole, "hook_event_name");
    const cst_json *const session = conversation_string(whole, "session_id");
    if (session != NULL) {
        conversation->session = session->text;
        conversation->session_length = session->length;
    }
    if (name == NULL)
        return conversation_fail(conversation, "missing", "/hook_event_name",
                                 "this is no input of a hook: it has no hook_event_name");
    if (session == NULL || session->length == 0)
        return conversation_fail(conversation, "missing", "/session_id",
                                 "the hook names no session");
    const hook_row *const row = hook_of(name);
    if (row == NULL)
        return conversation_unknown(conversation, name, "the hook");
    hook->name = row->name;
    hook->kind = row->kind;
    switch (row->kind) {
    case CLAUDE_SILENT: return true;
    case CLAUDE_PROMPT: return text_event(conversation, whole, CST_INPUT, "prompt", true);
    case CLAUDE_CALL:
    case CLAUDE_PERMISSION: return call_event(conversation, whole);
    case CLAUDE_RESULT:
        return result_event(conversation, whole, hook, json_member(whole, "tool_response"));
    case CLAUDE_FAILURE:
        return result_event(conversation, whole, hook, json_member(whole, "error"));
    case CLAUDE_REPLY: {
        const cst_json *const retried = json_member(whole, "stop_hook_active");
        hook->retried = retried != NULL && retried->kind == JSON_BOOL && retried->boolean;
        return text_event(conversation, whole, CST_OUTPUT, "last_assistant_message", false);
    }
    }
    return false;
}

/*
 * claude_answer.c - a decision as the answer of a hook of Claude Code: see claude_hook.h.
 *
 * What each kind of hook can do: a call is allowed, changed, asked about or denied; a prompt is
 * blocked; an answer of a tool is replaced by one of the same shape (Claude Code keeps the original
 * if the shape is another), and the model is told why; a reply has been shown already, so the model
 * is made to go on and give another one, once. A halt ends the agent's work wherever it stands.
 *
 * A permit says nothing unless the user wants it to: "allow" would skip questions that the user's
 * own settings ask.
 */
#include <string.h>

#include "runtime/adapters/claude_hook.h"
#include "runtime/adapters/reason.h"
#include "runtime/adapters/words.h"

typedef struct answering {
    buffer *out;
    const claude_hook *hook;
    const cst_decision *decision;
    buffer reason;
    bool permits;
    bool begun;
} answering;

static void member(answering *to, const char *name)
{
    buffer_format(to->out, "%c\"%s\":", to->begun ? ',' : '{', name);
    to->begun = true;
}

static void member_reason(answering *to, const char *name)
{
    member(to, name);
    buffer_json_string(to->out, to->reason.bytes == NULL ? "" : to->reason.bytes,
                       to->reason.length);
}

/* {"hookSpecificOutput":{"hookEventName":"PreToolUse": the caller goes on, and closes it. */
static void specific(answering *to)
{
    member(to, "hookSpecificOutput");
    buffer_format(to->out, "{\"hookEventName\":\"%s\"", to->hook->name);
}

static void specific_text(answering *to, const char *name, const char *text, size_t length)
{
    buffer_format(to->out, ",\"%s\":", name);
    buffer_json_string(to->out, text, length);
}

static bool stops(cst_verdict verdict)
{
    return verdict >= CST_REFUSE;
}

static bool asks(cst_verdict verdict)
{
    return verdict == CST_REQUIRE_APPROVAL || verdict == CST_ESCALATE;
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* "allow", "ask", "deny", or NULL for no word. *args: what the call becomes, NULL for what it is.
 */
static const char *permission(const answering *to, const char **args, size_t *length)
{
    const cst_verdict verdict = to->decision->verdict;
    *args = NULL;
    if (stops(verdict))
        return "deny";
    if (cst_decision_args(to->decision, args, length) != CST_OK)
        *args = NULL;
    if (asks(verdict))
        return "ask";
    if (verdict == CST_REDACT || verdict == CST_REPLACE)
        return *args == NULL ? "deny" : to->permits ? "allow" : "ask";
    return to->permits ? "allow" : NULL;
}

static void call_answer(answering *to)
{
    const char *args;
    size_t length = 0;
    const char *const word = permission(to, &args, &length);
    if (word == NULL)
        return;
    specific(to);
    buffer_format(to->out, ",\"permissionDecision\":\"%s\"", word);
    if (to->reason.length > 0)
        specific_text(to, "permissionDecisionReason", to->reason.bytes, to->reason.length);
    if (args != NULL) {
        buffer_text(to->out, ",\"updatedInput\":");
        buffer_add(to->out, args, length);
    }
    buffer_text(to->out, "}");
}

/* The person is being asked: "ask" is to say nothing. A changed call can be allowed only as it was
 * changed. */
static void permission_answer(answering *to)
{
    const char *args;
    size_t length = 0;
    const char *const word = permission(to, &args, &length);
    const bool denied =
        word != NULL && (strcmp(word, "deny") == 0 || (strcmp(word, "ask") == 0 && args != NULL));
    if (word == NULL || (strcmp(word, "ask") == 0 && !denied))
        return;
    specific(to);
    if (denied) {
        buffer_text(to->out, ",\"decision\":{\"behavior\":\"deny\",\"message\":");
        buffer_json_string(to->out, to->reason.bytes == NULL ? "" : to->reason.bytes,
                           to->reason.length);
        buffer_text(to->out, to->decision->verdict == CST_HALT ? ",\"interrupt\":true}}" : "}}");
        return;
    }
    buffer_text(to->out, ",\"decision\":{\"behavior\":\"allow\"");
    if (args != NULL) {
        buffer_text(to->out, ",\"updatedInput\":");
        buffer_add(to->out, args, length);
    }
    buffer_text(to->out, "}}");
}

/* ---- results --------------------------------------------------------------------------------- */

/* The value again with its texts emptied; the first of them says that something was there. */
static void emptied(answering *to, const cst_json *value, bool *told)
{
    buffer *const out = to->out;
    switch (value->kind) {
    case JSON_STRING:
        buffer_text(out, *told || value->length == 0 ? "\"\"" : "\"[withheld by policy]\"");
        *told = *told || value->length > 0;
        return;
    case JSON_LIST:
        buffer_text(out, "[");
        for (uint32_t i = 0; i < value->length; i++) {
            buffer_text(out, i == 0 ? "" : ",");
            emptied(to, &value->items[i], told);
        }
        buffer_text(out, "]");
        return;
    case JSON_OBJECT:
        buffer_text(out, "{");
        for (uint32_t i = 0; i < value->length; i++) {
            const json_key *const key = &value->keys[i];
            buffer_text(out, i == 0 ? "" : ",");
            buffer_json_string(out, key->text, key->length);
            buffer_text(out, ":");
            if (words_skips(key, &value->items[i])) /* a word of the shape */
                buffer_add(out, to->hook->input + value->items[i].at, value->items[i].at_length);
            else
                emptied(to, &value->items[i], told);
        }
        buffer_text(out, "}");
        return;
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER: buffer_add(out, to->hook->input + value->at, value->at_length); return;
    }
}

/* What a redaction left, in the shape of the answer. False: it has no place there. */
static bool redacted(answering *to)
{
    const claude_hook *const hook = to->hook;
    const char *text, *value;
    size_t text_length, value_length;
    const bool has_text = cst_decision_text(to->decision, &text, &text_length) == CST_OK;
    const bool has_value = cst_decision_value(to->decision, &value, &value_length) == CST_OK;
    if (has_value && !has_text) {
        buffer_add(to->out, value, value_length);
        return true;
    }
    if (!has_text || has_value || hook->only == NULL)
        return false;
    const cst_json *const whole = hook->response, *const only = hook->only;
    buffer_add(to->out, hook->input + whole->at, only->at - whole->at);
    buffer_json_string(to->out, text, text_length);
    const uint32_t rest = only->at + only->at_length;
    buffer_add(to->out, hook->input + rest, whole->at + whole->at_length - rest);
    return true;
}

/* The new answer of the tool behind its name; older versions know only the second name, for tools
 * of MCP. */
static bool replacement(answering *to, const char *name, bool withheld)
{
    const size_t length = to->out->length;
    buffer_format(to->out, ",\"%s\":", name);
    bool told = false;
    if (withheld)
        emptied(to, to->hook->response, &told);
    else if (!redacted(to)) {
        if (!to->out->failed)
            to->out->bytes[to->out->length = length] = '\0';
        return false;
    }
    return true;
}

static void result_answer(answering *to)
{
    const cst_verdict verdict = to->decision->verdict;
    const bool changed = verdict == CST_REDACT || verdict == CST_REPLACE;
    bool withheld = stops(verdict) || asks(verdict);
    if (!changed && !withheld)
        return;
    if (to->hook->response == NULL) { /* it could not be read */
        member(to, "decision");
        buffer_text(to->out, "\"block\"");
        member_reason(to, "reason");
        return;
    }
    specific(to);
    if (!withheld && !replacement(to, "updatedToolOutput", false))
        withheld = true;
    if (withheld)
        replacement(to, "updatedToolOutput", true);
    if (to->hook->is_mcp)
        replacement(to, "updatedMCPToolOutput", withheld);
    buffer_text(to->out, "}");
    if (!withheld)
        return;
    member(to, "decision");
    buffer_text(to->out, "\"block\"");
    member_reason(to, "reason");
}

/* A tool's error has been told already; the model can be told what to make of it. */
static void failure_answer(answering *to)
{
    if (to->decision->verdict < CST_REDACT)
        return;
    specific(to);
    specific_text(to, "additionalContext", to->reason.bytes == NULL ? "" : to->reason.bytes,
                  to->reason.length);
    buffer_text(to->out, "}");
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* A prompt, or a reply: neither can be changed. */
static void text_answer(answering *to)
{
    if (to->decision->verdict < CST_REDACT)
        return;
    /* it was asked for another reply once: to ask for ever would be no end */
    if (to->hook->retried) {
        if (to->decision->verdict != CST_HALT) {
            member(to, "continue");
            buffer_text(to->out, "false");
            member_reason(to, "stopReason");
        }
        return;
    }
    member(to, "decision");
    buffer_text(to->out, "\"block\"");
    member_reason(to, "reason");
}

void claude_answer_write(buffer *out, const claude_hook *hook, const cst_decision *decision,
                         bool permits)
{
    answering to = {.out = out, .hook = hook, .decision = decision, .permits = permits};
    buffer_init(&to.reason, &out->allocator, 0);
    reason_write(&to.reason, decision);
    if (decision->verdict == CST_HALT && hook->kind != CLAUDE_SILENT) {
        member(&to, "continue");
        buffer_text(out, "false");
        member_reason(&to, "stopReason");
    }
    switch (hook->kind) {
    case CLAUDE_SILENT: break;
    case CLAUDE_CALL: call_answer(&to); break;
    case CLAUDE_PERMISSION: permission_answer(&to); break;
    case CLAUDE_RESULT: result_answer(&to); break;
    case CLAUDE_FAILURE: failure_answer(&to); break;
    case CLAUDE_PROMPT:
    case CLAUDE_REPLY: text_answer(&to); break;
    }
    if (decision->verdict == CST_FLAG && hook->kind != CLAUDE_SILENT)
        member_reason(&to, "systemMessage");
    if (to.begun)
        buffer_text(out, "}");
    if (to.reason.failed)
        out->failed = true;
    buffer_free(&to.reason);
}

/*
 * conversation.c - what the readers of recorded conversations share: see conversation.h.
 *
 * Events are written as text rather than built as values: they can be printed (`constc run
 * --emit-events`), and there is no second door into the runtime. Text that comes from a
 * conversation gets into an event only as an escaped string, or as JSON that was read in full by
 * the strict reader first; so nothing that a model wrote can add a member of its own to an event.
 */
#include <string.h>

#include "runtime/adapters/claude_hook.h"
#include "runtime/base/hash.h"

enum { FIRST_CALLS = 64, MOST_SHOWN = 60 };

void conversation_init(conversation_reader *conversation, conversation_format format,
                       const cst_allocator *allocator, conversation_event_fn emit, void *user)
{
    memset(conversation, 0, sizeof *conversation);
    arena_init(&conversation->arena, allocator, 0);
    buffer_init(&conversation->event, allocator, 0);
    conversation->format = format;
    conversation->emit = emit;
    conversation->user = user;
}

void conversation_free(conversation_reader *conversation)
{
    arena_free(&conversation->arena);
    buffer_free(&conversation->event);
}

/* ---- events ---------------------------------------------------------------------------------- */

void conversation_begin(conversation_reader *conversation, cst_stage stage)
{
    buffer *const event = &conversation->event;
    memset(&conversation->current, 0, sizeof conversation->current);
    conversation->current.has_stage = true;
    conversation->current.stage = stage;
    buffer_clear(event);
    buffer_format(event, "{\"stage\":\"%s\",\"session\":", cst_stage_name(stage));
    buffer_json_string(event, conversation->session, conversation->session_length);
    if (conversation->first && conversation->records != NULL) {
        buffer_text(event, ",");
        buffer_add(event, conversation->records, strlen(conversation->records) - 1);
    }
}

void conversation_member_text(conversation_reader *conversation, const char *name, const char *text,
                              size_t length)
{
    buffer_format(&conversation->event, ",\"%s\":", name);
    buffer_json_string(&conversation->event, text, length);
}

void conversation_member_json(conversation_reader *conversation, const char *name, const char *json,
                              size_t length)
{
    buffer_format(&conversation->event, ",\"%s\":", name);
    buffer_add(&conversation->event, json, length);
}

void conversation_id(conversation_reader *conversation, const cst_json *id)
{
    if (id == NULL || id->kind != JSON_STRING)
        return;
    conversation->current.id = id->text;
    conversation->current.id_length = id->length;
    conversation_member_text(conversation, "id", id->text, id->length);
}

void conversation_tool(conversation_reader *conversation, const char *tool, uint32_t length)
{
    conversation->current.tool = tool;
    conversation->current.tool_length = length;
    conversation_member_text(conversation, "tool", tool, length);
}

static bool hand_out(conversation_reader *conversation)
{
    if (conversation->event.failed)
        return false;
    conversation_event *const current = &conversation->current;
    current->json = conversation->event.bytes;
    current->length = conversation->event.length;
    current->session = conversation->session;
    current->session_length = conversation->session_length;
    conversation->first = false;
    if (conversation->emit(conversation->user, current))
        return true;
    conversation->stopped = true;
    return false;
}

bool conversation_end(conversation_reader *conversation)
{
    buffer_text(&conversation->event, "}");
    return hand_out(conversation);
}

bool conversation_fail(conversation_reader *conversation, const char *code, const char *at,
                       const char *text)
{
    conversation_event *const current = &conversation->current;
    buffer *const event = &conversation->event;
    current->error_code = code;
    current->error_at = at;
    current->error_text = text;
    buffer_clear(event);
    buffer_format(event, "{%s\"malformed\":{\"code\":\"%s\",\"at\":",
                  current->is_system ? "\"stage\":\"system\"," : "", code);
    buffer_json_string(event, at, strlen(at));
    buffer_text(event, ",\"text\":");
    buffer_json_string(event, text, strlen(text));
    buffer_text(event, "},\"session\":");
    buffer_json_string(event, conversation->session, conversation->session_length);
    if (current->id != NULL)
        conversation_member_text(conversation, "id", current->id, current->id_length);
    buffer_text(event, "}");
    /* The records wait for the first event that can bring them. */
    const bool first = conversation->first;
    const bool going_on = hand_out(conversation);
    conversation->first = first;
    return going_on;
}

int conversation_shown(const cst_json *value)
{
    if (value == NULL || value->kind != JSON_STRING)
        return 0;
    uint32_t shown = value->length < MOST_SHOWN ? value->length : MOST_SHOWN;
    while (shown > 0 && shown < value->length && ((uint8_t)value->text[shown] & 0xc0) == 0x80)
        shown--; /* not within a character */
    return (int)shown;
}

bool conversation_unknown(conversation_reader *conversation, const cst_json *value,
                          const char *what)
{
    memset(&conversation->current, 0, sizeof conversation->current);
    const int shown = conversation_shown(value);
    const char *const text =
        shown == 0
            ? arena_format(&conversation->arena, "%s could not be understood", what)
            : arena_format(&conversation->arena, "%s is called \"%.*s\", which is not known here",
                           what, shown, value->text);
    return text != NULL && conversation_fail(conversation, "value", "", text);
}

bool conversation_say(conversation_reader *conversation, cst_stage stage, const char *text,
                      size_t length)
{
    conversation_begin(conversation, stage);
    conversation_member_text(conversation, "text", text, length);
    return conversation_end(conversation);
}

bool conversation_instruct(conversation_reader *conversation, const cst_json *content)
{
    const char *text;
    size_t length;
    if (content == NULL)
        return true;
    memset(&conversation->current, 0, sizeof conversation->current);
    if (!conversation_is_text(content)) {
        conversation->current.is_system = true;
        return conversation_fail(conversation, "value", "",
                                 "the system prompt could not be understood");
    }
    if (!conversation_text(conversation, content, "\n", &text, &length))
        return false;
    if (length == 0)
        return true;
    buffer *const event = &conversation->event;
    buffer_clear(event);
    buffer_text(event, "{\"stage\":\"system\",\"session\":");
    buffer_json_string(event, conversation->session, conversation->session_length);
    conversation_member_text(conversation, "text", text, length);
    const bool first = conversation->first;
    const bool going_on = conversation_end(conversation);
    conversation->first = first;
    return going_on;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static conversation_call *call_slot(const conversation_reader *conversation, const char *id,
                                    uint32_t length)
{
    uint32_t index = (uint32_t)cst_hash_seeded(id, length, (uint64_t)(uintptr_t)conversation);
    for (;; index++) {
        conversation_call *const call =
            &conversation->calls[index & (conversation->call_capacity - 1)];
        if (call->id == NULL || (call->id_length == length && memcmp(call->id, id, length) == 0))
            return call;
    }
}

/* Keeps a call for its result; of two calls with one id the later one counts. */
static bool call_keep(conversation_reader *conversation, const conversation_call *call)
{
    if (conversation->call_count * 2 >= conversation->call_capacity) {
        const uint32_t old_capacity = conversation->call_capacity;
        conversation_call *const old = conversation->calls;
        conversation->call_capacity = old_capacity == 0 ? FIRST_CALLS : old_capacity * 2;
        conversation->calls = arena_array(&conversation->arena, conversation->call_capacity,
                                          sizeof *conversation->calls);
        if (conversation->calls == NULL) {
            conversation->call_capacity = 0;
            return false;
        }
        for (uint32_t i = 0; i < old_capacity; i++)
            if (old[i].id != NULL)
                *call_slot(conversation, old[i].id, old[i].id_length) = old[i];
    }
    conversation_call *const place = call_slot(conversation, call->id, call->id_length);
    const conversation_call before = *place;
    if (place->id == NULL)
        conversation->call_count++;
    *place = *call;
    place->open = before.open + 1;
    place->mixed = before.open > 0 && (before.mixed || before.tool_length != call->tool_length ||
                                       memcmp(before.tool, call->tool, call->tool_length) != 0);
    return true;
}

/* Strict JSON holds line ends only between its tokens, where a blank says the same. */
static char *on_one_line(arena *memory, const char *json, size_t length)
{
    char *const copy = arena_copy(memory, json, length);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < length; i++)
        if (copy[i] == '\n' || copy[i] == '\r')
            copy[i] = ' ';
    return copy;
}

const char *conversation_source(conversation_reader *conversation, const cst_json *value,
                                size_t *length)
{
    *length = value->at_length;
    return on_one_line(&conversation->arena, conversation->input + value->at, value->at_length);
}

/* Reads arguments that came as text. False after an error was handed out, or memory is short:
 * *going_on tells. */
static bool arguments_read(conversation_reader *conversation, const char *arguments, size_t length,
                           bool *going_on)
{
    cst_json *tree;
    json_problem problem;
    const json_error error =
        json_read(&conversation->arena, arguments, length, LIMIT_JSON_DEPTH, &tree, &problem);
    if (error == JSON_OK && tree->kind == JSON_OBJECT)
        return true;
    if (error == JSON_MEMORY) {
        *going_on = false;
        return false;
    }
    const char *const at = error == JSON_OK || problem.pointer == NULL
                               ? "/args"
                               : arena_format(&conversation->arena, "/args%s", problem.pointer);
    *going_on =
        at != NULL &&
        (error == JSON_OK
             ? conversation_fail(conversation, "type", "/args",
                                 "the arguments of the call are no JSON object")
             : conversation_fail(conversation, json_error_code(error), at, json_error_text(error)));
    return false;
}

bool conversation_act(conversation_reader *conversation, const cst_json *id, const cst_json *name,
                      const char *arguments, size_t length, bool trusted)
{
    conversation_begin(conversation, CST_ACTION);
    conversation_id(conversation, id);
    if (name == NULL || name->kind != JSON_STRING)
        return conversation_fail(conversation, "missing", "/tool", "the call names no tool");
    conversation_tool(conversation, name->text, name->length);
    conversation_call call = {.id = conversation->current.id,
                              .id_length = conversation->current.id_length,
                              .tool = name->text,
                              .tool_length = name->length};
    bool going_on = true;
    if (arguments == NULL)
        going_on = conversation_fail(conversation, "missing", "/args", "the call has no arguments");
    else if (trusted || arguments_read(conversation, arguments, length, &going_on)) {
        call.arguments = on_one_line(&conversation->arena, arguments, length);
        if (call.arguments == NULL)
            return false;
        call.arguments_length = (uint32_t)length;
        conversation_member_json(conversation, "args", call.arguments, length);
        going_on = conversation_end(conversation);
    }
    if (!going_on)
        return false;
    return call.id == NULL || call_keep(conversation, &call);
}

bool conversation_value(conversation_reader *conversation, const char *text, size_t length)
{
    size_t start = 0;
    while (start < length && strchr(" \t\r\n", text[start]) != NULL && text[start] != '\0')
        start++;
    if (start == length || (text[start] != '{' && text[start] != '['))
        return true;
    cst_json *tree;
    json_problem problem;
    const json_error error =
        json_read(&conversation->arena, text, length, LIMIT_JSON_DEPTH - 1, &tree, &problem);
    if (error == JSON_MEMORY)
        return false;
    if (error != JSON_OK)
        return true;
    const char *const line = on_one_line(&conversation->arena, text + tree->at, tree->at_length);
    if (line == NULL)
        return false;
    conversation_member_json(conversation, "value", line, tree->at_length);
    return true;
}

bool conversation_answer(conversation_reader *conversation, const cst_json *id,
                         const cst_json *name, const char *text, size_t length)
{
    conversation_begin(conversation, CST_RESULT);
    conversation_id(conversation, id);
    const bool has_id = conversation->current.id != NULL,
               has_name = name != NULL && name->kind == JSON_STRING;
    conversation_call *call = NULL;
    if (has_id && conversation->call_capacity != 0)
        call = call_slot(conversation, id->text, id->length);
    const bool called = call != NULL && call->id != NULL;
    /* Without an id (the function messages of old) the name has to do; with one it must be a
     * call's. */
    if (!called && (has_id || !has_name))
        return conversation_fail(conversation, "missing", "/tool",
                                 "the tool result belongs to no call that came before it");
    if (called && call->open == 0)
        return conversation_fail(conversation, "missing", "/tool",
                                 "the call with this id has its result already");
    if (called && call->mixed && !has_name)
        return conversation_fail(conversation, "missing", "/tool",
                                 "calls of different tools have the id of this result");
    if (called)
        call->open--;
    if (!called || call->mixed) {
        conversation_tool(conversation, name->text, name->length);
    } else {
        conversation_tool(conversation, call->tool, call->tool_length);
        if (call->arguments != NULL)
            conversation_member_json(conversation, "args", call->arguments, call->arguments_length);
    }
    conversation_member_text(conversation, "text", text, length);
    return conversation_value(conversation, text, length) && conversation_end(conversation);
}

/* ---- texts ----------------------------------------------------------------------------------- */

const cst_json *conversation_string(const cst_json *object, const char *name)
{
    const cst_json *const member = json_member(object, name);
    return member != NULL && member->kind == JSON_STRING ? member : NULL;
}

static bool is_word(const cst_json *member)
{
    return member == NULL || member->kind == JSON_NULL || member->kind == JSON_STRING;
}

static bool part_is_text(const cst_json *part)
{
    if (part->kind == JSON_STRING)
        return true;
    if (part->kind != JSON_OBJECT || !is_word(json_member(part, "text")) ||
        !is_word(json_member(part, "refusal")))
        return false;
    const cst_json *const type = conversation_string(part, "type");
    const bool text =
        type != NULL && (json_text_is(type, "text") || json_text_is(type, "input_text") ||
                         json_text_is(type, "output_text"));
    return !text || conversation_string(part, "text") != NULL;
}

bool conversation_is_text(const cst_json *content)
{
    if (content == NULL || content->kind == JSON_NULL || content->kind == JSON_STRING)
        return true;
    for (uint32_t i = 0; content->kind == JSON_LIST && i < content->length; i++)
        if (!part_is_text(&content->items[i]))
            return false;
    return content->kind == JSON_LIST;
}

bool conversation_text(conversation_reader *conversation, const cst_json *content,
                       const char *between, const char **text, size_t *length)
{
    *text = "";
    *length = 0;
    if (content == NULL)
        return true;
    if (content->kind == JSON_STRING) {
        *text = content->text;
        *length = content->length;
        return true;
    }
    if (content->kind != JSON_LIST)
        return true;
    size_t size = 0; /* a decoded text is never longer than its JSON, quotes and all */
    for (uint32_t i = 0; i < content->length; i++)
        size += content->items[i].at_length + 1u;
    char *const joined = arena_allocate(&conversation->arena, size);
    if (joined == NULL)
        return false;
    bool first = true;
    for (uint32_t i = 0; i < content->length; i++) {
        const cst_json *const part = &content->items[i];
        const cst_json *said = part->kind == JSON_STRING ? part : conversation_string(part, "text");
        if (said == NULL)
            said = conversation_string(part, "refusal");
        if (said == NULL)
            continue;
        if (!first && between != NULL)
            joined[(*length)++] = *between;
        first = false;
        memcpy(joined + *length, said->text, said->length);
        *length += said->length;
    }
    *text = joined;
    return true;
}

/* ---- documents ------------------------------------------------------------------------------- */

static bool read_one(conversation_reader *conversation, const cst_json *whole)
{
    conversation->count++;
    conversation->first = true;
    conversation->hook = NULL;
    conversation->calls = NULL;
    conversation->call_count = 0;
    conversation->call_capacity = 0;
    memset(&conversation->current, 0, sizeof conversation->current);
    const cst_json *const id = whole == NULL ? NULL : conversation_string(whole, "id");
    if (id != NULL) {
        conversation->session = id->text;
        conversation->session_length = id->length;
    } else {
        const char *const name = arena_format(&conversation->arena, "conversation-%llu",
                                              (unsigned long long)conversation->count);
        if (name == NULL)
            return false;
        conversation->session = name;
        conversation->session_length = (uint32_t)strlen(name);
    }
    if (whole == NULL)
        return true;
    switch (conversation->format) {
    case CONVERSATION_OPENAI: return openai_read(conversation, whole);
    case CONVERSATION_ANTHROPIC: return anthropic_read(conversation, whole);
    case CONVERSATION_CLAUDE_HOOK: return claude_hook_read(conversation, whole);
    }
    return false;
}

/* A list of objects that have messages, rather than a list of messages. */
static bool is_list_of_conversations(const cst_json *whole)
{
    return whole->kind == JSON_LIST && whole->length > 0 &&
           json_member(&whole->items[0], "role") == NULL &&
           json_member(&whole->items[0], "messages") != NULL;
}

cst_status conversation_read(conversation_reader *conversation, const char *bytes, size_t length)
{
    arena_reset(&conversation->arena);
    conversation->stopped = false;
    conversation->input = bytes;
    cst_json *whole;
    json_problem problem;
    const json_error error =
        json_read(&conversation->arena, bytes, length, CONVERSATION_DEPTH, &whole, &problem);
    if (error == JSON_MEMORY)
        return CST_NO_MEMORY;
    bool good;
    if (error != JSON_OK)
        good = read_one(conversation, NULL) &&
               conversation_fail(conversation, json_error_code(error),
                                 problem.pointer == NULL ? "" : problem.pointer,
                                 json_error_text(error));
    else if (conversation->format != CONVERSATION_CLAUDE_HOOK && is_list_of_conversations(whole)) {
        good = true;
        for (uint32_t i = 0; good && i < whole->length; i++)
            good = read_one(conversation, &whole->items[i]);
    } else
        good = read_one(conversation, whole);
    return good || conversation->stopped ? CST_OK : CST_NO_MEMORY;
}

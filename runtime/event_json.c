/*
 * event_json.c - the outermost object of an event, and cst_decide_json.
 *
 * Everything that depends on the order of members happens here and only here: the members that
 * every event has are taken as they come, the others are read along the field table as soon as
 * stage and tool tell which one. See event.c for the rest.
 */
#include <string.h>

#include "runtime/engine.h"

typedef struct deferred { /* a member that came before stage and tool were known */
    const char *key;
    uint32_t length;
    uint32_t at; /* of its value */
} deferred;

typedef struct top_reader {
    cst_context *context;
    json_scanner *scanner;
    struct {
        deferred *items;
        uint32_t count, capacity;
    } later;
    uint64_t tool_at;   /* of a `tool` that is no string; UINT64_MAX: there was none */
    bool stage_refused; /* a `stage` was there, and its problem is noted */
} top_reader;

/* ---- the members that every event has -------------------------------------------------------- */

/* A string into *out; null is as if it were not there. False: something else, which was skipped. */
static bool read_text(top_reader *reader, engine_text *out)
{
    json_scanner *const scanner = reader->scanner;
    const char first = json_peek(scanner);
    if (first == 'n') {
        json_literal(scanner);
        return true;
    }
    if (first != '"') {
        json_skip(scanner);
        return scanner->error != JSON_OK;
    }
    if (json_string(scanner))
        *out = (engine_text){scanner->text, scanner->length, scanner->at, scanner->at_length};
    return true;
}

static void try_dispatch(top_reader *reader)
{
    engine_event *const event = &reader->context->event;
    if (event->dispatch || !event->has_stage)
        return;
    const bool tools = event->stage == CST_ACTION || event->stage == CST_RESULT;
    if (tools && !event->tool.bytes)
        return;
    event_dispatch(reader->context, event->stage, event->tool.bytes, event->tool.length);
}

static void read_stage(top_reader *reader)
{
    engine_event *const event = &reader->context->event;
    engine_text text = {0};
    json_peek(reader->scanner);
    const uint32_t at = json_offset(reader->scanner);
    if (!read_text(reader, &text)) {
        reader->stage_refused = true;
        engine_problem_at(reader->context, at, "type", CST_NONE, "/stage",
                          "The stage is a string.");
        return;
    }
    if (!text.bytes)
        return;
    for (int stage = 0; stage < CST_STAGE_COUNT; stage++) {
        const char *const name = cst_stage_name((cst_stage)stage);
        if (strlen(name) == text.length && same_name(name, text.bytes, text.length)) {
            event->stage = (cst_stage)stage;
            event->has_stage = true;
            try_dispatch(reader);
            return;
        }
    }
    if (text.length == 6 && same_name("system", text.bytes, 6)) {
        event->is_system = true;
        return;
    }
    reader->stage_refused = true;
    engine_problem_at(reader->context, at, "stage", CST_NONE, "/stage",
                      "The stage is one of input, output, action, result, message and system.");
}

static void read_tool(top_reader *reader)
{
    json_peek(reader->scanner);
    const uint32_t at = json_offset(reader->scanner);
    if (!read_text(reader, &reader->context->event.tool))
        reader->tool_at = at;
    try_dispatch(reader);
}

static void read_session(top_reader *reader)
{
    engine_text *const name = &reader->context->event.session;
    json_peek(reader->scanner);
    const uint32_t at = json_offset(reader->scanner);
    if (!read_text(reader, name))
        engine_problem_at(reader->context, at, "type", CST_NONE, "/session",
                          "The session is a string.");
    if (name->length > LIMIT_SESSION_BYTES)
        engine_problem_at(reader->context, at, "bound", CST_NONE, "/session",
                          "The session's name is too long.");
}

static void read_time(top_reader *reader)
{
    engine_event *const event = &reader->context->event;
    engine_text text = {0};
    json_peek(reader->scanner);
    const uint32_t at = json_offset(reader->scanner);
    if (!read_text(reader, &text)) {
        engine_problem_at(reader->context, at, "type", CST_NONE, "/time", "A time is a string.");
        return;
    }
    if (!text.bytes)
        return;
    if (!time_parse(text.bytes, text.length, &event->time)) {
        engine_problem_at(reader->context, at, "value", CST_NONE, "/time",
                          "This is no time as RFC 3339 has it.");
        return;
    }
    event->has_time = true;
    event->time_at = text.at;
    event->time_at_length = text.at_length;
}

/* The text of the value that was just read, which started at `at`. */
static engine_text value_text(const json_scanner *scanner, uint32_t at)
{
    const uint32_t length = json_offset(scanner) - at;
    return (engine_text){scanner->start + at, length, at, length};
}

/* Whatever identifies the event for its sender comes back as it was written. */
static void read_id(top_reader *reader)
{
    const char first = json_peek(reader->scanner);
    const uint32_t at = json_offset(reader->scanner);
    if (json_skip(reader->scanner) &&
        (first == '"' || first == '-' || (first >= '0' && first <= '9')))
        reader->context->event.id = value_text(reader->scanner, at);
}

/* ---- all others ------------------------------------------------------------------------------ */

static void read_member(top_reader *reader, const char *key, uint32_t length)
{
    cst_context *const context = reader->context;
    const cst_image *const image = context->frame.image;
    const cst_node_row *const root = CST_ROWS(image, nodes, cst_node_row) + context->event.root;
    const uint32_t child = node_child(image, root, key, length);
    if (child == CST_NONE)
        json_skip(reader->scanner);
    else
        event_read_value(context, reader->scanner, child);
}

static inline bool is(const char *key, uint32_t length, const char *name, uint32_t name_length)
{
    return length == name_length && same_name(key, name, name_length);
}

void event_keep_member(cst_context *context, const char *key, uint32_t length,
                       const engine_text *text)
{
    if (is(key, length, "args", 4))
        context->event.args = *text;
    else if (is(key, length, "text", 4))
        context->event.text = *text;
    else if (is(key, length, "value", 5))
        context->event.value = *text;
    const uint32_t record = event_record(context->policy, key, length);
    if (record != CST_NONE)
        context->event.records[record] = *text;
}

static void read_other(top_reader *reader, const char *key, uint32_t length)
{
    cst_context *const context = reader->context;
    json_scanner *const scanner = reader->scanner;
    const char first = json_peek(scanner);
    const uint32_t at = json_offset(scanner);
    if (context->event.dispatch) {
        read_member(reader, key, length);
    } else {
        deferred *const later = ARENA_PUSH(&context->arena, &reader->later);
        if (!later) {
            json_fail(scanner, JSON_MEMORY, scanner->next);
            return;
        }
        *later = (deferred){key, length, at};
        json_skip(scanner);
    }
    if (scanner->error || first == 'n')
        return;
    const engine_text text = value_text(scanner, at);
    event_keep_member(context, key, length, &text);
}

static void read_approvals(top_reader *reader)
{
    json_peek(reader->scanner);
    const uint32_t at = json_offset(reader->scanner);
    if (json_skip(reader->scanner))
        reader->context->event.approvals = value_text(reader->scanner, at);
}

static void read_members(top_reader *reader)
{
    while (json_next_member(reader->scanner)) {
        const char *const key = reader->scanner->text;
        const uint32_t length = reader->scanner->length;
        if (is(key, length, "stage", 5))
            read_stage(reader);
        else if (is(key, length, "tool", 4))
            read_tool(reader);
        else if (is(key, length, "session", 7))
            read_session(reader);
        else if (is(key, length, "time", 4))
            read_time(reader);
        else if (is(key, length, "id", 2))
            read_id(reader);
        else if (is(key, length, "approvals", 9))
            read_approvals(reader);
        else
            read_other(reader, key, length);
    }
}

/* Stage or tool stayed unknown: nothing else can be said about the event. */
static void report_undispatched(top_reader *reader)
{
    cst_context *const context = reader->context;
    const uint64_t last = UINT64_MAX - 1;
    if (!context->event.has_stage) {
        if (!reader->stage_refused)
            engine_problem_at(context, last, "stage", CST_NONE, "/stage", "The stage is missing.");
    } else if (reader->tool_at != UINT64_MAX) {
        engine_problem_at(context, reader->tool_at, "type", CST_NONE, "/tool",
                          "The tool is a string.");
    } else {
        engine_problem_at(context, last, "missing", CST_NONE, "/tool", "The tool is missing.");
    }
}

/* {"stage":"system","text":…}: the text that the session's rules may ask for. */
static void read_system(top_reader *reader)
{
    cst_context *const context = reader->context;
    const engine_text *const text = &context->event.text;
    cst_json *json;
    json_problem problem;
    if (!text->bytes) {
        engine_problem_at(context, UINT64_MAX - 1, "missing", CST_NONE, "/text",
                          "The text is missing.");
        return;
    }
    if (json_read(&context->arena, text->bytes, text->length, LIMIT_JSON_SCANNER_DEPTH, &json,
                  &problem) != JSON_OK) {
        context->event.no_memory = true;
        return;
    }
    if (json->kind != JSON_STRING) {
        engine_problem_at(context, text->at, "type", CST_NONE, "/text", "The text is a string.");
        return;
    }
    context->event.system = (engine_text){json->text, json->length, 0, 0};
}

/*
 * Nothing of a text that is not JSON, or of which only the beginning was read, is believed, except
 * for one thing: it may have been a system prompt. Where neither the stage nor the session was
 * reached there is nothing to hold that against.
 */
static void refuse_json(cst_context *context)
{
    engine_event *const event = &context->event;
    const bool has_session = event->session.bytes && event->session.length <= LIMIT_SESSION_BYTES;
    if (event->is_system || (has_session && !event->has_stage))
        remember_lost_prompt(context, has_session ? &event->session : NULL);
    *event = (engine_event){.missing = CST_NONE,
                            .problem = {.at = UINT64_MAX},
                            .not_json = true,
                            .no_memory = event->no_memory,
                            .records = event->records};
    for (uint32_t i = 0; i < context->frame.image->records.count; i++)
        event->records[i] = (engine_text){0};
}

static void read_event(cst_context *context, const char *bytes, size_t length)
{
    json_scanner *const scanner = &context->scanner;
    top_reader reader = {.context = context, .scanner = scanner, .tool_at = UINT64_MAX};
    json_scan_begin_padded(scanner, bytes, length, &context->arena,
                           context->policy->limits.json_depth);
    if (json_peek(scanner) == '{') {
        if (json_open(scanner))
            read_members(&reader);
    } else {
        json_skip(scanner);
        engine_problem_at(context, 0, "type", CST_NONE, "", "An event is an object.");
    }
    if (scanner->error || !json_finish(scanner)) {
        refuse_json(context);
        engine_problem_json(context, scanner, 0, CST_NONE);
        return;
    }
    if (context->event.is_system) {
        read_system(&reader);
        return;
    }
    if (!context->event.dispatch) {
        report_undispatched(&reader);
        return;
    }
    for (uint32_t i = 0; i < reader.later.count; i++) {
        const deferred *const later = &reader.later.items[i];
        json_restart(scanner, later->at);
        read_member(&reader, later->key, later->length);
        if (scanner->error) { /* it was JSON before, so this is memory */
            context->event.no_memory = true;
            return;
        }
    }
    context->event.hashable = true;
    event_complete(context);
}

/* ---- the public call ------------------------------------------------------------------------- */

static const char *copy_bytes(cst_context *context, const char *json, size_t length)
{
    if (length + JSON_PADDING > context->byte_capacity) {
        size_t capacity = context->byte_capacity ? context->byte_capacity * 2 : 1024;
        if (capacity < length + JSON_PADDING)
            capacity = length + JSON_PADDING;
        char *const bytes = context->allocator.allocate(context->allocator.user, capacity);
        if (!bytes)
            return NULL;
        if (context->bytes)
            context->allocator.release(context->allocator.user, context->bytes,
                                       context->byte_capacity);
        context->bytes = bytes;
        context->byte_capacity = capacity;
    }
    if (length)
        memcpy(context->bytes, json, length);
    memset(context->bytes + length, 0, JSON_PADDING);
    return context->bytes;
}

cst_status engine_read_json(cst_context *context, const char *json, size_t length)
{
    const cst_status status = engine_begin(context);
    if (status != CST_OK)
        return status;
    const size_t most = context->policy->limits.event_bytes;
    const char *const bytes = copy_bytes(context, json, length < most ? length : most);
    if (!bytes)
        return CST_NO_MEMORY;
    if (length > most) {
        read_event(context, bytes, most);
        refuse_json(context);
        engine_problem_at(context, 0, "limit", CST_NONE, "", "The event is too large.");
        return CST_OK;
    }
    context->byte_length = length;
    context->from_json = true;
    json_scan_begin_padded(&context->scanner, bytes, length, &context->arena,
                           context->policy->limits.json_depth);
    if (!context->careful && event_read_quickly(context)) {
        context->event.hashable = true;
        event_complete(context);
        return CST_OK;
    }
    const cst_status again = context->careful ? CST_OK : engine_begin(context);
    if (again != CST_OK)
        return again;
    context->from_json = true;
    read_event(context, bytes, length);
    return CST_OK;
}

cst_status cst_decide_json(cst_context *context, const char *json, size_t length,
                           cst_decision *decision)
{
    if (!decision)
        return CST_BAD_ARGUMENT;
    if (!context || (!json && length))
        return engine_refuse(context, CST_BAD_ARGUMENT, decision);
    const cst_status status = engine_read_json(context, json, length);
    if (status != CST_OK)
        return engine_refuse(context, status, decision);
    return engine_finish(context, decision);
}

/*
 * hash_action.c - the name of what waits: what an approval is bound to.
 *
 * For an action SHA-256 over {"args":…,"tool":…} in the canonical form of RFC 8785, so neither the
 * order of members, nor white space, nor the way a number or an escape is written makes two names
 * for one action. Arguments that are missing count as {}. At the other stages, where a rule may ask
 * for an approval too, the same over all that the event is about, its stage among it. Always as it
 * goes on, after cuts and replacements.
 */
#include <string.h>

#include "runtime/approval.h"
#include "runtime/engine.h"
#include "runtime/sha256.h"

/* The JSON of what goes on for one member; NULL: it is not there. False: memory is short, or it
 * cannot be read. */
static bool read_member(cst_context *context, const engine_text *changed, const engine_text *sent,
                        const cst_json **out)
{
    const engine_text *const text = changed->bytes ? changed : sent;
    cst_json *json;
    json_problem problem;
    *out = NULL;
    if (!text->bytes)
        return true;
    if (json_read(&context->arena, text->bytes, text->length, LIMIT_JSON_SCANNER_DEPTH, &json,
                  &problem) != JSON_OK)
        return false;
    *out = json;
    return true;
}

static void write_text(buffer *out, const char *text, uint32_t length)
{
    const cst_json string = {.kind = JSON_STRING, .text = text, .length = length};
    json_write_canonical(out, &string);
}

static bool write_action(cst_context *context, buffer *out)
{
    const engine_event *const event = &context->event;
    const cst_json *args;
    if (!read_member(context, &context->cut_args, &event->args, &args))
        return false;
    buffer_text(out, "{\"args\":");
    if (args)
        json_write_canonical(out, args);
    else
        buffer_text(out, "{}");
    buffer_text(out, ",\"tool\":");
    write_text(out, event->tool.bytes, event->tool.length);
    buffer_text(out, "}");
    return !out->failed;
}

/* The members of the event that are not about it: who sends it again may well name another time. */
static bool is_about(const json_key *key)
{
    static const char *const names[] = {"from", "to",    "tool", "args",
                                        "text", "value", "role", "agent"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == key->length && memcmp(names[i], key->text, key->length) == 0)
            return true;
    return false;
}

/* Members in the order of their names, as the canonical form has them. */
static bool write_event(cst_context *context, buffer *out)
{
    const engine_event *const event = &context->event;
    cst_json *whole;
    json_problem problem;
    const cst_json *value, *args;
    if (json_read(&context->arena, context->bytes, context->byte_length, LIMIT_JSON_SCANNER_DEPTH,
                  &whole, &problem) != JSON_OK ||
        !read_member(context, &context->cut_args, &event->args, &args) ||
        !read_member(context, &context->cut_value, &event->value, &value))
        return false;
    const cst_json stage = {.kind = JSON_STRING,
                            .text = cst_stage_name(event->stage),
                            .length = (uint32_t)strlen(cst_stage_name(event->stage))};
    const cst_json text = {
        .kind = JSON_STRING, .text = context->cut_text.bytes, .length = context->cut_text.length};
    cst_json about = {.kind = JSON_OBJECT};
    about.items = arena_array(&context->arena, whole->length + 1u, sizeof *about.items);
    about.keys = arena_array(&context->arena, whole->length + 1u, sizeof *about.keys);
    if (!about.items || !about.keys)
        return false;
    for (uint32_t i = 0; i < whole->length; i++) {
        if (!is_about(&whole->keys[i]))
            continue;
        const bool is_text =
            whole->keys[i].length == 4 && memcmp(whole->keys[i].text, "text", 4) == 0;
        const bool is_args =
            whole->keys[i].length == 4 && memcmp(whole->keys[i].text, "args", 4) == 0;
        const bool is_value =
            whole->keys[i].length == 5 && memcmp(whole->keys[i].text, "value", 5) == 0;
        about.keys[about.length] = whole->keys[i];
        about.items[about.length++] = is_text && context->cut_text.bytes ? text
                                      : is_args && args                  ? *args
                                      : is_value && value                ? *value
                                                                         : whole->items[i];
    }
    about.keys[about.length] = (json_key){.text = "stage", .length = 5};
    about.items[about.length++] = stage;
    json_write_canonical(out, &about);
    return !out->failed;
}

cst_status approval_hash(cst_context *context, uint8_t out[32])
{
    const engine_event *const event = &context->event;
    const bool action = event->stage == CST_ACTION;
    if (event->problem.code || event->is_system || !event->hashable ||
        (!action && !context->from_json))
        return CST_NO_FIELD;
    if (!context->has_hash) {
        buffer *const text = &context->action;
        buffer_clear(text);
        if (!(action ? write_action(context, text) : write_event(context, text)))
            return CST_NO_MEMORY;
        sha256 hash;
        sha256_begin(&hash);
        sha256_add(&hash, text->bytes, text->length);
        sha256_end(&hash, context->hash);
        context->has_hash = true;
    }
    memcpy(out, context->hash, sizeof context->hash);
    return CST_OK;
}

cst_status cst_decision_action_hash(const cst_decision *decision, uint8_t out[32])
{
    if (!decision || !decision->context || !out)
        return CST_BAD_ARGUMENT;
    cst_context *const context = decision->context->self;
    if (context->event.phase != ENGINE_DECIDED)
        return CST_BAD_ARGUMENT;
    if (context->event.stage != CST_ACTION && context->verdict != CST_REQUIRE_APPROVAL)
        return CST_NO_FIELD;
    return approval_hash(context, out);
}

/*
 * standing.c - what a standing grant is for: the pattern that a call must have, and what is offered
 * to the person who is asked.
 *
 * The pattern is SHA-256 over a text of its own beginning and the canonical JSON (RFC 8785) of what
 * the approval binds:
 *
 *     {"args":{…},"free":{"note":true},"layer":0,"rule":"ask","tool":"pay"}
 *
 * `args` are those that are not free; of the free ones it is bound whether they are there. The rule
 * is part of it, since a standing approval answers the question of one rule and of no other; which
 * arguments are free stands in the policy, whose hash the grant carries. So a grant cannot be for
 * more than the rule declares, whoever makes it.
 *
 * No pattern, and so neither an offer nor a grant that meets anything, has a call of an unknown
 * tool, one with an argument that is not declared, that lacks one, or whose arguments are not of
 * their types; and no line of the report whose condition could not be decided: what nobody could
 * see nobody has approved for the next time.
 */
#include <string.h>

#include "runtime/approval.h"
#include "runtime/sha256.h"

/* ---- the call -------------------------------------------------------------------------------- */

static bool is_declared(const cst_image *image, const cst_type_row *record, const json_key *key)
{
    const cst_field_row *const fields =
        CST_ROWS(image, fields, cst_field_row) + record->fields.first;
    for (uint32_t i = 0; i < record->fields.count; i++)
        if (fields[i].name.length == key->length &&
            memcmp(CST_TEXT(image, fields[i].name), key->text, key->length) == 0)
            return true;
    return false;
}

static cst_status read_call(cst_context *context, standing_action *out)
{
    const cst_image *const image = context->frame.image;
    const engine_event *const event = &context->event;
    const engine_text *const text = context->cut_args.bytes ? &context->cut_args : &event->args;
    if (event->stage != CST_ACTION || event->problem.code || !event->hashable ||
        event->tool_number >= image->tools.count)
        return CST_NO_FIELD;
    const uint32_t arguments = CST_ROWS(image, tools, cst_tool_row)[event->tool_number].arguments;
    if (!arguments)
        return CST_NO_FIELD;
    const cst_type_row *const record = CST_ROWS(image, types, cst_type_row) + (arguments - 1);
    cst_json *args;
    json_problem problem;
    const char *const bytes = text->bytes ? text->bytes : "{}";
    const json_error error = json_read(&context->arena, bytes, text->bytes ? text->length : 2,
                                       LIMIT_JSON_SCANNER_DEPTH, &args, &problem);
    if (error != JSON_OK)
        return error == JSON_MEMORY ? CST_NO_MEMORY : CST_NO_FIELD;
    if (args->kind != JSON_OBJECT || args->length > record->fields.count)
        return CST_NO_FIELD;
    for (uint32_t i = 0; i < args->length; i++)
        if (!is_declared(image, record, &args->keys[i]))
            return CST_NO_FIELD;
    cst_value value;
    convert_problem unfit;
    if (!convert_json(&context->convert, arguments - 1, false, args, &value, &unfit))
        return strcmp(unfit.code, "memory") == 0 ? CST_NO_MEMORY : CST_NO_FIELD;
    out->args = args;
    return CST_OK;
}

static cst_status action_read(cst_context *context, standing_action *action)
{
    if (!action->read)
        action->status = read_call(context, action);
    action->read = true;
    return action->status;
}

/* ---- the pattern ----------------------------------------------------------------------------- */

static bool is_free(const cst_image *image, const cst_standing_row *row, const json_key *key)
{
    const cst_ref *const names = CST_ROWS(image, names, cst_ref) + row->free.first;
    for (uint32_t i = 0; i < row->free.count; i++)
        if (names[i].length == key->length &&
            memcmp(CST_TEXT(image, names[i]), key->text, key->length) == 0)
            return true;
    return false;
}

/* The members of the call that are free, or those that are not. False: memory is short. */
static bool select_args(cst_context *context, const standing_action *action,
                        const cst_standing_row *row, bool free, cst_json *out)
{
    static const cst_json there = {.kind = JSON_BOOL, .boolean = true};
    const cst_json *const args = action->args;
    *out = (cst_json){.kind = JSON_OBJECT};
    out->items = arena_array(&context->arena, args->length + 1u, sizeof *out->items);
    out->keys = arena_array(&context->arena, args->length + 1u, sizeof *out->keys);
    if (!out->items || !out->keys)
        return false;
    for (uint32_t i = 0; i < args->length; i++) {
        if (is_free(context->frame.image, row, &args->keys[i]) != free)
            continue;
        out->keys[out->length] = args->keys[i];
        out->items[out->length++] =
            free && args->items[i].kind != JSON_NULL ? there : args->items[i];
    }
    return true;
}

static void write_text(buffer *out, const char *text, uint32_t length)
{
    const cst_json string = {.kind = JSON_STRING, .text = text, .length = length};
    json_write_canonical(out, &string);
}

/* Whose grant it is: the session's, or that of the field which the rule names. False: the field is
 * not there. */
static bool hash_holder(const cst_context *context, const cst_standing_row *row, uint8_t out[32])
{
    const engine_text *const name = &context->event.session;
    if (row->holder == CST_NONE) {
        approval_hash_session(name->bytes, name->length, out);
        return true;
    }
    const cst_image *const image = context->frame.image;
    const cst_value *const value = &context->frame.slots[row->holder];
    const cst_ref path = CST_ROWS(image, slots, cst_slot_row)[row->holder].path;
    if (!kind_has_text(value->kind) && value->kind != CST_KIND_INT)
        return false;
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, "\xff", 1); /* in no name of a session */
    sha256_add(&hash, CST_TEXT(image, path), path.length + 1u);
    if (kind_has_text(value->kind)) {
        sha256_add(&hash, value->as.text ? value->as.text : "", value->length);
    } else {
        uint8_t bytes[8];
        for (int i = 0; i < 8; i++)
            bytes[i] = (uint8_t)((uint64_t)value->as.integer >> (8 * i));
        sha256_add(&hash, bytes, sizeof bytes);
    }
    sha256_end(&hash, out);
    return true;
}

cst_status standing_pattern(cst_context *context, standing_action *action,
                            const engine_fired *fired, const cst_standing_row *row,
                            uint8_t holder[32], uint8_t pattern[32])
{
    static const char beginning[] = "constitution: standing approval\n";
    if (fired->reason != CST_TRUE || !hash_holder(context, row, holder))
        return CST_NO_FIELD;
    const cst_status status = action_read(context, action);
    if (status != CST_OK)
        return status;
    const cst_image *const image = context->frame.image;
    const engine_text *const tool = &context->event.tool;
    cst_json bound, free;
    if (!select_args(context, action, row, false, &bound) ||
        !select_args(context, action, row, true, &free))
        return CST_NO_MEMORY;
    buffer *const out = &context->action;
    buffer_clear(out);
    buffer_text(out, beginning);
    buffer_text(out, "{\"args\":");
    json_write_canonical(out, &bound);
    buffer_text(out, ",\"free\":");
    json_write_canonical(out, &free);
    buffer_format(out, ",\"layer\":%u",
                  fired->rule == CST_NONE
                      ? fired->layer
                      : CST_ROWS(image, rules, cst_rule_row)[fired->rule].layer);
    buffer_text(out, ",\"rule\":");
    if (fired->rule == CST_NONE) {
        buffer_text(out, "null");
    } else {
        const cst_ref name = CST_ROWS(image, rules, cst_rule_row)[fired->rule].name;
        write_text(out, CST_TEXT(image, name), name.length);
    }
    buffer_text(out, ",\"tool\":");
    write_text(out, tool->bytes, tool->length);
    buffer_text(out, "}");
    if (out->failed)
        return CST_NO_MEMORY;
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, out->bytes, out->length);
    sha256_end(&hash, pattern);
    return CST_OK;
}

/* ---- the offer ------------------------------------------------------------------------------- */

static const cst_standing_row *row_of(const cst_context *context, const engine_fired *fired)
{
    const cst_image *const image = context->frame.image;
    const uint32_t standing = fired->rule != CST_NONE
                                  ? CST_ROWS(image, rules, cst_rule_row)[fired->rule].standing
                                  : CST_ROWS(image, layers, cst_layer_row)[fired->layer]
                                        .defaults[context->event.stage]
                                        .standing;
    return standing ? CST_ROWS(image, standings, cst_standing_row) + (standing - 1) : NULL;
}

/* What would be allowed, in words; arguments that are long end in an ellipsis, as in a request. */
static bool write_offer(cst_context *context, const standing_action *action,
                        const cst_standing_row *row, const cst_standing *offer, buffer *out)
{
    const cst_image *const image = context->frame.image;
    cst_json bound;
    if (!select_args(context, action, row, false, &bound))
        return false;
    buffer *const args = &context->message;
    buffer_clear(args);
    json_write_canonical(args, &bound);
    if (args->failed)
        return false;
    size_t shown = args->length < LIMIT_REQUEST_BYTES ? args->length : LIMIT_REQUEST_BYTES;
    while (shown > 0 && shown < args->length && ((unsigned char)args->bytes[shown] & 0xc0) == 0x80)
        shown--;
    buffer_clear(out);
    buffer_text(out, "Always run ");
    buffer_add(out, context->event.tool.bytes, context->event.tool.length);
    buffer_text(out, " with ");
    buffer_add(out, args->bytes, shown);
    buffer_text(out, shown < args->length ? "…" : "");
    for (uint32_t i = 0; i < offer->free_count; i++)
        buffer_format(out, "%s%s",
                      i == 0                      ? " and any "
                      : i + 1 < offer->free_count ? ", "
                                                  : " and ",
                      offer->free[i]);
    if (row->holder == CST_NONE)
        buffer_text(out, " in this session, for ");
    else
        buffer_format(out, " in every session with this %s, for ",
                      CST_TEXT(image, CST_ROWS(image, slots, cst_slot_row)[row->holder].path));
    value_show(out, &(cst_value){.kind = CST_KIND_DURATION, .as.integer = row->within_us}, image,
               CST_NONE);
    if (row->uses)
        buffer_format(out, ", at most %u time%s", row->uses, row->uses == 1 ? "" : "s");
    buffer_text(out, "?");
    return !out->failed;
}

cst_status cst_decision_standing(const cst_decision *decision, uint32_t index, cst_standing *out)
{
    if (!decision || !decision->context || !out)
        return CST_BAD_ARGUMENT;
    cst_context *const context = decision->context->self;
    if (context->event.phase != ENGINE_DECIDED || index >= context->fired_count)
        return CST_BAD_ARGUMENT;
    const engine_fired *const fired = &context->fired[index];
    const cst_standing_row *const row =
        fired->effect == CST_REQUIRE_APPROVAL ? row_of(context, fired) : NULL;
    if (!row || context->verdict != CST_REQUIRE_APPROVAL)
        return CST_NO_FIELD;
    standing_action action = {0};
    const cst_status status =
        standing_pattern(context, &action, fired, row, out->holder, out->pattern);
    if (status != CST_OK)
        return status;
    const cst_image *const image = context->frame.image;
    const cst_ref *const names = CST_ROWS(image, names, cst_ref) + row->free.first;
    const char **const free = arena_array(&context->arena, row->free.count + 1u, sizeof *free);
    if (!free)
        return CST_NO_MEMORY;
    for (uint32_t i = 0; i < row->free.count; i++)
        free[i] = CST_TEXT(image, names[i]);
    out->rule = fired->rule == CST_NONE
                    ? NULL
                    : CST_TEXT(image, CST_ROWS(image, rules, cst_rule_row)[fired->rule].name);
    out->free = free;
    out->free_count = row->free.count;
    out->uses = row->uses;
    out->expires_us = approval_clock(context) + row->within_us;
    out->text = write_offer(context, &action, row, out, &context->leaf)
                    ? arena_copy(&context->arena, context->leaf.bytes, context->leaf.length)
                    : NULL;
    return out->text ? CST_OK : CST_NO_MEMORY;
}

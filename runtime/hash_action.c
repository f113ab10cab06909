/*
 * hash_action.c - the name of an action: what an approval will be bound to.
 *
 * SHA-256 over {"args":…,"tool":…} in the canonical form of RFC 8785, so neither the order of members, nor white space, nor the way a
 * number or an escape is written makes two names for one action. Arguments that are missing count as {}.
 */
#include <string.h>

#include "runtime/engine.h"
#include "runtime/sha256.h"

static bool write_action(cst_context *context, buffer *out)
{
    const engine_event *const event = &context->event;
    const engine_text *const sent = context->cut_args.bytes ? &context->cut_args : &event->args;
    buffer_text(out, "{\"args\":");
    if (sent->bytes) {
        cst_json *args;
        json_problem problem;
        if (json_read(&context->arena, sent->bytes, sent->length,
                      LIMIT_JSON_SCANNER_DEPTH, &args, &problem) != JSON_OK)
            return false;
        json_write_canonical(out, args);
    } else {
        buffer_text(out, "{}");
    }
    const cst_json tool = {
        .kind = JSON_STRING, .text = event->tool.bytes, .length = event->tool.length};
    buffer_text(out, ",\"tool\":");
    json_write_canonical(out, &tool);
    buffer_text(out, "}");
    return !out->failed;
}

cst_status cst_decision_action_hash(const cst_decision *decision, uint8_t out[32])
{
    if (!decision || !decision->context || !out)
        return CST_BAD_ARGUMENT;
    cst_context *const context = decision->context->self;
    const engine_event *const event = &context->event;
    if (event->phase != ENGINE_DECIDED)
        return CST_BAD_ARGUMENT;
    if (event->problem.code || event->stage != CST_ACTION || !event->hashable)
        return CST_NO_FIELD;
    if (!context->has_hash) {
        buffer *const text = &context->action;
        buffer_clear(text);
        if (!write_action(context, text))
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

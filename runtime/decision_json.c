/*
 * decision_json.c - a decision as the JSON object of docs/formats.md.
 *
 * Members stand in a fixed order and only where they mean something, so that equal decisions are
 * equal bytes. What was cut off says so: "message_cut" and "span_total" appear exactly then.
 */
#include <inttypes.h>
#include <string.h>

#include "runtime/approval.h"
#include "runtime/engine.h"

static void add_string(buffer *out, const char *text)
{
    buffer_json_string(out, text, strlen(text));
}

static void add_member(buffer *out, const char *name, const char *text)
{
    buffer_format(out, ",\"%s\":", name);
    add_string(out, text);
}

static void add_who(buffer *out, const cst_fired *fired)
{
    if (fired->who_count == 0)
        return;
    buffer_text(out, fired->effect == CST_ESCALATE ? ",\"to\":" : ",\"from\":");
    if (fired->who_count == 1) {
        add_string(out, fired->who[0]);
        return;
    }
    for (uint32_t i = 0; i < fired->who_count; i++) {
        buffer_text(out, i ? "," : "[");
        add_string(out, fired->who[i]);
    }
    buffer_text(out, "]");
}

/* Microseconds as seconds, with no more digits than they need. */
static void add_within(buffer *out, int64_t microseconds)
{
    if (microseconds <= 0)
        return;
    buffer_format(out, ",\"within_s\":%" PRId64, microseconds / 1000000);
    int64_t rest = microseconds % 1000000;
    if (rest == 0)
        return;
    int digits = 6;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    buffer_format(out, ".%0*" PRId64, digits, rest);
}

static void add_spans(buffer *out, const cst_fired *fired)
{
    for (uint32_t i = 0; i < fired->span_count; i++) {
        const cst_span *const span = &fired->spans[i];
        buffer_text(out, i ? ",{\"at\":" : ",\"spans\":[{\"at\":");
        add_string(out, span->pointer);
        buffer_format(out, ",\"start\":%" PRIu32 ",\"end\":%" PRIu32 "}", span->start, span->end);
    }
    if (fired->span_count)
        buffer_text(out, "]");
    if (fired->span_total > fired->span_count)
        buffer_format(out, ",\"span_total\":%" PRIu64, fired->span_total);
}

static void add_fired(buffer *out, const cst_fired *fired)
{
    buffer_text(out, "{\"rule\":");
    if (fired->rule)
        add_string(out, fired->rule);
    else
        buffer_text(out, "null,\"reason\":\"default\"");
    if (fired->principle)
        add_member(out, "principle", fired->principle);
    add_member(out, "effect",
               fired->label && fired->effect == CST_PERMIT ? "label"
                                                           : cst_verdict_name(fired->effect));
    if (fired->label)
        add_member(out, "label", fired->label);
    if (fired->approved)
        buffer_text(out, ",\"approved\":true");
    if (fired->standing) {
        buffer_format(out, ",\"standing\":{\"grant\":\"%s\"", fired->standing);
        if (fired->use)
            buffer_format(out, ",\"use\":%" PRIu32, fired->use);
        buffer_text(out, "}");
    }
    add_who(out, fired);
    add_within(out, fired->within_us);
    if (fired->offering)
        add_member(out, "offering", fired->offering);
    if (fired->message)
        add_member(out, "message", fired->message);
    if (fired->message_cut)
        buffer_text(out, ",\"message_cut\":true");
    add_spans(out, fired);
    if (fired->undecided_code) {
        buffer_text(out, ",\"undecided\":{\"code\":");
        add_string(out, fired->undecided_code);
        add_member(out, "at", fired->undecided_at);
        buffer_text(out, "}");
    }
    buffer_text(out, "}");
}

static bool add_list(cst_context *context, buffer *out, const char *name, bool shadow)
{
    const uint32_t count = shadow ? context->shadow_count : context->fired_count;
    buffer_format(out, ",\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++) {
        engine_fired *const fired = &(shadow ? context->shadow : context->fired)[i];
        const cst_fired *const shown = fired_show(context, fired, shadow);
        if (!shown)
            return false;
        if (i)
            buffer_text(out, ",");
        add_fired(out, shown);
    }
    buffer_text(out, "]");
    return true;
}

static void add_head(buffer *out, const cst_context *context)
{
    const engine_event *const event = &context->event;
    buffer_text(out, "{\"decision\":");
    add_string(out, cst_verdict_name(context->verdict));
    if (event->has_stage)
        add_member(out, "stage", cst_stage_name(event->stage));
    else if (event->is_system)
        add_member(out, "stage", "system");
    if (event->session.bytes) {
        buffer_text(out, ",\"session\":");
        buffer_json_string(out, event->session.bytes, event->session.length);
    }
    if (event->id.bytes) {
        buffer_text(out, ",\"id\":");
        buffer_add(out, event->id.bytes, event->id.length);
    }
    if (event->problem.code) {
        buffer_text(out, ",\"error\":{\"code\":");
        add_string(out, event->problem.code);
        add_member(out, "at", event->problem.pointer);
        add_member(out, "text", event->problem.text);
        buffer_text(out, "}");
    }
}

static bool add_hash(const cst_decision *decision, buffer *out)
{
    uint8_t hash[32];
    const cst_status status = cst_decision_action_hash(decision, hash);
    if (status == CST_NO_FIELD)
        return true;
    if (status != CST_OK)
        return false;
    buffer_text(out, ",\"action_hash\":\"sha256:");
    for (int i = 0; i < 32; i++)
        buffer_format(out, "%02x", hash[i]);
    buffer_text(out, "\"");
    return true;
}

static void add_offer(buffer *out, const cst_standing *offer, int64_t within)
{
    buffer_text(out, "{\"rule\":");
    if (offer->rule)
        add_string(out, offer->rule);
    else
        buffer_text(out, "null");
    add_member(out, "text", offer->text);
    add_within(out, within);
    if (offer->uses)
        buffer_format(out, ",\"uses\":%" PRIu32, offer->uses);
    for (uint32_t i = 0; i < offer->free_count; i++) {
        buffer_text(out, i ? "," : ",\"free\":[");
        add_string(out, offer->free[i]);
    }
    buffer_text(out, offer->free_count ? "]}" : "}");
}

/* What the rules that ask offer beside an approval for this action. */
static bool add_offers(const cst_decision *decision, buffer *out)
{
    cst_context *const context = decision->context->self;
    bool any = false;
    for (uint32_t i = 0; i < context->fired_count; i++) {
        cst_standing offer;
        const cst_status status = cst_decision_standing(decision, i, &offer);
        if (status == CST_NO_FIELD)
            continue;
        if (status != CST_OK)
            return false;
        buffer_text(out, any ? "," : ",\"standing\":[");
        add_offer(out, &offer, offer.expires_us - approval_clock(context));
        any = true;
    }
    if (any)
        buffer_text(out, "]");
    return true;
}

static bool add_request(const cst_decision *decision, buffer *out)
{
    cst_request request;
    const cst_status status = cst_decision_request(decision, &request);
    if (status == CST_NO_FIELD)
        return true;
    if (status != CST_OK)
        return false;
    const cst_context *const context = decision->context;
    buffer_text(out, ",\"request\":{\"text\":");
    add_string(out, request.text);
    /* how long it may hold, and not until when: the same event is the same decision at any time */
    add_within(out, request.expires_us - approval_clock(context->self));
    if (!add_offers(decision, out))
        return false;
    buffer_text(out, "}");
    return true;
}

/* What a refusal offers: the first rule of the report that refuses and offers something. */
static void add_offering(buffer *out, const cst_context *context)
{
    for (uint32_t i = 0; context->verdict == CST_REFUSE && i < context->fired_count; i++) {
        const engine_fired *const fired = &context->fired[i];
        if (fired->effect == CST_REFUSE && fired->shown && fired->shown->offering) {
            add_member(out, "offering", fired->shown->offering);
            return;
        }
    }
}

/* What goes on instead of what came. */
static void add_changes(buffer *out, const cst_context *context)
{
    if (context->verdict > CST_ESCALATE)
        return;
    if (context->cut_text.bytes) {
        buffer_text(out, ",\"text\":");
        buffer_json_string(out, context->cut_text.bytes, context->cut_text.length);
    }
    if (context->cut_args.bytes) {
        buffer_text(out, ",\"args\":");
        buffer_add(out, context->cut_args.bytes, context->cut_args.length);
    }
    if (context->cut_value.bytes) {
        buffer_text(out, ",\"value\":");
        buffer_add(out, context->cut_value.bytes, context->cut_value.length);
    }
}

cst_status cst_decision_json(const cst_decision *decision, const char **json, size_t *length)
{
    if (!decision || !decision->context || !json || !length)
        return CST_BAD_ARGUMENT;
    cst_context *const context = decision->context->self;
    if (context->event.phase != ENGINE_DECIDED)
        return CST_BAD_ARGUMENT;
    buffer *const out = &context->json;
    if (!context->has_json) {
        buffer_clear(out);
        add_head(out, context);
        if (!add_list(context, out, "rules", false) || !add_list(context, out, "shadow", true) ||
            !add_hash(decision, out) || !add_request(decision, out))
            return CST_NO_MEMORY;
        if (!host_report(context, out))
            return CST_NO_MEMORY;
        add_offering(out, context);
        add_changes(out, context);
        add_member(out, "policy", context->policy->label);
        buffer_text(out, "}");
        if (out->failed)
            return CST_NO_MEMORY;
        context->has_json = true;
    }
    *json = out->bytes;
    *length = out->length;
    return CST_OK;
}

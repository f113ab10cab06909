/*
 * decision.c - answering questions about a decision: which rules fired, and what they say.
 *
 * A decision is a small struct that points to its context; a fired rule is put into words when it
 * is first asked for, and then kept, so that a service which only looks at the verdict pays for
 * nothing. Numbers that callers pass are checked against the context and not against the decision,
 * which they could have changed.
 */
#include "runtime/engine.h"

static const char *text_or_null(const cst_image *image, cst_ref ref)
{
    return ref.offset == 0 && ref.length == 0 ? NULL : CST_TEXT(image, ref);
}

/* Names of a range as the array of pointers that callers want. False: memory is short. */
static bool show_names(cst_context *context, cst_range range, cst_fired *out)
{
    const cst_image *const image = context->frame.image;
    const cst_ref *const names = CST_ROWS(image, names, cst_ref) + range.first;
    if (range.count == 0)
        return true;
    const char **const who = arena_array(&context->arena, range.count, sizeof *who);
    if (!who)
        return false;
    for (uint32_t i = 0; i < range.count; i++)
        who[i] = CST_TEXT(image, names[i]);
    out->who = who;
    out->who_count = range.count;
    return true;
}

static bool show_default(cst_context *context, const engine_fired *fired, cst_fired *out)
{
    const cst_layer_row *const layer =
        CST_ROWS(context->frame.image, layers, cst_layer_row) + fired->layer;
    const cst_default_row *const row = &layer->defaults[context->event.stage];
    out->within_us = row->within_us;
    return show_names(context, row->who, out);
}

static bool show_rule(cst_context *context, const engine_fired *fired, cst_fired *out)
{
    const cst_image *const image = context->frame.image;
    const cst_rule_row *const rule = CST_ROWS(image, rules, cst_rule_row) + fired->rule;
    out->rule = CST_TEXT(image, rule->name);
    if (rule->principle != CST_NONE)
        out->principle =
            CST_TEXT(image, CST_ROWS(image, principles, cst_principle_row)[rule->principle].name);
    out->offering = text_or_null(image, rule->offering);
    out->within_us = rule->within_us;
    out->file = CST_TEXT(image, rule->file);
    out->line = rule->line;
    if (CST_IS_UNDECIDED(fired->reason) && CST_SITE(fired->reason) < image->sites.count) {
        const cst_site_row *const site =
            CST_ROWS(image, sites, cst_site_row) + CST_SITE(fired->reason);
        out->undecided_code = CST_TEXT(image, site->code);
        out->undecided_at = CST_TEXT(image, site->at);
    }
    if (rule->message.count) {
        out->message = message_render(context, rule, &out->message_cut);
        if (!out->message)
            return false;
    }
    if (rule->label != CST_NONE)
        out->label = CST_TEXT(context->frame.image,
                              CST_ROWS(context->frame.image, labels, cst_ref)[rule->label]);
    return spans_list(context, fired->rule, fired->reason == CST_TRUE, out) &&
           show_names(context, rule->who, out);
}

static bool show_grant(cst_context *context, const engine_granted *granted, cst_fired *out)
{
    static const char digits[] = "0123456789abcdef";
    char name[16];
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = digits[granted->signature[i / 2] >> (i % 2 ? 0 : 4) & 15];
    out->standing = arena_copy(&context->arena, name, sizeof name);
    out->use = granted->use;
    return out->standing != NULL;
}

const cst_fired *fired_show(cst_context *context, engine_fired *fired, bool shadow)
{
    if (fired->shown)
        return fired->shown;
    cst_fired *const out = arena_allocate(&context->arena, sizeof *out);
    if (!out)
        return NULL;
    out->effect = fired->effect;
    out->approved = fired->approved;
    if (fired->granted && context->granted[fired->granted - 1].standing &&
        !show_grant(context, &context->granted[fired->granted - 1], out))
        return NULL;
    out->shadow = shadow;
    const bool complete = fired->rule == CST_NONE ? show_default(context, fired, out)
                                                  : show_rule(context, fired, out);
    if (!complete)
        return NULL;
    fired->shown = out;
    return out;
}

static cst_status answer(const cst_decision *decision, uint32_t index, bool shadow, cst_fired *out)
{
    if (!decision || !decision->context || !out)
        return CST_BAD_ARGUMENT;
    cst_context *const context = decision->context->self;
    if (context->event.phase != ENGINE_DECIDED ||
        index >= (shadow ? context->shadow_count : context->fired_count))
        return CST_BAD_ARGUMENT;
    engine_fired *const fired = &(shadow ? context->shadow : context->fired)[index];
    const cst_fired *const shown = fired_show(context, fired, shadow);
    if (!shown)
        return CST_NO_MEMORY;
    *out = *shown;
    return CST_OK;
}

cst_status cst_decision_rule(const cst_decision *decision, uint32_t index, cst_fired *out)
{
    return answer(decision, index, false, out);
}

cst_status cst_decision_shadow(const cst_decision *decision, uint32_t index, cst_fired *out)
{
    return answer(decision, index, true, out);
}

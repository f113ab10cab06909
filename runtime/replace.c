/*
 * replace.c - a safer form of the event: replacements put into its JSON, and the whole decided once
 * more.
 *
 * The second decision is made of the new event from its beginning, so nothing of the first can be
 * wrong about it; and the stricter of both stands. A replacement that fires again has not made the
 * event safe: it is a deny, and there is no third time. What cannot be put in place is a deny too:
 * two rules that give one field different values, a field whose record is not there, an event that
 * the host set field by field.
 *
 * Rules of the first decision are shown (messages, spans) before the event is read again, since
 * they speak of what came.
 */
#include "runtime/replace.h"

#include <string.h>

#include "runtime/number.h"

typedef struct putting { /* one field and what comes into it */
    const char *pointer; /* JSON pointer */
    uint32_t length;
    const char *json;
    uint32_t json_length;
    bool done;
} putting;

typedef struct patch {
    cst_context *context;
    putting *items;
    uint32_t count;
    buffer *out;
    buffer path; /* of the value in hand */
} patch;

bool replace_is_wanted(const cst_context *context)
{
    for (uint32_t i = 0; i < context->fired_count; i++)
        if (context->fired[i].effect == CST_REPLACE)
            return true;
    return false;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void write_value(buffer *out, const cst_image *image, const cst_value *value, uint32_t type)
{
    switch (value->kind) {
    case CST_KIND_BOOL: buffer_text(out, value->as.integer ? "true" : "false"); return;
    case CST_KIND_INT: buffer_format(out, "%lld", (long long)value->as.integer); return;
    case CST_KIND_DECIMAL: millionths_show(out, value->as.integer); return;
    case CST_KIND_FLOAT: double_show(out, value->as.number); return;
    case CST_KIND_ENUM: {
        const cst_range names = CST_ROWS(image, types, cst_type_row)[type].fields;
        const cst_ref name =
            CST_ROWS(image, names, cst_ref)[names.first + (uint32_t)value->as.integer];
        buffer_json_string(out, CST_TEXT(image, name), name.length);
        return;
    }
    default: buffer_json_string(out, value->length ? value->as.text : "", value->length); return;
    }
}

/* What the fired replacements put where. False: two of them do not agree, or memory is short. */
static bool collect(patch *to)
{
    cst_context *const context = to->context;
    const cst_image *const image = context->frame.image;
    const cst_rule_row *const rules = CST_ROWS(image, rules, cst_rule_row);
    const cst_slot_row *const slots = CST_ROWS(image, slots, cst_slot_row);
    to->items = arena_array(&context->arena, context->fired_count + 1u, sizeof *to->items);
    if (!to->items)
        return false;
    for (uint32_t i = 0; i < context->fired_count; i++) {
        if (context->fired[i].effect != CST_REPLACE)
            continue;
        const cst_rule_row *const rule = &rules[context->fired[i].rule];
        const cst_slot_row *const slot = &slots[rule->cut_slot];
        if (context->history.note_stamps[rule->put_note] != context->history.stamp)
            return false;
        buffer *const text = &context->leaf;
        buffer_clear(text);
        write_value(text, image, &context->history.notes[rule->put_note], slot->type);
        putting made = {CST_TEXT(image, slot->pointer), slot->pointer.length, NULL,
                        (uint32_t)text->length, false};
        made.json = text->failed ? NULL : arena_copy(&context->arena, text->bytes, text->length);
        if (!made.json)
            return false;
        bool known = false;
        for (uint32_t k = 0; k < to->count; k++) {
            const putting *const other = &to->items[k];
            if (other->length != made.length ||
                memcmp(other->pointer, made.pointer, made.length) != 0)
                continue;
            if (other->json_length != made.json_length ||
                memcmp(other->json, made.json, made.json_length) != 0)
                return false;
            known = true;
        }
        if (!known)
            to->items[to->count++] = made;
    }
    return true;
}

/* ---- writing the event anew ------------------------------------------------------------------ */

static void path_add(buffer *path, const json_key *key)
{
    buffer_text(path, "/");
    for (uint32_t i = 0; i < key->length; i++) {
        const char c = key->text[i];
        if (c == '~' || c == '/')
            buffer_text(path, c == '~' ? "~0" : "~1");
        else
            buffer_add(path, &c, 1);
    }
}

/* The field that the path in hand names; NULL. *below: some field lies below it. */
static putting *target(const patch *to, bool *below)
{
    putting *found = NULL;
    *below = false;
    for (uint32_t i = 0; i < to->count; i++) {
        putting *const one = &to->items[i];
        if (one->length < to->path.length ||
            memcmp(one->pointer, to->path.bytes, to->path.length) != 0)
            continue;
        if (one->length == to->path.length)
            found = one;
        else
            *below = *below || one->pointer[to->path.length] == '/';
    }
    return found;
}

static void write_json(patch *to, const cst_json *json);

/* Fields of this object that were not there: optional arguments. */
static void append_missing(patch *to, bool empty)
{
    for (uint32_t i = 0; i < to->count; i++) {
        putting *const one = &to->items[i];
        if (one->done || one->length <= to->path.length + 1 ||
            memcmp(one->pointer, to->path.bytes, to->path.length) != 0 ||
            one->pointer[to->path.length] != '/' ||
            memchr(one->pointer + to->path.length + 1, '/', one->length - to->path.length - 1))
            continue;
        buffer_text(to->out, empty ? "\"" : ",\"");
        for (const char *c = one->pointer + to->path.length + 1; c < one->pointer + one->length;
             c++) {
            if (*c == '~')
                buffer_text(to->out, *++c == '0' ? "~" : "/");
            else if (*c == '"' || *c == '\\')
                buffer_format(to->out, "\\%c", *c);
            else
                buffer_add(to->out, c, 1);
        }
        buffer_text(to->out, "\":");
        buffer_add(to->out, one->json, one->json_length);
        one->done = true;
        empty = false;
    }
}

static void write_object(patch *to, const cst_json *json)
{
    buffer_text(to->out, "{");
    const size_t before = to->path.length;
    for (uint32_t i = 0; i < json->length; i++) {
        buffer_text(to->out, i ? "," : "");
        buffer_json_string(to->out, json->keys[i].text, json->keys[i].length);
        buffer_text(to->out, ":");
        path_add(&to->path, &json->keys[i]);
        write_json(to, &json->items[i]);
        to->path.length = before;
    }
    append_missing(to, json->length == 0);
    buffer_text(to->out, "}");
}

/* Depth is bounded by the reader of JSON. */
static void write_json(patch *to, const cst_json *json)
{
    bool below;
    putting *const here = target(to, &below);
    if (here) {
        buffer_add(to->out, here->json, here->json_length);
        here->done = true;
    } else if (below && json->kind == JSON_OBJECT) {
        write_object(to, json);
    } else {
        buffer_add(to->out, to->context->bytes + json->at, json->at_length);
    }
}

/* The event with all replacements in it, in arena memory. NULL: that cannot be. */
static const char *rewrite(cst_context *context, size_t *length)
{
    patch to = {.context = context, .out = &context->cut};
    cst_json *whole;
    json_problem problem;
    if (!context->from_json || !collect(&to) ||
        json_read(&context->arena, context->bytes, context->byte_length, LIMIT_JSON_SCANNER_DEPTH,
                  &whole, &problem) != JSON_OK)
        return NULL;
    buffer_clear(to.out);
    buffer_init(&to.path, &context->allocator, 0);
    buffer_text(&to.path, "");
    write_object(&to, whole);
    bool good = !to.out->failed && !to.path.failed;
    for (uint32_t i = 0; i < to.count; i++)
        good = good && to.items[i].done;
    buffer_free(&to.path);
    *length = to.out->length;
    return good ? arena_copy(&context->arena, to.out->bytes, to.out->length) : NULL;
}

/* ---- the second decision --------------------------------------------------------------------- */

/* What cannot be replaced is denied. */
static void refuse(cst_context *context)
{
    for (uint32_t i = 0; i < context->fired_count; i++)
        if (context->fired[i].effect == CST_REPLACE) {
            context->fired[i].effect = CST_DENY;
            context->fired[i].shown = NULL;
        }
    context->verdict = CST_DENY;
    engine_sort_fired(context);
}

bool replace_decide(cst_context *context, cst_status *status, cst_decision *decision)
{
    size_t length = 0;
    const char *const event = rewrite(context, &length);
    bool shown = true;
    const cst_work decided = context->scratch.work;
    const size_t used = context->scratch.memory.used;
    for (uint32_t i = 0; event && i < context->fired_count; i++)
        shown = shown && fired_show(context, &context->fired[i], false);
    context->scratch.work = decided;
    context->scratch.work.told += context->scratch.memory.used - used;
    if (!event || !shown) {
        refuse(context);
        return false;
    }
    const engine_before before = {context->fired, context->fired_count, context->verdict};
    context->before = &before;
    *status = engine_read_json(context, event, length);
    *status = *status == CST_OK ? engine_finish(context, decision)
                                : engine_refuse(context, *status, decision);
    context->before = NULL;
    return true;
}

static bool is_among(const engine_fired *list, uint32_t count, const engine_fired *one)
{
    for (uint32_t i = 0; i < count; i++)
        if (list[i].rule == one->rule && (one->rule != CST_NONE || list[i].layer == one->layer))
            return true;
    return false;
}

bool replace_merge(cst_context *context)
{
    const engine_before *const before = context->before;
    const uint32_t count = context->fired_count;
    engine_fired *const both =
        arena_array(&context->arena, count + before->count + 1u, sizeof *both);
    if (!both)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        both[i] = context->fired[i];
        if (both[i].effect == CST_REPLACE) /* it fires again */
            both[i].effect = CST_DENY;
        if (both[i].effect > context->verdict)
            context->verdict = both[i].effect;
    }
    context->fired = both;
    for (uint32_t i = 0; i < before->count; i++) {
        if (is_among(both, count, &before->fired[i]))
            continue;
        both[context->fired_count] = before->fired[i];
        both[context->fired_count++].over = true;
    }
    if (before->verdict > context->verdict)
        context->verdict = before->verdict;
    engine_sort_fired(context);
    return true;
}

bool replace_note_changes(cst_context *context)
{
    engine_event *const event = &context->event;
    if (event->stage == CST_ACTION) {
        if (!context->cut_args.bytes)
            context->cut_args = event->args;
        return true;
    }
    if (context->cut_text.bytes || !event->text.bytes)
        return true;
    cst_json *json;
    json_problem problem;
    if (json_read(&context->arena, event->text.bytes, event->text.length, LIMIT_JSON_SCANNER_DEPTH,
                  &json, &problem) != JSON_OK ||
        json->kind != JSON_STRING)
        return false;
    const char *const text = arena_copy(&context->arena, json->text, json->length);
    if (!text)
        return false;
    context->cut_text = (engine_text){text, json->length, 0, 0};
    return true;
}

/*
 * remember.c - what a session remembers of its texts, for rules that ask whether a text repeats
 * another.
 *
 * For each echo of the policy (an origin, a view, a length) a session has an index of the texts
 * that came from there. Only what was let through is added, as it was let through. A policy that
 * asks nothing remembers nothing. What is lost (memory, a bound, a swapped policy that asks for
 * other things) is known to be lost, and makes those questions undecided, never "no".
 */
#include <string.h>

#include "runtime/engine.h"

static const cst_echo_row *echo_rows(const cst_context *context)
{
    return CST_ROWS(context->frame.image, echoes, cst_echo_row);
}

static void use_echoes(cst_context *context, const session *owner)
{
    cst_texts *const texts = &context->texts;
    const session_echoes *const kept = owner ? owner->echoes : NULL;
    texts->echoes = NULL;
    texts->echoes_lost = context->sessions.prompt_lost || (!kept && context->sessions.texts_lost);
    if (!kept)
        return;
    if (memcmp(kept->policy, context->frame.image->source_hash, sizeof kept->policy) == 0)
        texts->echoes = kept->items;
    else
        texts->echoes_lost = true;
}

void remember_begin(cst_context *context)
{
    const engine_text *const name = &context->event.session;
    origins_begin(context);
    if (context->frame.image->echoes.count == 0)
        return;
    use_echoes(context, session_find(&context->sessions, name->bytes, name->length));
}

/* ---- adding ---------------------------------------------------------------------------------- */

static bool is_of(const cst_context *context, const cst_origin_row *origin)
{
    const engine_event *const event = &context->event;
    switch (origin->kind) {
    case CST_ORIGIN_SYSTEM: return event->is_system;
    case CST_ORIGIN_USER: return !event->is_system && event->stage == CST_INPUT;
    case CST_ORIGIN_OUTPUT: return !event->is_system && event->stage == CST_OUTPUT;
    case CST_ORIGIN_RESULT:
        return !event->is_system && event->stage == CST_RESULT &&
               event->tool_number == origin->tool;
    default: {
        if (event->is_system || event->stage != CST_MESSAGE || origin->sender == CST_NONE)
            return false;
        const cst_value *const sender = &context->slots[origin->sender];
        const char *const wanted = CST_TEXT(context->frame.image, origin->agent);
        return kind_has_text(sender->kind) && sender->length == origin->agent.length &&
               memcmp(sender->as.text, wanted, sender->length) == 0;
    }
    }
}

typedef struct adding {
    cst_context *context;
    echo *echo;
    uint32_t views;
    bool complete;
} adding;

static void add_text(adding *to, const char *text, uint32_t length)
{
    const view *const view = texts_view(&to->context->frame, to->views, text, length);
    to->complete = view && !view->limited && to->complete;
    for (uint32_t i = 0; view && i < view->count; i++)
        to->context->scratch.work.origins += view->segments[i].length;
    for (uint32_t i = 0; view && i < view->count; i++)
        to->complete =
            echo_add(to->echo, view->segments[i].bytes, view->segments[i].length) && to->complete;
}

static void add_leaves(adding *to, const cst_value *value)
{
    cst_value leaves;
    if (!to->context->frame.services->text_leaves(&to->context->frame, value, &leaves)) {
        to->complete = false;
        return;
    }
    for (uint32_t i = 0; i < leaves.length; i++)
        add_text(to, leaves.as.items[i].as.text, leaves.as.items[i].length);
}

/* The texts of what a path leads to, through lists. Recursion is bounded by the depth that the JSON
 * reader accepts. */
static void add_part(adding *to, const cst_ref *path, uint32_t count, const cst_json *json)
{
    const cst_image *const image = to->context->frame.image;
    if (count == 0) {
        const cst_value part = {.kind = CST_KIND_JSON, .parts = json};
        add_leaves(to, &part);
        return;
    }
    for (uint32_t i = 0; i < json->length && json->kind == JSON_LIST; i++)
        add_part(to, path, count, &json->items[i]);
    for (uint32_t i = 0; i < json->length && json->kind == JSON_OBJECT; i++)
        if (json->keys[i].length == path->length &&
            memcmp(json->keys[i].text, CST_TEXT(image, *path), path->length) == 0)
            add_part(to, path + 1, count - 1, &json->items[i]);
}

static void add_value(adding *to, const cst_origin_row *origin, const cst_value *value)
{
    if (origin->path.count == 0)
        add_leaves(to, value);
    else if (value->kind == CST_KIND_JSON && value->parts)
        add_part(to, CST_ROWS(to->context->frame.image, names, cst_ref) + origin->path.first,
                 origin->path.count, value->parts);
}

static void add_origin(adding *to, const cst_origin_row *origin)
{
    cst_context *const context = to->context;
    const engine_text *const system = &context->event.system;
    if (origin->kind == CST_ORIGIN_SYSTEM) {
        add_text(to, system->bytes, system->length);
        return;
    }
    if (origin->path.count == 0 && context->cut_text.bytes)
        add_text(to, context->cut_text.bytes, context->cut_text.length);
    else if (origin->path.count == 0 && origin->text != CST_NONE &&
             context->slots[origin->text].kind == CST_KIND_STRING)
        add_text(to, context->slots[origin->text].as.text, context->slots[origin->text].length);
    if (origin->value == CST_NONE || context->slots[origin->value].kind == CST_KIND_ABSENT)
        return;
    if (!context->cut_value.bytes) {
        add_value(to, origin, &context->slots[origin->value]);
        return;
    }
    cst_json *json;
    json_problem problem;
    if (json_read(&context->arena, context->cut_value.bytes, context->cut_value.length,
                  LIMIT_JSON_SCANNER_DEPTH, &json, &problem) != JSON_OK) {
        to->complete = false;
        return;
    }
    const cst_value value = {.kind = CST_KIND_JSON, .parts = json};
    add_value(to, origin, &value);
}

/* The session's echoes for this policy; NULL: memory is short. */
static session_echoes *echoes_of(cst_context *context, session *owner)
{
    const cst_image *const image = context->frame.image;
    session_echoes *kept = owner->echoes;
    if (kept && memcmp(kept->policy, image->source_hash, sizeof kept->policy) == 0)
        return kept;
    session_echoes *const fresh = session_new_echoes(&context->sessions, image->echoes.count);
    if (!fresh)
        return NULL;
    memcpy(fresh->policy, image->source_hash, sizeof fresh->policy);
    /* what another policy remembered is not what this one asks for */
    fresh->lost = kept != NULL || context->sessions.texts_lost;
    for (uint32_t i = 0; i < fresh->count; i++) {
        fresh->items[i] = echo_new(&context->allocator, echo_rows(context)[i].chars);
        if (!fresh->items[i]) {
            session_free_echoes(&context->sessions, fresh);
            return NULL;
        }
        if (fresh->lost)
            echo_lose(fresh->items[i]);
    }
    if (kept)
        session_free_echoes(&context->sessions, kept);
    owner->echoes = fresh;
    return fresh;
}

/* The same for a session by name, stored if it is new. NULL: it cannot be, and that texts of it are
 * missing has been noted. */
static session_echoes *session_echoes_of(cst_context *context, const engine_text *name)
{
    session_table *const table = &context->sessions;
    session *owner = session_find(table, name->bytes, name->length);
    if (!owner && table->count < context->policy->limits.sessions)
        owner = session_store(table, name->bytes, name->length);
    session_echoes *const echoes = owner ? echoes_of(context, owner) : NULL;
    if (echoes)
        return echoes;
    table->texts_lost = true;
    for (uint32_t i = 0; owner && owner->echoes && i < owner->echoes->count; i++)
        echo_lose(owner->echoes->items[i]);
    return NULL;
}

static bool wants(const cst_context *context, const cst_echo_row *row)
{
    const cst_origin_row *const origins = CST_ROWS(context->frame.image, origins, cst_origin_row);
    for (uint32_t i = 0; i < row->origins.count; i++)
        if (is_of(context, &origins[row->origins.first + i]))
            return true;
    return false;
}

void remember_texts(cst_context *context)
{
    const cst_image *const image = context->frame.image;
    const cst_origin_row *const origins = CST_ROWS(image, origins, cst_origin_row);
    session_echoes *echoes = NULL;
    for (uint32_t i = 0; i < image->echoes.count; i++) {
        const cst_echo_row *const row = &echo_rows(context)[i];
        if (!wants(context, row))
            continue;
        if (!echoes && !(echoes = session_echoes_of(context, &context->event.session)))
            return;
        adding to = {context, echoes->items[i], row->views, true};
        for (uint32_t k = 0; k < row->origins.count; k++)
            if (is_of(context, &origins[row->origins.first + k]))
                add_origin(&to, &origins[row->origins.first + k]);
        if (!to.complete)
            echo_lose(echoes->items[i]);
    }
}

static bool wants_prompt(const cst_context *context, const cst_echo_row *row)
{
    const cst_origin_row *const origins = CST_ROWS(context->frame.image, origins, cst_origin_row);
    for (uint32_t i = 0; i < row->origins.count; i++)
        if (origins[row->origins.first + i].kind == CST_ORIGIN_SYSTEM)
            return true;
    return false;
}

void remember_lost_prompt(cst_context *context, const engine_text *session)
{
    const cst_image *const image = context->frame.image;
    session_echoes *echoes = NULL;
    for (uint32_t i = 0; i < image->echoes.count; i++) {
        if (!wants_prompt(context, &echo_rows(context)[i]))
            continue;
        if (!session) {
            context->sessions.prompt_lost = true;
            return;
        }
        if (!echoes && !(echoes = session_echoes_of(context, session)))
            return;
        echo_lose(echoes->items[i]);
    }
}

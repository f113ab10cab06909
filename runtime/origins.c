/*
 * origins.c - what a session's events said, and where: fills the provenance that rules with `from`
 * ask.
 *
 * Each leaf of an event that is let through is added under its source: the texts of `input`,
 * `output` and `message`, the system prompt, text and value of a result. A leaf of `value` belongs
 * to the deepest part that some origin names (`result of search.hits.id`). It is added as it went
 * on, after cuts.
 *
 * What the agent wrote is a source too, if some rule must tell an echo: the arguments of its calls,
 * when they are let through or wait for somebody's word; and those that a result brings with it,
 * before the result.
 *
 * What cannot be kept (memory, a bound, a policy that was swapped for one with other origins) is
 * known to be lost, and makes `from` true or undecided, never false.
 */
#include <string.h>

#include "runtime/engine.h"
#include "runtime/text/provenance.h"

static bool is_asked(const cst_context *context)
{
    return context->frame.image->froms.count > 0;
}

static bool is_own(const cst_context *context, const session_origins *kept)
{
    return memcmp(kept->policy, context->frame.image->source_hash, sizeof kept->policy) == 0;
}

void origins_begin(cst_context *context)
{
    if (!is_asked(context))
        return;
    const session *const owner = engine_session(context);
    const session_origins *const kept = owner ? owner->origins : NULL;
    cst_texts *const texts = &context->texts;
    texts->provenance = kept && is_own(context, kept) ? kept->from : NULL;
    texts->provenance_lost = kept ? !is_own(context, kept) : context->sessions.texts_lost;
}

/* ---- adding ---------------------------------------------------------------------------------- */

typedef struct adding {
    cst_context *context;
    provenance *from;
    const cst_source_row *rows; /* all */
    uint32_t first, count;      /* those of the event's tool */
    struct {
        const char *text;
        uint32_t length;
    } path[LIMIT_JSON_SCANNER_DEPTH];
} adding;

static void add_text(adding *to, uint32_t source, const char *text, uint32_t length)
{
    provenance_add_text(to->from, source, text, length);
}

/* The row that is named by the path to here; CST_NONE: none is. *deeper: rows with longer paths
 * start with it. */
static uint32_t row_here(const adding *to, uint32_t depth, bool *deeper)
{
    const cst_image *const image = to->context->frame.image;
    const cst_ref *const names = CST_ROWS(image, names, cst_ref);
    uint32_t found = CST_NONE;
    *deeper = false;
    for (uint32_t i = to->first; i < to->first + to->count; i++) {
        const cst_range path = to->rows[i].path;
        uint32_t equal = 0;
        while (equal < depth && equal < path.count &&
               names[path.first + equal].length == to->path[equal].length &&
               memcmp(CST_TEXT(image, names[path.first + equal]), to->path[equal].text,
                      to->path[equal].length) == 0)
            equal++;
        if (equal == depth && path.count == depth)
            found = i;
        *deeper = *deeper || (equal == depth && path.count > depth);
    }
    return found;
}

/* Lists are gone through; what a source names is in their elements. `source` is the deepest around,
 * or CST_NONE. Recursion is bounded by the depth that the JSON reader accepts. */
static void add_json(adding *to, uint32_t source, bool deeper, uint32_t depth, const cst_json *json)
{
    if (json->kind == JSON_STRING && source != CST_NONE) {
        add_text(to, source, json->text, json->length);
    } else if (json->kind == JSON_NUMBER && source != CST_NONE) {
        provenance_add_number(to->from, source, json->text, json->length);
    } else if (json->kind == JSON_LIST) {
        for (uint32_t i = 0; i < json->length; i++)
            add_json(to, source, deeper, depth, &json->items[i]);
    } else if (json->kind == JSON_OBJECT) {
        for (uint32_t i = 0; i < json->length; i++) {
            bool inner = false;
            uint32_t named = CST_NONE;
            if (deeper && depth < LIMIT_JSON_SCANNER_DEPTH) {
                to->path[depth].text = json->keys[i].text;
                to->path[depth].length = json->keys[i].length;
                named = row_here(to, depth + 1, &inner);
            }
            add_json(to, named == CST_NONE ? source : 1 + named, inner, depth + 1, &json->items[i]);
        }
    }
}

/* Open data of a slot, or what went on in its place. False: it is there, but not as data that can
 * be gone through. */
static bool json_of(cst_context *context, uint32_t slot, const engine_text *cut, const char *member,
                    const cst_json **out)
{
    *out = NULL;
    if (cut->bytes) {
        cst_json *json;
        json_problem problem;
        if (json_read(&context->arena, cut->bytes, cut->length, LIMIT_JSON_SCANNER_DEPTH, &json,
                      &problem) != JSON_OK)
            return false;
        *out = json;
        return true;
    }
    if (slot != CST_NONE && context->slots[slot].kind == CST_KIND_JSON) {
        *out = context->slots[slot].parts;
        return true;
    }
    /* a host that fills fields one by one may have given parts of it alone */
    const cst_slot_row *const rows = CST_ROWS(context->frame.image, slots, cst_slot_row);
    const size_t length = strlen(member);
    for (uint32_t i = 0; !context->from_json && i < context->touched_count; i++) {
        const cst_slot_row *const row = &rows[context->touched[i]];
        if (row->pointer.length > length &&
            memcmp(CST_TEXT(context->frame.image, row->pointer), member, length) == 0 &&
            context->slots[context->touched[i]].kind != CST_KIND_ABSENT)
            return false;
    }
    return true;
}

static void add_written(adding *to)
{
    cst_context *const context = to->context;
    const cst_json *arguments;
    const cst_value *const slot = &context->slots[context->frame.image->from_args];
    /* a host that fills fields has told all arguments of a call only if it gave them as JSON, or
     * said that there are none */
    const bool untold = !context->from_json && context->event.stage == CST_ACTION &&
                        !context->event.hashable && slot->kind == CST_KIND_ABSENT;
    if (untold || !json_of(context, context->frame.image->from_args, &context->cut_args, "/args/",
                           &arguments))
        provenance_lose(to->from, PROVENANCE_WRITTEN);
    else if (arguments)
        add_json(to, PROVENANCE_WRITTEN, false, 0, arguments);
}

static bool is_sender(const cst_context *context, const cst_source_row *row)
{
    const cst_value *const sender = row->sender == CST_NONE ? NULL : &context->slots[row->sender];
    return sender && kind_has_text(sender->kind) && sender->length == row->agent.length &&
           memcmp(sender->as.text, CST_TEXT(context->frame.image, row->agent), sender->length) == 0;
}

static bool is_of(const cst_context *context, const cst_source_row *row)
{
    const engine_event *const event = &context->event;
    if (event->is_system || row->kind == CST_ORIGIN_SYSTEM)
        return event->is_system && row->kind == CST_ORIGIN_SYSTEM;
    switch (event->stage) {
    case CST_INPUT: return row->kind == CST_ORIGIN_USER;
    case CST_OUTPUT: return row->kind == CST_ORIGIN_OUTPUT;
    case CST_RESULT: return row->kind == CST_ORIGIN_RESULT && row->tool == event->tool_number;
    case CST_MESSAGE: return row->kind == CST_ORIGIN_MESSAGE && is_sender(context, row);
    default: return false;
    }
}

static void add_value(adding *to)
{
    cst_context *const context = to->context;
    const cst_json *value;
    bool deeper;
    const uint32_t whole = row_here(to, 0, &deeper);
    if (!json_of(context, to->rows[to->first].value, &context->cut_value, "/value/", &value)) {
        for (uint32_t i = 0; i < to->count; i++)
            provenance_lose(to->from, 1 + to->first + i);
        return;
    }
    if (value)
        add_json(to, whole == CST_NONE ? CST_NONE : 1 + whole, deeper, 0, value);
}

static void add_event(adding *to)
{
    cst_context *const context = to->context;
    const cst_source_row *const row = &to->rows[to->first];
    const uint32_t source = 1 + to->first;
    if (context->event.is_system) {
        add_text(to, source, context->event.system.bytes, context->event.system.length);
        return;
    }
    /* the first row of a tool has the shortest path: a text belongs to all of the result */
    if (row->path.count == 0 && context->cut_text.bytes)
        add_text(to, source, context->cut_text.bytes, context->cut_text.length);
    else if (row->path.count == 0 && row->text != CST_NONE &&
             context->slots[row->text].kind == CST_KIND_STRING)
        add_text(to, source, context->slots[row->text].as.text, context->slots[row->text].length);
    if (context->event.stage == CST_RESULT)
        add_value(to);
}

/* ---- sessions -------------------------------------------------------------------------------- */

/* The session's provenance for this policy; NULL: memory is short. */
static provenance *origins_of(cst_context *context, session *owner)
{
    const cst_image *const image = context->frame.image;
    session_table *const table = &context->sessions;
    session_origins *kept = owner->origins;
    if (kept && is_own(context, kept))
        return kept->from;
    provenance *const fresh =
        provenance_new(&context->allocator, 1 + image->sources.count, image->from_types,
                       table->seed ^ owner->hash * UINT64_C(0x9e3779b97f4a7c15));
    if (!fresh)
        return NULL;
    if (!kept)
        kept = owner->origins = session_new_origins(table);
    if (!kept) {
        provenance_free(fresh);
        return NULL;
    }
    if (kept->from || table->texts_lost) /* another policy heard it, or nobody */
        provenance_lose_all(fresh);
    provenance_free(kept->from);
    kept->from = fresh;
    memcpy(kept->policy, image->source_hash, sizeof kept->policy);
    return fresh;
}

/* NULL: memory or a bound; then sessions that are not known may have said anything. */
static provenance *take_origins(cst_context *context)
{
    const engine_text *const name = &context->event.session;
    session_table *const table = &context->sessions;
    session *owner = session_find(table, name->bytes, name->length);
    if (!owner && table->count < context->policy->limits.sessions)
        owner = session_store(table, name->bytes, name->length);
    provenance *const from = owner ? origins_of(context, owner) : NULL;
    if (from)
        return from;
    table->texts_lost = true;
    if (owner && owner->origins && owner->origins->from)
        provenance_lose_all(owner->origins->from);
    return NULL;
}

void origins_remember(cst_context *context)
{
    const cst_image *const image = context->frame.image;
    const engine_event *const event = &context->event;
    const cst_source_row *const rows = CST_ROWS(image, sources, cst_source_row);
    if (!is_asked(context))
        return;
    const bool passed = event->is_system || context->verdict < CST_REQUIRE_APPROVAL;
    const bool calls =
        !event->is_system && (event->stage == CST_ACTION || event->stage == CST_RESULT);
    const bool written = calls && image->from_args != CST_NONE;
    adding to = {.context = context, .rows = rows};
    for (uint32_t i = 0; i < image->sources.count && passed; i++) {
        if (!is_of(context, &rows[i]))
            continue;
        if (to.count == 0)
            to.first = i;
        to.count++;
    }
    if (to.count == 0 && !(written && event->stage == CST_ACTION))
        return;
    to.from = take_origins(context);
    if (!to.from)
        return;
    provenance_step(to.from);
    if (written)
        add_written(&to);
    if (to.count)
        add_event(&to);
}

/*
 * cut.c - what goes on: the texts of an event with what redactions found cut out of them.
 *
 * Every fired redaction marks its texts again (runtime/text/texts.h), all marks are put in order by
 * place, overlapping ones become one cut, and each text is written anew. Texts inside of arguments
 * and values are written back into their JSON, so that it stays JSON. What cannot be cut is denied:
 * a place in a field of an identity type (an address with a piece missing is another address), a
 * place outside of what the host sends on, a list of marks that is not complete, a text that would
 * grow past the bound of an event.
 *
 * What stands for a cut is the mark of the longest of the spans that became one, then of the rule
 * that comes first by name.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/sort.h"
#include "runtime/engine.h"
#include "runtime/sha256.h"
#include "runtime/utf8.h"

typedef struct cut {
    const char *text;
    uint32_t length, at, start, end;
    uint32_t rule;    /* row */
    uint32_t pattern; /* row, or CST_NONE */
} cut;

typedef struct cuts {
    cut *items;
    uint32_t count, capacity;
} cuts;

/* ---- collecting ------------------------------------------------------------------------------ */

static bool add_cut(cst_context *context, cuts *all, cut one)
{
    cut *const made = ARENA_PUSH(&context->arena, all);
    if (!made)
        return false;
    *made = one;
    return true;
}

/* False: what the rule finds is not known whole. */
static bool collect_rule(cst_context *context, uint32_t row, cuts *all)
{
    const cst_rule_row *const rule = CST_ROWS(context->frame.image, rules, cst_rule_row) + row;
    if (rule->cut_slot != CST_NONE) {
        const cst_value *const field = &context->frame.slots[rule->cut_slot];
        if (field->kind != CST_KIND_STRING || field->length == 0)
            return true;
        return add_cut(
            context, all,
            (cut){field->as.text, field->length, field->at, 0, field->length, row, CST_NONE});
    }
    const cst_mark_fn mark = context->module->marks ? context->module->marks[row] : NULL;
    if (!mark)
        return false;
    cst_texts *const texts = &context->texts;
    texts_begin_marks(texts);
    mark(&context->frame, row);
    for (uint32_t i = 0; i < texts->marks.count; i++) {
        const text_mark *const one = &texts->marks.items[i];
        if (!add_cut(
                context, all,
                (cut){one->text, one->length, one->at, one->start, one->end, row, one->pattern}))
            return false;
    }
    return !texts->marks_failed;
}

/* ---- order ----------------------------------------------------------------------------------- */

static uint64_t place_of(const cut *one)
{
    return one->at != UINT32_MAX ? one->at : (uint64_t)(uintptr_t)one->text | UINT64_C(1) << 63;
}

static int cuts_compare(const void *left, const void *right)
{
    const cut *const a = left, *const b = right;
    const uint64_t place_a = place_of(a), place_b = place_of(b);
    if (place_a != place_b)
        return place_a < place_b ? -1 : 1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    return (a->pattern > b->pattern) - (a->pattern < b->pattern);
}

/* Whether the mark of `a` stands for a cut that `b` is also a part of. */
static bool stands_before(const cst_image *image, const cut *a, const cut *b)
{
    const uint32_t length_a = a->end - a->start, length_b = b->end - b->start;
    if (length_a != length_b)
        return length_a > length_b;
    const cst_rule_row *const rules = CST_ROWS(image, rules, cst_rule_row);
    const int order =
        strcmp(CST_TEXT(image, rules[a->rule].name), CST_TEXT(image, rules[b->rule].name));
    return order != 0 ? order < 0 : a->pattern < b->pattern;
}

/* ---- what stands for a cut ------------------------------------------------------------------- */

static bool is_kept(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
           (code >= 'a' && code <= 'z') || code >= 0x80;
}

/* The last letters and digits, at most half of them: a short text is not shown whole. */
static void add_last(buffer *out, const char *text, uint32_t length, uint32_t wanted)
{
    uint32_t all = 0, at = length, count = 0;
    for (uint32_t i = 0; i < length; i++)
        all += ((unsigned char)text[i] & 0xc0) != 0x80 && is_kept((unsigned char)text[i]);
    if (wanted > all / 2)
        wanted = all / 2;
    while (at > 0 && count < wanted) {
        at--;
        count += ((unsigned char)text[at] & 0xc0) != 0x80 && is_kept((unsigned char)text[at]);
    }
    for (uint32_t i = at; i < length; i++)
        if (is_kept((unsigned char)text[i]))
            buffer_add(out, text + i, 1);
}

static const char *kind_of(const cst_image *image, uint32_t pattern)
{
    return pattern == CST_NONE
               ? "text"
               : CST_TEXT(image, CST_ROWS(image, patterns, cst_pattern_row)[pattern].name);
}

/* The same for the same text in one session; without the key nobody finds the text by trying. */
static void add_alias(cst_context *context, buffer *out, const char *kind, const char *text,
                      uint32_t length)
{
    const engine_text *const session = &context->event.session;
    uint8_t digest[32];
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, context->policy->key, sizeof context->policy->key);
    sha256_add(&hash, session->bytes ? session->bytes : "", session->length);
    sha256_add(&hash, "", 1);
    sha256_add(&hash, kind, strlen(kind) + 1);
    sha256_add(&hash, text, length);
    sha256_end(&hash, digest);
    buffer_format(out, "%s-%02x%02x%02x", kind, digest[0], digest[1], digest[2]);
}

static void add_mark(cst_context *context, buffer *out, const cut *one)
{
    const cst_image *const image = context->frame.image;
    const cst_rule_row *const rule = CST_ROWS(image, rules, cst_rule_row) + one->rule;
    const cst_part_row *const parts = CST_ROWS(image, parts, cst_part_row) + rule->mark.first;
    const char *const text = one->text + one->start;
    const uint32_t length = one->end - one->start;
    for (uint32_t i = 0; i < rule->mark.count; i++) {
        switch (parts[i].kind) {
        case CST_PART_KIND: buffer_text(out, kind_of(image, one->pattern)); break;
        case CST_PART_LAST: add_last(out, text, length, parts[i].index); break;
        case CST_PART_ALIAS:
            add_alias(context, out, kind_of(image, one->pattern), text, length);
            break;
        default: buffer_add(out, CST_TEXT(image, parts[i].text), parts[i].text.length); break;
        }
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

/* One text anew from the byte `behind` on; `from`..`to` are its cuts, in order. */
static void write_text(cst_context *context, buffer *out, const cut *items, uint32_t from,
                       uint32_t to, uint32_t behind)
{
    const cst_image *const image = context->frame.image;
    for (uint32_t i = from; i < to;) {
        cut best = items[i];
        const uint32_t start = items[i].start;
        uint32_t end = items[i].end;
        for (i++; i < to && items[i].start < end; i++) {
            if (stands_before(image, &items[i], &best))
                best = items[i];
            if (items[i].end > end)
                end = items[i].end;
        }
        buffer_add(out, items[from].text + behind, start - behind);
        best.start = start;
        best.end = end;
        add_mark(context, out, &best);
        behind = end;
    }
    buffer_add(out, items[from].text + behind, items[from].length - behind);
}

static bool inside(const engine_text *member, uint32_t at)
{
    return member->bytes && at != UINT32_MAX && at >= member->at &&
           at - member->at < member->length;
}

typedef struct places { /* where the policy reads an identity type or a name: those are not cut */
    uint32_t *items;    /* ascending */
    uint32_t count, capacity;
} places;

static bool add_identities(cst_context *context, places *all, const cst_value *value)
{
    if (value->kind == CST_KIND_LIST || value->kind == CST_KIND_RECORD) {
        for (uint32_t i = 0; i < value->length; i++)
            if (!add_identities(context, all, &value->as.items[i]))
                return false;
        return true;
    }
    if (!kind_has_text(value->kind) || value->kind == CST_KIND_STRING || value->at == UINT32_MAX)
        return true;
    uint32_t *const place = ARENA_PUSH(&context->arena, all);
    if (place)
        *place = value->at;
    return place != NULL;
}

static int places_compare(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* False: memory is short. */
static bool find_identities(cst_context *context, places *all)
{
    for (uint32_t i = 0; i < context->touched_count; i++)
        if (!add_identities(context, all, &context->slots[context->touched[i]]))
            return false;
    sort_in_place(all->items, all->count, sizeof *all->items, places_compare);
    return true;
}

static bool is_identity(const places *all, uint32_t at)
{
    return all->count && bsearch(&at, all->items, all->count, sizeof at, places_compare) != NULL;
}

static bool keep(cst_context *context, const buffer *written, engine_text *out)
{
    if (written->failed)
        return false;
    out->bytes = arena_copy(&context->arena, written->bytes ? written->bytes : "", written->length);
    out->length = (uint32_t)written->length;
    return out->bytes != NULL;
}

static bool is_text_member(const cst_context *context, const cut *one)
{
    const engine_text *const member = &context->event.text;
    if (one->at != UINT32_MAX)
        return member->bytes && one->at == member->at;
    return context->text_slot != CST_NONE &&
           context->slots[context->text_slot].as.text == one->text;
}

/* The JSON of a member with the cuts from..to in its strings; answers how many of them were in it.
 */
static uint32_t write_member(cst_context *context, buffer *out, const engine_text *member,
                             const cut *items, uint32_t from, uint32_t count)
{
    uint32_t behind = 0, at = from;
    buffer *const text = &context->leaf;
    text->ceiling = context->policy->limits.event_bytes;
    while (at < count && inside(member, items[at].at)) {
        uint32_t end = at + 1;
        while (end < count && items[end].at == items[at].at)
            end++;
        buffer_clear(text);
        write_text(context, text, items, at, end, 0);
        buffer_add(out, member->bytes + behind, items[at].at - member->at - behind);
        buffer_json_string(out, text->bytes ? text->bytes : "", text->length);
        out->failed = out->failed || text->failed;
        behind = items[at].at - member->at;
        /* past the literal that was there */
        const char *next = member->bytes + behind + 1;
        while (*next != '"')
            next += *next == '\\' ? 2 : 1;
        behind = (uint32_t)(next - member->bytes) + 1;
        at = end;
    }
    if (at > from)
        buffer_add(out, member->bytes + behind, member->length - behind);
    return at - from;
}

/* False: some cut cannot be made. */
static bool write_all(cst_context *context, const cuts *all)
{
    buffer *const out = &context->cut;
    places identities = {0};
    if (!find_identities(context, &identities))
        return false;
    for (uint32_t i = 0; i < all->count; i++)
        if (is_identity(&identities, all->items[i].at))
            return false;
    for (uint32_t i = 0; i < all->count;) {
        const cut *const one = &all->items[i];
        uint32_t end = i + 1;
        while (end < all->count && place_of(&all->items[end]) == place_of(one))
            end++;
        buffer_clear(out);
        out->ceiling = context->policy->limits.event_bytes;
        if (is_text_member(context, one)) {
            write_text(context, out, all->items, i, end, 0);
            if (!keep(context, out, &context->cut_text))
                return false;
            i = end;
            continue;
        }
        const bool args = inside(&context->event.args, one->at);
        if (!args && !inside(&context->event.value, one->at))
            return false;
        i += write_member(context, out, args ? &context->event.args : &context->event.value,
                          all->items, i, all->count);
        if (!keep(context, out, args ? &context->cut_args : &context->cut_value))
            return false;
    }
    return true;
}

/* ---- a text that is still coming ------------------------------------------------------------- */

bool cuts_write(cst_context *context, const uint32_t *rules, uint32_t count, uint32_t from,
                uint32_t *to, buffer *out)
{
    const text_stream *const stream = context->texts.stream;
    cuts all = {0};
    for (uint32_t i = 0; i < count; i++)
        if (!collect_rule(context, rules[i], &all))
            return false;
    sort_in_place(all.items, all.count, sizeof *all.items, cuts_compare);
    /* a cut that is open at the end waits, whole; what starts behind is another feed's */
    uint32_t used = 0;
    while (used < all.count && all.items[used].start < *to) {
        const uint32_t start = all.items[used].start;
        uint32_t end = all.items[used].end, next = used + 1;
        while (next < all.count && all.items[next].start < end) {
            end = all.items[next].end > end ? all.items[next].end : end;
            next++;
        }
        if (end > *to) {
            *to = start;
            break;
        }
        used = next;
    }
    uint32_t first = 0;
    while (first < used && all.items[first].end <= from)
        first++;
    const cut rest = {.text = stream->text, .length = *to, .at = UINT32_MAX};
    if (*to < from || (first < used && all.items[first].start < from))
        return false; /* a cut that begins in what is out already: nothing more goes */
    if (first == used) {
        buffer_add(out, rest.text + from, *to - from);
        return !out->failed;
    }
    for (uint32_t i = first; i < used; i++)
        all.items[i].length = *to;
    write_text(context, out, all.items, first, used, from);
    return !out->failed;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void deny(cst_context *context, engine_fired *fired)
{
    fired->effect = CST_DENY;
    if (context->verdict < CST_DENY)
        context->verdict = CST_DENY;
}

void cuts_apply(cst_context *context)
{
    cuts all = {0};
    bool some = false;
    for (uint32_t i = 0; i < context->fired_count; i++) {
        engine_fired *const fired = &context->fired[i];
        if (fired->effect != CST_REDACT || fired->rule == CST_NONE || fired->over)
            continue;
        some = true;
        if (!collect_rule(context, fired->rule, &all))
            deny(context, fired);
    }
    if (!some || context->verdict > CST_ESCALATE)
        return;
    sort_in_place(all.items, all.count, sizeof *all.items, cuts_compare);
    if (write_all(context, &all))
        return;
    for (uint32_t i = 0; i < context->fired_count; i++)
        if (context->fired[i].effect == CST_REDACT && !context->fired[i].over)
            deny(context, &context->fired[i]);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static cst_status answer(const cst_decision *decision, const engine_text *cut, const char **bytes,
                         size_t *length)
{
    if (!bytes || !length || decision->context->event.phase != ENGINE_DECIDED)
        return CST_BAD_ARGUMENT;
    if (!cut->bytes || decision->context->verdict > CST_ESCALATE)
        return CST_NO_FIELD;
    *bytes = cut->bytes;
    *length = cut->length;
    return CST_OK;
}

cst_status cst_decision_text(const cst_decision *decision, const char **text, size_t *length)
{
    return decision && decision->context
               ? answer(decision, &decision->context->cut_text, text, length)
               : CST_BAD_ARGUMENT;
}

cst_status cst_decision_args(const cst_decision *decision, const char **json, size_t *length)
{
    return decision && decision->context
               ? answer(decision, &decision->context->cut_args, json, length)
               : CST_BAD_ARGUMENT;
}

cst_status cst_decision_value(const cst_decision *decision, const char **json, size_t *length)
{
    return decision && decision->context
               ? answer(decision, &decision->context->cut_value, json, length)
               : CST_BAD_ARGUMENT;
}

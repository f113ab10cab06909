/*
 * spans.c - the places in the event that made a rule fire: elements of lists, values by their
 * origin, and texts in which something was found.
 *
 * Elements are those that the rule's witnesses find; texts are what its mark function marks. A
 * place in a text is named by the JSON pointer of the string and a byte range of it. Where the
 * event came as JSON, the pointer is found by walking the event to the offset that the string had;
 * else by the field that holds the text.
 */
#include <string.h>

#include "runtime/base/sort.h"
#include "runtime/engine.h"

typedef struct span_list {
    cst_span *items;
    uint32_t count, capacity;
    uint64_t total;
} span_list;

/* ---- elements of lists ----------------------------------------------------------------------- */

static bool add_span(cst_context *context, span_list *spans, const cst_slot_row *slot,
                     uint32_t number, const cst_value *element)
{
    cst_span *const span = ARENA_PUSH(&context->arena, spans);
    if (!span)
        return false;
    span->pointer = arena_format(&context->arena, "%s/%u",
                                 CST_TEXT(context->frame.image, slot->pointer), number);
    span->end = kind_has_text(element->kind) ? element->raw_length : element->at_length;
    return span->pointer != NULL;
}

/* The elements of one list. Past LIMIT_SPANS they are only counted, and not for ever: each search
 * may go through the whole list. */
static bool add_witness(cst_context *context, span_list *spans, const cst_witness_row *witness)
{
    const cst_witness_fn search = context->module->witnesses[witness->function];
    const cst_slot_row *const slot =
        CST_ROWS(context->frame.image, slots, cst_slot_row) + witness->slot;
    const uint64_t length = (uint64_t)context->slots[witness->slot].length + 1;
    uint64_t steps = 0;
    for (uint32_t from = 0; steps <= LIMIT_SPAN_STEPS; from++) {
        const cst_value *element = NULL;
        const uint32_t found = search(&context->frame, witness->function, from, &element);
        if (found == UINT32_MAX || found < from || !element)
            return true;
        spans->total++;
        if (spans->count < LIMIT_SPANS) {
            if (!add_span(context, spans, slot, found, element))
                return false;
        } else {
            steps += length;
        }
        from = found;
    }
    return true;
}

/* Single values: the place is that of the slot. */
static bool add_leaves(cst_context *context, span_list *spans, cst_range leaves)
{
    const cst_image *const image = context->frame.image;
    const cst_slot_row *const rows = CST_ROWS(image, slots, cst_slot_row);
    const uint32_t *const slots = CST_ROWS(image, leaves, uint32_t) + leaves.first;
    for (uint32_t i = 0; i < leaves.count; i++) {
        const cst_value *const value = &context->slots[slots[i]];
        if (value->kind == CST_KIND_ABSENT)
            continue;
        spans->total++;
        cst_span *const span =
            spans->count < LIMIT_SPANS ? ARENA_PUSH(&context->arena, spans) : NULL;
        if (!span)
            return spans->count >= LIMIT_SPANS;
        span->pointer = CST_TEXT(image, rows[slots[i]].pointer);
        span->end = kind_has_text(value->kind) ? value->raw_length : value->at_length;
    }
    return true;
}

/* ---- places in texts ------------------------------------------------------------------------- */

typedef struct pointers { /* where strings stand in the event */
    cst_context *context;
    const cst_json *event; /* NULL: it did not come as JSON */
    uint32_t at;           /* the last one asked for */
    const char *pointer;
} pointers;

static void add_key(buffer *out, const json_key *key)
{
    buffer_text(out, "/");
    for (uint32_t i = 0; i < key->length; i++) {
        if (key->text[i] == '~' || key->text[i] == '/')
            buffer_text(out, key->text[i] == '~' ? "~0" : "~1");
        else
            buffer_add(out, &key->text[i], 1);
    }
}

/* The event as a tree, once for all rules. False: memory is short. */
static bool read_tree(cst_context *context)
{
    cst_json *tree;
    json_problem problem;
    if (!context->from_json || context->tree)
        return true;
    if (json_read(&context->arena, context->bytes, context->byte_length, LIMIT_JSON_SCANNER_DEPTH,
                  &tree, &problem) != JSON_OK)
        return false;
    context->tree = tree;
    return true;
}

static const char *pointer_in_json(pointers *all, uint32_t at)
{
    cst_context *const context = all->context;
    buffer *const out = &context->action;
    buffer_clear(out);
    const cst_json *json = all->event;
    while (json && json->at != at && (json->kind == JSON_LIST || json->kind == JSON_OBJECT)) {
        /* the last item that starts at or before the place */
        uint32_t low = 0, high = json->length;
        while (low < high) {
            const uint32_t middle = low + (high - low) / 2;
            if (json->items[middle].at <= at)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == 0)
            break;
        if (json->kind == JSON_OBJECT)
            add_key(out, &json->keys[low - 1]);
        else
            buffer_format(out, "/%u", low - 1);
        json = &json->items[low - 1];
    }
    return out->failed ? NULL
                       : arena_copy(&context->arena, out->bytes ? out->bytes : "", out->length);
}

static const char *pointer_of_field(cst_context *context, const char *text)
{
    const cst_image *const image = context->frame.image;
    const cst_slot_row *const rows = CST_ROWS(image, slots, cst_slot_row);
    for (uint32_t i = 0; i < context->touched_count; i++) {
        const uint32_t number = context->touched[i];
        const cst_value *const value = &context->slots[number];
        const char *const pointer = CST_TEXT(image, rows[number].pointer);
        if (kind_has_text(value->kind) && value->as.text == text)
            return pointer;
        for (uint32_t k = 0; value->kind == CST_KIND_LIST && k < value->length; k++)
            if (kind_has_text(value->as.items[k].kind) && value->as.items[k].as.text == text)
                return arena_format(&context->arena, "%s/%u", pointer, k);
    }
    return "";
}

static const char *pointer_of(pointers *all, const text_mark *mark)
{
    if (mark->at == UINT32_MAX || !all->event)
        return pointer_of_field(all->context, mark->text);
    if (!all->pointer || all->at != mark->at) {
        all->pointer = pointer_in_json(all, mark->at);
        all->at = mark->at;
    }
    return all->pointer;
}

static int marks_compare(const void *left, const void *right)
{
    const text_mark *const a = left, *const b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->text != b->text)
        return (uintptr_t)a->text < (uintptr_t)b->text ? -1 : 1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

/* Each place once, however many conditions found it. */
static uint32_t order_marks(text_mark *items, uint32_t count)
{
    uint32_t kept = 0;
    sort_in_place(items, count, sizeof *items, marks_compare);
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || items[kept - 1].at != items[i].at ||
            items[kept - 1].text != items[i].text || items[kept - 1].start != items[i].start ||
            items[kept - 1].end != items[i].end)
            items[kept++] = items[i];
    return kept;
}

static bool add_texts(cst_context *context, span_list *spans, uint32_t row)
{
    const cst_mark_fn *const marks = context->module->marks;
    if (!marks || !marks[row] ||
        context->frame.image->databases.count + context->frame.image->echoes.count == 0)
        return true;
    cst_texts *const texts = &context->texts;
    texts_begin_marks(texts);
    marks[row](&context->frame, row);
    const uint32_t count = order_marks(texts->marks.items, texts->marks.count);
    pointers all = {.context = context};
    if (count && !read_tree(context))
        return false;
    all.event = context->tree;
    for (uint32_t i = 0; i < count && spans->count < LIMIT_SPANS; i++) {
        cst_span *const span = ARENA_PUSH(&context->arena, spans);
        if (!span)
            return false;
        *span = (cst_span){.pointer = pointer_of(&all, &texts->marks.items[i]),
                           .start = texts->marks.items[i].start,
                           .end = texts->marks.items[i].end};
        if (!span->pointer)
            return false;
    }
    /* what the list of marks could not hold was counted */
    spans->total += texts->marks_failed && texts->mark_total > count ? texts->mark_total : count;
    return true;
}

void spans_ask(cst_context *context, uint32_t row, bool is_true)
{
    const cst_rule_row *const rule = CST_ROWS(context->frame.image, rules, cst_rule_row) + row;
    const cst_witness_row *const rows =
        CST_ROWS(context->frame.image, witnesses, cst_witness_row) + rule->witnesses.first;
    const cst_value *element;
    cst_fired nothing;
    for (uint32_t i = 0; i < rule->witnesses.count; i++)
        if (rows[i].slot == CST_NONE) /* of a message alone */
            context->module->witnesses[rows[i].function](&context->frame, rows[i].function, 0,
                                                         &element);
    spans_list(context, row, is_true, &nothing);
}

bool spans_list(cst_context *context, uint32_t row, bool is_true, cst_fired *fired)
{
    const cst_rule_row *const rule = CST_ROWS(context->frame.image, rules, cst_rule_row) + row;
    const cst_witness_row *const rows =
        CST_ROWS(context->frame.image, witnesses, cst_witness_row) + rule->witnesses.first;
    span_list spans = {0};
    for (uint32_t i = 0; i < rule->witnesses.count; i++)
        if (rows[i].slot != CST_NONE && !add_witness(context, &spans, &rows[i]))
            return false;
    if (!add_leaves(context, &spans, rule->leaves) || (is_true && !add_texts(context, &spans, row)))
        return false;
    fired->spans = spans.items;
    fired->span_count = spans.count;
    fired->span_total = spans.total;
    return true;
}

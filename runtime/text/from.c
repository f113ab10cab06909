/*
 * from.c - the service behind `V from ORIGIN`: every leaf of the value is asked for, one by one.
 *
 * A leaf is a text or a number; booleans, enum values and what is absent have no origin and do not
 * count. A list or record is from an origin if every leaf is; one without any leaf is from
 * everywhere. Texts of open data are strings, its numbers are numbers.
 */
#include <string.h>

#include "runtime/identity.h"
#include "runtime/json.h"
#include "runtime/limits.h"
#include "runtime/scratch.h"
#include "runtime/text/provenance.h"
#include "runtime/text/services.h"
#include "runtime/text/texts.h"

typedef struct asking {
    cst_frame *frame;
    arena *memory;
    cst_work *work;
    provenance_question question;
    bool no, unknown;
} asking;

static void ask_leaf(asking *state, const cst_value *leaf)
{
    const cst_texts *const texts = state->frame->texts;
    const uint64_t most =
        LIMIT_PROVENANCE_STEPS + (kind_has_text(leaf->kind) ? 8u * (uint64_t)leaf->length : 0);
    uint64_t steps = most;
    if (state->no)
        return;
    const uint64_t before = provenance_work(texts->provenance);
    const provenance_answer answer =
        provenance_ask(texts->provenance, state->memory, &state->question, leaf, &steps);
    state->work->origins += 1 + (most - steps) + (provenance_work(texts->provenance) - before);
    switch (answer) {
    case PROVENANCE_YES: return;
    case PROVENANCE_NO:
        state->no = !texts->provenance_lost;
        state->unknown = state->unknown || texts->provenance_lost;
        return;
    case PROVENANCE_UNKNOWN: state->unknown = true; return;
    }
}

static void ask_number(asking *state, const cst_json *json)
{
    static const cst_kind kinds[] = {CST_KIND_INT, CST_KIND_DECIMAL, CST_KIND_FLOAT};
    cst_value value = {0};
    for (int i = 0; i < 3; i++)
        if (number_parse(kinds[i], json->text, json->length, &value)) {
            value.kind = (uint8_t)kinds[i];
            ask_leaf(state, &value);
            return;
        }
    value = (cst_value){.kind = CST_KIND_STRING, .as.text = json->text, .length = json->length};
    ask_leaf(state, &value);
}

/* Recursion is bounded by the depth that the JSON reader accepts. */
static void ask_json(asking *state, const cst_json *json)
{
    if (json->kind == JSON_STRING) {
        const cst_value leaf = {
            .kind = CST_KIND_STRING, .as.text = json->text, .length = json->length};
        ask_leaf(state, &leaf);
    } else if (json->kind == JSON_NUMBER) {
        ask_number(state, json);
    } else if (json->kind == JSON_LIST || json->kind == JSON_OBJECT) {
        for (uint32_t i = 0; i < json->length && !state->no; i++)
            ask_json(state, &json->items[i]);
    }
}

static void ask_value(asking *state, const cst_value *value)
{
    switch ((cst_kind)value->kind) {
    case CST_KIND_JSON:
        if (value->parts)
            ask_json(state, value->parts);
        return;
    case CST_KIND_LIST:
    case CST_KIND_RECORD:
        for (uint32_t i = 0; i < value->length && !state->no; i++)
            ask_value(state, &value->as.items[i]);
        return;
    case CST_KIND_ABSENT:
    case CST_KIND_NULL:
    case CST_KIND_BOOL:
    case CST_KIND_ENUM:
    case CST_KIND_TOOL:
    case CST_KIND_COUNT: return;
    case CST_KIND_TIME:
    case CST_KIND_DURATION: {
        buffer shown;
        const cst_allocator allocator = arena_allocator(state->memory);
        buffer_init(&shown, &allocator, 0);
        value_show(&shown, value, state->frame->image, CST_NONE);
        const cst_value leaf = {.kind = CST_KIND_STRING,
                                .as.text = shown.bytes ? shown.bytes : "",
                                .length = (uint32_t)shown.length};
        if (shown.failed)
            state->unknown = true;
        else
            ask_leaf(state, &leaf);
        return;
    }
    default: ask_leaf(state, value); return;
    }
}

cst_truth value_from(cst_frame *frame, const cst_value *value, uint32_t from, uint32_t site)
{
    const cst_image *const image = frame->image;
    const cst_from_row *const row = CST_ROWS(image, froms, cst_from_row) + from;
    cst_scratch *const scratch = frame->scratch;
    asking state = {
        .frame = frame,
        .memory = &scratch->memory,
        .work = &scratch->work,
        .question = {.sources = (const uint64_t *)(const void *)CST_TEXT(image, row->sources),
                     .results = (const uint64_t *)(const void *)CST_TEXT(image, image->results),
                     .chars = row->chars,
                     .echoes = row->echoes != 0}};
    ask_value(&state, value);
    return state.no ? CST_FALSE : state.unknown ? CST_UNDECIDED(site) : CST_TRUE;
}

/*
 * table.c - the questions of one event, and what compiled conditions ask (services.def: host_…).
 *
 * Found by predicate and a keyed hash of the arguments in canonical form, so that one question
 * asked by ten rules is one question, and nobody can choose arguments that meet. The table is the
 * event's arena's: it grows with the values of the event.
 */
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/engine.h"
#include "runtime/history/past.h"
#include "runtime/host/services.h"
#include "runtime/identity.h"
#include "runtime/json.h"

/* ---- life ------------------------------------------------------------------------------------ */

void host_init(cst_host *host, cst_context *context)
{
    memset(host, 0, sizeof *host);
    host->context = context;
    buffer_init(&host->text, &context->allocator, 0);
}

void host_begin(cst_host *host)
{
    host->mode = HOST_LOW;
    host->unknown = host->for_shadow = host->no_memory = host->misused = false;
    host->questions.items = NULL;
    host->questions.count = host->questions.capacity = 0;
    host->buckets = NULL;
    host->bucket_count = 0;
    host->open = NULL;
    host->open_count = host->shadow_count = 0;
    host->pending = 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

static uint32_t place_of(const cst_host *host, uint32_t predicate, const uint64_t hash[2])
{
    return (uint32_t)(hash[0] ^ (predicate * 0x9E3779B1u)) & (host->bucket_count - 1);
}

host_question *host_find(const cst_host *host, uint32_t predicate, const uint64_t hash[2])
{
    if (!host->bucket_count)
        return NULL;
    for (uint32_t at = place_of(host, predicate, hash); host->buckets[at];
         at = (at + 1) & (host->bucket_count - 1)) {
        host_question *const found = &host->questions.items[host->buckets[at] - 1];
        if (found->predicate == predicate && found->hash[0] == hash[0] && found->hash[1] == hash[1])
            return found;
    }
    return NULL;
}

static void put(cst_host *host, uint32_t number)
{
    const host_question *const one = &host->questions.items[number];
    uint32_t at = place_of(host, one->predicate, one->hash);
    while (host->buckets[at])
        at = (at + 1) & (host->bucket_count - 1);
    host->buckets[at] = number + 1;
}

static bool grow_buckets(cst_host *host)
{
    const uint32_t count = host->bucket_count ? host->bucket_count * 2 : 16;
    uint32_t *const longer = arena_array(&host->context->arena, count, sizeof *longer);
    if (!longer)
        return false;
    host->buckets = longer;
    host->bucket_count = count;
    for (uint32_t i = 0; i < host->questions.count; i++)
        put(host, i);
    return true;
}

host_question *host_add(cst_host *host, uint32_t predicate, const uint64_t hash[2])
{
    host_question *made = NULL;
    if (host->questions.count + 1 <= host->bucket_count / 2 || grow_buckets(host))
        made = ARENA_PUSH(&host->context->arena, &host->questions);
    if (!made) {
        host->no_memory = true;
        return NULL;
    }
    *made = (host_question){.hash = {hash[0], hash[1]}, .predicate = predicate};
    put(host, host->questions.count - 1);
    return made;
}

/* ---- values as JSON -------------------------------------------------------------------------- */

static const cst_type_row *type_row(const cst_image *image, uint32_t type)
{
    return &CST_ROWS(image, types, cst_type_row)[type];
}

static void write_value(buffer *out, const cst_image *image, const cst_value *value, uint32_t type)
{
    switch (value->kind) {
    case CST_KIND_BOOL:
    case CST_KIND_INT:
    case CST_KIND_DECIMAL:
    case CST_KIND_FLOAT: value_show(out, value, image, type); return;
    case CST_KIND_LIST:
        buffer_text(out, "[");
        for (uint32_t i = 0; i < value->length; i++) {
            if (i)
                buffer_text(out, ",");
            write_value(out, image, &value->as.items[i], type_row(image, type)->element);
        }
        buffer_text(out, "]");
        return;
    case CST_KIND_TIME:
    case CST_KIND_DURATION:
    case CST_KIND_ENUM: { /* without anything that needs an escape */
        buffer_text(out, "\"");
        value_show(out, value, image, type);
        buffer_text(out, "\"");
        return;
    }
    case CST_KIND_ABSENT: buffer_text(out, "null"); return;
    default: buffer_json_string(out, value->length ? value->as.text : "", value->length);
    }
}

static bool write_arguments(cst_host *host, host_question *question)
{
    const cst_image *const image = host->context->frame.image;
    const cst_extern_row *const row =
        &CST_ROWS(image, externs, cst_extern_row)[question->predicate];
    const cst_field_row *const fields =
        CST_ROWS(image, fields, cst_field_row) + row->parameters.first;
    buffer *const out = &host->text;
    buffer_clear(out);
    buffer_text(out, "{");
    for (uint32_t i = 0; i < row->parameters.count; i++) {
        if (i)
            buffer_text(out, ",");
        buffer_json_string(out, CST_TEXT(image, fields[i].name), fields[i].name.length);
        buffer_text(out, ":");
        write_value(out, image, &host->keys[i], fields[i].type);
    }
    buffer_text(out, "}");
    if (out->failed || out->length > UINT32_MAX)
        return false;
    question->name = CST_TEXT(image, row->name);
    question->within_us = row->within_us;
    question->arguments = arena_copy(&host->context->arena, out->bytes, out->length);
    question->arguments_length = (uint32_t)out->length;
    return question->arguments != NULL;
}

/* ---- answers --------------------------------------------------------------------------------- */

bool host_read_answer(cst_host *host, host_question *question, const char *json, size_t length)
{
    cst_context *const context = host->context;
    question->state = HOST_MALFORMED;
    question->answer = NULL;
    question->answer_length = 0;
    if (question->predicate == CST_NONE || length > context->policy->limits.event_bytes)
        return true;
    const cst_extern_row *const row =
        &CST_ROWS(context->frame.image, externs, cst_extern_row)[question->predicate];
    char *const text = arena_copy(&context->arena, json, length);
    if (!text)
        return false;
    cst_json *tree;
    json_problem problem;
    const json_error error = json_read(&context->arena, text, length,
                                       context->policy->limits.json_depth, &tree, &problem);
    if (error == JSON_MEMORY)
        return false;
    convert_problem misfit = {NULL, NULL, NULL};
    if (error == JSON_OK &&
        convert_json(&context->convert, row->type, false, tree, &question->value, &misfit)) {
        question->state = HOST_ANSWERED;
        question->value.at = UINT32_MAX; /* it does not stand in the event */
        question->value.at_length = 0;
        question->answer = text + tree->at; /* without blanks and line ends around it */
        question->answer_length = tree->at_length;
    } else if (misfit.code && strcmp(misfit.code, "memory") == 0) {
        return false;
    }
    return true;
}

/* ---- services -------------------------------------------------------------------------------- */

void host_mode(cst_frame *frame, uint32_t mode)
{
    if (frame->host)
        frame->host->mode = (host_modes)mode;
}

void host_flip(cst_frame *frame)
{
    cst_host *const host = frame->host;
    if (host && host->mode != HOST_COLLECT)
        host->mode = host->mode == HOST_LOW ? HOST_HIGH : HOST_LOW;
}

void host_key(cst_frame *frame, const cst_value *value, uint32_t position)
{
    cst_scratch *const scratch = frame->scratch;
    scratch->work.host +=
        1 + (kind_has_text(value->kind) || value->kind == CST_KIND_LIST ? value->length : 0);
    if (frame->host && position < LIMIT_HOST_ARGUMENTS)
        frame->host->keys[position] = *value;
}

static void note(cst_host *host, host_question *known, uint32_t predicate, const uint64_t hash[2])
{
    host_question *const one = known ? known : host_add(host, predicate, hash);
    if (!one)
        return;
    if (!known) {
        one->shadow = true;
        if (!write_arguments(host, one))
            host->no_memory = true;
    }
    one->wanted = true;
    one->shadow = one->shadow && host->for_shadow;
}

cst_truth host_ask(cst_frame *frame, uint32_t predicate, uint32_t site, cst_truth arguments,
                   cst_value *out)
{
    cst_host *const host = frame->host;
    cst_scratch *const scratch = frame->scratch;
    scratch->work.host++;
    memset(out, 0, sizeof *out);
    if (arguments != CST_FALSE || !host)
        return arguments != CST_FALSE ? arguments : CST_UNDECIDED(site);
    const cst_extern_row *const row = &CST_ROWS(frame->image, externs, cst_extern_row)[predicate];
    uint64_t hash[2] = {0, 0};
    for (uint32_t i = 0; i < row->parameters.count; i++)
        if (!past_hash(host->seed, &host->keys[i], &host->text, hash)) {
            host->no_memory = true;
            return CST_UNDECIDED(site);
        }
    host_question *const known = host_find(host, predicate, hash);
    if (known && known->state == HOST_ANSWERED) {
        *out = known->value;
        return CST_FALSE;
    }
    if (known && known->state > HOST_ANSWERED)
        return CST_UNDECIDED(site);
    host->unknown = true;
    if (host->mode == HOST_COLLECT)
        note(host, known, predicate, hash);
    return host->mode == HOST_HIGH ? CST_TRUE : HOST_LOWEST;
}

/*
 * put.c - asking: which of the noted questions are put to the host, and how its answers come in.
 *
 * Questions stand in an order of their own, by predicate and arguments, so that which are asked
 * where there are too many of them, and how they are listed, depends on the event alone. What is
 * past the bound is undecided, as what failed is.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/sort.h"
#include "runtime/engine.h"

int64_t host_now(const cst_context *context)
{
    if (context->policy->clock)
        return context->policy->clock(context->policy->clock_user);
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- which ----------------------------------------------------------------------------------- */

/* Those that the decision waits for first. */
static int question_compare(const void *left, const void *right)
{
    const host_question *const a = *(host_question *const *)left, *const b = *(
                                                                      host_question *const *)right;
    if (a->shadow != b->shadow)
        return a->shadow ? 1 : -1;
    if (a->predicate != b->predicate)
        return a->predicate < b->predicate ? -1 : 1;
    const uint32_t shorter =
        a->arguments_length < b->arguments_length ? a->arguments_length : b->arguments_length;
    const int order = memcmp(a->arguments, b->arguments, shorter);
    return order ? order
                 : (a->arguments_length > b->arguments_length) -
                       (a->arguments_length < b->arguments_length);
}

/* False: memory is short. */
static bool choose(cst_host *host, bool *dropped)
{
    uint32_t spent = 0, count = 0;
    *dropped = false;
    host->open_count = host->shadow_count = 0;
    host->open = arena_array(&host->context->arena, host->questions.count + 1u, sizeof *host->open);
    if (!host->open)
        return false;
    for (uint32_t i = 0; i < host->questions.count; i++) {
        host_question *const one = &host->questions.items[i];
        spent += one->id != 0;
        if (one->wanted && one->state <= HOST_ASKED)
            host->open[count++] = one;
    }
    sort_in_place(host->open, count, sizeof *host->open, question_compare);
    for (uint32_t i = 0; i < count; i++) {
        host_question *const one = host->open[i];
        if (!one->id && spent == LIMIT_HOST_QUESTIONS) {
            one->state = HOST_TOO_MANY;
            *dropped = *dropped || !one->shadow;
            continue;
        }
        if (!one->id) {
            one->id = ++host->last_id;
            one->state = HOST_ASKED;
            one->fresh = true;
            one->asked_at = host_now(host->context);
            spent++;
        }
        host->open[host->open_count + host->shadow_count] = one;
        host->open_count += !one->shadow;
        host->shadow_count += one->shadow;
    }
    return true;
}

/* ---- at once --------------------------------------------------------------------------------- */

/* How many have an answer now, or will never have one. */
static uint32_t closed(const cst_host *host, uint32_t count)
{
    uint32_t result = 0;
    for (uint32_t i = 0; i < count; i++)
        result += host->open[i]->state != HOST_ASKED;
    return result;
}

/* Takes out of the list what has been answered. */
static void strike(cst_host *host)
{
    const uint32_t count = host->open_count + host->shadow_count;
    host->open_count = host->shadow_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        host_question *const one = host->open[i];
        if (one->state != HOST_ASKED)
            continue;
        host->open[host->open_count + host->shadow_count] = one;
        host->open_count += !one->shadow;
        host->shadow_count += one->shadow;
    }
}

host_outcome host_put(cst_host *host, bool *asked)
{
    cst_context *const context = host->context;
    bool dropped;
    if (!choose(host, &dropped))
        return HOST_NO_MEMORY;
    *asked = dropped;
    const uint32_t count =
        host->with_shadow ? host->open_count + host->shadow_count : host->open_count;
    uint32_t fresh = 0;
    cst_question *const list = arena_array(&context->arena, count + 1u, sizeof *list);
    if (!list)
        return HOST_NO_MEMORY;
    for (uint32_t i = 0; i < count && host->function; i++) {
        if (!host->open[i]->fresh)
            continue;
        host->open[i]->fresh = false;
        list[fresh++] = (cst_question){.id = host->open[i]->id,
                                       .predicate = host->open[i]->name,
                                       .arguments = host->open[i]->arguments,
                                       .arguments_length = host->open[i]->arguments_length,
                                       .within_us = host->open[i]->within_us,
                                       .shadow = host->open[i]->shadow};
    }
    if (!fresh)
        return HOST_SETTLED;
    const uint32_t before = closed(host, count);
    host->asking = true;
    host->function(host->user, context, list, fresh);
    host->asking = false;
    if (host->misused)
        return HOST_MISUSED;
    if (host->no_memory)
        return HOST_NO_MEMORY;
    *asked = *asked || closed(host, count) > before;
    strike(host);
    return HOST_SETTLED;
}

cst_status cst_context_host(cst_context *context, cst_host_function function, void *user,
                            bool shadow)
{
    if (!context)
        return CST_BAD_ARGUMENT;
    context->host.function = function;
    context->host.user = user;
    context->host.with_shadow = shadow;
    return CST_OK;
}

/* ---- answers --------------------------------------------------------------------------------- */

static host_question *find_id(host_question *items, uint32_t count, uint64_t id)
{
    for (uint32_t i = 0; i < count; i++)
        if (items[i].id == id && items[i].state == HOST_ASKED)
            return &items[i];
    return NULL;
}

static cst_status status_of(const host_question *question)
{
    return question->state == HOST_LATE        ? CST_LIMIT
           : question->state == HOST_MALFORMED ? CST_WRONG_TYPE
                                               : CST_OK;
}

/* An answer for an event that waits: kept as text, and read when the event is resumed. */
static cst_status keep(cst_host *host, host_wait *wait, host_question *question, const char *json,
                       size_t length)
{
    const cst_allocator *const allocator = &host->context->allocator;
    if (length > LIMIT_EVENT_BYTES) {
        question->state = HOST_MALFORMED;
        return CST_WRONG_TYPE;
    }
    char *const copy = allocator->allocate(allocator->user, length + 1);
    if (!copy)
        return CST_NO_MEMORY;
    memcpy(copy, json, length);
    copy[length] = '\0';
    question->answer = copy;
    question->answer_length = (uint32_t)length;
    question->state = HOST_ANSWERED;
    wait->size += length + 1;
    host->waiting_bytes += length + 1;
    /* whether it fits is told now; what counts is how it reads when the event is decided */
    arena memory;
    arena_init(&memory, allocator, 0);
    cst_context *const context = host->context;
    const cst_image *const image = context->frame.image;
    const cst_extern_row *const rows = CST_ROWS(image, externs, cst_extern_row);
    uint32_t type = CST_NONE;
    for (uint32_t i = 0; i < image->externs.count; i++)
        if (strcmp(CST_TEXT(image, rows[i].name), question->name) == 0)
            type = rows[i].type;
    convert_context convert = context->convert;
    convert.arena = &memory;
    cst_json *tree;
    json_problem problem;
    convert_problem misfit;
    cst_value value;
    const bool fits = type != CST_NONE &&
                      json_read(&memory, copy, length, context->policy->limits.json_depth, &tree,
                                &problem) == JSON_OK &&
                      convert_json(&convert, type, false, tree, &value, &misfit);
    arena_free(&memory);
    return fits ? CST_OK : CST_WRONG_TYPE;
}

static cst_status take(cst_context *context, uint64_t id, const char *json, size_t length)
{
    cst_host *const host = &context->host;
    host_wait *wait = NULL;
    host_question *found = find_id(host->asking ? host->questions.items : NULL,
                                   host->asking ? host->questions.count : 0, id);
    if (!found)
        for (wait = host->waiting; wait && !(found = find_id(wait->questions, wait->count, id));)
            wait = wait->next;
    if (!found)
        return CST_BAD_ARGUMENT;
    if (host_now(context) - found->asked_at > found->within_us)
        found->state = HOST_LATE;
    else if (!json)
        found->state = HOST_FAILED;
    else if (wait)
        return keep(host, wait, found, json, length);
    else if (!host_read_answer(host, found, json, length)) {
        host->no_memory = true;
        return CST_NO_MEMORY;
    }
    return status_of(found);
}

cst_status cst_answer(cst_context *context, uint64_t question, const char *json, size_t length)
{
    return context && json && question ? take(context, question, json, length) : CST_BAD_ARGUMENT;
}

cst_status cst_answer_fails(cst_context *context, uint64_t question)
{
    return context && question ? take(context, question, NULL, 0) : CST_BAD_ARGUMENT;
}

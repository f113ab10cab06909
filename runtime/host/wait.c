/*
 * wait.c - events that wait for answers, and how they go on.
 *
 * What waits is a copy: the event's JSON, its questions and the answers so far. It is in no history
 * and leaves nothing behind, so the context can decide other events; when it is resumed it is read
 * and decided afresh, with the answers at hand, as an event is that comes again with an approval.
 * An event that was set field by field cannot be copied: it can be resumed as long as its fields
 * are still there.
 *
 * The oldest is given up where there are too many of them or they need too much memory: it never
 * goes on.
 */
#include <string.h>

#include "runtime/engine.h"

/* ---- life ------------------------------------------------------------------------------------ */

static void wait_free(cst_host *host, host_wait *wait)
{
    const cst_allocator *const allocator = &host->context->allocator;
    for (uint32_t i = 0; i < wait->count; i++) {
        host_question *const one = &wait->questions[i];
        if (one->name)
            allocator->release(allocator->user, (char *)(uintptr_t)one->name,
                               strlen(one->name) + 1);
        if (one->arguments)
            allocator->release(allocator->user, (char *)(uintptr_t)one->arguments,
                               one->arguments_length + 1u);
        if (one->answer)
            allocator->release(allocator->user, (char *)(uintptr_t)one->answer,
                               one->answer_length + 1u);
    }
    if (wait->questions)
        allocator->release(allocator->user, wait->questions, wait->count * sizeof *wait->questions);
    if (wait->json)
        allocator->release(allocator->user, wait->json, wait->json_length + 1);
    allocator->release(allocator->user, wait, sizeof *wait);
}

static host_wait *unlink_wait(cst_host *host, uint64_t id)
{
    host_wait *before = NULL;
    for (host_wait *at = host->waiting; at; before = at, at = at->next) {
        if (at->id != id)
            continue;
        if (before)
            before->next = at->next;
        else
            host->waiting = at->next;
        if (host->last_waiting == at)
            host->last_waiting = before;
        host->waiting_count--;
        host->waiting_bytes -= at->size;
        return at;
    }
    return NULL;
}

void host_forget(cst_host *host)
{
    while (host->waiting)
        wait_free(host, unlink_wait(host, host->waiting->id));
}

void host_free(cst_host *host)
{
    host_forget(host);
    buffer_free(&host->text);
}

void cst_pending_drop(cst_context *context, uint64_t pending)
{
    host_wait *const wait = context ? unlink_wait(&context->host, pending) : NULL;
    if (wait)
        wait_free(&context->host, wait);
}

/* ---- to wait --------------------------------------------------------------------------------- */

static char *copy_of(const cst_host *host, host_wait *wait, const char *bytes, size_t length)
{
    const cst_allocator *const allocator = &host->context->allocator;
    char *const copy = allocator->allocate(allocator->user, length + 1);
    if (!copy)
        return NULL;
    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    wait->size += length + 1;
    return copy;
}

/* A question with its texts; where memory is short some are missing. */
static bool copy_question(const cst_host *host, host_wait *wait, host_question *out,
                          const host_question *from)
{
    *out = *from;
    out->value = (cst_value){0};
    out->name = copy_of(host, wait, from->name, strlen(from->name));
    out->arguments = copy_of(host, wait, from->arguments, from->arguments_length);
    out->answer = NULL;
    out->answer_length = 0;
    if (from->answer) {
        out->answer = copy_of(host, wait, from->answer, from->answer_length);
        out->answer_length = from->answer_length;
    }
    return out->name && out->arguments && (!from->answer || out->answer);
}

static bool fill(cst_host *host, host_wait *wait)
{
    const cst_allocator *const allocator = &host->context->allocator;
    const cst_context *const context = host->context;
    wait->size = sizeof *wait;
    if (context->from_json) {
        wait->json_length = context->byte_length;
        wait->json = copy_of(host, wait, context->bytes, context->byte_length);
        if (!wait->json)
            return false;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < host->questions.count; i++)
        count += host->questions.items[i].id != 0;
    wait->questions = allocator->allocate(allocator->user, count * sizeof *wait->questions);
    if (!wait->questions)
        return false;
    memset(wait->questions, 0, count * sizeof *wait->questions);
    wait->count = count;
    wait->size += count * sizeof *wait->questions;
    uint32_t next = 0;
    bool good = true;
    for (uint32_t i = 0; i < host->questions.count; i++)
        if (host->questions.items[i].id)
            good = copy_question(host, wait, &wait->questions[next++], &host->questions.items[i]) &&
                   good;
    return good;
}

bool host_wait_begin(cst_host *host)
{
    const cst_allocator *const allocator = &host->context->allocator;
    host_wait *const wait = allocator->allocate(allocator->user, sizeof *wait);
    if (!wait)
        return false;
    memset(wait, 0, sizeof *wait);
    wait->id = host->pending ? host->pending : ++host->last_id;
    wait->stamp = host->context->stamp;
    if (!fill(host, wait)) {
        wait_free(host, wait);
        return false;
    }
    host->pending = wait->id;
    if (host->last_waiting)
        host->last_waiting->next = wait;
    else
        host->waiting = wait;
    host->last_waiting = wait;
    host->waiting_count++;
    host->waiting_bytes += wait->size;
    while (host->waiting != wait && (host->waiting_count > LIMIT_PENDING_EVENTS ||
                                     host->waiting_bytes > LIMIT_PENDING_BYTES))
        wait_free(host, unlink_wait(host, host->waiting->id));
    return true;
}

/* ---- to go on -------------------------------------------------------------------------------- */

static uint32_t row_named(const cst_image *image, const char *name)
{
    const cst_extern_row *const rows = CST_ROWS(image, externs, cst_extern_row);
    for (uint32_t i = 0; i < image->externs.count; i++)
        if (strcmp(CST_TEXT(image, rows[i].name), name) == 0)
            return i;
    return CST_NONE;
}

/* The question as the policy in force has it, in the table of the event in hand. */
static bool install(cst_host *host, const host_question *kept, int64_t now)
{
    cst_context *const context = host->context;
    const uint32_t row = row_named(context->frame.image, kept->name);
    if (row == CST_NONE)
        return true; /* nothing asks it any more */
    const cst_extern_row *const rows = CST_ROWS(context->frame.image, externs, cst_extern_row);
    host_question *one = host_find(host, row, kept->hash);
    if (!one && !(one = host_add(host, row, kept->hash)))
        return false;
    const char *const name = CST_TEXT(context->frame.image, rows[row].name);
    *one = *kept;
    one->answer = NULL; /* it belongs to what waited */
    one->answer_length = 0;
    one->predicate = row;
    one->name = name;
    one->arguments = arena_copy(&context->arena, kept->arguments, kept->arguments_length);
    if (!one->arguments)
        return false;
    if (kept->state == HOST_ASKED && now - kept->asked_at > kept->within_us)
        one->state = HOST_LATE;
    return kept->state != HOST_ANSWERED ||
           host_read_answer(host, one, kept->answer, kept->answer_length);
}

/* The event in hand becomes the one that waited. */
static cst_status take_up(cst_context *context, const host_wait *wait)
{
    if (wait->json)
        return engine_read_json(context, wait->json, wait->json_length);
    if (context->stamp != wait->stamp || context->event.phase != ENGINE_DECIDED ||
        context->verdict != CST_PENDING)
        return CST_BAD_ARGUMENT;
    context->fired_count = context->shadow_count = 0;
    context->has_json = context->has_hash = false;
    context->frame.hit_count = 0;
    host_begin(&context->host);
    return CST_OK;
}

cst_status cst_resume(cst_context *context, uint64_t pending, cst_decision *decision)
{
    if (!decision)
        return CST_BAD_ARGUMENT;
    if (!context || context->host.asking)
        return engine_refuse(context, CST_BAD_ARGUMENT, decision);
    cst_host *const host = &context->host;
    host_wait *const wait = unlink_wait(host, pending);
    if (!wait)
        return engine_refuse(context, CST_BAD_ARGUMENT, decision);
    cst_status status = take_up(context, wait);
    host->pending = wait->id;
    const int64_t now = status == CST_OK ? host_now(context) : 0;
    for (uint32_t i = 0; i < wait->count && status == CST_OK; i++)
        if (!install(host, &wait->questions[i], now))
            status = CST_NO_MEMORY;
    status = status == CST_OK ? engine_finish(context, decision)
                              : engine_refuse(context, status, decision);
    wait_free(host, wait);
    return status;
}

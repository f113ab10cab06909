/*
 * report.c - host predicates in a decision: the questions that are open, what was answered, and
 * what did not have to be asked.
 *
 * Answers stand without their arguments, which are parts of the event; open questions have them,
 * since somebody has to answer.
 */
#include <inttypes.h>
#include <string.h>

#include "runtime/base/sort.h"
#include "runtime/engine.h"

/* ---- questions ------------------------------------------------------------------------------- */

static cst_context *context_of(const cst_decision *decision)
{
    cst_context *const context = decision && decision->context ? decision->context->self : NULL;
    return context && context->event.phase == ENGINE_DECIDED && !context->event.problem.code
               ? context
               : NULL;
}

cst_status cst_decision_question(const cst_decision *decision, uint32_t index, cst_question *out)
{
    const cst_context *const context = context_of(decision);
    if (!context || !out || index >= context->host.open_count + context->host.shadow_count)
        return CST_BAD_ARGUMENT;
    const host_question *const one = context->host.open[index];
    *out = (cst_question){.id = one->id,
                          .predicate = one->name,
                          .arguments = one->arguments,
                          .arguments_length = one->arguments_length,
                          .within_us = one->within_us,
                          .shadow = one->shadow};
    return CST_OK;
}

/* ---- what did not have to be asked ----------------------------------------------------------- */

/* The first row of image.asks for a rule, or where it would stand. */
static uint32_t first_ask(const cst_image *image, uint32_t rule)
{
    const cst_ask_row *const asks = CST_ROWS(image, asks, cst_ask_row);
    uint32_t low = 0, high = image->asks.count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (asks[middle].rule < rule)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* By row of image.externs: a rule for this event names it, and nothing was asked. NULL: memory is
 * short. */
static const bool *not_evaluated(cst_context *context)
{
    const cst_image *const image = context->frame.image;
    const cst_ask_row *const asks = CST_ROWS(image, asks, cst_ask_row);
    const uint32_t *const lists = CST_ROWS(image, group_lists, uint32_t);
    const uint32_t *const rules = CST_ROWS(image, group_rules, uint32_t);
    const cst_group_row *const groups = CST_ROWS(image, groups, cst_group_row);
    bool *const named = arena_array(&context->arena, image->externs.count + 1u, sizeof *named);
    const cst_range concerned =
        context->event.dispatch ? context->event.dispatch->groups : (cst_range){0, 0};
    if (!named)
        return NULL;
    for (uint32_t i = 0; i < concerned.count && image->asks.count; i++) {
        const cst_range own = groups[lists[concerned.first + i]].rules;
        for (uint32_t k = 0; k < own.count; k++) {
            const uint32_t rule = rules[own.first + k];
            for (uint32_t a = first_ask(image, rule); a < image->asks.count && asks[a].rule == rule;
                 a++)
                named[asks[a].predicate] = true;
        }
    }
    for (uint32_t i = 0; i < context->host.questions.count; i++)
        if (context->host.questions.items[i].state != HOST_OPEN &&
            context->host.questions.items[i].predicate != CST_NONE)
            named[context->host.questions.items[i].predicate] = false;
    return named;
}

cst_status cst_decision_not_evaluated(const cst_decision *decision, uint32_t index,
                                      const char **predicate)
{
    cst_context *const context = context_of(decision);
    if (!context || !predicate || context->verdict == CST_PENDING || context->event.is_system)
        return CST_BAD_ARGUMENT;
    const cst_image *const image = context->frame.image;
    const bool *const named = not_evaluated(context);
    if (!named)
        return CST_NO_MEMORY;
    for (uint32_t i = 0; i < image->externs.count; i++)
        if (named[i] && index-- == 0) {
            *predicate = CST_TEXT(image, CST_ROWS(image, externs, cst_extern_row)[i].name);
            return CST_OK;
        }
    return CST_BAD_ARGUMENT;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_milliseconds(buffer *out, int64_t microseconds)
{
    buffer_format(out, "%" PRId64, microseconds / 1000);
    if (microseconds % 1000)
        buffer_format(out, ".%03d", (int)(microseconds % 1000));
}

static void add_questions(buffer *out, const cst_host *host, bool shadow)
{
    const uint32_t first = shadow ? host->open_count : 0;
    const uint32_t count = shadow ? host->shadow_count : host->open_count;
    for (uint32_t i = 0; i < count; i++) {
        const host_question *const one = host->open[first + i];
        buffer_text(out, i ? "," : shadow ? ",\"shadow_questions\":[" : ",\"questions\":[");
        buffer_format(out, "{\"id\":%" PRIu64 ",\"predicate\":", one->id);
        buffer_json_string(out, one->name, strlen(one->name));
        buffer_text(out, ",\"arguments\":");
        buffer_add(out, one->arguments, one->arguments_length);
        buffer_text(out, ",\"within_ms\":");
        add_milliseconds(out, one->within_us);
        buffer_format(out, ",\"shadow\":%s}", one->shadow ? "true" : "false");
    }
    if (count)
        buffer_text(out, "]");
}

static int answer_compare(const void *left, const void *right)
{
    const host_question *const a = *(const host_question *const *)left,
                               *const b = *(const host_question *const *)right;
    if (a->predicate != b->predicate)
        return a->predicate < b->predicate ? -1 : 1;
    const uint32_t shorter =
        a->arguments_length < b->arguments_length ? a->arguments_length : b->arguments_length;
    const int order = memcmp(a->arguments, b->arguments, shorter);
    return order ? order
                 : (a->arguments_length > b->arguments_length) -
                       (a->arguments_length < b->arguments_length);
}

static bool add_answers(cst_context *context, buffer *out)
{
    static const char *const troubles[] = {[HOST_FAILED] = "failed",
                                           [HOST_LATE] = "late",
                                           [HOST_MALFORMED] = "malformed",
                                           [HOST_TOO_MANY] = "limit"};
    const cst_host *const host = &context->host;
    const host_question **const list =
        arena_array(&context->arena, host->questions.count + 1u, sizeof *list);
    uint32_t count = 0;
    if (!list)
        return false;
    for (uint32_t i = 0; i < host->questions.count; i++)
        if (host->questions.items[i].state >= HOST_ANSWERED)
            list[count++] = &host->questions.items[i];
    sort_in_place(list, count, sizeof *list, answer_compare);
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(out, i ? ",{\"predicate\":" : ",\"asked\":[{\"predicate\":");
        buffer_json_string(out, list[i]->name, strlen(list[i]->name));
        if (list[i]->state == HOST_ANSWERED) {
            buffer_text(out, ",\"answer\":");
            buffer_add(out, list[i]->answer, list[i]->answer_length);
        } else {
            buffer_format(out, ",\"undecided\":\"%s\"", troubles[list[i]->state]);
        }
        buffer_text(out, "}");
    }
    if (count)
        buffer_text(out, "]");
    return true;
}

bool host_report(cst_context *context, buffer *out)
{
    const cst_image *const image = context->frame.image;
    if (!image->externs.count || context->event.problem.code || context->event.is_system)
        return true;
    if (context->verdict == CST_PENDING) {
        buffer_format(out, ",\"pending\":%" PRIu64, context->host.pending);
        add_questions(out, &context->host, false);
        add_questions(out, &context->host, true);
        return true;
    }
    const bool *const named = not_evaluated(context);
    if (!named || !add_answers(context, out))
        return false;
    uint32_t count = 0;
    for (uint32_t i = 0; i < image->externs.count; i++) {
        if (!named[i])
            continue;
        const cst_ref name = CST_ROWS(image, externs, cst_extern_row)[i].name;
        buffer_text(out, count++ ? "," : ",\"not_evaluated\":[");
        buffer_json_string(out, CST_TEXT(image, name), name.length);
    }
    if (count)
        buffer_text(out, "]");
    add_questions(out, &context->host, true);
    return true;
}

/*
 * edges.c - each place that has a price, driven to its edge.
 *
 *     edges [NAME]
 *
 * A small policy for each, and the event that costs it most: the longest text, the fullest list, a
 * text in which every try goes far and fails. What it costs must stay under what was proven, and
 * come as near to it as the row says: otherwise the bound would say nothing. docs/bounds.md says
 * why some cannot come nearer. The table that is printed stands there.
 */
#include <constitution/compiler.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/cost.h"
#include "compiler/driver/driver.h"
#include "runtime/engine.h"

enum { MOST_PARTS = 16, MOST_BEFORE = 2 };

typedef struct part { /* a piece of JSON, so many times */
    const char *text;
    uint32_t times;
} part;

typedef struct edge {
    const char *name;
    const char *policy;
    uint32_t event_bytes; /* of the runtime and of the bound; 0: as large as it gets */
    part before[MOST_BEFORE][MOST_PARTS]; /* events of the session before it */
    part event[MOST_PARTS];
    uint32_t steps, scratch; /* how near it must come, in thousandths */
} edge;

#define ACTION(tool) "{\"stage\":\"action\",\"tool\":\"" tool "\",\"session\":\"s\",\"args\":{"
#define END          "}}"
#define WIDE         "\xF0\x9F\x98\x80" /* four bytes */
#define LONGEST      "\xEF\xB7\xBA"     /* three bytes that become thirty-three */

static const edge edges[] = {
#include "tests/differential/edges.def"
};

/* Every question has an answer, and each answer is a new question's argument. */
static void answer_at_once(void *user, cst_context *context, const cst_question *questions,
                           uint32_t count)
{
    (void)user;
    for (uint32_t i = 0; i < count; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", (unsigned)questions[i].arguments_length * 1000 + i);
        cst_answer(context, questions[i].id, text, strlen(text));
    }
}

static void print_diagnostic(void *user, const cst_diagnostic *diagnostic)
{
    (void)user;
    if (diagnostic->error)
        fputs(diagnostic->rendered, stderr);
}

static cst_policy *compile(const edge *edge, stage_cost costs[CST_STAGE_COUNT])
{
    cst_compiler_options options = {
        .size = sizeof options, .engine = CST_ENGINE_REFERENCE, .diagnostic = print_diagnostic};
    options.runtime.size = sizeof options.runtime;
    options.runtime.limits.event_bytes = edge->event_bytes;
    buffer text;
    buffer_init(&text, NULL, 0);
    buffer_format(&text, "constitution edge \"1\"\n%s", edge->policy);
    const driver_input input = {.path = "edge.const", .text = text.bytes, .length = text.length};
    compilation *unit;
    cst_policy *policy = NULL;
    if (driver_begin(&input, &options, DRIVER_PLAN, &unit) == CST_OK) {
        const cost_subject subject = cost_subject_of(unit, &options.runtime.limits);
        cost_of_stages(&unit->arena, &subject, costs);
        driver_policy(unit, &options, &policy);
    } else {
        driver_end(unit);
    }
    buffer_free(&text);
    return policy;
}

static void write_event(buffer *out, const part *parts)
{
    buffer_clear(out);
    for (uint32_t i = 0; i < MOST_PARTS && parts[i].text; i++)
        for (uint32_t k = 0; k < parts[i].times; k++)
            buffer_text(out, parts[i].text);
}

static uint64_t per_mille(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : whole > UINT64_MAX / 1000 ? part / (whole / 1000) : part * 1000 / whole;
}

/* False: it is dearer than proven, or not as near as it must come. */
static bool drive(const edge *edge)
{
    stage_cost costs[CST_STAGE_COUNT];
    buffer event;
    cst_policy *const policy = compile(edge, costs);
    cst_context *const context = policy ? cst_context_new(policy) : NULL;
    cst_decision decision = {.error_code = "not compiled"};
    bool good = context != NULL;
    buffer_init(&event, NULL, 0);
    if (good)
        cst_context_host(context, answer_at_once, NULL, false);
    for (uint32_t i = 0; good && i < MOST_BEFORE && edge->before[i][0].text; i++) {
        write_event(&event, edge->before[i]);
        cst_decide_json(context, event.bytes, event.length, &decision);
        good = decision.error_code == NULL;
    }
    if (good) {
        write_event(&event, edge->event);
        cst_decide_json(context, event.bytes, event.length, &decision);
        good = decision.error_code == NULL;
    }
    if (good) {
        cst_work work;
        engine_work(context, &work);
        const stage_cost *const cost = &costs[decision.stage];
        const uint64_t near = per_mille(work_steps(&work), cost->steps),
                       near_scratch = per_mille(work.scratch, cost->scratch_bytes);
        good = work_steps(&work) <= cost->steps && work.scratch <= cost->scratch_bytes &&
               near >= edge->steps && near_scratch >= edge->scratch;
        printf("| %s | %" PRIu64 " | %" PRIu64 " | %" PRIu64 ".%" PRIu64 " %% | %" PRIu64
               " | %" PRIu64 " | %" PRIu64 ".%" PRIu64 " %% |%s\n",
               edge->name, work_steps(&work), cost->steps, near / 10, near % 10, work.scratch,
               cost->scratch_bytes, near_scratch / 10, near_scratch % 10,
               good ? "" : "  <-- FAILED");
    } else {
        printf("| %s | no decision: %s %s %s\n", edge->name,
               decision.error_code ? decision.error_code : "",
               decision.error_pointer ? decision.error_pointer : "",
               decision.error_text ? decision.error_text : "");
    }
    cst_context_free(context);
    cst_policy_release(policy);
    buffer_free(&event);
    return good;
}

int main(int argc, char **argv)
{
    int failures = 0;
    puts("| place | steps | at most | reached | scratch | at most | reached "
         "|\n|---|---|---|---|---|---|---|");
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        if (argc < 2 || strstr(edges[i].name, argv[1]))
            failures += !drive(&edges[i]);
    printf("\n%d of %zu places failed\n", failures, sizeof edges / sizeof *edges);
    return failures != 0;
}

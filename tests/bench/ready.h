/*
 * ready.h - what the benchmarks of large policies share: policies compiled in a chosen way,
 * requests whose values stand ready, times with their spread, and results as JSON.
 *
 * A ready request is a frame with slots of its own, and everything else shared by all: room for
 * hits alone would be a megabyte for each request where there are a hundred thousand rules. Texts
 * are copied, since an event's own are gone with the next.
 */
#ifndef CONSTITUTION_TESTS_BENCH_READY_H
#define CONSTITUTION_TESTS_BENCH_READY_H

#include <constitution/compiler.h>

#define BENCH_CLOCK CLOCK_PROCESS_CPUTIME_ID

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver/driver.h"
#include "runtime/base/buffer.h"
#include "runtime/engine.h"
#include "tests/bench/bench.h"

enum { READY_ROUNDS = 15 };

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void *allocated(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        fail("no memory");
    return memory;
}

/* ---- compiling ------------------------------------------------------------------------------- */

static void print_error(void *user, const cst_diagnostic *told)
{
    (void)user;
    if (told->error)
        fputs(told->rendered, stderr);
}

typedef struct compiled {
    cst_policy *policy;
    double milliseconds;
} compiled;

static compiled compile_text(const buffer *text, cst_engine engine, plan_indexing indexing)
{
    const cst_compiler_options options = {
        .size = sizeof options, .engine = engine, .diagnostic = print_error};
    const driver_input input = {
        .path = "bench.const", .text = text->bytes, .length = text->length, .indexing = indexing};
    compilation *unit;
    compiled made = {0};
    const double start = now();
    if (driver_begin(&input, &options, DRIVER_PLAN, &unit) != CST_OK ||
        driver_policy(unit, &options, &made.policy) != CST_OK)
        fail("the policy does not compile");
    made.milliseconds = (now() - start) / 1e6;
    return made;
}

/* ---- requests -------------------------------------------------------------------------------- */

typedef struct ready {
    cst_frame frame; /* of all; its slots are those of the request in hand */
    cst_value **slots;
    const cst_dispatch_row **dispatch;
    const cst_module *module;
    uint32_t count, hits; /* hits of one pass over all */
} ready;

static ready ready_begin(cst_context *context, uint32_t count)
{
    const cst_image *image = context->policy->image;
    ready made = {.frame = *engine_frame(context),
                  .slots = allocated(count, sizeof(cst_value *)),
                  .dispatch = allocated(count, sizeof(cst_dispatch_row *)),
                  .module = context->module};
    made.frame.hits = allocated(image->rules.count + 1u, sizeof(cst_hit));
    made.frame.memo = allocated(image->memo_count + 1u, 1);
    return made;
}

/* Takes the values of the event that the context has just decided. */
static void ready_add(ready *all, const cst_context *context)
{
    const cst_image *image = context->policy->image;
    cst_value *slots = allocated(image->slot_count + 1u, sizeof *slots);
    memcpy(slots, context->slots, image->slot_count * sizeof *slots);
    for (uint32_t s = 0; s < image->slot_count; s++) {
        if (!kind_has_text(slots[s].kind))
            continue;
        char *copy = allocated(slots[s].length + 1u, 1);
        memcpy(copy, slots[s].as.text, slots[s].length);
        slots[s].as.text = copy;
    }
    all->dispatch[all->count] = context->event.dispatch;
    all->slots[all->count++] = slots;
}

static void ready_end(ready *all, uint32_t slot_count)
{
    for (uint32_t i = 0; i < all->count; i++) {
        for (uint32_t s = 0; s < slot_count; s++)
            if (kind_has_text(all->slots[i][s].kind))
                free((void *)(uintptr_t)all->slots[i][s].as.text);
        free(all->slots[i]);
    }
    free(all->slots);
    free(all->dispatch);
    free(all->frame.hits);
    free(all->frame.memo);
}

/* The compiled rules alone: nanoseconds a request. */
static double ready_time(ready *all, uint32_t repeats)
{
    const uint32_t *lists = CST_ROWS(all->module->image, group_lists, uint32_t);
    const uint32_t memo_count = all->module->image->memo_count;
    uint32_t hits = 0;
    const double start = now();
    for (uint32_t repeat = 0; repeat < repeats; repeat++) {
        hits = 0;
        for (uint32_t i = 0; i < all->count; i++) {
            all->frame.slots = all->slots[i];
            all->frame.hit_count = 0;
            memset(all->frame.memo, 0, memo_count);
            const cst_range groups = all->dispatch[i]->groups;
            for (uint32_t k = 0; k < groups.count; k++)
                all->module->groups[lists[groups.first + k]](&all->frame, lists[groups.first + k]);
            hits += all->frame.hit_count;
        }
    }
    all->hits = hits;
    return (now() - start) / ((double)repeats * all->count);
}

/* ---- results --------------------------------------------------------------------------------- */

typedef struct times {
    double median, least, most;
} times;

static times times_of(double *samples, uint32_t count)
{
    qsort(samples, count, sizeof *samples, compare_doubles);
    return (times){samples[count / 2], samples[0], samples[count - 1]};
}

typedef struct report {
    FILE *json; /* NULL: only what is printed */
    bool any;
} report;

static void report_begin(report *out, const char *name, const char *path)
{
    *out = (report){.json = path != NULL ? fopen(path, "w") : NULL};
    if (path != NULL && out->json == NULL)
        fail("cannot write the JSON file");
    if (out->json != NULL)
        fprintf(out->json, "{\"benchmark\":\"%s\",\"unit\":\"ns\",\"rows\":[", name);
}

/* `size`: of the policy, in rules. */
static void report_row(report *out, uint32_t size, const char *engine, const char *requests,
                       const char *what, times taken)
{
    printf("  %-10s %-9s %-9s %10.1f ns  (%.1f to %.1f)\n", engine, requests, what, taken.median,
           taken.least, taken.most);
    if (out->json == NULL)
        return;
    fprintf(out->json,
            "%s\n{\"rules\":%u,\"engine\":\"%s\",\"requests\":\"%s\",\"what\":\"%s\","
            "\"median\":%.2f,\"least\":%.2f,\"most\":%.2f}",
            out->any ? "," : "", size, engine, requests, what, taken.median, taken.least,
            taken.most);
    out->any = true;
}

static void report_end(report *out)
{
    if (out->json != NULL && (fprintf(out->json, "\n]}\n") < 0 || fclose(out->json) != 0))
        fail("cannot write the JSON file");
}

#endif

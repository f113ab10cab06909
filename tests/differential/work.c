/*
 * work.c - no event costs more than `check --cost` says.
 *
 *     work [SEED [POLICIES [EVENTS]]]
 *     work POLICY EVENTS
 *
 * Random policies and events of the differential test: what each event has cost, as the reference
 * evaluator and native code count it (runtime/work.h), stays under what was proven of its stage, in
 * steps and in scratch memory. And it must come near now and then: a bound that nothing comes near
 * proves nothing. With two files it does the same for one policy, and says how near each stage
 * came.
 */
#include <constitution/compiler.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/cost.h"
#include "compiler/driver/driver.h"
#include "runtime/engine.h"
#include "tests/differential/random_host.h"
#include "tests/differential/random_policy.h"

/* the bound is that of events no longer: one of the largest there are has nothing near it */
enum { ENGINES = 2, DECADES = 10, EVENT_MOST = 4096 };

typedef struct source_text {
    buffer text, upper;
} source_text;

typedef struct tally {
    uint64_t decisions, over, worst_per_mille, scratch_per_mille;
    /* events by the share of the bound that they reached: a tenth and more, a hundredth and more, …
     */
    uint64_t nearness[DECADES];
    cst_work sum;
} tally;

static cst_status read_memory(void *user, const char *path, char **bytes, size_t *length)
{
    const source_text *const texts = user;
    if (!strstr(path, "upper.const"))
        return CST_IO;
    *length = texts->upper.length;
    *bytes = malloc(texts->upper.length + 1);
    if (!*bytes)
        return CST_NO_MEMORY;
    memcpy(*bytes, texts->upper.bytes, texts->upper.length + 1);
    return CST_OK;
}

static void release_memory(void *user, char *bytes, size_t length)
{
    (void)user;
    (void)length;
    free(bytes);
}

static int64_t fixed_clock(void *user)
{
    (void)user;
    return INT64_C(1767873600000000);
}

static void print_diagnostic(void *user, const cst_diagnostic *diagnostic)
{
    (void)user;
    if (diagnostic->error)
        fputs(diagnostic->rendered, stderr);
}

static cst_policy *compile(source_text *texts, const char *path, cst_engine engine,
                           stage_cost costs[CST_STAGE_COUNT])
{
    cst_compiler_options options = {
        .size = sizeof options, .engine = engine, .diagnostic = print_diagnostic};
    if (!path) {
        options.read = read_memory;
        options.release = release_memory;
        options.read_user = texts;
    }
    options.runtime.size = sizeof options.runtime;
    options.runtime.clock = fixed_clock;
    driver_input input = {.path = path ? path : "random.const"};
    if (!path) {
        input.text = texts->text.bytes;
        input.length = texts->text.length;
    }
    compilation *unit;
    cst_policy *policy = NULL;
    cst_status status = driver_begin(&input, &options, DRIVER_PLAN, &unit);
    if (status == CST_OK) {
        const cost_subject subject =
            cost_subject_of(unit, &(cst_limits){.event_bytes = path ? 0 : EVENT_MOST});
        cost_of_stages(&unit->arena, &subject, costs);
        status = driver_policy(unit, &options, &policy);
    } else {
        driver_end(unit);
    }
    if (status != CST_OK)
        fprintf(stderr, "does not compile: %s\n", cst_status_text(status));
    return policy;
}

static void add(cst_work *sum, const cst_work *one)
{
    sum->nodes += one->nodes;
    sum->values += one->values;
    sum->viewed += one->viewed;
    sum->scanned += one->scanned;
    sum->found += one->found;
    sum->commands += one->commands;
    sum->origins += one->origins;
    sum->past += one->past;
    sum->host += one->host;
}

/* False: the event was dearer than was proven. */
static bool hold(tally *tally, const cst_work *work, const stage_cost *cost)
{
    const uint64_t steps = work_steps(work);
    tally->decisions++;
    add(&tally->sum, work);
    const bool within = steps <= cost->steps && work->scratch <= cost->scratch_bytes;
    tally->over += !within;
    uint32_t decade = 0;
    for (uint64_t part = steps;
         decade + 1 < DECADES && part<cost->steps / 10; part = part> UINT64_MAX / 10 ? UINT64_MAX
                                                                                     : part * 10)
        decade++;
    tally->nearness[decade]++;
    if (cost->steps != 0 && cost->steps < UINT64_MAX / 1000 &&
        steps * 1000 / cost->steps > tally->worst_per_mille)
        tally->worst_per_mille = steps * 1000 / cost->steps;
    if (cost->scratch_bytes != 0 &&
        work->scratch * 1000 / cost->scratch_bytes > tally->scratch_per_mille)
        tally->scratch_per_mille = work->scratch * 1000 / cost->scratch_bytes;
    return within;
}

static void complain(const cst_work *work, const stage_cost *cost, cst_stage stage,
                     const char *event, size_t length)
{
    fprintf(stderr,
            "DEARER THAN PROVEN, stage %s: %" PRIu64 " steps of %" PRIu64 ", %" PRIu64
            " bytes of %" PRIu64 "\n  nodes %" PRIu64 " values %" PRIu64 " viewed %" PRIu64
            " scanned %" PRIu64 " found %" PRIu64 " commands %" PRIu64 " origins %" PRIu64
            " past %" PRIu64 " host %" PRIu64 "\n  event %.*s\n",
            cst_stage_name(stage), work_steps(work), cost->steps, work->scratch,
            cost->scratch_bytes, work->nodes, work->values, work->viewed, work->scanned,
            work->found, work->commands, work->origins, work->past, work->host, (int)length, event);
}

/* One event, and what its answers make of it. */
static bool decide(cst_context *context, const char *event, size_t length,
                   const stage_cost costs[CST_STAGE_COUNT], tally *tally)
{
    cst_decision decision;
    cst_work work;
    bool within = true;
    cst_decide_json(context, event, length, &decision);
    for (uint32_t round = 0;; round++) {
        engine_work(context, &work);
        if (!decision.error_code && !context->event.is_system &&
            !hold(tally, &work, &costs[decision.stage])) {
            complain(&work, &costs[decision.stage], decision.stage, event, length);
            within = false;
        }
        const char *json;
        size_t json_length;
        cst_decision_json(&decision, &json, &json_length); /* what is told is not counted */
        if (decision.verdict != CST_PENDING || round > 3)
            return within;
        random_host_later(context, &decision);
        cst_resume(context, decision.pending, &decision);
    }
}

static int compare(random_state *random, const random_policy *shape, source_text *texts,
                   uint32_t events, tally *tally)
{
    cst_policy *policies[ENGINES] = {0};
    cst_context *contexts[ENGINES] = {0};
    stage_cost costs[CST_STAGE_COUNT];
    random_host hosts[ENGINES];
    const uint64_t host_seed = random_below(random, 1u << 30);
    /* making native code is what takes the time */
    const uint32_t engines = random_chance(random, 15) ? 2 : 1;
    int failures = 0;
    buffer event;
    buffer_init(&event, NULL, 0);
    for (uint32_t i = 0; i < engines && failures == 0; i++) {
        policies[i] = compile(texts, NULL, i == 0 ? CST_ENGINE_REFERENCE : CST_ENGINE_JIT, costs);
        contexts[i] = policies[i] ? cst_context_new(policies[i]) : NULL;
        failures = contexts[i] == NULL;
        hosts[i] = (random_host){host_seed, true};
        if (contexts[i])
            cst_context_host(contexts[i], random_host_answer, &hosts[i], host_seed % 2);
    }
    for (uint32_t i = 0; i < events && failures == 0; i++) {
        buffer_clear(&event);
        random_event_write(random, shape, &event);
        for (uint32_t k = 0; k < engines && event.length <= EVENT_MOST; k++)
            failures += !decide(contexts[k], event.bytes, event.length, costs, tally);
    }
    if (failures)
        fprintf(stderr, "---- policy\n%s----\n", texts->text.bytes);
    for (uint32_t i = 0; i < engines; i++) {
        cst_context_free(contexts[i]);
        cst_policy_release(policies[i]);
    }
    buffer_free(&event);
    return failures;
}

/* ---- one policy ------------------------------------------------------------------------------ */

static int of_files(const char *path, const char *events)
{
    stage_cost costs[CST_STAGE_COUNT];
    tally tally = {0};
    source_text none;
    int failures = 0;
    cst_policy *const policy = compile(&none, path, CST_ENGINE_REFERENCE, costs);
    cst_context *const context = policy ? cst_context_new(policy) : NULL;
    FILE *const file = context ? fopen(events, "r") : NULL;
    char *line = NULL;
    size_t room = 0;
    for (ssize_t length; file && (length = getline(&line, &room, file)) > 0;)
        failures += !decide(context, line, (size_t)length, costs, &tally);
    free(line);
    if (file)
        fclose(file);
    cst_context_free(context);
    cst_policy_release(policy);
    printf("%" PRIu64 " decisions, %" PRIu64 " dearer than proven; nearest %" PRIu64
           " per mille of the steps, %" PRIu64 " of the memory\n",
           tally.decisions, tally.over, tally.worst_per_mille, tally.scratch_per_mille);
    return failures != 0 || tally.decisions == 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strtoull(argv[1], NULL, 10) == 0)
        return of_files(argv[1], argv[2]);
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    const uint32_t policies = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 100;
    const uint32_t events = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 200;
    tally tally = {0};
    int failures = 0;
    for (uint32_t i = 0; i < policies && failures < 5; i++) {
        random_state random = {seed * 1000003 + i};
        random_policy shape;
        source_text texts;
        buffer_init(&texts.text, NULL, 0);
        buffer_init(&texts.upper, NULL, 0);
        random_policy_write(&random, &shape, 1 + random_below(&random, 12), &texts.text,
                            &texts.upper);
        const int found = compare(&random, &shape, &texts, events, &tally);
        if (found)
            fprintf(stderr, "(seed %" PRIu64 ", policy %u)\n", seed, i);
        failures += found;
        buffer_free(&texts.text);
        buffer_free(&texts.upper);
    }
    const cst_work *const sum = &tally.sum;
    printf("%" PRIu64 " decisions, %" PRIu64 " dearer than proven\n", tally.decisions, tally.over);
    printf("  steps: nodes %" PRIu64 ", values %" PRIu64 ", viewed %" PRIu64 ", scanned %" PRIu64
           ", found %" PRIu64 ", commands %" PRIu64 ", origins %" PRIu64 ", past %" PRIu64
           ", host %" PRIu64 "\n",
           sum->nodes, sum->values, sum->viewed, sum->scanned, sum->found, sum->commands,
           sum->origins, sum->past, sum->host);
    printf("  of the bound, a tenth and more: %" PRIu64 ", a hundredth: %" PRIu64
           ", a thousandth: %" PRIu64 ", less: %" PRIu64 "\n",
           tally.nearness[0], tally.nearness[1], tally.nearness[2],
           tally.decisions - tally.nearness[0] - tally.nearness[1] - tally.nearness[2]);
    const bool all = sum->nodes && sum->values && sum->viewed && sum->scanned && sum->found &&
                     sum->commands && sum->origins && sum->past && sum->host;
    if (!all)
        printf("some kind of work was never done: the generator tests too little\n");
    return failures || !all || tally.decisions == 0;
}

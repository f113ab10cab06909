/*
 * differential.c - native code against the reference evaluator, on random policies and events.
 *
 *     differential [SEED [POLICIES [EVENTS]]]
 *
 * Every policy is compiled by the JIT (both tiers) and by the reference evaluator; every event is decided by all, and the whole
 * decision as JSON must be the same: verdict, fired rules, messages, spans, undecided reasons, errors. A run that
 * never saw some kind of outcome fails too, so that the generator cannot quietly stop testing anything.
 */
#include <constitution/compiler.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/differential/random_policy.h"

typedef struct files {
    buffer text, upper;
} files;

static cst_status read_memory(void *user, const char *path, char **bytes, size_t *length)
{
    const files *files = user;
    if (!strstr(path, "upper.const"))
        return CST_IO;
    *length = files->upper.length;
    *bytes = malloc(files->upper.length + 1);
    if (!*bytes)
        return CST_NO_MEMORY;
    memcpy(*bytes, files->upper.bytes, files->upper.length + 1);
    return CST_OK;
}

static void release_memory(void *user, char *bytes, size_t length)
{
    (void)user;
    (void)length;
    free(bytes);
}

static void print_diagnostic(void *user, const cst_diagnostic *diagnostic)
{
    if (diagnostic->error && user)
        fputs(diagnostic->rendered, stderr);
}

/* The time of events that bring none (a mutation may have hit the member's name). */
static int64_t fixed_clock(void *user)
{
    (void)user;
    return INT64_C(1767873600000000);
}

static cst_policy *compile(files *files, cst_engine engine)
{
    cst_compiler_options options = {.size = sizeof options, .engine = engine, .diagnostic = print_diagnostic,
                                    .diagnostic_user = files, .read = read_memory, .release = release_memory,
                                    .read_user = files};
    options.runtime.size = sizeof options.runtime;
    options.runtime.clock = fixed_clock;
    memset(options.runtime.key, 'k', sizeof options.runtime.key); /* aliases must not differ between engines */
    cst_policy *policy = NULL;
    cst_status status = cst_policy_compile_text("random.const", files->text.bytes, files->text.length, &options, &policy);
    if (status != CST_OK)
        fprintf(stderr, "does not compile: %s\n", cst_status_text(status));
    return policy;
}

typedef struct tally {
    uint64_t pairs, verdicts[9], malformed, undecided, shadow, spans, from[2];
} tally;

static void count(tally *tally, const cst_decision *decision, const char *json)
{
    tally->pairs++;
    tally->verdicts[decision->verdict]++;
    tally->malformed += decision->error_code != NULL;
    tally->shadow += decision->shadow_count > 0;
    tally->undecided += strstr(json, "\"undecided\":{") != NULL;
    tally->from[0] += strstr(json, "\"from_no\"") != NULL;
    tally->from[1] += strstr(json, "\"from_yes\"") != NULL;
    tally->spans += strstr(json, "\"spans\":[") != NULL;
}

static const char *const engine_names[] = {"jit", "optimised", "reference"};

/* All engines on `events` events; the number of differences. */
static int compare(random_state *random, const random_policy *policy, files *files, uint32_t events, tally *tally)
{
    cst_policy *policies[3] = {0};
    cst_context *contexts[3] = {0};
    int differences = 0;
    buffer event;
    buffer_init(&event, NULL, 0);
    for (int engine = 0; engine < 3; engine++) {
        policies[engine] = compile(files, (cst_engine)engine);
        contexts[engine] = policies[engine] ? cst_context_new(policies[engine]) : NULL;
        if (!contexts[engine]) {
            differences = 1;
            goto done;
        }
    }
    for (uint32_t i = 0; i < events && differences < 5; i++) {
        const char *texts[3];
        cst_decision decisions[3];
        buffer_clear(&event);
        random_event_write(random, policy, &event);
        for (int engine = 0; engine < 3; engine++) {
            size_t length;
            cst_decide_json(contexts[engine], event.bytes, event.length, &decisions[engine]);
            if (cst_decision_json(&decisions[engine], &texts[engine], &length) != CST_OK)
                texts[engine] = "(no JSON)";
        }
        count(tally, &decisions[2], texts[2]);
        for (int engine = 0; engine < 2; engine++) {
            if (strcmp(texts[engine], texts[2]) == 0)
                continue;
            differences++;
            fprintf(stderr, "DIFFERENCE\nevent     %.*s\n%-9s %s\nreference %s\n", (int)event.length, event.bytes,
                    engine_names[engine], texts[engine], texts[2]);
        }
    }
done:
    if (differences)
        fprintf(stderr, "---- policy\n%s---- upper\n%s----\n", files->text.bytes, files->upper.bytes ? files->upper.bytes : "");
    for (int engine = 0; engine < 3; engine++) {
        cst_context_free(contexts[engine]);
        cst_policy_release(policies[engine]);
    }
    buffer_free(&event);
    return differences;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint32_t policies = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 60;
    uint32_t events = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 300;
    tally tally = {0};
    int differences = 0;
    for (uint32_t i = 0; i < policies && differences < 5; i++) {
        random_state random = {seed * 1000003 + i};
        random_policy policy;
        files files;
        buffer_init(&files.text, NULL, 0);
        buffer_init(&files.upper, NULL, 0);
        random_policy_write(&random, &policy, 4 + random_below(&random, 20), &files.text, &files.upper);
        int found = compare(&random, &policy, &files, events, &tally);
        if (found)
            fprintf(stderr, "(seed %" PRIu64 ", policy %u)\n", seed, i);
        differences += found;
        buffer_free(&files.text);
        buffer_free(&files.upper);
    }
    printf("%" PRIu64 " pairs of policy and event, %d differences\n", tally.pairs, differences);
    printf("  verdicts:");
    bool seen_all = true;
    for (int verdict = 0; verdict < 9; verdict++) {
        printf(" %s %" PRIu64, cst_verdict_name((cst_verdict)verdict), tally.verdicts[verdict]);
        bool possible = verdict != CST_REPLACE;
        seen_all = seen_all && (!possible || tally.verdicts[verdict]);
    }
    printf("\n  malformed %" PRIu64 ", undecided %" PRIu64 ", shadow %" PRIu64 ", with spans %" PRIu64 "\n", tally.malformed,
           tally.undecided, tally.shadow, tally.spans);
    printf("  arguments from somewhere %" PRIu64 ", from nowhere %" PRIu64 "\n", tally.from[1], tally.from[0]);
    /* both answers are often given */
    seen_all = seen_all && tally.from[0] > tally.pairs / 40 && tally.from[1] > tally.pairs / 40;
    seen_all = seen_all && tally.malformed && tally.undecided && tally.shadow && tally.spans;
    if (!seen_all)
        printf("some outcome never happened: the generator tests too little\n");
    return differences || !seen_all;
}

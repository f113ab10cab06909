/*
 * differential.c - native code against the reference evaluator, on random policies and events.
 *
 *     differential [SEED [POLICIES [EVENTS [RULES]]]]
 *
 * Every policy is compiled to native code (quickly and carefully) and by the reference evaluator;
 * every event is decided by all, and the whole decision as JSON must be the same: verdict, fired
 * rules, messages, spans, undecided reasons, errors. One tier has no index over its rules, the
 * other has one wherever rules can be told apart, and they change places from policy to policy;
 * with RULES, each policy has that many rules, and both tiers have the index that the planner finds
 * worth having. A run that never saw some kind of outcome fails too, so that the generator cannot
 * quietly stop testing anything.
 *
 * Every policy also runs with tiers (CST_ENGINE_TIERED), deciding while its code is made and put in
 * force: most begin in the reference evaluator and are waited for at some event that is drawn, so
 * that sessions and what is remembered go over from tier to tier.
 *
 * And every policy is put into a cache and opened there, as a second start does it.
 *
 * Host predicates are answered by random_host.c, some at once, some later. One more context asks
 * everything that is open: what is decided without a question must be what would have been decided
 * with its answer.
 */
#include <constitution/compiler.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver/driver.h"
#include "compiler/plan.h"
#include "runtime/engine.h"
#include "tests/differential/random_host.h"
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

typedef struct tally {
    uint64_t pairs, verdicts[9], malformed, undecided, shadow, spans, from[2], pending, spared,
        indexed, data, changed;
} tally;

/* Rules behind an index, and those that it holds as data. */
static void count_indexed(tally *tally, const plan *plan)
{
    for (uint32_t g = 0; g < plan->group_count; g++) {
        const plan_index *const index = plan->groups[g].index;
        if (!index)
            continue;
        const uint32_t coded =
            index->bundle_count ? index->bundle_ends[index->bundle_count - 1] : 0;
        tally->indexed += plan->groups[g].rule_count;
        tally->data += plan->groups[g].rule_count - coded;
    }
}

static cst_compiler_options options_of(files *files, cst_engine engine)
{
    cst_compiler_options options = {.size = sizeof options,
                                    .engine = engine,
                                    .diagnostic = print_diagnostic,
                                    .diagnostic_user = files,
                                    .read = read_memory,
                                    .release = release_memory,
                                    .read_user = files};
    options.runtime.size = sizeof options.runtime;
    options.runtime.clock = fixed_clock;
    /* aliases must not differ between engines */
    memset(options.runtime.key, 'k', sizeof options.runtime.key);
    return options;
}

static cst_policy *compile(files *files, cst_engine engine, plan_indexing indexing, tally *tally)
{
    const cst_compiler_options options = options_of(files, engine);
    const driver_input input = {.path = "random.const",
                                .text = files->text.bytes,
                                .length = files->text.length,
                                .indexing = indexing};
    compilation *unit;
    cst_policy *policy = NULL;
    cst_status status = driver_begin(&input, &options, DRIVER_PLAN, &unit);
    if (status == CST_OK) {
        count_indexed(tally, unit->plan);
        status = driver_policy(unit, &options, &policy);
    } else {
        driver_end(unit);
    }
    if (status != CST_OK)
        fprintf(stderr, "does not compile: %s\n", cst_status_text(status));
    return policy;
}

static char cache[] = "/tmp/differential_XXXXXX"; /* a folder while this runs */

/* Compiled once, and then opened from the cache: so it is at its last tier from the beginning. */
static cst_policy *compile_cached(files *files, plan_indexing indexing)
{
    cst_compiler_options options = options_of(files, CST_ENGINE_OPTIMISED);
    const driver_input input = {.path = "random.const",
                                .text = files->text.bytes,
                                .length = files->text.length,
                                .indexing = indexing};
    options.cache = cache;
    cst_policy *policy = NULL;
    if (driver_compile(&input, &options, &policy) != CST_OK)
        return NULL;
    cst_policy_release(policy);
    policy = NULL;
    options.engine = CST_ENGINE_TIERED;
    cst_tier tier = CST_TIER_REFERENCE;
    if (driver_compile(&input, &options, &policy) != CST_OK ||
        cst_policy_tier(policy, &tier) != CST_OK || tier != CST_TIER_OPTIMISED) {
        fputs("IT WAS NOT FOUND IN THE CACHE\n", stderr);
        cst_policy_release(policy);
        return NULL;
    }
    return policy;
}

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
    tally->spared += strstr(json, "\"not_evaluated\":[") != NULL;
}

/* By cst_engine; then from the cache; the last asks everything at once. */
enum { JIT, OPTIMISED, REFERENCE, TIERED, CACHED, EAGER, POLICIES };

static const char *const engine_names[] = {"jit", "optimised", "reference", "tiered", "cached"};

static bool same_text(const engine_text *a, const engine_text *b)
{
    return (a->bytes == NULL) == (b->bytes == NULL) && a->length == b->length &&
           (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* What a decision lets through, whoever says so. */
static bool same_outcome(const cst_context *a, const cst_context *b)
{
    return a->verdict == b->verdict && same_text(&a->cut_text, &b->cut_text) &&
           same_text(&a->cut_args, &b->cut_args) && same_text(&a->cut_value, &b->cut_value);
}

/* Decides, and answers what is asked until there is a decision. All the JSON that came of it is
 * added to `out`. */
static void decide_wholly(cst_context *context, const buffer *event, buffer *out,
                          cst_decision *decision, uint64_t *pending)
{
    buffer_clear(out);
    cst_decide_json(context, event->bytes, event->length, decision);
    for (uint32_t round = 0;; round++) {
        const char *json;
        size_t length;
        if (cst_decision_json(decision, &json, &length) == CST_OK)
            buffer_add(out, json, length);
        buffer_text(out, "\n");
        if (decision->verdict != CST_PENDING || round > 3)
            return;
        (*pending)++;
        random_host_later(context, decision);
        cst_resume(context, decision->pending, decision);
    }
}

/* All engines on `events` events; the number of differences. `tiers`: how the two native ones
 * index. */
static int compare(random_state *random, const random_policy *policy, files *files, uint32_t events,
                   const plan_indexing tiers[2], tally *tally)
{
    cst_policy *policies[POLICIES] = {0};
    cst_context *contexts[POLICIES] = {0};
    int differences = 0;
    buffer event, texts[POLICIES];
    random_host hosts[POLICIES];
    const uint64_t host_seed = random_below(random, 1u << 30);
    buffer_init(&event, NULL, 0);
    for (int i = 0; i < POLICIES; i++)
        buffer_init(&texts[i], NULL, 0);
    for (int engine = JIT; engine <= CACHED; engine++) {
        policies[engine] = engine == CACHED ? compile_cached(files, tiers[JIT])
                                            : compile(files, (cst_engine)engine,
                                                      engine == TIERED      ? tiers[OPTIMISED]
                                                      : engine == REFERENCE ? INDEX_NEVER
                                                                            : tiers[engine],
                                                      tally);
        contexts[engine] = policies[engine] ? cst_context_new(policies[engine]) : NULL;
        if (!contexts[engine]) {
            differences = 1;
            goto done;
        }
    }
    /* of a policy of its own: contexts of one policy share what it asks across sessions */
    policies[EAGER] = compile(files, CST_ENGINE_REFERENCE, INDEX_NEVER, tally);
    contexts[EAGER] = policies[EAGER] ? cst_context_new(policies[EAGER]) : NULL;
    if (!contexts[EAGER]) {
        differences = 1;
        goto done;
    }
    contexts[EAGER]->host.eager = true;
    const uint32_t quick_by = random_below(random, events),
                   optimised_by = quick_by + random_below(random, events);
    const cst_module *in_force = contexts[TIERED]->module;
    for (int i = 0; i < POLICIES; i++) {
        hosts[i] = (random_host){host_seed, i != EAGER};
        cst_context_host(contexts[i], random_host_answer, &hosts[i], host_seed % 2);
    }
    for (uint32_t i = 0; i < events && differences < 5; i++) {
        cst_decision decisions[POLICIES];
        uint64_t pending = 0;
        buffer_clear(&event);
        random_event_write(random, policy, &event);
        if ((i == quick_by && cst_policy_wait(policies[TIERED], CST_TIER_QUICK) != CST_OK) ||
            (i == optimised_by &&
             cst_policy_wait(policies[TIERED], CST_TIER_OPTIMISED) != CST_OK)) {
            differences++;
            fputs("A TIER WAS NOT REACHED\n", stderr);
        }
        for (int engine = 0; engine < POLICIES; engine++)
            decide_wholly(contexts[engine], &event, &texts[engine], &decisions[engine], &pending);
        tally->changed += contexts[TIERED]->module != in_force;
        in_force = contexts[TIERED]->module;
        tally->pending += pending > 0;
        if (decisions[REFERENCE].verdict > CST_HALT) {
            differences++;
            fprintf(stderr, "NEVER DECIDED %s\n", texts[REFERENCE].bytes);
            continue;
        }
        count(tally, &decisions[REFERENCE], texts[REFERENCE].bytes);
        for (int engine = JIT; engine <= CACHED; engine++) {
            if (strcmp(texts[engine].bytes, texts[REFERENCE].bytes) == 0)
                continue;
            differences++;
            fprintf(stderr, "DIFFERENCE\nevent     %.*s\n%-9s %s\nreference %s\n",
                    (int)event.length, event.bytes, engine_names[engine], texts[engine].bytes,
                    texts[REFERENCE].bytes);
        }
        if (!same_outcome(contexts[REFERENCE], contexts[EAGER])) {
            differences++;
            fprintf(stderr, "A QUESTION WAS MISSING\nevent     %.*s\nasked     %s\nall asked %s\n",
                    (int)event.length, event.bytes, texts[REFERENCE].bytes, texts[EAGER].bytes);
        }
    }
done:
    if (differences)
        fprintf(stderr, "---- policy\n%s---- upper\n%s----\n", files->text.bytes,
                files->upper.bytes ? files->upper.bytes : "");
    for (int i = 0; i < POLICIES; i++) {
        cst_context_free(contexts[i]);
        cst_policy_release(policies[i]);
        buffer_free(&texts[i]);
    }
    buffer_free(&event);
    return differences;
}

static void remove_cache(void)
{
    char command[sizeof cache + 16];
    snprintf(command, sizeof command, "rm -rf %s", cache);
    if (system(command) != 0)
        perror(cache);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint32_t policies = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 60;
    uint32_t events = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 300;
    const uint32_t rules = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
    tally tally = {0};
    int differences = 0;
    if (!mkdtemp(cache)) {
        perror(cache);
        return 1;
    }
    for (uint32_t i = 0; i < policies && differences < 5; i++) {
        random_state random = {seed * 1000003 + i};
        random_policy policy;
        files files;
        buffer_init(&files.text, NULL, 0);
        buffer_init(&files.upper, NULL, 0);
        const plan_indexing by_turns[2] = {i % 2 ? INDEX_ALWAYS : INDEX_NEVER,
                                           i % 2 ? INDEX_NEVER : INDEX_ALWAYS};
        const plan_indexing by_cost[2] = {INDEX_BY_COST, INDEX_BY_COST};
        const uint32_t size = 4 + random_below(&random, 20);
        random_policy_write(&random, &policy, rules ? rules : size, &files.text, &files.upper);
        int found = compare(&random, &policy, &files, events, rules ? by_cost : by_turns, &tally);
        if (found)
            fprintf(stderr, "(seed %" PRIu64 ", policy %u)\n", seed, i);
        differences += found;
        buffer_free(&files.text);
        buffer_free(&files.upper);
    }
    remove_cache();
    printf("%" PRIu64 " pairs of policy and event, %d differences\n", tally.pairs, differences);
    printf("  verdicts:");
    bool seen_all = true;
    for (int verdict = 0; verdict < 9; verdict++) {
        printf(" %s %" PRIu64, cst_verdict_name((cst_verdict)verdict), tally.verdicts[verdict]);
        bool possible = verdict != CST_REPLACE;
        seen_all = seen_all && (!possible || tally.verdicts[verdict]);
    }
    printf("\n  malformed %" PRIu64 ", undecided %" PRIu64 ", shadow %" PRIu64
           ", with spans %" PRIu64 "\n",
           tally.malformed, tally.undecided, tally.shadow, tally.spans);
    printf("  arguments from somewhere %" PRIu64 ", from nowhere %" PRIu64 "\n", tally.from[1],
           tally.from[0]);
    /* both answers are often given */
    seen_all = seen_all && tally.from[0] > tally.pairs / 40 && tally.from[1] > tally.pairs / 40;
    seen_all = seen_all && tally.malformed && tally.undecided && tally.shadow && tally.spans;
    printf("  pending %" PRIu64 ", questions spared %" PRIu64 "\n", tally.pending, tally.spared);
    seen_all = seen_all && tally.pending && tally.spared;
    printf("  rules behind an index %" PRIu64 ", as data %" PRIu64 "\n", tally.indexed, tally.data);
    seen_all = seen_all && tally.indexed && tally.data;
    printf("  tiers that came into force between two events %" PRIu64 "\n", tally.changed);
    seen_all = seen_all && tally.changed;
    if (!seen_all)
        printf("some outcome never happened: the generator tests too little\n");
    return differences || !seen_all;
}

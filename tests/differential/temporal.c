/*
 * temporal.c - what policies say about the past, against one who looks at all of it.
 *
 *     temporal [SEED [POLICIES [EVENTS]]]
 *
 * Each policy asks a number of random questions; traces of several sessions, with stopped and
 * waiting events, cuts, clocks that jump and run backwards, are decided by native code and by the
 * reference evaluator; and each answer (true, false, undecided) must be that of the oracle. Now and
 * then all sessions go as bytes to another context, which must change nothing. The oracle says
 * itself where an engine may know less than it: how often that happens is printed. A run in which
 * some kind of answer to some kind of question never came is a failure too.
 */
#include <constitution/compiler.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/differential/temporal.h"

enum { ENGINES = 2 };
static const cst_engine engines[ENGINES] = {CST_ENGINE_JIT, CST_ENGINE_REFERENCE};
static const char *const engine_names[] = {"jit", "optimised", "reference"};
static const char *const answer_names[] = {"false", "undecided", "true"};
enum { KINDS = 6 };
static const char *const kind_names[KINDS] = {"earlier",  "count",  "sum",
                                              "distinct", "latest", "label"};

typedef struct tally {
    uint64_t answers[KINDS][3], formulas, loose, events, stopped, waiting, cut, moved;
} tally;

static void print_diagnostic(void *user, const cst_diagnostic *diagnostic)
{
    (void)user;
    if (diagnostic->error)
        fputs(diagnostic->rendered, stderr);
}

static cst_policy *compile(const buffer *text, cst_engine engine)
{
    cst_compiler_options options = {
        .size = sizeof options, .engine = engine, .diagnostic = print_diagnostic};
    options.runtime.size = sizeof options.runtime;
    options.runtime.key[0] = 1;
    cst_policy *policy = NULL;
    if (cst_policy_compile_text("temporal.const", text->bytes, text->length, &options, &policy) !=
        CST_OK)
        fprintf(stderr, "does not compile:\n%s", text->bytes);
    return policy;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void some_event(random_state *random, world *world, event *event)
{
    static const int64_t steps[] = {0, 1, 1, 2, 3, 7};
    static const stage stages[] = {INPUT,  OUTPUT, ACTION, ACTION, ACTION,
                                   ACTION, RESULT, RESULT, MESSAGE};
    static const char *const wills[] = {"pass", "pass", "pass", "pass",   "pass", "pass",
                                        "pass", "pass", "deny", "refuse", "wait"};
    memset(event, 0, sizeof *event);
    world->time += steps[random_below(random, 6)];
    if (random_chance(random, 2))
        world->time += 50;
    if (random_chance(random, 1))
        world->time += 400;
    event->time = world->time - (random_chance(random, 8) ? random_below(random, 30) : 0);
    event->stage = stages[random_below(random, 9)];
    event->tool = random_below(random, TOOLS + 2) % TOOLS;
    event->session = random_below(random, SESSIONS + 1) % SESSIONS;
    event->n = random_chance(random, world->fog) ? INT64_MAX : temporal_number(random);
    event->org = random_chance(random, world->fog) ? INT64_MAX
                 : random_chance(random, 85)       ? (int64_t)random_below(random, 4)
                                                   : temporal_number(random);
    snprintf(event->to, sizeof event->to, "%s", temporal_word(random, TO));
    snprintf(event->text, sizeof event->text, "%s", temporal_word(random, TEXT));
    snprintf(event->w, sizeof event->w, "%s", temporal_word(random, W));
    snprintf(event->user, sizeof event->user, "%s", temporal_word(random, USER));
    event->will = wills[random_below(random, sizeof wills / sizeof *wills)];
}

static void write_event(const event *event, buffer *out)
{
    static const char *const stages[] = {"input", "output", "action", "result", "message"};
    static const char *const tools[] = {"pay", "read", "note", "zap"};
    buffer_clear(out);
    buffer_format(out,
                  "{\"stage\":\"%s\",\"session\":\"s%u\",\"time\":\"2026-01-01T%02d:%02d:%02dZ\"",
                  stages[event->stage], event->session, (int)(event->time / 3600),
                  (int)(event->time / 60 % 60), (int)(event->time % 60));
    buffer_format(out, ",\"user\":{\"id\":\"%s\",\"org\":%" PRId64 "},\"ctl\":{\"fate\":\"%s\"}",
                  event->user, event->org, event->will);
    if (event->stage == ACTION || event->stage == RESULT)
        buffer_format(out, ",\"tool\":\"%s\",\"args\":{\"to\":\"%s\",\"n\":%" PRId64 "}",
                      tools[event->tool], event->to, event->n);
    if (event->stage != ACTION)
        buffer_format(out, ",\"text\":\"%s\"", event->text);
    if (event->stage == RESULT)
        buffer_format(out, ",\"value\":{\"w\":\"%s\"}", event->w);
    if (event->stage == MESSAGE)
        buffer_text(out, ",\"from\":\"a\",\"to\":\"b\"");
    buffer_text(out, "}");
}

/* ---- one event by all ------------------------------------------------------------------------ */

/* What a decision says of each question: reported by the rule unless it is false, by the permit if
 * it is true. */
static bool read_answers(const cst_decision *decision, tri *out)
{
    cst_fired fired;
    bool sound = decision->error_code == NULL;
    for (uint32_t i = 0; i < RULES; i++)
        out[i] = NO;
    for (uint32_t i = 0;
         i < decision->rule_count && cst_decision_rule(decision, i, &fired) == CST_OK; i++)
        if (fired.rule[0] == 'r')
            out[atoi(fired.rule + 1)] = fired.undecided_code ? MAYBE : YES;
    bool permitted[RULES] = {false};
    for (uint32_t i = 0;
         i < decision->shadow_count && cst_decision_shadow(decision, i, &fired) == CST_OK; i++)
        if (fired.rule[0] == 'p')
            permitted[atoi(fired.rule + 1)] = true;
    for (uint32_t i = 0; i < RULES; i++)
        sound = sound && permitted[i] == (out[i] == YES);
    return sound;
}

static int check(const temporal_policy *policy, const world *world, const decided *now,
                 const tri found[RULES], const char *engine, tally *tally)
{
    int differences = 0;
    for (uint32_t i = 0; i < RULES; i++) {
        const formula *const formula = policy->rules[i].formula;
        if (!temporal_fits(&policy->rules[i].on, &now->event))
            continue;
        const answer wanted = temporal_answer(formula, world, now);
        tally->formulas++;
        if (formula->kind <= LABELLED)
            tally->answers[formula->kind == LABELLED ? KINDS - 1 : formula->question->kind]
                          [wanted.truth]++;
        if (found[i] == wanted.truth)
            continue;
        if (found[i] == MAYBE && wanted.loose) {
            tally->loose++;
            continue;
        }
        differences++;
        fprintf(stderr, "DIFFERENCE: by %s %s, and should be %s: %s\n", engine,
                answer_names[found[i]], answer_names[wanted.truth], policy->rules[i].text);
    }
    return differences;
}

static void append(past *past, const decided *one)
{
    if (past->count == past->capacity) {
        past->capacity = past->capacity ? past->capacity * 2 : 64;
        past->items = realloc(past->items, past->capacity * sizeof *past->items);
        if (!past->items)
            abort();
    }
    past->items[past->count++] = *one;
}

static void remember(const temporal_policy *policy, world *world, const decided *now, tally *tally)
{
    decided one = *now;
    append(&world->events, now);
    if (strcmp(one.event.will, "wait") == 0) {
        tally->waiting++;
        return;
    }
    one.stopped = strcmp(one.event.will, "pass") != 0;
    tally->stopped += one.stopped;
    if (!one.stopped && policy->has_cut) {
        temporal_cut(&one.event);
        tally->cut += memcmp(&one.event, &now->event, sizeof one.event) != 0;
    }
    append(&world->history, &one);
}

static void move_clocks(world *world, const event *event, decided *now)
{
    int64_t *const own = &world->session_clocks[event->session];
    *own = event->time > *own ? event->time : *own;
    world->clock = event->time > world->clock ? event->time : world->clock;
    *now = (decided){*event, *own, world->clock, false};
}

static void print_trace(const world *world, const buffer *last)
{
    buffer json;
    buffer_init(&json, NULL, 0);
    for (uint32_t i = 0; i < world->history.count; i++) {
        write_event(&world->history.items[i].event, &json);
        fprintf(stderr, "%s%s\n", json.bytes, world->history.items[i].stopped ? " (stopped)" : "");
    }
    fprintf(stderr, "%s (now)\n", last->bytes);
    buffer_free(&json);
}

/* All sessions go to a new context, as bytes. */
static bool move_sessions(cst_context **context)
{
    cst_context *const fresh =
        cst_context_new((cst_policy *)(uintptr_t)cst_context_policy(*context));
    bool good = fresh != NULL;
    for (uint32_t i = 0; i < SESSIONS && good; i++) {
        char name[8];
        const int length = snprintf(name, sizeof name, "s%u", i);
        const void *bytes;
        size_t size;
        good = cst_session_save(*context, name, (size_t)length, &bytes, &size) == CST_OK &&
               cst_session_load(fresh, name, (size_t)length, bytes, size, NULL) == CST_OK;
    }
    if (!good) {
        fputs("DIFFERENCE: a session cannot be saved and loaded\n", stderr);
        cst_context_free(fresh);
        return false;
    }
    cst_context_free(*context);
    *context = fresh;
    return true;
}

static int run(random_state *random, const temporal_policy *policy, uint32_t events, tally *tally)
{
    cst_policy *policies[ENGINES] = {0};
    cst_context *contexts[ENGINES] = {0};
    world world = {.time = 1000, .fog = random_chance(random, 40) ? 35 : 3};
    buffer json;
    buffer_init(&json, NULL, 0);
    int differences = 0;
    for (int engine = 0; engine < ENGINES; engine++) {
        policies[engine] = compile(&policy->text, engines[engine]);
        contexts[engine] = policies[engine] ? cst_context_new(policies[engine]) : NULL;
        differences += !contexts[engine];
    }
    for (uint32_t i = 0; i < events && !differences; i++) {
        event event;
        decided now;
        some_event(random, &world, &event);
        write_event(&event, &json);
        move_clocks(&world, &event, &now);
        tally->events++;
        for (int engine = 0; engine < ENGINES; engine++) {
            cst_decision decision;
            tri found[RULES];
            cst_decide_json(contexts[engine], json.bytes, json.length, &decision);
            if (!read_answers(&decision, found)) {
                fprintf(stderr, "DIFFERENCE: rule and permit, or %s\n",
                        decision.error_text ? decision.error_text : "");
                differences++;
            }
            differences += check(policy, &world, &now, found, engine_names[engines[engine]], tally);
        }
        const bool moves = random_chance(random, 10);
        for (int engine = 0; engine < ENGINES && moves && !differences; engine++)
            differences += !move_sessions(&contexts[engine]);
        tally->moved += moves;
        if (differences)
            print_trace(&world, &json);
        remember(policy, &world, &now, tally);
    }
    if (differences)
        fprintf(stderr, "---- policy\n%s----\n", policy->text.bytes);
    for (int engine = 0; engine < ENGINES; engine++) {
        cst_context_free(contexts[engine]);
        cst_policy_release(policies[engine]);
    }
    buffer_free(&json);
    free(world.history.items);
    free(world.events.items);
    return differences;
}

int main(int argc, char **argv)
{
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    const uint32_t policies = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 60;
    const uint32_t events = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 120;
    tally tally = {0};
    int differences = 0;
    for (uint32_t i = 0; i < policies && differences == 0; i++) {
        random_state random = {seed * 1000003 + i};
        static temporal_policy policy;
        temporal_policy_write(&random, &policy);
        differences = run(&random, &policy, events, &tally);
        if (differences)
            fprintf(stderr, "(seed %" PRIu64 ", policy %u)\n", seed, i);
        temporal_policy_free(&policy);
    }
    printf("%" PRIu64 " answers to %" PRIu64 " events, %d differences; %" PRIu64
           " known to the oracle alone\n",
           tally.formulas, tally.events, differences, tally.loose);
    bool seen_all = tally.stopped && tally.waiting && tally.cut;
    for (int kind = 0; kind < KINDS; kind++) {
        printf("  %-8s", kind_names[kind]);
        for (int truth = 0; truth < 3; truth++) {
            printf(" %s %" PRIu64, answer_names[truth], tally.answers[kind][truth]);
            seen_all = seen_all && tally.answers[kind][truth];
        }
        printf("\n");
    }
    printf("  stopped %" PRIu64 ", waiting %" PRIu64 ", cut %" PRIu64
           ", saved and loaded after %" PRIu64 " events\n",
           tally.stopped, tally.waiting, tally.cut, tally.moved);
    if (!seen_all)
        printf("some answer never came: the generator tests too little\n");
    return differences || !seen_all;
}

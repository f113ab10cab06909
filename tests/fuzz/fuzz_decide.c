/*
 * fuzz_decide.c - any bytes as the events of a session, decided by one policy that uses every
 * construct (tests/hostile/policy).
 *
 * Each line is an event; two contexts see the same lines, so that a decision which depends on
 * anything but them is found. One of them reads only with the careful reader, so this also holds
 * the quick one against it. What must hold for every line: the decision is JSON, says what the
 * decision's struct says, and comes out the same twice; what json_read refuses is malformed; a
 * malformed event is denied without a rule; every fired rule can be shown.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <constitution/compiler.h>

#include "runtime/engine.h"
#include "runtime/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_EVENTS = 40 };

static void demand(bool condition)
{
    if (!condition)
        abort();
}

static int64_t fixed_clock(void *user)
{
    (void)user;
    return 1760000000000000;
}

static void print(void *user, const cst_diagnostic *found)
{
    (void)user;
    if (found->error)
        fputs(found->rendered, stderr);
}

static cst_policy *open_policy(void)
{
    static cst_policy *policy;
    if (policy)
        return policy;
    cst_compiler_options options = {
        .size = sizeof options, .engine = CST_ENGINE_REFERENCE, .diagnostic = print};
    options.runtime.size = sizeof options.runtime;
    options.runtime.clock = fixed_clock;
    demand(cst_policy_compile(PROJECT_DIR "/tests/hostile/policy/every.const", &options, &policy) ==
           CST_OK);
    return policy;
}

static void check_fired(const cst_decision *decision)
{
    cst_fired fired;
    cst_verdict strictest = CST_PERMIT;
    for (uint32_t i = 0; i < decision->rule_count; i++) {
        demand(cst_decision_rule(decision, i, &fired) == CST_OK);
        demand(i == 0 || fired.rule == NULL || fired.effect <= strictest ||
               strictest == CST_PERMIT);
        if (fired.effect > strictest)
            strictest = fired.effect;
        demand(fired.span_total >= fired.span_count);
    }
    demand(decision->error_code || strictest == decision->verdict);
    demand(cst_decision_rule(decision, decision->rule_count, &fired) == CST_BAD_ARGUMENT);
}

/* The decision's text, checked; lives as long as the decision. */
static const char *check_decision(const cst_decision *decision, size_t *length, arena *memory)
{
    const char *json = NULL;
    demand(cst_decision_json(decision, &json, length) == CST_OK && json[*length] == '\0');
    cst_json *tree;
    json_problem problem;
    demand(json_read(memory, json, *length, LIMIT_JSON_DEPTH, &tree, &problem) == JSON_OK);
    const cst_json *const verdict = json_member(tree, "decision");
    demand(verdict && json_text_is(verdict, cst_verdict_name(decision->verdict)));
    demand((json_member(tree, "error") != NULL) == (decision->error_code != NULL));
    if (decision->error_code)
        demand(decision->verdict == CST_DENY && decision->rule_count == 0);
    return json;
}

static void decide_line(cst_context *const contexts[2], const char *line, size_t size)
{
    char *const copies[2] = {malloc(size ? size : 1), malloc(size ? size : 1)};
    demand(copies[0] && copies[1]);
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_json *tree;
    json_problem problem;
    const bool is_json =
        json_read(&memory, line, size, LIMIT_JSON_DEPTH, &tree, &problem) == JSON_OK;
    const char *texts[2];
    size_t lengths[2];
    for (int i = 0; i < 2; i++) {
        if (size)
            memcpy(copies[i], line, size);
        cst_decision decision;
        demand(cst_decide_json(contexts[i], copies[i], size, &decision) == CST_OK);
        free(copies[i]);
        demand(is_json || decision.error_code);
        if (i == 0)
            check_fired(&decision);
        texts[i] = check_decision(&decision, &lengths[i], &memory);
    }
    demand(lengths[0] == lengths[1] && memcmp(texts[0], texts[1], lengths[0]) == 0);
    arena_free(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cst_policy *const policy = open_policy();
    cst_context *const contexts[2] = {cst_context_new(policy), cst_context_new(policy)};
    demand(contexts[0] && contexts[1]);
    contexts[1]->careful = true;
    const char *at = (const char *)data;
    const char *const end = at + size;
    for (int i = 0; i < MOST_EVENTS && at < end; i++) {
        const char *const line_end = memchr(at, '\n', (size_t)(end - at));
        const size_t length = (size_t)((line_end ? line_end : end) - at);
        decide_line(contexts, at, length);
        at += length + (line_end != NULL);
    }
    cst_context_free(contexts[0]);
    cst_context_free(contexts[1]);
    return 0;
}

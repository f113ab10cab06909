/*
 * bench_event.c - from bytes to a decision: one tool call of 307 bytes against 100 rules, without
 * the compiler.
 *
 *     bench_event [ROUNDS]
 *
 * The policy is made by hand (image_builder.h), its rules are C functions, so the figure is that of
 * the reader and of the engine around the rules. Two orders of members: stage and tool first, and
 * stage and tool last, where everything before them is passed twice. Prints the median of the
 * rounds with the smallest and largest, in nanoseconds an event.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/unit/image_builder.h"

enum { RULES = 100, EVENTS = 20000, MAX_ROUNDS = 101 };

static void evaluate(cst_frame *frame, uint32_t group)
{
    const cst_value *const slots = frame->slots;
    (void)group;
    for (uint32_t i = 0; i < RULES; i++)
        if (slots[3].as.integer > (int64_t)(i + 100) * 1000000 && slots[2].symbol == i % 4 + 1 &&
            slots[5].as.integer == 1)
            image_hit(frame, i, CST_TRUE);
}

static image_builder *make_policy(void)
{
    static const char *const roles[] = {"customer", "agent", "admin"};
    image_builder *const image = image_new("bench", "1");
    const uint32_t tool = image_tool(image, "transfer");
    const uint32_t string = image_type(image, CST_KIND_STRING, 0, CST_NONE);
    const uint32_t email = image_type(image, CST_KIND_EMAIL, 0, CST_NONE);
    const uint32_t decimal = image_type(image, CST_KIND_DECIMAL, 0, CST_NONE);
    const uint32_t truth = image_type(image, CST_KIND_BOOL, 0, CST_NONE);
    const uint32_t role = image_names_type(image, CST_KIND_ENUM, roles, 3);
    static const struct {
        const char *path, *keys;
        uint32_t interned;
    } fields[] = {{"args.from", "args/from", 1},
                  {"args.to", "args/to", 0},
                  {"args.currency", "args/currency", 1},
                  {"args.amount", "args/amount", 0},
                  {"args.urgent", "args/urgent", 0},
                  {"user.role", "user/role", 0},
                  {"user.id", "user/id", 1},
                  {"args.note", "args/note", 0},
                  {"args.reference", "args/reference", 1}};
    const uint32_t types[] = {string, email, string, decimal, truth, role, string, string, string};
    image_symbol(image, "EUR");
    image_symbol(image, "USD");
    for (uint32_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        image_slot(image, fields[i].path, "/args", types[i], false);
        image_read(image, CST_ACTION, tool, fields[i].keys, i, 3, CST_TARGET_TYPED,
                   fields[i].interned);
    }
    image_record(image, "user");
    const uint32_t group = image_group(image, CST_ACTION, tool, evaluate);
    for (int i = 0; i < RULES; i++)
        image_rule(image, group, (image_rule_spec){.name = "rule", .verdict = CST_DENY});
    image_finish(image);
    return image;
}

static void measure(cst_context *context, const char *name, const char *event, int rounds)
{
    double times[MAX_ROUNDS];
    const size_t length = strlen(event);
    cst_decision decision;
    for (int round = 0; round < rounds; round++) {
        const double start = now();
        for (int i = 0; i < EVENTS; i++)
            cst_decide_json(context, event, length, &decision);
        times[round] = (now() - start) / EVENTS;
    }
    if (decision.error_code) {
        fprintf(stderr, "bench_event: %s at %s\n", decision.error_code, decision.error_pointer);
        exit(1);
    }
    qsort(times, (size_t)rounds, sizeof *times, compare_doubles);
    printf("%-12s %4zu bytes  %6.1f ns  (%.1f to %.1f)\n", name, length, times[rounds / 2],
           times[0], times[rounds - 1]);
}

int main(int argc, char **argv)
{
    const int wanted = argc > 1 ? atoi(argv[1]) : 31;
    const int rounds = wanted < 1 ? 1 : wanted > MAX_ROUNDS ? MAX_ROUNDS : wanted;
    image_builder *const image = make_policy();
    cst_policy *policy = NULL;
    if (cst_policy_from_module(image_module(image), NULL, &policy) != CST_OK)
        return 1;
    cst_context *const context = cst_context_new(policy);
    if (!context)
        return 1;
#define ARGS                                                                                       \
    "\"args\":{\"from\":\"DE89370400440532013000\",\"to\":\"ann@example.com\",\"amount\":98.70,"   \
    "\"currency\":\"EUR\","                                                                        \
    "\"urgent\":false,\"note\":\"rent for november, as agreed\",\"reference\":\"R-2026-11\"}"
#define REST                                                                                       \
    "\"session\":\"0b9e4a6f\",\"time\":\"2026-11-23T10:00:00Z\",\"id\":\"call-7\",\"user\":{"      \
    "\"id\":\"u1\",\"role\":\"customer\"}," ARGS
    measure(context, "tool first", "{\"stage\":\"action\",\"tool\":\"transfer\"," REST "}", rounds);
    measure(context, "tool last", "{" REST ",\"stage\":\"action\",\"tool\":\"transfer\"}", rounds);
    cst_context_free(context);
    cst_policy_release(policy);
    image_free(image);
    return 0;
}

/*
 * bench_compile.c - the time from the text of a policy to code that can run, in this process.
 *
 *     bench_compile [--optimised] [RULES]… [--json FILE]
 *
 * For 10, 100, 1,000 and 10,000 rules: the same kinds of rules as in bench_rules, ten a tool, and
 * then as many about one stage. Each figure is the median of several runs in milliseconds, with the
 * smallest and the largest: up to the end of each pass, and the whole. One run before the first is
 * not counted, since it loads LLVM and initialises its target.
 */
#include <constitution/compiler.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver/driver.h"
#include "runtime/base/buffer.h"
#include "tests/bench/bench.h"

enum { ROUNDS = 9, RULES_A_TOOL = 10, COUNTRIES = 8, PHASES = 5 };

static const char *const countries[COUNTRIES] = {"de", "fr", "us", "gb", "in", "br", "jp", "za"};
static const char *const roles[4] = {"guest", "member", "staff", "owner"};
static const char *const phases[PHASES] = {"read", "parse+check", "lower", "plan", "code"};

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % bound);
}

static void write_rule(buffer *policy, uint32_t number, bool one_stage)
{
    const uint32_t amount = random_below(1000), level = random_below(10);
    const char *role = roles[random_below(4)];
    const char *first = countries[random_below(COUNTRIES)],
               *second = countries[random_below(COUNTRIES)];
    if (one_stage) {
        buffer_format(policy,
                      "rule r%u on input when user.level < %u and user.role == %s and text != \"%s "
                      "%u\" then deny\n",
                      number, level, role, first, amount);
        return;
    }
    buffer_format(policy, "rule r%u on action tool_%u when ", number, number / RULES_A_TOOL);
    switch (random_below(4)) {
    case 0: buffer_format(policy, "args.amount > %u.5 and user.role == %s", amount, role); break;
    case 1:
        buffer_format(policy, "args.country in { \"%s\", \"%s\" } and user.level < %u", first,
                      second, level);
        break;
    case 2:
        buffer_format(policy, "(args.urgent and user.level + 3 >= %u) or args.amount == %u.0",
                      level + 6, amount);
        break;
    default:
        buffer_format(policy, "user.role != %s and args.country == \"%s\" and args.amount <= %u.25",
                      role, first, amount);
    }
    buffer_text(policy, " then deny\n");
}

static void write_policy(buffer *policy, uint32_t rules, bool one_stage)
{
    buffer_text(policy, "constitution bench \"1\"\nenum Role { guest, member, staff, owner }\n"
                        "context user { role: Role, level: int }\n");
    const uint32_t tools = (rules + RULES_A_TOOL - 1) / RULES_A_TOOL;
    for (uint32_t i = 0; !one_stage && i < tools; i++)
        buffer_format(policy, "%stool_%u", i ? ", " : "tool ", i);
    if (!one_stage)
        buffer_text(policy, "(amount: decimal, country: string, urgent: bool) acts\n");
    for (uint32_t i = 0; i < rules; i++)
        write_rule(policy, i, one_stage);
}

static void print_error(void *user, const cst_diagnostic *told)
{
    (void)user;
    if (told->error)
        fputs(told->rendered, stderr);
}

/* Milliseconds up to the end of one phase. */
static double time_of(const buffer *policy, int phase, const cst_compiler_options *options)
{
    const driver_input input = {
        .path = "bench.const", .text = policy->bytes, .length = policy->length};
    cst_status status;
    const double start = now();
    if (phase == PHASES - 1) {
        cst_policy *made = NULL;
        status = cst_policy_compile_text(input.path, input.text, input.length, options, &made);
        const double elapsed = (now() - start) / 1e6;
        cst_policy_release(made);
        if (status == CST_OK)
            return elapsed;
    } else {
        compilation *unit;
        status = driver_begin(&input, options, (driver_pass)phase, &unit);
        const double elapsed = (now() - start) / 1e6;
        driver_end(unit);
        if (status == CST_OK)
            return elapsed;
    }
    fprintf(stderr, "bench_compile: %s\n", cst_status_text(status));
    exit(1);
}

static void measure(FILE *out, uint32_t rules, bool one_stage, const cst_compiler_options *options)
{
    buffer policy;
    buffer_init(&policy, NULL, 0);
    write_policy(&policy, rules, one_stage);
    time_of(&policy, PHASES - 1, options);
    printf("%6u rules %-9s", rules, one_stage ? "one stage" : "by tool");
    for (int phase = 0; phase < PHASES; phase++) {
        double times[ROUNDS];
        for (int round = 0; round < ROUNDS; round++)
            times[round] = time_of(&policy, phase, options);
        char about[64];
        snprintf(about, sizeof about, "%u rules, %s%s", rules, one_stage ? "one stage" : "by tool",
                 options->engine == CST_ENGINE_OPTIMISED ? ", optimised" : "");
        bench_record(out, about, "ours", phases[phase], "ms", times, ROUNDS);
        qsort(times, ROUNDS, sizeof *times, compare_doubles);
        printf("  %s %.2f", phases[phase], times[ROUNDS / 2]);
        if (phase == PHASES - 1)
            printf(" ms (%.2f to %.2f)", times[0], times[ROUNDS - 1]);
    }
    printf("\n");
    buffer_free(&policy);
}

int main(int argc, char **argv)
{
    FILE *const out = bench_json(&argc, argv);
    cst_compiler_options options = {.size = sizeof options, .diagnostic = print_error};
    static const uint32_t usual[] = {10, 100, 1000, 10000};
    uint32_t given = 0;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--optimised") == 0)
            options.engine = CST_ENGINE_OPTIMISED;
    for (int i = 1; i < argc; i++) {
        const uint32_t rules = (uint32_t)strtoul(argv[i], NULL, 10);
        if (rules == 0)
            continue;
        given++;
        measure(out, rules, false, &options);
        measure(out, rules, true, &options);
    }
    for (uint32_t i = 0; given == 0 && i < sizeof usual / sizeof *usual; i++) {
        measure(out, usual[i], false, &options);
        measure(out, usual[i], true, &options);
    }
    return 0;
}

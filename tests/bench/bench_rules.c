/*
 * bench_rules.c - the price of a decision beside the same policy written by hand in C.
 *
 *     bench_rules [--jit] [--rules N]… [--json FILE]
 *
 * For 10, 100 and 1,000 rules: one generator writes a policy and, rule for rule, a C program of the
 * same meaning (a switch over the tool, then one `if` a rule), which the system's C compiler builds
 * with -O3. Both get the same random requests and must name the same fired rules before anything is
 * timed. Three figures each, as ratios to the hand-written C beside it, median of interleaved
 * rounds with the smallest and largest:
 *
 *     rules     the compiled rules alone, on values that stand ready, against the C function on its
 * struct decision  cst_event_begin, the setters and cst_decide, against filling the struct and the
 * C function event     cst_decide_json from bytes, in nanoseconds, with no counterpart
 *
 * The policy is built ahead of time (as `constc build` does) and opened, since that is what a
 * service ships; --jit takes the code that the JIT makes at once.
 */
#include <constitution/compiler.h>

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/driver/driver.h"
#include "runtime/base/buffer.h"
#include "runtime/engine.h"
#include "tests/bench/bench.h"

enum { REQUESTS = 1024, ROUNDS = 21, RULES_A_TOOL = 10, COUNTRIES = 8 };

static const char *const countries[COUNTRIES] = {"de", "fr", "us", "gb", "in", "br", "jp", "za"};
static const char *const roles[4] = {"guest", "member", "staff", "owner"};

/* what the hand-written program sees; its text is declared below, in write_c */
typedef struct request {
    uint32_t tool;
    uint32_t role;
    int64_t amount;
    int64_t level;
    const char *country;
    size_t country_length;
    int urgent;
} request;

typedef uint32_t (*decide_by_hand)(const request *request, uint32_t *fired);

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % bound);
}

/* ---- one policy, twice ----------------------------------------------------------------------- */

static void write_rule(buffer *policy, buffer *program, uint32_t number, uint32_t tool)
{
    uint32_t amount = random_below(1000), level = random_below(10), role = random_below(4);
    const char *first = countries[random_below(COUNTRIES)],
               *second = countries[random_below(COUNTRIES)];
    buffer_format(policy, "rule r%u on action tool_%u when ", number, tool);
    buffer_text(program, "        if (");
    switch (random_below(4)) {
    case 0:
        buffer_format(policy, "args.amount > %u.5 and user.role == %s", amount, roles[role]);
        buffer_format(program, "e->amount > INT64_C(%u500000) && e->role == %u", amount, role);
        break;
    case 1:
        buffer_format(policy, "args.country in { \"%s\", \"%s\" } and user.level < %u", first,
                      second, level);
        buffer_format(
            program,
            "e->level < %u && ((e->country_length == 2 && memcmp(e->country, \"%s\", 2) == 0) || "
            "(e->country_length == 2 && memcmp(e->country, \"%s\", 2) == 0))",
            level, first, second);
        break;
    case 2:
        buffer_format(policy, "(args.urgent and user.level + 3 >= %u) or args.amount == %u.0",
                      level + 6, amount);
        buffer_format(program,
                      "(e->urgent && e->level + 3 >= %u) || e->amount == INT64_C(%u000000)",
                      level + 6, amount);
        break;
    default:
        buffer_format(policy, "user.role != %s and args.country == \"%s\" and args.amount <= %u.25",
                      roles[role], first, amount);
        buffer_format(program,
                      "e->role != %u && e->amount <= INT64_C(%u250000) && "
                      "e->country_length == 2 && memcmp(e->country, \"%s\", 2) == 0",
                      role, amount, first);
    }
    buffer_text(policy, " then deny\n");
    buffer_format(program, ") fired[count++] = %u;\n", number);
}

static void write_both(uint32_t rules, buffer *policy, buffer *program)
{
    uint32_t tools = (rules + RULES_A_TOOL - 1) / RULES_A_TOOL;
    buffer_text(policy, "constitution bench \"1\"\nenum Role { guest, member, staff, owner }\n"
                        "context user { role: Role, level: int }\ntool ");
    for (uint32_t i = 0; i < tools; i++)
        buffer_format(policy, "%stool_%u", i ? ", " : "", i);
    buffer_text(policy, "(amount: decimal, country: string, urgent: bool) acts\n");
    buffer_text(program, "#include <stdint.h>\n#include <string.h>\n"
                         "typedef struct { uint32_t tool, role; int64_t amount, level; const char "
                         "*country; size_t country_length; int urgent; } event;\n"
                         "uint32_t decide(const event *e, uint32_t *fired)\n{\n    uint32_t count "
                         "= 0;\n    switch (e->tool) {\n");
    for (uint32_t tool = 0, number = 0; tool < tools; tool++) {
        buffer_format(program, "    case %u:\n", tool);
        for (uint32_t i = 0; i < RULES_A_TOOL && number < rules; i++, number++)
            write_rule(policy, program, number, tool);
        buffer_text(program, "        break;\n");
    }
    buffer_text(program, "    }\n    return count;\n}\n");
}

static void fail(const char *what)
{
    fprintf(stderr, "bench_rules: %s\n", what);
    exit(1);
}

static decide_by_hand build_by_hand(const buffer *program, const char *folder)
{
    char source[512], library[512], command[1200];
    /* a name of its own: dlopen takes a file of the same name and inode for the one it has */
    static unsigned number;
    number++;
    snprintf(source, sizeof source, "%s/by_hand_%u.c", folder, number);
    snprintf(library, sizeof library, "%s/by_hand_%u.so", folder, number);
    FILE *file = fopen(source, "w");
    if (!file || fwrite(program->bytes, 1, program->length, file) != program->length ||
        fclose(file))
        fail("cannot write the C program");
    snprintf(command, sizeof command, "cc -O3 -shared -fPIC -o '%s' '%s'", library, source);
    if (system(command) != 0)
        fail("the C compiler failed");
    void *handle = dlopen(library, RTLD_NOW);
    decide_by_hand result = NULL;
    if (handle)
        *(void **)&result = dlsym(handle, "decide");
    if (!result)
        fail("cannot open the C program");
    remove(source);
    remove(library);
    return result;
}

/* ---- requests, twice ------------------------------------------------------------------------- */

typedef struct fields {
    cst_field amount, country, urgent, role, level;
} fields;

typedef struct bench {
    request requests[REQUESTS];
    char tools[REQUESTS][16];
    char *events[REQUESTS];
    size_t event_lengths[REQUESTS];
    fields fields[REQUESTS];
    cst_policy *policy;
    cst_context *context;
    decide_by_hand by_hand;
} bench;

static void make_requests(bench *bench, uint32_t tools)
{
    for (uint32_t i = 0; i < REQUESTS; i++) {
        request *request = &bench->requests[i];
        request->tool = random_below(tools);
        request->role = random_below(4);
        request->amount = (int64_t)random_below(100000) * 10000;
        request->level = random_below(10);
        request->country = countries[random_below(COUNTRIES)];
        request->country_length = 2;
        request->urgent = random_below(2) == 1;
        snprintf(bench->tools[i], sizeof bench->tools[i], "tool_%u", request->tool);
        buffer event;
        buffer_init(&event, NULL, 0);
        buffer_format(&event,
                      "{\"stage\":\"action\",\"session\":\"0b9e4a6f\",\"time\":\"2026-11-23T10:00:"
                      "00Z\",\"id\":\"call-%u\",\"tool\":\"%s\","
                      "\"user\":{\"id\":\"customer-4711\",\"role\":\"%s\",\"level\":%" PRId64
                      "},\"args\":{\"amount\":%" PRId64 ".%02" PRId64
                      ",\"country\":\"%s\",\"urgent\":%s,\"note\":\"Please handle this one before "
                      "the others, thank you very much.\"}}",
                      i, bench->tools[i], roles[request->role], request->level,
                      request->amount / 1000000, request->amount / 10000 % 100, request->country,
                      request->urgent ? "true" : "false");
        bench->events[i] = event.bytes;
        bench->event_lengths[i] = event.length;
        fields *fields = &bench->fields[i];
        if (cst_policy_field(bench->policy, CST_ACTION, bench->tools[i], "args.amount",
                             &fields->amount) != CST_OK)
            fields->amount = CST_FIELD_NONE;
        if (cst_policy_field(bench->policy, CST_ACTION, bench->tools[i], "args.country",
                             &fields->country) != CST_OK)
            fields->country = CST_FIELD_NONE;
        if (cst_policy_field(bench->policy, CST_ACTION, bench->tools[i], "args.urgent",
                             &fields->urgent) != CST_OK)
            fields->urgent = CST_FIELD_NONE;
        if (cst_policy_field(bench->policy, CST_ACTION, bench->tools[i], "user.role",
                             &fields->role) != CST_OK)
            fields->role = CST_FIELD_NONE;
        if (cst_policy_field(bench->policy, CST_ACTION, bench->tools[i], "user.level",
                             &fields->level) != CST_OK)
            fields->level = CST_FIELD_NONE;
    }
}

static void decide_typed(bench *bench, uint32_t i, cst_decision *decision)
{
    const request *request = &bench->requests[i];
    const fields *fields = &bench->fields[i];
    cst_context *context = bench->context;
    cst_event_begin(context, CST_ACTION, bench->tools[i]);
    cst_event_time(context, 0);
    cst_set_decimal(context, fields->amount, request->amount);
    cst_set_string(context, fields->country, request->country, request->country_length);
    cst_set_bool(context, fields->urgent, request->urgent);
    cst_set_string(context, fields->role, roles[request->role], strlen(roles[request->role]));
    cst_set_int(context, fields->level, request->level);
    cst_decide(context, decision);
}

static void check_agreement(bench *bench)
{
    uint32_t fired[RULES_A_TOOL];
    for (uint32_t i = 0; i < REQUESTS; i++) {
        uint32_t count = bench->by_hand(&bench->requests[i], fired);
        for (int from_bytes = 0; from_bytes < 2; from_bytes++) {
            cst_decision decision;
            if (from_bytes)
                cst_decide_json(bench->context, bench->events[i], bench->event_lengths[i],
                                &decision);
            else
                decide_typed(bench, i, &decision);
            if (decision.error_code || decision.rule_count != count) {
                fprintf(stderr, "%s\n", bench->events[i]);
                fail(decision.error_text ? decision.error_text
                                         : "the policy and the C program disagree");
            }
            for (uint32_t k = 0; k < count; k++) {
                cst_fired rule;
                if (cst_decision_rule(&decision, k, &rule) != CST_OK ||
                    (uint32_t)atoi(rule.rule + 1) != fired[k])
                    fail("the policy and the C program name different rules");
            }
        }
    }
}

/* ---- timing ---------------------------------------------------------------------------------- */

static void print_ratio(const char *name, double *ours, double *theirs)
{
    double ratios[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        ratios[i] = ours[i] / theirs[i];
    qsort(ratios, ROUNDS, sizeof *ratios, compare_doubles);
    qsort(ours, ROUNDS, sizeof *ours, compare_doubles);
    qsort(theirs, ROUNDS, sizeof *theirs, compare_doubles);
    printf("  %-9s %7.1f ns   C by hand %7.1f ns   ratio %.2f (%.2f to %.2f)\n", name,
           ours[ROUNDS / 2], theirs[ROUNDS / 2], ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]);
}

static volatile uint64_t sink;

static double time_by_hand(bench *bench, bool fill)
{
    enum { REPEATS = 64 };
    uint32_t fired[RULES_A_TOOL];
    uint64_t total = 0;
    double start = now();
    for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
        for (uint32_t i = 0; i < REQUESTS; i++) {
            if (fill) {
                volatile request copy = bench->requests[i];
                total += bench->by_hand((const request *)(uintptr_t)&copy, fired);
            } else {
                total += bench->by_hand(&bench->requests[i], fired);
            }
        }
    }
    sink += total;
    return (now() - start) / (REPEATS * REQUESTS);
}

static double time_typed(bench *bench)
{
    enum { REPEATS = 16 };
    uint64_t total = 0;
    double start = now();
    for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
        for (uint32_t i = 0; i < REQUESTS; i++) {
            cst_decision decision;
            decide_typed(bench, i, &decision);
            total += decision.verdict;
        }
    }
    sink += total;
    return (now() - start) / (REPEATS * REQUESTS);
}

static double time_bytes(bench *bench)
{
    enum { REPEATS = 16 };
    uint64_t total = 0;
    double start = now();
    for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
        for (uint32_t i = 0; i < REQUESTS; i++) {
            cst_decision decision;
            cst_decide_json(bench->context, bench->events[i], bench->event_lengths[i], &decision);
            total += decision.verdict;
        }
    }
    sink += total;
    return (now() - start) / (REPEATS * REQUESTS);
}

/* The groups alone: one frame for each request, filled once. */
typedef struct ready {
    cst_frame frames[REQUESTS];
    const cst_dispatch_row *dispatch[REQUESTS];
    const uint32_t *lists;
    const cst_module *module;
} ready;

static ready *make_ready(bench *bench)
{
    ready *ready = calloc(1, sizeof *ready);
    if (!ready)
        fail("no memory");
    for (uint32_t i = 0; i < REQUESTS; i++) {
        cst_decision decision;
        decide_typed(bench, i, &decision);
        if (!engine_copy_frame(bench->context, &ready->frames[i], &ready->dispatch[i],
                               &ready->module))
            fail("no memory");
    }
    ready->lists = CST_ROWS(ready->module->image, group_lists, uint32_t);
    return ready;
}

static double time_rules(ready *ready)
{
    enum { REPEATS = 64 };
    uint64_t total = 0;
    double start = now();
    for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
        for (uint32_t i = 0; i < REQUESTS; i++) {
            cst_frame *frame = &ready->frames[i];
            frame->hit_count = 0;
            if (frame->image->memo_count) /* as the engine does for each event */
                memset(frame->memo, 0, frame->image->memo_count);
            const cst_range groups = ready->dispatch[i]->groups;
            for (uint32_t k = 0; k < groups.count; k++) {
                uint32_t group = ready->lists[groups.first + k];
                ready->module->groups[group](frame, group);
            }
            total += frame->hit_count;
        }
    }
    sink += total;
    return (now() - start) / (REPEATS * REQUESTS);
}

static void run(uint32_t rules, bool jit, const char *folder, FILE *out)
{
    static bench bench;
    buffer policy, program;
    buffer_init(&policy, NULL, 0);
    buffer_init(&program, NULL, 0);
    write_both(rules, &policy, &program);
    bench.by_hand = build_by_hand(&program, folder);
    cst_compiler_options options = {.size = sizeof options,
                                    .engine = jit ? CST_ENGINE_JIT : CST_ENGINE_OPTIMISED};
    if (cst_policy_compile_text("bench.const", policy.bytes, policy.length, &options,
                                &bench.policy) != CST_OK)
        fail("the policy does not compile");
    bench.context = cst_context_new(bench.policy);
    if (!bench.context)
        fail("no memory");
    make_requests(&bench, (rules + RULES_A_TOOL - 1) / RULES_A_TOOL);
    check_agreement(&bench);
    ready *ready = make_ready(&bench);

    double ours[4][ROUNDS], theirs[2][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        ours[0][round] = time_rules(ready);
        theirs[0][round] = time_by_hand(&bench, false);
        ours[1][round] = time_typed(&bench);
        theirs[1][round] = time_by_hand(&bench, true);
        ours[2][round] = time_bytes(&bench);
    }
    char about[64];
    snprintf(about, sizeof about, "%u rules%s", rules, jit ? ", jit" : "");
    static const char *const names[] = {"rules", "decision", "event"};
    for (int i = 0; i < 3; i++) {
        bench_record(out, about, "ours", names[i], "ns", ours[i], ROUNDS);
        if (i < 2)
            bench_record(out, about, "C by hand", names[i], "ns", theirs[i], ROUNDS);
    }
    printf("%u rules\n", rules);
    print_ratio("rules", ours[0], theirs[0]);
    print_ratio("decision", ours[1], theirs[1]);
    qsort(ours[2], ROUNDS, sizeof *ours[2], compare_doubles);
    printf("  %-9s %7.1f ns   (%.1f to %.1f), events of %zu bytes\n", "event", ours[2][ROUNDS / 2],
           ours[2][0], ours[2][ROUNDS - 1], bench.event_lengths[0]);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        engine_free_frame(&ready->frames[i]);
        free(bench.events[i]);
    }
    free(ready);
    cst_context_free(bench.context);
    cst_policy_release(bench.policy);
    buffer_free(&policy);
    buffer_free(&program);
}

int main(int argc, char **argv)
{
    FILE *const out = bench_json(&argc, argv);
    bool jit = false;
    uint32_t sizes[8] = {10, 100, 1000}, count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--jit") == 0)
            jit = true;
        else if (strcmp(argv[i], "--rules") == 0 && i + 1 < argc && count < 8)
            sizes[count++] = (uint32_t)strtoul(argv[++i], NULL, 10);
        else
            fail("usage: bench_rules [--jit] [--rules N]... [--json FILE]");
    }
    char folder[] = "/tmp/bench_rules_XXXXXX";
    if (!mkdtemp(folder))
        fail("no temporary folder");
    for (uint32_t i = 0, runs = count ? count : 3; i < runs; i++)
        run(sizes[i], jit, folder, out);
    rmdir(folder);
    return 0;
}

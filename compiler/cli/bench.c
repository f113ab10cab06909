/*
 * bench.c - `constc bench`: how long decisions take, from the events' bytes to the decision.
 *
 * Every event is decided in several rounds. A round is timed as a whole for the throughput (median
 * and spread over the rounds), and event by event for the percentiles, with the price of looking at
 * the clock taken off. Beside it a policy without rules decides the same events: what that takes is
 * reading, what is more is deciding. The ratio of both is reported because absolute times differ
 * between machines and hours.
 *
 * Sessions are forgotten before each round, so that every round does the same work.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/cli.h"
#include "compiler/cli/progress.h"
#include "runtime/adapters/lines.h"
#include "runtime/engine.h"
#include "runtime/limits.h"

enum { MOST_ROUNDS = 1000, WARM_ROUNDS = 2, BENCH_BYTES = 1 << 30, CLOCK_LOOKS = 1000 };

/* Times in nanoseconds are counted in classes of at most 1.6 % width: 64 of them for each power of
 * two. */
enum { CLASSES_A_POWER = 64, CLASSES = CLASSES_A_POWER * 58 };

typedef struct times {
    uint64_t count;
    uint64_t classes[CLASSES];
} times;

typedef struct bench_event {
    size_t start, length;
    uint8_t stage; /* CST_STAGE_COUNT: malformed */
} bench_event;

typedef struct bench_state {
    char *bytes;
    bench_event *events;
    uint32_t event_count;
    uint64_t event_bytes;
    uint32_t rounds;
    int64_t clock_price;
    double *policy_rounds, *empty_rounds; /* nanoseconds an event */
    times *stages;                        /* CST_STAGE_COUNT + 1 */
} bench_state;

static uint32_t time_class(uint64_t nanoseconds)
{
    if (nanoseconds < CLASSES_A_POWER)
        return (uint32_t)nanoseconds;
    uint32_t power = 0;
    while (nanoseconds >> power >= 2 * CLASSES_A_POWER)
        power++;
    const uint32_t found =
        (power + 1) * CLASSES_A_POWER + (uint32_t)(nanoseconds >> power) - CLASSES_A_POWER;
    return found < CLASSES ? found : CLASSES - 1;
}

static uint64_t class_time(uint32_t number)
{
    if (number < CLASSES_A_POWER)
        return number;
    const uint32_t power = number / CLASSES_A_POWER - 1;
    return (uint64_t)(CLASSES_A_POWER + number % CLASSES_A_POWER) << power;
}

static uint64_t percentile(const times *measured, double part)
{
    const uint64_t wanted = (uint64_t)((double)measured->count * part);
    uint64_t seen = 0;
    for (uint32_t i = 0; i < CLASSES; i++) {
        seen += measured->classes[i];
        if (seen > wanted)
            return class_time(i);
    }
    return 0;
}

/* ---- input ----------------------------------------------------------------------------------- */

static bool is_blank(const char *line, size_t length)
{
    return strspn(line, " \t\r\n") >= length;
}

static bool read_events(const char *path, bench_state *bench)
{
    size_t length;
    bench->bytes = file_read(path, BENCH_BYTES, &length);
    if (bench->bytes == NULL)
        return false;
    uint32_t capacity = 0;
    for (size_t at = 0; at < length;) {
        const char *const end = memchr(bench->bytes + at, '\n', length - at);
        const size_t size = end == NULL ? length - at : (size_t)(end - bench->bytes) - at;
        if (size > 0 && !is_blank(bench->bytes + at, size)) {
            if (bench->event_count == capacity) {
                capacity = capacity == 0 ? 1024 : capacity * 2;
                bench_event *const more = realloc(bench->events, capacity * sizeof *more);
                if (more == NULL) {
                    complain("out of memory");
                    return false;
                }
                bench->events = more;
            }
            bench->events[bench->event_count++] = (bench_event){.start = at, .length = size};
            bench->event_bytes += size;
        }
        at += size + 1;
    }
    if (bench->event_count == 0)
        complain("%s: there are no events", path);
    return bench->event_count > 0;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static bool round_whole(cst_context *context, bench_state *bench, double *each)
{
    engine_forget_all(context);
    const int64_t began = clock_nanoseconds();
    for (uint32_t i = 0; i < bench->event_count; i++) {
        cst_decision decision;
        if (cst_decide_json(context, bench->bytes + bench->events[i].start, bench->events[i].length,
                            &decision) != CST_OK)
            return false;
        const bool staged = decision.error_code == NULL;
        bench->events[i].stage = staged ? (uint8_t)decision.stage : CST_STAGE_COUNT;
    }
    *each = (double)(clock_nanoseconds() - began) / bench->event_count;
    return true;
}

static bool round_single(cst_context *context, bench_state *bench)
{
    engine_forget_all(context);
    for (uint32_t i = 0; i < bench->event_count; i++) {
        cst_decision decision;
        const int64_t began = clock_nanoseconds();
        const cst_status status = cst_decide_json(context, bench->bytes + bench->events[i].start,
                                                  bench->events[i].length, &decision);
        int64_t taken = clock_nanoseconds() - began - bench->clock_price;
        if (status != CST_OK)
            return false;
        if (taken < 0)
            taken = 0;
        times *const stage = &bench->stages[bench->events[i].stage];
        stage->classes[time_class((uint64_t)taken)]++;
        stage->count++;
    }
    return true;
}

static int64_t clock_price(void)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < CLOCK_LOOKS; i++) {
        const int64_t first = clock_nanoseconds();
        const int64_t taken = clock_nanoseconds() - first;
        if (taken < least)
            least = taken;
    }
    return least;
}

/* The rounds of both policies take turns, so that a slow hour of the machine is one for both. */
static bool measure(cst_context *context, cst_context *empty, bench_state *bench)
{
    bench->clock_price = clock_price();
    double ignored;
    for (uint32_t i = 0; i < WARM_ROUNDS; i++)
        if (!round_whole(empty, bench, &ignored) || !round_whole(context, bench, &ignored))
            return false;
    for (uint32_t i = 0; i < bench->rounds; i++)
        if (!round_whole(empty, bench, &bench->empty_rounds[i]) ||
            !round_whole(context, bench, &bench->policy_rounds[i]) || !round_single(context, bench))
            return false;
    qsort(bench->empty_rounds, bench->rounds, sizeof(double), by_size);
    qsort(bench->policy_rounds, bench->rounds, sizeof(double), by_size);
    return true;
}

/* ---- output ---------------------------------------------------------------------------------- */

static const char *stage_label(uint32_t stage)
{
    return stage < CST_STAGE_COUNT ? cst_stage_name((cst_stage)stage) : "malformed";
}

static void print_text(const bench_state *bench)
{
    const uint32_t middle = bench->rounds / 2;
    const double whole = bench->policy_rounds[middle], empty = bench->empty_rounds[middle];
    out_format("%u events, %llu bytes, %u rounds (each figure: the median round; spread: fastest "
               "to slowest)\n\n",
               bench->event_count, (unsigned long long)bench->event_bytes, bench->rounds);
    out_format("%-10s%10s%10s%10s%12s\n", "stage", "p50 ns", "p90 ns", "p99 ns", "decisions");
    for (uint32_t i = 0; i <= CST_STAGE_COUNT; i++) {
        const times *const stage = &bench->stages[i];
        if (stage->count > 0)
            out_format("%-10s%10llu%10llu%10llu%12llu\n", stage_label(i),
                       (unsigned long long)percentile(stage, 0.5),
                       (unsigned long long)percentile(stage, 0.9),
                       (unsigned long long)percentile(stage, 0.99),
                       (unsigned long long)stage->count);
    }
    out_format("\nwhole      %10.0f ns an event   spread %.0f to %.0f\n", whole,
               bench->policy_rounds[0], bench->policy_rounds[bench->rounds - 1]);
    out_format("read       %10.0f ns an event   spread %.0f to %.0f   (a policy without rules)\n",
               empty, bench->empty_rounds[0], bench->empty_rounds[bench->rounds - 1]);
    out_format("decide     %10.0f ns an event   (whole less read)\n", whole - empty);
    out_format("ratio      %10.2f              (whole to read)\n", empty > 0 ? whole / empty : 0);
    out_format("throughput %10.0f events/s     %.1f MB/s\n", whole > 0 ? 1e9 / whole : 0,
               whole > 0 ? 1e3 * (double)bench->event_bytes / bench->event_count / whole : 0);
}

static void print_json(const bench_state *bench)
{
    const uint32_t middle = bench->rounds / 2;
    const double whole = bench->policy_rounds[middle], empty = bench->empty_rounds[middle];
    out_format("{\"events\":%u,\"bytes\":%llu,\"rounds\":%u,\"stages\":{", bench->event_count,
               (unsigned long long)bench->event_bytes, bench->rounds);
    const char *between = "";
    for (uint32_t i = 0; i <= CST_STAGE_COUNT; i++) {
        const times *const stage = &bench->stages[i];
        if (stage->count == 0)
            continue;
        out_format("%s\"%s\":{\"decisions\":%llu,\"p50_ns\":%llu,\"p90_ns\":%llu,\"p99_ns\":%llu}",
                   between, stage_label(i), (unsigned long long)stage->count,
                   (unsigned long long)percentile(stage, 0.5),
                   (unsigned long long)percentile(stage, 0.9),
                   (unsigned long long)percentile(stage, 0.99));
        between = ",";
    }
    out_format("},\"whole\":{\"median_ns\":%.1f,\"fastest_ns\":%.1f,\"slowest_ns\":%.1f},", whole,
               bench->policy_rounds[0], bench->policy_rounds[bench->rounds - 1]);
    out_format("\"read\":{\"median_ns\":%.1f,\"fastest_ns\":%.1f,\"slowest_ns\":%.1f},", empty,
               bench->empty_rounds[0], bench->empty_rounds[bench->rounds - 1]);
    out_format("\"decide_ns\":%.1f,\"ratio\":%.3f,\"events_per_second\":%.0f}\n", whole - empty,
               empty > 0 ? whole / empty : 0, whole > 0 ? 1e9 / whole : 0);
}

/* ---- the command ----------------------------------------------------------------------------- */

static cst_policy *empty_policy(void)
{
    static const char text[] = "constitution empty \"1\"\n";
    cst_compiler_options options = {.size = sizeof options, .engine = CST_ENGINE_REFERENCE};
    options.runtime.size = sizeof options.runtime;
    cst_policy *policy = NULL;
    if (cst_policy_compile_text("empty.const", text, sizeof text - 1, &options, &policy) != CST_OK)
        complain("the policy to compare with did not compile");
    return policy;
}

static int bench_policies(bench_state *bench, cst_policy *policy, bool json)
{
    cst_policy *const empty = empty_policy();
    cst_context *const context = cst_context_new(policy);
    cst_context *const empty_context = empty == NULL ? NULL : cst_context_new(empty);
    bench->policy_rounds = calloc(bench->rounds, sizeof(double));
    bench->empty_rounds = calloc(bench->rounds, sizeof(double));
    bench->stages = calloc(CST_STAGE_COUNT + 1, sizeof *bench->stages);
    int code = EXIT_USAGE;
    if (context == NULL || empty_context == NULL || bench->policy_rounds == NULL ||
        bench->empty_rounds == NULL || bench->stages == NULL ||
        !measure(context, empty_context, bench))
        complain("the events could not be decided");
    else {
        if (json)
            print_json(bench);
        else
            print_text(bench);
        code = EXIT_GOOD;
    }
    cst_context_free(context);
    cst_context_free(empty_context);
    cst_policy_release(empty);
    return code;
}

int command_bench(const cli_arguments *arguments)
{
    bench_state bench = {0};
    uint64_t rounds = 11;
    const char *const given = arguments_value(arguments, "--rounds", NULL);
    if (given != NULL && !number_read("--rounds", given, MOST_ROUNDS, &rounds))
        return EXIT_USAGE;
    bench.rounds = (uint32_t)rounds;
    int code = EXIT_USAGE;
    cst_policy *const policy = policy_load_by(arguments, arguments->words[0], NULL, &code);
    if (policy != NULL)
        code = read_events(arguments->words[1], &bench)
                   ? bench_policies(&bench, policy, arguments_has(arguments, "--json"))
                   : EXIT_USAGE;
    cst_policy_release(policy);
    free(bench.bytes);
    free(bench.events);
    free(bench.policy_rounds);
    free(bench.empty_rounds);
    free(bench.stages);
    return code;
}

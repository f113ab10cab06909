/*
 * bench_start.c - what a whole process costs that compiles a policy, decides one event, and exits:
 * without a cache, with one that is empty, and with one that knows the policy.
 *
 *     bench_start POLICY.const EVENT.json [--json FILE]
 *
 * Starts itself again and again as a child that has the compiler inside, and between the children
 * runs /bin/true, the empty process, and itself without any work: what the program costs that is
 * there before the policy is. Prints medians with spread in milliseconds of wall time, and of
 * processor time where the machine has other work. Fails if a child did not decide, or if one whose
 * policy is known has mapped the code generator.
 */
#include <constitution/compiler.h>

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define BENCH_CLOCK CLOCK_MONOTONIC
#include "tests/bench/bench.h"

enum { ROUNDS = 101, SLOW_ROUNDS = 5 };

enum { KNOWN, IDLE, EMPTY, FIRST, PLAIN, WAYS };

static const char *const way_texts[WAYS] = {"ours, the cache knows the policy",
                                            "ours, without any work", "the empty process",
                                            "ours, the cache is empty", "ours, no cache"};

extern char **environ;

static int child(const char *source, const char *path, const char *cache)
{
    char event[65536];
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(event, 1, sizeof event, file) : 0;
    if (file)
        fclose(file);
    const cst_compiler_options options = {.size = sizeof options,
                                          .runtime.size = sizeof options.runtime,
                                          .cache = cache[0] != '\0' ? cache : NULL};
    cst_policy *policy;
    if (cst_policy_compile(source, &options, &policy) != CST_OK)
        return 2;
    cst_context *context = cst_context_new(policy);
    cst_decision decision;
    if (!context || cst_decide_json(context, event, length, &decision) != CST_OK ||
        decision.error_code)
        return 3;
    if (!getenv("BENCH_START_MAPS"))
        _Exit(0);
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, "codegen") || strstr(line, "LLVM"))
            return 4;
    return 0;
}

typedef struct cost {
    double wall, processor;
} cost;

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static cost run(char *const *arguments)
{
    pid_t pid;
    int status;
    struct rusage before, after;
    getrusage(RUSAGE_CHILDREN, &before);
    const double start = now();
    if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "bench_start: a child failed (%d)\n", WEXITSTATUS(status));
        exit(1);
    }
    const double end = now();
    getrusage(RUSAGE_CHILDREN, &after);
    return (cost){(end - start) / 1e6, 1e3 * (seconds(after.ru_utime) - seconds(before.ru_utime) +
                                              seconds(after.ru_stime) - seconds(before.ru_stime))};
}

static void remove_folder(const char *folder)
{
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        exit(1);
}

static void report(FILE *out, int way, cost *costs, size_t count)
{
    double wall[ROUNDS], processor[ROUNDS];
    for (size_t i = 0; i < count; i++) {
        wall[i] = costs[i].wall;
        processor[i] = costs[i].processor;
    }
    bench_record(out, "start", way_texts[way], "process", "ms", wall, count);
    bench_record(out, "start", way_texts[way], "processor time", "ms", processor, count);
    qsort(wall, count, sizeof *wall, compare_doubles);
    qsort(processor, count, sizeof *processor, compare_doubles);
    printf("%-34s %8.2f ms (%.2f to %.2f), processor %.2f ms\n", way_texts[way], wall[count / 2],
           wall[0], wall[count - 1], processor[count / 2]);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "--child") == 0)
        return child(argv[2], argv[3], argv[4]);
    if (argc == 2 && strcmp(argv[1], "--idle") == 0)
        _Exit(0);
    FILE *const out = bench_json(&argc, argv);
    char path[4096], folder[] = "/tmp/bench_start_XXXXXX", none[] = "", flag[] = "--child";
    char idle[] = "--idle", empty[] = "/bin/true";
    if (argc != 3 || !realpath("/proc/self/exe", path) || !mkdtemp(folder)) {
        fputs("usage: bench_start POLICY.const EVENT.json\n", stderr);
        return 2;
    }
    char *const ways[WAYS][6] = {[KNOWN] = {path, flag, argv[1], argv[2], folder},
                                 [IDLE] = {path, idle},
                                 [EMPTY] = {empty},
                                 [FIRST] = {path, flag, argv[1], argv[2], folder},
                                 [PLAIN] = {path, flag, argv[1], argv[2], none}};
    static cost costs[WAYS][ROUNDS];
    for (int i = 0; i < SLOW_ROUNDS; i++) {
        remove_folder(folder);
        costs[FIRST][i] = run(ways[FIRST]);
        costs[PLAIN][i] = run(ways[PLAIN]);
    }
    setenv("BENCH_START_MAPS", "1", 1);
    run(ways[KNOWN]);
    unsetenv("BENCH_START_MAPS");
    for (int i = 0; i < ROUNDS; i++)
        for (int way = KNOWN; way <= EMPTY; way++)
            costs[way][i] = run(ways[way]);
    remove_folder(folder);
    for (int way = KNOWN; way < WAYS; way++)
        report(out, way, costs[way], way <= EMPTY ? ROUNDS : SLOW_ROUNDS);
    return 0;
}

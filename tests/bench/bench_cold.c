/*
 * bench_cold.c - what a whole process costs that opens a compiled policy, decides one event, and
 * exits.
 *
 *     bench_cold POLICY.so EVENT.json [--json FILE]
 *
 * Starts itself again and again as a child that links the runtime alone, and between the children
 * runs /bin/true, the empty process, as the baseline. Prints medians with spread in milliseconds,
 * the child's peak memory, and fails if the child has mapped a library of LLVM or did not decide.
 */
#include <constitution.h>

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define BENCH_CLOCK CLOCK_MONOTONIC
#include "tests/bench/bench.h"

enum { ROUNDS = 201 };

extern char **environ;

static int child(const char *library, const char *path)
{
    char event[65536];
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(event, 1, sizeof event, file) : 0;
    if (file)
        fclose(file);
    cst_policy *policy;
    if (cst_policy_open(library, NULL, &policy) != CST_OK)
        return 2;
    cst_context *context = cst_context_new(policy);
    cst_decision decision;
    if (!context || cst_decide_json(context, event, length, &decision) != CST_OK ||
        decision.error_code)
        return 3;
    if (!getenv("BENCH_COLD_MAPS"))
        _Exit(0);
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, "LLVM"))
            return 4;
    return 0;
}

static double spawn(char *const *arguments, int *status)
{
    pid_t pid;
    const double start = now();
    if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) != 0 ||
        waitpid(pid, status, 0) != pid)
        exit(1);
    return (now() - start) / 1e6;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--child") == 0)
        return child(argv[2], argv[3]);
    FILE *const out = bench_json(&argc, argv);
    if (argc != 3) {
        fputs("usage: bench_cold POLICY.so EVENT.json\n", stderr);
        return 2;
    }
    char self[] = "/proc/self/exe", flag[] = "--child", empty[] = "/bin/true";
    char path[4096];
    if (!realpath(self, path))
        return 1;
    char *ours[] = {path, flag, argv[1], argv[2], NULL}, *nothing[] = {empty, NULL};
    double times[2][ROUNDS];
    int status = 0;
    setenv("BENCH_COLD_MAPS", "1", 1);
    spawn(ours, &status);
    unsetenv("BENCH_COLD_MAPS");
    if (status != 0) {
        fprintf(stderr, "bench_cold: the child failed (%d)\n", WEXITSTATUS(status));
        return 1;
    }
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    for (int i = 0; i < ROUNDS; i++) {
        times[0][i] = spawn(ours, &status);
        if (status != 0)
            return 1;
        times[1][i] = spawn(nothing, &status);
    }
    const double peak = (double)usage.ru_maxrss;
    bench_record(out, "cold", "ours", "process", "ms", times[0], ROUNDS);
    bench_record(out, "cold", "the empty process", "process", "ms", times[1], ROUNDS);
    bench_record(out, "cold", "ours", "peak memory", "KB", &peak, 1);
    for (int i = 0; i < 2; i++)
        qsort(times[i], ROUNDS, sizeof times[i][0], compare_doubles);
    printf("open, decide, exit: %.2f ms (%.2f to %.2f), peak %ld KB, no LLVM mapped\n",
           times[0][ROUNDS / 2], times[0][0], times[0][ROUNDS - 1], usage.ru_maxrss);
    printf("the empty process:  %.2f ms (%.2f to %.2f)\n", times[1][ROUNDS / 2], times[1][0],
           times[1][ROUNDS - 1]);
    return 0;
}

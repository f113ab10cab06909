/*
 * bench_threads.c - decisions a second on one policy, by one thread and by several.
 *
 *     bench_threads VARIANT STORE [THREADS [ROUNDS]] [--json FILE]
 *
 * The policy is shared, each thread has a context of its own and asks the store's requests as JSON
 * for a fixed number of decisions. One thread and several take turns. All threads wait for each
 * other before the clock is read, and the clock is that on the wall: on a machine whose processors
 * have other work the ratio says as much about the machine as about us, so the processor time that
 * each decision took is recorded beside it. If that stays the same with more threads, the threads
 * did not hinder each other.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/bench/workload.h"

enum { MOST_THREADS = 64, MOST_ROUNDS = 101, DECISIONS = 400000 };

typedef struct worker {
    const workload *store;
    cst_context *context;
    pthread_barrier_t *start;
    pthread_t thread;
    double processor; /* nanoseconds that the thread had */
} worker;

static double clock_read(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void *work(void *user)
{
    worker *const worker = user;
    const workload *const store = worker->store;
    pthread_barrier_wait(worker->start);
    const double start = clock_read(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0, at = 0; i < DECISIONS; i++, at = at + 1 < store->count ? at + 1 : 0) {
        cst_decision decision;
        cst_decide_json(worker->context, store->requests[at].json, store->requests[at].length,
                        &decision);
        if ((decision.verdict == CST_PERMIT) != store->requests[at].permitted)
            abort();
    }
    worker->processor = clock_read(CLOCK_THREAD_CPUTIME_ID) - start;
    return NULL;
}

/* Decisions a second; *processor: nanoseconds of processor time for each. */
static double run(const workload *store, uint32_t threads, double *processor)
{
    static worker workers[MOST_THREADS];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, threads + 1);
    for (uint32_t i = 0; i < threads; i++) {
        workers[i] =
            (worker){.store = store, .context = cst_context_new(store->policy), .start = &start};
        if (!workers[i].context || pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            exit(1);
    }
    pthread_barrier_wait(&start);
    const double began = clock_read(CLOCK_MONOTONIC);
    *processor = 0;
    for (uint32_t i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        *processor += workers[i].processor / ((double)threads * DECISIONS);
        cst_context_free(workers[i].context);
    }
    const double taken = clock_read(CLOCK_MONOTONIC) - began;
    pthread_barrier_destroy(&start);
    return (double)threads * DECISIONS / taken * 1e9;
}

int main(int argc, char **argv)
{
    FILE *const out = bench_json(&argc, argv);
    if (argc < 3) {
        fputs("usage: bench_threads VARIANT STORE [THREADS [ROUNDS]] [--json FILE]\n", stderr);
        return 2;
    }
    uint32_t threads = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 2,
             rounds = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 7;
    threads = threads < 2 ? 2 : threads > MOST_THREADS ? MOST_THREADS : threads;
    rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
    workload store;
    workload_load(&store, argv[2],
                  &(workload_options){.variant = argv[1], .engine = CST_ENGINE_OPTIMISED});
    double rates[2][MOST_ROUNDS], processor[2][MOST_ROUNDS];
    for (uint32_t round = 0; round < rounds; round++)
        for (int i = 0; i < 2; i++)
            rates[i][round] = run(&store, i ? threads : 1, &processor[i][round]);
    for (int i = 0; i < 2; i++) {
        char about[64];
        snprintf(about, sizeof about, "%u thread%s", i ? threads : 1, i ? "s" : "");
        bench_record(out, about, "ours", "rate", "decisions/s", rates[i], rounds);
        bench_record(out, about, "ours", "processor time", "ns", processor[i], rounds);
        qsort(rates[i], rounds, sizeof rates[i][0], compare_doubles);
        qsort(processor[i], rounds, sizeof processor[i][0], compare_doubles);
        printf("%-10s %12.0f decisions/s (%.0f to %.0f), %.0f ns of processor time each\n", about,
               rates[i][rounds / 2], rates[i][0], rates[i][rounds - 1], processor[i][rounds / 2]);
    }
    printf("ratio      %12.2f\n", rates[1][rounds / 2] / rates[0][rounds / 2]);
    workload_free(&store);
    return 0;
}

/*
 * bench_threads.c - decisions a second with one and with two threads on one policy, and what they ask of the allocator.
 *
 *     bench_threads [--json] POLICY.so EVENTS.jsonl
 *
 * Each thread has a context and decides all events again and again. Rounds with one thread and with two alternate; the ratio of each pair is taken, since
 * on a machine that does other work the absolute figures drift. Where it has fewer free processors than threads, wall time says nothing: the second ratio
 * is of the processor time that a decision takes, which is what threads that write to shared memory would lose. The allocator of the policy counts: after the warm-up it must not be called.
 * Events of the file are decided by every thread, so a session is one in each context.
 */
#include <constitution.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

enum { PAIRS = 41, MOST_EVENTS = 4096, DECISIONS = 40000 };

typedef struct events {
    char *bytes;
    cst_bytes list[MOST_EVENTS];
    size_t count;
} events;

typedef struct worker {
    cst_context *context;
    const events *events;
    pthread_barrier_t *start;
    uint64_t denied;
    double processor; /* nanoseconds of the last round */
} worker;

static atomic_ulong allocations;

static void *count_allocate(void *user, size_t size)
{
    (void)user;
    atomic_fetch_add(&allocations, 1);
    return malloc(size);
}

static void *count_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    (void)user, (void)old_size;
    atomic_fetch_add(&allocations, 1);
    return realloc(pointer, new_size);
}

static void count_release(void *user, void *pointer, size_t size)
{
    (void)user, (void)size;
    free(pointer);
}

static void read_events(const char *path, events *out)
{
    FILE *const file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    const size_t size = (size_t)ftell(file);
    rewind(file);
    out->bytes = malloc(size + 1);
    if (!out->bytes || fread(out->bytes, 1, size, file) != size)
        exit(2);
    fclose(file);
    for (char *at = out->bytes, *const end = at + size; at < end && out->count < MOST_EVENTS;) {
        char *const behind = memchr(at, '\n', (size_t)(end - at));
        const size_t length = (size_t)((behind ? behind : end) - at);
        if (length)
            out->list[out->count++] = (cst_bytes){at, length};
        at += length + 1;
    }
}

static void *decide(void *user)
{
    worker *const self = user;
    cst_decision decision;
    struct timespec from, to;
    pthread_barrier_wait(self->start);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    for (size_t i = 0; i < DECISIONS; i++) {
        const cst_bytes *const event = &self->events->list[i % self->events->count];
        cst_decide_json(self->context, event->bytes, event->length, &decision);
        self->denied += decision.verdict >= CST_DENY;
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    self->processor = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
    return NULL;
}

/* Decisions a second of so many threads together. */
static double run(worker *workers, int count)
{
    pthread_t threads[2];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, (unsigned)count + 1);
    for (int i = 0; i < count; i++) {
        workers[i].start = &start;
        if (pthread_create(&threads[i], NULL, decide, &workers[i]) != 0)
            exit(1);
    }
    pthread_barrier_wait(&start);
    const double before = now();
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    const double seconds = (now() - before) / 1e9;
    pthread_barrier_destroy(&start);
    return (double)count * DECISIONS / seconds;
}

int main(int argc, char **argv)
{
    const bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    static events all;
    if (argc != 3 + json) {
        fputs("usage: bench_threads [--json] POLICY.so EVENTS.jsonl\n", stderr);
        return 2;
    }
    const cst_options options = {.size = sizeof options,
                                 .allocator = {count_allocate, count_resize, count_release, NULL}};
    cst_policy *policy;
    const cst_status status = cst_policy_open(argv[1 + json], &options, &policy);
    read_events(argv[2 + json], &all);
    if (status != CST_OK || all.count == 0 || cst_policy_warm(policy) != CST_OK) {
        fprintf(stderr, "bench_threads: %s\n", cst_status_text(status));
        return 1;
    }
    worker workers[2];
    for (int i = 0; i < 2; i++)
        workers[i] = (worker){.context = cst_context_new(policy), .events = &all};
    run(workers, 2);
    run(workers, 2);
    const unsigned long warm = atomic_load(&allocations);
    double one[PAIRS], two[PAIRS], ratios[PAIRS], processor[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        one[i] = run(workers, 1);
        const double alone = workers[0].processor;
        two[i] = run(workers, 2);
        processor[i] = 4 * alone / (workers[0].processor + workers[1].processor);
        ratios[i] = two[i] / one[i];
    }
    const unsigned long later = atomic_load(&allocations) - warm;
    qsort(one, PAIRS, sizeof *one, compare_doubles);
    qsort(two, PAIRS, sizeof *two, compare_doubles);
    qsort(processor, PAIRS, sizeof *processor, compare_doubles);
    qsort(ratios, PAIRS, sizeof *ratios, compare_doubles);
    const int middle = PAIRS / 2;
    if (json)
        printf("{\"one\":%.0f,\"two\":%.0f,\"ratio\":%.3f,\"ratio_low\":%.3f,\"ratio_high\":%.3f,"
               "\"processor_ratio\":%.3f,\"allocations\":%lu}\n",
               one[middle], two[middle], ratios[middle], ratios[PAIRS / 10],
               ratios[PAIRS - 1 - PAIRS / 10], processor[middle], later);
    else
        printf("one thread   %10.0f decisions a second (%.0f to %.0f)\ntwo threads  %10.0f (%.0f "
               "to %.0f)\nratio        %.2f (tenths: %.2f to %.2f), by processor time %.2f\n"
               "allocations  %lu in %d decisions\n",
               one[middle], one[0], one[PAIRS - 1], two[middle], two[0], two[PAIRS - 1],
               ratios[middle], ratios[PAIRS / 10], ratios[PAIRS - 1 - PAIRS / 10],
               processor[middle], later, PAIRS * 3 * DECISIONS);
    for (int i = 0; i < 2; i++)
        cst_context_free(workers[i].context);
    cst_policy_release(policy);
    free(all.bytes);
    return later != 0;
}

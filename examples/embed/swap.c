/*
 * swap.c - a new version of a policy under load: no event is lost, no decision mixes two versions.
 *
 *     cc swap.c $(pkg-config --cflags --libs constitution) -pthread -o swap
 *     swap OLD.so NEW.so EVENT.json
 *
 * Workers decide without a pause while the policy is swapped back and forth. Each decision names
 * the policy that made it, and must have the verdict that this very policy gives; the exit status
 * is 0 only if all had.
 */
#include <constitution.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

enum { WORKERS = 3, SWAPS = 200, DECISIONS_A_VERSION = 100 };

typedef struct shared {
    cst_live *live;
    cst_policy *versions[2];
    cst_verdict expected[2];
    char event[65536];
    size_t length;
    atomic_ulong decisions;
    atomic_bool stop;
} shared;

typedef struct worker {
    pthread_t thread;
    shared *shared;
    unsigned long decided[2], wrong;
} worker;

static void *work(void *argument)
{
    worker *self = argument;
    shared *shared = self->shared;
    cst_context *context = cst_context_new_live(shared->live);
    while (context && !atomic_load(&shared->stop)) {
        cst_decision decision;
        if (cst_decide_json(context, shared->event, shared->length, &decision) != CST_OK)
            self->wrong++;
        int version = cst_context_policy(context) == shared->versions[1];
        self->decided[version]++;
        if (decision.verdict != shared->expected[version])
            self->wrong++;
        atomic_fetch_add(&shared->decisions, 1);
    }
    cst_context_free(context);
    return NULL;
}

static int prepare(shared *shared, char **argv)
{
    FILE *file = fopen(argv[3], "r");
    shared->length = file ? fread(shared->event, 1, sizeof shared->event, file) : 0;
    if (file)
        fclose(file);
    for (int i = 0; i < 2; i++) {
        cst_decision decision;
        if (cst_policy_open(argv[1 + i], NULL, &shared->versions[i]) != CST_OK)
            return 0;
        cst_context *context = cst_context_new(shared->versions[i]);
        if (!context ||
            cst_decide_json(context, shared->event, shared->length, &decision) != CST_OK)
            return 0;
        shared->expected[i] = decision.verdict;
        cst_context_free(context);
    }
    return cst_live_new(shared->versions[0], &shared->live) == CST_OK;
}

int main(int argc, char **argv)
{
    static shared shared;
    static worker workers[WORKERS];
    if (argc != 4 || !prepare(&shared, argv)) {
        fputs("usage: swap OLD.so NEW.so EVENT.json\n", stderr);
        return 2;
    }
    for (int i = 0; i < WORKERS; i++) {
        workers[i].shared = &shared;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return 1;
    }
    for (int i = 1; i <= SWAPS; i++) {
        cst_live_swap(shared.live, shared.versions[i % 2]);
        const unsigned long until = atomic_load(&shared.decisions) + DECISIONS_A_VERSION;
        while (atomic_load(&shared.decisions) < until)
            sched_yield(); /* each version has its time */
    }
    atomic_store(&shared.stop, true);
    unsigned long decided[2] = {0, 0}, wrong = 0;
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        decided[0] += workers[i].decided[0];
        decided[1] += workers[i].decided[1];
        wrong += workers[i].wrong;
    }
    printf("%lu decisions: %lu by the old policy (%s), %lu by the new one (%s), %lu wrong\n",
           decided[0] + decided[1], decided[0], cst_verdict_name(shared.expected[0]), decided[1],
           cst_verdict_name(shared.expected[1]), wrong);
    cst_live_free(shared.live);
    cst_policy_release(shared.versions[0]);
    cst_policy_release(shared.versions[1]);
    return wrong != 0 || decided[0] == 0 || decided[1] == 0;
}

/*
 * threads.c - one policy, several threads: what a service with a pool of workers does.
 *
 *     threads POLICY.so EVENTS.jsonl [THREADS [ROUNDS]]
 *
 * The policy is immutable and shared; each thread has a context of its own. Every thread decides
 * all events, and all must come to the same verdicts: the exit status is 0 only if they did.
 */
#include <constitution.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EVENTS = 1000, MOST_THREADS = 64 };

typedef struct events {
    char *lines[MOST_EVENTS];
    size_t count;
} events;

typedef struct worker {
    pthread_t thread;
    cst_policy *policy;
    const events *events;
    unsigned rounds;
    unsigned long verdicts[CST_HALT + 1];
    int failed;
} worker;

static void *work(void *argument)
{
    worker *self = argument;
    cst_context *context = cst_context_new(self->policy);
    if (!context) {
        self->failed = 1;
        return NULL;
    }
    for (unsigned round = 0; round < self->rounds; round++) {
        for (size_t i = 0; i < self->events->count; i++) {
            const char *event = self->events->lines[i];
            cst_decision decision;
            if (cst_decide_json(context, event, strlen(event), &decision) != CST_OK)
                self->failed = 1; /* the decision is a deny all the same */
            self->verdicts[decision.verdict]++;
        }
        cst_context_forget(context); /* the next round is a new day: no session is remembered */
    }
    cst_context_free(context);
    return NULL;
}

static int read_events(const char *path, events *out)
{
    char line[65536];
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    while (out->count < MOST_EVENTS && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] && !(out->lines[out->count++] = strdup(line)))
            break;
    }
    fclose(file);
    return out->count > 0;
}

int main(int argc, char **argv)
{
    static events events;
    static worker workers[MOST_THREADS];
    unsigned count = argc > 3 ? (unsigned)atoi(argv[3]) : 4;
    unsigned rounds = argc > 4 ? (unsigned)atoi(argv[4]) : 100;
    cst_policy *policy;
    if (argc < 3 || count == 0 || count > MOST_THREADS || !read_events(argv[2], &events)) {
        fputs("usage: threads POLICY.so EVENTS.jsonl [THREADS [ROUNDS]]\n", stderr);
        return 2;
    }
    cst_status status = cst_policy_open(argv[1], NULL, &policy);
    if (status != CST_OK) {
        fprintf(stderr, "threads: %s: %s\n", argv[1], cst_status_text(status));
        return 1;
    }
    for (unsigned i = 0; i < count; i++) {
        workers[i] = (worker){.policy = policy, .events = &events, .rounds = rounds};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return 1;
    }
    int failed = 0;
    for (unsigned i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        failed |= workers[i].failed ||
                  memcmp(workers[i].verdicts, workers[0].verdicts, sizeof workers[i].verdicts) != 0;
    }
    printf("%s %s: %u threads, %zu events, %u rounds each\n", cst_policy_name(policy),
           cst_policy_version(policy), count, events.count, rounds);
    for (int verdict = 0; verdict <= CST_HALT; verdict++)
        if (workers[0].verdicts[verdict])
            printf("  %-17s %lu\n", cst_verdict_name((cst_verdict)verdict),
                   workers[0].verdicts[verdict]);
    cst_policy_release(policy);
    for (size_t i = 0; i < events.count; i++)
        free(events.lines[i]);
    return failed;
}

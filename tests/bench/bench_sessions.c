/*
 * bench_sessions.c - what a live session costs in memory: many sessions of a small policy with
 * history rules, then what expiry gives back.
 *
 *     bench_sessions [SESSIONS]
 *
 * Every session brings its context, has one input and one call, so that each question has a state.
 * Counted are the bytes that the runtime asked its allocator for and has not given back; the table
 * of sessions is in them. The exit code is 1 if a decision, or what expiry did, is not as it must
 * be.
 */
#include <constitution/compiler.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static size_t in_use, most;

static void *meter_allocate(void *user, size_t size)
{
    (void)user;
    in_use += size;
    most = in_use > most ? in_use : most;
    return malloc(size);
}

static void *meter_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    (void)user;
    in_use += new_size - old_size;
    most = in_use > most ? in_use : most;
    return realloc(pointer, new_size);
}

static void meter_release(void *user, void *pointer, size_t size)
{
    (void)user;
    in_use -= size;
    free(pointer);
}

static double spent_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

#define HEAD                                                                                       \
    "constitution sessions \"1\"\ncontext user { id: string }\ntool pay(to: string, amount: "      \
    "decimal)\n"

static const char empty_policy[] =
    HEAD "rule over on input when text == \"stop\" then halt\n"
         "rule admin on action pay when user.id == \"root\" then deny\n";
static const char small_policy[] = HEAD
    "rule admin on action pay when user.id == \"root\" then deny\n"
    "rule many on action pay when count of action pay within 1m > 20 then deny\n"
    "rule sum on action pay when sum of args.amount over action pay within 1h > 500.0 then deny\n"
    "rule twice on action pay when earlier action pay with same (args.to, args.amount) within 10m "
    "then flag\n"
    "rule spoken on action pay when no earlier input within 1h then deny\n";

static int64_t now = INT64_C(1767225600000000);

static int64_t clock_now(void *user)
{
    (void)user;
    return now;
}

static cst_context *context_of(const char *text, cst_policy **policy)
{
    const cst_compiler_options options = {
        .size = sizeof options,
        .engine = CST_ENGINE_OPTIMISED,
        .runtime = {.size = sizeof(cst_options),
                    .clock = clock_now,
                    .allocator = {meter_allocate, meter_resize, meter_release, NULL}}};
    if (cst_policy_compile_text("sessions.const", text, strlen(text), &options, policy) != CST_OK) {
        fputs("bench_sessions: the policy does not compile\n", stderr);
        exit(1);
    }
    return cst_context_new(*policy);
}

static bool event(cst_context *context, uint32_t session, const char *text, const char *to)
{
    char json[300];
    const int head =
        snprintf(json, sizeof json,
                 "{\"stage\":\"%s\",\"session\":\"session-%08u\",\"user\":{\"id\":\"u%u\"},",
                 text ? "input" : "action", session, session);
    const size_t room = sizeof json - (size_t)head;
    const int rest =
        text ? snprintf(json + head, room, "\"text\":\"%s\"}", text)
             : snprintf(json + head, room,
                        "\"tool\":\"pay\",\"args\":{\"to\":\"%s\",\"amount\":12.5}}", to);
    cst_decision decision;
    const bool good = cst_decide_json(context, json, (size_t)(head + rest), &decision) == CST_OK &&
                      decision.verdict == CST_PERMIT;
    if (!good)
        fprintf(stderr, "bench_sessions: %s: %s\n", json, cst_verdict_name(decision.verdict));
    return good;
}

static bool run(const char *name, const char *text, bool history, uint32_t sessions)
{
    cst_policy *policy;
    cst_context *const context = context_of(text, &policy);
    cst_expired report;
    bool good = event(context, 0, "hi", NULL) && event(context, 0, NULL, "ann");
    cst_context_forget(context);
    const size_t before = in_use;
    const double begin = spent_time();
    for (uint32_t i = 0; i < sessions && good; i++)
        good = event(context, i, "hi", NULL) && event(context, i, NULL, "ann");
    const double seconds = spent_time() - begin;
    printf("%-28s %9u sessions %6.0f bytes each %7.0f MB in all, at most %6.0f MB; %5.2f us an "
           "event\n",
           name, sessions, (double)(in_use - before) / sessions, (double)(in_use - before) / 1e6,
           (double)most / 1e6, seconds * 1e6 / sessions / 2);
    /* nothing that may still matter goes */
    good = good && cst_context_expire(context, now, 0, NULL, NULL, &report) == CST_OK &&
           report.forgotten == (history ? 0 : sessions);
    now += INT64_C(3601) * 1000000;
    const double again = spent_time();
    good = good && cst_context_expire(context, now, 0, NULL, NULL, &report) == CST_OK &&
           report.forgotten == (history ? sessions : 0) && report.remembered == 0;
    printf("%-28s %9u forgotten %33.0f MB left; %5.2f us a session\n", "", sessions,
           (double)(in_use - before) / 1e6, (spent_time() - again) * 1e6 / sessions);
    if (!good)
        fputs("bench_sessions: expiry did not do what it must\n", stderr);
    cst_context_free(context);
    cst_policy_release(policy);
    most = in_use;
    return good;
}

int main(int argc, char **argv)
{
    const uint32_t sessions = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    const bool good = sessions > 0 && run("a context, no history", empty_policy, false, sessions) &&
                      run("four questions with windows", small_policy, true, sessions);
    return good && in_use == 0 ? 0 : 1;
}

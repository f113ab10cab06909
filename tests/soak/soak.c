/*
 * soak.c - very many decisions on two threads while policies are compiled and swapped all along.
 *
 *     soak [DECISIONS [--json FILE]]
 *
 * Before it begins, the reference evaluator decides the script under every version of the policy;
 * each decision of the threads is held against what it said: verdict, fired and shadow rules with
 * their reasons, what goes on instead, and of every 61st decision the whole report. The script goes
 * in by JSON and by typed setters, for several sessions in turn. A third thread compiles a version
 * in the background, swaps it in, and begins again.
 *
 * The allocator counts calls for each thread and bytes for each policy. Once a thread is warm, only
 * the event that takes up a swapped policy, and the first of each session under it, whose history
 * is carried over, may ask for memory; a policy that was swapped out must be gone, to the last
 * byte, when both threads have moved on; at the end all is. What the counting allocator cannot see,
 * such as the memory of the JIT, is held by the size of the process.
 */
#include <constitution/compiler.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/hash.h"
#include "runtime/engine.h"
#include "tests/soak/soak_policy.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* freed memory is kept for a while: the size of the process says nothing */
#else
#define SANITIZED 0
#endif

enum {
    THREADS = 2,
    SESSIONS = 8,
    STEPS = POSITIONS * SESSIONS,
    WARM = 4 * STEPS, /* decisions of a thread before it must not ask for memory */
    WHOLE = 61,       /* of so many decisions, one whole report is compared: no divisor of STEPS */
    POLICIES =
        8, /* that may live at once: the one in force, those the threads still have, the next */
    LEAST_SWAPS = 12,
    PAUSE_NS = 5000000, /* between two compilations */
    RESIDENT_SLACK = 24 << 20,
};

static void fail(const char *what)
{
    fprintf(stderr, "soak: %s\n", what);
    exit(1);
}

/* ---- memory ---------------------------------------------------------------------------------- */

typedef struct account { /* of one policy; the first is also that of the contexts */
    atomic_size_t live;
} account;

static _Thread_local uint64_t calls;

static void *account_allocate(void *user, size_t size)
{
    calls++;
    atomic_fetch_add(&((account *)user)->live, size);
    return malloc(size);
}

static void *account_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    calls++;
    atomic_fetch_add(&((account *)user)->live, new_size - old_size);
    return realloc(pointer, new_size);
}

static void account_release(void *user, void *pointer, size_t size)
{
    if (pointer)
        atomic_fetch_sub(&((account *)user)->live, size);
    free(pointer);
}

static size_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *const file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- policies -------------------------------------------------------------------------------- */

static int64_t fixed_clock(void *user)
{
    (void)user;
    return INT64_C(1767873600000000);
}

static void print(void *user, const cst_diagnostic *found)
{
    (void)user;
    if (found->error)
        fputs(found->rendered, stderr);
}

static cst_policy *compile(uint32_t version, cst_engine engine, account *memory)
{
    cst_compiler_options options = {.size = sizeof options, .engine = engine, .diagnostic = print};
    options.runtime.size = sizeof options.runtime;
    options.runtime.clock = fixed_clock;
    options.runtime.allocator =
        (cst_allocator){account_allocate, account_resize, account_release, memory};
    memset(options.runtime.key, 'k', sizeof options.runtime.key);
    buffer text;
    buffer_init(&text, NULL, 0);
    soak_policy_write(&text, version);
    cst_policy *policy = NULL;
    if (cst_policy_compile_text("soak.const", text.bytes, text.length, &options, &policy) !=
            CST_OK ||
        cst_policy_warm(policy) != CST_OK)
        fail("a policy does not compile");
    buffer_free(&text);
    return policy;
}

static uint32_t version_of(const cst_policy *policy)
{
    return (uint32_t)(cst_policy_version(policy)[0] - '0');
}

/* ---- one decision ---------------------------------------------------------------------------- */

typedef struct expectation {
    uint64_t print;
    char *report;
} expectation;

static expectation expected[VERSIONS][STEPS];

typedef struct worker {
    cst_context *context;
    const cst_policy *fields_of; /* whose fields these are */
    cst_field fields[POSITIONS][2];
    uint64_t wanted, done, wrong, late, taken, denied;
    uint64_t taken_by[SESSIONS]; /* `taken` at the last event of the session */
    uint64_t checked;            /* whole reports */
    atomic_uint_least64_t seen;  /* `done`, for who watches */
} worker;

static char events[STEPS][256];
static char sessions[SESSIONS][4];

static void make_events(void)
{
    for (uint32_t i = 0; i < STEPS; i++) {
        const char *const json = soak_script[i / SESSIONS].json;
        snprintf(sessions[i % SESSIONS], sizeof sessions[0], "s%u", i % SESSIONS);
        const char *const gap = json ? strstr(json, "%s") : NULL;
        if (json)
            snprintf(events[i], sizeof events[i], "%.*s%s%s", (int)(gap - json), json,
                     sessions[i % SESSIONS], gap + 2);
    }
}

static void find_fields(worker *self, const cst_policy *policy)
{
    self->fields_of = policy;
    for (uint32_t i = 0; i < POSITIONS; i++)
        for (uint32_t k = 0; k < soak_script[i].field_count; k++)
            if (cst_policy_field(policy, soak_script[i].stage, soak_script[i].tool,
                                 soak_script[i].fields[k].path, &self->fields[i][k]) != CST_OK)
                fail("a policy does not read a field of the script");
}

static cst_status decide_typed(worker *self, uint32_t step, cst_decision *decision)
{
    const uint32_t position = step / SESSIONS;
    const soak_event *const event = &soak_script[position];
    cst_context *const context = self->context;
    cst_event_begin(context, event->stage, event->tool);
    if (cst_context_policy(context) != self->fields_of)
        find_fields(self, cst_context_policy(context));
    cst_event_session(context, sessions[step % SESSIONS], strlen(sessions[step % SESSIONS]));
    for (uint32_t k = 0; k < event->field_count; k++) {
        const soak_field *const field = &event->fields[k];
        if (field->text)
            cst_set_string(context, self->fields[position][k], field->text, strlen(field->text));
        else
            cst_set_decimal(context, self->fields[position][k], field->millionths);
    }
    return cst_decide(context, decision);
}

static cst_status decide(worker *self, uint32_t step, cst_decision *decision)
{
    return events[step][0]
               ? cst_decide_json(self->context, events[step], strlen(events[step]), decision)
               : decide_typed(self, step, decision);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 29;
}

/* Everything that a decision says, but for its words. */
static uint64_t fingerprint(const cst_context *context, const cst_decision *decision)
{
    uint64_t hash = mix((uint64_t)decision->verdict, decision->stage);
    for (const char *at = decision->error_code; at && *at; at++)
        hash = mix(hash, (unsigned char)*at);
    for (uint32_t i = 0; i < context->fired_count; i++)
        hash = mix(mix(hash, context->fired[i].rule),
                   (uint64_t)context->fired[i].reason << 8 | context->fired[i].effect);
    hash = mix(hash, ~UINT64_C(0));
    for (uint32_t i = 0; i < context->shadow_count; i++)
        hash = mix(mix(hash, context->shadow[i].rule), context->shadow[i].reason);
    const engine_text *const texts[] = {&context->cut_text, &context->cut_args,
                                        &context->cut_value};
    for (uint32_t i = 0; i < 3; i++)
        if (texts[i]->bytes)
            hash = mix(hash, cst_hash(texts[i]->bytes, texts[i]->length) + i);
    return hash;
}

/* ---- what is expected ------------------------------------------------------------------------ */

/* One round of the script under one version; `first`: notes it, else holds the one before against
 * it. */
static void round_of(worker *self, uint32_t version, bool first)
{
    for (uint32_t step = 0; step < STEPS; step++) {
        cst_decision decision;
        const char *report;
        size_t length;
        if (decide(self, step, &decision) != CST_OK ||
            cst_decision_json(&decision, &report, &length) != CST_OK)
            fail("the reference evaluator decides nothing");
        expectation *const noted = &expected[version][step];
        const uint64_t print_of = fingerprint(self->context, &decision);
        if (first) {
            *noted = (expectation){print_of, strdup(report)};
        } else if (noted->print != print_of || strcmp(noted->report, report) != 0) {
            fprintf(stderr, "%s\n%s\n", noted->report, report);
            fail("the script does not come back to where it began");
        }
    }
}

static void expect_all(account *memory)
{
    for (uint32_t version = 0; version < VERSIONS; version++) {
        cst_policy *const policy = compile(version, CST_ENGINE_REFERENCE, memory);
        worker self = {.context = cst_context_new(policy)};
        cst_decision decision;
        for (uint32_t step = 0; step < STEPS; step++)
            decide(&self, step, &decision);
        round_of(&self, version, true);
        round_of(&self, version, false);
        cst_context_free(self.context);
        cst_policy_release(policy);
    }
    for (uint32_t version = 1; version < VERSIONS; version++) {
        uint32_t differ = 0;
        for (uint32_t step = 0; step < STEPS; step++)
            differ += strcmp(expected[0][step].report, expected[version][step].report) != 0;
        if (differ < STEPS / 8)
            fail("the versions hardly differ");
    }
}

static void forget_expected(void)
{
    for (uint32_t i = 0; i < VERSIONS * STEPS; i++)
        free(expected[i / STEPS][i % STEPS].report);
}

/* ---- threads --------------------------------------------------------------------------------- */

typedef struct soak {
    cst_live *live;
    worker workers[THREADS];
    account accounts[POLICIES]; /* 0: of the contexts and the first policy, in use to the end */
    atomic_bool over;
    atomic_uint swaps;
    uint32_t most_alive;
} soak;

static soak all;

static void check(worker *self, uint32_t step, const cst_decision *decision)
{
    const expectation *const wanted =
        &expected[version_of(cst_context_policy(self->context))][step];
    const char *report = "(not asked for)";
    size_t length;
    bool same = fingerprint(self->context, decision) == wanted->print;
    if (!same || self->done < WARM || self->done % WHOLE == 0) {
        same = cst_decision_json(decision, &report, &length) == CST_OK &&
               strcmp(report, wanted->report) == 0 && same;
        self->checked++;
    }
    if (!same && self->wrong++ < 3)
        fprintf(stderr, "WRONG under version %s at step %u\n%s\n%s\n",
                cst_policy_version(cst_context_policy(self->context)), step, report,
                wanted->report);
}

static void *work(void *user)
{
    worker *const self = user;
    const cst_policy *before = cst_context_policy(self->context);
    for (uint32_t step = 0; self->done < self->wanted || atomic_load(&all.swaps) < LEAST_SWAPS;
         step = step + 1 == STEPS ? 0 : step + 1) {
        cst_decision decision;
        const uint64_t calls_before = calls;
        if (decide(self, step, &decision) != CST_OK)
            self->wrong++;
        if (self->done >= 3 * (uint64_t)STEPS)
            check(self, step, &decision);
        const cst_policy *const now = cst_context_policy(self->context);
        self->taken += now != before;
        if (calls != calls_before && self->taken_by[step % SESSIONS] == self->taken &&
            self->done >= WARM)
            self->late++;
        before = now;
        if (!decision
                 .error_code) /* a malformed event is denied before anybody looks for its session */
            self->taken_by[step % SESSIONS] = self->taken;
        self->denied += decision.verdict >= CST_DENY;
        if (++self->done % 64 == 0)
            atomic_store_explicit(&self->seen, self->done, memory_order_relaxed);
    }
    return NULL;
}

/* An account whose policy is gone, or NULL. */
static account *free_account(void)
{
    uint32_t alive = 1;
    account *found = NULL;
    for (uint32_t i = 1; i < POLICIES; i++) {
        if (atomic_load(&all.accounts[i].live))
            alive++;
        else
            found = &all.accounts[i];
    }
    all.most_alive = alive > all.most_alive ? alive : all.most_alive;
    return found;
}

static void *swap_all_along(void *user)
{
    (void)user;
    uint64_t random = 1;
    while (!atomic_load(&all.over)) {
        account *const memory = free_account();
        if (!memory)
            fail("policies that were swapped out are not freed");
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        cst_policy *const policy =
            compile((uint32_t)(random >> 40) % VERSIONS,
                    random >> 60 ? CST_ENGINE_JIT : CST_ENGINE_OPTIMISED, memory);
        cst_live_swap(all.live, policy);
        cst_policy_release(policy);
        atomic_fetch_add(&all.swaps, 1);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return NULL;
}

/* ---- the whole ------------------------------------------------------------------------------- */

typedef struct outcome {
    uint64_t decisions, wrong, late, taken, denied, checked;
    size_t early_bytes, late_bytes, early_resident, late_resident, left;
    double seconds;
} outcome;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void run(uint64_t decisions, outcome *out)
{
    pthread_t threads[THREADS], swapper;
    const double start = now();
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, &all.workers[i]) != 0)
            fail("no thread");
    if (pthread_create(&swapper, NULL, swap_all_along, NULL) != 0)
        fail("no thread");
    /* the sizes once a tenth is done, against those of the end */
    while (atomic_load(&all.workers[0].seen) < decisions / THREADS / 10 ||
           atomic_load(&all.swaps) < LEAST_SWAPS / 2)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    out->early_bytes = atomic_load(&all.accounts[0].live);
    out->early_resident = resident_bytes();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    out->seconds = now() - start;
    atomic_store(&all.over, true);
    pthread_join(swapper, NULL);
    out->late_bytes = atomic_load(&all.accounts[0].live);
    out->late_resident = resident_bytes();
    for (int i = 0; i < THREADS; i++) {
        const worker *const one = &all.workers[i];
        out->decisions += one->done;
        out->wrong += one->wrong;
        out->late += one->late;
        out->taken += one->taken;
        out->denied += one->denied;
        out->checked += one->checked;
    }
}

static bool tell(const outcome *out, const char *path)
{
    const bool grew = out->late_bytes > out->early_bytes + 65536 ||
                      (!SANITIZED && out->late_resident > out->early_resident + RESIDENT_SLACK);
    const bool good = !out->wrong && !out->late && !out->left && !grew &&
                      out->taken >= LEAST_SWAPS && out->denied;
    printf("%llu decisions in %.1f s, %.0f a second; %llu whole reports compared\n",
           (unsigned long long)out->decisions, out->seconds, (double)out->decisions / out->seconds,
           (unsigned long long)out->checked);
    printf("%u policies swapped in, taken up %llu times; at most %u alive at once\n",
           atomic_load(&all.swaps), (unsigned long long)out->taken, all.most_alive);
    printf("wrong decisions %llu, allocations on the path %llu, bytes left at the end %zu\n",
           (unsigned long long)out->wrong, (unsigned long long)out->late, out->left);
    printf("contexts %zu bytes after a tenth, %zu at the end; the process %zu and %zu\n",
           out->early_bytes, out->late_bytes, out->early_resident, out->late_resident);
    FILE *const file = path ? fopen(path, "w") : NULL;
    if (path && !file)
        fail("cannot write the JSON file");
    if (file) {
        fprintf(file,
                "{\"decisions\":%llu,\"seconds\":%.3f,\"a_second\":%.0f,\"swaps\":%u,\"taken_up\":%"
                "llu,\"most_alive\":%u,",
                (unsigned long long)out->decisions, out->seconds,
                (double)out->decisions / out->seconds, atomic_load(&all.swaps),
                (unsigned long long)out->taken, all.most_alive);
        fprintf(file,
                "\"reports\":%llu,\"wrong\":%llu,\"allocations\":%llu,\"left\":%zu,\"context_"
                "bytes\":[%zu,%zu],\"resident_bytes\":[%zu,%zu]}\n",
                (unsigned long long)out->checked, (unsigned long long)out->wrong,
                (unsigned long long)out->late, out->left, out->early_bytes, out->late_bytes,
                out->early_resident, out->late_resident);
        fclose(file);
    }
    return good;
}

int main(int argc, char **argv)
{
    const uint64_t decisions = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    const bool json = argc == 4 && strcmp(argv[2], "--json") == 0;
    if (decisions < 10000 || (argc > 2 && !json)) {
        fputs("usage: soak [DECISIONS [--json FILE]], at least 10000 of them\n", stderr);
        return 2;
    }
    outcome out = {0};
    make_events();
    expect_all(&all.accounts[1]);
    if (atomic_load(&all.accounts[1].live))
        fail("the reference evaluator leaves something behind");
    cst_policy *const first = compile(0, CST_ENGINE_JIT, &all.accounts[0]);
    if (cst_live_new(first, &all.live) != CST_OK)
        fail("no memory");
    cst_policy_release(first);
    for (int i = 0; i < THREADS; i++)
        all.workers[i] =
            (worker){.context = cst_context_new_live(all.live), .wanted = decisions / THREADS};
    run(decisions, &out);
    for (int i = 0; i < THREADS; i++)
        cst_context_free(all.workers[i].context);
    cst_live_free(all.live);
    for (uint32_t i = 0; i < POLICIES; i++)
        out.left += atomic_load(&all.accounts[i].live);
    const bool good = tell(&out, json ? argv[3] : NULL);
    forget_expected();
    return !good;
}

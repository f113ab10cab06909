/*
 * compiler_cache_live_test.c - the cache of compiled policies, as a program sees it that embeds the
 * compiler.
 *
 * What must hold: a policy that is found decides, warns and has tiers like one that was compiled;
 * nothing of one policy is ever found for another, also within one process, where descriptors and
 * names come again; failures leave a policy, or an honest answer. What the command line shows from
 * outside (folders, damage, bounds) is in tests/cli/cache_test.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <constitution/compiler.h>

#include "runtime/base/buffer.h"

static const char pattern[] = "constitution cached \"1\"\n"
                              "import lists\n"
                              "tool pay(amount: int, to: string) acts\n"
                              "rule large on action pay when args.amount > %d then deny\n"
                              "rule listed on action pay when args.to in lists.names then flag\n"
                              "rule never on action pay when args.amount > 5 and args.amount < 3 "
                              "then deny\n";

/* ---- files in memory, and a folder ----------------------------------------------------------- */

typedef struct world {
    char folder[32];
    int bound;         /* of the rule `large` */
    const char *names; /* what lists.const holds */
    buffer said;       /* all diagnostics */
    uint32_t warnings;
} world;

static cst_status read_memory(void *user, const char *path, char **bytes, size_t *length)
{
    const world *w = user;
    char text[1024];
    if (strcmp(path, "cached.const") == 0)
        snprintf(text, sizeof text, pattern, w->bound);
    else if (strcmp(path, "lists.const") == 0)
        snprintf(text, sizeof text, "constitution lists \"1\"\nset names = { %s }\n", w->names);
    else
        return CST_IO;
    *length = strlen(text);
    *bytes = strdup(text);
    return *bytes != NULL ? CST_OK : CST_NO_MEMORY;
}

static void release_memory(void *user, char *bytes, size_t length)
{
    (void)user;
    (void)length;
    free(bytes);
}

static void hear(void *user, const cst_diagnostic *found)
{
    world *w = user;
    w->warnings += !found->error;
    buffer_format(&w->said, "%d|%s|%s|%s|%u:%u|%u-%u|%s|%s\n", found->error, found->code,
                  found->message, found->file != NULL ? found->file : "-", found->line,
                  found->column, found->start, found->end, found->mend != NULL ? found->mend : "-",
                  found->rendered);
}

static cst_compiler_options options_of(world *w, cst_engine engine)
{
    return (cst_compiler_options){.size = sizeof(cst_compiler_options),
                                  .runtime.size = sizeof(cst_options),
                                  .engine = engine,
                                  .diagnostic = hear,
                                  .diagnostic_user = w,
                                  .read = read_memory,
                                  .release = release_memory,
                                  .read_user = w,
                                  .cache = w->folder};
}

static cst_policy *compile(world *w, cst_engine engine)
{
    const cst_compiler_options options = options_of(w, engine);
    cst_policy *policy = NULL;
    assert_int_equal(cst_policy_compile("cached.const", &options, &policy), CST_OK);
    return policy;
}

static cst_verdict decide(cst_policy *policy, int amount, const char *to)
{
    char event[256];
    snprintf(event, sizeof event,
             "{\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"amount\":%d,\"to\":\"%s\"}}",
             amount, to);
    cst_context *context = cst_context_new(policy);
    assert_non_null(context);
    cst_decision decision;
    assert_int_equal(cst_decide_json(context, event, strlen(event), &decision), CST_OK);
    const cst_verdict verdict = decision.verdict;
    cst_context_free(context);
    return verdict;
}

static uint32_t count_files(const char *folder)
{
    uint32_t count = 0;
    DIR *list = opendir(folder);
    if (list == NULL)
        return 0;
    for (const struct dirent *one; (one = readdir(list)) != NULL;)
        count += one->d_name[0] != '.';
    closedir(list);
    return count;
}

static int begin(void **state)
{
    world *w = calloc(1, sizeof *w);
    if (w == NULL)
        return 1;
    strcpy(w->folder, "/tmp/cache_test_XXXXXX");
    w->bound = 100;
    w->names = "\"eve\"";
    buffer_init(&w->said, NULL, 0);
    *state = w;
    return mkdtemp(w->folder) == NULL;
}

static int end(void **state)
{
    world *w = *state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", w->folder);
    const int failed = system(command);
    buffer_free(&w->said);
    free(w);
    return failed;
}

/* Tiered policies that were found are at their last tier; others begin at the first. */
static bool is_found(world *w)
{
    cst_policy *policy = compile(w, CST_ENGINE_TIERED);
    cst_tier tier = CST_TIER_REFERENCE;
    assert_int_equal(cst_policy_tier(policy, &tier), CST_OK);
    const bool found = tier == CST_TIER_OPTIMISED;
    if (found)
        assert_int_equal(cst_policy_wait(policy, CST_TIER_OPTIMISED), CST_OK);
    cst_policy_release(policy);
    return found;
}

/* ---- what is found --------------------------------------------------------------------------- */

static void warnings_are_heard_again(void **state)
{
    world *w = *state;
    cst_policy *first = compile(w, CST_ENGINE_JIT);
    assert_true(w->warnings > 0);
    buffer before = w->said;
    const uint32_t count = w->warnings;
    buffer_init(&w->said, NULL, 0);
    cst_policy *second = compile(w, CST_ENGINE_JIT);
    assert_string_equal(w->said.bytes, before.bytes);
    assert_int_equal(w->warnings, 2 * count);
    assert_true(is_found(w));
    assert_string_equal(cst_policy_hash(first), cst_policy_hash(second));
    cst_policy_release(first);
    assert_int_equal(decide(second, 101, "ann"), CST_DENY);
    assert_int_equal(decide(second, 99, "ann"), CST_PERMIT);
    assert_int_equal(decide(second, 99, "eve"), CST_FLAG);
    cst_policy_release(second);
    buffer_free(&before);
}

static void what_is_read_is_compared(void **state)
{
    world *w = *state;
    cst_policy_release(compile(w, CST_ENGINE_OPTIMISED));
    assert_true(is_found(w));
    w->names = "\"ann\"";
    cst_policy *other = compile(w, CST_ENGINE_JIT);
    assert_int_equal(decide(other, 1, "ann"), CST_FLAG);
    assert_int_equal(decide(other, 1, "eve"), CST_PERMIT);
    cst_policy_release(other);
    w->bound = 50;
    other = compile(w, CST_ENGINE_JIT);
    assert_int_equal(decide(other, 60, "bob"), CST_DENY);
    cst_policy_release(other);
    assert_int_equal(count_files(w->folder), 2);
}

/* An older caller's options end before the cache; the reference evaluator has none. */
static void nobody_asked(void **state)
{
    world *w = *state;
    cst_compiler_options options = options_of(w, CST_ENGINE_JIT);
    cst_policy *policy;
    options.size = offsetof(cst_compiler_options, cache);
    assert_int_equal(cst_policy_compile("cached.const", &options, &policy), CST_OK);
    cst_policy_release(policy);
    cst_policy_release(compile(w, CST_ENGINE_REFERENCE));
    assert_int_equal(count_files(w->folder), 0);
}

/* Many at once, in an order in which descriptors and addresses come again. */
static void policies_are_not_mistaken(void **state)
{
    enum { KINDS = 4, HELD = 12 };
    world *w = *state;
    cst_policy *held[HELD] = {0};
    int bounds[HELD] = {0};
    const uint32_t descriptors = count_files("/proc/self/fd");
    for (uint32_t round = 0; round < 60; round++) {
        const uint32_t place = round * 7 % HELD;
        cst_policy_release(held[place]);
        w->bound = bounds[place] = 10 * (1 + (int)(round * round % 11 % KINDS));
        held[place] = compile(w, CST_ENGINE_JIT);
        for (uint32_t i = 0; i < HELD; i++) {
            if (held[i] == NULL)
                continue;
            assert_int_equal(decide(held[i], bounds[i], "ann"), CST_PERMIT);
            assert_int_equal(decide(held[i], bounds[i] + 1, "ann"), CST_DENY);
        }
    }
    for (uint32_t i = 0; i < HELD; i++)
        cst_policy_release(held[i]);
    assert_true(count_files(w->folder) <= KINDS);
    assert_int_equal(count_files("/proc/self/fd"), descriptors);
}

/* ---- tiers and threads ----------------------------------------------------------------------- */

static void tiers_are_put_away(void **state)
{
    world *w = *state;
    cst_policy *policy = compile(w, CST_ENGINE_TIERED);
    assert_int_equal(decide(policy, 101, "ann"), CST_DENY);
    assert_int_equal(cst_policy_wait(policy, CST_TIER_OPTIMISED), CST_OK);
    const struct timespec pause = {.tv_nsec = 20000000};
    for (uint32_t i = 0; i < 3000; i++) {
        DIR *list = opendir(w->folder);
        bool there = false;
        for (const struct dirent *one; (one = readdir(list)) != NULL;)
            there = there || strstr(one->d_name, ".policy") != NULL;
        closedir(list);
        if (there)
            break;
        nanosleep(&pause, NULL);
    }
    cst_policy_release(policy);
    assert_true(is_found(w));
    assert_int_equal(count_files(w->folder), 1);
}

typedef struct starter {
    world own;
    bool good;
} starter;

static void *start(void *argument)
{
    starter *one = argument;
    one->good = true;
    for (uint32_t i = 0; i < 6; i++) {
        const cst_compiler_options options =
            options_of(&one->own, i % 2 ? CST_ENGINE_JIT : CST_ENGINE_TIERED);
        cst_policy *policy = NULL;
        one->own.bound = 10 + (int)i % 3;
        one->good = one->good && cst_policy_compile("cached.const", &options, &policy) == CST_OK &&
                    decide(policy, one->own.bound, "ann") == CST_PERMIT &&
                    decide(policy, one->own.bound + 1, "ann") == CST_DENY;
        cst_policy_release(policy);
    }
    return NULL;
}

static void threads_start_together(void **state)
{
    enum { THREADS = 4 };
    world *w = *state;
    starter all[THREADS];
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        all[i].own = *w;
        buffer_init(&all[i].own.said, NULL, 0);
        assert_int_equal(pthread_create(&threads[i], NULL, start, &all[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        buffer_free(&all[i].own.said);
        assert_true(all[i].good);
    }
    assert_true(count_files(w->folder) <= 3);
}

/* ---- memory ---------------------------------------------------------------------------------- */

typedef struct meter {
    int64_t left; /* allocations that still succeed */
    int64_t held;
} meter;

static void *meter_allocate(void *user, size_t size)
{
    meter *m = user;
    void *memory = m->left-- > 0 ? malloc(size) : NULL;
    m->held += memory != NULL;
    return memory;
}

static void *meter_resize(void *user, void *memory, size_t old, size_t size)
{
    meter *m = user;
    (void)old;
    return m->left-- > 0 ? realloc(memory, size) : NULL;
}

static void meter_release(void *user, void *memory, size_t size)
{
    meter *m = user;
    (void)size;
    m->held -= memory != NULL;
    free(memory);
}

static void memory_may_be_short(void **state)
{
    world *w = *state;
    cst_policy_release(compile(w, CST_ENGINE_JIT));
    bool opened = false;
    for (int64_t after = 0; after < 200 && !opened; after++) {
        meter m = {.left = after};
        cst_compiler_options options = options_of(w, CST_ENGINE_TIERED);
        options.runtime.allocator =
            (cst_allocator){meter_allocate, meter_resize, meter_release, &m};
        cst_policy *policy = NULL;
        const cst_status status = cst_policy_compile("cached.const", &options, &policy);
        cst_tier tier;
        opened = status == CST_OK && cst_policy_tier(policy, &tier) == CST_OK &&
                 tier == CST_TIER_OPTIMISED;
        assert_true(status == CST_OK || status == CST_NO_MEMORY);
        cst_policy_release(policy);
        assert_int_equal(m.held, 0);
    }
    assert_true(opened);
}

/* The same while the entry is made: what is short for that is no reason to have no policy. */
static void memory_may_be_short_at_first(void **state)
{
    world *w = *state;
    bool whole = false;
    uint32_t opened = 0, refused = 0;
    for (int64_t after = 0; after < 300 && !whole; after++) {
        meter m = {.left = after};
        cst_compiler_options options = options_of(w, CST_ENGINE_JIT);
        options.runtime.allocator =
            (cst_allocator){meter_allocate, meter_resize, meter_release, &m};
        cst_policy *policy = NULL;
        w->bound = 100 + (int)after;
        const cst_status status = cst_policy_compile("cached.const", &options, &policy);
        assert_true(status == CST_OK || status == CST_NO_MEMORY);
        opened += status == CST_OK;
        refused += status != CST_OK;
        whole = status == CST_OK && m.left > 0;
        m.left = 1000;
        if (status == CST_OK)
            assert_int_equal(decide(policy, w->bound + 1, "ann"), CST_DENY);
        cst_policy_release(policy);
        assert_int_equal(m.held, 0);
    }
    assert_true(whole && opened > 0 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(warnings_are_heard_again, begin, end),
        cmocka_unit_test_setup_teardown(what_is_read_is_compared, begin, end),
        cmocka_unit_test_setup_teardown(nobody_asked, begin, end),
        cmocka_unit_test_setup_teardown(policies_are_not_mistaken, begin, end),
        cmocka_unit_test_setup_teardown(tiers_are_put_away, begin, end),
        cmocka_unit_test_setup_teardown(threads_start_together, begin, end),
        cmocka_unit_test_setup_teardown(memory_may_be_short, begin, end),
        cmocka_unit_test_setup_teardown(memory_may_be_short_at_first, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * compiler_tiers_live_test.c - policies that become faster while they decide.
 *
 * What must hold: the first decision needs no code; a decision is made by the tier that it began
 * with; sessions, streams and numbers of events go on from tier to tier as if there were one; what
 * fails in the background changes nothing; and threads that decide meanwhile see only right
 * answers. Run under ThreadSanitizer too (preset `tsan`).
 *
 * The allocator is a gate: the thread that makes code stands at it for as long as a test wants, so
 * nothing depends on who is faster.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <constitution/compiler.h>

#include "runtime/engine.h"

static const char text[] =
    "constitution tiers \"1\"\n"
    "context user { id: string }\n"
    "tool pay(amount: int, to: list<string>) acts\n"
    "rule large on action pay when args.amount + 1 > 100 then deny because \"too much: "
    "{args.amount}\"\n"
    "rule eve on action pay when any t in args.to satisfies t == \"eve\" then flag because \"to "
    "{t}\"\n"
    "rule often on action pay when count of action pay with same user.id within 1h > 4 then "
    "refuse\n"
    "rule seven on action pay when args.amount == 7 then label seen\n"
    "rule after on action pay when session has seen then flag\n"
    "rule cut on output when text contains \"secret\" then redact with \"[x]\"\n";

/* ---- the gate -------------------------------------------------------------------------------- */

typedef struct gate {
    pthread_t owner; /* passes always */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closed;
    bool denies; /* others get no memory */
    uint32_t waiting;
    uint32_t spared; /* so many of their allocations more succeed */
} gate;

static gate here;

static bool pass(void)
{
    if (pthread_equal(pthread_self(), here.owner))
        return true;
    pthread_mutex_lock(&here.lock);
    here.waiting++;
    pthread_cond_broadcast(&here.changed);
    while (here.closed)
        pthread_cond_wait(&here.changed, &here.lock);
    here.waiting--;
    const bool good = !here.denies || here.spared > 0;
    here.spared -= here.denies && here.spared > 0;
    pthread_mutex_unlock(&here.lock);
    return good;
}

static void *gate_allocate(void *user, size_t size)
{
    (void)user;
    return pass() ? malloc(size ? size : 1) : NULL;
}

static void *gate_resize(void *user, void *memory, size_t old_size, size_t size)
{
    (void)user;
    (void)old_size;
    return pass() ? realloc(memory, size ? size : 1) : NULL;
}

static void gate_release(void *user, void *memory, size_t size)
{
    (void)user;
    (void)size;
    free(memory);
}

static void gate_set(bool closed, bool denies, uint32_t spared)
{
    pthread_mutex_lock(&here.lock);
    here.closed = closed;
    here.denies = denies;
    here.spared = spared;
    pthread_cond_broadcast(&here.changed);
    pthread_mutex_unlock(&here.lock);
}

static int begin(void **state)
{
    (void)state;
    memset(&here, 0, sizeof here);
    here.owner = pthread_self();
    pthread_mutex_init(&here.lock, NULL);
    pthread_cond_init(&here.changed, NULL);
    return 0;
}

static int64_t fixed_clock(void *user)
{
    (void)user;
    return INT64_C(1767873600000000);
}

static cst_policy *compile(cst_engine engine, bool gated)
{
    cst_compiler_options options = {
        .size = sizeof options,
        .engine = engine,
        .runtime = {.size = sizeof(cst_options), .key = {7}, .clock = fixed_clock}};
    if (gated)
        options.runtime.allocator = (cst_allocator){gate_allocate, gate_resize, gate_release, NULL};
    cst_policy *policy = NULL;
    assert_int_equal(
        cst_policy_compile_text("tiers.const", text, sizeof text - 1, &options, &policy), CST_OK);
    return policy;
}

/* ---- deciding -------------------------------------------------------------------------------- */

typedef struct pair { /* the policy with tiers, and the oracle */
    cst_policy *policies[2];
    cst_context *contexts[2];
} pair;

static pair pair_begin(bool gated)
{
    pair made = {
        .policies = {compile(CST_ENGINE_TIERED, gated), compile(CST_ENGINE_REFERENCE, false)}};
    for (int i = 0; i < 2; i++) {
        made.contexts[i] = cst_context_new(made.policies[i]);
        assert_non_null(made.contexts[i]);
    }
    return made;
}

static void pair_end(pair *of)
{
    for (int i = 0; i < 2; i++) {
        cst_context_free(of->contexts[i]);
        cst_policy_release(of->policies[i]);
    }
}

/* Both must say the same, in every byte. */
static cst_verdict both(pair *of, const char *event)
{
    const char *texts[2];
    size_t lengths[2];
    cst_decision decisions[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cst_decide_json(of->contexts[i], event, strlen(event), &decisions[i]),
                         CST_OK);
        assert_int_equal(cst_decision_json(&decisions[i], &texts[i], &lengths[i]), CST_OK);
    }
    assert_string_equal(texts[0], texts[1]);
    return decisions[0].verdict;
}

static cst_verdict pay(pair *of, const char *session, const char *user, const char *amount,
                       const char *to)
{
    char event[512];
    snprintf(event, sizeof event,
             "{\"stage\":\"action\",\"tool\":\"pay\",\"session\":\"%s\",\"time\":\"2026-01-08T12:"
             "00:00Z\",\"user\":{\"id\":\"%s\"},"
             "\"args\":{\"amount\":%s,\"to\":[\"%s\"]}}",
             session, user, amount, to);
    return both(of, event);
}

static cst_tier tier_of(const cst_policy *policy)
{
    cst_tier tier = CST_TIER_OPTIMISED;
    assert_int_equal(cst_policy_tier(policy, &tier), CST_OK);
    return tier;
}

static void everything(pair *of, const char *name)
{
    char session[32], user[32];
    snprintf(session, sizeof session, "s %s", name);
    snprintf(user, sizeof user, "u %s", name);
    assert_int_equal(pay(of, session, user, "5", "ann"), CST_PERMIT);
    assert_int_equal(pay(of, session, user, "500", "ann"), CST_DENY);
    /* undecided */
    assert_int_equal(pay(of, session, user, "9223372036854775807", "ann"), CST_DENY);
    assert_int_equal(pay(of, session, user, "5", "eve"), CST_FLAG);
    assert_int_equal(pay(of, session, user, "7", "ann"), CST_PERMIT);
    assert_int_equal(pay(of, session, user, "5", "ann"), CST_FLAG);     /* the label */
    assert_int_equal(pay(of, session, user, "5", "ann"), CST_REFUSE);   /* often */
    assert_int_equal(pay(of, session, user, "\\\"x", "ann"), CST_DENY); /* malformed */
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_policy_decides_at_once_and_becomes_faster(void **state)
{
    (void)state;
    gate_set(true, false, 0);
    pair of = pair_begin(true);
    assert_int_equal(tier_of(of.policies[0]), CST_TIER_REFERENCE);
    assert_ptr_not_equal(policy_module(of.policies[0])->engine, NULL);
    everything(&of, "reference");
    assert_int_equal(pay(&of, "s", "u", "5", "ann"), CST_PERMIT); /* these go on below */
    assert_int_equal(pay(&of, "s", "u", "7", "ann"), CST_PERMIT);
    assert_int_equal(tier_of(of.policies[0]), CST_TIER_REFERENCE);
    char hash[80];
    snprintf(hash, sizeof hash, "%s", cst_policy_hash(of.policies[0]));
    gate_set(false, false, 0);
    assert_int_equal(cst_policy_wait(of.policies[0], CST_TIER_QUICK), CST_OK);
    assert_true(tier_of(of.policies[0]) >= CST_TIER_QUICK);
    assert_int_equal(cst_policy_wait(of.policies[0], CST_TIER_OPTIMISED), CST_OK);
    assert_int_equal(tier_of(of.policies[0]), CST_TIER_OPTIMISED);
    assert_ptr_equal(policy_module(of.policies[0])->engine, NULL);
    everything(&of, "native");
    assert_int_equal(pay(&of, "s", "u", "5", "ann"), CST_FLAG); /* the label of before */
    assert_ptr_equal(of.contexts[0]->module, policy_module(of.policies[0]));
    assert_int_equal(pay(&of, "s", "u", "5", "ann"), CST_FLAG);
    assert_int_equal(pay(&of, "s", "u", "5", "ann"), CST_REFUSE); /* two of before count */
    assert_string_equal(cst_policy_hash(of.policies[0]), hash);
    pair_end(&of);
}

static void a_decision_keeps_the_tier_it_began_with(void **state)
{
    (void)state;
    gate_set(true, false, 0);
    pair of = pair_begin(true);
    cst_context *const context = of.contexts[0];
    assert_int_equal(cst_event_begin(context, CST_ACTION, "pay"), CST_OK);
    const cst_module *const first = context->module;
    assert_non_null(first->engine);
    gate_set(false, false, 0);
    assert_int_equal(cst_policy_wait(of.policies[0], CST_TIER_OPTIMISED), CST_OK);
    static const char args[] = "{\"amount\":500,\"to\":[\"eve\"]}";
    cst_field user;
    assert_int_equal(cst_policy_field(of.policies[0], CST_ACTION, "pay", "user.id", &user), CST_OK);
    assert_int_equal(cst_set_string(context, user, "u", 1), CST_OK);
    assert_int_equal(cst_event_args_json(context, args, sizeof args - 1), CST_OK);
    cst_decision decision;
    assert_int_equal(cst_decide(context, &decision), CST_OK);
    assert_int_equal(decision.verdict, CST_DENY);
    assert_ptr_equal(context->module, first);
    assert_ptr_equal(context->frame.engine, first->engine);
    cst_fired fired; /* messages and elements too */
    assert_int_equal(cst_decision_rule(&decision, 0, &fired), CST_OK);
    assert_ptr_equal(context->module, first);
    pay(&of, "s", "u", "5", "ann");
    assert_ptr_not_equal(context->module, first);
    assert_null(context->frame.engine);
    pair_end(&of);
}

static void stream_feed(cst_stream *stream, const char *bytes, buffer *out)
{
    cst_piece piece;
    assert_int_equal(cst_stream_feed(stream, bytes, strlen(bytes), &piece), CST_OK);
    buffer_add(out, piece.bytes, piece.length);
}

static void a_stream_goes_on(void **state)
{
    (void)state;
    static const char head[] = "{\"stage\":\"output\",\"session\":\"s\",\"user\":{\"id\":\"u\"}}";
    gate_set(true, false, 0);
    pair of = pair_begin(true);
    buffer sent;
    buffer_init(&sent, NULL, 0);
    cst_stream *stream;
    cst_piece piece;
    cst_decision decision;
    assert_int_equal(cst_stream_open(of.contexts[0], head, sizeof head - 1, &stream), CST_OK);
    stream_feed(stream, "it is sec", &sent);
    gate_set(false, false, 0);
    assert_int_equal(cst_policy_wait(of.policies[0], CST_TIER_OPTIMISED), CST_OK);
    stream_feed(stream, "ret and ", &sent);
    stream_feed(stream, "no sec", &sent);
    assert_int_equal(cst_stream_end(stream, &piece, &decision), CST_OK);
    buffer_add(&sent, piece.bytes, piece.length);
    assert_int_equal(decision.verdict, CST_REDACT);
    assert_null(strstr(sent.bytes, "secret"));
    assert_int_equal(memcmp(sent.bytes, "it is ", 6), 0);
    assert_int_equal(memcmp(sent.bytes + sent.length - 11, " and no sec", 11), 0);
    cst_stream_close(stream);
    buffer_free(&sent);
    pair_end(&of);
}

static void without_memory_it_stays_and_says_so(void **state)
{
    (void)state;
    static const uint32_t spared[] = {0, 1, 2, 3, 5, 8, 13};
    for (size_t i = 0; i < sizeof spared / sizeof *spared; i++) {
        gate_set(true, true, spared[i]);
        pair of = pair_begin(true);
        gate_set(false, true, spared[i]);
        const cst_status status = cst_policy_wait(of.policies[0], CST_TIER_OPTIMISED);
        assert_true(status == CST_NO_MEMORY || (spared[i] > 0 && status == CST_OK));
        if (status != CST_OK) {
            assert_true(tier_of(of.policies[0]) < CST_TIER_OPTIMISED);
            assert_int_equal(cst_policy_wait(of.policies[0], CST_TIER_REFERENCE), CST_OK);
        }
        everything(&of, "poor");
        pair_end(&of);
    }
}

static void only_such_policies_have_tiers(void **state)
{
    (void)state;
    cst_policy *const policy = compile(CST_ENGINE_JIT, false);
    cst_tier tier;
    assert_int_equal(cst_policy_wait(policy, CST_TIER_REFERENCE), CST_BAD_ARGUMENT);
    assert_int_equal(cst_policy_tier(policy, &tier), CST_BAD_ARGUMENT);
    assert_int_equal(cst_policy_wait(NULL, CST_TIER_REFERENCE), CST_BAD_ARGUMENT);
    assert_int_equal(cst_policy_tier(NULL, &tier), CST_BAD_ARGUMENT);
    cst_policy_release(policy);
    cst_policy *const tiered = compile(CST_ENGINE_TIERED, false);
    assert_int_equal(cst_policy_wait(tiered, (cst_tier)3), CST_BAD_ARGUMENT);
    assert_int_equal(cst_policy_tier(tiered, NULL), CST_BAD_ARGUMENT);
    cst_policy_release(tiered); /* at once, whatever the thread does */
}

static void a_release_stops_the_thread(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        cst_policy_release(compile(CST_ENGINE_TIERED, false));
    gate_set(true, false, 0); /* it stands at the first allocation */
    cst_policy *const policy = compile(CST_ENGINE_TIERED, true);
    pthread_mutex_lock(&here.lock);
    while (here.waiting == 0)
        pthread_cond_wait(&here.changed, &here.lock);
    pthread_mutex_unlock(&here.lock);
    gate_set(false, false, 0);
    cst_policy_release(policy);
    assert_int_equal(here.waiting, 0);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { THREADS = 2, ROUNDS = 12, MOST_EVENTS = 20000 };

typedef struct shared {
    cst_policy *policy;
    cst_live *live;
    atomic_bool done;
} shared;

/* Nothing wrong: NULL. Goes on until the last tier has been in force for some events. */
static void *decide_meanwhile(void *argument)
{
    shared *const all = argument;
    cst_context *const context =
        all->live ? cst_context_new_live(all->live) : cst_context_new(all->policy);
    uintptr_t wrong = context == NULL;
    uint32_t last = 0;
    for (uint32_t i = 0; context && i < MOST_EVENTS && last < 50; i++) {
        last += atomic_load(&all->done);
        char event[256], expected[64];
        const bool large = i % 3 == 0;
        snprintf(event, sizeof event,
                 "{\"stage\":\"action\",\"tool\":\"pay\",\"session\":\"s%u\",\"user\":{\"id\":\"%p "
                 "%u\"},"
                 "\"args\":{\"amount\":%u,\"to\":[\"%s\"]}}",
                 i % 5, (void *)context, i, large ? 1000 + i : 1, large ? "ann" : "eve");
        snprintf(expected, sizeof expected, large ? "too much: %u" : "to eve", 1000 + i);
        cst_decision decision;
        cst_fired fired;
        wrong += cst_decide_json(context, event, strlen(event), &decision) != CST_OK ||
                 decision.verdict != (large ? CST_DENY : CST_FLAG);
        wrong += cst_decision_rule(&decision, 0, &fired) != CST_OK ||
                 strcmp(fired.message, expected) != 0;
    }
    cst_context_free(context);
    return (void *)wrong;
}

static void threads_start(pthread_t threads[THREADS], shared *all)
{
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, decide_meanwhile, all), 0);
}

static void threads_join(pthread_t threads[THREADS])
{
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

static void threads_decide_while_tiers_change(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        shared all = {.policy = compile(CST_ENGINE_TIERED, false)};
        pthread_t threads[THREADS];
        threads_start(threads, &all);
        assert_int_equal(cst_policy_wait(all.policy, CST_TIER_OPTIMISED), CST_OK);
        atomic_store(&all.done, true);
        threads_join(threads);
        cst_policy_release(all.policy);
    }
}

/* The policies are swapped out while their code is being made, and the place held the last
 * reference. */
static void a_live_policy_is_swapped_before_it_is_fast(void **state)
{
    (void)state;
    shared all = {.policy = compile(CST_ENGINE_TIERED, false)};
    assert_int_equal(cst_live_new(all.policy, &all.live), CST_OK);
    cst_policy_release(all.policy);
    pthread_t threads[THREADS];
    threads_start(threads, &all);
    for (int round = 0; round < ROUNDS; round++) {
        cst_policy *const next = compile(CST_ENGINE_TIERED, false);
        cst_live_swap(all.live, next);
        cst_live_swap(all.live, next); /* for itself: nothing to wait for */
        cst_policy_release(next);
    }
    atomic_store(&all.done, true);
    threads_join(threads);
    cst_live_free(all.live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_policy_decides_at_once_and_becomes_faster, begin),
        cmocka_unit_test_setup(a_decision_keeps_the_tier_it_began_with, begin),
        cmocka_unit_test_setup(a_stream_goes_on, begin),
        cmocka_unit_test_setup(without_memory_it_stays_and_says_so, begin),
        cmocka_unit_test_setup(only_such_policies_have_tiers, begin),
        cmocka_unit_test_setup(a_release_stops_the_thread, begin),
        cmocka_unit_test_setup(threads_decide_while_tiers_change, begin),
        cmocka_unit_test_setup(a_live_policy_is_swapped_before_it_is_fast, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * runtime_live_test.c - threads: one policy shared by all, and a policy swapped under load.
 *
 * Run under ThreadSanitizer too (preset `tsan`). Two versions of a policy answer differently in
 * every way, so a decision that mixed them would show: verdict, message and name must all be of one
 * version, and sessions must outlive the swap.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/policy.h"
#include "tests/unit/support_image.h"

enum { THREADS = 4, EVENTS = 4000, SWAPS = 400 };

static atomic_uint released;

static void count_release(void *owner)
{
    (void)owner;
    atomic_fetch_add(&released, 1);
}

/* ---- one policy, many threads ---------------------------------------------------------------- */

static void *decide_alone(void *argument)
{
    cst_policy *const policy = argument;
    cst_context *const context = cst_context_new(policy);
    uintptr_t wrong = context == NULL;
    for (int i = 0; context && i < EVENTS; i++) {
        static const char event[] =
            "{\"stage\":\"action\",\"session\":\"s\",\"tool\":\"send_email\",\"user\":{\"id\":"
            "\"u\",\"role\":\"agent\"},"
            "\"args\":{\"to\":[\"eve@evil.test\"],\"subject\":\"hi\",\"body\":\"b\"}}";
        cst_decision d;
        cst_fired fired;
        wrong += cst_decide_json(context, event, strlen(event), &d) != CST_OK ||
                 d.verdict != CST_REQUIRE_APPROVAL;
        wrong +=
            cst_decision_rule(&d, 0, &fired) != CST_OK || !strstr(fired.message, "eve@evil.test");
    }
    cst_context_free(context);
    return (void *)wrong;
}

static void run_threads(void *(*run)(void *), void *argument, void (*meanwhile)(void *))
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, argument), 0);
    if (meanwhile)
        meanwhile(argument);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

static void test_shared_policy(void **state)
{
    (void)state;
    image_builder *const image = support_image("1");
    cst_policy *policy;
    assert_int_equal(cst_policy_from_module(image_module(image), NULL, &policy), CST_OK);
    run_threads(decide_alone, policy, NULL);
    cst_policy_release(policy);
    image_free(image);
}

/* ---- swapping -------------------------------------------------------------------------------- */

static void always(cst_frame *frame, uint32_t group)
{
    (void)group;
    image_hit(frame, 0, CST_TRUE);
}

/* Versions differ in the order of slots too: a value of one read through the tables of the other
 * would be nonsense. */
static image_builder *make_version(bool second)
{
    image_builder *const image = image_new("live", second ? "2" : "1");
    const uint32_t string = image_type(image, CST_KIND_STRING, 0, CST_NONE);
    const uint32_t number = image_type(image, CST_KIND_INT, 0, CST_NONE);
    if (second)
        image_slot(image, "unused", "/unused", number, false);
    const uint32_t id = image_slot(image, "user.id", "/user/id", string, false);
    image_read(image, CST_OUTPUT, 0, "user/id", id, 3, CST_TARGET_TYPED, false);
    image_record(image, "user");
    const uint32_t group = image_group(image, CST_OUTPUT, 0, always);
    image_rule(image, group,
               (image_rule_spec){.name = second ? "two" : "one",
                                 .verdict = second ? CST_REFUSE : CST_FLAG});
    image_part_text(image, second ? "2:" : "1:");
    image_part_slot(image, id, CST_NONE);
    image_finish(image);
    return image;
}

typedef struct swap_test {
    cst_live *live;
    cst_policy *policies[2];
} swap_test;

/* Nothing to see where both stand: 0. Else one for each thing that is wrong. */
static uintptr_t check_version(const cst_context *context, const cst_decision *d, const char *id)
{
    char message[32];
    cst_fired fired;
    const char *const version = cst_policy_version(cst_context_policy(context));
    snprintf(message, sizeof message, "%s:%s", version, id);
    if (d->error_code || cst_decision_rule(d, 0, &fired) != CST_OK)
        return 1;
    const bool second = version[0] == '2';
    return (d->verdict != (second ? CST_REFUSE : CST_FLAG)) +
           (strcmp(fired.message, message) != 0) +
           (strcmp(fired.rule, second ? "two" : "one") != 0);
}

static void *decide_live(void *argument)
{
    const swap_test *const test = argument;
    cst_context *const context = cst_context_new_live(test->live);
    uintptr_t wrong = context == NULL;
    for (int i = 0; context && i < EVENTS; i++) {
        char event[128], id[16];
        cst_decision d;
        snprintf(id, sizeof id, "u%d", i % 7);
        /* The first event of each session brings the record; the others find it, whatever policy is
         * in force by then. */
        snprintf(event, sizeof event,
                 i < 7 ? "{\"stage\":\"output\",\"session\":\"%s\",\"user\":{\"id\":\"%s\"}}"
                       : "{\"session\":\"%s\",\"stage\":\"output\"}",
                 id, id);
        wrong += cst_decide_json(context, event, strlen(event), &d) != CST_OK;
        wrong += check_version(context, &d, id);
    }
    cst_context_free(context);
    return (void *)wrong;
}

static void swap_often(void *argument)
{
    const swap_test *const test = argument;
    for (int i = 1; i <= SWAPS; i++) {
        cst_live_swap(test->live, test->policies[i % 2]);
        cst_policy *const now = cst_live_policy(test->live);
        assert_ptr_equal(now, test->policies[i % 2]);
        cst_policy_release(now);
    }
}

static void test_swap_under_load(void **state)
{
    (void)state;
    image_builder *const images[2] = {make_version(false), make_version(true)};
    swap_test test;
    for (int i = 0; i < 2; i++)
        assert_int_equal(cst_policy_from_module(image_module(images[i]), NULL, &test.policies[i]),
                         CST_OK);
    assert_int_equal(cst_live_new(test.policies[0], &test.live), CST_OK);
    run_threads(decide_live, &test, swap_often);
    cst_live_free(test.live);
    for (int i = 0; i < 2; i++) {
        cst_policy_release(test.policies[i]);
        image_free(images[i]);
    }
}

static void test_swap_is_seen_at_once(void **state)
{
    (void)state;
    image_builder *const images[2] = {make_version(false), make_version(true)};
    cst_policy *policies[2];
    cst_live *live;
    cst_decision d;
    for (int i = 0; i < 2; i++)
        assert_int_equal(cst_policy_from_module(image_module(images[i]), NULL, &policies[i]),
                         CST_OK);
    assert_int_equal(cst_live_new(policies[0], &live), CST_OK);
    cst_context *const context = cst_context_new_live(live);
    static const char event[] = "{\"stage\":\"output\",\"user\":{\"id\":\"u\"}}";
    assert_int_equal(cst_decide_json(context, event, strlen(event), &d), CST_OK);
    assert_int_equal(d.verdict, CST_FLAG);
    cst_live_swap(live, policies[1]);
    /* a decision that was made stays as it is */
    assert_int_equal(check_version(context, &d, "u"), 0);
    assert_int_equal(cst_decide_json(context, "{\"stage\":\"output\"}", 18, &d), CST_OK);
    assert_int_equal(d.verdict, CST_REFUSE);
    assert_int_equal(check_version(context, &d, "u"), 0);
    cst_context_free(context);
    cst_live_free(live);
    for (int i = 0; i < 2; i++) {
        cst_policy_release(policies[i]);
        image_free(images[i]);
    }
}

/* ---- what keeps a module alive --------------------------------------------------------------- */

static void test_owner_goes_last(void **state)
{
    (void)state;
    image_builder *const image = support_image("1");
    cst_policy *policy;
    cst_live *live;
    atomic_store(&released, 0);
    assert_int_equal(
        cst_policy_from_producer(image_module(image), count_release, image, NULL, &policy), CST_OK);
    assert_int_equal(cst_live_new(policy, &live), CST_OK);
    cst_context *const context = cst_context_new(cst_policy_retain(policy));
    cst_policy_release(policy);
    cst_policy_release(policy);
    cst_live_free(live);
    assert_int_equal(atomic_load(&released), 0);
    cst_context_free(context);
    assert_int_equal(atomic_load(&released), 1);
    image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_policy),
        cmocka_unit_test(test_swap_under_load),
        cmocka_unit_test(test_swap_is_seen_at_once),
        cmocka_unit_test(test_owner_goes_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

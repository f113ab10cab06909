/*
 * compiler_mutation_test.c - changes of policies: each one is well-typed, and is taken back without
 * a trace.
 *
 * A change is put into the trees and rows that the reference evaluator runs. So for every change of
 * every policy here: the changed trees keep what the checker promises (check_verify), something is
 * different while it is in force, and nothing is when it has been taken back. What the changes mean
 * is tested on the command line (tests/cli/coverage_test.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/check/check.h"
#include "compiler/driver/driver.h"
#include "compiler/reference/mutation.h"
#include "compiler/reference/mutation_make.h"

static const char *const policies[] = {
    "examples/airline/airline.const",         "examples/retail/retail.const",
    "examples/agentdyn/shopping.const",       "examples/agentdojo/travel.const",
    "examples/host/moderated.const",          "examples/support.const",
    "tests/acceptance/history.const",         "tests/acceptance/approvals.const",
    "tests/acceptance/history/budgets.const", "tests/acceptance/history/charts.const",
};

typedef struct look {
    mutation_list list;
    uint32_t most;
    uint64_t seed;
} look;

static cst_status find(compilation *unit, void *user)
{
    look *const one = user;
    mutations_find(unit, one->most, one->seed, &one->list);
    return CST_OK;
}

static compilation *compiled(const char *path)
{
    char whole[512];
    snprintf(whole, sizeof whole, PROJECT_DIR "/%s", path);
    const driver_input input = {.path = whole};
    compilation *unit = NULL;
    assert_int_equal(driver_begin(&input, NULL, DRIVER_PLAN, &unit), CST_OK);
    return unit;
}

static uint64_t meaning(const compilation *unit)
{
    uint64_t result = 0;
    for (uint32_t i = 0; i < unit->checked->rules.count; i++)
        result = result * 31 + mutation_digest(unit->checked, i);
    return result;
}

static void test_swaps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        compilation *const unit = compiled(policies[i]);
        look one = {.most = 10000, .seed = 1};
        assert_int_equal(driver_protect(unit, find, &one), CST_OK);
        assert_true(one.list.count > 5);
        uint8_t *const image = malloc(unit->plan->image_size);
        assert_non_null(image);
        memcpy(image, unit->plan->image, unit->plan->image_size);
        const uint64_t before = meaning(unit);
        for (uint32_t m = 0; m < one.list.count; m++) {
            const mutation *const change = &one.list.items[m];
            const char *why = NULL;
            assert_true(change->change[0] != '\0' && change->hint[0] != '\0');
            mutation_apply(change);
            const bool row = memcmp(image, unit->plan->image, unit->plan->image_size) != 0;
            if (!check_verify(unit->checked, &why) || (meaning(unit) != before) == row)
                fail_msg("%s: %s: %s", policies[i], change->change,
                         why != NULL ? why : "nothing is changed, or too much");
            mutation_undo(change);
            assert_true(meaning(unit) == before);
            assert_memory_equal(image, unit->plan->image, unit->plan->image_size);
        }
        free(image);
        driver_end(unit);
    }
}

/* The bound takes a part of what there is, the same for the same seed. */
static void test_choice(void **state)
{
    (void)state;
    look all = {.most = 10000, .seed = 1}, some = {.most = 20, .seed = 1}, again = some,
         other = {.most = 20, .seed = 2};
    compilation *const unit = compiled("examples/airline/airline.const");
    assert_int_equal(driver_protect(unit, find, &all), CST_OK);
    assert_int_equal(driver_protect(unit, find, &some), CST_OK);
    assert_int_equal(driver_protect(unit, find, &again), CST_OK);
    assert_int_equal(driver_protect(unit, find, &other), CST_OK);
    assert_int_equal(all.list.left_out, 0);
    assert_int_equal(some.list.left_out + 20,
                     all.list.count + all.list.ill_formed + all.list.equal);
    assert_true(some.list.count <= 20 && some.list.count == again.list.count);
    bool differs = some.list.count != other.list.count;
    for (uint32_t i = 0; i < some.list.count; i++) {
        assert_string_equal(some.list.items[i].change, again.list.items[i].change);
        assert_true(i == 0 || some.list.items[i - 1].rule <= some.list.items[i].rule);
        differs = differs || strcmp(some.list.items[i].change, other.list.items[i].change) != 0;
    }
    assert_true(differs);
    driver_end(unit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_swaps), cmocka_unit_test(test_choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

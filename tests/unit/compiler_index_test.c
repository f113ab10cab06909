/*
 * Tests of the rule index: which groups get one and by which keys, what is data and what is code,
 * that each rule is met once, and that a damaged index is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/driver/driver.h"
#include "compiler/plan/dump.h"
#include "compiler/plan/index.h"
#include "runtime/policy.h"

static const char head[] = "constitution t \"1\"\nenum Role { guest, member, staff, owner }\n"
                           "context user { id: string, role: Role, level: int }\n"
                           "tool use(account: string, path: path, name: string, amount: int, "
                           "urgent: bool, level?: int) acts\n";

static void tell_error(void *user, const cst_diagnostic *told)
{
    (void)user;
    if (told->error)
        fputs(told->rendered, stderr);
}

static compilation *plan_text(const buffer *text, plan_indexing indexing)
{
    const cst_compiler_options options = {.size = sizeof options, .diagnostic = tell_error};
    const driver_input input = {
        .path = "t.const", .text = text->bytes, .length = text->length, .indexing = indexing};
    compilation *unit;
    assert_int_equal(driver_begin(&input, &options, DRIVER_PLAN, &unit), CST_OK);
    return unit;
}

static cst_policy *compile_text(const buffer *text, plan_indexing indexing, cst_engine engine)
{
    const cst_compiler_options options = {.size = sizeof options, .engine = engine};
    cst_policy *policy;
    assert_int_equal(driver_policy(plan_text(text, indexing), &options, &policy), CST_OK);
    return policy;
}

static const plan_index *first_index(const compilation *unit)
{
    for (uint32_t g = 0; g < unit->plan->group_count; g++)
        if (unit->plan->groups[g].index != NULL)
            return unit->plan->groups[g].index;
    return NULL;
}

/* `count` rules; %u in the condition is the rule's number. */
static void write_rules(buffer *text, uint32_t count, const char *condition)
{
    buffer_text(text, head);
    for (uint32_t i = 0; i < count; i++) {
        buffer_format(text, "rule r%u on action use when ", i);
        for (const char *c = condition; *c != '\0'; c++) {
            if (*c == '%')
                buffer_format(text, "%u", i);
            else
                buffer_add(text, c, 1);
        }
        buffer_text(text, " then deny\n");
    }
}

static bool is_indexed(uint32_t count, const char *condition)
{
    buffer text;
    buffer_init(&text, NULL, 0);
    write_rules(&text, count, condition);
    compilation *unit = plan_text(&text, INDEX_BY_COST);
    const bool indexed = first_index(unit) != NULL;
    driver_end(unit);
    buffer_free(&text);
    return indexed;
}

static void an_index_is_chosen_where_it_pays(void **state)
{
    (void)state;
    assert_false(is_indexed(8, "args.account == \"a%\""));
    assert_true(is_indexed(100, "args.account == \"a%\""));
    assert_true(is_indexed(100, "args.path inside \"/srv/t%/x\""));
    assert_true(is_indexed(100, "args.name starts with \"t%-\""));
    assert_true(is_indexed(100, "args.amount > 1%0 and args.amount < 1%9"));
    assert_true(is_indexed(100, "user.level + 1 > 5 and args.account in { \"a%\", \"b%\" }"));
    /* nothing that an event is sure to rule out */
    assert_false(is_indexed(100, "user.level + % > 5"));
    assert_false(is_indexed(100, "args.account == \"a%\" or args.amount == %"));
    /* one value of which half of all events are */
    assert_false(is_indexed(100, "args.urgent and args.amount + % > 5"));
}

static void rules_of_tests_alone_are_data(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        uint32_t coded; /* of 100 rules */
    } cases[] = {
        {"args.account == \"a%\" and user.role == staff and args.amount > 5", 0},
        {"args.account in { \"a%\", \"b%\" } and user.role != staff and not args.urgent", 0},
        {"args.account == \"a%\" and (args.amount == 1 or args.amount > 7)", 0},
        {"args.account == \"a%\" and (args.amount == 1 or user.level > 7)", 100},
        {"args.account == \"a%\" and user.level + 1 > 7", 100},
        {"args.account == \"a%\" and args.path inside \"/x\"", 100},
        {"args.path inside \"/srv/t%\" and user.role != staff", 0},
        {"args.path inside \"/srv/t%\" or args.path inside \"/srv/u%\"", 0},
        {"args.name starts with \"t%-\" and args.amount > 5", 0},
        {"args.account == \"a%\" and args.level is present and args.level == %", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer text;
        buffer_init(&text, NULL, 0);
        write_rules(&text, 100, cases[i].condition);
        compilation *unit = plan_text(&text, INDEX_BY_COST);
        const plan_index *index = first_index(unit);
        assert_non_null(index);
        const uint32_t bundles = index->bundle_count;
        assert_int_equal(bundles > 0 ? index->bundle_ends[bundles - 1] : 0, cases[i].coded);
        assert_true(index->expected < index->straight);
        driver_end(unit);
        buffer_free(&text);
    }
}

static void the_key_that_tells_most_apart_comes_first(void **state)
{
    (void)state;
    buffer text, dump;
    buffer_init(&text, NULL, 0);
    buffer_init(&dump, NULL, 0);
    buffer_text(&text, head);
    static const char *const roles[] = {"guest", "member", "staff"};
    for (uint32_t i = 0; i < 40; i++)
        buffer_format(
            &text,
            "rule r%u on action use when user.role == %s and args.account == \"a%u\" then deny\n",
            i, roles[i % 3], i / 10);
    buffer_text(&text, "rule each on action use when args.amount + 1 > 5 then deny\n");
    compilation *unit = plan_text(&text, INDEX_BY_COST);
    plan_dump(&dump, unit);
    const char *from = strstr(dump.bytes, "  index: "), *to = strstr(dump.bytes, "dispatch input");
    assert_non_null(from);
    assert_non_null(to);
    char shown[2048];
    snprintf(shown, sizeof shown, "%.*s", (int)(to - from), from);
    static const char *const expected[] = {
        "  index: 2 keys, 1 bundles, depth 2, expected 104 instead of 164, 388 bytes",
        "    values of n3: 4",
        "    \"a0\" values of n0: 3",
        "      0 rows 0 as data 3 as data 6 as data 9 as data",
        "      1 rows 1 as data 4 as data 7 as data",
        "      2 rows 2 as data 5 as data 8 as data",
        "    \"a1\" values of n0: 3",
        "      1 rows 10 as data 13 as data 16 as data 19 as data",
        "      2 rows 11 as data 14 as data 17 as data",
        "      0 rows 12 as data 15 as data 18 as data",
        "    \"a2\" values of n0: 3",
        "      2 rows 20 as data 23 as data 26 as data 29 as data",
        "      0 rows 21 as data 24 as data 27 as data",
        "      1 rows 22 as data 25 as data 28 as data",
        "    \"a3\" values of n0: 3",
        "      0 rows 30 as data 33 as data 36 as data 39 as data",
        "      1 rows 31 as data 34 as data 37 as data",
        "      2 rows 32 as data 35 as data 38 as data",
        "    rest rows 40",
    };
    const char *next = shown;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const size_t length = strcspn(next, "\n");
        char line[128];
        snprintf(line, sizeof line, "%.*s", (int)length, next);
        assert_string_equal(line, expected[i]);
        next += length + 1;
    }
    assert_string_equal(next, "");
    driver_end(unit);
    buffer_free(&text);
    buffer_free(&dump);
}

/* ---- decisions ------------------------------------------------------------------------------- */

static uint32_t fired(cst_context *context, const char *args)
{
    char event[512];
    cst_decision decision;
    snprintf(
        event, sizeof event,
        "{\"stage\":\"action\",\"session\":\"s\",\"time\":\"2026-01-01T00:00:00Z\",\"tool\":"
        "\"use\","
        "\"user\":{\"id\":\"u\",\"role\":\"staff\",\"level\":3},\"args\":{\"urgent\":true,%s}}",
        args);
    assert_int_equal(cst_decide_json(context, event, strlen(event), &decision), CST_OK);
    assert_null(decision.error_code);
    return decision.rule_count;
}

static void each_rule_is_met_once(void **state)
{
    (void)state;
    buffer text;
    buffer_init(&text, NULL, 0);
    buffer_text(&text, head);
    buffer_text(
        &text,
        "rule nested on action use when args.path inside \"/a\" or args.path inside \"/a/b\" then "
        "deny\n"
        "rule other on action use when args.path inside \"/a/b\" then deny\n"
        "rule twice on action use when args.account in { \"x\", \"y\" } and args.account in { "
        "\"y\", \"z\" } then deny\n"
        "rule ranges on action use when (args.amount > 5 and args.amount < 9) or args.amount == 8 "
        "or args.amount == 20 then deny\n"
        "rule never on action use when args.account == \"x\" and args.account == \"y\" then deny\n"
        "rule zero on action use when args.level is present and args.level == 0 then deny\n");
    for (int engine = 0; engine < 2; engine++) {
        cst_policy *policy = compile_text(&text, INDEX_ALWAYS, (cst_engine)engine);
        cst_context *context = cst_context_new(policy);
        assert_int_equal(
            fired(context, "\"account\":\"q\",\"path\":\"/a/b/c\",\"name\":\"n\",\"amount\":1"), 2);
        assert_int_equal(
            fired(context, "\"account\":\"q\",\"path\":\"/a\",\"name\":\"n\",\"amount\":1"), 1);
        assert_int_equal(
            fired(context, "\"account\":\"q\",\"path\":\"/ab\",\"name\":\"n\",\"amount\":1"), 0);
        assert_int_equal(
            fired(context, "\"account\":\"x\",\"path\":\"/\",\"name\":\"n\",\"amount\":8"), 1);
        assert_int_equal(
            fired(context, "\"account\":\"y\",\"path\":\"/\",\"name\":\"n\",\"amount\":5"), 1);
        assert_int_equal(
            fired(context, "\"account\":\"q\",\"path\":\"/\",\"name\":\"n\",\"amount\":20"), 1);
        assert_int_equal(
            fired(context, "\"account\":\"q\",\"path\":\"/\",\"name\":\"n\",\"amount\":9"), 0);
        assert_int_equal(
            fired(context,
                  "\"account\":\"q\",\"path\":\"/\",\"name\":\"n\",\"amount\":1,\"level\":0"),
            1);
        cst_context_free(context);
        cst_policy_release(policy);
    }
    buffer_free(&text);
}

static void folders_end_where_names_end(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        uint32_t rules;
    } cases[] = {
        {"/a", 2},  {"/a/b", 3}, {"/a/b/c", 3}, {"/ab", 1},   {"/ab/x", 1}, {"/a/bc", 2},
        {"/", 1},   {"../q", 0}, {"../..", 0},  {"q/r", 1},   {"q", 1},     {"qr", 0},
        {"./q", 1}, {"/b/a", 1}, {"..q", 1},    {"..q/z", 1}, {"/a/b/", 3}, {"/ab/..", 1},
    };
    buffer text;
    buffer_init(&text, NULL, 0);
    buffer_text(&text, head);
    buffer_text(&text, "rule folder on action use when args.path inside \"/a\" then deny\n"
                       "rule deeper on action use when args.path inside \"/a/b\" then deny\n"
                       "rule outside on action use when args.path inside \"../q\" then deny\n"
                       "rule local on action use when args.path inside \"q\" then deny\n"
                       "rule dots on action use when args.path inside \"..q\" then deny\n"
                       "rule root on action use when args.path inside \"/\" then deny\n");
    for (int indexing = INDEX_BY_COST; indexing <= INDEX_NEVER; indexing++) {
        cst_policy *policy = compile_text(&text, (plan_indexing)indexing, CST_ENGINE_JIT);
        cst_context *context = cst_context_new(policy);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            char args[128];
            snprintf(args, sizeof args,
                     "\"account\":\"q\",\"path\":\"%s\",\"name\":\"n\",\"amount\":1",
                     cases[i].path);
            assert_int_equal(fired(context, args), cases[i].rules);
        }
        cst_context_free(context);
        cst_policy_release(policy);
    }
    buffer_free(&text);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void a_damaged_index_is_refused(void **state)
{
    (void)state;
    buffer text;
    buffer_init(&text, NULL, 0);
    buffer_text(&text, head);
    for (uint32_t i = 0; i < 12; i++)
        buffer_format(
            &text,
            "rule r%u on action use when args.account == \"a%u\" and user.level > %u then deny\n"
            "rule p%u on action use when args.path inside \"/srv/%u\" then deny\n"
            "rule q%u on action use when args.amount > %u and args.amount < %u then deny\n",
            i, i, i, i, i, i, i * 10, i * 10 + 5);
    cst_policy *policy = compile_text(&text, INDEX_ALWAYS, CST_ENGINE_JIT);
    cst_module module = *policy->module;
    const uint32_t size = module.image->size;
    char *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, module.image, size);
    module.image = (const cst_image *)(const void *)copy;
    assert_true(image_verify(&module));
    uint32_t *words = (uint32_t *)(void *)(copy + module.image->index_words.offset);
    assert_true(module.image->index_words.count > 100);
    uint32_t refused = 0;
    for (uint32_t i = 1; i < module.image->index_words.count; i++) {
        static const uint32_t odd[] = {UINT32_MAX, 0x7fffffff, 1, 0x01000000, 0xffff};
        const uint32_t before = words[i];
        for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
            words[i] = odd[k];
            refused += !image_verify(&module);
        }
        words[i] = before;
    }
    assert_true(refused > module.image->index_words.count);
    free(copy);
    cst_policy_release(policy);
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_is_chosen_where_it_pays),
        cmocka_unit_test(rules_of_tests_alone_are_data),
        cmocka_unit_test(the_key_that_tells_most_apart_comes_first),
        cmocka_unit_test(each_rule_is_met_once),
        cmocka_unit_test(folders_end_where_names_end),
        cmocka_unit_test(a_damaged_index_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

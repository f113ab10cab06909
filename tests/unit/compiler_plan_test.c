/*
 * Tests of lower, plan and the image: what is folded, shared and grouped, and that the finished
 * tables hold together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "compiler/plan/dump.h"
#include "runtime/base/hash.h"
#include "tests/unit/policy_builder.h"

static const graph_node *root_node(const builder *b, uint32_t root)
{
    const graph *whole = b->unit.graph;
    return &whole->nodes.items[whole->roots.items[root].condition];
}

static bool is_truth(const graph_node *node, bool value)
{
    return node->kind == EXPRESSION_CONSTANT && node->constant.as.integer == value;
}

static const cst_image *planned(builder *b)
{
    assert_true(pass_lower(&b->unit));
    assert_true(pass_plan(&b->unit));
    return (const cst_image *)(const void *)b->unit.plan->image;
}

/* a < 1, decided */
static expression *small(builder *b, uint32_t number)
{
    return build_condition(b, EXPRESSION_LESS, build_field(b, number), build_int(b, 1));
}

/* a + b < 1, may overflow */
static expression *risky(builder *b, uint32_t number, const char *at)
{
    expression *sum =
        build_risky(b, EXPRESSION_ADD, b->int_type, build_field(b, number), build_int(b, 7), at);
    return build_condition(b, EXPRESSION_LESS, sum, build_int(b, 1));
}

static void folds_what_three_values_allow(void **state)
{
    (void)state;
    builder b;
    build_begin(&b);
    const uint32_t a = build_slot(&b, "args.a", b.int_type, false);
    build_rule(&b, "r0", CST_INPUT, NULL, 0,
               BUILD_AND(&b, risky(&b, a, "a + 7"), build_truth(&b, false)));
    build_rule(&b, "r1", CST_INPUT, NULL, 0,
               BUILD_OR(&b, risky(&b, a, "a + 7"), build_truth(&b, true)));
    build_rule(&b, "r2", CST_INPUT, NULL, 0, BUILD_AND(&b, small(&b, a), build_truth(&b, true)));
    build_rule(&b, "r3", CST_INPUT, NULL, 0, BUILD_NOT(&b, BUILD_NOT(&b, small(&b, a))));
    build_rule(&b, "r4", CST_INPUT, NULL, 0,
               BUILD_OR(&b, small(&b, a), BUILD_NOT(&b, small(&b, a))));
    build_rule(&b, "r5", CST_INPUT, NULL, 0,
               BUILD_OR(&b, risky(&b, a, "a + 7"), BUILD_NOT(&b, risky(&b, a, "a + 7"))));
    build_rule(&b, "r6", CST_INPUT, NULL, 0,
               BUILD_AND(&b, small(&b, a), BUILD_NOT(&b, small(&b, a))));
    build_rule(&b, "r7", CST_INPUT, NULL, 0,
               build_condition(&b, EXPRESSION_LESS_EQUAL, build_int(&b, 1), build_field(&b, a)));
    build_rule(&b, "r8", CST_INPUT, NULL, 0,
               build_condition(&b, EXPRESSION_LESS, build_int(&b, 1), build_int(&b, 2)));
    planned(&b);
    assert_true(is_truth(root_node(&b, 0), false));
    assert_true(is_truth(root_node(&b, 1), true));
    assert_ptr_equal(root_node(&b, 2), root_node(&b, 3));
    assert_int_equal(root_node(&b, 2)->kind, EXPRESSION_LESS);
    assert_true(is_truth(root_node(&b, 4), true));
    assert_int_equal(root_node(&b, 5)->kind, EXPRESSION_OR);
    assert_true(is_truth(root_node(&b, 6), false));
    assert_int_equal(root_node(&b, 7)->kind, EXPRESSION_NOT); /* 1 <= a is not (a < 1) */
    assert_int_equal(b.unit.graph->nodes.items[root_node(&b, 7)->operands[0]].kind,
                     EXPRESSION_LESS);
    assert_true(is_truth(root_node(&b, 8), true));
    build_end(&b);
}

static void shares_across_rules_by_meaning_and_reason(void **state)
{
    (void)state;
    builder b;
    build_begin(&b);
    const uint32_t a = build_slot(&b, "args.a", b.int_type, false),
                   c = build_slot(&b, "args.c", b.int_type, false);
    build_rule(&b, "r0", CST_INPUT, NULL, 0, BUILD_AND(&b, small(&b, a), small(&b, c)));
    build_rule(&b, "r1", CST_INPUT, NULL, 0,
               BUILD_AND(&b, small(&b, c), BUILD_AND(&b, small(&b, a), small(&b, c))));
    build_rule(&b, "r2", CST_INPUT, NULL, 0, risky(&b, a, "a + 7"));
    build_rule(&b, "r3", CST_INPUT, NULL, 0, risky(&b, a, "a + 7"));
    build_rule(&b, "r4", CST_INPUT, NULL, 0, risky(&b, a, "(a + 7)"));
    expression *any = build_quantifier(
        &b, EXPRESSION_ANY, build_field(&b, build_slot(&b, "args.l", b.ints_type, false)));
    any->right = build_condition(&b, EXPRESSION_EQUAL, build_int(&b, 3),
                                 build_local(&b, any->local, b.int_type));
    expression *same = build_quantifier(&b, EXPRESSION_ANY, any->left);
    same->right = build_condition(&b, EXPRESSION_EQUAL, build_local(&b, same->local, b.int_type),
                                  build_int(&b, 3));
    build_rule(&b, "r5", CST_INPUT, NULL, 0, any);
    build_rule(&b, "r6", CST_INPUT, NULL, 0, same);
    planned(&b);
    assert_ptr_equal(root_node(&b, 0), root_node(&b, 1));
    assert_int_equal(root_node(&b, 0)->operand_count, 2);
    assert_int_equal(root_node(&b, 0)->uses, 2);
    assert_ptr_equal(root_node(&b, 2), root_node(&b, 3));
    assert_ptr_not_equal(root_node(&b, 2), root_node(&b, 4));
    assert_true(root_node(&b, 2)->undecidable);
    assert_ptr_equal(root_node(&b, 5), root_node(&b, 6));
    assert_false(root_node(&b, 5)->uses_local);
    assert_true(b.unit.graph->nodes.items[root_node(&b, 5)->operands[1]].uses_local);
    for (uint32_t id = 0; id < b.unit.graph->nodes.count; id++) {
        const graph_node *node = &b.unit.graph->nodes.items[id];
        for (uint32_t i = 0; i < node->operand_count; i++)
            assert_true(node->operands[i] < id);
        assert_true(node->uses > 0);
    }
    build_end(&b);
}

static void small_sets_become_comparisons(void **state)
{
    (void)state;
    builder b;
    build_begin(&b);
    const uint32_t s = build_slot(&b, "text", b.string_type, false);
    cst_value words[6];
    const char *const texts[6] = {"one", "two", "three", "four", "five", "six"};
    for (uint32_t i = 0; i < 6; i++)
        words[i] = text_value(CST_KIND_STRING, texts[i]);
    const uint32_t none = build_set(&b, "none", CST_KIND_STRING, words, 0);
    const uint32_t one = build_set(&b, "one", CST_KIND_STRING, words, 1);
    const uint32_t three = build_set(&b, "three", CST_KIND_STRING, words, 3);
    const uint32_t six = build_set(&b, "six", CST_KIND_STRING, words, 6);
    const cst_value floats[2] = {float_value(0.5), float_value(1.5)};
    const uint32_t scores = build_set(&b, "scores", CST_KIND_FLOAT, floats, 2);
    const uint32_t f = build_slot(&b, "score", b.float_type, false);
    build_rule(&b, "r0", CST_INPUT, NULL, 0, build_in_set(&b, build_field(&b, s), none));
    build_rule(&b, "r1", CST_INPUT, NULL, 0, build_in_set(&b, build_field(&b, s), one));
    build_rule(&b, "r2", CST_INPUT, NULL, 0, build_in_set(&b, build_field(&b, s), three));
    build_rule(&b, "r3", CST_INPUT, NULL, 0, build_in_set(&b, build_field(&b, s), six));
    build_rule(&b, "r4", CST_INPUT, NULL, 0, build_in_set(&b, build_field(&b, f), scores));
    const cst_image *image = planned(&b);
    assert_true(is_truth(root_node(&b, 0), false));
    assert_int_equal(root_node(&b, 1)->kind, EXPRESSION_EQUAL);
    assert_int_equal(root_node(&b, 2)->kind, EXPRESSION_OR);
    assert_int_equal(root_node(&b, 2)->operand_count, 3);
    assert_int_equal(root_node(&b, 3)->kind, EXPRESSION_IN_SET);
    assert_int_equal(root_node(&b, 4)->kind, EXPRESSION_OR);
    assert_true(b.policy.slots.items[s].interned);
    assert_false(b.policy.slots.items[f].interned);
    assert_int_equal(image->symbols.count, 6);
    build_end(&b);
}

/* ---- the image ------------------------------------------------------------------------------- */

static const cst_node_row *child(const cst_image *image, const cst_node_row *node, const char *name)
{
    const cst_node_row *nodes = CST_ROWS(image, nodes, cst_node_row);
    const cst_node_row *found = NULL;
    for (uint32_t i = 0; i < node->children.count; i++) {
        const cst_node_row *one = &nodes[node->children.first + i];
        if (i > 0)
            assert_true(strcmp(CST_TEXT(image, one[-1].name), CST_TEXT(image, one->name)) < 0);
        assert_int_equal(one->parent, node - nodes);
        if (strcmp(CST_TEXT(image, one->name), name) == 0)
            found = one;
    }
    return found;
}

static const cst_dispatch_row *dispatch(const cst_image *image, cst_stage stage,
                                        uint32_t tool_number)
{
    assert_true(tool_number < image->stages[stage].dispatch.count);
    return &CST_ROWS(image, dispatch,
                     cst_dispatch_row)[image->stages[stage].dispatch.first + tool_number];
}

static void dispatches_by_stage_and_tool(void **state)
{
    (void)state;
    builder b;
    build_begin(&b);
    const uint32_t mail = build_tool(&b, "mail"), pay = build_tool(&b, "pay"),
                   idle = build_tool(&b, "idle");
    const uint32_t to = build_slot(&b, "args.to", b.strings_type, false);
    const uint32_t amount = build_slot(&b, "args.amount", b.int_type, false);
    const uint32_t open_to = build_slot(&b, "args.to", b.string_type, true);
    const uint32_t text = build_slot(&b, "text", b.string_type, false);
    const uint32_t all_tools[4] = {0, mail, pay, idle};
    for (uint32_t t = 0; t < 4; t++)
        build_use(&b, open_to, CST_ACTION, all_tools[t], 0);
    build_use(&b, to, CST_ACTION, mail, 3);
    build_use(&b, amount, CST_ACTION, pay, 2);
    build_use(&b, text, CST_INPUT, CST_NONE, 1);
    build_rule(&b, "text", CST_INPUT, NULL, 0,
               build_condition(&b, EXPRESSION_PRESENT, build_field(&b, text), NULL));
    build_rule(&b, "plain", CST_ACTION, NULL, 0,
               build_condition(&b, EXPRESSION_PRESENT, build_field(&b, open_to), NULL));
    build_rule(&b, "mail", CST_ACTION, &mail, 1,
               build_condition(&b, EXPRESSION_PRESENT, build_field(&b, to), NULL));
    build_rule(&b, "pay", CST_ACTION, (uint32_t[]){mail, pay}, 2, small(&b, amount));
    build_rule(&b, "mail2", CST_ACTION, &mail, 1, build_truth(&b, true));
    const cst_image *image = planned(&b);
    const uint32_t *lists = CST_ROWS(image, group_lists, uint32_t);

    assert_int_equal(image->groups.count, 4);
    assert_int_equal(b.unit.plan->groups[2].rule_count, 2);
    assert_int_equal(dispatch(image, CST_OUTPUT, 0)->groups.count, 0);
    assert_int_equal(dispatch(image, CST_INPUT, 0)->groups.count, 1);
    const cst_dispatch_row *row = dispatch(image, CST_ACTION, mail);
    assert_int_equal(row->groups.count, 3);
    for (uint32_t g = 0; g < 3; g++)
        assert_int_equal(lists[row->groups.first + g], g + 1);
    assert_int_equal(dispatch(image, CST_ACTION, pay)->groups.count, 2);
    assert_int_equal(dispatch(image, CST_ACTION, idle)->groups.count, 1);
    assert_int_equal(dispatch(image, CST_ACTION, idle)->groups.first,
                     dispatch(image, CST_ACTION, 0)->groups.first);
    assert_int_equal(dispatch(image, CST_ACTION, idle)->root, dispatch(image, CST_ACTION, 0)->root);
    assert_int_not_equal(dispatch(image, CST_ACTION, idle)->root, row->root);

    const cst_node_row *nodes = CST_ROWS(image, nodes, cst_node_row);
    const cst_node_row *args = child(image, &nodes[row->root], "args");
    assert_non_null(args);
    assert_int_equal(args->required, 1);
    const cst_node_row *node = child(image, args, "to");
    assert_int_equal(node->targets.count, 2);
    assert_int_equal(node->required, 1);
    const cst_node_row *idle_args =
        child(image, &nodes[dispatch(image, CST_ACTION, idle)->root], "args");
    assert_int_equal(idle_args->required, 0);
    args = child(image, &nodes[dispatch(image, CST_ACTION, pay)->root], "args");
    assert_int_equal(args->required, 0);
    assert_int_equal(child(image, args, "amount")->required, 1);
    assert_null(child(image, args, "nothing"));
    const cst_tool_row *tools = CST_ROWS(image, tools, cst_tool_row);
    const cst_symbol_row *symbols = CST_ROWS(image, symbols, cst_symbol_row);
    assert_int_equal(symbols[tools[pay].symbol - 1].tool, pay);
    build_end(&b);
}

static void image_is_the_same_each_time(void **state)
{
    (void)state;
    uint8_t *first = NULL;
    uint32_t size = 0;
    for (int round = 0; round < 2; round++) {
        builder b;
        build_begin(&b);
        void *shift = arena_allocate(&b.unit.arena, round * 1000u + 16u);
        assert_non_null(shift);
        const uint32_t s = build_slot(&b, "text", b.string_type, false);
        build_use(&b, s, CST_INPUT, CST_NONE, 1);
        for (uint32_t i = 0; i < 100; i++)
            build_rule(&b, "r", CST_INPUT, NULL, 0,
                       build_condition(&b, EXPRESSION_EQUAL, build_field(&b, s),
                                       build_text(&b, arena_format(&b.unit.arena, "word %u", i))));
        const cst_image *image = planned(&b);
        assert_int_equal(image->size, b.unit.plan->image_size);
        if (round == 0) {
            size = image->size;
            first = malloc(size);
            memcpy(first, image, size);
        } else {
            assert_int_equal(image->size, size);
            assert_memory_equal(image, first, size);
        }
        build_end(&b);
    }
    free(first);
}

/* ---- symbols and sets ------------------------------------------------------------------------ */

static uint32_t find_symbol(const cst_image *image, const char *text, uint32_t length)
{
    const uint32_t *buckets = CST_ROWS(image, symbol_buckets, uint32_t);
    const cst_symbol_row *rows = CST_ROWS(image, symbols, cst_symbol_row);
    const uint32_t mask = image->symbol_capacity - 1;
    for (uint32_t at = cst_hash(text, length) & mask; buckets[at] != 0; at = (at + 1) & mask) {
        const cst_symbol_row *row = &rows[buckets[at] - 1];
        if (row->text.length == length && memcmp(CST_TEXT(image, row->text), text, length) == 0)
            return buckets[at];
    }
    return 0;
}

static bool set_has(const cst_image *image, uint32_t number, uint32_t symbol)
{
    const cst_set_row *row = &CST_ROWS(image, sets, cst_set_row)[number];
    if (row->form == CST_SET_SYMBOL_BITS) {
        const uint64_t *bits = (const uint64_t *)(const void *)CST_TEXT(image, row->data);
        const uint32_t bit = symbol - row->base;
        return bit < row->data.length * 8u && (bits[bit / 64] >> (bit % 64) & 1u);
    }
    const uint32_t *slots = (const uint32_t *)(const void *)CST_TEXT(image, row->data);
    const uint32_t capacity = row->data.length / 4;
    for (uint32_t at = cst_symbol_slot(symbol, capacity); slots[at] != 0;
         at = (at + 1) & (capacity - 1))
        if (slots[at] == symbol)
            return true;
    return false;
}

static void a_million_elements(void **state)
{
    (void)state;
    enum { COUNT = 1000000, SPARSE = 50 };
    builder b;
    build_begin(&b);
    cst_value *values = calloc(COUNT, sizeof *values);
    for (uint32_t i = 0; i < COUNT; i++)
        values[i] =
            text_value(CST_KIND_STRING, arena_format(&b.unit.arena, "user-%u@example.com", i));
    const uint32_t large = build_set(&b, "large", CST_KIND_STRING, values, COUNT);
    for (uint32_t i = 0; i < SPARSE; i++)
        values[i] = values[i * (COUNT / SPARSE)];
    const uint32_t sparse = build_set(&b, "sparse", CST_KIND_STRING, values, SPARSE);
    cst_value numbers[6];
    const int64_t some[6] = {9, -4, 7, 9, INT64_MIN, INT64_MAX};
    for (uint32_t i = 0; i < 6; i++)
        numbers[i] = integer_value(CST_KIND_INT, some[i]);
    const uint32_t integers = build_set(&b, "integers", CST_KIND_INT, numbers, 6);
    const uint32_t s = build_slot(&b, "text", b.string_type, false),
                   n = build_slot(&b, "n", b.int_type, false);
    build_rule(&b, "large", CST_INPUT, NULL, 0, build_in_set(&b, build_field(&b, s), large));
    build_rule(&b, "sparse", CST_INPUT, NULL, 0, build_in_set(&b, build_field(&b, s), sparse));
    build_rule(&b, "integers", CST_INPUT, NULL, 0, build_in_set(&b, build_field(&b, n), integers));
    const cst_image *image = planned(&b);
    const cst_set_row *rows = CST_ROWS(image, sets, cst_set_row);
    assert_int_equal(image->symbols.count, COUNT);
    assert_int_equal(rows[large].form, CST_SET_SYMBOL_BITS);
    assert_int_equal(rows[sparse].form, CST_SET_SYMBOL_HASH);
    assert_int_equal(rows[integers].form, CST_SET_INTEGERS);
    assert_int_equal(rows[integers].count, 5);
    const int64_t *sorted = (const int64_t *)(const void *)CST_TEXT(image, rows[integers].data);
    for (uint32_t i = 1; i < 5; i++)
        assert_true(sorted[i - 1] < sorted[i]);
    uint32_t in_sparse = 0;
    for (uint32_t i = 0; i < COUNT; i += 10) {
        char text[64];
        const uint32_t symbol = find_symbol(
            image, text, (uint32_t)snprintf(text, sizeof text, "user-%u@example.com", i));
        assert_int_not_equal(symbol, 0);
        assert_true(set_has(image, large, symbol));
        in_sparse += set_has(image, sparse, symbol);
    }
    assert_int_equal(in_sparse, SPARSE);
    assert_int_equal(find_symbol(image, "nobody", 6), 0);
    assert_false(set_has(image, large, 0));
    assert_false(set_has(image, sparse, 0));
    free(values);
    build_end(&b);
}

/* ---- caches and witnesses -------------------------------------------------------------------- */

static expression *long_test(builder *b, uint32_t list)
{
    expression *any = build_quantifier(b, EXPRESSION_ANY, build_field(b, list));
    any->right = build_condition(b, EXPRESSION_LESS, build_local(b, any->local, b->int_type),
                                 build_int(b, 3));
    return any;
}

static void caches_what_an_event_meets_twice(void **state)
{
    (void)state;
    builder b;
    build_begin(&b);
    const uint32_t mail = build_tool(&b, "mail"), pay = build_tool(&b, "pay");
    const uint32_t l = build_slot(&b, "args.l", b.ints_type, false),
                   m = build_slot(&b, "args.m", b.ints_type, false);
    const uint32_t k = build_slot(&b, "args.k", b.ints_type, false),
                   a = build_slot(&b, "args.a", b.int_type, false);
    build_rule(&b, "r0", CST_ACTION, &mail, 1, BUILD_AND(&b, long_test(&b, l), small(&b, a)));
    build_rule(&b, "r1", CST_ACTION, &mail, 1, long_test(&b, l));
    build_rule(&b, "r2", CST_ACTION, &pay, 1, long_test(&b, m));
    build_rule(&b, "r3", CST_RESULT, &pay, 1, long_test(&b, m));
    build_rule(&b, "r4", CST_ACTION, &mail, 1, BUILD_OR(&b, long_test(&b, m), small(&b, a)));
    build_rule(&b, "r5", CST_ACTION, NULL, 0, long_test(&b, k));
    build_rule(&b, "r6", CST_ACTION, &pay, 1, BUILD_OR(&b, long_test(&b, k), small(&b, a)));
    planned(&b);
    assert_int_equal(root_node(&b, 1)->memo, 0);
    assert_int_equal(root_node(&b, 2)->memo,
                     CST_NONE);                  /* three places, but never two in one event */
    assert_int_equal(root_node(&b, 5)->memo, 1); /* plain `on action` meets every tool */
    assert_int_equal(b.unit.plan->memo_count, 2);
    for (uint32_t id = 0; id < b.unit.graph->nodes.count; id++)
        if (b.unit.graph->nodes.items[id].kind == EXPRESSION_LESS)
            assert_int_equal(b.unit.graph->nodes.items[id].memo, CST_NONE);
    build_end(&b);
}

static void witnesses_know_what_stands_around(void **state)
{
    (void)state;
    builder b;
    build_begin(&b);
    const type *rows_type = build_type(&b, CST_KIND_LIST, b.ints_type);
    const uint32_t l = build_slot(&b, "args.rows", rows_type, false);
    expression *outer = build_quantifier(&b, EXPRESSION_ANY, build_field(&b, l));
    expression *inner =
        build_quantifier(&b, EXPRESSION_ANY, build_local(&b, outer->local, b.ints_type));
    inner->right = build_condition(&b, EXPRESSION_EQUAL, build_local(&b, inner->local, b.int_type),
                                   build_int(&b, 3));
    outer->right = inner;
    rule_body *body =
        build_rule(&b, "nested", CST_INPUT, NULL, 0, BUILD_AND(&b, outer, build_truth(&b, true)));
    build_witnesses(&b, body, 2, (expression *[]){outer, inner});
    message_part parts[2] = {{.kind = CST_PART_TEXT,
                              .text = "found ",
                              .length = 6,
                              .field = CST_NONE,
                              .property = CST_NONE},
                             {.kind = CST_PART_WITNESS,
                              .local = inner->local,
                              .field = CST_NONE,
                              .property = CST_NONE,
                              .type = b.int_type}};
    body->message = parts;
    body->message_count = 2;
    const cst_image *image = planned(&b);
    const plan *of = b.unit.plan;
    const graph_root *root = &b.unit.graph->roots.items[0];
    assert_int_equal(of->witness_count, 2);
    assert_int_equal(of->witnesses[0].outer_count, 0);
    assert_int_equal(of->witnesses[1].outer_count, 1);
    assert_int_equal(of->witnesses[1].outer[0], root->witnesses[0]);
    const cst_witness_row *rows = CST_ROWS(image, witnesses, cst_witness_row);
    assert_int_equal(rows[0].slot, l);
    assert_int_equal(rows[1].slot, CST_NONE);
    const cst_part_row *part = &CST_ROWS(image, parts, cst_part_row)[1];
    assert_int_equal(part->kind, CST_PART_WITNESS);
    assert_int_equal(part->index, 1);
    assert_int_equal(part->type, b.int_type->row);
    build_end(&b);
}

static void a_witness_survives_folding(void **state)
{
    (void)state;
    builder b;
    build_begin(&b);
    const uint32_t l = build_slot(&b, "args.l", b.ints_type, false);
    expression *any = build_quantifier(&b, EXPRESSION_ANY, build_field(&b, l));
    any->right = build_truth(&b, true);
    rule_body *body = build_rule(&b, "some", CST_INPUT, NULL, 0, any);
    build_witnesses(&b, body, 1, &any);
    planned(&b);
    assert_int_equal(root_node(&b, 0)->kind, EXPRESSION_NOT); /* not (length of l == 0) */
    const graph_root *root = &b.unit.graph->roots.items[0];
    assert_int_equal(b.unit.graph->nodes.items[root->witnesses[0]].kind, EXPRESSION_ANY);
    build_end(&b);
}

static void open_members_get_rows(void **state)
{
    (void)state;
    builder b;
    build_begin(&b);
    const type *json = build_type(&b, CST_KIND_JSON, NULL);
    const uint32_t l = build_slot(&b, "args", json, true);
    expression *first = build(&b, EXPRESSION_OPEN_MEMBER, json, build_field(&b, l), NULL);
    first->name = "name";
    expression *second = build(&b, EXPRESSION_OPEN_MEMBER, json, first, NULL);
    second->name = "other";
    expression *third = build(&b, EXPRESSION_OPEN_MEMBER, json, second, NULL);
    third->name = "name";
    build_rule(&b, "open", CST_ACTION, NULL, 0,
               build_condition(&b, EXPRESSION_PRESENT, third, NULL));
    const cst_image *image = planned(&b);
    const cst_ref *names = CST_ROWS(image, names, cst_ref);
    assert_string_equal(CST_TEXT(image, names[second->index]), "other");
    assert_int_equal(first->index, third->index);
    for (uint32_t id = 0; id < b.unit.graph->nodes.count; id++) {
        const graph_node *node = &b.unit.graph->nodes.items[id];
        if (node->kind == EXPRESSION_OPEN_MEMBER)
            assert_string_equal(CST_TEXT(image, names[node->index]), node->name);
    }
    build_end(&b);
}

static void dumps_are_stable(void **state)
{
    (void)state;
    builder b;
    build_begin(&b);
    const uint32_t a = build_slot(&b, "args.a", b.int_type, false);
    const uint32_t pay = build_tool(&b, "pay");
    build_use(&b, a, CST_ACTION, pay, 3);
    build_rule(&b, "small", CST_ACTION, &pay, 1, BUILD_NOT(&b, small(&b, a)));
    planned(&b);
    buffer text;
    buffer_init(&text, NULL, 0);
    graph_dump(&text, &b.unit);
    assert_string_equal(text.bytes, "graph: 4 nodes, 1 roots\n"
                                    "n0  field args.a: int   uses 1\n"
                                    "n1  constant int 1   uses 1\n"
                                    "n2  less n0 n1   uses 1 cost 1\n"
                                    "n3  not n2   uses 1 cost 1\n"
                                    "root 0  small on action = n3\n");
    buffer_clear(&text);
    plan_dump(&text, &b.unit);
    assert_string_equal(text.bytes,
                        "plan: 1 groups, 1 rules, 1 slots, 1 symbols, 0 sites, memo 0 bytes\n"
                        "group 0  action: 1 rules\n"
                        "  row 0  small = n3 cost 1 restricts\n"
                        "dispatch input: tree 0 groups\n"
                        "dispatch output: tree 0 groups\n"
                        "dispatch action unknown: tree 0 groups\n"
                        "dispatch action pay: tree 1 groups 0\n"
                        "dispatch result unknown: tree 0 groups\n"
                        "dispatch result pay: tree 0 groups\n"
                        "dispatch message: tree 0 groups\n"
                        "tree 0\n"
                        "tree 1\n"
                        "    args required\n"
                        "      a required slot 0 int\n");
    buffer_free(&text);
    build_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_what_three_values_allow),
        cmocka_unit_test(shares_across_rules_by_meaning_and_reason),
        cmocka_unit_test(small_sets_become_comparisons),
        cmocka_unit_test(dispatches_by_stage_and_tool),
        cmocka_unit_test(image_is_the_same_each_time),
        cmocka_unit_test(a_million_elements),
        cmocka_unit_test(caches_what_an_event_meets_twice),
        cmocka_unit_test(witnesses_know_what_stands_around),
        cmocka_unit_test(a_witness_survives_folding),
        cmocka_unit_test(open_members_get_rows),
        cmocka_unit_test(dumps_are_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

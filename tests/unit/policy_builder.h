/*
 * policy_builder.h - checked policies made by hand, for tests of what comes after the checker.
 *
 * A builder is a compilation whose `checked` is filled by the functions below instead of by the
 * parser and the checker; so the tests of lower, plan and the reference evaluator do not depend on
 * those. Sites, slots and types are numbered as they come.
 */
#ifndef CONSTITUTION_TESTS_POLICY_BUILDER_H
#define CONSTITUTION_TESTS_POLICY_BUILDER_H

#include <stdlib.h>
#include <string.h>

#include "compiler/plan.h"

typedef struct builder {
    compilation unit;
    checked_policy policy;
    const type *bool_type, *int_type, *decimal_type, *float_type, *string_type, *time_type,
        *email_type, *ip_type, *host_type, *ints_type, *strings_type;
} builder;

static inline const type *build_type(builder *b, cst_kind kind, const type *element)
{
    type *made = arena_allocate(&b->unit.arena, sizeof *made);
    *made = (type){.kind = kind, .element = element, .row = b->policy.types.count};
    *ARENA_PUSH(&b->unit.arena, &b->policy.types) = made;
    return made;
}

static inline uint32_t build_tool(builder *b, const char *name)
{
    *ARENA_PUSH(&b->unit.arena, &b->policy.tools) = (tool){.name = name};
    return b->policy.tools.count - 1;
}

static inline void build_begin(builder *b)
{
    memset(b, 0, sizeof *b);
    arena_init(&b->unit.arena, NULL, 0);
    b->unit.checked = &b->policy;
    b->policy.layers = arena_array(&b->unit.arena, 1, sizeof *b->policy.layers);
    b->policy.layers[0] = (layer){.name = "test", .version = "1"};
    b->policy.layer_count = 1;
    build_tool(b, "");
    b->bool_type = build_type(b, CST_KIND_BOOL, NULL);
    b->int_type = build_type(b, CST_KIND_INT, NULL);
    b->decimal_type = build_type(b, CST_KIND_DECIMAL, NULL);
    b->float_type = build_type(b, CST_KIND_FLOAT, NULL);
    b->string_type = build_type(b, CST_KIND_STRING, NULL);
    b->time_type = build_type(b, CST_KIND_TIME, NULL);
    b->email_type = build_type(b, CST_KIND_EMAIL, NULL);
    b->ip_type = build_type(b, CST_KIND_IP, NULL);
    b->host_type = build_type(b, CST_KIND_HOST, NULL);
    b->ints_type = build_type(b, CST_KIND_LIST, b->int_type);
    b->strings_type = build_type(b, CST_KIND_LIST, b->string_type);
}

static inline void build_end(builder *b)
{
    arena_free(&b->unit.arena);
}

/* ---- fields ---------------------------------------------------------------------------------- */

static inline uint32_t build_slot(builder *b, const char *path, const type *of, bool open)
{
    slot made = {.path = path, .type = of, .open = open};
    char *copy = arena_copy(&b->unit.arena, path, strlen(path));
    made.keys = arena_array(&b->unit.arena, 16, sizeof *made.keys);
    for (char *key = copy; key != NULL;) {
        char *dot = strchr(key, '.');
        if (dot != NULL)
            *dot++ = 0;
        made.keys[made.key_count++] = key;
        key = dot;
    }
    *ARENA_PUSH(&b->unit.arena, &b->policy.slots) = made;
    return b->policy.slots.count - 1;
}

static inline void build_use(builder *b, uint32_t slot_number, cst_stage stage,
                             uint32_t tool_number, uint64_t required)
{
    *ARENA_PUSH(&b->unit.arena, &b->policy.slot_uses) =
        (slot_use){slot_number, stage, tool_number, required};
}

/* ---- expressions ----------------------------------------------------------------------------- */

static inline expression *build(builder *b, expression_kind kind, const type *of, expression *left,
                                expression *right)
{
    expression *made = arena_allocate(&b->unit.arena, sizeof *made);
    *made = (expression){.kind = kind,
                         .type = of,
                         .left = left,
                         .right = right,
                         .site = CST_NONE,
                         .range = {.file = UINT32_MAX}};
    return made;
}

static inline expression *build_condition(builder *b, expression_kind kind, expression *left,
                                          expression *right)
{
    return build(b, kind, b->bool_type, left, right);
}

static inline expression *build_field(builder *b, uint32_t number)
{
    expression *made = build(b, EXPRESSION_FIELD, b->policy.slots.items[number].type, NULL, NULL);
    made->slot = number;
    return made;
}

static inline cst_value integer_value(cst_kind kind, int64_t number)
{
    return (cst_value){.as = {.integer = number}, .kind = (uint8_t)kind, .at = UINT32_MAX};
}

static inline cst_value float_value(double number)
{
    return (cst_value){.as = {.number = number}, .kind = CST_KIND_FLOAT, .at = UINT32_MAX};
}

static inline cst_value text_value(cst_kind kind, const char *text)
{
    return (cst_value){.as = {.text = text},
                       .kind = (uint8_t)kind,
                       .at = UINT32_MAX,
                       .length = (uint32_t)strlen(text)};
}

static inline expression *build_constant(builder *b, const type *of, cst_value value)
{
    expression *made = build(b, EXPRESSION_CONSTANT, of, NULL, NULL);
    made->constant = value;
    return made;
}

static inline expression *build_int(builder *b, int64_t number)
{
    return build_constant(b, b->int_type, integer_value(CST_KIND_INT, number));
}

static inline expression *build_text(builder *b, const char *text)
{
    return build_constant(b, b->string_type, text_value(CST_KIND_STRING, text));
}

static inline expression *build_truth(builder *b, bool value)
{
    return build_constant(b, b->bool_type, integer_value(CST_KIND_BOOL, value));
}

static inline uint32_t build_site(builder *b, const char *code, const char *at)
{
    *ARENA_PUSH(&b->unit.arena, &b->policy.sites) = (site){.code = code, .at = at};
    return b->policy.sites.count - 1;
}

/* Arithmetic that can be undecided, for the reason `at`. */
static inline expression *build_risky(builder *b, expression_kind kind, const type *of,
                                      expression *left, expression *right, const char *at)
{
    expression *made = build(b, kind, of, left, right);
    made->site = build_site(b, "overflow", at);
    return made;
}

static inline expression *build_junction(builder *b, expression_kind kind, uint32_t count,
                                         expression *const *items)
{
    expression *made = build_condition(b, kind, NULL, NULL);
    made->items = arena_array(&b->unit.arena, count, sizeof *made->items);
    memcpy(made->items, items, count * sizeof *items);
    made->item_count = count;
    return made;
}

#define BUILD_AND(b, ...)                                                                          \
    build_junction((b), EXPRESSION_AND,                                                            \
                   sizeof((expression *[]){__VA_ARGS__}) / sizeof(expression *),                   \
                   (expression *[]){__VA_ARGS__})
#define BUILD_OR(b, ...)                                                                           \
    build_junction((b), EXPRESSION_OR,                                                             \
                   sizeof((expression *[]){__VA_ARGS__}) / sizeof(expression *),                   \
                   (expression *[]){__VA_ARGS__})
#define BUILD_NOT(b, operand) build_condition((b), EXPRESSION_NOT, (operand), NULL)

static inline expression *build_in_set(builder *b, expression *left, uint32_t set)
{
    expression *made = build_condition(b, EXPRESSION_IN_SET, left, NULL);
    made->index = set;
    return made;
}

static inline expression *build_local(builder *b, uint32_t local, const type *of)
{
    expression *made = build(b, EXPRESSION_LOCAL, of, NULL, NULL);
    made->local = local;
    made->name = "x";
    return made;
}

/* The body is given later, since it speaks of the quantifier's number. */
static inline expression *build_quantifier(builder *b, expression_kind kind, expression *list)
{
    expression *made = build_condition(b, kind, list, NULL);
    made->local = b->policy.local_count++;
    made->name = "x";
    return made;
}

static inline uint32_t build_set(builder *b, const char *name, cst_kind kind,
                                 const cst_value *values, uint32_t count)
{
    checked_set set = {.name = name, .kind = kind, .count = count};
    set.values = arena_array(&b->unit.arena, count, sizeof *set.values);
    if (count > 0)
        memcpy(set.values, values, count * sizeof *values);
    *ARENA_PUSH(&b->unit.arena, &b->policy.sets) = set;
    return b->policy.sets.count - 1;
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* tool_count 0 on a stage with tools: every tool. */
static inline rule_body *build_rule(builder *b, const char *name, cst_stage stage,
                                    const uint32_t *tools, uint32_t tool_count,
                                    expression *condition)
{
    const bool has_tools = stage == CST_ACTION || stage == CST_RESULT;
    rule_body *body = arena_allocate(&b->unit.arena, sizeof *body);
    body->selector = (selector){.stage = stage,
                                .every_tool = has_tools && tool_count == 0,
                                .tool_count = tool_count,
                                .label = cst_stage_name(stage)};
    if (tool_count > 0) {
        body->selector.tools = arena_array(&b->unit.arena, tool_count, sizeof *tools);
        memcpy(body->selector.tools, tools, tool_count * sizeof *tools);
    }
    body->condition = condition;
    body->cut_slot = body->put_note = CST_NONE;
    *ARENA_PUSH(&b->unit.arena, &b->policy.rules) = (rule){.name = name,
                                                           .kind = CST_RULE,
                                                           .verdict = CST_DENY,
                                                           .restricts = true,
                                                           .principle = CST_NONE,
                                                           .waives = CST_NONE,
                                                           .watch = CST_NONE,
                                                           .label = CST_NONE,
                                                           .until_us = INT64_MAX,
                                                           .bodies = body,
                                                           .body_count = 1,
                                                           .range = {.file = UINT32_MAX}};
    return body;
}

static inline void build_witnesses(builder *b, rule_body *body, uint32_t count,
                                   expression *const *witnesses)
{
    body->witnesses = arena_array(&b->unit.arena, count, sizeof *body->witnesses);
    memcpy(body->witnesses, witnesses, count * sizeof *witnesses);
    body->witness_count = count;
}

#endif

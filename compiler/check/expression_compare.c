/*
 * expression_compare.c - tests on values: == and <, in, starts and ends with, inside, is present.
 *
 * The side that has a type is checked first and the other is read as that type; then both must be
 * of one type. Tests that would cut through the text of an identity type are refused with the typed
 * test that is meant: "ends with" on a host name is how allow-lists are evaded.
 */
#include "compiler/check/expression.h"

/* ---- comparing ------------------------------------------------------------------------------- */

static bool is_constant_text(const ast_expression *ast)
{
    return ast->kind == AST_STRING || ast->kind == AST_INT || ast->kind == AST_DECIMAL ||
           ast->kind == AST_DURATION || ast->kind == AST_BOOL;
}

static bool is_ordered(const type *type)
{
    return type_is_number(type) || type->kind == CST_KIND_TIME || type->kind == CST_KIND_DURATION;
}

static bool is_single(const type *type)
{
    return type->kind != CST_KIND_LIST && type->kind != CST_KIND_RECORD &&
           type->kind != CST_KIND_JSON;
}

/* `<` on values that have no order. Said before the other side is read as that type: a value that
 * fits would not help. */
static bool unordered_report(const environment *environment, const ast_expression *ast,
                             const type *type)
{
    if (ast->op == AST_OP_EQ || ast->op == AST_OP_NE || !is_single(type) || is_ordered(type))
        return false;
    diagnostic *const d =
        report(environment, E_NOT_ORDERED, ast->range, "values of the type %s have no order",
               type_name(environment->checker, type));
    diagnostic_mend(environment->checker->compilation, d, ast->range, NULL, "%s",
                    type->kind == CST_KIND_STRING
                        ? "declare the field as int, decimal or time, or compare `length of` it"
                        : "write `== …` or `in { … }`");
    return true;
}

static bool sides_check(const environment *environment, const ast_expression *ast,
                        expression **left, expression **right)
{
    const bool left_free = value_is_free(environment, ast->left),
               right_free = value_is_free(environment, ast->right);
    const bool right_first = left_free && (!right_free || is_constant_text(ast->right));
    if (right_first) {
        *right = value_check(environment, ast->right, NULL);
        if (*right != NULL && !left_free && unordered_report(environment, ast, (*right)->type))
            return false;
        *left = *right == NULL ? NULL : value_check(environment, ast->left, (*right)->type);
    } else {
        *left = value_check(environment, ast->left, NULL);
        if (*left != NULL && !left_free && unordered_report(environment, ast, (*left)->type))
            return false;
        *right = *left == NULL ? NULL : value_check(environment, ast->right, (*left)->type);
        if (*left == NULL && !right_free) /* for its own errors */
            value_check(environment, ast->right, NULL);
    }
    return *left != NULL && *right != NULL;
}

static void differ_report(const environment *environment, const ast_expression *ast,
                          const expression *left, const expression *right)
{
    checker *const checker = environment->checker;
    const type *const a = left->type, *const b = right->type;
    diagnostic *const d =
        report(environment, E_TYPES_DIFFER, ast->range,
               "`%s` is %s and `%s` is %s: they cannot be compared",
               excerpt(environment, ast->left->range), type_with_article(checker, a),
               excerpt(environment, ast->right->range), type_with_article(checker, b));
    const bool text_a = type_is_text(a), text_b = type_is_text(b);
    if (type_is_number(a) && type_is_number(b))
        diagnostic_mend(checker->compilation, d, ast->range, NULL,
                        "declare both as decimal (exact, for money) or both as float (for scores)");
    else if (text_a && text_b)
        diagnostic_mend(checker->compilation, d, ast->range, NULL, "declare both fields as `%s`",
                        type_name(checker, a->kind == CST_KIND_STRING ? b : a));
    else if (a->kind == CST_KIND_LIST || b->kind == CST_KIND_LIST)
        diagnostic_mend(
            checker->compilation, d, ast->range, NULL, "write `%s in %s`",
            excerpt(environment, a->kind == CST_KIND_LIST ? ast->right->range : ast->left->range),
            excerpt(environment, a->kind == CST_KIND_LIST ? ast->left->range : ast->right->range));
    else if (right->kind == EXPRESSION_CONSTANT)
        diagnostic_mend(checker->compilation, d, ast->right->range, NULL,
                        "compare with a value of the type %s", type_name(checker, a));
    else
        diagnostic_mend(checker->compilation, d, ast->range, NULL, "declare both with one type");
}

static bool scalar_report(const environment *environment, const ast_expression *ast,
                          const ast_expression *side, const type *type)
{
    if (is_single(type))
        return false;
    const char *const text = excerpt(environment, side->range);
    diagnostic *const d = report(environment, E_NOT_COMPARABLE, ast->range,
                                 "`%s` is %s, and only single values are compared", text,
                                 type_with_article(environment->checker, type));
    compilation *const compilation = environment->checker->compilation;
    if (type->kind == CST_KIND_LIST)
        diagnostic_mend(compilation, d, ast->range, NULL,
                        "write `any x in %s satisfies …`, `… in %s` or `length of %s == …`", text,
                        text, text);
    else if (type->kind == CST_KIND_RECORD)
        diagnostic_mend(compilation, d, ast->range, NULL, "compare its fields: `%s.%s == …`", text,
                        type->field_count > 0 ? type->fields[0].name : "field");
    else
        diagnostic_mend(compilation, d, ast->range, NULL,
                        "say its type first: `%s is string and %s == …`", text, text);
    return true;
}

/* -1, 0, 1 */
static int constants_order(const cst_value *a, const cst_value *b, const type *type)
{
    if (type_is_text(type)) {
        const uint32_t shorter = a->length < b->length ? a->length : b->length;
        const int order = shorter == 0 ? 0 : memcmp(a->as.text, b->as.text, shorter);
        return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
    }
    if (type->kind == CST_KIND_FLOAT)
        return (a->as.number > b->as.number) - (a->as.number < b->as.number);
    return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
}

static expression *constants_compare(const environment *environment, const ast_expression *ast,
                                     const expression *left, const expression *right)
{
    const int order = constants_order(&left->constant, &right->constant, left->type);
    bool truth = false;
    switch (ast->op) {
    case AST_OP_EQ: truth = order == 0; break;
    case AST_OP_NE: truth = order != 0; break;
    case AST_OP_LT: truth = order < 0; break;
    case AST_OP_LE: truth = order <= 0; break;
    case AST_OP_GT: truth = order > 0; break;
    default: truth = order >= 0; break;
    }
    if (is_constant_text(ast->left) && is_constant_text(ast->right))
        diagnostic_mend(environment->checker->compilation,
                        report(environment, W_CONSTANT_TEST, ast->range,
                               "`%s` compares two constants and is always %s",
                               excerpt(environment, ast->range), truth ? "true" : "false"),
                        ast->range, NULL, "compare a field, or leave the test out");
    return node_truth(environment, truth, ast->range);
}

/* A bool against a condition: both true or both false. */
static expression *truths_equal(const environment *environment, const ast_expression *ast,
                                expression *left, expression *right)
{
    expression *const sides[2] = {
        node_is_condition(left) || left->kind == EXPRESSION_CONSTANT
            ? left
            : node_unary(environment, EXPRESSION_TRUTH, NULL, left, left->range),
        node_is_condition(right) || right->kind == EXPRESSION_CONSTANT
            ? right
            : node_unary(environment, EXPRESSION_TRUTH, NULL, right, right->range)};
    for (int i = 0; i < 2; i++)
        if (sides[i]->kind == EXPRESSION_CONSTANT)
            return sides[i]->constant.as.integer != 0
                       ? sides[1 - i]
                       : node_not(environment, sides[1 - i], ast->range);
    expression *const copies[2] = {node_copy(environment, sides[0]),
                                   node_copy(environment, sides[1])};
    if (copies[0] == NULL || copies[1] == NULL)
        return NULL;
    expression *neither[2] = {node_not(environment, copies[0], ast->range),
                              node_not(environment, copies[1], ast->range)};
    expression *cases[2] = {
        node_list(environment, EXPRESSION_AND, (expression *[]){sides[0], sides[1]}, 2, ast->range),
        node_list(environment, EXPRESSION_AND, neither, 2, ast->range)};
    return node_list(environment, EXPRESSION_OR, cases, 2, ast->range);
}

expression *equal_make(const environment *environment, const ast_expression *ast, expression *left,
                       expression *right)
{
    if (left->type->kind == CST_KIND_BOOL &&
        (node_is_condition(left) || node_is_condition(right) || left->kind == EXPRESSION_CONSTANT ||
         right->kind == EXPRESSION_CONSTANT))
        return truths_equal(environment, ast, left, right);
    return node_binary(environment, EXPRESSION_EQUAL, NULL, left, right, ast->range);
}

static expression *order_make(const environment *environment, const ast_expression *ast,
                              expression *left, expression *right)
{
    if (unordered_report(environment, ast, left->type))
        return NULL;
    const bool swapped = ast->op == AST_OP_GT || ast->op == AST_OP_GE;
    const expression_kind kind =
        ast->op == AST_OP_LT || ast->op == AST_OP_GT ? EXPRESSION_LESS : EXPRESSION_LESS_EQUAL;
    return node_binary(environment, kind, NULL, swapped ? right : left, swapped ? left : right,
                       ast->range);
}

expression *compare_check(const environment *environment, const ast_expression *ast)
{
    expression *left = NULL, *right = NULL;
    if (!sides_check(environment, ast, &left, &right))
        return NULL;
    expression *const wide_right = value_widen(environment, right, left->type);
    expression *const wide_left =
        wide_right != NULL ? left : value_widen(environment, left, right->type);
    if (wide_left == NULL) {
        differ_report(environment, ast, left, right);
        return NULL;
    }
    left = wide_left;
    right = wide_right != NULL ? wide_right : right;
    if (scalar_report(environment, ast, ast->left, left->type))
        return NULL;
    const bool equality = ast->op == AST_OP_EQ || ast->op == AST_OP_NE;
    if (left->kind == EXPRESSION_CONSTANT && right->kind == EXPRESSION_CONSTANT &&
        (equality || is_ordered(left->type)))
        return constants_compare(environment, ast, left, right);
    if (!equality)
        return order_make(environment, ast, left, right);
    expression *const equal = equal_make(environment, ast, left, right);
    return ast->op == AST_OP_NE && equal != NULL ? node_not(environment, equal, ast->range) : equal;
}

/* ---- in -------------------------------------------------------------------------------------- */

/* x in { a, b } as x == a or x == b: for elements that are no constants, and for types without a
 * set form. */
static expression *in_unrolled(const environment *environment, const ast_expression *ast)
{
    const uint32_t count = ast->right->items.count;
    expression **const items = arena_array(environment->checker->arena, count, sizeof *items);
    bool sound = true;
    for (uint32_t i = 0; i < count; i++) {
        ast_expression *const equal = arena_allocate(environment->checker->arena, sizeof *equal);
        *equal = (ast_expression){.kind = AST_COMPARE,
                                  .op = AST_OP_EQ,
                                  .range = ast->range,
                                  .left = ast->left,
                                  .right = ast->right->items.items[i]};
        items[i] = condition_check(environment, equal);
        sound = sound && items[i] != NULL;
    }
    return sound ? node_list(environment, EXPRESSION_OR, items, count, ast->range) : NULL;
}

static bool needs_unrolling(const environment *environment, const ast_expression *set)
{
    for (uint32_t i = 0; i < set->items.count; i++) {
        const ast_expression *const item = set->items.items[i];
        if (item->kind == AST_STRING || item->kind == AST_INT || item->kind == AST_DECIMAL ||
            item->kind == AST_DURATION)
            continue;
        if (item->kind != AST_PATH || item->path.count != 1 ||
            binding_find(environment, &item->path) != NULL ||
            scope_has_root(environment->scope, key_of(&item->path.items[0])))
            return true;
    }
    return false;
}

/* A declared set whose elements have no set form (tools, floats): one comparison an element. */
static expression *in_elements(const environment *environment, const ast_expression *ast,
                               const set_declaration *set, expression *left)
{
    expression **const items = arena_array(environment->checker->arena, set->count, sizeof *items);
    for (uint32_t i = 0; i < set->count; i++) {
        cst_value value;
        const set_element literal = literal_element(&set->elements[i], set->from_file, left->type);
        if (!literal_read(environment->checker, environment->unit, &literal, ast->right->range,
                          left->type, &value))
            return NULL;
        expression *const copy = node_copy(environment, left);
        if (copy == NULL)
            return NULL;
        items[i] = equal_make(environment, ast, copy,
                              node_constant(environment, left->type, &value, ast->right->range));
        if (items[i] == NULL)
            return NULL;
    }
    return node_list(environment, EXPRESSION_OR, items, set->count, ast->range);
}

static expression *in_set(const environment *environment, const ast_expression *ast,
                          set_declaration *set)
{
    expression *const left = value_check(environment, ast->left, NULL);
    if (left == NULL || scalar_report(environment, ast, ast->left, left->type))
        return NULL;
    if (set->lost)
        return NULL;
    if (set->count == 0) {
        diagnostic_mend(
            environment->checker->compilation,
            report(environment, W_CONSTANT_TEST, ast->range, "nothing is in an empty set"),
            ast->range, NULL, "put values into the set, or leave the test out");
        return node_truth(environment, false, ast->range);
    }
    const cst_kind kind = left->type->kind;
    if (kind == CST_KIND_TOOL || kind == CST_KIND_FLOAT || kind == CST_KIND_BOOL)
        return in_elements(environment, ast, set, left);
    const type *const element = kind == CST_KIND_ENUM ? left->type
                                : kind == CST_KIND_AGENT
                                    ? type_agent(environment->checker)
                                    : type_scalar(environment->checker, kind, 0);
    const uint32_t number =
        set_as_type(environment->checker, environment->unit, set, element, ast->right->range);
    if (number == CST_NONE)
        return NULL;
    expression *const node = node_unary(environment, EXPRESSION_IN_SET, NULL, left, ast->range);
    node->index = number;
    return node;
}

static expression *in_text(const environment *environment, const ast_expression *ast)
{
    expression *const left = value_check(environment, ast->left, NULL);
    if (left == NULL)
        return NULL;
    const char *const text = excerpt(environment, ast->left->range);
    const char *const literal = excerpt(environment, ast->right->range);
    compilation *const compilation = environment->checker->compilation;
    if (left->type->kind != CST_KIND_IP) {
        diagnostic *const d =
            report(environment, E_IN_WHAT, ast->right->range,
                   "`%s` is not a set: only an ip can be `in` a network written as text", literal);
        if (left->type->kind == CST_KIND_PATH || left->type->kind == CST_KIND_HOST)
            diagnostic_mend(compilation, d, ast->range, NULL, "write `%s inside %s`", text,
                            literal);
        else
            diagnostic_mend(compilation, d, ast->range, NULL, "write `%s == %s` or `%s in { %s }`",
                            text, literal, text, literal);
        return NULL;
    }
    ast_expression *const item = arena_allocate(environment->checker->arena, sizeof *item);
    *item = *ast->right;
    ast_expression **const items = arena_array(environment->checker->arena, 1, sizeof *items);
    items[0] = item;
    ast_expression *const set = arena_allocate(environment->checker->arena, sizeof *set);
    *set = (ast_expression){.kind = AST_SET, .range = ast->right->range, .items = {items, 1}};
    set_declaration *const declaration = scope_literal_set(environment->checker, ast->right, set);
    return declaration == NULL ? NULL : in_set(environment, ast, declaration);
}

static expression *in_list(const environment *environment, const ast_expression *ast)
{
    const bool left_free = value_is_free(environment, ast->left);
    expression *left = left_free ? NULL : value_check(environment, ast->left, NULL);
    if (!left_free && left == NULL)
        return NULL;
    expression *const list =
        value_check(environment, ast->right,
                    left == NULL ? NULL : type_list(environment->checker, left->type, 0));
    if (list == NULL)
        return NULL;
    const char *const text = excerpt(environment, ast->right->range);
    if (list->type->kind != CST_KIND_LIST) {
        diagnostic *const d = report(environment, E_IN_WHAT, ast->right->range,
                                     "`%s` is %s, neither a set nor a list", text,
                                     type_with_article(environment->checker, list->type));
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL, "write `%s == %s`",
                        excerpt(environment, ast->left->range), text);
        return NULL;
    }
    const type *const element = list->type->element;
    if (type_is_lost(environment->checker, element))
        return NULL;
    if (element->kind == CST_KIND_JSON || element->kind == CST_KIND_RECORD ||
        element->kind == CST_KIND_LIST) {
        diagnostic *const d =
            report(environment, E_NOT_COMPARABLE, ast->range,
                   "the elements of `%s` are %s, and only single values are compared", text,
                   type_name(environment->checker, element));
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "write `any x in %s satisfies (…)`", text);
        return NULL;
    }
    if (left == NULL && (left = value_check(environment, ast->left, element)) == NULL)
        return NULL;
    expression *const fit = value_widen(environment, left, element);
    if (fit != NULL) {
        expression *const test =
            node_binary(environment, EXPRESSION_IN_LIST, NULL, fit, list, ast->range);
        return facts_are(list) ? facts_membership(environment, test) : test;
    }
    diagnostic *const d = report(
        environment, E_TYPES_DIFFER, ast->range, "`%s` is %s and the elements of `%s` are %s",
        excerpt(environment, ast->left->range), type_with_article(environment->checker, left->type),
        text, type_name(environment->checker, element));
    diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                    "declare both with one type");
    return NULL;
}

expression *in_check(const environment *environment, const ast_expression *ast)
{
    expression *test;
    set_declaration *set = NULL;
    if (ast->right->kind == AST_SET && needs_unrolling(environment, ast->right))
        test = in_unrolled(environment, ast);
    else if (ast->right->kind == AST_STRING)
        test = in_text(environment, ast);
    else if ((set = set_named(environment, ast->right)) != NULL)
        test = in_set(environment, ast, set);
    else if (ast->right->kind == AST_SET)
        return NULL; /* reported when it was read */
    else
        test = in_list(environment, ast);
    if (test != NULL && (ast->right->kind == AST_SET || set != NULL))
        warn_whole_in(environment, ast);
    return test != NULL && ast->negated ? node_not(environment, test, ast->range) : test;
}

/* ---- starts with, ends with, inside ---------------------------------------------------------- */

bool typed_test_report(const environment *environment, const ast_expression *ast, const type *type)
{
    if (!type_is_identity(type))
        return false;
    const char *const text = excerpt(environment, ast->left->range);
    diagnostic *const d = report(environment, E_TYPED_TEST, ast->range,
                                 "`%s` is %s: a test on its letters could be evaded", text,
                                 type_with_article(environment->checker, type));
    compilation *const compilation = environment->checker->compilation;
    switch (type->kind) {
    case CST_KIND_EMAIL:
        diagnostic_mend(
            compilation, d, ast->range, NULL,
            "write `%s.domain == \"example.com\"` or `%s.domain inside \"example.com\"`", text,
            text);
        break;
    case CST_KIND_URL:
        diagnostic_mend(compilation, d, ast->range, NULL,
                        "write `%s.host inside \"example.com\"` or `%s.scheme == \"https\"`", text,
                        text);
        break;
    case CST_KIND_HOST:
        diagnostic_mend(compilation, d, ast->range, NULL, "write `%s inside \"example.com\"`",
                        text);
        break;
    case CST_KIND_PATH:
        diagnostic_mend(compilation, d, ast->range, NULL, "write `%s inside \"/folder\"`", text);
        break;
    case CST_KIND_COMMAND:
        diagnostic_mend(compilation, d, ast->range, NULL,
                        "write `%s runs \"git push\"`, or ask for `%s.writes`", text, text);
        break;
    default:
        diagnostic_mend(compilation, d, ast->range, NULL, "write `%s in \"10.0.0.0/8\"`", text);
        break;
    }
    return true;
}

expression *affix_check(const environment *environment, const ast_expression *ast)
{
    const type *const string = type_scalar(environment->checker, CST_KIND_STRING, 0);
    expression *const left =
        value_check(environment, ast->left, value_is_free(environment, ast->left) ? string : NULL);
    if (left == NULL || typed_test_report(environment, ast, left->type))
        return NULL;
    if (left->type->kind != CST_KIND_STRING) {
        const char *const text = excerpt(environment, ast->left->range);
        diagnostic *const d = report(environment, E_TEXT_TEST, ast->range,
                                     "`%s` is %s, and only a string starts or ends with something",
                                     text, type_with_article(environment->checker, left->type));
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "compare the whole value: `%s == …` or `%s in { … }`", text, text);
        return NULL;
    }
    return node_binary(environment, ast->kind == AST_STARTS ? EXPRESSION_STARTS : EXPRESSION_ENDS,
                       NULL, left, value_of_type(environment, ast->right, string), ast->range);
}

static void inside_report(const environment *environment, const ast_expression *ast,
                          const type *type)
{
    const char *const text = excerpt(environment, ast->left->range);
    diagnostic *const d = report(environment, E_INSIDE_WHAT, ast->range,
                                 "`%s` is %s, and only a path or a host is inside another", text,
                                 type_with_article(environment->checker, type));
    compilation *const compilation = environment->checker->compilation;
    const char *const right = excerpt(environment, ast->right->range);
    if (type->kind == CST_KIND_URL)
        diagnostic_mend(compilation, d, ast->range, NULL, "write `%s.host inside %s`", text, right);
    else if (type->kind == CST_KIND_EMAIL)
        diagnostic_mend(compilation, d, ast->range, NULL, "write `%s.domain inside %s`", text,
                        right);
    else if (type->kind == CST_KIND_IP)
        diagnostic_mend(compilation, d, ast->range, NULL, "write `%s in %s`", text, right);
    else
        diagnostic_mend(compilation, d, ast->range, NULL, "declare `%s` as `path`", text);
}

expression *inside_check(const environment *environment, const ast_expression *ast)
{
    /* Open data, or an element of a set, has the type of the other side if that has one. */
    expression *right = NULL;
    const type *demand = NULL;
    if (value_is_free(environment, ast->left) && !value_is_free(environment, ast->right)) {
        if ((right = value_check(environment, ast->right, NULL)) == NULL)
            return NULL;
        demand = right->type;
    } else if (ast->left->kind == AST_PATH && ast->right->kind == AST_STRING &&
               path_look(environment, &ast->left->path) != NULL) {
        /* Open data beside a text: what the text looks like is what the guard should ask for. */
        const char first = ast->right->text.length > 0 ? ast->right->text.bytes[0] : '/';
        demand = type_scalar(environment->checker,
                             first == '/' || first == '.' ? CST_KIND_PATH : CST_KIND_HOST, 0);
    }
    expression *const left = value_check(environment, ast->left, demand);
    if (left == NULL)
        return NULL;
    if (left->type->kind != CST_KIND_PATH && left->type->kind != CST_KIND_HOST) {
        inside_report(environment, ast, left->type);
        return NULL;
    }
    const set_declaration *const set = set_named(environment, ast->right);
    if (set != NULL) {
        const char *const text = excerpt(environment, ast->right->range);
        diagnostic *const d = report(environment, E_INSIDE_WHAT, ast->right->range,
                                     "`%s` is a set, and `inside` takes one value", text);
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "write `any p in %s satisfies %s inside p`", text,
                        excerpt(environment, ast->left->range));
        return NULL;
    }
    if (right == NULL || !types_match(right->type, left->type))
        right = value_of_type(environment, ast->right,
                              type_scalar(environment->checker, left->type->kind, 0));
    expression *const test =
        node_binary(environment, EXPRESSION_INSIDE, NULL, left, right, ast->range);
    return test != NULL && ast->negated ? node_not(environment, test, ast->range) : test;
}

/* ---- is -------------------------------------------------------------------------------------- */

static const type *is_type(const environment *environment, const ast_text *word)
{
    checker *const checker = environment->checker;
    if (key_is(key_of(word), "list"))
        return type_list(checker, type_scalar(checker, CST_KIND_JSON, 0), 0);
    const ast_type named = {.kind = AST_TYPE_NAME, .range = word->range, .name = *word};
    return type_resolve(checker, environment->unit, &named, 0);
}

expression *is_check(const environment *environment, const ast_expression *ast)
{
    if (ast->left->kind != AST_PATH && !past_is(ast->left)) {
        diagnostic *const d =
            report(environment, E_NOT_A_FIELD, ast->left->range,
                   "only a field can be present or absent, and `%s` is not a field",
                   excerpt(environment, ast->left->range));
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "test the field itself");
        return NULL;
    }
    expression *place = past_is(ast->left) ? value_check(environment, ast->left, NULL)
                                           : path_check(environment, &ast->left->path, NULL, true);
    if (place == NULL)
        return NULL;
    const bool absent = key_is(key_of(&ast->text), "absent");
    /* A part is there if what it is a part of is. */
    while (place->kind == EXPRESSION_PROPERTY)
        place = place->left;
    const type *type = NULL;
    if (!absent && !key_is(key_of(&ast->text), "present")) {
        if (guess_is(environment, ast, place->type))
            return NULL;
        type = is_type(environment, &ast->text);
        if (type == NULL)
            return NULL;
        if (place->type->kind != CST_KIND_JSON && !types_match(place->type, type)) {
            const char *const text = excerpt(environment, ast->left->range);
            diagnostic *const d =
                report(environment, E_IS_TYPE, ast->range, "`%s` is declared as %s and never is %s",
                       text, type_with_article(environment->checker, place->type),
                       type_with_article(environment->checker, type));
            diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                            "leave the test out, or change the declaration");
            return NULL;
        }
    }
    if (!node_is_place(place)) /* an argument that is a constant or computed: it is there */
        return node_truth(environment, !absent, ast->range);
    if (type != NULL && place->type->kind == CST_KIND_JSON)
        place = place_as(environment, place, type, ast->left->range);
    expression *const present =
        node_unary(environment, EXPRESSION_PRESENT, NULL, place, ast->range);
    return absent ? node_not(environment, present, ast->range) : present;
}

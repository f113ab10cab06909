/*
 * expression_value.c - values: literals, paths, fallbacks, arithmetic, and the numbers that lists
 * hold.
 *
 * A literal has no type until its surroundings demand one; `demand` carries that down. Arithmetic
 * is exact or says so: what can overflow is undecided at run time, and what would not be exact at
 * all (a product of two decimals, a decimal with a float) is an error here.
 */
#include "compiler/check/expression.h"

/* ---- literals -------------------------------------------------------------------------------- */

static bool is_literal(const ast_expression *ast)
{
    return ast->kind == AST_STRING || ast->kind == AST_INT || ast->kind == AST_DECIMAL ||
           ast->kind == AST_DURATION;
}

/* A single name that nothing here is called by: perhaps an enum value, an agent, a tool. */
static bool is_bare_name(const environment *environment, const ast_expression *ast)
{
    if (ast->kind != AST_PATH || ast->path.count != 1)
        return false;
    const binding *const binding = binding_find(environment, &ast->path);
    if (binding != NULL)
        return binding->kind == BINDING_ELEMENT;
    return !scope_has_root(environment->scope, key_of(&ast->path.items[0]));
}

static bool is_untyped(const environment *environment, const ast_expression *ast)
{
    if (ast->kind != AST_PATH)
        return false;
    const expression *const place = path_look(environment, &ast->path);
    return place != NULL && place->type->kind == CST_KIND_JSON &&
           narrowed_type(environment, place, NULL) == NULL;
}

bool value_is_free(const environment *environment, const ast_expression *ast)
{
    uint32_t steps = 0;
    for (; ast != NULL && ast->kind == AST_ARITHMETIC && steps <= LIMIT_EXPRESSION_DEPTH;
         ast = ast->left, steps++)
        if (!value_is_free(environment, ast->right))
            return false;
    if (ast == NULL)
        return false;
    if (ast->kind == AST_ELSE)
        return is_untyped(environment, ast->left) && value_is_free(environment, ast->right);
    return is_literal(ast) || is_bare_name(environment, ast) || is_untyped(environment, ast);
}

static const type *natural_type(const environment *environment, const ast_expression *ast)
{
    const cst_kind kind = ast->kind == AST_STRING    ? CST_KIND_STRING
                          : ast->kind == AST_INT     ? CST_KIND_INT
                          : ast->kind == AST_DECIMAL ? CST_KIND_DECIMAL
                                                     : CST_KIND_DURATION;
    return type_scalar(environment->checker, kind, 0);
}

static bool is_scalar(const type *type)
{
    return type->kind != CST_KIND_LIST && type->kind != CST_KIND_RECORD &&
           type->kind != CST_KIND_JSON;
}

static expression *literal_check(const environment *environment, const ast_expression *ast,
                                 const type *demand)
{
    const set_element literal = literal_of(ast);
    cst_value value;
    diagnostic_code code;
    const type *type =
        demand != NULL && is_scalar(demand) ? demand : natural_type(environment, ast);
    /* `x > 2.5` with an int x compares decimals; the caller widens x. A duration may stand where a
     * time is demanded: `t + 5m`. */
    if (ast->kind == AST_DECIMAL && type->kind == CST_KIND_INT &&
        literal_try(environment->checker, &literal, type, &value, &code) != NULL)
        type = natural_type(environment, ast);
    if (environment->quiet
            ? literal_try(environment->checker, &literal, type, &value, &code) != NULL
            : !literal_read(environment->checker, environment->unit, &literal, ast->range, type,
                            &value))
        return NULL;
    return node_constant(environment, type, &value, ast->range);
}

/* ---- types ----------------------------------------------------------------------------------- */

expression *value_widen(const environment *environment, expression *value, const type *type)
{
    if (types_match(value->type, type))
        return value;
    if (value->type->kind != CST_KIND_INT ||
        (type->kind != CST_KIND_DECIMAL && type->kind != CST_KIND_FLOAT))
        return NULL;
    if (value->kind == EXPRESSION_CONSTANT) {
        const set_element literal = {.kind = AST_INT, .integer = value->constant.as.integer};
        cst_value wide;
        diagnostic_code code;
        if (literal_try(environment->checker, &literal, type, &wide, &code) == NULL)
            return node_constant(environment, type, &wide, value->range);
    }
    return node_unary(environment, EXPRESSION_WIDEN, type, value, value->range);
}

expression *value_of_type(const environment *environment, const ast_expression *ast,
                          const type *type)
{
    expression *const value = value_check(environment, ast, type);
    if (value == NULL)
        return NULL;
    expression *const fit = value_widen(environment, value, type);
    if (fit == NULL)
        report(environment, E_TYPES_DIFFER, ast->range, "`%s` is %s where %s is demanded",
               excerpt(environment, ast->range),
               type_with_article(environment->checker, value->type),
               type_with_article(environment->checker, type));
    return fit;
}

/* ---- else ------------------------------------------------------------------------------------ */

/* What may be missing: a field, or a part of one. */
static bool may_fall_back(const expression *value)
{
    while (value->kind == EXPRESSION_PROPERTY)
        value = value->left;
    return node_is_place(value);
}

static expression *else_check(const environment *environment, const ast_expression *ast,
                              const type *demand)
{
    expression *left, *right;
    if (is_untyped(environment, ast->left)) {
        /* The fallback says as what the open data is read. */
        right = value_check(environment, ast->right, demand);
        left = right == NULL ? NULL : value_check(environment, ast->left, right->type);
    } else {
        left = value_check(environment, ast->left, demand);
        right = left == NULL ? NULL : value_of_type(environment, ast->right, left->type);
    }
    if (left == NULL || right == NULL)
        return NULL;
    if (!may_fall_back(left)) {
        diagnostic *const d = report(environment, E_NOT_A_FIELD, ast->left->range,
                                     "`else` stands behind a field, and `%s` is not one",
                                     excerpt(environment, ast->left->range));
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "put the fallback at the field: `(FIELD else …)`");
        return NULL;
    }
    if (!is_scalar(left->type) || node_is_condition(right)) {
        const char *const text = excerpt(environment, ast->left->range);
        diagnostic *const d =
            report(environment, E_FALLBACK_TYPE, ast->range,
                   "only a single value can have a fallback, not %s",
                   node_is_condition(right) ? "a condition"
                                            : type_with_article(environment->checker, left->type));
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "write `%s is present and …`", text);
        return NULL;
    }
    return node_binary(environment, EXPRESSION_ELSE, left->type, left, right, ast->range);
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

/* Both operands, a free one read as fits the other. */
static bool operands_check(const environment *environment, const ast_expression *ast,
                           const type *demand, expression **left, expression **right)
{
    const bool left_free = value_is_free(environment, ast->left),
               right_free = value_is_free(environment, ast->right);
    const bool multiply = ast->op == AST_OP_MULTIPLY;
    const ast_expression *const first = left_free && !right_free ? ast->right : ast->left;
    const ast_expression *const second = first == ast->left ? ast->right : ast->left;
    /* A factor of a decimal or a duration is a whole number, so the demand says nothing about it.
     */
    const type *const passed =
        demand != NULL && (multiply ? demand->kind == CST_KIND_FLOAT
                                    : type_is_number(demand) || demand->kind == CST_KIND_STRING)
            ? demand
            : NULL;
    expression *const a = value_check(environment, first, passed);
    if (a == NULL)
        return false;
    const cst_kind kind = a->type->kind;
    const bool guides =
        multiply ? kind == CST_KIND_FLOAT : type_is_number(a->type) || kind == CST_KIND_STRING;
    expression *const b = value_check(environment, second,
                                      left_free && right_free && !guides ? passed
                                      : guides                           ? a->type
                                                                         : NULL);
    *left = first == ast->left ? a : b;
    *right = first == ast->left ? b : a;
    return b != NULL;
}

static bool unify(const environment *environment, expression **left, expression **right)
{
    expression *const wide_right = value_widen(environment, *right, (*left)->type);
    if (wide_right != NULL) {
        *right = wide_right;
        return true;
    }
    expression *const wide_left = value_widen(environment, *left, (*right)->type);
    if (wide_left != NULL)
        *left = wide_left;
    return wide_left != NULL;
}

static const char *operator_text(ast_operator op)
{
    return op == AST_OP_ADD ? "+" : op == AST_OP_SUBTRACT ? "-" : "*";
}

static expression *arithmetic_refuse(const environment *environment, const ast_expression *ast,
                                     const expression *left, const expression *right)
{
    checker *const checker = environment->checker;
    const cst_kind a = left->type->kind, b = right->type->kind;
    if (ast->op == AST_OP_MULTIPLY && a == CST_KIND_DECIMAL && b == CST_KIND_DECIMAL) {
        diagnostic *const d = report(environment, E_DECIMAL_PRODUCT, ast->range,
                                     "a product of two decimals is not exact");
        diagnostic_mend(checker->compilation, d, ast->range, NULL,
                        "make one factor an int, or both float");
        return NULL;
    }
    diagnostic *const d =
        report(environment, E_ARITHMETIC_TYPES, ast->range,
               "`%s` is %s and `%s` is %s: `%s` does not go with them",
               excerpt(environment, ast->left->range), type_with_article(checker, left->type),
               excerpt(environment, ast->right->range), type_with_article(checker, right->type),
               operator_text(ast->op));
    if ((a == CST_KIND_DECIMAL && b == CST_KIND_FLOAT) ||
        (a == CST_KIND_FLOAT && b == CST_KIND_DECIMAL))
        diagnostic_note_text(
            checker->compilation, d,
            "a decimal is exact and a float is not: declare both as one of the two");
    else if (a == CST_KIND_STRING || b == CST_KIND_STRING)
        diagnostic_note_text(checker->compilation, d, "only a string can be joined to a string");
    else if ((a == CST_KIND_TIME || a == CST_KIND_DURATION) && right->kind == EXPRESSION_CONSTANT &&
             b == CST_KIND_INT)
        diagnostic_mend(checker->compilation, d, ast->right->range, NULL,
                        "write a duration: `%lldm`, `%lldh`", (long long)right->constant.as.integer,
                        (long long)right->constant.as.integer);
    return NULL;
}

static expression *add_check(const environment *environment, const ast_expression *ast,
                             expression *left, expression *right)
{
    const bool add = ast->op == AST_OP_ADD;
    const expression_kind kind = add ? EXPRESSION_ADD : EXPRESSION_SUBTRACT;
    const cst_kind a = left->type->kind, b = right->type->kind;
    checker *const checker = environment->checker;
    if (a == CST_KIND_TIME && b == CST_KIND_DURATION)
        return node_binary(environment, kind, left->type, left, right, ast->range);
    if (add && a == CST_KIND_DURATION && b == CST_KIND_TIME)
        return node_binary(environment, kind, right->type, right, left, ast->range);
    if (!add && a == CST_KIND_TIME && b == CST_KIND_TIME)
        return node_binary(environment, kind, type_scalar(checker, CST_KIND_DURATION, 0), left,
                           right, ast->range);
    if (add && a == CST_KIND_STRING && b == CST_KIND_STRING)
        return node_binary(environment, EXPRESSION_JOIN, type_scalar(checker, CST_KIND_STRING, 0),
                           left, right, ast->range);
    if (!unify(environment, &left, &right) ||
        !(type_is_number(left->type) || left->type->kind == CST_KIND_DURATION))
        return arithmetic_refuse(environment, ast, left, right);
    return node_binary(environment, kind, left->type, left, right, ast->range);
}

static expression *multiply_check(const environment *environment, const ast_expression *ast,
                                  expression *left, expression *right)
{
    const cst_kind a = left->type->kind, b = right->type->kind;
    if (a == CST_KIND_FLOAT || b == CST_KIND_FLOAT) {
        if (!unify(environment, &left, &right))
            return arithmetic_refuse(environment, ast, left, right);
        return node_binary(environment, EXPRESSION_MULTIPLY, left->type, left, right, ast->range);
    }
    const bool left_int = a == CST_KIND_INT, right_int = b == CST_KIND_INT;
    const cst_kind other = left_int ? b : a;
    if ((!left_int && !right_int) ||
        (other != CST_KIND_INT && other != CST_KIND_DECIMAL && other != CST_KIND_DURATION))
        return arithmetic_refuse(environment, ast, left, right);
    return node_binary(environment, EXPRESSION_MULTIPLY, left_int ? right->type : left->type, left,
                       right, ast->range);
}

static expression *arithmetic_check(const environment *environment, const ast_expression *ast,
                                    const type *demand)
{
    expression *left = NULL, *right = NULL;
    if (!operands_check(environment, ast, demand, &left, &right))
        return NULL;
    return ast->op == AST_OP_MULTIPLY ? multiply_check(environment, ast, left, right)
                                      : add_check(environment, ast, left, right);
}

/* ---- NAME of x ------------------------------------------------------------------------------- */

static expression *of_check(const environment *environment, const ast_expression *ast)
{
    static const struct {
        const char *word;
        expression_kind kind;
    } words[] = {{"length", EXPRESSION_LENGTH},
                 {"sum", EXPRESSION_SUM},
                 {"min", EXPRESSION_LEAST},
                 {"max", EXPRESSION_GREATEST}};
    const key word = ast->path.count == 1 ? key_of(&ast->path.items[0]) : (key){"", 0};
    uint32_t which = 0;
    while (which < 4 && !key_is(word, words[which].word))
        which++;
    if (which == 4 && parts_are(environment, ast))
        return parts_check(environment, ast);
    if (which == 4 && guess_past(environment, ast))
        return NULL;
    if (which == 4) {
        static const char *const known[] = {"length", "sum",    "min",     "max",  "text",
                                            "urls",   "emails", "numbers", "count"};
        const char *const text = excerpt(environment, ast->path.range);
        diagnostic *const d =
            report(environment, E_UNKNOWN_OF, ast->path.range, "nothing is known as `%s of`", text);
        const bool size = key_is(word, "size") || key_is(word, "len");
        const char *const near = size ? "length" : diagnostic_nearest(text, known, 9);
        diagnostic_note_text(environment->checker->compilation, d,
                             "there are `length of`, `sum of`, `min of` and `max of`; `text of`, "
                             "`urls of`, `emails of` and "
                             "`numbers of`; and the name of a pattern");
        if (near != NULL)
            diagnostic_mend(environment->checker->compilation, d, ast->path.range, near,
                            "write `%s of`", near);
        return NULL;
    }
    expression *const value = value_check(environment, ast->left, NULL);
    if (value == NULL)
        return NULL;
    const type *const type = value->type;
    if (words[which].kind == EXPRESSION_LENGTH &&
        (type_is_text(type) || type->kind == CST_KIND_LIST))
        return node_unary(environment, EXPRESSION_LENGTH,
                          type_scalar(environment->checker, CST_KIND_INT, 0), value, ast->range);
    const struct type *const element = type->kind == CST_KIND_LIST ? type->element : NULL;
    const bool extreme =
        words[which].kind == EXPRESSION_LEAST || words[which].kind == EXPRESSION_GREATEST;
    if (words[which].kind != EXPRESSION_LENGTH && element != NULL &&
        (type_is_number(element) || element->kind == CST_KIND_DURATION ||
         (extreme && element->kind == CST_KIND_TIME)))
        return node_unary(environment, words[which].kind,
                          type_scalar(environment->checker, element->kind, 0), value, ast->range);
    report(environment, E_OF_TYPE, ast->left->range, "`%s of` needs %s, and `%s` is %s",
           words[which].word,
           words[which].kind == EXPRESSION_LENGTH ? "a text or a list"
           : extreme                              ? "a list of numbers, durations or times"
                                                  : "a list of numbers or durations",
           excerpt(environment, ast->left->range), type_with_article(environment->checker, type));
    return NULL;
}

/* ---- any value ------------------------------------------------------------------------------- */

static expression *path_value(const environment *environment, const ast_expression *ast,
                              const type *demand)
{
    const bool names_value =
        demand != NULL && (demand->kind == CST_KIND_ENUM || demand->kind == CST_KIND_AGENT ||
                           demand->kind == CST_KIND_TOOL);
    if (names_value && ast->path.count == 1 && binding_find(environment, &ast->path) == NULL)
        return bare_name_check(environment, &ast->path, demand);
    return path_check(environment, &ast->path, demand,
                      demand != NULL && demand->kind == CST_KIND_JSON);
}

expression *value_check(const environment *environment, const ast_expression *ast,
                        const type *demand)
{
    if (ast == NULL || too_large(environment))
        return NULL;
    struct environment inner = *environment;
    inner.depth++;
    if (past_is(ast))
        return past_check(&inner, ast);
    switch (ast->kind) {
    case AST_PATH: return path_value(&inner, ast, demand);
    case AST_STRING:
    case AST_INT:
    case AST_DECIMAL:
    case AST_DURATION: return literal_check(&inner, ast, demand);
    case AST_BOOL: return node_truth(&inner, ast->integer != 0, ast->range);
    case AST_ELSE: return else_check(&inner, ast, demand);
    case AST_ARITHMETIC: return arithmetic_check(&inner, ast, demand);
    case AST_OF: return of_check(&inner, ast);
    case AST_SET: {
        diagnostic *const d =
            report(&inner, E_NOT_A_VALUE, ast->range, "a set cannot stand for a value");
        diagnostic_mend(inner.checker->compilation, d, ast->range, NULL,
                        "write `x in { … }`, or `any x in { … } satisfies …`");
        return NULL;
    }
    case AST_REGEX: {
        diagnostic *const d =
            report(&inner, E_NOT_A_VALUE, ast->range, "a pattern cannot stand for a value");
        diagnostic_mend(inner.checker->compilation, d, ast->range, NULL,
                        "write `… contains %s` or `… matches %s`", excerpt(&inner, ast->range),
                        excerpt(&inner, ast->range));
        return NULL;
    }
    case AST_VIEW: {
        diagnostic *const d =
            report(&inner, E_VIEW_PLACE, ast->range,
                   "`%s` is how a text is looked into, not a text of its own", ast->text.bytes);
        diagnostic_mend(
            inner.checker->compilation, d, ast->range, NULL,
            "write it before `contains`, `matches` or `repeats`, or behind `PATTERN of`");
        return NULL;
    }
    case AST_ERROR: return NULL;
    case AST_CALL: return call_check(&inner, ast);
    default: return condition_check(&inner, ast);
    }
}

/*
 * expression.c - conditions: the first step, from the syntax tree to a tree in which every name and
 * type is resolved.
 *
 * Here stand the reports that the condition half shares, the connectives, and the choice of who
 * checks what. Open data has no type of its own: `X is string` gives it one for the other operands
 * of the same `and` (and, negated, of the same `or`). That must be known before those operands are
 * checked, so it is collected from the syntax tree first, whatever the order of the operands
 * (narrowings). Whether the guard really guards is not judged here but by guards.c, on the finished
 * tree.
 */
#include "compiler/check/expression.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- reports --------------------------------------------------------------------------------- */

static const char *format_text(checker *checker, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static const char *format_text(checker *checker, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return format;
    char *const text = arena_allocate(checker->arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

static bool reported(const checker *checker, diagnostic_code code, source_range range)
{
    const compilation *const compilation = checker->compilation;
    for (uint32_t i = compilation->diagnostics.count; i-- > 0;)
        if (compilation->diagnostics.items[i].code == code &&
            ranges_equal(compilation->diagnostics.items[i].range, range))
            return true;
    return false;
}

static diagnostic *report_once(checker *checker, diagnostic_code code, source_range range,
                               const char *text, bool *fresh)
{
    *fresh = !reported(checker, code, range);
    if (!*fresh) {
        checker->compilation->spare.note_count = 0;
        return &checker->compilation->spare;
    }
    return diagnostic_report(checker->compilation, code, range, "%s", text);
}

diagnostic *check_report(checker *checker, diagnostic_code code, source_range range,
                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *const text = format_text(checker, format, arguments);
    va_end(arguments);
    bool fresh;
    return report_once(checker, code, range, text, &fresh);
}

/* Which calls and which tools led to a report. */
static void add_context(const environment *environment, diagnostic *diagnostic)
{
    compilation *const compilation = environment->checker->compilation;
    uint32_t shown = 0;
    for (const call *at = environment->calls;
         at != NULL && shown < 4 && !environment->scope->any_stage; at = at->outer, shown++)
        diagnostic_note_at(compilation, diagnostic, at->range,
                           "this is the body of `%s`, used here", at->definition->name);
    const scope *const scope = environment->scope;
    if (!scope->has_tools || scope->every_tool || scope->tool_count == scope->all_count)
        return;
    const tool *const tools = environment->checker->policy->tools.items;
    const char *names = "";
    for (uint32_t i = 0; i < scope->tool_count && i < 5; i++)
        names = arena_format(environment->checker->arena, "%s%s`%s`", names, i == 0 ? "" : ", ",
                             tools[scope->tools[i]].name);
    diagnostic_note_text(
        compilation, diagnostic,
        "the tools of this rule declare a field with different types; here it is checked for %s%s",
        names, scope->tool_count > 5 ? ", …" : "");
}

diagnostic *report(const environment *environment, diagnostic_code code, source_range range,
                   const char *format, ...)
{
    if (environment->quiet) {
        environment->checker->compilation->spare.note_count = 0;
        return &environment->checker->compilation->spare;
    }
    va_list arguments;
    va_start(arguments, format);
    const char *const text = format_text(environment->checker, format, arguments);
    va_end(arguments);
    bool fresh;
    diagnostic *const diagnostic = report_once(environment->checker, code, range, text, &fresh);
    if (fresh)
        add_context(environment, diagnostic);
    return diagnostic;
}

const char *excerpt(const environment *environment, source_range range)
{
    return source_excerpt(environment->checker->compilation, range);
}

/* ---- narrowings ------------------------------------------------------------------------------ */

typedef struct found {
    uint32_t owner; /* operand that tests the type */
    const expression *place;
    const type *type;
} found;

typedef struct found_list {
    found *items;
    uint32_t count, capacity;
} found_list;

/* The tests `X is TYPE` that hold if `ast` is true (or false, if not positive). */
static void narrowings_collect(const environment *look, const ast_expression *ast, bool positive,
                               uint32_t owner, found_list *out)
{
    if (ast == NULL || look->depth > LIMIT_EXPRESSION_DEPTH)
        return;
    environment inner = *look;
    inner.depth++;
    if (ast->kind == AST_NOT) {
        narrowings_collect(&inner, ast->left, !positive, owner, out);
        return;
    }
    if (ast->kind == (positive ? AST_AND : AST_OR)) {
        for (uint32_t i = 0; i < ast->items.count; i++)
            narrowings_collect(&inner, ast->items.items[i], positive, owner, out);
        return;
    }
    if (ast->kind != AST_IS || !positive || ast->left == NULL || ast->left->kind != AST_PATH)
        return;
    const expression *const test = is_check(&inner, ast);
    if (test == NULL || test->kind != EXPRESSION_PRESENT)
        return;
    const expression *const place = path_look(&inner, &ast->left->path);
    if (place == NULL || place->type->kind != CST_KIND_JSON ||
        test->left->type->kind == CST_KIND_JSON)
        return;
    *ARENA_PUSH(look->checker->arena, out) = (found){owner, place, test->left->type};
}

/* Checks the operands of one `and` or `or`, each under the type tests of all others. */
static expression *connective_check(const environment *environment, const ast_expression *ast)
{
    struct environment look = *environment;
    look.quiet = true;
    found_list found = {0};
    for (uint32_t i = 0; i < ast->items.count; i++)
        narrowings_collect(&look, ast->items.items[i], ast->kind == AST_AND, i, &found);
    narrowing *const narrowings =
        arena_array(environment->checker->arena, found.count, sizeof *narrowings);
    expression **const items =
        arena_array(environment->checker->arena, ast->items.count, sizeof *items);
    bool sound = true;
    for (uint32_t i = 0; i < ast->items.count; i++) {
        struct environment inner = *environment;
        for (uint32_t k = 0; k < found.count; k++) {
            if (found.items[k].owner == i)
                continue;
            narrowings[k] =
                (narrowing){found.items[k].place, found.items[k].type, inner.narrowings};
            inner.narrowings = &narrowings[k];
        }
        items[i] = guess_alternatives(&inner, ast, i)
                       ? NULL
                       : condition_check(&inner, ast->items.items[i]);
        sound = sound && items[i] != NULL;
    }
    if (!sound)
        return NULL;
    return node_list(environment, ast->kind == AST_AND ? EXPRESSION_AND : EXPRESSION_OR, items,
                     ast->items.count, ast->range);
}

/* ---- conditions ------------------------------------------------------------------------------ */

/* A value where a condition is demanded: only a bool is one. */
static expression *truth_check(const environment *environment, const ast_expression *ast)
{
    expression *const value =
        value_check(environment, ast, type_scalar(environment->checker, CST_KIND_BOOL, 0));
    if (value == NULL)
        return NULL;
    if (value->type->kind != CST_KIND_BOOL) {
        const char *const text = excerpt(environment, ast->range);
        diagnostic *const d = report(environment, E_NOT_A_CONDITION, ast->range,
                                     "`%s` is %s, and a condition is true or false", text,
                                     type_with_article(environment->checker, value->type));
        if (value->type->kind == CST_KIND_LIST)
            diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                            "write `any x in %s satisfies …` or `length of %s > 0`", text, text);
        else
            diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                            "compare it: `%s == …`", text);
        return NULL;
    }
    if (node_is_condition(value) || value->kind == EXPRESSION_CONSTANT)
        return value;
    return node_unary(environment, EXPRESSION_TRUTH, NULL, value, ast->range);
}

expression *condition_check(const environment *environment, const ast_expression *ast)
{
    if (ast == NULL || too_large(environment))
        return NULL;
    struct environment inner = *environment;
    inner.depth++;
    if (ast->kind == AST_EARLIER)
        return past_check(&inner, ast);
    switch (ast->kind) {
    case AST_HAS: return label_check(&inner, ast);
    case AST_AND:
    case AST_OR: return connective_check(&inner, ast);
    case AST_NOT: return node_not(&inner, condition_check(&inner, ast->left), ast->range);
    case AST_COMPARE: return compare_check(&inner, ast);
    case AST_IN: return in_check(&inner, ast);
    case AST_STARTS:
    case AST_ENDS: return affix_check(&inner, ast);
    case AST_INSIDE: return inside_check(&inner, ast);
    case AST_IS: return is_check(&inner, ast);
    case AST_CONTAINS: return contains_check(&inner, ast);
    case AST_MATCHES: return matches_check(&inner, ast);
    case AST_RUNS: return runs_check(&inner, ast);
    case AST_REPEATS: return repeats_check(&inner, ast);
    case AST_FROM: return from_check(&inner, ast);
    case AST_QUANTIFIER: return quantifier_check(&inner, ast);
    case AST_ERROR: return NULL;
    default: return truth_check(&inner, ast);
    }
}

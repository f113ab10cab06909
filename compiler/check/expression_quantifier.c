/*
 * expression_quantifier.c - any x in L satisfies P, all x in L satisfy P.
 *
 * Over a list the quantifier stays one node, its name a LOCAL. Over a set, which is known at
 * compile time, it is replaced by an `or` (an `and`) with one copy of P for each element, read as
 * whatever its place in P demands.
 */
#include "compiler/check/expression.h"

set_declaration *set_named(const environment *environment, const ast_expression *ast)
{
    if (ast->kind == AST_SET)
        return scope_literal_set(environment->checker, ast, ast);
    if (ast->kind != AST_PATH || binding_find(environment, &ast->path) != NULL ||
        scope_has_root(environment->scope, key_of(&ast->path.items[0])))
        return NULL;
    uint32_t used = 0;
    const symbol *const symbol =
        unit_resolve(environment->checker, environment->unit, &ast->path, &used);
    return symbol != NULL && symbol->kind == SYMBOL_SET && used == ast->path.count ? symbol->set
                                                                                   : NULL;
}

static void name_warnings(const environment *environment, const ast_expression *ast, bool used,
                          bool any_body)
{
    const ast_text *const name = &ast->text;
    for (const binding *at = environment->bindings; at != NULL; at = at->outer) {
        if (!keys_equal(at->name, key_of(name)))
            continue;
        diagnostic *const d = report(environment, W_SHADOWED_NAME, name->range,
                                     "`%s` hides an outer `%s`", name->bytes, name->bytes);
        diagnostic_note_at(environment->checker->compilation, d, at->range,
                           "the outer one is here");
        diagnostic_mend(environment->checker->compilation, d, name->range, NULL,
                        "choose another name for one of them");
        break;
    }
    if (scope_has_root(environment->scope, key_of(name)) && !environment->scope->any_stage) {
        diagnostic *const d = report(environment, W_SHADOWED_NAME, name->range,
                                     "`%s` hides the field `%s`", name->bytes, name->bytes);
        diagnostic_mend(environment->checker->compilation, d, name->range, NULL,
                        "choose another name, or write `this.%s` for the field", name->bytes);
    }
    if (!used && any_body)
        diagnostic_mend(environment->checker->compilation,
                        report(environment, W_NAME_NOT_USED, name->range,
                               "the condition behind `%s` does not speak of `%s`",
                               ast->any ? "satisfies" : "satisfy", name->bytes),
                        name->range, NULL, "say something about `%s`, or write only `%s`",
                        name->bytes, excerpt(environment, ast->right->range));
}

/* ---- over a set ------------------------------------------------------------------------------ */

static expression *unroll(const environment *environment, const ast_expression *ast,
                          const set_declaration *set)
{
    if (set->lost)
        return NULL;
    if (set->count > LIMIT_UNROLLED_SET) {
        diagnostic *const d =
            report(environment, E_SET_UNROLLED, ast->left->range,
                   "`%s` has %u elements, and a quantifier goes through at most %u",
                   excerpt(environment, ast->left->range), set->count, LIMIT_UNROLLED_SET);
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "write `FIELD in %s` instead", excerpt(environment, ast->left->range));
        return NULL;
    }
    expression **const items = arena_array(environment->checker->arena, set->count, sizeof *items);
    bool used = false;
    for (uint32_t i = 0; i < set->count; i++) {
        const binding element = {.kind = BINDING_ELEMENT,
                                 .name = key_of(&ast->text),
                                 .range = ast->text.range,

                                 .element = &set->elements[i],
                                 .line = set->from_file,
                                 .used = &used,
                                 .outer = environment->bindings};
        struct environment inner = *environment;
        inner.bindings = &element;
        items[i] = condition_check(&inner, ast->right);
        if (items[i] == NULL) /* the other elements would show the same error */
            return NULL;
    }
    if (set->count == 0)
        diagnostic_mend(environment->checker->compilation,
                        report(environment, W_CONSTANT_TEST, ast->range,
                               "the set is empty, so this is always %s",
                               ast->any ? "false" : "true"),
                        ast->range, NULL, "put values into the set, or leave the test out");
    name_warnings(environment, ast, used, set->count > 0);
    return node_list(environment, ast->any ? EXPRESSION_OR : EXPRESSION_AND, items, set->count,
                     ast->range);
}

/* ---- over a list ----------------------------------------------------------------------------- */

static void no_list_report(const environment *environment, const ast_expression *ast,
                           const type *type)
{
    const char *const text = excerpt(environment, ast->left->range);
    diagnostic *const d = report(environment, E_QUANTIFIER_OVER, ast->left->range,
                                 "`%s` is %s, neither a list nor a set", text,
                                 type_with_article(environment->checker, type));
    if (type->kind == CST_KIND_JSON)
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "write `%s is list and %s`", text, excerpt(environment, ast->range));
}

expression *quantifier_check(const environment *environment, const ast_expression *ast)
{
    guess_note_quantifier(environment, ast);
    const set_declaration *const set = set_named(environment, ast->left);
    if (set != NULL)
        return unroll(environment, ast, set);
    if (ast->left->kind == AST_SET)
        return NULL;
    checker *const checker = environment->checker;
    const expression *const look =
        ast->left->kind == AST_PATH ? path_look(environment, &ast->left->path) : NULL;
    if (look != NULL && look->type->kind == CST_KIND_JSON &&
        narrowed_type(environment, look, NULL) == NULL) {
        no_list_report(environment, ast, look->type);
        return NULL;
    }
    expression *const list = value_check(environment, ast->left, NULL);
    if (list == NULL)
        return NULL;
    if (list->type->kind != CST_KIND_LIST || node_is_condition(list)) {
        no_list_report(environment, ast, list->type);
        return NULL;
    }
    bool used = false;
    const uint32_t local = checker->policy->local_count++;
    const binding bound = {.kind = BINDING_LOCAL,
                           .name = key_of(&ast->text),
                           .range = ast->text.range,
                           .local = local,
                           .type = list->type->element,
                           .used = &used,
                           .outer = environment->bindings};
    struct environment inner = *environment;
    inner.bindings = &bound;
    expression *const body = condition_check(&inner, ast->right);
    if (body == NULL)
        return NULL;
    name_warnings(environment, ast, used, true);
    expression *const node = node_binary(environment, ast->any ? EXPRESSION_ANY : EXPRESSION_ALL,
                                         NULL, list, body, ast->range);
    node->local = local;
    node->name = ast->text.bytes;
    return facts_are(list) ? facts_quantifier(environment, node) : node;
}

/*
 * expression_call.c - definitions: a call is replaced by the body, each parameter by its argument.
 * And questions to the host, whose arguments are checked the same way (extern.c).
 *
 * The body is checked in the namespace of the file that declares it, at the place of the call: its
 * fields are those of the event being decided. A definition cannot reach itself, directly or
 * through others.
 */
#include "compiler/check/expression.h"

static void unknown_report(const environment *environment, const ast_expression *ast,
                           const symbol *symbol)
{
    const char *const text = excerpt(environment, ast->path.range);
    compilation *const compilation = environment->checker->compilation;
    if (symbol != NULL) {
        diagnostic *const d = report(environment, E_UNKNOWN_DEFINITION, ast->path.range,
                                     "`%s` is not a definition", text);
        diagnostic_note_at(compilation, d, symbol->range, "it is declared here");
        if (symbol->kind == SYMBOL_SET)
            diagnostic_mend(compilation, d, ast->range, NULL, "write `… in %s`", text);
        return;
    }
    diagnostic *const d = report(environment, E_UNKNOWN_DEFINITION, ast->path.range,
                                 "no definition is called `%s`", text);
    static const char *const words[] = {"length", "sum", "min", "max", "count"};
    for (uint32_t i = 0; i < sizeof words / sizeof words[0] && ast->path.count == 1; i++)
        if (key_is(key_of(&ast->path.items[0]), words[i])) {
            diagnostic_mend(compilation, d, ast->range, NULL, "write `%s of …`", words[i]);
            return;
        }
    if (guess_call(environment, ast, d))
        return;
    const char *const near = unit_nearest(environment->checker, environment->unit, &ast->path,
                                          1u << SYMBOL_DEFINE | 1u << SYMBOL_EXTERN);
    if (near == NULL)
        return;
    diagnostic_label(compilation, d, "did you mean `%s`?", near);
    diagnostic_mend(compilation, d, ast->path.range, near, "write `%s`", near);
}

static bool recursion_report(const environment *environment, const ast_expression *ast,
                             const symbol *symbol)
{
    const call *first = environment->calls;
    while (first != NULL && first->definition != symbol)
        first = first->outer;
    if (first == NULL)
        return false;
    const char *chain = symbol->name;
    for (const call *at = environment->calls; at != first->outer; at = at->outer)
        chain = arena_format(environment->checker->arena, "%s → %s", at->definition->name, chain);
    diagnostic *const d =
        check_report(environment->checker, E_RECURSIVE_DEFINITION, symbol->range,
                     "the definition `%s` leads back to itself: %s", symbol->name, chain);
    diagnostic_note_at(environment->checker->compilation, d, ast->range, "it is used here");
    diagnostic_mend(environment->checker->compilation, d, symbol->range, NULL,
                    "write one of them without the others");
    return true;
}

/* The argument of one parameter, as a value of its type; NULL after an error. */
static expression *argument_check(const environment *environment, const ast_expression *ast,
                                  const type *type)
{
    if (type->kind == CST_KIND_JSON)
        return value_check(environment, ast, type);
    if (type->kind != CST_KIND_RECORD)
        return value_of_type(environment, ast, type);
    expression *const value = value_check(environment, ast, type);
    if (value == NULL || value->type == type)
        return value;
    report(environment, E_TYPES_DIFFER, ast->range, "`%s` is %s where %s is demanded",
           excerpt(environment, ast->range), type_with_article(environment->checker, value->type),
           type_with_article(environment->checker, type));
    return NULL;
}

static bool arguments_bind(const environment *environment, const ast_expression *ast,
                           const symbol *symbol, binding *bindings)
{
    const ast_fields *const parameters = &symbol->declaration->fields;
    if (ast->items.count != parameters->count) {
        diagnostic *const d = report(
            environment, E_ARGUMENT_COUNT, ast->range, "`%s` takes %u argument%s, not %u",
            symbol->name, parameters->count, parameters->count == 1 ? "" : "s", ast->items.count);
        diagnostic_note_at(environment->checker->compilation, d, symbol->range,
                           "it is declared here");
        const char *names = "";
        for (uint32_t i = 0; i < parameters->count; i++)
            names = arena_format(environment->checker->arena, "%s%s%s", names, i == 0 ? "" : ", ",
                                 parameters->items[i].key.bytes);
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL, "write `%s(%s)`",
                        symbol->name, names);
        return false;
    }
    bool sound = true;
    for (uint32_t i = 0; i < parameters->count; i++) {
        const ast_field *const parameter = &parameters->items[i];
        const type *const type =
            type_resolve(environment->checker, symbol->home, parameter->type, 0);
        expression *const value =
            type == NULL ? NULL : argument_check(environment, ast->items.items[i], type);
        bindings[i] = (binding){.kind = BINDING_VALUE,
                                .name = key_of(&parameter->key),
                                .range = parameter->key.range,
                                .value = value,
                                .optional = parameter->optional,
                                .type = type,
                                .outer = i == 0 ? NULL : &bindings[i - 1]};
        sound = sound && value != NULL;
    }
    return sound;
}

/* A host predicate: its arguments, as values of the declared types. */
static expression *question_check(const environment *environment, const ast_expression *ast,
                                  const symbol *symbol)
{
    const uint32_t count = symbol->declaration->fields.count;
    if (symbol->number == CST_NONE) /* its declaration has an error, which is reported */
        return NULL;
    binding *const bindings =
        arena_array(environment->checker->arena, count + 1u, sizeof *bindings);
    if (!arguments_bind(environment, ast, symbol, bindings))
        return NULL;
    expression **const arguments =
        arena_array(environment->checker->arena, count + 1u, sizeof *arguments);
    for (uint32_t i = 0; i < count; i++) {
        arguments[i] = node_copy(environment, bindings[i].value);
        if (arguments[i] == NULL)
            return NULL;
    }
    return extern_call(environment, ast, symbol, arguments);
}

expression *call_check(const environment *environment, const ast_expression *ast)
{
    uint32_t used = 0;
    const symbol *const symbol =
        unit_resolve(environment->checker, environment->unit, &ast->path, &used);
    const bool question = symbol != NULL && symbol->kind == SYMBOL_EXTERN;
    if (symbol == NULL || (symbol->kind != SYMBOL_DEFINE && !question) || used != ast->path.count ||
        symbol->declaration == NULL) {
        unknown_report(environment, ast, symbol != NULL && used == ast->path.count ? symbol : NULL);
        return NULL;
    }
    if (recursion_report(environment, ast, symbol) || scope_is_broken(environment->checker, symbol))
        return NULL;
    if (ast->keys.count > 0) {
        report(environment, E_UNKNOWN_PROPERTY, ast->keys.items[0].range,
               "`%s(…)` is %s, which has no part `%s`", symbol->name,
               question ? "an answer of the host" : "a condition", ast->keys.items[0].bytes);
        return NULL;
    }
    if (question)
        return question_check(environment, ast, symbol);
    binding *const bindings = arena_array(environment->checker->arena,
                                          symbol->declaration->fields.count, sizeof *bindings);
    if (!arguments_bind(environment, ast, symbol, bindings))
        return NULL;
    const call call = {symbol, ast->range, environment->calls};
    struct environment inner = *environment;
    inner.unit = symbol->home;
    inner.calls = &call;
    inner.bindings = symbol->declaration->fields.count == 0
                         ? NULL
                         : &bindings[symbol->declaration->fields.count - 1];
    expression *const body = condition_check(&inner, symbol->declaration->expression);
    /* Without a stage, silence may mean a field that is not judged. */
    if (body == NULL && !environment->quiet && !environment->scope->any_stage)
        scope_mark_broken(environment->checker, symbol);
    if (body != NULL)
        body->called = ast->range;
    return body;
}

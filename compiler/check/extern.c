/*
 * extern.c - host predicates: their declarations, and what a condition may ask of them.
 *
 * A call becomes one node whose operands are the arguments. A question is put with all of its
 * arguments at once and is answered by one value, so arguments are values that the host can read
 * from JSON, and an answer is a single value. What asks the host stands only where its truth can be
 * bounded while there is no answer (runtime/host/host.h): in tests, under `and`, `or`, `not` and
 * quantifiers; not as an argument of another question, and not where a condition is used as a
 * value.
 *
 * The first site of a policy that has host predicates is kept for "not asked": no reason is less.
 */
#include "compiler/check/expression.h"

/* ---- declarations ---------------------------------------------------------------------------- */

static bool is_single(const type *type)
{
    return type->kind != CST_KIND_LIST && type->kind != CST_KIND_RECORD &&
           type->kind != CST_KIND_JSON && type->kind != CST_KIND_TOOL;
}

static bool parameter_is_good(checker *checker, const ast_field *written, const type *type)
{
    if (type_is_lost(checker, type))
        return false;
    if (written->optional) {
        diagnostic *const d = check_report(checker, E_EXTERN_PARAMETER, written->key.range,
                                           "an argument of a host predicate is always there");
        diagnostic_mend(checker->compilation, d, written->key.range, NULL,
                        "leave the `?` out; where it is used write `(… else …)`");
        return false;
    }
    if (is_single(type) || (type->kind == CST_KIND_LIST && is_single(type->element)))
        return true;
    diagnostic *const d =
        check_report(checker, E_EXTERN_PARAMETER, written->type->range,
                     "an argument of a host predicate is a single value or a list of them, not %s",
                     type_with_article(checker, type));
    diagnostic_mend(
        checker->compilation, d, written->type->range, NULL,
        "declare the fields that it needs one by one, or `list<string>` for `text of …`");
    return false;
}

static bool answer_is_good(checker *checker, const ast_declaration *declaration, const type *type)
{
    switch (type->kind) {
    case CST_KIND_BOOL:
    case CST_KIND_INT:
    case CST_KIND_DECIMAL:
    case CST_KIND_FLOAT:
    case CST_KIND_STRING:
    case CST_KIND_ENUM: return true;
    default: break;
    }
    diagnostic *const d =
        check_report(checker, E_EXTERN_RETURNS, declaration->type->range,
                     "a host predicate answers with a bool, a number, a string or an enum, not %s",
                     type_with_article(checker, type));
    diagnostic_mend(checker->compilation, d, declaration->type->range, NULL,
                    "declare the answer as `bool`, `float` or an enum");
    return false;
}

static bool deadline_is_good(checker *checker, const ast_declaration *declaration)
{
    if (declaration->duration_us > 0 && declaration->duration_us <= LIMIT_HOST_WITHIN_US)
        return true;
    diagnostic *const d =
        check_report(checker, E_EXTERN_WITHIN, declaration->name.range,
                     declaration->duration_us <= 0
                         ? "`%s` has no time to be answered: `within` must be longer than nothing"
                         : "`%s` may take longer than a day to be answered",
                     declaration->name.bytes);
    diagnostic_mend(checker->compilation, d, declaration->name.range, NULL,
                    "write a deadline, such as `within 200ms`");
    return false;
}

/* As the host knows it: of the file itself by its name, of others qualified. */
static const char *host_name(checker *checker, const unit *unit, const char *name)
{
    return !unit->is_module && unit->layer == 0
               ? name
               : arena_format(checker->arena, "%s.%s", unit->name, name);
}

static void extern_read(checker *checker, unit *unit, symbol *symbol)
{
    const ast_declaration *const declaration = symbol->declaration;
    checked_policy *const policy = checker->policy;
    const ast_type written = {.kind = AST_TYPE_RECORD,
                              .range = declaration->range,
                              .fields = declaration->fields.items,
                              .field_count = declaration->fields.count};
    const type *const parameters = type_resolve(checker, unit, &written, 0);
    const type *const returns = type_resolve(checker, unit, declaration->type, 0);
    bool sound = parameters != NULL && returns != NULL &&
                 parameters->field_count == declaration->fields.count;
    for (uint32_t i = 0; sound && i < parameters->field_count; i++)
        sound =
            parameter_is_good(checker, &declaration->fields.items[i], parameters->fields[i].type) &&
            sound;
    sound = returns != NULL && answer_is_good(checker, declaration, returns) && sound;
    sound = deadline_is_good(checker, declaration) && sound;
    const bool many = declaration->fields.count > LIMIT_HOST_ARGUMENTS;
    if (many || policy->externs.count >= LIMIT_HOST_PREDICATES) {
        check_report(checker, E_TOO_MANY_EXTERNS, declaration->name.range,
                     many ? "a host predicate may have at most %u arguments"
                          : "a policy may have at most %u host predicates",
                     many ? LIMIT_HOST_ARGUMENTS : LIMIT_HOST_PREDICATES);
        return;
    }
    if (!sound)
        return;
    for (uint32_t i = 0; i < parameters->field_count; i++)
        type_row(checker, parameters->fields[i].type);
    type_row(checker, returns);
    if (policy->externs.count == 0)
        *ARENA_PUSH(checker->arena, &policy->sites) = (site){"unasked", "", declaration->range};
    symbol->number = policy->externs.count;
    *ARENA_PUSH(checker->arena, &policy->externs) =
        (checked_extern){.name = host_name(checker, unit, symbol->name),
                         .parameters = parameters->fields,
                         .parameter_count = parameters->field_count,
                         .returns = returns,
                         .within_us = declaration->duration_us,
                         .range = symbol->range};
}

void externs_check(checker *checker)
{
    for (uint32_t i = 0; i < checker->units.count; i++) {
        unit *const unit = checker->units.items[i];
        for (uint32_t k = 0; k < unit->symbols.count; k++)
            if (unit->symbols.items[k]->kind == SYMBOL_EXTERN &&
                unit->symbols.items[k]->declaration != NULL &&
                unit->symbols.items[k]->number == CST_NONE)
                extern_read(checker, unit, unit->symbols.items[k]);
    }
}

/* ---- calls ----------------------------------------------------------------------------------- */

static bool asks(const expression *tree)
{
    if (tree == NULL)
        return false;
    if (tree->kind == EXPRESSION_ASK || asks(tree->left) || asks(tree->right))
        return true;
    for (uint32_t i = 0; i < tree->item_count; i++)
        if (asks(tree->items[i]))
            return true;
    return false;
}

expression *extern_call(const environment *environment, const ast_expression *ast,
                        const symbol *symbol, expression **arguments)
{
    if (symbol->number == CST_NONE) /* its declaration has an error, which is reported */
        return NULL;
    if (environment->deciding != NULL) {
        diagnostic *const d = report(
            environment, E_EXTERN_FILTER, ast->range,
            "a filter on the past cannot ask the host: `%s` is a host predicate", symbol->name);
        diagnostic_mend(
            environment->checker->compilation, d, ast->range, NULL,
            "label the session when it happens (`rule r on … when %s(…) … then label L`), and ask "
            "`session has L` here",
            symbol->name);
        return NULL;
    }
    const checked_extern *const declared =
        &environment->checker->policy->externs.items[symbol->number];
    for (uint32_t i = 0; i < declared->parameter_count; i++) {
        if (!asks(arguments[i]))
            continue;
        diagnostic *const d = report(environment, E_EXTERN_NESTED, arguments[i]->range,
                                     "an argument of a host predicate cannot itself ask the host");
        diagnostic_mend(environment->checker->compilation, d, arguments[i]->range, NULL,
                        "let the host do both in one predicate");
        return NULL;
    }
    expression *const node = node_new(environment, EXPRESSION_ASK, declared->returns, ast->range);
    node->index = symbol->number;
    node->items = arguments;
    node->item_count = declared->parameter_count;
    return node;
}

/* ---- where a question may stand -------------------------------------------------------------- */

static bool place_report(const environment *environment, const expression *condition)
{
    diagnostic *const d = report(environment, E_EXTERN_PLACE, condition->range,
                                 "a condition that asks the host cannot be used as a value");
    diagnostic_mend(environment->checker->compilation, d, condition->range, NULL,
                    "write both cases out with `and` and `or`");
    return false;
}

/* The parts of a value: no condition among them asks. */
static bool value_places_check(const environment *environment, const expression *value)
{
    if (value == NULL)
        return true;
    if (node_is_condition(value))
        return !asks(value) || place_report(environment, value);
    for (uint32_t i = 0; i < value->item_count; i++)
        if (!value_places_check(environment, value->items[i]))
            return false;
    return value_places_check(environment, value->left) &&
           value_places_check(environment, value->right);
}

bool extern_places_check(const environment *environment, const expression *condition)
{
    switch (condition->kind) {
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        for (uint32_t i = 0; i < condition->item_count; i++)
            if (!extern_places_check(environment, condition->items[i]))
                return false;
        return true;
    case EXPRESSION_NOT: return extern_places_check(environment, condition->left);
    case EXPRESSION_ANY:
    case EXPRESSION_ALL:
        return value_places_check(environment, condition->left) &&
               extern_places_check(environment, condition->right);
    case EXPRESSION_TRUTH:
        return node_is_condition(condition->left)
                   ? extern_places_check(environment, condition->left)
                   : value_places_check(environment, condition->left);
    default:
        for (uint32_t i = 0; i < condition->item_count; i++)
            if (!value_places_check(environment, condition->items[i]))
                return false;
        return value_places_check(environment, condition->left) &&
               value_places_check(environment, condition->right);
    }
}

/*
 * expression_name.c - names that are wrong: what was meant, and where it would be known.
 *
 * A name that is wrong does not compile, and the message should end the search: the nearest name
 * that exists here, the stages that have the field, the tools that have or lack the parameter, the
 * kind of declaration that the name is.
 */
#include "compiler/check/expression.h"

void name_suggest(const environment *environment, diagnostic *diagnostic, const ast_text *name,
                  const char *const *names, uint32_t count)
{
    const char *const near = diagnostic_nearest(name->bytes, names, count);
    if (near == NULL)
        return;
    diagnostic_label(environment->checker->compilation, diagnostic, "did you mean `%s`?", near);
    /* In a message with escapes the place of a name is not known: words only. */
    const bool exact =
        name->range.end - name->range.start == name->length + (name->quoted ? 2u : 0u);
    diagnostic_mend(environment->checker->compilation, diagnostic, name->range, exact ? near : NULL,
                    "write `%s`", near);
}

static const char *stages_text(const environment *environment, uint32_t stages)
{
    const char *text = "";
    for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++) {
        if ((stages & (1u << stage)) == 0)
            continue;
        stages &= ~(1u << stage);
        text = arena_format(environment->checker->arena, "%s%s`%s`", text,
                            text[0] == '\0' ? ""
                            : stages == 0   ? " and "
                                            : ", ",
                            cst_stage_name((cst_stage)stage));
    }
    return text;
}

/* Other tools that have a parameter of this name. */
static void note_tools_with(const environment *environment, diagnostic *diagnostic,
                            const ast_text *name)
{
    const checker *const checker = environment->checker;
    uint32_t shown = 0;
    for (uint32_t i = 0; i < checker->policy->tools.count && shown < 3; i++) {
        const tool *const tool = &checker->policy->tools.items[i];
        for (uint32_t k = 0; tool->parameters != NULL && k < tool->parameters->field_count; k++) {
            if (!key_is(key_of(name), tool->parameters->fields[k].name))
                continue;
            diagnostic_note_at(checker->compilation, diagnostic, tool->parameters->fields[k].range,
                               "the tool `%s` has a parameter `%s`", tool->name, name->bytes);
            shown++;
        }
    }
}

static const char *kind_of_symbol(symbol_kind kind)
{
    switch (kind) {
    case SYMBOL_MODULE: return "a module";
    case SYMBOL_PRINCIPLE: return "a principle";
    case SYMBOL_ENUM: return "an enum";
    case SYMBOL_CONTEXT: return "a context";
    case SYMBOL_SET: return "a set";
    case SYMBOL_PATTERN: return "a pattern";
    case SYMBOL_ORIGIN: return "an origin";
    case SYMBOL_DEFINE: return "a definition";
    case SYMBOL_EXTERN: return "a host predicate";
    case SYMBOL_RULE: return "a rule";
    }
    return "a name";
}

/* True if the path starts with a declared name; says where such a name may stand. */
static bool declared_report(const environment *environment, const ast_path *path)
{
    uint32_t used = 0;
    const symbol *symbol = unit_resolve(environment->checker, environment->unit, path, &used);
    if (symbol == NULL && path->count == 1)
        symbol = unit_find_rule(environment->unit, path->items[0].bytes, path->items[0].length);
    if (symbol == NULL || symbol->kind == SYMBOL_CONTEXT)
        return false;
    const char *const text = excerpt(environment, path->range);
    compilation *const compilation = environment->checker->compilation;
    diagnostic *const d =
        report(environment, E_NOT_A_VALUE, path->range, "`%s` is %s and cannot stand for a value",
               text, kind_of_symbol(symbol->kind));
    diagnostic_note_at(compilation, d, symbol->range, "it is declared here");
    if (symbol->kind == SYMBOL_SET)
        diagnostic_mend(compilation, d, path->range, NULL,
                        "write `… in %s` or `any x in %s satisfies …`", text, text);
    else if (symbol->kind == SYMBOL_DEFINE)
        diagnostic_mend(compilation, d, path->range, NULL, "write `%s(…)`", text);
    return true;
}

/* A name that is a value of some enum helps to see what was meant. */
static void note_enums_with(const environment *environment, diagnostic *diagnostic,
                            const ast_text *name)
{
    for (uint32_t i = 0; i < environment->unit->symbols.count; i++) {
        const symbol *const symbol = environment->unit->symbols.items[i];
        for (uint32_t k = 0; symbol->kind == SYMBOL_ENUM && symbol->enumeration != NULL &&
                             k < symbol->enumeration->count;
             k++)
            if (key_is(key_of(name), symbol->enumeration->values[k]))
                diagnostic_note_at(
                    environment->checker->compilation, diagnostic, symbol->range,
                    "`%s` is a value of the enum `%s`: compare it with a field of that type",
                    name->bytes, symbol->name);
    }
}

/* A field of other stages: those, and what the stage in hand has. */
static void stage_report(const environment *environment, const ast_text *name, uint32_t stages)
{
    const char *const stage = cst_stage_name(environment->scope->stage);
    diagnostic *const d =
        report(environment, E_FIELD_NOT_AT_STAGE, name->range, "`%s` is a field of %s, not of `%s`",
               name->bytes, stages_text(environment, stages), stage);
    const bool several =
        environment->scope->stages != NULL && environment->scope->stages->count > 1;
    if (several) {
        diagnostic_mend(environment->checker->compilation, d, name->range, NULL,
                        "write a rule of its own for `%s`", stage);
        return;
    }
    uint32_t count;
    const char *const *const names = scope_roots(environment->scope, &count);
    const char *list = "";
    for (uint32_t i = 0; i < count; i++)
        list = arena_format(environment->checker->arena, "%s%s`%s`", list, i == 0 ? "" : ", ",
                            names[i]);
    diagnostic_note_text(environment->checker->compilation, d, "`%s` has %s", stage, list);
}

/* The tools of the rule have a parameter of that name: then `args.` was forgotten. */
static bool suggest_argument(const environment *environment, diagnostic *diagnostic,
                             const ast_text *name)
{
    const scope *const scope = environment->scope;
    if (scope->tool_count == 0)
        return false;
    const tool *const tool = &environment->checker->policy->tools.items[scope->tools[0]];
    for (uint32_t i = 0; tool->parameters != NULL && i < tool->parameters->field_count; i++) {
        if (!key_is(key_of(name), tool->parameters->fields[i].name))
            continue;
        const char *const edit = arena_format(environment->checker->arena, "args.%s", name->bytes);
        diagnostic_label(environment->checker->compilation, diagnostic, "did you mean `%s`?", edit);
        diagnostic_mend(environment->checker->compilation, diagnostic, name->range,
                        name->range.end - name->range.start == name->length ? edit : NULL,
                        "write `%s`", edit);
        return true;
    }
    return false;
}

/* True if the path starts with a module, which is there and lacks what follows. */
static bool module_report(const environment *environment, const ast_path *path)
{
    const symbol *const module =
        unit_find(environment->unit, path->items[0].bytes, path->items[0].length);
    if (module == NULL || module->kind != SYMBOL_MODULE || module->module == NULL ||
        path->count < 2)
        return false;
    const ast_text *const name = &path->items[1];
    diagnostic *const d = report(environment, E_UNKNOWN_NAME, name->range,
                                 "the module `%s` has no `%s`", module->name, name->bytes);
    const ast_path start = {.items = path->items, .count = 2, .range = path->range};
    const uint32_t kinds =
        1u << SYMBOL_SET | 1u << SYMBOL_DEFINE | 1u << SYMBOL_PATTERN | 1u << SYMBOL_EXTERN;
    const char *const near = unit_nearest(environment->checker, environment->unit, &start, kinds);
    if (near == NULL)
        return true;
    const char *const inner = strrchr(near, '.') + 1;
    diagnostic_label(environment->checker->compilation, d, "did you mean `%s`?", inner);
    diagnostic_mend(environment->checker->compilation, d, name->range, inner, "write `%s`", inner);
    return true;
}

static const char *const *all_names(const environment *environment, uint32_t *count)
{
    uint32_t fields, declared, bound = 0;
    const char *const *const roots = scope_roots(environment->scope, &fields);
    const char *const *const sets = unit_names(environment->checker, environment->unit,
                                               1u << SYMBOL_SET | 1u << SYMBOL_DEFINE, &declared);
    for (const binding *at = environment->bindings; at != NULL; at = at->outer)
        bound++;
    const char **const names =
        arena_array(environment->checker->arena, fields + declared + bound, sizeof *names);
    *count = 0;
    for (const binding *at = environment->bindings; at != NULL; at = at->outer)
        names[(*count)++] = at->name.bytes;
    for (uint32_t i = 0; i < fields; i++)
        names[(*count)++] = roots[i];
    for (uint32_t i = 0; i < declared; i++)
        names[(*count)++] = sets[i];
    return names;
}

void name_unknown(const environment *environment, const ast_path *path)
{
    const uint32_t first = path_is_this(path) ? 1 : 0;
    const ast_text *const name = &path->items[first < path->count ? first : 0];
    if (first == 0 && guess_quantifier(environment, name))
        return;
    const uint32_t stages = scope_stages_of(environment->checker, key_of(name));
    if (stages != 0 && !scope_has_root(environment->scope, key_of(name))) {
        stage_report(environment, name, stages);
        return;
    }
    if (first == 0 && (declared_report(environment, path) || module_report(environment, path)))
        return;
    diagnostic *const d = report(environment, E_UNKNOWN_NAME, name->range,
                                 "nothing is called `%s` here", name->bytes);
    if (first == 0 && suggest_argument(environment, d, name))
        return;
    uint32_t count;
    const char *const *const names = all_names(environment, &count);
    name_suggest(environment, d, name, names, count);
    note_enums_with(environment, d, name);
    if (path->count == 1)
        note_tools_with(environment, d, name);
}

void name_no_member(const environment *environment, const type *record, const ast_path *path,
                    uint32_t at, source_range before)
{
    const ast_text *const name = &path->items[at];
    const char **const names =
        arena_array(environment->checker->arena, record->field_count, sizeof *names);
    for (uint32_t i = 0; i < record->field_count; i++)
        names[i] = record->fields[i].name;
    const scope *const scope = environment->scope;
    const uint32_t first = path_is_this(path) ? 1 : 0;
    const bool parameter = at == first + 1 && binding_find(environment, path) == NULL &&
                           key_is(key_of(&path->items[first]), "args") && scope->tool_count > 0;
    diagnostic *d;
    if (parameter) {
        const tool *const tool = &environment->checker->policy->tools.items[scope->tools[0]];
        d = report(environment, E_NO_PARAMETER, name->range, "the tool `%s` has no parameter `%s`",
                   tool->name, name->bytes);
        diagnostic_note_at(environment->checker->compilation, d, tool->range,
                           "the tool is declared here");
        note_tools_with(environment, d, name);
    } else {
        d = report(environment, E_UNKNOWN_FIELD, name->range, "`%s` has no field `%s`",
                   excerpt(environment, before), name->bytes);
        if (record->field_count > 0)
            diagnostic_note_at(environment->checker->compilation, d, record->fields[0].range,
                               "its fields are declared here");
    }
    name_suggest(environment, d, name, names, record->field_count);
}

source_range path_range_before(const ast_path *path, uint32_t at)
{
    return at == 0
               ? path->range
               : (source_range){path->range.file, path->range.start, path->items[at - 1].range.end};
}

/* The field exists for some tools of the selector only. */
void name_lacking(const environment *environment, const ast_path *path, const key *keys,
                  uint32_t count)
{
    const scope *const scope = environment->scope;
    const checker *const checker = environment->checker;
    const char *lack = "";
    uint32_t lack_count = 0, have = CST_NONE;
    for (uint32_t i = 0; i < scope->tool_count + scope->deferred_count; i++) {
        const uint32_t number =
            i < scope->tool_count ? scope->tools[i] : scope->deferred[i - scope->tool_count];
        const walk walk = scope_walk(scope, number, keys, count);
        if (walk.status == WALK_OK || walk.status == WALK_IN_RECORDLESS) {
            have = number;
            continue;
        }
        if (++lack_count <= 5)
            lack = arena_format(checker->arena, "%s%s`%s`", lack, lack_count == 1 ? "" : ", ",
                                checker->policy->tools.items[number].name);
    }
    diagnostic *const d = report(environment, E_FIELD_NOT_IN_ALL, path->range,
                                 "`%s` does not exist for every tool of this rule: %s%s %s it",
                                 excerpt(environment, path->range), lack,
                                 lack_count > 5 ? ", …" : "", lack_count == 1 ? "lacks" : "lack");
    if (have != CST_NONE)
        diagnostic_note_at(checker->compilation, d, checker->policy->tools.items[have].range,
                           "`%s` has it", checker->policy->tools.items[have].name);
    diagnostic_mend(checker->compilation, d, path->range, NULL,
                    "write a rule of its own for the tools that have the field");
}

void name_through_list(const environment *environment, const ast_path *path, uint32_t at)
{
    const char *const list = excerpt(environment, path_range_before(path, at));
    diagnostic *const d = report(environment, E_THROUGH_LIST, path->items[at].range,
                                 "`%s` is a list: its elements have parts, it has none", list);
    diagnostic_mend(environment->checker->compilation, d, path->range, NULL,
                    "write `any x in %s satisfies x.%s …`, or `length of %s`", list,
                    path->items[at].bytes, list);
}

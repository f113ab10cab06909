/*
 * expression_path.c - paths: what `a.b.c` is.
 *
 * A name is, in this order, one that a quantifier or a definition binds, a field of the event, or a declared name
 * (which is no value, so it ends in an error that says where it may stand). Behind it, keys go through records and
 * open data; what is left behind a scalar are properties (`.domain`, `.hour`).
 *
 * Open data reads as the type that a guard around has tested, or else as the type that is demanded; guards.c
 * then asks whether such a guard is there.
 */
#include "compiler/check/expression.h"

enum { MOST_KEYS = 64 }; /* bits of slot_use.required_keys, and LIMIT_JSON_DEPTH: deeper members cannot exist */

static bool path_is_this(const ast_path *path)
{
    return path->count > 0 && !path->items[0].quoted && key_is(key_of(&path->items[0]), "this");
}

const binding *binding_find(const environment *environment, const ast_path *path)
{
    if (path->count == 0 || path_is_this(path))
        return NULL;
    for (const binding *at = environment->bindings; at != NULL; at = at->outer)
        if (keys_equal(at->name, key_of(&path->items[0])))
            return at;
    return NULL;
}

/* ---- names that are wrong ------------------------------------------------------------------------------- */

static void suggest(const environment *environment, diagnostic *diagnostic, const ast_text *name,
                    const char *const *names, uint32_t count)
{
    const char *const near = diagnostic_nearest(name->bytes, names, count);
    if (near == NULL)
        return;
    diagnostic_label(environment->checker->compilation, diagnostic, "did you mean `%s`?", near);
    /* In a message with escapes the place of a name is not known: words only. */
    const bool exact = name->range.end - name->range.start == name->length + (name->quoted ? 2u : 0u);
    diagnostic_mend(environment->checker->compilation, diagnostic, name->range, exact ? near : NULL, "write `%s`", near);
}

static const char *stages_text(const environment *environment, uint32_t stages)
{
    const char *text = "";
    for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++) {
        if ((stages & (1u << stage)) == 0)
            continue;
        stages &= ~(1u << stage);
        text = arena_format(environment->checker->arena, "%s%s`%s`", text,
                            text[0] == '\0' ? "" : stages == 0 ? " and " : ", ", cst_stage_name((cst_stage)stage));
    }
    return text;
}

/* Other tools that have a parameter of this name. */
static void note_tools_with(const environment *environment, diagnostic *diagnostic, const ast_text *name)
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
    const symbol *const symbol = unit_resolve(environment->checker, environment->unit, path, &used);
    if (symbol == NULL || symbol->kind == SYMBOL_CONTEXT)
        return false;
    const char *const text = excerpt(environment, path->range);
    compilation *const compilation = environment->checker->compilation;
    diagnostic *const d = report(environment, E_NOT_A_VALUE, path->range, "`%s` is %s, which is no value", text,
                                 kind_of_symbol(symbol->kind));
    diagnostic_note_at(compilation, d, symbol->range, "it is declared here");
    if (symbol->kind == SYMBOL_SET)
        diagnostic_mend(compilation, d, path->range, NULL, "write `… in %s` or `any x in %s satisfies …`", text, text);
    else if (symbol->kind == SYMBOL_DEFINE)
        diagnostic_mend(compilation, d, path->range, NULL, "write `%s(…)`", text);
    return true;
}

/* A name that is a value of some enum helps to see what was meant. */
static void note_enums_with(const environment *environment, diagnostic *diagnostic, const ast_text *name)
{
    for (uint32_t i = 0; i < environment->unit->symbols.count; i++) {
        const symbol *const symbol = environment->unit->symbols.items[i];
        for (uint32_t k = 0; symbol->kind == SYMBOL_ENUM && symbol->enumeration != NULL && k < symbol->enumeration->count; k++)
            if (key_is(key_of(name), symbol->enumeration->values[k]))
                diagnostic_note_at(environment->checker->compilation, diagnostic, symbol->range,
                                   "`%s` is a value of the enum `%s`: compare it with a field of that type", name->bytes,
                                   symbol->name);
    }
}

static const char *const *all_names(const environment *environment, uint32_t *count)
{
    uint32_t fields, declared, bound = 0;
    const char *const *const roots = scope_roots(environment->scope, &fields);
    const char *const *const sets =
        unit_names(environment->checker, environment->unit, 1u << SYMBOL_SET | 1u << SYMBOL_DEFINE, &declared);
    for (const binding *at = environment->bindings; at != NULL; at = at->outer)
        bound++;
    const char **const names = arena_array(environment->checker->arena, fields + declared + bound, sizeof *names);
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
    const uint32_t stages = scope_stages_of(environment->checker, key_of(name));
    if (stages != 0 && !scope_has_root(environment->scope, key_of(name))) {
        report(environment, E_FIELD_NOT_AT_STAGE, name->range, "`%s` is a field of %s, not of `%s`", name->bytes,
               stages_text(environment, stages), cst_stage_name(environment->scope->stage));
        return;
    }
    if (first == 0 && declared_report(environment, path))
        return;
    diagnostic *const d = report(environment, E_UNKNOWN_NAME, name->range, "nothing is called `%s` here", name->bytes);
    uint32_t count;
    const char *const *const names = all_names(environment, &count);
    suggest(environment, d, name, names, count);
    note_enums_with(environment, d, name);
    if (path->count == 1)
        note_tools_with(environment, d, name);
}

static void member_unknown(const environment *environment, const type *record, const ast_path *path, uint32_t at,
                           source_range before)
{
    const ast_text *const name = &path->items[at];
    const char **const names = arena_array(environment->checker->arena, record->field_count, sizeof *names);
    for (uint32_t i = 0; i < record->field_count; i++)
        names[i] = record->fields[i].name;
    const scope *const scope = environment->scope;
    const uint32_t first = path_is_this(path) ? 1 : 0;
    const bool parameter = at == first + 1 && binding_find(environment, path) == NULL &&
                           key_is(key_of(&path->items[first]), "args") && scope->tool_count > 0;
    diagnostic *d;
    if (parameter) {
        const tool *const tool = &environment->checker->policy->tools.items[scope->tools[0]];
        d = report(environment, E_NO_PARAMETER, name->range, "the tool `%s` has no parameter `%s`", tool->name, name->bytes);
        diagnostic_note_at(environment->checker->compilation, d, tool->range, "the tool is declared here");
        note_tools_with(environment, d, name);
    } else {
        d = report(environment, E_UNKNOWN_FIELD, name->range, "`%s` has no field `%s`", excerpt(environment, before), name->bytes);
        if (record->field_count > 0)
            diagnostic_note_at(environment->checker->compilation, d, record->fields[0].range, "its fields are declared here");
    }
    suggest(environment, d, name, names, record->field_count);
}

static source_range range_before(const ast_path *path, uint32_t at)
{
    return at == 0 ? path->range
                   : (source_range){path->range.file, path->range.start, path->items[at - 1].range.end};
}

/* The field exists for some tools of the selector only. */
static void lacking_report(const environment *environment, const ast_path *path, const key *keys, uint32_t count)
{
    const scope *const scope = environment->scope;
    const checker *const checker = environment->checker;
    const char *lack = "";
    uint32_t lack_count = 0, have = CST_NONE;
    for (uint32_t i = 0; i < scope->tool_count + scope->deferred_count; i++) {
        const uint32_t number = i < scope->tool_count ? scope->tools[i] : scope->deferred[i - scope->tool_count];
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
                                 "`%s` does not exist for every tool of this rule: %s%s %s it", excerpt(environment, path->range),
                                 lack, lack_count > 5 ? ", …" : "", lack_count == 1 ? "lacks" : "lack");
    if (have != CST_NONE)
        diagnostic_note_at(checker->compilation, d, checker->policy->tools.items[have].range, "`%s` has it",
                           checker->policy->tools.items[have].name);
    diagnostic_mend(checker->compilation, d, path->range, NULL, "write a rule of its own for the tools that have the field");
}

static void through_list_report(const environment *environment, const ast_path *path, uint32_t at)
{
    const char *const list = excerpt(environment, range_before(path, at));
    diagnostic *const d = report(environment, E_THROUGH_LIST, path->items[at].range,
                                 "`%s` is a list: its elements have parts, it has none", list);
    diagnostic_mend(environment->checker->compilation, d, path->range, NULL,
                    "write `any x in %s satisfies x.%s …`, or `length of %s`", list, path->items[at].bytes, list);
}

/* ---- properties ------------------------------------------------------------------------------------------- */

static void property_unknown(const environment *environment, const expression *base, const ast_path *path, uint32_t at)
{
    static const char *const all[] = {"local", "domain", "scheme", "host", "port", "path", "query", "hour", "weekday"};
    const char *names[CST_PROPERTY_COUNT];
    uint32_t count = 0;
    const char *text = "";
    for (uint32_t i = 0; i < CST_PROPERTY_COUNT; i++) {
        if (property_find(base->type->kind, all[i], strlen(all[i])) == CST_PROPERTY_COUNT)
            continue;
        text = arena_format(environment->checker->arena, "%s%s`.%s`", text, count == 0 ? "" : ", ", all[i]);
        names[count++] = all[i];
    }
    const ast_text *const name = &path->items[at];
    diagnostic *const d = report(environment, E_UNKNOWN_PROPERTY, name->range, "`%s` is %s, which has no part `%s`",
                                 excerpt(environment, range_before(path, at)), type_name(environment->checker, base->type), name->bytes);
    if (count > 0)
        diagnostic_note_text(environment->checker->compilation, d, "its parts are %s", text);
    else if (base->type->kind == CST_KIND_STRING)
        diagnostic_note_text(environment->checker->compilation, d,
                             "a string has no parts; declare the field as `email`, `url` or `path` to compare its parts");
    suggest(environment, d, name, names, count);
}

static const type *property_type(const environment *environment, cst_property property)
{
    if (property == CST_PROPERTY_TIME_WEEKDAY)
        return environment->checker->weekdays == NULL ? NULL : type_enum(environment->checker, environment->checker->weekdays);
    return type_scalar(environment->checker, property_kind(property), 0);
}

static expression *property_add(const environment *environment, expression *base, const ast_path *path, uint32_t at)
{
    const ast_text *const name = &path->items[at];
    const cst_property property = property_find(base->type->kind, name->bytes, name->length);
    const type *const type = property == CST_PROPERTY_COUNT ? NULL : property_type(environment, property);
    if (type == NULL) {
        property_unknown(environment, base, path, at);
        return NULL;
    }
    const source_range range = range_before(path, at + 1);
    if (base->kind == EXPRESSION_CONSTANT) {
        cst_value part = {0};
        value_part(&base->constant, property, &part);
        part.at = UINT32_MAX;
        return node_constant(environment, type, &part, range);
    }
    expression *const node = node_unary(environment, EXPRESSION_PROPERTY, type, base, range);
    node->index = property;
    return node;
}

/* ---- places --------------------------------------------------------------------------------------------------- */

const type *narrowed_type(const environment *environment, const expression *place, const type *demand)
{
    const type *first = NULL;
    for (const narrowing *at = environment->narrowings; at != NULL; at = at->outer) {
        if (!places_equal(environment->checker, at->place, place))
            continue;
        if (demand != NULL && types_match(at->type, demand))
            return at->type;
        if (first == NULL)
            first = at->type;
    }
    return first;
}

static expression *field_node(const environment *environment, const key *names, uint32_t count, const type *type,
                              bool open, source_range range)
{
    expression *const node = node_new(environment, EXPRESSION_FIELD, type, range);
    node->slot = candidate_make(environment->checker, names, count, type, open);
    return node;
}

expression *place_as(const environment *environment, expression *place, const type *type, source_range range)
{
    if (type->kind == CST_KIND_JSON)
        return place;
    if (place->kind == EXPRESSION_FIELD) {
        const candidate field = *candidate_at(environment->checker, place->slot);
        return field_node(environment, field.names, field.count, type, true, range);
    }
    return node_unary(environment, EXPRESSION_OPEN_AS, type, place, range);
}

static expression *extend(const environment *environment, expression *base, const ast_path *path, uint32_t at);

/* A member of the event by its names; what stands in the path from `rest` on is behind it. `shift` is what to add to a
 * number among the names to get the number in the path. */
static expression *field_check(const environment *environment, const key *names, uint32_t count, const ast_path *path,
                               int32_t shift)
{
    if (count > MOST_KEYS) {
        report(environment, E_PATH_DEPTH, path->range, "a path may have at most %d parts", MOST_KEYS);
        return NULL;
    }
    uint32_t lacking;
    const walk walk = scope_resolve(environment->scope, names, count, environment->quiet, &lacking);
    if (lacking != CST_NONE) {
        lacking_report(environment, path, names, count);
        return NULL;
    }
    const uint32_t at = (uint32_t)((int32_t)walk.at + shift);
    switch (walk.status) {
    case WALK_UNJUDGED:
        return NULL;
    case WALK_NO_ROOT:
        name_unknown(environment, path);
        return NULL;
    case WALK_NO_MEMBER:
        member_unknown(environment, walk.type, path, at, range_before(path, at));
        return NULL;
    case WALK_IN_LIST:
        through_list_report(environment, path, at);
        return NULL;
    case WALK_OK:
    case WALK_IN_RECORDLESS:
        break;
    }
    if (!walk.open || walk.used == 1) {
        const uint32_t next = (uint32_t)((int32_t)walk.used + shift);
        expression *const node = field_node(environment, names, walk.used, walk.type, walk.open, range_before(path, next));
        return extend(environment, node, path, next);
    }
    /* Open data: an inner member that a guard has given a type ends the field, the rest are parts of that type. */
    for (uint32_t used = walk.used - 1; used > 0; used--) {
        const struct walk inner = scope_walk(environment->scope, environment->scope->tool_count > 0 ? environment->scope->tools[0] : SCOPE_NO_TOOL, names, used);
        if (inner.type->kind != CST_KIND_JSON)
            break;
        const uint32_t next = (uint32_t)((int32_t)used + shift);
        expression *const place = field_node(environment, names, used, inner.type, inner.open, range_before(path, next));
        const type *const type = narrowed_type(environment, place, NULL);
        if (type != NULL)
            return extend(environment, place_as(environment, place, type, place->range), path, next);
    }
    return field_node(environment, names, walk.used, walk.type, true, path->range);
}

/* Goes on from `base` with path->items[at] and what follows. */
static expression *extend(const environment *environment, expression *base, const ast_path *path, uint32_t at)
{
    for (; base != NULL && at < path->count; at++) {
        const source_range range = range_before(path, at + 1);
        if (base->type->kind == CST_KIND_JSON) {
            const type *const type = narrowed_type(environment, base, NULL);
            if (type != NULL)
                base = place_as(environment, base, type, base->range);
        }
        if (base->kind == EXPRESSION_FIELD && (base->type->kind == CST_KIND_RECORD || base->type->kind == CST_KIND_JSON)) {
            const candidate field = *candidate_at(environment->checker, base->slot);
            const uint32_t count = field.count + path->count - at;
            key *const names = arena_array(environment->checker->arena, count, sizeof *names);
            memcpy(names, field.names, field.count * sizeof *names);
            for (uint32_t i = at; i < path->count; i++)
                names[field.count + i - at] = key_of(&path->items[i]);
            return field_check(environment, names, count, path, (int32_t)at - (int32_t)field.count);
        }
        if (node_is_condition(base) || base->type->kind == CST_KIND_LIST) {
            if (base->type->kind == CST_KIND_LIST)
                through_list_report(environment, path, at);
            else
                property_unknown(environment, base, path, at);
            return NULL;
        }
        if (base->type->kind == CST_KIND_JSON) {
            base = node_unary(environment, EXPRESSION_OPEN_MEMBER, base->type, base, range);
            base->name = path->items[at].bytes;
            continue;
        }
        if (base->type->kind != CST_KIND_RECORD) {
            base = property_add(environment, base, path, at);
            continue;
        }
        uint32_t field = 0;
        while (field < base->type->field_count && !key_is(key_of(&path->items[at]), base->type->fields[field].name))
            field++;
        if (field == base->type->field_count) {
            member_unknown(environment, base->type, path, at, range_before(path, at));
            return NULL;
        }
        base = node_unary(environment, EXPRESSION_MEMBER, base->type->fields[field].type, base, range);
        base->index = field;
    }
    return base;
}

/* ---- whole paths --------------------------------------------------------------------------------------------------- */

static expression *element_check(const environment *environment, const binding *binding, const ast_path *path,
                                 const type *demand)
{
    if (path->count > 1) {
        diagnostic *const d = report(environment, E_UNKNOWN_PROPERTY, path->items[1].range,
                                     "`%s` is an element of a set, a constant without parts", binding->name.bytes);
        diagnostic_mend(environment->checker->compilation, d, path->range, NULL, "compare `%s` itself with the part of a field",
                        binding->name.bytes);
        return NULL;
    }
    const set_element *const element = binding->element;
    if (demand == NULL || demand->kind == CST_KIND_JSON) {
        static const cst_kind natural[] = {
            [AST_STRING] = CST_KIND_STRING, [AST_INT] = CST_KIND_INT, [AST_DECIMAL] = CST_KIND_DECIMAL,
            [AST_DURATION] = CST_KIND_DURATION};
        if (element->kind == AST_PATH) {
            report(environment, E_UNKNOWN_NAME, path->range, "it is not known what `%s`, an element of the set, is a value of",
                   element->text.bytes);
            return NULL;
        }
        demand = type_scalar(environment->checker, natural[element->kind], 0);
    }
    cst_value value;
    const set_element literal = literal_element(element, binding->line, demand);
    diagnostic_code code;
    if (environment->quiet ? literal_try(environment->checker, &literal, demand, &value, &code) != NULL
                           : !literal_read(environment->checker, environment->unit, &literal, path->range, demand, &value))
        return NULL;
    return node_constant(environment, demand, &value, path->range);
}

static expression *path_place(const environment *environment, const ast_path *path, const type *demand)
{
    const binding *const binding = binding_find(environment, path);
    if (binding != NULL) {
        if (binding->used != NULL)
            *binding->used = true;
        switch (binding->kind) {
        case BINDING_ELEMENT:
            return element_check(environment, binding, path, demand);
        case BINDING_VALUE:
            return binding->value == NULL ? NULL : extend(environment, node_copy(environment, binding->value), path, 1);
        case BINDING_LOCAL: {
            expression *const local = node_new(environment, EXPRESSION_LOCAL, binding->type, path->items[0].range);
            local->local = binding->local;
            local->name = binding->name.bytes;
            return extend(environment, local, path, 1);
        }
        }
    }
    const uint32_t first = path_is_this(path) ? 1 : 0;
    if (first == path->count) {
        report(environment, E_UNKNOWN_NAME, path->range, "`this` stands before a field: `this.time`");
        return NULL;
    }
    const uint32_t count = path->count - first;
    key *const names = arena_array(environment->checker->arena, count, sizeof *names);
    for (uint32_t i = 0; i < count; i++)
        names[i] = key_of(&path->items[first + i]);
    return field_check(environment, names, count, path, (int32_t)first);
}

expression *path_look(const environment *environment, const ast_path *path)
{
    struct environment look = *environment;
    look.quiet = true;
    const binding *const binding = binding_find(environment, path);
    if (binding != NULL && binding->kind == BINDING_ELEMENT)
        return NULL;
    const bool used = binding != NULL && binding->used != NULL && *binding->used;
    expression *const place = path_place(&look, path, NULL);
    if (binding != NULL && binding->used != NULL)
        *binding->used = used;
    return place != NULL && node_is_place(place) ? place : NULL;
}

expression *path_check(const environment *environment, const ast_path *path, const type *demand, bool wants_json)
{
    expression *const place = path_place(environment, path, demand);
    if (place == NULL || place->type->kind != CST_KIND_JSON || wants_json)
        return place;
    const type *type = narrowed_type(environment, place, demand);
    if (type == NULL && demand != NULL && demand->kind != CST_KIND_RECORD && demand->kind != CST_KIND_TOOL)
        type = demand;
    if (type != NULL && type->kind != CST_KIND_JSON)
        return place_as(environment, place, type, path->range);
    const char *const text = excerpt(environment, path->range);
    diagnostic *const d = report(environment, E_OPEN_UNTYPED, path->range, "`%s` is open data and may be of any type", text);
    diagnostic_mend(environment->checker->compilation, d, path->range, NULL, "say its type first: `%s is string and …`", text);
    return NULL;
}

/* ---- bare names ------------------------------------------------------------------------------------------------------ */

expression *bare_name_check(const environment *environment, const ast_path *path, const type *demand)
{
    const set_element element = {.kind = AST_PATH, .text = path->items[0]};
    cst_value value;
    diagnostic_code code;
    const char *const problem = literal_try(environment->checker, &element, demand, &value, &code);
    const bool field = scope_has_root(environment->scope, key_of(&path->items[0]));
    /* Without declared agents every name is one; then a field of that name is meant. */
    const bool any_name = demand->kind == CST_KIND_AGENT && demand->enumeration == NULL;
    if (field && (problem != NULL || any_name))
        return path_check(environment, path, demand, false);
    if (problem == NULL)
        return node_constant(environment, demand, &value, path->range);
    uint32_t used = 0;
    if (scope_stages_of(environment->checker, key_of(&path->items[0])) != 0 ||
        unit_resolve(environment->checker, environment->unit, path, &used) != NULL) {
        name_unknown(environment, path);
        return NULL;
    }
    literal_read(environment->checker, environment->unit, &element, path->range, demand, &value);
    return NULL;
}

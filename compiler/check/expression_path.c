/*
 * expression_path.c - paths: what `a.b.c` is.
 *
 * A name is, in this order, one that a quantifier or a definition binds, a field of the event, or a
 * declared name (which is no value, so it ends in an error that says where it may stand). Behind
 * it, keys go through records and open data; what is left behind a scalar are properties
 * (`.domain`, `.hour`).
 *
 * Open data reads as the type that a guard around has tested, or else as the type that is demanded;
 * guards.c then asks whether such a guard is there.
 */
#include "compiler/check/expression.h"

/* Bits of slot_use.required_keys, and LIMIT_JSON_DEPTH: deeper members cannot exist. */
enum { MOST_KEYS = 64 };

bool path_is_this(const ast_path *path)
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

/* ---- properties ------------------------------------------------------------------------------ */

/* `text.length`, as other languages write it. */
static bool length_meant(const environment *environment, const expression *base,
                         const ast_path *path, uint32_t at, diagnostic *d)
{
    static const char *const others[] = {"length", "len", "size", "count"};
    const source_range whole = path_range_before(path, at), name = path->items[at].range;
    bool meant = false;
    for (uint32_t i = 0; i < sizeof others / sizeof *others; i++)
        meant = meant || strcmp(path->items[at].bytes, others[i]) == 0;
    if (!meant || (base->type->kind != CST_KIND_STRING && base->type->kind != CST_KIND_LIST))
        return false;
    const char *const written =
        arena_format(environment->checker->arena, "length of %s", excerpt(environment, whole));
    diagnostic_mend(environment->checker->compilation, d,
                    (source_range){whole.file, whole.start, name.end}, written, "write `%s`",
                    written);
    return true;
}

/* `text.lower`: folding is a view of the text, written behind it. */
static bool folded_meant(const environment *environment, const expression *base,
                         const ast_path *path, uint32_t at, diagnostic *d)
{
    static const char *const others[] = {"lower",    "lowercase", "tolower",  "toLowerCase",
                                         "to_lower", "upper",     "casefold", "folded"};
    const source_range whole = path_range_before(path, at), name = path->items[at].range;
    bool meant = false;
    for (uint32_t i = 0; i < sizeof others / sizeof *others; i++)
        meant = meant || strcmp(path->items[at].bytes, others[i]) == 0;
    if (!meant || base->type->kind != CST_KIND_STRING)
        return false;
    const char *const written =
        arena_format(environment->checker->arena, "%s folded", excerpt(environment, whole));
    diagnostic_note_text(
        environment->checker->compilation, d,
        "`folded` makes case and lookalike letters equal in what is looked for too");
    diagnostic_mend(environment->checker->compilation, d,
                    (source_range){whole.file, whole.start, name.end}, written, "write `%s`",
                    written);
    return true;
}

static void property_unknown(const environment *environment, const expression *base,
                             const ast_path *path, uint32_t at)
{
    static const char *const all[] = {"local", "domain", "scheme",  "host",    "port",
                                      "path",  "query",  "hour",    "weekday", "programs",
                                      "reads", "writes", "connects"};
    const char *names[CST_PROPERTY_COUNT];
    uint32_t count = 0;
    const char *text = "";
    for (uint32_t i = 0; i < CST_PROPERTY_COUNT; i++) {
        if (property_find(base->type->kind, all[i], strlen(all[i])) == CST_PROPERTY_COUNT)
            continue;
        text = arena_format(environment->checker->arena, "%s%s`.%s`", text, count == 0 ? "" : ", ",
                            all[i]);
        names[count++] = all[i];
    }
    const ast_text *const name = &path->items[at];
    diagnostic *const d =
        report(environment, E_UNKNOWN_PROPERTY, name->range, "`%s` is %s, which has no part `%s`",
               excerpt(environment, path_range_before(path, at)),
               type_with_article(environment->checker, base->type), name->bytes);
    if (length_meant(environment, base, path, at, d) ||
        folded_meant(environment, base, path, at, d))
        return;
    if (count > 0)
        diagnostic_note_text(environment->checker->compilation, d, "its parts are %s", text);
    else if (base->type->kind == CST_KIND_STRING)
        diagnostic_note_text(environment->checker->compilation, d,
                             "a string has no parts; declare the field as `email`, `url` or `path` "
                             "to compare its parts");
    /* What the other identity types call the same part. */
    const char *const other = key_is(key_of(name), "host")     ? "domain"
                              : key_is(key_of(name), "domain") ? "host"
                                                               : NULL;
    for (uint32_t i = 0; other != NULL && i < count; i++)
        if (strcmp(names[i], other) == 0) {
            diagnostic_label(environment->checker->compilation, d, "did you mean `%s`?", other);
            diagnostic_mend(environment->checker->compilation, d, name->range, other, "write `%s`",
                            other);
            return;
        }
    name_suggest(environment, d, name, names, count);
}

static const type *property_type(const environment *environment, cst_property property)
{
    if (property == CST_PROPERTY_TIME_WEEKDAY)
        return environment->checker->weekdays == NULL
                   ? NULL
                   : type_enum(environment->checker, environment->checker->weekdays);
    return type_scalar(environment->checker, property_kind(property), 0);
}

static expression *property_add(const environment *environment, expression *base,
                                const ast_path *path, uint32_t at)
{
    const ast_text *const name = &path->items[at];
    const cst_property property = property_find(base->type->kind, name->bytes, name->length);
    const type *const type =
        property == CST_PROPERTY_COUNT ? NULL : property_type(environment, property);
    if (type == NULL) {
        property_unknown(environment, base, path, at);
        return NULL;
    }
    const source_range range = path_range_before(path, at + 1);
    if (base->type->kind == CST_KIND_COMMAND) {
        expression *const facts = node_unary(environment, EXPRESSION_FACTS,
                                             type_list(environment->checker, type, 0), base, range);
        facts->index = property;
        return facts;
    }
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

/* ---- places ---------------------------------------------------------------------------------- */

const type *narrowed_type(const environment *environment, const expression *place,
                          const type *demand)
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

static expression *field_node(const environment *environment, const key *names, uint32_t count,
                              const type *type, bool open, source_range range)
{
    expression *const node = node_new(environment, EXPRESSION_FIELD, type, range);
    node->slot = candidate_make(environment->checker, names, count, type, open);
    return node;
}

expression *place_as(const environment *environment, expression *place, const type *type,
                     source_range range)
{
    if (type->kind == CST_KIND_JSON)
        return place;
    if (place->kind == EXPRESSION_FIELD) {
        const candidate field = *candidate_at(environment->checker, place->slot);
        return field_node(environment, field.names, field.count, type, true, range);
    }
    return node_unary(environment, EXPRESSION_OPEN_AS, type, place, range);
}

static expression *extend(const environment *environment, expression *base, const ast_path *path,
                          uint32_t at);

/* A member of the event by its names; what stands in the path from `rest` on is behind it. `shift`
 * is what to add to a number among the names to get the number in the path. */
static expression *field_check(const environment *environment, const key *names, uint32_t count,
                               const ast_path *path, int32_t shift)
{
    if (count > MOST_KEYS) {
        report(environment, E_PATH_DEPTH, path->range, "a path may have at most %d parts",
               MOST_KEYS);
        return NULL;
    }
    uint32_t lacking;
    const walk walk = scope_resolve(environment->scope, names, count, environment->quiet, &lacking);
    if (type_is_lost(environment->checker, walk.type))
        return NULL;
    if (lacking != CST_NONE) {
        name_lacking(environment, path, names, count);
        return NULL;
    }
    const uint32_t at = (uint32_t)((int32_t)walk.at + shift);
    switch (walk.status) {
    case WALK_UNJUDGED: return NULL;
    case WALK_NO_ROOT: name_unknown(environment, path); return NULL;
    case WALK_NO_MEMBER:
        name_no_member(environment, walk.type, path, at, path_range_before(path, at));
        return NULL;
    case WALK_IN_LIST: name_through_list(environment, path, at); return NULL;
    case WALK_OK:
    case WALK_IN_RECORDLESS: break;
    }
    if (!walk.open || walk.used == 1) {
        const uint32_t next = (uint32_t)((int32_t)walk.used + shift);
        expression *const node = field_node(environment, names, walk.used, walk.type, walk.open,
                                            path_range_before(path, next));
        return extend(environment, node, path, next);
    }
    /* Open data: an inner member that a guard has given a type ends the field, the rest are parts
     * of that type. */
    for (uint32_t used = walk.used - 1; used > 0; used--) {
        const struct walk inner = scope_walk(
            environment->scope,
            environment->scope->tool_count > 0 ? environment->scope->tools[0] : SCOPE_NO_TOOL,
            names, used);
        if (inner.type->kind != CST_KIND_JSON)
            break;
        const uint32_t next = (uint32_t)((int32_t)used + shift);
        expression *const place = field_node(environment, names, used, inner.type, inner.open,
                                             path_range_before(path, next));
        const type *const type = narrowed_type(environment, place, NULL);
        if (type != NULL)
            return extend(environment, place_as(environment, place, type, place->range), path,
                          next);
    }
    return field_node(environment, names, walk.used, walk.type, true, path->range);
}

/* Goes on from `base` with path->items[at] and what follows. */
static expression *extend(const environment *environment, expression *base, const ast_path *path,
                          uint32_t at)
{
    for (; base != NULL && at < path->count; at++) {
        if (type_is_lost(environment->checker, base->type))
            return NULL;
        const source_range range = path_range_before(path, at + 1);
        if (base->type->kind == CST_KIND_JSON) {
            const type *const type = narrowed_type(environment, base, NULL);
            if (type != NULL)
                base = place_as(environment, base, type, base->range);
        }
        if (base->kind == EXPRESSION_FIELD &&
            (base->type->kind == CST_KIND_RECORD || base->type->kind == CST_KIND_JSON)) {
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
                name_through_list(environment, path, at);
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
        while (field < base->type->field_count &&
               !key_is(key_of(&path->items[at]), base->type->fields[field].name))
            field++;
        if (field == base->type->field_count) {
            name_no_member(environment, base->type, path, at, path_range_before(path, at));
            return NULL;
        }
        base =
            node_unary(environment, EXPRESSION_MEMBER, base->type->fields[field].type, base, range);
        base->index = field;
    }
    return base == NULL || type_is_lost(environment->checker, base->type) ? NULL : base;
}

/* ---- whole paths ----------------------------------------------------------------------------- */

static expression *element_check(const environment *environment, const binding *binding,
                                 const ast_path *path, const type *demand)
{
    if (path->count > 1) {
        diagnostic *const d =
            report(environment, E_UNKNOWN_PROPERTY, path->items[1].range,
                   "`%s` is an element of a set, a constant without parts", binding->name.bytes);
        diagnostic_mend(environment->checker->compilation, d, path->range, NULL,
                        "compare `%s` itself with the part of a field", binding->name.bytes);
        return NULL;
    }
    const set_element *const element = binding->element;
    if (demand == NULL || demand->kind == CST_KIND_JSON) {
        static const cst_kind natural[] = {[AST_STRING] = CST_KIND_STRING,
                                           [AST_INT] = CST_KIND_INT,
                                           [AST_DECIMAL] = CST_KIND_DECIMAL,
                                           [AST_DURATION] = CST_KIND_DURATION};
        if (element->kind == AST_PATH) {
            report(environment, E_UNKNOWN_NAME, path->range,
                   "it is not known what `%s`, an element of the set, is a value of",
                   element->text.bytes);
            return NULL;
        }
        demand = type_scalar(environment->checker, natural[element->kind], 0);
    }
    cst_value value;
    const set_element literal = literal_element(element, binding->line, demand);
    diagnostic_code code;
    if (environment->quiet
            ? literal_try(environment->checker, &literal, demand, &value, &code) != NULL
            : !literal_read(environment->checker, environment->unit, &literal, path->range, demand,
                            &value))
        return NULL;
    return node_constant(environment, demand, &value, path->range);
}

static expression *path_place(const environment *environment, const ast_path *path,
                              const type *demand)
{
    const binding *const binding = binding_find(environment, path);
    if (binding != NULL) {
        if (binding->used != NULL)
            *binding->used = true;
        switch (binding->kind) {
        case BINDING_ELEMENT: return element_check(environment, binding, path, demand);
        case BINDING_VALUE:
            return binding->value == NULL
                       ? NULL
                       : extend(environment, node_copy(environment, binding->value), path, 1);
        case BINDING_LOCAL: {
            expression *const local =
                node_new(environment, EXPRESSION_LOCAL, binding->type, path->items[0].range);
            local->local = binding->local;
            local->name = binding->name.bytes;
            return extend(environment, local, path, 1);
        }
        }
    }
    const uint32_t first = path_is_this(path) ? 1 : 0;
    if (first == path->count) {
        report(environment, E_UNKNOWN_NAME, path->range,
               "`this` stands before the name of a field, as in `this.time`");
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

expression *path_check(const environment *environment, const ast_path *path, const type *demand,
                       bool wants_json)
{
    expression *const place = path_place(environment, path, demand);
    if (place == NULL || place->type->kind != CST_KIND_JSON || wants_json)
        return place;
    const type *type = narrowed_type(environment, place, demand);
    if (type == NULL && demand != NULL && demand->kind != CST_KIND_RECORD &&
        demand->kind != CST_KIND_TOOL)
        type = demand;
    if (type != NULL && type->kind != CST_KIND_JSON)
        return place_as(environment, place, type, path->range);
    const char *const text = excerpt(environment, path->range);
    diagnostic *const d = report(environment, E_OPEN_UNTYPED, path->range,
                                 "`%s` is open data and may be of any type", text);
    diagnostic_mend(environment->checker->compilation, d, path->range, NULL,
                    "say its type first: `%s is string and …`, or `is list`, `is int` and so on",
                    text);
    return NULL;
}

/* ---- bare names ------------------------------------------------------------------------------ */

expression *bare_name_check(const environment *environment, const ast_path *path,
                            const type *demand)
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

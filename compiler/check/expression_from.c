/*
 * expression_from.c - `V from ORIGIN`: what has an origin, and where an echo counts.
 *
 * An echo, a result that only gave back what the agent had written before, counts where that makes
 * the decision stricter and nowhere else. So each place where `from` stands must be one or the
 * other: it is found by walking the whole condition of a rule, through `not` and `unless`, with the
 * sense turned for permits and waivers. A comparison of two truths is `(P and Q) or (not P and not
 * Q)` by then, and each of its places has one sense. A truth that is looked for in a list has none,
 * and is an error.
 */
#include "compiler/check/expression.h"
#include "runtime/text/provenance.h"

enum { CHARS_BY_DEFAULT = 4 };

/* ---- what has an origin ---------------------------------------------------------------------- */

static uint32_t types_of(const type *type)
{
    switch (type->kind) {
    case CST_KIND_INT:
    case CST_KIND_DECIMAL:
    case CST_KIND_FLOAT:
    case CST_KIND_JSON: return PROVENANCE_NUMBERS;
    case CST_KIND_EMAIL: return PROVENANCE_EMAILS;
    case CST_KIND_URL: return PROVENANCE_URLS;
    case CST_KIND_HOST: return PROVENANCE_HOSTS;
    case CST_KIND_PATH: return PROVENANCE_PATHS;
    case CST_KIND_IP: return PROVENANCE_IPS;
    case CST_KIND_LIST: return types_of(type->element);
    case CST_KIND_RECORD: {
        uint32_t all = 0;
        for (uint32_t i = 0; i < type->field_count; i++)
            all |= types_of(type->fields[i].type);
        return all;
    }
    default: return 0;
    }
}

static bool has_origin(const type *type)
{
    switch (type->kind) {
    case CST_KIND_BOOL:
    case CST_KIND_ENUM:
    case CST_KIND_TIME:
    case CST_KIND_DURATION:
    case CST_KIND_TOOL: return false;
    case CST_KIND_LIST: return has_origin(type->element);
    default: return true;
    }
}

/* Enum values have no origin; as open data they would be strings, and have one. */
static bool holds_enums(const type *type)
{
    if (type->kind == CST_KIND_LIST)
        return holds_enums(type->element);
    for (uint32_t i = 0; type->kind == CST_KIND_RECORD && i < type->field_count; i++)
        if (holds_enums(type->fields[i].type))
            return true;
    return type->kind == CST_KIND_ENUM;
}

static bool holds_records(const type *type)
{
    return type->kind == CST_KIND_RECORD ||
           (type->kind == CST_KIND_LIST && holds_records(type->element));
}

/* A record of the event is read as it came, so that no member that its declaration does not name is
 * passed over. */
static expression *as_it_came(const environment *environment, expression *value)
{
    if (value->kind != EXPRESSION_FIELD || !holds_records(value->type) || holds_enums(value->type))
        return value;
    return place_as_open(environment, value);
}

static void subject_report(const environment *environment, const ast_expression *side,
                           const type *type)
{
    const char *const text = excerpt(environment, side->range);
    diagnostic *const d =
        report(environment, E_FROM_SUBJECT, side->range, "`%s` is %s, and has no origin", text,
               type_with_article(environment->checker, type));
    diagnostic_mend(environment->checker->compilation, d, side->range, NULL,
                    "compare the value: `%s == …`", text);
}

static expression *value_read(const environment *environment, const ast_expression *side)
{
    const type *const json = type_scalar(environment->checker, CST_KIND_JSON, 0);
    const type *const string = type_scalar(environment->checker, CST_KIND_STRING, 0);
    expression *value;
    if (side->kind == AST_VIEW) {
        diagnostic *const d = report(environment, E_FROM_SUBJECT, side->range,
                                     "a view has no origin: values are compared as they are");
        diagnostic_mend(environment->checker->compilation, d, side->range, NULL, "leave `%s` out",
                        side->text.bytes);
        return NULL;
    }
    if (side->kind == AST_PATH && path_look(environment, &side->path) != NULL)
        value = path_check(environment, &side->path, json, true);
    else
        value = value_check(environment, side, value_is_free(environment, side) ? string : NULL);
    if (value == NULL)
        return NULL;
    if (node_is_condition(value) || !has_origin(value->type)) {
        subject_report(environment, side, value->type);
        return NULL;
    }
    return value;
}

expression *from_check(const environment *environment, const ast_expression *ast)
{
    expression *const read = value_read(environment, ast->left);
    origin_list origins = {0};
    bool sound = origins_of(environment, ast->source, &origins);
    if (ast->integer < 0 || ast->integer > LIMIT_FROM_CHARS) {
        diagnostic *const d = report(environment, E_FROM_COUNT, ast->range,
                                     "a value has 1 to %u characters here, not %lld",
                                     LIMIT_FROM_CHARS, (long long)ast->integer);
        diagnostic_mend(
            environment->checker->compilation, d, ast->range, NULL,
            "longer values are found whole; write how short one may be, such as `down to 2 chars`");
        sound = false;
    }
    if (read == NULL || !sound)
        return NULL;
    const uint32_t types = types_of(read->type);
    expression *const value = as_it_came(environment, read);
    struct asked_from *const asked = arena_allocate(environment->checker->arena, sizeof *asked);
    *asked = (asked_from){.origins = origins.items,
                          .origin_count = origins.count,
                          .chars = ast->integer == 0 ? CHARS_BY_DEFAULT : (uint32_t)ast->integer,
                          .types = types | types_of(value->type),
                          .declared = value != read ? read : NULL,
                          .name = excerpt(environment, ast->source->range)};
    expression *const node = node_unary(environment, EXPRESSION_FROM, NULL, value, ast->range);
    node->asked = asked;
    return ast->negated ? node_not(environment, node, ast->range) : node;
}

/* ---- polarity -------------------------------------------------------------------------------- */

static bool holds_from(const expression *tree)
{
    if (tree == NULL)
        return false;
    if (tree->kind == EXPRESSION_FROM)
        return true;
    for (uint32_t i = 0; i < tree->item_count; i++)
        if (holds_from(tree->items[i]))
            return true;
    return holds_from(tree->left) || holds_from(tree->right);
}

bool polarity_check(const environment *environment, expression *condition, bool tightens)
{
    bool sound = true;
    switch (condition->kind) {
    case EXPRESSION_FROM: condition->tightens = tightens; return true;
    case EXPRESSION_NOT: return polarity_check(environment, condition->left, !tightens);
    case EXPRESSION_TRUTH: return polarity_check(environment, condition->left, tightens);
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        for (uint32_t i = 0; i < condition->item_count; i++)
            sound = polarity_check(environment, condition->items[i], tightens) && sound;
        return sound;
    case EXPRESSION_ANY:
    case EXPRESSION_ALL:
        if (!holds_from(condition->left))
            return polarity_check(environment, condition->right, tightens);
        break;
    default: break;
    }
    if (!holds_from(condition))
        return true;
    diagnostic *const d =
        report(environment, E_FROM_PLACE, condition->range,
               "here `from` may make the decision stricter or more lenient, whichever it is");
    diagnostic_mend(environment->checker->compilation, d, condition->range, NULL,
                    "write it with `and`, `or` and `not`");
    return false;
}

/* ---- commit ---------------------------------------------------------------------------------- */

static int source_order(const checked_origin *a, const checked_origin *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->tool != b->tool)
        return a->tool < b->tool ? -1 : 1;
    return a->path_count < b->path_count ? -1 : a->path_count > b->path_count;
}

static void sources_add(checker *checker, const checked_origin *origins, uint32_t count)
{
    checked_policy *const policy = checker->policy;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = 0, high = policy->sources.count;
        while (at < high) {
            const uint32_t middle = at + (high - at) / 2;
            if (source_order(&policy->sources.items[middle], &origins[i]) < 0)
                at = middle + 1;
            else
                high = middle;
        }
        bool known = false;
        for (; at < policy->sources.count && !known &&
               source_order(&policy->sources.items[at], &origins[i]) == 0;
             at++)
            known = origin_equal(&policy->sources.items[at], &origins[i]);
        if (known)
            continue;
        ARENA_PUSH(checker->arena, &policy->sources);
        checked_origin *const place = &policy->sources.items[at];
        memmove(place + 1, place, (policy->sources.count - 1 - at) * sizeof *place);
        *place = origins[i];
    }
}

/* What the agent writes is read: the arguments of every call, and those that come back with a
 * result that is a source. */
static void arguments_read(checker *checker, const checked_origin *origins, uint32_t count,
                           source_range range)
{
    checked_policy *const policy = checker->policy;
    if (policy->from_args == CST_NONE)
        for (uint32_t tool = 0; tool < policy->tools.count; tool++)
            policy->from_args = scope_origin_slot(checker, "args", CST_ACTION, tool, range);
    for (uint32_t i = 0; i < count; i++)
        if (origins[i].kind == CST_ORIGIN_RESULT)
            scope_origin_slot(checker, "args", CST_RESULT, origins[i].tool, range);
}

uint32_t from_commit(checker *checker, const expression *node)
{
    checked_policy *const policy = checker->policy;
    const asked_from *const asked = node->asked;
    bool echoes = true; /* where there is no result there is no echo, and both senses are one */
    for (uint32_t i = 0; i < asked->origin_count; i++)
        echoes = echoes && (asked->origins[i].kind != CST_ORIGIN_RESULT || node->tightens);
    origin_list list = {asked->origins, asked->origin_count, asked->origin_count};
    origins_commit(checker, &list, node->range);
    sources_add(checker, asked->origins, asked->origin_count);
    policy->from_types |= asked->types;
    if (!echoes)
        arguments_read(checker, asked->origins, asked->origin_count, node->range);
    uint32_t number = 0;
    for (; number < policy->froms.count; number++) {
        const checked_from *const other = &policy->froms.items[number];
        if (other->chars == asked->chars && other->echoes == echoes &&
            origins_equal(other->origins, other->origin_count, asked->origins, asked->origin_count))
            return number;
    }
    *ARENA_PUSH(checker->arena, &policy->froms) =
        (checked_from){.origins = asked->origins,
                       .origin_count = asked->origin_count,
                       .chars = asked->chars,
                       .echoes = echoes,
                       .name = asked->name};
    return number;
}

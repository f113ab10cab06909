/*
 * origins.c - what stands behind `from` and `of` as an origin: names and tools become a list of
 * where texts and leaves come from.
 *
 * A named origin is replaced by what it lists, a tag by the tools that carry it. What is asked for
 * later are the slots that bring the texts: of every event of that stage and tool, whether or not a
 * rule reads them there.
 */
#include "compiler/check/expression.h"

static bool origin_source_add(const environment *environment, unit *unit, const ast_source *source,
                              uint32_t depth, origin_list *out);

/* What nothing is called so, or leads back to itself. */
static void unknown_report(const environment *environment, const unit *unit,
                           const ast_source *source, bool circle)
{
    static const char *const builtin[] = {"user", "system", "output"};
    checker *const checker = environment->checker;
    diagnostic *const d =
        report(environment, E_UNKNOWN_ORIGIN, source->range,
               circle ? "the origin `%s` leads back to itself" : "no origin is called `%s`",
               source->name.bytes);
    uint32_t count;
    const char *const *const declared = unit_names(checker, unit, 1u << SYMBOL_ORIGIN, &count);
    const char **const names = arena_array(checker->arena, count + 3, sizeof *names);
    memcpy(names, builtin, sizeof builtin);
    for (uint32_t i = 0; i < count; i++)
        names[3 + i] = declared[i];
    if (!circle && !guess_origin(environment, d, source))
        name_suggest(environment, d, &source->name, names, count + 3);
    diagnostic_note_text(
        checker->compilation, d,
        "there are `user`, `system`, `output`, `result of TOOL`, `result tagged TAG`, "
        "`message of AGENT`, and what `origin` declares");
}

static bool named_add(const environment *environment, unit *unit, const ast_source *source,
                      uint32_t depth, origin_list *out)
{
    checker *const checker = environment->checker;
    const key name = key_of(&source->name);
    if (key_is(name, "user") || key_is(name, "system")) {
        *ARENA_PUSH(checker->arena, out) = (checked_origin){
            .kind = key_is(name, "user") ? CST_ORIGIN_USER : CST_ORIGIN_SYSTEM, .tool = CST_NONE};
        return true;
    }
    symbol *const symbol = unit_find(unit, source->name.bytes, source->name.length);
    if (symbol == NULL || symbol->kind != SYMBOL_ORIGIN || depth > 16) {
        unknown_report(environment, unit, source, symbol != NULL && symbol->kind == SYMBOL_ORIGIN);
        return false;
    }
    symbol->used = true;
    bool sound = true;
    for (uint32_t i = 0; i < symbol->declaration->sources.count; i++)
        sound = origin_source_add(environment, unit, symbol->declaration->sources.items[i],
                                  depth + 1, out) &&
                sound;
    return sound;
}

/* Whether the keys of `result of TOOL.key.key` are fields of what the tool returns, as far as that
 * is declared. */
static bool path_exists(const environment *environment, uint32_t number, const ast_source *source)
{
    const tool *const tool = &environment->checker->policy->tools.items[number];
    const type *at = tool->returns;
    for (uint32_t i = 0; i < source->keys.count; i++) {
        const ast_text *const name = &source->keys.items[i];
        while (at != NULL && at->kind == CST_KIND_LIST)
            at = at->element;
        if (at == NULL || at->kind == CST_KIND_JSON || type_is_lost(environment->checker, at))
            return true;
        uint32_t field = 0;
        while (at->kind == CST_KIND_RECORD && field < at->field_count &&
               !key_is(key_of(name), at->fields[field].name))
            field++;
        if (at->kind == CST_KIND_RECORD && field < at->field_count) {
            at = at->fields[field].type;
            continue;
        }
        diagnostic *const d =
            report(environment, E_UNKNOWN_FIELD, name->range,
                   "what `%s` returns has no field `%s` there", tool->name, name->bytes);
        diagnostic_note_at(environment->checker->compilation, d, tool->range,
                           "the tool is declared here");
        if (at->kind == CST_KIND_RECORD) {
            const char **const names =
                arena_array(environment->checker->arena, at->field_count, sizeof *names);
            for (uint32_t k = 0; k < at->field_count; k++)
                names[k] = at->fields[k].name;
            name_suggest(environment, d, name, names, at->field_count);
        }
        return false;
    }
    return true;
}

static bool tool_origin_add(const environment *environment, const ast_source *source,
                            origin_list *out)
{
    checker *const checker = environment->checker;
    const ast_text *const name = &source->name;
    ast_text tools[1] = {*name};
    const ast_event event = {.stage = CST_RESULT,
                             .range = source->range,
                             .tools = {tools, source->kind == AST_SOURCE_RESULT ? 1u : 0u},
                             .tagged = source->kind == AST_SOURCE_TAGGED,
                             .tag = *name};
    selector selector;
    if (!selector_resolve(checker, &event, &selector))
        return false;
    const char **const path = arena_array(checker->arena, source->keys.count, sizeof *path);
    for (uint32_t i = 0; i < source->keys.count; i++)
        path[i] = source->keys.items[i].bytes;
    bool sound = true;
    for (uint32_t i = 0; i < selector.tool_count; i++) {
        sound = path_exists(environment, selector.tools[i], source) && sound;
        *ARENA_PUSH(checker->arena, out) = (checked_origin){.kind = CST_ORIGIN_RESULT,
                                                            .tool = selector.tools[i],
                                                            .path = path,
                                                            .path_count = source->keys.count};
    }
    return sound;
}

static bool origin_source_add(const environment *environment, unit *unit, const ast_source *source,
                              uint32_t depth, origin_list *out)
{
    switch (source->kind) {
    case AST_SOURCE_NAME: return named_add(environment, unit, source, depth, out);
    case AST_SOURCE_OUTPUT:
        *ARENA_PUSH(environment->checker->arena, out) =
            (checked_origin){.kind = CST_ORIGIN_OUTPUT, .tool = CST_NONE};
        return true;
    case AST_SOURCE_MESSAGE: {
        const set_element agent = {.kind = AST_PATH, .text = source->name};
        cst_value value;
        if (!literal_read(environment->checker, unit, &agent, source->name.range,
                          type_agent(environment->checker), &value))
            return false;
        *ARENA_PUSH(environment->checker->arena, out) = (checked_origin){
            .kind = CST_ORIGIN_MESSAGE, .tool = CST_NONE, .agent = source->name.bytes};
        return true;
    }
    default: return tool_origin_add(environment, source, out);
    }
}

bool origins_of(const environment *environment, const ast_source *source, origin_list *out)
{
    return origin_source_add(environment, environment->unit, source, 0, out);
}

/* The fields that bring the texts of each origin. */
void origins_commit(checker *checker, origin_list *list, source_range range)
{
    static const cst_stage stages[] = {[CST_ORIGIN_USER] = CST_INPUT,
                                       [CST_ORIGIN_OUTPUT] = CST_OUTPUT,
                                       [CST_ORIGIN_RESULT] = CST_RESULT,
                                       [CST_ORIGIN_MESSAGE] = CST_MESSAGE};
    for (uint32_t i = 0; i < list->count; i++) {
        checked_origin *const one = &list->items[i];
        one->text = one->value = one->sender = CST_NONE;
        if (one->kind == CST_ORIGIN_SYSTEM)
            continue;
        one->text = scope_origin_slot(checker, "text", stages[one->kind], one->tool, range);
        if (one->kind == CST_ORIGIN_RESULT)
            one->value = scope_origin_slot(checker, "value", CST_RESULT, one->tool, range);
        if (one->kind == CST_ORIGIN_MESSAGE)
            one->sender = scope_origin_slot(checker, "sender", CST_MESSAGE, SCOPE_NO_TOOL, range);
    }
}

static bool paths_equal(const checked_origin *a, const checked_origin *b)
{
    if (a->path_count != b->path_count)
        return false;
    for (uint32_t i = 0; i < a->path_count; i++)
        if (strcmp(a->path[i], b->path[i]) != 0)
            return false;
    return true;
}

bool origin_equal(const checked_origin *a, const checked_origin *b)
{
    return a->kind == b->kind && a->tool == b->tool && (a->agent == NULL) == (b->agent == NULL) &&
           (a->agent == NULL || strcmp(a->agent, b->agent) == 0) && paths_equal(a, b);
}

bool origins_equal(const checked_origin *a, uint32_t a_count, const checked_origin *b,
                   uint32_t b_count)
{
    if (a_count != b_count)
        return false;
    for (uint32_t i = 0; i < a_count; i++)
        if (!origin_equal(&a[i], &b[i]))
            return false;
    return true;
}

/* Declared origins that nothing uses are read too, so that an error in them is known. */
void origins_check(checker *checker)
{
    scope scope = {.checker = checker, .any_stage = true};
    for (uint32_t i = 0; i < checker->units.count; i++) {
        unit *const unit = checker->units.items[i];
        for (uint32_t k = 0; k < unit->symbols.count; k++) {
            const symbol *const symbol = unit->symbols.items[k];
            if (symbol->kind != SYMBOL_ORIGIN || symbol->used || symbol->declaration == NULL)
                continue;
            const environment environment = {.checker = checker,
                                             .scope = &scope,
                                             .unit = unit,
                                             .rule = symbol->declaration->range};
            origin_list ignored = {0};
            for (uint32_t n = 0; n < symbol->declaration->sources.count; n++)
                origin_source_add(&environment, unit, symbol->declaration->sources.items[n], 1,
                                  &ignored);
        }
    }
}

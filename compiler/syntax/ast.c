/*
 * ast.c - builders for lists, types, events, history, effects, declarations and tests;
 * ast_literal.c and ast_expression.c have the rest.
 *
 * Each is called by one action of the grammar and trusts it: tokens have the kind that the
 * production says. Ranges end with the last token that was fed, which is the last of the
 * production.
 */
#include <string.h>

#include "compiler/syntax/syntax.h"

#define EXCERPT_BYTES 60u /* of the source in a message */

source_range range_of(const struct parsing *parsing, uint32_t start, uint32_t end)
{
    return (source_range){parsing->source, start, end};
}

const char *short_excerpt(struct parsing *parsing, source_range range)
{
    const bool cut = range.end - range.start > EXCERPT_BYTES;
    if (cut)
        range.end = range.start + EXCERPT_BYTES;
    while (cut && ((unsigned char)parsing->bytes[range.end] & 0xc0) == 0x80)
        range.end--;
    const char *const text = source_excerpt(parsing->compilation, range);
    return cut ? arena_format(parsing->arena, "%s…", text) : text;
}

static source_range range_from(const struct parsing *parsing, uint32_t start)
{
    return range_of(parsing, start, parsing->end);
}

/* ---- lists ----------------------------------------------------------------------------------- */

#define LIST_ADD(list, item)                                                                       \
    do {                                                                                           \
        if (!(list))                                                                               \
            (list) = arena_allocate(parsing->arena, sizeof *(list));                               \
        *ARENA_PUSH(parsing->arena, (list)) = (item);                                              \
        return (list);                                                                             \
    } while (0)

text_list *texts_add(struct parsing *parsing, text_list *list, ast_text item)
{
    LIST_ADD(list, item);
}

path_list *paths_add(struct parsing *parsing, path_list *list, ast_path item)
{
    LIST_ADD(list, item);
}

field_list *fields_add(struct parsing *parsing, field_list *list, ast_field item)
{
    LIST_ADD(list, item);
}

expression_list *expressions_add(struct parsing *parsing, expression_list *list,
                                 ast_expression *item)
{
    LIST_ADD(list, item);
}

source_list *sources_add(struct parsing *parsing, source_list *list, ast_source *item)
{
    LIST_ADD(list, item);
}

event_list *events_add(struct parsing *parsing, event_list *list, ast_event item)
{
    LIST_ADD(list, item);
}

pattern_list *patterns_add(struct parsing *parsing, pattern_list *list, const ast_pattern *item)
{
    LIST_ADD(list, *item);
}

step_list *steps_add(struct parsing *parsing, step_list *list, const ast_step *item)
{
    LIST_ADD(list, *item);
}

member_list *members_add(struct parsing *parsing, member_list *list, ast_text key, ast_json *value)
{
    if (!list)
        list = arena_allocate(parsing->arena, sizeof *list);
    *ARENA_PUSH(parsing->arena, &list->keys) = key;
    *ARENA_PUSH(parsing->arena, &list->values) = value;
    return list;
}

ast_texts texts_of(const text_list *list)
{
    return list ? (ast_texts){list->items, list->count} : (ast_texts){0};
}

ast_fields fields_of(struct parsing *parsing, const field_list *list, struct token from)
{
    return (ast_fields){list ? list->items : NULL, list ? list->count : 0,
                        range_from(parsing, from.start)};
}

/* ---- types and paths ------------------------------------------------------------------------- */

ast_type *ast_type_name(struct parsing *parsing, ast_text name, ast_type *argument)
{
    ast_type *const type = arena_allocate(parsing->arena, sizeof *type);
    type->kind = argument ? AST_TYPE_GENERIC : AST_TYPE_NAME;
    type->range = range_from(parsing, name.range.start);
    type->name = name;
    type->argument = argument;
    return type;
}

ast_type *ast_type_record(struct parsing *parsing, ast_fields fields)
{
    ast_type *const type = arena_allocate(parsing->arena, sizeof *type);
    type->kind = AST_TYPE_RECORD;
    type->range = fields.range;
    type->fields = fields.items;
    type->field_count = fields.count;
    return type;
}

ast_type *ast_type_bound(struct parsing *parsing, ast_type *type, struct token bound)
{
    type->has_bound = true;
    type->bound = ast_integer(parsing, bound, false);
    type->bound_range = range_of(parsing, bound.start, bound.end);
    type->range.end = parsing->end;
    return type;
}

ast_path ast_path_begin(struct parsing *parsing, struct token first)
{
    ast_path path = {arena_allocate(parsing->arena, sizeof *path.items), 1,
                     range_of(parsing, first.start, first.end)};
    path.items[0] = ast_word(parsing, first);
    return path;
}

/* Paths are short: doubling whenever the count is a power of two needs no capacity in the tree. */
ast_path ast_path_key(struct parsing *parsing, ast_path path, ast_text key)
{
    if ((path.count & (path.count - 1)) == 0) {
        ast_text *const items =
            arena_array(parsing->arena, path.count ? (size_t)path.count * 2 : 1, sizeof *items);
        if (path.count)
            memcpy(items, path.items, path.count * sizeof *items);
        path.items = items;
    }
    path.items[path.count++] = key;
    path.range.end = parsing->end;
    return path;
}

/* ---- sources, events, history ---------------------------------------------------------------- */

ast_source *ast_source_new(struct parsing *parsing, ast_source_kind kind, struct token from,
                           ast_text name)
{
    ast_source *const source = arena_allocate(parsing->arena, sizeof *source);
    source->kind = kind;
    source->range = range_from(parsing, from.start);
    source->name = name;
    return source;
}

ast_source *ast_source_key(struct parsing *parsing, ast_source *source, ast_text key)
{
    ast_path keys = {source->keys.items, source->keys.count, source->range};
    keys = ast_path_key(parsing, keys, key);
    source->keys = (ast_texts){keys.items, keys.count};
    source->range.end = parsing->end;
    return source;
}

ast_event ast_event_new(struct parsing *parsing, struct token stage)
{
    static const uint16_t kinds[] = {TOKEN_INPUT, TOKEN_OUTPUT, TOKEN_ACTION, TOKEN_RESULT,
                                     TOKEN_MESSAGE};
    ast_event event = {.range = range_of(parsing, stage.start, stage.end)};
    for (uint32_t i = 0; i < CST_STAGE_COUNT; i++)
        if (kinds[i] == stage.kind)
            event.stage = (cst_stage)i;
    return event;
}

ast_event ast_event_tool(struct parsing *parsing, ast_event event, ast_text tool)
{
    ast_path tools = {event.tools.items, event.tools.count, event.range};
    tools = ast_path_key(parsing, tools, tool);
    event.tools = (ast_texts){tools.items, tools.count};
    event.range.end = parsing->end;
    return event;
}

ast_event ast_event_tagged(struct parsing *parsing, ast_event event, ast_text tag)
{
    event.tagged = true;
    event.tag = tag;
    event.range.end = parsing->end;
    return event;
}

ast_stages ast_stages_new(struct parsing *parsing, uint32_t start, bool whole,
                          const event_list *events)
{
    return (ast_stages){whole, events->items, events->count, range_from(parsing, start)};
}

ast_stages ast_stages_whole(struct parsing *parsing, struct token whole, struct token output)
{
    return ast_stages_new(parsing, whole.start, true,
                          events_add(parsing, NULL, ast_event_new(parsing, output)));
}

ast_pattern *ast_pattern_new(struct parsing *parsing, struct token from, ast_mark mark,
                             ast_event event, ast_expression *where)
{
    ast_pattern *const pattern = arena_allocate(parsing->arena, sizeof *pattern);
    *pattern = (ast_pattern){mark, event, where, range_from(parsing, from.start)};
    return pattern;
}

ast_past *ast_past_new(struct parsing *parsing, const pattern_list *patterns)
{
    ast_past *const past = arena_allocate(parsing->arena, sizeof *past);
    past->followed = patterns->items;
    past->followed_count = patterns->count;
    past->range = range_from(parsing, patterns->items[0].range.start);
    return past;
}

ast_past *ast_past_end(struct parsing *parsing, ast_past *past)
{
    past->range.end = parsing->end;
    return past;
}

ast_past *ast_past_same(struct parsing *parsing, ast_past *past, const path_list *paths)
{
    past->same = paths->items;
    past->same_count = paths->count;
    return ast_past_end(parsing, past);
}

ast_past *ast_past_since(struct parsing *parsing, ast_past *past, ast_pattern *pattern)
{
    past->since = pattern;
    return ast_past_end(parsing, past);
}

ast_past *ast_past_within(struct parsing *parsing, ast_past *past, struct token duration)
{
    past->has_within = true;
    past->within_us = ast_duration(parsing, duration);
    return ast_past_end(parsing, past);
}

/* ---- effects and declarations ---------------------------------------------------------------- */

ast_ask ast_ask_new(struct parsing *parsing, struct token require, const text_list *who)
{
    return (ast_ask){.who = texts_of(who), .range = range_from(parsing, require.start)};
}

ast_ask ast_ask_within(struct parsing *parsing, ast_ask ask, struct token duration)
{
    ask.has_within = true;
    ask.within_us = ast_duration(parsing, duration);
    ask.range.end = parsing->end;
    return ask;
}

ast_standing *ast_standing_new(struct parsing *parsing, struct token word, struct token duration)
{
    ast_standing *const standing = arena_allocate(parsing->arena, sizeof *standing);
    standing->within_us = ast_duration(parsing, duration);
    standing->range = range_from(parsing, word.start);
    return standing;
}

ast_ask ast_ask_standing(struct parsing *parsing, ast_ask ask, ast_standing *standing)
{
    ask.standing = standing;
    ask.range.end = parsing->end;
    return ask;
}

ast_effect *ast_effect_new(struct parsing *parsing, ast_effect_kind kind, struct token from)
{
    ast_effect *const effect = arena_allocate(parsing->arena, sizeof *effect);
    effect->kind = kind;
    effect->range = range_from(parsing, from.start);
    return effect;
}

ast_effect *ast_effect_text(struct parsing *parsing, ast_effect *effect, ast_text text)
{
    (void)parsing;
    effect->has_text = true;
    effect->text = text;
    return effect;
}

ast_effect *ast_effect_path(struct parsing *parsing, ast_effect *effect, ast_path path)
{
    (void)parsing;
    effect->has_path = true;
    effect->path = path;
    return effect;
}

ast_declaration *ast_declare(struct parsing *parsing, ast_kind kind, struct token from)
{
    ast_declaration *const declaration = arena_allocate(parsing->arena, sizeof *declaration);
    declaration->kind = kind;
    declaration->range = range_from(parsing, from.start);
    return declaration;
}

ast_declaration *ast_declare_name(struct parsing *parsing, ast_kind kind, struct token from,
                                  ast_text name)
{
    ast_declaration *const declaration = ast_declare(parsing, kind, from);
    declaration->name = name;
    return declaration;
}

void ast_declaration_add(struct parsing *parsing, ast_declaration *declaration)
{
    struct {
        ast_declaration **items;
        uint32_t count, capacity;
    } list = {parsing->file->items, parsing->file->count, parsing->capacity};
    *ARENA_PUSH(parsing->arena, &list) = declaration;
    parsing->file->items = list.items;
    parsing->file->count = list.count;
    parsing->capacity = list.capacity;
}

ast_declaration *ast_test(struct parsing *parsing, struct token from, ast_text title,
                          const step_list *steps)
{
    ast_declaration *const test = ast_declare(parsing, AST_TEST, from);
    test->text = title;
    test->steps = steps ? steps->items : NULL;
    test->step_count = steps ? steps->count : 0;
    return test;
}

/* ---- tests ----------------------------------------------------------------------------------- */

ast_json *ast_json_new(struct parsing *parsing, ast_json_kind kind, struct token from)
{
    ast_json *const json = arena_allocate(parsing->arena, sizeof *json);
    json->kind = kind;
    json->range = range_from(parsing, from.start);
    return json;
}

ast_json *ast_json_word(struct parsing *parsing, struct token name)
{
    const ast_text text = ast_word(parsing, name);
    const bool null = strcmp(text.bytes, "null") == 0;
    ast_json *const json = ast_json_new(parsing, null ? AST_JSON_NULL : AST_JSON_NAME, name);
    json->text = text;
    return json;
}

ast_json *ast_json_number(struct parsing *parsing, struct token from, struct token number)
{
    ast_json *const json = ast_json_new(parsing, AST_JSON_NUMBER, from);
    if (number.flags & TOKEN_BROKEN) {
        json->text = (ast_text){"0", 1, json->range, false};
        return json;
    }
    const bool minus = from.kind == TOKEN_MINUS;
    const uint32_t length = number.end - number.start;
    const char *const text = arena_format(parsing->arena, "%s%.*s", minus ? "-" : "", (int)length,
                                          parsing->bytes + number.start);
    json->text = (ast_text){text, length + (minus ? 1 : 0), json->range, false};
    return json;
}

ast_json *ast_json_object(struct parsing *parsing, struct token from, const member_list *members)
{
    ast_json *const json = ast_json_new(parsing, AST_JSON_OBJECT, from);
    if (members) {
        json->keys = members->keys.items;
        json->items = members->values.items;
        json->count = members->values.count;
    }
    return json;
}

ast_json *ast_json_list(struct parsing *parsing, struct token from, const member_list *members)
{
    ast_json *const json = ast_json_object(parsing, from, members);
    json->kind = AST_JSON_LIST;
    json->keys = NULL;
    return json;
}

ast_step *ast_step_new(struct parsing *parsing, ast_step_kind kind, struct token from)
{
    ast_step *const step = arena_allocate(parsing->arena, sizeof *step);
    step->kind = kind;
    step->range = range_from(parsing, from.start);
    return step;
}

ast_step *ast_step_by(struct parsing *parsing, ast_step *step, const path_list *by)
{
    step->by = by->items;
    step->by_count = by->count;
    step->range.end = parsing->end;
    return step;
}

/*
 * ast.c - builders for everything in the tree but expressions: literals, lists, types, events, effects, declarations, tests.
 *
 * Each is called by one action of the grammar and trusts it: tokens have the kind that the production says. Texts are decoded here,
 * once, when the production is known, because a string in the JSON of a test knows more escapes than one in a policy. What a
 * literal cannot be (an unknown escape, a number out of range) is reported, and the tree gets a harmless value.
 */
#include <string.h>

#include "compiler/syntax/syntax.h"
#include "runtime/utf8.h"

source_range range_of(const struct parsing *parsing, uint32_t start, uint32_t end)
{
    return (source_range){parsing->source, start, end};
}

static source_range range_from(const struct parsing *parsing, uint32_t start)
{
    return range_of(parsing, start, parsing->end);
}

/* ---- lists ---------------------------------------------------------------------------------------- */

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

expression_list *expressions_add(struct parsing *parsing, expression_list *list, ast_expression *item)
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
    return (ast_fields){list ? list->items : NULL, list ? list->count : 0, range_from(parsing, from.start)};
}

/* ---- texts ---------------------------------------------------------------------------------------- */

static ast_text text_new(struct parsing *parsing, struct token token, const char *bytes, uint32_t length, bool quoted)
{
    return (ast_text){bytes, length, range_of(parsing, token.start, token.end), quoted};
}

ast_text ast_word(struct parsing *parsing, struct token name)
{
    const uint32_t length = name.flags & TOKEN_BROKEN ? 0 : name.end - name.start;
    const char *const bytes = length ? arena_copy(parsing->arena, parsing->bytes + name.start, length) : "";
    return text_new(parsing, name, bytes, length, false);
}

struct decoder {
    struct parsing *parsing;
    bool json;
    const char *next, *end;
    char *out;
};

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    const char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool read_hex(struct decoder *decoder, uint32_t most, uint32_t *out, uint32_t *digits)
{
    *out = *digits = 0;
    while (*digits < most && decoder->next < decoder->end && hex_digit(*decoder->next) >= 0) {
        *out = *out << 4 | (uint32_t)hex_digit(*decoder->next++);
        ++*digits;
    }
    return *digits > 0;
}

static bool is_scalar(uint32_t code)
{
    return code < 0xd800 || (code > 0xdfff && code <= 0x10ffff);
}

/* Behind `\u`: {1F600} in a policy; in JSON also four digits, of which two may be halves of one character. */
static bool decode_unicode(struct decoder *decoder)
{
    uint32_t code, digits, low;
    if (decoder->next < decoder->end && *decoder->next == '{') {
        decoder->next++;
        if (!read_hex(decoder, 6, &code, &digits) || decoder->next == decoder->end || *decoder->next != '}')
            return false;
        decoder->next++;
    } else {
        if (!decoder->json || !read_hex(decoder, 4, &code, &digits) || digits != 4)
            return false;
        const bool high = code >= 0xd800 && code < 0xdc00;
        if (high && decoder->end - decoder->next >= 6 && memcmp(decoder->next, "\\u", 2) == 0) {
            decoder->next += 2;
            if (!read_hex(decoder, 4, &low, &digits) || digits != 4 || low < 0xdc00 || low > 0xdfff)
                return false;
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    if (!is_scalar(code))
        return false;
    decoder->out += utf8_encode(code, decoder->out);
    return true;
}

static bool decode_escape(struct decoder *decoder)
{
    static const char from[] = "\"\\ntr/bf", to[] = "\"\\\n\t\r/\b\f";
    const char letter = *decoder->next++;
    if (letter == 'u')
        return decode_unicode(decoder);
    const char *const found = letter ? strchr(from, letter) : NULL;
    if (!found || (!decoder->json && found - from >= 5))
        return false;
    *decoder->out++ = to[found - from];
    return true;
}

static void report_escape(struct decoder *decoder, const char *start)
{
    struct parsing *const parsing = decoder->parsing;
    const char letter = start[1];
    if ((unsigned char)letter >= 0x80)
        utf8_decode(&decoder->next, decoder->end); /* the range takes in the whole character */
    const uint32_t from = (uint32_t)(start - parsing->bytes);
    const bool unicode = letter == 'u';
    const source_range range = range_of(parsing, from, unicode ? (uint32_t)(decoder->next - parsing->bytes) : from + 2);
    diagnostic *const report =
        unicode ? diagnostic_report(parsing->compilation, E_UNKNOWN_ESCAPE, range, "\\u needs a Unicode number in braces")
                : diagnostic_report(parsing->compilation, E_UNKNOWN_ESCAPE, range, "no escape starts with this character");
    if (unicode)
        diagnostic_mend(parsing->compilation, report, range, NULL, "write \\u{e9}; surrogates have no number of their own");
    else
        diagnostic_mend(parsing->compilation, report, range_of(parsing, from, from + 1), "\\\\",
                        "for a backslash write two; known are \\\" \\\\ \\n \\t \\r \\u{…}");
}

static ast_text decode(struct parsing *parsing, struct token string, bool json)
{
    const uint32_t quote = string.flags & TOKEN_CURLY ? 3 : 1;
    const char *const from = parsing->bytes + string.start + quote;
    const char *const end = parsing->bytes + string.end - (string.flags & TOKEN_UNCLOSED ? 0 : quote);
    const source_range range = range_of(parsing, string.start, string.end);
    if (end - from > (ptrdiff_t)LIMIT_STRING_BYTES) {
        diagnostic_report(parsing->compilation, E_LITERAL_TOO_LONG, range, "the text has %td bytes, the limit is %u",
                          end - from, (unsigned)LIMIT_STRING_BYTES);
        return text_new(parsing, string, "", 0, true);
    }
    /* No escape is shorter than what it stands for, but a byte that is not UTF-8 becomes U+FFFD, which has three. */
    char *const bytes = arena_allocate(parsing->arena, (size_t)(end - from) * 3 + 1);
    struct decoder decoder = {parsing, json, from, end, bytes};
    while (decoder.next < end) {
        const char *const start = decoder.next;
        if (*start != '\\') {
            const uint32_t code = utf8_decode(&decoder.next, end);
            decoder.out += utf8_encode(code == UINT32_MAX ? 0xfffd : code, decoder.out);
            continue;
        }
        decoder.next++;
        if (decoder.next < end && !decode_escape(&decoder) && !(string.flags & TOKEN_BROKEN))
            report_escape(&decoder, start);
    }
    return text_new(parsing, string, bytes, (uint32_t)(decoder.out - bytes), true);
}

ast_text ast_string(struct parsing *parsing, struct token string)
{
    return decode(parsing, string, false);
}

ast_text ast_json_string(struct parsing *parsing, struct token string)
{
    return decode(parsing, string, true);
}

ast_text ast_quoted_name(struct parsing *parsing, struct token string)
{
    const ast_text name = decode(parsing, string, false);
    if (string.flags & TOKEN_BROKEN)
        return name;
    if (name.length == 0)
        diagnostic_report(parsing->compilation, E_BAD_NAME, name.range, "a name cannot be empty");
    else if (memchr(name.bytes, 0, name.length))
        diagnostic_report(parsing->compilation, E_BAD_NAME, name.range, "a name cannot hold a NUL");
    else if (name.length > LIMIT_NAME_BYTES)
        diagnostic_report(parsing->compilation, E_LITERAL_TOO_LONG, name.range, "the name has %u bytes, the limit is %u",
                          name.length, (unsigned)LIMIT_NAME_BYTES);
    return name;
}

ast_text ast_regex_text(struct parsing *parsing, struct token regex)
{
    const uint32_t end = regex.flags & TOKEN_UNCLOSED ? regex.end : regex.end - 1;
    const uint32_t length = end - regex.start - 1;
    if (length > LIMIT_STRING_BYTES) {
        diagnostic_report(parsing->compilation, E_LITERAL_TOO_LONG, range_of(parsing, regex.start, regex.end),
                          "the pattern has %u bytes, the limit is %u", length, (unsigned)LIMIT_STRING_BYTES);
        return text_new(parsing, regex, "", 0, true);
    }
    return text_new(parsing, regex, arena_copy(parsing->arena, parsing->bytes + regex.start + 1, length), length, true);
}

/* ---- numbers --------------------------------------------------------------------------------------- */

static int64_t out_of_range(struct parsing *parsing, struct token number, const char *what)
{
    diagnostic_report(parsing->compilation, E_NUMBER_RANGE, range_of(parsing, number.start, number.end),
                      "the %s does not fit in 64 bits", what);
    return 0;
}

int64_t ast_integer(struct parsing *parsing, struct token integer, bool negative)
{
    if (integer.flags & TOKEN_BROKEN)
        return 0;
    int64_t value = 0;
    for (uint32_t i = integer.start; i < integer.end; i++) {
        const int digit = parsing->bytes[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return out_of_range(parsing, integer, "number");
    }
    return value;
}

int64_t ast_duration(struct parsing *parsing, struct token duration)
{
    static const struct {
        char text[3];
        int64_t microseconds;
    } units[] = {{"us", 1},          {"ms", 1000},       {"s", 1000000},        {"m", 60000000},
                 {"h", 3600000000},  {"d", 86400000000}, {"w", 604800000000}};
    if (duration.flags & TOKEN_BROKEN)
        return 0;
    const char *const text = parsing->bytes + duration.start;
    const uint32_t length = duration.end - duration.start;
    uint32_t digits = 0;
    while (digits < length && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    int64_t value = 0;
    for (uint32_t i = 0; i < digits; i++)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text[i] - '0', &value))
            return out_of_range(parsing, duration, "duration");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].text) == length - digits && memcmp(units[i].text, text + digits, length - digits) == 0 &&
            __builtin_mul_overflow(value, units[i].microseconds, &value))
            return out_of_range(parsing, duration, "duration");
    return value;
}

/* ---- types and paths ---------------------------------------------------------------------------------- */

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
    ast_path path = {arena_allocate(parsing->arena, sizeof *path.items), 1, range_of(parsing, first.start, first.end)};
    path.items[0] = ast_word(parsing, first);
    return path;
}

/* Paths are short: doubling whenever the count is a power of two needs no capacity in the tree. */
ast_path ast_path_key(struct parsing *parsing, ast_path path, ast_text key)
{
    if ((path.count & (path.count - 1)) == 0) {
        ast_text *const items = arena_array(parsing->arena, path.count ? (size_t)path.count * 2 : 1, sizeof *items);
        if (path.count)
            memcpy(items, path.items, path.count * sizeof *items);
        path.items = items;
    }
    path.items[path.count++] = key;
    path.range.end = parsing->end;
    return path;
}

/* ---- sources, events, history -------------------------------------------------------------------------- */

ast_source *ast_source_new(struct parsing *parsing, ast_source_kind kind, struct token from, ast_text name)
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
    static const uint16_t kinds[] = {TOKEN_INPUT, TOKEN_OUTPUT, TOKEN_ACTION, TOKEN_RESULT, TOKEN_MESSAGE};
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

ast_stages ast_stages_new(struct parsing *parsing, uint32_t start, bool whole, const event_list *events)
{
    return (ast_stages){whole, events->items, events->count, range_from(parsing, start)};
}

ast_stages ast_stages_whole(struct parsing *parsing, struct token whole, struct token output)
{
    return ast_stages_new(parsing, whole.start, true, events_add(parsing, NULL, ast_event_new(parsing, output)));
}

ast_pattern *ast_pattern_new(struct parsing *parsing, struct token from, ast_mark mark, ast_event event,
                             ast_expression *where)
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

/* ---- effects and declarations ----------------------------------------------------------------------------- */

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

ast_declaration *ast_declare_name(struct parsing *parsing, ast_kind kind, struct token from, ast_text name)
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

ast_declaration *ast_test(struct parsing *parsing, struct token from, ast_text title, const step_list *steps)
{
    ast_declaration *const test = ast_declare(parsing, AST_TEST, from);
    test->text = title;
    test->steps = steps ? steps->items : NULL;
    test->step_count = steps ? steps->count : 0;
    return test;
}

/* ---- tests ------------------------------------------------------------------------------------------------- */

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
        json->text = text_new(parsing, number, "0", 1, false);
        return json;
    }
    const bool minus = from.kind == TOKEN_MINUS;
    const uint32_t length = number.end - number.start;
    const char *const text = arena_format(parsing->arena, "%s%.*s", minus ? "-" : "", (int)length, parsing->bytes + number.start);
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

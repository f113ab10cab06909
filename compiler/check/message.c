/*
 * message.c - because "…{field}…": templates, taken apart at compile time.
 *
 * A brace pair holds a path: a field of the event, or the name of an `any` that the rule's
 * condition must have found an element for. Each body of the rule resolves the template for itself,
 * so a field must exist for all of them. A field may be optional without a guard: a message says
 * what is there, and what is absent is shown as nothing. {{ and }} are braces.
 */
#include "compiler/check/expression.h"

typedef struct parts {
    message_part *items;
    uint32_t count, capacity;
} parts;

typedef struct template
{
    const environment *environment;
    const ast_text *text;
    const ast_declaration *declaration;
    const rule_body *body;
    parts parts;
    bool sound;
}
template;

static diagnostic *complain(template *template, diagnostic_code code, source_range range,
                            const char *format, const char *name)
{
    template->sound = false;
    /* The literal formats of this file all take one name. */
    const char *const mark = strstr(format, "%s");
    const char *const text = arena_format(template->environment->checker->arena, "%.*s%s%s",
                                          (int)(mark - format), format, name, mark + 2);
    return report(template->environment, code, range, "%s", text);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void text_add(template *template, const char *bytes, uint32_t length)
{
    arena *const arena = template->environment->checker->arena;
    parts *const parts = &template->parts;
    if (length == 0)
        return;
    if (parts->count > 0 && parts->items[parts->count - 1].kind == CST_PART_TEXT) {
        message_part *const last = &parts->items[parts->count - 1];
        char *const joined = arena_allocate(arena, (size_t)last->length + length + 1);
        memcpy(joined, last->text, last->length);
        memcpy(joined + last->length, bytes, length);
        last->text = joined;
        last->length += length;
        return;
    }
    *ARENA_PUSH(arena, parts) = (message_part){.kind = CST_PART_TEXT,
                                               .text = arena_copy(arena, bytes, length),
                                               .length = length,
                                               .slot = CST_NONE,
                                               .local = CST_NONE,
                                               .field = CST_NONE,
                                               .property = CST_NONE};
}

/* ---- bound names ----------------------------------------------------------------------------- */

/* How the syntax binds a name: 0 not at all, 1 by `any`, 2 by `all` only. */
static int bound_how(const ast_expression *ast, key name, uint32_t depth)
{
    if (ast == NULL || depth > LIMIT_EXPRESSION_DEPTH)
        return 0;
    int how = 0;
    if (ast->kind == AST_QUANTIFIER && keys_equal(key_of(&ast->text), name))
        how = ast->any ? 1 : 2;
    const ast_expression *const inner[] = {ast->left, ast->right};
    for (uint32_t i = 0; i < 2 + ast->items.count && how != 1; i++) {
        const int found = bound_how(i < 2 ? inner[i] : ast->items.items[i - 2], name, depth + 1);
        if (found != 0 && how != 1)
            how = found;
    }
    return how;
}

static const expression *witness_find(const template *template, key name, uint32_t *count)
{
    const expression *first = NULL;
    *count = 0;
    for (uint32_t i = 0; i < template->body->witness_count; i++) {
        const expression *const witness = template->body->witnesses[i];
        const source_range own = template->declaration->range;
        /* Names inside of definitions are their own. */
        if (!key_is(name, witness->name) || witness->range.file != own.file ||
            witness->range.start < own.start || witness->range.end > own.end)
            continue;
        if ((*count)++ == 0)
            first = witness;
    }
    return first;
}

/* A list of what some pattern marked `secret` found. */
static bool is_secret(const expression *list)
{
    for (uint32_t i = 0; list->kind == EXPRESSION_FOUND && i < list->wanted->count; i++)
        if (list->wanted->patterns[i]->secret)
            return true;
    return false;
}

static void witness_add(template *template, const expression *witness, const ast_path *path)
{
    message_part part = {.kind = CST_PART_WITNESS,
                         .slot = CST_NONE,
                         .local = witness->local,
                         .field = CST_NONE,
                         .property = CST_NONE,
                         .type = witness->left->type->element,
                         .secret = is_secret(witness->left)};
    uint32_t at = 1;
    if (at < path->count && part.type->kind == CST_KIND_RECORD) {
        uint32_t field = 0;
        while (field < part.type->field_count &&
               !key_is(key_of(&path->items[at]), part.type->fields[field].name))
            field++;
        if (field == part.type->field_count) {
            complain(template, E_UNKNOWN_FIELD, path->items[at].range,
                     "the elements that the message shows have no field `%s`",
                     path->items[at].bytes);
            return;
        }
        part.field = field;
        part.type = part.type->fields[field].type;
        at++;
    }
    if (at < path->count) {
        const cst_property property =
            property_find(part.type->kind, path->items[at].bytes, path->items[at].length);
        if (property != CST_PROPERTY_COUNT) {
            const bool weekday = property == CST_PROPERTY_TIME_WEEKDAY;
            checker *const checker = template->environment->checker;
            part.property = property;
            part.type = weekday ? type_enum(checker, checker->weekdays)
                                : type_scalar(checker, property_kind(property), 0);
            at++;
        }
    }
    if (at < path->count) {
        diagnostic *const d =
            complain(template, E_MESSAGE_PART, path->items[at].range,
                     "a message cannot show `.%s` of a bound name", path->items[at].bytes);
        diagnostic_note_text(template->environment->checker->compilation, d,
                             "it shows an element, one field of it, or a part such as `.domain`");
        return;
    }
    *ARENA_PUSH(template->environment->checker->arena, &template->parts) = part;
}

/* True if the name is bound in the condition: then it is handled, or reported. */
static bool bound_add(template *template, const ast_path *path)
{
    const key name = key_of(&path->items[0]);
    uint32_t count;
    const expression *const witness = witness_find(template, name, &count);
    compilation *const compilation = template->environment->checker->compilation;
    if (count == 1) {
        witness_add(template, witness, path);
        return true;
    }
    if (count > 1) {
        diagnostic *const d =
            complain(template, E_MESSAGE_BOUND, path->range,
                     "the message shows `%s`, which is bound more than once", name.bytes);
        diagnostic_note_text(compilation, d,
                             "only one of the quantifiers may have found an element; give each a "
                             "name of its own, or show the lists");
        return true;
    }
    const int how = bound_how(template->declaration->when, name, 0) != 0
                        ? bound_how(template->declaration->when, name, 0)
                        : bound_how(template->declaration->unless, name, 0);
    if (how == 0)
        return false;
    diagnostic *const d =
        complain(template, E_MESSAGE_BOUND, path->range,
                 "the message shows `%s`, which has no element to show", name.bytes);
    diagnostic_note_text(
        compilation, d,
        how == 2
            ? "`all` is true of every element, so none of them is the reason; show the list instead"
            : "a message shows the element that an `any` over a list has found; not one under "
              "`not` or `unless`, "
              "and not an element of a set");
    return true;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static void field_add(template *template, const ast_path *path)
{
    const environment *const environment = template->environment;
    const expression *value = path_check(environment, path, NULL, true);
    if (value == NULL) {
        template->sound = false;
        return;
    }
    message_part part = {.kind = CST_PART_SLOT,
                         .local = CST_NONE,
                         .field = CST_NONE,
                         .property = CST_NONE,
                         .type = value->type};
    if (value->kind == EXPRESSION_PROPERTY) {
        part.property = value->index;
        value = value->left;
    }
    if (value->kind != EXPRESSION_FIELD) {
        complain(template, E_MESSAGE_PART, path->range, "a message cannot show `%s`",
                 path->items[0].bytes);
        return;
    }
    part.slot = value->slot;
    *ARENA_PUSH(environment->checker->arena, &template->parts) = part;
}

/* Reads NAME { "." (NAME | STRING) } up to `end`. */
static bool path_parse(template *template, const char *bytes, const char *end, ast_path *out)
{
    arena *const arena = template->environment->checker->arena;
    struct {
        ast_text *items;
        uint32_t count, capacity;
    } items = {0};
    const ast_text *const text = template->text;
    const bool plain =
        text->range.end - text->range.start == text->length + 2; /* no escapes: places are known */
    source_range range = text->range;
    if (plain) {
        range.start = text->range.start + 1 + (uint32_t)(bytes - text->bytes);
        range.end = text->range.start + 1 + (uint32_t)(end - text->bytes);
    }
    while (bytes < end && *bytes == ' ')
        bytes++;
    while (end > bytes && end[-1] == ' ')
        end--;
    for (;;) {
        const bool quoted = bytes < end && *bytes == '"';
        const char *const start = quoted ? bytes + 1 : bytes;
        const char *stop = start;
        while (stop < end && (quoted ? *stop != '"' : *stop != '.' && *stop != '"' && *stop != ' '))
            stop++;
        if (stop == start || (quoted && stop == end))
            return false;
        const uint32_t length = (uint32_t)(stop - start);
        source_range own = range;
        if (plain) {
            own.start = text->range.start + 1 + (uint32_t)(bytes - text->bytes);
            own.end = own.start + length + (quoted ? 2 : 0);
        }
        *ARENA_PUSH(arena, &items) =
            (ast_text){arena_copy(arena, start, length), length, own, quoted};
        bytes = quoted ? stop + 1 : stop;
        if (bytes == end)
            break;
        if (*bytes++ != '.')
            return false;
    }
    *out = (ast_path){items.items, items.count, range};
    return true;
}

/* Where a part of the text stands in the source; the whole text if it has escapes. */
static source_range braces_range(const ast_text *text, const char *start, const char *end)
{
    source_range range = text->range;
    if (range.end - range.start != text->length + 2)
        return range;
    range.end = range.start + 1 + (uint32_t)(end - text->bytes);
    range.start += 1 + (uint32_t)(start - text->bytes);
    return range;
}

static void path_add(template *template, const char *bytes, const char *end)
{
    ast_path path;
    if (!path_parse(template, bytes, end, &path)) {
        const char *const text =
            arena_copy(template->environment->checker->arena, bytes, (size_t)(end - bytes));
        diagnostic *const d =
            complain(template, E_MESSAGE_SYNTAX, braces_range(template->text, bytes - 1, end + 1),
                     "`{%s}` is not a field", text);
        diagnostic_mend(template->environment->checker->compilation, d, template->text->range, NULL,
                        "put the name of a field between the braces, or write each brace twice");
        return;
    }
    if (!bound_add(template, &path))
        field_add(template, &path);
}

bool message_check(const environment *environment, const ast_text *text,
                   const ast_declaration *declaration, const rule_body *body, message_part **parts,
                   uint32_t *count)
{
    template template = {.environment = environment,
                         .text = text,
                         .declaration = declaration,
                         .body = body,
                         .sound = true};
    const char *at = text->bytes;
    const char *const end = at + text->length;
    while (at < end) {
        const char *brace = at;
        while (brace < end && *brace != '{' && *brace != '}')
            brace++;
        text_add(&template, at, (uint32_t)(brace - at));
        if (brace == end)
            break;
        if (brace + 1 < end && brace[1] == *brace) {
            text_add(&template, brace, 1);
            at = brace + 2;
            continue;
        }
        const char *const close = *brace == '{' ? memchr(brace, '}', (size_t)(end - brace)) : NULL;
        if (close == NULL) {
            diagnostic *const d =
                complain(&template, E_MESSAGE_SYNTAX, braces_range(text, brace, brace + 1),
                         "the message has a single `%s`", *brace == '{' ? "{" : "}");
            diagnostic_mend(environment->checker->compilation, d, text->range, NULL,
                            *brace == '{' ? "close it behind the name of the field: `{FIELD}`; a "
                                            "brace itself is written `{{`"
                                          : "a brace itself is written `}}`");
            break;
        }
        path_add(&template, brace + 1, close);
        at = close + 1;
    }
    *parts = template.parts.items;
    *count = template.parts.count;
    return template.sound;
}

const char *message_plain(checker *checker, const ast_text *text)
{
    char *const plain = arena_allocate(checker->arena, (size_t)text->length + 1);
    uint32_t length = 0;
    for (uint32_t i = 0; i < text->length; i++) {
        const char c = text->bytes[i];
        if (c == '{' || c == '}') {
            if (i + 1 == text->length || text->bytes[i + 1] != c) {
                diagnostic *const d = check_report(checker, E_FIXED_TEXT, text->range,
                                                   "this text is fixed: it cannot show fields");
                diagnostic_mend(checker->compilation, d, text->range, NULL,
                                "show fields in `because \"…\"`; a brace itself is written twice");
                return plain;
            }
            i++;
        }
        plain[length++] = c;
    }
    return plain;
}

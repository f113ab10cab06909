/*
 * expression_guess.c - what a condition was meant to say that parses, and means something else.
 *
 * Words of other languages, `or` between things that are no conditions, a name behind the end of
 * its quantifier: the grammar takes them, so only the checker can tell. Each function adds to a
 * report, or makes it in the place of a more general one; none accepts anything.
 */
#include "compiler/check/expression.h"

struct alias {
    const char *guess, *meant;
};

static const char *alias_find(const struct alias *aliases, size_t count, const char *guess)
{
    for (size_t i = 0; guess != NULL && i < count; i++)
        if (strcmp(aliases[i].guess, guess) == 0)
            return aliases[i].meant;
    return NULL;
}

const char *guess_type(const char *name)
{
    static const struct alias types[] = {
        {"str", "string"},     {"String", "string"},      {"text", "string"},
        {"varchar", "string"}, {"integer", "int"},        {"Integer", "int"},
        {"long", "int"},       {"number", "decimal"},     {"double", "float"},
        {"money", "decimal"},  {"boolean", "bool"},       {"Boolean", "bool"},
        {"object", "json"},    {"dict", "json"},          {"map", "json"},
        {"any", "json"},       {"array", "list<string>"}, {"date", "time"},
        {"datetime", "time"},  {"timestamp", "time"},     {"uri", "url"},
        {"file", "path"},      {"mail", "email"},         {"domain", "host"},
    };
    return alias_find(types, sizeof types / sizeof *types, name);
}

bool guess_origin(const environment *environment, diagnostic *d, const ast_source *source)
{
    static const struct alias origins[] = {
        {"model", "output"},           {"assistant", "output"},    {"llm", "output"},
        {"answer", "output"},          {"human", "user"},          {"customer", "user"},
        {"prompt", "system"},          {"tool", "result of TOOL"}, {"tools", "result of TOOL"},
        {"results", "result of TOOL"},
    };
    const checker *const checker = environment->checker;
    const char *meant = alias_find(origins, sizeof origins / sizeof *origins, source->name.bytes);
    const uint32_t number = tool_find(checker, source->name.bytes, source->name.length);
    if (meant == NULL && number != CST_NONE && number != 0)
        meant = arena_format(checker->arena, "result of %s", source->name.bytes);
    if (meant == NULL)
        return false;
    diagnostic_mend(checker->compilation, d, source->range,
                    strstr(meant, "TOOL") == NULL ? meant : NULL, "write `%s`", meant);
    return true;
}

/* `count of refund`, `count of actions`: a word about the past before what is no event. */
bool guess_past(const environment *environment, const ast_expression *ast)
{
    static const struct alias shapes[] = {{"count", "count of action TOOL"},
                                          {"distinct", "distinct of FIELD over action TOOL"},
                                          {"latest", "latest of FIELD over action TOOL"}};
    static const struct alias stages[] = {{"actions", "action"}, {"calls", "action"},
                                          {"inputs", "input"},   {"outputs", "output"},
                                          {"results", "result"}, {"messages", "message"}};
    const checker *const checker = environment->checker;
    const char *const word = ast->path.count == 1 ? ast->path.items[0].bytes : "";
    const char *const shape = alias_find(shapes, sizeof shapes / sizeof *shapes, word);
    if (shape == NULL)
        return false;
    const bool count = strcmp(word, "count") == 0;
    diagnostic *const d =
        report(environment, E_UNKNOWN_OF, ast->left->range,
               count ? "`count of` is followed by a stage, and `%s` is none"
                     : "this looks at earlier events, and `%s` does not say which",
               excerpt(environment, ast->left->range));
    const ast_path *const path = ast->left->kind == AST_PATH ? &ast->left->path : NULL;
    const char *const name = path != NULL && path->count == 1 ? path->items[0].bytes : "";
    const char *const stage = alias_find(stages, sizeof stages / sizeof *stages, name);
    const uint32_t number = tool_find(checker, name, strlen(name));
    const char *meant = NULL;
    if (stage != NULL)
        meant = stage;
    else if (number != CST_NONE && number != 0)
        meant = arena_format(checker->arena, "action %s", name);
    if (count && meant != NULL)
        diagnostic_mend(checker->compilation, d, ast->left->range, meant, "write `count of %s`",
                        meant);
    else
        diagnostic_mend(checker->compilation, d, ast->range, NULL, "write `%s`", shape);
    return true;
}

/* A name of a quantifier of this rule, behind its end. */
bool guess_quantifier(const environment *environment, const ast_text *name)
{
    const checker *const checker = environment->checker;
    const ast_expression *const last = checker->last_quantifier;
    if (last == NULL || last->range.file != name->range.file ||
        last->range.end > name->range.start || !keys_equal(key_of(&last->text), key_of(name)) ||
        checker->last_rule.start != environment->rule.start ||
        checker->last_rule.file != environment->rule.file)
        return false;
    const char *const word = last->any ? "any" : "all", *verb = last->any ? "satisfies" : "satisfy";
    diagnostic *const d = report(environment, E_UNKNOWN_NAME, name->range,
                                 "`%s … %s` has ended before this `%s`", word, verb, name->bytes);
    diagnostic_note_at(checker->compilation, d, last->range,
                       "it takes one test: it ends before the next `and` or `or`");
    const char *const test = excerpt(environment, last->right->range);
    diagnostic_mend(checker->compilation, d, name->range, NULL,
                    "put what belongs to `%s` into parentheses: `%s (%s and …)`", name->bytes, verb,
                    test);
    return true;
}

void guess_note_quantifier(const environment *environment, const ast_expression *ast)
{
    if (environment->quiet)
        return;
    environment->checker->last_quantifier = ast;
    environment->checker->last_rule = environment->rule;
}

static bool is_value_literal(const ast_expression *ast)
{
    return ast->kind == AST_STRING || ast->kind == AST_REGEX || ast->kind == AST_INT ||
           ast->kind == AST_DECIMAL;
}

/* The set of what the test and the literals behind it name. */
static const char *set_text(const environment *environment, const ast_expression *first,
                            const ast_expression *const *items, uint32_t count)
{
    const char *text = excerpt(environment, first->range);
    for (uint32_t i = 0; i < count; i++)
        text = arena_format(environment->checker->arena, "%s, %s", text,
                            excerpt(environment, items[i]->range));
    return text;
}

bool guess_alternatives(const environment *environment, const ast_expression *ast, uint32_t at)
{
    if (ast->kind != AST_OR || at == 0 || !is_value_literal(ast->items.items[at]))
        return false;
    uint32_t first = at;
    while (first > 0 && is_value_literal(ast->items.items[first]))
        first--;
    const ast_expression *const test = ast->items.items[first];
    const bool equal = test->kind == AST_COMPARE && test->op == AST_OP_EQ;
    const bool tests = test->kind == AST_CONTAINS || test->kind == AST_STARTS ||
                       test->kind == AST_ENDS || test->kind == AST_MATCHES;
    if ((!equal && !tests) || !is_value_literal(test->right))
        return false;
    if (first + 1 != at) /* said at the first of them */
        return true;
    uint32_t end = at;
    while (end + 1 < ast->items.count && is_value_literal(ast->items.items[end + 1]))
        end++;
    const checker *const checker = environment->checker;
    const source_range literal = ast->items.items[at]->range;
    const source_range whole = {test->range.file, test->range.start,
                                ast->items.items[end]->range.end};
    diagnostic *const d =
        report(environment, E_NOT_A_CONDITION, literal,
               "`or` joins conditions, and %s alone is none", excerpt(environment, literal));
    const char *const left = excerpt(environment, test->left->range);
    const ast_expression *const *const more =
        (const ast_expression *const *)(ast->items.items + at);
    if (equal || test->kind == AST_CONTAINS) {
        const char *const edit =
            arena_format(checker->arena, "%s %s { %s }", left, equal ? "in" : "contains any",
                         set_text(environment, test->right, more, end - at + 1));
        diagnostic_mend(checker->compilation, d, whole, edit, "write `%s`", edit);
    } else {
        const char *const word = test->kind == AST_STARTS ? "starts with"
                                 : test->kind == AST_ENDS ? "ends with"
                                                          : "matches";
        diagnostic_mend(
            checker->compilation, d, literal,
            arena_format(checker->arena, "%s %s %s", left, word, excerpt(environment, literal)),
            "write the test again: `%s %s %s`", left, word, excerpt(environment, literal));
    }
    return true;
}

/* `x is empty`, `x is null`. */
bool guess_is(const environment *environment, const ast_expression *ast, const type *type)
{
    static const struct alias words[] = {
        {"null", "absent"},    {"none", "absent"},      {"nil", "absent"},
        {"missing", "absent"}, {"undefined", "absent"}, {"unset", "absent"},
        {"set", "present"},    {"defined", "present"},  {"there", "present"},
    };
    const checker *const checker = environment->checker;
    const char *const text = excerpt(environment, ast->left->range);
    const char *const word = ast->text.bytes;
    const char *const meant = alias_find(words, sizeof words / sizeof *words, word);
    uint32_t used = 0;
    ast_text name = ast->text;
    const ast_path path = {&name, 1, name.range};
    if (unit_resolve(environment->checker, environment->unit, &path, &used) != NULL)
        return false;
    if (meant != NULL) {
        diagnostic *const d = report(environment, E_UNKNOWN_TYPE, ast->text.range,
                                     "`is %s` is written `is %s`", word, meant);
        diagnostic_mend(checker->compilation, d, ast->text.range, meant, "write `is %s`", meant);
        return true;
    }
    const uint32_t number = tool_find(checker, word, strlen(word));
    if (type->kind == CST_KIND_TOOL && number != CST_NONE) {
        diagnostic *const d = report(environment, E_UNKNOWN_TYPE, ast->text.range,
                                     "`is` asks for a type, and `%s` is a tool", word);
        diagnostic_mend(checker->compilation, d, ast->range,
                        arena_format(checker->arena, "%s == %s", text, word), "write `%s == %s`",
                        text, word);
        return true;
    }
    if (strcmp(word, "empty") != 0 || (!type_is_text(type) && type->kind != CST_KIND_LIST))
        return false;
    const char *const edit = arena_format(checker->arena, "length of %s == 0", text);
    diagnostic *const d = report(environment, E_UNKNOWN_TYPE, ast->text.range,
                                 "whether something is empty is asked of its length");
    diagnostic_mend(checker->compilation, d, ast->range, edit, "write `%s`", edit);
    return true;
}

/* `lower(text)`, `text.contains("a")`: functions of other languages. */
bool guess_call(const environment *environment, const ast_expression *ast, diagnostic *d)
{
    static const struct alias functions[] = {
        {"lower", "folded"},
        {"toLower", "folded"},
        {"toLowerCase", "folded"},
        {"upper", "folded"},
        {"lowercase", "folded"},
        {"contains", "contains"},
        {"includes", "contains"},
        {"has", "contains"},
        {"matches", "matches"},
        {"match", "matches"},
        {"startsWith", "starts with"},
        {"startswith", "starts with"},
        {"starts_with", "starts with"},
        {"endsWith", "ends with"},
        {"endswith", "ends with"},
        {"ends_with", "ends with"},
    };
    const checker *const checker = environment->checker;
    const ast_text *const last = &ast->path.items[ast->path.count - 1];
    const char *const meant =
        alias_find(functions, sizeof functions / sizeof *functions, last->bytes);
    const uint32_t given = ast->items.count, before = ast->path.count > 1 ? 1 : 0;
    const bool view = meant != NULL && strcmp(meant, "folded") == 0;
    if (meant == NULL || given + before != (view ? 1u : 2u))
        return false;
    const char *const left =
        before ? excerpt(environment, path_range_before(&ast->path, ast->path.count - 1))
               : excerpt(environment, ast->items.items[0]->range);
    const char *const edit =
        view ? arena_format(checker->arena, "%s folded", left)
             : arena_format(checker->arena, "%s %s %s", left, meant,
                            excerpt(environment, ast->items.items[given - 1]->range));
    diagnostic_mend(checker->compilation, d, ast->range, edit, "write `%s`", edit);
    return true;
}

/* What a text cannot contain, since it is no pattern: an origin, a module. */
bool guess_contained(const environment *environment, const ast_expression *test, diagnostic *d)
{
    const ast_path *const path = &test->right->path;
    const char *const name = path->items[0].bytes;
    checker *const checker = environment->checker;
    if (path->count != 1)
        return false;
    const symbol *const symbol = unit_find(environment->unit, name, path->items[0].length);
    const bool origin = strcmp(name, "system") == 0 || strcmp(name, "user") == 0 ||
                        strcmp(name, "output") == 0 ||
                        (symbol != NULL && symbol->kind == SYMBOL_ORIGIN);
    if (origin) {
        diagnostic_mend(checker->compilation, d, test->range, NULL,
                        "for parts of its text write `%s repeats 40 chars of %s`",
                        excerpt(environment, test->left->range), name);
        return true;
    }
    if (symbol == NULL || symbol->kind != SYMBOL_MODULE || symbol->module == NULL)
        return false;
    uint32_t count;
    const char *const *names = unit_names(checker, symbol->module, 1u << SYMBOL_SET, &count);
    const bool sets = count > 0;
    if (!sets)
        names = unit_names(checker, symbol->module, 1u << SYMBOL_PATTERN, &count);
    const char *list = "";
    uint32_t shown = 0;
    for (uint32_t i = 0; i < count && shown < 12; i++)
        if (strchr(names[i], '.') == NULL)
            list = arena_format(checker->arena, "%s%s`%s.%s`", list, shown++ == 0 ? "" : ", ", name,
                                names[i]);
    if (shown == 0)
        return true;
    diagnostic_note_text(checker->compilation, d, "the %s of the module `%s`: %s%s",
                         sets ? "sets" : "patterns", name, list, shown < count ? ", …" : "");
    diagnostic_mend(checker->compilation, d, test->range, NULL,
                    sets ? "write `%s contains any %s.NAME`" : "write `%s contains %s.NAME`",
                    excerpt(environment, test->left->range), name);
    return true;
}

/* ---- what compiles, and hardly ever says what was meant -----------------------------------------
 */

/* The text of a message, however it is viewed: not a field that a tool declares. */
static bool is_whole_text(const environment *environment, const ast_expression *side)
{
    while (side->kind == AST_VIEW)
        side = side->left;
    if (side->kind != AST_PATH || binding_find(environment, &side->path) != NULL)
        return false;
    const uint32_t first = path_is_this(&side->path) ? 1 : 0;
    return side->path.count == first + 1 && key_is(key_of(&side->path.items[first]), "text");
}

void warn_whole_in(const environment *environment, const ast_expression *ast)
{
    if (!is_whole_text(environment, ast->left))
        return;
    const char *const left = excerpt(environment, ast->left->range);
    const char *const set = excerpt(environment, ast->right->range);
    diagnostic *const d = report(environment, W_WHOLE_TEXT_IN, ast->range,
                                 "`in` compares the whole text with each value of the set");
    diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                    ast->negated ? "write `not (%s contains any %s)`; if the whole text is meant, "
                                   "`not (any x in %s satisfies %s == x)`"
                                 : "write `%s contains any %s`; if the whole text is meant, "
                                   "`any x in %s satisfies %s == x`",
                    left, set, set, left);
}

static bool ends_open(const ast_text *regex)
{
    const char *const bytes = regex->bytes;
    const uint32_t length = regex->length;
    uint32_t first = 0;
    if (length > 2 && bytes[0] == '(' && bytes[1] == '?') /* flags: (?s) */
        while (first < length && bytes[first++] != ')')
            ;
    const bool before =
        length - first >= 1 &&
        (bytes[first] == '^' || (length - first >= 2 && bytes[first] == '.' &&
                                 (bytes[first + 1] == '*' || bytes[first + 1] == '+')));
    const bool behind = length >= 1 && (bytes[length - 1] == '$' ||
                                        (length >= 2 && bytes[length - 2] == '.' &&
                                         (bytes[length - 1] == '*' || bytes[length - 1] == '+')));
    return before || behind;
}

void warn_whole_matches(const environment *environment, const ast_expression *ast)
{
    if (ast->right->kind != AST_REGEX || !is_whole_text(environment, ast->left) ||
        ends_open(&ast->right->text))
        return;
    diagnostic *const d =
        report(environment, W_WHOLE_TEXT_MATCHES, ast->range,
               "`matches` compares the whole text, from its first to its last character");
    const char *const left = excerpt(environment, ast->left->range);
    const char *const right = excerpt(environment, ast->right->range);
    const char *const edit =
        arena_format(environment->checker->arena, "%s contains %s", left, right);
    diagnostic_mend(environment->checker->compilation, d, ast->range, edit,
                    "write `%s`; if the whole text is meant, say so with `^` and `$`", edit);
}

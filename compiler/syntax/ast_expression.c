/*
 * ast_expression.c - builders for conditions and values.
 *
 * The parser's stack bounds how deep a text can nest, but a long sum leans to the left without any
 * stack; so each node knows its depth, and past LIMIT_PARSE_DEPTH it is an error: whoever walks the
 * tree may recurse. A mixture of `and` and `or` arrives here as an `or` with a bare `and` inside,
 * and is reported with the two ways to put parentheses.
 */
#include <string.h>

#include "compiler/syntax/syntax.h"

static ast_expression *expression_new(struct parsing *parsing, ast_expression_kind kind,
                                      uint32_t start)
{
    ast_expression *const expression = arena_allocate(parsing->arena, sizeof *expression);
    expression->kind = kind;
    expression->range = range_of(parsing, start, parsing->end);
    expression->depth = 1;
    return expression;
}

/* Counts a child in. A node that is too deep loses its children. */
static void has_child(struct parsing *parsing, ast_expression *parent, const ast_expression *child)
{
    if (parent->kind == AST_ERROR || child->depth < parent->depth)
        return;
    parent->depth = child->depth + 1;
    if (parent->depth <= LIMIT_PARSE_DEPTH)
        return;
    diagnostic_report(parsing->compilation, E_TOO_DEEP, parent->range,
                      "the expression has more than %d levels", LIMIT_PARSE_DEPTH);
    const source_range range = parent->range;
    memset(parent, 0, sizeof *parent);
    parent->kind = AST_ERROR;
    parent->range = range;
    parent->depth = 1;
}

static void has_children(struct parsing *parsing, ast_expression *parent,
                         const ast_expressions *children)
{
    for (uint32_t i = 0; i < children->count && parent->kind != AST_ERROR; i++)
        has_child(parsing, parent, children->items[i]);
}

static void has_past(struct parsing *parsing, ast_expression *parent, const ast_past *past)
{
    for (uint32_t i = 0; i < past->followed_count; i++)
        if (past->followed[i].where)
            has_child(parsing, parent, past->followed[i].where);
    if (past->since && past->since->where)
        has_child(parsing, parent, past->since->where);
}

static ast_expressions items_of(const expression_list *list)
{
    return list ? (ast_expressions){list->items, list->count} : (ast_expressions){0};
}

ast_expression *ast_path_value(struct parsing *parsing, ast_path path)
{
    ast_expression *const expression = expression_new(parsing, AST_PATH, path.range.start);
    expression->path = path;
    expression->range.end = path.range.end;
    return expression;
}

ast_expression *ast_literal(struct parsing *parsing, ast_expression_kind kind, struct token literal)
{
    ast_expression *const expression = expression_new(parsing, kind, literal.start);
    const uint32_t length = literal.end - literal.start;
    switch (kind) {
    case AST_STRING: expression->text = ast_string(parsing, literal); break;
    case AST_REGEX: expression->text = ast_regex_text(parsing, literal); break;
    case AST_INT: expression->integer = ast_integer(parsing, literal, false); break;
    case AST_DURATION: expression->integer = ast_duration(parsing, literal); break;
    case AST_BOOL: expression->integer = literal.kind == TOKEN_TRUE; break;
    default:
        expression->text =
            literal.flags & TOKEN_BROKEN
                ? (ast_text){"0.0", 3, expression->range, false}
                : (ast_text){arena_copy(parsing->arena, parsing->bytes + literal.start, length),
                             length, expression->range, false};
        break;
    }
    return expression;
}

ast_expression *ast_negative(struct parsing *parsing, ast_expression_kind kind, struct token minus,
                             struct token literal)
{
    ast_expression *const expression = expression_new(parsing, kind, minus.start);
    if (kind == AST_INT) {
        expression->integer = ast_integer(parsing, literal, true);
        return expression;
    }
    const ast_text *const positive = &ast_literal(parsing, kind, literal)->text;
    expression->text = (ast_text){arena_format(parsing->arena, "-%s", positive->bytes),
                                  positive->length + 1, expression->range, false};
    return expression;
}

ast_expression *ast_set(struct parsing *parsing, struct token from, const expression_list *items)
{
    ast_expression *const expression = expression_new(parsing, AST_SET, from.start);
    expression->items = items_of(items);
    has_children(parsing, expression, &expression->items);
    return expression;
}

ast_expression *ast_call(struct parsing *parsing, ast_path callee, const expression_list *arguments)
{
    ast_expression *const expression = expression_new(parsing, AST_CALL, callee.range.start);
    expression->path = callee;
    expression->items = items_of(arguments);
    has_children(parsing, expression, &expression->items);
    return expression;
}

ast_expression *ast_call_key(struct parsing *parsing, ast_expression *call, ast_text key)
{
    ast_path keys = {call->keys.items, call->keys.count, call->range};
    keys = ast_path_key(parsing, keys, key);
    call->keys = (ast_texts){keys.items, keys.count};
    call->range.end = parsing->end;
    return call;
}

ast_expression *ast_parentheses(struct parsing *parsing, struct token from, ast_expression *inner)
{
    inner->parenthesised = true;
    inner->range = range_of(parsing, from.start, parsing->end);
    return inner;
}

ast_expression *ast_binary(struct parsing *parsing, ast_expression_kind kind, ast_expression *left,
                           struct token from, struct token to, ast_expression *right)
{
    ast_expression *const expression = expression_new(parsing, kind, left->range.start);
    expression->operator_range = range_of(parsing, from.start, to.end);
    expression->left = left;
    expression->right = right;
    has_child(parsing, expression, left);
    has_child(parsing, expression, right);
    return expression;
}

ast_expression *ast_operation(struct parsing *parsing, ast_expression_kind kind, ast_operator op,
                              ast_expression *left, struct token from, ast_expression *right)
{
    ast_expression *const expression = ast_binary(parsing, kind, left, from, from, right);
    expression->op = op;
    return expression;
}

ast_expression *ast_unary(struct parsing *parsing, ast_expression_kind kind, struct token operator,
                          ast_expression * left)
{
    ast_expression *const expression = expression_new(parsing, kind, operator.start);
    expression->operator_range = range_of(parsing, operator.start, operator.end);
    expression->left = left;
    has_child(parsing, expression, left);
    return expression;
}

ast_expression *ast_view(struct parsing *parsing, ast_expression *left, struct token word)
{
    ast_expression *const expression = expression_new(parsing, AST_VIEW, left->range.start);
    expression->operator_range = range_of(parsing, word.start, word.end);
    expression->text = ast_word(parsing, word);
    expression->left = left;
    has_child(parsing, expression, left);
    return expression;
}

ast_expression *ast_of(struct parsing *parsing, ast_path path, struct token of,
                       ast_expression *left)
{
    ast_expression *const expression = expression_new(parsing, AST_OF, path.range.start);
    expression->operator_range = range_of(parsing, of.start, of.end);
    expression->path = path;
    expression->left = left;
    has_child(parsing, expression, left);
    return expression;
}

ast_expression *ast_of_past(struct parsing *parsing, ast_path path, struct token of, ast_path field,
                            ast_past *past)
{
    ast_expression *const expression = expression_new(parsing, AST_OF, path.range.start);
    expression->operator_range = range_of(parsing, of.start, of.end);
    expression->path = path;
    expression->of_field = field;
    expression->past = past;
    has_past(parsing, expression, past);
    return expression;
}

/* A count of characters: a bound of zero would hold for everything. */
static int64_t count_of_chars(struct parsing *parsing, struct token count)
{
    const int64_t value = ast_integer(parsing, count, false);
    if (value == 0 && !(count.flags & TOKEN_BROKEN) && parsing->bytes[count.start] == '0')
        diagnostic_report(parsing->compilation, E_NUMBER_RANGE,
                          range_of(parsing, count.start, count.end),
                          "at least one character is needed");
    return value;
}

ast_expression *ast_repeats(struct parsing *parsing, ast_expression *left, struct token word,
                            struct token count, ast_source *source)
{
    ast_expression *const expression = expression_new(parsing, AST_REPEATS, left->range.start);
    expression->operator_range = range_of(parsing, word.start, word.end);
    expression->integer = count_of_chars(parsing, count);
    expression->source = source;
    expression->left = left;
    has_child(parsing, expression, left);
    return expression;
}

ast_expression *ast_from(struct parsing *parsing, ast_expression *left, struct token from,
                         bool negated, ast_source *source)
{
    ast_expression *const expression = expression_new(parsing, AST_FROM, left->range.start);
    expression->operator_range = range_of(parsing, from.start, from.end);
    expression->negated = negated;
    expression->source = source;
    expression->left = left;
    has_child(parsing, expression, left);
    return expression;
}

ast_expression *ast_from_down(struct parsing *parsing, ast_expression *test, struct token count)
{
    test->integer = count_of_chars(parsing, count);
    test->range.end = parsing->end;
    return test;
}

ast_expression *ast_is(struct parsing *parsing, ast_expression *left, struct token is,
                       ast_text word)
{
    ast_expression *const expression = expression_new(parsing, AST_IS, left->range.start);
    expression->operator_range = range_of(parsing, is.start, is.end);
    expression->text = word;
    expression->left = left;
    has_child(parsing, expression, left);
    return expression;
}

ast_expression *ast_has(struct parsing *parsing, ast_expression *left, struct token has,
                        ast_text label)
{
    ast_expression *const expression = ast_is(parsing, left, has, label);
    if (expression->kind != AST_ERROR)
        expression->kind = AST_HAS;
    return expression;
}

ast_expression *ast_quantifier(struct parsing *parsing, struct token word, bool any,
                               ast_text variable, ast_expression *list, ast_expression *condition)
{
    ast_expression *const expression = expression_new(parsing, AST_QUANTIFIER, word.start);
    expression->operator_range = range_of(parsing, word.start, word.end);
    expression->any = any;
    expression->text = variable;
    expression->left = list;
    expression->right = condition;
    has_child(parsing, expression, list);
    has_child(parsing, expression, condition);
    return expression;
}

ast_expression *ast_earlier(struct parsing *parsing, struct token from, bool negated,
                            ast_past *past)
{
    ast_expression *const expression = expression_new(parsing, AST_EARLIER, from.start);
    expression->operator_range = range_of(parsing, from.start, from.end);
    expression->negated = negated;
    expression->past = past;
    has_past(parsing, expression, past);
    return expression;
}

static ast_expression *chain(struct parsing *parsing, ast_expression_kind kind,
                             const expression_list *items)
{
    ast_expression *const expression = expression_new(parsing, kind, items->items[0]->range.start);
    expression->items = items_of(items);
    has_children(parsing, expression, &expression->items);
    return expression;
}

ast_expression *ast_and(struct parsing *parsing, const expression_list *items)
{
    return chain(parsing, AST_AND, items);
}

static source_range span(const ast_expression *from, const ast_expression *to)
{
    return (source_range){from->range.file, from->range.start, to->range.end};
}

/* `conjunction` is items[at] of an `or`, without parentheses. */
static void report_mixture(struct parsing *parsing, const expression_list *items, uint32_t at)
{
    const ast_expression *const conjunction = items->items[at];
    const ast_expressions *const parts = &conjunction->items;
    const bool first = at == 0;
    const source_range other = first ? span(parts->items[parts->count - 1], items->items[1])
                                     : span(items->items[at - 1], parts->items[0]);
    compilation *const compilation = parsing->compilation;
    const char *const bound = short_excerpt(parsing, conjunction->range);
    diagnostic *const report = diagnostic_report(
        compilation, E_MIXED_AND_OR, span(items->items[0], items->items[items->count - 1]),
        "`and` and `or` are mixed without parentheses");
    diagnostic_mend(compilation, report, conjunction->range,
                    arena_format(parsing->arena, "(%.*s)",
                                 (int)(conjunction->range.end - conjunction->range.start),
                                 parsing->bytes + conjunction->range.start),
                    "write (%s)", bound);
    diagnostic_note_at(compilation, report, other,
                       "or, if that is meant, put the parentheses around `%s`",
                       short_excerpt(parsing, other));
}

ast_expression *ast_or(struct parsing *parsing, const expression_list *items)
{
    for (uint32_t i = 0; i < items->count && !parsing->mended; i++) {
        if (items->items[i]->kind != AST_AND || items->items[i]->parenthesised)
            continue;
        report_mixture(parsing, items, i);
        break;
    }
    return chain(parsing, AST_OR, items);
}

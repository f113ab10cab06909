/*
 * expression_command.c - shell lines: `runs`, and the lists .programs, .reads, .writes, .connects.
 *
 * A list may be incomplete: what a line names is not always known before it runs. So `any x in
 * c.writes satisfies P` becomes P over what is known, `or` a condition that is undecided if there
 * may be more; `all` the mirror image; `x in c.programs` likewise. Everywhere else an incomplete
 * list is an undecided value. A path in such a list may stand for what is below it; `inside` knows
 * that (EXPRESSION_WITHIN), and every other question about it is undecided.
 */
#include <stdlib.h>

#include "compiler/check/expression.h"

enum { SET_DEPTH = 20, MOST_WORDS = 16 };

/* ---- lists that may be incomplete ------------------------------------------------------------ */

bool facts_are(const expression *list)
{
    return list->kind == EXPRESSION_FACTS;
}

static bool is_local(const expression *tree, uint32_t local)
{
    return tree->kind == EXPRESSION_LOCAL && tree->local == local;
}

/* Whether the variable is only asked what it is inside of; makes those tests such that know of
 * covers. */
static bool only_inside(expression *tree, uint32_t local)
{
    if (tree == NULL)
        return true;
    if (tree->kind == EXPRESSION_LOCAL)
        return tree->local != local;
    bool only = true;
    const bool test = (tree->kind == EXPRESSION_INSIDE || tree->kind == EXPRESSION_WITHIN) &&
                      tree->left->type->kind == CST_KIND_PATH;
    const bool left = test && is_local(tree->left, local),
               right = test && is_local(tree->right, local);
    if (left || right)
        tree->kind = EXPRESSION_WITHIN;
    if (!left)
        only = only_inside(tree->left, local);
    if (!right)
        only = only_inside(tree->right, local) && only;
    for (uint32_t i = 0; i < tree->item_count; i++)
        only = only_inside(tree->items[i], local) && only;
    return only;
}

static expression *more_may_be(const environment *environment, const expression *facts, bool exact,
                               source_range range)
{
    expression *const node = node_unary(environment, EXPRESSION_UNKNOWN, NULL,
                                        node_copy(environment, facts->left), range);
    node->index = facts->index * 2 + exact;
    return node->left != NULL ? node : NULL;
}

expression *facts_quantifier(const environment *environment, expression *quantifier)
{
    const bool any = quantifier->kind == EXPRESSION_ANY;
    const bool exact = !only_inside(quantifier->right, quantifier->local);
    expression *const more = more_may_be(environment, quantifier->left, exact, quantifier->range);
    if (more == NULL)
        return NULL;
    quantifier->left->kind = EXPRESSION_KNOWN;
    expression *items[] = {quantifier, any ? more : node_not(environment, more, quantifier->range)};
    return node_list(environment, any ? EXPRESSION_OR : EXPRESSION_AND, items, 2,
                     quantifier->range);
}

expression *facts_membership(const environment *environment, expression *test)
{
    expression *const more = more_may_be(environment, test->right, true, test->range);
    if (more == NULL)
        return NULL;
    test->right->kind = EXPRESSION_KNOWN;
    expression *items[] = {test, more};
    return node_list(environment, EXPRESSION_OR, items, 2, test->range);
}

/* ---- what is run: programs and words --------------------------------------------------------- */

typedef struct word_list {
    const char **items;
    uint32_t count, capacity;
} word_list;

/* What is wrong with a pattern, as the end of a sentence; NULL: nothing. */
static const char *pattern_wrong(const ast_text *text)
{
    const char *const bytes = text->bytes;
    uint32_t words = 1;
    if (text->length == 0 || bytes[0] == ' ' || bytes[text->length - 1] == ' ')
        return "starts or ends with a space, or is empty";
    if (bytes[0] == '-')
        return "starts with an option, not with a program";
    for (uint32_t i = 0; i < text->length; i++) {
        if (bytes[i] == ' ' && bytes[i + 1] == ' ')
            return "has two spaces in a row";
        words += bytes[i] == ' ';
        if (bytes[i] == '/' && words == 1)
            return "names a program by its folder, and programs are compared by their last name";
        if (bytes[i] == '\0' || (bytes[i] > 0 && bytes[i] < 0x20) ||
            strchr("'\"\\`$|&;<>()", bytes[i]) != NULL)
            return "has quotes or operators in it, and words are compared as they are after the "
                   "shell has read them";
    }
    return words > MOST_WORDS ? "has more than 16 words" : NULL;
}

static bool pattern_add(const environment *environment, const ast_text *text, source_range range,
                        word_list *out)
{
    const char *const wrong = pattern_wrong(text);
    if (wrong == NULL) {
        *ARENA_PUSH(environment->checker->arena, out) = text->bytes;
        return true;
    }
    diagnostic *const d = report(environment, E_RUNS_TEXT, range, "\"%s\" %s", text->bytes, wrong);
    diagnostic_mend(environment->checker->compilation, d, range, NULL,
                    "write a program and words, as in \"git push --force\"");
    return false;
}

static bool set_add(const environment *environment, unit *home, const set_declaration *set,
                    source_range use, uint32_t depth, word_list *out);

static bool name_add(const environment *environment, unit *home, const set_element *element,
                     uint32_t depth, word_list *out)
{
    checker *const checker = environment->checker;
    uint32_t used = 0;
    symbol *const symbol = unit_resolve(checker, home, &element->path, &used);
    if (symbol != NULL && used == element->path.count && symbol->kind == SYMBOL_SET)
        return set_add(environment, symbol->home, symbol->set, element->text.range, depth + 1, out);
    check_report(checker, E_RUNS_WHAT, element->text.range, "`%s` is no set of programs and words",
                 source_excerpt(checker->compilation, element->text.range));
    return false;
}

static bool set_add(const environment *environment, unit *home, const set_declaration *set,
                    source_range use, uint32_t depth, word_list *out)
{
    if (set->lost)
        return false;
    if (depth > SET_DEPTH) {
        diagnostic *const d =
            check_report(environment->checker, E_RUNS_WHAT, set->range,
                         "the set `%s` leads back to itself, or is nested too deep", set->name);
        diagnostic_note_at(environment->checker->compilation, d, use, "it is used here");
        return false;
    }
    bool sound = true;
    for (uint32_t i = 0; i < set->count && sound; i++) {
        const set_element *const element = &set->elements[i];
        if (element->kind == AST_PATH) {
            sound = name_add(environment, home, element, depth, out);
        } else if (element->kind == AST_STRING) {
            sound = pattern_add(environment, &element->text, element->text.range, out);
        } else {
            check_report(environment->checker, E_RUNS_WHAT, element->text.range,
                         "what is run is written between quotes, as in \"git push\"");
            sound = false;
        }
    }
    return sound;
}

/* The set behind `runs any`, and whose names its elements are; NULL: there is none. */
static const set_declaration *set_of(const environment *environment, const ast_expression *side,
                                     unit **home)
{
    *home = environment->unit;
    if (side->kind == AST_PATH) {
        uint32_t used = 0;
        const set_declaration *const set = set_named(environment, side);
        const symbol *const symbol =
            set != NULL ? unit_resolve(environment->checker, environment->unit, &side->path, &used)
                        : NULL;
        if (symbol != NULL)
            *home = symbol->home;
        return set;
    }
    return side->kind == AST_SET ? set_named(environment, side) : NULL;
}

static bool mode_check(const environment *environment, const ast_expression *ast, bool is_set)
{
    if (ast->mode == AST_RUNS_ONLY || is_set == (ast->mode == AST_RUNS_ANY))
        return true;
    const char *const text = excerpt(environment, ast->right->range);
    diagnostic *const d = is_set
                              ? report(environment, E_RUNS_ANY, ast->right->range,
                                       "`%s` is a set, and a line runs any of it, or only it", text)
                              : report(environment, E_RUNS_ANY, ast->right->range,
                                       "`any` is followed by a set, and `%s` is one thing", text);
    diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                    is_set ? "write `runs any %s` or `runs only %s`" : "write `runs %s`", text,
                    text);
    return false;
}

static bool right_check(const environment *environment, const ast_expression *ast, word_list *out)
{
    const ast_expression *const side = ast->right;
    unit *home;
    const set_declaration *const set = set_of(environment, side, &home);
    if (set != NULL)
        return mode_check(environment, ast, true) &&
               set_add(environment, home, set, side->range, 0, out);
    if (side->kind == AST_STRING)
        return mode_check(environment, ast, false) &&
               pattern_add(environment, &side->text, side->range, out);
    const binding *const binding =
        side->kind == AST_PATH ? binding_find(environment, &side->path) : NULL;
    if (binding != NULL && binding->kind == BINDING_ELEMENT && side->path.count == 1 &&
        binding->element->kind == AST_STRING) {
        *binding->used = true;
        return mode_check(environment, ast, false) &&
               pattern_add(environment, &binding->element->text, binding->element->text.range, out);
    }
    if (side->kind == AST_ERROR || side->kind == AST_SET)
        return false;
    const char *const text = excerpt(environment, side->range);
    diagnostic *const d = report(
        environment, E_RUNS_WHAT, side->range,
        "`%s` is no program and no set of programs that is known when the policy is compiled",
        text);
    uint32_t count;
    const char *const *const names =
        unit_names(environment->checker, environment->unit, 1u << SYMBOL_SET, &count);
    const char *const near = side->kind == AST_PATH ? diagnostic_nearest(text, names, count) : NULL;
    if (near != NULL)
        diagnostic_mend(environment->checker->compilation, d, side->range, near, "write `%s`",
                        near);
    else
        diagnostic_mend(environment->checker->compilation, d, side->range, NULL,
                        "write a program and words between quotes, as in \"git push\"");
    return false;
}

/* ---- the lists of the policy ----------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const char *const *const left = a, *const *const right = b;
    const size_t left_program = strcspn(*left, " "), right_program = strcspn(*right, " ");
    const size_t least = left_program < right_program ? left_program : right_program;
    const int order = memcmp(*left, *right, least);
    if (order != 0)
        return order;
    if (left_program != right_program)
        return left_program < right_program ? -1 : 1;
    return strcmp(*left, *right);
}

static uint32_t list_make(checker *checker, word_list *words, const char *text)
{
    checked_policy *const policy = checker->policy;
    uint32_t count = 0;
    if (words->count > 1)
        qsort(words->items, words->count, sizeof *words->items, compare);
    for (uint32_t i = 0; i < words->count; i++)
        if (count == 0 || strcmp(words->items[count - 1], words->items[i]) != 0)
            words->items[count++] = words->items[i];
    for (uint32_t i = 0; i < policy->commands.count; i++) {
        const checked_commands *const one = &policy->commands.items[i];
        uint32_t same = 0;
        while (one->count == count && same < count &&
               strcmp(one->texts[same], words->items[same]) == 0)
            same++;
        if (one->count == count && same == count && strcmp(one->text, text) == 0)
            return i;
    }
    *ARENA_PUSH(checker->arena, &policy->commands) = (checked_commands){words->items, count, text};
    return policy->commands.count - 1;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static bool subject_is(const environment *environment, const ast_expression *ast, const type *type)
{
    if (type->kind == CST_KIND_COMMAND)
        return true;
    const char *const text = excerpt(environment, ast->left->range);
    diagnostic *const d = report(environment, E_RUNS_SUBJECT, ast->left->range,
                                 "`%s` is %s, and only a command runs something", text,
                                 type_with_article(environment->checker, type));
    if (type->kind == CST_KIND_LIST && type->element->kind == CST_KIND_COMMAND)
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "write `any c in %s satisfies c runs …`", text);
    else
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "declare `%s` as `command`", text);
    return false;
}

expression *runs_check(const environment *environment, const ast_expression *ast)
{
    checker *const checker = environment->checker;
    const type *const command = type_scalar(checker, CST_KIND_COMMAND, 0);
    expression *const left = value_check(environment, ast->left, command);
    word_list words = {0};
    const bool right = right_check(environment, ast, &words);
    if (left == NULL || !subject_is(environment, ast, left->type) || !right)
        return NULL;
    const bool only = ast->mode == AST_RUNS_ONLY;
    expression *const node = node_unary(environment, EXPRESSION_RUNS, NULL, left, ast->range);
    node->index = list_make(checker, &words, excerpt(environment, ast->right->range)) * 2 + only;
    return node;
}

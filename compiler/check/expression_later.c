/*
 * expression_later.c - constructs that the grammar has and the compiler gives no meaning yet.
 *
 * Each is refused with a code of its own. Nothing of a rule that uses one is compiled, so no such
 * rule passes silently for one that protects. The rows in diagnostics.def say what the construct
 * will do.
 */
#include "compiler/check/expression.h"

static bool names_parts(const ast_expression *ast)
{
    static const char *const words[] = {"text", "urls", "emails", "numbers"};
    for (uint32_t i = 0; i < sizeof words / sizeof words[0] && ast->path.count == 1; i++)
        if (key_is(key_of(&ast->path.items[0]), words[i]))
            return true;
    return false;
}

bool later_is(const ast_expression *ast)
{
    switch (ast->kind) {
    case AST_CONTAINS:
    case AST_MATCHES:
    case AST_RUNS:
    case AST_REPEATS:
    case AST_FROM:
    case AST_HAS:
    case AST_EARLIER:
    case AST_VIEW:
        return true;
    case AST_OF:
        return ast->past != NULL || names_parts(ast);
    default:
        return false;
    }
}

static expression *pattern_report(const environment *environment, const ast_expression *ast,
                                  diagnostic_code code, const char *word)
{
    /* Errors of the left side are worth knowing now; a typed test is the better advice where there
     * is one. */
    const ast_expression *side = ast->left;
    while (side->kind == AST_VIEW && side->left != NULL)
        side = side->left;
    const expression *const left = later_is(side) ? NULL : value_check(environment, side, NULL);
    if (left != NULL && typed_test_report(environment, ast, left->type))
        return NULL;
    report(environment, code, ast->range, "`%s` does not work in this version", word);
    return NULL;
}

expression *later_report(const environment *environment, const ast_expression *ast)
{
    switch (ast->kind) {
    case AST_CONTAINS:
        return pattern_report(environment, ast, E_LATER_CONTAINS,
                              ast->any ? "contains any" : "contains");
    case AST_MATCHES:
        return pattern_report(environment, ast, E_LATER_MATCHES, "matches");
    case AST_RUNS:
        report(environment, E_LATER_RUNS, ast->range, "`runs` does not work in this version");
        break;
    case AST_REPEATS:
        report(environment, E_LATER_REPEATS, ast->range, "`repeats` does not work in this version");
        break;
    case AST_FROM:
        report(environment, E_LATER_FROM, ast->range, "`%s` does not work in this version",
               ast->negated ? "not from" : "from");
        break;
    case AST_HAS:
        report(environment, E_LATER_LABEL, ast->range, "labels do not work in this version");
        break;
    case AST_EARLIER:
        report(environment, E_LATER_EARLIER, ast->range, "`%s` does not work in this version",
               ast->negated ? "no earlier" : "earlier");
        break;
    case AST_VIEW:
        report(environment, E_LATER_VIEW, ast->range, "the view `%s` does not work in this version",
               ast->text.bytes);
        break;
    default:
        if (ast->past != NULL)
            report(environment, E_LATER_HISTORY, ast->range,
                   "numbers from history do not work in this version");
        else
            report(environment, E_LATER_PARTS, ast->range, "`%s of` does not work in this version",
                   excerpt(environment, ast->path.range));
        break;
    }
    return NULL;
}

void later_declarations(checker *checker)
{
    for (uint32_t i = 0; i < checker->units.count; i++) {
        const ast_file *const file = checker->units.items[i]->file;
        for (uint32_t k = 0; file != NULL && k < file->count; k++) {
            const ast_declaration *const declaration = file->items[k];
            const source_range range = declaration->name.range;
            if (declaration->kind == AST_PATTERN)
                check_report(checker, E_LATER_PATTERN, range, "patterns do not work in this version");
            else if (declaration->kind == AST_ORIGIN)
                check_report(checker, E_LATER_ORIGIN, range, "origins do not work in this version");
            else if (declaration->kind == AST_EXTERN)
                check_report(checker, E_LATER_EXTERN, range, "host predicates do not work in this version");
        }
    }
}

/*
 * expression_later.c - constructs that the grammar has and the compiler gives no meaning yet.
 *
 * Each is refused with a code of its own. Nothing of a rule that uses one is compiled, so no such
 * rule passes silently for one that protects. The rows in diagnostics.def say what the construct
 * will do.
 */
#include "compiler/check/expression.h"

static const char later_advice[] =
    "leave it out for now; it is an error, so that nothing that does not work seems to protect";

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

/* Says with what to do, and why it is an error. */
static void later_say(const environment *environment, const ast_expression *ast,
                      diagnostic_code code, const char *what)
{
    diagnostic *const d =
        report(environment, code, ast->range, "%s not work in this version", what);
    diagnostic_mend(environment->checker->compilation, d, ast->range, NULL, "%s", later_advice);
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
    later_say(environment, ast, code,
              arena_format(environment->checker->arena, "`%s` does", word));
    return NULL;
}

expression *later_report(const environment *environment, const ast_expression *ast)
{
    arena *const arena = environment->checker->arena;
    switch (ast->kind) {
    case AST_CONTAINS:
        return pattern_report(environment, ast, E_LATER_CONTAINS,
                              ast->any ? "contains any" : "contains");
    case AST_MATCHES:
        return pattern_report(environment, ast, E_LATER_MATCHES, "matches");
    case AST_RUNS:
        later_say(environment, ast, E_LATER_RUNS, "`runs` does");
        break;
    case AST_REPEATS:
        later_say(environment, ast, E_LATER_REPEATS, "`repeats` does");
        break;
    case AST_FROM:
        later_say(environment, ast, E_LATER_FROM, ast->negated ? "`not from` does" : "`from` does");
        break;
    case AST_HAS:
        later_say(environment, ast, E_LATER_LABEL, "labels do");
        break;
    case AST_EARLIER:
        later_say(environment, ast, E_LATER_EARLIER,
                  ast->negated ? "`no earlier` does" : "`earlier` does");
        break;
    case AST_VIEW:
        later_say(environment, ast, E_LATER_VIEW,
                  arena_format(arena, "the view `%s` does", ast->text.bytes));
        break;
    default:
        if (ast->past != NULL)
            later_say(environment, ast, E_LATER_HISTORY, "numbers from history do");
        else
            later_say(environment, ast, E_LATER_PARTS,
                      arena_format(arena, "`%s of` does", excerpt(environment, ast->path.range)));
        break;
    }
    return NULL;
}

static void later_declaration(checker *checker, diagnostic_code code, source_range range,
                              const char *text)
{
    diagnostic *const d = check_report(checker, code, range, "%s", text);
    diagnostic_mend(checker->compilation, d, range, NULL, "%s", later_advice);
}

void later_declarations(checker *checker)
{
    for (uint32_t i = 0; i < checker->units.count; i++) {
        const ast_file *const file = checker->units.items[i]->file;
        for (uint32_t k = 0; file != NULL && k < file->count; k++) {
            const ast_declaration *const declaration = file->items[k];
            const source_range range = declaration->name.range;
            if (declaration->kind == AST_PATTERN)
                later_declaration(checker, E_LATER_PATTERN, range, "patterns do not work in this version");
            else if (declaration->kind == AST_ORIGIN)
                later_declaration(checker, E_LATER_ORIGIN, range, "origins do not work in this version");
            else if (declaration->kind == AST_EXTERN)
                later_declaration(checker, E_LATER_EXTERN, range, "host predicates do not work in this version");
        }
    }
}

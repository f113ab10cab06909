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

bool later_is(const ast_expression *ast)
{
    switch (ast->kind) {
    case AST_RUNS:
    case AST_FROM:
        return true;
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

expression *later_report(const environment *environment, const ast_expression *ast)
{
    switch (ast->kind) {
    case AST_RUNS:
        later_say(environment, ast, E_LATER_RUNS, "`runs` does");
        break;
    case AST_FROM:
        later_say(environment, ast, E_LATER_FROM, ast->negated ? "`not from` does" : "`from` does");
        break;
    default:
        break;
    }
    return NULL;
}

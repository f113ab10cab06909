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
            if (declaration->kind == AST_EXTERN)
                later_declaration(checker, E_LATER_EXTERN, range, "host predicates do not work in this version");
        }
    }
}

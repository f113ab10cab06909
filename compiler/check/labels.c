/*
 * labels.c - the labels that rules give to a session, and the question `session has LABEL`.
 *
 * Labels are names that rules make by giving them, so all rules are looked through first: a
 * question about one that no rule gives is a mistake.
 */
#include "compiler/check/expression.h"
#include "runtime/limits.h"

uint32_t label_find(const checker *checker, const char *name, size_t length)
{
    for (uint32_t i = 0; i < checker->policy->labels.count; i++)
        if (strlen(checker->policy->labels.items[i]) == length &&
            memcmp(checker->policy->labels.items[i], name, length) == 0)
            return i;
    return CST_NONE;
}

static void label_add(checker *checker, const ast_text *name)
{
    if (name->bytes == NULL || label_find(checker, name->bytes, name->length) != CST_NONE)
        return;
    if (checker->policy->labels.count >= LIMIT_LABELS) {
        check_report(checker, E_TOO_MANY_LABELS, name->range, "a policy may give at most %u labels",
                     LIMIT_LABELS);
        return;
    }
    *ARENA_PUSH(checker->arena, &checker->policy->labels) = name->bytes;
}

void labels_collect(checker *checker)
{
    for (uint32_t u = 0; u < checker->units.count; u++) {
        const ast_file *const file = checker->units.items[u]->file;
        for (uint32_t i = 0; file != NULL && i < file->count; i++) {
            const ast_declaration *const declaration = file->items[i];
            if (declaration->kind != AST_RULE)
                continue;
            label_add(checker, &declaration->label);
            if (declaration->effect.kind == AST_EFFECT_LABEL)
                label_add(checker, &declaration->effect.text);
        }
    }
}

void label_unknown(checker *checker, const ast_text *name)
{
    diagnostic *const d = check_report(checker, E_UNKNOWN_LABEL, name->range,
                                       "no rule gives the label `%s`", name->bytes);
    const char *const near = diagnostic_nearest(name->bytes, checker->policy->labels.items,
                                                checker->policy->labels.count);
    if (near != NULL) {
        diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(checker->compilation, d, name->range, near, "write `%s`", near);
    } else
        diagnostic_mend(checker->compilation, d, name->range, NULL,
                        "write a rule that ends in `then label %s`", name->bytes);
}

expression *label_check(const environment *environment, const ast_expression *ast)
{
    checker *const checker = environment->checker;
    const bool session = ast->left != NULL && ast->left->kind == AST_PATH &&
                         ast->left->path.count == 1 &&
                         key_is(key_of(&ast->left->path.items[0]), "session");
    if (!session) {
        diagnostic *const d =
            report(environment, E_LABEL_OF, ast->range, "only a session has labels");
        diagnostic_mend(checker->compilation, d, ast->range, NULL, "write `session has %s`",
                        ast->text.bytes);
        return NULL;
    }
    const uint32_t number = label_find(checker, ast->text.bytes, ast->text.length);
    if (number == CST_NONE) {
        label_unknown(checker, &ast->text);
        return NULL;
    }
    expression *const node = node_new(environment, EXPRESSION_LABELLED,
                                      type_scalar(checker, CST_KIND_BOOL, 0), ast->range);
    node->index = number;
    return node;
}

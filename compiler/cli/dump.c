/*
 * dump.c - `constc dump`: what each pass makes of a policy.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/backend.h"
#include "compiler/checked.h"
#include "compiler/cli/unit.h"
#include "compiler/plan/dump.h"
#include "compiler/syntax/dump.h"

typedef struct dump_run {
    buffer text;
    char *code; /* from LLVM; free() it */
} dump_run;

typedef struct dump_form {
    const char *name;
    driver_pass last; /* that must have run */
    cst_status (*work)(compilation *unit, void *user);
} dump_form;

static cst_status dump_tokens(compilation *unit, void *user)
{
    tokens_dump(&((dump_run *)user)->text, unit, 0);
    return CST_OK;
}

static cst_status dump_ast(compilation *unit, void *user)
{
    ast_dump(&((dump_run *)user)->text, unit, pass_parse(unit, 0));
    return CST_OK;
}

static cst_status dump_checked(compilation *unit, void *user)
{
    checked_dump(&((dump_run *)user)->text, unit->checked);
    return CST_OK;
}

static cst_status dump_graph(compilation *unit, void *user)
{
    graph_dump(&((dump_run *)user)->text, unit);
    return CST_OK;
}

static cst_status dump_plan(compilation *unit, void *user)
{
    plan_dump(&((dump_run *)user)->text, unit);
    return CST_OK;
}

static cst_status dump_llvm(compilation *unit, void *user)
{
    return backend_text(unit, BACKEND_LLVM, 0, &((dump_run *)user)->code);
}

static cst_status dump_assembly(compilation *unit, void *user)
{
    return backend_text(unit, BACKEND_ASSEMBLY, 1, &((dump_run *)user)->code);
}

static const dump_form forms[] = {
    {"tokens", DRIVER_READ, dump_tokens},    {"ast", DRIVER_READ, dump_ast},
    {"checked", DRIVER_CHECK, dump_checked}, {"graph", DRIVER_LOWER, dump_graph},
    {"plan", DRIVER_PLAN, dump_plan},        {"llvm", DRIVER_PLAN, dump_llvm},
    {"asm", DRIVER_PLAN, dump_assembly},
};

int command_dump(const cli_arguments *arguments)
{
    const char *const after = arguments_value(arguments, "--after", NULL);
    if (after == NULL) {
        complain("dump needs --after PASS: tokens, ast, checked, graph, plan, llvm or asm");
        return EXIT_USAGE;
    }
    const dump_form *form = forms;
    while (strcmp(form->name, after) != 0)
        form++;
    compilation *unit;
    int code;
    if (!unit_open(arguments->words[0], form->last, &unit, &code))
        return code;
    dump_run dump = {0};
    buffer_init(&dump.text, NULL, 0);
    const cst_status status = driver_protect(unit, form->work, &dump);
    if (status != CST_OK || dump.text.failed) {
        complain("%s", cst_status_text(status != CST_OK ? status : CST_NO_MEMORY));
        code = EXIT_USAGE;
    } else if (dump.code != NULL)
        out_text(dump.code);
    else if (dump.text.length > 0)
        out_bytes(dump.text.bytes, dump.text.length);
    if (unit->error_count > 0) {
        complain("%s has errors: \"constc check\" shows them", arguments->words[0]);
        code = EXIT_FAILED;
    }
    free(dump.code);
    buffer_free(&dump.text);
    driver_end(unit);
    return code;
}

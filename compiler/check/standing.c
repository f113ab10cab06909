/*
 * standing.c - `or standing within D …`: what an approval that stays in force may cover, as the
 * rule's author declares it.
 *
 * Whoever approves can narrow what is declared here, never widen it: the tool, its arguments but
 * for the free ones, who is asked, for how long and how often all stand in the policy, and the
 * runtime compares each of them again at every use. So a clause that could cover more than its
 * reader expects is an error: a free name that no tool of the rule has, a stage that is no call of
 * a tool, a holder that a model could choose.
 */
#include <string.h>

#include "compiler/check/expression.h"

/* What needs neither the rule's tools nor its fields. NULL: none is offered, or what was written is
 * wrong, which is reported. */
const checked_standing *standing_read(checker *checker, const ast_standing *ast)
{
    if (ast == NULL)
        return NULL;
    compilation *const compilation = checker->compilation;
    bool sound = true;
    if (checker->channels.count == 0) {
        diagnostic *const d =
            check_report(checker, E_STANDING_WHO, ast->range,
                         "a standing approval needs somebody who is known to give it");
        diagnostic_mend(compilation, d, ast->range, NULL,
                        "declare who can be asked: `approvals by NAME`");
        sound = false;
    }
    if (ast->within_us <= 0) {
        diagnostic *const d =
            check_report(checker, E_WITHIN, ast->range,
                         "a standing approval needs time: `within` must be longer than nothing");
        diagnostic_mend(compilation, d, ast->range, NULL,
                        "write a longer time, such as `standing within 30d`");
        sound = false;
    } else if (ast->within_us > (int64_t)LIMIT_STANDING_SECONDS * 1000000) {
        diagnostic *const d = check_report(checker, E_STANDING_BOUND, ast->range,
                                           "a standing approval holds for %u days at most",
                                           LIMIT_STANDING_SECONDS / 86400);
        diagnostic_mend(
            compilation, d, ast->range, NULL,
            "write a shorter time, such as `standing within 30d`; it can be given again");
        sound = false;
    }
    if (ast->uses != NULL && (ast->uses->integer < 1 || ast->uses->integer > LIMIT_STANDING_USES)) {
        diagnostic *const d =
            check_report(checker, E_STANDING_BOUND, ast->uses->range,
                         "a standing approval may be used 1 to %u times", LIMIT_STANDING_USES);
        diagnostic_mend(compilation, d, ast->uses->range, NULL,
                        "leave `for at most …` out where its uses need not be counted");
        sound = false;
    }
    duplicates_check(checker, &ast->free, "free argument");
    if (!sound)
        return NULL;
    checked_standing *const made = arena_allocate(checker->arena, sizeof *made);
    const char **const names = arena_array(checker->arena, ast->free.count, sizeof *names);
    for (uint32_t i = 0; i < ast->free.count; i++)
        if (ast->free.items[i].bytes != NULL)
            names[made->free_count++] = ast->free.items[i].bytes;
    made->free = names;
    made->within_us = ast->within_us;
    made->uses = ast->uses != NULL ? (uint32_t)ast->uses->integer : 0;
    made->across = ast->across;
    checker->policy->has_standing = true;
    return made;
}

/* ---- free arguments -------------------------------------------------------------------------- */

static bool has_parameter(const type *parameters, const ast_text *name)
{
    for (uint32_t i = 0; i < parameters->field_count; i++)
        if (strlen(parameters->fields[i].name) == name->length &&
            memcmp(parameters->fields[i].name, name->bytes, name->length) == 0)
            return true;
    return false;
}

static void free_unknown(checker *checker, const tool *tool, const ast_text *name)
{
    diagnostic *const d = check_report(checker, E_STANDING_FREE, name->range,
                                       "`%s` is no argument of `%s`", name->bytes, tool->name);
    const type *const parameters = tool->parameters;
    const char **const names = arena_array(checker->arena, parameters->field_count, sizeof *names);
    const char *list = "";
    for (uint32_t i = 0; i < parameters->field_count; i++) {
        names[i] = parameters->fields[i].name;
        if (i < 8)
            list = arena_format(checker->arena, "%s%s`%s`", list, i == 0 ? "" : ", ", names[i]);
    }
    const char *const near = diagnostic_nearest(name->bytes, names, parameters->field_count);
    if (near != NULL) {
        diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(checker->compilation, d, name->range, near, "write `%s`", near);
        return;
    }
    diagnostic_mend(checker->compilation, d, name->range, NULL,
                    "name an argument that every tool of the rule has, or leave it out");
    if (parameters->field_count > 0)
        diagnostic_note_text(checker->compilation, d, "`%s` has %s%s", tool->name, list,
                             parameters->field_count > 8 ? ", …" : "");
}

/* Every argument of the tool is free: one approval covers whatever it is called with. */
static bool frees_all(const tool *tool, const ast_texts *free)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < free->count; i++)
        known += free->items[i].bytes != NULL && has_parameter(tool->parameters, &free->items[i]);
    return known > 0 && known >= tool->parameters->field_count;
}

static void tool_check(checker *checker, const ast_standing *ast, const tool *tool, bool *warned)
{
    if (tool->parameters == NULL) {
        diagnostic *const d = check_report(
            checker, E_STANDING_FREE, ast->range,
            "`%s` declares no arguments, so it is not known what a standing approval would cover",
            tool->name);
        diagnostic_mend(checker->compilation, d, ast->range, NULL, "declare them: `tool %s(…)`",
                        tool->name);
        return;
    }
    for (uint32_t i = 0; i < ast->free.count; i++)
        if (ast->free.items[i].bytes != NULL &&
            !has_parameter(tool->parameters, &ast->free.items[i]))
            free_unknown(checker, tool, &ast->free.items[i]);
    if (*warned || !frees_all(tool, &ast->free))
        return;
    *warned = true;
    diagnostic *const d = check_report(
        checker, W_STANDING_ALL_FREE, ast->range,
        "every argument of `%s` is free: one approval covers every call of it", tool->name);
    diagnostic_mend(checker->compilation, d, ast->range, NULL,
                    "leave those out of `free` that decide what the call does");
}

void standing_check_tools(checker *checker, const ast_standing *ast, const selector *selector)
{
    compilation *const compilation = checker->compilation;
    if (selector->stage != CST_ACTION) {
        diagnostic *const d =
            check_report(checker, E_STANDING_STAGE, ast->range,
                         "a standing approval is for calls of tools, and this is `on %s`",
                         cst_stage_name(selector->stage));
        diagnostic_mend(
            compilation, d, ast->range, NULL,
            "ask for each, without `standing`; or write a rule of its own `on action TOOL`");
        return;
    }
    if (selector->every_tool) {
        if (ast->free.count == 0)
            return;
        diagnostic *const d = check_report(checker, E_STANDING_FREE, ast->free.items[0].range,
                                           "`%s` can be free only where the tools are named",
                                           ast->free.items[0].bytes);
        diagnostic_mend(compilation, d, ast->range, NULL,
                        "name the tools, `on action TOOL`, or leave `free` out");
        return;
    }
    bool warned = false;
    for (uint32_t i = 0; i < selector->tool_count; i++)
        tool_check(checker, ast, &checker->policy->tools.items[selector->tools[i]], &warned);
}

void standing_check_default(checker *checker, const ast_standing *ast, cst_stage stage)
{
    const selector selector = {.stage = stage, .every_tool = true};
    standing_check_tools(checker, ast, &selector);
    if (!ast->across)
        return;
    diagnostic *const d =
        check_report(checker, E_STANDING_HOLDER, ast->same.range,
                     "a default knows no fields: its standing approvals are for one session");
    diagnostic_mend(checker->compilation, d, ast->range, NULL,
                    "write a rule: `rule NAME on %s then require approval …`",
                    cst_stage_name(stage));
}

void standing_refuse_effect(checker *checker, const ast_effect *effect)
{
    diagnostic *const d =
        check_report(checker, E_STANDING_EFFECT, effect->ask.standing->range,
                     "only `require approval` can be answered by a standing approval");
    diagnostic_mend(
        checker->compilation, d, effect->range, NULL,
        "write `require approval from NAME, or standing within …`, or leave `standing` out");
}

/* ---- fields of the rule ---------------------------------------------------------------------- */

static bool is_context(const checker *checker, const ast_path *path)
{
    for (uint32_t i = 0; i < checker->policy->records.count; i++)
        if (path->count > 1 && path->items[0].bytes != NULL &&
            strcmp(path->items[0].bytes, checker->policy->records.items[i].name) == 0)
            return true;
    return false;
}

uint32_t standing_holder(const environment *environment, const ast_standing *ast)
{
    checker *const checker = environment->checker;
    const expression *const field = path_check(environment, &ast->same, NULL, false);
    if (field == NULL)
        return CST_NONE;
    const bool single = field->kind == EXPRESSION_FIELD &&
                        (kind_has_text(field->type->kind) || field->type->kind == CST_KIND_INT);
    if (single && is_context(checker, &ast->same))
        return field->slot;
    diagnostic *const d =
        check_report(checker, E_STANDING_HOLDER, ast->same.range,
                     "a standing approval across sessions is held by a text or an int of a "
                     "context, since a model must not choose whose it is");
    diagnostic_mend(checker->compilation, d, ast->same.range, NULL,
                    "write `with same user.id across sessions`, where `user` is a context");
    return CST_NONE;
}

/* The first free argument that the condition looks at. */
static const ast_text *free_asked(const checker *checker, const ast_standing *ast,
                                  const expression *node)
{
    if (node == NULL)
        return NULL;
    if (node->kind == EXPRESSION_FIELD) {
        const candidate *const read = candidate_at(checker, node->slot);
        for (uint32_t i = 0;
             read->count > 1 && strcmp(read->keys[0], "args") == 0 && i < ast->free.count; i++)
            if (ast->free.items[i].bytes != NULL &&
                strcmp(read->keys[1], ast->free.items[i].bytes) == 0)
                return &ast->free.items[i];
    }
    const ast_text *found = free_asked(checker, ast, node->left);
    if (found == NULL)
        found = free_asked(checker, ast, node->right);
    for (uint32_t i = 0; i < node->item_count && found == NULL; i++)
        found = free_asked(checker, ast, node->items[i]);
    return found;
}

void standing_warn_asked(const environment *environment, const ast_standing *ast,
                         const expression *condition)
{
    checker *const checker = environment->checker;
    const ast_text *const name = free_asked(checker, ast, condition);
    if (name == NULL)
        return;
    diagnostic *const d = check_report(
        checker, W_STANDING_FREE_ASKED, name->range,
        "`%s` is free, and it decides whether this rule asks: approving one value approves all",
        name->bytes);
    diagnostic_mend(checker->compilation, d, name->range, NULL,
                    "leave `%s` out of `free`, so that each of its values is asked about",
                    name->bytes);
}

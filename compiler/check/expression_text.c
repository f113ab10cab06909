/*
 * expression_text.c - conditions on texts: contains, matches, repeats, their views, and `NAME of x`
 * for parts of texts.
 *
 * What is looked for is known when the policy is compiled: patterns, phrases, sets of them. So all
 * that rules look for in one place can be found in one pass, and a policy author reads in the rule
 * what it stops. A text that only the event knows is compared with `==`, `starts with` or `in`.
 *
 * `text of this` stands for whatever texts the event has; a test on it becomes an `or` over them.
 */
#include "compiler/check/expression.h"
#include "runtime/text/view.h"

enum { MOST_SUBJECTS = 3 }; /* text, args, value */

/* ---- the left side --------------------------------------------------------------------------- */

typedef struct subjects { /* texts to look into: any of them */
    expression *items[MOST_SUBJECTS];
    uint32_t count;
    unsigned views;
} subjects;

static bool word_of(const ast_expression *ast, const char *word)
{
    return ast->kind == AST_OF && ast->past == NULL && ast->path.count == 1 &&
           key_is(key_of(&ast->path.items[0]), word);
}

expression *place_as_open(const environment *environment, expression *place)
{
    const type *const json = type_scalar(environment->checker, CST_KIND_JSON, 0);
    if (place == NULL || place->kind != EXPRESSION_FIELD || place->type->kind == CST_KIND_JSON)
        return place;
    const candidate field = *candidate_at(environment->checker, place->slot);
    expression *const node = node_new(environment, EXPRESSION_FIELD, json, place->range);
    node->slot = candidate_make(environment->checker, field.names, field.count, json, true);
    return node;
}

static expression *leaves_make(const environment *environment, expression *value,
                               source_range range)
{
    const type *const string = type_scalar(environment->checker, CST_KIND_STRING, 0);
    return node_unary(environment, EXPRESSION_LEAVES, type_list(environment->checker, string, 0),
                      value, range);
}

/* Takes the views off. */
static void views_take(const environment *environment, const ast_expression **side, unsigned *views)
{
    while ((*side)->kind == AST_VIEW) {
        const unsigned view =
            strcmp((*side)->text.bytes, "folded") == 0 ? VIEW_FOLDED : VIEW_DECODED;
        if ((*views & view) != 0)
            diagnostic_mend(environment->checker->compilation,
                            report(environment, W_VIEW_TWICE, (*side)->range,
                                   "`%s` is written twice", (*side)->text.bytes),
                            (*side)->range, NULL, "leave one of them out");
        *views |= view;
        *side = (*side)->left;
    }
}

/* Views behind the value (`text of args folded`) are the subject's too. */
static expression *leaves_check(const environment *environment, const ast_expression *ast,
                                unsigned *views)
{
    const ast_expression *inner = ast->left;
    expression *value;
    if (views != NULL)
        views_take(environment, &inner, views);
    if (inner->kind == AST_PATH)
        value = path_check(environment, &inner->path,
                           type_scalar(environment->checker, CST_KIND_JSON, 0), true);
    else
        value = value_check(environment, inner, NULL);
    if (value == NULL)
        return NULL;
    const cst_kind kind = value->type->kind;
    if (value->kind == EXPRESSION_FIELD && (kind == CST_KIND_RECORD || kind == CST_KIND_LIST))
        value = place_as_open(environment, value);
    else if (kind != CST_KIND_JSON && kind != CST_KIND_RECORD && kind != CST_KIND_LIST &&
             !type_is_text(value->type)) {
        report(environment, E_TEXT_SUBJECT, inner->range, "`%s` is %s, which holds no text",
               excerpt(environment, inner->range),
               type_with_article(environment->checker, value->type));
        return NULL;
    }
    return leaves_make(environment, value, ast->range);
}

static expression *root_check(const environment *environment, const char *name, source_range range)
{
    const key names = {name, (uint32_t)strlen(name)};
    uint32_t lacking;
    const walk walk = scope_resolve(environment->scope, &names, 1, environment->quiet, &lacking);
    if (walk.status != WALK_OK || walk.type == NULL)
        return NULL;
    expression *const node = node_new(environment, EXPRESSION_FIELD, walk.type, range);
    node->slot = candidate_make(environment->checker, &names, 1, walk.type, walk.open);
    return node;
}

/* text of this: every text that the host gives with an event of this stage. */
static bool this_check(const environment *environment, const ast_expression *ast, subjects *out)
{
    static const char *const roots[MOST_SUBJECTS] = {"text", "args", "value"};
    for (uint32_t i = 0; i < MOST_SUBJECTS; i++) {
        const key name = {roots[i], (uint32_t)strlen(roots[i])};
        if (!scope_has_root(environment->scope, name))
            continue;
        expression *root = root_check(environment, roots[i], ast->range);
        if (root == NULL)
            continue;
        if (i > 0) {
            if (root->type->kind != CST_KIND_JSON)
                root = place_as_open(environment, root);
            root = leaves_make(environment, root, ast->range);
        }
        out->items[out->count++] = root;
    }
    return out->count > 0;
}

static bool subject_type(const environment *environment, const ast_expression *test,
                         const ast_expression *side, const type *type)
{
    const struct type *const element = type->kind == CST_KIND_LIST ? type->element : type;
    if (element->kind == CST_KIND_STRING)
        return true;
    /* whole words of a path, as in `r contains ".ssh"`: there is no typed test for a name anywhere
     * in it */
    if (type->kind == CST_KIND_PATH && test->kind == AST_CONTAINS && test->right->kind != AST_REGEX)
        return true;
    if (type->kind != CST_KIND_LIST && typed_test_report(environment, test, type))
        return false;
    const char *const text = excerpt(environment, side->range);
    diagnostic *const d = report(environment, E_TEXT_SUBJECT, side->range,
                                 "`%s` is %s, and only a string can be looked into", text,
                                 type_with_article(environment->checker, type));
    compilation *const compilation = environment->checker->compilation;
    if (type->kind == CST_KIND_LIST && type_is_identity(element))
        diagnostic_mend(compilation, d, side->range, NULL,
                        "write `any x in %s satisfies …` with a typed test", text);
    else if (type->kind == CST_KIND_JSON || type->kind == CST_KIND_RECORD)
        diagnostic_mend(compilation, d, side->range, NULL, "write `text of %s`", text);
    else
        diagnostic_mend(compilation, d, side->range, NULL, "compare the value: `%s == …`", text);
    return false;
}

static bool subjects_check(const environment *environment, const ast_expression *test,
                           subjects *out)
{
    const ast_expression *side = test->left;
    *out = (subjects){.count = 0};
    views_take(environment, &side, &out->views);
    const ast_expression *inner = side->left;
    if (word_of(side, "text"))
        views_take(environment, &inner, &out->views);
    if (word_of(side, "text") && inner->kind == AST_PATH && inner->path.count == 1 &&
        path_is_this(&inner->path))
        return this_check(environment, side, out);
    expression *value;
    unsigned ignored = 0;
    if (word_of(side, "text"))
        value = leaves_check(environment, side, &ignored);
    else
        value = value_check(environment, side,
                            value_is_free(environment, side)
                                ? type_scalar(environment->checker, CST_KIND_STRING, 0)
                                : NULL);
    if (value == NULL || !subject_type(environment, test, side, value->type))
        return false;
    out->items[out->count++] = value;
    return true;
}

/* ---- the right side -------------------------------------------------------------------------- */

static void what_report(const environment *environment, const ast_expression *test)
{
    const ast_expression *const side = test->right;
    const char *const text = excerpt(environment, side->range);
    diagnostic *const d =
        report(environment, E_CONTAINS_WHAT, side->range,
               "`%s` is no pattern, phrase or set that is known when the policy is compiled", text);
    compilation *const compilation = environment->checker->compilation;
    if (side->kind != AST_PATH) {
        diagnostic_mend(
            compilation, d, side->range, NULL,
            "write a phrase between quotes, a pattern between slashes, or the name of one");
        return;
    }
    if (path_look(environment, &side->path) != NULL) {
        diagnostic_note_text(compilation, d,
                             "what the event brings is compared with `==`, `in`, `starts with`");
        return;
    }
    if (guess_contained(environment, test, d))
        return;
    const char *const near = unit_nearest(environment->checker, environment->unit, &side->path,
                                          1u << SYMBOL_PATTERN | 1u << SYMBOL_SET);
    if (near == NULL)
        return;
    diagnostic_label(compilation, d, "did you mean `%s`?", near);
    diagnostic_mend(compilation, d, side->range, near, "write `%s`", near);
}

/* The name bound by `any x in SET`, as a phrase. */
static bool element_wanted(const environment *environment, const binding *binding, unsigned views,
                           source_range range, wanted *out)
{
    *binding->used = true;
    if (binding->element->kind != AST_STRING) {
        report(environment, E_CONTAINS_WHAT, range, "`%s` is no text", binding->name.bytes);
        return false;
    }
    return wanted_of_phrase(environment->checker, &binding->element->text, views, out);
}

static symbol *symbol_named(const environment *environment, const ast_expression *side)
{
    uint32_t used = 0;
    if (scope_has_root(environment->scope, key_of(&side->path.items[0])) && side->path.count == 1)
        return NULL;
    symbol *const symbol =
        unit_resolve(environment->checker, environment->unit, &side->path, &used);
    return symbol != NULL && used == side->path.count &&
                   (symbol->kind == SYMBOL_PATTERN || symbol->kind == SYMBOL_SET)
               ? symbol
               : NULL;
}

static bool any_check(const environment *environment, const ast_expression *test, bool is_set,
                      const char *name)
{
    if (test->kind != AST_CONTAINS || test->any == is_set)
        return true;
    diagnostic *const d = is_set
                              ? report(environment, E_CONTAINS_ANY, test->right->range,
                                       "`%s` is a set, and a text contains any of it", name)
                              : report(environment, E_CONTAINS_ANY, test->right->range,
                                       "`any` is followed by a set, and `%s` is one thing", name);
    diagnostic_mend(environment->checker->compilation, d, test->range, NULL,
                    is_set ? "write `contains any %s`" : "write `contains %s`", name);
    return false;
}

static bool right_check(const environment *environment, const ast_expression *test, unsigned views,
                        wanted *out)
{
    const ast_expression *const side = test->right;
    checker *const checker = environment->checker;
    const char *const text = excerpt(environment, side->range);
    switch (side->kind) {
    case AST_STRING:
        return any_check(environment, test, false, text) &&
               wanted_of_phrase(checker, &side->text, views, out);
    case AST_REGEX:
        return any_check(environment, test, false, text) &&
               wanted_of_regex(checker, &side->text, views, out);
    case AST_SET:
        return any_check(environment, test, true, text) &&
               wanted_of_set(checker, environment->unit, scope_literal_set(checker, side, side),
                             views, side->range, out);
    case AST_PATH: {
        const binding *const binding = binding_find(environment, &side->path);
        if (binding != NULL && binding->kind == BINDING_ELEMENT && side->path.count == 1)
            return any_check(environment, test, false, text) &&
                   element_wanted(environment, binding, views, side->range, out);
        symbol *const symbol = binding == NULL ? symbol_named(environment, side) : NULL;
        if (symbol != NULL && test->kind == AST_CONTAINS)
            view_use(checker, environment->unit, symbol, views, side->range);
        if (symbol != NULL)
            return any_check(environment, test, symbol->kind == SYMBOL_SET, text) &&
                   wanted_of_symbol(checker, symbol, views, side->range, out);
        break;
    }
    case AST_ERROR: return false;
    default: break;
    }
    what_report(environment, test);
    return false;
}

/* ---- conditions ------------------------------------------------------------------------------ */

/* One test for each text, any of which will do. */
static expression *tests_make(const environment *environment, const ast_expression *ast,
                              const subjects *subjects, expression_kind kind, const wanted *wanted,
                              uint32_t index)
{
    expression *tests[MOST_SUBJECTS];
    struct wanted *kept = NULL;
    if (wanted != NULL) {
        kept = arena_allocate(environment->checker->arena, sizeof *kept);
        *kept = *wanted;
        kept->text = arena_format(environment->checker->arena, "%s%s", ast->any ? "any " : "",
                                  excerpt(environment, ast->right->range));
    }
    for (uint32_t i = 0; i < subjects->count; i++) {
        tests[i] = node_unary(environment, kind, NULL, subjects->items[i], ast->range);
        tests[i]->wanted = kept;
        tests[i]->index = index;
    }
    return node_list(environment, EXPRESSION_OR, tests, subjects->count, ast->range);
}

expression *contains_check(const environment *environment, const ast_expression *ast)
{
    subjects subjects;
    wanted wanted = {.count = 0};
    const bool left = subjects_check(environment, ast, &subjects);
    const bool right = right_check(environment, ast, subjects.views, &wanted);
    if (!left || !right)
        return NULL;
    if (wanted.count == 0) {
        report(environment, W_CONSTANT_TEST, ast->range,
               "nothing of an empty set stands in a text");
        return node_truth(environment, false, ast->range);
    }
    if (!environment->quiet)
        slow_warn(environment->checker, &wanted);
    return tests_make(environment, ast, &subjects, EXPRESSION_CONTAINS, &wanted, CST_NONE);
}

expression *matches_check(const environment *environment, const ast_expression *ast)
{
    subjects subjects;
    wanted wanted = {.count = 0};
    if (ast->right->kind == AST_STRING || ast->right->kind == AST_SET) {
        diagnostic *const d = report(environment, E_MATCHES_WHAT, ast->right->range,
                                     "`matches` takes a pattern that describes the whole value");
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        ast->right->kind == AST_STRING ? "write `== %s`, or `contains %s`"
                                                       : "write `in %s`, or `contains any %s`",
                        excerpt(environment, ast->right->range),
                        excerpt(environment, ast->right->range));
        return NULL;
    }
    const bool left = subjects_check(environment, ast, &subjects);
    const bool right = right_check(environment, ast, subjects.views, &wanted);
    if (!left || !right)
        return NULL;
    warn_whole_matches(environment, ast);
    return tests_make(environment, ast, &subjects, EXPRESSION_MATCHES, &wanted, CST_NONE);
}

/* ---- repeats --------------------------------------------------------------------------------- */

static bool echoes_equal(const checked_echo *a, const checked_echo *b)
{
    return a->chars == b->chars && a->views == b->views &&
           origins_equal(a->origins, a->origin_count, b->origins, b->origin_count);
}

expression *repeats_check(const environment *environment, const ast_expression *ast)
{
    subjects subjects;
    if (!subjects_check(environment, ast, &subjects))
        return NULL;
    if (ast->integer < LIMIT_REPEAT_LEAST || ast->integer > LIMIT_REPEAT_CHARS) {
        diagnostic *const d =
            report(environment, E_REPEATS_COUNT, ast->range,
                   "a shared run has %u to %u characters, not %lld", LIMIT_REPEAT_LEAST,
                   LIMIT_REPEAT_CHARS, (long long)ast->integer);
        diagnostic_mend(environment->checker->compilation, d, ast->range, NULL,
                        "40 to 60 characters are what no two texts share by accident");
        return NULL;
    }
    origin_list origins = {0};
    if (!origins_of(environment, ast->source, &origins))
        return NULL;
    checked_policy *const policy = environment->checker->policy;
    const checked_echo echo = {.origins = origins.items,
                               .origin_count = origins.count,
                               .chars = (uint32_t)ast->integer,
                               .views = subjects.views,
                               .name = excerpt(environment, ast->source->range)};
    origins_commit(environment->checker, &origins, ast->source->range);
    uint32_t number = 0;
    while (number < policy->echoes.count && !echoes_equal(&policy->echoes.items[number], &echo))
        number++;
    if (number == policy->echoes.count)
        *ARENA_PUSH(environment->checker->arena, &policy->echoes) = echo;
    return tests_make(environment, ast, &subjects, EXPRESSION_REPEATS, NULL, number);
}

/* ---- NAME of x ------------------------------------------------------------------------------- */

/* The symbol of a pattern or set of patterns before `of`; NULL: none. */
static symbol *pattern_named(const environment *environment, const ast_expression *ast)
{
    uint32_t used = 0;
    symbol *const symbol = unit_resolve(environment->checker, environment->unit, &ast->path, &used);
    return symbol != NULL && used == ast->path.count &&
                   (symbol->kind == SYMBOL_PATTERN || symbol->kind == SYMBOL_SET)
               ? symbol
               : NULL;
}

static const type *part_type(const environment *environment, const ast_expression *ast)
{
    const cst_kind kind = word_of(ast, "urls")      ? CST_KIND_URL
                          : word_of(ast, "emails")  ? CST_KIND_EMAIL
                          : word_of(ast, "numbers") ? CST_KIND_DECIMAL
                                                    : CST_KIND_STRING;
    return type_scalar(environment->checker, kind, 0);
}

bool parts_are(const environment *environment, const ast_expression *ast)
{
    return word_of(ast, "text") || word_of(ast, "urls") || word_of(ast, "emails") ||
           word_of(ast, "numbers") || pattern_named(environment, ast) != NULL;
}

expression *parts_check(const environment *environment, const ast_expression *ast)
{
    if (word_of(ast, "text"))
        return leaves_check(environment, ast, NULL);
    subjects subjects;
    wanted found = {.count = 0};
    if (!subjects_check(environment, ast, &subjects))
        return NULL;
    if (subjects.count != 1) {
        report(environment, E_TEXT_SUBJECT, ast->range, "`%s of` looks into one text",
               excerpt(environment, ast->path.range));
        return NULL;
    }
    const type *const element = part_type(environment, ast);
    if (element->kind != CST_KIND_STRING) {
        if (!wanted_of_builtin(environment->checker, ast->path.items[0].bytes, subjects.views,
                               ast->path.range, &found))
            return NULL;
    } else if (!wanted_of_symbol(environment->checker, pattern_named(environment, ast),
                                 subjects.views, ast->path.range, &found)) {
        return NULL;
    }
    if (!environment->quiet)
        slow_warn(environment->checker, &found);
    struct wanted *const kept = arena_allocate(environment->checker->arena, sizeof *kept);
    *kept = found;
    kept->text = excerpt(environment, ast->path.range);
    expression *const node =
        node_unary(environment, EXPRESSION_FOUND, type_list(environment->checker, element, 0),
                   subjects.items[0], ast->range);
    node->wanted = kept;
    return node;
}

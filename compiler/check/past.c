/*
 * past.c - questions about the past: what becomes a watch, and what the event being decided is
 * compared with.
 *
 * `count of action pay with same user.id within 1h` is two things. At the events that it counts, a
 * watch: a hidden rule on `action pay` whose condition is the filter, and which notes the key
 * (user.id) and, for sums, the value. At the event being decided, a node with the same key read
 * from that event. Watches are checked, lowered and compiled as rules are; nothing else knows of
 * them.
 *
 * In a filter a bare name is the earlier event's field. `this.X`, and names bound around the
 * question, belong to the event being decided; they stand only as one side of `==`, where they
 * become a key: what differs from event to event must be something that can be looked up. Constants
 * bound around (a parameter, an element of a set) are constants in a filter too.
 *
 * Two questions with one text, unit, constants and types of keys are one question, whichever rules
 * ask it: `latest of … is present` guards `latest of …`, and state is kept once. That same text is
 * what a session's state is known by when another policy takes over.
 */
#include <stdlib.h>

#include "compiler/check/expression.h"
#include "runtime/base/hash.h"
#include "runtime/limits.h"

bool past_is(const ast_expression *ast)
{
    return ast->kind == AST_EARLIER || (ast->kind == AST_OF && ast->past != NULL);
}

/* ---- what is asked --------------------------------------------------------------------------- */

typedef struct keys { /* one side of all comparisons with the event being decided */
    const ast_expression *items[LIMIT_PAST_KEYS];
    uint32_t count;
} keys;

typedef struct step { /* one event pattern, taken apart */
    const ast_pattern *pattern;
    keys own;    /* the earlier event's side of `== this.X` */
    keys theirs; /* the side of the event being decided */
    struct {
        ast_expression **items;
        uint32_t count, capacity;
    } filters;
} step;

typedef struct question {
    const environment *environment;
    const ast_expression *ast;
    const ast_past *past;
    cst_past_kind kind;
    step steps[LIMIT_PAST_STEPS];
    step since;
    keys same; /* `with same`, as expressions */
    keys all;  /* the deciding side: `same`, then `this` */
    expression *decided[LIMIT_PAST_KEYS];
    const binding *constants; /* bindings that a filter may use */
    const type *value;
} question;

static bool kind_read(question *q)
{
    static const struct {
        const char *word;
        cst_past_kind kind;
        bool over;
    } words[] = {{"count", CST_PAST_COUNT, false},
                 {"sum", CST_PAST_SUM, true},
                 {"distinct", CST_PAST_DISTINCT, true},
                 {"latest", CST_PAST_LATEST, true}};
    const ast_expression *const ast = q->ast;
    if (ast->kind == AST_EARLIER) {
        q->kind = CST_PAST_EARLIER;
        return true;
    }
    const key word = ast->path.count == 1 ? key_of(&ast->path.items[0]) : (key){"", 0};
    for (uint32_t i = 0; i < 4; i++) {
        if (!key_is(word, words[i].word))
            continue;
        q->kind = words[i].kind;
        const bool over = ast->of_field.count > 0;
        if (over == words[i].over)
            return true;
        diagnostic *const d = report(q->environment, E_PAST_OF, ast->range,
                                     over ? "`count of` counts events, and no field of them"
                                          : "`%s of` needs a field of the events",
                                     words[i].word);
        diagnostic_mend(q->environment->checker->compilation, d, ast->range, NULL,
                        over ? "write `count of %s…`, or `distinct of` the field"
                             : "write `%s of FIELD over …`",
                        over ? "" : words[i].word);
        return false;
    }
    static const char *const known[] = {"count", "sum", "distinct", "latest"};
    const char *const text = excerpt(q->environment, ast->path.range);
    diagnostic *const d = report(q->environment, E_UNKNOWN_OF, ast->path.range,
                                 "nothing is known as `%s of` events", text);
    diagnostic_note_text(
        q->environment->checker->compilation, d,
        "there are `count of`, and `sum of`, `distinct of` and `latest of FIELD over`");
    const char *const near = diagnostic_nearest(text, known, 4);
    if (near != NULL)
        diagnostic_mend(q->environment->checker->compilation, d, ast->path.range, near,
                        "write `%s of`", near);
    return false;
}

/* ---- what belongs to the event being decided ------------------------------------------------- */

/* A name that is bound around the question, and is no constant. */
static bool is_bound_around(const environment *environment, const ast_path *path)
{
    const binding *const found = binding_find(environment, path);
    if (found == NULL || found->kind == BINDING_ELEMENT)
        return false;
    return found->kind == BINDING_LOCAL || found->value == NULL ||
           found->value->kind != EXPRESSION_CONSTANT;
}

/* variables of quantifiers inside of the filter: they hide what is bound around it */
typedef struct inner_name {
    const struct inner_name *outer;
    const ast_text *name;
} inner_name;

static bool is_inner(const inner_name *names, const ast_path *path)
{
    for (; names != NULL && path->count > 0; names = names->outer)
        if (keys_equal(key_of(names->name), key_of(&path->items[0])))
            return true;
    return false;
}

static const ast_expression *decided_below(const question *q, const ast_expression *ast,
                                           const inner_name *names)
{
    if (ast == NULL)
        return NULL;
    if ((ast->kind == AST_PATH || ast->kind == AST_CALL || ast->kind == AST_OF) &&
        (path_is_this(&ast->path) || (ast->kind == AST_PATH && !is_inner(names, &ast->path) &&
                                      is_bound_around(q->environment, &ast->path))))
        return ast;
    const inner_name inner = {names, &ast->text};
    const ast_expression *found = decided_below(q, ast->left, names);
    if (found == NULL)
        found = decided_below(q, ast->right, ast->kind == AST_QUANTIFIER ? &inner : names);
    for (uint32_t i = 0; i < ast->items.count && found == NULL; i++)
        found = decided_below(q, ast->items.items[i], names);
    return found;
}

/* The first part of an expression that belongs to the event being decided; NULL: none. */
static const ast_expression *decided_part(const question *q, const ast_expression *ast)
{
    return decided_below(q, ast, NULL);
}

static void this_report(const question *q, const ast_expression *part)
{
    diagnostic *const d = report(q->environment, E_PAST_THIS, part->range,
                                 "`%s` belongs to the event being decided, and this filter is "
                                 "asked when the earlier event comes",
                                 excerpt(q->environment, part->range));
    diagnostic_mend(q->environment->checker->compilation, d, part->range, NULL,
                    "compare it with `==`, beside the other tests: `where FIELD == %s and …`",
                    excerpt(q->environment, part->range));
}

static const ast_expression *from_in(const ast_expression *ast)
{
    if (ast == NULL || ast->kind == AST_FROM)
        return ast;
    const ast_expression *found = from_in(ast->left);
    if (found == NULL)
        found = from_in(ast->right);
    for (uint32_t i = 0; i < ast->items.count && found == NULL; i++)
        found = from_in(ast->items.items[i]);
    return found;
}

static bool filter_add(question *q, step *to, ast_expression *part)
{
    const ast_expression *const from = from_in(part);
    /* whether an echo counts depends on what the answer is used for, which a filter does not know
     */
    if (from != NULL) {
        diagnostic *const d = report(q->environment, E_PAST_NESTED, from->range,
                                     "a filter of the past cannot ask where a value came from");
        diagnostic_mend(q->environment->checker->compilation, d, from->range, NULL,
                        "let a rule give the session a label, and ask `session has LABEL`");
        return false;
    }
    const ast_expression *const decided = decided_part(q, part);
    if (decided == NULL) {
        *ARENA_PUSH(q->environment->checker->arena, &to->filters) = part;
        return true;
    }
    const bool equality = part->kind == AST_COMPARE && part->op == AST_OP_EQ;
    const bool left = equality && decided_part(q, part->left) == decided;
    const ast_expression *const theirs = left ? part->left : part->right;
    const ast_expression *const own = left ? part->right : part->left;
    if (!equality || decided_part(q, own) != NULL) {
        this_report(q, decided);
        return false;
    }
    if (to->own.count + q->same.count >= LIMIT_PAST_KEYS) {
        report(q->environment, E_PAST_KEYS, part->range,
               "one question may compare at most %u values with the event being decided",
               LIMIT_PAST_KEYS);
        return false;
    }
    to->own.items[to->own.count++] = own;
    to->theirs.items[to->theirs.count++] = theirs;
    return true;
}

static bool filters_read(question *q, step *to, ast_expression *where)
{
    if (where == NULL)
        return true;
    if (where->kind != AST_AND)
        return filter_add(q, to, where);
    bool sound = true;
    for (uint32_t i = 0; i < where->items.count; i++)
        sound = filters_read(q, to, where->items.items[i]) && sound;
    return sound;
}

/* ---- taking the question apart --------------------------------------------------------------- */

static bool same_source(const question *q, const ast_expression *a, const ast_expression *b)
{
    compilation *const compilation = q->environment->checker->compilation;
    meaning left = {0}, right = {0};
    meaning_add_words(compilation, &left, a->range);
    meaning_add_words(compilation, &right, b->range);
    return left.count == right.count && memcmp(left.items, right.items, left.count) == 0;
}

/* All steps compare with the same values of the event being decided, in the order of the first. */
static bool keys_agree(question *q)
{
    const step *const first = &q->steps[0];
    for (uint32_t s = 1; s < q->past->followed_count; s++) {
        step *const other = &q->steps[s];
        step sorted = *other;
        bool whole = other->theirs.count == first->theirs.count;
        for (uint32_t i = 0; i < first->theirs.count && whole; i++) {
            uint32_t k = 0;
            while (k < other->theirs.count &&
                   !same_source(q, first->theirs.items[i], other->theirs.items[k]))
                k++;
            whole = k < other->theirs.count;
            if (whole) {
                sorted.own.items[i] = other->own.items[k];
                sorted.theirs.items[i] = other->theirs.items[k];
            }
        }
        if (!whole) {
            diagnostic *const d =
                report(q->environment, E_PAST_KEYS, other->pattern->range,
                       "each step must compare with the same values of the event being decided");
            diagnostic_note_at(q->environment->checker->compilation, d, first->pattern->range,
                               "as this one does");
            diagnostic_mend(q->environment->checker->compilation, d, other->pattern->range, NULL,
                            "add the same `== this.X` to each step, or write `with same X`");
            return false;
        }
        *other = sorted;
    }
    return true;
}

static bool is_context(const environment *environment, const ast_path *path)
{
    for (uint32_t i = 0; i < environment->checker->policy->records.count; i++)
        if (path->count > 1 && key_is(key_of(&path->items[path_is_this(path) ? 1 : 0]),
                                      environment->checker->policy->records.items[i].name))
            return true;
    return false;
}

static bool window_check(const question *q)
{
    const ast_past *const past = q->past;
    compilation *const compilation = q->environment->checker->compilation;
    if (past->has_within && past->within_us <= 0) {
        diagnostic_mend(
            compilation,
            report(q->environment, E_WITHIN, past->range, "a window must be longer than nothing"),
            past->range, NULL, "write a longer time, such as `within 10m`");
        return false;
    }
    if (!past->across_sessions)
        return true;
    bool context = false;
    for (uint32_t i = 0; i < past->same_count; i++)
        context = context || is_context(q->environment, &past->same[i]);
    if (!past->has_within) {
        diagnostic_mend(
            compilation,
            report(q->environment, E_PAST_ACROSS, past->range,
                   "what is asked across sessions needs a window: it would grow for ever"),
            past->range, NULL, "write `across sessions within 1h`");
        return false;
    }
    if (!context) {
        diagnostic *const d = report(q->environment, E_PAST_ACROSS, past->range,
                                     "what is asked across sessions needs a field of a context "
                                     "among its keys, since a model must not choose the counter");
        diagnostic_mend(compilation, d, past->range, NULL,
                        "write `with same user.id across sessions …`, where `user` is a context");
        return false;
    }
    return true;
}

static bool steps_read(question *q)
{
    const ast_past *const past = q->past;
    checker *const checker = q->environment->checker;
    if (past->followed_count > LIMIT_PAST_STEPS) {
        report(q->environment, E_PAST_KEYS, past->range, "one question may have at most %u steps",
               LIMIT_PAST_STEPS);
        return false;
    }
    if (past->same_count > LIMIT_PAST_KEYS) {
        report(q->environment, E_PAST_KEYS, past->range,
               "one question may compare at most %u values with the event being decided",
               LIMIT_PAST_KEYS);
        return false;
    }
    for (uint32_t i = 0; i < past->same_count; i++) {
        ast_expression *const made = arena_allocate(checker->arena, sizeof *made);
        *made =
            (ast_expression){.kind = AST_PATH, .range = past->same[i].range, .path = past->same[i]};
        q->same.items[q->same.count++] = made;
    }
    bool sound = true;
    for (uint32_t i = 0; i < past->followed_count; i++) {
        q->steps[i].pattern = &past->followed[i];
        sound = filters_read(q, &q->steps[i], past->followed[i].where) && sound;
    }
    if (past->since != NULL) {
        q->since.pattern = past->since;
        sound = filters_read(q, &q->since, past->since->where) && sound;
        if (sound && q->since.theirs.count > 0) {
            this_report(q, q->since.theirs.items[0]);
            sound = false;
        }
    }
    if (!sound || !keys_agree(q))
        return false;
    q->all = q->same;
    for (uint32_t i = 0; i < q->steps[0].theirs.count; i++)
        q->all.items[q->all.count++] = q->steps[0].theirs.items[i];
    return true;
}

/* The values of the event being decided. */
static bool decided_check(question *q)
{
    for (uint32_t i = 0; i < q->all.count; i++) {
        const ast_expression *const ast = q->all.items[i];
        q->decided[i] = ast->kind == AST_PATH ? path_check(q->environment, &ast->path, NULL, true)
                                              : value_check(q->environment, ast, NULL);
        if (q->decided[i] == NULL)
            return false;
        if (node_is_condition(q->decided[i])) {
            report(q->environment, E_PAST_KEYS, ast->range,
                   "`%s` is no value that could be looked up", excerpt(q->environment, ast->range));
            return false;
        }
        q->decided[i]->absent_too = i < q->same.count;
    }
    return true;
}

/* ---- watches --------------------------------------------------------------------------------- */

typedef struct watch_work {
    question *question;
    const step *step;
    checked_watch *watch;
    rule *rule;
    struct {
        rule_body *items;
        uint32_t count, capacity;
    } bodies;
    struct {
        expression **items;
        uint32_t count, capacity;
    } parts;
    bool keyed; /* `with same` */
    bool wants_value;
} watch_work;

static void note_add(watch_work *work, const environment *environment, expression *value,
                     uint32_t number)
{
    expression *const note = node_unary(environment, EXPRESSION_NOTE, NULL, value, value->range);
    note->index = number;
    *ARENA_PUSH(environment->checker->arena, &work->parts) = note;
}

static bool keys_note(watch_work *work, const environment *environment)
{
    question *const q = work->question;
    const uint32_t same = work->keyed ? q->same.count : 0;
    for (uint32_t i = 0; i < same + work->step->own.count; i++) {
        const ast_expression *const ast =
            i < same ? q->same.items[i] : work->step->own.items[i - same];
        const type *const wanted = q->decided[i]->type;
        expression *value = ast->kind == AST_PATH && wanted->kind == CST_KIND_JSON
                                ? path_check(environment, &ast->path, NULL, true)
                                : value_check(environment, ast, wanted);
        expression *const widened = value == NULL ? NULL : value_widen(environment, value, wanted);
        value = widened != NULL ? widened : value;
        if (value == NULL)
            return false;
        if (!types_match(value->type, wanted)) {
            report(environment, E_PAST_KEYS, ast->range,
                   "`%s` is %s here, and at the event being decided it is %s",
                   excerpt(environment, ast->range),
                   type_with_article(environment->checker, value->type),
                   type_with_article(environment->checker, wanted));
            return false;
        }
        value->absent_too = i < same;
        note_add(work, environment, value, work->watch->first_note + i);
    }
    return true;
}

static bool is_single(const type *type)
{
    return type->kind != CST_KIND_LIST && type->kind != CST_KIND_RECORD &&
           type->kind != CST_KIND_JSON && type->kind != CST_KIND_TOOL;
}

/* An event without the value has none to add, to count or to be the latest: it is none of those
 * that are asked for. */
static void presence_add(watch_work *work, const environment *environment, const expression *value)
{
    while (value->kind == EXPRESSION_PROPERTY)
        value = value->left;
    if (value->kind != EXPRESSION_FIELD ||
        (!candidate_at(environment->checker, value->slot)->open &&
         scope_optional(environment->scope, value->slot) == 0))
        return;
    expression *const there = node_unary(environment, EXPRESSION_PRESENT, NULL,
                                         node_copy(environment, value), value->range);
    if (there != NULL)
        *ARENA_PUSH(environment->checker->arena, &work->parts) = there;
}

static bool value_note(watch_work *work, const environment *environment)
{
    question *const q = work->question;
    const ast_path *const path = &q->ast->of_field;
    expression *const value = path_check(environment, path, NULL, false);
    if (value == NULL)
        return false;
    const cst_kind kind = value->type->kind;
    const bool adds = kind == CST_KIND_INT || kind == CST_KIND_DECIMAL || kind == CST_KIND_DURATION;
    if (node_is_condition(value) || !is_single(value->type) || (q->kind == CST_PAST_SUM && !adds)) {
        diagnostic *const d =
            report(environment, E_PAST_OF, path->range, "`%s of` needs %s, and `%s` is %s",
                   q->ast->path.items[0].bytes,
                   q->kind == CST_PAST_SUM ? "an int, a decimal or a duration" : "a single value",
                   excerpt(environment, path->range),
                   type_with_article(environment->checker, value->type));
        if (kind == CST_KIND_FLOAT)
            diagnostic_mend(environment->checker->compilation, d, path->range, NULL,
                            "declare the field as decimal: sums of floats depend on their order");
        return false;
    }
    if (q->value != NULL && !types_match(q->value, value->type)) {
        report(environment, E_PAST_OF, path->range,
               "`%s` has different types in the tools of this question",
               excerpt(environment, path->range));
        return false;
    }
    q->value = q->kind == CST_PAST_LATEST || q->kind == CST_PAST_SUM
                   ? type_scalar(environment->checker, kind, 0)
                   : value->type;
    if (kind == CST_KIND_ENUM || kind == CST_KIND_AGENT)
        q->value = value->type;
    presence_add(work, environment, value);
    note_add(work, environment, value, work->watch->first_note + work->watch->key_count);
    return true;
}

static bool watch_body(watch_work *work, const selector *selector, scope *scope)
{
    question *const q = work->question;
    checker *const checker = q->environment->checker;
    const environment environment = {.checker = checker,
                                     .scope = scope,
                                     .unit = q->environment->unit,
                                     .bindings = q->constants,
                                     .calls = q->environment->calls,
                                     .rule = q->environment->rule,
                                     .deciding = q->environment};
    work->parts.count = 0;
    bool sound = true;
    const ast_expression whole = {.kind = AST_AND,
                                  .range = work->step->pattern->range,
                                  .items = {work->step->filters.items, work->step->filters.count}};
    if (work->step->filters.count > 0) {
        expression *const filter = condition_check(
            &environment, work->step->filters.count == 1 ? work->step->filters.items[0] : &whole);
        sound = filter != NULL;
        if (sound)
            *ARENA_PUSH(checker->arena, &work->parts) = filter;
    }
    sound = sound && keys_note(work, &environment) &&
            (!work->wants_value || value_note(work, &environment));
    if (!sound)
        return false;
    rule_body body = {.selector = *selector, .cut_slot = CST_NONE, .put_note = CST_NONE};
    body.condition = work->parts.count == 0
                         ? node_truth(&environment, true, work->step->pattern->range)
                         : node_list(&environment, EXPRESSION_AND, work->parts.items,
                                     work->parts.count, work->step->pattern->range);
    work->parts.items = NULL; /* the list is the condition's now */
    work->parts.capacity = work->parts.count = 0;
    if (body.condition == NULL || !guards_check(&environment, body.condition))
        return false;
    body.selector.tools = scope->tools;
    body.selector.tool_count = scope->tool_count;
    if (!scope->any_stage && q->environment->scope != NULL && !q->environment->scope->any_stage)
        commit_condition(checker, body.condition, &body.selector);
    *ARENA_PUSH(checker->arena, &work->bodies) = body;
    return true;
}

static int tools_compare(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* The hidden rule of one pattern. False after an error. */
static bool watch_make(watch_work *work)
{
    question *const q = work->question;
    checker *const checker = q->environment->checker;
    selector selector;
    if (!selector_resolve(checker, &work->step->pattern->event, &selector))
        return false;
    scope scope = {.checker = checker,
                   .stage = selector.stage,
                   .has_tools = selector.stage == CST_ACTION || selector.stage == CST_RESULT,
                   .every_tool = selector.every_tool,
                   .tools = selector.tools,
                   .tool_count = selector.tool_count,
                   .all_count = selector.tool_count};
    bool sound = watch_body(work, &selector, &scope);
    while (sound && scope.deferred_count > 0) {
        qsort(scope.deferred, scope.deferred_count, sizeof *scope.deferred, tools_compare);
        scope.tools = scope.deferred;
        scope.tool_count = scope.deferred_count;
        scope.deferred = NULL;
        scope.deferred_count = 0;
        scope.masks.count = 0;
        sound = watch_body(work, &selector, &scope);
    }
    return sound;
}

/* How many of the fields of `with same` the events of `since` have. */
static uint32_t since_keys(const question *q)
{
    const scope scope = {.checker = q->environment->checker, .stage = q->past->since->event.stage};
    uint32_t found = 0;
    for (uint32_t i = 0; i < q->same.count; i++) {
        const ast_path *const path = &q->same.items[i]->path;
        found += scope_has_root(&scope, key_of(&path->items[path_is_this(path) ? 1 : 0]));
    }
    return found;
}

/* `since` begins again for one key if it has all of its fields, and for all keys if it has none.
 * With some of them it would have to begin again for many keys at once; and across sessions it must
 * never begin again for others than the one who did it. */
static bool since_check(const question *q)
{
    if (q->past->since == NULL || q->same.count == 0)
        return true;
    const uint32_t found = since_keys(q);
    const bool more = q->steps[0].own.count > 0;
    if (!more && (found == q->same.count || (found == 0 && !q->past->across_sessions)))
        return true;
    if (more && found == 0 && !q->past->across_sessions)
        return true;
    diagnostic *const d = report(q->environment, E_PAST_KEYS, q->past->since->range,
                                 "an event of `since` must have all that the question compares "
                                 "with the event being decided, or nothing of it");
    diagnostic_mend(q->environment->checker->compilation, d, q->past->since->range, NULL,
                    "compare with fewer fields, write all of them in `with same`, or let a rule "
                    "give the session a label");
    return false;
}

static bool watch_add(question *q, const step *step, uint32_t past, uint32_t number, bool keyed)
{
    checker *const checker = q->environment->checker;
    checked_policy *const policy = checker->policy;
    const bool last = number + 1 == q->past->followed_count;
    checked_watch watch = {.past = past,
                           .step = number,
                           .mark = step->pattern->mark == AST_MARK_STOPPED    ? CST_WATCH_STOPPED
                                   : step->pattern->mark == AST_MARK_APPROVED ? CST_WATCH_APPROVED
                                                                              : CST_WATCH_PASSED,
                           .stage = step->pattern->event.stage,
                           .first_note = policy->note_count,
                           .key_count = keyed ? q->same.count + step->own.count : 0,
                           .has_value = last && q->ast->of_field.count > 0,
                           .filtered = step->pattern->where != NULL};
    watch_work work = {.question = q,
                       .step = step,
                       .watch = &watch,
                       .keyed = keyed,
                       .wants_value = watch.has_value};
    if (!watch_make(&work))
        return false;
    policy->note_count += watch.key_count + watch.has_value;
    *ARENA_PUSH(checker->arena, &checker->watches) = (rule){
        .name = excerpt(q->environment, step->pattern->range),
        .kind = CST_RULE_WATCH,
        .restricts = true,
        .principle = CST_NONE,
        .waives = CST_NONE,
        .until_us = INT64_MAX,
        .watch = policy->watches.count,
        .label = CST_NONE,
        .bodies = work.bodies.items,
        .body_count = work.bodies.count,
        .range = step->pattern->range,
    };
    *ARENA_PUSH(checker->arena, &policy->watches) = watch;
    return true;
}

/* ---- one question for all that ask it -------------------------------------------------------- */

/* What makes two questions one. */
static const char *meaning_of(const question *q)
{
    checker *const checker = q->environment->checker;
    arena *const arena = checker->arena;
    meaning out = {0};
    meaning_add_number(arena, &out, (int64_t)q->kind);
    if (q->ast->of_field.count > 0)
        meaning_add_words(checker->compilation, &out, q->ast->of_field.range);
    meaning_add_words(checker->compilation, &out, q->past->range);
    const char *const unit = q->environment->unit->name != NULL ? q->environment->unit->name : "";
    meaning_add_text(arena, &out, unit, strlen(unit));
    for (const binding *at = q->constants; at != NULL; at = at->outer)
        meaning_add_constant(checker->compilation, &out, at);
    for (uint32_t i = 0; i < q->all.count; i++) {
        const char *const name = type_name(checker, q->decided[i]->type);
        meaning_add_text(arena, &out, name, strlen(name));
    }
    return arena_copy(arena, out.items, out.count);
}

static uint32_t past_find(const checked_policy *policy, const char *meaning)
{
    for (uint32_t i = 0; i < policy->pasts.count; i++)
        if (strcmp(policy->pasts.items[i].meaning, meaning) == 0)
            return i;
    return CST_NONE;
}

/* The watches and the row of a question. CST_NONE after an error. */
static uint32_t past_make(question *q, const char *meaning)
{
    checker *const checker = q->environment->checker;
    checked_policy *const policy = checker->policy;
    const ast_past *const past = q->past;
    const uint32_t number = policy->pasts.count;
    checked_past row = {
        .kind = q->kind,
        .text = q->kind == CST_PAST_EARLIER ? arena_format(checker->arena, "earlier %s",
                                                           excerpt(q->environment, past->range))
                                            : excerpt(q->environment, q->ast->range),
        .meaning = meaning,
        .steps = past->followed_count,
        .since = CST_NONE,
        .since_keyed = past->since != NULL && q->same.count > 0 && since_keys(q) == q->same.count,
        .across = past->across_sessions,
        .within_us = past->has_within ? past->within_us : 0,
        .key_count = q->all.count,
        .range = past->range};
    row.keys = arena_array(checker->arena, q->all.count, sizeof *row.keys);
    for (uint32_t i = 0; i < q->all.count; i++)
        row.keys[i] = q->decided[i]->type;
    const uint32_t watches = policy->watches.count, rules = checker->watches.count,
                   notes = policy->note_count;
    bool sound = true;
    if (past->since != NULL) { /* its watch comes before those of the steps: see history.c */
        row.since = policy->watches.count;
        sound = watch_add(q, &q->since, number, CST_NONE, row.since_keyed);
    }
    row.first_watch = policy->watches.count;
    for (uint32_t i = 0; i < past->followed_count && sound; i++)
        sound = watch_add(q, &q->steps[i], number, i, true);
    row.value = q->kind == CST_PAST_COUNT || q->kind == CST_PAST_DISTINCT
                    ? type_scalar(checker, CST_KIND_INT, 0)
                    : q->value;
    /* what is remembered of a value is worth nothing to a policy in which the field has another
     * type */
    const char *const whole = q->value == NULL ? meaning
                                               : arena_format(checker->arena, "%s|%s", meaning,
                                                              type_name(checker, q->value));
    row.identity = cst_hash_seeded(whole, strlen(whole), 1) | 1;
    /* a definition that nothing calls leaves no trace */
    if (!sound || q->environment->scope->any_stage) {
        policy->watches.count = watches;
        checker->watches.count = rules;
        policy->note_count = notes;
        if (!sound)
            return CST_NONE;
    }
    *ARENA_PUSH(checker->arena, &policy->pasts) = row;
    return number;
}

static const type *node_type(checker *checker, const checked_past *past)
{
    return past->kind == CST_PAST_EARLIER ? NULL
           : past->kind == CST_PAST_LATEST || past->kind == CST_PAST_SUM
               ? past->value
               : type_scalar(checker, CST_KIND_INT, 0);
}

/* Constants bound around, which mean the same at any event. */
static const binding *constants_of(const environment *environment)
{
    const binding *kept = NULL;
    for (const binding *at = environment->bindings; at != NULL; at = at->outer) {
        if (at->kind == BINDING_LOCAL ||
            (at->kind == BINDING_VALUE &&
             (at->value == NULL || at->value->kind != EXPRESSION_CONSTANT)))
            continue;
        binding *const copy = arena_allocate(environment->checker->arena, sizeof *copy);
        *copy = *at;
        copy->outer = kept;
        kept = copy;
    }
    return kept;
}

expression *past_check(const environment *environment, const ast_expression *ast)
{
    if (environment->quiet)
        return NULL;
    checker *const checker = environment->checker;
    question *const q = arena_allocate(checker->arena, sizeof *q);
    q->environment = environment;
    q->ast = ast;
    q->past = ast->past;
    q->constants = constants_of(environment);
    if (environment->deciding != NULL) {
        diagnostic *const d = report(environment, E_PAST_NESTED, ast->range,
                                     "a filter of the past cannot ask about the past itself");
        diagnostic_mend(checker->compilation, d, ast->range, NULL,
                        "let a rule give the session a label, and ask `session has LABEL`; or "
                        "write `A followed by B`");
        return NULL;
    }
    if (!kind_read(q) || !window_check(q) || !steps_read(q) || !since_check(q) || !decided_check(q))
        return NULL;
    const char *const meaning = meaning_of(q);
    uint32_t number = past_find(checker->policy, meaning);
    if (number == CST_NONE)
        number = past_make(q, meaning);
    if (number == CST_NONE)
        return NULL;
    const checked_past *const past = &checker->policy->pasts.items[number];
    static const expression_kind kinds[] = {[CST_PAST_EARLIER] = EXPRESSION_EARLIER,
                                            [CST_PAST_COUNT] = EXPRESSION_PAST_NUMBER,
                                            [CST_PAST_SUM] = EXPRESSION_PAST_NUMBER,
                                            [CST_PAST_DISTINCT] = EXPRESSION_PAST_NUMBER,
                                            [CST_PAST_LATEST] = EXPRESSION_PAST_LATEST};
    expression *const node =
        node_new(environment, kinds[q->kind], node_type(checker, past), ast->range);
    if (node->type == NULL)
        node->type = type_scalar(checker, CST_KIND_BOOL, 0);
    node->index = number;
    node->items = arena_array(checker->arena, q->all.count, sizeof *node->items);
    memcpy(node->items, q->decided, q->all.count * sizeof *node->items);
    node->item_count = q->all.count;
    if (ast->kind == AST_EARLIER && ast->negated)
        return node_not(environment, node, ast->range);
    return node;
}

/* ---- the end --------------------------------------------------------------------------------- */

void watches_finish(checker *checker)
{
    checked_policy *const policy = checker->policy;
    policy->declared_rules = policy->rules.count;
    for (uint32_t i = 0; i < checker->watches.count; i++)
        *ARENA_PUSH(checker->arena, &policy->rules) = checker->watches.items[i];
}

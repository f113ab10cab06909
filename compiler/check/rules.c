/*
 * rules.c - rules, permits and waivers: who they are about, when they count, and what they do.
 *
 * Each selector of a rule (`on input, result search`) becomes a body of its own; so does each group
 * of tools whose declarations give a field of the rule different types. No event meets two bodies
 * of one rule: a tool that two selectors cover stands in the first. `when P unless Q` is checked as
 * `P and not (Q)`.
 *
 * All rows exist before the first condition is checked, because a waiver names a rule of another
 * layer.
 */
#include <stdlib.h>

#include "compiler/check/expression.h"
#include "runtime/base/buffer.h"

typedef struct bodies {
    rule_body *items;
    uint32_t count, capacity;
} bodies;

typedef struct work { /* one rule being checked */
    checker *checker;
    unit *unit;
    const ast_declaration *declaration;
    const ast_expression *condition; /* with `unless`; NULL: always */
    const ast_stages *stages;
    bodies bodies;
    uint8_t *covered[2];  /* by tool: action, result; NULL: none yet */
    uint32_t stages_seen; /* stages that have a body for all of their events */
} work;

/* ---- conditions ------------------------------------------------------------------------------ */

/* when P unless Q as one tree; NULL if the rule has neither. */
static const ast_expression *condition_of(checker *checker, const ast_declaration *declaration)
{
    if (declaration->unless == NULL)
        return declaration->when;
    ast_expression *const not = arena_allocate(checker->arena, sizeof *not);
    *not = (ast_expression){
        .kind = AST_NOT, .range = declaration->unless->range, .left = declaration->unless};
    if (declaration->when == NULL)
        return not;
    ast_expression **const items = arena_array(checker->arena, 2, sizeof *items);
    items[0] = declaration->when;
    items[1] = not;
    ast_expression *const both = arena_allocate(checker->arena, sizeof *both);
    *both =
        (ast_expression){.kind = AST_AND, .range = declaration->when->range, .items = {items, 2}};
    both->range.end = declaration->unless->range.end;
    return both;
}

typedef struct nodes {
    expression **items;
    uint32_t count, capacity;
} nodes;

/* The `any` nodes that must have found an element if the condition is true, outer ones first. */
static void witnesses_collect(checker *checker, expression *condition, nodes *out)
{
    if (condition->kind == EXPRESSION_AND || condition->kind == EXPRESSION_OR) {
        for (uint32_t i = 0; i < condition->item_count; i++)
            witnesses_collect(checker, condition->items[i], out);
    } else if (condition->kind == EXPRESSION_ANY) {
        *ARENA_PUSH(checker->arena, out) = condition;
        witnesses_collect(checker, condition->right, out);
    }
}

/* Whether it looks into all texts of something (`text of args`). */
static bool looks_into_leaves(const expression *node)
{
    if (node == NULL)
        return false;
    for (uint32_t i = 0; i < node->item_count; i++)
        if (looks_into_leaves(node->items[i]))
            return true;
    return node->kind == EXPRESSION_LEAVES || looks_into_leaves(node->left) ||
           looks_into_leaves(node->right);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static const char *group_label(const checker *checker, const selector *selector)
{
    const char *label = cst_stage_name(selector->stage);
    for (uint32_t i = 0; i < selector->tool_count && i < 8; i++)
        label = arena_format(checker->arena, "%s %s%s", label, i == 0 ? "" : "or ",
                             checker->policy->tools.items[selector->tools[i]].name);
    return selector->tool_count <= 8
               ? label
               : arena_format(checker->arena, "%s or %u more", label, selector->tool_count - 8);
}

/* Whether a condition that is true may have texts to show: those that are found, not those that are
 * missing. */
static bool marks_texts(const expression *condition)
{
    switch (condition->kind) {
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
    case EXPRESSION_REPEATS: return true;
    case EXPRESSION_ANY:
        return condition->left->kind == EXPRESSION_FOUND || marks_texts(condition->right);
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        for (uint32_t i = 0; i < condition->item_count; i++)
            if (marks_texts(condition->items[i]))
                return true;
        return false;
    default: return false;
    }
}

/* redact FIELD: the candidate of the field, CST_NONE after an error. */
static uint32_t cut_field(const environment *environment, const ast_path *path)
{
    const expression *const field =
        path_check(environment, path, type_scalar(environment->checker, CST_KIND_STRING, 0), false);
    if (field == NULL)
        return CST_NONE;
    if (field->kind == EXPRESSION_FIELD && field->type->kind == CST_KIND_STRING)
        return field->slot;
    diagnostic *const d = report(
        environment, E_REDACT_FIELD, path->range, "`%s` is %s, and only a string can be cut",
        excerpt(environment, path->range), type_with_article(environment->checker, field->type));
    diagnostic_mend(environment->checker->compilation, d, path->range, NULL,
                    "stop the event instead: `refuse` or `deny`");
    return CST_NONE;
}

static bool can_be_put(const type *type)
{
    switch (type->kind) {
    case CST_KIND_BOOL:
    case CST_KIND_INT:
    case CST_KIND_DECIMAL:
    case CST_KIND_FLOAT:
    case CST_KIND_ENUM: return true;
    default: return type_is_text(type);
    }
}

/* replace FIELD with VALUE: the value is noted beside the condition, so a value that cannot be
 * computed leaves the rule undecided. */
static bool put_check(const environment *environment, const ast_declaration *declaration,
                      rule_body *body)
{
    const ast_effect *const effect = &declaration->effect;
    checker *const checker = environment->checker;
    const key first = key_of(&effect->path.items[0]);
    const expression *const field = path_check(environment, &effect->path, NULL, false);
    if (field == NULL)
        return false;
    const bool inside =
        (key_is(first, "args") && effect->path.count > 1 && body->selector.stage == CST_ACTION) ||
        (key_is(first, "text") && effect->path.count == 1);
    if (field->kind != EXPRESSION_FIELD || !inside || !can_be_put(field->type)) {
        diagnostic *const d =
            report(environment, E_REPLACE_FIELD, effect->path.range, "`%s` cannot be replaced",
                   excerpt(environment, effect->path.range));
        diagnostic_mend(checker->compilation, d, effect->path.range, NULL,
                        "name a single argument of an action (`args.amount`), or `text`; to stop "
                        "the event: `refuse` or `deny`");
        return false;
    }
    expression *const value = value_of_type(environment, effect->value, field->type);
    if (value == NULL)
        return false;
    expression *const note =
        node_unary(environment, EXPRESSION_NOTE, NULL, value, effect->value->range);
    note->index = body->put_note = checker->policy->note_count++;
    expression **const both = arena_array(checker->arena, 2, sizeof *both);
    both[0] = body->condition;
    both[1] = note;
    body->condition = node_list(environment, EXPRESSION_AND, both, 2, body->condition->range);
    body->cut_slot = field->slot;
    return true;
}

/* What a redaction cuts, or a replacement puts in its place. False after an error. */
static bool cut_check(const environment *environment, const ast_declaration *declaration,
                      rule_body *body)
{
    const ast_effect *const effect = &declaration->effect;
    if (declaration->kind == AST_RULE && effect->kind == AST_EFFECT_REPLACE)
        return put_check(environment, declaration, body);
    if (declaration->kind != AST_RULE || effect->kind != AST_EFFECT_REDACT)
        return true;
    if (effect->has_path) {
        body->cut_slot = cut_field(environment, &effect->path);
        return body->cut_slot != CST_NONE;
    }
    if (body->marks)
        return true;
    diagnostic *const d = report(environment, E_REDACT_NOTHING, effect->range,
                                 "the condition finds no text that could be cut");
    diagnostic_mend(environment->checker->compilation, d, effect->range, NULL,
                    "name the field: `redact FIELD with …`");
    return false;
}

/* What a rule offers beside an approval for one action, or NULL. */
static const ast_standing *standing_of(const ast_declaration *declaration)
{
    return declaration->kind == AST_RULE && declaration->effect.kind == AST_EFFECT_ASK
               ? declaration->effect.ask.standing
               : NULL;
}

/* Builds the body for the tools of `scope`, from which others may be deferred. False after an
 * error. */
static bool body_build(work *work, const selector *selector, scope *scope)
{
    checker *const checker = work->checker;
    const ast_declaration *const declaration = work->declaration;
    const environment environment = {
        .checker = checker, .scope = scope, .unit = work->unit, .rule = declaration->range};
    const ast_standing *const standing = standing_of(declaration);
    rule_body body = {
        .selector = *selector, .cut_slot = CST_NONE, .put_note = CST_NONE, .holder_slot = CST_NONE};
    body.condition = work->condition == NULL
                         ? node_truth(&environment, true, declaration->name.range)
                         : condition_check(&environment, work->condition);
    bool sound = body.condition != NULL;
    nodes witnesses = {0};
    if (sound)
        witnesses_collect(checker, body.condition, &witnesses);
    body.witnesses = witnesses.items;
    body.witness_count = witnesses.count;
    if (sound) {
        body.marks = marks_texts(body.condition);
        sound = cut_check(&environment, declaration, &body);
    }
    /* Without a condition no name is known to be bound, and the message would be judged wrongly. */
    if (sound && declaration->because.bytes != NULL)
        sound = message_check(&environment, &declaration->because, declaration, &body,
                              &body.message, &body.message_count);
    if (body.condition != NULL)
        sound = guards_check(&environment, body.condition) &&
                extern_places_check(&environment, body.condition) && sound;
    if (sound)
        sound = polarity_check(&environment, body.condition, declaration->kind == AST_RULE);
    if (sound && standing != NULL && work->bodies.count == 0)
        standing_warn_asked(&environment, standing, body.condition);
    const uint32_t holder = sound && standing != NULL && standing->across
                                ? standing_holder(&environment, standing)
                                : CST_NONE;
    sound = sound && (holder != CST_NONE || standing == NULL || !standing->across);
    if (!sound)
        return false;
    body.selector.tools = scope->tools;
    body.selector.tool_count = scope->tool_count;
    if (scope->tool_count != selector->tool_count)
        body.selector.label = group_label(checker, &body.selector);
    commit_condition(checker, body.condition, &body.selector);
    if (body.cut_slot != CST_NONE) {
        const uint32_t candidate = body.cut_slot;
        body.cut_slot = candidate_commit(checker, candidate, declaration->effect.range);
        candidate_use(checker, candidate, &body.selector);
    } else if (declaration->kind == AST_RULE && declaration->effect.kind == AST_EFFECT_REDACT &&
               scope->has_tools && looks_into_leaves(body.condition)) {
        scope_read_identities(checker, &body.selector, declaration->effect.range);
    }
    if (holder != CST_NONE) {
        body.holder_slot = candidate_commit(checker, holder, standing->range);
        candidate_use(checker, holder, &body.selector);
    }
    commit_message(checker, body.message, body.message_count, &body.selector,
                   declaration->because.range);
    *ARENA_PUSH(checker->arena, &work->bodies) = body;
    return true;
}

static int tools_compare(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void selector_build(work *work, const selector *selector)
{
    if (standing_of(work->declaration) != NULL)
        standing_check_tools(work->checker, standing_of(work->declaration), selector);
    scope scope = {
        .checker = work->checker,
        .stage = selector->stage,
        .has_tools = selector->stage == CST_ACTION || selector->stage == CST_RESULT,
        .every_tool = selector->every_tool,
        .tools = selector->tools,
        .tool_count = selector->tool_count,
        .all_count = selector->tool_count,
        .stages = work->stages,
    };
    while (body_build(work, selector, &scope) && scope.deferred_count > 0) {
        qsort(scope.deferred, scope.deferred_count, sizeof *scope.deferred, tools_compare);
        scope.tools = scope.deferred;
        scope.tool_count = scope.deferred_count;
        scope.deferred = NULL;
        scope.deferred_count = 0;
        scope.masks.count = 0;
    }
}

/* ---- selectors ------------------------------------------------------------------------------- */

/* Leaves only the tools that no selector before has covered. */
static void tools_uncover(work *work, selector *selector)
{
    uint8_t **const covered = &work->covered[selector->stage == CST_RESULT];
    if (*covered == NULL)
        *covered = arena_array(work->checker->arena, work->checker->policy->tools.count, 1);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < selector->tool_count; i++) {
        const uint32_t tool = selector->tools[i];
        if ((*covered)[tool] != 0)
            continue;
        (*covered)[tool] = 1;
        selector->tools[kept++] = tool;
    }
    if (kept == selector->tool_count)
        return;
    selector->tool_count = kept;
    selector->label = group_label(work->checker, selector);
}

/* A selector for all events of its stage stands for the others of that stage. */
static bool covers_stage(const ast_event *event)
{
    return event->tools.count == 0 && !event->tagged;
}

static bool event_is_needless(const work *work, uint32_t index)
{
    const ast_stages *const stages = work->stages;
    const ast_event *const event = &stages->items[index];
    for (uint32_t i = 0; i < stages->count; i++) {
        const ast_event *const other = &stages->items[i];
        if (i == index || other->stage != event->stage || !covers_stage(other) ||
            (i > index && covers_stage(event)))
            continue;
        diagnostic *const d =
            check_report(work->checker, W_STAGE_TWICE, event->range, "`%s` is covered already",
                         source_excerpt(work->checker->compilation, event->range));
        diagnostic_note_at(work->checker->compilation, d, other->range, "by this");
        diagnostic_mend(work->checker->compilation, d, event->range, NULL, "leave `%s` out",
                        source_excerpt(work->checker->compilation, event->range));
        return true;
    }
    return false;
}

static void bodies_build(work *work)
{
    for (uint32_t i = 0; i < work->stages->count; i++) {
        selector selector;
        if (!selector_resolve(work->checker, &work->stages->items[i], &selector) ||
            event_is_needless(work, i))
            continue;
        const bool by_tool =
            (selector.stage == CST_ACTION || selector.stage == CST_RESULT) && !selector.every_tool;
        if (by_tool && work->stages->count > 1)
            tools_uncover(work, &selector);
        if (!by_tool || selector.tool_count > 0)
            selector_build(work, &selector);
    }
}

/* ---- what stands for a cut ------------------------------------------------------------------- */

typedef struct mark_parts {
    message_part *items;
    uint32_t count, capacity;
} mark_parts;

static void mark_add(checker *checker, mark_parts *parts, cst_part_kind kind, const char *text,
                     uint32_t length, uint32_t number)
{
    *ARENA_PUSH(checker->arena, parts) =
        (message_part){.kind = kind,
                       .text = arena_copy(checker->arena, text, length),
                       .length = length,
                       .slot = number,
                       .local = CST_NONE,
                       .field = CST_NONE,
                       .property = CST_NONE};
}

/* `{kind}`, `{last 4}`, `{alias}`; false if it is none of them. */
static bool placeholder_add(checker *checker, mark_parts *parts, const char *text, uint32_t length)
{
    const key word = {text, length};
    if (key_is(word, "kind") || key_is(word, "name")) {
        mark_add(checker, parts, CST_PART_KIND, "", 0, 0);
        return true;
    }
    if (key_is(word, "alias")) {
        mark_add(checker, parts, CST_PART_ALIAS, "", 0, 0);
        return true;
    }
    if (length == 6 && memcmp(text, "last ", 5) == 0 && text[5] >= '1' && text[5] <= '8') {
        mark_add(checker, parts, CST_PART_LAST, "", 0, (uint32_t)(text[5] - '0'));
        return true;
    }
    return false;
}

/* The text behind `redact … with`. */
static void mark_read(checker *checker, const ast_text *text, message_part **out, uint32_t *count)
{
    mark_parts parts = {0};
    buffer plain;
    buffer_init(&plain, &checker->compilation->arena.allocator, 0);
    for (uint32_t i = 0; i < text->length; i++) {
        const char c = text->bytes[i];
        const bool brace = c == '{' || c == '}';
        if (!brace || (i + 1 < text->length && text->bytes[i + 1] == c)) {
            buffer_add(&plain, &c, 1);
            i += brace;
            continue;
        }
        const char *const end = c == '{' ? memchr(text->bytes + i, '}', text->length - i) : NULL;
        if (plain.length > 0)
            mark_add(checker, &parts, CST_PART_TEXT, plain.bytes, (uint32_t)plain.length, 0);
        buffer_clear(&plain);
        const uint32_t length = end == NULL ? 0 : (uint32_t)(end - text->bytes) - i - 1;
        if (end == NULL || !placeholder_add(checker, &parts, text->bytes + i + 1, length)) {
            diagnostic *const d =
                check_report(checker, E_REDACT_TEXT, text->range,
                             "what stands for a cut knows `{kind}`, `{last 4}` and `{alias}`");
            diagnostic_mend(checker->compilation, d, text->range, NULL,
                            "a brace itself is written twice");
            break;
        }
        i += length + 1;
    }
    if (plain.length > 0)
        mark_add(checker, &parts, CST_PART_TEXT, plain.bytes, (uint32_t)plain.length, 0);
    buffer_free(&plain);
    *out = parts.items;
    *count = parts.count;
}

/* ---- effects --------------------------------------------------------------------------------- */

static void ask_fill(checker *checker, rule *rule, const ast_ask *ask)
{
    rule->verdict = CST_REQUIRE_APPROVAL;
    channels_check(checker, &ask->who);
    const char **const who = arena_array(checker->arena, ask->who.count, sizeof *who);
    for (uint32_t i = 0; i < ask->who.count; i++)
        who[i] = ask->who.items[i].bytes;
    rule->who = who;
    rule->who_count = ask->who.count;
    rule->within_us = ask->has_within ? ask->within_us : 0;
    rule->standing = standing_read(checker, ask->standing);
    if (ask->has_within && ask->within_us <= 0)
        diagnostic_mend(
            checker->compilation,
            check_report(checker, E_WITHIN, ask->range,
                         "an approval needs time: `within` must be longer than nothing"),
            ask->range, NULL, "write a longer time, such as `within 10m`");
}

static void effect_fill(checker *checker, rule *rule, const ast_effect *effect)
{
    if (effect->kind != AST_EFFECT_ASK && effect->ask.standing != NULL)
        standing_refuse_effect(checker, effect);
    switch (effect->kind) {
    case AST_EFFECT_FLAG: rule->verdict = CST_FLAG; return;
    case AST_EFFECT_ASK: ask_fill(checker, rule, &effect->ask); return;
    case AST_EFFECT_ESCALATE: {
        ast_text who = effect->text;
        const ast_texts names = {&who, 1};
        rule->verdict = CST_ESCALATE;
        channels_check(checker, &names);
        const char **const list = arena_array(checker->arena, 1, sizeof *list);
        list[0] = effect->text.bytes;
        rule->who = list;
        rule->who_count = 1;
        return;
    }
    case AST_EFFECT_REFUSE:
        rule->verdict = CST_REFUSE;
        if (effect->has_text)
            rule->offering = message_plain(checker, &effect->text);
        return;
    case AST_EFFECT_DENY: rule->verdict = CST_DENY; return;
    case AST_EFFECT_HALT: rule->verdict = CST_HALT; return;
    case AST_EFFECT_REDACT:
        rule->verdict = CST_REDACT;
        mark_read(checker, &effect->text, &rule->mark, &rule->mark_count);
        return;
    case AST_EFFECT_REPLACE: rule->verdict = CST_REPLACE; return;
    case AST_EFFECT_LABEL:
        rule->verdict = CST_PERMIT;
        rule->only_label = true;
        rule->label = label_find(checker, effect->text.bytes, effect->text.length);
        return;
    }
}

/* ---- waivers --------------------------------------------------------------------------------- */

static void waivable_list(checker *checker, const unit *upper, diagnostic *diagnostic)
{
    const char *list = "";
    uint32_t shown = 0;
    for (uint32_t i = 0; i < upper->symbols.count && shown < 8; i++) {
        const symbol *const symbol = upper->symbols.items[i];
        if (symbol->kind != SYMBOL_RULE || !symbol->declaration->waivable)
            continue;
        list = arena_format(checker->arena, "%s%s`%s.%s`", list, shown++ == 0 ? "" : ", ",
                            upper->name, symbol->name);
    }
    if (shown == 0)
        diagnostic_note_text(checker->compilation, diagnostic, "no rule of `%s` can be waived",
                             upper->name);
    else
        diagnostic_note_text(checker->compilation, diagnostic, "what can be waived: %s", list);
}

static const ast_declaration *waive_unknown(checker *checker, unit *unit, const ast_path *path)
{
    diagnostic *const d = check_report(checker, E_WAIVE_UNKNOWN, path->range,
                                       "no rule of an upper file is called `%s`",
                                       source_excerpt(checker->compilation, path->range));
    const struct unit *named = NULL;
    for (const struct unit *upper = unit->upper; upper != NULL; upper = upper->upper) {
        named = named == NULL ? upper : named;
        if (path->count == 2 && key_is(key_of(&path->items[0]), upper->name))
            named = upper;
    }
    if (named == NULL) {
        diagnostic_note_text(
            checker->compilation, d,
            "this file extends no other; a waiver lifts a rule of a file that it extends");
        return NULL;
    }
    uint32_t count;
    const char *const *const names = unit_names(checker, named, 1u << SYMBOL_RULE, &count);
    const char *const near = diagnostic_nearest(path->items[path->count - 1].bytes, names, count);
    if (near == NULL) {
        waivable_list(checker, named, d);
        return NULL;
    }
    const char *const edit = arena_format(checker->arena, "%s.%s", named->name, near);
    diagnostic_label(checker->compilation, d, "did you mean `%s`?", edit);
    diagnostic_mend(checker->compilation, d, path->range, edit, "write `%s`", edit);
    return NULL;
}

/* The declaration of the rule that is lifted; NULL after an error. */
static const ast_declaration *waived_rule(checker *checker, unit *unit,
                                          const ast_declaration *waiver, rule *rule)
{
    const symbol *const symbol = unit_resolve_rule(unit, &waiver->path);
    if (symbol == NULL)
        return waive_unknown(checker, unit, &waiver->path);
    compilation *const compilation = checker->compilation;
    const char *const text = source_excerpt(compilation, waiver->path.range);
    diagnostic *d = NULL;
    if (symbol->home->layer <= unit->layer) {
        d = check_report(checker, E_WAIVE_OWN, waiver->path.range,
                         "`%s` is a rule of this file itself", text);
        diagnostic_mend(compilation, d, waiver->path.range, NULL,
                        "write the exception into the rule, behind `unless`");
    } else if (symbol->declaration->kind != AST_RULE) {
        d = check_report(checker, E_WAIVE_PERMIT, waiver->path.range,
                         "`%s` is a permit, and only a rule can be waived", text);
        diagnostic_mend(compilation, d, waiver->path.range, NULL,
                        "to permit less here, write a rule; to permit more, a permit of your own");
    } else if (!symbol->declaration->waivable) {
        d = check_report(checker, E_WAIVE_FIRM, waiver->path.range,
                         "`%s` does not say that it can be waived", text);
        diagnostic_mend(compilation, d, waiver->path.range, NULL,
                        "ask its authors to write `waivable` behind the rule's name and stages");
    }
    if (d != NULL) {
        diagnostic_note_at(compilation, d, symbol->range, "it is declared here");
        return NULL;
    }
    rule->waives = symbol->number;
    return symbol->declaration;
}

static void until_fill(checker *checker, rule *rule, const ast_text *until)
{
    const int64_t day = INT64_C(24) * 60 * 60 * 1000000;
    if (until->length == 10) {
        const char *const midnight = arena_format(checker->arena, "%sT00:00:00Z", until->bytes);
        if (time_parse(midnight, strlen(midnight), &rule->until_us)) {
            rule->until_us += day - 1;
            return;
        }
    } else if (time_parse(until->bytes, until->length, &rule->until_us)) {
        return;
    }
    diagnostic *const d =
        check_report(checker, E_WAIVE_UNTIL, until->range, "`%s` is not a date", until->bytes);
    diagnostic_mend(
        checker->compilation, d, until->range, NULL,
        "write a date, \"2027-06-30\", which counts to the end of that day in UTC, or a "
        "time, \"2027-06-30T12:00:00Z\"");
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool is_rule(const ast_declaration *declaration)
{
    return declaration->kind == AST_RULE || declaration->kind == AST_PERMIT ||
           declaration->kind == AST_WAIVE;
}

static const char *rule_name(checker *checker, const unit *unit, const ast_declaration *declaration)
{
    if (declaration->kind == AST_WAIVE)
        return arena_format(checker->arena, "waive %s",
                            source_excerpt(checker->compilation, declaration->path.range));
    return unit->layer == 0
               ? declaration->name.bytes
               : arena_format(checker->arena, "%s.%s", unit->name, declaration->name.bytes);
}

static void row_add(checker *checker, unit *unit, const ast_declaration *declaration)
{
    const bool waiver = declaration->kind == AST_WAIVE;
    const source_range range = waiver ? declaration->path.range : declaration->name.range;
    if (checker->policy->rules.count >= LIMIT_RULES) {
        check_report(checker, E_TOO_MANY_RULES, range, "a policy may have at most %u rules",
                     LIMIT_RULES);
        return;
    }
    *ARENA_PUSH(checker->arena, &checker->policy->rules) = (rule){
        .name = rule_name(checker, unit, declaration),
        .kind = waiver                            ? CST_RULE_WAIVER
                : declaration->kind == AST_PERMIT ? CST_RULE_PERMIT
                                                  : CST_RULE,
        .shadow = declaration->shadow,
        .waivable = declaration->waivable,
        .restricts = declaration->kind == AST_RULE,
        .layer = unit->layer,
        .principle = CST_NONE,
        .waives = CST_NONE,
        .until_us = INT64_MAX,
        .watch = CST_NONE,
        .label = CST_NONE,
        .range = range,
        .declaration = declaration,
    };
    symbol *const symbol =
        waiver || declaration->name.bytes == NULL
            ? NULL
            : unit_find_rule(unit, declaration->name.bytes, declaration->name.length);
    if (symbol != NULL && symbol->declaration == declaration)
        symbol->number = checker->policy->rules.count - 1;
}

static void rule_check(checker *checker, unit *unit, uint32_t number)
{
    rule *const rule = &checker->policy->rules.items[number];
    const ast_declaration *const declaration = rule->declaration;
    work work = {.checker = checker,
                 .unit = unit,
                 .declaration = declaration,
                 .stages = &declaration->stages};
    if (declaration->kind == AST_WAIVE) {
        const ast_declaration *const waived = waived_rule(checker, unit, declaration, rule);
        if (declaration->until.bytes != NULL)
            until_fill(checker, rule, &declaration->until);
        if (waived == NULL)
            return;
        work.stages = &waived->stages;
    } else if (declaration->kind == AST_RULE) {
        effect_fill(checker, rule, &declaration->effect);
        rule->whole = declaration->stages.whole;
        if (declaration->label.bytes != NULL)
            rule->label = label_find(checker, declaration->label.bytes, declaration->label.length);
        if (declaration->under.bytes != NULL)
            rule->principle = principle_find(checker, unit, &declaration->under);
    }
    work.condition = condition_of(checker, declaration);
    bodies_build(&work);
    rule->bodies = work.bodies.items;
    rule->body_count = work.bodies.count;
}

/* ---- definitions that nothing calls ---------------------------------------------------------- */

/* Its parameters are values of their types; fields of single stages are not judged, since no stage
 * is known. */
static void definition_check(checker *checker, const symbol *symbol)
{
    const ast_declaration *const declaration = symbol->declaration;
    const ast_fields *const parameters = &declaration->fields;
    binding *const bindings = arena_array(checker->arena, parameters->count, sizeof *bindings);
    scope scope = {.checker = checker, .any_stage = true};
    const call call = {symbol, symbol->range, NULL};
    environment environment = {.checker = checker,
                               .scope = &scope,
                               .unit = symbol->home,
                               .calls = &call,
                               .rule = declaration->range};
    for (uint32_t i = 0; i < parameters->count; i++) {
        const type *const type = type_resolve(checker, symbol->home, parameters->items[i].type, 0);
        if (type == NULL)
            return;
        bindings[i] = (binding){.kind = BINDING_LOCAL,
                                .name = key_of(&parameters->items[i].key),
                                .range = parameters->items[i].key.range,
                                .local = checker->policy->local_count++,
                                .type = type,
                                .outer = environment.bindings};
        environment.bindings = &bindings[i];
    }
    const expression *const body = condition_check(&environment, declaration->expression);
    if (body != NULL)
        guards_check(&environment, body);
}

static void definitions_check(checker *checker)
{
    for (uint32_t i = 0; i < checker->units.count; i++) {
        const unit *const unit = checker->units.items[i];
        for (uint32_t k = 0; k < unit->symbols.count; k++) {
            const symbol *const symbol = unit->symbols.items[k];
            if (symbol->kind == SYMBOL_DEFINE && !symbol->used && symbol->declaration != NULL)
                definition_check(checker, symbol);
        }
    }
}

void rules_check(checker *checker)
{
    externs_check(checker);
    struct {
        unit **items;
        uint32_t count, capacity;
    } owners = {0};
    for (uint32_t i = 0; i < checker->layers.count; i++) {
        unit *const unit = checker->layers.items[i];
        for (uint32_t k = 0; unit->file != NULL && k < unit->file->count; k++) {
            if (!is_rule(unit->file->items[k]))
                continue;
            row_add(checker, unit, unit->file->items[k]);
            while (owners.count < checker->policy->rules.count)
                *ARENA_PUSH(checker->arena, &owners) = unit;
        }
    }
    labels_collect(checker);
    for (uint32_t i = 0; i < checker->policy->rules.count; i++)
        rule_check(checker, owners.items[i], i);
    for (uint32_t i = 0; checker->policy->has_standing && i < checker->policy->tools.count; i++)
        if (checker->policy->tools.items[i].parameters != NULL)
            /* what it is called with is held against them */
            type_row(checker, checker->policy->tools.items[i].parameters);
    definitions_check(checker);
    patterns_check(checker);
    origins_check(checker);
    if (checker->compilation->error_count == 0)
        streams_check(checker);
}

/*
 * ast_dump.c - the tree as nested lists: (rule strangers (on action send_email) …).
 *
 * For golden tests and for people who change the grammar. Prints what a node means, not where it
 * stands: places are tested by the carets of diagnostics. Recursion is safe: the builders bound the
 * depth of every tree.
 */
#include <inttypes.h>

#include "compiler/syntax/dump.h"

#define INDENT 2u

struct printer {
    buffer *out;
    uint32_t depth;
};

static void text(const struct printer *printer, const ast_text *text)
{
    buffer_text(printer->out, " ");
    if (text->quoted || text->length == 0)
        buffer_json_string(printer->out, text->bytes ? text->bytes : "", text->length);
    else
        buffer_add(printer->out, text->bytes, text->length);
}

static void regex(const struct printer *printer, const ast_text *text)
{
    buffer_text(printer->out, " /");
    buffer_add(printer->out, text->bytes, text->length);
    buffer_text(printer->out, "/");
}

static void texts(const struct printer *printer, const ast_texts *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        text(printer, &list->items[i]);
}

static void named_texts(const struct printer *printer, const char *name, const ast_texts *list)
{
    if (list->count == 0)
        return;
    buffer_format(printer->out, " (%s", name);
    texts(printer, list);
    buffer_text(printer->out, ")");
}

static void named_text(const struct printer *printer, const char *name, const ast_text *value)
{
    if (!value->bytes)
        return;
    buffer_format(printer->out, " (%s", name);
    text(printer, value);
    buffer_text(printer->out, ")");
}

static void path(const struct printer *printer, const ast_path *path)
{
    buffer_text(printer->out, " ");
    for (uint32_t i = 0; i < path->count; i++) {
        const ast_text *const item = &path->items[i];
        if (i > 0)
            buffer_text(printer->out, ".");
        if (item->quoted)
            buffer_json_string(printer->out, item->bytes, item->length);
        else
            buffer_add(printer->out, item->bytes, item->length);
    }
}

static void flag(const struct printer *printer, bool set, const char *name)
{
    if (set)
        buffer_format(printer->out, " %s", name);
}

static void line(const struct printer *printer)
{
    buffer_format(printer->out, "\n%*s", (int)(printer->depth * INDENT), "");
}

/* ---- types ----------------------------------------------------------------------------------- */

static void fields(const struct printer *printer, const ast_field *items, uint32_t count);

static void type(const struct printer *printer, const ast_type *type_)
{
    buffer_text(printer->out, " ");
    if (type_->has_bound)
        buffer_text(printer->out, "(bound ");
    switch (type_->kind) {
    case AST_TYPE_NAME: buffer_add(printer->out, type_->name.bytes, type_->name.length); break;
    case AST_TYPE_GENERIC:
        buffer_text(printer->out, "(");
        buffer_add(printer->out, type_->name.bytes, type_->name.length);
        type(printer, type_->argument);
        buffer_text(printer->out, ")");
        break;
    case AST_TYPE_RECORD:
        buffer_text(printer->out, "(record");
        fields(printer, type_->fields, type_->field_count);
        buffer_text(printer->out, ")");
        break;
    }
    if (type_->has_bound)
        buffer_format(printer->out, " %" PRId64 ")", type_->bound);
}

static void fields(const struct printer *printer, const ast_field *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(printer->out, " (");
        if (items[i].key.quoted)
            buffer_json_string(printer->out, items[i].key.bytes, items[i].key.length);
        else
            buffer_add(printer->out, items[i].key.bytes, items[i].key.length);
        flag(printer, items[i].optional, "optional");
        type(printer, items[i].type);
        buffer_text(printer->out, ")");
    }
}

/* ---- events and history ---------------------------------------------------------------------- */

static void expression(const struct printer *printer, const ast_expression *expression);

static void source_name(const struct printer *printer, const ast_source *source)
{
    static const char *const names[] = {"origin", "result-of", "result-tagged", "message-of",
                                        "output"};
    buffer_format(printer->out, " (%s", names[source->kind]);
    if (source->name.bytes)
        text(printer, &source->name);
    texts(printer, &source->keys);
    buffer_text(printer->out, ")");
}

static void event(const struct printer *printer, const ast_event *event)
{
    static const char *const stages[] = {"input", "output", "action", "result", "message"};
    buffer_format(printer->out, " (%s", stages[event->stage]);
    texts(printer, &event->tools);
    if (event->tagged)
        named_text(printer, "tagged", &event->tag);
    buffer_text(printer->out, ")");
}

static void stages(const struct printer *printer, const ast_stages *stages_)
{
    buffer_text(printer->out, " (on");
    flag(printer, stages_->whole, "whole");
    for (uint32_t i = 0; i < stages_->count; i++)
        event(printer, &stages_->items[i]);
    buffer_text(printer->out, ")");
}

static void pattern(const struct printer *printer, const ast_pattern *pattern)
{
    buffer_text(printer->out, " (event");
    flag(printer, pattern->mark == AST_MARK_STOPPED, "stopped");
    flag(printer, pattern->mark == AST_MARK_APPROVED, "approved");
    event(printer, &pattern->event);
    if (pattern->where) {
        buffer_text(printer->out, " (where");
        expression(printer, pattern->where);
        buffer_text(printer->out, ")");
    }
    buffer_text(printer->out, ")");
}

static void past(const struct printer *printer, const ast_past *past)
{
    buffer_text(printer->out, " (past");
    for (uint32_t i = 0; i < past->followed_count; i++)
        pattern(printer, &past->followed[i]);
    if (past->same_count) {
        buffer_text(printer->out, " (same");
        for (uint32_t i = 0; i < past->same_count; i++)
            path(printer, &past->same[i]);
        buffer_text(printer->out, ")");
    }
    if (past->since) {
        buffer_text(printer->out, " (since");
        pattern(printer, past->since);
        buffer_text(printer->out, ")");
    }
    flag(printer, past->across_sessions, "across-sessions");
    if (past->has_within)
        buffer_format(printer->out, " (within %" PRId64 ")", past->within_us);
    buffer_text(printer->out, ")");
}

/* ---- expressions ----------------------------------------------------------------------------- */

static void branch(const struct printer *printer, const char *name, const ast_expression *node)
{
    buffer_format(printer->out, " (%s", name);
    if (node->left)
        expression(printer, node->left);
    if (node->right)
        expression(printer, node->right);
    for (uint32_t i = 0; i < node->items.count; i++)
        expression(printer, node->items.items[i]);
    buffer_text(printer->out, ")");
}

static const char *comparison_name(const ast_expression *node)
{
    static const char *const operators[] = {"+", "-", "*", "==", "!=", "<", "<=", ">", ">="};
    static const char *const runs[] = {"runs", "runs-any", "runs-only"};
    switch (node->kind) {
    case AST_ARITHMETIC:
    case AST_COMPARE: return operators[node->op];
    case AST_IN: return node->negated ? "not-in" : "in";
    case AST_CONTAINS: return node->any ? "contains-any" : "contains";
    case AST_MATCHES: return "matches";
    case AST_STARTS: return "starts-with";
    case AST_ENDS: return "ends-with";
    case AST_INSIDE: return node->negated ? "not-inside" : "inside";
    case AST_RUNS: return runs[node->mode];
    case AST_SET: return "set";
    case AST_ELSE: return "else";
    case AST_NOT: return "not";
    case AST_AND: return "and";
    case AST_OR: return "or";
    default: return "error";
    }
}

static void source_test(const struct printer *printer, const ast_expression *node)
{
    buffer_format(printer->out, " (%s",
                  node->kind == AST_REPEATS ? "repeats"
                  : node->negated           ? "not-from"
                                            : "from");
    expression(printer, node->left);
    source_name(printer, node->source);
    if (node->integer)
        buffer_format(printer->out, " (chars %" PRId64 ")", node->integer);
    buffer_text(printer->out, ")");
}

static void of(const struct printer *printer, const ast_expression *node)
{
    buffer_text(printer->out, " (of");
    path(printer, &node->path);
    if (node->of_field.count) {
        buffer_text(printer->out, " (field");
        path(printer, &node->of_field);
        buffer_text(printer->out, ")");
    }
    if (node->past)
        past(printer, node->past);
    else
        expression(printer, node->left);
    buffer_text(printer->out, ")");
}

static void named_branch(const struct printer *printer, const char *name,
                         const ast_expression *node)
{
    buffer_format(printer->out, " (%s", name);
    text(printer, &node->text);
    expression(printer, node->left);
    if (node->right)
        expression(printer, node->right);
    buffer_text(printer->out, ")");
}

static void call(const struct printer *printer, const ast_expression *node)
{
    buffer_text(printer->out, " (call");
    path(printer, &node->path);
    for (uint32_t i = 0; i < node->items.count; i++)
        expression(printer, node->items.items[i]);
    named_texts(printer, "keys", &node->keys);
    buffer_text(printer->out, ")");
}

static void expression(const struct printer *printer, const ast_expression *node)
{
    switch (node->kind) {
    case AST_PATH: path(printer, &node->path); break;
    case AST_CALL: call(printer, node); break;
    case AST_REGEX: regex(printer, &node->text); break;
    case AST_STRING:
    case AST_DECIMAL: text(printer, &node->text); break;
    case AST_INT: buffer_format(printer->out, " %" PRId64, node->integer); break;
    case AST_DURATION: buffer_format(printer->out, " %" PRId64 "us", node->integer); break;
    case AST_BOOL: buffer_text(printer->out, node->integer ? " true" : " false"); break;
    case AST_REPEATS:
    case AST_FROM: source_test(printer, node); break;
    case AST_IS: named_branch(printer, "is", node); break;
    case AST_HAS: named_branch(printer, "has", node); break;
    case AST_VIEW: named_branch(printer, "view", node); break;
    case AST_QUANTIFIER: named_branch(printer, node->any ? "any" : "all", node); break;
    case AST_EARLIER:
        buffer_text(printer->out, node->negated ? " (no-earlier" : " (earlier");
        past(printer, node->past);
        buffer_text(printer->out, ")");
        break;
    case AST_OF: of(printer, node); break;
    default: branch(printer, comparison_name(node), node); break;
    }
}

/* ---- effects, tests -------------------------------------------------------------------------- */

static void standing(const struct printer *printer, const ast_standing *standing)
{
    buffer_format(printer->out, " (standing (within %" PRId64 ")", standing->within_us);
    if (standing->uses != NULL)
        expression(printer, standing->uses);
    if (standing->across) {
        buffer_text(printer->out, " (across");
        path(printer, &standing->same);
        buffer_text(printer->out, ")");
    }
    if (standing->free.count > 0) {
        buffer_text(printer->out, " (free");
        texts(printer, &standing->free);
        buffer_text(printer->out, ")");
    }
    buffer_text(printer->out, ")");
}

static void ask(const struct printer *printer, const ast_ask *ask)
{
    buffer_text(printer->out, " (require-approval");
    texts(printer, &ask->who);
    if (ask->has_within)
        buffer_format(printer->out, " (within %" PRId64 ")", ask->within_us);
    if (ask->standing != NULL)
        standing(printer, ask->standing);
    buffer_text(printer->out, ")");
}

static void effect(const struct printer *printer, const ast_effect *effect)
{
    static const char *const names[] = {
        "flag",     "label",  "redact", "replace", "require-approval",
        "escalate", "refuse", "deny",   "halt"};
    if (effect->kind == AST_EFFECT_ASK) {
        ask(printer, &effect->ask);
        return;
    }
    buffer_format(printer->out, " (%s", names[effect->kind]);
    if (effect->has_path)
        path(printer, &effect->path);
    if (effect->has_text)
        text(printer, &effect->text);
    if (effect->value)
        expression(printer, effect->value);
    if (effect->ask.standing != NULL)
        standing(printer, effect->ask.standing);
    buffer_text(printer->out, ")");
}

static void json(const struct printer *printer, const ast_json *json_)
{
    switch (json_->kind) {
    case AST_JSON_NULL: buffer_text(printer->out, " null"); return;
    case AST_JSON_BOOL: buffer_text(printer->out, json_->boolean ? " true" : " false"); return;
    case AST_JSON_NUMBER:
    case AST_JSON_STRING:
    case AST_JSON_NAME: text(printer, &json_->text); return;
    case AST_JSON_LIST:
    case AST_JSON_OBJECT: break;
    }
    buffer_text(printer->out, json_->keys || json_->kind == AST_JSON_OBJECT ? " {" : " [");
    for (uint32_t i = 0; i < json_->count; i++) {
        if (json_->keys) {
            text(printer, &json_->keys[i]);
            buffer_text(printer->out, ":");
        }
        json(printer, json_->items[i]);
    }
    buffer_text(printer->out, json_->kind == AST_JSON_OBJECT ? " }" : " ]");
}

static void step(const struct printer *printer, const ast_step *step)
{
    static const char *const names[] = {"given",    "system", "input",      "output",
                                        "action",   "result", "message",    "wait",
                                        "approved", "expect", "expect-text"};
    static const char *const verdicts[] = {
        "permit",   "flag",   "redact", "replace", "require-approval",
        "escalate", "refuse", "deny",   "halt"};
    line(printer);
    buffer_format(printer->out, "(%s", names[step->kind]);
    if (step->malformed)
        buffer_text(printer->out, " malformed");
    else if (step->kind == AST_STEP_EXPECT && !step->expects_label)
        buffer_format(printer->out, " %s", verdicts[step->verdict]);
    named_text(printer, "name", &step->name);
    named_text(printer, "agent", &step->agent);
    if (step->json)
        json(printer, step->json);
    named_text(printer, "text", &step->text);
    if (step->value) {
        buffer_text(printer->out, " (value");
        json(printer, step->value);
        buffer_text(printer->out, ")");
    }
    flag(printer, step->fails, "fails");
    flag(printer, step->standing, "standing");
    if (step->kind == AST_STEP_WAIT)
        buffer_format(printer->out, " %" PRId64 "us", step->wait_us);
    for (uint32_t i = 0; i < step->by_count; i++) {
        buffer_text(printer->out, " (by");
        path(printer, &step->by[i]);
        buffer_text(printer->out, ")");
    }
    buffer_text(printer->out, ")");
}

/* ---- declarations ---------------------------------------------------------------------------- */

static void condition(const struct printer *printer, const char *name, const ast_expression *node)
{
    if (!node)
        return;
    line(printer);
    buffer_format(printer->out, "(%s", name);
    expression(printer, node);
    buffer_text(printer->out, ")");
}

static void rule_clauses(const struct printer *printer, const ast_declaration *item)
{
    named_text(printer, "under", &item->under);
    flag(printer, item->shadow, "shadow");
    flag(printer, item->waivable, "waivable");
    named_text(printer, "until", &item->until);
    condition(printer, "when", item->when);
    condition(printer, "unless", item->unless);
    if (item->kind == AST_RULE) {
        line(printer);
        buffer_text(printer->out, "(then");
        effect(printer, &item->effect);
        named_text(printer, "label", &item->label);
        buffer_text(printer->out, ")");
    }
    if (item->because.bytes) {
        line(printer);
        buffer_text(printer->out, "(because");
        text(printer, &item->because);
        buffer_text(printer->out, ")");
    }
}

static void declaration(const struct printer *printer, const ast_declaration *item)
{
    static const char *const names[] = {
        "constitution", "extends",   "import", "import-tools", "principle", "enum",   "agents",
        "context",      "tool",      "set",    "pattern",      "origin",    "define", "extern",
        "default",      "approvals", "permit", "rule",         "waive",     "test"};
    buffer_format(printer->out, "(%s", names[item->kind]);
    if (item->name.bytes)
        text(printer, &item->name);
    if (item->text.bytes)
        text(printer, &item->text);
    if (item->path.count)
        path(printer, &item->path);
    if (item->stages.count)
        stages(printer, &item->stages);
    for (uint32_t i = 0; i < item->texts.count; i++)
        item->kind == AST_PATTERN ? regex(printer, &item->texts.items[i])
                                  : text(printer, &item->texts.items[i]);
    flag(printer, item->has_parameters && item->fields.count == 0, "()");
    fields(printer, item->fields.items, item->fields.count);
    if (item->type) {
        buffer_text(printer->out, " (returns");
        type(printer, item->type);
        buffer_text(printer->out, ")");
    }
    named_texts(printer, "tags", &item->tags);
    flag(printer, item->from_file, "from-file");
    named_text(printer, "checked-by", &item->checked_by);
    condition(printer, "above", item->above);
    named_texts(printer, "after", &item->after);
    condition(printer, "within-chars", item->after_within);
    flag(printer, item->secret, "secret");
    for (uint32_t i = 0; i < item->sources.count; i++)
        source_name(printer, item->sources.items[i]);
    if (item->kind == AST_EXTERN)
        buffer_format(printer->out, " (within %" PRId64 ")", item->duration_us);
    if (item->kind == AST_DEFAULT && item->verdict == CST_REQUIRE_APPROVAL)
        ask(printer, &item->ask);
    else if (item->kind == AST_DEFAULT)
        buffer_text(printer->out, item->verdict == CST_PERMIT ? " allow" : " deny");
    if (item->expression)
        expression(printer, item->expression);
    rule_clauses(printer, item);
    for (uint32_t i = 0; i < item->step_count; i++)
        step(printer, &item->steps[i]);
    buffer_text(printer->out, ")\n");
}

void ast_dump(buffer *out, const compilation *compilation, const ast_file *file)
{
    (void)compilation;
    const struct printer printer = {out, 1};
    for (uint32_t i = 0; i < file->count; i++)
        declaration(&printer, file->items[i]);
    if (file->has_errors)
        buffer_text(out, "(error)\n");
}

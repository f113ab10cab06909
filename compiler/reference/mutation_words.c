/*
 * mutation_words.c - a change in words, and which test would notice it. For a person who reads the
 * source beside it, so they speak of what is written there, not of the tree.
 */
#include <string.h>

#include "compiler/reference/conditions.h"
#include "compiler/reference/mutation_make.h"
#include "compiler/reference/print.h"

enum { SHOWN_BYTES = 60 };

typedef struct words {
    compilation *unit;
    const rule *rule;
    const candidate *place;
    mutation *out;
} words;

static const char *quoted(const words *w, source_range range)
{
    const char *const text = source_excerpt(w->unit, range);
    uint32_t length = (uint32_t)strlen(text);
    if (length <= SHOWN_BYTES)
        return text;
    length = SHOWN_BYTES;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return arena_format(&w->unit->arena, "%.*s…", (int)length, text);
}

static const char *value_text(const words *w, const type *type, const cst_value *value)
{
    buffer text;
    const cst_allocator memory = arena_allocator(&w->unit->arena);
    buffer_init(&text, &memory, 0);
    print_value(&text, type, value);
    return text.length > 0 ? text.bytes : "";
}

static void say(const words *w, const char *change, const char *hint)
{
    w->out->change = change;
    w->out->hint = hint;
}

#define TEXT(...) arena_format(&w->unit->arena, __VA_ARGS__)

static const char *verdict_text(cst_verdict verdict)
{
    return verdict == CST_REQUIRE_APPROVAL ? "require approval" : cst_verdict_name(verdict);
}

/* What a test writes behind `expect` for this rule. */
static const char *expectation(const words *w)
{
    if (w->rule->only_label)
        return TEXT("expect label %s", w->unit->checked->labels.items[w->rule->label]);
    return TEXT("expect %s by %s", verdict_text(w->rule->verdict), w->rule->name);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void say_rule(const words *w)
{
    switch (w->rule->kind) {
    case CST_RULE_PERMIT:
        say(w, TEXT("the permit `%s` is dropped", w->rule->name),
            "add a test of an event that only this permit lets through");
        return;
    case CST_RULE_WAIVER:
        say(w, TEXT("`%s` is dropped", w->rule->name),
            "add a test of an event that the waived rule would stop");
        return;
    default:
        say(w, TEXT("the rule `%s` is dropped", w->rule->name),
            TEXT("add a test with `%s`", expectation(w)));
        return;
    }
}

static void say_effect(const words *w)
{
    if (w->place->kind == MUTATION_WITHIN) {
        say(w, "`within` becomes half as long",
            "add a test that waits for more than half of the time before `approved by`, and "
            "expects that the approval counts");
        return;
    }
    say(w,
        TEXT("`%s` becomes `%s`", verdict_text(w->rule->verdict),
             verdict_text(verdict_below(w->rule->verdict))),
        TEXT("add a test with `%s`", expectation(w)));
}

/* ---- conditions ------------------------------------------------------------------------------ */

static bool is_unless(const words *w, source_range range)
{
    const ast_declaration *const declaration = w->rule->declaration;
    return declaration->unless != NULL && same_place(declaration->unless->range, range);
}

static void say_dropped(const words *w)
{
    const char *const text = quoted(w, w->place->range);
    if (is_unless(w, w->place->range)) {
        say(w, TEXT("`unless %s` is dropped", text),
            "add a test in which the exception holds, and everything else too");
        return;
    }
    if (w->place->kind == MUTATION_ALWAYS) {
        say(w, TEXT("the condition `%s` is dropped", text),
            "add a test of an event for which it does not hold");
        return;
    }
    if (w->place->node->kind == EXPRESSION_AND)
        say(w, TEXT("`%s` is dropped from the `and`", text),
            "add a test in which only this does not hold");
    else
        say(w, TEXT("`%s` is dropped from the `or`", text),
            "add a test in which nothing else of the `or` holds");
}

static const char *order_word(const expression *test, bool changed)
{
    const bool swapped = test->left->range.start > test->right->range.start;
    const bool less = (test->kind == EXPRESSION_LESS) != changed;
    if (swapped)
        return less ? ">" : ">=";
    return less ? "<" : "<=";
}

/* The operators whose opposite is an operator: words before and behind. NULL: there is none. */
static const char *opposite(const expression *test, bool negated)
{
    switch (test->kind) {
    case EXPRESSION_EQUAL: return negated ? "`!=` becomes `==`" : "`==` becomes `!=`";
    case EXPRESSION_IN_SET:
    case EXPRESSION_IN_LIST: return negated ? "`not in` becomes `in`" : "`in` becomes `not in`";
    case EXPRESSION_FROM:
        return negated ? "`not from` becomes `from`" : "`from` becomes `not from`";
    case EXPRESSION_INSIDE:
        return negated ? "`not inside` becomes `inside`" : "`inside` becomes `not inside`";
    case EXPRESSION_EARLIER:
        return negated ? "`no earlier` becomes `earlier`" : "`earlier` becomes `no earlier`";
    case EXPRESSION_PRESENT:
        return negated ? "`is absent` becomes `is present`" : "`is present` becomes `is absent`";
    default: return NULL;
    }
}

static void say_negated(const words *w)
{
    static const char hint[] = "add two tests that differ in this alone";
    const expression *const node = w->place->node;
    const bool negated = node->kind == EXPRESSION_NOT;
    const expression *const test = negated ? condition_inner(node->left) : node;
    const char *const text = quoted(w, w->place->range);
    if (is_unless(w, w->place->range)) {
        say(w, TEXT("`unless %s` becomes `unless not (%s)`", text, text), hint);
        return;
    }
    /* `a != b`, not `not a == b` */
    const bool written = !negated || same_place(node->range, test->range);
    const char *const turned =
        written && same_place(w->place->range, node->range) ? opposite(test, negated) : NULL;
    if (turned != NULL)
        say(w, turned, hint);
    else if (negated)
        say(w, TEXT("`%s` becomes its opposite", text), hint);
    else
        say(w, TEXT("`%s` becomes `not (%s)`", text, text), hint);
}

static void say_order(const words *w)
{
    const expression *const test = w->place->node;
    const expression *const constant =
        test->left->kind == EXPRESSION_CONSTANT ? test->left : test->right;
    say(w, TEXT("`%s` becomes `%s`", order_word(test, false), order_word(test, true)),
        constant->kind == EXPRESSION_CONSTANT
            ? TEXT("add a test at the boundary: exactly %s", quoted(w, constant->range))
            : "add a test in which both sides are equal");
}

static void say_constant(const words *w)
{
    const expression *const constant = w->place->node;
    const cst_value *const other = &((const expression *)w->out->patches.items[0].with)->constant;
    const char *const text = quoted(w, constant->range), *const becomes =
                                                             value_text(w, constant->type, other);
    if (w->place->kind == MUTATION_TEXT)
        say(w, TEXT("`%s` becomes `%s`", text, becomes),
            TEXT("add a test in which the value is `%s`, and decides", text));
    else
        say(w, TEXT("`%s` becomes `%s`", text, becomes),
            w->place->variant > 0 ? "add a test in which this number decides"
                                  : TEXT("add a test with `%s`, and one with `%s`", text, becomes));
}

static void say_set(const words *w)
{
    const expression *const test = w->place->node;
    const checked_set *const set = &w->unit->checked->sets.items[test->index];
    const char *const element = value_text(w, test->left->type, &set->values[w->place->variant]);
    say(w, TEXT("the set `%s` loses `%s`", set->name, element),
        TEXT("add a test in which the value is `%s`", element));
}

void mutation_describe(compilation *unit, const candidate *place, mutation *out)
{
    const words all = {unit, &unit->checked->rules.items[place->rule], place, out};
    const words *const w = &all;
    switch (place->kind) {
    case MUTATION_DROP_RULE: say_rule(w); return;
    case MUTATION_EFFECT:
    case MUTATION_WITHIN: say_effect(w); return;
    case MUTATION_ALWAYS:
    case MUTATION_DROP_OPERAND: say_dropped(w); return;
    case MUTATION_NEGATE: say_negated(w); return;
    case MUTATION_ORDER: say_order(w); return;
    case MUTATION_SET_WITHOUT: say_set(w); return;
    case MUTATION_PAST_WITHIN:
        say(w, "`within` becomes half as long",
            "add a test that waits for more than half of the time (`wait …`), and expects that the "
            "event still counts");
        return;
    default: say_constant(w); return;
    }
}

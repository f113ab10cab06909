/*
 * explain.c - why a rule did or did not fire, and what would have to change.
 *
 * Two readings of one condition tree under one frame. The first prints every condition with its
 * truth, and beside each comparison the values that it compared. The second looks for a smallest
 * set of comparisons which, had they come out otherwise, would turn the outcome: to make an `and`
 * false one side is enough, to make it true all its false sides are needed; `or`, `any` and `all`
 * are the same over their sides or elements; `not` asks for the opposite below. Smallest counts
 * comparisons, it does not weigh how likely a change is, and it takes comparisons as independent
 * of each other, which they need not be: an explanation for a person, no proof.
 */
#include "compiler/reference/explain.h"

#include "compiler/reference/evaluate.h"
#include "compiler/reference/print.h"
#include "runtime/host/host.h"
#include "runtime/identity.h"
#include "runtime/utf8.h"

#define SHOWN_ELEMENTS 8u         /* of one quantifier; further ones are counted */
#define IMPOSSIBLE     UINT32_MAX /* changes that would turn a constant */

typedef struct explaining {
    buffer *out;
    evaluation run;
} explaining;

static void indent(const explaining *e, uint32_t depth)
{
    for (uint32_t i = 0; i < depth; i++)
        buffer_text(e->out, "  ");
}

static void print_truth(const explaining *e, cst_truth truth)
{
    if (!CST_IS_UNDECIDED(truth)) {
        buffer_text(e->out, truth == CST_TRUE ? "true" : "false");
        return;
    }
    const uint32_t number = CST_SITE(truth);
    if (number >= e->run.policy->sites.count) {
        buffer_text(e->out, "undecided");
        return;
    }
    const site *why = &e->run.policy->sites.items[number];
    if (number == 0 && e->run.policy->externs.count > 0) {
        buffer_text(e->out, "not asked");
        return;
    }
    buffer_format(e->out, "undecided (%s: %s)", why->code, why->at);
}

/* ---- values beside a comparison -------------------------------------------------------------- */

/* Prints what the parts of a comparison held, but constants. Answers whether it printed any. */
static bool print_held(const explaining *e, const expression *tree, const binding *bound, bool some)
{
    if (tree == NULL || tree->kind == EXPRESSION_CONSTANT)
        return some;
    const bool leaf = tree->kind == EXPRESSION_FIELD || tree->kind == EXPRESSION_LOCAL ||
                      tree->kind == EXPRESSION_MEMBER || tree->kind == EXPRESSION_OPEN_MEMBER ||
                      tree->kind == EXPRESSION_OPEN_AS || tree->kind == EXPRESSION_PROPERTY ||
                      tree->kind == EXPRESSION_ASK || tree->kind == EXPRESSION_PAST_NUMBER ||
                      tree->kind == EXPRESSION_PAST_LATEST;
    if (!leaf) {
        some = print_held(e, tree->left, bound, some);
        return print_held(e, tree->right, bound, some);
    }
    cst_value value;
    const cst_truth trouble = evaluate_value(&e->run, tree, bound, &value);
    buffer_text(e->out, some ? ", " : "   [");
    print_expression(e->out, e->run.policy, tree);
    buffer_text(e->out, " = ");
    if (trouble != CST_FALSE)
        print_truth(e, trouble);
    else
        print_value(e->out, tree->type, &value);
    return true;
}

static bool is_composed(expression_kind kind)
{
    return kind == EXPRESSION_AND || kind == EXPRESSION_OR || kind == EXPRESSION_NOT ||
           kind == EXPRESSION_ANY || kind == EXPRESSION_ALL;
}

/* A value that is too short to count where it stands inside of a text looks as if the text were not
 * known. */
static void print_short(const explaining *e, const expression *tree, const binding *bound)
{
    const uint32_t least = e->run.policy->froms.items[tree->index].chars;
    cst_value value;
    if (tree->left->type->kind != CST_KIND_STRING ||
        evaluate_value(&e->run, tree->left, bound, &value) != CST_FALSE ||
        value.kind != CST_KIND_STRING || value.length == 0)
        return;
    const uint32_t chars = (uint32_t)utf8_count(value.as.text, value.length);
    if (chars < least && evaluate_condition(&e->run, tree, bound) == CST_FALSE)
        buffer_format(e->out,
                      "; shorter than %u characters, so it counts only as a whole value and not "
                      "inside of a text: write `down to %u char%s` if it should",
                      least, chars, chars == 1 ? "" : "s");
}

static void print_held_line(const explaining *e, const expression *tree, const binding *bound)
{
    const bool some =
        tree->kind >= EXPRESSION_TRUTH
            ? print_held(e, tree->right, bound, print_held(e, tree->left, bound, false))
            : print_held(e, tree, bound, false);
    if (tree->kind == EXPRESSION_FROM)
        print_short(e, tree, bound);
    buffer_text(e->out, some ? "]\n" : "\n");
}

/* ---- the tree -------------------------------------------------------------------------------- */

static cst_value list_of(const explaining *e, const expression *tree, const binding *bound)
{
    cst_value list;
    if (evaluate_value(&e->run, tree->left, bound, &list) != CST_FALSE ||
        list.kind != CST_KIND_LIST)
        list.length = 0;
    return list;
}

static void explain_tree(const explaining *e, const expression *tree, const binding *bound,
                         uint32_t depth);

static void explain_elements(const explaining *e, const expression *tree, const binding *bound,
                             uint32_t depth)
{
    const cst_value list = list_of(e, tree, bound);
    for (uint32_t i = 0; i < list.length; i++) {
        indent(e, depth);
        if (i == SHOWN_ELEMENTS) {
            buffer_format(e->out, "… and %u more elements\n", list.length - i);
            return;
        }
        const binding inner = {.outer = bound, .local = tree->local, .element = &list.as.items[i]};
        buffer_format(e->out, "%s = ", tree->name != NULL ? tree->name : "element");
        print_value(e->out, tree->left->type->element, &list.as.items[i]);
        buffer_text(e->out, "\n");
        explain_tree(e, tree->right, &inner, depth + 1);
    }
}

static void explain_tree(const explaining *e, const expression *tree, const binding *bound,
                         uint32_t depth)
{
    const cst_truth truth = evaluate_condition(&e->run, tree, bound);
    indent(e, depth);
    print_truth(e, truth);
    buffer_text(e->out, "  ");
    switch (tree->kind) {
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        buffer_text(e->out, tree->kind == EXPRESSION_AND ? "all of\n" : "one of\n");
        for (uint32_t i = 0; i < tree->item_count; i++)
            explain_tree(e, tree->items[i], bound, depth + 1);
        return;
    case EXPRESSION_NOT:
        if (!is_composed(tree->left->kind)) {
            print_expression(e->out, e->run.policy, tree);
            print_held_line(e, tree->left, bound);
            return;
        }
        buffer_text(e->out, "not\n");
        explain_tree(e, tree->left, bound, depth + 1);
        return;
    case EXPRESSION_ANY:
    case EXPRESSION_ALL:
        print_expression(e->out, e->run.policy, tree);
        buffer_text(e->out, "\n");
        explain_elements(e, tree, bound, depth + 1);
        return;
    default:
        print_expression(e->out, e->run.policy, tree);
        print_held_line(e, tree, bound);
        return;
    }
}

/* ---- what would have to change --------------------------------------------------------------- */

static uint32_t add_changes(uint32_t a, uint32_t b)
{
    return a > IMPOSSIBLE - b ? IMPOSSIBLE : a + b;
}

/* Whether one side alone brings about the wanted truth (otherwise all sides are needed). */
static bool one_is_enough(expression_kind kind, bool wanted)
{
    return (kind == EXPRESSION_OR || kind == EXPRESSION_ANY) == wanted;
}

/* How many comparisons must come out otherwise for `tree` to be `wanted`. */
static uint32_t changes(const explaining *e, const expression *tree, const binding *bound,
                        bool wanted)
{
    if (evaluate_condition(&e->run, tree, bound) == (wanted ? CST_TRUE : CST_FALSE))
        return 0;
    if (tree->kind == EXPRESSION_CONSTANT)
        return IMPOSSIBLE;
    if (tree->kind == EXPRESSION_NOT)
        return changes(e, tree->left, bound, !wanted);
    if (!is_composed(tree->kind))
        return 1;
    const bool one = one_is_enough(tree->kind, wanted);
    const bool over_list = tree->kind == EXPRESSION_ANY || tree->kind == EXPRESSION_ALL;
    const cst_value list = over_list ? list_of(e, tree, bound) : (cst_value){.length = 0};
    const uint32_t count = over_list ? list.length : tree->item_count;
    uint32_t result = one ? IMPOSSIBLE : 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t side;
        if (over_list) {
            const binding inner = {
                .outer = bound, .local = tree->local, .element = &list.as.items[i]};
            side = changes(e, tree->right, &inner, wanted);
        } else {
            side = changes(e, tree->items[i], bound, wanted);
        }
        result = !one ? add_changes(result, side) : side < result ? side : result;
    }
    return over_list && count == 0 ? 1 : result;
}

static void print_change(const explaining *e, const expression *tree, const binding *bound,
                         bool wanted)
{
    buffer_text(e->out, "  - ");
    print_expression(e->out, e->run.policy, tree);
    buffer_format(e->out, ": must become %s", wanted ? "true" : "false");
    if (tree->kind == EXPRESSION_ANY || tree->kind == EXPRESSION_ALL)
        buffer_text(e->out, wanted == (tree->kind == EXPRESSION_ANY)
                                ? " (the list has no such element)\n"
                                : "\n");
    else
        print_held_line(e, tree, bound);
}

static void print_changes(const explaining *e, const expression *tree, const binding *bound,
                          bool wanted);

static void print_list_changes(const explaining *e, const expression *tree, const binding *bound,
                               bool wanted)
{
    const cst_value list = list_of(e, tree, bound);
    const bool one = one_is_enough(tree->kind, wanted);
    const uint32_t least = changes(e, tree, bound, wanted);
    uint32_t shown = 0, hidden = 0;
    for (uint32_t i = 0; i < list.length; i++) {
        const binding inner = {.outer = bound, .local = tree->local, .element = &list.as.items[i]};
        const uint32_t side = changes(e, tree->right, &inner, wanted);
        if (side == 0 || (one && side != least))
            continue;
        if (shown == SHOWN_ELEMENTS) {
            hidden++;
            continue;
        }
        shown++;
        print_changes(e, tree->right, &inner, wanted);
        if (one)
            return;
    }
    if (hidden > 0)
        buffer_format(e->out, "  … and the same for %u more elements\n", hidden);
}

/* Prints the comparisons that `changes` counted. */
static void print_changes(const explaining *e, const expression *tree, const binding *bound,
                          bool wanted)
{
    const uint32_t least = changes(e, tree, bound, wanted);
    if (least == 0)
        return;
    if (tree->kind == EXPRESSION_NOT) {
        print_changes(e, tree->left, bound, !wanted);
        return;
    }
    const bool over_list = tree->kind == EXPRESSION_ANY || tree->kind == EXPRESSION_ALL;
    if (!is_composed(tree->kind) || (over_list && list_of(e, tree, bound).length == 0)) {
        print_change(e, tree, bound, wanted);
        return;
    }
    if (over_list) {
        print_list_changes(e, tree, bound, wanted);
        return;
    }
    const bool one = one_is_enough(tree->kind, wanted);
    for (uint32_t i = 0; i < tree->item_count; i++) {
        if (one && changes(e, tree->items[i], bound, wanted) != least)
            continue;
        print_changes(e, tree->items[i], bound, wanted);
        if (one)
            return;
    }
}

/* ---- a rule ---------------------------------------------------------------------------------- */

static const char *outcome(const rule *one, bool fires)
{
    switch (one->kind) {
    case CST_RULE_PERMIT: return fires ? "counts" : "does not count";
    case CST_RULE_WAIVER: return fires ? "waives" : "does not waive";
    default: return fires ? "fires" : "does not fire";
    }
}

/* What the rule would take for an answer that stays in force. */
static void print_standing(buffer *out, const checked_standing *offer, const cst_image *image)
{
    buffer_text(out, "  a standing approval would cover the same call");
    for (uint32_t i = 0; i < offer->free_count; i++)
        buffer_format(out, "%s%s",
                      i == 0                      ? " with any "
                      : i + 1 < offer->free_count ? ", "
                                                  : " and ",
                      offer->free[i]);
    buffer_text(out,
                offer->across ? " in every session of its holder, for " : " in this session, for ");
    value_show(out, &(cst_value){.kind = CST_KIND_DURATION, .as.integer = offer->within_us}, image,
               CST_NONE);
    if (offer->uses > 0)
        buffer_format(out, ", at most %u time%s", offer->uses, offer->uses == 1 ? "" : "s");
    buffer_text(out, "\n");
}

void reference_explain(buffer *out, const checked_policy *policy, const plan *of, cst_frame *frame,
                       uint32_t rule_row)
{
    const cst_image *image = (const cst_image *)(const void *)of->image;
    if (rule_row >= image->rules.count)
        return;
    uint32_t first = rule_row; /* rows of one rule are its bodies, in order */
    const cst_rule_row *rows = CST_ROWS(image, rules, cst_rule_row);
    while (first > 0 && rows[first - 1].identity == rows[rule_row].identity)
        first--;
    const rule *one = &policy->rules.items[rows[rule_row].identity];
    const rule_body *body = &one->bodies[rule_row - first];

    const explaining e = {.out = out, .run = {.frame = frame, .policy = policy, .sets = NULL}};
    const cst_truth truth = evaluate_condition(&e.run, body->condition, NULL);
    /* what has not been asked was not needed, or is still waited for */
    const bool unasked = policy->externs.count > 0 && truth == HOST_LOWEST;
    const bool fires = truth == CST_TRUE || (CST_IS_UNDECIDED(truth) && one->restricts && !unasked);
    buffer_format(out, "%s (on %s) %s", one->name, body->selector.label, outcome(one, fires));
    if (CST_IS_UNDECIDED(truth)) {
        buffer_text(out, ": ");
        print_truth(&e, truth);
    }
    buffer_text(out, "\n");
    explain_tree(&e, body->condition, NULL, 1);
    if (truth == CST_TRUE && one->standing != NULL)
        print_standing(out, one->standing, image);

    const uint32_t needed = changes(&e, body->condition, NULL, !fires);
    if (needed == IMPOSSIBLE) {
        buffer_format(out, "  no value in the event changes that: it %s on every %s\n",
                      outcome(one, fires), body->selector.label);
        return;
    }
    buffer_format(out, "  it %s if:\n", outcome(one, !fires));
    print_changes(&e, body->condition, NULL, !fires);
}

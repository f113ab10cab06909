/*
 * collect.c - the questions to the host that can change what a condition comes to.
 *
 * A condition that asks the host lies between a least and a greatest truth as long as there is no
 * answer (runtime/host/host.h). Its parts matter as far as they hold it open: of an `and` those
 * that can be less than the whole is at its best, of an `or` (and of `any`, over its elements)
 * those that can be more than the whole is at its least. Below a `not` it is the other way round.
 * What is asked at the tests that are reached this way can change the condition; nothing else is
 * collected.
 */
#include "compiler/reference/evaluate.h"
#include "runtime/host/host.h"

/* 0 false, 1 undecided, 2 true: what lies outside changes nothing further up */
typedef struct bounds {
    int floor, ceiling;
} bounds;

static void mode(const evaluation *run, host_modes to)
{
    run->frame->services->host_mode(run->frame, to);
}

static int height(const evaluation *run, const expression *tree, const binding *bound,
                  host_modes in)
{
    mode(run, in);
    const cst_truth truth = evaluate_condition(run, tree, bound);
    return truth <= HOST_LOWEST ? 0 : truth == CST_TRUE ? 2 : 1;
}

static void collect(const evaluation *run, const expression *tree, const binding *bound,
                    bounds within);

static void collect_if_open(const evaluation *run, const expression *tree, const binding *bound,
                            bounds within)
{
    if (!tree->asks)
        return;
    const int least = height(run, tree, bound, HOST_LOW),
              most = height(run, tree, bound, HOST_HIGH);
    if ((least > within.floor ? least : within.floor) <
        (most < within.ceiling ? most : within.ceiling))
        collect(run, tree, bound, within);
}

static bounds bounds_inside(const evaluation *run, const expression *tree, const binding *bound,
                            bounds within)
{
    if (tree->kind == EXPRESSION_OR || tree->kind == EXPRESSION_ANY) {
        const int least = height(run, tree, bound, HOST_LOW);
        if (least > within.floor)
            within.floor = least;
    } else {
        const int most = height(run, tree, bound, HOST_HIGH);
        if (most < within.ceiling)
            within.ceiling = most;
    }
    return within;
}

static void collect_elements(const evaluation *run, const expression *tree, const binding *bound,
                             bounds within)
{
    const bounds inside = bounds_inside(run, tree, bound, within);
    cst_value list;
    mode(run, HOST_COLLECT); /* the list itself may hang on an answer */
    if (evaluate_value(run, tree->left, bound, &list) != CST_FALSE || list.kind != CST_KIND_LIST)
        return;
    for (uint32_t i = 0; i < list.length; i++) {
        const binding inner = {.outer = bound, .local = tree->local, .element = &list.as.items[i]};
        collect_if_open(run, tree->right, &inner, inside);
    }
}

/* The tree is open between the bounds. */
static void collect(const evaluation *run, const expression *tree, const binding *bound,
                    bounds within)
{
    switch (tree->kind) {
    case EXPRESSION_AND:
    case EXPRESSION_OR: {
        const bounds inside = bounds_inside(run, tree, bound, within);
        for (uint32_t i = 0; i < tree->item_count; i++)
            collect_if_open(run, tree->items[i], bound, inside);
        return;
    }
    case EXPRESSION_NOT:
        collect(run, tree->left, bound, (bounds){2 - within.ceiling, 2 - within.floor});
        return;
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: collect_elements(run, tree, bound, within); return;
    case EXPRESSION_TRUTH: /* of a condition: lower.c leaves it out */
        if (tree->left->kind >= EXPRESSION_TRUTH) {
            collect(run, tree->left, bound, within);
            return;
        }
        break;
    default: break;
    }
    mode(run, HOST_COLLECT);
    evaluate_condition(run, tree, bound);
}

void collect_questions(const evaluation *run, const expression *condition)
{
    collect(run, condition, NULL, (bounds){0, 2});
}

/*
 * settle.c - whether the decision depends on what the host has not answered yet, and on which
 * questions.
 *
 * Every rule has a least and a greatest truth (host.h), so everything that is made of them lies
 * between two bounds: the most lenient decision takes rules at their least and permits and waivers
 * at their greatest. A rule whose truth is open matters if it can raise the decision above the most
 * lenient one (an open redaction can always, where the event may go on: it may become a deny); if
 * it demands another approval than is certain; or if it notes a label that the session is not sure
 * to have. A permit matters if its layer's default is stricter than the most lenient decision; a
 * waiver if the rule that it lifts would. If nothing open matters, the decision is what the least
 * truths say, and what is open is left open.
 *
 * An answer may always be missing, so between false and true there is undecided.
 */
#include <string.h>

#include "runtime/base/sort.h"
#include "runtime/engine.h"

typedef struct judged { /* a rule that fires, or may */
    uint32_t rule;
    cst_truth low, high;
    bool lifted;   /* by a waiver that is certain */
    bool liftable; /* by one that is possible */
} judged;

typedef struct settling {
    cst_context *context;
    const cst_rule_row *rules;
    const cst_layer_row *layers;
    judged *items;
    uint32_t count;
    cst_verdict least;            /* the most lenient that the decision can become */
    bool permitted[LIMIT_LAYERS]; /* for certain */
    bool permittable[LIMIT_LAYERS];
    uint8_t *labels; /* label_state that is certain, by row */
} settling;

/* ---- truths ---------------------------------------------------------------------------------- */

enum { DOWN = 0, BETWEEN = 1, UP = 2 }; /* false, undecided, true */

static int height(cst_truth truth)
{
    return truth <= HOST_LOWEST ? DOWN : truth == CST_TRUE ? UP : BETWEEN;
}

static bool is_open(const judged *one)
{
    return height(one->low) != height(one->high);
}

static cst_verdict effect_at(const cst_rule_row *rule, int how)
{
    return how == DOWN ? CST_PERMIT : engine_effect(rule, how == UP ? CST_TRUE : HOST_LOWEST);
}

static cst_verdict least_effect(const cst_rule_row *rule, const judged *one)
{
    if (one->lifted || one->liftable)
        return CST_PERMIT;
    cst_verdict least = effect_at(rule, height(one->low));
    for (int how = height(one->low) + 1; how <= height(one->high); how++)
        if (effect_at(rule, how) < least)
            least = effect_at(rule, how);
    return least;
}

static cst_verdict most_effect(const cst_rule_row *rule, const judged *one)
{
    cst_verdict most = CST_PERMIT;
    for (int how = height(one->low); !one->lifted && how <= height(one->high); how++)
        if (effect_at(rule, how) > most)
            most = effect_at(rule, how);
    return most;
}

/* ---- both runs together ---------------------------------------------------------------------- */

static int hit_compare(const void *left, const void *right)
{
    const uint32_t a = ((const cst_hit *)left)->rule, b = ((const cst_hit *)right)->rule;
    return (a > b) - (a < b);
}

static bool merge(settling *s, cst_hit *low, uint32_t low_count, cst_hit *high, uint32_t high_count)
{
    s->items =
        arena_array(&s->context->arena, (size_t)low_count + high_count + 1, sizeof *s->items);
    if (!s->items)
        return false;
    sort_in_place(low, low_count, sizeof *low, hit_compare);
    sort_in_place(high, high_count, sizeof *high, hit_compare);
    for (uint32_t a = 0, b = 0; a < low_count || b < high_count;) {
        judged one = {.rule = UINT32_MAX};
        if (a < low_count)
            one.rule = low[a].rule;
        if (b < high_count && high[b].rule < one.rule)
            one.rule = high[b].rule;
        if (a < low_count && low[a].rule == one.rule)
            one.low = low[a++].reason;
        if (b < high_count && high[b].rule == one.rule)
            one.high = high[b++].reason;
        s->items[s->count++] = one;
    }
    return true;
}

static bool waives(const settling *s, const cst_rule_row *rule, cst_truth truth)
{
    return rule->kind == CST_RULE_WAIVER && truth == CST_TRUE && !rule->shadow &&
           rule->waives != CST_NONE &&
           (rule->until_us == INT64_MAX || engine_time(s->context) <= rule->until_us);
}

typedef struct lift {
    uint32_t identity;
    bool certain;
} lift;

static int lift_compare(const void *left, const void *right)
{
    const lift *const a = left, *const b = right;
    if (a->identity != b->identity)
        return a->identity < b->identity ? -1 : 1;
    return (int)b->certain - (int)a->certain; /* the certain one first */
}

static bool note_waivers(settling *s)
{
    lift *const lifts = arena_array(&s->context->arena, s->count + 1u, sizeof *lifts);
    uint32_t count = 0;
    if (!lifts)
        return false;
    for (uint32_t i = 0; i < s->count; i++)
        if (waives(s, &s->rules[s->items[i].rule], s->items[i].high))
            lifts[count++] = (lift){s->rules[s->items[i].rule].waives, s->items[i].low == CST_TRUE};
    sort_in_place(lifts, count, sizeof *lifts, lift_compare);
    for (uint32_t i = 0; i < s->count && count; i++) {
        const uint32_t identity = s->rules[s->items[i].rule].identity;
        uint32_t low = 0, high = count;
        while (low < high) {
            const uint32_t middle = low + (high - low) / 2;
            if (lifts[middle].identity < identity)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == count || lifts[low].identity != identity)
            continue;
        s->items[i].lifted = lifts[low].certain;
        s->items[i].liftable = !lifts[low].certain;
    }
    return true;
}

/* ---- the bounds ------------------------------------------------------------------------------ */

static cst_verdict default_of(const settling *s, uint32_t layer)
{
    return (cst_verdict)s->layers[layer].defaults[s->context->event.stage].verdict;
}

static bool bound(settling *s)
{
    const cst_image *const image = s->context->frame.image;
    s->labels = arena_allocate(&s->context->arena, image->labels.count + 1u);
    if (!s->labels)
        return false;
    if (image->labels.count && s->context->frame.history)
        memcpy(s->labels, s->context->history.labels, image->labels.count);
    for (uint32_t i = 0; i < s->count; i++) {
        const judged *const one = &s->items[i];
        const cst_rule_row *const rule = &s->rules[one->rule];
        if (rule->shadow || rule->kind == CST_RULE_WAIVER)
            continue;
        if (rule->kind == CST_RULE_PERMIT) {
            s->permitted[rule->layer] |= one->low == CST_TRUE;
            s->permittable[rule->layer] |= one->high == CST_TRUE;
            continue;
        }
        const cst_verdict least = least_effect(rule, one);
        if (least > s->least)
            s->least = least;
        const int sure = one->lifted || one->liftable ? DOWN : height(one->low);
        if (rule->label == CST_NONE || sure == DOWN || s->labels[rule->label] == LABEL_SET)
            continue;
        s->labels[rule->label] = sure == UP ? LABEL_SET : LABEL_UNKNOWN;
    }
    for (uint32_t i = 0; i < image->layers.count; i++)
        if (!s->permittable[i] && default_of(s, i) > s->least)
            s->least = default_of(s, i);
    return true;
}

/* Whatever meets `a` meets `b`. */
static bool same_demand(const cst_image *image, const cst_rule_row *a, const cst_rule_row *b)
{
    const cst_ref *const names = CST_ROWS(image, names, cst_ref);
    if (a->verdict != b->verdict || a->who.count != b->who.count || a->within_us != b->within_us)
        return false;
    if (a->standing) /* a standing approval that meets this one need not meet the other */
        return false;
    for (uint32_t i = 0; i < a->who.count; i++) {
        const cst_ref x = names[a->who.first + i], y = names[b->who.first + i];
        if (x.length != y.length || memcmp(CST_TEXT(image, x), CST_TEXT(image, y), x.length) != 0)
            return false;
    }
    return true;
}

/* A demand that no rule which certainly fires makes too. */
static bool demands_more(const settling *s, const cst_rule_row *rule)
{
    if (rule->verdict != CST_REQUIRE_APPROVAL && rule->verdict != CST_ESCALATE)
        return false;
    for (uint32_t i = 0; i < s->count; i++) {
        const judged *const other = &s->items[i];
        const cst_rule_row *const row = &s->rules[other->rule];
        if (row != rule && row->kind == CST_RULE && !row->shadow && !other->lifted &&
            !other->liftable && height(other->low) != DOWN &&
            same_demand(s->context->frame.image, row, rule))
            return false;
    }
    return true;
}

/* ---- what matters ---------------------------------------------------------------------------- */

static bool rule_matters(const settling *s, const judged *one)
{
    const cst_rule_row *const rule = &s->rules[one->rule];
    const cst_verdict most = most_effect(rule, one);
    if (one->lifted)
        return false;
    if (most > s->least)
        return true;
    if (rule->label != CST_NONE &&
        (height(one->high) == UP ? LABEL_SET : LABEL_UNKNOWN) != s->labels[rule->label] &&
        s->labels[rule->label] != LABEL_SET)
        return true;
    return (s->least == CST_REQUIRE_APPROVAL || s->least == CST_ESCALATE) && demands_more(s, rule);
}

static bool waiver_matters(const settling *s, const cst_rule_row *waiver)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->items[i].liftable && s->rules[s->items[i].rule].identity == waiver->waives &&
            rule_matters(s, &s->items[i]))
            return true;
    return false;
}

static bool permit_matters(const settling *s, const cst_rule_row *permit)
{
    return !s->permitted[permit->layer] && default_of(s, permit->layer) > s->least;
}

static bool matters(const settling *s, const judged *one)
{
    const cst_rule_row *const rule = &s->rules[one->rule];
    if (!is_open(one))
        return false;
    switch (rule->kind) {
    case CST_RULE_WAIVER: return waives(s, rule, one->high) && waiver_matters(s, rule);
    case CST_RULE_PERMIT: return !rule->shadow && permit_matters(s, rule);
    case CST_RULE: return !rule->shadow && rule_matters(s, one);
    default: return false;
    }
}

/* A shadow rule whose line in the report is open. */
static bool shadow_is_open(const settling *s, const judged *one)
{
    const cst_rule_row *const rule = &s->rules[one->rule];
    if (!rule->shadow || !is_open(one) || one->lifted || rule->kind == CST_RULE_WAIVER)
        return false;
    return rule->kind != CST_RULE_PERMIT || default_of(s, rule->layer) != CST_PERMIT;
}

static void collect(const settling *s, const judged *one, bool shadow)
{
    cst_context *const context = s->context;
    const cst_ask_fn *const asks = context->module->asks;
    context->host.for_shadow = shadow;
    if (asks && asks[one->rule])
        asks[one->rule](&context->frame, one->rule);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void run_high(cst_context *context)
{
    context->host.mode = HOST_HIGH;
    context->frame.hit_count = 0;
    engine_run_groups(context);
    context->host.mode = HOST_LOW;
}

/* The hits of the LOW run that stand without any answer. */
static void keep_low(cst_context *context, uint32_t count)
{
    cst_frame *const frame = &context->frame;
    frame->hit_count = 0;
    for (uint32_t i = 0; i < count; i++)
        if (context->host.hits[i].reason != HOST_LOWEST)
            frame->hits[frame->hit_count++] = context->host.hits[i];
}

/* One look: whether a decision waits for something, and what. False: memory is short. */
static bool look(cst_context *context, bool *waits)
{
    cst_host *const host = &context->host;
    cst_frame *const frame = &context->frame;
    const uint32_t low_count = frame->hit_count;
    settling s = {.context = context,
                  .rules = CST_ROWS(frame->image, rules, cst_rule_row),
                  .layers = CST_ROWS(frame->image, layers, cst_layer_row)};
    if (low_count)
        memcpy(host->hits, frame->hits, low_count * sizeof *frame->hits);
    run_high(context);
    if (!merge(&s, host->hits, low_count, frame->hits, frame->hit_count) || !note_waivers(&s) ||
        !bound(&s))
        return false;
    *waits = false;
    for (uint32_t i = 0; i < host->questions.count; i++)
        host->questions.items[i].wanted = false;
    for (uint32_t i = 0; i < s.count; i++) {
        const bool counts = matters(&s, &s.items[i]) || (host->eager && is_open(&s.items[i]));
        *waits = *waits || counts;
        if (counts || shadow_is_open(&s, &s.items[i]))
            collect(&s, &s.items[i], !counts);
    }
    host->mode = HOST_LOW;
    keep_low(context, low_count);
    return !host->no_memory;
}

host_outcome host_settle(cst_context *context)
{
    cst_host *const host = &context->host;
    /* every round answers something new, and there are no more than LIMIT_HOST_QUESTIONS to answer
     */
    for (uint32_t round = 0; round <= LIMIT_HOST_QUESTIONS + 1; round++) {
        bool waits = false, asked = false;
        if (host->no_memory)
            return HOST_NO_MEMORY;
        if (!host->unknown) {
            host->open_count = host->shadow_count = 0;
            return HOST_SETTLED;
        }
        if (!look(context, &waits))
            return HOST_NO_MEMORY;
        const host_outcome put = host_put(host, &asked);
        if (put != HOST_SETTLED)
            return put;
        if (!asked && waits && !host->open_count)
            break;
        if (!asked)
            return waits ? HOST_WAITS : HOST_SETTLED;
        host->unknown = false;
        context->frame.hit_count = 0;
        engine_run_groups(context);
    }
    host->misused = true;
    return HOST_MISUSED;
}

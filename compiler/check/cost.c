/*
 * cost.c - what one event of each stage costs at most: work in steps, and scratch memory.
 *
 * A sum over the conditions that the event can meet (cost_price.c), each as often as it can be
 * evaluated: again while the host answers, for the places that a redaction cuts, once more for what
 * a replacement made, and watches again for what goes on. What is made once an event for all
 * conditions is added once. For the stages that have tools the worst tool is named: a rule for
 * every tool counts for each.
 */
#include "compiler/cost.h"

#include <string.h>

#include "compiler/check/cost_private.h"

typedef struct stage_sums {
    price every;            /* of all that concerns every event of the stage */
    uint64_t questions;     /* to the host, at most */
    bool replaces, changes; /* some rule replaces; some rule changes the event */
    uint8_t *shared;        /* by number of what is made once: every event of the stage needs it */
    bool from;
} stage_sums;

typedef struct totals {
    costing costing;
    const checked_policy *policy;
    stage_sums stages[CST_STAGE_COUNT];
    price *by_tool; /* by stage * tools + tool */
    price *shared;  /* by number of what is made once */
    /* bits by stage, tool and that number: not for every event, but for those of this tool */
    uint64_t *looks;
    uint32_t tools, look_words;
} totals;

static bool stage_has_tools(cst_stage stage)
{
    return stage == CST_ACTION || stage == CST_RESULT;
}

static bool is_for_all(const rule_body *body)
{
    return body->selector.every_tool || body->selector.tool_count == 0;
}

static bool is_watch(const checked_policy *policy, const rule *rule)
{
    return rule >= policy->rules.items + policy->declared_rules;
}

/* ---- how often ------------------------------------------------------------------------------- */

static void stages_look(totals *all)
{
    const checked_policy *const policy = all->policy;
    for (uint32_t i = 0; i < policy->rules.count; i++) {
        const rule *const rule = &policy->rules.items[i];
        for (uint32_t k = 0; k < rule->body_count; k++) {
            stage_sums *const stage = &all->stages[rule->bodies[k].selector.stage];
            stage->questions = cost_add(
                stage->questions, costing_questions(&all->costing, rule->bodies[k].condition, 1));
            stage->replaces = stage->replaces || rule->verdict == CST_REPLACE;
            stage->changes =
                stage->changes || rule->verdict == CST_REPLACE || rule->verdict == CST_REDACT;
        }
    }
}

/* Rounds of questions, the last look included: each but two has brought an answer. */
static uint64_t rounds_of(const stage_sums *stage)
{
    return stage->questions == 0 ? 0 : cost_least(stage->questions, LIMIT_HOST_QUESTIONS) + 2;
}

/* ---- one body -------------------------------------------------------------------------------- */

static void body_price(totals *all, const rule *rule, const rule_body *body)
{
    costing *const c = &all->costing;
    const stage_sums *const stage = &all->stages[body->selector.stage];
    const uint64_t rounds = rounds_of(stage);
    c->total = (price){0, 0};
    c->rule = (uint32_t)(rule - all->policy->rules.items);
    c->from = false;
    while (c->used_count > 0)
        c->users[c->used[--c->used_count]] = NULL;
    if (is_watch(all->policy, rule)) {
        const checked_watch *const watch = &all->policy->watches.items[rule->watch];
        costing_condition(c, body->condition, stage->changes ? 2 : 1);
        costing_add(c, body->condition, 1, (price){1 + watch->key_count, 0});
        return;
    }
    /* least and greatest truths, by turns */
    costing_condition(c, body->condition, 1 + 2 * rounds);
    costing_collect(c, body->condition, rounds);
    if (rule->verdict == CST_REDACT && body->marks)
        costing_marks(c, body->condition, 1);
}

static uint64_t *looks_of(const totals *all, cst_stage stage, uint32_t tool)
{
    return all->looks + ((size_t)(stage == CST_RESULT) * all->tools + tool) * all->look_words;
}

static void body_add(totals *all, const rule *rule, const rule_body *body)
{
    const selector *const selector = &body->selector;
    stage_sums *const stage = &all->stages[selector->stage];
    costing *const c = &all->costing;
    body_price(all, rule, body);
    stage->from = stage->from || c->from;
    if (is_for_all(body))
        stage->every = price_add(stage->every, c->total);
    for (uint32_t i = 0; !is_for_all(body) && i < selector->tool_count; i++) {
        price *const one = &all->by_tool[(size_t)selector->stage * all->tools + selector->tools[i]];
        *one = price_add(*one, c->total);
    }
    for (uint32_t n = 0; n < c->used_count; n++) {
        const uint32_t row = c->used[n];
        if (is_for_all(body))
            stage->shared[row] = 1;
        for (uint32_t i = 0; !is_for_all(body) && i < selector->tool_count; i++)
            looks_of(all, selector->stage, selector->tools[i])[row / 64] |= UINT64_C(1)
                                                                            << (row % 64);
    }
}

/* ---- stages ---------------------------------------------------------------------------------- */

/* Of a session, not of an event: what has been heard and was not asked for is indexed by who asks
 * first. */
static price index_price(const checked_policy *policy)
{
    const uint64_t texts = cost_least(LIMIT_PROVENANCE_BYTES,
                                      ((uint64_t)policy->sources.count + 2) * LIMIT_ORIGIN_BYTES);
    return (price){cost_times(1u + (uint64_t)__builtin_popcount(policy->from_types), texts), 0};
}

/* What is made once for events of this tool, that aside which every event needs. */
static price looks_price(const totals *all, cst_stage stage, uint32_t tool)
{
    const uint64_t *const looks = looks_of(all, stage, tool);
    price sum = {0, 0};
    for (uint32_t word = 0; word < all->look_words; word++)
        for (uint64_t left = looks[word]; left != 0; left &= left - 1) {
            const uint32_t row = word * 64 + (uint32_t)__builtin_ctzll(left);
            if (!all->stages[stage].shared[row])
                sum = price_add(sum, all->shared[row]);
        }
    return sum;
}

static price stage_price(const totals *all, cst_stage stage, uint32_t tool)
{
    const stage_sums *const sums = &all->stages[stage];
    price one = sums->every;
    if (tool != CST_NONE)
        one = price_add(price_add(one, all->by_tool[(size_t)stage * all->tools + tool]),
                        looks_price(all, stage, tool));
    if (sums->replaces) /* the event is decided once more, with scratch memory that begins anew */
        one.steps = cost_times(one.steps, 2);
    if (sums->from)
        one = price_add(one, index_price(all->policy));
    one.scratch = cost_least(one.scratch, all->costing.limits.scratch_bytes);
    return one;
}

static void slots_count(arena *arena, const checked_policy *policy, stage_cost out[CST_STAGE_COUNT])
{
    uint8_t *const seen = arena_array(arena, policy->slots.count, 1);
    for (uint32_t i = 0; i < policy->slot_uses.count; i++) {
        const slot_use *const use = &policy->slot_uses.items[i];
        if (seen[use->slot] & (1u << use->stage))
            continue;
        seen[use->slot] |= (uint8_t)(1u << use->stage);
        out[use->stage].slots++;
    }
}

static void add_remembered(totals *all, const checked_echo *echo, const checked_origin *origin)
{
    static const cst_stage stages[] = {[CST_ORIGIN_USER] = CST_INPUT,
                                       [CST_ORIGIN_OUTPUT] = CST_OUTPUT,
                                       [CST_ORIGIN_RESULT] = CST_RESULT,
                                       [CST_ORIGIN_MESSAGE] = CST_MESSAGE};
    if (origin->kind == CST_ORIGIN_SYSTEM)
        return;
    const cst_stage stage = stages[origin->kind];
    price *const sum = origin->kind == CST_ORIGIN_RESULT
                           ? &all->by_tool[(size_t)stage * all->tools + origin->tool]
                           : &all->stages[stage].every;
    *sum = price_add(*sum, costing_remembered(&all->costing, echo, origin));
}

static void shared_add(totals *all)
{
    for (uint32_t number = 0; number < all->costing.shared_count; number++) {
        all->shared[number] = costing_shared(&all->costing, number);
        for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++)
            if (all->stages[stage].shared[number])
                all->stages[stage].every = price_add(all->stages[stage].every, all->shared[number]);
    }
}

static void totals_make(totals *all, arena *arena, const cost_subject *subject)
{
    const checked_policy *const policy = subject->policy;
    *all = (totals){.policy = policy, .tools = policy->tools.count > 0 ? policy->tools.count : 1};
    costing_begin(&all->costing, arena, subject);
    const uint32_t shared = all->costing.shared_count;
    all->look_words = (shared + 63) / 64;
    all->by_tool = arena_array(arena, (size_t)CST_STAGE_COUNT * all->tools, sizeof *all->by_tool);
    all->looks =
        arena_array(arena, 2 * (size_t)all->tools * (all->look_words + 1u), sizeof *all->looks);
    all->shared = arena_array(arena, shared + 1u, sizeof *all->shared);
    for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++)
        all->stages[stage].shared = arena_array(arena, shared + 1u, 1);
    stages_look(all);
    for (uint32_t i = 0; i < policy->rules.count; i++)
        for (uint32_t k = 0; k < policy->rules.items[i].body_count; k++)
            body_add(all, &policy->rules.items[i], &policy->rules.items[i].bodies[k]);
    for (uint32_t i = 0; i < policy->echoes.count; i++)
        for (uint32_t k = 0; k < policy->echoes.items[i].origin_count; k++)
            add_remembered(all, &policy->echoes.items[i], &policy->echoes.items[i].origins[k]);
    shared_add(all);
}

static void rules_count(const checked_policy *policy, stage_cost out[CST_STAGE_COUNT])
{
    for (uint32_t i = 0; i < policy->declared_rules; i++) {
        uint32_t stages = 0;
        for (uint32_t k = 0; k < policy->rules.items[i].body_count; k++)
            stages |= 1u << policy->rules.items[i].bodies[k].selector.stage;
        for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++)
            out[stage].rules += (stages >> stage) & 1u;
    }
}

void cost_of_stages(arena *arena, const cost_subject *subject, stage_cost out[CST_STAGE_COUNT])
{
    const checked_policy *const policy = subject->policy;
    totals all;
    totals_make(&all, arena, subject);
    memset(out, 0, CST_STAGE_COUNT * sizeof *out);
    rules_count(policy, out);
    for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++) {
        stage_cost *const cost = &out[stage];
        const price every = stage_price(&all, (cst_stage)stage, CST_NONE);
        cost->worst_tool = cost->scratch_tool = CST_NONE;
        cost->steps = every.steps;
        cost->scratch_bytes = every.scratch;
        for (uint32_t tool = 0; tool < all.tools && stage_has_tools((cst_stage)stage); tool++) {
            const price total = stage_price(&all, (cst_stage)stage, tool);
            if (cost->rules == 0 && total.steps == 0)
                continue;
            if (cost->worst_tool == CST_NONE || total.steps > cost->steps) {
                cost->worst_tool = tool;
                cost->steps = total.steps;
            }
            if (cost->scratch_tool == CST_NONE || total.scratch > cost->scratch_bytes) {
                cost->scratch_tool = tool;
                cost->scratch_bytes = total.scratch;
            }
        }
    }
    slots_count(arena, policy, out);
}

/* ---- what costs most ------------------------------------------------------------------------- */

static bool concerns(const rule_body *body, cst_stage stage, uint32_t tool)
{
    if (body->selector.stage != stage)
        return false;
    if (is_for_all(body))
        return true;
    for (uint32_t i = 0; i < body->selector.tool_count; i++)
        if (body->selector.tools[i] == tool)
            return true;
    return false;
}

static void take_place(cost_place *best, const place *place, uint64_t price, uint32_t rule)
{
    if (price <= best->price)
        return;
    *best = (cost_place){.price = price, .rule = rule, .node = place->node};
}

/* The places that cost most of one event of a stage and tool: their shares are those of the sum,
 * before the second decision. */
cost_place cost_dearest(arena *arena, const cost_subject *subject, cst_stage stage, uint32_t tool,
                        bool scratch)
{
    const checked_policy *const policy = subject->policy;
    totals all;
    totals_make(&all, arena, subject);
    costing *const c = &all.costing;
    cost_place best = {.rule = CST_NONE, .slot = CST_NONE};
    uint8_t *const seen = arena_array(arena, c->shared_count + 1u, 1);
    bool indexed = false;
    const uint64_t twice = all.stages[stage].replaces && !scratch ? 2 : 1;
    for (uint32_t i = 0; i < policy->rules.count; i++)
        for (uint32_t k = 0; k < policy->rules.items[i].body_count; k++) {
            if (!concerns(&policy->rules.items[i].bodies[k], stage, tool))
                continue;
            c->by_steps = c->by_scratch = (place){{0, 0}, NULL, 0};
            body_price(&all, &policy->rules.items[i], &policy->rules.items[i].bodies[k]);
            const place *const own = scratch ? &c->by_scratch : &c->by_steps;
            if (own->node != NULL)
                take_place(&best, own,
                           cost_times(scratch ? own->price.scratch : own->price.steps, twice), i);
            for (uint32_t n = 0; n < c->used_count; n++) {
                const uint32_t row = c->used[n];
                if (seen[row])
                    continue;
                seen[row] = 1;
                const price one = all.shared[row];
                const place user = {one, c->users[row], i};
                take_place(&best, &user, cost_times(scratch ? one.scratch : one.steps, twice), i);
            }
            if (c->from && !indexed && !scratch) {
                indexed = true;
                const place user = {index_price(policy), c->from_user, i};
                take_place(&best, &user, user.price.steps, i);
            }
        }
    best.slot = best.node != NULL ? costing_slot(c, best.node) : CST_NONE;
    return best;
}

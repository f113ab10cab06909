/*
 * warnings_cover.c - rules that another always covers.
 *
 * Rule A covers rule B if A is of the same file and kind, enforced, not waivable, at least as
 * strict, and fires wherever B does: for each body of B there is a body of A for the same events or
 * more whose conjuncts all stand among B's. Comparing all pairs would be quadratic, so the bodies
 * of possible covers are filed under their rarest conjunct and their tool: a body of B only meets
 * those that share one with it. What is left is counted against a bound, and a policy that reaches
 * it is told.
 */
#include <string.h>

#include "compiler/check/structure.h"
#include "compiler/check/warnings.h"
#include "runtime/limits.h"

/* bodies with more are taken by their first ones, as what is covered; they cover nothing */
enum { CONJUNCTS = 64 };

#define EVERY_TOOL UINT32_MAX

typedef struct body {
    uint32_t rule;
    const rule_body *source;
    const expression **conjuncts;
    uint32_t *hashes;
    uint32_t *sizes; /* of the conjuncts, in nodes: what comparing them may cost */
    uint32_t count;
    bool complete; /* has no more conjuncts than were taken */
} body;

typedef struct filed {
    uint32_t key, body, next; /* next: number + 1 */
} filed;

typedef struct search {
    checker *checker;
    struct {
        body *items;
        uint32_t count, capacity;
    } bodies;
    uint32_t *first_body;  /* by rule */
    uint32_t *frequencies; /* of conjuncts, by hash */
    uint32_t *buckets;     /* number + 1 in files */
    uint32_t mask;         /* of both tables */
    struct {
        filed *items;
        uint32_t count, capacity;
    } files;
    uint64_t steps;
} search;

static uint32_t key_of_place(uint32_t conjunct, const rule_body *source, uint32_t tool)
{
    return (conjunct * 31u + (uint32_t)source->selector.stage) * 2654435761u ^ tool * 40503u;
}

static uint32_t size_of(const expression *tree)
{
    if (tree == NULL)
        return 0;
    uint32_t size = 1 + size_of(tree->left) + size_of(tree->right);
    for (uint32_t i = 0; i < tree->item_count; i++)
        size += size_of(tree->items[i]);
    return size;
}

/* ---- filing ---------------------------------------------------------------------------------- */

static void body_add(search *search, uint32_t rule, const rule_body *source)
{
    const expression *conjuncts[CONJUNCTS + 1];
    uint32_t count = condition_conjuncts(source->condition, conjuncts, CONJUNCTS + 1);
    body *const made = ARENA_PUSH(search->checker->arena, &search->bodies);
    *made = (body){.rule = rule, .source = source, .complete = count <= CONJUNCTS};
    count = count <= CONJUNCTS ? count : CONJUNCTS;
    made->count = count;
    made->conjuncts = arena_array(search->checker->arena, count, sizeof *made->conjuncts);
    made->hashes = arena_array(search->checker->arena, count, sizeof *made->hashes);
    made->sizes = arena_array(search->checker->arena, count, sizeof *made->sizes);
    for (uint32_t i = 0; i < count; i++) {
        made->conjuncts[i] = conjuncts[i];
        made->sizes[i] = size_of(conjuncts[i]);
        made->hashes[i] = expression_hash(conjuncts[i]);
    }
}

static bool may_cover(const rule *rule)
{
    return !rule->shadow && !rule->waivable && rule->layer == 0 && rule->kind != CST_RULE_WAIVER;
}

static void file_under(search *search, uint32_t number, uint32_t conjunct, uint32_t tool)
{
    const uint32_t key = key_of_place(conjunct, search->bodies.items[number].source, tool);
    uint32_t *const bucket = &search->buckets[key & search->mask];
    *ARENA_PUSH(search->checker->arena, &search->files) = (filed){key, number, *bucket};
    *bucket = search->files.count;
    search->steps++;
}

static void body_file(search *search, uint32_t number)
{
    const body *const body = &search->bodies.items[number];
    if (!body->complete || !may_cover(&search->checker->policy->rules.items[body->rule]))
        return;
    uint32_t conjunct = 0; /* no conjunct at all */
    uint32_t rarest = UINT32_MAX;
    for (uint32_t i = 0; i < body->count; i++) {
        const uint32_t frequency = search->frequencies[body->hashes[i] & search->mask];
        if (frequency >= rarest)
            continue;
        rarest = frequency;
        conjunct = body->hashes[i];
    }
    const selector *const selector = &body->source->selector;
    if (selector->every_tool || selector->tool_count == 0)
        file_under(search, number, conjunct, EVERY_TOOL);
    for (uint32_t i = 0;
         !selector->every_tool && i < selector->tool_count && search->steps < LIMIT_COVER_STEPS;
         i++)
        file_under(search, number, conjunct, selector->tools[i]);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool selector_covers(const selector *wide, const selector *narrow)
{
    if (wide->stage != narrow->stage)
        return false;
    if (wide->every_tool || (narrow->tool_count == 0 && !narrow->every_tool))
        return true; /* all tools, or a stage without any */
    if (narrow->every_tool)
        return false;
    uint32_t at = 0;
    for (uint32_t i = 0; i < narrow->tool_count; i++) {
        while (at < wide->tool_count && wide->tools[at] < narrow->tools[i])
            at++;
        if (at == wide->tool_count || wide->tools[at] != narrow->tools[i])
            return false;
    }
    return true;
}

static bool body_covers(search *search, const body *wide, const body *narrow)
{
    search->steps += (uint64_t)wide->count * narrow->count + 1;
    if (!wide->complete || wide->count > narrow->count ||
        !selector_covers(&wide->source->selector, &narrow->source->selector))
        return false;
    for (uint32_t i = 0; i < wide->count; i++) {
        bool found = false;
        for (uint32_t k = 0; !found && k < narrow->count; k++) {
            if (wide->hashes[i] != narrow->hashes[k] || wide->sizes[i] != narrow->sizes[k])
                continue;
            search->steps += wide->sizes[i];
            found = expressions_equal(wide->conjuncts[i], narrow->conjuncts[k]);
        }
        if (!found)
            return false;
    }
    return true;
}

static bool asks_the_same(const rule *a, const rule *b)
{
    if (a->who_count != b->who_count || a->within_us != b->within_us ||
        a->standing != NULL) /* what meets that need not meet the other */
        return false;
    for (uint32_t i = 0; i < a->who_count; i++) {
        bool found = false;
        for (uint32_t k = 0; !found && k < b->who_count; k++)
            found = strcmp(a->who[i], b->who[k]) == 0;
        if (!found)
            return false;
    }
    return true;
}

static bool rule_covers(search *search, uint32_t wide, uint32_t narrow)
{
    const rule *const rules = search->checker->policy->rules.items;
    const rule *const a = &rules[wide];
    const rule *const b = &rules[narrow];
    if (a->kind != b->kind || a->verdict < b->verdict || !may_cover(a))
        return false;
    if (a->verdict == b->verdict &&
        (a->verdict == CST_REQUIRE_APPROVAL || a->verdict == CST_ESCALATE) && !asks_the_same(a, b))
        return false;
    for (uint32_t i = 0; i < b->body_count; i++) {
        bool found = false;
        for (uint32_t k = 0; !found && k < a->body_count; k++)
            found = body_covers(search, &search->bodies.items[search->first_body[wide] + k],
                                &search->bodies.items[search->first_body[narrow] + i]);
        if (!found)
            return false;
    }
    return true;
}

/* A rule that covers `rule` and is filed under one conjunct and tool; CST_NONE if there is none. */
static uint32_t cover_under(search *search, uint32_t rule, const rule_body *source,
                            uint32_t conjunct, uint32_t tool)
{
    const uint32_t key = key_of_place(conjunct, source, tool);
    for (uint32_t at = search->buckets[key & search->mask];
         at != 0 && search->steps < LIMIT_COVER_STEPS;) {
        const filed *const file = &search->files.items[at - 1];
        const uint32_t other = search->bodies.items[file->body].rule;
        at = file->next;
        search->steps++;
        if (file->key != key || other == rule || !rule_covers(search, other, rule))
            continue;
        if (other < rule ||
            !rule_covers(search, rule, other)) /* of two equal rules only the later is reported */
            return other;
    }
    return CST_NONE;
}

static uint32_t cover_find(search *search, uint32_t rule)
{
    const body *const body = &search->bodies.items[search->first_body[rule]];
    const selector *const selector = &body->source->selector;
    const bool tools = !selector->every_tool && selector->tool_count > 0;
    for (uint32_t i = 0; i <= body->count; i++) {
        const uint32_t conjunct = i == body->count ? 0 : body->hashes[i];
        uint32_t found = cover_under(search, rule, body->source, conjunct, EVERY_TOOL);
        if (found == CST_NONE && tools)
            found = cover_under(search, rule, body->source, conjunct, selector->tools[0]);
        if (found != CST_NONE)
            return found;
    }
    return CST_NONE;
}

/* ---- the warning ----------------------------------------------------------------------------- */

static void report(const search *search, const rule *rule, const struct rule *cover)
{
    compilation *const compilation = search->checker->compilation;
    const char *const what = rule->kind == CST_RULE_PERMIT ? "permit" : "rule";
    diagnostic *const d =
        diagnostic_report(compilation, W_ALWAYS_COVERED, rule->range,
                          "the %s `%s` never changes a decision", what, rule->name);
    diagnostic_note_at(compilation, d, cover->range,
                       "`%s` %s wherever it does, and is at least as strict", cover->name,
                       rule->kind == CST_RULE_PERMIT ? "counts" : "fires");
    diagnostic_mend(compilation, d, rule->range, NULL, "remove `%s`, or narrow `%s`", rule->name,
                    cover->name);
}

static void tables_make(search *search)
{
    uint32_t size = 64;
    while (size / 2 < search->bodies.count)
        size *= 2;
    search->mask = size - 1;
    search->frequencies = arena_array(search->checker->arena, size, sizeof *search->frequencies);
    search->buckets = arena_array(search->checker->arena, size, sizeof *search->buckets);
    for (uint32_t i = 0; i < search->bodies.count; i++)
        for (uint32_t k = 0; k < search->bodies.items[i].count; k++)
            search->frequencies[search->bodies.items[i].hashes[k] & search->mask]++;
    for (uint32_t i = 0; i < search->bodies.count && search->steps < LIMIT_COVER_STEPS; i++)
        body_file(search, i);
}

void warn_covered(checker *checker)
{
    const checked_policy *const policy = checker->policy;
    search search = {.checker = checker};
    search.first_body = arena_array(checker->arena, policy->rules.count, sizeof *search.first_body);
    for (uint32_t i = 0; i < policy->rules.count; i++) {
        search.first_body[i] = search.bodies.count;
        for (uint32_t k = 0; k < policy->rules.items[i].body_count; k++)
            body_add(&search, i, &policy->rules.items[i].bodies[k]);
    }
    tables_make(&search);
    for (uint32_t i = 0; i < policy->rules.count && search.steps < LIMIT_COVER_STEPS; i++) {
        const rule *const rule = &policy->rules.items[i];
        if (rule->layer != 0 || rule->kind == CST_RULE_WAIVER || rule->shadow ||
            rule->body_count == 0)
            continue;
        const uint32_t cover = cover_find(&search, i);
        if (cover != CST_NONE)
            report(&search, rule, &policy->rules.items[cover]);
    }
    if (search.steps >= LIMIT_COVER_STEPS)
        diagnostic_report(checker->compilation, W_COVER_UNFINISHED,
                          (source_range){policy->layers[0].source, 0, 0},
                          "the search for rules that others cover was stopped: the policy has too "
                          "many similar rules");
}

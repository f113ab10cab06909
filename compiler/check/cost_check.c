/*
 * cost_check.c - `--max-cost` and `--max-scratch`: refuses a policy that can be dearer, at the
 * place that costs most.
 */
#include "compiler/cost.h"

#include <string.h>

#include "compiler/plan.h"
#include "runtime/limits.h"

static uint64_t limit_of(uint32_t wanted, uint64_t most)
{
    return wanted != 0 && wanted < most ? wanted : most;
}

cost_subject cost_subject_of(const compilation *unit, const cst_limits *limits)
{
    static const cst_limits none = {0};
    const cst_limits *const wanted = limits != NULL ? limits : &none;
    return (cost_subject){
        .policy = unit->checked,
        .image = unit->plan != NULL ? (const cst_image *)(const void *)unit->plan->image : NULL,
        .limits = {.event_bytes = limit_of(wanted->event_bytes, LIMIT_EVENT_BYTES),
                   .text_bytes = limit_of(wanted->text_bytes, LIMIT_TEXT_BYTES),
                   .list_elements = limit_of(wanted->list_elements, LIMIT_LIST_ELEMENTS),
                   .scratch_bytes = limit_of(wanted->scratch_bytes, LIMIT_SCRATCH_BYTES)}};
}

/* ---- refusing -------------------------------------------------------------------------------- */

static bool is_open(const slot *slot)
{
    return slot->open || slot->type->kind == CST_KIND_JSON;
}

static bool has_sizes(const type *type)
{
    if (type->kind == CST_KIND_LIST)
        return type->bound != 0 && has_sizes(type->element);
    return type->kind != CST_KIND_STRING || type->bound != 0;
}

const char *cost_advice(arena *arena, const checked_policy *policy, const cost_place *place)
{
    if (place->slot == CST_NONE)
        return "ask for less here, or allow more";
    const slot *const slot = &policy->slots.items[place->slot];
    const bool declared =
        strncmp(slot->path, "args.", 5) == 0 || strncmp(slot->path, "value.", 6) == 0;
    if (declared && !is_open(slot) && !has_sizes(slot->type))
        return arena_format(
            arena,
            "declare how large `%s` can be, such as `string(200)` or `list<string(200)>(50)`",
            slot->path);
    if (declared && !is_open(slot))
        return arena_format(arena, "declare a smaller size of `%s`", slot->path);
    return arena_format(arena,
                        "`%s` is as large as the host lets it be: say what it allows, such as "
                        "`--limit event-bytes=10000`",
                        slot->path);
}

static uint32_t share(uint64_t part, uint64_t whole)
{
    if (part >= whole)
        return 100;
    return (uint32_t)(whole < 100 ? part * 100 / whole : part / (whole / 100));
}

typedef struct excess { /* a stage that can be dearer than is allowed */
    cst_stage stage;
    uint32_t tool;
    uint64_t price, most;
    bool scratch;
} excess;

static void refuse(compilation *unit, const cost_subject *subject, const excess *over)
{
    const checked_policy *const policy = subject->policy;
    const cost_place place =
        cost_dearest(&unit->arena, subject, over->stage, over->tool, over->scratch);
    const source_range nowhere = {0, 0, 0};
    const char *const unit_name = over->scratch ? "bytes of scratch memory" : "steps";
    const char *const tool = over->tool == CST_NONE ? NULL
                             : over->tool == 0      ? "an unknown tool"
                                                    : policy->tools.items[over->tool].name;
    const char *const amount =
        over->price == UINT64_MAX
            ? "more than can be counted"
            : arena_format(&unit->arena, "%llu", (unsigned long long)over->price);
    diagnostic *const refused = diagnostic_report(
        unit, over->scratch ? E_TOO_MUCH_SCRATCH : E_TOO_DEAR,
        place.node != NULL ? place.node->range : nowhere,
        "an event of the stage `%s` can %s %s %s; %llu are allowed", cst_stage_name(over->stage),
        over->scratch ? "need" : "cost", amount, unit_name, (unsigned long long)over->most);
    if (place.node == NULL) {
        diagnostic_note_text(unit, refused, "it is spent on what the session remembers of texts");
        return;
    }
    diagnostic_label(unit, refused, "%u %% of it", share(place.price, over->price));
    diagnostic_note_text(unit, refused, "in the rule `%s`%s%s%s",
                         policy->rules.items[place.rule].name, tool != NULL ? ", for `" : "",
                         tool != NULL ? tool : "", tool != NULL ? "`" : "");
    diagnostic_mend(unit, refused, nowhere, NULL, "%s", cost_advice(&unit->arena, policy, &place));
}

void cost_check(compilation *unit, const cost_ceilings *ceilings, const cst_limits *limits)
{
    if (unit->checked == NULL || (ceilings->steps == 0 && ceilings->scratch_bytes == 0))
        return;
    const cost_subject subject = cost_subject_of(unit, limits);
    stage_cost costs[CST_STAGE_COUNT];
    cost_of_stages(&unit->arena, &subject, costs);
    for (uint32_t i = 0; i < CST_STAGE_COUNT; i++) {
        const stage_cost *const cost = &costs[i];
        if (ceilings->steps != 0 && cost->steps > ceilings->steps)
            refuse(unit, &subject,
                   &(excess){(cst_stage)i, cost->worst_tool, cost->steps, ceilings->steps, false});
        if (ceilings->scratch_bytes != 0 && cost->scratch_bytes > ceilings->scratch_bytes)
            refuse(unit, &subject,
                   &(excess){(cst_stage)i, cost->scratch_tool, cost->scratch_bytes,
                             ceilings->scratch_bytes, true});
    }
}

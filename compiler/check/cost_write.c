/*
 * cost_write.c - the bounds of a policy for people and programs, and the list of what can be
 * undecided.
 */
#include "compiler/cost.h"

#include <string.h>

#include "compiler/reference/print.h"
#include "runtime/limits.h"

/* ---- what can be undecided ------------------------------------------------------------------- */

typedef void (*site_writer)(buffer *out, const rule *rule, const site *site);

typedef struct site_walk {
    const checked_policy *policy;
    buffer *out;
    site_writer write;
    uint32_t *last_rule; /* by site: number + 1 of the rule that it was written for last */
    uint32_t rule, count;
} site_walk;

static void sites_walk(site_walk *walk, const expression *node)
{
    if (node == NULL)
        return;
    if (node->site != CST_NONE && node->site < walk->policy->sites.count &&
        walk->last_rule[node->site] != walk->rule + 1) {
        walk->last_rule[node->site] = walk->rule + 1;
        walk->count++;
        walk->write(walk->out, &walk->policy->rules.items[walk->rule],
                    &walk->policy->sites.items[node->site]);
    }
    sites_walk(walk, node->left);
    sites_walk(walk, node->right);
    for (uint32_t i = 0; i < node->item_count; i++)
        sites_walk(walk, node->items[i]);
}

static uint32_t sites_write(arena *arena, buffer *out, const checked_policy *policy,
                            site_writer write)
{
    site_walk walk = {.policy = policy, .out = out, .write = write};
    walk.last_rule = arena_array(arena, policy->sites.count, sizeof *walk.last_rule);
    for (walk.rule = 0; walk.rule < policy->rules.count; walk.rule++)
        for (uint32_t k = 0; k < policy->rules.items[walk.rule].body_count; k++)
            sites_walk(&walk, policy->rules.items[walk.rule].bodies[k].condition);
    return walk.count;
}

static void site_text(buffer *out, const rule *rule, const site *site)
{
    buffer_format(out, "  %s: %s at `%s`\n", rule->name, site->code, site->at);
}

static void site_json(buffer *out, const rule *rule, const site *site)
{
    buffer_text(out, out->length > 0 && out->bytes[out->length - 1] == '[' ? "{\"rule\":"
                                                                           : ",{\"rule\":");
    buffer_json_string(out, rule->name, strlen(rule->name));
    buffer_text(out, ",\"code\":");
    buffer_json_string(out, site->code, strlen(site->code));
    buffer_text(out, ",\"at\":");
    buffer_json_string(out, site->at, strlen(site->at));
    buffer_text(out, "}");
}

/* ---- output ---------------------------------------------------------------------------------- */

static const char *tool_name(const checked_policy *policy, uint32_t tool)
{
    if (tool == CST_NONE)
        return "-";
    return tool == 0 ? "unknown" : policy->tools.items[tool].name;
}

static void steps_text(buffer *out, uint64_t steps)
{
    if (steps == UINT64_MAX)
        buffer_format(out, " %20s", "unbounded");
    else
        buffer_format(out, " %20llu", (unsigned long long)steps);
}

/* Below the table: of each stage the condition that costs most, and what bounds it. */
static void dearest_write(arena *arena, buffer *out, const cost_subject *subject,
                          const stage_cost *costs)
{
    const checked_policy *const policy = subject->policy;
    bool any = false;
    for (uint32_t i = 0; i < CST_STAGE_COUNT; i++) {
        if (costs[i].steps == 0)
            continue;
        const cost_place place =
            cost_dearest(arena, subject, (cst_stage)i, costs[i].worst_tool, false);
        if (place.node == NULL || place.rule == CST_NONE)
            continue;
        buffer_text(out, any ? "" : "what costs most:\n");
        any = true;
        buffer_format(out, "  %s: ", cst_stage_name((cst_stage)i));
        if (place.price == UINT64_MAX)
            buffer_text(out, "more steps than can be counted");
        else
            buffer_format(out, "%llu steps", (unsigned long long)place.price);
        buffer_format(out, " in the rule `%s`, at `", policy->rules.items[place.rule].name);
        print_expression(out, policy, place.node);
        buffer_format(out, "`; %s\n",
                      place.slot != CST_NONE
                          ? cost_advice(arena, policy, &place)
                          : "declare how large the lists and texts that it goes through can be, or "
                            "say what the host allows, such as `--limit list-elements=100`");
    }
}

void cost_write_text(arena *arena, buffer *out, const cost_subject *subject)
{
    const checked_policy *const policy = subject->policy;
    stage_cost costs[CST_STAGE_COUNT];
    cost_of_stages(arena, subject, costs);
    buffer_format(out, "%-8s %6s %20s %14s %7s  %s\n", "stage", "rules", "worst steps",
                  "scratch bytes", "fields", "worst tool");
    for (uint32_t i = 0; i < CST_STAGE_COUNT; i++) {
        buffer_format(out, "%-8s %6u", cst_stage_name((cst_stage)i), costs[i].rules);
        steps_text(out, costs[i].steps);
        buffer_format(out, " %14llu %7u  %s\n", (unsigned long long)costs[i].scratch_bytes,
                      costs[i].slots, tool_name(policy, costs[i].worst_tool));
    }
    dearest_write(arena, out, subject, costs);
    buffer_format(out, "fields of one event: %llu bytes\n",
                  (unsigned long long)policy->slots.count * sizeof(cst_value));
    if (policy->froms.count > 0)
        buffer_format(out, "origins of one session: at most %u bytes, %u of text for each of %u\n",
                      LIMIT_PROVENANCE_BYTES, LIMIT_ORIGIN_BYTES,
                      policy->sources.count + (policy->from_args != CST_NONE));
    cost_write_history_text(out, policy);
    buffer_text(out, "can be undecided:\n");
    if (sites_write(arena, out, policy, site_text) == 0)
        buffer_text(out, "  nothing\n");
}

void cost_write_json(arena *arena, buffer *out, const cost_subject *subject)
{
    const checked_policy *const policy = subject->policy;
    stage_cost costs[CST_STAGE_COUNT];
    cost_of_stages(arena, subject, costs);
    buffer_text(out, "{\"stages\":[");
    for (uint32_t i = 0; i < CST_STAGE_COUNT; i++) {
        buffer_format(out, "%s{\"stage\":\"%s\",\"rules\":%u,\"steps\":", i == 0 ? "" : ",",
                      cst_stage_name((cst_stage)i), costs[i].rules);
        if (costs[i].steps == UINT64_MAX)
            buffer_text(out, "null");
        else
            buffer_format(out, "%llu", (unsigned long long)costs[i].steps);
        buffer_format(out, ",\"scratch_bytes\":%llu,\"fields\":%u,\"worst_tool\":",
                      (unsigned long long)costs[i].scratch_bytes, costs[i].slots);
        if (costs[i].worst_tool == CST_NONE) {
            buffer_text(out, "null}");
            continue;
        }
        const char *const name = tool_name(policy, costs[i].worst_tool);
        buffer_json_string(out, name, strlen(name));
        buffer_text(out, "}");
    }
    buffer_format(out, "],\"origin_bytes\":%u",
                  policy->froms.count > 0 ? LIMIT_PROVENANCE_BYTES : 0);
    buffer_text(out, ",\"history\":");
    cost_write_history_json(out, policy);
    buffer_format(out, ",\"field_bytes\":%llu,\"undecided\":[",
                  (unsigned long long)policy->slots.count * sizeof(cst_value));
    sites_write(arena, out, policy, site_json);
    buffer_text(out, "]}");
}

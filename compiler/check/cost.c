/*
 * cost.c - worst-case time and memory of each stage, and the list of what can be undecided.
 *
 * A walk over the checked conditions with saturating sums. Loads and branches are free; a comparison is one; what needs a helper of the runtime costs what
 * its row in services.def says, and what goes through a list costs that for each element the type allows. For the stages that
 * have tools the worst tool is named: a rule for every tool counts for each.
 */
#include "compiler/cost.h"

#include <string.h>

#include "runtime/limits.h"

enum service_cost {
#define SERVICE(result, name, arguments, cost, comment) COST_##name = (cost),
#include "runtime/services.def"
#undef SERVICE
};

enum { COST_ASKED_BYTE = 8 }; /* canonical form, tokens and hashes of one byte of a value that is asked for */
enum { COST_COMMAND_BYTE = 16 }; /* reading one byte of a shell line, and what its word says, in comparisons */
enum { COST_SCANNED_BYTE = 4 }; /* view, scan and confirmation of one byte, in comparisons */

typedef struct price {
    uint64_t steps, scratch;
} price;

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
    return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static price both(price a, price b)
{
    return (price){add(a.steps, b.steps), add(a.scratch, b.scratch)};
}

static uint64_t elements_of(const expression *list)
{
    const type *const type = list->type;
    if (list->kind == EXPRESSION_CONSTANT)
        return list->constant.length;
    return type != NULL && type->kind == CST_KIND_LIST && type->bound != 0 ? type->bound : LIMIT_LIST_ELEMENTS;
}

/* The most bytes that a text can have. */
static uint64_t bytes_of(const expression *text)
{
    if (text->kind == EXPRESSION_CONSTANT)
        return text->constant.length;
    if (text->kind == EXPRESSION_JOIN)
        return add(bytes_of(text->left), bytes_of(text->right));
    if (text->kind == EXPRESSION_ELSE) {
        const uint64_t left = bytes_of(text->left);
        const uint64_t right = bytes_of(text->right);
        return left > right ? left : right;
    }
    if (text->type != NULL && text->type->bound != 0)
        return (uint64_t)text->type->bound * 4; /* code points */
    return LIMIT_TEXT_BYTES;
}

static bool is_text(const type *type)
{
    return type != NULL && (type->kind == CST_KIND_STRING || type->kind == CST_KIND_AGENT ||
                            (type->kind >= CST_KIND_EMAIL && type->kind <= CST_KIND_IP) || type->kind == CST_KIND_COMMAND);
}

static uint64_t set_steps(const checked_policy *policy, uint32_t number)
{
    const cst_kind kind = policy->sets.items[number].kind;
    const bool text = kind == CST_KIND_STRING || kind == CST_KIND_AGENT || (kind >= CST_KIND_EMAIL && kind <= CST_KIND_PATH);
    return kind == CST_KIND_IP ? COST_set_has_address : text ? COST_set_has_text : COST_set_has_integer;
}

/* The most bytes that a test looks into: all texts of an event together are no longer than the event. */
static uint64_t text_bytes(const expression *subject)
{
    if (subject->type != NULL && subject->type->kind == CST_KIND_LIST)
        return LIMIT_EVENT_BYTES;
    return bytes_of(subject);
}

/* The most leaves that a value has. */
static uint64_t leaves_of(const expression *value)
{
    const cst_kind kind = value->type != NULL ? value->type->kind : CST_KIND_STRING;
    if (kind == CST_KIND_JSON || kind == CST_KIND_RECORD)
        return LIMIT_EVENT_BYTES / 2;
    return kind == CST_KIND_LIST ? elements_of(value) : 1;
}

/* A longer line is not taken apart. */
static uint64_t command_bytes(const expression *line)
{
    const uint64_t bytes = bytes_of(line);
    return multiply(bytes < LIMIT_COMMAND_BYTES ? bytes : LIMIT_COMMAND_BYTES, COST_COMMAND_BYTE);
}

/* Of the node itself, its operands aside. */
static uint64_t own_steps(const checked_policy *policy, const expression *node)
{
    switch (node->kind) {
    case EXPRESSION_ADD:
    case EXPRESSION_SUBTRACT:
    case EXPRESSION_MULTIPLY:
    case EXPRESSION_NEGATE:
    case EXPRESSION_WIDEN:
    case EXPRESSION_TRUTH:
    case EXPRESSION_LESS:
    case EXPRESSION_LESS_EQUAL:
    case EXPRESSION_PRESENT:
    case EXPRESSION_ELSE:
        return 1;
    case EXPRESSION_EQUAL:
        return is_text(node->left->type) && node->left->kind != EXPRESSION_CONSTANT && node->right->kind != EXPRESSION_CONSTANT
                   ? COST_text_equal
                   : 1;
    case EXPRESSION_OPEN_MEMBER: return COST_open_member;
    case EXPRESSION_OPEN_AS: return COST_open_as;
    case EXPRESSION_PROPERTY: return COST_part;
    case EXPRESSION_JOIN: return COST_join;
    case EXPRESSION_LENGTH:
        return node->left->type != NULL && node->left->type->kind == CST_KIND_LIST ? 1 : COST_text_length;
    case EXPRESSION_SUM:
        return add(node->type != NULL && node->type->kind == CST_KIND_FLOAT ? COST_list_sum_float : COST_list_sum,
                   elements_of(node->left));
    case EXPRESSION_LEAST:
    case EXPRESSION_GREATEST: return add(COST_list_least, elements_of(node->left));
    case EXPRESSION_IN_SET: return set_steps(policy, node->index);
    case EXPRESSION_IN_LIST: return add(COST_list_has, elements_of(node->right));
    case EXPRESSION_LEAVES: return add(COST_text_leaves, LIMIT_EVENT_BYTES / 8);
    case EXPRESSION_FOUND: return add(COST_text_found, multiply(text_bytes(node->left), COST_SCANNED_BYTE));
    case EXPRESSION_CONTAINS: return add(COST_text_contains, multiply(text_bytes(node->left), COST_SCANNED_BYTE));
    case EXPRESSION_MATCHES: return add(COST_text_matches, multiply(text_bytes(node->left), COST_SCANNED_BYTE));
    case EXPRESSION_EARLIER: return add(COST_past_earlier, multiply(node->item_count, COST_past_key));
    case EXPRESSION_PAST_NUMBER: return add(add(COST_past_number, policy->pasts.items[node->index].kind == CST_PAST_DISTINCT ? LIMIT_PAST_EVENTS : 0), multiply(node->item_count, COST_past_key));
    case EXPRESSION_PAST_LATEST: return add(COST_past_latest, multiply(node->item_count, COST_past_key));
    case EXPRESSION_ASK: return add(COST_host_ask, multiply(node->item_count, COST_host_key));
    case EXPRESSION_LABELLED: return COST_session_has;
    case EXPRESSION_NOTE: return COST_past_note;
    case EXPRESSION_REPEATS: return add(COST_text_repeats, multiply(text_bytes(node->left), COST_SCANNED_BYTE));
    case EXPRESSION_FROM: return add(COST_value_from, add(multiply(text_bytes(node->left), COST_ASKED_BYTE),
                                                             multiply(leaves_of(node->left), LIMIT_PROVENANCE_STEPS)));
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN: return add(COST_command_facts, command_bytes(node->left));
    case EXPRESSION_UNKNOWN: return add(COST_command_unknown, command_bytes(node->left));
    case EXPRESSION_RUNS:
        /* each of its words with each of the patterns that have the same program, at the worst all of them */
        return add(COST_command_matches,
                   multiply(command_bytes(node->left), policy->commands.items[node->index / 2].count + 1));
    case EXPRESSION_WITHIN: return COST_command_inside;
    case EXPRESSION_STARTS: return COST_text_starts;
    case EXPRESSION_ENDS: return COST_text_ends;
    case EXPRESSION_INSIDE:
        return node->left->type != NULL && node->left->type->kind == CST_KIND_HOST ? COST_host_inside : COST_path_inside;
    default: return 0;
    }
}

static price price_of(const checked_policy *policy, const expression *node)
{
    price total = {0, 0};
    if (node == NULL)
        return total;
    total.steps = own_steps(policy, node);
    if (node->kind == EXPRESSION_JOIN)
        total.scratch = bytes_of(node);
    total = both(total, price_of(policy, node->left));
    price right = price_of(policy, node->right);
    if (node->kind == EXPRESSION_ANY || node->kind == EXPRESSION_ALL) {
        const uint64_t elements = elements_of(node->left);
        right = (price){multiply(elements, add(right.steps, 1)), multiply(elements, right.scratch)};
    }
    total = both(total, right);
    for (uint32_t i = 0; i < node->item_count; i++)
        total = both(total, price_of(policy, node->items[i]));
    return total;
}

/* ---- stages -------------------------------------------------------------------------------------------------- */

typedef struct totals { /* of the five stages; by stage * tools + tool */
    price *by_tool;
    price every[CST_STAGE_COUNT];
    uint32_t tools;
} totals;

static bool stage_has_tools(cst_stage stage)
{
    return stage == CST_ACTION || stage == CST_RESULT;
}

static void body_add(const checked_policy *policy, totals *sums, const rule_body *body)
{
    const price price = price_of(policy, body->condition);
    const selector *const selector = &body->selector;
    if (selector->every_tool || selector->tool_count == 0)
        sums->every[selector->stage] = both(sums->every[selector->stage], price);
    for (uint32_t i = 0; !selector->every_tool && i < selector->tool_count; i++) {
        struct price *const one = &sums->by_tool[(size_t)selector->stage * sums->tools + selector->tools[i]];
        *one = both(*one, price);
    }
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

void cost_of_stages(arena *arena, const checked_policy *policy, stage_cost out[CST_STAGE_COUNT])
{
    totals sums = {.tools = policy->tools.count > 0 ? policy->tools.count : 1};
    sums.by_tool = arena_array(arena, (size_t)CST_STAGE_COUNT * sums.tools, sizeof *sums.by_tool);
    memset(out, 0, CST_STAGE_COUNT * sizeof *out);
    for (uint32_t i = 0; i < policy->rules.count; i++) {
        uint32_t stages = 0;
        for (uint32_t k = 0; k < policy->rules.items[i].body_count; k++) {
            const rule_body *const body = &policy->rules.items[i].bodies[k];
            body_add(policy, &sums, body);
            stages |= 1u << body->selector.stage;
        }
        for (uint32_t stage = 0; stage < CST_STAGE_COUNT && i < policy->declared_rules; stage++)
            out[stage].rules += (stages >> stage) & 1u;
    }
    for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++) {
        stage_cost *const cost = &out[stage];
        cost->worst_tool = CST_NONE;
        cost->steps = sums.every[stage].steps;
        cost->scratch_bytes = sums.every[stage].scratch;
        for (uint32_t tool = 0; tool < sums.tools && cost->rules > 0 && stage_has_tools((cst_stage)stage); tool++) {
            const price total = both(sums.every[stage], sums.by_tool[(size_t)stage * sums.tools + tool]);
            if (cost->worst_tool == CST_NONE || total.steps > cost->steps) {
                cost->worst_tool = tool;
                cost->steps = total.steps;
            }
            if (total.scratch > cost->scratch_bytes)
                cost->scratch_bytes = total.scratch;
        }
        if (cost->scratch_bytes > LIMIT_SCRATCH_BYTES)
            cost->scratch_bytes = LIMIT_SCRATCH_BYTES;
    }
    slots_count(arena, policy, out);
}

/* ---- what can be undecided --------------------------------------------------------------------------------------- */

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
    if (node->site != CST_NONE && node->site < walk->policy->sites.count && walk->last_rule[node->site] != walk->rule + 1) {
        walk->last_rule[node->site] = walk->rule + 1;
        walk->count++;
        walk->write(walk->out, &walk->policy->rules.items[walk->rule], &walk->policy->sites.items[node->site]);
    }
    sites_walk(walk, node->left);
    sites_walk(walk, node->right);
    for (uint32_t i = 0; i < node->item_count; i++)
        sites_walk(walk, node->items[i]);
}

static uint32_t sites_write(arena *arena, buffer *out, const checked_policy *policy, site_writer write)
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
    buffer_text(out, out->length > 0 && out->bytes[out->length - 1] == '[' ? "{\"rule\":" : ",{\"rule\":");
    buffer_json_string(out, rule->name, strlen(rule->name));
    buffer_text(out, ",\"code\":");
    buffer_json_string(out, site->code, strlen(site->code));
    buffer_text(out, ",\"at\":");
    buffer_json_string(out, site->at, strlen(site->at));
    buffer_text(out, "}");
}

/* ---- output ---------------------------------------------------------------------------------------------------------- */

static const char *tool_name(const checked_policy *policy, uint32_t tool)
{
    if (tool == CST_NONE)
        return "-";
    return tool == 0 ? "unknown" : policy->tools.items[tool].name;
}

static void steps_text(buffer *out, uint64_t steps)
{
    if (steps == UINT64_MAX)
        buffer_format(out, " %14s", "unbounded");
    else
        buffer_format(out, " %14llu", (unsigned long long)steps);
}

void cost_write_text(arena *arena, buffer *out, const checked_policy *policy)
{
    stage_cost costs[CST_STAGE_COUNT];
    cost_of_stages(arena, policy, costs);
    buffer_format(out, "%-8s %6s %14s %14s %7s  %s\n", "stage", "rules", "worst steps", "scratch bytes", "fields", "worst tool");
    for (uint32_t i = 0; i < CST_STAGE_COUNT; i++) {
        buffer_format(out, "%-8s %6u", cst_stage_name((cst_stage)i), costs[i].rules);
        steps_text(out, costs[i].steps);
        buffer_format(out, " %14llu %7u  %s\n", (unsigned long long)costs[i].scratch_bytes, costs[i].slots,
                      tool_name(policy, costs[i].worst_tool));
    }
    buffer_format(out, "fields of one event: %llu bytes\n",
                  (unsigned long long)policy->slots.count * sizeof(cst_value));
    if (policy->froms.count > 0)
        buffer_format(out, "origins of one session: at most %u bytes, %u of text for each of %u\n", LIMIT_PROVENANCE_BYTES,
                      LIMIT_ORIGIN_BYTES, policy->sources.count + (policy->from_args != CST_NONE));
    cost_write_history_text(out, policy);
    buffer_text(out, "can be undecided:\n");
    if (sites_write(arena, out, policy, site_text) == 0)
        buffer_text(out, "  nothing\n");
}

void cost_write_json(arena *arena, buffer *out, const checked_policy *policy)
{
    stage_cost costs[CST_STAGE_COUNT];
    cost_of_stages(arena, policy, costs);
    buffer_text(out, "{\"stages\":[");
    for (uint32_t i = 0; i < CST_STAGE_COUNT; i++) {
        buffer_format(out, "%s{\"stage\":\"%s\",\"rules\":%u,\"steps\":", i == 0 ? "" : ",", cst_stage_name((cst_stage)i),
                      costs[i].rules);
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
    buffer_format(out, "],\"origin_bytes\":%u", policy->froms.count > 0 ? LIMIT_PROVENANCE_BYTES : 0);
    buffer_text(out, ",\"history\":");
    cost_write_history_json(out, policy);
    buffer_format(out, ",\"field_bytes\":%llu,\"undecided\":[", (unsigned long long)policy->slots.count * sizeof(cst_value));
    sites_write(arena, out, policy, site_json);
    buffer_text(out, "]}");
}

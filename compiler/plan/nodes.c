/*
 * nodes.c - hash-consing: two equal nodes are one node.
 *
 * The key of a node is everything that its value depends on, and its site: two additions with
 * different reasons for being undecided are two nodes, since sharing them would report the wrong
 * reason. Types belong to the key only where they change what is computed (a constant's kind, what
 * open data is read as); a `string(10)` and a `string` hold equal texts.
 *
 * Costs are in units of one comparison, taken from services.def for what a service does. They are
 * worst cases as far as the declared bounds go, and serve for choosing what to evaluate first and
 * what to remember, not as a promise.
 */
#include "compiler/plan/nodes.h"

#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/limits.h"

enum service_cost {
#define SERVICE(result, name, arguments, cost, comment) COST_##name = (cost),
#include "runtime/services.def"
#undef SERVICE
};

bool kind_is_condition(expression_kind kind)
{
    return kind >= EXPRESSION_TRUTH;
}

static const type condition_type = {.kind = CST_KIND_BOOL, .row = CST_NONE};

static bool type_matters(expression_kind kind)
{
    return kind == EXPRESSION_OPEN_AS || kind == EXPRESSION_WIDEN || kind == EXPRESSION_LOCAL ||
           kind == EXPRESSION_FIELD || kind == EXPRESSION_FOUND;
}

static uint32_t mix(uint32_t hash, uint64_t value)
{
    uint64_t h = (hash ^ value) * 0x9E3779B97F4A7C15u;
    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9u;
    return (uint32_t)(h >> 32);
}

static uint32_t constant_hash(uint32_t hash, const graph_node *node)
{
    const cst_kind kind = node->type->kind;
    hash = mix(hash, (uint64_t)kind);
    if (kind_has_text(kind))
        return mix(hash, cst_hash(node->constant.as.text, node->constant.length));
    return mix(hash, (uint64_t)node->constant.as.integer);
}

static bool constant_equal(const graph_node *a, const graph_node *b)
{
    if (a->type->kind != b->type->kind)
        return false;
    if (kind_has_text(a->type->kind))
        return a->constant.length == b->constant.length &&
               (a->constant.length == 0 ||
                memcmp(a->constant.as.text, b->constant.as.text, a->constant.length) == 0);
    return a->constant.as.integer == b->constant.as.integer &&
           a->constant.length == b->constant.length;
}

static uint32_t node_hash(const graph_node *node)
{
    uint32_t hash = mix(17, (uint64_t)node->kind);
    if (node->kind == EXPRESSION_CONSTANT)
        return constant_hash(hash, node);
    hash = mix(hash, node->slot);
    hash = mix(hash, node->local);
    hash = mix(hash, node->index);
    hash = mix(hash, node->site);
    if (type_matters(node->kind))
        hash = mix(hash, (uint64_t)node->type->kind);
    if (node->name != NULL)
        hash = mix(hash, cst_hash(node->name, strlen(node->name)));
    for (uint32_t i = 0; i < node->operand_count; i++)
        hash = mix(hash, node->operands[i]);
    return hash;
}

static bool node_equal(const graph_node *a, const graph_node *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == EXPRESSION_CONSTANT)
        return constant_equal(a, b);
    if (a->slot != b->slot || a->local != b->local || a->index != b->index || a->site != b->site)
        return false;
    if (a->operand_count != b->operand_count || (a->name == NULL) != (b->name == NULL))
        return false;
    if (type_matters(a->kind) && a->type != b->type)
        return false;
    if (a->name != NULL && strcmp(a->name, b->name) != 0)
        return false;
    return a->operand_count == 0 ||
           memcmp(a->operands, b->operands, a->operand_count * sizeof *a->operands) == 0;
}

/* ---- facts ----------------------------------------------------------------------------------- */

static uint32_t add_cost(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static uint32_t multiply_cost(uint32_t a, uint32_t b)
{
    const uint64_t product = (uint64_t)a * b;
    return product > UINT32_MAX ? UINT32_MAX : (uint32_t)product;
}

static uint32_t equal_cost(const lower_pass *pass, const graph_node *node)
{
    const graph_node *left = graph_at(pass, node->operands[0]);
    const graph_node *right = graph_at(pass, node->operands[1]);
    const bool constant = left->kind == EXPRESSION_CONSTANT || right->kind == EXPRESSION_CONSTANT;
    return !constant && kind_has_text(left->type->kind) ? COST_text_equal : 1;
}

static uint32_t set_cost(const lower_pass *pass, const graph_node *node)
{
    const cst_kind kind = pass->policy->sets.items[node->index].kind;
    if (kind == CST_KIND_IP)
        return COST_set_has_address;
    return kind_has_text(kind) ? COST_set_has_text : COST_set_has_integer;
}

static uint32_t own_cost(const lower_pass *pass, const graph_node *node)
{
    const graph_node *left = node->operand_count > 0 ? graph_at(pass, node->operands[0]) : NULL;
    switch (node->kind) {
    case EXPRESSION_OPEN_MEMBER: return COST_open_member;
    case EXPRESSION_OPEN_AS: return COST_open_as;
    case EXPRESSION_PROPERTY: return COST_part;
    case EXPRESSION_JOIN: return COST_join;
    case EXPRESSION_LENGTH: return left->type->kind == CST_KIND_LIST ? 1 : COST_text_length;
    case EXPRESSION_SUM: return COST_list_sum;
    case EXPRESSION_LEAST:
    case EXPRESSION_GREATEST: return COST_list_least;
    case EXPRESSION_EQUAL: return equal_cost(pass, node);
    case EXPRESSION_IN_SET: return set_cost(pass, node);
    case EXPRESSION_IN_LIST: return COST_list_has;
    case EXPRESSION_STARTS: return COST_text_starts;
    case EXPRESSION_ENDS: return COST_text_ends;
    case EXPRESSION_INSIDE:
        return left->type->kind == CST_KIND_HOST ? COST_host_inside : COST_path_inside;
    case EXPRESSION_LEAVES: return COST_text_leaves;
    case EXPRESSION_FOUND: return COST_text_found;
    case EXPRESSION_CONTAINS: return COST_text_contains;
    case EXPRESSION_MATCHES: return COST_text_matches;
    case EXPRESSION_REPEATS: return COST_text_repeats;
    case EXPRESSION_EARLIER: return COST_past_earlier;
    case EXPRESSION_PAST_NUMBER: return COST_past_number;
    case EXPRESSION_PAST_LATEST: return COST_past_latest;
    case EXPRESSION_ASK: return COST_host_ask;
    case EXPRESSION_LABELLED: return COST_session_has;
    case EXPRESSION_NOTE: return COST_past_note;
    case EXPRESSION_FROM: return COST_value_from;
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN: return COST_command_facts;
    case EXPRESSION_RUNS: return COST_command_matches;
    case EXPRESSION_UNKNOWN: return COST_command_unknown;
    case EXPRESSION_WITHIN: return COST_command_inside;
    case EXPRESSION_CONSTANT:
    case EXPRESSION_FIELD:
    case EXPRESSION_LOCAL:
    case EXPRESSION_MEMBER:
    case EXPRESSION_NOT:
    case EXPRESSION_AND:
    case EXPRESSION_OR: return 0;
    default: return 1;
    }
}

static uint32_t node_cost(const lower_pass *pass, const graph_node *node)
{
    if (node->kind == EXPRESSION_ANY || node->kind == EXPRESSION_ALL) {
        const graph_node *list = graph_at(pass, node->operands[0]);
        const graph_node *body = graph_at(pass, node->operands[1]);
        const uint32_t bound = list->type->bound != 0 ? list->type->bound : LIMIT_LIST_ELEMENTS;
        return add_cost(list->cost, multiply_cost(bound, add_cost(body->cost, 1)));
    }
    uint32_t cost = own_cost(pass, node);
    for (uint32_t i = 0; i < node->operand_count; i++)
        cost = add_cost(cost, graph_at(pass, node->operands[i])->cost);
    return cost;
}

/* As marks_texts of the checker: what stands behind a `not` or an `all` has found nothing. */
static bool node_marks(const lower_pass *pass, const graph_node *node)
{
    switch (node->kind) {
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
    case EXPRESSION_REPEATS: return true;
    case EXPRESSION_ANY:
        return graph_at(pass, node->operands[0])->kind == EXPRESSION_FOUND ||
               graph_at(pass, node->operands[1])->marks;
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        for (uint32_t i = 0; i < node->operand_count; i++)
            if (graph_at(pass, node->operands[i])->marks)
                return true;
        return false;
    default: return false;
    }
}

static uint64_t level_bit(uint32_t level)
{
    return 1ull << (level < 63 ? level : 63);
}

static uint64_t free_locals(const lower_pass *pass, const graph_node *node)
{
    if (node->kind == EXPRESSION_LOCAL)
        return level_bit(node->local);
    uint64_t bits = 0;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        uint64_t below = pass->facts.items[node->operands[i]].free_locals;
        const bool is_body =
            i == 1 && (node->kind == EXPRESSION_ANY || node->kind == EXPRESSION_ALL);
        if (is_body && node->local < 63)
            below &= ~level_bit(node->local);
        bits |= below;
    }
    return bits;
}

/* ---- the table ------------------------------------------------------------------------------- */

static void grow_buckets(lower_pass *pass)
{
    const uint32_t count = pass->bucket_count == 0 ? 1024 : pass->bucket_count * 2;
    uint32_t *buckets = arena_array(pass->arena, count, sizeof *buckets);
    for (uint32_t id = 0; id < pass->facts.count; id++) {
        uint32_t at = pass->facts.items[id].hash & (count - 1);
        while (buckets[at] != 0)
            at = (at + 1) & (count - 1);
        buckets[at] = id + 1;
    }
    pass->buckets = buckets;
    pass->bucket_count = count;
}

node_id graph_make(lower_pass *pass, const graph_node *prototype)
{
    if (pass->graph->nodes.count >= pass->bucket_count / 2)
        grow_buckets(pass);
    const uint32_t hash = node_hash(prototype);
    uint32_t at = hash & (pass->bucket_count - 1);
    for (; pass->buckets[at] != 0; at = (at + 1) & (pass->bucket_count - 1)) {
        const uint32_t id = pass->buckets[at] - 1;
        if (pass->facts.items[id].hash == hash && node_equal(graph_at(pass, id), prototype))
            return id;
    }

    graph_node made = *prototype;
    if (kind_is_condition(made.kind))
        made.type = &condition_type;
    made.operands = arena_array(pass->arena, made.operand_count, sizeof *made.operands);
    if (made.operand_count > 0)
        memcpy(made.operands, prototype->operands, made.operand_count * sizeof *made.operands);
    made.memo = CST_NONE;
    made.uses = 0;
    made.undecidable = made.site != CST_NONE;
    made.asks = made.kind == EXPRESSION_ASK;
    for (uint32_t i = 0; i < made.operand_count; i++)
        made.asks = made.asks || graph_at(pass, made.operands[i])->asks;
    for (uint32_t i = 0; i < made.operand_count; i++)
        made.undecidable = made.undecidable || graph_at(pass, made.operands[i])->undecidable;
    made.marks = node_marks(pass, &made);
    made.cost = node_cost(pass, &made);
    const uint64_t locals = free_locals(pass, &made);
    made.uses_local = locals != 0;

    const uint32_t id = pass->graph->nodes.count;
    *ARENA_PUSH(pass->arena, &pass->graph->nodes) = made;
    *ARENA_PUSH(pass->arena, &pass->facts) = (node_facts){.hash = hash, .free_locals = locals};
    pass->buckets[at] = id + 1;
    return id;
}

node_id graph_truth(lower_pass *pass, bool value)
{
    const graph_node node = {
        .kind = EXPRESSION_CONSTANT,
        .type = &condition_type,
        .constant = {.as = {.integer = value}, .kind = CST_KIND_BOOL, .at = UINT32_MAX},
        .site = CST_NONE};
    return graph_make(pass, &node);
}

/* ---- the finished graph ---------------------------------------------------------------------- */

static void mark_reachable(const graph *whole, bool *reached)
{
    for (uint32_t i = 0; i < whole->roots.count; i++) {
        const graph_root *root = &whole->roots.items[i];
        reached[root->condition] = true;
        for (uint32_t w = 0; w < root->witness_count; w++)
            reached[root->witnesses[w]] = true;
    }
    for (uint32_t id = whole->nodes.count; id-- > 0;) {
        const graph_node *node = &whole->nodes.items[id];
        for (uint32_t i = 0; reached[id] && i < node->operand_count; i++)
            reached[node->operands[i]] = true;
    }
}

void graph_finish(lower_pass *pass)
{
    struct graph *whole = pass->graph;
    bool *reached = arena_array(pass->arena, whole->nodes.count, sizeof *reached);
    node_id *renamed = arena_array(pass->arena, whole->nodes.count, sizeof *renamed);
    mark_reachable(whole, reached);

    uint32_t kept = 0;
    for (uint32_t id = 0; id < whole->nodes.count; id++) {
        if (!reached[id])
            continue;
        graph_node *node = &whole->nodes.items[id];
        for (uint32_t i = 0; i < node->operand_count; i++) {
            node->operands[i] = renamed[node->operands[i]];
            whole->nodes.items[node->operands[i]].uses++;
        }
        renamed[id] = kept;
        whole->nodes.items[kept++] = *node;
    }
    whole->nodes.count = kept;

    for (uint32_t i = 0; i < whole->roots.count; i++) {
        graph_root *root = &whole->roots.items[i];
        root->condition = renamed[root->condition];
        whole->nodes.items[root->condition].uses++;
        for (uint32_t w = 0; w < root->witness_count; w++)
            root->witnesses[w] = renamed[root->witnesses[w]];
    }
}

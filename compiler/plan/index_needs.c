/*
 * index_needs.c - what an event must say for a rule not to be false.
 *
 * A condition is looked at as far as `and` and `or` go. `a == 1 and …` needs a to be 1; `a == 1 or
 * a == 2` needs one of both; `a == 1 or b == 2` needs nothing of a alone. A need is a superset:
 * what it rules out makes the condition false, whatever else is true, false or undecided, because
 * `and` is the least of its operands. So only keys that are always decided count, and nothing is
 * concluded from a comparison with anything undecided.
 *
 * Every rule is looked at with a bounded number of steps, so shared conditions cost no more than
 * their users.
 */
#include <string.h>

#include "compiler/plan/index.h"
#include "compiler/plan/nodes.h"
#include "compiler/row_index.h"
#include "runtime/base/hash.h"

enum {
    GATHER_DEPTH = 6,      /* nesting of junctions that is looked into */
    GATHER_STEPS = 192,    /* nodes that are looked at for one rule */
    POINTS_OF_A_SPAN = 16, /* a span of more values is no list of them */
    SHARED_LEAST = 4       /* a condition is a key if as many places use it */
};

typedef struct partial {
    uint32_t key, count;
    uint32_t set; /* as in index_need */
    bool not_in;
    index_span spans[INDEX_RULE_SPANS];
} partial;

typedef struct partials {
    bool never;
    bool exact; /* the condition is true if all needs are met, and never undecided */
    uint32_t count;
    partial items[INDEX_RULE_KEYS];
} partials;

typedef struct gathering {
    indexing *x;
    row_index *prefix_rows;
    uint32_t steps;
} gathering;

static const graph_node *node_at(const gathering *g, node_id id)
{
    return &g->x->graph->nodes.items[id];
}

/* ---- keys ------------------------------------------------------------------------------------ */

static bool can_be_key(const graph_node *node)
{
    return node->kind != EXPRESSION_CONSTANT && !node->undecidable && !node->uses_local &&
           !node->asks && node->cost <= INDEX_KEY_COST;
}

static uint32_t key_number(indexing *x, node_id id, plan_key_form form)
{
    uint32_t *known = &x->key_of[form][id];
    if (*known == 0) {
        *ARENA_PUSH(x->memory, &x->keys) = (index_key){.what = {id, form}};
        *known = x->keys.count;
    }
    return *known - 1;
}

static void need_spans(gathering *g, partials *out, node_id id, plan_key_form form,
                       const index_span *spans, uint32_t count)
{
    *out = (partials){.never = count == 0, .exact = true};
    if (count == 0)
        return;
    out->count = 1;
    out->items[0].key = key_number(g->x, id, form);
    out->items[0].count = count;
    out->items[0].set = CST_NONE;
    memcpy(out->items[0].spans, spans, count * sizeof *spans);
}

static void need_number(gathering *g, partials *out, node_id id, int64_t low, int64_t high)
{
    const index_span span = {low, high};
    need_spans(g, out, id, PLAN_KEY_NUMBER, &span, low <= high);
}

/* ---- prefixes -------------------------------------------------------------------------------- */

static int64_t prefix_number(gathering *g, index_prefix prefix)
{
    indexing *x = g->x;
    const uint32_t hash = cst_hash(prefix.text, prefix.length) + prefix.folder;
    uint32_t at = hash, row;
    while ((row = row_index_next(g->prefix_rows, hash, &at)) != CST_NONE)
        if (x->prefixes.items[row].length == prefix.length &&
            x->prefixes.items[row].folder == prefix.folder &&
            memcmp(x->prefixes.items[row].text, prefix.text, prefix.length) == 0)
            return row;
    row_index_add(g->prefix_rows, x->memory, hash, x->prefixes.count);
    *ARENA_PUSH(x->memory, &x->prefixes) = prefix;
    return x->prefixes.count - 1;
}

/* Whether every text that `inner` takes is one of `outer`. Where neither takes all of the other, no
 * text is taken by both. */
static bool covers(const index_prefix *outer, const index_prefix *inner)
{
    if (outer->length > inner->length || memcmp(inner->text, outer->text, outer->length) != 0)
        return false;
    if (!outer->folder)
        return true;
    return inner->length == outer->length ? inner->folder : inner->text[outer->length] == '/';
}

/* A folder that climbs out of where it starts holds nothing; / and . hold more than what begins
 * with them. */
static bool is_plain_folder(const char *text, uint32_t length)
{
    return length >= 2 && !(text[0] == '.' && text[1] == '.');
}

static void need_prefix(gathering *g, partials *out, const graph_node *node)
{
    const graph_node *text = node_at(g, node->operands[0]);
    const graph_node *prefix = node_at(g, node->operands[1]);
    const bool inside = node->kind == EXPRESSION_INSIDE;
    *out = (partials){0};
    if (prefix->kind != EXPRESSION_CONSTANT || !can_be_key(text) ||
        !kind_has_text(text->type->kind) || prefix->constant.length == 0 ||
        (inside && (text->type->kind != CST_KIND_PATH ||
                    !is_plain_folder(prefix->constant.as.text, prefix->constant.length))))
        return;
    const bool whole = prefix->constant.length <= LIMIT_INDEX_PREFIX_BYTES;
    const int64_t number = prefix_number(
        g, (index_prefix){.text = prefix->constant.as.text,
                          .length = whole ? prefix->constant.length : LIMIT_INDEX_PREFIX_BYTES,
                          .folder = inside && whole});
    const index_span span = {number, number};
    need_spans(g, out, node->operands[0], PLAN_KEY_PREFIX, &span, 1);
    out->exact = whole;
}

/* ---- and, or --------------------------------------------------------------------------------- */

static uint32_t partial_of(const partials *all, uint32_t key)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (all->items[i].key == key)
            return i;
    return CST_NONE;
}

/* What is in both. Where that has too many pieces, `mine` stays: it is a superset. False then. */
static bool intersect(partial *mine, const partial *other)
{
    index_span both[INDEX_RULE_SPANS];
    uint32_t count = 0;
    for (uint32_t i = 0, j = 0; i < mine->count && j < other->count;) {
        const index_span a = mine->spans[i], b = other->spans[j];
        const index_span shared = {a.low > b.low ? a.low : b.low,
                                   a.high < b.high ? a.high : b.high};
        if (shared.low <= shared.high && count == INDEX_RULE_SPANS)
            return false;
        if (shared.low <= shared.high)
            both[count++] = shared;
        if (a.high < b.high)
            i++;
        else
            j++;
    }
    memcpy(mine->spans, both, count * sizeof *both);
    mine->count = count;
    return true;
}

static void meet(const gathering *g, partials *mine, const partials *other)
{
    mine->never = mine->never || other->never;
    mine->exact = mine->exact && other->exact;
    for (uint32_t i = 0; i < other->count; i++) {
        const uint32_t known = partial_of(mine, other->items[i].key);
        const bool prefix = g->x->keys.items[other->items[i].key].what.form == PLAN_KEY_PREFIX;
        const bool set = known != CST_NONE &&
                         (mine->items[known].set != CST_NONE || other->items[i].set != CST_NONE);
        if (known == CST_NONE && mine->count < INDEX_RULE_KEYS)
            mine->items[mine->count++] = other->items[i];
        else if (known == CST_NONE || prefix ||
                 set) /* a text may have two prefixes, and be in two sets */
            mine->exact = false;
        else
            mine->exact = intersect(&mine->items[known], &other->items[i]) && mine->exact;
        if (set && mine->items[known].set != CST_NONE) /* spans are worth more */
            mine->items[known] = other->items[i];
        mine->never = mine->never || (known != CST_NONE && !set && mine->items[known].count == 0);
    }
}

/* Prefixes of which none covers another: a text leads to each rule once. False: too many. */
static bool unite_prefixes(const indexing *x, partial *mine, const partial *other)
{
    for (uint32_t i = 0; i < other->count; i++) {
        const index_prefix *added = &x->prefixes.items[other->spans[i].low];
        bool covered = false;
        uint32_t kept = 0;
        for (uint32_t k = 0; k < mine->count; k++) {
            const index_prefix *old = &x->prefixes.items[mine->spans[k].low];
            covered = covered || covers(old, added);
            if (covered || !covers(added, old))
                mine->spans[kept++] = mine->spans[k];
        }
        mine->count = kept;
        if (!covered && kept == INDEX_RULE_SPANS)
            return false;
        if (!covered)
            mine->spans[mine->count++] = other->spans[i];
    }
    return true;
}

/* What is in either, ascending and disjoint. False: too many pieces. */
static bool unite(partial *mine, const partial *other)
{
    index_span all[INDEX_RULE_SPANS];
    uint32_t count = 0;
    for (uint32_t i = 0, j = 0; i < mine->count || j < other->count;) {
        const bool first =
            j == other->count || (i < mine->count && mine->spans[i].low <= other->spans[j].low);
        const index_span next = first ? mine->spans[i++] : other->spans[j++];
        index_span *last = count > 0 ? &all[count - 1] : NULL;
        if (last != NULL && (last->high == INT64_MAX || next.low <= last->high + 1)) {
            last->high = next.high > last->high ? next.high : last->high;
            continue;
        }
        if (count == INDEX_RULE_SPANS)
            return false;
        all[count++] = next;
    }
    memcpy(mine->spans, all, count * sizeof *all);
    mine->count = count;
    return true;
}

static void join(const gathering *g, partials *mine, const partials *other)
{
    if (other->never)
        return;
    if (mine->never) {
        *mine = *other;
        return;
    }
    /* only needs of one key come together without loss */
    mine->exact = mine->exact && other->exact && mine->count == 1 && other->count == 1;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < mine->count; i++) {
        const uint32_t found = partial_of(other, mine->items[i].key);
        if (found == CST_NONE || mine->items[i].set != CST_NONE ||
            other->items[found].set != CST_NONE)
            continue;
        partial *one = &mine->items[i];
        const bool prefix = g->x->keys.items[one->key].what.form == PLAN_KEY_PREFIX;
        if (prefix ? unite_prefixes(g->x, one, &other->items[found])
                   : unite(one, &other->items[found]))
            mine->items[kept++] = *one;
    }
    mine->exact = mine->exact && kept == mine->count;
    mine->count = kept;
}

/* ---- conditions ------------------------------------------------------------------------------ */

static void gather(gathering *g, node_id id, uint32_t depth, partials *out);

/* Everything but one value. */
static void need_other(gathering *g, partials *out, node_id id, plan_key_form form, int64_t value)
{
    index_span spans[2];
    uint32_t count = 0;
    if (value != INT64_MIN)
        spans[count++] = (index_span){INT64_MIN, value - 1};
    if (value != INT64_MAX)
        spans[count++] = (index_span){value + 1, INT64_MAX};
    need_spans(g, out, id, form, spans, count);
}

static void need_equal(gathering *g, partials *out, const graph_node *node, bool negated)
{
    const graph_node *left = node_at(g, node->operands[0]);
    const graph_node *right = node_at(g, node->operands[1]);
    *out = (partials){0};
    if (right->kind != EXPRESSION_CONSTANT || !can_be_key(left))
        return;
    const cst_kind kind = left->type->kind;
    const uint32_t symbol = g->x->plan->symbols_of_constants[node->operands[1]];
    const int64_t number = right->constant.as.integer;
    if (negated && kind_has_integer(kind))
        need_other(g, out, node->operands[0], PLAN_KEY_NUMBER, number);
    else if (negated && kind_has_text(kind) && symbol != 0)
        need_other(g, out, node->operands[0], PLAN_KEY_SYMBOL, symbol);
    else if (kind_has_integer(kind))
        need_number(g, out, node->operands[0], number, number);
    else if (kind_has_text(kind) && symbol != 0)
        need_spans(g, out, node->operands[0], PLAN_KEY_SYMBOL, &(index_span){symbol, symbol}, 1);
}

/* Sets have no order that could be relied on: values are put in one by one. */
static void need_member(gathering *g, partials *out, const graph_node *node, bool negated)
{
    const checked_set *set = &g->x->policy->sets.items[node->index];
    const bool text = kind_has_text(set->kind);
    *out = (partials){0};
    if (set->kind == CST_KIND_IP || (!text && !kind_has_integer(set->kind)) ||
        !can_be_key(node_at(g, node->operands[0])))
        return;
    if (negated || set->count > INDEX_RULE_SPANS) {
        *out = (partials){.exact = true, .count = 1};
        out->items[0] = (partial){
            .key = key_number(g->x, node->operands[0], text ? PLAN_KEY_SYMBOL : PLAN_KEY_NUMBER),
            .set = node->index,
            .not_in = negated};
        return;
    }
    partials one = {0};
    *out = (partials){.never = true, .exact = true};
    for (uint32_t i = 0; i < set->count; i++) {
        const int64_t value = text ? set->values[i].symbol : set->values[i].as.integer;
        need_spans(g, &one, node->operands[0], text ? PLAN_KEY_SYMBOL : PLAN_KEY_NUMBER,
                   &(index_span){value, value}, 1);
        join(g, out, &one);
    }
}

static void need_less(gathering *g, partials *out, const graph_node *node, bool negated)
{
    const graph_node *left = node_at(g, node->operands[0]);
    const graph_node *right = node_at(g, node->operands[1]);
    *out = (partials){0};
    if (node->kind != EXPRESSION_LESS || !kind_has_integer(left->type->kind))
        return;
    if (right->kind == EXPRESSION_CONSTANT && can_be_key(left)) { /* x < c */
        const int64_t bound = right->constant.as.integer;
        if (negated)
            need_number(g, out, node->operands[0], bound, INT64_MAX);
        else if (bound == INT64_MIN)
            out->never = true;
        else
            need_number(g, out, node->operands[0], INT64_MIN, bound - 1);
    } else if (left->kind == EXPRESSION_CONSTANT && can_be_key(right)) { /* c < x */
        const int64_t bound = left->constant.as.integer;
        if (negated)
            need_number(g, out, node->operands[1], INT64_MIN, bound);
        else if (bound == INT64_MAX)
            out->never = true;
        else
            need_number(g, out, node->operands[1], bound + 1, INT64_MAX);
    }
}

/* A condition as a key of its own: 0 or 1. */
static void need_truth(gathering *g, partials *out, node_id id, bool negated)
{
    const graph_node *node = node_at(g, id);
    *out = (partials){0};
    if (node->kind == EXPRESSION_TRUTH && can_be_key(node_at(g, node->operands[0])))
        need_number(g, out, node->operands[0], negated ? 0 : 1, negated ? 0 : 1);
    else if (node->kind >= EXPRESSION_TRUTH && node->kind < EXPRESSION_ANY && can_be_key(node) &&
             node->kind != EXPRESSION_NOTE && node->uses >= SHARED_LEAST)
        need_number(g, out, id, negated ? 0 : 1, negated ? 0 : 1);
}

static void gather_junction(gathering *g, const graph_node *node, uint32_t depth, partials *out)
{
    const bool is_and = node->kind == EXPRESSION_AND;
    partials one;
    *out = (partials){.never = !is_and, .exact = true};
    if (depth == GATHER_DEPTH || node->operand_count > g->steps) {
        *out = (partials){0};
        return;
    }
    for (uint32_t i = 0; i < node->operand_count && (is_and || out->never || out->count > 0); i++) {
        gather(g, node->operands[i], depth + 1, &one);
        if (is_and)
            meet(g, out, &one);
        else
            join(g, out, &one);
    }
}

static void gather_plain(gathering *g, node_id id, bool negated, partials *out)
{
    const graph_node *node = node_at(g, id);
    switch (node->kind) {
    case EXPRESSION_EQUAL: need_equal(g, out, node, negated); break;
    case EXPRESSION_IN_SET: need_member(g, out, node, negated); break;
    case EXPRESSION_LESS: need_less(g, out, node, negated); break;
    case EXPRESSION_STARTS:
    case EXPRESSION_INSIDE:
        if (!negated)
            need_prefix(g, out, node);
        break;
    default: break;
    }
    if (!out->never && out->count == 0)
        need_truth(g, out, id, negated);
}

/* Steps that are used up end the look: nothing more is concluded, which is always right. */
static void gather(gathering *g, node_id id, uint32_t depth, partials *out)
{
    const graph_node *node = node_at(g, id);
    *out = (partials){0};
    if (g->steps == 0)
        return;
    g->steps--;
    if (node->kind == EXPRESSION_AND || node->kind == EXPRESSION_OR)
        gather_junction(g, node, depth, out);
    else if (node->kind == EXPRESSION_CONSTANT)
        *out = (partials){.never = node->constant.as.integer == 0, .exact = true};
    else if (node->kind == EXPRESSION_NOT)
        gather_plain(g, node->operands[0], true, out);
    else
        gather_plain(g, id, false, out);
}

/* ---- all rules of a group -------------------------------------------------------------------- */

static void keep_needs(indexing *x, index_rule *rule, const partials *found)
{
    rule->never = found->never;
    rule->exact = found->exact;
    rule->first = x->needs.count;
    for (uint32_t i = 0; i < found->count && !found->never; i++) {
        const partial *one = &found->items[i];
        *ARENA_PUSH(x->memory, &x->needs) = (index_need){.key = one->key,
                                                         .first_span = x->spans.count,
                                                         .span_count = one->count,
                                                         .set = one->set,
                                                         .not_in = one->not_in};
        for (uint32_t s = 0; s < one->count; s++)
            *ARENA_PUSH(x->memory, &x->spans) = one->spans[s];
        x->keys.items[one->key].rules++;
        rule->count++;
    }
}

static uint32_t points_of(const indexing *x, const index_need *need)
{
    uint64_t points = 0;
    for (uint32_t s = 0; s < need->span_count; s++) {
        const index_span span = x->spans.items[need->first_span + s];
        const uint64_t more = (uint64_t)span.high - (uint64_t)span.low;
        if (more >= POINTS_OF_A_SPAN)
            return 0;
        points += more + 1;
    }
    return points <= INDEX_RULE_SPANS ? (uint32_t)points : 0;
}

static uint32_t value_hash(int64_t value)
{
    return (uint32_t)(((uint64_t)value * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static uint32_t value_id(indexing *x, index_key *key, row_index *known, int64_t value)
{
    const uint32_t hash = value_hash(value);
    uint32_t at = hash, id;
    while ((id = row_index_next(known, hash, &at)) != CST_NONE)
        if (key->values.items[id] == value)
            return id;
    row_index_add(known, x->memory, hash, key->values.count);
    *ARENA_PUSH(x->memory, &key->values) = value;
    return key->values.count - 1;
}

static void number_values(indexing *x)
{
    row_index *known = arena_array(x->memory, x->keys.count, sizeof *known);
    for (uint32_t n = 0; n < x->needs.count; n++) {
        index_need *need = &x->needs.items[n];
        index_key *key = &x->keys.items[need->key];
        need->first_id = x->ids.count;
        need->id_count = points_of(x, need);
        key->wide += need->id_count == 0 && need->set == CST_NONE;
        for (uint32_t s = 0; need->id_count > 0 && s < need->span_count; s++) {
            const index_span span = x->spans.items[need->first_span + s];
            for (int64_t value = span.low;; value++) {
                *ARENA_PUSH(x->memory, &x->ids) = value_id(x, key, &known[need->key], value);
                if (value == span.high)
                    break;
            }
        }
    }
    for (uint32_t k = 0; k < x->keys.count; k++)
        x->keys.items[k].counts =
            arena_array(x->memory, x->keys.items[k].values.count, sizeof(uint32_t));
}

/* Keeps the keys that most rules need, and drops the needs of others. */
static void choose_keys(indexing *x)
{
    uint32_t *renamed = arena_array(x->memory, x->keys.count, sizeof *renamed);
    index_key chosen[INDEX_KEYS];
    uint32_t count = 0;
    for (uint32_t k = 0; k < x->keys.count; k++)
        renamed[k] = CST_NONE;
    for (; count < INDEX_KEYS; count++) {
        uint32_t best = CST_NONE;
        for (uint32_t k = 0; k < x->keys.count; k++)
            if (renamed[k] == CST_NONE && x->keys.items[k].rules > 1 &&
                (best == CST_NONE || x->keys.items[k].rules > x->keys.items[best].rules))
                best = k;
        if (best == CST_NONE)
            break;
        renamed[best] = count;
        chosen[count] = x->keys.items[best];
    }
    uint32_t kept = 0;
    for (uint32_t r = 0; r < x->group->rule_count; r++) {
        index_rule *rule = &x->rules[r];
        const uint32_t first = rule->first, behind = rule->first + rule->count;
        rule->first = kept;
        for (uint32_t n = first; n < behind; n++) {
            index_need need = x->needs.items[n];
            need.key = renamed[need.key];
            if (need.key != CST_NONE)
                x->needs.items[kept++] = need;
            else
                rule->exact = false;
        }
        rule->count = kept - rule->first;
    }
    x->needs.count = kept;
    x->keys.count = count;
    for (uint32_t k = 0; k < count; k++)
        x->keys.items[k] = chosen[k];
}

void index_needs(indexing *x)
{
    row_index prefix_rows = {0};
    gathering g = {.x = x, .prefix_rows = &prefix_rows};
    partials found;
    x->keys.count = x->needs.count = x->spans.count = x->ids.count = x->prefixes.count = 0;
    x->rules = arena_array(x->memory, x->group->rule_count, sizeof *x->rules);
    for (uint32_t r = 0; r < x->group->rule_count; r++) {
        g.steps = GATHER_STEPS;
        gather(&g, x->graph->roots.items[x->group->rules[r].root].condition, 0, &found);
        keep_needs(x, &x->rules[r], &found);
    }
    for (uint32_t k = 0; k < x->keys.count; k++)
        x->key_of[x->keys.items[k].what.form][x->keys.items[k].what.node] = 0;
    choose_keys(x);
    number_values(x);
}

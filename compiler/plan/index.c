/*
 * index.c - which groups get an index, and how it tells their rules apart.
 *
 * A tree is grown from the top: for the rules in hand every key that is left is weighed, the
 * cheapest splits them by its values, and the rules that do not need the key go on in `rest`. Each
 * value's rules, and the rest, are then split in their turn. Rules that need one of several values
 * stand below each of them; a walk meets each rule at most once, since it takes one child of a
 * node.
 *
 * Costs are in quarters of a comparison, measured on plain rules: RULE for one in a run of straight
 * code, RUN to reach such a run (two jumps that cannot be foreseen), LOOKUP for one table, ENTRY
 * for the index as a whole. A leaf of n rules costs RUN + n RULE. What a key's table leaves is
 * guessed half from an event that has any value of the key alike (one of all that the group knows,
 * or another), half from one whose values are as the rules': so a value that most rules need does
 * not look rare.
 *
 *     cost of a node = LOOKUP + half of both guesses + cost of the rest
 *
 * A group gets its index if that is expected to cost less than GAIN of straight code.
 *
 * Ranges are told apart by cells between their ends. Fine cells serve narrow ranges, and a rule
 * that would stand in many stays in the rest; there, few coarse cells serve the wide ones. So no
 * rule is copied often, and all copies together are bounded.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/plan/index.h"

enum {
    COST_ENTRY = 24,
    COST_LOOKUP = 12,
    COST_HALVING = 5, /* one step of a binary search */
    COST_PREFIXES = 40,
    COST_RUN = 20,
    COST_RULE = 4,
    COST_KEY = 4, /* of a comparison that a key costs */
    GAIN = 3,     /* quarters */
    LEAST_RULES = 12,
    CELLS_OF_A_RULE = 8, /* a rule in more fine cells stays in the rest */
    COARSE_CELLS = 8,
    COPIES_A_RULE = 8
};

typedef enum split_form { SPLIT_VALUES, SPLIT_FINE, SPLIT_COARSE, SPLIT_FORMS } split_form;

typedef struct split { /* one way to tell rules apart */
    uint32_t key;
    split_form form;
    uint64_t cost;
    uint64_t copies;
    int64_t *bounds; /* of cells */
    uint32_t bound_count;
} split;

typedef struct rule_list {
    uint32_t *items;
    uint32_t count;
} rule_list;

static uint64_t leaf_cost(uint64_t rules)
{
    return rules == 0 ? 0 : COST_RUN + COST_RULE * rules;
}

static const index_need *need_of(const indexing *x, uint32_t rule, uint32_t key)
{
    const index_rule *one = &x->rules[rule];
    for (uint32_t n = one->first; n < one->first + one->count; n++)
        if (x->needs.items[n].key == key)
            return &x->needs.items[n];
    return NULL;
}

static uint64_t form_bit(uint32_t key, split_form form)
{
    return (uint64_t)1 << (key * SPLIT_FORMS + form);
}

/* ---- weighing values ------------------------------------------------------------------------- */

typedef struct tally {
    uint64_t rules, placed, squares, values;
} tally;

/* Sums over the buckets of a table: how many, their rules, and the squares of those. `domain`: how
 * many values an event may have. */
static uint64_t guess(uint64_t buckets, uint64_t placed, uint64_t squares, uint64_t domain)
{
    const uint64_t alike = (COST_RUN * buckets + COST_RULE * placed) / domain;
    const uint64_t as_rules = placed == 0 ? 0 : COST_RUN + COST_RULE * squares / placed;
    return (alike + as_rules) / 2;
}

static void tally_rules(indexing *x, const rule_list *rules, tally *all)
{
    for (uint32_t r = 0; r < rules->count; r++) {
        const index_rule *rule = &x->rules[rules->items[r]];
        for (uint32_t n = rule->first; n < rule->first + rule->count; n++) {
            const index_need *need = &x->needs.items[n];
            tally *one = &all[need->key];
            one->rules += need->id_count > 0;
            for (uint32_t i = 0; i < need->id_count; i++) {
                uint32_t *count =
                    &x->keys.items[need->key].counts[x->ids.items[need->first_id + i]];
                one->values += *count == 0;
                one->squares += 2u * *count + 1u;
                one->placed++;
                ++*count;
            }
        }
    }
    for (uint32_t r = 0; r < rules->count; r++) {
        const index_rule *rule = &x->rules[rules->items[r]];
        for (uint32_t n = rule->first; n < rule->first + rule->count; n++) {
            const index_need *need = &x->needs.items[n];
            for (uint32_t i = 0; i < need->id_count; i++)
                x->keys.items[need->key].counts[x->ids.items[need->first_id + i]] = 0;
        }
    }
}

static void weigh_values(indexing *x, const rule_list *rules, uint64_t used, split *best)
{
    tally all[INDEX_KEYS] = {{0}};
    tally_rules(x, rules, all);
    for (uint32_t k = 0; k < x->keys.count; k++) {
        const index_key *key = &x->keys.items[k];
        const tally *one = &all[k];
        const uint64_t copies = one->placed - one->rules;
        if (one->rules == 0 || (used & form_bit(k, SPLIT_VALUES)) != 0 || copies > x->copies_left)
            continue;
        const uint64_t look = key->what.form == PLAN_KEY_PREFIX ? COST_PREFIXES : COST_LOOKUP;
        const uint64_t cost =
            look + guess(one->values, one->placed, one->squares, key->values.count + 1u) +
            leaf_cost(rules->count - one->rules);
        if (cost < best->cost)
            *best = (split){.key = k, .form = SPLIT_VALUES, .cost = cost, .copies = copies};
    }
}

/* ---- weighing cells -------------------------------------------------------------------------- */

static int compare_numbers(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Where spans begin and end, ascending, without duplicates. */
static int64_t *ends_of(indexing *x, const rule_list *rules, uint32_t key, uint32_t *count)
{
    uint32_t most = 0, used = 0;
    for (uint32_t r = 0; r < rules->count; r++) {
        const index_need *need = need_of(x, rules->items[r], key);
        most += need != NULL ? need->span_count * 2 : 0;
    }
    int64_t *ends = arena_array(x->memory, most, sizeof *ends);
    for (uint32_t r = 0; r < rules->count; r++) {
        const index_need *need = need_of(x, rules->items[r], key);
        for (uint32_t s = 0; need != NULL && s < need->span_count; s++) {
            const index_span span = x->spans.items[need->first_span + s];
            if (span.low != INT64_MIN)
                ends[used++] = span.low;
            if (span.high != INT64_MAX)
                ends[used++] = span.high + 1;
        }
    }
    if (used > 1)
        qsort(ends, used, sizeof *ends, compare_numbers);
    *count = 0;
    for (uint32_t i = 0; i < used; i++)
        if (*count == 0 || ends[*count - 1] != ends[i])
            ends[(*count)++] = ends[i];
    return ends;
}

/* How many boundaries are not above a value: its cell. */
static uint32_t cell_of(const split *of, int64_t value)
{
    uint32_t low = 0, high = of->bound_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (of->bounds[middle] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

typedef struct cell_walk { /* the cells of one rule: spans ascend, and so do they */
    const indexing *x;
    const split *of;
    const index_need *need;
    uint32_t span, next, last;
} cell_walk;

static bool next_cell(cell_walk *w, uint32_t *cell)
{
    while (w->next > w->last || w->span == 0) {
        if (w->span == w->need->span_count)
            return false;
        const index_span span = w->x->spans.items[w->need->first_span + w->span];
        const uint32_t first = cell_of(w->of, span.low);
        w->next = w->span > 0 && first <= w->last ? w->last + 1 : first;
        w->last = cell_of(w->of, span.high);
        w->span++;
    }
    *cell = w->next++;
    return true;
}

/* In how many cells a rule stands; 0: in none of them but in the rest. */
static uint32_t cells_of(const indexing *x, const split *of, uint32_t rule)
{
    const index_need *need = need_of(x, rule, of->key);
    if (need == NULL)
        return 0;
    cell_walk w = {.x = x, .of = of, .need = need};
    uint32_t count = 0, cell;
    while (count <= CELLS_OF_A_RULE && next_cell(&w, &cell))
        count++;
    return count <= CELLS_OF_A_RULE ? count : 0;
}

static void weigh_one(indexing *x, const rule_list *rules, split tried, split *best)
{
    const uint32_t cells = tried.bound_count + 1;
    uint32_t *counts = arena_array(x->memory, cells, sizeof *counts);
    uint64_t rest = 0, placed = 0, squares = 0, filled = 0;
    for (uint32_t r = 0; r < rules->count; r++) {
        const uint32_t own = cells_of(x, &tried, rules->items[r]);
        rest += own == 0;
        placed += own;
        tried.copies += own > 0 ? own - 1 : 0;
        cell_walk w = {.x = x, .of = &tried, .need = need_of(x, rules->items[r], tried.key)};
        uint32_t cell;
        while (own > 0 && next_cell(&w, &cell)) {
            filled += counts[cell] == 0;
            squares += 2u * counts[cell] + 1u;
            counts[cell]++;
        }
    }
    uint64_t steps = 1;
    while (cells >> steps != 0)
        steps++;
    tried.cost = COST_LOOKUP + COST_HALVING * steps + guess(filled, placed, squares, cells) +
                 leaf_cost(rest);
    if (placed > 0 && tried.copies <= x->copies_left && tried.cost < best->cost)
        *best = tried;
}

static void weigh_cells(indexing *x, const rule_list *rules, uint64_t used, split *best)
{
    for (uint32_t k = 0; k < x->keys.count; k++) {
        const bool fine = (used & form_bit(k, SPLIT_FINE)) == 0;
        const bool coarse = (used & form_bit(k, SPLIT_COARSE)) == 0;
        if (x->keys.items[k].wide == 0 || x->keys.items[k].what.form != PLAN_KEY_NUMBER ||
            (!fine && !coarse))
            continue;
        uint32_t count;
        int64_t *ends = ends_of(x, rules, k, &count);
        if (count == 0)
            continue;
        if (fine && count >= COARSE_CELLS)
            weigh_one(x, rules,
                      (split){.key = k, .form = SPLIT_FINE, .bounds = ends, .bound_count = count},
                      best);
        if (!coarse)
            continue;
        const uint32_t few = count < COARSE_CELLS - 1 ? count : COARSE_CELLS - 1;
        int64_t *apart = arena_array(x->memory, few, sizeof *apart);
        for (uint32_t i = 0; i < few; i++)
            apart[i] = ends[(uint64_t)(i + 1) * count / (few + 1)];
        weigh_one(x, rules,
                  (split){.key = k, .form = SPLIT_COARSE, .bounds = apart, .bound_count = few},
                  best);
    }
}

/* ---- growing --------------------------------------------------------------------------------- */

/* `used`: form_bits of splits above; `met`: as in a leaf. */
static const index_node *grow(indexing *x, rule_list rules, uint64_t used, uint64_t met);

/* Prefixes are told apart on the way to a leaf, and are no tests there. */
static bool prefixes_met(const indexing *x, uint32_t rule, uint64_t met)
{
    const index_rule *one = &x->rules[rule];
    for (uint32_t n = one->first; n < one->first + one->count; n++) {
        const uint32_t key = x->needs.items[n].key;
        if (x->keys.items[key].what.form == PLAN_KEY_PREFIX && (met >> key & 1u) == 0)
            return false;
    }
    return true;
}

static index_node *make_leaf(indexing *x, rule_list rules, uint64_t met)
{
    index_node *leaf = arena_allocate(x->memory, sizeof *leaf);
    *leaf = (index_node){.form = CST_INDEX_LEAF,
                         .rules = rules.items,
                         .count = rules.count,
                         .met = met,
                         .expected = leaf_cost(rules.count)};
    leaf->exact = arena_array(x->memory, rules.count, sizeof *leaf->exact);
    for (uint32_t r = 0; r < rules.count; r++)
        leaf->exact[r] = x->rules[rules.items[r]].exact && prefixes_met(x, rules.items[r], met) &&
                         index_rule_fits(x, rules.items[r], met);
    return leaf;
}

typedef struct buckets {
    rule_list *items;
    uint32_t *ids; /* of the bucket; NULL: its number */
    uint32_t count;
    rule_list rest;
} buckets;

static buckets split_by_values(indexing *x, const rule_list *rules, uint32_t key)
{
    uint32_t *counts = x->keys.items[key].counts; /* first counts, then bucket numbers + 1 */
    buckets out = {.rest.items = arena_array(x->memory, rules->count, sizeof(uint32_t))};
    uint32_t placed = 0;
    for (uint32_t r = 0; r < rules->count; r++) {
        const index_need *need = need_of(x, rules->items[r], key);
        placed += need != NULL ? need->id_count : 0;
    }
    out.ids = arena_array(x->memory, placed, sizeof *out.ids);
    for (uint32_t r = 0; r < rules->count; r++) {
        const index_need *need = need_of(x, rules->items[r], key);
        for (uint32_t i = 0; need != NULL && i < need->id_count; i++) {
            const uint32_t id = x->ids.items[need->first_id + i];
            if (counts[id]++ == 0)
                out.ids[out.count++] = id;
        }
    }
    out.items = arena_array(x->memory, out.count, sizeof *out.items);
    uint32_t *room = arena_array(x->memory, placed, sizeof *room);
    for (uint32_t b = 0, at = 0; b < out.count; b++) {
        out.items[b].items = room + at;
        at += counts[out.ids[b]];
        counts[out.ids[b]] = b + 1;
    }
    for (uint32_t r = 0; r < rules->count; r++) {
        const index_need *need = need_of(x, rules->items[r], key);
        for (uint32_t i = 0; need != NULL && i < need->id_count; i++) {
            rule_list *bucket = &out.items[counts[x->ids.items[need->first_id + i]] - 1];
            bucket->items[bucket->count++] = rules->items[r];
        }
        if (need == NULL || need->id_count == 0)
            out.rest.items[out.rest.count++] = rules->items[r];
    }
    for (uint32_t b = 0; b < out.count; b++)
        counts[out.ids[b]] = 0;
    return out;
}

static buckets split_by_cells(indexing *x, const rule_list *rules, const split *how)
{
    buckets out = {.count = how->bound_count + 1,
                   .rest.items = arena_array(x->memory, rules->count, sizeof(uint32_t))};
    out.items = arena_array(x->memory, out.count, sizeof *out.items);
    uint32_t *counts = arena_array(x->memory, out.count, sizeof *counts), placed = 0, cell;
    for (uint32_t r = 0; r < rules->count; r++) {
        const uint32_t own = cells_of(x, how, rules->items[r]);
        cell_walk w = {.x = x, .of = how, .need = need_of(x, rules->items[r], how->key)};
        while (own > 0 && next_cell(&w, &cell))
            counts[cell]++;
        placed += own;
    }
    uint32_t *room = arena_array(x->memory, placed, sizeof *room);
    for (uint32_t b = 0; b < out.count; b++) {
        out.items[b].items = room;
        room += counts[b];
    }
    for (uint32_t r = 0; r < rules->count; r++) {
        const uint32_t own = cells_of(x, how, rules->items[r]);
        cell_walk w = {.x = x, .of = how, .need = need_of(x, rules->items[r], how->key)};
        while (own > 0 && next_cell(&w, &cell))
            out.items[cell].items[out.items[cell].count++] = rules->items[r];
        if (own == 0)
            out.rest.items[out.rest.count++] = rules->items[r];
    }
    return out;
}

/* The same guess as when weighing, from what the children really cost. */
static uint64_t expected_cost(const index_node *node, const buckets *parts, uint64_t look,
                              uint64_t domain)
{
    uint64_t sum = 0, weighted = 0, placed = 0;
    for (uint32_t b = 0; b < parts->count; b++) {
        const uint64_t cost = node->children[b] != NULL ? node->children[b]->expected : 0;
        sum += cost;
        weighted += cost * parts->items[b].count;
        placed += parts->items[b].count;
    }
    return look + (sum / domain + (placed > 0 ? weighted / placed : 0)) / 2 +
           (node->rest != NULL ? node->rest->expected : 0);
}

static void set_depth(index_node *node)
{
    node->depth = node->rest != NULL ? node->rest->depth + 1 : 1;
    for (uint32_t b = 0; b < node->count; b++)
        if (node->children[b] != NULL && node->children[b]->depth + 1 > node->depth)
            node->depth = node->children[b]->depth + 1;
}

static const index_node *make_split(indexing *x, const rule_list *rules, const split *how,
                                    uint64_t used, uint64_t met)
{
    /* fine cells have an edge wherever a need of these rules begins or ends */
    const uint64_t met_below = met | (uint64_t)(how->form != SPLIT_COARSE) << how->key;
    const index_key *key = &x->keys.items[how->key];
    const bool cells = how->form != SPLIT_VALUES;
    const buckets parts =
        cells ? split_by_cells(x, rules, how) : split_by_values(x, rules, how->key);
    index_node *node = arena_allocate(x->memory, sizeof *node);
    *node = (index_node){.form = cells                               ? CST_INDEX_CELLS
                                 : key->what.form == PLAN_KEY_PREFIX ? CST_INDEX_PREFIXES
                                                                     : CST_INDEX_HASH,
                         .key = how->key,
                         .what = key->what,
                         .count = parts.count,
                         .values = how->bounds};
    used |= form_bit(how->key, how->form);
    x->copies_left -= how->copies;
    node->children = arena_array(x->memory, parts.count, sizeof *node->children);
    if (!cells)
        node->values = arena_array(x->memory, parts.count, sizeof *node->values);
    if (node->form == CST_INDEX_PREFIXES)
        node->prefixes = arena_array(x->memory, parts.count, sizeof *node->prefixes);
    for (uint32_t b = 0; b < parts.count; b++) {
        if (!cells)
            node->values[b] = key->values.items[parts.ids[b]];
        if (node->form == CST_INDEX_PREFIXES)
            node->prefixes[b] = x->prefixes.items[node->values[b]];
        if (parts.items[b].count > 0)
            node->children[b] = grow(x, parts.items[b], used, met_below);
    }
    if (parts.rest.count > 0)
        node->rest = grow(x, parts.rest, used, met);
    uint64_t steps = 1, look = COST_LOOKUP;
    while (cells && (uint64_t)parts.count >> steps != 0)
        steps++;
    if (cells)
        look += COST_HALVING * steps;
    else if (node->form == CST_INDEX_PREFIXES)
        look = COST_PREFIXES;
    node->expected =
        expected_cost(node, &parts, look, cells ? parts.count : key->values.count + 1u);
    set_depth(node);
    return node;
}

static const index_node *grow(indexing *x, rule_list rules, uint64_t used, uint64_t met)
{
    /* whatever splits the rules, where it is tests that want an index */
    const bool always = x->unit->indexing == INDEX_ALWAYS && rules.count > 1;
    const uint64_t straight = always ? UINT64_MAX : leaf_cost(rules.count);
    split best = {.cost = straight};
    if (straight > COST_LOOKUP + COST_RUN + COST_RULE)
        weigh_values(x, &rules, used, &best);
    if (best.cost > straight / 4 && straight > COST_LOOKUP + COST_HALVING + COST_RUN + COST_RULE)
        weigh_cells(x, &rules, used, &best);
    return best.cost < straight ? make_split(x, &rules, &best, used, met)
                                : make_leaf(x, rules, met);
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* Keys that the tree asks, and those that rules of leaves still test. */
static void note_keys(const indexing *x, const index_node *node, bool *asked)
{
    if (node == NULL)
        return;
    for (uint32_t i = 0; node->form == CST_INDEX_LEAF && i < node->count; i++) {
        const index_rule *rule = &x->rules[node->rules[i]];
        for (uint32_t n = rule->first; node->exact[i] && n < rule->first + rule->count; n++)
            asked[x->needs.items[n].key] |=
                x->needs.items[n].set != CST_NONE || (node->met >> x->needs.items[n].key & 1u) == 0;
    }
    if (node->form == CST_INDEX_LEAF)
        return;
    asked[node->key] = true;
    for (uint32_t i = 0; i < node->count; i++)
        note_keys(x, node->children[i], asked);
    note_keys(x, node->rest, asked);
}

static uint64_t key_costs(const indexing *x, const index_node *tree)
{
    bool asked[INDEX_KEYS] = {false};
    uint64_t cost = 0;
    note_keys(x, tree, asked);
    for (uint32_t k = 0; k < x->keys.count; k++)
        if (asked[k])
            cost +=
                COST_KEY * (1u + (uint64_t)x->graph->nodes.items[x->keys.items[k].what.node].cost);
    return cost;
}

static void try_group(indexing *x, plan_group *group)
{
    x->group = group;
    index_needs(x);
    if (x->keys.count == 0)
        return;
    rule_list rules = {.items = arena_array(x->memory, group->rule_count, sizeof(uint32_t))};
    for (uint32_t r = 0; r < group->rule_count; r++)
        if (!x->rules[r].never)
            rules.items[rules.count++] = r;
    x->copies_left = (uint64_t)COPIES_A_RULE * group->rule_count;
    const index_node *tree = grow(x, rules, 0, 0);
    const uint64_t straight = (uint64_t)COST_RULE * group->rule_count;
    const uint64_t expected = COST_ENTRY + key_costs(x, tree) + tree->expected;
    const bool pays = expected * 4 <= straight * GAIN || x->unit->indexing == INDEX_ALWAYS;
    if (tree->form == CST_INDEX_LEAF || !pays)
        return;
    plan_index *made = arena_allocate(x->memory, sizeof *made);
    *made = (plan_index){
        .expected = expected, .straight = straight, .depth = tree->depth, .tree = tree};
    index_words(x, tree, made);
    group->index = made;
}

void indexes_build(compilation *unit)
{
    plan *made = unit->plan;
    indexing x = {.unit = unit,
                  .memory = &unit->arena,
                  .graph = unit->graph,
                  .policy = unit->checked,
                  .plan = made};
    *ARENA_PUSH(x.memory, &made->index_words) = 0;
    const uint32_t least = unit->indexing == INDEX_ALWAYS ? 2 : LEAST_RULES;
    bool any = false;
    for (uint32_t g = 0; g < made->group_count; g++)
        any = any || made->groups[g].rule_count >= least;
    if (!any || unit->indexing == INDEX_NEVER)
        return;
    for (int form = 0; form < 3; form++)
        x.key_of[form] = arena_array(x.memory, unit->graph->nodes.count, sizeof(uint32_t));
    for (uint32_t g = 0; g < made->group_count; g++)
        if (made->groups[g].rule_count >= least)
            try_group(&x, &made->groups[g]);
}

/*
 * index_words.c - the tree of an index as the words that the runtime walks, and the order of its
 * rules.
 *
 * Rules get their places in the order in which leaves are met, so that the rules of a leaf are
 * neighbours and a leaf is one run of one bundle; a rule that stands in several leaves is code
 * once, in the place of the first. Rules that are exact need no code, and have no place: they stand
 * in each of their leaves. Tables of symbols and numbers that lie close together become arrays,
 * others hash tables. Children are written before the nodes that name them.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/plan/index.h"

enum { ARRAY_WASTE = 4 /* places of an array for each that is used, at most */ };

typedef struct writing {
    indexing *x;
    plan *plan;
    plan_index *out;
    uint32_t *place_of;  /* by number in group.rules: place in the order, + 1 */
    uint32_t *bundle_of; /* by place */
    uint32_t *starts;    /* by bundle */
    uint32_t placed, bundle_size;
    uint32_t key_numbers[INDEX_KEYS]; /* new number + 1 */
} writing;

static uint32_t push(writing *w, uint32_t word)
{
    *ARENA_PUSH(w->x->memory, &w->plan->index_words) = word;
    return w->plan->index_words.count - 1;
}

static void push_wide(writing *w, uint64_t number)
{
    push(w, (uint32_t)number);
    push(w, (uint32_t)(number >> 32));
}

/* ---- bundles --------------------------------------------------------------------------------- */

/* Nodes of a condition, as far as they matter: a large one becomes functions of its own. */
static uint32_t size_of(const graph *whole, node_id id, uint32_t most)
{
    const graph_node *node = &whole->nodes.items[id];
    uint32_t size = 1;
    for (uint32_t i = 0; i < node->operand_count && size < most; i++)
        size += size_of(whole, node->operands[i], most - size);
    return size;
}

static uint32_t rule_size(const writing *w, uint32_t rule)
{
    const graph *whole = w->x->graph;
    return size_of(whole, whole->roots.items[w->x->group->rules[rule].root].condition,
                   PLAN_BUNDLE_SIZE);
}

static void begin_bundle(writing *w)
{
    w->starts[w->out->bundle_count] = w->placed;
    w->out->bundle_ends[w->out->bundle_count++] = w->placed;
    w->bundle_size = 0;
}

static void place_rule(writing *w, uint32_t rule)
{
    const uint32_t size = rule_size(w, rule), bundle = w->out->bundle_count;
    if (bundle == 0 || w->placed - w->starts[bundle - 1] == PLAN_BUNDLE_RULES ||
        (w->bundle_size > 0 && w->bundle_size + size > PLAN_BUNDLE_SIZE))
        begin_bundle(w);
    w->bundle_of[w->placed] = w->out->bundle_count - 1;
    w->out->order[w->placed++] = rule;
    w->place_of[rule] = w->placed;
    w->out->bundle_ends[w->out->bundle_count - 1] = w->placed;
    w->bundle_size += size;
}

static bool wants_place(const writing *w, const index_node *leaf, uint32_t number)
{
    return w->place_of[leaf->rules[number]] == 0 && !leaf->exact[number];
}

/* The rules of a leaf go into one bundle if it can hold them. */
static void place_rules(writing *w, const index_node *leaf)
{
    uint32_t fresh = 0, size = 0;
    for (uint32_t i = 0; i < leaf->count; i++) {
        if (!wants_place(w, leaf, i))
            continue;
        fresh++;
        size += size < PLAN_BUNDLE_SIZE ? rule_size(w, leaf->rules[i]) : 0;
    }
    const uint32_t bundle = w->out->bundle_count;
    const bool fits = fresh <= PLAN_BUNDLE_RULES && size <= PLAN_BUNDLE_SIZE;
    if (fits && bundle > 0 && fresh > 0 &&
        (w->placed - w->starts[bundle - 1] + fresh > PLAN_BUNDLE_RULES ||
         w->bundle_size + size > PLAN_BUNDLE_SIZE))
        begin_bundle(w);
    for (uint32_t i = 0; i < leaf->count; i++)
        if (wants_place(w, leaf, i))
            place_rule(w, leaf->rules[i]);
}

static int compare_places(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static uint32_t key_number(writing *w, uint32_t key)
{
    uint32_t *number = &w->key_numbers[key];
    if (*number == 0) {
        w->out->keys[w->out->key_count++] = w->x->keys.items[key].what;
        *number = w->out->key_count;
    }
    return *number - 1;
}

/* ---- rules that are data --------------------------------------------------------------------- */

static bool fits_word(int64_t value)
{
    return value >= INT16_MIN && value <= INT16_MAX;
}

/* The words of one span's test, without its key; answers how many. */
static uint32_t span_words(index_span span, uint32_t words[5])
{
    const bool least = span.high == INT64_MAX, most = span.low == INT64_MIN;
    const bool one_sided = least || most || span.low == span.high;
    const int64_t value = most ? span.high : span.low;
    const uint32_t test = least ? CST_TEST_LEAST : most ? CST_TEST_MOST : CST_TEST_EQUAL;
    if (one_sided && fits_word(value)) {
        words[0] = test << 28 | (uint16_t)value;
        return 1;
    }
    if (one_sided && value >= INT32_MIN && value <= INT32_MAX) {
        words[0] = (test | CST_TEST_LONG) << 28;
        words[1] = (uint32_t)value;
        return 2;
    }
    const uint64_t low = (uint64_t)span.low, width = (uint64_t)span.high - low;
    const uint32_t range[5] = {(uint32_t)CST_TEST_RANGE << 28, (uint32_t)low, (uint32_t)(low >> 32),
                               (uint32_t)width, (uint32_t)(width >> 32)};
    memcpy(words, range, sizeof range);
    return 5;
}

/* Whether the way to a leaf has answered what a rule needs of a key. */
static bool need_met(const index_need *need, uint64_t met)
{
    return need->set == CST_NONE && (met >> need->key & 1u) != 0;
}

bool index_rule_fits(const indexing *x, uint32_t number, uint64_t met)
{
    const index_rule *rule = &x->rules[number];
    uint32_t size = 0, words[5];
    for (uint32_t n = rule->first; n < rule->first + rule->count; n++) {
        const index_need *need = &x->needs.items[n];
        if (need_met(need, met))
            continue;
        size += need->set != CST_NONE ? 2 : 0;
        for (uint32_t s = 0; s < need->span_count; s++)
            size += span_words(x->spans.items[need->first_span + s], words);
    }
    return size <= CST_INDEX_RULE_WORDS && x->group->rules[number].row < CST_INDEX_RULE_ROWS;
}

static void write_rule(writing *w, uint32_t number, uint64_t met)
{
    const index_rule *rule = &w->x->rules[number];
    const uint32_t head = push(w, w->x->group->rules[number].row);
    for (uint32_t n = rule->first; n < rule->first + rule->count; n++) {
        const index_need *need = &w->x->needs.items[n];
        if (need_met(need, met))
            continue;
        const uint32_t key = key_number(w, need->key) << 16;
        if (need->set != CST_NONE) {
            push(w, key | (uint32_t)CST_TEST_SET << 28);
            push(w, need->set << 1 | (uint32_t)need->not_in);
        }
        for (uint32_t s = 0; s < need->span_count; s++) {
            uint32_t words[5];
            const uint32_t size = span_words(w->x->spans.items[need->first_span + s], words);
            words[0] |= key | (s + 1 < need->span_count ? CST_INDEX_MORE : 0);
            for (uint32_t i = 0; i < size; i++)
                push(w, words[i]);
        }
    }
    w->plan->index_words.items[head] |= (w->plan->index_words.count - head - CST_INDEX_RULE_HEAD)
                                        << 24;
}

static uint32_t write_leaf(writing *w, const index_node *leaf)
{
    place_rules(w, leaf);
    uint32_t *places = arena_array(w->x->memory, leaf->count, sizeof *places), runs = 0, placed = 0;
    for (uint32_t i = 0; i < leaf->count; i++)
        if (!leaf->exact[i])
            places[placed++] = w->place_of[leaf->rules[i]] - 1;
    if (placed > 1)
        qsort(places, placed, sizeof *places, compare_places);
    const uint32_t data = leaf->count - placed;
    const bool plain = placed == 0 && data < UINT32_C(1) << 24;
    const uint32_t head = push(w, plain ? CST_INDEX_DATA | data << 8 : CST_INDEX_LEAF);
    if (!plain)
        push(w, data);
    for (uint32_t i = 0, end; i < placed; i = end) {
        const uint32_t bundle = w->bundle_of[places[i]], start = w->starts[bundle];
        for (end = i + 1; end < placed && places[end] == places[end - 1] + 1 &&
                          w->bundle_of[places[end]] == bundle;)
            end++;
        push(w, bundle);
        push(w, (places[i] - start) | (places[end - 1] + 1 - start) << 16);
        runs++;
    }
    if (!plain)
        w->plan->index_words.items[head] |= runs << 8;
    for (uint32_t i = 0; i < leaf->count; i++)
        if (leaf->exact[i])
            write_rule(w, leaf->rules[i], leaf->met);
    return head;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static uint32_t write_node(writing *w, const index_node *node);

static uint32_t key_word(writing *w, const index_node *node, cst_index_form form)
{
    return (uint32_t)form | key_number(w, node->key) << 8;
}

static uint32_t write_array(writing *w, const index_node *node, uint32_t rest,
                            const uint32_t *children, int64_t low, uint32_t size)
{
    const uint32_t head = push(w, key_word(w, node, CST_INDEX_DENSE));
    push(w, rest);
    push_wide(w, (uint64_t)low);
    push(w, size);
    const uint32_t first = w->plan->index_words.count;
    for (uint32_t i = 0; i < size; i++)
        push(w, 0);
    for (uint32_t i = 0; i < node->count; i++)
        w->plan->index_words.items[first + (uint32_t)((uint64_t)node->values[i] - (uint64_t)low)] =
            children[i];
    return head;
}

static uint32_t write_hash(writing *w, const index_node *node, uint32_t rest,
                           const uint32_t *children)
{
    uint32_t capacity = 4;
    while (capacity / 2 < node->count)
        capacity *= 2;
    const uint32_t head = push(w, key_word(w, node, CST_INDEX_HASH));
    push(w, rest);
    push(w, capacity);
    const uint32_t first = w->plan->index_words.count;
    for (uint32_t i = 0; i < capacity * 3; i++)
        push(w, 0);
    uint32_t *entries = w->plan->index_words.items + first;
    for (uint32_t i = 0; i < node->count; i++) {
        uint32_t at = cst_index_slot((uint64_t)node->values[i], capacity);
        while (entries[at * 3 + 2] != 0)
            at = (at + 1) & (capacity - 1);
        entries[at * 3] = (uint32_t)node->values[i];
        entries[at * 3 + 1] = (uint32_t)((uint64_t)node->values[i] >> 32);
        entries[at * 3 + 2] = children[i];
    }
    return head;
}

static uint32_t write_values(writing *w, const index_node *node, uint32_t rest,
                             const uint32_t *children)
{
    int64_t low = node->values[0], high = node->values[0];
    for (uint32_t i = 1; i < node->count; i++) {
        low = node->values[i] < low ? node->values[i] : low;
        high = node->values[i] > high ? node->values[i] : high;
    }
    const uint64_t more = (uint64_t)high - (uint64_t)low;
    if (more < (uint64_t)node->count * ARRAY_WASTE)
        return write_array(w, node, rest, children, low, (uint32_t)more + 1);
    return write_hash(w, node, rest, children);
}

/* How far keys are shifted for a guide of about as many buckets as there are boundaries. */
static uint32_t guide_shift(uint64_t width, uint32_t count)
{
    uint32_t shift = 0;
    while (shift < 63 && width >> shift >= count)
        shift++;
    return shift;
}

static uint32_t write_cells(writing *w, const index_node *node, uint32_t rest,
                            const uint32_t *children)
{
    const uint32_t count = node->count - 1;
    const uint64_t base = count > 0 ? (uint64_t)node->values[0] : 0;
    const uint64_t width = count > 0 ? (uint64_t)node->values[count - 1] - base : 0;
    const uint32_t shift = guide_shift(width, count), buckets = (uint32_t)(width >> shift) + 1;
    const uint32_t head = push(w, key_word(w, node, CST_INDEX_CELLS));
    push(w, rest);
    push(w, count);
    push(w, shift);
    push_wide(w, base);
    push(w, buckets);
    push(w, children[0]);
    for (uint32_t bucket = 0, less = 0; bucket < buckets; bucket++) {
        while (less < count && ((uint64_t)node->values[less] - base) >> shift < bucket)
            less++;
        push(w, less);
    }
    push(w, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t above = ((uint64_t)node->values[i] - base) & (((uint64_t)1 << shift) - 1);
        if (cst_index_cell_size(shift) == 2)
            push(w, (uint32_t)above);
        else
            push_wide(w, above);
        push(w, children[i + 1]);
    }
    return head;
}

/* ---- tries ----------------------------------------------------------------------------------- */

typedef struct prefix_child {
    index_prefix prefix;
    uint32_t node;
} prefix_child;

static int compare_prefixes(const void *left, const void *right)
{
    const index_prefix *a = &((const prefix_child *)left)->prefix,
                       *b = &((const prefix_child *)right)->prefix;
    const int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
    if (order != 0 || a->length != b->length)
        return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
    return (int)a->folder - (int)b->folder;
}

/* The trie of sorted prefixes first..end-1, which share `used` bytes. */
static uint32_t write_trie(writing *w, const prefix_child *all, uint32_t first, uint32_t end,
                           uint32_t used)
{
    const index_prefix *low = &all[first].prefix, *high = &all[end - 1].prefix;
    uint32_t shared = used;
    while (shared < low->length && shared < high->length && low->text[shared] == high->text[shared])
        shared++;
    uint32_t here[2] = {0, 0}, edges[512], count = 0;
    for (; first < end && all[first].prefix.length == shared; first++)
        here[all[first].prefix.folder] = all[first].node;
    for (uint32_t i = first, next; i < end; i = next) {
        const char byte = all[i].prefix.text[shared];
        for (next = i + 1; next < end && all[next].prefix.text[shared] == byte;)
            next++;
        edges[count * 2] = (uint8_t)byte;
        edges[count * 2 + 1] = write_trie(w, all, i, next, shared);
        count++;
    }
    const uint32_t head = push(w, here[0]), label = shared - used;
    const uint32_t lowest = count > 0 ? edges[0] : 0;
    const uint32_t width = count > 0 ? edges[count * 2 - 2] - lowest + 1 : 0;
    const bool dense = width <= count * 2;
    push(w, here[1]);
    push(w, dense ? width | lowest << 16 | CST_INDEX_DENSE_EDGES : count);
    push(w, label);
    for (uint32_t i = 0; i < label; i += 4) {
        uint32_t word = 0;
        memcpy(&word, high->text + used + i, label - i < 4 ? label - i : 4);
        push(w, word);
    }
    if (!dense)
        for (uint32_t i = 0; i < count * 2; i++)
            push(w, edges[i]);
    for (uint32_t byte = lowest, i = 0; dense && i < count; byte++)
        push(w, edges[i * 2] == byte ? edges[i++ * 2 + 1] : 0);
    return head;
}

static uint32_t write_prefixes(writing *w, const index_node *node, uint32_t rest,
                               const uint32_t *children)
{
    prefix_child *all = arena_array(w->x->memory, node->count, sizeof *all);
    for (uint32_t i = 0; i < node->count; i++)
        all[i] = (prefix_child){node->prefixes[i], children[i]};
    qsort(all, node->count, sizeof *all, compare_prefixes);
    const uint32_t trie = write_trie(w, all, 0, node->count, 0);
    const uint32_t head = push(w, key_word(w, node, CST_INDEX_PREFIXES));
    push(w, rest);
    push(w, trie);
    return head;
}

/* ---- the tree -------------------------------------------------------------------------------- */

static uint32_t write_node(writing *w, const index_node *node)
{
    if (node == NULL)
        return 0;
    if (node->form == CST_INDEX_LEAF)
        return write_leaf(w, node);
    uint32_t *children = arena_array(w->x->memory, node->count, sizeof *children);
    for (uint32_t i = 0; i < node->count; i++)
        children[i] = write_node(w, node->children[i]);
    const uint32_t rest = write_node(w, node->rest);
    if (node->form == CST_INDEX_CELLS)
        return write_cells(w, node, rest, children);
    if (node->form == CST_INDEX_PREFIXES)
        return write_prefixes(w, node, rest, children);
    return write_values(w, node, rest, children);
}

void index_words(indexing *x, const index_node *tree, plan_index *out)
{
    const uint32_t count = x->group->rule_count;
    writing w = {.x = x, .plan = x->plan, .out = out};
    out->keys = arena_array(x->memory, INDEX_KEYS, sizeof *out->keys);
    out->order = arena_array(x->memory, count, sizeof *out->order);
    out->bundle_ends = arena_array(x->memory, count, sizeof *out->bundle_ends);
    w.place_of = arena_array(x->memory, count, sizeof *w.place_of);
    w.bundle_of = arena_array(x->memory, count, sizeof *w.bundle_of);
    w.starts = arena_array(x->memory, count, sizeof *w.starts);
    out->words = w.plan->index_words.count;
    out->root = write_node(&w, tree);
    out->words = w.plan->index_words.count - out->words;
}

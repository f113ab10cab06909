/*
 * index.c - the walk along a rule index; see index.h for what the words mean.
 *
 * Time is a look-up for each node that is met, whatever their tables hold: an array, a hash table,
 * a binary search, or a text read along a trie. How many nodes are met was weighed by the planner.
 * The depth of the recursion is that of the tree, which the image was verified for.
 */
#include "runtime/index.h"

#include <string.h>

enum {
    ABREAST = 8,    /* nodes of one `rest` that are asked together */
    LINE_WORDS = 16 /* of a line of the caches */
};

typedef struct index_walk {
    cst_frame *frame;
    const uint32_t *words;
    const uint64_t *keys;
    const cst_bundle_fn *bundles;
} index_walk;

static void walk(const index_walk *w, uint32_t at);

/* Whether a symbol or a number is in a set. */
static bool set_has(const cst_image *image, uint32_t row, uint64_t key)
{
    const cst_set_row *const set = &CST_ROWS(image, sets, cst_set_row)[row];
    const void *const data = CST_TEXT(image, set->data);
    if (set->form == CST_SET_SYMBOL_BITS) {
        const uint64_t bit = key - set->base;
        return bit / 64u < set->data.length / sizeof(uint64_t) &&
               (((const uint64_t *)data)[bit / 64u] >> (bit % 64u) & 1u) != 0;
    }
    if (set->form == CST_SET_SYMBOL_HASH) {
        const uint32_t *const places = data, capacity = set->data.length / (uint32_t)sizeof *places;
        if (key == 0 || capacity == 0)
            return false;
        for (uint32_t at = cst_symbol_slot((uint32_t)key, capacity);;
             at = (at + 1u) & (capacity - 1u))
            if (places[at] == 0 || places[at] == key)
                return places[at] != 0;
    }
    const int64_t *const numbers = data;
    uint32_t low = 0, high = set->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        if (numbers[middle] < (int64_t)key)
            low = middle + 1u;
        else
            high = middle;
    }
    return low < set->count && numbers[low] == (int64_t)key;
}

static inline bool meets(const index_walk *w, const uint32_t *test)
{
    const uint64_t key = w->keys[cst_index_key_of(test[0])];
    const uint32_t asks = cst_index_test_of(test[0]);
    if (asks & CST_TEST_EQUAL) {
        const int64_t value = asks & CST_TEST_LONG ? (int32_t)test[1] : (int16_t)test[0];
        const uint32_t true_of = ((int64_t)key >= value ? CST_TEST_LEAST : 0u) |
                                 ((int64_t)key <= value ? CST_TEST_MOST : 0u);
        return (asks & CST_TEST_EQUAL & ~true_of) == 0;
    }
    if (asks == CST_TEST_RANGE)
        return key - cst_index_wide(test + 1) <= cst_index_wide(test + 3);
    return set_has(w->frame->image, test[1] >> 1, key) != (test[1] & 1u);
}

static inline void test_rule(const index_walk *w, const uint32_t *rule)
{
    const uint32_t *const end = rule + CST_INDEX_RULE_HEAD + (rule[0] >> 24);
    bool either = false;
    for (const uint32_t *test = rule + CST_INDEX_RULE_HEAD; test < end;
         test += cst_index_test_size(test[0])) {
        either = either || meets(w, test);
        if (test[0] & CST_INDEX_MORE)
            continue;
        if (!either)
            return;
        either = false;
    }
    w->frame->hits[w->frame->hit_count++] =
        (cst_hit){.rule = rule[0] % CST_INDEX_RULE_ROWS, .reason = CST_TRUE};
}

static void test_rules(const index_walk *w, const uint32_t *rule, uint32_t count)
{
    for (; count > 0; count--, rule += CST_INDEX_RULE_HEAD + (rule[0] >> 24))
        test_rule(w, rule);
}

static void run_leaf(const index_walk *w, const uint32_t *node)
{
    if ((node[0] & 0xffu) == CST_INDEX_DATA) {
        test_rules(w, node + 1, node[0] >> 8);
        return;
    }
    const uint32_t *next = node + CST_INDEX_LEAF_HEAD;
    for (uint32_t left = node[0] >> 8; left > 0; left--, next += 2)
        w->bundles[next[0]](w->frame, next[1] & 0xffffu, next[1] >> 16);
    test_rules(w, next, node[1]);
}

static inline bool is_leaf(const uint32_t *node)
{
    return (node[0] & 0xffu) <= CST_INDEX_DATA;
}

/* The child of a key from the word at `place` on, which `approach` found. */
static uint32_t find_hash(const uint32_t *node, uint64_t key, const uint32_t *place)
{
    const uint32_t *const end = node + CST_INDEX_HASH_HEAD + (size_t)node[2] * 3;
    while (place[2] != 0 && cst_index_wide(place) != key)
        if ((place += 3) == end)
            place = node + CST_INDEX_HASH_HEAD;
    return place[2];
}

static const uint32_t *cells_of(const uint32_t *node)
{
    return node + CST_INDEX_CELLS_HEAD + node[6] + 1u;
}

/* The place in a bucket of boundaries, up to which they are not above a key. */
static uint32_t find_cell(const uint32_t *node, uint64_t key, const uint32_t *guide)
{
    if (guide == &node[7])
        return node[7];
    const uint32_t *const cells = cells_of(node);
    const uint32_t shift = node[3], size = cst_index_cell_size(shift);
    const uint64_t from = key - cst_index_wide(node + 4);
    const uint64_t bucket = (uint64_t)(guide - (node + CST_INDEX_CELLS_HEAD));
    /* from the last boundary on a key may be beyond the last bucket */
    const uint64_t above = (from >> shift) > bucket ? UINT64_MAX : from - (bucket << shift);
    uint32_t low = guide[0];
    for (uint32_t left = guide[1] - low; left > 0;) {
        const uint32_t half = left / 2u;
        const uint32_t *const cell = cells + (size_t)(low + half) * size;
        const bool passed = (size == 2u ? cell[0] : cst_index_wide(cell)) <= above;
        low = passed ? low + half + 1u : low;
        left = passed ? left - half - 1u : half;
    }
    return low == 0 ? node[7] : cells[(size_t)low * size - 1u];
}

static uint32_t trie_edge(const uint32_t *edges, uint32_t head, uint32_t byte)
{
    const uint32_t count = cst_index_edges(head);
    if (head & CST_INDEX_DENSE_EDGES) {
        const uint32_t place = byte - cst_index_first_edge(head);
        return place < count ? edges[place] : 0;
    }
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        if (edges[(size_t)middle * 2] < byte)
            low = middle + 1u;
        else
            high = middle;
    }
    return low < count && edges[(size_t)low * 2] == byte ? edges[(size_t)low * 2 + 1] : 0;
}

static void walk_prefixes(const index_walk *w, uint32_t trie, const cst_value *text)
{
    const char *const bytes = text->as.text;
    const uint32_t length = kind_has_text(text->kind) ? text->length : 0;
    for (uint32_t used = 0; trie != 0;) {
        const uint32_t *const node = w->words + trie;
        const uint32_t label = node[3], padded = (label + 3u) / 4u;
        const uint32_t *const edges = node + CST_INDEX_TRIE_HEAD + padded;
        if (label > length - used ||
            (label > 0 && memcmp(node + CST_INDEX_TRIE_HEAD, bytes + used, label) != 0))
            return;
        used += label;
        if (node[0] != 0)
            walk(w, node[0]);
        if (node[1] != 0 && (used == length || bytes[used] == '/'))
            walk(w, node[1]);
        if (used == length)
            return;
        trie = trie_edge(edges, node[2], (uint8_t)bytes[used]);
    }
}

/* Where an answer is looked for first, in a table that has one; NULL: nowhere. */
static inline const uint32_t *approach(const uint32_t *node, uint64_t key)
{
    switch (node[0] & 0xffu) {
    case CST_INDEX_DENSE: {
        const uint64_t place = key - cst_index_wide(node + 2);
        return place < node[4] ? node + CST_INDEX_DENSE_HEAD + place : NULL;
    }
    case CST_INDEX_HASH:
        return node + CST_INDEX_HASH_HEAD + (size_t)cst_index_slot(key, node[2]) * 3;
    case CST_INDEX_CELLS: {
        const uint64_t base = cst_index_wide(node + 4);
        const uint64_t bucket = (key - base) >> node[3];
        if ((int64_t)key < (int64_t)base)
            return node[7] != 0 ? &node[7] : NULL;
        return node + CST_INDEX_CELLS_HEAD + (bucket < node[6] ? bucket : node[6] - 1u);
    }
    default: return node + 2;
    }
}

static inline uint32_t find_child(const uint32_t *node, uint64_t key, const uint32_t *place)
{
    switch (node[0] & 0xffu) {
    case CST_INDEX_DENSE: return *place;
    case CST_INDEX_HASH: return find_hash(node, key, place);
    default: return find_cell(node, key, place);
    }
}

/* One of the nodes that are asked together, and where. */
typedef struct step {
    const uint32_t *node, *place;
    uint64_t key;
    uint32_t child;
} step;

static void approach_cells(const uint32_t *node, const uint32_t *guide)
{
    if (guide != &node[7])
        __builtin_prefetch(cells_of(node) + (size_t)guide[0] * cst_index_cell_size(node[3]));
}

static void fetch_child(const index_walk *w, uint32_t child)
{
    __builtin_prefetch(w->words + child);
    __builtin_prefetch(w->words + child + LINE_WORDS);
}

/*
 * A node and those along its `rest`. In a large index each table and each leaf is a miss of the
 * caches; so all tables are approached before any is asked, and all are asked before any child is
 * entered. Nodes that have nothing for a key, as most have where no rule is about the event, are
 * left out at once.
 */
static uint32_t walk_abreast(const index_walk *w, uint32_t at)
{
    step steps[ABREAST];
    uint32_t count = 0, passed = 0;
    for (; at != 0 && passed < ABREAST; passed++) {
        const uint32_t *const node = w->words + at;
        if (is_leaf(node))
            break;
        const uint64_t key = w->keys[node[0] >> 8];
        const uint32_t *const place = approach(node, key);
        at = node[1];
        if (place == NULL)
            continue;
        __builtin_prefetch(place);
        steps[count++] = (step){.node = node, .place = place, .key = key};
    }
    for (uint32_t i = 0; i < count; i++) {
        step *const one = &steps[i];
        switch (one->node[0] & 0xffu) {
        case CST_INDEX_PREFIXES: break;
        case CST_INDEX_CELLS: approach_cells(one->node, one->place); break;
        default:
            one->child = find_child(one->node, one->key, one->place);
            fetch_child(w, one->child);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        const step *const one = &steps[i];
        const uint32_t form = one->node[0] & 0xffu;
        if (form == CST_INDEX_PREFIXES)
            walk_prefixes(w, one->node[2], (const cst_value *)(uintptr_t)one->key);
        else if (form == CST_INDEX_CELLS)
            walk(w, find_cell(one->node, one->key, one->place));
        else
            walk(w, one->child);
    }
    return at;
}

static void walk(const index_walk *w, uint32_t at)
{
    while (at != 0) {
        const uint32_t *const node = w->words + at;
        const uint32_t form = node[0] & 0xffu;
        if (is_leaf(node)) {
            run_leaf(w, node);
            return;
        }
        if (node[1] != 0 || form == CST_INDEX_PREFIXES) {
            at = walk_abreast(w, at);
            continue;
        }
        const uint64_t key = w->keys[node[0] >> 8];
        const uint32_t *const place = approach(node, key);
        at = place != NULL ? find_child(node, key, place) : 0;
    }
}

void index_run(cst_frame *frame, uint32_t root, const uint64_t *keys, const cst_bundle_fn *bundles)
{
    const index_walk w = {frame, CST_ROWS(frame->image, index_words, uint32_t), keys, bundles};
    walk(&w, root);
}

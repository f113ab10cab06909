/*
 * index.c - the walk along a rule index; see index.h for what the words mean.
 *
 * Time is a look-up for each node that is met, whatever their tables hold: an array, a hash table, a binary search, or a text
 * read along a trie. How many nodes are met was weighed by the planner. The depth of the recursion is that of the tree, which the
 * image was verified for.
 */
#include "runtime/index.h"

#include <string.h>

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

/* A rule that is data; answers where it ends. */
static const uint32_t *test_rule(const index_walk *w, const uint32_t *rule)
{
    const uint32_t *test = rule + CST_INDEX_RULE_HEAD;
    bool holds = true, either = false;
    for (uint32_t left = rule[1]; left > 0; left--, test += CST_INDEX_TEST_SIZE) {
        const uint64_t key = w->keys[test[0] & CST_INDEX_KEY];
        if (test[0] & CST_INDEX_IN_SET)
            either |= !holds || set_has(w->frame->image, test[1], key) != (test[2] != 0);
        else
            either |= key - cst_index_wide(test + 1) <= cst_index_wide(test + 3);
        if (test[0] & CST_INDEX_MORE)
            continue;
        holds &= either;
        either = false;
    }
    if (holds)
        w->frame->hits[w->frame->hit_count++] = (cst_hit){.rule = rule[0], .reason = CST_TRUE};
    return test;
}

static void run_leaf(const index_walk *w, const uint32_t *node)
{
    const uint32_t *next = node + CST_INDEX_LEAF_HEAD;
    for (uint32_t left = node[0] >> 8; left > 0; left--, next += 2)
        w->bundles[next[0]](w->frame, next[1] & 0xffffu, next[1] >> 16);
    for (uint32_t left = node[1]; left > 0; left--)
        next = test_rule(w, next);
}

static uint32_t find_dense(const uint32_t *node, uint64_t key)
{
    const uint64_t place = key - cst_index_wide(node + 2);
    return place < node[4] ? node[CST_INDEX_DENSE_HEAD + place] : 0;
}

static uint32_t find_hash(const uint32_t *node, uint64_t key)
{
    const uint32_t mask = node[2] - 1u;
    for (uint32_t at = cst_index_slot(key, node[2]);; at = (at + 1u) & mask) {
        const uint32_t *const entry = node + CST_INDEX_HASH_HEAD + (size_t)at * 3;
        if (entry[2] == 0 || cst_index_wide(entry) == key)
            return entry[2];
    }
}

static uint32_t find_cell(const uint32_t *node, uint64_t key)
{
    const uint32_t *const bounds = node + CST_INDEX_CELLS_HEAD;
    uint32_t low = 0;
    for (uint32_t count = node[2]; count > 0;) {
        const uint32_t half = (count + 1u) / 2u;
        const bool above =
            (int64_t)cst_index_wide(bounds + (size_t)(low + half - 1u) * 2) <= (int64_t)key;
        low = above ? low + half : low;
        count = above ? count - half : half - 1u;
    }
    return bounds[(size_t)node[2] * 2 + low];
}

static uint32_t trie_edge(const uint32_t *edges, uint32_t count, uint32_t byte)
{
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

static void walk(const index_walk *w, uint32_t at)
{
    while (at != 0) {
        const uint32_t *const node = w->words + at;
        const uint32_t form = node[0] & 0xffu, rest = node[1];
        if (form == CST_INDEX_LEAF) {
            run_leaf(w, node);
            return;
        }
        const uint64_t key = w->keys[node[0] >> 8];
        uint32_t child = 0;
        if (form == CST_INDEX_DENSE)
            child = find_dense(node, key);
        else if (form == CST_INDEX_HASH)
            child = find_hash(node, key);
        else if (form == CST_INDEX_CELLS)
            child = find_cell(node, key);
        else
            walk_prefixes(w, node[2], (const cst_value *)(uintptr_t)key);
        if (child != 0 && rest != 0)
            walk(w, child);
        at = child != 0 && rest == 0 ? child : rest;
    }
}

void index_run(cst_frame *frame, uint32_t root, const uint64_t *keys, const cst_bundle_fn *bundles)
{
    const index_walk w = {frame, CST_ROWS(frame->image, index_words, uint32_t), keys, bundles};
    walk(&w, root);
}

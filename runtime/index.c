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

static bool meets(const index_walk *w, const uint32_t *test)
{
    const uint64_t key = w->keys[test[0] & CST_INDEX_KEY];
    if (test[0] & CST_INDEX_IN_SET)
        return set_has(w->frame->image, test[1], key) != (test[2] != 0);
    return key - cst_index_wide(test + 1) <= cst_index_wide(test + 3);
}

/* A rule that is data; answers where it ends. */
static const uint32_t *test_rule(const index_walk *w, const uint32_t *rule)
{
    const uint32_t *test = rule + CST_INDEX_RULE_HEAD;
    const uint32_t *const end = test + (size_t)rule[1] * CST_INDEX_TEST_SIZE;
    for (bool either = false; test < end; test += CST_INDEX_TEST_SIZE) {
        either = either || meets(w, test);
        if (test[0] & CST_INDEX_MORE)
            continue;
        if (!either)
            return end;
        either = false;
    }
    w->frame->hits[w->frame->hit_count++] = (cst_hit){.rule = rule[0], .reason = CST_TRUE};
    return end;
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

/* The block of boundaries in which a key's cell ends. */
static uint32_t find_block(const uint32_t *node, uint64_t key)
{
    const uint32_t *const tops = node + CST_INDEX_CELLS_HEAD;
    uint32_t low = 0;
    for (uint32_t count = node[2] / CST_INDEX_BLOCK; count > 0;) {
        const uint32_t half = (count + 1u) / 2u;
        const bool above =
            (int64_t)cst_index_wide(tops + (size_t)(low + half - 1u) * 2) <= (int64_t)key;
        low = above ? low + half : low;
        count = above ? count - half : half - 1u;
    }
    return low;
}

static const uint32_t *bounds_of(const uint32_t *node)
{
    return node + CST_INDEX_CELLS_HEAD + (size_t)(node[2] / CST_INDEX_BLOCK) * 2;
}

static uint32_t find_cell(const uint32_t *node, uint64_t key, uint32_t block)
{
    const uint32_t first = block * CST_INDEX_BLOCK, left = node[2] - first;
    const uint32_t count = left < CST_INDEX_BLOCK ? left : CST_INDEX_BLOCK;
    const uint32_t *const bounds = bounds_of(node);
    uint32_t cell = first;
    for (uint32_t i = 0; i < count; i++)
        cell += (int64_t)cst_index_wide(bounds + (size_t)(first + i) * 2) <= (int64_t)key;
    return bounds[(size_t)node[2] * 2 + cell];
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

static uint64_t key_of(const index_walk *w, const uint32_t *node)
{
    return w->keys[node[0] >> 8];
}

/* What is looked at first of a node's table comes into the caches; answers the block, for cells. */
static uint32_t approach(const index_walk *w, const uint32_t *node)
{
    const uint64_t key = key_of(w, node);
    uint32_t block = 0;
    switch (node[0] & 0xffu) {
    case CST_INDEX_DENSE: {
        const uint64_t place = key - cst_index_wide(node + 2);
        if (place < node[4])
            __builtin_prefetch(node + CST_INDEX_DENSE_HEAD + place);
        break;
    }
    case CST_INDEX_HASH:
        __builtin_prefetch(node + CST_INDEX_HASH_HEAD + (size_t)cst_index_slot(key, node[2]) * 3);
        break;
    case CST_INDEX_CELLS: {
        block = find_block(node, key);
        const uint32_t *const bounds = bounds_of(node);
        __builtin_prefetch(bounds + (size_t)block * CST_INDEX_BLOCK * 2);
        __builtin_prefetch(bounds + (size_t)block * CST_INDEX_BLOCK * 2 + CST_INDEX_BLOCK);
        __builtin_prefetch(bounds + (size_t)node[2] * 2 + (size_t)block * CST_INDEX_BLOCK);
        break;
    }
    default: break;
    }
    return block;
}

static uint32_t find_child(const index_walk *w, const uint32_t *node, uint32_t block)
{
    const uint64_t key = key_of(w, node);
    switch (node[0] & 0xffu) {
    case CST_INDEX_DENSE: return find_dense(node, key);
    case CST_INDEX_HASH: return find_hash(node, key);
    default: return find_cell(node, key, block);
    }
}

/*
 * A node and those along its `rest`. In a large index each table and each leaf is a miss of the
 * caches; so all tables are approached before any is asked, and all are asked before any child is
 * entered.
 */
static uint32_t walk_abreast(const index_walk *w, uint32_t at)
{
    const uint32_t *nodes[ABREAST];
    uint32_t blocks[ABREAST], children[ABREAST], count = 0;
    for (; at != 0 && count < ABREAST && (w->words[at] & 0xffu) != CST_INDEX_LEAF;
         at = nodes[count++][1]) {
        nodes[count] = w->words + at;
        blocks[count] = approach(w, nodes[count]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if ((nodes[i][0] & 0xffu) == CST_INDEX_PREFIXES)
            continue;
        children[i] = find_child(w, nodes[i], blocks[i]);
        __builtin_prefetch(w->words + children[i]);
        __builtin_prefetch(w->words + children[i] + LINE_WORDS);
    }
    for (uint32_t i = 0; i < count; i++) {
        if ((nodes[i][0] & 0xffu) == CST_INDEX_PREFIXES)
            walk_prefixes(w, nodes[i][2], (const cst_value *)(uintptr_t)key_of(w, nodes[i]));
        else if (children[i] != 0)
            walk(w, children[i]);
    }
    return at;
}

static void walk(const index_walk *w, uint32_t at)
{
    while (at != 0) {
        const uint32_t *const node = w->words + at;
        const uint32_t form = node[0] & 0xffu;
        if (form == CST_INDEX_LEAF) {
            run_leaf(w, node);
            return;
        }
        if (node[1] != 0 || form == CST_INDEX_PREFIXES)
            at = walk_abreast(w, at);
        else
            at = find_child(w, node,
                            form == CST_INDEX_CELLS ? find_block(node, key_of(w, node)) : 0);
    }
}

void index_run(cst_frame *frame, uint32_t root, const uint64_t *keys, const cst_bundle_fn *bundles)
{
    const index_walk w = {frame, CST_ROWS(frame->image, index_words, uint32_t), keys, bundles};
    walk(&w, root);
}

/*
 * index_verify.c - whether the words of a rule index are a tree that a walk cannot leave.
 *
 * The check is the walk that takes every way. In a tree each word belongs to one node, so the check
 * may look at no more words than there are: words that are shared, by damage, use that up and are
 * refused, and time stays linear. Offsets that only go down, and a bounded depth, are what the walk
 * relies on to end.
 */
#include <stddef.h>

#include "runtime/index.h"
#include "runtime/limits.h"

typedef struct index_check {
    const uint32_t *words;
    uint64_t left; /* words that may still be looked at */
    uint32_t keys, bundles, rules, set_count;
    const cst_set_row *sets;
} index_check;

static bool check_node(index_check *c, uint32_t at, uint32_t above, uint32_t depth);

/* Takes `count` words at `at`, all of them before `above`. */
static bool take(index_check *c, uint32_t at, uint64_t count, uint32_t above)
{
    if (count > c->left || at >= above || count > above - at)
        return false;
    c->left -= count;
    return true;
}

static bool check_child(index_check *c, uint32_t child, uint32_t at, uint32_t depth)
{
    return child == 0 || check_node(c, child, at, depth + 1u);
}

/* A whole test: what it names is there. */
static bool check_test(const index_check *c, const uint32_t *test)
{
    if (cst_index_key_of(test[0]) >= c->keys)
        return false;
    return cst_index_test_of(test[0]) != (uint32_t)CST_TEST_SET ||
           (test[1] >> 1 < c->set_count && c->sets[test[1] >> 1].form != CST_SET_NETWORKS);
}

static bool check_rule(index_check *c, uint64_t *next, uint32_t above)
{
    if (*next + CST_INDEX_RULE_HEAD > above)
        return false;
    const uint32_t *const rule = c->words + *next;
    const uint32_t size = CST_INDEX_RULE_HEAD + (rule[0] >> 24);
    if (!take(c, (uint32_t)*next, size, above) || rule[0] % CST_INDEX_RULE_ROWS >= c->rules)
        return false;
    for (uint32_t at = CST_INDEX_RULE_HEAD; at < size; at += cst_index_test_size(rule[at]))
        if (cst_index_test_size(rule[at]) > size - at || !check_test(c, rule + at))
            return false;
    *next += size;
    return true;
}

static bool check_rules(index_check *c, uint64_t next, uint32_t count, uint32_t above)
{
    for (uint32_t left = count; left > 0; left--)
        if (!check_rule(c, &next, above))
            return false;
    return true;
}

static bool check_leaf(index_check *c, uint32_t at, uint32_t above)
{
    const uint32_t *const runs = c->words + at + CST_INDEX_LEAF_HEAD;
    const uint32_t count = c->words[at] >> 8;
    if (above - at < CST_INDEX_LEAF_HEAD ||
        !take(c, at, CST_INDEX_LEAF_HEAD + (uint64_t)count * 2, above))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (runs[(size_t)i * 2] >= c->bundles ||
            (runs[(size_t)i * 2 + 1] & 0xffffu) >= runs[(size_t)i * 2 + 1] >> 16)
            return false;
    return check_rules(c, (uint64_t)at + CST_INDEX_LEAF_HEAD + (uint64_t)count * 2,
                       c->words[at + 1u], above);
}

static bool check_dense(index_check *c, uint32_t at, uint32_t above, uint32_t depth)
{
    const uint32_t *const node = c->words + at;
    if (above - at < CST_INDEX_DENSE_HEAD ||
        !take(c, at, CST_INDEX_DENSE_HEAD + (uint64_t)node[4], above))
        return false;
    for (uint32_t i = 0; i < node[4]; i++)
        if (!check_child(c, node[CST_INDEX_DENSE_HEAD + i], at, depth))
            return false;
    return true;
}

static bool check_hash(index_check *c, uint32_t at, uint32_t above, uint32_t depth)
{
    const uint32_t *const node = c->words + at;
    if (above - at < CST_INDEX_HASH_HEAD)
        return false;
    const uint32_t capacity = node[2];
    uint32_t used = 0;
    if (capacity == 0 || (capacity & (capacity - 1u)) != 0 ||
        !take(c, at, CST_INDEX_HASH_HEAD + (uint64_t)capacity * 3, above))
        return false;
    for (uint32_t i = 0; i < capacity; i++) {
        const uint32_t child = node[CST_INDEX_HASH_HEAD + (size_t)i * 3 + 2];
        used += child != 0;
        if (!check_child(c, child, at, depth))
            return false;
    }
    return used < capacity; /* a look-up ends at a free place */
}

/* A guide that does not descend and stays below the count leads to boundaries, right or wrong. */
static bool check_cells(index_check *c, uint32_t at, uint32_t above, uint32_t depth)
{
    const uint32_t *const node = c->words + at;
    if (above - at < CST_INDEX_CELLS_HEAD)
        return false;
    const uint32_t count = node[2], buckets = node[6];
    const uint64_t first = CST_INDEX_CELLS_HEAD + (uint64_t)buckets + 1u;
    const uint32_t size = cst_index_cell_size(node[3]);
    if (node[3] > 63u || buckets == 0 || !take(c, at, first + (uint64_t)count * size, above))
        return false;
    const uint32_t *const guide = node + CST_INDEX_CELLS_HEAD, *const cells = node + first;
    for (uint32_t i = 0; i <= buckets; i++)
        if (guide[i] > count || (i > 0 && guide[i] < guide[i - 1u]))
            return false;
    for (uint32_t i = 0; i < count; i++)
        if (!check_child(c, cells[(size_t)i * size + size - 1u], at, depth))
            return false;
    return check_child(c, node[7], at, depth);
}

/* The text of a trie is as long as its longest prefix: its depth is bounded apart from that of the
 * tree. */
static bool check_trie(index_check *c, uint32_t at, uint32_t above, uint32_t depth,
                       uint32_t trie_depth)
{
    const uint32_t *const node = c->words + at;
    if (trie_depth > LIMIT_INDEX_PREFIX_BYTES || at == 0 || at >= above ||
        above - at < CST_INDEX_TRIE_HEAD)
        return false;
    const uint64_t padded = ((uint64_t)node[3] + 3u) / 4u;
    const uint32_t count = cst_index_edges(node[2]);
    const uint32_t size = node[2] & CST_INDEX_DENSE_EDGES ? 1u : 2u;
    if (node[3] > LIMIT_INDEX_PREFIX_BYTES || count > 256u ||
        !take(c, at, CST_INDEX_TRIE_HEAD + padded + (uint64_t)count * size, above) ||
        !check_child(c, node[0], at, depth) || !check_child(c, node[1], at, depth))
        return false;
    const uint32_t *const edges = node + CST_INDEX_TRIE_HEAD + padded;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t edge = edges[(size_t)i * size + size - 1u];
        if ((edge != 0 || size == 2u) && !check_trie(c, edge, at, depth, trie_depth + 1u))
            return false;
    }
    return true;
}

static bool check_node(index_check *c, uint32_t at, uint32_t above, uint32_t depth)
{
    if (at == 0 || at >= above || depth > LIMIT_INDEX_DEPTH)
        return false;
    const uint32_t form = c->words[at] & 0xffu;
    if (form == CST_INDEX_LEAF)
        return check_leaf(c, at, above);
    if (form == CST_INDEX_DATA)
        return take(c, at, 1, above) && check_rules(c, at + UINT64_C(1), c->words[at] >> 8, above);
    if (above - at < 3u || c->words[at] >> 8 >= c->keys ||
        !check_child(c, c->words[at + 1u], at, depth))
        return false;
    switch (form) {
    case CST_INDEX_DENSE: return check_dense(c, at, above, depth);
    case CST_INDEX_HASH: return check_hash(c, at, above, depth);
    case CST_INDEX_CELLS: return check_cells(c, at, above, depth);
    case CST_INDEX_PREFIXES: {
        const uint32_t trie = c->words[at + 2u];
        return take(c, at, CST_INDEX_PREFIXES_HEAD, above) &&
               (trie == 0 || check_trie(c, trie, at, depth, 0));
    }
    default: return false;
    }
}

bool index_verify(const cst_image *image, const cst_group_row *group)
{
    index_check check = {.words = CST_ROWS(image, index_words, uint32_t),
                         .left = image->index_words.count,
                         .keys = group->index_keys,
                         .bundles = group->index_bundles,
                         .rules = image->rules.count,
                         .set_count = image->sets.count,
                         .sets = CST_ROWS(image, sets, cst_set_row)};
    return group->index == 0 || check_node(&check, group->index, image->index_words.count, 0);
}

/*
 * index.h - the rule index of a large group: from what an event says to the few rules that can
 * concern it.
 *
 * A tree of tables, made by the planner (compiler/plan/index.c), as 32-bit words in
 * image.index_words. An inner node asks one *key*, a value that compiled code has computed for the
 * event, and goes on in the table's answer and in the node's `rest`, where the rules are that do
 * not ask this key. The tree only leaves out rules that are false for sure. A rule whose condition
 * is nothing but tests of keys stands in its leaf as data: its row, and the tests that the way to
 * the leaf has not answered. Of others, leaves name *runs*: neighbouring rules of one *bundle*, a
 * compiled function, which evaluate their whole condition as if there were no index.
 *
 * Nodes are written behind their children, so every offset is smaller than that of the node it
 * stands in: a walk ends, whatever the words say. Offset 0 is no node. Numbers of 64 bits are two
 * words, the lower first.
 *
 * LEAF      form | runs << 8, rules;
 *           then each run: bundle, first | end << 16;
 *           then each rule that is data: row, tests, and each test: key | more << 31, low
 *           (2 words), high - low (2 words); or key | 1 << 30, row of `sets`, negated (0 or 1),
 *           0, 0. A test with `more` is true if it or the next is
 * DENSE     form | key << 8, rest, base (2 words), count;
 *           then children, by key - base
 * HASH      form | key << 8, rest, capacity, a power of two;
 *           then key (2 words), child; child 0 is free
 * CELLS     form | key << 8, rest, count, shift, base (2 words), buckets, below;
 *           then a guide of buckets + 1 words: how many boundaries are less than base + (bucket <<
 *           shift), base being the first boundary; then each boundary, ascending (2 words), and the
 *           child from there to the next; `below` is the child of keys less than all
 * PREFIXES  form | key << 8, rest, trie: the key is a text; everything on the way down along it
 *           counts, a node for folders only where the text ends or goes on with a slash
 * trie      node or 0, node for folders or 0, edges, length;
 *           then the text that leads here from its parent, padded to a word;
 *           then each edge: first byte, trie; ascending by byte
 *
 * Layer 1, beside module.h.
 */
#ifndef CONSTITUTION_RUNTIME_INDEX_H
#define CONSTITUTION_RUNTIME_INDEX_H

#include "runtime/module.h"

typedef enum cst_index_form {
    CST_INDEX_LEAF = 0,
    CST_INDEX_DENSE = 1,
    CST_INDEX_HASH = 2,
    CST_INDEX_CELLS = 3,
    CST_INDEX_PREFIXES = 4
} cst_index_form;

/* Words before what repeats. */
enum {
    CST_INDEX_LEAF_HEAD = 2,
    CST_INDEX_RULE_HEAD = 2,
    CST_INDEX_TEST_SIZE = 5,
    CST_INDEX_DENSE_HEAD = 5,
    CST_INDEX_HASH_HEAD = 3,
    CST_INDEX_CELLS_HEAD = 8,
    CST_INDEX_CELL_SIZE = 3,
    CST_INDEX_PREFIXES_HEAD = 3,
    CST_INDEX_TRIE_HEAD = 4
};

#define CST_INDEX_MORE   (UINT32_C(1) << 31)
#define CST_INDEX_IN_SET (UINT32_C(1) << 30)
#define CST_INDEX_KEY    (CST_INDEX_IN_SET - 1u)

static inline uint64_t cst_index_wide(const uint32_t *words)
{
    return words[0] | (uint64_t)words[1] << 32;
}

/* Where a key is looked for first in a HASH node. */
static inline uint32_t cst_index_slot(uint64_t key, uint32_t capacity)
{
    return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (capacity - 1u);
}

/* index.c, as a service: runs the rules that an event can concern. `keys`: numbers and symbols by
 * value, texts as pointers to cst_value. */
void index_run(cst_frame *frame, uint32_t root, const uint64_t *keys, const cst_bundle_fn *bundles);
/* index_verify.c: whether the words from `root` on are a tree that a walk cannot leave. */
bool index_verify(const cst_image *image, const cst_group_row *group);

#endif

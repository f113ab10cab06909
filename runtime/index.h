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
 *           then each run: bundle, first | end << 16; then each rule that is data
 * DATA      form | rules << 8; then each rule: a leaf without runs
 * rule      row | words << 24; then that many words of tests: more << 31 | test << 28 | key << 16 |
 *           value, a number of 16 bits with a sign; or the value in a second word, of 32 bits; or
 *           low and high - low in four. A test with `more` is true if it or the next is
 * DENSE     form | key << 8, rest, base (2 words), count;
 *           then children, by key - base
 * HASH      form | key << 8, rest, capacity, a power of two;
 *           then key (2 words), child; child 0 is free
 * CELLS     form | key << 8, rest, count, shift, base (2 words), buckets, below;
 *           then a guide of buckets + 1 words: how many boundaries are less than base + (bucket <<
 *           shift), base being the first boundary; then each boundary, ascending, as what it is
 *           above the beginning of its bucket (2 words if shift > 32, else 1), and the child from
 *           there to the next; `below` is the child of keys less than all
 * PREFIXES  form | key << 8, rest, trie: the key is a text; everything on the way down along it
 *           counts, a node for folders only where the text ends or goes on with a slash
 * trie      node or 0, node for folders or 0, edges | first << 16 | dense << 31, length;
 *           then the text that leads here from its parent, padded to a word;
 *           then, dense, a trie or 0 for each byte from `first` on, else each edge: byte, trie;
 *           ascending by byte
 *
 * Layer 1, beside module.h.
 */
#ifndef CONSTITUTION_RUNTIME_INDEX_H
#define CONSTITUTION_RUNTIME_INDEX_H

#include "runtime/module.h"

typedef enum cst_index_form {
    CST_INDEX_LEAF = 0,
    CST_INDEX_DATA = 1,
    CST_INDEX_DENSE = 2,
    CST_INDEX_HASH = 3,
    CST_INDEX_CELLS = 4,
    CST_INDEX_PREFIXES = 5
} cst_index_form;

/* What a rule that is data asks of a key: bits, so that no jump has to be foreseen. */
typedef enum cst_index_test {
    CST_TEST_LEAST = 1, /* the key is not less than the value */
    CST_TEST_MOST = 2,  /* the key is not more */
    CST_TEST_EQUAL = CST_TEST_LEAST | CST_TEST_MOST,
    CST_TEST_LONG = 4,  /* the value is the second word */
    CST_TEST_RANGE = 0, /* four more words */
    CST_TEST_SET = 4    /* second word: row of `sets` << 1 | negated */
} cst_index_test;

/* Words before what repeats. */
enum {
    CST_INDEX_LEAF_HEAD = 2,
    CST_INDEX_RULE_HEAD = 1,
    CST_INDEX_DENSE_HEAD = 5,
    CST_INDEX_HASH_HEAD = 3,
    CST_INDEX_CELLS_HEAD = 8,
    CST_INDEX_PREFIXES_HEAD = 3,
    CST_INDEX_TRIE_HEAD = 4
};

#define CST_INDEX_MORE        (UINT32_C(1) << 31)
#define CST_INDEX_DENSE_EDGES (UINT32_C(1) << 31)
#define CST_INDEX_RULE_ROWS   (UINT32_C(1) << 24) /* a rule of a later row has code */
#define CST_INDEX_RULE_WORDS  255u                /* a rule with more words of tests has code */

static inline uint32_t cst_index_test_of(uint32_t word)
{
    return word >> 28 & 7u;
}

static inline uint32_t cst_index_key_of(uint32_t word)
{
    return word >> 16 & 0xfffu;
}

static inline uint32_t cst_index_test_size(uint32_t word)
{
    const uint32_t test = cst_index_test_of(word);
    return test == CST_TEST_RANGE ? 5u : 1u + (test >> 2);
}

static inline uint32_t cst_index_edges(uint32_t word)
{
    return word & 0xffffu;
}

static inline uint32_t cst_index_first_edge(uint32_t word)
{
    return word >> 16 & 0xffu;
}

/* Words of one boundary and its child. */
static inline uint32_t cst_index_cell_size(uint32_t shift)
{
    return shift > 32u ? 3u : 2u;
}

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

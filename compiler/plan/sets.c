/*
 * sets.c - the rows and the data of sets.
 *
 * Row numbers are those of checked_policy.sets. Texts are sets of symbols: a bit set where their
 * symbols lie close together, which is the rule since symbols are numbered set by set, a hash
 * table where they do not (a set that shares most elements with earlier ones). The smaller form is
 * taken. Everything with a number is sorted integers, tools by tool number. Sets of floats never
 * reach the graph as sets (lower.c): their rows are empty.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/plan/nodes.h"
#include "compiler/plan/planning.h"

static void build_bits(image_builder *image, const checked_set *set, uint32_t low, uint32_t high,
                       cst_set_row *row)
{
    const uint32_t words = (high - low) / 64u + 1u;
    uint64_t *bits = arena_array(image->memory, words, sizeof *bits);
    for (uint32_t i = 0; i < set->count; i++) {
        const uint32_t bit = set->values[i].symbol - low;
        bits[bit / 64u] |= (uint64_t)1 << (bit % 64u);
    }
    row->form = CST_SET_SYMBOL_BITS;
    row->base = low;
    row->data = image_data(image, bits, words * sizeof *bits);
}

static void build_hash(image_builder *image, const checked_set *set, uint32_t capacity,
                       cst_set_row *row)
{
    uint32_t *buckets = arena_array(image->memory, capacity, sizeof *buckets);
    for (uint32_t i = 0; i < set->count; i++) {
        const uint32_t symbol = set->values[i].symbol;
        uint32_t at = cst_symbol_slot(symbol, capacity);
        while (buckets[at] != 0 && buckets[at] != symbol)
            at = (at + 1) & (capacity - 1);
        buckets[at] = symbol;
    }
    row->form = CST_SET_SYMBOL_HASH;
    row->data = image_data(image, buckets, capacity * sizeof *buckets);
}

static void build_symbols(image_builder *image, const checked_set *set, cst_set_row *row)
{
    row->form = CST_SET_SYMBOL_BITS;
    row->count = set->count;
    if (set->count == 0)
        return;
    uint32_t low = UINT32_MAX, high = 0, capacity = 2;
    for (uint32_t i = 0; i < set->count; i++) {
        low = set->values[i].symbol < low ? set->values[i].symbol : low;
        high = set->values[i].symbol > high ? set->values[i].symbol : high;
    }
    while (capacity / 2 < set->count)
        capacity *= 2;
    if ((high - low) / 64u + 1u <= capacity / 2)
        build_bits(image, set, low, high, row);
    else
        build_hash(image, set, capacity, row);
}

static int compare_integers(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void build_integers(image_builder *image, const checked_set *set, cst_set_row *row)
{
    row->form = CST_SET_INTEGERS;
    if (set->kind == CST_KIND_FLOAT || set->count == 0)
        return;
    int64_t *numbers = arena_array(image->memory, set->count, sizeof *numbers);
    for (uint32_t i = 0; i < set->count; i++)
        numbers[i] = set->values[i].as.integer;
    qsort(numbers, set->count, sizeof *numbers, compare_integers);
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < set->count; i++)
        if (distinct == 0 || numbers[distinct - 1] != numbers[i])
            numbers[distinct++] = numbers[i];
    row->count = distinct;
    row->data = image_data(image, numbers, distinct * sizeof *numbers);
}

void sets_build(image_builder *image)
{
    for (uint32_t i = 0; i < image->symbols->rows.count; i++) {
        const plan_symbol *symbol = &image->symbols->rows.items[i];
        const cst_ref text = image_bytes(image, symbol->text, symbol->length);
        *ARENA_PUSH(image->memory, &image->symbol_rows) =
            (cst_symbol_row){.text = text, .hash = symbol->hash, .tool = symbol->tool};
    }
    for (uint32_t s = 0; s < image->policy->sets.count; s++) {
        const checked_set *set = &image->policy->sets.items[s];
        cst_set_row row = {.name = image_text(image, set->name), .kind = (uint32_t)set->kind};
        if (set->kind == CST_KIND_IP) {
            row.form = CST_SET_NETWORKS;
            row.count = set->count;
            row.data = image_data(image, set->networks, set->count * sizeof *set->networks);
        } else if (kind_has_text(set->kind)) {
            build_symbols(image, set, &row);
        } else {
            build_integers(image, set, &row);
        }
        *ARENA_PUSH(image->memory, &image->sets) = row;
    }
}

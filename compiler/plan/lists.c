/*
 * lists.c - lists of numbers, equal ones kept once.
 *
 * Tools come by the ten thousand, most of them with the same rules and the same fields. Their
 * group lists and field trees are therefore looked up by content before they are written: what is
 * equal is shared.
 */
#include <string.h>

#include "compiler/plan/planning.h"
#include "runtime/base/hash.h"

static void grow(arena *memory, lists *all)
{
    const uint32_t count = all->bucket_count == 0 ? 64 : all->bucket_count * 2;
    uint32_t *buckets = arena_array(memory, count, sizeof *buckets);
    for (uint32_t i = 0; i < all->entries.count; i++) {
        uint32_t at = all->entries.items[i].hash & (count - 1);
        while (buckets[at] != 0)
            at = (at + 1) & (count - 1);
        buckets[at] = i + 1;
    }
    all->buckets = buckets;
    all->bucket_count = count;
}

uint32_t lists_add(arena *memory, lists *all, const uint32_t *words, uint32_t count)
{
    if (all->entries.count >= all->bucket_count / 2)
        grow(memory, all);
    const uint32_t hash = count == 0 ? 1 : cst_hash(words, count * sizeof *words);
    uint32_t at = hash & (all->bucket_count - 1);
    for (; all->buckets[at] != 0; at = (at + 1) & (all->bucket_count - 1)) {
        const list_entry *entry = &all->entries.items[all->buckets[at] - 1];
        if (entry->hash == hash && entry->count == count &&
            (count == 0 ||
             memcmp(&all->words.items[entry->first], words, count * sizeof *words) == 0))
            return all->buckets[at] - 1;
    }
    const list_entry made = {.first = all->words.count, .count = count, .hash = hash};
    for (uint32_t i = 0; i < count; i++)
        *ARENA_PUSH(memory, &all->words) = words[i];
    *ARENA_PUSH(memory, &all->entries) = made;
    all->buckets[at] = all->entries.count;
    return all->entries.count - 1;
}

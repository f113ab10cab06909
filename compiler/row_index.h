/*
 * row_index.h - finding a row among many by its hash, so that "is it known already?" costs the same
 * for a hundred thousand as for ten.
 *
 * Open addressing over row numbers; the rows themselves, and what makes two of them equal, are the
 * caller's:
 *
 *     uint32_t at = hash, row;
 *     while ((row = row_index_next(&index, hash, &at)) != CST_NONE)
 *         if (same(&rows[row], wanted))
 *             return row;
 *     row_index_add(&index, arena, hash, row_count);
 */
#ifndef CONSTITUTION_COMPILER_ROW_INDEX_H
#define CONSTITUTION_COMPILER_ROW_INDEX_H

#include "runtime/base/arena.h"
#include "runtime/module.h"

typedef struct row_index_place {
    uint32_t hash, row; /* row + 1; 0: free */
} row_index_place;

typedef struct row_index {
    row_index_place *places;
    uint32_t capacity, count; /* capacity: a power of two, or 0 */
} row_index;

/* The next row with this hash, from *at on; CST_NONE: no more. */
static inline uint32_t row_index_next(const row_index *index, uint32_t hash, uint32_t *at)
{
    while (index->capacity > 0) {
        const row_index_place *const place = &index->places[(*at)++ & (index->capacity - 1)];
        if (place->row == 0)
            break;
        if (place->hash == hash)
            return place->row - 1;
    }
    return CST_NONE;
}

static inline void row_index_put(row_index *index, row_index_place place)
{
    uint32_t at = place.hash;
    while (index->places[at & (index->capacity - 1)].row != 0)
        at++;
    index->places[at & (index->capacity - 1)] = place;
}

/* The arena of a compilation does not come back when memory is short. */
static inline void row_index_add(row_index *index, arena *arena, uint32_t hash, uint32_t row)
{
    if (index->count * 2 >= index->capacity) {
        const row_index old = *index;
        index->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
        index->places = arena_array(arena, index->capacity, sizeof *index->places);
        for (uint32_t i = 0; i < old.capacity; i++)
            if (old.places[i].row != 0)
                row_index_put(index, old.places[i]);
    }
    row_index_put(index, (row_index_place){hash, row + 1});
    index->count++;
}

#endif

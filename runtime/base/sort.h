/*
 * sort.h - sorting in place, without memory: qsort of the C library may ask the system for some,
 * and a decision must not.
 *
 * Heap sort: n log n for any input, no recursion, not stable; a comparison that is a total order
 * makes its result the same everywhere. Layer 0.
 */
#ifndef CONSTITUTION_RUNTIME_BASE_SORT_H
#define CONSTITUTION_RUNTIME_BASE_SORT_H

#include <stddef.h>

/* `compare` as for qsort. `items` may be NULL if count is 0. */
void sort_in_place(void *items, size_t count, size_t size,
                   int (*compare)(const void *left, const void *right));

#endif

/*
 * sort.c - see sort.h. Items are swapped in blocks through the stack, so their size does not
 * matter.
 */
#include "runtime/base/sort.h"

#include <string.h>

static void swap(char *left, char *right, size_t size)
{
    char block[64];
    while (size > 0) {
        const size_t part = size < sizeof block ? size : sizeof block;
        memcpy(block, left, part);
        memcpy(left, right, part);
        memcpy(right, block, part);
        left += part;
        right += part;
        size -= part;
    }
}

static void sift(char *items, size_t root, size_t count, size_t size,
                 int (*compare)(const void *, const void *))
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare(items + (child + 1) * size, items + child * size) > 0)
            child++;
        if (compare(items + root * size, items + child * size) >= 0)
            return;
        swap(items + root * size, items + child * size, size);
    }
}

void sort_in_place(void *items, size_t count, size_t size,
                   int (*compare)(const void *left, const void *right))
{
    for (size_t root = count / 2; root-- > 0;)
        sift(items, root, count, size, compare);
    for (size_t end = count; end-- > 1;) {
        swap(items, (char *)items + end * size, size);
        sift(items, 0, end, size, compare);
    }
}

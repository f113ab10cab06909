/*
 * names.c - see names.h. Open addressing over numbers of rows; the rows themselves never move.
 */
#include "compiler/cli/names.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/cli/cli.h"
#include "runtime/base/hash.h"

enum { FIRST_SLOTS = 64 };

static const char OTHERS[] = "(others)";

void names_init(name_table *table, size_t row_size, uint32_t bound)
{
    memset(table, 0, sizeof *table);
    table->row_size = row_size;
    table->bound = bound;
}

void names_free(name_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        free(((named *)table->rows[i])->name);
        free(table->rows[i]);
    }
    free(table->rows);
    free(table->slots);
    memset(table, 0, sizeof *table);
}

/* The slot that holds the name, or the empty one where it belongs. */
static uint32_t *slot_of(const name_table *table, const char *name, size_t length)
{
    for (uint32_t at = cst_hash(name, length);; at++) {
        uint32_t *const slot = &table->slots[at & (table->slot_count - 1)];
        if (*slot == 0)
            return slot;
        const named *const row = table->rows[*slot - 1];
        if (row->length == length && memcmp(row->name, name, length) == 0)
            return slot;
    }
}

static void grow_slots(name_table *table)
{
    free(table->slots);
    table->slot_count = table->slot_count == 0 ? FIRST_SLOTS : table->slot_count * 2;
    table->slots = checked(calloc(table->slot_count, sizeof *table->slots));
    for (uint32_t i = 0; i < table->count; i++) {
        const named *const row = table->rows[i];
        *slot_of(table, row->name, row->length) = i + 1;
    }
}

static void *row_make(name_table *table, const char *name, size_t length)
{
    if (table->count == table->capacity) {
        table->capacity = table->capacity == 0 ? FIRST_SLOTS : table->capacity * 2;
        table->rows = checked(realloc(table->rows, table->capacity * sizeof *table->rows));
    }
    named *const row = checked(calloc(1, table->row_size));
    row->name = text_copy(name, length);
    row->length = length;
    row->order = table->count;
    table->rows[table->count++] = row;
    return row;
}

void *names_find(const name_table *table, const char *name, size_t length)
{
    if (table->count == 0)
        return NULL;
    const uint32_t *const slot = slot_of(table, name, length);
    return *slot == 0 ? NULL : table->rows[*slot - 1];
}

void *names_row(name_table *table, const char *name, size_t length)
{
    if ((table->count + 2) * 2 >= table->slot_count)
        grow_slots(table);
    uint32_t *slot = slot_of(table, name, length);
    if (*slot != 0)
        return table->rows[*slot - 1];
    const bool full = table->count - (table->others != NULL) >= table->bound;
    if (full && table->others != NULL)
        return table->others;
    if (full) {
        slot = slot_of(table, OTHERS, sizeof OTHERS - 1);
        table->others =
            *slot != 0 ? table->rows[*slot - 1] : row_make(table, OTHERS, sizeof OTHERS - 1);
        if (*slot == 0)
            *slot = table->count;
        return table->others;
    }
    void *const row = row_make(table, name, length);
    *slot = table->count;
    return row;
}

void names_sort(name_table *table, int (*compare)(const void *, const void *))
{
    if (table->count > 1)
        qsort(table->rows, table->count, sizeof *table->rows, compare);
}

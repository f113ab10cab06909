/*
 * mcp_open.c - see mcp_open.h.
 *
 * Removing moves the entries behind into the gap, so that a stream of any length leaves nothing
 * behind in the table.
 */
#include "runtime/adapters/mcp_open.h"

#include <string.h>

#include "runtime/base/arena.h"
#include "runtime/base/hash.h"
#include "runtime/limits.h"

enum { FIRST_SLOTS = 64 };

void mcp_table_init(mcp_table *table, const cst_allocator *allocator)
{
    memset(table, 0, sizeof *table);
    table->allocator = allocator_or_default(allocator);
}

static uint32_t place_of(const mcp_table *table, mcp_side side, const char *id, uint32_t length)
{
    return (uint32_t)cst_hash_seeded(id, length, (uint64_t)(uintptr_t)table + (uint64_t)side) &
           (table->capacity - 1);
}

mcp_open *mcp_table_find(const mcp_table *table, mcp_side side, const char *id, uint32_t length)
{
    if (table->count == 0)
        return NULL;
    for (uint32_t i = place_of(table, side, id, length);; i = (i + 1) & (table->capacity - 1)) {
        mcp_open *const there = table->slots[i];
        if (there == NULL || (there->side == side && there->id_length == length &&
                              memcmp(there->id, id, length) == 0))
            return there;
    }
}

static void put(mcp_table *table, mcp_open *request)
{
    uint32_t i = place_of(table, request->side, request->id, request->id_length);
    while (table->slots[i] != NULL)
        i = (i + 1) & (table->capacity - 1);
    table->slots[i] = request;
}

static bool grow(mcp_table *table)
{
    mcp_open **const old = table->slots;
    const uint32_t old_capacity = table->capacity;
    const uint32_t capacity = old_capacity == 0 ? FIRST_SLOTS : old_capacity * 2;
    mcp_open **const slots =
        table->allocator.allocate(table->allocator.user, capacity * sizeof *slots);
    if (slots == NULL)
        return false;
    memset(slots, 0, capacity * sizeof *slots);
    table->slots = slots;
    table->capacity = capacity;
    for (uint32_t i = 0; i < old_capacity; i++)
        if (old[i] != NULL)
            put(table, old[i]);
    if (old != NULL)
        table->allocator.release(table->allocator.user, old, old_capacity * sizeof *old);
    return true;
}

static const char *copy(char **to, const char *text, uint32_t length)
{
    char *const start = *to;
    if (text == NULL)
        return NULL;
    memcpy(start, text, length);
    *to += length;
    return start;
}

cst_status mcp_table_add(mcp_table *table, const mcp_open *request)
{
    const size_t size =
        sizeof *request + request->id_length + request->tool_length + request->args_length;
    if (table->count >= LIMIT_MCP_OPEN || size > LIMIT_MCP_OPEN_BYTES - table->bytes)
        return CST_LIMIT;
    if (table->count * 2 >= table->capacity && !grow(table))
        return CST_NO_MEMORY;
    mcp_open *const kept = table->allocator.allocate(table->allocator.user, size);
    if (kept == NULL)
        return CST_NO_MEMORY;
    *kept = *request;
    char *to = (char *)(kept + 1);
    kept->id = copy(&to, request->id, request->id_length);
    kept->tool = copy(&to, request->tool, request->tool_length);
    kept->args = copy(&to, request->args, request->args_length);
    kept->size = size;
    put(table, kept);
    table->count++;
    table->bytes += size;
    return CST_OK;
}

void mcp_table_remove(mcp_table *table, mcp_open *request)
{
    const uint32_t mask = table->capacity - 1;
    uint32_t gap = place_of(table, request->side, request->id, request->id_length);
    while (table->slots[gap] != request)
        gap = (gap + 1) & mask;
    for (uint32_t i = (gap + 1) & mask; table->slots[i] != NULL; i = (i + 1) & mask) {
        mcp_open *const there = table->slots[i];
        const uint32_t home = place_of(table, there->side, there->id, there->id_length);
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            table->slots[gap] = there;
            gap = i;
        }
    }
    table->slots[gap] = NULL;
    table->count--;
    table->bytes -= request->size;
    table->allocator.release(table->allocator.user, request, request->size);
}

void mcp_table_free(mcp_table *table)
{
    for (uint32_t i = 0; i < table->capacity; i++)
        if (table->slots[i] != NULL)
            table->allocator.release(table->allocator.user, table->slots[i], table->slots[i]->size);
    if (table->slots != NULL)
        table->allocator.release(table->allocator.user, table->slots,
                                 table->capacity * sizeof *table->slots);
    memset(table, 0, sizeof *table);
}

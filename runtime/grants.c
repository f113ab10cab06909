/*
 * grants.c - the table of used grants: linear probing, doubled at three quarters. Before it grows,
 * what has expired is forgotten.
 */
#include "runtime/grants.h"

#include <string.h>

#include "runtime/limits.h"

enum { FIRST_CAPACITY = 16, ROW_BYTES = 32 + 8 + 4 };

void grant_table_init(grant_table *table, const cst_allocator *allocator)
{
    *table = (grant_table){.allocator = *allocator, .floor = INT64_MIN};
}

void grant_table_free(grant_table *table)
{
    if (table->slots)
        table->allocator.release(table->allocator.user, table->slots,
                                 table->capacity * sizeof *table->slots);
    const cst_allocator allocator = table->allocator;
    grant_table_init(table, &allocator);
}

/* The slot of the grant, or the free one where it would stand. */
static grant_use *find(grant_use *slots, uint32_t capacity, const uint8_t signature[32])
{
    uint32_t first;
    memcpy(&first, signature, sizeof first);
    for (uint32_t at = first & (capacity - 1);; at = (at + 1) & (capacity - 1))
        if (!slots[at].taken || memcmp(slots[at].signature, signature, 32) == 0)
            return &slots[at];
}

uint32_t grant_table_uses(const grant_table *table, const uint8_t signature[32])
{
    return table->count ? find(table->slots, table->capacity, signature)->uses : 0;
}

/* Room for one more. Those that have expired do not move into the new slots. */
static bool grow(grant_table *table, int64_t now)
{
    uint32_t live = 0;
    for (uint32_t i = 0; i < table->capacity; i++)
        live += table->slots[i].taken && table->slots[i].expires >= now;
    if (live >= LIMIT_SHARED_GRANTS)
        return false;
    uint32_t capacity = FIRST_CAPACITY;
    while (live >= capacity / 2)
        capacity *= 2;
    grant_use *const slots =
        table->allocator.allocate(table->allocator.user, capacity * sizeof *slots);
    if (!slots)
        return false;
    memset(slots, 0, capacity * sizeof *slots);
    for (uint32_t i = 0; i < table->capacity; i++) {
        const grant_use *const one = &table->slots[i];
        if (one->taken && one->expires >= now)
            *find(slots, capacity, one->signature) = *one;
        else if (one->taken && one->expires > table->floor)
            table->floor = one->expires;
    }
    if (table->slots)
        table->allocator.release(table->allocator.user, table->slots,
                                 table->capacity * sizeof *table->slots);
    table->slots = slots;
    table->capacity = capacity;
    table->count = live;
    return true;
}

bool grant_table_keep(grant_table *table, const uint8_t signature[32], int64_t expires,
                      uint32_t uses, int64_t now)
{
    grant_use *known = table->capacity ? find(table->slots, table->capacity, signature) : NULL;
    if (known && known->taken) {
        known->uses = uses;
        return true;
    }
    if (table->count >= LIMIT_SHARED_GRANTS || table->count + 1 > table->capacity / 4 * 3) {
        if (!grow(table, now))
            return false;
        known = find(table->slots, table->capacity, signature);
    }
    *known = (grant_use){.expires = expires, .uses = uses, .taken = true};
    memcpy(known->signature, signature, sizeof known->signature);
    table->count++;
    return true;
}

void grant_table_write(const grant_table *table, buffer *out)
{
    bytes_put(out, table->lost || table->dropped, 1);
    bytes_put(out, (uint64_t)table->floor, 8);
    bytes_put(out, table->count, 4);
    for (uint32_t i = 0; i < table->capacity; i++) {
        if (!table->slots[i].taken)
            continue;
        buffer_add(out, table->slots[i].signature, 32);
        bytes_put(out, (uint64_t)table->slots[i].expires, 8);
        bytes_put(out, table->slots[i].uses, 4);
    }
}

bool grant_table_read(grant_table *table, bytes_reader *in)
{
    table->lost = bytes_take(in, 1) != 0;
    table->floor = (int64_t)bytes_take(in, 8);
    const uint32_t count = (uint32_t)bytes_take(in, 4);
    if (in->failed || count > (size_t)(in->end - in->next) / ROW_BYTES)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t signature[32];
        for (size_t k = 0; k < sizeof signature; k++)
            signature[k] = (uint8_t)bytes_take(in, 1);
        const int64_t expires = (int64_t)bytes_take(in, 8);
        const uint32_t uses = (uint32_t)bytes_take(in, 4);
        if (!grant_table_keep(table, signature, expires, uses, INT64_MIN))
            return false;
    }
    return !in->failed;
}

bool grant_table_merge(grant_table *table, const grant_table *other)
{
    bool good = true;
    table->floor = other->floor > table->floor ? other->floor : table->floor;
    for (uint32_t i = 0; i < other->capacity; i++) {
        const grant_use *const one = &other->slots[i];
        if (one->taken && one->uses > grant_table_uses(table, one->signature))
            good =
                grant_table_keep(table, one->signature, one->expires, one->uses, INT64_MIN) && good;
    }
    return good;
}

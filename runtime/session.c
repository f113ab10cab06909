/*
 * session.c - the table of sessions: open addressing with linear probing, doubled when it is two
 * thirds full.
 *
 * The seed comes from the kernel, so nobody can choose session names that all meet in one place;
 * where the kernel gives none (a sandbox), time and addresses have to do.
 */
#include "runtime/session.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "runtime/base/hash.h"
#include "runtime/history/past.h"
#include "runtime/limits.h"
#include "runtime/text/echo.h"
#include "runtime/text/provenance.h"

#define FIRST_CAPACITY 16u

static uint64_t make_seed(const session_table *table)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed)
        return seed;
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t parts[3] = {(uint64_t)now.tv_nsec, (uint64_t)now.tv_sec,
                               (uint64_t)(uintptr_t)table};
    return cst_hash_seeded(parts, sizeof parts, (uint64_t)(uintptr_t)&seed);
}

void session_table_init(session_table *table, const cst_allocator *allocator)
{
    memset(table, 0, sizeof *table);
    table->allocator = *allocator;
    table->seed = make_seed(table);
    table->floor = PAST_CLOCK_UNSET;
}

static void *allocate(session_table *table, size_t size)
{
    return table->allocator.allocate(table->allocator.user, size);
}

static void release(session_table *table, void *pointer, size_t size)
{
    table->allocator.release(table->allocator.user, pointer, size);
}

session_echoes *session_new_echoes(session_table *table, uint32_t count)
{
    const size_t size = sizeof(session_echoes) + count * sizeof(struct echo *);
    session_echoes *const made = allocate(table, size);
    if (!made)
        return NULL;
    memset(made, 0, size);
    made->count = count;
    return made;
}

void session_free_echoes(session_table *table, session_echoes *echoes)
{
    if (!echoes)
        return;
    for (uint32_t i = 0; i < echoes->count; i++)
        echo_free(echoes->items[i]);
    release(table, echoes, sizeof *echoes + echoes->count * sizeof(struct echo *));
}

session_origins *session_new_origins(session_table *table)
{
    session_origins *const made = allocate(table, sizeof *made);
    if (made)
        memset(made, 0, sizeof *made);
    return made;
}

void session_free_origins(session_table *table, session_origins *origins)
{
    if (!origins)
        return;
    provenance_free(origins->from);
    release(table, origins, sizeof *origins);
}

static size_t agents_size(uint32_t capacity)
{
    return sizeof(session_agents) + capacity * sizeof(session_agent *);
}

static void free_agents(session_table *table, session_agents *agents)
{
    if (!agents)
        return;
    for (uint32_t i = 0; i < agents->count; i++)
        release(table, agents->items[i], sizeof *agents->items[i] + agents->items[i]->name_length);
    release(table, agents, agents_size(agents->capacity));
}

static bool grow_agents(session_table *table, session *owner)
{
    session_agents *const old = owner->agents;
    const uint32_t capacity = old ? old->capacity * 2 : 4;
    session_agents *const made = allocate(table, agents_size(capacity));
    if (!made)
        return false;
    made->count = old ? old->count : 0;
    made->capacity = capacity;
    if (old) {
        memcpy(made->items, old->items, old->count * sizeof *old->items);
        release(table, old, agents_size(old->capacity));
    }
    owner->agents = made;
    return true;
}

session_agent *session_add_agent(session_table *table, session *owner, const char *name,
                                 uint32_t length)
{
    const uint32_t count = owner->agents ? owner->agents->count : 0;
    if (count >= LIMIT_CHAIN_AGENTS ||
        ((!owner->agents || count == owner->agents->capacity) && !grow_agents(table, owner)))
        return NULL;
    session_agent *const made = allocate(table, sizeof *made + length);
    if (!made)
        return NULL;
    memset(made, 0, sizeof *made);
    made->name_length = length;
    memcpy(made->name, name, length);
    return owner->agents->items[owner->agents->count++] = made;
}

void session_clear(session_table *table, session *old)
{
    for (session_record *record = old->records; record;) {
        session_record *const next = record->next;
        if (record->json)
            release(table, record->json, record->json_capacity);
        release(table, record, sizeof *record + record->name_length);
        record = next;
    }
    session_free_echoes(table, old->echoes);
    for (session_label *label = old->labels; label;) {
        session_label *const next = label->next;
        release(table, label, sizeof *label + label->name_length);
        label = next;
    }
    session_forget_grants(table, old, INT64_MAX);
    if (old->past) {
        past_store_free(old->past);
        release(table, old->past, sizeof *old->past);
    }
    session_free_origins(table, old->origins);
    free_agents(table, old->agents);
    old->agents = NULL;
    old->records = NULL;
    old->origins = NULL;
    old->echoes = NULL;
    old->labels = NULL;
    old->past = NULL;
    old->label_count = 0;
    old->agents_lost = old->labels_lost = old->halted = old->distrusted = false;
}

static void free_session(session_table *table, session *old)
{
    session_clear(table, old);
    release(table, old, sizeof *old + old->name_length);
}

void session_table_free(session_table *table)
{
    for (uint32_t i = 0; i < table->capacity; i++)
        if (table->slots[i])
            free_session(table, table->slots[i]);
    if (table->slots)
        release(table, table->slots, table->capacity * sizeof *table->slots);
    if (table->away)
        release(table, table->away, table->away_capacity * sizeof *table->away);
    table->slots = NULL;
    table->away = NULL;
    table->capacity = table->count = table->away_capacity = table->away_count = 0;
    table->floor = PAST_CLOCK_UNSET;
    table->expired = table->begun = false;
    table->agents_lost = table->grants_lost = table->halt_lost = table->texts_lost =
        table->past_lost = table->prompt_lost = false;
}

static uint32_t find_slot(const session_table *table, const char *name, uint32_t length,
                          uint64_t hash)
{
    const uint32_t mask = table->capacity - 1;
    uint32_t slot = (uint32_t)hash & mask;
    for (const session *found; (found = table->slots[slot]) != NULL; slot = (slot + 1) & mask)
        if (found->hash == hash && found->name_length == length &&
            (length == 0 || memcmp(found->name, name, length) == 0))
            break;
    return slot;
}

session *session_find(const session_table *table, const char *name, uint32_t length)
{
    if (table->count == 0)
        return NULL;
    const uint64_t hash = cst_hash_seeded(name, length, table->seed);
    return table->slots[find_slot(table, name, length, hash)];
}

static bool resize(session_table *table, uint32_t capacity)
{
    session **const slots = allocate(table, capacity * sizeof *slots);
    if (!slots)
        return false;
    memset(slots, 0, capacity * sizeof *slots);
    for (uint32_t i = 0; i < table->capacity; i++) {
        session *const moved = table->slots[i];
        if (!moved)
            continue;
        uint32_t slot = (uint32_t)moved->hash & (capacity - 1);
        while (slots[slot])
            slot = (slot + 1) & (capacity - 1);
        slots[slot] = moved;
    }
    if (table->slots)
        release(table, table->slots, table->capacity * sizeof *table->slots);
    table->slots = slots;
    table->capacity = capacity;
    return true;
}

session *session_store(session_table *table, const char *name, uint32_t length)
{
    session *const known = session_find(table, name, length);
    if (known)
        return known;
    if (table->away_count && session_is_away(table, name, length))
        return NULL;
    if (table->count >= table->capacity - table->capacity / 3 &&
        !resize(table, table->capacity ? table->capacity * 2 : FIRST_CAPACITY))
        return NULL;
    session *const fresh = allocate(table, sizeof *fresh + length);
    if (!fresh)
        return NULL;
    memset(fresh, 0, sizeof *fresh);
    fresh->hash = cst_hash_seeded(name, length, table->seed);
    fresh->clock = table->floor;
    fresh->unasked = table->begun;
    fresh->lost = table->past_lost;
    fresh->name_length = length;
    if (length)
        memcpy(fresh->name, name, length);
    table->slots[find_slot(table, name, length, fresh->hash)] = fresh;
    table->count++;
    return fresh;
}

/* Every session that is left takes the first free place from its own on. Going round from a free
 * place, all that can stand before it have been put there. */
static void settle_slots(session_table *table)
{
    const uint32_t mask = table->capacity - 1;
    uint32_t empty = 0;
    while (table->slots[empty])
        empty++;
    for (uint32_t i = 1; i <= mask; i++) {
        session *const moved = table->slots[(empty + i) & mask];
        if (!moved)
            continue;
        table->slots[(empty + i) & mask] = NULL;
        uint32_t slot = (uint32_t)moved->hash & mask;
        while (table->slots[slot])
            slot = (slot + 1) & mask;
        table->slots[slot] = moved;
    }
}

void session_table_drop(session_table *table)
{
    for (uint32_t i = 0; i < table->capacity; i++)
        if (table->slots[i] && table->slots[i]->goes) {
            free_session(table, table->slots[i]);
            table->slots[i] = NULL;
            table->count--;
        }
    uint32_t capacity = FIRST_CAPACITY;
    while (table->count >= capacity / 2)
        capacity *= 2;
    if (table->count == 0 && table->slots) {
        release(table, table->slots, table->capacity * sizeof *table->slots);
        table->slots = NULL;
        table->capacity = 0;
    } else if (capacity >= table->capacity || !resize(table, capacity)) {
        settle_slots(table);
    }
}

/* ---- put away -------------------------------------------------------------------------------- */

static uint32_t away_slot(const uint64_t *away, uint32_t capacity, uint64_t hash)
{
    uint32_t slot = (uint32_t)hash & (capacity - 1);
    while (away[slot] != 0 && away[slot] != hash)
        slot = (slot + 1) & (capacity - 1);
    return slot;
}

/* 0 is a free place. */
static uint64_t away_hash(uint64_t hash)
{
    return hash ? hash : 1;
}

bool session_can_mark(session_table *table)
{
    if (table->away_count >= LIMIT_AWAY_SESSIONS)
        return false;
    if (table->away_count + 1 < table->away_capacity / 4 * 3)
        return true;
    const uint32_t capacity = table->away_capacity ? table->away_capacity * 2 : FIRST_CAPACITY;
    uint64_t *const away = allocate(table, capacity * sizeof *away);
    if (!away)
        return false;
    memset(away, 0, capacity * sizeof *away);
    for (uint32_t i = 0; i < table->away_capacity; i++)
        if (table->away[i])
            away[away_slot(away, capacity, table->away[i])] = table->away[i];
    if (table->away)
        release(table, table->away, table->away_capacity * sizeof *away);
    table->away = away;
    table->away_capacity = capacity;
    return true;
}

void session_mark_away(session_table *table, uint64_t hash)
{
    uint64_t *const place =
        &table->away[away_slot(table->away, table->away_capacity, away_hash(hash))];
    table->away_count += *place == 0;
    *place = away_hash(hash);
}

bool session_is_away(const session_table *table, const char *name, uint32_t length)
{
    if (table->away_count == 0)
        return false;
    const uint64_t hash = away_hash(cst_hash_seeded(name, length, table->seed));
    return table->away[away_slot(table->away, table->away_capacity, hash)] == hash;
}

bool session_unmark_away(session_table *table, const char *name, uint32_t length)
{
    if (!session_is_away(table, name, length))
        return false;
    const uint32_t mask = table->away_capacity - 1;
    uint32_t hole = away_slot(table->away, table->away_capacity,
                              away_hash(cst_hash_seeded(name, length, table->seed)));
    /* what stands behind it and may come before it moves up */
    for (uint32_t slot = (hole + 1) & mask; table->away[slot]; slot = (slot + 1) & mask)
        if (((slot - (uint32_t)table->away[slot]) & mask) >= ((slot - hole) & mask)) {
            table->away[hole] = table->away[slot];
            hole = slot;
        }
    table->away[hole] = 0;
    table->away_count--;
    return true;
}

bool session_set_label(session_table *table, session *owner, const char *name, uint32_t length,
                       bool sure)
{
    for (session_label *label = owner->labels; label; label = label->next)
        if (label->name_length == length && memcmp(label->name, name, length) == 0) {
            label->sure = label->sure || sure;
            return true;
        }
    session_label *const made =
        owner->label_count < LIMIT_LABELS ? allocate(table, sizeof *made + length) : NULL;
    if (!made)
        return false;
    *made = (session_label){.next = owner->labels, .sure = sure, .name_length = length};
    memcpy(made->name, name, length);
    owner->labels = made;
    owner->label_count++;
    return true;
}

static session_grant **find_grant(session *owner, const uint8_t signature[32])
{
    session_grant **at = &owner->grants;
    while (*at && memcmp((*at)->signature, signature, sizeof(*at)->signature) != 0)
        at = &(*at)->next;
    return at;
}

uint32_t session_grant_uses(const session *owner, const uint8_t signature[32])
{
    for (const session_grant *one = owner ? owner->grants : NULL; one; one = one->next)
        if (memcmp(one->signature, signature, sizeof one->signature) == 0)
            return one->uses;
    return 0;
}

bool session_keep_grant(session_table *table, session *owner, const uint8_t signature[32],
                        int64_t expires, uint32_t uses)
{
    session_grant **const at = find_grant(owner, signature);
    session_grant *const known = *at;
    if (known && uses == 0) {
        *at = known->next;
        owner->grant_count--;
        release(table, known, sizeof *known);
        return true;
    }
    session_grant *const kept = known ? known : allocate(table, sizeof *kept);
    if (!kept)
        return false;
    if (!known) {
        *kept = (session_grant){.next = owner->grants, .expires = expires};
        memcpy(kept->signature, signature, sizeof kept->signature);
        owner->grants = kept;
        owner->grant_count++;
    }
    kept->uses = uses;
    return true;
}

void session_forget_grants(session_table *table, session *owner, int64_t now)
{
    for (session_grant **at = &owner->grants; *at;) {
        session_grant *const one = *at;
        if (one->expires >= now && now != INT64_MAX) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        owner->grant_count--;
        release(table, one, sizeof *one);
    }
}

static session_record *find_record(const session *owner, const char *name, uint32_t length)
{
    for (session_record *record = owner->records; record; record = record->next)
        if (record->name_length == length && memcmp(record->name, name, length) == 0)
            return record;
    return NULL;
}

const session_record *session_find_record(const session *owner, const char *name, uint32_t length)
{
    return find_record(owner, name, length);
}

static session_record *new_record(session_table *table, session *owner, const char *name,
                                  uint32_t length)
{
    session_record *const record = allocate(table, sizeof *record + length);
    if (!record)
        return NULL;
    memset(record, 0, sizeof *record);
    record->name_length = length;
    memcpy(record->name, name, length);
    record->next = owner->records;
    owner->records = record;
    return record;
}

bool session_set_record(session_table *table, session *owner, const char *name, uint32_t length,
                        const char *json, uint32_t json_length)
{
    session_record *record = find_record(owner, name, length);
    if (!record || record->json_capacity < json_length) {
        char *const room = allocate(table, json_length);
        if (!room)
            return false;
        if (!record)
            record = new_record(table, owner, name, length);
        if (!record) {
            release(table, room, json_length);
            return false;
        }
        if (record->json)
            release(table, record->json, record->json_capacity);
        record->json = room;
        record->json_capacity = json_length;
    }
    memcpy(record->json, json, json_length);
    record->json_length = json_length;
    return true;
}

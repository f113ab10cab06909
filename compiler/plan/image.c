/*
 * image.c - the finished tables: one block of bytes without pointers, as runtime/module.h declares
 * it.
 *
 * Behind the head lies the pool (every text once, with a NUL behind it, and the data of sets),
 * then the tables in the order of the head, each 8-byte aligned. The pool comes first so that a
 * text's place is known as soon as it is added. All padding is zero and nothing depends on
 * addresses: the same policy gives the same bytes.
 *
 * The rows are made by sets.c, tables.c and trees.c; this file owns the pool and the layout. A
 * table is read as rows that hold offsets from the start of the image, so its size is bounded by
 * LIMIT_IMAGE_BYTES; a policy past that is an error.
 */
#include <string.h>

#include "compiler/plan/planning.h"
#include "runtime/base/hash.h"
#include "runtime/limits.h"

#define POOL_START ((sizeof(cst_image) + 15u) & ~(size_t)15u)

/* ---- the pool -------------------------------------------------------------------------------- */

static bool pool_reserve(image_builder *image, size_t more)
{
    image_pool *pool = &image->pool;
    const size_t needed = (size_t)pool->bytes.count + more;
    if (pool->too_large || more > LIMIT_IMAGE_BYTES || POOL_START + needed > LIMIT_IMAGE_BYTES) {
        pool->too_large = true;
        return false;
    }
    if (needed <= pool->bytes.capacity)
        return true;
    size_t capacity = pool->bytes.capacity < 4096 ? 4096 : (size_t)pool->bytes.capacity * 2;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > LIMIT_IMAGE_BYTES)
        capacity = LIMIT_IMAGE_BYTES;
    char *bytes = arena_allocate(image->memory, capacity);
    if (pool->bytes.count > 0)
        memcpy(bytes, pool->bytes.items, pool->bytes.count);
    pool->bytes.items = bytes;
    pool->bytes.capacity = (uint32_t)capacity;
    return true;
}

static void pool_grow_buckets(image_builder *image)
{
    image_pool *pool = &image->pool;
    const uint32_t count = pool->bucket_count == 0 ? 256 : pool->bucket_count * 2;
    uint32_t *buckets = arena_array(image->memory, count, sizeof *buckets);
    for (uint32_t i = 0; i < pool->texts.count; i++) {
        uint32_t at = pool->texts.items[i].hash & (count - 1);
        while (buckets[at] != 0)
            at = (at + 1) & (count - 1);
        buckets[at] = i + 1;
    }
    pool->buckets = buckets;
    pool->bucket_count = count;
}

cst_ref image_bytes(image_builder *image, const char *bytes, size_t length)
{
    image_pool *pool = &image->pool;
    if (pool->texts.count >= pool->bucket_count / 2)
        pool_grow_buckets(image);
    const uint32_t hash = cst_hash(bytes, length);
    uint32_t at = hash & (pool->bucket_count - 1);
    for (; pool->buckets[at] != 0; at = (at + 1) & (pool->bucket_count - 1)) {
        const uint32_t text = pool->buckets[at] - 1;
        const uint32_t offset = pool->texts.items[text].offset;
        if (pool->texts.items[text].hash == hash && pool->texts.items[text].length == length &&
            (length == 0 || memcmp(&pool->bytes.items[offset], bytes, length) == 0))
            return (cst_ref){(uint32_t)POOL_START + offset, (uint32_t)length};
    }
    if (!pool_reserve(image, length + 1))
        return (cst_ref){0, 0};
    const uint32_t offset = pool->bytes.count;
    if (length > 0)
        memcpy(&pool->bytes.items[offset], bytes, length);
    pool->bytes.items[offset + length] = 0;
    pool->bytes.count += (uint32_t)length + 1;
    ARENA_PUSH(image->memory, &pool->texts);
    pool->texts.items[pool->texts.count - 1].offset = offset;
    pool->texts.items[pool->texts.count - 1].length = (uint32_t)length;
    pool->texts.items[pool->texts.count - 1].hash = hash;
    pool->buckets[at] = pool->texts.count;
    return (cst_ref){(uint32_t)POOL_START + offset, (uint32_t)length};
}

cst_ref image_text(image_builder *image, const char *text)
{
    return text == NULL ? image_bytes(image, "", 0) : image_bytes(image, text, strlen(text));
}

cst_ref image_data(image_builder *image, const void *bytes, size_t length)
{
    image_pool *pool = &image->pool;
    if (length == 0 || !pool_reserve(image, length + 15u))
        return (cst_ref){0, 0};
    while (pool->bytes.count % 16u != 0)
        pool->bytes.items[pool->bytes.count++] = 0;
    memcpy(&pool->bytes.items[pool->bytes.count], bytes, length);
    const cst_ref ref = {(uint32_t)POOL_START + pool->bytes.count, (uint32_t)length};
    pool->bytes.count += (uint32_t)length;
    return ref;
}

cst_range image_names(image_builder *image, const char *const *names, uint32_t count)
{
    const cst_range range = {image->names.count, count};
    for (uint32_t i = 0; i < count; i++)
        *ARENA_PUSH(image->memory, &image->names) = image_text(image, names[i]);
    return range;
}

/* ---- the layout ------------------------------------------------------------------------------ */

typedef struct placing {
    uint64_t size;  /* of the image so far */
    uint8_t *bytes; /* NULL while sizes are only counted */
} placing;

static cst_table place(placing *p, const void *rows, uint32_t count, size_t row_size)
{
    p->size = (p->size + 7u) & ~(uint64_t)7u;
    const cst_table table = {(uint32_t)p->size, count};
    const uint64_t length = (uint64_t)count * row_size;
    if (p->bytes != NULL && length > 0)
        memcpy(p->bytes + p->size, rows, length);
    p->size += length;
    return table;
}

#define PLACE(p, vector) place((p), (vector).items, (vector).count, sizeof *(vector).items)

static void place_all(const image_builder *image, placing *p, cst_image *head)
{
    p->size = POOL_START;
    if (p->bytes != NULL && image->pool.bytes.count > 0)
        memcpy(p->bytes + p->size, image->pool.bytes.items, image->pool.bytes.count);
    p->size += image->pool.bytes.count;
    head->symbol_buckets = place(p, image->symbols->buckets, image->symbols->capacity,
                                 sizeof *image->symbols->buckets);
    head->symbols = PLACE(p, image->symbol_rows);
    head->sets = PLACE(p, image->sets);
    head->types = PLACE(p, image->types);
    head->fields = PLACE(p, image->fields);
    head->names = PLACE(p, image->names);
    head->nodes = PLACE(p, image->nodes);
    head->targets = PLACE(p, image->targets);
    head->slots = PLACE(p, image->slots);
    head->tools = PLACE(p, image->tools);
    head->groups = PLACE(p, image->groups);
    head->group_rules = PLACE(p, image->group_rules);
    head->group_lists = PLACE(p, image->group_lists);
    head->dispatch = PLACE(p, image->dispatch);
    head->rules = PLACE(p, image->rules);
    head->principles = PLACE(p, image->principles);
    head->layers = PLACE(p, image->layers);
    head->parts = PLACE(p, image->parts);
    head->witnesses = PLACE(p, image->witnesses);
    head->sites = PLACE(p, image->sites);
    head->records = PLACE(p, image->records);
    head->databases = PLACE(p, image->databases);
    head->patterns = PLACE(p, image->patterns);
    head->probes = PLACE(p, image->probes);
    head->probe_patterns = PLACE(p, image->probe_patterns);
    head->origins = PLACE(p, image->origins);
    head->echoes = PLACE(p, image->echoes);
    head->pasts = PLACE(p, image->pasts);
    head->watches = PLACE(p, image->watches);
    head->labels = PLACE(p, image->labels);
    head->sources = PLACE(p, image->sources);
    head->froms = PLACE(p, image->froms);
    head->leaves = PLACE(p, image->leaves);
    head->commands = PLACE(p, image->commands);
    head->command_lists = PLACE(p, image->command_lists);
    head->externs = PLACE(p, image->externs);
    head->asks = PLACE(p, image->asks);
    head->standings = PLACE(p, image->standings);
    head->index_words = PLACE(p, image->plan->index_words);
    p->size = (p->size + 15u) & ~(uint64_t)15u;
}

static void fill_head(image_builder *image, cst_image *head)
{
    memcpy(head->magic, CST_MODULE_MAGIC, sizeof CST_MODULE_MAGIC);
    head->abi = CST_ABI_VERSION;
    memcpy(head->source_hash, image->policy->source_hash, sizeof head->source_hash);
    if (image->policy->layer_count > 0) {
        head->name = image_text(image, image->policy->layers[0].name);
        head->version = image_text(image, image->policy->layers[0].version);
    }
    head->slot_count = image->policy->slots.count;
    head->memo_count = image->plan->memo_count;
    head->symbol_capacity = image->symbols->capacity;
    head->tool_count = image->policy->tools.count;
    head->note_count = image->policy->note_count;
    head->declared_rules = image->declared_rules;
    head->results = image->results;
    head->from_types = image->policy->from_types;
    head->from_args = image->policy->from_args;
    head->chain_agent = image->policy->chain_agent;
    head->chain_sender = image->policy->chain_sender;
    head->chain_receiver = image->policy->chain_receiver;
    memcpy(head->stages, image->stages, sizeof head->stages);
}

bool image_build(compilation *unit, const symbols *symbols_of_policy,
                 const plan_selector *selectors, uint32_t count)
{
    image_builder image = {.unit = unit,
                           .memory = &unit->arena,
                           .policy = unit->checked,
                           .plan = unit->plan,
                           .symbols = symbols_of_policy,
                           .selectors = selectors,
                           .selector_count = count};
    sets_build(&image);
    tables_build(&image);
    externs_build(&image);
    trees_build(&image);
    if (!texts_build(&image))
        return false;

    cst_image head;
    memset(&head, 0, sizeof head);
    fill_head(&image, &head);
    placing counting = {0, NULL};
    place_all(&image, &counting, &head);
    if (image.pool.too_large || counting.size > LIMIT_IMAGE_BYTES) {
        const source_range nowhere = {0, 0, 0};
        diagnostic_report(unit, E_IMAGE_TOO_LARGE, nowhere,
                          "the tables of this policy would need more than %u bytes",
                          LIMIT_IMAGE_BYTES);
        return false;
    }
    placing writing = {0, arena_allocate(image.memory, counting.size)};
    place_all(&image, &writing, &head);
    head.size = (uint32_t)counting.size;
    memcpy(writing.bytes, &head, sizeof head);
    unit->plan->image = writing.bytes;
    unit->plan->image_size = head.size;
    return true;
}

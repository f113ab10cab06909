/*
 * context.c - making and freeing contexts, and beginning events.
 *
 * Beginning an event is cheap because it undoes only what the last one did: a list of touched slots
 * is emptied, and nodes and slots carry the stamp of the event that wrote them instead of being
 * cleared. What a policy needs for one event is one allocation (`state`), so taking up a swapped
 * policy either succeeds as a whole or leaves the old one in place.
 */
#include <string.h>
#include <time.h>

#include "runtime/base/hash.h"
#include "runtime/engine.h"
#include "runtime/live.h"

/* ---- what a policy needs for one event ------------------------------------------------------- */

typedef struct state_layout {
    size_t slots, hits, records, slot_stamps, touched, node_stamps, follows, unread, memo, notes,
        note_stamps, note_slots, seen, known, watch_of, hashes, shared_places, labels, host_hits,
        fitted, size;
} state_layout;

static size_t place(state_layout *layout, size_t count, size_t size)
{
    const size_t at = layout->size;
    layout->size = (at + count * size + 15) & ~(size_t)15;
    return at;
}

static state_layout measure(const cst_image *image)
{
    state_layout result = {0};
    result.slots = place(&result, image->slot_count, sizeof(cst_value));
    result.hits = place(&result, image->rules.count, sizeof(cst_hit));
    result.records = place(&result, image->records.count, sizeof(engine_text));
    result.slot_stamps = place(&result, image->slot_count, sizeof(uint32_t));
    result.touched = place(&result, image->slot_count, sizeof(uint32_t));
    result.node_stamps = place(&result, image->nodes.count, sizeof(uint32_t));
    result.follows =
        place(&result, 2 * ((size_t)image->nodes.count + POLICY_FIXED) + 1, sizeof(uint32_t));
    result.unread = place(&result, ENGINE_UNREAD, sizeof(engine_unread));
    result.memo = place(&result, image->memo_count, 1);
    result.notes = place(&result, image->note_count, sizeof(cst_value));
    result.note_stamps = place(&result, image->note_count, sizeof(uint32_t));
    result.note_slots = place(&result, image->note_count, sizeof(uint32_t));
    result.known = place(&result, image->watches.count, sizeof(history_known));
    result.watch_of = place(&result, image->rules.count - image->declared_rules, sizeof(uint32_t));
    result.hashes =
        place(&result, image->pasts.count ? 2u * image->slot_count : 0, sizeof(history_hash));
    result.seen = place(&result, image->watches.count, sizeof(history_seen));
    result.shared_places = place(&result, image->pasts.count, sizeof(uint32_t));
    result.labels = place(&result, image->labels.count, 1);
    result.host_hits =
        place(&result, image->externs.count ? image->rules.count : 0, sizeof(cst_hit));
    result.fitted = place(&result, image->databases.count, sizeof(bool));
    if (result.size == 0)
        result.size = 16;
    return result;
}

/* Makes `policy` the one in force; its reference becomes the context's. False: memory is short, and
 * nothing changed. */
static bool take_policy(cst_context *context, cst_policy *policy)
{
    const cst_image *const image = policy->image;
    const state_layout layout = measure(image);
    char *const state = context->allocator.allocate(context->allocator.user, layout.size);
    if (!state)
        return false;
    memset(state, 0, layout.size);
    bool *const fitted = (bool *)(state + layout.fitted);
    for (uint32_t i = 0; i < image->databases.count; i++) {
        const scan_database *const database = scan_store_opened(policy->scans, i);
        fitted[i] = database != NULL;
        if (database &&
            scan_scratch_fit(&context->texts.scratch, database, &context->allocator) != CST_OK) {
            context->allocator.release(context->allocator.user, state, layout.size);
            return false;
        }
    }
    if ((image->pasts.count || context->live) &&
        !past_shared_places(context->shared, image,
                            (uint32_t *)(void *)(state + layout.shared_places))) {
        context->allocator.release(context->allocator.user, state, layout.size);
        return false;
    }
    if (context->state)
        context->allocator.release(context->allocator.user, context->state, context->state_size);
    cst_policy_release(context->policy);
    context->policy = policy;
    context->module = policy_module(policy);
    context->state = state;
    context->state_size = layout.size;
    context->slots = (cst_value *)(void *)(state + layout.slots);
    context->record_texts = (engine_text *)(void *)(state + layout.records);
    context->slot_stamps = (uint32_t *)(void *)(state + layout.slot_stamps);
    context->touched = (uint32_t *)(void *)(state + layout.touched);
    context->node_stamps = (uint32_t *)(void *)(state + layout.node_stamps);
    context->follows = (uint32_t *)(void *)(state + layout.follows);
    context->unread = (engine_unread *)(void *)(state + layout.unread);
    context->unread_next = 0;
    context->touched_count = 0;
    context->stamp = 0;
    context->nodes = CST_ROWS(image, nodes, cst_node_row);
    context->targets = CST_ROWS(image, targets, cst_target_row);
    context->types = CST_ROWS(image, types, cst_type_row);
    context->frame = (cst_frame){
        .slots = context->slots,
        .hits = (cst_hit *)(void *)(state + layout.hits),
        .memo = (uint8_t *)state + layout.memo,
        .services = &cst_runtime_services,
        .image = image,
        .engine = context->module->engine,
        .scratch = &context->scratch,
    };
    context->convert = (convert_context){
        .image = image,
        .arena = &context->arena,
        .text_bytes = policy->limits.text_bytes,
        .list_elements = policy->limits.list_elements,
        .names = policy->names,
        .symbol_lengths = policy->symbol_lengths,
    };
    context->scratch.memory.ceiling = policy->limits.scratch_bytes;
    context->texts.image = image;
    context->texts.store = policy->scans;
    context->texts.fitted = fitted;
    context->texts.allocator = context->allocator;
    context->frame.texts = &context->texts;
    context->history.context = context;
    context->history.notes = (cst_value *)(void *)(state + layout.notes);
    context->history.note_stamps = (uint32_t *)(void *)(state + layout.note_stamps);
    context->history.note_slots = (uint32_t *)(void *)(state + layout.note_slots);
    context->history.known = (history_known *)(void *)(state + layout.known);
    context->history.watch_of = (uint32_t *)(void *)(state + layout.watch_of);
    context->history.hashes = (history_hash *)(void *)(state + layout.hashes);
    context->history.seen = (history_seen *)(void *)(state + layout.seen);
    context->history.shared_places = (uint32_t *)(void *)(state + layout.shared_places);
    context->history.labels = (uint8_t *)state + layout.labels;
    context->history.stamp = context->history.seen_count = 0;
    if (image->pasts.count || image->labels.count || image->note_count)
        context->frame.history = &context->history;
    history_adopt(context);
    context->host.hits = (cst_hit *)(void *)(state + layout.host_hits);
    if (image->externs.count)
        context->frame.host = &context->host;
    return true;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Takes the reference over, also when it fails. */
static cst_context *make(cst_policy *policy, cst_live *live, uint64_t generation)
{
    const cst_allocator allocator = policy->allocator;
    cst_context *const context = allocator.allocate(allocator.user, sizeof *context);
    if (!context) {
        cst_policy_release(policy);
        return NULL;
    }
    memset(context, 0, sizeof *context);
    context->self = context;
    context->live = live;
    context->generation = generation;
    context->allocator = allocator;
    arena_init(&context->arena, &allocator, 0);
    arena_init(&context->scratch.memory, &allocator, 0);
    buffer_init(&context->message, &allocator, 0);
    buffer_init(&context->json, &allocator, 0);
    buffer_init(&context->action, &allocator, 0);
    buffer_init(&context->cut, &allocator, 0);
    buffer_init(&context->leaf, &allocator, 0);
    buffer_init(&context->history.text, &allocator, 0);
    buffer_init(&context->state_bytes, &allocator, 0);
    host_init(&context->host, context);
    context->host.seed[0] = cst_hash_seeded(policy->key, sizeof policy->key, 1);
    context->host.seed[1] = cst_hash_seeded(policy->key, sizeof policy->key, 2);
    context->shared = past_shared_retain(live ? live_shared(live) : policy->shared);
    session_table_init(&context->sessions, &allocator);
    if (!take_policy(context, policy)) {
        cst_policy_release(policy);
        cst_context_free(context);
        return NULL;
    }
    return context;
}

cst_context *cst_context_new(cst_policy *policy)
{
    return policy ? make(cst_policy_retain(policy), NULL, 0) : NULL;
}

cst_context *cst_context_new_live(cst_live *live)
{
    if (!live)
        return NULL;
    uint64_t generation;
    cst_policy *const policy = live_take(live, &generation);
    return make(policy, live, generation);
}

void cst_context_free(cst_context *context)
{
    if (!context)
        return;
    const cst_allocator allocator = context->allocator;
    arena_free(&context->arena);
    arena_free(&context->scratch.memory);
    buffer_free(&context->message);
    buffer_free(&context->json);
    buffer_free(&context->action);
    buffer_free(&context->cut);
    buffer_free(&context->leaf);
    buffer_free(&context->history.text);
    buffer_free(&context->state_bytes);
    host_free(&context->host);
    session_table_free(&context->sessions);
    past_shared_release(context->shared);
    scan_scratch_free(context->texts.scratch);
    if (context->bytes)
        allocator.release(allocator.user, context->bytes, context->byte_capacity);
    if (context->state)
        allocator.release(allocator.user, context->state, context->state_size);
    cst_policy_release(context->policy);
    allocator.release(allocator.user, context, sizeof *context);
}

const cst_policy *cst_context_policy(const cst_context *context)
{
    return context ? context->policy : NULL;
}

void cst_context_forget(cst_context *context)
{
    if (!context)
        return;
    session_table_free(&context->sessions);
    context->event.known = NULL;
    host_forget(&context->host);
}

void engine_forget_all(cst_context *context)
{
    cst_context_forget(context);
    past_shared_forget(context->shared);
}

/* ---- events ---------------------------------------------------------------------------------- */

static bool take_live(cst_context *context)
{
    if (!context->live || live_generation(context->live) == context->generation)
        return true;
    uint64_t generation;
    cst_policy *const policy = live_take(context->live, &generation);
    if (!take_policy(context, policy)) {
        cst_policy_release(policy);
        return false;
    }
    context->generation = generation;
    return true;
}

/* By a call: compilers make an assignment of all of it into a string instruction, whose start alone
 * costs more. */
static inline void empty_event(engine_event *event)
{
    size_t size = sizeof *event;
    __asm__("" : "+r"(size));
    memset(event, 0, size);
    event->missing = CST_NONE;
    event->problem.at = UINT64_MAX;
}

/* Better code for the same policy may have come since the last event: one load of a line that is
 * nearly never written. */
static void take_tier(cst_context *context)
{
    const cst_module *const module = policy_module(context->policy);
    if (module == context->module)
        return;
    context->module = module;
    context->frame.engine = module->engine;
}

/* The second decision goes on counting where the first ended; what it finds in scratch memory is
 * not there any more. */
static void begin_work(cst_context *context)
{
    cst_work before = {0};
    if (context->before)
        engine_work(context, &before);
    before.told = 0;
    context->scratch.work = before;
}

void engine_work(const cst_context *context, cst_work *out)
{
    const cst_scratch *const scratch = &context->scratch;
    const uint64_t used = scratch->memory.used - scratch->work.told;
    *out = scratch->work;
    if (used > out->scratch)
        out->scratch = used;
}

cst_status engine_begin(cst_context *context)
{
    if (context->host.asking) { /* the host may answer, and not decide */
        context->host.misused = true;
        return CST_BAD_ARGUMENT;
    }
    host_begin(&context->host);
    for (uint32_t i = 0; i < context->touched_count; i++)
        context->slots[context->touched[i]] = (cst_value){0};
    context->touched_count = 0;
    context->fired_count = context->shadow_count = context->granted_count = 0;
    context->has_json = context->has_hash = false;
    context->frame.hit_count = 0;
    if (context->arena.used && !context->before) /* the second decision speaks of the first */
        arena_reset(&context->arena);
    if (!context->before)
        context->history.frozen = NULL;
    begin_work(context);
    if (context->scratch.memory.used)
        arena_reset(&context->scratch.memory);
    context->scratch.commands = NULL;
    context->from_json = false;
    context->tree = NULL;
    context->cut_text = context->cut_args = context->cut_value = (engine_text){0};
    empty_event(&context->event);
    if (!context->before) { /* the second decision is made by what made the first */
        if (!take_live(context))
            return CST_NO_MEMORY;
        take_tier(context);
    }
    context->text_slot = context->policy->text_slot;
    const cst_image *const image = context->policy->image;
    if (image->databases.count || image->echoes.count)
        texts_begin(&context->texts);
    if (++context->stamp == 0) { /* after four billion events the stamps start again */
        memset(context->slot_stamps, 0, image->slot_count * sizeof(uint32_t));
        memset(context->node_stamps, 0, image->nodes.count * sizeof(uint32_t));
        context->stamp = 1;
    }
    if (image->memo_count)
        memset(context->frame.memo, 0, image->memo_count);
    for (uint32_t i = 0; i < image->records.count; i++)
        context->record_texts[i] = (engine_text){0};
    context->event.records = context->record_texts;
    return CST_OK;
}

int64_t engine_time(cst_context *context)
{
    if (context->event.has_time)
        return context->event.time;
    context->event.has_time = true;
    if (context->opened) {
        context->event.time = *context->opened;
    } else if (context->policy->clock) {
        context->event.time = context->policy->clock(context->policy->clock_user);
    } else {
        struct timespec now = {0, 0};
        clock_gettime(CLOCK_REALTIME, &now);
        context->event.time = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    }
    return context->event.time;
}

/* ---- looking inside -------------------------------------------------------------------------- */

const cst_frame *engine_frame(const cst_context *context)
{
    return &context->frame;
}

bool engine_copy_frame(const cst_context *context, cst_frame *frame,
                       const cst_dispatch_row **dispatch, const cst_module **module)
{
    const cst_image *const image = context->policy->image;
    const state_layout layout = measure(image);
    const cst_allocator allocator = allocator_or_default(NULL);
    char *const state = allocator.allocate(allocator.user, layout.size);
    cst_scratch *const scratch = allocator.allocate(allocator.user, sizeof *scratch);
    if (!state || !scratch) {
        allocator.release(allocator.user, state, layout.size);
        allocator.release(allocator.user, scratch, sizeof(cst_scratch));
        return false;
    }
    memcpy(state, context->state, layout.size);
    *scratch = (cst_scratch){.commands = NULL, .work = {0}};
    arena_init(&scratch->memory, &allocator, context->scratch.memory.ceiling);
    *frame = context->frame;
    frame->slots = (cst_value *)(void *)(state + layout.slots);
    frame->hits = (cst_hit *)(void *)(state + layout.hits);
    frame->memo = (uint8_t *)state + layout.memo;
    memset(frame->memo, 0, image->memo_count);
    frame->hit_count = 0;
    frame->scratch = scratch;
    *dispatch = context->event.dispatch;
    *module = context->module;
    return true;
}

void engine_free_frame(cst_frame *frame)
{
    const cst_allocator allocator = allocator_or_default(NULL);
    const state_layout layout = measure(frame->image);
    cst_scratch *const scratch = frame->scratch;
    arena_free(&scratch->memory);
    allocator.release(allocator.user, frame->scratch, sizeof(cst_scratch));
    void *const state = frame->memo - layout.memo;
    allocator.release(allocator.user, state, layout.size);
}

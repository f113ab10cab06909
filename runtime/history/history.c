/*
 * history.c - an event against the past: before it is decided, and after.
 *
 * What enters is what went on. Where a redaction or a replacement changed the event, its slots are
 * read again from what goes on, the watches are asked again, and then the slots are put back:
 * messages and spans of the decision are about what came.
 */
#include "runtime/history/history.h"

#include <string.h>

#include "runtime/base/sort.h"
#include "runtime/engine.h"
#include "runtime/history/store_private.h"

/* ---- before ---------------------------------------------------------------------------------- */

static const cst_watch_row *watch_rows(const cst_context *context)
{
    return CST_ROWS(context->frame.image, watches, cst_watch_row);
}

static const cst_past_row *past_of_watch(const cst_context *context, const cst_watch_row *watch)
{
    return past_row(context->frame.image, watch->past);
}

static void read_labels(cst_context *context, cst_history *history)
{
    const cst_image *const image = context->frame.image;
    const cst_ref *const names = CST_ROWS(image, labels, cst_ref);
    const session *const known = history->session;
    if (image->labels.count == 0)
        return;
    if (history->frozen && history->frozen->labels &&
        history->frozen->label_count == image->labels.count) {
        memcpy(history->labels, history->frozen->labels, image->labels.count);
        return;
    }
    memset(history->labels,
           history->lost || (known && known->labels_lost) ? LABEL_UNKNOWN : LABEL_ABSENT,
           image->labels.count);
    for (const session_label *label = known ? known->labels : NULL; label; label = label->next)
        for (uint32_t i = 0; i < image->labels.count; i++)
            if (names[i].length == label->name_length &&
                memcmp(CST_TEXT(image, names[i]), label->name, label->name_length) == 0 &&
                (label->sure || history->labels[i] == LABEL_ABSENT))
                history->labels[i] = label->sure ? LABEL_SET : LABEL_UNKNOWN;
}

void history_adopt(cst_context *context)
{
    cst_history *const history = &context->history;
    session_table *const table = &context->sessions;
    history->timed = history->timed_across = false;
    for (uint32_t i = 0; i < context->frame.image->pasts.count; i++) {
        const cst_past_row *const row = past_row(context->frame.image, i);
        history->timed = history->timed || (!row->across && row->within_us);
        history->timed_across = history->timed_across || row->across;
    }
    const cst_image *const image = context->frame.image;
    for (uint32_t i = image->declared_rules; i < image->rules.count; i++)
        history->watch_of[i - image->declared_rules] =
            CST_ROWS(image, rules, cst_rule_row)[i].watch;
    /* what was forgotten of sessions could not matter to the policy before */
    if (table->expired)
        table->begun = true;
    /* the first policy has no sessions yet; for a later one, those for which there was no room are
     * not told from new ones */
    if (table->count && table->count >= context->policy->limits.sessions)
        table->past_lost = true;
}

/* The session of the event in hand, remembered if it must be. */
static session *begin_session(cst_context *context)
{
    const engine_text *const name = &context->event.session;
    session_table *const table = &context->sessions;
    session *known = engine_session(context);
    if (!known && (context->live || context->history.timed) &&
        table->count < context->policy->limits.sessions) {
        known = session_store(table, name->bytes, name->length);
        if (!known)
            table->past_lost = true;
    }
    if (known && engine_time(context) > known->clock)
        known->clock = engine_time(context);
    if (context->live || context->history.timed_across)
        past_shared_time(context->shared, engine_time(context));
    return known;
}

static past_store *own_store(cst_context *context, cst_history *history);

/* Events of a session pass that no question sees. */
static void stop_asking(cst_context *context, session *known)
{
    known->unasked = true;
    if (!known->past)
        return;
    past_store_free(known->past);
    context->allocator.release(context->allocator.user, known->past, sizeof *known->past);
    known->past = NULL;
}

/* What was noted, seen and hashed counts no more. */
static void next_stamp(cst_history *history)
{
    const cst_image *const image = history->context->frame.image;
    if (++history->stamp != 0)
        return;
    memset(history->note_stamps, 0, image->note_count * sizeof *history->note_stamps);
    memset(history->known, 0, image->watches.count * sizeof *history->known);
    if (image->pasts.count)
        memset(history->hashes, 0, 2 * (size_t)image->slot_count * sizeof *history->hashes);
    history->stamp = 1;
}

bool history_begin(cst_context *context)
{
    cst_history *const history = context->frame.history;
    const bool asks = context->frame.image->pasts.count > 0;
    if (!history && !context->live)
        return true;
    session *const known = begin_session(context);
    if (known && context->live && !asks)
        stop_asking(context, known);
    if (!history)
        return true;
    next_stamp(history);
    history->seen_count = history->key_count = 0;
    history->answers = NULL;
    history->answer_count = history->answer_capacity = 0;
    history->entered = history->telling = false;
    history->session = known;
    history->lost = known ? known->lost : context->sessions.past_lost;
    past_store *store = known ? known->past : NULL;
    if (known && !store && context->live && asks && !(store = own_store(context, history)))
        return false;
    if (store) {
        uint32_t kept, dropped;
        if (memcmp(store->policy, context->frame.image->source_hash, sizeof store->policy) != 0 &&
            !past_store_adopt(store, context->frame.image, &kept, &dropped))
            return false;
        past_store_time(store, known->clock);
    }
    read_labels(context, history);
    return true;
}

static int seen_compare(const void *left, const void *right)
{
    const history_seen *const a = left, *const b = right;
    return (a->watch > b->watch) - (a->watch < b->watch);
}

/* In the order of watches, which they mostly have. */
static void order_seen(cst_history *history)
{
    for (uint32_t i = 1; i < history->seen_count; i++)
        if (history->seen[i].watch < history->seen[i - 1].watch) {
            sort_in_place(history->seen, history->seen_count, sizeof *history->seen, seen_compare);
            return;
        }
}

static void see(cst_history *history, uint32_t watch, cst_truth truth)
{
    history->seen[history->seen_count++] = (history_seen){watch, truth};
    history->known[watch] = (history_known){history->stamp, truth};
}

void history_watch(cst_context *context)
{
    cst_history *const history = context->frame.history;
    if (!history)
        return;
    cst_frame *const frame = &context->frame;
    const cst_image *const image = frame->image;
    const cst_range groups = context->event.dispatch->watches;
    const uint32_t *const lists = CST_ROWS(image, group_lists, uint32_t) + groups.first;
    history->seen_count = 0;
    frame->hit_count = 0;
    for (uint32_t i = 0; i < groups.count; i++)
        context->module->groups[lists[i]](frame, lists[i]);
    for (uint32_t i = 0; i < frame->hit_count; i++)
        see(history, history->watch_of[frame->hits[i].rule - image->declared_rules],
            frame->hits[i].reason);
    frame->hit_count = 0;
    order_seen(history);
}

/* ---- as it was ------------------------------------------------------------------------------- */

/* Some rule for the event in hand asks about the past. */
static bool asks_past(const cst_context *context)
{
    const cst_image *const image = context->frame.image;
    const cst_range lists = context->event.dispatch->groups;
    const uint32_t *const numbers = CST_ROWS(image, group_lists, uint32_t);
    const cst_group_row *const groups = CST_ROWS(image, groups, cst_group_row);
    const uint32_t *const rows = CST_ROWS(image, group_rules, uint32_t);
    const cst_rule_row *const rules = CST_ROWS(image, rules, cst_rule_row);
    for (uint32_t i = 0; i < lists.count; i++) {
        const cst_range all = groups[numbers[lists.first + i]].rules;
        for (uint32_t k = 0; k < all.count; k++)
            if (rules[rows[all.first + k]].asks_past)
                return true;
    }
    return false;
}

bool history_freeze(cst_context *context, history_frozen *out)
{
    cst_history *const history = context->frame.history;
    const uint32_t labels = context->frame.image->labels.count;
    *out = (history_frozen){.lost = history->lost,
                            .clock =
                                history->session ? history->session->clock : engine_time(context)};
    if (labels) {
        out->labels = context->allocator.allocate(context->allocator.user, labels);
        if (!out->labels)
            return false;
        memcpy(out->labels, history->labels, labels);
        out->label_count = labels;
    }
    if (context->frame.image->pasts.count == 0 || !asks_past(context))
        return true;
    /* a snapshot for which there is no memory knows nothing: what is asked of it is undecided */
    out->has_own = history->session && history->session->past;
    if (out->has_own)
        past_snapshot_open(&out->own, history->session->past);
    out->has_shared = history->timed_across;
    if (out->has_shared) {
        past_snapshot_open(&out->shared, past_shared_enter(context->shared));
        past_shared_leave(context->shared);
    }
    return true;
}

void history_thaw(cst_context *context, history_frozen *frozen)
{
    if (context->history.frozen == frozen)
        context->history.frozen = NULL;
    if (frozen->labels)
        context->allocator.release(context->allocator.user, frozen->labels, frozen->label_count);
    frozen->labels = NULL;
    if (frozen->has_own)
        past_snapshot_close(&frozen->own);
    if (frozen->has_shared) {
        past_shared_enter(context->shared);
        past_snapshot_close(&frozen->shared);
        past_shared_leave(context->shared);
    }
    frozen->has_own = frozen->has_shared = false;
}

/* ---- after ----------------------------------------------------------------------------------- */

/* The store of the session, made if it is new. NULL: there is no room. */
static past_store *own_store(cst_context *context, cst_history *history)
{
    session_table *const table = &context->sessions;
    const engine_text *const name = &context->event.session;
    uint32_t kept, dropped;
    session *owner = session_find(table, name->bytes, name->length);
    if (!owner && table->count < context->policy->limits.sessions)
        owner = session_store(table, name->bytes, name->length);
    if (!owner)
        return NULL;
    history->session = owner;
    if (owner->past)
        return owner->past;
    past_store *const made = context->allocator.allocate(context->allocator.user, sizeof *made);
    if (!made)
        return NULL;
    past_store_init(made, &context->allocator, LIMIT_SESSION_PAST_KEYS, LIMIT_SESSION_PAST_BYTES,
                    NULL);
    made->lost = history->lost;
    made->number = owner->unasked; /* what is asked now is not known of that time */
    past_store_time(made, owner->clock);
    if (!past_store_adopt(made, context->frame.image, &kept, &dropped)) {
        context->allocator.release(context->allocator.user, made, sizeof *made);
        return NULL;
    }
    return owner->past = made;
}

/* What could not be kept of this event makes later answers undecided. */
static void lose(cst_context *context, cst_history *history)
{
    if (history->session)
        history->session->lost = true;
    else
        context->sessions.past_lost = true;
}

bool history_hash_value(cst_history *history, const past *one, const cst_value *value,
                        uint32_t slot, uint64_t hash[2])
{
    const uint64_t *const seed = one->store->seed;
    if (slot == CST_NONE)
        return past_hash(seed, value, &history->text, hash);
    history_hash *const known = &history->hashes[2 * (size_t)slot + one->row->across];
    if (known->stamp != history->stamp || known->seed != seed[0] || known->in[0] != hash[0] ||
        known->in[1] != hash[1]) {
        history_hash made = {.seed = seed[0], .in = {hash[0], hash[1]}, .out = {hash[0], hash[1]}};
        if (!past_hash(seed, value, &history->text, made.out))
            return false;
        made.stamp = history->stamp;
        *known = made;
    }
    hash[0] = known->out[0];
    hash[1] = known->out[1];
    return true;
}

static void observe(cst_history *history, const past *one, const cst_watch_row *watch,
                    cst_truth truth)
{
    uint64_t key[2] = {0, 0}, hash[2] = {0, 0};
    past_event event = {.at = past_store_next(one->store), .truth = truth, .key = key};
    history->context->scratch.work.past += 1u + watch->key_count;
    for (uint32_t i = 0; i < watch->key_count; i++)
        if (history->note_stamps[watch->first_note + i] != history->stamp ||
            !history_hash_value(history, one, &history->notes[watch->first_note + i],
                                history->note_slots[watch->first_note + i], key))
            event.key = NULL;
    const uint32_t value = watch->first_note + watch->key_count;
    if (watch->has_value && history->note_stamps[value] == history->stamp &&
        (one->row->kind != CST_PAST_DISTINCT ||
         history_hash_value(history, one, &history->notes[value], history->note_slots[value],
                            hash))) {
        event.value = &history->notes[value];
        event.value_hash = hash[0];
    }
    past_observe(one, watch->step, &event);
}

static bool wanted_mark(uint32_t mark, history_fate fate)
{
    switch (mark) {
    case CST_WATCH_STOPPED: return fate == HISTORY_STOPPED;
    case CST_WATCH_APPROVED: return fate == HISTORY_APPROVED;
    default: return fate != HISTORY_STOPPED;
    }
}

/* From the last watch of a question to the first. Last steps first: B of `A followed by B` is
 * strictly later than A. And `since`, whose watch stands before those of the steps, last of all: an
 * event that is A and B is not behind B, also where it is the first of its key. */
static void enter_own(cst_context *context, cst_history *history, history_fate fate)
{
    past_store *store = NULL;
    for (uint32_t i = history->seen_count; i-- > 0;) {
        const cst_watch_row *const watch = &watch_rows(context)[history->seen[i].watch];
        const cst_past_row *const row = past_of_watch(context, watch);
        if (row->across || !wanted_mark(watch->mark, fate))
            continue;
        if (!store && !(store = own_store(context, history))) {
            lose(context, history);
            return;
        }
        const past one = {store, &store->places[watch->past], row};
        if (i >= 6) {
            store_fetch_place(&store->places[watch_rows(context)[history->seen[i - 6].watch].past]);
            store_fetch_state(&store->places[watch_rows(context)[history->seen[i - 3].watch].past]);
        }
        observe(history, &one, watch, history->seen[i].truth);
    }
    if (!store && history->session)
        store = history->session->past;
    if (store)
        store->number++; /* also where nothing fits: there has been an event */
}

static void enter_shared(cst_context *context, cst_history *history, history_fate fate)
{
    past_store *store = NULL;
    for (uint32_t i = history->seen_count; i-- > 0;) {
        const cst_watch_row *const watch = &watch_rows(context)[history->seen[i].watch];
        const cst_past_row *const row = past_of_watch(context, watch);
        if (!row->across || !wanted_mark(watch->mark, fate))
            continue;
        if (!store)
            store = past_shared_enter(context->shared);
        const past one = {store, &store->places[history->shared_places[watch->past]], row};
        observe(history, &one, watch, history->seen[i].truth);
    }
    if (!store)
        return;
    store->number++;
    past_shared_leave(context->shared);
}

static void enter(cst_context *context, history_fate fate)
{
    cst_history *const history = context->frame.history;
    enter_own(context, history, fate);
    if (history->timed_across)
        enter_shared(context, history, fate);
}

/* ---- what was changed ------------------------------------------------------------------------ */

/* The watches of the event in hand can not be asked: each may fit it, with any key. */
static void see_everything(cst_context *context, cst_history *history)
{
    const cst_image *const image = context->frame.image;
    const cst_range lists = context->event.dispatch->watches;
    const uint32_t *const numbers = CST_ROWS(image, group_lists, uint32_t);
    const cst_group_row *const groups = CST_ROWS(image, groups, cst_group_row);
    const uint32_t *const rows = CST_ROWS(image, group_rules, uint32_t);
    const cst_rule_row *const rules = CST_ROWS(image, rules, cst_rule_row);
    history->seen_count = 0;
    next_stamp(history); /* no note counts */
    for (uint32_t i = 0; i < lists.count; i++) {
        const cst_range all = groups[numbers[lists.first + i]].rules;
        for (uint32_t k = 0; k < all.count; k++)
            see(history, rules[rows[all.first + k]].watch, CST_UNDECIDED(0));
    }
    order_seen(history);
}

/* Asks the watches about what goes on. */
static void enter_changed(cst_context *context, history_fate fate)
{
    cst_history *const history = context->frame.history;
    const uint32_t count = context->touched_count;
    cst_value *const saved = arena_array(&context->arena, count + 1u, sizeof *saved);
    if (!saved) {
        see_everything(context, history);
        enter(context, fate);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        saved[i] = context->slots[context->touched[i]];
    if (event_read_changed(context)) {
        if (context->frame.image->memo_count)
            memset(context->frame.memo, 0, context->frame.image->memo_count);
        next_stamp(history);
        const uint32_t hits = context->frame.hit_count;
        cst_hit *const kept = arena_array(&context->arena, hits + 1u, sizeof *kept);
        if (kept && hits)
            memcpy(kept, context->frame.hits, hits * sizeof *kept);
        history_watch(context);
        if (kept && hits)
            memcpy(context->frame.hits, kept, hits * sizeof *kept);
        context->frame.hit_count = kept ? hits : 0;
    } else {
        see_everything(context, history);
    }
    enter(context, fate);
    for (uint32_t i = count; i < context->touched_count; i++)
        memset(&context->slots[context->touched[i]], 0, sizeof(cst_value));
    for (uint32_t i = 0; i < count; i++)
        context->slots[context->touched[i]] = saved[i];
    next_stamp(history);                  /* the slots are not those of which hashes are known */
    if (context->frame.image->memo_count) /* what the watches have found is about what goes on */
        memset(context->frame.memo, 0, context->frame.image->memo_count);
}

/* What will be told of the decision is asked while the past is as it was: the rules need not have
 * asked all of it. */
static void ask_ahead(cst_context *context)
{
    const cst_rule_row *const rules = CST_ROWS(context->frame.image, rules, cst_rule_row);
    for (uint32_t i = 0; i < context->fired_count; i++)
        if (context->fired[i].rule != CST_NONE && rules[context->fired[i].rule].asks_past)
            spans_ask(context, context->fired[i].rule, context->fired[i].reason == CST_TRUE);
    for (uint32_t i = 0; i < context->shadow_count; i++)
        if (context->shadow[i].rule != CST_NONE && rules[context->shadow[i].rule].asks_past)
            spans_ask(context, context->shadow[i].rule, context->shadow[i].reason == CST_TRUE);
}

void history_enter(cst_context *context, history_fate fate)
{
    if (!context->frame.history || context->frame.image->watches.count == 0)
        return;
    context->history.telling = true;
    const cst_work decided = context->scratch.work;
    const size_t used = context->scratch.memory.used;
    ask_ahead(context);
    context->scratch.work = decided;
    context->scratch.work.told += context->scratch.memory.used - used;
    context->history.entered = true;
    const bool changed =
        context->cut_text.bytes || context->cut_args.bytes || context->cut_value.bytes;
    if (changed && fate != HISTORY_STOPPED)
        enter_changed(context, fate);
    else
        enter(context, fate);
}

/* ---- labels ---------------------------------------------------------------------------------- */

void history_label(cst_context *context, uint32_t label, bool sure)
{
    const cst_image *const image = context->frame.image;
    const cst_ref name = CST_ROWS(image, labels, cst_ref)[label];
    const engine_text *const of = &context->event.session;
    session_table *const table = &context->sessions;
    session *owner = session_find(table, of->bytes, of->length);
    if (!owner && table->count < context->policy->limits.sessions)
        owner = session_store(table, of->bytes, of->length);
    if (!owner)
        table->past_lost = true;
    else if (!session_set_label(table, owner, CST_TEXT(image, name), name.length, sure))
        owner->labels_lost = true;
}

/*
 * ask.c - the questions of rules: from a row of image.pasts and the keys of the event in hand to an
 * answer.
 *
 * Where nothing is remembered of a session, questions are put to a store that is empty: so there is
 * one meaning, and no second way that could differ from it.
 */
#include <string.h>

#include "runtime/engine.h"
#include "runtime/history/services.h"
#include "runtime/history/store_private.h"

/* A question, the store that knows, and the key that is asked for. */
typedef struct question {
    past one;
    uint64_t key[2];
    bool locked;
    past_store empty;
    past_place nothing;
    past_view then;
} question;

static const cst_watch_row *watch_row(const cst_history *history, uint32_t watch)
{
    return CST_ROWS(history->context->frame.image, watches, cst_watch_row) + watch;
}

static uint32_t slot_of(const cst_frame *frame, const cst_value *value)
{
    const uintptr_t distance = (uintptr_t)value - (uintptr_t)frame->slots;
    return distance < frame->image->slot_count * sizeof *value
               ? (uint32_t)(distance / sizeof *value)
               : CST_NONE;
}

/* Where nothing is remembered. */
static void question_of_nothing(const cst_history *history, question *out)
{
    const history_frozen *const frozen = history->frozen;
    const session *const known = history->session;
    out->empty = (past_store){.now = frozen  ? frozen->clock
                                     : known ? known->clock
                                             : engine_time(history->context),
                              .lost = frozen ? frozen->lost : history->lost};
    out->nothing = (past_place){.identity = out->one.row->identity};
    out->one.store = &out->empty;
    out->one.place = &out->nothing;
}

/* Where the past as it was then is kept; NULL: the event is judged by the past as it is, or nothing
 * was remembered then. */
static const past_snapshot *snapshot_of(const cst_history *history, const cst_past_row *row)
{
    const history_frozen *const frozen = history->frozen;
    if (!frozen)
        return NULL;
    return row->across ? &frozen->shared : frozen->has_own ? &frozen->own : NULL;
}

/* The store that knows, locked where that must be, and the place in it. False: there nothing is
 * known. */
static bool question_store(const cst_history *history, uint32_t past, const past_snapshot *then,
                           question *out)
{
    const session *const known = history->frozen ? NULL : history->session;
    out->locked = out->one.row->across;
    past_store *const shared = out->locked ? past_shared_enter(history->context->shared) : NULL;
    if (then) {
        out->one.store = (past_store *)(uintptr_t)&then->as;
        out->one.place = &out->nothing; /* until the key is known */
    } else if (shared) {
        out->one.store = shared;
        out->one.place = &shared->places[history->shared_places[past]];
        return !out->one.place->unwatched; /* another policy has just taken over */
    } else if (known && known->past) {
        out->one.store = known->past;
        out->one.place = &known->past->places[past];
    } else {
        question_of_nothing(history, out);
    }
    return true;
}

/* False: not to be known. Ends with question_end. */
static bool question_begin(cst_frame *frame, uint32_t past, question *out)
{
    cst_history *const history = frame->history;
    const cst_past_row *const row = past_row(frame->image, past);
    const past_snapshot *const then = snapshot_of(history, row);
    const uint32_t count = history->key_count;
    history->key_count = 0;
    out->one.row = row;
    out->key[0] = out->key[1] = 0;
    if (!question_store(history, past, then, out) || count != row->key_count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!history_hash_value(history, &out->one, &history->keys[i], history->key_slots[i],
                                out->key))
            return false;
    if (!then)
        return true;
    const uint32_t place = row->across ? history->shared_places[past] : past;
    if (!past_snapshot_view(then, place, row, out->key, &out->then))
        return false;
    out->one = out->then.one;
    return true;
}

static void question_end(cst_history *history, const question *asked)
{
    if (asked->locked)
        past_shared_leave(history->context->shared);
}

static bool is_noted(const cst_history *history, uint32_t note)
{
    return history->note_stamps[note] == history->stamp;
}

/* The event in hand, if it fits the last step of the question. False: memory is short. */
static bool current_event(cst_history *history, const question *asked, past_event *out, bool *fits)
{
    const cst_past_row *const row = asked->one.row;
    const uint32_t watch = row->first_watch + row->steps - 1;
    const cst_truth truth = history_fits(history, watch);
    *fits = false;
    if (truth == CST_FALSE)
        return true;
    const cst_watch_row *const wanted = watch_row(history, watch);
    if (wanted->mark != CST_WATCH_PASSED) /* what was decided about it is not known yet */
        return true;
    *out = (past_event){.at = past_store_next(asked->one.store), .truth = truth};
    uint64_t key[2] = {0, 0};
    bool known = true;
    for (uint32_t i = 0; i < wanted->key_count; i++) {
        const uint32_t note = wanted->first_note + i;
        known = known && is_noted(history, note);
        if (known && !history_hash_value(history, &asked->one, &history->notes[note],
                                         history->note_slots[note], key))
            return false;
    }
    if (known && (key[0] != asked->key[0] || key[1] != asked->key[1]))
        return true;
    if (!known)
        out->truth = CST_UNDECIDED(0); /* of which key it is is not known */
    *fits = true;
    const uint32_t value = wanted->first_note + wanted->key_count;
    if (!wanted->has_value || !is_noted(history, value))
        return true;
    out->value = &history->notes[value];
    uint64_t hash[2] = {0, 0};
    if (row->kind == CST_PAST_DISTINCT &&
        !history_hash_value(history, &asked->one, out->value, history->note_slots[value], hash))
        return false;
    out->value_hash = hash[0];
    return true;
}

/* The value as its type: texts are read again, so that their parts are there. */
static bool value_of(cst_frame *frame, const past_value *kept, uint32_t type, cst_value *out)
{
    if (kept->kind != (cst_kind)CST_ROWS(frame->image, types, cst_type_row)[type].kind)
        return false; /* it was kept for another policy */
    if (!kind_has_text(kept->kind)) {
        *out =
            (cst_value){.as.integer = kept->integer, .kind = (uint8_t)kept->kind, .at = UINT32_MAX};
        return true;
    }
    cst_scratch *const scratch = frame->scratch;
    const convert_context context = {.image = frame->image,
                                     .arena = &scratch->memory,
                                     .text_bytes = LIMIT_TEXT_BYTES,
                                     .list_elements = LIMIT_LIST_ELEMENTS};
    char *const text = arena_copy(&scratch->memory, kept->text ? kept->text : "", kept->length);
    convert_problem problem;
    return text &&
           convert_string(&context, type, true, text, kept->length, UINT32_MAX, 0, out, &problem);
}

/* ---- services -------------------------------------------------------------------------------- */

/* A declared price: what a value costs to be hashed. */
static void count_value(const cst_frame *frame, const cst_value *value)
{
    cst_scratch *const scratch = frame->scratch;
    scratch->work.past += 1 + (kind_has_text(value->kind) ? value->length : 0);
}

static void count_question(const cst_frame *frame, uint64_t steps)
{
    cst_scratch *const scratch = frame->scratch;
    scratch->work.past += steps;
}

void past_note(cst_frame *frame, const cst_value *value, uint32_t note)
{
    cst_history *const history = frame->history;
    count_value(frame, value);
    history->notes[note] = *value;
    history->note_stamps[note] = history->stamp;
    history->note_slots[note] = slot_of(frame, value);
}

void past_key(cst_frame *frame, const cst_value *value, uint32_t position)
{
    cst_history *const history = frame->history;
    count_value(frame, value);
    history->keys[position] = *value;
    history->key_slots[position] = slot_of(frame, value);
    history->key_count = position + 1;
}

/* What was answered before the event entered the past; NULL: it was not asked. */
static const history_answer *answered(const cst_history *history, uint32_t past,
                                      const uint64_t key[2])
{
    for (uint32_t i = 0; history->entered && i < history->answer_count; i++) {
        const history_answer *const one = &history->answers[i];
        if (one->past == past && one->key[0] == key[0] && one->key[1] == key[1])
            return one;
    }
    return NULL;
}

/* Kept for later, if there is memory for it. What is asked across sessions may be answered
 * otherwise at any moment. */
static void keep_answer(cst_history *history, const history_answer *answer, bool across)
{
    if (history->entered || !(history->telling || across))
        return;
    if (history->answer_count == history->answer_capacity) {
        const uint32_t capacity = history->answer_capacity ? history->answer_capacity * 2 : 8;
        history_answer *const longer =
            arena_array(&history->context->arena, capacity, sizeof *longer);
        if (!longer)
            return;
        if (history->answer_count)
            memcpy(longer, history->answers, history->answer_count * sizeof *longer);
        history->answers = longer;
        history->answer_capacity = capacity;
    }
    history->answers[history->answer_count++] = *answer;
}

/* Asks the store; of a number TRUE means that it is known. */
static void ask_store(cst_frame *frame, const question *asked, history_answer *answer)
{
    cst_history *const history = frame->history;
    past_event current;
    bool fits = false;
    const past_value *kept = NULL;
    switch (asked->one.row->kind) {
    case CST_PAST_EARLIER: answer->truth = past_ask_earlier(&asked->one, asked->key); return;
    case CST_PAST_LATEST:
        answer->truth = past_ask_latest(&asked->one, asked->key, &kept);
        if (answer->truth == CST_TRUE &&
            !value_of(frame, kept, asked->one.row->type, &answer->value))
            answer->truth = PAST_UNKNOWN;
        return;
    default:
        if (current_event(history, asked, &current, &fits) &&
            past_ask_number(&asked->one, asked->key, fits ? &current : NULL, &answer->number))
            answer->truth = CST_TRUE;
        return;
    }
}

static void ask(cst_frame *frame, uint32_t past, history_answer *answer)
{
    cst_history *const history = frame->history;
    question asked;
    answer->past = past;
    answer->truth = PAST_UNKNOWN;
    answer->number = 0;
    answer->value = (cst_value){.kind = CST_KIND_ABSENT};
    if (question_begin(frame, past, &asked)) {
        const history_answer *const before = answered(history, past, asked.key);
        memcpy(answer->key, asked.key, sizeof answer->key);
        if (before)
            *answer = *before;
        else
            ask_store(frame, &asked, answer);
        keep_answer(history, answer, asked.locked);
    }
    question_end(history, &asked);
}

/* A question about what is remembered of the session, whose answer need not be kept: nearly all
 * are. False: it is none, or not to be known so quickly. */
static bool question_of_session(cst_frame *frame, uint32_t past, question *out)
{
    cst_history *const history = frame->history;
    past_store *const store = history->session ? history->session->past : NULL;
    const cst_past_row *const row = past_row(frame->image, past);
    if (!store || row->across || history->frozen || history->entered || history->telling ||
        history->key_count != row->key_count)
        return false;
    out->one.store = store;
    out->one.place = &store->places[past];
    out->one.row = row;
    if (past + 4 < store->count) { /* mostly they are asked in their order */
        store_fetch_place(&store->places[past + 4]);
        store_fetch_state(&store->places[past + 2]);
    }
    out->key[0] = out->key[1] = 0;
    for (uint32_t i = 0; i < row->key_count; i++)
        if (!history_hash_value(history, &out->one, &history->keys[i], history->key_slots[i],
                                out->key))
            return false;
    history->key_count = 0;
    return true;
}

cst_truth past_earlier(cst_frame *frame, uint32_t past, uint32_t site)
{
    question asked;
    cst_truth truth;
    count_question(frame, 1);
    if (question_of_session(frame, past, &asked)) {
        truth = past_ask_earlier(&asked.one, asked.key);
    } else {
        history_answer answer;
        ask(frame, past, &answer);
        truth = answer.truth;
    }
    return truth == PAST_UNKNOWN ? CST_UNDECIDED(site) : truth;
}

uint32_t past_number(cst_frame *frame, uint32_t past, int64_t *out)
{
    question asked;
    const cst_past_row *const row = past_row(frame->image, past);
    /* what is kept may all be gone through */
    count_question(frame, 1 + (row->kind == CST_PAST_DISTINCT || row->within_us ? row->bound : 0));
    if (question_of_session(frame, past, &asked)) {
        past_event current;
        bool fits;
        *out = 0;
        return current_event(frame->history, &asked, &current, &fits) &&
               past_ask_number(&asked.one, asked.key, fits ? &current : NULL, out);
    }
    history_answer answer;
    ask(frame, past, &answer);
    *out = answer.number;
    return answer.truth == CST_TRUE;
}

uint32_t past_latest(cst_frame *frame, uint32_t past, cst_value *out)
{
    history_answer answer;
    count_question(frame, 1);
    ask(frame, past, &answer);
    *out = answer.value;
    return answer.truth != PAST_UNKNOWN;
}

cst_truth session_has(cst_frame *frame, uint32_t label, uint32_t site)
{
    switch (frame->history->labels[label]) {
    case LABEL_ABSENT: return CST_FALSE;
    case LABEL_SET: return CST_TRUE;
    default: return CST_UNDECIDED(site);
    }
}

/*
 * ask.c - the questions of rules: from a row of image.pasts and the keys of the event in hand to an answer.
 *
 * Where nothing is remembered of a session, questions are put to a store that is empty: so there is one meaning, and no second way that
 * could differ from it.
 */
#include <string.h>

#include "runtime/engine.h"
#include "runtime/history/services.h"

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

/* False: not to be known. Ends with question_end. */
static bool question_begin(cst_history *history, uint32_t past, question *out)
{
    cst_context *const context = history->context;
    const cst_past_row *const row = past_row(context->frame.image, past);
    const history_frozen *const frozen = history->frozen;
    past_store *const own = !frozen && history->session ? history->session->past : NULL;
    const past_snapshot *const then = !frozen ? NULL : row->across ? &frozen->shared : frozen->has_own ? &frozen->own : NULL;
    out->locked = false;
    out->one.row = row;
    if (then) {
        if (row->across)
            past_shared_enter(context->shared);
        out->locked = row->across;
        out->one.store = (past_store *)(uintptr_t)&then->as;
    } else if (row->across) {
        out->one.store = past_shared_enter(context->shared);
        out->locked = true;
        out->one.place = &out->one.store->places[history->shared_places[past]];
        if (out->one.place->unwatched) { /* another policy has just taken over */
            history->key_count = 0;
            return false;
        }
    } else if (own) {
        out->one.store = own;
        out->one.place = &own->places[past];
    } else {
        out->empty = (past_store){.now = frozen ? frozen->clock : history->session ? history->session->clock : engine_time(context),
                                  .lost = frozen ? frozen->lost : history->lost};
        out->nothing = (past_place){.identity = row->identity};
        out->one.store = &out->empty;
        out->one.place = &out->nothing;
    }
    const uint32_t count = history->key_count;
    history->key_count = 0;
    out->key[0] = out->key[1] = 0;
    if (count != row->key_count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!past_hash(out->one.store->seed, &history->keys[i], &history->text, out->key))
            return false;
    if (!then)
        return true;
    const bool known = past_snapshot_view(then, row->across ? history->shared_places[past] : past, row, out->key, &out->then);
    out->one = out->then.one;
    return known;
}

static void question_end(cst_history *history, const question *asked)
{
    if (asked->locked)
        past_shared_leave(history->context->shared);
}

/* The event in hand, if it fits the last step of the question. False: memory is short. */
static bool current_event(cst_history *history, const question *asked, past_event *out, bool *fits)
{
    const cst_past_row *const row = asked->one.row;
    const uint32_t watch = row->first_watch + row->steps - 1;
    const cst_watch_row *const wanted = watch_row(history, watch);
    *fits = false;
    if (wanted->mark != CST_WATCH_PASSED) /* what was decided about it is not known yet */
        return true;
    const history_seen *const seen = history_seen_of(history, watch);
    if (!seen)
        return true;
    *out = (past_event){.at = past_store_next(asked->one.store), .truth = seen->truth};
    uint64_t key[2] = {0, 0};
    bool known = true;
    for (uint32_t i = 0; i < wanted->key_count; i++) {
        const uint32_t note = wanted->first_note + i;
        known = known && history->note_stamps[note] == history->stamp;
        if (known && !past_hash(asked->one.store->seed, &history->notes[note], &history->text, key))
            return false;
    }
    if (known && (key[0] != asked->key[0] || key[1] != asked->key[1]))
        return true;
    if (!known)
        out->truth = CST_UNDECIDED(0); /* of which key it is is not known */
    *fits = true;
    const uint32_t value = wanted->first_note + wanted->key_count;
    if (!wanted->has_value || history->note_stamps[value] != history->stamp)
        return true;
    out->value = &history->notes[value];
    uint64_t hash[2] = {0, 0};
    if (row->kind == CST_PAST_DISTINCT && !past_hash(asked->one.store->seed, out->value, &history->text, hash))
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
        *out = (cst_value){.as.integer = kept->integer, .kind = (uint8_t)kept->kind, .at = UINT32_MAX};
        return true;
    }
    cst_scratch *const scratch = frame->scratch;
    const convert_context context = {.image = frame->image, .arena = &scratch->memory,
                                     .text_bytes = LIMIT_TEXT_BYTES, .list_elements = LIMIT_LIST_ELEMENTS};
    char *const text = arena_copy(&scratch->memory, kept->text ? kept->text : "", kept->length);
    convert_problem problem;
    return text && convert_string(&context, type, true, text, kept->length, UINT32_MAX, 0, out, &problem);
}

/* ---- services -------------------------------------------------------------------------------- */

void past_note(cst_frame *frame, const cst_value *value, uint32_t note)
{
    cst_history *const history = frame->history;
    history->notes[note] = *value;
    history->note_stamps[note] = history->stamp;
}

void past_key(cst_frame *frame, const cst_value *value, uint32_t position)
{
    cst_history *const history = frame->history;
    history->keys[position] = *value;
    history->key_count = position + 1;
}

/* What was answered before the event entered the past; NULL: it was not asked. */
static const history_answer *answered(const cst_history *history, uint32_t past, const uint64_t key[2])
{
    for (uint32_t i = 0; history->entered && i < history->answer_count; i++) {
        const history_answer *const one = &history->answers[i];
        if (one->past == past && one->key[0] == key[0] && one->key[1] == key[1])
            return one;
    }
    return NULL;
}

/* Kept for later, if there is memory for it. */
static void keep_answer(cst_history *history, const history_answer *answer)
{
    if (history->entered)
        return;
    if (history->answer_count == history->answer_capacity) {
        const uint32_t capacity = history->answer_capacity ? history->answer_capacity * 2 : 8;
        history_answer *const longer = arena_array(&history->context->arena, capacity, sizeof *longer);
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
    case CST_PAST_EARLIER:
        answer->truth = past_ask_earlier(&asked->one, asked->key);
        return;
    case CST_PAST_LATEST:
        answer->truth = past_ask_latest(&asked->one, asked->key, &kept);
        if (answer->truth == CST_TRUE && !value_of(frame, kept, asked->one.row->type, &answer->value))
            answer->truth = PAST_UNKNOWN;
        return;
    default:
        if (current_event(history, asked, &current, &fits) &&
            past_ask_number(&asked->one, asked->key, fits ? &current : NULL, &answer->number))
            answer->truth = CST_TRUE;
        return;
    }
}

static history_answer ask(cst_frame *frame, uint32_t past)
{
    cst_history *const history = frame->history;
    question asked;
    history_answer answer = {.past = past, .truth = PAST_UNKNOWN};
    if (question_begin(history, past, &asked)) {
        const history_answer *const before = answered(history, past, asked.key);
        memcpy(answer.key, asked.key, sizeof answer.key);
        if (before)
            answer = *before;
        else
            ask_store(frame, &asked, &answer);
    }
    question_end(history, &asked);
    keep_answer(history, &answer);
    return answer;
}

cst_truth past_earlier(cst_frame *frame, uint32_t past, uint32_t site)
{
    const cst_truth truth = ask(frame, past).truth;
    return truth == PAST_UNKNOWN ? CST_UNDECIDED(site) : truth;
}

uint32_t past_number(cst_frame *frame, uint32_t past, int64_t *out)
{
    const history_answer answer = ask(frame, past);
    *out = answer.number;
    return answer.truth == CST_TRUE;
}

uint32_t past_latest(cst_frame *frame, uint32_t past, cst_value *out)
{
    const history_answer answer = ask(frame, past);
    *out = answer.value;
    return answer.truth != PAST_UNKNOWN;
}

cst_truth session_has(cst_frame *frame, uint32_t label, uint32_t site)
{
    switch (frame->history->labels[label]) {
    case LABEL_ABSENT:
        return CST_FALSE;
    case LABEL_SET:
        return CST_TRUE;
    default:
        return CST_UNDECIDED(site);
    }
}

/*
 * texts.c - the services that look into texts: contains, matches, repeats, what is found, and
 * marks.
 *
 * Everything goes through two gates: seen_of brings a text into a view, scan_of looks through it
 * with a database, and both keep what they made for the rest of the event. "Undecided" has one
 * meaning here: a bound was reached (of views, of scanning, of memory), so that a match may have
 * been missed; a match that was found is true all the same.
 *
 * What it leaves out: which rules ask (compiled code), and what is done with marks (cut.c).
 */
#include "runtime/text/texts.h"

#include <string.h>

#include "runtime/base/sort.h"
#include "runtime/convert.h"
#include "runtime/json.h"
#include "runtime/limits.h"
#include "runtime/scratch.h"
#include "runtime/text/services.h"

void texts_begin(cst_texts *texts)
{
    memset(texts->few, 0, sizeof texts->few);
    texts->buckets = texts->few;
    texts->bucket_count = TEXT_BUCKETS;
    texts->seen_count = 0;
    texts_begin_marks(texts);
}

void texts_begin_marks(cst_texts *texts)
{
    texts->marks.items = NULL;
    texts->marks.count = texts->marks.capacity = 0;
    texts->mark_total = 0;
    texts->marks_failed = false;
}

static arena *scratch_of(const cst_frame *frame)
{
    cst_scratch *const scratch = frame->scratch;
    return &scratch->memory;
}

static cst_work *work_of(const cst_frame *frame)
{
    cst_scratch *const scratch = frame->scratch;
    return &scratch->work;
}

/* ---- each text seen once in a view, and scanned once by a database --------------------------- */

static bool view_of(arena *memory, uint32_t views, const char *text, uint32_t length, view *out)
{
    if (views != 0)
        return view_make(memory, text, length, views, out);
    view_segment *const whole = arena_allocate(memory, sizeof *whole);
    if (!whole)
        return false;
    *whole = (view_segment){.bytes = length ? text : "", .length = length};
    *out = (view){.segments = whole, .count = 1, .work = 1};
    return true;
}

static text_seen **bucket_of(const cst_texts *texts, uint32_t views, const char *text,
                             uint32_t length)
{
    const uint64_t key =
        ((uint64_t)(uintptr_t)text ^ length) * UINT64_C(0x9E3779B97F4A7C15) + views;
    return &texts->buckets[key >> 32 & (texts->bucket_count - 1)];
}

/* A list may have a text for every few bytes of the event: the table grows with them. False: memory
 * is short. */
static bool grow_buckets(cst_texts *texts, arena *memory)
{
    const uint32_t count = texts->bucket_count;
    text_seen **const old = texts->buckets,
                      **const more = arena_array(memory, count * 4u, sizeof(text_seen *));
    if (!more)
        return false;
    texts->buckets = more;
    texts->bucket_count = count * 4;
    for (uint32_t i = 0; i < count; i++)
        for (text_seen *moved = old[i], *next; moved; moved = next) {
            text_seen **const bucket = bucket_of(texts, moved->views, moved->text, moved->length);
            next = moved->next;
            moved->next = *bucket;
            *bucket = moved;
        }
    return true;
}

/* NULL: memory is short. */
static text_seen *seen_of(cst_frame *frame, uint32_t views, const char *text, uint32_t length)
{
    cst_texts *const texts = frame->texts;
    for (text_seen *known = *bucket_of(texts, views, text, length); known; known = known->next)
        if (known->text == text && known->length == length && known->views == views)
            return known->made ? known : NULL;
    arena *const memory = scratch_of(frame);
    if (texts->seen_count >= texts->bucket_count && !grow_buckets(texts, memory))
        return NULL;
    text_seen *const fresh = arena_allocate(memory, sizeof *fresh);
    if (!fresh)
        return NULL;
    text_seen **const bucket = bucket_of(texts, views, text, length);
    texts->seen_count++;
    *fresh = (text_seen){.next = *bucket, .text = text, .length = length, .views = views};
    *bucket = fresh;
    fresh->made = view_of(memory, views, text, length, &fresh->view);
    work_of(frame)->viewed += fresh->view.work;
    return fresh->made ? fresh : NULL;
}

const view *texts_view(cst_frame *frame, uint32_t views, const char *text, uint32_t length)
{
    const text_seen *const seen = seen_of(frame, views, text, length);
    return seen ? &seen->view : NULL;
}

const scan_database *texts_database(cst_texts *texts, uint32_t number)
{
    const scan_database *const database = scan_store_get(texts->store, number);
    if (!database || texts->fitted[number])
        return database;
    texts->fitted[number] =
        scan_scratch_fit(&texts->scratch, database, &texts->allocator) == CST_OK;
    return texts->fitted[number] ? database : NULL;
}

static bool scan_segments(cst_frame *frame, const view *view, text_scan *scan)
{
    arena *const memory = scratch_of(frame);
    cst_texts *const texts = frame->texts;
    const scan_database *const database = texts_database(texts, scan->database);
    if (!database)
        return false;
    const uint32_t words = (scan_pattern_count(database) + 63) / 64;
    uint64_t *const found = arena_array(memory, words, sizeof *found);
    uint64_t *const unknown = arena_array(memory, words, sizeof *unknown);
    uint64_t *const one = arena_array(memory, 2u * words, sizeof *one);
    if (!found || !unknown || !one)
        return false;
    for (uint32_t i = 0; i < view->count; i++) {
        const view_segment *const segment = &view->segments[i];
        const uint64_t before = scan_work(texts->scratch);
        const cst_status status = scan_find(database, texts->scratch, segment->bytes,
                                            segment->length, 0, one, one + words);
        work_of(frame)->scanned += scan_work(texts->scratch) - before + words;
        if (status != CST_OK)
            return false;
        for (uint32_t w = 0; w < words; w++) {
            found[w] |= one[w];
            unknown[w] |= one[words + w];
        }
    }
    scan->unknown = unknown;
    scan->found = found;
    return true;
}

/* NULL: memory is short. */
static const text_scan *scan_of(cst_frame *frame, text_seen *seen, uint32_t database)
{
    for (const text_scan *known = seen->scans; known; known = known->next)
        if (known->database == database)
            return known->found ? known : NULL;
    text_scan *const fresh = arena_allocate(scratch_of(frame), sizeof *fresh);
    if (!fresh)
        return NULL;
    *fresh = (text_scan){.next = seen->scans, .database = database};
    seen->scans = fresh;
    return scan_segments(frame, &seen->view, fresh) ? fresh : NULL;
}

static bool has_bit(const uint64_t *bits, uint32_t number)
{
    return (bits[number / 64] >> (number % 64) & 1) != 0;
}

typedef struct probe { /* a probe row, unfolded */
    uint32_t database;
    const uint32_t *numbers;
    uint32_t count;
    uint32_t views;
    uint32_t first_pattern; /* row of image.patterns of number 0 */
} probe;

static probe probe_of(const cst_frame *frame, uint32_t number)
{
    const cst_image *const image = frame->image;
    const cst_probe_row *const row = CST_ROWS(image, probes, cst_probe_row) + number;
    const cst_database_row *const database =
        CST_ROWS(image, databases, cst_database_row) + row->database;
    return (probe){.database = row->database,
                   .numbers = CST_ROWS(image, probe_patterns, uint32_t) + row->numbers.first,
                   .count = row->numbers.count,
                   .views = database->views,
                   .first_pattern = database->patterns.first};
}

/* ---- the texts of a value -------------------------------------------------------------------- */

static bool is_list(const cst_value *value)
{
    return value->kind == CST_KIND_LIST;
}

static uint32_t text_count(const cst_value *value)
{
    return is_list(value) ? value->length : kind_has_text(value->kind) ? 1 : 0;
}

static const cst_value *text_at(const cst_value *value, uint32_t index)
{
    return is_list(value) ? &value->as.items[index] : value;
}

/* ---- texts that are still coming ------------------------------------------------------------- */

/* What the stream knows for a database or echo, if this is its text. */
static const text_known *known_of(const cst_frame *frame, const cst_value *text, bool echo,
                                  uint32_t row)
{
    const text_stream *const stream = frame->texts->stream;
    if (!stream || text->as.text != stream->text || text->kind != CST_KIND_STRING)
        return NULL;
    return echo ? &stream->echoes[row] : &stream->databases[row];
}

static bool in_probe(const probe *probe, uint32_t pattern)
{
    for (uint32_t i = 0; i < probe->count; i++)
        if (probe->first_pattern + probe->numbers[i] == pattern)
            return true;
    return false;
}

/* ---- contains, matches ----------------------------------------------------------------------- */

static cst_truth contains_one(cst_frame *frame, const probe *probe, const cst_value *text,
                              uint32_t site)
{
    const text_known *const known = known_of(frame, text, false, probe->database);
    if (known) {
        bool found = frame->texts->stream->assume;
        for (uint32_t i = 0; i < probe->count && !found; i++)
            found = has_bit(known->found, probe->numbers[i]);
        return found ? CST_TRUE : CST_FALSE;
    }
    text_seen *const seen = seen_of(frame, probe->views, text->as.text, text->length);
    const text_scan *const scan = seen ? scan_of(frame, seen, probe->database) : NULL;
    work_of(frame)->scanned += probe->count;
    if (!scan)
        return CST_UNDECIDED(site);
    bool unknown = seen->view.limited;
    for (uint32_t i = 0; i < probe->count; i++) {
        if (has_bit(scan->found, probe->numbers[i]))
            return CST_TRUE;
        unknown = unknown || has_bit(scan->unknown, probe->numbers[i]);
    }
    return unknown ? CST_UNDECIDED(site) : CST_FALSE;
}

static cst_truth matches_one(cst_frame *frame, const probe *probe, const cst_value *text,
                             uint32_t site)
{
    cst_texts *const texts = frame->texts;
    const view *const view = texts_view(frame, probe->views, text->as.text, text->length);
    const scan_database *const database = view ? texts_database(texts, probe->database) : NULL;
    if (!database)
        return CST_UNDECIDED(site);
    bool unknown = view->limited, takes = false;
    const uint64_t before = scan_work(texts->scratch);
    for (uint32_t i = 0; i < probe->count && !takes; i++)
        for (uint32_t s = 0; s < view->count && !takes; s++)
            takes = scan_whole(database, texts->scratch, view->segments[s].bytes,
                               view->segments[s].length, probe->numbers[i], &unknown);
    work_of(frame)->scanned +=
        scan_work(texts->scratch) - before + (uint64_t)probe->count * view->count;
    if (takes)
        return CST_TRUE;
    return unknown ? CST_UNDECIDED(site) : CST_FALSE;
}

/* Whether one of the texts of a value passes. */
static cst_truth any_text(cst_frame *frame, const cst_value *text, uint32_t number, uint32_t site,
                          cst_truth (*one_passes)(cst_frame *, const probe *, const cst_value *,
                                                  uint32_t))
{
    const probe probe = probe_of(frame, number);
    cst_truth truth = CST_FALSE;
    for (uint32_t i = 0; i < text_count(text) && truth != CST_TRUE; i++) {
        const cst_value *const one = text_at(text, i);
        if (kind_has_text(one->kind))
            truth = cst_truth_or(truth, one_passes(frame, &probe, one, site));
    }
    return truth;
}

cst_truth text_contains(cst_frame *frame, const cst_value *text, uint32_t number, uint32_t site)
{
    return any_text(frame, text, number, site, contains_one);
}

cst_truth text_matches(cst_frame *frame, const cst_value *text, uint32_t number, uint32_t site)
{
    return any_text(frame, text, number, site, matches_one);
}

/* ---- matches as places ----------------------------------------------------------------------- */

typedef struct place_list {
    text_place *items;
    uint32_t count, capacity;
} place_list;

typedef struct collecting {
    arena *memory;
    place_list *list;
    const cst_value *text;
    const view_segment *segment;
    uint32_t pattern; /* row */
    uint64_t total;
    bool failed;
} collecting;

static bool collect(void *user, uint32_t start, uint32_t end)
{
    collecting *const state = user;
    state->total++;
    if (state->list->count >= LIMIT_MATCHES) {
        state->failed = true;
        return true;
    }
    text_place *const place = ARENA_PUSH(state->memory, state->list);
    if (!place) {
        state->failed = true;
        return false;
    }
    *place = (text_place){.text = state->text->as.text,
                          .length = state->text->length,
                          .at = state->text->at,
                          .pattern = state->pattern};
    view_original(state->segment, start, end, &place->start, &place->end);
    return true;
}

/* All that a probe finds in one text. False: some places may be missing. */
static bool places_in(cst_frame *frame, const probe *probe, const cst_value *text, place_list *out,
                      uint64_t *total)
{
    cst_texts *const texts = frame->texts;
    const text_known *const known = known_of(frame, text, false, probe->database);
    for (uint32_t i = 0; known && i < known->count; i++) {
        if (!in_probe(probe, known->items[i].pattern))
            continue;
        text_place *const place = ARENA_PUSH(scratch_of(frame), out);
        if (!place)
            return false;
        *place = known->items[i];
        ++*total;
    }
    if (known)
        return true;
    text_seen *const seen = seen_of(frame, probe->views, text->as.text, text->length);
    const text_scan *const scan = seen ? scan_of(frame, seen, probe->database) : NULL;
    const scan_database *const database = scan ? texts_database(texts, probe->database) : NULL;
    if (!database)
        return false;
    collecting state = {.memory = scratch_of(frame), .list = out, .text = text};
    bool unknown = seen->view.limited;
    const uint64_t before = scan_work(texts->scratch);
    work_of(frame)->found += (uint64_t)probe->count * (1 + seen->view.count);
    for (uint32_t i = 0; i < probe->count; i++) {
        const uint32_t number = probe->numbers[i];
        unknown = unknown || has_bit(scan->unknown, number);
        if (!has_bit(scan->found, number))
            continue;
        state.pattern = probe->first_pattern + number;
        for (uint32_t s = 0; s < seen->view.count; s++) {
            state.segment = &seen->view.segments[s];
            if (scan_list(database, texts->scratch, state.segment->bytes, state.segment->length, 0,
                          state.segment->length, number, collect, &state, &unknown) != CST_OK)
                return false;
        }
    }
    work_of(frame)->found += scan_work(texts->scratch) - before + state.total;
    *total += state.total;
    return !unknown && !state.failed;
}

static int places_compare(const void *left, const void *right)
{
    const text_place *const a = left, *const b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    return (a->pattern > b->pattern) - (a->pattern < b->pattern);
}

/* In order, and each range once: one text seen in two ways shows one thing twice. */
static void places_order(cst_frame *frame, place_list *list, uint32_t from)
{
    const uint32_t count = list->count - from;
    work_of(frame)->found +=
        (uint64_t)count * (1 + (count > 1 ? 32 - (uint32_t)__builtin_clz(count) : 0));
    sort_in_place(list->items + from, list->count - from, sizeof *list->items, places_compare);
    uint32_t kept = from;
    for (uint32_t i = from; i < list->count; i++)
        if (kept == from || list->items[kept - 1].start != list->items[i].start ||
            list->items[kept - 1].end != list->items[i].end)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

/* ---- found ----------------------------------------------------------------------------------- */

static bool number_of(const convert_context *context, uint32_t type, const text_place *place,
                      cst_value *out)
{
    char *const digits = arena_allocate(context->arena, place->end - place->start + 1u);
    convert_problem problem;
    uint32_t length = 0, from = place->start;
    if (!digits)
        return false;
    while (from + 1 < place->end && place->text[from] == '0' && place->text[from + 1] >= '0' &&
           place->text[from + 1] <= '9') /* JSON has no leading zeros, texts do */
        from++;
    for (uint32_t i = from; i < place->end; i++)
        if (place->text[i] != ',')
            digits[length++] = place->text[i];
    return convert_number(context, type, digits, length, place->at, 0, out, &problem);
}

static bool element_of(const convert_context *context, uint32_t type, const text_place *place,
                       cst_value *out)
{
    convert_problem problem;
    const cst_type_row *const row = CST_ROWS(context->image, types, cst_type_row) + type;
    if (row->kind == CST_KIND_DECIMAL)
        return number_of(context, type, place, out);
    return convert_string(context, type, true, place->text + place->start,
                          place->end - place->start, place->at, 0, out, &problem);
}

uint32_t text_found(cst_frame *frame, const cst_value *text, uint32_t number, uint32_t type,
                    cst_value *out)
{
    const probe probe = probe_of(frame, number);
    const convert_context context = {.image = frame->image, .arena = scratch_of(frame)};
    const uint32_t element = CST_ROWS(frame->image, types, cst_type_row)[type].element;
    place_list list = {0};
    uint64_t total = 0;
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < text_count(text); i++) {
        const cst_value *const one = text_at(text, i);
        const uint32_t from = list.count;
        if (!kind_has_text(one->kind))
            continue;
        if (!places_in(frame, &probe, one, &list, &total))
            return 0;
        if (list.count > from)
            places_order(frame, &list, from);
    }
    cst_value *const items = arena_array(context.arena, list.count, sizeof *items);
    if (!items)
        return 0;
    for (uint32_t i = 0; i < list.count; i++)
        work_of(frame)->found += list.items[i].end - list.items[i].start;
    for (uint32_t i = 0; i < list.count; i++)
        if (!element_of(&context, element, &list.items[i], &items[i]))
            return 0;
    out->kind = CST_KIND_LIST;
    out->as.items = items;
    out->length = list.count;
    out->parts = list.items;
    out->at = UINT32_MAX;
    return 1;
}

/* ---- leaves ---------------------------------------------------------------------------------- */

typedef struct leaf_list {
    cst_value *items;
    uint32_t count, capacity;
    uint64_t looked; /* values gone through */
} leaf_list;

static bool add_leaf(arena *memory, leaf_list *list, cst_value leaf)
{
    cst_value *const item = ARENA_PUSH(memory, list);
    if (!item)
        return false;
    *item = leaf;
    return true;
}

/* Recursion is bounded by the depth that the JSON reader accepts. */
static bool json_leaves(arena *memory, leaf_list *list, const cst_json *json)
{
    list->looked++;
    if (json->kind == JSON_STRING)
        return add_leaf(memory, list,
                        (cst_value){.as.text = json->text,
                                    .length = json->length,
                                    .at = json->at,
                                    .at_length = json->at_length,
                                    .raw_length = json->length,
                                    .kind = CST_KIND_STRING});
    if (json->kind != JSON_LIST && json->kind != JSON_OBJECT)
        return true;
    for (uint32_t i = 0; i < json->length; i++)
        if (!json_leaves(memory, list, &json->items[i]))
            return false;
    return true;
}

static bool value_leaves(arena *memory, leaf_list *list, const cst_value *value)
{
    list->looked++;
    if (value->kind == CST_KIND_JSON)
        return !value->parts || json_leaves(memory, list, value->parts);
    if (kind_has_text(value->kind))
        return add_leaf(memory, list, *value);
    if (value->kind != CST_KIND_LIST && value->kind != CST_KIND_RECORD)
        return true;
    for (uint32_t i = 0; i < value->length; i++)
        if (!value_leaves(memory, list, &value->as.items[i]))
            return false;
    return true;
}

uint32_t text_leaves(cst_frame *frame, const cst_value *value, cst_value *out)
{
    leaf_list list = {0};
    memset(out, 0, sizeof *out);
    const bool whole = value_leaves(scratch_of(frame), &list, value);
    work_of(frame)->values += list.looked;
    if (!whole)
        return 0;
    out->kind = CST_KIND_LIST;
    out->as.items = list.items;
    out->length = list.count;
    out->at = UINT32_MAX;
    return 1;
}

/* ---- repeats --------------------------------------------------------------------------------- */

typedef struct repetition {
    collecting places; /* for marks; memory NULL: only whether there is one */
    bool some;
} repetition;

static bool repeat_seen(void *user, uint32_t start, uint32_t end)
{
    repetition *const state = user;
    state->some = true;
    return state->places.memory && collect(&state->places, start, end);
}

/* False: something may have been missed. */
static bool repeats_in(cst_frame *frame, const cst_echo_row *row, const echo *echo,
                       const cst_value *text, repetition *state)
{
    const view *const view = texts_view(frame, row->views, text->as.text, text->length);
    bool unknown = false;
    uint64_t steps = 0;
    if (!view)
        return false;
    state->places.text = text;
    state->places.pattern = CST_NONE;
    for (uint32_t s = 0; s < view->count && (!state->some || state->places.memory); s++) {
        const view_segment *const segment = state->places.segment = &view->segments[s];
        echo_find(echo, segment->bytes, segment->length, repeat_seen, state, &unknown, &steps);
    }
    work_of(frame)->origins += steps + view->count;
    return !unknown && !view->limited && !state->places.failed;
}

cst_truth text_repeats(cst_frame *frame, const cst_value *text, uint32_t number, uint32_t site)
{
    const cst_texts *const texts = frame->texts;
    const cst_echo_row *const row = CST_ROWS(frame->image, echoes, cst_echo_row) + number;
    const echo *const echo = texts->echoes ? texts->echoes[number] : NULL;
    repetition state = {.some = false};
    bool known = !texts->echoes_lost && (!echo || !echo_is_partial(echo));
    for (uint32_t i = 0; i < text_count(text) && !state.some && echo; i++) {
        const cst_value *const one = text_at(text, i);
        const text_known *const streamed = known_of(frame, one, true, number);
        if (streamed)
            state.some = streamed->some || texts->stream->assume;
        else if (kind_has_text(one->kind))
            known = repeats_in(frame, row, echo, one, &state) && known;
    }
    return state.some ? CST_TRUE : known ? CST_FALSE : CST_UNDECIDED(site);
}

/* ---- marks ----------------------------------------------------------------------------------- */

static void mark_places(cst_frame *frame, const place_list *list)
{
    cst_texts *const texts = frame->texts;
    work_of(frame)->found += list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        const text_place *const place = &list->items[i];
        text_mark *const mark = texts->marks.count < LIMIT_MATCHES
                                    ? ARENA_PUSH(scratch_of(frame), &texts->marks)
                                    : NULL;
        if (!mark) {
            texts->marks_failed = true;
            return;
        }
        *mark = (text_mark){.text = place->text,
                            .length = place->length,
                            .at = place->at,
                            .start = place->start,
                            .end = place->end,
                            .pattern = place->pattern};
    }
}

void mark_text(cst_frame *frame, const cst_value *text, uint32_t number)
{
    const probe probe = probe_of(frame, number);
    for (uint32_t i = 0; i < text_count(text); i++) {
        const cst_value *const one = text_at(text, i);
        place_list list = {0};
        if (!kind_has_text(one->kind))
            continue;
        if (!places_in(frame, &probe, one, &list, &frame->texts->mark_total))
            frame->texts->marks_failed = true;
        mark_places(frame, &list);
    }
}

void mark_repeat(cst_frame *frame, const cst_value *text, uint32_t number)
{
    const cst_texts *const texts = frame->texts;
    const cst_echo_row *const row = CST_ROWS(frame->image, echoes, cst_echo_row) + number;
    const echo *const echo = texts->echoes ? texts->echoes[number] : NULL;
    /* what is shared with a text that was lost is not among the marks */
    if (texts->echoes_lost || (echo && echo_is_partial(echo)))
        frame->texts->marks_failed = true;
    for (uint32_t i = 0; i < text_count(text) && echo; i++) {
        const cst_value *const one = text_at(text, i);
        place_list list = {0};
        repetition state = {.places = {.memory = scratch_of(frame), .list = &list}};
        const text_known *const known = known_of(frame, one, true, number);
        if (known) {
            const place_list all = {.items = known->items, .count = known->count};
            mark_places(frame, &all);
            continue;
        }
        if (!kind_has_text(one->kind))
            continue;
        if (!repeats_in(frame, row, echo, one, &state))
            frame->texts->marks_failed = true;
        frame->texts->mark_total += state.places.total;
        mark_places(frame, &list);
    }
}

void mark_found(cst_frame *frame, const cst_value *list, uint32_t index)
{
    const text_place *const places = list->parts;
    if (!is_list(list) || !places || index >= list->length)
        return;
    const place_list one = {.items = (text_place *)(uintptr_t)&places[index], .count = 1};
    frame->texts->mark_total++;
    mark_places(frame, &one);
}

/*
 * stream_settle.c - how far the text of a stream is known, and the matches up to there.
 *
 * For each database, the scanner says from where on something can still become a match (scan_live);
 * a view has to be cut where nothing before the cut can change how it is seen (view_cut); a shared
 * run may begin as many characters before the end as its rule counts. The least of all that is how
 * far the text is settled. What lies between the last such place and this one is then looked
 * through once, in a window that shows what stands before too, and the matches are kept until their
 * place has been released.
 */
#include <string.h>

#include "runtime/stream.h"

/* ---- windows --------------------------------------------------------------------------------- */

/* The text from a place on where nothing before can matter, as the view of a database shows it. */
typedef struct window {
    uint32_t start, end; /* bytes of the text */
    view view;
} window;

static bool window_make(cst_stream *stream, uint32_t views, uint32_t lookback, window *out)
{
    arena *const memory = &stream->context->scratch.memory;
    const char *const text = stream->text.bytes;
    const uint32_t length = stream->characters;
    const uint32_t before = stream->settled > lookback ? stream->settled - lookback : 0;
    out->start = views ? view_cut(text, length, before, views) : 0;
    /* behind the last cut what comes can still change how the text is seen */
    out->end = views ? view_cut(text, length, length, views) : length;
    if (out->end < out->start)
        out->end = out->start;
    if (views)
        return view_make(memory, text + out->start, out->end - out->start, views, &out->view);
    view_segment *const whole = arena_allocate(memory, sizeof *whole);
    if (!whole)
        return false;
    *whole = (view_segment){.bytes = text, .length = length};
    out->view = (view){.segments = whole, .count = 1};
    return true;
}

/* The first byte of a segment that comes from a byte of the text at or behind `place`. */
static uint32_t segment_place(const window *window, const view_segment *segment, uint32_t place)
{
    uint32_t low = 0, high = segment->length;
    if (place <= window->start)
        return 0;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        uint32_t start, end;
        view_original(segment, middle, middle + 1 <= segment->length ? middle + 1 : middle, &start,
                      &end);
        if (window->start + start < place)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < segment->length && ((unsigned char)segment->bytes[low] & 0xc0) == 0x80)
        low++;
    return low;
}

/* ---- matches --------------------------------------------------------------------------------- */

static bool keep_match(cst_stream *stream, text_known *known, text_place place)
{
    if (known->count == known->capacity) {
        const uint32_t capacity = known->capacity ? known->capacity * 2 : 16;
        text_place *const more =
            stream->allocator.allocate(stream->allocator.user, capacity * sizeof *more);
        if (!more)
            return false;
        if (known->count)
            memcpy(more, known->items, known->count * sizeof *more);
        if (known->items)
            stream->allocator.release(stream->allocator.user, known->items,
                                      known->capacity * sizeof *more);
        known->items = more;
        known->capacity = capacity;
    }
    known->items[known->count++] = place;
    return true;
}

typedef struct gathering {
    cst_stream *stream;
    text_known *known;
    const window *window;
    const view_segment *segment;
    uint32_t pattern, from, to, number; /* number: of the segment */
    uint32_t first, last;               /* where they are in the segment */
    uint32_t skipped;                   /* bytes of the segment before what is looked through */
    bool some, failed;
} gathering;

static bool gather(void *user, uint32_t start, uint32_t end)
{
    gathering *const state = user;
    text_place place = {.text = state->stream->text.bytes,
                        .length = state->stream->characters,
                        .at = UINT32_MAX,
                        .pattern = state->pattern,
                        .segment = state->number};
    view_original(state->segment, start, end, &place.start, &place.end);
    place.start += state->window->start;
    place.end += state->window->start;
    if (place.start >= state->to)
        return false;
    if (place.start < state->from)
        return true;
    state->some = true;
    if (!keep_match(state->stream, state->known, place))
        state->failed = true;
    return !state->failed;
}

/* How far nothing can change any more for this database; then the matches up to there. False:
 * memory is short. */
static uint32_t live_place(cst_stream *stream, uint32_t number, const window *window,
                           uint32_t views)
{
    cst_context *const context = stream->context;
    const scan_database *const database = texts_database(&stream->context->texts, number);
    uint32_t settled = window->end;
    text_known *const known = &stream->known.databases[number];
    /* what is dead stays dead, also where another database holds the text */
    const uint32_t before = known->settled > stream->settled ? known->settled : stream->settled;
    uint64_t *const all = arena_array(&context->scratch.memory,
                                      (scan_pattern_count(database) + 63) / 64 + 1, sizeof *all);
    if (!all || window->view.limited)
        return stream->settled;
    memset(all, 0xff, (scan_pattern_count(database) + 63) / 64 * sizeof *all);
    /* runs of encoded text end before the cut: only what stands in the text itself can go on */
    const uint32_t open = window->view.count < 2 || !(views & VIEW_DECODED) ? 1 : 2;
    for (uint32_t i = 0; i < open && i < window->view.count; i++) {
        const view_segment *const segment = &window->view.segments[i];
        const uint32_t from = segment_place(window, segment, before);
        const uint32_t live = scan_live(database, context->texts.scratch, segment->bytes,
                                        segment->length, from, all, &known->holder);
        if (live >= segment->length)
            continue;
        uint32_t start, end;
        view_original(segment, live, live + 1, &start, &end);
        if (window->start + start < settled)
            settled = window->start + start;
    }
    known->settled = settled > before ? settled : before;
    return known->settled;
}

/* The matches of one pattern that begin at settled..to. */
static bool gather_pattern(gathering *state, uint32_t number, uint32_t pattern)
{
    cst_stream *const stream = state->stream;
    const scan_database *const database = texts_database(&stream->context->texts, number);
    const cst_database_row *const row =
        CST_ROWS(stream->policy->image, databases, cst_database_row) + number;
    const view_segment *const segment = state->segment;
    text_known *const known = state->known;
    bool unknown = false;
    /* behind the last match of this pattern that is known: matches do not overlap */
    uint32_t from = stream->settled;
    for (uint32_t k = 0; k < known->count; k++)
        if (known->items[k].pattern == row->patterns.first + pattern &&
            known->items[k].end > from && known->items[k].segment == state->number &&
            state->number < 2 && known->items[k].start < stream->settled)
            from = known->items[k].end;
    state->pattern = row->patterns.first + pattern;
    state->some = false;
    if (scan_list(database, stream->context->texts.scratch, segment->bytes, segment->length,
                  from == state->from ? state->first : segment_place(state->window, segment, from),
                  state->last, pattern, gather, state, &unknown) != CST_OK ||
        unknown || state->failed)
        return false;
    if (state->some)
        known->found[pattern / 64] |= UINT64_C(1) << (pattern % 64);
    return true;
}

static uint32_t next_bit(uint32_t word, uint64_t left)
{
    return word * 64 + (uint32_t)__builtin_ctzll(left);
}

/* The new matches of a database: following says which patterns may have some, or else the engine,
 * with what stands before for assertions and `after`; those are listed. */
static bool gather_matches(cst_stream *stream, uint32_t number, const window *window, uint32_t to,
                           bool followed)
{
    cst_context *const context = stream->context;
    const scan_database *const database = texts_database(&stream->context->texts, number);
    const uint32_t count = scan_pattern_count(database), words = (count + 63) / 64;
    if (to <= stream->settled)
        return true;
    uint64_t *const found = arena_array(&context->scratch.memory, 2u * words, sizeof *found);
    if (!found)
        return false;
    memset(found, 0, 2u * words * sizeof *found);
    followed = followed && window->view.count == 1 &&
               scan_follow_accepts(database, context->texts.scratch,
                                   stream->known.databases[number].follow, found);
    for (uint32_t i = 0; i < window->view.count; i++) {
        const view_segment *const segment = &window->view.segments[i];
        gathering state = {.stream = stream,
                           .known = &stream->known.databases[number],
                           .window = window,
                           .segment = segment,
                           .from = stream->settled,
                           .to = to,
                           .number = i < 2 ? i : 2};
        const uint32_t first = state.first = segment_place(window, segment, stream->settled);
        if (first >= segment->length)
            continue;
        state.last = segment_place(window, segment, to);
        if (!followed && scan_find(database, context->texts.scratch, segment->bytes,
                                   segment->length, first, found, found + words) != CST_OK)
            return false;
        for (uint32_t word = 0; word < words; word++) {
            if (found[words + word] != 0)
                return false; /* whether it stands there is not known */
            for (uint64_t left = found[word]; left != 0; left &= left - 1)
                if (next_bit(word, left) < count &&
                    !gather_pattern(&state, number, next_bit(word, left)))
                    return false;
        }
    }
    return true;
}

/* ---- shared runs ----------------------------------------------------------------------------- */

typedef struct running { /* a shared run in the window */
    gathering state;
} running;

static bool gather_run(void *user, uint32_t start, uint32_t end)
{
    running *const run = user;
    gathering *const state = &run->state;
    text_place place = {.text = state->stream->text.bytes,
                        .length = state->stream->characters,
                        .at = UINT32_MAX,
                        .pattern = CST_NONE,
                        .segment = state->number};
    view_original(state->segment, start + state->skipped, end + state->skipped, &place.start,
                  &place.end);
    place.start += state->window->start;
    place.end += state->window->start;
    if (place.end <= state->stream->released)
        return true;
    state->known->some = true;
    if (!keep_match(state->stream, state->known, place))
        state->failed = true;
    return !state->failed;
}

/* Where the window for runs begins: at or before `place`, and not within what a known run covers
 * nor at its end, so that it is found again as the whole text shows it. */
static uint32_t run_window(const cst_stream *stream, uint32_t views, const text_known *known,
                           uint32_t place)
{
    for (bool moved = true; moved;) {
        moved = false;
        if (views)
            place = view_cut(stream->text.bytes, stream->characters, place, views);
        for (uint32_t i = known->count; i > 0; i--)
            if (known->items[i - 1].start < place && known->items[i - 1].end >= place) {
                place = known->items[i - 1].start;
                moved = true;
            }
        moved = moved && views;
    }
    return place;
}

/* Runs from a place on are looked for again. */
static void drop_from(text_known *known, uint32_t place)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < known->count; i++)
        if (known->items[i].start < place)
            known->items[kept++] = known->items[i];
    known->count = kept;
}

/* Where a run may begin that is too short yet to be found: as many characters before the end of
 * each form of the text as the rule counts. */
static uint32_t unfinished_run(const cst_stream *stream, const window *window,
                               const cst_echo_row *row)
{
    uint32_t least = window->end;
    for (uint32_t i = 0; i < 2 && i < window->view.count; i++) {
        const view_segment *const segment = &window->view.segments[i];
        uint32_t characters = 0, place = segment->length, start, end;
        while (place > 0 && characters < row->chars) {
            place--;
            characters += ((unsigned char)segment->bytes[place] & 0xc0) != 0x80;
        }
        if (place == segment->length)
            continue;
        view_original(segment, place, place + 1, &start, &end);
        if (window->start + start < least)
            least = window->start + start;
    }
    return least > stream->settled ? least : stream->settled;
}

/* A shared run may begin as many characters before the end as its rule counts; one that reaches the
 * end may still grow, and its cut waits. */
static bool watch_echo(cst_stream *stream, uint32_t number, uint32_t *settled)
{
    cst_context *const context = stream->context;
    const cst_echo_row *const row = CST_ROWS(stream->policy->image, echoes, cst_echo_row) + number;
    const echo *const echo = context->texts.echoes ? context->texts.echoes[number] : NULL;
    text_known *const known = &stream->known.echoes[number];
    const uint32_t reach = 4 * row->chars;
    if (context->texts.echoes_lost || (echo && echo_is_partial(echo)))
        return false;
    if (!echo)
        return true;
    window window;
    bool unknown = false;
    uint64_t steps = 0;
    const uint32_t begin = run_window(stream, row->views, known,
                                      stream->settled > reach ? stream->settled - reach : 0);
    if (!window_make(stream, row->views, stream->settled - begin, &window))
        return false;
    drop_from(known, begin);
    for (uint32_t i = 0; i < window.view.count; i++) {
        const view_segment *const segment = &window.view.segments[i];
        running run = {{.stream = stream,
                        .known = known,
                        .window = &window,
                        .segment = segment,
                        .number = i < 2 ? i : 2}};
        const uint32_t skipped = run.state.skipped = row->views ? 0 : begin;
        echo_find(echo, segment->bytes + skipped, segment->length - skipped, gather_run, &run,
                  &unknown, &steps);
        if (unknown || run.state.failed || window.view.limited)
            return false;
    }
    const uint32_t place = unfinished_run(stream, &window, row);
    if (place < *settled)
        *settled = place;
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

bool stream_settle(cst_stream *stream)
{
    const cst_image *const image = stream->policy->image;
    const cst_database_row *const rows = CST_ROWS(image, databases, cst_database_row);
    arena *const memory = &stream->context->scratch.memory;
    window *const windows = arena_array(memory, image->databases.count + 1u, sizeof *windows);
    bool *const followed = arena_array(memory, image->databases.count + 1u, sizeof *followed);
    uint32_t settled = stream->characters;
    if (!windows || !followed)
        return false;
    for (uint32_t i = 0; i < image->databases.count; i++) {
        uint32_t place;
        if (!stream->known.databases[i].watched)
            continue;
        /* it was there when the stream began */
        const scan_database *const database = texts_database(&stream->context->texts, i);
        if (!database)
            return false;
        followed[i] = stream_follow(stream, i, &place);
        if (!followed[i]) {
            if (!window_make(stream, rows[i].views, scan_lookback(database), &windows[i]))
                return false;
            place = live_place(stream, i, &windows[i], rows[i].views);
        }
        settled = place < settled ? place : settled;
    }
    for (uint32_t i = 0; i < image->echoes.count; i++)
        if (stream->known.echoes[i].watched && !watch_echo(stream, i, &settled))
            return false;
    for (uint32_t i = 0; i < image->databases.count; i++) {
        text_known *const known = &stream->known.databases[i];
        if (!known->watched ||
            (followed[i] &&
             known->follow->accepted >= settled)) /* nothing that begins before has matched */
            continue;
        if (followed[i] &&
            !window_make(stream, rows[i].views,
                         scan_lookback(texts_database(&stream->context->texts, i)), &windows[i]))
            return false;
        if (!gather_matches(stream, i, &windows[i], settled, followed[i]))
            return false;
        scan_follow_settled(known->follow, settled);
    }
    stream->settled = settled;
    return true;
}

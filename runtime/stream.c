/*
 * stream.c - a reply that comes in pieces: what may go on before all of it is there.
 *
 * The decision itself is never made in pieces. At the end the whole text is decided as any event is, so the decision, its rules and its spans are those of the whole text
 * whatever the pieces were. What is made in pieces is the release, and for it three places in the text are kept, all of which only grow:
 *
 *   settled   every match that starts before it is known and final, and nothing that starts before it can still become one. The scanner says so for each
 *             database (scan_live), the views for what they have to see together (view_cut), and a shared run needs at most as many
 *             characters as its rule counts.
 *   held      the first byte of a match of a rule that is not true yet but still could be, or that stops the reply. Nothing from there on goes out.
 *   released  what has gone out, cuts made.
 *
 * Which rules are true, and which could be, is asked of the compiled rules themselves: once with what is known of the text, once as if everything looked for came still. That is
 * right because a rule that is streamed only ever gains by more text; the others (a `not`, a length, a default that is not `allow`) are known when the policy is compiled,
 * and one of them holds everything to the end.
 */
#include <string.h>

#include "runtime/engine.h"
#include "runtime/utf8.h"

struct cst_stream {
    cst_context *context;
    cst_allocator allocator;
    cst_policy *policy;  /* the one it was opened under; another one holds all */
    buffer head;         /* the event as JSON with an empty text */
    buffer whole;        /* and with the text, for the end */
    buffer text;         /* all that has come */
    buffer out;
    text_stream known;
    uint32_t characters; /* bytes of whole characters in `text` */
    uint32_t settled, released;
    uint64_t sent;       /* bytes given out, cuts made */
    uint64_t sent_hash;  /* of them: the end must begin with the same */
    bool is_whole;       /* some rule needs the whole text */
    bool watches_echo;
    bool stopped, broken, ended;
};

static uint64_t hash_on(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* Some rule of these events needs all of the text, or a default speaks where no permit does. */
static bool needs_whole(const cst_context *context)
{
    const cst_image *const image = context->frame.image;
    const cst_dispatch_row *const dispatch = context->event.dispatch;
    const uint32_t *const lists = CST_ROWS(image, group_lists, uint32_t) + dispatch->groups.first;
    const cst_group_row *const groups = CST_ROWS(image, groups, cst_group_row);
    const uint32_t *const members = CST_ROWS(image, group_rules, uint32_t);
    const cst_rule_row *const rules = CST_ROWS(image, rules, cst_rule_row);
    const cst_layer_row *const layers = CST_ROWS(image, layers, cst_layer_row);
    for (uint32_t i = 0; i < image->layers.count; i++)
        if (layers[i].defaults[context->event.stage].verdict != CST_PERMIT)
            return true;
    for (uint32_t i = 0; i < dispatch->groups.count; i++) {
        const cst_range *const range = &groups[lists[i]].rules;
        for (uint32_t k = 0; k < range->count; k++) {
            const cst_rule_row *const rule = &rules[members[range->first + k]];
            /* a flag lets everything go */
            if (rule->whole && !rule->shadow && rule->kind == CST_RULE && rule->verdict >= CST_REDACT)
                return true;
        }
    }
    return false;
}

static bool make_known(cst_stream *stream)
{
    const cst_image *const image = stream->policy->image;
    const cst_database_row *const rows = CST_ROWS(image, databases, cst_database_row);
    const size_t size = ((size_t)image->databases.count + image->echoes.count) * sizeof(text_known);
    text_known *const all = stream->allocator.allocate(stream->allocator.user, size + sizeof(text_known));
    if (!all)
        return false;
    memset(all, 0, size + sizeof(text_known));
    stream->known.databases = all;
    stream->known.echoes = all + image->databases.count;
    for (uint32_t i = 0; i < image->databases.count; i++) {
        const size_t words = (scan_pattern_count(stream->policy->databases[i]) + 63) / 64;
        text_known *const one = &all[i];
        one->watched = rows[i].stage == (uint32_t)stream->context->event.stage &&
                       rows[i].slot == stream->policy->text_slot && rows[i].slot != CST_NONE;
        one->found = stream->allocator.allocate(stream->allocator.user, (words + 1) * sizeof(uint64_t));
        if (!one->found)
            return false;
        memset(one->found, 0, (words + 1) * sizeof(uint64_t));
    }
    const cst_echo_row *const echoes = CST_ROWS(image, echoes, cst_echo_row);
    for (uint32_t i = 0; i < image->echoes.count; i++) {
        stream->known.echoes[i].watched = (echoes[i].stages >> stream->context->event.stage & 1) != 0;
        stream->watches_echo = stream->watches_echo || stream->known.echoes[i].watched;
    }
    return true;
}

static bool write_head(cst_stream *stream, const char *json, size_t length)
{
    while (length > 0 && (json[length - 1] == ' ' || json[length - 1] == '\n' || json[length - 1] == '\r' || json[length - 1] == '\t'))
        length--;
    if (length < 2 || json[length - 1] != '}')
        return false;
    length--;
    while (length > 0 && (json[length - 1] == ' ' || json[length - 1] == '\n'))
        length--;
    buffer_add(&stream->head, json, length);
    buffer_text(&stream->head, json[length - 1] == '{' ? "\"text\":" : ",\"text\":");
    return !stream->head.failed;
}

cst_status cst_stream_open(cst_context *context, const char *json, size_t length, cst_stream **out)
{
    if (!context || !json || !out)
        return CST_BAD_ARGUMENT;
    const cst_allocator allocator = context->allocator;
    cst_stream *const stream = allocator.allocate(allocator.user, sizeof *stream);
    if (!stream)
        return CST_NO_MEMORY;
    memset(stream, 0, sizeof *stream);
    stream->context = context;
    stream->allocator = allocator;
    buffer_init(&stream->head, &allocator, 0);
    buffer_init(&stream->whole, &allocator, 0);
    buffer_init(&stream->text, &allocator, 0);
    buffer_init(&stream->out, &allocator, 0);
    stream->sent_hash = UINT64_C(14695981039346656037);
    cst_status status = write_head(stream, json, length) ? CST_OK : CST_BAD_ARGUMENT;
    if (status == CST_OK) {
        buffer_add(&stream->whole, stream->head.bytes, stream->head.length);
        buffer_text(&stream->whole, "\"\"}");
        status = stream->whole.failed ? CST_NO_MEMORY
                                      : engine_read_json(context, stream->whole.bytes, stream->whole.length);
    }
    if (status == CST_OK) {
        const engine_event *const event = &context->event;
        stream->policy = cst_policy_retain(context->policy);
        /* what is malformed is denied at the end; until then nothing goes out */
        stream->broken = event->problem.code || event->missing != CST_NONE || event->no_memory || !event->dispatch;
        stream->is_whole = stream->broken || needs_whole(context);
        if (!stream->is_whole && !make_known(stream))
            status = CST_NO_MEMORY;
    }
    if (status != CST_OK) {
        cst_stream_close(stream);
        return status;
    }
    *out = stream;
    return CST_OK;
}

void cst_stream_close(cst_stream *stream)
{
    if (!stream)
        return;
    const cst_allocator allocator = stream->allocator;
    const cst_image *const image = stream->policy ? stream->policy->image : NULL;
    for (uint32_t i = 0; stream->known.databases && i < image->databases.count + image->echoes.count; i++) {
        text_known *const one = &stream->known.databases[i];
        const size_t words = i < image->databases.count ? (scan_pattern_count(stream->policy->databases[i]) + 63) / 64 : 0;
        if (one->found)
            allocator.release(allocator.user, one->found, (words + 1) * sizeof(uint64_t));
        if (one->items)
            allocator.release(allocator.user, one->items, one->capacity * sizeof *one->items);
    }
    if (stream->known.databases)
        allocator.release(allocator.user, stream->known.databases,
                          ((size_t)image->databases.count + image->echoes.count + 1) * sizeof(text_known));
    buffer_free(&stream->head);
    buffer_free(&stream->whole);
    buffer_free(&stream->text);
    buffer_free(&stream->out);
    cst_policy_release(stream->policy);
    allocator.release(allocator.user, stream, sizeof *stream);
}

/* ---- what is known of the text --------------------------------------------------------------- */

static bool keep_match(cst_stream *stream, text_known *known, text_place place)
{
    if (known->count == known->capacity) {
        const uint32_t capacity = known->capacity ? known->capacity * 2 : 16;
        text_place *const more = stream->allocator.allocate(stream->allocator.user, capacity * sizeof *more);
        if (!more)
            return false;
        if (known->count)
            memcpy(more, known->items, known->count * sizeof *more);
        if (known->items)
            stream->allocator.release(stream->allocator.user, known->items, known->capacity * sizeof *more);
        known->items = more;
        known->capacity = capacity;
    }
    known->items[known->count++] = place;
    return true;
}

/* What was released is not asked for any more. */
static void forget_released(cst_stream *stream, text_known *known)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < known->count; i++)
        if (known->items[i].end > stream->released)
            known->items[kept++] = known->items[i];
    known->count = kept;
}

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
        view_original(segment, middle, middle + 1 <= segment->length ? middle + 1 : middle, &start, &end);
        if (window->start + start < place)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < segment->length && ((unsigned char)segment->bytes[low] & 0xc0) == 0x80)
        low++;
    return low;
}

typedef struct gathering {
    cst_stream *stream;
    text_known *known;
    const window *window;
    const view_segment *segment;
    uint32_t pattern, from, to, number; /* number: of the segment */
    uint32_t first, last;               /* where they are in the segment */
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

/* How far nothing can change any more for this database; then the matches up to there. False: memory is short. */
static uint32_t live_place(cst_stream *stream, uint32_t number, const window *window, uint32_t views)
{
    cst_context *const context = stream->context;
    const scan_database *const database = stream->policy->databases[number];
    uint32_t settled = window->end;
    text_known *const known = &stream->known.databases[number];
    /* what is dead stays dead, also where another database holds the text */
    const uint32_t before = known->settled > stream->settled ? known->settled : stream->settled;
    uint64_t *const all = arena_array(&context->scratch.memory, (scan_pattern_count(database) + 63) / 64 + 1, sizeof *all);
    if (!all || window->view.limited)
        return stream->settled;
    memset(all, 0xff, (scan_pattern_count(database) + 63) / 64 * sizeof *all);
    /* runs of encoded text end before the cut: only what stands in the text itself can go on */
    const uint32_t open = window->view.count < 2 || !(views & VIEW_DECODED) ? 1 : 2;
    for (uint32_t i = 0; i < open && i < window->view.count; i++) {
        const view_segment *const segment = &window->view.segments[i];
        const uint32_t from = segment_place(window, segment, before);
        const uint32_t live = scan_live(database, context->texts.scratch, segment->bytes, segment->length, from, all, &known->holder);
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
    const scan_database *const database = stream->policy->databases[number];
    const cst_database_row *const row = CST_ROWS(stream->policy->image, databases, cst_database_row) + number;
    const view_segment *const segment = state->segment;
    text_known *const known = state->known;
    bool unknown = false;
    /* behind the last match of this pattern that is known: matches do not overlap */
    uint32_t from = stream->settled;
    for (uint32_t k = 0; k < known->count; k++)
        if (known->items[k].pattern == row->patterns.first + pattern && known->items[k].end > from &&
            known->items[k].segment == state->number && state->number < 2 && known->items[k].start < stream->settled)
            from = known->items[k].end;
    state->pattern = row->patterns.first + pattern;
    state->some = false;
    if (scan_list(database, stream->context->texts.scratch, segment->bytes, segment->length,
                  from == state->from ? state->first : segment_place(state->window, segment, from), state->last, pattern, gather,
                  state, &unknown) != CST_OK ||
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

/* The new matches of a database: the engine finds out which patterns have some, with what stands before for assertions and `after`; those are listed. */
static bool gather_matches(cst_stream *stream, uint32_t number, const window *window, uint32_t to)
{
    cst_context *const context = stream->context;
    const scan_database *const database = stream->policy->databases[number];
    const uint32_t count = scan_pattern_count(database), words = (count + 63) / 64;
    if (to <= stream->settled)
        return true;
    uint64_t *const found = arena_array(&context->scratch.memory, 2u * words, sizeof *found);
    if (!found)
        return false;
    for (uint32_t i = 0; i < window->view.count; i++) {
        const view_segment *const segment = &window->view.segments[i];
        gathering state = {.stream = stream, .known = &stream->known.databases[number], .window = window, .segment = segment,
                           .from = stream->settled, .to = to, .number = i < 2 ? i : 2};
        const uint32_t first = state.first = segment_place(window, segment, stream->settled);
        if (first >= segment->length)
            continue;
        state.last = segment_place(window, segment, to);
        if (scan_find(database, context->texts.scratch, segment->bytes, segment->length, first, found, found + words) != CST_OK)
            return false;
        for (uint32_t word = 0; word < words; word++) {
            if (found[words + word] != 0)
                return false; /* whether it stands there is not known */
            for (uint64_t left = found[word]; left != 0; left &= left - 1)
                if (next_bit(word, left) < count && !gather_pattern(&state, number, next_bit(word, left)))
                    return false;
        }
    }
    return true;
}

typedef struct running { /* a shared run in the window */
    gathering state;
} running;

static bool gather_run(void *user, uint32_t start, uint32_t end)
{
    running *const run = user;
    gathering *const state = &run->state;
    text_place place = {.text = state->stream->text.bytes, .length = state->stream->characters, .at = UINT32_MAX, .pattern = CST_NONE};
    view_original(state->segment, start, end, &place.start, &place.end);
    place.start += state->window->start;
    place.end += state->window->start;
    if (place.end <= state->stream->released)
        return true;
    state->known->some = true;
    if (!keep_match(state->stream, state->known, place))
        state->failed = true;
    return !state->failed;
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

/* A shared run may begin as many characters before the end as its rule counts; one that reaches the end may still grow, and its cut waits. */
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
    if (!window_make(stream, row->views, reach, &window))
        return false;
    for (uint32_t i = 0; i < window.view.count; i++) {
        const view_segment *const segment = &window.view.segments[i];
        running run = {{.stream = stream, .known = known, .window = &window, .segment = segment, .from = stream->settled}};
        const uint32_t from = row->views ? 0 : stream->settled > reach ? stream->settled - reach : 0;
        view_segment part = *segment;
        part.bytes += from;
        part.length -= from;
        if (!row->views) {
            run.state.segment = &part;
            window.start = from;
        }
        if (i == 0)
            drop_from(known, window.start);
        echo_find(echo, part.bytes, part.length, gather_run, &run, &unknown);
        if (unknown || run.state.failed || window.view.limited)
            return false;
    }
    uint32_t characters = 0, place = stream->characters;
    while (place > stream->settled && characters < row->chars) {
        place--;
        characters += ((unsigned char)stream->text.bytes[place] & 0xc0) != 0x80;
    }
    if (row->views && window.end < place)
        place = window.end;
    if (row->views) { /* a view has fewer characters than the text, and no run crosses a cut unseen */
        const uint32_t cut = view_cut(stream->text.bytes, stream->characters, place, row->views);
        place = cut > stream->settled ? cut : stream->settled;
    }
    if (place < *settled)
        *settled = place;
    return true;
}

/* Moves `settled` on. False: it is not known, and everything is held. */
static bool settle(cst_stream *stream)
{
    const cst_image *const image = stream->policy->image;
    const cst_database_row *const rows = CST_ROWS(image, databases, cst_database_row);
    arena *const memory = &stream->context->scratch.memory;
    window *const windows = arena_array(memory, image->databases.count + 1u, sizeof *windows);
    uint32_t settled = stream->characters;
    if (!windows)
        return false;
    for (uint32_t i = 0; i < image->databases.count; i++) {
        if (!stream->known.databases[i].watched)
            continue;
        if (!window_make(stream, rows[i].views, scan_lookback(stream->policy->databases[i]), &windows[i]))
            return false;
        const uint32_t place = live_place(stream, i, &windows[i], rows[i].views);
        settled = place < settled ? place : settled;
    }
    for (uint32_t i = 0; i < image->echoes.count; i++)
        if (stream->known.echoes[i].watched && !watch_echo(stream, i, &settled))
            return false;
    for (uint32_t i = 0; i < image->databases.count; i++)
        if (stream->known.databases[i].watched && !gather_matches(stream, i, &windows[i], settled))
            return false;
    stream->settled = settled;
    return true;
}

/* ---- what may go out ------------------------------------------------------------------------- */

/* Why a rule is among the hits; CST_FALSE if it is not. */
static cst_truth reason_of(const cst_frame *frame, uint32_t rule)
{
    for (uint32_t i = 0; i < frame->hit_count; i++)
        if (frame->hits[i].rule == rule)
            return frame->hits[i].reason;
    return CST_FALSE;
}

/* The first text that a rule has found so far; `otherwise` if none. */
static uint32_t first_mark(cst_context *context, uint32_t rule, uint32_t otherwise)
{
    const cst_mark_fn *const marks = context->policy->module->marks;
    uint32_t first = otherwise;
    if (!marks || !marks[rule])
        return 0; /* no text makes it fire: it holds everything */
    texts_begin_marks(&context->texts);
    marks[rule](&context->frame, rule);
    for (uint32_t i = 0; i < context->texts.marks.count; i++)
        if (context->texts.marks.items[i].start < first)
            first = context->texts.marks.items[i].start;
    return first;
}

static bool evaluate(cst_stream *stream, bool assume)
{
    stream->known.assume = assume;
    return engine_evaluate(stream->context);
}

/* Rules that cut, and the place from which on nothing may go out. False: not known. */
static bool hold(cst_stream *stream, uint32_t **cutting, uint32_t *cut_count, uint32_t *held)
{
    cst_context *const context = stream->context;
    const cst_image *const image = context->frame.image;
    const cst_rule_row *const rules = CST_ROWS(image, rules, cst_rule_row);
    uint32_t possible_count = 0;
    bool waived = false;
    if (!evaluate(stream, true))
        return false;
    const size_t room = context->frame.hit_count + 1u;
    uint32_t *const possible = arena_array(&context->arena, room, sizeof *possible);
    uint32_t *const firsts = arena_array(&context->arena, room, sizeof *firsts);
    uint32_t *const cuts = arena_array(&context->arena, room, sizeof *cuts);
    if (!possible || !firsts || !cuts)
        return false;
    /* where everything is assumed, marks are those of all conditions that have found something */
    const uint32_t hit_count = context->frame.hit_count;
    for (uint32_t i = 0; i < hit_count; i++) {
        const cst_hit hit = context->frame.hits[i];
        const cst_rule_row *const rule = &rules[hit.rule];
        waived = waived || rule->kind == CST_RULE_WAIVER;
        if (rule->kind != CST_RULE || rule->shadow || rule->verdict < CST_REDACT)
            continue;
        firsts[possible_count] = hit.reason == CST_TRUE ? first_mark(context, hit.rule, UINT32_MAX) : 0;
        possible[possible_count++] = hit.rule;
    }
    if (!evaluate(stream, false))
        return false;
    *cut_count = 0;
    *held = UINT32_MAX;
    for (uint32_t i = 0; i < possible_count; i++) {
        const cst_rule_row *const rule = &rules[possible[i]];
        const cst_truth reason = reason_of(&context->frame, possible[i]);
        const bool cuts_found = rule->verdict == CST_REDACT && rule->cut_slot == CST_NONE;
        if (reason == CST_TRUE && cuts_found && !waived) {
            cuts[(*cut_count)++] = possible[i];
            continue;
        }
        /* what is undecided now, whatever the text, is a deny of what cannot be cut */
        if (reason != CST_FALSE && !waived && engine_effect(rule, reason) > CST_REDACT)
            stream->stopped = true;
        if (firsts[i] < *held)
            *held = firsts[i];
    }
    *cutting = cuts;
    return true;
}

static bool read_again(cst_stream *stream)
{
    cst_context *const context = stream->context;
    if (engine_read_json(context, stream->whole.bytes, stream->whole.length) != CST_OK ||
        context->policy != stream->policy || !context->event.dispatch || context->text_slot == CST_NONE)
        return context->policy == stream->policy && context->event.dispatch != NULL;
    cst_value *const slot = engine_slot(context, context->text_slot);
    *slot = (cst_value){.as.text = stream->text.bytes, .length = stream->characters, .raw_length = stream->characters,
                        .at = UINT32_MAX, .kind = CST_KIND_STRING};
    return true;
}

static bool release(cst_stream *stream)
{
    cst_context *const context = stream->context;
    uint32_t *cutting = NULL, cut_count = 0, held = 0;
    if (!read_again(stream))
        return false;
    stream->known.text = stream->text.bytes;
    stream->known.length = stream->characters;
    const cst_image *const image = stream->policy->image;
    for (uint32_t i = 0; i < image->databases.count + image->echoes.count; i++)
        for (uint32_t k = 0; k < stream->known.databases[i].count; k++) { /* the text may have moved */
            stream->known.databases[i].items[k].text = stream->text.bytes;
            stream->known.databases[i].items[k].length = stream->characters;
        }
    remember_begin(context);
    const uint32_t before = stream->settled;
    if (!settle(stream))
        return false;
    /* no more is known than before; but a shared run that still grows stops the reply as soon as it is there */
    if (stream->settled == before && !stream->watches_echo)
        return true;
    context->texts.stream = &stream->known;
    bool good = hold(stream, &cutting, &cut_count, &held);
    uint32_t to = held < stream->settled ? held : stream->settled;
    if (good && to > stream->released && !stream->stopped) {
        stream->known.assume = false;
        good = cuts_write(context, cutting, cut_count, stream->released, &to, &stream->out);
        if (good && to > stream->released)
            stream->released = to;
    }
    context->texts.stream = NULL;
    for (uint32_t i = 0; i < image->databases.count + image->echoes.count; i++)
        forget_released(stream, &stream->known.databases[i]);
    return good;
}

static uint32_t whole_characters(const cst_stream *stream)
{
    const unsigned char *const bytes = (const unsigned char *)stream->text.bytes;
    size_t length = stream->text.length, start = length;
    for (uint32_t back = 0; back < 4 && start > 0; back++) {
        start--;
        if ((bytes[start] & 0xc0) == 0x80)
            continue;
        const uint32_t wanted = bytes[start] < 0x80 ? 1 : bytes[start] < 0xe0 ? 2 : bytes[start] < 0xf0 ? 3 : 4;
        return (uint32_t)(length - start < wanted ? start : length);
    }
    return (uint32_t)length;
}

cst_status cst_stream_feed(cst_stream *stream, const char *bytes, size_t length, cst_piece *out)
{
    if (!stream || (!bytes && length) || !out || stream->ended)
        return CST_BAD_ARGUMENT;
    buffer_clear(&stream->out);
    cst_status status = CST_OK;
    const uint32_t before = stream->characters;
    if (stream->text.length + length > LIMIT_TEXT_BYTES) {
        stream->broken = true;
        status = CST_LIMIT;
    } else {
        buffer_add(&stream->text, bytes, length);
        if (stream->text.failed) {
            stream->broken = true;
            status = CST_NO_MEMORY;
        } else if (length) {
            stream->characters = whole_characters(stream);
            if (!utf8_valid(stream->text.bytes + before, stream->characters - before)) {
                stream->broken = true;
                status = CST_WRONG_TYPE;
            }
        }
    }
    if (!stream->broken && !stream->is_whole && stream->characters > before && !release(stream)) {
        buffer_clear(&stream->out);
        stream->is_whole = true; /* what is not known is held to the end */
    }
    if (stream->out.failed) {
        stream->broken = true;
        status = CST_NO_MEMORY;
    }
    const size_t given = stream->broken ? 0 : stream->out.length;
    stream->sent_hash = hash_on(stream->sent_hash, stream->out.bytes, given);
    stream->sent += given;
    *out = (cst_piece){stream->out.bytes, given, stream->text.length - stream->released, stream->stopped};
    return status;
}

/* ---- the end --------------------------------------------------------------------------------- */

cst_status cst_stream_end(cst_stream *stream, cst_piece *out, cst_decision *decision)
{
    if (!stream || !out || !decision || stream->ended)
        return CST_BAD_ARGUMENT;
    cst_context *const context = stream->context;
    buffer *const whole = &stream->whole;
    stream->ended = true;
    *out = (cst_piece){NULL, 0, 0, true};
    buffer_clear(whole);
    buffer_add(whole, stream->head.bytes, stream->head.length);
    /* what is no text is decided as such: malformed */
    if (stream->broken && stream->text.length > stream->characters)
        stream->text.length = stream->characters;
    buffer_json_string(whole, stream->text.bytes ? stream->text.bytes : "", stream->text.length);
    buffer_text(whole, "}");
    if (whole->failed || stream->text.failed)
        return engine_refuse(context, CST_NO_MEMORY, decision);
    const cst_status status = cst_decide_json(context, whole->bytes, whole->length, decision);
    if (status != CST_OK)
        return status;
    if (stream->broken && decision->verdict < CST_DENY)
        return engine_refuse(context, CST_LIMIT, decision);
    out->stopped = decision->verdict >= CST_REQUIRE_APPROVAL;
    if (out->stopped)
        return CST_OK;
    const char *text = stream->text.bytes ? stream->text.bytes : "";
    size_t length = stream->text.length;
    cst_decision_text(decision, &text, &length);
    if (length < stream->sent ||
        hash_on(UINT64_C(14695981039346656037), text, (size_t)stream->sent) != stream->sent_hash)
        return engine_refuse(context, CST_INTERNAL, decision);
    buffer_clear(&stream->out);
    buffer_add(&stream->out, text + stream->sent, length - (size_t)stream->sent);
    if (stream->out.failed)
        return engine_refuse(context, CST_NO_MEMORY, decision);
    out->bytes = stream->out.bytes;
    out->length = stream->out.length;
    return CST_OK;
}

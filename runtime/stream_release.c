/*
 * stream_release.c - what of a stream may go out now.
 *
 * The compiled rules are run twice on the event: as if all that they look for came still, which
 * names every rule that could become true, and with what is known, which says which of them are. A
 * redaction that is true is cut; whatever else is or could become true holds the text from its
 * first match on, and what is true and cannot be cut stops the reply.
 *
 * Most pieces of most replies bring nothing that a rule looks for. Then the last answer still
 * holds, and what is settled goes out without asking.
 */
#include "runtime/live.h"
#include "runtime/stream.h"

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
    const cst_mark_fn *const marks = context->module->marks;
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
        firsts[possible_count] =
            hit.reason == CST_TRUE ? first_mark(context, hit.rule, UINT32_MAX) : 0;
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

/* What was released is not asked for any more. */
static void forget_released(cst_stream *stream, text_known *known)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < known->count; i++)
        if (known->items[i].end > stream->released)
            known->items[kept++] = known->items[i];
    known->count = kept;
}

static bool read_again(cst_stream *stream)
{
    cst_context *const context = stream->context;
    if (stream_read(stream, &stream->whole) != CST_OK || context->policy != stream->policy ||
        !context->event.dispatch || context->text_slot == CST_NONE)
        return context->policy == stream->policy && context->event.dispatch != NULL;
    cst_value *const slot = engine_slot(context, context->text_slot);
    *slot = (cst_value){.as.text = stream->text.bytes,
                        .length = stream->characters,
                        .raw_length = stream->characters,
                        .at = UINT32_MAX,
                        .kind = CST_KIND_STRING};
    return true;
}

/* ---- without asking again -------------------------------------------------------------------- */

/* No match has been found that is not released. */
static bool nothing_waits(const cst_stream *stream)
{
    for (uint32_t i = 0; i < stream->policy->image->databases.count; i++)
        if (stream->known.databases[i].count > 0)
            return false;
    return true;
}

/*
 * Whether the rules would answer the same again as long as nothing is found: no rule holds
 * anything, no match waits, and the answer hung on nothing but the event's own values and the time
 * of the opening: not on the past, a session or a host.
 */
static bool is_quiet(const cst_stream *stream, uint32_t held)
{
    const cst_image *const image = stream->policy->image;
    const engine_event *const event = &stream->context->event;
    if (held != UINT32_MAX || stream->stopped || stream->watches_echo ||
        stream->policy->roots[event->dispatch_row].chain != CST_NONE || image->externs.count ||
        image->pasts.count || image->watches.count || image->froms.count || image->labels.count ||
        (image->records.count && event->session.bytes))
        return false;
    return nothing_waits(stream);
}

static bool is_still_quiet(const cst_stream *stream)
{
    const cst_context *const context = stream->context;
    return stream->quiet && context->stamp == stream->stamp && context->policy == stream->policy &&
           (!context->live || live_generation(context->live) == context->generation);
}

/* What can be said from the new bytes alone. False: the rules have to be asked. */
static bool release_quietly(cst_stream *stream)
{
    uint32_t place;
    if (stream->careful || stream->watches_echo || stream->context->policy != stream->policy ||
        !stream_follow_all(stream, &place))
        return false;
    if (place == stream->settled)
        return true;
    if (!is_still_quiet(stream))
        return false;
    buffer_add(&stream->out, stream->text.bytes + stream->released, place - stream->released);
    stream->settled = stream->released = place;
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

bool stream_release(cst_stream *stream)
{
    cst_context *const context = stream->context;
    uint32_t *cutting = NULL, cut_count = 0, held = 0;
    if (release_quietly(stream))
        return true;
    const bool quiet = !stream->careful && !stream->watches_echo && is_still_quiet(stream);
    stream->quiet = false;
    if (!read_again(stream))
        return false;
    stream->known.text = stream->text.bytes;
    stream->known.length = stream->characters;
    const cst_image *const image = stream->policy->image;
    for (uint32_t i = 0; i < image->databases.count + image->echoes.count; i++)
        /* the text may have moved */
        for (uint32_t k = 0; k < stream->known.databases[i].count; k++) {
            stream->known.databases[i].items[k].text = stream->text.bytes;
            stream->known.databases[i].items[k].length = stream->characters;
        }
    remember_begin(context);
    const uint32_t before = stream->settled;
    if (!stream_settle(stream))
        return false;
    /* no more is known than before; but a shared run that still grows stops the reply as soon as it
     * is there */
    if (quiet && nothing_waits(stream)) { /* what may have matched has not */
        buffer_add(&stream->out, stream->text.bytes + stream->released,
                   stream->settled - stream->released);
        stream->released = stream->settled;
        stream->stamp = context->stamp;
        return stream->quiet = true;
    }
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
    stream->stamp = context->stamp;
    stream->quiet = good && is_quiet(stream, held);
    return good;
}

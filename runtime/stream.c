/*
 * stream.c - a reply that comes in pieces: what may go on before all of it is there.
 *
 * The decision itself is never made in pieces. At the end the whole text is decided as any event
 * is, so the decision, its rules and its spans are those of the whole text whatever the pieces
 * were. What is made in pieces is the release, and for it three places in the text are kept, all of
 * which only grow:
 *
 *   settled   every match that starts before it is known and final, and nothing that starts before
 * it can still become one. The scanner says so for each database (scan_live), the views for what
 * they have to see together (view_cut), and a shared run needs at most as many characters as its
 * rule counts. held      the first byte of a match of a rule that is not true yet but still could
 * be, or that stops the reply. Nothing from there on goes out. released  what has gone out, cuts
 * made.
 *
 * Which rules are true, and which could be, is asked of the compiled rules themselves: once with
 * what is known of the text, once as if everything looked for came still. That is right because a
 * rule that is streamed only ever gains by more text; the others (a `not`, a length, a default that
 * is not `allow`) are known when the policy is compiled, and one of them holds everything to the
 * end.
 *
 * Other events may be decided between the pieces, also of the same session. Every look at the
 * reply, and its end, is at the time and with the past of its opening (snapshot.h); what is let
 * through then enters the past as it is.
 */
#include <string.h>

#include "runtime/stream.h"
#include "runtime/utf8.h"

enum { WAITING_BYTES = 1024, WAITING_PART = 16 }; /* is_due */

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
            if (rule->whole && !rule->shadow && rule->kind == CST_RULE &&
                rule->verdict >= CST_REDACT)
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
    text_known *const all =
        stream->allocator.allocate(stream->allocator.user, size + sizeof(text_known));
    if (!all)
        return false;
    memset(all, 0, size + sizeof(text_known));
    stream->known.databases = all;
    stream->known.echoes = all + image->databases.count;
    for (uint32_t i = 0; i < image->databases.count; i++) {
        const size_t words = (rows[i].patterns.count + 63) / 64;
        text_known *const one = &all[i];
        one->watched = rows[i].stage == (uint32_t)stream->context->event.stage &&
                       rows[i].slot == stream->policy->text_slot && rows[i].slot != CST_NONE;
        one->found =
            stream->allocator.allocate(stream->allocator.user, (words + 1) * sizeof(uint64_t));
        if (!one->found)
            return false;
        memset(one->found, 0, (words + 1) * sizeof(uint64_t));
        if (!one->watched)
            continue;
        one->follow = stream->allocator.allocate(stream->allocator.user, sizeof *one->follow);
        if (!one->follow)
            return false;
        one->follow->count = 0;
        one->follow->accepted = one->follow->accepted_last = UINT32_MAX;
    }
    const cst_echo_row *const echoes = CST_ROWS(image, echoes, cst_echo_row);
    for (uint32_t i = 0; i < image->echoes.count; i++) {
        stream->known.echoes[i].watched =
            (echoes[i].stages >> stream->context->event.stage & 1) != 0;
        stream->watches_echo = stream->watches_echo || stream->known.echoes[i].watched;
    }
    return true;
}

/* Keeps what the rules will ask. False: memory is short. */
static bool freeze(cst_stream *stream)
{
    cst_context *const context = stream->context;
    stream->time = engine_time(context);
    if (!context->frame.history)
        return true;
    stream->is_frozen = history_begin(context) && history_freeze(context, &stream->past);
    return stream->is_frozen;
}

cst_status stream_read(cst_stream *stream, const buffer *json)
{
    cst_context *const context = stream->context;
    context->opened = &stream->time;
    const cst_status status = engine_read_json(context, json->bytes, json->length);
    if (status == CST_OK)
        engine_time(context);
    context->opened = NULL;
    /* a policy that was swapped meanwhile asks other questions, of the past as it finds it */
    if (status == CST_OK && stream->is_frozen && context->policy == stream->policy)
        context->history.frozen = &stream->past;
    return status;
}

/* Whether all that looks at the text can: else nothing goes out before the end, where what asks for
 * it is undecided. */
static bool can_look(cst_stream *stream)
{
    const cst_image *const image = stream->policy->image;
    for (uint32_t i = 0; i < image->databases.count; i++)
        if (stream->known.databases[i].watched && !texts_database(&stream->context->texts, i))
            return false;
    return true;
}

static bool write_head(cst_stream *stream, const char *json, size_t length)
{
    while (length > 0 && (json[length - 1] == ' ' || json[length - 1] == '\n' ||
                          json[length - 1] == '\r' || json[length - 1] == '\t'))
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
    arena_init(&stream->folding, &allocator, 0);
    stream->sent_hash = UINT64_C(14695981039346656037);
    cst_status status = write_head(stream, json, length) ? CST_OK : CST_BAD_ARGUMENT;
    if (status == CST_OK) {
        buffer_add(&stream->whole, stream->head.bytes, stream->head.length);
        buffer_text(&stream->whole, "\"\"}");
        status = stream->whole.failed
                     ? CST_NO_MEMORY
                     : engine_read_json(context, stream->whole.bytes, stream->whole.length);
    }
    if (status == CST_OK) {
        const engine_event *const event = &context->event;
        stream->policy = cst_policy_retain(context->policy);
        /* what is malformed is denied at the end; until then nothing goes out */
        stream->broken = event->problem.code || event->missing != CST_NONE || event->no_memory ||
                         !event->dispatch;
        stream->is_whole = stream->broken || needs_whole(context);
        if ((!stream->broken && !freeze(stream)) || (!stream->is_whole && !make_known(stream)))
            status = CST_NO_MEMORY;
        else if (!stream->is_whole)
            stream->is_whole = !can_look(stream);
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
    for (uint32_t i = 0;
         stream->known.databases && i < image->databases.count + image->echoes.count; i++) {
        text_known *const one = &stream->known.databases[i];
        const size_t words =
            i < image->databases.count
                ? (CST_ROWS(image, databases, cst_database_row)[i].patterns.count + 63) / 64
                : 0;
        if (one->found)
            allocator.release(allocator.user, one->found, (words + 1) * sizeof(uint64_t));
        if (one->items)
            allocator.release(allocator.user, one->items, one->capacity * sizeof *one->items);
        if (one->follow)
            allocator.release(allocator.user, one->follow, sizeof *one->follow);
    }
    if (stream->known.databases)
        allocator.release(allocator.user, stream->known.databases,
                          ((size_t)image->databases.count + image->echoes.count + 1) *
                              sizeof(text_known));
    if (stream->is_frozen)
        history_thaw(stream->context, &stream->past);
    buffer_free(&stream->head);
    buffer_free(&stream->whole);
    buffer_free(&stream->text);
    buffer_free(&stream->out);
    arena_free(&stream->folding);
    cst_policy_release(stream->policy);
    allocator.release(allocator.user, stream, sizeof *stream);
}

/* ---- feeding --------------------------------------------------------------------------------- */

/*
 * Whether it is worth looking. Each look goes through all that waits, so where much waits (an open
 * bracket, a word that a rule holds) the next one is due when a good part has come on top of it:
 * then all looks together cost a few times the text, and not its square. Where only what is new is
 * looked at (stream_follow.c), that is not needed.
 */
static bool is_due(const cst_stream *stream)
{
    const uint32_t waits = stream->characters - stream->released,
                   fresh = stream->characters - stream->looked;
    return fresh > 0 && (waits <= WAITING_BYTES || fresh >= waits / WAITING_PART || stream->quiet);
}

static uint32_t whole_characters(const cst_stream *stream)
{
    const unsigned char *const bytes = (const unsigned char *)stream->text.bytes;
    size_t length = stream->text.length, start = length;
    for (uint32_t back = 0; back < 4 && start > 0; back++) {
        start--;
        if ((bytes[start] & 0xc0) == 0x80)
            continue;
        const uint32_t wanted = bytes[start] < 0x80   ? 1
                                : bytes[start] < 0xe0 ? 2
                                : bytes[start] < 0xf0 ? 3
                                                      : 4;
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
    if (!stream->broken && !stream->is_whole && is_due(stream)) {
        stream->looked = stream->characters;
        if (!stream_release(stream)) {
            buffer_clear(&stream->out);
            stream->is_whole = true; /* what is not known is held to the end */
        }
    }
    if (stream->out.failed) {
        stream->broken = true;
        status = CST_NO_MEMORY;
    }
    const size_t given = stream->broken ? 0 : stream->out.length;
    stream->sent_hash = hash_on(stream->sent_hash, stream->out.bytes, given);
    stream->sent += given;
    *out = (cst_piece){stream->out.bytes, given, stream->text.length - stream->released,
                       stream->stopped};
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
    const cst_status read = stream_read(stream, whole);
    if (read != CST_OK)
        return engine_refuse(context, read, decision);
    const cst_status status = engine_finish(context, decision);
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

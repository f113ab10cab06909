/*
 * stream_follow.c - how far the text of a stream is known, found out from the bytes that are new.
 *
 * Each watched database follows the text (scan_follow.c). Its text itself is fed as it comes. A
 * view is fed up to the last place where it can be cut (view_cut): a piece between two such places
 * looks as it does in the whole, so it is brought into the view once and never again. Where a piece
 * hides others (decoded runs are texts of their own) or following fails, the windows of
 * stream_settle.c answer, which need no memory of what was; following begins again when that place
 * is settled.
 */
#include "runtime/stream.h"

enum { BEGIN_AGAIN = 4096, BEFORE = 16 };

/* Places in a piece of a view, until they are known in the text: behind all places of texts. */
#define IN_PIECE (UINT32_C(1) << 31)

static bool begin(const cst_stream *stream, const scan_database *database, text_known *known,
                  uint32_t views)
{
    scan_scratch *const scratch = stream->context->texts.scratch;
    if (known->lost &&
        (known->begun == stream->settled || stream->characters - stream->settled > BEGIN_AGAIN))
        return false;
    known->begun = known->fed = stream->settled;
    known->looked = 0;
    if (views) /* a few characters before, so that what stands before the first start is seen */
        known->fed = view_cut(stream->text.bytes, stream->characters,
                              stream->settled > BEFORE ? stream->settled - BEFORE : 0, views);
    known->following = scan_follow_begin(database, scratch, known->follow,
                                         views ? "" : stream->text.bytes, views ? 0 : known->fed);
    known->lost = !known->following;
    return known->following;
}

/* Whether a text can be cut at a place of these bytes: all others are letters and signs of words.
 */
static bool can_part(const char *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if ((unsigned char)bytes[i] <= ' ' || (unsigned char)bytes[i] >= 0x80)
            return true;
    return false;
}

static uint32_t in_text(const view_segment *segment, uint32_t place, uint32_t fed)
{
    uint32_t start, end;
    if (place == UINT32_MAX || place < IN_PIECE)
        return place;
    view_original(segment, place - IN_PIECE, place - IN_PIECE + 1, &start, &end);
    return fed + start;
}

/* A piece of the folded view that is the text itself but for the case of letters: its places are
 * those of the text. *fed: whether it is one. */
static bool feed_few(cst_stream *stream, const scan_database *database, text_known *known,
                     uint32_t cut, bool *fed)
{
    char few[VIEW_FEW];
    const uint32_t length = cut - known->fed,
                   first = known->begun > known->fed ? known->begun - known->fed : 0;
    const char *const bytes = view_few(stream->text.bytes + known->fed, length, few);
    *fed = bytes != NULL;
    if (!bytes)
        return true;
    const uint32_t base = known->fed;
    known->fed = cut;
    return scan_follow_feed(database, stream->context->texts.scratch, known->follow, bytes, length,
                            base, first);
}

static bool feed_view(cst_stream *stream, const scan_database *database, text_known *known,
                      uint32_t views)
{
    const char *const text = stream->text.bytes;
    view view;
    known->looked = stream->characters;
    const uint32_t cut = view_cut(text, stream->characters, stream->characters, views);
    if (cut <= known->fed)
        return true;
    if (views == VIEW_FOLDED) {
        bool fed;
        if (!feed_few(stream, database, known, cut, &fed))
            return false;
        if (fed)
            return true;
    }
    arena_reset(&stream->folding);
    if (!view_make(&stream->folding, text + known->fed, cut - known->fed, views, &view) ||
        view.limited || view.count != 1)
        return false;
    const view_segment *const segment = &view.segments[0];
    uint32_t first = 0; /* of the bytes that a start may be at */
    for (; known->fed < known->begun && first < segment->length; first++)
        if (in_text(segment, first + IN_PIECE, known->fed) >= known->begun)
            break;
    scan_follow *const follow = known->follow;
    if (!scan_follow_feed(database, stream->context->texts.scratch, follow, segment->bytes,
                          segment->length, IN_PIECE, first))
        return false;
    for (uint32_t i = follow->count; i-- > 0 && follow->threads[i].last >= IN_PIECE;) {
        follow->threads[i].start = in_text(segment, follow->threads[i].start, known->fed);
        follow->threads[i].last = in_text(segment, follow->threads[i].last, known->fed);
    }
    follow->accepted = in_text(segment, follow->accepted, known->fed);
    follow->accepted_last = in_text(segment, follow->accepted_last, known->fed);
    known->fed = cut;
    return true;
}

static bool feed_text(cst_stream *stream, const scan_database *database, text_known *known)
{
    const uint32_t fed = known->fed;
    known->fed = stream->characters;
    return scan_follow_feed(database, stream->context->texts.scratch, known->follow,
                            stream->text.bytes + fed, stream->characters - fed, fed, 0);
}

bool stream_follow(cst_stream *stream, uint32_t number, uint32_t *place)
{
    const scan_database *const database = texts_database(&stream->context->texts, number);
    const uint32_t views =
        CST_ROWS(stream->policy->image, databases, cst_database_row)[number].views;
    text_known *const known = &stream->known.databases[number];
    bool unsure = false;
    if (stream->careful || (!known->following && !begin(stream, database, known, views)))
        return false;
    if (views && known->looked > 0 &&
        !can_part(stream->text.bytes + known->looked, stream->characters - known->looked)) {
        *place = known->place > stream->settled ? known->place : stream->settled;
        return true; /* nothing can be fed */
    }
    if (!(views ? feed_view(stream, database, known, views) : feed_text(stream, database, known))) {
        known->following = false;
        known->lost = true;
        known->begun = stream->settled;
        return false;
    }
    const uint32_t live = scan_follow_live(database, stream->context->texts.scratch, known->follow,
                                           views ? NULL : stream->text.bytes, stream->characters,
                                           known->fed, &unsure);
    known->place = live;
    if (unsure)
        known->looked = 0;
    *place = live > stream->settled ? live : stream->settled;
    return !unsure;
}

bool stream_follow_all(cst_stream *stream, uint32_t *place)
{
    const uint32_t count = stream->policy->image->databases.count;
    *place = stream->characters;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t one;
        if (!stream->known.databases[i].watched)
            continue;
        if (!stream_follow(stream, i, &one))
            return false;
        *place = one < *place ? one : *place;
    }
    for (uint32_t i = 0; i < count; i++)
        if (stream->known.databases[i].watched &&
            stream->known.databases[i].follow->accepted < *place)
            return false;
    return true;
}

/*
 * stream.h - a reply that comes in pieces, inside: what its three parts share.
 *
 * stream.c is the public calls: opening, feeding, and the end. stream_settle.c finds out how far
 * the text is known, and keeps the matches up to there; stream_follow.c finds out the same from the
 * new bytes alone. stream_release.c asks the rules what of it may go out. How they work together
 * stands in stream.c.
 *
 * Above the engine; nobody but these four includes it.
 */
#ifndef CONSTITUTION_RUNTIME_STREAM_H
#define CONSTITUTION_RUNTIME_STREAM_H

#include "runtime/engine.h"

struct cst_stream {
    cst_context *context;
    cst_allocator allocator;
    cst_policy *policy; /* the one it was opened under; another one holds all */
    buffer head;        /* the event as JSON with an empty text */
    buffer whole;       /* and with the text, for the end */
    buffer text;        /* all that has come */
    buffer out;
    text_stream known;
    history_frozen past; /* as it stood when the stream was opened */
    int64_t time;        /* of its event, which is the same in every look at it */
    bool is_frozen;
    uint32_t characters; /* bytes of whole characters in `text` */
    uint32_t looked;     /* of them, those that were there when the rules were asked last */
    uint32_t settled, released;
    uint64_t sent;      /* bytes given out, cuts made */
    uint64_t sent_hash; /* of them: the end must begin with the same */
    bool is_whole;      /* some rule needs the whole text */
    bool watches_echo;
    bool stopped, broken, ended;
    /* nothing is taken from stream_follow.c, nor from the rules' last answer: the same pieces go
     * out, for tests */
    bool careful;
    /* the rules' last answer holds as long as nothing new is found: all that is settled goes out as
     * it came */
    bool quiet;
    uint32_t stamp; /* of the context when they answered */
    arena folding;  /* a piece as a view shows it */
};

/* Begins the event that this JSON is, at the time and with the past of the stream's opening. */
cst_status stream_read(cst_stream *stream, const buffer *json);
/* Where the text of a database is settled, from what has come since it was asked last. False: that
 * is not known, and a window has to be made. */
bool stream_follow(cst_stream *stream, uint32_t database, uint32_t *place);
/* The same for all of them. False also if something that begins before may have matched. */
bool stream_follow_all(cst_stream *stream, uint32_t *place);

/* Moves `settled` on, and keeps what was found up to there. False: it is not known, and everything
 * is held. */
bool stream_settle(cst_stream *stream);
/* Writes what may go on now to `out`, and moves `released` on. False: it is not known, and
 * everything is held. */
bool stream_release(cst_stream *stream);

#endif

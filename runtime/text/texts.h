/*
 * texts.h - the texts of one event while it is decided: what has been scanned, and what made rules
 * fire.
 *
 * A text is brought into a view once, and scanned once for each database that a condition asks
 * about, when the first condition asks: native code reads the answer from here afterwards. The key
 * is the text's address, so a field, an element of a list and a joined text are served alike: that
 * memory is not used again before the next event. All memory is the frame's scratch memory; where
 * that ends the condition is undecided.
 *
 * Marks are the places in texts that made a rule true; they are made only for rules that fired, to
 * be reported and cut.
 *
 * Layer 2 of the runtime. One thread at a time.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_TEXTS_H
#define CONSTITUTION_RUNTIME_TEXT_TEXTS_H

#include "runtime/base/arena.h"
#include "runtime/module.h"
#include "runtime/text/echo.h"
#include "runtime/text/store.h"
#include "runtime/text/view.h"

/* A place in a text of the event. */
typedef struct text_mark {
    const char *text; /* the whole text: decoded string of a field or leaf */
    uint32_t length;
    uint32_t at;         /* where its JSON text starts in the event; UINT32_MAX: not from JSON */
    uint32_t start, end; /* bytes of it */
    uint32_t pattern;    /* row of image.patterns, or CST_NONE */
} text_mark;

typedef struct text_scan {  /* a text that was seen, under one database */
    struct text_scan *next; /* of the same text */
    uint32_t database;
    uint64_t *found, *unknown; /* by pattern number, over all segments; NULL: memory was short */
} text_scan;

typedef struct text_seen {  /* one text in one view */
    struct text_seen *next; /* of its bucket */
    const char *text;
    uint32_t length, views;
    view view;
    bool made; /* false: memory was short */
    text_scan *scans;
} text_seen;

enum { TEXT_BUCKETS = 64 }; /* at first */

/* What text_found leaves in `parts` of its list: where each element stands. */
typedef struct text_place {
    const char *text;
    uint32_t length, at, start, end, pattern;
    uint32_t segment; /* of the view that showed it */
} text_place;

/* A text that is still coming (runtime/stream.c): what is certain of it. Of a text that is the
 * stream's, the services answer from here. */
typedef struct text_known {
    bool watched;        /* the stream scans for this database, or compares with this echo */
    uint64_t *found;     /* of a database: bits of patterns that have matched */
    uint32_t holder;     /* of a database: the pattern that held the text last */
    uint32_t settled;    /* of a database: no match that begins before can still come or grow */
    scan_follow *follow; /* of a database: its patterns, as far as the text was fed to them */
    /* to where; where following began, and before which it knows of no start */
    uint32_t fed, begun;
    uint32_t looked;      /* the length of the text when a place to cut it was looked for last */
    uint32_t place;       /* what following said then */
    bool following, lost; /* lost: not from stream->settled == begun on */
    bool some;            /* of an echo: a shared run was found */
    text_place *items; /* matches that are final and not yet released, in order of their starts */
    uint32_t count, capacity;
} text_known;

typedef struct text_stream {
    const char *text; /* all that has come */
    uint32_t length;
    bool assume;           /* answer as if everything that is looked for came still */
    text_known *databases; /* by row */
    text_known *echoes;    /* by row */
} text_stream;

typedef struct cst_texts {
    const text_stream *stream; /* NULL: the event is whole */
    const cst_image *image;
    scan_store *store; /* of the policy */
    scan_scratch *scratch;
    /* by row of image.databases: the scratch is large enough for it */
    bool *fitted;
    cst_allocator allocator; /* of the scratch */
    /* bucket_count of them, a power of two: `few`, or scratch memory */
    text_seen **buckets;
    uint32_t bucket_count, seen_count;
    text_seen *few[TEXT_BUCKETS];
    /* by row of image.echoes: of the event's session; NULL: nothing came yet */
    echo *const *echoes;
    /* texts of the session were dropped: what asks for them is undecided */
    bool echoes_lost;
    struct provenance *provenance; /* of the event's session; NULL: nothing came yet */
    bool provenance_lost;          /* what the session heard was dropped */
    struct {
        text_mark *items;
        uint32_t count, capacity;
    } marks;
    uint64_t mark_total; /* marks.count, or more if the list was cut */
    bool marks_failed;   /* some marks are missing: a bound, or memory */
} cst_texts;

/* A database with a scratch that fits; NULL: it cannot be opened, or memory is short. */
const scan_database *texts_database(cst_texts *texts, uint32_t number);
/* Before each event: forgets what was scanned. */
void texts_begin(cst_texts *texts);
/* A text in a view (VIEW_… of view.h; 0: as it is), made once for each event. NULL: memory is
 * short. `text` must live as long as the event. */
const view *texts_view(cst_frame *frame, uint32_t views, const char *text, uint32_t length);
/* Before the marks of one rule. */
void texts_begin_marks(cst_texts *texts);

#endif

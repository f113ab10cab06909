/*
 * past.h - what is kept of events that are over, so that no question about the past needs a walk
 * over them.
 *
 * A policy asks a fixed number of questions (rows of image.pasts). For each of them, and for each
 * key of those that say `with same K`, a store holds one small state: the last moments of the
 * steps, a count, a sum, a window of the last events, a set of values. An event that fits a watch
 * moves the states of that watch on; a question reads one state. Both take the same time in an old
 * session as in a new one (windows give up their oldest entries, each once).
 *
 * Three-valued. An event may fit, not fit, or not be known to fit (its filter was undecided). So
 * everything is kept twice: SURE counts only what certainly happened (and ends at every `since`
 * that may have happened), MAYBE all that may have happened (and ends only at a `since` that
 * certainly did). Where both agree the answer is known; where they do not, it is undecided. What is
 * dropped because a bound was reached leaves a moment behind: as long as that moment is in the
 * window and behind the last `since`, answers are undecided, never "did not happen".
 *
 * Time never runs backwards in a store: an event that is older than one before counts as
 * simultaneous with it.
 *
 * A store belongs to one session, or to all sessions of a policy (`across sessions`, shared.h).
 * Layer 2. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_HISTORY_PAST_H
#define CONSTITUTION_RUNTIME_HISTORY_PAST_H

#include "runtime/include/constitution.h"
#include "runtime/module.h"

enum { PAST_SURE = 0, PAST_MAYBE = 1 };

typedef struct past_moment {
    int64_t time;    /* microseconds */
    uint64_t number; /* of the event in its store, from 1; 0: never */
} past_moment;

typedef struct past_entry { /* what one event adds to a question */
    past_moment start[2];   /* when its first step was; SURE: number 0 where it is not sure */
    int64_t value;          /* SUM: what it adds; DISTINCT: a hash of the value */
} past_entry;

/* One event of a window, in as little room as can be: a session may hold many. Where the sides of
 * an entry differ it is two items. */
typedef struct past_item {
    int64_t time;
    uint64_t mark; /* number << 2 | sides that it counts for, a bit each */
} past_item;

#define PAST_BOTH 3u /* sides */

__extension__ typedef __int128 past_sum; /* of as many 64-bit numbers as there are events */

typedef struct past_total {
    past_sum sum;
    uint64_t count;
    uint64_t
        /* with a window: place of the first item that is in it; without: the `since` that it starts
           behind */
        from;
} past_total;

typedef struct past_value { /* of LATEST */
    past_moment start[2];   /* of the latest event that fits */
    cst_kind kind;
    bool known;      /* the value is that of the latest event */
    int64_t integer; /* or the bits of a float */
    char *text;      /* canonical; owned */
    uint32_t length;
} past_value;

typedef struct past_distinct { /* one value of DISTINCT */
    past_moment start[2]; /* when an event that has it was there last; number 0: that is over, or
                             never was */
    int64_t value;        /* a hash of it */
    uint32_t older[2], newer[2]; /* of each side, in the order of `start` */
} past_distinct;

typedef struct past_values { /* distinct.c; behind `items` a table of 2 * capacity places */
    uint32_t capacity;       /* a power of two */
    uint32_t used;           /* of items, free ones among them */
    uint32_t free;           /* a list of them through newer[0] */
    uint32_t count;
    uint32_t oldest[2], newest[2], live[2];
    past_distinct items[];
} past_values;

static inline size_t past_values_size(size_t capacity)
{
    return sizeof(past_values) + capacity * (sizeof(past_distinct) + 2 * sizeof(uint32_t));
}

typedef struct past_state { /* one question, one key; what nearly each event needs stands first */
    uint64_t key[2];
    int64_t touched;
    past_item *items;    /* a ring; behind it, where there are values, as many of them */
    uint64_t first, end; /* places of items; place p is items[p & (capacity-1)] */
    uint32_t capacity;
    bool mixed;    /* some item is not of both sides */
    bool mirrored; /* the total of SURE is that of MAYBE, which alone is kept */
    bool valued;   /* of SUM */
    bool borrowed; /* `values` are those of another state: they are looked at, and not moved */
    past_total total[2];
    past_moment dropped;  /* the last moment of which something was dropped */
    past_moment since[2]; /* where `since` has the same key */
    past_values *values;  /* of DISTINCT */
    past_value latest;
    past_moment chain[][2]; /* by step: the last start of steps 0 to this one */
} past_state;

static inline size_t past_ring_size(size_t capacity, bool valued)
{
    return capacity * (sizeof(past_item) + (valued ? sizeof(int64_t) : 0));
}

/* Items that a question keeps for one key. */
static inline uint32_t past_ring_bound(uint32_t bound, uint32_t steps)
{
    return steps > 1 ? 2 * bound : bound;
}

typedef struct past_table {   /* one question; what nearly each event needs stands first */
    past_state *only;         /* of a question without keys */
    past_state **states;      /* of one with keys: open addressing by key */
    uint32_t count, capacity; /* of `states` */
    past_moment blurred;      /* an event whose key is not known */
    past_moment dropped;      /* states of keys that are not there were dropped up to here */
    uint32_t steps;           /* of its states */
    bool used;                /* something has been */
    past_moment since[2];     /* where `since` has no key */
    uint64_t
        /* number of the event at which there was no room for its key, after looking through all
           states */
        crowded;
} past_table;

typedef struct past_place {
    past_table table;
    uint64_t identity; /* of the question */
    bool unwatched;    /* in a shared store: events pass that this question does not see */
} past_place;

typedef struct past_store {
    cst_allocator allocator;
    size_t bytes, most_bytes; /* of states and items */
    uint32_t most_keys;       /* of one question */
    uint64_t seed[2];         /* of keys and values */
    uint64_t number;          /* of the last event */
    int64_t now;
    bool lost;          /* an event could not be kept at all: nothing is known that is not sure */
    uint8_t policy[32]; /* source hash of the policy whose rows `tables` are */
    uint32_t count;
    past_place *places;         /* of a session: by row of image.pasts; shared: as they came */
    struct past_copies *copies; /* snapshot.h; NULL: no snapshot is open */
} past_store;

/* An empty store. `seed`: NULL for a random one. */
void past_store_init(past_store *store, const cst_allocator *allocator, uint32_t most_keys,
                     size_t most_bytes, const uint64_t seed[2]);
void past_store_free(past_store *store);
void past_store_forget(past_store *store); /* all but which question has which place */
/*
 * Makes the tables those of a policy: of questions that it asks too they stay, others go. What is
 * asked now and was not before is not known of the time before, unless nothing has happened yet.
 * False: memory is short, and nothing changed.
 */
bool past_store_adopt(past_store *store, const cst_image *image, uint32_t *kept, uint32_t *dropped);
/* The place of a question in a store that policies share, made if it is new; `begun`: events have
 * been that it has not seen. CST_NONE: memory is short. */
uint32_t past_store_place(past_store *store, const cst_past_row *row, bool begun);
/* No policy asks a question any more: what was remembered goes, and what is asked of it is
 * undecided. */
void past_store_unwatch(past_store *store, past_place *place);

#define PAST_CLOCK_UNSET (INT64_MIN / 2)

/* The clock of the store, moved on to an event's time. */
void past_store_time(past_store *store, int64_t time);
/* A new event enters: its number. */
static inline past_moment past_store_next(const past_store *store)
{
    return (past_moment){store->now, store->number + 1};
}

/* Which event fits which watch. `key` and `value` may be NULL: not known. */
typedef struct past_event {
    past_moment at;
    cst_truth truth;        /* of its filter; not FALSE */
    const uint64_t *key;    /* NULL: not known */
    const cst_value *value; /* of SUM, DISTINCT, LATEST; NULL: not known */
    uint64_t value_hash;    /* of DISTINCT */
} past_event;

/* A question in a store: its row of image.pasts, and its place. */
typedef struct past {
    past_store *store;
    past_place *place;
    const cst_past_row *row;
} past;

/* `step` CST_NONE: the `since`. */
void past_observe(const past *one, uint32_t step, const past_event *event);
/* Something that concerns this question has been lost: whatever it is asked is undecided as long as
 * that could matter. */
void past_blur(const past *one);

/* ---- questions: FALSE, TRUE, or PAST_UNKNOWN ------------------------------------------------- */

#define PAST_UNKNOWN ((cst_truth)1)

cst_truth past_ask_earlier(const past *one, const uint64_t key[2]);
/* COUNT, SUM, DISTINCT. `current`: the event in hand if it fits the last step, or NULL. False: not
 * known. */
bool past_ask_number(const past *one, const uint64_t key[2], const past_event *current,
                     int64_t *out);
/* LATEST: TRUE with *out, FALSE if there is none. */
cst_truth past_ask_latest(const past *one, const uint64_t key[2], const past_value **out);

/* ---- keys ------------------------------------------------------------------------------------ */

struct buffer;
/* Mixes a value in canonical form into a hash; `text` is room for open data. False: memory is
 * short. */
bool past_hash(const uint64_t seed[2], const cst_value *value, struct buffer *text,
               uint64_t hash[2]);

static inline const cst_past_row *past_row(const cst_image *image, uint32_t past)
{
    return CST_ROWS(image, pasts, cst_past_row) + past;
}

#endif

/*
 * scan_follow_private.h - what following a text and making its states share: the automaton itself.
 */
#ifndef CONSTITUTION_RUNTIME_TEXT_SCAN_FOLLOW_PRIVATE_H
#define CONSTITUTION_RUNTIME_TEXT_SCAN_FOLLOW_PRIVATE_H

#include "runtime/text/scan_private.h"

enum { FOLLOW_UNMADE = 0x7fff, FOLLOW_BUCKETS = 4096, FOLLOW_MERGES = 3 };

/* What one pattern needs to know of the bytes behind a start. */
typedef struct follow_part {
    uint32_t pattern;
    uint32_t at;       /* state of a table, position, bytes of a phrase or word */
    uint32_t from, to; /* of words: entries that go on like that */
    uint32_t apart;    /* of words: which of the two tables */
} follow_part;

typedef struct follow_state {
    uint32_t first, count; /* of parts */
    uint32_t next;         /* in its bucket */
    uint32_t stamp, thread;
    /* scan_context: what stands before the next byte, where a part is a position */
    uint8_t before;
    /* bytes of a character that has begun: inside of it nothing is told to be alive or not */
    uint8_t left;
    bool sure;  /* some part is alive whatever stands before the start */
    bool plain; /* all parts are */
} follow_state;

/* The states of all threads at once, in their order. One byte takes a crowd to the next in one
 * step, whatever their number. */
typedef struct follow_crowd {
    uint32_t first; /* in `members` */
    uint32_t next;  /* in its bucket */
    uint32_t fewer; /* the crowd without the first `without`; 0: not asked yet */
    uint8_t count, without;
    uint8_t before; /* scan_context of the next byte */
    bool sure;      /* its first state is */
} follow_crowd;

/* What a byte does to a crowd. Half a cache line: following waits for nothing else. */
typedef struct follow_crossing {
    uint64_t kept;     /* bit i: thread i has a place of its own in the next crowd, another one */
    uint64_t accepts;  /* bit i: thread i accepts */
    uint16_t from, to; /* crowds; `from` 0: nothing is noted here */
    unsigned char byte;
    uint8_t root; /* the place of the start at this byte; FOLLOW_NO_PLACE: it begins nothing */
    uint8_t stay; /* so many threads stay where they are */
    uint8_t more; /* threads that join another; FOLLOW_ROOT_ACCEPTS with it */
    struct {
        uint8_t thread, place;
    } merges[FOLLOW_MERGES];
    bool simple; /* nothing moves, joins or accepts */
} follow_crossing;

_Static_assert(sizeof(follow_crossing) == 32, "two of them are a cache line");

enum {
    FOLLOW_CROWDS = LIMIT_FOLLOW_CROWDS,
    FOLLOW_MEMBERS = 8 * FOLLOW_CROWDS,
    FOLLOW_SETS = FOLLOW_CROWDS / 2, /* of two crossings each */
    FOLLOW_ROOT_ACCEPTS = 0x80,
    FOLLOW_MOST = 64, /* threads of a crowd */
    FOLLOW_NO_PLACE = 0xff,
    FOLLOW_ACCEPTS = 256, /* steps whose patterns are kept, and how many of each */
    FOLLOW_FEW = 30
};

/* The patterns that accept on a step. */
typedef struct follow_accepts {
    uint32_t step, count; /* count 0: not known, or more than these */
    uint32_t patterns[FOLLOW_FEW];
} follow_accepts;

struct scan_follower {
    const scan_database *database;
    uint32_t epoch, stamp;
    uint16_t (*steps)[256]; /* by state: the next state, SCAN_ACCEPT with it; 0: nothing */
    uint16_t roots[4][256]; /* by scan_context: a start */
    follow_state *states;   /* 0 is none */
    uint32_t state_count, state_capacity;
    follow_part *parts;
    uint32_t part_count, part_capacity; /* behind them the next state is made */
    uint32_t buckets[FOLLOW_BUCKETS];
    /* 0 is none; dropped when they are too many, and made anew from the threads */
    uint32_t crowd_epoch, crowd_count, member_count;
    follow_crowd crowds[FOLLOW_CROWDS];
    uint16_t members[FOLLOW_MEMBERS]; /* states */
    uint32_t crowd_buckets[FOLLOW_CROWDS];
    follow_crossing (*crossings)[2]; /* in `room`, where a cache line begins */
    unsigned char room[(FOLLOW_SETS + 1) * 2 * sizeof(follow_crossing)];
    follow_accepts accepts[FOLLOW_ACCEPTS];
};

/* scan_follow_states.c */

/* The states of a database, made if there is room; NULL: there is none, or it has too many patterns
 * to tell by their first bytes. *slot: where the scratch has them. */
scan_follower *scan_follower_of(const scan_database *database, scan_scratch *scratch,
                                uint32_t *slot);
void scan_follower_forget(scan_scratch *scratch, scan_follower *all);
void scan_crowds_forget(scan_follower *all);
/* Whether there are so many states that they should be dropped. */
bool scan_follower_is_full(const scan_follower *all);
/* The state behind a byte, SCAN_ACCEPT with it; FOLLOW_UNMADE: there are too many. May move all
 * states. */
uint32_t scan_make_step(scan_follower *all, scan_scratch *scratch, uint32_t from,
                        unsigned char byte);
uint32_t scan_make_root(scan_follower *all, scan_scratch *scratch, scan_context before,
                        unsigned char byte);
/* A step as the follower notes it: the state, 0 and the scan_context of a start; the byte. */
static inline uint32_t scan_step(uint32_t state, uint32_t before, unsigned char byte)
{
    return state << 16 | before << 8 | byte;
}

/* Sets the bits of the patterns that accept on a step, and lists them; 0: they are more than
 * FOLLOW_FEW. */
uint32_t scan_step_accepts(scan_follower *all, scan_scratch *scratch, uint32_t step,
                           uint32_t *patterns, uint64_t *bits);

#endif

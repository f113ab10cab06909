/*
 * history.h - history for one event after another: which watches it fits, what the rules ask, and
 * how it enters.
 *
 * The way of an event: history_begin finds the session's store and labels; history_watch asks the
 * watches of its stage and tool, and they note its keys and values; the rules ask their questions
 * (services.def: past_…, session_has); and when the event is decided history_enter moves the states
 * on, with the event as it was let through.
 *
 * What a session remembers is allocated when the first watch fits; but its clock is kept from the
 * first event on, where the policy has windows. If there is no memory, or no room for one more
 * session, that is known, and makes questions undecided.
 *
 * Where the policy can be swapped, each session is remembered from its first event on, also while
 * nothing is asked about the past: what the next policy asks is not known of the time before, and
 * that must not look as if nothing had been.
 *
 * Layer 3. One thread at a time, but for the shared store.
 */
#ifndef CONSTITUTION_RUNTIME_HISTORY_HISTORY_H
#define CONSTITUTION_RUNTIME_HISTORY_HISTORY_H

#include "runtime/base/buffer.h"
#include "runtime/history/shared.h"
#include "runtime/history/snapshot.h"
#include "runtime/limits.h"

struct cst_context;
struct session;

typedef struct history_seen { /* a watch that the event fits, or may fit */
    uint32_t watch;
    cst_truth truth;
} history_seen;

typedef struct history_known { /* a watch: whether it was seen */
    uint32_t stamp;            /* == that of the history: it is */
    cst_truth truth;
} history_known;

typedef struct
    /* of a slot of the event in hand, so that questions with equal keys compute it once */
    history_hash {
    uint32_t stamp;
    uint64_t seed; /* seed[0] of the store */
    uint64_t in[2], out[2];
} history_hash;

typedef struct history_answer { /* a question that a rule has asked about the event in hand */
    uint32_t past;
    cst_truth truth; /* FALSE, TRUE (of a number: known) or PAST_UNKNOWN */
    uint64_t key[2];
    int64_t number;
    cst_value value;
} history_answer;

typedef enum label_state { LABEL_ABSENT = 0, LABEL_SET = 1, LABEL_UNKNOWN = 2 } label_state;

/* The past of one session at one moment, for a reply that comes in pieces. */
typedef struct history_frozen {
    bool has_own, has_shared; /* false: nothing was remembered (own), or no rule asks (shared) */
    past_snapshot own, shared;
    int64_t clock; /* of the session */
    bool lost;
    uint8_t *labels; /* by row of image.labels; or NULL */
    uint32_t label_count;
} history_frozen;

typedef struct cst_history {
    struct cst_context *context;
    /* sized by the policy */
    cst_value *notes;      /* image.note_count */
    uint32_t *note_stamps; /* == stamp: noted for the event in hand */
    uint32_t *note_slots;  /* the slot that a note is a copy of, or CST_NONE */
    history_seen *seen;    /* in the order of image.watches */
    history_known *known;  /* by row of image.watches */
    uint32_t *
        /* by row of image.rules, from image.declared_rules on: what stands in the row, closer
           together */
        watch_of;
    history_hash
        *hashes; /* two of each slot: for the session's store, and for the one across sessions */
    uint32_t *shared_places; /* by row of image.pasts, see past_shared_places */
    uint8_t *labels; /* label_state, by row of image.labels: as they were before the event */
    /* of the event in hand */
    bool timed;        /* the policy has questions with a window, so that sessions need a clock */
    bool timed_across; /* and such that ask across sessions */
    uint32_t stamp, seen_count;
    struct session *session;             /* NULL: nothing is remembered of it */
    const history_frozen *frozen;        /* rules ask this, not the past as it is now; or NULL */
    bool lost;                           /* something of this session may have been lost */
    cst_value keys[LIMIT_PAST_KEYS];     /* for the next question */
    uint32_t key_slots[LIMIT_PAST_KEYS]; /* where they stand, or CST_NONE */
    uint32_t key_count;
    buffer text; /* canonical form of open data */
    history_answer *
        /* so that what is asked again when the event is over, to explain it, is answered as it was
         */
        answers;
    uint32_t answer_count, answer_capacity;
    bool entered;
    bool telling; /* what is asked now will be asked again when the event is over */
} cst_history;

/* What was decided about an event. */
typedef enum history_fate { HISTORY_PASSED, HISTORY_APPROVED, HISTORY_STOPPED } history_fate;

/* A context has taken a policy. */
void history_adopt(struct cst_context *context);
/* False: memory is short. */
bool history_begin(struct cst_context *context);
void history_watch(struct cst_context *context);
/* Whether the event in hand fits a watch, or may fit it; FALSE: it does not. */
static inline cst_truth history_fits(const cst_history *history, uint32_t watch)
{
    return history->known[watch].stamp == history->stamp ? history->known[watch].truth : CST_FALSE;
}
/* Mixes the value into the hash, as past_hash does; `slot`: where it stands, or CST_NONE. False:
 * memory is short. */
bool history_hash_value(cst_history *history, const past *one, const cst_value *value,
                        uint32_t slot, uint64_t hash[2]);
/* Keeps the past as it is, after history_begin. False: memory is short. */
bool history_freeze(struct cst_context *context, history_frozen *out);
void history_thaw(struct cst_context *context, history_frozen *frozen);
/* The event, as it goes on, becomes part of the past. */
void history_enter(struct cst_context *context, history_fate fate);
/* A rule that counts has given the session a label, or may have. */
void history_label(struct cst_context *context, uint32_t label, bool sure);

#endif

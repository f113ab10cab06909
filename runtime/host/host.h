/*
 * host.h - host predicates: which questions an event raises, what the host answered, and what waits
 * for it.
 *
 * A question without an answer may come out any way: true, false, or undecided. So rules are
 * evaluated twice. In the mode LOW such a question makes the test around it as false as it can be
 * (HOST_LOWEST, which is less than every reason), in the mode HIGH as true (CST_TRUE); `and` and
 * `or` carry that on by themselves, and a `not` asks for the other bound below it. What both runs
 * agree about does not depend on any answer. Where they do not, settle.c finds the rules whose
 * outcome can still change the decision, and compiled code walks down their conditions (cst_ask_fn)
 * to the questions that can change them: the mode COLLECT notes those. So a question that cannot
 * matter is never asked.
 *
 * The questions of an event are a table in the event's arena (table.c), found by predicate and a
 * keyed hash of the arguments. What waits for answers is copied out of it (wait.c), with the
 * event's JSON, and is decided afresh when it is resumed.
 *
 * Layer 3. One thread at a time.
 */
#ifndef CONSTITUTION_RUNTIME_HOST_HOST_H
#define CONSTITUTION_RUNTIME_HOST_HOST_H

#include "runtime/base/buffer.h"
#include "runtime/limits.h"
#include "runtime/module.h"

struct cst_context;

/* Below every reason: row 0 of the sites is kept free for it. */
#define HOST_LOWEST CST_UNDECIDED(0)

typedef enum host_modes { HOST_LOW = 0, HOST_HIGH = 1, HOST_COLLECT = 2 } host_modes;

typedef enum host_state {
    HOST_OPEN = 0, /* noted, and not asked yet */
    HOST_ASKED = 1,
    HOST_ANSWERED = 2,
    HOST_FAILED = 3, /* the host says so */
    HOST_LATE = 4,
    HOST_MALFORMED = 5, /* no value of the predicate's type */
    HOST_TOO_MANY = 6   /* past LIMIT_HOST_QUESTIONS: not asked */
} host_state;

typedef struct host_question {
    uint64_t id;      /* 0: not asked yet */
    uint64_t hash[2]; /* of the arguments */
    /* row of image.externs; CST_NONE: the policy in force does not have it any more */
    uint32_t predicate;
    host_state state;
    bool shadow;        /* only shadow rules ask it */
    bool wanted, fresh; /* noted in this round; and never put to anybody before */
    const char *name;   /* of the predicate */
    /* JSON; arguments NUL-terminated; answer NULL: none that counts */
    const char *arguments, *answer;
    uint32_t arguments_length, answer_length;
    int64_t within_us, asked_at;
    cst_value value; /* ANSWERED */
} host_question;

/* An event that waits, with a copy of everything. */
typedef struct host_wait {
    struct host_wait *next; /* the one that has waited less */
    uint64_t id;
    char *json; /* NULL: set field by field, and only good while it is the event in hand */
    size_t json_length, size; /* size: of all its memory */
    uint32_t stamp;           /* of the event in hand */
    host_question *questions;
    uint32_t count;
} host_wait;

typedef struct cst_host {
    struct cst_context *context;
    uint64_t seed[2];
    uint64_t last_id;                     /* of questions and of pending events */
    cst_hit *hits;                        /* of the LOW run; sized by the policy */
    buffer text;                          /* arguments being written */
    cst_value keys[LIMIT_HOST_ARGUMENTS]; /* for the next question */
    /* who answers at once */
    void (*function)(void *user, struct cst_context *context, const struct cst_question *questions,
                     uint32_t count);
    void *user;
    bool with_shadow;
    bool eager;  /* of tests: whatever is open is asked, whether it matters or not */
    bool asking; /* it is being called */
    /* of the event in hand */
    host_modes mode;
    bool unknown;    /* a question without an answer was met */
    bool for_shadow; /* COLLECT: for a shadow rule */
    bool no_memory;
    bool misused; /* the function began an event of its own, or nothing was found to ask */
    struct {
        host_question *items;
        uint32_t count, capacity;
    } questions;
    uint32_t *buckets, bucket_count; /* question number + 1, open addressing */
    /* the questions of the decision: main ones, then those of shadow rules */
    host_question **open;
    uint32_t open_count, shadow_count;
    uint64_t pending; /* what the event had when it was resumed; 0: it is new */
    /* of other events */
    host_wait *waiting, *last_waiting;
    uint32_t waiting_count;
    size_t waiting_bytes;
} cst_host;

/* ---- table.c --------------------------------------------------------------------------------- */

void host_init(cst_host *host, struct cst_context *context);
void host_free(cst_host *host);
void host_begin(cst_host *host); /* an event begins: no question is known */
host_question *host_find(const cst_host *host, uint32_t predicate, const uint64_t hash[2]);
/* NULL: memory is short, which is noted. */
host_question *host_add(cst_host *host, uint32_t predicate, const uint64_t hash[2]);
/* What the JSON text says, as the type of the question's predicate. False: memory is short.
 * Otherwise its state says whether it did. */
bool host_read_answer(cst_host *host, host_question *question, const char *json, size_t length);

/* ---- settle.c -------------------------------------------------------------------------------- */

typedef enum host_outcome { HOST_SETTLED, HOST_WAITS, HOST_NO_MEMORY, HOST_MISUSED } host_outcome;

/* After the rules have run in the mode LOW: frame.hits become those that count, or the questions
 * that have to be answered before are `open`. */
host_outcome host_settle(struct cst_context *context);

/* ---- ask.c ----------------------------------------------------------------------------------- */

/* Chooses among what was noted what is asked, and asks it at once where there is somebody to.
 * *asked: something new was answered. */
host_outcome host_put(cst_host *host, bool *asked);
int64_t host_now(const struct cst_context *context);

/* ---- wait.c ---------------------------------------------------------------------------------- */

/* The event in hand waits from now on. False: memory is short. */
bool host_wait_begin(cst_host *host);
void host_forget(cst_host *host);

/* ---- report.c -------------------------------------------------------------------------------- */

/* The members of a decision's JSON that are about host predicates. False: memory is short. */
bool host_report(struct cst_context *context, buffer *out);

#endif

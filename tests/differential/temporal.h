/*
 * temporal.h - random questions about the past: as trees, as text of a policy, and answered by
 * looking at the whole past.
 *
 * temporal_policy.c writes policies, temporal_oracle.c answers what they ask from a list of all
 * events that were decided. The oracle is written from the words of the language's description
 * alone: it keeps no state, knows nothing of windows that move or of bounds, and is as slow as
 * that.
 */
#ifndef CONSTITUTION_TESTS_TEMPORAL_H
#define CONSTITUTION_TESTS_TEMPORAL_H

#include "runtime/base/buffer.h"
#include "tests/differential/random.h"

typedef enum tri { NO = 0, MAYBE = 1, YES = 2 } tri;

/* ---- events ---------------------------------------------------------------------------------- */

typedef enum stage { INPUT, OUTPUT, ACTION, RESULT, MESSAGE, STAGES } stage;
enum { PAY = 0, READ = 1, NOTE = 2, ZAP = 3, TOOLS = 4 }; /* no declaration names `zap` */
#define ALL_TOOLS 15u
#define DECLARED  7u

typedef enum fate { FATE_PASS, FATE_STOP, FATE_WAIT } fate;

#define TEXT_ROOM 32
#define SESSIONS  3u

typedef struct event {
    stage stage;
    uint32_t tool, session;
    int64_t time; /* seconds */
    char to[TEXT_ROOM], text[TEXT_ROOM], w[TEXT_ROOM], user[TEXT_ROOM];
    int64_t n, org;
    const char *will; /* what ctl.fate says */
} event;

/* an event of the past: as it came if it was stopped, as it went on otherwise */
typedef struct decided {
    event event;
    int64_t session_clock, clock; /* of its session, and of all sessions, when it was decided */
    bool stopped;
} decided;

typedef struct past {
    decided *items;
    uint32_t count, capacity;
} past;

typedef struct world { /* what has been */
    int64_t time, clock, session_clocks[SESSIONS];
    past history; /* what has entered it, as it entered */
    past events;  /* all that was decided, as it came: labels */
    uint32_t fog; /* percent of numbers that overflow when they are doubled */
} world;

/* ---- questions ------------------------------------------------------------------------------- */

/* TWICE_…: undecided where it overflows */
typedef enum term { TO, TEXT, W, USER, N, ORG, TWICE_N, TWICE_ORG, TERMS } term;

typedef enum filter_kind { EQUALS, CONTAINS, ABOVE, NOT, AND, OR } filter_kind;

typedef struct filter {
    filter_kind kind;
    term term;
    const char *word;
    int64_t number;
    struct filter *left, *right;
} filter;

#define MOST_KEYS  3u
#define MOST_STEPS 4u

typedef struct pattern {
    bool stopped;
    stage stage;
    uint32_t tools;      /* a set of them */
    bool open;           /* written without tools: arguments are open */
    filter *filter;      /* or NULL */
    term own[MOST_KEYS]; /* own == this.theirs */
} pattern;

typedef enum question_kind { EARLIER, COUNT, SUM, DISTINCT, LATEST } question_kind;

typedef struct question {
    question_kind kind;
    pattern steps[MOST_STEPS];
    uint32_t step_count;
    term same[MOST_KEYS], theirs[MOST_KEYS];
    uint32_t same_count, this_count;
    pattern since;
    bool has_since, across;
    int64_t within; /* seconds; 0: none */
    term value;
    const char *comparison;
    int64_t number;
    const char *word;
} question;

#define LABELS 3u

typedef struct label { /* a rule that gives it */
    pattern on;
    bool shadow;
} label;

typedef struct formula { /* a question, or what connects two of them */
    enum { ASK, LABELLED, NEGATE, BOTH, EITHER } kind;
    question *question;
    const label *label;
    uint32_t number; /* of the label */
    struct formula *left, *right;
} formula;

#define RULES 14u

typedef struct temporal_policy {
    struct {
        pattern on; /* stage and tools only */
        formula *formula;
        char *text;
    } rules[RULES];
    label labels[LABELS];
    bool has_cut;
    buffer text;
    void *nodes[4096]; /* of all trees */
    uint32_t node_count;
} temporal_policy;

void temporal_policy_write(random_state *random, temporal_policy *policy);
void temporal_policy_free(temporal_policy *policy);
const char *temporal_word(random_state *random, term term);
int64_t temporal_number(random_state *random);

/* ---- answers --------------------------------------------------------------------------------- */

typedef struct answer {
    tri truth;
    /* an engine may also say that it does not know: see docs/language.md, "what is not known" */
    bool loose;
} answer;

bool temporal_fits(const pattern *pattern, const event *event); /* by stage and tool */
answer temporal_answer(const formula *formula, const world *world, const decided *now);
/* What goes on of an event that is let through. */
void temporal_cut(event *event);

#endif

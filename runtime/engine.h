/*
 * engine.h - the context: everything that deciding one event after another needs, and how its parts
 * talk.
 *
 * The way of an event: context.c begins it (the policy in force, empty slots), event.c or
 * event_typed.c fill the slots, decide.c checks the session, runs the groups and combines their
 * hits, and decision.c, message.c, decision_json.c and hash_action.c answer questions about the
 * result, only when they are asked.
 *
 * Memory. Three kinds, so that a warm context allocates nothing: `state` has the size that the
 * policy dictates and is made anew when a live policy is swapped; `arena` and `scratch` are reset
 * with each event and keep their blocks; sessions are allocated when a session is first worth
 * remembering.
 *
 * Trouble. The first problem of an event is kept in `event.problem`. Reading goes on after it,
 * since the rest of the event must still be JSON, and which problem is reported must not depend on
 * the order of the members: errors of the JSON itself come first, then what stands at the smallest
 * byte offset, then what is missing, by node row.
 *
 * Layer 3. One thread at a time.
 */
#ifndef CONSTITUTION_RUNTIME_ENGINE_H
#define CONSTITUTION_RUNTIME_ENGINE_H

#include "runtime/base/arena.h"
#include "runtime/base/buffer.h"
#include "runtime/convert.h"
#include "runtime/history/history.h"
#include "runtime/host/host.h"
#include "runtime/json_scan.h"
#include "runtime/policy.h"
#include "runtime/scratch.h"
#include "runtime/session.h"
#include "runtime/text/texts.h"

typedef struct engine_text { /* bytes of the event, or NULL */
    const char *bytes;
    uint32_t length;
    uint32_t at; /* offset of its JSON text; UINT32_MAX: not from JSON */
    uint32_t at_length;
} engine_text;

typedef struct engine_problem {
    const char *code; /* NULL: none */
    const char *pointer;
    const char *text;
    uint64_t at; /* smaller comes first; UINT64_MAX while there is none */
} engine_problem;

typedef enum engine_phase {
    ENGINE_IDLE = 0,     /* no event yet */
    ENGINE_BUILDING = 1, /* after cst_event_begin */
    ENGINE_DECIDED = 2
} engine_phase;

typedef struct engine_event {
    engine_phase phase;
    bool has_stage;
    bool has_time;
    bool hashable; /* all arguments are known as JSON, or are known to be none */
    bool not_json; /* nothing in it can be believed, not even its session */
    bool no_memory;
    bool elsewhere;        /* values are being read that do not stand in the event's own JSON... */
    uint64_t elsewhere_at; /* ...and this is the place that their problems get */
    cst_stage stage;
    uint32_t tool_number;
    uint32_t root; /* node row, and row of image.dispatch, once `dispatch` is set */
    uint32_t dispatch_row;
    const cst_dispatch_row *dispatch; /* NULL until stage and tool are known */
    engine_text tool, session;
    struct session *known;       /* of `session`, once engine_session has found it */
    engine_text id, args, value; /* their JSON text */
    engine_text approvals;       /* the JSON text of the grants; NULL: none */
    engine_text text;            /* the JSON text of the member `text` */
    bool is_system;              /* no stage: the system prompt of the session */
    engine_text system;          /* its text, decoded */
    int64_t time;
    uint32_t time_at, time_at_length;
    uint32_t missing; /* smallest node row that is required and was not there, or CST_NONE */
    engine_problem problem;
    /* by record row: the JSON text that the event brought; NULL if there are no records */
    engine_text *records;
} engine_event;

typedef struct engine_fired { /* one line of the report */
    uint64_t key;             /* ascending: strictest first, then by row; defaults last */
    uint32_t rule;            /* row, or CST_NONE: a default that stands */
    uint32_t layer;           /* of a default */
    cst_truth reason;
    cst_verdict effect;
    bool over;              /* of the decision before a replacement: it has nothing to cut now */
    bool approved;          /* it demanded an approval, and there was one */
    uint32_t granted;       /* 1 + its place in context.granted; 0: none */
    const cst_fired *shown; /* made when first asked for */
} engine_fired;

typedef struct engine_before { /* the decision before a replacement */
    const engine_fired *fired;
    uint32_t count;
    cst_verdict verdict;
} engine_before;

typedef struct engine_granted { /* a grant that met a demand */
    uint8_t signature[32];
    int64_t expires;
    bool standing;
    bool across;  /* held by a field of a context: no session keeps its uses */
    uint32_t use; /* which of its uses this event is; 0: they are not counted */
} engine_granted;

/* A key that came in an object of the event, though nobody reads it: what the policy's nodes say of
 * the others. event_quick.c */
typedef struct engine_unread {
    char key[16];      /* as in policy_node */
    uint64_t tag;      /* as in json_seen */
    uint32_t parent;   /* node of the object */
    uint32_t follower; /* as in `follows` */
    uint16_t key_mask;
    uint8_t key_length;
} engine_unread;

enum { ENGINE_UNREAD = 32 };

struct cst_context {
    /* so that a decision, which may only look, can still have its messages made */
    cst_context *self;
    cst_policy *policy;
    const cst_module *module; /* the policy's functions, from an event's begin to its end */
    cst_live *live;           /* or NULL */
    uint64_t generation;      /* of `live` when `policy` was taken from it */
    cst_allocator allocator;
    arena arena; /* of the event in hand */
    cst_scratch scratch;
    convert_context convert;
    json_scanner scanner;
    session_table sessions;

    /* state: one allocation, sized by the policy */
    void *state;
    size_t state_size;
    cst_value *slots;
    uint32_t *slot_stamps, *touched; /* touched: slots that must be emptied again */
    uint32_t touched_count;
    uint32_t *node_stamps; /* == stamp: the node's value was there */
    /* what came last time behind each node or fixed member, and first in it; at last, what began
     * the event. event_quick.c */
    uint32_t *follows;
    engine_unread *unread; /* ENGINE_UNREAD keys; one that is new takes the place of the oldest */
    uint32_t unread_next;
    engine_text *record_texts;
    uint32_t stamp;
    const cst_node_row *nodes; /* of the image: the reader is at them all the time */
    const cst_target_row *targets;
    const cst_type_row *types;
    cst_frame frame;

    char *bytes; /* the event's JSON, copied: decisions point into it */
    size_t byte_capacity, byte_length;
    bool careful;   /* only the careful reader; for tests that hold the quick one against it */
    bool from_json; /* `bytes` are the event in hand */
    const cst_json *tree; /* the same as a tree, once spans have asked for it */
    engine_event event;

    /* the time of a stream's event that brings none: when it was opened; else NULL */
    const int64_t *opened;
    cst_history history;
    cst_host host;
    /* of all contexts of the policy, or of the live policy; NULL until one asks across sessions */
    past_shared *shared;
    cst_texts texts;
    uint32_t text_slot; /* of the event's `text`, or CST_NONE */
    /* what goes on instead; NULL: as it came. Text decoded, the others JSON */
    engine_text cut_text, cut_args, cut_value;

    engine_fired *fired, *shadow;
    uint32_t fired_count, shadow_count;
    const engine_before *before; /* NULL: this is the first decision */
    engine_granted *granted;     /* of the event in hand */
    uint32_t granted_count;
    cst_verdict verdict;
    /* of message.c, decision_json.c, hash_action.c; `action` also of spans.c and standing.c */
    buffer message, json, action;
    /* of cut.c: a text or JSON that goes on, a string that is written back into it */
    buffer cut, leaf;
    buffer state_bytes; /* of session_bytes.c */
    bool has_json, has_hash;
    uint8_t hash[32];
};

/* ---- context.c ------------------------------------------------------------------------------- */

/* Takes up a swapped policy, empties what the last event left. */
cst_status engine_begin(cst_context *context);
/* The event's time: its own, or the clock's, asked once. */
int64_t engine_time(cst_context *context);
/* A slot to be written; it is emptied when the next event begins. */
static inline cst_value *engine_slot(cst_context *context, uint32_t slot)
{
    if (context->slot_stamps[slot] != context->stamp) {
        context->slot_stamps[slot] = context->stamp;
        context->touched[context->touched_count++] = slot;
    }
    return &context->slots[slot];
}

/* What is remembered of the event's session, or NULL. Sessions stay where they are until they are
 * forgotten. */
static inline session *engine_session(cst_context *context)
{
    engine_event *const event = &context->event;
    if (!event->known && context->sessions.count)
        event->known =
            session_find(&context->sessions, event->session.bytes, event->session.length);
    return event->known;
}

/* ---- problem.c ------------------------------------------------------------------------------- */

/* Keeps the problem if none with a smaller `at` is known. The pointer is `node`'s (CST_NONE: the
 * whole event), then `behind`. */
void engine_problem_at(cst_context *context, uint64_t at, const char *code, uint32_t node,
                       const char *behind, const char *text);
void engine_missing(cst_context *context, uint32_t node);
/* The same for a conversion; "memory" becomes no_memory. */
void engine_problem_convert(cst_context *context, uint64_t at, uint32_t node,
                            const convert_problem *problem);
void engine_problem_json(cst_context *context, const json_scanner *scanner, uint64_t at,
                         uint32_t node);

/* ---- event.c --------------------------------------------------------------------------------- */

/* Stage and tool are known: what is read, and what decides. */
void event_dispatch(cst_context *context, cst_stage stage, const char *tool, uint32_t length);
/* Reads the value that comes next along a node. False: it was null, or the scanner has an error. */
bool event_read_value(cst_context *context, json_scanner *scanner, uint32_t node);
/* event_quick.c: reads the whole event, for which the scanner is ready. False: it is not for this
 * reader, and must be begun again. */
bool event_read_quickly(cst_context *context);
/* event_json.c: what is kept of a member beside its slots. */
void event_keep_member(cst_context *context, const char *key, uint32_t length,
                       const engine_text *text);
/* Converts a scalar into one target of a node, or notes why it does not fit. */
void event_put_token(cst_context *context, uint32_t node, const cst_target_row *target,
                     const cst_json *token);
/* A scalar came where only an object can hold what the policy declares below. */
void event_refuse_scalar(cst_context *context, uint32_t node, uint64_t at);
/* After all that the event brings has been read: session, time and tool as fields, and the records
 * that the session carries. */
void event_complete(cst_context *context);
/* Reads what goes on where a redaction changed it: the slots are its values then. False: it can not
 * be read. */
bool event_read_changed(cst_context *context);
/* Reads a value of which no text stands in the event, along a node. */
void event_read_elsewhere(cst_context *context, const cst_json *json, uint32_t node);
/* Notes required children of a node that were not there. */
void event_check_children(cst_context *context, uint32_t node);
/* The row of image.records with this name, or CST_NONE. */
uint32_t event_record(const cst_policy *policy, const char *name, uint32_t length);

/* ---- decide.c -------------------------------------------------------------------------------- */

/* Runs the rules of the event in hand: they append to frame.hits. */
void engine_run_groups(cst_context *context);
/* What a rule that fired for this reason does. */
cst_verdict engine_effect(const cst_rule_row *rule, cst_truth reason);
/* The report in its order, after effects have changed. */
void engine_sort_fired(cst_context *context);
/* The rest of the way: session, groups, combination. Writes the decision. */
cst_status engine_finish(cst_context *context, cst_decision *decision);
/* A decision of deny for a call that failed; `context` may be NULL. Gives `status` back. */
cst_status engine_refuse(cst_context *context, cst_status status, cst_decision *decision);

/* ---- event_json.c, decide.c: for streams ----------------------------------------------------- */

/* Begins the event that this JSON is, and reads it, without deciding. */
cst_status engine_read_json(cst_context *context, const char *json, size_t length);
/* Runs the rules of the event in hand: frame.hits. False if the event is malformed, or its session
 * refuses it. */
bool engine_evaluate(cst_context *context);

/* ---- cut.c, remember.c ----------------------------------------------------------------------- */

/* Cuts of one text that is still coming: writes text[from..to) with the marks of these rules
 * (rows), of which every match that starts before `to` is known. *to is lowered to where nothing is
 * open. False: memory is short. */
bool cuts_write(cst_context *context, const uint32_t *rules, uint32_t count, uint32_t from,
                uint32_t *to, buffer *out);

/* Applies the fired redactions; what cannot be cut becomes a deny. */
void cuts_apply(cst_context *context);
/* Before the rules: the texts that the event's session remembers. */
void remember_begin(cst_context *context);
/* After an event was let through: adds its texts. */
void remember_texts(cst_context *context);
/* A system prompt could not be taken: what asks for it in this session is undecided from now on.
 * NULL: of which session it was is not known, so in every one. */
void remember_lost_prompt(cst_context *context, const engine_text *session);

/* ---- chain.c --------------------------------------------------------------------------------- */

/* The event's `chain`, which its rules read at this node: fills it in, or checks what the event
 * brings. */
void chain_complete(cst_context *context, uint32_t node);
/* After a message was let through: it has reached its receiver. */
void chain_remember(cst_context *context);

/* ---- origins.c ------------------------------------------------------------------------------- */

/* Before the rules: where the values of the event's session came from. */
void origins_begin(cst_context *context);
/* After an event was decided, if it went on or waits for somebody: adds its leaves. */
void origins_remember(cst_context *context);

/* ---- message.c, decision.c ------------------------------------------------------------------- */

/* The interpolated message in arena memory, *cut if it reached its bound; NULL if memory is short.
 */
const char *message_render(cst_context *context, const cst_rule_row *rule, bool *cut);
/* context.c: cst_context_forget, and what is kept across sessions, for one who owns all contexts of
 * the policy. */
void engine_forget_all(cst_context *context);
/* spans.c: asks all that the places and the message of a fired rule will depend on; what is asked
 * of history is answered the same way later. */
void spans_ask(cst_context *context, uint32_t row, bool is_true);
/* spans.c: the places that made a rule fire; texts only where its condition was true. False: memory
 * is short. */
bool spans_list(cst_context *context, uint32_t row, bool is_true, cst_fired *fired);
/* NULL if memory is short. */
const cst_fired *fired_show(cst_context *context, engine_fired *fired, bool shadow);

/* ---- for tools that look inside: benchmarks, explanations ------------------------------------ */

/* What the last event has cost so far: before anything is asked about its decision, what the
 * decision cost (docs/bounds.md). */
void engine_work(const cst_context *context, cst_work *out);
/* The frame of the last event, with its slots. */
const cst_frame *engine_frame(const cst_context *context);
/* A frame of its own, filled as for the last event; texts still belong to that event. False if
 * memory is short. */
bool engine_copy_frame(const cst_context *context, cst_frame *frame,
                       const cst_dispatch_row **dispatch, const cst_module **module);
void engine_free_frame(cst_frame *frame);

#endif

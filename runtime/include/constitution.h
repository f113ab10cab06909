/*
 * constitution.h - the public interface of libconstitution, the runtime of Constitution.
 *
 * A policy (`.const` file) is compiled by `constc` or libconstc into one `cst_module`. This library
 * feeds events to it and says what may go on. It needs no compiler and no LLVM.
 *
 *     cst_policy *policy;
 *     if (cst_policy_open("support.so", NULL, &policy) != CST_OK) ...
 *     cst_context *context = cst_context_new(policy);
 *     cst_decision decision;
 *     if (cst_decide_json(context, json, length, &decision) != CST_OK) ... deny ...
 *     if (decision.verdict >= CST_REQUIRE_APPROVAL) ... cst_decision_rule(&decision, i, &rule) ...
 *
 * Ownership. `cst_policy` is immutable and reference-counted: share it between threads freely.
 * `cst_context` belongs to one thread at a time. Everything that a decision points to lives in the
 * context until its next event begins, or the context is freed.
 *
 * Errors. Every function that can fail returns a `cst_status`; out-parameters are written only on
 * CST_OK, except `cst_decision`, which is always a valid decision: whenever a status other than
 * CST_OK comes back from a deciding call, its verdict is CST_DENY. Trouble never loosens.
 *
 * Memory. All of it comes from the `cst_allocator` of the options, or malloc. After warm-up a
 * decision allocates nothing.
 */
#ifndef CONSTITUTION_H
#define CONSTITUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define CST_API
#else
#define CST_API __attribute__((visibility("default")))
#endif

#define CST_VERSION "0.1.0"

/* ---- statuses, verdicts, stages -------------------------------------------------------------- */

/* How a call went. Names and texts: cst_status_name, cst_status_text. Numbers never change meaning.
 */
typedef enum cst_status {
    CST_OK = 0,
    CST_NO_MEMORY = 1,     /* the allocator answered NULL */
    CST_BAD_ARGUMENT = 2,  /* a NULL or out-of-range argument, or a call in the wrong order */
    CST_IO = 3,            /* a file could not be read or written; errno tells */
    CST_NOT_A_POLICY = 4,  /* the library carries no `cst_module` */
    CST_WRONG_ABI = 5,     /* the policy was built for another version of this library */
    CST_NOT_COMPILED = 6,  /* the policy has errors: see the diagnostics */
    CST_NO_FIELD = 7,      /* the policy reads no such field at this stage */
    CST_WRONG_TYPE = 8,    /* the value does not fit the type of the field */
    CST_LIMIT = 9,         /* a bound of runtime/limits.h was reached */
    CST_NO_TOOLCHAIN = 10, /* no linker was found, or it failed */
    CST_INTERNAL = 11,     /* a broken invariant; please report it */
    /* bytes of a session that are damaged, of another version, or not made with this key */
    CST_BAD_STATE = 12,
    /* libconstc-codegen.so, which makes native code, is not beside libconstc or is of another build
     */
    CST_NO_GENERATOR = 13
} cst_status;

CST_API const char *cst_status_name(cst_status status); /* "CST_NO_MEMORY"; static */
CST_API const char *cst_status_text(cst_status status); /* an English sentence; static */

/* What may happen, from lenient to strict: comparing verdicts compares strictness. */
typedef enum cst_verdict {
    CST_PERMIT = 0,
    CST_FLAG = 1,
    CST_REDACT = 2,
    CST_REPLACE = 3,
    CST_REQUIRE_APPROVAL = 4,
    CST_ESCALATE = 5,
    CST_REFUSE = 6,
    CST_DENY = 7,
    CST_HALT = 8,
    /* not decided yet: the host is asked (cst_decision_question). Nothing goes on, as with the
       strictest */
    CST_PENDING = 9
} cst_verdict;

CST_API const char *cst_verdict_name(cst_verdict verdict); /* "require_approval"; static */

typedef enum cst_stage {
    CST_INPUT = 0,   /* before text reaches the model */
    CST_OUTPUT = 1,  /* the model's reply */
    CST_ACTION = 2,  /* a planned tool call, before it runs */
    CST_RESULT = 3,  /* a tool's answer, before the model sees it */
    CST_MESSAGE = 4, /* one agent to another */
    CST_STAGE_COUNT = 5
} cst_stage;

CST_API const char *cst_stage_name(cst_stage stage); /* "input"; static */

/* ---- allocator, clock, options --------------------------------------------------------------- */

/* Where memory comes from. `resize` gets the old size; `release` the size. All three must be
 * callable from any thread that uses an object made with them. */
typedef struct cst_allocator {
    void *(*allocate)(void *user, size_t size);
    void *(*resize)(void *user, void *pointer, size_t old_size, size_t new_size);
    void (*release)(void *user, void *pointer, size_t size);
    void *user;
} cst_allocator;

/* Microseconds since 1970-01-01T00:00:00Z, for events that bring no `time`. */
typedef int64_t (*cst_clock)(void *user);

/* Bounds of one context; 0 means the default, which is also the most (runtime/limits.h). */
typedef struct cst_limits {
    uint32_t event_bytes;
    uint32_t json_depth;
    uint32_t list_elements;
    uint32_t text_bytes;
    uint32_t scratch_bytes;
    uint32_t sessions;
} cst_limits;

/* Set `size` to sizeof(cst_options) and the rest to zero for the defaults. */
typedef struct cst_options {
    size_t size;
    cst_allocator allocator;
    cst_clock clock;
    void *clock_user;
    cst_limits limits;
    /* For what must not be guessed or forged: states of sessions and grants of approvals are signed
     * with it, and aliases of `redact … with "{alias}"` depend on it, so processes that share it
     * give the same text the same alias. All zero: a random key for each policy that is opened;
     * states can not be saved then. */
    uint8_t key[32];
} cst_options;

/* ---- policies -------------------------------------------------------------------------------- */

typedef struct cst_policy cst_policy;
struct cst_module; /* runtime/module.h: what a compiled policy is */

/* Opens a policy that `constc build -o FILE.so` wrote. The file is trusted code, as any library
 * that a program loads. `options` may be NULL and is copied. *out starts with one reference. */
CST_API cst_status cst_policy_open(const char *path, const cst_options *options, cst_policy **out);

/* The same for a policy linked into the program: pass the `cst_module` that the header written by
 * `constc build -o FILE.o --header FILE.h` declares. The module must outlive the policy. */
CST_API cst_status cst_policy_from_module(const struct cst_module *module,
                                          const cst_options *options, cst_policy **out);

/* What looks for patterns in texts is opened when an event first needs it, which takes
 * milliseconds. A service calls this before its first event (and before it makes contexts, which
 * then have all their memory from the start), so that no decision pays for it; a process that
 * decides one event does not. Also says what is wrong: CST_WRONG_ABI, the policy was built for
 * another processor; CST_INTERNAL, the engine failed its self-test on this machine;
 * CST_NOT_A_POLICY; CST_NO_MEMORY. The policy can be used all the same: rules whose patterns cannot
 * be looked for are undecided, so they fire. Thread-safe. */
CST_API cst_status cst_policy_warm(cst_policy *policy);

CST_API cst_policy *cst_policy_retain(cst_policy *policy); /* thread-safe; returns its argument */
CST_API void cst_policy_release(cst_policy *policy);       /* thread-safe; NULL is allowed */

CST_API const char *cst_policy_name(const cst_policy *policy);
CST_API const char *cst_policy_version(const cst_policy *policy);
/* "sha256:" and 64 hex digits, of all sources */
CST_API const char *cst_policy_hash(const cst_policy *policy);
CST_API uint32_t cst_policy_rule_count(const cst_policy *policy);

/* ---- a live policy: swapping under load ------------------------------------------------------ */

/* A place that holds the policy in force. Contexts made from it pick up a new policy when their
 * next event begins: no event is lost and no decision mixes two versions. Thread-safe. */
typedef struct cst_live cst_live;

/* takes a reference of its own */
CST_API cst_status cst_live_new(cst_policy *policy, cst_live **out);
/* takes a reference of its own */
CST_API void cst_live_swap(cst_live *live, cst_policy *policy);
CST_API cst_policy *cst_live_policy(cst_live *live); /* retained for the caller */
CST_API void cst_live_free(cst_live *live);          /* after its contexts */

/* ---- contexts -------------------------------------------------------------------------------- */

/* What one thread needs to decide: buffers, and the sessions it has seen (halted ones, and the
 * context records such as `user` that a session's first event brought). Give all events of one
 * session to the same context, in order. NULL when memory is short. */
typedef struct cst_context cst_context;

CST_API cst_context *cst_context_new(cst_policy *policy); /* takes a reference of its own */
CST_API cst_context *cst_context_new_live(cst_live *live);
CST_API void cst_context_free(cst_context *context);
CST_API const cst_policy *cst_context_policy(const cst_context *context);
CST_API void cst_context_forget(cst_context *context); /* drops all sessions */

/* Tells a session its system prompt (UTF-8, copied), for rules such as `text repeats 60 chars of
 * system`. May be called again: all texts given count. `session` may be NULL for the one session of
 * events that name none. */
CST_API cst_status cst_session_system(cst_context *context, const char *session,
                                      size_t session_length, const char *text, size_t length);

/*
 * A session as bytes: what a context remembers of it, to be kept in a file or moved to another
 * process. They are signed with the `key` of cst_options (HMAC-SHA-256), which must be given:
 * CST_BAD_ARGUMENT without one. `*bytes` lives until the next call on the context; a session of
 * which nothing is remembered has bytes too. CST_NO_MEMORY: memory is short.
 */
CST_API cst_status cst_session_save(cst_context *context, const char *session,
                                    size_t session_length, const void **bytes, size_t *length);

typedef struct cst_restored { /* what became of the questions about the past that were kept */
    uint32_t kept;            /* by their meaning the policy in force asks them too */
    uint32_t dropped;         /* it does not */
    bool same_policy;         /* the bytes were made under the policy in force */
} cst_restored;

/*
 * Gives a session what the bytes say, in the place of what was remembered of it. Bytes of another
 * policy are good: what both policies ask stays, and what only this one asks is not known of the
 * time before, so it is undecided. `report` may be NULL. CST_BAD_STATE, and any other failure: the
 * session is remembered as one that cannot be trusted, and its events are denied ("session-state")
 * until it is loaded well or all is forgotten.
 */
CST_API cst_status cst_session_load(cst_context *context, const char *session,
                                    size_t session_length, const void *bytes, size_t length,
                                    cst_restored *report);

/*
 * Sessions that have been idle: those whose last event was `idle_us` or more before `now_us`.
 * Nothing is dropped by itself, and nothing here makes a decision more lenient:
 *
 *   forgotten   nothing that is remembered of the session can matter any more. All that its policy
 * asks of its past is within windows, and the longest is over; it is not halted, it has no label,
 * no text that `repeats` or `from` may ask for, and of the contexts that it carries a later event
 * must bring those again that its rules read. put away    of others `put_away` is given the bytes,
 * as cst_session_save makes them. If it answers true (they are stored), the session goes, and all
 * its events are denied
 *               ("session-state") until cst_session_load has brought it back. Of such a session the
 * context keeps sixteen bytes or so. It must not use the context. remembered  all others; without
 * `put_away`, or where it answers false.
 *
 * The clock of a session that is new afterwards does not begin before `now_us`. Linear in the
 * sessions of the context. `report` may be NULL. CST_BAD_ARGUMENT: `put_away` without a `key` in
 * the options.
 */
typedef bool (*cst_put_away_function)(void *user, const char *session, size_t session_length,
                                      const void *bytes, size_t length);

typedef struct cst_expired {
    uint64_t forgotten, put_away, remembered;
} cst_expired;

CST_API cst_status cst_context_expire(cst_context *context, int64_t now_us, int64_t idle_us,
                                      cst_put_away_function put_away, void *user,
                                      cst_expired *report);

/*
 * What is kept `across sessions`, by all contexts of the policy, or of the live policy: as bytes,
 * signed like those of a session. Whoever starts again loads them before the first event; what has
 * happened in this process until then is not known any more, and what depends on it is undecided
 * for one window. `*bytes` lives until the next call on the context. CST_BAD_STATE, CST_NO_MEMORY
 * of loading: nothing is known any more, and every question across sessions is undecided until
 * something is loaded well. Thread-safe as far as contexts are; other contexts wait meanwhile.
 */
CST_API cst_status cst_shared_save(cst_context *context, const void **bytes, size_t *length);
CST_API cst_status cst_shared_load(cst_context *context, const void *bytes, size_t length,
                                   cst_restored *report);

/* ---- decisions ------------------------------------------------------------------------------- */

/* One decision. Points into the context: valid until its next event begins. */
typedef struct cst_decision {
    cst_verdict verdict;
    /* meaningless if the event was malformed before its stage was known */
    cst_stage stage;
    /* fired rules that count, strictest first, then by place in the source */
    uint32_t rule_count;
    uint32_t shadow_count; /* rules, permits in shadow that would have counted */
    /* NULL, or why the event was malformed: "missing", "type", "json", … */
    const char *error_code;
    const char *error_pointer; /* NULL, or the JSON pointer of what was wrong: "/args/to/0" */
    const char *error_text;    /* NULL, or an English sentence */
    uint64_t pending;          /* of CST_PENDING: what cst_resume wants; else 0 */
    /* questions without an answer: of CST_PENDING those that the decision waits for... */
    uint32_t question_count;
    uint32_t shadow_question_count; /* ...and those of shadow rules, for which no decision waits */
    const cst_context *context;
} cst_decision;

/* A place in the event: what made a rule fire. */
typedef struct cst_span {
    const char *pointer; /* JSON pointer of the string or value, "/args/to/0" */
    uint32_t start, end; /* byte range in the decoded string; for other values of their JSON text */
} cst_span;

/* One fired rule. All strings are NUL-terminated UTF-8 and live as long as the decision. */
typedef struct cst_fired {
    const char *rule;      /* qualified name, or NULL: the stage's default */
    const char *principle; /* NULL if the rule names none */
    cst_verdict effect;
    bool shadow;
    /* it demanded an approval, and was given one: its effect is CST_FLAG */
    bool approved;
    /* of an approved one: which standing grant answered it, the first sixteen digits of its
     * signature; NULL: a grant for this action */
    const char *standing;
    uint32_t use;         /* which use of that grant this is; 0: they are not counted */
    const char *message;  /* interpolated `because`, or NULL */
    bool message_cut;     /* the message reached its bound */
    const char *offering; /* of `refuse`, or NULL */
    /* what the rule noted on the session, or NULL; an effect of CST_PERMIT beside it means: nothing
     * else */
    const char *label;
    const char *const *who; /* of `require approval` and `escalate`: `who_count` names */
    uint32_t who_count;
    int64_t within_us;          /* of `require approval`: microseconds, 0 if none */
    const char *undecided_code; /* NULL, or why the condition could not be decided: "overflow" */
    const char *undecided_at;   /* the expression that could not, as in the source */
    uint32_t span_count;
    uint64_t span_total; /* span_count, or more if the list was cut */
    const cst_span *spans;
    const char *file; /* where the rule stands */
    uint32_t line;
} cst_fired;

/* Decides one event, given as the JSON object of docs/formats.md. `json` need not be
 * NUL-terminated. CST_OK also for a malformed event: its decision is CST_DENY with error_code set.
 */
CST_API cst_status cst_decide_json(cst_context *context, const char *json, size_t length,
                                   cst_decision *decision);

/* ---- many events at once --------------------------------------------------------------------- */

typedef struct cst_bytes {
    const char *bytes; /* need not be NUL-terminated */
    size_t length;
} cst_bytes;

/* One row a decision. Nothing in it belongs to the context: `rule` lives as long as the policy that
 * decided, `error_code` for ever. */
typedef struct cst_outcome {
    cst_verdict verdict;
    /* what cst_decide_json answered; if it is not CST_OK, the verdict is CST_DENY */
    cst_status status;
    cst_stage stage; /* as in cst_decision */
    uint32_t rule_count, shadow_count;
    const char *rule;       /* the strictest fired rule; NULL: none, or a default */
    const char *error_code; /* NULL, or why the event was malformed */
    uint64_t pending;       /* of CST_PENDING: what cst_resume wants; else 0 */
} cst_outcome;

/* Called for each decision that is more than a permit without shadow rules, in the order of the
 * events. The decision is as one of cst_decide_json and lives until the call returns: ask it for
 * its rules, or for its JSON with what goes on instead. The context must not decide meanwhile. */
typedef void (*cst_batch_fn)(void *user, size_t index, const cst_decision *decision);

/*
 * Decides `count` events one after another, exactly as so many calls of cst_decide_json would, and
 * writes one row each into memory of the caller. Events of one session must come to one context, in
 * their order; contexts of several threads can share a policy and split the sessions. All rows are
 * written, whatever happens; the status is the first one of a row that is not CST_OK. `visit` may
 * be NULL.
 */
CST_API cst_status cst_decide_batch(cst_context *context, const cst_bytes *events, size_t count,
                                    cst_outcome *rows, cst_batch_fn visit, void *user);

/* Fired rules of a decision by index; shadow rules start again at 0. CST_BAD_ARGUMENT past the end.
 */
CST_API cst_status cst_decision_rule(const cst_decision *decision, uint32_t index, cst_fired *out);
CST_API cst_status cst_decision_shadow(const cst_decision *decision, uint32_t index,
                                       cst_fired *out);

/* The SHA-256 of the canonical action (tool and args, RFC 8785 form) as it goes on: what an
 * approval binds to. At other stages, of the whole event, if it waits for an approval. CST_NO_FIELD
 * if there is none, or the event was set field by field without cst_event_args_json. */
CST_API cst_status cst_decision_action_hash(const cst_decision *decision, uint8_t out[32]);

/* What waits: for the person who is asked. */
typedef struct cst_request {
    uint8_t action_hash[32];
    /* a grant may hold until then: the shortest `within` of the demands, from the event's time on
     */
    int64_t expires_us;
    /* what would happen, and why it waits, in plain words; lives as long as the decision */
    const char *text;
} cst_request;

/* CST_NO_FIELD if the event does not wait for an approval, or has no hash that one could be bound
 * to. */
CST_API cst_status cst_decision_request(const cst_decision *decision, cst_request *out);

#define CST_GRANT_SIZE 828 /* bytes of a grant, with its NUL */

/*
 * Makes a grant: `who` approves what has this hash, in this session, under this policy, until
 * `expires_us`. To be called by what has shown the request to a person whom it knows; the grant is
 * signed with the policy's key, so a model cannot make one. The host then presents the same event
 * again with it: `"approvals":["…"]`. It counts once. Thread-safe.
 */
CST_API cst_status cst_approve(const cst_policy *policy, const char *session, size_t session_length,
                               const uint8_t action_hash[32], const char *who, int64_t expires_us,
                               char grant[CST_GRANT_SIZE]);

/*
 * What a rule offers beside an approval for one action (`or standing within 30d free (note)`): one
 * that stays in force, for later calls of the same tool with the same arguments but for those that
 * the rule sets free. It answers this rule's question only: all other rules decide each call as
 * ever.
 */
typedef struct cst_standing {
    const char *rule; /* qualified name, or NULL: the stage's default */
    /* whose it is: the session's, or that of the context field which the rule names */
    uint8_t holder[32];
    uint8_t pattern[32];     /* what it covers: rule, tool, arguments */
    int64_t expires_us;      /* it may hold until then, from the event's time on */
    uint32_t uses;           /* how often it may be used; 0: any number */
    const char *const *free; /* arguments that may differ: `free_count` names */
    uint32_t free_count;
    /* what would be allowed, in plain words; lives as long as the decision */
    const char *text;
} cst_standing;

/* Of the fired rule with this index (as in cst_decision_rule). CST_NO_FIELD: it does not ask, or
 * offers none, or this call cannot be covered: its condition could not be decided, the tool or an
 * argument is not declared, or an argument is not of its type. */
CST_API cst_status cst_decision_standing(const cst_decision *decision, uint32_t index,
                                         cst_standing *out);

/*
 * Makes a standing grant of what is offered, which `who` has approved. It goes with later events in
 * `"approvals"`, beside others, as long as the host keeps it: each use is reported
 * (cst_fired.standing), counted where `uses` is not 0, and lets the call through as an approval for
 * that action would. It can be less than the offer, never more: CST_LIMIT. It holds under this very
 * policy only: with any change of its sources it meets nothing. Thread-safe.
 */
CST_API cst_status cst_approve_standing(const cst_policy *policy, const cst_standing *offer,
                                        const char *who, int64_t expires_us, uint32_t uses,
                                        char grant[CST_GRANT_SIZE]);

/*
 * Takes a grant of either kind back: from now on it meets nothing, in any context of the policy, or
 * of the live policy. `session` is the one that it was given in, whose saved state then says so
 * too; for a grant across sessions it is of no matter. CST_BAD_STATE: it is no grant of this key.
 * CST_NO_MEMORY: it could not be kept that it was revoked, so no standing grant meets anything any
 * more.
 */
CST_API cst_status cst_revoke(cst_context *context, const char *session, size_t session_length,
                              const char *grant);

/*
 * What goes on, where a redaction changed it: the text of an input, output, result or message; the
 * arguments of an action; the value of a result (both as JSON). CST_NO_FIELD: as it came, or
 * nothing goes on. Lives as long as the decision.
 */
CST_API cst_status cst_decision_text(const cst_decision *decision, const char **text,
                                     size_t *length);
CST_API cst_status cst_decision_args(const cst_decision *decision, const char **json,
                                     size_t *length);
CST_API cst_status cst_decision_value(const cst_decision *decision, const char **json,
                                      size_t *length);

/* The decision as one JSON object without a line end, NUL-terminated; lives as long as the
 * decision. */
CST_API cst_status cst_decision_json(const cst_decision *decision, const char **json,
                                     size_t *length);

/* ---- host predicates ------------------------------------------------------------------------- */

/*
 * What a policy asks of its host (`extern toxicity(text: string) returns float within 50ms`), such
 * as a classifier. A question is asked only if its answer can change the decision, what is cut, or
 * a label, and once for each predicate and arguments of an event.
 *
 * At once: give the context a function (cst_context_host). It is called while an event is decided,
 * with all questions of the event together, and answers each by its id (cst_answer,
 * cst_answer_fails) before it returns. Later: without such a function, or for what it leaves
 * unanswered, the decision is CST_PENDING. Answer its questions in any order, then call cst_resume
 * with decision.pending. Other events may be decided in between: the event is decided afresh when
 * it is resumed, with the history and the labels as they are then, so events of one session should
 * wait for each other. An event set field by field can be resumed only until the next event begins.
 *
 * An answer that is late (the policy's clock, or else the system's monotonic one), that fails, or
 * that is no value of the predicate's type leaves the condition undecided. A question that is still
 * open when its event is resumed keeps it pending until its deadline has passed.
 */
typedef struct cst_question {
    uint64_t id; /* of this context; never 0 */
    /* "toxicity"; of an upper file or a module qualified: "platform.toxicity" */
    const char *predicate;
    const char *arguments; /* a JSON object by parameter name, NUL-terminated: {"text":"…"} */
    size_t arguments_length;
    int64_t within_us; /* microseconds from now */
    bool shadow;       /* only rules in shadow ask it: no decision waits for it */
} cst_question;

/* Must not begin an event with this context, nor free it. Questions live until it returns. */
typedef void (*cst_host_function)(void *user, cst_context *context, const cst_question *questions,
                                  uint32_t count);

/* `shadow`: questions of shadow rules are asked too, which a service that must not wait for them
 * leaves out. NULL: none is asked at once. */
CST_API cst_status cst_context_host(cst_context *context, cst_host_function host, void *user,
                                    bool shadow);

/* Questions of a decision by index, those that the decision waits for first, then those of shadow
 * rules. CST_BAD_ARGUMENT past the end. */
CST_API cst_status cst_decision_question(const cst_decision *decision, uint32_t index,
                                         cst_question *out);
/* Predicates that rules for this event name and that did not have to be asked, by index.
 * CST_BAD_ARGUMENT past the end. */
CST_API cst_status cst_decision_not_evaluated(const cst_decision *decision, uint32_t index,
                                              const char **predicate);

/* The answer as JSON, copied: `0.93`, `true`, `"spam"`. CST_LIMIT: too late, CST_WRONG_TYPE: no
 * value of the predicate's type (both leave the condition undecided); CST_BAD_ARGUMENT: no such
 * question waits for an answer. */
CST_API cst_status cst_answer(cst_context *context, uint64_t question, const char *json,
                              size_t length);
CST_API cst_status cst_answer_fails(cst_context *context, uint64_t question);

/* Decides a pending event with the answers that have come. CST_BAD_ARGUMENT (and CST_DENY): no such
 * event waits. */
CST_API cst_status cst_resume(cst_context *context, uint64_t pending, cst_decision *decision);
/* Forgets a pending event, which then never goes on. */
CST_API void cst_pending_drop(cst_context *context, uint64_t pending);

/* ---- replies that come in pieces ------------------------------------------------------------- */

/*
 * A reply of the model, decided while it comes. Open it with the event as JSON without its text
 * ({"stage":"output","session":"s1"}), feed what comes in any pieces (UTF-8; a character may be cut
 * in two), send on what is released, and end it: the decision is that of the whole text, whatever
 * the pieces were, and all that was released is the beginning of what the decision lets through.
 *
 * A byte is released when no rule can still cut it (where more than a kilobyte waits, a little
 * later). A rule that needs the whole text holds everything back (constc check warns of it). Once
 * `stopped` is set nothing more will be released: the text will be refused, denied, or wait. All of
 * it is judged at the time and by the history of its opening, whatever is decided meanwhile. The
 * context serves other events between two calls; streams of one context are used by its thread.
 * Close a stream before its context is freed.
 */
typedef struct cst_stream cst_stream;

typedef struct cst_piece {
    const char *bytes; /* what may go on now; lives until the next call on the stream */
    size_t length;
    size_t held;  /* bytes that have come and wait */
    bool stopped; /* some rule stops the reply: no use in waiting for more */
} cst_piece;

CST_API cst_status cst_stream_open(cst_context *context, const char *json, size_t length,
                                   cst_stream **out);
/* CST_LIMIT: the text is too long; CST_WRONG_TYPE: it is not UTF-8. Then nothing more is released,
 * and the end is a deny. */
CST_API cst_status cst_stream_feed(cst_stream *stream, const char *bytes, size_t length,
                                   cst_piece *out);
/* The rest of what may go on, and the decision. The stream can only be closed then. */
CST_API cst_status cst_stream_end(cst_stream *stream, cst_piece *out, cst_decision *decision);
CST_API void cst_stream_close(cst_stream *stream); /* NULL is allowed */

/* ---- events field by field ------------------------------------------------------------------- */

/*
 * For hosts that hold values already. Look each field up once per policy, then for each event:
 * cst_event_begin, the setters, cst_decide. Strings are not copied: they must live until the
 * decision is done with. A setter on a field that the policy does not read answers CST_NO_FIELD and
 * is otherwise harmless; a value that does not fit makes the event malformed, so an unchecked
 * status never loosens.
 */
typedef uint32_t cst_field;
#define CST_FIELD_NONE UINT32_MAX

/* `path` as in the language: "text", "args.amount", "user.role". `tool` is NULL where the stage has
 * none, or for the fields that every tool has. CST_NO_FIELD if the policy does not read it. */
CST_API cst_status cst_policy_field(const cst_policy *policy, cst_stage stage, const char *tool,
                                    const char *path, cst_field *out);

CST_API cst_status cst_event_begin(cst_context *context, cst_stage stage, const char *tool);
CST_API cst_status cst_event_session(cst_context *context, const char *session, size_t length);
CST_API cst_status cst_event_time(cst_context *context, int64_t microseconds);
/* The whole arguments as JSON: read like the `args` of a JSON event, and hashed for approvals. */
CST_API cst_status cst_event_args_json(cst_context *context, const char *json, size_t length);
CST_API cst_status cst_set_bool(cst_context *context, cst_field field, bool value);
CST_API cst_status cst_set_int(cst_context *context, cst_field field, int64_t value);
CST_API cst_status cst_set_float(cst_context *context, cst_field field, double value);
/* A decimal in millionths: 98.70 is 98700000. */
CST_API cst_status cst_set_decimal(cst_context *context, cst_field field, int64_t millionths);
/* UTF-8 for string, email, url, host, path, ip, agent and enum fields; parsed as the field's type.
 */
CST_API cst_status cst_set_string(cst_context *context, cst_field field, const char *text,
                                  size_t length);
/* Any value as JSON text, lists and records too. */
CST_API cst_status cst_set_json(cst_context *context, cst_field field, const char *json,
                                size_t length);
CST_API cst_status cst_decide(cst_context *context, cst_decision *decision);

#ifdef __cplusplus
}
#endif

#endif

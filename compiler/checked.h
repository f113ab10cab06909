/*
 * checked.h - a policy after checking: every name resolved, every type known, every absence
 * guarded.
 *
 * This is the meaning of the policy, and the last form that both executions share: the reference
 * evaluator walks it as it stands; lower.c turns it into the decision graph. So it is as close to
 * the semantics of docs/language.md as a data structure can be: definitions are replaced by their
 * bodies, literals are canonical values of the type that was demanded, `unless` is `and not`, each
 * optional use stands under its guard.
 *
 * Invariants (check_verify in debug builds): a FIELD names a slot; types of operands are those that
 * the operator's comment names; LOCAL refers to an enclosing QUANTIFIER; no node is AST_ERROR's
 * heir.
 *
 * Layer 2 of the compiler. All memory is the compilation's arena.
 */
#ifndef CONSTITUTION_COMPILER_CHECKED_H
#define CONSTITUTION_COMPILER_CHECKED_H

#include "compiler/ast.h"
#include "compiler/compilation.h"
#include "compiler/pattern/pattern.h"
#include "runtime/limits.h"
#include "runtime/module.h"

/* ---- types ----------------------------------------------------------------------------------- */

/* Types are interned: equal types are the same pointer. */
typedef struct type {
    cst_kind kind;
    uint32_t bound;             /* T(N); 0: none */
    const struct type *element; /* LIST */
    struct type_field *fields;  /* RECORD, in declared order */
    uint32_t field_count;
    struct enumeration *enumeration; /* ENUM; AGENT with declared agents */
    uint32_t row;                    /* number in checked_policy.types */
} type;

typedef struct type_field {
    const char *name;
    const type *type;
    bool optional;
    source_range range;
} type_field;

typedef struct enumeration {
    const char *name; /* "Role", "agents", "weekday" */
    const char **values;
    uint32_t count;
    source_range range;
} enumeration;

/* ---- fields and slots ------------------------------------------------------------------------ */

/* A slot is one member of an event read as one type. The same path read as two types, or both as
 * declared and as open data, is two slots. Slots are shared by stages and tools: an event has one
 * of each. */
typedef struct slot {
    const char *path; /* "args.to" */
    /* the path in the event's own member names: {"args","to"}; `sender` is {"from"} */
    const char **keys;
    uint32_t key_count;
    const type *type;
    /* a value that does not fit leaves it absent instead of making the event malformed */
    bool open;
    bool interned; /* some condition compares it with constants */
    bool secret;   /* masked in messages and logs */
} slot;

/* Where a slot is read: at one stage, for one tool (0 = unknown; UINT32_MAX = the stage has no
 * tools). */
typedef struct slot_use {
    uint32_t slot;
    cst_stage stage;
    uint32_t tool;
    /* bit k: keys[k] must be there if keys[0..k-1] are; declared and not optional */
    uint64_t required_keys;
} slot_use;

/* ---- expressions ----------------------------------------------------------------------------- */

typedef enum expression_kind {
    /* values */
    EXPRESSION_CONSTANT, /* constant */
    /* slot; absent reads as the zeroed value, and only a guard makes that matter */
    EXPRESSION_FIELD,
    EXPRESSION_LOCAL,       /* the element of quantifier `local` */
    EXPRESSION_MEMBER,      /* left is a RECORD: its field number `index` */
    EXPRESSION_OPEN_MEMBER, /* left is JSON: member `name` */
    EXPRESSION_OPEN_AS,     /* left is JSON: read as `type`, absent if it does not fit */
    EXPRESSION_PROPERTY,    /* left is an identity type or TIME: cst_property `index` */
    EXPRESSION_ELSE,        /* left if present, else right; same type */
    /* INT, DECIMAL, FLOAT, DURATION; TIME + DURATION; undecided on overflow */
    EXPRESSION_ADD,
    EXPRESSION_SUBTRACT, /* the same; TIME - TIME is DURATION */
    /* INT * INT, INT * DECIMAL, INT * DURATION (either order), FLOAT * FLOAT */
    EXPRESSION_MULTIPLY,
    EXPRESSION_NEGATE, /* not made by the parser today; INT, DECIMAL, FLOAT, DURATION */
    EXPRESSION_JOIN,   /* STRING + STRING; undecided when scratch memory is used up */
    /* left is INT, type is DECIMAL: undecided on overflow; or type is FLOAT */
    EXPRESSION_WIDEN,
    EXPRESSION_LENGTH, /* of a text (code points) or LIST (elements); INT */
    EXPRESSION_SUM,    /* of a LIST of INT, DECIMAL, DURATION, FLOAT; undecided on overflow */
    EXPRESSION_LEAST,  /* of a LIST of those or TIME; undecided if it is empty */
    EXPRESSION_GREATEST,
    /* left is JSON or a RECORD: the texts in it, a LIST of STRING; undecided when scratch memory is
       used up */
    EXPRESSION_LEAVES,
    /* past `index` (COUNT, SUM, DISTINCT) for the keys `items`; undecided where that is not known
     */
    EXPRESSION_PAST_NUMBER,
    EXPRESSION_PAST_LATEST, /* past `index` (LATEST) for the keys `items`: may be absent */
    /* what probe `index` finds in left (a text or LIST of them), a LIST; undecided where bounds are
       reached */
    EXPRESSION_FOUND,
    /* left is a COMMAND: cst_property `index` of it, a LIST; undecided where it is not all known */
    EXPRESSION_FACTS,
    /* the same, what is known of it: only under ANY, ALL, IN_LIST, beside an UNKNOWN */
    EXPRESSION_KNOWN,
    /* what the host answers: extern `index` for the arguments `items`; undecided where it does not
     */
    EXPRESSION_ASK,
    /* conditions, type BOOL */
    EXPRESSION_TRUTH, /* left is a BOOL value used as a condition */
    EXPRESSION_EQUAL, /* both sides one scalar type (texts by canonical bytes) */
    /* numbers, TIME, DURATION of one type; > and >= are made of LESS, NOT and swapped sides */
    EXPRESSION_LESS,
    EXPRESSION_LESS_EQUAL,
    EXPRESSION_IN_SET,  /* left in set number `index` */
    EXPRESSION_IN_LIST, /* left in right, a LIST of left's type */
    EXPRESSION_STARTS,  /* STRING, STRING */
    EXPRESSION_ENDS,
    EXPRESSION_INSIDE, /* PATH, PATH; or HOST, HOST (equal or a subdomain) */
    /* probe `index` matches in left (a text, or some text of a LIST); undecided where bounds are
       reached */
    EXPRESSION_CONTAINS,
    EXPRESSION_MATCHES, /* probe `index` takes left (STRING) as a whole */
    /* left (as CONTAINS) shares a run with the origin of echo `index`; undecided if origin text was
       dropped */
    EXPRESSION_REPEATS,
    EXPRESSION_EARLIER,  /* past `index` for the keys `items` */
    EXPRESSION_LABELLED, /* the session has label `index` */
    EXPRESSION_NOTE,     /* always true: keeps left as note `index`; in watches only */
    /* every leaf of left is from the sources of from `index`; undecided if something was dropped */
    EXPRESSION_FROM,
    /* left is a COMMAND: it runs one of the commands `index / 2`, or, if `index % 2`, only such;
       undecided if the line is not all known */
    EXPRESSION_RUNS,
    /* left is a COMMAND: false if its property `index / 2` is all known (`index % 2`: exactly),
       else undecided */
    EXPRESSION_UNKNOWN,
    /* PATH of a KNOWN list, PATH: INSIDE for a path that may stand for what is below it; then
       undecided */
    EXPRESSION_WITHIN,
    EXPRESSION_PRESENT, /* left (FIELD, MEMBER, OPEN_MEMBER, OPEN_AS) is there */
    EXPRESSION_ANY,     /* any `local` in left satisfies right */
    EXPRESSION_ALL,
    EXPRESSION_NOT, /* left */
    EXPRESSION_AND, /* items */
    EXPRESSION_OR   /* items */
} expression_kind;

typedef struct expression expression;
struct expression {
    expression_kind kind;
    const type *type;
    /* where it was written (inside a definition's body, if it came from one) */
    source_range range;
    /* of a definition's body: where the outermost call stands; end 0: it is none */
    source_range called;
    /* CONSTANT: canonical; text and parts in the arena; symbol is set by plan */
    cst_value constant;
    uint32_t slot;    /* FIELD */
    uint32_t local;   /* LOCAL, ANY, ALL: unique number within the policy */
    const char *name; /* OPEN_MEMBER; LOCAL, ANY, ALL: the variable as written */
    /* MEMBER, PROPERTY, IN_SET, FOUND, CONTAINS, MATCHES, REPEATS, FROM, PAST_…, ASK, EARLIER,
     * LABELLED, NOTE; OPEN_MEMBER: row of the image's `names`, set by plan */
    uint32_t index;
    const struct asked_from *asked; /* FROM before commit: what becomes a row of `froms` */
    /* FROM: that it is true makes the decision stricter, never more lenient (check/polarity.c) */
    bool tightens;
    /* a key of `with same`: to be absent is one more value, so it needs no guard */
    bool absent_too;
    const struct wanted *wanted; /* FOUND, CONTAINS, MATCHES before commit: what becomes a probe */
    expression *left, *right;
    expression **items;
    uint32_t item_count;
    bool asks; /* it or a part of it is an ASK; set by commit */
    /* number in checked_policy.sites if this very node can be undecided, else CST_NONE */
    uint32_t site;
};

typedef struct site { /* one way in which one expression can be undecided */
    const char *code; /* "overflow", "empty", "scratch" */
    const char *at;   /* the expression as in the source */
    source_range range;
} site;

/* One set as it is read for one element type. */
typedef struct checked_set {
    const char *name;      /* of the declaration; or the literal as written */
    cst_kind kind;         /* of the elements; IP: networks */
    cst_value *values;     /* canonical, without duplicates; not for IP */
    cst_network *networks; /* IP: ascending, disjoint */
    uint32_t count;
    source_range range; /* of the declaration's name, or of the literal */
} checked_set;

/* ---- texts ----------------------------------------------------------------------------------- */

/* One thing that conditions look for in texts: a declared pattern, a phrase, or the words of a set.
 */
typedef struct checked_pattern {
    const char *name;         /* what `{kind}` and reports call it */
    const pattern *compiled;  /* NULL: words */
    const char *const *words; /* of a set that is looked up by hash */
    const uint32_t *word_lengths;
    uint32_t word_count;
    check_kind check;
    double check_bound;
    const char *const *after;
    uint32_t after_count, after_within;
    bool secret; /* what it finds is masked in messages */
    bool slow;   /* nothing rare can be looked for: each place of a text is tried */
    /* of its name or expression; for that warning, which is not given for the library's */
    source_range range;
} checked_pattern;

/* What one condition looks for, in which views. */
typedef struct wanted {
    checked_pattern **patterns;
    uint32_t count;
    unsigned views;
    const char *text; /* as written: "any secrets.keys" */
} wanted;

/* All patterns that look at one view of one field at one stage: scanned together, once. */
typedef struct checked_database {
    cst_stage stage;
    uint32_t slot; /* whose text; CST_NONE: texts of no slot of their own */
    unsigned views;
    database_builder *builder;
    /* by number in the database */
    struct {
        const checked_pattern **items;
        uint32_t count, capacity;
    } patterns;
} checked_database;

typedef struct checked_probe {
    uint32_t database;
    uint32_t *patterns; /* numbers in the database, ascending */
    uint32_t count;
} checked_probe;

/* Where text of a session came from. */
typedef struct checked_origin {
    cst_origin_kind kind;
    uint32_t tool;                /* RESULT: tool number */
    const char *agent;            /* MESSAGE: the sender */
    uint32_t text, value, sender; /* slots that bring its texts; CST_NONE: none */
    const char **path;            /* RESULT: only what stands there in its value, through lists */
    uint32_t path_count;
} checked_origin;

/* What follows `from`, before it is known whether echoes count. */
typedef struct asked_from {
    checked_origin *origins; /* any of these */
    uint32_t origin_count;
    uint32_t chars;
    uint32_t types; /* of provenance.h: kinds of values that are asked for */
    /* the value as its declaration has it, where it is read as it came; else NULL */
    struct expression *declared;
    const char *name; /* of the origin as written */
} asked_from;

/* V from ORIGIN; equal ones are one row. */
typedef struct checked_from {
    checked_origin *origins;
    uint32_t origin_count;
    uint32_t chars;
    bool echoes; /* a result that gave back what the agent had written counts */
    const char *name;
} checked_from;

/* text repeats N chars of ORIGIN */
typedef struct checked_echo {
    checked_origin *origins; /* any of these */
    uint32_t origin_count;
    uint32_t chars;
    unsigned views;
    uint32_t stages;  /* bit k: a rule asks at stage k */
    const char *name; /* of the origin as written */
} checked_echo;

/* ---- history --------------------------------------------------------------------------------- */

/* One question about the past: see cst_past_row. */
typedef struct checked_past {
    cst_past_kind kind;
    const char *text;    /* as written */
    const char *meaning; /* what two equal questions share */
    uint64_t identity;
    uint32_t first_watch, steps;
    uint32_t since; /* watch, or CST_NONE */
    bool since_keyed, across;
    int64_t within_us;
    const type **keys; /* types of the values that are compared */
    uint32_t key_count;
    const type *value; /* of the number, or of LATEST */
    /* the largest constant that a COUNT or DISTINCT is compared with */
    uint32_t most;
    bool exact; /* it stands elsewhere too: each number counts */
    source_range range;
} checked_past;

/* More than so many events, or distinct values, need not be told apart. */
static inline bool past_saturates(const checked_past *past)
{
    return (past->kind == CST_PAST_COUNT || past->kind == CST_PAST_DISTINCT) && !past->exact;
}

/* Events of a window, or distinct values, that are kept for one key. */
static inline uint32_t past_bound(const checked_past *past)
{
    return past_saturates(past) ? past->most + 2 : LIMIT_PAST_EVENTS;
}

typedef struct checked_watch {
    uint32_t past, step;
    cst_watch_mark mark;
    cst_stage stage;
    uint32_t first_note, key_count;
    bool has_value, filtered;
} checked_watch;
/* What one `runs` looks for: "git push", sorted by program. */
typedef struct checked_commands {
    const char **texts;
    uint32_t count;
    const char *text; /* as written: "any never" */
} checked_commands;

/* ---- host predicates ------------------------------------------------------------------------- */

typedef struct checked_extern {
    const char *name; /* as the host knows it */
    const struct type_field *parameters;
    uint32_t parameter_count;
    const type *returns;
    int64_t within_us;
    source_range range; /* of its name */
} checked_extern;

/* ---- rules ----------------------------------------------------------------------------------- */

typedef struct message_part {
    cst_part_kind kind;
    const char *text; /* TEXT, length bytes */
    uint32_t length;
    uint32_t slot;     /* SLOT */
    uint32_t local;    /* WITNESS: the quantifier's number */
    uint32_t field;    /* WITNESS: field of the element's record, or CST_NONE */
    uint32_t property; /* cst_property, or CST_NONE */
    const type *type;  /* of what is shown */
    bool secret;       /* WITNESS: what a pattern marked `secret` found */
} message_part;

/* Which events a rule is about: one row for each stage (and for each tool) of it. */
typedef struct selector {
    cst_stage stage;
    bool every_tool; /* plain `on action`: unknown ones too */
    /* tool numbers, ascending; not for every_tool and stages without tools */
    uint32_t *tools;
    uint32_t tool_count;
    const char *label; /* "action send_email or refund" */
} selector;

/* or standing within D …: what a standing approval may cover, beside the tool and the arguments
 * that were approved. */
typedef struct checked_standing {
    int64_t within_us;
    uint32_t uses;     /* 0: any number */
    bool across;       /* held by the field of `holder_slot`, not by the session */
    const char **free; /* arguments that may differ */
    uint32_t free_count;
} checked_standing;

/* One compiled condition: a rule that covers several selectors with different types has one body
 * each. */
typedef struct rule_body {
    selector selector;
    expression *condition; /* never NULL: a rule without `when` has the constant true */
    /* the positive ANY nodes of the condition, outermost first, source order */
    expression **witnesses;
    uint32_t witness_count;
    message_part *message;
    uint32_t message_count;
    /* some condition that can make it true finds texts: it has a function that marks them */
    bool marks;
    uint32_t cut_slot; /* redact FIELD, replace FIELD: its slot; else CST_NONE */
    /* replace FIELD with VALUE: the note that holds the value; else CST_NONE */
    uint32_t put_note;
    uint32_t holder_slot; /* standing … with same FIELD across sessions: its slot; else CST_NONE */
    bool whole;           /* a stream is held to its end */
} rule_body;

typedef struct rule {
    const char *name; /* qualified */
    cst_rule_kind kind;
    cst_verdict verdict;
    bool shadow, waivable, restricts; /* restricts: undecided makes it fire */
    uint32_t layer;
    uint32_t principle; /* or CST_NONE */
    uint32_t waives;    /* rule number, or CST_NONE */
    int64_t until_us;   /* INT64_MAX: none */
    int64_t within_us;
    const char **who;
    uint32_t who_count;
    const checked_standing *standing; /* or NULL */
    const char *offering;             /* or NULL */
    message_part *mark;               /* redact … with: the text that stands for what was cut */
    uint32_t mark_count;
    bool whole;      /* on whole output */
    uint32_t watch;  /* of a WATCH, else CST_NONE */
    uint32_t label;  /* what it notes on the session, or CST_NONE */
    bool only_label; /* `then label L` */
    rule_body *bodies;
    uint32_t body_count;
    source_range range; /* of its name */
    const ast_declaration *declaration;
} rule;

/* ---- the policy ------------------------------------------------------------------------------ */

typedef struct principle {
    const char *name, *text;
    const char **maps;
    uint32_t map_count;
} principle;

typedef struct layer_default {
    cst_verdict verdict;
    const char **who;
    uint32_t who_count;
    int64_t within_us;
    const checked_standing *standing; /* or NULL */
} layer_default;

typedef struct layer {
    const char *name, *version;
    uint32_t source;
    layer_default defaults[CST_STAGE_COUNT];
} layer;

typedef struct tool {
    const char *name; /* [0] is `unknown` with an empty name */
    const char **tags;
    uint32_t tag_count;
    const type *parameters; /* RECORD, or NULL: no declaration gave any; args are open */
    const type *returns;    /* or NULL: value is open */
    /* a call with an argument that is no parameter is malformed: the tag `closed`, or the imported
     * schema says so */
    bool closed;
    source_range range;
} tool;

typedef struct context_record { /* context user { … } */
    const char *name;
    const type *type; /* RECORD */
    source_range range;
} context_record;

/* A test block with all names resolved; its events as JSON text, ready for cst_decide_json. */
typedef struct checked_step {
    ast_step_kind kind;
    /* JSON without session and time: INPUT, OUTPUT, ACTION, RESULT, MESSAGE */
    const char *event;
    uint32_t event_length;
    const char *record;    /* GIVEN: context name; or NULL */
    const char *predicate; /* GIVEN: a host predicate; or NULL */
    const char *json;      /* GIVEN: its value as JSON text; NULL: the predicate fails */
    int64_t wait_us;
    const char *text; /* EXPECT_TEXT: what was let through, text_length bytes */
    uint32_t text_length;
    const char *field;   /* EXPECT_TEXT: "text", or a path in the arguments */
    cst_verdict verdict; /* EXPECT */
    const char *label;   /* EXPECT label: a fired rule gave it; or NULL */
    uint32_t *by;        /* rule numbers; CST_NONE for `default` */
    uint32_t by_count;
    bool standing; /* APPROVED: for this call and those like it */
    /* EXPECT malformed; of an event: such an `expect` follows it, so no rule is asked about it */
    bool malformed;
    source_range range;
} checked_step;

typedef struct checked_test {
    const char *title;
    checked_step *steps;
    uint32_t step_count;
    source_range range;
} checked_test;

typedef struct checked_policy {
    /* 0 is the file itself, then what it extends */
    layer *layers;
    uint32_t layer_count;
    /* by row; those that slots or messages need */
    struct {
        const type **items;
        uint32_t count, capacity;
    } types;
    struct {
        tool *items;
        uint32_t count, capacity;
    } tools; /* 0 is `unknown` */
    /* some demand offers a standing approval: the types of all arguments are among `types` */
    bool has_standing;
    struct {
        context_record *items;
        uint32_t count, capacity;
    } records;
    struct {
        slot *items;
        uint32_t count, capacity;
    } slots;
    struct {
        slot_use *items;
        uint32_t count, capacity;
    } slot_uses;
    struct {
        checked_set *items;
        uint32_t count, capacity;
    } sets;
    struct {
        checked_database *items;
        uint32_t count, capacity;
    } databases;
    struct {
        checked_probe *items;
        uint32_t count, capacity;
    } probes;
    struct {
        checked_echo *items;
        uint32_t count, capacity;
    } echoes;
    struct {
        checked_from *items;
        uint32_t count, capacity;
    } froms;
    /* all origins of froms, each once; those of a tool by path, shorter ones first */
    struct {
        checked_origin *items;
        uint32_t count, capacity;
    } sources;
    uint32_t from_types;
    uint32_t chain_agent, chain_sender, chain_receiver; /* slots; CST_NONE: no rule reads `chain` */
    uint32_t from_args; /* slot of all arguments, if echoes must be told; else CST_NONE */
    struct {
        checked_commands *items;
        uint32_t count, capacity;
    } commands;
    struct {
        site *items;
        uint32_t count, capacity;
    } sites;
    struct {
        principle *items;
        uint32_t count, capacity;
    } principles;
    /* in source order, the file's own layer first; then the watches */
    struct {
        rule *items;
        uint32_t count, capacity;
    } rules;
    uint32_t declared_rules; /* rules before the first watch */
    struct {
        checked_past *items;
        uint32_t count, capacity;
    } pasts;
    struct {
        checked_watch *items;
        uint32_t count, capacity;
    } watches;
    struct {
        const char **items;
        uint32_t count, capacity;
    } labels;
    /* if there are any, site 0 stands for what has not been asked */
    struct {
        checked_extern *items;
        uint32_t count, capacity;
    } externs;
    uint32_t note_count;
    struct {
        checked_test *items;
        uint32_t count, capacity;
    } tests;              /* of the file itself */
    uint32_t local_count; /* LOCAL numbers are below this */
    /* SHA-256 over "path length bytes" of all sources in the order they were added */
    uint8_t source_hash[32];
} checked_policy;

/* The words of explanations and dumps (check/words.c); "?" of what is none: */
const char *kind_word(cst_kind kind);              /* "string" */
const char *expression_word(expression_kind kind); /* "less_equal" */
const char *property_word(uint32_t property);      /* "domain", of a cst_property */

/* What the index of a condition on texts counts, for dumps. */
static inline const char *text_row_word(expression_kind kind)
{
    return kind == EXPRESSION_REPEATS ? "echo" : "probe";
}

/* Why this very node, its operands aside, can be undecided (check/expression_commit.c): the code of
 * its site, or NULL: it cannot. */
const char *expression_failure(const expression *expression);

/* The policy as stable text, a row a line (check/checked_dump.c). */
struct buffer;
void checked_dump(struct buffer *out, const checked_policy *policy);

#endif

/*
 * module.h - the whole contract between compiler and runtime: what a compiled policy is.
 *
 * A compiled policy is one `cst_module`: a block of tables (the image) and functions. The image is
 * one array of bytes without pointers: every reference is an offset from its start, so it needs no
 * relocation, is the same bytes in JIT memory, in a policy.so and in a linked policy.o, and can be
 * shared by processes. The functions take everything through their frame, also the helpers they
 * call, so compiled code has no undefined symbols at all.
 *
 * Three producers make this struct: the JIT, `constc build`, and the reference evaluator
 * (compiler/). The runtime cannot tell them apart. Any change here, in value.h or in services.def
 * is a new CST_ABI_VERSION.
 *
 * Layer 1; includes value.h only.
 */
#ifndef CONSTITUTION_RUNTIME_MODULE_H
#define CONSTITUTION_RUNTIME_MODULE_H

#include "runtime/value.h"

#define CST_MODULE_MAGIC  "constm1"
#define CST_MODULE_SYMBOL "cst_policy_module" /* what dlsym looks up in a policy.so */
#define CST_ABI_VERSION   8u
#define CST_NONE          UINT32_MAX /* "no row" wherever a row number stands */

/* ---- references into the image --------------------------------------------------------------- */

typedef struct cst_ref { /* bytes; strings also have a NUL behind their last byte */
    uint32_t offset;
    uint32_t length;
} cst_ref;

typedef struct cst_table { /* rows of one type, 8-byte aligned */
    uint32_t offset;
    uint32_t count;
} cst_table;

typedef struct cst_range { /* rows first .. first+count-1 of the table that the comment names */
    uint32_t first;
    uint32_t count;
} cst_range;

/* ---- rows ------------------------------------------------------------------------------------ */

/* A text that some condition compares with. Symbol numbers are row numbers + 1. */
typedef struct cst_symbol_row {
    cst_ref text;  /* canonical */
    uint32_t hash; /* cst_hash of the text */
    uint32_t tool; /* tool number, 0 if no tool is called so */
} cst_symbol_row;

typedef enum cst_set_form {
    CST_SET_SYMBOL_BITS = 0, /* data: cst_ref to uint64_t words; bit (symbol - base) */
    CST_SET_SYMBOL_HASH =
        1,                /* data: uint32_t symbols, open addressing, linear probing from
                             cst_symbol_slot(symbol, capacity); 0 is empty; capacity a power of two */
    CST_SET_INTEGERS = 2, /* data: int64_t, ascending: int, decimal, time, duration, enum */
    CST_SET_NETWORKS = 3  /* data: cst_network, ascending and disjoint */
} cst_set_form;

typedef struct cst_set_row {
    cst_ref name; /* of the declaration, or of the literal's text */
    cst_ref data;
    uint32_t form;  /* cst_set_form */
    uint32_t count; /* elements; for SYMBOL_HASH the capacity is data.length / 4 */
    uint32_t base;  /* first symbol of SYMBOL_BITS */
    uint32_t kind;  /* cst_kind of the elements */
} cst_set_row;

typedef struct cst_network {
    uint8_t low[16], high[16]; /* both in */
} cst_network;

static inline uint32_t cst_symbol_slot(uint32_t symbol, uint32_t capacity)
{
    return (symbol * 2654435761u) & (capacity - 1u);
}

typedef struct cst_type_row {
    uint32_t kind;    /* cst_kind */
    uint32_t bound;   /* T(N): code points of a string, elements of a list; 0: the build's own */
    uint32_t element; /* type row of a list's elements, or CST_NONE */
    /* record: rows of `fields`; enum, agent: rows of `names` (agent: none = any name) */
    cst_range fields;
} cst_type_row;

typedef struct cst_field_row { /* one field of a record type */
    cst_ref name;
    uint32_t type;     /* type row */
    uint32_t optional; /* 0 or 1: may be missing or null */
} cst_field_row;

/*
 * The field table: a tree of the members that the policy reads, one root for each stage and tool.
 * The event reader walks it along the JSON text; what is in no node is skipped. A node's targets
 * say where its value goes and how strictly. Children of a node are contiguous, ascending by name
 * (bytes).
 */
typedef struct cst_node_row {
    cst_ref name;
    cst_range children; /* rows of `nodes` */
    cst_range targets;  /* rows of `targets` */
    /* 0 or 1: a missing or null member makes the event malformed, if the parent is there */
    uint32_t required;
    uint32_t parent; /* node row, or CST_NONE */
    /* 0 or 1: a member that is no child makes the event malformed: `args` of a tool that is
     * `closed` */
    uint32_t closed;
} cst_node_row;

typedef enum cst_target_mode {
    CST_TARGET_TYPED = 0, /* declared: a value that does not fit makes the event malformed */
    CST_TARGET_OPEN = 1   /* open data: a value that does not fit leaves the slot absent */
} cst_target_mode;

typedef struct cst_target_row {
    uint32_t slot;
    uint32_t type;     /* type row */
    uint32_t mode;     /* cst_target_mode */
    uint32_t interned; /* 0 or 1: look the text (of elements and fields too) up among the symbols */
} cst_target_row;

/* One slot, for messages, spans and explanations. */
typedef struct cst_slot_row {
    cst_ref path;    /* as in the language: "args.to" */
    cst_ref pointer; /* as in the event: "/args/to" (`sender` is "/from") */
    uint32_t type;   /* type row */
    uint32_t secret; /* 0 or 1: masked in messages */
} cst_slot_row;

typedef struct cst_tool_row {
    cst_ref name;
    uint32_t symbol;
    /* 1 + type row of its record of arguments; 0: none is declared, or no standing approval asks
     * for them */
    uint32_t arguments;
} cst_tool_row;

/* `or standing within D …`: what a demand offers beside an approval for one action. */
typedef struct cst_standing_row {
    int64_t within_us; /* the most that a grant may hold */
    uint32_t uses;     /* the most; 0: any number */
    uint32_t holder;   /* slot of the context field that it is bound to; CST_NONE: the session */
    cst_range free;    /* rows of `names`: arguments that may differ */
} cst_standing_row;

typedef struct cst_group_row { /* one compiled function: the rules of one selector of one stage */
    cst_range rules;           /* rows of `group_rules` */
    cst_ref label;             /* "action send_email", for dumps and profiles */
    /* of a large group: the root of its rule index among `index_words`, see index.h; 0: none */
    uint32_t index;
    uint32_t index_keys, index_bundles; /* how many the index may name */
    uint32_t unused;
} cst_group_row;

/* How one stage and one tool are decided. Stages without tools have one row, `action` and `result`
 * one for each tool number, 0 (unknown) first. */
typedef struct cst_dispatch_row {
    uint32_t root;     /* node row: what to read */
    cst_range groups;  /* rows of `group_lists`: group numbers to evaluate */
    cst_range watches; /* the same: which watches the event fits */
} cst_dispatch_row;

typedef struct cst_stage_row {
    cst_range dispatch; /* rows of `dispatch`, by tool number */
} cst_stage_row;

/* A watch is no rule of the author: its condition says whether an event is one that a question
 * about the past waits for. It is hit as a rule that restricts is, true or undecided, and decides
 * nothing. Watches are the last rows. */
typedef enum cst_rule_kind {
    CST_RULE = 0,
    CST_RULE_PERMIT = 1,
    CST_RULE_WAIVER = 2,
    CST_RULE_WATCH = 3
} cst_rule_kind;

typedef struct cst_rule_row {
    cst_ref name;        /* qualified: "strangers", "platform.pii" seen from the file that is run */
    cst_ref file;        /* as the compiler was given it */
    cst_ref offering;    /* length 0 and offset 0: none */
    cst_range message;   /* rows of `parts`; count 0: none */
    cst_range who;       /* rows of `names` */
    cst_range witnesses; /* rows of `witnesses` whose elements are reported as spans */
    int64_t within_us;   /* of an approval; 0: none */
    int64_t until_us;    /* of a waiver: counts while event time <= until; INT64_MAX: for ever */
    uint32_t kind;       /* cst_rule_kind */
    uint32_t verdict;    /* cst_verdict; of a permit CST_PERMIT */
    uint32_t shadow;     /* 0 or 1 */
    uint32_t layer;      /* row of `layers` */
    uint32_t principle;  /* row of `principles`, or CST_NONE */
    uint32_t waives;     /* of a waiver: the identity of the rule that it lifts, else CST_NONE */
    /* rows of one declared rule (one for each selector with types of its own) share it */
    uint32_t identity;
    uint32_t line;
    cst_range mark;    /* rows of `parts`: what stands for a cut; of a redaction only */
    uint32_t cut_slot; /* redact FIELD: the slot that is cut whole, else CST_NONE */
    /* 0 or 1: on whole output, or it needs the whole text: a stream is held to its end */
    uint32_t whole;
    uint32_t watch;      /* of a watch: row of `watches`, else CST_NONE */
    uint32_t label;      /* what it notes on the session: row of `labels`, or CST_NONE */
    uint32_t only_label; /* 0 or 1: `then label L`: it notes, and decides nothing */
    /* replace FIELD: the note that holds what comes into cut_slot, else CST_NONE */
    uint32_t put_note;
    /* rows of `leaves`: slots whose values are reported as spans, if they are there */
    cst_range leaves;
    uint32_t asks_past; /* 0 or 1: its condition asks about events that are over */
    uint32_t standing;  /* 1 + row of `standings`; 0: none */
} cst_rule_row;

typedef struct cst_principle_row {
    cst_ref name;
    cst_ref text;
    cst_range maps; /* rows of `names` */
} cst_principle_row;

typedef struct cst_default_row {
    uint32_t verdict;  /* CST_PERMIT, CST_DENY or CST_REQUIRE_APPROVAL */
    uint32_t standing; /* as of a rule */
    cst_range who;     /* rows of `names` */
    int64_t within_us;
} cst_default_row;

typedef struct cst_layer_row { /* the lowest file is row 0, what it extends row 1, and so on */
    cst_ref name;
    cst_ref version;
    cst_default_row defaults[5]; /* by cst_stage */
} cst_layer_row;

typedef enum cst_part_kind {
    CST_PART_TEXT = 0, /* text */
    /* the value of slot `index`, then `property` of it if it is not CST_NONE */
    CST_PART_SLOT = 1,
    /* the element that witness `index` finds, then `field` of it (record) or `property` */
    CST_PART_WITNESS = 2,
    CST_PART_KIND = 3, /* of a mark: the name of the pattern */
    CST_PART_LAST = 4, /* of a mark: the last `index` letters and digits of what was cut */
    /* of a mark: the pattern's name and a number that is the same for the same text in one session
     */
    CST_PART_ALIAS = 5
} cst_part_kind;

typedef struct cst_part_row { /* a piece of a message */
    uint32_t kind;
    uint32_t index;
    uint32_t field;    /* field number in the element's record, or CST_NONE */
    uint32_t property; /* cst_property, or CST_NONE */
    uint32_t type;     /* type row of what is shown */
    uint32_t secret;   /* 0 or 1: found by a pattern marked `secret`, and masked */
    cst_ref text;
} cst_part_row;

/* Finds the elements of a list that make an `any` true: see cst_witness_fn. */
typedef struct cst_witness_row {
    uint32_t function; /* of module.witnesses */
    /* the list's slot, for the JSON pointer; CST_NONE for a list inside an element */
    uint32_t slot;
} cst_witness_row;

typedef struct cst_site_row { /* why a condition could not be decided */
    cst_ref code;             /* "overflow" */
    cst_ref at;               /* the expression as in the source */
} cst_site_row;

/* A context record (`user`): carried by the session from the event that brought it. */
typedef struct cst_record_row {
    cst_ref name;
} cst_record_row;

/* ---- texts: what is looked for in them, and what they may repeat ----------------------------- */

/* All patterns for one view of one field at one stage. */
typedef struct cst_database_row {
    cst_ref bytes;      /* of scan.h; 16-byte aligned */
    cst_range patterns; /* rows of `patterns`, by number in the database */
    uint32_t views;     /* of view.h */
    uint32_t stage;     /* cst_stage */
    uint32_t slot;      /* whose text, or CST_NONE */
    uint32_t unused;
} cst_database_row;

typedef struct cst_pattern_row {
    cst_ref name;    /* what `{kind}` says */
    uint32_t secret; /* 0 or 1: what it finds is masked in messages */
} cst_pattern_row;

typedef struct cst_probe_row { /* what one condition looks for */
    uint32_t database;
    cst_range numbers; /* rows of `probe_patterns`: numbers in the database, ascending */
} cst_probe_row;

typedef enum cst_origin_kind {
    CST_ORIGIN_SYSTEM = 0, /* the system prompt */
    CST_ORIGIN_USER = 1,   /* texts of `input` */
    CST_ORIGIN_OUTPUT = 2, /* texts of `output` */
    CST_ORIGIN_RESULT = 3, /* texts of results of tool `tool` */
    CST_ORIGIN_MESSAGE = 4 /* texts of messages that `agent` sent */
} cst_origin_kind;

typedef struct cst_origin_row {
    uint32_t kind; /* cst_origin_kind */
    uint32_t tool; /* tool number */
    cst_ref agent;
    uint32_t text, value, sender; /* slots that bring its texts; CST_NONE: none */
    uint32_t unused;
    /* rows of `names`: of a RESULT only what stands there in `value`; count 0: all of it */
    cst_range path;
} cst_origin_row;

typedef struct cst_command_row { /* a program and words, "git push" */
    cst_ref text;
    uint32_t program_length;
} cst_command_row;

typedef struct cst_command_list_row { /* what one `runs` looks for */
    cst_range rows;                   /* rows of `commands`, ascending by program */
} cst_command_list_row;

typedef struct cst_echo_row { /* text repeats N chars of ORIGIN */
    cst_range origins;        /* rows of `origins` */
    uint32_t chars;
    uint32_t views;
    uint32_t stages; /* bit k: a rule asks at cst_stage k */
    uint32_t unused;
} cst_echo_row;

/* ---- history --------------------------------------------------------------------------------- */

typedef enum cst_past_kind {
    CST_PAST_EARLIER = 0,
    CST_PAST_COUNT = 1,
    CST_PAST_SUM = 2,
    CST_PAST_DISTINCT = 3,
    CST_PAST_LATEST = 4
} cst_past_kind;

/* One question about what happened before: `count of action pay with same user.id within 1h`. */
typedef struct cst_past_row {
    /* of its meaning, never 0: state is kept across policies where this is the same */
    uint64_t identity;
    int64_t within_us;    /* 0: no window */
    cst_ref text;         /* as written */
    uint32_t kind;        /* cst_past_kind */
    uint32_t first_watch; /* of `steps` rows of `watches`: A, then B of `A followed by B` */
    uint32_t steps;
    uint32_t since;       /* row of `watches`, or CST_NONE */
    uint32_t since_keyed; /* 0 or 1: `since` has the same key */
    uint32_t key_count;   /* values of `with same`, and of `==` with `this` */
    uint32_t across;      /* 0 or 1: across sessions */
    uint32_t bound;       /* events (COUNT, SUM) or values (DISTINCT) kept for one key */
    uint32_t saturates;   /* 0 or 1: more than `bound` need not be told apart */
    uint32_t type;        /* of LATEST: type row of the value, else CST_NONE */
} cst_past_row;

typedef enum cst_watch_mark {
    CST_WATCH_PASSED = 0,  /* events that were let through */
    CST_WATCH_STOPPED = 1, /* refused, denied, halted ones, as they arrived */
    CST_WATCH_APPROVED = 2 /* let through by an approval */
} cst_watch_mark;

typedef struct cst_watch_row { /* one event pattern of one question */
    uint32_t past;             /* row of `pasts` */
    uint32_t step;             /* 0, 1, …; CST_NONE: `since` */
    uint32_t mark;             /* cst_watch_mark */
    uint32_t first_note;       /* of key_count notes, and one more for the value */
    uint32_t key_count;
    uint32_t has_value; /* 0 or 1 */
    uint32_t filtered;  /* 0 or 1: not every event of its stage and tools fits */
    uint32_t unused;
} cst_watch_row;
/* Leaves that `from` tells apart: a leaf belongs to the row with the longest path that leads to it.
 * Rows of one tool stand together. */
typedef struct cst_source_row {
    uint32_t kind;                /* cst_origin_kind */
    uint32_t tool;                /* RESULT: tool number */
    cst_ref agent;                /* MESSAGE */
    cst_range path;               /* as of an origin */
    uint32_t text, value, sender; /* slots that bring its leaves; CST_NONE: none */
    uint32_t unused;
} cst_source_row;

typedef struct cst_from_row { /* V from ORIGIN */
    cst_ref sources;          /* uint64_t words; bit 1 + row of `sources`: any of these */
    uint32_t chars;           /* of a value that is no whole leaf, at least */
    uint32_t echoes; /* 0 or 1: a result that gave back what the agent had written counts */
} cst_from_row;

/* ---- host predicates ------------------------------------------------------------------------- */

/* What the host is asked: `extern toxicity(text: string) returns float within 50ms`. */
typedef struct cst_extern_row {
    cst_ref name;         /* as the host knows it: "toxicity", "platform.toxicity" */
    cst_range parameters; /* rows of `fields` */
    uint32_t type;        /* type row of the answer */
    uint32_t unused;
    int64_t within_us; /* an answer that takes longer is none */
} cst_extern_row;

typedef struct cst_ask_row { /* a rule whose condition asks the host; ascending */
    uint32_t rule;           /* row of `rules` */
    uint32_t predicate;      /* row of `externs` */
} cst_ask_row;

/* ---- the image ------------------------------------------------------------------------------- */

typedef struct cst_image {
    char magic[8];
    uint32_t abi;
    uint32_t size;           /* bytes, this header included */
    uint8_t source_hash[32]; /* SHA-256 over all sources, see docs/architecture.md */
    cst_ref name, version;   /* of the file that was compiled */
    uint32_t slot_count;
    uint32_t memo_count;      /* bytes of frame.memo */
    uint32_t symbol_capacity; /* of symbol_buckets; a power of two, or 0 */
    uint32_t tool_count;      /* with `unknown` */
    uint32_t note_count;      /* of frame.history: values of events that watches note */
    uint32_t declared_rules;  /* rows of `rules` before the first watch */
    /* uint32_t symbol numbers, open addressing from hash & (capacity-1); 0 empty */
    cst_table symbol_buckets;
    cst_table symbols;        /* cst_symbol_row */
    cst_table sets;           /* cst_set_row */
    cst_table types;          /* cst_type_row */
    cst_table fields;         /* cst_field_row */
    cst_table names;          /* cst_ref */
    cst_table nodes;          /* cst_node_row */
    cst_table targets;        /* cst_target_row */
    cst_table slots;          /* cst_slot_row */
    cst_table tools;          /* cst_tool_row, by tool number */
    cst_table groups;         /* cst_group_row, one for each of module.groups */
    cst_table group_rules;    /* uint32_t rule rows */
    cst_table group_lists;    /* uint32_t group numbers */
    cst_table dispatch;       /* cst_dispatch_row */
    cst_table rules;          /* cst_rule_row */
    cst_table principles;     /* cst_principle_row */
    cst_table layers;         /* cst_layer_row */
    cst_table parts;          /* cst_part_row */
    cst_table witnesses;      /* cst_witness_row */
    cst_table sites;          /* cst_site_row */
    cst_table records;        /* cst_record_row */
    cst_table databases;      /* cst_database_row */
    cst_table patterns;       /* cst_pattern_row */
    cst_table probes;         /* cst_probe_row */
    cst_table probe_patterns; /* uint32_t */
    cst_table origins;        /* cst_origin_row */
    cst_table echoes;         /* cst_echo_row */
    cst_table pasts;          /* cst_past_row */
    cst_table watches;        /* cst_watch_row */
    cst_table labels;         /* cst_ref: names of labels that rules give or ask for */
    cst_table sources;        /* cst_source_row */
    cst_table froms;          /* cst_from_row */
    cst_table leaves;         /* uint32_t slots */
    cst_ref results;          /* as cst_from_row.sources: those that are results */
    uint32_t from_types;      /* of provenance.h: kinds of values that are asked for */
    /* slots of `agent`, and of a message's `from` and `to`; CST_NONE: no rule reads `chain` */
    uint32_t chain_agent, chain_sender, chain_receiver;
    /* slot of the arguments of calls as open data; CST_NONE: no echo has to be known */
    uint32_t from_args;
    cst_table commands;      /* cst_command_row */
    cst_table command_lists; /* cst_command_list_row */
    /* cst_extern_row; if there are any, row 0 of `sites` stands for what has not been asked */
    cst_table externs;
    cst_table asks;        /* cst_ask_row */
    cst_table standings;   /* cst_standing_row */
    cst_table index_words; /* uint32_t: rule indexes, see index.h; word 0 is none */
    cst_stage_row stages[5];
} cst_image;

#define CST_ROWS(image, table, type)                                                               \
    ((const type *)(const void *)((const char *)(image) + (image)->table.offset))
#define CST_TEXT(image, ref) ((const char *)(image) + (ref).offset)

/* ---- evaluation ------------------------------------------------------------------------------ */

/* A rule that fired: `reason` is CST_TRUE, or the undecided truth of its condition. */
typedef struct cst_hit {
    uint32_t rule;
    cst_truth reason;
} cst_hit;

struct cst_services;

/* What compiled code sees. Slot values first, then where results go. The runtime fills it for one
 * event. */
typedef struct cst_frame {
    const cst_value *slots; /* image.slot_count values; absent ones are all zero */
    cst_hit *hits;          /* room for all rules */
    uint32_t hit_count;
    uint32_t unused;
    /* image.memo_count bytes, zero when the event begins; for the group's own use */
    uint8_t *memo;
    const struct cst_services *services;
    const cst_image *image;
    void *engine;  /* cst_module.engine: the reference evaluator's own */
    void *scratch; /* cst_scratch: memory for joined strings */
    /* runtime/text/texts.h: what has been scanned; NULL: the policy looks into no text */
    struct cst_texts *texts;
    /* runtime/history/history.h; NULL: the policy asks nothing about the past */
    struct cst_history *history;
    struct cst_host *host; /* runtime/host/host.h; NULL: the policy asks nothing of the host */
} cst_frame;

/* Evaluates one group: appends a hit for each rule (or waiver) whose condition is true, or is
 * undecided and the rule restricts. A permit or waiver that is undecided appends nothing. */
typedef void (*cst_eval_fn)(cst_frame *frame, uint32_t group);

/* Rules first..end-1 of a bundle, a piece of a group that has an index: as cst_eval_fn. */
typedef void (*cst_bundle_fn)(cst_frame *frame, uint32_t first, uint32_t end);

/* The first element at or behind `from` for which the body of an `any` is true; failing that over
 * the whole list, undecided. UINT32_MAX: none. *out is the element itself. Pure: evaluates afresh,
 * only called to report a rule that fired. */
typedef uint32_t (*cst_witness_fn)(cst_frame *frame, uint32_t witness, uint32_t from,
                                   const cst_value **out);

/* Marks, through services, the texts that made a rule true: those of its positive conditions that
 * hold. Only called for a rule that fired with CST_TRUE, to report and to cut. */
typedef void (*cst_mark_fn)(cst_frame *frame, uint32_t rule);

/* Collects, through services, the questions whose answers can change the truth of a rule. Only
 * called for a rule that is not settled. */
typedef void (*cst_ask_fn)(cst_frame *frame, uint32_t rule);

typedef struct cst_module {
    char magic[8];       /* CST_MODULE_MAGIC */
    uint32_t abi;        /* CST_ABI_VERSION */
    uint32_t value_size; /* sizeof(cst_value) */
    const cst_image *image;
    const cst_eval_fn *groups;       /* image.groups.count functions */
    const cst_witness_fn *witnesses; /* functions that image.witnesses name */
    /* by rule row, NULL where the rule marks nothing; NULL if no rule does */
    const cst_mark_fn *marks;
    void *engine; /* NULL for native code */
    /* by rule row, NULL where the rule asks nothing; NULL if no rule does */
    const cst_ask_fn *asks;
} cst_module;

/* ---- services -------------------------------------------------------------------------------- */

/*
 * What compiled code may call: everything that is not a load, a comparison of numbers or a branch.
 * One row in services.def each; the native code reaches them by their index in this struct, the
 * reference evaluator by name.
 */
typedef struct cst_services {
#define SERVICE(result, name, arguments, cost, comment) result(*name) arguments;
#include "runtime/services.def"
#undef SERVICE
} cst_services;

extern const cst_services cst_runtime_services;

#endif

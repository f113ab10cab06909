/*
 * ast.h - the syntax tree of one file, exactly as the grammar of docs/language.md has it.
 *
 * A common head and one small struct a kind. The parser's actions only call the ast_* functions of
 * ast.c; nothing here is resolved, typed or checked. Nodes live in the compilation's arena and are
 * never changed after parsing: later passes build their own trees (checked.h) and point back here
 * by range.
 *
 * Layer 1 of the compiler.
 */
#ifndef CONSTITUTION_COMPILER_AST_H
#define CONSTITUTION_COMPILER_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/source.h"
#include "runtime/include/constitution.h"

/* A name, key or string with its place. Not NUL-terminated data may hold NUL: use length. */
typedef struct ast_text {
    const char *bytes; /* decoded; NUL-terminated for convenience */
    uint32_t length;
    source_range range; /* with its quotes, if it has any */
    bool quoted;        /* was a STRING */
} ast_text;

typedef struct ast_texts { /* a list of names or strings */
    ast_text *items;
    uint32_t count;
} ast_texts;

typedef struct ast_path { /* (NAME | "this") { "." key }; items[0] may be "this" */
    ast_text *items;
    uint32_t count;
    source_range range;
} ast_path;

/* ---- types ----------------------------------------------------------------------------------- */

typedef enum ast_type_kind { AST_TYPE_NAME, AST_TYPE_GENERIC, AST_TYPE_RECORD } ast_type_kind;

typedef struct ast_type {
    ast_type_kind kind;
    source_range range;
    ast_text name;             /* NAME, GENERIC */
    struct ast_type *argument; /* GENERIC: list<T>, set<T> */
    struct ast_field *fields;  /* RECORD */
    uint32_t field_count;
    bool has_bound;
    int64_t bound; /* T(N) */
    source_range bound_range;
} ast_type;

typedef struct ast_field {
    ast_text key;
    bool optional;
    ast_type *type;
} ast_field;

typedef struct ast_fields {
    ast_field *items;
    uint32_t count;
    source_range range;
} ast_fields;

/* ---- expressions: cond, unary, test, value, prim, atom in one tree --------------------------- */

typedef enum ast_expression_kind {
    AST_PATH,       /* path */
    AST_CALL,       /* path(arguments){.keys} */
    AST_STRING,     /* text */
    AST_REGEX,      /* text: between the slashes, not decoded */
    AST_INT,        /* integer; the minus sign is folded in */
    AST_DECIMAL,    /* number as text: "-12.50" */
    AST_DURATION,   /* integer microseconds */
    AST_BOOL,       /* integer 0 or 1 */
    AST_SET,        /* items */
    AST_ELSE,       /* left else right */
    AST_ARITHMETIC, /* operator (+ - *), left, right */
    AST_COMPARE,    /* operator (== != < <= > >=), left, right */
    AST_IN,         /* left [not] in right; negated */
    AST_CONTAINS,   /* left contains [any] right; any */
    AST_MATCHES,    /* left matches right */
    AST_STARTS,     /* left starts with right */
    AST_ENDS,       /* left ends with right */
    AST_INSIDE,     /* left [not] inside right; negated */
    AST_RUNS,       /* left runs [any|only] right; mode */
    AST_REPEATS,    /* left repeats INTEGER chars of source */
    /* left [not] from source [down to INTEGER chars]; negated; integer 0: no bound given */
    AST_FROM,
    AST_IS,         /* left is present | absent | TYPE name; text is the word */
    AST_HAS,        /* left has LABEL (session has probing); text is the label */
    AST_QUANTIFIER, /* any|all text(variable) in left satisfies right; any */
    AST_EARLIER,    /* [no] earlier past; negated */
    AST_OF,         /* path of left | path of past | path of path2 over past */
    AST_VIEW,       /* left folded | decoded; text is the word */
    AST_NOT,        /* not left */
    AST_AND,        /* items, two or more */
    AST_OR,         /* items, two or more */
    AST_ERROR       /* what could not be parsed; already reported */
} ast_expression_kind;

typedef enum ast_operator {
    AST_OP_ADD,
    AST_OP_SUBTRACT,
    AST_OP_MULTIPLY,
    AST_OP_EQ,
    AST_OP_NE,
    AST_OP_LT,
    AST_OP_LE,
    AST_OP_GT,
    AST_OP_GE
} ast_operator;

typedef enum ast_runs_mode { AST_RUNS_PLAIN, AST_RUNS_ANY, AST_RUNS_ONLY } ast_runs_mode;

typedef struct ast_expression ast_expression;

typedef struct ast_expressions {
    ast_expression **items;
    uint32_t count;
} ast_expressions;

struct ast_expression {
    ast_expression_kind kind;
    source_range range;
    source_range operator_range; /* of the operator's words, where there is one */
    ast_operator op;
    ast_runs_mode mode;
    bool negated; /* not in, not inside, not from, no earlier */
    bool any;     /* contains any; quantifier `any` rather than `all` */
    bool parenthesised;
    /* levels of nodes from here down; at most LIMIT_PARSE_DEPTH, so that a tree can be walked by
     * recursion */
    uint32_t depth;
    int64_t integer;
    ast_text text;
    ast_path path;     /* PATH, CALL (callee), OF (the word(s) before `of`) */
    ast_path of_field; /* OF … over: the field */
    ast_texts keys;    /* CALL: .keys behind the call */
    ast_expression *left, *right;
    ast_expressions items;     /* SET, AND, OR, CALL arguments */
    struct ast_source *source; /* REPEATS, FROM */
    struct ast_past *past;     /* EARLIER, OF over history */
};

/* source = NAME | result of tool{.key} | result tagged NAME | message of NAME | output */
typedef enum ast_source_kind {
    AST_SOURCE_NAME,
    AST_SOURCE_RESULT,
    AST_SOURCE_TAGGED,
    AST_SOURCE_MESSAGE,
    AST_SOURCE_OUTPUT
} ast_source_kind;

typedef struct ast_source {
    ast_source_kind kind;
    source_range range;
    ast_text name;  /* NAME, tool, tag, agent */
    ast_texts keys; /* RESULT: .field */
} ast_source;

typedef struct ast_sources {
    ast_source **items;
    uint32_t count;
} ast_sources;

/* One event selector: stage [tool {or tool} | tagged NAME] */
typedef struct ast_event {
    cst_stage stage;
    source_range range;
    ast_texts tools;
    bool tagged;
    ast_text tag;
} ast_event;

typedef struct ast_stages {
    bool whole; /* whole output */
    ast_event *items;
    uint32_t count;
    source_range range;
} ast_stages;

/* ---- history --------------------------------------------------------------------------------- */

typedef enum ast_mark { AST_MARK_NONE, AST_MARK_STOPPED, AST_MARK_APPROVED } ast_mark;

typedef struct ast_pattern {
    ast_mark mark;
    ast_event event;
    ast_expression *where; /* or NULL */
    source_range range;
} ast_pattern;

typedef struct ast_past {
    ast_pattern *followed; /* A followed by B followed by C: three */
    uint32_t followed_count;
    ast_path *same;
    uint32_t same_count;
    ast_pattern *since; /* or NULL */
    bool across_sessions;
    bool has_within;
    int64_t within_us;
    source_range range;
} ast_past;

/* ---- effects --------------------------------------------------------------------------------- */

/* …, or standing within D for at most N uses with same PATH across sessions free (A, B) */
typedef struct ast_standing {
    int64_t within_us;
    ast_expression *uses; /* INT; or NULL */
    bool across;
    ast_path same;  /* if `across` */
    ast_texts free; /* count 0: none */
    source_range range;
} ast_standing;

typedef struct ast_ask { /* require approval from A or B within D */
    ast_texts who;
    bool has_within;
    int64_t within_us;
    ast_standing *standing; /* or NULL */
    source_range range;
} ast_ask;

typedef enum ast_effect_kind {
    AST_EFFECT_FLAG,
    AST_EFFECT_LABEL,
    AST_EFFECT_REDACT,
    AST_EFFECT_REPLACE,
    AST_EFFECT_ASK,
    AST_EFFECT_ESCALATE,
    AST_EFFECT_REFUSE,
    AST_EFFECT_DENY,
    AST_EFFECT_HALT
} ast_effect_kind;

typedef struct ast_effect {
    ast_effect_kind kind;
    source_range range;
    bool has_path;
    ast_path path; /* redact FIELD, replace FIELD */
    bool has_text;
    ast_text text;         /* redact with, offering, label name, escalate to */
    ast_expression *value; /* replace with */
    /* `standing` may follow the other effects too: the checker says what is wrong with that */
    ast_ask ask;
} ast_effect;

/* ---- JSON values of tests: may hold bare enum names ------------------------------------------ */

typedef enum ast_json_kind {
    AST_JSON_NULL,
    AST_JSON_BOOL,
    AST_JSON_NUMBER,
    AST_JSON_STRING,
    AST_JSON_NAME,
    AST_JSON_LIST,
    AST_JSON_OBJECT
} ast_json_kind;

typedef struct ast_json {
    ast_json_kind kind;
    source_range range;
    bool boolean;
    ast_text text;           /* NUMBER as written, STRING decoded, NAME */
    ast_text *keys;          /* OBJECT */
    struct ast_json **items; /* LIST, OBJECT */
    uint32_t count;
} ast_json;

/* ---- test steps ------------------------------------------------------------------------------ */

typedef enum ast_step_kind {
    AST_STEP_GIVEN,
    AST_STEP_SYSTEM,
    AST_STEP_INPUT,
    AST_STEP_OUTPUT,
    AST_STEP_ACTION,
    AST_STEP_RESULT,
    AST_STEP_MESSAGE,
    AST_STEP_WAIT,
    AST_STEP_APPROVED,
    AST_STEP_EXPECT,
    AST_STEP_EXPECT_TEXT
} ast_step_kind;

typedef struct ast_step {
    ast_step_kind kind;
    source_range range;
    /* GIVEN: record or extern; ACTION, RESULT: tool; MESSAGE: sender; APPROVED: by; EXPECT_TEXT:
     * "text" or a field */
    ast_text name;
    ast_text agent; /* INPUT, ACTION `as NAME`: bytes NULL if none; MESSAGE: receiver */
    /* SYSTEM, INPUT, OUTPUT, RESULT, MESSAGE, EXPECT_TEXT; bytes NULL if none */
    ast_text text;
    ast_json *json;      /* GIVEN, ACTION, RESULT's arguments; or NULL */
    ast_json *value;     /* RESULT value */
    bool fails;          /* GIVEN NAME fails */
    bool standing;       /* APPROVED by NAME standing */
    int64_t wait_us;     /* WAIT */
    cst_verdict verdict; /* EXPECT */
    bool expects_label;  /* EXPECT label NAME: name is the label */
    bool malformed;      /* EXPECT malformed */
    ast_path *by;        /* EXPECT … by: a path, or the single name "default" */
    uint32_t by_count;
} ast_step;

/* ---- declarations ---------------------------------------------------------------------------- */

typedef enum ast_kind {
    AST_CONSTITUTION, /* name, text: version */
    AST_EXTENDS,      /* text */
    AST_IMPORT,       /* path */
    AST_IMPORT_TOOLS, /* text */
    AST_PRINCIPLE,    /* name, text, texts: maps */
    AST_ENUM,         /* name, texts: values */
    AST_AGENTS,       /* texts */
    AST_CONTEXT,      /* name, fields */
    AST_TOOL,         /* texts: tools, has_parameters, fields, type: returns or NULL, tags */
    AST_SET_DECL,     /* name, expression (AST_SET), or from_file and text */
    /* name, texts: regexes (AST_REGEX texts), checked_by, above, after, after_within, secret */
    AST_PATTERN,
    AST_ORIGIN,    /* name, sources */
    AST_DEFINE,    /* name, fields: parameters, expression */
    AST_EXTERN,    /* name, fields, type, duration_us */
    AST_DEFAULT,   /* stages.items[0], verdict PERMIT, DENY or REQUIRE_APPROVAL, ask */
    AST_APPROVALS, /* texts */
    AST_PERMIT,    /* name, stages, shadow, when, unless */
    /* name, stages, under, shadow, waivable, when, unless, effect, label, because */
    AST_RULE,
    AST_WAIVE, /* path, until, when, because */
    AST_TEST   /* text: title, steps */
} ast_kind;

typedef struct ast_declaration {
    ast_kind kind;
    source_range range;
    ast_text name;
    ast_text text;
    ast_texts texts;
    ast_texts tags;
    ast_path path;
    ast_fields fields;
    bool has_parameters;
    ast_type *type;
    ast_expression *expression;
    bool from_file;
    ast_text checked_by;          /* bytes NULL if none */
    ast_expression *above;        /* of the check: INT or DECIMAL; or NULL */
    ast_texts after;              /* words before a match */
    ast_expression *after_within; /* INT; or NULL */
    bool secret;
    ast_sources sources;
    int64_t duration_us;
    ast_stages stages;
    cst_verdict verdict;
    ast_ask ask;
    ast_text under; /* bytes NULL if none */
    bool shadow;
    bool waivable;
    ast_expression *when;   /* or NULL */
    ast_expression *unless; /* or NULL */
    ast_effect effect;
    ast_text label;   /* … and label NAME: bytes NULL if none */
    ast_text because; /* bytes NULL if none */
    ast_text until;   /* bytes NULL if none */
    ast_step *steps;
    uint32_t step_count;
} ast_declaration;

typedef struct ast_file {
    uint32_t source; /* index into the compilation's sources */
    ast_declaration **items;
    uint32_t count;
    bool has_errors; /* something in it could not be parsed */
} ast_file;

#endif

/*
 * tools.h - what the files that read declared and imported tools share.
 *
 * The tools of one layer are drafted first: imports, then what the file itself says about them.
 * Only then are they merged into the policy, where another layer may have put a tool of the same
 * name. So "narrows an import" (within a layer) and "must agree" (between layers) stay two things.
 */
#ifndef CONSTITUTION_COMPILER_CHECK_TOOLS_H
#define CONSTITUTION_COMPILER_CHECK_TOOLS_H

#include "compiler/check/check.h"
#include "runtime/json.h"

typedef struct name_table { /* from names to numbers */
    uint32_t *slots;        /* number of the entry + 1; 0 is empty */
    uint32_t capacity;      /* a power of two, or 0 */
    struct {
        struct name_entry {
            const char *name;
            uint32_t length, number;
        } *items;
        uint32_t count, capacity;
    } entries;
} name_table;

uint32_t name_table_find(const name_table *table, const char *name, size_t length); /* CST_NONE */
void name_table_add(arena *arena, name_table *table, const char *name, uint32_t number);

typedef struct tool_tags {
    const char **items;
    uint32_t count, capacity;
    name_table names;
} tool_tags;

/* The tag of tools that take no other arguments than their parameters. */
#define TAG_CLOSED "closed"

typedef struct tool_draft {
    const char *name;
    source_range range;     /* of its name where it was first declared */
    const type *parameters; /* RECORD, or NULL: open */
    const type *returns;    /* or NULL */
    tool_tags tags;
    bool imported;
    bool declared; /* a `tool` of this file gave its parameters */
    source_range declared_range;
} tool_draft;

typedef struct tool_drafts { /* of one layer */
    struct {
        tool_draft *items;
        uint32_t count, capacity;
    } list;
    name_table names;
} tool_drafts;

typedef struct declarations { /* checker.declarations */
    name_table tools;         /* of the policy */
    tool_drafts *drafts;      /* of the layer in hand */
    bool too_many;            /* LIMIT_TOOLS was reported */
} declarations;

tool_draft *tool_draft_find(const tool_drafts *drafts, const char *name);
tool_draft *tool_draft_add(checker *checker, const char *name, source_range range);
void tool_tag_add(checker *checker, tool_tags *tags, const char *tag);

/* ---- declarations.c, tools.c ----------------------------------------------------------------- */

void tools_check(checker *checker);                              /* the tools of all layers */
const char *tool_as_written(checker *checker, const char *name); /* quoted if it is no identifier */
void tool_report_unknown(checker *checker, const ast_text *name);
/* the same type, also of two files that both declare its enums */
bool types_agree(const type *a, const type *b);
/* The fields of both; reports those that both have with different types. `what` and `name` are for
 * messages. */
const type *records_merge(checker *checker, const type *upper, const type *lower, const char *what,
                          const char *name);

/* ---- tools_schema.c -------------------------------------------------------------------------- */

typedef struct schema_reader {
    checker *checker;
    uint32_t source;
    const cst_json *file; /* the whole file: where references may lead too */
    const cst_json *root; /* the schema of the tool in hand */
    /* being followed */
    struct schema_reference {
        const cst_json *target;
        const struct schema_reference *outer;
    } const *open;
    uint32_t steps; /* schemas read for the tool in hand, against LIMIT_SCHEMA_STEPS */
} schema_reader;

/* The type that a JSON Schema describes; *nullable is set if null is among its values. What it says
 * beyond the types of this language leaves the type open (json). Never NULL. */
const type *schema_type(schema_reader *reader, const cst_json *schema, uint32_t depth,
                        bool *nullable);
/* A place in the file, for diagnostics. */
source_range schema_range(const schema_reader *reader, const cst_json *value);
/* The JSON pointer of a place in the file; arena memory. */
const char *schema_pointer(const schema_reader *reader, const cst_json *value);

/* tests_missing.c: an action or result of a test without what some rule for it reads. */
void test_event_missing(checker *checker, const ast_step *step, uint32_t tool,
                        const ast_json *arguments);

#endif

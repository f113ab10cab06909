/*
 * check.h - the inside of the check pass: from syntax trees to the checked policy.
 *
 * The pass is split by what it looks at: modules.c (files, imports, layers, one namespace a file),
 * declarations.c (everything that is no condition), tools_import.c (MCP, OpenAI, JSON Schema),
 * sets.c, types.c, scope.c (what a path means at a stage and for a tool), expression*.c
 * (conditions: types, literals, guards), rules.c (rules, permits, waivers, their bodies and
 * messages), tests.c (test blocks), warnings.c, cost.c. This header is what they share; nobody
 * outside of check/ includes it.
 */
#ifndef CONSTITUTION_COMPILER_CHECK_CHECK_H
#define CONSTITUTION_COMPILER_CHECK_CHECK_H

#include "compiler/checked.h"
#include "compiler/row_index.h"

/* ---- names ----------------------------------------------------------------------------------- */

typedef enum symbol_kind {
    SYMBOL_MODULE,    /* import std.net makes `net`; unit */
    SYMBOL_PRINCIPLE, /* number: in checked_policy.principles */
    SYMBOL_ENUM,      /* enumeration */
    SYMBOL_CONTEXT,   /* number: in checked_policy.records */
    SYMBOL_SET,       /* set */
    SYMBOL_PATTERN,
    SYMBOL_ORIGIN,
    SYMBOL_DEFINE, /* declaration: parameters and body */
    SYMBOL_EXTERN,
    /* rules and permits, a namespace of their own; number: in checked_policy.rules once checked */
    SYMBOL_RULE,
} symbol_kind;

typedef struct set_element { /* one element of a declared set, not yet read as a type */
    /* STRING, INT, DECIMAL, DURATION, or PATH for a bare name (enum value, agent) */
    ast_expression_kind kind;
    ast_text text;
    ast_path path; /* PATH: the whole name; `pii.personal` names a pattern or a set */
    int64_t integer;
} set_element;

typedef struct set_declaration { /* inline or from a file */
    const char *name;
    set_element *elements;
    uint32_t count;
    bool from_file; /* elements are bare lines: each is whatever the type makes of it */
    /* could not be read, which is reported: nothing is said about what uses it */
    bool lost;
    source_range range;
    /* cache of set_as_type */
    struct {
        const type **types;
        uint32_t *numbers;
        uint32_t count, capacity;
    } readings;
} set_declaration;

typedef struct unit unit;

typedef struct symbol {
    symbol_kind kind;
    const char *name;
    source_range range;                 /* of the name */
    const ast_declaration *declaration; /* NULL for a MODULE */
    unit *home;                         /* where it was declared */
    bool used;                          /* for the warning about unused names */
    unit *module;                       /* MODULE */
    uint32_t number;                    /* PRINCIPLE, CONTEXT, RULE; CST_NONE before it has one */
    enumeration *enumeration;
    set_declaration *set;
    /* PATTERN: as it is, and for the view `folded`; NULL before they are asked for */
    checked_pattern *patterns[2];
    bool broken; /* PATTERN: its expression has an error, which is reported */
} symbol;

struct unit { /* one file: one namespace, and one of rules */
    ast_file *file;
    const char *name; /* of its `constitution`, or of the module */
    const char *version;
    uint32_t source;
    bool is_module; /* imported: its rules, permits, defaults and tests are an error */
    uint32_t layer; /* of a layer file */
    unit *upper;    /* what it extends, or NULL */
    struct {
        symbol **items;
        uint32_t count, capacity;
    } symbols;
    struct {
        uint32_t *slots;
        uint32_t capacity;
    } index; /* hash table over symbols */
};

typedef struct checker {
    compilation *compilation;
    arena *arena; /* the compilation's */
    checked_policy *policy;
    struct {
        unit **items;
        uint32_t count, capacity;
    } units; /* in the order they were read */
    struct {
        unit **items;
        uint32_t count, capacity;
    } layers; /* 0 is the file itself */
    struct {
        struct view_use {
            const symbol *symbol;
            unsigned views;
            source_range range;
        } *items;
        uint32_t count, capacity;
    } view_uses;         /* of the library's patterns and sets, by whoever is no library */
    enumeration *agents; /* all layers' `agents`, or NULL if none is declared */
    enumeration *weekdays;
    const type *lost_type; /* types.c; NULL before it is needed */
    struct {
        ast_text *items;
        uint32_t count, capacity;
    } channels;                    /* approvals by */
    void *channel_names;           /* declarations.c: the same by name */
    uint32_t node_count;           /* against LIMIT_EXPRESSION_NODES */
    void *types;                   /* types.c: interning */
    void *slots;                   /* scope.c: slots by key */
    void *declarations;            /* declarations.c: tools by name */
    row_index databases, probes;   /* patterns.c: those of the policy */
    struct name_table *lost_names; /* of modules that could not be read; NULL: none */
    /* become rules when all others are there */
    struct {
        rule *items;
        uint32_t count, capacity;
    } watches;
    struct {
        const char **items;
        uint32_t count, capacity;
    } tags_read; /* by rules, origins and questions about the past; some more than once */
    /* the quantifier that was checked last, and the rule that it stood in: for names behind its end
     */
    const ast_expression *last_quantifier;
    source_range last_rule;
    bool tools_lost; /* a file of tools had errors */
    bool upper_lost; /* a file that is extended could not be read */
} checker;

/* modules.c */
unit *unit_load(checker *checker, uint32_t source, bool is_module, const source_range *from);
/* A declared name of the unit that is no rule, or NULL; does not mark it used. */
symbol *unit_find(const unit *unit, const char *name, size_t length);
/* a rule or permit of the unit, or NULL */
symbol *unit_find_rule(const unit *unit, const char *name, size_t length);
/* Resolves the start of a path as a name of this unit, of a module (`net.private`) or of an upper
 * layer (`platform.NAME`); *used is how many keys were taken. Marks it used. NULL: not a declared
 * name (nothing is reported). */
symbol *unit_resolve(checker *checker, unit *unit, const ast_path *path, uint32_t *used);
/* A path that `by` or `waive` names: a rule of this unit, or of an upper layer (`platform.NAME`);
 * NULL: none. */
symbol *unit_resolve_rule(const unit *unit, const ast_path *path);
/* Reads a file that a declaration names, beside the unit's own. UINT32_MAX after an error, which is
 * reported. */
uint32_t unit_read_beside(checker *checker, const unit *unit, const ast_text *path);
bool unit_is_library(const unit *unit); /* has no `constitution` and only what a module may hold */
/* Names of one kind that stand in the unit, for suggestions. `kinds` is a bit set of 1 <<
 * symbol_kind. */
const char *const *unit_names(checker *checker, const unit *unit, uint32_t kinds, uint32_t *count);
/* The name of one of these kinds that was probably meant, of the unit or of the module that the
 * path begins with, whole; NULL: none is near. */
const char *unit_nearest(checker *checker, const unit *unit, const ast_path *path, uint32_t kinds);

/* declarations.c: principles, enums, agents, contexts, tools, sets, defaults, approvals of all
 * units */
void declarations_check(checker *checker);
/* Tool number by name, CST_NONE if there is none. 0 is `unknown`: as a name it finds number 0. */
uint32_t tool_find(const checker *checker, const char *name, size_t length);
/* the tag of tools that no rule need mention */
#define TAG_READS "reads"
bool tool_has_tag(const tool *tool, const char *tag, size_t length);
/* Resolves the tools of a selector; reports unknown tools and tags. False if nothing is left. */
bool selector_resolve(checker *checker, const ast_event *event, selector *out);
uint32_t principle_find(checker *checker, unit *unit, const ast_text *name); /* reports; CST_NONE */
/* reports who is asked though no channel is declared */
bool channels_check(checker *checker, const ast_texts *who);

/* reports names that stand twice in one list */
void duplicates_check(checker *checker, const ast_texts *texts, const char *what);

/* standing.c: what a demand offers beside an approval for one action */
/* NULL: none, or an error */
const checked_standing *standing_read(checker *checker, const ast_standing *ast);
void standing_check_tools(checker *checker, const ast_standing *ast, const selector *selector);
void standing_check_default(checker *checker, const ast_standing *ast, cst_stage stage);
void standing_refuse_effect(checker *checker, const ast_effect *effect);

/* tools_import.c: adds the tools of a file to policy.tools */
void tools_import(checker *checker, unit *unit, const ast_declaration *declaration);

/* types.c */
const type *type_scalar(checker *checker, cst_kind kind, uint32_t bound);
const type *type_list(checker *checker, const type *element, uint32_t bound);
const type *type_record(checker *checker, const type_field *fields, uint32_t count);
const type *type_enum(checker *checker, enumeration *enumeration);
const type *type_agent(checker *checker);
/* Where a rule reads `chain`, who acts is read too, and who sends messages to whom. */
void scope_read_chain(checker *checker);
/* A written type; reports and answers NULL if it is none. */
const type *type_resolve(checker *checker, unit *unit, const ast_type *type, uint32_t depth);
const char *type_name(checker *checker, const type *type); /* as one writes it: "list<email>(50)" */
const char *type_with_article(checker *checker, const type *type); /* "a string", "an email" */
/* Stands for the type of a field whose declaration had an error: what reads such a field is not
 * judged. */
bool type_is_lost(const checker *checker, const type *type);
/* that type in the place of NULL */
const type *type_or_lost(checker *checker, const type *resolved);
/* STRING, AGENT and the identity types: compared by bytes */
bool type_is_text(const type *type);
bool type_is_identity(const type *type);               /* EMAIL URL HOST PATH IP */
bool type_is_number(const type *type);                 /* INT DECIMAL FLOAT */
uint32_t type_row(checker *checker, const type *type); /* adds it to policy.types if it is new */

/* sets.c */
set_declaration *set_read(checker *checker, unit *unit, const ast_declaration *declaration);
/* The number in policy.sets of a set read as elements of `type`; reports elements that are no such
 * value. CST_NONE after an error. */
uint32_t set_as_type(checker *checker, unit *unit, set_declaration *set, const type *type,
                     source_range use);
/* a set written in a condition */
set_declaration *set_of_literal(checker *checker, const ast_expression *set);

/* warnings_views.c */
/* Remembers that `where` looks for this pattern or set on these views. */
void view_use(checker *checker, const unit *where, const symbol *symbol, unsigned views,
              source_range range);

/* patterns.c */
/* What a pattern, a set or a literal in a condition stands for, as patterns for these views. False
 * after an error, which is reported. */
bool wanted_of_symbol(checker *checker, symbol *symbol, unsigned views, source_range use,
                      wanted *out);
bool wanted_of_phrase(checker *checker, const ast_text *text, unsigned views, wanted *out);
bool wanted_of_regex(checker *checker, const ast_text *text, unsigned views, wanted *out);
bool wanted_of_set(checker *checker, unit *home, const set_declaration *set, unsigned views,
                   source_range use, wanted *out);
/* `urls of`, `emails of`, `numbers of`. */
bool wanted_of_builtin(checker *checker, const char *word, unsigned views, source_range use,
                       wanted *out);
/* Says of slow patterns what they cost; for what looks through whole texts. */
void slow_warn(checker *checker, const wanted *wanted);
/* The number of the probe that looks for these in texts of a slot (or CST_NONE) at a stage. */
uint32_t probe_commit(checker *checker, cst_stage stage, uint32_t slot, const wanted *wanted);
/* All declared patterns of the unit that nothing used are checked too, so that an error in them is
 * known. */
void patterns_check(checker *checker);

/* expression*.c: literals */
/* A literal read as `type`, canonical; reports at its range and answers false if it is no such
 * value. */
bool literal_read(checker *checker, unit *unit, const set_element *literal, source_range range,
                  const type *type, cst_value *out);

/* past.c: the labels that rules give, before any condition asks for one; and the watches as rules,
 * after all */
void labels_collect(checker *checker);
/* CST_NONE: no rule gives it */
uint32_t label_find(const checker *checker, const char *name, size_t length);
void label_unknown(checker *checker, const ast_text *name); /* reports */
void watches_finish(checker *checker);

/* extern.c: host predicates of all units; before any condition is checked */
void externs_check(checker *checker);

/* rules.c */
void rules_check(checker *checker); /* all rules, permits and waivers of all layers */

/* verify.c: whether the policy keeps the promises of checked.h; *why names the first that it
 * breaks. For debug builds. */
bool check_verify(const checked_policy *policy, const char **why);

/* cascade.c */
/* what is called so was lost to an error that is reported */
void lost_name_add(checker *checker, const char *name);
void cascades_drop(checker *checker); /* takes back the reports that only follow from others */

/* tests.c */
void tests_check(checker *checker); /* of the file itself */

/* streams.c: which bodies can be decided while a reply is still coming */
const char *body_needs_whole(const checked_policy *policy, const rule_body *body);
/* the field `text` */
bool expression_is_text(const checked_policy *policy, const expression *value);
void streams_check(checker *checker);

/* warnings.c: what needs the whole policy */
void warnings_check(checker *checker);

#endif

/*
 * expression.h - what the files that check conditions share.
 *
 * A condition is checked in three steps. First the syntax tree is turned into an expression tree
 * with every name, type and literal resolved (expression*.c); a definition is replaced by its body
 * there. Then guards.c walks that tree and asks for a guard wherever something that may be absent
 * is used. Only a tree that passed both is committed (expression_commit.c): its fields become slots
 * of the policy, its undecidable nodes get sites. So a tree that was built in vain, for a group of
 * tools that turned out to differ, leaves nothing behind.
 *
 * Until then EXPRESSION_FIELD.slot is the number of a candidate (scope.c), not of a slot.
 *
 * Private to the condition half of check/.
 */
#ifndef CONSTITUTION_COMPILER_CHECK_EXPRESSION_H
#define CONSTITUTION_COMPILER_CHECK_EXPRESSION_H

#include <string.h>

#include "compiler/check/check.h"
#include "runtime/identity.h"
#include "runtime/limits.h"

/* A name with a length, the form in which paths are walked. */
typedef struct key {
    const char *bytes; /* NUL-terminated */
    uint32_t length;
} key;

static inline bool key_is(key key, const char *text)
{
    return strlen(text) == key.length && memcmp(key.bytes, text, key.length) == 0;
}

static inline bool keys_equal(key a, key b)
{
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

static inline key key_of(const ast_text *text)
{
    return (key){text->bytes, text->length};
}

static inline bool ranges_equal(source_range a, source_range b)
{
    return a.file == b.file && a.start == b.start && a.end == b.end;
}

/* ---- scope.c --------------------------------------------------------------------------------- */

/* A field that some tree reads: a slot to be. */
typedef struct candidate {
    const char *path;  /* as written, without `this` */
    key *names;        /* "sender" */
    const char **keys; /* "from" */
    uint32_t count;
    const type *type;
    bool open;
    uint32_t slot; /* in policy.slots, or CST_NONE before it is committed */
} candidate;

typedef struct mask_entry {
    uint32_t candidate;
    uint64_t optional;
} mask_entry;

/* Where a condition is decided: one stage, and for actions and results the tools whose types agree
 * so far. Tools whose types turn out to differ move to `deferred` and get a body of their own. */
typedef struct scope {
    checker *checker;
    cst_stage stage;
    bool has_tools; /* action or result */
    bool every_tool;
    bool any_stage; /* a definition that nothing calls: fields of single stages are not judged */
    uint32_t *tools;
    uint32_t tool_count;
    uint32_t *deferred;
    uint32_t deferred_count;
    uint32_t all_count;       /* tools of the whole selector */
    const ast_stages *stages; /* of the rule, for messages; may be NULL */
    struct {
        mask_entry *items;
        uint32_t count, capacity;
    } masks; /* cache; emptied when tools leave */
} scope;

typedef enum walk_status {
    WALK_OK,
    WALK_NO_ROOT,       /* the first name is no field here */
    WALK_NO_MEMBER,     /* keys[at] is no field of the record before it */
    WALK_IN_LIST,       /* keys[at] follows a list */
    WALK_IN_RECORDLESS, /* unused keys remain: keys[at] follows a scalar; a property, perhaps */
    WALK_UNJUDGED       /* any_stage, and a field of single stages */
} walk_status;

/* What a path of the event is for one tool. */
typedef struct walk {
    walk_status status;
    uint32_t at;
    uint32_t used;    /* keys that name the field; the rest are properties */
    const type *type; /* of the field; for WALK_NO_MEMBER and WALK_IN_LIST of what was reached */
    bool open;
    uint64_t optional; /* bit k: keys[k] may be missing though keys[0..k-1] are there */
    uint64_t required; /* bit k: the event is malformed without keys[k] */
} walk;

#define SCOPE_NO_TOOL UINT32_MAX

walk scope_walk(const scope *scope, uint32_t tool, const key *keys, uint32_t count);
/* The same for all tools of the scope; defers those whose types differ unless `quiet`. *lacking is
 * a tool that has no such field where another has it, else CST_NONE. */
walk scope_resolve(scope *scope, const key *keys, uint32_t count, bool quiet, uint32_t *lacking);
bool scope_has_root(const scope *scope, key name);
/* The stages that have a field of this name, as a bit set; 0: none. */
uint32_t scope_stages_of(const checker *checker, key name);
/* Names that can start a path here, for suggestions. */
const char *const *scope_roots(const scope *scope, uint32_t *count);
/* The optional keys of a candidate, over all tools that are left. */
uint64_t scope_optional(scope *scope, uint32_t candidate);

uint32_t candidate_make(checker *checker, const key *names, uint32_t count, const type *type,
                        bool open);
const candidate *candidate_at(const checker *checker, uint32_t number);
/* The slot of a candidate, made when it is first asked for. CST_NONE past LIMIT_SLOTS (reported at
 * `range`). */
uint32_t candidate_commit(checker *checker, uint32_t number, source_range range);
/* The slot of a whole field (`text`, `value`, `sender`) at one stage and tool, for what a session
 * remembers: read where it is there, demanded nowhere. */
uint32_t scope_origin_slot(checker *checker, const char *name, cst_stage stage, uint32_t tool,
                           source_range range);
/* Registers that a slot is read for everything that the selector covers. */
void candidate_use(checker *checker, uint32_t number, const selector *selector);

/* A rule cuts what it finds in all texts of arguments or of a value: fields of identity types are
 * read as what they are, where they are there, so that the runtime knows which texts cannot be cut.
 */
void scope_read_identities(checker *checker, const selector *selector, source_range range);

/* A set written in a condition, read once however often the condition is checked. `written` is the
 * node of the syntax that stands for it. */
set_declaration *scope_literal_set(checker *checker, const ast_expression *written,
                                   const ast_expression *set);

/* Definitions whose body had an error, which is reported: their other calls say nothing, and cost
 * nothing. */
bool scope_is_broken(checker *checker, const symbol *definition);
void scope_mark_broken(checker *checker, const symbol *definition);

/* ---- environments ---------------------------------------------------------------------------- */

typedef enum binding_kind {
    BINDING_VALUE,  /* a parameter: the argument, copied at each use */
    BINDING_LOCAL,  /* the name of a quantifier over a list */
    BINDING_ELEMENT /* the name of a quantifier over a set: a literal without a type yet */
} binding_kind;

typedef struct binding {
    binding_kind kind;
    key name;
    source_range range;
    const expression *value;    /* VALUE; NULL: the argument had an error */
    bool optional;              /* VALUE: the parameter is marked `?` */
    uint32_t local;             /* LOCAL */
    const type *type;           /* LOCAL: of the elements; VALUE: declared */
    const set_element *element; /* ELEMENT */
    bool line;                  /* ELEMENT: a line of a set file, to be read as what is demanded */
    bool *used;
    const struct binding *outer;
} binding;

typedef struct narrowing { /* open data whose type a guard around has tested */
    const expression *place;
    const type *type;
    const struct narrowing *outer;
} narrowing;

typedef struct call {
    const symbol *definition;
    source_range range;
    const struct call *outer;
} call;

/* Everything a part of a condition is checked under. Copied for each change: nothing here is
 * written through it but the scope. */
typedef struct environment {
    checker *checker;
    scope *scope;
    unit *unit; /* whose names count: that of the rule, or of the definition */
    const binding *bindings;
    const narrowing *narrowings;
    const call *calls;
    source_range rule; /* for errors about the condition as a whole */
    /* in a filter of the past: that of the event being decided; else NULL */
    const struct environment *deciding;
    uint32_t depth;
    bool quiet; /* look only: report nothing, defer nothing */
} environment;

/* ---- reports (expression.c) ------------------------------------------------------------------ */

/* Adds a diagnostic unless the same code stands at the same range already: a condition is checked
 * once for each group of tools and each call, but an error in it is one error. Never NULL. */
diagnostic *check_report(checker *checker, diagnostic_code code, source_range range,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same, silent in a quiet environment, with notes on the calls and the tools that led here. */
diagnostic *report(const environment *environment, diagnostic_code code, source_range range,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
const char *excerpt(const environment *environment, source_range range);

/* ---- nodes (expression_node.c) --------------------------------------------------------------- */

expression *node_new(const environment *environment, expression_kind kind, const type *type,
                     source_range range);
expression *node_constant(const environment *environment, const type *type, const cst_value *value,
                          source_range range);
expression *node_truth(const environment *environment, bool truth, source_range range);
expression *node_unary(const environment *environment, expression_kind kind, const type *type,
                       expression *left, source_range range);
expression *node_binary(const environment *environment, expression_kind kind, const type *type,
                        expression *left, expression *right, source_range range);
expression *node_list(const environment *environment, expression_kind kind, expression **items,
                      uint32_t count,
                      source_range range); /* AND, OR; fewer than two operands are simplified */
expression *node_not(const environment *environment, expression *condition, source_range range);
/* A deep copy; quantifiers in it get numbers of their own. NULL when the policy is too large. */
expression *node_copy(const environment *environment, const expression *from);
bool node_is_condition(const expression *expression); /* its value is a truth, not a cst_value */
bool node_is_place(const expression *expression); /* FIELD, LOCAL, MEMBER, OPEN_MEMBER, OPEN_AS */
bool places_equal(const checker *checker, const expression *a, const expression *b);
/* True past LIMIT_EXPRESSION_DEPTH or LIMIT_EXPRESSION_NODES: reported, stop here. */
bool too_large(const environment *environment);

/* ---- conditions and values ------------------------------------------------------------------- */

/* Both answer NULL after an error, which is reported. */
expression *condition_check(const environment *environment, const ast_expression *ast);
/* `demand` is the type that the other side or the parameter has, or NULL; the result may be of
 * another type. */
expression *value_check(const environment *environment, const ast_expression *ast,
                        const type *demand);
/* The same as a value of exactly this type (bounds aside): widens int, else reports. */
expression *value_of_type(const environment *environment, const ast_expression *ast,
                          const type *type);
/* Has no type of its own: a literal, a bare name of an enum value, arithmetic of those. */
bool value_is_free(const environment *environment, const ast_expression *ast);
bool types_match(const type *a, const type *b); /* the same but for bounds */
/* Widens an int to decimal or float if that makes it the type; else the value itself, or NULL if
 * neither fits. */
expression *value_widen(const environment *environment, expression *value, const type *type);

/* expression_path.c */
expression *path_check(const environment *environment, const ast_path *path, const type *demand,
                       bool wants_json);
/* standing.c: the candidate of the field that holds a standing approval across sessions; CST_NONE
 * after an error. */
uint32_t standing_holder(const environment *environment, const ast_standing *ast);
/* Before the condition is committed: whether it looks at a free argument. */
void standing_warn_asked(const environment *environment, const ast_standing *ast,
                         const expression *condition);

/* Silent; NULL if it is none. */
expression *path_look(const environment *environment, const ast_path *path);
const binding *binding_find(const environment *environment, const ast_path *path);
expression *place_as(const environment *environment, expression *place, const type *type,
                     source_range range);
const type *narrowed_type(const environment *environment, const expression *place,
                          const type *demand);
/* A bare name that is an enum value, agent or tool where such a type is demanded. */
expression *bare_name_check(const environment *environment, const ast_path *path,
                            const type *demand);
bool path_is_this(const ast_path *path); /* starts with `this` */

/* expression_name.c: all of them report. `keys` are the names of the event's members in the path.
 */
void name_unknown(const environment *environment, const ast_path *path);
void name_no_member(const environment *environment, const type *record, const ast_path *path,
                    uint32_t at, source_range before);
/* expression_guess.c: what parses and was meant otherwise. True: reported, or the mend was added.
 */
const char *guess_type(const char *name); /* NULL: none */
bool guess_origin(const environment *environment, diagnostic *d, const ast_source *source);
bool guess_past(const environment *environment, const ast_expression *ast);
bool guess_quantifier(const environment *environment, const ast_text *name);
void guess_note_quantifier(const environment *environment, const ast_expression *ast);
/* Operand `at` of an `or` is a value that belongs to the test before it. */
bool guess_alternatives(const environment *environment, const ast_expression *ast, uint32_t at);
bool guess_is(const environment *environment, const ast_expression *ast, const type *type);
bool guess_call(const environment *environment, const ast_expression *ast, diagnostic *d);
bool guess_contained(const environment *environment, const ast_expression *test, diagnostic *d);
/* Tests of a whole text that were hardly meant so. */
void warn_whole_in(const environment *environment, const ast_expression *ast);
void warn_whole_matches(const environment *environment, const ast_expression *ast);

void name_lacking(const environment *environment, const ast_path *path, const key *keys,
                  uint32_t count);
void name_through_list(const environment *environment, const ast_path *path, uint32_t at);
void name_suggest(const environment *environment, diagnostic *diagnostic, const ast_text *name,
                  const char *const *names, uint32_t count);
source_range path_range_before(const ast_path *path, uint32_t at); /* of path->items[0 .. at-1] */

/* expression_compare.c */
expression *compare_check(const environment *environment, const ast_expression *ast);
expression *in_check(const environment *environment, const ast_expression *ast);
expression *affix_check(const environment *environment, const ast_expression *ast);
expression *inside_check(const environment *environment, const ast_expression *ast);
expression *is_check(const environment *environment, const ast_expression *ast);
/* If `left` is of an identity type: reports which typed test to write instead, and is true. */
bool typed_test_report(const environment *environment, const ast_expression *ast, const type *type);
expression *equal_make(const environment *environment, const ast_expression *ast, expression *left,
                       expression *right);

/* expression_quantifier.c */
expression *quantifier_check(const environment *environment, const ast_expression *ast);
/* The set that an expression of the syntax names or writes; NULL if it is none (nothing is
 * reported). */
set_declaration *set_named(const environment *environment, const ast_expression *ast);

/* expression_call.c */
expression *call_check(const environment *environment, const ast_expression *ast);

/* expression_text.c */
expression *contains_check(const environment *environment, const ast_expression *ast);
expression *matches_check(const environment *environment, const ast_expression *ast);
expression *repeats_check(const environment *environment, const ast_expression *ast);
/* A place read as open data, whatever its declared type: so that nothing in it is passed over. */
expression *place_as_open(const environment *environment, expression *place);
/* Whether an OF is one of text, urls, emails, numbers or a pattern; and what it is. */
bool parts_are(const environment *environment, const ast_expression *ast);
expression *parts_check(const environment *environment, const ast_expression *ast);

/* past.c */
bool past_is(const ast_expression *ast); /* `earlier`, or a number from history */
expression *past_check(const environment *environment, const ast_expression *ast);
/* session has L */
expression *label_check(const environment *environment, const ast_expression *ast);
/* origins.c */
typedef struct origin_list {
    checked_origin *items;
    uint32_t count, capacity;
} origin_list;

/* What a source stands for; reports, and is false, if it is nothing. */
bool origins_of(const environment *environment, const ast_source *source, origin_list *out);
/* The fields that bring the texts of each origin. */
void origins_commit(checker *checker, origin_list *list, source_range range);
bool origin_equal(const checked_origin *a, const checked_origin *b);
bool origins_equal(const checked_origin *a, uint32_t a_count, const checked_origin *b,
                   uint32_t b_count);
void origins_check(checker *checker);

/* expression_from.c */
expression *from_check(const environment *environment, const ast_expression *ast);
/* Notes for each `from` whether its truth tightens: `tightens` says that the truth of the condition
 * does. Reports, and is false, where it is neither. */
bool polarity_check(const environment *environment, expression *condition, bool tightens);
/* The number of the row that a FROM asks. */
uint32_t from_commit(checker *checker, const expression *node);
/* expression_command.c */
expression *runs_check(const environment *environment, const ast_expression *ast);
bool facts_are(const expression *list); /* a list out of a command, which may be incomplete */
/* A quantifier over such a list, or `x in` one, with what makes it undecided where there may be
 * more. */
expression *facts_quantifier(const environment *environment, expression *quantifier);
expression *facts_membership(const environment *environment, expression *test);

/* past_meaning.c: what makes two questions about the past one. */
typedef struct meaning {
    char *items;
    uint32_t count, capacity;
} meaning;

void meaning_add_text(arena *arena, meaning *out, const char *bytes, size_t length);
void meaning_add_number(arena *arena, meaning *out, int64_t number);
/* as the lexer reads them */
void meaning_add_words(compilation *compilation, meaning *out, source_range range);
void meaning_add_constant(compilation *compilation, meaning *out, const binding *binding);

/* extern.c */
/* A question to the host; the arguments are values of the parameters' types. NULL after an error.
 */
expression *extern_call(const environment *environment, const ast_expression *ast,
                        const symbol *symbol, expression **arguments);
/* False after an error: a condition that asks the host is used as a value. */
bool extern_places_check(const environment *environment, const expression *condition);

/* expression_commit.c */
void commit_condition(checker *checker, expression *condition, const selector *selector);
void commit_message(checker *checker, message_part *parts, uint32_t count, const selector *selector,
                    source_range range);

/* guards.c: true if everything that may be absent is used under a guard; reports the rest. */
bool guards_check(const environment *environment, const expression *condition);

/* literal.c: NULL if it can be read, else why not, as the end of a sentence. */
const char *literal_try(checker *checker, const set_element *literal, const type *type,
                        cst_value *out, diagnostic_code *code);
set_element literal_of(const ast_expression *ast);
/* An element of a set as the literal that the type wants: a line of a file has no quotes to say
 * that it is no number. */
set_element literal_element(const set_element *element, bool line, const type *type);

/* message.c: parses a template against a scope and the condition that it explains. False after an
 * error. */
bool message_check(const environment *environment, const ast_text *text,
                   const ast_declaration *declaration, const rule_body *body, message_part **parts,
                   uint32_t *count);
/* Plain text in which {{ and }} are braces; reports any other brace. */
const char *message_plain(checker *checker, const ast_text *text);

#endif

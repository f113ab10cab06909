/*
 * syntax.h - what the parts of the front end share: tokens, the lexer, the parser, the builders of
 * the tree.
 *
 * The lexer (grammar/lexer.re) makes tokens and reports malformed ones itself, so that the parser
 * goes on with a token of the kind that was meant. The driver (parse.c) decides what is a word and
 * what a name, tries every token on the parser before it is fed, mends common mistakes, and
 * recovers from the others: the parser (grammar/parser.y) never sees an error. Its actions call the
 * ast_* functions of ast.c.
 *
 * Private to grammar/ and compiler/syntax/.
 */
#ifndef CONSTITUTION_COMPILER_SYNTAX_H
#define CONSTITUTION_COMPILER_SYNTAX_H

#include "compiler/compilation.h"
#include "grammar/parser.h"
#include "runtime/limits.h"

/* ---- tokens ---------------------------------------------------------------------------------- */

#define TOKEN_END 0 /* Lemon's number for the end of the input */

enum {
    TOKEN_BROKEN = 1,   /* malformed and reported: its value is not looked at */
    TOKEN_UNCLOSED = 2, /* a string or regex that ended with its line; BROKEN too */
    TOKEN_CURLY = 4,    /* a string in typographic quotes, three bytes each */
    TOKEN_FIRST = 8     /* the first token of its line */
};

struct token {
    uint16_t kind; /* TOKEN_… of the generated grammar/parser.h */
    uint16_t flags;
    uint32_t start, end;
};

typedef enum token_group {
    GROUP_NONE,
    GROUP_DECLARATION,
    GROUP_STEP,
    GROUP_STAGE,
    GROUP_EFFECT,
    GROUP_CONDITION,
    GROUP_VALUE,
    GROUP_COMPARISON,
    GROUP_CONNECTIVE,
    GROUP_OPERATOR,
    GROUP_CLAUSE
} token_group;

/* ---- tokens.c -------------------------------------------------------------------------------- */

uint16_t token_of_word(const char *bytes, uint32_t length); /* the keyword's kind, or TOKEN_NAME */
bool token_is_word(uint16_t kind);                          /* a keyword, reserved or soft */
bool token_is_reserved(uint16_t kind);
token_group token_group_of(uint16_t kind);
const char *token_text(uint16_t kind);   /* "then", "(", or a phrase for literals */
const char *token_symbol(uint16_t kind); /* "THEN", for dumps */

/* ---- the state of one parse ------------------------------------------------------------------ */

struct parsing {
    compilation *compilation;
    arena *arena;
    ast_file *file;
    uint32_t capacity; /* of file->items */
    uint32_t source;
    const char *bytes;
    uint32_t length;
    uint32_t end; /* of the last token that was fed: where the range of what is reduced ends */
    bool mended;  /* a mistake in this declaration was mended: do not judge its and/or */
    bool muted; /* an unclosed text swallowed the rest of a line: the next complaint is its fault */
};

/* What stands there, for a message: at most some sixty bytes of it. */
const char *short_excerpt(struct parsing *parsing, source_range range);
source_range range_of(const struct parsing *parsing, uint32_t start, uint32_t end);

/* ---- the lexer ------------------------------------------------------------------------------- */

struct lexer {
    struct parsing *parsing;
    const char *cursor, *limit;
    bool no_comment_end; /* no end of a block comment stands before the limit */
};

void lexer_begin(struct lexer *lexer, struct parsing *parsing);
/* The next token: keywords have their kind, a malformed literal the kind that was meant. At the end
 * TOKEN_END. */
struct token lexer_next(struct lexer *lexer);

/* lexical.c: what the lexer does about malformed input; each reports. `cursor` stands behind the
 * token. */
struct token lexical_unclosed(struct lexer *lexer, uint16_t kind, uint32_t start);
struct token lexical_quotes(struct lexer *lexer, uint32_t start); /* 'text' */
struct token lexical_number(struct lexer *lexer, uint32_t start);
struct token lexical_operator(struct lexer *lexer, uint32_t start, uint16_t meant);
void lexical_block_comment(struct lexer *lexer, uint32_t start); /* behind it afterwards */
void lexical_hash_comment(struct lexer *lexer, uint32_t start);
void lexical_stray(struct lexer *lexer, uint32_t start);
struct token lexical_name(struct lexer *lexer,
                          uint32_t start); /* a name that runs on in other than ASCII */
bool lexical_foreign(struct lexer *lexer, uint32_t start,
                     struct token *out); /* not ASCII: a token, or nothing but a report */
/* Control characters, malformed UTF-8 and hidden characters of the whole text. */
void lexical_check_bytes(struct parsing *parsing);

/* ---- the parser, through the door that parser.y leaves open ---------------------------------- */

typedef enum parser_answer { PARSER_REFUSES, PARSER_ACCEPTS, PARSER_TOO_DEEP } parser_answer;

size_t parser_size(void);
void parser_begin(void *parser, struct parsing *parsing);
void parser_feed(void *parser, struct token token);
/* Would these kinds be accepted one after the other? As the parser would, soft words also as names.
 */
parser_answer parser_try(const void *parser, const uint16_t *kinds, uint32_t count);
/* May this kind stand here as itself? */
bool parser_expects(const void *parser, uint16_t kind);
/* Forgets open constructs until `kind` is accepted. Is false, and changes nothing, if it never
 * would be. */
bool parser_unwind(void *parser, uint16_t kind);
uint16_t parser_token_count(void);
/* The kind that a soft word may be taken for: TOKEN_NAME, else 0. */
int ParserFallback(int kind);

/* ---- what may follow, in words (expected.c) -------------------------------------------------- */

/* "expected `then`, found `deny`", with hints; `before` is the token fed last. Answers the keyword
 * that was probably meant (a misspelling), or 0. */
uint16_t expected_report(struct parsing *parsing, const void *parser, struct token before,
                         struct token found);
/* The keyword that a misspelt word was meant to be, among those that may stand here; 0 if none is
 * near. */
uint16_t expected_misspelt(struct parsing *parsing, const void *parser, struct token found);

/* ---- builders (ast.c, ast_expression.c) ------------------------------------------------------ */

typedef struct text_list {
    ast_text *items;
    uint32_t count, capacity;
} text_list;
typedef struct path_list {
    ast_path *items;
    uint32_t count, capacity;
} path_list;
typedef struct field_list {
    ast_field *items;
    uint32_t count, capacity;
} field_list;
typedef struct expression_list {
    ast_expression **items;
    uint32_t count, capacity;
} expression_list;
typedef struct source_list {
    ast_source **items;
    uint32_t count, capacity;
} source_list;
typedef struct event_list {
    ast_event *items;
    uint32_t count, capacity;
} event_list;
typedef struct pattern_list {
    ast_pattern *items;
    uint32_t count, capacity;
} pattern_list;
typedef struct step_list {
    ast_step *items;
    uint32_t count, capacity;
} step_list;
typedef struct member_list {
    struct {
        ast_text *items;
        uint32_t count, capacity;
    } keys;
    struct {
        ast_json **items;
        uint32_t count, capacity;
    } values;
} member_list;

/* Adds to a list, or begins one if it is NULL. */
text_list *texts_add(struct parsing *parsing, text_list *list, ast_text item);
path_list *paths_add(struct parsing *parsing, path_list *list, ast_path item);
field_list *fields_add(struct parsing *parsing, field_list *list, ast_field item);
expression_list *expressions_add(struct parsing *parsing, expression_list *list,
                                 ast_expression *item);
source_list *sources_add(struct parsing *parsing, source_list *list, ast_source *item);
event_list *events_add(struct parsing *parsing, event_list *list, ast_event item);
pattern_list *patterns_add(struct parsing *parsing, pattern_list *list, const ast_pattern *item);
step_list *steps_add(struct parsing *parsing, step_list *list, const ast_step *item);
member_list *members_add(struct parsing *parsing, member_list *list, ast_text key, ast_json *value);
ast_texts texts_of(const text_list *list);
ast_fields fields_of(struct parsing *parsing, const field_list *list, struct token from);

/* Literals. */
ast_text ast_word(struct parsing *parsing,
                  struct token name); /* a NAME, or a soft word that is taken for one */
ast_text ast_quoted_name(struct parsing *parsing, struct token string); /* a tool or key */
ast_text ast_string(struct parsing *parsing, struct token string);
ast_text ast_json_string(struct parsing *parsing,
                         struct token string); /* with JSON's escapes too */
ast_text ast_regex_text(struct parsing *parsing, struct token regex);
int64_t ast_integer(struct parsing *parsing, struct token integer, bool negative);
int64_t ast_duration(struct parsing *parsing, struct token duration);

/* Types and paths. */
ast_type *ast_type_name(struct parsing *parsing, ast_text name, ast_type *argument);
ast_type *ast_type_record(struct parsing *parsing, ast_fields fields);
ast_type *ast_type_bound(struct parsing *parsing, ast_type *type, struct token bound);
ast_path ast_path_begin(struct parsing *parsing, struct token first);
ast_path ast_path_key(struct parsing *parsing, ast_path path, ast_text key);

/* Expressions: their range starts at the token or operand given and ends with the last token fed.
 */
ast_expression *ast_path_value(struct parsing *parsing, ast_path path);
ast_expression *ast_literal(struct parsing *parsing, ast_expression_kind kind,
                            struct token literal);
ast_expression *ast_negative(struct parsing *parsing, ast_expression_kind kind, struct token minus,
                             struct token literal);
ast_expression *ast_set(struct parsing *parsing, struct token from, const expression_list *items);
ast_expression *ast_call(struct parsing *parsing, ast_path callee,
                         const expression_list *arguments);
ast_expression *ast_call_key(struct parsing *parsing, ast_expression *call, ast_text key);
ast_expression *ast_parentheses(struct parsing *parsing, struct token from, ast_expression *inner);
ast_expression *ast_binary(struct parsing *parsing, ast_expression_kind kind, ast_expression *left,
                           struct token from, struct token to, ast_expression *right);
ast_expression *ast_operation(struct parsing *parsing, ast_expression_kind kind, ast_operator op,
                              ast_expression *left, struct token from, ast_expression *right);
ast_expression *ast_unary(struct parsing *parsing, ast_expression_kind kind, struct token operator,
                          ast_expression * left);
ast_expression *ast_view(struct parsing *parsing, ast_expression *left, struct token word);
ast_expression *ast_of(struct parsing *parsing, ast_path path, struct token of,
                       ast_expression *left);
ast_expression *ast_of_past(struct parsing *parsing, ast_path path, struct token of, ast_path field,
                            ast_past *past);
ast_expression *ast_repeats(struct parsing *parsing, ast_expression *left, struct token word,
                            struct token count, ast_source *source);
ast_expression *ast_from(struct parsing *parsing, ast_expression *left, struct token from,
                         bool negated, ast_source *source);
ast_expression *ast_from_down(struct parsing *parsing, ast_expression *test, struct token count);
ast_expression *ast_is(struct parsing *parsing, ast_expression *left, struct token is,
                       ast_text word);
ast_expression *ast_has(struct parsing *parsing, ast_expression *left, struct token has,
                        ast_text label);
ast_expression *ast_quantifier(struct parsing *parsing, struct token word, bool any,
                               ast_text variable, ast_expression *list, ast_expression *condition);
ast_expression *ast_earlier(struct parsing *parsing, struct token from, bool negated,
                            ast_past *past);
ast_expression *ast_and(struct parsing *parsing, const expression_list *items);
ast_expression *ast_or(struct parsing *parsing,
                       const expression_list *items); /* reports a bare `and` among them */

/* Sources, events, history. */
ast_source *ast_source_new(struct parsing *parsing, ast_source_kind kind, struct token from,
                           ast_text name);
ast_source *ast_source_key(struct parsing *parsing, ast_source *source, ast_text key);
ast_event ast_event_new(struct parsing *parsing, struct token stage);
ast_event ast_event_tool(struct parsing *parsing, ast_event event, ast_text tool);
ast_event ast_event_tagged(struct parsing *parsing, ast_event event, ast_text tag);
ast_stages ast_stages_new(struct parsing *parsing, uint32_t start, bool whole,
                          const event_list *events);
ast_stages ast_stages_whole(struct parsing *parsing, struct token whole, struct token output);
ast_pattern *ast_pattern_new(struct parsing *parsing, struct token from, ast_mark mark,
                             ast_event event, ast_expression *where);
ast_past *ast_past_new(struct parsing *parsing, const pattern_list *patterns);
ast_past *ast_past_end(struct parsing *parsing, ast_past *past);
ast_past *ast_past_same(struct parsing *parsing, ast_past *past, const path_list *paths);
ast_past *ast_past_since(struct parsing *parsing, ast_past *past, ast_pattern *pattern);
ast_past *ast_past_within(struct parsing *parsing, ast_past *past, struct token duration);

/* Effects and declarations. */
ast_ask ast_ask_new(struct parsing *parsing, struct token require, const text_list *who);
ast_ask ast_ask_within(struct parsing *parsing, ast_ask ask, struct token duration);
ast_standing *ast_standing_new(struct parsing *parsing, struct token word, struct token duration);
ast_ask ast_ask_standing(struct parsing *parsing, ast_ask ask, ast_standing *standing);
ast_effect *ast_effect_new(struct parsing *parsing, ast_effect_kind kind, struct token from);
ast_effect *ast_effect_text(struct parsing *parsing, ast_effect *effect, ast_text text);
ast_effect *ast_effect_path(struct parsing *parsing, ast_effect *effect, ast_path path);
ast_declaration *ast_declare(struct parsing *parsing, ast_kind kind, struct token from);
ast_declaration *ast_declare_name(struct parsing *parsing, ast_kind kind, struct token from,
                                  ast_text name);
void ast_declaration_add(struct parsing *parsing, ast_declaration *declaration);
ast_declaration *ast_test(struct parsing *parsing, struct token from, ast_text title,
                          const step_list *steps);

/* Tests. */
ast_json *ast_json_new(struct parsing *parsing, ast_json_kind kind, struct token from);
ast_json *ast_json_word(struct parsing *parsing, struct token name);
ast_json *ast_json_number(struct parsing *parsing, struct token from, struct token number);
ast_json *ast_json_object(struct parsing *parsing, struct token from, const member_list *members);
ast_json *ast_json_list(struct parsing *parsing, struct token from, const member_list *members);
ast_step *ast_step_new(struct parsing *parsing, ast_step_kind kind, struct token from);
ast_step *ast_step_by(struct parsing *parsing, ast_step *step, const path_list *by);

#endif

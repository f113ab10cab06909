/*
 * parser.y - the grammar of the language, for Lemon.
 *
 * Read docs/grammar.md beside it: the same grammar as EBNF, held together with this file by tests/grammar_test.py. Each
 * group below starts with the lines of that document which it implements. Actions do one thing: they call a builder
 * of compiler/syntax/ast*.c or set a field of the node that a clause belongs to. Clauses of a declaration are
 * threaded: `rule_when` is a rule as far as its `when`, so each clause is one short production and the order is plain to see.
 *
 * Words. Reserved words are terminals that are nothing else. Soft words are terminals with NAME as their fallback: where
 * the keyword cannot stand, it is a name. That needs Lemon's option -c: with default reductions the parser would
 * reduce first and ask later, and take keywords for names. Conflicts fail the build; there are none.
 *
 * Errors. There is no `error` token: the driver (compiler/syntax/parse.c) tries each struct token with parser_try before it
 * feeds it, so the parser only ever sees what it accepts. To recover, the driver unwinds the stack and feeds SKIPPED or
 * SKIPPED_STEP in the place of what it left out. Tokens that an action reports (a mixed `and`/`or`, a number out of
 * range) are parsed as if they were right.
 */
%name Parser
%token_prefix TOKEN_
%token_type {struct token}
%extra_context {struct parsing *p}
%stack_size LIMIT_PARSE_DEPTH
%start_symbol file

%include {
#include "compiler/syntax/syntax.h"
}

/* Not reached: parser_try refuses such tokens before. */
%syntax_error { p->file->has_errors = true; }
%parse_failure { p->file->has_errors = true; }
%stack_overflow { p->file->has_errors = true; }

%token NAME.
%fallback NAME
    ABOVE ACROSS AFTER AGENTS ALLOW APPROVAL APPROVALS APPROVED AS AT CHAR CHARS CHECKED CONSTITUTION CONTEXT DECODED DEFAULT DEFINE DENY
    DOWN ENDS ENUM ESCALATE EXPECT EXTENDS EXTERN FAILS FLAG FOLDED FOLLOWED FOR FREE GIVEN HALT HAS IMPORT LABEL MALFORMED MAPS MOST OFFERING
    ONLY ORIGIN OVER PATTERN PERMIT PRINCIPLE REDACT REFUSE REPEATS REPLACE REQUIRE RETURNS RULE RUNS SAME SECRET
    SESSIONS SET SHADOW STANDING STARTS STOPPED SYSTEM TAGGED TEST TOOL TOOLS UNTIL USE USES VALUE WAIT WAIVABLE WAIVE WHOLE.

/* ---- file ------------------------------------------------------------------------------------------
 * file        = { declaration }
 * declaration = constitution | extends | import | principle | enum | agents | context | tools | set | pattern | origin
 *             | define | extern | default | approvals | permit | rule | waive | test
 */
file ::= declarations.
declarations ::= .
declarations ::= declarations declaration(D).   { ast_declaration_add(p, D); }
declarations ::= declarations SKIPPED.

%type declaration {ast_declaration *}
declaration(D) ::= constitution(D).
declaration(D) ::= extends(D).
declaration(D) ::= import(D).
declaration(D) ::= principle(D).
declaration(D) ::= enumeration(D).
declaration(D) ::= agents(D).
declaration(D) ::= context(D).
declaration(D) ::= tools(D).
declaration(D) ::= set_declaration(D).
declaration(D) ::= pattern_declaration(D).
declaration(D) ::= origin(D).
declaration(D) ::= definition(D).
declaration(D) ::= predicate(D).
declaration(D) ::= default(D).
declaration(D) ::= approvals(D).
declaration(D) ::= permit(D).
declaration(D) ::= rule(D).
declaration(D) ::= waiver(D).
declaration(D) ::= test(D).

/* ---- the file itself --------------------------------------------------------------------------------
 * constitution = "constitution" NAME STRING
 * extends      = "extends" STRING
 * import       = "import" path | "import" "tools" STRING
 * principle    = "principle" NAME STRING [ "maps" strings ]
 */
%type constitution {ast_declaration *}
constitution(D) ::= CONSTITUTION(T) name(N) string(S).
    { D = ast_declare_name(p, AST_CONSTITUTION, T, N); D->text = S; }
%type extends {ast_declaration *}
extends(D) ::= EXTENDS(T) string(S).            { D = ast_declare(p, AST_EXTENDS, T); D->text = S; }
%type import {ast_declaration *}
import(D) ::= IMPORT(T) path(P).                { D = ast_declare(p, AST_IMPORT, T); D->path = P; }
import(D) ::= IMPORT(T) TOOLS string(S).
    { D = ast_declare(p, AST_IMPORT_TOOLS, T); D->text = S; }
%type principle {ast_declaration *}
%type principle_text {ast_declaration *}
principle(D) ::= principle_text(D).
principle(D) ::= principle_text(D) MAPS strings(L).
    { D->texts = texts_of(L); D->range.end = p->end; }
principle_text(D) ::= PRINCIPLE(T) name(N) string(S).
    { D = ast_declare_name(p, AST_PRINCIPLE, T, N); D->text = S; }

/* ---- what events are made of ---------------------------------------------------------------------------
 * enum    = "enum" NAME "{" names "}"
 * agents  = "agents" names
 * context = "context" NAME record
 * tools   = "tool" tool { "," tool } [ "(" [ fields ] ")" ] [ "returns" type ] { NAME }
 */
%type enumeration {ast_declaration *}
enumeration(D) ::= ENUM(T) name(N) LEFT_BRACE names(L) RIGHT_BRACE.
    { D = ast_declare_name(p, AST_ENUM, T, N); D->texts = texts_of(L); }
%type agents {ast_declaration *}
agents(D) ::= AGENTS(T) names(L).
    { D = ast_declare(p, AST_AGENTS, T); D->texts = texts_of(L); }
%type context {ast_declaration *}
context(D) ::= CONTEXT(T) name(N) record(F).
    { D = ast_declare_name(p, AST_CONTEXT, T, N); D->fields = F; }

%type tools {ast_declaration *}
%type tool_names {ast_declaration *}
%type tool_parameters {ast_declaration *}
%type tool_returns {ast_declaration *}
tools(D) ::= tool_returns(D).
tools(D) ::= tool_returns(D) tags(L).           { D->tags = texts_of(L); D->range.end = p->end; }
tool_names(D) ::= TOOL(T) tool_list(L).
    { D = ast_declare(p, AST_TOOL, T); D->texts = texts_of(L); }
tool_parameters(D) ::= tool_names(D).
tool_parameters(D) ::= tool_names(D) parameters(F).
    { D->has_parameters = true; D->fields = F; D->range.end = p->end; }
tool_returns(D) ::= tool_parameters(D).
tool_returns(D) ::= tool_parameters(D) RETURNS type(Y).  { D->type = Y; D->range.end = p->end; }
%type tool_list {text_list *}
tool_list(L) ::= tool(N).                       { L = texts_add(p, NULL, N); }
tool_list(L) ::= tool_list(L) COMMA tool(N).    { texts_add(p, L, N); }
%type tags {text_list *}
tags(L) ::= name(N).                            { L = texts_add(p, NULL, N); }
tags(L) ::= tags(L) name(N).                    { texts_add(p, L, N); }

/* ---- what conditions are made of ------------------------------------------------------------------------
 * set       = "set" NAME ( "=" braces | "from" STRING )
 * pattern   = "pattern" NAME "=" REGEX { "," REGEX } [ "checked" "by" NAME [ "above" ( INT | DECIMAL ) ] ]
 *             [ "after" "{" strings "}" [ "within" INT ( "char" | "chars" ) ] ] [ "secret" ]
 * origin    = "origin" NAME "=" source { "," source }
 * define    = "define" NAME "(" [ fields ] ")" "=" condition
 * extern    = "extern" NAME "(" [ fields ] ")" "returns" type "within" DURATION
 */
%type set_declaration {ast_declaration *}
set_declaration(D) ::= SET(T) name(N) ASSIGN braces(E).
    { D = ast_declare_name(p, AST_SET_DECL, T, N); D->expression = E; }
set_declaration(D) ::= SET(T) name(N) FROM string(S).
    { D = ast_declare_name(p, AST_SET_DECL, T, N); D->from_file = true; D->text = S; }
%type pattern_declaration {ast_declaration *}
%type pattern_regexes {ast_declaration *}
%type pattern_checked {ast_declaration *}
%type pattern_bounded {ast_declaration *}
%type pattern_after {ast_declaration *}
%type pattern_within {ast_declaration *}
pattern_declaration(D) ::= pattern_within(D).
pattern_declaration(D) ::= pattern_within(D) SECRET.
    { D->secret = true; D->range.end = p->end; }
pattern_within(D) ::= pattern_after(D).
pattern_within(D) ::= pattern_after(D) WITHIN INT(N) chars.
    { D->after_within = ast_literal(p, AST_INT, N); D->range.end = p->end; }
pattern_after(D) ::= pattern_bounded(D).
pattern_after(D) ::= pattern_bounded(D) AFTER LEFT_BRACE strings(L) RIGHT_BRACE.
    { D->after = texts_of(L); D->range.end = p->end; }
pattern_bounded(D) ::= pattern_checked(D).
pattern_bounded(D) ::= pattern_checked(D) ABOVE INT(N).
    { D->above = ast_literal(p, AST_INT, N); D->range.end = p->end; }
pattern_bounded(D) ::= pattern_checked(D) ABOVE DECIMAL(N).
    { D->above = ast_literal(p, AST_DECIMAL, N); D->range.end = p->end; }
pattern_checked(D) ::= pattern_regexes(D).
pattern_checked(D) ::= pattern_regexes(D) CHECKED BY name(N).
    { D->checked_by = N; D->range.end = p->end; }
pattern_regexes(D) ::= PATTERN(T) name(N) ASSIGN regexes(L).
    { D = ast_declare_name(p, AST_PATTERN, T, N); D->texts = texts_of(L); }
%type regexes {text_list *}
regexes(L) ::= REGEX(R).                        { L = texts_add(p, NULL, ast_regex_text(p, R)); }
regexes(L) ::= regexes(L) COMMA REGEX(R).       { texts_add(p, L, ast_regex_text(p, R)); }
%type origin {ast_declaration *}
origin(D) ::= ORIGIN(T) name(N) ASSIGN sources(L).
    { D = ast_declare_name(p, AST_ORIGIN, T, N); D->sources = (ast_sources){L->items, L->count}; }
%type sources {source_list *}
sources(L) ::= source(S).                       { L = sources_add(p, NULL, S); }
sources(L) ::= sources(L) COMMA source(S).      { sources_add(p, L, S); }
%type definition {ast_declaration *}
definition(D) ::= DEFINE(T) name(N) parameters(F) ASSIGN condition(E).
    { D = ast_declare_name(p, AST_DEFINE, T, N); D->has_parameters = true; D->fields = F;
      D->expression = E; }
%type predicate {ast_declaration *}
predicate(D) ::= EXTERN(T) name(N) parameters(F) RETURNS type(Y) WITHIN DURATION(U).
    { D = ast_declare_name(p, AST_EXTERN, T, N); D->has_parameters = true; D->fields = F;
      D->type = Y;
      D->duration_us = ast_duration(p, U); }

/* ---- what is decided ----------------------------------------------------------------------------------------
 * default   = "default" stage ( "allow" | "deny" | ask )
 * approvals = "approvals" "by" names
 * permit    = "permit" NAME "on" stages [ "in" "shadow" ] [ "when" condition ] [ "unless" condition ]
 * rule      = "rule" NAME "on" stages [ "under" NAME ] [ "in" "shadow" ] [ "waivable" ]
 *             [ "when" condition ] [ "unless" condition ]
 *             "then" effect [ "and" "label" NAME ] [ "because" STRING ]
 * waive     = "waive" path [ "until" STRING ] "when" condition "because" STRING
 */
%type default {ast_declaration *}
%type default_stage {ast_declaration *}
default(D) ::= default_stage(D) ALLOW.          { D->verdict = CST_PERMIT; D->range.end = p->end; }
default(D) ::= default_stage(D) DENY.           { D->verdict = CST_DENY; D->range.end = p->end; }
default(D) ::= default_stage(D) ask(A).
    { D->verdict = CST_REQUIRE_APPROVAL; D->ask = A; D->range.end = p->end; }
default_stage(D) ::= DEFAULT(T) stage(S).
    { D = ast_declare(p, AST_DEFAULT, T);
      D->stages = ast_stages_new(p, S.range.start, false, events_add(p, NULL, S)); }
%type approvals {ast_declaration *}
approvals(D) ::= APPROVALS(T) BY names(L).
    { D = ast_declare(p, AST_APPROVALS, T); D->texts = texts_of(L); }

%type permit {ast_declaration *}
%type permit_on {ast_declaration *}
%type permit_shadow {ast_declaration *}
%type permit_when {ast_declaration *}
permit(D) ::= permit_when(D).
permit(D) ::= permit_when(D) UNLESS condition(E).        { D->unless = E; D->range.end = p->end; }
permit_on(D) ::= PERMIT(T) name(N) ON stages(S).
    { D = ast_declare_name(p, AST_PERMIT, T, N); D->stages = S; }
permit_shadow(D) ::= permit_on(D).
permit_shadow(D) ::= permit_on(D) IN SHADOW.
    { D->shadow = true; D->range.end = p->end; }
permit_when(D) ::= permit_shadow(D).
permit_when(D) ::= permit_shadow(D) WHEN condition(E).   { D->when = E; D->range.end = p->end; }

%type rule {ast_declaration *}
%type rule_on {ast_declaration *}
%type rule_under {ast_declaration *}
%type rule_shadow {ast_declaration *}
%type rule_waivable {ast_declaration *}
%type rule_when {ast_declaration *}
%type rule_unless {ast_declaration *}
%type rule_then {ast_declaration *}
%type rule_label {ast_declaration *}
rule(D) ::= rule_label(D).
rule(D) ::= rule_label(D) BECAUSE string(S).             { D->because = S; D->range.end = p->end; }
rule_on(D) ::= RULE(T) name(N) ON stages(S).
    { D = ast_declare_name(p, AST_RULE, T, N); D->stages = S; }
rule_under(D) ::= rule_on(D).
rule_under(D) ::= rule_on(D) UNDER name(N).              { D->under = N; }
rule_shadow(D) ::= rule_under(D).
rule_shadow(D) ::= rule_under(D) IN SHADOW.              { D->shadow = true; }
rule_waivable(D) ::= rule_shadow(D).
rule_waivable(D) ::= rule_shadow(D) WAIVABLE.            { D->waivable = true; }
rule_when(D) ::= rule_waivable(D).
rule_when(D) ::= rule_waivable(D) WHEN condition(E).     { D->when = E; }
rule_unless(D) ::= rule_when(D).
rule_unless(D) ::= rule_when(D) UNLESS condition(E).     { D->unless = E; }
rule_then(D) ::= rule_unless(D) THEN effect(F).          { D->effect = *F; D->range.end = p->end; }
rule_label(D) ::= rule_then(D).
rule_label(D) ::= rule_then(D) AND LABEL name(N).        { D->label = N; D->range.end = p->end; }

%type waiver {ast_declaration *}
%type waiver_path {ast_declaration *}
%type waiver_until {ast_declaration *}
waiver(D) ::= waiver_until(D) WHEN condition(E) BECAUSE string(S).
    { D->when = E; D->because = S; D->range.end = p->end; }
waiver_path(D) ::= WAIVE(T) path(P).
    { D = ast_declare(p, AST_WAIVE, T); D->path = P; }
waiver_until(D) ::= waiver_path(D).
waiver_until(D) ::= waiver_path(D) UNTIL string(S).      { D->until = S; }

/* ---- events ---------------------------------------------------------------------------------------------------
 * stages = "whole" "output" | event { "," event }
 * event  = stage [ tool { "or" tool } | "tagged" NAME ]
 * stage  = "input" | "output" | "action" | "result" | "message"
 */
%type stages {ast_stages}
stages(S) ::= WHOLE(T) OUTPUT(O).               { S = ast_stages_whole(p, T, O); }
stages(S) ::= events(L).
    { S = ast_stages_new(p, L->items[0].range.start, false, L); }
%type events {event_list *}
events(L) ::= event(E).                         { L = events_add(p, NULL, E); }
events(L) ::= events(L) COMMA event(E).         { events_add(p, L, E); }
%type event {ast_event}
event(E) ::= stage(E).
event(E) ::= event_tools(E).
event(E) ::= stage(S) TAGGED name(N).           { E = ast_event_tagged(p, S, N); }
%type event_tools {ast_event}
event_tools(E) ::= stage(S) tool(N).            { E = ast_event_tool(p, S, N); }
event_tools(E) ::= event_tools(S) OR tool(N).   { E = ast_event_tool(p, S, N); }
%type stage {ast_event}
stage(E) ::= INPUT(T).                          { E = ast_event_new(p, T); }
stage(E) ::= OUTPUT(T).                         { E = ast_event_new(p, T); }
stage(E) ::= ACTION(T).                         { E = ast_event_new(p, T); }
stage(E) ::= RESULT(T).                         { E = ast_event_new(p, T); }
stage(E) ::= MESSAGE(T).                        { E = ast_event_new(p, T); }

/* ---- effects ---------------------------------------------------------------------------------------------------
 * effect = "flag" | "label" NAME | "redact" [ path ] "with" STRING | "replace" path "with" value | ask
 *        | "escalate" "to" NAME | "refuse" [ "offering" STRING ] | "deny" | "halt"
 * ask    = "require" "approval" "from" NAME { "or" NAME } [ "within" DURATION ] [ "," "or" standing ]
 * standing = "standing" "within" DURATION [ "for" "at" "most" INT ( "use" | "uses" ) ]
 *            [ "with" "same" path "across" "sessions" ] [ "free" "(" key { "," key } ")" ]
 */
%type effect {ast_effect *}
%type effect_plain {ast_effect *}
effect(F) ::= effect_plain(F).
effect(F) ::= effect_plain(F) COMMA OR standing(S).      { F->ask.standing = S; F->range.end = p->end; }
effect_plain(F) ::= FLAG(T).                    { F = ast_effect_new(p, AST_EFFECT_FLAG, T); }
effect_plain(F) ::= LABEL(T) name(N).
    { F = ast_effect_text(p, ast_effect_new(p, AST_EFFECT_LABEL, T), N); }
effect_plain(F) ::= REDACT(T) WITH string(S).
    { F = ast_effect_text(p, ast_effect_new(p, AST_EFFECT_REDACT, T), S); }
effect_plain(F) ::= REDACT(T) path(P) WITH string(S).
    { F = ast_effect_text(p, ast_effect_path(p, ast_effect_new(p, AST_EFFECT_REDACT, T), P), S); }
effect_plain(F) ::= REPLACE(T) path(P) WITH value(V).
    { F = ast_effect_path(p, ast_effect_new(p, AST_EFFECT_REPLACE, T), P); F->value = V; }
effect(F) ::= ask(A).
    { F = ast_effect_new(p, AST_EFFECT_ASK, (struct token){.start = A.range.start}); F->ask = A; }
effect_plain(F) ::= ESCALATE(T) TO name(N).
    { F = ast_effect_text(p, ast_effect_new(p, AST_EFFECT_ESCALATE, T), N); }
effect_plain(F) ::= REFUSE(T).                  { F = ast_effect_new(p, AST_EFFECT_REFUSE, T); }
effect_plain(F) ::= REFUSE(T) OFFERING string(S).
    { F = ast_effect_text(p, ast_effect_new(p, AST_EFFECT_REFUSE, T), S); }
effect_plain(F) ::= DENY(T).                    { F = ast_effect_new(p, AST_EFFECT_DENY, T); }
effect_plain(F) ::= HALT(T).                    { F = ast_effect_new(p, AST_EFFECT_HALT, T); }
%type ask {ast_ask}
%type ask_who {ast_ask}
%type ask_once {ast_ask}
ask(A) ::= ask_once(A).
ask(A) ::= ask_once(W) COMMA OR standing(S).    { A = ast_ask_standing(p, W, S); }
ask_once(A) ::= ask_who(A).
ask_once(A) ::= ask_who(W) WITHIN DURATION(U).  { A = ast_ask_within(p, W, U); }
ask_who(A) ::= REQUIRE(T) APPROVAL FROM who(L). { A = ast_ask_new(p, T, L); }
%type who {text_list *}
who(L) ::= name(N).                             { L = texts_add(p, NULL, N); }
who(L) ::= who(L) OR name(N).                   { texts_add(p, L, N); }
%type standing {ast_standing *}
%type standing_within {ast_standing *}
%type standing_most {ast_standing *}
%type standing_uses {ast_standing *}
%type standing_same {ast_standing *}
standing(S) ::= standing_same(S).
standing(S) ::= standing_same(S) FREE LEFT_PAREN keys(L) RIGHT_PAREN.
    { S->free = texts_of(L); S->range.end = p->end; }
standing_same(S) ::= standing_uses(S).
standing_same(S) ::= standing_uses(S) WITH SAME path(P) ACROSS SESSIONS.
    { S->across = true; S->same = P; S->range.end = p->end; }
standing_uses(S) ::= standing_within(S).
standing_uses(S) ::= standing_most(S) uses.     { S->range.end = p->end; }
standing_most(S) ::= standing_within(S) FOR AT MOST INT(N).
    { S->uses = ast_literal(p, AST_INT, N); }
standing_within(S) ::= STANDING(T) WITHIN DURATION(U).   { S = ast_standing_new(p, T, U); }
uses ::= USE.
uses ::= USES.
%type keys {text_list *}
keys(L) ::= key(K).                             { L = texts_add(p, NULL, K); }
keys(L) ::= keys(L) COMMA key(K).               { texts_add(p, L, K); }

/* ---- conditions ---------------------------------------------------------------------------------------------------
 * `and` binds tighter than `or` here only so that a mixture can be reported with the parentheses it needs: ast_or does.
 *
 * condition = unary | unary "and" unary { "and" unary } | unary "or" unary { "or" unary }
 * unary     = "not" unary | comparison
 */
%type condition {ast_expression *}
condition(E) ::= conjunction(E).
condition(E) ::= disjunction(L).                { E = ast_or(p, L); }
%type disjunction {expression_list *}
disjunction(L) ::= conjunction(A) OR conjunction(B).
    { L = expressions_add(p, expressions_add(p, NULL, A), B); }
disjunction(L) ::= disjunction(L) OR conjunction(E).     { expressions_add(p, L, E); }
%type conjunction {ast_expression *}
conjunction(E) ::= unary(E).
conjunction(E) ::= conjuncts(L).                { E = ast_and(p, L); }
%type conjuncts {expression_list *}
conjuncts(L) ::= unary(A) AND unary(B).
    { L = expressions_add(p, expressions_add(p, NULL, A), B); }
conjuncts(L) ::= conjuncts(L) AND unary(E).     { expressions_add(p, L, E); }
%type unary {ast_expression *}
unary(E) ::= NOT(T) unary(A).                   { E = ast_unary(p, AST_NOT, T, A); }
unary(E) ::= comparison(E).

/* comparison = value
 *            | value ( "==" | "!=" | "<" | "<=" | ">" | ">=" | [ "not" ] "in" | "contains" [ "any" ] | "matches"
 *                    | "starts" "with" | "ends" "with" | [ "not" ] "inside" | "runs" [ "any" | "only" ] ) value
 *            | value "repeats" INT ( "char" | "chars" ) "of" source
 *            | value [ "not" ] "from" source [ "down" "to" INT ( "char" | "chars" ) ]
 *            | value "is" NAME
 *            | value "has" NAME
 *            | "any" NAME "in" value "satisfies" unary
 *            | "all" NAME "in" value "satisfy" unary
 *            | [ "no" ] "earlier" past
 */
%type comparison {ast_expression *}
comparison(E) ::= value(E).
comparison(E) ::= value(A) EQ(T) value(B).
    { E = ast_operation(p, AST_COMPARE, AST_OP_EQ, A, T, B); }
comparison(E) ::= value(A) NE(T) value(B).
    { E = ast_operation(p, AST_COMPARE, AST_OP_NE, A, T, B); }
comparison(E) ::= value(A) LT(T) value(B).
    { E = ast_operation(p, AST_COMPARE, AST_OP_LT, A, T, B); }
comparison(E) ::= value(A) LE(T) value(B).
    { E = ast_operation(p, AST_COMPARE, AST_OP_LE, A, T, B); }
comparison(E) ::= value(A) GT(T) value(B).
    { E = ast_operation(p, AST_COMPARE, AST_OP_GT, A, T, B); }
comparison(E) ::= value(A) GE(T) value(B).
    { E = ast_operation(p, AST_COMPARE, AST_OP_GE, A, T, B); }
comparison(E) ::= value(A) IN(T) value(B).      { E = ast_binary(p, AST_IN, A, T, T, B); }
comparison(E) ::= value(A) NOT(T) IN(U) value(B).
    { E = ast_binary(p, AST_IN, A, T, U, B); E->negated = true; }
comparison(E) ::= value(A) CONTAINS(T) value(B).
    { E = ast_binary(p, AST_CONTAINS, A, T, T, B); }
comparison(E) ::= value(A) CONTAINS(T) ANY(U) value(B).
    { E = ast_binary(p, AST_CONTAINS, A, T, U, B); E->any = true; }
comparison(E) ::= value(A) MATCHES(T) value(B).
    { E = ast_binary(p, AST_MATCHES, A, T, T, B); }
comparison(E) ::= value(A) STARTS(T) WITH(U) value(B).
    { E = ast_binary(p, AST_STARTS, A, T, U, B); }
comparison(E) ::= value(A) ENDS(T) WITH(U) value(B).
    { E = ast_binary(p, AST_ENDS, A, T, U, B); }
comparison(E) ::= value(A) INSIDE(T) value(B).
    { E = ast_binary(p, AST_INSIDE, A, T, T, B); }
comparison(E) ::= value(A) NOT(T) INSIDE(U) value(B).
    { E = ast_binary(p, AST_INSIDE, A, T, U, B); E->negated = true; }
comparison(E) ::= value(A) RUNS(T) value(B).
    { E = ast_binary(p, AST_RUNS, A, T, T, B); }
comparison(E) ::= value(A) RUNS(T) ANY(U) value(B).
    { E = ast_binary(p, AST_RUNS, A, T, U, B); E->mode = AST_RUNS_ANY; }
comparison(E) ::= value(A) RUNS(T) ONLY(U) value(B).
    { E = ast_binary(p, AST_RUNS, A, T, U, B); E->mode = AST_RUNS_ONLY; }
comparison(E) ::= value(A) REPEATS(T) INT(N) chars OF source(S).
    { E = ast_repeats(p, A, T, N, S); }
comparison(E) ::= origin_test(E).
comparison(E) ::= origin_test(A) DOWN TO INT(N) chars.   { E = ast_from_down(p, A, N); }
comparison(E) ::= value(A) IS(T) name(N).       { E = ast_is(p, A, T, N); }
comparison(E) ::= value(A) HAS(T) name(N).      { E = ast_has(p, A, T, N); }
comparison(E) ::= ANY(T) name(N) IN value(L) SATISFIES unary(C).
    { E = ast_quantifier(p, T, true, N, L, C); }
comparison(E) ::= ALL(T) name(N) IN value(L) SATISFY unary(C).
    { E = ast_quantifier(p, T, false, N, L, C); }
comparison(E) ::= EARLIER(T) past(H).           { E = ast_earlier(p, T, false, H); }
comparison(E) ::= NO(T) EARLIER past(H).        { E = ast_earlier(p, T, true, H); }
%type origin_test {ast_expression *}
origin_test(E) ::= value(A) FROM(T) source(S).           { E = ast_from(p, A, T, false, S); }
origin_test(E) ::= value(A) NOT(T) FROM source(S).       { E = ast_from(p, A, T, true, S); }
chars ::= CHAR.
chars ::= CHARS.

/* ---- origins -------------------------------------------------------------------------------------------------------
 * source = NAME | "result" "of" tool { "." key } | "result" "tagged" NAME | "message" "of" NAME | "output"
 */
%type source {ast_source *}
%type source_result {ast_source *}
source(S) ::= NAME(T).
    { S = ast_source_new(p, AST_SOURCE_NAME, T, ast_word(p, T)); }
source(S) ::= source_result(S).
source(S) ::= RESULT(T) TAGGED name(N).         { S = ast_source_new(p, AST_SOURCE_TAGGED, T, N); }
source(S) ::= MESSAGE(T) OF name(N).            { S = ast_source_new(p, AST_SOURCE_MESSAGE, T, N); }
source(S) ::= OUTPUT(T).
    { S = ast_source_new(p, AST_SOURCE_OUTPUT, T, (ast_text){0}); }
source_result(S) ::= RESULT(T) OF tool(N).      { S = ast_source_new(p, AST_SOURCE_RESULT, T, N); }
source_result(S) ::= source_result(S) DOT key(K).        { ast_source_key(p, S, K); }

/* ---- history ---------------------------------------------------------------------------------------------------------
 * past = moment { "followed" "by" moment } [ "with" "same" ( path | "(" path { "," path } ")" ) ]
 *        [ "since" moment ] [ "across" "sessions" ] [ "within" DURATION ]
 * moment = mark stage [ tool | "tagged" NAME ] | "(" mark event [ "where" condition ] ")"
 * mark   = [ "stopped" | "approved" ]
 */
%type past {ast_past *}
%type past_followed {ast_past *}
%type past_same {ast_past *}
%type past_since {ast_past *}
%type past_across {ast_past *}
past(H) ::= past_across(H).                     { ast_past_end(p, H); }
past(H) ::= past_across(H) WITHIN DURATION(U).  { ast_past_within(p, H, U); }
past_across(H) ::= past_since(H).
past_across(H) ::= past_since(H) ACROSS SESSIONS.
    { H->across_sessions = true; ast_past_end(p, H); }
past_since(H) ::= past_same(H).
past_since(H) ::= past_same(H) SINCE moment(M). { ast_past_since(p, H, M); }
past_same(H) ::= past_followed(H).
past_same(H) ::= past_followed(H) WITH SAME path(K).
    { ast_past_same(p, H, paths_add(p, NULL, K)); }
past_same(H) ::= past_followed(H) WITH SAME LEFT_PAREN paths(L) RIGHT_PAREN.
    { ast_past_same(p, H, L); }
past_followed(H) ::= moments(L).                { H = ast_past_new(p, L); }
%type moments {pattern_list *}
moments(L) ::= moment(M).                       { L = patterns_add(p, NULL, M); }
moments(L) ::= moments(L) FOLLOWED BY moment(M).         { patterns_add(p, L, M); }
%type paths {path_list *}
paths(L) ::= path(A).                           { L = paths_add(p, NULL, A); }
paths(L) ::= paths(L) COMMA path(A).            { paths_add(p, L, A); }
%type moment {ast_pattern *}
moment(M) ::= moment_event(E).
    { M = ast_pattern_new(p, (struct token){.start = E.range.start}, AST_MARK_NONE, E, NULL); }
moment(M) ::= STOPPED(T) moment_event(E).
    { M = ast_pattern_new(p, T, AST_MARK_STOPPED, E, NULL); }
moment(M) ::= APPROVED(T) moment_event(E).
    { M = ast_pattern_new(p, T, AST_MARK_APPROVED, E, NULL); }
moment(M) ::= LEFT_PAREN(T) mark(K) event(E) RIGHT_PAREN.
    { M = ast_pattern_new(p, T, K, E, NULL); }
moment(M) ::= LEFT_PAREN(T) mark(K) event(E) WHERE condition(C) RIGHT_PAREN.
    { M = ast_pattern_new(p, T, K, E, C); }
%type moment_event {ast_event}
moment_event(E) ::= stage(E).
moment_event(E) ::= stage(S) tool(N).           { E = ast_event_tool(p, S, N); }
moment_event(E) ::= stage(S) TAGGED name(N).    { E = ast_event_tagged(p, S, N); }
%type mark {ast_mark}
mark(K) ::= .                                   { K = AST_MARK_NONE; }
mark(K) ::= STOPPED.                            { K = AST_MARK_STOPPED; }
mark(K) ::= APPROVED.                           { K = AST_MARK_APPROVED; }

/* ---- values --------------------------------------------------------------------------------------------------------------
 * value   = product { ( "+" | "-" ) product }
 * product = part { "*" part }
 * part    = path "of" ( part | past | path "over" past ) | atom { "folded" | "decoded" }
 */
%type value {ast_expression *}
value(E) ::= product(E).
value(E) ::= value(A) PLUS(T) product(B).
    { E = ast_operation(p, AST_ARITHMETIC, AST_OP_ADD, A, T, B); }
value(E) ::= value(A) MINUS(T) product(B).
    { E = ast_operation(p, AST_ARITHMETIC, AST_OP_SUBTRACT, A, T, B); }
%type product {ast_expression *}
product(E) ::= part(E).
product(E) ::= product(A) STAR(T) part(B).
    { E = ast_operation(p, AST_ARITHMETIC, AST_OP_MULTIPLY, A, T, B); }
%type part {ast_expression *}
part(E) ::= view(E).
part(E) ::= path(P) OF(T) part(A).              { E = ast_of(p, P, T, A); }
part(E) ::= path(P) OF(T) past(H).              { E = ast_of_past(p, P, T, (ast_path){0}, H); }
part(E) ::= path(P) OF(T) path(F) OVER past(H). { E = ast_of_past(p, P, T, F, H); }
%type view {ast_expression *}
view(E) ::= atom(E).
view(E) ::= view(A) FOLDED(T).                  { E = ast_view(p, A, T); }
view(E) ::= view(A) DECODED(T).                 { E = ast_view(p, A, T); }

/* atom   = path | call | STRING | REGEX | [ "-" ] INT | [ "-" ] DECIMAL | DURATION | "true" | "false" | braces
 *        | "(" condition ")" | "(" value "else" value ")"
 * call   = path "(" [ value { "," value } ] ")" { "." key }
 * braces = "{" [ value { "," value } ] "}"
 */
%type atom {ast_expression *}
atom(E) ::= path(P).                            { E = ast_path_value(p, P); }
atom(E) ::= call(E).
atom(E) ::= STRING(T).                          { E = ast_literal(p, AST_STRING, T); }
atom(E) ::= REGEX(T).                           { E = ast_literal(p, AST_REGEX, T); }
atom(E) ::= INT(T).                             { E = ast_literal(p, AST_INT, T); }
atom(E) ::= MINUS(M) INT(T).                    { E = ast_negative(p, AST_INT, M, T); }
atom(E) ::= DECIMAL(T).                         { E = ast_literal(p, AST_DECIMAL, T); }
atom(E) ::= MINUS(M) DECIMAL(T).                { E = ast_negative(p, AST_DECIMAL, M, T); }
atom(E) ::= DURATION(T).                        { E = ast_literal(p, AST_DURATION, T); }
atom(E) ::= TRUE(T).                            { E = ast_literal(p, AST_BOOL, T); }
atom(E) ::= FALSE(T).                           { E = ast_literal(p, AST_BOOL, T); }
atom(E) ::= braces(E).
atom(E) ::= LEFT_PAREN(T) condition(A) RIGHT_PAREN.      { E = ast_parentheses(p, T, A); }
atom(E) ::= LEFT_PAREN(T) value(A) ELSE(U) value(B) RIGHT_PAREN.
    { E = ast_parentheses(p, T, ast_binary(p, AST_ELSE, A, U, U, B)); }
%type call {ast_expression *}
call(E) ::= path(P) LEFT_PAREN RIGHT_PAREN.              { E = ast_call(p, P, NULL); }
call(E) ::= path(P) LEFT_PAREN values(L) RIGHT_PAREN.    { E = ast_call(p, P, L); }
call(E) ::= call(A) DOT key(K).                 { E = ast_call_key(p, A, K); }
%type braces {ast_expression *}
braces(E) ::= LEFT_BRACE(T) RIGHT_BRACE.        { E = ast_set(p, T, NULL); }
braces(E) ::= LEFT_BRACE(T) values(L) RIGHT_BRACE.       { E = ast_set(p, T, L); }
%type values {expression_list *}
values(L) ::= value(E).                         { L = expressions_add(p, NULL, E); }
values(L) ::= values(L) COMMA value(E).         { expressions_add(p, L, E); }

/* ---- types ------------------------------------------------------------------------------------------------------------------
 * type   = ( NAME | NAME "<" type ">" | record ) [ "(" INT ")" ]
 * record = "{" fields "}"
 * fields = field { "," field }
 * field  = key [ "?" ] ":" type
 */
%type type {ast_type *}
%type plain_type {ast_type *}
type(Y) ::= plain_type(Y).
type(Y) ::= plain_type(Y) LEFT_PAREN INT(N) RIGHT_PAREN. { ast_type_bound(p, Y, N); }
plain_type(Y) ::= name(N).                      { Y = ast_type_name(p, N, NULL); }
plain_type(Y) ::= name(N) LT type(A) GT.        { Y = ast_type_name(p, N, A); }
plain_type(Y) ::= record(F).                    { Y = ast_type_record(p, F); }
%type record {ast_fields}
record(F) ::= LEFT_BRACE(T) fields(L) RIGHT_BRACE.       { F = fields_of(p, L, T); }
%type parameters {ast_fields}
parameters(F) ::= LEFT_PAREN(T) RIGHT_PAREN.             { F = fields_of(p, NULL, T); }
parameters(F) ::= LEFT_PAREN(T) fields(L) RIGHT_PAREN.   { F = fields_of(p, L, T); }
%type fields {field_list *}
fields(L) ::= field(F).                         { L = fields_add(p, NULL, F); }
fields(L) ::= fields(L) COMMA field(F).         { fields_add(p, L, F); }
%type field {ast_field}
field(F) ::= key(K) COLON type(Y).              { F = (ast_field){K, false, Y}; }
field(F) ::= key(K) QUESTION COLON type(Y).     { F = (ast_field){K, true, Y}; }

/* ---- names --------------------------------------------------------------------------------------------------------------------
 * path    = ( NAME | "this" ) { "." key }
 * key     = NAME | STRING
 * tool    = NAME | STRING
 * names   = NAME { "," NAME }
 * strings = STRING { "," STRING }
 */
%type path {ast_path}
path(P) ::= NAME(T).                            { P = ast_path_begin(p, T); }
path(P) ::= THIS(T).                            { P = ast_path_begin(p, T); }
path(P) ::= path(A) DOT key(K).                 { P = ast_path_key(p, A, K); }
%type key {ast_text}
key(N) ::= NAME(T).                             { N = ast_word(p, T); }
key(N) ::= STRING(T).                           { N = ast_quoted_name(p, T); }
%type tool {ast_text}
tool(N) ::= NAME(T).                            { N = ast_word(p, T); }
tool(N) ::= STRING(T).                          { N = ast_quoted_name(p, T); }
%type name {ast_text}
name(N) ::= NAME(T).                            { N = ast_word(p, T); }
%type string {ast_text}
string(N) ::= STRING(T).                        { N = ast_string(p, T); }
%type names {text_list *}
names(L) ::= name(N).                           { L = texts_add(p, NULL, N); }
names(L) ::= names(L) COMMA name(N).            { texts_add(p, L, N); }
%type strings {text_list *}
strings(L) ::= string(N).                       { L = texts_add(p, NULL, N); }
strings(L) ::= strings(L) COMMA string(N).      { texts_add(p, L, N); }

/* ---- tests ----------------------------------------------------------------------------------------------------------------------
 * test = "test" STRING "{" { step } "}"
 * step = "given" NAME ( json | "fails" ) | "system" STRING | "input" [ "as" NAME ] STRING | "output" STRING
 *      | "action" tool [ "as" NAME ] object | "result" tool [ object ] ( STRING [ "value" json ] | "value" json )
 *      | "message" NAME "to" NAME STRING | "wait" DURATION | "approved" "by" NAME [ "standing" ]
 *      | "expect" outcome [ "by" ( "default" | path ) { "," ( "default" | path ) } ] | "expect" NAME STRING
 *      | "expect" "malformed"
 */
%type test {ast_declaration *}
test(D) ::= TEST(T) string(S) LEFT_BRACE steps(L) RIGHT_BRACE.  { D = ast_test(p, T, S, L); }
%type steps {step_list *}
steps(L) ::= .                                  { L = NULL; }
steps(L) ::= steps(A) step(S).                  { L = steps_add(p, A, S); }
steps(L) ::= steps(L) SKIPPED_STEP.
%type step {ast_step *}
step(S) ::= GIVEN(T) name(N) json(J).
    { S = ast_step_new(p, AST_STEP_GIVEN, T); S->name = N; S->json = J; }
step(S) ::= GIVEN(T) name(N) FAILS.
    { S = ast_step_new(p, AST_STEP_GIVEN, T); S->name = N; S->fails = true; }
step(S) ::= SYSTEM(T) string(X).
    { S = ast_step_new(p, AST_STEP_SYSTEM, T); S->text = X; }
step(S) ::= INPUT(T) as(G) string(X).
    { S = ast_step_new(p, AST_STEP_INPUT, T); S->agent = G; S->text = X; }
step(S) ::= OUTPUT(T) string(X).
    { S = ast_step_new(p, AST_STEP_OUTPUT, T); S->text = X; }
step(S) ::= ACTION(T) tool(N) as(G) object(J).
    { S = ast_step_new(p, AST_STEP_ACTION, T); S->name = N; S->agent = G; S->json = J; }
step(S) ::= answer_text(S).
step(S) ::= answer_text(A) VALUE json(V).
    { S = A; S->value = V; S->range.end = p->end; }
step(S) ::= answer(A) VALUE json(V).
    { S = A; S->value = V; S->range.end = p->end; }
step(S) ::= MESSAGE(T) name(A) TO name(B) string(X).
    { S = ast_step_new(p, AST_STEP_MESSAGE, T); S->name = A; S->agent = B; S->text = X; }
step(S) ::= WAIT(T) DURATION(U).
    { S = ast_step_new(p, AST_STEP_WAIT, T); S->wait_us = ast_duration(p, U); }
step(S) ::= APPROVED(T) BY name(N).
    { S = ast_step_new(p, AST_STEP_APPROVED, T); S->name = N; }
step(S) ::= APPROVED(T) BY name(N) STANDING.
    { S = ast_step_new(p, AST_STEP_APPROVED, T); S->name = N; S->standing = true; }
step(S) ::= EXPECT(T) name(N) string(X).
    { S = ast_step_new(p, AST_STEP_EXPECT_TEXT, T); S->name = N; S->text = X; }
step(S) ::= expectation(S).
step(S) ::= expectation(A) BY causes(L).        { S = ast_step_by(p, A, L); }
step(S) ::= EXPECT(T) MALFORMED.
    { S = ast_step_new(p, AST_STEP_EXPECT, T); S->malformed = true; S->verdict = CST_DENY; }
%type answer {ast_step *}
answer(S) ::= RESULT(T) tool(N).
    { S = ast_step_new(p, AST_STEP_RESULT, T); S->name = N; }
answer(S) ::= RESULT(T) tool(N) object(J).
    { S = ast_step_new(p, AST_STEP_RESULT, T); S->name = N; S->json = J; }
%type answer_text {ast_step *}
answer_text(S) ::= answer(A) string(X).         { S = A; S->text = X; }
%type as {ast_text}
as(N) ::= .                                     { N = (ast_text){0}; }
as(N) ::= AS name(A).                           { N = A; }
%type causes {path_list *}
causes(L) ::= cause(P).                         { L = paths_add(p, NULL, P); }
causes(L) ::= causes(L) COMMA cause(P).         { paths_add(p, L, P); }
%type cause {ast_path}
cause(P) ::= DEFAULT(T).                        { P = ast_path_begin(p, T); }
cause(P) ::= path(P).

/* outcome = "permit" | "flag" | "label" NAME | "redact" | "replace" | "require" "approval" | "escalate"
 *         | "refuse" | "deny" | "halt"
 */
%type expectation {ast_step *}
expectation(S) ::= EXPECT(T) verdict(V).
    { S = ast_step_new(p, AST_STEP_EXPECT, T); S->verdict = V; }
expectation(S) ::= EXPECT(T) LABEL name(N).
    { S = ast_step_new(p, AST_STEP_EXPECT, T); S->expects_label = true; S->name = N; }
%type verdict {cst_verdict}
verdict(V) ::= PERMIT.                          { V = CST_PERMIT; }
verdict(V) ::= FLAG.                            { V = CST_FLAG; }
verdict(V) ::= REDACT.                          { V = CST_REDACT; }
verdict(V) ::= REPLACE.                         { V = CST_REPLACE; }
verdict(V) ::= REQUIRE APPROVAL.                { V = CST_REQUIRE_APPROVAL; }
verdict(V) ::= ESCALATE.                        { V = CST_ESCALATE; }
verdict(V) ::= REFUSE.                          { V = CST_REFUSE; }
verdict(V) ::= DENY.                            { V = CST_DENY; }
verdict(V) ::= HALT.                            { V = CST_HALT; }

/* ---- the values of tests ------------------------------------------------------------------------------------------------------------
 * json   = object | array | STRING | [ "-" ] ( INT | DECIMAL | FLOAT ) | "true" | "false" | NAME
 * object = "{" [ member { "," member } ] "}"
 * member = key ":" json
 * array  = "[" [ json { "," json } ] "]"
 */
%type json {ast_json *}
json(J) ::= object(J).
json(J) ::= LEFT_BRACKET(T) RIGHT_BRACKET.      { J = ast_json_list(p, T, NULL); }
json(J) ::= LEFT_BRACKET(T) elements(L) RIGHT_BRACKET.   { J = ast_json_list(p, T, L); }
json(J) ::= STRING(T).
    { J = ast_json_new(p, AST_JSON_STRING, T); J->text = ast_json_string(p, T); }
json(J) ::= number(T).                          { J = ast_json_number(p, T, T); }
json(J) ::= MINUS(M) number(T).                 { J = ast_json_number(p, M, T); }
json(J) ::= TRUE(T).
    { J = ast_json_new(p, AST_JSON_BOOL, T); J->boolean = true; }
json(J) ::= FALSE(T).                           { J = ast_json_new(p, AST_JSON_BOOL, T); }
json(J) ::= NAME(T).                            { J = ast_json_word(p, T); }
%type number {struct token}
number(N) ::= INT(N).
number(N) ::= DECIMAL(N).
number(N) ::= FLOAT(N).
%type object {ast_json *}
object(J) ::= LEFT_BRACE(T) RIGHT_BRACE.        { J = ast_json_object(p, T, NULL); }
object(J) ::= LEFT_BRACE(T) members(L) RIGHT_BRACE.      { J = ast_json_object(p, T, L); }
%type members {member_list *}
members(L) ::= member_key(K) COLON json(J).     { L = members_add(p, NULL, K, J); }
members(L) ::= members(L) COMMA member_key(K) COLON json(J).  { members_add(p, L, K, J); }
%type member_key {ast_text}
member_key(N) ::= NAME(T).                      { N = ast_word(p, T); }
member_key(N) ::= STRING(T).                    { N = ast_json_string(p, T); }
%type elements {member_list *}
elements(L) ::= json(J).                        { L = members_add(p, NULL, (ast_text){0}, J); }
elements(L) ::= elements(L) COMMA json(J).      { members_add(p, L, (ast_text){0}, J); }

/* ---- the door for the driver ---------------------------------------------------------------------------------------------------------
 *
 * A trial walks the tables with the states of the real stack and a few of its own on top, and builds nothing.
 */
%code {

struct trial {
    const yyParser *parser;
    int kept;                          /* entries of the parser's stack that still count */
    int count;                         /* entries of `states` */
    YYACTIONTYPE states[LIMIT_PARSE_DEPTH];
};

static void trial_begin(struct trial *trial, const yyParser *parser)
{
    trial->parser = parser;
    trial->kept = (int)(parser->yytos - parser->yystack) + 1;
    trial->count = 0;
}

static YYACTIONTYPE trial_top(const struct trial *trial)
{
    return trial->count ? trial->states[trial->count - 1] : trial->parser->yystack[trial->kept - 1].stateno;
}

static void trial_pop(struct trial *trial, int count)
{
    const int own = count < trial->count ? count : trial->count;
    trial->count -= own;
    trial->kept -= count - own;
}

static bool trial_push(struct trial *trial, YYACTIONTYPE state)
{
    if (trial->kept + trial->count >= YYSTACKDEPTH)
        return false;
    trial->states[trial->count++] = state;
    return true;
}

/* As yy_find_shift_action, but a soft word is not taken for a name. */
static YYACTIONTYPE own_action(YYCODETYPE kind, YYACTIONTYPE state)
{
    if (state > YY_MAX_SHIFT)
        return state;
    const int at = yy_shift_ofst[state] + kind;
    return yy_lookahead[at] == kind ? yy_action[at] : yy_default[state];
}

static parser_answer trial_token(struct trial *trial, uint16_t kind, bool itself)
{
    for (;;) {
        const YYACTIONTYPE top = trial_top(trial);
        const YYACTIONTYPE action =
            itself ? own_action((YYCODETYPE)kind, top) : yy_find_shift_action((YYCODETYPE)kind, top);
        if (action == YY_ACCEPT_ACTION)
            return PARSER_ACCEPTS;
        if (action <= YY_MAX_SHIFTREDUCE) {
            const int next = action > YY_MAX_SHIFT ? action + (YY_MIN_REDUCE - YY_MIN_SHIFTREDUCE) : action;
            return trial_push(trial, (YYACTIONTYPE)next) ? PARSER_ACCEPTS : PARSER_TOO_DEEP;
        }
        if (action < YY_MIN_REDUCE)
            return PARSER_REFUSES;
        const int rule = action - YY_MIN_REDUCE;
        if (yyRuleInfoNRhs[rule] == 0 && trial->kept + trial->count >= YYSTACKDEPTH)
            return PARSER_TOO_DEEP;
        trial_pop(trial, -yyRuleInfoNRhs[rule]);
        if (!trial_push(trial, yy_find_reduce_action(trial_top(trial), yyRuleInfoLhs[rule])))
            return PARSER_TOO_DEEP;
    }
}

size_t parser_size(void)
{
    return sizeof(yyParser);
}

void parser_begin(void *parser, struct parsing *parsing)
{
    ParserInit(parser, parsing);
}

void parser_feed(void *parser, struct token token)
{
    Parser(parser, token.kind, token);
}

parser_answer parser_try(const void *parser, const uint16_t *kinds, uint32_t count)
{
    struct trial trial;
    trial_begin(&trial, parser);
    parser_answer answer = PARSER_ACCEPTS;
    for (uint32_t i = 0; i < count && answer == PARSER_ACCEPTS; i++)
        answer = trial_token(&trial, kinds[i], false);
    return answer;
}

bool parser_expects(const void *parser, uint16_t kind)
{
    struct trial trial;
    trial_begin(&trial, parser);
    return trial_token(&trial, kind, true) == PARSER_ACCEPTS;
}

bool parser_unwind(void *raw, uint16_t kind)
{
    yyParser *const parser = raw;
    struct trial trial;
    for (int kept = (int)(parser->yytos - parser->yystack) + 1; kept > 0; kept--) {
        trial_begin(&trial, parser);
        trial.kept = kept;
        if (trial_token(&trial, kind, true) != PARSER_ACCEPTS)
            continue;
        parser->yytos = &parser->yystack[kept - 1];
        return true;
    }
    return false;
}

uint16_t parser_token_count(void)
{
    return YYNTOKEN;
}

}

/*
 * driver.h - the driver between lexer and parser (parse.c), as its tables of mendable mistakes
 * (repair.c, repair_shape.c, phrase.c) see it.
 *
 * Private to these files.
 */
#ifndef CONSTITUTION_COMPILER_SYNTAX_DRIVER_H
#define CONSTITUTION_COMPILER_SYNTAX_DRIVER_H

#include "compiler/syntax/syntax.h"

#define DRIVER_ANY UINT16_MAX

struct driver {
    struct parsing *parsing;
    void *parser;
    struct lexer lexer;
    struct token window[12]; /* tokens looked at but not fed */
    uint32_t count;
    struct token before;      /* fed last */
    uint16_t earlier;         /* the kind of the one before that */
    struct token effect;      /* the word behind the last `then`, until its `with` */
    struct token stage, tool; /* behind the last `on`; tool: kind 0 if it names none */
    struct token quantity;    /* the word before the last `of` */
    bool in_free; /* between the parentheses of `free (…)`, which hold names of arguments */
    bool in_test; /* between the braces of a test */
    struct {
        struct token *items;
        uint32_t count, capacity;
    } brackets; /* open ones */
};

struct token driver_token(
    struct driver *driver); /* the token in hand; a word is a NAME where every word is one */
struct token driver_after(struct driver *driver); /* the one behind it, as the lexer made it */
struct token driver_look(struct driver *driver,
                         uint32_t ahead); /* as the lexer made it; at most 10 */
void driver_drop(struct driver *driver);
/* Would the parser take `first`, and then `second` unless that is DRIVER_ANY? */
bool driver_accepts(const struct driver *driver, uint16_t first, uint16_t second);
void driver_feed(struct driver *driver, struct token token);
void driver_insert(struct driver *driver,
                   uint16_t kind); /* a token of no length behind what was fed */

/* repair.c: the parser refuses `found`. Reports it, whatever it is. True if parsing can go on: then
 * something was fed or dropped. False: the driver must recover. */
bool driver_repair(struct driver *driver, struct token found);
/* What became of a token that was looked at before it was fed. MENDED: what was meant was fed, or
 * dropped. REPORTED: nothing was fed, and the driver must recover. */
enum repair_answer { REPAIR_NONE, REPAIR_MENDED, REPAIR_REPORTED };

/* The parser would take `found`, but not for what was meant. */
enum repair_answer driver_repair_early(struct driver *driver, struct token found);

/* phrase.c: whether `found` begins a phrase that is written otherwise here. */
enum repair_answer driver_repair_phrase(struct driver *driver, struct token found);

/* repair_shape.c: rows of the table in repair.c. False and an error reported: the driver must
 * recover. */
bool repair_missing_with(struct driver *driver, struct token found);
bool repair_missing_approver(struct driver *driver, struct token found);
bool repair_missing_stage(struct driver *driver, struct token found);
bool repair_missing_events(struct driver *driver, struct token found);
bool repair_call_in_test(struct driver *driver, struct token found);
bool repair_unclosed_paren(struct driver *driver, struct token found);
bool repair_decimal_comma(struct driver *driver, struct token found);
bool repair_duration(struct driver *driver, struct token found);

#endif

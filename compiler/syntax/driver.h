/*
 * driver.h - the driver between lexer and parser (parse.c), as its table of mendable mistakes
 * (repair.c) sees it.
 *
 * Private to these two files.
 */
#ifndef CONSTITUTION_COMPILER_SYNTAX_DRIVER_H
#define CONSTITUTION_COMPILER_SYNTAX_DRIVER_H

#include "compiler/syntax/syntax.h"

#define DRIVER_ANY UINT16_MAX

struct driver {
    struct parsing *parsing;
    void *parser;
    struct lexer lexer;
    struct token window[4]; /* tokens looked at but not fed */
    uint32_t count;
    struct token before; /* fed last */
    uint16_t earlier;    /* the kind of the one before that */
    bool in_free;        /* between the parentheses of `free (…)`, which hold names of arguments */
    bool in_test;        /* between the braces of a test */
    struct {
        struct token *items;
        uint32_t count, capacity;
    } brackets; /* open ones */
};

struct token driver_token(
    struct driver *driver); /* the token in hand; a word is a NAME where every word is one */
struct token driver_after(struct driver *driver); /* the one behind it, as the lexer made it */
void driver_drop(struct driver *driver);
/* Would the parser take `first`, and then `second` unless that is DRIVER_ANY? */
bool driver_accepts(const struct driver *driver, uint16_t first, uint16_t second);
void driver_feed(struct driver *driver, struct token token);
void driver_insert(struct driver *driver,
                   uint16_t kind); /* a token of no length behind what was fed */

/* repair.c: the parser refuses `found`. Reports it, whatever it is. True if parsing can go on: then
 * something was fed or dropped. False: the driver must recover. */
bool driver_repair(struct driver *driver, struct token found);
/* The parser would take `found`, but not for what was meant: mends that too. False: nothing was
 * done. */
bool driver_repair_early(struct driver *driver, struct token found);

#endif

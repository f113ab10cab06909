/*
 * random_pattern.h - random regular expressions of the subset, and texts that they nearly match.
 *
 * An expression is made as a tree, from which it is written and from which texts are drawn; the
 * texts are mutated, so that they match, almost match, and match more than once. Shapes of the
 * world (keys, telephone numbers, gaps between words) come beside free ones, so that everything
 * that a pattern can be looked for by is made.
 */
#ifndef CONSTITUTION_TESTS_DIFFERENTIAL_RANDOM_PATTERN_H
#define CONSTITUTION_TESTS_DIFFERENTIAL_RANDOM_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

typedef struct generator {
    uint64_t state;
    bool small; /* short expressions over three characters, for checks that try every text */
} generator;

uint32_t generator_below(generator *generator, uint32_t bound);

typedef struct string {
    char bytes[4096];
    uint32_t length;
} string;

void string_add(string *string, const char *bytes, uint32_t length);
void string_add_code(string *string, uint32_t code);

typedef struct node node;
/* The tree lives until the next `trees_reset`. */
void trees_reset(void);
const node *expression_random(generator *generator);
/* As the language has it, or as PCRE2 does: its DFA knows no `$` under both (?m) and
 * DOLLAR_ENDONLY. */
void expression_write(const node *node, bool oracle, string *out);
/* One text that the expression takes, apart from its assertions; counts now and then one off. */
void expression_draw(generator *generator, const node *node, string *out);
/* A text of matches, broken matches and noise. */
void text_random(generator *generator, const node *const *nodes, uint32_t count, string *out);
void phrase_random(generator *generator, string *out);

#endif

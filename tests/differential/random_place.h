/*
 * random_place.h - where a piece of a random policy will stand, and what writes such pieces. For
 * the files of the generator alone.
 *
 * A `place` carries what can be named there: the fields of the selector, and the variables of
 * enclosing quantifiers. Each gen_… appends a piece that is of the right type at that place; those
 * that return bool append nothing and return false where nothing fits.
 */
#ifndef CONSTITUTION_TESTS_RANDOM_PLACE_H
#define CONSTITUTION_TESTS_RANDOM_PLACE_H

#include "tests/differential/random_policy.h"

typedef struct variable {
    char name[8];
    field_kind kind;
    bool record; /* of elements .k and .n */
} variable;

typedef struct place {
    random_state *random;
    buffer *out;
    const random_field *arguments; /* NULL: open arguments */
    uint32_t argument_count;
    const random_field *context;
    uint32_t context_count;
    variable variables[4];
    uint32_t variable_count;
    bool has_arguments;
    bool has_text;
    const random_policy *policy;
    bool in_past;  /* a filter of the past: no question about the past of its own */
    bool cuttable; /* a test of a text was written, and stands under no `not` */
    uint32_t negations;
} place;

/* ---- values: random_value.c ------------------------------------------------------------------ */

extern const char *const random_types[FIELD_KINDS]; /* as a declaration names them */
const char *random_literal(place *place, field_kind kind);

/* A field of that kind that is there for sure, or one with a fallback (not if a part of it will be
 * named). */
bool gen_field_of(place *place, field_kind kind, bool part);
bool gen_field(place *place, field_kind kind);
/* A list field that is there for sure, of any kind or of any kind of number; NULL if there is none.
 * `owner` is what it belongs to. */
const random_field *find_list(place *place, bool records, bool numbers, const char **owner);
void gen_value(place *place, field_kind kind, uint32_t depth);

/* ---- conditions ------------------------------------------------------------------------------ */

void gen_condition(place *place, uint32_t depth); /* random_condition.c */
bool gen_command_test(place *place);              /* random_text.c */
void gen_text_test(place *place);
void gen_from(place *place);
void gen_past(place *place); /* random_past.c */

#endif

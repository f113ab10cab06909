/*
 * outline.h - a policy as a list of declarations in words: what `constc diff` compares and `constc
 * doc` prints.
 */
#ifndef CONSTITUTION_COMPILER_CLI_OUTLINE_H
#define CONSTITUTION_COMPILER_CLI_OUTLINE_H

#include "compiler/checked.h"
#include "compiler/cli/unit.h"

/* What a rule consists of, as text that people read: "applies to", "effect", … */
typedef enum outline_aspect {
    ASPECT_SCOPE,
    ASPECT_CONDITION,
    ASPECT_EFFECT,
    ASPECT_STANDING, /* in shadow, waivable, until when */
    ASPECT_WORDING,  /* principle, because */
    ASPECT_COUNT
} outline_aspect;

typedef struct outline_item { /* one declaration, or one file that is no policy */
    char *file;               /* as seen from the folder of the policy; "" for the policy itself */
    char *kind;               /* "rule", "set", …; "file" */
    char *name;               /* of a default: its stage; of a test: its title; may be "" */
    char *text;               /* equal if and only if the declaration says the same */
    char *place;              /* "support.const:12" */
    /* of rules, permits, waivers: the condition with definitions in their place; else NULL */
    char *aspects[ASPECT_COUNT];
    char **entries; /* of a set that is written out, as in the source */
    uint32_t entry_count;
    const rule
        *meant; /* of a rule, permit or waiver: as it was checked; lives with the compilation */
    const checked_policy *policy; /* whose it is */
    ast_kind declared;
    cst_verdict verdict; /* of a rule */
    bool shadow, waivable;
    uint32_t principle; /* of a rule: its number in the checked policy, or CST_NONE */
    source_range range;
} outline_item;

typedef struct outline {
    outline_item *items;
    uint32_t count, capacity;
} outline;

/* The policy at `path`, compiled up to `last` (at least DRIVER_CHECK), and its outline:
 * declarations of a file in their order, the policy's own file first. False after a message; *code
 * says how to end. driver_end and outline_free in either case. */
bool outline_read(const char *path, driver_pass last, compilation **unit, outline *list, int *code);
/* The outline of a compilation that was checked without errors; `list` is zeroed. */
cst_status outline_of(compilation *unit, outline *list);
void outline_free(outline *list);

#endif

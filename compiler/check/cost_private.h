/*
 * cost_private.h - what the files of cost share: prices, sizes of texts, and what looking through
 * them costs at most.
 *
 * Private to compiler/check/cost*.c.
 */
#ifndef CONSTITUTION_COMPILER_CHECK_COST_PRIVATE_H
#define CONSTITUTION_COMPILER_CHECK_COST_PRIVATE_H

#include "compiler/cost.h"
#include "runtime/limits.h"

/* ---- numbers that end at UINT64_MAX ---------------------------------------------------------- */

static inline uint64_t cost_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline uint64_t cost_times(uint64_t a, uint64_t b)
{
    return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static inline uint64_t cost_least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t cost_most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

typedef struct price {
    uint64_t steps, scratch;
} price;

static inline price price_add(price a, price b)
{
    return (price){cost_add(a.steps, b.steps), cost_add(a.scratch, b.scratch)};
}

static inline price price_times(price a, uint64_t times)
{
    return (price){cost_times(a.steps, times), cost_times(a.scratch, times)};
}

/* ---- texts ----------------------------------------------------------------------------------- */

typedef struct texts {              /* of a value, or the segments of their views */
    uint64_t count, longest, bytes; /* bytes: of all together */
} texts;

/* cost_size.c: what a value can hold at most. `lists`: by local, what each quantifier goes through.
 */

typedef struct sizing {
    const checked_policy *policy;
    const expression *const *lists;
    const cost_limits *limits;
} sizing;

texts cost_texts_of_type(const sizing *in, const type *type);
texts cost_texts(const sizing *in, const expression *value);
uint64_t cost_elements(const sizing *in, const expression *list);
/* Texts, numbers and other scalars in it. */
uint64_t cost_leaves(const sizing *in, const type *type);
/* All values in it, lists and records too. */
uint64_t cost_values(const sizing *in, const type *type);
/* Bytes of one text; 0 if it is none. */
uint64_t cost_bytes(const sizing *in, const expression *text);

/* cost_text.c: views and scans. */

/* To make these views of texts; *segments is what they have. */
price cost_view(unsigned views, texts of, texts *segments);
struct scan_head;
/* The database of that row in the image; NULL if there is none yet. */
const struct scan_head *cost_database(const cst_image *image, uint32_t row);
/* To find which of all patterns are there. */
price cost_scan(const struct scan_head *head, texts segments);
/* Whether one pattern takes a whole text. */
uint64_t cost_whole(const struct scan_head *head, uint32_t number, texts segments);
/* To list the matches of one pattern; *matches: how many there can be. */
uint64_t cost_list(const struct scan_head *head, uint32_t number, texts segments,
                   uint64_t *matches);

/* cost_price.c: a walk over conditions. */

typedef struct place { /* one expression, or what a rule does with it */
    price price;
    const expression *node;
    uint32_t rule;
} place;

typedef struct costing {
    arena *arena;
    const checked_policy *policy;
    const cst_image *image;
    cost_limits limits;
    const expression **lists; /* by local */
    /* What is made once an event for all who ask: the views of a field's texts, their scan by a
     * database, shell lines taken apart. */
    /* by slot: its number among those that hold shell lines, or CST_NONE */
    uint32_t *line_of_slot;
    uint32_t *lines, line_count; /* those slots */
    uint32_t shared_count;       /* two of each database, and one of each such slot */
    /* by number of what is shared: who in the body in hand asks first; NULL: nobody */
    const expression **users;
    uint32_t *used, used_count; /* those that somebody asks for */
    bool from;                  /* the body in hand asks where a value came from */
    const expression *from_user;
    price total; /* of the body in hand */
    uint32_t rule;
    uint64_t most_steps_rule, most_scratch_rule;
    place by_steps, by_scratch; /* the places that cost most, of all bodies */
} costing;

void costing_begin(costing *out, arena *arena, const cost_subject *subject);
/* Of one condition that is evaluated so many times; added to `total`. */
void costing_condition(costing *c, const expression *condition, uint64_t times);
/* What asks for questions that are open, so many times. */
void costing_collect(costing *c, const expression *condition, uint64_t times);
/* What marks the texts that made it true. */
void costing_marks(costing *c, const expression *condition, uint64_t times);
/* Adds what `node` costs besides. */
void costing_add(costing *c, const expression *node, uint64_t times, price one);
/* What an event brings for later questions about repeated texts: of one origin. */
price costing_remembered(const costing *c, const checked_echo *echo, const checked_origin *origin);
/* What is made once for all conditions. */
price costing_shared(const costing *c, uint32_t number);
/* The field that an expression goes through, or CST_NONE. */
uint32_t costing_slot(const costing *c, const expression *node);
/* Questions to the host, at most. */
uint64_t costing_questions(costing *c, const expression *condition, uint64_t times);

#endif

/*
 * convert.h - JSON values become values of a type row: the one place where "does it fit the type?"
 * is answered.
 *
 * The event reader uses convert_string, convert_number and convert_bool straight from tokens;
 * lists, records and open data go through convert_json on a tree. Both give the same answer for the
 * same text, because the tree conversion calls the scalar ones.
 *
 * Each answers true and writes *out (at and at_length included), or answers false and says why.
 * What does not fit is no value: *out is then absent. Layer 1: knows the image's type rows, not
 * events.
 */
#ifndef CONSTITUTION_RUNTIME_CONVERT_H
#define CONSTITUTION_RUNTIME_CONVERT_H

#include "runtime/identity.h"
#include "runtime/json.h"
#include "runtime/module.h"

/*
 * The names of all enums and declared agents, so that finding one takes the same time among ten and
 * among thousands: rows of image.names plus one, open addressing. `buckets` NULL: names are
 * compared one by one.
 */
typedef struct convert_names {
    const uint32_t *buckets;
    uint32_t capacity; /* a power of two */
} convert_names;

/* What conversions need; the same for all values of an event. */
typedef struct convert_context {
    const cst_image *image;
    arena *arena;           /* canonical texts, lists, records */
    uint32_t text_bytes;    /* of a string; 0: LIMIT_TEXT_BYTES */
    uint32_t list_elements; /* of a list whose type names no bound; 0: LIMIT_LIST_ELEMENTS */
    convert_names names;
    /* bit k: some symbol has k bytes, 63: that many or more; 0: not known */
    uint64_t symbol_lengths;
} convert_context;

/* Why not. `code`: "type", "value" (no such enum value, agent or identity; a number that is not
 * exact or out of range), "bound" (T(N) or a limit), "missing" (a required field of a record),
 * "memory". `pointer` is what to put behind the pointer of the value that was converted: "" for
 * itself, "/0/name" for a part; arena memory. */
typedef struct convert_problem {
    const char *code;
    const char *pointer;
    const char *text; /* an English sentence; static */
} convert_problem;

/* `interned`: look texts up among the policy's symbols (cst_value.symbol). at and at_length are the
 * value's JSON text. */
bool convert_string(const convert_context *context, uint32_t type, bool interned, const char *text,
                    uint32_t length, uint32_t at, uint32_t at_length, cst_value *out,
                    convert_problem *problem);
bool convert_number(const convert_context *context, uint32_t type, const char *text,
                    uint32_t length, uint32_t at, uint32_t at_length, cst_value *out,
                    convert_problem *problem);
bool convert_bool(const convert_context *context, uint32_t type, bool boolean, uint32_t at,
                  uint32_t at_length, cst_value *out, convert_problem *problem);
/* Any value. JSON null does not fit any type but json: what null means for a field is the reader's
 * question. */
bool convert_json(const convert_context *context, uint32_t type, bool interned,
                  const cst_json *json, cst_value *out, convert_problem *problem);

/* The symbol of a text, 0 if it is no constant of the policy. */
uint32_t symbol_find(const cst_image *image, const char *text, size_t length);
/* The place of a text among the names of an enum or of agents, or CST_NONE. */
uint32_t convert_name(const convert_context *context, const cst_type_row *type, const char *text,
                      uint32_t length);
/* How many buckets convert_names of an image has; 0: it has none. Fills them, which are zeroed. */
uint32_t convert_names_capacity(const cst_image *image);
void convert_names_fill(const cst_image *image, uint32_t *buckets, uint32_t capacity);

/* What symbol_lengths holds for an image. */
uint64_t symbol_lengths(const cst_image *image);

/* The same, and most texts are told from all symbols by their length alone. */
static inline uint32_t convert_symbol(const convert_context *context, const char *text,
                                      uint32_t length)
{
    const uint32_t bit = length < 63 ? length : 63;
    return !context->symbol_lengths || context->symbol_lengths >> bit & 1
               ? symbol_find(context->image, text, length)
               : 0;
}

#endif

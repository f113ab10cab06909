/*
 * identity.h - typed text: numbers, times and identity types parsed once, in canonical form.
 *
 * Used by the event reader and by the compiler for literals, so both sides of a comparison went
 * through the same code. Each parser takes bytes (UTF-8 checked before), writes a value (kind, text
 * or number, length, parts, raw_length; symbol 0) and answers false if the text is no such thing;
 * then the event is malformed or the literal is an error. Canonical text is taken from the input
 * where it is canonical already, else from the arena; if that is full they set *no_memory.
 *
 * What canonical means is written above each function in identity_*.c and in docs/language.md.
 * Layer 1.
 */
#ifndef CONSTITUTION_RUNTIME_IDENTITY_H
#define CONSTITUTION_RUNTIME_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/base/buffer.h"
#include "runtime/module.h"
#include "runtime/value.h"

/* Texts: CST_KIND_EMAIL, URL, HOST, PATH, IP; also STRING (never fails), TIME and DURATION ("10m").
 */
bool identity_parse(cst_kind kind, const char *bytes, size_t length, arena *arena, cst_value *out,
                    bool *no_memory);

/* JSON numbers, as written: INT (no fraction unless it is zero: 3.0 and 3e2 count as whole),
 * DECIMAL (exact, at most six places unless zero), FLOAT (finite). False if out of range or not
 * exact. */
bool number_parse(cst_kind kind, const char *text, size_t length, cst_value *out);

/* RFC 3339 with offset or Z, to microseconds (further digits must be zero); false outside of years
 * 0001 to 9999. */
bool time_parse(const char *text, size_t length, int64_t *microseconds);
/* One number and a unit: us ms s m h d w; false on overflow. */
bool duration_parse(const char *text, size_t length, int64_t *microseconds);

/* "10.0.0.0/8", "2001:db8::/32" or a single address. */
bool network_parse(const char *text, size_t length, cst_network *out);

/* The part of a value that a property names: points into value's canonical text, raw_length =
 * length, symbol 0. The kind of each property's result: property_kind. Absent in, absent out. */
void value_part(const cst_value *value, cst_property property, cst_value *out);
cst_kind property_kind(cst_property property);
/* CST_PROPERTY_COUNT if that kind has no such part. */
cst_property property_find(cst_kind kind, const char *name, size_t length);

bool path_is_inside(const char *path, size_t path_length, const char *folder, size_t folder_length);
bool host_is_inside(const char *host, size_t host_length, const char *parent, size_t parent_length);

/* Writes a value as a person reads it: texts as they are, numbers shortest and exact, times as RFC
 * 3339, durations as "10m", lists joined by ", ", enum values through `image`'s type row. */
void value_show(buffer *out, const cst_value *value, const cst_image *image, uint32_t type);

extern const char *const weekday_names[7]; /* "monday" … "sunday" */

#endif

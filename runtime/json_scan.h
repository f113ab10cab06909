/*
 * json_scan.h - pulling values out of JSON text, for readers that know what they look for.
 *
 * The token interface of json.h asks "what comes next?"; here the reader says what it wants, so
 * nothing is classified twice and no state is kept that the reader's own recursion holds already.
 * This is what the event reader is built on:
 *
 *     json_scan_begin(&s, bytes, length, arena, depth_limit);
 *     if (json_peek(&s) != '{' || !json_open(&s)) ...
 *     while (json_next_member(&s)) {           the key is in s.text, s.length; the value comes next
 *         if (known(s.text, s.length) && json_peek(&s) == '"') json_string(&s);
 *         else json_skip(&s);
 *     }
 *     if (s.error || !json_finish(&s)) ... json_scan_pointer(&s) ...
 *
 * Every value that was announced (by json_next_member, json_next_element, or as the whole text)
 * must be read or skipped before the next call of the loop. The first error sticks: all later calls
 * answer false, so one test of `error` behind a loop is enough. Everything that is read over is
 * checked in full: grammar, encoding, depth, duplicate members. Duplicates among more than
 * JSON_LINEAR_KEYS members are found when the object ends.
 *
 * Layer 1.
 */
#ifndef CONSTITUTION_RUNTIME_JSON_SCAN_H
#define CONSTITUTION_RUNTIME_JSON_SCAN_H

#include "runtime/json.h"

/* up to here each key is compared with those before it; beyond, sorted at the end */
#define JSON_LINEAR_KEYS 32u

#define JSON_PADDING 16u /* one load of plain_run */

/* json_scan_begin for input behind which JSON_PADDING bytes are readable, the first of them NUL. */
void json_scan_begin_padded(json_scanner *scanner, const char *bytes, size_t length, arena *arena,
                            uint32_t depth_limit);

/* Sets the first error and stops the scanner. Always false. Readers may call it too. */
bool json_fail(json_scanner *scanner, json_error error, const char *at);

/* Passes white space; the next byte, which is not read, or 0 at the end of the input. */
static inline char json_peek(json_scanner *scanner)
{
    const char *next = scanner->next;
    const char *const end = scanner->end;
    if (next < end && (unsigned char)*next > ' ') /* as in nearly all events */
        return *next;
    while (next < end && (*next == ' ' || *next == '\n' || *next == '\r' || *next == '\t'))
        next++;
    scanner->next = next;
    return next < end ? *next : '\0';
}

/* Where the value that comes next starts, for cst_value.at; after json_peek. */
static inline uint32_t json_offset(const json_scanner *scanner)
{
    return (uint32_t)(scanner->next - scanner->start);
}

/* Enters the object or list whose first byte json_peek showed ('{' or '['). */
bool json_open(json_scanner *scanner);
/* In an object: reads the next key and its colon into text, length, at, at_length. False: the
 * object has ended (and is left; `next` stands behind it), or an error. */
bool json_next_member(json_scanner *scanner);
/* In a list: true if an element comes next. False: the list has ended (and is left), or an error.
 * */
bool json_next_element(json_scanner *scanner);

/* Reads the string, or number, that comes next into text, length, at, at_length; false also if
 * something else comes. */
bool json_string(json_scanner *scanner);
bool json_number(json_scanner *scanner);
/* Reads `true`, `false` or `null` into at, at_length; its first letter tells which ('t', 'f', 'n'),
 * 0 after an error. */
char json_literal(json_scanner *scanner);
/* Any value at all (json_skip of json.h): at, at_length are then its whole text. */

/* After the last value: only white space may follow. */
bool json_finish(json_scanner *scanner);

/* Goes back to a value that was skipped: it starts at byte `at` (json_offset, or `at` after
 * json_skip). The scanner is then as it was after json_scan_begin, but offsets still count from the
 * same start. json_finish has no meaning after it. */
void json_restart(json_scanner *scanner, uint32_t at);

#endif

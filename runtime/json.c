/*
 * json.c - the scanner: grammar, encoding, depth and duplicate members, all in one pass over the
 * bytes.
 *
 * Strings are most of an event, so they are read 16 bytes at a time (SSE2; elsewhere 8 in a word):
 * one comparison finds quotes, backslashes, control characters and bytes that are not ASCII; only
 * those are looked at one by one. A string without escapes is the input itself. One with escapes is
 * checked first and then decoded into the arena, which needs no guess at its size.
 *
 * Duplicate members: the keys of all open objects lie on one stack. A key is compared with the
 * earlier ones of its object by a 64-bit tag (first and last bytes), which decides nearly always; a
 * key of at most 8 bytes is its tag. Past JSON_LINEAR_KEYS members this would be quadratic, so then
 * the keys are sorted when the object ends: n log n whatever keys an attacker chooses, with no seed
 * to guess.
 *
 * The file is longer than most, because its readers are inlined into one another.
 *
 * Left out on purpose: no number becomes a double here (see number.c), nothing is padded or copied
 * up front, and nothing recurses.
 */
#include "runtime/json.h"

#include <string.h>

#include "runtime/json_read.h"
#include "runtime/json_scan.h"
#include "runtime/utf8.h"

bool json_fail(json_scanner *scanner, json_error error, const char *at)
{
    if (scanner->error == JSON_OK) {
        scanner->error = error;
        scanner->error_at = (uint32_t)(at - scanner->start);
    }
    scanner->next = scanner->end;
    return false;
}

static void start_at(json_scanner *scanner, const char *next)
{
    scanner->next = next;
    scanner->depth = 0;
    scanner->error = JSON_OK;
    scanner->error_at = 0;
    scanner->pending = true;
    scanner->fresh = false;
    scanner->seen_count = 0;
    scanner->seen_first = 0;
}

void json_scan_begin(json_scanner *scanner, const char *bytes, size_t length, arena *memory,
                     uint32_t depth_limit)
{
    scanner->start = bytes ? bytes : "";
    scanner->end = scanner->start + (length > UINT32_MAX ? 0 : length);
    scanner->readable = scanner->end;
    scanner->arena = memory;
    scanner->depth_limit = depth_limit == 0 || depth_limit > LIMIT_JSON_SCANNER_DEPTH
                               ? LIMIT_JSON_SCANNER_DEPTH
                               : depth_limit;
    scanner->at = scanner->at_length = 0;
    scanner->text = NULL;
    scanner->length = 0;
    scanner->seen = scanner->seen_space;
    scanner->seen_capacity = JSON_SEEN_SPACE;
    start_at(scanner, scanner->start);
    if (length > UINT32_MAX)
        json_fail(scanner, JSON_MEMORY, scanner->start);
}

void json_scan_begin_padded(json_scanner *scanner, const char *bytes, size_t length, arena *memory,
                            uint32_t depth_limit)
{
    json_scan_begin(scanner, bytes, length, memory, depth_limit);
    if (bytes && length <= UINT32_MAX)
        scanner->readable = scanner->end + JSON_PADDING;
}

void json_restart(json_scanner *scanner, uint32_t at)
{
    const size_t size = (size_t)(scanner->end - scanner->start);
    start_at(scanner, at <= size ? scanner->start + at : scanner->end);
}

/* ---- strings --------------------------------------------------------------------------------- */

/* Four hex digits; UINT32_MAX if they are not. */
static uint32_t hex_four(const char *next, const char *end)
{
    if (end - next < 4)
        return UINT32_MAX;
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        const char digit = next[i];
        uint32_t bits;
        if (digit >= '0' && digit <= '9')
            bits = (uint32_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            bits = (uint32_t)(digit - 'a') + 10;
        else if (digit >= 'A' && digit <= 'F')
            bits = (uint32_t)(digit - 'A') + 10;
        else
            return UINT32_MAX;
        code = code << 4 | bits;
    }
    return code;
}

/* Reads the escape behind a backslash. Its code point goes to *code; NULL if it is none (*error
 * says why). */
static const char *read_escape(const char *next, const char *end, uint32_t *code, json_error *error)
{
    *error = JSON_SYNTAX;
    if (next == end)
        return NULL;
    switch (*next) {
    case '"':
    case '\\':
    case '/': *code = (unsigned char)*next; return next + 1;
    case 'b': *code = '\b'; return next + 1;
    case 'f': *code = '\f'; return next + 1;
    case 'n': *code = '\n'; return next + 1;
    case 'r': *code = '\r'; return next + 1;
    case 't': *code = '\t'; return next + 1;
    case 'u': break;
    default: return NULL;
    }
    const uint32_t high = hex_four(next + 1, end);
    if (high == UINT32_MAX)
        return NULL;
    next += 5;
    if (high < 0xd800 || high > 0xdfff) {
        *code = high;
        return next;
    }
    *error = JSON_ENCODING;
    if (high > 0xdbff || end - next < 6 || next[0] != '\\' || next[1] != 'u')
        return NULL;
    const uint32_t low = hex_four(next + 2, end);
    if (low < 0xdc00 || low > 0xdfff)
        return NULL;
    *code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return next + 6;
}

/* Decodes checked text with escapes: what comes out is never longer than what goes in. */
static bool decode(json_scanner *scanner, const char *from, const char *to)
{
    char *const text = arena_allocate(scanner->arena, (size_t)(to - from));
    if (!text)
        return json_fail(scanner, JSON_MEMORY, from);
    char *out = text;
    while (from < to) {
        const char *backslash = memchr(from, '\\', (size_t)(to - from));
        if (!backslash)
            backslash = to;
        memcpy(out, from, (size_t)(backslash - from));
        out += backslash - from;
        from = backslash;
        if (from == to)
            break;
        uint32_t code;
        json_error error;
        from = read_escape(from + 1, to, &code, &error);
        if (!from)
            return json_fail(scanner, JSON_SYNTAX, to);
        out += utf8_encode(code, out);
    }
    scanner->text = text;
    scanner->length = (uint32_t)(out - text);
    return true;
}

/*
 * From here on the readers take the place they read from and give the place behind, or NULL after
 * an error: a place that stays in a register is several times faster than one that every step
 * stores in the scanner and loads again.
 */

/* The string that starts at `start` (its quote), from the first byte that is not plain. */
const char *json_string_rest(json_scanner *scanner, const char *start, const char *next, bool keep)
{
    const char *const end = scanner->end;
    bool escaped = false;
    for (;;) {
        if (next == end) {
            json_fail(scanner, JSON_SYNTAX, end);
            return NULL;
        }
        const unsigned char byte = (unsigned char)*next;
        if (byte == '"')
            break;
        if (byte == '\\') {
            uint32_t code;
            json_error error;
            const char *const behind = read_escape(next + 1, end, &code, &error);
            if (!behind) {
                json_fail(scanner, error, next);
                return NULL;
            }
            next = behind;
            escaped = true;
        } else if (byte < 0x20) {
            json_fail(scanner, JSON_SYNTAX, next);
            return NULL;
        } else {
            /* Text in other scripts comes in runs. */
            while (next < end && (unsigned char)*next >= 0x80) {
                const uint32_t step =
                    utf8_step((const unsigned char *)next, (const unsigned char *)end);
                if (step == 0) {
                    json_fail(scanner, JSON_ENCODING, next);
                    return NULL;
                }
                next += step;
            }
        }
        next = plain_run(next, end, scanner->readable);
    }
    scanner->text = start + 1;
    scanner->length = (uint32_t)(next - start - 1);
    if (escaped && keep && !decode(scanner, start + 1, next))
        return NULL;
    scanner->at = (uint32_t)(start - scanner->start);
    scanner->at_length = (uint32_t)(next + 1 - start);
    return next + 1;
}

/* A value was read up to `behind`. */
static inline bool value_read(json_scanner *scanner, const char *behind)
{
    if (!behind)
        return false;
    scanner->next = behind;
    scanner->pending = false;
    return true;
}

bool json_string(json_scanner *scanner)
{
    const char *const start = pass_space(scanner->next, scanner->end);
    if (start == scanner->end || *start != '"')
        return json_fail(scanner, JSON_SYNTAX, start);
    return value_read(scanner, json_read_string(scanner, start, true));
}

/* ---- numbers and literals -------------------------------------------------------------------- */

static inline const char *digits(const char *next, const char *end)
{
    while (next < end && *next >= '0' && *next <= '9')
        next++;
    return next;
}

static const char *no_number(json_scanner *scanner, const char *at)
{
    json_fail(scanner, JSON_SYNTAX, at);
    return NULL;
}

static const char *read_number(json_scanner *scanner, const char *start)
{
    const char *const end = scanner->end;
    const char *next = start;
    if (next < end && *next == '-')
        next++;
    const char *const whole = next;
    next = digits(next, end);
    if (next == whole || (*whole == '0' && next - whole > 1))
        return no_number(scanner, whole);
    if (next < end && *next == '.') {
        const char *const fraction = ++next;
        next = digits(next, end);
        if (next == fraction)
            return no_number(scanner, next);
    }
    if (next < end && (*next == 'e' || *next == 'E')) {
        next++;
        if (next < end && (*next == '+' || *next == '-'))
            next++;
        const char *const exponent = next;
        next = digits(next, end);
        if (next == exponent)
            return no_number(scanner, next);
    }
    scanner->text = start;
    scanner->length = (uint32_t)(next - start);
    scanner->at = (uint32_t)(start - scanner->start);
    scanner->at_length = scanner->length;
    return next;
}

bool json_number(json_scanner *scanner)
{
    return value_read(scanner, read_number(scanner, pass_space(scanner->next, scanner->end)));
}

static const char *read_literal(json_scanner *scanner, const char *start)
{
    const char first = start < scanner->end ? *start : '\0';
    const char *const word = first == 't' ? "true" : first == 'f' ? "false" : "null";
    const size_t length = first == 'f' ? 5 : 4;
    if ((size_t)(scanner->end - start) < length || memcmp(start, word, length) != 0) {
        json_fail(scanner, JSON_SYNTAX, start);
        return NULL;
    }
    scanner->at = (uint32_t)(start - scanner->start);
    scanner->at_length = (uint32_t)length;
    return start + length;
}

char json_literal(json_scanner *scanner)
{
    const char *const start = pass_space(scanner->next, scanner->end);
    return value_read(scanner, read_literal(scanner, start)) ? *start : '\0';
}

/* ---- keys of open objects -------------------------------------------------------------------- */

/* Room for `more` entries on the stack of keys. */
static bool seen_reserve(json_scanner *scanner, uint32_t more)
{
    if (more <= scanner->seen_capacity - scanner->seen_count)
        return true;
    if (scanner->seen_capacity > UINT32_MAX / 4 || more > UINT32_MAX / 4)
        return json_fail(scanner, JSON_MEMORY, scanner->next);
    const uint32_t capacity = scanner->seen_capacity * 2 + more;
    json_seen *const seen = arena_array(scanner->arena, capacity, sizeof *seen);
    if (!seen)
        return json_fail(scanner, JSON_MEMORY, scanner->next);
    memcpy(seen, scanner->seen, scanner->seen_count * sizeof *seen);
    scanner->seen = seen;
    scanner->seen_capacity = capacity;
    return true;
}

/* Some order in which equal keys are neighbours, and of those the later one follows. */
static bool key_before(const json_seen *a, const json_seen *b)
{
    if (a->tag != b->tag)
        return a->tag < b->tag;
    if (a->length != b->length)
        return a->length < b->length;
    const int order = a->length <= 8 ? 0 : memcmp(a->text, b->text, a->length);
    return order != 0 ? order < 0 : a->at < b->at;
}

/* Merge sort with the room behind the keys. */
static void sort_keys(json_seen *keys, json_seen *room, uint32_t count)
{
    json_seen *from = keys, *to = room;
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t start = 0; start < count; start += 2 * width) {
            const uint32_t middle = count - start < width ? count : start + width;
            const uint32_t end = count - start < 2 * width ? count : start + 2 * width;
            uint32_t left = start, right = middle;
            for (uint32_t i = start; i < end; i++) {
                const bool take_right =
                    left == middle || (right < end && key_before(&from[right], &from[left]));
                to[i] = take_right ? from[right++] : from[left++];
            }
        }
        json_seen *const swap = from;
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof *keys);
}

/* The duplicates of a large object, when it ends. */
static bool check_large(json_scanner *scanner)
{
    const uint32_t count = scanner->seen_count - scanner->seen_first;
    if (!seen_reserve(scanner, count))
        return false;
    json_seen *const keys = scanner->seen + scanner->seen_first;
    sort_keys(keys, keys + count, count);
    const json_seen *second = NULL;
    for (uint32_t i = 1; i < count; i++)
        if (same_key(&keys[i - 1], &keys[i]) && (!second || keys[i].at < second->at))
            second = &keys[i];
    return !second || json_fail(scanner, JSON_DUPLICATE, scanner->start + second->at);
}

/* Notes the key that was just read. */
bool json_note_key(json_scanner *scanner)
{
    if (scanner->seen_count == scanner->seen_capacity && !seen_reserve(scanner, 1))
        return false;
    json_seen *const first = scanner->seen + scanner->seen_first;
    json_seen *const last = scanner->seen + scanner->seen_count;
    last->tag = key_tag(scanner, scanner->text, scanner->length);
    last->text = scanner->text;
    last->length = scanner->length;
    last->at = scanner->at;
    const uint32_t count = scanner->seen_count - scanner->seen_first;
    if (count < JSON_LINEAR_KEYS) {
        for (const json_seen *key = first; key < last; key++)
            if (same_key(key, last))
                return json_fail(scanner, JSON_DUPLICATE, scanner->start + scanner->at);
    } else if (count >= LIMIT_JSON_MEMBERS) {
        return json_fail(scanner, JSON_MEMBERS, scanner->start + scanner->at);
    }
    scanner->seen_count++;
    return true;
}

/* ---- objects and lists ----------------------------------------------------------------------- */

/* Enters the object or list whose bracket is at `start`. */
const char *json_open_level(json_scanner *scanner, const char *start)
{
    if (scanner->depth >= scanner->depth_limit) {
        json_fail(scanner, JSON_DEPTH, start);
        return NULL;
    }
    if (*start == '{') {
        /* One entry remembers where the keys of the object around this one start. */
        if (scanner->seen_count == scanner->seen_capacity && !seen_reserve(scanner, 1))
            return NULL;
        scanner->seen[scanner->seen_count++].at = scanner->seen_first;
        scanner->seen_first = scanner->seen_count;
    }
    scanner->state[scanner->depth++] = (uint8_t)*start;
    scanner->at = (uint32_t)(start - scanner->start);
    scanner->at_length = 1;
    scanner->fresh = true;
    return start + 1;
}

/* Leaves the innermost level, whose closing bracket is at `bracket`. */
const char *json_close_level(json_scanner *scanner, const char *bracket)
{
    if (*bracket == '}') {
        if (scanner->seen_count - scanner->seen_first > JSON_LINEAR_KEYS && !check_large(scanner))
            return NULL;
        scanner->seen_count = scanner->seen_first - 1;
        scanner->seen_first = scanner->seen[scanner->seen_count].at;
    }
    scanner->depth--;
    scanner->at = (uint32_t)(bracket - scanner->start);
    scanner->at_length = 1;
    scanner->fresh = false;
    return bracket + 1;
}

typedef enum item_answer { ITEM_COMES, ITEM_NONE, ITEM_ERROR } item_answer;

static item_answer item_error(json_scanner *scanner, const char *at)
{
    json_fail(scanner, JSON_SYNTAX, at);
    return ITEM_ERROR;
}

/* The next member up to its colon, or the end of the object; *place moves behind it. */
static inline item_answer read_member(json_scanner *scanner, const char **place)
{
    const char *const end = scanner->end;
    const char *next = pass_space(*place, end);
    if (next < end && *next == '}') {
        *place = json_close_level(scanner, next);
        return *place ? ITEM_NONE : ITEM_ERROR;
    }
    if (!scanner->fresh) {
        if (next == end || *next != ',')
            return item_error(scanner, next);
        next = pass_space(next + 1, end);
    }
    scanner->fresh = false;
    if (next == end || *next != '"')
        return item_error(scanner, next);
    next = json_read_string(scanner, next, true);
    if (!next || !json_note_key(scanner))
        return ITEM_ERROR;
    next = pass_space(next, end);
    if (next == end || *next != ':')
        return item_error(scanner, next);
    *place = next + 1;
    return ITEM_COMES;
}

static inline item_answer read_element(json_scanner *scanner, const char **place)
{
    const char *const end = scanner->end;
    const char *next = pass_space(*place, end);
    if (next < end && *next == ']') {
        *place = json_close_level(scanner, next);
        return *place ? ITEM_NONE : ITEM_ERROR;
    }
    if (!scanner->fresh) {
        if (next == end || *next != ',')
            return item_error(scanner, next);
        next++;
    }
    scanner->fresh = false;
    *place = next;
    return ITEM_COMES;
}

bool json_open(json_scanner *scanner)
{
    const char *const start = pass_space(scanner->next, scanner->end);
    if (start == scanner->end || (*start != '{' && *start != '['))
        return json_fail(scanner, JSON_SYNTAX, start);
    return value_read(scanner, json_open_level(scanner, start));
}

/* An error has moved `next` to the end already. */
static inline bool item_comes(json_scanner *scanner, item_answer answer, const char *place)
{
    if (answer == ITEM_ERROR)
        return false;
    scanner->next = place;
    scanner->pending = answer == ITEM_COMES;
    return answer == ITEM_COMES;
}

bool json_next_member(json_scanner *scanner)
{
    const char *place = scanner->next;
    if (scanner->error != JSON_OK)
        return false;
    const item_answer answer = read_member(scanner, &place);
    return item_comes(scanner, answer, place);
}

bool json_next_element(json_scanner *scanner)
{
    const char *place = scanner->next;
    if (scanner->error != JSON_OK)
        return false;
    const item_answer answer = read_element(scanner, &place);
    return item_comes(scanner, answer, place);
}

bool json_finish(json_scanner *scanner)
{
    if (scanner->error != JSON_OK)
        return false;
    json_peek(scanner);
    return (scanner->next == scanner->end && !scanner->pending && scanner->depth == 0) ||
           json_fail(scanner, JSON_SYNTAX, scanner->next);
}

/* A scalar, or only the opening bracket of an object or list. */
static inline const char *pass_value(json_scanner *scanner, const char *next)
{
    next = pass_space(next, scanner->end);
    const char first = next < scanner->end ? *next : '\0';
    if (first == '"')
        return json_read_string(scanner, next, false);
    if (first == '{' || first == '[')
        return json_open_level(scanner, next);
    if (first == '-' || (first >= '0' && first <= '9'))
        return read_number(scanner, next);
    return read_literal(scanner, next);
}

bool json_skip(json_scanner *scanner)
{
    if (!scanner->pending && scanner->depth > 0 && scanner->state[scanner->depth - 1] == '[' &&
        !json_next_element(scanner))
        return json_fail(scanner, JSON_SYNTAX, scanner->next);
    const uint32_t depth = scanner->depth;
    const char *const start = pass_space(scanner->next, scanner->end);
    const char *next = pass_value(scanner, start);
    while (next && scanner->depth > depth) {
        const item_answer answer = scanner->state[scanner->depth - 1] == '{'
                                       ? read_member(scanner, &next)
                                       : read_element(scanner, &next);
        if (answer == ITEM_ERROR)
            return false;
        if (answer == ITEM_COMES)
            next = pass_value(scanner, next);
    }
    if (!value_read(scanner, next))
        return false;
    scanner->at = (uint32_t)(start - scanner->start);
    scanner->at_length = (uint32_t)(next - start);
    return true;
}

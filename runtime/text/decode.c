/*
 * decode.c - inline escapes, and the order in which a text is looked into.
 *
 * Escapes stand in a text for single characters: percent (%XX, %uXXXX), HTML entities by number or
 * by a name that hides a sign, backslashes (\xXX, \uXXXX with surrogates, \u{…}, \x{…},
 * \UXXXXXXXX). They are undone in place, all of a text in one segment, again and again as long as
 * new ones appear. Bytes of percent and \x are undone where they are UTF-8 together. What would be
 * a control character stays, and so does everything that is no whole escape: `100% sure` and
 * `C:\users` are what they are.
 *
 * What is encoded as a run (decode_run.c) is looked for in the text without escapes, so that
 * `aGVs%62G8=` is found.
 */
#include "runtime/text/view_private.h"

#include <string.h>

#include "runtime/limits.h"
#include "runtime/utf8.h"

/* ---- characters ------------------------------------------------------------------------------ */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char low = (char)(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* Hex digits from `at`, at most `most`; *value is their number. */
static uint32_t hex_digits(const char *at, const char *end, uint32_t most, uint32_t *value)
{
    uint32_t count = 0;
    *value = 0;
    while (count < most && at + count < end && hex_value(at[count]) >= 0)
        *value = *value << 4 | (uint32_t)hex_value(at[count++]);
    return count;
}

static bool may_stand(uint32_t code)
{
    if (code < 0x20)
        return code == '\t' || code == '\n' || code == '\r';
    return (code < 0x7F || code > 0x9F) && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

/* Each of these answers how many bytes the escape at `at` has, 0 if it is none, and *code is its
 * character. */

/* Bytes, each behind `%` or `\x`, that are one character together. */
static uint32_t bytes_escape(const char *at, const char *end, uint32_t prefix, uint32_t *code)
{
    char bytes[4];
    uint32_t count = 0, value;
    for (const char *next = at; count < 4; next += prefix + 2) {
        if ((size_t)(end - next) < prefix + 2 || memcmp(next, at, prefix) != 0 ||
            hex_digits(next + prefix, end, 2, &value) != 2)
            break;
        bytes[count++] = (char)value;
    }
    if (count == 0)
        return 0;
    const char *next = bytes;
    *code = utf8_decode(&next, bytes + count);
    return may_stand(*code) ? (uint32_t)(next - bytes) * (prefix + 2) : 0;
}

/* UTF-16 units, each behind two characters and four hex digits. */
static uint32_t unit_escape(const char *at, const char *end, uint32_t *code)
{
    uint32_t low;
    if ((size_t)(end - at) < 6 || hex_digits(at + 2, end, 4, code) != 4)
        return 0;
    if (*code >= 0xD800 && *code < 0xDC00 && (size_t)(end - at) >= 12 &&
        memcmp(at + 6, at, 2) == 0 && hex_digits(at + 8, end, 4, &low) == 4 && low >= 0xDC00 &&
        low < 0xE000) {
        *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
        return 12;
    }
    return may_stand(*code) ? 6 : 0;
}

static uint32_t backslash_escape(const char *at, const char *end, uint32_t *code)
{
    if (end - at < 4)
        return 0;
    if ((at[1] == 'u' || at[1] == 'x') && at[2] == '{') {
        const uint32_t digits = hex_digits(at + 3, end, 6, code);
        return digits && at + 3 + digits < end && at[3 + digits] == '}' && may_stand(*code)
                   ? digits + 4
                   : 0;
    }
    if (at[1] == 'U')
        return hex_digits(at + 2, end, 8, code) == 8 && may_stand(*code) ? 10 : 0;
    if (at[1] == 'x')
        return bytes_escape(at, end, 2, code);
    return at[1] == 'u' ? unit_escape(at, end, code) : 0;
}

static uint32_t named_entity(const char *name, uint32_t length)
{
    static const struct {
        char name[8];
        uint16_t code;
    } names[] = {{"amp", '&'},       {"lt", '<'},        {"gt", '>'},       {"quot", '"'},
                 {"apos", '\''},     {"nbsp", 0xA0},     {"Tab", '\t'},     {"NewLine", '\n'},
                 {"excl", '!'},      {"num", '#'},       {"dollar", '$'},   {"percnt", '%'},
                 {"lpar", '('},      {"rpar", ')'},      {"ast", '*'},      {"plus", '+'},
                 {"comma", ','},     {"period", '.'},    {"sol", '/'},      {"colon", ':'},
                 {"semi", ';'},      {"equals", '='},    {"quest", '?'},    {"commat", '@'},
                 {"lsqb", '['},      {"lbrack", '['},    {"bsol", '\\'},    {"rsqb", ']'},
                 {"rbrack", ']'},    {"Hat", '^'},       {"lowbar", '_'},   {"grave", '`'},
                 {"lcub", '{'},      {"lbrace", '{'},    {"verbar", '|'},   {"vert", '|'},
                 {"rcub", '}'},      {"rbrace", '}'},    {"shy", 0xAD},     {"zwnj", 0x200C},
                 {"zwj", 0x200D},    {"hyphen", 0x2010}, {"dash", 0x2010},  {"ndash", 0x2013},
                 {"mdash", 0x2014},  {"lsquo", 0x2018},  {"rsquo", 0x2019}, {"ldquo", 0x201C},
                 {"rdquo", 0x201D},  {"hellip", 0x2026}, {"ensp", 0x2002},  {"emsp", 0x2003},
                 {"thinsp", 0x2009}, {"euro", 0x20AC},   {"copy", 0xA9},    {"reg", 0xAE},
                 {"middot", 0xB7},   {"bull", 0x2022}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(names[i].name, name, length) == 0 &&
            (length == sizeof names->name || names[i].name[length] == '\0'))
            return names[i].code;
    return 0;
}

static uint32_t entity_escape(const char *at, const char *end, uint32_t *code)
{
    const char *next = at + 1;
    if (next < end && *next == '#') {
        const bool hex = next + 1 < end && (next[1] | 0x20) == 'x';
        next += hex ? 2 : 1;
        const char *const digits = next;
        *code = 0;
        if (hex)
            next += hex_digits(next, end, 7, code);
        else
            for (; next < end && next - digits < 7 && *next >= '0' && *next <= '9'; next++)
                *code = *code * 10 + (uint32_t)(*next - '0');
        if (next == digits || !may_stand(*code))
            return 0;
        return (uint32_t)(next - at) + (next < end && *next == ';');
    }
    while (next < end && next - at <= 8 && (unsigned)(*next | 0x20) - 'a' < 26)
        next++;
    if (next == at + 1 || next == end || *next != ';')
        return 0;
    *code = named_entity(at + 1, (uint32_t)(next - at) - 1);
    return *code ? (uint32_t)(next - at) + 1 : 0;
}

static uint32_t escape_at(const char *at, const char *end, uint32_t *code)
{
    switch (*at) {
    case '%':
        if (end - at >= 2 && (at[1] | 0x20) == 'u')
            return unit_escape(at, end, code);
        return bytes_escape(at, end, 1, code);
    case '&': return entity_escape(at, end, code);
    case '\\': return backslash_escape(at, end, code);
    default: return 0;
    }
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* The next escape at or behind `at`: its place, or `end`. */
static const char *find_escape(const char *at, const char *end, uint32_t *length, uint32_t *code)
{
    for (; at < end; at++)
        if ((*at == '%' || *at == '&' || *at == '\\') && (*length = escape_at(at, end, code)) != 0)
            return at;
    return end;
}

/* Undoes the escapes of a text once. False: there are none, or no room. */
static bool undo_escapes(decoder *d, const view_segment *text, view_segment *out)
{
    const char *at = text->bytes;
    const char *const end = at + text->length;
    uint32_t length = 0, code = 0;
    d->work += text->length;
    const char *found = find_escape(at, end, &length, &code);
    if (found == end || !decode_room(d, text->length))
        return false;
    view_writer writer;
    writer_begin(&writer, d->arena, text->length + 4); /* no escape is shorter than its character */
    while (!writer.failed) {
        const uint32_t source = (uint32_t)(at - text->bytes);
        char *const plain = writer_stretch(&writer, (uint32_t)(found - at), source);
        if (plain)
            memcpy(plain, at, (size_t)(found - at));
        if (found == end)
            break;
        char bytes[4];
        const uint32_t start = (uint32_t)(found - text->bytes);
        writer_character(&writer, bytes, utf8_encode(code, bytes), start, start + length);
        at = found + length;
        found = find_escape(at, end, &length, &code);
    }
    d->failed = d->failed || !writer_finish(&writer, text->map, out);
    d->bytes += d->failed ? 0 : out->length;
    d->work += d->failed ? 0 : out->length;
    return !d->failed;
}

bool decode_room(decoder *d, uint32_t bytes)
{
    if (!d->failed && d->count <= LIMIT_DECODE_SEGMENTS /* and the text */ &&
        bytes <= d->most - d->bytes)
        return true;
    d->limited = true;
    return false;
}

void decode_add(decoder *d, const view_segment *segment)
{
    if (d->count == d->capacity &&
        !arena_grow(d->arena, (void **)&d->items, &d->capacity, sizeof *d->items)) {
        d->failed = true;
        return;
    }
    d->items[d->count++] = *segment;
}

void decode_segment(decoder *d, const view_segment *text, uint32_t depth)
{
    view_segment plain = *text;
    uint32_t rounds = 0, length, code;
    while (rounds < LIMIT_DECODE_DEPTH && undo_escapes(d, &plain, &plain))
        rounds++;
    d->work += rounds == LIMIT_DECODE_DEPTH ? plain.length : 0;
    if (rounds == LIMIT_DECODE_DEPTH && find_escape(plain.bytes, plain.bytes + plain.length,
                                                    &length, &code) != plain.bytes + plain.length)
        d->limited = true;
    if (rounds)
        decode_add(d, &plain);
    if (!d->failed)
        decode_runs(d, &plain, depth);
}

/*
 * regex.c - regular expressions, from text to a tree over bytes.
 *
 * A hand-written descent: expression = branch { "|" branch }, branch = { piece }, piece = atom [
 * count ]. What is no part of the automata subset is refused where it stands, with its name: people
 * write what they know from other engines. Depth is bounded; sizes are bounded later, when counts
 * are written out.
 *
 * Case. Under (?i) a letter stands for itself and for what Unicode's simple folding makes equal to
 * it; the table of that is in folding.c.
 */
#include "compiler/pattern/tree.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/pattern/folding.h"
#include "runtime/limits.h"
#include "runtime/text/scan_format.h"
#include "runtime/utf8.h"

#define LAST_CODE 0x10ffffu

typedef struct range_list {
    struct {
        uint32_t low, high;
    } *items;
    uint32_t count, capacity;
} range_list;

typedef struct flags {
    bool caseless, dot_all, multiline;
    bool folded; /* no letter of ASCII is written with another character */
} flags;

typedef struct reader {
    arena *arena;
    const char *bytes;
    uint32_t length, at, depth;
    flags flags;
    pattern_error *error;
    bool failed;
} reader;

tree *tree_new(arena *arena, tree_kind kind)
{
    tree *const made = arena_allocate(arena, sizeof *made);
    made->kind = kind;
    return made;
}

tree *tree_list(arena *arena, tree_kind kind, tree *const *items, uint32_t count)
{
    if (count == 1)
        return items[0];
    tree *const made = tree_new(arena, count == 0 ? TREE_EMPTY : kind);
    made->items = arena_array(arena, count, sizeof *made->items);
    if (count > 0)
        memcpy(made->items, items, count * sizeof *items);
    made->count = count;
    return made;
}

typedef struct tree_items {
    tree **items;
    uint32_t count, capacity;
} tree_items;

/* ---- errors ---------------------------------------------------------------------------------- */

static void *fail(reader *reader, pattern_error_kind kind, uint32_t start, uint32_t end,
                  const char *text, const char *mend)
{
    if (!reader->failed)
        *reader->error =
            (pattern_error){.kind = kind, .start = start, .end = end, .text = text, .mend = mend};
    reader->failed = true;
    return NULL;
}

static bool at_end(const reader *reader)
{
    return reader->at >= reader->length;
}

static char peek(const reader *reader)
{
    return at_end(reader) ? '\0' : reader->bytes[reader->at];
}

static bool looks_at(const reader *reader, const char *text)
{
    const size_t length = strlen(text);
    return reader->length - reader->at >= length &&
           memcmp(reader->bytes + reader->at, text, length) == 0;
}

static bool take(reader *reader, char wanted)
{
    if (at_end(reader) || reader->bytes[reader->at] != wanted)
        return false;
    reader->at++;
    return true;
}

static uint32_t take_code(reader *reader)
{
    const char *next = reader->bytes + reader->at;
    const uint32_t code = utf8_decode(&next, reader->bytes + reader->length);
    reader->at = (uint32_t)(next - reader->bytes);
    return code == UINT32_MAX ? 0xfffd : code;
}

/* ---- characters as bytes --------------------------------------------------------------------- */

static tree *byte_range(arena *arena, unsigned low, unsigned high)
{
    tree *const made = tree_new(arena, TREE_BYTE);
    for (unsigned byte = low; byte <= high; byte++)
        set_byte(&made->set, byte);
    return made;
}

/* Sequences of byte ranges for the characters low..high, which have one number of bytes. */
static void same_length(arena *arena, tree_items *out, uint32_t low, uint32_t high)
{
    char first[4], last[4];
    const uint32_t length = utf8_encode(low, first);
    utf8_encode(high, last);
    /* the bytes that both share, then a range; behind it whole ranges of continuation bytes */
    for (uint32_t i = 1; i < length; i++) {
        const uint32_t shift = 6 * (length - i), mask = (1u << shift) - 1;
        if ((low & ~mask) == (high & ~mask))
            continue;
        if ((low & mask) != 0) {
            same_length(arena, out, low, low | mask);
            same_length(arena, out, (low | mask) + 1, high);
            return;
        }
        if ((high & mask) != mask) {
            same_length(arena, out, low, (high & ~mask) - 1);
            same_length(arena, out, high & ~mask, high);
            return;
        }
    }
    tree *parts[4];
    for (uint32_t i = 0; i < length; i++)
        parts[i] = byte_range(arena, (unsigned char)first[i], (unsigned char)last[i]);
    *ARENA_PUSH(arena, out) = tree_list(arena, TREE_CAT, parts, length);
}

static tree *continuations(arena *arena)
{
    tree *const repeat = tree_new(arena, TREE_REPEAT);
    repeat->items = arena_array(arena, 1, sizeof *repeat->items);
    repeat->items[0] = byte_range(arena, 0x80, 0xbf);
    repeat->count = 1;
    repeat->most = TREE_ENDLESS;
    return repeat;
}

static int compare_ranges(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Ascending, disjoint, without neighbours that touch. */
static void ranges_order(range_list *list)
{
    if (list->count == 0)
        return;
    qsort(list->items, list->count, sizeof *list->items, compare_ranges);
    uint32_t kept = 0;
    for (uint32_t i = 1; i < list->count; i++) {
        if (list->items[i].low <= list->items[kept].high + 1) {
            if (list->items[i].high > list->items[kept].high)
                list->items[kept].high = list->items[i].high;
            continue;
        }
        list->items[++kept] = list->items[i];
    }
    list->count = kept + 1;
}

static void range_add(reader *reader, range_list *list, uint32_t low, uint32_t high)
{
    uint32_t *const pair = (uint32_t *)(void *)ARENA_PUSH(reader->arena, list);
    pair[0] = low;
    pair[1] = high;
}

static void ranges_invert(reader *reader, range_list *list)
{
    range_list inverted = {0};
    uint32_t next = 0;
    ranges_order(list);
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i].low > next)
            range_add(reader, &inverted, next, list->items[i].low - 1);
        next = list->items[i].high + 1;
    }
    if (next <= LAST_CODE)
        range_add(reader, &inverted, next, LAST_CODE);
    *list = inverted;
}

/* What folding makes equal to what is in the list. */
static void ranges_fold(reader *reader, range_list *list)
{
    const uint32_t count = list->count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t low = list->items[i].low, high = list->items[i].high;
        uint32_t others[FOLDING_MOST];
        if (low == 0 && high == LAST_CODE)
            return;
        for (uint32_t code = low; code <= high && code - low < 0x3000; code++) {
            const uint32_t found = folding_others(code, others);
            for (uint32_t k = 0; k < found; k++)
                if (!reader->flags.folded || code >= 0x80 || others[k] < 0x80)
                    range_add(reader, list, others[k], others[k]);
        }
    }
}

/* The tree for one character of the list. */
static tree *ranges_tree(reader *reader, range_list *list)
{
    tree_items either = {0};
    tree *const one = tree_new(reader->arena, TREE_BYTE);
    bool some = false;
    ranges_order(list);
    for (uint32_t i = 0; i < list->count; i++)
        for (uint32_t code = list->items[i].low; code <= list->items[i].high && code < 0x80;
             code++) {
            set_byte(&one->set, code);
            some = true;
        }
    const bool all = list->count > 0 && list->items[list->count - 1].low <= 0x80 &&
                     list->items[list->count - 1].high == LAST_CODE;
    if (all) {
        for (unsigned byte = 0xc2; byte <= 0xf4; byte++)
            set_byte(&one->set, byte);
        tree *const both[] = {one, continuations(reader->arena)};
        return tree_list(reader->arena, TREE_CAT, both, 2);
    }
    if (some)
        *ARENA_PUSH(reader->arena, &either) = one;
    static const uint32_t borders[] = {0x80, 0x800, 0x10000, LAST_CODE + 1};
    for (uint32_t i = 0; i < list->count; i++)
        for (uint32_t k = 0; k + 1 < sizeof borders / sizeof *borders; k++) {
            const uint32_t low = list->items[i].low > borders[k] ? list->items[i].low : borders[k];
            const uint32_t high =
                list->items[i].high < borders[k + 1] ? list->items[i].high : borders[k + 1] - 1;
            if (low <= high)
                same_length(reader->arena, &either, low, high);
        }
    return tree_list(reader->arena, TREE_EITHER, either.items, either.count);
}

static tree *code_tree(reader *reader, uint32_t code)
{
    range_list list = {0};
    range_add(reader, &list, code, code);
    if (reader->flags.caseless)
        ranges_fold(reader, &list);
    return ranges_tree(reader, &list);
}

/* ---- escapes --------------------------------------------------------------------------------- */

static void add_class(reader *reader, range_list *list, char letter)
{
    range_list own = {0};
    switch (letter | 0x20) {
    case 'd': range_add(reader, &own, '0', '9'); break;
    case 'w':
        range_add(reader, &own, '0', '9');
        range_add(reader, &own, 'A', 'Z');
        range_add(reader, &own, '_', '_');
        range_add(reader, &own, 'a', 'z');
        break;
    default:
        range_add(reader, &own, '\t', '\r');
        range_add(reader, &own, ' ', ' ');
        break;
    }
    if ((letter & 0x20) == 0)
        ranges_invert(reader, &own);
    for (uint32_t i = 0; i < own.count; i++)
        range_add(reader, list, own.items[i].low, own.items[i].high);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static uint32_t hex_digits(reader *reader, uint32_t start, uint32_t least, uint32_t most)
{
    uint32_t code = 0, count = 0;
    for (; count < most && !at_end(reader) && digit_of(peek(reader)) >= 0; count++)
        code = code * 16 + (uint32_t)digit_of(reader->bytes[reader->at++]);
    if (count < least || code > LAST_CODE || (code >= 0xd800 && code <= 0xdfff)) {
        fail(reader, PATTERN_SYNTAX, start, reader->at, "this is no character", NULL);
        return 0xfffd;
    }
    return code;
}

/* The character of an escape whose letter was just taken; `start` is at the backslash. */
static uint32_t escaped_code(reader *reader, uint32_t start, char letter)
{
    switch (letter) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'f': return '\f';
    case 'v': return '\v';
    case 'a': return '\a';
    case 'e': return 0x1b;
    case '0': return 0;
    case 'x':
        if (take(reader, '{')) {
            const uint32_t code = hex_digits(reader, start, 1, 6);
            if (!take(reader, '}'))
                fail(reader, PATTERN_SYNTAX, start, reader->at,
                     "the number of a character is not closed", "write `\\x{…}`");
            return code;
        }
        return hex_digits(reader, start, 2, 2);
    case 'u': return hex_digits(reader, start, 4, 4);
    default: break;
    }
    const bool word = (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= 'a' && letter <= 'z');
    if (!word)
        return (unsigned char)letter;
    if ((letter >= '1' && letter <= '9') || letter == 'g' || letter == 'k')
        fail(reader, PATTERN_UNSUPPORTED, start, reader->at,
             "a back-reference is no part of the language", "write what may stand there");
    else if (letter == 'p' || letter == 'P')
        fail(reader, PATTERN_UNSUPPORTED, start, reader->at,
             "a Unicode property is no part of the language",
             "write a class with ranges, as in `[\\x{400}-\\x{4ff}]`");
    else if (letter == 'G' || letter == 'K' || letter == 'X' || letter == 'R' || letter == 'Q' ||
             letter == 'E' || letter == 'h' || letter == 'N' || letter == 'C')
        fail(reader, PATTERN_UNSUPPORTED, start, reader->at,
             "this escape is no part of the language", NULL);
    else
        fail(reader, PATTERN_SYNTAX, start, reader->at, "no escape is written so",
             "leave out the backslash");
    return 0xfffd;
}

static bool is_class_letter(char letter)
{
    return letter != '\0' && strchr("dwsDWS", letter) != NULL;
}

static tree *edge_tree(reader *reader, uint32_t mask)
{
    tree *const made = tree_new(reader->arena, TREE_EDGE);
    made->mask = mask;
    return made;
}

static tree *escape(reader *reader)
{
    const uint32_t start = reader->at++;
    if (at_end(reader))
        return fail(reader, PATTERN_SYNTAX, start, reader->at,
                    "a backslash at the end escapes nothing", NULL);
    if ((unsigned char)peek(reader) >= 0x80)
        return code_tree(reader, take_code(reader));
    const char letter = reader->bytes[reader->at++];
    if (is_class_letter(letter)) {
        range_list list = {0};
        add_class(reader, &list, letter);
        return ranges_tree(reader, &list);
    }
    switch (letter) {
    case 'b': return edge_tree(reader, EDGE_WORD);
    case 'B': return edge_tree(reader, EDGE_NO_WORD);
    case 'A': return edge_tree(reader, EDGE_TEXT_START);
    case 'z': return edge_tree(reader, EDGE_TEXT_END);
    case 'Z':
        return fail(reader, PATTERN_UNSUPPORTED, start, reader->at,
                    "`\\Z` is no part of the language", "write `\\z`");
    default: {
        const uint32_t code = escaped_code(reader, start, letter);
        return reader->failed ? NULL : code_tree(reader, code);
    }
    }
}

/* ---- classes --------------------------------------------------------------------------------- */

static bool posix_class(reader *reader, range_list *named)
{
    static const struct {
        const char *name;
        const char *ranges; /* pairs */
    } all[] = {{"alpha", "AZaz"},
               {"digit", "09"},
               {"alnum", "09AZaz"},
               {"upper", "AZ"},
               {"lower", "az"},
               {"xdigit", "09AFaf"},
               {"punct", "!/:@[`{~"},
               {"space", "\t\r  "},
               {"blank", "\t\t  "},
               {"word", "09AZ__az"},
               {"print", " ~"},
               {"graph", "!~"},
               {"cntrl", "\x01\x1f\x7f\x7f"}};
    const uint32_t start = reader->at;
    if (!looks_at(reader, "[:"))
        return false;
    reader->at += 2;
    const bool negated = take(reader, '^');
    const char *const name = reader->bytes + reader->at;
    uint32_t length = 0;
    while (!at_end(reader) && peek(reader) >= 'a' && peek(reader) <= 'z')
        reader->at++, length++;
    if (!looks_at(reader, ":]")) {
        reader->at = start;
        return false;
    }
    reader->at += 2;
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strlen(all[i].name) != length || memcmp(all[i].name, name, length) != 0)
            continue;
        range_list own = {0};
        for (const char *pair = all[i].ranges; *pair; pair += 2)
            range_add(reader, &own, (unsigned char)pair[0], (unsigned char)pair[1]);
        if (strcmp(all[i].name, "cntrl") == 0)
            range_add(reader, &own, 0, 0);
        if (reader->flags.caseless &&
            (strcmp(all[i].name, "upper") == 0 || strcmp(all[i].name, "lower") == 0)) {
            range_add(reader, &own, 'A', 'Z');
            range_add(reader, &own, 'a', 'z');
        }
        if (negated)
            ranges_invert(reader, &own);
        for (uint32_t k = 0; k < own.count; k++)
            range_add(reader, named, own.items[k].low, own.items[k].high);
        return true;
    }
    fail(reader, PATTERN_SYNTAX, start, reader->at, "no class of characters is called so", NULL);
    return true;
}

/* One character of a class. False: it was a class of its own, and is added to `named`. */
static bool class_code(reader *reader, range_list *named, uint32_t *code)
{
    const uint32_t start = reader->at;
    if (posix_class(reader, named))
        return false;
    if (peek(reader) != '\\') {
        *code = take_code(reader);
        return true;
    }
    reader->at++;
    if (at_end(reader)) {
        fail(reader, PATTERN_SYNTAX, start, reader->at, "a backslash at the end escapes nothing",
             NULL);
        return false;
    }
    if ((unsigned char)peek(reader) >= 0x80) {
        *code = take_code(reader);
        return true;
    }
    const char letter = reader->bytes[reader->at++];
    if (is_class_letter(letter)) {
        add_class(reader, named, letter);
        return false;
    }
    *code = letter == 'b' ? 8 : escaped_code(reader, start, letter);
    return !reader->failed;
}

static tree *class_tree(reader *reader)
{
    const uint32_t start = reader->at++;
    /* characters, to which case applies; classes, which have none */
    range_list list = {0}, named = {0};
    const bool negated = take(reader, '^');
    for (bool first = true; !reader->failed; first = false) {
        if (at_end(reader))
            return fail(reader, PATTERN_SYNTAX, start, start + 1, "this class is not closed",
                        "close it with `]`");
        if (!first && take(reader, ']'))
            break;
        const uint32_t from = reader->at;
        uint32_t low, high;
        if (!class_code(reader, &named, &low))
            continue;
        high = low;
        const bool range = peek(reader) == '-' && reader->at + 1 < reader->length &&
                           reader->bytes[reader->at + 1] != ']';
        if (range) {
            reader->at++;
            if (!class_code(reader, &named, &high)) {
                if (!reader->failed)
                    fail(reader, PATTERN_SYNTAX, from, reader->at, "a range ends with a character",
                         "write `-` first or last");
                continue;
            }
            if (high < low)
                fail(reader, PATTERN_SYNTAX, from, reader->at, "this range runs backwards", NULL);
        }
        range_add(reader, &list, low, high);
    }
    if (reader->failed)
        return NULL;
    if (reader->flags.caseless)
        ranges_fold(reader, &list);
    for (uint32_t i = 0; i < named.count; i++)
        range_add(reader, &list, named.items[i].low, named.items[i].high);
    if (negated)
        ranges_invert(reader, &list);
    ranges_order(&list);
    if (list.count == 0)
        return fail(reader, PATTERN_EMPTY, start, reader->at, "no character is in this class",
                    NULL);
    return ranges_tree(reader, &list);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static tree *expression(reader *reader);

static void *refuse_group(reader *reader, uint32_t start)
{
    static const struct {
        const char *text, *name, *mend;
    } all[] = {
        {"(?=", "look-ahead is no part of the language",
         "write what follows as a part of the pattern"},
        {"(?!", "negative look-ahead is no part of the language",
         "write a rule with `and not … contains …`"},
        {"(?<=", "look-behind is no part of the language", "use `after { … }`, or `\\b`"},
        {"(?<!", "negative look-behind is no part of the language",
         "use `\\b`, or a class before it"},
        {"(?>", "an atomic group is no part of the language", "write `(?:…)`"},
        {"(?#", "a comment in a pattern is no part of the language",
         "write a `//` comment above it"},
        {"(?(", "a conditional is no part of the language", "write both cases with `|`"},
        {"(?|", "a branch reset is no part of the language", "write `(?:…)`"},
        {"(?R", "recursion is no part of the language", NULL},
        {"(?&", "recursion is no part of the language", NULL},
        {"(?P>", "recursion is no part of the language", NULL},
        {"(?P=", "a back-reference is no part of the language", "write what may stand there"},
        {"(*", "a verb is no part of the language", NULL}};
    reader->at = start;
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++)
        if (looks_at(reader, all[i].text))
            return fail(reader, PATTERN_UNSUPPORTED, start, start + (uint32_t)strlen(all[i].text),
                        all[i].name, all[i].mend);
    return fail(reader, PATTERN_SYNTAX, start, start + 2, "no group begins so", "write `(?:…)`");
}

/* (?i) (?s-m: …; false after an error, or if the group goes on behind `:` (then *scoped). */
static bool take_flags(reader *reader, uint32_t start, flags *out, bool *scoped)
{
    bool on = true;
    *scoped = false;
    for (; !at_end(reader); reader->at++) {
        switch (peek(reader)) {
        case 'i': out->caseless = on; break;
        case 's': out->dot_all = on; break;
        case 'm': out->multiline = on; break;
        case '-': on = false; break;
        case ')': return true;
        case ':': *scoped = true; return true;
        case 'x':
        case 'U':
        case 'J':
            fail(reader, PATTERN_UNSUPPORTED, reader->at, reader->at + 1,
                 "this flag is no part of the language", "there are (?i), (?s) and (?m)");
            return false;
        default: refuse_group(reader, start); return false;
        }
    }
    fail(reader, PATTERN_SYNTAX, start, reader->length, "this group is not closed",
         "close it with `)`");
    return false;
}

static tree *group_body(reader *reader, uint32_t start)
{
    const flags outside = reader->flags;
    if (++reader->depth > LIMIT_PATTERN_DEPTH)
        return fail(reader, PATTERN_TOO_LARGE, start, start + 1, "groups are nested too deep",
                    NULL);
    tree *const inner = expression(reader);
    reader->depth--;
    reader->flags = outside;
    if (!reader->failed && !take(reader, ')'))
        return fail(reader, PATTERN_SYNTAX, start, start + 1, "this group is not closed",
                    "close it with `)`");
    return inner;
}

static tree *group(reader *reader)
{
    const uint32_t start = reader->at++;
    if (peek(reader) == '*')
        return refuse_group(reader, start);
    if (!take(reader, '?'))
        return group_body(reader, start);
    if (take(reader, ':'))
        return group_body(reader, start);
    if (looks_at(reader, "P<") ||
        (looks_at(reader, "<") && !looks_at(reader, "<=") && !looks_at(reader, "<!"))) {
        while (!at_end(reader) && peek(reader) != '>')
            reader->at++;
        take(reader, '>');
        return group_body(reader, start);
    }
    flags inside = reader->flags;
    const flags outside = reader->flags;
    bool scoped;
    if (peek(reader) == '\0' || strchr("ismxUJ-", peek(reader)) == NULL)
        return refuse_group(reader, start);
    if (!take_flags(reader, start, &inside, &scoped))
        return NULL;
    reader->at++;
    reader->flags = inside;
    if (!scoped)
        return tree_new(reader->arena, TREE_EMPTY); /* until the end of the group around */
    tree *const body = group_body(reader, start);
    reader->flags = outside;
    return body;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static tree *atom(reader *reader)
{
    range_list list = {0};
    switch (peek(reader)) {
    case '(': return group(reader);
    case '[': return class_tree(reader);
    case '\\': return escape(reader);
    case '.':
        reader->at++;
        if (!reader->flags.dot_all) {
            range_add(reader, &list, '\n', '\n');
        }
        ranges_invert(reader, &list);
        return ranges_tree(reader, &list);
    case '^':
        reader->at++;
        return edge_tree(reader, reader->flags.multiline ? EDGE_LINE_START : EDGE_TEXT_START);
    case '$':
        reader->at++;
        return edge_tree(reader, reader->flags.multiline ? EDGE_LINE_END : EDGE_TEXT_END);
    case '*':
    case '+':
    case '?':
        return fail(reader, PATTERN_SYNTAX, reader->at, reader->at + 1,
                    "there is nothing to repeat here",
                    "a backslash before it makes it a plain character");
    default: return code_tree(reader, take_code(reader));
    }
}

static bool take_number(reader *reader, uint32_t *out)
{
    const uint32_t start = reader->at;
    uint32_t number = 0;
    while (!at_end(reader) && peek(reader) >= '0' && peek(reader) <= '9') {
        if (number <= LIMIT_PATTERN_POSITIONS)
            number = number * 10 + (uint32_t)(peek(reader) - '0');
        reader->at++;
    }
    *out = number;
    return reader->at > start;
}

/* {n} {n,} {n,m}; false: it is no count, and nothing was taken. */
static bool take_braces(reader *reader, uint32_t *least, uint32_t *most)
{
    const uint32_t start = reader->at++;
    if (take_number(reader, least)) {
        *most = *least;
        if (take(reader, ',') && !take_number(reader, most))
            *most = TREE_ENDLESS;
        if (take(reader, '}'))
            return true;
    }
    reader->at = start;
    return false;
}

static tree *count_of(reader *reader, tree *of, uint32_t start)
{
    uint32_t least = 0, most = TREE_ENDLESS;
    const uint32_t at = reader->at;
    const char c = peek(reader);
    if (c == '{') {
        if (!take_braces(reader, &least, &most))
            return of;
    } else if (c == '*' || c == '+' || c == '?') {
        reader->at++;
        least = c == '+';
        most = c == '?' ? 1 : TREE_ENDLESS;
    } else {
        return of;
    }
    if (most < least)
        return fail(reader, PATTERN_SYNTAX, at, reader->at, "the most is less than the least",
                    NULL);
    if (least > LIMIT_PATTERN_POSITIONS || (most != TREE_ENDLESS && most > LIMIT_PATTERN_POSITIONS))
        return fail(reader, PATTERN_TOO_LARGE, at, reader->at, "this count is too large",
                    "use a smaller count, or `*`");
    if (of->kind == TREE_EDGE && reader->bytes[start] != '(')
        return fail(reader, PATTERN_SYNTAX, at, reader->at,
                    "a place has no length and cannot be repeated", NULL);
    if (peek(reader) == '+')
        return fail(reader, PATTERN_UNSUPPORTED, at, reader->at + 1,
                    "a possessive count is no part of the language", "leave out the second `+`");
    take(reader, '?'); /* lazy: the longest match is the same */
    const char after = peek(reader);
    if (after == '*' || after == '+' || after == '?')
        return fail(reader, PATTERN_SYNTAX, start, reader->at + 1, "a count behind a count",
                    "put a group around the first");
    tree *const made = tree_new(reader->arena, TREE_REPEAT);
    made->items = arena_array(reader->arena, 1, sizeof *made->items);
    made->items[0] = of;
    made->count = 1;
    made->least = least;
    made->most = most;
    if (most == 0)
        made->kind = TREE_EMPTY;
    return made;
}

static tree *branch(reader *reader)
{
    tree_items items = {0};
    while (!reader->failed && !at_end(reader) && peek(reader) != '|' && peek(reader) != ')') {
        const uint32_t start = reader->at;
        tree *const one = atom(reader);
        if (reader->failed)
            return NULL;
        tree *const counted = count_of(reader, one, start);
        if (reader->failed)
            return NULL;
        *ARENA_PUSH(reader->arena, &items) = counted;
    }
    return tree_list(reader->arena, TREE_CAT, items.items, items.count);
}

static tree *expression(reader *reader)
{
    tree_items items = {0};
    do {
        tree *const one = branch(reader);
        if (reader->failed)
            return NULL;
        *ARENA_PUSH(reader->arena, &items) = one;
    } while (take(reader, '|'));
    return tree_list(reader->arena, TREE_EITHER, items.items, items.count);
}

/* ---- the interface --------------------------------------------------------------------------- */

static pattern *finish(arena *arena, tree *tree, uint32_t length, pattern_error *error)
{
    bool empty = false;
    const automaton *const automaton = automaton_make(arena, tree, &empty);
    if (automaton == NULL) {
        *error = (pattern_error){PATTERN_TOO_LARGE, 0, length,
                                 "this pattern is too large once its counts are written out",
                                 "use smaller counts, or `*` and `+`"};
        return NULL;
    }
    if (empty) {
        *error =
            (pattern_error){PATTERN_EMPTY, 0, length, "this pattern can match no character at all",
                            "write `+` for `*`, or leave out a `?`"};
        return NULL;
    }
    pattern *const made = arena_allocate(arena, sizeof *made);
    made->tree = tree;
    made->automaton = automaton;
    return made;
}

static pattern *regex_read(arena *arena, const char *bytes, uint32_t length, flags flags,
                           pattern_error *error)
{
    reader reader = {
        .arena = arena, .bytes = bytes, .length = length, .error = error, .flags = flags};
    tree *const whole = expression(&reader);
    if (!reader.failed && !at_end(&reader))
        fail(&reader, PATTERN_SYNTAX, reader.at, reader.at + 1, "this `)` closes nothing",
             "write `\\)` for a plain one");
    return reader.failed ? NULL : finish(arena, whole, length, error);
}

pattern *pattern_regex(arena *arena, const char *bytes, uint32_t length, bool caseless,
                       pattern_error *error)
{
    return regex_read(arena, bytes, length, (flags){.caseless = caseless}, error);
}

pattern *pattern_regex_folded(arena *arena, const char *bytes, uint32_t length,
                              pattern_error *error)
{
    return regex_read(arena, bytes, length, (flags){.caseless = true, .folded = true}, error);
}

pattern *pattern_phrase(arena *arena, const char *bytes, uint32_t length, bool words,
                        pattern_error *error)
{
    if (length == 0) {
        *error = (pattern_error){PATTERN_EMPTY, 0, 0, "an empty text stands everywhere",
                                 "write what to look for"};
        return NULL;
    }
    if (length > LIMIT_PATTERN_POSITIONS) {
        *error = (pattern_error){PATTERN_TOO_LARGE, 0, length, "this phrase is too long", NULL};
        return NULL;
    }
    pattern *const made = arena_allocate(arena, sizeof *made);
    made->phrase = arena_copy(arena, bytes, length);
    made->length = length;
    made->words = words;
    return made;
}

pattern *pattern_either(arena *arena, pattern *const *items, uint32_t count, pattern_error *error)
{
    tree **const trees = arena_array(arena, count, sizeof *trees);
    for (uint32_t i = 0; i < count; i++) {
        if (items[i]->tree == NULL) {
            *error = (pattern_error){PATTERN_UNSUPPORTED, 0, 0,
                                     "a phrase is no part of an expression", NULL};
            return NULL;
        }
        trees[i] = items[i]->tree;
    }
    return finish(arena, tree_list(arena, TREE_EITHER, trees, count), 0, error);
}

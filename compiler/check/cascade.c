/*
 * cascade.c - one mistake, one diagnostic: takes back what only follows from an error reported
 * before.
 *
 * After an error the pass goes on, and most of what it then finds is worth knowing. Not so a name
 * that was declared where the parser lost its way, in a module or a file of tools that could not be
 * read, or in a declaration that was mended by guessing: whoever reads that "nothing is called
 * `user`" looks for a second mistake that does not exist. Such reports are dropped when the pass is
 * over. Nothing is dropped unless the error that it follows from stays, so the answer of the pass
 * is the same.
 */
#include <string.h>

#include "compiler/check/tools.h"

typedef struct area { /* text that the parser did not understand */
    source_range range;
    bool guessed; /* the tree of this text is a guess: nothing said about it counts */
} area;

typedef struct cascades {
    checker *checker;
    struct {
        area *items;
        uint32_t count, capacity;
    } areas;
    name_table names; /* that may have been declared there */
} cascades;

static bool is_syntax(diagnostic_code code)
{
    return diagnostic_code_name(code)[0] == 'E' && diagnostic_code_name(code)[1] == '0' &&
           diagnostic_code_name(code)[2] == '1';
}

/* Syntax errors after which the parser knows for certain what was meant: the rest of the
 * declaration is as it was written. */
static bool is_certain(diagnostic_code code)
{
    switch (code) {
    case E_CONTROL_CHARACTER:
    case E_NOT_UTF8:
    case E_UNKNOWN_ESCAPE:
    case E_COMMENT_STYLE:
    case E_FOREIGN_OPERATOR:
    case E_ASSIGN_OR_EQUAL:
    case E_MIXED_AND_OR:
    case E_MISSING_THEN:
    case E_RESERVED_WORD:
    case E_FOREIGN_QUOTES:
    case E_STRAY_CHARACTER:
    case E_LITERAL_TOO_LONG:
    case E_FOREIGN_WORD:
    case E_HIDDEN_CHARACTER:
    case E_BAD_NAME: return true;
    default: return false;
    }
}

/* Reports about names: they follow from a declaration that was lost. Their ranges are names and
 * paths. */
static bool is_about_a_name(diagnostic_code code)
{
    switch (code) {
    case E_UNKNOWN_TOOL:
    case E_UNKNOWN_TAG:
    case E_UNKNOWN_PRINCIPLE:
    case E_UNKNOWN_CHANNEL:
    case E_UNKNOWN_RULE:
    case E_UNKNOWN_CONTEXT:
    case E_UNKNOWN_AGENT:
    case E_UNKNOWN_PARAMETER:
    case E_UNKNOWN_MEMBER:
    case E_UNKNOWN_NAME:
    case E_UNKNOWN_FIELD:
    case E_NO_PARAMETER:
    case E_UNKNOWN_DEFINITION:
    case E_UNKNOWN_ENUM_VALUE:
    case E_NO_SUCH_TOOL:
    case E_UNKNOWN_TYPE:
    case E_OPTIONAL_UNGUARDED:
    case E_OPEN_UNGUARDED:
    case E_OPEN_UNTYPED:
    case E_QUANTIFIER_OVER:
    case E_WAIVE_UNKNOWN: return true;
    default: return false;
    }
}

/* ---- what was lost --------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9') ||
           (c & 0x80) != 0;
}

/* The next word at or behind *at; false if there is none before `end`. */
static bool word_next(const char *bytes, uint32_t end, uint32_t *at, uint32_t *length)
{
    while (*at < end && !is_letter(bytes[*at]))
        (*at)++;
    uint32_t stop = *at;
    while (stop < end && is_letter(bytes[stop]))
        stop++;
    *length = stop - *at;
    return *length > 0;
}

/* What every event has cannot have been lost. */
static bool is_event_field(const char *word, uint32_t length)
{
    static const char *const fields[] = {"args",  "text",  "tool",   "value",    "session", "time",
                                         "agent", "chain", "sender", "receiver", "role",    "this"};
    for (uint32_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strlen(fields[i]) == length && memcmp(fields[i], word, length) == 0)
            return true;
    return false;
}

static void names_collect(cascades *cascades, source_range range)
{
    const source *const source = &cascades->checker->compilation->sources.items[range.file];
    arena *const arena = cascades->checker->arena;
    const uint32_t end = range.end < source->length ? range.end : source->length;
    for (uint32_t at = range.start, length; word_next(source->bytes, end, &at, &length);
         at += length)
        if (!is_event_field(source->bytes + at, length) &&
            name_table_find(&cascades->names, source->bytes + at, length) == CST_NONE)
            name_table_add(arena, &cascades->names, arena_copy(arena, source->bytes + at, length),
                           0);
}

static const unit *unit_of(const checker *checker, uint32_t source)
{
    for (uint32_t i = 0; i < checker->units.count; i++)
        if (checker->units.items[i]->source == source)
            return checker->units.items[i];
    return NULL;
}

/* The declaration that a place stands in, or else the text between the declarations around it. */
static source_range surroundings(const unit *unit, source_range place, uint32_t length)
{
    source_range gap = {place.file, 0, length};
    for (uint32_t i = 0; i < unit->file->count; i++) {
        const source_range range = unit->file->items[i]->range;
        if (range.start <= place.start && place.start < range.end)
            return range;
        if (range.end <= place.start && range.end > gap.start)
            gap.start = range.end;
        if (range.start > place.start && range.start < gap.end)
            gap.end = range.start;
    }
    return gap;
}

static void areas_collect(cascades *cascades)
{
    const compilation *const compilation = cascades->checker->compilation;
    for (uint32_t i = 0; i < compilation->diagnostics.count; i++) {
        const diagnostic *const d = &compilation->diagnostics.items[i];
        const unit *const unit =
            is_syntax(d->code) ? unit_of(cascades->checker, d->range.file) : NULL;
        if (unit == NULL)
            continue;
        const bool guessed = !is_certain(d->code);
        const area *const last =
            cascades->areas.count > 0 ? &cascades->areas.items[cascades->areas.count - 1] : NULL;
        if (guessed && last != NULL && last->guessed && last->range.file == d->range.file &&
            last->range.start <= d->range.start && d->range.start < last->range.end)
            continue; /* one more error in the same text */
        const source_range range =
            guessed ? surroundings(unit, d->range, compilation->sources.items[d->range.file].length)
                    : d->range;
        *ARENA_PUSH(cascades->checker->arena, &cascades->areas) = (area){range, guessed};
        names_collect(cascades, range);
    }
}

/* ---- what follows from it -------------------------------------------------------------------- */

static bool in_area(const cascades *cascades, source_range range)
{
    for (uint32_t i = 0; i < cascades->areas.count; i++) {
        const source_range area = cascades->areas.items[i].range;
        const uint32_t end = range.end > range.start ? range.end : range.start + 1;
        if (area.file == range.file && area.start < end && range.start < area.end)
            return true;
    }
    return false;
}

static bool speaks_of_lost_name(const cascades *cascades, source_range range)
{
    const checker *const checker = cascades->checker;
    const source *const source = &checker->compilation->sources.items[range.file];
    const uint32_t end = range.end < source->length ? range.end : source->length;
    for (uint32_t at = range.start, length; word_next(source->bytes, end, &at, &length);
         at += length) {
        if (name_table_find(&cascades->names, source->bytes + at, length) != CST_NONE)
            return true;
        if (checker->lost_names != NULL &&
            name_table_find(checker->lost_names, source->bytes + at, length) != CST_NONE)
            return true;
    }
    return false;
}

static bool follows(const cascades *cascades, const diagnostic *d)
{
    const checker *const checker = cascades->checker;
    if (is_syntax(d->code))
        return false;
    if (is_about_a_name(d->code)) {
        const bool of_tools =
            d->code == E_UNKNOWN_TOOL || d->code == E_UNKNOWN_TAG || d->code == E_NO_SUCH_TOOL;
        if (checker->upper_lost || (checker->tools_lost && of_tools) ||
            speaks_of_lost_name(cascades, d->range))
            return true;
    }
    return in_area(cascades, d->range);
}

void lost_name_add(checker *checker, const char *name)
{
    if (checker->lost_names == NULL)
        checker->lost_names = arena_allocate(checker->arena, sizeof *checker->lost_names);
    name_table_add(checker->arena, checker->lost_names, name, 0);
}

void cascades_drop(checker *checker)
{
    compilation *const compilation = checker->compilation;
    cascades cascades = {.checker = checker};
    areas_collect(&cascades);
    if (cascades.areas.count == 0 && checker->lost_names == NULL && !checker->tools_lost &&
        !checker->upper_lost)
        return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < compilation->diagnostics.count; i++) {
        const diagnostic *const d = &compilation->diagnostics.items[i];
        if (!follows(&cascades, d))
            compilation->diagnostics.items[kept++] = *d;
        else if (d->severity == DIAGNOSTIC_ERROR)
            compilation->error_count--;
        else
            compilation->warning_count--, compilation->warnings_kept--;
    }
    compilation->diagnostics.count = kept;
}

/*
 * sets.c - sets: read once as they are written, and again as each type that a condition compares
 * them with.
 *
 * A set file has one element a line, in UTF-8. A byte order mark, CRLF line ends and blank lines
 * are passed over; nothing else is: a space belongs to its element, and no character starts a
 * comment, because every one of them may be part of an entry. Each line is read as the demanded
 * type, so one file serves ints and emails alike.
 *
 * A set read as a type is canonical, without duplicates and in a fixed order (bytes, or numbers),
 * so that the same set is the same bytes in every image. A million lines are read in linear time
 * but for one sort over short keys.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/check/check.h"
#include "runtime/identity.h"
#include "runtime/limits.h"
#include "runtime/utf8.h"

enum { SHOWN_ERRORS = 5 }; /* elements of one reading that are reported one by one */

typedef struct elements {
    set_element *items;
    uint32_t count, capacity;
} elements;

/* ---- inline sets ----------------------------------------------------------------------------- */

static void element_refuse(checker *checker, source_range range)
{
    const char *const text = source_excerpt(checker->compilation, range);
    diagnostic *const d =
        diagnostic_report(checker->compilation, E_SET_ELEMENT, range,
                          "an element of a set is a constant, and `%s` is not one", text);
    diagnostic_note_text(checker->compilation, d, "texts, numbers, durations and bare names are");
    diagnostic_mend(checker->compilation, d, range, NULL,
                    "leave it out of the set, and compare with it beside: `… or … == %s`", text);
}

static bool element_of(checker *checker, const ast_expression *item, set_element *out)
{
    *out = (set_element){.kind = item->kind, .text = item->text, .integer = item->integer};
    out->text.range = item->range;
    switch (item->kind) {
    case AST_STRING:
    case AST_INT:
    case AST_DECIMAL:
    case AST_DURATION:
    case AST_BOOL: return true;
    case AST_REGEX: return true;
    case AST_PATH:
        if (item->path.count > 0 && item->path.items[0].bytes != NULL) {
            out->text = item->path.items[0];
            out->text.range = item->range;
            out->path = item->path;
            if (item->path.count > 1) {
                out->text.bytes = source_excerpt(checker->compilation, item->range);
                out->text.length = (uint32_t)strlen(out->text.bytes);
            }
            return true;
        }
        break;
    case AST_ERROR: return false;
    default: break;
    }
    element_refuse(checker, item->range);
    return false;
}

static void elements_of(checker *checker, const ast_expression *set, set_declaration *out)
{
    out->elements = arena_array(checker->arena, set->items.count, sizeof *out->elements);
    for (uint32_t i = 0; i < set->items.count; i++)
        if (element_of(checker, set->items.items[i], &out->elements[out->count]))
            out->count++;
}

set_declaration *set_of_literal(checker *checker, const ast_expression *set)
{
    set_declaration *const made = arena_allocate(checker->arena, sizeof *made);
    made->name = source_excerpt(checker->compilation, set->range);
    made->range = set->range;
    elements_of(checker, set, made);
    return made;
}

/* ---- set files ------------------------------------------------------------------------------- */

static bool file_is_sound(checker *checker, uint32_t number)
{
    const source *const source = &checker->compilation->sources.items[number];
    if (utf8_valid(source->bytes, source->length))
        return true;
    const unsigned char *const start = (const unsigned char *)source->bytes;
    uint32_t at = 0;
    for (uint32_t step;
         at < source->length && (step = utf8_step(start + at, start + source->length)) != 0;)
        at += step;
    const source_range range = {number, at, at < source->length ? at + 1 : at};
    diagnostic *const d = diagnostic_report(checker->compilation, E_SET_FILE, range,
                                            "a set file is UTF-8, and this byte is not");
    diagnostic_mend(checker->compilation, d, range, NULL, "save the file as UTF-8");
    return false;
}

/* One line, without its end; false if the set is full. */
static bool line_add(checker *checker, elements *list, const char *text, source_range range)
{
    const uint32_t length = range.end - range.start;
    if (length == 0)
        return true;
    if (length > LIMIT_STRING_BYTES) {
        diagnostic_report(checker->compilation, E_SET_FILE, range,
                          "an element may have at most %u bytes", LIMIT_STRING_BYTES);
        return true;
    }
    if (list->count == LIMIT_SET_ENTRIES) {
        diagnostic_report(checker->compilation, E_TOO_MANY_ENTRIES, range,
                          "a set may have at most %u elements", LIMIT_SET_ENTRIES);
        return false;
    }
    *ARENA_PUSH(checker->arena, list) =
        (set_element){.kind = AST_STRING,
                      .text = {.bytes = text, .length = length, .range = range, .quoted = true}};
    return true;
}

static void file_read(checker *checker, uint32_t number, set_declaration *out)
{
    if (!file_is_sound(checker, number))
        return;
    const source *const source = &checker->compilation->sources.items[number];
    /* One copy, in which line ends become the NUL that an ast_text has behind it. */
    char *const bytes = arena_copy(checker->arena, source->bytes, source->length);
    const uint32_t length = source->length;
    elements list = {0};
    uint32_t at = length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < length) {
        const char *const end = memchr(bytes + at, '\n', length - at);
        const uint32_t next = end == NULL ? length : (uint32_t)(end - bytes) + 1;
        uint32_t stop = end == NULL ? length : next - 1;
        if (stop > at && bytes[stop - 1] == '\r')
            stop--;
        bytes[stop] = '\0';
        if (!line_add(checker, &list, bytes + at, (source_range){number, at, stop}))
            break;
        at = next;
    }
    out->elements = list.items;
    out->count = list.count;
}

set_declaration *set_read(checker *checker, unit *unit, const ast_declaration *declaration)
{
    set_declaration *const made = arena_allocate(checker->arena, sizeof *made);
    made->name = declaration->name.bytes;
    made->range = declaration->name.range;
    made->from_file = declaration->from_file;
    if (!declaration->from_file) {
        if (declaration->expression != NULL && declaration->expression->kind == AST_SET)
            elements_of(checker, declaration->expression, made);
        return made;
    }
    const uint32_t source = declaration->text.bytes == NULL
                                ? UINT32_MAX
                                : unit_read_beside(checker, unit, &declaration->text);
    const uint32_t errors = checker->compilation->error_count;
    if (source != UINT32_MAX)
        file_read(checker, source, made);
    made->lost = source == UINT32_MAX || checker->compilation->error_count != errors;
    return made;
}

/* ---- a line as the literal that its type wants ----------------------------------------------- */

static set_element line_as(const set_element *line, cst_kind kind)
{
    set_element element = *line;
    cst_value number;
    int64_t microseconds;
    switch (kind) {
    case CST_KIND_INT:
    case CST_KIND_DECIMAL:
    case CST_KIND_FLOAT:
        element.kind = AST_DECIMAL;
        if (number_parse(CST_KIND_INT, line->text.bytes, line->text.length, &number)) {
            element.kind = AST_INT;
            element.integer = number.as.integer;
        }
        break;
    case CST_KIND_DURATION:
        if (duration_parse(line->text.bytes, line->text.length, &microseconds)) {
            element.kind = AST_DURATION;
            element.integer = microseconds;
        }
        break;
    case CST_KIND_ENUM:
    case CST_KIND_AGENT:
    case CST_KIND_TOOL: element.kind = AST_PATH; break;
    default: break;
    }
    return element;
}

/* ---- order ----------------------------------------------------------------------------------- */

typedef struct sort_key {
    uint64_t prefix;  /* of a text its first eight bytes, of a number an order-preserving image */
    const char *text; /* NULL: the prefix is everything */
    uint32_t length, index;
} sort_key;

static uint64_t text_prefix(const char *text, uint32_t length)
{
    uint64_t prefix = 0;
    for (uint32_t i = 0; i < 8; i++)
        prefix = prefix << 8 | (i < length ? (unsigned char)text[i] : 0);
    return prefix;
}

static sort_key key_make(const cst_value *value, uint32_t index)
{
    if (value->kind == CST_KIND_FLOAT) {
        /* minus zero is zero */
        const double number = value->as.number == 0 ? 0.0 : value->as.number;
        uint64_t bits;
        memcpy(&bits, &number, sizeof bits);
        return (sort_key){.prefix = bits >> 63 ? ~bits : bits | UINT64_C(1) << 63, .index = index};
    }
    const bool text = value->kind == CST_KIND_STRING || value->kind == CST_KIND_AGENT ||
                      (value->kind >= CST_KIND_EMAIL && value->kind <= CST_KIND_IP) ||
                      value->kind == CST_KIND_COMMAND;
    if (!text)
        return (sort_key){.prefix = (uint64_t)value->as.integer ^ UINT64_C(1) << 63,
                          .index = index};
    return (sort_key){text_prefix(value->as.text, value->length), value->as.text, value->length,
                      index};
}

static int keys_compare(const void *left, const void *right)
{
    const sort_key *const a = left;
    const sort_key *const b = right;
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    if (a->text == NULL || b->text == NULL)
        return 0;
    const uint32_t common = a->length < b->length ? a->length : b->length;
    const int order = common > 0 ? memcmp(a->text, b->text, common) : 0;
    if (order != 0)
        return order;
    return a->length == b->length ? 0 : a->length < b->length ? -1 : 1;
}

/* Sorts the values and drops equal ones. */
static void values_order(checker *checker, checked_set *set)
{
    sort_key *const keys = arena_array(checker->arena, set->count, sizeof *keys);
    bool ascending = true;
    for (uint32_t i = 0; i < set->count; i++) {
        keys[i] = key_make(&set->values[i], i);
        ascending = ascending && (i == 0 || keys_compare(&keys[i - 1], &keys[i]) < 0);
    }
    if (ascending)
        return;
    qsort(keys, set->count, sizeof *keys, keys_compare);
    cst_value *const ordered = arena_array(checker->arena, set->count, sizeof *ordered);
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->count; i++)
        if (i == 0 || keys_compare(&keys[i - 1], &keys[i]) != 0)
            ordered[count++] = set->values[keys[i].index];
    set->values = ordered;
    set->count = count;
}

static int networks_compare(const void *left, const void *right)
{
    const cst_network *const a = left;
    const cst_network *const b = right;
    const int order = memcmp(a->low, b->low, sizeof a->low);
    return order != 0 ? order : memcmp(a->high, b->high, sizeof a->high);
}

/* True if `b` begins inside `a` or right behind it. */
static bool network_touches(const cst_network *a, const cst_network *b)
{
    uint8_t next[16];
    memcpy(next, a->high, sizeof next);
    for (int i = 15; i >= 0 && ++next[i] == 0; i--)
        if (i == 0)
            return true; /* a ends with the last address of all */
    return memcmp(b->low, next, sizeof next) <= 0;
}

static void networks_order(checked_set *set)
{
    if (set->count == 0)
        return;
    qsort(set->networks, set->count, sizeof *set->networks, networks_compare);
    uint32_t last = 0;
    for (uint32_t i = 1; i < set->count; i++) {
        cst_network *const before = &set->networks[last];
        const cst_network *const next = &set->networks[i];
        if (!network_touches(before, next))
            set->networks[++last] = *next;
        else if (memcmp(next->high, before->high, sizeof next->high) > 0)
            memcpy(before->high, next->high, sizeof next->high);
    }
    set->count = last + 1;
}

/* ---- readings -------------------------------------------------------------------------------- */

typedef struct reading {
    checker *checker;
    unit *unit;
    const set_declaration *set;
    const type *type;
    source_range use;
    checked_set *out;
} reading;

static bool element_read(const reading *reading, uint32_t number)
{
    const set_element *const written = &reading->set->elements[number];
    const set_element element =
        reading->set->from_file ? line_as(written, reading->type->kind) : *written;
    cst_value value;
    if (element.kind == AST_REGEX || (element.kind == AST_PATH && element.path.count > 1)) {
        element_refuse(reading->checker, element.text.range);
        return false;
    }
    if (reading->type->kind != CST_KIND_IP) {
        if (!literal_read(reading->checker, reading->unit, &element, element.text.range,
                          reading->type, &value))
            return false;
        reading->out->values[reading->out->count++] = value;
        return true;
    }
    cst_network *const network = &reading->out->networks[reading->out->count];
    if (element.kind == AST_STRING &&
        network_parse(element.text.bytes, element.text.length, network)) {
        reading->out->count++;
        return true;
    }
    if (element.kind == AST_STRING && memchr(element.text.bytes, '/', element.text.length) != NULL)
        diagnostic_report(reading->checker->compilation, E_NO_SUCH_VALUE, element.text.range,
                          "`\"%s\"` is not a network: a network is written \"10.0.0.0/8\"",
                          element.text.bytes);
    else
        literal_read(reading->checker, reading->unit, &element, element.text.range, reading->type,
                     &value);
    return false;
}

/* Reads all elements; false, and reported, if some are no values of the type. */
static bool elements_read(const reading *reading)
{
    compilation *const compilation = reading->checker->compilation;
    uint32_t errors = 0;
    for (uint32_t i = 0; i < reading->set->count; i++) {
        const uint32_t before = compilation->diagnostics.count;
        if (element_read(reading, i))
            continue;
        const source_range own = reading->set->elements[i].text.range;
        const bool beside = own.file == reading->use.file && own.start >= reading->use.start &&
                            own.end <= reading->use.end;
        if (compilation->diagnostics.count > before && !beside && errors == 0)
            diagnostic_note_at(compilation, &compilation->diagnostics.items[before], reading->use,
                               "the set is compared with a value of type %s here",
                               type_name(reading->checker, reading->type));
        if (++errors < SHOWN_ERRORS || i + 1 == reading->set->count)
            continue;
        diagnostic_report(compilation, E_SET_REST, reading->set->range,
                          "`%s` has %u elements that are not %s; the other %u were not looked at",
                          reading->set->name, errors,
                          type_with_article(reading->checker, reading->type),
                          reading->set->count - i - 1);
        break;
    }
    return errors == 0;
}

static uint32_t reading_make(checker *checker, const reading *wanted)
{
    checked_set made = {
        .name = wanted->set->name, .kind = wanted->type->kind, .range = wanted->set->range};
    if (made.kind == CST_KIND_IP)
        made.networks = arena_array(checker->arena, wanted->set->count, sizeof *made.networks);
    else
        made.values = arena_array(checker->arena, wanted->set->count, sizeof *made.values);
    reading reading = *wanted;
    reading.out = &made;
    if (!elements_read(&reading))
        return CST_NONE;
    if (made.kind == CST_KIND_IP)
        networks_order(&made);
    else
        values_order(checker, &made);
    *ARENA_PUSH(checker->arena, &checker->policy->sets) = made;
    return checker->policy->sets.count - 1;
}

uint32_t set_as_type(checker *checker, unit *unit, set_declaration *set, const type *type,
                     source_range use)
{
    /* A bound limits events, not constants: `string` and `string(100)` share a reading. */
    if (type->bound != 0 && type->enumeration == NULL)
        type = type_scalar(checker, type->kind, 0);
    for (uint32_t i = 0; i < set->readings.count; i++)
        if (set->readings.types[i] == type)
            return set->readings.numbers[i];
    const reading wanted = {.checker = checker, .unit = unit, .set = set, .type = type, .use = use};
    const uint32_t number = reading_make(checker, &wanted);
    if (set->readings.count == set->readings.capacity) {
        const uint32_t capacity = set->readings.capacity == 0 ? 4 : set->readings.capacity * 2;
        const struct type **const types = arena_array(checker->arena, capacity, sizeof *types);
        uint32_t *const numbers = arena_array(checker->arena, capacity, sizeof *numbers);
        for (uint32_t i = 0; i < set->readings.count; i++) {
            types[i] = set->readings.types[i];
            numbers[i] = set->readings.numbers[i];
        }
        set->readings.types = types;
        set->readings.numbers = numbers;
        set->readings.capacity = capacity;
    }
    set->readings.types[set->readings.count] = type;
    set->readings.numbers[set->readings.count++] = number;
    return number;
}

/*
 * rows.c - see rows.h.
 *
 * Labels are compared as text: `--positive 1` means the number 1 and the string "1" alike, since
 * data sets do not agree on that. A label that is a list says more than one thing about a row and
 * is refused rather than guessed at.
 */
#include "compiler/cli/rows.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/adapters/lines.h"
#include "runtime/limits.h"

static const struct {
    const char *name, *text;
} faults[ROW_FAULTS] = {
    [ROW_GOOD] = {"good", "good"},
    [ROW_TOO_LONG] = {"too_long", "longer than an event may be"},
    [ROW_NOT_JSON] = {"not_json", "not JSON"},
    [ROW_NO_OBJECT] = {"no_object", "no JSON object"},
    [ROW_NO_TEXT] = {"no_text", "without a text"},
    [ROW_TEXT_TYPE] = {"text_type", "with a text that is no string"},
    [ROW_NO_LABEL] = {"no_label", "without a label"},
    [ROW_LABEL_TYPE] = {"label_type", "with a label that is a list or an object"},
    [ROW_SPANS] = {"spans", "with spans that are none of its text"},
};

const char *row_fault_name(row_fault fault)
{
    return faults[fault].name;
}

const char *row_fault_text(row_fault fault)
{
    return faults[fault].text;
}

/* ---- lists of words -------------------------------------------------------------------------- */

bool words_split(const cli_arguments *arguments, const char *option, word_list *out)
{
    for (uint32_t i = 0; i < arguments->option_count; i++) {
        if (strcmp(arguments->options[i].row->name, option) != 0)
            continue;
        for (const char *at = arguments->options[i].value; at != NULL;) {
            const char *const end = strchr(at, ',');
            const size_t length = end == NULL ? strlen(at) : (size_t)(end - at);
            if (length == 0) {
                complain("%s is a list of words such as a,b; a word of \"%s\" is empty", option,
                         arguments->options[i].value);
                return false;
            }
            out->words = checked(realloc(out->words, (out->count + 1) * sizeof *out->words));
            out->words[out->count++] = text_copy(at, length);
            at = end == NULL ? NULL : end + 1;
        }
    }
    return true;
}

bool words_have(const word_list *list, const char *text, size_t length)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (strlen(list->words[i]) == length && memcmp(list->words[i], text, length) == 0)
            return true;
    return false;
}

void words_free(word_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        free((void *)(uintptr_t)list->words[i]);
    free(list->words);
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* The member or element that one part of a path names. With `escaped`, ~1 is a slash and ~0 a ~. */
static const cst_json *step(const cst_json *value, const char *part, size_t length, bool escaped)
{
    if (value->kind == JSON_LIST) {
        uint64_t index = 0;
        for (size_t i = 0; i < length; i++) {
            if (part[i] < '0' || part[i] > '9' || index > LIMIT_EVENT_BYTES)
                return NULL;
            index = index * 10 + (uint64_t)(part[i] - '0');
        }
        return length > 0 && index < value->length ? &value->items[index] : NULL;
    }
    if (value->kind != JSON_OBJECT)
        return NULL;
    for (uint32_t i = 0; i < value->length; i++) {
        const json_key *const key = &value->keys[i];
        size_t at = 0;
        uint32_t matched = 0;
        while (at < length && matched < key->length) {
            char wanted = part[at++];
            if (escaped && wanted == '~' && at < length && (part[at] == '0' || part[at] == '1'))
                wanted = part[at++] == '0' ? '~' : '/';
            if (key->text[matched] != wanted)
                break;
            matched++;
        }
        if (at == length && matched == key->length)
            return &value->items[i];
    }
    return NULL;
}

static const cst_json *walk(const cst_json *value, const char *path, char between, bool escaped)
{
    while (value != NULL) {
        const char *const end = strchr(path, between);
        const size_t length = end == NULL ? strlen(path) : (size_t)(end - path);
        value = step(value, path, length, escaped);
        if (end == NULL)
            return value;
        path = end + 1;
    }
    return NULL;
}

const cst_json *row_field(const cst_json *object, const char *field)
{
    if (field[0] == '/')
        return walk(object, field + 1, '/', true);
    const cst_json *const whole = step(object, field, strlen(field), false);
    return whole != NULL ? whole : walk(object, field, '.', false);
}

bool row_plain_text(const cst_json *value, const char **text, uint32_t *length)
{
    if (value->kind == JSON_BOOL) {
        *text = value->boolean ? "true" : "false";
        *length = value->boolean ? 4 : 5;
        return true;
    }
    *text = value->text;
    *length = value->length;
    return value->kind == JSON_STRING || value->kind == JSON_NUMBER;
}

/* ---- one row --------------------------------------------------------------------------------- */

static bool is_there(const cst_json *value)
{
    return value != NULL && value->kind != JSON_NULL;
}

static row_fault row_take(const row_reader *reader, const cst_json *tree, data_row *row)
{
    const row_fields *const fields = &reader->fields;
    if (tree->kind != JSON_OBJECT)
        return ROW_NO_OBJECT;
    const cst_json *const text = row_field(tree, fields->text);
    const cst_json *const label = row_field(tree, fields->label);
    if (!is_there(text))
        return ROW_NO_TEXT;
    if (text->kind != JSON_STRING)
        return ROW_TEXT_TYPE;
    if (!is_there(label))
        return ROW_NO_LABEL;
    if (!row_plain_text(label, &row->label, &row->label_length))
        return ROW_LABEL_TYPE;
    row->text = text->text;
    row->text_length = text->length;
    row->tree = tree;
    const cst_json *const id = fields->id == NULL ? NULL : row_field(tree, fields->id);
    if (id == NULL || !row_plain_text(id, &row->id, &row->id_length))
        row->id = NULL;
    row->kind = ROW_SKIPPED;
    if (words_have(&fields->positive, row->label, row->label_length))
        row->kind = ROW_POSITIVE;
    else if (fields->negative.count == 0 ||
             words_have(&fields->negative, row->label, row->label_length))
        row->kind = ROW_NEGATIVE;
    return ROW_GOOD;
}

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

static bool row_visit(row_reader *reader, const char *line, size_t length, data_row *row,
                      bool (*visit)(void *user, const data_row *row), void *user)
{
    if (row->fault == ROW_GOOD) {
        cst_json *tree;
        json_problem problem;
        arena_reset(&reader->scratch);
        const json_error error =
            json_read(&reader->scratch, line, length, LIMIT_JSON_SCANNER_DEPTH, &tree, &problem);
        if (error == JSON_MEMORY)
            checked(NULL);
        row->fault = error != JSON_OK ? ROW_NOT_JSON : row_take(reader, tree, row);
    }
    progress_event(&reader->progress, reader->bytes);
    return visit(user, row);
}

int rows_read(row_reader *reader, const char *path, uint32_t file,
              bool (*visit)(void *user, const data_row *row), void *user)
{
    const int descriptor = file_open(path);
    if (descriptor < 0)
        return EXIT_USAGE;
    line_reader lines;
    lines_init(&lines, descriptor, LIMIT_EVENT_BYTES, NULL);
    int code = EXIT_GOOD;
    const uint64_t before = reader->bytes;
    for (bool going = true; going;) {
        const char *line = NULL;
        size_t length = 0;
        const lines_status status = lines_next(&lines, &line, &length);
        reader->bytes = before + lines.consumed;
        if (status == LINES_END)
            break;
        if (status == LINES_FAILED || status == LINES_NO_MEMORY) {
            if (status == LINES_FAILED)
                complain_errno(strcmp(path, "-") == 0 ? "stdin" : path);
            else
                complain("out of memory");
            code = EXIT_USAGE;
            break;
        }
        if (status == LINES_TEXT && is_blank(line, length))
            continue;
        data_row row = {.fault = status == LINES_TOO_LONG ? ROW_TOO_LONG : ROW_GOOD,
                        .file = file,
                        .path = path,
                        .line = lines.number};
        going = row_visit(reader, line, length, &row, visit, user);
    }
    lines_free(&lines);
    file_close(descriptor);
    return code;
}

/* ---- options --------------------------------------------------------------------------------- */

static bool labels_read(const cli_arguments *arguments, row_fields *fields)
{
    if (!words_split(arguments, "--positive", &fields->positive) ||
        !words_split(arguments, "--negative", &fields->negative))
        return false;
    if (fields->positive.count == 0) {
        complain("--positive is missing: the labels of the rows that the policy should speak on, "
                 "such as --positive attack,injection");
        return false;
    }
    for (uint32_t i = 0; i < fields->negative.count; i++)
        if (words_have(&fields->positive, fields->negative.words[i],
                       strlen(fields->negative.words[i]))) {
            complain("the label \"%s\" is both --positive and --negative",
                     fields->negative.words[i]);
            return false;
        }
    return true;
}

static bool files_good(const cli_arguments *arguments)
{
    uint32_t pipes = 0;
    for (uint32_t i = 1; i < arguments->word_count; i++)
        pipes += strcmp(arguments->words[i], "-") == 0;
    if (pipes > 1)
        complain("stdin can be read once only");
    return pipes <= 1;
}

bool rows_init(row_reader *reader, const cli_arguments *arguments)
{
    memset(reader, 0, sizeof *reader);
    arena_init(&reader->scratch, NULL, 0);
    row_fields *const fields = &reader->fields;
    const struct {
        const char *option;
        const char **place;
        bool needed;
    } rows[] = {
        {"--text", &fields->text, true},    {"--label", &fields->label, true},
        {"--id", &fields->id, false},       {"--category", &fields->category, false},
        {"--spans", &fields->spans, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *rows[i].place = arguments_value(arguments, rows[i].option, NULL);
        if (*rows[i].place == NULL && rows[i].needed) {
            complain("%s is missing: the field of each row that holds the %s", rows[i].option,
                     rows[i].option + 2);
            return false;
        }
        if (*rows[i].place != NULL && (*rows[i].place)[0] == '\0') {
            complain("%s: the name of the field is empty", rows[i].option);
            return false;
        }
    }
    return files_good(arguments) && labels_read(arguments, fields);
}

void rows_free(row_reader *reader)
{
    words_free(&reader->fields.positive);
    words_free(&reader->fields.negative);
    arena_free(&reader->scratch);
}

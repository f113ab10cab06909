/*
 * lsp_answers.c - what an editor is told of a policy: its diagnostics, the mends that can be taken
 * over, where a name is declared, and what a rule means once its definitions stand in their place.
 *
 * Everything comes from the last check. While a document has errors there is no outline, so hovers
 * explain the error and names are not found; after the mend they are there again.
 */
#include <string.h>

#include "compiler/cli/lsp.h"
#include "compiler/syntax/format.h"

static const source *file_of(const lsp_document *document, const char *path)
{
    for (uint32_t i = 0; document->unit != NULL && i < document->unit->sources.count; i++)
        if (strcmp(document->unit->sources.items[i].path, path) == 0)
            return &document->unit->sources.items[i];
    return NULL;
}

static void string_member(buffer *out, const char *name, const char *text)
{
    buffer_format(out, "\"%s\":", name);
    buffer_json_string(out, text, strlen(text));
}

/* ---- diagnostics ----------------------------------------------------------------------------- */

static void notes_write(lsp_server *server, const compilation *unit, const diagnostic *one)
{
    buffer *const out = &server->out;
    bool begun = false;
    for (uint32_t i = 0; i < one->note_count; i++) {
        if (!one->notes[i].has_range || one->notes[i].range.file >= unit->sources.count)
            continue;
        const source *const file = &unit->sources.items[one->notes[i].range.file];
        if (strncmp(file->path, "std/", 4) == 0)
            continue; /* it is in the compiler, and in no folder */
        buffer_text(out, begun ? ",{\"location\":{\"uri\":"
                               : ",\"relatedInformation\":[{\"location\":{\"uri\":");
        lsp_uri_write(server, out, file->path);
        buffer_text(out, ",\"range\":");
        lsp_range_write(server, out, file, one->notes[i].range.start, one->notes[i].range.end);
        buffer_text(out, "},");
        string_member(out, "message", one->notes[i].text);
        buffer_text(out, "}");
        begun = true;
    }
    buffer_text(out, begun ? "]" : "");
}

static void message_write(buffer *out, const diagnostic *one)
{
    buffer text;
    buffer_init(&text, NULL, 0);
    buffer_text(&text, one->message);
    if (one->label != NULL)
        buffer_format(&text, "\n%s", one->label);
    for (uint32_t i = 0; i < one->note_count; i++)
        if (!one->notes[i].has_range)
            buffer_format(&text, "\n%s", one->notes[i].text);
    if (one->mend != NULL)
        buffer_format(&text, "\n%s", one->mend);
    string_member(out, "message", text.length > 0 ? text.bytes : "");
    buffer_free(&text);
}

static bool is_in(const compilation *unit, source_range range, const char *path)
{
    return range.file < unit->sources.count &&
           strcmp(unit->sources.items[range.file].path, path) == 0;
}

/* "uri" and "diagnostics" for one file: the document itself, or one that it reads. What has no
 * place is told of the document, at its beginning. */
void lsp_diagnostics(lsp_server *server, const lsp_document *document, const char *path)
{
    buffer *const out = &server->out;
    const compilation *const unit = document->unit;
    buffer_text(out, "\"uri\":");
    lsp_uri_write(server, out, path);
    buffer_text(out, ",\"diagnostics\":[");
    bool begun = false;
    for (uint32_t i = 0; unit != NULL && i < unit->diagnostics.count; i++) {
        const diagnostic *const one = &unit->diagnostics.items[i];
        const bool nowhere =
            one->range.file >= unit->sources.count && strcmp(path, document->path) == 0;
        if (!nowhere && !is_in(unit, one->range, path))
            continue;
        const source *const file = file_of(document, path);
        buffer_text(out, begun ? ",{\"range\":" : "{\"range\":");
        if (nowhere || file == NULL)
            buffer_text(
                out,
                "{\"start\":{\"line\":0,\"character\":0},\"end\":{\"line\":0,\"character\":0}}");
        else
            lsp_range_write(server, out, file, one->range.start, one->range.end);
        buffer_format(out, ",\"severity\":%d,\"code\":\"%s\",\"source\":\"constc\",",
                      one->severity == DIAGNOSTIC_ERROR ? 1 : 2, diagnostic_code_name(one->code));
        message_write(out, one);
        notes_write(server, unit, one);
        buffer_text(out, "}");
        begun = true;
    }
    buffer_text(out, "]");
}

/* ---- mends ----------------------------------------------------------------------------------- */

void lsp_code_actions(lsp_server *server, const lsp_document *document, const cst_json *params)
{
    buffer *const out = &server->out;
    const compilation *const unit = document->unit;
    const source *const file = file_of(document, document->path);
    buffer_text(out, "[");
    const cst_json *const range = json_member(params, "range");
    bool begun = false;
    for (uint32_t i = 0; file != NULL && i < unit->diagnostics.count; i++) {
        const diagnostic *const one = &unit->diagnostics.items[i];
        if (!one->has_edit || !is_in(unit, one->range, document->path) ||
            !is_in(unit, one->edit_range, document->path))
            continue;
        const uint32_t from = lsp_offset(server, file, json_member(range, "start")),
                       to = lsp_offset(server, file, json_member(range, "end"));
        if (one->range.end < from || one->range.start > to)
            continue;
        buffer_text(out, begun ? ",{" : "{");
        string_member(out, "title", one->mend != NULL ? one->mend : one->message);
        buffer_text(out, ",\"kind\":\"quickfix\",\"edit\":{\"changes\":{");
        lsp_uri_write(server, out, document->path);
        buffer_text(out, ":[{\"range\":");
        lsp_range_write(server, out, file, one->edit_range.start, one->edit_range.end);
        buffer_text(out, ",");
        string_member(out, "newText", one->edit_text);
        buffer_text(out, "}]}}}");
        begun = true;
    }
    buffer_text(out, "]");
}

/* ---- hovers ---------------------------------------------------------------------------------- */

static bool holds(source_range range, uint32_t offset)
{
    return range.start <= offset && offset <= range.end;
}

static void hover_write(lsp_server *server, const source *file, source_range range,
                        const buffer *text)
{
    buffer *const out = &server->out;
    buffer_text(out, "{\"contents\":{\"kind\":\"markdown\",\"value\":");
    buffer_json_string(out, text->bytes, text->length);
    buffer_text(out, "},\"range\":");
    lsp_range_write(server, out, file, range.start, range.end);
    buffer_text(out, "}");
}

static void rule_hover(buffer *text, const outline_item *item)
{
    static const char *const words[ASPECT_COUNT] = {"on", "when", "then", "", ""};
    buffer_format(text, "%s **%s**\n", item->kind, item->name);
    for (uint32_t i = 0; i < ASPECT_COUNT; i++)
        if (words[i][0] != '\0' && item->aspects[i][0] != '\0')
            buffer_format(text, "\n```\n%s %s\n```\n", words[i], item->aspects[i]);
}

void lsp_hover(lsp_server *server, const lsp_document *document, const cst_json *params)
{
    const source *const file = file_of(document, document->path);
    const compilation *const unit = document->unit;
    if (file == NULL) {
        buffer_text(&server->out, "null");
        return;
    }
    const uint32_t offset = lsp_offset(server, file, json_member(params, "position"));
    buffer text;
    buffer_init(&text, NULL, 0);
    source_range range = {0};
    for (uint32_t i = 0; i < unit->diagnostics.count && text.length == 0; i++) {
        const diagnostic *const one = &unit->diagnostics.items[i];
        if (!is_in(unit, one->range, document->path) || !holds(one->range, offset))
            continue;
        range = one->range;
        buffer_format(&text, "**%s**: %s\n\n```\n%s\n```\n", diagnostic_code_name(one->code),
                      diagnostic_code_title(one->code), diagnostic_code_explanation(one->code));
    }
    for (uint32_t i = 0; i < document->outline.count && text.length == 0; i++) {
        const outline_item *const item = &document->outline.items[i];
        if (item->aspects[ASPECT_SCOPE] == NULL || item->file[0] != '\0' ||
            !holds(item->range, offset))
            continue;
        range = item->range;
        rule_hover(&text, item);
    }
    if (text.length > 0)
        hover_write(server, file, range, &text);
    else
        buffer_text(&server->out, "null");
    buffer_free(&text);
}

/* ---- names ----------------------------------------------------------------------------------- */

void lsp_symbols(lsp_server *server, const lsp_document *document)
{
    /* SymbolKind: 12 function, 14 constant, 5 class, 10 enum, 24 event, 6 method */
    static const struct {
        ast_kind kind;
        int symbol;
    } kinds[] = {{AST_RULE, 24},     {AST_PERMIT, 24},  {AST_WAIVE, 24},    {AST_TOOL, 6},
                 {AST_SET_DECL, 14}, {AST_PATTERN, 14}, {AST_DEFINE, 12},   {AST_EXTERN, 12},
                 {AST_ENUM, 10},     {AST_CONTEXT, 5},  {AST_PRINCIPLE, 5}, {AST_ORIGIN, 14},
                 {AST_TEST, 6}};
    buffer *const out = &server->out;
    const source *const file = file_of(document, document->path);
    buffer_text(out, "[");
    bool begun = false;
    for (uint32_t i = 0; file != NULL && i < document->outline.count; i++) {
        const outline_item *const item = &document->outline.items[i];
        int symbol = 0;
        for (uint32_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            if (kinds[k].kind == item->declared)
                symbol = kinds[k].symbol;
        if (symbol == 0 || item->file[0] != '\0' || item->name[0] == '\0')
            continue;
        buffer_text(out, begun ? ",{" : "{");
        string_member(out, "name", item->name);
        buffer_text(out, ",");
        string_member(out, "detail", item->kind);
        buffer_format(out, ",\"kind\":%d,\"range\":", symbol);
        lsp_range_write(server, out, file, item->range.start, item->range.end);
        buffer_text(out, ",\"selectionRange\":");
        lsp_range_write(server, out, file, item->range.start, item->range.end);
        buffer_text(out, "}");
        begun = true;
    }
    buffer_text(out, "]");
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c & 0x80) != 0;
}

/* The name at an offset: of `pii.email` the part that stands there. */
static source_range name_at(const source *file, uint32_t offset)
{
    source_range range = {0, offset, offset};
    while (range.start > 0 && is_name_byte(file->bytes[range.start - 1]))
        range.start--;
    while (range.end < file->length && is_name_byte(file->bytes[range.end]))
        range.end++;
    return range;
}

/* Declarations are found by their name: the document's own first, then those of what it imports. */
void lsp_definition(lsp_server *server, const lsp_document *document, const cst_json *params)
{
    buffer *const out = &server->out;
    const source *const file = file_of(document, document->path);
    const outline_item *found = NULL;
    if (file != NULL) {
        const source_range name =
            name_at(file, lsp_offset(server, file, json_member(params, "position")));
        for (uint32_t i = 0; i < document->outline.count; i++) {
            const outline_item *const item = &document->outline.items[i];
            if (strlen(item->name) != name.end - name.start ||
                memcmp(item->name, file->bytes + name.start, name.end - name.start) != 0 ||
                item->declared == AST_TEST || item->declared == AST_WAIVE ||
                item->declared == AST_CONSTITUTION || item->declared == AST_IMPORT)
                continue;
            if (found == NULL || (found->file[0] != '\0' && item->file[0] == '\0'))
                found = item;
        }
    }
    if (found == NULL) {
        buffer_text(out, "null");
        return;
    }
    const source *const home = &document->unit->sources.items[found->range.file];
    buffer_text(out, "{\"uri\":");
    lsp_uri_write(server, out, home->path);
    buffer_text(out, ",\"range\":");
    lsp_range_write(server, out, home, found->range.start, found->range.end);
    buffer_text(out, "}");
}

typedef struct formatting {
    buffer text;
    format_answer answer;
} formatting;

static cst_status lay_out(compilation *unit, void *user)
{
    formatting *const run = user;
    run->answer = source_format(unit, 0, &run->text);
    return CST_OK;
}

/* One edit for the whole text, or none if it is laid out. What an editor says of tabs and blanks
 * does not count: there is one layout. A text with errors has none. */
void lsp_formatting(lsp_server *server, const lsp_document *document)
{
    buffer *const out = &server->out;
    const driver_input input = {
        .path = document->path, .text = document->text, .length = document->length};
    compilation *unit = NULL;
    formatting run = {.answer = FORMAT_ERRORS};
    buffer_init(&run.text, NULL, 0);
    const bool good = driver_begin(&input, NULL, DRIVER_PARSE, &unit) == CST_OK &&
                      driver_protect(unit, lay_out, &run) == CST_OK && run.answer == FORMAT_DONE &&
                      !run.text.failed;
    if (!good)
        buffer_text(out, "null");
    else if (run.text.length == document->length &&
             (document->length == 0 ||
              memcmp(run.text.bytes, document->text, document->length) == 0))
        buffer_text(out, "[]");
    else {
        buffer_text(out, "[{\"range\":");
        lsp_range_write(server, out, &unit->sources.items[0], 0, (uint32_t)document->length);
        buffer_text(out, ",\"newText\":");
        buffer_json_string(out, run.text.length > 0 ? run.text.bytes : "", run.text.length);
        buffer_text(out, "}]");
    }
    buffer_free(&run.text);
    driver_end(unit);
}

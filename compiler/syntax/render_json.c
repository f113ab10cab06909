/*
 * render_json.c - diagnostics for programs: JSON lines, and SARIF 2.1.0 for those who show it
 * beside the code.
 *
 * Both are valid JSON whatever stands in the policy: bytes that are not UTF-8 become U+FFFD. In
 * SARIF columns count code points, and each region also has its bytes; a mend with an edit is a
 * `fix`.
 */
#include <string.h>

#include "compiler/render.h"
#include "runtime/utf8.h"

static void string(buffer *out, const char *text)
{
    const size_t length = strlen(text);
    if (utf8_valid(text, length)) {
        buffer_json_string(out, text, length);
        return;
    }
    buffer_text(out, "\"");
    const char *const end = text + length;
    while (text < end) {
        const char *const start = text;
        if (utf8_decode(&text, end) == UINT32_MAX) {
            buffer_text(out, "\xef\xbf\xbd");
            continue;
        }
        buffer quoted;
        buffer_init(&quoted, &out->allocator, 0);
        buffer_json_string(&quoted, start, (size_t)(text - start));
        if (quoted.failed)
            out->failed = true;
        else
            buffer_add(out, quoted.bytes + 1, quoted.length - 2);
        buffer_free(&quoted);
    }
    buffer_text(out, "\"");
}

static void member(buffer *out, const char *name, const char *text)
{
    buffer_format(out, "\"%s\":", name);
    string(out, text);
}

static bool has_place(const compilation *compilation, source_range range)
{
    return range.file < compilation->sources.count;
}

/* ---- JSON lines ------------------------------------------------------------------------------ */

static void place(buffer *out, compilation *compilation, source_range range)
{
    const source_position start = source_locate(compilation, range.file, range.start);
    const source_position end = source_locate(compilation, range.file, range.end);
    buffer_text(out, ",");
    member(out, "file", compilation->sources.items[range.file].path);
    buffer_format(
        out, ",\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u,\"start\":%u,\"end\":%u",
        start.line, start.column, end.line, end.column, range.start, range.end);
}

void render_json(buffer *out, compilation *compilation, const diagnostic *diagnostic)
{
    buffer_format(out, "{\"severity\":\"%s\",\"code\":\"%s\",",
                  diagnostic->severity == DIAGNOSTIC_ERROR ? "error" : "warning",
                  diagnostic_code_name(diagnostic->code));
    member(out, "title", diagnostic_code_title(diagnostic->code));
    buffer_text(out, ",");
    member(out, "message", diagnostic->message);
    if (has_place(compilation, diagnostic->range))
        place(out, compilation, diagnostic->range);
    if (diagnostic->label) {
        buffer_text(out, ",");
        member(out, "label", diagnostic->label);
    }
    buffer_text(out, ",\"notes\":[");
    for (uint32_t i = 0; i < diagnostic->note_count; i++) {
        const diagnostic_note *const note = &diagnostic->notes[i];
        buffer_text(out, i ? ",{" : "{");
        member(out, "message", note->text);
        if (note->has_range && has_place(compilation, note->range))
            place(out, compilation, note->range);
        buffer_text(out, "}");
    }
    buffer_text(out, "]");
    if (diagnostic->mend) {
        buffer_text(out, ",\"mend\":{");
        member(out, "message", diagnostic->mend);
        if (diagnostic->has_edit && has_place(compilation, diagnostic->edit_range)) {
            buffer_text(out, ",\"edit\":{");
            member(out, "text", diagnostic->edit_text);
            place(out, compilation, diagnostic->edit_range);
            buffer_text(out, "}");
        }
        buffer_text(out, "}");
    }
    buffer_text(out, "}\n");
}

/* ---- SARIF ----------------------------------------------------------------------------------- */

static void uri(buffer *out, const char *path)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    buffer_text(out, path[0] == '/' ? "{\"uri\":\"file://" : "{\"uri\":\"");
    for (; *path; path++) {
        if (strchr(unreserved, *path))
            buffer_add(out, path, 1);
        else
            buffer_format(out, "%%%02X", (unsigned)(unsigned char)*path);
    }
    buffer_text(out, "\"}");
}

static void region(buffer *out, compilation *compilation, source_range range)
{
    const source_position start = source_locate(compilation, range.file, range.start);
    const source_position end = source_locate(compilation, range.file, range.end);
    buffer_format(out,
                  "{\"startLine\":%u,\"startColumn\":%u,\"endLine\":%u,\"endColumn\":%u,"
                  "\"byteOffset\":%u,\"byteLength\":%u}",
                  start.line, start.column, end.line, end.column, range.start,
                  range.end - range.start);
}

static void location(buffer *out, compilation *compilation, source_range range, const char *message)
{
    buffer_text(out, "{\"physicalLocation\":{\"artifactLocation\":");
    uri(out, compilation->sources.items[range.file].path);
    buffer_text(out, ",\"region\":");
    region(out, compilation, range);
    buffer_text(out, "}");
    if (message) {
        buffer_text(out, ",\"message\":{");
        member(out, "text", message);
        buffer_text(out, "}");
    }
    buffer_text(out, "}");
}

static void fix(buffer *out, compilation *compilation, const diagnostic *diagnostic)
{
    buffer_text(out, ",\"fixes\":[{\"description\":{");
    member(out, "text", diagnostic->mend);
    buffer_text(out, "},\"artifactChanges\":[{\"artifactLocation\":");
    uri(out, compilation->sources.items[diagnostic->edit_range.file].path);
    buffer_text(out, ",\"replacements\":[{\"deletedRegion\":");
    region(out, compilation, diagnostic->edit_range);
    buffer_text(out, ",\"insertedContent\":{");
    member(out, "text", diagnostic->edit_text);
    buffer_text(out, "}}]}]}]");
}

/* The message of a result has everything that its places cannot show. */
static void result_message(buffer *out, const diagnostic *diagnostic)
{
    buffer text;
    buffer_init(&text, &out->allocator, 0);
    buffer_text(&text, diagnostic->message);
    for (uint32_t i = 0; i < diagnostic->note_count; i++)
        if (!diagnostic->notes[i].has_range)
            buffer_format(&text, "; %s", diagnostic->notes[i].text);
    if (diagnostic->mend)
        buffer_format(&text, "; %s", diagnostic->mend);
    buffer_text(out, "\"message\":{");
    if (text.failed)
        out->failed = true;
    else
        member(out, "text", text.bytes);
    buffer_text(out, "}");
    buffer_free(&text);
}

static void result(buffer *out, compilation *compilation, const diagnostic *diagnostic,
                   uint32_t rule)
{
    buffer_text(out, "{");
    member(out, "ruleId", diagnostic_code_name(diagnostic->code));
    buffer_format(out, ",\"ruleIndex\":%u,\"level\":\"%s\",", rule,
                  diagnostic->severity == DIAGNOSTIC_ERROR ? "error" : "warning");
    result_message(out, diagnostic);
    if (has_place(compilation, diagnostic->range)) {
        buffer_text(out, ",\"locations\":[");
        location(out, compilation, diagnostic->range, diagnostic->label);
        buffer_text(out, "]");
    }
    bool first = true;
    for (uint32_t i = 0; i < diagnostic->note_count; i++) {
        const diagnostic_note *const note = &diagnostic->notes[i];
        if (!note->has_range || !has_place(compilation, note->range))
            continue;
        buffer_text(out, first ? ",\"relatedLocations\":[" : ",");
        location(out, compilation, note->range, note->text);
        first = false;
    }
    buffer_text(out, first ? "" : "]");
    if (diagnostic->mend && diagnostic->has_edit && has_place(compilation, diagnostic->edit_range))
        fix(out, compilation, diagnostic);
    buffer_text(out, "}");
}

void render_sarif(buffer *out, compilation *compilation, const diagnostic *items, uint32_t count,
                  const char *version)
{
    uint32_t rules[DIAGNOSTIC_CODE_COUNT], rule_count = 0;
    memset(rules, 0xff, sizeof rules);
    buffer_text(out, "{\"$schema\":\"https://json.schemastore.org/"
                     "sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{"
                     "\"tool\":{\"driver\":{\"name\":\"constc\",");
    member(out, "version", version);
    buffer_text(out, ",\"rules\":[");
    for (uint32_t i = 0; i < count; i++) {
        const diagnostic_code code = items[i].code;
        if (rules[code] != UINT32_MAX)
            continue;
        rules[code] = rule_count++;
        buffer_text(out, rules[code] ? ",{" : "{");
        member(out, "id", diagnostic_code_name(code));
        buffer_text(out, ",\"shortDescription\":{");
        member(out, "text", diagnostic_code_title(code));
        buffer_text(out, "},\"fullDescription\":{");
        member(out, "text", diagnostic_code_explanation(code));
        buffer_text(out, "}}");
    }
    buffer_text(out, "]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[");
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(out, i ? "," : "");
        result(out, compilation, &items[i], rules[items[i].code]);
    }
    buffer_text(out, "]}]}\n");
}

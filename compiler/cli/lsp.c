/*
 * lsp.c - `constc lsp`: a language server for editors, on stdin and stdout.
 *
 * Messages are JSON-RPC 2.0 behind a header with their length. A message that cannot be read is
 * answered with an error where it has an id and passed over where it has none; a header without a
 * length ends the server, since nobody knows where the next message begins. Texts come whole with
 * each change (they are small, and a check takes milliseconds), so there is no state that could
 * differ from the editor's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "compiler/cli/lsp.h"
#include "runtime/limits.h"

enum {
    PARSE_ERROR = -32700,
    INVALID_REQUEST = -32600,
    METHOD_NOT_FOUND = -32601,
    INVALID_PARAMS = -32602
};

/* ---- messages in ----------------------------------------------------------------------------- */

typedef struct input {
    char *bytes; /* of the message in hand */
    size_t length, capacity;
    char block[1 << 14];
    size_t next, end;
} input;

/* One byte, or -1 at the end of the input. */
static int byte_read(input *in)
{
    while (in->next == in->end) {
        const ssize_t count = read(STDIN_FILENO, in->block, sizeof in->block);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return -1;
        in->next = 0;
        in->end = (size_t)count;
    }
    return (unsigned char)in->block[in->next++];
}

/* The header: lines up to an empty one. False: the input ends, or there is no length that can be
 * used. */
static bool header_read(input *in, size_t *length)
{
    char line[256];
    size_t used = 0;
    bool known = false;
    *length = 0;
    for (int c; (c = byte_read(in)) >= 0;) {
        if (c != '\n') {
            if (used < sizeof line - 1)
                line[used++] = (char)c;
            continue;
        }
        while (used > 0 && line[used - 1] == '\r')
            used--;
        line[used] = '\0';
        if (used == 0)
            return known;
        if (strncasecmp(line, "Content-Length:", 15) == 0) {
            char *end;
            errno = 0;
            const unsigned long long value = strtoull(line + 15, &end, 10);
            known =
                errno == 0 && end != line + 15 && *end == '\0' && value <= LIMIT_LSP_MESSAGE_BYTES;
            *length = (size_t)value;
            if (!known) {
                complain("lsp: a message of %s bytes cannot be read; the bound is %u", line + 15,
                         LIMIT_LSP_MESSAGE_BYTES);
                return false;
            }
        }
        used = 0;
    }
    return false;
}

static bool message_read(input *in)
{
    if (!header_read(in, &in->length))
        return false;
    if (in->capacity < in->length + 1) {
        in->capacity = in->length + 1;
        in->bytes = checked(realloc(in->bytes, in->capacity));
    }
    for (size_t i = 0; i < in->length; i++) {
        const int c = byte_read(in);
        if (c < 0)
            return false;
        in->bytes[i] = (char)c;
    }
    in->bytes[in->length] = '\0';
    return true;
}

/* ---- messages out ---------------------------------------------------------------------------- */

static void begin(lsp_server *server)
{
    buffer_clear(&server->out);
    buffer_text(&server->out, "{\"jsonrpc\":\"2.0\",");
}

static void send(lsp_server *server)
{
    buffer_text(&server->out, "}");
    if (server->out.failed)
        checked(NULL);
    out_format("Content-Length: %zu\r\n\r\n", server->out.length);
    out_bytes(server->out.bytes, server->out.length);
    out_flush();
}

static void id_write(lsp_server *server, const input *in, const cst_json *id)
{
    buffer_text(&server->out, "\"id\":");
    if (id != NULL)
        buffer_add(&server->out, in->bytes + id->at, id->at_length);
    else
        buffer_text(&server->out, "null");
}

static void refuse(lsp_server *server, const input *in, const cst_json *id, int code,
                   const char *why)
{
    begin(server);
    id_write(server, in, id);
    buffer_format(&server->out, ",\"error\":{\"code\":%d,\"message\":\"%s\"}", code, why);
    send(server);
}

static void publish_file(lsp_server *server, const lsp_document *document, const char *path)
{
    begin(server);
    buffer_text(&server->out, "\"method\":\"textDocument/publishDiagnostics\",\"params\":{");
    lsp_diagnostics(server, document, path);
    buffer_text(&server->out, "}");
    send(server);
}

static bool is_open(const lsp_server *server, const char *path)
{
    for (uint32_t i = 0; i < server->count; i++)
        if (strcmp(server->documents[i].path, path) == 0)
            return true;
    return false;
}

static bool has_diagnostics(const compilation *unit, uint32_t source)
{
    for (uint32_t i = 0; i < unit->diagnostics.count; i++)
        if (unit->diagnostics.items[i].range.file == source)
            return true;
    return false;
}

/* The diagnostics of the document and, so that nothing goes unseen, those of what it reads and is
 * not open itself. */
static void publish(lsp_server *server, lsp_document *document)
{
    const compilation *const unit = document->unit;
    char **const before = document->told;
    const uint32_t before_count = document->told_count,
                   count = unit != NULL ? unit->sources.count : 0;
    document->told = checked(calloc((size_t)count + 1, sizeof *document->told));
    document->told_count = 0;
    publish_file(server, document, document->path);
    for (uint32_t i = 0; i < count; i++) {
        const char *const path = unit->sources.items[i].path;
        if (!has_diagnostics(unit, i) || is_open(server, path))
            continue;
        publish_file(server, document, path);
        document->told[document->told_count++] = text_copy(path, strlen(path));
    }
    for (uint32_t i = 0; i < before_count; i++) {
        bool still = is_open(server, before[i]);
        for (uint32_t k = 0; !still && k < document->told_count; k++)
            still = strcmp(before[i], document->told[k]) == 0;
        if (!still)
            publish_file(server, document, before[i]);
        free(before[i]);
    }
    free(before);
}

/* ---- what an editor tells -------------------------------------------------------------------- */

static const cst_json *uri_of(const cst_json *params)
{
    return json_member(json_member(params, "textDocument"), "uri");
}

/* A text changed: every open document that reads it is checked again. */
static void changed(lsp_server *server, const lsp_document *document)
{
    const char *const path = document->path;
    for (uint32_t i = 0; i < server->count; i++) {
        lsp_document *const one = &server->documents[i];
        if (one->unit != NULL && !lsp_document_reads(one, path))
            continue;
        lsp_document_check(server, one);
        publish(server, one);
    }
}

static void notice(lsp_server *server, const cst_json *method, const cst_json *params)
{
    const cst_json *text = NULL;
    if (json_text_is(method, "textDocument/didOpen"))
        text = json_member(json_member(params, "textDocument"), "text");
    else if (json_text_is(method, "textDocument/didChange")) {
        const cst_json *const changes = json_member(params, "contentChanges");
        if (changes != NULL && changes->kind == JSON_LIST && changes->length > 0)
            text = json_member(&changes->items[changes->length - 1], "text");
    } else if (json_text_is(method, "textDocument/didClose")) {
        lsp_document *const document = lsp_document_find(server, uri_of(params));
        if (document == NULL)
            return;
        begin(server);
        buffer_text(&server->out,
                    "\"method\":\"textDocument/publishDiagnostics\",\"params\":{\"uri\":");
        lsp_uri_write(server, &server->out, document->path);
        buffer_text(&server->out, ",\"diagnostics\":[]}");
        send(server);
        lsp_document_close(server, document);
        return;
    }
    if (text == NULL || text->kind != JSON_STRING || uri_of(params) == NULL ||
        uri_of(params)->kind != JSON_STRING)
        return;
    const lsp_document *const document = lsp_document_set(server, uri_of(params), text);
    if (document != NULL) {
        changed(server, document);
        return;
    }
    begin(server);
    buffer_format(&server->out,
                  "\"method\":\"window/showMessage\",\"params\":{\"type\":1,\"message\":\"constc "
                  "keeps at most %u open documents\"}",
                  LIMIT_LSP_DOCUMENTS);
    send(server);
}

/* ---- what an editor asks --------------------------------------------------------------------- */

static void initialize(lsp_server *server, const cst_json *params)
{
    const cst_json *const encodings = json_member(
        json_member(json_member(params, "capabilities"), "general"), "positionEncodings");
    for (uint32_t i = 0; encodings != NULL && encodings->kind == JSON_LIST && i < encodings->length;
         i++)
        if (encodings->items[i].kind == JSON_STRING && json_text_is(&encodings->items[i], "utf-8"))
            server->utf8 = true;
    buffer_format(
        &server->out,
        "{\"capabilities\":{\"positionEncoding\":\"%s\",\"textDocumentSync\":{\"openClose\":true,"
        "\"change\":1},"
        "\"hoverProvider\":true,\"codeActionProvider\":{\"codeActionKinds\":[\"quickfix\"]},"
        "\"documentSymbolProvider\":true,\"definitionProvider\":true,"
        "\"documentFormattingProvider\":true},"
        "\"serverInfo\":{\"name\":\"constc\",\"version\":\"%s\"}}",
        server->utf8 ? "utf-8" : "utf-16", CST_VERSION);
}

static void answer(lsp_server *server, const input *in, const cst_json *id, const cst_json *method,
                   const cst_json *params)
{
    const bool about = method->length > 13 && memcmp(method->text, "textDocument/", 13) == 0;
    const lsp_document *const document = about ? lsp_document_find(server, uri_of(params)) : NULL;
    if (server->shutdown) {
        refuse(server, in, id, INVALID_REQUEST, "the server was shut down");
        return;
    }
    begin(server);
    id_write(server, in, id);
    buffer_text(&server->out, ",\"result\":");
    if (json_text_is(method, "initialize"))
        initialize(server, params);
    else if (json_text_is(method, "shutdown")) {
        server->shutdown = true;
        buffer_text(&server->out, "null");
    } else if (about && document == NULL) {
        refuse(server, in, id, INVALID_PARAMS, "the document is not open");
        return;
    } else if (json_text_is(method, "textDocument/hover"))
        lsp_hover(server, document, params);
    else if (json_text_is(method, "textDocument/codeAction"))
        lsp_code_actions(server, document, params);
    else if (json_text_is(method, "textDocument/documentSymbol"))
        lsp_symbols(server, document);
    else if (json_text_is(method, "textDocument/definition"))
        lsp_definition(server, document, params);
    else if (json_text_is(method, "textDocument/formatting"))
        lsp_formatting(server, document);
    else {
        refuse(server, in, id, METHOD_NOT_FOUND, "this server has no such method");
        return;
    }
    send(server);
}

/* False: the editor said `exit`. */
static bool message_take(lsp_server *server, const input *in, arena *memory)
{
    arena_reset(memory);
    cst_json *message;
    json_problem problem;
    if (json_read(memory, in->bytes, in->length, LIMIT_JSON_DEPTH, &message, &problem) != JSON_OK) {
        refuse(server, in, NULL, PARSE_ERROR, "the message is not JSON");
        return true;
    }
    const cst_json *const method = json_member(message, "method"), *const id =
                                                                       json_member(message, "id");
    const cst_json *const params = json_member(message, "params");
    const bool asks = id != NULL && (id->kind == JSON_NUMBER || id->kind == JSON_STRING);
    if (method == NULL || method->kind != JSON_STRING) {
        if (json_member(message, "result") == NULL && json_member(message, "error") == NULL)
            refuse(server, in, asks ? id : NULL, INVALID_REQUEST, "the message has no method");
        return true;
    }
    if (json_text_is(method, "exit"))
        return false;
    if (asks)
        answer(server, in, id, method, params);
    else
        notice(server, method, params);
    return true;
}

int command_lsp(const cli_arguments *arguments)
{
    (void)arguments;
    lsp_server server = {0};
    input *const in = checked(calloc(1, sizeof *in));
    arena memory;
    arena_init(&memory, NULL, 0);
    buffer_init(&server.out, NULL, 0);
    bool goes_on = true;
    while (goes_on && message_read(in))
        goes_on = message_take(&server, in, &memory);
    while (server.count > 0)
        lsp_document_close(&server, &server.documents[server.count - 1]);
    free(server.documents);
    buffer_free(&server.out);
    arena_free(&memory);
    free(in->bytes);
    free(in);
    return server.shutdown && !goes_on ? EXIT_GOOD : EXIT_FAILED;
}

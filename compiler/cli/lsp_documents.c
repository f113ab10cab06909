/*
 * lsp_documents.c - the open documents, and the check of one: what is open is read from the editor,
 * everything else from the disk.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/lsp.h"
#include "runtime/limits.h"

/* ---- URIs ------------------------------------------------------------------------------------ */

static int hexadecimal(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* "file:///a%20b" as "/a b"; a URI of another scheme stays as it is, for a name. */
static char *path_of(const char *uri)
{
    const char *from = strncmp(uri, "file://", 7) == 0 ? uri + 7 : uri;
    if (from != uri && *from != '/') { /* a host: this machine */
        const char *const slash = strchr(from, '/');
        from = slash != NULL ? slash : from;
    }
    char *const path = text_copy(from, strlen(from));
    size_t length = 0;
    for (const char *at = path; *at != '\0'; at++) {
        const int high = *at == '%' ? hexadecimal(at[1]) : -1;
        const int low = high >= 0 ? hexadecimal(at[2]) : -1;
        const char c = low >= 0 ? (char)(high * 16 + low) : *at;
        at += low >= 0 ? 2 : 0;
        if (c != '\0')
            path[length++] = c;
    }
    path[length] = '\0';
    return path;
}

void lsp_uri_write(lsp_server *server, buffer *out, const char *path)
{
    for (uint32_t i = 0; i < server->count; i++)
        if (strcmp(server->documents[i].path, path) == 0) {
            buffer_json_string(out, server->documents[i].uri, strlen(server->documents[i].uri));
            return;
        }
    buffer_text(out, "\"file://");
    for (const char *at = path; *at != '\0'; at++) {
        const unsigned char c = (unsigned char)*at;
        const bool bare = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || strchr("/-._~", c) != NULL;
        if (bare)
            buffer_add(out, at, 1);
        else
            buffer_format(out, "%%%02X", c);
    }
    buffer_text(out, "\"");
}

/* ---- the list -------------------------------------------------------------------------------- */

lsp_document *lsp_document_find(lsp_server *server, const cst_json *uri)
{
    for (uint32_t i = 0; uri != NULL && uri->kind == JSON_STRING && i < server->count; i++)
        if (json_text_is(uri, server->documents[i].uri))
            return &server->documents[i];
    return NULL;
}

static void forget(lsp_document *document)
{
    driver_end(document->unit);
    document->unit = NULL;
    outline_free(&document->outline);
    document->outline = (outline){0};
}

lsp_document *lsp_document_set(lsp_server *server, const cst_json *uri, const cst_json *text)
{
    lsp_document *document = lsp_document_find(server, uri);
    if (document == NULL) {
        if (server->count >= LIMIT_LSP_DOCUMENTS)
            return NULL;
        if (server->count == server->capacity) {
            server->capacity = server->capacity == 0 ? 8 : server->capacity * 2;
            server->documents =
                checked(realloc(server->documents, server->capacity * sizeof *server->documents));
        }
        document = &server->documents[server->count++];
        *document = (lsp_document){.uri = text_copy(uri->text, uri->length)};
        document->path = path_of(document->uri);
    }
    free(document->text);
    document->text = text_copy(text->text, text->length);
    document->length = text->length;
    return document;
}

void lsp_document_close(lsp_server *server, lsp_document *document)
{
    forget(document);
    for (uint32_t i = 0; i < document->told_count; i++)
        free(document->told[i]);
    free(document->told);
    free(document->uri);
    free(document->path);
    free(document->text);
    *document = server->documents[--server->count];
}

/* ---- the check ------------------------------------------------------------------------------- */

static cst_status read_open(void *user, const char *path, char **bytes, size_t *length)
{
    const lsp_server *const server = user;
    for (uint32_t i = 0; i < server->count; i++)
        if (strcmp(server->documents[i].path, path) == 0) {
            *bytes = text_copy(server->documents[i].text, server->documents[i].length);
            *length = server->documents[i].length;
            return CST_OK;
        }
    FILE *const file = fopen(path, "rb");
    if (file == NULL)
        return CST_IO;
    buffer content;
    buffer_init(&content, NULL, 0);
    char block[1 << 14];
    size_t count;
    while (content.length <= LIMIT_SET_FILE_BYTES &&
           (count = fread(block, 1, sizeof block, file)) > 0)
        buffer_add(&content, block, count);
    const bool good = ferror(file) == 0 && !content.failed;
    fclose(file);
    if (good) {
        *bytes = text_copy(content.length > 0 ? content.bytes : "", content.length);
        *length = content.length;
    }
    buffer_free(&content);
    return good ? CST_OK : CST_IO;
}

static void release_open(void *user, char *bytes, size_t length)
{
    (void)user;
    (void)length;
    free(bytes);
}

void lsp_document_check(lsp_server *server, lsp_document *document)
{
    forget(document);
    const cst_compiler_options options = {
        .size = sizeof options, .read = read_open, .release = release_open, .read_user = server};
    const driver_input input = {
        .path = document->path, .text = document->text, .length = document->length};
    if (driver_begin(&input, &options, DRIVER_CHECK, &document->unit) == CST_OK)
        outline_of(document->unit, &document->outline);
}

bool lsp_document_reads(const lsp_document *document, const char *path)
{
    for (uint32_t i = 0; document->unit != NULL && i < document->unit->sources.count; i++)
        if (strcmp(document->unit->sources.items[i].path, path) == 0)
            return true;
    return strcmp(document->path, path) == 0;
}

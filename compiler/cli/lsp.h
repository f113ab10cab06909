/*
 * lsp.h - what the files of `constc lsp` share: the open documents, what was found out about them,
 * and places as editors count them.
 *
 * The server speaks the Language Server Protocol 3.17 over stdin and stdout: one thread, one
 * message at a time, nothing kept but the texts of the open documents and what the checker made of
 * each.
 */
#ifndef CONSTITUTION_COMPILER_CLI_LSP_H
#define CONSTITUTION_COMPILER_CLI_LSP_H

#include "compiler/cli/outline.h"
#include "runtime/json.h"

typedef struct lsp_document {
    char *uri, *path; /* the path is what the URI says, decoded */
    char *text;       /* as the editor has it: length bytes and a NUL */
    size_t length;
    compilation *unit; /* after its check; NULL: it could not even be begun */
    outline outline;   /* empty unless it is free of errors */
    /* other files of which diagnostics were published: that there are none any more has to be, too
     */
    char **told;
    uint32_t told_count;
} lsp_document;

typedef struct lsp_server {
    lsp_document *documents;
    uint32_t count, capacity;
    bool utf8;     /* columns are bytes; else UTF-16 units, which every editor knows */
    bool shutdown; /* was asked for; `exit` is good then */
    buffer out;    /* the body of the message in hand */
} lsp_server;

/* ---- lsp_documents.c ------------------------------------------------------------------------- */

/* The document of this URI, or NULL. */
lsp_document *lsp_document_find(lsp_server *server, const cst_json *uri);
/* Opens it, or gives it another text; both are strings. NULL: LIMIT_LSP_DOCUMENTS are open, so
 * nothing is known of it. */
lsp_document *lsp_document_set(lsp_server *server, const cst_json *uri, const cst_json *text);
void lsp_document_close(lsp_server *server, lsp_document *document);
/* Checks the document again. */
void lsp_document_check(lsp_server *server, lsp_document *document);
/* True if the document, or something that it imports, is the file at `path`. */
bool lsp_document_reads(const lsp_document *document, const char *path);
/* "file:///work/a%20b.const", as the editor wrote it if the file is open. */
void lsp_uri_write(lsp_server *server, buffer *out, const char *path);

/* ---- lsp_places.c ---------------------------------------------------------------------------- */

/* The byte of a source at an LSP position; the end of the line, or of the text, if there is less.
 */
uint32_t lsp_offset(const lsp_server *server, const source *source, const cst_json *position);
/* {"start":{"line":…,"character":…},"end":…} */
void lsp_range_write(const lsp_server *server, buffer *out, const source *source, uint32_t start,
                     uint32_t end);

/* ---- lsp_answers.c: write `result` or `params`, without the braces of the message ------------ */

void lsp_diagnostics(lsp_server *server, const lsp_document *document, const char *path);
void lsp_hover(lsp_server *server, const lsp_document *document, const cst_json *params);
void lsp_code_actions(lsp_server *server, const lsp_document *document, const cst_json *params);
void lsp_symbols(lsp_server *server, const lsp_document *document);
void lsp_definition(lsp_server *server, const lsp_document *document, const cst_json *params);
void lsp_formatting(lsp_server *server, const lsp_document *document);

#endif

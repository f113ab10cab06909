/*
 * fuzz_policy.c - any bytes as a policy: lexer, parser, checker, dumps and renderers.
 *
 * Nothing but the input is read: every file that a policy names is refused. What must hold beside "no crash, no hang, no
 * read out of bounds": a file with errors has a diagnostic, and a policy with an error is not checked as good.
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include "compiler/render.h"
#include "compiler/syntax/dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cst_status refuse(void *user, const char *path, char **bytes, size_t *length)
{
    (void)user;
    (void)path;
    (void)bytes;
    (void)length;
    return CST_IO;
}

static void demand(int condition)
{
    if (!condition)
        abort();
}

static void show(compilation *compilation, uint32_t source, const ast_file *file)
{
    buffer out;
    buffer_init(&out, &compilation->arena.allocator, 0);
    tokens_dump(&out, compilation, source);
    ast_dump(&out, compilation, file);
    for (uint32_t i = 0; i < compilation->diagnostics.count; i++) {
        render_text(&out, compilation, &compilation->diagnostics.items[i], i % 2 == 0);
        render_json(&out, compilation, &compilation->diagnostics.items[i]);
    }
    render_sarif(&out, compilation, compilation->diagnostics.items, compilation->diagnostics.count, "0");
    render_summary(&out, compilation, false);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const compilation_reader reader = {.read = refuse};
    compilation compilation;
    compilation_begin(&compilation, NULL, &reader);
    if (setjmp(compilation.out_of_memory)) {
        compilation_end(&compilation);
        return 0;
    }
    const uint32_t source = source_add(&compilation, "fuzz.const", (const char *)data, size);
    const ast_file *const file = pass_parse(&compilation, source);
    demand(file->has_errors == (compilation.error_count > 0));
    const bool parsed = !file->has_errors;
    show(&compilation, source, file);
    const bool checked = pass_check(&compilation, source);
    demand(!checked || (parsed && compilation.error_count == 0));
    compilation_end(&compilation);
    return 0;
}

/*
 * fuzz_policy.c - any bytes as a policy: lexer, parser, checker, dumps and renderers; what checks
 * is planned and decides.
 *
 * Nothing but the input is read: every file that a policy names is refused. What must hold beside
 * "no crash, no hang, no read out of bounds": a file with errors has a diagnostic, and a policy
 * with an error is not checked as good; a good one can be lowered, planned, explained in tables
 * that verify, and answers a few fixed events with JSON.
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include <string.h>

#include "compiler/backend.h"
#include "compiler/render.h"
#include "compiler/syntax/dump.h"
#include "runtime/policy.h"

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
    render_sarif(&out, compilation, compilation->diagnostics.items, compilation->diagnostics.count,
                 "0");
    render_summary(&out, compilation, false);
    buffer_free(&out);
}

static void release_module(void *owner)
{
    backend_module *const made = owner;
    made->release(made);
}

/* Plans what was checked and decides with it. Takes the compilation over. */
static void decide(compilation *compilation)
{
    static const char *const events[] = {
        "{\"stage\":\"input\",\"text\":\"hi\",\"role\":\"user\",\"agent\":\"a\",\"chain\":[\"a\"],"
        "\"user\":{\"id\":\"u\",\"role\":\"customer\"}}",
        "{\"stage\":\"output\",\"text\":\"an output\",\"time\":\"2026-01-01T00:00:00Z\"}",
        "{\"stage\":\"action\",\"tool\":\"t\",\"args\":{\"x\":1,\"y\":[\"a\",\"b\"],\"z\":{\"a\":"
        "\"b\"},\"path\":\"/a\",\"amount\":5}}",
        "{\"stage\":\"action\",\"tool\":\"send_email\",\"args\":{\"to\":[\"eve@evil.test\"],"
        "\"subject\":\"s\",\"body\":\"b\"}}",
        "{\"stage\":\"result\",\"tool\":\"t\",\"text\":\"r\",\"value\":[1]}",
        "{\"stage\":\"message\",\"from\":\"a\",\"to\":\"b\",\"text\":\"m\"}",
    };
    backend_module *made = NULL;
    demand(backend_reference(compilation, &made) == CST_OK);
    cst_policy *policy = NULL;
    demand(policy_from_producer(&made->module, release_module, made, NULL, &policy) == CST_OK);
    cst_context *const context = cst_context_new(policy);
    for (size_t i = 0; context && i < sizeof events / sizeof *events; i++) {
        cst_decision decision;
        const char *json;
        size_t length;
        demand(cst_decide_json(context, events[i], strlen(events[i]), &decision) == CST_OK);
        demand(!decision.error_code || decision.verdict == CST_DENY);
        demand(cst_decision_json(&decision, &json, &length) == CST_OK);
    }
    cst_context_free(context);
    cst_policy_release(policy);
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
    if (!checked) {
        compilation_end(&compilation);
        return 0;
    }
    const bool planned =
        pass_lower(&compilation) && pass_plan(&compilation) && compilation.error_count == 0;
    demand(planned || compilation.error_count > 0);
    if (planned)
        decide(&compilation);
    else
        compilation_end(&compilation);
    return 0;
}

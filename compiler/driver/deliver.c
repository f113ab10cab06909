/*
 * deliver.c - diagnostics as the public interface shows them.
 *
 * Each becomes a cst_diagnostic with its place counted out and with the whole text as constc prints
 * it. The text is no arena memory, so it is owned here, outside of the part that may jump.
 */
#include "compiler/driver/deliver.h"

#include "compiler/driver/driver.h"
#include "compiler/render.h"

typedef struct delivery {
    const cst_compiler_options *options;
    buffer text;
} delivery;

static cst_status deliver_all(compilation *unit, void *user)
{
    delivery *run = user;
    for (uint32_t i = 0; i < unit->diagnostics.count; i++) {
        const diagnostic *one = &unit->diagnostics.items[i];
        buffer_clear(&run->text);
        render_text(&run->text, unit, one, false);
        if (run->text.failed)
            return CST_NO_MEMORY;
        cst_diagnostic shown = {
            .error = one->severity == DIAGNOSTIC_ERROR,
            .code = diagnostic_code_name(one->code),
            .message = one->message,
            .mend = one->mend,
            .rendered = run->text.bytes != NULL ? run->text.bytes : "",
        };
        if (one->range.file < unit->sources.count) {
            const source_position at = source_locate(unit, one->range.file, one->range.start);
            shown.file = unit->sources.items[one->range.file].path;
            shown.line = at.line;
            shown.column = at.column;
            shown.start = one->range.start;
            shown.end = one->range.end;
        }
        run->options->diagnostic(run->options->diagnostic_user, &shown);
    }
    return CST_OK;
}

cst_status diagnostics_deliver(compilation *unit, const cst_compiler_options *options)
{
    if (options->diagnostic == NULL)
        return CST_OK;
    delivery run = {.options = options};
    buffer_init(&run.text, &unit->arena.allocator, 0);
    const cst_status status = driver_protect(unit, deliver_all, &run);
    buffer_free(&run.text);
    return status;
}

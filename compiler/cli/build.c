/*
 * build.c - `constc build`: a policy as a file that needs no compiler.
 */
#include <string.h>
#include <unistd.h>

#include "compiler/backend.h"
#include "compiler/cli/unit.h"
#include "compiler/render.h"

typedef struct build_run {
    backend_output output;
    const char *path, *header;
    cost_ceilings ceilings;
    cst_limits limits;
    bool refused;
    char error[1024];
} build_run;

/* The end of the name decides. False if it is none that we write. */
static bool output_of(const char *path, backend_output *out)
{
    static const struct {
        const char *end;
        backend_output output;
    } rows[] = {{".so", BACKEND_SHARED},
                {".o", BACKEND_OBJECT},
                {".ll", BACKEND_LLVM},
                {".s", BACKEND_ASSEMBLY}};
    const size_t length = strlen(path);
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const size_t size = strlen(rows[i].end);
        *out = rows[i].output;
        if (length > size && strcmp(path + length - size, rows[i].end) == 0)
            return true;
    }
    return false;
}

/* Prints what is dearer than allowed. False: nothing is. */
static bool refuse_dear(compilation *unit, const build_run *build)
{
    const uint32_t known = unit->diagnostics.count;
    cost_check(unit, &build->ceilings, &build->limits);
    if (unit->error_count == 0)
        return false;
    const bool colour = colour_wanted(STDERR_FILENO);
    buffer report;
    buffer_init(&report, NULL, 0);
    for (uint32_t i = known; i < unit->diagnostics.count; i++)
        render_text(&report, unit, &unit->diagnostics.items[i], colour);
    fwrite(report.bytes, 1, report.length, stderr);
    buffer_free(&report);
    diagnostic_tally(unit->error_count, 0);
    return true;
}

static cst_status write_files(compilation *unit, void *user)
{
    build_run *const build = user;
    build->refused = refuse_dear(unit, build);
    if (build->refused)
        return CST_NOT_COMPILED;
    cst_status status =
        backend_write(unit, build->output, build->path, build->error, sizeof build->error);
    if (status == CST_OK && build->header != NULL)
        status = backend_header(unit, build->header, build->error, sizeof build->error);
    return status;
}

int command_build(const cli_arguments *arguments)
{
    build_run build = {.path = arguments_value(arguments, "--output", NULL),
                       .header = arguments_value(arguments, "--header", NULL)};
    if (build.path == NULL || build.path[0] == '\0') {
        complain("build needs -o FILE, where FILE ends in .so, .o, .ll or .s");
        return EXIT_USAGE;
    }
    if (!output_of(build.path, &build.output)) {
        complain("%s: the name must end in .so, .o, .ll or .s", build.path);
        return EXIT_USAGE;
    }
    if (build.header != NULL && (build.header[0] == '\0' || build.output != BACKEND_OBJECT)) {
        complain("--header FILE goes with -o OUT.o: it declares what a program links");
        return EXIT_USAGE;
    }
    if (!ceilings_read(arguments, &build.ceilings) || !limits_read(arguments, &build.limits))
        return EXIT_USAGE;
    compilation *unit;
    int code;
    if (!unit_open(arguments->words[0], DRIVER_PLAN, &unit, &code))
        return code;
    const cst_status status = driver_protect(unit, write_files, &build);
    if (build.refused) {
        code = EXIT_FAILED;
    } else if (status != CST_OK) {
        complain("%s", build.error[0] != '\0' ? build.error : cst_status_text(status));
        code = EXIT_USAGE;
    }
    driver_end(unit);
    return code;
}

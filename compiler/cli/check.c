/*
 * check.c - `constc check`: what is wrong with policies, and what they cost.
 *
 * Each file is a compilation of its own, up to the plan, so that whatever `run` would refuse is
 * refused here. Diagnostics go to stderr in the form that was asked for. SARIF is one document
 * however many files there are: the runs of all compilations are put into one log.
 */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "compiler/checked.h"
#include "compiler/cli/unit.h"
#include "compiler/cost.h"
#include "compiler/render.h"
#include "runtime/json.h"

typedef enum check_format { CHECK_TEXT, CHECK_JSON, CHECK_SARIF } check_format;

typedef struct check_run {
    check_format format;
    bool cost, werror, many;
    bool priced; /* the file in hand has no error but perhaps its price */
    cost_ceilings ceilings;
    cst_limits limits;
    const char *path;
    buffer report; /* of the file in hand, for stderr */
    buffer price;  /* the same for stdout */
    buffer runs;   /* SARIF runs of all files, with commas between them */
    int code;
} check_run;

static void worsen(check_run *check, int code)
{
    if (code > check->code)
        check->code = code;
}

/* ---- --explain ------------------------------------------------------------------------------- */

static bool same_code(const char *left, const char *right)
{
    while (*left != '\0' && toupper((unsigned char)*left) == toupper((unsigned char)*right)) {
        left++;
        right++;
    }
    return *left == *right;
}

static int explain_code(const char *code)
{
    for (int i = 0; i < DIAGNOSTIC_CODE_COUNT; i++) {
        const diagnostic_code row = (diagnostic_code)i;
        if (!same_code(diagnostic_code_name(row), code))
            continue;
        out_format("%s: %s\n\n", diagnostic_code_name(row), diagnostic_code_title(row));
        out_text(diagnostic_code_explanation(row));
        out_text("\n");
        return EXIT_GOOD;
    }
    complain("no diagnostic has the code \"%s\"; codes look like E0201 or W1001", code);
    return EXIT_USAGE;
}

/* ---- one file -------------------------------------------------------------------------------- */

/* Takes the runs out of a SARIF log of one compilation. */
static bool add_runs(check_run *check, const buffer *log)
{
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_json *tree;
    json_problem problem;
    bool good =
        json_read(&memory, log->bytes, log->length, LIMIT_JSON_DEPTH, &tree, &problem) == JSON_OK;
    const cst_json *const runs = good ? json_member(tree, "runs") : NULL;
    good = runs != NULL && runs->kind == JSON_LIST;
    for (uint32_t i = 0; good && i < runs->length; i++) {
        buffer_text(&check->runs, check->runs.length == 0 ? "" : ",");
        buffer_add(&check->runs, log->bytes + runs->items[i].at, runs->items[i].at_length);
    }
    arena_free(&memory);
    return good && !check->runs.failed;
}

static void write_report(check_run *check, compilation *unit)
{
    const bool colour = check->format == CHECK_TEXT && colour_wanted(STDERR_FILENO);
    for (uint32_t i = 0; i < unit->diagnostics.count; i++) {
        if (check->format == CHECK_TEXT)
            render_text(&check->report, unit, &unit->diagnostics.items[i], colour);
        else if (check->format == CHECK_JSON)
            render_json(&check->report, unit, &unit->diagnostics.items[i]);
    }
    if (check->format == CHECK_TEXT && unit->error_count + unit->warning_count > 0) {
        buffer_text(&check->report, "constc: ");
        render_summary(&check->report, unit, colour);
    }
    if (check->format == CHECK_SARIF)
        render_sarif(&check->report, unit, unit->diagnostics.items, unit->diagnostics.count,
                     CST_VERSION);
}

static cst_status report(compilation *unit, void *user)
{
    check_run *const check = user;
    if (unit->error_count == 0) {
        cost_check(unit, &check->ceilings, &check->limits);
        check->priced = true;
        worsen(check, unit->error_count > 0 ? EXIT_FAILED : EXIT_GOOD);
    }
    write_report(check, unit);
    const bool refused = unit->error_count > 0 && !check->priced;
    if (!check->cost || refused || unit->checked == NULL)
        return CST_OK;
    const cost_subject subject = cost_subject_of(unit, &check->limits);
    if (check->format == CHECK_JSON) {
        cost_write_json(&unit->arena, &check->price, &subject);
        buffer_text(&check->price, "\n");
        return CST_OK;
    }
    if (check->many)
        buffer_format(&check->price, "%s\n", check->path);
    cost_write_text(&unit->arena, &check->price, &subject);
    return CST_OK;
}

static void check_file(check_run *check)
{
    if (!policy_readable(check->path)) {
        worsen(check, EXIT_USAGE);
        return;
    }
    if (policy_is_compiled(check->path)) {
        complain("%s is compiled: its source is needed", check->path);
        worsen(check, EXIT_USAGE);
        return;
    }
    const cst_compiler_options options = {.size = sizeof options};
    compilation *unit;
    const driver_input input = {.path = check->path};
    cst_status status = driver_begin(&input, &options, DRIVER_PLAN, &unit);
    const bool compiled = status == CST_OK || status == CST_NOT_COMPILED;
    if (compiled && (unit->error_count > 0 || (check->werror && unit->warning_count > 0)))
        worsen(check, EXIT_FAILED);
    buffer_clear(&check->report);
    buffer_clear(&check->price);
    check->priced = false;
    if (compiled)
        status = driver_protect(unit, report, check);
    if (status == CST_OK && (check->report.failed || check->price.failed ||
                             (check->format == CHECK_SARIF && !add_runs(check, &check->report))))
        status = CST_NO_MEMORY;
    driver_end(unit);
    if (status != CST_OK) {
        complain("%s: %s", check->path, cst_status_text(status));
        worsen(check, EXIT_USAGE);
        return;
    }
    if (check->format != CHECK_SARIF && check->report.length > 0)
        fwrite(check->report.bytes, 1, check->report.length, stderr);
    if (check->price.length > 0)
        out_bytes(check->price.bytes, check->price.length);
}

static void check_each(void *user, const char *path)
{
    check_run *const check = user;
    check->path = path;
    check_file(check);
}

int command_check(const cli_arguments *arguments)
{
    const char *const code = arguments_value(arguments, "--explain", NULL);
    if (code != NULL)
        return explain_code(code);
    const char *const format = arguments_value(arguments, "--format", "text");
    check_run check = {
        .format = strcmp(format, "json") == 0    ? CHECK_JSON
                  : strcmp(format, "sarif") == 0 ? CHECK_SARIF
                                                 : CHECK_TEXT,
        .cost = arguments_has(arguments, "--cost"),
        .werror = arguments_has(arguments, "--werror"),
        .many = arguments->word_count > 1 || folder_is(arguments->words[0]),
        .code = EXIT_GOOD,
    };
    if (!ceilings_read(arguments, &check.ceilings) || !limits_read(arguments, &check.limits))
        return EXIT_USAGE;
    buffer_init(&check.report, NULL, 0);
    buffer_init(&check.price, NULL, 0);
    buffer_init(&check.runs, NULL, 0);
    for (uint32_t i = 0; i < arguments->word_count; i++) {
        if (!policies_each(arguments->words[i], check_each, &check))
            worsen(&check, EXIT_USAGE);
    }
    if (check.format == CHECK_SARIF)
        fprintf(stderr,
                "{\"$schema\":\"https://json.schemastore.org/"
                "sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[%s]}\n",
                check.runs.length > 0 ? check.runs.bytes : "");
    buffer_free(&check.report);
    buffer_free(&check.price);
    buffer_free(&check.runs);
    return check.code;
}

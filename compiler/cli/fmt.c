/*
 * fmt.c - `constc fmt`: lays policy sources out, in their files or from stdin to stdout.
 *
 * A file is only ever replaced as a whole, by a file beside it that takes its name: whoever reads
 * meanwhile, or whatever happens meanwhile, there is one of both texts. A file that is laid out
 * already is not touched, nor is one with errors.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cli/unit.h"
#include "compiler/syntax/format.h"
#include "runtime/limits.h"

typedef struct fmt_run {
    bool check;
    int code; /* the worst so far */
    buffer text;
    format_answer answer;
} fmt_run;

static void worsen(fmt_run *run, int code)
{
    if (code > run->code)
        run->code = code;
}

static cst_status lay_out(compilation *unit, void *user)
{
    fmt_run *const run = user;
    run->answer = source_format(unit, 0, &run->text);
    return CST_OK;
}

/* The text of a file or of stdin, laid out into run->text. False after a message. */
static bool text_of(fmt_run *run, const char *name, const char *text, size_t length)
{
    uint32_t errors = 0;
    compilation *unit = NULL;
    const cst_compiler_options options = {
        .size = sizeof options, .diagnostic = diagnostic_print_errors, .diagnostic_user = &errors};
    const driver_input input = {.path = name, .text = text, .length = length};
    cst_status status = driver_begin(&input, &options, DRIVER_PARSE, &unit);
    if (status == CST_OK)
        status = driver_protect(unit, lay_out, run);
    driver_end(unit);
    if (status == CST_NOT_COMPILED) {
        diagnostic_tally(errors, 0);
        worsen(run, EXIT_FAILED);
        return false;
    }
    if (status == CST_OK && run->answer == FORMAT_DONE && !run->text.failed)
        return true;
    if (status != CST_OK)
        complain("%s: %s", name, cst_status_text(status));
    else if (run->answer == FORMAT_TOO_LONG)
        complain("%s: laid out, the policy would be larger than %u bytes", name,
                 LIMIT_SOURCE_BYTES);
    else
        complain("%s: the layout would have changed the policy, so it is left as it is; this is a "
                 "mistake in constc",
                 name);
    worsen(run, EXIT_USAGE);
    return false;
}

static bool write_whole(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t count = write(descriptor, bytes, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        bytes += count;
        length -= (size_t)count;
    }
    return true;
}

/* False with errno. `path` has no links left: the file itself is replaced, not what points at it.
 * Whoever could read the policy still can: if owner and mode cannot be kept it is not replaced. */
static bool replace(const char *path, const buffer *text)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return false;
    char *const beside = checked(malloc(strlen(path) + sizeof ".XXXXXX"));
    strcpy(beside, path);
    strcat(beside, ".XXXXXX");
    const int descriptor = mkstemp(beside);
    bool good = descriptor >= 0;
    if (good) {
        good = write_whole(descriptor, text->bytes, text->length) &&
               fchown(descriptor, about.st_uid, about.st_gid) == 0 &&
               fchmod(descriptor, about.st_mode & 07777u) == 0 && fsync(descriptor) == 0;
        good = close(descriptor) == 0 && good;
        good = good && rename(beside, path) == 0;
        const int reason = errno;
        if (!good)
            unlink(beside);
        errno = reason;
    }
    free(beside);
    return good;
}

static void fmt_one(fmt_run *run, const char *path)
{
    const bool from_stdin = strcmp(path, "-") == 0;
    if (!from_stdin && policy_is_compiled(path)) {
        complain("%s is compiled: its source is needed", path);
        worsen(run, EXIT_USAGE);
        return;
    }
    size_t length;
    char *const text = file_read(path, LIMIT_SOURCE_BYTES, &length);
    if (text == NULL) {
        worsen(run, EXIT_USAGE);
        return;
    }
    buffer_clear(&run->text);
    if (text_of(run, from_stdin ? "stdin" : path, text, length)) {
        const bool same = run->text.length == length &&
                          (length == 0 || memcmp(run->text.bytes, text, length) == 0);
        if (run->check && !same) {
            out_format("%s\n", from_stdin ? "stdin" : path);
            worsen(run, EXIT_FAILED);
        } else if (!run->check && from_stdin && run->text.length > 0)
            out_bytes(run->text.bytes, run->text.length);
        else if (!run->check && !from_stdin && !same) {
            char *const real = realpath(path, NULL);
            if (real == NULL || !replace(real, &run->text)) {
                complain_errno(path);
                worsen(run, EXIT_USAGE);
            }
            free(real);
        }
    }
    free(text);
}

static void fmt_each(void *user, const char *path)
{
    fmt_one(user, path);
}

int command_fmt(const cli_arguments *arguments)
{
    fmt_run run = {.check = arguments_has(arguments, "--check"), .code = EXIT_GOOD};
    buffer_init(&run.text, NULL, 0);
    for (uint32_t i = 0; i < arguments->word_count; i++)
        if (!policies_each(arguments->words[i], fmt_each, &run))
            worsen(&run, EXIT_USAGE);
    buffer_free(&run.text);
    return run.code;
}

/*
 * files.c - the files that a command line names: events, and policies in source or compiled.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cli/unit.h"
#include "runtime/limits.h"

int file_open(const char *path)
{
    if (strcmp(path, "-") == 0)
        return STDIN_FILENO;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (descriptor < 0 || fstat(descriptor, &about) != 0) {
        complain_errno(path);
        file_close(descriptor);
        return -1;
    }
    if (S_ISDIR(about.st_mode)) {
        complain("%s is a directory; a file was expected", path);
        file_close(descriptor);
        return -1;
    }
    return descriptor;
}

void file_close(int descriptor)
{
    if (descriptor > STDIN_FILENO)
        close(descriptor);
}

char *file_read(const char *path, size_t bound, size_t *length)
{
    const int descriptor = file_open(path);
    if (descriptor < 0)
        return NULL;
    buffer content;
    buffer_init(&content, NULL, 0);
    char block[1 << 14];
    ssize_t count = 0;
    while (content.length <= bound) {
        count = read(descriptor, block, sizeof block);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        buffer_add(&content, block, (size_t)count);
    }
    char *result = NULL;
    if (count < 0)
        complain_errno(path);
    else if (content.length > bound)
        complain("%s: the file is longer than %zu bytes", path, bound);
    else if ((result = malloc(content.length + 1)) == NULL || content.failed)
        complain("out of memory");
    else {
        if (content.length > 0)
            memcpy(result, content.bytes, content.length);
        result[content.length] = '\0';
        *length = content.length;
    }
    if (content.failed) {
        free(result);
        result = NULL;
    }
    buffer_free(&content);
    file_close(descriptor);
    return result;
}

/* ---- policies -------------------------------------------------------------------------------- */

bool policy_is_compiled(const char *path)
{
    /* By its name too: what is left of a library, even nothing at all, is no source that permits
     * everything. */
    const size_t length = strlen(path);
    if (length >= 3 && strcmp(path + length - 3, ".so") == 0)
        return true;
    char magic[4] = {0};
    /* What is no regular file would lose the bytes that are read here, and a pipe's writer its
     * reader. */
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
        return false;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return false;
    const ssize_t count = read(descriptor, magic, sizeof magic);
    close(descriptor);
    return count == (ssize_t)sizeof magic && memcmp(magic, "\177ELF", sizeof magic) == 0;
}

cst_engine engine_of(const char *name)
{
    if (strcmp(name, "reference") == 0)
        return CST_ENGINE_REFERENCE;
    if (strcmp(name, "tiered") == 0)
        return CST_ENGINE_TIERED;
    return strcmp(name, "optimised") == 0 ? CST_ENGINE_OPTIMISED : CST_ENGINE_JIT;
}

typedef struct tally {
    uint32_t errors, warnings;
} tally;

void diagnostic_print(void *user, const cst_diagnostic *found)
{
    tally *const counts = user;
    if (found->error)
        counts->errors++;
    else
        counts->warnings++;
    fputs(found->rendered, stderr);
    const size_t length = strlen(found->rendered);
    if (length == 0 || found->rendered[length - 1] != '\n')
        fputs("\n", stderr);
}

void diagnostic_tally(uint32_t errors, uint32_t warnings)
{
    if (errors > 0 && warnings > 0)
        complain("%u error%s, %u warning%s", errors, errors == 1 ? "" : "s", warnings,
                 warnings == 1 ? "" : "s");
    else if (errors > 0)
        complain("%u error%s", errors, errors == 1 ? "" : "s");
    else if (warnings > 0)
        complain("%u warning%s", warnings, warnings == 1 ? "" : "s");
}

bool policy_readable(const char *path)
{
    struct stat about;
    if (strcmp(path, "-") == 0)
        complain("a policy cannot come from stdin");
    else if (stat(path, &about) != 0 || access(path, R_OK) != 0)
        complain_errno(path);
    else if (S_ISDIR(about.st_mode))
        complain("%s is a directory; a file was expected", path);
    else
        return true;
    return false;
}

/* Warnings would stand between a script and its answer. */
void diagnostic_print_errors(void *user, const cst_diagnostic *found)
{
    tally counts = {0};
    if (found->error) {
        diagnostic_print(&counts, found);
        ++*(uint32_t *)user;
    } else if (strcmp(found->code, CST_CACHE_WARNING) == 0) {
        complain("%s", found->message);
    }
}

bool unit_open(const char *path, driver_pass last, compilation **out, int *code)
{
    *code = EXIT_USAGE;
    if (!policy_readable(path))
        return false;
    if (policy_is_compiled(path)) {
        complain("%s is compiled: its source is needed", path);
        return false;
    }
    uint32_t errors = 0;
    const cst_compiler_options options = {
        .size = sizeof options, .diagnostic = diagnostic_print_errors, .diagnostic_user = &errors};
    const cst_status status =
        driver_begin(&(driver_input){.path = path, .portable = true}, &options, last, out);
    if (status == CST_OK) {
        *code = EXIT_GOOD;
        return true;
    }
    diagnostic_tally(errors, 0);
    if (status == CST_NOT_COMPILED)
        *code = EXIT_FAILED;
    else if (errors == 0)
        complain("%s: %s", path, cst_status_text(status));
    driver_end(*out);
    return false;
}

bool ceilings_read(const cli_arguments *arguments, cost_ceilings *out)
{
    const char *const steps = arguments_value(arguments, "--max-cost", NULL);
    const char *const scratch = arguments_value(arguments, "--max-scratch", NULL);
    return (steps == NULL || number_read("--max-cost", steps, UINT64_MAX - 1, &out->steps)) &&
           (scratch == NULL ||
            number_read("--max-scratch", scratch, UINT64_MAX - 1, &out->scratch_bytes));
}

static cst_policy *open_compiled(const char *path, const cst_options *runtime, int *exit_code)
{
    /* Without a slash the loader would look for a library of the system. */
    char *slashed = NULL;
    if (strchr(path, '/') == NULL && (slashed = malloc(strlen(path) + 3)) != NULL) {
        memcpy(slashed, "./", 2);
        memcpy(slashed + 2, path, strlen(path) + 1);
    }
    cst_policy *policy = NULL;
    const cst_status status = cst_policy_open(slashed != NULL ? slashed : path, runtime, &policy);
    free(slashed);
    if (status == CST_OK)
        return policy;
    complain("%s: %s", path, cst_status_text(status));
    *exit_code = EXIT_USAGE;
    return NULL;
}

cst_policy *policy_load(const char *path, cst_engine engine, const cst_options *runtime,
                        const char *cache, int *exit_code)
{
    if (!policy_readable(path)) {
        *exit_code = EXIT_USAGE;
        return NULL;
    }
    if (policy_is_compiled(path)) {
        if (engine == CST_ENGINE_JIT)
            return open_compiled(path, runtime, exit_code);
        complain("%s is compiled already: --engine is for .const files", path);
        *exit_code = EXIT_USAGE;
        return NULL;
    }
    uint32_t errors = 0;
    cst_compiler_options options = {.size = sizeof options,
                                    .engine = engine,
                                    .diagnostic = diagnostic_print_errors,
                                    .diagnostic_user = &errors,
                                    .cache = cache};
    if (runtime != NULL)
        options.runtime = *runtime;
    options.runtime.size = sizeof options.runtime;
    cst_policy *policy = NULL;
    const cst_status status = cst_policy_compile(path, &options, &policy);
    if (status == CST_OK)
        return policy;
    diagnostic_tally(errors, 0);
    if (errors == 0)
        complain("%s: %s", path, cst_status_text(status));
    *exit_code = status == CST_NOT_COMPILED ? EXIT_FAILED : EXIT_USAGE;
    return NULL;
}

cst_policy *policy_load_by(const cli_arguments *arguments, const char *path,
                           const cst_options *runtime, int *exit_code)
{
    char *const cache = cache_folder(arguments);
    const cst_engine engine = engine_of(arguments_value(arguments, "--engine", "jit"));
    cst_policy *const policy = policy_load(path, engine, runtime, cache, exit_code);
    free(cache);
    return policy;
}

bool limits_read(const cli_arguments *arguments, cst_limits *limits)
{
    const struct {
        const char *name;
        uint32_t most;
        uint32_t *place;
    } rows[] = {
        {"event-bytes", LIMIT_EVENT_BYTES, &limits->event_bytes},
        {"json-depth", LIMIT_JSON_DEPTH, &limits->json_depth},
        {"list-elements", LIMIT_LIST_ELEMENTS, &limits->list_elements},
        {"text-bytes", LIMIT_TEXT_BYTES, &limits->text_bytes},
        {"scratch-bytes", LIMIT_SCRATCH_BYTES, &limits->scratch_bytes},
        {"sessions", LIMIT_SESSIONS, &limits->sessions},
    };
    const uint32_t row_count = sizeof rows / sizeof *rows;
    for (uint32_t i = 0; i < arguments->option_count; i++) {
        if (strcmp(arguments->options[i].row->name, "--limit") != 0)
            continue;
        const char *const value = arguments->options[i].value;
        const char *const equals = strchr(value, '=');
        const size_t length = equals == NULL ? strlen(value) : (size_t)(equals - value);
        uint32_t row = 0;
        while (row < row_count &&
               (strlen(rows[row].name) != length || memcmp(rows[row].name, value, length) != 0))
            row++;
        if (row == row_count || equals == NULL) {
            complain("--limit is NAME=NUMBER, where NAME is event-bytes, json-depth, "
                     "list-elements, text-bytes, "
                     "scratch-bytes or sessions; not \"%s\"",
                     value);
            return false;
        }
        uint64_t number;
        if (!number_read("--limit", equals + 1, rows[row].most, &number))
            return false;
        *rows[row].place = (uint32_t)number;
    }
    return true;
}

/*
 * host.c - --answers and --host: a file of answers, and a program that answers while events are
 * decided.
 *
 * A file holds a JSON object a line, {"predicate":…,"answer":…} or {"predicate":…,"failed":true};
 * with "arguments" the line is for that question alone. The first line that fits answers. A program
 * says {"ready":true} when it can be asked, so that the time it needs to start is nobody's
 * deadline; then it gets a question a line ({"id":…,"predicate":…,"arguments":{…},"within_ms":…})
 * and writes an answer a line ({"id":…, "answer":…}), in any order. What it does not answer in time
 * is late; if it ends, everything further has failed.
 *
 * Questions are written and answers read together: a program that answers while it is still being
 * asked blocks nobody.
 */
#include "compiler/cli/host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/json.h"
#include "runtime/limits.h"

enum { READY_MILLISECONDS = 10000 };

typedef struct answer_row {
    /* arguments in canonical form, NULL: any; answer NULL: it fails */
    char *predicate, *arguments, *answer;
} answer_row;

struct cli_host {
    answer_row *rows;
    size_t row_count, row_capacity;
    pid_t program;          /* 0: none */
    int questions, answers; /* pipes to and from it */
    bool ended;
    buffer out, in;
    arena memory; /* of one line */
};

/* ---- the file -------------------------------------------------------------------------------- */

static char *canonical(const cst_json *json)
{
    buffer text;
    buffer_init(&text, NULL, 0);
    json_write_canonical(&text, json);
    checked(text.failed ? NULL : text.bytes);
    char *const copy = text_copy(text.bytes, text.length);
    buffer_free(&text);
    return copy;
}

/* The answer of a line: its JSON text, or NULL with *failed. False: it is no answer. */
static bool answer_read(const cst_json *line, const char *bytes, const char **answer,
                        size_t *length)
{
    const cst_json *const value = json_member(line, "answer"), *const failed =
                                                                   json_member(line, "failed");
    *answer = NULL;
    *length = 0;
    if (value == NULL)
        return failed != NULL && failed->kind == JSON_BOOL && failed->boolean;
    *answer = bytes + value->at;
    *length = value->at_length;
    return failed == NULL;
}

static bool row_read(cli_host *host, const char *path, size_t number, const char *bytes,
                     size_t length)
{
    cst_json *line;
    json_problem problem;
    const char *answer;
    size_t answer_length;
    arena_reset(&host->memory);
    const json_error error =
        json_read(&host->memory, bytes, length, LIMIT_JSON_DEPTH, &line, &problem);
    const cst_json *const predicate = error == JSON_OK ? json_member(line, "predicate") : NULL;
    if (predicate == NULL || predicate->kind != JSON_STRING ||
        !answer_read(line, bytes, &answer, &answer_length)) {
        complain("%s:%zu: %s", path, number,
                 error != JSON_OK ? json_error_text(error)
                                  : "an answer is {\"predicate\":…,\"answer\":…} or "
                                    "{\"predicate\":…,\"failed\":true}");
        return false;
    }
    if (host->row_count == host->row_capacity) {
        host->row_capacity = host->row_capacity == 0 ? 16 : host->row_capacity * 2;
        host->rows = checked(realloc(host->rows, host->row_capacity * sizeof *host->rows));
    }
    const cst_json *const arguments = json_member(line, "arguments");
    host->rows[host->row_count++] =
        (answer_row){text_copy(predicate->text, predicate->length),
                     arguments == NULL ? NULL : canonical(arguments),
                     answer == NULL ? NULL : text_copy(answer, answer_length)};
    return true;
}

static bool file_answers(cli_host *host, const char *path)
{
    size_t length, number = 1;
    char *const bytes = file_read(path, LIMIT_EVENT_BYTES, &length);
    bool good = bytes != NULL;
    for (size_t at = 0; good && at < length; number++) {
        const char *const end = memchr(bytes + at, '\n', length - at);
        const size_t size = end == NULL ? length - at : (size_t)(end - bytes) - at;
        if (strspn(bytes + at, " \t\r") < size)
            good = row_read(host, path, number, bytes + at, size);
        at += size + 1;
    }
    free(bytes);
    return good;
}

/* False: no line is for this question. */
static bool answer_from_file(cli_host *host, cst_context *context, const cst_question *question)
{
    char *arguments = NULL;
    bool found = false;
    for (size_t i = 0; i < host->row_count && !found; i++) {
        const answer_row *const row = &host->rows[i];
        if (strcmp(row->predicate, question->predicate) != 0)
            continue;
        cst_json *json;
        json_problem problem;
        arena_reset(&host->memory);
        if (row->arguments != NULL && arguments == NULL &&
            json_read(&host->memory, question->arguments, question->arguments_length,
                      LIMIT_JSON_DEPTH, &json, &problem) == JSON_OK)
            arguments = canonical(json);
        if (row->arguments != NULL && (arguments == NULL || strcmp(arguments, row->arguments) != 0))
            continue;
        found = true;
        if (row->answer == NULL)
            cst_answer_fails(context, question->id);
        else
            cst_answer(context, question->id, row->answer, strlen(row->answer));
    }
    free(arguments);
    return found;
}

/* ---- the program ----------------------------------------------------------------------------- */

static void pipe_close(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static bool program_start(cli_host *host, const char *command)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    if (pipe(in) != 0 || pipe(out) != 0 || (host->program = fork()) < 0) {
        complain_errno(command);
        for (int i = 0; i < 2; i++) {
            pipe_close(&in[i]);
            pipe_close(&out[i]);
        }
        host->program = 0;
        return false;
    }
    if (host->program == 0) {
        signal(SIGPIPE, SIG_DFL);
        if (dup2(in[0], STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0) {
            for (int i = 0; i < 2; i++) {
                close(in[i]);
                close(out[i]);
            }
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        }
        _exit(127);
    }
    pipe_close(&in[0]);
    pipe_close(&out[1]);
    host->questions = in[1];
    host->answers = out[0];
    fcntl(host->questions, F_SETFD, FD_CLOEXEC);
    fcntl(host->answers, F_SETFD, FD_CLOEXEC);
    fcntl(host->questions, F_SETFL, fcntl(host->questions, F_GETFL) | O_NONBLOCK);
    fcntl(host->answers, F_SETFL, fcntl(host->answers, F_GETFL) | O_NONBLOCK);
    return true;
}

static void program_lost(cli_host *host)
{
    if (!host->ended)
        complain("the host program has ended: what is asked from here on has failed");
    host->ended = true;
}

static int64_t milliseconds(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void question_write(cli_host *host, const cst_question *question)
{
    buffer *const out = &host->out;
    buffer_format(out, "{\"id\":%llu,\"predicate\":", (unsigned long long)question->id);
    buffer_json_string(out, question->predicate, strlen(question->predicate));
    buffer_text(out, ",\"arguments\":");
    buffer_add(out, question->arguments, question->arguments_length);
    buffer_format(out, ",\"within_ms\":%lld,\"shadow\":%s}\n",
                  (long long)(question->within_us / 1000), question->shadow ? "true" : "false");
}

/* One line of the program. True: it answered a question that was open. */
static bool line_take(cli_host *host, cst_context *context, const char *bytes, size_t length)
{
    cst_json *line;
    json_problem problem;
    const char *answer;
    size_t answer_length;
    arena_reset(&host->memory);
    const cst_json *id = NULL;
    if (json_read(&host->memory, bytes, length, LIMIT_JSON_DEPTH, &line, &problem) == JSON_OK)
        id = json_member(line, "id");
    if (id == NULL || id->kind != JSON_NUMBER ||
        !answer_read(line, bytes, &answer, &answer_length)) {
        complain("the host program wrote a line that is no answer");
        return false;
    }
    const uint64_t question = strtoull(id->text, NULL, 10);
    const cst_status status = answer == NULL ? cst_answer_fails(context, question)
                                             : cst_answer(context, question, answer, answer_length);
    return status != CST_BAD_ARGUMENT; /* of an event that is over */
}

static uint32_t lines_take(cli_host *host, cst_context *context)
{
    uint32_t taken = 0;
    size_t start = 0;
    for (const char *end;
         start < host->in.length &&
         (end = memchr(host->in.bytes + start, '\n', host->in.length - start)) != NULL;
         start = (size_t)(end - host->in.bytes) + 1)
        taken += line_take(host, context, host->in.bytes + start,
                           (size_t)(end - host->in.bytes) - start);
    if (start > 0) {
        memmove(host->in.bytes, host->in.bytes + start, host->in.length - start);
        host->in.length -= start;
    }
    return taken;
}

/* Moves bytes as far as the pipes let; false: the program has ended. */
static bool exchange(cli_host *host, size_t *written, int timeout)
{
    struct pollfd both[2] = {
        {.fd = host->answers, .events = POLLIN},
        {.fd = *written < host->out.length ? host->questions : -1, .events = POLLOUT}};
    if (poll(both, 2, timeout) < 0)
        return errno == EINTR;
    if (both[1].revents != 0) {
        const ssize_t count =
            write(host->questions, host->out.bytes + *written, host->out.length - *written);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        *written += count > 0 ? (size_t)count : 0;
    }
    if (both[0].revents != 0) {
        char block[1 << 14];
        const ssize_t count = read(host->answers, block, sizeof block);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) ||
            host->in.length > LIMIT_EVENT_BYTES)
            return false;
        if (count > 0)
            buffer_add(&host->in, block, (size_t)count);
    }
    return !host->in.failed;
}

/* Asks the program, and waits until all is answered or the longest deadline has passed. */
static void ask_program(cli_host *host, cst_context *context, const cst_question *questions,
                        const bool *answered, uint32_t count)
{
    int64_t longest = 0;
    uint32_t open = 0;
    size_t written = 0;
    buffer_clear(&host->out);
    for (uint32_t i = 0; i < count; i++) {
        if (answered[i])
            continue;
        question_write(host, &questions[i]);
        open++;
        if (questions[i].within_us > longest)
            longest = questions[i].within_us;
    }
    const int64_t until = milliseconds() + longest / 1000 + 1;
    bool alive = !host->ended && !host->out.failed;
    while (alive && open > 0 && milliseconds() <= until) {
        const int64_t left = until - milliseconds();
        alive = exchange(host, &written, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);
        const uint32_t taken = lines_take(host, context);
        open -= taken < open ? taken : open;
    }
    /* half a question would spoil the next: a program that does not read is as good as gone */
    if (!alive || written < host->out.length)
        program_lost(host);
    for (uint32_t i = 0; i < count; i++)
        if (!answered[i])
            /* one that has been answered is not open any more */
            cst_answer_fails(context, questions[i].id);
}

/* ---- both ------------------------------------------------------------------------------------ */

static void answer_questions(void *user, cst_context *context, const cst_question *questions,
                             uint32_t count)
{
    cli_host *const host = user;
    bool *const answered = checked(calloc(count, sizeof *answered));
    for (uint32_t i = 0; i < count; i++)
        answered[i] = answer_from_file(host, context, &questions[i]);
    if (host->program != 0)
        ask_program(host, context, questions, answered, count);
    free(answered);
}

/* True when the program has said that it is ready. */
static bool program_ready(cli_host *host, const char *command)
{
    const int64_t until = milliseconds() + READY_MILLISECONDS;
    size_t written = 0;
    bool alive = true;
    while (alive && milliseconds() < until) {
        const char *const end =
            host->in.length > 0 ? memchr(host->in.bytes, '\n', host->in.length) : NULL;
        if (end == NULL) {
            alive = exchange(host, &written, (int)(until - milliseconds()));
            continue;
        }
        const size_t length = (size_t)(end - host->in.bytes);
        cst_json *line;
        json_problem problem;
        arena_reset(&host->memory);
        const cst_json *const ready = json_read(&host->memory, host->in.bytes, length,
                                                LIMIT_JSON_DEPTH, &line, &problem) == JSON_OK
                                          ? json_member(line, "ready")
                                          : NULL;
        if (ready == NULL || ready->kind != JSON_BOOL || !ready->boolean)
            break;
        memmove(host->in.bytes, end + 1, host->in.length - length - 1);
        host->in.length -= length + 1;
        return true;
    }
    complain("--host \"%s\": the program did not say {\"ready\":true} %s", command,
             alive ? "in its first line, within ten seconds" : "before it ended");
    return false;
}

bool cli_host_open(const cli_arguments *arguments, cst_context *context, cli_host **out)
{
    *out = NULL;
    const char *const file = arguments_value(arguments, "--answers", NULL);
    const char *const command = arguments_value(arguments, "--host", NULL);
    if (file == NULL && command == NULL)
        return true;
    cli_host *const host = checked(calloc(1, sizeof *host));
    host->questions = host->answers = -1;
    arena_init(&host->memory, NULL, 0);
    buffer_init(&host->out, NULL, 0);
    buffer_init(&host->in, NULL, 0);
    if ((file != NULL && !file_answers(host, file)) ||
        (command != NULL && !(program_start(host, command) && program_ready(host, command)))) {
        cli_host_close(host);
        return false;
    }
    cst_context_host(context, answer_questions, host, true);
    *out = host;
    return true;
}

void cli_host_close(cli_host *host)
{
    if (host == NULL)
        return;
    pipe_close(&host->questions);
    pipe_close(&host->answers);
    if (host->program > 0) {
        kill(host->program, SIGTERM); /* its input has ended; it need not say more */
        while (waitpid(host->program, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    for (size_t i = 0; i < host->row_count; i++) {
        free(host->rows[i].predicate);
        free(host->rows[i].arguments);
        free(host->rows[i].answer);
    }
    free(host->rows);
    arena_free(&host->memory);
    buffer_free(&host->out);
    buffer_free(&host->in);
    free(host);
}

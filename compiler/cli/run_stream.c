/*
 * run_stream.c - `constc run --stream`: a reply of the model, decided while it comes.
 *
 * The input is read in the pieces in which it arrives (or, for experiments, in pieces of --chunk
 * bytes) and fed on at once; a line of JSON says what may go on now, another that a rule stops the
 * reply. Tool calls are decided when they are complete, and the output when it is over, so the
 * decisions are those that the whole reply would get. A reply that cannot be read is denied with
 * the place where that was found; what went on before then was free to go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/cli/run.h"
#include "runtime/adapters/reply.h"
#include "runtime/limits.h"

enum { BLOCK_BYTES = 64 << 10, MOST_CHUNK = 1 << 20 };

static const char session[] = "conversation-1";

typedef struct reply_run {
    run_state *run;
    cst_stream *stream;
    buffer head; /* the event without its text */
    bool stopped;
    bool too_long;
    uint64_t came, released, pieces, most_held; /* bytes of text */
    uint64_t first_at, stopped_at;              /* bytes that had come */
} reply_run;

bool stream_options_good(const cli_arguments *arguments, const char *format)
{
    const bool stream = arguments_has(arguments, "--stream");
    static const char *const only[] = {"--chunk", "--system"};
    for (uint32_t i = 0; i < sizeof only / sizeof *only; i++)
        if (!stream && arguments_has(arguments, only[i])) {
            complain("%s is for --stream", only[i]);
            return false;
        }
    if (!stream && strcmp(format, "text") == 0) {
        complain("--from text is for --stream");
        return false;
    }
    if (stream && strcmp(format, "events") == 0) {
        complain("--stream reads a reply: --from is openai, anthropic or text");
        return false;
    }
    if (stream && arguments_has(arguments, "--emit-events")) {
        complain("--stream decides: it makes no list of events for --emit-events");
        return false;
    }
    return true;
}

static bool fail(reply_run *reply, const char *why)
{
    complain("%s", why);
    reply->run->trouble = EXIT_USAGE;
    return false;
}

/* ---- what may go on -------------------------------------------------------------------------- */

static bool piece_tell(reply_run *reply, const cst_piece *piece)
{
    buffer *const line = &reply->run->line;
    const bool stops = piece->stopped && !reply->stopped;
    if (piece->length > 0 && reply->released == 0)
        reply->first_at = reply->came;
    if (stops)
        reply->stopped_at = reply->came;
    reply->released += piece->length;
    reply->stopped = reply->stopped || piece->stopped;
    if (piece->held > reply->most_held)
        reply->most_held = piece->held;
    if (reply->run->summary != NULL)
        return true;
    buffer_clear(line);
    if (piece->length > 0) {
        buffer_text(line, "{\"release\":");
        buffer_json_string(line, piece->bytes, piece->length);
        buffer_text(line, "}\n");
    }
    if (stops)
        buffer_text(line, "{\"stopped\":true}\n");
    if (line->failed)
        return fail(reply, "out of memory");
    out_bytes(line->bytes, line->length);
    return true;
}

static bool on_text(void *user, const char *bytes, size_t length)
{
    reply_run *const reply = user;
    cst_piece piece;
    const cst_status status = cst_stream_feed(reply->stream, bytes, length, &piece);
    reply->came += length;
    reply->pieces++;
    if (status == CST_LIMIT) {
        reply->too_long = true;
        return false;
    }
    /* what is no UTF-8 is denied at the end, with its place */
    if (status != CST_OK && status != CST_WRONG_TYPE)
        return fail(reply, cst_status_text(status));
    return piece_tell(reply, &piece);
}

static bool on_call(void *user, const conversation_event *event)
{
    reply_run *const reply = user;
    return run_event(reply->run, event);
}

static void finish(reply_run *reply)
{
    cst_piece piece;
    cst_decision decision;
    if (reply->too_long) {
        const conversation_event event = {.has_stage = true,
                                          .stage = CST_OUTPUT,
                                          .session = session,
                                          .session_length = sizeof session - 1,
                                          .error_code = "limit",
                                          .error_at = "/text",
                                          .error_text = "the text of the reply is too long"};
        run_deny(reply->run, &event);
        return;
    }
    const cst_status status = cst_stream_end(reply->stream, &piece, &decision);
    if (status != CST_OK) {
        fail(reply, cst_status_text(status));
        return;
    }
    if (piece_tell(reply, &piece))
        run_answer(reply->run, &decision, "{\"stage\":\"output\"}", 18);
}

/* ---- the input ------------------------------------------------------------------------------- */

/* At most `size` bytes: what is there, or exactly so many if `all` and the input has them. -1 after
 * a message. */
static ssize_t block_read(int descriptor, char *bytes, size_t size, bool all, const char *path)
{
    size_t length = 0;
    while (length < size) {
        const ssize_t count = read(descriptor, bytes + length, size - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            complain_errno(strcmp(path, "-") == 0 ? "stdin" : path);
            return -1;
        }
        length += (size_t)count;
        if (count == 0 || !all)
            break;
    }
    return (ssize_t)length;
}

static bool is_over(const reply_run *reply, const reply_reader *reader)
{
    return reply->run->trouble != EXIT_GOOD || reply->too_long ||
           (reader != NULL && reply_problem(reader) != NULL);
}

/* `reader` is NULL for plain text. */
static void read_reply(reply_run *reply, reply_reader *reader, int descriptor, const char *path,
                       size_t chunk)
{
    const size_t size = chunk != 0 ? chunk : BLOCK_BYTES;
    char *const bytes = checked(malloc(size));
    while (!is_over(reply, reader)) {
        out_flush();
        const ssize_t length = block_read(descriptor, bytes, size, chunk != 0, path);
        if (length < 0)
            reply->run->trouble = EXIT_USAGE;
        if (length <= 0)
            break;
        reply->run->bytes += (uint64_t)length;
        if (reader == NULL)
            on_text(reply, bytes, (size_t)length);
        else if (reply_feed(reader, bytes, (size_t)length) != CST_OK)
            fail(reply, "out of memory");
    }
    free(bytes);
    if (reader != NULL && !is_over(reply, reader) && reply_end(reader) != CST_OK)
        fail(reply, "out of memory");
    if (reply->run->trouble != EXIT_GOOD)
        return;
    if (reader != NULL && reply_problem(reader) != NULL)
        run_deny(reply->run, reply_problem(reader));
    else
        finish(reply);
}

static bool reply_open(reply_run *reply, const cli_arguments *arguments, const char *records)
{
    const char *const system = arguments_value(arguments, "--system", NULL);
    if (system != NULL) {
        size_t length;
        char *const text = file_read(system, LIMIT_TEXT_BYTES, &length);
        if (text == NULL) {
            reply->run->trouble = EXIT_USAGE;
            return false;
        }
        const cst_status status =
            cst_session_system(reply->run->context, session, sizeof session - 1, text, length);
        free(text);
        if (status != CST_OK)
            return fail(reply, status == CST_WRONG_TYPE ? "the system prompt is not UTF-8"
                                                        : cst_status_text(status));
    }
    buffer_format(&reply->head, "{\"stage\":\"output\",\"session\":\"%s\"", session);
    if (records != NULL) {
        buffer_text(&reply->head, ",");
        buffer_add(&reply->head, records, strlen(records) - 1);
    }
    buffer_text(&reply->head, "}");
    if (reply->head.failed)
        return fail(reply, "out of memory");
    const cst_status status =
        cst_stream_open(reply->run->context, reply->head.bytes, reply->head.length, &reply->stream);
    return status == CST_OK || fail(reply, cst_status_text(status));
}

static void summary_print(const reply_run *reply)
{
    out_format("\nstream: %llu bytes of text in %llu pieces; %llu bytes went on",
               (unsigned long long)reply->came, (unsigned long long)reply->pieces,
               (unsigned long long)reply->released);
    if (reply->released > 0)
        out_format(", the first when %llu had come", (unsigned long long)reply->first_at);
    out_format("; at most %llu were held back\n", (unsigned long long)reply->most_held);
    if (reply->stopped)
        out_format("stream: stopped by a rule when %llu bytes had come\n",
                   (unsigned long long)reply->stopped_at);
}

void run_stream(run_state *run, const cli_arguments *arguments, const char *path,
                const char *format, const char *records)
{
    reply_run reply = {.run = run};
    reply_reader reader;
    uint64_t chunk = 0;
    const char *const wanted = arguments_value(arguments, "--chunk", NULL);
    const bool is_text = strcmp(format, "text") == 0;
    if (wanted != NULL && !number_read("--chunk", wanted, MOST_CHUNK, &chunk)) {
        run->trouble = EXIT_USAGE;
        return;
    }
    buffer_init(&reply.head, NULL, 0);
    reply_init(&reader,
               strcmp(format, "openai") == 0 ? CONVERSATION_OPENAI : CONVERSATION_ANTHROPIC,
               session, records, NULL, on_text, on_call, &reply);
    if (reply_open(&reply, arguments, records)) {
        const int descriptor = file_open(path);
        if (descriptor < 0)
            run->trouble = EXIT_USAGE;
        else {
            read_reply(&reply, is_text ? NULL : &reader, descriptor, path, (size_t)chunk);
            file_close(descriptor);
        }
    }
    cst_stream_close(reply.stream);
    if (run->summary != NULL && run->trouble == EXIT_GOOD) {
        summary_finish(run->summary);
        run->summary = NULL;
        summary_print(&reply);
    }
    reply_free(&reader);
    buffer_free(&reply.head);
}

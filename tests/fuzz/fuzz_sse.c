/*
 * fuzz_sse.c - streamed replies: the first byte says which interface and how the rest is cut. Cut
 * or whole, the same text, calls and problem come out; all text is UTF-8; a reply without a problem
 * has ended; every call is an event that the strict reader takes.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/adapters/reply.h"
#include "runtime/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

typedef struct outcome {
    buffer text, calls, problem;
} outcome;

static bool on_text(void *user, const char *bytes, size_t length)
{
    outcome *const out = user;
    require(length > 0 && utf8_valid(bytes, length));
    buffer_add(&out->text, bytes, length);
    return true;
}

static bool on_call(void *user, const conversation_event *event)
{
    outcome *const out = user;
    arena memory;
    cst_json *tree;
    json_problem problem;
    arena_init(&memory, NULL, 0);
    require(json_read(&memory, event->json, event->length, LIMIT_JSON_DEPTH + 1, &tree, &problem) ==
            JSON_OK);
    require((json_member(tree, "stage") == NULL) == (event->error_code != NULL));
    arena_free(&memory);
    buffer_add(&out->calls, event->json, event->length);
    buffer_text(&out->calls, "\n");
    return true;
}

static void read_reply(conversation_format format, const char *bytes, size_t length, size_t step,
                       outcome *out)
{
    reply_reader reply;
    buffer_init(&out->text, NULL, 0);
    buffer_init(&out->calls, NULL, 0);
    buffer_init(&out->problem, NULL, 0);
    reply_init(&reply, format, "s", NULL, NULL, on_text, on_call, out);
    for (size_t at = 0; at < length; at += step) {
        const size_t part = step < length - at ? step : length - at;
        char *const copy = malloc(part); /* its exact size, so that reading past it is found */
        require(copy != NULL);
        memcpy(copy, bytes + at, part);
        require(reply_feed(&reply, copy, part) == CST_OK);
        free(copy);
    }
    require(reply_end(&reply) == CST_OK);
    const conversation_event *const problem = reply_problem(&reply);
    require(problem != NULL || reply.finished);
    if (problem) {
        require(utf8_valid(problem->error_text, strlen(problem->error_text)));
        buffer_format(&out->problem, "%s %s %s", problem->error_code, problem->error_at,
                      problem->error_text);
    }
    reply_free(&reply);
}

static bool same(const buffer *left, const buffer *right)
{
    return left->length == right->length &&
           (left->length == 0 || memcmp(left->bytes, right->bytes, left->length) == 0);
}

static void outcome_free(outcome *out)
{
    buffer_free(&out->text);
    buffer_free(&out->calls);
    buffer_free(&out->problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const conversation_format format =
        (data[0] & 1) != 0 ? CONVERSATION_ANTHROPIC : CONVERSATION_OPENAI;
    const size_t step = 1 + (data[0] >> 1) % 64;
    outcome whole, pieces;
    read_reply(format, (const char *)data + 1, size - 1, size, &whole);
    read_reply(format, (const char *)data + 1, size - 1, step, &pieces);
    require(same(&whole.text, &pieces.text) && same(&whole.calls, &pieces.calls) &&
            same(&whole.problem, &pieces.problem));
    outcome_free(&whole);
    outcome_free(&pieces);
    return 0;
}

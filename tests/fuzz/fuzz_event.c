/*
 * fuzz_event.c - any bytes as a recorded conversation, read by both adapters, each event decided.
 *
 * The adapters put other people's JSON together to events; what must hold is that an event they
 * hand out is JSON the decider can read, of a stage that it knows, and that no conversation comes
 * out of them with less said than was done: whatever is no conversation is an error event. What the
 * decider makes of arbitrary events is fuzz_decide.c's affair.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <constitution/compiler.h>

#include "runtime/adapters/conversation.h"
#include "runtime/json.h"
#include "runtime/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char policy_text[] =
    "constitution m \"1\"\ntool a(x: string) acts\ndefault action deny\npermit p on action a when "
    "args.x == \"y\"\n"
    "rule r on input, output when length of text > 3 then deny because \"{text}\"\nrule t on "
    "result when text == \"z\" then flag\n";

typedef struct heard {
    cst_context *context;
    uint32_t events, errors;
} heard;

static void demand(bool condition)
{
    if (!condition)
        abort();
}

static bool on_event(void *user, const conversation_event *event)
{
    heard *const so_far = user;
    if (event->error_code) {
        so_far->errors++;
        demand(event->error_at && event->error_text);
        return true;
    }
    so_far->events++;
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_json *tree;
    json_problem problem;
    const json_error error =
        json_read(&memory, event->json, event->length, LIMIT_JSON_SCANNER_DEPTH, &tree, &problem);
    demand(error == JSON_OK && tree->kind == JSON_OBJECT && json_member(tree, "stage"));
    demand(memchr(event->json, '\n', event->length) == NULL);
    cst_decision decision;
    demand(cst_decide_json(so_far->context, event->json, event->length, &decision) == CST_OK);
    demand(!decision.error_code || decision.verdict == CST_DENY);
    demand(!decision.error_code || strcmp(decision.error_code, "stage") != 0);
    arena_free(&memory);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cst_policy *policy;
    const cst_compiler_options options = {.size = sizeof options, .engine = CST_ENGINE_REFERENCE};
    if (!policy)
        demand(cst_policy_compile_text("m.const", policy_text, sizeof policy_text - 1, &options,
                                       &policy) == CST_OK);
    for (int format = 0; format < 2; format++) {
        heard so_far = {.context = cst_context_new(policy)};
        conversation_reader conversation;
        demand(so_far.context != NULL);
        conversation_init(&conversation, format ? CONVERSATION_ANTHROPIC : CONVERSATION_OPENAI,
                          NULL, on_event, &so_far);
        demand(conversation_read(&conversation, (const char *)data, size) == CST_OK);
        arena memory;
        arena_init(&memory, NULL, 0);
        cst_json *tree;
        json_problem problem;
        if (json_read(&memory, (const char *)data, size, LIMIT_JSON_SCANNER_DEPTH, &tree,
                      &problem) != JSON_OK)
            demand(so_far.errors == 1 && so_far.events == 0);
        arena_free(&memory);
        conversation_free(&conversation);
        cst_context_free(so_far.context);
    }
    return 0;
}

/*
 * fuzz_wire.c - any bytes as messages of MCP, or as inputs of Claude Code's hooks, decided by a
 * policy that knows every verdict, and answered.
 *
 * The first byte says which; each line is read as a copy of its exact size. Every event is one line
 * of strict JSON; so is every answer; of a message that is stopped the answer holds the id; and
 * what a hook may not do is never answered by "allow".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <constitution/compiler.h>

#include "runtime/adapters/claude_hook.h"
#include "runtime/adapters/mcp.h"
#include "runtime/adapters/reason.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_LINES = 64 };

static const char rules[] =
    "constitution wire \"1.0\"\n"
    "tool Bash(command: string) executes\n"
    "tool Read(file_path: string) reads untrusted\n"
    "approvals by user\n"
    "default action deny\n"
    "pattern key = /k[0-9]/\n"
    "permit all_bash on action Bash\n"
    "permit all_read on action Read\n"
    "rule f on action Bash when args.command contains \"f\" then flag because \"{args.command}\"\n"
    "rule r on action Bash when args.command contains key then redact with \"#\"\n"
    "rule a on action Bash when args.command contains \"a\" then require approval from user\n"
    "rule d on action Bash when args.command contains \"d\" then deny because \"{args.command}\"\n"
    "rule h on action Bash when args.command contains \"h\" then halt because \"{args.command}\"\n"
    "rule rt on result when text contains key then redact with \"#\"\n"
    "rule dt on result when text contains \"d\" then deny\n"
    "rule ri on input when text contains key then redact with \"#\"\n"
    "rule di on input when text contains \"d\" then refuse offering \"x\"\n"
    "rule ro on output when text contains key then redact with \"#\"\n"
    "rule ho on output when text contains \"h\" then halt\n";

static void demand(bool condition)
{
    if (!condition)
        abort();
}

static void print(void *user, const cst_diagnostic *found)
{
    (void)user;
    if (found->error)
        fputs(found->rendered, stderr);
}

static cst_policy *open_policy(void)
{
    static cst_policy *policy;
    if (policy)
        return policy;
    cst_compiler_options options = {
        .size = sizeof options, .engine = CST_ENGINE_REFERENCE, .diagnostic = print};
    options.runtime.size = sizeof options.runtime;
    demand(cst_policy_compile_text("wire.const", rules, sizeof rules - 1, &options, &policy) ==
           CST_OK);
    return policy;
}

typedef struct wire {
    cst_context *context;
    conversation_reader *hooks;
    mcp_outcome outcome;
    buffer answer, reason, args, text, value;
    arena memory;
    bool denied;
} wire;

static cst_json *must_be_json(wire *to, const char *bytes, size_t length)
{
    cst_json *tree;
    json_problem problem;
    demand(memchr(bytes, '\n', length) == NULL);
    demand(json_read(&to->memory, bytes, length, LIMIT_JSON_SCANNER_DEPTH, &tree, &problem) ==
           JSON_OK);
    return tree;
}

static cst_decision decide(wire *to, const conversation_event *event)
{
    cst_decision decision = {.verdict = CST_DENY,
                             .error_code = event->error_code,
                             .error_pointer = event->error_at,
                             .error_text = event->error_text};
    const cst_json *const tree = must_be_json(to, event->json, event->length);
    demand((json_member(tree, "stage") == NULL) == (event->error_code != NULL));
    if (event->error_code == NULL)
        demand(cst_decide_json(to->context, event->json, event->length, &decision) == CST_OK);
    to->denied = decision.verdict >= CST_REFUSE;
    return decision;
}

static bool on_hook(void *user, const conversation_event *event)
{
    wire *const to = user;
    const cst_decision decision = decide(to, event);
    if (event->error_code != NULL)
        return true;
    buffer_clear(&to->answer);
    claude_answer_write(&to->answer, to->hooks->hook, &decision, true);
    demand(!to->answer.failed);
    if (to->answer.length == 0) {
        demand(decision.verdict < CST_FLAG || to->hooks->hook->kind == CLAUDE_PERMISSION ||
               to->hooks->hook->kind == CLAUDE_FAILURE);
        return true;
    }
    const cst_json *const whole = must_be_json(to, to->answer.bytes, to->answer.length);
    const cst_json *const special = json_member(whole, "hookSpecificOutput");
    const cst_json *const word = json_member(special, "permissionDecision");
    if (word != NULL)
        demand(json_text_is(word, "allow") == (decision.verdict < CST_REQUIRE_APPROVAL));
    const cst_json *const behavior = json_member(json_member(special, "decision"), "behavior");
    if (behavior != NULL)
        demand(json_text_is(behavior, "allow") == (decision.verdict < CST_REQUIRE_APPROVAL));
    return true;
}

typedef cst_status (*left_fn)(const cst_decision *decision, const char **text, size_t *length);

static const char *keep(buffer *out, left_fn left, const cst_decision *decision, size_t *length)
{
    const char *text;
    buffer_clear(out);
    if (decision->error_code != NULL || left(decision, &text, length) != CST_OK)
        return NULL;
    buffer_add(out, text, *length);
    return out->bytes == NULL ? "" : out->bytes;
}

static bool on_event(void *user, const conversation_event *event)
{
    wire *const to = user;
    const cst_decision decision = decide(to, event);
    if (to->outcome.events++ == 0) {
        to->outcome.args = keep(&to->args, cst_decision_args, &decision, &to->outcome.args_length);
        to->outcome.text = keep(&to->text, cst_decision_text, &decision, &to->outcome.text_length);
        to->outcome.value =
            keep(&to->value, cst_decision_value, &decision, &to->outcome.value_length);
    }
    if (decision.verdict > to->outcome.verdict)
        to->outcome.verdict = decision.verdict;
    reason_write(&to->reason, &decision);
    return true;
}

static bool on_message(void *user, const mcp_message *message)
{
    wire *const to = user;
    buffer_clear(&to->answer);
    to->outcome.reason = to->reason.bytes;
    to->outcome.reason_length = to->reason.length;
    const bool goes_on = mcp_answer_write(&to->answer, message, &to->outcome);
    demand(!to->answer.failed);
    const cst_json *const whole = must_be_json(to, to->answer.bytes, to->answer.length);
    const cst_json *const pass = json_member(whole, "pass"), *const answer =
                                                                 json_member(whole, "answer");
    demand((pass != NULL) + (answer != NULL) + (json_member(whole, "drop") != NULL) == 1);
    demand(goes_on || pass == NULL || to->outcome.verdict >= CST_REDACT);
    if (to->outcome.verdict >= CST_REQUIRE_APPROVAL)
        demand(pass == NULL || pass->kind == JSON_OBJECT);
    const cst_json *const said = answer != NULL                              ? answer
                                 : pass != NULL && pass->kind == JSON_OBJECT ? pass
                                                                             : NULL;
    if (said != NULL && message->id != NULL) {
        const cst_json *const id = json_member(said, "id");
        demand(id != NULL && id->at_length == message->id_length &&
               memcmp(to->answer.bytes + id->at, message->id, message->id_length) == 0);
    }
    buffer_clear(&to->reason);
    to->outcome = (mcp_outcome){.verdict = CST_PERMIT};
    return goes_on;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    wire to = {.context = cst_context_new(open_policy())};
    conversation_reader hooks;
    mcp_reader mcp;
    buffer *const buffers[] = {&to.answer, &to.reason, &to.args, &to.text, &to.value};
    for (uint32_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_init(buffers[i], NULL, 0);
    arena_init(&to.memory, NULL, 0);
    conversation_init(&hooks, CONVERSATION_CLAUDE_HOOK, NULL, on_hook, &to);
    mcp_init(&mcp, NULL, on_event, on_message, &to);
    to.hooks = &hooks;
    const char *from = (const char *)data + 1, *const end = (const char *)data + size;
    for (uint32_t i = 0; i < MOST_LINES && from < end; i++) {
        const char *stop = memchr(from, '\n', (size_t)(end - from));
        if (stop == NULL)
            stop = end;
        const size_t length = (size_t)(stop - from);
        char *const line = malloc(length == 0 ? 1 : length);
        demand(line != NULL);
        memcpy(line, from, length);
        arena_reset(&to.memory);
        demand(((data[0] & 1) != 0 ? mcp_read(&mcp, line, length)
                                   : conversation_read(&hooks, line, length)) == CST_OK);
        free(line);
        from = stop + 1;
    }
    conversation_free(&hooks);
    mcp_free(&mcp);
    cst_context_free(to.context);
    arena_free(&to.memory);
    for (uint32_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_free(buffers[i]);
    return 0;
}

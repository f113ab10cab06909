/*
 * run_source.c - see run_source.h.
 *
 * With --replies a line goes out for every line that comes in, so that whoever stands between two
 * programs need not match anything: what to do with a message of MCP, or what a hook says. A batch
 * is one line, and so is what becomes of it.
 */
#include <string.h>

#include "compiler/cli/run_source.h"
#include "runtime/adapters/claude_hook.h"
#include "runtime/adapters/reason.h"

bool run_source_options_good(const cli_arguments *arguments, const char *format)
{
    const bool both = strcmp(format, "mcp") == 0 || strcmp(format, "claude-hook") == 0;
    if (both && arguments_has(arguments, "--stream")) {
        complain("--stream reads a reply: --from is openai, anthropic or text");
        return false;
    }
    if (!arguments_has(arguments, "--replies"))
        return true;
    if (!both)
        complain("--replies is for --from mcp and --from claude-hook: the other formats have no "
                 "way back");
    else if (arguments_has(arguments, "--summary") || arguments_has(arguments, "--emit-events"))
        complain(
            "--replies prints what goes back, and nothing else: no --summary, no --emit-events");
    else
        return true;
    return false;
}

static bool trouble(run_source *source)
{
    complain("out of memory");
    source->run->trouble = EXIT_USAGE;
    return false;
}

/* ---- what was decided ------------------------------------------------------------------------ */

/* What could not become an event is denied like an event that could not be read. */
static bool decided(run_source *source, const conversation_event *event, cst_decision *out)
{
    run_state *const run = source->run;
    *out = (cst_decision){.verdict = CST_DENY,
                          .error_code = event->error_code,
                          .error_pointer = event->error_at,
                          .error_text = event->error_text};
    const cst_status status = event->error_code != NULL
                                  ? CST_OK
                                  : cst_decide_json(run->context, event->json, event->length, out);
    run_note(run, out->verdict);
    if (status == CST_OK)
        return true;
    complain("%s", cst_status_text(status));
    run->trouble = EXIT_USAGE;
    return false;
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

static bool on_message_event(void *user, const conversation_event *event)
{
    run_source *const source = user;
    mcp_outcome *const outcome = &source->outcome;
    cst_decision decision;
    if (!decided(source, event, &decision))
        return false;
    if (outcome->events++ == 0) {
        buffer_clear(&source->reason);
        outcome->args = keep(&source->args, cst_decision_args, &decision, &outcome->args_length);
        outcome->text = keep(&source->text, cst_decision_text, &decision, &outcome->text_length);
        outcome->value =
            keep(&source->value, cst_decision_value, &decision, &outcome->value_length);
    } else if (decision.verdict != CST_PERMIT && source->reason.length > 0)
        buffer_text(&source->reason, "\n");
    if (decision.verdict > outcome->verdict)
        outcome->verdict = decision.verdict;
    reason_write(&source->reason, &decision);
    return true;
}

static bool on_message(void *user, const mcp_message *message)
{
    run_source *const source = user;
    mcp_outcome *const outcome = &source->outcome;
    buffer *const line = &source->run->line;
    if (message->index == 0)
        buffer_clear(line);
    if (message->count > 0)
        buffer_text(line, message->index == 0 ? "[" : ",");
    outcome->reason = source->reason.bytes;
    outcome->reason_length = source->reason.length;
    const bool goes_on = mcp_answer_write(line, message, outcome);
    *outcome = (mcp_outcome){.verdict = CST_PERMIT};
    if (message->count > 0 && message->index + 1 == message->count)
        buffer_text(line, "]");
    if (line->failed || source->reason.failed || source->args.failed || source->text.failed ||
        source->value.failed)
        return trouble(source);
    if (message->index + 1 >= message->count) {
        out_bytes(line->bytes, line->length);
        out_bytes("\n", 1);
    }
    return goes_on;
}

static bool on_hook_event(void *user, const conversation_event *event)
{
    run_source *const source = user;
    const claude_hook *const hook = source->conversation.hook;
    buffer *const line = &source->run->line;
    cst_decision decision;
    if (!decided(source, event, &decision))
        return false;
    if (event->error_code == NULL) {
        claude_answer_write(line, hook, &decision, false);
        return true;
    }
    /* constc hook says this with its exit code */
    buffer_clear(&source->reason);
    reason_write(&source->reason, &decision);
    buffer_text(line, "{\"exit\":2,\"stderr\":");
    buffer_json_string(line, source->reason.bytes, source->reason.length);
    buffer_text(line, "}");
    return true;
}

/* ---- lines ----------------------------------------------------------------------------------- */

void run_source_begin(run_source *source, run_state *run, const char *format, const char *records,
                      bool answers)
{
    memset(source, 0, sizeof *source);
    source->run = run;
    source->answers = answers;
    source->kind = strcmp(format, "events") == 0        ? SOURCE_EVENTS
                   : strcmp(format, "mcp") == 0         ? SOURCE_MCP
                   : strcmp(format, "claude-hook") == 0 ? SOURCE_HOOKS
                                                        : SOURCE_CONVERSATIONS;
    void *const user = answers ? (void *)source : run;
    conversation_init(&source->conversation,
                      source->kind == SOURCE_HOOKS    ? CONVERSATION_CLAUDE_HOOK
                      : strcmp(format, "openai") == 0 ? CONVERSATION_OPENAI
                                                      : CONVERSATION_ANTHROPIC,
                      NULL, answers ? on_hook_event : run_event, user);
    mcp_init(&source->mcp, NULL, answers ? on_message_event : run_event,
             answers ? on_message : NULL, user);
    source->conversation.records = source->mcp.events.records = records;
    buffer *const buffers[] = {&source->reason, &source->args, &source->text, &source->value};
    for (uint32_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_init(buffers[i], NULL, 0);
}

static void hook_line(run_source *source, const char *line, size_t length)
{
    buffer *const out = &source->run->line;
    buffer_clear(out);
    if (conversation_read(&source->conversation, line, length) != CST_OK || out->failed)
        trouble(source);
    else if (source->answers && source->run->trouble == EXIT_GOOD) {
        out_bytes(out->length == 0 ? "{}" : out->bytes, out->length == 0 ? 2 : out->length);
        out_bytes("\n", 1);
    }
}

void run_source_read(run_source *source, const char *line, size_t length)
{
    switch (source->kind) {
    case SOURCE_EVENTS: run_decide(source->run, line, length); return;
    case SOURCE_CONVERSATIONS:
        if (conversation_read(&source->conversation, line, length) != CST_OK)
            trouble(source);
        return;
    case SOURCE_HOOKS: hook_line(source, line, length); return;
    case SOURCE_MCP:
        if (mcp_read(&source->mcp, line, length) != CST_OK)
            trouble(source);
        return;
    }
}

void run_source_read_nothing(run_source *source, const char *text)
{
    const conversation_event event = {.error_code = "limit", .error_at = "", .error_text = text};
    if (!source->answers)
        run_deny(source->run, &event);
    else if (source->kind == SOURCE_MCP) {
        const mcp_message message = {.form = MCP_BROKEN};
        on_message_event(source, &event);
        on_message(source, &message);
    } else {
        buffer_clear(&source->run->line);
        on_hook_event(source, &event);
        out_bytes(source->run->line.bytes, source->run->line.length);
        out_bytes("\n", 1);
    }
}

void run_source_end(run_source *source)
{
    conversation_free(&source->conversation);
    mcp_free(&source->mcp);
    buffer *const buffers[] = {&source->reason, &source->args, &source->text, &source->value};
    for (uint32_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_free(buffers[i]);
}

/*
 * run.c - `constc run`: events in, one decision a line out.
 *
 * Lines are read, decided and answered one by one in constant memory, in their order, so the
 * program serves files of any size, and as a filter behind a pipe: what is decided is written out
 * before it waits for more input. What cannot be an event (a line past the bound, a conversation
 * that makes no sense) gets a denial here, since it must not be missing from the answers.
 */
#include <errno.h>
#include <string.h>

#include "compiler/cli/run_parallel.h"
#include "compiler/cli/run_source.h"
#include "runtime/adapters/lines.h"
#include "runtime/limits.h"

void run_note(run_state *run, cst_verdict verdict)
{
    if (run->failing && verdict >= run->fail_on)
        run->reached = true;
    progress_event(&run->progress, run->bytes);
}

/* ---- what never reaches the policy ----------------------------------------------------------- */

void run_deny(run_state *run, const conversation_event *event)
{
    run_note(run, CST_DENY);
    const char *const stage = event->has_stage ? cst_stage_name(event->stage) : NULL;
    if (run->summary != NULL) {
        const summary_event row = {.error_text = event->error_text,
                                   .place = run->events ? run->place : 0,
                                   .stage = stage,
                                   .tool = event->tool,
                                   .tool_length = event->tool_length};
        summary_add(run->summary, &row);
        return;
    }
    buffer *const line = &run->line;
    buffer_clear(line);
    buffer_text(line, "{\"decision\":\"deny\"");
    if (stage != NULL)
        buffer_format(line, ",\"stage\":\"%s\"", stage);
    if (event->session != NULL) {
        buffer_text(line, ",\"session\":");
        buffer_json_string(line, event->session, event->session_length);
    }
    if (event->id != NULL) {
        buffer_text(line, ",\"id\":");
        buffer_json_string(line, event->id, event->id_length);
    }
    buffer_format(line, ",\"error\":{\"code\":\"%s\",\"at\":", event->error_code);
    buffer_json_string(line, event->error_at, strlen(event->error_at));
    buffer_text(line, ",\"text\":");
    buffer_json_string(line, event->error_text, strlen(event->error_text));
    buffer_text(line, "},\"rules\":[],\"shadow\":[],\"policy\":");
    char policy[512];
    const int length = snprintf(policy, sizeof policy, "%s@%s %s", cst_policy_name(run->policy),
                                cst_policy_version(run->policy), cst_policy_hash(run->policy));
    buffer_json_string(line, policy,
                       length < (int)sizeof policy ? (size_t)length : sizeof policy - 1);
    buffer_text(line, "}\n");
    if (line->failed) {
        complain("out of memory");
        run->trouble = EXIT_USAGE;
        return;
    }
    out_bytes(line->bytes, line->length);
}

static void deny_long_line(run_source *source)
{
    char text[96];
    snprintf(text, sizeof text, "the line is longer than %zu bytes", source->run->bound);
    if (source->run->emit_events)
        out_format("{\"malformed\":{\"code\":\"limit\",\"at\":\"\",\"text\":\"%s\"}}\n", text);
    else
        run_source_read_nothing(source, text);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* The tool that the event names, for the table. */
static void find_tool(run_state *run, const char *json, size_t length, summary_event *row)
{
    arena_reset(&run->scratch);
    cst_json *tree;
    json_problem problem;
    if (json_read(&run->scratch, json, length, LIMIT_JSON_DEPTH, &tree, &problem) != JSON_OK)
        return;
    const cst_json *const tool = json_member(tree, "tool");
    const cst_json *const stage = json_member(tree, "stage");
    if (stage != NULL && stage->kind == JSON_STRING)
        for (int i = 0; i < CST_STAGE_COUNT; i++)
            if (json_text_is(stage, cst_stage_name((cst_stage)i)))
                row->stage = cst_stage_name((cst_stage)i);
    if (stage != NULL && json_text_is(stage, "system"))
        row->stage = "system";
    if (tool != NULL && tool->kind == JSON_STRING) {
        row->tool = tool->text;
        row->tool_length = tool->length;
    }
}

static void count_kind(run_state *run, const cst_decision *decision)
{
    run->answered++;
    run->not_json += decision->error_code != NULL && strcmp(decision->error_code, "json") == 0;
}

void run_answer(run_state *run, const cst_decision *decision, const char *json, size_t length)
{
    run_note(run, decision->verdict);
    count_kind(run, decision);
    if (run->summary != NULL) {
        summary_event row = {.decision = decision, .place = run->events ? run->place : 0};
        find_tool(run, json, length, &row);
        /* a system prompt that was learnt is nothing that rules have decided */
        if (decision->verdict != CST_PERMIT || row.stage == NULL ||
            strcmp(row.stage, "system") != 0)
            summary_add(run->summary, &row);
        return;
    }
    const char *text;
    size_t size;
    const cst_status written = cst_decision_json(decision, &text, &size);
    if (written != CST_OK) {
        complain("%s", cst_status_text(written));
        run->trouble = EXIT_USAGE;
        return;
    }
    out_bytes(text, size);
    out_bytes("\n", 1);
}

void run_decide(run_state *run, const char *json, size_t length)
{
    cst_decision decision;
    const cst_status status = cst_decide_json(run->context, json, length, &decision);
    if (status != CST_OK) {
        /* The decision is a denial; a host that cannot decide must not look like one that did. */
        complain("%s", cst_status_text(status));
        run->trouble = EXIT_USAGE;
    }
    run_answer(run, &decision, json, length);
}

bool run_event(void *user, const conversation_event *event)
{
    run_state *const run = user;
    if (run->emit_events) {
        out_bytes(event->json, event->length);
        out_bytes("\n", 1);
    } else if (event->error_code != NULL) {
        cst_decision noted;
        if (event->is_system)
            cst_decide_json(run->context, event->json, event->length, &noted);
        run_deny(run, event);
    } else
        run_decide(run, event->json, event->length);
    return run->trouble == EXIT_GOOD;
}

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

/* ---- input ----------------------------------------------------------------------------------- */

/* A first line that is no whole JSON text may be the start of a document that was printed over
 * several lines. True if the whole input was one, and has been read. */
static bool read_document(run_source *source, line_reader *lines)
{
    run_state *const run = source->run;
    const char *text;
    size_t length;
    const lines_status status = lines_next(lines, &text, &length);
    if (status == LINES_TOO_LONG)
        deny_long_line(source); /* it is consumed, and must not be missing from the answers */
    if (status != LINES_TEXT)
        return false;
    cst_json *tree;
    json_problem problem;
    arena_reset(&run->scratch);
    const bool is_line =
        is_blank(text, length) || json_read(&run->scratch, text, length, LIMIT_JSON_SCANNER_DEPTH,
                                            &tree, &problem) == JSON_OK;
    lines_unread(lines);
    if (is_line && !is_blank(text, length))
        return false;
    if (lines_everything(lines, &text, &length) != LINES_TEXT)
        return false;
    arena_reset(&run->scratch);
    if (json_read(&run->scratch, text, length, LIMIT_JSON_SCANNER_DEPTH, &tree, &problem) !=
        JSON_OK)
        return false;
    run->bytes = length;
    run_source_read(source, text, length);
    return true;
}

static void read_lines(run_source *source, line_reader *lines, const char *path)
{
    run_state *const run = source->run;
    while (run->trouble == EXIT_GOOD) {
        if (!lines_ready(lines))
            out_flush();
        const char *line;
        size_t length;
        const lines_status status = lines_next(lines, &line, &length);
        run->bytes = lines->consumed;
        run->place = lines->number;
        if (status == LINES_END)
            return;
        if (status == LINES_TOO_LONG)
            deny_long_line(source);
        else if (status == LINES_FAILED || status == LINES_NO_MEMORY) {
            if (status == LINES_FAILED)
                complain_errno(strcmp(path, "-") == 0 ? "stdin" : path);
            else
                complain("out of memory");
            run->trouble = EXIT_USAGE;
        } else if (is_blank(line, length))
            continue;
        else
            run_source_read(source, line, length);
    }
}

static void deny_long(void *source)
{
    deny_long_line(source);
}

static void read_input(run_state *run, const char *path, const char *format, const char *records,
                       bool answers)
{
    const int descriptor = file_open(path);
    if (descriptor < 0) {
        run->trouble = EXIT_USAGE;
        return;
    }
    line_reader lines;
    run_source source;
    lines_init(&lines, descriptor, run->bound, NULL);
    run_source_begin(&source, run, format, records, answers);
    /* a stream of messages is a line each, and its writer may wait for the first answer */
    if (run->threads > 1)
        run_lines_parallel(run, &lines, path, run->threads, deny_long, &source);
    else if (source.kind == SOURCE_EVENTS || source.kind == SOURCE_MCP ||
             !read_document(&source, &lines))
        read_lines(&source, &lines, path);
    run_source_end(&source);
    lines_free(&lines);
    file_close(descriptor);
    /* each line has its answer; but a file of which no line is an event may be the wrong one */
    if (run->not_json > 0 && run->not_json == run->answered && strcmp(path, "-") != 0)
        complain("%s: no line of it is JSON, so it holds no events", path);
}

/* ---- options --------------------------------------------------------------------------------- */

static bool is_reserved(const char *name, size_t length)
{
    static const char *const members[] = {"stage", "session", "time",  "id",       "text",
                                          "role",  "tool",    "args",  "value",    "from",
                                          "to",    "agent",   "chain", "malformed"};
    for (uint32_t i = 0; i < sizeof members / sizeof *members; i++)
        if (strlen(members[i]) == length && memcmp(members[i], name, length) == 0)
            return true;
    return false;
}

static bool is_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", name[i]) ==
            NULL)
            return false;
    return length > 0;
}

/* --context user='{…}' becomes `"user":{…},` in `out`: the members that a first event brings. */
static bool record_read(const char *value, arena *memory, buffer *out)
{
    const char *const equals = strchr(value, '=');
    const size_t length = equals == NULL ? 0 : (size_t)(equals - value);
    if (equals == NULL || !is_name(value, length) || is_reserved(value, length)) {
        complain("--context is NAME=JSON, such as user='{\"id\":\"u1\"}', where NAME is a context "
                 "of the policy; "
                 "not \"%s\"",
                 value);
        return false;
    }
    cst_json *tree;
    json_problem problem;
    const json_error error =
        json_read(memory, equals + 1, strlen(equals + 1), LIMIT_JSON_DEPTH, &tree, &problem);
    if (error != JSON_OK || tree->kind != JSON_OBJECT) {
        complain("--context %.*s: %s", (int)length, value,
                 error != JSON_OK ? json_error_text(error) : "a JSON object was expected");
        return false;
    }
    buffer_json_string(out, value, length);
    buffer_text(out, ":");
    for (const char *at = equals + 1; *at != '\0'; at++)
        buffer_add(out, *at == '\n' || *at == '\r' ? " " : at, 1);
    buffer_text(out, ",");
    return true;
}

static bool records_read(const cli_arguments *arguments, const char *format, run_state *run,
                         buffer *out)
{
    if (!arguments_has(arguments, "--context"))
        return true;
    if (strcmp(format, "events") == 0) {
        complain("--context is for --from openai, anthropic, mcp and claude-hook: events bring "
                 "their own records");
        return false;
    }
    for (uint32_t i = 0; i < arguments->option_count; i++)
        if (strcmp(arguments->options[i].row->name, "--context") == 0 &&
            !record_read(arguments->options[i].value, &run->scratch, out))
            return false;
    /* The same name twice would make every first event malformed. */
    buffer whole;
    buffer_init(&whole, NULL, 0);
    buffer_format(&whole, "{%.*s}", (int)(out->length - 1), out->bytes);
    cst_json *tree;
    json_problem problem;
    const bool good = !whole.failed && json_read(&run->scratch, whole.bytes, whole.length,
                                                 LIMIT_JSON_DEPTH + 1, &tree, &problem) == JSON_OK;
    buffer_free(&whole);
    if (!good)
        complain("--context: one name was given twice");
    return good;
}

static bool fail_on_read(const cli_arguments *arguments, run_state *run)
{
    const char *const level = arguments_value(arguments, "--fail-on", NULL);
    if (level == NULL)
        return true;
    run->failing = true;
    if (verdict_read(level, &run->fail_on))
        return true;
    complain("--fail-on is one of permit, flag, redact, replace, require-approval, escalate, "
             "refuse, deny, halt; "
             "not \"%s\"",
             level);
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

/* Which words name the policy and the events: `run FILE [EVENTS]`, or `run --emit-events [FILE]
 * [EVENTS]`. */
static bool words_read(const cli_arguments *arguments, const char *format, bool emit,
                       const char **policy, const char **events)
{
    const char *const first = arguments->word_count > 0 ? arguments->words[0] : NULL;
    *policy = first;
    *events = arguments->word_count > 1 ? arguments->words[1] : "-";
    if (!emit && first == NULL) {
        complain("run needs a policy: constc run FILE [EVENTS]");
        return false;
    }
    if (!emit && ends_with(*events, ".const")) {
        complain("%s is a policy: events are JSON, an object a line", *events);
        return false;
    }
    if (!emit)
        return true;
    if (strcmp(format, "events") == 0 || arguments_has(arguments, "--summary")) {
        complain("--emit-events prints the events that --from makes of another format, and nothing "
                 "else");
        return false;
    }
    if (arguments->word_count == 1 && !ends_with(first, ".const") && !ends_with(first, ".so"))
        *events = first;
    *policy = NULL;
    return true;
}

/* Everything that the command line says. False: *code is how to end. */
static bool run_begin(const cli_arguments *arguments, const char *format, run_state *run,
                      buffer *records, const char **events, int *code)
{
    cst_options options = {.size = sizeof options};
    const char *policy;
    *code = EXIT_USAGE;
    run->emit_events = arguments_has(arguments, "--emit-events");
    if (!stream_options_good(arguments, format) || !run_source_options_good(arguments, format) ||
        !words_read(arguments, format, run->emit_events, &policy, events) ||
        !fail_on_read(arguments, run) || !run_threads_read(arguments, format, &run->threads) ||
        !limits_read(arguments, &options.limits) || !records_read(arguments, format, run, records))
        return false;
    run->bound = options.limits.event_bytes != 0 ? options.limits.event_bytes : LIMIT_EVENT_BYTES;
    if (strcmp(format, "events") != 0)
        run->bound = LIMIT_CONVERSATION_BYTES;
    if (run->emit_events)
        return true;
    run->policy = policy_load_by(arguments, policy, &options, code);
    if (run->policy == NULL)
        return false;
    const cst_status warm = cst_policy_warm(run->policy);
    if (warm != CST_OK) {
        complain("%s: %s", policy, cst_status_text(warm));
        *code = EXIT_USAGE;
        return false;
    }
    if (!run_can_share(run->policy))
        run->threads = 1;
    run->context = cst_context_new(run->policy);
    if (run->context == NULL) {
        complain("out of memory");
        *code = EXIT_USAGE;
        return false;
    }
    if (!cli_host_open(arguments, run->context, &run->host)) {
        *code = EXIT_USAGE;
        return false;
    }
    if (arguments_has(arguments, "--summary"))
        run->summary = summary_new();
    return true;
}

int command_run(const cli_arguments *arguments)
{
    const bool stream = arguments_has(arguments, "--stream");
    const char *const format = arguments_value(arguments, "--from", stream ? "text" : "events");
    run_state run = {0};
    buffer records;
    const char *events;
    int code;
    run.events = strcmp(format, "events") == 0;
    arena_init(&run.scratch, NULL, 0);
    buffer_init(&run.line, NULL, 0);
    buffer_init(&records, NULL, 0);
    if (run_begin(arguments, format, &run, &records, &events, &code)) {
        const char *const members = records.length > 0 ? records.bytes : NULL;
        progress_begin(&run.progress);
        if (stream)
            run_stream(&run, arguments, events, format, members);
        else
            read_input(&run, events, format, members, arguments_has(arguments, "--replies"));
        progress_end(&run.progress);
        code = run.trouble != EXIT_GOOD ? run.trouble : run.reached ? EXIT_REACHED : EXIT_GOOD;
        if (run.summary != NULL && run.trouble == EXIT_GOOD)
            summary_finish(run.summary);
        out_flush();
    }
    cst_context_free(run.context);
    cli_host_close(run.host);
    cst_policy_release(run.policy);
    buffer_free(&records);
    buffer_free(&run.line);
    arena_free(&run.scratch);
    return code;
}

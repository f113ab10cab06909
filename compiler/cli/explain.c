/*
 * explain.c - `constc explain`: why an event was decided as it was.
 *
 * The reference evaluator decides the events; while it does, every rule that concerns an event is
 * asked for its condition, with the values it saw. What is printed is for people: names and values
 * of events are shown without control characters.
 */
#include <string.h>

#include "compiler/cli/cli.h"
#include "compiler/cli/evidence.h"
#include "compiler/cli/summary.h"
#include "runtime/adapters/lines.h"
#include "runtime/json.h"
#include "runtime/limits.h"

typedef struct event_explanation {
    policy_evidence evidence;
    uint64_t line;   /* that is read; 0: the input is one event */
    uint64_t number; /* of the event decided last: its line */
    bool failed;
    uint64_t printed; /* events */
    buffer text;      /* what to print about it */
} event_explanation;

static void fired_add(buffer *out, const cst_fired *fired)
{
    buffer_format(out, "  %s: %s",
                  fired->rule == NULL ? "default (no rule permits this)" : fired->rule,
                  verdict_words(fired->effect));
    if (fired->principle != NULL)
        buffer_format(out, ", under %s", fired->principle);
    if (fired->shadow)
        buffer_text(out, ", in shadow: not enforced");
    if (fired->undecided_code != NULL)
        buffer_format(out, ", could not be decided (%s at %s)", fired->undecided_code,
                      fired->undecided_at);
    if (fired->message != NULL && fired->message[0] != '\0') {
        buffer_text(out, ": ");
        show_text(out, fired->message, strlen(fired->message), 0);
    }
    buffer_text(out, "\n");
}

static void event_explain(event_explanation *explanation, const char *json, size_t length)
{
    policy_evidence *const evidence = &explanation->evidence;
    buffer *const out = &explanation->text;
    cst_decision decision;
    const cst_status status = evidence_decide(evidence, json, length, &decision);
    explanation->number = explanation->line > 0 ? explanation->line : explanation->number + 1;
    buffer_clear(out);
    if (status != CST_OK) {
        complain("%s", cst_status_text(status));
        explanation->failed = true;
        return;
    }
    buffer_format(out, "event %llu: %s\n", (unsigned long long)explanation->number,
                  verdict_words(decision.verdict));
    if (decision.error_code != NULL) {
        buffer_format(out, "  malformed (%s)%s%s: ", decision.error_code,
                      decision.error_pointer != NULL && decision.error_pointer[0] != '\0' ? " at "
                                                                                          : "",
                      decision.error_pointer != NULL ? decision.error_pointer : "");
        const char *const text = decision.error_text != NULL ? decision.error_text : "";
        show_text(out, text, strlen(text), 0);
        buffer_text(out, "\n  No rule was asked: what cannot be read is denied.\n");
        return;
    }
    cst_fired fired;
    for (uint32_t i = 0; cst_decision_rule(&decision, i, &fired) == CST_OK; i++)
        fired_add(out, &fired);
    for (uint32_t i = 0; cst_decision_shadow(&decision, i, &fired) == CST_OK; i++)
        fired_add(out, &fired);
    if (evidence->rule_count == 0)
        buffer_format(out, "\nNo rule of the policy concerns this event.\n");
    else {
        buffer_text(out, "\n");
        buffer_add(out, evidence->why.bytes, evidence->why.length);
    }
}

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

static void explanation_print(event_explanation *explanation)
{
    if (explanation->printed++ > 0)
        out_text("\n");
    out_bytes(explanation->text.bytes, explanation->text.length);
}

/* The whole input as one event that was printed over several lines. */
static bool read_document(event_explanation *explanation, line_reader *lines)
{
    const char *text;
    size_t length;
    if (lines_everything(lines, &text, &length) != LINES_TEXT)
        return false;
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_json *tree;
    json_problem problem;
    const bool whole =
        json_read(&memory, text, length, LIMIT_JSON_DEPTH, &tree, &problem) == JSON_OK;
    arena_free(&memory);
    if (whole)
        event_explain(explanation, text, length);
    return whole;
}

static bool read_events(event_explanation *explanation, line_reader *lines, const char *path,
                        bool all)
{
    if (read_document(explanation, lines))
        return true;
    for (;;) {
        const char *line;
        size_t length;
        const lines_status status = lines_next(lines, &line, &length);
        if (status == LINES_END)
            return true;
        if (status == LINES_FAILED || status == LINES_NO_MEMORY) {
            if (status == LINES_FAILED)
                complain_errno(path);
            else
                complain("out of memory");
            return false;
        }
        if (status == LINES_TEXT && is_blank(line, length))
            continue;
        explanation->line = lines->number;
        if (status == LINES_TOO_LONG) {
            explanation->number = lines->number;
            buffer_clear(&explanation->text);
            buffer_format(&explanation->text,
                          "event %llu: deny\n  malformed (limit): the line is longer than %zu "
                          "bytes\n",
                          (unsigned long long)explanation->number, lines->bound);
        } else
            event_explain(explanation, line, length);
        if (explanation->failed)
            return false;
        if (all)
            explanation_print(explanation);
    }
}

int command_explain(const cli_arguments *arguments)
{
    event_explanation explanation = {0};
    cst_options options = {.size = sizeof options};
    int code = EXIT_USAGE;
    if (!limits_read(arguments, &options.limits))
        return EXIT_USAGE;
    const char *const policy = arguments->words[0];
    const char *const events = arguments->word_count > 1 ? arguments->words[1] : "-";
    if (policy_is_compiled(policy)) {
        complain("%s is compiled: explaining needs the source", policy);
        return EXIT_USAGE;
    }
    if (arguments_has(arguments, "--holdback")) {
        if (arguments->word_count > 1) {
            complain("explain --holdback is about the policy alone: it takes no events");
            return EXIT_USAGE;
        }
        return holdback_print(policy,
                              strcmp(arguments_value(arguments, "--format", "text"), "json") == 0);
    }
    if (arguments_has(arguments, "--format")) {
        complain("--format is for --holdback");
        return EXIT_USAGE;
    }
    if (!evidence_open(&explanation.evidence, policy, &options, &code))
        return code;
    buffer_init(&explanation.text, NULL, 0);
    const int descriptor = file_open(events);
    code = EXIT_USAGE;
    if (descriptor >= 0) {
        line_reader lines;
        lines_init(&lines, descriptor, LIMIT_EVENT_BYTES, NULL);
        const bool all = arguments_has(arguments, "--all");
        if (read_events(&explanation, &lines, strcmp(events, "-") == 0 ? "stdin" : events, all)) {
            code = EXIT_GOOD;
            if (explanation.number == 0) {
                complain("there is no event to explain");
                code = EXIT_USAGE;
            } else if (explanation.printed == 0)
                explanation_print(&explanation);
        }
        lines_free(&lines);
        file_close(descriptor);
    }
    buffer_free(&explanation.text);
    evidence_close(&explanation.evidence);
    return code;
}

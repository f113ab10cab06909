/*
 * judge.c - see judge.h. The text is written into the event as JSON and read again by the runtime:
 * a few bytes more to copy, and what is measured is the way that an event takes in service.
 */
#include "compiler/cli/judge.h"

#include <string.h>

#include "runtime/engine.h"
#include "runtime/json.h"
#include "runtime/limits.h"
#include "runtime/policy.h"

/* Monday, 5 January 2026, 12:00 UTC, as in `constc test`. */
static int64_t fixed_clock(void *user)
{
    (void)user;
    return INT64_C(1767614400) * 1000000;
}

/* ---- the event around the text --------------------------------------------------------------- */

static bool is_taken(const char *name, size_t length)
{
    static const char *const taken[] = {"stage", "session", "id", "text", "tool"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strlen(taken[i]) == length && memcmp(taken[i], name, length) == 0)
            return true;
    return false;
}

/* --given NAME=JSON: a member of the event; `args` is kept apart, since the text may go into it. */
static bool given_read(judge *judge, const char *value, arena *memory, const char **args)
{
    const char *const equals = strchr(value, '=');
    const size_t length = equals == NULL ? 0 : (size_t)(equals - value);
    if (length == 0 || is_taken(value, length)) {
        complain("--given is NAME=JSON, such as user='{\"id\":\"u1\"}', where NAME is a context "
                 "of the policy or another member of the event; not \"%s\"",
                 value);
        return false;
    }
    cst_json *tree;
    json_problem problem;
    const json_error error =
        json_read(memory, equals + 1, strlen(equals + 1), LIMIT_JSON_DEPTH, &tree, &problem);
    const bool is_args = length == 4 && memcmp(value, "args", 4) == 0;
    if (error != JSON_OK || (is_args && tree->kind != JSON_OBJECT)) {
        complain("--given %.*s: %s", (int)length, value,
                 error != JSON_OK ? json_error_text(error) : "a JSON object was expected");
        return false;
    }
    if (is_args) {
        *args = equals + 1;
        return true;
    }
    buffer_json_string(&judge->head, value, length);
    buffer_format(&judge->head, ":%s,", equals + 1);
    return true;
}

/* What stands between the braces of an object, with a comma behind it; nothing if it is empty. */
static void members_add(buffer *out, const char *object)
{
    const char *first = strchr(object, '{') + 1;
    const char *last = strrchr(object, '}');
    first += strspn(first, " \t\r\n");
    if (first < last)
        buffer_format(out, "%.*s,", (int)(last - first), first);
}

/* "body", "mail.body" or "to.0": opens what the text lies in, and closes it again in `tail`. */
static bool argument_place(judge *judge, const char *path)
{
    buffer closing;
    buffer_init(&closing, NULL, 0);
    for (const char *at = path; at != NULL;) {
        const char *const end = strchr(at, '.');
        const size_t length = end == NULL ? strlen(at) : (size_t)(end - at);
        const bool element = length == 1 && at[0] == '0';
        if (length == 0) {
            complain("--arg is the name of an argument, or a path such as mail.body or to.0; not "
                     "\"%s\"",
                     path);
            buffer_free(&closing);
            return false;
        }
        if (at != path)
            buffer_text(&judge->head, element ? "[" : "{");
        if (at == path || !element) {
            buffer_json_string(&judge->head, at, length);
            buffer_text(&judge->head, ":");
        }
        if (at != path)
            buffer_text(&closing, element ? "]" : "}");
        buffer_text(&judge->pointer, "/");
        for (size_t i = 0; i < length; i++)
            buffer_text(&judge->pointer, (char[]){at[i] == '~'   ? '~'
                                                  : at[i] == '/' ? '~'
                                                                 : at[i],
                                                  at[i] == '~'   ? '0'
                                                  : at[i] == '/' ? '1'
                                                                 : '\0',
                                                  '\0'});
        at = end == NULL ? NULL : end + 1;
    }
    while (closing.length > 0)
        buffer_add(&judge->tail, &closing.bytes[--closing.length], 1);
    buffer_free(&closing);
    return true;
}

static bool event_around(judge *judge, const cli_arguments *arguments, arena *memory)
{
    const char *args = NULL;
    buffer_format(&judge->head, "{\"stage\":\"%s\",", cst_stage_name(judge->stage));
    if (judge->tool != NULL) {
        buffer_text(&judge->head, "\"tool\":");
        buffer_json_string(&judge->head, judge->tool, strlen(judge->tool));
        buffer_text(&judge->head, ",");
    }
    for (uint32_t i = 0; i < arguments->option_count; i++)
        if (strcmp(arguments->options[i].row->name, "--given") == 0 &&
            !given_read(judge, arguments->options[i].value, memory, &args))
            return false;
    if (judge->stage == CST_ACTION) {
        buffer_text(&judge->head, "\"args\":{");
        if (args != NULL)
            members_add(&judge->head, args);
        buffer_text(&judge->pointer, "/args");
        if (!argument_place(judge, arguments_value(arguments, "--arg", "")))
            return false;
        buffer_text(&judge->tail, "}}");
        return true;
    }
    if (args != NULL)
        buffer_format(&judge->head, "\"args\":%s,", args);
    buffer_text(&judge->head, "\"text\":");
    buffer_text(&judge->pointer, "/text");
    buffer_text(&judge->tail, "}");
    return true;
}

static void event_make(judge *judge, const char *text, size_t length)
{
    buffer *const event = &judge->event;
    buffer_clear(event);
    buffer_add(event, judge->head.bytes, judge->head.length);
    buffer_json_string(event, text, length);
    buffer_add(event, judge->tail.bytes, judge->tail.length);
    if (event->failed)
        checked(NULL);
}

/* The pieces fit together: a member that was given twice would make every event malformed. */
static bool event_probe(judge *judge, arena *memory)
{
    cst_json *tree;
    json_problem problem;
    event_make(judge, "", 0);
    const json_error error = json_read(memory, judge->event.bytes, judge->event.length,
                                       LIMIT_JSON_DEPTH + 1, &tree, &problem);
    if (error == JSON_OK)
        return true;
    complain("the event that --given, --tool and --arg make is no good at \"%s\": %s",
             problem.pointer, json_error_text(error));
    return false;
}

/* ---- options --------------------------------------------------------------------------------- */

static bool stage_read(judge *judge, const cli_arguments *arguments)
{
    const char *const stage = arguments_value(arguments, "--stage", "input");
    for (int i = 0; i < CST_STAGE_COUNT; i++)
        if (strcmp(stage, cst_stage_name((cst_stage)i)) == 0)
            judge->stage = (cst_stage)i;
    judge->tool = arguments_value(arguments, "--tool", NULL);
    const bool has_tool = judge->stage == CST_ACTION || judge->stage == CST_RESULT;
    const bool has_argument = arguments_has(arguments, "--arg");
    if (has_tool != (judge->tool != NULL)) {
        complain(has_tool ? "--stage %s needs --tool NAME"
                          : "--tool is for actions and results, "
                            "not for --stage %s",
                 stage);
        return false;
    }
    if (has_argument != (judge->stage == CST_ACTION)) {
        complain(has_argument ? "--arg is for --stage action, not for %s"
                              : "--stage %s needs --arg NAME: the argument that takes the text",
                 stage);
        return false;
    }
    return true;
}

static bool least_read(judge *judge, const cli_arguments *arguments)
{
    const char *const least = arguments_value(arguments, "--at-least", "flag");
    if (verdict_read(least, &judge->least) && judge->least > CST_PERMIT)
        return true;
    complain("--at-least is one of flag, redact, replace, require-approval, escalate, refuse, "
             "deny, halt; not \"%s\"",
             least);
    return false;
}

/* A tool that the policy does not know is decided by its default alone: hardly what was meant. */
static void tool_check(const judge *judge)
{
    if (judge->tool == NULL)
        return;
    const cst_image *const image = judge->policy->image;
    const cst_tool_row *const tools = CST_ROWS(image, tools, cst_tool_row);
    for (uint32_t i = 0; i < image->tools.count; i++)
        if (tools[i].name.length == strlen(judge->tool) &&
            memcmp(CST_TEXT(image, tools[i].name), judge->tool, tools[i].name.length) == 0)
            return;
    complain("the policy declares no tool \"%s\"", judge->tool);
}

bool judge_begin(judge *judge, const cli_arguments *arguments, const char *policy, int *code)
{
    memset(judge, 0, sizeof *judge);
    buffer *const buffers[] = {&judge->head, &judge->tail, &judge->pointer, &judge->event};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_init(buffers[i], NULL, 0);
    judge->shadow = arguments_has(arguments, "--shadow");
    *code = EXIT_USAGE;
    arena memory;
    arena_init(&memory, NULL, 0);
    const bool good = stage_read(judge, arguments) && least_read(judge, arguments) &&
                      event_around(judge, arguments, &memory) && event_probe(judge, &memory);
    arena_free(&memory);
    if (!good)
        return false;
    const cst_options options = {.size = sizeof options, .clock = fixed_clock};
    judge->policy = policy_load_by(arguments, policy, &options, code);
    if (judge->policy == NULL)
        return false;
    judge->context = checked(cst_context_new(judge->policy));
    *code = EXIT_USAGE;
    if (!cli_host_open(arguments, judge->context, &judge->host))
        return false;
    tool_check(judge);
    return true;
}

void judge_end(judge *judge)
{
    cst_context_free(judge->context);
    cli_host_close(judge->host);
    cst_policy_release(judge->policy);
    buffer_free(&judge->head);
    buffer_free(&judge->tail);
    buffer_free(&judge->pointer);
    buffer_free(&judge->event);
}

/* ---- deciding -------------------------------------------------------------------------------- */

bool judge_text(judge *judge, const char *text, size_t length, judgement *out)
{
    event_make(judge, text, length);
    engine_forget_all(judge->context);
    const cst_status status =
        cst_decide_json(judge->context, judge->event.bytes, judge->event.length, &out->decision);
    if (status != CST_OK) {
        complain("%s", cst_status_text(status));
        return false;
    }
    /* what waits for the host has not been decided */
    out->read = out->decision.error_code == NULL && out->decision.verdict != CST_PENDING;
    out->verdict = out->decision.verdict;
    cst_fired fired;
    for (uint32_t i = 0; judge->shadow && cst_decision_shadow(&out->decision, i, &fired) == CST_OK;
         i++)
        if (fired.effect > out->verdict)
            out->verdict = fired.effect;
    out->spoke = out->verdict >= judge->least;
    return true;
}

/* ---- the rules of a stage -------------------------------------------------------------------- */

static bool concerns(const judge *judge, const cst_image *image, uint32_t tool)
{
    if (judge->tool == NULL || tool >= image->tools.count)
        return true;
    const cst_ref name = CST_ROWS(image, tools, cst_tool_row)[tool].name;
    return name.length == strlen(judge->tool) &&
           memcmp(CST_TEXT(image, name), judge->tool, name.length) == 0;
}

void judge_rules(const judge *judge,
                 void (*visit)(void *user, const char *name, size_t length, cst_verdict effect,
                               bool shadow),
                 void *user)
{
    const cst_image *const image = judge->policy->image;
    const cst_range rows = image->stages[judge->stage].dispatch;
    const cst_dispatch_row *const dispatch =
        CST_ROWS(image, dispatch, cst_dispatch_row) + rows.first;
    for (uint32_t i = 0; i < rows.count; i++) {
        if (!concerns(judge, image, i))
            continue;
        for (uint32_t k = 0; k < dispatch[i].groups.count; k++) {
            const uint32_t number =
                CST_ROWS(image, group_lists, uint32_t)[dispatch[i].groups.first + k];
            const cst_range members = CST_ROWS(image, groups, cst_group_row)[number].rules;
            for (uint32_t m = 0; m < members.count; m++) {
                const cst_rule_row *const rule = &CST_ROWS(
                    image, rules,
                    cst_rule_row)[CST_ROWS(image, group_rules, uint32_t)[members.first + m]];
                if (rule->kind == CST_RULE)
                    visit(user, CST_TEXT(image, rule->name), rule->name.length,
                          (cst_verdict)rule->verdict, rule->shadow != 0);
            }
        }
    }
}

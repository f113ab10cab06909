/*
 * diff_events.c - recorded events, decided by the old and the new policy.
 *
 * Each policy has one context and sees every event, so that sessions grow as they did. Where an
 * event has no time both take the same moment: the clock stands still. Compared is what a service
 * would do and report: the verdict, the rules that fired, and what goes on instead of the event.
 * Messages may change their words.
 */
#include <errno.h>
#include <string.h>

#include "compiler/cli/diff.h"
#include "runtime/adapters/lines.h"
#include "runtime/limits.h"

static bool decide(cst_context *context, const char *line, size_t length, diff_decision *out)
{
    cst_decision decision;
    if (cst_decide_json(context, line, length, &decision) != CST_OK)
        return false;
    out->verdict = decision.verdict;
    buffer_clear(&out->rules);
    buffer_clear(&out->onward);
    buffer_text(&out->rules, "[");
    if (decision.error_code != NULL)
        buffer_format(&out->rules, "\"(%s at %s)\"", decision.error_code,
                      decision.error_pointer == NULL ? "" : decision.error_pointer);
    for (uint32_t i = 0; i < decision.rule_count; i++) {
        cst_fired fired;
        if (cst_decision_rule(&decision, i, &fired) != CST_OK)
            return false;
        const char *const name = fired.rule != NULL ? fired.rule : "(default)";
        buffer_text(&out->rules, i == 0 ? "" : ",");
        buffer_json_string(&out->rules, name, strlen(name));
    }
    buffer_text(&out->rules, "]");
    const char *text;
    size_t size;
    if (cst_decision_text(&decision, &text, &size) == CST_OK)
        buffer_json_string(&out->onward, text, size);
    if (cst_decision_args(&decision, &text, &size) == CST_OK)
        buffer_add(&out->onward, text, size);
    return !out->rules.failed && !out->onward.failed;
}

static bool equal(const buffer *left, const buffer *right)
{
    return left->length == right->length &&
           (left->length == 0 || memcmp(left->bytes, right->bytes, left->length) == 0);
}

static bool blank(const char *line, size_t length)
{
    size_t i = 0;
    while (i < length && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r'))
        i++;
    return i == length;
}

static int read_lines(line_reader *lines, const char *path, cst_context *const contexts[2],
                      diff_decision sides[2], bool json, uint64_t most, diff_tally *tally)
{
    const char *line;
    size_t length;
    uint64_t told = 0;
    lines_status status;
    while ((status = lines_next(lines, &line, &length)) == LINES_TEXT || status == LINES_TOO_LONG) {
        if (status == LINES_TOO_LONG || blank(line, length))
            continue; /* a line past the bound is denied by either */
        for (uint32_t i = 0; i < 2; i++) {
            sides[i].line = lines->number;
            if (!decide(contexts[i], line, length, &sides[i])) {
                complain("%s:%llu: it could not be decided", path,
                         (unsigned long long)lines->number);
                return EXIT_USAGE;
            }
        }
        tally->events++;
        if (sides[0].verdict == sides[1].verdict && equal(&sides[0].rules, &sides[1].rules) &&
            equal(&sides[0].onward, &sides[1].onward))
            continue;
        uint64_t *const place = sides[1].verdict > sides[0].verdict   ? &tally->stricter
                                : sides[1].verdict < sides[0].verdict ? &tally->looser
                                                                      : &tally->level;
        ++*place;
        if (told < most)
            diff_print_decision(json, told++ == 0, path, &sides[0], &sides[1]);
    }
    if (status == LINES_FAILED)
        complain_errno(path);
    else if (status == LINES_NO_MEMORY)
        complain("out of memory");
    return status == LINES_END ? EXIT_GOOD : EXIT_USAGE;
}

int diff_events(cst_policy *old, cst_policy *new, const char *path, bool json, uint64_t most,
                diff_tally *tally)
{
    const int descriptor = file_open(path);
    if (descriptor < 0)
        return EXIT_USAGE;
    cst_context *const contexts[2] = {cst_context_new(old), cst_context_new(new)};
    diff_decision sides[2];
    for (uint32_t i = 0; i < 2; i++) {
        checked(contexts[i]);
        buffer_init(&sides[i].rules, NULL, 0);
        buffer_init(&sides[i].onward, NULL, 0);
    }
    line_reader lines;
    lines_init(&lines, descriptor, LIMIT_EVENT_BYTES, NULL);
    diff_print_events(json);
    const int code = read_lines(&lines, path, contexts, sides, json, most, tally);
    lines_free(&lines);
    file_close(descriptor);
    for (uint32_t i = 0; i < 2; i++) {
        buffer_free(&sides[i].rules);
        buffer_free(&sides[i].onward);
        cst_context_free(contexts[i]);
    }
    return code;
}

/*
 * summary.c - see summary.h.
 *
 * Rows have columns of a fixed width, so that a stream of any length can be printed as it comes. A
 * short run lists every event. Once there are more than LISTED events, those that simply pass are
 * left out (and the table says so): up to then the rows wait. Memory grows with the number of rules
 * that spoke, not with the number of events.
 */
#include "compiler/cli/summary.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/hash.h"

enum {
    LISTED = 40,
    NUMBER_COLUMNS = 8,
    STAGE_COLUMNS = 8,
    TOOL_COLUMNS = 20,
    VERDICT_COLUMNS = 18,
    LISTED_RULES = 50,
    VERDICTS = CST_PENDING + 1
};

typedef struct rule_total {
    char *name; /* NULL: an empty place of the table */
    cst_verdict effect;
    bool shadow;
    uint64_t count;
} rule_total;

struct run_summary {
    uint32_t width;
    bool colour;
    uint64_t events, unread;
    uint64_t verdicts[VERDICTS];
    char *waiting[LISTED]; /* rows, while there are few events */
    bool waiting_passes[LISTED];
    uint32_t waiting_count;
    bool streaming;
    rule_total *rules;
    uint32_t rule_count, rule_capacity;
    buffer row;
};

const char *verdict_words(cst_verdict verdict)
{
    return verdict == CST_REQUIRE_APPROVAL ? "require approval" : cst_verdict_name(verdict);
}

static const char *verdict_meaning(cst_verdict verdict)
{
    switch (verdict) {
    case CST_PERMIT: return "went on";
    case CST_FLAG: return "went on, with a note in the log";
    case CST_REDACT: return "went on with parts cut out";
    case CST_REPLACE: return "went on in a safer form";
    case CST_REQUIRE_APPROVAL: return "waits until somebody approves";
    case CST_ESCALATE: return "handed to somebody else";
    case CST_REFUSE: return "stopped, with an offer of help";
    case CST_DENY: return "stopped";
    case CST_HALT: return "stopped, and the session with it";
    case CST_PENDING: return "waits for answers of the host";
    }
    return "";
}

static const char *verdict_colour(cst_verdict verdict)
{
    if (verdict >= CST_REFUSE)
        return "\033[31m";
    return verdict >= CST_FLAG ? "\033[33m" : "\033[32m";
}

run_summary *summary_new(void)
{
    run_summary *const made = checked(calloc(1, sizeof *made));
    made->width = terminal_width();
    made->colour = colour_wanted(STDOUT_FILENO);
    buffer_init(&made->row, NULL, 0);
    return made;
}

/* ---- totals ---------------------------------------------------------------------------------- */

static rule_total *total_place(const run_summary *summary, const char *name, cst_verdict effect,
                               bool shadow)
{
    uint32_t index = cst_hash(name, strlen(name));
    for (;; index++) {
        rule_total *const place = &summary->rules[index & (summary->rule_capacity - 1)];
        if (place->name == NULL ||
            (place->effect == effect && place->shadow == shadow && strcmp(place->name, name) == 0))
            return place;
    }
}

static void total_add(run_summary *summary, const char *name, cst_verdict effect, bool shadow)
{
    if (summary->rule_count * 2 >= summary->rule_capacity) {
        rule_total *const old = summary->rules;
        const uint32_t old_capacity = summary->rule_capacity;
        summary->rule_capacity = old_capacity == 0 ? 64 : old_capacity * 2;
        summary->rules = checked(calloc(summary->rule_capacity, sizeof *summary->rules));
        for (uint32_t i = 0; i < old_capacity; i++)
            if (old[i].name != NULL)
                *total_place(summary, old[i].name, old[i].effect, old[i].shadow) = old[i];
        free(old);
    }
    rule_total *const place = total_place(summary, name, effect, shadow);
    if (place->name == NULL) {
        const size_t size = strlen(name) + 1;
        place->name = checked(malloc(size));
        memcpy(place->name, name, size);
        place->effect = effect;
        place->shadow = shadow;
        summary->rule_count++;
    }
    place->count++;
}

static const char *rule_name(const cst_fired *fired)
{
    return fired->rule == NULL ? "(default)" : fired->rule;
}

static void count_rules(run_summary *summary, const cst_decision *decision)
{
    cst_fired fired;
    for (uint32_t i = 0; cst_decision_rule(decision, i, &fired) == CST_OK; i++)
        total_add(summary, rule_name(&fired), fired.effect, false);
    for (uint32_t i = 0; cst_decision_shadow(decision, i, &fired) == CST_OK; i++)
        total_add(summary, rule_name(&fired), fired.effect, true);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The reason in a sentence: the strictest rule, which stands first, and how many more there are. */
static void reason_add(buffer *out, const summary_event *event)
{
    const cst_decision *const decision = event->decision;
    if (decision == NULL || decision->error_code != NULL) {
        buffer_text(out, "the event could not be read: ");
        buffer_text(out, decision == NULL               ? event->error_text
                         : decision->error_text != NULL ? decision->error_text
                                                        : decision->error_code);
        if (decision != NULL && decision->error_pointer != NULL &&
            decision->error_pointer[0] != '\0')
            buffer_format(out, " (at %s)", decision->error_pointer);
        return;
    }
    cst_fired fired;
    if (cst_decision_rule(decision, 0, &fired) == CST_OK) {
        if (fired.rule == NULL)
            buffer_text(out, decision->verdict == CST_REQUIRE_APPROVAL
                                 ? "no rule permits this, so somebody must approve it"
                                 : "no rule permits this");
        else if (decision->verdict != CST_PERMIT)
            buffer_text(out, fired.rule);
        if (fired.undecided_code != NULL)
            buffer_format(out, " (could not be decided: %s)", fired.undecided_code);
        if (fired.rule != NULL && fired.message != NULL && fired.message[0] != '\0')
            buffer_format(out, ": %s", fired.message);
        else if (fired.rule != NULL && fired.offering != NULL)
            buffer_format(out, ": offers \"%s\"", fired.offering);
        if (decision->rule_count > 1 && decision->verdict != CST_PERMIT)
            buffer_format(out, " (and %u more)", decision->rule_count - 1);
    }
    if (cst_decision_shadow(decision, 0, &fired) == CST_OK)
        buffer_format(out, "%s[in shadow: %s would %s]", decision->verdict == CST_PERMIT ? "" : " ",
                      rule_name(&fired), verdict_words(fired.effect));
}

static void row_make(run_summary *summary, const summary_event *event, cst_verdict verdict)
{
    buffer *const row = &summary->row;
    buffer_clear(row);
    buffer_format(row, "%*llu  ", NUMBER_COLUMNS - 2,
                  (unsigned long long)(event->place > 0 ? event->place : summary->events));
    const char *const stage = event->stage == NULL ? "-" : event->stage;
    show_cell(row, stage, strlen(stage), STAGE_COLUMNS + 1);
    show_cell(row, event->tool == NULL ? "-" : event->tool,
              event->tool == NULL ? 1 : event->tool_length, TOOL_COLUMNS);
    if (summary->colour)
        buffer_text(row, verdict_colour(verdict));
    show_cell(row, verdict_words(verdict), strlen(verdict_words(verdict)), VERDICT_COLUMNS);
    if (summary->colour)
        buffer_text(row, "\033[0m");
    buffer reason;
    buffer_init(&reason, NULL, 0);
    reason_add(&reason, event);
    const uint32_t before = NUMBER_COLUMNS + STAGE_COLUMNS + 1 + TOOL_COLUMNS + VERDICT_COLUMNS;
    if (reason.length > 0)
        show_text(row, reason.bytes, reason.length,
                  summary->width > before + 20 ? summary->width - before : 20);
    buffer_free(&reason);
    while (row->length > 0 && row->bytes[row->length - 1] == ' ')
        row->length--;
    buffer_text(row, "\n");
    if (row->failed)
        checked(NULL);
}

static void heading_print(const run_summary *summary)
{
    out_format("%*s  %-*s%-*s%-*s%s\n", NUMBER_COLUMNS - 2, "#", STAGE_COLUMNS + 1, "stage",
               TOOL_COLUMNS, "tool", VERDICT_COLUMNS, "decision", "why");
    (void)summary;
}

/* Prints the rows that wait; only those that did not pass if the run is a long one. */
static void waiting_print(run_summary *summary, bool all)
{
    if (!all)
        out_format("There are more than %d events: those that simply pass are not listed.\n\n",
                   LISTED);
    if (summary->events > 0)
        heading_print(summary);
    for (uint32_t i = 0; i < summary->waiting_count; i++) {
        if (all || !summary->waiting_passes[i])
            out_text(summary->waiting[i]);
        free(summary->waiting[i]);
    }
    summary->waiting_count = 0;
}

void summary_add(run_summary *summary, const summary_event *event)
{
    const cst_verdict verdict = event->decision == NULL ? CST_DENY : event->decision->verdict;
    summary->events++;
    summary->verdicts[verdict]++;
    if (event->decision == NULL || event->decision->error_code != NULL)
        summary->unread++;
    else
        count_rules(summary, event->decision);
    if (!summary->streaming && summary->waiting_count == LISTED) {
        waiting_print(summary, false);
        summary->streaming = true;
    }
    if (summary->streaming && verdict == CST_PERMIT)
        return;
    row_make(summary, event, verdict);
    if (summary->streaming) {
        out_bytes(summary->row.bytes, summary->row.length);
        return;
    }
    char *const copy = checked(malloc(summary->row.length + 1));
    memcpy(copy, summary->row.bytes, summary->row.length + 1);
    summary->waiting_passes[summary->waiting_count] = verdict == CST_PERMIT;
    summary->waiting[summary->waiting_count++] = copy;
}

/* ---- the end --------------------------------------------------------------------------------- */

static int total_order(const void *left, const void *right)
{
    const rule_total *const a = left;
    const rule_total *const b = right;
    if (a->shadow != b->shadow)
        return a->shadow ? 1 : -1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    const int names = strcmp(a->name, b->name);
    return names != 0 ? names : (int)b->effect - (int)a->effect;
}

static void rules_print(run_summary *summary)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < summary->rule_capacity; i++)
        if (summary->rules[i].name != NULL)
            summary->rules[count++] = summary->rules[i];
    if (count == 0)
        return;
    qsort(summary->rules, count, sizeof *summary->rules, total_order);
    out_text("\nWhat spoke, and how often\n");
    for (uint32_t i = 0; i < count; i++) {
        const rule_total *const total = &summary->rules[i];
        if (i < LISTED_RULES) {
            buffer_clear(&summary->row);
            show_cell(&summary->row, total->name, strlen(total->name), 32);
            out_format("%10llu  %s%s%s\n", (unsigned long long)total->count, summary->row.bytes,
                       verdict_words(total->effect),
                       total->shadow ? ", in shadow: not enforced" : "");
        }
        free(total->name);
    }
    if (count > LISTED_RULES)
        out_format("%10s  and %u more\n", "", count - LISTED_RULES);
}

void summary_finish(run_summary *summary)
{
    if (!summary->streaming)
        waiting_print(summary, true);
    out_format("%s%llu event%s\n", summary->events > 0 ? "\n" : "",
               (unsigned long long)summary->events, summary->events == 1 ? "" : "s");
    for (int i = CST_PERMIT; i <= CST_PENDING; i++)
        if (summary->verdicts[i] > 0)
            out_format("%10llu  %-*s%s\n", (unsigned long long)summary->verdicts[i],
                       VERDICT_COLUMNS, verdict_words((cst_verdict)i),
                       verdict_meaning((cst_verdict)i));
    if (summary->unread > 0)
        out_format("%10llu  of the denied could not be read\n",
                   (unsigned long long)summary->unread);
    rules_print(summary);
    buffer_free(&summary->row);
    free(summary->rules);
    free(summary);
}

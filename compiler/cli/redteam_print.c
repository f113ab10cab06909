/*
 * redteam_print.c - the figures of `constc redteam`, for people and for programs.
 *
 * What gets past most stands first; controls stand behind the others, since getting past with them
 * is no surprise. A policy may have more rules than a line has room: the table is then printed in
 * blocks, each with some of the rules.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/redteam.h"
#include "compiler/cli/summary.h"

enum { NAME_COLUMNS = 16, RULE_COLUMNS = 16, PAIR_COLUMNS = 32 };

typedef struct ranked {     /* a transformation, or a pair */
    uint32_t first, second; /* second UINT32_MAX: alone */
    caught_count counts;
    bool control;
    double gain; /* of a pair: how much more gets past than with the better of the two alone */
} ranked;

void redteam_print_list(void)
{
    for (uint32_t i = 0; i < rewrite_count; i++)
        out_format("%-15s %s%s\n", rewrites[i].name, rewrites[i].what,
                   rewrites[i].control ? " (control: a policy need not catch it)" : "");
}

static double past_of(const caught_count *counts)
{
    return counts->total == 0 ? -1
                              : (double)(counts->total - counts->caught) / (double)counts->total;
}

static int by_past(const void *left, const void *right)
{
    const ranked *const a = left, *const b = right;
    if (a->control != b->control)
        return a->control ? 1 : -1;
    const double past = past_of(&a->counts), other = past_of(&b->counts);
    if (past < other || past > other)
        return past > other ? -1 : 1;
    if (a->gain < b->gain || a->gain > b->gain)
        return a->gain > b->gain ? -1 : 1;
    if (a->counts.total != b->counts.total)
        return a->counts.total > b->counts.total ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return a->second < b->second ? -1 : 1;
}

static ranked *rank_alone(const redteam_state *state, uint32_t *count)
{
    ranked *const made = checked(calloc(rewrite_count, sizeof *made));
    *count = 0;
    for (uint32_t i = 0; i < rewrite_count; i++)
        if (state->chosen[i])
            made[(*count)++] =
                (ranked){i, UINT32_MAX, state->alone[i].counts, rewrites[i].control, 0};
    qsort(made, *count, sizeof *made, by_past);
    return made;
}

static ranked *rank_pairs(const redteam_state *state, uint32_t *count)
{
    ranked *const made = checked(calloc((size_t)rewrite_count * rewrite_count, sizeof *made));
    *count = 0;
    for (uint32_t i = 0; i < rewrite_count; i++)
        for (uint32_t k = 0; k < rewrite_count; k++) {
            const caught_count *const pair = &state->pairs[i * rewrite_count + k];
            if (pair->total == 0)
                continue;
            const double one = past_of(&state->alone[i].counts);
            const double other = past_of(&state->alone[k].counts);
            made[(*count)++] = (ranked){i, k, *pair, rewrites[i].control || rewrites[k].control,
                                        past_of(pair) - (one > other ? one : other)};
        }
    qsort(made, *count, sizeof *made, by_past);
    return made;
}

/* ---- the table ------------------------------------------------------------------------------- */

static void count_cell(buffer *line, const caught_count *counts, uint32_t columns)
{
    char text[64] = "-";
    if (counts->total > 0)
        snprintf(text, sizeof text, "%llu/%llu", (unsigned long long)counts->caught,
                 (unsigned long long)counts->total);
    show_cell(line, text, strlen(text), columns);
}

static void percent_cell(buffer *line, double part)
{
    if (part < 0)
        buffer_text(line, "      -");
    else
        buffer_format(line, "%5.1f %%", part * 100);
}

static void print_head(const redteam_state *state)
{
    const cst_policy *const policy = state->judge.policy;
    out_format("%s@%s  %s\n", cst_policy_name(policy), cst_policy_version(policy),
               cst_policy_hash(policy));
    out_format("%llu rows, %llu positive; the policy catches %llu of them as they are (%s%s)\n",
               (unsigned long long)state->rows, (unsigned long long)state->positive_rows,
               (unsigned long long)(state->caught_rows + state->too_long),
               verdict_words(state->judge.least),
               state->judge.least < CST_HALT ? " or stricter" : "");
    if (state->unread > 0)
        out_format("%llu rows could not be read\n", (unsigned long long)state->unread);
    if (state->malformed > 0)
        out_format("%llu positive rows are malformed as events\n",
                   (unsigned long long)state->malformed);
    if (state->too_long > 0)
        out_format("%llu caught rows are too long to be rewritten so often\n",
                   (unsigned long long)state->too_long);
    out_format("%u rewritten, seed %llu: %llu decisions\n", state->kept_count,
               (unsigned long long)state->seed, (unsigned long long)state->decided);
}

static void alone_line(const redteam_state *state, const ranked *entry, uint32_t rule_first,
                       uint32_t rule_count, buffer *line)
{
    buffer_text(line, "  ");
    show_cell(line, rewrites[entry->first].name, strlen(rewrites[entry->first].name), NAME_COLUMNS);
    percent_cell(line, past_of(&entry->counts));
    buffer_text(line, "  ");
    count_cell(line, &entry->counts, 12);
    for (uint32_t k = 0; k < rule_count; k++) {
        const redteam_rule *const rule = state->rules.rows[rule_first + k];
        count_cell(line, &rule->alone[entry->first], RULE_COLUMNS);
    }
    out_line(line);
}

static void print_alone(const redteam_state *state, const ranked *entries, uint32_t count,
                        buffer *line)
{
    const uint32_t before = 2 + NAME_COLUMNS + 9 + 12, width = terminal_width();
    uint32_t room = width > before ? (width - before) / RULE_COLUMNS : 0;
    if (room == 0)
        room = 1;
    for (uint32_t first = 0; first == 0 || first < state->rules.count; first += room) {
        const uint32_t left = state->rules.count - first;
        const uint32_t shown = left < room ? left : room;
        out_format("\n%s: caught of the rows that it changes\n",
                   first == 0 ? "alone" : "alone, more rules");
        buffer_format(line, "  %-*s%7s  %-12s", NAME_COLUMNS, "", "past", "policy");
        for (uint32_t k = 0; k < shown; k++) {
            const redteam_rule *const rule = state->rules.rows[first + k];
            show_cell(line, rule->name.name, rule->name.length, RULE_COLUMNS);
        }
        out_line(line);
        bool control = false;
        for (uint32_t i = 0; i < count; i++) {
            if (entries[i].control && !control)
                out_text("  controls\n");
            control = entries[i].control;
            alone_line(state, &entries[i], first, shown, line);
        }
    }
    uint64_t unchanged = 0, trouble = state->pair_trouble;
    for (uint32_t i = 0; i < rewrite_count; i++) {
        unchanged += state->alone[i].unchanged;
        trouble += state->alone[i].trouble;
    }
    if (unchanged > 0)
        out_format("  %llu times a text stayed as it was, and is not counted\n",
                   (unsigned long long)unchanged);
    if (trouble > 0)
        out_format("  %llu times a text became too long, or malformed as an event\n",
                   (unsigned long long)trouble);
}

static void print_pairs(const redteam_state *state, buffer *line)
{
    uint32_t count;
    ranked *const entries = rank_pairs(state, &count);
    uint32_t plain = 0;
    while (plain < count && !entries[plain].control)
        plain++;
    const uint32_t shown = plain < state->show ? plain : (uint32_t)state->show;
    if (shown > 0)
        out_format("\npairs, the first %u of %u without controls\n  %-*s%7s  %-12s%s\n", shown,
                   plain, PAIR_COLUMNS, "", "past", "policy", "each alone");
    for (uint32_t i = 0; i < shown; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s, then %s", rewrites[entries[i].first].name,
                 rewrites[entries[i].second].name);
        buffer_text(line, "  ");
        show_cell(line, name, strlen(name), PAIR_COLUMNS);
        percent_cell(line, past_of(&entries[i].counts));
        buffer_text(line, "  ");
        count_cell(line, &entries[i].counts, 12);
        percent_cell(line, past_of(&state->alone[entries[i].first].counts));
        percent_cell(line, past_of(&state->alone[entries[i].second].counts));
        out_line(line);
    }
    free(entries);
}

void redteam_print_table(const redteam_state *state)
{
    buffer line;
    buffer_init(&line, NULL, 0);
    print_head(state);
    if (state->kept_count > 0) {
        uint32_t count;
        ranked *const entries = rank_alone(state, &count);
        print_alone(state, entries, count, &line);
        free(entries);
        print_pairs(state, &line);
    }
    buffer_free(&line);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void counts_add(buffer *out, const caught_count *counts)
{
    const rate past = rate_of(counts->total - counts->caught, counts->total);
    buffer_format(out, "\"caught\":%llu,\"total\":%llu,", (unsigned long long)counts->caught,
                  (unsigned long long)counts->total);
    if (counts->total == 0)
        buffer_text(out, "\"past\":null");
    else
        buffer_format(out, "\"past\":{\"value\":%.6f,\"low\":%.6f,\"high\":%.6f}", past.value,
                      past.low, past.high);
}

static void alone_add(buffer *out, const redteam_state *state, const ranked *entry)
{
    const redteam_alone *const alone = &state->alone[entry->first];
    const rewrite_row *const row = &rewrites[entry->first];
    buffer_format(out, "{\"name\":\"%s\",", row->name);
    member_text(out, "what", row->what);
    buffer_format(out, ",\"control\":%s,", row->control ? "true" : "false");
    counts_add(out, &entry->counts);
    buffer_format(out, ",\"unchanged\":%llu,\"not_decided\":%llu,\"rules\":{",
                  (unsigned long long)alone->unchanged, (unsigned long long)alone->trouble);
    for (uint32_t i = 0; i < state->rules.count; i++) {
        const redteam_rule *const rule = state->rules.rows[i];
        buffer_text(out, i == 0 ? "" : ",");
        buffer_json_string(out, rule->name.name, rule->name.length);
        buffer_text(out, ":{");
        counts_add(out, &rule->alone[entry->first]);
        buffer_text(out, "}");
    }
    buffer_text(out, "}");
    if (alone->example != NULL) {
        buffer_text(out, ",\"example\":{");
        member_text(out, "row", alone->example_row);
        buffer_text(out, ",\"excerpt\":");
        buffer_json_string(out, alone->example, alone->example_length);
        buffer_text(out, "}");
    }
    buffer_text(out, "}");
}

static void head_add(buffer *out, const redteam_state *state)
{
    buffer_text(out, "{");
    member_policy(out, state->judge.policy);
    buffer_format(out, ",\"stage\":\"%s\",\"at_least\":\"%s\",\"seed\":%llu,",
                  cst_stage_name(state->judge.stage), cst_verdict_name(state->judge.least),
                  (unsigned long long)state->seed);
    buffer_format(out,
                  "\"rows\":{\"all\":%llu,\"positive\":%llu,\"caught\":%llu,\"rewritten\":%u,"
                  "\"too_long\":%llu,\"not_read\":%llu,\"malformed\":%llu},\"decisions\":%llu,",
                  (unsigned long long)state->rows, (unsigned long long)state->positive_rows,
                  (unsigned long long)(state->caught_rows + state->too_long), state->kept_count,
                  (unsigned long long)state->too_long, (unsigned long long)state->unread,
                  (unsigned long long)state->malformed, (unsigned long long)state->decided);
    buffer_text(out, "\"rules\":[");
    for (uint32_t i = 0; i < state->rules.count; i++) {
        const redteam_rule *const rule = state->rules.rows[i];
        buffer_text(out, i == 0 ? "{\"rule\":" : ",{\"rule\":");
        buffer_json_string(out, rule->name.name, rule->name.length);
        buffer_format(out, ",\"rows\":%llu}", (unsigned long long)rule->rows);
    }
    buffer_text(out, "],");
}

void redteam_print_json(const redteam_state *state)
{
    buffer out;
    buffer_init(&out, NULL, 0);
    head_add(&out, state);
    uint32_t count;
    ranked *entries = rank_alone(state, &count);
    buffer_text(&out, "\"alone\":[");
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(&out, i == 0 ? "" : ",");
        alone_add(&out, state, &entries[i]);
    }
    free(entries);
    entries = rank_pairs(state, &count);
    buffer_text(&out, "],\"pairs\":[");
    for (uint32_t i = 0; i < count; i++) {
        buffer_format(&out, "%s{\"first\":\"%s\",\"second\":\"%s\",\"control\":%s,",
                      i == 0 ? "" : ",", rewrites[entries[i].first].name,
                      rewrites[entries[i].second].name, entries[i].control ? "true" : "false");
        counts_add(&out, &entries[i].counts);
        buffer_text(&out, "}");
    }
    free(entries);
    buffer_format(&out, "],\"pairs_not_decided\":%llu}\n", (unsigned long long)state->pair_trouble);
    if (out.failed)
        checked(NULL);
    out_bytes(out.bytes, out.length);
    buffer_free(&out);
}

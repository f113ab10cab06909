/*
 * eval_table.c - the figures of `constc eval` for people at a terminal.
 *
 * Every rate stands with its interval and the number of rows behind it. Texts of rows, ids, labels
 * and names of categories come from data and are made harmless first (show_text).
 */
#include <string.h>

#include "compiler/cli/eval.h"
#include "compiler/cli/summary.h"

enum { NAME_COLUMNS = 30, EFFECT_COLUMNS = 18, NEVER_LISTED = 40 };

/* A number at the right of its column. */
static void number_cell(buffer *line, uint64_t number, uint32_t columns)
{
    buffer_format(line, "%*llu", (int)columns, (unsigned long long)number);
}

/* "  93.1 %  (91.0 to 95.1)" in 26 columns; a dash where nothing was counted. */
static void rate_cell(buffer *line, const rate *found)
{
    char text[64] = "";
    if (found->total == 0) {
        buffer_format(line, "%8s  %-16s", "-", "");
        return;
    }
    buffer part;
    buffer_init(&part, NULL, 0);
    show_percent(&part, found->value);
    const bool small = found->high < 0.1;
    if (rate_has_interval(found))
        snprintf(text, sizeof text, small ? "(%.2f to %.2f)" : "(%.1f to %.1f)", found->low * 100,
                 found->high * 100);
    buffer_format(line, "%8s  %-16s", part.bytes == NULL ? "" : part.bytes, text);
    buffer_free(&part);
}

static void heading(const char *text)
{
    out_format("\n%s\n", text);
}

static void word_out(buffer *line, const char *text)
{
    show_text(line, text, strlen(text), 0);
}

/* ---- what was measured ----------------------------------------------------------------------- */

static void print_head(const eval_state *eval, buffer *line)
{
    const cst_policy *const policy = eval->judge.policy;
    buffer_format(line, "%s@%s  %s", cst_policy_name(policy), cst_policy_version(policy),
                  cst_policy_hash(policy));
    out_line(line);
    for (uint32_t i = 0; i < eval->file_count; i++) {
        buffer_text(line, i == 0 ? "data " : "     ");
        word_out(line, eval->files[i].path);
        out_line(line);
    }
    buffer_format(line, "each text is an event of the stage %s", cst_stage_name(eval->judge.stage));
    if (eval->judge.tool != NULL) {
        buffer_text(line, ", tool ");
        word_out(line, eval->judge.tool);
    }
    buffer_format(line, "; caught: %s%s%s", verdict_words(eval->judge.least),
                  eval->judge.least < CST_HALT ? " or stricter" : "",
                  eval->judge.shadow ? ", rules in shadow count" : "");
    out_line(line);
}

static void first_seen(buffer *line, const eval_place *place)
{
    buffer_text(line, "first ");
    word_out(line, place->path);
    buffer_format(line, ":%llu", (unsigned long long)place->line);
}

/* The labels of one kind: "attack 702, injection 27". */
static void labels_add(buffer *line, const eval_state *eval, row_class kind)
{
    const char *between = "";
    for (uint32_t i = 0; i < eval->labels.count; i++) {
        const eval_label *const label = eval->labels.rows[i];
        if (label->kind != kind)
            continue;
        buffer_text(line, between);
        show_text(line, label->name.name, label->name.length, NAME_COLUMNS);
        buffer_format(line, " %llu", (unsigned long long)label->rows);
        between = ", ";
        if (line->length > 200) {
            buffer_text(line, ", ...");
            return;
        }
    }
}

static void print_rows(const eval_state *eval, buffer *line)
{
    const uint64_t unread = eval_unread(eval);
    out_format("\nrows %14llu\n", (unsigned long long)eval->rows);
    out_format("  positive %8llu  ", (unsigned long long)eval->positive_rows);
    labels_add(line, eval, ROW_POSITIVE);
    out_line(line);
    out_format("  negative %8llu  ", (unsigned long long)eval->negative_rows);
    labels_add(line, eval, ROW_NEGATIVE);
    out_line(line);
    if (eval->skipped > 0) {
        out_format("  skipped  %8llu  neither positive nor negative: ",
                   (unsigned long long)eval->skipped);
        labels_add(line, eval, ROW_SKIPPED);
        out_line(line);
    }
    if (unread > 0)
        out_format("  not read %8llu  (in no figure)\n", (unsigned long long)unread);
    for (int i = ROW_GOOD + 1; i < ROW_FAULTS; i++) {
        if (eval->faults[i] == 0)
            continue;
        buffer_format(line, "%21s%llu %s; ", "", (unsigned long long)eval->faults[i],
                      row_fault_text((row_fault)i));
        first_seen(line, &eval->first_faults[i]);
        out_line(line);
    }
    if (eval->undecided_rows > 0)
        out_format("  malformed%8llu  (in no figure; in service such an event is denied)\n",
                   (unsigned long long)eval->undecided_rows);
    for (uint32_t i = 0; i < eval->undecided.count; i++) {
        const eval_problem *const problem = eval->undecided.rows[i];
        buffer_format(line, "%21s%llu ", "", (unsigned long long)problem->rows);
        word_out(line, problem->name.name);
        buffer_text(line, ": ");
        show_text(line, problem->text, strlen(problem->text), 80);
        buffer_text(line, "; ");
        first_seen(line, &problem->first);
        out_line(line);
    }
}

/* ---- the figures ----------------------------------------------------------------------------- */

static void figure(buffer *line, const char *name, const rate *found, const char *of)
{
    buffer_format(line, "%-21s", name);
    rate_cell(line, found);
    buffer_format(line, "  %llu of %llu %s", (unsigned long long)found->hits,
                  (unsigned long long)found->total, of);
    out_line(line);
}

static void print_figures(const eval_state *eval, buffer *line)
{
    const confusion *const counts = &eval->counts;
    buffer_format(line, "\n%-16s%12s%12s", "", "caught", "let pass");
    out_line(line);
    out_format("%-16s%12llu%12llu\n", "positive rows", (unsigned long long)counts->caught,
               (unsigned long long)counts->missed);
    out_format("%-16s%12llu%12llu\n\n", "negative rows", (unsigned long long)counts->alarms,
               (unsigned long long)counts->passed);
    const rate recall = confusion_recall(counts), precision = confusion_precision(counts);
    const rate alarms = confusion_false_alarms(counts), f1 = confusion_f1(counts);
    buffer_format(line, "%-21s%8s  %-16s", "", "", "95 % interval");
    out_line(line);
    figure(line, "recall", &recall, "positive rows");
    figure(line, "precision", &precision, "caught rows");
    figure(line, "false-positive rate", &alarms, "negative rows");
    buffer_format(line, "%-21s", "F1");
    rate_cell(line, &f1);
    buffer_format(line, "  %llu rows that are positive or caught", (unsigned long long)f1.total);
    out_line(line);
}

static void print_time(const eval_state *eval)
{
    const double seconds = eval->median_seconds;
    if (seconds <= 0)
        return;
    out_format(
        "\nthroughput %10.0f rows/s  %.1f MB/s  (the whole run, reading JSON included; %s)\n",
        (double)eval->round_rows / seconds, (double)eval->round_bytes / 1e6 / seconds,
        eval->rounds == 1 ? "one round" : "median of the rounds");
}

/* Rules that never spoke; with a star in shadow, as in the table. */
static void print_silent(const eval_state *eval, buffer *line, uint32_t never)
{
    buffer_format(line, "  %u rule%s for these events never spoke:", never, never == 1 ? "" : "s");
    uint32_t listed = 0;
    for (uint32_t i = 0; i < eval->rules.count; i++) {
        const eval_rule *const rule = eval->rules.rows[i];
        if (rule->positives + rule->negatives > 0)
            continue;
        if (listed == NEVER_LISTED) {
            buffer_text(line, ", ...");
            break;
        }
        buffer_text(line, listed++ > 0 ? ", " : " ");
        show_text(line, rule->name.name, rule->name.length, 0);
        buffer_text(line, rule->shadow ? "*" : "");
    }
    out_line(line);
}

static void print_rules(const eval_state *eval, buffer *line)
{
    heading("rules, each alone");
    buffer_format(line, "  %-*s%-*s%9s  %8s  %-16s%9s  %8s  %s", NAME_COLUMNS, "", EFFECT_COLUMNS,
                  "", "positive", "recall", "", "negative", "precision", "");
    out_line(line);
    uint32_t never = 0;
    for (uint32_t i = 0; i < eval->rules.count; i++) {
        const eval_rule *const rule = eval->rules.rows[i];
        if (rule->positives + rule->negatives == 0) {
            never++;
            continue;
        }
        const rate recall = rate_of(rule->positives, eval->positive_rows);
        const rate precision = rate_of(rule->positives, rule->positives + rule->negatives);
        char effect[64];
        snprintf(effect, sizeof effect, "%s%s", verdict_words(rule->effect),
                 rule->shadow ? "*" : "");
        buffer_text(line, "  ");
        show_cell(line, rule->name.name, rule->name.length, NAME_COLUMNS);
        show_cell(line, effect, strlen(effect), EFFECT_COLUMNS);
        number_cell(line, rule->positives, 9);
        buffer_text(line, "  ");
        rate_cell(line, &recall);
        number_cell(line, rule->negatives, 9);
        buffer_text(line, "  ");
        rate_cell(line, &precision);
        if (rule->undecided > 0)
            buffer_format(line, "  undecided on %llu", (unsigned long long)rule->undecided);
        out_line(line);
    }
    if (never > 0)
        print_silent(eval, line, never);
    for (uint32_t i = 0; i < eval->rules.count; i++)
        if (((const eval_rule *)eval->rules.rows[i])->shadow) {
            out_format("  * in shadow: %s\n",
                       eval->judge.shadow ? "counted, as --shadow says" : "not counted");
            break;
        }
}

static void group_line(buffer *line, const char *name, size_t length, const confusion *counts)
{
    const rate recall = confusion_recall(counts), alarms = confusion_false_alarms(counts);
    buffer_text(line, "  ");
    if (length == 0)
        show_cell(line, "(empty)", 7, NAME_COLUMNS);
    else
        show_cell(line, name, length, NAME_COLUMNS);
    number_cell(line, recall.total, 9);
    buffer_text(line, "  ");
    rate_cell(line, &recall);
    number_cell(line, alarms.total, 9);
    buffer_text(line, "  ");
    rate_cell(line, &alarms);
    out_line(line);
}

/* The end of a long path: where the names of one data set differ. */
static const char *path_end(const char *path)
{
    const char *shown = path;
    for (const char *at = path; strlen(shown) > NAME_COLUMNS - 2 && *at != '\0'; at++)
        if (*at == '/' && at[1] != '\0')
            shown = at + 1;
    return shown;
}

static void print_groups(const eval_state *eval, buffer *line)
{
    if (eval->reader.fields.category != NULL) {
        heading("categories");
        buffer_format(line, "  %-*s%9s  %8s  %-16s%9s  %8s", NAME_COLUMNS, "", "positive", "recall",
                      "", "negative", "false positives");
        out_line(line);
        for (uint32_t i = 0; i < eval->categories.count; i++) {
            const eval_group *const group = eval->categories.rows[i];
            group_line(line, group->name.name, group->name.length, &group->counts);
        }
    }
    if (eval->file_count < 2)
        return;
    heading("files");
    buffer_format(line, "  %-*s%9s  %8s  %-16s%9s  %8s", NAME_COLUMNS, "", "positive", "recall", "",
                  "negative", "false positives");
    out_line(line);
    for (uint32_t i = 0; i < eval->file_count; i++) {
        const eval_file *const file = &eval->files[i];
        const char *const name = path_end(file->path);
        group_line(line, name, strlen(name), &file->counts);
        if (file->unread + file->undecided + file->skipped > 0)
            out_format("    of %llu rows: %llu not read, %llu malformed, %llu skipped\n",
                       (unsigned long long)file->rows, (unsigned long long)file->unread,
                       (unsigned long long)file->undecided, (unsigned long long)file->skipped);
    }
}

/* ---- spans ----------------------------------------------------------------------------------- */

static void span_line(buffer *line, const char *name, const rate *recall, const rate *precision)
{
    buffer_text(line, "  ");
    show_cell(line, name, strlen(name), NAME_COLUMNS);
    number_cell(line, recall->total, 9);
    buffer_text(line, "  ");
    rate_cell(line, recall);
    number_cell(line, precision->total, 9);
    buffer_text(line, "  ");
    rate_cell(line, precision);
    buffer_format(line, "  F1 %.1f %%", 100 * harmonic_mean(recall->value, precision->value));
    out_line(line);
}

static void print_spans(const eval_state *eval, buffer *line)
{
    const span_score *const score = &eval->spans;
    if (eval->reader.fields.spans == NULL)
        return;
    heading("spans");
    buffer_format(line, "  %-*s%9s  %8s  %-16s%9s  %8s", NAME_COLUMNS, "", "expected", "recall", "",
                  "found", "precision");
    out_line(line);
    const rate exact[] = {rate_of(score->expected_exact, score->expected),
                          rate_of(score->found_exact, score->found)};
    const rate overlap[] = {rate_of(score->expected_overlap, score->expected),
                            rate_of(score->found_overlap, score->found)};
    const rate characters[] = {share_of(score->shared_characters, score->expected_characters),
                               share_of(score->shared_characters, score->found_characters)};
    span_line(line, "exact", &exact[0], &exact[1]);
    span_line(line, "overlap (IoU 0.5 or more)", &overlap[0], &overlap[1]);
    span_line(line, "characters", &characters[0], &characters[1]);
    if (score->ignored_expected + score->ignored_found > 0)
        out_format("  left out, as --kinds says: %llu expected, %llu found on them\n",
                   (unsigned long long)score->ignored_expected,
                   (unsigned long long)score->ignored_found);
    if (score->unmarked > 0)
        out_format("  %llu rows have no such field and were taken as having no spans\n",
                   (unsigned long long)score->unmarked);
    if (score->cut > 0)
        out_format("  %llu times a rule found more spans than it reports: figures are too low\n",
                   (unsigned long long)score->cut);
    if (score->types.count == 0)
        return;
    buffer_format(line, "\n  %-*s%9s  %8s  %-16s  %8s  %-16s  %8s", NAME_COLUMNS, "types: recall",
                  "expected", "exact", "", "overlap", "", "characters");
    out_line(line);
    for (uint32_t i = 0; i < score->types.count; i++) {
        const span_type *const type = score->types.rows[i];
        const rate rates[] = {rate_of(type->exact, type->expected),
                              rate_of(type->overlap, type->expected),
                              share_of(type->characters_found, type->characters)};
        buffer_text(line, "  ");
        show_cell(line, type->name.name, type->name.length, NAME_COLUMNS);
        number_cell(line, type->expected, 9);
        for (int k = 0; k < 3; k++) {
            buffer_text(line, "  ");
            rate_cell(line, &rates[k]);
        }
        out_line(line);
    }
}

/* ---- examples -------------------------------------------------------------------------------- */

static void print_examples(const example_list *list, uint64_t total, const char *what, buffer *line)
{
    if (list->count == 0)
        return;
    out_format("\n%s (%u of %llu)\n", what, list->count, (unsigned long long)total);
    const uint32_t width = terminal_width();
    for (uint32_t i = 0; i < list->count; i++) {
        const eval_example *const example = &list->items[i];
        buffer_text(line, "  ");
        word_out(line, example->place.path);
        buffer_format(line, ":%llu", (unsigned long long)example->place.line);
        if (example->id != NULL) {
            buffer_text(line, "  ");
            show_text(line, example->id, strlen(example->id), 40);
        }
        buffer_text(line, "  ");
        show_text(line, example->label, strlen(example->label), 24);
        buffer_format(line, "  %s", verdict_words(example->verdict));
        if (example->rules[0] != '\0') {
            buffer_text(line, ": ");
            show_text(line, example->rules, strlen(example->rules), width);
        }
        out_line(line);
        buffer_text(line, example->cut_before ? "    …" : "    ");
        /* From the mark on, where it would fall behind the end of the line. */
        const uint32_t skip =
            example->mark_end > width - 20 && example->mark_start > 20 ? example->mark_start : 0;
        show_text(line, example->excerpt + skip, example->excerpt_length - skip, width - 6);
        out_line(line);
    }
}

void eval_print_table(const eval_state *eval)
{
    buffer line;
    buffer_init(&line, NULL, 0);
    print_head(eval, &line);
    print_rows(eval, &line);
    print_figures(eval, &line);
    print_rules(eval, &line);
    print_groups(eval, &line);
    print_spans(eval, &line);
    print_examples(&eval->misses, eval->counts.missed, "misses", &line);
    print_examples(&eval->alarms, eval->counts.alarms, "false alarms", &line);
    print_time(eval);
    buffer_free(&line);
}

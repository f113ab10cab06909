/*
 * eval_json.c - the figures of `constc eval` for programs: one JSON object on one line.
 *
 * Every rate is an object with what was counted (`hits` of `total`) and the ends of its interval;
 * `value`, `low` and `high` are null where nothing was counted.
 */
#include "compiler/cli/eval.h"

static void rate_add(buffer *out, const char *name, const rate *found)
{
    buffer_format(out, "\"%s\":{\"hits\":%llu,\"total\":%llu,", name,
                  (unsigned long long)found->hits, (unsigned long long)found->total);
    if (found->total == 0)
        buffer_text(out, "\"value\":null,\"low\":null,\"high\":null}");
    else if (!rate_has_interval(found))
        buffer_format(out, "\"value\":%.6f,\"low\":null,\"high\":null}", found->value);
    else
        buffer_format(out, "\"value\":%.6f,\"low\":%.6f,\"high\":%.6f}", found->value, found->low,
                      found->high);
}

static void counts_add(buffer *out, const confusion *counts)
{
    const rate recall = confusion_recall(counts), precision = confusion_precision(counts);
    const rate alarms = confusion_false_alarms(counts), f1 = confusion_f1(counts);
    buffer_format(out,
                  "\"matrix\":{\"true_positive\":%llu,\"false_negative\":%llu,"
                  "\"false_positive\":%llu,\"true_negative\":%llu},",
                  (unsigned long long)counts->caught, (unsigned long long)counts->missed,
                  (unsigned long long)counts->alarms, (unsigned long long)counts->passed);
    rate_add(out, "recall", &recall);
    buffer_text(out, ",");
    rate_add(out, "precision", &precision);
    buffer_text(out, ",");
    rate_add(out, "false_positive_rate", &alarms);
    buffer_text(out, ",");
    rate_add(out, "f1", &f1);
}

/* The begin of a row of a list, with its name as the first member. */
static void row_begin(buffer *out, uint32_t number, const char *member, const named *row)
{
    buffer_format(out, "%s{\"%s\":", number == 0 ? "" : ",", member);
    buffer_json_string(out, row->name, row->length);
    buffer_text(out, ",");
}

/* Several rates, and the end of the row. */
static void rates_end(buffer *out, uint32_t count, const char *const *names, const rate *rates)
{
    for (uint32_t i = 0; i < count; i++) {
        rate_add(out, names[i], &rates[i]);
        buffer_text(out, i + 1 < count ? "," : "}");
    }
}

static void place_add(buffer *out, const eval_place *place)
{
    member_text(out, "file", place->path);
    buffer_format(out, ",\"line\":%llu", (unsigned long long)place->line);
}

/* ---- the parts ------------------------------------------------------------------------------- */

static void head_add(buffer *out, const eval_state *eval)
{
    buffer_text(out, "{");
    member_policy(out, eval->judge.policy);
    buffer_format(out, ",\"stage\":\"%s\",", cst_stage_name(eval->judge.stage));
    if (eval->judge.tool != NULL) {
        member_text(out, "tool", eval->judge.tool);
        buffer_text(out, ",");
    }
    member_text(out, "at", eval->judge.pointer.bytes);
    buffer_format(out, ",\"at_least\":\"%s\",\"shadow\":%s,", cst_verdict_name(eval->judge.least),
                  eval->judge.shadow ? "true" : "false");
}

static void rows_add(buffer *out, const eval_state *eval)
{
    buffer_format(out,
                  "\"rows\":{\"all\":%llu,\"positive\":%llu,\"negative\":%llu,\"skipped\":%llu,"
                  "\"not_read\":%llu,\"malformed\":%llu},\"labels\":[",
                  (unsigned long long)eval->rows, (unsigned long long)eval->positive_rows,
                  (unsigned long long)eval->negative_rows, (unsigned long long)eval->skipped,
                  (unsigned long long)eval_unread(eval), (unsigned long long)eval->undecided_rows);
    static const char *const kinds[] = {
        [ROW_NEGATIVE] = "negative", [ROW_POSITIVE] = "positive", [ROW_SKIPPED] = "skipped"};
    for (uint32_t i = 0; i < eval->labels.count; i++) {
        const eval_label *const label = eval->labels.rows[i];
        row_begin(out, i, "label", &label->name);
        buffer_format(out, "\"counts_as\":\"%s\",\"rows\":%llu}", kinds[label->kind],
                      (unsigned long long)label->rows);
    }
    buffer_text(out, "],\"not_read\":[");
    const char *between = "";
    for (int i = ROW_GOOD + 1; i < ROW_FAULTS; i++) {
        if (eval->faults[i] == 0)
            continue;
        buffer_format(out, "%s{\"reason\":\"%s\",\"rows\":%llu,\"first\":{", between,
                      row_fault_name((row_fault)i), (unsigned long long)eval->faults[i]);
        place_add(out, &eval->first_faults[i]);
        buffer_text(out, "}}");
        between = ",";
    }
    buffer_text(out, "],\"malformed\":[");
    for (uint32_t i = 0; i < eval->undecided.count; i++) {
        const eval_problem *const problem = eval->undecided.rows[i];
        row_begin(out, i, "reason", &problem->name);
        buffer_format(out, "\"rows\":%llu,", (unsigned long long)problem->rows);
        member_text(out, "text", problem->text);
        buffer_text(out, ",\"first\":{");
        place_add(out, &problem->first);
        buffer_text(out, "}}");
    }
    buffer_text(out, "],");
}

static void rules_add(buffer *out, const eval_state *eval)
{
    static const char *const names[] = {"recall", "precision", "false_positive_rate"};
    buffer_text(out, ",\"rules\":[");
    for (uint32_t i = 0; i < eval->rules.count; i++) {
        const eval_rule *const rule = eval->rules.rows[i];
        const rate rates[] = {rate_of(rule->positives, eval->positive_rows),
                              rate_of(rule->positives, rule->positives + rule->negatives),
                              rate_of(rule->negatives, eval->negative_rows)};
        row_begin(out, i, "rule", &rule->name);
        buffer_format(out,
                      "\"effect\":\"%s\",\"shadow\":%s,\"positive\":%llu,\"negative\":%llu,"
                      "\"undecided\":%llu,",
                      cst_verdict_name(rule->effect), rule->shadow ? "true" : "false",
                      (unsigned long long)rule->positives, (unsigned long long)rule->negatives,
                      (unsigned long long)rule->undecided);
        rates_end(out, 3, names, rates);
    }
    buffer_text(out, "]");
}

static void groups_add(buffer *out, const eval_state *eval)
{
    if (eval->reader.fields.category != NULL) {
        buffer_text(out, ",\"categories\":[");
        for (uint32_t i = 0; i < eval->categories.count; i++) {
            const eval_group *const group = eval->categories.rows[i];
            row_begin(out, i, "category", &group->name);
            counts_add(out, &group->counts);
            buffer_text(out, "}");
        }
        buffer_text(out, "]");
    }
    buffer_text(out, ",\"files\":[");
    for (uint32_t i = 0; i < eval->file_count; i++) {
        const eval_file *const file = &eval->files[i];
        buffer_text(out, i == 0 ? "{" : ",{");
        member_text(out, "file", file->path);
        buffer_format(out, ",\"rows\":%llu,\"skipped\":%llu,\"not_read\":%llu,\"malformed\":%llu,",
                      (unsigned long long)file->rows, (unsigned long long)file->skipped,
                      (unsigned long long)file->unread, (unsigned long long)file->undecided);
        counts_add(out, &file->counts);
        buffer_text(out, "}");
    }
    buffer_text(out, "]");
}

static void measure_add(buffer *out, const char *name, bool independent, uint64_t expected_hits,
                        uint64_t expected, uint64_t found_hits, uint64_t found)
{
    rate (*const make)(uint64_t, uint64_t) = independent ? rate_of : share_of;
    const rate recall = make(expected_hits, expected), precision = make(found_hits, found);
    buffer_format(out, ",\"%s\":{", name);
    rate_add(out, "recall", &recall);
    buffer_text(out, ",");
    rate_add(out, "precision", &precision);
    buffer_format(out, ",\"f1\":%.6f}", harmonic_mean(recall.value, precision.value));
}

static void spans_add(buffer *out, const eval_state *eval)
{
    static const char *const names[] = {"exact", "overlap", "characters"};
    const span_score *const score = &eval->spans;
    if (eval->reader.fields.spans == NULL)
        return;
    buffer_format(out,
                  ",\"spans\":{\"rows\":%llu,\"rows_without_field\":%llu,\"left_out\":{"
                  "\"expected\":%llu,\"found\":%llu},\"cut\":%llu",
                  (unsigned long long)score->rows, (unsigned long long)score->unmarked,
                  (unsigned long long)score->ignored_expected,
                  (unsigned long long)score->ignored_found, (unsigned long long)score->cut);
    measure_add(out, "exact", true, score->expected_exact, score->expected, score->found_exact,
                score->found);
    measure_add(out, "overlap", true, score->expected_overlap, score->expected,
                score->found_overlap, score->found);
    measure_add(out, "characters", false, score->shared_characters, score->expected_characters,
                score->shared_characters, score->found_characters);
    buffer_text(out, ",\"types\":[");
    for (uint32_t i = 0; i < score->types.count; i++) {
        const span_type *const type = score->types.rows[i];
        const rate rates[] = {rate_of(type->exact, type->expected),
                              rate_of(type->overlap, type->expected),
                              share_of(type->characters_found, type->characters)};
        row_begin(out, i, "type", &type->name);
        rates_end(out, 3, names, rates);
    }
    buffer_text(out, "]}");
}

static void examples_add(buffer *out, const char *name, const example_list *list)
{
    buffer_format(out, ",\"%s\":[", name);
    for (uint32_t i = 0; i < list->count; i++) {
        const eval_example *const example = &list->items[i];
        buffer_text(out, i == 0 ? "{" : ",{");
        place_add(out, &example->place);
        if (example->id != NULL) {
            buffer_text(out, ",");
            member_text(out, "id", example->id);
        }
        buffer_text(out, ",");
        member_text(out, "label", example->label);
        buffer_format(out, ",\"decision\":\"%s\",", cst_verdict_name(example->verdict));
        member_text(out, "rules", example->rules);
        buffer_text(out, ",\"excerpt\":");
        buffer_json_string(out, example->excerpt, example->excerpt_length);
        buffer_format(out, ",\"whole\":%s}",
                      example->cut_before || example->cut_after ? "false" : "true");
    }
    buffer_text(out, "]");
}

void eval_print_json(const eval_state *eval)
{
    buffer out;
    buffer_init(&out, NULL, 0);
    head_add(&out, eval);
    rows_add(&out, eval);
    counts_add(&out, &eval->counts);
    rules_add(&out, eval);
    groups_add(&out, eval);
    spans_add(&out, eval);
    examples_add(&out, "misses", &eval->misses);
    examples_add(&out, "false_alarms", &eval->alarms);
    const double seconds = eval->median_seconds;
    buffer_format(&out,
                  ",\"throughput\":{\"includes\":\"reading JSON\",\"rounds\":%u,\"bytes\":%llu,"
                  "\"rows_per_second\":%.1f,\"megabytes_per_second\":%.3f}}\n",
                  eval->rounds, (unsigned long long)eval->round_bytes,
                  seconds > 0 ? (double)eval->round_rows / seconds : 0,
                  seconds > 0 ? (double)eval->round_bytes / 1e6 / seconds : 0);
    if (out.failed)
        checked(NULL);
    out_bytes(out.bytes, out.length);
    buffer_free(&out);
}

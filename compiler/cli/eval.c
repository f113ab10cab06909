/*
 * eval.c - `constc eval`: how well a policy tells labelled rows apart.
 *
 * The policy "spoke" on a row if it decided as --at-least says, or stricter. Rows go through one by
 * one in constant memory; what could not be read or decided stays out of the figures and is shown
 * beside them, never counted as one thing or the other: a malformed event is denied in service, and
 * counting that as a hit would flatter the policy.
 *
 * Which examples are the worst: of misses the most lenient decision, and then the shortest text,
 * since that is the plainest; of false alarms the strictest decision, the most rules, the shortest
 * text.
 */
#include "compiler/cli/eval.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/limits.h"

enum {
    EXCERPT_BYTES = 480,
    BEFORE_MARK = 120,
    RULES_BYTES = 240,
    SHOWN = 5,
    LABELS_SHOWN = 12,
    LABEL_COLUMNS = 40
};

uint64_t eval_unread(const eval_state *eval)
{
    uint64_t sum = 0;
    for (int i = ROW_GOOD + 1; i < ROW_FAULTS; i++)
        sum += eval->faults[i];
    return sum;
}

const char *eval_arguments(const eval_state *eval, const char *name)
{
    return arguments_value(eval->arguments, name, NULL);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static eval_rule *rule_row(eval_state *eval, const char *name, size_t length, cst_verdict effect,
                           bool shadow)
{
    const uint32_t before = eval->rules.count;
    eval_rule *const rule = names_row(&eval->rules, name, length);
    if (eval->rules.count > before) {
        rule->effect = effect;
        rule->shadow = shadow;
        rule->last_row = UINT64_MAX;
    }
    return rule;
}

static void rule_known(void *user, const char *name, size_t length, cst_verdict effect, bool shadow)
{
    rule_row(user, name, length, effect, shadow);
}

static const char *fired_name(const cst_fired *fired)
{
    return fired->rule == NULL ? "(default)" : fired->rule;
}

static void count_rule(eval_state *eval, const cst_fired *fired, bool positive)
{
    if (fired->effect == CST_PERMIT)
        return;
    const char *const name = fired_name(fired);
    eval_rule *const rule = rule_row(eval, name, strlen(name), fired->effect, fired->shadow);
    if (rule->last_row == eval->rows)
        return;
    rule->last_row = eval->rows;
    ++*(positive ? &rule->positives : &rule->negatives);
    rule->undecided += fired->undecided_code != NULL;
}

static void count_rules(eval_state *eval, const judgement *judged, bool positive)
{
    cst_fired fired;
    for (uint32_t i = 0; cst_decision_rule(&judged->decision, i, &fired) == CST_OK; i++)
        count_rule(eval, &fired, positive);
    for (uint32_t i = 0; cst_decision_shadow(&judged->decision, i, &fired) == CST_OK; i++)
        count_rule(eval, &fired, positive);
}

/* ---- spans ----------------------------------------------------------------------------------- */

static bool is_inside(const char *text, uint32_t at)
{
    return ((unsigned char)text[at] & 0xC0u) == 0x80u;
}

/* What a rule reported of the text itself, widened to whole characters. */
static void found_add(eval_state *eval, const cst_fired *fired, const char *text, uint32_t length)
{
    if (fired->effect == CST_PERMIT)
        return;
    eval->spans.cut += fired->span_total > fired->span_count;
    for (uint32_t i = 0; i < fired->span_count; i++) {
        if (strcmp(fired->spans[i].pointer, eval->judge.pointer.bytes) != 0)
            continue;
        text_span span = {.start = fired->spans[i].start, .end = fired->spans[i].end};
        while (span.start > 0 && span.start < length && is_inside(text, span.start))
            span.start--;
        while (span.end < length && is_inside(text, span.end))
            span.end++;
        span_list_add(&eval->found, text, length, &span);
    }
}

static void count_spans(eval_state *eval, const data_row *row, const judgement *judged)
{
    const cst_json *const field = row_field(row->tree, eval->reader.fields.spans);
    eval->spans.unmarked += field == NULL || field->kind == JSON_NULL;
    eval->found.count = 0;
    cst_fired fired;
    for (uint32_t i = 0; cst_decision_rule(&judged->decision, i, &fired) == CST_OK; i++)
        found_add(eval, &fired, row->text, row->text_length);
    for (uint32_t i = 0;
         eval->judge.shadow && cst_decision_shadow(&judged->decision, i, &fired) == CST_OK; i++)
        found_add(eval, &fired, row->text, row->text_length);
    span_score_add(&eval->spans, row->text, row->text_length, &eval->expected, &eval->found);
}

/* ---- examples -------------------------------------------------------------------------------- */

static void example_free(eval_example *example)
{
    free(example->id);
    free(example->label);
    free(example->rules);
    free(example->excerpt);
}

/* Negative: `left` is worse. */
static int64_t compare_examples(const eval_example *left, const eval_example *right, bool alarms)
{
    if (left->verdict != right->verdict)
        return alarms ? (int64_t)right->verdict - (int64_t)left->verdict
                      : (int64_t)left->verdict - (int64_t)right->verdict;
    if (alarms && left->rule_count != right->rule_count)
        return (int64_t)right->rule_count - (int64_t)left->rule_count;
    if (left->text_length != right->text_length)
        return (int64_t)left->text_length - (int64_t)right->text_length;
    return left->order < right->order ? -1 : 1;
}

/* Which rules spoke, and where the strictest of them with a place in the text points. */
static void example_rules(const eval_state *eval, const judgement *judged, eval_example *example,
                          uint32_t *start, uint32_t *end)
{
    buffer names;
    buffer_init(&names, NULL, 0);
    *start = *end = 0;
    cst_fired fired;
    for (int shadow = 0; shadow <= (eval->judge.shadow ? 1 : 0); shadow++)
        for (uint32_t i = 0; (shadow ? cst_decision_shadow(&judged->decision, i, &fired)
                                     : cst_decision_rule(&judged->decision, i, &fired)) == CST_OK;
             i++) {
            if (fired.effect == CST_PERMIT)
                continue;
            if (names.length < RULES_BYTES)
                buffer_format(&names, "%s%s", names.length > 0 ? ", " : "", fired_name(&fired));
            else if (names.bytes[names.length - 1] != '.')
                buffer_text(&names, ", ...");
            for (uint32_t k = 0; *end == 0 && k < fired.span_count; k++)
                if (strcmp(fired.spans[k].pointer, eval->judge.pointer.bytes) == 0) {
                    *start = fired.spans[k].start;
                    *end = fired.spans[k].end;
                }
        }
    example->rules = text_copy(names.bytes == NULL ? "" : names.bytes, names.length);
    buffer_free(&names);
}

static void example_excerpt(eval_example *example, const data_row *row, uint32_t start,
                            uint32_t end)
{
    uint32_t first =
        start > BEFORE_MARK && row->text_length > EXCERPT_BYTES ? start - BEFORE_MARK : 0;
    while (first > 0 && is_inside(row->text, first))
        first--;
    uint32_t last =
        row->text_length - first > EXCERPT_BYTES ? first + EXCERPT_BYTES : row->text_length;
    while (last < row->text_length && last > first && is_inside(row->text, last))
        last--;
    example->excerpt = text_copy(row->text + first, last - first);
    example->excerpt_length = last - first;
    example->cut_before = first > 0;
    example->cut_after = last < row->text_length;
    if (end > start && start < last && end <= row->text_length) {
        example->mark_start = start - first;
        example->mark_end = (end < last ? end : last) - first;
    }
}

/* A text that stands in the data several times is shown once. */
static bool example_known(const example_list *list, const eval_example *made)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const eval_example *const other = &list->items[i];
        if (other->text_length == made->text_length &&
            other->excerpt_length == made->excerpt_length &&
            memcmp(other->excerpt, made->excerpt, made->excerpt_length) == 0)
            return true;
    }
    return false;
}

static void example_offer(eval_state *eval, example_list *list, const data_row *row,
                          const judgement *judged)
{
    eval_example made = {.verdict = judged->verdict,
                         .rule_count = judged->decision.rule_count,
                         .order = eval->rows,
                         .text_length = row->text_length,
                         .place = {.path = row->path, .line = row->line}};
    const bool alarms = list == &eval->alarms;
    if (list->bound == 0 || (list->count == list->bound &&
                             compare_examples(&made, &list->items[list->count - 1], alarms) > 0))
        return;
    uint32_t start, end;
    example_rules(eval, judged, &made, &start, &end);
    example_excerpt(&made, row, start, end);
    if (example_known(list, &made)) {
        example_free(&made);
        return;
    }
    made.label = text_copy(row->label, row->label_length);
    made.id = row->id == NULL ? NULL : text_copy(row->id, row->id_length);
    if (list->count == list->bound)
        example_free(&list->items[--list->count]);
    uint32_t at = list->count++;
    for (; at > 0 && compare_examples(&made, &list->items[at - 1], alarms) < 0; at--)
        list->items[at] = list->items[at - 1];
    list->items[at] = made;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void count_fault(eval_state *eval, const data_row *row, row_fault fault)
{
    if (eval->faults[fault]++ == 0)
        eval->first_faults[fault] = (eval_place){row->path, row->line};
    eval->files[row->file].unread++;
}

/* "user" of "/user/role": what the rows do not bring and the command line can; NULL: it is another
 * trouble. */
static const char *given_missing(const cst_decision *decision)
{
    if (decision->error_code == NULL || strcmp(decision->error_code, "missing") != 0 ||
        decision->error_pointer == NULL || decision->error_pointer[0] != '/')
        return NULL;
    return decision->error_pointer + 1;
}

/* The same text, which it frees, with what to do about it. */
static char *given_advise(char *text, const char *missing)
{
    buffer out;
    buffer_init(&out, NULL, 0);
    buffer_format(&out, "%s Give it with --given ", text);
    show_text(&out, missing, strcspn(missing, "/"), LABEL_COLUMNS);
    buffer_text(&out, "=JSON.");
    if (out.failed)
        checked(NULL);
    free(text);
    char *const made = text_copy(out.bytes, out.length);
    buffer_free(&out);
    return made;
}

static void count_undecided(eval_state *eval, const data_row *row, const cst_decision *decision)
{
    buffer name;
    buffer_init(&name, NULL, 0);
    buffer_text(&name, decision->error_code != NULL ? decision->error_code : "pending");
    if (decision->error_pointer != NULL && decision->error_pointer[0] != '\0')
        buffer_format(&name, " at %s", decision->error_pointer);
    if (name.failed)
        checked(NULL);
    eval_problem *const problem = names_row(&eval->undecided, name.bytes, name.length);
    buffer_free(&name);
    if (problem->rows++ == 0) {
        const char *const text = decision->verdict == CST_PENDING
                                     ? "The host is asked: --answers or --host answers."
                                 : decision->error_text == NULL ? ""
                                                                : decision->error_text;
        problem->first = (eval_place){row->path, row->line};
        const char *const given = given_missing(decision);
        problem->text = text_copy(text, strlen(text));
        if (given != NULL)
            problem->text = given_advise(problem->text, given);
    }
    eval->undecided_rows++;
    eval->files[row->file].undecided++;
}

static void count_category(eval_state *eval, const cst_json *value, bool positive, bool spoke)
{
    static const char none[] = "(none)";
    const char *text = none;
    uint32_t length = sizeof none - 1;
    if (value != NULL && value->kind != JSON_NULL && !row_plain_text(value, &text, &length)) {
        text = "(of another type)";
        length = (uint32_t)strlen(text);
    }
    eval_group *const group = names_row(&eval->categories, text, length);
    confusion_add(&group->counts, positive, spoke);
}

/* A row with several categories counts in each of them. */
static void count_categories(eval_state *eval, const data_row *row, bool positive, bool spoke)
{
    const cst_json *const value = row_field(row->tree, eval->reader.fields.category);
    if (value == NULL || value->kind != JSON_LIST || value->length == 0)
        count_category(eval, value != NULL && value->kind == JSON_LIST ? NULL : value, positive,
                       spoke);
    else
        for (uint32_t i = 0; i < value->length; i++)
            count_category(eval, &value->items[i], positive, spoke);
}

static void count_row(eval_state *eval, const data_row *row, const judgement *judged)
{
    const bool positive = row->kind == ROW_POSITIVE, spoke = judged->spoke;
    ++*(positive ? &eval->positive_rows : &eval->negative_rows);
    confusion_add(&eval->counts, positive, spoke);
    confusion_add(&eval->files[row->file].counts, positive, spoke);
    count_rules(eval, judged, positive);
    if (eval->reader.fields.category != NULL)
        count_categories(eval, row, positive, spoke);
    if (eval->reader.fields.spans != NULL)
        count_spans(eval, row, judged);
    if (positive && !spoke)
        example_offer(eval, &eval->misses, row, judged);
    else if (!positive && spoke)
        example_offer(eval, &eval->alarms, row, judged);
}

static void count_label(eval_state *eval, const data_row *row)
{
    eval_label *const label = names_row(&eval->labels, row->label, row->label_length);
    label->kind = row->kind;
    label->rows++;
}

/* True if the row is to be decided. */
static bool row_taken(eval_state *eval, const data_row *row)
{
    row_fault fault = row->fault;
    if (fault == ROW_GOOD && row->kind != ROW_SKIPPED && eval->reader.fields.spans != NULL &&
        !spans_expected(row_field(row->tree, eval->reader.fields.spans), row->text,
                        row->text_length, !eval->byte_offsets, &eval->kinds, &eval->expected))
        fault = ROW_SPANS;
    const bool taken = fault == ROW_GOOD && row->kind != ROW_SKIPPED;
    if (!eval->counting)
        return taken;
    eval->rows++;
    eval->files[row->file].rows++;
    if (fault != ROW_GOOD)
        count_fault(eval, row, fault);
    else
        count_label(eval, row);
    if (fault == ROW_GOOD && row->kind == ROW_SKIPPED) {
        eval->skipped++;
        eval->files[row->file].skipped++;
    }
    return taken;
}

static bool on_row(void *user, const data_row *row)
{
    eval_state *const eval = user;
    if (!row_taken(eval, row))
        return true;
    judgement judged;
    if (!judge_text(&eval->judge, row->text, row->text_length, &judged)) {
        eval->code = EXIT_USAGE;
        return false;
    }
    if (!eval->counting)
        return true;
    if (judged.read)
        count_row(eval, row, &judged);
    else
        count_undecided(eval, row, &judged.decision);
    return true;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static bool rounds_run(eval_state *eval)
{
    for (uint32_t i = 0; i < eval->rounds; i++) {
        eval->counting = i == 0;
        const uint64_t before = eval->reader.bytes;
        const int64_t began = clock_nanoseconds();
        for (uint32_t k = 0; k < eval->file_count && eval->code == EXIT_GOOD; k++) {
            const int code = rows_read(&eval->reader, eval->files[k].path, k, on_row, eval);
            if (code != EXIT_GOOD)
                eval->code = code;
        }
        if (eval->code != EXIT_GOOD)
            return false;
        eval->seconds[i] = (double)(clock_nanoseconds() - began) / 1e9;
        eval->round_bytes = eval->reader.bytes - before;
    }
    eval->round_rows = eval->rows;
    eval->median_seconds = median_of(eval->seconds, eval->rounds);
    return true;
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool options_read(eval_state *eval, const cli_arguments *arguments)
{
    const char *const rounds = arguments_value(arguments, "--rounds", NULL);
    const char *const show = arguments_value(arguments, "--show", NULL);
    uint64_t count = 1, shown = SHOWN;
    if ((rounds != NULL && !number_read("--rounds", rounds, LIMIT_EVAL_ROUNDS, &count)) ||
        (show != NULL && strcmp(show, "0") != 0 &&
         !number_read("--show", show, LIMIT_EVAL_EXAMPLES, &shown)))
        return false;
    if (show != NULL && strcmp(show, "0") == 0)
        shown = 0;
    eval->rounds = (uint32_t)count;
    eval->seconds = checked(calloc(count, sizeof *eval->seconds));
    eval->misses.bound = eval->alarms.bound = (uint32_t)shown;
    eval->misses.items = checked(calloc(shown + 1, sizeof(eval_example)));
    eval->alarms.items = checked(calloc(shown + 1, sizeof(eval_example)));
    eval->byte_offsets = strcmp(arguments_value(arguments, "--offsets", "chars"), "bytes") == 0;
    if (!words_split(arguments, "--kinds", &eval->kinds))
        return false;
    if ((eval->kinds.count > 0 || arguments_has(arguments, "--offsets")) &&
        !arguments_has(arguments, "--spans")) {
        complain("--kinds and --offsets are about the spans that --spans names");
        return false;
    }
    eval->file_count = arguments->word_count - 1;
    eval->files = checked(calloc(eval->file_count, sizeof *eval->files));
    bool pipe = false;
    for (uint32_t i = 0; i < eval->file_count; i++) {
        eval->files[i].path = arguments->words[i + 1];
        pipe = pipe || strcmp(eval->files[i].path, "-") == 0;
    }
    if (pipe && count > 1)
        complain("--rounds reads the data several times, and stdin can be read once");
    return !pipe || count == 1;
}

static void labels_list(const eval_state *eval)
{
    buffer names;
    buffer_init(&names, NULL, 0);
    for (uint32_t i = 0; i < eval->labels.count && i < LABELS_SHOWN; i++) {
        const named *const label = eval->labels.rows[i];
        buffer_text(&names, i == 0 ? "" : ", ");
        show_text(&names, label->name, label->length, LABEL_COLUMNS);
    }
    if (eval->labels.count > LABELS_SHOWN)
        buffer_text(&names, ", ...");
    complain("the labels of the data are: %s", names.bytes == NULL ? "" : names.bytes);
    buffer_free(&names);
}

/* Spelling mistakes of labels would otherwise look like a bad policy. Told and no failure: who
 * counts false alarms may have harmless rows alone. */
static void labels_check(const eval_state *eval)
{
    const word_list *const lists[] = {&eval->reader.fields.positive, &eval->reader.fields.negative};
    /* it may be one of the others; and where no row could be read its label was not, either */
    if (eval->labels.others != NULL || eval->labels.count == 0)
        return;
    bool told = false;
    for (int i = 0; i < 2; i++)
        for (uint32_t k = 0; k < lists[i]->count; k++) {
            if (names_find(&eval->labels, lists[i]->words[k], strlen(lists[i]->words[k])) != NULL)
                continue;
            complain("no row has the label \"%s\" of %s", lists[i]->words[k],
                     i == 0 ? "--positive" : "--negative");
            told = true;
        }
    if (told)
        labels_list(eval);
}

static int by_hits(const void *left, const void *right)
{
    const eval_rule *const a = *(eval_rule *const *)left, *const b = *(eval_rule *const *)right;
    const uint64_t hits = a->positives + a->negatives, others = b->positives + b->negatives;
    if (a->positives != b->positives)
        return a->positives > b->positives ? -1 : 1;
    if (hits != others)
        return hits > others ? -1 : 1;
    return a->name.order < b->name.order ? -1 : 1;
}

static int by_rows(const void *left, const void *right)
{
    const eval_group *const a = *(eval_group *const *)left, *const b = *(eval_group *const *)right;
    const uint64_t rows = a->counts.caught + a->counts.missed + a->counts.alarms + a->counts.passed;
    const uint64_t others =
        b->counts.caught + b->counts.missed + b->counts.alarms + b->counts.passed;
    if (rows != others)
        return rows > others ? -1 : 1;
    return a->name.order < b->name.order ? -1 : 1;
}

static int by_name(const void *left, const void *right)
{
    return strcmp((*(named *const *)left)->name, (*(named *const *)right)->name);
}

static int report(eval_state *eval)
{
    labels_check(eval);
    names_sort(&eval->rules, by_hits);
    names_sort(&eval->categories, by_rows);
    names_sort(&eval->spans.types, by_name);
    const char *const page = eval_arguments(eval, "--html");
    if (page != NULL && !eval_write_html(eval, page))
        return EXIT_USAGE;
    if (strcmp(arguments_value(eval->arguments, "--format", "table"), "json") == 0)
        eval_print_json(eval);
    else
        eval_print_table(eval);
    if (eval->positive_rows + eval->negative_rows > 0)
        return EXIT_GOOD;
    complain("not one row could be counted: there is nothing to say about the policy");
    return EXIT_USAGE;
}

static void eval_free(eval_state *eval)
{
    example_list *const lists[] = {&eval->misses, &eval->alarms};
    for (int i = 0; i < 2; i++) {
        for (uint32_t k = 0; k < lists[i]->count; k++)
            example_free(&lists[i]->items[k]);
        free(lists[i]->items);
    }
    for (uint32_t i = 0; i < eval->undecided.count; i++)
        free(((eval_problem *)eval->undecided.rows[i])->text);
    names_free(&eval->rules);
    names_free(&eval->categories);
    names_free(&eval->labels);
    names_free(&eval->undecided);
    span_score_free(&eval->spans);
    span_list_free(&eval->expected);
    span_list_free(&eval->found);
    words_free(&eval->kinds);
    free(eval->files);
    free(eval->seconds);
    rows_free(&eval->reader);
    judge_end(&eval->judge);
}

int command_eval(const cli_arguments *arguments)
{
    eval_state eval = {.arguments = arguments, .code = EXIT_USAGE};
    names_init(&eval.rules, sizeof(eval_rule), LIMIT_RULES);
    names_init(&eval.categories, sizeof(eval_group), LIMIT_EVAL_GROUPS);
    names_init(&eval.labels, sizeof(eval_label), LIMIT_EVAL_GROUPS);
    names_init(&eval.undecided, sizeof(eval_problem), LIMIT_EVAL_GROUPS);
    span_score_init(&eval.spans);
    if (rows_init(&eval.reader, arguments) && options_read(&eval, arguments) &&
        judge_begin(&eval.judge, arguments, arguments->words[0], &eval.code)) {
        judge_rules(&eval.judge, rule_known, &eval);
        eval.code = EXIT_GOOD;
        progress_begin(&eval.reader.progress);
        const bool whole = rounds_run(&eval);
        progress_end(&eval.reader.progress);
        if (whole)
            eval.code = report(&eval);
    }
    eval_free(&eval);
    return eval.code;
}

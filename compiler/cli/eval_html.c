/*
 * eval_html.c - the figures of `constc eval` as one page that can be mailed or kept.
 *
 * Self-contained: styles stand in the page, plots are SVG in the text, there are no scripts and
 * nothing is fetched; the page says so in a Content-Security-Policy of its own, since excerpts of
 * attacks stand in it. All text of data is escaped, and invisible characters are drawn as a dot
 * that tells what they are. Light or dark as the reader's system is.
 */
#include <stdio.h>
#include <string.h>

#include "compiler/cli/eval.h"
#include "compiler/cli/summary.h"
#include "runtime/utf8.h"

enum { BAR_WIDTH = 180, BAR_HEIGHT = 16, LISTED = 200 };

static const char STYLE[] =
    ":root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1d2430;--soft:#677080;"
    "--line:#e3e0d8;--track:#eceae3;--good:#1f7a6d;--bad:#c2452d;--mark:#ffe39a;--hold:#355caa}"
    "@media(prefers-color-scheme:dark){:root{--paper:#14171c;--card:#1c2027;--ink:#e6e8ec;"
    "--soft:#98a1b0;--line:#2c323c;--track:#2a303a;--good:#4fc0ae;--bad:#f0836b;--mark:#6b5416;"
    "--hold:#86a8ee}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}"
    "main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}"
    "h1{font-size:28px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}"
    "h2{font-size:18px;margin:44px 0 12px}p{margin:4px 0}"
    ".soft{color:var(--soft)}.small{font-size:13px}"
    ".mono{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,monospace;font-size:13px;"
    "overflow-wrap:anywhere}td.mono{min-width:120px}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:14px;"
    "margin-top:26px}"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px "
    "18px}"
    ".card .name{color:var(--soft);font-size:13px}.card .value{font-size:32px;line-height:1.25;"
    "font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.02em}"
    ".two{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:14px;"
    "margin-top:14px}.card h3{margin:0 0 10px;font-size:15px}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th{font-weight:500;color:var(--soft);font-size:13px;text-align:left}"
    "th,td{padding:7px 10px 7px 0;border-bottom:1px solid var(--line);vertical-align:middle}"
    "tr:last-child td{border-bottom:0}.num{text-align:right;white-space:nowrap}"
    ".rate{white-space:nowrap;font-size:13px}.scroll{overflow-x:auto}"
    ".matrix td,.matrix th{border:0;padding:3px}.matrix{table-layout:fixed}.matrix "
    "tr>:first-child{width:84px}"
    ".matrix .cell{border-radius:8px;padding:14px 8px;"
    "text-align:center;font-size:22px;font-weight:600;border:1px solid var(--line)}"
    ".matrix .cell span{display:block;font-size:12px;font-weight:400;color:var(--soft)}"
    ".chip{display:inline-block;border:1px solid var(--line);border-radius:99px;padding:0 9px;"
    "font-size:12px;color:var(--soft);white-space:nowrap}"
    "svg{display:block}.track{fill:var(--track)}.good{fill:var(--good)}.bad{fill:var(--bad)}"
    ".hold{fill:var(--hold)}.whisker{stroke:var(--ink);stroke-width:1.4;opacity:.75}"
    ".example{border-top:1px solid var(--line);padding:12px 0}.example:first-of-type{border-top:0;"
    "padding-top:0}.example p.text{margin:6px 0 0;white-space:pre-wrap;overflow-wrap:anywhere;"
    "max-height:15em;overflow:auto}"
    "mark{background:var(--mark);color:inherit;border-radius:3px}"
    "i.hidden{color:var(--bad);font-style:normal}"
    ".warn{border-left:3px solid var(--bad);padding-left:12px;margin-top:10px}"
    "@media print{body{background:#fff}.card{break-inside:avoid}}";

/* ---- text ------------------------------------------------------------------------------------ */

static void html_point(buffer *out, uint32_t point, const char *bytes, size_t size)
{
    if (point == '\n')
        buffer_text(out, "\n");
    else if (point == '\t')
        buffer_text(out, " ");
    else if (point == UINT32_MAX || point_is_hidden(point))
        buffer_format(out, "<i class=\"hidden\" title=\"U+%04X\">\xC2\xB7</i>",
                      point == UINT32_MAX ? 0xFFFDu : point);
    else if (point == '<')
        buffer_text(out, "&lt;");
    else if (point == '>')
        buffer_text(out, "&gt;");
    else if (point == '&')
        buffer_text(out, "&amp;");
    else if (point == '"')
        buffer_text(out, "&quot;");
    else if (point == '\'')
        buffer_text(out, "&#39;");
    else
        buffer_add(out, bytes, size);
}

static void html_bytes(buffer *out, const char *text, size_t length)
{
    const char *const end = text + length;
    for (const char *at = text; at < end;) {
        const char *const first = at;
        const uint32_t point = utf8_decode(&at, end);
        html_point(out, point, first, (size_t)(at - first));
    }
}

static void html_text(buffer *out, const char *text)
{
    html_bytes(out, text, strlen(text));
}

static void number_add(buffer *out, uint64_t number)
{
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buffer_text(out, ",");
        buffer_add(out, &digits[i], 1);
    }
}

/* ---- plots ----------------------------------------------------------------------------------- */

/* A bar from 0 to 1 with the interval as a whisker. */
static void bar_add(buffer *out, const rate *found, const char *colour, uint32_t width)
{
    const double wide = (double)width;
    buffer_format(out,
                  "<svg width=\"%u\" height=\"%d\" role=\"img\" aria-label=\"%.1f %%\">"
                  "<rect class=\"track\" y=\"3\" width=\"%u\" height=\"10\" rx=\"3\"/>",
                  width, BAR_HEIGHT, found->value * 100, width);
    if (found->total > 0) {
        buffer_format(out, "<rect class=\"%s\" y=\"3\" width=\"%.1f\" height=\"10\" rx=\"3\"/>",
                      colour, found->value * wide);
        const double low = found->low * wide, high = found->high * wide;
        if (rate_has_interval(found))
            buffer_format(out, "<path class=\"whisker\" d=\"M%.1f 8H%.1fM%.1f 5V11M%.1f 5V11\"/>",
                          low, high, low < 1 ? 1.0 : low, high > wide - 1 ? wide - 1 : high);
    }
    buffer_text(out, "</svg>");
}

static void interval_add(buffer *out, const rate *found)
{
    if (found->total == 0) {
        buffer_text(out, "nothing to count");
        return;
    }
    const int digits = found->high < 0.1 ? 2 : 1;
    buffer_format(out, "%.*f to %.*f", digits, found->low * 100, digits, found->high * 100);
}

/* Two cells of a table: the bar, and the figure with its interval. */
static void rate_cells(buffer *out, const rate *found, const char *colour)
{
    buffer_text(out, "<td>");
    if (found->total > 0)
        bar_add(out, found, colour, BAR_WIDTH);
    buffer_text(out, "</td><td class=\"rate\">");
    if (found->total > 0) {
        show_percent(out, found->value);
        if (rate_has_interval(found)) {
            buffer_text(out, "&ensp;<span class=\"soft\">");
            interval_add(out, found);
            buffer_text(out, "</span>");
        }
    } else
        buffer_text(out, "<span class=\"soft\">&ndash;</span>");
    buffer_text(out, "</td>");
}

/* ---- the top --------------------------------------------------------------------------------- */

static void head_add(buffer *out, const eval_state *eval)
{
    const cst_policy *const policy = eval->judge.policy;
    buffer_text(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'\">"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                     "<title>");
    html_text(out, cst_policy_name(policy));
    buffer_format(out, ", measured</title><style>%s</style></head>\n<body><main>\n<h1>", STYLE);
    html_text(out, cst_policy_name(policy));
    buffer_text(out, " ");
    html_text(out, cst_policy_version(policy));
    buffer_text(out, "</h1>\n<p class=\"mono soft\">");
    html_text(out, cst_policy_hash(policy));
    buffer_text(out, "</p>\n<p>");
    for (uint32_t i = 0; i < eval->file_count; i++) {
        buffer_text(out, i == 0 ? "<span class=\"mono\">" : ", <span class=\"mono\">");
        html_text(out, eval->files[i].path);
        buffer_text(out, "</span>");
    }
    buffer_format(out, "</p>\n<p class=\"soft\">Each text is an event of the stage <b>%s</b>",
                  cst_stage_name(eval->judge.stage));
    if (eval->judge.tool != NULL) {
        buffer_text(out, ", tool <b>");
        html_text(out, eval->judge.tool);
        buffer_text(out, "</b>");
    }
    buffer_format(out,
                  ", in a session of its own. It is <b>caught</b> if the policy decides "
                  "<b>%s</b>%s%s.</p>\n",
                  verdict_words(eval->judge.least),
                  eval->judge.least < CST_HALT ? " or stricter" : "",
                  eval->judge.shadow ? "; rules in shadow count" : "");
}

static void card_add(buffer *out, const char *name, const rate *found, const char *colour,
                     const char *what)
{
    buffer_format(out, "<div class=\"card\"><div class=\"name\">%s</div><div class=\"value\">",
                  name);
    if (found->total > 0)
        show_percent(out, found->value);
    else
        buffer_text(out, "&ndash;");
    buffer_text(out, "</div>");
    bar_add(out, found, colour, BAR_WIDTH);
    buffer_text(out, "<div class=\"small soft\">95 %: ");
    interval_add(out, found);
    buffer_text(out, "<br>");
    number_add(out, found->hits);
    buffer_text(out, " of ");
    number_add(out, found->total);
    buffer_format(out, " %s</div></div>\n", what);
}

static void cards_add(buffer *out, const eval_state *eval)
{
    const rate recall = confusion_recall(&eval->counts);
    const rate precision = confusion_precision(&eval->counts);
    const rate alarms = confusion_false_alarms(&eval->counts);
    const rate f1 = confusion_f1(&eval->counts);
    buffer_text(out, "<div class=\"cards\">\n");
    card_add(out, "Recall", &recall, "good", "positive rows");
    card_add(out, "False-positive rate", &alarms, "bad", "negative rows");
    card_add(out, "Precision", &precision, "hold", "caught rows");
    card_add(out, "F1", &f1, "hold", "rows positive or caught");
    buffer_text(out, "</div>\n");
}

static void cell_add(buffer *out, uint64_t number, uint64_t of, const char *colour,
                     const char *name)
{
    const double part = of == 0 ? 0 : (double)number / (double)of;
    buffer_format(out,
                  "<td><div class=\"cell\" style=\"background:color-mix(in srgb,var(--%s) "
                  "%.0f%%,transparent)\">",
                  colour, part * 60);
    number_add(out, number);
    buffer_format(out, "<span>%s</span></div></td>", name);
}

static void line_add(buffer *out, const char *name, uint64_t number, const char *more)
{
    buffer_format(out, "<tr><td>%s</td><td class=\"num\">", name);
    number_add(out, number);
    buffer_format(out, "</td><td class=\"small soft\">%s</td></tr>", more);
}

static void labels_line(buffer *out, const eval_state *eval, const char *name, uint64_t number,
                        row_class kind)
{
    buffer list;
    buffer_init(&list, NULL, 0);
    uint32_t listed = 0;
    for (uint32_t i = 0; i < eval->labels.count; i++) {
        const eval_label *const label = eval->labels.rows[i];
        if (label->kind != kind)
            continue;
        if (++listed > 12) {
            buffer_text(&list, ", &hellip;");
            break;
        }
        buffer_text(&list, listed > 1 ? ", " : "");
        html_bytes(&list, label->name.name, label->name.length);
    }
    line_add(out, name, number, list.bytes == NULL ? "" : list.bytes);
    buffer_free(&list);
}

static void matrix_add(buffer *out, const eval_state *eval)
{
    const confusion *const counts = &eval->counts;
    buffer_text(out, "<div class=\"two\"><div class=\"card\"><h3>Confusion matrix</h3>"
                     "<table class=\"matrix\"><tr><th></th><th>caught</th><th>let pass</th></tr>"
                     "<tr><th>positive</th>");
    cell_add(out, counts->caught, eval->positive_rows, "good", "caught");
    cell_add(out, counts->missed, eval->positive_rows, "bad", "missed");
    buffer_text(out, "</tr><tr><th>negative</th>");
    cell_add(out, counts->alarms, eval->negative_rows, "bad", "false alarms");
    cell_add(out, counts->passed, eval->negative_rows, "good", "passed");
    buffer_text(out, "</tr></table></div>\n<div class=\"card\"><h3>Rows</h3><table>");
    labels_line(out, eval, "positive", eval->positive_rows, ROW_POSITIVE);
    labels_line(out, eval, "negative", eval->negative_rows, ROW_NEGATIVE);
    if (eval->skipped > 0)
        labels_line(out, eval, "skipped", eval->skipped, ROW_SKIPPED);
    line_add(out, "not read", eval_unread(eval), "in no figure");
    line_add(out, "malformed as an event", eval->undecided_rows, "in no figure; denied in service");
    line_add(out, "all", eval->rows, "");
    buffer_text(out, "</table>");
    if (eval->median_seconds > 0)
        buffer_format(out,
                      "<p class=\"small soft\">%.0f rows/s, %.1f MB/s, reading JSON included</p>",
                      (double)eval->round_rows / eval->median_seconds,
                      (double)eval->round_bytes / 1e6 / eval->median_seconds);
    buffer_text(out, "</div></div>\n");
}

static void problem_add(buffer *out, uint64_t rows, const char *what, const eval_place *place)
{
    buffer_text(out, "<p class=\"warn\">");
    number_add(out, rows);
    buffer_text(out, rows == 1 ? " row " : " rows ");
    html_text(out, what);
    buffer_text(out, " <span class=\"soft small\">first: ");
    html_text(out, place->path);
    buffer_format(out, ":%llu</span></p>\n", (unsigned long long)place->line);
}

static void problems_add(buffer *out, const eval_state *eval)
{
    for (int i = ROW_GOOD + 1; i < ROW_FAULTS; i++)
        if (eval->faults[i] > 0)
            problem_add(out, eval->faults[i], row_fault_text((row_fault)i), &eval->first_faults[i]);
    for (uint32_t i = 0; i < eval->undecided.count; i++) {
        const eval_problem *const problem = eval->undecided.rows[i];
        buffer text;
        buffer_init(&text, NULL, 0);
        buffer_format(&text, "malformed as an event: %s: %s", problem->name.name, problem->text);
        problem_add(out, problem->rows, text.bytes == NULL ? "" : text.bytes, &problem->first);
        buffer_free(&text);
    }
}

/* ---- tables with bars ------------------------------------------------------------------------ */

static void table_begin(buffer *out, const char *title, const char *first, const char *counted,
                        const char *left, const char *counted_right, const char *right)
{
    buffer_format(out,
                  "<h2>%s</h2>\n<div class=\"card scroll\"><table><tr><th>%s</th>"
                  "<th class=\"num\">%s</th><th colspan=\"2\">%s</th>"
                  "<th class=\"num\">%s</th><th colspan=\"2\">%s</th></tr>\n",
                  title, first, counted, left, counted_right, right);
}

static void table_end(buffer *out, uint32_t left_out)
{
    buffer_text(out, "</table>");
    if (left_out > 0)
        buffer_format(out, "<p class=\"small soft\">and %u more: --format json has all</p>",
                      left_out);
    buffer_text(out, "</div>\n");
}

static void two_rates(buffer *out, const rate *left, const char *left_colour, const rate *right,
                      const char *right_colour)
{
    buffer_text(out, "<td class=\"num\">");
    number_add(out, left->total);
    buffer_text(out, "</td>");
    rate_cells(out, left, left_colour);
    buffer_text(out, "<td class=\"num\">");
    number_add(out, right->total);
    buffer_text(out, "</td>");
    rate_cells(out, right, right_colour);
    buffer_text(out, "</tr>\n");
}

static void rules_add(buffer *out, const eval_state *eval)
{
    buffer_text(out, "<h2>Rules, each alone</h2>\n<div class=\"card scroll\"><table><tr>"
                     "<th>rule</th><th>effect</th><th colspan=\"2\">of the positive rows</th>"
                     "<th colspan=\"2\">of the negative rows</th><th>precision</th></tr>\n");
    uint32_t listed = 0, never = 0, left_out = 0;
    for (uint32_t i = 0; i < eval->rules.count; i++) {
        const eval_rule *const rule = eval->rules.rows[i];
        const rate recall = rate_of(rule->positives, eval->positive_rows);
        const rate alarms = rate_of(rule->negatives, eval->negative_rows);
        const rate precision = rate_of(rule->positives, rule->positives + rule->negatives);
        if (rule->positives + rule->negatives == 0) {
            never++;
            continue;
        }
        if (listed++ >= LISTED) {
            left_out++;
            continue;
        }
        buffer_text(out, "<tr><td class=\"mono\">");
        html_text(out, rule->name.name);
        buffer_format(out, "</td><td><span class=\"chip\">%s%s</span></td>",
                      verdict_words(rule->effect), rule->shadow ? ", in shadow" : "");
        rate_cells(out, &recall, "good");
        rate_cells(out, &alarms, "bad");
        buffer_text(out, "<td class=\"rate\">");
        show_percent(out, precision.value);
        if (rule->undecided > 0)
            buffer_format(out, "<br><span class=\"soft\">undecided on %llu</span>",
                          (unsigned long long)rule->undecided);
        buffer_text(out, "</td></tr>\n");
    }
    table_end(out, left_out);
    if (never == 0)
        return;
    buffer_format(out,
                  "<p class=\"small soft\">%u of the rules for these events never spoke:", never);
    listed = 0;
    for (uint32_t i = 0; i < eval->rules.count && listed < LISTED; i++) {
        const eval_rule *const rule = eval->rules.rows[i];
        if (rule->positives + rule->negatives > 0)
            continue;
        buffer_text(out, listed++ > 0 ? ", <span class=\"mono\">" : " <span class=\"mono\">");
        html_text(out, rule->name.name);
        buffer_text(out, "</span>");
    }
    buffer_text(out, never > LISTED ? ", &hellip;</p>\n" : "</p>\n");
}

static void group_row(buffer *out, const char *name, size_t length, const confusion *counts)
{
    const rate recall = confusion_recall(counts), alarms = confusion_false_alarms(counts);
    buffer_text(out, "<tr><td>");
    if (length == 0)
        buffer_text(out, "<span class=\"soft\">(empty)</span>");
    html_bytes(out, name, length);
    buffer_text(out, "</td>");
    two_rates(out, &recall, "good", &alarms, "bad");
}

static void groups_add(buffer *out, const eval_state *eval)
{
    if (eval->reader.fields.category != NULL) {
        table_begin(out, "Categories", "category", "positive", "recall", "negative",
                    "false positives");
        for (uint32_t i = 0; i < eval->categories.count && i < LISTED; i++) {
            const eval_group *const group = eval->categories.rows[i];
            group_row(out, group->name.name, group->name.length, &group->counts);
        }
        table_end(out, eval->categories.count > LISTED ? eval->categories.count - LISTED : 0);
    }
    if (eval->file_count < 2)
        return;
    table_begin(out, "Files", "file", "positive", "recall", "negative", "false positives");
    for (uint32_t i = 0; i < eval->file_count; i++)
        group_row(out, eval->files[i].path, strlen(eval->files[i].path), &eval->files[i].counts);
    table_end(out, 0);
}

static void spans_add(buffer *out, const eval_state *eval)
{
    const span_score *const score = &eval->spans;
    if (eval->reader.fields.spans == NULL)
        return;
    const struct {
        const char *name;
        rate recall, precision;
    } measures[] = {
        {"exact", rate_of(score->expected_exact, score->expected),
         rate_of(score->found_exact, score->found)},
        {"overlap (IoU 0.5 or more)", rate_of(score->expected_overlap, score->expected),
         rate_of(score->found_overlap, score->found)},
        {"characters", share_of(score->shared_characters, score->expected_characters),
         share_of(score->shared_characters, score->found_characters)},
    };
    table_begin(out, "Spans", "measure", "expected", "recall", "found", "precision");
    for (int i = 0; i < 3; i++) {
        buffer_format(out, "<tr><td>%s</td>", measures[i].name);
        two_rates(out, &measures[i].recall, "good", &measures[i].precision, "hold");
    }
    table_end(out, 0);
    if (score->ignored_expected + score->ignored_found > 0)
        buffer_format(out,
                      "<p class=\"small soft\">Left out, of types that do not count: %llu "
                      "expected, %llu found on them.</p>\n",
                      (unsigned long long)score->ignored_expected,
                      (unsigned long long)score->ignored_found);
    if (score->unmarked > 0)
        buffer_format(out,
                      "<p class=\"small soft\">%llu rows have no field of spans and were "
                      "taken as having none.</p>\n",
                      (unsigned long long)score->unmarked);
    if (score->cut > 0)
        buffer_format(out,
                      "<p class=\"warn\">%llu times a rule found more spans than it reports: "
                      "figures are too low.</p>\n",
                      (unsigned long long)score->cut);
    if (score->types.count == 0)
        return;
    table_begin(out, "Types of spans", "type", "expected", "recall, overlap", "characters",
                "recall, characters");
    for (uint32_t i = 0; i < score->types.count && i < LISTED; i++) {
        const span_type *const type = score->types.rows[i];
        const rate overlap = rate_of(type->overlap, type->expected);
        const rate characters = share_of(type->characters_found, type->characters);
        buffer_text(out, "<tr><td class=\"mono\">");
        html_text(out, type->name.name);
        buffer_text(out, "</td>");
        two_rates(out, &overlap, "good", &characters, "good");
    }
    table_end(out, score->types.count > LISTED ? score->types.count - LISTED : 0);
}

/* ---- examples -------------------------------------------------------------------------------- */

static void example_add(buffer *out, const eval_example *example)
{
    buffer_text(out, "<div class=\"example\"><span class=\"mono\">");
    html_text(out, example->id != NULL ? example->id : example->place.path);
    if (example->id == NULL)
        buffer_format(out, ":%llu", (unsigned long long)example->place.line);
    buffer_text(out, "</span> <span class=\"chip\">");
    html_text(out, example->label);
    buffer_format(out, "</span> <span class=\"chip\">%s</span>", verdict_words(example->verdict));
    if (example->rules[0] != '\0') {
        buffer_text(out, " <span class=\"soft small\">");
        html_text(out, example->rules);
        buffer_text(out, "</span>");
    }
    buffer_text(out, "<p class=\"text\">");
    buffer_text(out, example->cut_before ? "&hellip;" : "");
    html_bytes(out, example->excerpt, example->mark_start);
    if (example->mark_end > example->mark_start) {
        buffer_text(out, "<mark>");
        html_bytes(out, example->excerpt + example->mark_start,
                   example->mark_end - example->mark_start);
        buffer_text(out, "</mark>");
    }
    html_bytes(out, example->excerpt + example->mark_end,
               example->excerpt_length - example->mark_end);
    buffer_text(out, example->cut_after ? "&hellip;" : "");
    buffer_text(out, "</p></div>\n");
}

static void examples_add(buffer *out, const char *title, const example_list *list, uint64_t total)
{
    if (list->count == 0)
        return;
    buffer_format(out, "<h2>%s <span class=\"soft small\">%u of ", title, list->count);
    number_add(out, total);
    buffer_text(out, "</span></h2>\n<div class=\"card\">");
    for (uint32_t i = 0; i < list->count; i++)
        example_add(out, &list->items[i]);
    buffer_text(out, "</div>\n");
}

bool eval_write_html(const eval_state *eval, const char *path)
{
    buffer out;
    buffer_init(&out, NULL, 0);
    head_add(&out, eval);
    cards_add(&out, eval);
    matrix_add(&out, eval);
    problems_add(&out, eval);
    rules_add(&out, eval);
    groups_add(&out, eval);
    spans_add(&out, eval);
    examples_add(&out, "Misses", &eval->misses, eval->counts.missed);
    examples_add(&out, "False alarms", &eval->alarms, eval->counts.alarms);
    buffer_text(&out, "<p class=\"small soft\" style=\"margin-top:36px\">Intervals are Wilson's, "
                      "95 %. Rows are taken as independent of each other.</p>\n"
                      "</main></body></html>\n");
    if (out.failed)
        checked(NULL);
    FILE *const file = fopen(path, "wb");
    bool good = file != NULL && fwrite(out.bytes, 1, out.length, file) == out.length;
    if (file != NULL && fclose(file) != 0)
        good = false;
    if (!good)
        complain_errno(path);
    buffer_free(&out);
    return good;
}

/*
 * temporal_policy.c - random questions about the past, and the policy that asks them.
 *
 * Every question stands in a rule and in a permit in shadow: the one is reported if the answer is
 * true or undecided, the other only if it is true, so each event tells of each question which of
 * the three it was. Words, numbers and windows come from small pools, so that keys meet, windows
 * end between and exactly at events, and sums overflow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/differential/temporal.h"

static const char *const stage_names[] = {"input", "output", "action", "result", "message"};
static const char *const tool_names[] = {"pay", "read", "note", "unknown"};
static const char *const term_texts[] = {
    "args.to", "text",     "value.w",         "user.id",
    "args.n",  "user.org", "args.n + args.n", "user.org + user.org"};
static const char *const this_texts[] = {"this.args.to",
                                         "this.text",
                                         "this.value.w",
                                         "this.user.id",
                                         "this.args.n",
                                         "this.user.org",
                                         "this.args.n + this.args.n",
                                         "this.user.org + this.user.org"};
static const char *const words[] = {"ann", "bob", "eve zzz", "eve cut", "beta", "beta zzz", "ann"};
static const char *const users[] = {"u1", "u2", "u3"};
static const int64_t numbers[] = {
    0, 1, 2, 3, 5, -2, -4, INT64_MAX, INT64_MIN, INT64_C(1) << 62, 2, 4, INT64_MAX};

const char *temporal_word(random_state *random, term term)
{
    return term == USER ? users[random_below(random, 3)]
                        : words[random_below(random, sizeof words / sizeof *words)];
}

int64_t temporal_number(random_state *random)
{
    return numbers[random_below(random, sizeof numbers / sizeof *numbers)];
}

static void *node_new(temporal_policy *policy, size_t size)
{
    void *const made = calloc(1, size);
    if (!made || policy->node_count == sizeof policy->nodes / sizeof *policy->nodes)
        abort();
    return policy->nodes[policy->node_count++] = made;
}

/* ---- what there is to name ------------------------------------------------------------------- */

static bool is_text(term term)
{
    return term <= USER;
}

static bool has_term(const pattern *pattern, term term)
{
    switch (term) {
    case USER:
    case ORG:
    case TWICE_ORG: return true;
    case TEXT: return pattern->stage != ACTION;
    case W: return pattern->stage == RESULT && !pattern->open;
    default: return (pattern->stage == ACTION || pattern->stage == RESULT) && !pattern->open;
    }
}

/* Some term that the pattern has, of texts or of numbers. TERMS: there is none like that. */
static term some_term(random_state *random, const pattern *pattern, bool text, bool plain)
{
    term found[TERMS];
    uint32_t count = 0;
    for (term term = 0; term < TERMS; term++)
        if (has_term(pattern, term) && is_text(term) == text && !(plain && term >= TWICE_N))
            found[count++] = term;
    return count ? found[random_below(random, count)] : TERMS;
}

static void some_pattern(random_state *random, pattern *pattern, bool closed)
{
    static const uint32_t sets[] = {
        1 << PAY, 1 << READ, 1 << PAY | 1 << READ, 1 << PAY | 1 << NOTE, 1 << NOTE, DECLARED};
    static const stage stages[] = {INPUT,  OUTPUT, ACTION, ACTION, ACTION,
                                   ACTION, RESULT, RESULT, MESSAGE};
    memset(pattern, 0, sizeof *pattern);
    pattern->stage = stages[random_below(random, 9)];
    if (pattern->stage != ACTION && pattern->stage != RESULT)
        return;
    const uint32_t choice = random_below(random, 10);
    pattern->open = !closed && choice < 2;
    pattern->tools = !pattern->open ? sets[random_below(random, 6)]
                     : choice == 0  ? ALL_TOOLS
                                    : 1 << ZAP;
}

/* ---- filters --------------------------------------------------------------------------------- */

static filter *some_filter(random_state *random, temporal_policy *policy, const pattern *pattern,
                           uint32_t depth)
{
    filter *const made = node_new(policy, sizeof *made);
    const uint32_t choice = random_below(random, 10);
    if (depth > 0 && choice < 4) {
        made->kind = choice == 0 ? NOT : choice == 1 ? OR : AND;
        made->left = some_filter(random, policy, pattern, depth - 1);
        if (made->kind != NOT)
            made->right = some_filter(random, policy, pattern, depth - 1);
        return made;
    }
    const bool text = random_chance(random, 50);
    made->term = some_term(random, pattern, text, false);
    made->kind = !text                                             ? ABOVE
                 : made->term == USER || random_chance(random, 50) ? EQUALS
                                                                   : CONTAINS;
    static const char *const parts[] = {"zzz", "cut", "beta", "ann"};
    made->word =
        made->kind == CONTAINS ? parts[random_below(random, 4)] : temporal_word(random, made->term);
    made->number = (int64_t)random_below(random, 6) - 1;
    return made;
}

static void write_filter(buffer *out, const filter *filter)
{
    switch (filter->kind) {
    case EQUALS: buffer_format(out, "%s == \"%s\"", term_texts[filter->term], filter->word); return;
    case CONTAINS:
        buffer_format(out, "%s contains \"%s\"", term_texts[filter->term], filter->word);
        return;
    case ABOVE:
        buffer_format(out, "%s > %lld", term_texts[filter->term], (long long)filter->number);
        return;
    case NOT:
        buffer_text(out, "not (");
        write_filter(out, filter->left);
        buffer_text(out, ")");
        return;
    default:
        buffer_text(out, "((");
        write_filter(out, filter->left);
        buffer_text(out, filter->kind == AND ? ") and (" : ") or (");
        write_filter(out, filter->right);
        buffer_text(out, "))");
    }
}

/* ---- patterns and questions ------------------------------------------------------------------ */

static void write_tools(buffer *out, const pattern *pattern)
{
    if (pattern->tools == 0 || pattern->tools == ALL_TOOLS)
        return;
    if (pattern->tools == (1 << PAY | 1 << NOTE)) {
        buffer_text(out, " tagged moves");
        return;
    }
    const char *word = " ";
    for (uint32_t tool = 0; tool < TOOLS; tool++)
        if (pattern->tools >> tool & 1) {
            buffer_format(out, "%s%s", word, tool_names[tool]);
            word = " or ";
        }
}

static void write_pattern(buffer *out, const question *question, const pattern *pattern, bool keyed)
{
    const uint32_t keys = keyed ? question->this_count : 0;
    buffer_format(out, "(%s%s", pattern->stopped ? "stopped " : "", stage_names[pattern->stage]);
    write_tools(out, pattern);
    if (pattern->filter || keys)
        buffer_text(out, " where ");
    for (uint32_t i = 0; i < keys; i++)
        buffer_format(out, "%s%s == %s", i ? " and " : "", term_texts[pattern->own[i]],
                      this_texts[question->theirs[i]]);
    if (pattern->filter) {
        buffer_text(out, keys ? " and (" : "");
        write_filter(out, pattern->filter);
        buffer_text(out, keys ? ")" : "");
    }
    buffer_text(out, ")");
}

static void write_past(buffer *out, const question *question)
{
    for (uint32_t i = 0; i < question->step_count; i++) {
        buffer_text(out, i ? " followed by " : "");
        write_pattern(out, question, &question->steps[i], true);
    }
    for (uint32_t i = 0; i < question->same_count; i++)
        buffer_format(out, "%s%s",
                      i                          ? ", "
                      : question->same_count > 1 ? " with same ("
                                                 : " with same ",
                      term_texts[question->same[i]]);
    if (question->same_count > 1)
        buffer_text(out, ")");
    if (question->has_since) {
        buffer_text(out, " since ");
        write_pattern(out, question, &question->since, false);
    }
    if (question->across)
        buffer_text(out, " across sessions");
    if (question->within)
        buffer_format(out, " within %llds", (long long)question->within);
}

static void write_question(buffer *out, const question *question)
{
    static const char *const names[] = {"earlier ", "count of ", "sum of ", "distinct of ",
                                        "(latest of "};
    buffer_text(out, names[question->kind]);
    if (question->kind > COUNT)
        buffer_format(out, "%s over ", term_texts[question->value]);
    write_past(out, question);
    if (question->kind == EARLIER)
        return;
    if (question->kind != LATEST)
        buffer_format(out, " %s %lld", question->comparison, (long long)question->number);
    else if (is_text(question->value))
        buffer_format(out, " else \"none\") == \"%s\"", question->word);
    else
        buffer_format(out, " else -9) %s %lld", question->comparison, (long long)question->number);
}

/* Keys that all steps and the event being decided have. */
static void some_keys(random_state *random, question *question, const pattern *on)
{
    const uint32_t wanted = random_below(random, 4) == 0 ? 0 : 1 + random_below(random, 2);
    for (uint32_t i = 0; i < wanted; i++) {
        const term term = random_below(random, TWICE_N);
        bool all = has_term(on, term);
        for (uint32_t s = 0; s < question->step_count; s++)
            all = all && has_term(&question->steps[s], term);
        for (uint32_t k = 0; k < question->same_count; k++)
            all = all && question->same[k] != term;
        if (all)
            question->same[question->same_count++] = term;
    }
    if (random_chance(random, 60))
        return;
    const uint32_t others = 1 + random_below(random, 2);
    for (uint32_t i = 0; i < others; i++) {
        const bool text = random_chance(random, 60);
        const term theirs = some_term(random, on, text, !random_chance(random, 10));
        for (uint32_t k = 0; k < i; k++)
            if (question->theirs[k] == theirs)
                return;
        for (uint32_t s = 0; s < question->step_count; s++)
            question->steps[s].own[i] =
                some_term(random, &question->steps[s], text, !random_chance(random, 15));
        question->theirs[question->this_count++] = theirs;
    }
}

/* `since` has all keys of `with same` or none of them, and all if there is one: what else could not
 * be looked up is refused. */
static void some_since(random_state *random, temporal_policy *policy, question *question)
{
    if (question->same_count && question->this_count)
        return;
    for (uint32_t attempt = 0; attempt < 8; attempt++) {
        some_pattern(random, &question->since, true);
        uint32_t found = 0;
        for (uint32_t i = 0; i < question->same_count; i++)
            found += has_term(&question->since, question->same[i]);
        if (found != question->same_count && (found > 0 || question->across))
            continue;
        question->has_since = true;
        question->since.stopped = random_chance(random, 15);
        if (random_chance(random, 60))
            question->since.filter = some_filter(random, policy, &question->since, 1);
        return;
    }
}

static question *some_question(random_state *random, temporal_policy *policy, const pattern *on)
{
    static const char *const comparisons[] = {">", ">=", "<", "<=", "==", "!="};
    question *const made = node_new(policy, sizeof *made);
    made->kind = random_below(random, 5);
    made->step_count = random_chance(random, 65) ? 1 : 2 + random_below(random, MOST_STEPS - 1);
    for (uint32_t i = 0; i < made->step_count; i++) {
        some_pattern(random, &made->steps[i], false);
        made->steps[i].stopped = random_chance(random, 12);
        if (random_chance(random, made->step_count == 1 ? 60 : 25))
            made->steps[i].filter = some_filter(random, policy, &made->steps[i], 2);
    }
    some_keys(random, made, on);
    bool context = false;
    for (uint32_t i = 0; i < made->same_count; i++)
        context = context || made->same[i] == USER || made->same[i] == ORG;
    made->across = context && random_chance(random, 50);
    static const int64_t windows[] = {1, 3, 10, 40, 200};
    if (made->across || random_chance(random, 55))
        made->within = windows[random_below(random, 5)];
    if (random_chance(random, 35))
        some_since(random, policy, made);
    const pattern *const last = &made->steps[made->step_count - 1];
    const bool text =
        made->kind == DISTINCT || made->kind == LATEST ? random_chance(random, 60) : false;
    made->value = some_term(random, last, text, true);
    made->comparison = comparisons[random_below(random, 6)];
    made->number = made->kind == LATEST ? temporal_number(random)
                                        : (int64_t)random_below(random, made->kind == SUM ? 12 : 5);
    made->word = random_chance(random, 15) ? "none" : temporal_word(random, made->value);
    return made;
}

static formula *some_formula(random_state *random, temporal_policy *policy, const pattern *on,
                             uint32_t depth, question *again)
{
    formula *const made = node_new(policy, sizeof *made);
    const uint32_t choice = depth ? random_below(random, 10) : 9;
    if (!again && random_chance(random, 12)) {
        made->kind = LABELLED;
        made->number = random_below(random, LABELS);
        made->label = &policy->labels[made->number];
        return made;
    }
    if (choice < 4) {
        made->kind = choice < 2 ? NEGATE : choice == 2 ? BOTH : EITHER;
        made->left = some_formula(random, policy, on, depth - 1, again);
        if (made->kind != NEGATE)
            made->right = some_formula(random, policy, on, depth - 1, NULL);
        return made;
    }
    made->kind = ASK;
    made->question = again ? again : some_question(random, policy, on);
    /* the same question, compared otherwise */
    if (again && again->kind != EARLIER && again->kind != LATEST) {
        made->question = node_new(policy, sizeof *made->question);
        *made->question = *again;
        made->question->number = (int64_t)random_below(random, 6);
    }
    return made;
}

static void write_formula(buffer *out, const formula *formula)
{
    switch (formula->kind) {
    case ASK: write_question(out, formula->question); return;
    case LABELLED: buffer_format(out, "session has seen%u", formula->number); return;
    case NEGATE:
        if (formula->left->kind == ASK && formula->left->question->kind == EARLIER) {
            buffer_text(out, "no ");
            write_question(out, formula->left->question);
            return;
        }
        buffer_text(out, "not (");
        write_formula(out, formula->left);
        buffer_text(out, ")");
        return;
    default:
        buffer_text(out, "((");
        write_formula(out, formula->left);
        buffer_text(out, formula->kind == BOTH ? ") and (" : ") or (");
        write_formula(out, formula->right);
        buffer_text(out, "))");
    }
}

static const char *const head =
    "constitution temporal \"1\"\nagents a, b\napprovals by user\n"
    "context user { id: string, org: int }\ncontext ctl { fate: string }\n"
    "tool pay(to: string, n: int) returns { w: string } moves\n"
    "tool read(to: string, n: int) returns { w: string }\n"
    "tool note(to: string, n: int) returns { w: string } moves\n"
    "default input deny\ndefault output deny\ndefault action deny\ndefault result deny\ndefault "
    "message deny\n"
    "permit anything on input, output, action, result, message\n"
    "rule f_deny on input, output, action, result, message when ctl.fate == \"deny\" then deny\n"
    "rule f_refuse on input, output, action, result, message when ctl.fate == \"refuse\" then "
    "refuse\n"
    "rule f_wait on input, output, action, result, message when ctl.fate == \"wait\" then require "
    "approval from user\n";

static const char *const cuts = "rule cut_text on input, output, message, result when text "
                                "contains \"zzz\" then redact with \"cut\"\n"
                                "rule cut_args on action pay or read or note when args.to contains "
                                "\"zzz\" then redact with \"cut\"\n"
                                "rule cut_value on result pay or read or note when value.w "
                                "contains \"zzz\" then redact with \"cut\"\n";

/* The first question of a tree, or NULL. */
static question *question_of(formula *formula)
{
    while (formula->kind > LABELLED)
        formula = formula->left;
    return formula->question;
}

/* Rules that give labels: alone, beside an effect, and in shadow, where they give none. */
static void write_labels(random_state *random, temporal_policy *policy, buffer *out)
{
    for (uint32_t i = 0; i < LABELS; i++) {
        label *const label = &policy->labels[i];
        some_pattern(random, &label->on, true);
        label->on.filter = some_filter(random, policy, &label->on, 1);
        label->shadow = random_chance(random, 10);
        buffer_format(out, "rule label%u on %s", i, stage_names[label->on.stage]);
        write_tools(out, &label->on);
        buffer_text(out, label->shadow ? " in shadow when " : " when ");
        write_filter(out, label->on.filter);
        buffer_format(out,
                      random_chance(random, 50) ? " then label seen%u\n"
                                                : " then flag and label seen%u\n",
                      i);
    }
}

void temporal_policy_write(random_state *random, temporal_policy *policy)
{
    memset(policy, 0, sizeof *policy);
    buffer *const out = &policy->text;
    buffer_init(out, NULL, 0);
    buffer_text(out, head);
    policy->has_cut = random_chance(random, 60);
    if (policy->has_cut)
        buffer_text(out, cuts);
    write_labels(random, policy, out);
    buffer text;
    buffer_init(&text, NULL, 0);
    for (uint32_t i = 0; i < RULES; i++) {
        pattern *const on = &policy->rules[i].on;
        const bool again = i > 0 && random_chance(random, 25);
        if (again)
            *on = policy->rules[i - 1].on;
        else
            some_pattern(random, on, false);
        policy->rules[i].formula = some_formula(
            random, policy, on, 2, again ? question_of(policy->rules[i - 1].formula) : NULL);
        buffer_clear(&text);
        write_formula(&text, policy->rules[i].formula);
        policy->rules[i].text = node_new(policy, text.length + 1);
        memcpy(policy->rules[i].text, text.bytes, text.length);
        for (uint32_t kind = 0; kind < 2; kind++) {
            buffer_format(out, "%s%02u on %s", kind ? "permit p" : "rule r", i,
                          stage_names[on->stage]);
            write_tools(out, on);
            buffer_format(out, " %s %s%s\n", kind ? "in shadow when" : "when",
                          policy->rules[i].text, kind ? "" : " then flag");
        }
    }
    buffer_free(&text);
}

void temporal_policy_free(temporal_policy *policy)
{
    for (uint32_t i = 0; i < policy->node_count; i++)
        free(policy->nodes[i]);
    buffer_free(&policy->text);
}

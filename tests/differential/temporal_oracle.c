/*
 * temporal_oracle.c - what the language's description says about a question, found by looking at
 * all events.
 *
 * What is not decided about an earlier event (whether it passes the filter, whether its key is the
 * one) may be so or not. An answer is decided if it is the same either way. Where an event lets an
 * answer be true, being another event never takes that away, and the other way round for `since`;
 * so it is enough to look at two pasts: the one in which only what is sure counts, and every
 * `since` that may be is; and the one in which all that may be counts, and only a `since` that is
 * sure.
 */
#include <string.h>

#include "tests/differential/temporal.h"

/* ---- one event ------------------------------------------------------------------------------- */

bool temporal_fits(const pattern *pattern, const event *event)
{
    if (pattern->stage != event->stage)
        return false;
    return (pattern->stage != ACTION && pattern->stage != RESULT) ||
           (pattern->tools >> event->tool & 1);
}

static const char *text_of(const event *event, term term)
{
    return term == TO ? event->to : term == TEXT ? event->text : term == W ? event->w : event->user;
}

/* False: overflow. */
static bool number_of(const event *event, term term, int64_t *out)
{
    const int64_t once = term == N || term == TWICE_N ? event->n : event->org;
    *out = once;
    return term == N || term == ORG || !__builtin_add_overflow(once, once, out);
}

static bool has_word(const char *text, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        if ((at == text || at[-1] == ' ') && (at[length] == '\0' || at[length] == ' '))
            return true;
    return false;
}

static tri both(tri a, tri b)
{
    return a < b ? a : b;
}

static tri either(tri a, tri b)
{
    return a > b ? a : b;
}

static tri filter_of(const filter *filter, const event *event)
{
    int64_t number;
    switch (filter->kind) {
    case EQUALS: return strcmp(text_of(event, filter->term), filter->word) == 0 ? YES : NO;
    case CONTAINS: return has_word(text_of(event, filter->term), filter->word) ? YES : NO;
    case ABOVE:
        return !number_of(event, filter->term, &number) ? MAYBE
               : number > filter->number                ? YES
                                                        : NO;
    case NOT: return YES - filter_of(filter->left, event);
    case AND: return both(filter_of(filter->left, event), filter_of(filter->right, event));
    default: return either(filter_of(filter->left, event), filter_of(filter->right, event));
    }
}

static tri equal(const event *a, term of_a, const event *b, term of_b)
{
    int64_t left, right;
    if (of_a <= USER)
        return strcmp(text_of(a, of_a), text_of(b, of_b)) == 0 ? YES : NO;
    if (!number_of(a, of_a, &left) || !number_of(b, of_b, &right))
        return MAYBE;
    return left == right ? YES : NO;
}

/* ---- one question ---------------------------------------------------------------------------- */

typedef struct asking {
    const question *question;
    const past *past;
    const decided *now;
    bool since_keyed;
    bool key_unknown;                /* of some event that could matter */
    int64_t since_sure, since_maybe; /* index of the last one */
} asking;

static int64_t clock_of(const asking *asking, const decided *one)
{
    return asking->question->across ? one->clock : one->session_clock;
}

static bool in_window(const asking *asking, const decided *one)
{
    return asking->question->within == 0 ||
           clock_of(asking, asking->now) - clock_of(asking, one) <= asking->question->within;
}

static tri matches(asking *asking, const pattern *pattern, const decided *one, bool keyed,
                   bool since)
{
    const question *const question = asking->question;
    const event *const event = &one->event;
    if (!temporal_fits(pattern, event) || one->stopped != pattern->stopped)
        return NO;
    if (!question->across && event->session != asking->now->event.session)
        return NO;
    const tri filter = pattern->filter ? filter_of(pattern->filter, event) : YES;
    tri key = YES;
    for (uint32_t i = 0; i < question->same_count && keyed; i++)
        key = both(key, equal(event, question->same[i], &asking->now->event, question->same[i]));
    int64_t number;
    for (uint32_t i = 0; i < question->this_count && !since; i++) {
        key = both(key, equal(event, pattern->own[i], &asking->now->event, question->theirs[i]));
        if (pattern->own[i] > USER && !number_of(event, pattern->own[i], &number) && filter != NO &&
            in_window(asking, one))
            asking->key_unknown = true;
    }
    return both(filter, key);
}

/* For every event of the past the beginning of the best chain of steps that ends there: its index,
 * or -1. `sure` or not. */
typedef struct chain {
    int64_t best[MOST_STEPS]; /* by step, of events so far */
} chain;

static bool counts(const asking *asking, int64_t start, bool sure)
{
    const int64_t since = sure ? asking->since_maybe : asking->since_sure;
    return start >= 0 && start > since && in_window(asking, &asking->past->items[start]);
}

/* One event against the last step; then it moves the chains on. Where it is a last step: the start
 * of its chain, else -1. */
static int64_t advance(chain *chain, const question *question, const tri *fits, int64_t index,
                       bool sure)
{
    int64_t found = -1;
    for (uint32_t step = question->step_count; step-- > 0;) {
        if (fits[step] == NO || (sure && fits[step] != YES))
            continue;
        const int64_t start = step == 0 ? index : chain->best[step - 1];
        if (start > chain->best[step])
            chain->best[step] = start;
        if (step + 1 == question->step_count)
            found = start;
    }
    return found;
}

__extension__ typedef __int128 wide; /* a sum of any 64-bit numbers */

typedef struct outcome {
    bool sure_any, maybe_any;
    int64_t sure_count, maybe_count;
    wide sum; /* of all that may count */
    bool doubtful_not_zero;
    const decided *values[512]; /* of DISTINCT and LATEST: what may count, and whether it is sure */
    bool sure[512];
    uint32_t value_count;
} outcome;

static void add(const asking *asking, outcome *out, const decided *one, bool sure, bool maybe)
{
    const question *const question = asking->question;
    int64_t number = 0;
    if (question->kind == SUM)
        number_of(&one->event, question->value, &number);
    if (sure) {
        out->sure_any = true;
        out->sure_count++;
    }
    if (!maybe)
        return;
    out->maybe_any = true;
    out->maybe_count++;
    out->sum += number;
    out->doubtful_not_zero = out->doubtful_not_zero || (!sure && number != 0);
    if (out->value_count < 512) {
        out->values[out->value_count] = one;
        out->sure[out->value_count++] = sure;
    }
}

static void gather(asking *asking, outcome *out)
{
    const question *const question = asking->question;
    const past *const past = asking->past;
    chain chains[2];
    memset(chains, 0xff, sizeof chains);
    for (uint32_t i = 0; i < past->count; i++) {
        const decided *const one = &past->items[i];
        tri fits[MOST_STEPS];
        for (uint32_t step = 0; step < question->step_count; step++)
            fits[step] = matches(asking, &question->steps[step], one, true, false);
        const int64_t sure = advance(&chains[1], question, fits, i, true);
        const int64_t maybe = advance(&chains[0], question, fits, i, false);
        if (counts(asking, maybe, false))
            add(asking, out, one, counts(asking, sure, true), true);
    }
    if (question->kind == EARLIER || question->kind == LATEST)
        return;
    /* the event in hand counts if it fits; what is decided about it is not known yet */
    const pattern *const last = &question->steps[question->step_count - 1];
    const tri fits = last->stopped ? NO : matches(asking, last, asking->now, true, false);
    if (question->step_count == 1) {
        add(asking, out, asking->now, fits == YES, fits != NO);
        return;
    }
    const uint32_t before = question->step_count - 2;
    add(asking, out, asking->now, fits == YES && counts(asking, chains[1].best[before], true),
        fits != NO && counts(asking, chains[0].best[before], false));
}

/* ---- answers --------------------------------------------------------------------------------- */

static bool holds(const char *comparison, wide a, int64_t b)
{
    const bool less = a < b, same = a == b;
    if (comparison[0] == '!')
        return !same;
    if (comparison[0] == '=')
        return same;
    return (comparison[1] == '=' && same) || (comparison[0] == '<' ? less : !less && !same);
}

static tri compare(const char *comparison, wide a, int64_t b)
{
    return holds(comparison, a, b) ? YES : NO;
}

/* Of a number between two others. Where the comparison is the same for all of them, that is the
 * answer; and yet the number is not known, which is as good an answer. */
static answer compare_between(const question *question, int64_t low, int64_t high)
{
    if (low == high)
        return (answer){compare(question->comparison, low, question->number), false};
    const bool first = holds(question->comparison, low, question->number);
    bool same = holds(question->comparison, high, question->number) == first;
    if (question->comparison[1] == '=' &&
        (question->comparison[0] == '=' || question->comparison[0] == '!'))
        same = question->number < low || question->number > high;
    return same ? (answer){first ? YES : NO, true} : (answer){MAYBE, false};
}

static bool same_value(const question *question, const decided *a, const decided *b)
{
    return equal(&a->event, question->value, &b->event, question->value) == YES;
}

static int64_t distinct(const question *question, const outcome *out, bool sure)
{
    int64_t found = 0;
    for (uint32_t i = 0; i < out->value_count; i++) {
        bool known = sure && !out->sure[i];
        for (uint32_t k = 0; k < i && !known; k++)
            known = (out->sure[k] || !sure) && same_value(question, out->values[i], out->values[k]);
        found += !known;
    }
    return found;
}

static answer latest(const question *question, const outcome *out)
{
    uint32_t at = out->value_count, candidates = 0;
    const decided *value = NULL;
    bool sure = false, differ = false;
    while (at-- > 0 && !sure) {
        differ = differ || (value && !same_value(question, value, out->values[at]));
        value = out->values[at];
        sure = out->sure[at];
        candidates++;
    }
    if (differ || (candidates && !sure))
        return (answer){MAYBE, false};
    const bool loose = candidates > 1; /* all that it may be is the same value */
    int64_t number = -9;
    if (question->value <= USER) {
        const char *const text = value ? text_of(&value->event, question->value) : "none";
        return (answer){strcmp(text, question->word) == 0 ? YES : NO, loose};
    }
    if (value)
        number_of(&value->event, question->value, &number);
    return (answer){compare(question->comparison, number, question->number), loose};
}

static answer weigh(const question *question, const outcome *out)
{
    switch (question->kind) {
    case EARLIER: return (answer){out->sure_any ? YES : out->maybe_any ? MAYBE : NO, false};
    case COUNT: return compare_between(question, out->sure_count, out->maybe_count);
    case SUM:
        if (out->doubtful_not_zero || out->sum > INT64_MAX || out->sum < INT64_MIN)
            return (answer){MAYBE, false};
        return (answer){compare(question->comparison, out->sum, question->number),
                        out->sure_count != out->maybe_count};
    case DISTINCT:
        return compare_between(question, distinct(question, out, true),
                               distinct(question, out, false));
    default: return latest(question, out);
    }
}

static bool since_is_keyed(const question *question)
{
    const stage stage = question->since.stage;
    for (uint32_t i = 0; i < question->same_count; i++) {
        const term term = question->same[i];
        const bool arguments = term == TO || term == N, text = term == TEXT, value = term == W;
        if ((arguments && stage != ACTION && stage != RESULT) || (text && stage == ACTION) ||
            (value && stage != RESULT))
            return false;
    }
    return question->same_count > 0 && question->this_count == 0;
}

static answer ask(const question *question, const past *past, const decided *now)
{
    asking asking = {
        .question = question, .past = past, .now = now, .since_sure = -1, .since_maybe = -1};
    int64_t number;
    for (uint32_t i = 0; i < question->this_count; i++)
        if (question->theirs[i] > USER && !number_of(&now->event, question->theirs[i], &number))
            return (answer){MAYBE, false}; /* a side of its comparison is undecided */
    asking.since_keyed = question->has_since && since_is_keyed(question);
    for (uint32_t i = 0; i < past->count && question->has_since; i++) {
        const tri fits =
            matches(&asking, &question->since, &past->items[i], asking.since_keyed, true);
        if (fits == YES)
            asking.since_sure = i;
        if (fits != NO)
            asking.since_maybe = i;
    }
    static outcome out;
    memset(&out, 0, sizeof out);
    gather(&asking, &out);
    answer found = weigh(question, &out);
    found.loose = found.loose || asking.key_unknown;
    return found;
}

/* Whether one of the events before has given a session its label. */
static answer labelled(const label *label, const past *events, const decided *now)
{
    tri found = NO;
    for (uint32_t i = 0; i < events->count && !label->shadow; i++) {
        const event *const event = &events->items[i].event;
        if (event->session == now->event.session && temporal_fits(&label->on, event))
            found = either(found, filter_of(label->on.filter, event));
    }
    return (answer){found, false};
}

answer temporal_answer(const formula *formula, const world *world, const decided *now)
{
    if (formula->kind == ASK)
        return ask(formula->question, &world->history, now);
    if (formula->kind == LABELLED)
        return labelled(formula->label, &world->events, now);
    answer left = temporal_answer(formula->left, world, now);
    if (formula->kind == NEGATE)
        return (answer){YES - left.truth, left.loose};
    const answer right = temporal_answer(formula->right, world, now);
    const bool all = formula->kind == BOTH;
    const tri truth = all ? both(left.truth, right.truth) : either(left.truth, right.truth);
    /* it can be undecided if it is so once those that may be are */
    const tri a = left.loose ? MAYBE : left.truth, b = right.loose ? MAYBE : right.truth;
    const bool loose = (all ? both(a, b) : either(a, b)) == MAYBE ||
                       (all ? both(a, right.truth) : either(a, right.truth)) == MAYBE ||
                       (all ? both(left.truth, b) : either(left.truth, b)) == MAYBE;
    return (answer){truth, loose};
}

/* ---- what goes on ---------------------------------------------------------------------------- */

static void cut(char *text)
{
    char *const found = strstr(text, "zzz");
    if (found)
        memcpy(found, "cut", 3);
}

void temporal_cut(event *event)
{
    if (event->stage != ACTION)
        cut(event->text);
    if (event->stage == ACTION && event->tool != ZAP)
        cut(event->to);
    if (event->stage == RESULT && event->tool != ZAP)
        cut(event->w);
}

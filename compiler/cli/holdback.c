/*
 * holdback.c - `constc explain --holdback`: how much of a streamed reply each rule holds back, and
 * why.
 *
 * What a rule looks for says how long a piece of text must wait until it is known not to be the
 * beginning of that: the longest match of a bounded pattern, the whole match of an unbounded one, N
 * characters of a shared run, up to the next border of a view. What cannot be known before the end
 * holds everything. Rules that cut nothing need nothing to be whole, but what they look for is
 * waited for like the rest: the scanner keeps one place for all patterns of a text.
 */
#include <string.h>

#include "compiler/check/expression.h"
#include "compiler/cli/cli.h"
#include "compiler/cli/unit.h"
#include "runtime/text/view.h"

typedef enum holding_kind { /* from little to all */
                            HOLDS_NOTHING,
                            HOLDS_BYTES,      /* at most `most` bytes */
                            HOLDS_CHARACTERS, /* `most` characters */
                            HOLDS_BORDER, /* to the next border of the view, and `most` bytes there
                                           */
                            HOLDS_MATCH,  /* until the match ends */
                            HOLDS_WHOLE
} holding_kind;

static const char *const kind_names[] = {"nothing", "bytes", "chars", "border", "match", "whole"};

typedef struct holding {
    holding_kind kind;
    uint32_t most;
    const char *name;   /* of the pattern or origin */
    const char *reason; /* WHOLE */
    unsigned views;
    uint32_t tests; /* of the text */
    bool joined;    /* several tests under one `and` */
} holding;

typedef struct holdback {
    const checked_policy *policy;
    buffer out;
    bool json;
    holding stream; /* the worst of all rules */
    uint32_t count;
} holdback;

static void take(holding *best, const holding *other)
{
    if (other->kind < best->kind || (other->kind == best->kind && other->most <= best->most))
        return;
    const uint32_t tests = best->tests;
    const bool joined = best->joined;
    *best = *other;
    best->tests = tests;
    best->joined = joined;
}

static void study_words(const checked_pattern *pattern, holding *one)
{
    one->kind = HOLDS_BYTES;
    for (uint32_t i = 0; i < pattern->word_count; i++)
        if (pattern->word_lengths[i] > one->most)
            one->most = pattern->word_lengths[i];
}

static void study_probe(const checked_policy *policy, uint32_t number, holding *best)
{
    const checked_probe *const probe = &policy->probes.items[number];
    const checked_database *const database = &policy->databases.items[probe->database];
    for (uint32_t i = 0; i < probe->count; i++) {
        const checked_pattern *const pattern = database->patterns.items[probe->patterns[i]];
        holding one = {.name = pattern->name, .views = database->views};
        if (pattern->compiled == NULL)
            study_words(pattern, &one);
        else {
            const pattern_facts facts = pattern_study(pattern->compiled);
            one.kind = facts.longest == UINT32_MAX ? HOLDS_MATCH : HOLDS_BYTES;
            one.most = facts.longest == UINT32_MAX ? 0 : facts.longest;
        }
        if (database->views != 0 && one.kind == HOLDS_BYTES)
            one.kind = HOLDS_BORDER;
        take(best, &one);
    }
    best->tests++;
}

static void study(const checked_policy *policy, const expression *tree, holding *best)
{
    if (tree == NULL)
        return;
    if ((tree->kind == EXPRESSION_CONTAINS || tree->kind == EXPRESSION_FOUND) &&
        expression_is_text(policy, tree->left)) {
        study_probe(policy, tree->index, best);
        return;
    }
    if (tree->kind == EXPRESSION_REPEATS && expression_is_text(policy, tree->left)) {
        const checked_echo *const echo = &policy->echoes.items[tree->index];
        const holding one = {.kind = echo->views != 0 ? HOLDS_BORDER : HOLDS_CHARACTERS,
                             .most = echo->chars,
                             .name = echo->name,
                             .views = echo->views};
        take(best, &one);
        best->tests++;
        return;
    }
    const uint32_t before = best->tests;
    study(policy, tree->left, best);
    study(policy, tree->right, best);
    for (uint32_t i = 0; i < tree->item_count; i++)
        study(policy, tree->items[i], best);
    if (tree->kind == EXPRESSION_AND && best->tests > before + 1)
        best->joined = true;
}

static holding study_body(const checked_policy *policy, const rule *rule, const rule_body *body)
{
    holding best = {0};
    const bool cuts = rule->kind == CST_RULE && !rule->shadow && rule->verdict >= CST_REDACT;
    if (cuts && body->whole) {
        best.kind = HOLDS_WHOLE;
        best.reason = rule->whole ? "it says `on whole output`" : body_needs_whole(policy, body);
        return best;
    }
    study(policy, body->condition, &best);
    if (!cuts)
        best.joined = false;
    return best;
}

/* ---- telling --------------------------------------------------------------------------------- */

static void amount(buffer *out, const holding *holding)
{
    switch (holding->kind) {
    case HOLDS_NOTHING: buffer_text(out, "nothing"); break;
    case HOLDS_BYTES: buffer_format(out, "at most %u bytes", holding->most); break;
    case HOLDS_CHARACTERS: buffer_format(out, "%u characters", holding->most); break;
    case HOLDS_BORDER: buffer_text(out, "to a border of the view"); break;
    case HOLDS_MATCH: buffer_text(out, "until the match ends"); break;
    case HOLDS_WHOLE: buffer_text(out, "the whole reply"); break;
    }
}

static const char *view_words(unsigned views)
{
    if ((views & VIEW_FOLDED) != 0 && (views & VIEW_DECODED) != 0)
        return "disguised words and encoded text are seen as one";
    return (views & VIEW_DECODED) != 0 ? "encoded text is seen as one"
                                       : "a disguised word is seen as one";
}

static void reason(buffer *out, const holding *holding)
{
    switch (holding->kind) {
    case HOLDS_NOTHING:
        buffer_text(out, "it looks for nothing in the text, or cuts nothing");
        break;
    case HOLDS_BYTES: buffer_format(out, "the longest match, of `%s`", holding->name); break;
    case HOLDS_CHARACTERS:
        buffer_format(out, "a run shared with `%s` may begin there", holding->name);
        break;
    case HOLDS_BORDER:
        buffer_format(out, "%s; then `%s`, %u %s", view_words(holding->views), holding->name,
                      holding->most, "there at most");
        break;
    case HOLDS_MATCH:
        buffer_format(out, "`%s` has no longest match%s%s", holding->name,
                      holding->views != 0 ? "; " : "",
                      holding->views != 0 ? view_words(holding->views) : "");
        break;
    case HOLDS_WHOLE: buffer_text(out, holding->reason); break;
    }
    if (holding->joined)
        buffer_text(out,
                    "; and from what one test finds to the end, unless the others are met before");
}

static void row_json(holdback *run, const rule *rule, const holding *holding)
{
    buffer *const out = &run->out;
    buffer_text(out, run->count > 0 ? ",{\"rule\":" : "{\"rule\":");
    buffer_json_string(out, rule->name, strlen(rule->name));
    buffer_format(out, ",\"effect\":\"%s\",\"shadow\":%s,\"holds\":\"%s\"",
                  cst_verdict_name(rule->verdict), rule->shadow ? "true" : "false",
                  kind_names[holding->kind]);
    if (holding->kind == HOLDS_BYTES || holding->kind == HOLDS_CHARACTERS ||
        holding->kind == HOLDS_BORDER)
        buffer_format(out, ",\"most\":%u", holding->most);
    buffer_format(out, ",\"joined\":%s,\"why\":", holding->joined ? "true" : "false");
    buffer why;
    buffer_init(&why, NULL, 0);
    reason(&why, holding);
    buffer_json_string(out, why.bytes, why.length);
    buffer_free(&why);
    buffer_text(out, "}");
}

static void row_text(holdback *run, const rule *rule, const holding *holding)
{
    buffer cell;
    buffer_init(&cell, NULL, 0);
    amount(&cell, holding);
    show_cell(&run->out, rule->name, strlen(rule->name), 28);
    show_cell(&run->out, cell.bytes, cell.length, 26);
    reason(&run->out, holding);
    buffer_text(&run->out, "\n");
    buffer_free(&cell);
}

/* What needs all of a reply although no rule does. */
static const char *default_reason(const checked_policy *policy)
{
    for (uint32_t i = 0; i < policy->layer_count; i++)
        if (policy->layers[i].defaults[CST_OUTPUT].verdict != CST_PERMIT)
            return "the default of `output` is not `allow`: a permit may fail with the last byte";
    return NULL;
}

static void rules_study(holdback *run)
{
    const checked_policy *const policy = run->policy;
    for (uint32_t i = 0; i < policy->rules.count; i++) {
        const rule *const rule = &policy->rules.items[i];
        for (uint32_t k = 0; k < rule->body_count; k++) {
            if (rule->bodies[k].selector.stage != CST_OUTPUT)
                continue;
            const holding holding = study_body(policy, rule, &rule->bodies[k]);
            take(&run->stream, &holding);
            if (run->json)
                row_json(run, rule, &holding);
            else
                row_text(run, rule, &holding);
            run->count++;
        }
    }
    const char *const why = default_reason(policy);
    if (why != NULL)
        run->stream = (holding){.kind = HOLDS_WHOLE, .reason = why};
}

static cst_status work(compilation *unit, void *user)
{
    holdback *const run = user;
    run->policy = unit->checked;
    if (run->json)
        buffer_text(&run->out, "{\"rules\":[");
    else {
        show_cell(&run->out, "rule", 4, 28);
        show_cell(&run->out, "holds back", 10, 26);
        buffer_text(&run->out, "why\n");
    }
    rules_study(run);
    if (run->json)
        buffer_format(&run->out, "],\"stream\":\"%s\"}\n", kind_names[run->stream.kind]);
    else {
        buffer_text(&run->out,
                    run->count == 0 ? "no rule speaks of output\n\na reply: " : "\na reply: ");
        amount(&run->out, &run->stream);
        if (run->stream.kind == HOLDS_WHOLE) {
            buffer_text(&run->out, ": ");
            reason(&run->out, &run->stream);
        }
        buffer_text(&run->out, "\n");
    }
    return run->out.failed ? CST_NO_MEMORY : CST_OK;
}

int holdback_print(const char *path, bool json)
{
    compilation *unit;
    int code;
    if (!unit_open(path, DRIVER_CHECK, &unit, &code))
        return code;
    holdback run = {.json = json};
    buffer_init(&run.out, NULL, 0);
    if (unit->error_count > 0) {
        complain("%s has errors: \"constc check\" shows them", path);
        code = EXIT_FAILED;
    } else {
        const cst_status status = driver_protect(unit, work, &run);
        if (status != CST_OK) {
            complain("%s", cst_status_text(status));
            code = EXIT_USAGE;
        } else
            out_bytes(run.out.bytes, run.out.length);
    }
    buffer_free(&run.out);
    driver_end(unit);
    return code;
}

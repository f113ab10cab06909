/*
 * test_coverage.c - `constc test --coverage`: what the tests of a policy have seen of its rules.
 *
 * Rules of the file itself and of each file that it extends are counted apart. What is missing is
 * shown with its place for the file's own rules only: the tests of the files that it extends stand
 * in those files. A rule that no event was asked is shown without its conditions, and so is a rule
 * with one condition, since both say the same.
 */
#include "compiler/cli/test.h"

#include <string.h>
#include <unistd.h>

#include "compiler/cli/summary.h"
#include "compiler/driver/driver.h"
#include "compiler/reference/explain.h"
#include "compiler/render.h"

typedef struct totals {
    uint64_t rules, fired, conditions, both;
} totals;

/* ---- measuring ------------------------------------------------------------------------------- */

static void observe(void *user, cst_frame *frame, uint32_t group)
{
    coverage_observe(user, frame, group);
}

static cst_status make(compilation *unit, void *user)
{
    *(coverage **)user = coverage_new(unit);
    return CST_OK;
}

bool coverage_begin_file(test_state *test)
{
    if (driver_protect(reference_workshop(test->evidence.module), make, &test->coverage) !=
        CST_OK) {
        complain("out of memory");
        return false;
    }
    test->evidence.also = observe;
    test->evidence.also_user = test->coverage;
    return true;
}

bool is_enough(uint64_t part, uint64_t whole, uint64_t percent)
{
    return percent == 0 || whole == 0 || part * 100 >= whole * percent;
}

static bool seen_both(const coverage_condition *one)
{
    return one->seen_true > 0 && one->seen_false > 0;
}

static totals count(const coverage *measured, uint32_t layer)
{
    totals out = {0};
    for (uint32_t i = 0; i < measured->policy->declared_rules; i++) {
        const coverage_rule *const one = &measured->rules[i];
        if (measured->policy->rules.items[i].layer != layer)
            continue;
        out.rules++;
        out.fired += one->fired > 0;
        out.conditions += one->count;
        for (uint32_t c = 0; c < one->count; c++)
            out.both += seen_both(&measured->conditions[one->first + c]);
    }
    return out;
}

static const char *kind_text(const rule *one)
{
    return one->kind == CST_RULE_PERMIT ? "permit " : one->kind == CST_RULE_WAIVER ? "" : "rule ";
}

/* ---- for people ------------------------------------------------------------------------------ */

static void gap_show(buffer *out, compilation *unit, const char *what, const rule *one,
                     source_range range, const char *label)
{
    const char *const title =
        arena_format(&unit->arena, "%s: %s%s", what, kind_text(one), one->name);
    render_place(out, unit, title, range, label, NULL, colour_wanted(STDOUT_FILENO));
}

/* Why no event asked the rule: there is none, or none that is well-formed. */
static const char *unasked(compilation *unit, const coverage *measured, const selector *selector)
{
    const uint32_t tools = measured->policy->tools.count;
    const bool listed = !selector->every_tool && selector->tool_count > 0;
    const coverage_malformed *first = NULL;
    uint64_t events = 0;
    for (uint32_t i = 0; i < (listed ? selector->tool_count : tools); i++) {
        const coverage_malformed *const one =
            &measured->malformed[selector->stage * tools + (listed ? selector->tools[i] : i)];
        first = first == NULL && one->events > 0 ? one : first;
        events += one->events;
    }
    return events == 0 ? arena_format(&unit->arena, "no test has an event on %s", selector->label)
                       : arena_format(&unit->arena, "%llu event%s on %s, malformed: %s",
                                      (unsigned long long)events, events == 1 ? "" : "s",
                                      selector->label, first->first);
}

static void rule_gaps(buffer *out, compilation *unit, const coverage *measured, uint32_t number)
{
    const rule *const one = &measured->policy->rules.items[number];
    const coverage_rule *const seen = &measured->rules[number];
    const uint64_t asked = seen->silent + seen->undecided;
    const bool never = seen->fired == 0, always = seen->conditional && !never && asked == 0;
    const bool counts = one->kind != CST_RULE;
    if (never && asked == 0)
        gap_show(out, unit, counts ? "never counted" : "never fired", one, one->range,
                 one->body_count > 0 ? unasked(unit, measured, &one->bodies[0].selector) : NULL);
    else if (never)
        gap_show(out, unit, counts ? "never counted" : "never fired", one, one->range,
                 arena_format(&unit->arena, "asked %llu time%s", (unsigned long long)asked,
                              asked == 1 ? "" : "s"));
    else if (always)
        gap_show(out, unit, counts ? "always counted" : "never silent", one, one->range,
                 arena_format(&unit->arena, "%s whenever it was asked, %llu time%s",
                              counts ? "counted" : "fired", (unsigned long long)seen->fired,
                              seen->fired == 1 ? "" : "s"));
    if ((never && asked == 0) || (seen->count == 1 && (never || always)))
        return;
    for (uint32_t i = 0; i < seen->count; i++) {
        const coverage_condition *const condition = &measured->conditions[seen->first + i];
        if (seen_both(condition))
            continue;
        const bool some = condition->seen_true + condition->seen_false > 0;
        const char *const label = some ? condition->seen_true > 0 ? "never false" : "never true"
                                  : condition->undecided > 0 ? "never decided"
                                                             : "never looked at";
        gap_show(out, unit, "half seen", one, condition->range, label);
    }
}

static void layer_show(buffer *out, const coverage *measured, uint32_t layer)
{
    const checked_policy *const policy = measured->policy;
    if (layer > 0)
        buffer_format(out, "of %s, which it extends\n", policy->layers[layer].name);
    buffer_text(out, "     fired    silent undecided\n");
    for (uint32_t i = 0; i < policy->declared_rules; i++) {
        const rule *const one = &policy->rules.items[i];
        const coverage_rule *const seen = &measured->rules[i];
        if (one->layer == layer)
            buffer_format(out, "%10llu%10llu%10llu  %s%s%s\n", (unsigned long long)seen->fired,
                          (unsigned long long)seen->silent, (unsigned long long)seen->undecided,
                          kind_text(one), one->name, one->shadow ? " (in shadow)" : "");
    }
    for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++) {
        const cst_verdict verdict = policy->layers[layer].defaults[stage].verdict;
        const coverage_default *const seen = &measured->defaults[layer][stage];
        if (verdict != CST_PERMIT)
            buffer_format(out, "%10llu%10llu            default %s %s\n",
                          (unsigned long long)seen->stood, (unsigned long long)seen->lifted,
                          cst_stage_name((cst_stage)stage), verdict_words(verdict));
    }
}

static void text_write(buffer *out, compilation *unit, const coverage *measured)
{
    const checked_policy *const policy = measured->policy;
    buffer_format(out, "coverage of %s: %u test%s, %llu event%s\n",
                  unit->sources.items[policy->layers[0].source].path, policy->tests.count,
                  policy->tests.count == 1 ? "" : "s", (unsigned long long)measured->events,
                  measured->events == 1 ? "" : "s");
    for (uint32_t layer = 0; layer < policy->layer_count; layer++)
        layer_show(out, measured, layer);
    buffer_text(out, "\n");
    for (uint32_t i = 0; i < policy->declared_rules; i++)
        if (policy->rules.items[i].layer == 0)
            rule_gaps(out, unit, measured, i);
    for (uint32_t layer = policy->layer_count; layer > 0; layer--) {
        const totals all = count(measured, layer - 1);
        buffer_format(out, "%s%s%llu of %llu rules fired, %llu of %llu conditions seen both ways\n",
                      layer > 1 ? policy->layers[layer - 1].name : "", layer > 1 ? ": " : "",
                      (unsigned long long)all.fired, (unsigned long long)all.rules,
                      (unsigned long long)all.both, (unsigned long long)all.conditions);
    }
}

/* ---- for programs ---------------------------------------------------------------------------- */

void member_place(buffer *out, compilation *unit, source_range range)
{
    const source_position at = source_locate(unit, range.file, range.start);
    member_text(out, "file", unit->sources.items[range.file].path);
    buffer_format(out, ",\"line\":%u,\"column\":%u", at.line, at.column);
}

static void condition_write(buffer *out, compilation *unit, const coverage_condition *one)
{
    buffer_text(out, "{");
    member_place(out, unit, one->range);
    buffer_text(out, ",");
    member_text(out, "condition", source_excerpt(unit, one->range));
    buffer_format(out, ",\"true\":%llu,\"false\":%llu,\"undecided\":%llu}",
                  (unsigned long long)one->seen_true, (unsigned long long)one->seen_false,
                  (unsigned long long)one->undecided);
}

static void rule_write(buffer *out, compilation *unit, const coverage *measured, uint32_t number)
{
    static const char *const kinds[] = {
        [CST_RULE] = "rule", [CST_RULE_PERMIT] = "permit", [CST_RULE_WAIVER] = "waiver"};
    const rule *const one = &measured->policy->rules.items[number];
    const coverage_rule *const seen = &measured->rules[number];
    buffer_text(out, number > 0 ? ",{" : "{");
    member_text(out, "rule", one->name);
    buffer_text(out, ",");
    member_text(out, "kind", kinds[one->kind]);
    buffer_text(out, ",");
    member_text(out, "layer", measured->policy->layers[one->layer].name);
    buffer_text(out, ",");
    member_place(out, unit, one->range);
    buffer_format(
        out, ",\"shadow\":%s,\"fired\":%llu,\"silent\":%llu,\"undecided\":%llu,\"conditions\":[",
        one->shadow ? "true" : "false", (unsigned long long)seen->fired,
        (unsigned long long)seen->silent, (unsigned long long)seen->undecided);
    for (uint32_t i = 0; i < seen->count; i++) {
        buffer_text(out, i > 0 ? "," : "");
        condition_write(out, unit, &measured->conditions[seen->first + i]);
    }
    buffer_text(out, "]}");
}

static void defaults_write(buffer *out, const coverage *measured)
{
    const char *between = "";
    for (uint32_t layer = 0; layer < measured->policy->layer_count; layer++)
        for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++) {
            const struct layer *const one = &measured->policy->layers[layer];
            if (one->defaults[stage].verdict == CST_PERMIT)
                continue;
            buffer_format(out, "%s{", between);
            member_text(out, "layer", one->name);
            buffer_format(
                out, ",\"stage\":\"%s\",\"default\":\"%s\",\"stood\":%llu,\"lifted\":%llu}",
                cst_stage_name((cst_stage)stage), cst_verdict_name(one->defaults[stage].verdict),
                (unsigned long long)measured->defaults[layer][stage].stood,
                (unsigned long long)measured->defaults[layer][stage].lifted);
            between = ",";
        }
}

static void json_write(buffer *out, compilation *unit, const coverage *measured)
{
    buffer_format(out, ",\"coverage\":{\"events\":%llu,\"rules\":[",
                  (unsigned long long)measured->events);
    for (uint32_t i = 0; i < measured->policy->declared_rules; i++)
        rule_write(out, unit, measured, i);
    buffer_text(out, "],\"defaults\":[");
    defaults_write(out, measured);
    buffer_text(out, "],\"layers\":[");
    for (uint32_t layer = 0; layer < measured->policy->layer_count; layer++) {
        const totals all = count(measured, layer);
        buffer_text(out, layer > 0 ? ",{" : "{");
        member_text(out, "layer", measured->policy->layers[layer].name);
        buffer_format(out, ",\"rules\":%llu,\"fired\":%llu,\"conditions\":%llu,\"both_ways\":%llu}",
                      (unsigned long long)all.rules, (unsigned long long)all.fired,
                      (unsigned long long)all.conditions, (unsigned long long)all.both);
    }
    buffer_text(out, "]}");
}

static cst_status write_report(compilation *unit, void *user)
{
    test_state *const test = user;
    if (test->options->json) {
        json_write(&test->report, unit, test->coverage);
        return CST_OK;
    }
    buffer text;
    const cst_allocator memory = arena_allocator(&unit->arena);
    buffer_init(&text, &memory, 0);
    text_write(&text, unit, test->coverage);
    out_bytes(text.bytes, text.length);
    return CST_OK;
}

bool coverage_report(test_state *test)
{
    const totals own = count(test->coverage, 0);
    const uint64_t least = test->options->least_coverage;
    test->evidence.also = NULL;
    if (driver_protect(reference_workshop(test->evidence.module), write_report, test) != CST_OK) {
        complain("out of memory");
        return false;
    }
    if (is_enough(own.fired, own.rules, least) && is_enough(own.both, own.conditions, least))
        return true;
    complain("%s: the tests cover less than %llu %%", test->path, (unsigned long long)least);
    return false;
}

/*
 * decide.c - from filled slots to one decision.
 *
 * The groups that concern the event append hits; then every layer decides by itself: its base is
 * its default, or permit if one of its permits is true, and its decision is the strictest of that
 * base and its fired rules that are neither in shadow nor waived. The event's decision is the
 * strictest of all layers. Nothing here depends on the order of hits, so neither does a decision.
 *
 * Before that, the session has its say: events of a halted session are denied, and what an event
 * brings for later ones must be remembered, or the event is denied: an event that is let through
 * although its session could not be kept would loosen the next.
 *
 * Costs: linear in the hits, and n log n where they are sorted; no recursion, no memory but the
 * event's arena.
 */
#include <string.h>

#include "runtime/approval.h"
#include "runtime/base/sort.h"
#include "runtime/engine.h"
#include "runtime/replace.h"
#include "runtime/utf8.h"

/* ---- decisions that no rule made ------------------------------------------------------------- */

static void write_decision(cst_context *context, cst_decision *decision)
{
    const engine_event *const event = &context->event;
    *decision = (cst_decision){
        .verdict = context->verdict,
        .stage = event->stage,
        .rule_count = context->fired_count,
        .shadow_count = context->shadow_count,
        .error_code = event->problem.code,
        .error_pointer = event->problem.pointer,
        .error_text = event->problem.text,
        .pending = context->verdict == CST_PENDING ? context->host.pending : 0,
        .question_count = event->problem.code ? 0 : context->host.open_count,
        .shadow_question_count = event->problem.code ? 0 : context->host.shadow_count,
        .context = context,
    };
}

cst_status engine_refuse(cst_context *context, cst_status status, cst_decision *decision)
{
    const char *const code = status == CST_NO_MEMORY ? "memory" : "argument";
    *decision = (cst_decision){.verdict = CST_DENY,
                               .error_code = code,
                               .error_pointer = "",
                               .error_text = cst_status_text(status),
                               .context = context};
    if (!context)
        return status;
    context->event.phase = ENGINE_DECIDED;
    context->event.problem = (engine_problem){code, "", cst_status_text(status), 0};
    context->fired_count = context->shadow_count = 0;
    context->has_json = context->has_hash = false;
    context->verdict = CST_DENY;
    decision->stage = context->event.stage;
    return status;
}

/* Puts a problem above all that was found before. */
static void overrule(cst_context *context, const char *code, const char *pointer, const char *text)
{
    context->event.problem = (engine_problem){code, pointer, text, 0};
}

/* ---- sessions -------------------------------------------------------------------------------- */

static bool brings_records(const cst_context *context)
{
    for (uint32_t i = 0; i < context->frame.image->records.count; i++)
        if (context->event.records[i].bytes)
            return true;
    return false;
}

static void check_session(cst_context *context)
{
    const session_table *const table = &context->sessions;
    const bool full = table->count >= context->policy->limits.sessions;
    if (context->event.not_json ||
        (table->count == 0 && !table->halt_lost && !full && table->away_count == 0))
        return;
    const engine_text *const name = &context->event.session;
    const session *const known = engine_session(context);
    if (known && known->halted)
        overrule(context, "halted", "/session", "The session was halted.");
    else if (known && known->distrusted)
        overrule(context, "session-state", "/session",
                 "What was remembered of the session could not be loaded.");
    else if (!known && session_is_away(table, name->bytes, name->length))
        overrule(context, "session-state", "/session",
                 "The session was put away, and has not been loaded again.");
    else if (!known && table->halt_lost)
        overrule(context, "session-limit", "/session",
                 "A halted session could not be remembered, and this may be it.");
    else if (!known && full && !context->event.problem.code && brings_records(context))
        overrule(context, "session-limit", "/session", "Too many sessions are remembered.");
}

/* Keeps the records that a good event brought. False: memory is short. */
static bool remember_records(cst_context *context)
{
    const cst_image *const image = context->frame.image;
    const cst_record_row *const rows = CST_ROWS(image, records, cst_record_row);
    const engine_text *const name = &context->event.session;
    session_table *const table = &context->sessions;
    for (uint32_t i = 0; i < image->records.count; i++) {
        const engine_text *const record = &context->event.records[i];
        if (!record->bytes)
            continue;
        session *owner = engine_session(context);
        if (!owner)
            owner = session_store(table, name->bytes, name->length);
        if (!owner || !session_set_record(table, owner, CST_TEXT(image, rows[i].name),
                                          rows[i].name.length, record->bytes, record->length))
            return false;
    }
    return true;
}

/* When a session was heard of last, for expiry; where there is history, that does it. */
static void note_time(cst_context *context)
{
    session *const known = context->frame.history || context->live ? NULL : engine_session(context);
    if (known && engine_time(context) > known->clock)
        known->clock = engine_time(context);
}

/* Where a halt cannot be remembered, every session that is not known may be the halted one. */
static void remember_halt(cst_context *context)
{
    const engine_text *const name = &context->event.session;
    session_table *const table = &context->sessions;
    session *known = session_find(table, name->bytes, name->length);
    if (!known && table->count < context->policy->limits.sessions)
        known = session_store(table, name->bytes, name->length);
    if (known)
        known->halted = true;
    else
        table->halt_lost = true;
}

/* ---- waivers --------------------------------------------------------------------------------- */

typedef struct waivers { /* identities of the rules that are lifted for this event, ascending */
    uint32_t *items;
    uint32_t count;
} waivers;

static int numbers_compare(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static bool waiver_counts(cst_context *context, const cst_rule_row *rule, cst_truth reason)
{
    if (rule->kind != CST_RULE_WAIVER || reason != CST_TRUE || rule->shadow ||
        rule->waives == CST_NONE)
        return false;
    return rule->until_us == INT64_MAX || engine_time(context) <= rule->until_us;
}

static bool find_waivers(cst_context *context, const cst_rule_row *rules, waivers *out)
{
    const cst_frame *const frame = &context->frame;
    for (uint32_t i = 0; i < frame->hit_count; i++) {
        const cst_rule_row *const rule = &rules[frame->hits[i].rule];
        if (!waiver_counts(context, rule, frame->hits[i].reason))
            continue;
        if (!out->items)
            out->items = arena_array(&context->arena, frame->hit_count, sizeof *out->items);
        if (!out->items)
            return false;
        out->items[out->count++] = rule->waives;
    }
    if (out->count > 1)
        sort_in_place(out->items, out->count, sizeof *out->items, numbers_compare);
    return true;
}

static bool is_waived(const waivers *lifted, uint32_t identity)
{
    uint32_t low = 0, high = lifted->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (lifted->items[middle] == identity)
            return true;
        if (lifted->items[middle] < identity)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* ---- the report ------------------------------------------------------------------------------ */

/* Strictest first, then by row; CST_NONE, a default, is the last row of all. Defaults stand behind
 * all rules. */
static uint64_t report_key(const engine_fired *fired)
{
    const uint64_t strictness = fired->rule == CST_NONE ? 0 : (uint64_t)fired->effect + 1;
    return (15 - strictness) << 32 | (fired->rule == CST_NONE ? fired->layer : fired->rule);
}

static int fired_compare(const void *left, const void *right)
{
    const uint64_t a = ((const engine_fired *)left)->key, b = ((const engine_fired *)right)->key;
    return (a > b) - (a < b);
}

/* Room for the lists is made with their first line: most events are permitted, and have none.
 * False: memory is short. */
static bool report(cst_context *context, engine_fired **list, uint32_t *count, engine_fired fired)
{
    const size_t room = (size_t)context->frame.hit_count + context->frame.image->layers.count;
    if (*count == 0 && !(*list = arena_array(&context->arena, room, sizeof **list)))
        return false;
    fired.key = report_key(&fired);
    (*list)[(*count)++] = fired;
    return true;
}

/* ---- combining ------------------------------------------------------------------------------- */

/* What was not found cannot be cut or replaced: an undecided redact or replace is a deny. */
cst_verdict engine_effect(const cst_rule_row *rule, cst_truth reason)
{
    const cst_verdict verdict = (cst_verdict)rule->verdict;
    const bool changes = verdict == CST_REDACT || verdict == CST_REPLACE;
    return changes && reason != CST_TRUE ? CST_DENY : verdict;
}

/* Goes through the hits once. `permitted` and the verdict collect what counts. False: memory is
 * short. */
static bool combine_hits(cst_context *context, const cst_layer_row *layers, bool *permitted)
{
    const cst_frame *const frame = &context->frame;
    const cst_image *const image = frame->image;
    const cst_rule_row *const rules = CST_ROWS(image, rules, cst_rule_row);
    waivers lifted = {0};
    if (context->policy->has_waivers && !find_waivers(context, rules, &lifted))
        return false;
    for (uint32_t i = 0; i < frame->hit_count; i++) {
        const cst_hit hit = frame->hits[i];
        const cst_rule_row *const rule = &rules[hit.rule];
        if (rule->kind == CST_RULE_WAIVER || hit.reason == CST_FALSE)
            continue;
        const engine_fired fired = {
            .rule = hit.rule, .reason = hit.reason, .effect = engine_effect(rule, hit.reason)};
        if (rule->kind == CST_RULE_PERMIT) {
            const uint32_t standing = layers[rule->layer].defaults[context->event.stage].verdict;
            if (hit.reason != CST_TRUE || standing == CST_PERMIT)
                continue;
            if (!rule->shadow)
                permitted[rule->layer] = true;
            else if (!report(context, &context->shadow, &context->shadow_count, fired))
                return false;
            continue;
        }
        if (lifted.count && is_waived(&lifted, rule->identity))
            continue;
        if (rule->shadow) {
            if (!report(context, &context->shadow, &context->shadow_count, fired))
                return false;
            continue;
        }
        if (!report(context, &context->fired, &context->fired_count, fired))
            return false;
        if (rule->label != CST_NONE)
            history_label(context, rule->label, hit.reason == CST_TRUE);
        if (fired.effect > context->verdict)
            context->verdict = fired.effect;
    }
    return true;
}

/* Defaults that no permit lifted. */
static bool combine_defaults(cst_context *context, const cst_layer_row *layers,
                             const bool *permitted)
{
    const uint32_t count = context->frame.image->layers.count;
    for (uint32_t i = 0; i < count; i++) {
        const cst_verdict standing = (cst_verdict)layers[i].defaults[context->event.stage].verdict;
        if (standing == CST_PERMIT || permitted[i])
            continue;
        if (!report(context, &context->fired, &context->fired_count,
                    (engine_fired){
                        .rule = CST_NONE, .layer = i, .reason = CST_TRUE, .effect = standing}))
            return false;
        if (standing > context->verdict)
            context->verdict = standing;
    }
    return true;
}

void engine_run_groups(cst_context *context)
{
    cst_frame *const frame = &context->frame;
    const cst_image *const image = frame->image;
    const cst_dispatch_row *const dispatch = context->event.dispatch;
    const uint32_t *const lists = CST_ROWS(image, group_lists, uint32_t) + dispatch->groups.first;
    const cst_eval_fn *const groups = context->module->groups;
    for (uint32_t i = 0; i < dispatch->groups.count; i++)
        groups[lists[i]](frame, lists[i]);
}

bool engine_evaluate(cst_context *context)
{
    const engine_event *const event = &context->event;
    check_session(context);
    if (event->problem.code || event->missing != CST_NONE || event->no_memory || event->is_system)
        return false;
    context->frame.hit_count = 0;
    if (context->frame.image->memo_count)
        memset(context->frame.memo, 0, context->frame.image->memo_count);
    remember_begin(context);
    if (!history_begin(context))
        return false;
    history_watch(context);
    engine_run_groups(context);
    return true;
}

void engine_sort_fired(cst_context *context)
{
    for (uint32_t i = 0; i < context->fired_count; i++)
        context->fired[i].key = report_key(&context->fired[i]);
    if (context->fired_count > 1)
        sort_in_place(context->fired, context->fired_count, sizeof *context->fired, fired_compare);
}

/* False: memory is short, or the host misused the context. A verdict of CST_PENDING: its answers
 * are needed first. */
static bool decide(cst_context *context)
{
    const cst_frame *const frame = &context->frame;
    const cst_image *const image = frame->image;
    engine_run_groups(context);
    const host_outcome settled = frame->host ? host_settle(context) : HOST_SETTLED;
    context->verdict = CST_PENDING;
    if (settled != HOST_SETTLED)
        return settled == HOST_WAITS && host_wait_begin(&context->host);
    const cst_layer_row *const layers = CST_ROWS(image, layers, cst_layer_row);
    bool permitted[LIMIT_LAYERS] = {false};
    context->verdict = CST_PERMIT;
    if ((frame->hit_count && !combine_hits(context, layers, permitted)) ||
        !combine_defaults(context, layers, permitted))
        return false;
    engine_sort_fired(context);
    if (context->shadow_count > 1)
        sort_in_place(context->shadow, context->shadow_count, sizeof *context->shadow,
                      fired_compare);
    return true;
}

cst_status cst_session_system(cst_context *context, const char *session, size_t session_length,
                              const char *text, size_t length)
{
    if (!context || (!session && session_length))
        return CST_BAD_ARGUMENT;
    if (session_length > LIMIT_SESSION_BYTES)
        return CST_LIMIT;
    const engine_text name = {session, (uint32_t)session_length, 0, 0};
    if (session_is_away(&context->sessions, session, (uint32_t)session_length))
        return CST_BAD_STATE;
    cst_status status = !text && length             ? CST_BAD_ARGUMENT
                        : length > LIMIT_TEXT_BYTES ? CST_LIMIT
                                                    : engine_begin(context);
    if (status == CST_OK && !utf8_valid(text, length))
        status = CST_WRONG_TYPE;
    if (status != CST_OK) {
        remember_lost_prompt(context, &name);
        return status;
    }
    context->event.is_system = true;
    context->event.session = name;
    context->event.system = (engine_text){text, (uint32_t)length, 0, 0};
    remember_texts(context);
    origins_remember(context);
    note_time(context);
    return CST_OK;
}

/* Of a result text and value are asked for apart, and a host often has one of them. */
static const char *missing_text(const cst_context *context)
{
    const cst_image *const image = context->frame.image;
    const cst_node_row *const nodes = CST_ROWS(image, nodes, cst_node_row);
    const cst_node_row *const node = &nodes[context->event.missing];
    const bool top = node->parent != CST_NONE && nodes[node->parent].parent == CST_NONE;
    const char *const name = CST_TEXT(image, node->name);
    if (top && context->event.stage == CST_RESULT && node->name.length == 4 &&
        memcmp(name, "text", 4) == 0)
        return "Rules read the text of this result, and there is none.";
    if (top && context->event.stage == CST_RESULT && node->name.length == 5 &&
        memcmp(name, "value", 5) == 0)
        return "Rules read the value that the tool returns by its declaration, and there is none.";
    return "A required field is missing.";
}

cst_status engine_finish(cst_context *context, cst_decision *decision)
{
    engine_event *const event = &context->event;
    bool approved = false;
    event->phase = ENGINE_DECIDED;
    if (event->missing != CST_NONE)
        engine_problem_at(context, UINT64_MAX - 1, "missing", event->missing, "",
                          missing_text(context));
    if (event->is_system && (event->problem.code || event->no_memory) &&
        event->session.length <= LIMIT_SESSION_BYTES)
        remember_lost_prompt(context, &event->session);
    if (event->no_memory)
        return engine_refuse(context, CST_NO_MEMORY, decision);
    check_session(context);
    if (!event->problem.code && !remember_records(context))
        return engine_refuse(context, CST_NO_MEMORY, decision);
    if (!event->problem.code)
        note_time(context);
    context->verdict = CST_DENY;
    if (!event->problem.code && event->is_system)
        context->verdict = CST_PERMIT;
    else if (!event->problem.code) {
        remember_begin(context);
        if (context->frame.history || context->live) {
            if (!history_begin(context))
                return engine_refuse(context, CST_NO_MEMORY, decision);
            history_watch(context);
        }
        if (!decide(context))
            return engine_refuse(context, context->host.misused ? CST_BAD_ARGUMENT : CST_NO_MEMORY,
                                 decision);
        /* it leaves nothing behind until it is resumed */
        if (context->verdict == CST_PENDING && !context->before) {
            write_decision(context, decision);
            return CST_OK;
        }
        /* the first decision would be lost: what waits for the host is not replaced */
        if (context->verdict == CST_PENDING) {
            overrule(context, "pending", "",
                     "The event that a replacement made waits for the host.");
            context->verdict = CST_DENY;
        }
        if (context->before && !replace_merge(context))
            return engine_refuse(context, CST_NO_MEMORY, decision);
        cst_status status;
        if (!context->before && context->verdict <= CST_ESCALATE && replace_is_wanted(context) &&
            replace_decide(context, &status, decision))
            return status;
        if (context->verdict <= CST_ESCALATE)
            cuts_apply(context);
        if (context->before && context->verdict <= CST_ESCALATE && !replace_note_changes(context))
            return engine_refuse(context, CST_NO_MEMORY, decision);
        bool no_memory = false;
        approved = context->verdict == CST_REQUIRE_APPROVAL && approvals_apply(context, &no_memory);
        if (no_memory)
            return engine_refuse(context, CST_NO_MEMORY, decision);
    }
    /* what waits for an approval has not been let through */
    if (!event->problem.code && context->verdict < CST_REQUIRE_APPROVAL)
        remember_texts(context);
    if (!event->problem.code && context->verdict < CST_REQUIRE_APPROVAL)
        chain_remember(context);
    const bool waits = context->verdict == CST_REQUIRE_APPROVAL || context->verdict == CST_ESCALATE;
    if (!event->problem.code && !event->is_system && !waits) /* what waits is in no history */
        history_enter(context, context->verdict >= CST_REFUSE ? HISTORY_STOPPED
                               : approved                     ? HISTORY_APPROVED
                                                              : HISTORY_PASSED);
    if (approved && waits)
        approvals_return(context);
    if (!event->problem.code && context->verdict <= CST_ESCALATE)
        origins_remember(context);
    if (!event->problem.code && context->verdict == CST_HALT)
        remember_halt(context);
    write_decision(context, decision);
    return CST_OK;
}

/*
 * cost_history.c - what sessions need for history, at most: per question, and in total.
 *
 * The sizes are those of runtime/history/past.h, the bounds those of limits.h; a window is a ring
 * whose size is a power of two. What is counted is what stays: while a ring or a table grows, the
 * old one is there too. Where all questions together would need more than a session may have, the
 * bound is the total: what finds no room is undecided.
 */
#include "compiler/cost.h"

#include <string.h>

#include "runtime/history/past.h"
#include "runtime/limits.h"

static uint64_t power_of_two(uint64_t least, uint64_t wanted)
{
    while (least < wanted)
        least *= 2;
    return least;
}

static bool has_text(const checked_past *past)
{
    return past->value != NULL && kind_has_text(past->value->kind);
}

past_cost cost_of_past(const checked_past *past)
{
    uint64_t items = 0, text = 0, values = 0;
    if (past->within_us > 0 && (past->kind == CST_PAST_COUNT || past->kind == CST_PAST_SUM))
        items = past_ring_size(power_of_two(4, past_ring_bound(past_bound(past), past->steps)),
                               past->kind == CST_PAST_SUM);
    if (past->kind == CST_PAST_DISTINCT)
        values = past_values_size(power_of_two(4, past_bound(past)));
    if (past->kind == CST_PAST_LATEST)
        text = has_text(past) ? LIMIT_PAST_TEXT_BYTES : 0;
    past_cost cost = {.keys = past->key_count == 0 ? 1
                              : past->across       ? LIMIT_SHARED_PAST_KEYS
                                                   : LIMIT_SESSION_PAST_KEYS};
    cost.each = sizeof(past_state) + past->steps * 2u * sizeof(past_moment) + items + values + text;
    const uint64_t places = past->key_count == 0 ? 0 : power_of_two(8, 4 * (cost.keys - 1));
    cost.total = cost.each * cost.keys + places * sizeof(past_state *) + sizeof(past_place);
    return cost;
}

typedef struct totals {
    uint64_t session, shared;
} totals;

static totals totals_of(const checked_policy *policy)
{
    totals sums = {0, 0};
    for (uint32_t i = 0; i < policy->pasts.count; i++)
        *(policy->pasts.items[i].across ? &sums.shared : &sums.session) +=
            cost_of_past(&policy->pasts.items[i]).total;
    /* places are counted beside the bound, which is one of states */
    const uint64_t tables = policy->pasts.count * sizeof(past_place);
    sums.session = sums.session > LIMIT_SESSION_PAST_BYTES + tables
                       ? LIMIT_SESSION_PAST_BYTES + tables
                       : sums.session;
    sums.shared = sums.shared > LIMIT_SHARED_PAST_BYTES + tables ? LIMIT_SHARED_PAST_BYTES + tables
                                                                 : sums.shared;
    sums.session += sums.session > 0 ? sizeof(past_store) : 0;
    return sums;
}

void cost_write_history_text(buffer *out, const checked_policy *policy)
{
    if (policy->pasts.count == 0)
        return;
    buffer_text(out, "history, at most:\n");
    for (uint32_t i = 0; i < policy->pasts.count; i++) {
        const checked_past *const past = &policy->pasts.items[i];
        const past_cost cost = cost_of_past(past);
        buffer_format(out, "  %llu bytes", (unsigned long long)cost.each);
        if (past->key_count > 0)
            buffer_format(out, " a key, %llu keys %s", (unsigned long long)cost.keys,
                          past->across ? "in its window" : "a session");
        buffer_format(out, ": `%s`\n", past->text);
    }
    const totals sums = totals_of(policy);
    buffer_format(out, "history of one session: %llu bytes; across sessions: %llu bytes\n",
                  (unsigned long long)sums.session, (unsigned long long)sums.shared);
}

void cost_write_history_json(buffer *out, const checked_policy *policy)
{
    buffer_text(out, "{\"questions\":[");
    for (uint32_t i = 0; i < policy->pasts.count; i++) {
        const checked_past *const past = &policy->pasts.items[i];
        const past_cost cost = cost_of_past(past);
        buffer_format(out, "%s{\"question\":", i == 0 ? "" : ",");
        buffer_json_string(out, past->text, strlen(past->text));
        buffer_format(out,
                      ",\"keyed\":%s,\"across_sessions\":%s,\"bytes\":%llu,\"keys\":%llu,\"total_"
                      "bytes\":%llu}",
                      past->key_count > 0 ? "true" : "false", past->across ? "true" : "false",
                      (unsigned long long)cost.each, (unsigned long long)cost.keys,
                      (unsigned long long)cost.total);
    }
    const totals sums = totals_of(policy);
    buffer_format(out, "],\"session_bytes\":%llu,\"shared_bytes\":%llu}",
                  (unsigned long long)sums.session, (unsigned long long)sums.shared);
}

/*
 * expire.c - sessions that are over: what may be forgotten of them, and what has to be put away.
 *
 * Nothing is dropped by itself. When the host asks, a session goes in one of two ways. It is
 * forgotten if nothing that is remembered of it can matter any more: all questions of its policy
 * have windows, and the longest is over; it has no label, no text that a rule could ask for, no
 * message that was followed, no approval that could be used again; and the records that it carries
 * are such that an event without them is malformed. Otherwise its bytes go to the host, if the host
 * takes them, and a mark stays behind: its events are denied until it is loaded again, so that a
 * session that was put away is never mistaken for a new one.
 *
 * The clock of sessions that are new from then on begins where expiry stood: an event that brings
 * an older time counts as one of now, as it would have in a session that was there. So what was
 * forgotten would have been out of every window.
 *
 * The table is made anew, as small as what is left allows: linear in the sessions.
 */
#include <string.h>

#include "runtime/engine.h"

/* ---- what may go ----------------------------------------------------------------------------- */

/* The longest window of what is asked of a session; -1: something has none. */
static int64_t longest_window(const cst_image *image)
{
    int64_t longest = 0;
    for (uint32_t i = 0; i < image->pasts.count; i++) {
        const cst_past_row *const row = past_row(image, i);
        if (row->across)
            continue;
        if (row->within_us == 0)
            return -1;
        longest = row->within_us > longest ? row->within_us : longest;
    }
    return longest;
}

/* An event that does not bring a record which the session carries is malformed: where rules read
 * it, something of it is required. */
static bool can_lose_records(const cst_policy *policy)
{
    const cst_image *const image = policy->image;
    const cst_dispatch_row *const dispatch = CST_ROWS(image, dispatch, cst_dispatch_row);
    const cst_record_row *const records = CST_ROWS(image, records, cst_record_row);
    const cst_node_row *const nodes = CST_ROWS(image, nodes, cst_node_row);
    for (uint32_t i = 0; i < image->dispatch.count; i++)
        for (uint32_t k = 0; k < image->records.count; k++) {
            const uint32_t node =
                node_child(image, &nodes[dispatch[i].root], CST_TEXT(image, records[k].name),
                           records[k].name.length);
            if (node != CST_NONE && !nodes[node].required)
                return false;
        }
    return true;
}

typedef struct expiring {
    cst_context *context;
    int64_t now, idle, window; /* window: -1, see longest_window */
    bool records;              /* can be lost */
} expiring;

static bool grants_are_over(const session *known, int64_t now)
{
    for (const session_grant *grant = known->grants; grant; grant = grant->next)
        if (grant->expires >= now)
            return false;
    return true;
}

static bool is_idle(const expiring *at, const session *known)
{
    return known->clock <= at->now && at->now - known->clock >= at->idle &&
           !(known->past && known->past->copies);
}

/* Nothing of it can matter any more. */
static bool is_over(const expiring *at, const session *known)
{
    if (known->halted || known->distrusted || known->labels || known->labels_lost || known->lost ||
        known->echoes || known->origins || known->agents || known->agents_lost ||
        (known->records && !at->records) || !grants_are_over(known, at->now))
        return false;
    if (!known->past && !known->unasked)
        return true;
    const uint8_t *const policy = at->context->policy->image->source_hash;
    if (known->past && memcmp(known->past->policy, policy, sizeof known->past->policy) != 0)
        return false; /* the policy in force has not looked at it yet */
    return at->window >= 0 && at->now - known->clock > at->window;
}

/* ---- going ----------------------------------------------------------------------------------- */

/* The host has its bytes. False: it has not, or the mark could not be made. */
static bool put_away(const expiring *at, session *known, cst_put_away_function function, void *user)
{
    const void *bytes;
    size_t length;
    session_table *const table = &at->context->sessions;
    if (!function || known->distrusted || !session_can_mark(table) ||
        cst_session_save(at->context, known->name, known->name_length, &bytes, &length) != CST_OK ||
        !function(user, known->name, known->name_length, bytes, length))
        return false;
    session_mark_away(table, known->hash);
    return true;
}

cst_status cst_context_expire(cst_context *context, int64_t now_us, int64_t idle_us,
                              cst_put_away_function function, void *user, cst_expired *report)
{
    cst_expired told = {0, 0, 0};
    if (!context || idle_us < 0 || now_us > INT64_MAX / 4 || now_us < INT64_MIN / 4 ||
        (function && !context->policy->has_key) || context->host.asking)
        return CST_BAD_ARGUMENT;
    session_table *const table = &context->sessions;
    const expiring at = {context, now_us, idle_us, longest_window(context->policy->image),
                         can_lose_records(context->policy)};
    for (uint32_t i = 0; i < table->capacity; i++) {
        session *const known = table->slots[i];
        if (!known)
            continue;
        if (!is_idle(&at, known)) {
            told.remembered++;
        } else if (is_over(&at, known)) {
            told.forgotten++;
            known->goes = true;
        } else if (put_away(&at, known, function, user)) {
            told.put_away++;
            known->goes = true;
        } else {
            told.remembered++;
        }
    }
    if (told.forgotten + told.put_away) {
        session_table_drop(table);
        /* the last event may be one of those, and its decision may still be looked at */
        context->history.session = NULL;
        context->event.known = NULL;
        context->texts.echoes = NULL;
        context->texts.provenance = NULL;
        context->texts.echoes_lost = context->texts.provenance_lost = true;
        table->floor = now_us > table->floor ? now_us : table->floor;
        table->expired = true;
    }
    if (report)
        *report = told;
    return CST_OK;
}

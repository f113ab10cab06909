/*
 * chain.c - on whose behalf an agent acts: who has heard from whom in a session, and the `chain` of
 * an event that follows from it.
 *
 * A message that is let through reaches its receiver, with all that had reached its sender before:
 * so each agent of a session has a set of those who have reached it, and one message changes one
 * set. An event that brings no `chain` gets it from there: the acting agent, then the others, in
 * the order in which the session first met them. What an event says of itself must agree: where the
 * session has seen messages, a chain that leaves somebody out, or that names somebody who never
 * reached the agent, is malformed. Where it has seen none, the host's word is all there is.
 *
 * What could not be kept (more agents than LIMIT_CHAIN_AGENTS, names longer than LIMIT_NAME_BYTES,
 * memory, a time in which another policy did not ask) makes the chain unknown, and an event whose
 * rules read it is denied.
 */
#include <string.h>

#include "runtime/engine.h"

typedef struct name {
    const char *bytes;
    uint32_t length;
} name;

/* What a slot holds as text; no bytes: nothing. */
static name name_in(const cst_context *context, uint32_t slot)
{
    if (slot == CST_NONE || context->slot_stamps[slot] != context->stamp ||
        !kind_has_text(context->slots[slot].kind))
        return (name){NULL, 0};
    return (name){context->slots[slot].as.text, context->slots[slot].length};
}

/* Who acts: of a message that does not say so, its sender. */
static name acting(const cst_context *context)
{
    const cst_image *const image = context->frame.image;
    const name agent = name_in(context, image->chain_agent);
    return agent.bytes || context->event.stage != CST_MESSAGE
               ? agent
               : name_in(context, image->chain_sender);
}

static bool same(const session_agent *agent, name of)
{
    return agent->name_length == of.length && memcmp(agent->name, of.bytes, of.length) == 0;
}

static const session_agent *find(const session *known, name of)
{
    const session_agents *const all = known ? known->agents : NULL;
    for (uint32_t i = 0; all && of.bytes && i < all->count; i++)
        if (same(all->items[i], of))
            return all->items[i];
    return NULL;
}

static bool heard(const session_agent *agent, uint32_t other)
{
    return agent && (agent->heard[other / 64] >> (other % 64) & 1) != 0;
}

/* ---- before ---------------------------------------------------------------------------------- */

static void refuse(cst_context *context, uint32_t node, const char *code, const char *text)
{
    const cst_value *const given =
        &context->slots[context->targets[context->nodes[node].targets.first].slot];
    const bool brought = context->node_stamps[node] == context->stamp && given->at != UINT32_MAX;
    engine_problem_at(context, brought ? given->at : UINT64_MAX - 1, code, node, "", text);
}

/* Without who acts there is no chain. */
static void need_agent(cst_context *context)
{
    const uint32_t node =
        node_child(context->frame.image, &context->nodes[context->event.root], "agent", 5);
    if (node != CST_NONE)
        engine_missing(context, node);
}

/* The chain that the event brings, against what is known. */
static void check(cst_context *context, const session *known, uint32_t node)
{
    const cst_value *const given =
        &context->slots[context->targets[context->nodes[node].targets.first].slot];
    const name agent = acting(context);
    const session_agent *const self = find(known, agent);
    if (!known || !known->agents || given->kind != CST_KIND_LIST)
        return;
    if (!agent.bytes) {
        need_agent(context);
        return;
    }
    bool good = true;
    uint64_t named[LIMIT_CHAIN_AGENTS / 64] = {0};
    for (uint32_t i = 0; i < given->length && good; i++) {
        const name one = {given->as.items[i].as.text, given->as.items[i].length};
        if (one.length == agent.length && memcmp(one.bytes, agent.bytes, one.length) == 0)
            continue;
        uint32_t number = 0;
        while (number < known->agents->count && !same(known->agents->items[number], one))
            number++;
        good = number < known->agents->count && heard(self, number);
        if (good)
            named[number / 64] |= UINT64_C(1) << (number % 64);
    }
    for (uint32_t i = 0; i < known->agents->count && good; i++)
        good = !heard(self, i) || same(known->agents->items[i], agent) ||
               (named[i / 64] >> (i % 64) & 1);
    if (!good)
        refuse(context, node, "value", "This chain is not what the session's messages say.");
}

/* The list of names as JSON, read like one that the event brought. */
static void fill(cst_context *context, const session *known, uint32_t node)
{
    const name agent = acting(context);
    const session_agent *const self = find(known, agent);
    buffer *const out = &context->leaf;
    cst_json *list;
    json_problem problem;
    if (!agent.bytes) {
        need_agent(context);
        return;
    }
    buffer_clear(out);
    buffer_text(out, "[");
    buffer_json_string(out, agent.bytes, agent.length);
    for (uint32_t i = 0; known && known->agents && i < known->agents->count; i++) {
        const session_agent *const other = known->agents->items[i];
        if (!heard(self, i) || same(other, agent))
            continue;
        buffer_text(out, ",");
        buffer_json_string(out, other->name, other->name_length);
    }
    buffer_text(out, "]");
    const char *const bytes =
        out->failed ? NULL : arena_copy(&context->arena, out->bytes, out->length);
    if (!bytes || json_read(&context->arena, bytes, out->length, LIMIT_JSON_SCANNER_DEPTH, &list,
                            &problem) != JSON_OK) {
        context->event.no_memory = true;
        return;
    }
    event_read_elsewhere(context, list, node);
}

void chain_complete(cst_context *context, uint32_t node)
{
    const session *const known = engine_session(context);
    if (known ? known->agents_lost : context->sessions.agents_lost)
        refuse(context, node, "limit",
               "Not all is known of who has had messages from whom in this session.");
    else if (context->node_stamps[node] == context->stamp)
        check(context, known, node);
    else
        fill(context, known, node);
}

/* ---- after ----------------------------------------------------------------------------------- */

/* The agent of a session, noted if it is new. NULL: there is no room. */
static session_agent *note(session_table *table, session *owner, name of, uint32_t *number)
{
    for (uint32_t i = 0; owner->agents && i < owner->agents->count; i++)
        if (same(owner->agents->items[i], of)) {
            *number = i;
            return owner->agents->items[i];
        }
    *number = owner->agents ? owner->agents->count : 0;
    return of.length <= LIMIT_NAME_BYTES ? session_add_agent(table, owner, of.bytes, of.length)
                                         : NULL;
}

void chain_remember(cst_context *context)
{
    const cst_image *const image = context->frame.image;
    const engine_text *const of = &context->event.session;
    session_table *const table = &context->sessions;
    if (context->event.is_system || context->event.stage != CST_MESSAGE)
        return;
    const bool asks = image->chain_sender != CST_NONE;
    if (!asks && !context->live)
        return;
    session *owner = engine_session(context);
    if (!owner && table->count < context->policy->limits.sessions)
        owner = session_store(table, of->bytes, of->length);
    if (!owner) {
        table->agents_lost = true;
        return;
    }
    const name sender = name_in(context, image->chain_sender),
               receiver = name_in(context, image->chain_receiver);
    uint32_t from = 0, to = 0;
    session_agent *const speaker =
        asks && sender.bytes && receiver.bytes ? note(table, owner, sender, &from) : NULL;
    session_agent *const listener = speaker ? note(table, owner, receiver, &to) : NULL;
    if (!listener) {
        owner->agents_lost = true; /* another policy may ask later, or there is no room */
        return;
    }
    for (uint32_t i = 0; i < LIMIT_CHAIN_AGENTS / 64; i++)
        listener->heard[i] |= speaker->heard[i];
    listener->heard[from / 64] |= UINT64_C(1) << (from % 64);
}

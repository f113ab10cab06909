/*
 * session_bytes.c - a session as bytes: cst_session_save and cst_session_load.
 *
 *     magic "CSTSESS", version 1 byte | source hash of the policy | sections | HMAC-SHA-256 of all
 * before
 *
 * The signature is looked at before anything else is: bytes that somebody changed, or cut off, are
 * not read. What is read then is still checked as if it came from anywhere, since the same key may
 * sign what another version of this library wrote.
 *
 * A session that cannot be loaded is not a new one: it may have been halted, its labels may be set.
 * So its events are denied.
 */
#include <string.h>

#include "runtime/base/bytes.h"
#include "runtime/base/hash.h"
#include "runtime/engine.h"
#include "runtime/history/save.h"
#include "runtime/hmac.h"
#include "runtime/text/echo.h"
#include "runtime/text/provenance.h"

static const char magic[8] = {'C', 'S', 'T', 'S', 'E', 'S', 'S', 3};

enum { SIGNATURE = 32 };

static bool has_key(const cst_policy *policy)
{
    return policy->has_key;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_records(buffer *out, const session *known)
{
    uint32_t count = 0;
    for (const session_record *record = known ? known->records : NULL; record;
         record = record->next)
        count++;
    bytes_put(out, count, 4);
    for (const session_record *record = known ? known->records : NULL; record;
         record = record->next) {
        bytes_put_text(out, record->name, record->name_length);
        bytes_put_text(out, record->json, record->json_length);
    }
}

static void put_labels(buffer *out, const session *known)
{
    bytes_put(out, known ? known->label_count : 0, 4);
    for (const session_label *label = known ? known->labels : NULL; label; label = label->next) {
        bytes_put_text(out, label->name, label->name_length);
        bytes_put(out, label->sure, 1);
    }
}

static void put_grants(buffer *out, const session *known)
{
    bytes_put(out, known ? known->grant_count : 0, 4);
    for (const session_grant *grant = known ? known->grants : NULL; grant; grant = grant->next) {
        buffer_add(out, grant->signature, sizeof grant->signature);
        bytes_put(out, (uint64_t)grant->expires, 8);
        bytes_put(out, grant->uses, 4);
    }
}

static void put_echoes(buffer *out, const session *known)
{
    const session_echoes *const echoes = known ? known->echoes : NULL;
    bytes_put(out, echoes != NULL, 1);
    if (!echoes)
        return;
    buffer_add(out, echoes->policy, sizeof echoes->policy);
    bytes_put(out, echoes->lost, 1);
    bytes_put(out, echoes->count, 4);
    for (uint32_t i = 0; i < echoes->count; i++)
        echo_write(echoes->items[i], out);
}

static void put_agents(buffer *out, const session *known)
{
    const session_agents *const all = known ? known->agents : NULL;
    bytes_put(out, all ? all->count : 0, 4);
    for (uint32_t i = 0; all && i < all->count; i++) {
        bytes_put_text(out, all->items[i]->name, all->items[i]->name_length);
        for (uint32_t k = 0; k < LIMIT_CHAIN_AGENTS / 64; k++)
            bytes_put(out, all->items[i]->heard[k], 8);
    }
}

/* As a text whose length is written when it is known. */
static void put_origins(buffer *out, const session *known)
{
    const session_origins *const origins = known ? known->origins : NULL;
    bytes_put(out, origins && origins->from, 1);
    if (!origins || !origins->from)
        return;
    buffer_add(out, origins->policy, sizeof origins->policy);
    const size_t at = out->length;
    bytes_put(out, 0, 4);
    if (!provenance_save(origins->from, out))
        out->failed = true;
    for (uint32_t i = 0; i < 4 && !out->failed; i++)
        out->bytes[at + i] = (char)((out->length - at - 4) >> (8 * i));
}

cst_status cst_session_save(cst_context *context, const char *session_name, size_t session_length,
                            const void **bytes, size_t *length)
{
    if (!context || (!session_name && session_length) || !bytes || !length ||
        !has_key(context->policy))
        return CST_BAD_ARGUMENT;
    if (session_length > LIMIT_SESSION_BYTES)
        return CST_LIMIT;
    const session_table *const table = &context->sessions;
    const session *const known = session_find(table, session_name, (uint32_t)session_length);
    if (!known && session_is_away(table, session_name, (uint32_t)session_length))
        return CST_BAD_STATE;
    buffer *const out = &context->state_bytes;
    buffer_clear(out);
    buffer_add(out, magic, sizeof magic);
    buffer_add(out, context->policy->image->source_hash, 32);
    bytes_put_text(out, session_name, (uint32_t)session_length);
    bytes_put(out, known ? known->halted : table->halt_lost, 1);
    bytes_put(out, known && known->distrusted, 1);
    bytes_put(out, known ? known->labels_lost : table->past_lost, 1);
    bytes_put(out, !known && (table->texts_lost || table->prompt_lost), 1);
    bytes_put(out, !known && table->past_lost, 1);
    bytes_put(out, table->grants_lost, 1);
    bytes_put(out, known ? known->agents_lost : table->agents_lost, 1);
    put_records(out, known);
    put_labels(out, known);
    put_grants(out, known);
    put_agents(out, known);
    put_echoes(out, known);
    put_origins(out, known);
    bytes_put(out, known && known->past, 1);
    if (known && known->past)
        past_store_write(known->past, out);
    uint8_t signature[SIGNATURE];
    if (out->failed)
        return CST_NO_MEMORY;
    hmac_sha256(context->policy->key, sizeof context->policy->key, out->bytes, out->length,
                signature);
    buffer_add(out, signature, sizeof signature);
    if (out->failed)
        return CST_NO_MEMORY;
    *bytes = out->bytes;
    *length = out->length;
    return CST_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct loading {
    cst_context *context;
    session *owner;
    bytes_reader in;
    cst_restored *report;
} loading;

static bool take_records(loading *to)
{
    const uint32_t count = (uint32_t)bytes_take(&to->in, 4);
    for (uint32_t i = 0; i < count && !to->in.failed; i++) {
        uint32_t name_length, json_length;
        const char *const name = bytes_take_text(&to->in, LIMIT_NAME_BYTES, &name_length);
        const char *const json = bytes_take_text(&to->in, LIMIT_EVENT_BYTES, &json_length);
        if (to->in.failed || !session_set_record(&to->context->sessions, to->owner, name,
                                                 name_length, json, json_length))
            return false;
    }
    return !to->in.failed;
}

static bool take_labels(loading *to)
{
    const uint32_t count = (uint32_t)bytes_take(&to->in, 4);
    for (uint32_t i = 0; i < count && !to->in.failed; i++) {
        uint32_t length;
        const char *const name = bytes_take_text(&to->in, LIMIT_NAME_BYTES, &length);
        const bool sure = bytes_take(&to->in, 1) != 0;
        if (to->in.failed ||
            !session_set_label(&to->context->sessions, to->owner, name, length, sure))
            return false;
    }
    return !to->in.failed;
}

static bool take_grants(loading *to)
{
    const uint32_t count = (uint32_t)bytes_take(&to->in, 4);
    for (uint32_t i = 0; i < count && !to->in.failed; i++) {
        uint8_t signature[32];
        for (size_t k = 0; k < sizeof signature; k++)
            signature[k] = (uint8_t)bytes_take(&to->in, 1);
        const int64_t expires = (int64_t)bytes_take(&to->in, 8);
        const uint32_t uses = (uint32_t)bytes_take(&to->in, 4);
        if (to->in.failed || count > LIMIT_USED_GRANTS || uses == 0 ||
            !session_keep_grant(&to->context->sessions, to->owner, signature, expires, uses))
            return false;
    }
    return !to->in.failed;
}

static bool take_agents(loading *to)
{
    const uint32_t count = (uint32_t)bytes_take(&to->in, 4);
    for (uint32_t i = 0; i < count && !to->in.failed; i++) {
        uint32_t length;
        const char *const name = bytes_take_text(&to->in, LIMIT_NAME_BYTES, &length);
        session_agent *const made =
            to->in.failed ? NULL
                          : session_add_agent(&to->context->sessions, to->owner, name, length);
        for (uint32_t k = 0; made && k < LIMIT_CHAIN_AGENTS / 64; k++)
            made->heard[k] = bytes_take(&to->in, 8);
        if (!made)
            return false;
    }
    return !to->in.failed;
}

static bool take_echoes(loading *to)
{
    session_table *const table = &to->context->sessions;
    if (bytes_take(&to->in, 1) == 0)
        return !to->in.failed;
    uint8_t policy[32];
    for (size_t i = 0; i < sizeof policy; i++)
        policy[i] = (uint8_t)bytes_take(&to->in, 1);
    const bool lost = bytes_take(&to->in, 1) != 0;
    const uint32_t count = (uint32_t)bytes_take(&to->in, 4);
    const bool same = memcmp(policy, to->context->policy->image->source_hash, sizeof policy) == 0;
    /* an echo has nine bytes at least; of this policy there are as many as it asks for */
    if (to->in.failed || count > (size_t)(to->in.end - to->in.next) / 9 ||
        (same && count != to->context->policy->image->echoes.count))
        return false;
    session_echoes *const made = session_new_echoes(table, count);
    if (!made)
        return false;
    memcpy(made->policy, policy, sizeof policy);
    made->lost = lost;
    for (uint32_t i = 0; i < count; i++) {
        made->items[i] = echo_read(&to->context->allocator, &to->in);
        if (!made->items[i]) {
            session_free_echoes(table, made);
            return false;
        }
    }
    to->owner->echoes = made;
    return true;
}

/* Of another policy they stay unread: that there were some makes questions undecided. */
static bool take_origins(loading *to)
{
    cst_context *const context = to->context;
    const cst_image *const image = context->policy->image;
    if (bytes_take(&to->in, 1) == 0)
        return !to->in.failed;
    session_origins *const made = session_new_origins(&context->sessions);
    if (!made)
        return false;
    to->owner->origins = made;
    for (size_t i = 0; i < sizeof made->policy; i++)
        made->policy[i] = (uint8_t)bytes_take(&to->in, 1);
    uint32_t length;
    const char *const bytes = bytes_take_text(&to->in, UINT32_MAX, &length);
    if (to->in.failed)
        return false;
    const bool same = memcmp(made->policy, image->source_hash, sizeof made->policy) == 0;
    made->from = same ? provenance_load(&context->allocator, image->sources.count + 1,
                                        image->from_types, context->sessions.seed, bytes, length)
                      : provenance_new(&context->allocator, 1, 0, context->sessions.seed);
    return made->from != NULL;
}

static bool take_past(loading *to)
{
    cst_context *const context = to->context;
    if (bytes_take(&to->in, 1) == 0)
        return !to->in.failed;
    past_store *const made = context->allocator.allocate(context->allocator.user, sizeof *made);
    if (!made)
        return false;
    past_store_init(made, &context->allocator, LIMIT_SESSION_PAST_KEYS, LIMIT_SESSION_PAST_BYTES,
                    NULL);
    uint32_t kept = 0, dropped = 0;
    if (!past_store_read(made, &to->in, context->policy->image) ||
        !past_store_adopt(made, context->policy->image, &kept, &dropped)) {
        past_store_free(made);
        context->allocator.release(context->allocator.user, made, sizeof *made);
        return false;
    }
    to->owner->past = made;
    to->report->kept = kept;
    to->report->dropped = dropped;
    return true;
}

/* A store that knows that it knows nothing. */
static bool lost_past(loading *to)
{
    cst_context *const context = to->context;
    past_store *const made = context->allocator.allocate(context->allocator.user, sizeof *made);
    uint32_t kept, dropped;
    if (!made)
        return false;
    past_store_init(made, &context->allocator, LIMIT_SESSION_PAST_KEYS, LIMIT_SESSION_PAST_BYTES,
                    NULL);
    made->lost = true;
    if (!past_store_adopt(made, context->policy->image, &kept, &dropped)) {
        context->allocator.release(context->allocator.user, made, sizeof *made);
        return false;
    }
    to->owner->past = made;
    return true;
}

static bool take_session(loading *to, const char *name, uint32_t length)
{
    bytes_reader *const in = &to->in;
    uint32_t written;
    const uint8_t *const policy = to->context->policy->image->source_hash;
    to->report->same_policy = memcmp(in->next, policy, 32) == 0;
    in->next += 32;
    const char *const own = bytes_take_text(in, LIMIT_SESSION_BYTES, &written);
    if (in->failed || written != length || (length && memcmp(own, name, length) != 0))
        return false; /* the bytes of another session */
    to->owner->halted = bytes_take(in, 1) != 0;
    to->owner->distrusted = bytes_take(in, 1) != 0;
    to->owner->labels_lost = bytes_take(in, 1) != 0;
    const bool texts_lost = bytes_take(in, 1) != 0, past_is_lost = bytes_take(in, 1) != 0;
    const bool grants_lost = bytes_take(in, 1) != 0;
    to->owner->agents_lost = bytes_take(in, 1) != 0;
    if (!take_records(to) || !take_labels(to) || !take_grants(to) || !take_agents(to) ||
        !take_echoes(to) || !take_origins(to) || !take_past(to) || in->failed ||
        in->next != in->end)
        return false;
    if (grants_lost)
        to->context->sessions.grants_lost = true;
    if (texts_lost)
        to->context->sessions.texts_lost = true;
    return !past_is_lost || to->owner->past || lost_past(to);
}

cst_status cst_session_load(cst_context *context, const char *session_name, size_t session_length,
                            const void *bytes, size_t length, cst_restored *report)
{
    cst_restored unused;
    if (!context || (!session_name && session_length) || (!bytes && length) ||
        !has_key(context->policy))
        return CST_BAD_ARGUMENT;
    if (session_length > LIMIT_SESSION_BYTES)
        return CST_LIMIT;
    if (!report)
        report = &unused;
    *report = (cst_restored){0, 0, false};
    session_table *const table = &context->sessions;
    const bool was_away = session_unmark_away(table, session_name, (uint32_t)session_length);
    session *const owner = session_find(table, session_name, (uint32_t)session_length) ||
                                   table->count < context->policy->limits.sessions
                               ? session_store(table, session_name, (uint32_t)session_length)
                               : NULL;
    if (!owner && was_away && session_can_mark(table)) { /* it stays where it was */
        session_mark_away(table, cst_hash_seeded(session_name, session_length, table->seed));
        return table->count < context->policy->limits.sessions ? CST_NO_MEMORY : CST_LIMIT;
    }
    if (!owner) {
        table->halt_lost = table->past_lost = table->texts_lost = table->agents_lost = true;
        return table->count < context->policy->limits.sessions ? CST_NO_MEMORY : CST_LIMIT;
    }
    const uint8_t *const start = bytes;
    uint8_t signature[SIGNATURE];
    session_clear(table, owner);
    bool good = length >= sizeof magic + 32 + SIGNATURE && memcmp(start, magic, sizeof magic) == 0;
    if (good) {
        hmac_sha256(context->policy->key, sizeof context->policy->key, start, length - SIGNATURE,
                    signature);
        good = hmac_equal(signature, start + length - SIGNATURE);
    }
    if (good) {
        loading to = {
            context, owner, {start + sizeof magic, start + length - SIGNATURE, false}, report};
        if (take_session(&to, session_name, (uint32_t)session_length))
            return CST_OK;
    }
    session_clear(table, owner);
    owner->distrusted = true;
    return CST_BAD_STATE;
}

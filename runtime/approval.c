/*
 * approval.c - making grants, checking them, and using them up.
 *
 *     version | SHA-256 of the session's name | hash of the event | source hash of the policy | expiry | nonce | who | HMAC-SHA-256
 *
 * as hexadecimal digits. The nonce makes two grants for one action two grants. What is wrong with a grant is never reported in detail: it
 * meets nothing, and the event waits as if it had none.
 *
 * A rule that says `within D` is met only by a grant that expires within D of now: whoever grants cannot give more time than the rule.
 * Without one, LIMIT_APPROVAL_SECONDS is the most.
 */
#include "runtime/approval.h"

#include <string.h>
#include <sys/random.h>

#include "runtime/base/bytes.h"
#include "runtime/base/sort.h"
#include "runtime/hmac.h"
#include "runtime/sha256.h"

enum { VERSION = 1, HEAD = 1 + 32 + 32 + 32 + 8 + 16, SIGNATURE = 32 };

#define APPROVAL_US ((int64_t)LIMIT_APPROVAL_SECONDS * 1000000)

typedef struct grant {
    uint8_t bytes[HEAD + 1 + LIMIT_NAME_BYTES + SIGNATURE];
    uint32_t length;
    int64_t expires;
    const char *who;
    uint32_t who_length;
} grant;

static void hash_session(const char *name, size_t length, uint8_t out[32])
{
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, name, length);
    sha256_end(&hash, out);
}

/* ---- making ---------------------------------------------------------------------------------- */

cst_status cst_approve(const cst_policy *policy, const char *session_name, size_t session_length, const uint8_t action_hash[32],
                       const char *who, int64_t expires_us, char out[CST_GRANT_SIZE])
{
    if (!policy || (!session_name && session_length) || !action_hash || !who || !out)
        return CST_BAD_ARGUMENT;
    const size_t who_length = strlen(who);
    if (session_length > LIMIT_SESSION_BYTES || who_length == 0 || who_length > LIMIT_APPROVER_BYTES)
        return CST_LIMIT;
    uint8_t bytes[HEAD + 1 + LIMIT_APPROVER_BYTES + SIGNATURE], *next = bytes;
    *next++ = VERSION;
    hash_session(session_name ? session_name : "", session_length, next);
    memcpy(next + 32, action_hash, 32);
    memcpy(next + 64, policy->image->source_hash, 32);
    next += 96;
    for (int i = 0; i < 8; i++)
        *next++ = (uint8_t)((uint64_t)expires_us >> (8 * i));
    if (getrandom(next, 16, 0) != 16)
        return CST_IO;
    next += 16;
    *next++ = (uint8_t)who_length;
    memcpy(next, who, who_length);
    next += who_length;
    hmac_sha256(policy->key, sizeof policy->key, bytes, (size_t)(next - bytes), next);
    next += SIGNATURE;
    static const char digits[] = "0123456789abcdef";
    for (const uint8_t *byte = bytes; byte < next; byte++) {
        *out++ = digits[*byte >> 4];
        *out++ = digits[*byte & 15];
    }
    *out = '\0';
    return CST_OK;
}

/* ---- checking -------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool grant_read(const cst_json *text, grant *out)
{
    if (text->kind != JSON_STRING || text->length % 2 || text->length / 2 > sizeof out->bytes ||
        text->length / 2 < HEAD + 1 + 1 + SIGNATURE)
        return false;
    out->length = text->length / 2;
    for (uint32_t i = 0; i < out->length; i++) {
        const int high = digit_of(text->text[2 * i]), low = digit_of(text->text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    bytes_reader in = {out->bytes + HEAD - 24, out->bytes + HEAD - 16, false};
    out->expires = (int64_t)bytes_take(&in, 8);
    out->who_length = out->bytes[HEAD];
    out->who = (const char *)out->bytes + HEAD + 1;
    return out->length == HEAD + 1 + out->who_length + SIGNATURE && out->bytes[0] == VERSION;
}

static const uint8_t *signature_of(const grant *one)
{
    return one->bytes + one->length - SIGNATURE;
}

int64_t approval_clock(cst_context *context)
{
    const session_table *const table = &context->sessions;
    const engine_text *const name = &context->event.session;
    const session *const known = session_find(table, name->bytes, name->length);
    const int64_t kept = known ? known->clock : table->floor, now = engine_time(context);
    return kept > now ? kept : now;
}

static bool is_used(cst_context *context, const grant *one)
{
    const engine_text *const name = &context->event.session;
    const session *const known = session_find(&context->sessions, name->bytes, name->length);
    for (const session_grant *used = known ? known->grants : NULL; used; used = used->next)
        if (hmac_equal(used->signature, signature_of(one)))
            return true;
    return false;
}

/* A grant for this event of this session under this policy, that has neither expired nor been used. */
static bool is_good(cst_context *context, const grant *one, const uint8_t hash[32])
{
    const engine_text *const name = &context->event.session;
    uint8_t own[32], signature[SIGNATURE];
    hmac_sha256(context->policy->key, sizeof context->policy->key, one->bytes, one->length - SIGNATURE, signature);
    hash_session(name->bytes ? name->bytes : "", name->length, own);
    return hmac_equal(signature, signature_of(one)) && memcmp(one->bytes + 1, own, 32) == 0 &&
           memcmp(one->bytes + 33, hash, 32) == 0 &&
           memcmp(one->bytes + 65, context->frame.image->source_hash, 32) == 0 && one->expires >= approval_clock(context) &&
           !is_used(context, one);
}

/* Who a demand asks, and how long its approval may hold. */
typedef struct demand {
    cst_range who;
    int64_t within_us;
} demand;

static demand demand_of(const cst_context *context, const engine_fired *fired)
{
    const cst_image *const image = context->frame.image;
    if (fired->rule != CST_NONE) {
        const cst_rule_row *const rule = CST_ROWS(image, rules, cst_rule_row) + fired->rule;
        return (demand){rule->who, rule->within_us};
    }
    const cst_layer_row *const layer = CST_ROWS(image, layers, cst_layer_row) + fired->layer;
    const cst_default_row *const row = &layer->defaults[context->event.stage];
    return (demand){row->who, row->within_us};
}

static bool meets(cst_context *context, const grant *one, const demand *asked)
{
    const cst_image *const image = context->frame.image;
    const cst_ref *const names = CST_ROWS(image, names, cst_ref) + asked->who.first;
    const int64_t most = asked->within_us > 0 ? asked->within_us : APPROVAL_US;
    if (one->expires - approval_clock(context) > most)
        return false;
    for (uint32_t i = 0; i < asked->who.count; i++)
        if (names[i].length == one->who_length && memcmp(CST_TEXT(image, names[i]), one->who, one->who_length) == 0)
            return true;
    return false;
}

/* The good grants that the event brings; the rest is as if it were not there. */
static grant *grants_read(cst_context *context, const uint8_t hash[32], uint32_t *count, bool *no_memory)
{
    const engine_text *const text = &context->event.approvals;
    cst_json *list;
    json_problem problem;
    *count = 0;
    if (json_read(&context->arena, text->bytes, text->length, LIMIT_JSON_SCANNER_DEPTH, &list, &problem) != JSON_OK) {
        *no_memory = problem.error == JSON_MEMORY;
        return NULL;
    }
    if (list->kind != JSON_LIST || list->length == 0)
        return NULL;
    const uint32_t most = list->length < LIMIT_APPROVALS ? list->length : LIMIT_APPROVALS;
    grant *const grants = arena_array(&context->arena, most, sizeof *grants);
    *no_memory = grants == NULL;
    for (uint32_t i = 0; grants && i < most; i++)
        if (grant_read(&list->items[i], &grants[*count]) && is_good(context, &grants[*count], hash)) {
            grants[*count].who = (const char *)grants[*count].bytes + HEAD + 1;
            (*count)++;
        }
    return grants;
}

/* Keeps that a grant was the one that met a demand. */
static void note_used(cst_context *context, const grant *one)
{
    for (uint32_t i = 0; i < context->granted_count; i++)
        if (hmac_equal(context->granted[i].signature, signature_of(one)))
            return;
    memcpy(context->granted[context->granted_count].signature, signature_of(one), SIGNATURE);
    context->granted[context->granted_count++].expires = one->expires;
}

static bool has_room(cst_context *context)
{
    const engine_text *const name = &context->event.session;
    session_table *const table = &context->sessions;
    session *const known = session_find(table, name->bytes, name->length);
    if (!known)
        return table->count < context->policy->limits.sessions;
    session_forget_grants(table, known, approval_clock(context));
    return known->grant_count + LIMIT_APPROVALS <= LIMIT_USED_GRANTS;
}

bool approvals_apply(cst_context *context, bool *no_memory)
{
    uint8_t hash[32];
    uint32_t count = 0;
    *no_memory = false;
    /* a grant of which it could not be kept that it was used could be used again */
    if (!context->event.approvals.bytes || context->sessions.grants_lost || !has_room(context))
        return false;
    const cst_status named = approval_hash(context, hash);
    *no_memory = named == CST_NO_MEMORY;
    const grant *const grants = named == CST_OK ? grants_read(context, hash, &count, no_memory) : NULL;
    if (!grants || count == 0)
        return false;
    context->granted = arena_array(&context->arena, count, sizeof *context->granted);
    *no_memory = context->granted == NULL;
    if (*no_memory)
        return false;
    cst_verdict verdict = CST_PERMIT;
    for (uint32_t i = 0; i < context->fired_count; i++) {
        engine_fired *const fired = &context->fired[i];
        const demand asked = demand_of(context, fired);
        for (uint32_t k = 0; k < count && fired->effect == CST_REQUIRE_APPROVAL; k++) {
            if (!meets(context, &grants[k], &asked))
                continue;
            fired->effect = CST_FLAG;
            fired->approved = true;
            note_used(context, &grants[k]);
        }
        if (fired->effect > verdict)
            verdict = fired->effect;
    }
    if (context->granted_count == 0)
        return false;
    context->verdict = verdict;
    engine_sort_fired(context);
    return true;
}

void approvals_use(cst_context *context)
{
    const engine_text *const name = &context->event.session;
    session_table *const table = &context->sessions;
    for (uint32_t i = 0; i < context->granted_count; i++) {
        session *const owner = session_store(table, name->bytes, name->length);
        if (!owner || !session_add_grant(table, owner, context->granted[i].signature, context->granted[i].expires))
            table->grants_lost = true;
    }
}

/* ---- what is asked --------------------------------------------------------------------------- */

/* What would happen: the call with its arguments, or what would go on. */
static void write_what(cst_context *context, buffer *out)
{
    const engine_event *const event = &context->event;
    const engine_text *const args = context->cut_args.bytes ? &context->cut_args : &event->args;
    if (event->stage == CST_ACTION) {
        buffer_text(out, "Run ");
        buffer_add(out, event->tool.bytes, event->tool.length);
        buffer_text(out, " with ");
        uint32_t shown = args->length < LIMIT_REQUEST_BYTES ? args->length : LIMIT_REQUEST_BYTES;
        while (shown > 0 && shown < args->length && ((unsigned char)args->bytes[shown] & 0xc0) == 0x80)
            shown--;
        buffer_add(out, args->bytes ? args->bytes : "{}", args->bytes ? shown : 2);
        buffer_text(out, shown < args->length ? "…" : "");
    } else {
        buffer_format(out, "Let this %s through", cst_stage_name(event->stage));
    }
    buffer_text(out, "?");
}

cst_status cst_decision_request(const cst_decision *decision, cst_request *out)
{
    if (!decision || !decision->context || !out)
        return CST_BAD_ARGUMENT;
    cst_context *const context = decision->context->self;
    if (context->event.phase != ENGINE_DECIDED)
        return CST_BAD_ARGUMENT;
    if (context->verdict != CST_REQUIRE_APPROVAL)
        return CST_NO_FIELD;
    const cst_status status = approval_hash(context, out->action_hash);
    if (status != CST_OK)
        return status;
    int64_t least = APPROVAL_US;
    buffer *const text = &context->leaf;
    buffer_clear(text);
    write_what(context, text);
    for (uint32_t i = 0; i < context->fired_count; i++) {
        engine_fired *const fired = &context->fired[i];
        if (fired->effect != CST_REQUIRE_APPROVAL)
            continue;
        const demand asked = demand_of(context, fired);
        if (asked.within_us > 0 && asked.within_us < least)
            least = asked.within_us;
        const cst_fired *const shown = fired_show(context, fired, false);
        if (!shown)
            return CST_NO_MEMORY;
        if (shown->message)
            buffer_format(text, " %s", shown->message);
    }
    const char *const copy = text->failed ? NULL : arena_copy(&context->arena, text->bytes, text->length);
    if (!copy)
        return CST_NO_MEMORY;
    out->text = copy;
    out->expires_us = approval_clock(context) + least;
    return CST_OK;
}

/*
 * approval.c - making grants, checking them, and using them up.
 *
 *     kind | SHA-256 of the holder | subject | source hash of the policy | expiry | uses | nonce |
 * who | HMAC-SHA-256
 *
 * as hexadecimal digits. The kind is the first byte that is signed, so no grant of one kind is one
 * of the other, and no saved state is a grant. For one action the holder is the session, and the
 * subject the hash of the event; of a standing grant both are made in standing.c. The nonce makes
 * two grants for one action two grants. What is wrong with a grant is never reported in detail: it
 * meets nothing, and the event waits as if it had none.
 *
 * A rule that says `within D` is met only by a grant that expires within D of now: whoever grants
 * cannot give more time than the rule. Without one, LIMIT_APPROVAL_SECONDS is the most.
 *
 * A use is counted when it meets a demand, and taken back if the event waits all the same: so two
 * threads cannot both have the last one, and what could not be counted meets nothing.
 */
#include "runtime/approval.h"

#include <string.h>
#include <sys/random.h>

#include "runtime/base/bytes.h"
#include "runtime/hmac.h"
#include "runtime/sha256.h"

enum { ONE_ACTION = 2, STANDING = 3, HEAD = 1 + 32 + 32 + 32 + 8 + 4 + 16, SIGNATURE = 32 };

#define APPROVAL_US ((int64_t)LIMIT_APPROVAL_SECONDS * 1000000)

_Static_assert(CST_GRANT_SIZE > 2 * (HEAD + 1 + LIMIT_APPROVER_BYTES + SIGNATURE),
               "a grant with its NUL fits");

typedef struct grant {
    uint8_t bytes[HEAD + 1 + LIMIT_NAME_BYTES + SIGNATURE];
    uint32_t length;
    int64_t expires;
    uint32_t uses; /* 0: any number */
    const char *who;
    uint32_t who_length;
} grant;

void approval_hash_session(const char *name, size_t length, uint8_t out[32])
{
    sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, name ? name : "", length);
    sha256_end(&hash, out);
}

/* ---- making ---------------------------------------------------------------------------------- */

typedef struct draft {
    uint8_t kind;
    const uint8_t *holder, *subject; /* 32 bytes each */
    const char *who;
    int64_t expires;
    uint32_t uses;
} draft;

static cst_status grant_write(const cst_policy *policy, const draft *from, char *out)
{
    const size_t who_length = strlen(from->who);
    if (who_length == 0 || who_length > LIMIT_APPROVER_BYTES)
        return CST_LIMIT;
    uint8_t bytes[HEAD + 1 + LIMIT_APPROVER_BYTES + SIGNATURE], *next = bytes;
    *next++ = from->kind;
    memcpy(next, from->holder, 32);
    memcpy(next + 32, from->subject, 32);
    memcpy(next + 64, policy->image->source_hash, 32);
    next += 96;
    for (int i = 0; i < 8; i++)
        *next++ = (uint8_t)((uint64_t)from->expires >> (8 * i));
    for (int i = 0; i < 4; i++)
        *next++ = (uint8_t)(from->uses >> (8 * i));
    if (getrandom(next, 16, 0) != 16)
        return CST_IO;
    next += 16;
    *next++ = (uint8_t)who_length;
    memcpy(next, from->who, who_length);
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

cst_status cst_approve(const cst_policy *policy, const char *session_name, size_t session_length,
                       const uint8_t action_hash[32], const char *who, int64_t expires_us,
                       char out[CST_GRANT_SIZE])
{
    if (!policy || (!session_name && session_length) || !action_hash || !who || !out)
        return CST_BAD_ARGUMENT;
    if (session_length > LIMIT_SESSION_BYTES)
        return CST_LIMIT;
    uint8_t holder[32];
    approval_hash_session(session_name, session_length, holder);
    return grant_write(policy, &(draft){ONE_ACTION, holder, action_hash, who, expires_us, 1}, out);
}

cst_status cst_approve_standing(const cst_policy *policy, const cst_standing *offer,
                                const char *who, int64_t expires_us, uint32_t uses,
                                char out[CST_GRANT_SIZE])
{
    if (!policy || !offer || !who || !out)
        return CST_BAD_ARGUMENT;
    if (expires_us > offer->expires_us || (offer->uses && (uses == 0 || uses > offer->uses)) ||
        uses > LIMIT_STANDING_USES)
        return CST_LIMIT;
    return grant_write(
        policy, &(draft){STANDING, offer->holder, offer->pattern, who, expires_us, uses}, out);
}

/* ---- checking -------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
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

/* Well-formed, and signed with this key. */
static bool grant_read(const cst_policy *policy, const char *text, size_t length, grant *out)
{
    if (length % 2 || length / 2 > sizeof out->bytes || length / 2 < HEAD + 1 + 1 + SIGNATURE)
        return false;
    out->length = (uint32_t)(length / 2);
    for (uint32_t i = 0; i < out->length; i++) {
        const int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    bytes_reader in = {out->bytes + HEAD - 28, out->bytes + HEAD - 16, false};
    out->expires = (int64_t)bytes_take(&in, 8);
    out->uses = (uint32_t)bytes_take(&in, 4);
    out->who_length = out->bytes[HEAD];
    out->who = (const char *)out->bytes + HEAD + 1;
    if (out->length != HEAD + 1 + out->who_length + SIGNATURE ||
        (out->bytes[0] != ONE_ACTION && out->bytes[0] != STANDING))
        return false;
    uint8_t signature[SIGNATURE];
    hmac_sha256(policy->key, sizeof policy->key, out->bytes, out->length - SIGNATURE, signature);
    return hmac_equal(signature, signature_of(out));
}

static bool is_standing(const grant *one)
{
    return one->bytes[0] == STANDING;
}

static bool is_for(const grant *one, const uint8_t holder[32], const uint8_t subject[32])
{
    return memcmp(one->bytes + 1, holder, 32) == 0 && memcmp(one->bytes + 33, subject, 32) == 0;
}

/* Under this policy, and not expired. */
static bool is_alive(cst_context *context, const grant *one)
{
    return memcmp(one->bytes + 65, context->frame.image->source_hash, 32) == 0 &&
           one->expires >= approval_clock(context);
}

/* Who a demand asks, how long its approval may hold, and what else it offers. */
typedef struct demand {
    cst_range who;
    int64_t within_us;
    uint32_t standing; /* as of a rule */
} demand;

static demand demand_of(const cst_context *context, const engine_fired *fired)
{
    const cst_image *const image = context->frame.image;
    if (fired->rule != CST_NONE) {
        const cst_rule_row *const rule = CST_ROWS(image, rules, cst_rule_row) + fired->rule;
        return (demand){rule->who, rule->within_us, rule->standing};
    }
    const cst_layer_row *const layer = CST_ROWS(image, layers, cst_layer_row) + fired->layer;
    const cst_default_row *const row = &layer->defaults[context->event.stage];
    return (demand){row->who, row->within_us, row->standing};
}

static bool asks(const cst_context *context, const demand *asked, const grant *one)
{
    const cst_image *const image = context->frame.image;
    const cst_ref *const names = CST_ROWS(image, names, cst_ref) + asked->who.first;
    for (uint32_t i = 0; i < asked->who.count; i++)
        if (names[i].length == one->who_length &&
            memcmp(CST_TEXT(image, names[i]), one->who, one->who_length) == 0)
            return true;
    return false;
}

/* All grants of one event, and what it may be covered by. */
typedef struct presented {
    cst_context *context;
    grant *items;
    uint32_t count;
    uint8_t session[32], hash[32]; /* of the event as it goes on */
    standing_action action;
    bool no_memory;
} presented;

/* A demand that is looked at: what a standing grant must be for to meet it. */
typedef struct covered {
    const cst_standing_row *row; /* NULL: none meets it */
    uint8_t holder[32], pattern[32];
} covered;

static covered cover_of(presented *all, const engine_fired *fired, const demand *asked)
{
    covered out = {0};
    if (!asked->standing)
        return out;
    const cst_standing_row *const row =
        CST_ROWS(all->context->frame.image, standings, cst_standing_row) + (asked->standing - 1);
    const cst_status status =
        standing_pattern(all->context, &all->action, fired, row, out.holder, out.pattern);
    all->no_memory = all->no_memory || status == CST_NO_MEMORY;
    out.row = status == CST_OK ? row : NULL;
    return out;
}

static bool meets(presented *all, const grant *one, const demand *asked, const covered *cover)
{
    int64_t left;
    if (!asks(all->context, asked, one) ||
        __builtin_sub_overflow(one->expires, approval_clock(all->context), &left))
        return false;
    if (!is_standing(one))
        return left <= (asked->within_us > 0 ? asked->within_us : APPROVAL_US) &&
               is_for(one, all->session, all->hash);
    return cover->row && left <= cover->row->within_us &&
           (cover->row->uses == 0 || (one->uses > 0 && one->uses <= cover->row->uses)) &&
           is_for(one, cover->holder, cover->pattern);
}

/* The grants that the event brings, but for those that are none; the rest is as if it were not
 * there. */
static void grants_read(presented *all)
{
    cst_context *const context = all->context;
    const engine_text *const text = &context->event.approvals;
    cst_json *list;
    json_problem problem;
    if (json_read(&context->arena, text->bytes, text->length, LIMIT_JSON_SCANNER_DEPTH, &list,
                  &problem) != JSON_OK) {
        all->no_memory = problem.error == JSON_MEMORY;
        return;
    }
    if (list->kind != JSON_LIST || list->length == 0)
        return;
    const uint32_t most = list->length < LIMIT_APPROVALS ? list->length : LIMIT_APPROVALS;
    all->items = arena_array(&context->arena, most, sizeof *all->items);
    all->no_memory = all->items == NULL;
    for (uint32_t i = 0; all->items && i < most; i++) {
        grant *const next = &all->items[all->count];
        if (list->items[i].kind != JSON_STRING ||
            !grant_read(context->policy, list->items[i].text, list->items[i].length, next) ||
            !is_alive(context, next))
            continue;
        all->count++;
    }
}

/* ---- using up -------------------------------------------------------------------------------- */

/* Counts one use, in the session and among all. False: it was used up, or revoked, or could not be
 * counted. */
static bool take(cst_context *context, engine_granted *one, uint32_t most)
{
    const engine_text *const name = &context->event.session;
    session_table *const table = &context->sessions;
    past_shared *const shared = context->shared;
    session *owner = one->across ? NULL : session_find(table, name->bytes, name->length);
    if (!owner && !one->across && most &&
        !(owner = session_store(table, name->bytes, name->length)))
        return false;
    pthread_mutex_lock(&shared->lock);
    grant_table *const all = &shared->grants;
    const uint32_t here = session_grant_uses(owner, one->signature),
                   there = grant_table_uses(all, one->signature);
    const uint32_t uses = here > there ? here : there;
    bool good = uses < (most ? most : GRANT_REVOKED) && one->expires > all->floor &&
                !(one->standing && (all->lost || all->dropped));
    if (good && most) {
        good = grant_table_keep(all, one->signature, one->expires, uses + 1, engine_time(context));
        if (good && owner &&
            !session_keep_grant(table, owner, one->signature, one->expires, uses + 1)) {
            /* it has a place by now */
            grant_table_keep(all, one->signature, one->expires, there, engine_time(context));
            good = false;
        }
        one->use = uses + 1;
    }
    pthread_mutex_unlock(&shared->lock);
    return good;
}

void approvals_return(cst_context *context)
{
    const engine_text *const name = &context->event.session;
    for (uint32_t i = 0; i < context->granted_count; i++) {
        engine_granted *const one = &context->granted[i];
        session *const owner =
            one->across ? NULL : session_find(&context->sessions, name->bytes, name->length);
        if (!one->use)
            continue;
        pthread_mutex_lock(&context->shared->lock);
        const uint32_t there = grant_table_uses(&context->shared->grants, one->signature);
        if (there && there != GRANT_REVOKED)
            grant_table_keep(&context->shared->grants, one->signature, one->expires, there - 1,
                             engine_time(context));
        pthread_mutex_unlock(&context->shared->lock);
        if (owner)
            session_keep_grant(&context->sessions, owner, one->signature, one->expires,
                               one->use - 1);
        one->use = 0;
    }
}

/* 1 + the place of the grant among those that met a demand of this event; 0: it cannot be used. */
static uint32_t use(cst_context *context, const grant *one, bool across)
{
    for (uint32_t i = 0; i < context->granted_count; i++)
        if (memcmp(context->granted[i].signature, signature_of(one), SIGNATURE) == 0)
            return i + 1;
    engine_granted next = {.expires = one->expires, .standing = is_standing(one), .across = across};
    memcpy(next.signature, signature_of(one), SIGNATURE);
    if (!take(context, &next, one->uses))
        return 0;
    context->granted[context->granted_count++] = next;
    return context->granted_count;
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

/* One line of the report: is its demand met? */
static void demand_meet(presented *all, engine_fired *fired)
{
    const demand asked = demand_of(all->context, fired);
    const covered cover = cover_of(all, fired, &asked);
    for (uint32_t k = 0; k < all->count && !fired->approved; k++) {
        if (!meets(all, &all->items[k], &asked, &cover))
            continue;
        fired->granted = use(all->context, &all->items[k],
                             is_standing(&all->items[k]) && cover.row->holder != CST_NONE);
        fired->approved = fired->granted != 0;
    }
    if (fired->approved)
        fired->effect = CST_FLAG;
}

bool approvals_apply(cst_context *context, bool *no_memory)
{
    presented all = {.context = context};
    *no_memory = false;
    /* a grant of which it could not be kept that it was used could be used again */
    if (!context->event.approvals.bytes || context->sessions.grants_lost || !has_room(context))
        return false;
    const cst_status named = approval_hash(context, all.hash);
    all.no_memory = named == CST_NO_MEMORY;
    if (named == CST_OK)
        grants_read(&all);
    if (all.count &&
        !(context->granted = arena_array(&context->arena, all.count, sizeof *context->granted)))
        all.no_memory = true;
    *no_memory = all.no_memory;
    if (all.count == 0 || all.no_memory)
        return false;
    approval_hash_session(context->event.session.bytes, context->event.session.length, all.session);
    cst_verdict verdict = CST_PERMIT;
    for (uint32_t i = 0; i < context->fired_count; i++) {
        if (context->fired[i].effect == CST_REQUIRE_APPROVAL)
            demand_meet(&all, &context->fired[i]);
        if (context->fired[i].effect > verdict)
            verdict = context->fired[i].effect;
    }
    *no_memory = all.no_memory;
    if (all.no_memory)
        approvals_return(context);
    if (context->granted_count == 0 || all.no_memory)
        return false;
    context->verdict = verdict;
    engine_sort_fired(context);
    return true;
}

/* Takes a grant back for good. False: that could not be kept, and from now on no standing grant
 * meets anything. */
static bool revoke_everywhere(cst_context *context, const grant *one)
{
    past_shared *const shared = context->shared;
    pthread_mutex_lock(&shared->lock);
    const bool kept = grant_table_keep(&shared->grants, signature_of(one), one->expires,
                                       GRANT_REVOKED, INT64_MIN);
    if (!kept)
        shared->grants.dropped = true;
    pthread_mutex_unlock(&shared->lock);
    return kept;
}

cst_status cst_revoke(cst_context *context, const char *session_name, size_t session_length,
                      const char *text)
{
    grant one;
    if (!context || (!session_name && session_length) || !text)
        return CST_BAD_ARGUMENT;
    if (session_length > LIMIT_SESSION_BYTES)
        return CST_LIMIT;
    if (!grant_read(context->policy, text, strnlen(text, CST_GRANT_SIZE), &one))
        return CST_BAD_STATE;
    bool kept = revoke_everywhere(context, &one);
    uint8_t holder[32];
    approval_hash_session(session_name, session_length, holder);
    if (memcmp(one.bytes + 1, holder, 32) == 0) { /* its session knows too, wherever it is moved */
        session_table *const table = &context->sessions;
        session *owner = session_find(table, session_name, (uint32_t)session_length);
        if (!owner && table->count < context->policy->limits.sessions)
            owner = session_store(table, session_name, (uint32_t)session_length);
        if (!owner ||
            !session_keep_grant(table, owner, signature_of(&one), one.expires, GRANT_REVOKED)) {
            table->grants_lost = true;
            kept = false;
        }
    }
    return kept ? CST_OK : CST_NO_MEMORY;
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
        while (shown > 0 && shown < args->length &&
               ((unsigned char)args->bytes[shown] & 0xc0) == 0x80)
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
    const char *const copy =
        text->failed ? NULL : arena_copy(&context->arena, text->bytes, text->length);
    if (!copy)
        return CST_NO_MEMORY;
    out->text = copy;
    out->expires_us = approval_clock(context) + least;
    return CST_OK;
}

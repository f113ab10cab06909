/*
 * shared_bytes.c - what is kept across sessions, as bytes: cst_shared_save and cst_shared_load.
 *
 *     magic "CSTACRS", version 1 byte | source hash of the policy | used grants | the store |
 * HMAC-SHA-256 of all before
 *
 * As for a session the signature is looked at first, and what is read then is still checked. What
 * cannot be loaded well leaves a store behind that knows nothing: every question across sessions is
 * undecided then, and no standing grant meets anything, until something is loaded well. Uses of
 * grants are added to what is known and never taken back: of two numbers the higher one stands.
 */
#include <string.h>

#include "runtime/base/bytes.h"
#include "runtime/engine.h"
#include "runtime/history/save.h"
#include "runtime/hmac.h"

static const char magic[8] = {'C', 'S', 'T', 'A', 'C', 'R', 'S', 2};

enum { SIGNATURE = 32 };

cst_status cst_shared_save(cst_context *context, const void **bytes, size_t *length)
{
    if (!context || !bytes || !length || !context->policy->has_key)
        return CST_BAD_ARGUMENT;
    buffer *const out = &context->state_bytes;
    uint8_t signature[SIGNATURE];
    buffer_clear(out);
    buffer_add(out, magic, sizeof magic);
    buffer_add(out, context->policy->image->source_hash, 32);
    const past_store *const store = past_shared_enter(context->shared);
    grant_table_write(&context->shared->grants, out);
    past_store_write(store, out);
    past_shared_leave(context->shared);
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

static bool is_signed(const cst_policy *policy, const uint8_t *start, size_t length)
{
    uint8_t signature[SIGNATURE];
    if (length < sizeof magic + 32 + SIGNATURE || memcmp(start, magic, sizeof magic) != 0)
        return false;
    hmac_sha256(policy->key, sizeof policy->key, start, length - SIGNATURE, signature);
    return hmac_equal(signature, start + length - SIGNATURE);
}

cst_status cst_shared_load(cst_context *context, const void *bytes, size_t length,
                           cst_restored *report)
{
    if (!context || (!bytes && length) || !context->policy->has_key)
        return CST_BAD_ARGUMENT;
    const uint8_t *const start = bytes;
    cst_restored told = {0, 0, false};
    past_store loaded;
    past_store_init(&loaded, &context->allocator, LIMIT_SHARED_PAST_KEYS, LIMIT_SHARED_PAST_BYTES,
                    NULL);
    grant_table grants;
    grant_table_init(&grants, &context->allocator);
    bool good = is_signed(context->policy, start, length);
    if (good) {
        bytes_reader in = {start + sizeof magic + 32, start + length - SIGNATURE, false};
        told.same_policy =
            memcmp(start + sizeof magic, context->policy->image->source_hash, 32) == 0;
        good = grant_table_read(&grants, &in) &&
               past_store_read(&loaded, &in, context->policy->image) && in.next == in.end;
    }
    past_store *const store = past_shared_enter(context->shared);
    grant_table *const kept = &context->shared->grants;
    kept->lost = !good || grants.lost;
    kept->dropped = (good && !grant_table_merge(kept, &grants)) || kept->dropped;
    if (good)
        past_store_take(store, &loaded, &told.kept, &told.dropped);
    else
        past_store_distrust(store);
    const int64_t now = store->now;
    past_shared_leave(context->shared);
    past_shared_time(context->shared, now);
    past_store_free(&loaded);
    grant_table_free(&grants);
    /* what this policy asks and nobody has watched is not known of the time before */
    if (good && context->policy->image->pasts.count)
        good = past_shared_places(context->shared, context->policy->image,
                                  context->history.shared_places);
    if (report)
        *report = told;
    return good ? CST_OK : CST_BAD_STATE;
}

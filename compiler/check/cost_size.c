/*
 * cost_size.c - how large a value can be: texts, elements and leaves, from declared types and from
 * limits.h.
 *
 * A type that declares no size has the limit of the runtime. All texts of one event together are no
 * longer than the event: a list of texts is not priced as so many of the longest. A canonical
 * identity can be longer than what was written.
 */
#include "compiler/check/cost_private.h"
#include "runtime/text/view.h"

enum {
    CODE_POINT = 4,    /* bytes of a character, at most */
    EMAIL_BYTES = 320, /* 64, a sign and 253: no longer one is read */
    HOST_BYTES = 256,
    IP_BYTES = 64,
    URL_MORE = 272,  /* punycode of the host, slashes, root */
    FACT_VALUE = 40, /* scratch memory that a fact of a command takes at least */
    /* bytes of JSON that a value takes at least, with what parts it from the next */
    JSON_LEAST = 2,
    JSON_TEXT_LEAST = 3 /* the same of a text */
};

static uint64_t text_bytes_of(const sizing *in, const type *type)
{
    const uint64_t most = cost_least(in->limits->event_bytes, in->limits->text_bytes);
    const uint64_t written =
        type->bound != 0 ? cost_least((uint64_t)type->bound * CODE_POINT, most) : most;
    switch (type->kind) {
    case CST_KIND_EMAIL: return EMAIL_BYTES;
    case CST_KIND_HOST: return HOST_BYTES;
    case CST_KIND_IP: return IP_BYTES;
    case CST_KIND_URL: return 3 * written + URL_MORE;
    case CST_KIND_PATH: return written + 2;
    default: return kind_has_text(type->kind) ? written : 0;
    }
}

static texts none_of_them(void)
{
    return (texts){0, 0, 0};
}

static texts several(texts one, uint64_t count)
{
    return (texts){cost_times(one.count, count), one.longest, cost_times(one.bytes, count)};
}

static texts both(texts a, texts b)
{
    return (texts){cost_add(a.count, b.count), cost_most(a.longest, b.longest),
                   cost_add(a.bytes, b.bytes)};
}

/* Elements of a list take bytes of the event too. */
static uint64_t list_bound(const sizing *in, const type *list)
{
    const uint64_t most = list->bound != 0 ? cost_least(list->bound, in->limits->list_elements)
                                           : in->limits->list_elements;
    return cost_least(most, in->limits->event_bytes / JSON_LEAST + 1);
}

static bool has_identity(const type *type)
{
    if (type->kind == CST_KIND_LIST)
        return has_identity(type->element);
    for (uint32_t i = 0; i < type->field_count && type->kind == CST_KIND_RECORD; i++)
        if (has_identity(type->fields[i].type))
            return true;
    return type->kind >= CST_KIND_EMAIL && type->kind <= CST_KIND_IP;
}

/* Identities can grow when they are made canonical; other texts of an event are together no longer
 * than it. */
static texts within_event(const sizing *in, const type *type, texts all)
{
    const uint64_t grown = cost_add(3 * in->limits->event_bytes, cost_times(all.count, URL_MORE));
    const uint64_t most = has_identity(type) ? grown : in->limits->event_bytes;
    all.bytes = cost_least(all.bytes, most);
    all.count = cost_least(all.count, in->limits->event_bytes / JSON_TEXT_LEAST + 1);
    return all;
}

texts cost_texts_of_type(const sizing *in, const type *type)
{
    if (type == NULL)
        return none_of_them();
    if (type->kind == CST_KIND_JSON)
        return (texts){in->limits->event_bytes / JSON_TEXT_LEAST + 1, in->limits->event_bytes,
                       in->limits->event_bytes};
    if (type->kind == CST_KIND_LIST)
        return within_event(in, type,
                            several(cost_texts_of_type(in, type->element), list_bound(in, type)));
    if (type->kind == CST_KIND_RECORD) {
        texts all = none_of_them();
        for (uint32_t i = 0; i < type->field_count; i++)
            all = both(all, cost_texts_of_type(in, type->fields[i].type));
        return within_event(in, type, all);
    }
    const uint64_t bytes = text_bytes_of(in, type);
    return (texts){bytes > 0, bytes, bytes};
}

static const expression *list_of(const sizing *in, const expression *local)
{
    return in->lists != NULL ? in->lists[local->local] : NULL;
}

/* Matches are parts of the texts; each pattern finds others. */
static texts texts_found(const sizing *in, const expression *found)
{
    const texts of = cost_texts(in, found->left);
    const uint64_t patterns = in->policy->probes.items[found->index].count;
    const uint64_t longest = 3 * of.longest + URL_MORE;
    const uint64_t count = cost_least(cost_times(patterns, of.bytes), LIMIT_MATCHES);
    const unsigned views =
        in->policy->databases.items[in->policy->probes.items[found->index].database].views;
    if (views &
        (VIEW_DECODED | VIEW_ROT13)) /* what is decoded may stand for much of the text each time */
        return (texts){count, longest, cost_times(count, longest)};
    /* matches of one pattern do not overlap, but at the borders of a character */
    const uint64_t bytes =
        cost_add(cost_times(6 * patterns, of.bytes), cost_times(count, URL_MORE));
    return (texts){count, longest, cost_least(bytes, cost_times(count, longest))};
}

static texts texts_of_facts(const sizing *in)
{
    const uint64_t count = in->limits->scratch_bytes / FACT_VALUE;
    return (texts){count, LIMIT_COMMAND_SCRIPTS, in->limits->scratch_bytes};
}

texts cost_texts(const sizing *in, const expression *value)
{
    switch (value->kind) {
    case EXPRESSION_CONSTANT:
        if (value->type != NULL && value->type->kind == CST_KIND_LIST) {
            texts all = none_of_them();
            for (uint32_t i = 0; i < value->constant.length; i++) {
                const cst_value *const item = &value->constant.as.items[i];
                const uint64_t bytes = kind_has_text(item->kind) ? item->length : 0;
                all = both(all, (texts){bytes > 0, bytes, bytes});
            }
            return all;
        }
        if (kind_has_text(value->constant.kind))
            return (texts){1, value->constant.length, value->constant.length};
        return none_of_them();
    case EXPRESSION_JOIN: {
        const uint64_t bytes = cost_add(cost_bytes(in, value->left), cost_bytes(in, value->right));
        return (texts){1, bytes, bytes};
    }
    case EXPRESSION_ELSE: {
        const texts a = cost_texts(in, value->left), b = cost_texts(in, value->right);
        return (texts){cost_most(a.count, b.count), cost_most(a.longest, b.longest),
                       cost_most(a.bytes, b.bytes)};
    }
    case EXPRESSION_LOCAL: {
        const expression *const list = list_of(in, value);
        if (list == NULL)
            return cost_texts_of_type(in, value->type);
        const bool typed = list->kind != EXPRESSION_FOUND && list->kind != EXPRESSION_FACTS &&
                           list->kind != EXPRESSION_KNOWN && list->kind != EXPRESSION_CONSTANT;
        const texts all = cost_texts(in, list);
        texts one = typed ? cost_texts_of_type(in, value->type)
                          : (texts){all.longest > 0, all.longest, all.longest};
        /* all elements together are no longer than the list: that is what they cost on average, all
         * of it if there are fewer */
        const uint64_t elements = cost_elements(in, list);
        if (elements > 0)
            one.bytes = cost_least(one.bytes, all.bytes / elements + 1);
        return one;
    }
    case EXPRESSION_PROPERTY: {
        const texts of = cost_texts(in, value->left);
        return value->type != NULL && kind_has_text(value->type->kind) ? of : none_of_them();
    }
    case EXPRESSION_PAST_LATEST: {
        const uint64_t bytes = value->type != NULL && kind_has_text(value->type->kind)
                                   ? 3 * (uint64_t)LIMIT_PAST_TEXT_BYTES + URL_MORE
                                   : 0;
        return (texts){bytes > 0, bytes, bytes};
    }
    case EXPRESSION_FOUND: return texts_found(in, value);
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN: return texts_of_facts(in);
    case EXPRESSION_LEAVES: return cost_texts(in, value->left);
    default: return cost_texts_of_type(in, value->type);
    }
}

uint64_t cost_bytes(const sizing *in, const expression *text)
{
    return cost_texts(in, text).longest;
}

uint64_t cost_leaves(const sizing *in, const type *type)
{
    if (type == NULL)
        return 1;
    switch (type->kind) {
    case CST_KIND_JSON: return in->limits->event_bytes / JSON_LEAST + 1;
    case CST_KIND_LIST: return cost_times(list_bound(in, type), cost_leaves(in, type->element));
    case CST_KIND_RECORD: {
        uint64_t all = 0;
        for (uint32_t i = 0; i < type->field_count; i++)
            all = cost_add(all, cost_leaves(in, type->fields[i].type));
        return all;
    }
    default: return 1;
    }
}

uint64_t cost_values(const sizing *in, const type *type)
{
    if (type == NULL)
        return 1;
    switch (type->kind) {
    case CST_KIND_JSON: return in->limits->event_bytes / JSON_LEAST + 2;
    case CST_KIND_LIST:
        return cost_add(1, cost_times(list_bound(in, type), cost_values(in, type->element)));
    case CST_KIND_RECORD: {
        uint64_t all = 1;
        for (uint32_t i = 0; i < type->field_count; i++)
            all = cost_add(all, cost_values(in, type->fields[i].type));
        return all;
    }
    default: return 1;
    }
}

uint64_t cost_elements(const sizing *in, const expression *list)
{
    switch (list->kind) {
    case EXPRESSION_CONSTANT: return list->constant.length;
    case EXPRESSION_ELSE:
        return cost_most(cost_elements(in, list->left), cost_elements(in, list->right));
    case EXPRESSION_LEAVES: return cost_texts(in, list).count;
    case EXPRESSION_FOUND: return texts_found(in, list).count;
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN: return texts_of_facts(in).count;
    default:
        return list->type != NULL && list->type->kind == CST_KIND_LIST ? list_bound(in, list->type)
                                                                       : in->limits->list_elements;
    }
}

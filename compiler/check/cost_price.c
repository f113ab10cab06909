/*
 * cost_price.c - what conditions cost at most: a walk over them that knows how often each part is
 * evaluated.
 *
 * Every case here is the other side of a count at run time (runtime/work.h); docs/bounds.md says
 * why the one is never less than the other. What is done once an event, however many conditions ask
 * for it (the views and scans of a field), is not added here but noted: cost.c adds it once.
 */
#include <string.h>

#include "compiler/check/cost_private.h"
#include "runtime/text/echo.h"
#include "runtime/text/view.h"

enum {
    PIECE = 16, /* scratch memory comes in pieces of that size */
    VALUE_BYTES = sizeof(cst_value),
    PLACE_BYTES = 32,     /* where one match stands */
    IDENTITY_BYTES = 512, /* parts of an identity, and what its canonical text has more */
    WORD_BYTES = 16,      /* scratch memory that a word of a shell line takes at least */
    /* members of chains that are counted to choose the token to look for, at most */
    FROM_TOKENS = 512 * 64,
    FROM_NUMBER = 1024, /* a number as text, in all the ways in which it is looked for */
    FROM_MEMORY = 4096  /* what is made of each leaf, its text aside */
};

/* ---- adding ---------------------------------------------------------------------------------- */

static bool holds_lines(const type *type)
{
    if (type->kind == CST_KIND_LIST)
        return holds_lines(type->element);
    for (uint32_t i = 0; i < type->field_count && type->kind == CST_KIND_RECORD; i++)
        if (holds_lines(type->fields[i].type))
            return true;
    return type->kind == CST_KIND_COMMAND;
}

void costing_begin(costing *out, arena *arena, const cost_subject *subject)
{
    const checked_policy *const policy = subject->policy;
    memset(out, 0, sizeof *out);
    out->arena = arena;
    out->policy = policy;
    out->image = subject->image;
    out->limits = subject->limits;
    out->lists = arena_array(arena, policy->local_count + 1u, sizeof *out->lists);
    out->line_of_slot = arena_array(arena, policy->slots.count + 1u, sizeof *out->line_of_slot);
    out->lines = arena_array(arena, policy->slots.count + 1u, sizeof *out->lines);
    for (uint32_t i = 0; i < policy->slots.count; i++) {
        out->line_of_slot[i] =
            holds_lines(policy->slots.items[i].type) ? out->line_count : CST_NONE;
        if (out->line_of_slot[i] != CST_NONE)
            out->lines[out->line_count++] = i;
    }
    out->shared_count = 2 * policy->databases.count + out->line_count;
    out->used = arena_array(arena, out->shared_count + 1u, sizeof *out->used);
    out->users = arena_array(arena, out->shared_count + 1u, sizeof *out->users);
}

static void share(costing *c, uint32_t number, const expression *user)
{
    if (c->users[number] != NULL)
        return;
    c->users[number] = user;
    c->used[c->used_count++] = number;
}

void costing_add(costing *c, const expression *node, uint64_t times, price one)
{
    const price all = price_times(one, times);
    c->total = price_add(c->total, all);
    if (all.steps > c->by_steps.price.steps)
        c->by_steps = (place){all, node, c->rule};
    if (all.scratch > c->by_scratch.price.scratch)
        c->by_scratch = (place){all, node, c->rule};
}

static sizing sizes(const costing *c)
{
    return (sizing){c->policy, c->lists, &c->limits};
}

static texts texts_of(const costing *c, const expression *value)
{
    const sizing in = sizes(c);
    return cost_texts(&in, value);
}

static uint64_t elements_of(const costing *c, const expression *list)
{
    const sizing in = sizes(c);
    return cost_elements(&in, list);
}

static uint64_t bytes_of(const costing *c, const expression *text)
{
    return texts_of(c, text).longest;
}

static bool has_text(const expression *value)
{
    const cst_kind kind = value->type != NULL ? value->type->kind : (cst_kind)value->constant.kind;
    return kind_has_text(kind);
}

static uint64_t text_bytes(const costing *c, const expression *value)
{
    return has_text(value) ? texts_of(c, value).bytes : 0;
}

static price steps(uint64_t count)
{
    return (price){count, 0};
}

static uint64_t bits_of(uint64_t count)
{
    return count == 0 ? 0 : 64u - (uint64_t)__builtin_clzll(count);
}

/* An array that is grown by doubling, each time anew. */
static uint64_t grown(uint64_t count, uint64_t size)
{
    return cost_add(cost_times(count, 4 * size), 16 * size);
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Whether the texts of a value are the event's own, so that all who ask for them find them made
 * already. */
static bool is_own(const costing *c, const expression *value)
{
    for (;;) {
        switch (value->kind) {
        case EXPRESSION_FIELD: return true;
        case EXPRESSION_LEAVES:
        case EXPRESSION_MEMBER:
        case EXPRESSION_OPEN_MEMBER: value = value->left; break;
        case EXPRESSION_LOCAL:
            value = c->lists[value->local];
            if (value == NULL)
                return false;
            break;
        default: return false;
        }
    }
}

static const checked_probe *probe_of(const costing *c, const expression *node)
{
    return &c->policy->probes.items[node->index];
}

/* A line longer than LIMIT_COMMAND_BYTES is not read; a shorter one may bring scripts in its words.
 */
static price lines_price(const costing *c, uint64_t count)
{
    return (price){cost_times(cost_most(count, 1), LIMIT_COMMAND_SCRIPTS + LIMIT_COMMAND_STEPS + 2),
                   c->limits.scratch_bytes};
}

price costing_shared(const costing *c, uint32_t number)
{
    const sizing in = sizes(c);
    if (number >= 2 * c->policy->databases.count) {
        const uint32_t slot = c->lines[number - 2 * c->policy->databases.count];
        return lines_price(c, cost_texts_of_type(&in, c->policy->slots.items[slot].type).count);
    }
    const checked_database *const row = &c->policy->databases.items[number / 2];
    texts segments;
    if (row->slot == CST_NONE)
        return (price){0, 0};
    const price view = cost_view(
        row->views, cost_texts_of_type(&in, c->policy->slots.items[row->slot].type), &segments);
    return number % 2 == 0 ? view : cost_scan(cost_database(c->image, number / 2), segments);
}

price costing_remembered(const costing *c, const checked_echo *echo, const checked_origin *origin)
{
    const sizing in = sizes(c);
    /* a redaction may have made it longer */
    const texts whole = {1, c->limits.event_bytes, c->limits.event_bytes};
    texts all = {0, 0, 0}, segments;
    price one = {0, 0};
    if (origin->text != CST_NONE)
        all = whole;
    if (origin->value != CST_NONE) {
        const type open = {.kind = CST_KIND_JSON};
        const texts inside = cost_texts_of_type(&in, &open);
        all = (texts){cost_add(all.count, inside.count), c->limits.event_bytes,
                      cost_add(all.bytes, inside.bytes)};
        one = (price){cost_values(&in, &open),
                      grown(cost_texts_of_type(&in, &open).count, VALUE_BYTES)};
    }
    one = price_add(one, cost_view(echo->views, all, &segments));
    return price_add(one, steps(segments.bytes));
}

/* What a probe's texts cost to be seen and scanned, where that is not done once for all; *segments:
 * what there is to look through. */
static price probe_price(costing *c, const expression *node, bool scans, texts *segments)
{
    const checked_probe *const probe = probe_of(c, node);
    const checked_database *const database = &c->policy->databases.items[probe->database];
    const texts all = texts_of(c, node->left);
    price made = cost_view(database->views, all, segments);
    if (database->slot != CST_NONE && is_own(c, node->left)) {
        made = (price){0, 0};
        share(c, 2 * probe->database, node);
        if (scans)
            share(c, 2 * probe->database + 1, node);
    } else if (scans) {
        made = price_add(made, cost_scan(cost_database(c->image, probe->database), *segments));
    }
    return price_add(made, steps(cost_times(all.count, 1u + probe->count)));
}

static price matches_price(costing *c, const expression *node)
{
    texts segments;
    const checked_probe *const probe = probe_of(c, node);
    price all = probe_price(c, node, false, &segments);
    for (uint32_t i = 0; i < probe->count; i++)
        all.steps = cost_add(
            all.steps, cost_add(segments.count, cost_whole(cost_database(c->image, probe->database),
                                                           probe->patterns[i], segments)));
    return all;
}

/* To list what a probe finds. *found: how many matches there can be. */
static price list_price(costing *c, const expression *node, uint64_t *found)
{
    texts segments;
    const checked_probe *const probe = probe_of(c, node);
    const texts of = texts_of(c, node->left);
    price all = probe_price(c, node, true, &segments);
    *found = 0;
    for (uint32_t i = 0; i < probe->count; i++) {
        uint64_t matches;
        const uint64_t listed = cost_list(cost_database(c->image, probe->database),
                                          probe->patterns[i], segments, &matches);
        all.steps = cost_add(all.steps, cost_add(listed, matches));
        *found = cost_add(*found, matches);
    }
    all.steps = cost_add(all.steps, cost_times(cost_add(of.count, segments.count), probe->count));
    all.scratch = cost_add(
        all.scratch, cost_add(grown(*found, PLACE_BYTES), cost_times(of.count, 16 * PLACE_BYTES)));
    return all;
}

static price found_price(costing *c, const expression *node)
{
    uint64_t matches;
    price all = list_price(c, node, &matches);
    const texts made = texts_of(c, node);
    /* matches of one pattern do not overlap, but what is decoded may stand for much of the text
     * each time */
    const unsigned views = c->policy->databases.items[probe_of(c, node)->database].views;
    const bool plain = (views & (VIEW_DECODED | VIEW_ROT13)) == 0;
    const uint64_t bytes =
        plain ? cost_times(2 * (uint64_t)probe_of(c, node)->count, texts_of(c, node->left).bytes)
              : cost_times(matches, bytes_of(c, node->left));
    all.steps = cost_add(all.steps, cost_add(cost_times(matches, 1 + bits_of(matches)), bytes));
    const uint64_t each = IDENTITY_BYTES + VALUE_BYTES + PIECE;
    all.scratch =
        cost_add(all.scratch, cost_add(cost_times(made.count, each), cost_times(made.bytes, 2)));
    return all;
}

static price repeats_price(costing *c, const expression *node)
{
    const texts of = texts_of(c, node->left);
    texts segments;
    price all = cost_view(c->policy->echoes.items[node->index].views, of, &segments);
    const uint64_t each = cost_add(ECHO_LEAST_STEPS + 16, segments.longest);
    all.steps = cost_add(all.steps, cost_add(cost_times(segments.bytes, ECHO_STEPS_PER_BYTE + 2),
                                             cost_times(segments.count, each)));
    return all;
}

static price from_price(costing *c, const expression *node)
{
    const texts of = texts_of(c, node->left);
    const sizing in = sizes(c);
    const uint64_t leaves = cost_most(cost_leaves(&in, node->left->type), of.count);
    const uint64_t tokens = cost_least(cost_times(leaves, FROM_TOKENS),
                                       cost_add(cost_times(of.bytes, 64), cost_times(leaves, 64)));
    if (!c->from)
        c->from_user = node;
    c->from = true;
    const uint64_t each = 1 + LIMIT_PROVENANCE_STEPS + FROM_NUMBER;
    return (price){cost_add(cost_add(cost_times(leaves, each), tokens), cost_times(of.bytes, 10)),
                   cost_add(cost_times(leaves, FROM_MEMORY), cost_times(of.bytes, 8))};
}

static price command_price(costing *c, const expression *node)
{
    const uint32_t slot = is_own(c, node->left) ? costing_slot(c, node->left) : CST_NONE;
    price all = {1, 0};
    if (slot != CST_NONE && c->line_of_slot[slot] != CST_NONE)
        share(c, 2 * c->policy->databases.count + c->line_of_slot[slot], node);
    else
        all = lines_price(c, 1);
    if (node->kind == EXPRESSION_RUNS) {
        /* each word of each program with each pattern; a wrapper's words are also those of what it
         * runs */
        const uint64_t words = (uint64_t)LIMIT_COMMAND_STEPS + 1 +
                               (LIMIT_COMMAND_DEPTH + 1) * (c->limits.scratch_bytes / WORD_BYTES);
        all.steps = cost_add(all.steps,
                             cost_times(words, c->policy->commands.items[node->index / 2].count));
    }
    return all;
}

/* ---- other values ---------------------------------------------------------------------------- */

static price compare_price(const costing *c, const expression *node)
{
    const uint64_t a = text_bytes(c, node->left), b = text_bytes(c, node->right);
    if (node->kind == EXPRESSION_EQUAL)
        return steps(cost_least(a, b));
    return steps(cost_add(a, b));
}

static price in_list_price(const costing *c, const expression *node)
{
    const uint64_t elements = elements_of(c, node->right);
    const uint64_t value = text_bytes(c, node->left);
    if (value == 0)
        return steps(elements);
    const texts items = texts_of(c, node->right);
    return steps(cost_add(
        elements, cost_least(items.bytes, cost_times(elements, cost_least(value, items.longest)))));
}

static price in_set_price(const costing *c, const expression *node)
{
    return steps(
        cost_add(text_bytes(c, node->left), bits_of(c->policy->sets.items[node->index].count)));
}

static uint64_t read_memory(const costing *c, const type *type)
{
    const sizing in = sizes(c);
    const texts of = cost_texts_of_type(&in, type);
    if (type->kind == CST_KIND_LIST || type->kind == CST_KIND_RECORD || type->kind == CST_KIND_JSON)
        return c->limits.scratch_bytes;
    return type->kind == CST_KIND_STRING ? IDENTITY_BYTES
                                         : cost_add(IDENTITY_BYTES, cost_times(of.longest, 4));
}

static uint64_t past_price(const costing *c, const expression *node)
{
    const checked_past *const past = &c->policy->pasts.items[node->index];
    const bool keeps = past->kind == CST_PAST_DISTINCT || past->within_us != 0;
    uint64_t all = 1 + (node->kind == EXPRESSION_PAST_NUMBER && keeps ? past_bound(past) : 0);
    for (uint32_t i = 0; i < node->item_count; i++)
        all = cost_add(all, cost_add(1, text_bytes(c, node->items[i])));
    return all;
}

static uint64_t ask_price(const costing *c, const expression *node)
{
    uint64_t all = 1;
    for (uint32_t i = 0; i < node->item_count; i++) {
        const type *const type = node->items[i]->type;
        const bool list = type != NULL && type->kind == CST_KIND_LIST;
        all = cost_add(all, cost_add(1, list ? elements_of(c, node->items[i])
                                             : text_bytes(c, node->items[i])));
    }
    return all;
}

static price leaves_price(const costing *c, const type *type)
{
    const sizing in = sizes(c);
    return (price){cost_values(&in, type), grown(cost_texts_of_type(&in, type).count, VALUE_BYTES)};
}

/* Of the node itself, its parts aside. */
static price own_price(costing *c, const expression *node)
{
    switch (node->kind) {
    case EXPRESSION_EQUAL:
    case EXPRESSION_STARTS:
    case EXPRESSION_ENDS:
    case EXPRESSION_INSIDE:
    case EXPRESSION_WITHIN: return compare_price(c, node);
    case EXPRESSION_IN_LIST: return in_list_price(c, node);
    case EXPRESSION_IN_SET: return in_set_price(c, node);
    case EXPRESSION_PROPERTY: return steps(text_bytes(c, node->left));
    case EXPRESSION_LENGTH:
        return steps(node->left->type != NULL && node->left->type->kind == CST_KIND_LIST
                         ? 0
                         : bytes_of(c, node->left));
    case EXPRESSION_SUM:
    case EXPRESSION_LEAST:
    case EXPRESSION_GREATEST: return steps(elements_of(c, node->left));
    case EXPRESSION_JOIN: {
        const uint64_t bytes = bytes_of(c, node);
        return (price){bytes, cost_add(bytes, PIECE)};
    }
    case EXPRESSION_OPEN_MEMBER:
        return steps(cost_least(LIMIT_JSON_MEMBERS, c->limits.event_bytes));
    case EXPRESSION_OPEN_AS: return (price){c->limits.event_bytes, read_memory(c, node->type)};
    case EXPRESSION_LEAVES: return leaves_price(c, node->left->type);
    case EXPRESSION_FOUND: return found_price(c, node);
    case EXPRESSION_CONTAINS: {
        texts segments;
        return probe_price(c, node, true, &segments);
    }
    case EXPRESSION_MATCHES: return matches_price(c, node);
    case EXPRESSION_REPEATS: return repeats_price(c, node);
    case EXPRESSION_FROM: return from_price(c, node);
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN:
    case EXPRESSION_UNKNOWN:
    case EXPRESSION_RUNS: return command_price(c, node);
    case EXPRESSION_EARLIER:
    case EXPRESSION_PAST_NUMBER: return steps(past_price(c, node));
    case EXPRESSION_PAST_LATEST:
        return (price){past_price(c, node), IDENTITY_BYTES + 5 * (uint64_t)LIMIT_PAST_TEXT_BYTES};
    case EXPRESSION_NOTE: return steps(cost_add(1, text_bytes(c, node->left)));
    case EXPRESSION_ASK: return steps(ask_price(c, node));
    default: return steps(0);
    }
}

/* ---- walks ----------------------------------------------------------------------------------- */

static bool quantifies(const expression *node)
{
    return node->kind == EXPRESSION_ANY || node->kind == EXPRESSION_ALL;
}

void costing_condition(costing *c, const expression *node, uint64_t times)
{
    if (node == NULL || times == 0)
        return;
    const price own = own_price(c, node);
    costing_add(c, node, times, (price){cost_add(own.steps, 1), own.scratch});
    costing_condition(c, node->left, times);
    if (quantifies(node)) {
        c->lists[node->local] = node->left;
        costing_condition(c, node->right, cost_times(times, elements_of(c, node->left)));
    } else {
        costing_condition(c, node->right, times);
    }
    for (uint32_t i = 0; i < node->item_count; i++)
        costing_condition(c, node->items[i], times);
}

/* As compiler/reference/collect.c: what holds a condition open is looked for from the top, and each
 * part is evaluated at its least and at its most. */
void costing_collect(costing *c, const expression *node, uint64_t times)
{
    if (!node->asks || times == 0)
        return;
    switch (node->kind) {
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        costing_condition(c, node, times);
        for (uint32_t i = 0; i < node->item_count; i++)
            if (node->items[i]->asks) {
                costing_condition(c, node->items[i], cost_times(times, 2));
                costing_collect(c, node->items[i], times);
            }
        return;
    case EXPRESSION_NOT: costing_collect(c, node->left, times); return;
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: {
        costing_condition(c, node, times);
        costing_condition(c, node->left, times);
        c->lists[node->local] = node->left;
        const uint64_t inner = cost_times(times, elements_of(c, node->left));
        costing_condition(c, node->right, cost_times(inner, 2));
        costing_collect(c, node->right, inner);
        return;
    }
    case EXPRESSION_TRUTH:
        if (node->left->kind >= EXPRESSION_TRUTH) {
            costing_collect(c, node->left, times);
            return;
        }
        break;
    default: break;
    }
    costing_condition(c, node, times);
}

static void mark_texts(costing *c, const expression *node, uint64_t times)
{
    uint64_t matches;
    price one = list_price(c, node, &matches);
    one.steps = cost_add(one.steps, matches);
    one.scratch = cost_add(one.scratch, grown(matches, PLACE_BYTES));
    costing_condition(c, node->left, times);
    costing_add(c, node, times, one);
}

static void mark_repeats(costing *c, const expression *node, uint64_t times)
{
    price one = repeats_price(c, node);
    const uint64_t runs = texts_of(c, node->left).bytes;
    one.steps = cost_add(one.steps, runs);
    one.scratch = cost_add(one.scratch, cost_times(grown(runs, PLACE_BYTES), 2));
    costing_condition(c, node->left, times);
    costing_add(c, node, times, one);
}

/* As mark of compiler/reference/reference.c. */
void costing_marks(costing *c, const expression *node, uint64_t times)
{
    switch (node->kind) {
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        for (uint32_t i = 0; i < node->item_count; i++) {
            if (node->kind == EXPRESSION_OR)
                costing_condition(c, node->items[i], times);
            costing_marks(c, node->items[i], times);
        }
        return;
    case EXPRESSION_ANY: {
        costing_condition(c, node->left, times);
        c->lists[node->local] = node->left;
        const uint64_t inner = cost_times(times, elements_of(c, node->left));
        costing_condition(c, node->right, inner);
        costing_add(c, node, inner, (price){1, 4 * PLACE_BYTES});
        costing_add(c, node, times, (price){0, 16 * PLACE_BYTES});
        costing_marks(c, node->right, inner);
        return;
    }
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES: mark_texts(c, node, times); return;
    case EXPRESSION_REPEATS: mark_repeats(c, node, times); return;
    default: return;
    }
}

uint32_t costing_slot(const costing *c, const expression *node)
{
    while (node != NULL && node->kind != EXPRESSION_FIELD) {
        if (node->kind == EXPRESSION_LOCAL)
            node = c->lists[node->local];
        else if (node->kind == EXPRESSION_IN_LIST ||
                 (node->left != NULL && node->left->kind == EXPRESSION_CONSTANT))
            node = node->right;
        else
            node = node->left;
    }
    return node != NULL ? node->slot : CST_NONE;
}

uint64_t costing_questions(costing *c, const expression *node, uint64_t times)
{
    if (node == NULL || !node->asks)
        return 0;
    uint64_t all = node->kind == EXPRESSION_ASK ? times : 0;
    all = cost_add(all, costing_questions(c, node->left, times));
    if (quantifies(node))
        c->lists[node->local] = node->left;
    all = cost_add(all, costing_questions(c, node->right,
                                          quantifies(node)
                                              ? cost_times(times, elements_of(c, node->left))
                                              : times));
    for (uint32_t i = 0; i < node->item_count; i++)
        all = cost_add(all, costing_questions(c, node->items[i], times));
    return all;
}

/*
 * guards.c - absence is a compile-time question: whatever may be missing is used under a guard.
 *
 * Works on the finished tree, where definitions are replaced and every part is a place: a field of
 * the event, or a member of a quantifier's element, as a list of keys. A fact says that a place is
 * there. Facts come from `is present` and `is TYPE` alone, and do not depend on order: each operand
 * of an `and` is judged under the facts of all other operands (if one of them is false, so is the
 * whole, whatever this one says), each operand of an `or` under what holds when the others are
 * false. No operand is judged under its own facts, and a presence test needs no guard itself, so no
 * use can justify itself.
 *
 * A place is safe if each of its keys that may be missing is covered by a fact about that key or
 * one behind it, and open data read as a type if a fact says that it is of that type.
 */
#include "compiler/check/expression.h"

enum { MOST_KEYS = 64 };
/* roots of what history answers; numbers of quantifiers are smaller */
#define PAST_ROOT 0x80000000u

typedef struct place {
    uint32_t root; /* the quantifier's number, or CST_NONE for the event */
    key *keys;
    uint32_t count;
    const type *as;    /* open data read as this type; NULL: as it is declared */
    uint64_t optional; /* bit k: keys[k] may be missing */
} place;

typedef struct fact {
    place place;
    uint32_t owner; /* the operand that it comes from */
} fact;

typedef struct facts {
    fact *items;
    uint32_t count, capacity;
} facts;

typedef struct frame { /* what holds at one `and` or `or` around */
    const facts *facts;
    uint32_t excluded; /* the operand being judged */
    const struct frame *outer;
} frame;

typedef struct guard {
    const environment *environment;
    bool sound;
} guard;

/* ---- places ---------------------------------------------------------------------------------- */

/* False if the place has too many keys. */
static bool place_of(const environment *environment, const expression *node, place *out)
{
    arena *const arena = environment->checker->arena;
    *out = (place){.root = CST_NONE};
    if (node->kind == EXPRESSION_OPEN_AS) {
        out->as = node->type;
        node = node->left;
    }
    if (node->kind == EXPRESSION_PAST_LATEST) { /* a place of its own, which may be absent */
        out->root = PAST_ROOT + node->index;
        out->keys = arena_array(arena, 1, sizeof *out->keys);
        out->keys[0] = (key){"latest", 6};
        out->count = 1;
        out->optional = 1;
        return true;
    }
    uint32_t behind = 0;
    const expression *root = node;
    for (; root->kind == EXPRESSION_MEMBER || root->kind == EXPRESSION_OPEN_MEMBER;
         root = root->left)
        behind++;
    const candidate *field = NULL;
    if (root->kind == EXPRESSION_FIELD) {
        field = candidate_at(environment->checker, root->slot);
        out->count = field->count;
        out->optional = scope_optional(environment->scope, root->slot);
        if (field->open && field->type->kind != CST_KIND_JSON)
            out->as = field->type;
    } else {
        out->root = root->local;
    }
    out->count += behind;
    if (out->count > MOST_KEYS)
        return false;
    out->keys = arena_array(arena, out->count, sizeof *out->keys);
    if (field != NULL)
        memcpy(out->keys, field->names, field->count * sizeof *out->keys);
    uint32_t at = out->count;
    for (; node != root; node = node->left) {
        const char *const name = node->kind == EXPRESSION_MEMBER
                                     ? node->left->type->fields[node->index].name
                                     : node->name;
        out->keys[--at] = (key){name, (uint32_t)strlen(name)};
        if (node->kind == EXPRESSION_OPEN_MEMBER || node->left->type->fields[node->index].optional)
            out->optional |= UINT64_C(1) << at;
    }
    return true;
}

static bool same_start(const place *a, const place *b, uint32_t count)
{
    if (a->root != b->root || a->count < count || b->count < count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!keys_equal(a->keys[i], b->keys[i]))
            return false;
    return true;
}

/* Some fact covers the first `count` keys; with `as`, it is about exactly that place read as that
 * type. */
static bool is_known(const frame *frame, const place *place, uint32_t count, const type *as)
{
    for (; frame != NULL; frame = frame->outer)
        for (uint32_t i = 0; i < frame->facts->count; i++) {
            const fact *const fact = &frame->facts->items[i];
            if (fact->owner == frame->excluded || !same_start(&fact->place, place, count))
                continue;
            if (as == NULL || (fact->place.count == count && fact->place.as == as))
                return true;
        }
    return false;
}

/* ---- facts ----------------------------------------------------------------------------------- */

static void facts_of(const environment *environment, const expression *condition, bool positive,
                     uint32_t owner, facts *out);

static void facts_common(const environment *environment, const expression *list, bool positive,
                         uint32_t owner, facts *out)
{
    facts common = {0};
    facts_of(environment, list->items[0], positive, owner, &common);
    for (uint32_t i = 1; i < list->item_count && common.count > 0; i++) {
        facts other = {0};
        facts_of(environment, list->items[i], positive, owner, &other);
        uint32_t kept = 0;
        for (uint32_t k = 0; k < common.count; k++) {
            fact fact = common.items[k];
            bool found = false, same_type = false;
            for (uint32_t m = 0; m < other.count; m++) {
                const place *const at = &other.items[m].place;
                if (at->count != fact.place.count || !same_start(at, &fact.place, at->count))
                    continue;
                found = true;
                same_type = same_type || at->as == fact.place.as;
            }
            if (!same_type)
                fact.place.as = NULL;
            if (found)
                common.items[kept++] = fact;
        }
        common.count = kept;
    }
    for (uint32_t i = 0; i < common.count; i++)
        *ARENA_PUSH(environment->checker->arena, out) = common.items[i];
}

/* What is certainly there if the condition is true (or false, if not positive). */
static void facts_of(const environment *environment, const expression *condition, bool positive,
                     uint32_t owner, facts *out)
{
    place there;
    switch (condition->kind) {
    case EXPRESSION_PRESENT:
        if (positive && place_of(environment, condition->left, &there))
            *ARENA_PUSH(environment->checker->arena, out) = (fact){there, owner};
        return;
    case EXPRESSION_NOT: facts_of(environment, condition->left, !positive, owner, out); return;
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        if (positive != (condition->kind == EXPRESSION_AND)) {
            facts_common(environment, condition, positive, owner, out);
            return;
        }
        for (uint32_t i = 0; i < condition->item_count; i++)
            facts_of(environment, condition->items[i], positive, owner, out);
        return;
    case EXPRESSION_ANY: /* some element makes the body true */
    case EXPRESSION_ALL: /* some element makes it false */
        if (positive == (condition->kind == EXPRESSION_ANY))
            facts_of(environment, condition->right, positive, owner, out);
        return;
    default: return;
    }
}

/* ---- reports --------------------------------------------------------------------------------- */

static const char *sample(const type *type)
{
    switch (type->kind) {
    case CST_KIND_BOOL: return "false";
    case CST_KIND_INT: return "0";
    case CST_KIND_DECIMAL:
    case CST_KIND_FLOAT: return "0.0";
    case CST_KIND_DURATION: return "0s";
    case CST_KIND_ENUM: return type->enumeration->count > 0 ? type->enumeration->values[0] : "…";
    case CST_KIND_AGENT: return "nobody";
    case CST_KIND_LIST:
    case CST_KIND_RECORD: return NULL;
    default: return "\"…\"";
    }
}

static const char *type_word(checker *checker, const type *type)
{
    return type->kind == CST_KIND_LIST ? "list" : type_name(checker, type);
}

static void unguarded_report(guard *guard, const expression *use, const place *place)
{
    const environment *const environment = guard->environment;
    compilation *const compilation = environment->checker->compilation;
    const char *const text = excerpt(environment, use->range);
    const char *const fallback = sample(use->type);
    guard->sound = false;
    if (place->as != NULL) {
        const char *const word = type_word(environment->checker, place->as);
        diagnostic *const d =
            report(environment, E_OPEN_UNGUARDED, use->range,
                   "`%s` is open data: it may be absent, or of another type than %s", text, word);
        if (fallback == NULL)
            diagnostic_mend(compilation, d, use->range, NULL, "write `%s is %s and …`", text, word);
        else
            diagnostic_mend(compilation, d, use->range, NULL,
                            "write `%s is %s and …`, or `(%s else %s)`", text, word, text,
                            fallback);
        return;
    }
    diagnostic *const d =
        report(environment, E_OPTIONAL_UNGUARDED, use->range, "`%s` may be absent", text);
    if (fallback == NULL)
        diagnostic_mend(compilation, d, use->range, NULL, "write `%s is present and …`", text);
    else
        diagnostic_mend(compilation, d, use->range, NULL,
                        "write `%s is present and …`, or `(%s else %s)`", text, text, fallback);
}

/* Words of the rule itself; in a definition's body the same test may be needed by another call. */
static bool in_rule(const environment *environment, source_range range)
{
    return range.file == environment->rule.file && range.start >= environment->rule.start &&
           range.end <= environment->rule.end && !environment->scope->any_stage;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static void place_demand(guard *guard, const expression *use, const frame *frame)
{
    place place;
    if (!place_of(guard->environment, use, &place)) {
        report(guard->environment, E_PATH_DEPTH, use->range, "a path may have at most %d parts",
               MOST_KEYS);
        guard->sound = false;
        return;
    }
    if (place.as != NULL && !is_known(frame, &place, place.count, place.as)) {
        unguarded_report(guard, use, &place);
        return;
    }
    for (uint32_t i = 0; i < place.count; i++)
        if ((place.optional >> i & 1) != 0 && !is_known(frame, &place, i + 1, NULL)) {
            unguarded_report(guard, use, &place);
            return;
        }
}

/* Warns about a test or a fallback for what is always there. */
static void needless_warn(const guard *guard, const expression *node, const expression *tested)
{
    while (tested->kind == EXPRESSION_PROPERTY)
        tested = tested->left;
    const scope *const scope = guard->environment->scope;
    if (scope->tool_count != scope->all_count) /* another group of tools may need it */
        return;
    place place;
    if (!in_rule(guard->environment, node->range) || !in_rule(guard->environment, tested->range) ||
        !place_of(guard->environment, tested, &place) || place.optional != 0 || place.as != NULL)
        return;
    const char *const text = excerpt(guard->environment, tested->range);
    if (node->kind == EXPRESSION_ELSE)
        diagnostic_mend(guard->environment->checker->compilation,
                        report(guard->environment, W_FALLBACK_NOT_USED, node->range,
                               "`%s` is always there, so its fallback is never used", text),
                        node->range, text, "write `%s`", text);
    else
        diagnostic_mend(
            guard->environment->checker->compilation,
            report(guard->environment, W_ALWAYS_PRESENT, node->range, "`%s` is always there", text),
            node->range, NULL, "leave the test out, or declare the field with `?`");
}

static void guard_value(guard *guard, const expression *value, const frame *frame);

/* The keys of a question about the past. */
static void guard_keys(guard *guard, const expression *node, const frame *frame)
{
    for (uint32_t i = 0; i < node->item_count; i++)
        guard_value(guard, node->items[i], frame);
}

static void guard_condition(guard *guard, const expression *condition, const frame *around)
{
    const environment *const environment = guard->environment;
    switch (condition->kind) {
    case EXPRESSION_AND:
    case EXPRESSION_OR: {
        facts facts = {0};
        for (uint32_t i = 0; i < condition->item_count; i++)
            facts_of(environment, condition->items[i], condition->kind == EXPRESSION_AND, i,
                     &facts);
        for (uint32_t i = 0; i < condition->item_count; i++) {
            const frame inner = {&facts, i, around};
            guard_condition(guard, condition->items[i], facts.count == 0 ? around : &inner);
        }
        return;
    }
    case EXPRESSION_NOT: guard_condition(guard, condition->left, around); return;
    case EXPRESSION_PRESENT:
        needless_warn(guard, condition, condition->left);
        if (condition->left->kind == EXPRESSION_PAST_LATEST)
            guard_keys(guard, condition->left, around);
        return;
    case EXPRESSION_EARLIER: guard_keys(guard, condition, around); return;
    /* all arguments, a whole value: where there are none, none is from elsewhere */
    case EXPRESSION_FROM: {
        const expression *const read =
            condition->asked->declared != NULL ? condition->asked->declared : condition->left;
        if (read->kind != EXPRESSION_FIELD ||
            candidate_at(environment->checker, read->slot)->count > 1)
            guard_value(guard, read, around);
        return;
    }
    case EXPRESSION_ANY:
    case EXPRESSION_ALL:
        guard_value(guard, condition->left, around);
        guard_condition(guard, condition->right, around);
        return;
    default:
        if (condition->left != NULL)
            guard_value(guard, condition->left, around);
        if (condition->right != NULL)
            guard_value(guard, condition->right, around);
        return;
    }
}

static void guard_value(guard *guard, const expression *value, const frame *frame)
{
    if (value->kind ==
        EXPRESSION_LEAVES) /* what is absent holds no text, and none is found in it */
        return;
    if (value->kind == EXPRESSION_ELSE) {
        needless_warn(guard, value, value->left);
        guard_value(guard, value->right, frame);
        if (value->left->kind == EXPRESSION_PAST_LATEST)
            guard_keys(guard, value->left, frame);
        return;
    }
    if (value->kind == EXPRESSION_PAST_LATEST || value->kind == EXPRESSION_PAST_NUMBER ||
        value->kind == EXPRESSION_ASK)
        guard_keys(guard, value, frame);
    if (node_is_place(value) && value->absent_too)
        return;
    if (node_is_place(value)) {
        place_demand(guard, value, frame);
        return;
    }
    if (node_is_condition(value)) {
        guard_condition(guard, value, frame);
        return;
    }
    if (value->left != NULL)
        guard_value(guard, value->left, frame);
    if (value->right != NULL)
        guard_value(guard, value->right, frame);
}

bool guards_check(const environment *environment, const expression *condition)
{
    guard guard = {environment, true};
    guard_condition(&guard, condition, NULL);
    return guard.sound;
}

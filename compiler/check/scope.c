/*
 * scope.c - what a path of the event means at a stage and for a tool, and the slots that come of
 * it.
 *
 * The fields of events are a fixed table (roots) plus the context records; behind `args` and
 * `value` stand the types of the tool's declaration, or open data where there is none. A path is
 * walked once for each tool of the selector. Tools that declare the field with another type are
 * deferred to a body of their own; a tool that lacks the field is an error that the caller words
 * (expression_path.c).
 *
 * Fields become candidates first and slots of the policy only when a finished condition is
 * committed: see expression.h. Which members an event must have is settled for each stage and tool
 * apart (slot_use.required_keys).
 */
#include "compiler/check/expression.h"
#include "runtime/base/hash.h"

typedef struct literal_set { /* a set written in a condition */
    const ast_expression *ast;
    set_declaration *set;
} literal_set;

typedef struct slot_table {
    struct {
        candidate *items;
        uint32_t count, capacity;
    } candidates;
    uint32_t *buckets; /* candidate + 1; 0 is empty */
    uint32_t capacity;
    uint32_t *use_buckets; /* slot use + 1 */
    uint32_t use_capacity;
    struct {
        literal_set *items;
        uint32_t count, capacity;
    } literals;
    uint32_t *literal_buckets; /* literal + 1 */
    uint32_t literal_capacity;
    struct {
        const symbol **items;
        uint32_t count, capacity;
    } broken;
} slot_table;

static slot_table *table_of(const checker *checker)
{
    return checker->slots;
}

static slot_table *table_make(checker *checker)
{
    if (checker->slots == NULL)
        checker->slots = arena_allocate(checker->arena, sizeof(slot_table));
    return checker->slots;
}

/* ---- the fields of events -------------------------------------------------------------------- */

enum {
    AT_INPUT = 1u << CST_INPUT,
    AT_OUTPUT = 1u << CST_OUTPUT,
    AT_ACTION = 1u << CST_ACTION,
    AT_RESULT = 1u << CST_RESULT,
    AT_MESSAGE = 1u << CST_MESSAGE,
    AT_ALL = (1u << CST_STAGE_COUNT) - 1,
};

typedef struct root {
    const char *name;
    const char *member; /* in the event's JSON */
    uint32_t stages;
    cst_kind kind; /* LIST: of agents; JSON: typed by the tool */
    bool optional;
    bool required; /* session and time are neither: the runtime fills them in */
} root;

static const root roots[] = {
    {"session", "session", AT_ALL, CST_KIND_STRING, false, false},
    {"time", "time", AT_ALL, CST_KIND_TIME, false, false},
    {"agent", "agent", AT_ALL, CST_KIND_AGENT, false, true},
    {"chain", "chain", AT_ALL, CST_KIND_LIST, false, true},
    {"text", "text", AT_INPUT | AT_OUTPUT | AT_RESULT | AT_MESSAGE, CST_KIND_STRING, false, true},
    {"role", "role", AT_INPUT, CST_KIND_STRING, true, false},
    {"tool", "tool", AT_ACTION | AT_RESULT, CST_KIND_TOOL, false, true},
    {"args", "args", AT_ACTION | AT_RESULT, CST_KIND_JSON, false, false},
    {"value", "value", AT_RESULT, CST_KIND_JSON, false, false},
    {"sender", "from", AT_MESSAGE, CST_KIND_AGENT, false, true},
    {"receiver", "to", AT_MESSAGE, CST_KIND_AGENT, false, true},
};
enum { ROOT_COUNT = sizeof roots / sizeof roots[0] };

static const root *root_find(key name)
{
    for (uint32_t i = 0; i < ROOT_COUNT; i++)
        if (key_is(name, roots[i].name))
            return &roots[i];
    return NULL;
}

static const context_record *record_find(const checker *checker, key name)
{
    for (uint32_t i = 0; i < checker->policy->records.count; i++)
        if (key_is(name, checker->policy->records.items[i].name))
            return &checker->policy->records.items[i];
    return NULL;
}

bool scope_has_root(const scope *scope, key name)
{
    const root *const root = root_find(name);
    if (root != NULL)
        return scope->any_stage || (root->stages & (1u << scope->stage)) != 0;
    return record_find(scope->checker, name) != NULL;
}

uint32_t scope_stages_of(const checker *checker, key name)
{
    const root *const root = root_find(name);
    if (root != NULL)
        return root->stages;
    return record_find(checker, name) != NULL ? AT_ALL : 0;
}

const char *const *scope_roots(const scope *scope, uint32_t *count)
{
    const checker *const checker = scope->checker;
    const char **const names =
        arena_array(checker->arena, ROOT_COUNT + checker->policy->records.count, sizeof *names);
    *count = 0;
    for (uint32_t i = 0; i < ROOT_COUNT; i++)
        if (scope->any_stage || (roots[i].stages & (1u << scope->stage)) != 0)
            names[(*count)++] = roots[i].name;
    for (uint32_t i = 0; i < checker->policy->records.count; i++)
        names[(*count)++] = checker->policy->records.items[i].name;
    return names;
}

/* ---- walking a path -------------------------------------------------------------------------- */

static bool record_needs_any(const type *record)
{
    for (uint32_t i = 0; i < record->field_count; i++)
        if (!record->fields[i].optional)
            return true;
    return false;
}

/* `args` and `value`: as the tool declares them, else open. */
static void walk_tool_root(const scope *scope, uint32_t tool_number, bool args, walk *walk)
{
    const checker *const checker = scope->checker;
    const type *declared = NULL;
    if (!scope->every_tool && tool_number != SCOPE_NO_TOOL) {
        const tool *const tool = &checker->policy->tools.items[tool_number];
        declared = args ? tool->parameters : tool->returns;
    }
    if (declared == NULL) {
        walk->type = type_scalar(scope->checker, CST_KIND_JSON, 0);
        walk->open = true;
        walk->optional |= 1;
        return;
    }
    walk->type = declared;
    /* A call whose parameters are all optional may come without `args`. */
    if (args && !record_needs_any(declared))
        walk->optional |= 1;
    else
        walk->required |= 1;
}

/* Types keys[0]; false if it is no field here. */
static bool walk_root(const scope *scope, uint32_t tool_number, const key *keys, uint32_t count,
                      walk *walk)
{
    checker *const checker = scope->checker;
    const root *const root = root_find(keys[0]);
    if (root == NULL) {
        const context_record *const record = record_find(checker, keys[0]);
        if (record == NULL || record->type == NULL)
            return false;
        walk->type = record->type;
        /* The session carries the record; only a field that must be there makes the record itself
         * necessary. */
        for (uint32_t i = 0; count > 1 && i < record->type->field_count; i++)
            if (key_is(keys[1], record->type->fields[i].name) && !record->type->fields[i].optional)
                walk->required |= 1;
        if (count == 1)
            walk->optional |= 1;
        return true;
    }
    if (scope->any_stage ? root->stages != AT_ALL : (root->stages & (1u << scope->stage)) == 0)
        return false;
    if (root->kind == CST_KIND_JSON) {
        walk_tool_root(scope, tool_number, strcmp(root->name, "args") == 0, walk);
        return true;
    }
    if (root->kind == CST_KIND_LIST)
        walk->type = type_list(checker, type_agent(checker), 0);
    else if (root->kind == CST_KIND_AGENT)
        walk->type = type_agent(checker);
    else
        walk->type = type_scalar(checker, root->kind, 0);
    walk->optional |= root->optional ? 1 : 0;
    walk->required |= root->required ? 1 : 0;
    return true;
}

walk scope_walk(const scope *scope, uint32_t tool, const key *keys, uint32_t count)
{
    walk walk = {.status = WALK_OK, .used = 1};
    if (!walk_root(scope, tool, keys, count, &walk)) {
        walk.status = scope->any_stage && root_find(keys[0]) != NULL ? WALK_UNJUDGED : WALK_NO_ROOT;
        return walk;
    }
    for (; walk.used < count; walk.used++) {
        const type *const at = walk.type;
        const uint64_t bit = UINT64_C(1) << walk.used;
        walk.at = walk.used;
        if (at->kind == CST_KIND_JSON) {
            walk.open = true;
            walk.optional |= bit;
            continue;
        }
        if (at->kind == CST_KIND_LIST) {
            walk.status = WALK_IN_LIST;
            return walk;
        }
        if (at->kind != CST_KIND_RECORD) {
            walk.status = WALK_IN_RECORDLESS;
            return walk;
        }
        uint32_t field = 0;
        while (field < at->field_count && !key_is(keys[walk.used], at->fields[field].name))
            field++;
        if (field == at->field_count) {
            walk.status = WALK_NO_MEMBER;
            return walk;
        }
        walk.type = at->fields[field].type;
        *(at->fields[field].optional ? &walk.optional : &walk.required) |= bit;
    }
    return walk;
}

static bool walk_has_field(const walk *walk)
{
    return walk->status == WALK_OK || walk->status == WALK_IN_RECORDLESS;
}

static bool same_declarations(const scope *scope, uint32_t a, uint32_t b)
{
    const tool *const tools = scope->checker->policy->tools.items;
    return tools[a].parameters == tools[b].parameters && tools[a].returns == tools[b].returns;
}

static void defer(scope *scope, uint32_t index)
{
    if (scope->deferred == NULL)
        scope->deferred =
            arena_array(scope->checker->arena, scope->all_count, sizeof *scope->deferred);
    scope->deferred[scope->deferred_count++] = scope->tools[index];
    memmove(&scope->tools[index], &scope->tools[index + 1],
            (scope->tool_count - index - 1) * sizeof *scope->tools);
    scope->tool_count--;
    scope->masks.count = 0;
}

walk scope_resolve(scope *scope, const key *keys, uint32_t count, bool quiet, uint32_t *lacking)
{
    *lacking = CST_NONE;
    const bool by_tool = scope->has_tools && !scope->every_tool && !scope->any_stage;
    walk first = scope_walk(scope, by_tool ? scope->tools[0] : SCOPE_NO_TOOL, keys, count);
    if (!by_tool || quiet || !(key_is(keys[0], "args") || key_is(keys[0], "value")))
        return first;
    uint32_t previous = scope->tools[0];
    for (uint32_t i = 1; i < scope->tool_count;) {
        const uint32_t tool = scope->tools[i];
        if (same_declarations(scope, previous, tool)) {
            i++;
            continue;
        }
        const walk other = scope_walk(scope, tool, keys, count);
        if (walk_has_field(&first) != walk_has_field(&other)) {
            *lacking = walk_has_field(&first) ? tool : scope->tools[0];
            return walk_has_field(&first) ? other : first;
        }
        if (walk_has_field(&first) &&
            (first.type != other.type || first.open != other.open || first.used != other.used)) {
            defer(scope, i);
            continue;
        }
        first.optional |= other.optional;
        previous = tool;
        i++;
    }
    /* A tool deferred before lacks the field too: then the rule is wrong whichever body it stands
     * in. */
    for (uint32_t i = 0; i < scope->deferred_count && *lacking == CST_NONE; i++) {
        const walk other = scope_walk(scope, scope->deferred[i], keys, count);
        if (walk_has_field(&first) && !walk_has_field(&other)) {
            *lacking = scope->deferred[i];
            return other;
        }
    }
    return first;
}

uint64_t scope_optional(scope *scope, uint32_t number)
{
    for (uint32_t i = 0; i < scope->masks.count; i++)
        if (scope->masks.items[i].candidate == number)
            return scope->masks.items[i].optional;
    const candidate *const field = candidate_at(scope->checker, number);
    const bool by_tool = scope->has_tools && !scope->every_tool && !scope->any_stage;
    uint64_t optional = 0;
    uint32_t previous = CST_NONE;
    for (uint32_t i = 0; i == 0 || (by_tool && i < scope->tool_count); i++) {
        const uint32_t tool = by_tool ? scope->tools[i] : SCOPE_NO_TOOL;
        if (previous != CST_NONE && same_declarations(scope, previous, tool))
            continue;
        optional |= scope_walk(scope, tool, field->names, field->count).optional;
        if (by_tool)
            previous = tool;
    }
    if (field->open) /* the value may be of another type, wherever it stands */
        optional |= UINT64_C(1) << (field->count - 1);
    *ARENA_PUSH(scope->checker->arena, &scope->masks) = (mask_entry){number, optional};
    return optional;
}

/* ---- candidates ------------------------------------------------------------------------------ */

static bool plain_name(key name)
{
    for (uint32_t i = 0; i < name.length; i++) {
        const char c = name.bytes[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
              (i > 0 && c >= '0' && c <= '9')))
            return false;
    }
    return name.length > 0;
}

static const char *path_text(checker *checker, const key *names, uint32_t count)
{
    const char *text = names[0].bytes;
    for (uint32_t i = 1; i < count; i++)
        text = arena_format(checker->arena, plain_name(names[i]) ? "%s.%s" : "%s.\"%s\"", text,
                            names[i].bytes);
    return text;
}

static uint32_t candidate_hash(const key *names, uint32_t count, const type *type, bool open)
{
    const uintptr_t words[2] = {(uintptr_t)type, open};
    uint32_t hash = cst_hash(words, sizeof words);
    for (uint32_t i = 0; i < count; i++)
        hash = hash * 31 + cst_hash(names[i].bytes, names[i].length);
    return hash;
}

static bool candidate_is(const candidate *known, const key *names, uint32_t count, const type *type,
                         bool open)
{
    if (known->type != type || known->open != open || known->count != count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!keys_equal(known->names[i], names[i]))
            return false;
    return true;
}

static void candidates_grow(checker *checker, slot_table *table)
{
    table->capacity = table->capacity == 0 ? 64 : table->capacity * 2;
    table->buckets = arena_array(checker->arena, table->capacity, sizeof *table->buckets);
    for (uint32_t i = 0; i < table->candidates.count; i++) {
        const candidate *const known = &table->candidates.items[i];
        uint32_t at = candidate_hash(known->names, known->count, known->type, known->open) &
                      (table->capacity - 1);
        while (table->buckets[at] != 0)
            at = (at + 1) & (table->capacity - 1);
        table->buckets[at] = i + 1;
    }
}

uint32_t candidate_make(checker *checker, const key *names, uint32_t count, const type *type,
                        bool open)
{
    slot_table *const table = table_make(checker);
    if (table->candidates.count * 2 >= table->capacity)
        candidates_grow(checker, table);
    uint32_t at = candidate_hash(names, count, type, open) & (table->capacity - 1);
    for (; table->buckets[at] != 0; at = (at + 1) & (table->capacity - 1))
        if (candidate_is(&table->candidates.items[table->buckets[at] - 1], names, count, type,
                         open))
            return table->buckets[at] - 1;
    candidate made = {.count = count, .type = type, .open = open, .slot = CST_NONE};
    made.names = arena_array(checker->arena, count, sizeof *made.names);
    memcpy(made.names, names, count * sizeof *names);
    made.keys = arena_array(checker->arena, count, sizeof *made.keys);
    const root *const root = root_find(names[0]);
    for (uint32_t i = 0; i < count; i++)
        made.keys[i] = i == 0 && root != NULL ? root->member : names[i].bytes;
    made.path = path_text(checker, names, count);
    *ARENA_PUSH(checker->arena, &table->candidates) = made;
    table->buckets[at] = table->candidates.count;
    return table->candidates.count - 1;
}

const candidate *candidate_at(const checker *checker, uint32_t number)
{
    return &table_of(checker)->candidates.items[number];
}

uint32_t candidate_commit(checker *checker, uint32_t number, source_range range)
{
    candidate *const field = &table_of(checker)->candidates.items[number];
    if (field->slot != CST_NONE)
        return field->slot;
    if (checker->policy->slots.count >= LIMIT_SLOTS) {
        check_report(checker, E_TOO_MANY_FIELDS, range,
                     "a policy can read at most %u different fields", LIMIT_SLOTS);
        return CST_NONE;
    }
    type_row(checker, field->type);
    *ARENA_PUSH(checker->arena, &checker->policy->slots) = (slot){
        .path = field->path,
        .keys = field->keys,
        .key_count = field->count,
        .type = field->type,
        .open = field->open,
    };
    field->slot = checker->policy->slots.count - 1;
    return field->slot;
}

/* ---- uses ------------------------------------------------------------------------------------ */

static uint32_t use_hash(uint32_t slot, cst_stage stage, uint32_t tool)
{
    const uint32_t words[3] = {slot, (uint32_t)stage, tool};
    return cst_hash(words, sizeof words);
}

static void uses_grow(checker *checker, slot_table *table)
{
    table->use_capacity = table->use_capacity == 0 ? 256 : table->use_capacity * 2;
    table->use_buckets =
        arena_array(checker->arena, table->use_capacity, sizeof *table->use_buckets);
    for (uint32_t i = 0; i < checker->policy->slot_uses.count; i++) {
        const slot_use *const use = &checker->policy->slot_uses.items[i];
        uint32_t at = use_hash(use->slot, use->stage, use->tool) & (table->use_capacity - 1);
        while (table->use_buckets[at] != 0)
            at = (at + 1) & (table->use_capacity - 1);
        table->use_buckets[at] = i + 1;
    }
}

/* `needed`: the event is malformed without what its declaration demands. */
static void use_add(checker *checker, const scope *scope, const candidate *field, uint32_t tool,
                    bool needed)
{
    slot_table *const table = table_of(checker);
    if (checker->policy->slot_uses.count * 2 >= table->use_capacity)
        uses_grow(checker, table);
    const uint64_t required = needed ? scope_walk(scope, scope->every_tool ? SCOPE_NO_TOOL : tool,
                                                  field->names, field->count)
                                           .required
                                     : 0;
    uint32_t at = use_hash(field->slot, scope->stage, tool) & (table->use_capacity - 1);
    for (; table->use_buckets[at] != 0; at = (at + 1) & (table->use_capacity - 1)) {
        slot_use *const use = &checker->policy->slot_uses.items[table->use_buckets[at] - 1];
        if (use->slot != field->slot || use->stage != scope->stage || use->tool != tool)
            continue;
        use->required_keys |= required;
        return;
    }
    *ARENA_PUSH(checker->arena, &checker->policy->slot_uses) =
        (slot_use){field->slot, scope->stage, tool, required};
    table->use_buckets[at] = checker->policy->slot_uses.count;
}

void candidate_use(checker *checker, uint32_t number, const selector *selector)
{
    const candidate *const field = candidate_at(checker, number);
    if (field->slot == CST_NONE)
        return;
    const scope scope = {
        .checker = checker,
        .stage = selector->stage,
        .has_tools = selector->stage == CST_ACTION || selector->stage == CST_RESULT,
        .every_tool = selector->every_tool,
    };
    if (!scope.has_tools) {
        use_add(checker, &scope, field, SCOPE_NO_TOOL, true);
        return;
    }
    if (selector->every_tool) {
        for (uint32_t tool = 0; tool < checker->policy->tools.count; tool++)
            use_add(checker, &scope, field, tool, true);
        return;
    }
    for (uint32_t i = 0; i < selector->tool_count; i++)
        use_add(checker, &scope, field, selector->tools[i], true);
}

uint32_t scope_origin_slot(checker *checker, const char *name, cst_stage stage, uint32_t tool,
                           source_range range)
{
    const key names = {name, (uint32_t)strlen(name)};
    const root *const root = root_find(names);
    const bool open = root->kind == CST_KIND_JSON;
    const type *const type =
        root->kind == CST_KIND_AGENT ? type_agent(checker) : type_scalar(checker, root->kind, 0);
    const uint32_t number = candidate_make(checker, &names, 1, type, open);
    const uint32_t slot = candidate_commit(checker, number, range);
    const bool tools = stage == CST_ACTION || stage == CST_RESULT;
    const scope scope = {.checker = checker, .stage = stage, .has_tools = tools};
    if (slot != CST_NONE)
        use_add(checker, &scope, candidate_at(checker, number), tools ? tool : SCOPE_NO_TOOL,
                false);
    return slot;
}

/* ---- what may not be cut --------------------------------------------------------------------- */

static bool holds_identity(const type *type)
{
    if (type->kind == CST_KIND_LIST)
        return holds_identity(type->element);
    for (uint32_t i = 0; type->kind == CST_KIND_RECORD && i < type->field_count; i++)
        if (holds_identity(type->fields[i].type))
            return true;
    return type_is_text(type) && type->kind != CST_KIND_STRING;
}

/* Recursion is bounded by the depth of types. */
static void identities_read(const scope *scope, uint32_t tool, const key *names, uint32_t count,
                            const type *type, source_range range)
{
    checker *const checker = scope->checker;
    if (!holds_identity(type))
        return;
    if (type->kind == CST_KIND_RECORD) {
        key *const inner = arena_array(checker->arena, count + 1u, sizeof *inner);
        memcpy(inner, names, count * sizeof *names);
        for (uint32_t i = 0; i < type->field_count; i++) {
            inner[count] = (key){type->fields[i].name, (uint32_t)strlen(type->fields[i].name)};
            identities_read(scope, tool, inner, count + 1, type->fields[i].type, range);
        }
        return;
    }
    const uint32_t number = candidate_make(checker, names, count, type, false);
    if (candidate_commit(checker, number, range) != CST_NONE)
        use_add(checker, scope, candidate_at(checker, number), tool, false);
}

void scope_read_identities(checker *checker, const selector *selector, source_range range)
{
    const scope scope = {.checker = checker, .stage = selector->stage, .has_tools = true};
    const uint32_t count =
        selector->every_tool ? checker->policy->tools.count : selector->tool_count;
    const key args = {"args", 4}, value = {"value", 5};
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t number = selector->every_tool ? i : selector->tools[i];
        const tool *const tool = &checker->policy->tools.items[number];
        if (tool->parameters != NULL)
            identities_read(&scope, number, &args, 1, tool->parameters, range);
        if (tool->returns != NULL && selector->stage == CST_RESULT)
            identities_read(&scope, number, &value, 1, tool->returns, range);
    }
}

/* ---- who acts for whom ----------------------------------------------------------------------- */

static uint32_t root_slot(checker *checker, const char *name, cst_stage stage, uint32_t tool,
                          bool needed)
{
    const key names = {name, (uint32_t)strlen(name)};
    const bool tools = stage == CST_ACTION || stage == CST_RESULT;
    const scope scope = {.checker = checker, .stage = stage, .has_tools = tools};
    const uint32_t number = candidate_make(checker, &names, 1, type_agent(checker), false);
    const uint32_t slot = candidate_commit(checker, number, (source_range){0});
    if (slot != CST_NONE)
        use_add(checker, &scope, candidate_at(checker, number), tools ? tool : SCOPE_NO_TOOL,
                needed);
    return slot;
}

void scope_read_chain(checker *checker)
{
    checked_policy *const policy = checker->policy;
    const uint32_t count = policy->slot_uses.count;
    for (uint32_t i = 0; i < count; i++) {
        const slot_use use = policy->slot_uses.items[i];
        const slot *const read = &policy->slots.items[use.slot];
        if (read->key_count == 1 && strcmp(read->keys[0], "chain") == 0)
            policy->chain_agent = root_slot(checker, "agent", use.stage, use.tool, false);
    }
    if (policy->chain_agent == CST_NONE)
        return;
    policy->chain_sender = root_slot(checker, "sender", CST_MESSAGE, SCOPE_NO_TOOL, true);
    policy->chain_receiver = root_slot(checker, "receiver", CST_MESSAGE, SCOPE_NO_TOOL, true);
}

/* ---- sets written in conditions -------------------------------------------------------------- */

static uint32_t pointer_hash(const void *pointer)
{
    const uintptr_t word = (uintptr_t)pointer;
    return cst_hash(&word, sizeof word);
}

static void literals_grow(checker *checker, slot_table *table)
{
    table->literal_capacity = table->literal_capacity == 0 ? 64 : table->literal_capacity * 2;
    table->literal_buckets =
        arena_array(checker->arena, table->literal_capacity, sizeof *table->literal_buckets);
    for (uint32_t i = 0; i < table->literals.count; i++) {
        uint32_t at = pointer_hash(table->literals.items[i].ast) & (table->literal_capacity - 1);
        while (table->literal_buckets[at] != 0)
            at = (at + 1) & (table->literal_capacity - 1);
        table->literal_buckets[at] = i + 1;
    }
}

set_declaration *scope_literal_set(checker *checker, const ast_expression *written,
                                   const ast_expression *set)
{
    slot_table *const table = table_make(checker);
    if (table->literals.count * 2 >= table->literal_capacity)
        literals_grow(checker, table);
    uint32_t at = pointer_hash(written) & (table->literal_capacity - 1);
    for (; table->literal_buckets[at] != 0; at = (at + 1) & (table->literal_capacity - 1))
        if (table->literals.items[table->literal_buckets[at] - 1].ast == written)
            return table->literals.items[table->literal_buckets[at] - 1].set;
    set_declaration *const made = set_of_literal(checker, set);
    *ARENA_PUSH(checker->arena, &table->literals) = (literal_set){written, made};
    table->literal_buckets[at] = table->literals.count;
    return made;
}

/* ---- definitions with errors ----------------------------------------------------------------- */

bool scope_is_broken(checker *checker, const symbol *definition)
{
    const slot_table *const table = table_make(checker);
    for (uint32_t i = 0; i < table->broken.count; i++)
        if (table->broken.items[i] == definition)
            return true;
    return false;
}

void scope_mark_broken(checker *checker, const symbol *definition)
{
    *ARENA_PUSH(checker->arena, &table_make(checker)->broken) = definition;
}

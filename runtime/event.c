/*
 * event.c - the event reader: one pass over the JSON along the field table.
 *
 * The table is a tree of the members that the policy reads for this stage and tool. Where a member
 * is a node of the tree, its value is converted straight from the token into the slots; everything
 * else is skipped, and skipping checks in full. Only lists, records and open data, which
 * conversions want as a tree, are built as one.
 *
 * Which tree is the right one depends on `stage` and `tool`, and members may come in any order.
 * Those that everybody needs (`stage`, `tool`, `session`, `time`, `id`) are taken as they come; a
 * member that comes before stage and tool are known is skipped, its place noted, and read once they
 * are. So an event is read once, and only what stood before its tool a second time.
 *
 * What is reported for a malformed event does not depend on the way it was read: errors of the JSON
 * first (nothing of such an event is believed), then what stands earliest in the text, then what is
 * missing. So reading goes on behind a problem.
 *
 * The event's bytes are copied first: texts of the decision point into them and must live as long
 * as it does.
 *
 * Recursion follows nodes and nested objects at once, so it is never deeper than the JSON may be.
 */
#include <string.h>

#include "runtime/engine.h"

#define LINEAR_CHILDREN 12u /* up to here, comparing lengths one by one beats a binary search */

/* Where problems of a record stand that the session carries: behind all that is in the event. */
#define CARRIED_AT (UINT64_MAX - 1)

/* ---- the tree -------------------------------------------------------------------------------- */

uint32_t node_child(const cst_image *image, const cst_node_row *node, const char *name,
                    uint32_t length)
{
    const cst_node_row *const children =
        CST_ROWS(image, nodes, cst_node_row) + node->children.first;
    uint32_t low = 0, high = node->children.count;
    if (high <= LINEAR_CHILDREN) {
        for (; low < high; low++)
            if (children[low].name.length == length &&
                same_name(CST_TEXT(image, children[low].name), name, length))
                return node->children.first + low;
        return CST_NONE;
    }
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const cst_ref ref = children[middle].name;
        const uint32_t shorter = ref.length < length ? ref.length : length;
        int order = memcmp(CST_TEXT(image, ref), name, shorter);
        if (order == 0)
            order = (ref.length > length) - (ref.length < length);
        if (order == 0)
            return node->children.first + middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return CST_NONE;
}

static const cst_node_row *node_at(const cst_context *context, uint32_t node)
{
    return &context->nodes[node];
}

static const cst_target_row *target_at(const cst_context *context, const cst_node_row *node,
                                       uint32_t number)
{
    return &context->targets[node->targets.first + number];
}

static uint32_t kind_of(const cst_context *context, const cst_target_row *target)
{
    return context->types[target->type].kind;
}

void event_check_children(cst_context *context, uint32_t node)
{
    const cst_range children = node_at(context, node)->children;
    for (uint32_t i = children.first; i < children.first + children.count; i++)
        if (node_at(context, i)->required && context->node_stamps[i] != context->stamp)
            engine_missing(context, i);
}

/* ---- values ---------------------------------------------------------------------------------- */

static uint64_t place(const cst_context *context, uint32_t offset)
{
    return context->event.elsewhere ? context->event.elsewhere_at : offset;
}

/* A conversion has written the slot, or failed. */
static void settle(cst_context *context, uint32_t node, const cst_target_row *target, bool fits,
                   uint64_t at, const convert_problem *problem, cst_value *value)
{
    if (fits) {
        if (context->event.elsewhere)
            value->at = UINT32_MAX;
        return;
    }
    memset(value, 0, sizeof *value);
    if (target->mode == CST_TARGET_TYPED || strcmp(problem->code, "memory") == 0)
        engine_problem_convert(context, at, node, problem);
}

/* A value that can hold no member although members of it were declared. */
void event_refuse_scalar(cst_context *context, uint32_t node, uint64_t at)
{
    if ((node_at(context, node)->children.count || node_at(context, node)->closed) &&
        context->policy->nodes[node].strict)
        engine_problem_at(context, at, "type", node, "", "An object is expected here.");
}

/* A member of a closed object that nobody declared: `key` is its name, `at` its place in the event.
 */
static void refuse_member(cst_context *context, uint32_t row, const char *key, uint32_t length,
                          uint64_t at)
{
    char *const behind = arena_allocate(&context->arena, 2 * (size_t)length + 2);
    if (!behind) {
        context->event.no_memory = true;
        return;
    }
    char *next = behind;
    *next++ = '/';
    for (uint32_t i = 0; i < length; i++) {
        if (key[i] == '~' || key[i] == '/')
            *next++ = '~';
        *next++ = (char)(key[i] == '~' ? '0' : key[i] == '/' ? '1' : key[i]);
    }
    *next = '\0';
    engine_problem_at(context, at, "undeclared", row, behind,
                      "The tool takes no argument of this name.");
}

static bool read_tree(cst_context *context, const cst_json *json, uint32_t row)
{
    if (json->kind == JSON_NULL)
        return false;
    const cst_image *const image = context->frame.image;
    const cst_node_row *const node = node_at(context, row);
    const uint64_t at = place(context, json->at);
    for (uint32_t i = 0; i < node->targets.count; i++) {
        const cst_target_row *const target = target_at(context, node, i);
        cst_value *const value = engine_slot(context, target->slot);
        convert_problem problem = {0};
        const bool fits =
            convert_json(&context->convert, target->type, target->interned, json, value, &problem);
        settle(context, row, target, fits, at, &problem, value);
    }
    context->node_stamps[row] = context->stamp;
    if (node->children.count == 0 && !node->closed)
        return true;
    if (json->kind != JSON_OBJECT) {
        event_refuse_scalar(context, row, at);
        return true;
    }
    for (uint32_t i = 0; i < json->length; i++) {
        const json_key *const key = &json->keys[i];
        const uint32_t child = node_child(image, node, key->text, key->length);
        if (child != CST_NONE)
            read_tree(context, &json->items[i], child);
        else if (node->closed)
            refuse_member(context, row, key->text, key->length, place(context, key->at));
    }
    event_check_children(context, row);
    return true;
}

/* A scalar of an open field, as the tree that conversions to `json` want. */
static bool convert_open(cst_context *context, const cst_target_row *target, const cst_json *token,
                         cst_value *value, convert_problem *problem)
{
    cst_json *const json = arena_allocate(&context->arena, sizeof *json);
    if (!json) {
        *problem = (convert_problem){"memory", "", ""};
        return false;
    }
    *json = *token;
    return convert_json(&context->convert, target->type, target->interned, json, value, problem);
}

static bool convert_token(cst_context *context, const cst_target_row *target, const cst_json *token,
                          cst_value *value, convert_problem *problem)
{
    const convert_context *const convert = &context->convert;
    if (kind_of(context, target) == CST_KIND_JSON)
        return convert_open(context, target, token, value, problem);
    switch (token->kind) {
    case JSON_STRING:
        return convert_string(convert, target->type, target->interned, token->text, token->length,
                              token->at, token->at_length, value, problem);
    case JSON_NUMBER:
        return convert_number(convert, target->type, token->text, token->length, token->at,
                              token->at_length, value, problem);
    default:
        return convert_bool(convert, target->type, token->boolean, token->at, token->at_length,
                            value, problem);
    }
}

void event_put_token(cst_context *context, uint32_t row, const cst_target_row *target,
                     const cst_json *token)
{
    cst_value *const value = engine_slot(context, target->slot);
    convert_problem problem = {0};
    const bool fits = convert_token(context, target, token, value, &problem);
    settle(context, row, target, fits, place(context, token->at), &problem, value);
}

static bool read_scalar(cst_context *context, json_scanner *scanner, char first, uint32_t row)
{
    cst_json token = {.kind = JSON_STRING};
    if (first == '"') {
        json_string(scanner);
    } else if (first == 't' || first == 'f') {
        token.kind = JSON_BOOL;
        token.boolean = json_literal(scanner) == 't';
    } else {
        token.kind = JSON_NUMBER;
        json_number(scanner);
    }
    if (scanner->error)
        return false;
    token.text = scanner->text;
    token.length = scanner->length;
    token.at = scanner->at;
    token.at_length = scanner->at_length;
    const uint64_t at = place(context, token.at);
    const cst_node_row *const node = node_at(context, row);
    for (uint32_t i = 0; i < node->targets.count; i++)
        event_put_token(context, row, target_at(context, node, i), &token);
    event_refuse_scalar(context, row, at);
    return true;
}

static void read_object(cst_context *context, json_scanner *scanner, uint32_t row)
{
    const cst_image *const image = context->frame.image;
    const cst_node_row *const node = node_at(context, row);
    uint32_t required = 0;
    if (!json_open(scanner))
        return;
    while (json_next_member(scanner)) {
        const uint32_t child = node_child(image, node, scanner->text, scanner->length);
        if (child == CST_NONE && node->closed)
            refuse_member(context, row, scanner->text, scanner->length,
                          place(context, scanner->at));
        if (child == CST_NONE)
            json_skip(scanner);
        else if (event_read_value(context, scanner, child))
            required += node_at(context, child)->required;
    }
    if (!scanner->error && required != context->policy->nodes[row].required_count)
        event_check_children(context, row);
}

/* Whether a list or an object can be a value of this node at all; if not, no tree is built of it.
 */
static bool wants_tree(const cst_context *context, const cst_node_row *node)
{
    if (node->targets.count && (node->children.count || node->closed))
        return true;
    for (uint32_t i = 0; i < node->targets.count; i++) {
        const uint32_t kind = kind_of(context, target_at(context, node, i));
        if (kind == CST_KIND_LIST || kind == CST_KIND_RECORD || kind == CST_KIND_JSON)
            return true;
    }
    return false;
}

static bool read_nested(cst_context *context, json_scanner *scanner, char first, uint32_t row)
{
    const cst_node_row *const node = node_at(context, row);
    if (first == '{' && node->targets.count == 0) {
        read_object(context, scanner, row);
        return !scanner->error;
    }
    if (wants_tree(context, node)) {
        const cst_json *const json = json_scan_tree(scanner);
        return json && read_tree(context, json, row);
    }
    const uint64_t at = place(context, json_offset(scanner));
    if (!json_skip(scanner))
        return false;
    for (uint32_t i = 0; i < node->targets.count; i++)
        if (target_at(context, node, i)->mode == CST_TARGET_TYPED)
            engine_problem_at(context, at, "type", row, "", "A single value is expected here.");
    event_refuse_scalar(context, row, at);
    return true;
}

bool event_read_value(cst_context *context, json_scanner *scanner, uint32_t row)
{
    const char first = json_peek(scanner);
    if (first == 'n') {
        json_literal(scanner);
        return false;
    }
    const bool there = first == '{' || first == '[' ? read_nested(context, scanner, first, row)
                                                    : read_scalar(context, scanner, first, row);
    if (there)
        context->node_stamps[row] = context->stamp;
    return there;
}

/* ---- stage, tool, and what the engine fills -------------------------------------------------- */

void event_dispatch(cst_context *context, cst_stage stage, const char *tool, uint32_t length)
{
    const cst_image *const image = context->frame.image;
    engine_event *const event = &context->event;
    event->tool_number = 0;
    if (stage == CST_ACTION || stage == CST_RESULT) {
        const uint32_t symbol = symbol_find(image, tool, length);
        if (symbol)
            event->tool_number = CST_ROWS(image, symbols, cst_symbol_row)[symbol - 1].tool;
    }
    event->dispatch_row = image->stages[stage].dispatch.first + event->tool_number;
    event->dispatch = CST_ROWS(image, dispatch, cst_dispatch_row) + event->dispatch_row;
    event->root = event->dispatch->root;
}

static void fill_text(cst_context *context, uint32_t row, const engine_text *text)
{
    const cst_node_row *const node = node_at(context, row);
    const char *const bytes = text->bytes ? text->bytes : "";
    const uint32_t at = text->bytes ? text->at : UINT32_MAX;
    for (uint32_t i = 0; i < node->targets.count; i++) {
        const cst_target_row *const target = target_at(context, node, i);
        cst_value *const value = engine_slot(context, target->slot);
        convert_problem problem = {0};
        if (kind_of(context, target) == CST_KIND_TOOL) {
            *value = (cst_value){.as.integer = context->event.tool_number, .kind = CST_KIND_TOOL};
            value->parts = bytes;
            value->length = value->raw_length = text->length;
            value->at = at;
            value->at_length = text->at_length;
            continue;
        }
        const bool fits = convert_string(&context->convert, target->type, target->interned, bytes,
                                         text->length, at, text->at_length, value, &problem);
        settle(context, row, target, fits, at, &problem, value);
    }
    context->node_stamps[row] = context->stamp;
}

static void fill_time(cst_context *context, uint32_t row)
{
    const cst_node_row *const node = node_at(context, row);
    for (uint32_t i = 0; i < node->targets.count; i++) {
        cst_value *const value = engine_slot(context, target_at(context, node, i)->slot);
        *value = (cst_value){.as.integer = engine_time(context), .kind = CST_KIND_TIME};
        value->at = context->event.time_at_length ? context->event.time_at : UINT32_MAX;
        value->at_length = context->event.time_at_length;
    }
    context->node_stamps[row] = context->stamp;
}

/* Reads a record that an earlier event of the session brought. Its text is copied, so that the
 * session may go first. */
static void read_carried(cst_context *context, const session_record *record, uint32_t node)
{
    const char *const json = arena_copy(&context->arena, record->json, record->json_length);
    if (!json) {
        context->event.no_memory = true;
        return;
    }
    json_scanner *const scanner = &context->scanner;
    engine_event *const event = &context->event;
    const bool elsewhere = event->elsewhere;
    const uint64_t elsewhere_at = event->elsewhere_at;
    event->elsewhere = true;
    event->elsewhere_at = CARRIED_AT;
    json_scan_begin(scanner, json, record->json_length, &context->arena,
                    context->policy->limits.json_depth);
    event_read_value(context, scanner, node);
    event->elsewhere = elsewhere;
    event->elsewhere_at = elsewhere_at;
    if (scanner->error)
        engine_problem_json(context, scanner, CARRIED_AT, node);
}

void event_read_elsewhere(cst_context *context, const cst_json *json, uint32_t node)
{
    engine_event *const event = &context->event;
    const bool elsewhere = event->elsewhere;
    const uint64_t elsewhere_at = event->elsewhere_at;
    event->elsewhere = true;
    event->elsewhere_at = CARRIED_AT;
    read_tree(context, json, node);
    event->elsewhere = elsewhere;
    event->elsewhere_at = elsewhere_at;
}

static void fill_records(cst_context *context)
{
    const cst_image *const image = context->frame.image;
    engine_event *const event = &context->event;
    const session *known = NULL;
    if (image->records.count)
        known = engine_session(context);
    if (!known || !known->records)
        return;
    const cst_record_row *const rows = CST_ROWS(image, records, cst_record_row);
    for (uint32_t i = 0; i < image->records.count; i++) {
        const char *const name = CST_TEXT(image, rows[i].name);
        const uint32_t length = rows[i].name.length;
        const uint32_t node = node_child(image, node_at(context, event->root), name, length);
        if (node == CST_NONE || event->records[i].bytes ||
            context->node_stamps[node] == context->stamp)
            continue;
        const session_record *const record = session_find_record(known, name, length);
        if (record)
            read_carried(context, record, node);
    }
}

void event_complete(cst_context *context)
{
    const policy_root *const root = &context->policy->roots[context->event.dispatch_row];
    if (root->session != CST_NONE)
        fill_text(context, root->session, &context->event.session);
    if (root->tool != CST_NONE && context->event.tool.bytes)
        fill_text(context, root->tool, &context->event.tool);
    if (root->time != CST_NONE)
        fill_time(context, root->time);
    fill_records(context);
    if (root->chain != CST_NONE)
        chain_complete(context, root->chain);
    if (context->policy->nodes[context->event.root].required_count)
        event_check_children(context, context->event.root);
}

/* The JSON of one member of the event, read again. */
static bool read_member_again(cst_context *context, const char *name, const engine_text *json)
{
    const uint32_t node = node_child(context->frame.image, node_at(context, context->event.root),
                                     name, (uint32_t)strlen(name));
    if (!json->bytes || node == CST_NONE)
        return true;
    json_scanner *const scanner = &context->scanner;
    json_scan_begin(scanner, json->bytes, json->length, &context->arena,
                    context->policy->limits.json_depth);
    event_read_value(context, scanner, node);
    return !scanner->error;
}

bool event_read_changed(cst_context *context)
{
    engine_event *const event = &context->event;
    const engine_problem before = event->problem;
    const bool elsewhere = event->elsewhere;
    event->elsewhere = true;
    bool good = true;
    if (event->problem.code) /* an event with a problem is not let through */
        return false;
    if (context->cut_text.bytes) {
        const uint32_t node =
            node_child(context->frame.image, node_at(context, event->root), "text", 4);
        if (node != CST_NONE)
            fill_text(context, node, &context->cut_text);
    }
    good = read_member_again(context, "args", &context->cut_args) &&
           read_member_again(context, "value", &context->cut_value) && !event->problem.code &&
           !event->no_memory;
    event->problem = before;
    event->no_memory = false;
    event->elsewhere = elsewhere;
    return good;
}

uint32_t event_record(const cst_policy *policy, const char *name, uint32_t length)
{
    const cst_image *const image = policy->image;
    const cst_record_row *const rows = CST_ROWS(image, records, cst_record_row);
    uint32_t low = 0, high = image->records.count;
    if (high <= LINEAR_CHILDREN) {
        for (; low < high; low++)
            if (rows[low].name.length == length &&
                same_name(CST_TEXT(image, rows[low].name), name, length))
                return low;
        return CST_NONE;
    }
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const cst_ref ref = rows[policy->record_order[middle]].name;
        const uint32_t shorter = ref.length < length ? ref.length : length;
        int order = memcmp(CST_TEXT(image, ref), name, shorter);
        if (order == 0)
            order = (ref.length > length) - (ref.length < length);
        if (order == 0)
            return policy->record_order[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return CST_NONE;
}

/*
 * event_typed.c - events set field by field, by hosts that hold values already.
 *
 * A field is a node of the field table: the setters put values where the JSON reader would have put
 * them, through the same conversions, so an event that is set and the same event as JSON are
 * decided alike. A handle that was looked up for one tool also serves another whose table has a
 * field of the same path; where there is none the setter says CST_NO_FIELD.
 *
 * A value that does not fit makes the event malformed, as it would in JSON, so a host that ignores
 * statuses gets a deny and never a field that is quietly absent. Order of calls stands for the
 * place in the text: the first wrong setter is reported.
 *
 * A context record that is set field by field counts for its event; one that is set as a whole,
 * with cst_set_json, is carried by the session as if a JSON event had brought it.
 */
#include <string.h>

#include "runtime/engine.h"
#include "runtime/utf8.h"

/* ---- looking fields up ----------------------------------------------------------------------- */

static const cst_node_row *node_rows(const cst_image *image)
{
    return CST_ROWS(image, nodes, cst_node_row);
}

/* The node behind `node` in a walk over the whole tree of `root`, or CST_NONE. */
static uint32_t next_node(const cst_node_row *nodes, uint32_t root, uint32_t node)
{
    if (nodes[node].children.count)
        return nodes[node].children.first;
    while (node != root) {
        const cst_range siblings = nodes[nodes[node].parent].children;
        if (node + 1 < siblings.first + siblings.count)
            return node + 1;
        node = nodes[node].parent;
    }
    return CST_NONE;
}

static bool reads_path(const cst_image *image, const cst_node_row *node, const char *path)
{
    const cst_target_row *const targets = CST_ROWS(image, targets, cst_target_row);
    const cst_slot_row *const slots = CST_ROWS(image, slots, cst_slot_row);
    for (uint32_t i = 0; i < node->targets.count; i++) {
        const uint32_t slot = targets[node->targets.first + i].slot;
        if (strcmp(CST_TEXT(image, slots[slot].path), path) == 0)
            return true;
    }
    return false;
}

/* A member that is itself no field but holds some: `user`, `args.meta`. */
static uint32_t find_by_names(const cst_image *image, uint32_t root, const char *path)
{
    uint32_t node = root;
    while (node != CST_NONE && *path) {
        const size_t length = strcspn(path, ".");
        if (length > LIMIT_STRING_BYTES)
            return CST_NONE;
        node = node_child(image, &node_rows(image)[node], path, (uint32_t)length);
        path += length;
        if (*path == '.' && !*++path)
            return CST_NONE;
    }
    return node == root ? CST_NONE : node;
}

/* Session, time and tool have calls of their own. */
static bool is_filled(const char *path)
{
    return strcmp(path, "session") == 0 || strcmp(path, "time") == 0 || strcmp(path, "tool") == 0;
}

static uint32_t find_field(const cst_image *image, uint32_t root, const char *path)
{
    for (uint32_t node = root; node != CST_NONE; node = next_node(node_rows(image), root, node))
        if (reads_path(image, &node_rows(image)[node], path))
            return node;
    return find_by_names(image, root, path);
}

cst_status cst_policy_field(const cst_policy *policy, cst_stage stage, const char *tool,
                            const char *path, cst_field *out)
{
    if (!policy || !path || !out || (uint32_t)stage >= CST_STAGE_COUNT)
        return CST_BAD_ARGUMENT;
    const cst_image *const image = policy->image;
    const cst_range rows = image->stages[stage].dispatch;
    uint32_t first = 0, behind = rows.count;
    if (is_filled(path))
        return CST_NO_FIELD;
    if (tool && rows.count > 1) {
        const uint32_t symbol = symbol_find(image, tool, strlen(tool));
        first = symbol ? CST_ROWS(image, symbols, cst_symbol_row)[symbol - 1].tool : 0;
        behind = first + 1;
    }
    const cst_dispatch_row *const dispatch =
        CST_ROWS(image, dispatch, cst_dispatch_row) + rows.first;
    for (uint32_t i = first; i < behind; i++) {
        const uint32_t node = find_field(image, dispatch[i].root, path);
        if (node != CST_NONE) {
            *out = node;
            return CST_OK;
        }
    }
    return CST_NO_FIELD;
}

/* The node of the event's own tree that a handle means. */
static uint32_t translate(const cst_context *context, uint32_t node)
{
    const cst_image *const image = context->frame.image;
    const cst_node_row *const nodes = node_rows(image);
    if (context->policy->nodes[node].root == context->event.root)
        return node;
    if (nodes[node].parent == CST_NONE)
        return context->event.root;
    const uint32_t parent = nodes[nodes[node].parent].parent == CST_NONE
                                ? context->event.root
                                : translate(context, nodes[node].parent);
    if (parent == CST_NONE)
        return CST_NONE;
    return node_child(image, &nodes[parent], CST_TEXT(image, nodes[node].name),
                      nodes[node].name.length);
}

/* ---- beginning ------------------------------------------------------------------------------- */

/* Notes a problem at the place of this call. */
static void note(cst_context *context, const char *code, uint32_t node, const char *behind,
                 const char *text)
{
    engine_problem_at(context, context->event.elsewhere_at, code, node, behind, text);
}

/* A bad argument spoils the event: a host that does not look at statuses must not get by without
 * the value it meant. */
static cst_status bad_argument(cst_context *context)
{
    if (context && context->event.phase == ENGINE_BUILDING)
        note(context, "argument", CST_NONE, "", "A setter was called with a bad argument.");
    return CST_BAD_ARGUMENT;
}

/* Each call has its place in the order of problems. False: there is no event to set fields of. */
static bool enter(cst_context *context)
{
    if (!context || context->event.phase != ENGINE_BUILDING)
        return false;
    context->event.elsewhere_at++;
    return true;
}

cst_status cst_event_begin(cst_context *context, cst_stage stage, const char *tool)
{
    if (!context)
        return CST_BAD_ARGUMENT;
    const cst_status status = engine_begin(context);
    if (status != CST_OK)
        return status;
    engine_event *const event = &context->event;
    event->phase = ENGINE_BUILDING;
    event->elsewhere = true;
    if ((uint32_t)stage >= CST_STAGE_COUNT) {
        note(context, "stage", CST_NONE, "/stage",
             "The stage is one of input, output, action, result and message.");
        return CST_BAD_ARGUMENT;
    }
    event->stage = stage;
    event->has_stage = true;
    const bool tools = stage == CST_ACTION || stage == CST_RESULT;
    if (tools && !tool) {
        note(context, "missing", CST_NONE, "/tool", "The tool is missing.");
        return CST_BAD_ARGUMENT;
    }
    if (tools) {
        const size_t length = strlen(tool);
        if (length > context->policy->limits.text_bytes || !utf8_valid(tool, length)) {
            note(context, "encoding", CST_NONE, "/tool",
                 "The tool's name is not UTF-8, or too long.");
            return CST_WRONG_TYPE;
        }
        event->tool = (engine_text){tool, (uint32_t)length, UINT32_MAX, 0};
    }
    event_dispatch(context, stage, event->tool.bytes, event->tool.length);
    return CST_OK;
}

cst_status cst_event_session(cst_context *context, const char *name, size_t length)
{
    if (!enter(context) || (!name && length))
        return bad_argument(context);
    if (length > LIMIT_SESSION_BYTES) {
        note(context, "bound", CST_NONE, "/session", "The session's name is too long.");
        return CST_LIMIT;
    }
    if (length && !utf8_valid(name, length)) {
        note(context, "encoding", CST_NONE, "/session", "The session's name is not UTF-8.");
        return CST_WRONG_TYPE;
    }
    context->event.known = NULL;
    context->event.session = (engine_text){length ? name : "", (uint32_t)length, UINT32_MAX, 0};
    return CST_OK;
}

cst_status cst_event_time(cst_context *context, int64_t microseconds)
{
    if (!enter(context))
        return CST_BAD_ARGUMENT;
    context->event.time = microseconds;
    context->event.has_time = true;
    return CST_OK;
}

/* ---- values ---------------------------------------------------------------------------------- */

static cst_status outcome(const cst_context *context, bool fits)
{
    if (context->event.no_memory)
        return CST_NO_MEMORY;
    return fits ? CST_OK : CST_WRONG_TYPE;
}

/* The node to set, marked as present with all above it; CST_NONE and a status if there is none. */
static uint32_t find_node(cst_context *context, cst_field field, cst_status *status)
{
    *status = CST_BAD_ARGUMENT;
    if (!enter(context))
        return CST_NONE;
    *status = CST_NO_FIELD;
    if (field >= context->frame.image->nodes.count || !context->event.dispatch)
        return CST_NONE;
    const uint32_t node = translate(context, field);
    if (node == CST_NONE || node == context->event.root)
        return CST_NONE;
    const cst_node_row *const nodes = node_rows(context->frame.image);
    for (uint32_t above = nodes[node].parent; above != CST_NONE; above = nodes[above].parent)
        context->node_stamps[above] = context->stamp;
    return node;
}

typedef bool (*write_fn)(cst_context *context, const cst_target_row *target, uint32_t kind,
                         const void *given, cst_value *out, convert_problem *problem);

/* Puts one value into all targets of a node. */
static cst_status set(cst_context *context, cst_field field, write_fn write, const void *given)
{
    cst_status status;
    const uint32_t row = find_node(context, field, &status);
    if (row == CST_NONE)
        return status;
    const cst_image *const image = context->frame.image;
    const cst_node_row *const node = &node_rows(image)[row];
    bool fits = true;
    context->node_stamps[row] = context->stamp;
    for (uint32_t i = 0; i < node->targets.count; i++) {
        const cst_target_row *const target =
            CST_ROWS(image, targets, cst_target_row) + node->targets.first + i;
        const uint32_t kind = CST_ROWS(image, types, cst_type_row)[target->type].kind;
        cst_value *const value = engine_slot(context, target->slot);
        convert_problem problem = {"type", "", "The value does not fit the type of the field."};
        memset(value, 0, sizeof *value);
        if (write(context, target, kind, given, value, &problem)) {
            value->at = UINT32_MAX;
            continue;
        }
        memset(value, 0, sizeof *value);
        if (target->mode == CST_TARGET_TYPED || strcmp(problem.code, "memory") == 0) {
            engine_problem_convert(context, context->event.elsewhere_at, row, &problem);
            fits = false;
        }
    }
    if (node->targets.count == 0 && context->policy->nodes[row].strict) {
        note(context, "type", row, "", "An object is expected here.");
        fits = false;
    }
    return outcome(context, fits);
}

static bool write_json(cst_context *context, const cst_target_row *target, cst_json token,
                       cst_value *out, convert_problem *problem)
{
    cst_json *const json = arena_allocate(&context->arena, sizeof *json);
    if (!json) {
        *problem = (convert_problem){"memory", "", ""};
        return false;
    }
    *json = token;
    return convert_json(&context->convert, target->type, target->interned, json, out, problem);
}

static bool write_bool(cst_context *context, const cst_target_row *target, uint32_t kind,
                       const void *given, cst_value *out, convert_problem *problem)
{
    const bool truth = *(const bool *)given;
    if (kind == CST_KIND_JSON)
        return write_json(context, target, (cst_json){.kind = JSON_BOOL, .boolean = truth}, out,
                          problem);
    return convert_bool(&context->convert, target->type, truth, UINT32_MAX, 0, out, problem);
}

/* A number that is not of the field's own kind goes through its JSON text: one meaning for both
 * ways in. */
static bool write_number(cst_context *context, const cst_target_row *target, uint32_t kind,
                         const void *given, cst_value *out, convert_problem *problem)
{
    const cst_value *const number = given;
    if (number->kind == kind) {
        *out = *number;
        return true;
    }
    buffer text;
    buffer_init(&text, &context->allocator, 0);
    value_show(&text, number, context->frame.image, target->type);
    const char *const copy =
        text.failed ? NULL : arena_copy(&context->arena, text.bytes, text.length);
    const uint32_t length = (uint32_t)text.length;
    buffer_free(&text);
    if (!copy) {
        *problem = (convert_problem){"memory", "", ""};
        return false;
    }
    if (kind == CST_KIND_JSON)
        return write_json(context, target,
                          (cst_json){.kind = JSON_NUMBER, .text = copy, .length = length}, out,
                          problem);
    return convert_number(&context->convert, target->type, copy, length, UINT32_MAX, 0, out,
                          problem);
}

static bool write_infinite(cst_context *context, const cst_target_row *target, uint32_t kind,
                           const void *given, cst_value *out, convert_problem *problem)
{
    (void)context, (void)target, (void)kind, (void)given, (void)out;
    *problem = (convert_problem){"value", "", "The number is not finite."};
    return false;
}

static bool write_string(cst_context *context, const cst_target_row *target, uint32_t kind,
                         const void *given, cst_value *out, convert_problem *problem)
{
    const engine_text *const text = given;
    if (kind == CST_KIND_JSON)
        return write_json(
            context, target,
            (cst_json){.kind = JSON_STRING, .text = text->bytes, .length = text->length}, out,
            problem);
    return convert_string(&context->convert, target->type, target->interned, text->bytes,
                          text->length, UINT32_MAX, 0, out, problem);
}

/* ---- values that need no conversion ---------------------------------------------------------- */

/* The node that takes values of this form as they are, where nothing else has to be said. NULL:
 * set() finds out. */
static inline const policy_node *plain_node(const cst_context *context, cst_field field,
                                            policy_form form)
{
    if (!context || context->event.phase != ENGINE_BUILDING || !context->event.dispatch ||
        field >= context->frame.image->nodes.count)
        return NULL;
    const policy_node *const node = &context->policy->nodes[field];
    return node->form == form && node->root == context->event.root && node->parent != CST_NONE
               ? node
               : NULL;
}

static inline cst_status put_plain(cst_context *context, const policy_node *node, cst_value value)
{
    const policy_node *const nodes = context->policy->nodes;
    context->event.elsewhere_at++;
    for (uint32_t row = node->row; row != CST_NONE; row = nodes[row].parent)
        context->node_stamps[row] = context->stamp;
    value.at = UINT32_MAX;
    *engine_slot(context, node->slot) = value;
    return outcome(context, true);
}

/* False: the text goes the long way. */
static inline bool put_plain_text(cst_context *context, cst_field field, const char *text,
                                  uint32_t length, cst_status *status)
{
    const policy_node *node = plain_node(context, field, POLICY_STRING);
    cst_value value = {.raw_length = length};
    if (node && length <= node->bound) {
        value.as.text = text;
        value.length = length;
        value.kind = CST_KIND_STRING;
        value.symbol = node->interned ? convert_symbol(&context->convert, text, length) : 0;
    } else if ((node = plain_node(context, field, POLICY_ENUM)) && length <= node->bound) {
        const uint32_t index =
            convert_name(&context->convert, &context->types[node->type], text, length);
        if (index == CST_NONE)
            return false;
        value.as.integer = index;
        value.kind = CST_KIND_ENUM;
    } else {
        return false;
    }
    *status = put_plain(context, node, value);
    return true;
}

cst_status cst_set_bool(cst_context *context, cst_field field, bool value)
{
    const policy_node *const plain = plain_node(context, field, POLICY_BOOL);
    if (plain)
        return put_plain(context, plain, (cst_value){.as.integer = value, .kind = CST_KIND_BOOL});
    return set(context, field, write_bool, &value);
}

cst_status cst_set_int(cst_context *context, cst_field field, int64_t value)
{
    const policy_node *const plain = plain_node(context, field, POLICY_NUMBER);
    if (plain && !plain->decimal)
        return put_plain(context, plain, (cst_value){.as.integer = value, .kind = CST_KIND_INT});
    return set(context, field, write_number,
               &(cst_value){.as.integer = value, .kind = CST_KIND_INT});
}

cst_status cst_set_float(cst_context *context, cst_field field, double value)
{
    const bool finite = value - value == 0.0;
    return set(context, field, finite ? write_number : write_infinite,
               &(cst_value){.as.number = value, .kind = CST_KIND_FLOAT});
}

cst_status cst_set_decimal(cst_context *context, cst_field field, int64_t millionths)
{
    const policy_node *const plain = plain_node(context, field, POLICY_NUMBER);
    if (plain && plain->decimal)
        return put_plain(context, plain,
                         (cst_value){.as.integer = millionths, .kind = CST_KIND_DECIMAL});
    return set(context, field, write_number,
               &(cst_value){.as.integer = millionths, .kind = CST_KIND_DECIMAL});
}

/* Text that could not have come as JSON. */
static cst_status refuse_text(cst_context *context, cst_field field, bool too_long)
{
    cst_status status;
    const uint32_t node = find_node(context, field, &status);
    if (node == CST_NONE)
        return status;
    note(context, too_long ? "bound" : "encoding", node, "",
         too_long ? "The text is too long." : "The text is not UTF-8.");
    return too_long ? CST_LIMIT : CST_WRONG_TYPE;
}

cst_status cst_set_string(cst_context *context, cst_field field, const char *text, size_t length)
{
    if (!text && length)
        return bad_argument(context);
    if (length > LIMIT_TEXT_BYTES)
        return refuse_text(context, field, true);
    if (length && !utf8_valid(text, length))
        return refuse_text(context, field, false);
    cst_status status;
    if (put_plain_text(context, field, length ? text : "", (uint32_t)length, &status))
        return status;
    return set(context, field, write_string,
               &(engine_text){length ? text : "", (uint32_t)length, UINT32_MAX, 0});
}

/* ---- values as JSON -------------------------------------------------------------------------- */

/* Reads a whole JSON text along a node (CST_NONE: only checks it). */
static cst_status read_json(cst_context *context, uint32_t node, const char *json, size_t length)
{
    const uint64_t at = context->event.elsewhere_at;
    if (length > context->policy->limits.event_bytes) {
        note(context, "limit", node, "", "The value is too large.");
        return CST_LIMIT;
    }
    const uint64_t before = context->event.problem.at;
    json_scanner *const scanner = &context->scanner;
    json_scan_begin(scanner, json, length, &context->arena, context->policy->limits.json_depth);
    if (node == CST_NONE)
        json_skip(scanner);
    else
        event_read_value(context, scanner, node);
    if (scanner->error || !json_finish(scanner)) {
        engine_problem_json(context, scanner, at, node);
        return context->event.no_memory ? CST_NO_MEMORY : CST_WRONG_TYPE;
    }
    return outcome(context, context->event.problem.at == before);
}

static void keep_record(cst_context *context, uint32_t node, const char *json, size_t length)
{
    const cst_image *const image = context->frame.image;
    const cst_node_row *const row = &node_rows(image)[node];
    if (row->parent != context->event.root)
        return;
    const uint32_t record =
        event_record(context->policy, CST_TEXT(image, row->name), row->name.length);
    if (record != CST_NONE && context->node_stamps[node] == context->stamp)
        context->event.records[record] = (engine_text){json, (uint32_t)length, UINT32_MAX, 0};
}

cst_status cst_set_json(cst_context *context, cst_field field, const char *json, size_t length)
{
    if (!json)
        return bad_argument(context);
    cst_status status;
    const uint32_t node = find_node(context, field, &status);
    if (node == CST_NONE)
        return status;
    status = read_json(context, node, json, length);
    if (status == CST_OK)
        keep_record(context, node, json, length);
    return status;
}

cst_status cst_event_args_json(cst_context *context, const char *json, size_t length)
{
    if (!enter(context) || !json)
        return bad_argument(context);
    if (!context->event.dispatch)
        return CST_NO_FIELD;
    const cst_image *const image = context->frame.image;
    const cst_node_row *const root = &node_rows(image)[context->event.root];
    const cst_status status = read_json(context, node_child(image, root, "args", 4), json, length);
    if (status == CST_OK) {
        json_scanner *const scanner = &context->scanner;
        json_restart(scanner, 0);
        if (json_peek(scanner) != 'n')
            context->event.args = (engine_text){json, (uint32_t)length, UINT32_MAX, 0};
        context->event.hashable = true;
    }
    return status;
}

/* ---- deciding -------------------------------------------------------------------------------- */

/* Required members of every record that is there. */
static void check_records(cst_context *context)
{
    const policy_node *const nodes = context->policy->nodes;
    for (uint32_t row = nodes[context->event.root].next_strict; row != CST_NONE;
         row = nodes[row].next_strict)
        if (context->node_stamps[row] == context->stamp)
            event_check_children(context, row);
}

cst_status cst_decide(cst_context *context, cst_decision *decision)
{
    if (!decision)
        return CST_BAD_ARGUMENT;
    if (!context || context->event.phase != ENGINE_BUILDING)
        return engine_refuse(context, CST_BAD_ARGUMENT, decision);
    if (context->event.dispatch) {
        event_complete(context);
        check_records(context);
    }
    return engine_finish(context, decision);
}

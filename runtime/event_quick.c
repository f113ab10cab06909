/*
 * event_quick.c - the event reader for events as they nearly always are; event.c and event_json.c
 * say what reading means.
 *
 * This reader may give up at any byte: it answers false, and the event is begun again and read by
 * the careful one, which alone knows errors, escapes in keys, members before their tool, and
 * objects of more than JSON_LINEAR_KEYS members. So nothing here decides what is refused: it only
 * has to be right about what it takes, and never takes what the careful reader would refuse or
 * would read otherwise (tests/unit/runtime_reader_test.c holds both against each other). An event
 * is read twice at most.
 *
 * What makes it quick. The place of reading stays in a register (json_read.h). What a node's row,
 * target and type say stands together, in policy_node. A declared member needs no comparison with
 * the keys before it: one bit a member tells whether it came. And senders write the members of a
 * tool's arguments in the same order each time: `follows` holds, for each member, the one that came
 * behind it last time, so that most keys are not looked up but compared with the one that is
 * expected. A wrong guess costs that comparison and nothing else. Keys that nobody reads are
 * remembered by the context for the same end (engine_unread); what it says of them is true of the
 * policy, so one that is out of date is no danger.
 *
 * Recursion follows nodes and nested objects at once, as in event.c.
 */
#include <string.h>

#include "runtime/engine.h"
#include "runtime/json_read.h"

/* What is done for each member must not be a call: its many values would go through memory. */
#define INLINE __attribute__((always_inline)) static inline

#define QUICK_DIGITS 18u /* always fit in 64 bits */

/*
 * One object. Behind the event stands a NUL (json_scan_begin_padded), which is no character that
 * any step here takes: so no step asks where the end is.
 */
typedef struct object {
    uint64_t known;        /* bit policy_node.number: this declared or fixed member came already */
    uint32_t first, count; /* children that keys may be */
    /* what was guessed to come next: behind the member that was read last, or at the beginning of
     * the object; a row, or from `all` on an engine_unread */
    uint32_t *guess;
    uint32_t keys;
} object;

/* What every step of the reader needs. */
typedef struct quick {
    cst_context *context;
    json_scanner *scanner;
    const policy_node *nodes;
    uint32_t *follows;
    uint32_t node_count; /* the fixed members stand behind */
    uint32_t all;        /* with them */
} quick;

static inline const char *pass(const char *next)
{
    if ((unsigned char)*next > ' ') /* as in nearly all events */
        return next;
    while (*next == ' ' || *next == '\n' || *next == '\r' || *next == '\t')
        next++;
    return next;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* Whether the key that starts at `quote` is this one, with its closing quote. */
static inline bool is_key(const char *key, uint32_t mask, uint32_t length, const char *quote)
{
#if defined(__SSE2__)
    const __m128i bytes =
        _mm_loadu_si128((const __m128i *)(const void *)(quote + 1)); /* the padding is one load */
    const __m128i name = _mm_loadu_si128((const __m128i *)(const void *)key);
    const uint32_t other = ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, name));
    (void)length;
    return (other & mask) == 0;
#else
    (void)mask;
    return memcmp(quote + 1, key, length + (size_t)1) == 0;
#endif
}

static uint32_t fixed_key(const quick *reader, const char *key, uint32_t length)
{
    for (uint32_t i = 0; i < POLICY_FIXED; i++)
        if (reader->nodes[reader->node_count + i].key_length == length &&
            same_name(reader->nodes[reader->node_count + i].key, key, length))
            return reader->node_count + i;
    return CST_NONE;
}

/* Keeps a key that nobody reads, as what comes here. */
static void keep_unread(quick *reader, object *object, uint32_t node, const char *quote,
                        uint32_t length)
{
    cst_context *const context = reader->context;
    const uint32_t number = context->unread_next++ % ENGINE_UNREAD;
    engine_unread *const unread = &context->unread[number];
    *object->guess = reader->all + number;
    *unread = (engine_unread){.tag = key_tag(reader->scanner, quote + 1, length),
                              .parent = node,
                              .key_mask = (uint16_t)((2u << length) - 1),
                              .key_length = (uint8_t)length};
    memcpy(unread->key, quote + 1, length + (size_t)1);
    object->guess = &unread->follower;
}

/* A key that was not expected, up to its closing quote. */
static const char *other_key(quick *reader, object *object, uint32_t node, const char *quote,
                             const policy_node **member)
{
    cst_context *const context = reader->context;
    json_scanner *const scanner = reader->scanner;
    const bool outermost = scanner->depth == 1;
    const char *const next = plain_run(quote + 1, scanner->end, scanner->readable);
    if (*next != '"')
        return NULL;
    const uint32_t length = (uint32_t)(next - quote - 1);
    uint32_t row = outermost ? fixed_key(reader, quote + 1, length) : CST_NONE;
    if (row == CST_NONE) {
        if (outermost && !context->event.dispatch)
            return NULL; /* nobody knows yet what it is */
        row = node_child(context->frame.image, &context->nodes[node], quote + 1, length);
        if (row != CST_NONE && row - object->first >= POLICY_NUMBERED)
            return NULL; /* it has no bit of its own */
    }
    if (row == CST_NONE) {
        if (!outermost && length < sizeof((engine_unread *)0)->key)
            keep_unread(reader, object, node, quote, length);
        scanner->text = quote + 1;
        scanner->length = length;
        scanner->at = (uint32_t)(quote - scanner->start);
        *member = NULL;
        return json_note_key(scanner) ? next + 1 : NULL;
    }
    *object->guess = row;
    *member = &reader->nodes[row];
    return next + 1;
}

/* A key where one that nobody reads is expected. */
static const char *unread_key(quick *reader, object *object, uint32_t node, bool outermost,
                              const char *quote, const policy_node **member)
{
    engine_unread *const unread = &reader->context->unread[*object->guess - reader->all];
    if (outermost || unread->parent != node ||
        !is_key(unread->key, unread->key_mask, unread->key_length, quote))
        return other_key(reader, object, node, quote, member);
    json_scanner *const scanner = reader->scanner;
    scanner->text = quote + 1;
    scanner->length = unread->key_length;
    scanner->at = (uint32_t)(quote - scanner->start);
    object->guess = &unread->follower;
    *member = NULL;
    return json_note_tagged_key(scanner, unread->tag) ? quote + scanner->length + 2 : NULL;
}

/* The key at `next`, its colon, and the white space behind. *member is NULL where nobody reads it.
 */
INLINE const char *read_key(quick *reader, object *object, uint32_t node, bool outermost,
                            const char *next, const policy_node **member)
{
    if (*next != '"' || ++object->keys > JSON_LINEAR_KEYS)
        return NULL;
    const uint32_t guess = *object->guess;
    const policy_node *found = NULL;
    if (guess >= reader->all) {
        next = unread_key(reader, object, node, outermost, next, &found);
        if (!next)
            return NULL;
    } else if (found = &reader->nodes[guess],
               is_key(found->key, found->key_mask, found->key_length, next) &&
                   (found->row - object->first < object->count ||
                    (outermost && found->row >= reader->node_count))) {
        next += found->key_length + 2u;
    } else {
        next = other_key(reader, object, node, next, &found);
        if (!next)
            return NULL;
    }
    *member = found;
    if (found) {
        const uint64_t bit = UINT64_C(1) << (found->number & 63);
        if (object->known & bit)
            return NULL;
        object->known |= bit;
        object->guess = &reader->follows[(size_t)2 * found->row];
    }
    next = pass(next);
    return *next == ':' ? pass(next + 1) : NULL;
}

/* Behind a value: what comes next is a key (at *next), or the object has ended (and *next is behind
 * it). False: neither. */
static inline bool pass_comma(const quick *reader, const char **next, bool *ended)
{
    const char *at = pass(*next);
    *ended = *at == '}';
    if (*ended)
        *next = json_close_level(reader->scanner, at);
    else if (*at == ',')
        *next = pass(at + 1);
    else
        return false;
    return *next != NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* The text at `next`; its bytes and length go to the scanner, as what stands in the event. */
static inline const char *read_text(const quick *reader, const char *next)
{
    return *next == '"' ? json_read_string(reader->scanner, next, true) : NULL;
}

static inline void put_string(const quick *reader, const policy_node *node, const char *quote,
                              uint32_t length)
{
    cst_context *const context = reader->context;
    *engine_slot(context, node->slot) = (cst_value){
        .as.text = quote + 1,
        .length = length,
        .raw_length = length,
        .kind = CST_KIND_STRING,
        .at = (uint32_t)(quote - reader->scanner->start),
        .at_length = length + 2,
        .symbol = node->interned ? convert_symbol(&context->convert, quote + 1, length) : 0};
}

/* A text for whatever the node has targets. */
static void put_text(cst_context *context, uint32_t row, const json_scanner *scanner)
{
    const cst_node_row *const node = &context->nodes[row];
    const cst_json token = {.kind = JSON_STRING,
                            .text = scanner->text,
                            .length = scanner->length,
                            .at = scanner->at,
                            .at_length = scanner->at_length};
    for (uint32_t i = 0; i < node->targets.count; i++)
        event_put_token(context, row, &context->targets[node->targets.first + i], &token);
    if (node->children.count || node->closed)
        event_refuse_scalar(context, row, token.at);
}

/* A number without an exponent and with few digits: NULL if it is none. */
static inline const char *put_number(const quick *reader, const policy_node *node,
                                     const char *start)
{
    const bool negative = *start == '-';
    const char *next = start + negative, *const whole = next;
    uint32_t places = 0;
    int64_t number = 0;
    for (; *next >= '0' && *next <= '9' && next - whole < (ptrdiff_t)QUICK_DIGITS; next++)
        number = number * 10 + (*next - '0');
    if (next == whole || (*whole == '0' && next - whole > 1))
        return NULL;
    if (*next == '.' && node->decimal) {
        for (next++; *next >= '0' && *next <= '9' && next - whole <= (ptrdiff_t)QUICK_DIGITS;
             next++, places++)
            number = number * 10 + (*next - '0');
        if (places == 0 || places > 6)
            return NULL;
    }
    if (*next == '.' || *next == 'e' || *next == 'E' || (*next >= '0' && *next <= '9'))
        return NULL;
    static const int64_t scale[7] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    if (node->decimal && __builtin_mul_overflow(number, scale[places], &number))
        return NULL;
    const uint32_t length = (uint32_t)(next - start);
    *engine_slot(reader->context, node->slot) =
        (cst_value){.as.integer = negative ? -number : number,
                    .kind = node->decimal ? CST_KIND_DECIMAL : CST_KIND_INT,
                    .raw_length = length,
                    .at = (uint32_t)(start - reader->scanner->start),
                    .at_length = length};
    return next;
}

/* The name of an enum's value; NULL if it is none. */
static inline const char *put_enum(const quick *reader, const policy_node *node, const char *quote)
{
    cst_context *const context = reader->context;
    const char *const behind =
        plain_run(quote + 1, reader->scanner->end, reader->scanner->readable);
    const size_t length = (size_t)(behind - quote) - 1;
    if (*behind != '"' || length > node->bound)
        return NULL;
    const uint32_t index =
        convert_name(&context->convert, &context->types[node->type], quote + 1, (uint32_t)length);
    if (index == CST_NONE)
        return NULL;
    *engine_slot(context, node->slot) =
        (cst_value){.as.integer = index,
                    .kind = CST_KIND_ENUM,
                    .raw_length = (uint32_t)length,
                    .at = (uint32_t)(quote - reader->scanner->start),
                    .at_length = (uint32_t)length + 2};
    return behind + 1;
}

static inline const char *put_bool(const quick *reader, const policy_node *node, const char *start)
{
    const bool truth = *start == 't';
    const uint32_t length = truth ? 4 : 5;
    if (memcmp(start, truth ? "true" : "fals", 4) != 0 || start[length - 1] != 'e')
        return NULL;
    *engine_slot(reader->context, node->slot) =
        (cst_value){.as.integer = truth,
                    .kind = CST_KIND_BOOL,
                    .at = (uint32_t)(start - reader->scanner->start),
                    .at_length = length};
    return start + length;
}

/* Any value, by event.c. */
static const char *read_carefully(const quick *reader, const char *next, uint32_t row, bool *there)
{
    json_scanner *const scanner = reader->scanner;
    scanner->next = next;
    scanner->pending = true;
    *there = event_read_value(reader->context, scanner, row);
    return scanner->error ? NULL : scanner->next;
}

static const char *skip(const quick *reader, const char *next)
{
    if (*next == '"') /* as most of what nobody reads: it is only checked */
        return json_read_string(reader->scanner, next, false);
    reader->scanner->next = next;
    reader->scanner->pending = true;
    return json_skip(reader->scanner) ? reader->scanner->next : NULL;
}

static const char *read_object(quick *reader, const char *next, const policy_node *node);

/* A value that is not of the kinds below. */
static const char *read_other(quick *reader, const char *next, const policy_node *node, bool *there)
{
    cst_context *const context = reader->context;
    const uint32_t row = node->row;
    const char *behind;
    *there = true;
    if (*next == '"') {
        behind = json_read_string(reader->scanner, next, true);
        if (behind)
            put_text(context, row, reader->scanner);
    } else if (*next == '{' && node->form == POLICY_OBJECT) {
        behind = read_object(reader, next, node);
    } else {
        return read_carefully(reader, next, row, there);
    }
    if (behind)
        context->node_stamps[row] = context->stamp;
    return behind;
}

/* The value at `next`, which is no white space, into the slots of a node. */
INLINE const char *read_value(quick *reader, const char *next, const policy_node *node, bool *there)
{
    cst_context *const context = reader->context;
    json_scanner *const scanner = reader->scanner;
    const char *behind = NULL;
    if (node->form == POLICY_STRING && *next == '"') {
        behind = plain_run(next + 1, scanner->end, scanner->readable);
        const size_t length = (size_t)(behind - next) - 1;
        if (*behind == '"' && length <= node->bound) {
            put_string(reader, node, next, (uint32_t)length);
            behind++;
        } else {
            behind = NULL;
        }
    } else if (node->form == POLICY_NUMBER) {
        behind = put_number(reader, node, next);
    } else if (node->form == POLICY_ENUM && *next == '"') {
        behind = put_enum(reader, node, next);
    } else if (node->form == POLICY_BOOL && (*next == 't' || *next == 'f')) {
        behind = put_bool(reader, node, next);
    }
    if (!behind)
        return read_other(reader, next, node, there);
    *there = true;
    context->node_stamps[node->row] = context->stamp;
    return behind;
}

static const char *read_object(quick *reader, const char *next, const policy_node *node)
{
    cst_context *const context = reader->context;
    const uint32_t row = node->row;
    const policy_node *child;
    const cst_range children = context->nodes[row].children;
    object object = {.first = children.first,
                     .guess = &reader->follows[(size_t)2 * row + 1],
                     .count = children.count < POLICY_NUMBERED ? children.count : POLICY_NUMBERED};
    uint32_t required = 0;
    next = json_open_level(reader->scanner, next);
    if (!next)
        return NULL;
    next = pass(next);
    bool ended = *next == '}';
    if (ended)
        next = json_close_level(reader->scanner, next);
    while (next && !ended) {
        bool there = false;
        next = read_key(reader, &object, row, false, next, &child);
        if (!next)
            return NULL;
        if (!child && context->nodes[row].closed)
            return NULL; /* it is malformed: the careful reader says how */
        next = !child ? skip(reader, next) : read_value(reader, next, child, &there);
        if (!next || !pass_comma(reader, &next, &ended))
            return NULL;
        if (there)
            required += child->required;
    }
    if (next && required != node->required_count)
        event_check_children(context, row);
    return next;
}

/* ---- the members that every event has -------------------------------------------------------- */

static engine_text text_of(const json_scanner *scanner)
{
    return (engine_text){scanner->text, scanner->length, scanner->at, scanner->at_length};
}

/* A value as it is written. */
static engine_text whole_text(const json_scanner *scanner, const char *start, const char *behind)
{
    return (engine_text){start, (uint32_t)(behind - start), (uint32_t)(start - scanner->start),
                         (uint32_t)(behind - start)};
}

static bool take_stage(engine_event *event, const json_scanner *scanner)
{
    static const struct {
        const char *name;
        uint32_t length;
        cst_stage stage;
    } stages[] = {{"action", 6, CST_ACTION},
                  {"result", 6, CST_RESULT},
                  {"input", 5, CST_INPUT},
                  {"output", 6, CST_OUTPUT},
                  {"message", 7, CST_MESSAGE}};
    for (uint32_t i = 0; i < sizeof stages / sizeof *stages; i++)
        if (stages[i].length == scanner->length &&
            same_name(stages[i].name, scanner->text, scanner->length)) {
            event->stage = stages[i].stage;
            event->has_stage = true;
            return true;
        }
    return false;
}

static const char *read_fixed(quick *reader, const char *next, uint32_t fixed)
{
    json_scanner *const scanner = reader->scanner;
    engine_event *const event = &reader->context->event;
    const char *const start = next;
    const char first = *start;
    if (fixed == POLICY_APPROVALS || (fixed == POLICY_ID && first != '"')) {
        next = skip(reader, start);
        if (next && fixed == POLICY_APPROVALS)
            event->approvals = whole_text(scanner, start, next);
        else if (next && (first == '-' || (first >= '0' && first <= '9')))
            event->id = whole_text(scanner, start, next);
        return next;
    }
    next = read_text(reader, start);
    if (!next)
        return NULL;
    const engine_text text = text_of(scanner);
    switch (fixed) {
    case POLICY_STAGE:
        if (!take_stage(event, scanner))
            return NULL;
        break;
    case POLICY_TOOL: event->tool = text; break;
    case POLICY_SESSION:
        event->session = text;
        return text.length <= LIMIT_SESSION_BYTES ? next : NULL;
    case POLICY_TIME:
        event->time_at = text.at;
        event->time_at_length = text.at_length;
        event->has_time = time_parse(text.bytes, text.length, &event->time);
        return event->has_time ? next : NULL;
    default: event->id = whole_text(scanner, start, next); return next;
    }
    if (!event->dispatch && event->has_stage &&
        (event->tool.bytes || (event->stage != CST_ACTION && event->stage != CST_RESULT)))
        event_dispatch(reader->context, event->stage, event->tool.bytes, event->tool.length);
    return next;
}

/* A member that is not fixed, with all that is kept of it beside its slots. */
static const char *read_member(quick *reader, const char *quote, const char *start,
                               const policy_node *node)
{
    bool there;
    const char *const next = !node ? skip(reader, start) : read_value(reader, start, node, &there);
    if (!next || *start == 'n')
        return next;
    const engine_text text = whole_text(reader->scanner, start, next);
    engine_event *const event = &reader->context->event;
    if (!node) {
        const char *const key = quote + 1;
        event_keep_member(reader->context, key,
                          (uint32_t)((const char *)memchr(key, '"', (size_t)(start - key)) - key),
                          &text);
        return next;
    }
    if (node->keep == POLICY_KEEP_ARGS)
        event->args = text;
    else if (node->keep == POLICY_KEEP_TEXT)
        event->text = text;
    else if (node->keep == POLICY_KEEP_VALUE)
        event->value = text;
    if (node->record)
        event->records[node->record - 1] = text;
    return next;
}

bool event_read_quickly(cst_context *context)
{
    json_scanner *const scanner = &context->scanner;
    engine_event *const event = &context->event;
    const uint32_t count = context->frame.image->nodes.count;
    quick reader = {context,          scanner, context->policy->nodes,
                    context->follows, count,   count + POLICY_FIXED};
    object members = {.guess = &context->follows[(size_t)2 * (count + POLICY_FIXED)]};
    if (json_peek(scanner) != '{')
        return false;
    const char *next = json_open_level(scanner, scanner->next);
    if (!next)
        return false;
    next = pass(next);
    for (bool ended = false; !ended;) {
        const policy_node *member;
        const char *const quote = next;
        if (event->dispatch && members.count == 0) {
            const cst_range children = context->nodes[event->root].children;
            members.first = children.first;
            members.count = children.count < POLICY_NUMBERED ? children.count : POLICY_NUMBERED;
        }
        next = read_key(&reader, &members, event->root, true, next, &member);
        if (!next)
            return false;
        next = member && member->row >= count ? read_fixed(&reader, next, member->row - count)
                                              : read_member(&reader, quote, next, member);
        if (!next || !pass_comma(&reader, &next, &ended))
            return false;
    }
    scanner->next = next;
    scanner->pending = false;
    return event->dispatch && json_finish(scanner);
}

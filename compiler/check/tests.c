/*
 * tests.c - `test` blocks: every name resolved, every value held against its declaration, every
 * event written as JSON.
 *
 * A test speaks the language of events, so a misspelt argument in it would test nothing: it is an
 * error, as a value is that the declared type does not hold. What is left out may be left out: a
 * test gives the fields that it is about, and those that rules read (tests_missing.c). An event of
 * which `expect malformed` is said may be wrong in every way that its types know. A `result`
 * without arguments answers the latest `action` of its tool in the same test, and carries that
 * action's.
 *
 * Steps whose meaning belongs to parts of the language that are not decided yet are errors, not
 * skipped.
 */
#include <string.h>

#include "compiler/check/tools.h"
#include "runtime/identity.h"
#include "runtime/limits.h"
#include "runtime/utf8.h"

/* What is written goes to the arena: a buffer of its own would be lost when memory runs out. */
static void *arena_take(void *user, size_t size)
{
    return arena_allocate(user, size);
}

static void *arena_retake(void *user, void *old, size_t old_size, size_t size)
{
    void *const fresh = arena_allocate(user, size);
    if (old_size > 0)
        memcpy(fresh, old, old_size < size ? old_size : size);
    return fresh;
}

static void arena_keep(void *user, void *old, size_t size)
{
    (void)user;
    (void)old;
    (void)size;
}

static void arena_buffer(checker *checker, buffer *out)
{
    const cst_allocator allocator = {arena_take, arena_retake, arena_keep, checker->arena};
    buffer_init(out, &allocator, 0);
}

/* ---- values against types -------------------------------------------------------------------- */

static const char *kind_of_json(ast_json_kind kind)
{
    switch (kind) {
    case AST_JSON_NULL: return "null";
    case AST_JSON_BOOL: return "a bool";
    case AST_JSON_NUMBER: return "a number";
    case AST_JSON_STRING: return "a text";
    case AST_JSON_NAME: return "a name";
    case AST_JSON_LIST: return "a list";
    case AST_JSON_OBJECT: return "an object";
    }
    return "a value";
}

static void mismatch(checker *checker, const ast_json *json, const type *type, const char *why)
{
    diagnostic *const d = diagnostic_report(
        checker->compilation, E_TEST_VALUE, json->range, "%s is given where %s is declared",
        kind_of_json(json->kind), type_with_article(checker, type));
    if (why != NULL)
        diagnostic_label(checker->compilation, d, "%s", why);
    else if (type_is_number(type))
        diagnostic_mend(checker->compilation, d, json->range, NULL,
                        "give a number, without quotes");
    else if (type->kind == CST_KIND_LIST)
        diagnostic_mend(checker->compilation, d, json->range, NULL, "give a list: `[…]`");
    else if (type->kind == CST_KIND_RECORD)
        diagnostic_mend(checker->compilation, d, json->range, NULL, "give an object: `{ … }`");
    else if (type_is_text(type))
        diagnostic_mend(checker->compilation, d, json->range, NULL, "give a text in quotes");
}

static void value_check(checker *checker, unit *unit, const ast_json *json, const type *type);

static void text_check(checker *checker, unit *unit, const ast_json *json, const type *type)
{
    if (json->kind != AST_JSON_STRING && json->kind != AST_JSON_NAME) {
        mismatch(checker, json, type, NULL);
        return;
    }
    const bool named = type->kind == CST_KIND_ENUM || type->kind == CST_KIND_AGENT;
    const set_element element = {
        .kind = named && json->kind == AST_JSON_NAME ? AST_PATH : AST_STRING, .text = json->text};
    cst_value value;
    if (!literal_read(checker, unit, &element, json->range, type, &value) || type->bound == 0)
        return;
    if (utf8_count(json->text.bytes, json->text.length) > type->bound)
        mismatch(checker, json, type, "it is longer than its type allows");
}

static void number_check(checker *checker, const ast_json *json, const type *type)
{
    cst_value value;
    if (json->kind != AST_JSON_NUMBER)
        mismatch(checker, json, type, NULL);
    else if (!number_parse(type->kind, json->text.bytes, json->text.length, &value))
        mismatch(checker, json, type,
                 type->kind == CST_KIND_INT       ? "a whole number of 64 bits is demanded"
                 : type->kind == CST_KIND_DECIMAL ? "a decimal has at most six places and 64 bits"
                                                  : "it is too large");
}

static void list_check(checker *checker, unit *unit, const ast_json *json, const type *type)
{
    if (json->kind != AST_JSON_LIST) {
        mismatch(checker, json, type, NULL);
        return;
    }
    const uint32_t most = type->bound != 0 ? type->bound : LIMIT_LIST_ELEMENTS;
    if (json->count > most)
        mismatch(checker, json, type, "it is longer than its type allows");
    for (uint32_t i = 0; i < json->count; i++)
        value_check(checker, unit, json->items[i], type->element);
}

static const type_field *field_find(const type *record, const ast_text *name)
{
    for (uint32_t i = 0; i < record->field_count; i++)
        if (strlen(record->fields[i].name) == name->length &&
            memcmp(record->fields[i].name, name->bytes, name->length) == 0)
            return &record->fields[i];
    return NULL;
}

static void member_unknown(checker *checker, const ast_text *key, const type *record)
{
    diagnostic *const d = diagnostic_report(checker->compilation, E_UNKNOWN_MEMBER, key->range,
                                            "the declaration has no `%s`", key->bytes);
    const char **const names = arena_array(checker->arena, record->field_count, sizeof *names);
    for (uint32_t i = 0; i < record->field_count; i++)
        names[i] = record->fields[i].name;
    const char *const near = diagnostic_nearest(key->bytes, names, record->field_count);
    if (near != NULL) {
        diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(checker->compilation, d, key->range, near, "write `%s`", near);
    }
}

static void record_check(checker *checker, unit *unit, const ast_json *json, const type *type)
{
    if (json->kind != AST_JSON_OBJECT) {
        mismatch(checker, json, type, NULL);
        return;
    }
    for (uint32_t i = 0; i < json->count; i++) {
        const type_field *const field = field_find(type, &json->keys[i]);
        if (field == NULL)
            member_unknown(checker, &json->keys[i], type);
        else if (json->items[i]->kind != AST_JSON_NULL || !field->optional)
            value_check(checker, unit, json->items[i], field->type);
    }
}

static void value_check(checker *checker, unit *unit, const ast_json *json, const type *type)
{
    switch (type->kind) {
    case CST_KIND_JSON: return;
    case CST_KIND_BOOL:
        if (json->kind != AST_JSON_BOOL)
            mismatch(checker, json, type, NULL);
        return;
    case CST_KIND_INT:
    case CST_KIND_DECIMAL:
    case CST_KIND_FLOAT: number_check(checker, json, type); return;
    case CST_KIND_LIST: list_check(checker, unit, json, type); return;
    case CST_KIND_RECORD: record_check(checker, unit, json, type); return;
    default: text_check(checker, unit, json, type);
    }
}

/* ---- values as JSON -------------------------------------------------------------------------- */

/* A number as JSON has it; the language's own may have more forms. */
static bool number_is_json(const ast_text *text)
{
    uint32_t at = text->length > 0 && text->bytes[0] == '-';
    const uint32_t first = at;
    while (at < text->length && text->bytes[at] >= '0' && text->bytes[at] <= '9')
        at++;
    if (at == first || (text->bytes[first] == '0' && at > first + 1))
        return false;
    if (at < text->length && text->bytes[at] == '.') {
        const uint32_t point = at++;
        while (at < text->length && text->bytes[at] >= '0' && text->bytes[at] <= '9')
            at++;
        if (at == point + 1)
            return false;
    }
    if (at < text->length && (text->bytes[at] | 0x20) == 'e') {
        at++;
        if (at < text->length && (text->bytes[at] == '+' || text->bytes[at] == '-'))
            at++;
        const uint32_t digits = at;
        while (at < text->length && text->bytes[at] >= '0' && text->bytes[at] <= '9')
            at++;
        if (at == digits)
            return false;
    }
    return at == text->length;
}

static void json_write(checker *checker, buffer *out, const ast_json *json);

static void object_write(checker *checker, buffer *out, const ast_json *json)
{
    name_table seen = {0};
    buffer_text(out, "{");
    for (uint32_t i = 0; i < json->count; i++) {
        const ast_text *const key = &json->keys[i];
        const uint32_t first = name_table_find(&seen, key->bytes, strlen(key->bytes));
        if (first != CST_NONE) {
            diagnostic *const d =
                diagnostic_report(checker->compilation, E_DUPLICATE_MEMBER, key->range,
                                  "the member `%s` is given twice", key->bytes);
            diagnostic_note_at(checker->compilation, d, json->keys[first].range,
                               "the first is here");
            diagnostic_mend(checker->compilation, d, key->range, NULL, "leave one of them out");
        } else {
            name_table_add(checker->arena, &seen, key->bytes, i);
        }
        if (i > 0)
            buffer_text(out, ",");
        buffer_json_string(out, key->bytes, key->length);
        buffer_text(out, ":");
        json_write(checker, out, json->items[i]);
    }
    buffer_text(out, "}");
}

static void json_write(checker *checker, buffer *out, const ast_json *json)
{
    switch (json->kind) {
    case AST_JSON_NULL: buffer_text(out, "null"); return;
    case AST_JSON_BOOL: buffer_text(out, json->boolean ? "true" : "false"); return;
    case AST_JSON_NUMBER:
        if (!number_is_json(&json->text))
            diagnostic_report(checker->compilation, E_TEST_VALUE, json->range,
                              "`%s` is not a number of JSON", json->text.bytes);
        buffer_add(out, json->text.bytes, json->text.length);
        return;
    case AST_JSON_STRING:
    case AST_JSON_NAME: buffer_json_string(out, json->text.bytes, json->text.length); return;
    case AST_JSON_LIST:
        buffer_text(out, "[");
        for (uint32_t i = 0; i < json->count; i++) {
            if (i > 0)
                buffer_text(out, ",");
            json_write(checker, out, json->items[i]);
        }
        buffer_text(out, "]");
        return;
    case AST_JSON_OBJECT: object_write(checker, out, json); return;
    }
}

/* ---- steps ----------------------------------------------------------------------------------- */

typedef struct test_state {
    checker *checker;
    unit *unit;
    checked_test *out;
    const ast_declaration *declaration;
    bool has_event;
} test_state;

static checked_step *step_add(test_state *state, const ast_step *step)
{
    checked_step *const made = &state->out->steps[state->out->step_count++];
    *made = (checked_step){.kind = step->kind, .range = step->range};
    return made;
}

static void agent_check(const test_state *state, const ast_text *name)
{
    cst_value value;
    const set_element element = {.kind = AST_PATH, .text = *name};
    if (name->bytes != NULL)
        literal_read(state->checker, state->unit, &element, name->range, type_agent(state->checker),
                     &value);
}

static void member_text(buffer *out, const char *name, const ast_text *text)
{
    if (text->bytes == NULL)
        return;
    buffer_format(out, ",\"%s\":", name);
    buffer_json_string(out, text->bytes, text->length);
}

static void event_begin(buffer *out, cst_stage stage)
{
    buffer_format(out, "{\"stage\":\"%s\"", cst_stage_name(stage));
}

static bool is_event(ast_step_kind kind)
{
    return kind == AST_STEP_INPUT || kind == AST_STEP_OUTPUT || kind == AST_STEP_ACTION ||
           kind == AST_STEP_RESULT || kind == AST_STEP_MESSAGE || kind == AST_STEP_SYSTEM;
}

/* Some `expect` of this event says that it is malformed. */
static bool expects_malformed(const test_state *state, const ast_step *event)
{
    const ast_step *const end = state->declaration->steps + state->declaration->step_count;
    for (const ast_step *step = event + 1; step < end && !is_event(step->kind); step++)
        if (step->malformed)
            return true;
    return false;
}

static void event_end(test_state *state, const ast_step *step, buffer *out)
{
    buffer_text(out, "}");
    checked_step *const made = step_add(state, step);
    made->event = out->bytes;
    made->event_length = (uint32_t)out->length;
    state->has_event = true;
    made->malformed = expects_malformed(state, step);
}

static void text_event(test_state *state, const ast_step *step, cst_stage stage)
{
    buffer out;
    arena_buffer(state->checker, &out);
    event_begin(&out, stage);
    if (step->kind == AST_STEP_MESSAGE) {
        agent_check(state, &step->name);
        agent_check(state, &step->agent);
        member_text(&out, "agent", &step->name); /* who speaks, acts */
        member_text(&out, "from", &step->name);
        member_text(&out, "to", &step->agent);
    } else if (step->kind == AST_STEP_INPUT) {
        agent_check(state, &step->agent);
        member_text(&out, "agent", &step->agent);
    }
    member_text(&out, "text", &step->text);
    event_end(state, step, &out);
}

/* The tool of an action or result; NULL after an error. */
static const tool *tool_of(const test_state *state, const ast_step *step)
{
    const uint32_t number = tool_find(state->checker, step->name.bytes, step->name.length);
    if (number != CST_NONE)
        return &state->checker->policy->tools.items[number];
    tool_report_unknown(state->checker, &step->name);
    return NULL;
}

/* The arguments of the action that a result answers. */
static const ast_json *arguments_before(const test_state *state, const ast_step *step)
{
    const ast_json *found = NULL;
    for (const ast_step *before = state->declaration->steps; before < step; before++)
        if (before->kind == AST_STEP_ACTION && before->name.length == step->name.length &&
            memcmp(before->name.bytes, step->name.bytes, step->name.length) == 0)
            found = before->json;
    return found;
}

static void tool_event(test_state *state, const ast_step *step)
{
    checker *const checker = state->checker;
    const tool *const tool = tool_of(state, step);
    const bool result = step->kind == AST_STEP_RESULT;
    const bool malformed = expects_malformed(state, step);
    const uint32_t errors = checker->compilation->error_count;
    const ast_json *const arguments =
        step->json != NULL || !result ? step->json : arguments_before(state, step);
    if (tool != NULL && step->json != NULL && tool->parameters != NULL && !malformed)
        value_check(checker, state->unit, step->json, tool->parameters);
    else if (step->json != NULL && step->json->kind != AST_JSON_OBJECT)
        diagnostic_report(checker->compilation, E_TEST_VALUE, step->json->range,
                          "arguments are an object");
    if (tool != NULL && step->value != NULL && tool->returns != NULL && !malformed)
        value_check(checker, state->unit, step->value, tool->returns);
    if (tool != NULL && !malformed && checker->compilation->error_count == errors)
        test_event_missing(checker, step, (uint32_t)(tool - checker->policy->tools.items),
                           arguments);
    agent_check(state, &step->agent);
    buffer out;
    arena_buffer(checker, &out);
    event_begin(&out, result ? CST_RESULT : CST_ACTION);
    member_text(&out, "agent", &step->agent);
    member_text(&out, "tool", &step->name);
    buffer_text(&out, ",\"args\":");
    if (arguments != NULL)
        json_write(checker, &out, arguments);
    else
        buffer_text(&out, "{}");
    member_text(&out, "text", &step->text);
    if (step->value != NULL) {
        buffer_text(&out, ",\"value\":");
        json_write(checker, &out, step->value);
    }
    event_end(state, step, &out);
}

static const context_record *record_of(const test_state *state, const ast_step *step)
{
    const checked_policy *const policy = state->checker->policy;
    const char **const names =
        arena_array(state->checker->arena, policy->records.count, sizeof *names);
    for (uint32_t i = 0; i < policy->records.count; i++) {
        names[i] = policy->records.items[i].name;
        if (strcmp(names[i], step->name.bytes) == 0)
            return &policy->records.items[i];
    }
    diagnostic *const d =
        diagnostic_report(state->checker->compilation, E_UNKNOWN_CONTEXT, step->name.range,
                          "no context is called `%s`", step->name.bytes);
    const char *const near = diagnostic_nearest(step->name.bytes, names, policy->records.count);
    if (near != NULL) {
        diagnostic_label(state->checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(state->checker->compilation, d, step->name.range, near, "write `%s`", near);
    }
    return NULL;
}

/* `given NAME fails` of what is no host predicate. */
static void predicate_unknown(const test_state *state, const ast_text *name, const symbol *symbol)
{
    compilation *const compilation = state->checker->compilation;
    diagnostic *const d =
        diagnostic_report(compilation, E_GIVEN_FAILS, name->range,
                          "only a host predicate can fail, and `%s` is none", name->bytes);
    if (symbol != NULL)
        diagnostic_note_at(compilation, d, symbol->range, "it is declared here");
    uint32_t count;
    const char *const *const names =
        unit_names(state->checker, state->unit, 1u << SYMBOL_EXTERN, &count);
    const char *const near = diagnostic_nearest(name->bytes, names, count);
    if (near == NULL)
        return;
    diagnostic_label(compilation, d, "did you mean `%s`?", near);
    diagnostic_mend(compilation, d, name->range, near, "write `%s`", near);
}

/* What the host answers from here on, whatever the arguments are. */
static void given_answer(test_state *state, const ast_step *step, const symbol *symbol)
{
    checker *const checker = state->checker;
    if (symbol->number == CST_NONE || (step->json == NULL && !step->fails))
        return;
    const checked_extern *const predicate = &checker->policy->externs.items[symbol->number];
    checked_step *const made = step_add(state, step);
    made->predicate = predicate->name;
    if (step->fails)
        return;
    value_check(checker, state->unit, step->json, predicate->returns);
    buffer out;
    arena_buffer(checker, &out);
    json_write(checker, &out, step->json);
    made->json = out.bytes;
}

static void given_step(test_state *state, const ast_step *step)
{
    symbol *const symbol = unit_find(state->unit, step->name.bytes, step->name.length);
    if (symbol != NULL && symbol->kind == SYMBOL_EXTERN) {
        given_answer(state, step, symbol);
        return;
    }
    if (step->fails) {
        predicate_unknown(state, &step->name, symbol);
        return;
    }
    const context_record *const record = record_of(state, step);
    if (record == NULL || step->json == NULL)
        return;
    if (symbol != NULL)
        symbol->used = true;
    value_check(state->checker, state->unit, step->json, record->type);
    buffer out;
    arena_buffer(state->checker, &out);
    json_write(state->checker, &out, step->json);
    checked_step *const made = step_add(state, step);
    made->record = record->name;
    made->json = out.bytes;
}

static void rule_unknown(const test_state *state, const ast_path *path)
{
    checker *const checker = state->checker;
    diagnostic *const d = diagnostic_report(checker->compilation, E_UNKNOWN_RULE, path->range,
                                            "no rule or permit is called `%s`",
                                            source_excerpt(checker->compilation, path->range));
    const ast_text *const last = &path->items[path->count - 1];
    const unit *where = state->unit;
    if (path->count > 1)
        for (const unit *upper = state->unit->upper; upper != NULL; upper = upper->upper)
            if (strcmp(upper->name, path->items[0].bytes) == 0)
                where = upper;
    uint32_t count;
    const char *const *const names = unit_names(checker, where, 1u << SYMBOL_RULE, &count);
    const char *const near = diagnostic_nearest(last->bytes, names, count);
    if (near != NULL) {
        diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(checker->compilation, d, last->range, near, "write `%s`", near);
    }
}

/* The system prompt is no event of a stage: nothing is decided about it. */
static void system_event(test_state *state, const ast_step *step)
{
    buffer out;
    arena_buffer(state->checker, &out);
    buffer_text(&out, "{\"stage\":\"system\"");
    member_text(&out, "text", &step->text);
    buffer_text(&out, "}");
    checked_step *const made = step_add(state, step);
    made->event = out.bytes;
    made->event_length = (uint32_t)out.length;
}

static bool event_is_before(test_state *state, const ast_step *step)
{
    if (state->has_event)
        return true;
    diagnostic *const d =
        diagnostic_report(state->checker->compilation, E_EXPECT_FIRST, step->range,
                          "`expect` speaks of the event before it, and there is no event");
    diagnostic_mend(state->checker->compilation, d, step->range, NULL,
                    "put an event before it, such as `input \"hello\"`");
    return false;
}

/* `text`, or an argument of the action before. */
static void expect_text_step(test_state *state, const ast_step *step)
{
    if (!event_is_before(state, step) || step->text.bytes == NULL)
        return;
    checked_step *const made = step_add(state, step);
    made->field = step->name.bytes;
    made->text = step->text.bytes;
    made->text_length = step->text.length;
}

static void expect_step(test_state *state, const ast_step *step)
{
    if (!event_is_before(state, step))
        return;
    if (step->expects_label &&
        label_find(state->checker, step->name.bytes, step->name.length) == CST_NONE) {
        label_unknown(state->checker, &step->name);
        return;
    }
    uint32_t *const by = arena_array(state->checker->arena, step->by_count, sizeof *by);
    uint32_t count = 0;
    for (uint32_t i = 0; i < step->by_count; i++) {
        const ast_path *const path = &step->by[i];
        if (path->count == 0 || path->items[0].bytes == NULL)
            continue;
        if (path->count == 1 && strcmp(path->items[0].bytes, "default") == 0) {
            by[count++] = CST_NONE;
            continue;
        }
        const symbol *const symbol = unit_resolve_rule(state->unit, path);
        if (symbol == NULL)
            rule_unknown(state, path);
        else if (symbol->number != CST_NONE) /* else the rule has an error of its own */
            by[count++] = symbol->number;
    }
    checked_step *const made = step_add(state, step);
    made->verdict = step->verdict;
    made->malformed = step->malformed;
    made->label = step->expects_label ? step->name.bytes : NULL;
    made->by = by;
    made->by_count = count;
}

/* Who approves must be somebody who can be asked. */
static void approved_step(test_state *state, const ast_step *step)
{
    ast_text name = step->name;
    const ast_texts who = {&name, 1};
    if (name.bytes == NULL || !channels_check(state->checker, &who))
        return;
    checked_step *const made = step_add(state, step);
    made->text = name.bytes;
    made->text_length = name.length;
    made->standing = step->standing;
}

static void step_check(test_state *state, const ast_step *step)
{
    const bool named = step->kind == AST_STEP_GIVEN || step->kind == AST_STEP_ACTION ||
                       step->kind == AST_STEP_RESULT;
    if (named && step->name.bytes == NULL)
        return; /* could not be parsed, and was reported */
    switch (step->kind) {
    case AST_STEP_GIVEN: given_step(state, step); return;
    case AST_STEP_INPUT: text_event(state, step, CST_INPUT); return;
    case AST_STEP_OUTPUT: text_event(state, step, CST_OUTPUT); return;
    case AST_STEP_MESSAGE: text_event(state, step, CST_MESSAGE); return;
    case AST_STEP_ACTION:
    case AST_STEP_RESULT: tool_event(state, step); return;
    case AST_STEP_WAIT: step_add(state, step)->wait_us = step->wait_us; return;
    case AST_STEP_EXPECT: expect_step(state, step); return;
    case AST_STEP_SYSTEM: system_event(state, step); return;
    case AST_STEP_APPROVED:
        if (event_is_before(state, step))
            approved_step(state, step);
        return;
    case AST_STEP_EXPECT_TEXT: expect_text_step(state, step); return;
    }
}

void tests_check(checker *checker)
{
    unit *const unit = checker->layers.items[0];
    for (uint32_t i = 0; i < unit->file->count; i++) {
        const ast_declaration *const declaration = unit->file->items[i];
        if (declaration->kind != AST_TEST)
            continue;
        checked_test *const made = ARENA_PUSH(checker->arena, &checker->policy->tests);
        made->title = declaration->text.bytes != NULL ? declaration->text.bytes : "";
        made->range = declaration->range;
        made->steps = arena_array(checker->arena, declaration->step_count, sizeof *made->steps);
        test_state state = {
            .checker = checker, .unit = unit, .out = made, .declaration = declaration};
        for (uint32_t k = 0; k < declaration->step_count; k++)
            step_check(&state, &declaration->steps[k]);
    }
}

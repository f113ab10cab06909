/*
 * workload.c - reads a store and asks its requests. See workload.h.
 *
 * Whatever could be done once a process is done here: fields are looked up, values are parsed,
 * lists are printed as JSON, since a service would hold them so. What is left in workload_typed is
 * what it must do for each event.
 */
#include "tests/bench/workload.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void fail(const char *folder, const char *what, const char *more)
{
    fprintf(stderr, "%s: %s%s%s\n", folder, what, more ? ": " : "", more ? more : "");
    exit(1);
}

static void *must(void *memory)
{
    if (!memory)
        fail("workload", "no memory", NULL);
    return memory;
}

static char *read_file(const char *folder, const char *variant, const char *name, size_t *length)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", folder, variant, name);
    FILE *const file = fopen(path, "rb");
    if (!file)
        fail(folder, "cannot open", path);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    rewind(file);
    char *const bytes = must(malloc((size_t)size + 1));
    *length = fread(bytes, 1, (size_t)size, file);
    bytes[*length] = '\0';
    fclose(file);
    return bytes;
}

/* ---- values of the typed calls --------------------------------------------------------------- */

static void value_add(workload *workload, workload_request *request, const char *path,
                      const cJSON *json, const char *decimal)
{
    workload_value value = {0};
    if (cst_policy_field(workload->policy, request->stage, request->tool, path, &value.field) !=
        CST_OK)
        return; /* the policy does not read it here */
    if (cJSON_IsBool(json)) {
        value.kind = WORKLOAD_BOOL;
        value.number = cJSON_IsTrue(json);
    } else if (cJSON_IsNumber(json)) {
        const bool is_decimal = decimal && strcmp(decimal, path) == 0;
        value.kind = is_decimal ? WORKLOAD_DECIMAL : WORKLOAD_INT;
        value.number = (int64_t)(json->valuedouble * (is_decimal ? 1e6 : 1) +
                                 (json->valuedouble < 0 ? -0.5 : 0.5));
    } else {
        value.kind = cJSON_IsString(json) ? WORKLOAD_STRING : WORKLOAD_JSON;
        value.text =
            must(cJSON_IsString(json) ? strdup(json->valuestring) : cJSON_PrintUnformatted(json));
        value.length = strlen(value.text);
    }
    request->values = must(realloc(request->values, (request->value_count + 1) * sizeof value));
    request->values[request->value_count++] = value;
}

static void request_read(workload *workload, workload_request *request, const char *folder,
                         const char *decimal)
{
    cJSON *const event = cJSON_ParseWithLength(request->json, request->length);
    const cJSON *const stage = cJSON_GetObjectItemCaseSensitive(event, "stage");
    const cJSON *const tool = cJSON_GetObjectItemCaseSensitive(event, "tool");
    if (!cJSON_IsString(stage))
        fail(folder, "an event without a stage", request->json);
    while (request->stage < CST_STAGE_COUNT &&
           strcmp(cst_stage_name(request->stage), stage->valuestring) != 0)
        request->stage++;
    request->tool = cJSON_IsString(tool) ? must(strdup(tool->valuestring)) : NULL;
    for (const cJSON *record = event->child; record; record = record->next) {
        char path[512];
        if (strcmp(record->string, "text") == 0)
            value_add(workload, request, "text", record, decimal);
        for (const cJSON *field = cJSON_IsObject(record) ? record->child : NULL; field;
             field = field->next) {
            snprintf(path, sizeof path, "%s.%s", record->string, field->string);
            value_add(workload, request, path, field, decimal);
        }
    }
    cJSON_Delete(event);
}

/* ---- the three ways -------------------------------------------------------------------------- */

static void decide_typed(workload *workload, uint32_t number, cst_decision *decision)
{
    const workload_request *const request = &workload->requests[number];
    cst_context *const context = workload->context;
    cst_event_begin(context, request->stage, request->tool);
    cst_event_time(context, 1767225600000000);
    for (uint32_t i = 0; i < request->value_count; i++) {
        const workload_value *const value = &request->values[i];
        switch (value->kind) {
        case WORKLOAD_BOOL: cst_set_bool(context, value->field, value->number != 0); break;
        case WORKLOAD_INT: cst_set_int(context, value->field, value->number); break;
        case WORKLOAD_DECIMAL: cst_set_decimal(context, value->field, value->number); break;
        case WORKLOAD_STRING:
            cst_set_string(context, value->field, value->text, value->length);
            break;
        case WORKLOAD_JSON: cst_set_json(context, value->field, value->text, value->length);
        }
    }
    cst_decide(context, decision);
}

uint32_t workload_typed(workload *workload, uint32_t number)
{
    cst_decision decision;
    decide_typed(workload, number, &decision);
    return decision.verdict;
}

uint32_t workload_json(workload *workload, uint32_t number)
{
    cst_decision decision;
    cst_decide_json(workload->context, workload->requests[number].json,
                    workload->requests[number].length, &decision);
    return decision.verdict;
}

uint32_t workload_rules(workload *workload, uint32_t number)
{
    workload_request *const request = &workload->requests[number];
    cst_frame *const frame = &request->frame;
    frame->hit_count = 0;
    if (frame->image->memo_count) /* as the engine does for each event */
        memset(frame->memo, 0, frame->image->memo_count);
    const cst_range groups = request->dispatch->groups;
    for (uint32_t k = 0; k < groups.count; k++) {
        const uint32_t group = workload->group_lists[groups.first + k];
        workload->module->groups[group](frame, group);
    }
    return frame->hit_count;
}

/* ---- loading --------------------------------------------------------------------------------- */

static void print_error(void *user, const cst_diagnostic *told)
{
    (void)user;
    if (told->error)
        fputs(told->rendered, stderr);
}

static void check(workload *workload, uint32_t number, const char *folder,
                  const cst_decision *decision, const char *way)
{
    const workload_request *const request = &workload->requests[number];
    if (decision->error_text)
        fail(folder, decision->error_text, request->json);
    if ((decision->verdict == CST_PERMIT) != request->permitted)
        fail(folder, way, request->json);
}

static void requests_load(workload *workload, const char *folder, const workload_options *options)
{
    size_t length, expected_length;
    char *const events = read_file(folder, options->variant, ".events.jsonl", &length);
    char *const expected = read_file(folder, "", "expected.txt", &expected_length);
    for (size_t i = 0; i < length; i++)
        workload->count += events[i] == '\n';
    if (expected_length < workload->count)
        fail(folder, "there are fewer decisions than requests", NULL);
    workload->requests = must(calloc(workload->count, sizeof *workload->requests));
    const char *at = events;
    for (uint32_t i = 0; i < workload->count; i++) {
        workload_request *const request = &workload->requests[i];
        request->length = strcspn(at, "\n");
        request->json = must(strndup(at, request->length));
        request->permitted = expected[i] == '1';
        at += request->length + 1;
        request_read(workload, request, folder, options->decimal);
    }
    free(events);
    free(expected);
}

/* A frame points at what the event brought: strings are ours and stay, lists lie in the memory that
 * the next event takes. */
static void frame_make(workload *workload, uint32_t number, const char *folder)
{
    workload_request *const request = &workload->requests[number];
    for (uint32_t i = 0; i < request->value_count; i++)
        if (request->values[i].kind == WORKLOAD_JSON)
            fail(folder, "the rules cannot be timed alone, since a value is a list", NULL);
    if (!engine_copy_frame(workload->context, &request->frame, &request->dispatch,
                           &workload->module))
        fail(folder, "no memory", NULL);
    workload->group_lists = CST_ROWS(workload->module->image, group_lists, uint32_t);
    request->hits = workload_rules(workload, number);
}

/* Events have come since: do the frames still say the same? */
static void frames_check(workload *workload, const char *folder)
{
    for (uint32_t i = 0; i < workload->count; i++)
        if (workload_rules(workload, i) != workload->requests[i].hits)
            fail(folder, "the rules cannot be timed alone, since a value did not outlive its event",
                 NULL);
}

void workload_load(workload *workload, const char *folder, const workload_options *options)
{
    *workload = (struct workload){0};
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.const", folder, options->variant);
    cst_compiler_options compiler = {
        .size = sizeof compiler, .engine = options->engine, .diagnostic = print_error};
    compiler.runtime.size = sizeof compiler.runtime;
    if (options->allocator)
        compiler.runtime.allocator = *options->allocator;
    if (cst_policy_compile(path, &compiler, &workload->policy) != CST_OK)
        fail(folder, "the policy does not compile", NULL);
    workload->context = must(cst_context_new(workload->policy));
    requests_load(workload, folder, options);
    for (uint32_t i = 0; i < workload->count; i++) {
        workload_request *const request = &workload->requests[i];
        cst_decision decision;
        cst_decide_json(workload->context, request->json, request->length, &decision);
        check(workload, i, folder, &decision, "decided otherwise from JSON than expected");
        decide_typed(workload, i, &decision);
        check(workload, i, folder, &decision, "decided otherwise by typed calls than expected");
        if (options->with_rules)
            frame_make(workload, i, folder);
    }
    if (options->with_rules)
        frames_check(workload, folder);
}

void workload_free(workload *workload)
{
    for (uint32_t i = 0; i < workload->count; i++) {
        workload_request *const request = &workload->requests[i];
        if (workload->module)
            engine_free_frame(&request->frame);
        for (uint32_t k = 0; k < request->value_count; k++)
            free(request->values[k].text);
        free(request->values);
        free(request->tool);
        free(request->json);
    }
    free(workload->requests);
    cst_context_free(workload->context);
    cst_policy_release(workload->policy);
}

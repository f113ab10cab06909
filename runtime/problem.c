/*
 * problem.c - keeping the first problem of an event, with its place as a JSON pointer.
 *
 * "First" is by place in the event and not by the order of reading, so the answer is the same
 * whichever way the event was read. Pointers are made only for a problem that is kept; on the way
 * of a good event nothing here runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/engine.h"

/* Appends a member name, escaped as RFC 6901 wants it. */
static void add_name(char **out, const char *name, uint32_t length)
{
    *(*out)++ = '/';
    for (uint32_t i = 0; i < length; i++) {
        if (name[i] == '~' || name[i] == '/') {
            *(*out)++ = '~';
            *(*out)++ = name[i] == '~' ? '0' : '1';
        } else {
            *(*out)++ = name[i];
        }
    }
}

/* The pointer of a node and what stands behind it. Two passes from the node upwards: length, then
 * the names from the back. */
static const char *make_pointer(cst_context *context, uint32_t node, const char *behind)
{
    const cst_image *const image = context->policy->image;
    const cst_node_row *const nodes = CST_ROWS(image, nodes, cst_node_row);
    size_t length = strlen(behind) + 1;
    uint32_t depth = 0;
    for (uint32_t at = node; at != CST_NONE && nodes[at].parent != CST_NONE;
         at = nodes[at].parent) {
        length += 2 * (size_t)nodes[at].name.length + 1;
        depth++;
    }
    char *const pointer = arena_allocate(&context->arena, length);
    if (!pointer) {
        context->event.no_memory = true;
        return "";
    }
    char *next = pointer;
    for (uint32_t level = depth; level > 0; level--) {
        uint32_t at = node;
        for (uint32_t up = 1; up < level; up++)
            at = nodes[at].parent;
        add_name(&next, CST_TEXT(image, nodes[at].name), nodes[at].name.length);
    }
    memcpy(next, behind, strlen(behind) + 1);
    return pointer;
}

void engine_problem_at(cst_context *context, uint64_t at, const char *code, uint32_t node,
                       const char *behind, const char *text)
{
    if (at >= context->event.problem.at)
        return;
    context->event.problem = (engine_problem){
        .code = code, .pointer = make_pointer(context, node, behind), .text = text, .at = at};
}

void engine_missing(cst_context *context, uint32_t node)
{
    if (node < context->event.missing)
        context->event.missing = node;
}

void engine_problem_convert(cst_context *context, uint64_t at, uint32_t node,
                            const convert_problem *problem)
{
    if (strcmp(problem->code, "memory") == 0) {
        context->event.no_memory = true;
        return;
    }
    engine_problem_at(context, at, problem->code, node, problem->pointer, problem->text);
}

/* "The text is not JSON (byte 9)." */
static const char *with_place(cst_context *context, const char *text, uint32_t byte)
{
    const size_t length = strlen(text) - 1, room = length + sizeof " (byte 4294967295).";
    char *const out = arena_allocate(&context->arena, room);
    if (!out)
        return text;
    memcpy(out, text, length);
    snprintf(out + length, room - length, " (byte %" PRIu32 ").", byte);
    return out;
}

void engine_problem_json(cst_context *context, const json_scanner *scanner, uint64_t at,
                         uint32_t node)
{
    if (scanner->error == JSON_MEMORY) {
        context->event.no_memory = true;
        return;
    }
    const char *const pointer = json_scan_pointer(scanner);
    const char *text = json_error_text(scanner->error);
    if (scanner->error == JSON_SYNTAX)
        text = with_place(context, text, scanner->error_at);
    engine_problem_at(context, at, json_error_code(scanner->error), node, pointer ? pointer : "",
                      text);
}

/*
 * command_cases.h - what the tables of shell lines share: a line with its facts, a line with the
 * answer to `runs`.
 *
 * A fact is written as its elements in order; `/` behind a path says that it covers what is below,
 * `?` at the end that the list is not complete. `!` alone: the line could not be read.
 */
#ifndef CONSTITUTION_TESTS_COMMAND_CASES_H
#define CONSTITUTION_TESTS_COMMAND_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/buffer.h"
#include "runtime/command/command.h"
#include "runtime/command/shell.h"
#include "runtime/limits.h"

typedef struct facts_case {
    const char *line, *programs, *reads, *writes, *connects;
} facts_case;

static inline void fact_write(buffer *out, const command *command, command_fact fact)
{
    cst_value list;
    command_list(command, fact, &list);
    buffer_clear(out);
    for (uint32_t i = 0; i < list.length; i++) {
        const cst_value *const item = &list.as.items[i];
        if (i > 0)
            buffer_add(out, " ", 1);
        buffer_add(out, item->as.text, item->length);
        if ((item->cover & PATH_COVERS) != 0)
            buffer_add(out, "/", 1);
    }
    if (!command_knows(command, fact, false))
        buffer_add(out, "?", 1);
    buffer_add(out, "", 1);
}

static uint32_t failures;

static inline void expect(const char *line, const char *what, const char *found, const char *wanted)
{
    if (wanted == NULL || strcmp(found, wanted) == 0)
        return;
    print_error("%s\n  %s: %s\n  wanted: %s\n", line, what, found, wanted);
    failures++;
}

static inline void check(const facts_case *cases, size_t count)
{
    buffer text;
    buffer_init(&text, NULL, 0);
    failures = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(cases[i].line);
        char *const copy =
            malloc(length > 0 ? length : 1); /* no byte behind the line may be read */
        memcpy(copy, cases[i].line, length);
        arena memory;
        arena_init(&memory, NULL, 0);
        const command *const command = command_read(&memory, copy, (uint32_t)length);
        const bool broken = strcmp(cases[i].programs, "!") == 0;
        if (command->broken != broken)
            expect(cases[i].line, "read", command->broken ? "broken" : "whole",
                   broken ? "broken" : "whole");
        const char *const wanted[] = {cases[i].programs, cases[i].reads, cases[i].writes,
                                      cases[i].connects};
        static const char *const names[] = {"programs", "reads", "writes", "connects"};
        for (int fact = 0; !broken && fact < FACT_COUNT; fact++) {
            fact_write(&text, command, (command_fact)fact);
            expect(cases[i].line, names[fact], text.bytes, wanted[fact]);
        }
        arena_free(&memory);
        free(copy);
    }
    buffer_free(&text);
    assert_int_equal(failures, 0);
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof *(cases))

typedef struct runs_case {
    const char *line, *pattern; /* patterns are separated by commas and sorted */
    char any, only;             /* y, n, ? */
} runs_case;

static inline command_answer ask(const command *command, const char *text, bool only)
{
    struct {
        cst_image image;
        cst_command_row rows[8];
        char text[256];
    } all;
    memset(&all, 0, sizeof all);
    all.image.commands.offset = (uint32_t)((char *)all.rows - (char *)&all);
    memcpy(all.text, text, strlen(text));
    uint32_t at = (uint32_t)((char *)all.text - (char *)&all);
    for (const char *one = text; *one != '\0';) {
        const size_t length = strcspn(one, ",");
        cst_command_row *const row = &all.rows[all.image.commands.count++];
        row->text = (cst_ref){at, (uint32_t)length};
        row->program_length = (uint32_t)strcspn(one, " ,");
        at += (uint32_t)length + 1;
        one += length + (one[length] == ',');
    }
    const command_patterns patterns = {&all.image, {0, all.image.commands.count}, NULL};
    return command_runs(command, &patterns, only);
}

static inline void check_runs(const runs_case *cases, size_t count)
{
    static const char letters[] = {'n', '?', 'y'};
    failures = 0;
    for (size_t i = 0; i < count; i++) {
        arena memory;
        arena_init(&memory, NULL, 0);
        const command *const command =
            command_read(&memory, cases[i].line, (uint32_t)strlen(cases[i].line));
        for (int only = 0; only < 2; only++) {
            const char found[] = {letters[ask(command, cases[i].pattern, only != 0)], '\0'};
            const char wanted[] = {only ? cases[i].only : cases[i].any, '\0'};
            expect(cases[i].line, only ? "only" : cases[i].pattern, found, wanted);
        }
        arena_free(&memory);
    }
    assert_int_equal(failures, 0);
}

#define CHECK_RUNS(cases) check_runs(cases, sizeof(cases) / sizeof *(cases))

#endif

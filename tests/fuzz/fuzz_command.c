/*
 * fuzz_command.c - any bytes as a shell line: what is known of it must be in one piece, and the
 * same twice.
 *
 * The first byte chooses which program of the line is asked for. A program that is listed is run
 * for sure, so `runs` it is true; what is written has no marker in it; an answer that is sure of
 * `only` agrees with `any`.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/command/shell.h"
#include "runtime/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static command_answer ask(const command *command, const cst_value *program, bool only)
{
    struct {
        cst_image image;
        cst_command_row row;
        char text[64];
    } all;
    memset(&all, 0, sizeof all);
    all.image.commands = (cst_table){(uint32_t)((char *)&all.row - (char *)&all), 1};
    all.row =
        (cst_command_row){{(uint32_t)(all.text - (char *)&all), program->length}, program->length};
    memcpy(all.text, program->as.text, program->length);
    const command_patterns patterns = {&all.image, {0, 1}, NULL};
    return command_runs(command, &patterns, only);
}

static void check_list(const command *command, command_fact fact, cst_value *list)
{
    command_list(command, fact, list);
    for (uint32_t i = 0; i < list->length; i++) {
        const cst_value *const item = &list->as.items[i];
        demand(item->length > 0 && kind_has_text(item->kind));
        for (uint32_t k = 0; k < item->length && !command->broken; k++)
            demand(item->as.text[k] == '\n' || item->as.text[k] == '\t' ||
                   item->as.text[k] == '\r' || (unsigned char)item->as.text[k] >= 0x20);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 1u << 16)
        return 0;
    char *const copy = malloc(size); /* no byte behind the line may be read */
    memcpy(copy, data + 1, size - 1);
    arena memory;
    arena_init(&memory, NULL, LIMIT_SCRATCH_BYTES);
    const command *const first = command_read(&memory, copy, (uint32_t)size - 1);
    const command *const again = command_read(&memory, copy, (uint32_t)size - 1);
    for (int fact = 0; first != NULL && again != NULL && fact < FACT_COUNT; fact++) {
        cst_value one, other;
        check_list(first, (command_fact)fact, &one);
        check_list(again, (command_fact)fact, &other);
        demand(first->no_memory || again->no_memory || one.length == other.length);
        demand(command_knows(first, (command_fact)fact, false) ||
               !command_knows(first, (command_fact)fact, true));
        if (fact != FACT_PROGRAMS || one.length == 0 || first->broken)
            continue;
        const cst_value *const program = &one.as.items[data[0] % one.length];
        if (program->length >= 64 || memchr(program->as.text, ' ', program->length) != NULL)
            continue;
        demand(ask(first, program, false) == ANSWER_YES);
        ask(first, program, true);
    }
    arena_free(&memory);
    free(copy);
    return 0;
}

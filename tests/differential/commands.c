/*
 * commands.c - prints what is known of shell lines, for shell_oracle.py: lines end with NUL on the
 * standard input; for each one line of JSON with its programs, files and hosts, and whether each
 * list is complete.
 */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/buffer.h"
#include "runtime/command/command.h"
#include "runtime/command/shell.h"
#include "runtime/limits.h"

static void write_line(const char *line, size_t length, buffer *out)
{
    static const char *const names[] = {"programs", "reads", "writes", "connects"};
    arena memory;
    arena_init(&memory, NULL, LIMIT_SCRATCH_BYTES);
    const command *const command = command_read(&memory, line, (uint32_t)length);
    buffer_clear(out);
    buffer_format(out, "{\"broken\":%s", command == NULL || command->broken ? "true" : "false");
    for (int fact = 0; command != NULL && fact < FACT_COUNT; fact++) {
        cst_value list;
        command_list(command, (command_fact)fact, &list);
        buffer_format(out, ",\"%s\":[", names[fact]);
        for (uint32_t i = 0; i < list.length; i++) {
            buffer_text(out, i > 0 ? "," : "");
            buffer_json_string(out, list.as.items[i].as.text, list.as.items[i].length);
        }
        buffer_format(out, "],\"all_%s\":%s", names[fact],
                      command_knows(command, (command_fact)fact, false) ? "true" : "false");
    }
    buffer_text(out, "}\n");
    fwrite(out->bytes, 1, out->length, stdout);
    arena_free(&memory);
}

int main(void)
{
    buffer line, out;
    buffer_init(&line, NULL, 0);
    buffer_init(&out, NULL, 0);
    for (int byte; (byte = getchar()) != EOF;) {
        const char one = (char)byte;
        if (byte != '\0') {
            buffer_add(&line, &one, 1);
            continue;
        }
        buffer_add(&line, "", 1); /* so that there are bytes */
        write_line(line.bytes, line.length - 1, &out);
        buffer_clear(&line);
    }
    buffer_free(&line);
    buffer_free(&out);
    return 0;
}

/*
 * fuzz_tools.c - `import tools` on any bytes: it answers with tools or with diagnostics whose
 * places lie in the file.
 *
 * The file comes through a reader, as a service would give it. One small policy imports it and
 * names a tool, so that imported types also meet the rest of the check pass.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/checked.h"
#include "compiler/diagnostic.h"

static const char policy_text[] =
    "constitution m \"1\"\nimport tools \"t.json\"\ntool a(x: string) sends\n"
    "rule r on action a when args.x == \"y\" then deny\nrule s on action tagged reads then flag\n";

typedef struct input {
    const uint8_t *data;
    size_t size;
} input;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cst_status read_input(void *user, const char *path, char **bytes, size_t *length)
{
    (void)path;
    const input *const input = user;
    *bytes = malloc(input->size + 1);
    if (*bytes == NULL)
        return CST_NO_MEMORY;
    if (input->size > 0)
        memcpy(*bytes, input->data, input->size);
    *length = input->size;
    return CST_OK;
}

static void release_input(void *user, char *bytes, size_t length)
{
    (void)user;
    (void)length;
    free(bytes);
}

static void out_of_memory(void *user)
{
    longjmp(((compilation *)user)->out_of_memory, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input input = {data, size};
    static compilation compilation;
    memset(&compilation, 0, sizeof compilation);
    arena_init(&compilation.arena, NULL, 0);
    compilation.arena.failed = out_of_memory;
    compilation.arena.failed_user = &compilation;
    compilation.reader = (compilation_reader){read_input, release_input, &input};
    if (setjmp(compilation.out_of_memory) == 0) {
        pass_check(&compilation,
                   source_add(&compilation, "m.const", policy_text, sizeof policy_text - 1));
        for (uint32_t i = 0; i < compilation.diagnostics.count; i++) {
            const source_range range = compilation.diagnostics.items[i].range;
            if (range.file < compilation.sources.count &&
                (range.start > range.end ||
                 range.end > compilation.sources.items[range.file].length))
                abort();
        }
    }
    arena_free(&compilation.arena);
    return 0;
}

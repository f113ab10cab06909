/* stdlib.h - the modules of stdlib/, built into the library by cmake/EmbedModules.cmake: `import
 * std.net` finds "net". */
#ifndef CONSTITUTION_COMPILER_CHECK_STDLIB_H
#define CONSTITUTION_COMPILER_CHECK_STDLIB_H

#include <stdint.h>

typedef struct stdlib_module {
    const char *name;  /* NULL ends the table */
    const char *bytes; /* length bytes and a NUL */
    uint32_t length;
} stdlib_module;

extern const stdlib_module stdlib_modules[];

#endif

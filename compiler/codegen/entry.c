/*
 * entry.c - the one symbol of the code generator's library.
 *
 * The library is opened when the first code is made (driver/generator.c) and stays open to the end
 * of the process. It has its own LLVM inside, which nobody else in the process sees, and its own
 * copies of the helpers that it shares with the compiler (arena, buffer), which have no state. So
 * it needs nothing from whoever opens it.
 */
#include "compiler/codegen/emit.h"

#include "build_stamp.h"

extern const backend_generator cst_code_generator;

CST_API const backend_generator cst_code_generator = {
    .stamp = BUILD_STAMP,
    .jit = codegen_jit,
    .object_make = codegen_object_make,
    .object_release = codegen_object_release,
    .link = codegen_link,
    .write = codegen_write,
    .header = codegen_header,
    .text = codegen_text,
    .can_link = link_possible,
};

/*
 * Here the destructors of LLVM's static objects would be listed for the end of the process. Threads
 * of tiered policies may still be making code then, in whatever order the process takes itself
 * apart, and what they use must be there; the memory goes with the process. Hidden: this library's
 * own objects alone find it.
 */
int __cxa_atexit(void (*function)(void *), void *argument, void *library);

int __cxa_atexit(void (*function)(void *), void *argument, void *library)
{
    (void)function;
    (void)argument;
    (void)library;
    return 0;
}

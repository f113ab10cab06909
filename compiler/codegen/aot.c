/*
 * aot.c - a plan as a file: shared library, object, LLVM IR or assembly; and the same as text for
 * dumps.
 *
 * A library exports one symbol, cst_policy_module, that the runtime looks up. An object is linked
 * into a program, maybe with others, so its symbol carries the policy's name; the header declares
 * it. Files are made for this machine's baseline CPU, position independent, by the careful code
 * generator.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/codegen/emit.h"
#include "runtime/base/buffer.h"

enum { SYMBOL_SIZE = sizeof "cst_policy_" + LIMIT_NAME_BYTES };

/* cst_policy_NAME, where everything in NAME that C does not allow is an underscore. */
static void symbol_of(const compilation *unit, char out[SYMBOL_SIZE])
{
    const cst_image *image = (const cst_image *)(const void *)unit->plan->image;
    const char *name = CST_TEXT(image, image->name);
    size_t used = strlen(strcpy(out, "cst_policy_"));
    for (uint32_t i = 0; i < image->name.length && used < SYMBOL_SIZE - 1u; i++) {
        const unsigned char byte = (unsigned char)name[i];
        out[used++] = byte < 0x80 && isalnum(byte) ? (char)byte : '_';
    }
    out[used] = '\0';
}

/* A module that is ready to be written, with the machine that it is for. */
typedef struct product {
    LLVMTargetMachineRef machine;
    LLVMModuleRef module;
} product;

static void product_dispose(product *made)
{
    if (made->module != NULL)
        module_dispose(made->module);
    if (made->machine != NULL)
        LLVMDisposeTargetMachine(made->machine);
}

static cst_status product_make(emitter *e, const module_options *options, bool optimise,
                               product *out)
{
    *out = (product){.machine = target_open(optimise ? TARGET_CAREFUL : TARGET_QUICK)};
    if (out->machine == NULL)
        return CST_INTERNAL;
    cst_status status = module_generate(e, options, out->machine, &out->module);
    if (status == CST_OK && optimise)
        status = target_optimise(out->machine, out->module);
    if (status != CST_OK)
        product_dispose(out);
    return status;
}

static cst_status write_text(const product *made, const char *path, char *error, size_t error_size)
{
    char *text = LLVMPrintModuleToString(made->module);
    const cst_status status = output_write(path, text, strlen(text), error, error_size);
    LLVMDisposeMessage(text);
    return status;
}

cst_status codegen_write(compilation *unit, backend_output output, const char *path, char *error,
                         size_t error_size)
{
    char nowhere[1];
    if (error == NULL || error_size == 0) {
        error = nowhere;
        error_size = sizeof nowhere;
    }
    error[0] = '\0';
    emitter *e = module_prepare(unit);
    if (e == NULL)
        return CST_BAD_ARGUMENT;
    char symbol[SYMBOL_SIZE] = CST_MODULE_SYMBOL;
    if (output != BACKEND_SHARED)
        symbol_of(unit, symbol);
    const module_options options = {
        .symbol = symbol, .with_image = true, .keep_names = output == BACKEND_LLVM};
    product made;
    cst_status status = product_make(e, &options, true, &made);
    if (status != CST_OK) {
        snprintf(error, error_size, "%s: the code could not be generated", path);
        return status;
    }
    if (output == BACKEND_LLVM) {
        status = write_text(&made, path, error, error_size);
        product_dispose(&made);
        return status;
    }
    const LLVMCodeGenFileType form = output == BACKEND_ASSEMBLY ? LLVMAssemblyFile : LLVMObjectFile;
    LLVMMemoryBufferRef written = target_write(made.machine, made.module, form);
    product_dispose(&made);
    if (written == NULL) {
        snprintf(error, error_size, "%s: the code could not be written", path);
        return CST_INTERNAL;
    }
    const char *bytes = LLVMGetBufferStart(written);
    const size_t length = LLVMGetBufferSize(written);
    if (output == BACKEND_SHARED)
        status = link_shared(bytes, length, path, error, error_size);
    else
        status = output_write(path, bytes, length, error, error_size);
    LLVMDisposeMemoryBuffer(written);
    return status;
}

cst_status codegen_text(compilation *unit, backend_output output, unsigned optimise, char **text)
{
    emitter *e = module_prepare(unit);
    if (e == NULL || (output != BACKEND_LLVM && output != BACKEND_ASSEMBLY))
        return CST_BAD_ARGUMENT;
    /* without the image: a person who looks at code does not want to scroll past its bytes; and one
     * function a group, as in objects, so that each has the name of what it is about */
    const module_options options = {
        .symbol = CST_MODULE_SYMBOL, .keep_names = true, .packs = false};
    product made;
    const cst_status status = product_make(e, &options, optimise > 0, &made);
    if (status != CST_OK)
        return status;
    if (output == BACKEND_LLVM) {
        char *printed = LLVMPrintModuleToString(made.module);
        *text = strdup(printed);
        LLVMDisposeMessage(printed);
        product_dispose(&made);
        return *text != NULL ? CST_OK : CST_NO_MEMORY;
    }
    LLVMMemoryBufferRef written = target_write(made.machine, made.module, LLVMAssemblyFile);
    product_dispose(&made);
    if (written == NULL)
        return CST_INTERNAL;
    const size_t length = LLVMGetBufferSize(written);
    char *copy = malloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, LLVMGetBufferStart(written), length);
        copy[length] = '\0';
    }
    LLVMDisposeMemoryBuffer(written);
    *text = copy;
    return copy != NULL ? CST_OK : CST_NO_MEMORY;
}

cst_status codegen_header(compilation *unit, const char *path, char *error, size_t error_size)
{
    if (unit->plan == NULL || unit->plan->image == NULL)
        return CST_BAD_ARGUMENT;
    char symbol[SYMBOL_SIZE];
    symbol_of(unit, symbol);
    buffer text;
    buffer_init(&text, NULL, 0);
    buffer_format(&text, "/*\n * The policy %s, compiled into an object by constc.\n",
                  symbol + sizeof "cst_policy");
    buffer_format(&text,
                  " * Link the object and call cst_policy_from_module(&%s, NULL, &policy).\n */\n",
                  symbol);
    buffer_format(&text, "#ifndef %s_H\n#define %s_H\n\n#include <constitution.h>\n\n", symbol,
                  symbol);
    buffer_text(&text, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    buffer_format(&text, "extern const struct cst_module %s;\n\n", symbol);
    buffer_text(&text, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
    cst_status status = CST_NO_MEMORY;
    if (!text.failed)
        status = output_write(path, text.bytes, text.length, error, error_size);
    buffer_free(&text);
    return status;
}

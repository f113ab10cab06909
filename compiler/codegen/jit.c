/*
 * jit.c - a plan as native code in memory.
 *
 * The object is made exactly as for a file and then linked into memory by ORC. Each module has a
 * session of its own, so compilations in several threads share nothing and need no lock, and
 * releasing one frees all of it. The code lives in a bare library of that session, without the
 * generator that would find any symbol of the process: generated code has no undefined symbols, and
 * if it ever had one, linking must fail and not find something.
 *
 * The image stays outside of LLVM: it is copied once, 16-byte aligned, and outlives the compilation
 * with the code. Where somebody else keeps the image (policies with tiers) it is not copied.
 */
#include <pthread.h>
#include <string.h>

#include <llvm-c/Error.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>

#include "compiler/codegen/emit.h"

enum { IMAGE_ALIGNMENT = 16 };

typedef struct jit_module {
    backend_module backend; /* first: release gets a pointer to it */
    LLVMOrcLLJITRef jit;
    cst_allocator allocator;
    size_t size; /* of the allocation: this struct and the image */
} jit_module;

static void release(backend_module *self)
{
    jit_module *whole = (jit_module *)(void *)self;
    if (whole->jit != NULL) {
        LLVMErrorRef error = LLVMOrcDisposeLLJIT(whole->jit);
        if (error != NULL)
            LLVMConsumeError(error);
    }
    const cst_allocator allocator = whole->allocator;
    allocator.release(allocator.user, whole, whole->size);
}

/* ---- looking up ------------------------------------------------------------------------------ */

/* The answer may come from another thread of ORC's. */
typedef struct lookup {
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    bool done;
    uint64_t address; /* 0: not found, or the code could not be linked */
} lookup;

static void take_answer(LLVMErrorRef error, LLVMOrcCSymbolMapPairs pairs, size_t count, void *user)
{
    lookup *asked = user;
    const bool good = error == NULL && count == 1;
    const uint64_t address = good ? pairs[0].Sym.Address : 0;
    if (error != NULL)
        LLVMConsumeError(error);
    pthread_mutex_lock(&asked->mutex);
    asked->address = address;
    asked->done = true;
    pthread_cond_signal(&asked->answered);
    pthread_mutex_unlock(&asked->mutex);
}

static uint64_t look_up(LLVMOrcExecutionSessionRef session, LLVMOrcJITDylibRef library,
                        const char *symbol)
{
    lookup asked = {.mutex = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};
    LLVMOrcCJITDylibSearchOrderElement order = {library,
                                                LLVMOrcJITDylibLookupFlagsMatchExportedSymbolsOnly};
    LLVMOrcCLookupSetElement wanted = {LLVMOrcExecutionSessionIntern(session, symbol),
                                       LLVMOrcSymbolLookupFlagsRequiredSymbol};
    LLVMOrcExecutionSessionLookup(session, LLVMOrcLookupKindStatic, &order, 1, &wanted, 1,
                                  take_answer, &asked);
    pthread_mutex_lock(&asked.mutex);
    while (!asked.done)
        pthread_cond_wait(&asked.answered, &asked.mutex);
    pthread_mutex_unlock(&asked.mutex);
    pthread_cond_destroy(&asked.answered);
    pthread_mutex_destroy(&asked.mutex);
    return asked.address;
}

/* ORC would print errors to stderr, but only constc prints. What fails is seen by the look-up. */
static void keep_quiet(void *user, LLVMErrorRef error)
{
    (void)user;
    LLVMConsumeError(error);
}

/* Takes the object. */
static const cst_module *link_in_memory(LLVMOrcLLJITRef *jit, LLVMMemoryBufferRef object)
{
    LLVMErrorRef error = LLVMOrcCreateLLJIT(jit, NULL);
    if (error != NULL) {
        *jit = NULL;
        LLVMConsumeError(error);
        LLVMDisposeMemoryBuffer(object);
        return NULL;
    }
    LLVMOrcExecutionSessionRef session = LLVMOrcLLJITGetExecutionSession(*jit);
    LLVMOrcExecutionSessionSetErrorReporter(session, keep_quiet, NULL);
    LLVMOrcJITDylibRef library = LLVMOrcExecutionSessionCreateBareJITDylib(session, "policy");
    error = LLVMOrcLLJITAddObjectFile(*jit, library, object);
    if (error != NULL) {
        LLVMConsumeError(error);
        return NULL;
    }
    return (const cst_module *)(uintptr_t)look_up(session, library, CST_MODULE_SYMBOL);
}

/* ---- the module ------------------------------------------------------------------------------ */

static cst_status make_object(emitter *e, unsigned optimise, LLVMMemoryBufferRef *object)
{
    const module_options options = {.symbol = CST_MODULE_SYMBOL, .packs = optimise == 0};
    LLVMTargetMachineRef machine = target_open(optimise > 0 ? TARGET_CAREFUL : TARGET_QUICK);
    if (machine == NULL)
        return CST_INTERNAL;
    LLVMModuleRef module;
    cst_status status = module_generate(e, &options, machine, &module);
    if (status == CST_OK) {
        if (optimise > 0)
            status = target_optimise(machine, module);
        if (status == CST_OK) {
            *object = target_write(machine, module, LLVMObjectFile);
            status = *object != NULL ? CST_OK : CST_INTERNAL;
        }
        module_dispose(module);
    }
    LLVMDisposeTargetMachine(machine);
    return status;
}

cst_status codegen_object_make(compilation *unit, unsigned optimise, backend_object *out)
{
    *out = (backend_object){0};
    emitter *e = module_prepare(unit);
    if (e == NULL)
        return CST_BAD_ARGUMENT;
    LLVMMemoryBufferRef object = NULL;
    const cst_status status = make_object(e, optimise, &object);
    if (status == CST_OK)
        *out = (backend_object){LLVMGetBufferStart(object), LLVMGetBufferSize(object), object};
    return status;
}

void codegen_object_release(backend_object *object)
{
    if (object->owner != NULL)
        LLVMDisposeMemoryBuffer(object->owner);
    *object = (backend_object){0};
}

cst_status codegen_link(const cst_allocator *given, backend_object *object, const void *image,
                        size_t copied, backend_module **out)
{
    const cst_allocator allocator = allocator_or_default(given);
    const size_t size = sizeof(jit_module) + IMAGE_ALIGNMENT + copied;
    jit_module *made = allocator.allocate(allocator.user, size);
    if (made == NULL) {
        codegen_object_release(object);
        return CST_NO_MEMORY;
    }
    memset(made, 0, sizeof *made);
    made->allocator = allocator;
    made->size = size;
    LLVMMemoryBufferRef taken = object->owner;
    *object = (backend_object){0};
    const cst_module *code = link_in_memory(&made->jit, taken);
    if (code == NULL) {
        release(&made->backend);
        return CST_INTERNAL;
    }
    made->backend.module = *code;
    char *place = (char *)(made + 1);
    place += (IMAGE_ALIGNMENT - (uintptr_t)place % IMAGE_ALIGNMENT) % IMAGE_ALIGNMENT;
    if (copied > 0)
        memcpy(place, image, copied);
    made->backend.module.image = copied > 0 ? (const cst_image *)(const void *)place : image;
    made->backend.release = release;
    *out = &made->backend;
    return CST_OK;
}

cst_status codegen_jit(compilation *unit, unsigned optimise, backend_module **out)
{
    backend_object object;
    const cst_status status = codegen_object_make(unit, optimise, &object);
    if (status != CST_OK)
        return status;
    return codegen_link(&unit->arena.allocator, &object, unit->plan->image, unit->plan->image_size,
                        out);
}

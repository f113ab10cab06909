/*
 * target.c - the machine that code is made for, and the last steps to its bytes.
 *
 * Always this machine's architecture at its baseline, never "whatever this CPU happens to have":
 * conditions are loads, comparisons and branches, which newer instructions do not speed up, and a
 * library file must run where it is taken to. Quick means LLVM's fast instruction selection and no
 * passes at all; careful means two cheap passes and its default code generator.
 */
#include <pthread.h>

#include <llvm-c/Error.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include "compiler/codegen/emit.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void initialise(void)
{
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
}

LLVMTargetMachineRef target_open(target_effort effort)
{
    pthread_once(&once, initialise);
    char *triple = LLVMGetDefaultTargetTriple();
    LLVMTargetRef target;
    if (LLVMGetTargetFromTriple(triple, &target, NULL)) {
        LLVMDisposeMessage(triple);
        return NULL;
    }
    const bool quick = effort == TARGET_QUICK;
    LLVMTargetMachineRef machine = LLVMCreateTargetMachine(
        target, triple, "", "", quick ? LLVMCodeGenLevelNone : LLVMCodeGenLevelDefault,
        LLVMRelocPIC, LLVMCodeModelSmall);
    if (machine != NULL && quick)
        LLVMSetTargetMachineFastISel(machine, true);
    LLVMDisposeMessage(triple);
    return machine;
}

cst_status target_optimise(LLVMTargetMachineRef machine, LLVMModuleRef module)
{
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(module, "function(early-cse,simplifycfg)", machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (error == NULL)
        return CST_OK;
    LLVMConsumeError(error);
    return CST_INTERNAL;
}

LLVMMemoryBufferRef target_write(LLVMTargetMachineRef machine, LLVMModuleRef module,
                                 LLVMCodeGenFileType form)
{
    LLVMMemoryBufferRef written = NULL;
    char *message = NULL;
    if (LLVMTargetMachineEmitToMemoryBuffer(machine, module, form, &message, &written)) {
        LLVMDisposeMessage(message);
        return NULL;
    }
    return written;
}

/*
 * access.c - the smallest pieces of code: loads and stores at byte offsets, calls of services,
 * blocks.
 *
 * A service is called through the frame: frame->services, then the pointer at its offset. That is
 * what keeps generated code free of undefined symbols, in a library file as in memory. Its LLVM
 * type is derived from the row in services.def, so a new row needs nothing here as long as its
 * types are among those named below.
 */
#include <stddef.h>

#include "compiler/codegen/emit.h"

LLVMValueRef emit_i32(const emitter *e, uint32_t value)
{
    return LLVMConstInt(e->i32, value, false);
}

LLVMValueRef emit_i64(const emitter *e, uint64_t value)
{
    return LLVMConstInt(e->i64, value, false);
}

LLVMValueRef emit_at(emitter *e, LLVMValueRef base, uint64_t offset)
{
    if (offset == 0)
        return base;
    LLVMValueRef index = emit_i64(e, offset);
    return LLVMBuildGEP2(e->builder, e->i8, base, &index, 1, "");
}

LLVMValueRef emit_load(emitter *e, LLVMTypeRef loaded, LLVMValueRef base, uint64_t offset,
                       const char *name)
{
    return LLVMBuildLoad2(e->builder, loaded, emit_at(e, base, offset), name);
}

void emit_store(emitter *e, LLVMValueRef value, LLVMValueRef base, uint64_t offset)
{
    LLVMBuildStore(e->builder, value, emit_at(e, base, offset));
}

LLVMBasicBlockRef emit_block(emitter *e, const char *name)
{
    return LLVMAppendBasicBlockInContext(e->context, e->function, name);
}

/* Blocks are made before what they jump over; moving each to where it is filled keeps the code
 * in reading order. */
void emit_go_on(emitter *e, LLVMBasicBlockRef block)
{
    LLVMBasicBlockRef last = LLVMGetInsertBlock(e->builder);
    if (last != NULL && last != block)
        LLVMMoveBasicBlockAfter(block, last);
    LLVMPositionBuilderAtEnd(e->builder, block);
}

LLVMValueRef emit_temporary(emitter *e)
{
    const uint32_t number = e->temporary_used++;
    if (number < e->temporary_count)
        return e->temporaries[number];
    LLVMValueRef made = LLVMBuildAlloca(e->entry_builder, e->place, "temporary");
    LLVMSetAlignment(made, _Alignof(cst_value));
    if (number == e->temporary_count && number < TEMPORARY_COUNT)
        e->temporaries[e->temporary_count++] = made;
    return made;
}

/* ---- truth ----------------------------------------------------------------------------------- */

LLVMValueRef emit_is_zero(emitter *e, LLVMValueRef value)
{
    return LLVMBuildICmp(e->builder, LLVMIntEQ, value, emit_i32(e, 0), "");
}

LLVMValueRef emit_is_not_zero(emitter *e, LLVMValueRef value)
{
    return LLVMBuildICmp(e->builder, LLVMIntNE, value, emit_i32(e, 0), "");
}

LLVMValueRef emit_truth_max(emitter *e, LLVMValueRef a, LLVMValueRef b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    LLVMValueRef larger = LLVMBuildICmp(e->builder, LLVMIntUGT, a, b, "");
    return LLVMBuildSelect(e->builder, larger, a, b, "or");
}

LLVMValueRef emit_truth_min(emitter *e, LLVMValueRef a, LLVMValueRef b)
{
    LLVMValueRef smaller = LLVMBuildICmp(e->builder, LLVMIntULT, a, b, "");
    return LLVMBuildSelect(e->builder, smaller, a, b, "and");
}

/* ---- services -------------------------------------------------------------------------------- */

/* `signature`: the result, then the arguments: void, int32, long, pointer. */
static LLVMTypeRef function_type(const emitter *e, const char *signature)
{
    LLVMTypeRef types[8];
    unsigned count = 0;
    for (const char *letter = signature; *letter != '\0'; letter++)
        types[count++] = *letter == 'v'   ? e->none
                         : *letter == 'i' ? e->i32
                         : *letter == 'l' ? e->i64
                                          : e->pointer;
    return LLVMFunctionType(types[0], &types[1], count - 1, false);
}

/*
 * Signatures by member type. A service with a shape that is not here fails to compile: _Generic has
 * no default.
 */
#define SIGNATURE(name)                                                                            \
    _Generic(((cst_services *)0)->name,                                                            \
        uint32_t (*)(const cst_value *, const cst_value *): "ipp",                                 \
        uint32_t (*)(cst_frame *, const cst_value *, uint32_t): "ippi",                            \
        uint32_t (*)(cst_frame *, int64_t, uint32_t): "ipli",                                      \
        void (*)(cst_frame *, const cst_value *, uint32_t, uint32_t, cst_value *): "vppiip",       \
        uint32_t (*)(cst_frame *, const cst_value *, const cst_value *, cst_value *): "ipppp",     \
        int64_t (*)(const cst_value *): "lp",                                                      \
        uint32_t (*)(const cst_value *, int64_t *): "ipp",                                         \
        uint32_t (*)(const cst_value *, double *): "ipp",                                          \
        uint32_t (*)(const cst_value *, uint32_t, cst_value *): "ipip",                            \
        uint32_t (*)(cst_frame *, const cst_value *, uint32_t, cst_value *): "ippip",              \
        uint32_t (*)(cst_frame *, const cst_value *): "ipp",                                       \
        uint32_t (*)(cst_frame *, const cst_value *, uint32_t, uint32_t): "ippii",                 \
        uint32_t (*)(cst_frame *, const cst_value *, uint32_t, uint32_t, cst_value *): "ippiip",   \
        uint32_t (*)(cst_frame *, const cst_value *, cst_value *): "ippp",                         \
        void (*)(cst_frame *, const cst_value *, uint32_t): "vppi",                                \
        uint32_t (*)(cst_frame *, uint32_t, uint32_t): "ipii",                                     \
        uint32_t (*)(cst_frame *, uint32_t, int64_t *): "ipip",                                    \
        uint32_t (*)(cst_frame *, uint32_t, cst_value *): "ipip",                                  \
        uint32_t (*)(cst_frame *, const cst_value *, uint32_t, uint32_t, uint32_t): "ippiii",      \
        uint32_t (*)(const cst_value *, const cst_value *, uint32_t): "ippi",                      \
        uint32_t (*)(cst_frame *, uint32_t, uint32_t, uint32_t, cst_value *): "ipiiip",            \
        void (*)(cst_frame *, uint32_t, const uint64_t *, const cst_bundle_fn *): "vpipp",         \
        void (*)(cst_frame *, uint32_t): "vpi",                                                    \
        void (*)(cst_frame *): "vp")

void services_declare(emitter *e)
{
#define SERVICE(result, name, arguments, cost, comment)                                            \
    e->services[offsetof(cst_services, name) / sizeof(void (*)(void))] =                           \
        function_type(e, SIGNATURE(name));
#include "runtime/services.def"
#undef SERVICE
}

LLVMValueRef emit_service(emitter *e, uint64_t offset, LLVMValueRef *arguments, unsigned count)
{
    LLVMTypeRef signature = e->services[offset / sizeof(void (*)(void))];
    LLVMValueRef table =
        emit_load(e, e->pointer, e->frame, offsetof(cst_frame, services), "services");
    LLVMValueRef service = emit_load(e, e->pointer, table, offset, "service");
    return LLVMBuildCall2(e->builder, signature, service, arguments, count, "");
}

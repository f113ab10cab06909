/*
 * constants.c - data that generated code points to: literal values, and blocks of bytes with
 * addresses in them.
 *
 * A constant is assembled from the bytes of the real C struct, with the words that are addresses
 * replaced by references; so its layout is the compiler's own, not a second description of it.
 */
#include <stddef.h>
#include <string.h>

#include "compiler/codegen/emit.h"

enum { BLOB_POINTERS = 5 };

static LLVMValueRef bytes_of(emitter *e, const char *bytes, size_t size)
{
    return LLVMConstStringInContext2(e->context, bytes, size, true);
}

LLVMValueRef constant_blob(emitter *e, const void *bytes, size_t size, const blob_pointer *pointers,
                           uint32_t count)
{
    LLVMValueRef parts[2 * BLOB_POINTERS + 1];
    unsigned part_count = 0;
    size_t done = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (pointers[i].offset > done)
            parts[part_count++] =
                bytes_of(e, (const char *)bytes + done, pointers[i].offset - done);
        LLVMValueRef null = LLVMConstNull(e->pointer);
        parts[part_count++] = pointers[i].address != NULL ? pointers[i].address : null;
        done = pointers[i].offset + sizeof(void *);
    }
    if (size > done)
        parts[part_count++] = bytes_of(e, (const char *)bytes + done, size - done);
    return LLVMConstStructInContext(e->context, parts, part_count, true);
}

LLVMValueRef constant_global(emitter *e, LLVMValueRef value, unsigned alignment, const char *name)
{
    LLVMValueRef global = LLVMAddGlobal(e->module, LLVMTypeOf(value), name);
    LLVMSetInitializer(global, value);
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMInternalLinkage);
    LLVMSetAlignment(global, alignment);
    return global;
}

static size_t parts_size(cst_kind kind)
{
    switch (kind) {
    case CST_KIND_EMAIL: return sizeof(cst_email_parts);
    case CST_KIND_URL: return sizeof(cst_url_parts);
    case CST_KIND_IP: return sizeof(cst_ip_parts);
    default: return 0;
    }
}

LLVMValueRef constant_value(emitter *e, node_id id)
{
    LLVMValueRef *cached = &e->prepared.constants[id];
    if (*cached != NULL)
        return *cached;
    const graph_node *node = emit_node(e, id);
    cst_value value = node->constant;
    const cst_kind kind = node_kind(node);
    if (kind == CST_KIND_BOOL || kind == CST_KIND_FLOAT || kind_has_integer(kind)) {
        *cached = constant_global(e, bytes_of(e, (const char *)&value, sizeof value),
                                  _Alignof(cst_value), "number");
        return *cached;
    }
    value.symbol = e->plan->symbols_of_constants[id];
    blob_pointer pointers[] = {{offsetof(cst_value, as.text), NULL},
                               {offsetof(cst_value, parts), NULL}};
    const char *text = value.as.text != NULL ? value.as.text : "";
    pointers[0].address = constant_global(
        e, LLVMConstStringInContext2(e->context, text, value.length, false), 1, "text");
    const size_t size = parts_size(kind);
    if (size > 0 && value.parts != NULL)
        pointers[1].address =
            constant_global(e, bytes_of(e, value.parts, size), _Alignof(cst_url_parts), "parts");
    *cached = constant_global(e, constant_blob(e, &value, sizeof value, pointers, 2),
                              _Alignof(cst_value), "constant");
    return *cached;
}

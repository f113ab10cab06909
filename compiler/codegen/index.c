/*
 * index.c - code for groups with a rule index: the keys, and the bundles that the index leads to.
 *
 * The group's own function computes every key and hands them to the service that walks the index. A
 * bundle is a function of neighbouring rules: it jumps to the first that is wanted and falls
 * through to the last, so that a leaf costs one call and one jump whatever it holds. Rules that the
 * index holds as data have no code at all. Others evaluate their whole condition, as everywhere;
 * nothing here depends on what the index knows of them.
 */
#include <stddef.h>
#include <stdlib.h>

#include "compiler/codegen/emit.h"

static LLVMValueRef emit_key(emitter *e, const plan_key *key)
{
    if (key->form == PLAN_KEY_NUMBER)
        return emit_value(e, key->node).value;
    LLVMValueRef place = emit_place(e, key->node, key->form == PLAN_KEY_SYMBOL).value;
    if (key->form == PLAN_KEY_PREFIX)
        return LLVMBuildPtrToInt(e->builder, place, e->i64, "text");
    LLVMValueRef symbol = value_has_symbol(e, key->node)
                              ? emit_load(e, e->i32, place, offsetof(cst_value, symbol), "symbol")
                              : EMIT_SERVICE(e, intern, e->frame, place);
    return LLVMBuildZExt(e->builder, symbol, e->i64, "key");
}

/* Declares the bundles of a group and makes the table of them; NULL if memory is short. */
static LLVMValueRef declare_bundles(emitter *e, const plan_group *group)
{
    const plan_index *index = group->index;
    if (index->bundle_count == 0)
        return LLVMConstNull(e->pointer);
    LLVMValueRef *functions = malloc((index->bundle_count + 1u) * sizeof *functions);
    if (functions == NULL) {
        e->no_memory = true;
        return NULL;
    }
    for (uint32_t b = 0, first = 0; b < index->bundle_count; b++) {
        functions[b] = emit_later(e, WORK_BUNDLE, 0, first, index->bundle_ends[b]);
        if (e->last_work != NULL)
            e->last_work->group = group;
        first = index->bundle_ends[b];
    }
    LLVMValueRef table =
        constant_global(e, LLVMConstArray2(e->pointer, functions, index->bundle_count),
                        _Alignof(void *), "bundles");
    free(functions);
    return table;
}

void emit_indexed_group(emitter *e, const plan_group *group)
{
    const plan_index *index = group->index;
    LLVMTypeRef row = LLVMArrayType2(e->i64, index->key_count);
    LLVMValueRef keys = LLVMBuildAlloca(e->entry_builder, row, "keys");
    LLVMSetAlignment(keys, sizeof(uint64_t));
    for (uint32_t k = 0; k < index->key_count; k++)
        emit_store(e, emit_key(e, &index->keys[k]), keys, k * sizeof(uint64_t));
    LLVMValueRef bundles = declare_bundles(e, group);
    if (bundles != NULL)
        EMIT_SERVICE(e, index_run, e->frame, emit_i32(e, index->root), keys, bundles);
    LLVMBuildRetVoid(e->builder);
}

void emit_bundle(emitter *e, const plan_group *group, uint32_t first, uint32_t last)
{
    const uint32_t *order = group->index->order;
    if (last - first == 1) {
        emit_rule(e, &group->rules[order[first]]);
        LLVMBuildRetVoid(e->builder);
        return;
    }
    LLVMValueRef end = LLVMGetParam(e->function, 2);
    LLVMBasicBlockRef done = emit_block(e, "done"), blocks[PLAN_BUNDLE_RULES];
    LLVMValueRef jump =
        LLVMBuildSwitch(e->builder, LLVMGetParam(e->function, 1), done, last - first);
    for (uint32_t i = 0; i < last - first; i++) {
        blocks[i] = emit_block(e, "wanted");
        LLVMAddCase(jump, emit_i32(e, i), blocks[i]);
    }
    for (uint32_t i = 0; i < last - first; i++) {
        emit_go_on(e, blocks[i]);
        emit_rule(e, &group->rules[order[first + i]]);
        if (first + i + 1 == last) {
            LLVMBuildBr(e->builder, done);
            break;
        }
        LLVMValueRef more = LLVMBuildICmp(e->builder, LLVMIntUGT, end, emit_i32(e, i + 1), "more");
        LLVMBuildCondBr(e->builder, more, blocks[i + 1], done);
    }
    emit_go_on(e, done);
    LLVMBuildRetVoid(e->builder);
}
